"""The deviations of the transport: what a plain socket meets, byte for byte."""

from __future__ import annotations

import asyncio
import gzip
import select
import socket
import ssl
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
from deviation_probe import POINT, Probe
from gp_mockserver.deviations.catalogue import find
from gp_mockserver.server import RunningServer
from gp_mockserver.wire_access import Wire

INFO = "rest/info"
SUBMIT = "rest/services/WorldViewshed/GPServer/viewshed/submitJob"
FORM = {"f": "json", "Input_Observation_Point": POINT, "Viewshed_Distance": "5 Miles"}

SOCKETS = {
    "connection-refused": "refused",
    "connect-never-completes": "hangs",
    "connection-silent": "silence",
    "closed-at-accept": "fin",
}
BEFORE_HEADERS = {"reset-before-headers": "rst", "closed-before-headers": "fin"}
CUTS = {
    "reset-in-headers": ("rst", "20 bytes"),
    "reset-in-body": ("rst", "half the body"),
    "body-cut-short": ("fin", "half the body"),
    "stall-in-headers": ("silence", "20 bytes"),
    "stall-in-body": ("silence", "20 bytes of the body"),
}
IDLE = {"keep-alive-closed-between-polls": b"", "keep-alive-reset-between-polls": None}
FRAMINGS = {
    "length-by-close-cut",
    "chunk-last-missing",
    "length-by-close",
    "http-1.0-answer",
    "chunked-with-trailers",
    "early-hints",
    "body-longer-than-length",
    "length-twice",
    "chunk-size-not-hex",
    "garbage-then-close",
}
CERTIFICATES = {
    "tls-wrong-host": {62, 64},  # X509_V_ERR_HOSTNAME_MISMATCH, …_IP_ADDRESS_MISMATCH
    "tls-expired": {10},  # X509_V_ERR_CERT_HAS_EXPIRED
}
PACED = {"trickle", "one-byte-segments"}
ALONE = {"submit-runs-then-reset", "gzip-broken", "half-close", "trickle-for-ever"}
COVERED = frozenset({*SOCKETS, *BEFORE_HEADERS, *CUTS, *IDLE, *FRAMINGS, *CERTIFICATES, *PACED, *ALONE})


class Answer:
    """The bytes of an answer, taken apart by hand."""

    def __init__(self, received: bytes) -> None:
        head, _, self.body = received.partition(b"\r\n\r\n")
        self.line, *lines = head.decode("latin-1").split("\r\n")
        self.fields = [(name.lower(), value.strip()) for name, _, value in (x.partition(":") for x in lines)]

    def every(self, name: str) -> list[str]:
        return [value for each, value in self.fields if each == name]


def whole(probe: Probe) -> bytes:
    """The body of the clean answer that all of these tests ask for."""
    seen = probe.get(INFO)
    assert (seen.status, seen.headers["content-length"]) == (200, str(len(seen.body)))
    assert seen.json["authInfo"]
    return seen.body


def raw(probe: Probe, *, silence: float = 2.0) -> tuple[bytes, str]:
    return probe.raw(probe.request(INFO), silence=silence)


def submission(probe: Probe) -> bytes:
    return probe.request(SUBMIT, "POST", urlencode(FORM).encode())


@contextmanager
def connected(probe: Probe) -> Iterator[socket.socket]:
    parts = urlsplit(probe.root)
    with closing(socket.create_connection((parts.hostname, parts.port), timeout=5)) as connection:
        connection.sendall(probe.request(INFO))
        yield connection


def met(probe: Probe, patience: float = 5.0) -> str:
    """What becomes of a connection, and of a request on it."""
    parts = urlsplit(probe.root)
    try:
        connection = socket.create_connection((parts.hostname, parts.port), timeout=patience)
    except ConnectionRefusedError:
        return "refused"
    except TimeoutError:
        return "hangs"
    with closing(connection):
        connection.sendall(probe.request(INFO))
        try:
            return "answer" if connection.recv(1) else "fin"
        except TimeoutError:
            return "silence"


@pytest.mark.parametrize(("name", "meets"), SOCKETS.items())
def test_connections_fail_until_the_deviation_is_cleared(probe: Probe, name: str, meets: str) -> None:
    if meets == "hangs" and sys.platform != "linux":
        pytest.skip("only Linux lets a connection hang")
    usual = probe.root
    assert met(probe) == "answer"
    injection = probe.site.deviate(name)
    assert probe.root != usual
    assert met(probe, 0.05 if meets in ("hangs", "silence") else 5.0) == meets
    assert injection.applied >= 1
    injection.clear()
    assert met(probe) == "answer"
    assert probe.root != usual, "who has the address may keep it"


