"""The SQLite file in which jobs outlive their process: its tables, who may open it, what is written when.

What a client submitted and what came of the tool are written once; what happens to a job in between is a
small row beside them. What is no number, text or plain bytes is MessagePack.
"""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

import msgspec
from gp_protocol.errors import ProtocolError

from gp_mockserver.errors import JobFileError
from gp_mockserver.lifecycle.job_store import JobRecord
from gp_mockserver.lifecycle.jobs import Releases, Submission
from gp_mockserver.lifecycle.timelines import Timeline

VERSION: Final = 1
"""Of the tables; a file says it as `user_version`."""

_APPLICATION: Final = 0x67706A73
"""What the file says it is, as `application_id`: `gpjs`."""

_CHECKPOINT_PAGES: Final = 4000
"""How much of the log gathers before it is copied into the tables, which waits for the disk; 4 KiB each."""

_SHARED_TIMELINES: Final = 10_000
"""How many timelines are known while a file is read, so that jobs of one task share theirs as before."""

_TABLES: Final = """
CREATE TABLE history (openings INTEGER NOT NULL, latest REAL NOT NULL);
INSERT INTO history VALUES (0, -9e999);
CREATE TABLE submissions (
    number INTEGER PRIMARY KEY,
    job_id TEXT NOT NULL UNIQUE,
    task TEXT NOT NULL,
    submitted_at REAL NOT NULL,
    parameters BLOB NOT NULL,
    timeline BLOB NOT NULL,
    user TEXT NOT NULL DEFAULT ''
);
CREATE TABLE standings (
    number INTEGER PRIMARY KEY REFERENCES submissions ON DELETE CASCADE,
    standing BLOB NOT NULL,
    place INTEGER
);
CREATE TABLE outcomes (
    number INTEGER PRIMARY KEY REFERENCES submissions ON DELETE CASCADE,
    timeline BLOB,
    outputs BLOB NOT NULL,
    settled_at REAL NOT NULL
);
"""
_LOAD: Final = """
SELECT job_id, task, submitted_at, parameters, submissions.timeline, user,
       standing, outcomes.timeline, outputs, settled_at
FROM submissions LEFT JOIN standings USING (number) LEFT JOIN outcomes USING (number) ORDER BY number
"""
_PLACES: Final = """
SELECT job_id FROM submissions JOIN standings USING (number) WHERE place IS NOT NULL ORDER BY place
"""
_LAST_PLACE: Final = "SELECT coalesce(max(place), 0) FROM standings"
_SUBMIT: Final = """
INSERT INTO submissions (job_id, task, submitted_at, parameters, timeline, user) VALUES (?, ?, ?, ?, ?, ?)
"""
_ADD_USER: Final = "ALTER TABLE submissions ADD COLUMN user TEXT NOT NULL DEFAULT ''"
"""For files from before users were kept, which other versions of this program can still read."""
_STAND: Final = """
INSERT INTO standings (number, standing, place) SELECT number, ?, ? FROM submissions WHERE job_id = ?
ON CONFLICT (number) DO UPDATE SET standing = excluded.standing, place = coalesce(place, excluded.place)
"""
_SETTLE: Final = """
INSERT INTO outcomes (number, timeline, outputs, settled_at)
SELECT number, ?, ?, ? FROM submissions WHERE job_id = ?
"""
_REMEDY: Final = "give another file"


class Standing(msgspec.Struct, frozen=True, array_like=True):
    """What has happened to a job between its submission and its outcome, as `JobRecord` has it."""

    cancelled_at: float | None
    looks: tuple[float, ...]
    releases: Releases
    executes_at: float | None
    polls: int
    revision: int
    timeline: bytes | None = None
    """The timeline of a job that was amended, in place of the submission's and the settled one."""

    @property
    def latest(self) -> float:
        """The last instant at which something happened."""
        cancelled = () if self.cancelled_at is None else (self.cancelled_at,)
        return max((*cancelled, *self.looks, *(at for _, at in self.releases)), default=-math.inf)


class Change(msgspec.Struct, frozen=True):
    """A job as it is to be kept, and as it was before, if it was there; `joined`: it stands in its queue."""

    record: JobRecord
    before: JobRecord | None
    joined: bool = False


