"""The pages of a service's uploaded items."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import quote, urlsplit

from gp_mockserver.directory.forms import button_form, part_form, register_form, upload_form
from gp_mockserver.directory.links import Link, service_link
from gp_mockserver.directory.page_bodies import Body, Maker, facts
from gp_mockserver.directory.value_trees import shown_text
from gp_mockserver.wire.replies import AnyReply, FormReply, Reply
from gp_mockserver.wire.requests import Request

_MAX_ITEMS: Final = 500


def _uploads(reply: AnyReply, request: Request) -> Body | None:
    """The items there are, and the forms that make one."""
    if not isinstance(reply, Reply):
        return None
    place = _place(request)
    path = urlsplit(place).path
    value = reply.value
    items: Sequence[Any] = next((value[key] for key in ("items", "uploads") if _is_list(value, key)), [])
    links = [Link("Limits", f"{place}/info")]
    links += [
        Link(f"{each.get('itemName', '')} ({each['itemID']})", f"{place}/{quote(str(each['itemID']))}")
        for each in items[:_MAX_ITEMS]
        if isinstance(each, Mapping) and "itemID" in each
    ]
    nodes = facts(value, without=("items", "uploads")) if isinstance(value, Mapping) else facts(value)
    forms = [upload_form(f"{path}/upload")]
    if request.profile.has("resource", "register"):
        forms.append(register_form(f"{path}/register"))
    lines = [f"{len(items) - _MAX_ITEMS} more items are not shown here"] if len(items) > _MAX_ITEMS else []
    values = {
        "lines": lines,
        "nodes": nodes,
        "links": links,
        "links_title": "Items and Limits",
        "forms": forms,
    }
    return Body(f"Uploads: {request.service.name}", "values.html", values)


def _is_list(value: Any, key: str) -> bool:
    return isinstance(value, Mapping) and isinstance(value.get(key), list | tuple)


def _upload(reply: AnyReply, request: Request) -> Body | None:
    """The form of *Upload* or *Register*, or the item that came of it."""
    operation = request.address.operation
    if isinstance(reply, FormReply):
        make = upload_form if operation == "upload" else register_form
        form = make(f"{urlsplit(_place(request)).path}/{operation}")
        return Body(f"{form.title}: {request.service.name}", "form.html", {"form": form})
    return _item(reply, request)


def _item(reply: AnyReply, request: Request) -> Body | None:
    """An item: its id and name as lines of plain text, which clients cut out of the page."""
    if not isinstance(reply, Reply) or not isinstance(reply.value, Mapping):
        return None
    value = reply.value
    item = value.get("item", value)
    if not isinstance(item, Mapping) or "itemID" not in item:
        return None
    item_id, name = str(item["itemID"]), shown_text(str(item.get("itemName", "")))
    place = f"{_place(request)}/{quote(item_id, safe='')}"
    nodes = facts(value, without=("item",)) if item is not value else []
    nodes += facts(item, without=("itemID", "itemName"))
    links = [] if request.address.operation == "item" else [Link(f"Item {item_id}", place)]
    path = urlsplit(place).path
    forms = []
    if item.get("committed", True):
        links.append(Link("Download", f"{place}/download"))
    else:
        links.append(Link("Parts", f"{place}/parts"))
        forms += [part_form(f"{path}/uploadPart"), button_form("Commit Item", f"{path}/commit")]
    if request.profile.has("resource", "delete"):
        forms.append(button_form("Delete Item", f"{path}/delete"))
    values = {
        "lines": [f"Item ID: {item_id}", f"Item name: {name}"],
        "nodes": nodes,
        "links": links,
        "links_title": "Child Resources",
        "forms": forms,
    }
    return Body(f"Item: {item_id}", "values.html", values)


def _place(request: Request) -> str:
    return f"{service_link(request.rest_root, request.service.name).href}/uploads"


UPLOAD_PAGES: Final[Mapping[str, Maker]] = {
    "uploads": _uploads,
    "upload": _upload,
    "register": _upload,
    "item": _item,
    "uploadPart": _item,
    "commit": _item,
}
