"""Running the mock server: `run` until a signal comes, `serve` in a thread for as long as a block lasts."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import quote

import msgspec
import uvicorn

from gp_mockserver.app import MockServer
from gp_mockserver.connection_limits import ConnectionLimits, allowed
from gp_mockserver.connection_servers import ConnectionServer, cancel
from gp_mockserver.connections import Connection, connections_with
from gp_mockserver.errors import MockServerError
from gp_mockserver.operations import import_all
from gp_mockserver.sites import Site

if TYPE_CHECKING:
    from ssl import SSLContext

    from gp_mockserver.doors.door import Door
    from gp_mockserver.doors.opening import Doors
    from gp_mockserver.tls import Certificate

LOOPBACK = "127.0.0.1"
DEFAULT_PORT = 8585
GRACE_SECONDS = 3.0
"""How long `run` goes on answering the requests that are under way when a signal comes."""

_GRACE_OF_A_BLOCK = 0.5
_QUIET_SECONDS = 0.1
"""For so long a connection has to be quiet before `run` closes it at its end: a request may be on its way."""
_QUIET_SECONDS_OF_A_BLOCK = 0.0
_LOOK_EVERY = 0.02
_IMPORT_AFTER = 0.1
"""Seconds after which what the first requests will need is imported, if none has come before."""


class PortInUse(MockServerError):
    """Another program listens on the port."""


class CannotListen(MockServerError):
    """The host or port cannot be listened on."""


class _Server(ConnectionServer):
    """A server that says when it accepts connections.

    At the end requests that are under way have `grace` seconds; then their connections are closed. Others
    are closed once they have been `quiet` for so many seconds.
    """

    def __init__(
        self,
        app: MockServer,
        ready: Callable[[], None],
        *,
        limits: ConnectionLimits,
        tls: SSLContext | None,
        signals: bool,
        grace: float,
        quiet: float,
    ) -> None:
        config = uvicorn.Config(
            app,
            http=connections_with(limits),
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            lifespan="off",
            ws="none",
        )
        config.load()
        config.ssl = tls  # its options take files alone
        super().__init__(config, limits, signals=signals)
        self._app = app
        self._doors: Doors | None = None
        self._ready = ready
        self._grace = grace
        self._quiet = quiet

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        loop = asyncio.get_running_loop()
        self._app.open_door = partial(self._open_door, loop, *(sockets or ()))
        self._app.control.shut_down = self._ask_to_end
        self._ready()
        loop.call_later(_IMPORT_AFTER, import_all)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        loop = asyncio.get_running_loop()
        self._app.open_door = None
        self._app.control.shut_down = None
        if self._doors is not None:
            self._doors.close()
        await self._app.end()
        waiting: list[socket.socket] = []
        with contextlib.suppress(OSError):  # no descriptor is left: who waits is reset
            waiting += [each.dup() for each in sockets or ()]
        for server in self.servers:
            server.close()
        for listener in sockets or ():
            listener.close()
        arrivals = [loop.create_task(self._take_in(each)) for each in _never_accepted(waiting)]
        await asyncio.sleep(0)
        for connection in self.connections:
            connection.shutdown()
        deadline = loop.time() + self._grace
        while not self.force_exit and loop.time() < deadline:
            for connection in self.connections:
                connection.close_when_quiet(loop.time(), self._quiet)
            if not self.server_state.connections and all(each.done() for each in arrivals):
                break
            await asyncio.sleep(_LOOK_EVERY)
        for connection in self.connections:
            connection.abort()
        await cancel([*self.server_state.tasks, *arrivals])

    async def _take_in(self, accepted: socket.socket) -> None:
        """Serve a connection that came in the last moment."""

        def last_connection() -> Connection:
            made = self._connection()
            made.shutdown()
            return made

        with contextlib.suppress(OSError):  # it has left, or its handshake failed
            await asyncio.get_running_loop().connect_accepted_socket(
                last_connection, accepted, ssl=self.config.ssl
            )

    def _connection(self) -> Connection:
        made = self.config.http_protocol_class(  # type: ignore[call-arg]
            config=self.config, server_state=self.server_state, app_state={}
        )
        assert isinstance(made, Connection)
        return made

    def _open_door(
        self,
        loop: asyncio.AbstractEventLoop,
        first: socket.socket,
        mode: str = "serve",
        *,
        times: int | None = None,
        context: SSLContext | None = None,
    ) -> Door:
        """See `RunningServer.open_door`."""
        from gp_mockserver.doors.door import Behind, in_loop
        from gp_mockserver.doors.opening import Doors

        def open_door() -> Door:
            if self._doors is None:
                self._doors = Doors(Behind(loop, self.config.ssl, self._connection), first)
            return self._doors.open(mode, times, context)

        return in_loop(loop, open_door)

    def _ask_to_end(self) -> None:
        self.should_exit = True


def _never_accepted(listeners: Iterable[socket.socket]) -> list[socket.socket]:
    """The connections that wait to be accepted, which closing the listeners, done here, would reset."""
    found = []
    for listener in listeners:
        with listener:
            listener.setblocking(False)
            with contextlib.suppress(OSError):
                while True:
                    found.append(listener.accept()[0])
                    found[-1].setblocking(False)
    return found


def run(
    app: MockServer,
    host: str = LOOPBACK,
    port: int = DEFAULT_PORT,
    ready: Callable[[str], None] = lambda url: None,
    *,
    limits: ConnectionLimits | None = None,
    tls: SSLContext | Certificate | None = None,
) -> None:
    """Serve until SIGINT or SIGTERM; by HTTPS with `tls`, which is a context, or the files of a certificate.

    Requests that are under way then have GRACE_SECONDS to be answered before their connections are closed; a
    second signal closes them at once. A tool that is still running is left behind.
    `ready` is called with the server's address, such as `http://127.0.0.1:8585`, once it accepts connections.
    Port 0 takes a free one. Raises PortInUse, CannotListen or BadCertificate.
    """
    limits = allowed(limits or ConnectionLimits(), raise_to_fit=True)
    context = _context_of(tls)
    with listening(host, port, secure=context is not None) as (listener, url):
        app.root, app.control.host = url, host
        server = _Server(
            app,
            lambda: ready(url),
            limits=limits,
            tls=context,
            signals=True,
            grace=GRACE_SECONDS,
            quiet=_QUIET_SECONDS,
        )
        with contextlib.closing(app):
            server.run(sockets=[listener])


class RunningServer(msgspec.Struct, frozen=True):
    """A server that runs in a thread. `root` is its address, `url` that of its first site."""

    app: MockServer
    root: str

    @property
    def url(self) -> str:
        return f"{self.root}/{quote(next(iter(self.app.sites)))}"

    def open_door(
        self, mode: str = "serve", *, times: int | None = None, context: SSLContext | None = None
    ) -> Door:
        """One more port of this server, on a free one of the same host, at which connections fare as `mode`
        says: see `gp_mockserver.doors.door.Door`.

        Until it is closed or the server ends. From any thread. Raises DoorError, or CannotListen.
        """
        if self.app.open_door is None:
            raise MockServerError("the server has ended: it opens no more doors")
        return self.app.open_door(mode, times=times, context=context)


@contextlib.contextmanager
def serve(
    sites: Site | Iterable[Site] | MockServer,
    host: str = LOOPBACK,
    port: int = 0,
    *,
    limits: ConnectionLimits | None = None,
    tls: SSLContext | Certificate | None = None,
) -> Iterator[RunningServer]:
    """Serve sites in a thread for as long as the block lasts; a free port unless one is given.

    `limits` and `tls` as in `run`: with `tls`, which is an `ssl.SSLContext` or the paths of a certificate
    and its key, `root` and `url` say https. What is still being answered at the block's end has half a
    second; then its connection is closed.
    """
    app = (
        sites if isinstance(sites, MockServer) else MockServer([sites] if isinstance(sites, Site) else sites)
    )
    context = _context_of(tls)
    with (
        listening(host, port, secure=context is not None) as (listener, url),
        contextlib.closing(app),
    ):
        app.root, app.control.host = url, host
        started = threading.Event()
        server = _Server(
            app,
            started.set,
            limits=allowed(limits or ConnectionLimits(), raise_to_fit=False),
            tls=context,
            signals=False,
            grace=_GRACE_OF_A_BLOCK,
            quiet=_QUIET_SECONDS_OF_A_BLOCK,
        )
        thread = threading.Thread(target=server.run, args=([listener],), name="gp-mockserver", daemon=True)
        thread.start()
        started.wait()
        try:
            yield RunningServer(app, url)
        finally:
            server.should_exit = True
            thread.join()


def _context_of(tls: SSLContext | Certificate | None) -> SSLContext | None:
    if tls is None:
        return None
    from gp_mockserver.tls import server_context

    return server_context(tls)


@contextlib.contextmanager
def listening(host: str, port: int, *, secure: bool = False) -> Iterator[tuple[socket.socket, str]]:
    """A socket that listens, and its address as a URL. Raises PortInUse or CannotListen."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, kind, protocol)
    except OSError as error:
        raise CannotListen(f"cannot listen on {host}: {error.strerror or error}") from None
    with listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(address)
            listener.listen(2048)
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise PortInUse(
                    f"port {port} of {host} is in use: choose another with --port, or --port 0 for a free one"
                ) from None
            raise CannotListen(f"cannot listen on {host}, port {port}: {error.strerror or error}") from None
        bound_host, bound_port = listener.getsockname()[:2]
        shown = f"[{bound_host}]" if family == socket.AF_INET6 else bound_host
        yield listener, f"{'https' if secure else 'http'}://{shown}:{bound_port}"
