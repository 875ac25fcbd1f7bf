"""Any path, method, parameters, headers and body, and any bytes on the socket: never a traceback, a hang, an
answer that breaks off, or a status 5xx that the protocol does not ask for. The same examples on every run.

`python -m trials fuzz` is the long form.
"""

from __future__ import annotations

import asyncio
import json
import logging
import re
import socket
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote_plus, unquote, urlsplit

import pytest
from gp_mockserver.app import MockServer
from gp_mockserver.builtin.builtin_site import builtin_site
from gp_mockserver.lifecycle.clocks import JumpingClock
from gp_mockserver.server import RunningServer, serve
from gp_protocol.error_envelopes import KNOWN_ERRORS
from hypothesis import given, settings
from hypothesis import strategies as st

PATIENCE = 20.0
ASKED_FOR = [
    re.compile(re.sub(r"\\\{\w+\\\}", ".*", re.escape(each.message.strip())), re.DOTALL)
    for each in KNOWN_ERRORS.values()
    if each.code >= 500 and each.name != "operation-failed"
]
SITE = builtin_site(clock=JumpingClock())
APP = MockServer([SITE])
TASKS = [
    f"rest/services/{name}/GPServer/{label}"
    for name, service in SITE.services.items()
    for label in service.tasks
]
JOB = "j" + "0" * 32
BELOW_TASK = ["", "/execute", "/submitJob", "/validate", "/metadata", f"/jobs/{JOB}", f"/jobs/{JOB}/cancel"]
BELOW_TASK += [f"/jobs/{JOB}/{which}" for which in ("results", "inputs", "results/Summary", "inputs/Note")]
UPLOADS = "rest/services/Files/FileTransfer/GPServer/uploads"
PLACES = [
    *("", "rest", "rest/info", "rest/login", "rest/services", "rest/services/Files", "tokens/generateToken"),
    *(
        f"{UPLOADS}{below}"
        for below in ("", "/info", "/upload", "/register", "/i0", "/i0/uploadPart", "/i0/commit")
    ),
    *(f"admin/services/{each}.GPServer/jobs" for each in SITE.services),
    *(f"rest/services/{each}/GPServer" for each in SITE.services),
    *(f"rest/services/{each}/MapServer/jobs/{JOB}/export" for each in SITE.services),
    *("sharing/rest/portals/self", "sharing/rest/generateToken", "services/WorldViewshed/GPServer"),
    f"rest/directories/arcgisjobs/worldviewshed_gpserver/{JOB}/scratch/a.zip",
    "rest/directories/arcgisoutput/WorldViewshed_GPServer/WorldViewshed/spec/json-schema.json",
]
NAMES = sorted(
    {each.name for service in SITE.services.values() for task in service.tasks.values()
     for each in task.descriptor.parameters}
)  # fmt: skip
OPTIONS = (
    "f callback token context outSR processSR env:outSR returnMessages returnType username password client"
)
OPTIONS += " referer expiration itemName partId parts bbox size format where outFields geometry objectIds"
POINT = '{"features":[{"geometry":{"x":-118.8,"y":37.5}}]}'
ODD = [
    "",
    " ",
    "null",
    "NaN",
    "1e400",
    "9" * 500,
    "true",
    "-1",
    "{}",
    "[]",
    "[" * 300,
    "'",
    "\0",
    "../..",
    POINT,
]
ODD += [
    "<b>",
    "{'a':1}",
    '{"url":"file:///etc/passwd"}',
    '{"itemID":"i0"}',
    '{"wkid":4326}',
    '{"wkid":-1}',
    "5 Miles",
]
ODD += [
    '{"distance":1e308,"units":"esriMiles"}',
    '{"features":[null,{"geometry":{"x":"NaN"}}]}',
    "1,2,3",
    "0,0,1,1",
]
SEGMENTS = st.sampled_from(["", "..", ".", "\\", "\0", "é", "a" * 300, "jobs", "%2e%2e", ";", "~"]) | st.text(
    max_size=5
)

