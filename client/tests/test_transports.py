"""Servers that misbehave on the wire: each transport brings back a whole answer, or says TransportError in
time."""

from __future__ import annotations

import datetime
import gzip
import signal
import socket
import ssl
import threading
import time
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import anyio
import httpx
import httpx2
import pytest
import trustme
from gp_client import AsyncGPClient, GPClient
from gp_client.clocks import SystemClock
from gp_client.drivers import iterate_async, run, run_async
from gp_client.errors import DeadlineExceeded, InvalidInput, ProtocolViolation, TransportError
from gp_client.steps import Flow, Send, StatusChanged, Tell, Wait
from gp_client.wire.content_decoding import Decoding
from gp_client.wire.http_messages import Body, Request, Response
from gp_client.wire.httpx_transports import AsyncHTTPXTransport, HTTPXTransport, client_library
from raw_server import RawServer, reset, serving, whole

from every_case import every_case

JSON = b'{"jobId": "j1", "jobStatus": "esriJobSucceeded"}'
GZIPPED = gzip.compress(JSON, mtime=0)
LIBRARIES = {"httpx": httpx, "httpx2": httpx2}
CARRIERS = [(library, way) for library in LIBRARIES for way in ("sync", "asyncio", "trio")]
PLAIN: dict[str, Any] = {"trust_env": False, "verify": False}
"""Of a client that needs no proxy, and no certificates, which take longer to read than a test."""
SLACK = 2.0
"""Seconds that an exchange may take beyond its limit on a slow machine."""

DROPPED_BY_HTTPCORE = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
"""httpcore drops the generator of a body that it cannot send to its end, of which trio warns."""

Made = Request | Callable[[], Request]
Carry = Callable[..., list[Response]]


@pytest.fixture(params=CARRIERS, ids=lambda carrier: "-".join(carrier))
def carry(request: pytest.FixtureRequest) -> Carry:
    """Sends requests, made at the last moment where they are functions, one after the other over one client,
    and gives back their answers; further words are the client's."""
    library, way = LIBRARIES[request.param[0]], request.param[1]

    def carry_sync(*requests: Made, largest: int = 1 << 20, **words: Any) -> list[Response]:
        with library.Client(**PLAIN | words) as client:
            transport = HTTPXTransport(client, largest_answer=largest)
            return [transport.send(each() if callable(each) else each) for each in requests]

    def carry_async(*requests: Made, largest: int = 1 << 20, **words: Any) -> list[Response]:
        responses = []

        async def main() -> None:
            async with library.AsyncClient(**PLAIN | words) as client:
                transport = AsyncHTTPXTransport(client, largest_answer=largest)
                for each in requests:
                    responses.append(await transport.send(each() if callable(each) else each))

        anyio.run(main, backend=way)
        return responses

    return carry_sync if way == "sync" else carry_async


def get(server: RawServer, timeout: float = 5.0, **rest: Any) -> Request:
    return Request("GET", f"{server.url}/arcgis/rest/info?f=json&token=hush", timeout=timeout, **rest)


def saying(answer: bytes, ending: str = "stay") -> Callable[[socket.socket, bytes], None]:
    def answering(connection: socket.socket, request: bytes) -> None:
        connection.sendall(answer)
        if ending == "fin":
            connection.close()
        elif ending == "rst":
            reset(connection)

    return answering


def cut_at(body: bytes, length: int, *headers: str) -> bytes:
    return whole(body, *headers)[: -len(body)] + body[:length]


