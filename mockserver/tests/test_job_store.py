from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from gp_mockserver.lifecycle.clocks import EPOCH, JumpingClock
from gp_mockserver.lifecycle.job_store import CancelRefused, JobRecord, JobStore, MemoryJobStore, StoreFull
from gp_mockserver.lifecycle.jobs import Submission
from gp_mockserver.lifecycle.queueing import ServiceQueue
from gp_mockserver.lifecycle.sqlite_job_store import SQLiteJobStore
from gp_mockserver.lifecycle.timelines import Cancellation, Phase, Timeline, standard_timeline
from gp_protocol.job_states import JobStatus as S

TWO_SECONDS = standard_timeline()
NEVER_ENDING = standard_timeline(ending=None)

NewStore = Callable[..., MemoryJobStore]


def submit(
    store: JobStore,
    job_id: str,
    timeline: Timeline = TWO_SECONDS,
    at: float = 0,
    queue: ServiceQueue | None = None,
) -> None:
    store.add(Submission(job_id, "Folder/Service/Task", at, b"{}", timeline), queue)


def status(store: JobStore, job_id: str, now: float) -> S:
    record = store.get(job_id, now)
    assert record is not None
    return record.state(now).status


@pytest.fixture(params=["memory", "sqlite"])
def new_store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[NewStore]:
    """Makes a store of either kind; what is said here holds of both."""
    made: list[MemoryJobStore] = []

    def make(**bounds: Any) -> MemoryJobStore:
        in_memory = request.param == "memory"
        file = tmp_path / f"jobs{len(made)}.db"
        made.append(MemoryJobStore(**bounds) if in_memory else SQLiteJobStore(file, **bounds))
        return made[-1]

    yield make
    for store in made:
        store.close(0)


@pytest.fixture
def store(new_store: NewStore) -> MemoryJobStore:
    return new_store()


def test_a_submission_is_kept_as_it_was_made(store: MemoryJobStore) -> None:
    submission = Submission("j1", "Folder/Service/Task", 5, b'{"A":"1"}', TWO_SECONDS)
    assert store.add(submission).submission is submission
    record = store.get("j1", 6)
    assert record is not None
    assert (record.submission, record.polls, record.revision, record.outputs) == (submission, 0, 0, None)


def test_every_look_has_a_turn_of_its_own_and_other_requests_have_none(store: MemoryJobStore) -> None:
    submit(store, "j1")
    turns = []
    for _ in range(3):
        record = store.look("j1", 1)
        assert record is not None
        turns.append(record.polls)
        store.get("j1", 1)
    assert turns == [1, 2, 3]


def test_a_record_does_not_change_afterwards(store: MemoryJobStore) -> None:
    submit(store, "j1")
    first = store.look("j1", 1)
    store.look("j1", 1)
    store.cancel("j1", 1)
    assert first is not None
    assert (first.polls, first.cancelled_at) == (1, None)


def test_a_job_id_is_taken_only_once(store: MemoryJobStore) -> None:
    submit(store, "j1")
    with pytest.raises(ValueError, match="j1 has been submitted already"):
        submit(store, "j1")
    assert len(store) == 1


def test_an_unknown_job_is_nothing(store: MemoryJobStore) -> None:
    assert store.look("j1", 0) is None
    assert store.get("j1", 0) is None
    assert store.cancel("j1", 0) is None
    assert store.release("j1", "gate", 0) is None
    assert store.settle("j1", TWO_SECONDS, b"", 0) is None
    assert store.delete("j1", 0) is False


def test_a_deleted_job_is_unknown(store: MemoryJobStore) -> None:
    submit(store, "j1")
    assert store.delete("j1", 1) is True
    assert store.get("j1", 1) is None
    assert store.ids() == []


def test_ids_stand_in_the_order_of_submission(store: MemoryJobStore) -> None:
    for job_id in ("b", "c", "a"):
        submit(store, job_id)
        store.look("b", 0)
    assert store.ids() == ["b", "c", "a"]


# Cancelling


