"""The examples of `docs/testing.md` are one test module, and it passes."""

from __future__ import annotations

import re
from pathlib import Path

import pyproj  # noqa: F401 - pytester's runs forget what they import, and these cannot be imported twice
import pytest
import yaml  # noqa: F401

TEXT = (Path(__file__).parents[2] / "docs" / "testing.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^```python\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)


def test_the_examples_are_tests_that_pass(
    pytester: pytest.Pytester, capsys: pytest.CaptureFixture[str]
) -> None:
    pytester.makefile(".yaml", tools="services: {Tools: {executionType: sync, tasks: [{name: Count}]}}")
    code = "\n\n".join(EXAMPLES)
    pytester.makepyfile(test_of_docs=code)
    result = pytester.runpytest_inprocess(
        "-p", "no:cacheprovider", "-p", "no:xdist", "-p", "no:asyncio", "-q"
    )
    result.assert_outcomes(passed=len(re.findall(r"^def test_", code, re.MULTILINE)))


def test_the_table_has_every_option() -> None:
    plugin = (Path(__file__).parents[1] / "gpharness" / "pytest_plugin.py").read_text(encoding="utf-8")
    names = {f"--gp-{name}" for name in re.findall(r'^        \("([a-z-]+)", "', plugin, re.MULTILINE)}
    assert len(names) == 6
    assert names | {"--gp-block-network"} == set(re.findall(r"--gp-[a-z-]+", TEXT))
