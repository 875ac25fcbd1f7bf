"""Texts that are packed in base64 within other texts."""

from __future__ import annotations

import binascii
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
        runs.append((place, end))
        place = data.find(wanted, end)
    return runs


def unpacked(run: str) -> str | None:
    """The text that a run of base64 holds; None where it is none. Its last letters may be missing."""
    return None if run[:1] in _NO_BEGINNING else _unpacked(run)


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
    try:
        text = told.decode("ascii")
    except UnicodeDecodeError:
        try:
            text = told.decode("utf-8")
        except UnicodeDecodeError:
            return None
    return text if all(each.isprintable() or each in "\r\n\t" for each in text) else None


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
