"""Geometries in ArcGIS JSON: checked, and with the ordinates that were asked for.

Source: ArcGIS REST, *Geometry objects*, *FeatureSet object* and *GP data types*. Points carry z and m under
keys, all others in their vertices in the order x, y, z, m. Null, `{"x": null}`, `{"x": "NaN"}` and a
geometry without parts are the empty geometry, None here.
"""

from __future__ import annotations

import math
from itertools import chain
from typing import Any

from gp_protocol.errors import RemoteProtocolError, shown
from gp_protocol.suggestions import did_you_mean, one_of
from gp_protocol.values.curves import curve_end, straightened, with_end
from gp_protocol.values.literals import read_double

GEOMETRY_TYPES = (
    "esriGeometryPoint",
    "esriGeometryMultipoint",
    "esriGeometryPolyline",
    "esriGeometryPolygon",
    "esriGeometryEnvelope",
    "esriGeometryMultiPatch",
)

Geometry = dict[str, Any]

_CANONICAL = {word.lower(): word for word in GEOMETRY_TYPES}
_PARTS = {
    "esriGeometryMultipoint": ("points",),
    "esriGeometryPolyline": ("paths", "curvePaths"),
    "esriGeometryPolygon": ("rings", "curveRings"),
}
_STRAIGHT = {"curvePaths": "paths", "curveRings": "rings"}
_TYPE_BY_KEY = {
    "x": "esriGeometryPoint",
    "xmin": "esriGeometryEnvelope",
    **{key: kind for kind, keys in _PARTS.items() for key in keys},
}
_BOX = ("xmin", "ymin", "xmax", "ymax", "zmin", "zmax", "mmin", "mmax")
_NUMBERS = {int, float}
_SIZES = {
    (False, False): {2},
    (True, False): {2, 3},
    (False, True): {2, 3},
    (True, True): {2, 3, 4},
}
_ANY_SIZE = {2, 3, 4}


def read_geometry_type(word: Any) -> str:
    """A geometry type in its own spelling, from any case (assumed)."""
    canonical = _CANONICAL.get(word.lower()) if isinstance(word, str) else None
    if canonical is None:
        remedy = did_you_mean(word, GEOMETRY_TYPES) if isinstance(word, str) else ""
        raise RemoteProtocolError(met=shown(word), expected=one_of(GEOMETRY_TYPES), remedy=remedy)
    return canonical


def geometry_type_of(geometry: Geometry) -> str | None:
    """The type that a geometry's keys tell of, None where they tell none."""
    return next((_TYPE_BY_KEY[key] for key in geometry if key in _TYPE_BY_KEY), None)


def read_geometry(
    geometry: Any, geometry_type: str, has_z: bool, has_m: bool, *, any_size: bool = False
) -> Geometry | None:
    """A geometry of the given type, checked and without the keys that are not its own.

    `has_z` and `has_m` say which ordinates its vertices carry; `any_size` lets two to four stand whatever
    they say. Raises `RemoteProtocolError`.
    """
    if geometry is None:
        return None
    if not isinstance(geometry, dict):
        raise RemoteProtocolError(met=shown(geometry), expected="a geometry object or null")
    if geometry_type == "esriGeometryPoint":
        return _read_point(geometry)
    for key in _PARTS.get(geometry_type, ()):
        parts = geometry.get(key)
        if parts is not None:
            return _read_parts(key, parts, _ANY_SIZE if any_size else _SIZES[has_z, has_m])
    if geometry_type == "esriGeometryEnvelope" and "xmin" in geometry:
        return _read_box(geometry)
    if geometry_type == "esriGeometryMultiPatch" or not geometry:
        return geometry or None
    raise _of_another_type(geometry, geometry_type)


def write_geometry(
    geometry: Any,
    geometry_type: str,
    *,
    has_z: bool,
    has_m: bool,
    with_z: bool,
    with_m: bool,
    true_curves: bool,
) -> Geometry | None:
    """A geometry as it leaves a server or a client: checked, without the ordinates that were not asked for.

    `has_z` and `has_m` say what it carries, `with_z` and `with_m` what may leave. Geometries of many
    vertices say `hasZ` and `hasM` themselves, as recorded; points leave that to their set. Without
    `true_curves` curves become straight segments. Raises `RemoteProtocolError`.
    """
    checked = read_geometry(geometry, geometry_type, has_z, has_m)
    if checked is None:
        return None
    with_z, with_m = with_z and has_z, with_m and has_m
    if geometry_type == "esriGeometryPoint":
        if not with_z:
            checked.pop("z", None)
        if not with_m:
            checked.pop("m", None)
        return checked
    if geometry_type not in _PARTS:
        return checked
    ((key, parts),) = checked.items()
    if key in _STRAIGHT and not true_curves:
        parts, key = [straightened(part) for part in parts], _STRAIGHT[key]
    if with_z != has_z or with_m != has_m:
        keep = slice(3 if with_z else 2)
        also_m = with_m and has_z
        if key == "points":
            parts = _trimmed(parts, keep, also_m)
        else:
            parts = [_trimmed(part, keep, also_m) for part in parts]
    written: Geometry = {}
    if with_z:
        written["hasZ"] = True
    if with_m:
        written["hasM"] = True
    written[key] = parts
    return written


