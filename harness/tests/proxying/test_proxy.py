from __future__ import annotations

import gzip
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from gp_client import GPClient
from gp_client.clocks import SharedClock
from gp_mockserver.builtin.builtin_site import builtin_site
from gp_mockserver.lifecycle.clocks import JumpingClock
from gp_mockserver.server import serve
from gpharness.contracts.contract import Contract
from gpharness.recording.proxying.by_command import ProxyWishes, contract_of_notes
from gpharness.recording.proxying.listening import proxy_in_thread
from gpharness.recording.proxying.notes import Notes
from gpharness.recording.proxying.passing import PassingThrough
from gpharness.recording.proxying.ways import BadUpstream, NoWay, Way, Ways

SERVICES = "/arcgis/rest/services"


class Given:
    """A server that answers every connection with the bytes that are given, and keeps what it was sent."""

    def __init__(self, answer: bytes, *, reads_body: int = 0) -> None:
        self.heads: list[bytes] = []
        self.body_size = 0
        self._answer = answer
        self._reads_body = reads_body
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with connection:
                data = b""
                while b"\r\n\r\n" not in data:
                    if not (piece := connection.recv(65536)):
                        break
                    data += piece
                head, _, rest = data.partition(b"\r\n\r\n")
                self.heads.append(head)
                self.body_size = len(rest)
                while self.body_size < self._reads_body:
                    self.body_size += len(connection.recv(1024 * 1024))
                connection.sendall(self._answer)

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()


@contextmanager
def given(answer: bytes, *, reads_body: int = 0) -> Iterator[Given]:
    server = Given(answer, reads_body=reads_body)
    try:
        yield server
    finally:
        server.close()


def answer(body: bytes = b"{}", *headers: bytes, status: bytes = b"200 OK") -> bytes:
    lines = [b"HTTP/1.1 " + status, b"Content-Length: %d" % len(body), b"Connection: close", *headers]
    return b"\r\n".join([*lines, b"", body])


@contextmanager
def proxy(
    upstream: str | None, notes: Notes | None = None, *, rewrite: bool = False, allow: tuple[str, ...] = ()
) -> Iterator[tuple[str, Ways]]:
    ways = Ways(upstream, allow)
    with proxy_in_thread(PassingThrough(ways, notes, rewrite=rewrite), ways) as url:
        yield url, ways


def contract_from(notes: Notes, ways: Ways) -> tuple[Contract, list[str]]:
    return contract_of_notes(notes, ways, ProxyWishes(Path("unused.yaml"), source="generated"))


@pytest.fixture(scope="module")
def server() -> Iterator[Any]:
    with serve(builtin_site(clock=JumpingClock())) as running:
        yield running


def test_what_a_client_does_in_front_of_a_server_becomes_a_contract(server: Any) -> None:
    notes = Notes()
    with proxy(server.url, notes) as (url, ways), GPClient(f"{url}/arcgis", clock=SharedClock()) as client:
        ran = client.task("Simulation/JobOutcomes/Succeeds").run({})
    contract, left = contract_from(notes, ways)

    (conversation,) = contract.conversations
    assert ran.job is not None
    assert conversation.job_id == ran.job.id
    assert conversation.trace[-1].status == "esriJobSucceeded"
    assert list(conversation.results) == ["Summary"]
    assert "Simulation/JobOutcomes/Succeeds" in contract.tasks
    assert contract.server.url == server.url
    assert contract.provenance.by_way_of == "proxy"
    assert url not in repr(contract)
    assert left == []


def test_clients_that_use_it_as_their_proxy_are_recorded_too(server: Any) -> None:
    notes = Notes()
    with proxy(None, notes) as (url, ways), httpx.Client(proxy=url, trust_env=False) as client:
        task = f"{server.url}/rest/services/DataTypes/Outputs/GPServer/NoOutput"
        assert client.get(f"{task}/execute?f=json").json()["results"] == []
    contract, _ = contract_from(notes, ways)

    assert contract.server.url == server.url
    assert [each.kind for each in contract.conversations] == ["execute"]


def test_several_clients_at_once_are_told_apart(server: Any) -> None:
    notes = Notes()
    with proxy(server.url, notes) as (url, ways):

        def run(task: str) -> None:
            with GPClient(f"{url}/arcgis", clock=SharedClock()) as client:
                client.task(f"Simulation/JobOutcomes/{task}").run({})

        names = ["Succeeds", "SucceedsWithWarnings", "StepProgress", "WaitsInQueue"]
        threads = [threading.Thread(target=run, args=(name,)) for name in names]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
    contract, _ = contract_from(notes, ways)

    assert sorted(each.task.rpartition("/")[2] for each in contract.conversations) == sorted(names)
    assert all(each.trace[-1].status == "esriJobSucceeded" for each in contract.conversations)


