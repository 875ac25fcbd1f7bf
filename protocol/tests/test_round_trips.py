"""Whatever value crosses the wire comes out as it went in, and garbage as an error of the other party."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import pytest
from gp_protocol.errors import RemoteProtocolError
from gp_protocol.json_text import encode_json
from gp_protocol.lenient_json import decode_json, reads_as_json
from gp_protocol.values.compound import CompositeValue
from gp_protocol.values.data_types import DATA_TYPES, OutputOptions, PlainSpec, data_type
from gp_protocol.values.feature_sets import FeatureSet, RecordSet
from gp_protocol.values.fields import FIELD_TYPES, Field
from gp_protocol.values.references import DataFile, ItemReference, LayerReference, MapImage, Raster
from gp_protocol.values.spatial_references import Extent, SpatialReference
from gp_protocol.values.units import AREAL_UNITS, LINEAR_UNITS, TIME_UNITS, ArealUnit, LinearUnit, TimeUnit
from hypothesis import given, settings
from hypothesis import strategies as st

EVERYTHING = OutputOptions(return_z=True, return_m=True, return_true_curves=True)

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
WORDS = st.text(st.characters(exclude_categories=["Cs", "Z", "C"]), min_size=1, max_size=8)
NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
WHOLE = st.integers(-4503599627370495, 4503599627370495)
MILLISECONDS = st.integers(-62_135_596_800_000, 253_402_300_799_999)
DATES = MILLISECONDS.map(lambda ms: datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=ms))
WKIDS = st.integers(1, 2**31 - 1)
BY_ID = st.builds(SpatialReference, WKIDS, st.none() | WKIDS, st.none() | WKIDS, st.none() | WKIDS)
BY_WKT = st.builds(SpatialReference, wkt=WORDS)
REFERENCES = BY_ID | BY_WKT
OTHER_REFERENCES = (
    st.builds(SpatialReference, latest_wkid=WKIDS)
    | st.builds(SpatialReference, wkt2=WORDS)
    | st.builds(SpatialReference, name=WORDS, vcs_name=st.none() | WORDS)
    | st.builds(SpatialReference, projection_file=WORDS)
    | st.builds(SpatialReference, projection_file_item_id=WORDS)
)
ENVELOPES = st.builds(
    Extent, NUMBERS, NUMBERS, NUMBERS, NUMBERS, zmin=st.none() | NUMBERS, mmax=st.none() | NUMBERS
)
EXTENTS = ENVELOPES | st.builds(
    Extent, NUMBERS, NUMBERS, NUMBERS, NUMBERS, spatial_reference=st.none() | REFERENCES
)
ATTRIBUTES = {
    "esriFieldTypeOID": st.integers(-(2**31), 2**31 - 1),
    "esriFieldTypeSmallInteger": st.integers(-(2**15), 2**15 - 1),
    "esriFieldTypeInteger": st.integers(-(2**31), 2**31 - 1),
    "esriFieldTypeBigInteger": st.integers(-(2**63), 2**63 - 1),
    "esriFieldTypeSingle": NUMBERS,
    "esriFieldTypeDouble": NUMBERS,
    "esriFieldTypeString": TEXTS,
    "esriFieldTypeDate": MILLISECONDS,
    "esriFieldTypeDateOnly": st.dates().map(str),
    "esriFieldTypeTimeOnly": st.times().map(str),
    "esriFieldTypeTimestampOffset": st.datetimes(timezones=st.just(UTC)).map(datetime.isoformat),
    "esriFieldTypeGeometry": st.none(),
    "esriFieldTypeBlob": TEXTS,
    "esriFieldTypeRaster": TEXTS,
    "esriFieldTypeGUID": st.uuids().map(lambda uuid: f"{{{uuid}}}"),
    "esriFieldTypeGlobalID": st.uuids().map(lambda uuid: f"{{{uuid}}}"),
    "esriFieldTypeXML": TEXTS,
}
NULL_OR = {kind: st.none() | held for kind, held in ATTRIBUTES.items()}
PLAIN_FIELDS = st.builds(
    Field, WORDS, st.sampled_from(FIELD_TYPES), TEXTS, length=st.none() | st.integers(0, 7)
)
FIELDS = st.builds(
    Field,
    WORDS,
    st.sampled_from(FIELD_TYPES),
    TEXTS,
    st.none() | st.booleans(),
    st.none() | st.booleans(),
    st.none() | st.integers(0, 255),
)


# What is drawn from often is made once: to make a strategy takes longer than to draw from it.
SOME_FIELDS = st.lists(PLAIN_FIELDS, max_size=4, unique_by=lambda field: field.name)
FEW = st.integers(0, 3)
FLAGS = st.booleans()


@st.composite
def tables(draw: st.DrawFn) -> tuple[tuple[Field, ...], list[dict[str, Any]]]:
    """Fields, and rows of attributes that they can hold."""
    fields = draw(SOME_FIELDS)
    if draw(FLAGS):
        fields.append(Field("an id of 64 bits", "esriFieldTypeOID", length=8))
    holds = [NULL_OR["esriFieldTypeBigInteger" if field.length == 8 else field.type] for field in fields]
    rows = draw(FEW)
    return tuple(fields), [
        {field.name: draw(held) for field, held in zip(fields, holds, strict=True) if draw(FLAGS)}
        for _ in range(rows)
    ]


def vertices(size: int) -> st.SearchStrategy[list[Any]]:
    more = [NUMBERS | st.none()] * (size - 2)
    return st.tuples(NUMBERS, NUMBERS, *more).map(list)


def curves(vertex: st.SearchStrategy[list[Any]]) -> st.SearchStrategy[Any]:
    flat = vertices(2)
    flag = st.integers(0, 1)
    return (
        st.tuples(vertex, flat).map(lambda points: {"c": list(points)})
        | st.tuples(vertex, flat, flat).map(lambda points: {"b": list(points)})
        | st.tuples(vertex, flat, flag, flag).map(lambda arc: {"a": list(arc)})
        | st.tuples(vertex, flat, flag, flag, NUMBERS, NUMBERS, NUMBERS).map(lambda arc: {"a": list(arc)})
    )


@cache
def geometries(kind: str, has_z: bool, has_m: bool) -> st.SearchStrategy[dict[str, Any]]:
    vertex = vertices(2 + has_z + has_m)
    path = st.lists(vertex, min_size=1, max_size=4)
    part = st.tuples(vertex, st.lists(vertex | curves(vertex), max_size=3)).map(
        lambda start: [start[0], *start[1]]
    )
    paths, parts = st.lists(path, min_size=1, max_size=2), st.lists(part, min_size=1, max_size=2)
    if kind == "esriGeometryPoint":
        more = {key: NUMBERS for key, has in (("z", has_z), ("m", has_m)) if has}
        return st.fixed_dictionaries({"x": NUMBERS, "y": NUMBERS}, optional=more)
    if kind == "esriGeometryMultipoint":
        return st.fixed_dictionaries({"points": path})
    if kind == "esriGeometryPolyline":
        return st.fixed_dictionaries({"paths": paths}) | st.fixed_dictionaries({"curvePaths": parts})
    if kind == "esriGeometryPolygon":
        return st.fixed_dictionaries({"rings": paths}) | st.fixed_dictionaries({"curveRings": parts})
    return st.fixed_dictionaries(dict.fromkeys(("xmin", "ymin", "xmax", "ymax"), NUMBERS))


TABLES = tables()
KINDS = st.sampled_from(
    [
        "esriGeometryPoint",
        "esriGeometryMultipoint",
        "esriGeometryPolyline",
        "esriGeometryPolygon",
        "esriGeometryEnvelope",
    ]
)
REFERENCES_OR_NONE = st.none() | REFERENCES
WORDS_OR_NONE = st.none() | WORDS
ALIASES_OR_NONE = st.none() | st.dictionaries(WORDS, TEXTS, min_size=1, max_size=2)


@st.composite
def feature_sets(draw: st.DrawFn) -> FeatureSet:
    kind = draw(KINDS)
    has_z, has_m = draw(FLAGS), draw(FLAGS)
    fields, rows = draw(TABLES)
    shapes = geometries(kind, has_z, has_m)
    return FeatureSet(
        kind,
        draw(REFERENCES_OR_NONE),
        fields,
        [{"attributes": row, "geometry": draw(shapes) if draw(FLAGS) else None} for row in rows],
        has_z,
        has_m,
        draw(WORDS_OR_NONE),
        draw(ALIASES_OR_NONE),
    )


RECORD_SETS = st.builds(
    lambda table, name: RecordSet(table[0], [{"attributes": row} for row in table[1]], name),
    TABLES,
    WORDS_OR_NONE,
)
LAYERS = st.builds(
    LayerReference, WORDS, st.none() | WORDS, st.none() | MILLISECONDS | WORDS, st.none() | WORDS
)
MAP_IMAGES = st.builds(
    MapImage, WORDS, st.none() | WHOLE, st.none() | WHOLE, st.none() | EXTENTS, st.none() | NUMBERS
)
RASTERS = st.builds(Raster, WORDS, st.none() | WORDS, st.none() | WORDS)
ITEMS = st.builds(ItemReference, WORDS)
URLS = st.builds(LayerReference, WORDS)
FILES = st.builds(DataFile, WORDS)


NOTHING: st.SearchStrategy[Any] = st.nothing()


@dataclass(frozen=True)
class Space:
    """All values of one type: both ways, and those that only go in or only come out."""

    both: st.SearchStrategy[Any]
    inputs: st.SearchStrategy[Any] = NOTHING
    outputs: st.SearchStrategy[Any] = NOTHING


def units(kind: type, names: tuple[str, ...]) -> Space:
    return Space(st.builds(kind, NUMBERS, st.sampled_from(names)))


SPACES = {
    "GPBoolean": Space(st.booleans()),
    "GPLong": Space(WHOLE),
    "GPDouble": Space(NUMBERS),
    "GPString": Space(TEXTS.filter(lambda text: not reads_as_json(text))),
    "GPStringHidden": Space(TEXTS),
    "GPSQLExpression": Space(TEXTS),
    "GPDate": Space(DATES),
    "GPLinearUnit": units(LinearUnit, LINEAR_UNITS),
    "GPArealUnit": units(ArealUnit, AREAL_UNITS),
    "GPTimeUnit": units(TimeUnit, TIME_UNITS),
    "GPFeatureRecordSetLayer": Space(feature_sets(), LAYERS | ITEMS, URLS | MAP_IMAGES),
    "GPRecordSet": Space(RECORD_SETS, LAYERS | ITEMS, URLS),
    "GPRasterDataLayer": Space(RASTERS, st.builds(Raster, item_id=WORDS), MAP_IMAGES),
    "GPRasterData": Space(RASTERS, st.builds(Raster, item_id=WORDS), MAP_IMAGES),
    "GPDataFile": Space(
        FILES, st.builds(DataFile, item_id=WORDS) | st.builds(DataFile, portal_item_id=WORDS)
    ),
    "Field": Space(FIELDS),
    "GPSpatialReference": Space(REFERENCES, OTHER_REFERENCES),
    "GPCoordinateSystem": Space(REFERENCES, OTHER_REFERENCES),
    "GPExtent": Space(EXTENTS),
    "GPEnvelope": Space(ENVELOPES),
}


class Info:
    """An entry of parameterInfos."""

    def __init__(self, data_type: str, name: str = "", parameter_infos: list[Info] | None = None) -> None:
        self.name = name
        self.data_type = data_type
        self.parameter_infos = parameter_infos


SIMPLE = sorted(SPACES)
LISTS = {name: st.lists(st.none() | space.both, max_size=3) for name, space in SPACES.items()}
OUTPUTS = {
    name: st.lists(st.none() | space.outputs, min_size=1, max_size=3)
    for name, space in SPACES.items()
    if not space.outputs.is_empty
}
INPUTS = {
    name: st.lists(st.none() | space.inputs, min_size=1, max_size=3)
    for name, space in SPACES.items()
    if not space.inputs.is_empty
}


def carried(json: Any) -> Any:
    """What arrives of a JSON value on the other side."""
    return decode_json(encode_json(json), strict=True)


def test_every_type_of_the_table_is_tested_here() -> None:
    assert set(DATA_TYPES) == {
        *SPACES,
        *(f"GPMultiValue:{name}" for name in SPACES),
        "GPComposite",
        "GPMultiValue:GPComposite",
        "GPValueTable",
    }


@pytest.mark.parametrize("name", SIMPLE)
@given(st.data())
def test_values_arrive_as_they_left_alone_in_lists_and_in_composites(name: str, data: st.DataObject) -> None:
    several = data.draw(LISTS[name])
    for value in several:
        if value is not None:
            comes_out(name, value)
            goes_in(name, value)
            is_composed(CompositeValue(name, value))
    comes_out(f"GPMultiValue:{name}", several)
    goes_in(f"GPMultiValue:{name}", several)


@pytest.mark.parametrize("name", OUTPUTS)
@given(st.data())
def test_what_only_comes_out_arrives_as_it_left(name: str, data: st.DataObject) -> None:
    several = data.draw(OUTPUTS[name])
    comes_out(f"GPMultiValue:{name}", several)
    for value in several:
        if value is not None:
            comes_out(name, value)


@pytest.mark.parametrize("name", INPUTS)
@given(st.data())
def test_what_only_goes_in_arrives_as_it_left(name: str, data: st.DataObject) -> None:
    several = data.draw(INPUTS[name])
    goes_in(f"GPMultiValue:{name}", several)
    for value in several:
        if value is not None:
            goes_in(name, value)


def comes_out(name: str, value: Any) -> None:
    """A server's value is read by a client as it was."""
    kind = data_type(name)
    assert kind.decode_output(carried(kind.encode_output(value, EVERYTHING))) == value


