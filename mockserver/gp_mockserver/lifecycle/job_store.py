"""Where a site keeps its jobs: what was submitted and what has happened to each.

A store answers with immutable records. A look replaces a job's record by one with the next turn, under a
lock, so that no two polls have the same turn and nothing that happens to a job is lost, from whichever
threads. What ends a job ends it by itself; a store has no timers and does nothing unasked.

Instants are seconds since the epoch, by the site's clock.
"""

from __future__ import annotations

import math
import threading
from collections import deque
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final, Protocol

import msgspec
from gp_protocol.job_states import CANCELLABLE, JobStatus
from gp_protocol.suggestions import did_you_mean

from gp_mockserver.lifecycle.job_records import Amendment
from gp_mockserver.lifecycle.job_records import JobRecord as JobRecord
from gp_mockserver.lifecycle.jobs import Submission, count_poll, ends_at, is_stopped, status_at
from gp_mockserver.lifecycle.queue_moves import queue_again
from gp_mockserver.lifecycle.queueing import ServiceQueue
from gp_mockserver.lifecycle.timelines import Timeline

DEFAULT_MAX_JOBS: Final = 1_000_000
DEFAULT_MAX_AGE: Final = 6 * 3600.0
"""Seconds from a job's end to its clean-up; *assumed* to be what servers do by default."""


class StoreFull(Exception):
    """The store holds as many jobs as it may, and none of them has ended."""


class CancelRefused(Exception):
    """A job was to be cancelled in a state in which it cannot be; `status` is that state."""

    def __init__(self, job_id: str, status: JobStatus) -> None:
        super().__init__(f"job {job_id} cannot be cancelled: it is {status}, neither waiting nor executing")
        self.status = status


class Past(msgspec.Struct, frozen=True):
    """What a store brings from earlier runs of its site.

    `openings`: how often it had been opened before. `latest`: the last instant of which it knows. `files`:
    the folder in which the files of its jobs outlive the site; None: they go with the site.
    """

    openings: int = 0
    latest: float = -math.inf
    files: Path | None = None


FindQueue = Callable[[str], ServiceQueue | None]
"""The queue of the service to which a task, by its path, belongs; None where there is none (any more)."""

Forgotten = Callable[[Submission], None]
"""Called with what was submitted once a job is deleted or forgotten; called under the store's lock."""


Settled = Timeline | Callable[[Timeline], Timeline]
"""A timeline with the outcome of a tool in it, or what makes it of the job's timeline, which may have been
amended while the tool ran."""

Amend = Callable[[JobRecord], Amendment]
"""Makes another course of a job's record; called under the store's lock."""


class JobStore(Protocol):
    """What a site asks of its store. Every method is atomic and may be called from any thread.

    A job that is unknown, deleted or forgotten is None everywhere. A store belongs to one site, which says
    how many bytes the inputs and outputs of all jobs may take, `max_bytes`.
    """

    max_bytes: float

    @property
    def past(self) -> Past:
        """What was before this run."""
        ...

    def attach(self, find_queue: FindQueue, forgotten: Forgotten) -> None:
        """Belong to a site. `find_queue` is first asked when a job is, so that services may come later."""
        ...

    def has_outcome(self, job_id: str) -> bool:
        """Whether there is such a job and what came of its tool is kept."""
        ...

    def close(self, at: float) -> None:
        """The site is served no longer; `at` is its last instant. Again does nothing."""
        ...

    def add(self, submission: Submission, queue: ServiceQueue | None = None) -> JobRecord:
        """Keep a new job; in a queue if its service has one.

        Raises StoreFull where there is no room, even if jobs that have ended go, ValueError where there is a
        job of that id already.
        """
        ...

    def look(self, job_id: str, now: float) -> JobRecord | None:
        """Poll the job: the record with this poll's own turn."""
        ...

    def get(self, job_id: str, now: float) -> JobRecord | None:
        """The job's record, without polling it."""
        ...

    def cancel(self, job_id: str, at: float) -> JobRecord | None:
        """Cancel the job. Raises CancelRefused where it is neither waiting nor executing."""
        ...

    def release(self, job_id: str, gate: str, at: float) -> JobRecord | None:
        """Open a gate for the job, whether it is there yet or not; again does nothing.

        Raises ValueError where the job's timeline has no such gate.
        """
        ...

    def settle(self, job_id: str, timeline: Settled, outputs: bytes, at: float) -> JobRecord | None:
        """Keep what came of the job's tool; only the first outcome counts."""
        ...

    def amend(self, job_id: str, change: Amend, at: float) -> JobRecord | None:
        """Put another course in the place of the job's. What `change` raises is raised, and nothing is
        changed then."""
        ...

    def delete(self, job_id: str, at: float) -> bool:
        """Remove the job; whether there was one."""
        ...

    def ids(self) -> list[str]:
        """The jobs that are kept, in the order of their submission."""
        ...

    def __len__(self) -> int:
        """How many jobs are kept."""
        ...