def test_connect_is_refused_with_what_to_do_instead(server: Any) -> None:
    with (
        proxy(server.url) as (url, _),
        socket.create_connection(("127.0.0.1", httpx.URL(url).port)) as client,
    ):
        client.sendall(b"CONNECT gis.example.gov:443 HTTP/1.1\r\nHost: gis.example.gov:443\r\n\r\n")
        told = client.makefile("rb").read()

    assert told.startswith(b"HTTP/1.1 501 ")
    assert b"--upstream" in told


@pytest.mark.parametrize(
    ("upstream", "allow", "target", "host", "expected"),
    [
        ("https://gis.example.gov/server", (), b"/server/rest", "127.0.0.1:1", "https://gis.example.gov"),
        ("https://gis.example.gov/server", (), b"/server/rest", "localhost:1", "https://gis.example.gov"),
        ("https://gis.example.gov/server", (), b"/x", "gis.example.gov", "https://gis.example.gov"),
        ("https://gis.example.gov", (), b"/x", "", "https://gis.example.gov"),
        (
            "http://gis.example.gov:6080",
            (),
            b"http://gis.example.gov:6080/x",
            "h",
            "http://gis.example.gov:6080",
        ),
        ("https://gis.example.gov/server", (), b"http://other.example/x", "127.0.0.1:1", 403),
        ("https://gis.example.gov/server", (), b"/server/rest", "rebound.example", 403),
        (None, (), b"http://first.example/x", "first.example", "http://first.example"),
        (None, ("first.example",), b"http://first.example:81/x", "", "http://first.example:81"),
        (None, ("first.example:82",), b"http://first.example:81/x", "", 403),
        (None, ("FIRST.example",), b"http://other.example/x", "", 403),
        (None, (), b"/x", "127.0.0.1:1", 400),
        (None, (), b"/x", "", 400),
    ],
)
def test_only_the_upstream_or_an_allowed_host_is_reached(
    upstream: str | None, allow: tuple[str, ...], target: bytes, host: str, expected: str | int
) -> None:
    ways = Ways(upstream, allow)
    ways.own = {"127.0.0.1:1", "localhost:1"}

    met = ways.way(target, host)

    assert (met.origin if isinstance(met, Way) else met.status) == expected


def test_without_allowed_hosts_it_is_the_first_that_somebody_asks_for() -> None:
    ways = Ways()

    assert isinstance(ways.way(b"http://a.example/x", "a.example"), Way)
    assert isinstance(ways.way(b"http://a.example:80/y", "a.example"), Way)
    assert isinstance(ways.way(b"http://b.example/x", "b.example"), NoWay)


@pytest.mark.parametrize(
    ("upstream", "checked"),
    [
        ("https://gis.example.gov/server/", "https://gis.example.gov/server"),
        ("HTTPS://gis.example.gov/server/rest/services/A/GPServer", "https://gis.example.gov/server"),
        ("https://gis.example.gov/server/rest", "https://gis.example.gov/server"),
    ],
)
def test_an_upstream_may_be_any_address_below_its_context(upstream: str, checked: str) -> None:
    assert Ways(upstream).upstream == checked


@pytest.mark.parametrize(
    "upstream", ["gis.example.gov", "ftp://x/y", "https://", "https://h:99999/", "https://h/?a=b"]
)
def test_an_upstream_that_is_none_is_refused(upstream: str) -> None:
    with pytest.raises(BadUpstream, match="--upstream"):
        Ways(upstream)


def test_a_password_in_an_upstream_is_refused_without_being_told() -> None:
    with pytest.raises(BadUpstream) as error:
        Ways("https://me:hunter22@gis.example.gov/server")
    assert "hunter22" not in str(error.value)


def test_the_server_is_told_what_the_client_calls_it() -> None:
    with given(answer()) as upstream, proxy(f"{upstream.url}/arcgis") as (url, _):
        httpx.get(f"{url}{SERVICES}?f=json", headers={"X-Forwarded-Host": "spoofed", "TE": "trailers"})

    (head,) = upstream.heads
    told = head.decode().lower()
    assert head.startswith(b"GET /arcgis/rest/services?f=json HTTP/1.1")
    assert f"host: {upstream.url[7:]}\r\n" in told
    assert f"x-forwarded-host: {url[7:]}" in told
    assert "x-forwarded-proto: http" in told
    assert "spoofed" not in told
    assert "\r\nte:" not in told
    assert "via: 1.1 gpharness-" in told


