"""What a job store in a file adds to one in memory; `test_job_store.py` holds both to what they share."""

from __future__ import annotations

import random
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import pytest
from gp_mockserver.errors import MockServerError, SiteError
from gp_mockserver.lifecycle.clocks import EPOCH, JumpingClock, ManualClock, RealClock, ScaledClock
from gp_mockserver.lifecycle.continued_clocks import going_on
from gp_mockserver.lifecycle.job_file import JobFileError
from gp_mockserver.lifecycle.job_store import CancelRefused, JobRecord, MemoryJobStore, StoreFull
from gp_mockserver.lifecycle.jobs import Submission
from gp_mockserver.lifecycle.queueing import ServiceQueue
from gp_mockserver.lifecycle.sqlite_job_store import SQLiteJobStore, StoreUnwritable
from gp_mockserver.lifecycle.timelines import Phase, Timeline, standard_timeline
from gp_protocol.job_states import JobStatus as S

TWO_SECONDS = standard_timeline()
NEVER_ENDING = standard_timeline(ending=None)
TASK = "Folder/Service/Task"


class Life:
    """A store in a file that can be closed and opened again, as one site's, with a queue or none."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.forgotten: list[str] = []
        self.queue: ServiceQueue | None = None
        self.store = self._open()

    def _open(self, **bounds: Any) -> SQLiteJobStore:
        store = SQLiteJobStore(self.file, **bounds)
        store.attach(
            lambda task: self.queue if task == TASK else None,
            lambda submission: self.forgotten.append(submission.job_id),
        )
        return store

    def restart(self, instances: int | None = None, **bounds: Any) -> SQLiteJobStore:
        self.store.close(0)
        self.queue = None if instances is None else ServiceQueue(instances)
        self.store = self._open(**bounds)
        return self.store

    def submit(self, job_id: str, timeline: Timeline = TWO_SECONDS, at: float = 0) -> None:
        self.store.add(Submission(job_id, TASK, at, b"{}", timeline), self.queue)

    def status(self, job_id: str, now: float) -> str:
        record = self.store.get(job_id, now)
        assert record is not None
        return record.state(now).status.removeprefix("esriJob")

    def refuse_writes(self, *, refuse: bool = True) -> None:
        self.store._file._connection.execute(f"PRAGMA query_only = {int(refuse)}")


@pytest.fixture
def life(tmp_path: Path) -> Iterator[Life]:
    life = Life(tmp_path / "jobs.db")
    yield life
    life.store.close(0)


# What comes back


def test_a_job_comes_back_as_it_was(life: Life) -> None:
    timeline = Timeline((Phase(S.WAITING, polls=2), Phase(S.EXECUTING, hold="gate")))
    life.store.add(Submission("j1", TASK, 5.5, b'{"A":"\xc3\xa9"}', timeline))
    life.store.look("j1", 6.25)
    life.store.release("j1", "gate", 7.125)
    life.store.settle("j1", timeline.with_outcome(status=S.FAILED), b'{"Out":1}', 8)
    life.store.cancel("j1", 9)
    before = life.store.get("j1", 9)
    after = life.restart().get("j1", 9)
    assert after == before
    assert after is not None
    assert after.submission == Submission("j1", TASK, 5.5, b'{"A":"\xc3\xa9"}', timeline)


def test_who_submitted_a_job_comes_back(life: Life) -> None:
    life.store.add(Submission("j1", TASK, 0, b"{}", TWO_SECONDS, "anna"))
    record = life.restart().get("j1", 1)
    assert record is not None
    assert record.submission.user == "anna"


def test_a_file_from_before_users_were_kept_is_read_and_written(life: Life) -> None:
    life.submit("old")
    life.store.close(0)
    with closing(sqlite3.connect(life.file)) as connection:
        connection.execute("ALTER TABLE submissions DROP COLUMN user")
    life.store = life._open()
    life.store.add(Submission("new", TASK, 1, b"{}", TWO_SECONDS, "anna"))
    records = [life.restart().get(job_id, 1) for job_id in ("old", "new")]
    assert [record and record.submission.user for record in records] == ["", "anna"]


def test_a_poll_that_nothing_counts_is_not_written(life: Life) -> None:
    life.submit("j1")
    for _ in range(3):
        life.store.look("j1", 1)
    record = life.restart().look("j1", 1)
    assert record is not None
    assert record.polls == 1


def test_a_job_that_was_deleted_or_forgotten_stays_gone(life: Life) -> None:
    for job_id in ("deleted", "old", "kept"):
        life.submit(job_id, at=100_000 if job_id == "kept" else 0)
    life.store.delete("deleted", 1)
    assert life.store.get("old", 50_000) is None
    assert life.restart().ids() == ["kept"]
    assert sorted(life.forgotten) == ["deleted", "old"]


def test_jobs_keep_their_order_and_share_what_they_shared(life: Life) -> None:
    for job_id in ("b", "c", "a"):
        life.submit(job_id)
    store = life.restart()
    assert store.ids() == ["b", "c", "a"]
    records = [store.get(job_id, 0) for job_id in store.ids()]
    assert len({id(record.timeline) for record in records if record}) == 1
    assert len({id(record.submission.task) for record in records if record}) == 1


def test_a_store_that_is_opened_with_less_room_makes_it_when_the_next_job_comes(life: Life) -> None:
    for number in range(10):
        life.submit(f"j{number}")
    life.restart(max_jobs=3)
    life.submit("new", at=100)
    assert life.store.ids() == ["j8", "j9", "new"]


def test_five_thousand_jobs_are_there_within_two_seconds(life: Life) -> None:
    outcome = TWO_SECONDS.with_outcome(status=S.FAILED)
    for number in range(5_000):
        life.submit(f"j{number:032x}")
        if number % 2:
            life.store.settle(f"j{number:032x}", outcome, b"{}", 1)
    start = time.perf_counter()
    assert len(life.restart()) == 5_000
    assert time.perf_counter() - start < 2


# Queues


def test_jobs_keep_their_places_in_the_queue(life: Life) -> None:
    life.restart(instances=1)
    for job_id in "abc":
        life.submit(job_id)
    life.restart(instances=1)
    assert [life.status(job_id, 1) for job_id in "abc"] == ["Executing", "Waiting", "Waiting"]
    life.submit("d", at=1)
    assert [life.status("d", now) for now in (5.9, 6, 8)] == ["Waiting", "Executing", "Succeeded"]
    life.store.cancel("b", 1)
    assert [life.status(job_id, 2) for job_id in "ac"] == ["Succeeded", "Executing"]


def test_a_job_whose_end_nobody_foresaw_makes_room_after_the_restart(life: Life) -> None:
    life.restart(instances=1)
    life.submit("a", standard_timeline(hold="gate"))
    life.submit("b")
    life.restart(instances=1)
    assert life.status("b", 50) == "Waiting"
    life.store.release("a", "gate", 50)
    assert [life.status("b", now) for now in (50, 52)] == ["Executing", "Succeeded"]


@pytest.mark.parametrize(("instances", "seen"), [(3, "EEE"), (None, "EEE"), (2, "EEW"), (1, "EWW")])
def test_a_service_with_other_instances_goes_on_with_those(
    life: Life, instances: int | None, seen: str
) -> None:
    life.restart(instances=1)
    for job_id in "abc":
        life.submit(job_id, standard_timeline(executing=100))
    assert life.status("c", 1) == "Waiting"
    life.restart(instances=instances)
    assert "".join(life.status(job_id, 1)[0] for job_id in "abc") == seen
    life.restart(instances=instances)
    assert "".join(life.status(job_id, 1)[0] for job_id in "abc") == seen


def _timeline(rng: random.Random) -> Timeline:
    return rng.choice(
        [
            TWO_SECONDS,
            NEVER_ENDING,
            standard_timeline(executing=rng.choice([1, 7, 30])),
            standard_timeline(polls=rng.randint(1, 3)),
            standard_timeline(hold="gate"),
            standard_timeline(submitted=1, waiting=rng.choice([0, 5])),
            Timeline((Phase(S.SUBMITTED, hold="gate"), Phase(S.EXECUTING, seconds=3))),
            Timeline((Phase(S.WAITING, polls=2), Phase(S.EXECUTING, seconds=3))),
        ]
    )


def _essence(record: JobRecord | None, now: float) -> Any:
    """What must not depend on restarts: all but the polls that nothing counts, to some microseconds."""
    if record is None:
        return None
    state = record.state(now)
    instants = [record.executes_at, state.started_at, state.ended_at, state.next_change]
    return (
        *(None if each is None else round(each, 5) for each in instants),
        msgspec.structs.replace(state, started_at=None, ended_at=None, next_change=None, next_turn=None),
        (record.cancelled_at, record.looks, record.releases, record.outputs),
        record.timeline,
    )


@pytest.mark.parametrize("seed", range(20))
def test_restarts_and_writes_that_fail_change_nothing_in_the_life_of_jobs(tmp_path: Path, seed: int) -> None:
    """The same happenings to a store in memory, and to one that is restarted and fails now and then."""
    rng = random.Random(seed)
    instances = rng.randint(1, 3)
    memory, queue = MemoryJobStore(max_age=200), ServiceQueue(instances)
    life = Life(tmp_path / "jobs.db")
    life.restart(instances=instances, max_age=200)
    now, number = 1000.0, 0

    def happening() -> tuple[str, Callable[[MemoryJobStore, ServiceQueue | None], Any]]:
        nonlocal number
        kind = rng.choice(["add", "add", "look", "look", "cancel", "release", "settle", "delete"])
        if kind == "add" or not memory.ids():
            number += 1
            submission = Submission(f"j{number}", TASK, now, b"{}", _timeline(rng))
            return "add", lambda store, queue: store.add(submission, queue)
        job_id = rng.choice(memory.ids())
        record = memory.get(job_id, now)
        timeline = record.timeline if record else TWO_SECONDS
        if record is None or record.state(now).ended_at is not None:
            kind = "look"  # whether a queue still knows of a job that has ended depends on what it did since
        longer = timeline.with_outcome(status=rng.choice([S.SUCCEEDED, S.FAILED]), seconds=rng.choice([0, 9]))
        return kind, {
            "look": lambda store, _: store.look(job_id, now),
            "cancel": lambda store, _: store.cancel(job_id, now),
            "release": lambda store, _: store.release(job_id, "gate", now),
            "settle": lambda store, _: store.settle(job_id, longer, b"{}", now),
            "delete": lambda store, _: store.delete(job_id, now),
        }[kind]

    def outcome(happen: Any, store: MemoryJobStore, queue: ServiceQueue | None) -> Any:
        try:
            result = happen(store, queue)
        except (CancelRefused, ValueError) as error:
            return str(error)
        return _essence(result, now) if isinstance(result, JobRecord) else result

    for _ in range(150):
        now += rng.choice([0, 0, 0, 0.5, 1, 3])
        chance = rng.random()
        if chance < 0.05:
            life.restart(instances=instances, max_age=200)
        kind, happen = happening()
        if chance > 0.9 and kind != "delete":
            life.refuse_writes()
            try:
                happen(life.store, life.queue)
            except (StoreUnwritable, StoreFull, CancelRefused, ValueError):
                pass
            else:
                outcome(happen, memory, queue)  # nothing had to be written
                life.refuse_writes(refuse=False)
                continue
            life.refuse_writes(refuse=False)
        assert outcome(happen, memory, queue) == outcome(happen, life.store, life.queue)
        for job_id in dict.fromkeys(memory.ids() + life.store.ids()):
            assert _essence(memory.get(job_id, now), now) == _essence(life.store.get(job_id, now), now)
        assert memory.ids() == life.store.ids()
        assert memory._bytes == life.store._bytes
    life.store.close(now)


# Whose file it is


def test_a_file_has_one_store_at_a_time(life: Life) -> None:
    with pytest.raises(MockServerError, match=r"jobs\.db: another site has it open, .*; stop that server"):
        SQLiteJobStore(life.file)
    program = (
        f"from gp_mockserver.lifecycle.sqlite_job_store import SQLiteJobStore as S; S({str(life.file)!r})"
    )
    elsewhere = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=30)
    assert "another site has it open" in elsewhere.stderr.splitlines()[-1]


def test_a_store_has_one_site(life: Life) -> None:
    with pytest.raises(SiteError, match=r"jobs\.db has a site already"):
        life.store.attach(lambda task: None, lambda submission: None)


def _text(file: Path) -> None:
    file.write_text("context: arcgis\n" * 100)


def _foreign(file: Path) -> None:
    with sqlite3.connect(file) as connection:
        connection.execute("CREATE TABLE roads (name)")
    connection.close()


def _changed(statement: str) -> Callable[[Path], None]:
    def make(file: Path) -> None:
        life = Life(file)
        life.submit("j1")
        life.store.close(0)
        with sqlite3.connect(file) as connection:
            connection.execute(statement)
        connection.close()

    return make


def _cut(file: Path) -> None:
    life = Life(file)
    for number in range(300):
        life.submit(f"j{number}")
    life.store.close(0)
    file.write_bytes(file.read_bytes()[:4096] + b"\xff" * (file.stat().st_size - 4096))


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (_text, "met a file of another kind, expected a job store or no file; give another file"),
        (_foreign, "met another program's database, expected a job store or no file; give another file"),
        (Path.mkdir, "met a folder, expected a file; name a file in it"),
        (
            _changed("PRAGMA user_version = 2"),
            "it is of version 2, and this gpharness knows version 1; use the gpharness that wrote it, or",
        ),
        (_changed("UPDATE submissions SET timeline = x'c1'"), "it holds a job that cannot be read ("),
        (_changed("DROP TABLE outcomes"), "it cannot be used (no such table: outcomes)"),
        (_cut, "it is damaged; remove it, or give another file"),
    ],
)
def test_a_file_that_is_no_store_is_named_with_the_remedy_and_left_alone(
    tmp_path: Path, make: Callable[[Path], None], said: str
) -> None:
    file = tmp_path / "jobs.db"
    make(file)
    before = file.read_bytes() if file.is_file() else None
    with pytest.raises(JobFileError) as error:
        SQLiteJobStore(file)
    assert str(error.value).startswith(f"job store {file}: {said}")
    assert "another file" in str(error.value) or "in it" in str(error.value)
    if make in (_text, _foreign):
        assert file.read_bytes() == before


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(JobFileError, match=r"there is no folder .*nowhere; make it, or"):
        SQLiteJobStore(tmp_path / "nowhere" / "jobs.db")


def test_what_could_not_be_opened_can_be_once_it_is_mended(tmp_path: Path) -> None:
    file = tmp_path / "jobs.db"
    _text(file)
    with pytest.raises(JobFileError):
        SQLiteJobStore(file)
    file.unlink()
    SQLiteJobStore(file).close(0)


# What cannot be written


def test_a_job_that_cannot_be_written_is_not_there(life: Life, caplog: pytest.LogCaptureFixture) -> None:
    life.restart(instances=1)
    life.refuse_writes()
    with pytest.raises(StoreFull, match="the job store cannot be written: attempt to write a readonly"):
        life.submit("lost", NEVER_ENDING)
    assert life.store.ids() == []
    (line,) = [record.getMessage() for record in caplog.records]
    assert line.startswith(f"job store {life.file} cannot be written: ")
    life.refuse_writes(refuse=False)
    life.submit("kept", at=1)
    assert life.status("kept", 2) == "Executing"
    assert life.restart(instances=1).ids() == ["kept"]


def test_a_full_disk_takes_no_job_and_the_next_ones_once_there_is_room(life: Life) -> None:
    life.submit("first")
    pages = "PRAGMA max_page_count"
    run = life.store._file._connection.execute
    (now,) = run("PRAGMA page_count").fetchone()
    run(f"{pages} = {now}")
    large = Submission("large", TASK, 0, b" " * 100_000, TWO_SECONDS)
    with pytest.raises(StoreFull, match="disk is full"):
        life.store.add(large)
    assert life.store.get("large", 0) is None
    run(f"{pages} = 1000000")
    life.store.add(large)
    assert life.restart().ids() == ["first", "large"]


@pytest.mark.parametrize("what", ["cancel", "release", "settle", "look"])
def test_a_change_that_cannot_be_written_is_taken_back(life: Life, what: str) -> None:
    timeline = Timeline((Phase(S.WAITING, polls=1), Phase(S.EXECUTING, hold="gate")))
    life.submit("j1", timeline)
    changes: dict[str, Callable[[], Any]] = {
        "cancel": lambda: life.store.cancel("j1", 1),
        "release": lambda: life.store.release("j1", "gate", 1),
        "settle": lambda: life.store.settle("j1", timeline.with_outcome(status=S.FAILED), b"{}", 1),
        "look": lambda: life.store.look("j1", 1),
    }
    before = life.store.get("j1", 1)
    life.refuse_writes()
    with pytest.raises(StoreUnwritable):
        changes[what]()
    assert life.store.get("j1", 1) == before
    life.refuse_writes(refuse=False)
    changes[what]()
    after = life.store.get("j1", 1)
    assert after != before
    assert life.restart().get("j1", 1) == after


def test_a_removal_that_cannot_be_written_is_made_up_for_with_the_next_change(life: Life) -> None:
    life.submit("old")
    life.submit("deleted", at=10_000)
    life.refuse_writes()
    assert life.store.get("old", 50_000) is None
    with pytest.raises(StoreUnwritable, match="the deletion may not last"):
        life.store.delete("deleted", 50_000)
    assert life.forgotten == []
    life.refuse_writes(refuse=False)
    life.submit("new", at=50_000)
    assert life.forgotten == ["old", "deleted"]
    assert life.restart().ids() == ["new"]


def test_a_store_that_is_closed_takes_nothing_more(life: Life) -> None:
    life.store.close(0)
    life.store.close(0)
    with pytest.raises(StoreFull):
        life.submit("late")
    assert life.store.get("late", 0) is None


# Time


@pytest.mark.parametrize("clock", [ManualClock(), JumpingClock(), ManualClock(EPOCH + 50)])
def test_a_clock_that_stands_or_jumps_goes_on_from_the_last_instant(
    clock: ManualClock | JumpingClock,
) -> None:
    assert going_on(clock, EPOCH + 100.125) is clock
    assert clock.now() == EPOCH + 100.125
    going_on(clock, EPOCH + 5)
    assert clock.now() == EPOCH + 100.125


def test_a_scaled_clock_goes_on_from_the_last_instant_at_its_rate() -> None:
    clock = ScaledClock(60)
    later = clock.now() + 1e6
    continued = going_on(clock, later)
    assert isinstance(continued, ScaledClock)
    assert continued.rate == 60
    assert later <= continued.now() < later + 600


def test_real_time_is_left_alone_and_the_log_tells(caplog: pytest.LogCaptureFixture) -> None:
    clock = RealClock()
    assert going_on(clock, clock.now() + 5) is clock
    assert not caplog.records
    assert going_on(clock, clock.now() + 1000) is clock
    assert "later than the clock now shows" in caplog.text


def test_the_last_instant_is_the_last_of_which_anything_is_known(life: Life) -> None:
    life.submit("j1", standard_timeline(hold="gate"), at=5)
    assert life.restart().past.latest == 5
    life.store.release("j1", "gate", 8)
    assert life.restart().past.latest == 8
    life.store.settle("j1", TWO_SECONDS, b"{}", 9)
    assert life.restart().past.latest == 9
    life.store.close(20)
    assert life.restart().past.latest == 20
    assert life.store.past.openings == 4


def test_sqlite_is_imported_only_for_a_store() -> None:
    program = (
        "import sys; from gp_mockserver.app import MockServer\n"
        "from gp_mockserver.builtin.builtin_site import builtin_site; MockServer([builtin_site()])\n"
        "assert 'sqlite3' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=30)
