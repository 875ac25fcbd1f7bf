"""Doors of a running server, as a plain socket at the other end meets them."""

from __future__ import annotations

import asyncio
import gc
import re
import socket
import ssl
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest
import trustme
from gp_mockserver.doors import certificate_context, new_authority
from gp_mockserver.doors.door import MODES, Door, in_loop
from gp_mockserver.doors.errors import DoorError
from gp_mockserver.errors import MockServerError
from gp_mockserver.server import RunningServer, serve
from gp_mockserver.sites import Site

PATIENCE = 20.0
GET = b"GET /tools/rest/info?f=json HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n"
OK = b"HTTP/1.1 200 OK\r\n"


@pytest.fixture(scope="module", params=["asyncio"] if sys.platform == "win32" else ["uvloop", "asyncio"])
def running(request: pytest.FixtureRequest) -> Iterator[RunningServer]:
    with pytest.MonkeyPatch.context() as patched:
        if request.param == "asyncio":
            patched.setitem(sys.modules, "uvloop", None)
        with serve(Site("tools")) as running:
            yield running


@pytest.fixture
def door(running: RunningServer) -> Iterator[Door]:
    with running.open_door() as door:
        yield door


@pytest.fixture(scope="module")
def authority() -> bytes:
    return new_authority()


@pytest.fixture(scope="module")
def trusting(authority: bytes) -> ssl.SSLContext:
    certificate = authority[authority.index(b"-----BEGIN CERTIFICATE") :]
    return ssl.create_default_context(cadata=certificate.decode())


@pytest.fixture(scope="module")
def secure(authority: bytes) -> Iterator[RunningServer]:
    with serve(Site("tools"), tls=certificate_context("127.0.0.1", authority=authority)) as running:
        yield running


def connected(door: Door, timeout: float = PATIENCE) -> socket.socket:
    return socket.create_connection(("127.0.0.1", door.port), timeout=timeout)


def met(door: Door) -> str:
    """What a client meets that asks for something: words of the kernel's, or the status line."""
    try:
        connection = connected(door)
    except ConnectionRefusedError:
        return "refused"
    except ConnectionResetError:  # before `connect` has returned
        return "RST"
    with closing(connection):
        received = b""
        try:
            connection.sendall(GET)
            while chunk := connection.recv(65536):
                received += chunk
        except (ConnectionResetError, BrokenPipeError):
            return "RST"
        return "FIN" if not received else received.partition(b"\r\n")[0].decode()


SERVED = "HTTP/1.1 200 OK"


def never_connects(door: Door) -> bool:
    with socket.socket() as client:
        client.settimeout(0.15)
        try:
            client.connect(("127.0.0.1", door.port))
        except TimeoutError:
            return True
    return False


def is_kept_silent(door: Door) -> bool:
    """Whether what is sent is not answered, and the connection stays."""
    with closing(connected(door, timeout=0.05)) as client:
        client.sendall(GET * 1000)
        with pytest.raises(TimeoutError):
            client.recv(1)
    return True


def test_a_door_serves_the_same_sites_at_a_port_of_its_own(running, door):
    assert door.url == f"http://127.0.0.1:{door.port}"
    assert door.url != running.root
    assert door.mode == "serve"
    assert met(door) == SERVED
    assert met(door) == SERVED
    assert door.count == 2


@pytest.mark.parametrize(
    ("mode", "meets", "count"),
    [("refuse", "refused", None), ("close-at-accept", "FIN", 3), ("reset-at-accept", "RST", 3)],
)
def test_connections_fare_as_the_mode_says_for_as_long_as_it_holds(running, mode, meets, count):
    with running.open_door(mode) as door:
        port = door.port
        assert [met(door) for _ in range(3)] == [meets] * 3
        assert door.count == count
        door.change("serve")
        assert door.port == port
        assert met(door) == SERVED
        door.change(mode)
        assert met(door) == meets


def test_a_connection_at_which_nothing_is_sent_ends_when_the_client_or_the_mode_goes(door):
    door.change("accept-only")
    assert is_kept_silent(door)
    with closing(connected(door)) as kept:
        while door.count != 2:
            pass
        door.change("serve")
        assert kept.recv(1) == b""
    assert met(door) == SERVED


@pytest.mark.skipif(sys.platform != "linux", reason="what a full backlog does is the system's own")
def test_a_connection_that_is_never_accepted_does_not_come_about(door):
    door.change("never-accept")
    assert never_connects(door)
    assert never_connects(door)
    assert door.count is None
    door.change("serve")
    assert met(door) == SERVED


