"""Features and rows made from a schema: geometries of its type near a place, attributes by its fields."""

from __future__ import annotations

import math
import random
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from gp_protocol.values.feature_sets import FeatureSet
from gp_protocol.values.fields import Field
from gp_protocol.values.spatial_references import Extent, SpatialReference

DEFAULT_FIELDS: Final = (Field("OBJECTID", "esriFieldTypeOID", alias="OBJECTID"),)
"""The fields of features and rows whose schema names none."""

_GEOGRAPHIC: Final = range(4000, 5000)
"""Assumed to hold the wkids whose units are degrees; all others are taken for meters."""

_FIRST_DAY: Final = datetime(2025, 1, 1, tzinfo=UTC)


def find_place(inputs: Mapping[str, Any]) -> Extent | None:
    """Where the inputs lie: the box around the first feature set with a geometry, or the first extent."""
    for value in inputs.values():
        if isinstance(value, Extent):
            return value
        if isinstance(value, FeatureSet):
            points = [point for feature in value.features for point in _points(feature.get("geometry"))]
            if points:
                xs, ys = zip(*points, strict=True)
                reference = sayable(value.spatial_reference)
                return Extent(min(xs), min(ys), max(xs), max(ys), spatial_reference=reference)
    return None


def sayable(reference: SpatialReference | None) -> SpatialReference | None:
    """The spatial reference, if outputs can name it: by id or as WKT. A name or a file is for inputs only."""
    said = reference is not None and (reference.wkid or reference.latest_wkid or reference.wkt)
    return reference if said else None


def _points(geometry: Any) -> Iterator[tuple[float, float]]:
    """All vertices of a geometry, x and y; of a true curve those that it passes through at its ends."""
    if not isinstance(geometry, Mapping):
        return
    if "x" in geometry:
        yield geometry["x"], geometry["y"]
    elif "xmin" in geometry:
        yield geometry["xmin"], geometry["ymin"]
        yield geometry["xmax"], geometry["ymax"]
    else:
        for key in ("points", "paths", "rings", "curvePaths", "curveRings"):
            yield from _vertices(geometry.get(key) or ())


def _vertices(parts: Iterable[Any]) -> Iterator[tuple[float, float]]:
    for part in parts:
        if isinstance(part, Mapping):
            ends = next(iter(part.values()))
            yield ends[0][0], ends[0][1]
        elif isinstance(part[0], int | float):
            yield part[0], part[1]
        else:
            yield from _vertices(part)


def draw_features(
    schema: FeatureSet | None, kinds: Sequence[str], place: Extent | None, rng: random.Random
) -> FeatureSet:
    """One to five features around a place, in the place's spatial reference where it has one.

    `schema` gives geometry type, fields, z and m, and the spatial reference where the place gives none.
    Without it the geometry type is the first of `kinds`, or a point.
    """
    kind = schema.geometry_type if schema is not None else "esriGeometryPoint"
    if kinds and kind not in kinds:
        kind = kinds[0]
    own = schema.spatial_reference if schema is not None else None
    near = place.spatial_reference if place is not None else None
    reference = sayable(near) or sayable(own) or SpatialReference(wkid=4326)
    if place is None:
        place = _anywhere(reference, rng)
    radius = max(place.xmax - place.xmin, place.ymax - place.ymin) / 2 or _nearby(reference)
    fields = schema.fields if schema is not None and schema.fields else DEFAULT_FIELDS
    has_z, has_m = (schema.has_z, schema.has_m) if schema is not None else (False, False)
    features = [
        {
            "attributes": draw_attributes(fields, number, rng),
            "geometry": _geometry(kind, place, radius, has_z, has_m, rng),
        }
        for number in range(1, rng.randint(1, 5) + 1)
    ]
    return FeatureSet(
        geometry_type=kind,
        spatial_reference=reference,
        fields=fields,
        features=features,
        has_z=has_z,
        has_m=has_m,
        display_field_name=schema.display_field_name if schema is not None else None,
    )


