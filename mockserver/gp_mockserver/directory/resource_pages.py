"""The pages of what a site describes: catalogue, service, task."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from urllib.parse import quote

from gp_mockserver.directory.links import OPERATION_NAMES, Link, admin_jobs_url, service_link, task_url
from gp_mockserver.directory.page_bodies import Body, Maker, facts
from gp_mockserver.directory.value_trees import Node
from gp_mockserver.wire.replies import AnyReply, Reply
from gp_mockserver.wire.requests import Request


def _catalogue(reply: AnyReply, request: Request) -> Body | None:
    if not isinstance(reply, Reply):
        return None
    value = reply.value
    rest_root, folder = request.rest_root, request.address.name
    folders = [Link(name, f"{rest_root}/services/{quote(name)}") for name in value.get("folders") or ()]
    services = [service_link(rest_root, each["name"], each["type"]) for each in value.get("services") or ()]
    known = facts(value, without=("folders", "services"))
    title = f"Folder: {folder or '/'}"
    return Body(title, "catalogue.html", {"facts": known, "folders": folders, "services": services})


def _service(reply: AnyReply, request: Request) -> Body | None:
    if not isinstance(reply, Reply):
        return None
    service, profile = request.service, request.profile
    place = service_link(request.rest_root, service.name).href
    tasks = [Link(label, task_url(request.rest_root, service, task)) for label, task in service.tasks.items()]
    children = []
    if profile.has("resource", "service info"):
        children += [
            Link("Item Info", f"{place}/info/iteminfo"),
            Link("Metadata", f"{place}/info/metadata"),
            Link("Thumbnail", f"{place}/info/thumbnail"),
        ]
    if service.takes_uploads and profile.has("resource", "uploads"):
        children.insert(0, Link("Uploads", f"{place}/uploads"))
    guard = request.site.guard
    if profile.has("resource", "admin jobs") and (guard is None or guard.may_use(None, request.user)):
        children.append(Link("Jobs", admin_jobs_url(request.rest_root, service)))
    title = f"{service.name} (GPServer)"
    values = {"facts": facts(reply.value, without=("tasks",)), "tasks": tasks, "children": children}
    return Body(title, "service.html", values)


def _task(reply: AnyReply, request: Request) -> Body | None:
    if not isinstance(reply, Reply):
        return None
    profile = request.profile
    place = task_url(request.rest_root, request.service, request.task)
    verb = "execute" if request.service.is_synchronous else "submitJob"
    operations = [Link(OPERATION_NAMES[verb], f"{place}/{verb}")]
    if profile.has("resource", "validate") and request.service.validates:
        operations.append(Link(OPERATION_NAMES["validate"], f"{place}/validate"))
    children = [Link("Metadata", f"{place}/metadata")] if profile.has("resource", "task metadata") else []
    parameters = [_parameter(each) for each in reply.value.get("parameters") or ()]
    values = {
        "facts": facts(reply.value, without=("parameters",)),
        "operations": operations,
        "parameters": parameters,
        "children": children,
    }
    return Body(f"Task: {request.task.descriptor.label}", "task.html", values)


def _parameter(value: Mapping[str, object]) -> Node:
    said = {key: each for key, each in value.items() if key == "defaultValue" or each not in (None, "")}
    return Node(f"Parameter: {value.get('name', '')}", children=facts(said, without=("name",)))


RESOURCE_PAGES: Final[Mapping[str, Maker]] = {
    "catalogue": _catalogue,
    "service": _service,
    "task": _task,
}
