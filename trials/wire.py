"""A client's connection that costs little: one request at a time, answers read whole or only counted."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast

T = TypeVar("T")
HOST = "127.0.0.1"


class Broken(Exception):
    """The connection ended before the answer was whole, or the answer is no HTTP."""


@dataclass(slots=True)
class Answer:
    """An answer's status, head in lower case, and body; `closes` says that no other follows."""

    status: int
    head: bytes
    body: bytearray = field(default_factory=bytearray)
    size: int = 0
    closes: bool = False


class Wire(asyncio.Protocol):
    """A connection on which requests are sent as bytes. Without `keep` bodies are counted, not kept."""

    def __init__(self, *, keep: bool = True) -> None:
        self.transport: asyncio.Transport | None = None
        self.open = False
        self._dropped = False
        self._keep = keep
        self._received = bytearray()
        self._answer: Answer | None = None
        self._left: int | None = 0
        self._to_head = False
        self._waiter: asyncio.Future[Answer] | None = None
        self._writable = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self.open = True
        self._writable.set()

    def connection_lost(self, exc: Exception | None) -> None:
        self.open = False
        self._writable.set()
        if self._answer is not None and self._left is None:
            self._finish()
        elif self._waiter is not None and not self._waiter.done():
            self._waiter.set_exception(Broken(f"closed in mid-answer: {exc or 'end of stream'}"))

    def pause_writing(self) -> None:
        self._writable.clear()

    def resume_writing(self) -> None:
        self._writable.set()

    async def ask(self, request: bytes, *, to_head: bool = False) -> Answer:
        """Send a request, wait for its answer. Raises Broken."""
        self.expect(to_head=to_head)
        self.write(request)
        return await self.answer()

    def expect(self, *, to_head: bool = False) -> None:
        """Begin an exchange, whose request is then written in parts."""
        self._to_head = to_head
        self._waiter = asyncio.get_running_loop().create_future()
        if not self.open:
            self._waiter.set_exception(Broken("closed before the request"))

    def write(self, data: bytes) -> None:
        if self.transport is not None and self.open:
            self.transport.write(data)

    async def drain(self) -> None:
        """Wait until more can be written."""
        await self._writable.wait()

    async def answer(self) -> Answer:
        assert self._waiter is not None
        return await self._waiter

    @property
    def is_usable(self) -> bool:
        """Whether another request can be sent."""
        return self.open and not self._dropped

    def close(self) -> None:
        self._dropped = True
        if self.transport is not None:
            self.transport.abort()

    def data_received(self, data: bytes) -> None:
        self._received += data
        try:
            while self._received and self._step():
                pass
        except (ValueError, IndexError) as error:
            self._fail(f"no HTTP: {error}")

    def _step(self) -> bool:
        """Take a part of what was received; whether there may be more to take."""
        if self._answer is None:
            return self._take_head()
        if self._left == -1:
            return self._take_chunks()
        return self._take_body()

    def _take_head(self) -> bool:
        end = self._received.find(b"\r\n\r\n")
        if end < 0:
            return False
        head = bytes(self._received[:end]).lower() + b"\r\n"
        del self._received[: end + 4]
        if not head.startswith(b"http/1.1 "):
            raise ValueError(head[:80])
        status = int(head[9:12])
        if status == 100:
            return True
        answer = self._answer = Answer(status, head, closes=b"\r\nconnection: close\r\n" in head)
        at = head.find(b"\r\ncontent-length:")
        if self._to_head or status in (204, 304):
            self._left = 0
        elif at >= 0:
            self._left = int(head[at + 17 : head.index(b"\r\n", at + 17)])
        elif b"\r\ntransfer-encoding: chunked\r\n" in head:
            self._left = -1
        else:
            self._left = None
            answer.closes = True
        if self._left == 0:
            self._finish()
            return False
        return True

    def _take_body(self) -> bool:
        answer, data = self._answer, self._received
        assert answer is not None
        if self._left is not None and len(data) > self._left:
            raise ValueError("more bytes than content-length says")
        answer.size += len(data)
        if self._keep:
            answer.body += data
        if self._left is not None:
            self._left -= len(data)
        data.clear()
        if self._left == 0:
            self._finish()
        return False

    def _take_chunks(self) -> bool:
        end = self._received.find(b"\r\n")
        if end < 0:
            return False
        size = int(self._received[:end], 16)
        if len(self._received) < end + 2 + size + 2:
            return False
        answer = self._answer
        assert answer is not None
        answer.size += size
        if self._keep:
            answer.body += self._received[end + 2 : end + 2 + size]
        del self._received[: end + 2 + size + 2]
        if size == 0:
            self._finish()
            return False
        return True

    def _finish(self) -> None:
        answer, self._answer, self._left = self._answer, None, 0
        if self._waiter is not None and not self._waiter.done() and answer is not None:
            self._waiter.set_result(answer)

    def _fail(self, why: str) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_exception(Broken(why))
        self.close()


def run_here(main: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end on the faster loop."""
    import uvloop

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(main)


async def connect(port: int, *, keep: bool = True) -> Wire:
    _, wire = await asyncio.get_running_loop().create_connection(lambda: Wire(keep=keep), HOST, port)
    return wire


def get(target: str) -> bytes:
    return f"GET {target} HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode()


def post(target: str, form: str) -> bytes:
    return (
        f"POST {target} HTTP/1.1\r\nHost: {HOST}\r\nContent-Type: application/x-www-form-urlencoded\r\n"
        f"Content-Length: {len(form)}\r\n\r\n{form}"
    ).encode()