def _read_point(geometry: Geometry) -> Geometry | None:
    x, y = geometry.get("x"), geometry.get("y")
    if type(x) is float and type(y) is float and math.isfinite(x) and math.isfinite(y):
        point = {"x": x, "y": y}
        if len(geometry) == 2:
            return point
    else:
        if _is_nothing(x) and ("x" in geometry or not geometry):
            return None
        if "x" not in geometry:
            raise _of_another_type(geometry, "esriGeometryPoint")
        point = {"x": _ordinate(x, "x"), "y": _ordinate(y, "y")}
    for key in ("z", "m"):
        ordinate = geometry.get(key)
        if ordinate is not None and not _is_nothing(ordinate):
            point[key] = _ordinate(ordinate, key)
    return point


def _read_parts(key: str, parts: Any, sizes: set[int]) -> Geometry | None:
    if not isinstance(parts, list):
        raise RemoteProtocolError(path=key, met=shown(parts), expected="a list")
    if not parts:
        return None
    try:
        if key == "points":
            return {key: _read_path(parts, sizes)}
        read = _read_curved if key in _STRAIGHT else _read_path
        checked = []
        for index, part in enumerate(parts):
            try:
                checked.append(read(part, sizes))
            except RemoteProtocolError as error:
                raise error.at(f"[{index}]") from None
    except RemoteProtocolError as error:
        raise error.at(key) from None
    return {key: checked}


def _read_path(path: Any, sizes: set[int]) -> list[Any]:
    """A list of vertices. What is in order, nearly always, is seen without a look at each vertex in
    Python."""
    if not isinstance(path, list):
        raise RemoteProtocolError(met=shown(path), expected="a list of vertices")
    try:
        ordinates = list(chain.from_iterable(path))
        if (
            set(map(type, ordinates)) <= _NUMBERS
            and set(map(len, path)) <= sizes
            and math.isfinite(sum(ordinates))
        ):
            return path
    except (TypeError, OverflowError):
        pass
    checked = []
    for index, vertex in enumerate(path):
        try:
            checked.append(_read_vertex(vertex, sizes))
        except RemoteProtocolError as error:
            raise error.at(f"[{index}]") from None
    return checked


def _read_curved(part: Any, sizes: set[int]) -> list[Any]:
    if not isinstance(part, list) or not part or not isinstance(part[0], list):
        raise RemoteProtocolError(met=shown(part), expected="a list of segments that begins with a vertex")
    checked = []
    for index, segment in enumerate(part):
        try:
            checked.append(with_end(segment, _read_vertex(curve_end(segment), sizes)))
        except RemoteProtocolError as error:
            raise error.at(f"[{index}]") from None
    return checked


def _read_vertex(vertex: Any, sizes: set[int]) -> list[Any]:
    if not isinstance(vertex, list) or len(vertex) not in sizes:
        count = " or ".join(map(str, sorted(sizes)))
        more = isinstance(vertex, list) and len(vertex) in (3, 4)
        raise RemoteProtocolError(
            met=shown(vertex),
            expected=f"a list of {count} numbers",
            remedy='say "hasZ": true or "hasM": true in the feature set' if more else "",
        )
    ordinates: list[Any] = [_ordinate(vertex[0], "[0]"), _ordinate(vertex[1], "[1]")]
    for index in range(2, len(vertex)):
        ordinates.append(None if _is_nothing(vertex[index]) else _ordinate(vertex[index], f"[{index}]"))
    return ordinates


def _read_box(geometry: Geometry) -> Geometry | None:
    if _is_nothing(geometry["xmin"]):
        return None
    return {
        key: _ordinate(geometry.get(key), key)
        for index, key in enumerate(_BOX)
        if index < 4 or geometry.get(key) is not None
    }


def _ordinate(value: Any, path: str) -> float | int:
    if type(value) is float or type(value) is int:
        try:
            if math.isfinite(value):
                return value
        except OverflowError:
            pass
    try:
        return read_double(value)
    except RemoteProtocolError as error:
        raise error.at(path) from None


def _is_nothing(ordinate: Any) -> bool:
    return ordinate is None or (isinstance(ordinate, str) and ordinate.lower() == "nan")


def _trimmed(path: list[Any], keep: slice, also_m: bool) -> list[Any]:
    trimmed = []
    for segment in path:
        end = segment if isinstance(segment, list) else curve_end(segment)
        kept = end[keep] + end[3:4] if also_m else end[keep]
        trimmed.append(kept if end is segment else with_end(segment, kept))
    return trimmed


def _of_another_type(geometry: Geometry, geometry_type: str) -> RemoteProtocolError:
    other = geometry_type_of(geometry)
    keys = {"esriGeometryPoint": "x and y", "esriGeometryEnvelope": "xmin, ymin, xmax and ymax"}
    own = keys.get(geometry_type) or " or ".join(_PARTS[geometry_type])
    return RemoteProtocolError(
        met=shown(geometry),
        expected=f"{own} ({geometry_type})",
        remedy=f'say "geometryType": "{other}" if that is meant' if other and other != geometry_type else "",
    )
