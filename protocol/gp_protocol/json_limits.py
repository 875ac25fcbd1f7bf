"""How long, how deep, how many-parted and how many-digited a JSON text may be that is read: limits apart from
the reader, for those who set them and read nothing."""

from __future__ import annotations

from contextvars import ContextVar

import msgspec

MAX_LENGTH = 64 * 1024 * 1024
MAX_DEPTH = 128
MAX_DIGITS = 1000
MAX_PARTS = 2_000_000


class JSONLimits(msgspec.Struct, frozen=True):
    """What a JSON text may be: characters or bytes in all, arrays and objects within each other, digits in a
    row of a number, and parts, which are its arrays, its objects and the commas in them; and what errors say
    of where the last three are set."""

    length: int = MAX_LENGTH
    depth: int = MAX_DEPTH
    digits: int = MAX_DIGITS
    parts: int = MAX_PARTS
    depth_remedy: str = ""
    digits_remedy: str = ""
    parts_remedy: str = ""


_USUAL = JSONLimits()
json_limits: ContextVar[JSONLimits] = ContextVar("json_limits", default=_USUAL)
"""The limits of every text for which no other is given, here and in what runs in a copy of this context:
whoever reads an input need not know whose it is."""
