"""A descriptor is enough: every type gets a value that fits it, the same for the same seed and inputs."""

from __future__ import annotations

from datetime import datetime
from itertools import pairwise
from typing import Any

from gp_mockserver.tools.generated_values import generate
from gp_protocol.descriptions.descriptors import Parameter, parse_parameter
from gp_protocol.descriptions.parameter_checks import check_value
from gp_protocol.json_text import encode_json
from gp_protocol.values.compound import CompositeValue
from gp_protocol.values.data_types import DATA_TYPES, OutputOptions, data_type
from gp_protocol.values.feature_sets import FeatureSet, RecordSet
from gp_protocol.values.fields import FIELD_TYPES, Field
from gp_protocol.values.spatial_references import Extent, SpatialReference
from gp_protocol.values.units import LinearUnit
from hypothesis import given
from hypothesis import strategies as st

from every_case import every_case

FILES = {"GPDataFile", "GPRasterData", "GPRasterDataLayer"}
SCALARS = ["GPString", "GPLong", "GPDouble", "GPBoolean", "GPDate", "GPLinearUnit", "Field"]


def output(data_type: str, **rules: Any) -> Parameter:
    return parse_parameter({"name": "Out", "dataType": data_type, **rules})


def made(parameter: Parameter, seed: int = 1, key: bytes = b"", **inputs: Any) -> Any:
    return generate(parameter, seed=seed, inputs=inputs, key=key)


INFOS = st.lists(
    st.fixed_dictionaries({"name": st.sampled_from(["A", "B"]), "dataType": st.sampled_from(SCALARS)}),
    min_size=1,
    max_size=2,
    unique_by=lambda info: info["name"],
)
KINDS = st.sampled_from(["esriGeometryPoint", "esriGeometryPolyline", "esriGeometryPolygon"])
LIMITS = st.one_of(
    st.builds(
        lambda low, span: {"filter": {"type": "range", "minimum": low, "maximum": low + span}},
        st.integers(-50, 50),
        st.integers(0, 100),
    ),
    st.lists(KINDS, min_size=1).map(lambda words: {"filter": {"type": "featureClass", "list": words}}),
    st.lists(st.sampled_from(FIELD_TYPES), min_size=1).map(
        lambda words: {"filter": {"type": "field", "list": words}}
    ),
    st.lists(st.sampled_from(["1", "2", "30"]), min_size=1, unique=True).map(
        lambda words: {"choiceList": words}
    ),
    st.just({}),
)
DEFAULTS = [None, "", {}, [], 7, -3.5, "text", {"fields": None}, {"wkid": 3857}, {"name": "WGS 84"}]
RULES = st.builds(
    lambda limits, infos, default: {**limits, "parameterInfos": infos, "defaultValue": default},
    LIMITS,
    st.none() | INFOS,
    st.sampled_from(DEFAULTS),
)


@given(st.sampled_from(sorted(DATA_TYPES)), RULES, st.integers(), st.binary())
def test_whatever_the_descriptor_says_the_value_can_be_answered_and_is_accepted(
    name: str, given_rules: dict[str, Any], seed: int, key: bytes
) -> None:
    parameter = output(name, **given_rules)
    value = made(parameter, seed, key)
    answered = data_type(name).encode_output(value, OutputOptions(return_z=True, return_m=True), parameter)
    assert encode_json(answered)
    check_value(parameter, value)
    assert made(parameter, seed, key) == value
    if name in FILES:
        assert value is None
    elif name != "GPComposite" or given_rules["parameterInfos"]:
        assert value is not None


def test_another_seed_other_inputs_or_another_name_make_another_value() -> None:
    parameter = output("GPDouble")
    other = Parameter("Other", "GPDouble")
    values = [made(parameter), made(parameter, seed=2), made(parameter, key=b"Distance=5"), made(other)]
    assert len(set(values)) == 4


@every_case("name", SCALARS)
def test_plain_values_are_of_their_pythonic_type(name: str) -> None:
    kinds = {
        "GPString": str,
        "GPLong": int,
        "GPDouble": float,
        "GPBoolean": bool,
        "GPDate": datetime,
        "GPLinearUnit": LinearUnit,
        "Field": Field,
    }
    assert type(made(output(name))) is kinds[name]


