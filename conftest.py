"""Settings of the whole test suite: Hypothesis draws the same examples on every run."""

from __future__ import annotations

import os

import pytest
from hypothesis import settings

settings.register_profile("repeatable", derandomize=True, deadline=None, print_blob=True)
settings.register_profile("search", derandomize=False, deadline=None, print_blob=True, max_examples=2000)
settings.load_profile("repeatable")


def pytest_configure(config: pytest.Config) -> None:
    """Trust only the certificates that a test makes, unless a server elsewhere is asked: each client of httpx
    reads all that the machine trusts, which takes longer than most tests."""
    if not config.getoption("--gp-url", None):
        os.environ.update(SSL_CERT_FILE="", SSL_CERT_DIR=os.devnull)
