"""Jobs that outlive a restart: a memory store whose every change is written to a file before it is told.

A poll that changes nothing is answered from memory alone, so that polling costs what it costs without a
file.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from gp_mockserver.errors import SiteError, StoreUnwritable
from gp_mockserver.lifecycle.job_file import Change, JobFile
from gp_mockserver.lifecycle.job_store import (
    DEFAULT_MAX_AGE,
    DEFAULT_MAX_JOBS,
    Amend,
    FindQueue,
    Forgotten,
    JobRecord,
    MemoryJobStore,
    Past,
    Settled,
    StoreFull,
)
from gp_mockserver.lifecycle.jobs import Submission, ready_at
from gp_mockserver.lifecycle.queue_places import place_of
from gp_mockserver.lifecycle.queueing import Place, ServiceQueue

log = logging.getLogger("gp_mockserver")


class SQLiteJobStore(MemoryJobStore):
    """Jobs in memory and, as they are there, in an SQLite file at `path`, which is made where it is missing.

    A change (a job that comes, a cancel, a release, an outcome, another course, a deletion, a poll that
    phases by polls count) is committed before the method returns; a poll that nothing counts is not written,
    so that after a restart `polls` may be lower than it was. Killed at any moment, the process loses nothing
    that it has told anyone. The log is not synced with the disk on every commit (`synchronous=NORMAL`): after
    a power cut or a crash of the operating system the last commits, as a rule of some seconds, may be gone,
    from the last one backwards; the file stays sound.

    The file is for one site, and is locked while it is open: raises JobFileError, a MockServerError, where
    another has it open, where it is of another kind or a newer version, and where it cannot be written.
    Limits as in `MemoryJobStore`; so is the need for memory.

    Where a change cannot be written (a full disk, say), StoreUnwritable is raised, or StoreFull for a new
    job, the log has a line, and the change is taken back. A job that was due to be forgotten, or deleted, is
    gone nonetheless; its removal is written with the next change.
    """

    def __init__(
        self, path: str | Path, max_jobs: int = DEFAULT_MAX_JOBS, max_age: float = DEFAULT_MAX_AGE
    ) -> None:
        super().__init__(max_jobs, max_age)
        self._before: dict[str, JobRecord | None] = {}
        """What the jobs that are being changed were before the change; None: not there."""
        self._removed: dict[str, Submission] = {}
        """Jobs that are gone from memory, and not yet from the file."""
        self._is_changed = False
        self._find_queue: FindQueue | None = None
        self._queues_are_stale = True
        self._stale_queues: set[ServiceQueue] = set()
        """Queues that may know of jobs that are not there."""
        self._file = JobFile(Path(path))
        try:
            for record in self._file.load():
                self._records[record.job_id] = record
                self._bytes += record.size
                self._sweep.append(record.job_id)
        except BaseException:
            self._file.close(self._file.latest)
            raise
        files = self._file.path.with_name(f"{self._file.path.name}.files")
        self.past = Past(self._file.openings, self._file.latest, files)

    def attach(self, find_queue: FindQueue, forgotten: Forgotten) -> None:
        if self._find_queue is not None:
            raise SiteError(f"job store {self._file.path} has a site already: give each a file of its own")
        super().attach(find_queue, forgotten)
        self._find_queue = find_queue

    def close(self, at: float) -> None:
        with self._lock:
            self._queues_are_stale = False
            self._file.close(at)

    def add(self, submission: Submission, queue: ServiceQueue | None = None) -> JobRecord:
        try:
            with self._changing(submission.submitted_at):
                return super().add(submission, queue)
        except StoreUnwritable as error:
            raise StoreFull(str(error)) from None

    def look(self, job_id: str, now: float) -> JobRecord | None:
        with self._lock:
            if self._queues_are_stale:
                self._rebuild_queues(now)
            record = super().look(job_id, now)
            if self._is_changed:
                self._write(now)
            return record

    def get(self, job_id: str, now: float) -> JobRecord | None:
        with self._lock:
            if self._queues_are_stale:
                self._rebuild_queues(now)
            record = super().get(job_id, now)
            if self._is_changed:
                self._write(now)
            return record

    def cancel(self, job_id: str, at: float) -> JobRecord | None:
        with self._changing(at):
            return super().cancel(job_id, at)

    def release(self, job_id: str, gate: str, at: float) -> JobRecord | None:
        with self._changing(at):
            return super().release(job_id, gate, at)

    def settle(self, job_id: str, timeline: Settled, outputs: bytes, at: float) -> JobRecord | None:
        with self._changing(at):
            return super().settle(job_id, timeline, outputs, at)

    def amend(self, job_id: str, change: Amend, at: float) -> JobRecord | None:
        with self._lock:
            try:
                with self._changing(at):
                    return super().amend(job_id, change, at)
            except StoreUnwritable:
                self._queues_are_stale = True  # the job may have left its queue
                raise

    def delete(self, job_id: str, at: float) -> bool:
        with self._lock:
            with self._changing(at):
                is_deleted = super().delete(job_id, at)
            if is_deleted and job_id in self._removed:
                raise StoreUnwritable("the job store cannot be written: the deletion may not last")
            return is_deleted

    @contextmanager
    def _changing(self, at: float) -> Iterator[None]:
        """Write what the block changes; also where it is refused, since old jobs may have been forgotten."""
        with self._lock:
            self._rebuild_queues(at)
            try:
                yield
            finally:
                self._write(at)

    # What changes in memory, as it does

    def _keep(self, record: JobRecord, now: float) -> JobRecord:
        self._note(record.job_id)
        return super()._keep(record, now)

    def _replan(self, changed: Mapping[str, float | None]) -> None:
        for job_id in changed:
            self._note(job_id)
        super()._replan(changed)

    def _gone(self, submission: Submission) -> None:
        self._removed[submission.job_id] = submission
        self._is_changed = True

    def _note(self, job_id: str) -> None:
        self._before.setdefault(job_id, self._records.get(job_id))
        self._is_changed = True

    # Into the file, or back

    def _write(self, at: float) -> None:
        if not self._is_changed:
            return
        before, self._before, self._is_changed = self._before, {}, False
        changes = []
        for job_id, was in before.items():
            record = self._records.get(job_id)
            if record is not None and record is not was:
                queue = self._queues.get(job_id)
                changes.append(Change(record, was, queue is not None and job_id in queue))
        try:
            self._file.write(self._removed, changes, at)
        except sqlite3.Error as error:
            log.error("job store %s cannot be written: %s", self._file.path, error)
            self._take_back(before)
            if changes:
                raise StoreUnwritable(f"the job store cannot be written: {error}") from None
            return
        removed, self._removed = self._removed, {}
        for submission in removed.values():
            self._forgotten(submission)

    def _take_back(self, before: dict[str, JobRecord | None]) -> None:
        self._none_ends_before = float("-inf")
        for job_id, was in before.items():
            if job_id not in self._records:
                continue
            if queue := self._queues.get(job_id):
                self._stale_queues.add(queue)
                self._queues_are_stale = True
            self._bytes += (was.size if was else 0) - self._records[job_id].size
            if was is not None:
                self._records[job_id] = was
                continue
            del self._records[job_id]
            self._queues.pop(job_id, None)
            if self._sweep and self._sweep[-1] == job_id:
                self._sweep.pop()

    # Queues

    def _rebuild_queues(self, now: float) -> None:
        """Put the jobs that wait or execute into their queues, where these do not know of them.

        A job that waited in a queue that is no more executes as soon as it is ready.
        """
        if not self._queues_are_stale:
            return
        try:
            joined = self._file.places()
        except sqlite3.Error as error:
            raise StoreUnwritable(f"the job store cannot be read: {error}") from None
        self._queues_are_stale = False
        now = max(now, self.past.latest)
        places: dict[ServiceQueue, dict[str, Place]] = {queue: {} for queue in self._stale_queues}
        self._stale_queues.clear()
        self._queues.clear()
        freed: dict[str, float | None] = {}
        for job_id, record in self._records.items():
            if record.executes_at is None:
                continue
            queue = self._find_queue(record.submission.task) if self._find_queue else None
            if queue is not None:
                self._queues[job_id] = queue
                places.setdefault(queue, {})
            elif record.executes_at > now:
                freed[job_id] = None if (ready := ready_at(record)) is None else max(ready, now)
        for job_id in joined:
            queue = self._queues.get(job_id)
            if queue is not None and (place := place_of(self._records[job_id], now)):
                places[queue][job_id] = place
        self._replan(freed)
        for queue, its_places in places.items():
            self._replan(queue.rebuild(its_places, now))
