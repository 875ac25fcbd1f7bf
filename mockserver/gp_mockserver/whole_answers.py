"""Answers written to the connection in one piece.

uvicorn writes an answer's head and its body each by itself, and checks every header on its own. Nearly all
answers of a mock are whole, small and of few headers: these are put together here. Whatever is not so plain
(parts, HEAD, no length, headers of the connection) goes uvicorn's own way.
"""

from __future__ import annotations

from collections.abc import Awaitable
from typing import TYPE_CHECKING, Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE

from gp_mockserver.wire_access import WIRE, Wire

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send
    from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

    from gp_mockserver.connections import Connection
    from gp_mockserver.wire.answers import Headers

_CONTROLS = bytes(sign for sign in range(32) if sign != ord("\t")) + b"\x7f"
_COPIED = 64 * 1024
"""Bytes: a larger body is not copied to stand behind its head."""
_OF_CONNECTIONS = frozenset({b"connection", b"transfer-encoding"})


class WholeAnswers(Wire):
    """The application as one request of a connection calls it, and the wire that it finds there."""

    __slots__ = ("_app",)

    def __init__(self, app: ASGIApp, connection: Connection, cycle: RequestResponseCycle) -> None:
        self._app = app  # and no call of `super`: there is one of these for each request
        self._connection = connection
        self._cycle = cycle
        self._start = None

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Any:
        scope["extensions"] = {WIRE: self}
        return self._app(scope, self.receive, self.send)

    def receive(self) -> Awaitable[Any]:
        """The next of ASGI's messages."""
        hold, cycle = self._connection.hold, self._cycle
        if cycle is None:
            return _left()
        return cycle.receive() if hold is None or not hold.taken else hold.receive(cycle)

    async def send(self, message: Message) -> None:
        """Takes ASGI's messages; the first one waits for the second, as ASGI has it."""
        cycle, start = self._cycle, self._start
        if cycle is None:
            return
        if start is None:
            if message["type"] == "http.response.start" and not cycle.response_started:
                self._start = message
                return
        else:
            self._start = None
            if not (cycle.disconnected or cycle.flow.write_paused or message.get("more_body")):
                body = message.get("body", b"")
                head = _head(start, len(body), cycle)
                if head is not None:
                    cycle.waiting_for_100_continue = False
                    cycle.response_started = cycle.response_complete = True
                    if len(body) <= _COPIED:
                        cycle.transport.write(head + body)
                    else:
                        cycle.transport.write(head)
                        cycle.transport.write(body)
                    cycle.message_event.set()
                    cycle.on_response()
                    return
            await cycle.send(start)  # type: ignore[arg-type]
        is_last = message["type"] == "http.response.body" and not message.get("more_body")
        if is_last and cycle.more_body and not (cycle.keep_alive or cycle.disconnected):
            self._connection.read_on()
        await cycle.send(message)  # type: ignore[arg-type]


async def _left() -> Message:
    return {"type": "http.disconnect"}


def _head(start: Message, size: int, cycle: RequestResponseCycle) -> bytes | None:
    """The head of a plain answer with a body of so many bytes; None where it is not plain."""
    if not cycle.keep_alive or cycle.access_log or cycle.scope["method"] == "HEAD":
        return None
    has_length = False
    headers = start["headers"]
    lines: list[bytes] = []
    for name, value in headers:
        if name == b"content-length":
            has_length = int(value) == size
        elif name in _OF_CONNECTIONS:
            return None
        lines += (name, b": ", value, b"\r\n")
    head = b"".join(lines)
    if not has_length or len(head.translate(None, _CONTROLS)) != len(head) - 2 * len(headers):
        return None
    return b"%b%b%b\r\n" % (STATUS_LINE[start["status"]], _of_server(cycle.default_headers), head)


_last: tuple[object, bytes] = (None, b"")


def _of_server(headers: Headers) -> bytes:
    """The lines of the headers that the server sets, which stay the same list for a second."""
    global _last
    if _last[0] is not headers:
        _last = (headers, b"".join(b"%b: %b\r\n" % pair for pair in headers))
    return _last[1]
