"""JSON of more than a few megabytes: within bounds of memory and time, and as it stands or not at all.

Memory is estimated before anything is built, what can be told from the bytes is told before they are read,
and the value is walked, as to write it once more would double it.
"""

from __future__ import annotations

import re
from typing import Any

import msgspec

from gp_client.errors import ProtocolViolation
from gp_client.reading.json_faults import CUT_SHORT, DEEPEST, number_fault
from gp_client.reading.json_memory import MOST, memory_of, outside_texts, without_escapes
from gp_client.reading.quoting import bare_url, masked

_SHOWN = 65_536
_MOST_NUMBERS = 100_000
"""Whole numbers beyond 64 bits that are looked at."""
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"

_decode: Any = msgspec.json.Decoder().decode
_AS_ZEROS = bytes.maketrans(b"123456789", b"000000000")
_NUMBER = re.compile(rb"(?<![0-9.])-?(?:[0-9]{19,}+(?![0-9.eE])|[0-9.]{300,}+(?:[eE][+-]?[0-9]+)?)")


def read_large(content: bytes, *, url: str) -> Any:
    """The value of a large answer. Raises ProtocolViolation."""
    if content.isspace():
        raise _violation("a blank body", "an object of JSON", url)
    if content.startswith(_BYTE_ORDER_MARK):
        content = content[len(_BYTE_ORDER_MARK) :]
    if memory_of(content) > MOST:
        expected = f"an answer of at most some {MOST // 1_000_000} MB with its value"
        raise _violation("more objects, arrays, elements and texts", expected, url)
    colons = _colons(content)
    fault = _number_fault(content)
    if fault is not None:
        raise _violation(*fault, url, content)
    try:
        value = _decode(content)
    except (msgspec.MsgspecError, UnicodeError, RecursionError, ValueError) as error:
        is_cut = "truncated" in str(error)
        met = CUT_SHORT if is_cut else f"{len(content)} bytes that are no strict JSON"
        raise _violation(met, "strict JSON", url, content) from None
    kept = _kept_colons(value)
    if kept is None:
        met, expected = f"more than {DEEPEST} arrays and objects within each other", f"at most {DEEPEST}"
        raise _violation(met, expected, url, content)
    if kept != colons:
        raise _violation("a second member of one name", "each name once in an object", url, content)
    return value


def _colons(content: bytes) -> int:
    """Colons of a text, those written as escapes included."""
    count = content.count(b":")
    if b"\\u003" not in content:
        return count
    if b"\\\\" in content:
        content = content.replace(b"\\\\", b"")
    return count + content.count(b"\\u003a") + content.count(b"\\u003A")


def _number_fault(content: bytes) -> tuple[str, str] | None:
    if b"0" * 19 not in content.translate(_AS_ZEROS):
        return None
    bare = b"".join(outside_texts(without_escapes(content)))
    looked_at = 0
    for found in _NUMBER.finditer(bare):
        number = found[0]
        if len(number) <= 20 and -(2**63) <= int(number) < 2**64:
            continue
        looked_at += 1
        if looked_at > _MOST_NUMBERS:
            return f"more than {_MOST_NUMBERS} whole numbers beyond 64 bits", "numbers that 64 bits hold"
        fault = number_fault(number.decode())
        if fault is not None:
            return fault
    return None


def _kept_colons(value: Any) -> int | None:
    """Colons within all texts of a value, and one for each of its members; None where it is too deep."""
    count = value.count(":") if type(value) is str else 0
    holders: list[Any] = [value] if type(value) is dict or type(value) is list else []
    for _ in range(DEEPEST):
        if not holders:
            return count
        inner: list[Any] = []
        for holder in holders:
            held = holder
            if type(holder) is dict:
                count += len(holder)
                for name in holder:
                    if ":" in name:
                        count += name.count(":")
                held = holder.values()
            for each in held:
                kind = type(each)
                if kind is str:
                    if ":" in each:
                        count += each.count(":")
                elif kind is dict or kind is list:
                    inner.append(each)
        holders = inner
    return None if holders else count


def _violation(met: str, expected: str, url: str, content: bytes = b"") -> ProtocolViolation:
    body = masked(content[:_SHOWN].decode("utf-8", "replace"))
    return ProtocolViolation(pointer="", met=met, expected=expected, url=bare_url(url), body=body)
