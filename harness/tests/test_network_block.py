"""A block lets nothing in the process reach another machine, by whatever way; loopback it lets through."""

from __future__ import annotations

import asyncio
import http.client
import selectors
import socket
import sys
import threading
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from typing import Any

import anyio
import httpx
import httpx2
import pytest
import trio
from gp_mockserver.server import serve
from gp_mockserver.sites import Site
from gpharness.network_block import NetworkBlocked, blocked_network

from every_case import every_case

uvloop = pytest.importorskip("uvloop") if sys.platform != "win32" else None
NAME = "gis.invalid"
NUMBER = "192.0.2.1"
BITS = "3221225985"
"""The same number in another spelling."""
SIX = "2001:db8::1"


def in_loop(kind: str) -> Callable[[Callable[[], Any]], Any]:
    """Runs an async function on asyncio, on uvloop or on trio."""
    if kind == "trio":
        return trio.run
    if kind == "uvloop":
        return lambda function: asyncio.Runner(loop_factory=uvloop.new_event_loop).run(function())
    return lambda function: asyncio.run(function())


LOOPS = ["asyncio", "trio", *(["uvloop"] if uvloop else [])]
ASYNCIO = [kind for kind in LOOPS if kind != "trio"]


def with_socket(
    use: Callable[[socket.socket], Any], kind: int = socket.SOCK_STREAM, family: int = socket.AF_INET
) -> None:
    with socket.socket(family, kind) as made:
        made.setblocking(False)
        use(made)


WAYS: dict[str, tuple[str, Callable[[], Any]]] = {
    "getaddrinfo": (NAME, lambda: socket.getaddrinfo(NAME, 80)),
    "getaddrinfo of bytes": (NAME, lambda: socket.getaddrinfo(NAME.encode(), 80)),
    "gethostbyname": (NAME, lambda: socket.gethostbyname(NAME)),
    "gethostbyname_ex": (NAME, lambda: socket.gethostbyname_ex(NAME)),
    "gethostbyaddr": (NUMBER, lambda: socket.gethostbyaddr(NUMBER)),
    "getnameinfo": (NUMBER, lambda: socket.getnameinfo((NUMBER, 80), 0)),
    "getfqdn": (NAME, lambda: socket.getfqdn(NAME)),
    "create_connection": (NUMBER, lambda: socket.create_connection((NUMBER, 80), timeout=0.1)),
    "connect": (NUMBER, lambda: with_socket(lambda made: made.connect((NUMBER, 80)))),
    "connect to a name": (NAME, lambda: with_socket(lambda made: made.connect((NAME, 80)))),
    "connect to a number of 32 bits": (BITS, lambda: with_socket(lambda made: made.connect((BITS, 80)))),
    "connect_ex": (NUMBER, lambda: with_socket(lambda made: made.connect_ex((NUMBER, 80)))),
    "connect by six": (
        SIX,
        lambda: with_socket(lambda made: made.connect((SIX, 80, 0, 0)), family=socket.AF_INET6),
    ),
    "sendto": (
        NUMBER,
        lambda: with_socket(lambda made: made.sendto(b"x", (NUMBER, 80)), socket.SOCK_DGRAM),
    ),
    "sendto a name, with flags": (
        NAME,
        lambda: with_socket(lambda made: made.sendto(b"x", 0, (NAME, 80)), socket.SOCK_DGRAM),
    ),
    "broadcast": (
        "<broadcast>",
        lambda: with_socket(lambda made: made.sendto(b"x", ("<broadcast>", 80)), socket.SOCK_DGRAM),
    ),
    "urllib": (NAME, lambda: urllib.request.build_opener(urllib.request.ProxyHandler({})).open(f"http://{NAME}")),
    "http.client": (NUMBER, lambda: http.client.HTTPConnection(NUMBER, timeout=0.1).request("GET", "/")),
    "httpx": (NAME, lambda: httpx.Client(trust_env=False).get(f"http://{NAME}")),
    "httpx by number": (NUMBER, lambda: httpx.Client(trust_env=False, timeout=0.1).get(f"http://{NUMBER}")),
    "httpx2": (NAME, lambda: httpx2.Client(trust_env=False).get(f"http://{NAME}")),
}  # fmt: skip
if hasattr(socket.socket, "sendmsg"):
    WAYS["sendmsg"] = (
        NUMBER,
        lambda: with_socket(lambda made: made.sendmsg([b"x"], [], 0, (NUMBER, 80)), socket.SOCK_DGRAM),
    )
    WAYS["sendmsg to a name"] = (
        NAME,
        lambda: with_socket(lambda made: made.sendmsg([b"x"], [], 0, (NAME, 80)), socket.SOCK_DGRAM),
    )