CHUNKED = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
SIZE = b"%x\r\n" % len(JSON)
WHOLE = {
    "an ordinary answer": (whole(JSON), "stay"),
    "length by close": (b"HTTP/1.1 200 OK\r\n\r\n" + JSON, "fin"),
    "HTTP/1.0": (b"HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n" + JSON, "fin"),
    "chunked": (CHUNKED + SIZE + JSON + b"\r\n0\r\n\r\n", "stay"),
    "chunked with trailers": (CHUNKED + SIZE + JSON + b"\r\n0\r\nX-Sum: 1\r\n\r\n", "stay"),
    "early hints": (b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + whole(JSON), "stay"),
    "gzip": (whole(GZIPPED, "Content-Encoding: gzip"), "stay"),
    "gzip under its old name": (whole(GZIPPED, "Content-Encoding: x-gzip"), "stay"),
    "gzip of two members": (
        whole(gzip.compress(JSON[:9], mtime=0) + gzip.compress(JSON[9:], mtime=0), "Content-Encoding: gzip"),
        "stay",
    ),
    "gzip with a tail": (whole(GZIPPED + b"tail", "Content-Encoding: gzip"), "stay"),
    "gzip by label alone": (whole(JSON, "Content-Encoding: gzip"), "stay"),
    "deflate": (whole(zlib.compress(JSON), "Content-Encoding: deflate"), "stay"),
    "raw deflate": (whole(zlib.compress(JSON, wbits=-15), "Content-Encoding: deflate"), "stay"),
    "identity": (whole(JSON, "Content-Encoding: identity"), "stay"),
    "a header of 200 kB": (whole(JSON, "X-Long: " + "x" * 200_000), "stay"),
    "a header beyond ASCII": (whole(JSON, "X-Name: Z\xfcrich"), "stay"),
}


@every_case("name", WHOLE)
def test_a_legal_answer_is_taken_whole(name: str, carry: Carry) -> None:
    answer, ending = WHOLE[name]
    with serving(saying(answer, ending)) as server:
        (response,) = carry(get(server))
    assert response.status == 200
    assert response.content == JSON


CUT = {
    "reset before the head": (b"", "rst"),
    "closed before the head": (b"", "fin"),
    "reset in the head": (whole(JSON)[:20], "rst"),
    "closed in the head": (whole(JSON)[:20], "fin"),
    "reset in the body": (cut_at(JSON, 20), "rst"),
    "closed in the body": (cut_at(JSON, 20), "fin"),
    "the last chunk is missing": (CHUNKED + SIZE + JSON + b"\r\n", "fin"),
    "a chunk of no size": (CHUNKED + b"zz\r\n" + JSON, "stay"),
    "a body longer than its length": (whole(JSON)[:-8], "fin"),
    "two lengths": (whole(JSON, "Content-Length: 3"), "stay"),
    "garbage": (bytes(range(128, 192)), "fin"),
    "a head without end": (b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 400_000, "fin"),
    "gzip cut, its length right": (whole(GZIPPED[:-9], "Content-Encoding: gzip"), "stay"),
    "gzip without its checksum": (whole(GZIPPED[:-8], "Content-Encoding: gzip"), "stay"),
    "gzip with a wrong checksum": (
        whole(GZIPPED[:-8] + b"\0\0\0\0" + GZIPPED[-4:], "Content-Encoding: gzip"),
        "stay",
    ),
    "gzip whose second member is cut": (whole(GZIPPED + GZIPPED[:-9], "Content-Encoding: gzip"), "stay"),
    "deflate that is none": (whole(JSON, "Content-Encoding: deflate"), "stay"),
}


@every_case("name", CUT)
def test_an_answer_that_is_cut_or_garbled_is_a_transport_error(name: str, carry: Carry) -> None:
    answer, ending = CUT[name]
    with serving(saying(answer, ending)) as server, pytest.raises(TransportError) as raised:
        carry(get(server))
    assert raised.value.sent
    assert raised.value.url == f"{server.url}/arcgis/rest/info"
    assert "hush" not in str(raised.value)


def test_an_encoding_that_was_not_asked_for_is_a_violation(carry: Carry) -> None:
    with (
        serving(saying(whole(JSON, "Content-Encoding: br"))) as server,
        pytest.raises(ProtocolViolation, match="'br'"),
    ):
        carry(get(server))
    assert b"accept-encoding: gzip, deflate\r\n" in server.asked[0].lower()


@cache
def bomb() -> bytes:
    return gzip.compress(bytes(64 << 20))


