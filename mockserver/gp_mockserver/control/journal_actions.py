"""The journal: read, counted, exported, cleared."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated, Any, Final

import msgspec
from gp_protocol.suggestions import did_you_mean
from msgspec import Meta

from gp_mockserver.control.answers import (
    Body,
    Cleared,
    Count,
    FullRequestList,
    RequestInfo,
    RequestLine,
    RequestList,
)
from gp_mockserver.control.asks import Ask
from gp_mockserver.control.refusals import nothing_there
from gp_mockserver.control.server_actions import AllForm
from gp_mockserver.errors import SiteFileError
from gp_mockserver.journal.journal import fitting

if TYPE_CHECKING:
    from gp_mockserver.journal.entries import Entry
    from gp_mockserver.sites import Site

_BESIDE: Final = ("find", "count", "reset", "unmatched", "har")
"""What stands in an address where a request's number does, too."""

Limit = Annotated[int, Meta(ge=0, le=100_000, description="a whole number from 0 to 100000")]
Since = Annotated[int, Meta(ge=0, description="the number of a request")]


class RequestsQuery(msgspec.Struct, forbid_unknown_fields=True, rename="camel"):
    """Which requests are meant: those of which all holds that is said. `job` is a job's id, `status` the HTTP
    status, `path` a pattern such as `*/results/*`, `since` the number of the last one that was seen.

    `limit`: how many are told at most, the last ones. `bodies`: with headers and bodies.
    """

    operation: str | None = None
    service: str | None = None
    task: str | None = None
    job: str | None = None
    name: str | None = None
    method: str | None = None
    status: Annotated[int, Meta(description="an HTTP status, such as 200")] | None = None
    path: str | None = None
    unexpected: bool | None = None
    since: Since = 0
    limit: Limit = 100
    bodies: bool = False


class FindForm(RequestsQuery, forbid_unknown_fields=True, rename="camel"):
    """Which requests are meant: as in the query of `requests`, and by some of their `parameters`, whose
    values are compared as values of the task's data types. That needs an `operation`."""

    parameters: Annotated[dict[str, Any], Meta(description="a mapping of parameters to values")] = {}


async def requests(ask: Ask, query: RequestsQuery) -> RequestList | FullRequestList:
    return _listed(ask, query, {})


async def find(ask: Ask, form: FindForm) -> RequestList | FullRequestList:
    return _listed(ask, form, form.parameters)


async def count(ask: Ask, form: FindForm) -> Count:
    return Count(sum(len(_fitting(site, form, form.parameters)) for site in ask.sites))


async def unmatched(ask: Ask, query: RequestsQuery) -> RequestList | FullRequestList:
    """Those whose address leads nowhere; `nearMiss` says what they came near to."""
    query.unexpected = True
    return _listed(ask, query, {})


async def request(ask: Ask) -> RequestInfo:
    text = ask.parts["number"]
    for entry in ask.site.journal:
        if str(entry.number) == text:
            return request_info(ask.site, entry)
    raise nothing_there(
        f"the journal has no request {text[:20]!r}: it never was, or has made room for later ones",
        did_you_mean(text, _BESIDE),
    )


async def har(ask: Ask) -> dict[str, Any]:
    """The journal as HAR 1.2; at the root, those of all sites together."""
    whole: dict[str, Any] | None = None
    for site in ask.sites:
        told = site.journal.to_har()
        if whole is None:
            whole = told
        else:
            whole["log"]["entries"] += told["log"]["entries"]
            whole["log"].setdefault("pages", []).extend(told["log"].get("pages", []))
    if whole is None:
        return {"log": {"version": "1.2", "creator": {"name": "gpharness", "version": ""}, "entries": []}}
    whole["log"]["entries"].sort(key=lambda entry: entry["startedDateTime"])
    return whole


async def clear(ask: Ask, query: AllForm) -> Cleared:
    """At the root of a server with several sites, `?all=true` says that all of them are meant."""
    sites = ask.sites if query.all else [ask.site]
    cleared = sum(len(site.journal) for site in sites)
    for site in sites:
        site.journal.clear()
    return Cleared(cleared)


async def clear_by_post(ask: Ask, form: AllForm) -> Cleared:
    return await clear(ask, form)


def request_line(site: Site, entry: Entry) -> RequestLine:
    """A request in short."""
    return RequestLine(**_line(site, entry))


def request_info(site: Site, entry: Entry) -> RequestInfo:
    """A request with headers and bodies."""
    return RequestInfo(
        **_line(site, entry),
        request_headers=[*entry.request_headers],
        request_body=_body(entry.request_body, entry.request_size, entry.request_sha256),
        response_headers=[*entry.response_headers],
        response_body=_body(entry.response_body, entry.response_size, entry.response_sha256),
    )


def _listed(ask: Ask, asked: RequestsQuery, parameters: dict[str, Any]) -> RequestList | FullRequestList:
    found = [(site, entry) for site in ask.sites for entry in _fitting(site, asked, parameters)]
    if len(ask.sites) > 1:
        found.sort(key=lambda each: each[1].at)
    told = found[max(0, len(found) - asked.limit) :] if asked.limit else []
    dropped = sum(site.journal.dropped for site in ask.sites)
    if asked.bodies:
        return FullRequestList([request_info(*each) for each in told], len(found), dropped)
    return RequestList([request_line(*each) for each in told], len(found), dropped)


def _fitting(site: Site, asked: RequestsQuery, parameters: dict[str, Any]) -> list[Entry]:
    names = ("service", "task", "job", "name", "method", "status", "path")
    fits = fitting(asked.operation, {name: getattr(asked, name) for name in names})  # type: ignore[arg-type]
    found: Iterable[Entry] = (
        entry
        for entry in site.journal
        if entry.number > asked.since and fits(entry) and asked.unexpected in (None, entry.unexpected)
    )
    if not parameters:
        return list(found)
    if asked.operation is None:
        raise SiteFileError(
            "parameters", "parameters without an operation", "an operation, too", "add operation"
        )
    from gp_mockserver.journal.request_patterns import pattern_of

    pattern = pattern_of(site, asked.operation, {"parameters": parameters})
    return [entry for entry in found if pattern.fits(entry)]


def _line(site: Site, entry: Entry) -> dict[str, Any]:
    told: dict[str, Any] = {
        name: getattr(entry, name) for name in RequestLine.__struct_fields__ if name != "site"
    }
    return {
        "site": site.context,
        **told,
        "parameters": dict(entry.parameters),
        "deviations": list(entry.deviations),
    }


def _body(first: bytes, size: int, sha256: str) -> Body:
    try:
        return Body(first.decode(), base64=False, size=size, sha256=sha256)
    except UnicodeDecodeError as error:
        if size > len(first) and error.start >= len(first) - 3:  # cut within a character
            return Body(first[: error.start].decode(), base64=False, size=size, sha256=sha256)
        return Body(base64.b64encode(first).decode(), base64=True, size=size, sha256=sha256)
