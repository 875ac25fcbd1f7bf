"""The flows of a run: execute, or submit, poll until the end, and fetch the results.

A submission is never repeated by itself. A poll is. A job that is left behind, for its deadline or for an
interruption, is cancelled unless it is to go on, and the error says where it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from types import EllipsisType
from typing import Any, TypeVar

import msgspec
from gp_protocol.descriptions.descriptors import Parameter, ParameterType
from gp_protocol.errors import shown
from gp_protocol.job_states import JobStatus
from gp_protocol.messages import Message

from gp_client.descriptors import TaskDescription
from gp_client.errors import (
    DeadlineExceeded,
    GPError,
    JobAddress,
    JobCancelled,
    JobDeleted,
    JobError,
    JobFailed,
    JobTimedOut,
    JobVanished,
    ProtocolViolation,
    ServerError,
)
from gp_client.inputs.beside_options import joined
from gp_client.inputs.inputs import encode_inputs
from gp_client.jobs import JobState, read_job, read_messages, read_submission
from gp_client.options import RunOptions
from gp_client.outputs.outputs import Output, read_output
from gp_client.results import Result
from gp_client.sessions import Deadline, Session, check_number
from gp_client.steps import Flow, MessageCame, ProgressMade, StatusChanged, Tell, Wait
from gp_client.wire.exchange import ask

T = TypeVar("T")
Seconds = float | None | EllipsisType
"""A length of time: seconds, None for no limit, `...` for what the client's settings say."""

_NOT_YET_VISIBLE = 5
"""Polls that may find no such job before one has found it: servers behind a balancer take a moment."""
_UNKNOWN_STATUS = 3
"""Polls in a row that may find a status that nobody knows before that is an error."""
_LATE_RESULTS = 6
"""Looks that a job which succeeded gets for its results to be listed."""
_TOO_EARLY = 4
_WRONG_VERB = "error performing submitjob operation"
_LAST_WORDS = 4.0
"""Seconds for the cancel of a job that is left behind."""

_ENDS: Mapping[JobStatus, type[JobError]] = {
    JobStatus.FAILED: JobFailed,
    JobStatus.EXPECTED_FAILURE: JobFailed,
    JobStatus.TIMED_OUT: JobTimedOut,
    JobStatus.CANCELLED: JobCancelled,
    JobStatus.DELETING: JobDeleted,
    JobStatus.DELETED: JobDeleted,
}


def parameters_of(task: TaskDescription, inputs: Mapping[str, Any], options: RunOptions) -> dict[str, str]:
    """What a run sends. Raises InvalidInput, before anything is sent."""
    encoded = encode_inputs(task.descriptor, inputs, url=task.url, version=task.version)
    asked = options.parameters(task.version)
    return joined(task.descriptor, encoded, asked, options.env, url=task.url) if asked else encoded


def execute(
    session: Session,
    task: TaskDescription,
    inputs: Mapping[str, Any],
    options: RunOptions,
    deadline: Deadline,
) -> Flow[Result]:
    """ArcGIS REST, *Execute task*."""
    url = f"{task.url}/execute"
    parameters = parameters_of(task, inputs, options)
    json = yield from ask(session, url, parameters, safe=False, deadline=deadline)
    listed = json.get("results")
    if not isinstance(listed, list):
        met = shown(listed) if "results" in json else f"an answer with {', '.join(json) or 'nothing'}"
        raise ProtocolViolation(pointer="/results", met=met[:200], expected="a list of results", url=url)
    given = [(_name_in(each, number, url), (number, each)) for number, each in enumerate(listed)]
    outputs = {}
    for parameter in task.descriptor.outputs:
        found = called(parameter.name, given, url, None)
        if found is None:
            outputs[parameter.name] = _not_listed(parameter, url, None)
            continue
        number, answer = found
        outputs[parameter.name] = read_output(
            answer,
            task,
            parameter.name,
            url=url,
            pointer=f"/results/{number}",
            asked_reference=options.asked_reference,
            rows_by_name=bool(options.return_column_name),
        )
    messages = session.tokens.without_secrets_in(read_messages(json.get("messages")))
    return Result(outputs, messages, None, json)


