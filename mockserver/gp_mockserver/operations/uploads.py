"""Uploads to a service: whole files, files in parts, and what there is to see of them.

Source: ArcGIS REST, *Uploads* and its children. *Assumed*: the JSON of the list (the reference has it in HTML
only) and how a long one is paged, that of `delete`, and the errors' words.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final

from gp_mockserver.operations.admin_jobs import whole_number
from gp_mockserver.running.job_runs import in_tool_thread
from gp_mockserver.uploads.file_names import plain_name
from gp_mockserver.uploads.uploaded_items import UploadedItem, check_checksum
from gp_mockserver.wire.replies import FileReply, FormReply, Refusal, Reply
from gp_mockserver.wire.requests import ReceivedFile, Request

MOST_LISTED: Final = 1000
"""Items in one answer."""

_MAX_DESCRIPTION = 4000
_MAX_PART_NUMBER = 1_000_000_000
_NUMBER = re.compile(r"\d{1,10}", re.ASCII)


async def uploads(request: Request) -> Reply:
    """The items of a service, the oldest first: `num` of them (1000, the most there are in one answer), from
    number `start` on (1). Where there are more, `nextStart` says where they begin."""
    start = whole_number(request, "start", 1, at_least=1)
    count = min(whole_number(request, "num", MOST_LISTED, at_least=0), MOST_LISTED)
    items = request.site.uploads.items_of(request.service.name)
    end = start - 1 + count
    value: dict[str, Any] = {"uploads": [item.as_json() for item in items[start - 1 : end]]}
    if end < len(items):
        value["nextStart"] = end + 1
    return Reply(value)


async def info(request: Request) -> Reply:
    """The largest size, in megabytes, and the types that the service takes."""
    return Reply(request.service.upload_rules.as_info())


async def upload(request: Request) -> Reply | FormReply:
    """A whole file, committed at once; its type and size were held to the rules while it came."""
    if request.method != "POST":
        return _form_or_refusal(request)
    file = _file(request, "file", "itemFile")
    name = plain_name(file.name)
    if not name:
        raise Refusal("invalid-parameters", "file: met a file without a name, expected one with a name")
    item = request.site.uploads.add(
        request.service.name, name, _description(request), request.arrived, file.path
    )
    return _answer(item)


async def register(request: Request) -> Reply | FormReply:
    """An item whose parts are to come."""
    if request.method != "POST":
        return _form_or_refusal(request)
    name = plain_name(request.parameters.get("itemName", ""))
    if not name:
        raise Refusal("invalid-parameters", "itemName: met no name, expected the name of the file to come")
    request.service.upload_rules.check_type(name)
    item = request.site.uploads.register(request.service.name, name, _description(request), request.arrived)
    return _answer(item)


async def item(request: Request) -> Reply:
    """One item."""
    return Reply(_item(request).as_json())


async def parts(request: Request) -> Reply:
    """The numbers of the parts that have come, in order; none once the item is committed."""
    return Reply({"parts": sorted(_item(request).parts)})


async def upload_part(request: Request) -> Reply:
    """One part of an item: its number as `partId` or `partNumber`, its bytes as `file` or `partFile`."""
    target = _item(request)
    sent = request.parameters.get("partId", "").strip() or request.parameters.get("partNumber", "").strip()
    number = _part_number("partId", sent)
    file = _file(request, "file", "partFile", "itemFile")
    request.site.uploads.add_part(target, number, file.path, request.service.upload_rules)
    return _answer(target)


async def commit(request: Request) -> Reply:
    """The parts become the item: those listed, in the order of the list, or all by number. A `checksum` by
    MD5, SHA-1 or SHA-256 is compared with the whole."""
    target, all_uploads = _item(request), request.site.uploads
    texts = re.split(r"[\s,]+", request.parameters.get("parts", "").translate(_BRACKETS).strip())
    numbers = [_part_number("parts", text) for text in texts if text]
    if len(set(numbers)) < len(numbers):
        raise Refusal("bad-value", "parts: met a part that is listed twice, expected each part once")
    if checksum := request.parameters.get("checksum", "").strip():
        check_checksum(checksum)
    all_uploads.begin_commit(target, numbers)
    try:
        await in_tool_thread(all_uploads.commit, target, numbers, checksum)
    finally:
        target.busy = False
    return _answer(target)


_BRACKETS = str.maketrans("", "", "[]\"'")


async def download(request: Request) -> FileReply:
    """An item's bytes, to be saved under the name that the client gave it."""
    found = _item(request)
    if not found.committed:
        raise Refusal("invalid-parameters", f"{found.item_id}: met an item that is not committed yet")
    return FileReply(request.site.uploads.path_of(found), "application/octet-stream", found.name)


async def delete(request: Request) -> Reply:
    """Remove an item. A job whose tool has yet to read it then fails."""
    request.site.uploads.delete(_item(request))
    return Reply({"success": True})


def _item(request: Request) -> UploadedItem:
    item_id = request.address.name
    found = request.site.uploads.find(request.service.name, item_id)
    if found is None:
        raise Refusal("invalid-parameters", f"item {item_id[:80]!r} does not exist in {request.service.name}")
    return found


def _answer(item: UploadedItem) -> Reply:
    return Reply({"success": True, "item": item.as_json()})


def _form_or_refusal(request: Request) -> FormReply:
    """What there is to GET: a form in HTML, and nothing in other formats."""
    if request.form.format != "html":
        raise Refusal("method-not-allowed", f"met {request.method}, expected POST")
    return FormReply()


def _file(request: Request, *fields: str) -> ReceivedFile:
    """The file in one of the fields, else the only file there is."""
    files = request.files
    found = next((files[field] for field in fields if field in files), None)
    if found is None and len(files) == 1:
        found = next(iter(files.values()))
    if found is None:
        raise Refusal(
            "invalid-parameters",
            f"{fields[0]}: met {_shown(files) or 'no file'}, expected one in a multipart form's "
            f"field {fields[0]!r}",
        )
    return found


def _shown(fields: Iterable[str]) -> str:
    return ", ".join(f"a file as {field[:40]!r}" for field in fields)


def _description(request: Request) -> str:
    return request.parameters.get("description", "")[:_MAX_DESCRIPTION]


def _part_number(name: str, text: str) -> int:
    if not _NUMBER.fullmatch(text) or int(text) > _MAX_PART_NUMBER:
        met = f'"{text[:40]}"' if text else "no number"
        raise Refusal("bad-value", f"{name}: met {met}, expected the number of a part, such as 5")
    return int(text)
