"""A site that passes every request on to a real server, and its answers back: what stands in front of one, so
that deviations can be applied to what it says.

Nothing else is asked than the server whose address was given. Its address in answers (JSON, pages, headers)
becomes the site's own, so that clients stay here; everything else goes through as it is, tokens, cookies and
referers included, and nothing of one client's reaches another. Redirects are passed on, not followed. The
server is asked to pack nothing, as what is packed could not be changed.
"""

from __future__ import annotations

import asyncio
import re
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, unquote, urlsplit

import httpx

from gp_mockserver.deviations.captured_answers import RELEASE
from gp_mockserver.deviations.occasions import occasion_of
from gp_mockserver.deviations.pages import text_page
from gp_mockserver.deviations.sending import end_connection, failing_of
from gp_mockserver.errors import SiteError
from gp_mockserver.passing_on.addresses import Addresses
from gp_mockserver.passing_on.answers import PassedAnswer, ServerLeft
from gp_mockserver.passing_on.callers_side import CallerLeft, CallersSide
from gp_mockserver.passing_on.hops import without_hops
from gp_mockserver.sites import PUBLIC_URL, Site, is_public_url
from gp_mockserver.wire.public_addresses import public_root
from gp_mockserver.wire_access import wire_of

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

_NOT_PASSED_ON: Final = frozenset({b"host", b"expect", b"accept-encoding"})
_NO_TARGET: Final = re.compile(rb"[^\x21-\x7e]")
_CONNECT_SECONDS: Final = 10.0
_READ_SECONDS: Final = 300.0
_LIMITS: Final = httpx.Limits(max_connections=1000, max_keepalive_connections=100)


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
        self._client: httpx.AsyncClient | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    async def serve(self, site: Site, path: str, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and send its answer. Where there is none the answer is a gateway's: 502.

        Without a wire, and without anything that stands for it, raises ServerLeft for an answer that ends
        too early.
        """
        _tell_journal(site, path, scope)
        if _leaves(path):
            await _send_page(400, "Bad address", "The path leads out of the site's context.", send)
            return
        has_body = any(name in (b"content-length", b"transfer-encoding") for name, _ in scope["headers"])
        caller = CallersSide(receive, has_body=has_body)
        addresses = Addresses(self.address, public_root(site, scope))
        request = self._request(scope, caller if has_body else None)
        passing = asyncio.ensure_future(self._pass(request, addresses, scope["method"], caller, send))
        left = asyncio.ensure_future(caller.left())
        try:
            await asyncio.wait({passing, left}, return_when=asyncio.FIRST_COMPLETED)
            if passing.done() or caller.is_served:
                await passing
            return
        except CallerLeft:
            return
        except ServerLeft as error:
            cut = error
        finally:
            passing.cancel()
            left.cancel()
            await asyncio.gather(passing, left, return_exceptions=True)
        await _cut(cut, scope, send)

    async def _pass(
        self, request: httpx.Request, addresses: Addresses, method: str, caller: CallersSide, send: Send
    ) -> None:
        try:
            answer = await self._open_client().send(request, stream=True)
        except httpx.LocalProtocolError as error:
            caller.is_served = True
            await _send_page(400, "Bad request", f"This request cannot be passed on: {error}", send)
            return
        except httpx.HTTPError as error:
            caller.is_served = True
            met = str(error) or type(error).__name__
            await _send_page(502, "502 Bad Gateway", f"{self.address} did not answer: {met}", send)
            return
        try:
            await PassedAnswer(answer, addresses, method).send(send, caller)
        finally:
            await answer.aclose()

    def _open_client(self) -> httpx.AsyncClient:
        """The client of this event loop. It keeps no cookies: they are those of its callers."""
        loop = asyncio.get_running_loop()
        if self._client is None or self._loop is not loop:
            self._loop = loop
            self._client = httpx.AsyncClient(
                timeout=httpx.Timeout(_READ_SECONDS, connect=_CONNECT_SECONDS),
                limits=_LIMITS,
                follow_redirects=False,
                cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
            )
        return self._client

    def _request(self, scope: Scope, caller: CallersSide | None) -> httpx.Request:
        given = without_hops(scope["headers"])
        headers = [each for each in given if each[0] not in _NOT_PASSED_ON]
        headers.append((b"accept-encoding", b"identity"))
        request = self._open_client().build_request(
            scope["method"],
            self.address,
            headers=headers,
            content=None if caller is None else caller.body(),
            extensions={"target": self._target(scope)},
        )
        for name in ("user-agent", "accept", "connection"):
            if not any(each == name.encode() for each, _ in headers):
                request.headers.pop(name, None)
        return request

    def _target(self, scope: Scope) -> bytes:
        """Path and query as they were asked for, below the server's own context."""
        raw: bytes = scope.get("raw_path") or quote(scope["path"]).encode()
        _, slash, below = raw.lstrip(b"/").partition(b"/")
        query: bytes = scope["query_string"]
        target = urlsplit(self.address).path.encode() + slash + below + (b"?" + query if query else b"")
        return _NO_TARGET.sub(lambda found: b"%%%02X" % found[0][0], target)

    def close(self) -> None:
        """Close the connections to the server, from any thread."""
        if self._client is not None and self._loop is not None and self._loop.is_running():
            asyncio.run_coroutine_threadsafe(self.end(), self._loop)

    async def end(self) -> None:
        """Close the connections to the server, in the event loop that made them."""
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()


def _leaves(path: str) -> bool:
    """Whether a path, with its escapes or without, may lead out of the folder that it begins in."""
    segments = re.split(r"[/\\]", unquote(path))
    return any(segment.partition(";")[0].strip() == ".." for segment in segments)


async def _cut(cut: ServerLeft, scope: Scope, send: Send) -> None:
    """End the connection as the server has ended its own, after what came of its answer."""
    if (release := scope.get(RELEASE)) is not None:
        await release()
    failing = failing_of(scope)
    if wire_of(scope) is not None:
        await end_connection("rst" if cut.by_reset else "fin", scope, send)
    elif failing is not None:
        failing.fail("reset" if cut.by_reset else "cut")
    else:
        raise cut


async def _send_page(status: int, title: str, text: str, send: Send) -> None:
    page = text_page(title, text)
    headers = [(b"content-type", b"text/html;charset=utf-8"), (b"content-length", str(len(page)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
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
