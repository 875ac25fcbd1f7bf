"""Where the pages of the services directory lead: breadcrumbs, other formats, help, signing in and out.

Links are whole addresses below the site's public one, except those to the page itself in another format,
which are a query alone. No link carries a token or a password, nor does the way back from the log-in page.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, NamedTuple
from urllib.parse import quote, urlencode, urlsplit

from gp_protocol.versions import Profile

from gp_mockserver.operations import OPERATIONS
from gp_mockserver.security.masking import masked, secrets_of
from gp_mockserver.sites import ServedService, ServedTask, Site
from gp_mockserver.wire.addresses import Address
from gp_mockserver.wire.requests import Request


class Link(NamedTuple):
    """A text and where it leads."""

    text: str
    href: str


_SECRETS: Final = frozenset({"token", "password", "username"})
_NOT_REPEATED: Final = _SECRETS | {"f", "callback"}
_MAX_QUERY: Final = 2000
_MAX_PATH: Final = 2000
_AWAY: Final = frozenset({"root", "login", "logout"})
"""Where nobody who has signed in wants to be led back to."""
_ONE_FORMAT: Final = frozenset(
    {"submitJob", "cancel", "upload", "register", "uploadPart", "commit", "delete"}
    | {"tokens", "generateToken", "login", "logout", "adminCancel", "adminDelete"}
)
"""Operations that change something, or sign in: following a link must not do it again."""
_RUN: Final = frozenset({"execute", "validate"})
_FORMAT_NAMES: Final = {"json": "JSON", "geojson": "GeoJSON", "kmz": "KMZ"}
OPERATION_NAMES: Final[Mapping[str, str]] = {
    "execute": "Execute Task",
    "submitJob": "Submit Job",
    "validate": "Validate",
    "cancel": "Cancel Job",
    "upload": "Upload Item",
    "register": "Register Item",
    "uploadPart": "Upload Part",
    "commit": "Commit Item",
    "parts": "Parts",
    "delete": "Delete Item",
    "results": "Results",
    "inputs": "Inputs",
    "query": "Query",
    "resultMapExport": "Export Map Image",
}
"""What the directory calls an operation."""


def service_link(rest_root: str, name: str, kind: str = "GPServer", *, text: str = "") -> Link:
    """A service, by its name with the folder before it."""
    return Link(text or f"{name} ({kind})", f"{rest_root}/services/{quote(name)}/{quote(kind)}")


def task_url(rest_root: str, service: ServedService, task: ServedTask) -> str:
    """The address of a task, by its label."""
    return f"{service_link(rest_root, service.name).href}/{quote(task.descriptor.label)}"


def breadcrumbs(address: Address | None, rest_root: str) -> list[Link]:
    """The way from the catalogue to a resource; of a page outside it, the catalogue and the page."""
    home = f"{rest_root}/services"
    crumbs = [Link("Home", home), Link("services", home)]
    if address is None:
        return crumbs
    operation, name = address.operation, address.name
    if operation == "catalogue" and name:
        crumbs.append(Link(name, f"{home}/{quote(name)}"))
    if operation in _ELSEWHERE:
        crumbs.append(Link(*_ELSEWHERE[operation](rest_root)))
    if address.service is not None:
        crumbs += _below_service(address, address.service, rest_root)
    return crumbs


_ELSEWHERE: Final[Mapping[str, Callable[[str], tuple[str, str]]]] = {
    "info": lambda root: ("Server Info", f"{root}/info"),
    "login": lambda root: ("Login", f"{root}/login"),
    "tokens": lambda root: ("Get Token", f"{root.removesuffix('/rest')}/tokens/"),
    "generateToken": lambda root: ("Get Token", f"{root.removesuffix('/rest')}/tokens/"),
}


def _below_service(address: Address, service: ServedService, rest_root: str) -> list[Link]:
    operation, name = address.operation, address.name
    folder = service.name.rpartition("/")[0]
    crumbs = [Link(folder, f"{rest_root}/services/{quote(folder)}")] if folder else []
    crumbs.append(service_link(rest_root, service.name))
    place = crumbs[-1].href
    if operation.startswith("admin"):
        place = admin_jobs_url(rest_root, service)
        crumbs.append(Link("Jobs", place))
        if address.job_id:
            place = f"{place}/{quote(address.job_id, safe='')}"
            crumbs.append(Link(address.job_id, place))
        return crumbs
    if address.task is not None:
        place = task_url(rest_root, service, address.task)
        crumbs.append(Link(address.task.descriptor.label, place))
        if address.job_id:
            place = f"{place}/jobs/{quote(address.job_id, safe='')}"
            crumbs.append(Link(address.job_id, place))
        if operation in ("result", "input"):
            if address.profile.has("resource", f"{operation}s"):
                crumbs.append(Link(OPERATION_NAMES[f"{operation}s"], f"{place}/{operation}s"))
            crumbs.append(Link(name, f"{place}/{operation}s/{quote(name, safe='')}"))
        elif operation in OPERATION_NAMES:
            crumbs.append(Link(OPERATION_NAMES[operation], f"{place}/{operation}"))
    elif operation in _UPLOADS:
        place = f"{place}/uploads"
        crumbs.append(Link("Uploads", place))
        if name:
            place = f"{place}/{quote(name, safe='')}"
            crumbs.append(Link(name, place))
        if operation in OPERATION_NAMES:
            crumbs.append(Link(OPERATION_NAMES[operation], f"{place}/{operation}"))
    return crumbs


_UPLOADS: Final = frozenset(
    {"uploads", "uploadsInfo", "upload", "register", "item", "parts"}
    | {"uploadPart", "commit", "download", "delete"}
)


def admin_jobs_url(rest_root: str, service: ServedService) -> str:
    """The address of a service's jobs as its administrator sees them."""
    return f"{rest_root.removesuffix('/rest')}/admin/services/{quote(service.name)}.GPServer/jobs"


