"""A job moved by hand: kept in its phase, or put into another status now.

A move gives the job another timeline. What was before `now` stays as it was seen; from then on where the job
stands is again a function of time, polls and gates alone. A job never goes back, and where a status may not
follow straight upon the present one, the phases between them last no time.
"""

from __future__ import annotations

import math
from typing import Final

import msgspec
from gp_protocol.errors import LocalProtocolError
from gp_protocol.job_states import CANCELLABLE, FINAL, JobStatus, may_become, may_reach
from gp_protocol.messages import MessageType
from gp_protocol.suggestions import some_of

from gp_mockserver.lifecycle.job_records import Amendment
from gp_mockserver.lifecycle.jobs import Course, JobFacts, course_at, ready_at
from gp_mockserver.lifecycle.timelines import Ending, Phase, TimedMessage, Timeline, standard_ending

HOLD: Final = "hold"
"""The gate of a job that is held, unless another is asked for."""

_ASKED_OTHERWISE: Final = {
    JobStatus.CANCELLING: "cancel it instead",
    JobStatus.DELETING: "delete it instead",
    JobStatus.DELETED: "delete it instead",
}


class CannotMove(Exception):
    """A job cannot be held, or be put into a status, where it stands; the text says why."""


def held(facts: JobFacts, now: float, gate: str = HOLD) -> tuple[Amendment, str]:
    """The job kept where it is until a gate is released, and that gate: one of another name, with a number,
    where the job has one of this name already.

    Raises CannotMove for a job that has ended, is being cancelled, or is held already.
    """
    course = course_at(facts, now)
    _check_it_goes_on(course, "held")
    timeline, present = facts.timeline, len(course.entered) - 1
    gate = free_gate(facts, gate)
    if course.queueing:
        past, here, _ = _queueing(facts, course)
    else:
        past, here = _past(facts, course), timeline.phases[present]
        if (keeps := holding(facts, now)) is not None:
            raise CannotMove(f"the job is held already, by the gate {keeps!r}")
    here = msgspec.structs.replace(here, seconds=None, polls=None, hold=gate)
    after = timeline.phases[present + 1 :]
    executes_at = facts.executes_at
    if executes_at is not None and executes_at > now:
        executes_at = math.inf
    return _amendment(facts, (*past, here, *after), timeline.ending, executes_at), gate


def moved(facts: JobFacts, now: float, status: JobStatus, errors: tuple[str, ...] = ()) -> Amendment:
    """The job in that status from now on, with these error messages before the closing ones of its ending.

    A job that waits or executes then goes on as its timeline says. Where that passes over the status, the job
    stays in it until the gate `hold` is released. Raises CannotMove for a status that cannot come after the
    present one.
    """
    course = course_at(facts, now)
    if status in _ASKED_OTHERWISE:
        raise CannotMove(f"a job is not put into {status}: {_ASKED_OTHERWISE[status]}")
    if course.status is status or not may_reach(course.status, status):
        allowed = [each for each in JobStatus if each not in _ASKED_OTHERWISE and each is not course.status]
        allowed = [each for each in allowed if may_reach(course.status, each)]
        raise CannotMove(
            f"the job is {course.status}, and a job never goes back: "
            f"{'it can become ' + some_of(allowed) if allowed else 'only its deletion can follow'}"
        )
    so_far, rest = _until(facts, course, now)
    has_started = any(phase.status is JobStatus.EXECUTING for phase in so_far)
    is_ahead = status not in FINAL and status is not JobStatus.EXECUTING and facts.executes_at is not None
    executes_at = facts.executes_at if has_started else math.inf if is_ahead else None
    if status in FINAL:
        phases, ending = _to_the_end(so_far, rest, status, facts.timeline)
        if errors:
            told = tuple(TimedMessage(MessageType.ERROR, text, verbatim=True) for text in errors)
            ending = msgspec.structs.replace(ending, messages=told + ending.messages)
    else:
        phases, ending = _on(facts, so_far, rest, status), facts.timeline.ending
    try:
        return _amendment(facts, phases, ending, executes_at)
    except LocalProtocolError as error:
        raise CannotMove(f"the job is {course.status}, and cannot become {status}: {error}") from None


