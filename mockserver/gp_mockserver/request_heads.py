"""What a server itself, whatever it serves, has to say of the head of a request: its line and its headers."""

from __future__ import annotations

from collections.abc import Sequence

from gp_mockserver.connection_limits import (
    ONE_HOST,
    OTHER_VERSION,
    Closing,
    ConnectionLimits,
    head_too_large,
    url_too_long,
)

Headers = Sequence[tuple[bytes, bytes]]
"""Names in lower case."""

_SIGNS = len(": \r\n")
_OF_CONNECTIONS = (b"close", b"keep-alive")
_OF_OFFERS = (b"upgrade", b"http2-settings")


def fault_of_version_or_host(version: str, hosts: int) -> Closing | None:
    """Why a request of such a version of HTTP, with so many Host headers, is refused.

    Source: RFC 9112, *Host*: one, which HTTP/1.0 may do without.
    """
    if version not in ("1.0", "1.1"):
        return OTHER_VERSION
    return ONE_HOST if hosts > 1 or (hosts == 0 and version == "1.1") else None


def fault_of_size(url: bytes, headers: Headers, limits: ConnectionLimits) -> Closing | None:
    """Why a head that is complete is refused as too long."""
    if len(url) > limits.url:
        return url_too_long(limits)
    size = sum(len(name) + len(value) + _SIGNS for name, value in headers)
    return head_too_large(limits) if size > limits.head else None


def without_offer(method: bytes, url: bytes, version: str, headers: Headers) -> bytes:
    """The head of a request that offered another protocol, without that offer."""
    lines = [b"%b %b HTTP/%b" % (method, url, version.encode())]
    for name, value in headers:
        if name == b"connection":
            kept = [each for each in value.split(b",") if each.strip().lower() in _OF_CONNECTIONS]
            value = b",".join(kept)
        if name not in _OF_OFFERS:
            lines.append(b"%b: %b" % (name, value))
    return b"\r\n".join([*lines, b"", b""])
