"""A request as selectors see it, from its address alone: services may be unknown, as in front of a real
server."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from gp_protocol.descriptions.descriptors import Direction

from gp_mockserver.deviations.records import OWN_WORDS
from gp_mockserver.deviations.selectors import Occasion
from gp_mockserver.security.cookies import cookie_token
from gp_mockserver.wire.addresses import find_address
from gp_mockserver.wire.callers import header
from gp_mockserver.wire.public_addresses import origin
from gp_mockserver.wire.replies import Refusal

if TYPE_CHECKING:
    from starlette.types import Scope

    from gp_mockserver.sites import Site

_TASK = re.compile(
    r"rest/services/(?P<service>(?:[^/]+/)?[^/]+)/GPServer"
    r"(?:/(?P<task>[^/]+)(?:/(?P<verb>execute|submitJob|validate|jobs/(?P<job>[^/]+)(?P<below>/.*)?))?)?/?"
)
_UPLOADS = re.compile(r"rest/services/(?P<service>(?:[^/]+/)?[^/]+)/GPServer/uploads(?P<below>/.*)?")
_OTHERS = (
    (re.compile(r"rest/info/?"), "info"),
    (re.compile(r"rest/services(/[^/]+)?/?"), "catalogue"),
    (re.compile(r"(tokens|admin|sharing|sharing/rest)(/generateToken)?/?"), "token"),
    (re.compile(r"rest/directories/.*"), "file"),
    (re.compile(r"rest/services/.*/MapServer(/.*)?"), "map"),
)


def occasion_of(site: Site, path: str, scope: Scope) -> Occasion:
    """What a request to a site is, as far as address and headers tell; `path` begins after the context."""
    occasion = _by_address(site, path) or _by_grammar(path)
    occasion.method = scope["method"]
    occasion.at = site.clock.now()
    occasion.token = _token(scope)
    occasion.headers, occasion.query = scope["headers"], scope["query_string"]
    occasion.scheme = origin(scope).partition(":")[0]
    return occasion


def declared_types(site: Site, occasion: Occasion) -> dict[str, str]:
    """The data type that the task asked says each of its outputs has, by name; none of an unknown task."""
    service = site.services.get(occasion.service)
    task = service.find_task(occasion.task.rpartition("/")[2]) if service else None
    if task is None:
        return {}
    return {
        each.name: each.data_type for each in task.descriptor.parameters if each.direction is Direction.OUTPUT
    }


def _by_address(site: Site, path: str) -> Occasion | None:
    try:
        address = find_address(site, path)
    except Refusal:
        return None
    return Occasion(
        OWN_WORDS.get(address.operation, address.operation),
        "",
        address.service.name if address.service else "",
        address.task.path if address.task else "",
        address.name,
        address.job_id,
        own=address.operation,
    )


def _by_grammar(path: str) -> Occasion:
    path = path.strip("/")
    occasion = _found_by_grammar(path)
    last = path.rpartition("/")[2]
    occasion.own = last if last in OWN_WORDS or last == "upload" else occasion.operation
    return occasion


def _found_by_grammar(path: str) -> Occasion:
    if found := _UPLOADS.fullmatch(path):
        return Occasion("upload", "", found["service"])
    if found := _TASK.fullmatch(path):
        service, task = found["service"], found["task"]
        if task is None:
            return Occasion("service", "", service)
        named = Occasion("task", "", service, f"{service}/{task}")
        verb = found["verb"] or ""
        if found["job"]:
            named.job_id = found["job"]
            below = (found["below"] or "").strip("/").split("/")
            named.operation = _BELOW_JOBS.get((below[0], len(below)), "job" if below == [""] else below[0])
            named.name = below[1] if len(below) > 1 else ""
        elif verb:
            named.operation = OWN_WORDS.get(verb, verb)
        return named
    for pattern, word in _OTHERS:
        if pattern.fullmatch(path):
            return Occasion(word, "")
    return Occasion("", "")


_BELOW_JOBS = {("results", 2): "result", ("inputs", 2): "input"}


def _token(scope: Scope) -> str:
    query = parse_qs(bytes(scope["query_string"]).decode("latin-1"))
    if found := query.get("token"):
        return found[0]
    for name in (b"x-esri-authorization", b"authorization"):
        if said := header(scope, name):
            return said.decode("latin-1").rpartition(" ")[2]
    cookies = (header(scope, b"cookie") or b"").decode("latin-1")
    return cookie_token({"cookie": cookies}.get) or ""