@given(st.integers())
def test_numbers_keep_to_the_filters_range(seed: int) -> None:
    limits = {"type": "range", "minimum": 3, "maximum": 5}
    assert made(output("GPLong", filter=limits), seed) in (3, 4, 5)
    assert 3 <= made(output("GPDouble", filter=limits), seed) <= 5
    assert made(output("GPLong", filter={"type": "range", "minimum": 1000}), seed) >= 1000
    assert made(output("GPDouble", filter={"type": "range", "maximum": -1000}), seed) <= -1000
    whole_type = {"type": "range", "minimum": -1.7976931348623157e308, "maximum": 1.7976931348623157e308}
    assert 0 <= made(output("GPDouble", filter=whole_type), seed) <= 100
    assert made(output("GPLong", filter={"type": "range", "minimum": 2e9}), seed) >= 2e9


@given(st.integers())
def test_numbers_are_of_the_defaults_size_and_units_the_defaults(seed: int) -> None:
    assert 0 <= made(output("GPLong", defaultValue=5000), seed) <= 10000
    default = {"distance": 8.5, "units": "esriMiles"}
    distance = made(output("GPLinearUnit", defaultValue=default), seed)
    assert distance.units == "esriMiles"
    assert 0 <= distance.distance <= 17


def test_texts_are_one_of_the_choices_else_the_default() -> None:
    assert made(output("GPString", choiceList=["car", "foot"])) in ("car", "foot")
    assert made(output("GPString", defaultValue="report")) == "report"


@given(st.integers())
def test_many_values_are_choices_in_their_order_without_repetition(seed: int) -> None:
    values = made(output("GPMultiValue:GPString", choiceList=["a", "b", "c"]), seed)
    assert values == sorted(set(values)) != []


def test_coded_values_are_taken_from_their_filter() -> None:
    coded = [
        {"dataType": "GPLong", "name": "one", "value": 1},
        {"dataType": "GPLong", "name": "six", "value": 6},
    ]
    assert made(output("GPLong", filter={"type": "codedValue", "list": coded})) in (1, 6)


def test_a_table_has_a_cell_for_each_column_and_a_composite_one_of_its_members() -> None:
    infos = [{"name": "Name", "dataType": "GPString"}, {"name": "Share", "dataType": "GPDouble"}]
    rows = made(output("GPValueTable", parameterInfos=infos))
    assert [[type(cell) for cell in row] for row in rows] == [[str, float]] * len(rows) != []
    assert made(output("GPValueTable")) == []
    member = made(output("GPComposite", parameterInfos=infos))
    assert isinstance(member, CompositeValue)
    assert member.data_type in ("GPString", "GPDouble")
    assert made(output("GPComposite")) is None


SCHEMA = {
    "displayFieldName": "",
    "hasZ": True,
    "geometryType": "esriGeometryPolygon",
    "spatialReference": {"wkid": 102100, "latestWkid": 3857},
    "fields": [
        {"name": "FID", "type": "esriFieldTypeOID", "alias": "FID"},
        {"name": "Name", "type": "esriFieldTypeString", "alias": "Name of the area", "length": 8},
        {"name": "Made", "type": "esriFieldTypeDate", "alias": "Made", "length": 8},
        {"name": "Shape_Area", "type": "esriFieldTypeDouble", "alias": "Shape_Area"},
    ],
    "features": [],
    "exceededTransferLimit": False,
}
WGS84 = SpatialReference(wkid=4326)


@given(st.integers())
def test_features_follow_the_default_schema(seed: int) -> None:
    value = made(output("GPFeatureRecordSetLayer", defaultValue=SCHEMA), seed)
    assert isinstance(value, FeatureSet)
    assert value.geometry_type == "esriGeometryPolygon"
    assert value.spatial_reference == SpatialReference(wkid=102100, latest_wkid=3857)
    assert [field.name for field in value.fields] == ["FID", "Name", "Made", "Shape_Area"]
    assert 1 <= len(value.features) <= 5
    assert [f["attributes"]["FID"] for f in value.features] == [*range(1, len(value.features) + 1)]
    for feature in value.features:
        assert list(feature["attributes"]) == ["FID", "Name", "Made", "Shape_Area"]
        assert len(feature["attributes"]["Name"]) <= 8
        ring = feature["geometry"]["rings"][0]
        assert ring[0] == ring[-1]
        assert {len(vertex) for vertex in ring} == {3}
        assert signed_area(ring) < 0, "an outer ring runs clockwise"


def signed_area(ring: list[list[float]]) -> float:
    x0, y0 = ring[0][:2]
    return sum((a[0] - x0) * (b[1] - y0) - (b[0] - x0) * (a[1] - y0) for a, b in pairwise(ring))