def test_the_server_goes_on_at_its_own_address(probe: Probe) -> None:
    usual = probe.root
    probe.site.deviate("connection-refused")
    assert probe.ask("GET", INFO, address=usual).status == 200


@pytest.mark.parametrize(
    ("name", "instead"),
    [("connection-refused", "rst"), ("closed-at-accept", "fin"), ("connection-silent", "silence")],
)
def test_a_failing_connection_can_be_one_of_several(probe: Probe, name: str, instead: str) -> None:
    injection = probe.site.deviate(name, times=1)
    try:
        assert raw(probe, silence=0.05) == (b"", instead)
    except ConnectionResetError:  # the reset came before the request was sent
        assert instead == "rst"
    assert probe.get(INFO).status == 200
    assert injection.applied == 1


def handshake(probe: Probe, server_hostname: str = "") -> None:
    """Raises ssl.SSLCertVerificationError unless the certificate is good for a client that trusts who issued
    it."""
    context = ssl.create_default_context(cadata=certificate_in(probe.site.doors.authority))
    parts = urlsplit(probe.root)
    assert parts.scheme == "https"
    with socket.create_connection((parts.hostname, parts.port), timeout=5) as plain:
        context.wrap_socket(plain, server_hostname=server_hostname or parts.hostname).close()


def certificate_in(pem: bytes) -> str:
    return pem[pem.index(b"-----BEGIN CERTIFICATE") :].decode()


@pytest.mark.parametrize(("name", "codes"), CERTIFICATES.items())
def test_a_certificate_has_the_fault_and_no_other(probe: Probe, name: str, codes: set[int]) -> None:
    assert probe.root.startswith("http:")
    good = probe.site.deviate({"name": "good", "do": [{"certificate": ""}]})
    handshake(probe)
    good.clear()
    assert probe.root.startswith("http:")
    injection = probe.site.deviate(name)
    with pytest.raises(ssl.SSLCertVerificationError) as error:
        handshake(probe)
    assert error.value.verify_code in codes
    assert injection.applied == 1
    if name == "tls-wrong-host":
        handshake(probe, "other.example")


@pytest.mark.parametrize(("name", "end"), BEFORE_HEADERS.items())
def test_a_request_is_read_and_not_acted_upon(probe: Probe, name: str, end: str) -> None:
    whole(probe)
    probe.job_id()
    assert len(probe.site.store) == 1
    injection = probe.site.deviate(name)
    assert raw(probe) == (b"", end)
    assert probe.raw(submission(probe)) == (b"", end)
    assert len(probe.site.store) == 1
    assert injection.applied == 2
    injection.clear()
    whole(probe)


def test_a_submitted_job_is_there_and_its_answer_is_not(probe: Probe) -> None:
    probe.job_id()
    injection = probe.site.deviate("submit-runs-then-reset")
    assert probe.raw(submission(probe), silence=2) == (b"", "rst")
    assert len(probe.site.store) == 2
    assert injection.applied == 1
    whole(probe)
    injection.clear()
    probe.job_id()


