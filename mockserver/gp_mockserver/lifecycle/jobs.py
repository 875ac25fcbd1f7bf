"""Where a job stands at an instant: a pure function of what was submitted and of what happened to it since.

Nothing runs while a job does. What happens to a job is kept as plain facts (when it was submitted and
cancelled, which gates were released, which polls came while its phases count them, when its service had
room for it), and status, messages and progress are computed from them for whatever instant is asked. The
same facts give the same answer, on any clock and in any process, and no answer depends on what happens
later.

Instants are seconds since the epoch.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Final, NamedTuple

import msgspec
from gp_protocol.job_states import CANCELLABLE, FINAL, JobStatus, may_become
from gp_protocol.messages import DateStyle, Message, Progress, date_text, elapsed_text

from gp_mockserver.lifecycle.timelines import TimedMessage, Timeline

Releases = tuple[tuple[str, float], ...]
"""The gates that were released for a job, each with the instant."""

_EXECUTING: Final = JobStatus.EXECUTING
_PLACEHOLDER: Final = re.compile(r"\{(started|ended|elapsed|arguments)\}")


class Submission(msgspec.Struct, frozen=True, gc=False):
    """What a client submitted: to the task `Folder/Service/Label`, a JSON object of the raw texts.

    `user` is who did; empty where nobody was signed in.
    """

    job_id: str
    task: str
    submitted_at: float
    parameters: bytes
    timeline: Timeline
    user: str = ""


class JobFacts(msgspec.Struct, frozen=True, gc=False):
    """All that decides where a job stands.

    `looks`: the arrivals of the polls that phases by polls took note of, as `count_poll` collects them.
    `executes_at`: when the service has room for the job, infinity while that is unknown, None where nothing
    bounds how many execute at once; a job that is ready before then is waiting.
    """

    timeline: Timeline
    submitted_at: float
    cancelled_at: float | None
    looks: tuple[float, ...]
    releases: Releases
    executes_at: float | None


class JobState(msgspec.Struct, frozen=True, gc=False):
    """A job as it is seen at one instant.

    `started_at`, `ended_at`: when it began to execute and came to its end, None before. `phase` counts the
    timeline's phases from 0; their number is the ending. Unless the job is cancelled, released or settled,
    nothing else here changes before the instant `next_change` or the poll number `next_turn`, whichever
    comes first; None where time, or polls alone, change nothing more.
    """

    status: JobStatus
    messages: tuple[Message, ...] = ()
    progress: Progress | None = None
    started_at: float | None = None
    ended_at: float | None = None
    next_change: float | None = None
    next_turn: int | None = None
    phase: int = 0


def job_at(
    timeline: Timeline,
    submitted_at: float,
    now: float,
    polls: int = 0,
    cancelled_at: float | None = None,
    *,
    looks: tuple[float, ...] | None = None,
    releases: Releases = (),
    executes_at: float | None = None,
    arguments: str = "",
) -> JobState:
    """The job at `now`, as it answers poll number `polls` (0: nobody has polled yet) and until the next one.

    `looks`, `executes_at`: see `JobFacts`; without `looks`, every poll is taken to have come at `now`.
    `arguments` fills the messages' `{arguments}`. A cancel in a state that refuses cancels changes nothing.
    """
    facts = JobFacts(timeline, submitted_at, cancelled_at, looks or (), releases, executes_at)
    if looks is None:
        for _ in range(min(polls, timeline.polls_that_count)):
            facts = msgspec.structs.replace(facts, looks=count_poll(facts, now))
    return state_at(facts, now, polls, arguments)


def state_at(facts: JobFacts, now: float, polls: int = 0, arguments: str = "") -> JobState:
    """What `job_at` tells, from facts that have been gathered."""
    course = _course(facts, now)
    timeline, status, change = facts.timeline, course.status, course.until
    started_at = _first(_EXECUTING, timeline, course.entered)
    since = facts.submitted_at if started_at is None else started_at
    succeeded = status in FINAL and _first(JobStatus.SUCCEEDED, timeline, course.entered) is not None
    messages = []
    for message, at in _said(timeline, course):
        if at > now:
            change = min(change, at)
        elif not (succeeded and message.until_success):
            text = message.text
            if "{" in text and not message.verbatim:
                text = _filled(text, at, since, timeline.date_style, arguments)
            messages.append(Message(message.type, text))
    progress = None
    if status is _EXECUTING:
        progress, refreshed = _progress(timeline, course.entered, now)
        change = min(change, refreshed)
    polls_to_go = _polls_to_go(facts, course)
    return JobState(
        status,
        tuple(messages),
        progress,
        started_at,
        course.ended_at,
        change if change < math.inf else None,
        None if polls_to_go is None else polls + polls_to_go,
        max(len(course.entered) - 1, 0),
    )


def status_at(facts: JobFacts, now: float) -> JobStatus:
    """The job's status alone."""
    return _course(facts, now).status


