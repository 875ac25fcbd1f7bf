"""Whether a client polled its jobs politely: not too often, and not too many times."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import inf
from typing import TYPE_CHECKING, Final

import msgspec

from gp_mockserver.errors import SiteError

if TYPE_CHECKING:
    from gp_mockserver.journal.dropped_requests import DroppedPolls
    from gp_mockserver.journal.entries import Entry
    from gp_mockserver.sites import Site

_SLACK: Final = 0.001
"""Seconds by which two polls may be closer: clocks are read in floating point, and threads take turns."""
_MOST_SLACK: Final = 0.01
"""The same in real time, if it is no more than a tenth: a server takes up its requests when it can."""
_MOST_POLLS: Final = 12
_MOST_JOBS: Final = 5


def assert_polled(
    site: Site, *, at_least: float | None = None, at_most: int | None = None, job: str | None = None
) -> None:
    """Raise AssertionError unless jobs were polled, each poll `at_least` so many seconds after the one before
    it, and each job `at_most` so often.

    Seconds are those of the site's clock, from one arrival to the next. Where that says nothing of how long
    the client waited they are real ones: on a clock that jumps, which each look at a job moves, and between
    two polls at the same instant of a clock that stands still. The error says which time was meant.

    All jobs count that were polled, or the one of the id `job`. A poll is a request for the job itself,
    however it was answered, and whether or not the journal still has it. The error lists the polls that are
    too close, or too many. Raises SiteError for a negative number.
    """
    for name, given in (("at_least", at_least), ("at_most", at_most)):
        if given is not None and given < 0:
            raise SiteError(f"{name}: met {given}, expected 0 or more")
    dropped = site.journal.dropped_polls(job)
    polls: dict[str, list[Entry]] = {each: [] for each in dropped}
    for entry in site.journal.find("job", job=job):
        polls.setdefault(entry.job_id, []).append(entry)
    if not polls:
        which = "no job" if job is None else f"job {job}"
        told = "was polled" if job is None else "was not polled"
        raise AssertionError(f"{which} {told}\n\nThe journal:\n{site.journal.as_text(_MOST_POLLS)}")
    complaints = [
        complaint
        for job_id, entries in polls.items()
        if (complaint := _Polls(entries, dropped.get(job_id), site.clock.jumps).complaint(
            job_id, at_least, at_most
        ))
    ]  # fmt: skip
    if complaints:
        more = len(complaints) - _MOST_JOBS
        raise AssertionError(
            "\n".join(complaints[:_MOST_JOBS] + ([f"and {more} more jobs"] if more > 0 else []))
        )


class _Gap(msgspec.Struct, frozen=True):
    """The seconds between two polls: real ones, or those of the site's clock."""

    seconds: float
    is_real: bool

    def is_too_short(self, at_least: float | None) -> bool:
        if at_least is None:
            return False
        slack = max(_SLACK, min(_MOST_SLACK, at_least / 10)) if self.is_real else _SLACK
        return self.seconds < at_least - slack


class _Polls:
    """The polls of one job: those that the journal has, after those that it had to drop."""

    def __init__(self, here: Sequence[Entry], dropped: DroppedPolls | None, jumps: bool) -> None:
        self.here = here
        self.dropped = dropped
        self.jumps = jumps
        instants = [(entry.at, entry.came) for entry in here]
        if dropped is not None:
            instants.insert(0, (dropped.at, dropped.came))
        self.first = (dropped.first_at, dropped.first_came) if dropped is not None else instants[0]
        self.gaps = [
            _Gap(later[1] - earlier[1], True)
            if jumps or later[0] <= earlier[0]
            else _Gap(later[0] - earlier[0], False)
            for earlier, later in pairwise(instants)
        ]
        """Those that end with a poll that is here."""
        self.count = len(here) + (0 if dropped is None else dropped.count)

    @property
    def dropped_gaps(self) -> list[_Gap]:
        """The shortest of those between polls that were dropped."""
        if self.dropped is None:
            return []
        if self.jumps:
            shortest = [_Gap(self.dropped.closest_real, True)]
        else:
            shortest = [_Gap(self.dropped.closest_still, True), _Gap(self.dropped.closest, False)]
        return [gap for gap in shortest if gap.seconds < inf]

    def complaint(self, job_id: str, at_least: float | None, at_most: int | None) -> str:
        """What is wrong with them; empty where nothing is."""
        wrong = []
        hasty = [gap for gap in self.gaps if gap.is_too_short(at_least)]
        lost = [gap for gap in self.dropped_gaps if gap.is_too_short(at_least)]
        if hasty or lost:
            many = f"{len(hasty)} of {len(self.gaps)}" if not lost else "some"
            closest = min(gap.seconds for gap in (*hasty, *lost))
            wrong.append(
                f"{many} too soon, the closest {closest:.3f} s after the one before; "
                f"expected at least {at_least:g} s {self._of_which_time([*hasty, *lost])}"
            )
        if at_most is not None and self.count > at_most:
            wrong.append(f"expected at most {at_most}")
        if not wrong:
            return ""
        times = "once" if self.count == 1 else f"{self.count} times"
        head = f"job {job_id} was polled {times}: {'; '.join(wrong)}"
        return "\n".join([head, *self._listed(at_least, at_most)])

    def _of_which_time(self, gaps: Sequence[_Gap]) -> str:
        if self.jumps:
            return "of real time, as the site's clock jumps"
        if all(gap.is_real for gap in gaps):
            return "of real time, as the site's clock stood still"
        on_clock = "on the site's clock"
        return f"{on_clock}, or of real time where that stood still" if any(
            gap.is_real for gap in gaps
        ) else on_clock  # fmt: skip

    def _listed(self, at_least: float | None, at_most: int | None) -> list[str]:
        before = 0 if self.dropped is None else self.dropped.count
        gaps: list[_Gap | None] = [*self.gaps] if before else [None, *self.gaps]
        lines = []
        for place, (entry, gap) in enumerate(zip(self.here, gaps, strict=True), before):
            notes = []
            since = ""
            if gap is not None:
                real = " (real time)" if gap.is_real else ""
                since = f"  {gap.seconds:8.3f} s after the one before{real}"
                if gap.is_too_short(at_least):
                    notes.append("too soon")
            if at_most is not None and place >= at_most:
                notes.append("one too many")
            if notes or len(self.here) <= _MOST_POLLS:
                mark = f"  <- {', '.join(notes)}" if notes else ""
                passed = entry.came - self.first[1] if self.jumps else entry.at - self.first[0]
                lines.append(f"  {entry.number:>5}  +{passed:.3f} s{since}{mark}")
        more = len(lines) - _MOST_POLLS
        told = [f"  the first {before}: no longer in the journal"] if before else []
        return [*told, *lines] if more <= 0 else [*told, *lines[:_MOST_POLLS], f"  and {more} more"]
