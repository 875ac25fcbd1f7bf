"""Timelines as site files write them.

The short form says how long a job is submitted, waiting and executing, and has it say what servers say; the
long form lists the phases, and only what they list is said. Both say how the job ends and what a cancel does.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from gp_protocol.errors import ProtocolError
from gp_protocol.job_states import JobStatus
from gp_protocol.messages import DateStyle, MessageType, ProgressType
from msgspec import Meta

from gp_mockserver.configuration.durations import Duration, DurationOrPolls, parse_duration, parse_polls
from gp_mockserver.configuration.written_data import join, shaped
from gp_mockserver.errors import SiteFileError
from gp_mockserver.lifecycle.timeline_changes import lasting
from gp_mockserver.lifecycle.timelines import (
    Cancellation,
    Ending,
    Phase,
    ProgressStep,
    TimedMessage,
    Timeline,
    standard_ending,
    standard_timeline,
)

_STATUSES = {
    "new": JobStatus.NEW,
    "submitted": JobStatus.SUBMITTED,
    "waiting": JobStatus.WAITING,
    "executing": JobStatus.EXECUTING,
    "succeeded": JobStatus.SUCCEEDED,
    "failed": JobStatus.FAILED,
    "timedOut": JobStatus.TIMED_OUT,
    "cancelled": JobStatus.CANCELLED,
    "expectedFailure": JobStatus.EXPECTED_FAILURE,
}
_STEPS = 10
"""How many steps `progress: step` takes over the execution."""


class HoldForm(msgspec.Struct, forbid_unknown_fields=True):
    """Until the gate of this name is released for the job."""

    hold: Annotated[str, Meta(min_length=1)]


Length = Annotated[
    DurationOrPolls | HoldForm,
    Meta(
        description='a duration such as "20s", a number of polls such as "3 polls", or {hold: a gate\'s name}'
    ),
]


class MessageForm(msgspec.Struct, forbid_unknown_fields=True, rename="camel"):
    """One of `informative`, `warning` and `error`, said `after` so long in its phase."""

    informative: str | None = None
    warning: str | None = None
    error: str | None = None
    after: Duration = 0
    until_success: bool = False


class ProgressForm(msgspec.Struct, forbid_unknown_fields=True, rename="camel"):
    """What progress shows from `after` on; with `percent` it is step progress."""

    message: str
    percent: Annotated[int, Meta(ge=0, le=100, description="a whole number from 0 to 100")] | None = None
    after: Duration = 0


class PhaseForm(msgspec.Struct, forbid_unknown_fields=True, rename="camel"):
    """A stretch of a job's life; exactly one of `seconds`, `polls` and `hold` says how long."""

    status: Literal["new", "submitted", "waiting", "executing"]
    seconds: Duration | None = None
    polls: Annotated[int, Meta(ge=1, description="a whole number, 1 or more")] | None = None
    hold: str | None = None
    messages: list[str | MessageForm] = []
    progress: list[ProgressForm] = []


_EndingWord = Literal["succeeded", "failed", "timedOut", "cancelled", "expectedFailure", "never"]


class EndingForm(msgspec.Struct, forbid_unknown_fields=True, rename="camel"):
    """How a job ends, and its closing messages instead of the usual ones."""

    status: _EndingWord
    messages: list[str | MessageForm] | None = None


class CancellationForm(msgspec.Struct, forbid_unknown_fields=True, rename="camel"):
    """What a cancel does: after how long the server notices it, whether the tool ignores it."""

    check_interval: Duration = 5
    ignored: bool = False
    at_once: bool = False


class TimelineForm(msgspec.Struct, forbid_unknown_fields=True, rename="camel"):
    """How a job goes: `submitted`, `waiting`, `executing`, `messages` and `progress`, or `phases`."""

    submitted: Length | None = None
    waiting: Length | None = None
    executing: Length | None = None
    first: Literal["new", "submitted", "waiting", "executing"] | None = None
    messages: list[str | MessageForm] | None = None
    progress: Literal["default", "step", "none"] | list[ProgressForm] | None = None
    phases: list[PhaseForm] | None = None
    ending: _EndingWord | EndingForm = "succeeded"
    cancellation: CancellationForm = msgspec.field(default_factory=CancellationForm)
    date_style: Literal["pro", "arcmap"] | None = None
    update_interval: Duration = 5


_SHORT_ONLY = ("submitted", "waiting", "executing", "first", "messages", "progress")


def parse_timeline(
    data: Any,
    path: str = "timeline",
    *,
    task_label: str = "",
    tool_name: str = "",
    style: DateStyle = DateStyle.PRO,
    first: JobStatus = JobStatus.SUBMITTED,
) -> Timeline:
    """The timeline that the data describes. Raises SiteFileError, also for moves that no job makes.

    `style` and `first` hold where the data does not say `dateStyle` and `first`.
    """
    form = shaped(data, TimelineForm, path)
    style = DateStyle(form.date_style or style)
    try:
        if form.phases is not None:
            return _long(form, task_label, style, path)
        return _short(
            form, task_label, tool_name, style, _STATUSES[form.first] if form.first else first, path
        )
    except ProtocolError as error:
        raise SiteFileError.of(error, path) from None


