"""Features that are in order, seen without a look at each in Python.

The types that the features of a set must have are made from its fields and its geometry type; msgspec then
holds the features to them. What does not fit is not yet wrong: it is looked at one by one.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final

import msgspec

from gpharness.checking.fields import NUMBERS, WHOLE, WITHOUT_VALUES, Column
from gpharness.checking.geometries import LEAST, Announced

_FEW: Final = 20
"""Features that are looked at one by one straight away."""
_AT_ONCE: Final = 500

_DEPTHS: Final = {"points": 1, "paths": 2, "rings": 2}
_KEYS: Final = {
    "esriGeometryMultipoint": "points",
    "esriGeometryPolyline": "paths",
    "esriGeometryPolygon": "rings",
}


def are_in_order(features: list[Any], columns: tuple[Column, ...] | None, announced: Announced) -> bool:
    """Whether all features are surely as the set announces them. False says nothing."""
    if len(features) < _FEW and not _is_long(features):
        return False
    kind = announced.kind
    try:
        wanted = _type_of(columns, kind, announced.has_z, announced.has_m)
    except (TypeError, ValueError):
        return False
    try:
        for start in range(0, len(features), _AT_ONCE):
            msgspec.convert(features[start : start + _AT_ONCE], wanted)
    except (msgspec.ValidationError, TypeError, ValueError, OverflowError, RecursionError):
        return False
    return kind not in _KEYS or _are_whole(features, _KEYS[kind], announced)


def _are_whole(features: list[Any], key: str, announced: Announced) -> bool:
    """Whether geometries whose vertices are in order announce no other ones, and whether their parts are long
    enough and their rings closed."""
    has_z, has_m, least = announced.has_z, announced.has_m, LEAST.get(key, 0)
    is_ring = key == "rings"
    for feature in features:
        geometry = feature.get("geometry")
        if not geometry:
            continue
        if geometry.get("hasZ", has_z) is not has_z or geometry.get("hasM", has_m) is not has_m:
            return False
        for part in geometry[key] if least and not announced.is_packed else ():
            if len(part) < least or (is_ring and part[0][:2] != part[-1][:2]):
                return False
    return True


def _is_long(features: list[Any]) -> bool:
    """Whether one of few features has many vertices."""
    for feature in features:
        geometry = feature.get("geometry") if type(feature) is dict else None
        for key in _DEPTHS:
            parts = geometry.get(key) if type(geometry) is dict else None
            if type(parts) is list and sum(len(part) for part in parts if type(part) is list) > _AT_ONCE:
                return True
    return False


@lru_cache(maxsize=64)
def _type_of(columns: tuple[Column, ...] | None, geometry_type: str | None, has_z: bool, has_m: bool) -> Any:
    members: list[Any] = [("attributes", _attributes_type(columns))]
    if geometry_type is not None:
        members.append(("geometry", _geometry_type(geometry_type, has_z, has_m) | None))
    else:
        members.append(("geometry", None, None))
    return list[msgspec.defstruct("Feature", members, gc=False)]  # type: ignore[misc]


def _attributes_type(columns: tuple[Column, ...] | None) -> Any:
    if columns is None:
        return dict[str, Any]
    members: list[Any] = []
    names: dict[str, str] = {}
    for index, column in enumerate(columns):
        key = f"field_{index}"
        names[key] = column.name
        kind = _value_type(column.type)
        members.append((key, kind, None) if column.type in WITHOUT_VALUES else (key, kind))
    return msgspec.defstruct(
        "Attributes", members, rename=names, forbid_unknown_fields=True, kw_only=True, gc=False
    )


def _value_type(field_type: str) -> Any:
    if field_type in WHOLE:
        return int | None
    if field_type in NUMBERS:
        return float | None
    return Any if field_type in WITHOUT_VALUES else str | None


def _geometry_type(geometry_type: str, has_z: bool, has_m: bool) -> Any:
    if geometry_type == "esriGeometryPoint":
        members: list[Any] = [("x", float), ("y", float)]
        members += [(key, float | None, None) for key, has in (("z", has_z), ("m", has_m)) if has]
    else:
        key = _KEYS[geometry_type] if geometry_type in _KEYS else _raise(geometry_type)
        vertex: Any = tuple[(float,) * (2 + has_z + has_m)]  # type: ignore[misc]
        for _ in range(_DEPTHS[key]):
            vertex = list[vertex]
        members = [(key, vertex), ("hasZ", bool, False), ("hasM", bool, False)]
    return msgspec.defstruct("Geometry", members, forbid_unknown_fields=True, kw_only=True, gc=False)


def _raise(geometry_type: str) -> str:
    raise ValueError(geometry_type)
