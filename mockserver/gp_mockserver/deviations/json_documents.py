"""A JSON answer in a form that can be edited: what an edit does not touch leaves byte for byte as it came.

A document is read no further than it is looked into. `Unread` is the text of a value as the answer had it;
`opened` makes of it an `Object` or an `Array` whose own parts are unread again. So a large answer is edited
without a value being made of it, numbers and texts keep their spelling, and an object may hold a key twice.
`Literal` is text that an edit put in the place of a value, JSON or not; no layout touches it.
"""

from __future__ import annotations

import json
import math
import re
import sys
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, Final

import msgspec
from gp_protocol.errors import shown

from gp_mockserver.deviations.body_limits import MOST_BYTES, check_size
from gp_mockserver.deviations.json_scanning import NotJSON, scan
from gp_mockserver.errors import SiteFileError

BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
_BLANKS: Final = b" \t\r\n"
_NUMBER_BEGINS: Final = frozenset(bytes([first]) for first in b"-0123456789")
_MOST_DIGITS: Final = 1000
_DEEPEST: Final = 100
"""How deep a value may be that an edit puts into an answer; a `Literal` may be of any depth."""

_encode = msgspec.json.Encoder().encode
_check = msgspec.json.Decoder(msgspec.Raw).decode
_members = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_elements = msgspec.json.Decoder(list[msgspec.Raw]).decode
_format = msgspec.json.format
_REFUSALS: Final = (msgspec.MsgspecError, RecursionError, UnicodeError)
_CALLBACK: Final = re.compile(rb"\s*[A-Za-z_$][\w$.\[\]]*\((.*)\)\s*;?\s*", re.DOTALL)


class Literal(msgspec.Struct, frozen=True, gc=False):
    """Text that stands for a value as it is: `NaN`, thirty digits, a text in its quotes, no JSON at all."""

    text: bytes


class Unread(msgspec.Struct, frozen=True, gc=False):
    """The text of a value as it was answered; `lines`: it stands in several lines and is not laid out
    again."""

    text: bytes
    lines: bool = False


class Object(msgspec.Struct, frozen=True):
    """The members in their order; a key may stand twice."""

    members: tuple[tuple[str, Value], ...]


class Array(msgspec.Struct, frozen=True):
    elements: tuple[Value, ...]


Value = Literal | Unread | Object | Array


class Document(msgspec.Struct, frozen=True):
    """A JSON text. `before` and `after` are the byte order mark and the blanks around it; `pretty`: it came
    in the layout of `f=pjson`."""

    root: Value
    before: bytes = b""
    after: bytes = b""
    pretty: bool = False


def read(body: bytes) -> Document:
    """The document that a body is, in UTF-8: strict JSON, and what `json_scanning` reads beyond it.

    Raises NotJSON, with line and column.
    """
    start = body.removeprefix(BYTE_ORDER_MARK).lstrip(_BLANKS)
    text = start.rstrip(_BLANKS)
    before, after = body[: len(body) - len(start)], start[len(text) :]
    if not text:
        raise NotJSON("no text", "a JSON value")
    try:
        _check(text)
    except _REFUSALS:
        scan(text)
    if b"\n" not in text:
        return Document(Unread(text), before, after)
    try:
        compact = _format(text, indent=-1)
        is_pretty = _format(compact, indent=1) == text
    except _REFUSALS:
        is_pretty = False
    # A text with parts that were laid out by somebody else stays as it is.
    return Document(Unread(compact) if is_pretty else Unread(text, lines=True), before, after, pretty=True)


def write(document: Document, pretty: bool | None = None, limit: int = MOST_BYTES) -> bytes:
    """The document's bytes, laid out as `gp_protocol.json_text` does: `encode_json`, or `encode_pjson` where
    `pretty` is true; as the document came where it is None.

    Raises BodyTooLarge for more than `limit` bytes, before they are made.
    """
    around = len(document.before) + len(document.after)
    text = _written(document.root, document.pretty if pretty is None else pretty, limit - around)
    return document.before + text + document.after if around else text


def written(value: Value, limit: int = MOST_BYTES) -> bytes:
    """The value's text in one line. Raises BodyTooLarge."""
    return _written(value, False, limit)


def _written(root: Value, pretty: bool, limit: int) -> bytes:
    pieces: list[bytes] = []
    size = 0
    to_do: list[bytes | tuple[Value, int]] = [(root, 0)]
    while to_do:
        next_one = to_do.pop()
        if isinstance(next_one, bytes):
            piece = next_one
        else:
            value, level = next_one
            laid_out = _laid_out(value, pretty, level)
            if not isinstance(laid_out, bytes):
                to_do += reversed(_parts(laid_out, pretty, level))
                continue
            piece = laid_out
        size += len(piece)
        check_size("the edited body", size, limit)
        pieces.append(piece)
    return pieces[0] if len(pieces) == 1 else b"".join(pieces)


def _parts(value: Object | Array, pretty: bool, level: int) -> list[bytes | tuple[Value, int]]:
    """The value's text as pieces, and between them its own parts with their depth."""
    line_break = b"\n" + b" " * level if pretty else b""
    inner = line_break + b" " if pretty else b""
    colon = b": " if pretty else b":"
    parts: list[bytes | tuple[Value, int]] = []
    if isinstance(value, Object):
        lead = b"{" + inner
        for key, member in value.members:
            parts += (lead + _text(key) + colon, (member, level + 1))
            lead = b"," + inner
        parts.append(line_break + b"}" if parts else b"{}")
    else:
        lead = b"[" + inner
        for element in value.elements:
            parts += (lead, (element, level + 1))
            lead = b"," + inner
        parts.append(line_break + b"]" if parts else b"[]")
    return parts


