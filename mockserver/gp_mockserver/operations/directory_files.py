"""What the pages of the services directory need beside themselves: their style sheet."""

from __future__ import annotations

from gp_mockserver.wire.replies import BytesReply, Refusal
from gp_mockserver.wire.requests import Request

_MAX_AGE_SECONDS = 3600


async def static(request: Request) -> BytesReply:
    """`/rest/static/main.css`, the address that every page of a real server links to, too."""
    from gp_mockserver.directory.rendering import STYLE_SHEET, style_sheet

    if request.address.name != STYLE_SHEET:
        raise Refusal("file-not-found", f"static: met {request.address.name[:80]!r}, expected {STYLE_SHEET}")
    headers = {"cache-control": f"public, max-age={_MAX_AGE_SECONDS}"}
    return BytesReply("text/css;charset=utf-8", style_sheet(), headers=headers)
