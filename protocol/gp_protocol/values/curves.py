"""True curves in paths and rings, and their straight-line form.

Source: ArcGIS REST, *Geometry objects*. A part of `curvePaths` or `curveRings` begins with a vertex; each
further segment is a vertex (a straight line to it) or one of `{"c": [end, through]}` (a circular arc),
`{"b": [end, control, control]}` (a cubic Bézier curve), `{"a": [end, center, minor, clockwise, rotation,
axis, ratio]}` (an elliptic arc: rotation in radians, the semi-major axis, minor : major; the first four
alone make a circular arc). End points carry z and m, control points do not.

Straightened, an arc gets a vertex every 5.625 degrees (64 to a full circle, never farther from the arc than
0.13 % of its radius) and a Bézier curve 32 segments; z and m run evenly along the new vertices. Servers
choose their own steps, so positions between the end points are not a server's to the last digit.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from gp_protocol.errors import RemoteProtocolError, shown
from gp_protocol.values.literals import is_number

_STEP = math.tau / 64
_BEZIER_SEGMENTS = 32
_SIZES = {"c": (2,), "b": (3,), "a": (4, 7)}

Vertex = list[Any]


def curve_end(segment: Any) -> Any:
    """The vertex that a segment ends in. Raises `RemoteProtocolError` where the segment is of none of the
    forms."""
    if isinstance(segment, list):
        return segment
    if isinstance(segment, dict) and len(segment) == 1:
        ((kind, values),) = segment.items()
        if kind in _SIZES and isinstance(values, list) and len(values) in _SIZES[kind]:
            points = values[1:2] if kind == "a" else values[1:]
            if all(map(_is_point, points)) and all(map(is_number, values[2:] if kind == "a" else ())):
                return values[0]
    raise RemoteProtocolError(
        met=shown(segment), expected='a vertex or a curve {"c": …}, {"b": …} or {"a": …} with finite numbers'
    )


def with_end(segment: Any, end: Vertex) -> Any:
    """The same segment with another end vertex."""
    if isinstance(segment, list):
        return end
    ((kind, values),) = segment.items()
    return {kind: [end, *values[1:]]}


def straightened(part: list[Any]) -> list[Vertex]:
    """The vertices of a part, each curve replaced by straight segments."""
    vertices: list[Vertex] = []
    for segment in part:
        if isinstance(segment, list):
            vertices.append(segment)
            continue
        ((kind, values),) = segment.items()
        start, end = vertices[-1], values[0]
        try:
            between = list(_BETWEEN[kind](start, end, values))
        except (ArithmeticError, ValueError):
            raise RemoteProtocolError(met=shown(segment), expected="a curve of finite size") from None
        for index, (x, y) in enumerate(between, start=1):
            share = index / (len(between) + 1)
            vertices.append([x, y, *_along(start[2:], end[2:], share)])
        vertices.append(end)
    return vertices


def _arc_through(start: Vertex, end: Vertex, values: list[Any]) -> Iterator[tuple[float, float]]:
    (x1, y1), (x2, y2), (x3, y3) = start[:2], values[1][:2], end[:2]
    if (x1, y1) == (x3, y3):
        # A full circle: the point that it goes through lies opposite.
        yield from _arc((x1 + x2) / 2, (y1 + y2) / 2, start, math.tau)
        return
    ax, ay, bx, by = x2 - x1, y2 - y1, x3 - x1, y3 - y1
    twice_area = 2 * (ax * by - ay * bx)
    if twice_area == 0:
        return
    a2, b2 = ax * ax + ay * ay, bx * bx + by * by
    cx, cy = x1 + (by * a2 - ay * b2) / twice_area, y1 + (ax * b2 - bx * a2) / twice_area
    turn = (math.atan2(y3 - cy, x3 - cx) - math.atan2(y1 - cy, x1 - cx)) % math.tau
    yield from _arc(cx, cy, start, turn if twice_area > 0 else turn - math.tau)


def _bezier(start: Vertex, end: Vertex, values: list[Any]) -> Iterator[tuple[float, float]]:
    points = (start, values[1], values[2], end)
    for index in range(1, _BEZIER_SEGMENTS):
        t = index / _BEZIER_SEGMENTS
        weights = ((1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3)
        yield (
            math.fsum(weight * point[0] for weight, point in zip(weights, points, strict=True)),
            math.fsum(weight * point[1] for weight, point in zip(weights, points, strict=True)),
        )


def _arc_around(start: Vertex, end: Vertex, values: list[Any]) -> Iterator[tuple[float, float]]:
    (cx, cy), clockwise = values[1][:2], bool(values[3])
    rotation, axis, ratio = values[4:] or (0.0, 1.0, 1.0)
    axis, ratio = axis or 1.0, ratio or 1.0
    cos, sin = math.cos(rotation), math.sin(rotation)

    def angle(vertex: Vertex) -> float:
        dx, dy = vertex[0] - cx, vertex[1] - cy
        return math.atan2((dy * cos - dx * sin) / ratio, dx * cos + dy * sin)

    turn = (angle(end) - angle(start)) % math.tau or math.tau
    if clockwise and turn != math.tau:
        turn -= math.tau
    elif clockwise:
        turn = -turn
    if len(values) == 4:
        yield from _arc(cx, cy, start, turn)
        return
    first, steps = angle(start), math.ceil(abs(turn) / _STEP)
    for index in range(1, steps):
        theta = first + turn * index / steps
        dx, dy = axis * math.cos(theta), axis * ratio * math.sin(theta)
        yield cx + dx * cos - dy * sin, cy + dx * sin + dy * cos


_BETWEEN = {"c": _arc_through, "b": _bezier, "a": _arc_around}


def _arc(cx: float, cy: float, start: Vertex, turn: float) -> Iterator[tuple[float, float]]:
    dx, dy, steps = start[0] - cx, start[1] - cy, math.ceil(abs(turn) / _STEP)
    for index in range(1, steps):
        cos, sin = math.cos(turn * index / steps), math.sin(turn * index / steps)
        yield cx + dx * cos - dy * sin, cy + dx * sin + dy * cos


def _along(start: Vertex, end: Vertex, share: float) -> Vertex:
    return [
        None if first is None or last is None else first + (last - first) * share
        for first, last in zip(start, end, strict=False)
    ]


def _is_point(value: Any) -> bool:
    return isinstance(value, list) and len(value) >= 2 and all(map(is_number, value))