def course_at(facts: JobFacts, now: float) -> Course:
    """The way of the job up to `now`."""
    return _course(facts, now)


def count_poll(facts: JobFacts, now: float) -> tuple[float, ...]:
    """The job's `looks` after one more poll, which arrives at `now`.

    A phase by polls takes note of each poll that it answers and of the one that ends it; the latter is
    already answered by what follows, and noted again if that goes by polls, too. Other polls leave no
    trace.
    """
    while True:
        polls_to_go = _polls_to_go(facts, _course(facts, now))
        if polls_to_go is None:
            return facts.looks
        facts = msgspec.structs.replace(facts, looks=(*facts.looks, now))
        if polls_to_go > 1:
            return facts.looks


def is_stopped(facts: JobFacts, now: float) -> bool:
    """Whether a cancel has put an end to the job's course: polls and gates do not move it any more."""
    return _is_stopped(facts.timeline, _course(facts, now))


def ready_at(facts: JobFacts) -> float | None:
    """When the job is ready to execute, room or not; None if nobody knows yet, or never."""
    entered, _, _ = _walk(msgspec.structs.replace(facts, executes_at=None), math.inf)
    return _first(_EXECUTING, facts.timeline, entered)


def ends_at(facts: JobFacts) -> float | None:
    """When the job comes to its end if nothing more happens to it; None if nobody knows yet, or never."""
    return _course(facts, math.inf).ended_at


class Course(NamedTuple):
    """The way of a job up to an instant, without its messages.

    `entered`: when each phase so far began; one more than there are phases once the ending is reached.
    `queueing`: the last of these is over and the job waits for room to execute. `until`: the next move by
    time alone, or infinity. `silent_after`: from when on a cancel keeps the tool from saying anything.
    `by_cancel`: the status is a cancel's doing.
    """

    status: JobStatus
    entered: list[float]
    queueing: bool
    until: float
    ended_at: float | None = None
    silent_after: float = math.inf
    by_cancel: bool = False


def _course(facts: JobFacts, now: float) -> Course:
    now = max(now, facts.submitted_at)
    entered, until, queueing = _walk(facts, now)
    if facts.cancelled_at is not None:
        if facts.cancelled_at > now:
            until = min(until, facts.cancelled_at)
        elif cancelled := _cancelled_course(facts, facts.cancelled_at, now):
            return cancelled
    status = JobStatus.WAITING if queueing else _status(facts.timeline, len(entered) - 1)
    over = _over(facts.timeline, entered) if status in FINAL else None
    return Course(status, entered, queueing, until, None if over is None else entered[over])


def _cancelled_course(facts: JobFacts, cancelled_at: float, now: float) -> Course | None:
    """The way of a cancelled job; None where the cancel was refused or the job came to its own end first."""
    timeline = facts.timeline
    entered, until, queueing = _walk(facts, cancelled_at)
    phase = len(entered) - 1
    while phase > 0 and entered[phase] == cancelled_at and _status(timeline, phase) not in CANCELLABLE:
        # What a gate or a poll moved at the very instant of the cancel, it moved afterwards.
        phase -= 1
    status = JobStatus.WAITING if queueing else _status(timeline, phase)
    check = _next_check(facts, cancelled_at)
    if status is JobStatus.WAITING:
        # A job that is to be cancelled is not started any more, so its course ends with the cancel.
        until, silent_after = math.inf, cancelled_at
    elif status is _EXECUTING:
        if timeline.cancellation.ignored:
            check = math.inf
        entered, until, _ = _walk(facts, min(now, check))
        over = _over(timeline, entered)
        if over is not None:
            if may_become(JobStatus.CANCELLING, _status(timeline, over)):
                return None
            check, entered = entered[over], entered[:over]
        silent_after = check
    else:
        return None
    if check <= now and check < math.inf:
        return Course(JobStatus.CANCELLED, entered, queueing, math.inf, check, silent_after, by_cancel=True)
    until = min(until, check)
    return Course(JobStatus.CANCELLING, entered, queueing, until, None, silent_after, by_cancel=True)


def _next_check(facts: JobFacts, cancelled_at: float) -> float:
    interval = facts.timeline.cancellation.check_interval
    if facts.timeline.cancellation.at_once or interval == 0:
        return cancelled_at
    check = facts.submitted_at + (math.floor((cancelled_at - facts.submitted_at) / interval) + 1) * interval
    return check if check > cancelled_at else check + interval


