"""How a job goes, as data: its phases, each with a status, a length, messages and progress, and how it ends.

A timeline knows no job and no clock; one timeline serves any number of jobs, and
`gp_mockserver.lifecycle.jobs` says where a job stands at an instant. Site files, the Python API and
recorded contracts all make these same values.

Texts of messages may hold `{started}`, `{ended}` (the instant at which the message itself is said),
`{elapsed}` (`21.18 seconds`, from the start of the execution to the message) and `{arguments}` (the job's
own, as the caller writes them). They are filled when a job is looked at; any other brace stays as it is.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Final, TypeVar

import msgspec
from gp_protocol.errors import LocalProtocolError, shown
from gp_protocol.job_states import FINAL, TRANSITIONS, JobStatus, may_become
from gp_protocol.messages import (
    CANCEL_COMPLETE,
    EXECUTING,
    FAILED,
    SUBMITTED,
    DateStyle,
    MessageType,
    ProgressType,
    completed_script_text,
    failed_script_text,
    failed_to_execute_text,
    running_script_text,
)
from gp_protocol.suggestions import one_of

_Timed = TypeVar("_Timed", "TimedMessage", "ProgressStep")


def _check_seconds(seconds: float, name: str) -> None:
    if not 0 <= seconds < math.inf:
        raise LocalProtocolError(
            path=name,
            met=shown(seconds),
            expected="a number of seconds, 0 or more",
            remedy="Ending(None) never ends",
        )


def _in_order(timed: Iterable[_Timed]) -> tuple[_Timed, ...]:
    return tuple(sorted(timed, key=lambda entry: entry.after))


class TimedMessage(msgspec.Struct, frozen=True, gc=False):
    """What a job says `after` seconds from its phase's start, or when the phase ends, if that is sooner.

    `until_success`: gone once the job has succeeded, as `Submitted.` and `Executing...` are. `verbatim`: its
    placeholders are not filled, as in what a tool says.
    """

    type: MessageType
    text: str
    after: float = 0.0
    until_success: bool = False
    verbatim: bool = False

    def __post_init__(self) -> None:
        _check_seconds(self.after, "after")


class ProgressStep(msgspec.Struct, frozen=True, gc=False):
    """What an executing job reports from `after` seconds on from its phase's start; percent: 0 to 100."""

    after: float
    message: str
    percent: int | None = None
    type: ProgressType = ProgressType.DEFAULT

    def __post_init__(self) -> None:
        _check_seconds(self.after, "after")
        if self.percent is not None and not 0 <= self.percent <= 100:
            raise LocalProtocolError(path="percent", met=shown(self.percent), expected="0 to 100")


class Phase(msgspec.Struct, frozen=True, gc=False):
    """A stretch of a job's life in one status. Exactly one of three says how long it lasts.

    `seconds`: so long. `polls`: exactly that many polls are answered with it; the next one finds the job in
    what follows. `hold`: until the gate of that name is released for the job, which may have been done
    before. Messages and progress are kept in the order of their `after`.
    """

    status: JobStatus
    seconds: float | None = None
    polls: int | None = None
    hold: str | None = None
    messages: tuple[TimedMessage, ...] = ()
    progress: tuple[ProgressStep, ...] = ()

    def __post_init__(self) -> None:
        given = [name for name in ("seconds", "polls", "hold") if getattr(self, name) is not None]
        if len(given) != 1:
            raise LocalProtocolError(
                path=self.status,
                met=" and ".join(given) or "none of them",
                expected="exactly one of seconds, polls and hold",
                remedy="split the phase in two" if given else "say how long the phase lasts",
            )
        if self.seconds is not None:
            _check_seconds(self.seconds, "seconds")
        if self.polls is not None and self.polls < 1:
            raise LocalProtocolError(
                path="polls", met=shown(self.polls), expected="1 or more", remedy="leave the phase out"
            )
        if self.hold == "":
            raise LocalProtocolError(
                path="hold", met='""', expected="the name of a gate", remedy='such as "gate"'
            )
        msgspec.structs.force_setattr(self, "messages", _in_order(self.messages))
        msgspec.structs.force_setattr(self, "progress", _in_order(self.progress))


class Ending(msgspec.Struct, frozen=True, gc=False):
    """What a job becomes after its last phase and stays; None: never, its last phase lasts until a cancel."""

    status: JobStatus | None
    messages: tuple[TimedMessage, ...] = ()

    def __post_init__(self) -> None:
        if self.status is not None and self.status not in FINAL:
            raise LocalProtocolError(
                path="ending",
                met=self.status,
                expected=one_of(status for status in JobStatus if status in FINAL),
                remedy="None if the job never ends",
            )
        msgspec.structs.force_setattr(self, "messages", _in_order(self.messages))


