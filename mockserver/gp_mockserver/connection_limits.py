"""What a connection to the server may do, and the pages with which one that does more is closed.

ArcGIS documents none of these: on real sites the web server in front of ArcGIS decides them, and answers in
its own plain HTML. The figures are *assumed*, of the order in which common web servers have them, and can be
set. They are about real sockets, so their seconds are real ones, whatever clock a site has.
"""

from __future__ import annotations

from collections.abc import Iterable
from http import HTTPStatus

import msgspec

_OTHER_FILES = 128
"""File descriptors that are left for all but connections."""
_FEWEST = 16
_FEWEST_TOLD, _MOST_TOLD = 8, 256
_ONE_TOLD_IN = 8


class ConnectionLimits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Sizes in bytes, times in seconds. Raises ValueError for one that is not above zero.

    `url`: the longest request target, of which a path may have 65535; beyond it 414. `head`: all headers
    together, or the trailers of a chunked body; beyond it 431. `head_seconds`: from a request's first byte
    to the end of its headers, or for a new connection to say anything; then 408. `stall_seconds`: for which
    a body that is not whole may bring no byte; then 408. `body_rate`: bytes a second that a body has to bring
    on average in every span of `stall_seconds`; then 408. `send_seconds`: in which a client has to take some
    of the answer that waits for it; then the connection is dropped. `idle_seconds`: for which a connection
    is kept for the next request. `connections`: open at once; the next few, `told`, are answered 503, yet
    more are closed without a word. The system may allow fewer (see `allowed`).
    """

    url: int = 256 * 1024
    head: int = 64 * 1024
    head_seconds: float = 30.0
    stall_seconds: float = 60.0
    body_rate: float = 1024.0
    send_seconds: float = 60.0
    idle_seconds: float = 75.0
    connections: int = 4096

    @property
    def told(self) -> int:
        """How many connections beyond `connections` are told so; yet more are dropped without a word."""
        return max(_FEWEST_TOLD, min(_MOST_TOLD, self.connections // _ONE_TOLD_IN))

    def __post_init__(self) -> None:
        for name in self.__struct_fields__:
            value = getattr(self, name)
            if not value > 0:
                raise ValueError(f"{name}: met {value}, expected a number above 0")


class Closing(msgspec.Struct, frozen=True):
    """A status with which the server closes a connection by itself, and what it says to whoever reads it."""

    status: HTTPStatus
    text: str

    def answer(self, headers: Iterable[tuple[bytes, bytes]]) -> bytes:
        """The whole answer as it goes out, led by the server's own headers."""
        title = f"{self.status.value} {self.status.phrase}"
        page = (
            f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>{title}</title></head>\n'
            f"<body><h1>{title}</h1>\n<p>{self.text}</p></body></html>\n"
        ).encode()
        lines = [
            f"HTTP/1.1 {title}".encode(),
            *(b"%b: %b" % pair for pair in headers),
            b"content-type: text/html; charset=utf-8",
            b"content-length: %d" % len(page),
            b"connection: close",
        ]
        return b"\r\n".join([*lines, b"", page])


MALFORMED = Closing(HTTPStatus.BAD_REQUEST, "What was sent is no HTTP request.")
NO_PROXY = Closing(HTTPStatus.BAD_REQUEST, "CONNECT asks for a proxy, which this server is not.")
ONE_HOST = Closing(HTTPStatus.BAD_REQUEST, "A request of HTTP/1.1 has one Host header, no more and no fewer.")
OTHER_VERSION = Closing(HTTPStatus.BAD_REQUEST, "This server speaks HTTP/1.1 and HTTP/1.0.")


def url_too_long(limits: ConnectionLimits) -> Closing:
    text = f"The address is longer than {limits.url} bytes: send the parameters in the body of a POST."
    return Closing(HTTPStatus.REQUEST_URI_TOO_LONG, text)


def path_too_long(longest: int) -> Closing:
    text = f"The path of the address, without its parameters, is longer than {longest} bytes."
    return Closing(HTTPStatus.REQUEST_URI_TOO_LONG, text)


def head_too_large(limits: ConnectionLimits) -> Closing:
    text = f"The headers of the request are longer than {limits.head} bytes."
    return Closing(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, text)


def head_too_slow(limits: ConnectionLimits) -> Closing:
    text = f"The headers of the request were not complete after {limits.head_seconds:g} seconds."
    return Closing(HTTPStatus.REQUEST_TIMEOUT, text)


def body_stalled(limits: ConnectionLimits) -> Closing:
    text = f"The rest of the request's body did not come within {limits.stall_seconds:g} seconds."
    return Closing(HTTPStatus.REQUEST_TIMEOUT, text)


def body_too_slow(limits: ConnectionLimits) -> Closing:
    text = (
        f"The request's body brought less than {limits.body_rate:g} bytes a second "
        f"within {limits.stall_seconds:g} seconds."
    )
    return Closing(HTTPStatus.REQUEST_TIMEOUT, text)


def too_many_connections(limits: ConnectionLimits) -> Closing:
    text = f"All {limits.connections} connections of this server are in use: try again later."
    return Closing(HTTPStatus.SERVICE_UNAVAILABLE, text)


def allowed(limits: ConnectionLimits, *, raise_to_fit: bool) -> ConnectionLimits:
    """The limits with no more connections than the process may have files open.

    With `raise_to_fit` the process first takes as many files as the system lets it.
    """
    try:
        import resource
    except ImportError:  # Windows, which has no such limit
        return limits
    wanted = limits.connections + limits.told + _OTHER_FILES
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if raise_to_fit and soft != resource.RLIM_INFINITY and soft < wanted:
        higher = wanted if hard == resource.RLIM_INFINITY else min(hard, wanted)
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (higher, hard))
        except (OSError, ValueError):  # some systems refuse what they have promised
            higher = soft
        soft = higher
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return limits
    fit = (soft - _OTHER_FILES) * _ONE_TOLD_IN // (_ONE_TOLD_IN + 1)
    return msgspec.structs.replace(limits, connections=max(_FEWEST, fit))
