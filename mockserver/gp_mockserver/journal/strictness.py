"""What has to be in order at the end of a test with a site, and how a site starts anew."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from gp_mockserver.security.masking import masked
from gp_mockserver.tools.outcome_rules import always

if TYPE_CHECKING:
    from gp_mockserver.deviations.injections import Deviations
    from gp_mockserver.journal.entries import Entry
    from gp_mockserver.sites import Site
    from gp_mockserver.tools.outcome_rules import OutcomeRule

_MOST: Final = 20
"""Lines of one kind; a client in a loop makes as many as it likes."""


class Unmet(AssertionError):
    """Something in a test did not go as it has to: `problems` says what, a line each; the text has the
    journal, too."""

    def __init__(self, problems: list[str], journal: str = "") -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join([*problems, "", "The journal:", journal] if journal else problems))


def verify(site: Site, *, allow_unexpected: bool = False, allow_unused: bool = False) -> None:
    """Raise Unmet unless all went as it has to in a test: every expectation is met, no request led nowhere,
    every rule and deviation that the test set has applied, and no tool's function made a mistake.

    `allow_unexpected` lets requests pass that lead nowhere, `allow_unused` rules and deviations that never
    applied. Rules of a site file may go unused in any case, since tests share them; so may a rule whose task
    was served anew. An exception, or a failed `assert`, of a tool's function is what Unmet is raised from.
    `ToolFailed` is no mistake, and a test that wants another exception takes it out of `site.tool_errors`.
    """
    problems = site.expectations.problems
    if not allow_unexpected:
        problems += _bounded(
            [_unexpected(entry) for entry in site.journal.unmatched()], "unexpected requests"
        )
    if not allow_unused:
        problems += _unused_rules(site)
        problems += [
            f"deviation {each.label} never applied{each.hint}"
            for followed in _followed(site)
            for each in followed
            if not each.applied
        ]
    errors = list(site.tool_errors)
    problems += _bounded([f"tool of {masked(each.text)}" for each in errors], "mistakes in tools")
    if problems:
        failed = next((each.error for each in errors if isinstance(each.error, AssertionError)), None)
        raise Unmet(problems, site.journal.as_text()) from failed or (errors[0].error if errors else None)


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


def _followed(site: Site) -> list[Deviations]:
    """The deviations that were injected: into the site, and by addresses that name them."""
    own = [site.deviations] if site.deviating else []
    return [*own, *site.deviations_by_address.values()]


def _unexpected(entry: Entry) -> str:
    near = entry.near_miss.partition("\n")[0]
    return f"unexpected request {entry.number}, {entry.method} {entry.path}" + (near and f": {near}")


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


def _bounded(lines: list[str], what: str) -> list[str]:
    more = len(lines) - _MOST
    return lines if more <= 0 else [*lines[:_MOST], f"and {more} more {what}"]
