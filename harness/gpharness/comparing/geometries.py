"""Geometries: the same place, whatever the vertex at which a ring starts and the order of the parts.

A ring may be reversed only together with all other rings of its polygon: which of them are holes is then
still the same. The direction of a path is part of it. Source: ArcGIS REST, *Geometry objects*.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from gpharness.comparing.differences import Difference, joined, shown
from gpharness.comparing.matching import Mark, matched
from gpharness.comparing.numbers import is_number, same_number
from gpharness.comparing.plain_values import member_differences, plain_differences, same_plain
from gpharness.comparing.spatial_references import same_reference
from gpharness.contracts.contract import Varies

_PARTS: Final = {"rings": "ring", "paths": "path"}
_FLAGS: Final = ("hasZ", "hasM")
Part = list[Any]


def geometry_differences(expected: Any, met: Any, varies: Varies) -> Iterator[Difference]:
    """How two geometries differ; the path is empty for the geometry itself."""
    if not isinstance(expected, dict) or not isinstance(met, dict):
        yield from plain_differences(expected, met, varies)
        return
    for key in dict.fromkeys([*expected, *met]):
        if key == "spatialReference":
            if not same_reference(expected.get(key), met.get(key)):
                yield Difference(key, shown(expected.get(key)), shown(met.get(key)), "changed.value-type")
        elif key in _FLAGS:
            if bool(expected.get(key)) != bool(met.get(key)):
                yield Difference(key, shown(expected.get(key)), shown(met.get(key)), "changed.value-type")
        elif key in _PARTS and _are_parts(expected.get(key)) and _are_parts(met.get(key)):
            yield from _part_differences(key, expected[key], met[key], varies)
        elif key == "points" and _is_part(expected.get(key)) and _is_part(met.get(key)):
            yield from _point_differences(expected[key], met[key], varies)
        else:
            yield from member_differences(_only(key, expected), _only(key, met), varies)


def _only(key: str, geometry: dict[str, Any]) -> dict[str, Any]:
    return {key: geometry[key]} if key in geometry else {}


def geometry_mark(geometry: Any) -> Mark:
    """What is quickly known of a geometry: how many parts and vertices it has, and its box."""
    if not isinstance(geometry, dict):
        return Mark(str(type(geometry)), ())
    if is_number(geometry.get("x")) and is_number(geometry.get("y")):
        return Mark("point", (float(geometry["x"]), float(geometry["y"])))
    for key in ("rings", "paths", "points"):
        parts = geometry.get(key)
        if key == "points" and _is_part(parts):
            parts = [parts]
        if _are_parts(parts) and parts and any(parts):
            return Mark((key, len(parts), sum(map(len, parts))), _box([v for part in parts for v in part]))
    return Mark(tuple(sorted(geometry)), ())


def _box(vertices: Sequence[Sequence[float]]) -> tuple[float, ...]:
    xs, ys = [float(each[0]) for each in vertices], [float(each[1]) for each in vertices]
    return min(xs), min(ys), max(xs), max(ys)


def _is_part(value: Any) -> bool:
    return isinstance(value, list) and all(
        isinstance(each, list) and len(each) >= 2 and is_number(each[0]) and is_number(each[1])
        for each in value
    )


def _are_parts(value: Any) -> bool:
    return isinstance(value, list) and all(map(_is_part, value))


def _point_differences(expected: Part, met: Part, varies: Varies) -> Iterator[Difference]:
    """The points of a multipoint, in any order."""
    left, over = _unmatched([[each] for each in expected], [[each] for each in met], "points", varies)
    yield from _left_over("points", "point", left, over, varies)


def _part_differences(
    key: str, expected: list[Part], met: list[Part], varies: Varies
) -> Iterator[Difference]:
    left, over = _unmatched(expected, met, key, varies)
    if not left and not over:
        return
    if key == "rings":
        turned = [each[::-1] for each in met]
        if not any(_unmatched(expected, turned, key, varies)):
            return
    yield from _left_over(key, _PARTS[key], left, over, varies)


Left = dict[int, Part]


def _unmatched(expected: list[Part], met: list[Part], key: str, varies: Varies) -> tuple[Left, Left]:
    """The parts, by index, that have no equal on the other side."""
    is_ring = key == "rings"
    pending = [i for i, part in enumerate(expected) if i >= len(met) or not _same_row(part, met[i], varies)]
    settled = set(range(len(expected))) - set(pending)
    others = [i for i in range(len(met)) if i not in settled]
    if pending and others:
        pairs = matched(
            [_mark(expected[i]) for i in pending],
            [_mark(met[i]) for i in others],
            lambda i, j: _same_part(expected[pending[i]], met[others[j]], is_ring, varies),
            varies.floats,
        )
        taken = set(pairs.values())
        others = [i for place, i in enumerate(others) if place not in taken]
        pending = [i for place, i in enumerate(pending) if place not in pairs]
    return {i: expected[i] for i in pending}, {i: met[i] for i in others}


def _mark(part: Part) -> Mark:
    return Mark(len(part), _box(part)) if part else Mark(0, ())


def _same_row(expected: Part, met: Part, varies: Varies) -> bool:
    return len(expected) == len(met) and all(
        _same_vertex(one, other, varies) for one, other in zip(expected, met, strict=True)
    )


def _same_vertex(expected: list[Any], met: list[Any], varies: Varies) -> bool:
    if expected == met:
        return True
    if len(expected) != len(met):
        return False
    for one, other in zip(expected, met, strict=True):
        if is_number(one) and is_number(other):
            if not same_number(one, other, varies.floats):
                return False
        elif not same_plain(one, other, varies):
            return False
    return True


def _same_part(expected: Part, met: Part, is_ring: bool, varies: Varies) -> bool:
    if _same_row(expected, met, varies):
        return True
    if not is_ring or len(expected) != len(met) or _is_closed(expected, varies) != _is_closed(met, varies):
        return False
    ring, other = _open(expected, varies), _open(met, varies)
    return any(_same_row(ring, _turned(other, start), varies) for start in _starts(ring, other, varies))


def _is_closed(ring: Part, varies: Varies) -> bool:
    return len(ring) > 1 and _same_vertex(ring[0], ring[-1], varies)


def _open(ring: Part, varies: Varies) -> Part:
    return ring[:-1] if _is_closed(ring, varies) else ring


def _turned(ring: Part, start: int) -> Part:
    return ring[start:] + ring[:start]


def _starts(expected: Part, met: Part, varies: Varies, vertex: int = 0) -> Iterator[int]:
    """The places in one ring at which it may begin so that a vertex of the other falls on an equal one."""
    for place, each in enumerate(met):
        if _same_vertex(expected[vertex], each, varies):
            yield (place - vertex) % len(met)


def _left_over(key: str, word: str, left: Left, over: Left, varies: Varies) -> Iterator[Difference]:
    for (place, part), other in zip(left.items(), over.values(), strict=False):
        yield from _one_part(f"{key}[{place}]", word, part, other, varies)
    for place, part in list(left.items())[len(over) :]:
        yield Difference(f"{key}[{place}]", _part_text(word, part), "nothing")
    for place, part in list(over.items())[len(left) :]:
        yield Difference(f"{key}[{place}]", "nothing", _part_text(word, part))


def _one_part(path: str, word: str, expected: Part, met: Part, varies: Varies) -> Iterator[Difference]:
    if word == "point":
        yield Difference(path, shown(expected[0]), shown(met[0]))
    elif len(expected) != len(met):
        yield Difference(path, _part_text(word, expected), _part_text(word, met))
    elif _same_part(expected, met[::-1], word == "ring", varies):
        yield Difference(path, f"the {word} in the contract's direction", f"the {word} reversed")
    else:
        places = _moved(expected, met, word == "ring", varies)
        if len(places) == 1:
            place, vertex = places[0]
            yield Difference(joined(path, f"[{place}]"), shown(expected[place]), shown(vertex))
        else:
            count = f"{len(places)} of {len(expected)} vertices elsewhere"
            yield Difference(path, _part_text(word, expected), count)


def _moved(expected: Part, met: Part, is_ring: bool, varies: Varies) -> list[tuple[int, list[Any]]]:
    """The vertices of a part that lie elsewhere in the other, where the two fit best."""
    best = _differing(expected, met, varies)
    if len(best) > 1 and is_ring and _is_closed(expected, varies) and _is_closed(met, varies):
        ring, other = _open(expected, varies), _open(met, varies)
        starts = {s for vertex in (0, len(ring) // 2) for s in _starts(ring, other, varies, vertex)}
        for start in sorted(starts | {0})[:100]:
            found = _differing(ring, _turned(other, start), varies)
            best = min(best, found, key=len)
    return best


def _differing(expected: Part, met: Part, varies: Varies) -> list[tuple[int, list[Any]]]:
    pairs = zip(expected, met, strict=True)
    return [(i, other) for i, (one, other) in enumerate(pairs) if not _same_vertex(one, other, varies)]


def _part_text(word: str, part: Part) -> str:
    if word == "point":
        return shown(part[0])
    return f"a {word} of {len(part)} vertices"
