"""Settings of the whole test suite: Hypothesis draws the same examples on every run."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("repeatable", derandomize=True, deadline=None, print_blob=True)
settings.register_profile("search", derandomize=False, deadline=None, print_blob=True, max_examples=2000)
settings.load_profile("repeatable")