def _walk(facts: JobFacts, now: float) -> tuple[list[float], float, bool]:
    """Through the phases up to `now`, cancels aside: a course's `entered`, `until` and `queueing`."""
    timeline, looks, room_at = facts.timeline, facts.looks, facts.executes_at
    start = facts.submitted_at
    entered: list[float] = []
    counted = 0
    never_left = len(timeline.phases) - 1 if timeline.ending.status is None else -1
    for i, phase in enumerate(timeline.phases):
        if room_at is not None and phase.status is _EXECUTING:
            if room_at > start:
                if room_at > now or room_at == math.inf:
                    return entered, room_at, True
                start = room_at
            room_at = None
        entered.append(start)
        if i == never_left:
            return entered, math.inf, False
        if phase.seconds is not None:
            end = start + phase.seconds
        elif phase.polls is not None:
            counted += phase.polls + 1
            end = looks[counted - 1] if len(looks) >= counted else math.inf
        else:
            end = max(start, next((at for gate, at in facts.releases if gate == phase.hold), math.inf))
        if end > now or end == math.inf:
            return entered, end, False
        start = end
    entered.append(start)
    return entered, math.inf, False


def _status(timeline: Timeline, phase: int) -> JobStatus:
    if phase < len(timeline.phases):
        return timeline.phases[phase].status
    assert timeline.ending.status is not None, "a job that never ends does not leave its last phase"
    return timeline.ending.status


def _over(timeline: Timeline, entered: list[float]) -> int | None:
    """Which of the phases that were entered, or the ending, is the first that is final."""
    for i in range(len(entered)):
        if _status(timeline, i) in FINAL:
            return i
    return None


def _first(status: JobStatus, timeline: Timeline, entered: list[float]) -> float | None:
    """When the job first came to a status, if it has."""
    for at, phase in zip(entered, timeline.phases, strict=False):
        if phase.status is status:
            return at
    reached_the_end = len(entered) > len(timeline.phases)
    return entered[-1] if reached_the_end and timeline.ending.status is status else None


def _polls_to_go(facts: JobFacts, course: Course) -> int | None:
    """In how many polls the job moves on; None if polls do not move it now."""
    timeline, count = facts.timeline, len(course.entered)
    if course.queueing or not 0 < count <= len(timeline.phases) or timeline.phases[count - 1].polls is None:
        return None
    if timeline.ending.status is None and count == len(timeline.phases):
        return None
    if _is_stopped(timeline, course):
        return None
    counted = sum(phase.polls + 1 for phase in timeline.phases[:count] if phase.polls is not None)
    return counted - len(facts.looks)


def _is_stopped(timeline: Timeline, course: Course) -> bool:
    return course.by_cancel and (
        course.status is JobStatus.CANCELLED or _first(_EXECUTING, timeline, course.entered) is None
    )


def _said(timeline: Timeline, course: Course) -> Iterator[tuple[TimedMessage, float]]:
    """The messages of the phases that were entered, each with the instant at which it is or will be said."""
    entered, phases = course.entered, timeline.phases
    for i, start in enumerate(entered):
        end = entered[i + 1] if i + 1 < len(entered) else math.inf
        for message in phases[i].messages if i < len(phases) else timeline.ending.messages:
            at = min(start + message.after, end)
            if at > course.silent_after:
                break
            yield message, at
    if course.by_cancel and course.ended_at is not None:
        for message in timeline.cancellation.messages:
            yield message, course.ended_at + message.after


def _filled(text: str, said_at: float, started_at: float, style: DateStyle, arguments: str) -> str:
    def value(placeholder: re.Match[str]) -> str:
        match placeholder[1]:
            case "started":
                return date_text(started_at, style)
            case "ended":
                return date_text(said_at, style)
            case "elapsed":
                return elapsed_text(said_at - started_at)
            case _:
                return arguments

    if not arguments:
        text = text.replace(" {arguments}", "")
    return _PLACEHOLDER.sub(value, text)


def _progress(timeline: Timeline, entered: list[float], now: float) -> tuple[Progress | None, float]:
    """What an executing job reports, and when that changes next (infinity if it does not)."""
    interval = timeline.update_interval
    progress = None
    for i, start in enumerate(entered):
        phase = timeline.phases[i]
        if phase.status is not _EXECUTING:
            continue
        end = entered[i + 1] if i + 1 < len(entered) else math.inf
        for step in phase.progress:
            at = start + (math.ceil(step.after / interval) * interval if interval else step.after)
            if at >= end:
                break
            if at > now:
                return progress, at
            progress = Progress(step.type, step.message, step.percent)
    return progress, math.inf
