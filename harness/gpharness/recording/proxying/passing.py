"""The proxy as an ASGI application: a request goes on as it comes, and its answer back, both in pieces.

Nothing is changed on the way but what belongs to one hop (RFC 9110, 7.6), and addresses in answers where that
was asked for. Redirects go back to the client, and so do cookies. Nothing is kept of one client for another.
"""

from __future__ import annotations

import asyncio
import re
import secrets
from collections.abc import AsyncIterator
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import TYPE_CHECKING, Any, Final

import httpx
from gp_mockserver.deviations.pages import text_page
from gp_mockserver.deviations.sending import end_connection
from gp_mockserver.passing_on.addresses import Addresses
from gp_mockserver.passing_on.answers import PassedAnswer, ServerLeft
from gp_mockserver.passing_on.callers_side import CallerLeft, CallersSide
from gp_mockserver.passing_on.hops import without_hops

from gpharness.recording.certificates_trusted import HOW_TO_TRUST, is_distrust
from gpharness.recording.proxying.ways import NoWay, Way, Ways

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

    from gpharness.recording.proxying.notes import Notes, Noting

TARGET: Final = "gpharness.target"
"""Where the scope has the request's target as it was sent, absolute or not."""
_CONNECT_SECONDS: Final = 10.0
_READ_SECONDS: Final = 300.0
_LIMITS: Final = httpx.Limits(max_connections=1000, max_keepalive_connections=100)
_NO_TARGET: Final = re.compile(rb"[^\x21-\x7e]")
_BODILESS: Final = (204, 304)
_LENGTH: Final = b"content-length"
_READABLE: Final = frozenset({b"gzip", b"x-gzip", b"deflate", b"identity"})


class PassingThrough:
    """`notes` is what passes noted in, None for nothing. With `rewrite` the server's address in answers
    becomes the proxy's own; else the server is told by X-Forwarded-Host and -Proto what it is called."""

    def __init__(self, ways: Ways, notes: Notes | None, *, rewrite: bool = False) -> None:
        self._ways = ways
        self._notes = notes
        self._rewrite = rewrite
        self._via = f"1.1 gpharness-{secrets.token_hex(4)}".encode()
        self._client: httpx.AsyncClient | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        given = [(name, value) for name, value in scope["headers"]]
        host = next((value for name, value in given if name == b"host"), b"").decode("latin-1")
        target: bytes = scope.get(TARGET) or scope["raw_path"] + _query(scope)
        way = self._ways.way(target, host)
        if isinstance(way, Way) and any(n == b"via" and self._via in value for n, value in given):
            way = NoWay(508, "Loop detected", "This request has come through this proxy before.")
        if isinstance(way, NoWay):
            await _send_page(way.status, way.title, way.text, send)
            return
        has_body = any(name in (_LENGTH, b"transfer-encoding") for name, _ in given)
        caller = CallersSide(receive, has_body=has_body)
        below = _below(target)
        own = b"http://" + host.encode("latin-1") if way.is_own else b""
        noting = self._begin(scope, way.origin.encode() + below, given, own)
        request = self._request(scope, way, below, given, caller if has_body else None, noting)
        passing = asyncio.ensure_future(self._pass(request, scope["method"], way, host, caller, noting, send))
        left = asyncio.ensure_future(caller.left())
        try:
            await asyncio.wait({passing, left}, return_when=asyncio.FIRST_COMPLETED)
            if passing.done() or caller.is_served:
                await passing
            elif noting is not None:
                noting.fail("the client left before the answer had come")
            return
        except CallerLeft as error:
            if noting is not None:
                noting.fail(str(error))
            return
        except ServerLeft as error:
            cut = error
            if noting is not None:
                noting.fail(str(error))
        finally:
            passing.cancel()
            left.cancel()
            await asyncio.gather(passing, left, return_exceptions=True)
            if noting is not None:
                noting.end()
        await end_connection("rst" if cut.by_reset else "fin", scope, send)

    async def end(self) -> None:
        """Close the connections to servers."""
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()

    def _begin(
        self, scope: Scope, url: bytes, headers: list[tuple[bytes, bytes]], own: bytes
    ) -> Noting | None:
        return None if self._notes is None else self._notes.begin(scope["method"], url, headers, own)

    async def _pass(
        self,
        request: httpx.Request,
        method: str,
        way: Way,
        host: str,
        caller: CallersSide,
        noting: Noting | None,
        send: Send,
    ) -> None:
        try:
            answer = await self._open_client().send(request, stream=True)
        except (httpx.LocalProtocolError, httpx.UnsupportedProtocol, httpx.InvalidURL) as error:
            caller.is_served = True
            await self._say(400, "Bad request", f"This request cannot be passed on: {error}.", noting, send)
            return
        except httpx.HTTPError as error:
            caller.is_served = True
            met = str(error) or type(error).__name__
            text = f"{way.origin} did not answer the proxy: {met.removesuffix('.')}."
            if is_distrust(met):
                text += f" Start the proxy anew: {HOW_TO_TRUST}."
            await self._say(502, "502 Bad Gateway", text, noting, send)
            return
        try:
            if noting is not None:
                noting.begin(answer.status_code, answer.headers.raw)
            if self._rewrite and way.is_own:
                if noting is not None:
                    answer.stream = _Noted(answer.stream, noting)  # type: ignore[arg-type]
                addresses = Addresses(self._ways.upstream or way.origin, self._own_root(host))
                await PassedAnswer(answer, addresses, method).send(_dated(send, answer), caller)
            else:
                await self._send_as_it_comes(answer, method, caller, noting, send)
        finally:
            await answer.aclose()

    async def _say(self, status: int, title: str, text: str, noting: Noting | None, send: Send) -> None:
        if noting is not None:
            noting.fail(text)
        await _send_page(status, title, text, send)

    async def _send_as_it_comes(
        self,
        answer: httpx.Response,
        method: str,
        caller: CallersSide,
        noting: Noting | None,
        send: Send,
    ) -> None:
        headers = without_hops(answer.headers.raw)
        if "transfer-encoding" in answer.headers:
            headers = [each for each in headers if each[0] != _LENGTH]
        headers.append((b"via", self._via))
        await send({"type": "http.response.start", "status": answer.status_code, "headers": headers})
        if method != "HEAD" and answer.status_code not in _BODILESS:
            try:
                async for piece in answer.aiter_raw():
                    if noting is not None:
                        noting.piece(piece)
                    await send({"type": "http.response.body", "body": piece, "more_body": True})
            except httpx.HTTPError as error:
                met = str(error) or type(error).__name__
                raise ServerLeft(met, by_reset=isinstance(error, httpx.ReadError)) from error
        caller.is_served = True
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    def _own_root(self, host: str) -> str:
        path = (self._ways.upstream or "").partition("://")[2].partition("/")[2]
        return f"http://{host}/{path}".rstrip("/")

    def _open_client(self) -> httpx.AsyncClient:
        if self._client is None:
            self._client = httpx.AsyncClient(
                timeout=httpx.Timeout(_READ_SECONDS, connect=_CONNECT_SECONDS),
                limits=_LIMITS,
                follow_redirects=False,
                cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
            )
        return self._client

    def _request(
        self,
        scope: Scope,
        way: Way,
        below: bytes,
        given: list[tuple[bytes, bytes]],
        caller: CallersSide | None,
        noting: Noting | None,
    ) -> httpx.Request:
        dropped = {b"host", b"expect", b"accept-encoding"}
        if way.is_own and not self._rewrite:
            dropped |= {b"x-forwarded-host", b"x-forwarded-proto"}
        headers = [(b"host", way.host.encode("latin-1"))]
        headers += [each for each in without_hops(given) if each[0] not in dropped]
        headers.append((b"accept-encoding", self._codings(given)))
        headers.append((b"via", self._via))
        if way.is_own and not self._rewrite:
            asked = next((value for name, value in given if name == b"host"), b"")
            headers += [(b"x-forwarded-host", asked), (b"x-forwarded-proto", b"http")]
        request = self._open_client().build_request(
            scope["method"],
            way.origin,
            headers=headers,
            content=None if caller is None else _body(caller, noting),
            extensions={"target": _NO_TARGET.sub(lambda found: b"%%%02X" % found[0][0], below)},
        )
        for name in ("user-agent", "accept", "connection"):
            if not any(each == name.encode() for each, _ in headers):
                request.headers.pop(name, None)
        return request

    def _codings(self, given: list[tuple[bytes, bytes]]) -> bytes:
        """What the client takes, as far as it can be read later, too."""
        if self._rewrite:
            return b"identity"
        asked = b",".join(value for name, value in given if name == b"accept-encoding")
        kept = [each.strip() for each in asked.split(b",")]
        return (
            b", ".join(each for each in kept if each.partition(b";")[0].lower() in _READABLE) or b"identity"
        )


