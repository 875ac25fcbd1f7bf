"""A body's bytes as JSON: read as it stands where it is in order, else as far as it can be, with what is
wrong.

What is in order, nearly always, is read by a quick reader and held to the rules that this reader does not
know: no name twice in an object, no number that nothing can hold, no nesting without end.
"""

from __future__ import annotations

import re
from itertools import chain
from typing import Any, Final

import msgspec
from gp_client.reading.json_faults import DEEPEST
from gp_client.reading.json_memory import MOST, memory_of
from msgspec import UNSET

from gpharness.checking.looking import Looking, Phrase

_LARGE: Final = 8_000_000
"""Bytes beyond which the memory that the value takes is looked at before it is built."""
_TOO_DEEP: Final = f"more than {DEEPEST} arrays and objects within each other"

_decode: Any = msgspec.json.Decoder().decode
_UNREADABLE: Final = (msgspec.MsgspecError, UnicodeError, RecursionError, ValueError)
_AS_ZEROS: Final = bytes.maketrans(b"123456789", b"000000000")
_LONG: Final = b"0" * 19
_DIGITS: Final = re.compile(rb"0+")
_MOST_DIGITS: Final = 900
_SCALARS: Final = frozenset({int, float, bool, str, type(None)})


def read_body(look: Looking, body: bytes, content_type: str) -> Any:
    """The value of a body that is no page; UNSET where there is none to go on with."""
    if len(body) > _LARGE and memory_of(body) > MOST:
        met = Phrase(f"{len(body)} bytes of very many objects, arrays and texts")
        look.say(
            "format.size", "", met, f"an answer that takes at most some {MOST // 1_000_000} MB of memory"
        )
        return UNSET
    try:
        value = _decode(body)
    except _UNREADABLE:
        value = UNSET
    if value is not UNSET and not _has_odd_number(body):
        members = _members(value)
        if members is None:
            look.say("format.size", "", Phrase(_TOO_DEEP), f"at most {DEEPEST}")
            return UNSET
        if members == _colons_after_names(body) or members == _colons(body) - _colons_in_texts(value):
            return value
    from gpharness.checking.unsound_json import read_unsound

    return read_unsound(look, body, content_type)


def _has_odd_number(body: bytes) -> bool:
    """Whether there may be a number that neither 64 bits nor a double hold, or one of too many digits."""
    zeros = body.translate(_AS_ZEROS)
    start = zeros.find(_LONG)
    while start >= 0:
        found = _DIGITS.match(zeros, start)
        end = found.end() if found else start
        is_fraction = body[start - 1 : start] == b"." or body[end : end + 1] in (b".", b"e", b"E")
        if end - start > _MOST_DIGITS:
            return True
        if not is_fraction and not -(2**63) <= int(body[start:end]) < 2**63:
            return True
        start = zeros.find(_LONG, end)
    return False


def _colons_after_names(body: bytes) -> int:
    """Colons that follow a name straight away, those within texts of JSON in texts left out."""
    return body.count(b'":') - body.count(b'\\":')


def _colons(body: bytes) -> int:
    """Colons, those written as escapes included."""
    count = body.count(b":")
    if b"\\u003" not in body:
        return count
    if b"\\\\" in body:
        body = body.replace(b"\\\\", b"")
    return count + body.count(b"\\u003a") + body.count(b"\\u003A")


def _members(value: Any) -> int | None:
    """How many members all objects of a value have; None where it nests too deep.

    Lists of numbers, which most of a large body is, are passed over without a look at each in Python.
    """
    count = 0
    holders: list[Any] = [value] if type(value) is dict or type(value) is list else []
    for _ in range(DEEPEST):
        if not holders:
            return count
        inner: list[Any] = []
        for holder in holders:
            held = holder
            if type(holder) is dict:
                count += len(holder)
                held = holder.values()
            types = set(map(type, held))
            if types <= _SCALARS:
                continue
            if types == {list} and set(map(type, chain.from_iterable(held))) <= _SCALARS:
                continue
            inner.extend(each for each in held if type(each) is dict or type(each) is list)
        holders = inner
    return None if holders else count


def _colons_in_texts(value: Any) -> int:
    """Colons within all texts and names of a value that does not nest too deep."""
    count = value.count(":") if type(value) is str else 0
    holders: list[Any] = [value] if type(value) is dict or type(value) is list else []
    while holders:
        holder = holders.pop()
        if type(holder) is dict:
            count += sum(name.count(":") for name in holder)
        for each in holder.values() if type(holder) is dict else holder:
            if type(each) is str:
                count += each.count(":")
            elif type(each) is dict or type(each) is list:
                holders.append(each)
    return count
