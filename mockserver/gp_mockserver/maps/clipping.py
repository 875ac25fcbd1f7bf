"""Lines and rings cut off at a box: a drawing library is slow, or wrong, far outside of its picture."""

from __future__ import annotations

from collections.abc import Callable, Sequence

Point = tuple[float, float]
Box = tuple[float, float, float, float]
"""Left, top, right, bottom."""


def clipped_segment(begin: Point, end: Point, box: Box) -> tuple[Point, Point] | None:
    """The part of a segment that lies in the box, by Liang and Barsky; None where there is none."""
    (x, y), dx, dy = begin, end[0] - begin[0], end[1] - begin[1]
    first, last = 0.0, 1.0
    for step, room in ((-dx, x - box[0]), (dx, box[2] - x), (-dy, y - box[1]), (dy, box[3] - y)):
        if step == 0:
            if room < 0:
                return None
        elif step < 0:
            first = max(first, room / step)
        else:
            last = min(last, room / step)
    if first > last:
        return None
    return (x + first * dx, y + first * dy), (x + last * dx, y + last * dy)


def clipped_ring(ring: Sequence[Point], box: Box) -> list[Point]:
    """What is left of an area within the box, by Sutherland and Hodgman: its rim runs along the box where
    the area goes on beyond."""
    if all(box[0] <= x <= box[2] and box[1] <= y <= box[3] for x, y in ring):
        return list(ring)
    left = list(ring)
    for axis, limit, is_low in ((0, box[0], True), (1, box[1], True), (0, box[2], False), (1, box[3], False)):
        left = _cut(left, axis, limit, is_low)
    return left


def _cut(ring: list[Point], axis: int, limit: float, is_low: bool) -> list[Point]:
    inside: Callable[[Point], bool] = (
        (lambda point: point[axis] >= limit) if is_low else (lambda point: point[axis] <= limit)
    )
    kept: list[Point] = []
    for place, point in enumerate(ring):
        before = ring[place - 1]
        if inside(point) != inside(before):
            share = (limit - before[axis]) / (point[axis] - before[axis])
            other = before[1 - axis] + share * (point[1 - axis] - before[1 - axis])
            kept.append((limit, other) if axis == 0 else (other, limit))
        if inside(point):
            kept.append(point)
    return kept
