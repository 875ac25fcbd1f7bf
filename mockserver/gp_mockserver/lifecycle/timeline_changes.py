"""Timelines made from timelines: the same job, ending otherwise or lasting longer."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
from gp_protocol.job_states import JobStatus
from gp_protocol.messages import Message, MessageType

from gp_mockserver.errors import SiteError
from gp_mockserver.lifecycle.timelines import NEVER, Ending, Phase, TimedMessage, Timeline, standard_ending

_AT_THE_END = 1e9
"""Seconds: later than any phase ends, and a message is said when its phase ends at the latest."""


def failing(timeline: Timeline, texts: Iterable[str] = ()) -> Timeline:
    """A job whose tool says these error messages at its end, and fails."""
    errors = tuple(TimedMessage(MessageType.ERROR, text, _AT_THE_END) for text in texts)
    usual = msgspec.structs.replace(timeline, ending=Ending(JobStatus.SUCCEEDED))
    return usual.with_outcome(status=JobStatus.FAILED, messages=errors)


def ending_with(timeline: Timeline, status: JobStatus) -> Timeline:
    """A job that ends in this status, with the messages that are usual for it."""
    ending = standard_ending(status, timeline.task_label, timeline.date_style)
    return msgspec.structs.replace(timeline, ending=ending)


def never_ending(timeline: Timeline) -> Timeline:
    """A job that stays in its last phase until it is cancelled."""
    return msgspec.structs.replace(timeline, ending=NEVER)


def lasting(
    timeline: Timeline,
    status: JobStatus,
    *,
    seconds: float | None = None,
    polls: int | None = None,
    hold: str | None = None,
) -> Timeline:
    """A job whose (last) phase in this status lasts so many seconds or polls, or until the gate is released.

    Raises SiteError for a job that has no such phase.
    """
    found = [i for i, phase in enumerate(timeline.phases) if phase.status is status]
    if not found:
        known = ", ".join(dict.fromkeys(phase.status for phase in timeline.phases)) or "none"
        raise SiteError(f"a timeline without {status} cannot be made to last in it; its phases: {known}")
    phases: list[Phase] = list(timeline.phases)
    phases[found[-1]] = msgspec.structs.replace(phases[found[-1]], seconds=seconds, polls=polls, hold=hold)
    return msgspec.structs.replace(timeline, phases=tuple(phases))


def never_started(
    timeline: Timeline, submitted_at: float, cancelled_at: float, said: Iterable[Message]
) -> Timeline:
    """A job that is cancelled before it waits or executes, with what it has said so far; instants are
    seconds since the epoch."""
    first = Phase(
        timeline.first_status,
        # A millisecond less, so that rounding cannot leave the job uncancelled at the instant itself.
        seconds=max(0.0, cancelled_at - submitted_at - 0.001),
        messages=tuple(TimedMessage(each.type, each.description, verbatim=True) for each in said),
    )
    waiting = next((phase.messages for phase in timeline.phases if phase.status is JobStatus.WAITING), ())
    last = Phase(JobStatus.WAITING, seconds=0.0, messages=tuple(each for each in waiting if not each.after))
    return msgspec.structs.replace(
        timeline,
        phases=(first, last),
        ending=Ending(JobStatus.CANCELLED, timeline.cancellation.messages),
    )
