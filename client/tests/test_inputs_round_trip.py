"""What the client sends is what a server reads: the strict writer against the mock's lenient reader."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from gp_client.errors import GPError
from gp_client.inputs.inputs import encode_inputs, python_value
from gp_mockserver.running.task_inputs import read_inputs
from gp_protocol.descriptions.descriptors import Parameter, ParameterInfo, ParameterType, Task
from gp_protocol.values.compound import CompositeValue
from gp_protocol.values.data_types import DATA_TYPES
from gp_protocol.values.feature_sets import FeatureSet, RecordSet
from gp_protocol.values.fields import Field
from gp_protocol.values.references import DataFile, ItemReference, LayerReference, Raster
from gp_protocol.values.spatial_references import Extent, SpatialReference
from gp_protocol.values.units import AREAL_UNITS, LINEAR_UNITS, TIME_UNITS, ArealUnit, LinearUnit, TimeUnit
from gp_protocol.versions import profile
from hypothesis import given, settings
from hypothesis import strategies as st

NEWEST = profile("12.0")
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
WORDS = st.text(st.characters(exclude_categories=["Cs", "Z", "C"]), min_size=1, max_size=8)
FILLED = TEXTS.filter(str.strip)
NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
WHOLE = st.integers(-4503599627370495, 4503599627370495)
DATES = st.integers(-62_135_596_800_000, 253_402_300_799_999).map(
    lambda ms: datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=ms)
)
WKIDS = st.integers(1, 2**31 - 1)
REFERENCES = st.builds(SpatialReference, WKIDS, st.none() | WKIDS) | st.builds(SpatialReference, wkt=WORDS)
URLS = WORDS.map(lambda word: f"https://h/{word}")
REFERRED = st.builds(ItemReference, WORDS) | st.builds(
    LayerReference, URLS, st.none() | WORDS, st.none() | st.integers(0, 2**40), st.none() | WORDS
)
FIELD_VALUES = {
    "esriFieldTypeInteger": st.integers(-(2**31), 2**31 - 1),
    "esriFieldTypeDouble": NUMBERS,
    "esriFieldTypeString": TEXTS,
    "esriFieldTypeDate": st.integers(-(2**50), 2**50),
}
FIELDS = st.builds(
    Field, WORDS, st.sampled_from(list(FIELD_VALUES)), WORDS, length=st.none() | st.integers(0, 99)
)
NULL_OR = {kind: st.none() | held for kind, held in FIELD_VALUES.items()}
SOME_FIELDS = st.lists(FIELDS, max_size=3, unique_by=lambda field: field.name)
FEW = st.integers(0, 3)
ORDINATES = st.floats(-1e7, 1e7)


@st.composite
def tables(draw: st.DrawFn) -> tuple[tuple[Field, ...], list[dict[str, Any]]]:
    fields = draw(SOME_FIELDS)
    rows = [{field.name: draw(NULL_OR[field.type]) for field in fields} for _ in range(draw(FEW))]
    return tuple(fields), rows


def shapes(has_z: bool) -> st.SearchStrategy[Any]:
    """A type of geometry, and the geometries of it or none."""
    vertices = st.lists(ORDINATES, min_size=2 + has_z, max_size=2 + has_z)
    path = st.lists(vertices, min_size=1, max_size=4)
    points = st.fixed_dictionaries({"x": ORDINATES, "y": ORDINATES, **({"z": ORDINATES} if has_z else {})})
    rings = st.lists(path, min_size=1, max_size=2)
    return st.sampled_from(
        [
            ("esriGeometryPoint", st.none() | points),
            ("esriGeometryMultipoint", st.none() | st.fixed_dictionaries({"points": path})),
            ("esriGeometryPolygon", st.none() | st.fixed_dictionaries({"rings": rings})),
        ]
    )


TABLES = tables()
FLAGS = st.booleans()
SHAPES = {has_z: shapes(has_z) for has_z in (False, True)}
REFERENCES_OR_NONE = st.none() | REFERENCES


@st.composite
def feature_sets(draw: st.DrawFn) -> FeatureSet:
    fields, rows = draw(TABLES)
    has_z = draw(FLAGS)
    kind, geometries = draw(SHAPES[has_z])
    features = [{"attributes": row, "geometry": draw(geometries)} for row in rows]
    return FeatureSet(kind, draw(REFERENCES_OR_NONE), fields, features, has_z)


RECORDS = TABLES.map(lambda table: RecordSet(table[0], [{"attributes": row} for row in table[1]]))
RASTERS = st.builds(Raster, URLS, st.none() | WORDS, st.none() | WORDS) | st.builds(Raster, item_id=WORDS)
EXTENTS = st.builds(Extent, NUMBERS, NUMBERS, NUMBERS, NUMBERS, zmin=st.none() | NUMBERS)
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "GPBoolean": st.booleans(),
    "GPLong": WHOLE,
    "GPDouble": NUMBERS,
    **dict.fromkeys(("GPString", "GPStringHidden", "GPSQLExpression"), FILLED),
    "GPDate": DATES,
    "GPLinearUnit": st.builds(LinearUnit, NUMBERS, st.sampled_from(LINEAR_UNITS)),
    "GPArealUnit": st.builds(ArealUnit, NUMBERS, st.sampled_from(AREAL_UNITS)),
    "GPTimeUnit": st.builds(TimeUnit, NUMBERS, st.sampled_from(TIME_UNITS)),
    "GPFeatureRecordSetLayer": feature_sets() | REFERRED,
    "GPRecordSet": RECORDS | REFERRED,
    **dict.fromkeys(("GPRasterData", "GPRasterDataLayer"), RASTERS),
    "GPDataFile": st.builds(DataFile, URLS) | st.builds(DataFile, portal_item_id=WORDS),
    "Field": FIELDS,
    **dict.fromkeys(("GPSpatialReference", "GPCoordinateSystem"), REFERENCES),
    "GPExtent": EXTENTS | st.builds(Extent, NUMBERS, NUMBERS, NUMBERS, NUMBERS, spatial_reference=REFERENCES),
    "GPEnvelope": EXTENTS,
}
MEMBERS = ("GPLong", "GPLinearUnit", "GPDate", "GPString")


def task_of(data_type: str) -> Task:
    infos = None
    if data_type == "GPValueTable":
        infos = tuple(ParameterInfo(f"column {name}", name) for name in VALUES)
    elif data_type == "GPComposite":
        infos = tuple(ParameterInfo("", name) for name in MEMBERS)
    elif data_type == "GPMultiValue:GPComposite":
        infos = (
            ParameterInfo(
                "", "GPComposite", parameter_infos=task_of("GPComposite").inputs[0].parameter_infos
            ),
        )
    parameter = Parameter("P", data_type, parameter_type=ParameterType.OPTIONAL, parameter_infos=infos)
    return Task("T", parameters=(parameter,))


def values_of(data_type: str) -> st.SearchStrategy[Any]:
    if data_type == "GPValueTable":
        return st.lists(st.tuples(*VALUES.values()).map(list), max_size=2)
    if data_type == "GPComposite":
        return st.sampled_from(MEMBERS).flatmap(
            lambda name: VALUES[name].map(lambda value: CompositeValue(name, value))
        )
    return VALUES[data_type]


SINGLE = [name for name in DATA_TYPES if not name.startswith("GPMultiValue:")]


def test_every_data_type_has_its_values_here() -> None:
    assert VALUES.keys() | {"GPValueTable", "GPComposite"} == set(SINGLE)
    assert {f"GPMultiValue:{name}" for name in SINGLE} >= DATA_TYPES.keys() - set(SINGLE)


@pytest.mark.parametrize("data_type", SINGLE)
def test_what_is_given_is_what_the_server_reads_alone_and_in_a_list(data_type: str) -> None:
    one, many = task_of(data_type), task_of(f"GPMultiValue:{data_type}")
    comes_in_lists = many.inputs[0].data_type in DATA_TYPES

    def arrives(task: Task, value: Any) -> None:
        assert python_value(task.inputs[0], value) == value
        sent = encode_inputs(task, {"P": value}, version=12.0)
        assert read_inputs(task, sent, NEWEST) == {"P": value}

    @given(st.lists(values_of(data_type) | st.none(), max_size=3 if comes_in_lists else 1))
    def holds(several: list[Any]) -> None:
        for value in several:
            if value is not None:
                arrives(one, value)
        if comes_in_lists:
            arrives(many, several)

    holds()


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS | st.binary(max_size=3) | DATES,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.tuples(inner, st.sampled_from(["esriMiles", "esriMeters"]))
        | st.dictionaries(
            st.sampled_from(
                [
                    *("distance", "units", "area", "time", "url", "itemID", "features", "x", "y", "wkid"),
                    *("xmin", "ymin", "xmax", "ymax", "dataType", "value", "name", "type", "wkt", "date"),
                ]
            ),
            inner | st.sampled_from(["GPLong", "GPComposite", "GPMultiValue:GPString"]),
            max_size=4,
        )
    ),
    max_leaves=8,
)


TASKS = {data_type: task_of(data_type) for data_type in [*DATA_TYPES, "GPHologram"]}


@given(ANYTHING)
@settings(max_examples=4 * settings.default.max_examples)
def test_whatever_is_given_is_read_as_what_was_meant_or_refused(value: Any) -> None:
    for data_type, task in TASKS.items():
        try:
            meant = python_value(task.inputs[0], value)
            sent = encode_inputs(task, {"P": value})
        except GPError as error:
            cause = error.__cause__
        else:
            cause = None
            if data_type in DATA_TYPES and not (isinstance(meant, str) and not meant.strip()):
                assert read_inputs(task, sent, NEWEST) == {"P": meant}, data_type
        assert cause is None, f"{data_type}: found by no check of ours"