def called(name: str, listed: Iterable[tuple[str, T]], url: str, job: JobAddress | None) -> T | None:
    """What stands under a name, exactly so or, where that is not there, in another case. Raises
    ProtocolViolation where several do."""
    alike = [(key, value) for key, value in listed if key.lower() == name.lower()]
    found = [value for key, value in alike if key == name] or [value for _, value in alike]
    if len(found) > 1:
        met, expected = f"{name!r} {len(found)} times", "each result once"
        raise ProtocolViolation(pointer="/results", met=met, expected=expected, url=url, job=job)
    return found[0] if found else None


def _name_in(answer: Any, number: int, url: str) -> str:
    name = answer.get("paramName") if isinstance(answer, dict) else None
    if not isinstance(name, str):
        pointer, expected = f"/results/{number}", '{"paramName", "dataType", "value"}'
        raise ProtocolViolation(pointer=pointer, met=shown(answer), expected=expected, url=url)
    return name


def _not_listed(parameter: Parameter, url: str, job: JobAddress | None) -> Output:
    """An output that a server does not list: none, where it is optional."""
    if parameter.parameter_type is not ParameterType.OPTIONAL:
        raise ProtocolViolation(
            pointer="/results",
            met="no such result",
            expected=f"the output {parameter.name!r}, which the task declares",
            url=url,
            job=job,
        )
    return Output(parameter.name, parameter.data_type, None, None, (), False)


def run(
    session: Session,
    task: TaskDescription,
    inputs: Mapping[str, Any],
    options: RunOptions,
    deadline: Deadline,
) -> Flow[Result]:
    """Run a task as its service does, and wait for its outputs.

    Where neither the task nor its service says how it runs, it is submitted, and executed where the server
    refuses that as the wrong operation.
    """
    if task.is_synchronous:
        return (yield from execute(session, task, inputs, options, deadline))
    try:
        job = yield from submit(session, task, inputs, options, deadline)
    except ServerError as refused:
        is_synchronous = _WRONG_VERB in refused.message.lower() and refused.job is None
        if task.is_synchronous is None and is_synchronous:
            return (yield from execute(session, task, inputs, options, deadline))
        raise
    return (yield from about(job, _awaited(session, task, job, options, deadline)))


def _awaited(
    session: Session, task: TaskDescription, job: JobAddress, options: RunOptions, deadline: Deadline
) -> Flow[Result]:
    state = yield from succeeded(session, job, deadline)
    return (yield from fetch_results(session, task, job, state, options, deadline))


def about(job: JobAddress, flow: Flow[T]) -> Flow[T]:
    """A flow whose errors, and whatever interrupts it, name the job that it is about."""
    try:
        return (yield from flow)
    except GPError as error:
        error.job = error.job or job
        raise
    except GeneratorExit:
        raise
    except BaseException as interruption:
        if getattr(interruption, "job", None) is None:
            _name(interruption, job, f"job {job.id} is left: {job.url}")
        raise


def submit(
    session: Session,
    task: TaskDescription,
    inputs: Mapping[str, Any],
    options: RunOptions,
    deadline: Deadline,
) -> Flow[JobAddress]:
    """ArcGIS REST, *Submit job*."""
    url = f"{task.url}/submitJob"
    parameters = parameters_of(task, inputs, options)
    json = yield from ask(session, url, parameters, safe=False, deadline=deadline)
    address = read_submission(json, task.url, url)
    if address.id in session.jobs_seen:
        raise ProtocolViolation(
            pointer="/jobId", met=f"{address.id} for a second job", expected="an id of its own", url=url
        )
    session.jobs_seen.add(address.id)
    return address


def look(session: Session, job: JobAddress, deadline: Deadline, *, patience: int = 0) -> Flow[JobState]:
    """One look at a job."""
    json = yield from ask(session, job.url, safe=True, deadline=deadline, job=job, patience=patience)
    return _without_secrets(session, read_job(json, job))


def _without_secrets(session: Session, state: JobState) -> JobState:
    messages = session.tokens.without_secrets_in(state.messages)
    return state if messages is state.messages else msgspec.structs.replace(state, messages=messages)


class Sightings(msgspec.Struct):
    """What the looks at one job have found: whether it was there, and for how many looks now a status that
    nobody knows."""

    seen: bool = False
    unknown: int = 0


