"""Pairs of equal things out of two heaps, where equal means within a tolerance.

Comparing each with each would take time in the square of their number. So each thing is marked by what must
be the same (`shape`, hashable) and by a few numbers (`anchors`) that are the same within the tolerance. The
anchors are cut into cells much wider than the tolerance; what is equal lies in the same cell, or across the
border that is near.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Hashable, Sequence
from itertools import product
from typing import Final, NamedTuple

from gpharness.comparing.numbers import tolerance
from gpharness.contracts.contract import Floats

_CELL: Final = 1024
"""A cell's width in tolerances: so wide that a number is seldom near a border."""
_AXES: Final = 6
_SMALLEST: Final = 1e-12
_LARGEST_EXPONENT: Final = 1000
_MOST_STEPS: Final = 200_000
"""After so many comparisons nobody is asked to move on any more."""
Cell = tuple[int, int]


class Mark(NamedTuple):
    """What is quickly known of a thing; things of one shape have the same number of anchors."""

    shape: Hashable
    anchors: tuple[float, ...]


def matched(
    expected: Sequence[Mark], met: Sequence[Mark], is_equal: Callable[[int, int], bool], floats: Floats
) -> dict[int, int]:
    """The largest set of pairs, by index, of things for which `is_equal(index, other)`; each in one pair.

    Where it takes too many comparisons to find the largest, a large one.
    """
    heap: defaultdict[Hashable, list[int]] = defaultdict(list)
    for index, mark in enumerate(met):
        cells = tuple(_cell(anchor, floats) for anchor in mark.anchors[:_AXES])
        heap[mark.shape, cells].append(index)
    candidates = [
        [
            other
            for cells in product(*(_cells(anchor, floats) for anchor in mark.anchors[:_AXES]))
            for other in heap.get((mark.shape, cells), ())
        ]
        for mark in expected
    ]
    return _Pairing(candidates, is_equal).pairs


class _Pairing:
    """Kuhn's algorithm: the first free candidate for each; who finds none asks the holders to move on."""

    def __init__(self, candidates: list[list[int]], is_equal: Callable[[int, int], bool]) -> None:
        self.pairs: dict[int, int] = {}
        self._holders: dict[int, int] = {}
        self._candidates = candidates
        self._is_equal = is_equal
        self._equal: dict[int, list[int]] = {}
        self._steps = 0
        left = []
        for index, others in enumerate(candidates):
            free = (each for each in others if each not in self._holders)
            found = next((each for each in free if is_equal(index, each)), None)
            if found is None:
                left.append(index)
            else:
                self._pair(index, found)
        for index in left:
            self._make_room(index)

    def _pair(self, index: int, other: int) -> None:
        self.pairs[index] = other
        self._holders[other] = index

    def _equal_to(self, index: int) -> list[int]:
        if index not in self._equal:
            others = self._candidates[index]
            self._steps += len(others)
            self._equal[index] = [each for each in others if self._is_equal(index, each)]
        return self._equal[index]

    def _make_room(self, start: int) -> None:
        came_from: dict[int, int] = {}
        queue = [start]
        for index in queue:
            if self._steps > _MOST_STEPS:
                return
            for other in self._equal_to(index):
                self._steps += 1
                if other in came_from:
                    continue
                came_from[other] = index
                if other not in self._holders:
                    self._move_on(start, other, came_from)
                    return
                queue.append(self._holders[other])

    def _move_on(self, start: int, other: int, came_from: dict[int, int]) -> None:
        while (mover := came_from[other]) != start:
            before = self.pairs[mover]
            self._pair(mover, other)
            other = before
        self._pair(start, other)


def _cell(anchor: float, floats: Floats) -> Cell:
    """The cell of a number. Where the relative tolerance decides, its width grows with the number's size."""
    if not math.isfinite(anchor):
        return 0, 0
    exponent, width = _width(anchor, floats)
    return exponent, math.floor(anchor / width)


def _width(anchor: float, floats: Floats) -> tuple[int, float]:
    exponent = min(math.frexp(anchor)[1], _LARGEST_EXPONENT)
    relative, absolute = floats.relative * 2.0**exponent, max(floats.absolute, _SMALLEST)
    if relative <= absolute:
        return -_LARGEST_EXPONENT * 2, _CELL * absolute
    return exponent, _CELL * relative


def _cells(anchor: float, floats: Floats) -> set[Cell]:
    """Every cell in which a number that is equal may lie."""
    if not math.isfinite(anchor):
        return {(0, 0)}
    allowed = tolerance(anchor, floats) * 1.001
    exponent, width = _width(anchor, floats)
    low, high = anchor - allowed, anchor + allowed
    near = {(exponent, math.floor(each / width)) for each in (low, anchor, high) if math.isfinite(each)}
    return near | {_cell(low, floats), _cell(high, floats)}
