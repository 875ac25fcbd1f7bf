"""What stands beside the resources themselves: metadata, item information, the data types' schema, help."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from gp_protocol.json_text import encode_json
from gp_protocol.suggestions import did_you_mean
from gp_protocol.versions import Profile

from gp_mockserver.wire.addresses import find_address
from gp_mockserver.wire.replies import BytesReply, Refusal, Reply
from gp_mockserver.wire.requests import Request

_HTML: Final = "text/html;charset=utf-8"


async def help_page(request: Request) -> BytesReply:
    """`f=help` on any address: a page on the resource there, whether the address leads to one or not.

    Nothing is said of a service that asks for a token.
    """
    from gp_mockserver.directory.pages import text_page
    from gp_mockserver.documents.help_topics import help_text, help_title, operation_at

    path = request.address.name
    try:
        found = find_address(request.site, path)
        operation = found.operation
    except Refusal:
        found, operation = None, operation_at(path)
    if found is not None and found.service is not None and found.service.is_secured:
        found = None
    value = help_text(operation, found.profile if found else request.profile, found)
    return BytesReply(_HTML, text_page(request, help_title(operation), value))


async def task_help(request: Request) -> BytesReply:
    """The page that a task's `helpUrl` leads to; the file in it is named by the task's name."""
    from gp_mockserver.directory.pages import text_page
    from gp_mockserver.documents.help_topics import task_text

    tasks = {served.descriptor.name: served.descriptor for served in request.service.tasks.values()}
    task = tasks.get(request.address.name)
    if task is None:
        hint = did_you_mean(request.address.name, tasks)
        raise Refusal("file-not-found", *filter(None, [hint]))
    return BytesReply(_HTML, text_page(request, task.label, task_text(task)))


async def item_info(request: Request) -> Reply:
    """ArcGIS REST, *Item info*."""
    from gp_mockserver.documents.metadata import item_info

    return Reply(item_info(request.service.descriptor))


async def service_metadata(request: Request) -> BytesReply:
    """ArcGIS REST, *Metadata*: XML, whatever `f` asks for."""
    from gp_mockserver.documents.metadata import XML_TYPE, service_metadata

    return BytesReply(XML_TYPE, service_metadata(request.service.descriptor))


async def task_metadata(request: Request) -> BytesReply:
    """ArcGIS REST, *GP task*, its child `metadata` (10.9.1): XML, whatever `f` asks for."""
    from gp_mockserver.documents.metadata import XML_TYPE, task_metadata

    return BytesReply(XML_TYPE, task_metadata(request.service.descriptor, request.task.descriptor))


async def thumbnail(request: Request) -> BytesReply:
    """The picture of a service."""
    from gp_mockserver.documents.thumbnail import thumbnail

    return BytesReply("image/png", thumbnail())


async def json_schema(request: Request) -> BytesReply:
    """ArcGIS REST, *GP service*, what its `schema` leads to (11.1)."""
    return BytesReply("application/json;charset=UTF-8", _schema(request.profile))


@lru_cache(maxsize=100)
def _schema(profile: Profile) -> bytes:
    from gp_protocol.descriptions.type_schemas import type_schema

    return encode_json(type_schema(profile))
