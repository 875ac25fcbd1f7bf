"""Sites: made, described, taken away."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

import msgspec
from gp_protocol.errors import LocalProtocolError, ProtocolError, shown
from msgspec import Meta

from gp_mockserver.configuration.written_data import shaped
from gp_mockserver.contexts import check_context
from gp_mockserver.control.answers import Done, ServiceInfo, SiteInfo, SiteList, TaskInfo
from gp_mockserver.control.asks import Ask
from gp_mockserver.control.clock_actions import clock_info
from gp_mockserver.control.control_rules import ADMIN
from gp_mockserver.control.data_only import check_site
from gp_mockserver.control.refusals import ControlError
from gp_mockserver.errors import SiteError, SiteFileError
from gp_mockserver.lifecycle.clocks import parse_clock

if TYPE_CHECKING:
    from gp_mockserver.sites import Site

_FRESH: Final = "site-"
"""Begins the contexts of sites that name none."""


class BuiltinForm(msgspec.Struct, forbid_unknown_fields=True, rename="camel"):
    """The built-in site. Without `context` it gets one of its own."""

    builtin: Literal[True] = msgspec.field(default=True)
    context: str | None = None
    version: Annotated[float | str, Meta(description='a version such as 10.91 or "agol-hosted"')] | None = (
        None
    )
    seed: int = 0
    clock: Annotated[str, Meta(description="real, x60 (any rate), jump or manual")] = "real"


async def sites(ask: Ask) -> SiteList:
    return SiteList([site_info(ask, site) for site in ask.sites])


async def site(ask: Ask) -> SiteInfo:
    return site_info(ask, ask.site_called(ask.parts["context"]))


async def own_site(ask: Ask) -> SiteInfo:
    return site_info(ask, ask.site)


async def make(ask: Ask) -> SiteInfo:
    """From a site file's form as JSON, a service's or a task's descriptor, or the built-in site."""
    data = dict(ask.data) if isinstance(ask.data, dict) else ask.data
    context = data.get("context") if isinstance(data, dict) else None
    if context is None:
        context = _fresh_context(ask)
    _check_context(context)
    if context in ask.app.sites:
        raise ControlError(
            409,
            f"context {context!r} is taken: give each site a context of its own",
            path="context",
            met=shown(context),
            expected="one that no site has",
            remedy="leave it out for a fresh one",
        )
    made = _built_in(data, context) if _is_built_in(data) else _described(data, context)
    try:
        ask.app.add_site(made)
    except SiteError as error:
        made.close()
        raise ControlError(409, str(error), path="context") from None
    return site_info(ask, made)


def _check_context(context: Any) -> None:
    """Raises SiteFileError for a context that no site can have."""
    if context == ADMIN:
        raise SiteFileError("context", shown(context), "another: this is the control API's")
    try:
        check_context(context)
    except SiteError as error:
        expected = "one segment of an address that can be read, at most 200 characters, such as arcgis"
        met = shown(context if len(str(context)) <= _MOST_SHOWN else str(context)[:_MOST_SHOWN])
        raise SiteFileError("context", met, expected) from error


_MOST_SHOWN: Final = 200


async def remove(ask: Ask) -> Done:
    """Its jobs and files go with it."""
    found = ask.site_called(ask.parts["context"])
    ask.app.remove_site(found.context)
    return Done(f"site {found.context!r} is gone")


def site_info(ask: Ask, site: Site) -> SiteInfo:
    """A site as it stands."""
    url = ask.url_of(site)
    return SiteInfo(
        context=site.context,
        url=url,
        services_url=f"{url}/rest/services",
        admin_url=ask.admin_url_of(site),
        version=str(site.profile.name),
        seed=site.seed,
        clock=clock_info(site.clock),
        services=[_service_info(each) for each in site.services.values()],
        users=[] if site.guard is None else list(site.guard.accounts),
        jobs=len(site.store),
        requests=len(site.journal),
        deviations=len(site.deviations) if site.deviating else 0,
    )


def _service_info(service: Any) -> ServiceInfo:
    tasks = [
        TaskInfo(each.path, each.descriptor.label, each.descriptor.name, len(each.rules))
        for each in service.tasks.values()
    ]
    kind = "sync" if service.is_synchronous else "async"
    return ServiceInfo(service.name, kind, service.started, service.is_secured, tasks)


def _fresh_context(ask: Ask) -> str:
    return next(name for n in ask.rules.numbers if (name := f"{_FRESH}{n}") not in ask.app.sites)


def _is_built_in(data: Any) -> bool:
    return isinstance(data, dict) and "builtin" in data and "services" not in data


def _built_in(data: dict[str, Any], context: str) -> Site:
    from gp_mockserver.builtin.builtin_site import builtin_site

    form = shaped(data, BuiltinForm, "")
    try:
        clock = parse_clock(form.clock)
    except ValueError as error:
        raise SiteFileError("clock", shown(form.clock), "real, x60 (any rate), jump or manual") from error
    try:
        return builtin_site(context, version=form.version, seed=form.seed, clock=clock)
    except LocalProtocolError as error:
        raise ControlError.of(error) from None
    except SiteError as error:
        raise SiteFileError("context", shown(context), "one segment of an address, such as arcgis") from error


def _described(data: Any, context: str) -> Site:
    from gp_mockserver.configuration.site_files import site_from

    check_site(data)
    try:
        return site_from(data, context=context)
    except SiteFileError as error:
        if error.met == "no services":
            remedy = 'add services, or send {"builtin": true} for the built-in site'
            raise SiteFileError(error.path, error.met, error.expected, remedy) from None
        raise
    except ProtocolError as error:
        raise ControlError.of(error) from None