NEVER: Final = Ending(None)

_CANCEL_COMPLETE: Final = (TimedMessage(MessageType.INFORMATIVE, CANCEL_COMPLETE),)


class Cancellation(msgspec.Struct, frozen=True, gc=False):
    """What a cancel does to a job that is waiting or executing.

    The server looks for cancels every `check_interval` seconds, counted from the submission (*assumed*; its
    default of 5 s and least of 1 s: ArcGIS REST, *GP job*): until the first check after the cancel the job
    is cancelling. `at_once`: cancelled without that. `ignored`: an executing tool does not listen, as pure
    Python tools do not: the job is cancelling until the tool ends.
    """

    check_interval: float = 5.0
    ignored: bool = False
    at_once: bool = False
    messages: tuple[TimedMessage, ...] = _CANCEL_COMPLETE

    def __post_init__(self) -> None:
        _check_seconds(self.check_interval, "check_interval")
        if self.ignored and self.at_once:
            raise LocalProtocolError(
                path="cancellation", met="ignored and at_once", expected="one of them", remedy="leave one out"
            )


class Timeline(msgspec.Struct, frozen=True, gc=False):
    """The phases of a job in their order, its ending, and what a cancel does.

    `task_label` names the tool in standard texts. `update_interval`: progress is seen only every so many
    seconds of its phase, as servers refresh it (ArcGIS REST, *GP job*: 5 s unless set); 0 shows it as it is
    reported. Raises LocalProtocolError for a status that may not follow the one before it.
    """

    phases: tuple[Phase, ...] = ()
    ending: Ending = Ending(JobStatus.SUCCEEDED)
    cancellation: Cancellation = Cancellation()
    date_style: DateStyle = DateStyle.PRO
    task_label: str = ""
    update_interval: float = 0.0

    def __post_init__(self) -> None:
        _check_seconds(self.update_interval, "update_interval")
        _check_moves(self.phases, self.ending)

    @property
    def first_status(self) -> JobStatus:
        """What the answer to submitJob says of a job, however short its first phase is."""
        return self.phases[0].status if self.phases else JobStatus.SUBMITTED

    @property
    def polls_that_count(self) -> int:
        """How many polls the phases by polls take note of: those that each answers, and the one after."""
        phases = self.phases[:-1] if self.ending.status is None else self.phases
        return sum(phase.polls + 1 for phase in phases if phase.polls is not None)

    @property
    def executes(self) -> bool:
        return any(phase.status is JobStatus.EXECUTING for phase in self.phases)

    @property
    def gates(self) -> tuple[str, ...]:
        """The names of the gates that hold its phases."""
        return tuple(phase.hold for phase in self.phases if phase.hold is not None)

    def with_outcome(
        self,
        *,
        status: JobStatus,
        messages: tuple[TimedMessage, ...] = (),
        progress: tuple[ProgressStep, ...] = (),
        seconds: float = 0.0,
    ) -> Timeline:
        """This timeline with what a tool did put into its (last) executing phase.

        A phase by seconds lasts at least the tool's `seconds`. The tool's messages stand after those of the
        phase and before the closing ones, word for word; its progress follows that of the phase. Where the
        job would have succeeded it ends with `status` and that status's standard messages; an ending that
        the timeline has set otherwise stays. A tool's outcome without an executing phase is said at the
        end.
        """
        phases, ending = list(self.phases), self.ending
        if status is not JobStatus.SUCCEEDED:
            ended = standard_ending(status, self.task_label, self.date_style)
            if ending.status is JobStatus.SUCCEEDED:
                ending = ended
            for i, phase in enumerate(phases):
                if phase.status is JobStatus.SUCCEEDED:
                    phases[i] = msgspec.structs.replace(phase, status=status, messages=ended.messages)
        said = tuple(msgspec.structs.replace(message, verbatim=True) for message in messages)
        executing = [i for i, phase in enumerate(phases) if phase.status is JobStatus.EXECUTING]
        if executing:
            phase = phases[executing[-1]]
            phases[executing[-1]] = msgspec.structs.replace(
                phase,
                seconds=None if phase.seconds is None else max(phase.seconds, seconds),
                messages=phase.messages + said,
                progress=phase.progress + progress,
            )
        elif said:
            at_the_end = tuple(msgspec.structs.replace(message, after=0.0) for message in said)
            ending = msgspec.structs.replace(ending, messages=at_the_end + ending.messages)
        if (tuple(phases), ending) == (self.phases, self.ending):
            return self
        return msgspec.structs.replace(self, phases=tuple(phases), ending=ending)