def test_headers_of_one_hop_go_no_further_and_all_others_do() -> None:
    headers = (
        b"Keep-Alive: 3",
        b"X-Mine: 1",
        b"Set-Cookie: a=1",
        b"Set-Cookie: b=2",
        b"Date: Thu, 1 Jan 1970",
    )
    with given(answer(b"{}", *headers)) as upstream, proxy(upstream.url) as (url, _):
        met = httpx.get(f"{url}/x", headers={"Connection": "keep-alive, X-Hop", "X-Hop": "1", "X-Far": "2"})

    head = upstream.heads[0].lower()
    assert b"x-hop" not in head
    assert b"x-far: 2" in head
    assert "keep-alive" not in met.headers
    assert met.headers["x-mine"] == "1"
    assert met.headers["date"] == "Thu, 1 Jan 1970"
    assert met.headers.get_list("set-cookie") == ["a=1", "b=2"]


def test_bodies_pass_as_they_are_and_addresses_are_rewritten_on_request_only() -> None:
    with given(b"") as upstream:
        body = b'{"url": "%b/arcgis/rest/x"}' % upstream.url.encode()
        upstream._answer = answer(body, b"Content-Type: application/json")
        notes = Notes()
        with proxy(f"{upstream.url}/arcgis", notes) as (url, _):
            assert httpx.get(f"{url}{SERVICES}").content == body
        with proxy(f"{upstream.url}/arcgis", notes, rewrite=True) as (url, _):
            assert httpx.get(f"{url}{SERVICES}").json() == {"url": f"{url}/arcgis/rest/x"}

    assert [each.body for each in notes] == [body, body]


def test_packed_answers_pass_packed_and_are_recorded_unpacked() -> None:
    packed = gzip.compress(b'{"results":[],"messages":[]}')
    notes = Notes()
    told = answer(packed, b"Content-Encoding: gzip", b"Content-Type: application/json")
    with given(told) as upstream, proxy(f"{upstream.url}/arcgis", notes) as (url, ways):
        task = f"{url}/arcgis/rest/services/S/GPServer/T/execute?f=json"
        with httpx.stream("GET", task, headers={"Accept-Encoding": "br, gzip;q=0.5"}) as met:
            assert b"".join(met.iter_raw()) == packed
    contract, _ = contract_from(notes, ways)

    assert b"accept-encoding: gzip;q=0.5\r\n" in upstream.heads[0].lower() + b"\r\n"
    assert contract.conversations[0].submission is not None
    assert contract.conversations[0].submission.json == {"results": [], "messages": []}


def test_a_server_that_does_not_answer_is_a_bad_gateway_in_words() -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        address = f"http://127.0.0.1:{unused.getsockname()[1]}"
    notes = Notes()
    with proxy(f"{address}/arcgis", notes) as (url, ways):
        met = httpx.get(f"{url}{SERVICES}?f=json")
    _, left = contract_from(notes, ways)

    assert met.status_code == 502
    assert f"{address} did not answer the proxy" in met.text
    assert left[0].startswith("1 request: not answered")


def test_an_answer_that_is_cut_short_is_cut_short_for_the_client_too() -> None:
    cut = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"
    notes = Notes()
    with (
        given(cut) as upstream,
        proxy(f"{upstream.url}/arcgis", notes) as (url, _),
        pytest.raises(httpx.RemoteProtocolError),
    ):
        httpx.get(f"{url}{SERVICES}?f=json")

    (note,) = notes
    assert note.fault


def test_a_proxy_that_asks_itself_ends_the_loop() -> None:
    ways = Ways()
    with proxy_in_thread(PassingThrough(ways, None), ways) as url:
        ways.own = set()
        with httpx.Client(proxy=url, trust_env=False) as client:
            assert client.get(f"{url}/x").status_code == 508


def test_a_large_upload_passes_in_pieces_and_is_not_kept() -> None:
    size, piece = 64 * 1024 * 1024, b"x" * 1024 * 1024
    notes = Notes(most_bytes=1024 * 1024)
    told = answer(b'{"success": true}')
    with given(told, reads_body=size) as upstream, proxy(f"{upstream.url}/arcgis", notes) as (url, _):
        address = f"{url}{SERVICES}/S/GPServer/uploads/upload?f=json"
        headers = {"Content-Length": str(size)}
        met = httpx.post(address, content=(piece for _ in range(64)), headers=headers)

    assert met.json() == {"success": True}
    assert upstream.body_size == size
    (note,) = notes
    assert (note.request_body, note.left) == (b"", "")