@pytest.mark.parametrize(
    ("timeline", "at", "refused"),
    [
        (standard_timeline(submitted=5), 1, "esriJobSubmitted"),
        (standard_timeline(submitted=5, first=S.NEW), 1, "esriJobNew"),
        (standard_timeline(waiting=5), 1, None),
        (standard_timeline(), 1, None),
        (standard_timeline(), 3, "esriJobSucceeded"),
        (standard_timeline(ending=S.FAILED), 3, "esriJobFailed"),
        (standard_timeline(ending=S.TIMED_OUT), 3, "esriJobTimedOut"),
    ],
)
def test_only_a_waiting_or_executing_job_can_be_cancelled(
    store: MemoryJobStore, timeline: Timeline, at: float, refused: str | None
) -> None:
    submit(store, "j1", timeline)
    if refused is None:
        record = store.cancel("j1", at)
        assert record is not None
        assert record.state(at).status == "esriJobCancelling"
    else:
        with pytest.raises(CancelRefused) as refusal:
            store.cancel("j1", at)
        assert refusal.value.status == refused
        assert status(store, "j1", at) == refused


def test_a_job_is_cancelled_once(store: MemoryJobStore) -> None:
    submit(store, "j1", NEVER_ENDING)
    store.cancel("j1", 1)
    for at, met in [(2, "esriJobCancelling"), (5, "esriJobCancelled")]:
        with pytest.raises(CancelRefused, match=met):
            store.cancel("j1", at)


def test_a_refused_cancel_lets_the_job_go_on(store: MemoryJobStore) -> None:
    submit(store, "j1", standard_timeline(submitted=5))
    with pytest.raises(CancelRefused):
        store.cancel("j1", 1)
    assert status(store, "j1", 7) == "esriJobSucceeded"


# Gates, outcomes and revisions


def test_a_gate_is_released_once(store: MemoryJobStore) -> None:
    submit(store, "j1", standard_timeline(hold="gate"))
    assert status(store, "j1", 100) == "esriJobExecuting"
    store.release("j1", "gate", 100)
    store.release("j1", "gate", 200)
    record = store.get("j1", 300)
    assert record is not None
    assert record.state(300).ended_at == 100


def test_a_misspelt_gate_is_an_error(store: MemoryJobStore) -> None:
    submit(store, "j1", standard_timeline(hold="upload"))
    with pytest.raises(ValueError, match=r"no gate 'uplod'; its gates: upload\. did you mean"):
        store.release("j1", "uplod", 0)


@pytest.mark.parametrize("cancellation", [Cancellation(), Cancellation(at_once=True)])
def test_a_gate_does_not_revive_a_cancelled_job(store: MemoryJobStore, cancellation: Cancellation) -> None:
    submit(store, "j1", standard_timeline(hold="gate", cancellation=cancellation))
    store.cancel("j1", 0)
    assert status(store, "j1", 5) == "esriJobCancelled"
    store.release("j1", "gate", 5)
    assert status(store, "j1", 5) == "esriJobCancelled"


def test_only_the_first_outcome_of_a_tool_counts(store: MemoryJobStore) -> None:
    submit(store, "j1")
    failed = TWO_SECONDS.with_outcome(status=S.FAILED)
    store.settle("j1", failed, b"", 1)
    record = store.settle("j1", TWO_SECONDS, b"[1]", 1)
    assert record is not None
    assert (record.timeline, record.outputs) == (failed, b"")
    assert status(store, "j1", 2) == "esriJobFailed"


def test_a_revision_tells_that_something_happened_other_than_a_poll(store: MemoryJobStore) -> None:
    submit(store, "j1", Timeline((Phase(S.WAITING, polls=1), Phase(S.EXECUTING, hold="gate"))))
    happenings: list[Callable[[], JobRecord | None]] = [
        lambda: store.look("j1", 1),
        lambda: store.look("j1", 2),
        lambda: store.release("j1", "gate", 3),
        lambda: store.release("j1", "gate", 3),
        lambda: store.settle("j1", TWO_SECONDS, b"", 3),
        lambda: store.settle("j1", TWO_SECONDS, b"", 3),
    ]
    records = [happen() for happen in happenings]
    revisions = [record.revision for record in records if record]
    assert revisions == [0, 0, 1, 1, 2, 2]


# Queues


def test_jobs_of_a_service_with_one_instance_execute_one_after_the_other(store: MemoryJobStore) -> None:
    queue = ServiceQueue(1)
    for job_id in ("a", "b", "c"):
        submit(store, job_id, queue=queue)
    seen = [[status(store, job_id, now).removeprefix("esriJob") for job_id in "abc"] for now in (1, 3, 5, 6)]
    assert seen == [
        ["Executing", "Waiting", "Waiting"],
        ["Succeeded", "Executing", "Waiting"],
        ["Succeeded", "Succeeded", "Executing"],
        ["Succeeded", "Succeeded", "Succeeded"],
    ]


