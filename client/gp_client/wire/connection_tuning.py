"""What httpx has no setting for: the time for all of an exchange, the length of an answer's head, and an
answer that comes while a body is still being sent.

Of httpx and httpcore this relies on `_transport`, `_mounts`, `_pool`, `_network_backend`, `connections`,
`_connection`, `_h11_state`, `_network_stream`, h11's `_max_incomplete_event_size` and anyio's `_transport`.
Where one is missing, the time is looked at between the pieces of a body alone, a head may have 100 kB,
or asyncio loses the answer of a server that refuses an upload in its middle.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextvars import ContextVar
from typing import Any
from weakref import WeakSet

from gp_client.wire.name_resolution import addresses_of

ends_at: ContextVar[float] = ContextVar("ends_at", default=float("inf"))
"""When the exchange under way has to be over, by `time.monotonic`."""

_LONGEST_HEAD = 1 << 20
_PIECE = 1 << 16
_reading: WeakSet[Any] = WeakSet()
"""Connections that read while they send a body."""


def tune(client: Any, event: str) -> None:
    """On httpcore's trace event of an HTTP/1.1 exchange: let heads have 1 MiB instead of 100 kB; and on
    asyncio, whose connections read nothing while they write and lose what came once a write fails, have them
    read while a body is sent. The event does not say whose it is: that is found by what each is doing."""
    if event == "http11.send_request_headers.started":
        for connection in _connections(client):
            if hasattr(connection._h11_state, "_max_incomplete_event_size"):
                connection._h11_state._max_incomplete_event_size = _LONGEST_HEAD
    elif event == "http11.send_request_body.started":
        for connection in _connections(client):
            if str(connection._h11_state.our_state) == "SEND_BODY":
                _reading.add(connection)
                _set_reading(connection, True)
    elif event == "http11.receive_response_headers.started":
        for connection in _connections(client):
            # the one that has just sent its body: not one that still sends, which would lose its answer, nor
            # one that waits for it already, which would wait for ever
            if connection in _reading and str(connection._h11_state.our_state) != "SEND_BODY":
                _reading.discard(connection)
                _set_reading(connection, False)


def _connections(client: Any) -> Iterator[Any]:
    for pool in _pools(client):
        for each in list(getattr(pool, "connections", ())):
            connection = getattr(each, "_connection", None)
            if hasattr(connection, "_h11_state"):
                yield connection


def _set_reading(connection: Any, wanted: bool) -> None:
    stream: Any = getattr(getattr(connection, "_network_stream", None), "_stream", None)
    while hasattr(stream, "transport_stream"):
        stream = stream.transport_stream  # below TLS
    transport: Any = getattr(stream, "_transport", None)
    if hasattr(transport, "resume_reading") and not transport.is_closing():
        transport.resume_reading() if wanted else transport.pause_reading()


def bound_by_time(client: Any) -> None:
    """Have httpx's own connections of a sync client end their reads and writes by `ends_at`."""
    for pool in _pools(client):
        backend = getattr(pool, "_network_backend", None)
        if backend is not None and not isinstance(backend, _TimedBackend):
            pool._network_backend = _TimedBackend(backend)


def _pools(client: Any) -> Iterator[Any]:
    for carrier in (getattr(client, "_transport", None), *getattr(client, "_mounts", {}).values()):
        pool = getattr(carrier, "_pool", None)
        if pool is not None:
            yield pool


class _TimedBackend:
    """httpcore's network, whose streams know when to end."""

    def __init__(self, backend: Any) -> None:
        self._backend = backend

    def connect_tcp(self, host: str, port: int, timeout: float | None = None, **named: Any) -> _TimedStream:
        """To one address of the host after the other, each within its share of the time: the system's own
        limit is for each of them, and its look-up of names has none."""
        left = _left(self._backend, timeout, "ConnectTimeout")
        if type(self._backend).__name__ != "SyncBackend":
            return _TimedStream(self._backend.connect_tcp(host, port, timeout=left, **named))
        ends = time.monotonic() + left
        failure: Exception | None = None
        found = self._found(host, port, left)
        for number, address in enumerate(found):
            share = max(ends - time.monotonic(), 0.001) / (len(found) - number)
            try:
                return _TimedStream(self._backend.connect_tcp(address, port, timeout=share, **named))
            except Exception as error:
                failure = error
        raise failure or _error(self._backend, "ConnectError", f"{host} has no address")

    def _found(self, host: str, port: int, seconds: float) -> list[str]:
        try:
            return addresses_of(host, port, seconds)
        except TimeoutError as error:
            raise _error(self._backend, "ConnectTimeout", str(error)) from error
        except OSError as error:
            raise _error(self._backend, "ConnectError", str(error)) from error

    def connect_unix_socket(
        self, *arguments: Any, timeout: float | None = None, **named: Any
    ) -> _TimedStream:
        left = _left(self._backend, timeout, "ConnectTimeout")
        return _TimedStream(self._backend.connect_unix_socket(*arguments, timeout=left, **named))

    def sleep(self, seconds: float) -> None:
        self._backend.sleep(seconds)


class _TimedStream:
    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        data: bytes = self._stream.read(max_bytes, timeout=_left(self._stream, timeout, "ReadTimeout"))
        return data

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """In pieces, as httpcore's own limit is for each of the system's writes, however short."""
        for start in range(0, len(buffer), _PIECE):
            piece = buffer[start : start + _PIECE] if len(buffer) > _PIECE else buffer
            self._stream.write(piece, timeout=_left(self._stream, timeout, "WriteTimeout"))

    def start_tls(self, *arguments: Any, timeout: float | None = None, **named: Any) -> _TimedStream:
        left = _left(self._stream, timeout, "ConnectTimeout")
        return _TimedStream(self._stream.start_tls(*arguments, timeout=left, **named))

    def close(self) -> None:
        self._stream.close()

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def _left(of: Any, timeout: float | None, otherwise: str) -> float:
    """Seconds for the next step; where none are left, raises what the library calls `otherwise`."""
    left = ends_at.get() - time.monotonic()
    if left <= 0:
        raise _error(of, otherwise, "the time for all of the exchange is over")
    return left if timeout is None else min(timeout, left)


def _error(of: Any, name: str, text: str) -> Exception:
    """An error of the library that `of` is from, which httpx translates into its own."""
    library = sys.modules.get(type(of).__module__.partition(".")[0])
    error: Exception = getattr(library, name, TimeoutError)(text)
    return error
