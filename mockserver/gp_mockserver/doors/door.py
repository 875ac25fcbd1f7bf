"""A door: one more port of a running server, at which connections fare as it says, before the same sites."""

from __future__ import annotations

import asyncio
import concurrent.futures
import socket
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Final, TypeVar

import msgspec
from gp_protocol.suggestions import did_you_mean, one_of

from gp_mockserver.doors.errors import DoorError
from gp_mockserver.doors.listeners import Port
from gp_mockserver.reading_on import LINGER
from gp_mockserver.tcp import close_by_reset

if TYPE_CHECKING:
    from ssl import SSLContext
    from types import TracebackType

MODES: Final = (
    "serve",
    "refuse",
    "never-accept",
    "accept-only",
    "close-at-accept",
    "reset-at-accept",
    "certificate",
    "serve-without-tls",
)
_NOT_ACCEPTING: Final = ("refuse", "never-accept")

_PATIENCE: Final = 10.0
"""Seconds in which the server's loop has to do what another thread asks of a door."""
_AT_ONCE: Final = 100
"""Connections that are accepted before anything else has its turn."""
_AGAIN_AFTER: Final = 0.5
"""Seconds after which a system that had no descriptor left is asked again."""

T = TypeVar("T")


class Behind(msgspec.Struct, frozen=True):
    """What a door has of its server: the loop, its own TLS, and how one connection is served."""

    loop: asyncio.AbstractEventLoop
    tls: SSLContext | None
    serving: Callable[[], asyncio.BaseProtocol]


class Door:
    """A port of its own on a running server, at which connections fare as `mode` says.

    `serve`: as at the server's first port. `refuse`: the system refuses them (RST). `never-accept`: they do
    not come about, and the client waits until it gives up (Linux; elsewhere see `Port.fill_backlog`).
    `accept-only`: accepted, and no byte is ever sent; what comes is read and thrown away, and the connection
    is kept until the client leaves or the door is changed. `close-at-accept`: FIN at once. `reset-at-accept`:
    RST at once. `certificate`: TLS with the context that is given, and then served. `serve-without-tls`: as
    served, by HTTP, whatever the server itself has.

    With `times` that holds for so many connections, and those after them are served. A door can be used from
    any thread, also from the server's own, and what was asked of it is done on return. It ends with its
    server.
    """

    def __init__(self, behind: Behind, family: int, host: str) -> None:
        self._behind = behind
        self._port = Port(family, host)
        self._mode: str = "refuse"
        self._context: SSLContext | None = None
        self._left: int | None = None
        """How many connections deviate still; None: all."""
        self._count = 0
        self._listener: socket.socket | None = None
        self._accepting: asyncio.Task[None] | None = None
        self._again: asyncio.TimerHandle | None = None
        self._unserved = _Unserved()
        self._arriving: dict[asyncio.Task[None], socket.socket] = {}
        self.closed = False

    def __repr__(self) -> str:
        return f"<Door {self.url} {self._mode}>"

    def __enter__(self) -> Door:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def port(self) -> int:
        return self._port.number

    @property
    def url(self) -> str:
        """The address, such as `http://127.0.0.1:50123`; https with a certificate, also the server's own."""
        own_tls = self._behind.tls is not None and self._mode != "serve-without-tls"
        scheme = "https" if own_tls or self._context is not None else "http"
        return f"{scheme}://{self._port.shown_host}:{self.port}"

    @property
    def mode(self) -> str:
        return self._mode

    @property
    def count(self) -> int | None:
        """How many connections have fared as the mode says, since it was set; None where nobody sees them."""
        return None if self._mode in _NOT_ACCEPTING else self._count

    def change(self, mode: str, *, times: int | None = None, context: SSLContext | None = None) -> None:
        """Have connections from now on fare as `mode` says, at the same port.

        Those that came before fare as they would have: what is served goes on, and what was kept without a
        word is closed. To and from `refuse` and `never-accept` the port is bound anew: in that moment a
        connection may be refused or reset (see `gp_mockserver.doors.listeners`). `times` means nothing there:
        such connections cannot be counted. `context` is for `certificate` alone.

        Raises DoorError for a mode that there is not, for what does not go together, or when the server has
        ended; CannotListen where the port was taken in between.
        """
        self._check(mode, times, context)
        in_loop(self._behind.loop, lambda: self._change(mode, times, context))

    def close(self) -> None:
        """Listen no more, and close the connections that were kept without a word. Twice is nothing more."""
        with suppress(_Ended):
            in_loop(self._behind.loop, self._shut)

    def _check(self, mode: str, times: int | None, context: SSLContext | None) -> None:
        if mode not in MODES:
            hint = did_you_mean(mode, MODES)
            raise DoorError(f"mode: met {mode!r}, expected {one_of(MODES)}; {hint}".rstrip("; "))
        if (mode == "certificate") is (context is None):
            raise DoorError("context: give an ssl.SSLContext with mode 'certificate', and with no other")
        if times is not None and times < 1:
            raise DoorError(f"times: met {times}, expected 1 or more connections")
        if mode == "certificate" and times is not None and self._behind.tls is None:
            raise DoorError(
                "times: the server has no certificate of its own with which to serve the connections after "
                "these: start it with TLS, or leave `times` out"
            )

    def _change(self, mode: str, times: int | None, context: SSLContext | None) -> None:
        if self.closed:
            raise DoorError("the door is closed: open another one")
        if self._listener is not None and self._accepting is None:
            self._accept_waiting()
        self._drop_unserved()
        if mode in _NOT_ACCEPTING:
            self._stop_accepting()
            self._port.refuse() if mode == "refuse" else self._port.fill_backlog()
        elif self._listener is None:
            self._listener = self._port.listen()
            self._accept_on()
        self._mode, self._context, self._left, self._count = mode, context, times, 0

    def _shut(self) -> None:
        if not self.closed:
            self.closed = True
            self._stop_accepting()
            self._port.close()
            self._drop_unserved()
            for arriving in self._arriving:
                arriving.cancel()

    def _drop_unserved(self) -> None:
        """Close those that were kept, also those that are only just arriving."""
        unserved, self._unserved = self._unserved, _Unserved()
        unserved.close()

    # Accepting.

    def _accept_on(self) -> None:
        listener = self._listener
        if listener is None:
            return
        try:
            self._behind.loop.add_reader(listener, self._accept_waiting)
        except NotImplementedError:  # Windows
            self._accepting = self._behind.loop.create_task(self._accept_each(listener))

    def _stop_accepting(self) -> None:
        """The listener itself is closed by its port."""
        listener, self._listener = self._listener, None
        if self._again is not None:
            self._again.cancel()
        if self._accepting is not None:
            self._accepting.cancel()
            self._accepting = None
        elif listener is not None:
            self._behind.loop.remove_reader(listener)

    def _accept_waiting(self) -> None:
        """Accept the connections that wait."""
        listener = self._listener
        assert listener is not None
        for _ in range(_AT_ONCE):
            try:
                accepted, _ = listener.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError:  # no descriptor is left
                self._behind.loop.remove_reader(listener)
                self._again = self._behind.loop.call_later(_AGAIN_AFTER, self._accept_on)
                return
            self._admit(accepted)

    async def _accept_each(self, listener: socket.socket) -> None:
        """Accept connections one by one, on a loop that watches no sockets."""
        while True:
            try:
                accepted, _ = await self._behind.loop.sock_accept(listener)
            except OSError:
                if listener is not self._listener:
                    return
                await asyncio.sleep(_AGAIN_AFTER)
            else:
                self._admit(accepted)

    def _admit(self, accepted: socket.socket) -> None:
        """Let a connection fare as it has to."""
        accepted.setblocking(False)
        mode = self._mode
        if self._left == 0:
            mode = "serve"
        else:
            self._count += 1
            if self._left is not None:
                self._left -= 1
        match mode:
            case "reset-at-accept":
                close_by_reset(accepted)
                accepted.close()
            case "accept-only":
                self._connect(accepted, partial(_Silent, self._unserved), None)
            case "close-at-accept":
                self._connect(accepted, partial(_Closing, self._unserved), None)
            case "certificate":
                self._connect(accepted, self._behind.serving, self._context)
            case "serve-without-tls":
                self._connect(accepted, self._behind.serving, None)
            case _:
                self._connect(accepted, self._behind.serving, self._behind.tls)

    def _connect(
        self,
        accepted: socket.socket,
        protocol: Callable[[], asyncio.BaseProtocol],
        tls: SSLContext | None,
    ) -> None:
        task = self._behind.loop.create_task(self._arrive(accepted, protocol, tls))
        self._arriving[task] = accepted
        task.add_done_callback(self._has_arrived)

    async def _arrive(
        self,
        accepted: socket.socket,
        protocol: Callable[[], asyncio.BaseProtocol],
        tls: SSLContext | None,
    ) -> None:
        with suppress(OSError):  # it has left, or its handshake failed
            await self._behind.loop.connect_accepted_socket(protocol, accepted, ssl=tls)

    def _has_arrived(self, task: asyncio.Task[None]) -> None:
        accepted = self._arriving.pop(task)
        if task.cancelled():
            accepted.close()


