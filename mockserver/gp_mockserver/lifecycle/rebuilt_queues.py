"""Queues rebuilt from the jobs that were in them: after a restart, or where a change had to be taken back."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final

import msgspec

from gp_mockserver.lifecycle.job_store import JobRecord
from gp_mockserver.lifecycle.jobs import ends_at, ready_at
from gp_mockserver.lifecycle.queueing import Place, ServiceQueue

_SAME: Final = 1e-5
"""Seconds by which sums of instants may differ without meaning anything."""


def place_of(record: JobRecord, now: float) -> Place | None:
    """The place of a job that had joined its queue; None where it has left it since, or ended."""
    starts_at, cancelled_at = record.executes_at, record.cancelled_at
    ready = ready_at(record)
    if starts_at is None or ready is None:
        return None
    if cancelled_at is not None and starts_at > cancelled_at:
        return None
    ended_at = ends_at(msgspec.structs.replace(record, executes_at=min(starts_at, max(ready, now))))
    seconds = math.inf if ended_at is None else ended_at - min(starts_at, max(ready, now))
    place = Place(ready, seconds, starts_at)
    return place if place.ends_at > now else None


def rebuild(queue: ServiceQueue, places: Mapping[str, Place], now: float) -> dict[str, float]:
    """Put these jobs into a queue, in the order in which they had joined it, in place of all that it held.

    Returns the starts that change: none, unless the number of instances has changed, or jobs are missing.
    """
    planned = {job_id: place.starts_at for job_id, place in places.items()}
    queue._places = dict(places)
    changed = queue._planned_again(now)
    for job_id, starts_at in list(changed.items()):
        if abs(starts_at - planned[job_id]) < _SAME:
            places[job_id].starts_at = planned[job_id]
            del changed[job_id]
    return changed