def goes_in(name: str, value: Any) -> None:
    """A client's value is read by a server as it was, spelt as JSON and as Python spells it."""
    kind = data_type(name)
    assert kind.decode_input(kind.encode_input(value)) == value
    assert kind.decode_input(str(kind.encode_input_json(value, PlainSpec()))) == value


def is_composed(value: CompositeValue) -> None:
    """The same within a GPComposite, which comes out as what it holds, and within a list of them."""
    one, many = data_type("GPComposite"), data_type("GPMultiValue:GPComposite")
    assert one.decode_input(one.encode_input(value)) == value
    held = data_type(value.data_type).encode_output(value.value, EVERYTHING)
    assert one.encode_output(value, EVERYTHING) == held
    assert many.decode_output(carried(many.encode_output([value, value], EVERYTHING))) == [value, value]
    assert many.decode_input(many.encode_input([value])) == [value]


@given(st.data(), st.booleans())
def test_tables_arrive_as_they_left(data: st.DataObject, by_name: bool) -> None:
    kinds = data.draw(st.lists(st.sampled_from([*SIMPLE, "GPMultiValue:GPLong"]), min_size=1, max_size=3))
    spec = PlainSpec(parameter_infos=[Info(kind, f"Column {index}") for index, kind in enumerate(kinds)])
    cells = [
        st.lists(WHOLE, max_size=2)
        if ":" in kind
        else SPACES[kind].both
        if data_type(kind).is_text
        else st.none() | SPACES[kind].both
        for kind in kinds
    ]
    rows = data.draw(st.lists(st.tuples(*cells).map(list), max_size=3))
    table = data_type("GPValueTable")
    options = OutputOptions(True, True, True, return_column_name=by_name)
    assert table.decode_output(carried(table.encode_output(rows, options, spec)), spec) == rows
    assert table.decode_input(table.encode_input(rows, spec), spec) == rows


