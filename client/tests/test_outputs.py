"""What values of outputs are read to, by data type, which of them with a warning, and which are refused."""

from __future__ import annotations

import copy
import random
from datetime import UTC, datetime
from typing import Any

import pytest
from gp_client.descriptors import TaskDescription, read_task
from gp_client.errors import ProtocolViolation
from gp_client.outputs.outputs import Output, read_output
from gp_protocol.values.compound import CompositeValue
from gp_protocol.values.feature_sets import FeatureSet, RecordSet
from gp_protocol.values.fields import Field
from gp_protocol.values.references import DataFile, ItemReference, LayerReference, MapImage, Raster
from gp_protocol.values.spatial_references import Extent, SpatialReference
from gp_protocol.values.units import ArealUnit, LinearUnit, TimeUnit

from every_case import every_case

URL = "http://gis.example.com/arcgis/rest/services/S/GPServer/T/jobs/j1/results/Out"

COLUMNS = [{"name": "Name", "dataType": "GPString"}, {"name": "Width", "dataType": "GPLong"}]
MEMBERS = [{"name": "", "dataType": "GPLong"}, {"name": "", "dataType": "GPLinearUnit"}]


def task_with(data_type: str, infos: Any = None) -> TaskDescription:
    parameter = {
        "name": "Out",
        "dataType": data_type,
        "displayName": "Out",
        "direction": "esriGPParameterDirectionOutput",
        "parameterType": "esriGPParameterTypeDerived",
        "parameterInfos": infos,
    }
    return read_task({"name": "T", "displayName": "T", "parameters": [parameter]}, URL, None)


def infos_of(data_type: str) -> Any:
    if data_type == "GPValueTable":
        return COLUMNS
    if data_type == "GPMultiValue:GPComposite":
        return [{"name": "", "dataType": "GPComposite", "parameterInfos": MEMBERS}]
    return None


def output_of(data_type: str, value: Any, **more: Any) -> Output:
    answer = {"paramName": "Out", "dataType": data_type, "value": value}
    return read_output(answer, task_with(data_type, infos_of(data_type)), "Out", url=URL, **more)


