"""One HTTP request and its answer, as flows see them, whoever carries them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Protocol

import msgspec


class Body(msgspec.Struct, frozen=True):
    """A body that is never whole in memory: `chunks` begins anew each time it is called."""

    length: int
    chunks: Callable[[], Iterator[bytes]]


class Sink(Protocol):
    """Where the body of an answer goes piece by piece instead of into memory."""

    def begin(self, head: Response) -> bool:
        """Whether this answer's body is wanted here; else it is read into `Response.content`."""

    def write(self, chunk: bytes) -> None:
        """The next piece, content encodings taken off."""


class Request(msgspec.Struct, frozen=True):
    """`url` is absolute, its query included; `timeout` in seconds is for all of the exchange."""

    method: str
    url: str
    headers: Mapping[str, str] = {}
    body: bytes | Body = b""
    timeout: float = 60.0
    sink: Sink | None = None


class Response(msgspec.Struct):
    """A whole answer: headers in the order in which they came, the body without its content encodings."""

    status: int
    headers: Sequence[tuple[str, str]] = ()
    content: bytes = b""
    url: str = ""

    def header(self, name: str) -> str:
        """A header's first value, whatever its case; empty where there is none."""
        wanted = name.lower()
        for key, value in self.headers:
            if key.lower() == wanted:
                return value
        return ""


class Transport(Protocol):
    """What `GPClient` needs of whoever carries its requests: one method, and its end.

    `send` follows no redirect. It raises TransportError where no complete answer came within the request's
    timeout, ProtocolViolation for a body of another encoding or size than was asked for, and lets errors of
    the request's own body and sink through.
    """

    def send(self, request: Request) -> Response: ...

    def close(self) -> None: ...


class AsyncTransport(Protocol):
    """The same, for `AsyncGPClient`."""

    async def send(self, request: Request) -> Response: ...

    async def close(self) -> None: ...
