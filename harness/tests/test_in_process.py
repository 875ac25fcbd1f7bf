"""Sites asked in process: what comes is what a socket brings, whatever runs in the client's thread."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import struct
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import httpx2
import pytest
import trio
from gp_mockserver.app import MockServer
from gp_mockserver.builtin.builtin_site import builtin_site
from gp_mockserver.errors import SiteError
from gp_mockserver.lifecycle.clocks import JumpingClock, ManualClock
from gp_mockserver.server import serve
from gp_mockserver.sites import Site
from gp_mockserver.tools.latency import Latency
from gpharness import in_process
from gpharness.in_process import AsyncSiteTransport, SiteTransport, site_loop
from gpharness.in_process.site_loop import SiteLoop

from every_case import every_case

HOST = "https://gis.example.gov"
SERVICES = f"{HOST}/arcgis/rest/services"
OUTCOMES = f"{SERVICES}/Simulation/JobOutcomes/GPServer"
JSON = {"f": "json"}
LIBRARIES = pytest.mark.parametrize("library", [httpx, httpx2])
BACKENDS: dict[str, Callable[[Callable[[], Any]], Any]] = {
    "asyncio": lambda function: asyncio.run(function()),
    "trio": trio.run,
}
BOTH_BACKENDS = pytest.mark.parametrize("run", BACKENDS.values(), ids=BACKENDS)


def still_site(**options: Any) -> Site:
    return builtin_site(clock=ManualClock(), **options)


def client_of(sites: Any, host: str | None = None, **options: Any) -> httpx.Client:
    return httpx.Client(transport=SiteTransport(sites, host), **options)


def async_client_of(sites: Any, host: str | None = None, **options: Any) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=AsyncSiteTransport(sites, host), **options)


def echo_site() -> Site:
    """A site whose functions run in worker threads."""
    site = Site("arcgis", clock=ManualClock())

    @site.task("Tools/Echo", execution="sync")
    def echo(Text: str) -> str:
        return Text

    @site.task("Jobs/Echo", execution="async")
    def job(Text: str) -> str:
        return Text

    return site


# What comes over a socket and in process


ASKED = [
    ("GET", "rest/services?f=json"),
    ("GET", "rest/services?f=pjson"),
    ("GET", "rest/services"),
    ("HEAD", "rest/services?f=json"),
    ("OPTIONS", "rest/services"),
    ("PUT", "rest/services"),
    ("GET", "rest/services/No%20such/GPServer?f=json"),
    ("GET", "rest/services/15_Names/OddNames/GPServer/Extract%20Data%20Task?f=json"),
    ("POST", "rest/services/DataTypes/Outputs/GPServer/SeveralOutputs/execute?f=json&Note=a%20b"),
    ("GET", "../no-such-site?f=json"),
]


@pytest.fixture(scope="module")
def over_socket() -> Iterator[tuple[str, httpx.Client]]:
    """The address of the built-in site, and a client that asks it over a socket."""
    with serve(still_site()) as server, httpx.Client(trust_env=False) as client:
        yield server.url, client


@pytest.mark.parametrize(("method", "path"), ASKED)
def test_an_answer_is_the_one_that_a_socket_brings(over_socket, method, path):
    url, client = over_socket
    wanted = client.request(method, f"{url}/{path}")
    with client_of(still_site()) as client:
        answer = client.request(method, f"{url}/{path}")
    assert answer.status_code == wanted.status_code
    assert answer.reason_phrase == wanted.reason_phrase
    assert answer.http_version == wanted.http_version
    assert answer.content == wanted.content
    for headers in (answer.headers, wanted.headers):
        assert headers.pop("date").endswith("GMT")
    assert answer.headers.raw == wanted.headers.raw


def test_what_has_no_length_comes_in_chunks_as_over_a_socket():
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"any"})

    with client_of(app) as client:
        assert client.get(HOST).headers["transfer-encoding"] == "chunked"
        assert "transfer-encoding" not in client.head(HOST).headers
        assert client.head(HOST).content == b""


@LIBRARIES
def test_a_job_is_run_by_clients_of_both_libraries(library):
    site = still_site()
    assert isinstance(site.clock, ManualClock)
    with library.Client(transport=SiteTransport(site)) as client:
        job = client.post(f"{OUTCOMES}/Succeeds/submitJob", data={"Note": "n", **JSON}).json()["jobId"]
        status = client.get(f"{OUTCOMES}/Succeeds/jobs/{job}", params=JSON).json()["jobStatus"]
        assert status == "esriJobExecuting"
        site.clock.advance(5)
        answer = client.get(f"{OUTCOMES}/Succeeds/jobs/{job}/results/Summary", params=JSON)
    assert isinstance(answer, library.Response)
    assert answer.json()["value"] == "Succeeds: n"


@LIBRARIES
@BOTH_BACKENDS
def test_async_clients_of_both_libraries_run_on_asyncio_and_trio(library, run):
    async def ask() -> Any:
        async with library.AsyncClient(transport=AsyncSiteTransport(echo_site())) as client:
            answer = await client.post(f"{SERVICES}/Tools/GPServer/Echo/execute", data={"Text": "é", **JSON})
            assert isinstance(answer, library.Response)
            return answer.json()

    assert run(ask)["results"][0]["value"] == "é"


def test_a_site_may_be_asked_by_clients_of_every_kind_in_turn():
    site = echo_site()
    url = f"{SERVICES}/Tools/GPServer/Echo/execute"

    async def ask() -> Any:
        async with async_client_of(site) as client:
            return (await client.post(url, data={"Text": "async", **JSON})).json()

    for _ in range(2):
        for run in BACKENDS.values():
            assert run(ask)["results"][0]["value"] == "async"
            with client_of(site) as client:
                answer = client.post(url, data={"Text": "sync", **JSON}).json()
                assert answer["results"][0]["value"] == "sync"


def test_what_is_no_request_of_httpx_is_told():
    class Request:
        pass

    with pytest.raises(TypeError, match="met a Request, expected a Request of httpx or httpx2"):
        SiteTransport(Site()).handle_request(Request())  # type: ignore[arg-type]


# Threads and event loops


@BOTH_BACKENDS
def test_a_sync_client_works_inside_an_event_loop(run):
    async def ask() -> Any:
        with client_of(echo_site()) as client:
            return client.post(f"{SERVICES}/Tools/GPServer/Echo/execute", data={"Text": "a", **JSON}).json()

    assert run(ask)["results"][0]["value"] == "a"


def test_what_does_not_wait_is_answered_in_the_thread_that_asks(monkeypatch):
    seen: list[int] = []
    monkeypatch.setattr(site_loop, "_made", SiteLoop())  # which nobody runs at the moment

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await asyncio.sleep(0)
        seen.append(threading.get_ident())
        await returning(start(), body(b""))(scope, receive, send)

    async def ask() -> None:
        with client_of(app) as client:
            client.get(HOST)

    with client_of(app) as client:
        client.get(HOST)
    asyncio.run(ask())
    site_loop.site_loop().close()
    assert seen[0] == threading.get_ident() != seen[1]


def test_many_threads_ask_one_site():
    site = echo_site()

    def ask(number: int) -> str:
        with client_of(site) as client:
            url = f"{SERVICES}/Tools/GPServer/Echo/execute"
            answers = [client.post(url, data={"Text": f"{number}/{i}", **JSON}).json() for i in range(5)]
        return ",".join(answer["results"][0]["value"] for answer in answers)

    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(ask, range(16)))
    assert found == [",".join(f"{number}/{i}" for i in range(5)) for number in range(16)]


def test_a_request_that_waits_keeps_no_other_from_its_answer():
    site = Site("arcgis", clock=ManualClock(), patience=0.0)
    released = threading.Event()

    @site.task("Tools/Hold", execution="sync")
    def hold(Text: str) -> str:
        released.wait()
        return Text

    def held() -> Any:
        with client_of(site, timeout=30) as client:
            return client.post(
                f"{SERVICES}/Tools/GPServer/Hold/execute", data={"Text": "held", **JSON}
            ).json()

    with ThreadPoolExecutor(1) as threads, client_of(site) as client:
        waiting = threads.submit(held)
        assert client.get(SERVICES, params=JSON).json()["services"][0]["name"] == "Tools"
        assert not waiting.done()
        released.set()
        assert waiting.result()["results"][0]["value"] == "held"


def test_two_clients_wait_for_the_same_job_that_runs_in_a_thread():
    site = Site("arcgis", clock=ManualClock(), patience=30.0)
    began, released = threading.Event(), threading.Event()

    @site.task("Jobs/Hold", execution="async")
    def hold(Text: str) -> str:
        began.set()
        released.wait()
        return Text

    task = f"{SERVICES}/Jobs/GPServer/Hold"
    with client_of(site) as client:
        job = client.post(f"{task}/submitJob", data={"Text": "t", **JSON}).json()["jobId"]
    assert isinstance(site.clock, ManualClock)
    site.clock.advance(5)

    def poll() -> str:
        with client_of(site, timeout=30) as each:
            return str(each.get(f"{task}/jobs/{job}", params=JSON).json()["jobStatus"])

    async def poll_async() -> str:
        async with async_client_of(site, timeout=30) as each:
            return str((await each.get(f"{task}/jobs/{job}", params=JSON)).json()["jobStatus"])

    with ThreadPoolExecutor(3) as threads:
        polls = [threads.submit(poll), threads.submit(poll), threads.submit(asyncio.run, poll_async())]
        began.wait()
        released.set()
        assert [each.result() for each in polls] == ["esriJobSucceeded"] * 3


def test_a_request_that_waits_for_the_sites_clock_goes_on_when_it_moves():
    clock = ManualClock()
    site = builtin_site(clock=clock, latency={"*": Latency(60.0)})

    def ask() -> int:
        with client_of(site, timeout=30) as client:
            return client.get(SERVICES, params=JSON).status_code

    with ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(ask)
        while not waiting.done():
            clock.advance(60)
        assert waiting.result() == 200


def test_an_hour_of_a_jumping_clock_takes_no_time():
    site = builtin_site(clock=JumpingClock(), latency={"*": Latency(3600.0)})
    with client_of(site) as client:
        assert client.get(SERVICES, params=JSON).status_code == 200


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_forked_process_asks_on():
    with client_of(still_site()) as client:
        assert client.get(SERVICES, params=JSON).status_code == 200
        child = os.fork()
        if child == 0:
            try:
                answer = asyncio.run(asked_async(client)) if client.get(SERVICES, params=JSON) else None
                os._exit(0 if answer and answer.status_code == 200 else 1)
            except BaseException:
                os._exit(2)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


async def asked_async(client: httpx.Client) -> httpx.Response:
    """An answer to a client within an event loop, where the sites' own thread has to run."""
    return client.get(SERVICES, params=JSON)


