"""Running the mock server: `run` until a signal comes, `serve` in a thread for as long as a block lasts."""

from __future__ import annotations

import contextlib
import errno
import signal
import socket
import threading
from collections.abc import Callable, Generator, Iterable, Iterator
from types import FrameType

import msgspec
import uvicorn

from gp_mockserver.app import MockServer
from gp_mockserver.errors import MockServerError
from gp_mockserver.sites import Site

LOOPBACK = "127.0.0.1"
DEFAULT_PORT = 8585
_GRACE_SECONDS = 5


class PortInUse(MockServerError):
    """Another program listens on the port."""


class CannotListen(MockServerError):
    """The host or port cannot be listened on."""


class _Server(uvicorn.Server):
    """A uvicorn server that says when it accepts connections, and for which a signal is a normal end."""

    def __init__(self, app: MockServer, ready: Callable[[], None], *, signals: bool) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                log_config=None,
                access_log=False,
                server_header=False,
                lifespan="off",
                ws="none",
                timeout_graceful_shutdown=_GRACE_SECONDS,
            )
        )
        self._ready = ready
        self._signals = signals

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        self._ready()

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


def run(
    app: MockServer,
    host: str = LOOPBACK,
    port: int = DEFAULT_PORT,
    ready: Callable[[str], None] = lambda url: None,
) -> None:
    """Serve until SIGINT or SIGTERM; a second signal ends at once.

    `ready` is called with the server's address, such as `http://127.0.0.1:8585`, once it accepts connections.
    Port 0 takes a free one. Raises PortInUse or CannotListen.
    """
    with listening(host, port) as (listener, url):
        server = _Server(app, lambda: ready(url), signals=True)
        with contextlib.closing(app):
            server.run(sockets=[listener])


class RunningServer(msgspec.Struct, frozen=True):
    """A server that runs in a thread. `root` is its address, `url` that of its first site."""

    app: MockServer
    root: str

    @property
    def url(self) -> str:
        return f"{self.root}/{next(iter(self.app.sites))}"


@contextlib.contextmanager
def serve(
    sites: Site | Iterable[Site] | MockServer, host: str = LOOPBACK, port: int = 0
) -> Iterator[RunningServer]:
    """Serve sites in a thread for as long as the block lasts; a free port unless one is given."""
    app = (
        sites if isinstance(sites, MockServer) else MockServer([sites] if isinstance(sites, Site) else sites)
    )
    with listening(host, port) as (listener, url), contextlib.closing(app):
        started = threading.Event()
        server = _Server(app, started.set, signals=False)
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
