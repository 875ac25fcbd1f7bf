"""The headers that a server sets by itself, so that an answer has the same ones here as over a socket."""

from __future__ import annotations

import time
from collections.abc import Iterable
from email.utils import formatdate

Headers = list[tuple[bytes, bytes]]

_CHUNKED = (b"transfer-encoding", b"chunked")
_dated: tuple[int, tuple[bytes, bytes]] = (0, (b"date", b""))


def with_those_of_a_server(headers: Iterable[tuple[bytes, bytes]], *, has_length: bool) -> Headers:
    """The headers of an answer: the date before them, and after them how its end is known."""
    answered: Headers = [_date(), *headers]
    if not has_length:
        answered.append(_CHUNKED)
    return answered


def _date() -> tuple[bytes, bytes]:
    global _dated
    now = int(time.time())
    if _dated[0] != now:
        _dated = now, (b"date", formatdate(now, usegmt=True).encode())
    return _dated[1]
