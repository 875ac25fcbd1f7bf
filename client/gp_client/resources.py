"""What can be asked of a client, a service, a task and a job: each method once, as a flow.

`clients.py` has the sync and the async classes that run them.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Generic, Self, TypeVar
from urllib.parse import quote

import msgspec
from gp_protocol.messages import Message
from gp_protocol.values.references import DataFile, ItemReference, MapImage, Raster

from gp_client import describing, running
from gp_client.describing import ServerInfo, ServiceEntry
from gp_client.descriptors import ServiceDescription, TaskDescription
from gp_client.errors import InvalidInput, JobAddress
from gp_client.inputs.inputs import encode_inputs
from gp_client.jobs import JobState
from gp_client.operations import operation, stream
from gp_client.options import RunOptions
from gp_client.outputs.outputs import Output
from gp_client.results import Result
from gp_client.running import Seconds, deadline_of
from gp_client.sessions import AsyncConnection, Deadline, Session, SyncConnection
from gp_client.steps import Flow
from gp_client.wire.addresses import Place, job_url, place_of, service_url, shown, task_url
from gp_client.wire.exchange import ask

if TYPE_CHECKING:
    from gp_client.files.uploads import UploadedItem

Inputs = Mapping[str, Any]
ServiceT = TypeVar("ServiceT")
TaskT = TypeVar("TaskT")
JobT = TypeVar("JobT")


class Handle:
    """What stands for a resource of the server: it holds an address and asks nothing until it is used."""

    _connection: SyncConnection | AsyncConnection

    @property
    def _session(self) -> Session:
        return self._connection.session


class ClientOperations(Handle, Generic[ServiceT, TaskT, JobT]):
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
    url: str
    name: str

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
        return self._task(f"{self.url}/{quote(name, safe='')}")

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


class TaskOperations(Handle, Generic[JobT]):
    url: str
    _options: RunOptions
    _deadline: Seconds

    @operation
    def describe(self, *, again: bool = False) -> Flow[TaskDescription]:
        """The task's descriptor, read once unless `again` is asked for."""
        return (yield from self._described(deadline_of(self._session, ...), again=again))

    @operation
    def run(self, inputs: Inputs | None = None, /, **named: Any) -> Flow[Result]:
        """Run the task as its service does, at once or as a job, and wait for its outputs.

        Inputs are named as the task's parameters are; a mapping takes names that are no Python names. They
        are checked against the descriptor first. Raises InvalidInput, or any other GPError.
        """
        session, limit = self._session, deadline_of(self._session, self._deadline)
        task = yield from self._described(limit)
        given = {**(inputs or {}), **named}
        return (yield from running.run(session, task, given, self._options, limit))

    @operation
    def execute(self, inputs: Inputs | None = None, /, **named: Any) -> Flow[Result]:
        """ArcGIS REST, *Execute task*: of a synchronous service; the outputs."""
        session, limit = self._session, deadline_of(self._session, self._deadline)
        task = yield from self._described(limit)
        return (yield from running.execute(session, task, {**(inputs or {}), **named}, self._options, limit))

    @operation
    def submit(self, inputs: Inputs | None = None, /, **named: Any) -> Flow[JobT]:
        """ArcGIS REST, *Submit job*: of an asynchronous service; the job, which is waited for elsewhere."""
        session, limit = self._session, deadline_of(self._session, self._deadline)
        task = yield from self._described(limit)
        given = {**(inputs or {}), **named}
        return self._job((yield from running.submit(session, task, given, self._options, limit)))

    @operation
    def validate(self, inputs: Inputs | None = None, /, **named: Any) -> Flow[dict[str, Any]]:
        """ArcGIS REST, *Validate* (12.0): what the server says of these inputs, unread. Missing ones are the
        server's to find."""
        session, limit = self._session, deadline_of(self._session, self._deadline)
        task = yield from self._described(limit)
        parameters = encode_inputs(
            task.descriptor,
            {**(inputs or {}), **named},
            url=self.url,
            version=task.version,
            may_miss=True,
        )
        return (yield from ask(session, f"{self.url}/validate", parameters, safe=True, deadline=limit))

    def job(self, job_id: str) -> JobT:
        """One of the task's jobs, to come back to. Nothing is asked of the server yet."""
        return self._job(JobAddress(job_id, job_url(self.url, job_id)))

    def with_options(self, *, deadline: Seconds = ..., **options: Any) -> Self:
        """The same task, run with other options: those of `RunOptions`, and a `deadline` in seconds."""
        known = RunOptions.__struct_fields__
        for name in options:
            if name not in known:
                raise InvalidInput(
                    parameter="with_options", met=name, expected=f"deadline, {', '.join(known)}"
                )
        limit = self._deadline if deadline is ... else deadline
        return self._with(msgspec.structs.replace(self._options, **options), limit)

    def _described(self, limit: Deadline, *, again: bool = False) -> Flow[TaskDescription]:
        place = place_of(self.url)
        service = service_url(place.root, place.service), place.service
        with_service = self._options.needs_version
        return (
            yield from describing.describe_task(
                self._session, self.url, service, limit, with_service=with_service, again=again
            )
        )

    def _job(self, address: JobAddress) -> JobT:
        raise NotImplementedError

    def _with(self, options: RunOptions, deadline: Seconds) -> Self:
        raise NotImplementedError