def test_a_cancelled_job_makes_room_when_its_cancel_takes_effect(store: MemoryJobStore) -> None:
    queue = ServiceQueue(1)
    submit(store, "a", NEVER_ENDING, queue=queue)
    submit(store, "b", queue=queue)
    assert status(store, "b", 1000) == "esriJobWaiting"
    store.cancel("a", 1001)
    assert [status(store, "b", now) for now in (1004, 1005, 1007)] == [
        "esriJobWaiting",
        "esriJobExecuting",
        "esriJobSucceeded",
    ]


def test_a_job_that_is_cancelled_in_the_queue_lets_the_next_one_move_up(store: MemoryJobStore) -> None:
    queue = ServiceQueue(1)
    for job_id in ("a", "b", "c"):
        submit(store, job_id, queue=queue)
    store.cancel("b", 1)
    assert status(store, "c", 2) == "esriJobExecuting"
    assert status(store, "b", 5) == "esriJobCancelled"


@pytest.mark.parametrize("how", ["gate", "polls", "deletion"])
def test_a_job_whose_end_nobody_foresaw_makes_room_once_it_ends(store: MemoryJobStore, how: str) -> None:
    queue = ServiceQueue(1)
    submit(
        store,
        "a",
        standard_timeline(hold="gate") if how == "gate" else standard_timeline(polls=1),
        queue=queue,
    )
    submit(store, "b", queue=queue)
    store.look("a", 1)
    assert status(store, "b", 50) == "esriJobWaiting"
    before = store.get("b", 50)
    if how == "gate":
        store.release("a", "gate", 50)
    elif how == "polls":
        store.look("a", 50)
    else:
        store.delete("a", 50)
    after = store.get("b", 50)
    assert before is not None
    assert after is not None
    assert after.revision > before.revision
    assert (after.state(51).status, after.state(51).started_at) == ("esriJobExecuting", 50)


def test_a_job_joins_the_queue_when_it_becomes_known_to_be_ready(store: MemoryJobStore) -> None:
    queue = ServiceQueue(1)
    held = Timeline((Phase(S.SUBMITTED, hold="gate"), Phase(S.EXECUTING, seconds=2)))
    submit(store, "a", held, queue=queue)
    submit(store, "b", queue=queue)
    assert status(store, "b", 1) == "esriJobExecuting"
    store.release("a", "gate", 1)
    assert [status(store, "a", now) for now in (1, 2, 4)] == [
        "esriJobWaiting",
        "esriJobExecuting",
        "esriJobSucceeded",
    ]


def test_a_tool_that_takes_longer_keeps_the_next_job_waiting(store: MemoryJobStore) -> None:
    queue = ServiceQueue(1)
    submit(store, "a", queue=queue)
    submit(store, "b", queue=queue)
    store.settle("a", TWO_SECONDS.with_outcome(status=S.SUCCEEDED, seconds=10), b"", 1)
    assert [status(store, "b", now) for now in (9, 10)] == ["esriJobWaiting", "esriJobExecuting"]


def test_a_job_that_does_not_execute_does_not_queue(store: MemoryJobStore) -> None:
    queue = ServiceQueue(1)
    submit(store, "a", NEVER_ENDING, queue=queue)
    submit(store, "b", Timeline(), queue=queue)
    assert status(store, "b", 0) == "esriJobSucceeded"


# Bounds


def test_a_job_is_forgotten_six_hours_after_its_end(store: MemoryJobStore) -> None:
    submit(store, "j1")
    assert store.get("j1", 2 + 6 * 3600) is not None
    assert store.get("j1", 2 + 6 * 3600 + 0.1) is None
    assert len(store) == 0


def test_a_job_that_has_not_ended_is_not_forgotten(store: MemoryJobStore) -> None:
    submit(store, "j1", NEVER_ENDING)
    assert status(store, "j1", 1e9) == "esriJobExecuting"


def test_jobs_that_nobody_asks_for_are_forgotten_as_others_come(new_store: NewStore) -> None:
    store = new_store(max_age=10)
    submit(store, "running", NEVER_ENDING)
    for now in range(1000):
        submit(store, f"j{now}", at=now)
    assert len(store) <= 15
    assert store.get("running", 1000) is not None


def test_a_full_store_drops_the_oldest_job_that_has_ended(new_store: NewStore) -> None:
    store = new_store(max_jobs=3)
    submit(store, "running", NEVER_ENDING)
    submit(store, "a")
    submit(store, "b")
    submit(store, "c", at=5)
    assert store.ids() == ["running", "b", "c"]


