"""The wire under a request, as a plain socket at the other end sees it: bytes, FIN and RST."""

from __future__ import annotations

import asyncio
import select
import socket
import ssl
import struct
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing, contextmanager
from typing import Any
from urllib.parse import urlsplit

import gp_mockserver.server
import pytest
import trustme
import uvicorn
from gp_mockserver.app import MockServer
from gp_mockserver.connection_limits import ConnectionLimits
from gp_mockserver.connections import Connection, connections_with
from gp_mockserver.holds import Hold
from gp_mockserver.server import RunningServer, serve
from gp_mockserver.wire_access import NotOverTls, Wire, wire_of
from uvicorn.server import ServerState

from every_case import every_case

PATIENCE = 20.0
GET = b"GET / HTTP/1.1\r\nHost: here\r\n\r\n"
HEAD = b"HEAD / HTTP/1.1\r\nHost: here\r\n\r\n"
POST = b"POST / HTTP/1.1\r\nHost: here\r\n"
FIN, RST = "FIN", "RST"

App = Callable[[Any, Any, Any], Awaitable[None]]


class Probe(MockServer):
    """A server whose application is the test's."""

    app: App

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await self.app(scope, receive, send)


@contextmanager
def probed(tls: ssl.SSLContext | None = None) -> Iterator[tuple[Probe, RunningServer]]:
    probe = Probe()
    with serve(probe, tls=tls) as running:
        yield probe, running


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


