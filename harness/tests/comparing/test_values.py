"""Outputs are compared by their data type: what a client would not notice is no difference, all else is one,
and its path leads there."""

from __future__ import annotations

from typing import Any

import pytest
from gp_protocol.descriptions.descriptors import parse_parameter
from gp_protocol.values.data_types import DATA_TYPES
from gpharness.comparing.values import compare_values
from gpharness.contracts.contract import Floats, Varies
from hypothesis import given, settings
from hypothesis import strategies as st

VARIES = Varies()
JOB, OTHER = "j0f1e2d3c4b5a69788796a5b4c3d2e1f0", "je1ad35f8d2b64c0e9b7a6f5e4d3c2b1a"
FILES = "https://gis.example.com/arcgis/rest/directories/arcgisjobs"
INNER = "http://other:6443/server/rest/directories/arcgisjobs"

SAME = [
    ("GPLong", 5, 5.0),
    ("GPDouble", 0.1 + 0.2, 0.3),
    ("GPDouble", 85768.567850000007, 85768.56785),
    ("GPDouble", 10**18, 10**18 + 10),
    ("GPDate", 1678181829000, 1678181829000.0),
    ("GPString", f"{JOB} is done", f"{OTHER} is done"),
    ("GPString", "see https://a.example/arcgis/rest/services/X", "see http://b:6080/x/rest/services/X"),
    ("GPString", ["a", {"b": 1.0}], ["a", {"b": 1}]),
    (
        "GPLinearUnit",
        {"distance": 8.5, "units": "esriMiles"},
        {"units": "esriMiles", "distance": 8.5000000001},
    ),
    (
        "GPDataFile",
        {"url": f"{FILES}/zip_gpserver/{JOB}/scratch/out.zip"},
        {"url": f"{INNER}/Zip_GPServer/{OTHER}/scratch/out.zip"},
    ),
    (
        "GPDataFile",
        {"url": f"{FILES}/x/./_ags_report_12.zip"},
        {"url": f"{FILES}/x/_ags_report_7.zip?token=abc"},
    ),
    ("GPDataFile", {"itemID": "i0"}, {"itemID": "i1"}),
    (
        "GPRasterDataLayer",
        {"url": f"{FILES}/{JOB}/a.tif", "format": "tif"},
        {"format": "tif", "url": f"{INNER}/{OTHER}/a.tif"},
    ),
    ("GPSpatialReference", {"wkid": 102100}, {"wkid": 102100, "latestWkid": 3857}),
    ("GPSpatialReference", {"wkid": 102100, "latestWkid": 3857}, {"wkid": 3857}),
    (
        "GPExtent",
        {"xmin": 0, "spatial_reference": {"wkid": 3857}},
        {"xmin": 1e-12, "spatial_reference": {"wkid": 102100}},
    ),
    (
        "Field",
        {"name": "A", "type": "esriFieldTypeString"},
        {"type": "esriFieldTypeString", "name": "A", "alias": "A"},
    ),
    (
        "GPMultiValue:GPLinearUnit",
        [{"distance": 1, "units": "esriFeet"}],
        [{"distance": 1.0, "units": "esriFeet"}],
    ),
    ("GPMultiValue:GPSpatialReference", [{"wkid": 3857}], [{"wkid": 102100}]),
    (
        "GPMultiValue:GPComposite",
        [{"dataType": "GPSpatialReference", "value": {"wkid": 3857}}],
        [{"dataType": "GPSpatialReference", "value": {"wkid": 102100}}],
    ),
    ("GPHologram", {"a": [1, 2.0]}, {"a": [1.0, 2]}),
    (
        "GPFeatureRecordSetLayer",
        {"url": "https://a/arcgis/rest/services/Hosted/o_1764/FeatureServer/0"},
        {"url": "https://b/x/rest/services/Hosted/o_1799/FeatureServer/0"},
    ),
    (
        "GPFeatureRecordSetLayer",
        {"mapImage": {"href": f"{FILES}/_ags_map1.png", "scale": 1.0}},
        {"mapImage": {"href": f"{INNER}/_ags_map2.png", "scale": 1}},
    ),
]

