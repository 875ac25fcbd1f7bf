"""A timeline as data: the long form of site files, from which the same timeline can be made again."""

from __future__ import annotations

from typing import Final

from gp_protocol.job_states import JobStatus
from gp_protocol.messages import MessageType

from gp_mockserver.control.answers import (
    CancellationInfo,
    EndingInfo,
    MessageInfo,
    PhaseInfo,
    ProgressInfo,
    TimelineInfo,
)
from gp_mockserver.lifecycle.timelines import Ending, Phase, TimedMessage, Timeline, standard_ending

_WORDS: Final = {
    JobStatus.NEW: "new",
    JobStatus.SUBMITTED: "submitted",
    JobStatus.WAITING: "waiting",
    JobStatus.EXECUTING: "executing",
    JobStatus.SUCCEEDED: "succeeded",
    JobStatus.FAILED: "failed",
    JobStatus.TIMED_OUT: "timedOut",
    JobStatus.CANCELLED: "cancelled",
    JobStatus.EXPECTED_FAILURE: "expectedFailure",
}


def timeline_info(timeline: Timeline) -> TimelineInfo:
    """The timeline in the long form. What a tool said word for word loses that: braces would be filled."""
    cancellation = timeline.cancellation
    return TimelineInfo(
        [_phase(each) for each in timeline.phases],
        _ending(timeline),
        CancellationInfo(cancellation.check_interval, cancellation.ignored, cancellation.at_once),
        str(timeline.date_style.value),
        timeline.update_interval,
    )


def _phase(phase: Phase) -> PhaseInfo:
    return PhaseInfo(
        _WORDS.get(phase.status, str(phase.status)),
        phase.seconds,
        phase.polls,
        phase.hold,
        [_message(each) for each in phase.messages],
        [ProgressInfo(each.message, each.percent, each.after) for each in phase.progress],
    )


def _ending(timeline: Timeline) -> EndingInfo:
    ending: Ending = timeline.ending
    status = "never" if ending.status is None else _WORDS.get(ending.status, str(ending.status))
    if ending == standard_ending(ending.status, timeline.task_label, timeline.date_style):
        return EndingInfo(status, None)
    return EndingInfo(status, [_message(each) for each in ending.messages])


def _message(message: TimedMessage) -> MessageInfo:
    match message.type:
        case MessageType.ERROR:
            said = MessageInfo(error=message.text)
        case MessageType.WARNING:
            said = MessageInfo(warning=message.text)
        case _:
            said = MessageInfo(informative=message.text)
    said.after, said.until_success = message.after, message.until_success
    return said
