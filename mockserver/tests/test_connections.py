"""What a connection may do: its limits, and how one that does more is closed; nothing reaches the log as a
traceback."""

from __future__ import annotations

import asyncio
import re
import select
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.client import HTTPConnection
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import ProxyHandler, build_opener

import pytest
import uvicorn
from gp_mockserver.connection_limits import ConnectionLimits
from gp_mockserver.connections import connections_with
from gp_mockserver.reading_on import ReadingOn
from gp_mockserver.server import RunningServer, serve
from gp_mockserver.sites import Site
from uvicorn.server import ServerState

from every_case import every_case

PATIENCE = 20.0
SOON = 0.2
FAR = 3600.0
GET = b"GET /tools/rest/info?f=json HTTP/1.1\r\nHost: here\r\n\r\n"
POST = b"POST /tools/rest/services/Tools/GPServer/Say/execute HTTP/1.1\r\nHost: here\r\n"
FORM = b"Content-Type: application/x-www-form-urlencoded\r\n"
TITLES = {
    400: "400 Bad Request",
    408: "408 Request Timeout",
    414: "414 Request-URI Too Long",
    431: "431 Request Header Fields Too Large",
    503: "503 Service Unavailable",
}


def tools() -> Site:
    site = Site("tools")

    @site.task("Tools/Say", execution="sync")
    def say(Text: str = "nothing", Times: int = 1) -> str:
        return Text * Times

    return site


@contextmanager
def served(**limits: Any) -> Iterator[RunningServer]:
    """A server of its own, with times without end but for those given."""
    times = {"head_seconds": FAR, "stall_seconds": FAR, "send_seconds": FAR, "idle_seconds": FAR}
    with serve(tools(), limits=ConnectionLimits(**{**times, **limits})) as running:
        yield running


@pytest.fixture(scope="module")
def patient() -> Iterator[RunningServer]:
    """A server whose limits of size are small."""
    with served(url=5000, head=4000) as running:
        yield running


def connected(running: RunningServer) -> socket.socket:
    address = urlsplit(running.root)
    assert address.hostname
    return socket.create_connection((address.hostname, address.port or 0), timeout=PATIENCE)


def to_the_end(connection: socket.socket) -> bytes:
    """All that comes until the server closes; a reset counts as that."""
    received = b""
    try:
        while chunk := connection.recv(65536):
            received += chunk
    except ConnectionResetError:
        pass
    return received


def said_to(running: RunningServer, *pieces: bytes) -> bytes:
    """What the server answers to the pieces, sent one after another, until it closes."""
    with closing(connected(running)) as connection:
        for piece in pieces:
            try:
                connection.sendall(piece)
            except (BrokenPipeError, ConnectionResetError):
                break
        return to_the_end(connection)


def one_answer(connection: socket.socket) -> bytes:
    """The next answer on a connection that goes on."""
    received = b""
    while b"\r\n\r\n" not in received:
        received += connection.recv(65536)
    head, _, body = received.partition(b"\r\n\r\n")
    length = re.search(rb"content-length: (\d+)", head)
    assert length
    while len(body) < int(length[1]):
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body


def is_page_of(status: int, answer: bytes) -> bool:
    """Whether an answer is the small page with which a server closes by itself, and all of it came."""
    head, _, body = answer.partition(b"\r\n\r\n")
    lines = head.decode().splitlines()
    return (
        lines[0].startswith(f"HTTP/1.1 {status} ")
        and "connection: close" in lines
        and f"content-length: {len(body)}" in lines
        and "content-type: text/html; charset=utf-8" in lines
        and f"<h1>{status} ".encode() in body
    )


def still_serves(running: RunningServer) -> bool:
    with closing(connected(running)) as connection:
        connection.sendall(GET)
        return one_answer(connection).startswith(b"HTTP/1.1 200 ")


ENDLESS = b"x" * 600_000
LAST = b"0\r\n"