def _is_geographic(reference: SpatialReference) -> bool:
    return (reference.wkid or 0) in _GEOGRAPHIC or (reference.wkt or "").startswith("GEOGCS")


def _nearby(reference: SpatialReference) -> float:
    return 0.05 if _is_geographic(reference) else 5_000.0


def _anywhere(reference: SpatialReference, rng: random.Random) -> Extent:
    """A small box in degrees, or in meters where most projected systems are at home."""
    if _is_geographic(reference):
        x, y = rng.uniform(-120, 120), rng.uniform(-55, 55)
    else:
        x, y = rng.uniform(300_000, 700_000), rng.uniform(1_000_000, 6_000_000)
    size = _nearby(reference)
    return Extent(x - size, y - size, x + size, y + size, spatial_reference=reference)


def _geometry(
    kind: str, place: Extent, radius: float, has_z: bool, has_m: bool, rng: random.Random
) -> dict[str, Any] | None:
    center_x = (place.xmin + place.xmax) / 2 + rng.uniform(-radius, radius) / 2
    center_y = (place.ymin + place.ymax) / 2 + rng.uniform(-radius, radius) / 2
    extra = [round(rng.uniform(0, 1000), 2) for wanted in (has_z, has_m) if wanted]
    if kind == "esriGeometryPoint":
        names = [name for name, wanted in (("z", has_z), ("m", has_m)) if wanted]
        return {"x": center_x, "y": center_y, **dict(zip(names, extra, strict=True))}
    if kind == "esriGeometryMultipoint":
        return {"points": [[*xy, *extra] for xy in _around(center_x, center_y, radius, 4, rng)]}
    if kind == "esriGeometryPolyline":
        ends = sorted(_around(center_x, center_y, radius, 5, rng))
        return {"paths": [[[*xy, *extra] for xy in ends]]}
    if kind == "esriGeometryPolygon":
        ring = [[*xy, *extra] for xy in _around(center_x, center_y, radius, 8, rng)]
        return {"rings": [[*ring, ring[0]]]}
    if kind == "esriGeometryEnvelope":
        half = radius / 2
        return {
            "xmin": center_x - half,
            "ymin": center_y - half,
            "xmax": center_x + half,
            "ymax": center_y + half,
        }
    return None


def _around(x: float, y: float, radius: float, count: int, rng: random.Random) -> list[tuple[float, float]]:
    """Points around a center, clockwise, as the outer ring of a polygon runs."""
    points = []
    for step in range(count):
        angle, reach = -2 * math.pi * step / count, radius * rng.uniform(0.3, 0.5)
        points.append((x + reach * math.cos(angle), y + reach * math.sin(angle)))
    return points


def draw_attributes(fields: Iterable[Field], number: int, rng: random.Random) -> dict[str, Any]:
    """The attributes of the feature or row of that number; its object id is the number."""
    return {
        field.name: _attribute(field, number, rng)
        for field in fields
        if field.type != "esriFieldTypeGeometry"
    }


def _attribute(field: Field, number: int, rng: random.Random) -> Any:
    moment = _FIRST_DAY + timedelta(seconds=rng.randrange(365 * 24 * 3600))
    match field.type.removeprefix("esriFieldType"):
        case "OID":
            return number
        case "SmallInteger" | "Integer" | "BigInteger":
            return rng.randint(0, 100)
        case "Single" | "Double":
            return round(rng.uniform(0, 1000), 3)
        case "String":
            return f"{field.alias or field.name} {number}"[: field.length or None]
        case "Date":
            return int(moment.timestamp()) * 1000
        case "DateOnly":
            return moment.date().isoformat()
        case "TimeOnly":
            return moment.time().isoformat()
        case "TimestampOffset":
            return moment.isoformat()
        case "GUID" | "GlobalID":
            return f"{{{uuid.UUID(int=rng.getrandbits(128), version=4)}}}".upper()
        case "XML":
            return f"<row number='{number}'/>"
        case _:
            return None
