"""What can be asked of a task and of a job: each method once, as a flow.

`clients.py` has the sync and the async classes that run them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Generic, Self, TypeVar, Unpack
from urllib.parse import quote

import msgspec
from gp_protocol.messages import Message

from gp_client import describing, following, running
from gp_client.descriptors import TaskDescription
from gp_client.errors import InvalidInput, JobAddress, JobError
from gp_client.inputs.inputs import encode_inputs
from gp_client.jobs import JobState
from gp_client.operations import Handle, operation, stream
from gp_client.options import OptionWords, RunOptions
from gp_client.outputs.outputs import Output
from gp_client.results import Result
from gp_client.sessions import Deadline, Seconds, deadline_of
from gp_client.steps import Flow
from gp_client.wire.addresses import (
    job_url,
    place_of,
    service_url,
    task_url,
)
from gp_client.wire.exchange import ask

Inputs = Mapping[str, Any]
JobT = TypeVar("JobT")


class TaskOperations(Handle, Generic[JobT]):
    def __init__(
        self,
        connection: Any,
        url: str,
        options: RunOptions | None = None,
        deadline: Seconds = ...,
        leave_running: bool | None = None,
    ) -> None:
        self._connection = connection
        self.url = url
        self._options = options or RunOptions()
        self._deadline = deadline
        self._leave_running = leave_running

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
        given = _merged(inputs, named)
        session, limit = self._session, self._limit()
        task = yield from self._described(limit)
        return (yield from running.run(session, task, given, self._options, limit))

    @operation
    def execute(self, inputs: Inputs | None = None, /, **named: Any) -> Flow[Result]:
        """ArcGIS REST, *Execute task*: of a synchronous service; the outputs."""
        given = _merged(inputs, named)
        session, limit = self._session, self._limit()
        task = yield from self._described(limit)
        return (yield from running.execute(session, task, given, self._options, limit))

    @operation
    def submit(self, inputs: Inputs | None = None, /, **named: Any) -> Flow[JobT]:
        """ArcGIS REST, *Submit job*: of an asynchronous service; the job, which is waited for elsewhere."""
        given = _merged(inputs, named)
        session, limit = self._session, self._limit()
        task = yield from self._described(limit)
        return self._job((yield from running.submit(session, task, given, self._options, limit)))

    @operation
    def validate(self, inputs: Inputs | None = None, /, **named: Any) -> Flow[dict[str, Any]]:
        """ArcGIS REST, *Validate* (12.0): what the server says of these inputs, unread. Missing ones are the
        server's to find."""
        given = _merged(inputs, named)
        session, limit = self._session, self._limit()
        task = yield from self._described(limit)
        parameters = encode_inputs(
            task.descriptor,
            given,
            url=self.url,
            version=task.version,
            may_miss=True,
        )
        return (yield from ask(session, f"{self.url}/validate", parameters, safe=True, deadline=limit))

    def job(self, job_id: str) -> JobT:
        """One of the task's jobs, to come back to. Nothing is asked of the server yet."""
        return self._job(JobAddress(job_id, job_url(self.url, job_id)))

    def with_options(
        self,
        *,
        deadline: Seconds = ...,
        leave_running: bool | None = None,
        **options: Unpack[OptionWords],
    ) -> Self:
        """The same task, run with other options: those of `RunOptions`, a `deadline` in seconds, and whether
        a job that is over it, or interrupted, goes on (`leave_running`)."""
        known = RunOptions.__struct_fields__
        for name in options:
            if name not in known:
                expected = f"deadline, leave_running, {', '.join(known)}"
                raise InvalidInput(parameter="with_options", met=name, expected=expected)
        deadline_of(self._session, deadline)  # is it one?
        return type(self)(
            self._connection,
            self.url,
            msgspec.structs.replace(self._options, **options),
            self._deadline if deadline is ... else deadline,
            self._leave_running if leave_running is None else leave_running,
        )

    def _limit(self) -> Deadline:
        return deadline_of(self._session, self._deadline, self._leave_running)

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


