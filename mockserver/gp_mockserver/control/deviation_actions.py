"""Deviations: what there is, what sites follow, injected and cleared."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import quote

import msgspec
from gp_protocol.errors import shown
from gp_protocol.suggestions import did_you_mean
from msgspec import Meta

from gp_mockserver.control.answers import (
    Catalogue,
    CatalogueEntry,
    Cleared,
    Done,
    InjectionInfo,
    InjectionList,
)
from gp_mockserver.control.asks import Ask
from gp_mockserver.control.refusals import ControlError, nothing_there
from gp_mockserver.control.server_actions import AllForm
from gp_mockserver.errors import SiteFileError

if TYPE_CHECKING:
    from gp_mockserver.deviations.injections import Injection
    from gp_mockserver.deviations.records import Deviation
    from gp_mockserver.sites import Site


class DeviationsQuery(msgspec.Struct, forbid_unknown_fields=True, rename="camel"):
    """`catalogue`: what there is to choose from, in place of what is followed; `name`: that one alone."""

    catalogue: bool = False
    name: str | None = None


class DeviationForm(msgspec.Struct, rename="camel"):
    """A deviation of the catalogue, and what narrows it: `operation`, `nth`, `times` and so on. Its own
    `parameters` may stand beside it, too. Or a whole record: a name of your own, and `do`, the actions of
    which it is made."""

    name: Annotated[str, Meta(description="NAME, or NAME@OPERATION#NTH")]
    parameters: Annotated[dict[str, Any], Meta(description="a mapping of parameters to values")] = {}
    do: Annotated[list[dict[str, Any]], Meta(description="a list of actions")] | None = None


async def deviations(ask: Ask, query: DeviationsQuery) -> InjectionList | Catalogue:
    if not query.catalogue and query.name is None:
        return InjectionList([injection_info(site, each) for site in ask.sites for each in _of(site)])
    from gp_mockserver.deviations.catalogue import catalogue, find

    found = catalogue().values() if query.name is None else [find(query.name)]
    return Catalogue([_entry(each) for each in found])


async def inject(ask: Ask, form: DeviationForm) -> InjectionInfo:
    """Raises ControlError: 409 where it and one that is followed would hide one another."""
    from gp_mockserver.deviations.records import HiddenDeviation

    try:
        return _injected(ask)
    except HiddenDeviation as error:
        raise ControlError.of(error, 409) from None


def _injected(ask: Ask) -> InjectionInfo:
    site, data = ask.site, dict(ask.data)
    if "do" in data:
        return injection_info(site, site.deviate(data))
    name, parameters = data.pop("name"), data.pop("parameters", {})
    for key in ("operation", "status"):
        if isinstance(data.get(key), list):
            data[key] = tuple(data[key])
    chosen = {key: value for key, value in data.items() if value is not None}
    if twice := chosen.keys() & parameters.keys():
        raise SiteFileError(min(twice), "it twice, also in parameters", "it once")
    return injection_info(site, site.deviate(name, **chosen, **parameters))


async def clear(ask: Ask, query: AllForm) -> Cleared:
    """At the root of a server with several sites, `?all=true` says that all of them are meant."""
    sites = ask.sites if query.all else [ask.site]
    cleared = sum(not each.is_over for site in sites for each in _of(site))
    for site in sites:
        if site.deviating:
            site.deviations.clear()
    return Cleared(cleared)


async def clear_one(ask: Ask) -> Done:
    """By its id or its label."""
    wanted, injections = ask.parts["id"], _of(ask.site)
    for each in injections:
        if wanted in (str(each.number), each.label):
            each.clear()
            return Done(f"deviation {each.label} is cleared; it applied {each.applied} times")
    known = [str(each.number) for each in injections] + [each.label for each in injections]
    raise nothing_there(
        f"site {ask.site.context!r} follows no deviation {shown(wanted)}", did_you_mean(wanted, known)
    )


def injection_info(site: Site, injection: Injection) -> InjectionInfo:
    """A deviation that a site follows."""
    record = injection.deviation
    usual = type(injection.where)()
    where = {
        field.encode_name: value
        for field in msgspec.structs.fields(injection.where)
        if (value := getattr(injection.where, field.name)) != getattr(usual, field.name)
    }
    door = injection.door
    return InjectionInfo(
        injection.number,
        site.context,
        injection.label,
        record.name,
        record.kind,
        list(record.on),
        where,
        injection.applied,
        injection.is_over,
        " ".join(record.does.split()),
        None if door is None else f"{door.url}/{quote(site.context)}",
    )


def _of(site: Site) -> list[Injection]:
    return list(site.deviations) if site.deviating else []


def _entry(record: Deviation) -> CatalogueEntry:
    return CatalogueEntry(
        record.name,
        record.group,
        record.kind,
        list(record.on),
        dict(record.parameters),
        record.by,
        " ".join(record.does.split()),
        record.finding,
        list(record.evidence),
    )
