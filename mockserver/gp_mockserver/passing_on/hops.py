"""What goes from one end of a connection to the other, and no further (RFC 9110, 7.6.1)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

_OF_A_HOP: Final = frozenset(
    {
        b"connection",
        b"keep-alive",
        b"proxy-authenticate",
        b"proxy-authorization",
        b"proxy-connection",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
    }
)


def without_hops(headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """The headers that are passed on, their names in lower case: none that `Connection` names."""
    given = [(name.lower(), value) for name, value in headers]
    named = {
        word.strip().lower() for name, value in given if name == b"connection" for word in value.split(b",")
    }
    return [(name, value) for name, value in given if name not in _OF_A_HOP and name not in named]