def test_a_gzip_bomb_is_a_violation_before_it_is_unpacked(carry: Carry) -> None:
    with (
        serving(saying(whole(bomb(), "Content-Encoding: gzip"))) as server,
        pytest.raises(ProtocolViolation, match="at most 1048576 bytes"),
    ):
        carry(get(server), largest=1 << 20)


def test_a_long_body_is_taken_whole_and_not_twice(carry: Carry) -> None:
    body = b"[" + b" " * (8 << 20) + b"]"
    with serving(saying(whole(body))) as server:
        request = get(server, timeout=30.0)
        tracemalloc.start()
        (response,) = carry(request, largest=16 << 20)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert response.content == body
    assert peak < 1.5 * len(body)


def trickling(first: bytes, piece: bytes) -> tuple[Callable[[socket.socket, bytes], None], list[RawServer]]:
    at: list[RawServer] = []

    def answering(connection: socket.socket, request: bytes) -> None:
        connection.sendall(first)
        while piece and at[0].pause(0.01):
            connection.sendall(piece)
        at[0].stopping.wait()

    return answering, at


FOR_EVER = {
    "silence": (b"", b""),
    "silence in the head": (whole(JSON)[:20], b""),
    "silence in the body": (cut_at(JSON, 20), b""),
    "a head for ever": (b"HTTP/1.1 200 OK\r\n", b"X: y\r\n"),
    "one header for ever": (b"HTTP/1.1 200 OK\r\nX: ", b"y"),
    "early hints for ever": (b"", b"HTTP/1.1 103 Early Hints\r\n\r\n"),
    "a body for ever": (b"HTTP/1.1 200 OK\r\n\r\n", b" "),
    "chunks for ever": (CHUNKED, b"1\r\n \r\n"),
    "gzip for ever": (
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + GZIPPED[:10],
        b"\0\0\0\xff\xff",  # a block of no bytes
    ),
}


@pytest.mark.parametrize("name", FOR_EVER)
def test_an_answer_without_end_is_over_when_its_time_is(name: str, carry: Carry) -> None:
    answering, at = trickling(*FOR_EVER[name])
    with serving(answering) as server:
        at.append(server)
        start = time.monotonic()
        with pytest.raises(TransportError) as raised:
            carry(get(server, timeout=0.3))
        assert 0.25 < time.monotonic() - start < 0.3 + SLACK
    assert raised.value.sent


def test_a_slow_answer_that_is_in_time_is_taken(carry: Carry) -> None:
    def answering(connection: socket.socket, request: bytes) -> None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in whole('{"text": "Zürich"}'.encode()):
            connection.sendall(bytes([byte]))
            server.pause(0.001)

    with serving(answering) as server:
        (response,) = carry(get(server))
    assert response.content == '{"text": "Zürich"}'.encode()


@DROPPED_BY_HTTPCORE
def test_a_server_that_stops_reading_ends_the_upload_in_time(carry: Carry) -> None:
    def answering(connection: socket.socket, request: bytes) -> None:
        server.stopping.wait()

    def chunks() -> Iterator[bytes]:
        for _ in range(64):
            yield bytes(1 << 20)

    with serving(answering, reads_body=False) as server, pytest.raises(TransportError) as raised:
        carry(Request("POST", server.url, body=Body(64 << 20, chunks), timeout=0.5))
    assert raised.value.sent


@DROPPED_BY_HTTPCORE
def test_a_refusal_in_the_middle_of_an_upload_is_the_answer(carry: Carry) -> None:
    def answering(connection: socket.socket, request: bytes) -> None:
        server.pause(0.05)  # until no more goes into the sockets' buffers
        connection.sendall(whole(b"too much", "Connection: close", status="413 Payload Too Large"))
        connection.close()

    def chunks() -> Iterator[bytes]:
        for _ in range(16):
            yield bytes(1 << 20)

    with serving(answering, reads_body=False) as server:
        (response,) = carry(Request("POST", server.url, body=Body(16 << 20, chunks)))
    assert response.status == 413
    assert response.content == b"too much"


