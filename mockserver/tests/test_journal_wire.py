"""The journal beside the bytes of the connection: what was sent is what it says."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from http.client import HTTPResponse, IncompleteRead
from urllib.parse import urlsplit

import msgspec
import pytest
from gp_mockserver import wire_access
from gp_mockserver.builtin.builtin_site import builtin_site
from gp_mockserver.connection_limits import ConnectionLimits
from gp_mockserver.journal import watching
from gp_mockserver.lifecycle.clocks import ManualClock
from gp_mockserver.server import serve
from gp_mockserver.sites import Site
from gp_mockserver.tools.latency import Latency

TASK = "/arcgis/rest/services/WorldViewshed/GPServer/viewshed"
UPLOADS = "/arcgis/rest/services/WorldViewshed/GPServer/uploads"
FORM = (
    b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\n'
    + b"x" * 200_000
    + b'\r\n--b\r\nContent-Disposition: form-data; name="f"\r\n\r\njson\r\n--b--\r\n'
)
MULTIPART = "content-type: multipart/form-data; boundary=b"


def test_the_wire_has_one_name() -> None:
    assert watching.WIRE == wire_access.WIRE


class Bare:
    """A site, and bare sockets to it."""

    def __init__(self, site: Site, root: str) -> None:
        self.site = site
        self._address = (urlsplit(root).hostname, urlsplit(root).port)

    def ask(self, method: str, path: str, *headers: str, body: bytes = b"") -> tuple[int, bytes]:
        """The status, and the body without the framing of HTTP, as far as it comes."""
        length = [f"content-length: {len(body)}"] if body and "chunked" not in "".join(headers) else []
        head = "\r\n".join([f"{method} {path} HTTP/1.1", "host: h", *headers, *length, "", ""])
        with socket.create_connection(self._address) as connected:
            connected.sendall(head.encode() + body)
            answer = HTTPResponse(connected, method=method)
            answer.begin()
            try:
                return answer.status, answer.read()
            except IncompleteRead as cut:
                return answer.status, cut.partial


@pytest.fixture(scope="module")
def bare() -> Iterator[Bare]:
    site = builtin_site(latency={"service": Latency(0.0, bytes_per_second=1_000_000)})
    service = site.services["WorldViewshed"]
    service.descriptor = msgspec.structs.replace(service.descriptor, capabilities="Uploads")
    site.addresses.clear()
    with serve(site) as server:
        yield Bare(site, server.root)


@pytest.fixture(scope="module")
def item(bare: Bare) -> str:
    """Where a file of 200,000 bytes is downloaded from."""
    _, body = bare.ask("POST", f"{UPLOADS}/upload", MULTIPART, body=FORM)
    return f"{UPLOADS}/{json.loads(body)['item']['itemID']}/download"


CHUNKED = b"3\r\nf=j\r\n3\r\nson\r\n0\r\n\r\n"


@pytest.mark.parametrize(
    ("method", "path", "headers", "body", "came"),
    [
        ("GET", f"{TASK}?f=json", [], b"", 0),
        ("GET", f"{TASK}?f=json", ["accept-encoding: gzip"], b"", 0),
        ("GET", "/arcgis/rest/services/WorldViewshed/GPServer?f=json", [], b"", 0),
        ("HEAD", f"{TASK}?f=json", [], b"", 0),
        ("GET", f"{TASK}?f=json", [], b"f=json", 6),
        ("POST", f"{TASK}/submitJob", [], b"f=json", 6),
        ("POST", f"{TASK}/submitJob", ["transfer-encoding: chunked"], CHUNKED, 6),
        ("POST", f"{TASK}/submitJob?f=json", ["content-length: 99999999999"], b"", 0),
        ("OPTIONS", TASK, [], b"", 0),
        ("PUT", f"{TASK}?f=json", [], b"abc", 3),
        ("GET", "/arcgis/rest/nowhere", [], b"", 0),
        ("POST", f"{UPLOADS}/upload", [MULTIPART], FORM, len(FORM)),
    ],
)
def test_status_and_sizes_are_those_of_the_wire(
    bare: Bare, method: str, path: str, headers: list[str], body: bytes, came: int
) -> None:
    status, answer = bare.ask(method, path, *headers, body=body)
    entry = bare.site.journal[-1]
    assert (entry.method, entry.status, entry.response_size) == (method, status, len(answer))
    assert entry.request_size == came
    assert entry.cut_short == ""


@pytest.mark.parametrize(
    ("method", "headers", "status"),
    [
        ("GET", [], 200),
        ("HEAD", [], 200),
        ("GET", ["range: bytes=5-99"], 206),
        ("GET", ["range: bytes=5-99,200-300"], 206),
        ("GET", ["range: bytes=9999999-"], 416),
        ("GET", ["if-none-match: *"], 304),
    ],
)
def test_status_and_sizes_of_a_file_are_those_of_the_wire(
    bare: Bare, item: str, method: str, headers: list[str], status: int
) -> None:
    met, answer = bare.ask(method, item, *headers)
    entry = bare.site.journal[-1]
    assert (entry.operation, entry.status, entry.response_size) == ("download", met, len(answer))
    assert met == status
    assert entry.cut_short == ""


@pytest.mark.parametrize(
    ("deviation", "operation", "status", "cut_short"),
    [
        ("status-405-html", "task", 405, ""),
        ("status-503-retry-after-date", "task", 503, ""),
        ("error-null", "task", 200, ""),
        ("redirect-downgrade", "task", 302, ""),
        ("length-by-close-cut", "task", 200, ""),
        ("chunked-with-trailers", "task", 200, ""),
        ("chunk-last-missing", "task", 200, "the answer was not sent to its end"),
        ("body-cut-short", "task", 200, "the answer was not sent to its end"),
    ],
)
def test_what_deviates_is_noted_as_it_was_sent(
    bare: Bare, deviation: str, operation: str, status: int, cut_short: str
) -> None:
    before = bare.site.journal.last_number
    injection = bare.site.deviate(deviation)
    try:
        met, answer = bare.ask("GET", f"{TASK}?f=json")
    finally:
        injection.clear()
    entry = bare.site.wait_for("task", since=before)
    assert (entry.status, entry.response_size) == (met, len(answer))
    assert (entry.operation, met, entry.cut_short) == (operation, status, cut_short)
    assert entry.deviations == (deviation,)


def test_a_page_of_the_connection_itself_is_noted() -> None:
    site = builtin_site(clock=ManualClock())
    body = b"POST /arcgis/rest/info HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nf=j"
    with serve(site, limits=ConnectionLimits(stall_seconds=0.05)) as running:
        address = urlsplit(running.root)
        with socket.create_connection((address.hostname, address.port), timeout=5) as client:
            client.sendall(body)
            seen = b"".join(iter(lambda: client.recv(65536), b""))
    (entry,) = site.journal
    assert seen.startswith(b"HTTP/1.1 408 ")
    assert (entry.status, entry.cut_short) == (408, "")
    assert entry.response_body == seen.partition(b"\r\n\r\n")[2]


def test_a_page_that_the_connection_sends_before_the_site_has_begun_is_noted() -> None:
    site = builtin_site(clock=ManualClock())
    head = b"POST /arcgis/rest/info HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    with serve(site) as running:
        address = urlsplit(running.root)
        with socket.create_connection((address.hostname, address.port), timeout=5) as client:
            client.sendall(head + b"3\r\nf=j\r\nno chunk\r\n")
            seen = b"".join(iter(lambda: client.recv(65536), b""))
    (entry,) = site.journal
    assert seen.startswith(b"HTTP/1.1 400 ")
    assert (entry.status, entry.cut_short) == (400, "")
    assert entry.response_body == seen.partition(b"\r\n\r\n")[2]
