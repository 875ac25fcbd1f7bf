"""JSON as ArcGIS servers read it: strict JSON, and the text of a Python dictionary too.

Esri's own scripts post Python dictionaries through `urlencode`, that is `{'distance': 8.5, 'units':
'esriMiles'}`, so servers read single quotes; the page *Submit GP job* shows unquoted keys, *GP data types*
a trailing comma. Clients also send `True`, `False` and `None`, and that servers take these is assumed. All
of it is accepted here, with Python's string escapes and `u''` prefixes, and nothing else: no NaN, no
comments, no tuples.

A text is read strictly first. If that fails, one pass over it turns each Python token into its JSON twin,
and the result must be strict JSON. So the structure is judged in one place, and strict JSON pays nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import msgspec

from gp_protocol.errors import RemoteProtocolError, shown
from gp_protocol.json_limits import JSONLimits, json_limits
from gp_protocol.json_shapes import has_more_parts, has_number_out_of_range, is_deeper, without_texts

_strict: Callable[[str | bytes], Any] = msgspec.json.Decoder().decode
_unbuilt: Callable[[str | bytes], Any] = msgspec.json.Decoder(msgspec.Raw).decode
"""Reads a text strictly, without making its value; only whether numbers are in range is not looked at."""
_LARGE = 100_000

_TOKEN = re.compile(
    r"""(?=[^\s\d.+\-\[\]{}:,]|[\[{:]\s*+,|,\s*+[\]}])(?:
    "(?P<double>[^"\\]*+(?:\\.[^"\\]*+)*+)"
    |'(?P<single>[^'\\]*+(?:\\.[^'\\]*+)*+)'
    |(?P<open>["'])
    |(?P<prefix>\b[uU](?=["']))
    |(?P<key>\b[^\W\d][\w$]*+)\s*+:
    |(?P<word>\b[^\W\d][\w$]*+)
    |(?P<comment>\#|/[/*])
    |(?P<hole>[\[{:]\s*+,)
    |,\s*+(?P<close>[\]}]))""",
    re.VERBOSE | re.DOTALL,
)
_WORDS = {"True": "true", "False": "false", "None": "null", "true": "true", "false": "false", "null": "null"}
_NOT_FINITE = {"nan", "inf", "infinity"}
_ESCAPE = re.compile(
    r"\\(?:x(?P<byte>[0-9a-fA-F]{2})|U(?P<point>[0-9a-fA-F]{8})|(?P<kept>u[0-9a-fA-F]{4}|[\\/bfnrt\"])"
    r"|(?P<quote>')|(?P<unknown>.))|(?P<bare>\")",
    re.DOTALL,
)
_BYTE = re.compile(r" \(byte (\d+)\)")
_LONG_NUMBER = re.compile(r"[0-9][0-9.eE+-]{300,}|[0-9.]+[eE]\+?[0-9]{3,}")
_TEXT_OR_DIGITS = re.compile(
    r""""[^"\\]*+(?:\\.[^"\\]*+)*+"|'[^'\\]*+(?:\\.[^'\\]*+)*+'|(?P<digits>[0-9]++)""", re.DOTALL
)
_DIGITS_AS_ZEROS = bytes.maketrans(b"123456789", b"000000000")


class _Unreadable(Exception):
    """Where a text stops to be readable, what is met there and what was expected."""

    def __init__(self, position: int, met: str, expected: str, remedy: str = "") -> None:
        super().__init__(position, met, expected, remedy)
        self.position = position
        self.met = met
        self.expected = expected
        self.remedy = remedy


def decode_json(
    text: str | bytes, *, strict: bool = False, max_length: int | None = None, max_depth: int | None = None
) -> Any:
    """The value that a text stands for.

    `strict` takes plain JSON only. Of a key that stands twice the last value counts; a byte order mark is
    passed over. `max_length` is in characters or bytes, `max_depth` counts arrays and objects within each
    other; without them, and for the parts and the digits of a number, the limits of `json_limits` hold, or
    those of `JSONLimits()`. Raises `RemoteProtocolError`, where it can with line and column.
    """
    limits = json_limits.get()
    max_length = limits.length if max_length is None else max_length
    max_depth = limits.depth if max_depth is None else max_depth
    if len(text) > max_length:
        raise RemoteProtocolError(met=f"{len(text)} characters", expected=f"at most {max_length}")
    if len(text) > limits.digits:
        _check_digits(text, limits)
    check_parts(text)
    try:
        value = _strict(text)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return _decode_other(_as_text(text), strict, max_depth)
    opened = (
        text.count("[") + text.count("{") if isinstance(text, str) else text.count(b"[") + text.count(b"{")
    )
    if opened > max_depth and _is_deeper(value, max_depth):
        raise _too_deep(max_depth)
    return value


def reads_as_json(text: str) -> bool:
    """Whether the whole text is one JSON array or object, read leniently.

    Such a text leaves the server unquoted and byte for byte when it is the value of a GPString, as recorded
    from print services and from a tool that set the text of a Python dictionary.
    """
    if text.lstrip(" \t\r\n")[:1] not in ("{", "["):
        return False
    try:
        if len(text) < _LARGE:
            decode_json(text)
        else:
            _check_unbuilt(text)
    except RemoteProtocolError:
        return False
    return True


def _check_unbuilt(text: str) -> None:
    """Raise where `decode_json` would. A value of millions of parts, which nobody needs, is not made: that
    takes seconds, in which no other thread runs."""
    limits = json_limits.get()
    if len(text) > limits.length:
        raise RemoteProtocolError(met=f"{len(text)} characters", expected=f"at most {limits.length}")
    _check_digits(text, limits)
    try:
        _unbuilt(text)
        written = text
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        written = bytes(_decode_other(_as_text(text), False, limits.depth, _unbuilt)).decode()
    bare = without_texts(written)
    if has_number_out_of_range(bare):
        raise RemoteProtocolError(met="a number out of range", expected="a number in the range of a double")
    if is_deeper(bare, limits.depth):
        raise _too_deep(limits.depth)


def _as_text(text: str | bytes) -> str:
    if isinstance(text, bytes):
        try:
            text = text.decode("utf-8")
        except UnicodeDecodeError as error:
            raise RemoteProtocolError(
                met=f"byte 0x{text[error.start]:02x} at offset {error.start}", expected="text in UTF-8"
            ) from None
    return text.removeprefix("\ufeff")


def _check_digits(text: str | bytes, limits: JSONLimits) -> None:
    """Raise for a number of more digits, before any reader spends its time on it; digits within a text in
    quotes are no number."""
    encoded = text if isinstance(text, bytes) else text.encode(errors="replace")
    limit = limits.digits
    if b"0" * (limit + 1) not in encoded.translate(_DIGITS_AS_ZEROS):
        return
    text = text if isinstance(text, str) else text.decode(errors="replace")
    for match in _TEXT_OR_DIGITS.finditer(text):
        start, end = match.span("digits")
        if end - start > limit:
            raise RemoteProtocolError(
                met=f"{end - start} digits at line {text.count(chr(10), 0, start) + 1}, "
                f"column {start - text.rfind(chr(10), 0, start)}",
                expected=f"a number of at most {limit} digits",
                remedy=limits.digits_remedy,
            )


def check_parts(text: str | bytes) -> None:
    """Raises RemoteProtocolError for a text of more parts than the limit, before any reader makes values of
    them: they take many times its length in memory."""
    limits = json_limits.get()
    if len(text) <= limits.parts:
        return
    if has_more_parts(text if isinstance(text, str) else text.decode(errors="replace"), limits.parts):
        raise RemoteProtocolError(
            met="more parts",
            expected=f"at most {limits.parts} members and elements, counted with their arrays and objects",
            remedy=limits.parts_remedy,
        )


def _decode_other(
    text: str, strict: bool, max_depth: int, read: Callable[[str | bytes], Any] = _strict
) -> Any:
    """Decode a text that is not strict JSON as it stands, or say where it goes wrong."""
    try:
        value = _decode_rewritten(text, _itself if strict else _twin, read)
    except _Unreadable as error:
        line = text.count("\n", 0, error.position) + 1
        column = error.position - text.rfind("\n", 0, error.position)
        raise RemoteProtocolError(
            met=f"{error.met} at line {line}, column {column}", expected=error.expected, remedy=error.remedy
        ) from None
    except RecursionError:
        raise _too_deep(max_depth) from None
    if _is_deeper(value, max_depth):
        raise _too_deep(max_depth)
    return value


def _decode_rewritten(
    text: str, twin: Callable[[re.Match[str]], str], read: Callable[[str | bytes], Any]
) -> Any:
    if twin is _twin and "\\" not in text and '"' not in text:
        # With neither of these, every single quote begins or ends a text.
        try:
            return read(text.replace("'", '"'))
        except (msgspec.MsgspecError, UnicodeError):
            pass
    try:
        return read(_TOKEN.sub(twin, text))
    except UnicodeError:
        position = next(index for index, letter in enumerate(text) if "\ud800" <= letter <= "\udfff")
        raise _Unreadable(position, "half a surrogate pair", "text that UTF-8 can carry") from None
    except msgspec.MsgspecError as error:
        reason = str(error)
    at_byte = _BYTE.search(reason)
    if at_byte:
        # Of what trails after the value the decoder names the second byte.
        trailing = "trailing" in reason
        position = _original_position(text, int(at_byte[1]) - trailing, twin)
        met = shown(text[position]) if position < len(text) else "the end of the text"
        raise _Unreadable(
            position, met, "nothing after the value" if trailing else "JSON, or the Python text of it"
        )
    if "out of range" in reason:
        number = _LONG_NUMBER.search(text)
        position = number.start() if number else 0
        raise _Unreadable(position, shown(number[0] if number else text), "a number in the range of a double")
    raise _Unreadable(len(text), "the end of the text", "the rest of the JSON")


def _itself(token: re.Match[str]) -> str:
    return token[0]


def _twin(token: re.Match[str]) -> str:
    """What the token is called in strict JSON."""
    kind = token.lastgroup
    if kind == "single" or kind == "double":
        content = token[kind]
        if "\\" in content or '"' in content:
            start = token.start(kind)
            content = _ESCAPE.sub(lambda escape: _escape_twin(escape, start), content)
        return f'"{content}"'
    if kind == "key":
        return f'"{token["key"]}":'
    if kind == "close":
        return token["close"]
    if kind == "prefix":
        return ""
    if kind == "word":
        word = token["word"]
        if word in _WORDS:
            return _WORDS[word]
        if word.lower() in _NOT_FINITE:
            raise _Unreadable(token.start(), word, "a finite number")
        raise _Unreadable(token.start(), word[:80], "a value", "put a text in quotes")
    if kind == "comment":
        raise _Unreadable(token.start(), "a comment", "JSON, which has none")
    if kind == "open":
        raise _Unreadable(token.start(), "a quote", "a quote that closes it")
    raise _Unreadable(token.end() - 1, '","', "a value before the comma")


def _escape_twin(escape: re.Match[str], start: int) -> str:
    kind = escape.lastgroup
    if kind == "kept":
        return escape[0]
    if kind == "quote":
        return "'"
    if kind == "bare":
        return '\\"'
    if kind == "byte":
        return f"\\u00{escape['byte']}"
    if kind == "point" and int(escape["point"], 16) <= 0x10FFFF:
        letter = chr(int(escape["point"], 16))
        return f"\\u{ord(letter):04x}" if letter < "\ue000" else letter
    raise _Unreadable(start + escape.start(), shown(escape[0]), "an escape that JSON or Python knows")


def _original_position(text: str, byte: int, twin: Callable[[re.Match[str]], str]) -> int:
    """Where in `text` that stands which is written at this byte of its rewritten form."""
    written = position = 0
    for token in _TOKEN.finditer(text):
        between = text[position : token.start()].encode()
        if written + len(between) > byte:
            break
        written += len(between)
        position = token.start()
        written += len(twin(token).encode())
        if written > byte:
            return position
        position = token.end()
    return position + len(text[position:].encode()[: byte - written].decode("utf-8", "ignore"))


def _is_deeper(value: Any, limit: int) -> bool:
    """Whether lists and dictionaries lie within each other more than `limit` times."""
    holders = [value] if isinstance(value, list | dict) else []
    for _ in range(limit):
        if not holders:
            return False
        holders = [
            inner
            for holder in holders
            for inner in (holder if isinstance(holder, list) else holder.values())
            if type(inner) is list or type(inner) is dict
        ]
    return bool(holders)


def _too_deep(limit: int) -> RemoteProtocolError:
    return RemoteProtocolError(
        met="deeper nesting",
        expected=f"at most {limit} levels of arrays and objects",
        remedy=json_limits.get().depth_remedy,
    )
