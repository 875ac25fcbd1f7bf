"""JSON as an answer's bytes have it: strict in what it says, patient about how it is packed.

Taken: a byte order mark, UTF-16 and UTF-32, a JSONP wrapper that nobody asked for, another charset, bytes
that are no UTF-8 and halves of surrogate pairs (both become U+FFFD), control characters within texts,
blanks before and after, and any label. Refused: whatever could be read in two ways or means nothing, such as
NaN, a number that no double can say, one name twice in an object, anything after the end.
"""

from __future__ import annotations

import re
from typing import Any

import msgspec

from gp_client.errors import ProtocolViolation
from gp_client.reading.json_faults import CUT_SHORT, DEEPEST, first_fault, number_fault
from gp_client.reading.quoting import bare_url, masked

EMPTY = "no body"
BLANK = "a blank body"

_LARGE = 8_000_000
"""Bytes beyond which an answer is taken as it stands or not at all."""
_LONGEST_BODY = 65_536
"""Characters of an answer that cannot be read which its error carries."""

_decode: Any = msgspec.json.Decoder().decode
_encode: Any = msgspec.json.Encoder().encode
_UNREADABLE = (msgspec.MsgspecError, UnicodeError, RecursionError, ValueError)

_AS_ZEROS = bytes.maketrans(b"123456789", b"000000000")
_LONG_NUMBER = b"0" * 19
_TEXT = rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"'
_NUMBER = rb"(?P<number>-?[0-9.]{19,}+(?:[eE][+-]?[0-9]+)?)"
_COLON_ESCAPE = rb"(?<!\\)(?:\\\\)*+\\u003[aA]"


def read_json(content: bytes, content_type: str = "", *, url: str) -> Any:
    """The value of an answer's body, whatever its label; `content_type` only tells the charset of bytes that
    are no UTF-8. Raises ProtocolViolation with the place of the first fault and the beginning of the text."""
    if len(content) > _LARGE:
        from gp_client.reading.large_json import read_large

        return read_large(content, url=url)
    try:
        value = _decode(content)
        if _is_sound(content, value):
            return value
        refusal: Exception | None = None
        value = None
    except _UNREADABLE as error:
        refusal = error
    if not content or content.isspace():
        raise _violation(BLANK if content else EMPTY, "an object of JSON", url)
    from gp_client.reading.json_packing import text_of, unpacked

    mended = unpacked(text_of(content, content_type))
    if not mended or mended.isspace():
        raise _violation(BLANK, "an object of JSON", url)
    again = mended.encode()
    if again != content:
        try:
            value = _decode(again)
            if _is_sound(again, value):
                return value
        except _UNREADABLE as error:
            refusal = error
    fault = first_fault(mended)
    if fault is None:
        is_cut = "truncated" in str(refusal)
        raise _violation(CUT_SHORT if is_cut else "no strict JSON", "strict JSON", url, mended)
    raise ProtocolViolation(
        pointer=fault.pointer,
        met=fault.met,
        expected=fault.expected,
        url=bare_url(url),
        body=masked(mended[:_LONGEST_BODY]),
    )


def _is_sound(content: bytes, value: Any) -> bool:
    """Whether text that the quick reader took is also free of what that reader lets pass: names that stand
    twice, numbers that nothing can hold, and nesting."""
    colons = content.count(b":")
    if _LONG_NUMBER in content.translate(_AS_ZEROS) and not _are_numbers_sound(content):
        return False
    if colons and colons != (kept := _colons(value)):
        escaped = len(re.findall(_COLON_ESCAPE, content)) if b"\\u003" in content else 0
        if colons + escaped != kept:
            return False
    return _holders(content) <= DEEPEST or not _is_deeper(value)


def _is_deeper(value: Any) -> bool:
    """Whether arrays and objects lie within each other more than is read."""
    holders: list[Any] = [value] if isinstance(value, list | dict) else []
    for _ in range(DEEPEST):
        if not holders:
            return False
        holders = [
            inner
            for holder in holders
            for inner in (holder if type(holder) is list else holder.values())
            if type(inner) is list or type(inner) is dict
        ]
    return bool(holders)


def _holders(content: bytes) -> int:
    return content.count(b"[") + content.count(b"{")


def _are_numbers_sound(content: bytes) -> bool:
    for found in re.finditer(_TEXT + b"|" + _NUMBER, content, re.DOTALL):
        number = found["number"]
        if number and number_fault(number.decode()):
            return False
    return True


def _colons(value: Any) -> int:
    """Colons of a value as compact JSON: one for each member that was kept, and those within texts."""
    try:
        count: int = _encode(value).count(b":")
    except OverflowError:  # a whole number beyond 64 bits
        import json

        count = json.dumps(value, ensure_ascii=False).count(":")
    return count


def _violation(met: str, expected: str, url: str, text: str = "") -> ProtocolViolation:
    body = masked(text[:_LONGEST_BODY])
    return ProtocolViolation(pointer="", met=met, expected=expected, url=bare_url(url), body=body)