def server_tls(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return context


class TlsSocket:
    """TLS over a plain socket, whose own FIN and RST are seen; `ssl.SSLSocket` shows both as an end."""

    def __init__(self, plain: socket.socket, trusting: ssl.SSLContext) -> None:
        self._plain = plain
        self._came, self._leaves = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = trusting.wrap_bio(self._came, self._leaves, server_hostname="127.0.0.1")
        self.fileno, self.close, self.settimeout = plain.fileno, plain.close, plain.settimeout
        while True:
            try:
                self._tls.do_handshake()
                break
            except ssl.SSLWantReadError:
                self._exchange()
        self._plain.sendall(self._leaves.read())

    def _exchange(self) -> bool:
        if self._leaves.pending:  # to send nothing takes the error of a reset away
            self._plain.sendall(self._leaves.read())
        more = self._plain.recv(65536)
        self._came.write(more)
        return bool(more)

    def sendall(self, data: bytes) -> None:
        for at in range(0, len(data), 65536):
            self._tls.write(data[at : at + 65536])
            self._plain.sendall(self._leaves.read())

    def recv(self, size: int) -> bytes:
        while True:
            try:
                return self._tls.read(size)
            except ssl.SSLZeroReturnError:
                return b""
            except ssl.SSLWantReadError:
                assert self._exchange(), "FIN without the end of the TLS stream"


Client = socket.socket | TlsSocket


class Served:
    """A server with the test's application, and connections to it."""

    def __init__(self, probe: Probe, running: RunningServer, trusting: ssl.SSLContext | None) -> None:
        self._probe = probe
        self._running = running
        self._trusting = trusting

    @property
    def is_tls(self) -> bool:
        return self._trusting is not None

    def by(self, app: App) -> None:
        self._probe.app = app

    def connected(self, sent: bytes = b"") -> Client:
        address = urlsplit(self._running.root)
        plain = socket.create_connection((address.hostname or "", address.port or 0), timeout=PATIENCE)
        connection = plain if self._trusting is None else TlsSocket(plain, self._trusting)
        connection.sendall(sent)
        return connection

    def seen(self, app: App, sent: bytes = GET) -> tuple[bytes, str]:
        """What comes, and how the connection ends, when an application answers what is sent."""
        self.by(app)
        with closing(self.connected(sent)) as connection:
            return to_the_end(connection)


LOOPS = ["asyncio"] if sys.platform == "win32" else ["uvloop", "asyncio"]


@pytest.fixture(scope="module", params=[f"{wire}-{loop}" for wire in ("tcp", "tls") for loop in LOOPS])
def served(request: pytest.FixtureRequest, authority: trustme.CA) -> Iterator[Served]:
    wire, loop = request.param.split("-")
    trusting = tls = None
    if wire == "tls":
        tls, trusting = server_tls(authority), ssl.create_default_context()
        authority.configure_trust(trusting)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("gp_mockserver.connection_servers._LOOK_EVERY", 0.1)
        if loop == "asyncio":
            patched.setitem(sys.modules, "uvloop", None)
        with probed(tls) as (probe, running):
            yield Served(probe, running, trusting)


def to_the_end(connection: Client) -> tuple[bytes, str]:
    received = b""
    try:
        while chunk := connection.recv(65536):
            received += chunk
    except ConnectionResetError:
        return received, RST
    return received, FIN


def the_wire(scope: Any) -> Wire:
    wire = wire_of(scope)
    assert wire is not None
    return wire


def start(size: int, status: int = 200) -> Any:
    headers = [(b"content-length", b"%d" % size), (b"content-type", b"text/plain")]
    return {"type": "http.response.start", "status": status, "headers": headers}


def part(body: bytes, more: bool = False) -> Any:
    return {"type": "http.response.body", "body": body, "more_body": more}


async def answer(send: Any, body: bytes = b"good") -> None:
    await send(start(len(body)))
    await send(part(body))


def body_of(answered: bytes) -> bytes:
    return answered.partition(b"\r\n\r\n")[2]


def one_answer(connection: Client, size: int = 4) -> bytes:
    """An answer with a body of so many bytes."""
    received = b""
    while len(body_of(received)) < size:
        chunk = connection.recv(65536)
        assert chunk, received
        received += chunk
    return received


RAW = b"HTTP/1.0 299 Anything\nno header\n\n\x00\xff"


@pytest.mark.parametrize("end", [FIN, RST])
def test_bytes_that_are_no_http_go_out_as_they_are_before_the_end(served, caplog, end):
    async def app(scope, receive, send):
        wire = the_wire(scope)
        wire.take_over()
        wire.write(RAW[:7])
        await asyncio.sleep(0)
        wire.write(RAW[7:])
        wire.close() if end == FIN else wire.reset()

    assert served.seen(app) == (RAW, end)
    assert caplog.records == []


@pytest.mark.parametrize("end", [FIN, RST])
def test_a_connection_can_end_before_any_byte(served, end):
    async def app(scope, receive, send):
        await receive()
        wire = the_wire(scope)
        wire.close() if end == FIN else wire.reset()

    assert served.seen(app) == (b"", end)
    assert served.seen(app, POST + b"Content-Length: 2\r\n\r\nab") == (b"", end)


def test_twenty_bytes_of_the_head_that_asgi_would_send_then_rst(served):
    heads = []

    async def good(scope, receive, send):
        heads.append(the_wire(scope).head(start(4)))
        await answer(send)

    async def cut(scope, receive, send):
        wire = the_wire(scope)
        wire.write(wire.head(start(4))[:20])
        wire.reset()

    served.by(good)
    with closing(served.connected(GET)) as connection:
        whole = one_answer(connection)
    assert whole == heads[0] + b"good"
    assert served.seen(cut) == (whole[:20], RST)


def test_a_head_can_have_a_status_that_asgi_has_not(served):
    async def app(scope, receive, send):
        wire = the_wire(scope)
        wire.write(wire.head(start(0, 777)))
        wire.close()

    came, end = served.seen(app)
    assert came.startswith(b"HTTP/1.1 777 \r\ndate: ")
    assert came.endswith(b"content-length: 0\r\ncontent-type: text/plain\r\n\r\n")
    assert end == FIN


@pytest.mark.parametrize("end", [FIN, RST])
@pytest.mark.parametrize("by_asgi", [True, False])
@pytest.mark.parametrize("size", [10, 6_000_000])
def test_half_of_the_body_then_the_end(served, caplog, end, by_asgi, size):
    """Also of a body that no buffer holds: RST waits until the client's system has what was sent before."""
    half = bytes(range(10)) * (size // 20)

    async def app(scope, receive, send):
        wire = the_wire(scope)
        await send(start(size))
        if by_asgi:
            await send(part(half, more=True))
        else:
            wire.write(half)
            await wire.drain()
        wire.close() if end == FIN else wire.reset()
        await send(part(half))

    came, met = served.seen(app)
    head, _, body = came.partition(b"\r\n\r\n")
    assert f"content-length: {size}".encode() in head
    assert body == half
    assert met == end
    assert caplog.records == []


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere RST may destroy what was not read")
def test_what_came_before_rst_is_there_for_a_client_that_reads_only_then(served):
    async def app(scope, receive, send):
        wire = the_wire(scope)
        wire.write(b"said before")
        wire.reset()

    served.by(app)
    with closing(served.connected(GET)) as connection:
        poll = select.poll()
        poll.register(connection, select.POLLERR)
        assert poll.poll(PATIENCE * 1000)
        assert to_the_end(connection) == (b"said before", RST)


def test_what_is_written_before_and_after_an_answer_leaves_the_request_to_asgi(served):
    hints = b"HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n"

    async def app(scope, receive, send):
        wire = the_wire(scope)
        wire.write(hints)
        await answer(send)
        wire.write(b" and garbage")

    served.by(app)
    with closing(served.connected()) as connection:
        for _ in range(2):
            connection.sendall(GET)
            came = b""
            while not came.endswith(b"\r\n\r\ngood and garbage"):
                chunk = connection.recv(65536)
                assert chunk, came
                came += chunk
            assert came.startswith(hints + b"HTTP/1.1 200 OK\r\n")


def test_after_a_half_close_the_server_still_reads(served, caplog):
    received = []
    done = threading.Event()

    async def app(scope, receive, send):
        wire = the_wire(scope)
        await send(start(4))
        await send(part(b"good", more=True))
        if served.is_tls:
            with pytest.raises(NotOverTls, match="half closed"):
                wire.end_writing()
            wire.close()
        else:
            wire.end_writing()
        while (message := await receive())["type"] == "http.request":
            received.append(message)
        done.set()

    served.by(app)
    with closing(served.connected(POST + b"Content-Length: 3000000\r\n\r\n")) as connection:
        came, end = to_the_end(connection)
        assert (body_of(came), end) == (b"good", FIN)
        if not served.is_tls:
            connection.sendall(bytes(3_000_000))
            connection.sendall(GET * 50_000)
            connection.settimeout(0)
            assert connection.recv(1) == b""
    assert done.wait(PATIENCE)
    if not served.is_tls:
        assert sum(len(each["body"]) for each in received) == 3_000_000
        assert received[-1]["more_body"] is False
    assert caplog.records == []


def test_a_body_is_read_no_further_until_it_is_read_on(served):
    stopped, go_on = threading.Event(), threading.Event()
    size = 20_000_000
    sizes, early = [], []

    async def app(scope, receive, send):
        wire = the_wire(scope)
        wire.stop_reading()
        receiving = asyncio.ensure_future(receive())
        stopped.set()
        await asyncio.to_thread(go_on.wait, PATIENCE)
        early.append(receiving.done())
        wire.resume_reading()
        more = True
        while more:
            message = await receiving
            receiving = asyncio.ensure_future(receive())
            sizes.append(len(message["body"]))
            more = message["more_body"]
        receiving.cancel()
        await answer(send)

    served.by(app)
    with closing(served.connected(POST + b"Content-Length: %d\r\n\r\n" % size)) as connection:
        assert stopped.wait(PATIENCE)
        taken = threading.Event()

        def send_all() -> None:
            connection.sendall(bytes(size))
            taken.set()

        sender = threading.Thread(target=send_all)
        sender.start()
        assert not taken.wait(0.1)
        go_on.set()
        sender.join()
        assert one_answer(connection).endswith(b"good")
        assert early == [False]
        assert sum(sizes) == size
        assert still_kept(served, connection)


def still_kept(served: Served, connection: Client | None = None) -> bool:
    """Whether the connection, or a new one, serves another request."""

    async def app(scope, receive, send):
        await answer(send, b"kept")

    served.by(app)
    with closing(connection or served.connected()) as serving:
        serving.sendall(GET)
        return one_answer(serving).endswith(b"kept")


def test_a_body_that_nobody_reads_is_read_on_once_it_is_answered(served):
    async def app(scope, receive, send):
        the_wire(scope).stop_reading()
        await answer(send)

    served.by(app)
    with closing(served.connected(POST + b"Content-Length: 20000000\r\n\r\n")) as connection:
        assert one_answer(connection).endswith(b"good")
        connection.sendall(bytes(20_000_000))
        assert still_kept(served, connection)


@pytest.mark.parametrize("end", [FIN, RST])
@pytest.mark.parametrize("when", ["before", "between", "after"])
def test_a_kept_connection_is_closed_some_time_after_a_good_answer_that_does_not_say_so(served, end, when):
    async def app(scope, receive, send):
        wire = the_wire(scope)
        for now, message in (("before", start(4)), ("between", part(b"good")), ("after", None)):
            if now == when:
                wire.close_after(0.02, reset=end == RST)
            if message:
                await send(message)

    began = time.monotonic()
    came, met = served.seen(app)
    assert time.monotonic() - began > 0.01
    assert came.startswith(b"HTTP/1.1 200 OK\r\n")
    assert came.endswith(b"\r\n\r\ngood")
    assert b"connection: close" not in came
    assert met == end


def test_a_kept_connection_is_not_closed_when_another_request_has_begun(served):
    numbers = iter(range(2))

    async def app(scope, receive, send):
        if next(numbers) == 0:
            the_wire(scope).close_after(0)
        else:
            await asyncio.sleep(0.01)
        await answer(send)

    served.by(app)
    with closing(served.connected(GET + GET)) as connection:
        came = b""
        while came.count(b"\r\n\r\ngood") < 2:
            chunk = connection.recv(65536)
            assert chunk, came
            came += chunk
        assert still_kept(served, connection)


@pytest.mark.parametrize("stops", [False, True], ids=["reading", "not reading"])
def test_that_the_client_has_gone_is_told(served, stops):
    begun, gone = threading.Event(), threading.Event()

    async def app(scope, receive, send):
        wire = the_wire(scope)
        await send(start(100))
        wire.write(b"x")
        wire.take_over()
        if stops:
            wire.stop_reading()
        begun.set()
        await wire.gone()
        await wire.gone()
        gone.set()

    served.by(app)
    with closing(served.connected(GET)) as connection:
        assert one_answer(connection, 1).endswith(b"x")
        assert begun.wait(PATIENCE)
        assert not gone.is_set()
    assert gone.wait(PATIENCE)


def test_no_other_request_of_the_connection_is_served(served):
    paths = []

    async def app(scope, receive, send):
        paths.append(scope["path"])
        wire = the_wire(scope)
        if scope["path"] == "/":
            wire.take_over()
            await answer(send)
            wire.write(b"raw")
            await asyncio.sleep(0.01)
        wire.close()

    assert served.seen(app, GET + GET.replace(b"/ ", b"/two ") * 40 + b"garbage\r\n\r\n") == (b"raw", FIN)
    assert paths == ["/"]


@pytest.mark.parametrize("reads", [True, False])
def test_a_client_that_waits_for_100_continue_is_told_only_where_its_body_is_asked_for(served, reads):
    bodies = []

    async def app(scope, receive, send):
        wire = the_wire(scope)
        wire.take_over()
        if reads:
            bodies.append((await receive())["body"])
        wire.write(b"raw")
        wire.close()

    served.by(app)
    head = POST + b"Expect: 100-continue\r\nContent-Length: 2\r\n\r\n"
    with closing(served.connected(head)) as connection:
        if reads:
            assert connection.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
            connection.sendall(b"ab")
        assert to_the_end(connection) == (b"raw", FIN)
    assert bodies == ([b"ab"] if reads else [])


def test_after_other_bytes_a_client_is_not_told_to_continue(served, caplog):
    messages = []

    async def app(scope, receive, send):
        wire = the_wire(scope)
        wire.take_over()
        wire.write(b"raw")
        messages.append(await receive())
        wire.close()
        messages.append(await receive())

    async def closing_at_once(scope, receive, send):
        the_wire(scope).close()
        messages.append(await receive())

    head = POST + b"Expect: 100-continue\r\nContent-Length: 2\r\n\r\n"
    served.by(app)
    with closing(served.connected(head)) as connection:
        assert connection.recv(3) == b"raw"
        connection.sendall(b"ab")
        assert to_the_end(connection) == (b"", FIN)
    assert served.seen(closing_at_once, head) == (b"", FIN)
    assert still_kept(served)
    gone = {"type": "http.disconnect"}
    assert messages == [{"type": "http.request", "body": b"ab", "more_body": False}, gone, gone]
    assert caplog.records == []


def test_what_is_closed_while_it_is_not_read_is_read_to_its_end(served):
    async def app(scope, receive, send):
        wire = the_wire(scope)
        wire.stop_reading()
        wire.write(b"raw")
        wire.close()
        await wire.gone()

    served.by(app)
    with closing(served.connected(POST + b"Content-Length: 20000000\r\n\r\n")) as connection:
        assert to_the_end(connection) == (b"raw", FIN)
        if not served.is_tls:
            connection.sendall(bytes(20_000_000))


def test_a_request_that_was_refused_meanwhile_is_answered_by_nothing_more(served, caplog):
    refused = threading.Event()

    async def app(scope, receive, send):
        wire = the_wire(scope)
        assert (await receive())["body"] == b"ab"
        wire.write(b"before")
        assert (await receive())["type"] == "http.disconnect"
        wire.write(b"after")
        wire.close()
        await wire.gone()
        refused.set()

    served.by(app)
    with closing(served.connected(POST + b"Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n")) as connection:
        assert connection.recv(6) == b"before"
        connection.sendall(b"zz\r\n")
        came, end = to_the_end(connection)
    assert came.startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert came.endswith(b"</html>\n")
    assert end == FIN
    assert refused.wait(PATIENCE)
    assert [each.levelname for each in caplog.records] == ["WARNING"]


def test_the_head_of_an_answer_to_head_goes_out_alone(served):
    async def app(scope, receive, send):
        await send(start(4))
        the_wire(scope).close()
        await send(part(b""))

    came, end = served.seen(app, HEAD)
    assert came.endswith(b"content-length: 4\r\ncontent-type: text/plain\r\n\r\n")
    assert end == FIN


def test_an_application_that_takes_over_and_returns_leaves_fin(served, caplog):
    async def app(scope, receive, send):
        wire = the_wire(scope)
        wire.write(b"raw")
        wire.take_over()

    assert served.seen(app) == (b"raw", FIN)
    assert caplog.records == []


def test_a_body_that_breaks_is_for_who_took_over_a_client_that_has_left(served, caplog):
    messages = []

    async def app(scope, receive, send):
        wire = the_wire(scope)
        wire.take_over()
        messages.append(await receive())
        wire.write(b"raw")
        messages.extend([await receive(), await receive()])
        wire.close()

    served.by(app)
    chunked = POST + b"Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n"
    with closing(served.connected(chunked)) as connection:
        assert connection.recv(3) == b"raw"
        connection.sendall(b"zz\r\n")
        assert to_the_end(connection) == (b"", FIN)
    assert messages[0]["body"] == b"ab"
    assert messages[1:] == [{"type": "http.disconnect"}] * 2
    assert caplog.records == []


def test_the_wire_of_a_request_does_nothing_once_the_next_has_begun(served):
    wires, ways = [], []

    async def app(scope, receive, send):
        await send(start(4))
        for former_receive, former_send in ways:
            await former_send(part(b"stray"))
            assert (await former_receive())["type"] == "http.disconnect"
        wires.append(the_wire(scope))
        ways.append((receive, send))
        for wire in wires[:-1]:
            wire.write(b"stray")
            wire.take_over()
            wire.stop_reading()
            wire.close_after(0)
            wire.reset()
            assert wire.head(start(1)) == b""
        await send(part(b"good"))

    served.by(app)
    with closing(served.connected()) as connection:
        for _ in range(3):
            connection.sendall(GET)
            assert body_of(one_answer(connection)) == b"good"


def test_there_is_no_wire_in_process():
    assert wire_of({"type": "http", "path": "/"}) is None


STALLED = 200


def test_hundreds_of_stalled_connections_end_at_once_with_the_server(monkeypatch, authority):
    """However long the server would wait for answers that are under way."""
    monkeypatch.setattr(gp_mockserver.server, "_GRACE_OF_A_BLOCK", 3600.0)
    ended = []
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)

    async def app(scope, receive, send):
        wire = the_wire(scope)
        kind = int(scope["path"][1:]) % 4
        await send(start(100))
        if kind == 0:
            wire.take_over()
        elif kind == 1:
            wire.write(b"x")
            wire.take_over()
            wire.stop_reading()
        elif kind == 2:
            wire.take_over()
            await asyncio.sleep(3600)
        else:
            wire.close()
        try:
            await wire.gone()
        finally:
            ended.append(kind)

    before = set(threading.enumerate())
    for tls in (None, server_tls(authority)):
        ended.clear()
        with probed(tls) as (probe, running):
            served = Served(probe, running, trusting if tls else None)
            served.by(app)
            connections = [
                served.connected(GET.replace(b"/ ", b"/%d " % number)) for number in range(STALLED)
            ]
            for connection in connections:
                assert connection.recv(12) == b"HTTP/1.1 200"
        for connection in connections:
            connection.close()
        assert len(ended) == STALLED - STALLED // 4
    assert set(threading.enumerate()) <= before


class Outlet(asyncio.Transport):
    """A transport that notes what is done to it; `unsent` bytes wait in it."""

    def __init__(self) -> None:
        super().__init__()
        self.done: list[str] = []
        self.unsent = 0

    def write(self, data: Any) -> None:
        self.done.append("write")

    def can_write_eof(self) -> bool:
        return True

    def write_eof(self) -> None:
        self.done.append("eof")

    def get_write_buffer_size(self) -> int:
        return self.unsent

    def is_closing(self) -> bool:
        return bool({"close", "abort"} & set(self.done))

    def pause_reading(self) -> None:
        pass

    resume_reading = pause_reading

    def close(self) -> None:
        self.done.append("close")

    def abort(self) -> None:
        self.done.append("abort")


@every_case(
    ("asked", "sent", "unsent", "done"),
    [
        ("close", GET, 0, {0: "eof", 4: "close"}),
        ("close", GET, 100, {0: "eof", 31: "abort"}),
        ("end_writing", GET, 0, {0: "eof", 52: "close"}),
        ("reset", GET, 100, {31: "abort"}),
        ("take_over", GET, 0, {3601: "abort"}),
        ("take_over", POST + b"Content-Length: 9\r\n\r\n", 0, {21: "abort"}),
    ],
)
def test_a_connection_that_was_taken_over_ends_in_its_time(asked, sent, unsent, done):
    """A look each second, of which these are the ones at which something is done; the last one is the end."""

    async def app(scope, receive, send):
        wire = the_wire(scope)
        wire.write(b"raw")
        getattr(wire, asked)()
        await wire.gone()

    async def run() -> dict[int, str]:
        limits = ConnectionLimits(stall_seconds=20, send_seconds=30, idle_seconds=50)
        loop = StandingLoop(asyncio.get_running_loop())
        connection, outlet = await opened(app, limits, loop)
        connection.data_received(sent)
        await asyncio.sleep(0)
        outlet.unsent = unsent
        outlet.done.remove("write")
        seen: dict[int, str] = {}
        if outlet.done:
            seen[0] = outlet.done[0]
        for second in range(1, 4000):
            before = len(outlet.done)
            connection.look(float(second))
            for each in outlet.done[before:]:
                seen[second] = each
            if outlet.is_closing():
                break
        connection.connection_lost(None)
        return seen

    assert asyncio.run(run()) == done


class StandingLoop:
    """A loop at whose time nothing moves."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop

    def time(self) -> float:
        return 0.0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loop, name)


async def opened(app: App, limits: ConnectionLimits, loop: Any = None) -> tuple[Connection, Outlet]:
    config = uvicorn.Config(app, log_config=None, lifespan="off", ws="none", proxy_headers=False)
    connection = connections_with(limits)(config, ServerState(), {}, loop or asyncio.get_running_loop())
    outlet = Outlet()
    connection.connection_made(outlet)
    return connection, outlet


def test_a_hold_is_made_only_for_a_request_that_uses_its_wire():
    async def app(scope, receive, send):
        assert the_wire(scope).is_tls is False
        await answer(send)

    async def run() -> Hold | None:
        connection, _ = await opened(app, ConnectionLimits())
        connection.data_received(GET)
        await asyncio.sleep(0.01)
        assert connection.under_way is not None
        assert connection.under_way.response_complete
        return connection.hold

    assert asyncio.run(run()) is None


def test_the_linger_option_is_that_of_the_system():
    from gp_mockserver.tcp import close_by_reset

    first, second = socket.socketpair()
    with first, second:
        close_by_reset(first)
        held = first.getsockopt(socket.SOL_SOCKET, socket.SO_LINGER, 8)
    assert struct.unpack("ii", held)[:2] == (1, 0)
