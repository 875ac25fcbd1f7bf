"""What is still known of requests for which the journal has no room any more: whoever counts them has to come
to the same number as if the journal had room for all.

Expectations follow the journal, and take up what leaves it. Of requests that led nowhere the first ones are
kept, and of polls how many there were of each job, and how close together.
"""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Sequence
from math import inf
from threading import RLock
from typing import TYPE_CHECKING, Final, Protocol, TypeVar

import msgspec

if TYPE_CHECKING:
    from gp_mockserver.journal.entries import Entry
    from gp_mockserver.journal.journal import Journal
    from gp_mockserver.journal.poll_lines import PollLine

_MOST_UNEXPECTED: Final = 20
_MOST_JOBS: Final = 1000
_MOST_WAITING: Final = 256
_MOST_MISSED: Final = 64
"""Records that wait for whoever follows, before they are taken up in between."""

log = logging.getLogger("gp_mockserver")


class Record(Protocol):
    """What the journal holds for a request until somebody reads it."""

    @property
    def number(self) -> int:
        """That of its entry."""
        ...

    @property
    def like(self) -> Entry:
        """An entry of the same operation and job; its own, or that of an equal request."""
        ...

    @property
    def instants(self) -> tuple[float, float]:
        """`at` and `came` of its entry."""
        ...

    @property
    def is_over(self) -> bool:
        """Whether nothing more becomes known of it."""
        ...

    def read(self) -> Entry: ...

    def let_go(self) -> int: ...


class Tally(Protocol):
    """What is counted of requests, one after another."""

    def add(self, entry: Entry) -> None: ...

    def copy(self) -> Tally: ...


T = TypeVar("T", bound=Tally)


class Following:
    """Follows a journal from now on: a tally of the requests of these operations, of those too that the
    journal has dropped meanwhile."""

    def __init__(self, journal: Journal, operations: frozenset[str], tally: Tally) -> None:
        self.since = journal.last_number
        self.operations = operations
        self.missed: list[Record] = []
        """What the journal has dropped, and is not in the tally yet."""
        self._journal = journal
        self._tally = tally
        self._error: Exception | None = None
        self._lock = RLock()

    def now(self, kind: type[T]) -> T:
        """The tally of all that has come. Raises what a test's own function has raised."""
        with self._lock:
            missed, here = self._journal.come_for(self)
            self._take_up(missed)
            if self._error is not None:
                raise self._error
            tally = self._tally.copy()
        for record in here:
            tally.add(record.read())
        assert isinstance(tally, kind)
        return tally

    def digest(self) -> None:
        """Take up what was dropped, unless somebody does so just now."""
        if self._lock.acquire(blocking=False):
            try:
                self._take_up(self._journal.come_for(self)[0])
            finally:
                self._lock.release()

    def stop(self) -> None:
        """Follow no longer."""
        self._journal.follow_no_more(self)

    def _take_up(self, records: Sequence[Record]) -> None:
        for record in records:
            try:
                self._tally.add(record.read())
            except Exception as error:  # of a test's own `where`
                self._error = self._error or error

    def means(self, record: Record) -> bool:
        """Whether a request is one of those to count."""
        return record.number > self.since and record.like.operation in self.operations


class DroppedPolls(msgspec.Struct):
    """The polls of one job that the journal no longer has: how many, when the last one came, and how close
    together they were. Seconds; `at` is the site's clock's, `came` that of a real clock."""

    first_at: float
    first_came: float
    at: float
    came: float
    count: int = 1
    closest: float = inf
    """On the site's clock, of those between which that moved."""
    closest_still: float = inf
    """In real time, of those between which the site's clock stood still."""
    closest_real: float = inf
    """In real time, of all."""

    def take(self, at: float, came: float) -> None:
        """One more."""
        real, moved = came - self.came, at - self.at
        if moved > 0:
            if moved < self.closest:
                self.closest = moved
        elif real < self.closest_still:
            self.closest_still = real
        if real < self.closest_real:
            self.closest_real = real
        self.at, self.came = at, came
        self.count += 1


class DroppedRequests:
    """What a journal still knows of what it has dropped. Whoever calls this holds the journal's lock."""

    def __init__(self) -> None:
        self.followers: tuple[Following, ...] = ()
        self.polls: OrderedDict[str, DroppedPolls] = OrderedDict()
        """By job; of the last jobs of which polls were dropped."""
        self._waiting: list[PollLine] = []
        """Polls that are to be counted."""
        self._unexpected: list[Record] = []
        self._more_unexpected = 0
        self._under_way: list[Record] = []
        """What was dropped before it was answered."""

    def take(self, record: Record) -> bool:
        """A record leaves the journal; whether somebody has to take up what has left it."""
        if record.is_over:
            self._note(record)
        else:
            self._under_way.append(record)
            if len(self._under_way) % _MOST_MISSED == 0:
                self._look_again()
        return bool(self.followers) and self.is_missed(record)

    def take_poll(self, line: PollLine) -> bool:
        """The same of a poll that was answered with what was kept, of which there are many: they are counted
        many at a time, which is three times as fast."""
        waiting = self._waiting
        waiting.append(line)
        if len(waiting) >= _MOST_WAITING:
            self._count_waiting()
        return bool(self.followers) and self.is_missed(line)

    def _count_waiting(self) -> None:
        waiting, self._waiting = self._waiting, []
        for line in waiting:
            self._count_poll(line.model.entry.job_id, line.at, line.began)

    def is_missed(self, record: Record) -> bool:
        """A record leaves the journal, for those alone who follow; whether one of them has to take it up."""
        is_due = False
        for each in self.followers:
            if record.number > each.since:
                each.missed.append(record)
                is_due = is_due or len(each.missed) >= _MOST_MISSED
        return is_due

    def _look_again(self) -> None:
        under_way, self._under_way = self._under_way, []
        for record in under_way:
            if record.is_over:
                self._note(record)
            else:
                self._under_way.append(record)

    def _note(self, record: Record) -> None:
        like = record.like
        if like.operation == "job":
            self._count_waiting()
            self._count_poll(like.job_id, *record.instants)
        elif like.unexpected:
            if len(self._unexpected) < _MOST_UNEXPECTED:
                self._unexpected.append(record)
            else:
                self._more_unexpected += 1

    def _count_poll(self, job_id: str, at: float, came: float) -> None:
        polls = self.polls.get(job_id)
        if polls is not None:
            polls.take(at, came)
            return
        if len(self.polls) >= _MOST_JOBS:
            self.polls.popitem(last=False)
        self.polls[job_id] = DroppedPolls(at, came, at, came)

    def unexpected(self) -> tuple[list[Record], int]:
        """The first of the requests that led nowhere, and how many more there were."""
        self._look_again()
        under_way = [each for each in self._under_way if each.like.unexpected]
        return [*self._unexpected, *under_way], self._more_unexpected

    def polls_of(self, job_id: str | None) -> dict[str, DroppedPolls]:
        """Copies of what is known of polls, by job."""
        self._look_again()
        self._count_waiting()
        return {
            each: msgspec.structs.replace(polls)
            for each, polls in self.polls.items()
            if job_id in (None, each)
        }

    def clear(self) -> None:
        """Forget all, but what those who follow have not taken up yet."""
        self.polls.clear()
        self._waiting.clear()
        self._unexpected.clear()
        self._under_way.clear()
        self._more_unexpected = 0


def take_up(followers: Sequence[Following]) -> None:
    """Have all who follow take up what they have missed."""
    for each in followers:
        try:
            each.digest()
        except Exception:
            log.exception("requests that the journal has no room for could not be counted")
