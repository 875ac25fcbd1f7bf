"""The services directory: the page of a reply, of an error, and of the server's root.

Pages are in the shape that clients which read HTML know: title, user table, breadcrumbs, heading, body; the
look is our own. They work without JavaScript. Which page a resource has stands in the modules called
`…_pages`; any other resource is shown as what its JSON says.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec
from gp_protocol.error_envelopes import ErrorEnvelope

from gp_mockserver.directory.admin_pages import ADMIN_PAGES
from gp_mockserver.directory.job_pages import JOB_PAGES
from gp_mockserver.directory.links import (
    OPERATION_NAMES,
    Link,
    breadcrumbs,
    form_link,
    help_links,
    other_formats,
    own_path,
    sign_in_links,
)
from gp_mockserver.directory.page_bodies import Body, facts
from gp_mockserver.directory.rendering import STYLE_SHEET, render
from gp_mockserver.directory.resource_pages import RESOURCE_PAGES
from gp_mockserver.directory.sign_in_pages import SIGN_IN_PAGES, log_in_form
from gp_mockserver.directory.upload_pages import UPLOAD_PAGES
from gp_mockserver.directory.value_trees import tree
from gp_mockserver.sites import Site
from gp_mockserver.wire.addresses import Address
from gp_mockserver.wire.replies import AnyReply, FormReply, JobReply, Reply
from gp_mockserver.wire.requests import Request

_BANNER: Final = "ArcGIS REST Services Directory"
_ERROR_BANNER: Final = "ArcGIS REST Framework"
_PAGES: Final = {**RESOURCE_PAGES, **JOB_PAGES, **UPLOAD_PAGES, **SIGN_IN_PAGES, **ADMIN_PAGES}


class Page(msgspec.Struct, frozen=True):
    """What every page has around its body. `is_last_here`: the last breadcrumb is the page itself."""

    title: str
    heading: str
    banner: str = _BANNER
    style_sheet: str = ""
    crumbs: Sequence[Link] = ()
    is_last_here: bool = False
    formats: Sequence[Link] = ()
    help: Sequence[Link] = ()
    sign_in: Sequence[Link] = ()
    user: str = ""
    version: str = ""


def page(reply: AnyReply, request: Request) -> bytes:
    """A resource's page."""
    make = _PAGES.get(request.address.operation)
    body = make(reply, request) if make else None
    if body is None:
        body = _plain(reply, request)
    return _resource(request, body, is_form=isinstance(reply, FormReply))


def text_page(request: Request, title: str, value: Any) -> bytes:
    """A page of our own for a resource without a JSON form, such as a help page: `value`, texts and lists by
    what they are about."""
    return _resource(request, Body(title, "values.html", {"nodes": facts(value)}), is_form=True)


def _resource(request: Request, body: Body, *, is_form: bool) -> bytes:
    rest_root = request.rest_root
    crumbs = breadcrumbs(request.address, rest_root)
    frame = Page(
        title=body.title,
        heading=body.heading or body.title,
        style_sheet=_style_sheet(rest_root),
        crumbs=crumbs,
        is_last_here=len(crumbs) > 2 or request.address.operation == "catalogue",
        formats=other_formats(request, is_form=is_form),
        help=help_links(request.profile),
        sign_in=sign_in_links(request.site, rest_root, request.user, own_path(request)),
        user=request.user,
        version=request.profile.name,
    )
    return render(body.template, page=frame, **{**_VALUES, **body.values})


_VALUES: Final[dict[str, Any]] = {
    "lines": (),
    "nodes": (),
    "links": (),
    "links_title": "",
    "forms": (),
    "messages": None,
    "cut": "",
    "again": None,
}
"""What templates take that not every page has."""


def _plain(reply: AnyReply, request: Request) -> Body:
    """The page of a resource that has none of its own."""
    address = request.address
    about = address.name or address.job_id or (address.task.descriptor.label if address.task else "")
    name = OPERATION_NAMES.get(address.operation, _TITLES.get(address.operation, address.operation))
    value = reply.value if isinstance(reply, Reply | JobReply) else {}
    return Body(f"{name}: {about}" if about else name, "values.html", {"nodes": facts(value)})


_TITLES: Final = {
    "itemInfo": "Item Info",
    "resultMap": "Result Map Service",
    "resultMapLayer": "Layer",
    "featureService": "Feature Service",
    "featureLayer": "Layer",
    "portal": "Portal",
    "portalSelf": "Portal",
    "communitySelf": "User",
}


def error_page(
    error: ErrorEnvelope, site: Site, address: Address | None, root: str, request: Request | None = None
) -> bytes:
    """The page of an error: its message, code and details, and the way back to the form that was sent; the
    form itself where signing in was refused.

    `address` is what the page says that the error is about, if anything; `request` is there once its
    parameters have been read.
    """
    rest_root = f"{root}/rest"
    crumbs = breadcrumbs(address, rest_root)
    user = site.guard.user_of(request) if site.guard and request else ""
    back = own_path(request) if request else urlsplit(crumbs[-1].href).path
    is_login = request is not None and request.address.operation == "login"
    title = f"Error: {error.message}"
    frame = Page(
        title=title,
        heading="Error",
        banner=_ERROR_BANNER,
        style_sheet=_style_sheet(rest_root),
        crumbs=crumbs,
        sign_in=sign_in_links(site, rest_root, user, back),
        user=user,
        version=(address.profile if address else site.profile).name,
    )
    details = [tree(each).text for each in error.details]
    return render(
        "error.html",
        page=frame,
        error=msgspec.structs.replace(error, details=tuple(details)),
        again=form_link(address, rest_root),
        form=log_in_form(request) if request and is_login else None,
    )


def site_list(links: Sequence[tuple[str, str]]) -> bytes:
    """The page at the root of a server that serves several sites."""
    first = links[0][1].removesuffix("/services") if links else ""
    frame = Page("Sites", "Sites", style_sheet=_style_sheet(first) if first else "")
    return render("sites.html", page=frame, links=[Link(*each) for each in links])


def _style_sheet(rest_root: str) -> str:
    return f"{urlsplit(rest_root).path}/static/{STYLE_SHEET}"
