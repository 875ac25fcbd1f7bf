"""What a job's queue is told of it, as things happen to the job."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import msgspec

from gp_mockserver.lifecycle.jobs import ends_at, ready_at
from gp_mockserver.lifecycle.queueing import ServiceQueue

if TYPE_CHECKING:
    from gp_mockserver.lifecycle.job_store import JobRecord


def queue_again(queue: ServiceQueue, record: JobRecord, now: float) -> dict[str, float]:
    """Tell a queue what is now known of one of its jobs; the starts, its own included, that this changes."""
    job_id, executes_at = record.job_id, record.executes_at
    if executes_at is not None and executes_at <= now:
        return queue.amend(job_id, _seconds_from(record, executes_at), now)
    if record.cancelled_at is not None:
        return queue.leave(job_id, now)
    ready = ready_at(record)
    if ready is None:
        return queue.leave(job_id, now) if job_id in queue else {}
    seconds = _seconds_from(record, max(ready, now))
    if job_id in queue:
        return queue.amend(job_id, seconds, now)
    return {job_id: queue.join(job_id, ready, seconds, now)}


def _seconds_from(record: JobRecord, starts_at: float) -> float:
    ended_at = ends_at(msgspec.structs.replace(record, executes_at=starts_at))
    return math.inf if ended_at is None else ended_at - starts_at
