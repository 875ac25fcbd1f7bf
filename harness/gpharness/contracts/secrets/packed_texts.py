"""Texts that are packed in base64 within other texts."""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

_CLASS: Final = bytes(
    97 if chr(each).isascii() and (chr(each).isalnum() or chr(each) in "+/_-") else 32 for each in range(256)
)
_SHORTEST_RUN: Final = 16
LARGE: Final = 100_000
"""Characters of a text in which short words are not unpacked."""


def runs_of(text: str, shortest: int = _SHORTEST_RUN) -> list[tuple[int, int]]:
    """Where sixteen letters, digits and `+/_-`, or more, stand in a row."""
    data = text.encode("latin-1", "replace").translate(_CLASS)
    runs = []
    wanted = b"a" * shortest
    place = data.find(wanted)
    while place >= 0:
        end = data.find(b" ", place)
        end = len(data) if end < 0 else end
        before = text[place - 1 : place]
        if before in _ESCAPED and (escape := _ESCAPED[before].match(text, place)) and escape.end() < end:
            place = escape.end()
        runs.append((place, end))
        place = data.find(wanted, end)
    return runs


_ESCAPED: Final = {
    "%": re.compile(r"(?:25)*[0-9A-Fa-f]{2}"),
    "\\": re.compile(r"u[0-9A-Fa-f]{4}|[bfnrt/]"),
}
"""What of an escape stands where a run seems to begin: `%22`, `%2522`, `\\u0022`, `\\n`."""
_LINE_END: Final = r"(?:\r?\n|(?:\\{1,4}r)?\\{1,4}n)"
_END_OF_LINE: Final = re.compile(rf"(?<=[A-Za-z0-9+/]{{60}}){_LINE_END}(?=[A-Za-z0-9+/]{{4}})")
_LINES: Final = re.compile(
    rf"(?:(?<=[^A-Za-z0-9+/\\])|\A)(?:[A-Za-z0-9+/]{{60,}}{_LINE_END})+[A-Za-z0-9+/]{{4,}}"
)


def unwrapped(text: str) -> str:
    """The text with base64 in one line that stood in lines of 60 letters or more."""
    if ("\n" in text or "\\n" in text) and _END_OF_LINE.search(text):
        return _LINES.sub(_in_one_line, text)
    return text


def _in_one_line(found: re.Match[str]) -> str:
    run = _END_OF_LINE.sub("", found[0])
    return found[0] if unpacked(run) is None else run


def unpacked(run: str) -> str | None:
    """The text that a run of base64 holds; None where it is none. Its last letters may be missing."""
    if run[:1] in _NO_BEGINNING or (len(run) < _SHORTEST_RUN and run.isalpha() and run[1:].islower()):
        return None  # a plain word, of which there are many
    return _unpacked(run)


_NO_BEGINNING: Final = frozenset("ghijklmnopqrstuv")
"""Letters with which base64 of no text in UTF-8 begins."""


@lru_cache(maxsize=1024)
def _unpacked(run: str) -> str | None:
    data = run.replace("-", "+").replace("_", "/").encode("ascii", "replace")
    try:
        told = binascii.a2b_base64(
            data[: len(data) // 4 * 4] if len(data) % 4 == 1 else data + b"=" * (-len(data) % 4)
        )
    except (ValueError, binascii.Error):
        return None
    if is_wide(told):
        text = told[: len(told) // 2 * 2].decode("utf-16-le", "replace")
    else:
        try:
            text = told.decode("utf-8")
        except UnicodeDecodeError:
            return None
    return text if all(each.isprintable() or each in "\r\n\t" for each in text) else None


def is_wide(data: bytes) -> bool:
    """Whether bytes are text in UTF-16, as Windows packs it."""
    return data[1:2] == b"\0" and len(data) >= 8 and not any(data[1:32:2])


def packed(text: str, before: str) -> str:
    """A text as base64, packed as what stood there before."""
    told = binascii.a2b_base64(before[: len(before) // 4 * 4].replace("-", "+").replace("_", "/"))
    data = text.encode("utf-16-le" if is_wide(told) else "utf-8")
    run = binascii.b2a_base64(data, newline=False).decode()
    return run.replace("+", "-").replace("/", "_") if "-" in before or "_" in before else run


def unpacked_parts(text: str) -> list[str]:
    """What is packed in base64 in a text, short words of small texts included."""
    runs = runs_of(text, 8 if len(text) < LARGE else _SHORTEST_RUN)
    parts = (unpacked(part) for start, end in runs for part in parts_of(text[start:end]))
    return [part for part in parts if part is not None]


def user_and_password(credentials: str) -> tuple[str, str] | None:
    """What credentials of the scheme Basic (RFC 7617) hold; None where they are none."""
    text = unpacked(credentials.strip().rstrip("="))
    if text is None or ":" not in text:
        return None
    user, _, password = text.partition(":")
    return user, password


def parts_of(run: str) -> Iterator[str]:
    """A run, and, where it has slashes as an address has, what stands between them."""
    yield run
    if "/" in run:
        yield from (part for part in run.split("/") if len(part) >= 8)
