"""How much memory the value of an answer takes, told from its bytes before it is built.

Nothing here runs on an answer of a few megabytes. The figures are those of 64-bit CPython, rounded up.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import msgspec

MOST = 470_000_000
"""Bytes that an answer and its value may take together."""

_OBJECT, _MEMBER, _ARRAY, _ELEMENT, _NUMBER, _TEXT = 152, 40, 84, 12, 32, 64
_WIDE_TEXT = 16
_SMALL = 5
"""Members of an object that takes no more than one with a single member."""
_LEVELS = 3
_NO_SKELETON = bytes(set(range(256)) - set(b"{}:,[]"))
_FEW_NAMES = 40
_START = 65_536
_PIECE = 1 << 18
_decode: Any = msgspec.json.Decoder().decode

_NAME = re.compile(rb'"([^"\\]{1,32})":')
_WIDEST_ESCAPE = re.compile(rb"\\u[dD][89abAB]")
_WIDE_ESCAPE = re.compile(rb"\\u(?!00)")
_IN_QUOTES = re.compile(rb'"[^"]*+(?:"|\Z)')
_WIDE_IN_QUOTES = re.compile(rb'"[^"\\\xc4-\xff]*+[\\\xc4-\xff][^"]*+"')
_WIDEST, _WIDE = re.compile(rb"[\xf0-\xff]"), re.compile(rb"[\xc4-\xff]")


def memory_of(content: bytes) -> int:
    """Bytes that an answer and its value take at most; where a quick look finds no more than MOST, some more
    than that."""
    width = _width(content)
    parts = _of_parts(content, content.count(b'"'))
    quick = len(content) * (1 + width) + parts
    if width > 1:
        quick += content.count(b'"') // 2 * _WIDE_TEXT
    if quick <= MOST:
        return quick
    plain = without_escapes(content)
    least = len(content) + _of_parts(content, plain.count(b'"')) - _shared_names(content) * _TEXT
    if least - content.count(b"{") * (_SMALL - 1) * _MEMBER > MOST:
        return least
    outside = b"".join(outside_texts(plain))
    least -= _spared(outside)
    texts = len(plain) - len(outside)
    wide = largest = 0
    for found in _WIDE_IN_QUOTES.finditer(plain) if width > 1 else ():
        size = found.end() - found.start()
        wide += size + _WIDE_TEXT
        largest = max(size, largest)
    return least + texts + wide * (width - 1) + 2 * largest  # a text is built more than once


def _spared(outside: bytes) -> int:
    """Bytes that small objects do not take: up to five members are in what an object has from the start."""
    skeleton = outside.translate(None, _NO_SKELETON)
    spared = 0
    for _ in range(_LEVELS):
        for members in range(1, _SMALL + 1):
            small = b"{" + b",".join([b":"] * members) + b"}"
            spared += skeleton.count(small) * (members - 1) * _MEMBER
            skeleton = skeleton.replace(small, b"")
    return spared


def without_escapes(content: bytes) -> bytes:
    """JSON in which each quote begins or ends a text."""
    if b"\\" not in content:
        return content
    return content.replace(b"\\\\", b"__").replace(b'\\"', b"__")


def outside_texts(plain: bytes) -> Iterator[bytes]:
    """What is not within a text, of JSON without escapes, a piece at a time, as each text that is taken out
    leaves two pieces."""
    is_within = False
    for start in range(0, len(plain), _PIECE):
        piece = plain[start : start + _PIECE]
        yield _IN_QUOTES.sub(b"", b'"' + piece if is_within else piece)
        is_within ^= bool(piece.count(b'"') & 1)


def _width(content: bytes) -> int:
    """Bytes of each character of a text that has the widest of them."""
    has_escapes = b"\\u" in content
    if content.isascii() and not has_escapes:
        return 1
    if _WIDEST.search(content) or (has_escapes and _WIDEST_ESCAPE.search(content)):
        return 4
    return 2 if _WIDE.search(content) or (has_escapes and _WIDE_ESCAPE.search(content)) else 1


def _of_parts(content: bytes, quotes: int) -> int:
    """Bytes for all but the characters of texts."""
    objects, arrays = content.count(b"{"), content.count(b"[")
    commas, colons, texts = content.count(b","), content.count(b":"), quotes // 2
    elements = max(0, commas + objects + arrays - colons)
    numbers = max(0, commas + 2 - texts + colons)
    return (
        objects * _OBJECT
        + colons * _MEMBER
        + arrays * _ARRAY
        + elements * _ELEMENT
        + numbers * _NUMBER
        + texts * _TEXT
    )


def _shared_names(content: bytes) -> int:
    """How many names of members take nothing, since the reader keeps one text for all of that name. Another
    name may drive one out, so each of the others counts twice."""
    names = list(dict.fromkeys(_NAME.findall(content, 0, _START)))[:_FEW_NAMES]
    sample = b"{" + b",".join(b'"%b":0' % name for name in names) + b"}"
    try:
        one, other = _decode(b"[" + sample + b"," + sample + b"]")
    except (msgspec.MsgspecError, UnicodeError):
        return 0
    kept = [name for name, first, second in zip(names, one, other, strict=False) if first is second]
    shared = sum(content.count(b'"%b":' % name) for name in kept)
    others = content.count(b":") - shared
    return max(0, shared - others)