def _merged(inputs: Inputs | None, named: Inputs) -> Inputs:
    if inputs is not None and not isinstance(inputs, Mapping):
        expected = "a mapping of values by parameter name, or keywords"
        raise InvalidInput(parameter="inputs", met=repr(inputs)[:80], expected=expected)
    return {**(inputs or {}), **named}


class JobOperations(Handle):
    def __init__(self, connection: Any, address: JobAddress, options: RunOptions | None = None) -> None:
        self._connection = connection
        self.address = address
        self.state: JobState | None = None
        """The job as it was last seen; None until it has been looked at."""
        self._options = options or RunOptions()

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
        self.state = yield from following.look(session, self.address, deadline_of(session, ...))
        return self.state

    @operation
    def wait(self, deadline: Seconds = ..., *, leave_running: bool | None = None) -> Flow[JobState]:
        """Wait for the job to succeed; its final state. Raises JobError, of its kind, for any other end.

        `leave_running`: whether the job goes on when the deadline is over or the wait is interrupted.
        """
        session = self._session
        limit = deadline_of(session, deadline, leave_running)
        self.state = yield from self._succeeded(limit)
        return self.state

    @stream
    def events(self, deadline: Seconds = ..., *, leave_running: bool | None = None) -> Flow[JobState]:
        """What happens to the job until its end: StatusChanged, MessageCame, ProgressMade.

        However the job ends, the iterator just ends; leaving it early leaves the job alone.
        """
        session = self._session
        limit = deadline_of(session, deadline, leave_running)
        self.state = yield from following.follow(session, self.address, limit)
        return self.state

    @operation
    def result(self, deadline: Seconds = ..., *, leave_running: bool | None = None) -> Flow[Result]:
        """Wait for the job to succeed, as `wait` does, and fetch all its outputs."""
        session, limit = self._session, deadline_of(self._session, deadline, leave_running)
        task = yield from self._described(limit)
        state = yield from self._succeeded(limit)
        return (yield from running.fetch_results(session, task, self.address, state, self._options, limit))

    @operation
    def output(self, name: str) -> Flow[Output]:
        """One output of the job, once it has succeeded; `name` in any case."""
        limit = deadline_of(self._session, ...)
        return (yield from following.about(self.address, self._output(name, limit)))

    def _output(self, name: str, limit: Deadline) -> Flow[Output]:
        session, address = self._session, self.address
        task = yield from self._described(limit)
        parameter = task.parameter(name)
        if parameter is None or parameter not in task.outputs:
            known = ", ".join(each.name for each in task.outputs) or "none: the task has no outputs"
            raise InvalidInput(parameter="name", met=repr(name)[:80], expected=f"an output, {known}")
        self.state = yield from self._succeeded(limit)
        url = running.called(parameter.name, self.state.results.items(), address.url, address)
        url = url or f"{address.url}/results/{quote(parameter.name, safe='')}"
        return (
            yield from running.fetch_output(session, task, parameter.name, url, address, self._options, limit)
        )

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
        self.state = yield from following.cancel(session, self.address, deadline_of(session, ...))
        return self.state

    @operation
    def messages(self) -> Flow[tuple[Message, ...]]:
        """All messages that the job has left so far."""
        session = self._session
        self.state = yield from following.look(session, self.address, deadline_of(session, ...))
        return self.state.messages

    def _succeeded(self, limit: Deadline) -> Flow[JobState]:
        try:
            self.state = yield from following.succeeded(self._session, self.address, limit, self.state)
        except JobError as error:
            self.state = error.state
            raise
        return self.state

    def _described(self, limit: Deadline) -> Flow[TaskDescription]:
        place = place_of(self.address.url)
        url = task_url(place.root, place.service, place.task)
        service = service_url(place.root, place.service), place.service
        return (yield from describing.describe_task(self._session, url, service, limit))
