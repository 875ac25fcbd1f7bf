"""Taking off an answer's content encoding piece by piece, within bounds, and to its very end."""

from __future__ import annotations

import io
import zlib
from typing import TYPE_CHECKING, Any

from gp_client.errors import ProtocolViolation, TransportError

if TYPE_CHECKING:
    from gp_client.wire.http_messages import Sink

ACCEPTED = "gzip, deflate"
"""What the transports ask for, and all that is taken off here."""

_PIECE = 1 << 20
_GZIP_MAGIC = b"\x1f\x8b"
_GZIP, _ZLIB, _DEFLATE = 31, zlib.MAX_WBITS, -zlib.MAX_WBITS


class Decoding:
    """The body of one answer on its way in, into memory or into a sink.

    A body that is labelled gzip and is none is taken as it is. One that ends before its gzip stream does, or
    whose checksum is wrong, is a TransportError; one of more bytes than `largest` (a sink has no limit), or
    in an encoding that was not asked for, is a ProtocolViolation.
    """

    def __init__(self, encoding: str, url: str, largest: int, sink: Sink | None = None) -> None:
        self._encoding = encoding.strip().lower()
        self._url = url
        self._largest = largest
        self._sink = sink
        self._kept = io.BytesIO()
        self._size = 0
        self._unpack: Any = None
        self._start = b""
        self._is_plain = self._encoding in ("", "identity")
        if not self._is_plain and self._encoding not in ("gzip", "x-gzip", "deflate"):
            expected = f"one that was asked for ({ACCEPTED})"
            raise self._violation(f"the content encoding {encoding[:40]!r}", expected)

    def take(self, chunk: bytes) -> None:
        """The next piece as it came."""
        if self._is_plain:
            self._keep(chunk)
            return
        while chunk:
            if self._unpack is None:
                self._start += chunk
                if len(self._start) < len(_GZIP_MAGIC):
                    return
                chunk, self._start = self._start, b""
                self._begin(chunk)
                if self._is_plain:
                    self._keep(chunk)
                    return
            elif self._unpack.eof:
                chunk = self._next_member(chunk)
            else:
                chunk = self._unpacked(chunk)

    def finish(self) -> bytes:
        """The whole body, empty where it went into the sink."""
        if self._unpack is None:
            self._keep(self._start)
        elif not self._unpack.eof:
            raise TransportError(f"the {self._encoding} stream ends too early", url=self._url)
        return self._kept.getvalue()

    def _begin(self, start: bytes) -> None:
        if self._encoding == "deflate":
            is_wrapped = start[0] & 0x0F == 8 and int.from_bytes(start[:2], "big") % 31 == 0
            self._unpack = zlib.decompressobj(_ZLIB if is_wrapped else _DEFLATE)
        elif start.startswith(_GZIP_MAGIC):
            self._unpack = zlib.decompressobj(_GZIP)
        else:
            self._is_plain = True

    def _unpacked(self, chunk: bytes) -> bytes:
        """Takes a chunk off its encoding; what is left of it is behind the end of the stream."""
        while True:
            try:
                piece = self._unpack.decompress(chunk, _PIECE)
            except zlib.error as error:
                raise TransportError(f"a broken {self._encoding} stream: {error}", url=self._url) from error
            self._keep(piece)
            chunk = self._unpack.unconsumed_tail
            if self._unpack.eof:
                return bytes(self._unpack.unused_data)
            if not chunk and len(piece) < _PIECE:
                return b""

    def _next_member(self, rest: bytes) -> bytes:
        """A gzip stream may be of several members (RFC 1952); anything else behind its end is dropped."""
        self._start += rest
        if len(self._start) < len(_GZIP_MAGIC):
            return b""
        if self._encoding == "deflate" or not self._start.startswith(_GZIP_MAGIC):
            self._start = self._start[: len(_GZIP_MAGIC)]  # which stays, and so does the answer to this
            return b""
        rest, self._start = self._start, b""
        self._unpack = zlib.decompressobj(_GZIP)
        return rest

    def _keep(self, piece: bytes) -> None:
        if not piece:
            return
        self._size += len(piece)
        if self._sink is not None:
            self._sink.write(piece)
        elif self._size > self._largest:
            raise self._violation(
                "more bytes", f"an answer of at most {self._largest} bytes (largest_answer)"
            )
        else:
            self._kept.write(piece)

    def _violation(self, met: str, expected: str) -> ProtocolViolation:
        return ProtocolViolation(pointer="", met=met, expected=expected, url=self._url)