DIFFERENT = [
    ("GPLong", 5, 6, "", "changed.value"),
    ("GPLong", 5, "5", "", "changed.value-type"),
    ("GPLong", 5, None, "", "changed.value-type"),
    ("GPDouble", 1.5, 1.50001, "", "changed.value"),
    ("GPBoolean", True, False, "", "changed.value"),
    ("GPBoolean", True, 1, "", "changed.value-type"),
    ("GPString", "north", "south", "", "changed.value"),
    ("GPString", "", None, "", "changed.value-type"),
    ("GPDate", 1678181829000, 1678181829001, "", "changed.value"),
    (
        "GPLinearUnit",
        {"distance": 5, "units": "esriMiles"},
        {"distance": 8.04672, "units": "esriKilometers"},
        "units",
        "changed.value",
    ),
    (
        "GPLinearUnit",
        {"distance": 5, "units": "esriMiles"},
        {"distance": 6, "units": "esriMiles"},
        "distance",
        "changed.value",
    ),
    ("GPArealUnit", {"area": 5, "units": "esriAcres"}, "5 Acres", "", "changed.value-type"),
    ("GPTimeUnit", {"time": 5, "units": "esriTimeUnitsDays"}, {"time": 5}, "units", "changed.value"),
    (
        "GPDataFile",
        {"url": f"{FILES}/{JOB}/out.zip"},
        {"url": f"{FILES}/{JOB}/out.tar"},
        "url",
        "changed.file",
    ),
    (
        "GPDataFile",
        {"url": f"{FILES}/{JOB}/out.zip"},
        {"url": f"{FILES}/{JOB}/out2.zip"},
        "url",
        "changed.file",
    ),
    ("GPDataFile", {"url": f"{FILES}/{JOB}/out.zip"}, {}, "url", "changed.value-type"),
    (
        "GPRasterData",
        {"url": f"{FILES}/a.tif", "format": "tif"},
        {"url": f"{FILES}/a.tif", "format": "img"},
        "format",
        "changed.value",
    ),
    (
        "GPFeatureRecordSetLayer",
        {"url": "https://a/r/rest/services/X/FeatureServer/0"},
        {"url": "https://a/r/rest/services/X/FeatureServer/1"},
        "url",
        "changed.file",
    ),
    (
        "GPFeatureRecordSetLayer",
        {"mapImage": {"href": "a.png", "width": 4}},
        {"mapImage": {"href": "a.png", "width": 5}},
        "mapImage.width",
        "changed.value",
    ),
    (
        "GPFeatureRecordSetLayer",
        {"url": "https://a/x"},
        {"fields": [], "features": []},
        "",
        "changed.value-type",
    ),
    ("GPSpatialReference", {"wkid": 4326}, {"wkid": 4269}, "", "changed.value"),
    ("GPExtent", {"xmin": 0, "xmax": 5}, {"xmin": 0, "xmax": 6}, "xmax", "changed.value"),
    ("GPMultiValue:GPString", ["a", "b"], ["b", "a"], "", "changed.value"),
    ("GPMultiValue:GPString", ["a", "b", "c"], ["a", "c"], "[1]", "changed.value"),
    ("GPMultiValue:GPString", ["a"], ["a", "b"], "[1]", "changed.value"),
    ("GPMultiValue:GPLong", [1, 2, 3], [1, 9, 3], "[1]", "changed.value"),
    ("GPMultiValue:GPString", ["a"], "a", "", "changed.value-type"),
    (
        "GPMultiValue:GPComposite",
        [{"dataType": "GPLong", "value": 1}],
        [{"dataType": "GPDouble", "value": 1}],
        "[0].dataType",
        "changed.value-type",
    ),
    ("GPValueTable", [["a", 1], ["b", 2]], [["a", 1], ["b", 3]], "[1][1]", "changed.value"),
    ("GPValueTable", [["a", 1]], [["a"]], "[0][1]", "changed.value"),
    ("GPHologram", {"a": {"b": 1}}, {"a": {"b": 2}}, "a.b", "changed.value"),
]


@pytest.mark.parametrize(("data_type", "expected", "met"), SAME)
def test_what_means_the_same_is_no_difference(data_type: str, expected: Any, met: Any) -> None:
    assert compare_values(expected, met, data_type, VARIES) == []
    assert compare_values(met, expected, data_type, VARIES) == []


@pytest.mark.parametrize(("data_type", "expected", "met", "path", "name"), DIFFERENT)
def test_what_means_something_else_is_one_difference_with_its_path(
    data_type: str, expected: Any, met: Any, path: str, name: str
) -> None:
    found = compare_values(expected, met, data_type, VARIES)
    assert [(each.path, each.name) for each in found] == [(path, name)]
    assert found[0].expected != found[0].met


