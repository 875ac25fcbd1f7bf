from __future__ import annotations

import math

import pytest
from gp_mockserver.lifecycle.queueing import ServiceQueue, starts
from hypothesis import given
from hypothesis import strategies as st

from every_case import every_case

UNKNOWN = math.inf


@every_case(
    ("instances", "jobs", "expected"),
    [
        (1, [(0, 10), (0, 10), (0, 10)], [0, 10, 20]),
        (2, [(0, 10), (0, 4), (0, 10), (0, 10)], [0, 0, 4, 10]),
        (3, [(0, 10), (0, 10)], [0, 0]),
        (1, [(0, 2), (50, 2), (51, 2)], [0, 50, 52]),
        (1, [(0, 0), (0, 0)], [0, 0]),
        (1, [(0, UNKNOWN), (0, 1)], [0, UNKNOWN]),
        (2, [(0, UNKNOWN), (0, 1), (0, 1)], [0, 0, 1]),
    ],
)
def test_each_job_takes_the_instance_that_is_free_first(
    instances: int, jobs: list[tuple[float, float]], expected: list[float]
) -> None:
    assert starts(jobs, [0.0] * instances) == expected


def test_a_job_that_is_not_ready_yet_keeps_its_place() -> None:
    assert starts([(5, 1), (0, 1)], [0.0]) == [5, 6]


def test_a_service_has_at_least_one_instance() -> None:
    with pytest.raises(ValueError, match="1 or more"):
        ServiceQueue(0)


def test_those_behind_a_job_that_leaves_the_queue_move_up() -> None:
    queue = ServiceQueue(1)
    assert [queue.join(job, 0, 10, now=0) for job in "abcd"] == [0, 10, 20, 30]
    assert queue.leave("b", now=5) == {"c": 10, "d": 20}


def test_those_behind_a_job_without_a_known_end_start_when_it_becomes_known() -> None:
    queue = ServiceQueue(1)
    assert queue.join("a", 0, UNKNOWN, now=0) == 0
    assert queue.join("b", 0, 5, now=0) == UNKNOWN
    assert queue.join("c", 0, 5, now=0) == UNKNOWN
    assert queue.amend("a", 100, now=98) == {"b": 100, "c": 105}


def test_an_executing_job_that_is_deleted_makes_room_now() -> None:
    queue = ServiceQueue(1)
    queue.join("a", 0, 10, now=0)
    queue.join("b", 0, 10, now=0)
    assert queue.leave("a", now=3) == {"b": 3}


def test_those_behind_a_job_that_takes_longer_wait_longer() -> None:
    queue = ServiceQueue(1)
    assert [queue.join(job, 0, 10, now=0) for job in "abc"] == [0, 10, 20]
    assert queue.amend("a", 15, now=1) == {"b": 15, "c": 25}


def test_a_job_that_has_started_stays_started() -> None:
    queue = ServiceQueue(1)
    assert [queue.join(job, 0, 10, now=0) for job in "abc"] == [0, 10, 20]
    assert queue.amend("a", 25, now=12) == {"c": 25}


def test_news_of_a_job_that_is_over_and_forgotten_changes_nothing() -> None:
    queue = ServiceQueue(1)
    assert queue.amend("unknown", 5, now=0) == {}
    assert queue.leave("unknown", now=0) == {}


def test_a_queue_forgets_jobs_that_are_over() -> None:
    queue = ServiceQueue(2)
    for i in range(1000):
        queue.join(f"job{i}", i, 1, now=i)
    assert "job0" not in queue
    assert "job999" in queue


@given(
    st.integers(1, 4),
    st.lists(
        st.tuples(st.integers(0, 3), st.integers(0, 6) | st.just(UNKNOWN), st.integers(0, 30)), max_size=20
    ),
)
def test_never_more_jobs_execute_than_there_are_instances_and_none_idles_in_vain(
    instances: int, jobs: list[tuple[float, float, int]]
) -> None:
    """Second by second three more jobs come, each ready after a while, and some leave: who executes follows
    from the starts that the queue has told."""
    queue = ServiceQueue(instances)
    told: dict[int, float] = {}
    lasting: dict[int, float] = {}
    for now in range(40):
        for i in range(3 * now, min(3 * now + 3, len(jobs))):
            wait, seconds, _ = jobs[i]
            told[i], lasting[i] = queue.join(str(i), now + wait, seconds, now), seconds
        for i in [i for i in told if jobs[i][2] == now]:
            told.update({int(job): at for job, at in queue.leave(str(i), now).items()})
            lasting[i] = min(lasting[i], max(now - told[i], 0))
            if told[i] > now:
                del told[i]
        executing = [i for i in told if told[i] <= now < told[i] + lasting[i]]
        assert len(executing) <= instances
        ready_and_waiting = [i for i in told if i // 3 + jobs[i][0] <= now < told[i]]
        not_ready_before = [i for i in told if told[i] > now and i // 3 + jobs[i][0] > now]
        if ready_and_waiting and len(executing) < instances:
            assert min(not_ready_before, default=math.inf) < min(ready_and_waiting)
