"""The page of what is found of each deviation is as the tests have it."""

from __future__ import annotations

from gp_mockserver.deviations.catalogue import catalogue
from verifying_table import PAGE, page


def test_the_table_of_the_docs_is_current() -> None:
    remedy = "run harness/tests/verifying/verifying_table.py"
    assert PAGE.read_text(encoding="utf-8") == page(), remedy


def test_the_table_has_each_entry_once() -> None:
    rows = [line.split("`")[1] for line in page().splitlines() if line.startswith("| `")]
    assert rows == list(catalogue())
