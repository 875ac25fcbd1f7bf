"""What a server says of itself: its version, its catalogue, its services and their tasks."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import msgspec
from gp_protocol.errors import shown

from gp_client.descriptors import ServiceDescription, TaskDescription, read_service, read_task
from gp_client.errors import ProtocolViolation
from gp_client.sessions import Deadline, Session
from gp_client.steps import Flow
from gp_client.wire.addresses import folder_url
from gp_client.wire.exchange import ask

_MOST_FOLDERS = 1000


class ServerInfo(msgspec.Struct, frozen=True):
    """ArcGIS REST, *Server info*. `version` is such as 11.3, None from servers that do not tell it."""

    version: float | None
    full_version: str
    raw: dict[str, Any]


class ServiceEntry(msgspec.Struct, frozen=True):
    """A service in the catalogue: `name` carries its folder, `type` is such as GPServer."""

    name: str
    type: str
    url: str


def describe_server(session: Session, deadline: Deadline) -> Flow[ServerInfo]:
    json = yield from ask(session, f"{session.root}/rest/info", safe=True, deadline=deadline)
    version, full = json.get("currentVersion"), json.get("fullVersion")
    return ServerInfo(
        float(version) if isinstance(version, int | float) and not isinstance(version, bool) else None,
        full if isinstance(full, str) else "",
        json,
    )


def list_services(
    session: Session, folder: str | None, recursive: bool, deadline: Deadline
) -> Flow[list[ServiceEntry]]:
    """The services of a folder, by default of the root; all of them with `recursive`. Raises InvalidInput for
    a folder that is not one name."""
    catalogue = f"{session.root}/rest/services"
    url = folder_url(session.root, folder) if folder else catalogue
    json = yield from ask(session, url, safe=True, deadline=deadline)
    found = []
    for number, entry in enumerate(_listed(json, "services", url)):
        name = entry.get("name") if isinstance(entry, dict) else None
        if not isinstance(name, str) or not name:
            pointer = f"/services/{number}"
            raise ProtocolViolation(pointer=pointer, met=shown(entry), expected='{"name", "type"}', url=url)
        kind = str(entry.get("type") or "")
        if folder and "/" not in name:
            name = f"{folder}/{name}"
        found.append(ServiceEntry(name, kind, f"{catalogue}/{quote(name)}/{quote(kind)}"))
    if recursive and not folder:
        for each in _folders(json, url):
            found += yield from list_services(session, each, False, deadline)
    return found


def _folders(json: dict[str, Any], url: str) -> list[str]:
    """The folders that a catalogue lists, each once."""
    listed = _listed(json, "folders", url)
    if len(listed) > _MOST_FOLDERS:
        met, expected = f"{len(listed)} folders", f"at most {_MOST_FOLDERS}"
        raise ProtocolViolation(pointer="/folders", met=met, expected=expected, url=url)
    for number, each in enumerate(listed):
        if not isinstance(each, str) or not each.strip(".") or "/" in each or "\\" in each:
            pointer, expected = f"/folders/{number}", "the name of a folder"
            raise ProtocolViolation(pointer=pointer, met=shown(each), expected=expected, url=url)
    return list(dict.fromkeys(listed))


def _listed(json: dict[str, Any], key: str, url: str) -> list[Any]:
    value = json.get(key)
    if value is None:
        return []
    if not isinstance(value, list):
        raise ProtocolViolation(pointer=f"/{key}", met=shown(value), expected="a list", url=url)
    return value


def describe_service(
    session: Session, url: str, name: str, deadline: Deadline, *, again: bool = False
) -> Flow[ServiceDescription]:
    """A service's descriptor; it is read once unless `again` is asked for."""
    known = session.kept.get(url)
    if isinstance(known, ServiceDescription) and not again:
        return known
    json = yield from ask(session, url, safe=True, deadline=deadline)
    described = session.kept[url] = read_service(json, url, name)
    return described


def describe_task(
    session: Session,
    url: str,
    service: tuple[str, str],
    deadline: Deadline,
    *,
    with_service: bool = False,
    again: bool = False,
) -> Flow[TaskDescription]:
    """A task's descriptor; `service` is its service's address and name.

    The service's own is read where the task does not say how it executes (9.3), or `with_service`.
    """
    known = session.kept.get(url)
    if isinstance(known, TaskDescription) and not again and (known.version is not None or not with_service):
        return known
    json = yield from ask(session, url, safe=True, deadline=deadline)
    served = None
    if with_service or not json.get("executionType"):
        served = yield from describe_service(session, *service, deadline, again=again)
    described = session.kept[url] = read_task(json, url, served)
    return described
