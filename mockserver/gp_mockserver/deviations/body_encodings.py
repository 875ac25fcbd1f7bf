"""Other forms of the same body: packed, in another character set, in quotes that are not JSON's.

A form that a body cannot take (Python's text for what is no JSON, a character set for what is no UTF-8)
leaves it as it is.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Final

from gp_mockserver.deviations.json_documents import BYTE_ORDER_MARK, read, write
from gp_mockserver.deviations.json_scanning import NotJSON

Encoding = Callable[[bytes, int], bytes]
"""Takes a body and how many bytes it may become."""

_TOKENS: Final = re.compile(
    rb"""(?P<text>"[^"\\]*+(?:\\.[^"\\]*+)*+")|'[^'\\]*+(?:\\.[^'\\]*+)*+'|\b(?P<word>true|false|null)\b""",
    re.DOTALL,
)
_ESCAPE_OR_SLASH: Final = re.compile(rb"\\.|/", re.DOTALL)
_NOT_ASCII: Final = re.compile(r"[^\x00-\x7f]+")
_PYTHON_WORDS: Final = {b"true": b"True", b"false": b"False", b"null": b"None"}


def _gzip(body: bytes, limit: int) -> bytes:
    import gzip

    return gzip.compress(body, mtime=0)


def _gzip_cut(body: bytes, limit: int) -> bytes:
    packed = _gzip(body, limit)
    return packed[: len(packed) // 2]


def _gzip_with_wrong_sum(body: bytes, limit: int) -> bytes:
    packed = _gzip(body, limit)
    wrong = bytes(byte ^ 0xFF for byte in packed[-8:-4])
    return packed[:-8] + wrong + packed[-4:]


def _in_latin_1(body: bytes, limit: int) -> bytes:
    """What Latin-1 does not have becomes an escape of JSON, or of HTML."""
    try:
        text = body.decode()
    except UnicodeError:
        return body
    if text.lstrip()[:1] == "<":
        return text.encode("latin-1", "xmlcharrefreplace")
    return re.sub(r"[^\x00-\xff]+", _escaped, text).encode("latin-1")


def _in_utf_16(body: bytes, limit: int) -> bytes:
    """With a byte order mark, the low byte first."""
    try:
        return b"\xff\xfe" + body.decode().encode("utf-16-le")
    except UnicodeError:
        return body


def _with_mark(body: bytes, limit: int) -> bytes:
    return BYTE_ORDER_MARK + body


def _as_python_text(body: bytes, limit: int) -> bytes:
    """As `repr` writes each text, and `True`, `False`, `None`."""

    def twin(token: re.Match[bytes]) -> bytes:
        if token["word"] is not None:
            return _PYTHON_WORDS[token["word"]]
        if token["text"] is None:
            return token[0]
        return repr(json.loads(token["text"], strict=False)).encode()

    return _with_tokens(body, twin)


def _as_one_text(body: bytes, limit: int) -> bytes:
    try:
        return json.dumps(body.decode(), ensure_ascii=False).encode()
    except UnicodeError:
        return body


def _with_escaped_slashes(body: bytes, limit: int) -> bytes:
    def escaped(token: re.Match[bytes]) -> bytes:
        if token["text"] is None:
            return token[0]
        return _ESCAPE_OR_SLASH.sub(lambda each: rb"\/" if each[0] == b"/" else each[0], token[0])

    return _with_tokens(body, escaped)


def _with_escaped_letters(body: bytes, limit: int) -> bytes:
    """Every character beyond ASCII as `\\u` and four digits."""

    def escaped(token: re.Match[bytes]) -> bytes:
        return token[0] if token["text"] is None else _NOT_ASCII.sub(_escaped, token[0].decode()).encode()

    return _with_tokens(body, escaped)


def _escaped(letters: re.Match[str]) -> str:
    return json.dumps(letters[0])[1:-1]


def _with_tokens(body: bytes, rule: Callable[[re.Match[bytes]], bytes]) -> bytes:
    try:
        read(body)
        return _TOKENS.sub(rule, body)
    except (NotJSON, ValueError):
        return body


def _twice(body: bytes, limit: int) -> bytes:
    return body + body


def _laid_out(pretty: bool) -> Encoding:
    def encoded(body: bytes, limit: int) -> bytes:
        try:
            return write(read(body), pretty, limit)
        except NotJSON:
            return body

    return encoded


ENCODINGS: Final[dict[str, Encoding]] = {
    "gzip": _gzip,
    "gzip-cut": _gzip_cut,
    "gzip-wrong-crc": _gzip_with_wrong_sum,
    "latin-1": _in_latin_1,
    "utf-16": _in_utf_16,
    "bom": _with_mark,
    "single-quotes": _as_python_text,
    "text": _as_one_text,
    "escaped-slashes": _with_escaped_slashes,
    "escaped-letters": _with_escaped_letters,
    "twice": _twice,
    "pretty": _laid_out(True),
    "compact": _laid_out(False),
}
"""The forms by name: gzip, cut off in its middle, or with a check sum that is wrong; Latin-1; UTF-16; a UTF-8
byte order mark first; the text of a Python dictionary; the whole body as one JSON text; slashes, or all
beyond ASCII, escaped; the document twice; the layouts of `f=pjson` and `f=json`."""