def test_a_streamed_body_has_a_length_and_comes_whole(carry: Carry) -> None:
    with serving(saying(whole(JSON))) as server:
        body = Body(6, lambda: iter([b"abc", b"", b"def"]))
        carry(Request("POST", server.url, {"Content-Type": "text/plain"}, body))
    head, _, sent = server.asked[0].partition(b"\r\n\r\n")
    assert b"content-length: 6" in head.lower()
    assert b"chunked" not in head.lower()
    assert sent == b"abcdef"


def test_an_error_of_the_body_s_source_is_left_as_it_is(carry: Carry) -> None:
    def chunks() -> Iterator[bytes]:
        yield b"abc"
        raise OSError("the disk is gone")

    with serving(saying(whole(JSON))) as server, pytest.raises(OSError, match="the disk is gone"):
        carry(Request("POST", server.url, body=Body(6, chunks)))


class Disk:
    def __init__(self, wants: bool = True, room: int = 1 << 30) -> None:
        self.wants, self.room = wants, room
        self.head: Response | None = None
        self.written = b""

    def begin(self, head: Response) -> bool:
        self.head = head
        return self.wants

    def write(self, chunk: bytes) -> None:
        if len(self.written) + len(chunk) > self.room:
            raise OSError("no space left on device")
        self.written += chunk


def test_a_sink_gets_the_body_without_its_encoding_and_without_a_limit(carry: Carry) -> None:
    body = JSON * 10_000
    disk = Disk()
    with serving(saying(whole(gzip.compress(body), "Content-Encoding: gzip"))) as server:
        (response,) = carry(get(server, sink=disk), largest=10)
    assert disk.written == body
    assert response.content == b""
    assert disk.head is not None
    assert disk.head.header("CONTENT-ENCODING") == "gzip"


def test_a_sink_that_wants_nothing_leaves_the_answer_whole(carry: Carry) -> None:
    disk = Disk(wants=False)
    with serving(saying(whole(JSON))) as server:
        (response,) = carry(get(server, sink=disk))
    assert (response.content, disk.written) == (JSON, b"")


def test_a_full_disk_is_left_as_it_is(carry: Carry) -> None:
    with serving(saying(whole(JSON))) as server, pytest.raises(OSError, match="no space left") as raised:
        carry(get(server, sink=Disk(room=3)))
    assert not isinstance(raised.value, TransportError)


@every_case("ending", ["fin", "rst"])
def test_a_kept_connection_that_the_server_closed_is_not_used_again(ending: str, carry: Carry) -> None:
    """As the answer has no `Connection: close`, the client learns of the end from the socket alone."""
    closed = threading.Event()

    def answering(connection: socket.socket, request: bytes) -> None:
        connection.sendall(whole(JSON))
        reset(connection) if ending == "rst" else connection.close()
        closed.set()

    def next_one() -> Request:
        assert closed.wait(5)
        closed.clear()
        return Request("POST", server.url, body=b"f=json")

    with serving(answering) as server:
        responses = carry(get(server), next_one, next_one)
    assert [response.content for response in responses] == [JSON, JSON, JSON]
    assert len(server.asked) == 3


def test_redirects_are_answers(carry: Carry) -> None:
    with serving(saying(whole(b"", "Location: /elsewhere", status="302 Found"))) as server:
        (response,) = carry(get(server))
    assert (response.status, response.header("location")) == (302, "/elsewhere")


@every_case("location", ["http://[::1", "http://127.0.0.1:99999/", "http://a..b/", "http://\udcff/", "//[/x"])
def test_a_location_that_cannot_be_read_is_part_of_an_answer(location: str, carry: Carry) -> None:
    head = f"HTTP/1.1 307 Moved\r\nContent-Length: 0\r\nLocation: {location}\r\nX-Last: 1\r\n\r\n"
    with serving(saying(head.encode("utf-8", "surrogateescape"))) as server:
        (response,) = carry(Request("POST", server.url, body=b"f=json"))
    assert response.status == 307
    assert response.header("location") == location.encode("utf-8", "surrogateescape").decode("latin-1")
    assert [name.lower() for name, _ in response.headers].count("location") == 1
    assert len(server.asked) == 1