class _Unserved:
    """The connections on which nothing is sent, until a door is changed."""

    def __init__(self) -> None:
        self._transports: set[asyncio.Transport] = set()
        self._closed = False

    def add(self, transport: asyncio.Transport) -> None:
        self._transports.add(transport)
        if self._closed:
            transport.abort()

    def remove(self, transport: asyncio.Transport) -> None:
        self._transports.discard(transport)

    def close(self) -> None:
        self._closed = True
        for each in list(self._transports):
            each.abort()


class _Silent(asyncio.Protocol):
    """A connection on which nothing is sent, and what comes is thrown away."""

    transport: asyncio.Transport

    def __init__(self, unserved: _Unserved) -> None:
        self._unserved = unserved

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self.transport = transport
        self._unserved.add(transport)

    def connection_lost(self, error: Exception | None) -> None:
        self._unserved.remove(self.transport)


class _Closing(_Silent):
    """A connection that ends by FIN at once; what comes is read for a moment more, so that the client sees no
    RST, even if it has sent something."""

    _timer: asyncio.TimerHandle

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._timer = asyncio.get_running_loop().call_later(LINGER, transport.close)
        transport.write_eof()

    def connection_lost(self, error: Exception | None) -> None:
        super().connection_lost(error)
        self._timer.cancel()


class _Ended(DoorError):
    """The server has ended."""


def in_loop(loop: asyncio.AbstractEventLoop, action: Callable[[], T]) -> T:
    """Do something in a loop from any thread, and wait until it is done. Raises DoorError if it has ended."""
    if _running_loop() is loop:
        return action()
    done: concurrent.futures.Future[T] = concurrent.futures.Future()

    def act() -> None:
        if not done.set_running_or_notify_cancel():
            return
        try:
            done.set_result(action())
        except BaseException as error:
            done.set_exception(error)

    try:
        loop.call_soon_threadsafe(act)
    except RuntimeError:  # the loop is closed
        raise _Ended("the server has ended: a door ends with it") from None
    try:
        return done.result(_PATIENCE)
    except concurrent.futures.TimeoutError:
        done.cancel()
        raise _Ended("the server does not answer: it has ended, or its loop is held up") from None


def _running_loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None
