"""Connections of the sync side: found, and made, within the time that an exchange has."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import httpx2
import pytest
from gp_client.errors import TransportError
from gp_client.wire import connection_tuning
from gp_client.wire.http_messages import Request
from gp_client.wire.httpx_transports import HTTPXTransport
from gp_client.wire.name_resolution import addresses_of
from raw_server import serving, whole

NAME = "gis.example.com"
LIBRARIES = pytest.mark.parametrize("library", [httpx, httpx2])
_real = socket.getaddrinfo


@contextmanager
def found_at(monkeypatch: pytest.MonkeyPatch, *addresses: str | Exception) -> Iterator[list[str]]:
    """Has the system find `NAME` at these addresses; what was looked up."""
    asked = []

    def look(host: Any, port: Any, *arguments: Any, **named: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else host
        if name != NAME:
            return _real(host, port, *arguments, **named)
        asked.append(name)
        for each in addresses:
            if isinstance(each, Exception):
                raise each
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, port)) for each in addresses]

    with monkeypatch.context() as patched:
        patched.setattr(socket, "getaddrinfo", look)
        yield asked


class SyncBackend:
    """In the place of httpcore's, which is known by this name: each address is dead, or is `alive`."""

    def __init__(self, alive: str = "") -> None:
        self.tried: list[tuple[str, float]] = []
        self._alive = alive

    def connect_tcp(self, host: str, port: int, timeout: float, **named: Any) -> str:
        self.tried.append((host, timeout))
        if host == self._alive:
            return "a stream"
        raise TimeoutError


def test_each_address_has_its_share_of_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    backend = SyncBackend()
    with found_at(monkeypatch, "10.0.0.1", "10.0.0.2", "10.0.0.2", "10.0.0.3"), pytest.raises(TimeoutError):
        connection_tuning._TimedBackend(backend).connect_tcp(NAME, 80, timeout=3.0)
    assert [address for address, _ in backend.tried] == ["10.0.0.1", "10.0.0.2", "10.0.0.3"]
    assert [share for _, share in backend.tried] == pytest.approx([1.0, 1.5, 3.0], abs=0.2)


def test_the_first_address_that_answers_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    backend = SyncBackend(alive="10.0.0.2")
    with found_at(monkeypatch, "10.0.0.1", "10.0.0.2", "10.0.0.3"):
        connection_tuning._TimedBackend(backend).connect_tcp(NAME, 80, timeout=3.0)
    assert [address for address, _ in backend.tried] == ["10.0.0.1", "10.0.0.2"]


def send(library: Any, url: str, timeout: float = 5.0) -> Any:
    with library.Client(trust_env=False) as client:
        return HTTPXTransport(client).send(Request("POST", url, body=b"f=json", timeout=timeout))


@LIBRARIES
def test_an_exchange_goes_to_the_address_that_was_found(
    library: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(lambda connection, request: connection.sendall(whole(b"{}"))) as server:
        with found_at(monkeypatch, "127.0.0.1") as asked:
            response = send(library, f"http://{NAME}:{server.port}/")
        assert response.status == 200
        assert f"Host: {NAME}:{server.port}".lower().encode() in server.asked[0].lower()
    assert asked == [NAME]


@LIBRARIES
def test_a_name_that_is_looked_up_for_ever_is_over_when_its_time_is(
    library: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    over = threading.Event()

    def look(*_: Any, **__: Any) -> Any:
        over.wait(20)
        raise socket.gaierror(-3, "Temporary failure in name resolution")

    monkeypatch.setattr(socket, "getaddrinfo", look)
    start = time.monotonic()
    with pytest.raises(TransportError, match="no connection in time") as raised:
        send(library, f"http://{NAME}/", timeout=0.3)
    over.set()
    assert time.monotonic() - start < 2.3
    assert not raised.value.sent


@LIBRARIES
def test_a_name_that_nobody_has_is_an_error_before_anything_is_sent(
    library: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = socket.gaierror(-2, "Name or service not known")
    with found_at(monkeypatch, gone), pytest.raises(TransportError, match="not known") as raised:
        send(library, f"http://{NAME}/")
    assert not raised.value.sent


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "fe80::1%1"])
def test_a_numeric_address_is_not_looked_up(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", None)
    assert addresses_of(address, 80, 1.0) == [address]
