"""Where a job stands in its queue, for queues that are made anew: after a restart, or where a change had to
be taken back."""

from __future__ import annotations

import math

import msgspec

from gp_mockserver.lifecycle.job_store import JobRecord
from gp_mockserver.lifecycle.jobs import ends_at, ready_at
from gp_mockserver.lifecycle.queueing import Place


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
