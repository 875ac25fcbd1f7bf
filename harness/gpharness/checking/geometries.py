"""Geometries in ArcGIS JSON: keys of their type, finite numbers, the ordinates that are announced.

Source: ArcGIS REST, *Geometry objects*. Null, `{"x": null}`, `{"x": "NaN"}` and a geometry without parts are
empty and legal. Points have z and m under keys, all others in their vertices.
"""

from __future__ import annotations

from itertools import chain
from typing import Any, Final

from gp_protocol.values.geometries import geometry_type_of

from gpharness.checking.looking import Looking, Phrase, join, met_at

_PARTS: Final = {
    "esriGeometryMultipoint": ("points",),
    "esriGeometryPolyline": ("paths", "curvePaths"),
    "esriGeometryPolygon": ("rings", "curveRings"),
}
_CURVES: Final = frozenset({"curvePaths", "curveRings"})
_NUMBERS: Final = {int, float}
_BOX: Final = ("xmin", "ymin", "xmax", "ymax")


def type_of(geometry: Any) -> str | None:
    """The type that a geometry's keys tell."""
    return geometry_type_of(geometry) if type(geometry) is dict else None


def check_geometry(
    look: Looking, geometry: dict[str, Any], kind: str, path: str, *, has_z: bool, has_m: bool
) -> None:
    """A geometry of a set whose geometries are of this type; `has_z` and `has_m` are what the set
    announces."""
    if kind == "esriGeometryMultiPatch":
        return
    for key in ("hasZ", "hasM"):
        if geometry.get(key) is not None and type(geometry[key]) is not bool:
            look.say("value.features", join(path, key), geometry[key], "true or false")
    has_z = has_z or geometry.get("hasZ") is True
    has_m = has_m or geometry.get("hasM") is True
    if kind == "esriGeometryPoint":
        _check_point(look, geometry, path, has_z=has_z, has_m=has_m)
    elif kind == "esriGeometryEnvelope":
        _check_box(look, geometry, path)
    else:
        keys = [key for key in _PARTS[kind] if geometry.get(key) is not None]
        if not keys:
            look.say("value.features", path, geometry, f"{' or '.join(_PARTS[kind])} ({kind})")
        for key in keys:
            _check_parts(look, geometry[key], key, join(path, key), has_z=has_z, has_m=has_m)


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


def _check_parts(look: Looking, parts: Any, key: str, path: str, *, has_z: bool, has_m: bool) -> None:
    if key in _CURVES and not look.is_asked("returnTrueCurves"):
        say = look.say if look.knows_asked else look.note
        say("value.features", path, Phrase("true curves"), "none, as returnTrueCurves was not asked for")
        return
    if type(parts) is not list:
        look.say("value.features", path, parts, "a list")
        return
    sizes = {2, 2 + (has_z or has_m), 2 + has_z + has_m}
    if key == "points":
        _check_path(look, parts, sizes, path, is_curved=False)
        return
    for index, part in enumerate(parts):
        _check_path(look, part, sizes, f"{path}[{index}]", is_curved=key in _CURVES)


def _check_path(look: Looking, vertices: Any, sizes: set[int], path: str, *, is_curved: bool) -> None:
    if type(vertices) is not list:
        look.say("value.features", path, vertices, "a list of vertices")
        return
    try:
        if (
            set(map(type, vertices)) <= {list}
            and set(map(type, chain.from_iterable(vertices))) <= _NUMBERS
            and set(map(len, vertices)) <= sizes
        ):
            return
    except TypeError:
        pass
    for index, vertex in enumerate(vertices):
        place = f"{path}[{index}]"
        if is_curved and type(vertex) is dict:
            continue
        if type(vertex) is not list or len(vertex) < 2:
            look.say("value.features", place, vertex, "a list of x and y")
        elif len(vertex) not in sizes:
            announced = "hasZ or hasM in the set for more than x and y" if sizes == {2} else "as announced"
            look.say("value.features", place, vertex, announced)
        else:
            for number, ordinate in enumerate(vertex):
                if type(ordinate) not in _NUMBERS and not (number > 1 and _is_nothing(ordinate)):
                    look.say("value.features", f"{place}[{number}]", ordinate, "a finite number")


def _is_nothing(ordinate: Any) -> bool:
    return ordinate is None or (type(ordinate) is str and ordinate.lower() == "nan")
