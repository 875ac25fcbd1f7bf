"""One request on its way through an ASGI application, and the answer on its way back.

The application runs on the sites' loop; the client that waits for it may stand in any thread. What the client
reads (`head`, `pieces`, `fault`, `ended`) is written where the loop runs alone, and `wake` is called after
each change. Nothing is held whole that comes in pieces: the application waits until its pieces are taken, and
a request's body is asked for a piece at a time.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from gpharness.in_process.failing import Kind, known
from gpharness.in_process.server_headers import Headers, with_those_of_a_server
from gpharness.in_process.site_loop import SiteLoop

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Scope

EXTENSION: Final = "gpharness.in-process"
_MOST_UNREAD: Final = 256 * 1024
"""Bytes of an answer that wait for the client before the application does."""
_BODILESS: Final = frozenset({204, 304})


class Exchange:
    """A request that is answered, or fails. It is the `Failing` that the application finds in its scope."""

    def __init__(
        self,
        app: ASGIApp,
        scope: Scope,
        body: bytes | None,
        wake: Callable[[], object],
        loop: SiteLoop,
    ) -> None:
        """`body` None: it is asked for in pieces, by `wants_more`."""
        self._app = app
        self._scope = scope
        scope["extensions"][EXTENSION] = self
        self._body = body
        self._body_over = False
        self._asked: asyncio.Future[bytes | None] | None = None
        self._wake = wake
        self._loop = loop
        self._is_over: asyncio.Event | None = None
        self._has_room: asyncio.Future[None] | None = None
        self._start: Message | None = None
        self._left = False
        self._expected: int | None = None
        self._sent = self._unread = 0
        self.wants_more = False
        """Whether the application waits for the next piece of the request's body (`give`)."""
        self.head: tuple[int, Headers] | None = None
        """The answer's status and headers."""
        self.pieces: deque[bytes] = deque()
        """What has come of its body and is not read yet."""
        self.ended = False
        """Whether nothing comes any more: the answer is whole, or there is a fault."""
        self.fault: BaseException | Kind | None = None
        """What the client meets after what it can read: a failure, or what the application raised."""

    # What the client calls, from its thread.

    def begin(self) -> None:
        """Begin to answer. It may be done on return."""
        self._loop.begin(self._run())

    def give(self, piece: bytes | None) -> None:
        """A piece of the request's body that was wanted; None: there is no more."""
        self.wants_more = False
        self._loop.call(self._given, piece)

    def taken(self, size: int) -> None:
        """Say that so many bytes of the answer have been read."""
        if not self.ended:
            self._loop.call(self._make_room, size)

    def leave(self) -> None:
        """Say that the client waits no longer."""
        self._loop.call(self._leave)

    # What happens where the loop runs.

    async def _run(self) -> None:
        try:
            await self._app(self._scope, self._receive, self._send)
        except BaseException as error:  # whatever it is, it is the client's thread that it belongs to
            self._end(error)
        else:
            if not self.ended:
                self.fail("cut")
        finally:
            self._scope = {}

    async def _receive(self) -> Message:
        if not (self._body_over or self._left or self.ended):
            if self._body is not None:
                body, self._body, self._body_over = self._body, None, True
                return {"type": "http.request", "body": body, "more_body": False}
            piece = await self._next_piece()
            if not self._left:
                return {"type": "http.request", "body": piece or b"", "more_body": piece is not None}
        if not (self.ended or self._left):
            if self._is_over is None:
                self._is_over = asyncio.Event()
            await self._is_over.wait()
        return {"type": "http.disconnect"}

    async def _next_piece(self) -> bytes | None:
        """The next piece of the request's body; None: there is no more, or nobody to give it."""
        asked = self._asked
        if asked is None:
            asked = self._asked = asyncio.get_running_loop().create_future()
            self.wants_more = True
            self._wake()
        piece = await asyncio.shield(asked)
        if self._asked is asked:
            self._asked, self._body_over = None, piece is None
        return piece

    async def _send(self, message: Message) -> None:
        if self.ended or self._left:
            return
        if message["type"] == "http.response.start":
            self._start = message
            return
        if message["type"] != "http.response.body":
            return
        self._publish_head()
        if self.head is None:
            raise RuntimeError("the application sent a body before http.response.start")
        self._take(message.get("body", b""))
        if not message.get("more_body"):
            if self._expected is not None and self._sent < self._expected:
                self.fail("cut")
            else:
                self._end(None)
            return
        self._wake()
        while self._unread >= _MOST_UNREAD and not (self.ended or self._left):
            self._has_room = asyncio.get_running_loop().create_future()
            await self._has_room

    def _publish_head(self) -> None:
        """Let the client have the head: a server sends it with the first piece of the body."""
        start, self._start = self._start, None
        if start is None:
            return
        status, given = start["status"], start.get("headers", ())
        for name, value in given:
            if name.lower() == b"content-length" and value.isdigit():
                self._expected = int(value)
        if self._scope["method"] == "HEAD" or status in _BODILESS:
            self._expected = 0
        self.head = status, with_those_of_a_server(given, has_length=self._expected is not None)

    def _take(self, piece: bytes) -> None:
        """A piece of the body, as far as a client reads it: to the length that was announced."""
        if self._expected is not None:
            piece = piece[: self._expected - self._sent]
        if piece:
            self._sent += len(piece)
            self._unread += len(piece)
            self.pieces.append(piece)

    def fail(self, kind: str) -> None:
        """As `Failing` has it."""
        fault = known(kind)
        if self.ended:
            return
        self._publish_head()
        if kind == "cut":
            cut = Kind(fault.error, f"{fault.text} ({self._received})")
            fault = known("closed") if self.head is None else cut
        self._end(fault)

    @property
    def _received(self) -> str:
        if self._expected is None:
            return "incomplete chunked read"
        return f"received {self._sent} bytes, expected {self._expected}"

    def _end(self, fault: BaseException | Kind | None) -> None:
        if not self.ended:
            self.fault = fault
            self.ended = True
            self._let_go()
            self._wake()

    def _given(self, piece: bytes | None) -> None:
        if self._asked is not None and not self._asked.done():
            self._asked.set_result(piece)

    def _make_room(self, size: int) -> None:
        self._unread -= size
        if self._has_room is not None and not self._has_room.done():
            self._has_room.set_result(None)

    def _leave(self) -> None:
        self._left = True
        self._given(None)
        self._let_go()

    def _let_go(self) -> None:
        """Wake the application wherever it waits for its client."""
        self._make_room(0)
        if self._is_over is not None:
            self._is_over.set()
