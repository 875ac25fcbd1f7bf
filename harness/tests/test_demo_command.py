"""`gpharness demo`: what a reader of its output can rely on."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys

import pytest


@pytest.fixture(scope="module")
def tour(tmp_path_factory):
    """The lines of one tour, run in an empty folder, and its exit status."""
    from subprocess import run

    done = run(
        [sys.executable, "-m", "gpharness", "demo"],
        cwd=tmp_path_factory.mktemp("empty"),
        capture_output=True,
        encoding="utf-8",
        timeout=50,
    )
    return done.returncode, done.stdout.splitlines(), done.stderr


def chapter(lines, number):
    """The lines of one numbered chapter."""
    first = next(i for i, line in enumerate(lines) if line.startswith(f"{number}. "))
    length = next((i for i, line in enumerate(lines[first:]) if not line), len(lines))
    return lines[first : first + length]


def test_ends_with_0_and_says_that_all_went_as_told(tour):
    status, lines, complaints = tour
    assert status == 0
    assert complaints == ""
    assert "4 of 4 scripts went as told." in lines


def test_is_plain_where_there_is_no_terminal(tour):
    assert "\x1b" not in "\n".join(tour[1])


def test_executes_by_post_with_the_text_of_python_dicts(tour):
    lines = chapter(tour[1], 1)
    assert any(line.startswith("  > POST /arcgis/rest/services/Elevation/") for line in lines)
    assert "      Viewshed_Distance       = {'distance': 8.5, 'units': 'esriMiles'}" in lines
    assert any("Viewshed_Result (GPFeatureRecordSetLayer)" in line and "wkid 54003" in line for line in lines)


def test_executes_by_get_with_empty_environment_settings(tour):
    lines = chapter(tour[1], 2)
    assert any(line.startswith("  > GET /arcgis/rest/services/Elevation/") for line in lines)
    assert "      env:outSR               = " in lines
    assert "      Viewshed_Distance       = { 'distance' : 8.5, 'units' : 'esriMiles' }" in lines


def test_both_requests_give_the_same_area(tour):
    answers = [
        line.split(" bytes: ")[1]
        for number in (1, 2)
        for line in chapter(tour[1], number)
        if line.startswith("  < ")
    ]
    assert answers[0] == answers[1]


def life(lines):
    """The states of a job in the order in which they were seen."""
    return re.findall(r"^ +\d+\.\d  (esriJob\w+)$", "\n".join(lines), re.MULTILINE)


def test_a_job_is_submitted_executes_succeeds_and_is_asked_for_its_result(tour):
    lines = chapter(tour[1], 3)
    assert life(lines) == ["esriJobSubmitted", "esriJobExecuting", "esriJobSucceeded"]
    fetched = r"  > POST /arcgis/.*/viewshed/jobs/j[0-9a-f]{32}/results/Viewshed_Result"
    assert any(re.fullmatch(fetched, line) for line in lines)
    assert any(re.match(r"    Informative  Succeeded at .* \(Elapsed Time: ", line) for line in lines)


def test_a_job_that_fails_says_why(tour):
    lines = chapter(tour[1], 4)
    assert life(lines)[-1] == "esriJobFailed"
    assert "    Error        Failed." in lines
    assert any(re.match(r"    Error        ERROR \d{6}", line) for line in lines)


def first_lines_in_a_terminal(tmp_path, **variables):
    """What the demo writes to a terminal before its first script has run."""
    import pty

    terminal, end_of_demo = pty.openpty()
    inherited = {name: value for name, value in os.environ.items() if name not in COLOUR_SWITCHES}
    demo = subprocess.Popen(
        [sys.executable, "-m", "gpharness", "demo"],
        cwd=tmp_path,
        stdout=end_of_demo,
        env={**inherited, "TERM": "xterm-256color", **variables},
    )
    os.close(end_of_demo)
    written = b""
    try:
        while b"(execute_viewshed.py)" not in written or not written.endswith(b"\n"):
            written += os.read(terminal, 1000)
    finally:
        demo.kill()
        demo.wait()
        os.close(terminal)
    return written


COLOUR_SWITCHES = {"CI", "NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE", "COLORTERM"}


@pytest.mark.skipif(sys.platform == "win32", reason="terminals of POSIX")
@pytest.mark.parametrize(
    ("variables", "coloured"), [({}, True), ({"CI": "true"}, False), ({"NO_COLOR": "1"}, False)]
)
def test_is_coloured_in_a_terminal_unless_told_otherwise(tmp_path, variables, coloured):
    assert (b"\x1b[" in first_lines_in_a_terminal(tmp_path, **variables)) is coloured


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_ctrl_c_ends_it_without_a_traceback(gpharness):
    running = gpharness("demo", PYTHONUNBUFFERED="1")
    running.line()
    running.process.send_signal(signal.SIGINT)
    assert running.status() == 130
    said = running.rest_of(running.out)
    assert said[-1] == "interrupted"
    assert running.rest_of(running.err) == []