@pytest.mark.parametrize(
    ("status", "pieces"),
    [
        (414, [b"GET /" + b"x" * 5001 + b" HTTP/1.1\r\nHost: here\r\n\r\n"]),
        (414, [b"GET /tools?" + ENDLESS, ENDLESS]),
        (431, [b"GET / HTTP/1.1\r\nHost: here\r\nCookie: " + b"x" * 4000 + b"\r\n\r\n"]),
        (431, [b"GET / HTTP/1.1\r\n", b"A: b\r\n" * 1000 + b"\r\n"]),
        (431, [b"GET / HTTP/1.1\r\nCookie: ", ENDLESS]),
        (431, [b"\r\n" * 50_000]),
        (431, [POST + FORM + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\na\r\n" + LAST, b"X: ", ENDLESS]),
        (431, [POST + FORM + b"Transfer-Encoding: chunked\r\n\r\n", b"1;", ENDLESS]),
        (400, [b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"]),
        (400, [b"hello\r\n\r\n"]),
        (400, [b"GET / HTTP/9.9\r\n\r\n"]),
        (400, [b"GET /\x00 HTTP/1.1\r\n\r\n"]),
        (400, [b"GET http://[ HTTP/1.1\r\nHost: here\r\n\r\n"]),
        (400, [b"CONNECT here:443 HTTP/1.1\r\nHost: here\r\n\r\n"]),
        (400, [b"CONNECT /tools/rest/info HTTP/1.1\r\nHost: here\r\nContent-Length: 0\r\n\r\n"]),
        (400, [b"CONNECT /tools HTTP/1.1\r\nHost: here\r\nConnection: upgrade\r\nUpgrade: a\r\n\r\n" + GET]),
        (400, [b"GET /tools/rest/info HTTP/1.1\r\n\r\n"]),
        (400, [b"GET /tools/rest/info HTTP/1.1\r\nHost: here\r\nHost: there\r\n\r\n"]),
        (400, [b"GET /tools/rest/info HTTP/1.0\r\nHost: here\r\nHost: here\r\n\r\n"]),
        (400, [b"GET /tools/rest/info HTTP/2.0\r\nHost: here\r\n\r\n"]),
        (400, [b"GET /tools/rest/info HTTP/0.9\r\nHost: here\r\n\r\n"]),
        (400, [b"GET / HTTP/1.1\r\nHost here\r\n\r\n"]),
        (400, [POST + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab"]),
        (400, [POST + b"Content-Length: -1\r\n\r\n"]),
        (400, [POST + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"]),
        (400, [POST + FORM + b"Transfer-Encoding: chunked\r\n\r\n", b"zz\r\n"]),
        (400, [POST + FORM + b"Transfer-Encoding: chunked\r\n\r\n", b"f" * 17 + b"\r\n"]),
    ],
)
def test_what_no_server_takes_is_answered_with_a_page_and_closed(patient, caplog, status, pieces):
    answer = said_to(patient, *pieces)
    assert is_page_of(status, answer), answer
    assert still_serves(patient)
    assert "Traceback" not in caplog.text
    assert len(caplog.records) <= 1


def test_a_long_address_and_many_headers_within_the_limits_are_taken(patient):
    headers = b"".join(b"X-Header-%d: value\r\n" % number for number in range(150))
    target = b"/tools/rest/services?f=json&ignored=" + b"x" * 4900
    request = b"GET " + target + b" HTTP/1.1\r\nHost: here\r\n" + headers + b"\r\n"
    with closing(connected(patient)) as connection:
        for _ in range(3):
            connection.sendall(request)
            assert one_answer(connection).startswith(b"HTTP/1.1 200 ")


def test_http_1_0_may_do_without_a_host_and_may_offer_another_protocol(patient):
    for more in (b"", b"Connection: upgrade\r\nUpgrade: a\r\n"):
        answer = said_to(patient, b"GET /tools/rest/info?f=json HTTP/1.0\r\n" + more + b"\r\n")
        assert answer.startswith(b"HTTP/1.1 200 ")


def test_a_path_beyond_what_can_be_read_is_told_its_own_limit():
    with served() as running:
        answer = said_to(running, b"GET /" + b"x" * 70_000 + b" HTTP/1.1\r\nHost: here\r\n\r\n")
    assert is_page_of(414, answer)
    assert b"The path of the address, without its parameters, is longer than 65535 bytes." in answer


def test_a_request_that_comes_byte_by_byte_is_answered(patient):
    with closing(connected(patient)) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        body = b"f=json&Text=slowly"
        for each in POST + FORM + b"Content-Length: %d\r\n\r\n%b" % (len(body), body):
            connection.sendall(bytes([each]))
        assert b"slowly" in one_answer(connection)


def test_by_default_an_address_may_hold_a_feature_set_of_two_hundred_kilobytes():
    with serve(tools()) as running, closing(connected(running)) as connection:
        query = b"/tools/rest/services/Tools/GPServer/Say/execute?f=json&Text=" + b"y" * 200_000
        connection.sendall(b"GET " + query + b" HTTP/1.1\r\nHost: here\r\n\r\n")
        assert b"y" * 200_000 in one_answer(connection)


@pytest.mark.parametrize(
    "begun",
    [b"G", GET[:-2], GET + GET[:-2]],
    ids=["one byte", "headers without their end", "a second request"],
)
def test_headers_that_do_not_end_in_time_are_answered_with_408(begun):
    with served(head_seconds=SOON) as running:
        answer = said_to(running, begun)
    assert is_page_of(408, answer[answer.rindex(b"HTTP/1.1") :])
    assert answer.count(b"HTTP/1.1 200 ") == begun.count(b"\r\n\r\n")


def test_a_connection_that_says_nothing_is_closed_without_a_word():
    with served(head_seconds=SOON) as running:
        assert said_to(running) == b""


@pytest.mark.parametrize(
    "begun",
    [
        POST + FORM + b"Content-Length: 100\r\n\r\nText=a",
        POST + FORM + b"Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n",
        POST + b"Content-Type: multipart/form-data; boundary=b\r\nContent-Length: 100\r\n\r\n--b\r\n",
    ],
)
def test_a_body_that_stalls_is_answered_with_408(begun):
    with served(stall_seconds=SOON) as running:
        assert is_page_of(408, said_to(running, begun))


def test_a_connection_that_is_not_used_again_is_closed():
    with served(idle_seconds=SOON) as running:
        assert said_to(running, GET).startswith(b"HTTP/1.1 200 ")


def test_no_limit_of_time_ends_a_request_whose_tool_takes_longer():
    site = tools()
    began, released = threading.Event(), threading.Event()

    @site.task("Slow/Hold", execution="sync")
    def hold(Text: str = "") -> str:
        began.set()
        released.wait()
        return "held"

    limits = ConnectionLimits(head_seconds=SOON, stall_seconds=SOON, send_seconds=SOON, idle_seconds=SOON)
    with serve(site, limits=limits) as running, closing(connected(running)) as connection:
        connection.sendall(GET.replace(b"info", b"services/Slow/GPServer/Hold/execute"))
        began.wait()
        assert said_to(running) == b""  # another connection is closed meanwhile, for saying nothing
        released.set()
        assert b"held" in one_answer(connection)


def big_answer(connection: socket.socket, times: int) -> None:
    """Ask for an answer of so many megabytes."""
    body = b"f=json&Times=%d&Text=" % times + b"z" * 1_000_000
    connection.sendall(POST + FORM + b"Content-Length: %d\r\n\r\n%b" % (len(body), body))


def test_a_client_that_does_not_take_its_answer_is_dropped():
    with served(send_seconds=SOON) as running, closing(connected(running)) as reader:
        big_answer(reader, 60)
        assert reader.recv(12) == b"HTTP/1.1 200"
        assert said_to(running, GET.replace(b"Host", b"Connection: close\r\nHost")).startswith(
            b"HTTP/1.1 200 "
        )
        until_hung_up(reader)
        assert len(to_the_end(reader)) < 60_000_000


def until_hung_up(connection: socket.socket) -> None:
    """Wait, without reading, until the connection is reset."""
    poll = select.poll()
    poll.register(connection, 0)
    assert poll.poll(PATIENCE * 1000)


class Outlet(asyncio.Transport):
    """A transport whose client takes what a test says; `unsent` bytes wait for it."""

    def __init__(self) -> None:
        super().__init__()
        self.unsent = 0
        self.closing = self.aborted = False

    def get_write_buffer_size(self) -> int:
        return self.unsent

    def is_closing(self) -> bool:
        return self.closing

    def abort(self) -> None:
        self.aborted = True


@every_case(
    ("unsent", "closing", "dropped_at"),
    [
        ([900_000] * 8, False, 3),
        ([900_000] * 8, True, 3),
        ([900_000, 899_000, 898_000, 897_000, 896_000], False, 3),
        ([900_000, 860_000, 820_000, 780_000, 740_000, 700_000, 660_000, 620_000], False, None),
        ([900_000, 800_000, 800_000, 700_000, 700_000, 700_000, 700_000], False, 6),
    ],
    ids=["takes nothing", "takes nothing of its last answer", "next to nothing", "slowly", "then no more"],
)
def test_a_client_has_to_take_some_of_its_answer_in_every_span(unsent, closing, dropped_at):
    """The span is 25 seconds; a look every ten, the first when writing was paused."""

    async def looks() -> list[bool]:
        config = uvicorn.Config(Site, log_config=None, lifespan="off", ws="none")
        protocol = connections_with(ConnectionLimits(send_seconds=25))
        connection = protocol(config, ServerState(), {}, asyncio.get_running_loop())
        outlet = Outlet()
        connection.connection_made(outlet)
        connection.pause_writing()
        outlet.closing = closing
        seen = []
        for number, outlet.unsent in enumerate(unsent):
            connection.look(10.0 * number)
            seen.append(outlet.aborted)
        return seen

    seen = asyncio.run(looks())
    assert (seen.index(True) if True in seen else None) == dropped_at


def test_connections_beyond_the_limit_are_answered_503_until_others_leave():
    with served(connections=16) as running:
        kept = [connected(running) for _ in range(16)]
        for connection in kept:
            connection.sendall(GET)
            assert one_answer(connection).startswith(b"HTTP/1.1 200 ")
        assert is_page_of(503, said_to(running, GET))
        for connection in kept:
            connection.sendall(GET)
            assert one_answer(connection).startswith(b"HTTP/1.1 200 ")
            connection.close()
        give_up = time.monotonic() + PATIENCE
        while not still_serves_or_busy(running):
            assert time.monotonic() < give_up


def still_serves_or_busy(running: RunningServer) -> bool:
    with closing(connected(running)) as connection:
        connection.sendall(GET)
        return one_answer(connection).startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize("most", [1, 3])
def test_a_few_connections_beyond_any_limit_are_told_so(most):
    with served(connections=most) as running:
        kept = [connected(running) for _ in range(most)]
        for connection in kept:
            connection.sendall(GET)
            assert one_answer(connection).startswith(b"HTTP/1.1 200 ")
        beyond = [connected(running) for _ in range(8)]
        for connection in beyond:
            connection.sendall(GET)
            assert is_page_of(503, to_the_end(connection))
        for connection in kept + beyond:
            connection.close()


def test_requests_one_behind_the_other_are_answered_in_order_and_garbage_after_them_last(patient):
    answer = said_to(patient, GET + GET + b"garbage\r\n\r\n")
    assert answer.count(b"HTTP/1.1 200 ") == 2
    assert is_page_of(400, answer[answer.rindex(b"HTTP/1.1") :])


def test_many_requests_and_forms_at_once_are_all_answered_in_order():
    body = b"f=json&Text=" + b"y" * 100_000
    form = POST + FORM + b"Content-Length: %d\r\n\r\n%b" % (len(body), body)
    last = GET.replace(b"Host", b"Connection: close\r\nHost")
    with served() as running, closing(connected(running)) as connection:
        sender = threading.Thread(target=connection.sendall, args=((GET * 50 + form) * 20 + last,))
        sender.start()
        answer = to_the_end(connection)
        sender.join()
    kinds = re.findall(rb'HTTP/1\.1 200 OK[^{]*\{"(\w+)"', answer)
    assert kinds == [*([b"currentVersion"] * 50 + [b"results"]) * 20, b"currentVersion"]


def test_a_body_that_breaks_before_it_was_asked_for_is_refused_without_a_trace(patient, caplog):
    head = POST + FORM + b"Expect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n"
    assert is_page_of(400, said_to(patient, head + b"zz\r\n"))
    assert still_serves(patient)
    assert "Traceback" not in caplog.text


@pytest.mark.parametrize("offer", [b"websocket", b"h2c"])
def test_an_offer_of_another_protocol_is_not_taken_up_and_the_connection_goes_on(patient, caplog, offer):
    offering = GET.replace(b"Host", b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: " + offer + b"\r\nHost")
    body = b"f=json&Text=kept"
    post = (
        POST + FORM + b"Connection: Upgrade\r\nUpgrade: %b\r\nContent-Length: %d\r\n\r\n" % (offer, len(body))
    )
    with closing(connected(patient)) as connection:
        connection.sendall(offering + offering)
        first = one_answer(connection)
        assert first.count(b"HTTP/1.1 200 ") >= 1
        if first.count(b"HTTP/1.1 200 ") == 1:
            one_answer(connection)
        connection.sendall(post + body)
        assert b"kept" in one_answer(connection)
        connection.sendall(GET)
        assert one_answer(connection).startswith(b"HTTP/1.1 200 ")
    assert caplog.records == []


def test_clients_that_leave_in_mid_answer_or_mid_request_leave_no_trace(caplog):
    with served() as running:
        for _ in range(5):
            with closing(connected(running)) as leaving:
                big_answer(leaving, 10)
                leaving.recv(100)
                leaving.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
        for begun in (GET[:-2], POST + FORM + b"Content-Length: 100\r\n\r\nText=a", b"G"):
            with closing(connected(running)) as leaving:
                leaving.sendall(begun)
        assert still_serves(running)
    assert caplog.records == []


@every_case("name", ConnectionLimits.__struct_fields__)
@every_case("value", [0, -1])
def test_a_limit_that_nothing_could_keep_is_refused_by_name(name, value):
    with pytest.raises(ValueError, match=f"{name}: met {value}, expected a number above 0"):
        ConnectionLimits(**{name: value})


HEAVY = 70_000_000


@pytest.mark.parametrize("protocol", ["urllib", "http.client", "chunked"])
def test_a_client_that_sends_all_of_its_body_first_still_sees_that_it_is_too_large(protocol):
    with served() as running:
        address = urlsplit(running.root)
        path = "/tools/rest/services/Tools/GPServer/Say/execute?f=json"
        if protocol == "urllib":
            opener = build_opener(ProxyHandler({}))
            with pytest.raises(HTTPError) as raised:
                opener.open(running.root + path, data=bytes(HEAVY), timeout=PATIENCE)
            with raised.value as answer:
                status, body = answer.code, answer.read()
        else:
            connection = HTTPConnection(address.hostname, address.port, timeout=PATIENCE)
            pieces = (bytes(1_000_000) for _ in range(70))
            chunked = protocol == "chunked"
            headers = {"Connection": "close"}
            connection.request(
                "POST", path, pieces if chunked else bytes(HEAVY), headers, encode_chunked=chunked
            )
            said = connection.getresponse()
            status, body = said.status, said.read()
            connection.close()
        assert status == 413
        assert b"limits.body" in body
        assert still_serves(running)


def test_the_connection_closes_as_soon_as_the_rest_of_the_body_has_come():
    announced = b"Connection: close\r\nContent-Length: 68000000\r\n\r\n"
    with served() as running, closing(connected(running)) as connection:
        connection.sendall(POST + FORM + announced)
        assert connection.recv(12) == b"HTTP/1.1 413"
        for _ in range(68):
            connection.sendall(bytes(1_000_000))
        assert b"connection: close" in to_the_end(connection)


def drip(connection: socket.socket) -> None:
    """Send a little again and again, for as long as anybody takes it."""
    give_up = time.monotonic() + PATIENCE
    while time.monotonic() < give_up:
        connection.sendall(b"a" * 100)


@pytest.mark.parametrize("kept", [b"", b"Connection: close\r\n"])
def test_a_body_that_nobody_asked_for_is_read_for_its_time_only(kept):
    announced = b"Content-Length: 68000000\r\n\r\n"
    with served(stall_seconds=SOON) as running, closing(connected(running)) as connection:
        connection.sendall(POST + FORM + kept + announced)
        assert connection.recv(12) == b"HTTP/1.1 413"
        with pytest.raises((BrokenPipeError, ConnectionResetError)):
            drip(connection)


@every_case(
    ("closes", "now", "heard", "size", "over"),
    [
        (True, 101.0, 100.0, 0, False),
        (True, 103.0, 100.0, 0, True),
        (True, 129.0, 128.9, 1_000_000_000, False),
        (True, 129.0, 128.9, 1_100_000_000, True),
        (True, 161.0, 160.9, 0, True),
        (False, 110.0, 100.0, 0, False),
        (False, 131.0, 100.0, 0, True),
        (False, 161.0, 160.9, 0, True),
    ],
)
def test_the_rest_of_a_body_is_bounded_in_time_and_bytes(closes, now, heard, size, over):
    rest = ReadingOn(100.0, closes, ConnectionLimits(stall_seconds=60, idle_seconds=30))
    rest.size = size
    assert rest.is_over(now, heard) is over