@pytest.mark.parametrize("mode", ["accept-only", "close-at-accept", "reset-at-accept"])
def test_so_many_connections_deviate_and_those_after_them_are_served(door, mode):
    door.change(mode, times=2)
    met_first = [is_kept_silent(door) if mode == "accept-only" else met(door) for _ in range(2)]
    assert SERVED not in met_first
    assert [met(door), met(door)] == [SERVED, SERVED]
    assert door.count == 2


def test_exactly_so_many_deviate_of_connections_that_come_together(door):
    door.change("close-at-accept", times=10)
    together = [connected(door) for _ in range(40)]
    for each in together:
        each.sendall(GET)
    ends = [each.recv(17) for each in together]
    for each in together:
        each.close()
    assert ends.count(b"") == 10
    assert ends.count(OK) == 30


def test_a_served_connection_outlives_a_change_of_mode(door):
    with closing(connected(door)) as client:
        client.sendall(GET[:10])
        door.change("refuse")
        assert met(door) == "refused"
        client.sendall(GET[10:])
        assert client.recv(17) == OK


def test_a_door_that_is_closed_refuses_and_stays_so(running):
    door = running.open_door()
    door.close()
    door.close()
    assert met(door) == "refused"
    with pytest.raises(DoorError, match="closed: open another one"):
        door.change("serve")


def test_its_port_is_nobody_elses_between_two_modes(door):
    door.change("refuse")
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with pytest.raises(OSError, match="in use"):
            other.bind(("127.0.0.1", door.port))


def test_doors_are_opened_and_changed_from_the_server_s_own_loop(running):
    seen = []

    def in_the_server() -> None:
        with running.open_door("refuse") as door:
            door.change("close-at-accept", times=1)
            seen.append(door.mode)

    in_loop(the_loop(running), in_the_server)
    assert seen == ["close-at-accept"]


@pytest.mark.parametrize(
    ("before", "after", "meets"),
    [
        ("serve", "refuse", OK),
        ("serve", "reset-at-accept", OK),
        ("accept-only", "serve", b""),
        ("serve", None, b""),
        ("accept-only", None, b""),
    ],
)
def test_who_has_connected_before_a_change_meets_what_was_before(running, before, after, meets):
    """Though nobody has accepted the connection yet: the loop has not turned meanwhile."""

    def in_the_server() -> socket.socket:
        client = connected(door)
        if meets:
            client.sendall(GET)
        door.change(before if after is None else after)
        if after is None:
            door.close()
        return client

    with running.open_door(before) as door, closing(in_loop(the_loop(running), in_the_server)) as client:
        assert client.recv(17) == meets


def test_who_has_not_shaken_hands_is_let_go_when_the_door_closes(running, authority):
    context = certificate_context("127.0.0.1", authority=authority)
    with running.open_door("certificate", context=context) as door, closing(connected(door)) as client:
        while door.count != 1:
            pass
        door.close()
        assert client.recv(1) == b""


def the_loop(running: RunningServer) -> asyncio.AbstractEventLoop:
    with running.open_door() as door:
        return door._behind.loop


def test_doors_change_from_many_threads_at_once(running):
    failed = []

    def use() -> None:
        with running.open_door("refuse") as door:
            for mode in ("serve", "close-at-accept", "refuse", "serve"):
                door.change(mode)
            if met(door) != SERVED:
                failed.append(door)

    users = [threading.Thread(target=use) for _ in range(8)]
    for each in users:
        each.start()
    for each in users:
        each.join()
    assert failed == []


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        (
            {"mode": "refused"},
            r"mode: met 'refused', expected one of serve, refuse, .*; did you mean \"refuse\"",
        ),
        ({"mode": "serve", "times": 0}, "times: met 0, expected 1 or more connections"),
        ({"mode": "certificate"}, "context: give an ssl.SSLContext with mode 'certificate'"),
        ({"mode": "serve", "context": ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)}, "and with no other"),
        (
            {"mode": "certificate", "times": 1, "context": ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)},
            "no certificate of its own",
        ),
    ],
)
def test_what_a_door_cannot_do_is_said(running, door, asked, says):
    with pytest.raises(DoorError, match=says):
        running.open_door(**asked)
    with pytest.raises(DoorError, match=says):
        door.change(**asked)
    assert door.mode == "serve"


