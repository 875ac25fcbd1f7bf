"""A job as the control API tells of it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

import msgspec
from gp_protocol.job_states import FINAL

from gp_mockserver.control.answers import GateInfo, JobInfo, JobLine, JobMessage, JobPhase
from gp_mockserver.journal.masked_parts import all_secrets
from gp_mockserver.journal.secret_words import without_secrets
from gp_mockserver.lifecycle.job_moves import holding
from gp_mockserver.lifecycle.jobs import course_at
from gp_mockserver.security.masking import MASK
from gp_mockserver.security.secret_names import is_secret_name

if TYPE_CHECKING:
    from gp_protocol.messages import Progress

    from gp_mockserver.lifecycle.job_store import JobRecord
    from gp_mockserver.lifecycle.jobs import JobState
    from gp_mockserver.sites import ServedTask, Site

_LONGEST: Final = 4096
"""Characters of an input that are told."""
_HIDDEN: Final = "GPStringHidden"
_OF_THE_REQUEST: Final = frozenset({"token", "password", "refresh_token", "auth_token"})
"""Parameters that are no inputs."""


def job_line(site: Site, record: JobRecord, now: float) -> JobLine:
    """A job in short, as its timeline has it."""
    return JobLine(**_line(site, record, record.state(now), now))


def job_info(
    site: Site, task: ServedTask | None, record: JobRecord, state: JobState, now: float, url: str
) -> JobInfo:
    """A job in full; `url` is its site's."""
    released = dict(record.releases)
    ending = record.timeline.ending.status
    given: dict[str, str] = msgspec.json.decode(record.submission.parameters, type=dict[str, str])
    hidden = _hidden(task, given)
    secrets = all_secrets({**given, **{f"secret {name}": text for name, text in hidden.items()}}, _no_header)
    service, _, label = record.submission.task.rpartition("/")
    place = f"{quote(service)}/GPServer/{quote(label)}/jobs/{quote(record.job_id)}"
    return JobInfo(
        **_line(site, record, state, now),
        now=now,
        phase=state.phase,
        phases=_phases(record),
        ending=None if ending is None else str(ending),
        gates=[GateInfo(name, released.get(name)) for name in dict.fromkeys(record.timeline.gates)],
        messages=[
            JobMessage(str(each.type), without_secrets(each.description, secrets)) for each in state.messages
        ],
        progress=None if state.progress is None else _masked_progress(state.progress, secrets),
        inputs={
            name: MASK if name in hidden else _cut(without_secrets(text, secrets))
            for name, text in given.items()
            if name.lower() not in _OF_THE_REQUEST
        },
        has_outputs=record.outputs is not None,
        url=f"{url}/rest/services/{place}",
    )


def _line(site: Site, record: JobRecord, state: JobState, now: float) -> dict[str, Any]:
    return {
        "job_id": record.job_id,
        "site": site.context,
        "task": record.submission.task,
        "status": str(state.status),
        "submitted_at": record.submitted_at,
        "started_at": state.started_at,
        "ended_at": state.ended_at,
        "cancelled_at": record.cancelled_at,
        "polls": record.polls,
        "held": None if state.status in FINAL else holding(record, now),
        "user": record.submission.user,
    }


def _phases(record: JobRecord) -> list[JobPhase]:
    """The phases, with the instants that are known by now, also those to come."""
    entered = course_at(record, math.inf).entered
    return [
        JobPhase(
            str(phase.status),
            entered[i] if i < len(entered) else None,
            entered[i + 1] if i + 1 < len(entered) else None,
            phase.seconds,
            phase.polls,
            phase.hold,
        )
        for i, phase in enumerate(record.timeline.phases)
    ]


def _hidden(task: ServedTask | None, given: Mapping[str, str]) -> dict[str, str]:
    """What was given for inputs that are hidden from people, or whose names say that they are secret."""
    inputs = () if task is None else task.descriptor.inputs
    names = {each.name for each in inputs if each.data_type.endswith(_HIDDEN)}
    return {name: text for name, text in given.items() if (name in names or is_secret_name(name)) and text}


def _masked_progress(progress: Progress, secrets: list[str]) -> Any:
    told = msgspec.structs.replace(progress, message=without_secrets(progress.message, secrets))
    return msgspec.to_builtins(told)


def _no_header(name: str) -> None:
    """A job keeps no headers of its request."""


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}… ({len(text)} characters)"
