"""What a test expects of its client: that requests come, how often, and in which order.

    site.expect("submitJob", task="WorldViewshed/viewshed", parameters={"Viewshed_Distance": "8.5 Miles"})
    site.expect("cancel", times=0)
    site.expect_in_order("submitJob", "job", ("result", {"name": "Viewshed_Result"}))

Requests count from when an expectation is said, however they are answered, and also if the site's journal had
to make room for later ones meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final, Unpack

from gp_mockserver.errors import SiteError
from gp_mockserver.journal.journal import check_operation
from gp_mockserver.journal.request_patterns import Pattern, pattern_of
from gp_mockserver.tools.call_places import place_of_call

if TYPE_CHECKING:
    from gp_mockserver.journal.dropped_requests import Following
    from gp_mockserver.journal.entries import Entry
    from gp_mockserver.journal.journal import Criteria
    from gp_mockserver.sites import Site

Step = str | tuple[str, "Criteria"]
"""A request in a sequence: an operation, or one with what says which of its requests are meant."""

_MOST_NUMBERS: Final = 10
_TIMES: Final = {0: "never", 1: "once", 2: "twice"}


class _Nearest:
    """Of requests that were not meant the one that came closest."""

    def __init__(self) -> None:
        self.number = 0
        self.differences: list[str] = []

    def consider(self, pattern: Pattern, entry: Entry) -> None:
        if entry.operation != pattern.operation:
            return
        differences = pattern.differences(entry)
        if differences and (not self.number or len(differences) < len(self.differences)):
            self.number, self.differences = entry.number, differences

    def copy(self) -> _Nearest:
        copied = _Nearest()
        copied.number, copied.differences = self.number, self.differences
        return copied

    @property
    def text(self) -> str:
        if not self.number:
            return ""
        return f"; request {self.number} came nearest: {'; '.join(self.differences)}"


class _Count:
    """How many requests were meant; the numbers of the first ones."""

    def __init__(self, pattern: Pattern) -> None:
        self.count = 0
        self.numbers: list[int] = []
        self.nearest = _Nearest()
        self._pattern = pattern

    def add(self, entry: Entry) -> None:
        """One more request, of any kind."""
        if not self._pattern.fits(entry):
            self.nearest.consider(self._pattern, entry)
            return
        self.count += 1
        if len(self.numbers) < _MOST_NUMBERS:
            self.numbers.append(entry.number)

    def copy(self) -> _Count:
        copied = _Count(self._pattern)
        copied.count, copied.numbers = self.count, list(self.numbers)
        copied.nearest = self.nearest.copy()
        return copied

    @property
    def listed(self) -> str:
        more = self.count - len(self.numbers)
        told = ", ".join(map(str, self.numbers)) + (f" and {more} more" if more > 0 else "")
        return f": request{'s' * (self.count > 1)} {told}" if self.count else ""


class _Order:
    """Which steps were taken; of the others which request came too early, and which came nearest."""

    def __init__(self, steps: Sequence[Pattern]) -> None:
        self.taken: list[Entry] = []
        self.early: dict[int, int] = {}
        """The number of the last request, by step, that was meant before its turn."""
        self.nearest = _Nearest()
        self._steps = steps

    def add(self, entry: Entry) -> None:
        """One more request, of any kind."""
        place = len(self.taken)
        if place == len(self._steps):
            return
        step = self._steps[place]
        is_taken = step.fits(entry)
        for later in range(place + 1, len(self._steps)):
            if self._steps[later].fits(entry) and not is_taken:
                self.early[later] = entry.number
        if is_taken:
            self.taken.append(entry)
            self.nearest = _Nearest()
        else:
            self.nearest.consider(step, entry)

    def copy(self) -> _Order:
        copied = _Order(self._steps)
        copied.taken, copied.early = list(self.taken), dict(self.early)
        copied.nearest = self.nearest.copy()
        return copied


class Expectation:
    """Requests of one kind, `at_least` and `at_most` so many; None: any number."""

    def __init__(self, pattern: Pattern, at_least: int, at_most: int | None, site: Site) -> None:
        self.pattern = pattern
        self.at_least = at_least
        self.at_most = at_most
        self.place = place_of_call()
        self._site = site
        assert pattern.operation is not None
        self.following: Following = site.journal.follow(frozenset({pattern.operation}), _Count(pattern))

    @property
    def requests(self) -> list[Entry]:
        """Those that are meant and have come, as far as the journal still has them."""
        since = self.following.since
        return [entry for entry in self._site.journal if entry.number > since and self.pattern.fits(entry)]

    @property
    def count(self) -> int:
        """How many have come, whether or not the journal still has them."""
        return self.following.now(_Count).count

    @property
    def is_met(self) -> bool:
        """Whether what has come so far meets it."""
        return self._is_enough(self.count)

    @property
    def text(self) -> str:
        """Such as `submitJob of WorldViewshed/viewshed once`."""
        return f"{self.pattern.text} {self._often}"

    @property
    def problem(self) -> str:
        """Why it is not met, with the request that came nearest; empty where it is."""
        come = self.following.now(_Count)
        if self._is_enough(come.count):
            return ""
        why = come.nearest.text if come.count < self.at_least else come.listed
        return f"expected {self.text}, met {_times(come.count)}{why}{_at(self.place)}"

    def _is_enough(self, count: int) -> bool:
        return self.at_least <= count and (self.at_most is None or count <= self.at_most)

    @property
    def _often(self) -> str:
        if self.at_most == self.at_least:
            return _times(self.at_least)
        ends = [f"at least {_times(self.at_least)}"] if self.at_least or self.at_most is None else []
        return " and ".join(ends if self.at_most is None else [*ends, f"at most {_times(self.at_most)}"])


class InOrder:
    """Requests that arrive one after another; any others may come between them."""

    def __init__(self, steps: Sequence[Pattern], site: Site) -> None:
        self.steps = tuple(steps)
        self.place = place_of_call()
        operations = frozenset(step.operation or "" for step in self.steps)
        self.following: Following = site.journal.follow(operations, _Order(self.steps))

    @property
    def requests(self) -> list[Entry]:
        """Those of the steps that were taken, as far as they were taken in order."""
        return self.following.now(_Order).taken

    @property
    def is_met(self) -> bool:
        """Whether what has come so far meets it."""
        return len(self.requests) == len(self.steps)

    @property
    def text(self) -> str:
        """Such as `submitJob, then job, then result`."""
        return ", then ".join(step.text for step in self.steps)

    @property
    def problem(self) -> str:
        """Which step was not taken, and what came nearest; empty where all were."""
        come = self.following.now(_Order)
        place = len(come.taken)
        if place == len(self.steps):
            return ""
        step = self.steps[place]
        last = come.taken[-1] if come.taken else None
        after = f" after request {last.number}, {last.operation}" if last else ""
        early = come.early.get(place)
        why = f"; it came before, as request {early}" if early else come.nearest.text
        return f"expected {self.text}: met no {step.text}{after}{why}{_at(self.place)}"


class Expectations:
    """All that is expected of the clients of a site."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._all: list[Expectation | InOrder] = []

    def __iter__(self) -> Iterator[Expectation | InOrder]:
        return iter(list(self._all))

    def __len__(self) -> int:
        return len(self._all)

    def expect(
        self,
        operation: str,
        *,
        times: int | None = None,
        at_least: int | None = None,
        at_most: int | None = None,
        **criteria: Unpack[Criteria],
    ) -> Expectation:
        """Expect requests of an operation: exactly `times` of them, 0 for none, or `at_least` and `at_most`
        so many; exactly one where nothing is said.

        Raises SiteError for an operation, a task or a service that is not there, for numbers that no requests
        could have, and where the site keeps no journal.
        """
        least, most = _ends(times, at_least, at_most)
        pattern = self._pattern(operation, criteria)
        expectation = Expectation(pattern, least, most, self._site)
        self._all.append(expectation)
        return expectation

    def expect_in_order(self, *steps: Step) -> InOrder:
        """Expect requests in this order, with or without others between them. A step is an operation, or one
        with its criteria: `("submitJob", {"task": "WorldViewshed/viewshed"})`. Raises SiteError as `expect`.
        """
        patterns = [
            self._pattern(step, {}) if isinstance(step, str) else self._pattern(*step) for step in steps
        ]
        if len(patterns) < 2:
            raise SiteError(f"expect_in_order: met {len(patterns)} steps, expected two or more")
        expectation = InOrder(patterns, self._site)
        self._all.append(expectation)
        return expectation

    @property
    def problems(self) -> list[str]:
        """Why those that are not met are not, a line each."""
        return [problem for each in self if (problem := each.problem)]

    def clear(self) -> None:
        """Expect nothing any longer."""
        for each in self._all:
            each.following.stop()
        self._all.clear()

    def _pattern(self, operation: str, criteria: Criteria) -> Pattern:
        if not self._site.journal.is_on:
            raise SiteError("the site's journal is off: expectations need one that keeps requests")
        check_operation(operation)
        return pattern_of(self._site, operation, criteria)


def _ends(times: int | None, at_least: int | None, at_most: int | None) -> tuple[int, int | None]:
    if times is not None and (at_least is not None or at_most is not None):
        raise SiteError("times, and at_least or at_most: give one of the two")
    if times is None and at_least is None and at_most is None:
        times = 1
    least, most = (at_least or 0, at_most) if times is None else (times, times)
    if least < 0 or (most is not None and most < least):
        raise SiteError(
            f"at least {least} and at most {most}: expected numbers from 0 on, the second no less"
        )
    return least, most


def _times(count: int) -> str:
    return _TIMES.get(count, f"{count} times")


def _at(place: str) -> str:
    return place and f" ({place})"