AS_IT_SHOULD_BE: list[tuple[str, Any, Any]] = [
    ("GPBoolean", False, False),
    ("GPBoolean", True, True),
    ("GPLong", 5, 5),
    ("GPLong", 5.0, 5),
    ("GPLong", 4503599627370495, 4503599627370495),
    ("GPDouble", 85768.567850000007, 85768.567850000007),
    ("GPDouble", 5, 5.0),
    ("GPString", "", ""),
    ("GPString", "Straße", "Straße"),
    ("GPString", [{"layoutTemplate": "A4 hoch"}], '[{"layoutTemplate":"A4 hoch"}]'),
    ("GPString", {"ä": 1.0}, '{"ä":1.0}'),
    ("GPStringHidden", "secret", "secret"),
    ("GPSQLExpression", "A = 1", "A = 1"),
    ("GPDate", 0, datetime(1970, 1, 1, tzinfo=UTC)),
    ("GPDate", -315619200000, datetime(1960, 1, 1, tzinfo=UTC)),
    ("GPDate", 1678181829123, datetime(2023, 3, 7, 9, 37, 9, 123000, UTC)),
    ("GPLinearUnit", {"distance": 8.5, "units": "esriMiles"}, LinearUnit(8.5, "esriMiles")),
    ("GPArealUnit", {"area": 3, "units": "esriAcres"}, ArealUnit(3, "esriAcres")),
    ("GPTimeUnit", {"time": 3, "units": "esriTimeUnitsDays"}, TimeUnit(3, "esriTimeUnitsDays")),
    ("GPDataFile", {"url": "http://h/a.zip"}, DataFile("http://h/a.zip")),
    ("GPDataFile", {"url": "rest/directories/a.zip"}, DataFile("rest/directories/a.zip")),
    ("GPRasterDataLayer", {"url": "http://h/a.tif", "format": "tif"}, Raster("http://h/a.tif", "tif")),
    (
        "GPRasterDataLayer",
        {"url": "http://h/rest/services/R/ImageServer", "type": "ImageService"},
        Raster("http://h/rest/services/R/ImageServer", type="ImageService"),
    ),
    ("GPRasterData", {"mapImage": {"href": "http://h/m.png"}}, MapImage("http://h/m.png")),
    (
        "GPFeatureRecordSetLayer",
        {"url": "http://h/FeatureServer/0"},
        LayerReference("http://h/FeatureServer/0"),
    ),
    ("GPFeatureRecordSetLayer", {"itemID": "i1"}, ItemReference("i1")),
    (
        "GPFeatureRecordSetLayer",
        {"mapImage": {"href": "http://h/m.png", "width": 2, "height": 3, "scale": 10}},
        MapImage("http://h/m.png", 2, 3, None, 10.0),
    ),
    ("GPFeatureRecordSetLayer", {"features": []}, FeatureSet()),
    (
        "Field",
        {"name": "A", "type": "esriFieldTypeString", "length": 5},
        Field("A", "esriFieldTypeString", length=5),
    ),
    ("GPSpatialReference", {"wkid": 102100, "latestWkid": 3857}, SpatialReference(102100, 3857)),
    ("GPCoordinateSystem", {"wkt": "GEOGCS[]"}, SpatialReference(wkt="GEOGCS[]")),
    (
        "GPExtent",
        {"xmin": 0, "ymin": 1, "xmax": 2, "ymax": 3, "spatial_reference": {"wkid": 4326}},
        Extent(0, 1, 2, 3, spatial_reference=SpatialReference(4326)),
    ),
    ("GPEnvelope", {"xmin": 0, "ymin": 1, "xmax": 2, "ymax": 3}, Extent(0, 1, 2, 3)),
    ("GPMultiValue:GPString", ["a", "", None], ["a", "", None]),
    ("GPMultiValue:GPString", [], []),
    ("GPMultiValue:GPDate", [0], [datetime(1970, 1, 1, tzinfo=UTC)]),
    ("GPValueTable", [["a", 1], ["", None]], [["a", 1], ["", None]]),
    ("GPValueTable", [], []),
    (
        "GPMultiValue:GPComposite",
        [
            {"dataType": "GPLong", "value": 1},
            {"dataType": "GPLinearUnit", "value": {"distance": 1, "units": "esriFeet"}},
        ],
        [CompositeValue("GPLong", 1), CompositeValue("GPLinearUnit", LinearUnit(1, "esriFeet"))],
    ),
]


@every_case(("data_type", "json", "value"), AS_IT_SHOULD_BE)
def test_a_value_is_read_by_its_data_type(data_type: str, json: Any, value: Any) -> None:
    output = output_of(data_type, json)
    assert output.value == value
    assert type(output.value) is type(value)
    assert output.raw is json
    assert output.warnings == ()
    assert output.is_made
    assert (output.name, output.data_type) == ("Out", data_type)


@every_case(("data_type", "json", "value"), AS_IT_SHOULD_BE)
def test_a_value_is_read_without_a_descriptor_too(data_type: str, json: Any, value: Any) -> None:
    answer = {"paramName": "Out", "dataType": data_type, "value": json}
    assert read_output(answer, None, "Out", url=URL).value == value


@every_case(
    "data_type",
    [
        "GPBoolean",
        "GPLong",
        "GPString",
        "GPDate",
        "GPFeatureRecordSetLayer",
        "GPDataFile",
        "GPMultiValue:GPLong",
    ],
)
@every_case("json", [None, {}])
def test_an_output_that_was_not_made_is_none(data_type: str, json: Any) -> None:
    output = output_of(data_type, json)
    assert (output.value, output.is_made, output.raw, output.warnings) == (None, False, json, ())


@pytest.mark.parametrize(
    ("data_type", "json"), [("GPLong", ""), ("GPDataFile", {"url": ""}), ("GPRasterData", {"url": None})]
)
def test_an_empty_text_and_a_reference_to_nothing_are_no_values(data_type: str, json: Any) -> None:
    assert (output_of(data_type, json).value, output_of(data_type, json).is_made) == (None, False)


