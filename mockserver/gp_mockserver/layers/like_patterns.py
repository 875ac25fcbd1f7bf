"""The patterns of LIKE: `%` stands for any characters, `_` for one."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from gp_mockserver.layers.query_work import PatternWork

_NOWHERE: Final = -1

Find = Callable[[str, int], int]
"""Finds a piece in a text from a place on: where it begins, or _NOWHERE."""


def matcher(pattern: str, work: PatternWork) -> Callable[[str], bool]:
    """Whether a text is as a pattern has it: the first and the last piece at its ends, the others in turn
    between them, each as early as it can be, so that nothing is tried twice.

    What it does raises QueryRefused once `work` is used up.
    """
    pieces = pattern.split("%")
    if len(pieces) == 1:
        whole = _as_expression(pattern)
        return lambda text: whole.fullmatch(text) is not None
    first, last = _as_expression(pieces[0]), _as_expression(pieces[-1])
    lengths = (len(pieces[0]), len(pieces[-1]))
    between = [(len(piece), _finder(piece)) for piece in pieces[1:-1] if piece]
    longest = max((length for length, _ in between), default=0)

    def fits(text: str) -> bool:
        place, end = lengths[0], len(text) - lengths[1]
        if place > end or first.match(text) is None or last.fullmatch(text, end) is None:
            return False
        if longest:
            work.spend(len(text), min(longest, len(text)))
        for length, find in between:
            found = find(text, place)
            if found == _NOWHERE:
                return False
            place = found + length
            if place > end:
                return False
        return True

    return fits


def count_pieces(pattern: str) -> int:
    """How many times a text is looked at for a pattern."""
    return pattern.count("%") + 1


def _finder(piece: str) -> Find:
    if "_" not in piece:
        return lambda text, place: text.find(piece, place)
    expression = _as_expression(piece)

    def find(text: str, place: int) -> int:
        found = expression.search(text, place)
        return _NOWHERE if found is None else found.start()

    return find


def _as_expression(piece: str) -> re.Pattern[str]:
    return re.compile("".join("." if each == "_" else re.escape(each) for each in piece), re.DOTALL)
