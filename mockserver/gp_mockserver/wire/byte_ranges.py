"""Which bytes of a file a request asks for (RFC 9110, *Range requests*)."""

from __future__ import annotations

import re
from typing import Final

MAX_RANGES: Final = 16
"""A request for more ranges gets the whole file, as the RFC advises against clients that ask for many."""

_BYTES = re.compile(rb"bytes[ \t]*=(.*)", re.IGNORECASE | re.DOTALL)
_RANGE = re.compile(rb"[ \t]*([0-9]{0,18})[ \t]*-[ \t]*([0-9]{0,18})[ \t]*")

Ranges = list[tuple[int, int]]


def read_ranges(header: bytes | None, size: int) -> Ranges | None:
    """The ranges of a file of `size` bytes that a `Range` header names, each from its first byte to the one
    after its last, in the order asked; those that overlap are one.

    None where the whole file is the answer: there is no header, or it is malformed, in other units than bytes
    or too long, all of which the RFC has ignored. Empty where no range lies within the file.
    """
    match = _BYTES.fullmatch(header or b"")
    if match is None or match[1].count(b",") >= 4 * MAX_RANGES:
        return None
    ranges: Ranges = []
    asked = [part for part in match[1].split(b",") if part.strip()]
    if not asked or len(asked) > MAX_RANGES:
        return None
    for part in asked:
        numbers = _RANGE.fullmatch(part)
        if numbers is None or not (numbers[1] or numbers[2]):
            return None
        if not numbers[1]:
            start, end = max(size - int(numbers[2]), 0), size
        else:
            start, end = int(numbers[1]), int(numbers[2]) + 1 if numbers[2] else size
            if numbers[2] and start >= end:
                return None
        if start < min(end, size):
            ranges.append((start, min(end, size)))
    return _joined(ranges)


def _joined(ranges: Ranges) -> Ranges:
    """The ranges as they are, or where some overlap in order and each byte once."""
    joined: Ranges = []
    for start, end in sorted(ranges):
        if joined and start < joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return ranges if len(joined) == len(ranges) else joined