def test_a_loop_that_ends_cancels_what_is_under_way(caplog):
    loop = SiteLoop()
    met: list[BaseException] = []

    async def wait() -> None:
        try:
            await asyncio.Event().wait()
        except BaseException as error:
            met.append(error)
            raise

    loop.begin(wait())
    loop.close()
    assert [type(error) for error in met] == [asyncio.CancelledError]
    assert not loop._thread.is_alive()
    assert loop._loop.is_closed()
    assert caplog.records == []


def test_the_loop_rests_when_there_is_nothing_to_do():
    with client_of(echo_site()) as client:
        client.post(f"{SERVICES}/Tools/GPServer/Echo/execute", data={"Text": "t", **JSON})
    loop = site_loop.site_loop()
    with loop._runs:
        assert not loop._loop.is_running()
        assert loop._unfinished == set()


# Bodies in pieces


PIECE = b"p" * 65536


class Counting:
    """An application that sends or takes many pieces, and knows how many are on their way."""

    def __init__(self, pieces: int) -> None:
        self.pieces = pieces
        self.sent = self.received = self.given = self.read = 0
        self.most_unread = self.most_unreceived = 0
        self.left = False

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["method"] == "POST":
            more = True
            while more:
                message = await receive()
                self.received += len(message["body"])
                more = message["more_body"]
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for _ in range(self.pieces):
            self.sent += 1
            self.most_unread = max(self.most_unread, self.sent - self.read)
            await send({"type": "http.response.body", "body": PIECE, "more_body": True})
        await send({"type": "http.response.body"})
        self.left = (await receive())["type"] == "http.disconnect"

    def content(self) -> Iterator[bytes]:
        for _ in range(self.pieces):
            self.given += len(PIECE)
            self.most_unreceived = max(self.most_unreceived, self.given - self.received)
            yield PIECE

    async def async_content(self) -> AsyncIterator[bytes]:
        for piece in self.content():
            yield piece


