"""How large an edit may make an answer's body."""

from __future__ import annotations

from typing import Final

from gp_mockserver.errors import MockServerError

MOST_BYTES: Final = 64 * 1024 * 1024
"""What a body may grow to, in bytes, unless the caller says otherwise."""


class BodyTooLarge(MockServerError):
    """An edit or a maker would make more bytes than the limit; nothing was made."""

    def __init__(self, what: str, size: int, limit: int) -> None:
        super().__init__(f"{what}: met {size} bytes or more, expected at most {limit}; ask for less")
        self.size = size
        self.limit = limit


def check_size(what: str, size: int, limit: int) -> None:
    """Raises BodyTooLarge where `size`, in bytes, is over the limit."""
    if size > limit:
        raise BodyTooLarge(what, size, limit)
