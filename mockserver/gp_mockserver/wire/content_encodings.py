"""Request bodies that a client has compressed: unpacked piece by piece, and no further than a limit.

Whether ArcGIS servers take them is not documented; that they take gzip, which web servers in front of them
unpack, and refuse the rest, is *assumed*.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gp_mockserver.limits import Limits
from gp_mockserver.wire.replies import Refusal

if TYPE_CHECKING:
    from starlette.types import Message, Receive

_PIECE = 256 * 1024
_GZIP = 31
"""zlib's word for a window of 32 KiB within gzip's head and tail."""


def unpacked(encoding: bytes | None, receive: Receive, limits: Limits) -> Receive:
    """What receives the body as it was before the client encoded it.

    Raises Refusal for an encoding that is not gzip; what it returns raises Refusal for a body that is no
    gzip, that ends too soon, or that unpacks to more than the limit.
    """
    word = (encoding or b"").strip().lower()
    if word in (b"", b"identity"):
        return receive
    if word not in (b"gzip", b"x-gzip"):
        shown = word[:80].decode("latin-1")
        raise Refusal("unsupported-encoding", f"Content-Encoding: met {shown!r}, expected gzip or none")
    return _Unpacking(receive, limits)


class _Unpacking:
    """Receives pieces of a gzipped body, none of which is large however well it was packed."""

    def __init__(self, receive: Receive, limits: Limits) -> None:
        import zlib

        self._receive = receive
        self._limits = limits
        self._error = zlib.error
        self._inflater = zlib.decompressobj(_GZIP)
        self._packed = b""
        self._more = True
        self._size = 0

    async def __call__(self) -> Message:
        while True:
            if not self._packed and self._more:
                message = await self._receive()
                if message["type"] != "http.request":
                    return message
                self._packed = message.get("body", b"")
                self._more = message.get("more_body", False)
            piece = self._inflate()
            goes_on = bool(self._packed) or self._more
            if not goes_on and not self._inflater.eof:
                raise _not_gzip("its end is missing")
            if piece or not goes_on:
                return {"type": "http.request", "body": piece, "more_body": goes_on}

    def _inflate(self) -> bytes:
        if self._inflater.eof and self._packed:
            raise _not_gzip("something follows its end")
        try:
            piece: bytes = self._inflater.decompress(self._packed, _PIECE)
        except self._error as error:
            raise _not_gzip(str(error)) from None
        self._packed = self._inflater.unconsumed_tail or self._inflater.unused_data
        self._size += len(piece)
        if self._size > self._limits.decompressed:
            raise Refusal("too-large", self._limits.passed("decompressed", "more"))
        return piece


def _not_gzip(why: Any) -> Refusal:
    return Refusal("invalid-parameters", f"Content-Encoding: gzip, but the body cannot be unpacked: {why}")
