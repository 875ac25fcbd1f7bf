"""The timelines that deviations give to jobs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from gp_protocol.job_states import JobStatus
from gp_protocol.messages import MessageType

from gp_mockserver.configuration.timeline_forms import parse_timeline
from gp_mockserver.lifecycle.timelines import Phase, Timeline

if TYPE_CHECKING:
    from gp_mockserver.deviations.actions import SetTimeline
    from gp_mockserver.sites import ServedTask


def timeline_of(action: SetTimeline, task: ServedTask, usual: Timeline) -> Timeline:
    """The timeline that an action says, told as this task's jobs are. What it does not say of them stays:
    how `usual`, the one that the job would have, ends and which errors it tells of, how it is cancelled, and,
    where only lengths are said, all else."""
    profile, said = task.service.profile, action.timeline
    made = parse_timeline(
        said,
        task_label=task.descriptor.label,
        tool_name=task.descriptor.name,
        style=profile.date_style,
        first=profile.first_status,
    )
    if not isinstance(said, dict):
        return made
    lengths = [name for name in ("submitted", "waiting", "executing") if name in said]
    if not said.keys() - set(lengths) - {"cancellation"}:
        phases = usual.phases
        for name in lengths:
            phases = _lasting_as(made, phases, usual.first_status if name == "submitted" else _STATUSES[name])
        made = msgspec.structs.replace(usual, phases=phases, cancellation=made.cancellation)
    elif "ending" not in said and made.phases:
        errors = [each for phase in usual.phases for each in phase.messages if each.type is MessageType.ERROR]
        last = made.phases[-1]
        last = msgspec.structs.replace(last, messages=(*last.messages, *errors))
        made = msgspec.structs.replace(made, phases=(*made.phases[:-1], last))
    if "ending" not in said:
        made = msgspec.structs.replace(made, ending=usual.ending)
    if "cancellation" not in said:
        made = msgspec.structs.replace(made, cancellation=usual.cancellation)
    return made


def _lasting_as(made: Timeline, phases: tuple[Phase, ...], status: JobStatus) -> tuple[Phase, ...]:
    """The phases, those of this status lasting together as long as `made` has it."""
    said = [phase for phase in made.phases if phase.status is status]
    if not said:
        return phases
    last = max((i for i, phase in enumerate(phases) if phase.status is status), default=None)
    if last is None:
        return phases
    return tuple(
        msgspec.structs.replace(
            phase,
            seconds=said[-1].seconds if i == last else 0.0,
            polls=said[-1].polls if i == last else None,
            hold=said[-1].hold if i == last else None,
        )
        if phase.status is status
        else phase
        for i, phase in enumerate(phases)
    )


_STATUSES = {"waiting": JobStatus.WAITING, "executing": JobStatus.EXECUTING}


def told_by_version(timeline: Timeline, task: ServedTask) -> Timeline:
    """A timeline as the version at hand tells it: the usual one in all its words; of one that was made for
    the task its first status and the form of its dates."""
    service, cancellation = task.service, timeline.cancellation
    profile, own = service.profile, service.own_profile
    if timeline == service.usual_timeline(task.descriptor, own, cancellation=cancellation):
        return service.usual_timeline(task.descriptor, profile, cancellation=cancellation)
    phases = timeline.phases
    if phases and phases[0].status is own.first_status:
        phases = (msgspec.structs.replace(phases[0], status=profile.first_status), *phases[1:])
    style = profile.date_style if timeline.date_style is own.date_style else timeline.date_style
    return msgspec.structs.replace(timeline, phases=phases, date_style=style)