@pytest.mark.parametrize("library", LIBRARIES)
def test_the_client_s_own_requests_keep_their_location(library: str) -> None:
    def answering(request: Any) -> Any:
        made = LIBRARIES[library].Response
        return made(302, headers={"location": "/b"}) if request.url.path == "/a" else made(200)

    mock = LIBRARIES[library].MockTransport(answering)
    with LIBRARIES[library].Client(transport=mock, follow_redirects=True) as client:
        HTTPXTransport(client)
        assert client.get("http://gis.example.com/a").url.path == "/b"


@pytest.mark.parametrize("library", LIBRARIES)
def test_a_refusal_in_the_middle_of_an_upload_is_heard_while_others_go_on(library: str) -> None:
    """Another upload of the same client that is done sending does not stop this one from listening."""
    refused = threading.Event()

    def answering(connection: socket.socket, request: bytes) -> None:
        if request.startswith(b"POST /large"):
            server.pause(0.5)  # until no more goes into the sockets' buffers
            connection.recv(65536)
            refused.set()
            connection.sendall(whole(b"too much", "Connection: close", status="413 Payload Too Large"))
            server.pause(0.3)
            connection.close()
            return
        length = int(request.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
        left = length - len(request.partition(b"\r\n\r\n")[2])
        while left > 0:
            left -= len(connection.recv(left))
        connection.sendall(whole(JSON))

    def body(size: int) -> Body:
        return Body(size << 16, lambda: (bytes(1 << 16) for _ in range(size)))

    async def main() -> Response:
        found: list[Response] = []
        async with LIBRARIES[library].AsyncClient(**PLAIN) as client:
            transport = AsyncHTTPXTransport(client)

            async def large() -> None:
                found.append(await transport.send(Request("POST", f"{server.url}/large", body=body(640))))

            async with anyio.create_task_group() as tasks:
                tasks.start_soon(large)
                while not found and not refused.is_set():
                    await transport.send(Request("POST", f"{server.url}/small", body=body(1)))
                    await anyio.sleep(0.01)
        return found[0]

    with serving(answering, reads_body=False) as server:
        response = anyio.run(main, backend="asyncio")
    assert (response.status, response.content) == (413, b"too much")


def test_nobody_at_the_port_means_that_nothing_was_sent(carry: Carry) -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    with pytest.raises(TransportError) as raised:
        carry(Request("POST", f"http://127.0.0.1:{port}/", body=b"f=json"))
    assert not raised.value.sent


def test_a_connection_that_is_never_taken_means_that_nothing_was_sent(carry: Carry) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        fill = []
        for _ in range(4):  # the queue is full after one or two
            each = socket.socket()
            each.setblocking(False)
            each.connect_ex(listener.getsockname())
            fill.append(each)
        start = time.monotonic()
        with pytest.raises(TransportError) as raised:
            carry(Request("POST", f"http://127.0.0.1:{listener.getsockname()[1]}/", timeout=0.4))
        assert time.monotonic() - start < 0.4 + SLACK
        for each in fill:
            each.close()
    assert not raised.value.sent


@every_case(
    "url",
    [
        "http://",
        "http:///path",
        "gopher://127.0.0.1/",
        "no address",
        "http://[::1",
        "http://127.0.0.1:99999/",
        "http://127.0.0.1:port/",
        "http://a\0b/",
        f"http://{'a' * 80}.example/",
        "http://a..b/",
        "http://xn--/",
        "http://\ud800/",
        "",
    ],
)
def test_an_address_that_is_none_is_a_transport_error_before_anything_is_sent(url: str, carry: Carry) -> None:
    with pytest.raises(TransportError) as raised:
        carry(Request("GET", url, timeout=2.0))
    assert not raised.value.sent


@every_case("value", ["hush\r\nX: y", "hush\0"])
def test_a_header_that_is_none_is_not_quoted(value: str, carry: Carry) -> None:
    with serving(saying(whole(JSON))) as server, pytest.raises(TransportError) as raised:
        carry(get(server, headers={"X-Esri-Authorization": value}))
    assert not raised.value.sent
    assert "hush" not in f"{raised.value} {raised.value.__cause__}"
    assert not server.asked


def test_a_header_beyond_ascii_is_sent_as_utf_8(carry: Carry) -> None:
    with serving(saying(whole(JSON))) as server:
        carry(get(server, headers={"Referer": "http://zürich.example/"}))
    assert "referer: http://zürich.example/\r\n".encode() in server.asked[0]


AUTHORITY = trustme.CA()


def certified(*names: str, **more: Any) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    AUTHORITY.issue_cert(*names, **more).configure_cert(context)
    return context


@pytest.fixture
def trusting() -> ssl.SSLContext:
    context = ssl.create_default_context()
    AUTHORITY.configure_trust(context)
    return context


def test_tls_carries_an_exchange(carry: Carry, trusting: ssl.SSLContext) -> None:
    body = JSON * 100_000
    with serving(saying(whole(body)), tls=certified("127.0.0.1")) as server:
        one = Request("POST", server.url, body=bytes(1 << 20), timeout=20.0)
        responses = carry(one, one, largest=1 << 28, verify=trusting)
    assert [response.content for response in responses] == [body, body]


def test_the_time_is_kept_over_tls_as_well(carry: Carry, trusting: ssl.SSLContext) -> None:
    answering, at = trickling(b"HTTP/1.1 200 OK\r\n\r\n", b" ")
    with serving(answering, tls=certified("127.0.0.1")) as server:
        at.append(server)
        start = time.monotonic()
        with pytest.raises(TransportError):
            carry(get(server, timeout=0.5), verify=trusting)
        assert time.monotonic() - start < 0.5 + SLACK


def test_a_handshake_without_end_is_over_when_its_time_is(carry: Carry) -> None:
    def answering(connection: socket.socket, request: bytes) -> None:
        raise AssertionError

    with serving(answering) as server:  # which waits for a request, and gets a greeting
        start = time.monotonic()
        with pytest.raises(TransportError) as raised:
            carry(Request("POST", server.url.replace("http:", "https:"), timeout=0.5))
        assert time.monotonic() - start < 0.5 + SLACK
    assert not raised.value.sent


LONG_AGO = {
    "not_before": datetime.datetime(2019, 1, 1, tzinfo=datetime.UTC),
    "not_after": datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC),
}


