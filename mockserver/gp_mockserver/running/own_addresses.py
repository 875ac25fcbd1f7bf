"""What stands at an address of the site itself, for inputs that point there: a file, an upload, a layer, the
result of a job. It is looked up, not asked for by HTTP.

Source: ArcGIS REST, *GP data types* (inputs by url). A token is not asked for where everybody who may use the
task may use what its input points at; else the address cannot be read (*assumed*: a real server wants a token
in the input, unless both services are secured and on one server).
"""

from __future__ import annotations

from pathlib import Path
from urllib.parse import SplitResult, parse_qs, quote, unquote, urlsplit

import msgspec
from gp_protocol.job_states import JobStatus
from gp_protocol.values.feature_sets import FeatureSet, RecordSet
from gp_protocol.values.references import DataFile, Raster

from gp_mockserver.running.task_outputs import SCRATCH, read_outputs
from gp_mockserver.site_directories import scratch_path
from gp_mockserver.sites import ServedService, Site
from gp_mockserver.wire.addresses import Address, find_address
from gp_mockserver.wire.replies import Refusal

_OWN_PORTS = (None, 80, 443)
_PORTS = {"http": 80, "https": 443}
_LOOPBACK = "127.0.0.1"
_LOOPBACK_NAMES = (_LOOPBACK, "localhost", "::1")
"""Exactly these: what other names and spellings lead to is not looked up."""


class NotThere(Exception):
    """An own address leads to nothing that an input can be; the text says why."""


class LocalFile(msgspec.Struct, frozen=True):
    """A file on this machine, and what its client calls it."""

    path: Path
    name: str


Content = LocalFile | FeatureSet | RecordSet


class OwnPlace(msgspec.Struct, frozen=True):
    """A place within the site: the path after the context, and the query."""

    path: str
    query: str


def loopback_root(site: Site, port: int) -> str:
    """The site's address on this machine, by the port on which its server listens."""
    return f"http://{_LOOPBACK}:{port}/{quote(site.context)}"


def own_place(site: Site, roots: str, url: str) -> OwnPlace | None:
    """Where in the site an address leads, None for an address elsewhere.

    `roots` are the site's address as the client saw it, such as `https://gis.example.com/arcgis`, and, after
    a blank, its `loopback_root`, which has three names: `127.0.0.1`, `localhost` and `[::1]`. An address
    without scheme and host, such as `/arcgis/rest/…`, is the site's own, and so is one with the other of
    `http` and `https`, since a proxy may change it.
    """
    try:
        asked = urlsplit(url.strip())
        seen, *loopback = (urlsplit(root) for root in (roots.split(" ") if roots else [""]))
        if asked.netloc or asked.scheme:
            if asked.scheme not in _PORTS or asked.username is not None or asked.password is not None:
                return None
            prefixes = [unquote(seen.path)] if seen.netloc and _machine(asked) == _machine(seen) else []
            if asked.hostname in _LOOPBACK_NAMES:
                port = _PORTS[asked.scheme] if asked.port is None else asked.port
                prefixes += [unquote(own.path) for own in loopback if own.port == port]
        else:
            prefixes = [unquote(seen.path), f"/{site.context}"]
    except ValueError:
        return None
    path = unquote(asked.path)
    for prefix in prefixes:
        if prefix and path.startswith(f"{prefix}/"):
            return OwnPlace(path[len(prefix) + 1 :], asked.query)
    return None


def _machine(parts: SplitResult) -> tuple[str, int | None]:
    """Host and port, None for the port that is http's or https's own."""
    return (parts.hostname or "").lower(), None if parts.port in _OWN_PORTS else parts.port


def content_of(service: ServedService, place: OwnPlace, where: str) -> Content:
    """What stands at a place of the site, for a task of this service. Raises NotThere."""
    site = service.site
    try:
        address = find_address(site, place.path)
    except Refusal:
        raise NotThere("the site has no such resource") from None
    _check_access(service, address)
    match address.operation:
        case "file":
            return _file(site, address.name)
        case "download":
            return _upload(site, address)
        case "featureLayer" | "query":
            return _layer(site, address, place, where)
        case "result":
            return _result(site, address)
    raise NotThere(f"the site's {address.operation} is no data that an input can be")


def _check_access(service: ServedService, address: Address) -> None:
    """Raises NotThere where not everybody who may use the service may use what is at the address."""
    guard, owner = service.site.guard, address.service
    if owner is None and guard is not None and address.operation == "file":
        owner = guard.owner_of_file(address.name)
    if owner is None or owner is service or owner.access is None:
        return
    if service.access is None or not service.access <= owner.access:
        raise NotThere(f"{owner.name} is secured, and not open to all who may use {service.name}")


def _file(site: Site, name: str) -> LocalFile:
    path = site.directories.find_file(name)
    if path is None:
        raise NotThere("the site has no such file")
    return LocalFile(path, path.name)


def _upload(site: Site, address: Address) -> LocalFile:
    assert address.service is not None
    item = site.uploads.find(address.service.name, address.name)
    if item is None or not item.committed:
        raise NotThere("no such item has been uploaded")
    return LocalFile(site.uploads.path_of(item), item.name)


def _layer(site: Site, address: Address, place: OwnPlace, where: str) -> FeatureSet | RecordSet:
    from gp_mockserver.layers.layer_contents import features_of
    from gp_mockserver.layers.query_work import QueryRefused

    name, _, layer = address.name.rpartition("/")
    asked = parse_qs(place.query, max_num_fields=100).get("where", [""])[0]
    clauses = [clause for clause in (asked, where) if clause.strip()]
    both = " AND ".join(f"({clause})" for clause in clauses) if len(clauses) > 1 else "".join(clauses)
    try:
        return features_of(site, f"{name}/FeatureServer/{layer}", both)
    except QueryRefused as error:
        raise NotThere(str(error)) from None


def _result(site: Site, address: Address) -> Content:
    assert address.task is not None
    now = site.clock.now()
    record = site.store.get(address.job_id, now)
    if record is None or record.submission.task != address.task.path:
        raise NotThere("there is no such job")
    if record.outputs is None or record.state(now).status is not JobStatus.SUCCEEDED:
        raise NotThere("the job has no result yet")
    value = read_outputs(address.task.descriptor, record.outputs).get(address.name)
    if isinstance(value, FeatureSet | RecordSet):
        return value
    if isinstance(value, DataFile | Raster) and (value.url or "").startswith(SCRATCH):
        folder = scratch_path(address.task.service.name, record.job_id)
        return _file(site, f"{folder}/{unquote((value.url or '').removeprefix(SCRATCH))}")
    raise NotThere("the result is neither features, records nor a file of its job")
