"""The benchmarks run and report; what they measure is no matter of tests."""

from __future__ import annotations

import json


def test_figures_come_as_a_table_and_as_json(start, checkout, tmp_path):
    figures = tmp_path / "figures.json"
    words = ["-m", "benchmarks", "job", "start", "--starts", "1", "--json", figures]
    running = start(*words, PYTHONPATH=str(checkout))
    assert running.status() == 0
    measured = json.loads(figures.read_text(encoding="utf-8"))["measurements"]
    assert [each["name"] for each in measured] == [
        "process start to first answer",
        "ten-hour job, jumping clock",
    ]
    table = running.rest_of(running.out)
    assert table[0] == "| benchmark | measured | wanted | | detail |"
    assert table[2].startswith("| process start to first answer | ")


def test_an_unknown_benchmark_is_refused_with_the_known_ones(start, checkout):
    running = start("-m", "benchmarks", "speed", PYTHONPATH=str(checkout))
    assert running.status() == 2
    assert "no benchmark speed; known are start, http, store, job" in running.rest_of(running.err)[-1]
