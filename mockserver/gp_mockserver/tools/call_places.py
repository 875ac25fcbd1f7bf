"""Where in a program something was said to a site, so that a report can name the line."""

from __future__ import annotations

import sys
from os.path import basename
from typing import Final

_OURS: Final = frozenset({"gp_mockserver", "gpharness"})
_NOBODY: Final = frozenset(
    {
        "_pytest",
        "anyio",
        "asyncio",
        "concurrent",
        "httpx",
        "pluggy",
        "starlette",
        "threading",
        "uvicorn",
        "uvloop",
    }
)
"""Modules that call us without having anything to say: a request is served, a fixture made."""


def place_of_call() -> str:
    """The line of the program that uses this one which is being called from now: `test_trees.py:12`; empty
    where there is none, as when a request over HTTP says it."""
    frame = sys._getframe(1)
    while (package := frame.f_globals.get("__name__", "").partition(".")[0]) in _OURS:
        if frame.f_back is None:
            return ""
        frame = frame.f_back
    return "" if package in _NOBODY else f"{basename(frame.f_code.co_filename)}:{frame.f_lineno}"
