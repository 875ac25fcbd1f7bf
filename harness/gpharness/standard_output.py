"""Standard output that takes nothing more: a full disk, a reader that has left, a stream that was closed."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager


class OutputLost(Exception):
    """Standard output cannot be written to; the text says why."""


@contextmanager
def written() -> Iterator[None]:
    """Raises OutputLost where the block cannot write to standard output."""
    if sys.stdout is None:
        raise OutputLost("stdout is closed, so nothing could be said there: open it, or send it to a file")
    try:
        yield
    except OSError as error:
        raise OutputLost(f"stdout cannot be written to: {error.strerror or error}") from None


def give_up(command: str, error: OutputLost) -> int:
    """Say on stderr why the command ends, and the status to end with.

    What Python still holds for stdout goes nowhere: it would be tried once more at the exit.
    """
    print(f"gpharness {command}: {error}", file=sys.stderr)
    if sys.stdout is not None:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 1
