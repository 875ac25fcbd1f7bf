"""A site in front of a server of which every byte is written here: packed, broken off, long, odd."""

from __future__ import annotations

import asyncio
import gzip
import json
import logging
import socket
import struct
import threading
import zlib
from collections.abc import Callable, Iterator
from queue import Queue
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from deviation_probe import Probe
from gp_mockserver.app import MockServer
from gp_mockserver.journal.entries import Entry
from gp_mockserver.passing_on import site_in_front_of
from gp_mockserver.passing_on.addresses import Addresses
from gp_mockserver.passing_on.answers import ServerLeft
from gp_mockserver.passing_on.unpacking import Unpacking
from gp_mockserver.server import RunningServer
from hypothesis import given, settings
from hypothesis import strategies as st

from every_case import every_case

INFO = "rest/info"


class Scripted:
    """A server that says what it is told to, once on each connection, whatever it is asked."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=200)
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}/arcgis"
        self.heads: list[bytes] = []
        self.brought: Queue[bytes] = Queue()
        """What each connection has brought once it has ended, where `reads_on`."""
        self.says: bytes | Callable[[], bytes] = b""
        self.reads_on = self.resets = False
        threading.Thread(target=self._accept, daemon=True).start()

    def answers(self, body: bytes, *headers: str, status: str = "200 OK", length: bool = True) -> None:
        lines = [f"HTTP/1.1 {status}", "Connection: close, X-Hop", "Date: Mon, 01 Jan 2001 00:00:00 GMT"]
        lines += [*headers, *([f"Content-Length: {len(body)}"] if length else [])]
        self.says = "\r\n".join([*lines, "", ""]).encode() + body

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection:
            data = b""
            while b"\r\n\r\n" not in data:
                data += connection.recv(65536) or b"\r\n\r\n"
            self._connection = connection
            self.heads.append(data)
            connection.sendall(self.says() if callable(self.says) else self.says)
            try:
                while self.reads_on and (piece := connection.recv(65536)):
                    data += piece
            except ConnectionResetError:
                pass
            self.brought.put(data)
            if self.resets:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def read_no_more(self) -> None:
        self._connection.shutdown(socket.SHUT_RD)

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()


@pytest.fixture
def scripted() -> Iterator[Scripted]:
    server = Scripted()
    yield server
    server.close()


@pytest.fixture
def before(scripted: Scripted, server: RunningServer, fresh: dict[str, Any]) -> Iterator[Probe]:
    """A site in front of a scripted server, under another context."""
    site = site_in_front_of(scripted.url, fresh["context"])
    server.app.add_site(site)
    yield Probe(site)
    server.app.remove_site(site.context)


def deviating(probe: Probe) -> None:
    probe.site.deviate({"name": "mark", "on": ["info"], "do": [{"set": "/mark", "value": 1}]})


def connection_to(probe: Probe) -> socket.socket:
    parts = urlsplit(probe.root)
    return socket.create_connection((parts.hostname, parts.port), timeout=5)


def warnings_in(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [each.getMessage() for each in caplog.records if each.levelno >= logging.WARNING]


def ends_of(probe: Probe) -> Queue[Entry]:
    """The entries of the site's journal, once each is complete."""
    ends: Queue[Entry] = Queue()
    probe.site.journal.listen(lambda entry: None if entry.seconds is None else ends.put(entry))
    return ends


JSON = "Content-Type: application/json"


