"""Geometries in ArcGIS JSON: keys of their type, finite numbers, the ordinates that are announced, whole
parts.

Source: ArcGIS REST, *Geometry objects*. Null, `{"x": null}`, `{"x": "NaN"}` and a geometry without parts are
empty and legal. Points have z and m under keys, all others in their vertices: z must be there where it is
announced, m may. A ring's first point is its last. *Assumed*: rings and paths that have shrunk to less than
an area or a line, and z or m that are null or "NaN" among numbers, are odd, no more, as servers send them.
"""

from __future__ import annotations

from itertools import chain
from typing import Any, Final

import msgspec
from gp_protocol.errors import RemoteProtocolError, shown
from gp_protocol.values.curves import curve_end
from gp_protocol.values.geometries import geometry_type_of

from gpharness.checking.looking import Looking, Phrase, join, met_at

_PARTS: Final = {
    "esriGeometryMultipoint": ("points",),
    "esriGeometryPolyline": ("paths", "curvePaths"),
    "esriGeometryPolygon": ("rings", "curveRings"),
}
_CURVES: Final = frozenset({"curvePaths", "curveRings"})
_RINGS: Final = frozenset({"rings", "curveRings"})
LEAST: Final = {"paths": 2, "rings": 4, "curvePaths": 2, "curveRings": 2}
"""Vertices, or curves, of a part that has a length or an area."""
_NUMBERS: Final = {int, float}
_BOX: Final = ("xmin", "ymin", "xmax", "ymax")


class Announced(msgspec.Struct, frozen=True):
    """What a set says of its geometries: their type, None for rows of a table, and which ordinates they have.

    `is_packed`: the set has a `transform`, so that its vertices may be differences. `is_sent`: the set is, or
    may be, what a client sent, so that open rings and missing z are not the server's.
    """

    kind: str | None
    has_z: bool = False
    has_m: bool = False
    is_packed: bool = False
    is_sent: bool = False


class _Vertices(msgspec.Struct, frozen=True, kw_only=True):
    """What the vertices of a geometry are to be: how many numbers each has, and whether curves may stand
    there."""

    sizes: set[int]
    is_curved: bool
    is_sent: bool


def type_of(geometry: Any) -> str | None:
    """The type that a geometry's keys tell."""
    return geometry_type_of(geometry) if type(geometry) is dict else None


def check_geometry(look: Looking, geometry: dict[str, Any], announced: Announced, path: str) -> None:
    """A geometry of a set, held to what the set announces and to what it says of itself."""
    kind = announced.kind
    if kind is None or kind == "esriGeometryMultiPatch":
        return
    says = {"hasZ": announced.has_z, "hasM": announced.has_m}
    for key in says:
        own = geometry.get(key)
        if own is True:
            says[key] = True
        elif own is not None and own is not False:
            look.say("value.features", join(path, key), own, "true or false")
    may_lack_z = not says["hasZ"] or geometry.get("hasZ") is False
    if kind == "esriGeometryPoint":
        _check_point(look, geometry, path, has_z=says["hasZ"], has_m=says["hasM"])
    elif kind == "esriGeometryEnvelope":
        _check_box(look, geometry, path)
    else:
        keys = [key for key in _PARTS[kind] if geometry.get(key) is not None]
        if not keys:
            look.say("value.features", path, geometry, f"{' or '.join(_PARTS[kind])} ({kind})")
        sizes = _sizes(has_z=says["hasZ"], has_m=says["hasM"], may_lack_z=may_lack_z)
        for key in keys:
            _check_parts(look, geometry[key], key, join(path, key), sizes, announced)


def _sizes(*, has_z: bool, has_m: bool, may_lack_z: bool) -> set[int]:
    """How many numbers a vertex may have. Source: *Geometry objects*, multipoints: m "if present"."""
    least = 2 if may_lack_z else 3
    return {2 + has_z + has_m, 2 + has_z, least}


def _check_point(look: Looking, geometry: dict[str, Any], path: str, *, has_z: bool, has_m: bool) -> None:
    if "x" not in geometry:
        look.say("value.features", path, geometry, "x and y (esriGeometryPoint)")
        return
    if _is_nothing(geometry["x"]):
        return
    for key in ("x", "y"):
        if type(geometry.get(key)) not in _NUMBERS:
            look.say("value.features", join(path, key), met_at(geometry, key), "a finite number")
    for key, has in (("z", has_z), ("m", has_m)):
        ordinate = geometry.get(key)
        if _is_nothing(ordinate):
            continue
        if type(ordinate) not in _NUMBERS:
            look.say("value.features", join(path, key), ordinate, "a finite number, or null")
        elif not has:
            look.say("value.features", join(path, key), ordinate, f"has{key.upper()} in the set, or no {key}")


