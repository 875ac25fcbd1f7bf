"""GeoJSON as a feature set, and what speaks its language: `__geo_interface__`, shapely, geopandas.

Sources: RFC 7946; the `crs` member of its forerunner of 2008; ArcGIS REST, *Geometry objects*: there exterior
rings run clockwise and holes counterclockwise, the other way round than in GeoJSON, and nothing but the
direction tells a hole. Coordinates are longitude and latitude of WGS 84 where nothing names another spatial
reference; what cannot be these is refused. Everything here raises `LocalProtocolError`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, TypeVar

import msgspec
from gp_protocol.errors import LocalProtocolError, shown
from gp_protocol.suggestions import did_you_mean, one_of
from gp_protocol.values.feature_sets import FeatureSet
from gp_protocol.values.fields import Field
from gp_protocol.values.geojson import signed_area
from gp_protocol.values.spatial_references import SpatialReference

from gp_client.inputs.columns import typed_rows
from gp_client.inputs.places import named_reference
from gp_client.inputs.scalars import as_list, bare, double_from, is_missing

_T = TypeVar("_T")

WGS84: Final = SpatialReference(4326)

Position = list[Any]

GEOMETRIES: Final = ("Point", "MultiPoint", "LineString", "MultiLineString", "Polygon", "MultiPolygon")
TYPES: Final = (*GEOMETRIES, "GeometryCollection", "Feature", "FeatureCollection")
_FAMILIES: Final = {
    "Point": "esriGeometryPoint",
    "MultiPoint": "esriGeometryMultipoint",
    "LineString": "esriGeometryPolyline",
    "MultiLineString": "esriGeometryPolyline",
    "Polygon": "esriGeometryPolygon",
    "MultiPolygon": "esriGeometryPolygon",
}


class Drawn(msgspec.Struct, frozen=True):
    """A feature as GeoJSON has it; `geometry` is None where it is empty."""

    geometry: Mapping[str, Any] | None
    properties: Mapping[Any, Any] = {}
    id: Any = None


def is_geojson(value: Any) -> bool:
    """Whether a mapping says that it is GeoJSON."""
    return isinstance(value, Mapping) and value.get("type") in TYPES


def drawn_in(value: Mapping[str, Any]) -> list[Drawn]:
    """The features of a FeatureCollection, a Feature or a geometry."""
    kind = value["type"]
    if kind == "FeatureCollection":
        features = as_list(value.get("features"))
        if features is None:
            raise LocalProtocolError(
                path="features", met=shown(value.get("features")), expected="a list of features"
            )
        return [_at(f"features[{index}]", _feature, each) for index, each in enumerate(features)]
    return [_feature(value) if kind == "Feature" else Drawn(value)]


def reference_in(value: Mapping[str, Any]) -> SpatialReference | None:
    """The spatial reference that a `crs` member names; None without one."""
    crs = value.get("crs")
    if crs is None:
        return None
    properties = crs.get("properties") if isinstance(crs, Mapping) else None
    if isinstance(properties, Mapping):
        name = properties.get("name", properties.get("code"))
        if isinstance(name, str | int) and not isinstance(name, bool):
            return _at("crs", named_reference, str(name))
    raise LocalProtocolError(
        path="crs", met=shown(crs), expected='{"type": "name", "properties": {"name": "EPSG:3857"}}'
    )


def feature_set_of(
    drawn: Sequence[Drawn],
    reference: SpatialReference | None,
    *,
    known_fields: Sequence[Field] = (),
    default_type: str = "",
) -> FeatureSet:
    """The features in ArcGIS JSON, of one geometry type.

    Without a `reference` they are in WGS 84. Points become multipoints where others are, or where the
    task's default has these; without any geometry the type is the default's.
    """
    family = _family(drawn, default_type)
    limits = reference is None
    geometries = []
    has_z = False
    for index, each in enumerate(drawn):
        try:
            geometry, with_z = _geometry(each.geometry, family, limits)
        except LocalProtocolError as error:
            raise error.at("geometry").at(f"features[{index}]") from None
        geometries.append(geometry)
        has_z = has_z or with_z
    fields, rows = typed_rows([each.properties for each in drawn], known_fields, "features[{}].properties")
    fields, rows = _with_ids(drawn, fields, rows)
    features = [
        {"attributes": row, "geometry": geometry} for row, geometry in zip(rows, geometries, strict=True)
    ]
    return FeatureSet(family, reference or WGS84, fields, features, has_z=has_z)


def _feature(value: Any) -> Drawn:
    if not isinstance(value, Mapping):
        value = getattr(value, "__geo_interface__", value)
    if not isinstance(value, Mapping) or value.get("type") != "Feature":
        if is_geojson(value) and value["type"] in GEOMETRIES:
            return Drawn(value)
        raise LocalProtocolError(met=shown(value), expected='a feature: {"type": "Feature", …}')
    geometry, properties = value.get("geometry"), value.get("properties")
    if geometry is not None and not isinstance(geometry, Mapping):
        geometry = getattr(geometry, "__geo_interface__", geometry)
        if not isinstance(geometry, Mapping):
            raise LocalProtocolError(path="geometry", met=shown(geometry), expected="a geometry or null")
    if properties is not None and not isinstance(properties, Mapping):
        raise LocalProtocolError(path="properties", met=shown(properties), expected="an object or null")
    return Drawn(geometry, properties or {}, value.get("id"))


def _family(drawn: Sequence[Drawn], default_type: str) -> str:
    """The one geometry type of all features."""
    first: dict[str, int] = {}
    for index, each in enumerate(drawn):
        if each.geometry is None:
            continue
        kind = each.geometry.get("type")
        if kind not in _FAMILIES:
            raise _strange(kind, each.geometry).at("geometry").at(f"features[{index}]")
        first.setdefault(_FAMILIES[kind], index)
    families = set(first)
    multipoint = {"esriGeometryPoint", "esriGeometryMultipoint"}
    if families == multipoint or (families == {"esriGeometryPoint"} and default_type in multipoint):
        return "esriGeometryMultipoint" if families == multipoint else default_type
    if len(families) > 1:
        one, other = list(first)[:2]
        raise LocalProtocolError(
            path=f"features[{first[other]}].geometry",
            met=f"a geometry of {other}",
            expected=f"{one}, as in features[{first[one]}]",
            remedy="give features of one geometry type: run the task once for each",
        )
    return next(iter(families), default_type or "esriGeometryPoint")


def _strange(kind: Any, geometry: Mapping[str, Any]) -> LocalProtocolError:
    remedy = did_you_mean(kind, GEOMETRIES) if isinstance(kind, str) else ""
    if kind == "GeometryCollection":
        remedy = "give its geometries one by one"
    return LocalProtocolError(
        path="type",
        met=shown(kind) if kind else shown(dict(geometry)),
        expected=one_of(GEOMETRIES),
        remedy=remedy,
    )


def _geometry(
    geometry: Mapping[str, Any] | None, family: str, limits: bool
) -> tuple[dict[str, Any] | None, bool]:
    """A geometry in ArcGIS JSON, and whether any of its positions has a z."""
    if geometry is None:
        return None, False
    kind, reader = geometry["type"], _Positions(limits)
    parts = geometry.get("coordinates")
    if parts is not None and as_list(parts) == []:
        return None, False
    try:
        if kind == "Point":
            made = _point(reader.one(parts), family)
        elif kind == "MultiPoint":
            made = {"points": reader.path(parts, 1, "a position")}
        elif kind == "LineString":
            made = {"paths": [reader.path(parts, 2, "two positions")]}
        elif kind == "MultiLineString":
            made = {"paths": reader.each(parts, lambda part: reader.path(part, 2, "two positions"))}
        elif kind == "Polygon":
            made = {"rings": _polygon(parts, reader)}
        else:
            made = {
                "rings": [
                    ring
                    for rings in reader.each(parts, lambda part: _polygon(part, reader))
                    for ring in rings
                ]
            }
    except LocalProtocolError as error:
        raise error.at("coordinates") from None
    return made, reader.has_z


def _point(position: Position, family: str) -> dict[str, Any]:
    if family == "esriGeometryMultipoint":
        return {"points": [position]}
    point = {"x": position[0], "y": position[1]}
    if len(position) > 2 and position[2] is not None:
        point["z"] = position[2]
    return point


def _polygon(rings: Any, reader: _Positions) -> list[list[Position]]:
    """Rings closed and turned as ArcGIS has them: the first clockwise, its holes counterclockwise."""
    made = []
    for index, ring in enumerate(reader.each(rings, lambda part: reader.path(part, 3, "four positions"))):
        if ring[0] != ring[-1]:
            ring.append(list(ring[0]))
        if len(ring) < 4:
            raise LocalProtocolError(path=f"[{index}]", met=shown(ring), expected="four positions or more")
        area = signed_area(ring)
        made.append(ring[::-1] if (area > 0) == (index == 0) and area else ring)
    return made


class _Positions:
    """Reads positions, and remembers whether one had a z."""

    def __init__(self, limits: bool) -> None:
        self.has_z = False
        self._limits = limits

    def one(self, value: Any) -> Position:
        ordinates = as_list(value)
        if ordinates is None or not 2 <= len(ordinates) <= 3:
            raise LocalProtocolError(
                met=shown(value),
                expected="a position of two or three numbers",
                remedy="give m-values in ArcGIS JSON" if ordinates and len(ordinates) == 4 else "",
            )
        x, y, *z = ordinates
        x, y = _ordinate(x, "[0]"), _ordinate(y, "[1]")
        if self._limits and not (-360 <= x <= 360 and -90.000001 <= y <= 90.000001):
            raise LocalProtocolError(
                met=shown([x, y]),
                expected="longitude and latitude in degrees, as nothing names another spatial reference",
                remedy='name it: "crs" in GeoJSON, crs= of geopandas, or "spatialReference" in ArcGIS JSON',
            )
        if not z:
            return [x, y]
        self.has_z = True
        return [x, y, None if is_missing(z[0]) else _ordinate(z[0], "[2]")]

    def path(self, value: Any, least: int, expected: str) -> list[Position]:
        path: list[Position] = self.each(value, self.one)
        if len(path) < least:
            raise LocalProtocolError(met=shown(value), expected=f"{expected} or more")
        return path

    def each(self, value: Any, read: Callable[[Any], Any]) -> list[Any]:
        parts = as_list(value)
        if parts is None:
            raise LocalProtocolError(met=shown(value), expected="a list")
        made = []
        for index, part in enumerate(parts):
            try:
                made.append(read(part))
            except LocalProtocolError as error:
                raise error.at(f"[{index}]") from None
        return made


def _ordinate(value: Any, path: str) -> float | int:
    if type(value) is float or type(value) is int:
        try:
            if math.isfinite(value):
                return value
        except OverflowError:
            pass
    if isinstance(value, str):
        raise LocalProtocolError(path=path, met=shown(value), expected="a number")
    return _at(path, double_from, value)


def _with_ids(
    drawn: Sequence[Drawn], fields: tuple[Field, ...], rows: list[dict[str, Any]]
) -> tuple[tuple[Field, ...], list[dict[str, Any]]]:
    """The features' ids as an attribute: object ids where they can be these, else a field `id`."""
    ids = [bare(each.id) for each in drawn]
    if all(each is None for each in ids):
        return fields, rows
    own = next((field.name for field in fields if field.type == "esriFieldTypeOID"), None)
    taken = {name.casefold() for row in rows for name in row} | {field.name.casefold() for field in fields}
    if _are_object_ids(ids):
        if own is not None:
            unset = all(row.get(own) in (None, each) for row, each in zip(rows, ids, strict=True))
            if unset:
                return fields, [{**row, own: each} for row, each in zip(rows, ids, strict=True)]
        elif "objectid" not in taken:
            length = 8 if max(ids) >= 1 << 31 else None
            field = Field("OBJECTID", "esriFieldTypeOID", length=length)
            return (field, *fields), [{field.name: each, **row} for row, each in zip(rows, ids, strict=True)]
        else:
            name = next(each for each in _all_names(rows) if each.casefold() == "objectid")
            if all(row.get(name) == each for row, each in zip(rows, ids, strict=True)):
                typed = [
                    Field(name, "esriFieldTypeOID", length=8 if max(ids) >= 1 << 31 else None)
                    if field.name == name and field.type == "esriFieldTypeInteger"
                    else field
                    for field in fields
                ]
                return tuple(typed), rows
    if all(row.get("id") == each for row, each in zip(rows, ids, strict=True)):
        return fields, rows
    name = "id"
    while name in taken:
        name += "_"
    if any(isinstance(each, str) for each in ids):
        ids = [each if each is None or isinstance(each, str) else str(each) for each in ids]
    given = [{name: each} for each in ids]
    (field,), values = typed_rows(given, (), "features[{}]")
    return (*fields, field), [{**row, **each} for row, each in zip(rows, values, strict=True)]


def _are_object_ids(ids: Iterable[Any]) -> bool:
    known = list(ids)
    return all(type(each) is int and 0 <= each < 1 << 63 for each in known) and len(set(known)) == len(known)


def _all_names(rows: Iterable[Mapping[str, Any]]) -> Iterable[str]:
    return (name for row in rows for name in row)


def _at(path: str, read: Callable[[Any], _T], value: Any) -> _T:
    try:
        return read(value)
    except LocalProtocolError as error:
        raise error.at(path) from None
