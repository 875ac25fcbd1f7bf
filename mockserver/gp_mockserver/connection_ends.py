"""The ways in which a connection is taken from the requests on it: by its client, by a limit, by the wire."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

if TYPE_CHECKING:
    from gp_mockserver.holds import Hold


class EndingConnection(HttpToolsProtocol):
    """uvicorn's connection, which can be ended whatever is under way on it."""

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self.lost = False
        self.deaf = False
        """Whether what the client sends is thrown away."""
        self.said_all = False
        """Whether nothing more may be written."""
        self.hold: Hold | None = None
        """What was asked of it outside HTTP, if anything was."""
        self.under_way: RequestResponseCycle | None = None
        """The request that is being answered; `cycle` is the last one that came."""
        self._unread = b""
        """What came and waits to be parsed until the requests before it are answered."""

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost = True
        self._forget_requests()
        super().connection_lost(exc)
        if self.hold is not None:
            self.hold.lost()

    @property
    def is_taken(self) -> bool:
        """Whether it serves no more."""
        return self.hold is not None and self.hold.taken

    def leave_unanswered(self) -> None:
        """Have uvicorn send nothing more, and no request begin; a body that is coming can still be read."""
        self.pipeline.clear()
        cycle = self.under_way
        if cycle is not None:
            cycle.disconnected = not cycle.response_complete
        if cycle is not self.cycle or cycle is None or not cycle.more_body:
            self.deafen()

    def expect_nothing(self) -> None:
        """Have the client not be told that it may send its body: something else is sent to it."""
        if self.under_way is not None:
            self.under_way.waiting_for_100_continue = False

    def end_writing(self) -> None:
        """Write nothing more, and send FIN after what was written; over TLS only closing does that."""
        self.said_all = True
        if self.transport.can_write_eof():
            self.transport.write_eof()

    def deafen(self) -> None:
        """Throw away what the client sends from now on."""
        self.deaf = True
        self._unread = b""
        self.flow.resume_reading()

    def drop(self) -> None:
        """Close at once by RST, and have the system forget what it still holds for the client."""
        from gp_mockserver.tcp import close_by_reset

        connected = self.transport.get_extra_info("socket")
        if connected is not None:
            close_by_reset(connected)
        self.abort()

    def abort(self) -> None:
        """Close at once; nothing more is sent."""
        self._forget_requests()
        self.transport.abort()

    def _forget_requests(self) -> None:
        """Have no request send anything more: its client is gone."""
        left = [cycle for cycle, _ in self.pipeline]
        if self.under_way is not None:
            left.append(self.under_way)
        for cycle in left:
            cycle.disconnected = not cycle.response_complete
            cycle.message_event.set()
        self.pipeline.clear()
        self._unread = b""
