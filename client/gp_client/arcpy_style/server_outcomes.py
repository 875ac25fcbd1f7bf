"""What became of a tool on a server: executed there, or a job that may go on."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from gp_protocol.descriptions.descriptors import Parameter
from gp_protocol.job_states import JobStatus
from gp_protocol.messages import Message, MessageType
from gp_protocol.values.feature_sets import FeatureSet, RecordSet
from gp_protocol.values.references import DataFile, MapImage, Raster

from gp_client.arcpy_style.execute_errors import ExecuteError, calling, execute_error, failed
from gp_client.arcpy_style.feature_sets import RecordSet as ScriptRecords
from gp_client.arcpy_style.results import SUCCEEDED
from gp_client.arcpy_style.script_runs import ScriptRun
from gp_client.errors import GPError, JobVanished, ProtocolViolation, ServerError

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
_NOT_YET_VISIBLE = 5
"""Looks that may find no such job before one has found it."""
_UNKNOWN_STATUS = 3
"""Looks in a row that may find a status that nobody knows."""


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
        self.inputs: Sequence[Any] = [_input(each, inputs) for each in task.inputs]

    @property
    def output_count(self) -> int:
        return len(self._task.outputs)

    def status(self) -> int:
        return SUCCEEDED

    def messages(self) -> Sequence[Message]:
        return self._brought.messages if self._brought is not None else ()

    def cancel(self) -> None:
        """Nothing goes on."""

    def output(self, index: int) -> Any:
        """An output in the façade's terms; a file is downloaded once."""
        if index not in self._fetched:
            self._fetched[index] = self._as_script_value(self._value(index))
        return self._fetched[index]

    def map_image(self, index: int) -> str:
        value = self._value(index)
        return value.href if isinstance(value, MapImage) else ""

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
        self._unseen = self._unknown = 0

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

    def messages(self) -> Sequence[Message]:
        """Those of the last look; of one more where the job goes on."""
        if not self._has_ended() and self._next_look <= self._run.clock.now():
            self.status()
        state = self._job.state
        return state.messages if state is not None else ()

    def cancel(self) -> None:
        calling(self._job.cancel)
        self._next_look = self._run.clock.now() + _FIRST_LOOK

    def _has_ended(self) -> bool:
        return self._job.state is not None and self._job.state.is_final

    def _look(self) -> None:
        seen = self._job.state is not None
        try:
            self._job.refresh()
        except ProtocolViolation as error:
            self._unknown += 1
            if error.pointer != "/jobStatus" or self._unknown >= _UNKNOWN_STATUS:
                raise execute_error(error) from None
        except ServerError as error:
            if error.code not in (400, 404):
                raise execute_error(error) from None
            self._unseen += 1
            if seen:
                reason = "the job was there before: it has been deleted or cleaned up"
                gone = JobVanished(
                    error.message,
                    code=error.code,
                    details=error.details,
                    reason=reason,
                    url=self._job.url,
                    job=self._job.address,
                )
                raise execute_error(gone) from None
            if self._unseen >= _NOT_YET_VISIBLE:
                raise execute_error(error) from None
        except GPError as error:
            raise execute_error(error) from None
        else:
            self._unknown = 0

    def _result(self) -> Brought:
        if self._brought is None:
            state = self._job.state
            if state is not None and state.is_final and not state.succeeded:
                raise self._ended_badly()
            self._brought = calling(self._job.result)
        return self._brought

    def _ended_badly(self) -> ExecuteError:
        state = self._job.state
        assert state is not None
        errors = [each.description for each in state.messages if each.type in _ERRORS]
        text = "\n".join(errors) or f"ERROR: the job ended as {state.status.value}"
        try:
            self._job.wait()
        except GPError as error:
            return ExecuteError(text, error)
        return ExecuteError(text)


_ERRORS = (MessageType.ERROR, MessageType.ABORT)


def _input(parameter: Parameter, given: dict[str, Any]) -> Any:
    value = given.get(parameter.name)
    if isinstance(value, FeatureSet | RecordSet):
        return ScriptRecords.of(value)
    return parameter.default_value if value is None else value