def _laid_out(value: Value, pretty: bool, level: int) -> bytes | Object | Array:
    """The value's text in this layout, or the value itself where that is made of its parts."""
    if not isinstance(value, Unread):
        return value.text if isinstance(value, Literal) else value
    if value.lines == pretty or value.text[:1] not in (b"{", b"["):
        return value.text
    try:
        if not pretty:
            return _format(value.text, indent=-1)
        return _format(value.text, indent=1).replace(b"\n", b"\n" + b" " * level)
    except RecursionError:
        # In lines of their own, its levels would take up the square of their number.
        return value.text
    except (msgspec.MsgspecError, UnicodeError):
        pass
    # Of what is no strict JSON the parts that are get the layout; what was written by hand is left alone.
    inside = opened(value)
    is_made_of_parts = b"\n" in value.text if value.lines else written(inside, sys.maxsize) == value.text
    return inside if is_made_of_parts and isinstance(inside, Object | Array) else value.text


def opened(value: Value) -> Value:
    """The value as an Object or an Array, if it is one; else the value itself."""
    if not isinstance(value, Unread | Literal) or value.text[:1] not in (b"{", b"["):
        return value
    text = value.text
    lines = value.lines if isinstance(value, Unread) else b"\n" in text
    try:
        if text[:1] == b"[":
            return Array(tuple(Unread(bytes(each), lines) for each in _elements(text)))
        found = _members(text)
        if _has_each_key_once(text, found):
            return Object(tuple((key, Unread(bytes(each), lines)) for key, each in found.items()))
    except _REFUSALS:
        pass
    try:
        scanned = scan(text)
    except NotJSON:
        return value
    parts = [Unread(text[start:end], lines) for start, end in scanned.spans]
    if text[:1] == b"[":
        return Array(tuple(parts))
    return Object(tuple(zip(scanned.keys, parts, strict=True)))


def _has_each_key_once(text: bytes, found: Mapping[str, msgspec.Raw]) -> bool:
    """Whether a strict reader, of whose equal keys the last one wins, has lost none."""
    if _size(found) == len(text):
        return True
    compact = _format(text, indent=-1)
    return _size(_members(compact)) == len(compact)


def _size(found: Mapping[str, msgspec.Raw]) -> int:
    return sum(len(_text(key)) + len(memoryview(each)) + 2 for key, each in found.items()) + 1 + (not found)


def raw_of(value: Value) -> bytes:
    """The value's own text; empty where the value is made of parts."""
    return value.text if isinstance(value, Unread | Literal) else b""


def value_of(data: Any, path: str = "value") -> Value:
    """The document's form of a value from Python: JSON's own types, and `Literal` anywhere in it.

    NaN and infinities become `NaN` and `Infinity`. Raises SiteFileError for anything else, said of `path`.
    """
    return _value_of(data, path, 0)


def _value_of(data: Any, path: str, depth: int) -> Value:
    if depth > _DEEPEST:
        raise SiteFileError(path, "deeper nesting", f"at most {_DEEPEST} levels", 'give it as "$literal"')
    if isinstance(data, Literal | Unread | Object | Array):
        return data
    if isinstance(data, Mapping):
        for key in data:
            if not isinstance(key, str):
                raise SiteFileError(path, f"the key {shown(key)}", "keys that are texts", "put it in quotes")
        return Object(tuple((key, _value_of(each, f"{path}.{key}", depth + 1)) for key, each in data.items()))
    if isinstance(data, list | tuple):
        return Array(tuple(_value_of(each, f"{path}[{i}]", depth + 1) for i, each in enumerate(data)))
    if isinstance(data, str):
        return Literal(_text(data))
    if data is None or isinstance(data, int):
        try:
            return Literal(_encode(data))
        except ValueError as error:
            raise SiteFileError(path, str(error), "a shorter number", 'give it as "$literal"') from None
    if isinstance(data, float):
        return Literal(_encode(data) if math.isfinite(data) else json.dumps(data).encode())
    if isinstance(data, bytes):
        raise SiteFileError(path, f"{len(data)} bytes", "a JSON value", 'put them into a "$literal"')
    raise SiteFileError(path, shown(data), "a JSON value")


def _text(text: str) -> bytes:
    try:
        return _encode(text)
    except UnicodeError:
        return json.dumps(text).encode()


def text_of(value: Value) -> str | None:
    """The text that the value is, or None where it is none."""
    raw = raw_of(value)
    if raw[:1] != b'"':
        return None
    try:
        text = json.loads(raw.decode("utf-8", "surrogateescape"), strict=False)
    except ValueError:
        return None
    return text if isinstance(text, str) else None


def number_of(value: Value) -> Decimal | None:
    """The number that the value is, exactly as it is spelled, or None where it is none, or one of more than
    a thousand digits."""
    raw = raw_of(value)
    if raw[:1] not in _NUMBER_BEGINS or len(raw) > _MOST_DIGITS:
        return None
    try:
        number = Decimal(raw.decode("ascii"))
    except (InvalidOperation, UnicodeError):
        return None
    return number if number.is_finite() and abs(number.adjusted()) <= _MOST_DIGITS else None


def jsonp_parts(body: bytes) -> tuple[bytes, bytes, bytes]:
    """A body as `callback(`, the JSON, and `);`; the first and the last are empty where it is no JSONP."""
    called = _CALLBACK.fullmatch(body)
    if called is None:
        return b"", body, b""
    start, end = called.span(1)
    return body[:start], body[start:end], body[end:]