def test_a_large_answer_is_made_as_it_is_read():
    app = Counting(200)
    with client_of(app) as client, client.stream("GET", HOST) as answer:
        for piece in answer.iter_raw():
            assert piece == PIECE
            app.read += 1
    assert app.read == 200
    assert app.most_unread <= 5
    assert app.left


@BOTH_BACKENDS
def test_a_large_answer_is_made_as_an_async_client_reads_it(run):
    app = Counting(100)

    async def ask() -> None:
        async with async_client_of(app) as client, client.stream("GET", HOST) as answer:
            async for piece in answer.aiter_raw():
                assert piece == PIECE
                app.read += 1

    run(ask)
    assert app.read == 100
    assert app.most_unread <= 5


def test_a_large_request_is_read_as_it_is_made():
    app = Counting(100)
    with client_of(app) as client:
        client.post(HOST, content=app.content())
    assert app.received == 100 * len(PIECE)
    assert app.most_unreceived <= len(PIECE)


@BOTH_BACKENDS
def test_a_large_request_of_an_async_client_is_read_as_it_is_made(run):
    app = Counting(50)

    async def ask() -> None:
        async with async_client_of(app) as client:
            await client.post(HOST, content=app.async_content())

    run(ask)
    assert app.received == 50 * len(PIECE)
    assert app.most_unreceived <= len(PIECE)


