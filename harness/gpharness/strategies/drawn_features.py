"""Feature sets and record sets: geometries of one type where its spatial reference has places, attributes
that their fields hold.

Geometries are sound: paths have two vertices or more, rings are closed, of some area and run clockwise.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import cache, lru_cache
from itertools import product
from typing import Any, Final

from gp_protocol.descriptions.descriptors import Parameter, ParameterInfo
from gp_protocol.descriptions.filters import ListFilter
from gp_protocol.errors import ProtocolError
from gp_protocol.values.feature_sets import FeatureSet, RecordSet, fields_of_default
from gp_protocol.values.fields import FIELD_TYPES, Field
from gp_protocol.values.spatial_references import SpatialReference, decode_spatial_reference
from gp_protocol.versions import Profile
from hypothesis import strategies as st

from gpharness.strategies.drawn_words import Version, names, profile_of, texts

Part = Parameter | ParameterInfo

KINDS: Final = (
    "esriGeometryPoint",
    "esriGeometryMultipoint",
    "esriGeometryPolyline",
    "esriGeometryPolygon",
    "esriGeometryEnvelope",
)
WGS84: Final = SpatialReference(wkid=4326)
_WGS84_TEXT: Final = (
    'GEOGCS["GCS_WGS_1984",DATUM["D_WGS_1984",SPHEROID["WGS_1984",6378137.0,298.257223563]],'
    'PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]]'
)
REFERENCES: Final = (
    WGS84,
    SpatialReference(wkid=4326, latest_wkid=4326),
    SpatialReference(wkid=102100, latest_wkid=3857),
    SpatialReference(wkid=102100),
    SpatialReference(wkid=3857),
    SpatialReference(wkt=_WGS84_TEXT),
)
"""Spatial references that every server knows, in all forms that it may tell them itself."""
_GEOGRAPHIC: Final = range(4000, 5000)
"""The wkids taken for systems in degrees; all others are taken for meters (*assumed*)."""
_GENERATED: Final = (
    "esriFieldTypeInteger",
    "esriFieldTypeDouble",
    "esriFieldTypeString",
    "esriFieldTypeDate",
)
_WITHOUT_VALUE: Final = frozenset({"esriFieldTypeBlob", "esriFieldTypeRaster"})
_MOST: Final = 3
_FLAGS: Final = st.booleans()


def feature_sets(
    schema: Part | Mapping[str, Any] | None = None,
    *,
    min_size: int = 1,
    max_size: int = _MOST,
    fields: Sequence[Field] | None = None,
    version: Version = None,
    answered: bool = False,
) -> st.SearchStrategy[FeatureSet]:
    """Feature sets as a schema wants them: that of a parameter (its default value, and the geometry types of
    its filter), or a mapping of its form; without one, points, lines, areas with fields of their own.

    They lie in the schema's spatial reference or in WGS 84 or Web Mercator, by id or by text; where the
    schema has none, it may be left out. Object ids count from 1. `fields` are those of sets whose schema
    names none. What clients send may leave out attributes; `answered` sets have a value, if null, of each
    field, and a spatial reference. They shrink to `min_size` points at 0,0 without attributes.
    """
    found = _Schema(schema, profile_of(version))
    if answered:
        found.references = tuple(each for each in found.references if each is not None)

    def shapes(kind: str, is_geographic: bool) -> st.SearchStrategy[list[dict[str, Any]]]:
        one = _geometries(kind, is_geographic, found.has_z, found.has_m)
        return st.lists(one, min_size=min_size, max_size=max_size)

    drawn = {
        key: shapes(*key) for key in product(found.kinds, {_is_geographic(each) for each in found.references})
    }
    return _feature_sets(found, drawn, _fields_for(found, fields), answered)


def record_sets(
    schema: Part | Mapping[str, Any] | None = None,
    *,
    min_size: int = 1,
    max_size: int = _MOST,
    fields: Sequence[Field] | None = None,
    version: Version = None,
) -> st.SearchStrategy[RecordSet]:
    """Rows of a table as a schema wants them, as `feature_sets` has it."""
    found = _Schema(schema, profile_of(version))
    return _record_sets(st.integers(min_size, max_size), _fields_for(found, fields))


class _Schema:
    """What is known of a set beforehand."""

    def __init__(self, given: Part | Mapping[str, Any] | None, version: Profile) -> None:
        default = given if isinstance(given, Mapping) or given is None else given.default_value
        known = default if isinstance(default, Mapping) else {}
        self.version = version
        self.fields = _fields_in(known)
        own = _reference_in(known)
        self.references = tuple(dict.fromkeys((own or WGS84, *REFERENCES, own)))
        """The likeliest first; None, an unknown one, is among them if the schema has none."""
        self.kinds = _kinds(known.get("geometryType"), None if isinstance(given, Mapping) else given)
        self.has_z = known.get("hasZ") is True
        self.has_m = known.get("hasM") is True


def _fields_in(default: Mapping[str, Any]) -> tuple[Field, ...]:
    try:
        return fields_of_default(dict(default))
    except ProtocolError:
        return ()


def _reference_in(default: Mapping[str, Any]) -> SpatialReference | None:
    try:
        found = decode_spatial_reference(default.get("spatialReference"))
    except ProtocolError:
        return WGS84
    return found if found is None or found.wkid or found.latest_wkid or found.wkt else WGS84


def _kinds(own: Any, part: Part | None) -> tuple[str, ...]:
    """The geometry types that are allowed: those of the filter, the schema's own if it is among them."""
    kind = next((each for each in KINDS if each == own), None)
    listed = part.filter if part is not None else None
    if isinstance(listed, ListFilter) and listed.type == "featureClass":
        bare = {word.casefold().removeprefix("esrigeometry") for word in listed.words}
        allowed = tuple(each for each in KINDS if each.casefold().removeprefix("esrigeometry") in bare)
        return (kind,) if kind in allowed and kind is not None else allowed or KINDS[:1]
    return (kind,) if kind is not None else (KINDS[0], *KINDS[2:4])