class MemoryJobStore:
    """Jobs in this process's memory, bounded by their number and by the age of those that have ended.

    A job is forgotten `max_age` seconds after its end. Where `max_jobs` are kept, a new one takes the place
    of one that has ended, as a rule the oldest; a job that has not ended is never dropped.
    """

    def __init__(self, max_jobs: int = DEFAULT_MAX_JOBS, max_age: float = DEFAULT_MAX_AGE) -> None:
        if max_jobs < 1 or not max_age > 0:
            raise ValueError(f"max_jobs {max_jobs} and max_age {max_age}: both must be above 0")
        self.max_jobs = max_jobs
        self.max_age = max_age
        self.max_bytes = math.inf
        self.past = Past()
        self._bytes = 0
        self._records: dict[str, JobRecord] = {}
        self._sweep: deque[str] = deque()
        """All jobs, and ids of some that are gone, in the order in which to see whether they can go."""
        self._none_ends_before = -math.inf
        self._queues: dict[str, ServiceQueue] = {}
        self._forgotten: Forgotten = lambda submission: None
        self._lock = threading.RLock()

    def attach(self, find_queue: FindQueue, forgotten: Forgotten) -> None:
        self._forgotten = forgotten

    def has_outcome(self, job_id: str) -> bool:
        with self._lock:
            record = self._records.get(job_id)
            return record is not None and record.outputs is not None

    def close(self, at: float) -> None:
        pass

    def add(self, submission: Submission, queue: ServiceQueue | None = None) -> JobRecord:
        job_id, now = submission.job_id, submission.submitted_at
        timeline = submission.timeline
        queues = queue is not None and timeline.executes
        room_at = math.inf if queues else None
        counting = timeline.polls_that_count > 0
        record = JobRecord(timeline, now, None, (), (), room_at, submission, 0, 0, None, counting)
        with self._lock:
            if job_id in self._records:
                raise ValueError(f"job {job_id} has been submitted already: every job needs an id of its own")
            self._forget_old(now)
            while len(self._records) >= self.max_jobs:
                self._make_room(now)
            size = len(submission.parameters)
            if self._bytes + size > self.max_bytes:
                self._make_bytes(size, now)
            self._sweep.append(job_id)
            if queue is not None and queues:
                self._queues[job_id] = queue
            self._bytes += size
            return self._keep(record, now)

    def look(self, job_id: str, now: float) -> JobRecord | None:
        with self._lock:
            old = self._known(job_id, now)
            if old is None:
                return None
            record = JobRecord(
                old.timeline,
                old.submitted_at,
                old.cancelled_at,
                old.looks,
                old.releases,
                old.executes_at,
                old.submission,
                old.polls + 1,
                old.revision,
                old.outputs,
                old.counting,
                old.amended,
            )
            if old.counting:
                looks = count_poll(record, now)
                counting = len(looks) < record.timeline.polls_that_count
                return self._keep(msgspec.structs.replace(record, looks=looks, counting=counting), now)
            self._records[job_id] = record
            return record

    def get(self, job_id: str, now: float) -> JobRecord | None:
        with self._lock:
            return self._known(job_id, now)

    def cancel(self, job_id: str, at: float) -> JobRecord | None:
        with self._lock:
            record = self._known(job_id, at)
            if record is None:
                return None
            status = status_at(record, at)
            if status not in CANCELLABLE:
                raise CancelRefused(job_id, status)
            return self._keep(_revised(record, cancelled_at=at), at)

    def release(self, job_id: str, gate: str, at: float) -> JobRecord | None:
        with self._lock:
            record = self._known(job_id, at)
            if record is None:
                return None
            if gate not in record.timeline.gates:
                known = ", ".join(record.timeline.gates) or "none"
                hint = did_you_mean(gate, record.timeline.gates)
                raise ValueError(f"job {job_id} has no gate {gate!r}; its gates: {known}. {hint}".rstrip())
            if any(name == gate for name, _ in record.releases) or is_stopped(record, at):
                return record
            return self._keep(_revised(record, releases=(*record.releases, (gate, at))), at)

    def settle(self, job_id: str, timeline: Settled, outputs: bytes, at: float) -> JobRecord | None:
        with self._lock:
            record = self._known(job_id, at)
            if record is None or record.outputs is not None:
                return record
            self._make_bytes(len(outputs), at, job_id)
            self._bytes += len(outputs)
            course = timeline if isinstance(timeline, Timeline) else timeline(record.timeline)
            return self._keep(_revised(record, timeline=course, outputs=outputs), at)

    def amend(self, job_id: str, change: Amend, at: float) -> JobRecord | None:
        with self._lock:
            old = self._known(job_id, at)
            if old is None:
                return None
            new = change(old)
            counting = len(new.looks) < new.timeline.polls_that_count
            outputs = old.outputs if new.outputs is None else new.outputs
            facts = msgspec.structs.asdict(new) | {"outputs": outputs}
            record = _revised(old, **facts, counting=counting, amended=True)
            self._bytes += record.size - old.size
            if record.executes_at is None and (queue := self._queues.pop(job_id, None)):
                self._replan(queue.leave(job_id, at))
            return self._keep(record, at)

    def delete(self, job_id: str, at: float) -> bool:
        with self._lock:
            if job_id not in self._records:
                return False
            self._remove(job_id, at)
            return True

    def ids(self) -> list[str]:
        with self._lock:
            return list(self._records)

    def __len__(self) -> int:
        return len(self._records)

    def _known(self, job_id: str, now: float) -> JobRecord | None:
        record = self._records.get(job_id)
        if record is None or now - record.submitted_at <= self.max_age or not self._is_over_age(record, now):
            return record
        self._remove(job_id, now)
        return None

    def _keep(self, record: JobRecord, now: float) -> JobRecord:
        """Keep a record in which something is new, and let its queue know."""
        job_id = record.job_id
        self._records[job_id] = record
        self._none_ends_before = -math.inf
        if queue := self._queues.get(job_id):
            self._replan(queue_again(queue, record, now))
        return self._records[job_id]

    def _replan(self, changed: Mapping[str, float | None]) -> None:
        for job_id, executes_at in changed.items():
            self._records[job_id] = _revised(self._records[job_id], executes_at=executes_at)

    def _remove(self, job_id: str, now: float) -> None:
        record = self._records.pop(job_id)
        self._bytes -= record.size
        self._none_ends_before = -math.inf
        self._gone(record.submission)
        if queue := self._queues.pop(job_id, None):
            self._replan(queue.leave(job_id, now))
        if len(self._sweep) > 2 * len(self._records) + 64:
            self._sweep = deque(job_id for job_id in self._sweep if job_id in self._records)

    def _gone(self, submission: Submission) -> None:
        self._forgotten(submission)

    def _is_over_age(self, record: JobRecord, now: float) -> bool:
        ended_at = ends_at(record)
        return ended_at is not None and now - ended_at > self.max_age

    def _forget_old(self, now: float) -> None:
        oldest = self._records.get(self._sweep[0]) if self._sweep else None
        if oldest is not None and now - oldest.submitted_at <= self.max_age:
            return
        # Two for every one that comes: what is over age goes faster than new jobs can come.
        for _ in range(min(2, len(self._sweep))):
            job_id = self._sweep.popleft()
            record = self._records.get(job_id)
            if record is None:
                continue
            ended_at = ends_at(record) if now - record.submitted_at > self.max_age else now
            if ended_at is None or ended_at > now:
                self._sweep.append(job_id)
            elif now - ended_at > self.max_age:
                self._remove(job_id, now)
            else:
                self._sweep.appendleft(job_id)
                return

    def _make_bytes(self, size: int, now: float, but: str = "") -> None:
        """Make room for so many bytes more, without forgetting the job that has them."""
        while self._bytes + size > self.max_bytes:
            if size > self.max_bytes:
                raise StoreFull(self._full())
            self._make_room(now, but)

    def _make_room(self, now: float, but: str = "") -> None:
        if now < self._none_ends_before:
            raise StoreFull(self._full())
        soonest = math.inf
        for _ in range(len(self._sweep)):
            job_id = self._sweep.popleft()
            record = self._records.get(job_id)
            if record is None:
                continue
            ended_at = ends_at(record)
            if ended_at is not None and ended_at <= now and job_id != but:
                self._remove(job_id, now)
                return
            self._sweep.append(job_id)
            soonest = min(soonest, math.inf if ended_at is None else ended_at)
        self._none_ends_before = soonest
        raise StoreFull(self._full())

    def _full(self) -> str:
        if len(self._records) >= self.max_jobs:
            return (
                f"the store is full: met {len(self._records)} jobs of which none has ended, and one more, "
                f"expected at most {self.max_jobs}: cancel some; the site's jobs.maxJobs says how many"
            )
        return (
            f"the inputs and outputs of {len(self._records)} jobs take {self._bytes} bytes, expected at most "
            f"{self.max_bytes} with these; the site's limits.jobsMemory says how many"
        )


def _revised(record: JobRecord, **changes: object) -> JobRecord:
    return msgspec.structs.replace(record, revision=record.revision + 1, **changes)
