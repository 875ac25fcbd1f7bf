"""What the options of these tests do: a server elsewhere is only read, and a failure tells its seed."""

from __future__ import annotations

from pathlib import Path

import pytest

ELSEWHERE = "https://gis.example.com/arcgis/"
HERE = "http://127.0.0.1:9/arcgis"
PLAIN = ("-p", "no:asyncio")


@pytest.fixture
def suite(pytester: pytest.Pytester) -> pytest.Pytester:
    """These tests' own conftest, and one test that would run tasks."""
    pytester.makeconftest((Path(__file__).parent / "conftest.py").read_text(encoding="utf-8"))
    return pytester


@pytest.mark.parametrize(
    ("words", "outcome"),
    [
        ([f"--gp-url={ELSEWHERE}"], "skipped"),
        ([f"--gp-url={ELSEWHERE}", "--gp-run"], "passed"),
        ([f"--gp-url={HERE}"], "passed"),
        (["--gp-url=http://localhost/arcgis"], "passed"),
        (["--gp-url=http://127.0.0.1.example.com/arcgis"], "skipped"),
    ],
)
def test_only_a_server_on_this_machine_is_run_unasked(
    suite: pytest.Pytester, words: list[str], outcome: str
) -> None:
    suite.makepyfile("def test_runs(runs): assert not runs.root.endswith('/') and not runs.is_mock")
    suite.runpytest_inprocess(*PLAIN, *words).assert_outcomes(**{outcome: 1})


def test_the_tasks_that_are_run_are_those_that_were_named(suite: pytest.Pytester) -> None:
    suite.makepyfile("def test_tasks(runs): assert runs.tasks == ('A/B', 'C/D')")
    found = suite.runpytest_inprocess(*PLAIN, f"--gp-url={HERE}", "--gp-task=A/B", "--gp-task=C/D")
    found.assert_outcomes(passed=1)


def test_a_failure_tells_the_seed_by_which_it_comes_again(suite: pytest.Pytester) -> None:
    suite.makepyfile("def test_fails(): assert False")
    found = suite.runpytest_inprocess(*PLAIN, "--gp-seed=12")
    found.stdout.fnmatch_lines(["seed 12; to repeat it: pytest contract_tests --gp-seed 12"])


def test_a_seed_decides_the_examples(suite: pytest.Pytester) -> None:
    suite.makepyfile(
        """
        from hypothesis import given, settings, strategies as st
        drawn = []
        @given(st.integers())
        @settings(max_examples=5, database=None, derandomize=True)
        def test_draws(number): drawn.append(number)
        def test_tells(): print("drawn", drawn)
        """
    )
    seen = []
    for words in (["--gp-seed=1"], ["--gp-seed=1"], ["--gp-seed=2"]):
        lines = suite.runpytest_inprocess(*PLAIN, "-s", *words).outlines
        seen.append(next(line for line in lines if "drawn" in line))
    assert seen[0] == seen[1] != seen[2]
