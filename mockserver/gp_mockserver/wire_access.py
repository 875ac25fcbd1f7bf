"""The wire under a request: what an application can do to its connection that ASGI has no message for."""

from __future__ import annotations

import asyncio
import copy
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from gp_mockserver.errors import MockServerError

if TYPE_CHECKING:
    from starlette.types import Message
    from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

    from gp_mockserver.connections import Connection
    from gp_mockserver.holds import Hold

WIRE: Final = "gpharness.wire"
"""The extension of ASGI under which a request that came over a socket has its wire."""


class NotOverTls(MockServerError):
    """A connection by TLS cannot do what was asked of it."""


def wire_of(scope: Mapping[str, Any]) -> Wire | None:
    """The wire of a request; None where none is under it, as in process."""
    wire: Wire | None = scope.get("extensions", {}).get(WIRE)
    return wire


class Wire:
    """What can be done to the connection of one request, from the thread and the loop that serve it.

    `write` and `stop_reading` leave the request to ASGI. `close`, `reset`, `end_writing` and `take_over` take
    the connection from it: nothing more that is sent by ASGI goes out, no other request is served on it, also
    none that came already, and it always ends: as it was asked to, else by FIN when the task returns that
    took it over, else when the client leaves or the server ends. What ASGI was given to send before goes out
    first. The request's body can still be received, and `http.disconnect` comes when the client has left.

    Once the next request of the connection has begun, nothing here does anything but `gone`: ask before the
    answer's last part is sent. Over TLS all works but `end_writing`; what is written is encrypted, and FIN
    and RST are those of TCP.
    """

    __slots__ = ("_connection", "_cycle", "_start")

    def __init__(self, connection: Connection, cycle: RequestResponseCycle) -> None:
        self._connection = connection
        self._cycle: RequestResponseCycle | None = cycle
        self._start: Message | None = None
        """The head that ASGI was given to send, which waits for what follows it."""

    @property
    def is_tls(self) -> bool:
        """Whether the connection is by TLS."""
        return self._connection.scheme == "https"

    @property
    def is_lost(self) -> bool:
        """Whether the connection has ended, so that nothing that is sent goes out."""
        return self._connection.lost

    @property
    def unread(self) -> bytes:
        """What has come of the request's body and nobody has received."""
        return b"" if self._cycle is None else bytes(self._cycle.body)

    def head(self, start: Message) -> bytes:
        """The bytes that would go out for this `http.response.start`, and do not.

        A status may have any number here, where uvicorn knows of none above 599. Raises RuntimeError for
        headers that HTTP does not allow.
        """
        if self._cycle is None:
            return b""
        cycle = copy.copy(self._cycle)
        cycle.response_started = cycle.disconnected = cycle.access_log = False
        cycle.chunked_encoding, cycle.expected_content_length = None, 0
        cycle.transport = written = _Written()
        status = start["status"]
        from uvicorn.protocols.http.httptools_impl import STATUS_LINE

        if status in STATUS_LINE:
            _send_now(cycle, start)
            return written.bytes
        _send_now(cycle, {**start, "status": 200})
        return b"HTTP/1.1 %d %b" % (status, written.bytes[len(STATUS_LINE[200]) - len(b"\r\n") :])

    def date(self, value: bytes) -> None:
        """Say this in the `Date` of the request's answer, in the place of the server's own; to be called
        before its head is sent."""
        cycle = self._cycle
        if cycle is not None:
            others = [each for each in cycle.default_headers if each[0].lower() != b"date"]
            cycle.default_headers = [(b"date", value), *others]

    def write(self, data: bytes) -> None:
        """Send bytes as they are, after all that was sent before.

        The request is ASGI's still: that it is answered, and that bytes of a body agree with its head, is for
        who writes to see to. On a connection that has ended, the bytes are lost.
        """
        hold = self._hold()
        if hold is not None:
            hold.write(data)

    async def drain(self) -> None:
        """Wait until the client has taken so much that there is room for more, or has left."""
        await self._connection.flow.drain()

    def take_over(self) -> None:
        """Take the connection from ASGI."""
        hold = self._hold()
        if hold is not None:
            hold.take()

    def close(self) -> None:
        """End the connection by FIN, after all that was sent before.

        What the client still sends is read for two seconds and thrown away, so that it sees FIN and no RST.
        Over TLS it is told first that the stream ends (close_notify), and FIN follows when it has answered.
        """
        hold = self._hold()
        if hold is not None:
            hold.close()

    def reset(self) -> None:
        """End the connection by RST, after all that was sent before, or at once if nothing was.

        RST may destroy what the client's system has and the client has not read. So it waits until that
        system has everything (where it can be asked: on Linux), and then some twenty milliseconds more. A
        client that reads late still may not see all: on Linux it does, on Windows it does not.
        """
        hold = self._hold()
        if hold is not None:
            hold.reset()

    def end_writing(self) -> None:
        """Send FIN after all that was sent before, and go on reading: a connection that is half closed.

        The rest of the request's body can be received; what follows it is thrown away. The connection ends
        when the client leaves, or when it has been idle for its time. Raises NotOverTls: there a stream ends
        in both directions.
        """
        if self.is_tls:
            raise NotOverTls("a connection by TLS cannot be half closed: use close()")
        hold = self._hold()
        if hold is not None:
            hold.end_writing()

    def stop_reading(self) -> None:
        """Read no more of what the client sends, until `resume_reading`, or until the request is answered.

        The two systems between still take from it what they have room for: some hundred kilobytes, or a few
        megabytes of a body that has come quickly before.
        """
        hold = self._hold()
        if hold is not None:
            hold.stop_reading()

    def resume_reading(self) -> None:
        """Read on."""
        hold = self._hold()
        if hold is not None:
            hold.resume_reading()

    def close_after(self, seconds: float, reset: bool = False) -> None:
        """Close a connection that is kept: so long after this request's answer is complete, by FIN or RST.

        The answer does not say so. If another request has begun by then, nothing happens. To be called before
        the last part of the answer is sent, or just after.
        """
        hold = self._hold()
        if hold is not None and self._cycle is not None:
            hold.close_after(self._cycle, seconds, reset)

    async def gone(self) -> None:
        """Wait until the connection has ended, as it does when the client leaves.

        While nothing is read, a client that leaves is noticed within a second or so, or not at all if it had
        more to send; then its connection ends with the server's time-outs.
        """
        await self._connection.held().gone()

    def let_go(self) -> None:
        """The next request of the connection begins."""
        self._cycle = None

    def _hold(self) -> Hold | None:
        """The hold on this request's connection, after what ASGI has sent; None when the request is over."""
        cycle, start = self._cycle, self._start
        if cycle is None:
            return None
        if start is not None:
            self._start = None
            _send_now(cycle, start)
        return self._connection.held()


class _Written(asyncio.Transport):
    """A transport that only keeps what is written."""

    bytes = b""

    def write(self, data: Any) -> None:
        self.bytes += data


class _Room:
    """A flow in which there is always room."""

    write_paused = False


def _send_now(cycle: RequestResponseCycle, message: Message) -> None:
    """Send a message without a wait for room, after which uvicorn's cycle stands as it should."""
    flow = cycle.flow
    cycle.flow = _Room  # type: ignore[assignment]
    try:
        cycle.send(message).send(None)  # type: ignore[arg-type]
    except StopIteration:
        pass
    finally:
        cycle.flow = flow
