"""The client of a server's geoprocessing services, for sync and for async programs.

    client = GPClient("https://gis.example.com/arcgis")
    result = client.task("Elevation/WorldViewshed/viewshed").run(Observer=…, Distance="8.5 Miles")

`GPClient`, `Service`, `Task` and `Job` run their methods here and now, their `Async…` twins in the task that
awaits them; the methods themselves are written once, in `resources.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import msgspec

from gp_client.errors import InvalidInput, JobAddress
from gp_client.operations import AsyncSide, SyncSide
from gp_client.options import RunOptions
from gp_client.resources import ClientOperations, JobOperations, ServiceOperations, TaskOperations
from gp_client.running import Seconds
from gp_client.sessions import AsyncConnection, Session, Settings, SyncConnection
from gp_client.wire.addresses import services_root
from gp_client.wire.tokens import TokenKeeper

if TYPE_CHECKING:
    import httpx

    from gp_client.clocks import Clock
    from gp_client.drivers import Listener
    from gp_client.wire.http_messages import AsyncTransport, Transport


class GPClient(SyncSide, ClientOperations["Service", "Task", "Job"]):
    """A client of one server.

    `address` is the server's context, or any address below it. `user` and `password` sign in when a service
    asks for it, `token` is one that you have already; `token_url` says where tokens are made where the
    server's own word is not to be followed. `http` is an `httpx.Client` (or httpx2's) with the proxies,
    certificates and transport that you need, or any `Transport`; it stays yours to close. `on_event` is
    called with every event. Further words are those of `Settings`.

    Not for two threads at once.
    """

    def __init__(
        self,
        address: str,
        *,
        user: str | None = None,
        password: str | None = None,
        token: str | None = None,
        token_url: str | None = None,
        referer: str | None = None,
        http: httpx.Client | Transport | None = None,
        settings: Settings | None = None,
        clock: Clock | None = None,
        seed: int | None = None,
        on_event: Listener | None = None,
        **changes: Any,
    ) -> None:
        keeper = TokenKeeper(user=user, password=password, token=token, token_url=token_url, referer=referer)
        session = _session(address, keeper, settings, clock, seed, changes)
        transport: Any = http
        if http is None or hasattr(http, "build_request"):
            from gp_client.wire.httpx_transports import HTTPXTransport

            transport = HTTPXTransport(transport, largest_answer=session.settings.largest_answer)
        self._connection: SyncConnection = SyncConnection(session, transport, on_event)

    def close(self) -> None:
        """Close the connections that this client has made itself."""
        self._connection.transport.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _service(self, url: str, name: str) -> Service:
        return Service(self._connection, url, name)

    def _task(self, url: str) -> Task:
        return Task(self._connection, url)

    def _job(self, address: JobAddress) -> Job:
        return Job(self._connection, address)


class Service(SyncSide, ServiceOperations["Task"]):
    """A service of a server."""

    def __init__(self, connection: SyncConnection, url: str, name: str) -> None:
        self._connection: SyncConnection = connection
        self.url = url
        self.name = name

    def _task(self, url: str) -> Task:
        return Task(self._connection, url)


class Task(SyncSide, TaskOperations["Job"]):
    """A task of a service."""

    def __init__(
        self,
        connection: SyncConnection,
        url: str,
        options: RunOptions | None = None,
        deadline: Seconds = ...,
    ) -> None:
        self._connection: SyncConnection = connection
        self.url = url
        self._options = options or RunOptions()
        self._deadline = deadline

    def _job(self, address: JobAddress) -> Job:
        return Job(self._connection, address, self._options)

    def _with(self, options: RunOptions, deadline: Seconds) -> Task:
        return Task(self._connection, self.url, options, deadline)


class Job(SyncSide, JobOperations):
    """A job of a task."""

    def __init__(
        self, connection: SyncConnection, address: JobAddress, options: RunOptions | None = None
    ) -> None:
        self._connection: SyncConnection = connection
        self.address = address
        self.state = None
        self._options = options or RunOptions()


class AsyncGPClient(AsyncSide, ClientOperations["AsyncService", "AsyncTask", "AsyncJob"]):
    """`GPClient` for async programs, on asyncio and on trio; `http` is an `httpx.AsyncClient` (or httpx2's),
    or any `AsyncTransport`."""

    def __init__(
        self,
        address: str,
        *,
        user: str | None = None,
        password: str | None = None,
        token: str | None = None,
        token_url: str | None = None,
        referer: str | None = None,
        http: httpx.AsyncClient | AsyncTransport | None = None,
        settings: Settings | None = None,
        clock: Clock | None = None,
        seed: int | None = None,
        on_event: Listener | None = None,
        **changes: Any,
    ) -> None:
        keeper = TokenKeeper(user=user, password=password, token=token, token_url=token_url, referer=referer)
        session = _session(address, keeper, settings, clock, seed, changes)
        transport: Any = http
        if http is None or hasattr(http, "build_request"):
            from gp_client.wire.httpx_transports import AsyncHTTPXTransport

            transport = AsyncHTTPXTransport(transport, largest_answer=session.settings.largest_answer)
        self._connection: AsyncConnection = AsyncConnection(session, transport, on_event)

    async def close(self) -> None:
        """Close the connections that this client has made itself."""
        await self._connection.transport.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    def _service(self, url: str, name: str) -> AsyncService:
        return AsyncService(self._connection, url, name)

    def _task(self, url: str) -> AsyncTask:
        return AsyncTask(self._connection, url)

    def _job(self, address: JobAddress) -> AsyncJob:
        return AsyncJob(self._connection, address)


class AsyncService(AsyncSide, ServiceOperations["AsyncTask"]):
    """A service of a server."""

    def __init__(self, connection: AsyncConnection, url: str, name: str) -> None:
        self._connection: AsyncConnection = connection
        self.url = url
        self.name = name

    def _task(self, url: str) -> AsyncTask:
        return AsyncTask(self._connection, url)


class AsyncTask(AsyncSide, TaskOperations["AsyncJob"]):
    """A task of a service."""

    def __init__(
        self,
        connection: AsyncConnection,
        url: str,
        options: RunOptions | None = None,
        deadline: Seconds = ...,
    ) -> None:
        self._connection: AsyncConnection = connection
        self.url = url
        self._options = options or RunOptions()
        self._deadline = deadline

    def _job(self, address: JobAddress) -> AsyncJob:
        return AsyncJob(self._connection, address, self._options)

    def _with(self, options: RunOptions, deadline: Seconds) -> AsyncTask:
        return AsyncTask(self._connection, self.url, options, deadline)


class AsyncJob(AsyncSide, JobOperations):
    """A job of a task."""

    def __init__(
        self, connection: AsyncConnection, address: JobAddress, options: RunOptions | None = None
    ) -> None:
        self._connection: AsyncConnection = connection
        self.address = address
        self.state = None
        self._options = options or RunOptions()


def _session(
    address: str,
    keeper: TokenKeeper,
    settings: Settings | None,
    clock: Clock | None,
    seed: int | None,
    changes: dict[str, Any],
) -> Session:
    known = Settings.__struct_fields__
    for name in changes:
        if name not in known:
            raise InvalidInput(parameter="GPClient", met=name, expected=f"one of {', '.join(known)}")
    chosen = msgspec.structs.replace(settings or Settings(), **changes)
    return Session(services_root(address), chosen, tokens=keeper, clock=clock, seed=seed)