def about_to_succeed(facts: JobFacts, now: float) -> Amendment:
    """The job kept in its phase, and to succeed once it is moved on: so that its tool's outcome can be put
    into it before. Raises CannotMove for a job that has ended."""
    course, timeline = course_at(facts, now), facts.timeline
    executes_at = facts.executes_at
    phases = (*_past(facts, course), *timeline.phases[len(course.entered) - 1 :])
    if course.by_cancel and course.status not in FINAL and facts.cancelled_at is not None:
        *before, cancelling = _until_cancelled(facts, course, facts.cancelled_at, now)
        hold = free_gate(facts, HOLD)
        phases = (*before, msgspec.structs.replace(cancelling, seconds=None, hold=hold))
    elif holding(facts, now) is None:
        amendment, _ = held(facts, now)
        phases, executes_at = amendment.timeline.phases, amendment.executes_at
    ending = _ending(timeline, JobStatus.SUCCEEDED)
    if not may_become(phases[-1].status, JobStatus.SUCCEEDED):
        phases = (*phases, Phase(JobStatus.EXECUTING, seconds=0.0))
    return _amendment(facts, phases, ending, executes_at)


def holding(facts: JobFacts, now: float) -> str | None:
    """The gate at which the job is kept at the moment; None where time or polls move it, or nothing does."""
    course = course_at(facts, now)
    present = len(course.entered) - 1
    if course.queueing or course.by_cancel or course.status in FINAL or present < 0:
        return None
    gate = facts.timeline.phases[present].hold
    is_open = any(name == gate for name, _ in facts.releases)  # in a last phase that is never left
    return None if is_open else gate


def free_gate(facts: JobFacts, gate: str) -> str:
    """A gate's name that the job has not, and has not had: this one, or one with a number."""
    taken = {*facts.timeline.gates, *(name for name, _ in facts.releases)}
    number, name = 1, gate
    while name in taken:
        number += 1
        name = f"{gate}-{number}"
    return name


def _check_it_goes_on(course: Course, what: str) -> None:
    if course.status in FINAL:
        raise CannotMove(f"the job cannot be {what}: it has ended as {course.status}")
    if course.by_cancel:
        raise CannotMove(f"the job cannot be {what}: it is being cancelled")


def _amendment(
    facts: JobFacts, phases: tuple[Phase, ...], ending: Ending, executes_at: float | None
) -> Amendment:
    timeline = msgspec.structs.replace(facts.timeline, phases=phases, ending=ending)
    return Amendment(timeline, None, (), executes_at)


def _past(facts: JobFacts, course: Course) -> tuple[Phase, ...]:
    """The phases that are over, each as long as it was: polls that have come count no more."""
    past: list[Phase] = []
    counted = 0
    for phase, start in zip(facts.timeline.phases, course.entered, strict=False):
        if len(past) == len(course.entered) - (not course.queueing):
            break
        if phase.polls is not None:
            counted += phase.polls + 1
            phase = _lasting(phase, start, facts.looks[counted - 1])
        past.append(phase)
    return tuple(past)


def _queueing(facts: JobFacts, course: Course) -> tuple[tuple[Phase, ...], Phase, float]:
    """The phases of a job that waits for room: those that are over, the waiting itself, and its start.

    What the last of them had yet to say is said while the job waits.
    """
    *before, last = (Phase(JobStatus.WAITING, seconds=0.0), *_past(facts, course))
    ready = _ready(facts)
    length = ready - course.entered[-1] if course.entered else 0.0
    said = tuple(each for each in last.messages if each.after <= length)
    later = tuple(
        msgspec.structs.replace(each, after=each.after - length)
        for each in last.messages
        if each.after > length
    )
    past = (*before[1:], msgspec.structs.replace(last, messages=said)) if course.entered else ()
    return past, Phase(JobStatus.WAITING, seconds=0.0, messages=later), ready


def _ready(facts: JobFacts) -> float:
    ready = ready_at(facts)
    assert ready is not None, "a job that waits for room is ready"
    return ready


