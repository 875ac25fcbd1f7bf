"""The moves of a job are those of the published table, and no others."""

from __future__ import annotations

from itertools import pairwise

import pytest
from gp_protocol.errors import RemoteProtocolError
from gp_protocol.job_states import (
    CANCELLABLE,
    FINAL,
    TRANSITIONS,
    JobStatus,
    check_sequence,
    job_status,
    may_become,
    may_reach,
)
from hypothesis import given
from hypothesis import strategies as st

from every_case import every_case

LEGAL = {
    "esriJobNew": {"esriJobSubmitted", "esriJobWaiting", "esriJobExecuting", "esriJobFailed"},
    "esriJobSubmitted": {"esriJobWaiting", "esriJobExecuting", "esriJobFailed"},
    "esriJobWaiting": {
        "esriJobExecuting",
        "esriJobCancelling",
        "esriJobCancelled",
        "esriJobFailed",
        "esriJobTimedOut",
    },
    "esriJobExecuting": {
        "esriJobSucceeded",
        "esriJobFailed",
        "esriJobTimedOut",
        "esriJobCancelling",
        "esriJobCancelled",
        "expectedFailure",
    },
    "esriJobCancelling": {"esriJobCancelled", "esriJobSucceeded", "esriJobFailed"},
    "esriJobSucceeded": {"esriJobDeleting", "esriJobDeleted"},
    "esriJobFailed": {"esriJobDeleting", "esriJobDeleted"},
    "esriJobTimedOut": {"esriJobDeleting", "esriJobDeleted"},
    "esriJobCancelled": {"esriJobDeleting", "esriJobDeleted"},
    "expectedFailure": {"esriJobDeleting", "esriJobDeleted"},
    "esriJobDeleting": {"esriJobDeleted"},
    "esriJobDeleted": set(),
}
WORDS = list(LEGAL)


@every_case("before", WORDS)
@every_case("after", WORDS)
def test_a_job_moves_only_as_the_table_says(before: str, after: str) -> None:
    assert may_become(JobStatus(before), JobStatus(after)) is (after in LEGAL[before])


def test_the_statuses_are_the_published_words() -> None:
    assert {str(status) for status in JobStatus} == set(WORDS)


def test_only_a_waiting_or_executing_job_can_be_cancelled() -> None:
    assert {str(status) for status in CANCELLABLE} == {"esriJobWaiting", "esriJobExecuting"}
    assert all("esriJobCancelling" in LEGAL[status] for status in CANCELLABLE)


def test_after_its_end_a_job_can_only_be_deleted() -> None:
    assert {status for status in WORDS if LEGAL[status] <= {"esriJobDeleting", "esriJobDeleted"}} == set(
        FINAL
    )


@every_case(
    ("before", "after", "possible"),
    [
        ("esriJobNew", "esriJobSucceeded", True),
        ("esriJobSubmitted", "esriJobCancelled", True),
        ("esriJobSubmitted", "esriJobSubmitted", True),
        ("esriJobWaiting", "esriJobDeleted", True),
        ("esriJobExecuting", "esriJobWaiting", False),
        ("esriJobCancelling", "esriJobTimedOut", False),
        ("esriJobCancelling", "esriJobExecuting", False),
        ("esriJobSucceeded", "esriJobFailed", False),
        ("esriJobDeleted", "esriJobNew", False),
    ],
)
def test_between_two_looks_states_may_be_skipped_but_never_undone(
    before: str, after: str, possible: bool
) -> None:
    assert may_reach(JobStatus(before), JobStatus(after)) is possible


@given(st.data())
def test_whatever_a_job_lives_through_a_poller_that_misses_looks_accepts(data: st.DataObject) -> None:
    life = [data.draw(st.sampled_from(list(JobStatus)))]
    while TRANSITIONS[life[-1]] and data.draw(st.booleans()):
        life.append(data.draw(st.sampled_from(sorted(TRANSITIONS[life[-1]]))))
    seen = [status for status in life for _ in range(data.draw(st.integers(0, 2)))]
    check_sequence(seen)
    for earlier, later in pairwise(life):
        assert not may_reach(later, earlier)


def test_a_sequence_that_goes_back_is_reported_with_its_place() -> None:
    with pytest.raises(RemoteProtocolError) as caught:
        check_sequence(["esriJobSubmitted", "esriJobExecuting", "esriJobWaiting"])
    assert caught.value.path == "look 2.jobStatus"
    assert "esriJobWaiting after esriJobExecuting" in caught.value.detail
    assert "esriJobSucceeded" in caught.value.expected


def test_a_word_that_is_no_status_is_reported_with_the_nearest_one() -> None:
    with pytest.raises(RemoteProtocolError, match='did you mean "esriJobSubmitted"'):
        job_status("esriJobSumbitted")
    with pytest.raises(RemoteProtocolError) as caught:
        check_sequence(["esriJobNew", "Running"])
    assert caught.value.path == "look 1.jobStatus"
