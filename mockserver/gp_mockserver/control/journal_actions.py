"""The journal: read, counted, exported, cleared."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeVar

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

MOST_BYTES_TOLD: Final = 32 * 1024 * 1024
"""Bytes of requests in one answer, about."""
T = TypeVar("T")

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


class HarQuery(msgspec.Struct, forbid_unknown_fields=True):
    """`limit`: how many requests are archived at most, the last ones."""

    limit: Limit = 1000


async def requests(ask: Ask, query: RequestsQuery) -> RequestList | FullRequestList:
    return await _aside(lambda: _listed(ask, query, {}))


async def find(ask: Ask, form: FindForm) -> RequestList | FullRequestList:
    return await _aside(lambda: _listed(ask, form, form.parameters))


async def count(ask: Ask, form: FindForm) -> Count:
    return await _aside(lambda: Count(sum(len(_fitting(each, form, form.parameters)) for each in ask.sites)))


async def unmatched(ask: Ask, query: RequestsQuery) -> RequestList | FullRequestList:
    """Those whose address leads nowhere; `nearMiss` says what they came near to."""
    query.unexpected = True
    return await requests(ask, query)


async def request(ask: Ask) -> RequestInfo:
    text, site = ask.parts["number"], ask.site

    def find_it() -> RequestInfo | None:
        found = (entry for entry in site.journal if str(entry.number) == text)
        return next((request_info(site, entry) for entry in found), None)

    if (info := await _aside(find_it)) is not None:
        return info
    raise nothing_there(
        f"the journal has no request {text[:20]!r}: it never was, or has made room for later ones",
        did_you_mean(text, _BESIDE),
    )


async def har(ask: Ask, query: HarQuery) -> dict[str, Any]:
    """The journal as HAR 1.2; at the root, those of all sites together."""
    return await _aside(lambda: _archived(ask.sites, query.limit))


def _archived(sites: list[Site], limit: int) -> dict[str, Any]:
    from gp_mockserver.journal.har import archive, har_entry

    entries = [entry for site in sites for entry in site.journal]
    entries.sort(key=lambda entry: entry.at)
    told = _last_that_fit(entries[max(0, len(entries) - limit) :] if limit else [], har_entry)
    return archive(told, sum(site.journal.dropped for site in sites), len(entries) - len(told))


async def _aside(work: Callable[[], T]) -> T:
    """Have it done in a thread: the server goes on answering meanwhile."""
    from anyio import to_thread

    return await to_thread.run_sync(work)


def _last_that_fit(told: Sequence[T], tell: Callable[[T], Any]) -> list[Any]:
    """As many of the last ones as an answer has room for, but one in any case, told, in JSON."""
    pieces: list[msgspec.Raw] = []
    left = MOST_BYTES_TOLD
    for each in reversed(told):
        piece = msgspec.json.encode(tell(each))
        left -= len(piece)
        if left < 0 and pieces:
            break
        pieces.append(msgspec.Raw(piece))
    pieces.reverse()
    return pieces


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
    pieces = _last_that_fit(told, lambda each: (request_info if asked.bodies else request_line)(*each))
    answer = FullRequestList if asked.bodies else RequestList
    return answer(pieces, len(found), dropped, len(told) - len(pieces))


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
