"""A value outside its parameter's choice list or filter is refused, wherever in the value it stands."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from gp_protocol.descriptions.descriptors import parse_parameter
from gp_protocol.descriptions.parameter_checks import check_value, value_of_name
from gp_protocol.errors import RemoteProtocolError
from gp_protocol.values.compound import CompositeValue
from gp_protocol.values.feature_sets import FeatureSet
from gp_protocol.values.fields import Field
from gp_protocol.values.references import DataFile, ItemReference, LayerReference
from gp_protocol.values.units import ArealUnit, LinearUnit, TimeUnit

from every_case import every_case


def features(geometry_type: str, count: int = 1) -> FeatureSet:
    return FeatureSet(geometry_type=geometry_type, features=[{"attributes": {}}] * count)


def checked(data_type: str, rules: dict[str, Any], value: Any) -> None:
    check_value(parse_parameter({"name": "In", "dataType": data_type, **rules}), value)


CHOICES = {"choiceList": ["Shapefile - SHP - .shp", "File Geodatabase - GDB - .gdb"]}
NUMBERS = {"choiceList": ["1", "2.5"]}
RANGE = {"filter": {"type": "range", "minimum": -1.23456789e7, "maximum": 100}}
OPEN = {"filter": {"type": "range", "minimum": 0}}
POLYGONS = {"filter": {"type": "featureClass", "list": ["esriGeometryPolygon", "esriGeometryEnvelope"]}}
ZIPS = {"filter": {"type": "file", "list": ["zip", "7z"]}}
TEXTS = {"filter": {"type": "field", "list": ["esriFieldTypeString", "esriFieldTypeGUID"]}}
CODED = {
    "filter": {
        "type": "codedValue",
        "list": [
            {"dataType": "GPLong", "name": "one", "value": 1},
            {"dataType": "GPFeatureRecordSetLayer", "name": "Roads", "value": {"url": "https://h/Roads/0"}},
        ],
    }
}
NAMED = {
    "choiceList": ["Keep all", "Keep one"],
    "filter": {
        "type": "codedValue",
        "list": [
            {"dataType": "GPString", "name": "Keep all", "value": "ALL"},
            {"dataType": "GPString", "name": "Keep one", "value": "ONE"},
        ],
    },
}
NAMED_NUMBERS = {
    "choiceList": ["small", "large"],
    "filter": {
        "type": "codedValue",
        "list": [
            {"dataType": "GPLong", "name": "small", "value": 1},
            {"dataType": "GPLong", "name": "large", "value": 100},
        ],
    },
}
NAMED_LAYERS = {
    "choiceList": ["Wells", "Rivers"],
    "filter": {
        "type": "codedValue",
        "list": [
            {"dataType": "GPFeatureRecordSetLayer", "name": "Wells", "value": {"features": [], "fields": []}},
        ],
    },
}
TABLE = {
    "parameterInfos": [
        {"name": "Field", "dataType": "GPString", "choiceList": ["A", "B"]},
        {"name": "Width", "dataType": "GPDouble", "filter": {"type": "range", "minimum": 0, "maximum": 9}},
    ]
}
UNNAMED = {"parameterInfos": [{"name": "", "dataType": "GPString", "choiceList": ["A", "B"]}]}
COMPOSITE = {
    "filter": {"type": "composite", "list": [{"type": "range", "maximum": 5}, None]},
    "parameterInfos": [
        {"name": "", "dataType": "GPLong"},
        {"name": "", "dataType": "GPString", "choiceList": ["all", "none"]},
    ],
}
MANY_COMPOSITES = {
    "parameterInfos": [
        {"name": "", "dataType": "GPComposite", "parameterInfos": COMPOSITE["parameterInfos"]},
    ],
    "filter": COMPOSITE["filter"],
}


@every_case(
    ("data_type", "rules", "value"),
    [
        ("GPString", {}, "anything"),
        ("GPString", {"choiceList": []}, "anything"),
        ("GPString", CHOICES, "Shapefile - SHP - .shp"),
        ("GPString", CHOICES, None),
        ("GPString", CHOICES, ""),
        ("GPLong", NUMBERS, 1),
        ("GPDouble", NUMBERS, 2.5),
        ("GPFeatureRecordSetLayer", CHOICES, LayerReference(url="https://h/0")),
        ("GPMultiValue:GPString", CHOICES, ["Shapefile - SHP - .shp"]),
        ("GPMultiValue:GPString", CHOICES, []),
        ("GPLong", RANGE, 100),
        ("GPDouble", RANGE, -12345678.9),
        ("GPDouble", OPEN, 1e300),
        ("GPLinearUnit", RANGE, LinearUnit(99.5, "esriMiles")),
        ("GPDate", RANGE, datetime(2024, 1, 1, tzinfo=UTC)),
        ("GPFeatureRecordSetLayer", POLYGONS, features("esriGeometryPolygon")),
        ("GPFeatureRecordSetLayer", POLYGONS, features("esriGeometryPoint", count=0)),
        ("GPFeatureRecordSetLayer", POLYGONS, LayerReference(url="https://h/arcgis/Roads/0")),
        ("GPFeatureRecordSetLayer", POLYGONS, ItemReference("i1")),
        ("GPDataFile", ZIPS, DataFile(url="https://h/a.b/data.ZIP?token=x.y")),
        ("GPDataFile", ZIPS, DataFile(url="https://h/export")),
        ("GPDataFile", ZIPS, DataFile(item_id="i1")),
        ("Field", TEXTS, Field("A", "esriFieldTypeString")),
        ("GPLong", CODED, 1),
        ("GPFeatureRecordSetLayer", CODED, LayerReference(url="https://h/Roads/0")),
        ("GPFeatureRecordSetLayer", CODED, features("esriGeometryPoint")),
        ("GPString", NAMED, "Keep all"),
        ("GPString", NAMED, "ONE"),
        ("GPMultiValue:GPString", NAMED, ["Keep one", "ALL"]),
        ("GPLong", NAMED_NUMBERS, 100),
        ("GPMultiValue:GPLong", NAMED_NUMBERS, [1, 100]),
        ("GPFeatureRecordSetLayer", NAMED_LAYERS, "Wells"),
        ("GPFeatureRecordSetLayer", NAMED_LAYERS, "Rivers"),
        ("GPValueTable", TABLE, [["A", 0.0], ["B", 9.0], ["", None]]),
        ("GPComposite", COMPOSITE, CompositeValue("GPLong", 5)),
        ("GPComposite", COMPOSITE, CompositeValue("GPString", "all")),
        ("GPMultiValue:GPComposite", MANY_COMPOSITES, [CompositeValue("GPLong", 1)]),
        ("GPLong", {"filter": {"type": "domain", "list": [1]}}, 5),
        ("GPBoolean", RANGE, True),
    ],
)
def test_values_within_the_rules_pass(data_type: str, rules: dict[str, Any], value: Any) -> None:
    checked(data_type, rules, value)


@every_case(
    ("data_type", "rules", "value", "path", "said"),
    [
        ("GPString", CHOICES, "Shapefile - SHP - shp", "", 'did you mean "Shapefile - SHP - .shp"'),
        ("GPString", CHOICES, "DWG", "", "one of Shapefile - SHP - .shp, File Geodatabase - GDB - .gdb"),
        ("GPLong", NUMBERS, 2, "", "met 2, expected one of 1, 2.5"),
        ("GPMultiValue:GPString", CHOICES, ["Shapefile - SHP - .shp", "DWG"], "[1]", 'met "DWG"'),
        ("GPLong", RANGE, 101, "", "from -12345678.9 to 100"),
        ("GPDouble", OPEN, -0.1, "", "met -0.1, expected a number from 0"),
        ("GPLinearUnit", RANGE, LinearUnit(100.5, "esriMiles"), "", "met 100.5"),
        ("GPArealUnit", RANGE, ArealUnit(101, "esriAcres"), "", "met 101"),
        ("GPTimeUnit", RANGE, TimeUnit(101, "esriTimeUnitsDays"), "", "met 101"),
        ("GPMultiValue:GPLong", RANGE, [1, 2, 300], "[2]", "met 300"),
        (
            "GPFeatureRecordSetLayer",
            POLYGONS,
            features("esriGeometryPoint"),
            "",
            'met "esriGeometryPoint", expected a geometry type, one of esriGeometryPolygon',
        ),
        ("GPDataFile", ZIPS, DataFile(url="https://h/data.shp"), "", "one of zip, 7z"),
        (
            "Field",
            TEXTS,
            Field("A", "esriFieldTypeDouble"),
            "",
            "one of esriFieldTypeString, esriFieldTypeGUID",
        ),
        ("GPString", NAMED, "NONE", "", 'met "NONE", expected a value one of Keep all, Keep one'),
        ("GPString", NAMED, "Keep oen", "", 'did you mean "Keep one"?'),
        ("GPMultiValue:GPString", NAMED, ["ALL", "NONE"], "[1]", 'met "NONE"'),
        ("GPLong", NAMED_NUMBERS, 2, "", "one of small, large"),
        ("GPFeatureRecordSetLayer", NAMED_LAYERS, "Roads", "", "one of Wells, Rivers"),
        ("GPLong", CODED, 2, "", "one of one, Roads"),
        ("GPBoolean", CODED, True, "", "one of one, Roads"),
        (
            "GPFeatureRecordSetLayer",
            CODED,
            LayerReference(url="https://h/Rivers/0"),
            "",
            "https://h/Rivers/0",
        ),
        ("GPValueTable", TABLE, [["A", 1.0], ["C", 1.0]], "[1].Field", "one of A, B"),
        ("GPValueTable", TABLE, [["A", 10.0]], "[0].Width", "from 0 to 9"),
        ("GPValueTable", UNNAMED, [["A"], ["C"]], "[1][0]", "one of A, B"),
        ("GPComposite", COMPOSITE, CompositeValue("GPLong", 6), "", "up to 5"),
        ("GPMultiValue:GPComposite", COMPOSITE, [CompositeValue("GPLong", 6)], "[0]", "up to 5"),
        ("GPComposite", COMPOSITE, CompositeValue("GPString", "some"), "", "one of all, none"),
        (
            "GPMultiValue:GPComposite",
            MANY_COMPOSITES,
            [CompositeValue("GPLong", 1), CompositeValue("GPLong", 6)],
            "[1]",
            "up to 5",
        ),
        (
            "GPMultiValue:GPComposite",
            MANY_COMPOSITES,
            [CompositeValue("GPString", "some")],
            "[0]",
            "one of all, none",
        ),
    ],
)
def test_values_outside_the_rules_are_refused_with_their_place(
    data_type: str, rules: dict[str, Any], value: Any, path: str, said: str
) -> None:
    with pytest.raises(RemoteProtocolError) as caught:
        checked(data_type, rules, value)
    assert caught.value.path == path
    assert said in caught.value.detail


@every_case(
    ("data_type", "rules", "given", "meant"),
    [
        ("GPLong", NAMED_NUMBERS, "large", 100),
        ("GPLong", NAMED_NUMBERS, "100", "100"),
        ("GPLong", NAMED_NUMBERS, 7, 7),
        ("GPMultiValue:GPLong", NAMED_NUMBERS, ["large", 1], [100, 1]),
        ("GPString", NAMED, "Keep all", "Keep all"),
        ("GPFeatureRecordSetLayer", NAMED_LAYERS, "Wells", "Wells"),
        ("GPLong", RANGE, "large", "large"),
    ],
)
def test_a_name_stands_for_its_value_where_values_are_no_texts(
    data_type: str, rules: dict[str, Any], given: Any, meant: Any
) -> None:
    parameter = parse_parameter({"name": "In", "dataType": data_type, **rules})
    assert value_of_name(parameter, given) == meant


def test_a_long_choice_list_is_told_in_part() -> None:
    rules = {"choiceList": [f"layer {n}" for n in range(500)]}
    with pytest.raises(RemoteProtocolError) as caught:
        checked("GPString", rules, "rivers")
    assert caught.value.expected.endswith("layer 19 … (500 in all)")
