"""A site that passes every request on to a real server, and its answers back: what stands in front of one, so
that deviations can be applied to what it says.

Nothing else is asked than the server whose address was given. Its address in answers (JSON, pages,
`Location`) becomes the site's own, so that clients stay here; everything else goes through as it is, tokens
and referers included. Redirects are passed on, not followed.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import httpx

from gp_mockserver.deviations.occasions import occasion_of
from gp_mockserver.errors import SiteError
from gp_mockserver.sites import PUBLIC_URL, Site, is_public_url
from gp_mockserver.wire.public_addresses import public_root

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

_HOPS = frozenset(
    {
        b"connection",
        b"host",
        b"keep-alive",
        b"proxy-authenticate",
        b"proxy-authorization",
        b"proxy-connection",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
    }
)
"""What is said from one end of a connection to the other, and not passed on (RFC 9110, 7.6.1)."""
_REWRITTEN = ("json", "html", "xml", "javascript", "text/plain")
_REWRITTEN_UP_TO = 64 * 1024 * 1024
_CONNECT_SECONDS = 10.0
_READ_SECONDS = 300.0


class PassingOn:
    """The way to one real server. `address` is that of its context, such as `https://gis.example.com/arcgis`.

    Raises SiteError for what is none.
    """

    def __init__(self, address: str) -> None:
        address = address.strip().rstrip("/")
        if not is_public_url(address) or not urlsplit(address).path.strip("/"):
            raise SiteError(
                f"in front of {address!r}: expected {PUBLIC_URL} with its context, such as "
                "https://gis.example.com/arcgis"
            )
        self.address = address
        parts = urlsplit(address)
        self.origin = f"{parts.scheme}://{parts.netloc}"
        self._client: httpx.AsyncClient | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    async def serve(self, site: Site, path: str, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and send its answer. Where there is none the answer is a gateway's: 502."""
        _tell_journal(site, path, scope)
        if self._client is None:
            self._loop = asyncio.get_running_loop()
            timeout = httpx.Timeout(_READ_SECONDS, connect=_CONNECT_SECONDS)
            self._client = httpx.AsyncClient(timeout=timeout, follow_redirects=False)
        headers = [(name, value) for name, value in scope["headers"] if name not in _HOPS]
        if not any(name == b"accept-encoding" for name, _ in headers):
            headers.append((b"accept-encoding", b"identity"))
        has_body = any(name in (b"content-length", b"transfer-encoding") for name, _ in scope["headers"])
        request = self._client.build_request(
            scope["method"],
            self._target(scope),
            headers=headers,
            content=_body(receive) if has_body else None,
        )
        for name in ("user-agent", "accept", "connection"):
            if not any(each == name.encode() for each, _ in headers):
                request.headers.pop(name, None)
        try:
            answer = await self._client.send(request, stream=True)
        except httpx.HTTPError as error:
            await _bad_gateway(str(error) or type(error).__name__, self.address, send)
            return
        try:
            await self._send_back(answer, public_root(site, scope), scope, send)
        finally:
            await answer.aclose()

    def _target(self, scope: Scope) -> str:
        raw: bytes = scope.get("raw_path") or scope["path"].encode()
        below = raw.decode("latin-1").lstrip("/").partition("/")[2]
        query = scope["query_string"].decode("latin-1")
        return f"{self.address}/{below}" + (f"?{query}" if query else "")

    async def _send_back(self, answer: httpx.Response, root: str, scope: Scope, send: Send) -> None:
        named = [(name.lower(), value) for name, value in answer.headers.raw if name.lower() not in _HOPS]
        headers = [(name, self._ours(value, root) if name == b"location" else value) for name, value in named]
        kind = answer.headers.get("content-type", "")
        size = int(answer.headers.get("content-length", 0) or 0)
        is_text = any(word in kind for word in _REWRITTEN) and "content-encoding" not in answer.headers
        if scope["method"] != "HEAD" and is_text and size <= _REWRITTEN_UP_TO:
            body = self._ours(await answer.aread(), root)
            headers = [each for each in headers if each[0] != b"content-length"]
            headers.append((b"content-length", str(len(body)).encode()))
            await send({"type": "http.response.start", "status": answer.status_code, "headers": headers})
            await send({"type": "http.response.body", "body": body})
            return
        await send({"type": "http.response.start", "status": answer.status_code, "headers": headers})
        async for piece in answer.aiter_raw():
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body"})

    def _ours(self, text: bytes, root: str) -> bytes:
        """A text with the site's address for the real server's, also as JSON may escape it."""
        theirs, ours = self.address.encode(), root.encode()
        text = text.replace(theirs, ours)
        return text.replace(theirs.replace(b"/", b"\\/"), ours.replace(b"/", b"\\/"))

    def close(self) -> None:
        """Close the connections to the server, from any thread."""
        if self._client is not None and self._loop is not None and self._loop.is_running():
            asyncio.run_coroutine_threadsafe(self.end(), self._loop)

    async def end(self) -> None:
        """Close the connections to the server, in the event loop that made them."""
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()


async def _body(receive: Receive) -> AsyncIterator[bytes]:
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        if piece := message.get("body", b""):
            yield piece
        if not message.get("more_body"):
            return


async def _bad_gateway(met: str, address: str, send: Send) -> None:
    from gp_mockserver.deviations.pages import text_page

    page = text_page("502 Bad Gateway", f"{address} did not answer: {met}")
    headers = [(b"content-type", b"text/html;charset=utf-8"), (b"content-length", str(len(page)).encode())]
    await send({"type": "http.response.start", "status": 502, "headers": headers})
    await send({"type": "http.response.body", "body": page})


def _tell_journal(site: Site, path: str, scope: Scope) -> None:
    entry = scope.get("gpharness.entry")
    if entry is not None:
        occasion = occasion_of(site, path, scope)
        entry.operation = {"submit": "submitJob"}.get(occasion.operation, occasion.operation)
        entry.service, entry.task = occasion.service, occasion.task
        entry.job_id, entry.name = occasion.job_id, occasion.name


def site_in_front_of(address: str, context: str | None = None, **options: object) -> Site:
    """A site that stands in front of a real server, under the last segment of its address unless a context is
    given. It has no services of its own; `options` are those of `Site`."""
    way = PassingOn(address)
    site = Site(context or urlsplit(way.address).path.rpartition("/")[2], **options)  # type: ignore[arg-type]
    site.passing_on = way
    return site