def test_a_store_full_of_jobs_that_have_not_ended_takes_no_more(new_store: NewStore) -> None:
    store = new_store(max_jobs=2)
    submit(store, "a", NEVER_ENDING)
    submit(store, "b", standard_timeline(executing=100))
    for now in (1, 99):
        with pytest.raises(StoreFull, match="the store is full: met 2 jobs of which none has ended"):
            submit(store, "c", at=now)
    submit(store, "c", at=100)
    assert store.ids() == ["a", "c"]


def test_a_full_store_has_room_again_once_a_job_is_cancelled(new_store: NewStore) -> None:
    store = new_store(max_jobs=1)
    submit(store, "a", NEVER_ENDING)
    with pytest.raises(StoreFull):
        submit(store, "b", at=1)
    store.cancel("a", 1)
    with pytest.raises(StoreFull):
        submit(store, "b", at=4)
    submit(store, "b", at=5)
    assert store.ids() == ["b"]


def test_a_job_may_come_back_after_it_was_deleted(new_store: NewStore) -> None:
    store = new_store(max_jobs=2)
    for now in range(500):
        submit(store, "again", at=now)
        assert store.delete("again", now)
    submit(store, "again", at=500)
    assert store.ids() == ["again"]


@pytest.mark.parametrize("bounds", [{"max_jobs": 0}, {"max_age": 0}, {"max_age": float("nan")}])
def test_a_store_needs_room(new_store: NewStore, bounds: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="above 0"):
        new_store(**bounds)


# Many at once


def test_64_threads_that_look_at_one_job_share_out_the_turns(store: MemoryJobStore) -> None:
    submit(store, "j1", Timeline((Phase(S.WAITING, polls=1000), Phase(S.EXECUTING, polls=500))))

    def look(_: int) -> list[tuple[int, str]]:
        seen: list[tuple[int, str]] = []
        for _ in range(50):
            record = store.look("j1", 1)
            assert record is not None
            seen.append((record.polls, record.state(1).status))
        return seen

    with ThreadPoolExecutor(64) as threads:
        seen = sorted(turn for turns in threads.map(look, range(64)) for turn in turns)
    assert [turn for turn, _ in seen] == list(range(1, 3201))
    assert [status for _, status in seen] == (
        ["esriJobWaiting"] * 1000 + ["esriJobExecuting"] * 500 + ["esriJobSucceeded"] * 1700
    )


def test_nothing_is_lost_when_64_threads_submit_at_once(store: MemoryJobStore) -> None:
    queue = ServiceQueue(3)

    def add(thread: int) -> None:
        for i in range(25):
            submit(store, f"{thread}-{i}", queue=queue)

    with ThreadPoolExecutor(64) as threads:
        list(threads.map(add, range(64)))
    assert sorted(store.ids()) == sorted(f"{thread}-{i}" for thread in range(64) for i in range(25))
    executing = [
        sum(status(store, job_id, now) == S.EXECUTING for job_id in store.ids()) for now in (0, 1, 99.5)
    ]
    assert executing == [3, 3, 3]


def test_of_many_cancels_at_once_one_is_accepted(store: MemoryJobStore) -> None:
    submit(store, "j1", NEVER_ENDING)

    def cancel(_: int) -> bool:
        try:
            store.cancel("j1", 1)
        except CancelRefused:
            return False
        return True

    with ThreadPoolExecutor(16) as threads:
        assert sum(threads.map(cancel, range(64))) == 1


def test_jobs_are_no_burden_on_the_garbage_collector(store: MemoryJobStore) -> None:
    submit(store, "j1")
    record = store.look("j1", 0)
    assert record is not None
    assert not gc.is_tracked(record)
    assert not gc.is_tracked(record.submission)


def test_a_ten_hour_job_on_a_jumping_clock_takes_as_many_looks_as_it_has_changes(
    store: MemoryJobStore,
) -> None:
    clock = JumpingClock()
    submit(store, "j1", standard_timeline(submitted=60, waiting=3600, executing=36_000), at=clock.now())

    async def watch() -> list[str]:
        statuses = []
        while True:
            record = store.look("j1", clock.now())
            assert record is not None
            state = record.state(clock.now())
            statuses.append(state.status.removeprefix("esriJob"))
            if state.next_change is None:
                return statuses
            clock.jump_to(state.next_change)

    assert asyncio.run(watch()) == ["Submitted", "Waiting", "Executing", "Succeeded"]
    assert clock.now() == EPOCH + 39_660
