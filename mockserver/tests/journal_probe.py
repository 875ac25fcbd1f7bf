"""Requests to the application itself, message by message, for the tests of the journal."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from gp_mockserver.app import MockServer
from gp_mockserver.builtin.builtin_site import builtin_site
from gp_mockserver.journal.journal import Journal
from gp_mockserver.lifecycle.clocks import ManualClock
from gp_mockserver.sites import Site

VIEWSHED = "/arcgis/rest/services/WorldViewshed/GPServer/viewshed"
FORM = [("content-type", "application/x-www-form-urlencoded")]


def site_with(journal: Journal | None = None, **options: Any) -> Site:
    return builtin_site(clock=ManualClock(), journal=journal, **options)


class Asked:
    """What came back, as ASGI has it; `left`: the client leaves once its request is sent."""

    def __init__(self, pieces: Sequence[bytes], left: bool = False) -> None:
        self.sent: list[Any] = []
        self._pieces = list(pieces) or [b""]
        self._left = left

    async def receive(self) -> Any:
        if self._pieces:
            piece = self._pieces.pop(0)
            return {"type": "http.request", "body": piece, "more_body": bool(self._pieces)}
        if not self._left:
            await asyncio.Event().wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Any) -> None:
        self.sent.append(message)

    @property
    def status(self) -> int:
        return int(self.sent[0]["status"])

    @property
    def body(self) -> bytes:
        return b"".join(message.get("body", b"") for message in self.sent[1:])


async def ask(
    app: MockServer,
    path: str,
    query: str = "f=json",
    *,
    method: str = "GET",
    body: bytes | Sequence[bytes] = b"",
    headers: Sequence[tuple[str, str]] = (),
    left: bool = False,
    host: str = "gis.example.com",
) -> Asked:
    """Send a request to the application."""
    asked = Asked([body] if isinstance(body, bytes) else body, left)
    all_headers = [("host", host), *headers]
    scope: dict[str, Any] = {
        "type": "http",
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "headers": [(name.encode(), value.encode("latin-1")) for name, value in all_headers],
        "client": ("127.0.0.1", 50000),
        "server": ("127.0.0.1", 8585),
    }
    await app(scope, asked.receive, asked.send)
    return asked


def asked(site: Site, *requests: dict[str, Any]) -> list[Asked]:
    """The answers to these requests to a site, one after another."""

    async def run() -> list[Asked]:
        app = MockServer([site])
        return [await ask(app, **request) for request in requests]

    return asyncio.run(run())