@every_case(
    ("data_type", "json", "value", "code"),
    [
        ("GPLong", "5", 5, "type"),
        ("GPDouble", "5.5", 5.5, "type"),
        ("GPDouble", "-1.5E-6", -1.5e-6, "type"),
        ("GPBoolean", "false", False, "type"),
        ("GPBoolean", "TRUE", True, "type"),
        ("GPBoolean", 0, False, "type"),
        ("GPBoolean", 1, True, "type"),
        ("GPString", 5, "5", "type"),
        ("GPString", True, "true", "type"),
        ("GPDate", "0", datetime(1970, 1, 1, tzinfo=UTC), "type"),
        ("GPDate", 10**18, 10**18, "type"),
        ("GPSpatialReference", 4326, SpatialReference(4326), "type"),
        ("GPMultiValue:GPLong", [1, "2", "3"], [1, 2, 3], "type"),
        ("GPValueTable", [["a", "1"]], [["a", 1]], "type"),
        ("GPHologram", {"depth": 3}, {"depth": 3}, "newer-type"),
        ("GPMultiValue:GPHologram", [1], [1], "newer-type"),
    ],
)
def test_what_can_mean_but_one_thing_is_read_with_a_warning(
    data_type: str, json: Any, value: Any, code: str
) -> None:
    output = output_of(data_type, json)
    assert output.value == value
    assert type(output.value) is type(value)
    (warning,) = output.warnings
    assert (warning.parameter, warning.code) == ("Out", code)
    assert "/value" in warning.text
    assert output.raw is json


def test_warnings_alike_are_told_once_and_counted() -> None:
    (warning,) = output_of("GPMultiValue:GPLong", [1, "2", "3", "4"]).warnings
    assert '/value/1: "2"' in warning.text
    assert "2 more" in warning.text


def test_a_field_of_a_newer_type_is_told_of() -> None:
    output = output_of("Field", {"name": "A", "type": "esriFieldTypeHologram"})
    assert output.value.type == "esriFieldTypeHologram"
    assert [each.code for each in output.warnings] == ["newer-type"]