def look_again(
    session: Session, job: JobAddress, deadline: Deadline, sightings: Sightings
) -> Flow[JobState | None]:
    """One of several looks at a job; None where it found a status that nobody knows, which may be gone the
    next time. Raises JobVanished where the job is there no longer."""
    patience = _NOT_YET_VISIBLE if job.id in session.jobs_seen and not sightings.seen else 0
    try:
        found = yield from look(session, job, deadline, patience=patience)
    except ProtocolViolation as violation:
        sightings.unknown += 1
        if violation.pointer != "/jobStatus" or sightings.unknown >= _UNKNOWN_STATUS:
            raise
        return None
    except ServerError as error:
        if error.code in (400, 404) and not patience:
            raise _vanished(error, job, sightings.seen) from None
        raise
    sightings.seen, sightings.unknown = True, 0
    return found


def follow(
    session: Session, job: JobAddress, deadline: Deadline, before: JobState | None = None
) -> Flow[JobState]:
    """Poll a job until it has ended, telling what is new in it; its final state, whatever that is.

    Raises DeadlineExceeded, JobVanished, and whatever else keeps it from being followed.
    """
    polling, clock = session.settings.polling, session.clock
    state, sightings = before, Sightings(before is not None)
    wait = polling.first
    try:
        while state is None or not state.is_final:
            left = deadline.left(clock)
            if left <= 0:
                raise DeadlineExceeded(_over(deadline), url=job.url, job=job)
            yield Wait(min(left, wait * (1 + polling.jitter * session.random.uniform(-1, 1))))
            wait = min(wait * polling.growth, polling.longest)
            found = yield from look_again(session, job, deadline, sightings)
            if found is not None:
                yield from _news(job, state, found)
                state = found
    except DeadlineExceeded as over:
        raise (yield from _left_behind(session, job, state, over, deadline)) from None
    except GeneratorExit:
        raise
    except BaseException as interruption:  # such as Ctrl-C, or what a listener raises
        if not isinstance(interruption, GPError):
            yield from _interrupted(session, job, interruption, deadline)
        raise
    return state


def _over(deadline: Deadline) -> str:
    return f"not done within {deadline.seconds:g} seconds"


def _vanished(error: ServerError, job: JobAddress, seen: bool) -> JobVanished:
    was = "the job was there before" if seen else "if the job ever was there"
    reason = f"{was}: it has been deleted or cleaned up"
    return JobVanished(
        error.message,
        code=error.code,
        details=error.details,
        reason=reason,
        raw=error.raw,
        url=job.url,
        job=job,
    )


def _news(job: JobAddress, before: JobState | None, now: JobState) -> Flow[None]:
    if before is None or before.status != now.status:
        yield Tell(StatusChanged(job.id, now.status))
    known = before.messages if before is not None else ()
    fresh: Iterable[Message] = now.messages[len(known) :]
    if now.messages[: len(known)] != known:
        seen = frozenset(known)
        fresh = [message for message in now.messages if message not in seen]
    for message in fresh:
        yield Tell(MessageCame(job.id, message))
    if now.progress is not None and (before is None or before.progress != now.progress):
        yield Tell(ProgressMade(job.id, now.progress))


def _left_behind(
    session: Session, job: JobAddress, state: JobState | None, over: DeadlineExceeded, deadline: Deadline
) -> Flow[DeadlineExceeded]:
    """The error for a job whose deadline is over, once it was asked to end."""
    cancelled = yield from _try_to_cancel(session, job, state, deadline)
    what = "it was asked to end" if cancelled else "it may go on"
    status = state.status.value if state is not None else ""
    return DeadlineExceeded(
        f"{_over(deadline)}; the job was {status or 'not seen yet'}, and {what}",
        url=job.url,
        job=job,
        status=status,
        messages=state.messages if state is not None else (),
        cancelled=cancelled,
    )


def _interrupted(
    session: Session, job: JobAddress, interruption: BaseException, deadline: Deadline
) -> Flow[None]:
    """Last steps before an interruption goes on: the job is asked to end, and named."""
    cancelled = yield from _try_to_cancel(session, job, None, deadline)
    what = "was asked to end" if cancelled else "may go on"
    _name(interruption, job, f"job {job.id} {what}: {job.url}")


def _name(interruption: BaseException, job: JobAddress, note: str) -> None:
    interruption.add_note(note)
    with suppress(AttributeError):  # an exception with slots
        interruption.job = job  # type: ignore[attr-defined]


def _try_to_cancel(
    session: Session, job: JobAddress, state: JobState | None, deadline: Deadline
) -> Flow[bool]:
    """Whether a job that is left behind could be asked to end; nobody waits long for that."""
    if deadline.leave_running or (state is not None and state.is_final):
        return False
    try:
        yield from cancel(session, job, Deadline.after(session.clock, _LAST_WORDS))
    except GPError:
        return False
    return True


