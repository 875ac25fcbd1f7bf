"""Jobs that are moved by hand: what was seen before stays, what is asked for is so at once, and what comes
after is a job's life again."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import msgspec
import pytest
from gp_mockserver.lifecycle.job_moves import CannotMove, about_to_succeed, held, holding, moved
from gp_mockserver.lifecycle.job_store import JobRecord, MemoryJobStore
from gp_mockserver.lifecycle.jobs import JobFacts, Submission, count_poll, state_at
from gp_mockserver.lifecycle.queueing import ServiceQueue
from gp_mockserver.lifecycle.sqlite_job_store import SQLiteJobStore
from gp_mockserver.lifecycle.timelines import (
    Cancellation,
    Ending,
    Phase,
    TimedMessage,
    Timeline,
    standard_timeline,
)
from gp_protocol.job_states import FINAL, may_reach
from gp_protocol.job_states import JobStatus as S
from gp_protocol.messages import MessageType
from hypothesis import assume, given, settings
from hypothesis import strategies as st

LATER = range(0, 40, 3)
SUBMITTED, WAITING, EXECUTING = S.SUBMITTED, S.WAITING, S.EXECUTING


def facts(timeline: Timeline, **known: Any) -> JobFacts:
    return JobFacts(
        timeline, 0.0, **{"cancelled_at": None, "looks": (), "releases": (), "executes_at": None} | known
    )


def with_change(job: JobFacts, change: Any) -> JobFacts:
    changes = msgspec.structs.asdict(change)
    changes.pop("outputs")
    return msgspec.structs.replace(job, **changes)


def seen(job: JobFacts, now: float) -> tuple[S, list[str]]:
    state = state_at(job, now)
    return state.status, [message.description for message in state.messages]


def lengths() -> st.SearchStrategy[dict[str, Any]]:
    return st.one_of(
        st.builds(lambda n: {"seconds": float(n)}, st.integers(0, 6)),
        st.builds(lambda n: {"polls": n}, st.integers(1, 3)),
        st.just({"hold": "gate"}),
    )


@st.composite
def jobs(draw: st.DrawFn) -> tuple[JobFacts, float]:
    """A job that has lived up to an instant, with polls, a release and perhaps a cancel on its way."""
    statuses = draw(
        st.sampled_from(
            [
                (SUBMITTED, WAITING, EXECUTING),
                (SUBMITTED, EXECUTING),
                (S.NEW, SUBMITTED, WAITING, EXECUTING, EXECUTING),
                (WAITING, EXECUTING),
                (EXECUTING,),
                (SUBMITTED, WAITING),
            ]
        )
    )
    phases = tuple(
        Phase(
            status,
            **draw(lengths()),
            messages=(
                TimedMessage(MessageType.INFORMATIVE, f"{i} begins"),
                TimedMessage(MessageType.INFORMATIVE, f"{i} later", after=3.0),
            ),
        )
        for i, status in enumerate(statuses)
    )
    endings = [S.FAILED, None] + ([S.SUCCEEDED, S.TIMED_OUT] if EXECUTING in statuses else [])
    timeline = Timeline(
        phases,
        Ending(draw(st.sampled_from(endings))),
        Cancellation(float(draw(st.integers(0, 5))), ignored=draw(st.booleans())),
    )
    queued = draw(st.sampled_from([None, None, math.inf, 5.0, 9.0]))
    job = facts(timeline, executes_at=queued if EXECUTING in statuses else None)
    now = draw(st.integers(0, 20))
    for at in sorted(draw(st.lists(st.integers(0, now), max_size=8))):
        job = msgspec.structs.replace(job, looks=count_poll(job, float(at)))
    if draw(st.booleans()):
        job = msgspec.structs.replace(job, releases=(("gate", float(draw(st.integers(0, now)))),))
    cancelled_at = float(draw(st.integers(0, now)))
    if draw(st.booleans()) and state_at(job, cancelled_at).status in (WAITING, EXECUTING):
        job = msgspec.structs.replace(job, cancelled_at=cancelled_at)
    return job, float(now)


def check_life(job: JobFacts, now: float) -> None:
    """From an instant on the job never goes back."""
    before = state_at(job, now).status
    for at in LATER:
        status = state_at(job, now + at).status
        assert may_reach(before, status)
        before = status


@settings(max_examples=50)
@given(jobs())
def test_a_held_job_stays_as_it_is_until_it_is_released(drawn: tuple[JobFacts, float]) -> None:
    job, now = drawn
    status = state_at(job, now).status
    try:
        change, gate = held(job, now)
    except CannotMove:
        assert status in FINAL or status is S.CANCELLING or holding(job, now) is not None
        return
    after = with_change(job, change)
    for at in range(int(now)):
        assert seen(after, at) == seen(job, at)
    assert {state_at(after, now + at).status for at in LATER} == {status}
    assert holding(after, now) == gate
    released = msgspec.structs.replace(after, releases=(*after.releases, (gate, now + 10)))
    assert state_at(released, now + 9).status is status
    assert holding(released, now + 10) != gate
    check_life(released, now)


@settings(max_examples=50)
@given(jobs(), st.sampled_from([each for each in S if each not in (S.CANCELLING, S.DELETING, S.DELETED)]))
def test_a_moved_job_is_at_once_what_it_was_moved_to(drawn: tuple[JobFacts, float], status: S) -> None:
    job, now = drawn
    before = state_at(job, now).status
    try:
        change = moved(job, now, status)
    except CannotMove:
        assert before is status or not may_reach(before, status)
        return
    assert may_reach(before, status)
    after = with_change(job, change)
    assert state_at(after, now).status is status
    check_life(after, now)
    for at in range(int(now)):
        assert state_at(after, at).status is state_at(job, at).status
        if before is not S.CANCELLING:
            assert seen(after, at) == seen(job, at)
    if status in FINAL:
        assert state_at(after, now).ended_at == pytest.approx(now)


@settings(max_examples=50)
@given(jobs())
def test_a_job_that_is_about_to_succeed_can_be_moved_to_success(drawn: tuple[JobFacts, float]) -> None:
    job, now = drawn
    status = state_at(job, now).status
    assume(may_reach(status, S.SUCCEEDED) and status is not S.SUCCEEDED)
    waiting = with_change(job, about_to_succeed(job, now))
    assert state_at(waiting, now).status is status
    assert waiting.timeline.ending.status is S.SUCCEEDED
    assert state_at(with_change(waiting, moved(waiting, now, S.SUCCEEDED)), now).status is S.SUCCEEDED


def test_a_moved_job_says_what_it_would_have_said_on_its_way() -> None:
    job = facts(
        standard_timeline(task_label="T", executing=10, messages=(TimedMessage(MessageType.WARNING, "W", 5),))
    )
    after = with_change(job, moved(job, 2, S.SUCCEEDED))
    status, said = seen(after, 2)
    assert status is S.SUCCEEDED
    assert said[-2:] == [
        "W",
        "Succeeded at Thursday, January 1, 1970 12:00:02 AM (Elapsed Time: 2.00 seconds)",
    ]
    assert seen(after, 1) == seen(job, 1)


def test_a_job_moved_to_failed_says_the_errors_that_it_is_given() -> None:
    job = facts(standard_timeline(task_label="T"))
    _, said = seen(with_change(job, moved(job, 1, S.FAILED, ("ERROR 000732: {ended}",))), 1)
    assert said[-4:-2] == ["ERROR 000732: {ended}", "Failed to execute (T)."]


@pytest.mark.parametrize("status", [S.DELETED, S.DELETING, S.CANCELLING])
def test_cancelling_and_deleting_are_asked_for_otherwise(status: S) -> None:
    with pytest.raises(CannotMove, match="instead"):
        moved(facts(standard_timeline()), 0, status)


def test_a_job_never_goes_back_and_is_told_where_it_can_go() -> None:
    job = facts(standard_timeline(executing=10))
    with pytest.raises(CannotMove, match=r"esriJobExecuting.*never goes back.*esriJobSucceeded"):
        moved(job, 1, S.WAITING)
    with pytest.raises(CannotMove, match="only its deletion"):
        moved(job, 20, S.FAILED)


# In a store


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    made = MemoryJobStore() if request.param == "memory" else SQLiteJobStore(tmp_path / "jobs.db")
    yield made
    made.close(0)


def submit(store: MemoryJobStore, job_id: str, queue: ServiceQueue | None = None, **how: Any) -> None:
    timeline = standard_timeline(**how)
    store.add(Submission(job_id, "S/T", 0, b"{}", timeline), queue)


def status(store: MemoryJobStore, job_id: str, now: float) -> S:
    record = store.get(job_id, now)
    assert record is not None
    return record.state(now).status


def test_a_store_puts_another_course_in_place_of_a_jobs(store: MemoryJobStore) -> None:
    submit(store, "j")
    record = store.amend("j", lambda record: moved(record, 1, S.FAILED), 1)
    assert record is not None
    assert (record.amended, record.revision) == (True, 1)
    assert status(store, "j", 1) is S.FAILED
    assert store.amend("other", lambda record: moved(record, 1, S.FAILED), 1) is None


def test_a_job_that_cannot_be_moved_stays_as_it_is(store: MemoryJobStore) -> None:
    submit(store, "j")
    before = store.get("j", 5)

    def change(record: JobRecord) -> Any:
        return moved(record, 5, S.EXECUTING)

    with pytest.raises(CannotMove):
        store.amend("j", change, 5)
    assert store.get("j", 5) == before


def test_a_job_that_leaves_its_queue_makes_room(store: MemoryJobStore) -> None:
    queue = ServiceQueue(1)
    store.attach(lambda task: queue, lambda submission: None)
    submit(store, "a", queue, ending=None)
    submit(store, "b", queue, executing=5)
    submit(store, "c", queue, executing=5)
    assert [status(store, job, 2) for job in "abc"] == [EXECUTING, WAITING, WAITING]
    store.amend("a", lambda record: moved(record, 2, S.FAILED), 2)
    assert [status(store, job, 2) for job in "abc"] == [S.FAILED, EXECUTING, WAITING]
    store.amend("c", lambda record: moved(record, 3, EXECUTING), 3)
    assert [status(store, job, 3) for job in "bc"] == [EXECUTING, EXECUTING]
    store.amend("b", lambda record: held(record, 3)[0], 3)
    assert [status(store, job, 30) for job in "bc"] == [EXECUTING, S.SUCCEEDED]


def test_a_job_that_is_held_in_its_queue_lets_others_pass_and_queues_again(store: MemoryJobStore) -> None:
    queue = ServiceQueue(1)
    store.attach(lambda task: queue, lambda submission: None)
    for job in "abc":
        submit(store, job, queue, executing=5)
    store.amend("b", lambda record: held(record, 1)[0], 1)
    assert [status(store, job, 6) for job in "abc"] == [S.SUCCEEDED, WAITING, EXECUTING]
    store.release("b", "hold", 7)
    assert [status(store, job, 8) for job in "bc"] == [WAITING, EXECUTING]
    assert [status(store, job, 11) for job in "bc"] == [EXECUTING, S.SUCCEEDED]


def test_an_outcome_is_put_into_the_course_that_the_job_has_by_then(store: MemoryJobStore) -> None:
    submit(store, "j")
    store.amend("j", lambda record: held(record, 1)[0], 1)
    store.settle("j", lambda timeline: timeline.with_outcome(status=S.SUCCEEDED, seconds=3), b"[1]", 2)
    record = store.get("j", 2)
    assert record is not None
    assert record.outputs == b"[1]"
    assert status(store, "j", 50) is EXECUTING


def test_a_job_that_is_settled_by_a_move_keeps_its_tool_from_running(store: MemoryJobStore) -> None:
    submit(store, "j")
    store.amend("j", lambda record: msgspec.structs.replace(moved(record, 1, S.FAILED), outputs=b"{}"), 1)
    record = store.settle("j", standard_timeline(), b"[1]", 2)
    assert record is not None
    assert (record.outputs, record.state(2).status) == (b"{}", S.FAILED)


@pytest.mark.parametrize("settled", [False, True])
def test_another_course_outlives_a_restart(tmp_path: Path, settled: bool) -> None:
    store = SQLiteJobStore(tmp_path / "jobs.db")
    submit(store, "j", polls=2)
    if settled:
        store.settle("j", lambda timeline: timeline.with_outcome(status=S.SUCCEEDED), b"[1]", 0)
    store.look("j", 0)
    store.amend("j", lambda record: held(record, 1)[0], 1)
    if not settled:
        store.settle("j", lambda timeline: timeline.with_outcome(status=S.SUCCEEDED), b"[1]", 2)
    before = store.get("j", 2)
    store.close(2)
    store = SQLiteJobStore(tmp_path / "jobs.db")
    assert store.get("j", 2) == before
    assert status(store, "j", 99) is EXECUTING
    store.close(2)


def test_a_course_that_cannot_be_written_is_taken_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sqlite3

    from gp_mockserver.errors import StoreUnwritable

    queue = ServiceQueue(1)
    store = SQLiteJobStore(tmp_path / "jobs.db")
    store.attach(lambda task: queue, lambda submission: None)
    submit(store, "a", queue, executing=5)
    submit(store, "b", queue, executing=5)
    with monkeypatch.context() as broken:
        broken.setattr(
            store._file, "write", lambda *_: (_ for _ in ()).throw(sqlite3.OperationalError("full"))
        )
        with pytest.raises(StoreUnwritable):
            store.amend("b", lambda record: moved(record, 1, S.FAILED), 1)
    assert [status(store, job, 6) for job in "ab"] == [S.SUCCEEDED, EXECUTING]
    assert status(store, "b", 10) is S.SUCCEEDED
    store.close(2)