@every_case(
    ("data_type", "json", "pointer"),
    [
        ("GPLong", 5.5, "/value"),
        ("GPLong", "1,5", "/value"),
        ("GPLong", "x", "/value"),
        ("GPLong", True, "/value"),
        ("GPLong", [5], "/value"),
        ("GPLong", 10**17, "/value"),
        ("GPDouble", "1,5", "/value"),
        ("GPDouble", "NaN", "/value"),
        ("GPDouble", "Infinity", "/value"),
        ("GPDouble", True, "/value"),
        ("GPDouble", 10**400, "/value"),
        ("GPBoolean", 2, "/value"),
        ("GPBoolean", "yes", "/value"),
        ("GPBoolean", [], "/value"),
        ("GPStringHidden", ["a"], "/value"),
        ("GPDate", "2023-03-07T09:37:09", "/value"),
        ("GPDate", "3/7/2023 9:37 AM", "/value"),
        ("GPDate", 0.5, "/value"),
        ("GPDate", False, "/value"),
        ("GPDate", {"date": "2023", "format": "yyyy"}, "/value"),
        ("GPLinearUnit", "5 Miles", "/value"),
        ("GPLinearUnit", {"distance": 5, "units": "esriFurlongs"}, "/value/units"),
        ("GPLinearUnit", {"distance": 5, "units": "esriMILES"}, "/value/units"),
        ("GPLinearUnit", {"distance": 5}, "/value/units"),
        ("GPLinearUnit", {"distance": "5", "units": "esriMiles"}, "/value/distance"),
        ("GPLinearUnit", {"distance": None, "units": "esriMiles"}, "/value/distance"),
        ("GPArealUnit", "3 Acres", "/value"),
        ("GPTimeUnit", {"time": 3, "units": "Days"}, "/value/units"),
        ("GPDataFile", "http://h/a.zip", "/value"),
        ("GPDataFile", {"url": 5}, "/value/url"),
        ("GPDataFile", {"href": "http://h/a.zip"}, "/value"),
        ("GPRasterDataLayer", [], "/value"),
        ("GPRasterDataLayer", {"url": "u", "format": 5}, "/value/format"),
        ("Field", {"type": "esriFieldTypeOID"}, "/value/name"),
        ("GPSpatialReference", {"wkid": "x"}, "/value/wkid"),
        ("GPSpatialReference", [4326], "/value/wkid"),
        ("GPExtent", {"xmin": "0", "ymin": 1, "xmax": 2, "ymax": 3}, "/value/xmin"),
        ("GPExtent", {"xmin": 0, "ymin": 1, "xmax": 2}, "/value/ymax"),
        ("GPExtent", [0, 1, 2, 3], "/value"),
        ("GPMultiValue:GPString", "a", "/value"),
        ("GPMultiValue:GPString", '["a"]', "/value"),
        ("GPMultiValue:GPLong", [1, {"a": 2}], "/value/1"),
        ("GPValueTable", [["a", 1], ["b"]], "/value/1"),
        ("GPValueTable", [{"Name": "a", "Width": 1}], "/value/0"),
        ("GPValueTable", [["a", 1.5]], "/value/0/1"),
        ("GPValueTable", {"rows": []}, "/value"),
        ("GPMultiValue:GPComposite", [1], "/value/0"),
        ("GPMultiValue:GPComposite", [{"dataType": "GPComposite", "value": 1}], "/value/0"),
        ("GPMultiValue:GPComposite", [{"dataType": "GPDate", "value": 1}], "/value/0/dataType"),
        ("GPMultiValue:GPComposite", [{"dataType": "GPLong", "value": "x"}], "/value/0/value"),
    ],
)
def test_what_the_protocol_does_not_allow_is_refused_at_its_place(
    data_type: str, json: Any, pointer: str
) -> None:
    with pytest.raises(ProtocolViolation) as caught:
        output_of(data_type, json)
    assert caught.value.pointer == pointer
    assert caught.value.url == URL
    assert caught.value.expected
    assert caught.value.met


def test_rows_by_column_name_are_read_where_they_were_asked_for() -> None:
    rows = [{"Width": 1, "Name": "a"}, {"Name": "b"}]
    assert output_of("GPValueTable", rows, rows_by_name=True).value == [["a", 1], ["b", None]]
    with pytest.raises(ProtocolViolation) as caught:
        output_of("GPValueTable", [{"Name": "a", "Height": 1}], rows_by_name=True)
    assert caught.value.pointer == "/value/0/Height"


def test_a_composites_value_is_of_its_members_type() -> None:
    task = task_with("GPComposite", MEMBERS)
    answer = {"paramName": "Out", "dataType": "GPLong", "value": 5}
    output = read_output(answer, task, "Out", url=URL)
    assert (output.value, output.data_type) == (5, "GPLong")
    for wrong in ("GPComposite", "GPDate"):
        with pytest.raises(ProtocolViolation) as caught:
            read_output({**answer, "dataType": wrong}, task, "Out", url=URL)
        assert caught.value.pointer == "/dataType"


@pytest.mark.parametrize("nothing", [None, {}])
def test_a_composite_that_was_not_made_names_no_member(nothing: Any) -> None:
    answer = {"paramName": "Out", "dataType": "GPComposite", "value": nothing}
    output = read_output(answer, task_with("GPComposite", MEMBERS), "Out", url=URL)
    assert (output.value, output.is_made) == (None, False)