def test_every_mode_ends_with_the_server_and_leaves_nothing(recwarn):
    before = set(threading.enumerate())
    context = certificate_context("127.0.0.1")
    clients = []
    with serve(Site("tools")) as running:
        doors = [
            running.open_door(mode, context=context if mode == "certificate" else None) for mode in MODES
        ]
        for door in doors:
            if door.mode not in ("refuse", "never-accept"):
                clients += [connected(door) for _ in range(5)]
        doors[0].change("accept-only")
        clients += [connected(doors[0]) for _ in range(5)]
        open_door = running.open_door
    assert set(threading.enumerate()) <= before
    assert [met(door) for door in doors] == ["refused"] * len(MODES)
    for each in clients:
        each.close()
    with pytest.raises(MockServerError, match="the server has ended"):
        open_door()
    with pytest.raises(DoorError, match="the server has ended"):
        doors[0].change("refuse")
    for door in doors:
        door.close()
    gc.collect()
    assert [str(each.message) for each in recwarn] == []


def shaken(door: Door, trusting: ssl.SSLContext, host: str = "127.0.0.1") -> str:
    """What a client that trusts the authority says of a door's certificate, or what it is answered."""
    with closing(connected(door)) as plain:
        try:
            secured = trusting.wrap_socket(plain, server_hostname=host)
        except ssl.SSLCertVerificationError as error:
            return error.verify_message
        with closing(secured):
            secured.sendall(GET)
            return secured.recv(15).decode()


TOMORROW = datetime.now(UTC) + timedelta(days=1)
YESTERDAY = datetime.now(UTC) - timedelta(days=1)


@pytest.mark.parametrize(
    ("host", "until", "says"),
    [
        ("127.0.0.1", None, SERVED),
        ("127.0.0.1", TOMORROW, SERVED),
        ("127.0.0.1", YESTERDAY, "certificate has expired"),
        ("127.0.0.1", YESTERDAY.replace(tzinfo=None), "certificate has expired"),
        ("gis.example.com", None, "IP address mismatch"),
    ],
)
@pytest.mark.parametrize("by_tls", [True, False])
def test_a_certificate_is_wrong_in_the_one_way_that_was_chosen(
    running, secure, authority, trusting, by_tls, host, until, says
):
    server = secure if by_tls else running
    context = certificate_context(host, until, authority=authority)
    with server.open_door("certificate", context=context) as door:
        assert door.url.startswith("https://")
        assert says in shaken(door, trusting)
        assert says in shaken(door, trusting)
        assert door.count == 2
        door.change("serve")
        assert door.url.startswith("https://" if by_tls else "http://")


def test_after_so_many_wrong_certificates_the_server_s_own_is_shown(secure, authority, trusting):
    context = certificate_context("127.0.0.1", YESTERDAY, authority=authority)
    with secure.open_door("certificate", times=2, context=context) as door:
        said = [shaken(door, trusting) for _ in range(4)]
    assert said == ["certificate has expired"] * 2 + [SERVED] * 2


def test_an_authority_of_nobody_s_is_not_trusted(running, trusting):
    with running.open_door("certificate", context=certificate_context("127.0.0.1")) as door:
        assert "unable to get local issuer" in shaken(door, trusting)


def test_behind_a_certificate_the_site_answers_by_https(running, authority, trusting):
    context = certificate_context("127.0.0.1", authority=authority)
    page = GET.replace(b"/tools/rest/info?f=json", b"/").replace(b"here", b"127.0.0.1:7")
    with (
        running.open_door("certificate", context=context) as door,
        closing(trusting.wrap_socket(connected(door), server_hostname="127.0.0.1")) as client,
    ):
        client.sendall(page)
        received = b""
        while chunk := client.recv(65536):
            received += chunk
    assert re.search(rb'href="https://127.0.0.1:7/tools/', received)


@pytest.mark.parametrize("authority", [b"", b"no certificate", trustme.CA().cert_pem.bytes()])
def test_an_authority_without_its_key_is_refused(authority):
    with pytest.raises(DoorError, match="the key and the certificate of an authority in PEM form"):
        certificate_context("127.0.0.1", authority=authority)


@pytest.mark.parametrize(
    ("host", "until"), [("127.0.0.1", datetime(1999, 1, 1)), ("", None), ("a b.example", None)]
)
def test_a_certificate_that_nobody_can_issue_is_refused(host, until):
    with pytest.raises(DoorError, match="no certificate for"):
        certificate_context(host, until)


def test_a_missing_library_is_named_with_its_remedy(monkeypatch):
    monkeypatch.setitem(sys.modules, "trustme", None)
    with pytest.raises(DoorError, match=r"trustme: pip install 'gpharness\[tls\]'"):
        certificate_context("127.0.0.1")
    with pytest.raises(DoorError, match=r"trustme: pip install 'gpharness\[tls\]'"):
        new_authority()
