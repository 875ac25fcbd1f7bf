"""How `gpharness serve` ends its process: at once, whatever is still being computed for nobody."""

from __future__ import annotations

import atexit
import os
import sys
from contextlib import suppress
from importlib import import_module
from typing import NoReturn

_RUNS = "gp_mockserver.running.job_runs"
"""Imported with the first request that needs it."""


def leave(status: int) -> NoReturn:
    """End the process with this status.

    A thread that reads a large input or runs a tool is left behind: Python's own end waits for the threads
    that a tool has started, and puts away, for seconds, what is in the memory.
    """
    if _RUNS in sys.modules and import_module(_RUNS).threads_are_busy():
        with suppress(Exception):
            atexit._run_exitfuncs()
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError, ValueError, AttributeError):
                stream.flush()
        os._exit(status)
    sys.exit(status)