@given(st.integers(), st.floats(-100, 100), st.floats(-50, 50))
def test_features_lie_near_the_input_features_in_their_spatial_reference(
    seed: int, x: float, y: float
) -> None:
    point = FeatureSet(spatial_reference=WGS84, features=[{"attributes": {}, "geometry": {"x": x, "y": y}}])
    value = made(output("GPFeatureRecordSetLayer", defaultValue=SCHEMA), seed, Distance=5, Points=point)
    assert value.spatial_reference == WGS84
    for feature in value.features:
        for vertex in feature["geometry"]["rings"][0]:
            assert abs(vertex[0] - x) <= 0.1
            assert abs(vertex[1] - y) <= 0.1
    box = made(output("GPExtent"), seed, Points=point)
    assert (box.xmin, box.ymin, box.spatial_reference) == (x, y, WGS84)


@every_case(
    ("kind", "geometry", "key"),
    [
        ("esriGeometryPoint", {"points": [[10, 10], [30, 20]]}, "x"),
        ("esriGeometryMultipoint", {"paths": [[[10, 10], [30, 20]]]}, "points"),
        ("esriGeometryPolyline", {"rings": [[[10, 10], [10, 20], [30, 20], [10, 10]]]}, "paths"),
        ("esriGeometryPolygon", {"xmin": 10, "ymin": 10, "xmax": 30, "ymax": 20}, "rings"),
        ("esriGeometryEnvelope", {"curvePaths": [[[10, 10], {"c": [[30, 20], [20, 18]]}]]}, "xmin"),
    ],
)
def test_every_kind_of_geometry_is_made_within_reach_of_every_kind(
    kind: str, geometry: dict[str, Any], key: str
) -> None:
    places = FeatureSet(spatial_reference=WGS84, features=[{"attributes": {}, "geometry": geometry}])
    value = made(output("GPFeatureRecordSetLayer", defaultValue={"geometryType": kind}), In=places)
    assert value.geometry_type == kind
    for feature in value.features:
        assert key in feature["geometry"]
        numbers = flat(list(feature["geometry"].values()))
        assert all(0 <= n <= 40 for n in numbers)
    answered = data_type("GPFeatureRecordSetLayer").encode_output(value, OutputOptions())
    assert answered["fields"][0]["type"] == "esriFieldTypeOID"


def flat(values: Any) -> list[float]:
    return [n for v in values for n in flat(v)] if isinstance(values, list) else [values]


def test_the_geometry_type_may_come_from_the_filter_and_the_fields_from_a_schema_of_10_0() -> None:
    polygons = {"type": "featureClass", "list": ["esriGeometryPolygon"]}
    assert made(output("GPFeatureRecordSetLayer", filter=polygons)).geometry_type == "esriGeometryPolygon"
    old = {"geometryType": "esriGeometryPoint", "Fields": SCHEMA["fields"]}
    value = made(output("GPFeatureRecordSetLayer", defaultValue=old))
    assert [field.name for field in value.fields] == ["FID", "Name", "Made", "Shape_Area"]


def test_a_record_set_has_rows_of_its_fields_and_no_geometry() -> None:
    fields = [{"name": f"F{i}", "type": kind, "alias": ""} for i, kind in enumerate(FIELD_TYPES)]
    parameter = output("GPRecordSet", defaultValue={"fields": fields, "features": []})
    value = made(parameter)
    assert isinstance(value, RecordSet)
    answered = data_type("GPRecordSet").encode_output(value, OutputOptions(), parameter)
    kept = data_type("GPRecordSet").decode_input(answered)
    assert kept.features == value.features
    assert all(list(row) == ["attributes"] for row in answered["features"])


def test_an_extent_is_the_default_one_or_lies_on_the_earth() -> None:
    box = made(output("GPEnvelope"))
    assert isinstance(box, Extent)
    assert -180 <= box.xmin < box.xmax <= 180
    default = {"xmin": 1, "ymin": 2, "xmax": 3, "ymax": 4}
    assert made(output("GPEnvelope", defaultValue=default)).xmax == 3
    assert made(output("GPSpatialReference", defaultValue={"wkid": 2193})).wkid == 2193


def test_a_type_that_nobody_has_seen_yet_is_not_made() -> None:
    assert made(output("GPNeverSeen")) is None
    assert made(output("GPMultiValue:GPNeverSeen")) == []