@lru_cache(maxsize=1000)
def _one_of(choices: tuple[Any, ...]) -> st.SearchStrategy[Any]:
    return st.sampled_from(choices)


@st.composite
def _feature_sets(
    draw: st.DrawFn,
    schema: _Schema,
    shapes: Mapping[tuple[str, bool], st.SearchStrategy[list[dict[str, Any]]]],
    some_fields: st.SearchStrategy[tuple[Field, ...]],
    is_answered: bool,
) -> FeatureSet:
    kind, reference = draw(_one_of(schema.kinds)), draw(_one_of(schema.references))
    drawn = draw(shapes[kind, _is_geographic(reference)])
    fields = draw(some_fields)
    # A set that leaves out what may be null leaves it out in every feature, as clients do.
    is_told = bool(fields) and (
        is_answered or any(field.nullable is False for field in fields) or draw(_FLAGS)
    )
    features = [
        {"attributes": draw(_attributes(fields, number)) if is_told else {}, "geometry": geometry}
        for number, geometry in enumerate(drawn, 1)
    ]
    return FeatureSet(kind, reference, fields, features, schema.has_z, schema.has_m)


@st.composite
def _record_sets(
    draw: st.DrawFn, counts: st.SearchStrategy[int], some_fields: st.SearchStrategy[tuple[Field, ...]]
) -> RecordSet:
    count, fields = draw(counts), draw(some_fields)
    rows = [{"attributes": draw(_attributes(fields, number))} for number in range(1, count + 1)]
    return RecordSet(fields, rows)


def _fields_for(schema: _Schema, given: Sequence[Field] | None) -> st.SearchStrategy[tuple[Field, ...]]:
    if schema.fields:
        return st.just(schema.fields)
    return _few_fields() if given is None else st.just(tuple(given))


@cache
def _few_fields() -> st.SearchStrategy[tuple[Field, ...]]:
    return st.lists(fields(_GENERATED), max_size=2, unique_by=lambda field: field.name.upper()).map(tuple)


def fields(types: Sequence[str] = ()) -> st.SearchStrategy[Field]:
    """A field, of one of these types."""
    return st.builds(Field, names, st.sampled_from(tuple(types) or _GENERATED))


def field_types(version: Profile) -> tuple[str, ...]:
    """The field types that a version knows."""
    return tuple(each for each in FIELD_TYPES if version.has("field type", each))