texts = st.sampled_from(ODD) | st.text(max_size=30)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["x", "y", "rings", "paths", "features", "geometry", "attributes", "fields", "wkid", "url"]
            ),
            inner,
        )
    ),
    max_leaves=8,
).map(json.dumps)
names = st.sampled_from(NAMES) | st.sampled_from(OPTIONS.split()) | st.text(max_size=10)
formats = st.sampled_from(["json", "json", "html", "pjson", "geojson", "kmz", "image", "pbf", "help"]) | texts
parameters = st.tuples(
    st.builds(lambda form: [("f", form)], formats),
    st.lists(st.tuples(names, texts | json_values), max_size=4),
).map(lambda both: both[0] + both[1])


places = st.sampled_from(PLACES) | st.builds(str.__add__, st.sampled_from(TASKS), st.sampled_from(BELOW_TASK))
one_in_four = st.integers(0, 3).map(lambda number: number == 0)


@st.composite
def paths(draw: st.DrawFn) -> str:
    """A resource's path, in some cases with a segment in the wrong place."""
    segments = ["arcgis", *draw(places).split("/")]
    if draw(one_in_four):
        segments.insert(draw(st.integers(0, len(segments))), draw(SEGMENTS))
    return "/" + "/".join(segments)


def urlencoded(pairs: list[tuple[str, str]]) -> bytes:
    return "&".join(
        f"{quote_plus(name, errors='replace')}={quote_plus(value, errors='replace')}" for name, value in pairs
    ).encode()


def multipart(pairs: list[tuple[str, str]]) -> bytes:
    fields = "".join(
        f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n' for name, value in pairs
    )
    file = '--b\r\nContent-Disposition: form-data; name="file"; filename="a.zip"\r\n\r\nPK\r\n--b--\r\n'
    return (fields + file).encode("utf-8", "replace")


bodies = (
    st.tuples(st.just("application/x-www-form-urlencoded"), parameters.map(urlencoded))
    | st.tuples(st.just("multipart/form-data; boundary=b"), parameters.map(multipart))
    | st.tuples(
        st.sampled_from(["multipart/form-data", "multipart/form-data; boundary=b", "", "a/b"]), st.binary()
    )
)
header_names = (
    "range if-range if-none-match if-modified-since origin referer cookie authorization accept-encoding "
)
header_names += (
    "x-esri-authorization x-forwarded-host x-forwarded-proto x-forwarded-prefix content-encoding host"
)
headers = st.lists(
    st.tuples(
        st.sampled_from(header_names.encode().split()),
        st.sampled_from(
            [b"", b"bytes=0-5", b"bytes=9-1,-1", b"gzip", b"*", b"null", b"agstoken=a", b"Bearer a", b"\xff"]
        )
        | st.binary(max_size=20),
    ),
    max_size=3,
)
methods = st.sampled_from(
    ["GET", "GET", "POST", "POST", "HEAD", "OPTIONS", "PUT", "DELETE", "TRACE", "CONNECT", "M-SEARCH"]
)


class Traces(logging.Handler):
    """Keeps what is logged with a traceback."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        text = logging.Formatter().format(record)
        if "Traceback" in text:
            self.seen.append(text)


@pytest.fixture(scope="module")
def traces() -> Iterator[Traces]:
    handler = Traces()
    loggers = [logging.getLogger(name) for name in ("gp_mockserver", "uvicorn.error", "asyncio")]
    for each in loggers:
        each.addHandler(handler)
    yield handler
    for each in loggers:
        each.removeHandler(handler)


@pytest.fixture(scope="module")
def loop() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as runner:
        yield runner


def is_asked_for(status: int, body: bytes) -> bool:
    """Whether an answer's status, and the error in it, are among those that the protocol has."""
    if status == 200 and body.startswith(b'{"error"'):
        error = json.loads(body)["error"]
        status, body = error["code"], error["message"].encode()
    text = body.decode(errors="replace")
    return status < 500 or not body or any(each.search(text) for each in ASKED_FOR)


async def answer(scope: dict[str, Any], body: bytes) -> tuple[int, bytes]:
    """Status and body of the answer to a request, which comes in two pieces."""
    pieces = iter([(body[:7], True), (body[7:], False)])
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        piece, more = next(pieces, (b"", False))
        return {"type": "http.request", "body": piece, "more_body": more}

    async def send(message: Any) -> None:
        sent.append(message)

    await asyncio.wait_for(APP(scope, receive, send), PATIENCE)
    assert [each["type"] for each in sent[:2]] == ["http.response.start", "http.response.body"]
    assert not sent[-1].get("more_body")
    return sent[0]["status"], b"".join(each.get("body", b"") for each in sent[1:])


