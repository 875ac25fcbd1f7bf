"""What became of a tool on a server: executed there, or a job that may go on."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from gp_protocol.descriptions.descriptors import Parameter
from gp_protocol.job_states import JobStatus
from gp_protocol.messages import Message
from gp_protocol.values.feature_sets import FeatureSet, RecordSet
from gp_protocol.values.references import DataFile, MapImage, Raster

from gp_client import following
from gp_client.arcpy_style.execute_errors import ExecuteError, calling, failed
from gp_client.arcpy_style.feature_sets import RecordSet as ScriptRecords
from gp_client.arcpy_style.results import SUCCEEDED
from gp_client.arcpy_style.script_messages import ERROR, joined, message_of
from gp_client.arcpy_style.script_runs import ScriptRun
from gp_client.arcpy_style.tool_arguments import as_meant
from gp_client.errors import JobError
from gp_client.sessions import deadline_of

if TYPE_CHECKING:
    from gp_client.clients import GPClient, Job
    from gp_client.descriptors import TaskDescription
    from gp_client.results import Result as Brought

STATUSES = {
    JobStatus.NEW: 0,
    JobStatus.SUBMITTED: 1,
    JobStatus.WAITING: 2,
    JobStatus.EXECUTING: 3,
    JobStatus.SUCCEEDED: SUCCEEDED,
    JobStatus.FAILED: 5,
    JobStatus.EXPECTED_FAILURE: 5,
    JobStatus.TIMED_OUT: 6,
    JobStatus.CANCELLING: 7,
    JobStatus.CANCELLED: 8,
    JobStatus.DELETING: 9,
    JobStatus.DELETED: 10,
}
_FIRST_LOOK = 0.2
_GROWTH = 1.25
_LONGEST = 5.0


class Executed:
    """What a synchronous task brought."""

    result_id = ""

    def __init__(
        self,
        tool: str,
        run: ScriptRun,
        client: GPClient,
        task: TaskDescription,
        inputs: dict[str, Any],
        brought: Brought | None = None,
    ) -> None:
        self.tool = tool
        self._run = run
        self._client = client
        self._task = task
        self._brought = brought
        self._fetched: dict[int, Any] = {}
        self._failure: str | None = None
        self.inputs: Sequence[Any] = [_input(each, inputs) for each in task.inputs]

    @property
    def output_count(self) -> int:
        return len(self._task.outputs)

    def status(self) -> int:
        return SUCCEEDED

    def messages(self) -> Sequence[Message]:
        """Those of the server, and what has kept the script from getting what it has asked for since."""
        told = self._told()
        if self._failure is None or self._failure == joined(told, ERROR):
            return told
        return (*told, message_of(ERROR, self._failure))

    def cancel(self) -> None:
        """Nothing goes on."""

    def output(self, index: int) -> Any:
        """An output in the façade's terms; a file is downloaded once."""
        if index not in self._fetched:
            with self._failing():
                self._fetched[index] = self._as_script_value(self._value(index))
        return self._fetched[index]

    def map_image(self, index: int) -> str:
        with self._failing():
            value = self._value(index)
        return value.href if isinstance(value, MapImage) else ""

    def _told(self) -> Sequence[Message]:
        return self._brought.messages if self._brought is not None else ()

    @contextlib.contextmanager
    def _failing(self) -> Iterator[None]:
        """What fails within is told by the messages, too, until something has not failed."""
        try:
            yield
        except ExecuteError as error:
            self._failure = str(error)
            raise
        self._failure = None

    def _value(self, index: int) -> Any:
        return self._result().outputs[self._task.outputs[index].name].value

    def _result(self) -> Brought:
        assert self._brought is not None
        return self._brought

    def _as_script_value(self, value: Any) -> Any:
        if isinstance(value, FeatureSet | RecordSet):
            return ScriptRecords.of(value)
        is_file = isinstance(value, DataFile) or (isinstance(value, Raster) and value.type != "ImageService")
        if not is_file or not value.url:
            return value
        try:
            folder = tempfile.mkdtemp(
                prefix=f"{self.result_id or self.tool}-", dir=self._run.scratch_folder()
            )
            return str(calling(self._client.download, value, folder))
        except OSError as error:
            raise failed(210, f"Cannot create output: {error.strerror or error}") from None


class Submitted(Executed):
    """A job, and what it brings once it has succeeded."""

    def __init__(
        self,
        tool: str,
        run: ScriptRun,
        client: GPClient,
        task: TaskDescription,
        inputs: dict[str, Any],
        job: Job,
    ) -> None:
        super().__init__(tool, run, client, task, inputs)
        self._job = job
        self._wait = _FIRST_LOOK
        self._next_look = run.clock.now() + _FIRST_LOOK
        self._sightings = following.Sightings()

    @property
    def result_id(self) -> str:  # type: ignore[override]
        return self._job.id

    def status(self) -> int:
        """The status now; the server is looked at no more often than the waits allow, which grow."""
        state = self._job.state
        if state is None or not state.is_final:
            clock = self._run.clock
            if (early := self._next_look - clock.now()) > 0:
                clock.sleep(early)
            self._look()
            self._next_look = clock.now() + self._wait
            self._wait = min(self._wait * _GROWTH, _LONGEST)
            state = self._job.state
        return STATUSES[state.status] if state is not None else STATUSES[JobStatus.SUBMITTED]

    def _told(self) -> Sequence[Message]:
        """Those of the last look; of one more where the job goes on. A job that ended otherwise than well and
        left no error has one all the same."""
        if not self._has_ended() and self._failure is None and self._next_look <= self._run.clock.now():
            with contextlib.suppress(ExecuteError):  # `_failing` keeps it
                self.status()
        state = self._job.state
        if state is None:
            return ()
        if not state.is_final or state.succeeded or joined(state.messages, ERROR):
            return state.messages
        return (*state.messages, message_of(ERROR, f"ERROR: the job ended as {state.status}"))

    def cancel(self) -> None:
        with self._failing():
            calling(self._job.cancel)
        self._next_look = self._run.clock.now() + _FIRST_LOOK

    def _has_ended(self) -> bool:
        return self._job.state is not None and self._job.state.is_final

    def _look(self) -> None:
        job, session = self._job, self._job._session
        self._sightings.seen = self._sightings.seen or job.state is not None
        limit = deadline_of(session, ...)
        with self._failing():
            found = calling(job._run, following.look_again(session, job.address, limit, self._sightings))
        job.state = found or job.state

    def _result(self) -> Brought:
        if self._brought is None:
            try:
                self._brought = calling(self._job.result)
            except ExecuteError as failure:
                if not isinstance(failure.error, JobError):
                    raise
                self._job.state = failure.error.state
                raise ExecuteError.of(joined(self._told(), ERROR), failure.error) from None
        return self._brought


def _input(parameter: Parameter, given: dict[str, Any]) -> Any:
    value = given.get(parameter.name)
    if isinstance(value, FeatureSet | RecordSet):
        return ScriptRecords.of(value)
    return as_meant(parameter, parameter.default_value if value is None else value)