def standard_ending(
    status: JobStatus | None, task_label: str = "", style: DateStyle | str = DateStyle.PRO
) -> Ending:
    """The closing messages of a job in a runtime's style, as recorded; those of a time-out are *assumed*."""
    script = DateStyle(style) is DateStyle.ARCMAP
    match status:
        case JobStatus.SUCCEEDED:
            completed = [_info(completed_script_text(task_label))] if script else []
            return Ending(status, (*completed, _info("Succeeded at {ended} (Elapsed Time: {elapsed})")))
        case JobStatus.FAILED | JobStatus.EXPECTED_FAILURE:
            failed = [_info(failed_script_text(task_label))] if script else []
            return Ending(
                status,
                (
                    *failed,
                    _error(failed_to_execute_text(task_label)),
                    _info("Failed at {ended} (Elapsed Time: {elapsed})"),
                    _error(FAILED),
                ),
            )
        case JobStatus.TIMED_OUT:
            return Ending(
                status, (_error("The maximum usage time of the service has passed."), _error(FAILED))
            )
        case JobStatus.CANCELLED:
            return Ending(status, _CANCEL_COMPLETE)
        case _:
            return Ending(status)


def standard_timeline(
    *,
    submitted: float = 0.0,
    waiting: float = 0.0,
    executing: float = 2.0,
    polls: int | None = None,
    hold: str | None = None,
    ending: JobStatus | None = JobStatus.SUCCEEDED,
    task_label: str = "",
    tool_name: str = "",
    style: DateStyle | str = DateStyle.PRO,
    messages: tuple[TimedMessage, ...] = (),
    progress: tuple[ProgressStep, ...] | None = None,
    first: JobStatus = JobStatus.SUBMITTED,
    update_interval: float = 5.0,
    cancellation: Cancellation | None = None,
) -> Timeline:
    """A job as servers run it: submitted, waiting, executing, over, with the messages that were recorded.

    `submitted`, `waiting`, `executing`: seconds in each, 0 passes over it. `polls` or `hold` make the
    execution last for so many polls, or until that gate is released. `ending` None: it executes until it is
    cancelled. `tool_name`: the label unless given. `messages`: the tool's own, timed from the start of the
    execution. `progress` None: the default progress, `Executing...`; `()`: none. `first`: New or Submitted;
    Waiting or Executing for a server that is that quick.

    Right after submitting there are no messages. `Submitted.` and `Executing...` vanish once the job has
    succeeded.
    """
    style = DateStyle(style)
    held = (_info(SUBMITTED, until_success=True),)
    starting = [_info(EXECUTING, until_success=True)]
    label = f"Executing ({task_label}): {tool_name or task_label} {{arguments}}"
    if style is DateStyle.ARCMAP:
        starting += [_info(label), _info("Start Time: {started}"), _info(running_script_text(task_label))]
    else:
        starting += [_info("Start Time: {started}"), _info(label)]
    if progress is None:
        progress = (ProgressStep(0.0, EXECUTING),)
    phases: list[Phase] = []
    match first:
        case JobStatus.NEW | JobStatus.SUBMITTED:
            phases += [Phase(first, submitted), Phase(JobStatus.WAITING, waiting, messages=held)]
        case JobStatus.WAITING:
            phases.append(Phase(first, submitted + waiting, messages=held))
        case JobStatus.EXECUTING:
            starting[:0] = held
        case _:
            raise LocalProtocolError(
                path="first", met=first, expected="a job that is new, submitted, waiting or executing"
            )
    phases.append(
        Phase(
            JobStatus.EXECUTING,
            executing if polls is None and hold is None else None,
            polls,
            hold,
            (*starting, *messages),
            progress,
        )
    )
    return Timeline(
        tuple(phases),
        standard_ending(ending, task_label, style),
        cancellation or Cancellation(),
        style,
        task_label,
        update_interval,
    )


def _info(text: str, *, until_success: bool = False) -> TimedMessage:
    return TimedMessage(MessageType.INFORMATIVE, text, until_success=until_success)


def _error(text: str) -> TimedMessage:
    return TimedMessage(MessageType.ERROR, text)


def _check_moves(phases: Iterable[Phase], ending: Ending) -> None:
    before: JobStatus | None = None
    places = [(f"phases[{i}]", phase.status) for i, phase in enumerate(phases)]
    if ending.status is not None:
        places.append(("ending", ending.status))
    elif not places:
        raise LocalProtocolError(path="phases", met="none", expected="a phase that never ends")
    for place, after in places:
        if before is not None and before is not after and not may_become(before, after):
            allowed = [status for status in JobStatus if status in TRANSITIONS[before]]
            raise LocalProtocolError(
                path=f"{place}.status",
                met=f"{after} after {before}",
                expected=one_of(allowed) if allowed else "nothing after it",
            )
        before = after
