"""The `gpharness` command, also `python -m gpharness`: from its first moment on a signal ends it quietly."""

from __future__ import annotations

import gc
import signal
import sys
from types import FrameType


def main() -> None:
    """Run the command. `serve` takes SIGINT and SIGTERM as its normal end; elsewhere Ctrl-C is status 130."""
    if sys.argv[1:2] == ["serve"]:
        signal.signal(signal.SIGTERM, _end)
        gc.disable()  # until the site is served: looking through what is imported is a tenth of the start
    signal.signal(signal.SIGINT, _end)
    from gpharness import command_line

    try:
        command_line.main()
    finally:
        # Ctrl-C within exec, by which dataclasses are made, is remembered until the next exec: a Python
        # started by -m would die of the signal at its end, though it was caught and has another status.
        exec("")


def _end(number: int, frame: FrameType | None) -> None:
    sys.exit(0 if sys.argv[1:2] == ["serve"] else 130)


if __name__ == "__main__":
    main()