@pytest.mark.parametrize(
    ("name", "more"),
    [("elsewhere.example.org", {}), ("127.0.0.1", LONG_AGO)],
    ids=["of-another-host", "out-of-date"],
)
def test_a_certificate_that_is_not_to_be_trusted_ends_it(
    name: str, more: dict[str, Any], carry: Carry, trusting: ssl.SSLContext
) -> None:
    tls = certified(name, **more)
    with serving(saying(whole(JSON)), tls=tls) as server, pytest.raises(TransportError) as raised:
        carry(get(server), verify=trusting)
    assert not raised.value.sent
    assert "certificate" in str(raised.value)
    assert not server.asked


def test_a_proxy_is_the_one_that_is_asked(carry: Carry) -> None:
    with serving(saying(whole(JSON))) as proxy:
        request = Request("GET", "http://gis.example.com/arcgis", timeout=5.0)
        (response,) = carry(request, proxy=proxy.url)
    assert response.content == JSON
    assert proxy.asked[0].startswith(b"GET http://gis.example.com/arcgis HTTP/1.1")


def test_the_time_is_kept_by_way_of_a_proxy_as_well(carry: Carry) -> None:
    answering, at = trickling(b"HTTP/1.1 200 OK\r\n\r\n", b" ")
    with serving(answering) as proxy:
        at.append(proxy)
        start = time.monotonic()
        with pytest.raises(TransportError):
            carry(Request("GET", "http://gis.example.com/arcgis", timeout=0.3), proxy=proxy.url)
        assert time.monotonic() - start < 0.3 + SLACK


