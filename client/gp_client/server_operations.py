"""What can be asked of a server and of a service: each method once, as a flow.

`clients.py` has the sync and the async classes that run them.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Generic, TypeVar, Unpack
from urllib.parse import quote

import msgspec
from gp_protocol.values.references import DataFile, ItemReference, MapImage, Raster

from gp_client import describing
from gp_client.describing import ServerInfo, ServiceEntry
from gp_client.descriptors import ServiceDescription, TaskDescription
from gp_client.errors import InvalidInput, JobAddress
from gp_client.operations import Handle, operation
from gp_client.sessions import Seconds, Session, Settings, SettingWords, deadline_of
from gp_client.steps import Flow
from gp_client.wire.addresses import (
    Place,
    job_url,
    place_of,
    service_url,
    services_root,
    shown,
    task_below,
    task_url,
)
from gp_client.wire.tokens import TokenKeeper

if TYPE_CHECKING:
    from gp_client.clocks import Clock
    from gp_client.drivers import Listener
    from gp_client.files.uploads import UploadedItem

ServiceT = TypeVar("ServiceT")
TaskT = TypeVar("TaskT")
JobT = TypeVar("JobT")
HttpT = TypeVar("HttpT")


class ClientOperations(Handle, Generic[ServiceT, TaskT, JobT, HttpT]):
    def __init__(
        self,
        address: str,
        *,
        user: str | None = None,
        password: str | None = None,
        token: str | None = None,
        token_url: str | None = None,
        referer: str | None = None,
        http: HttpT | None = None,
        settings: Settings | None = None,
        clock: Clock | None = None,
        seed: int | None = None,
        on_event: Listener | None = None,
        **changes: Unpack[SettingWords],
    ) -> None:
        known = Settings.__struct_fields__
        for name in changes:
            if name not in known:
                raise InvalidInput(parameter="GPClient", met=name, expected=f"one of {', '.join(known)}")
        keeper = TokenKeeper(user=user, password=password, token=token, token_url=token_url, referer=referer)
        chosen = msgspec.structs.replace(settings or Settings(), **changes)
        session = Session(services_root(address), chosen, tokens=keeper, clock=clock, seed=seed)
        self._connection = self._connected(session, http, on_event)

    def _connected(self, session: Session, http: HttpT | None, listener: Listener | None) -> Any:
        raise NotImplementedError

    @property
    def root(self) -> str:
        """The server's context, such as `https://gis.example.com/arcgis`."""
        return self._session.root

    @operation
    def info(self) -> Flow[ServerInfo]:
        """ArcGIS REST, *Server info*: the server's version."""
        session = self._session
        return (yield from describing.describe_server(session, deadline_of(session, ...)))

    @operation
    def services(self, folder: str | None = None, *, recursive: bool = False) -> Flow[list[ServiceEntry]]:
        """The services of a folder, by default of the root; of all folders with `recursive`."""
        session = self._session
        return (yield from describing.list_services(session, folder, recursive, deadline_of(session, ...)))

    def service(self, name: str) -> ServiceT:
        """A service, by `Folder/Name` or by its address. Nothing is asked of the server yet."""
        place = self._place(name, "service")
        return self._service(service_url(place.root, place.service), place.service)

    def task(self, name: str) -> TaskT:
        """A task, by `Folder/Service/Task` or by its address. Nothing is asked of the server yet."""
        place = self._place(name, "task")
        return self._task(task_url(place.root, place.service, place.task))

    def job(self, url: str) -> JobT:
        """A job to come back to, by its address. Nothing is asked of the server yet."""
        place = self._place(url, "job")
        below = task_url(place.root, place.service, place.task)
        return self._job(JobAddress(place.job_id, job_url(below, place.job_id)))

    @operation
    def download(
        self,
        file: DataFile | Raster | MapImage | str,
        to: str | Path,
        *,
        overwrite: bool = True,
        resume: bool = True,
        deadline: Seconds = ...,
    ) -> Flow[Path]:
        """Fetch a file that a task made, into a file or a folder; the path of what was written.

        The file appears whole or not at all: what has come so far lies beside it as `….part`, from which an
        interrupted download goes on with `resume`.
        """
        from gp_client.files.downloads import download, file_url

        session = self._session
        return (
            yield from download(
                session,
                file_url(file, session.root),
                Path(to),
                overwrite=overwrite,
                resume=resume,
                deadline=deadline_of(session, deadline),
                listener=self._connection.listener,
            )
        )

    def _place(self, name: str, kind: str) -> Place:
        """Where a name or an address leads. Raises InvalidInput for one that leads to something else."""
        if not isinstance(name, str):
            raise InvalidInput(parameter=kind, met=repr(name)[:80], expected="a name or an address")
        if "://" in name:
            place = place_of(name)
            if place.root.lower() != self.root.lower():
                raise InvalidInput(
                    parameter=kind,
                    met=shown(name),
                    expected=f"an address below {self.root}",
                    remedy="make a client for the other server",
                )
        else:
            segments = [segment for segment in name.split("/") if segment]
            if kind == "task" and len(segments) > 1:
                place = Place(self.root, "/".join(segments[:-1]), segments[-1])
            else:
                place = Place(self.root, "/".join(segments))
        wanted = {"service": place.service, "task": place.task, "job": place.job_id}[kind]
        if not wanted or (place.task and kind == "service"):
            expected = {
                "service": "Folder/Service or the address of a service",
                "task": "Folder/Service/Task or the address of a task",
                "job": "the address of a job: …/GPServer/<task>/jobs/<id>",
            }[kind]
            raise InvalidInput(parameter=kind, met=repr(name), expected=expected)
        return place

    def _service(self, url: str, name: str) -> ServiceT:
        raise NotImplementedError

    def _task(self, url: str) -> TaskT:
        raise NotImplementedError

    def _job(self, address: JobAddress) -> JobT:
        raise NotImplementedError