class JobOperations(Handle):
    address: JobAddress
    state: JobState | None
    """The job as it was last seen; None until it has been looked at."""
    _options: RunOptions

    @property
    def id(self) -> str:
        return self.address.id

    @property
    def url(self) -> str:
        return self.address.url

    @operation
    def refresh(self) -> Flow[JobState]:
        """One look at the job."""
        session = self._session
        self.state = yield from running.look(session, self.address, deadline_of(session, ...))
        return self.state

    @operation
    def wait(self, deadline: Seconds = ...) -> Flow[JobState]:
        """Wait for the job to succeed; its final state. Raises JobError, of its kind, for any other end."""
        session = self._session
        self.state = yield from running.succeeded(
            session, self.address, deadline_of(session, deadline), self.state
        )
        return self.state

    @stream
    def events(self, deadline: Seconds = ...) -> Flow[JobState]:
        """What happens to the job until its end: StatusChanged, MessageCame, ProgressMade.

        However the job ends, the iterator just ends; leaving it early leaves the job alone.
        """
        session = self._session
        self.state = yield from running.follow(session, self.address, deadline_of(session, deadline))
        return self.state

    @operation
    def result(self, deadline: Seconds = ...) -> Flow[Result]:
        """Wait for the job to succeed, and fetch all its outputs."""
        session, limit = self._session, deadline_of(self._session, deadline)
        task = yield from self._described(limit)
        state = yield from running.succeeded(session, self.address, limit, self.state)
        self.state = state
        return (yield from running.fetch_results(session, task, self.address, state, self._options, limit))

    @operation
    def output(self, name: str) -> Flow[Output]:
        """One output of the job, once it has succeeded."""
        session, limit = self._session, deadline_of(self._session, ...)
        task = yield from self._described(limit)
        state = yield from running.succeeded(session, self.address, limit, self.state)
        self.state = state
        url = next((url for key, url in state.results.items() if key.lower() == name.lower()), None)
        url = url or f"{self.address.url}/results/{quote(name)}"
        return (yield from running.fetch_output(session, task, name, url, self.address, self._options, limit))

    @operation
    def inputs(self) -> Flow[dict[str, Output]]:
        """What the job was given, by parameter; each input is asked for by itself."""
        session, limit = self._session, deadline_of(self._session, ...)
        task = yield from self._described(limit)
        found = {}
        for parameter in task.descriptor.inputs:
            url = f"{self.address.url}/inputs/{quote(parameter.name)}"
            found[parameter.name] = yield from running.fetch_output(
                session, task, parameter.name, url, self.address, self._options, limit
            )
        return found

    @operation
    def cancel(self) -> Flow[JobState]:
        """Ask the server to end the job; the job as the answer tells it. Raises ServerError where that is
        refused: a job is cancelled while it waits or executes."""
        session = self._session
        self.state = yield from running.cancel(session, self.address, deadline_of(session, ...))
        return self.state

    @operation
    def messages(self) -> Flow[tuple[Message, ...]]:
        """All messages that the job has left so far."""
        session = self._session
        self.state = yield from running.look(session, self.address, deadline_of(session, ...))
        return self.state.messages

    def _described(self, limit: Deadline) -> Flow[TaskDescription]:
        place = place_of(self.address.url)
        url = task_url(place.root, place.service, place.task)
        service = service_url(place.root, place.service), place.service
        return (yield from describing.describe_task(self._session, url, service, limit))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.address.url!r})"