def deflated(text: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(text) + packer.flush()


@pytest.mark.parametrize(
    ("coding", "pack"),
    [
        ("gzip", gzip.compress),
        ("x-gzip", lambda text: gzip.compress(text[:9]) + gzip.compress(text[9:]) + b"\0\0"),
        ("deflate", zlib.compress),
        ("deflate", deflated),
    ],
)
def test_what_a_server_packs_unasked_is_unpacked_rewritten_and_deviates(
    before: Probe, scripted: Scripted, coding: str, pack: Callable[[bytes], bytes]
) -> None:
    text = json.dumps({"url": f"{scripted.url}/rest", "more": "x" * 200_000}).encode()
    scripted.answers(pack(text), JSON, f"Content-Encoding: {coding}")
    plain = before.get(INFO, headers={"Accept-Encoding": "gzip, br"})
    assert b"\r\naccept-encoding: identity\r\n" in scripted.heads[0].lower()
    assert b"gzip" not in scripted.heads[0]
    deviating(before)
    for answer, marked in ((plain, {}), (before.get(INFO), {"mark": 1})):
        assert answer.json == {"url": f"{before.root}/rest", "more": "x" * 200_000} | marked
        assert "content-encoding" not in answer.headers
        assert int(answer.headers["content-length"]) == len(answer.body)


@pytest.mark.parametrize(("coding", "body"), [("gzip", b"no gzip"), ("br", b"\x0b\x02\x80{}\x03")])
def test_what_cannot_be_unpacked_is_passed_on(
    before: Probe, scripted: Scripted, coding: str, body: bytes
) -> None:
    scripted.answers(body, JSON, f"Content-Encoding: {coding}")
    answer = before.get(INFO)
    assert (answer.headers["content-encoding"], answer.body) == (coding, body)


@every_case("size", [1, 7, 1000])
@every_case("rest", [b"", b"\x1f", b"more"])
def test_bodies_one_behind_the_other_unpack_in_whatever_pieces_they_come(size: int, rest: bytes) -> None:
    packed = gzip.compress(b"one") + gzip.compress(b"two" * 100) + rest
    unpacking = Unpacking("gzip")
    pieces = [packed[begin : begin + size] for begin in range(0, len(packed), size)]
    assert b"".join(part for piece in pieces for part in unpacking.take(piece)) == b"one" + b"two" * 100
    assert unpacking.is_whole


def test_a_small_body_unpacks_in_small_pieces() -> None:
    pieces = [len(piece) for piece in Unpacking("gzip").take(gzip.compress(bytes(10_000_000)))]
    assert sum(pieces) == 10_000_000
    assert max(pieces) <= 64 * 1024


def test_cookies_are_those_of_each_client(before: Probe, scripted: Scripted) -> None:
    cookies = ["a=1; Path=/arcgis; HttpOnly", 'b=2; path="/arcgis/rest"', "c=3; Path=/arcgis2", "d=/arcgis"]
    scripted.answers(b"{}", JSON, *[f"Set-Cookie: {each}" for each in cookies])
    own = f"/{before.site.context}"
    answer = before.get(INFO)
    assert [value for name, value in answer.every_header if name.lower() == "set-cookie"] == [
        f"a=1; Path={own}; HttpOnly",
        f'b=2; path="{own}/rest"',
        "c=3; Path=/arcgis2",
        "d=/arcgis",
    ]
    before.get(INFO)
    before.get(INFO, headers={"Cookie": "mine=1"})
    assert [b"cookie" in head.lower() for head in scripted.heads] == [False, False, True]
    assert b"cookie: mine=1\r\n" in scripted.heads[2].lower()


def test_headers_lead_to_the_site_and_tell_of_no_hop(before: Probe, scripted: Scripted) -> None:
    scripted.answers(
        b"",
        "Location: /arcgis/rest/y?a=/arcgis",
        f"Content-Location: {scripted.url}/z",
        f"Link: <{scripted.url}/l>; rel=next, </arcgis>; rel=up, </arcgis2>",
        *("X-Hop: 1", "Keep-Alive: timeout=5", "Proxy-Authenticate: Basic", "Upgrade: h2c", "X-Kept: 1"),
        status="302 Found",
    )
    answer = before.get(
        INFO, headers={"Connection": "X-Mine", "X-Mine": "1", "TE": "trailers", "X-Kept": "1"}
    )
    own = f"/{before.site.context}"
    assert answer.headers["location"] == f"{own}/rest/y?a=/arcgis"
    assert answer.headers["content-location"] == f"{before.root}/z"
    assert answer.headers["link"] == f"<{before.root}/l>; rel=next, <{own}>; rel=up, </arcgis2>"
    assert sorted(name.lower() for name, _ in answer.every_header) == [
        *("content-length", "content-location", "date", "link", "location", "x-kept")
    ]
    assert "2001" not in answer.headers["date"]
    assert b"\r\nx-kept: 1\r\n" in scripted.heads[0]
    assert not any(name in scripted.heads[0].lower() for name in (b"x-mine", b"\r\nte:", b"\r\nconnection:"))


@pytest.mark.parametrize("status", ["204 No Content", "304 Not Modified"])
def test_an_answer_without_a_body_has_no_length(before: Probe, scripted: Scripted, status: str) -> None:
    scripted.answers(b"", "Content-Type: image/png", "Content-Length: 5", status=status, length=False)
    answer = before.get(INFO)
    assert answer.status == int(status[:3])
    assert "content-length" not in answer.headers
    assert "transfer-encoding" not in answer.headers


def test_a_client_that_waits_for_leave_gets_it_here(before: Probe, scripted: Scripted) -> None:
    scripted.answers(b"{}", JSON)
    request = before.request(INFO, "POST", b"a=1").replace(b"\r\n\r\n", b"\r\nExpect: 100-continue\r\n\r\n")
    answer, _ = before.raw(request.replace(b"Host:", b"Connection: close\r\nHost:"), silence=5)
    assert answer.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n")
    assert b"expect" not in scripted.heads[0].lower()


@pytest.mark.parametrize(
    ("asked", "target"),
    [("", ""), ("/", "/"), ("/a%zz//b?x=%20y", "/a%zz//b?x=%20y"), ("/a/./..b?../c", "/a/./..b?../c")],
)
def test_an_address_is_asked_for_as_it_came(
    before: Probe, scripted: Scripted, asked: str, target: str
) -> None:
    scripted.answers(b"{}", JSON)
    line = f"GET /{before.site.context}{asked} HTTP/1.1\r\n"
    answer, _ = before.raw(f"{line}Host: a\r\nConnection: close\r\n\r\n".encode(), silence=5)
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    assert scripted.heads[0].startswith(f"GET /arcgis{target} HTTP/1.1\r\n".encode())


@pytest.mark.parametrize(
    "path", ["../../etc", "a/%2e%2E/b", "%252e%252e/x", "a/..", "..;x/y", "..%2fx", "..%5cx", "a\\..\\b"]
)
def test_no_path_leaves_the_context(before: Probe, scripted: Scripted, path: str) -> None:
    line = f"GET /{before.site.context}/{path} HTTP/1.1\r\n"
    answer, _ = before.raw(f"{line}Host: a\r\nConnection: close\r\n\r\n".encode(), silence=5)
    assert answer.startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert b"leads out of the site" in answer
    assert not scripted.heads


THEIRS, OURS = "http://a.example/arcgis", "https://b.example/x/gis"


@settings(max_examples=50)
@given(
    st.lists(st.sampled_from([THEIRS, '"/arcgis', "http:", "/", "\\/", "2", "'", ".", "h"]), max_size=12),
    st.data(),
)
def test_a_text_is_rewritten_alike_in_whatever_pieces_it_comes(words: list[str], data: st.DataObject) -> None:
    text = "".join(words).encode()
    addresses = Addresses(THEIRS, OURS)
    whole = addresses.in_text(is_page=True)
    in_one = whole.take(text) + whole.end()
    rewriting, rest, parts = addresses.in_text(is_page=True), text, []
    while rest:
        size = data.draw(st.integers(1, len(rest)))
        parts.append(rewriting.take(rest[:size]))
        rest = rest[size:]
    assert b"".join(parts) + rewriting.end() == in_one


@every_case(
    ("text", "rewritten"),
    [
        (f'"{THEIRS}", {THEIRS}/rest', f'"{OURS}", {OURS}/rest'),
        (THEIRS.replace("/", "\\/"), OURS.replace("/", "\\/")),
        (f"{THEIRS}2 {THEIRS}-old http://a.example/other", f"{THEIRS}2 {THEIRS}-old http://a.example/other"),
        (
            "<a href=\"/arcgis/rest\"><a href='/arcgis'><a>/arcgis",
            "<a href=\"/x/gis/rest\"><a href='/x/gis'><a>/arcgis",
        ),
    ],
)
def test_the_address_in_a_text_is_the_sites_own(text: str, rewritten: str) -> None:
    rewriting = Addresses(THEIRS, OURS).in_text(is_page=True)
    assert (rewriting.take(text.encode()) + rewriting.end()).decode() == rewritten


@pytest.mark.parametrize("framing", ["Content-Length: 600000000", "X-No-Length: 1"])
def test_a_long_text_is_passed_on_as_it_comes_and_only_while_the_client_stays(
    before: Probe, scripted: Scripted, framing: str
) -> None:
    scripted.answers(f'"{scripted.url}"'.encode() * 40_000, JSON, framing, length=False)
    scripted.reads_on = True  # so that it ends only when the site ends it
    with connection_to(before) as client:
        client.sendall(before.request(INFO))
        seen = b""
        while len(seen) < 1_000_000:
            seen += client.recv(65536)
    assert seen.count(f'"{before.root}"'.encode()) > 20_000
    assert scripted.url.encode() not in seen
    assert scripted.brought.get(timeout=5)


CUT = {
    "text with its length": ((JSON, "Content-Length: 1000"), b'{"half":', b'{"half":'),
    "text in chunks": ((JSON, "Transfer-Encoding: chunked"), b'8\r\n{"half":\r\n', b'8\r\n{"half":\r\n'),
    "picture": (("Content-Type: image/png", "Content-Length: 9000"), bytes(5000), bytes(5000)),
    "packed text": ((JSON, "Content-Encoding: gzip"), gzip.compress(b'{"half":')[:-8], b'8\r\n{"half":\r\n'),
    "packed text, broken": (
        (JSON, "Content-Encoding: gzip"),
        gzip.compress(b'{"half":')[:-8] + bytes(8),
        b"",  # as zlib looks at the check sum first
    ),
    "nothing of a text": ((JSON, "Content-Length: 1000"), b"", b""),
    "nothing of a packed text": ((JSON, "Content-Length: 9", "Content-Encoding: gzip"), b"", b""),
}


@pytest.mark.parametrize("deviates", [False, True], ids=["plain", "deviating"])
@pytest.mark.parametrize(("headers", "body", "passed"), CUT.values(), ids=CUT)
def test_an_answer_that_the_server_breaks_off_is_broken_off_alike(
    before: Probe,
    scripted: Scripted,
    caplog: pytest.LogCaptureFixture,
    deviates: bool,
    headers: tuple[str, ...],
    body: bytes,
    passed: bytes,
) -> None:
    if deviates:
        deviating(before)
    ends = ends_of(before)
    scripted.answers(body, *headers, length=False)
    answer, end = before.raw(before.request(INFO), silence=5)
    head, _, came = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 OK\r\n")
    assert came == passed
    assert end == "fin"
    assert ends.get(timeout=5).cut_short == "the answer was not sent to its end"
    assert not warnings_in(caplog)


def test_where_no_wire_is_the_application_raises_what_breaks_an_answer_off(
    scripted: Scripted, fresh: dict[str, Any]
) -> None:
    scripted.answers(b'{"half":', JSON, "Content-Length: 1000", length=False)
    app = MockServer([site_in_front_of(scripted.url, fresh["context"])])

    async def ask() -> None:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app)) as client:
            with pytest.raises(ServerLeft, match="without sending complete message body"):
                await client.get(f"http://a.example/{fresh['context']}/{INFO}")
        await app.end()

    asyncio.run(ask())
    asyncio.run(ask())  # another loop, and no connection of the first