def refused_in(error: BaseException) -> NetworkBlocked:
    """The refusal that an error is, or that a group of them holds."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    assert isinstance(error, NetworkBlocked), repr(error)
    return error


@every_case(("host", "way"), WAYS.values(), ids=WAYS)
def test_no_way_leads_to_another_machine(host, way):
    with blocked_network() as block, pytest.raises(NetworkBlocked) as met:
        way()
    assert block.refused == [host]
    assert str(met.value).startswith(f"{host} was to be reached, and the network is blocked: ")
    assert f"blocked_network(allow=['{host}'])" in str(met.value)


async def open_by_asyncio(host: str) -> None:
    await asyncio.open_connection(host, 80)


async def get_by_httpx(host: str) -> None:
    async with httpx.AsyncClient(trust_env=False, timeout=0.1) as client:
        await client.get(f"http://{host}")


async def open_by_anyio(host: str) -> None:
    await (await anyio.connect_tcp(host, 80)).aclose()


async def open_by_trio(host: str) -> None:
    await (await trio.open_tcp_stream(host, 80)).aclose()


async def send_by_asyncio(host: str) -> None:
    loop = asyncio.get_running_loop()
    await loop.create_datagram_endpoint(asyncio.DatagramProtocol, remote_addr=(host, 80))


async def look_up_by_asyncio(host: str) -> None:
    loop = asyncio.get_running_loop()
    await loop.getaddrinfo(host, 80)


async def connect_a_socket(host: str) -> None:
    loop = asyncio.get_running_loop()
    with socket.socket() as made:
        made.setblocking(False)
        await loop.sock_connect(made, (host, 80))


ASYNC_WAYS = [
    *((kind, open_by_asyncio, host) for kind in ASYNCIO for host in (NAME, NUMBER)),
    *((kind, get_by_httpx, host) for kind in LOOPS for host in (NAME, NUMBER)),
    *((kind, open_by_anyio, host) for kind in LOOPS for host in (NAME, NUMBER)),
    *((kind, send_by_asyncio, host) for kind in ASYNCIO for host in (NAME, NUMBER)),
    *((kind, look_up_by_asyncio, NAME) for kind in ASYNCIO),
    *((kind, connect_a_socket, NUMBER) for kind in ASYNCIO),
    ("trio", open_by_trio, NAME),
    ("trio", open_by_trio, NUMBER),
]


@every_case(("kind", "way", "host"), ASYNC_WAYS)
def test_no_async_way_leads_to_another_machine(kind, way, host):
    with blocked_network() as block, pytest.raises(BaseException) as met:  # noqa: PT011
        in_loop(kind)(lambda: way(host))
    assert host in str(refused_in(met.value))
    assert set(block.refused) == {host}


@pytest.mark.skipif(uvloop is None, reason="no uvloop on this system")
def test_uvloop_names_no_number_and_sends_no_datagram_from_everywhere():
    async def name() -> None:
        await asyncio.get_running_loop().getnameinfo((NUMBER, 80))

    async def unbound() -> None:
        loop = asyncio.get_running_loop()
        await loop.create_datagram_endpoint(asyncio.DatagramProtocol, local_addr=("0.0.0.0", 0))

    async def bound() -> None:
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(
            asyncio.DatagramProtocol, local_addr=("127.0.0.1", 0)
        )
        transport.close()

    with blocked_network() as block:
        for way in (name, unbound):
            with pytest.raises(NetworkBlocked):
                in_loop("uvloop")(way)
        in_loop("uvloop")(bound)
    assert block.refused == [NUMBER, "a datagram socket of uvloop that is bound to no loopback address"]


def test_a_socket_that_is_not_connected_is_closed():
    with blocked_network(), socket.socket() as stream, socket.socket(type=socket.SOCK_DGRAM) as datagrams:
        for made in (stream, datagrams):
            with pytest.raises(NetworkBlocked):
                made.connect((NUMBER, 80))
        assert stream.fileno() == -1
        assert datagrams.fileno() != -1


def test_threads_are_blocked_too():
    with blocked_network() as block, ThreadPoolExecutor(1) as threads:
        error = threads.submit(socket.getaddrinfo, NAME, 80).exception()
    assert isinstance(error, NetworkBlocked)
    assert block.refused == [NAME]


def test_what_was_tried_is_known_although_the_error_was_caught():
    with blocked_network() as block:
        for _ in range(2):
            with suppress(Exception):
                httpx.get(f"http://{NAME}", trust_env=False)
    assert block.refused == [NAME, NAME]


# What is let through


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with serve(Site()) as server:
        yield server.url


def test_a_server_on_loopback_is_served_and_asked(url):
    async def ask() -> int:
        async with httpx.AsyncClient(trust_env=False) as client:
            return (await client.get(f"{url}/rest/services?f=json")).status_code

    with blocked_network() as block:
        for host in ("127.0.0.1", "localhost", "LOCALHOST", "127.1", "[::ffff:127.0.0.1]", "0.0.0.0"):
            there = url.replace("127.0.0.1", host)
            with httpx.Client(trust_env=False) as client:
                assert client.get(f"{there}/rest/services?f=json").status_code == 200, host
        for kind in LOOPS:
            assert in_loop(kind)(ask) == 200
        with serve(Site()) as server, httpx.Client(trust_env=False) as client:
            assert client.get(f"{server.url}/rest/services?f=json").status_code == 200
    assert block.refused == []


def test_the_machines_own_name_is_let_through():
    with blocked_network():  # as servers on all interfaces ask for it; looked up here it might be asked for
        sys.audit("socket.gethostbyaddr", socket.gethostname())
        sys.audit("socket.getaddrinfo", socket.gethostname().upper(), 80, 0, 0, 0)


def test_sockets_of_this_machine_and_nameless_look_ups_are_let_through():
    with blocked_network() as block:
        left, right = socket.socketpair()
        with left, right, selectors.DefaultSelector():
            left.sendall(b"x")
            assert right.recv(1) == b"x"
        assert socket.getaddrinfo(None, 80)
        assert socket.getaddrinfo(NUMBER, 80)[0][4] == (NUMBER, 80)
        assert asyncio.run(asyncio.sleep(0)) is None
    assert block.refused == []


def test_a_datagram_reaches_loopback():
    with blocked_network(), socket.socket(type=socket.SOCK_DGRAM) as there:
        there.bind(("127.0.0.1", 0))
        there.settimeout(20)
        with socket.socket(type=socket.SOCK_DGRAM) as here:
            here.sendto(b"a", there.getsockname())
            assert there.recv(1) == b"a"
            here.connect(there.getsockname())
            here.send(b"b")
            assert there.recv(1) == b"b"
            if hasattr(here, "sendmsg"):
                here.sendmsg([b"c"])
                assert there.recv(1) == b"c"


@pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="no unix sockets on this system")
def test_unix_sockets_are_let_through(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # a unix socket's path may be no longer than about 100 bytes

    async def by_loop() -> None:
        _, writer = await asyncio.open_unix_connection("socket")
        writer.close()
        await writer.wait_closed()

    with blocked_network() as block, socket.socket(socket.AF_UNIX) as listener:
        listener.bind("socket")
        listener.listen()
        with socket.socket(socket.AF_UNIX) as client:
            client.connect("socket")
        for kind in ASYNCIO:
            in_loop(kind)(by_loop)
    assert block.refused == []


def tried(*hosts: str) -> list[str]:
    """Those of some hosts that are refused, without any of them being tried: the hook is told of them."""
    refused = []
    with socket.socket(type=socket.SOCK_DGRAM) as made:
        for host in hosts:
            try:
                sys.audit("socket.connect", made, (host, 80))
            except NetworkBlocked:
                refused.append(host)
    return refused


@every_case(
    ("allow", "let_through", "refused"),
    [
        ([], ["127.0.0.1", "127.8.9.10", "::1", "localhost", "0.0.0.0", "::", ""], [NUMBER, SIX, NAME]),
        ([NUMBER], [NUMBER, "::1", f"::ffff:{NUMBER}"], ["192.0.2.2", SIX, NAME]),
        (["192.0.2.0/24"], [NUMBER, "192.0.2.254"], ["192.0.3.1", SIX]),
        (["2001:db8::/32"], [SIX, f"{SIX}%eth0"], [NUMBER, "2001:db9::1"]),
        ("GIS.invalid.", [NAME, "gis.INVALID", "gis.invalid."], ["www.gis.invalid", "invalid"]),
    ],
)
def test_hosts_are_allowed_by_name_number_and_network(allow, let_through, refused):
    with blocked_network(allow):
        assert tried(*let_through) == []
        assert tried(*refused) == refused


def test_the_numbers_of_a_name_that_is_allowed_are_allowed(monkeypatch):
    monkeypatch.setattr(
        socket, "getaddrinfo", lambda *_: [(2, 1, 6, "", (NUMBER, 0)), (10, 1, 6, "", (SIX, 0, 0, 0))]
    )
    with blocked_network([NAME]):
        assert tried(NUMBER, SIX) == []
        assert tried("192.0.2.2") == ["192.0.2.2"]


def test_the_inner_block_decides():
    with blocked_network():
        with blocked_network([NUMBER]) as inner:
            assert tried(NUMBER, "192.0.2.2") == ["192.0.2.2"]
            assert inner.refused == ["192.0.2.2"]
        assert tried(NUMBER) == [NUMBER]


def test_outside_of_blocks_nothing_is_refused():
    with blocked_network():
        assert tried(NUMBER) == [NUMBER]
    assert tried(NUMBER, NAME) == []
    with closing(socket.socket()) as made, pytest.raises(TypeError):
        made.connect()  # type: ignore[call-arg]


def test_blocks_of_threads_may_end_in_any_order():
    first_ends, first_ended = threading.Event(), threading.Event()

    def hold() -> None:
        with blocked_network():
            first_ends.wait()
        first_ended.set()

    thread = threading.Thread(target=hold)
    with blocked_network([NUMBER]):
        thread.start()
        assert tried("192.0.2.2") == ["192.0.2.2"]
    first_ends.set()
    first_ended.wait()
    thread.join()
    assert tried(NUMBER) == []


@pytest.mark.skipif(not hasattr(socket, "AF_VSOCK"), reason="no such sockets on this system")
def test_addresses_of_other_kinds_are_refused():
    with blocked_network() as block:
        try:
            made = socket.socket(socket.AF_VSOCK)
        except OSError:
            pytest.skip("this kernel has none")
        with made, pytest.raises(NetworkBlocked):
            made.connect((2, 80))
    assert block.refused == ["(2, 80)"]
