"""A request of httpx, or of httpx2, as an ASGI server passes it on."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from gpharness.in_process.places import Place

if TYPE_CHECKING:
    from starlette.types import Scope


def library_of(request: Any) -> Any:
    """The module, httpx or httpx2, of which a request is. Raises TypeError for any other object."""
    for kind in type(request).__mro__:
        name = kind.__module__.partition(".")[0]
        if name in ("httpx", "httpx2"):
            return sys.modules[name]
    raise TypeError(f"met a {type(request).__name__}, expected a Request of httpx or httpx2")


def scope_of(request: Any, place: Place, client: tuple[str, int]) -> Scope:
    """The ASGI scope of a request. Raises NotHere for one that goes elsewhere."""
    url = request.url
    raw_path, _, query = place.path_of(url).partition(b"?")
    path = raw_path.decode("ascii")
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "server": (url.host, None),
        "client": client,
        "scheme": url.scheme,
        "root_path": "",
        "headers": [(name.lower(), value) for name, value in request.headers.raw] + place.forwarded,
        "state": {},
        "method": request.method,
        "path": unquote(path) if "%" in path else path,
        "raw_path": raw_path,
        "query_string": query,
        "extensions": {},
    }


def body_of(request: Any, library: Any) -> bytes | None:
    """The whole body where it is in memory anyway; None: it comes in pieces from `request.stream`."""
    if isinstance(request.stream, library.ByteStream):
        body: bytes = request.content
        return body
    return None
