"""What a connection goes through that was asked for something outside HTTP, until it ends."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from enum import Enum, auto
from typing import TYPE_CHECKING, Any, Final

from gp_mockserver.reading_on import LINGER
from gp_mockserver.tcp import has_left, unacknowledged

if TYPE_CHECKING:
    from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

    from gp_mockserver.connections import Connection

_LOOK_EVERY: Final = 0.01
_TO_READ: Final = 0.02
"""Seconds that a client has to read what its system has, before that is told of the RST."""
_LONGEST: Final = 3600.0
"""Seconds that a connection is held at most when nothing else ends it."""


class _Ending(Enum):
    """How a connection that was taken over ends."""

    CLOSED = auto()
    HALF_CLOSED = auto()
    RESET = auto()


class Hold:
    """The hold on one connection. `taken`: whether it serves no more; `reads`: whether it is being read."""

    def __init__(self, connection: Connection) -> None:
        self.taken = False
        self.reads = True
        self._connection = connection
        self._ending: _Ending | None = None
        self._wrote = self._shut_down = False
        self._since = 0.0
        """When it was taken, or its end began."""
        self._sent: float | None = None
        """When nothing was left to send of a connection that ends."""
        self._timer: asyncio.TimerHandle | None = None
        self._gone: asyncio.Event | None = None

    def take(self) -> None:
        """Have the connection serve no more."""
        if self.taken:
            return
        self.taken = True
        self._since = self._connection.loop.time()
        self._connection.leave_unanswered()
        task = asyncio.current_task()
        if task is not None:
            task.add_done_callback(self._left_by_application)

    def _left_by_application(self, task: asyncio.Task[Any]) -> None:
        if self._ending is None and not self._connection.lost:
            self.close()

    def write(self, data: bytes) -> None:
        self._wrote = True
        connection = self._connection
        if not (connection.said_all or self._ending or connection.transport.is_closing()):
            if self.taken:
                connection.expect_nothing()
            connection.transport.write(data)

    def close(self) -> None:
        """FIN, and read on until the client has closed, too."""
        connection = self._connection
        transport = connection.transport
        if self._ending is _Ending.HALF_CLOSED:
            transport.close()
        if not self._begin(_Ending.CLOSED):
            return
        self.reads = True
        connection.deafen()
        connection.end_writing()
        if not transport.can_write_eof():
            transport.close()

    def end_writing(self) -> None:
        if self._begin(_Ending.HALF_CLOSED):
            self._connection.end_writing()

    def reset(self) -> None:
        connection = self._connection
        if self._ending is _Ending.RESET or connection.lost:
            return
        under_way = connection.under_way
        wrote = self._wrote or (under_way is not None and under_way.response_started)
        if self._begin(_Ending.RESET) and wrote:
            self._drop_once_sent()
        else:
            connection.drop()

    def _begin(self, ending: _Ending) -> bool:
        """Begin to end the connection; whether it was not ending already."""
        self.take()
        connection = self._connection
        if self._ending is not None or connection.transport.is_closing():
            return False
        connection.expect_nothing()
        self._ending = ending
        self._since = connection.loop.time()
        return True

    def _drop_once_sent(self, sent: bool = False) -> None:
        """Send RST once the client has had its time to read all; `sent`: whether nothing was left before."""
        connection = self._connection
        transport = connection.transport
        if connection.lost or transport.is_closing():
            return
        if transport.get_write_buffer_size() or unacknowledged(transport):
            self._timer = connection.loop.call_later(_LOOK_EVERY, self._drop_once_sent)
        elif sent:
            connection.drop()
        else:
            self._timer = connection.loop.call_later(_TO_READ, self._drop_once_sent, True)

    def stop_reading(self) -> None:
        connection = self._connection
        under_way = connection.under_way
        if not self.reads or connection.transport.is_closing() or under_way is None:
            return
        if not self.taken:
            if under_way.response_complete:
                return
            _after(under_way, self.resume_reading)
        self.reads = False
        connection.flow.pause_reading()

    def resume_reading(self) -> None:
        self.reads = True
        if not self._connection.lost:
            self._connection.flow.resume_reading()

    def close_after(self, cycle: RequestResponseCycle, seconds: float, reset: bool) -> None:
        """Close the connection so long after an answer, if it is idle then."""

        def begin() -> None:
            if not self._connection.lost:
                self._timer = self._connection.loop.call_later(seconds, self._close_idle, cycle, reset)

        if cycle.response_complete:
            begin()
        else:
            _after(cycle, begin)

    def _close_idle(self, cycle: RequestResponseCycle, reset: bool) -> None:
        connection = self._connection
        if self.taken or connection.transport.is_closing() or not connection.is_idle_since(cycle):
            return
        if not reset:
            connection.transport.close()
        elif connection.transport.get_write_buffer_size() or unacknowledged(connection.transport):
            self._timer = connection.loop.call_later(_LOOK_EVERY, self._close_idle, cycle, reset)
        else:
            connection.drop()

    async def receive(self, cycle: RequestResponseCycle) -> dict[str, Any]:
        """The next ASGI message of a request whose connection was taken over."""
        connection = self._connection
        if cycle.waiting_for_100_continue and not connection.transport.is_closing():
            connection.expect_nothing()
            connection.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        if not cycle.body and not self._brings_nothing(cycle):
            connection.flow.resume_reading()
            await cycle.message_event.wait()
        cycle.message_event.clear()
        if not cycle.body and self._brings_nothing(cycle):
            return {"type": "http.disconnect"}
        body, cycle.body = bytes(cycle.body), bytearray()
        return {"type": "http.request", "body": body, "more_body": cycle.more_body}

    def _brings_nothing(self, cycle: RequestResponseCycle) -> bool:
        """Whether nothing more comes of a request: its client has left, or its body is broken."""
        connection = self._connection
        return connection.transport.is_closing() or (connection.deaf and cycle.more_body)

    async def gone(self) -> None:
        """Wait until the connection is lost."""
        if not self._connection.lost:
            self._gone = self._gone or asyncio.Event()
            await self._gone.wait()

    def lost(self) -> None:
        """The connection is lost."""
        if self._timer is not None:
            self._timer.cancel()
        if self._gone is not None:
            self._gone.set()

    def look(self, now: float) -> None:
        """End the connection if it has used up a limit of time; called about once a second."""
        connection = self._connection
        if connection.transport.is_closing():
            return
        if not self.reads and has_left(connection.transport):
            connection.drop()
        elif self._ending is not None:
            self._look_at_end(now)
        elif self.taken and (now - self._since > _LONGEST or self._body_stalls(now)):
            connection.drop()

    def _body_stalls(self, now: float) -> bool:
        """Whether nothing has come for too long of a body that is not whole."""
        connection = self._connection
        if connection.deaf or connection.flow.read_paused or not connection.cycle.more_body:
            return False
        return now - connection.heard > connection.limits.stall_seconds

    def _look_at_end(self, now: float) -> None:
        connection = self._connection
        limits = connection.limits
        if connection.flow.write_paused:  # whether the client takes it, the connection sees to itself
            return
        if self._ending is _Ending.RESET or connection.transport.get_write_buffer_size():
            if now - self._since > limits.send_seconds:
                connection.drop()
        elif self._sent is None:
            self._sent = now
        elif now - self._sent > (LINGER if self._ending is _Ending.CLOSED else limits.idle_seconds):
            connection.transport.close()

    def shutdown(self) -> None:
        """End a connection that was taken over now, for the server ends; what was written still goes out."""
        connection = self._connection
        if connection.lost or self._shut_down:
            return
        self._shut_down = True
        if self._ending is _Ending.RESET:
            connection.drop()
        elif not connection.transport.is_closing() and connection.transport.get_write_buffer_size():
            connection.transport.close()
        else:
            connection.abort()


def _after(cycle: RequestResponseCycle, action: Callable[[], None]) -> None:
    """Do something once an answer is complete."""
    following = cycle.on_response

    def on_response() -> None:
        following()
        action()

    cycle.on_response = on_response