@given(method=methods, path=paths(), query=parameters, headers=headers, sent=bodies)
@settings(max_examples=3 * settings.default.max_examples)
def test_any_request_is_answered_as_the_protocol_asks(loop, traces, method, path, query, headers, sent):
    content_type, body = sent if method in ("POST", "PUT") else ("", b"")
    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "server": ("127.0.0.1", 8585),
        "client": ("127.0.0.1", 50000),
        "scheme": "http",
        "method": method,
        "root_path": "",
        "path": unquote(path),
        "raw_path": path.encode("utf-8", "replace"),
        "query_string": urlencoded(query),
        "headers": [(b"host", b"here"), (b"content-type", content_type.encode()), *headers],
    }
    status, said = loop.run(answer(scope, body))
    assert is_asked_for(status, said), (status, said[:500])
    assert traces.seen == []


@pytest.fixture(scope="module")
def listening() -> Iterator[RunningServer]:
    with serve(APP) as running:
        yield running


REQUEST = b"POST /arcgis/rest/info HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\nf=json"
CHUNKED = b"POST /arcgis/rest/info HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
CHUNKED += b"6\r\nf=json\r\n0\r\n\r\n"
METHODS = b"GET POST HEAD OPTIONS CONNECT TRACE PUT PRI M-SEARCH SOURCE LINK get G@T".split()
TARGETS = [b"/arcgis/rest/info", b"/", b"*", b"a:80", b"http://a/arcgis/rest", b"//", b"", b"/\xff", b"/%00"]
HEADERS = [
    b"Host: a",
    b"Host: b",
    b"Content-Length: 0",
    b"Content-Length: 6",
    b"Transfer-Encoding: chunked",
    b"Connection: upgrade",
    b"Connection: close",
    b"Upgrade: websocket",
    b"Upgrade:",
    b"Expect: 100-continue",
    b"Content-Encoding: gzip",
]
VERSIONS = [b"HTTP/1.1", b"HTTP/1.1", b"HTTP/1.0", b"HTTP/2.0", b"HTTP/0.9", b""]
odd_requests = st.builds(
    lambda method, target, version, headers, body: (
        b"%b %b %b\r\n%b\r\n\r\n%b" % (method, target, version, b"\r\n".join(headers), body)
    ),
    st.sampled_from(METHODS),
    st.sampled_from(TARGETS),
    st.sampled_from(VERSIONS),
    st.lists(st.sampled_from(HEADERS), max_size=5).map(
        lambda headers: [b"Host: a", *headers][len(headers) % 2 :]
    ),
    st.sampled_from([b"", b"f=json", b"0\r\n\r\n", REQUEST]),
)


@st.composite
def changed_requests(draw: st.DrawFn) -> bytes:
    """A request of which some bytes were changed, or a part cut off."""
    request = bytearray(draw(st.sampled_from([REQUEST, CHUNKED, REQUEST + REQUEST])))
    for place, value in draw(
        st.lists(st.tuples(st.integers(0, len(request) - 1), st.integers(0, 255)), max_size=4)
    ):
        request[place] = value
    return bytes(request[: draw(st.integers(1, len(request)))])


@given(noise=st.binary(min_size=1, max_size=60) | changed_requests() | odd_requests)
@settings(max_examples=3 * settings.default.max_examples)
def test_any_bytes_are_answered_as_http_or_not_at_all_and_the_connection_ends(listening, traces, noise):
    address = urlsplit(listening.root)
    received = b""
    with socket.create_connection((address.hostname, address.port), timeout=PATIENCE) as connection:
        try:
            connection.sendall(noise)
            connection.shutdown(socket.SHUT_WR)
            while chunk := connection.recv(65536):
                received += chunk
        except ConnectionResetError:
            pass
    assert re.match(rb"HTTP/1\.1 [1-4]\d\d ", received or b"HTTP/1.1 400 ")
    assert traces.seen == []