class _Noted(httpx.AsyncByteStream):
    """An answer's body that is noted as it is read."""

    def __init__(self, stream: httpx.AsyncByteStream, noting: Noting) -> None:
        self._stream = stream
        self._noting = noting

    async def __aiter__(self) -> AsyncIterator[bytes]:
        take = self._noting.piece
        async for piece in self._stream:
            take(piece)
            yield piece

    async def aclose(self) -> None:
        await self._stream.aclose()


async def _body(caller: CallersSide, noting: Noting | None) -> AsyncIterator[bytes]:
    async for piece in caller.body():
        if noting is not None:
            noting.request_piece(piece)
        yield piece


def _dated(send: Send, answer: httpx.Response) -> Send:
    """A `send` that puts the server's date back."""
    date = answer.headers.get("date")

    async def send_dated(message: Any) -> None:
        if date and message["type"] == "http.response.start":
            message["headers"] = [*message["headers"], (b"date", date.encode("latin-1"))]
        await send(message)

    return send_dated


def _below(target: bytes) -> bytes:
    """Path and query of a target, absolute or not."""
    scheme, mark, rest = target.partition(b"://")
    if mark and scheme.lower() in (b"http", b"https"):
        found = re.search(rb"[/?#]", rest)
        target = rest[found.start() :] if found else b"/"
    target = target.partition(b"#")[0]
    return target if target.startswith((b"/", b"*")) else b"/" + target


def _query(scope: Scope) -> bytes:
    query: bytes = scope["query_string"]
    return b"?" + query if query else b""


async def _send_page(status: int, title: str, text: str, send: Send) -> None:
    page = text_page(title, text)
    headers = [(b"content-type", b"text/html;charset=utf-8"), (_LENGTH, str(len(page)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": page})
