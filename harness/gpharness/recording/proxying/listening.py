"""The proxy's server: one port, connections as the mock server has them, an end that comes by a signal."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from http import HTTPStatus
from typing import Final

import uvicorn
from gp_mockserver.connection_limits import Closing, ConnectionLimits, allowed
from gp_mockserver.connection_servers import ConnectionServer, cancel
from gp_mockserver.connections import Connection
from gp_mockserver.server import LOOPBACK, listening

from gpharness.recording.proxying.passing import TARGET, PassingThrough
from gpharness.recording.proxying.ways import HOW_TO_TUNNEL, Ways

GRACE_SECONDS: Final = 3.0
"""How long requests that are under way may go on when the end comes."""
_NO_TUNNEL: Final = Closing(HTTPStatus.NOT_IMPLEMENTED, HOW_TO_TUNNEL)
_STEP: Final = 0.02


class ProxyConnection(Connection):
    """A client's connection, which notes what the request's target was."""

    def on_headers_complete(self) -> None:
        if self.parser.get_method() == b"CONNECT":
            self._raise(_NO_TUNNEL)
        target = self.url
        super().on_headers_complete()
        self.scope[TARGET] = target  # type: ignore[typeddict-unknown-key]


class ProxyServer(ConnectionServer):
    """`ready` is called once it accepts connections; `signals` says whether SIGINT and SIGTERM end it."""

    def __init__(
        self, app: PassingThrough, ready: Callable[[], None], *, signals: bool, grace: float = GRACE_SECONDS
    ) -> None:
        limits = allowed(ConnectionLimits(), raise_to_fit=signals)
        settings = {"limits": limits, "_smallest": min(limits.url, limits.head)}
        config = uvicorn.Config(
            app,
            http=type("LimitedProxyConnection", (ProxyConnection,), settings),
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            date_header=False,
            lifespan="off",
            ws="none",
        )
        super().__init__(config, limits, signals=signals)
        self._app = app
        self._ready = ready
        self._grace = grace

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        self._ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        loop = asyncio.get_running_loop()
        for server in self.servers:
            server.close()
        for listener in sockets or ():
            listener.close()
        for connection in self.connections:
            connection.shutdown()
        deadline = loop.time() + self._grace
        while self.server_state.connections and not self.force_exit and loop.time() < deadline:
            for connection in self.connections:
                connection.close_when_quiet(loop.time(), 0.0)
            await asyncio.sleep(_STEP)
        for connection in self.connections:
            connection.abort()
        await cancel(self.server_state.tasks)
        await self._app.end()


def run_proxy(
    app: PassingThrough, ways: Ways, port: int, ready: Callable[[str], None], host: str = LOOPBACK
) -> None:
    """Pass requests through until SIGINT or SIGTERM. `ready` is called with the proxy's address. Raises
    PortInUse or CannotListen."""
    with listening(host, port) as (listener, url):
        ways.own = own_hosts(url)
        ProxyServer(app, lambda: ready(url), signals=True).run(sockets=[listener])


@contextlib.contextmanager
def proxy_in_thread(app: PassingThrough, ways: Ways, host: str = LOOPBACK) -> Iterator[str]:
    """A proxy in a thread for as long as the block lasts; its address, on a free port."""
    with listening(host, 0) as (listener, url):
        ways.own = own_hosts(url)
        started = threading.Event()
        server = ProxyServer(app, started.set, signals=False, grace=0.5)
        thread = threading.Thread(target=server.run, args=([listener],), name="gpharness-proxy", daemon=True)
        thread.start()
        started.wait()
        try:
            yield url
        finally:
            server.should_exit = True
            thread.join()


def own_hosts(url: str) -> set[str]:
    """What a client of this machine may call a proxy at that address."""
    host = url.partition("://")[2]
    port = host.rpartition(":")[2]
    return {host, f"localhost:{port}", f"127.0.0.1:{port}", f"[::1]:{port}"}
