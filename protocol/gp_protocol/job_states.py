"""The states of a job and every move between them.

A server tells a job's state by one word, `jobStatus`. `TRANSITIONS` is the whole rule: what stands beside a
state is what the job may become next. Between two looks at a job states may be skipped, so an observer judges
by `may_reach`, the one who moves a job by `may_become`. A job never goes back.

Sources: ArcGIS REST, *GP job* (the words; a tool may end before its cancel takes effect), *Cancel GP job*
(which states can be cancelled), ArcGIS Notebook Server, *GP job* (`expectedFailure`). *Assumed* where those
are silent: the moves out of New, Submitted to Failed, and that `expectedFailure` ends an executing job.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from gp_protocol.errors import RemoteProtocolError
from gp_protocol.suggestions import did_you_mean


class JobStatus(StrEnum):
    """The word that a server sends as `jobStatus`."""

    NEW = "esriJobNew"
    SUBMITTED = "esriJobSubmitted"
    WAITING = "esriJobWaiting"
    EXECUTING = "esriJobExecuting"
    SUCCEEDED = "esriJobSucceeded"
    FAILED = "esriJobFailed"
    TIMED_OUT = "esriJobTimedOut"
    CANCELLING = "esriJobCancelling"
    CANCELLED = "esriJobCancelled"
    DELETING = "esriJobDeleting"
    DELETED = "esriJobDeleted"
    EXPECTED_FAILURE = "expectedFailure"


_S = JobStatus
_GOING = frozenset({_S.DELETING, _S.DELETED})

TRANSITIONS: Final[Mapping[JobStatus, frozenset[JobStatus]]] = MappingProxyType(
    {
        _S.NEW: frozenset({_S.SUBMITTED, _S.WAITING, _S.EXECUTING, _S.FAILED}),
        _S.SUBMITTED: frozenset({_S.WAITING, _S.EXECUTING, _S.FAILED}),
        _S.WAITING: frozenset({_S.EXECUTING, _S.CANCELLING, _S.CANCELLED, _S.FAILED, _S.TIMED_OUT}),
        _S.EXECUTING: frozenset(
            {_S.SUCCEEDED, _S.FAILED, _S.TIMED_OUT, _S.CANCELLING, _S.CANCELLED, _S.EXPECTED_FAILURE}
        ),
        _S.CANCELLING: frozenset({_S.CANCELLED, _S.SUCCEEDED, _S.FAILED}),
        _S.SUCCEEDED: _GOING,
        _S.FAILED: _GOING,
        _S.TIMED_OUT: _GOING,
        _S.CANCELLED: _GOING,
        _S.EXPECTED_FAILURE: _GOING,
        _S.DELETING: frozenset({_S.DELETED}),
        _S.DELETED: frozenset(),
    }
)
"""State -> the states that it may become next."""

FINAL: Final = frozenset(
    {_S.SUCCEEDED, _S.FAILED, _S.TIMED_OUT, _S.CANCELLED, _S.EXPECTED_FAILURE, _S.DELETING, _S.DELETED}
)
"""The states in which the tool has ended: only deletion may follow."""

CANCELLABLE: Final = frozenset({_S.WAITING, _S.EXECUTING})
"""The states in which `cancel` is obeyed; in every other one it is refused (*Cancel GP job*)."""


def _closure(start: JobStatus) -> frozenset[JobStatus]:
    reached = {start}
    pending = [start]
    while pending:
        fresh = TRANSITIONS[pending.pop()] - reached
        reached |= fresh
        pending.extend(fresh)
    return frozenset(reached)


_REACHABLE: Final = {status: _closure(status) for status in JobStatus}


def may_become(before: JobStatus, after: JobStatus) -> bool:
    """Whether a job may move from `before` straight to `after`. Staying is no move."""
    return after in TRANSITIONS[before]


def may_reach(before: JobStatus, after: JobStatus) -> bool:
    """Whether one who saw `before` may see `after` at a later look: the same state, or any number of moves
    on.
    """
    return after in _REACHABLE[before]


def job_status(word: str) -> JobStatus:
    """The status of a `jobStatus` word, exactly as spelt.

    Raises RemoteProtocolError for any other word, near misses such as `esriJobSumbitted` and words in
    another case too: what comes of a word that no server should send is its caller's decision.
    """
    try:
        return JobStatus(word)
    except ValueError:
        raise RemoteProtocolError(
            path="jobStatus",
            met=repr(word),
            expected="a job status such as 'esriJobExecuting'",
            remedy=did_you_mean(word, JobStatus) if isinstance(word, str) else "",
        ) from None


def check_sequence(statuses: Iterable[JobStatus | str]) -> None:
    """Hold the statuses that successive looks at one job saw to the table.

    Raises RemoteProtocolError naming the first look (counted from 0) whose status could not follow the one
    before it.
    """
    before: JobStatus | None = None
    for look, word in enumerate(statuses):
        try:
            after = job_status(word)
        except RemoteProtocolError as error:
            raise error.at(f"look {look}") from None
        if before is not None and not may_reach(before, after):
            expected = ", ".join(status for status in JobStatus if may_reach(before, status))
            raise RemoteProtocolError(
                path=f"look {look}.jobStatus",
                met=f"{after} after {before}",
                expected=f"one of {expected}",
                remedy="a job never goes back, and only deletion follows its end",
            )
        before = after