class ServiceOperations(Handle, Generic[TaskT]):
    def __init__(self, connection: Any, url: str, name: str) -> None:
        self._connection = connection
        self.url = url
        self.name = name

    @operation
    def describe(self, *, again: bool = False) -> Flow[ServiceDescription]:
        """The service's descriptor, read once unless `again` is asked for."""
        session = self._session
        limit = deadline_of(session, ...)
        return (yield from describing.describe_service(session, self.url, self.name, limit, again=again))

    @operation
    def tasks(self) -> Flow[list[TaskDescription]]:
        """The descriptors of all its tasks."""
        session = self._session
        limit = deadline_of(session, ...)
        served = yield from describing.describe_service(session, self.url, self.name, limit)
        found = []
        for name in served.descriptor.task_names:
            url = f"{self.url}/{quote(name)}"
            described = yield from describing.describe_task(
                session, url, (self.url, self.name), limit, with_service=True
            )
            found.append(described)
        return found

    def task(self, name: str) -> TaskT:
        """One of its tasks, by the name in its address: its label."""
        return self._task(task_below(self.url, name))

    @operation
    def upload(
        self,
        source: str | Path | bytes | BinaryIO,
        *,
        name: str | None = None,
        description: str = "",
        part_size: int | None = None,
        deadline: Seconds = ...,
    ) -> Flow[ItemReference]:
        """Upload a file; what comes back is a value for a file input of this service's tasks.

        A file is streamed, a large one in parts. Raises ServerError where the service takes none.
        """
        from gp_client.files.uploads import UploadSource, upload

        session = self._session
        return (
            yield from upload(
                session,
                self.url,
                UploadSource.of(source, name),
                description=description,
                part_size=part_size,
                deadline=deadline_of(session, deadline),
                listener=self._connection.listener,
            )
        )

    @operation
    def uploads(self) -> Flow[list[UploadedItem]]:
        """The items that have been uploaded to the service, as far as it tells them."""
        from gp_client.files.uploads import list_uploads

        session = self._session
        return (yield from list_uploads(session, self.url, deadline_of(session, ...)))

    @operation
    def delete_upload(self, item: ItemReference | str) -> Flow[None]:
        """Delete an uploaded item."""
        from gp_client.files.uploads import delete_upload

        session = self._session
        item_id = item if isinstance(item, str) else item.item_id
        yield from delete_upload(session, self.url, item_id, deadline_of(session, ...))

    def _task(self, url: str) -> TaskT:
        raise NotImplementedError