@given(feature_sets(), st.booleans(), st.booleans())
def test_what_was_not_asked_for_never_leaves(value: FeatureSet, with_z: bool, with_m: bool) -> None:
    straight = [
        feature
        for feature in value.features
        if not feature["geometry"] or not any("curve" in key for key in feature["geometry"])
    ]
    value = FeatureSet(
        value.geometry_type, value.spatial_reference, value.fields, straight, value.has_z, value.has_m
    )
    kind = data_type("GPFeatureRecordSetLayer")
    read = kind.decode_output(carried(kind.encode_output(value, OutputOptions(with_z, with_m))))
    assert len(read.features) == len(straight)
    if not with_z:
        assert not read.has_z
    if not with_m:
        assert not read.has_m


@contextmanager
def named(name: str) -> Iterator[None]:
    """Says of whatever is raised which data type it was."""
    try:
        yield
    except Exception as error:
        error.add_note(name)
        raise


@given(st.text() | st.text("{}[]'\",: \\01.eE-NaTrufls", max_size=30))
@settings(max_examples=8 * settings.default.max_examples)
def test_garbage_in_is_a_remote_error_and_nothing_else(raw: str) -> None:
    for name in DATA_TYPES:
        with named(name), suppress(RemoteProtocolError):
            data_type(name).decode_input(raw)