@BOTH_BACKENDS
def test_a_file_is_uploaded_and_comes_back(run, tmp_path):
    content = os.urandom(700_000)
    site = still_site()
    uploads = f"{SERVICES}/Files/FileTransfer/GPServer/uploads"
    file = tmp_path / "points.zip"
    file.write_bytes(content)

    async def ask() -> bytes:
        async with async_client_of(site) as client:
            answer = await client.post(
                f"{uploads}/upload", data=JSON, files={"file": ("points.zip", file.read_bytes())}
            )
            item = answer.json()["item"]["itemID"]
            return (await client.get(f"{uploads}/{item}/download")).content

    assert run(ask) == content
    with client_of(site) as client, file.open("rb") as stream:
        item = client.post(f"{uploads}/upload", data=JSON, files={"file": stream}).json()["item"]["itemID"]
        with client.stream("GET", f"{uploads}/{item}/download") as answer:
            assert b"".join(answer.iter_raw()) == content
    site.close()


def test_an_answer_that_is_not_read_to_its_end_lets_the_application_go():
    app = Counting(1000)
    with client_of(app) as client, client.stream("GET", HOST) as answer:
        next(answer.iter_raw())
    with client_of(Counting(0)) as client:  # which comes after it on the loop
        while app.sent < 1000:
            client.get(HOST)
    assert app.sent == 1000


def test_a_content_that_fails_fails_its_request():
    def content() -> Iterator[bytes]:
        yield b"a"
        raise LookupError("no more")

    with client_of(Counting(0)) as client, pytest.raises(LookupError, match="no more"):
        client.post(HOST, content=content())


# Time limits


def read(answer: Any) -> tuple[list[bytes], Exception | None]:
    """The pieces of an answer, and what is met after them."""
    got: list[bytes] = []
    try:
        got.extend(answer.iter_raw())
    except Exception as error:
        return got, error
    return got, None


async def never(scope: Any, receive: Any, send: Any) -> None:
    """An application that does not answer."""
    await receive()
    await receive()


async def begins(scope: Any, receive: Any, send: Any) -> None:
    """An application that sends a piece and no more."""
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"begun", "more_body": True})
    await never(scope, receive, send)


