"""Texts from elsewhere as lines of a terminal: nothing in them moves its cursor or hides what is there."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence

LONGEST_CELL = 40
_KEPT = frozenset("\n\t")
_HIDDEN = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_IN_STRINGS = re.compile(f"[\x7f-\x9f{''.join(_HIDDEN)}]")


def printable(text: str) -> str:
    """The text with control characters, and those that turn the direction of writing, as escapes."""
    if text.isprintable():
        return text
    return "".join(_escaped(character) for character in text)


def one_line(text: str, longest: int = 0) -> str:
    """The same in one line; one longer than `longest` characters is cut, 0 leaves it whole."""
    line = " ".join(printable(text).split())
    return line if not longest or len(line) <= longest else line[: longest - 1] + "…"


def columns(rows: Sequence[Sequence[str]], indent: str = "  ", longest: int = LONGEST_CELL) -> Iterator[str]:
    """Rows of cells as lines, the cells of a column one below the other; cells are cut as `one_line` does."""
    shown = [[one_line(cell, longest) for cell in row] for row in rows]
    widths = [max(map(_width, column)) for column in zip(*shown, strict=True)]
    for row in shown:
        padded = (cell + " " * (width - _width(cell)) for cell, width in zip(row, widths, strict=True))
        yield indent + "  ".join(padded).rstrip()


def printable_json(text: str) -> str:
    """JSON text with such characters, which stand only in its strings, as JSON's own escapes."""
    return _IN_STRINGS.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def _escaped(character: str) -> str:
    if character in _KEPT:
        return character
    if character in _HIDDEN or unicodedata.category(character) in ("Cc", "Cs"):
        return character.encode("unicode_escape").decode("ascii")
    return character


def _width(text: str) -> int:
    """The columns that a terminal gives a text."""
    if text.isascii():
        return len(text)
    wide = sum(unicodedata.east_asian_width(each) in "WF" for each in text)
    return len(text) + wide - sum(map(bool, map(unicodedata.combining, text)))