KEYS = """
    features geometry attributes fields name type length x y z m points paths rings curvePaths c b a hasZ hasM
    spatialReference wkid wkt geometryType url itemID time mapImage href extent xmin ymin xmax ymax distance
    area units date format dataType value layers layerDefinition featureSet
"""
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | NUMBERS
    | st.text(max_size=6)
    | st.sampled_from(["NaN", "esriMiles"]),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(KEYS.split()), inner, max_size=5)
    ),
    max_leaves=20,
)


@given(JSON)
@settings(max_examples=4 * settings.default.max_examples)
def test_json_of_another_shape_is_a_remote_error_and_nothing_else(value: Any) -> None:
    for name in DATA_TYPES:
        for read in (data_type(name).decode_input, data_type(name).decode_output):
            with named(name), suppress(RemoteProtocolError):
                read(value)


@given(feature_sets(), st.data())
def test_a_damaged_feature_set_is_a_remote_error_and_nothing_else(
    value: FeatureSet, data: st.DataObject
) -> None:
    kind = data_type("GPFeatureRecordSetLayer")
    broken = json.loads(kind.encode_input(value))
    holder: Any = broken
    while True:
        keys = list(holder) if isinstance(holder, dict) else list(range(len(holder)))
        if not keys:
            break
        key = data.draw(st.sampled_from(keys))
        if isinstance(holder[key], list | dict) and data.draw(st.booleans()):
            holder = holder[key]
            continue
        holder[key] = data.draw(JSON)
        break
    with suppress(RemoteProtocolError):
        kind.decode_input(broken)