@LIBRARIES
def test_a_slow_head_meets_the_time_limit_for_reading(library):
    with (
        library.Client(transport=SiteTransport(never), timeout=0.01) as client,
        pytest.raises(library.ReadTimeout, match="timed out") as met,
    ):
        client.get(HOST)
    assert met.value.request.url == HOST


def test_a_slow_body_meets_the_time_limit_for_reading_after_what_came():
    with client_of(begins, timeout=60) as client, client.stream("GET", HOST) as answer:
        answer.request.extensions["timeout"]["read"] = 0.01
        got, met = read(answer)
    assert got == [b"begun"]
    assert isinstance(met, httpx.ReadTimeout)


@LIBRARIES
@BOTH_BACKENDS
def test_async_clients_meet_the_time_limit_too(library, run):
    async def ask() -> None:
        async with library.AsyncClient(transport=AsyncSiteTransport(never), timeout=0.01) as client:
            with pytest.raises(library.ReadTimeout):
                await client.get(HOST)
        transport = AsyncSiteTransport(begins)
        async with (
            library.AsyncClient(transport=transport, timeout=60) as client,
            client.stream("GET", HOST) as answer,
        ):
            answer.request.extensions["timeout"]["read"] = 0.01
            pieces = answer.aiter_raw()
            assert await anext(pieces) == b"begun"
            with pytest.raises(library.ReadTimeout):
                await anext(pieces)

    run(ask)


def test_a_client_that_is_cancelled_leaves():
    left = threading.Event()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        if (await receive())["type"] == "http.disconnect":
            left.set()

    async def ask() -> None:
        async with async_client_of(app) as client, asyncio.timeout(0.01):
            await client.get(HOST)

    with pytest.raises(TimeoutError):
        asyncio.run(ask())
    assert left.wait(20)


# Failures


