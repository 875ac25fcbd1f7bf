"""JSON that is not in order: what is wrong with it, and its value where one can be told all the same.

Nothing here runs on a good body.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from typing import Any, Final

from gp_client.reading.json_faults import DEEPEST, first_fault, number_fault
from gp_client.reading.json_packing import text_of, unpacked
from gp_client.reading.quoting import quoted
from msgspec import UNSET

from gpharness.checking.looking import Looking, NotFinite, Phrase, join

_LARGEST: Final = 16_000_000
"""Bytes beyond which the place of a fault is not looked for."""
_MOST_LOOKED_AT: Final = 2_000_000
_GEOMETRY: Final = frozenset({"geometry"})
_STEP: Final = re.compile(r"/([^/]*)")
_CHARSET: Final = re.compile(r"charset\s*=\s*[\"']?([\w.:-]{1,40})", re.IGNORECASE)
_DEEP: Final = Phrase(f"more than {DEEPEST} arrays and objects within each other")
_STRICT: Final = "strict JSON in UTF-8"
_HALF: Final = re.compile(r"\\u[dD][89a-fA-F]")


def read_unsound(look: Looking, body: bytes, content_type: str) -> Any:
    """The value of a body that the quick reader did not take; UNSET where none is beyond doubt."""
    look.is_strict = False
    if not body or body.isspace():
        look.say("format.not-json", "", Phrase("a blank body" if body else "no body"), "JSON")
        return UNSET
    if len(body) > _LARGEST:
        _say_of_large(look, body)
        return UNSET
    text = text_of(body, content_type)
    mended = unpacked(text)
    odd = _Odd()
    try:
        value = odd.decoder.decode(mended)
    except RecursionError:
        look.say("format.size", "", _DEEP, f"at most {DEEPEST}")
        return UNSET
    except ValueError:
        fault = first_fault(mended)
        path = _path(fault.pointer) if fault else ""
        met = Phrase(fault.met if fault else quoted(mended, 60))
        if fault is not None and fault.met == _DEEP.text:
            look.say("format.size", "", _DEEP, f"at most {DEEPEST}")
        else:
            look.say("format.not-json", path, met, fault.expected if fault else "JSON")
        return UNSET
    if odd.large:
        fault = first_fault(mended)
        path = _path(fault.pointer) if fault and fault.met.startswith(odd.large[:10]) else ""
        look.say("format.size", path, Phrase(quoted(odd.large, 60)), "numbers that 64 bits or a double hold")
        return UNSET
    if _is_too_deep(value):
        look.say("format.size", "", _DEEP, f"at most {DEEPEST}")
        return UNSET
    if odd.twice is not None:
        path = next((path for path, each in _walked(value) if type(each) is _Twice), "")
        met = Phrase(f"a second {quoted(odd.twice, 80)}")
        look.say("format.duplicate-key", join(path, odd.twice), met, "each name once in an object")
        return UNSET
    if mended.encode("utf-8", "replace") != body:
        packing = _packing(body, text, content_type, is_callback_asked=bool(look.asked("callback")))
        if packing:
            look.say("format.not-strict-json", "", Phrase(packing), _STRICT)
    if odd.not_finite:
        place = next((path for path, each in _walked(value) if type(each) is NotFinite), None)
        if place is not None:
            look.say("format.not-strict-json", place, Phrase(odd.not_finite), "a finite number, or null")
    return value


class _Twice(dict[str, Any]):
    """An object in which one name stands twice."""


class _Odd:
    """A decoder of JSON that takes what may be taken, and keeps what was odd."""

    def __init__(self) -> None:
        self.twice: str | None = None
        self.large = ""
        self.not_finite = ""
        self.decoder = json.JSONDecoder(
            object_pairs_hook=self._object,
            parse_constant=self._constant,
            parse_float=self._float,
            parse_int=self._int,
        )

    def _object(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        made = dict(pairs)
        if len(made) == len(pairs):
            return made
        if self.twice is None:
            seen: set[str] = set()
            self.twice = next(name for name, _ in pairs if name in seen or seen.add(name))  # type: ignore[func-returns-value]
        return _Twice(made)

    def _constant(self, word: str) -> float:
        self.not_finite = self.not_finite or word
        return NotFinite(word.replace("Infinity", "inf"))

    def _float(self, number: str) -> float:
        value = float(number)
        if math.isinf(value) or (len(number) > 900 and number_fault(number)):
            self.large = self.large or number
        return value

    def _int(self, number: str) -> float:
        if len(number) < 19:
            return int(number)
        if number_fault(number):
            self.large = self.large or number
            return 0
        return int(number)


def _packing(body: bytes, text: str, content_type: str, *, is_callback_asked: bool) -> str:
    """What is odd about how the JSON is packed; empty where it is as it was asked for, or as its label
    says."""
    start = body[:4]
    if start.startswith(b"\xef\xbb\xbf"):
        return "a byte order mark before the JSON"
    if b"\x00" in start or start.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "UTF-16 or UTF-32"
    try:
        body.decode()
    except UnicodeDecodeError as error:
        charset = _CHARSET.search(content_type)
        if charset is None or charset[1].lower().startswith("utf"):
            return f"bytes that are no UTF-8, at byte {error.start + 1}"
    if text.lstrip()[:1] not in ("{", "[", '"'):
        return "" if is_callback_asked else "a call of a function around the JSON, which nobody asked for"
    fault = first_fault(text)
    where = f" at {_path(fault.pointer)}" if fault and fault.pointer else ""
    if _HALF.search(text) and fault is None:
        return "half of a surrogate pair within a text"
    return f"a control character within a text{where}" if fault else ""


def _walked(value: Any) -> Iterator[tuple[str, Any]]:
    """Places and values, but for what is within geometries, which is looked at as such."""
    stack: list[tuple[str, Any]] = [("", value)]
    for _ in range(_MOST_LOOKED_AT):
        if not stack:
            return
        path, each = stack.pop()
        yield path, each
        if isinstance(each, dict):
            members = [(join(path, key), inner) for key, inner in each.items() if key not in _GEOMETRY]
            stack.extend(reversed(members))
        elif type(each) is list:
            stack.extend((f"{path}[{index}]", inner) for index, inner in reversed(list(enumerate(each))))


def _is_too_deep(value: Any) -> bool:
    holders: list[Any] = [value] if isinstance(value, dict | list) else []
    for _ in range(DEEPEST):
        if not holders:
            return False
        holders = [
            inner
            for holder in holders
            for inner in (holder if type(holder) is list else holder.values())
            if isinstance(inner, dict | list)
        ]
    return bool(holders)


def _say_of_large(look: Looking, body: bytes) -> None:
    if body.startswith(b"\xef\xbb\xbf") or b"\x00" in body[:4]:
        look.say(
            "format.not-strict-json", "", Phrase("a byte order mark, or UTF-16, in a large body"), _STRICT
        )
        return
    look.say("format.not-json", "", Phrase(f"{len(body)} bytes that are no strict JSON"), "JSON")


def _path(pointer: str) -> str:
    """A JSON pointer in the form that findings have."""
    path = ""
    for step in _STEP.findall(pointer):
        key = step.replace("~1", "/").replace("~0", "~")
        path = f"{path}[{key}]" if key.isdecimal() else join(path, key)
    return path
