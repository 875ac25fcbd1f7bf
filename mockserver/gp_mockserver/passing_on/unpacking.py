"""Bodies that a server has packed although it was asked not to, unpacked as they come, in small pieces."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import Final

_PIECE: Final = 64 * 1024
_GZIP: Final = 16 + zlib.MAX_WBITS
_MAGIC: Final = b"\x1f\x8b"


class Unpacking:
    """Unpacks one body. `coding` is a value of Content-Encoding for which `can_unpack`."""

    def __init__(self, coding: str) -> None:
        self._is_gzip = coding != "deflate"
        self._unpacker = zlib.decompressobj(_GZIP) if self._is_gzip else None
        self._ahead = b""
        """The first byte behind an end, which may begin another such body."""
        self.is_whole = False
        """Whether the packed body has come to an end of its own."""

    def fits(self, beginning: bytes) -> bool:
        """Whether a body can be so packed that begins like this."""
        return not self._is_gzip or beginning[:2] == _MAGIC[: len(beginning)]

    def take(self, packed: bytes) -> Iterator[bytes]:
        """What one piece unpacks to. Raises zlib.error where it is broken."""
        if self._unpacker is None:  # with a head of zlib's, as it should be, or as some send it
            has_head = packed[0] & 0x0F == zlib.DEFLATED
            self._unpacker = zlib.decompressobj(zlib.MAX_WBITS if has_head else -zlib.MAX_WBITS)
        packed, self._ahead, unpacked = self._ahead + packed, b"", b""
        while packed or len(unpacked) == _PIECE:
            if self._unpacker.eof:
                self.is_whole = True
                if packed == _MAGIC[:1]:
                    self._ahead = packed
                if not (self._is_gzip and packed.startswith(_MAGIC)):
                    return  # what follows the end counts for nothing
                self._unpacker = zlib.decompressobj(_GZIP)
            unpacked = self._unpacker.decompress(packed, _PIECE)
            packed = self._unpacker.unused_data if self._unpacker.eof else self._unpacker.unconsumed_tail
            if unpacked:
                yield unpacked
        self.is_whole = self._unpacker.eof


def can_unpack(coding: str) -> bool:
    """Whether a body with this Content-Encoding can be unpacked."""
    return coding in ("gzip", "x-gzip", "deflate")