def test_the_columns_of_a_table_are_compared_by_their_types() -> None:
    parameter = parse_parameter(
        {
            "name": "Table",
            "dataType": "GPValueTable",
            "parameterInfos": [
                {"name": "Where", "dataType": "GPSpatialReference"},
                {"name": "How_far", "dataType": "GPLinearUnit"},
            ],
        }
    )
    rows = [[{"wkid": 3857}, {"distance": 1, "units": "esriFeet"}]]
    others = [[{"wkid": 102100}, {"distance": 1, "units": "esriYards"}]]
    found = compare_values(rows, others, "GPValueTable", VARIES, parameter)
    assert [each.path for each in found] == ["[0][1].units"]
    by_name = [{"Where": {"wkid": 3857}, "How_far": None}], [{"How_far": None, "Where": {"wkid": 102100}}]
    assert compare_values(*by_name, "GPValueTable", VARIES, parameter) == []


def test_nothing_varies_that_a_contract_holds_fast() -> None:
    strict = Varies(ids=False, times=False, urls=False, tokens=False, server_paths=False, floats=Floats(0, 0))
    assert compare_values(f"{JOB}", f"{OTHER}", "GPString", strict)
    assert compare_values(0.3, 0.1 + 0.2, "GPDouble", strict)
    assert compare_values({"url": f"{FILES}/a.zip"}, {"url": f"{INNER}/a.zip"}, "GPDataFile", strict)
    assert compare_values({"url": f"{FILES}/a1.zip"}, {"url": f"{FILES}/a2.zip"}, "GPDataFile", strict)
    assert compare_values({"url": f"{FILES}/a.zip"}, {"url": f"{FILES}/a.zip"}, "GPDataFile", strict) == []


def test_a_member_that_the_contract_does_not_have_is_a_note() -> None:
    found = compare_values({"url": "a.tif"}, {"url": "a.tif", "bands": 3}, "GPRasterData", VARIES)
    assert [(each.path, each.severity) for each in found] == [("bands", "note")]


def test_of_very_many_differences_the_first_ones_are_told_and_the_rest_counted() -> None:
    found = compare_values(list(range(100)), list(range(1000, 1100)), "GPMultiValue:GPLong", VARIES)
    assert len(found) == 21
    assert found[-1].met == "80 more"


_KEYS = st.sampled_from(
    [
        *(
            "features",
            "fields",
            "attributes",
            "geometry",
            "rings",
            "points",
            "x",
            "y",
            "url",
            "wkid",
            "units",
        ),
        *("spatialReference", "name", "type", "dataType", "value", "mapImage", "featureSet", "OBJECTID", "a"),
    ]
)
_ATOMS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
_JSON = st.recursive(
    _ATOMS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_KEYS, inner, max_size=4),
    max_leaves=15,
)


@given(value=_JSON, other=_JSON, data_type=st.sampled_from(sorted(DATA_TYPES)))
@settings(derandomize=True, deadline=None, max_examples=200)
def test_any_two_values_can_be_compared_and_each_is_itself(value: Any, other: Any, data_type: str) -> None:
    assert compare_values(value, value, data_type, VARIES) == []
    compare_values(value, other, data_type, VARIES)


def test_the_number_behind_a_files_name_is_none_of_it_whatever_the_name_ends_with() -> None:
    from gpharness.comparing.texts import file_pattern

    names = ("_ags_Cells_.tif", "_ags_Cells_1.tif", "_ags_Cells_34.tif", "_ags_Cells__2.TIF")
    assert {file_pattern(name) for name in names} == {"Cells.tif"}
    assert file_pattern("_ags_Cells.tif") != file_pattern("_ags_Rows.tif")


def test_a_hidden_text_is_compared_by_whether_there_is_one_and_never_quoted() -> None:
    for met, told in (("another-7", []), ("", ["changed.value"]), (7, ["changed.value-type"])):
        found = compare_values("standin00000001", met, "GPStringHidden", Varies())
        assert [each.name for each in found] == told
    assert "hunter" not in str(compare_values(["a"], "hunter2", "GPStringHidden", Varies()))


def test_a_text_with_many_secrets_is_compared_part_by_part() -> None:
    def text(secret: str, end: str = "done") -> str:
        return f"key {secret} " * 60 + end

    expected = text("standin00000001")
    assert compare_values(expected, text("s3cret"), "GPString", VARIES) == []
    for met in (text("s3cret", "over"), text("s3cret") + "!", "key s3cret done", "no " + text("s3cret")):
        (found,) = compare_values(expected, met, "GPString", VARIES)
        assert found.name == "changed.value"
    assert compare_values("standin00000001 a standin00000001 a", "x a a", "GPString", VARIES) != []