class JobFile:
    """An open file, which no other process or store can open until it is closed.

    `openings`: how often it was opened before. `latest`: the last instant written, known in full once `load`
    has come to its end. Raises JobFileError where the file cannot be opened; sqlite3.Error where something
    cannot be written, and nothing of it is then.
    """

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        self._connection = _connect(self.path)
        try:
            with _explaining(self.path):
                self.openings, self.latest = _prepare(self._connection, self.path)
                (self._last_place,) = self._connection.execute(_LAST_PLACE).fetchone()
        except BaseException:
            self._connection.close()
            raise

    def load(self) -> Iterator[JobRecord]:
        """Every job in the order of submission. Raises JobFileError where one cannot be read."""
        timelines = _Timelines()
        tasks: dict[str, str] = {}
        with _explaining(self.path):
            for row in self._connection.execute(_LOAD):
                record, latest = _read(row, timelines, tasks)
                self.latest = max(self.latest, latest)
                yield record

    def places(self) -> list[str]:
        """The jobs that have joined a queue, and are kept, in the order in which they did."""
        rows = self._connection.execute(_PLACES).fetchall()
        return [job_id for (job_id,) in rows]

    def write(self, removed: Iterable[str], changes: Iterable[Change], at: float) -> None:
        """Keep all of these changes, which happened at `at`, or none."""
        run = self._connection.execute
        run("BEGIN")
        try:
            for job_id in removed:
                run("DELETE FROM submissions WHERE job_id = ?", (job_id,))
            for change in changes:
                self._write(change, at)
            run("COMMIT")
        except BaseException:
            if self._connection.in_transaction:
                with suppress(sqlite3.Error):
                    run("ROLLBACK")
            raise

    def close(self, latest: float) -> None:
        """Close the file, with the last instant that its jobs have seen if that can be written."""
        with suppress(sqlite3.Error):
            self._connection.execute("UPDATE history SET latest = max(latest, ?)", (latest,))
        self._connection.close()

    def _write(self, change: Change, at: float) -> None:
        run, record, before = self._connection.execute, change.record, change.before
        job_id, submission = record.job_id, record.submission
        if before is None:
            timeline = msgspec.msgpack.encode(submission.timeline)
            about = (job_id, submission.task, submission.submitted_at, submission.parameters)
            run(_SUBMIT, (*about, timeline, submission.user))
        if record.outputs is not None and (before is None or before.outputs is None):
            first = submission.timeline
            same = record.amended or record.timeline is first or record.timeline == first
            timeline_or_none = None if same else msgspec.msgpack.encode(record.timeline)
            run(_SETTLE, (timeline_or_none, record.outputs, at, job_id))
        standing = _standing(record)
        if standing != (_AT_FIRST if before is None else _standing(before)):
            self._last_place += 1
            place = self._last_place if change.joined else None
            run(_STAND, (msgspec.msgpack.encode(standing), place, job_id))


def _standing(record: JobRecord) -> Standing:
    return Standing(
        record.cancelled_at,
        record.looks,
        record.releases,
        record.executes_at,
        record.polls,
        record.revision,
        msgspec.msgpack.encode(record.timeline) if record.amended else None,
    )


_AT_FIRST: Final = Standing(None, (), (), None, 0, 0)


class _Timelines:
    """Timelines by their bytes: equal ones are read once, and are one object."""

    def __init__(self) -> None:
        self._known: dict[bytes, Timeline] = {}
        self._counts: dict[int, int] = {}
        self._decoder = msgspec.msgpack.Decoder(Timeline)

    def read(self, encoded: bytes) -> Timeline:
        timeline = self._known.get(encoded)
        if timeline is None:
            timeline = self._decoder.decode(encoded)
            if len(self._known) < _SHARED_TIMELINES:
                self._known[encoded] = timeline
        return timeline

    def polls_that_count(self, timeline: Timeline) -> int:
        known = self._counts.get(id(timeline))
        if known is None:
            known = timeline.polls_that_count
            if len(self._counts) < len(self._known):
                self._counts[id(timeline)] = known
        return known


_STANDING: Final = msgspec.msgpack.Decoder(Standing)


