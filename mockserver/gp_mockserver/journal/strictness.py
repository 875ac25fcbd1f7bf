"""What has to be in order at the end of a test with a site, and how a site starts anew."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final, TypedDict

from gp_mockserver.journal.journal_text import MOST_LINES, end_of
from gp_mockserver.security.masking import masked
from gp_mockserver.tools.outcome_rules import always

if TYPE_CHECKING:
    from gp_mockserver.deviations.injections import Deviations
    from gp_mockserver.journal.entries import Entry
    from gp_mockserver.sites import Site
    from gp_mockserver.tools.outcome_rules import OutcomeRule

_MOST: Final = 20
"""Lines of one kind; a client in a loop makes as many as it likes."""
_LONGEST_PATH: Final = 60
_LOOK_EVERY: Final = 0.005


class Allowed(TypedDict, total=False):
    """What `verify` lets pass."""

    allow_unexpected: bool
    allow_unused: bool
    allow_tool_errors: bool


class Unmet(AssertionError):
    """Something in a test did not go as it has to: `problems` says what, a line each; the text has the
    journal, too, up to its last 100 lines."""

    def __init__(self, problems: list[str], journal: str = "") -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join([*problems, "", "The journal:", journal] if journal else problems))


Unmet.__module__ = "gp_mockserver"  # whose public name it is: reports of tests have little room


def verify(
    site: Site, *, allow_unexpected: bool = False, allow_unused: bool = False, allow_tool_errors: bool = False
) -> None:
    """Raise Unmet unless all went as it has to in a test: every expectation is met, no request led nowhere,
    every rule and deviation that the test set has applied, and no tool's function made a mistake or is still
    running.

    A request is unexpected where its address leads nowhere: the site has no such service, task, layer or
    other resource. One that is refused is not, nor is one for a job, result, item or file that is not there,
    or for a service that is not started; what comes for another context than the site's is in no journal
    (`MockServer.strays`). Unexpected requests count also if the journal has dropped them.

    `allow_unexpected` lets requests pass that lead nowhere, `allow_unused` rules and deviations that never
    applied. Rules of a site file may go unused in any case, since tests share them; so may a rule whose task
    was served anew, and a deviation that was cleared. An exception, or a failed `assert`, of a tool's
    function is what Unmet is raised from, unless `allow_tool_errors` lets it pass, all of them; a test that
    wants one exception takes it out of `site.tool_errors`. `ToolFailed` is no mistake.

    The function of a job that is still running is waited for, `site.patience` seconds of real time, though
    not in an event loop, which it might need. That it goes on after that is a problem, as nobody would see
    what it raises; unless its job was cancelled or deleted. A test that has one wait lets it end.
    """
    running = _still_running(site)
    problems = site.expectations.problems
    if not allow_unexpected:
        told = [_unexpected(entry) for entry in site.journal.unmatched()]
        problems += _bounded(told, "unexpected requests", site.journal.more_unmatched)
    if not allow_unused:
        problems += _unused_rules(site)
        problems += [
            f"deviation {each.label} never applied{each.hint}"
            for followed in _followed(site)
            for each in followed
            if not each.applied and not each.is_cleared
        ]
    errors = [] if allow_tool_errors else list(site.tool_errors)
    problems += _bounded([f"tool of {masked(each.text)}" for each in errors], "mistakes in tools")
    problems += _bounded(running, "tools that are still running")
    if problems:
        failed = next((each.error for each in errors if isinstance(each.error, AssertionError)), None)
        journal = site.journal.as_text(lines=MOST_LINES)
        raise Unmet(problems, journal) from failed or (errors[0].error if errors else None)


def _still_running(site: Site) -> list[str]:
    """Which tools of jobs go on, a line each, once they were waited for."""
    until = time.monotonic() + site.patience
    while running := [told for job_id in list(site.running) if (told := _running(site, job_id))]:
        if time.monotonic() >= until or _is_in_a_loop():
            return running
        time.sleep(_LOOK_EVERY)
    return []


def _running(site: Site, job_id: str) -> str:
    record = site.store.get(job_id, site.clock.now())
    if record is None or record.cancelled_at is not None:
        return ""
    return f"the tool of {record.submission.task}, {job_id}, is still running"


def _is_in_a_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def reset(site: Site) -> None:
    """Let a site start anew: its journal, expectations, deviations, tools' mistakes and jobs go; its services
    and rules stay, with how often they applied, and so do uploaded items and the clock's time."""
    now = site.clock.now()
    for job_id in site.store.ids():
        site.store.delete(job_id, now)
    for followed in _followed(site):
        followed.clear()
    site.deviations_by_address.clear()
    site.expectations.clear()
    site.tool_errors.clear()
    site.journal.clear()
    if site.stand_in is not None:
        site.stand_in.start_anew()


def _followed(site: Site) -> list[Deviations]:
    """The deviations that were injected: into the site, and by addresses that name them."""
    own = [site.deviations] if site.deviating else []
    return [*own, *site.deviations_by_address.values()]


def _unexpected(entry: Entry) -> str:
    near = entry.near_miss.partition("\n")[0]
    return f"unexpected request {entry.number}, {entry.method} {end_of(entry.path, _LONGEST_PATH)}" + (
        near and f": {near}"
    )


def _unused_rules(site: Site) -> Iterator[str]:
    for service in site.services.values():
        for task in service.tasks.values():
            for number, rule in enumerate(task.rules):
                if rule.must_apply and not rule.applied:
                    yield f"rule of {task.path} never applied: {rule.text}{_hidden(task.rules[:number])}"


def _hidden(before: list[OutcomeRule]) -> str:
    """What keeps a rule from being asked at all."""
    hides = next((rule for rule in before if rule.condition is always), None)
    return "" if hides is None else f"; it is hidden by the later {hides.text}"


def _bounded(lines: list[str], what: str, others: int = 0) -> list[str]:
    """Some of the lines, and how many more there are; `others` of them are not among the lines."""
    more = len(lines) + others - _MOST
    return lines if more <= 0 else [*lines[:_MOST], f"and {more} more {what}"]