def _check_box(look: Looking, geometry: dict[str, Any], path: str) -> None:
    if "xmin" not in geometry:
        look.say("value.features", path, geometry, "xmin, ymin, xmax and ymax (esriGeometryEnvelope)")
        return
    if _is_nothing(geometry["xmin"]):
        return
    for key in _BOX:
        if type(geometry.get(key)) not in _NUMBERS:
            look.say("value.features", join(path, key), met_at(geometry, key), "a finite number")


def _check_parts(
    look: Looking, parts: Any, key: str, path: str, sizes: set[int], announced: Announced
) -> None:
    if key in _CURVES and not look.is_asked("returnTrueCurves"):
        say = look.say if look.knows_asked else look.note
        say("value.features", path, Phrase("true curves"), "none, as returnTrueCurves was not asked for")
        return
    if type(parts) is not list:
        look.say("value.features", path, parts, "a list")
        return
    wanted = _Vertices(sizes=sizes, is_curved=key in _CURVES, is_sent=announced.is_sent)
    if key == "points":
        _are_in_order(look, parts, wanted, path)
        return
    for index, part in enumerate(parts):
        place = f"{path}[{index}]"
        if _are_in_order(look, part, wanted, place) and not announced.is_packed:
            _check_whole(look, part, key, place, is_sent=announced.is_sent)


def _check_whole(look: Looking, part: list[Any], key: str, path: str, *, is_sent: bool) -> None:
    """A part whose vertices are in order: that it is closed, if it is a ring, and no single point."""
    say = look.note if is_sent else look.say
    what = "ring" if key in _RINGS else "path"
    if not part:
        say("value.features", path, part, f"vertices, or no {what}: {key} of an empty geometry is empty")
    elif what == "ring" and part[0][:2] != (end := curve_end(part[-1]))[:2]:
        met = Phrase(f"a ring from {shown(part[0][:2])} to {shown(end[:2])}")
        say("value.features", path, met, "a ring that ends where it begins")
    elif len(part) < LEAST[key]:
        look.note(
            "value.features", path, Phrase(f"a {what} of {len(part)}"), f"{LEAST[key]} vertices or more"
        )


def _are_in_order(look: Looking, vertices: Any, wanted: _Vertices, path: str) -> bool:
    """Whether vertices are numbers, as many of each as are announced; what is wrong with them is found."""
    if type(vertices) is not list:
        look.say("value.features", path, vertices, "a list of vertices")
        return False
    try:
        if (
            set(map(type, vertices)) <= {list}
            and set(map(type, chain.from_iterable(vertices))) <= _NUMBERS
            and set(map(len, vertices)) <= wanted.sizes
        ):
            return True
    except TypeError:
        pass
    are_good = [
        _is_good_vertex(look, each, wanted, f"{path}[{index}]", is_first=index == 0)
        for index, each in enumerate(vertices)
    ]
    return all(are_good)


def _is_good_vertex(look: Looking, vertex: Any, wanted: _Vertices, place: str, *, is_first: bool) -> bool:
    if wanted.is_curved and not is_first and type(vertex) is dict:
        try:
            vertex = curve_end(vertex)
        except RemoteProtocolError as error:
            look.say_error("value.features", place, error)
            return False
    if type(vertex) is not list or len(vertex) < 2:
        look.say("value.features", place, vertex, "a list of x and y")
        return False
    if len(vertex) not in wanted.sizes:
        if wanted.sizes == {2}:
            expected = "hasZ or hasM in the set for more than x and y"
        else:
            expected = f"{' or '.join(map(str, sorted(wanted.sizes)))} numbers, as hasZ and hasM say"
        say = look.note if wanted.is_sent and len(vertex) == 2 else look.say
        say("value.features", place, vertex, expected)
        return False
    is_good = True
    for number, ordinate in enumerate(vertex):
        if type(ordinate) in _NUMBERS:
            continue
        is_missing = number > 1 and _is_nothing(ordinate)
        say = look.note if is_missing else look.say
        say("value.features", f"{place}[{number}]", ordinate, "a finite number")
        is_good = is_good and is_missing
    return is_good


def _is_nothing(ordinate: Any) -> bool:
    return ordinate is None or (type(ordinate) is str and ordinate.lower() == "nan")
