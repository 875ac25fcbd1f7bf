"""Standard output that takes nothing more: a full disk, a reader that has left, a stream that was closed."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gp_client.errors import JobAddress


class OutputLost(Exception):
    """Standard output cannot be written to; the text says why. `reader_left`: it is a pipe that nobody reads
    any more, such as one to `head`. `job` is one that has run already."""

    def __init__(self, text: str, *, reader_left: bool = False) -> None:
        super().__init__(text)
        self.reader_left = reader_left
        self.job: JobAddress | None = None


@contextmanager
def written() -> Iterator[None]:
    """Raises OutputLost where the block cannot write to standard output."""
    if sys.stdout is None:
        raise OutputLost("stdout is closed, so nothing could be said there: open it, or send it to a file")
    try:
        yield
    except OSError as error:
        text = f"stdout cannot be written to: {error.strerror or error}"
        raise OutputLost(text, reader_left=isinstance(error, BrokenPipeError)) from None


def give_up(command: str, error: OutputLost) -> int:
    """Say on stderr why the command ends, and the status to end with."""
    print(f"gpharness {command}: {error}", file=sys.stderr)
    let_go()
    return 1


def let_go() -> None:
    """What Python still holds for stdout goes nowhere: it would be tried once more at the exit."""
    if sys.stdout is not None:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