def cancel(session: Session, job: JobAddress, deadline: Deadline) -> Flow[JobState]:
    """ArcGIS REST, *Cancel GP job*: the job as it is then. Raises ServerError where it is refused: a job is
    cancelled only while it waits or executes."""
    url = f"{job.url}/cancel"
    json = yield from ask(session, url, safe=False, deadline=deadline, job=job)
    return _without_secrets(session, read_job({"jobStatus": JobStatus.CANCELLING, **json}, job))


def succeeded(
    session: Session, job: JobAddress, deadline: Deadline, before: JobState | None = None
) -> Flow[JobState]:
    """A job's final state. Raises JobError, of the kind that its end is, for any but success."""
    state = yield from follow(session, job, deadline, before)
    if kind := _ENDS.get(state.status):
        raise kind(_ending(state), state=state, job=job)
    return state


def _ending(state: JobState) -> str:
    """What a job's end says: its status and the reasons among its messages."""
    errors = [
        message.description
        for message in state.messages
        if message.type.value.endswith("Error") and message.description.strip() not in ("Failed.", "")
    ]
    reason = "; ".join(errors)[:500]
    return f"{state.status}{': ' if reason else ''}{reason}"


def fetch_results(
    session: Session,
    task: TaskDescription,
    job: JobAddress,
    state: JobState,
    options: RunOptions,
    deadline: Deadline,
) -> Flow[Result]:
    """Every output that the task declares, of a job that succeeded."""
    declared = task.descriptor.outputs
    if declared:
        state = yield from _with_results(session, task, job, state, deadline)
    outputs = {}
    for parameter in declared:
        url = called(parameter.name, state.results.items(), job.url, job)
        if url is None:
            outputs[parameter.name] = _not_listed(parameter, job.url, job)
        else:
            outputs[parameter.name] = yield from fetch_output(
                session, task, parameter.name, url, job, options, deadline
            )
    return Result(outputs, state.messages, job, state.raw)


def _with_results(
    session: Session, task: TaskDescription, job: JobAddress, state: JobState, deadline: Deadline
) -> Flow[JobState]:
    """The job once it lists its results, which some servers take a moment for. Raises ProtocolViolation."""
    polling = session.settings.polling
    wait = 2 * polling.first
    for _ in range(_LATE_RESULTS):
        if not _missing(task, state):
            return state
        if deadline.left(session.clock) <= wait:
            break
        yield Wait(wait)
        wait = min(wait * polling.growth, polling.longest)
        later = yield from look(session, job, deadline)
        if later.succeeded:  # a status after the final one changes nothing
            state = later
    if missing := _missing(task, state):
        listed = ", ".join(state.results) or "none"
        raise ProtocolViolation(
            pointer="/results",
            met=f"results of {listed}",
            expected=f"one of {', '.join(missing)}, which the task declares",
            url=job.url,
            job=job,
        )
    return state


def _missing(task: TaskDescription, state: JobState) -> list[str]:
    listed = {name.lower() for name in state.results}
    return [
        each.name
        for each in task.descriptor.outputs
        if each.name.lower() not in listed and each.parameter_type is not ParameterType.OPTIONAL
    ]


def fetch_output(
    session: Session,
    task: TaskDescription,
    name: str,
    url: str,
    job: JobAddress,
    options: RunOptions,
    deadline: Deadline,
) -> Flow[Output]:
    """One result or input of a job."""
    parameters = options.result_parameters(task.version)
    json = yield from ask(
        session,
        url,
        parameters,
        safe=True,
        deadline=deadline,
        job=job,
        patience=_TOO_EARLY,
        list_allowed=True,
    )
    return read_output(
        json,
        task,
        name,
        url=url,
        asked_reference=options.asked_reference,
        rows_by_name=bool(options.return_column_name),
    )


def deadline_of(session: Session, seconds: Seconds, leave_running: bool | None = None) -> Deadline:
    """A deadline from now; None leaves it to the settings whether a job goes on after it. Raises
    InvalidInput."""
    settings = session.settings
    if seconds is ...:
        seconds = settings.deadline
    elif seconds is not None:
        check_number("deadline", seconds)
    return Deadline.after(
        session.clock, seconds, settings.leave_running if leave_running is None else leave_running
    )