def _read(
    row: tuple[str, str, float, bytes, bytes, str, bytes | None, bytes | None, bytes | None, float | None],
    timelines: _Timelines,
    tasks: dict[str, str],
) -> tuple[JobRecord, float]:
    """A job, and the last instant at which something happened to it."""
    job_id, task, submitted_at, parameters, submitted, user, stood, settled, outputs, settled_at = row
    first = timelines.read(submitted)
    standing = _AT_FIRST if stood is None else _STANDING.decode(stood)
    course = standing.timeline or settled
    timeline = first if course is None else timelines.read(course)
    latest = max(submitted_at, standing.latest, -math.inf if settled_at is None else settled_at)
    record = JobRecord(
        timeline,
        submitted_at,
        standing.cancelled_at,
        standing.looks,
        standing.releases,
        standing.executes_at,
        Submission(job_id, tasks.setdefault(task, task), submitted_at, parameters, first, user),
        standing.polls,
        standing.revision,
        outputs,
        len(standing.looks) < timelines.polls_that_count(timeline),
        standing.timeline is not None,
    )
    return record, latest


def _connect(path: Path) -> sqlite3.Connection:
    if path.is_dir():
        raise JobFileError(path, "met a folder, expected a file", "name a file in it")
    if not path.parent.is_dir():
        raise JobFileError(path, f"there is no folder {path.parent}", f"make it, or {_REMEDY}")
    with _explaining(path):
        return sqlite3.connect(path, timeout=0, isolation_level=None, check_same_thread=False)


def _prepare(connection: sqlite3.Connection, path: Path) -> tuple[int, float]:
    """Take the file for us alone, with tables in it where it is new; how often it was opened before, and the
    last instant that it knows."""
    run = connection.execute
    run("PRAGMA locking_mode = EXCLUSIVE")
    (kind,), (version,) = run("PRAGMA application_id").fetchone(), run("PRAGMA user_version").fetchone()
    (tables,) = run("SELECT count(*) FROM sqlite_master").fetchone()
    is_new = kind == version == tables == 0
    if not is_new and kind != _APPLICATION:
        raise JobFileError(path, "met another program's database, expected a job store or no file")
    if not is_new and version != VERSION:
        raise JobFileError(
            path,
            f"it is of version {version}, and this gpharness knows version {VERSION}",
            f"use the gpharness that wrote it, or {_REMEDY}",
        )
    run("PRAGMA journal_mode = WAL")
    run("PRAGMA synchronous = NORMAL")
    run(f"PRAGMA wal_autocheckpoint = {_CHECKPOINT_PAGES}")
    run("PRAGMA foreign_keys = ON")
    run("BEGIN EXCLUSIVE")
    if is_new:
        for statement in _TABLES.split(";\n"):
            run(statement)
        run(f"PRAGMA application_id = {_APPLICATION}")
        run(f"PRAGMA user_version = {VERSION}")
    elif "user" not in (name for _, name, *_ in run("PRAGMA table_info(submissions)")):
        run(_ADD_USER)
    openings, latest = run("SELECT openings, latest FROM history").fetchone()
    run("UPDATE history SET openings = openings + 1")
    run("COMMIT")
    return openings, latest


_REASONS: Final = {
    sqlite3.SQLITE_BUSY: (
        "another site has it open, in this server or in another",
        f"stop that server, or {_REMEDY}",
    ),
    sqlite3.SQLITE_NOTADB: ("met a file of another kind, expected a job store or no file", _REMEDY),
    sqlite3.SQLITE_CORRUPT: ("it is damaged", f"remove it, or {_REMEDY}"),
    sqlite3.SQLITE_READONLY: ("it cannot be written", f"make it and its folder writable, or {_REMEDY}"),
    sqlite3.SQLITE_CANTOPEN: ("it cannot be opened", f"make it and its folder writable, or {_REMEDY}"),
    sqlite3.SQLITE_FULL: ("its disk is full", f"make room, or {_REMEDY}"),
}


@contextmanager
def _explaining(path: Path) -> Iterator[None]:
    """Raises JobFileError for what SQLite, or the reading of a row, says against the block."""
    try:
        yield
    except sqlite3.Error as error:
        code = (getattr(error, "sqlite_errorcode", None) or 0) & 0xFF
        met, remedy = _REASONS.get(code, (f"it cannot be used ({error})", _REMEDY))
        raise JobFileError(path, met, remedy) from None
    except (msgspec.MsgspecError, ProtocolError, TypeError, ValueError) as error:
        raise JobFileError(path, f"it holds a job that cannot be read ({error})") from None
