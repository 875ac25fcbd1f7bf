"""The client of a server's geoprocessing services, for sync and for async programs.

    client = GPClient("https://gis.example.com/arcgis")
    result = client.task("Elevation/WorldViewshed/viewshed").run(Observer=…, Distance="8.5 Miles")

`GPClient`, `Service`, `Task` and `Job` run their methods here and now, their `Async…` twins in the task that
awaits them; the methods themselves are written once, in `server_operations.py`
and `task_operations.py`.
"""

from __future__ import annotations

from inspect import iscoroutinefunction
from typing import TYPE_CHECKING, Any, Self

from gp_client.errors import InvalidInput, JobAddress
from gp_client.operations import AsyncSide, SyncSide
from gp_client.server_operations import ClientOperations, ServiceOperations
from gp_client.sessions import AsyncConnection, Session, SyncConnection
from gp_client.task_operations import JobOperations, TaskOperations

if TYPE_CHECKING:
    import httpx

    from gp_client.drivers import Listener
    from gp_client.wire.http_messages import AsyncTransport, Transport


class GPClient(SyncSide, ClientOperations["Service", "Task", "Job", "httpx.Client | Transport"]):
    """A client of one server.

    `address` is the server's context, or any address below it. `user` and `password` sign in when a service
    asks for it, `token` is one that you have already; `token_url` says where tokens are made where the
    server's own word is not to be followed. `http` is an `httpx.Client` (or httpx2's) with the proxies,
    certificates and transport that you need, or any `Transport`; it stays yours to close. `on_event` is
    called with every event. Further words are those of `Settings`.

    Not for two threads at once.
    """

    def _connected(
        self, session: Session, http: httpx.Client | Transport | None, listener: Listener | None
    ) -> SyncConnection:
        transport: Any = _of_side(http, is_async=False)
        if http is None or hasattr(http, "build_request"):
            from gp_client.wire.httpx_transports import HTTPXTransport

            transport = HTTPXTransport(transport, largest_answer=session.settings.largest_answer)
        return SyncConnection(session, transport, listener)

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

    def _task(self, url: str) -> Task:
        return Task(self._connection, url)


class Task(SyncSide, TaskOperations["Job"]):
    """A task of a service."""

    def _job(self, address: JobAddress) -> Job:
        return Job(self._connection, address, self._options)


class Job(SyncSide, JobOperations):
    """A job of a task."""


class AsyncGPClient(
    AsyncSide,
    ClientOperations["AsyncService", "AsyncTask", "AsyncJob", "httpx.AsyncClient | AsyncTransport"],
):
    """`GPClient` for async programs, on asyncio and on trio; `http` is an `httpx.AsyncClient` (or httpx2's),
    or any `AsyncTransport`."""

    def _connected(
        self, session: Session, http: httpx.AsyncClient | AsyncTransport | None, listener: Listener | None
    ) -> AsyncConnection:
        transport: Any = _of_side(http, is_async=True)
        if http is None or hasattr(http, "build_request"):
            from gp_client.wire.httpx_transports import AsyncHTTPXTransport

            transport = AsyncHTTPXTransport(transport, largest_answer=session.settings.largest_answer)
        return AsyncConnection(session, transport, listener)

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

    def _task(self, url: str) -> AsyncTask:
        return AsyncTask(self._connection, url)


class AsyncTask(AsyncSide, TaskOperations["AsyncJob"]):
    """A task of a service."""

    def _job(self, address: JobAddress) -> AsyncJob:
        return AsyncJob(self._connection, address, self._options)


class AsyncJob(AsyncSide, JobOperations):
    """A job of a task."""


def _of_side(http: Any, *, is_async: bool) -> Any:
    """What carries a client's requests, if it is of the client's side. Raises InvalidInput."""
    send = getattr(http, "send", None)
    if http is not None and (not callable(send) or iscoroutinefunction(send) != is_async):
        wanted = "an httpx.AsyncClient or an AsyncTransport" if is_async else "an httpx.Client or a Transport"
        raise InvalidInput(parameter="http", met=type(http).__name__, expected=wanted)
    return http