@every_case(
    ("answer", "pointer"),
    [
        ({"paramName": "Other", "dataType": "GPLong", "value": 5}, "/results/2/paramName"),
        ({"dataType": "GPLong", "value": 5}, "/results/2/paramName"),
        ({"paramName": 7, "dataType": "GPLong", "value": 5}, "/results/2/paramName"),
        ({"paramName": "Out", "dataType": "GPString", "value": "5"}, "/results/2/dataType"),
        ({"paramName": "Out", "value": 5}, "/results/2/dataType"),
        ({"paramName": "Out", "dataType": None, "value": 5}, "/results/2/dataType"),
        ({"paramName": "Out", "dataType": ["GPLong"], "value": 5}, "/results/2/dataType"),
        ({"paramName": "Out", "dataType": "GPLong"}, "/results/2"),
        ([], "/results/2"),
        ([{}, {}], "/results/2"),
        ("5", "/results/2"),
        (None, "/results/2"),
    ],
)
def test_an_answer_for_something_else_is_refused(answer: Any, pointer: str) -> None:
    with pytest.raises(ProtocolViolation) as caught:
        read_output(answer, task_with("GPLong"), "Out", url=URL, pointer="/results/2")
    assert caught.value.pointer == pointer


def test_a_list_of_one_and_a_name_in_another_case_are_read() -> None:
    answer = [{"paramName": "OUT", "dataType": "GPLong", "value": 5, "extra": 1}]
    output = read_output(answer, task_with("GPLong"), "out", url=URL)
    assert (output.name, output.value, output.warnings) == ("Out", 5, ())


@pytest.mark.parametrize(
    ("declared", "told", "json", "value"),
    [
        ("DEFile", "GPDataFile", {"url": "http://h/a.zip"}, DataFile("http://h/a.zip")),
        ("DEFeatureClass", "GPFeatureRecordSetLayer", {"features": []}, FeatureSet()),
        ("GPTableView", "GPRecordSet", {"features": []}, RecordSet()),
    ],
)
def test_a_type_that_is_declared_but_not_known_is_that_of_the_answer(
    declared: str, told: str, json: Any, value: Any
) -> None:
    answer = {"paramName": "Out", "dataType": told, "value": json}
    output = read_output(answer, task_with(declared), "Out", url=URL)
    assert (output.value, output.data_type) == (value, told)
    (warning,) = output.warnings
    assert (warning.code, f"declared as {declared}" in warning.text) == ("type", True)


def test_an_output_that_is_not_declared_is_read_by_its_own_data_type() -> None:
    answer = {"paramName": "More", "dataType": "GPDate", "value": 0}
    assert read_output(answer, task_with("GPLong"), "More", url=URL).value.year == 1970


def test_a_data_type_in_another_case_is_the_declared_one_with_a_warning() -> None:
    answer = {"paramName": "Out", "dataType": "gplong", "value": 5}
    output = read_output(answer, task_with("GPLong"), "Out", url=URL)
    assert (output.value, [each.code for each in output.warnings]) == (5, ["type"])


def test_a_value_nested_without_end_is_refused() -> None:
    json: Any = []
    for _ in range(50_000):
        json = [json]
    with pytest.raises(ProtocolViolation):
        output_of("GPMultiValue:GPLong", json)


def test_whatever_a_value_holds_it_is_read_or_refused() -> None:
    luck = random.Random(7)
    odd: list[Any] = [
        None,
        True,
        0,
        -1,
        1.5,
        10**400,
        1e300,
        "",
        "x",
        "NaN",
        "5",
        [],
        {},
        [[]],
        [{}],
        {"a": 1},
        "\x00",
    ]
    for _ in range(20_000):
        data_type, json, _value = luck.choice(AS_IT_SHOULD_BE)
        answer: Any = {"paramName": "Out", "dataType": data_type, "value": copy.deepcopy(json)}
        holder = answer
        while True:
            key = luck.choice(list(holder) if isinstance(holder, dict) else range(len(holder)))
            if not isinstance(holder[key], dict | list) or not holder[key] or luck.random() < 0.2:
                holder[key] = luck.choice(odd)
                break
            holder = holder[key]
        task = task_with(data_type, infos_of(data_type)) if luck.random() < 0.5 else None
        try:
            output = read_output(answer, task, "Out", url=URL, rows_by_name=luck.random() < 0.5)
        except ProtocolViolation:
            continue
        assert output.is_made is (output.value is not None)
