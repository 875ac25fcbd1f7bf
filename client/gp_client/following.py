"""Following a job: one look, all looks until its end, and what becomes of it when nobody follows it any more.

A job that is left behind, for its deadline or for an interruption, is cancelled unless it is to go on, and
whatever is raised says where it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import TypeVar

import msgspec
from gp_protocol.job_states import JobStatus
from gp_protocol.messages import Message

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
from gp_client.jobs import JobState, read_job
from gp_client.sessions import Deadline, Session
from gp_client.steps import Flow, MessageCame, ProgressMade, StatusChanged, Tell, Wait
from gp_client.wire.exchange import ask

T = TypeVar("T")

_NOT_YET_VISIBLE = 5
"""Polls that may find no such job before one has found it: servers behind a balancer take a moment."""
_UNKNOWN_STATUS = 3
"""Polls in a row that may find a status that nobody knows before that is an error."""
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
                # Two answers at once are not kept: one may be large.
                state = found if found.is_final else msgspec.structs.replace(found, raw=None)
    except DeadlineExceeded as over:
        raise (yield from _left_behind(session, job, state, over, deadline)) from None
    except GeneratorExit:
        raise
    except BaseException as interruption:  # such as Ctrl-C, or what a listener raises
        if not isinstance(interruption, GPError):
            yield from _interrupted(session, job, interruption, deadline)
        raise
    return state


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


def cancel(session: Session, job: JobAddress, deadline: Deadline) -> Flow[JobState]:
    """ArcGIS REST, *Cancel GP job*: the job as it is then. Raises ServerError where it is refused: a job is
    cancelled only while it waits or executes."""
    url = f"{job.url}/cancel"
    json = yield from ask(session, url, safe=False, deadline=deadline, job=job)
    return _without_secrets(session, read_job({"jobStatus": JobStatus.CANCELLING, **json}, job))


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


def _over(deadline: Deadline) -> str:
    return f"not done within {deadline.seconds:g} seconds"


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
        at_once = Deadline(session.clock.now() + _LAST_WORDS, _LAST_WORDS, is_urgent=True)
        yield from cancel(session, job, at_once)
    except GPError:
        return False
    return True
