"""The timelines that deviations give to jobs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from gp_mockserver.configuration.timeline_forms import parse_timeline
from gp_mockserver.lifecycle.timelines import Timeline

if TYPE_CHECKING:
    from gp_mockserver.deviations.actions import SetTimeline
    from gp_mockserver.sites import ServedTask


def timeline_of(action: SetTimeline, task: ServedTask) -> Timeline:
    """The timeline that an action says, told as this task's jobs are."""
    profile = task.service.profile
    return parse_timeline(
        action.timeline,
        task_label=task.descriptor.label,
        tool_name=task.descriptor.name,
        style=profile.date_style,
        first=profile.first_status,
    )


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