def test_an_answer_beyond_the_limit_passes_whole_and_is_told_as_left_out() -> None:
    body = b"[" + b"1," * 100_000 + b"1]"
    notes = Notes(most_bytes=1000)
    with given(answer(body)) as upstream, proxy(f"{upstream.url}/arcgis", notes) as (url, ways):
        assert httpx.get(f"{url}{SERVICES}/S/GPServer?f=json").content == body
    _, left = contract_from(notes, ways)

    assert left == ["1 request: an answer of more than 1000 bytes"]


def test_what_does_not_fit_into_the_memory_lies_in_a_file_and_comes_back_in_order() -> None:
    notes = Notes()
    for number in range(40):
        noting = notes.begin("GET", b"http://h/rest/services?%d" % number, [(b"a", b"b")])
        noting.begin(200, [(b"c", b"d")])
        noting.piece(bytes([number]) * 1024 * 1024)
        noting.end()

    assert notes._file is not None
    assert [(each.url, each.body[:1]) for each in notes] == [
        (b"http://h/rest/services?%d" % number, bytes([number])) for number in range(40)
    ]
    notes.close()


def test_the_first_refusal_for_want_of_a_token_stays_in_the_contract(server: Any) -> None:
    notes = Notes()
    with proxy(server.url, notes) as (url, ways):
        context = url + SERVICES.removesuffix("/rest/services")
        service = f"{url}{SERVICES}/Secured/WorldViewshed/GPServer"
        account = {"username": "tester", "password": "tester-password", "client": "requestip", "f": "json"}
        refused = [httpx.get(service, params={"f": "json"}).json() for _ in range(2)]
        token = httpx.post(f"{context}/tokens/generateToken", data=account).json()["token"]
        assert "error" not in httpx.get(service, params={"f": "json", "token": token}).json()
    contract, left = contract_from(notes, ways)

    assert list(contract.services) == ["Secured/WorldViewshed"]
    assert [each.asked[0].answer.json for each in contract.conversations] == refused[:1]
    assert "1 request: answered 499, and sent again with success" in left


def test_secrets_that_pass_are_not_in_the_contract(server: Any) -> None:
    notes = Notes()
    secret = "Tk9wZXJhdG9yLXNlY3JldC0xMjM0NTY3ODkw"
    with proxy(server.url, notes) as (url, ways):
        task = f"{url}{SERVICES}/DataTypes/Outputs/GPServer/NoOutput/execute"
        httpx.post(task, data={"f": "json", "token": secret, "Note": f"token={secret}"})
        httpx.get(task, params={"f": "json"}, headers={"Authorization": f"Bearer {secret}"})
    contract, _ = contract_from(notes, ways)

    assert contract.conversations
    assert secret not in repr(contract)


@pytest.mark.parametrize(
    ("method", "sent"),
    [
        ("HEAD", b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\n"),
        ("GET", b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n"),
        ("GET", b"HTTP/1.1 304 Not Modified\r\nETag: x\r\nConnection: close\r\n\r\n"),
        (
            "GET",
            b"HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
        ),
        ("GET", b"HTTP/1.0 200 OK\r\n\r\nto the end"),
        (
            "GET",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n2\r\nab\r\n0\r\n\r\n",
        ),
        ("GET", b"HTTP/1.1 599 Odd\r\nContent-Length: 1\r\nConnection: close\r\n\r\n!"),
    ],
)
def test_answers_of_every_framing_come_back_as_they_are(method: str, sent: bytes) -> None:
    with given(sent) as upstream, proxy(upstream.url) as (url, _):
        direct = httpx.request(method, f"{upstream.url}/x")
        met = httpx.request(method, f"{url}/x")

    assert (met.status_code, met.content) == (direct.status_code, direct.content)
    assert met.headers.get("location") == direct.headers.get("location")
    assert met.headers.get("content-length") == direct.headers.get("content-length")


def test_bodies_of_unknown_length_and_odd_targets_reach_the_server_as_they_are() -> None:
    with given(answer()) as upstream, proxy(upstream.url) as (url, _):
        httpx.post(f"{url}/a%20b/%2F?x=1&y=%C3%A9", content=iter([b"abc", b"def"]))

    (head,) = upstream.heads
    assert head.startswith(b"POST /a%20b/%2F?x=1&y=%C3%A9 HTTP/1.1\r\n")
    assert b"transfer-encoding: chunked" in head.lower()
