"""What a careful observer knows of a server's jobs, and what no server may answer then.

A `JobBook` is told every answer in the order in which they came, whichever client got it, and raises
`Departure` for the first one that cannot be: a job's states follow the table of `gp_protocol.job_states`, an
end stays, messages only grow while a job runs, results are there after success alone, a cancel that is taken
is told as one, ids are unique, and all clients see the same. A job that is cleaned away while it is looked at
counts as lost.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec
from gp_protocol.descriptions.descriptors import ParameterType, Task
from gp_protocol.errors import RemoteProtocolError, shown
from gp_protocol.job_states import FINAL, JobStatus, job_status, may_reach


class Departure(AssertionError):
    """An answer that the model rules out: of which job, what was met and what was expected."""

    def __init__(self, what: str, met: str, expected: str) -> None:
        super().__init__(f"{what}: met {met}, expected {expected}")
        self.what = what
        self.met = met
        self.expected = expected
        self.steps: tuple[str, ...] = ()
        """The conversation that led there."""

    def __str__(self) -> str:
        numbered = [f"{number:4}. {step}" for number, step in enumerate(self.steps, 1)]
        return "\n".join([super().__str__(), *numbered])


class KnownJob:
    """One job, as all clients together know it."""

    def __init__(self, number: int, job_id: str, status: JobStatus) -> None:
        self.number = number
        self.id = job_id
        self.status = status
        self.messages: list[Any] | None = None
        self.last: Mapping[str, Any] | None = None
        """The whole answer that first told its end."""
        self.values: dict[str, Any] = {}
        """Results by name, as they were first fetched."""
        self.inputs: dict[str, Any] = {}
        self.is_known_to_succeed = False
        self.is_settled = False
        """Whether somebody looked again after its end."""

    def __repr__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        return f"job {self.number}"

    @property
    def is_over(self) -> bool:
        return self.status in FINAL


class JobBook:
    """All jobs of one run, of one task."""

    def __init__(self, task: Task) -> None:
        self.task = task
        self.jobs: list[KnownJob] = []
        self._outputs = {each.name: each for each in task.outputs}

    @property
    def unsettled(self) -> list[KnownJob]:
        """The jobs whose end nobody has looked at twice."""
        return [job for job in self.jobs if not job.is_settled]

    def submitted(self, answer: Any) -> KnownJob:
        """A submission was answered."""
        found = _an_object("submitJob", answer)
        job_id = found.get("jobId")
        if not isinstance(job_id, str) or not job_id:
            raise Departure("submitJob", f"jobId {shown(job_id)}", "the id of a new job")
        if same := next((each for each in self.jobs if each.id.lower() == job_id.lower()), None):
            raise Departure("submitJob", f"the id of {same.name} again", "an id that no other job has")
        status = _status("submitJob", found)
        # What is told of a job that has just been made may be ahead of its first poll.
        job = KnownJob(len(self.jobs) + 1, job_id, status if status in FINAL else JobStatus.NEW)
        self.jobs.append(job)
        return job

    def polled(self, job: KnownJob, answer: Any) -> None:
        """The job's own address was answered."""
        found = self._state(job, answer)
        _check_results(job, found, self._outputs)
        self._messages(job, found.get("messages"))
        if not job.is_over:
            return
        job.is_settled = job.last is not None
        if job.last is not None and job.last["jobStatus"] == found["jobStatus"]:
            for key in ("results", "messages"):
                if job.last.get(key) != found.get(key):
                    raise Departure(
                        f"{job.name}, {key} after its end", _short(found.get(key)), _short(job.last.get(key))
                    )
        job.last = found

    def cancelled(self, job: KnownJob, answer: Any, *, refused: bool) -> None:
        """A cancel was answered; a refusal says nothing of the job."""
        if refused:
            return
        self._state(job, answer)
        if not job.is_over and job.status is not JobStatus.CANCELLING:
            raise Departure(
                f"{job.name}, cancel",
                job.status.value,
                "esriJobCancelling, an end, or an error that refuses it",
            )

    def fetched(self, job: KnownJob, name: str, answer: Any, *, refused: bool) -> None:
        """A result was asked for."""
        if refused:
            if job.last is not None and name in (job.last.get("results") or {}):
                raise Departure(f"{job.name}, result {name}", "an error", "the result that the job lists")
            return
        declared = self._outputs[name].data_type
        # A composite comes out as what it holds.
        data_type = "" if declared == "GPComposite" else declared
        found = _named(f"{job.name}, result {name}", name, data_type, answer)
        if job.is_over and job.status is not JobStatus.SUCCEEDED:
            raise Departure(f"{job.name}, result {name}", "a value", f"an error, as it is {job.status.value}")
        job.is_known_to_succeed = True
        _same(f"{job.name}, result {name}", job.values, name, found)

    def fetched_input(self, job: KnownJob, name: str, answer: Any, *, refused: bool) -> None:
        """An input was asked for."""
        if refused:
            if job.last is not None and name in (job.last.get("inputs") or {}):
                raise Departure(f"{job.name}, input {name}", "an error", "the input that the job lists")
            return
        _same(
            f"{job.name}, input {name}",
            job.inputs,
            name,
            _named(f"{job.name}, input {name}", name, "", answer),
        )

    def _state(self, job: KnownJob, answer: Any) -> Mapping[str, Any]:
        found = _an_object(job.name, answer)
        job_id = found.get("jobId")
        if job_id != job.id:
            other = next((each.name for each in self.jobs if each.id == job_id), shown(job_id))
            raise Departure(f"{job.name}, jobId", f"that of {other}", "its own")
        status = _status(job.name, found)
        if not may_reach(job.status, status):
            raise Departure(
                job.name, f"{status.value} after {job.status.value}", "no way back, and an end that stays"
            )
        gone = (JobStatus.DELETING, JobStatus.DELETED)
        if job.is_known_to_succeed and status not in (JobStatus.SUCCEEDED, *gone):
            raise Departure(
                job.name, f"{status.value} although a result was there", JobStatus.SUCCEEDED.value
            )
        job.status = status
        return found

    def _messages(self, job: KnownJob, messages: Any) -> None:
        if messages is None:
            return
        if not isinstance(messages, list):
            raise Departure(f"{job.name}, messages", shown(messages), "a list")
        known = job.messages
        # `Submitted.` and `Executing...` are taken back once a job has succeeded.
        if not job.is_over and known is not None and messages[: len(known)] != known:
            raise Departure(f"{job.name}, messages", _short(messages), f"{_short(known)} and what came since")
        job.messages = messages


