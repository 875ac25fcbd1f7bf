"""The way back of a real server's answer, with the site's own address where it is a text.

No more of it is held than a short text, so that this has a length; everything else goes on as it comes. An
answer that the server does not send to its end is passed on as far as it came, and then cut as it was.
"""

from __future__ import annotations

import zlib
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Final

import httpx

from gp_mockserver.errors import MockServerError
from gp_mockserver.passing_on.hops import without_hops
from gp_mockserver.passing_on.unpacking import Unpacking, can_unpack

if TYPE_CHECKING:
    from starlette.types import Send

    from gp_mockserver.passing_on.addresses import Addresses, Rewriting
    from gp_mockserver.passing_on.callers_side import CallersSide

_TEXTS: Final = ("json", "html", "xml", "javascript", "text/plain")
_SHORT: Final = 1024 * 1024
_BODILESS: Final = (204, 304)
_PART: Final = 206
"""A status: what is a part of a text is no text, and has to keep its place."""
_LENGTH: Final = b"content-length"


class ServerLeft(MockServerError):
    """The server has ended its answer early. `by_reset`: with RST, else with FIN, or by silence."""

    def __init__(self, met: str, *, by_reset: bool = False) -> None:
        super().__init__(met)
        self.by_reset = by_reset


class PassedAnswer:
    """One answer on its way back to the client."""

    def __init__(self, answer: httpx.Response, addresses: Addresses, method: str) -> None:
        self._answer = answer
        self._addresses = addresses
        self._received = 0
        headers = without_hops(answer.headers.raw)
        self._status = status = answer.status_code
        self._kind = answer.headers.get("content-type", "").lower()
        self._coding = answer.headers.get("content-encoding", "").strip().lower()
        length = next((value for name, value in headers if name == _LENGTH), b"")
        if status in _BODILESS or "transfer-encoding" in answer.headers:
            length = b""
        self._length = int(length) if length.isdigit() else None
        self._has_body = method != "HEAD" and status not in _BODILESS
        self._is_text = status != _PART and any(word in self._kind for word in _TEXTS)
        self._headers = [
            (name, addresses.in_header(name, value))
            for name, value in headers
            if name not in (b"date", _LENGTH)  # the date is that of the site
        ]

    async def send(self, send: Send, client: CallersSide) -> None:
        """Send it. Raises ServerLeft when it has come to no end, and all that came of it has been sent."""
        pieces = self._pieces()
        try:
            first = await self._first(pieces)
        except ServerLeft:
            await self._begin(send, self._length)
            raise
        unpacking = Unpacking(self._coding) if can_unpack(self._coding) and first else None
        if not self._is_text or (unpacking is not None and not unpacking.fits(first)):
            unpacking = None
            self._is_text = False
        elif unpacking is None and self._coding not in ("", "identity"):
            self._is_text = False
        pieces = _after(first, pieces)
        if not self._is_text or not self._has_body:
            await self._send_as_it_comes(pieces, send, client, has_length=not self._is_text)
            return
        if unpacking is not None:
            self._headers = [each for each in self._headers if each[0] != b"content-encoding"]
        rewriting = self._addresses.in_text(is_page="html" in self._kind)
        texts = _texts(pieces, unpacking, rewriting)
        if self._length is None or self._length > _SHORT:
            await self._send_as_it_comes(texts, send, client, has_length=False)
        else:
            await self._send_short(texts, send, client, is_packed=unpacking is not None)

    async def _pieces(self) -> AsyncIterator[bytes]:
        try:
            async for piece in self._answer.aiter_raw():
                self._received += len(piece)
                yield piece
        except httpx.HTTPError as error:
            met = str(error) or type(error).__name__
            raise ServerLeft(met, by_reset=isinstance(error, httpx.ReadError)) from error

    async def _first(self, pieces: AsyncIterator[bytes]) -> bytes:
        """The first piece of a packed text, by which it is seen whether it is one."""
        if not (self._is_text and self._has_body and can_unpack(self._coding)):
            return b""
        return await anext(pieces, b"")

    async def _send_as_it_comes(
        self, pieces: AsyncIterator[bytes], send: Send, client: CallersSide, *, has_length: bool
    ) -> None:
        await self._begin(send, self._length if has_length else None)
        async for piece in pieces:
            await send(_part(piece))
        client.is_served = True
        await send(_part(b"", is_last=True))

    async def _send_short(
        self, texts: AsyncIterator[bytes], send: Send, client: CallersSide, *, is_packed: bool
    ) -> None:
        """Send a text with its length, unless it unpacks to more than a short one."""
        held: list[bytes] = []
        size = 0
        try:
            async for text in texts:
                held.append(text)
                size += len(text)
                if size > _SHORT:
                    await self._send_as_it_comes(
                        _after(b"".join(held), texts), send, client, has_length=False
                    )
                    return
        except ServerLeft:
            missing = None if is_packed or self._length is None else self._length - self._received
            await self._begin(send, None if missing is None else size + missing)
            await send(_part(b"".join(held)))
            raise
        client.is_served = True
        await send(self._start(size))
        await send(_part(b"".join(held), is_last=True))

    async def _begin(self, send: Send, length: int | None) -> None:
        await send(self._start(length))
        await send(_part(b""))  # the head goes out now: what follows may take its time

    def _start(self, length: int | None) -> dict[str, object]:
        of_length = [] if length is None else [(_LENGTH, str(length).encode())]
        return {
            "type": "http.response.start",
            "status": self._status,
            "headers": [*self._headers, *of_length],
        }


def _part(body: bytes, *, is_last: bool = False) -> dict[str, object]:
    return {"type": "http.response.body", "body": body, "more_body": not is_last}


async def _after(first: bytes, pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    if first:
        yield first
    async for piece in pieces:
        yield piece


async def _texts(
    pieces: AsyncIterator[bytes], unpacking: Unpacking | None, rewriting: Rewriting
) -> AsyncIterator[bytes]:
    try:
        async for piece in pieces:
            for part in (piece,) if unpacking is None else unpacking.take(piece):
                if text := rewriting.take(part):
                    yield text
    except (ServerLeft, zlib.error) as error:
        if rest := rewriting.end():
            yield rest
        if isinstance(error, ServerLeft):
            raise
        raise ServerLeft(f"what it has packed is broken: {error}") from error
    if rest := rewriting.end():
        yield rest
    if unpacking is not None and not unpacking.is_whole:
        raise ServerLeft("what it has packed has no end")
