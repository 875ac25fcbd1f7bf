"""Answers to polls, kept until the job changes: between two changes every poll gets the same bytes."""

from __future__ import annotations

import math
from collections.abc import Hashable

import msgspec

from gp_mockserver.job_store import JobRecord
from gp_mockserver.jobs import JobState

MAX_KEPT = 10_000


class _Kept(msgspec.Struct, frozen=True):
    key: Hashable
    revision: int
    until: float
    until_turn: float
    encoded: bytes


class JobAnswers:
    """The last encoded answer of each of the jobs that were polled most recently."""

    def __init__(self) -> None:
        self._kept: dict[str, _Kept] = {}

    def find(self, record: JobRecord, now: float, key: Hashable) -> bytes | None:
        """The answer that still holds for this record, at this instant and turn; `key` is what else it
        depends on."""
        kept = self._kept.get(record.job_id)
        if (
            kept is None
            or kept.revision != record.revision
            or now >= kept.until
            or record.polls >= kept.until_turn
            or kept.key != key
        ):
            return None
        return kept.encoded

    def keep(self, record: JobRecord, state: JobState, key: Hashable, encoded: bytes) -> None:
        """Keep an answer until the state says that something changes."""
        until = math.inf if state.next_change is None else state.next_change
        until_turn = math.inf if state.next_turn is None else state.next_turn
        if len(self._kept) >= MAX_KEPT and record.job_id not in self._kept:
            del self._kept[next(iter(self._kept))]
        self._kept[record.job_id] = _Kept(key, record.revision, until, until_turn, encoded)
