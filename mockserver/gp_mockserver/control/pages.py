"""The live page: the files of the folder `ui`, as they are, and where to find things."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final
from urllib.parse import quote

from starlette.responses import RedirectResponse, Response

from gp_mockserver.control.answers import Index
from gp_mockserver.control.asks import Ask
from gp_mockserver.control.control_rules import ADMIN
from gp_mockserver.control.refusals import nothing_there
from gp_mockserver.wire.public_addresses import origin

FOLDER: Final = Path(__file__).parent / "ui"
_TYPES: Final = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
}
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*(\.[a-z]+)")
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


async def page(ask: Ask) -> Response:
    """The page names its files, and the API, relative to an address without a slash at its end."""
    if ask.request.scope.get("raw_path", b"").endswith(b"/"):
        return RedirectResponse("../ui")
    return _file("index.html")


async def page_file(ask: Ask) -> Response:
    return _file(ask.parts["file"])


async def index(ask: Ask) -> Index | Response:
    """People are sent to the page, programs get a list."""
    from gp_mockserver.control.resources import resources_at

    start = origin(ask.request.scope) + (f"/{quote(ask.about.context)}" if ask.about is not None else "")
    home = f"{start}/{ADMIN}"
    if "text/html" in ask.request.headers.get("accept", ""):
        return RedirectResponse(f"{home}/ui")
    resources = resources_at(ask.about is None)
    verbs = {each.path.replace(":path", ""): list(each.actions) for each in resources if each.path}
    return Index(f"{home}/ui", f"{home}/docs/openapi.json", verbs)


def _file(name: str) -> Response:
    matched = _NAME.fullmatch(name)
    kind = _TYPES.get(matched[1]) if matched else None
    file = FOLDER / name
    if kind is None or not file.is_file():
        raise nothing_there(f"the page has no file {name[:80]!r}")
    headers = {
        "Content-Security-Policy": _POLICY,
        "Cache-Control": "no-cache",
        "Referrer-Policy": "no-referrer",
    }
    return Response(file.read_bytes(), headers=headers, media_type=kind)