class Fallen(Exception):
    pass


async def fallen_app(scope: Any, receive: Any, send: Any) -> None:
    raise Fallen


@pytest.mark.parametrize("library", LIBRARIES.values(), ids=LIBRARIES)
def test_an_app_in_the_same_process_that_falls_is_a_transport_error(library: Any) -> None:
    async def main() -> None:
        transport = library.ASGITransport(fallen_app)
        async with library.AsyncClient(transport=transport) as client:
            await AsyncHTTPXTransport(client).send(Request("GET", "http://app/"))

    with pytest.raises(TransportError) as raised:
        anyio.run(main)
    assert isinstance(raised.value.__cause__, Fallen)


@pytest.mark.parametrize("library", LIBRARIES.values(), ids=LIBRARIES)
def test_a_transport_that_has_read_the_body_is_served_too(library: Any) -> None:
    answer = library.Response(200, content=GZIPPED, headers={"content-encoding": "gzip"})
    with library.Client(transport=library.MockTransport(lambda request: answer)) as client:
        assert HTTPXTransport(client).send(Request("GET", "http://app/")).content == JSON


def test_a_client_that_is_closed_is_the_caller_s_fault() -> None:
    with httpx.Client() as client:
        transport = HTTPXTransport(client)
    with pytest.raises(InvalidInput, match="met a client that is closed"):
        transport.send(Request("GET", "http://app/"))


def test_a_client_is_one_of_httpx_or_httpx2() -> None:
    class Own(httpx.Client):
        pass

    with Own() as own:
        assert client_library(own) is httpx
    with pytest.raises(TypeError, match="met dict, expected a Client or AsyncClient of httpx or httpx2"):
        client_library({})


@every_case("size", [1, 2, 3, 7, 1000])
@every_case(
    ("encoding", "encoded"),
    [
        ("gzip", GZIPPED + gzip.compress(b"", mtime=0) + GZIPPED),
        ("deflate", zlib.compress(JSON * 2)),
        ("deflate", zlib.compress(JSON * 2, wbits=-15)),
        ("gzip", JSON * 2),
        ("", JSON * 2),
        ("gzip", GZIPPED + GZIPPED + b"\0\0\x1f\x8b behind"),
    ],
)
def test_a_body_is_the_same_in_pieces_of_any_size(encoding: str, encoded: bytes, size: int) -> None:
    decoding = Decoding(encoding, "http://app/", 1 << 20)
    for start in range(0, len(encoded), size):
        decoding.take(encoded[start : start + size])
    assert decoding.finish() == JSON * 2


@every_case("wbits", [31, 15, -15])
@every_case("length", [(1 << 20) - 1, 1 << 20, 3 << 20])
def test_much_from_little_comes_out_whole(wbits: int, length: int) -> None:
    decoding = Decoding("gzip" if wbits == 31 else "deflate", "http://app/", 1 << 23)
    decoding.take(zlib.compress(bytes(length), wbits=wbits))
    assert decoding.finish() == bytes(length)


def a_job_that_is_cancelled_when_left(server: RawServer) -> Flow[str]:
    try:
        yield Tell(StatusChanged("j1", "esriJobExecuting"))
        yield Send(Request("GET", f"{server.url}/slow", timeout=30.0))
        yield Wait(30.0)
    except BaseException:
        yield Wait(0.01)
        yield Send(Request("GET", f"{server.url}/cancel", timeout=5.0))
        raise
    return "done"


def slow_but_for_cancel(at: list[RawServer]) -> Callable[[socket.socket, bytes], None]:
    def answering(connection: socket.socket, request: bytes) -> None:
        if b"/cancel" in request:
            connection.sendall(whole(JSON))
        else:
            at[0].stopping.wait()

    return answering


def paths(server: RawServer) -> list[bytes]:
    return [request.split(b" ")[1] for request in server.asked]


