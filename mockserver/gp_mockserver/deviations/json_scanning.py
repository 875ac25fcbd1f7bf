"""One pass over JSON text that finds where the members and elements of its outermost value stand.

It reads what strict readers refuse and answers hold all the same: the text of a Python dictionary (which the
mock writes where a tool set one), bare keys, commas too many, NaN, keys that stand twice, nesting of any
depth. Nothing is decoded but the keys, and nothing recurses.
"""

from __future__ import annotations

import json
import re
from typing import Final, NoReturn

import msgspec
from gp_protocol.errors import RemoteProtocolError, shown
from gp_protocol.lenient_json import decode_json

from gp_mockserver.errors import MockServerError

_BLANKS: Final = rb"[ \t\r\n]*+"
_TEXT: Final = (
    rb"""(?:"[^"\\]*+(?:\\.[^"\\]*+)*+"|[uU]?'[^'\\]*+(?:\\.[^'\\]*+)*+'|[uU]"[^"\\]*+(?:\\.[^"\\]*+)*+")"""
)
_NUMBER: Final = rb"[+-]?+(?:[0-9]++(?:\.[0-9]*+)?|\.[0-9]++)(?:[eE][+-]?[0-9]++)?"
_TOKEN: Final = re.compile(
    _BLANKS + rb"(?:(?P<key>" + _TEXT + _BLANKS + rb":)"
    rb"|(?P<text>" + _TEXT + rb")"
    rb"|(?P<numbers>\[" + _NUMBER + rb"(?:," + _NUMBER + rb")*+\])"
    rb"|(?P<open>[\[{])|(?P<close>[\]}])|(?P<comma>,)"
    rb"|(?P<bare>[A-Za-z_$][\w$]*+" + _BLANKS + rb":)"
    rb"|(?P<word>[^\s\[\]{},:\"']++))",
    re.DOTALL,
)
_VALUE_WORD: Final = re.compile(rb"true|false|null|True|False|None|[+-]?(?:NaN|nan|Infinity|inf)|" + _NUMBER)
_REST: Final = re.compile(_BLANKS)
_CLOSERS: Final = {b"{": b"}", b"[": b"]"}

_ELEMENT: Final = "a value"
_KEY: Final = "a key"
_MEMBER: Final = "the value of the key"
_AFTER: Final = "a comma, or the end of what was opened"


class NotJSON(MockServerError):
    """A text is no JSON: where, what stands there, and what was expected."""

    def __init__(self, met: str, expected: str) -> None:
        super().__init__(f"met {met}, expected {expected}; only JSON can be edited as JSON")
        self.met = met
        self.expected = expected


class Scanned(msgspec.Struct, frozen=True):
    """What stands in the outermost value: the span of each element or member, and, of an object, the keys
    beside them; both empty for a text, a number or a word."""

    keys: list[str]
    spans: list[tuple[int, int]]


def scan(text: bytes) -> Scanned:
    """Where each part of the outermost value of `text` stands; blanks around it are passed over.

    Raises NotJSON.
    """
    keys: list[str] = []
    spans: list[tuple[int, int]] = []
    closers: list[bytes] = []
    position = opened_at = 0
    in_value = True
    state = _ELEMENT
    while in_value:
        token = _TOKEN.match(text, position)
        if token is None:
            _refuse(text, position, state)
        kind = token.lastgroup or ""
        start, position = token.start(kind), token.end()
        if kind == "key" or kind == "bare":
            if state != _KEY:
                _refuse(text, start, state)
            if len(closers) == 1:
                keys.append(_decoded_key(token[kind][:-1].rstrip(), kind))
            state = _MEMBER
        elif kind == "comma":
            if state != _AFTER:
                _refuse(text, start, state)
            state = _KEY if closers[-1] == b"}" else _ELEMENT
        elif kind == "close":
            if not closers or token["close"] != closers.pop() or state == _MEMBER:
                _refuse(text, start, state)
            if len(closers) == 1:
                spans.append((opened_at, position))
            state = _AFTER
        elif state not in (_ELEMENT, _MEMBER) or (
            kind == "word" and not _VALUE_WORD.fullmatch(token["word"])
        ):
            _refuse(text, start, state)
        elif kind == "open":
            if len(closers) == 1:
                opened_at = start
            closers.append(_CLOSERS[token["open"]])
            state = _KEY if closers[-1] == b"}" else _ELEMENT
        else:
            if len(closers) == 1:
                spans.append((start, position))
            state = _AFTER
        in_value = bool(closers)
    rest = _REST.match(text, position)
    if rest is not None and rest.end() < len(text):
        _refuse(text, rest.end(), "nothing after the value")
    return Scanned(keys, spans)


def _decoded_key(key: bytes, kind: str) -> str:
    written = key.decode("utf-8", "replace")
    if kind == "bare":
        return written
    try:
        if written.startswith('"'):
            return str(json.loads(written, strict=False))
        return str(decode_json(written))
    except (ValueError, RemoteProtocolError):
        return written[1:-1]


def _refuse(text: bytes, position: int, expected: str) -> NoReturn:
    blanks = _REST.match(text, position)
    position = blanks.end() if blanks else position
    if position >= len(text):
        raise NotJSON("the end of the text", expected)
    met = shown(text[position : position + 40].decode("utf-8", "replace"))
    line = text.count(b"\n", 0, position) + 1
    column = position - text.rfind(b"\n", 0, position)
    raise NotJSON(f"{met} at line {line}, column {column}", expected)