@pytest.mark.parametrize("kind", ["text in chunks", "picture"])
def test_an_answer_that_the_server_resets_is_reset(before: Probe, scripted: Scripted, kind: str) -> None:
    headers, body, passed = CUT[kind]
    scripted.answers(body, *headers, length=False)
    scripted.resets = scripted.reads_on = True
    with connection_to(before) as client:
        client.sendall(before.request(INFO))
        seen = b""
        while not seen.endswith(b"\r\n\r\n" + passed):
            seen += client.recv(65536)
        scripted.read_no_more()
        with pytest.raises(ConnectionResetError):
            client.recv(1)


@pytest.mark.parametrize(
    "said", [b"", b"no HTTP at all\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n"]
)
def test_what_is_no_answer_is_a_gateways(before: Probe, scripted: Scripted, said: bytes) -> None:
    scripted.says = said
    answer = before.get(INFO)
    assert answer.status == 502
    assert "did not answer" in answer.body.decode()


@pytest.mark.parametrize(
    "framing", ["Content-Length: 100\r\n\r\nabc", "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"]
)
def test_an_upload_that_the_client_breaks_off_never_ends_at_the_server(
    before: Probe, scripted: Scripted, caplog: pytest.LogCaptureFixture, framing: str
) -> None:
    ends = ends_of(before)
    scripted.reads_on = True
    with connection_to(before) as client:
        client.sendall(before.request("x", "POST").removesuffix(b"\r\n") + framing.encode())
        while not scripted.heads:
            client.settimeout(0.01)
            with pytest.raises(TimeoutError):
                client.recv(1)
        client.close()
        brought = scripted.brought.get(timeout=5)
        assert ends.get(timeout=5).cut_short == "the client left"
    _, _, body = brought.partition(b"\r\n\r\n")
    assert body in (b"abc", b"3\r\nabc\r\n")
    assert not warnings_in(caplog)


def test_a_client_that_waits_no_longer_is_waited_for_no_longer(before: Probe, scripted: Scripted) -> None:
    ends = ends_of(before)
    scripted.reads_on = True
    with connection_to(before) as client:
        client.sendall(before.request(INFO))
        while not scripted.heads:
            client.settimeout(0.01)
            with pytest.raises(TimeoutError):
                client.recv(1)
    assert scripted.brought.get(timeout=5) == scripted.heads[0]
    assert ends.get(timeout=5).cut_short == "the client left"


def test_many_requests_are_passed_on_at_once(before: Probe, scripted: Scripted) -> None:
    together = threading.Barrier(101, timeout=5)
    scripted.answers(b"{}", JSON)
    said = scripted.says
    assert isinstance(said, bytes)

    def once_all_are_there() -> bytes:
        together.wait()
        return said

    scripted.says = once_all_are_there
    clients = [connection_to(before) for _ in range(101)]
    for client in clients:
        client.sendall(before.request(INFO))
    for client in clients:
        assert client.recv(65536).startswith(b"HTTP/1.1 200 OK\r\n")
        client.close()
