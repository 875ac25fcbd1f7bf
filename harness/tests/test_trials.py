"""The trials run, small, and report; what they find at full size is no matter of tests."""

from __future__ import annotations

import sys

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="memory is read from /proc")


@pytest.mark.parametrize(
    ("words", "figures"),
    [
        ("fuzz --requests 100 --processes 1", {"tracebacks in the log", "answers that broke off"}),
        ("soak --jobs 100", {"jobs without their result", "growth of memory"}),
        ("big-result --megabytes 2", {"file of 2 MB, 1 at once: growth while it is sent"}),
        ("upload-storm --uploads 5 --megabytes 1", {"memory at its peak"}),
        ("terminate --rounds 1", {"requests lost", "exit statuses other than 0"}),
    ],
)
def test_a_trial_shows_its_figures_as_a_table_and_ends_by_its_promises(start, checkout, words, figures):
    running = start("-m", "trials", *words.split(), "--seed", "3", PYTHONPATH=str(checkout))
    status = running.status()
    lines = running.rest_of(running.out)
    if "BROKEN" not in str(lines) or "big-result" not in words:  # other growth dwarfs a small result
        assert status == 0, lines + running.rest_of(running.err)
    assert lines[0] == "| figure | measured | promised | |"
    shown = {line.split(" | ")[0].removeprefix("| "): line for line in lines}
    assert figures <= shown.keys()
    assert all("| kept |" in shown[name] for name in figures)


BROKEN = """
from trials import __main__, soak
from trials.promises import none_of
soak.run = lambda jobs, seed: [none_of("anything", ["something"])]
__main__.main()
"""


def test_a_broken_promise_is_status_1(start, checkout):
    running = start("-c", BROKEN, "soak", PYTHONPATH=str(checkout))
    assert running.status() == 1
    assert "| anything | 1: 'something' | none | BROKEN |" in running.rest_of(running.out)


def test_an_unknown_trial_is_refused_with_the_known_ones(start, checkout):
    running = start("-m", "trials", "speed", PYTHONPATH=str(checkout))
    assert running.status() == 2
    said = running.rest_of(running.err)[-1]
    assert all(name in said for name in ("speed", "fuzz", "soak", "big-result", "upload-storm", "terminate"))