def failing(kind: str, *, sent: bytes | None = None, length: int | None = 10) -> Any:
    """An application that fails after what it has sent of a body."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        if sent is not None:
            headers = [] if length is None else [(b"content-length", str(length).encode())]
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            await send({"type": "http.response.body", "body": sent, "more_body": True})
        scope["extensions"]["gpharness.in-process"].fail(kind)

    return app


KINDS = {
    "refused": ("ConnectError", "Connection refused"),
    "connect-timeout": ("ConnectTimeout", "timed out"),
    "tls": ("ConnectError", "the TLS handshake failed"),
    "silent": ("ReadTimeout", "timed out"),
    "stalled": ("ReadTimeout", "timed out"),
    "reset": ("ReadError", "Connection reset by peer"),
    "closed": ("RemoteProtocolError", "Server disconnected without sending a response."),
    "cut": (
        "RemoteProtocolError",
        "peer closed connection without sending complete message body (received 5 bytes, expected 10)",
    ),
    "garbage": ("RemoteProtocolError", "illegal bytes from the server"),
}


@LIBRARIES
@pytest.mark.parametrize("kind", KINDS)
def test_a_failure_before_the_head_is_met_by_the_request(library, kind):
    error, text = KINDS["closed" if kind == "cut" else kind]
    with (
        library.Client(transport=SiteTransport(failing(kind))) as client,
        pytest.raises(getattr(library, error)) as met,
    ):
        client.get(HOST)
    assert type(met.value) is getattr(library, error)
    assert str(met.value) == text
    assert met.value.request.url == HOST


@LIBRARIES
@pytest.mark.parametrize("kind", KINDS)
def test_a_failure_in_the_body_is_met_after_what_was_sent(library, kind):
    error, text = KINDS[kind]
    transport = SiteTransport(failing(kind, sent=b"12345"))
    with library.Client(transport=transport) as client, client.stream("GET", HOST) as answer:
        assert answer.status_code == 200
        got, met = read(answer)
    assert got == [b"12345"]
    assert type(met) is getattr(library, error)
    assert str(met) == text
    with library.Client(transport=transport) as client, pytest.raises(getattr(library, error)):
        client.get(HOST)


@LIBRARIES
@BOTH_BACKENDS
@pytest.mark.parametrize("sent", [None, b"12345"])
def test_async_clients_meet_failures_too(library, run, sent):
    async def ask() -> None:
        transport = AsyncSiteTransport(failing("reset", sent=sent))
        async with library.AsyncClient(transport=transport) as client:
            with pytest.raises(library.ReadError, match="Connection reset by peer"):
                await client.get(HOST)

    run(ask)


def test_a_failure_without_a_length_says_so():
    with (
        client_of(failing("cut", sent=b"1", length=None)) as client,
        pytest.raises(httpx.RemoteProtocolError, match=r"\(incomplete chunked read\)"),
    ):
        client.get(HOST)


def test_a_failure_of_no_known_kind_is_told_with_the_nearest():
    with client_of(failing("resett")) as client, pytest.raises(ValueError, match='did you mean "reset"'):
        client.get(HOST)


def reset(connection: socket.socket) -> None:
    linger = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)


HEAD = b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n12345"
ON_SOCKETS: dict[tuple[str, bytes | None], tuple[bytes, Callable[[socket.socket], object]]] = {
    ("closed", None): (b"", lambda _: None),
    ("reset", None): (b"", reset),
    ("garbage", None): (b"no head at all\r\n\r\n", lambda _: None),
    ("cut", b"12345"): (HEAD, lambda _: None),
    ("stalled", b"12345"): (HEAD, lambda connection: connection.recv(1)),
    ("silent", None): (b"", lambda connection: connection.recv(1)),
}


@every_case(("what", "how"), ON_SOCKETS.items(), ids=[kind for kind, _ in ON_SOCKETS])
def test_a_failure_is_the_one_that_a_socket_brings(what, how):
    (kind, sent), (written, act) = what, how

    def answer(listener: socket.socket) -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(65536)
            connection.sendall(written)
            act(connection)

    with socket.create_server(("127.0.0.1", 0)) as listener, ThreadPoolExecutor(1) as threads:
        answered = threads.submit(answer, listener)
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        patience = 0.05 if kind in ("silent", "stalled") else 20.0
        with (
            httpx.Client(trust_env=False, timeout=patience) as client,
            pytest.raises(httpx.HTTPError) as wanted,
        ):
            client.get(url)
        answered.result()
    with client_of(failing(kind, sent=sent)) as client, pytest.raises(httpx.HTTPError) as met:
        client.get(url)
    assert type(met.value) is type(wanted.value)
    if kind in ("closed", "cut", "silent", "stalled"):
        assert str(met.value) == str(wanted.value)


def test_a_port_on_which_nobody_listens_is_refused_with_the_same_error():
    with socket.socket() as taken, httpx.Client(trust_env=False) as client:
        taken.bind(("127.0.0.1", 0))
        for scheme in ("http", "https"):
            with pytest.raises(httpx.ConnectError, match="Connection refused"):
                client.get(f"{scheme}://127.0.0.1:{taken.getsockname()[1]}")


async def whole_then_reset(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"whole"})
    scope["extensions"]["gpharness.in-process"].fail("reset")
    await send({"type": "http.response.body", "body": b"more"})


def test_a_failure_after_the_whole_answer_is_not_met():
    with client_of(whole_then_reset) as client:
        assert client.get(HOST).content == b"whole"


def returning(*messages: dict[str, Any]) -> Any:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        for message in messages:
            await send(message)

    return app


def start(*headers: tuple[bytes, bytes]) -> dict[str, Any]:
    return {"type": "http.response.start", "status": 200, "headers": list(headers)}


def body(piece: bytes, more: bool = False) -> dict[str, Any]:
    return {"type": "http.response.body", "body": piece, "more_body": more}


TEN = (b"content-length", b"10")


@every_case(
    ("app", "text"),
    [
        (returning(), "Server disconnected without sending a response."),
        (returning(start(TEN)), "received 0 bytes, expected 10"),
        (returning(start(TEN), body(b"123", more=True)), "received 3 bytes, expected 10"),
        (returning(start(TEN), body(b"123")), "received 3 bytes, expected 10"),
        (returning(start(), body(b"123", more=True)), "incomplete chunked read"),
    ],
)
def test_an_answer_that_breaks_off_is_no_answer(app, text):
    with client_of(app) as client, pytest.raises(httpx.RemoteProtocolError) as met:
        client.get(HOST)
    assert text in str(met.value)


def test_what_is_longer_than_announced_is_read_to_its_length():
    with client_of(returning(start(TEN), body(b"12345678", more=True), body(b"90and more"))) as client:
        assert client.get(HOST).content == b"1234567890"


class Unexpected(BaseException):
    """What no application should raise."""


@pytest.mark.parametrize("kind", [LookupError, Unexpected, SystemExit])
def test_what_an_application_raises_is_raised_in_the_clients_thread(kind):
    async def app(scope: Any, receive: Any, send: Any) -> None:
        raise kind("broken")

    with client_of(app) as client, pytest.raises(kind, match="broken"):
        client.get(HOST)
    with client_of(echo_site()) as client:
        assert client.get(SERVICES, params=JSON).status_code == 200


# Which addresses are answered


def test_without_a_host_any_is_answered_and_addresses_start_with_it():
    with client_of(still_site()) as client:
        for host in ("http://localhost:6080", "https://gis.example.gov", "https://[::1]:6443"):
            info = client.get(f"{host}/arcgis/rest/info", params=JSON).json()
            assert info["authInfo"]["tokenServicesUrl"].startswith(f"{host}/arcgis/")


@LIBRARIES
def test_another_host_is_refused_with_what_is_answered(library):
    with library.Client(transport=SiteTransport(still_site(), HOST)) as client:
        assert client.get(f"{SERVICES}?f=json").status_code == 200
        assert client.get("https://GIS.example.gov:443/arcgis/rest/services?f=json").status_code == 200
        for url in ("https://www.example.com/arcgis?token=secret", f"http{HOST[5:]}/arcgis", f"{HOST}:6443/"):
            with pytest.raises(library.ConnectError) as met:
                client.get(url)
            text = str(met.value)
            assert text.startswith(f"{url.partition('?')[0]} is not answered in process; {HOST} is: ")
            assert "give the client that address, or the transport no host" in text


FILES = "Files/FileTransfer/GPServer"
PLACES = {
    "as it is": ("arcgis", None, "https://gis.example.gov/arcgis"),
    "another context": ("arcgis", None, "https://gis.example.gov/server"),
    "behind a prefix": ("arcgis", None, "https://gis.example.gov:6443/maps/gis/server"),
    "another public address": ("other", "https://public.example.com", "https://gis.example.gov/server"),
    "a context with a space": ("arcgis", None, "https://gis.example.gov/my%20server"),
}


@every_case(("context", "public_url", "base"), PLACES.values(), ids=PLACES)
def test_a_site_stands_at_the_address_that_it_is_given(context, public_url, base):
    site = still_site(context=context, public_url=public_url)
    assert isinstance(site.clock, ManualClock)
    with client_of(site, base) as client:
        info = client.get(f"{base}/rest/info", params=JSON).json()
        assert info["authInfo"]["tokenServicesUrl"].startswith(f"{base}/")
        task = f"{base}/rest/services/{FILES}/ZipFile"
        sent = client.post(
            f"{base}/rest/services/{FILES}/uploads/upload", data=JSON, files={"file": ("a.txt", b"a")}
        )
        item = json.dumps({"itemID": sent.json()["item"]["itemID"]})
        name = client.get(task, params=JSON).json()["parameters"][0]["name"]
        job = client.post(f"{task}/submitJob", data={name: item, **JSON}).json()["jobId"]
        site.clock.advance(10)
        answer = client.get(f"{task}/jobs/{job}", params=JSON).json()
        assert answer["jobStatus"] == "esriJobSucceeded", answer
        result = client.get(
            f"{task}/jobs/{job}/{next(iter(answer['results'].values()))['paramUrl']}", params=JSON
        )
        url = result.json()["value"]["url"]
        assert url.startswith(f"{base}/rest/directories/")
        assert client.get(url).content[:2] == b"PK"
        for outside in (base.rpartition("/")[0] + "/elsewhere", base + "2/rest/services", base[: -len("/x")]):
            with pytest.raises(httpx.ConnectError, match="is not answered in process; what is below"):
                client.get(outside)
    assert site.context == context
    assert site.public_url == public_url
    site.close()


def test_what_is_set_on_a_site_holds_at_its_other_address():
    site = still_site()
    with client_of(site, f"{HOST}/server") as client:
        site.sign_in_hint = "Ask the desk."
        assert "Ask the desk." in client.get(f"{HOST}/server/rest/login").text
        assert "Ask the desk." in client_of(site).get(f"{HOST}/arcgis/rest/login").text


def test_names_behind_a_tilde_are_part_of_the_sites_address():
    seen = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.append((scope["path"], scope["raw_path"]))
        await returning(start(), body(b""))(scope, receive, send)

    with client_of(app, f"{HOST}/gis") as client:
        client.get(f"{HOST}/gis~results-late/rest")
        client.get(f"{HOST}/gis/arcgis~results-late/r%20t?a=b")
    assert seen == [
        ("~results-late/rest", b"~results-late/rest"),
        ("/arcgis~results-late/r t", b"/arcgis~results-late/r%20t"),
    ]


@pytest.mark.parametrize("sites", [list, MockServer], ids=["a list", "a server"])
def test_several_sites_stand_below_a_host(sites):
    several = sites([still_site(context="one"), still_site(context="two")])
    with client_of(several, f"{HOST}/gis") as client:
        for context in ("one", "two"):
            info = client.get(f"{HOST}/gis/{context}/rest/info", params=JSON).json()
            assert info["authInfo"]["tokenServicesUrl"].startswith(f"{HOST}/gis/{context}/")
        assert client.get(f"{HOST}/gis/three/rest/info").status_code == 404


def test_a_server_that_runs_is_asked_past_its_socket():
    with serve(still_site()) as server, client_of(server) as client:
        assert client.get(SERVICES, params=JSON).status_code == 200


def test_a_site_that_a_server_serves_remains_its_own():
    site = still_site()
    with serve(site) as server:
        with client_of(site) as client, client_of([site]) as other:
            for each in (client, other):
                assert each.get(SERVICES, params=JSON).status_code == 200
        assert site.server is server.app


def test_two_sites_of_one_context_are_told():
    with pytest.raises(SiteError, match="context 'arcgis' is taken"):
        SiteTransport([Site(), Site()])


@pytest.mark.parametrize(
    "host", ["gis.example.gov", "ftp://gis.example.gov", "https://gis.example.gov?f=json"]
)
def test_a_host_that_is_no_address_is_told(host):
    with pytest.raises(SiteError, match="expected an http or https address"):
        SiteTransport(Site(), host)


def test_each_transport_is_a_client_of_its_own():
    seen = set()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.add(scope["client"])
        await returning(start(), body(b""))(scope, receive, send)

    for _ in range(2):
        with client_of(app) as client:
            client.get(HOST)
            client.get(HOST)
    assert len(seen) == 2
    assert {host for host, _ in seen} == {"127.0.0.1"}


def test_only_what_the_package_has_is_found_in_it():
    assert set(in_process.__all__) == {"AsyncSiteTransport", "SiteTransport", "UnknownHost", "router"}
    with pytest.raises(AttributeError, match="has no attribute 'Transport'"):
        in_process.Transport  # noqa: B018


# The site that every test makes for itself


def test_built_in_sites_share_what_never_changes_and_nothing_else():
    first, second = builtin_site(seed=1), builtin_site(seed=2)
    one, other = (site.find_task("WorldViewshed/viewshed") for site in (first, second))
    assert one.descriptor is other.descriptor
    assert one.timeline is other.timeline
    assert one is not other
    assert one.service is not other.service
    assert (one.service.site, other.service.site) == (first, second)
    first.task("WorldViewshed/viewshed").fails()
    assert one.rules
    assert other.rules == []
    first.services["WorldViewshed"].secure()
    assert not second.services["WorldViewshed"].is_secured


def test_built_in_sites_of_two_versions_differ():
    old, new = builtin_site(version="10.91"), builtin_site(version="12.0")
    echo = "DataTypes/Echo/Echo"
    assert old.find_task(echo).descriptor != new.find_task(echo).descriptor
    assert old.services["DataTypes/Echo"].profile.name == "10.91"
