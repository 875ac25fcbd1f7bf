"""Settings of the whole suite: Hypothesis draws the same examples on every run; tests find `every_case`."""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path

import pytest
from hypothesis import settings

_spec = importlib.util.spec_from_file_location("every_case", Path(__file__).with_name("every_case.py"))
assert _spec is not None
assert _spec.loader is not None
sys.modules["every_case"] = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(sys.modules["every_case"])

settings.register_profile("repeatable", derandomize=True, deadline=None, print_blob=True)
settings.register_profile("search", derandomize=False, deadline=None, print_blob=True, max_examples=2000)
settings.load_profile("repeatable")


def pytest_configure(config: pytest.Config) -> None:
    """Trust only the certificates that a test makes, unless a server elsewhere is asked: each client of httpx
    reads all that the machine trusts, which takes longer than most tests."""
    if not config.getoption("--gp-url", None):
        os.environ.update(SSL_CERT_FILE="", SSL_CERT_DIR=os.devnull)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin elsewhere on each Python: those that are tested together are not to wait for the same at once."""
    start = len(items) * (sys.version_info.minor % 3) // 3
    while start > 0 and items[start].path == items[start - 1].path:
        start -= 1
    items[:] = items[start:] + items[:start]
