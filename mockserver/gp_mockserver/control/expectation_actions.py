"""What is expected of a site's clients, and whether it came."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from msgspec import Meta
from starlette.responses import Response

from gp_mockserver.control.answers import (
    Cleared,
    ExpectationInfo,
    ExpectationList,
    NotVerified,
    Verified,
)
from gp_mockserver.control.asks import Ask
from gp_mockserver.control.refusals import ErrorText
from gp_mockserver.control.server_actions import AllForm
from gp_mockserver.errors import SiteFileError

if TYPE_CHECKING:
    from gp_mockserver.journal.expectations import Expectation, InOrder
    from gp_mockserver.sites import Site

Times = Annotated[int, Meta(ge=0, description="a whole number, 0 or more")]
_CRITERIA = ("task", "service", "name", "status", "parameters")


class _Criteria(msgspec.Struct, forbid_unknown_fields=True, rename="camel"):
    operation: str
    task: str | None = None
    service: str | None = None
    name: str | None = None
    status: Annotated[int, Meta(description="an HTTP status, such as 200")] | None = None
    parameters: Annotated[dict[str, Any], Meta(description="a mapping of parameters to values")] | None = None


class StepForm(_Criteria, forbid_unknown_fields=True, rename="camel"):
    """One of the requests that are to come in an order."""


class ExpectationForm(_Criteria, forbid_unknown_fields=True, rename="camel"):
    """Requests that are to come from now on: exactly `times`, or `atLeast` and `atMost` so many; one, if no
    number is said. `task`, `service`, `name`, `status` (HTTP's) and some of the `parameters` say which."""

    times: Times | None = None
    at_least: Times | None = None
    at_most: Times | None = None


class InOrderForm(msgspec.Struct, forbid_unknown_fields=True, rename="camel"):
    """Requests that are to come in this order, with or without others between them."""

    in_order: Annotated[
        list[str | StepForm], Meta(min_length=2, description="a list of two or more operations")
    ]


class VerifyForm(msgspec.Struct, forbid_unknown_fields=True, rename="camel"):
    """What is let pass: requests that lead nowhere, rules and deviations that never applied."""

    allow_unexpected: bool = False
    allow_unused: bool = False


async def expectations(ask: Ask) -> ExpectationList:
    told = [_info(site, each) for site in ask.sites for each in site.expectations]
    return ExpectationList(told, all(each.met for each in told))


async def expect(ask: Ask) -> ExpectationInfo:
    from gp_mockserver.configuration.written_data import shaped

    site, data = ask.site, ask.data
    if isinstance(data, dict) and "inOrder" in data:
        steps = shaped(data, InOrderForm, "").in_order
        made: Expectation | InOrder = site.expect_in_order(
            *(each if isinstance(each, str) else (each.operation, _criteria(each)) for each in steps)
        )
        return _info(site, made)
    form = shaped(data, ExpectationForm, "")
    if form.times is not None and (form.at_least is not None or form.at_most is not None):
        raise SiteFileError("times", "times beside atLeast or atMost", "one of the two")
    made = site.expect(
        form.operation, times=form.times, at_least=form.at_least, at_most=form.at_most, **_criteria(form)
    )
    return _info(site, made)


async def verify(ask: Ask, form: VerifyForm) -> Verified | Response:
    """All that a strict test asks at its end: expectations, unexpected requests, unused rules and deviations,
    mistakes in tools."""
    from gp_mockserver.journal.strictness import Unmet

    site = ask.site
    try:
        site.verify(allow_unexpected=form.allow_unexpected, allow_unused=form.allow_unused)
    except Unmet as unmet:
        count = len(unmet.problems)
        message = f"{count} thing{'s' * (count != 1)} did not go as expected: {unmet.problems[0]}"
        body = NotVerified(ErrorText(message), list(unmet.problems), site.journal.as_text())
        return Response(msgspec.json.encode(body) + b"\n", 409, media_type="application/json")
    return Verified(True)


async def clear(ask: Ask, query: AllForm) -> Cleared:
    """At the root of a server with several sites, `?all=true` says that all of them are meant."""
    sites = ask.sites if query.all else [ask.site]
    cleared = sum(len(site.expectations) for site in sites)
    for site in sites:
        site.expectations.clear()
    return Cleared(cleared)


def _criteria(form: _Criteria) -> Any:
    return {name: value for name in _CRITERIA if (value := getattr(form, name)) is not None}


def _info(site: Site, expectation: Expectation | InOrder) -> ExpectationInfo:
    problem = expectation.problem
    return ExpectationInfo(site.context, expectation.text, not problem, len(expectation.requests), problem)