@lru_cache(maxsize=1000)
def _attributes(fields: tuple[Field, ...], number: int) -> st.SearchStrategy[dict[str, Any]]:
    """The attributes of a feature, all of its fields."""
    found: dict[str, st.SearchStrategy[Any]] = {}
    for field in fields:
        if field.type == "esriFieldTypeOID":
            found[field.name] = st.just(number)
        elif field.type in _WITHOUT_VALUE:
            found[field.name] = st.none()
        elif field.type != "esriFieldTypeGeometry":
            value = attribute_values(field)
            found[field.name] = value if field.nullable is False else st.none() | value
    return st.fixed_dictionaries(found)


@cache
def attribute_values(field: Field) -> st.SearchStrategy[Any]:
    """What a field holds, null apart."""
    match field.type.removeprefix("esriFieldType"):
        case "SmallInteger" | "Integer" | "BigInteger" | "OID":
            return st.integers(0, 30_000)
        case "Single" | "Double":
            return st.integers(0, 1000) | st.integers(-(10**6), 10**6).map(lambda n: n / 64)
        case "Date":
            return st.integers(0, 2_000_000_000).map(lambda seconds: seconds * 1000)
        case "DateOnly":
            return st.dates().map(str)
        case "TimeOnly":
            return st.integers(0, 86_399).map(_time_of_day)
        case "TimestampOffset":
            return st.integers(0, 2_000_000_000).map(_instant)
        case "GUID" | "GlobalID":
            return st.uuids().map(lambda uuid: f"{{{str(uuid).upper()}}}")
        case "XML":
            return st.just("<a/>")
        case _:
            return texts.map(lambda text: text[: field.length or None])


def _time_of_day(second: int) -> str:
    return f"{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}"


def _instant(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat()


def _is_geographic(reference: SpatialReference | None) -> bool:
    if reference is None:
        return True
    wkid = reference.wkid or reference.latest_wkid
    return wkid in _GEOGRAPHIC if wkid else (reference.wkt or "").startswith("GEOGCS")


@cache
def _geometries(
    kind: str, is_geographic: bool, has_z: bool, has_m: bool
) -> st.SearchStrategy[dict[str, Any]]:
    """Geometries of a type, within the world of degrees or a region of meters."""
    wide, high, size = (150, 75, 5) if is_geographic else (900_000, 900_000, 50_000)
    x, y, extra = _ordinates(wide), _ordinates(high), _ordinates(1000)
    more = [extra] * (has_z + has_m)
    vertex = st.tuples(x, y, *more).map(list)
    if kind == "esriGeometryPoint":
        named = {key: extra for key, has in (("z", has_z), ("m", has_m)) if has}
        return st.fixed_dictionaries({"x": x, "y": y, **named})
    if kind == "esriGeometryMultipoint":
        return st.lists(vertex, min_size=1, max_size=3, unique_by=tuple).map(lambda each: {"points": each})
    step = st.integers(1, size)
    if kind == "esriGeometryPolyline":
        path = st.builds(_path, vertex, st.lists(st.tuples(step, step), min_size=1, max_size=3))
        return st.lists(path, min_size=1, max_size=2).map(lambda each: {"paths": each})
    if kind == "esriGeometryPolygon":
        return st.builds(_area, vertex, step, step, st.booleans(), st.booleans())
    return st.builds(
        lambda x, y, width, height: {"xmin": x, "ymin": y, "xmax": x + width, "ymax": y + height},
        x,
        y,
        step,
        step,
    )


def _ordinates(reach: int) -> st.SearchStrategy[float]:
    """Whole numbers, and numbers with a fraction that every reader keeps as it is."""
    return st.integers(-reach, reach) | st.integers(-reach * 64, reach * 64).map(lambda n: n / 64)


def _path(start: list[float], steps: list[tuple[int, int]]) -> list[list[float]]:
    path = [start]
    for right, up in steps:
        x, y, *more = path[-1]
        path.append([x + right, y + up, *more])
    return path


def _area(
    corner: list[float], width: int, height: int, is_triangle: bool, has_two_parts: bool
) -> dict[str, Any]:
    """One ring, or two side by side. They run clockwise, as outer rings do."""
    x, y, *more = corner
    rings = [_ring([x + 2 * width * part, y, *more], width, height) for part in range(1 + has_two_parts)]
    if is_triangle:
        del rings[0][2]
    return {"rings": rings}


def _ring(corner: list[float], width: int, height: int) -> list[list[float]]:
    x, y, *more = corner
    return [
        corner,
        [x, y + height, *more],
        [x + width, y + height, *more],
        [x + width, y, *more],
        list(corner),
    ]
