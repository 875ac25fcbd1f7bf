"""Whether a client polled its jobs politely: not too often, and not too many times."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from gp_mockserver.errors import SiteError

if TYPE_CHECKING:
    from gp_mockserver.journal.entries import Entry
    from gp_mockserver.sites import Site

_SLACK: Final = 0.001
"""Seconds by which two polls may be closer: clocks are read in floating point, and threads take turns."""
_MOST_POLLS: Final = 12
_MOST_JOBS: Final = 5


def assert_polled(
    site: Site, *, at_least: float | None = None, at_most: int | None = None, job: str | None = None
) -> None:
    """Raise AssertionError unless jobs were polled, each poll `at_least` so many seconds of the site's clock
    after the one before it, and each job `at_most` so often.

    All jobs count that were polled, or the one of the id `job`. A poll is a request for the job itself,
    however it was answered. What the journal no longer has is not counted. The error lists the polls that are
    too close, or too many. Raises SiteError for a negative number.
    """
    for name, given in (("at_least", at_least), ("at_most", at_most)):
        if given is not None and given < 0:
            raise SiteError(f"{name}: met {given}, expected 0 or more")
    polls: dict[str, list[Entry]] = {}
    for entry in site.journal.find("job", job=job):
        polls.setdefault(entry.job_id, []).append(entry)
    if not polls:
        which = "no job" if job is None else f"job {job}"
        told = "was polled" if job is None else "was not polled"
        raise AssertionError(f"{which} {told}\n\nThe journal:\n{site.journal.as_text(_MOST_POLLS)}")
    complaints = [
        complaint
        for job_id, entries in polls.items()
        if (complaint := _complaint(job_id, entries, at_least, at_most))
    ]
    if complaints:
        more = len(complaints) - _MOST_JOBS
        lines = complaints[:_MOST_JOBS] + ([f"and {more} more jobs"] if more > 0 else [])
        if at_least and not any(entry.at != entries[0].at for entries in polls.values() for entry in entries):
            lines.append("the site's clock stood still: seconds between polls are those of that clock")
        if site.journal.dropped:
            lines.append(f"{site.journal.dropped} earlier requests are no longer in the journal")
        raise AssertionError("\n".join(lines))


def _complaint(job_id: str, polls: Sequence[Entry], at_least: float | None, at_most: int | None) -> str:
    """What is wrong with the polls of one job; empty where nothing is."""
    wrong = []
    gaps = [later.at - earlier.at for earlier, later in pairwise(polls)]
    hasty = [gap for gap in gaps if at_least is not None and gap < at_least - _SLACK]
    if hasty:
        wrong.append(
            f"{len(hasty)} of {len(gaps)} too soon, the closest {min(hasty):.3f} s after the one before; "
            f"expected at least {at_least:g} s"
        )
    if at_most is not None and len(polls) > at_most:
        wrong.append(f"expected at most {at_most}")
    if not wrong:
        return ""
    times = "once" if len(polls) == 1 else f"{len(polls)} times"
    return "\n".join(
        [f"job {job_id} was polled {times}: {'; '.join(wrong)}", *_listed(polls, gaps, at_least, at_most)]
    )


def _listed(
    polls: Sequence[Entry], gaps: Sequence[float], at_least: float | None, at_most: int | None
) -> list[str]:
    lines = []
    for place, entry in enumerate(polls):
        notes = []
        since = ""
        if place:
            since = f"  {gaps[place - 1]:8.3f} s after the one before"
            if at_least is not None and gaps[place - 1] < at_least - _SLACK:
                notes.append("too soon")
        if at_most is not None and place >= at_most:
            notes.append("one too many")
        if notes or len(polls) <= _MOST_POLLS:
            mark = f"  <- {', '.join(notes)}" if notes else ""
            lines.append(f"  {entry.number:>5}  +{entry.at - polls[0].at:.3f} s{since}{mark}")
    more = len(lines) - _MOST_POLLS
    return lines if more <= 0 else [*lines[:_MOST_POLLS], f"  and {more} more"]
