"""The picture that stands for a service: drawn by arithmetic, the same for all."""

from __future__ import annotations

import struct
import zlib
from functools import cache
from typing import Final

WIDTH: Final = 200
HEIGHT: Final = 133
"""Pixels: what a portal shows of an item."""

_PALETTE: Final = bytes((0xF4, 0xF1, 0xE9, 0xC9, 0xDE, 0xD3, 0x8F, 0xBF, 0xA8, 0x2F, 0x6B, 0x5E))
_CENTERS: Final = ((62, 70), (108, 54), (150, 84))
_RADII: Final = (4, 24, 38)
"""A point, and two rings around it, from the darkest color to the lightest."""


@cache
def thumbnail() -> bytes:
    """A PNG of three points and the ground around them."""
    rows = b"".join(b"\0" + bytes(_color(x, y) for x in range(WIDTH)) for y in range(HEIGHT))
    header = struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, 3, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"PLTE", _PALETTE), (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in chunks)


def _color(x: int, y: int) -> int:
    """The place in the palette, 0 for the ground."""
    nearest = min((x - left) ** 2 + (y - top) ** 2 for left, top in _CENTERS)
    return next((3 - place for place, radius in enumerate(_RADII) if nearest <= radius * radius), 0)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
