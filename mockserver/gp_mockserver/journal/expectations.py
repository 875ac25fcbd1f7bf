"""What a test expects of its client: that requests come, how often, and in which order.

    site.expect("submitJob", task="WorldViewshed/viewshed", parameters={"Viewshed_Distance": "8.5 Miles"})
    site.expect("cancel", times=0)
    site.expect_in_order("submitJob", "job", ("result", {"name": "Viewshed_Result"}))

Requests count from when an expectation is said, however they are answered. They are counted when it is asked
whether it is met, in the site's journal, which has to hold them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Final, Unpack

from gp_mockserver.errors import SiteError
from gp_mockserver.journal.request_patterns import Criteria, Pattern, pattern_of
from gp_mockserver.tools.call_places import place_of_call

if TYPE_CHECKING:
    from gp_mockserver.journal.entries import Entry
    from gp_mockserver.sites import Site

Step = str | tuple[str, Criteria]
"""A request in a sequence: an operation, or one with what says which of its requests are meant."""
Requests = Callable[[], list["Entry"]]
"""Gives the requests that have come since an expectation was said, in the order of their arrival."""

_MOST_NUMBERS: Final = 10
_TIMES: Final = {0: "never", 1: "once", 2: "twice"}


class Expectation:
    """Requests of one kind, `at_least` and `at_most` so many; None: any number."""

    def __init__(self, pattern: Pattern, at_least: int, at_most: int | None, come: Requests) -> None:
        self.pattern = pattern
        self.at_least = at_least
        self.at_most = at_most
        self.place = place_of_call()
        self._come = come

    @property
    def requests(self) -> list[Entry]:
        """Those that are meant and have come."""
        return [entry for entry in self._come() if self.pattern.fits(entry)]

    @property
    def count(self) -> int:
        """How many of them there are."""
        return len(self.requests)

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
        come = self._come()
        numbers = [entry.number for entry in come if self.pattern.fits(entry)]
        if self._is_enough(len(numbers)):
            return ""
        missing = len(numbers) < self.at_least
        why = _nearest(self.pattern, come) if missing else _listed(numbers)
        return f"expected {self.text}, met {_times(len(numbers))}{why}{_at(self.place)}"

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

    def __init__(self, steps: Sequence[Pattern], come: Requests) -> None:
        self.steps = tuple(steps)
        self.place = place_of_call()
        self._come = come

    @property
    def requests(self) -> list[Entry]:
        """Those of the steps that were taken, as far as they were taken in order."""
        return self._taken(self._come())

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
        come = self._come()
        taken = self._taken(come)
        if len(taken) == len(self.steps):
            return ""
        step = self.steps[len(taken)]
        last = taken[-1].number if taken else 0
        after = f" after request {last}, {taken[-1].operation}" if taken else ""
        early = [entry.number for entry in come if entry.number <= last and step.fits(entry)]
        why = (
            f"; it came before, as request {early[-1]}"
            if early
            else _nearest(step, [entry for entry in come if entry.number > last])
        )
        return f"expected {self.text}: met no {step.text}{after}{why}{_at(self.place)}"

    def _taken(self, come: list[Entry]) -> list[Entry]:
        taken: list[Entry] = []
        for entry in come:
            if len(taken) < len(self.steps) and self.steps[len(taken)].fits(entry):
                taken.append(entry)
        return taken


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
        expectation = Expectation(pattern_of(self._site, operation, criteria), least, most, self._since_now())
        self._all.append(expectation)
        return expectation

    def expect_in_order(self, *steps: Step) -> InOrder:
        """Expect requests in this order, with or without others between them. A step is an operation, or one
        with its criteria: `("submitJob", {"task": "WorldViewshed/viewshed"})`. Raises SiteError as `expect`.
        """
        patterns = [
            pattern_of(self._site, step, {}) if isinstance(step, str) else pattern_of(self._site, *step)
            for step in steps
        ]
        if len(patterns) < 2:
            raise SiteError(f"expect_in_order: met {len(patterns)} steps, expected two or more")
        expectation = InOrder(patterns, self._since_now())
        self._all.append(expectation)
        return expectation

    @property
    def problems(self) -> list[str]:
        """Why those that are not met are not, a line each."""
        return [problem for each in self if (problem := each.problem)]

    def clear(self) -> None:
        """Expect nothing any longer."""
        self._all.clear()

    def _since_now(self) -> Requests:
        journal = self._site.journal
        if not journal.is_on:
            raise SiteError("the site's journal is off: expectations need one that keeps requests")
        before = journal.last_number
        return lambda: [entry for entry in journal if entry.number > before]


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


def _nearest(pattern: Pattern, come: list[Entry]) -> str:
    found = pattern.nearest(come)
    return "" if found is None else f"; request {found[0].number} came nearest: {'; '.join(found[1])}"


def _listed(numbers: list[int]) -> str:
    more = len(numbers) - _MOST_NUMBERS
    told = ", ".join(map(str, numbers[:_MOST_NUMBERS])) + (f" and {more} more" if more > 0 else "")
    return f": request{'s' * (len(numbers) > 1)} {told}"


def _times(count: int) -> str:
    return _TIMES.get(count, f"{count} times")


def _at(place: str) -> str:
    return place and f" ({place})"
