"""The timelines that deviations give to jobs."""

from __future__ import annotations

from typing import TYPE_CHECKING

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


def usual_timeline(task: ServedTask) -> Timeline | None:
    """A task's usual timeline as the version at hand tells it; None where a timeline of its own is served."""
    service = task.service
    usual = service.usual_timeline(task.descriptor)
    own = service.usual_timeline(task.descriptor, service.own_profile)
    return usual if task.timeline == own else None
