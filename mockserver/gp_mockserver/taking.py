"""Whether a client takes the answer that waits for it."""

from __future__ import annotations

from typing import Final

_SOME: Final = 16 * 1024
"""Bytes of an answer that a client has to take in each span of time."""


class Taking:
    """Since when, and for how many bytes, an answer has been waiting for the client to take it."""

    __slots__ = ("_bytes", "_since")

    def __init__(self) -> None:
        self._since: float | None = None
        self._bytes = 0

    def begin(self) -> None:
        """A new span begins with the next look."""
        self._since = None

    def is_stuck(self, now: float, unsent: int | None, seconds: float) -> bool:
        """Whether a span of `seconds` has passed in which nothing, or next to nothing, was taken of what is
        unsent; None: nothing waits."""
        if unsent is None:
            self._since = None
            return False
        if self._since is not None:
            if now - self._since <= seconds:
                return False
            if self._bytes - unsent < _SOME:
                return True
        self._since, self._bytes = now, unsent
        return False