def _long(form: TimelineForm, task_label: str, style: DateStyle, path: str) -> Timeline:
    for key in _SHORT_ONLY:
        if getattr(form, key) is not None:
            raise SiteFileError(
                join(path, key), f"{key} beside phases", "one of the two", "say it in a phase"
            )
    phases = [_phase(phase, f"{path}.phases[{i}]") for i, phase in enumerate(form.phases or ())]
    return Timeline(
        tuple(phases),
        _ending(form, task_label, style, path),
        _cancellation(form),
        style,
        task_label,
        parse_duration(form.update_interval),
    )


def _short(
    form: TimelineForm, task_label: str, tool_name: str, style: DateStyle, first: JobStatus, path: str
) -> Timeline:
    lengths = {key: _length(getattr(form, key)) for key in ("submitted", "waiting", "executing")}
    executing = lengths["executing"].get("seconds") if lengths["executing"] else 2.0
    timeline = standard_timeline(
        task_label=task_label,
        tool_name=tool_name,
        style=style,
        messages=tuple(_messages(form.messages or (), f"{path}.messages")),
        progress=_progress(form.progress, executing, f"{path}.progress"),
        first=first,
        update_interval=parse_duration(form.update_interval),
        cancellation=_cancellation(form),
    )
    for key, length in lengths.items():
        status = timeline.first_status if key == "submitted" else _STATUSES[key]
        if length:
            if not any(phase.status is status for phase in timeline.phases):
                met = f"{key} in a job that starts as {form.first}"
                raise SiteFileError(join(path, key), met, "only phases that come after the first one")
            timeline = lasting(timeline, status, **length)
    return msgspec.structs.replace(timeline, ending=_ending(form, task_label, style, path))


def _length(length: float | str | HoldForm | None) -> dict[str, Any]:
    if length is None:
        return {}
    if isinstance(length, HoldForm):
        return {"hold": length.hold}
    polls = parse_polls(length)
    return {"seconds": parse_duration(length)} if polls is None else {"polls": polls}


def _phase(form: PhaseForm, path: str) -> Phase:
    try:
        return Phase(
            _STATUSES[form.status],
            None if form.seconds is None else parse_duration(form.seconds),
            form.polls,
            form.hold,
            tuple(_messages(form.messages, f"{path}.messages")),
            tuple(_step(step) for step in form.progress),
        )
    except ProtocolError as error:
        raise SiteFileError.of(error, path) from None


def _messages(forms: list[str | MessageForm] | tuple[()], path: str) -> list[TimedMessage]:
    return [_message(form, f"{path}[{i}]") for i, form in enumerate(forms)]


def _message(form: str | MessageForm, path: str) -> TimedMessage:
    if isinstance(form, str):
        return TimedMessage(MessageType.INFORMATIVE, form)
    said = {
        MessageType.INFORMATIVE: form.informative,
        MessageType.WARNING: form.warning,
        MessageType.ERROR: form.error,
    }
    given = [(kind, text) for kind, text in said.items() if text is not None]
    if len(given) != 1:
        raise SiteFileError(path, f"{len(given)} texts", "exactly one of informative, warning and error")
    kind, text = given[0]
    return TimedMessage(kind, text, parse_duration(form.after), form.until_success)


def _progress(
    form: str | list[ProgressForm] | None, seconds: float | None, path: str
) -> tuple[ProgressStep, ...] | None:
    match form:
        case "none":
            return ()
        case "step":
            if seconds is None:
                remedy = "list the steps, or give executing as a duration"
                raise SiteFileError(
                    path, "step progress in an execution without a duration", "a list", remedy
                )
            return tuple(
                ProgressStep(
                    seconds * i / _STEPS, f"Step {i} of {_STEPS}", 100 * i // _STEPS, ProgressType.STEP
                )
                for i in range(_STEPS + 1)
            )
        case list():
            return tuple(_step(step) for step in form)
        case _:
            return None


def _step(form: ProgressForm) -> ProgressStep:
    kind = ProgressType.DEFAULT if form.percent is None else ProgressType.STEP
    return ProgressStep(parse_duration(form.after), form.message, form.percent, kind)


def _ending(form: TimelineForm, task_label: str, style: DateStyle, path: str) -> Ending:
    ending = form.ending if isinstance(form.ending, EndingForm) else EndingForm(form.ending)
    status = _STATUSES.get(ending.status)
    if ending.messages is None:
        return standard_ending(status, task_label, style)
    return Ending(status, tuple(_messages(ending.messages, f"{path}.ending.messages")))


def _cancellation(form: TimelineForm) -> Cancellation:
    cancellation = form.cancellation
    return Cancellation(
        parse_duration(cancellation.check_interval), cancellation.ignored, cancellation.at_once
    )
