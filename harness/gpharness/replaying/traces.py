"""The trace of a recorded job as what it is replayed by: which answer polls get by the time elapsed since the
submission, and the timeline that the site's store has of it."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable, Sequence
from itertools import accumulate, pairwise
from typing import Any, Final

import msgspec
from gp_mockserver.lifecycle.timelines import NEVER, Ending, Phase, TimedMessage, Timeline
from gp_protocol.errors import ProtocolError
from gp_protocol.job_states import FINAL, JobStatus, may_become
from gp_protocol.messages import MessageType

from gpharness.contracts.contract import Answer, Seen
from gpharness.replaying.recordings import Place

Value = Callable[[Answer], Any]
"""The JSON of an answer, UNSET where it has none."""


_ROUNDING: Final = 1e-6
"""Seconds: differences of instants since 1970 are no more exact than that."""


def instants(trace: Sequence[Seen]) -> list[float]:
    """When each answer of a trace begins to hold, in seconds after the submission; never going back."""
    return list(accumulate((max(each.after, 0.0) for each in trace), max))


def seen_at(trace: Sequence[Seen], elapsed: float) -> tuple[int, float | None]:
    """Which answer holds at that time, -1 before the first one, and when the next one does, None after the
    last."""
    begins = instants(trace)
    number = bisect_right(begins, elapsed + _ROUNDING) - 1
    return number, begins[number + 1] if number + 1 < len(begins) else None


def status_word(word: str) -> JobStatus | None:
    """The status that a recorded word is; None for one that the protocol does not have."""
    try:
        return JobStatus(word)
    except ValueError:
        return None


def timeline_of(trace: Sequence[Seen], submission: Answer | None, value: Value) -> Timeline:
    """The job's course as the store keeps it, for the control API and for whatever the site does of itself:
    with the recorded messages, and what the protocol does not allow left out."""
    phases, ending = _course(trace, submission, value)
    try:
        return Timeline(phases, ending)
    except ProtocolError:
        lasts = instants(trace)[-1] if trace else 0.0
        return Timeline((Phase(JobStatus.EXECUTING, seconds=lasts),), Ending(ending.status))


def _course(
    trace: Sequence[Seen], submission: Answer | None, value: Value
) -> tuple[tuple[Phase, ...], Ending]:
    begins = instants(trace)
    first = submission.json.get("jobStatus") if submission and isinstance(submission.json, dict) else None
    steps: list[tuple[JobStatus, float, list[Any]]] = [
        (status_word(str(first)) or JobStatus.SUBMITTED, 0.0, [])
    ]
    for seen, at in zip(trace, begins, strict=True):
        status = status_word(seen.status) or steps[-1][0]
        body = value(seen.answer)
        said = body.get("messages") if isinstance(body, dict) else None
        steps.append((status, at, said if isinstance(said, list) else steps[-1][2]))
    phases: list[Phase] = []
    told: list[Any] = []
    for step, after in pairwise([*steps, None]):
        assert step is not None
        status, at, said = step
        new = _messages(said[len(told) :] if said[: len(told)] == told else said)
        told = said
        if phases and _passes_through_executing(phases[-1].status, status):
            phases.append(Phase(JobStatus.EXECUTING, seconds=0.0))
        if status in FINAL:
            return tuple(phases), Ending(status, new)
        lasts = 0.0 if after is None else after[1] - at
        phases.append(Phase(status, seconds=lasts, messages=new))
    return tuple(phases), NEVER


def _passes_through_executing(before: JobStatus, after: JobStatus) -> bool:
    """Whether a job must have been executing between two polls."""
    if before is after or may_become(before, after):
        return False
    return may_become(before, JobStatus.EXECUTING) and may_become(JobStatus.EXECUTING, after)


def _messages(said: Sequence[Any]) -> tuple[TimedMessage, ...]:
    found: list[TimedMessage] = []
    for each in said:
        try:
            found.append(
                TimedMessage(MessageType(each["type"]), str(each.get("description", "")), verbatim=True)
            )
        except (TypeError, KeyError, ValueError, AttributeError):
            continue
    return tuple(found)


class Run(msgspec.Struct):
    """A job that is replayed."""

    job_id: str
    recorded_id: str
    submitted_at: float
    timeline: Timeline
    place: Place
    shift: float = 0.0
    """Seconds by which a cancel has moved the trace, since it came at another time than the recorded one."""
    is_cancelled: bool = False
    """Whether a recorded cancel was replayed."""
    cancelled_place: Place | None = None
    """Where the same run was recorded with a cancel: how this one goes on once it is cancelled."""
    since: float = -math.inf
    """From when on the trace is moved."""
    told: list[Any] | None = None
    """The messages that it had when it turned to the other run, of which the first `passed` are left out."""
    passed: int = 0

    def elapsed(self, now: float) -> float:
        """The time in the trace at an instant of the site's clock."""
        return now - self.submitted_at + (self.shift if now >= self.since else 0.0)