def _an_object(what: str, answer: Any) -> Mapping[str, Any]:
    if not isinstance(answer, dict) or "error" in answer:
        raise Departure(what, _short(answer), "a job with jobId and jobStatus")
    return answer


def _status(what: str, found: Mapping[str, Any]) -> JobStatus:
    if "jobStatus" not in found and what == "submitJob":
        return JobStatus.NEW
    try:
        return job_status(found.get("jobStatus", ""))
    except RemoteProtocolError as error:
        raise Departure(f"{what}, jobStatus", error.met, error.expected) from None


def _check_results(job: KnownJob, found: Mapping[str, Any], outputs: Mapping[str, Any]) -> None:
    results = found.get("results")
    if job.status is not JobStatus.SUCCEEDED:
        if results and job.status not in (JobStatus.DELETING, JobStatus.DELETED):
            raise Departure(f"{job.name}, results", f"some of a job that is {job.status.value}", "none")
        return
    if results is not None and not isinstance(results, dict):
        raise Departure(f"{job.name}, results", shown(results), "an object by name")
    listed = results or {}
    if unknown := next((each for each in listed if each not in outputs), None):
        raise Departure(f"{job.name}, results", shown(unknown), f"the task's outputs, {', '.join(outputs)}")
    for name, output in outputs.items():
        if name not in listed and output.parameter_type is ParameterType.REQUIRED:
            raise Departure(f"{job.name}, results", f"no {name}", "every required output")


def _named(what: str, name: str, data_type: str, answer: Any) -> Any:
    if not isinstance(answer, dict) or "error" in answer or "value" not in answer:
        raise Departure(what, _short(answer), "paramName, dataType and value")
    if answer.get("paramName") != name:
        raise Departure(f"{what}, paramName", shown(answer.get("paramName")), name)
    if data_type and answer.get("dataType") != data_type:
        raise Departure(f"{what}, dataType", shown(answer.get("dataType")), data_type)
    return answer["value"]


def _same(what: str, known: dict[str, Any], name: str, value: Any) -> None:
    if name in known and known[name] != value:
        raise Departure(what, _short(value), f"what was there before, {_short(known[name])}")
    known[name] = value


_LONGEST: Final = 200


def _short(value: Any) -> str:
    try:
        text = msgspec.json.encode(value).decode()
    except (TypeError, ValueError):
        text = str(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