def _until(facts: JobFacts, course: Course, now: float) -> tuple[tuple[Phase, ...], tuple[Phase, ...]]:
    """The phases up to `now`, the present one cut there, and those that would have followed."""
    entered, phases = course.entered, facts.timeline.phases
    present = len(entered) - 1
    if course.by_cancel and facts.cancelled_at is not None:
        return _until_cancelled(facts, course, facts.cancelled_at, now), ()
    if course.queueing:
        past, waiting, ready = _queueing(facts, course)
        return (*past, _lasting(waiting, ready, now)), phases[present + 1 :]
    past = _past(facts, course)
    cut = _lasting(phases[present], entered[present], now)
    return (*past, cut), tuple(each for each in phases[present + 1 :] if each.status not in FINAL)


def _until_cancelled(facts: JobFacts, course: Course, cancelled_at: float, now: float) -> tuple[Phase, ...]:
    """The phases of a job that is being cancelled: up to the cancel, and since."""
    entered, phases = course.entered, facts.timeline.phases
    if course.queueing:
        past, waiting, ready = _queueing(facts, course)
        until = (*past, _lasting(waiting, ready, cancelled_at))
    else:
        past = _past(facts, course)
        before = [i for i, at in enumerate(entered[: len(phases)]) if at <= cancelled_at]
        last = next(i for i in reversed(before) if phases[i].status in CANCELLABLE)
        said = tuple(each for each in phases[last].messages if entered[last] + each.after <= now)
        cut = msgspec.structs.replace(phases[last], messages=said)
        until = (*past[:last], _lasting(cut, entered[last], cancelled_at))
    later = tuple(
        msgspec.structs.replace(each, after=at + each.after - cancelled_at)
        for at, phase in zip(entered, phases, strict=False)
        if at > cancelled_at
        for each in phase.messages
        if at + each.after <= now
    )
    cancelling = Phase(JobStatus.CANCELLING, seconds=0.0, messages=later)
    return (*until, _lasting(cancelling, cancelled_at, now))


def _on(
    facts: JobFacts, so_far: tuple[Phase, ...], rest: tuple[Phase, ...], status: JobStatus
) -> tuple[Phase, ...]:
    """What there was, then the phase of that status, and what follows it."""
    gate, released = free_gate(facts, HOLD), [name for name, _ in facts.releases]
    for i, phase in enumerate(rest):
        if phase.status is status:
            passed = tuple(map(_passed, rest[:i]))
            if phase.seconds == 0 or phase.hold in released:
                phase = msgspec.structs.replace(phase, seconds=None, hold=gate)
            return (*so_far, *passed, phase, *rest[i + 1 :])
    while rest and not may_become(status, rest[0].status):
        rest = rest[1:]
    return (*so_far, Phase(status, hold=gate), *rest)


def _to_the_end(
    so_far: tuple[Phase, ...], rest: tuple[Phase, ...], status: JobStatus, timeline: Timeline
) -> tuple[tuple[Phase, ...], Ending]:
    phases = list(so_far)
    for phase in rest:
        if status is not JobStatus.SUCCEEDED and may_become(phases[-1].status, status):
            break
        phases.append(_passed(phase))
    if not may_become(phases[-1].status, status):
        phases.append(Phase(JobStatus.EXECUTING, seconds=0.0))
    return tuple(phases), _ending(timeline, status)


def _ending(timeline: Timeline, status: JobStatus) -> Ending:
    """The timeline's own ending if it is of that status, else the usual one."""
    if timeline.ending.status is status:
        return timeline.ending
    return standard_ending(status, timeline.task_label, timeline.date_style)


def _passed(phase: Phase) -> Phase:
    return msgspec.structs.replace(phase, seconds=0.0, polls=None, hold=None)


def _lasting(phase: Phase, start: float, end: float) -> Phase:
    """The phase from `start` to `end`, never a rounding error longer."""
    seconds = max(end - start, 0.0)
    while seconds and start + seconds > end:
        seconds = math.nextafter(seconds, 0.0)
    return msgspec.structs.replace(phase, seconds=seconds, polls=None, hold=None)