@pytest.mark.parametrize(("name", "end", "what"), [(name, *how) for name, how in CUTS.items()])
def test_an_answer_stops_where_it_should_not(probe: Probe, name: str, end: str, what: str) -> None:
    body = whole(probe)
    injection = probe.site.deviate(name)
    received, ended = raw(probe, silence=0.05 if end == "silence" else 2)
    assert ended == end
    if what == "20 bytes":
        assert len(received) == 20
        assert received.startswith(b"HTTP/1.1 200 OK\r\n")
    else:
        answer = Answer(received)
        assert answer.every("content-length") == [str(len(body))]
        assert answer.body == (body[:20] if what == "20 bytes of the body" else body[: len(body) // 2])
    assert injection.applied == 1
    injection.clear()
    assert whole(probe) == body


def test_a_file_is_cut_short_too(probe: Probe) -> None:
    folder = probe.site.directories.make_folder("arcgisoutput/Files/FileTransfer_GPServer")
    (folder / "out.zip").write_bytes(bytes(1000))
    path = "rest/directories/arcgisoutput/Files/FileTransfer_GPServer/out.zip"
    assert len(probe.get(path).body) == 1000
    probe.site.deviate("body-cut-short")
    received, end = probe.raw(probe.request(path), silence=2)
    answer = Answer(received)
    assert (len(answer.body), answer.every("content-length"), end) == (500, ["1000"], "fin")


def dechunked(body: bytes) -> tuple[bytes, bytes]:
    """What whole chunks hold, and what follows them."""
    held = b""
    while body:
        size, _, rest = body.partition(b"\r\n")
        if int(size, 16) == 0:
            break
        held, body = held + rest[: int(size, 16)], rest[int(size, 16) + 2 :]
    return held, body


@pytest.mark.parametrize("name", sorted(FRAMINGS))
def test_an_answer_is_framed_as_its_name_says(probe: Probe, name: str) -> None:
    body = whole(probe)
    injection = probe.site.deviate(name)
    received, end = raw(probe)
    assert end == "fin"
    assert injection.applied == 1
    answer = Answer(received)
    lengths, coding = answer.every("content-length"), answer.every("transfer-encoding")
    line = "HTTP/1.0 200 OK" if name == "http-1.0-answer" else "HTTP/1.1 200 OK"
    match name:
        case "garbage-then-close":
            assert len(received) == 64
            assert not received.startswith(b"HTTP")
            return
        case "early-hints":
            assert answer.line == "HTTP/1.1 103 Early Hints"
            assert "rel=preload" in answer.every("link")[0]
            answer = Answer(answer.body)
            assert (answer.body, answer.every("content-length")) == (body, [str(len(body))])
        case "length-by-close-cut":
            assert (answer.body, lengths, coding) == (body[: len(body) // 2], [], [])
        case "length-by-close":
            assert (answer.body, lengths, coding) == (body, [], [])
        case "http-1.0-answer":
            assert (answer.body, lengths, coding) == (body, [str(len(body))], [])
        case "chunk-last-missing":
            assert (dechunked(answer.body), lengths, coding) == ((body, b""), [], ["chunked"])
        case "chunked-with-trailers":
            assert dechunked(answer.body) == (body, b"0\r\nx-checked: yes\r\n\r\n")
            assert (lengths, coding, answer.every("trailer")) == ([], ["chunked"], ["x-checked"])
        case "body-longer-than-length":
            assert (answer.body, lengths) == (body, [str(len(body) - 8)])
        case "length-twice":
            assert (answer.body, lengths) == (body, [str(len(body)), str(len(body) + 8)])
        case _:
            assert (coding, answer.body) == (["chunked"], b"zz\r\n" + body + b"\r\n0\r\n\r\n")
    assert answer.line == line
    assert answer.every("content-type")[0].startswith("application/json")
    assert len(answer.every("date")) == 1
    injection.clear()
    assert whole(probe) == body


def test_a_gzip_stream_is_cut_or_does_not_add_up(probe: Probe) -> None:
    body = whole(probe)
    injection = probe.site.deviate("gzip-broken")
    cut, wrong = probe.get(INFO), probe.get(INFO)
    assert cut.headers["content-encoding"] == wrong.headers["content-encoding"] == "gzip"
    with pytest.raises(EOFError):
        gzip.decompress(cut.body)
    with pytest.raises(gzip.BadGzipFile, match="CRC"):
        gzip.decompress(wrong.body)
    right = gzip.compress(body, mtime=0)
    assert (len(wrong.body), wrong.body[:-8]) == (len(right), right[:-8])
    assert injection.applied == 2


def test_the_server_says_that_it_has_nothing_more_to_send_and_reads_on(
    probe: Probe, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = whole(probe)
    half_closed: list[Wire] = []
    end_writing = Wire.end_writing
    monkeypatch.setattr(Wire, "end_writing", lambda wire: (half_closed.append(wire), end_writing(wire)))
    injection = probe.site.deviate("half-close")
    with connected(probe) as connection:
        received = b""
        while piece := connection.recv(65536):
            received += piece
        assert Answer(received).body == body
        connection.sendall(probe.request(INFO))
        asked = select.poll()
        asked.register(connection.fileno(), select.POLLERR | select.POLLHUP)
        assert asked.poll(20) == []
    assert len(half_closed) == injection.applied == 1


def messages(server: RunningServer, probe: Probe, path: str) -> list[dict[str, Any]]:
    """The messages of ASGI by which the application answers."""
    sent: list[dict[str, Any]] = []

    async def ask() -> None:
        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: Any) -> None:
            sent.append(message)

        place = f"/{probe.site.context}/{path}"
        scope = {"type": "http", "method": "GET", "path": place, "raw_path": place.encode(), "scheme": "http"}
        rest = {"query_string": b"f=json", "headers": [(b"host", b"a")], "server": ("a", 1), "extensions": {}}
        await server.app({**scope, **rest}, receive, send)

    asyncio.run(ask())
    return sent


def test_each_byte_is_sent_alone(server: RunningServer, probe: Probe) -> None:
    unknown = "rest/services/Köln/GPServer"
    before = messages(server, probe, unknown)
    body = b"".join(each.get("body", b"") for each in before)
    assert "ö".encode() in body
    assert len(before) == 2
    injection = probe.site.deviate("one-byte-segments", seconds=0)
    pieces = [each.get("body", b"") for each in messages(server, probe, unknown)[1:]]
    assert [each for each in pieces if each] == [bytes([byte]) for byte in body]
    assert injection.applied == 1


def received_over_time(probe: Probe) -> tuple[list[bytes], float]:
    """The pieces that come of an answer's body, and in how many seconds."""
    pieces: list[bytes] = []
    with connected(probe) as connection:
        head = connection.recv(65536)
        began = time.monotonic()
        while not head.endswith(b"\r\n\r\n") and b"\r\n\r\n" not in head:
            head += connection.recv(65536)
        start, _, rest = head.partition(b"\r\n\r\n")
        size = int(Answer(start + b"\r\n\r\n").every("content-length")[0])
        pieces += [rest] if rest else []
        while sum(map(len, pieces)) < size:
            pieces.append(connection.recv(65536))
            assert pieces[-1]
    return pieces, time.monotonic() - began


def test_a_body_comes_slowly_and_whole(probe: Probe) -> None:
    body = whole(probe)
    assert find("trickle").parameters == {"bytes": 1, "seconds": 0.05, "within": 20.0}
    assert len(received_over_time(probe)[0]) == 1
    size = len(body) // 4
    injection = probe.site.deviate("trickle", bytes=size, seconds=0.01)
    pieces, seconds = received_over_time(probe)
    assert b"".join(pieces) == body
    assert seconds >= 0.03
    assert len(pieces) > 1
    assert injection.applied == 1


def test_a_slow_body_ends_in_time_whatever_its_size(probe: Probe) -> None:
    body = whole(probe)
    injection = probe.site.deviate("trickle", seconds=0.01, within=0.05)
    pieces, seconds = received_over_time(probe)
    assert b"".join(pieces) == body
    assert 0.03 <= seconds < len(body) * 0.01
    assert injection.applied == 1


def test_blanks_come_for_ever(probe: Probe) -> None:
    whole(probe)
    injection = probe.site.deviate("trickle-for-ever", seconds=0.005)
    with connected(probe) as connection:
        received = b""
        while received.count(b"1\r\n \r\n") < 4:
            received += connection.recv(65536)
        answer = Answer(received)
        assert answer.line == "HTTP/1.1 200 OK"
        assert answer.body.replace(b"1\r\n \r\n", b"") == b""
        assert (answer.every("transfer-encoding"), answer.every("content-length")) == (["chunked"], [])
    assert injection.applied == 1
    injection.clear()
    whole(probe)


@pytest.mark.parametrize("name", sorted(each for each in COVERED if "any" not in find(each).on))
def test_other_operations_are_left_alone(probe: Probe, name: str) -> None:
    on = find(name).on
    injection = probe.site.deviate(name)
    if "json" not in on:
        whole(probe)
    if "file" not in on:
        folder = probe.site.directories.make_folder("arcgisoutput/DataTypes/Echo_GPServer")
        (folder / "out.txt").write_bytes(b"whole")
        file = "rest/directories/arcgisoutput/DataTypes/Echo_GPServer/out.txt"
        assert probe.get(file).body == b"whole"
    assert probe.get("rest/login", f="html").status == 200
    assert injection.applied == 0


@pytest.mark.parametrize(("name", "then"), IDLE.items())
def test_an_idle_connection_is_ended_after_a_good_answer(probe: Probe, name: str, then: bytes | None) -> None:
    job_id = probe.finish()
    parts = urlsplit(probe.root)
    path = f"{parts.path}/{probe.task()}/jobs/{job_id}?f=json"

    def polled(connection: HTTPConnection) -> bytes:
        connection.request("GET", path)
        answer = connection.getresponse()
        assert (answer.status, answer.getheader("connection")) == (200, None)
        return answer.read()

    with closing(HTTPConnection(parts.hostname or "", parts.port, timeout=0.02)) as usual:
        body = polled(usual)
        assert polled(usual) == body
        with pytest.raises(TimeoutError):
            usual.sock.recv(1)
    injection = probe.site.deviate(name, seconds=0.005)
    with closing(HTTPConnection(parts.hostname or "", parts.port, timeout=5)) as connection:
        assert polled(connection) == body
        if then is None:
            with pytest.raises(ConnectionResetError):
                connection.sock.recv(1)
        else:
            assert connection.sock.recv(1) == then
    assert injection.applied == 1