def form_link(address: Address | None, rest_root: str) -> Link | None:
    """The form that made a request to this address, where it has one that a browser can be led to."""
    if address is None or address.operation == "login":
        return None
    operation, service = address.operation, address.service
    if operation in _ELSEWHERE and operation != "info":
        place = _ELSEWHERE[operation](rest_root)[1]
    elif service is not None and address.task is not None and operation in _RUN | {"submitJob"}:
        if operation != "validate" and (operation == "execute") is not service.is_synchronous:
            return None
        place = f"{task_url(rest_root, service, address.task)}/{operation}"
    elif service is not None and operation in ("upload", "register"):
        place = f"{service_link(rest_root, service.name).href}/uploads/{operation}"
    else:
        return None
    return Link("Back to the form", place)


def own_path(request: Request) -> str:
    """The path that was asked for, with its query, for a browser to be led back to.

    Neither a token nor a password is in it. A query that would change something again is left out; so is the
    end of a path that only takes a POST. What is no page leads to the catalogue.
    """
    home = urlsplit(request.rest_root).path
    operation = request.address.operation
    segments = [segment for segment in request.path.split("/") if segment]
    if "GET" not in OPERATIONS[operation].methods:
        segments = segments[:-1]
    path = f"{home.removesuffix('/rest')}/{quote('/'.join(segments))}"
    secrets = secrets_of(request.parameters, request.caller.header)
    is_page = "html" in OPERATIONS[operation].formats and operation not in _AWAY
    if not is_page or len(path) > _MAX_PATH or masked(request.path, secrets) != request.path:
        return f"{home}/services"
    if operation in _ONE_FORMAT or request.method == "POST":
        return path
    query = urlencode({name: each for name, each in request.parameters.items() if name not in _NOT_REPEATED})
    is_safe = not any(word in query.lower() for word in _SECRETS) and masked(query, secrets) == query
    return f"{path}?{query}" if query and is_safe and len(query) <= _MAX_QUERY else path


def other_formats(request: Request, *, is_form: bool) -> list[Link]:
    """The same resource in its other formats.

    None for a form and for what a link should not do a second time. A page that a POST made has no address
    that repeats it, unless it only shows something.
    """
    operation = request.address.operation
    row = OPERATIONS[operation]
    if is_form or operation in _ONE_FORMAT or "GET" not in row.methods:
        return []
    kept: dict[str, str] = {}
    if request.method != "POST":
        kept = {name: value for name, value in request.parameters.items() if name not in _NOT_REPEATED}
    elif operation in _RUN:
        return []
    query = urlencode(kept)
    if len(query) > _MAX_QUERY or "token" in query.lower():
        if operation in _RUN:
            return []
        query = ""
    rest = f"&{query}" if query else ""
    service = request.address.service
    unused = {"html"} if service and service.descriptor.result_map_server_name else {"html", "image"}
    formats = [each for each in row.formats if each not in unused and request.profile.has("format", each)]
    return [Link(_FORMAT_NAMES.get(each, each), f"?f={each}{rest}") for each in formats]


def help_links(profile: Profile) -> list[Link]:
    """What explains the resource."""
    return [Link("Help", "?f=help")] if profile.has("format", "help") else []


def sign_in_links(site: Site, rest_root: str, user: str, back: str) -> list[Link]:
    """Signing in, leading back to the path `back`, or out; nothing where every service is open."""
    if site.guard is None:
        return []
    get_token = Link("Get Token", f"{rest_root.removesuffix('/rest')}/tokens/")
    if user:
        return [get_token, Link("Logout", f"{rest_root}/logout")]
    return [Link("Login", f"{rest_root}/login?{urlencode({'redirect': back})}"), get_token]
