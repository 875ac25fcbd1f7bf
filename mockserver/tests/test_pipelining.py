"""Requests one behind the other on one connection, clients that read nothing or leave, bodies that drip."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import uvicorn
from gp_mockserver.connection_limits import ConnectionLimits
from gp_mockserver.connections import Connection, connections_with
from uvicorn.server import ServerState

from every_case import every_case

HERE = b"GET /%d HTTP/1.1\r\nHost: here\r\n\r\n"
MANY = 5000


class Outlet(asyncio.Transport):
    """A transport that keeps what is written, and fails, as uvloop's does, when it is closed."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""
        self.paused = self.closed = False

    def write(self, data: Any) -> None:
        if self.closed:
            raise RuntimeError("the handler is closed")
        self.written += data

    def can_write_eof(self) -> bool:
        return False

    def get_write_buffer_size(self) -> int:
        return 0

    def pause_reading(self) -> None:
        self.paused = True

    def resume_reading(self) -> None:
        self.paused = False

    def is_closing(self) -> bool:
        return self.closed

    def close(self) -> None:
        self.closed = True

    abort = close


class LoopAt:
    """A loop whose time a test sets."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self.now = 0.0

    def time(self) -> float:
        return self.now

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loop, name)


App = Callable[[Any, Any, Any], Awaitable[None]]


async def opened(app: App, **limits: float) -> tuple[Connection, Outlet, LoopAt]:
    config = uvicorn.Config(app, log_config=None, lifespan="off", ws="none", proxy_headers=False)
    loop = LoopAt(asyncio.get_running_loop())
    connection = connections_with(ConnectionLimits(**limits))(config, ServerState(), {}, loop)  # type: ignore
    outlet = Outlet()
    connection.connection_made(outlet)
    return connection, outlet, loop


async def turns(number: int = 20) -> None:
    for _ in range(number):
        await asyncio.sleep(0)


async def name_the_path(scope: Any, receive: Any, send: Any) -> None:
    body = scope["path"].encode()
    headers = [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


@pytest.mark.parametrize("size", [100, 10_000, 1_000_000])
def test_of_many_requests_few_wait_and_the_rest_is_not_read_until_these_are_answered(size):
    """`size`: the bytes that come at a time."""
    release = asyncio.Event()
    most = 0

    async def held(scope: Any, receive: Any, send: Any) -> None:
        nonlocal most
        await release.wait()
        await receive_nothing_yet(receive)
        most = max(most, len(connection.pipeline))
        await name_the_path(scope, receive, send)

    async def receive_nothing_yet(receive: Any) -> None:
        """Ask for the body, as an operation does, which must not have more requests read."""
        assert (await receive())["body"] == b""

    async def run() -> Outlet:
        nonlocal connection
        connection, outlet, _ = await opened(held)
        sent = b"".join(HERE % number for number in range(MANY))
        while sent:
            if outlet.paused:
                release.set()
                await turns(1)
                continue
            connection.data_received(sent[:size])
            sent = sent[size:]
        release.set()
        await turns(20 * MANY)
        return outlet

    connection: Connection
    outlet = asyncio.run(run())
    assert most < 400
    assert not outlet.paused
    answers = re.findall(rb"\r\n\r\n/(\d+)", outlet.written)
    assert answers == [b"%d" % number for number in range(MANY)]


def test_a_client_that_leaves_is_sent_nothing_more_of_any_request(caplog):
    left = asyncio.Event()
    ended = []

    async def late(scope: Any, receive: Any, send: Any) -> None:
        await left.wait()
        await name_the_path(scope, receive, send)
        ended.append(scope["path"])

    async def run() -> Outlet:
        connection, outlet, _ = await opened(late)
        connection.data_received(HERE % 1 + HERE % 2 + HERE % 3)
        await turns()
        outlet.close()
        connection.connection_lost(ConnectionResetError())
        left.set()
        await turns()
        return outlet

    outlet = asyncio.run(run())
    assert outlet.written == b""
    assert ended == ["/1"]
    assert caplog.records == []


HALF_A_FORM = b"POST / HTTP/1.1\r\nHost: here\r\nContent-Length: 100000\r\n\r\n"


@every_case(
    ("brought", "refused_at"),
    [
        ([900] * 20, 10),
        ([50_000, *[900] * 25], 20),
        ([1100] * 40, None),
        ([0, 0, 0, 0, 0, 0, 0, 0, 0, 11_000] * 3, None),
    ],
    ids=["too little", "much at first, then too little", "just enough", "in lumps"],
)
def test_a_body_has_to_bring_its_rate_in_every_span(brought, refused_at):
    """The rate is 1000 bytes a second, a span 10 seconds; bytes come, and a look is taken, each second."""

    async def wait_for_ever(scope: Any, receive: Any, send: Any) -> None:
        while (await receive())["type"] == "http.request":
            pass

    async def run() -> int | None:
        connection, outlet, loop = await opened(wait_for_ever, stall_seconds=10, body_rate=1000)
        connection.data_received(HALF_A_FORM)
        for second, size in enumerate(brought, 1):
            loop.now = float(second)
            if size:
                connection.data_received(b"x" * size)
            await turns()
            connection.look(loop.now)
            if b"HTTP/1.1 408 " in outlet.written:
                assert b"less than 1000 bytes a second within 10 seconds" in outlet.written
                return second
        return None

    assert asyncio.run(run()) == refused_at
