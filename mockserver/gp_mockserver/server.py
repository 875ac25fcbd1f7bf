"""Running the mock server: `run` until a signal comes, `serve` in a thread for as long as a block lasts."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import logging
import signal
import socket
import threading
import time
from collections.abc import Callable, Generator, Iterable, Iterator
from types import FrameType
from urllib.parse import quote

import msgspec
import uvicorn

from gp_mockserver.app import MockServer
from gp_mockserver.errors import MockServerError
from gp_mockserver.operations import import_all
from gp_mockserver.sites import Site

LOOPBACK = "127.0.0.1"
DEFAULT_PORT = 8585
GRACE_SECONDS = 3.0
"""How long `run` goes on answering the requests that are under way when a signal comes."""

_GRACE_OF_A_BLOCK = 0.5
_LOOK_EVERY = 0.02
_IMPORT_AFTER = 0.1
"""Seconds after which what the first requests will need is imported, if none has come before."""


class PortInUse(MockServerError):
    """Another program listens on the port."""


class CannotListen(MockServerError):
    """The host or port cannot be listened on."""


class _Server(uvicorn.Server):
    """A uvicorn server that says when it accepts connections, and for which a signal is a normal end.

    At the end requests that are under way have `grace` seconds; then their connections are closed.
    """

    def __init__(self, app: MockServer, ready: Callable[[], None], *, signals: bool, grace: float) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                log_config=None,
                access_log=False,
                proxy_headers=False,
                server_header=False,
                lifespan="off",
                ws="none",
            )
        )
        self._ready = ready
        self._signals = signals
        self._grace = grace

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        self._ready()
        asyncio.get_running_loop().call_later(_IMPORT_AFTER, import_all)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for server in self.servers:
            server.close()
        for listener in sockets or ():
            listener.close()
        connections = self.server_state.connections
        for connection in list(connections):
            connection.shutdown()
        deadline = time.monotonic() + self._grace
        while connections and not self.force_exit and time.monotonic() < deadline:
            await asyncio.sleep(_LOOK_EVERY)
        for connection in list(connections):
            connection.transport.abort()
        await _cancel(self.server_state.tasks)

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        if not self._signals:
            yield
            return
        previous = {each: signal.signal(each, self._end) for each in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for each, handler in previous.items():
                signal.signal(each, handler)

    def _end(self, number: int, frame: FrameType | None) -> None:
        self.force_exit = self.should_exit
        self.should_exit = True


async def _cancel(requests: Iterable[asyncio.Task[None]]) -> None:
    """End requests whose connections are closed, of which uvicorn would report each as an exception."""
    log = logging.getLogger("uvicorn.error")
    log.addFilter(_is_no_cancellation)
    try:
        await asyncio.sleep(0)
        left = list(requests)
        for request in left:
            request.cancel()
        await asyncio.gather(*left, return_exceptions=True)
    finally:
        log.removeFilter(_is_no_cancellation)


def _is_no_cancellation(record: logging.LogRecord) -> bool:
    return not (record.exc_info and isinstance(record.exc_info[1], asyncio.CancelledError))


def run(
    app: MockServer,
    host: str = LOOPBACK,
    port: int = DEFAULT_PORT,
    ready: Callable[[str], None] = lambda url: None,
) -> None:
    """Serve until SIGINT or SIGTERM.

    Requests that are under way then have GRACE_SECONDS to be answered before their connections are closed; a
    second signal closes them at once. A tool that is still running is left behind.
    `ready` is called with the server's address, such as `http://127.0.0.1:8585`, once it accepts connections.
    Port 0 takes a free one. Raises PortInUse or CannotListen.
    """
    with listening(host, port) as (listener, url):
        server = _Server(app, lambda: ready(url), signals=True, grace=GRACE_SECONDS)
        with contextlib.closing(app):
            server.run(sockets=[listener])


class RunningServer(msgspec.Struct, frozen=True):
    """A server that runs in a thread. `root` is its address, `url` that of its first site."""

    app: MockServer
    root: str

    @property
    def url(self) -> str:
        return f"{self.root}/{quote(next(iter(self.app.sites)))}"


@contextlib.contextmanager
def serve(
    sites: Site | Iterable[Site] | MockServer, host: str = LOOPBACK, port: int = 0
) -> Iterator[RunningServer]:
    """Serve sites in a thread for as long as the block lasts; a free port unless one is given.

    What is still being answered at its end has half a second; then its connection is closed.
    """
    app = (
        sites if isinstance(sites, MockServer) else MockServer([sites] if isinstance(sites, Site) else sites)
    )
    with listening(host, port) as (listener, url), contextlib.closing(app):
        started = threading.Event()
        server = _Server(app, started.set, signals=False, grace=_GRACE_OF_A_BLOCK)
        thread = threading.Thread(target=server.run, args=([listener],), name="gp-mockserver", daemon=True)
        thread.start()
        started.wait()
        try:
            yield RunningServer(app, url)
        finally:
            server.should_exit = True
            thread.join()


@contextlib.contextmanager
def listening(host: str, port: int) -> Iterator[tuple[socket.socket, str]]:
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
        yield listener, f"http://{shown}:{bound_port}"