@every_case("way", ["asyncio", "trio"])
@every_case("library", LIBRARIES.values(), ids=LIBRARIES)
def test_a_cancelled_task_takes_its_last_steps(library: Any, way: str) -> None:
    at: list[RawServer] = []

    async def main() -> bool:
        async with library.AsyncClient(**PLAIN) as client:
            with anyio.move_on_after(0.2) as scope:
                transport = AsyncHTTPXTransport(client)
                await run_async(a_job_that_is_cancelled_when_left(at[0]), transport, SystemClock())
            return scope.cancelled_caught

    with serving(slow_but_for_cancel(at)) as server:
        at.append(server)
        assert anyio.run(main, backend=way)
        assert paths(server) == [b"/slow", b"/cancel"]


@pytest.mark.parametrize("way", ["asyncio", "trio"])
def test_last_steps_that_take_too_long_do_not_hold_up_a_cancelled_task(
    way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gp_client.drivers._LAST_STEPS", 0.2)

    class Stuck:
        async def send(self, request: Request) -> Response:
            await anyio.sleep_forever()
            raise AssertionError

        async def close(self) -> None:
            pass

    async def main() -> bool:
        with anyio.move_on_after(0.1) as scope:
            await run_async(stubborn(), Stuck(), SystemClock())
        return scope.cancelled_caught

    def stubborn() -> Flow[None]:
        try:
            yield Wait(30.0)
        except BaseException:
            for _ in range(20):
                try:
                    yield Send(Request("GET", "http://app/cancel"))
                except Exception:
                    continue
            raise

    start = time.monotonic()
    assert anyio.run(main, backend=way)
    assert time.monotonic() - start < 0.3 + SLACK


@pytest.mark.parametrize("way", ["asyncio", "trio"])
def test_a_stream_that_is_left_takes_its_last_steps(way: str) -> None:
    at: list[RawServer] = []

    async def main() -> list[object]:
        async with httpx.AsyncClient(**PLAIN) as client:
            transport = AsyncHTTPXTransport(client)
            events = iterate_async(a_job_that_is_cancelled_when_left(at[0]), transport, SystemClock())
            told = [await anext(events)]
            await events.aclose()  # type: ignore[attr-defined]
            return [*told]

    with serving(slow_but_for_cancel(at)) as server:
        at.append(server)
        assert anyio.run(main, backend=way) == [StatusChanged("j1", "esriJobExecuting")]
        assert paths(server) == [b"/cancel"]


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="the system has no timer signals")
@pytest.mark.parametrize("library", LIBRARIES.values(), ids=LIBRARIES)
def test_ctrl_c_in_the_middle_of_an_exchange_takes_the_last_steps(library: Any) -> None:
    at: list[RawServer] = []

    def interrupt(number: int, frame: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        with serving(slow_but_for_cancel(at)) as server, library.Client(**PLAIN) as client:
            at.append(server)
            transport = HTTPXTransport(client)
            signal.setitimer(signal.ITIMER_REAL, 0.2)
            with pytest.raises(KeyboardInterrupt):
                run(a_job_that_is_cancelled_when_left(server), transport, SystemClock())
            assert paths(server) == [b"/slow", b"/cancel"]
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@every_case("way", ["sync", "asyncio", "trio"])
@every_case("name", ["silence", "a head for ever", "a body for ever"])
def test_a_client_keeps_its_deadline_whatever_the_server_does(name: str, way: str) -> None:
    answering, at = trickling(*FOR_EVER[name])

    def ask() -> None:
        with GPClient(server.url, deadline=0.5) as client:
            client.info()

    async def ask_async() -> None:
        async with AsyncGPClient(server.url, deadline=0.5) as client:
            await client.info()

    with serving(answering) as server:
        at.append(server)
        start = time.monotonic()
        with pytest.raises(DeadlineExceeded):
            ask() if way == "sync" else anyio.run(ask_async, backend=way)
        assert time.monotonic() - start < 0.5 + SLACK
