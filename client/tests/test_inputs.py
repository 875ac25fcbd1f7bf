"""What may be given as an input, what is sent for it, and what is refused before anything is sent."""

from __future__ import annotations

from collections import deque
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from enum import Enum, IntEnum, StrEnum
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy
import pyproj
import pytest
from gp_client.errors import GPError, InvalidInput, NotSupported
from gp_client.inputs.inputs import encode_inputs, python_value
from gp_protocol.descriptions.descriptors import Direction, Parameter, ParameterInfo, ParameterType, Task
from gp_protocol.descriptions.filters import CodedValue, CodedValueFilter, ListFilter, RangeFilter
from gp_protocol.values.compound import CompositeValue
from gp_protocol.values.fields import Field
from gp_protocol.values.references import DataFile, ItemReference, LayerReference, MapImage, Raster
from gp_protocol.values.spatial_references import Extent, SpatialReference
from gp_protocol.values.units import ArealUnit, LinearUnit, TimeUnit

from every_case import every_case

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
NOON_MS = "1769860800000"
MILES = '{"distance":8.5,"units":"esriMiles"}'
WGS84_WKT = pyproj.CRS(4326).to_wkt("WKT1_ESRI")


class Colour(StrEnum):
    RED = "red"


class OldColour(str, Enum):  # noqa: UP042 - what programs of before 3.11 have
    RED = "red"


class Count(IntEnum):
    TWO = 2


def parameter(data_type: str, **more: Any) -> Parameter:
    return Parameter("P", data_type, **{"parameter_type": ParameterType.OPTIONAL, **more})


def sent(data_type: str, value: Any, **more: Any) -> str:
    task = Task("T", parameters=(parameter(data_type, **more),))
    return encode_inputs(task, {"P": value})["P"]


def refused(data_type: str, value: Any, **more: Any) -> InvalidInput:
    with pytest.raises(InvalidInput) as caught:
        sent(data_type, value, **more)
    assert caught.value.parameter == "P"
    return caught.value


@every_case(
    ("data_type", "value", "text"),
    [
        ("GPBoolean", True, "true"),
        ("GPBoolean", numpy.bool_(False), "false"),
        ("GPBoolean", "True", "true"),
        ("GPLong", 12, "12"),
        ("GPLong", -12.0, "-12"),
        ("GPLong", "12", "12"),
        ("GPLong", Count.TWO, "2"),
        ("GPLong", numpy.int16(7), "7"),
        ("GPLong", numpy.array(7), "7"),
        ("GPLong", numpy.float64(7), "7"),
        ("GPLong", Decimal("7.0"), "7"),
        ("GPLong", Fraction(14, 2), "7"),
        ("GPDouble", 0.1, "0.1"),
        ("GPDouble", 3, "3.0"),
        ("GPDouble", "2.5", "2.5"),
        ("GPDouble", numpy.float32(0.5), "0.5"),
        ("GPDouble", numpy.float64(0.1), "0.1"),
        ("GPDouble", numpy.int64(3), "3.0"),
        ("GPDouble", Decimal("0.1"), "0.1"),
        ("GPDouble", Fraction(1, 4), "0.25"),
        ("GPString", "Straße", "Straße"),
        ("GPString", '{"not": "touched" }', '{"not": "touched" }'),
        ("GPString", Colour.RED, "red"),
        ("GPString", OldColour.RED, "red"),
        ("GPString", numpy.str_("red"), "red"),
        ("GPString", {"mapOptions": {"scale": 1.5}}, '{"mapOptions":{"scale":1.5}}'),
        ("GPString", "", ""),
        ("GPSQLExpression", "A = 'x'", "A = 'x'"),
        ("GPDate", NOON, NOON_MS),
        ("GPDate", NOON.astimezone(timezone(timedelta(hours=5))), NOON_MS),
        ("GPDate", NOON + timedelta(microseconds=999), NOON_MS),
        ("GPDate", int(NOON_MS), NOON_MS),
        ("GPDate", numpy.int64(NOON_MS), NOON_MS),
        ("GPDate", "2026-01-31T12:00:00", NOON_MS),
        ("GPDate", "2026-01-31T13:00:00+01:00", NOON_MS),
        ("GPDate", "2026-01-31T12:00:00Z", NOON_MS),
        ("GPDate", {"date": "31.01.2026 12", "format": "dd.MM.yyyy HH"}, NOON_MS),
        ("GPLinearUnit", LinearUnit(8.5, "esriMiles"), MILES),
        ("GPLinearUnit", "8.5 Miles", MILES),
        ("GPLinearUnit", (8.5, "esriMiles"), MILES),
        ("GPLinearUnit", [Decimal("8.5"), "miles"], MILES),
        ("GPLinearUnit", {"distance": numpy.float64(8.5), "units": "esriMiles"}, MILES),
        ("GPLinearUnit", "{'distance': 8.5, 'units': 'esriMiles'}", MILES),
        ("GPArealUnit", (3, "SquareKilometers"), '{"area":3.0,"units":"esriSquareKilometers"}'),
        ("GPArealUnit", ArealUnit(3), '{"area":3.0,"units":"esriUnknownAreaUnits"}'),
        ("GPTimeUnit", "3 Months", '{"time":3.0,"units":"esriTimeUnitsMonths"}'),
        ("GPTimeUnit", timedelta(minutes=1.5), '{"time":90.0,"units":"esriTimeUnitsSeconds"}'),
        ("GPTimeUnit", TimeUnit(3), '{"time":3.0,"units":"esriTimeUnitsUnknown"}'),
        ("GPDataFile", "https://h/f.zip", '{"url":"https://h/f.zip"}'),
        ("GPDataFile", {"url": "https://h/f.zip"}, '{"url":"https://h/f.zip"}'),
        ("GPDataFile", ItemReference("i1"), '{"itemID":"i1"}'),
        ("GPDataFile", DataFile(portal_item_id="p"), '{"portalItemID":"p"}'),
        ("GPDataFile", Raster("http://h/r.tif", "tif"), '{"url":"http://h/r.tif"}'),
        ("GPRasterDataLayer", "http://h/r.tif", '{"url":"http://h/r.tif"}'),
        ("GPRasterDataLayer", Raster("http://h/r.tif", "tif"), '{"url":"http://h/r.tif","format":"tif"}'),
        ("GPRasterData", ItemReference("i1"), '{"itemID":"i1"}'),
        ("GPRasterData", DataFile("http://h/r.tif"), '{"url":"http://h/r.tif"}'),
        ("GPRasterData", LayerReference("http://h/ImageServer"), '{"url":"http://h/ImageServer"}'),
        ("GPFeatureRecordSetLayer", "https://h/FeatureServer/0", '{"url":"https://h/FeatureServer/0"}'),
        (
            "GPFeatureRecordSetLayer",
            LayerReference("https://h/FeatureServer/0", "A > 1"),
            '{"url":"https://h/FeatureServer/0","filter":"A > 1"}',
        ),
        ("GPFeatureRecordSetLayer", DataFile(item_id="i1"), '{"itemID":"i1"}'),
        ("GPRecordSet", {"itemID": "i1"}, '{"itemID":"i1"}'),
        ("Field", Field("A", "esriFieldTypeDate"), '{"name":"A","type":"esriFieldTypeDate","alias":"A"}'),
        (
            "Field",
            {"name": "A", "type": "esriFieldTypeDate"},
            '{"name":"A","type":"esriFieldTypeDate","alias":"A"}',
        ),
        ("GPSpatialReference", 4326, '{"wkid":4326}'),
        ("GPSpatialReference", "EPSG:25832", '{"wkid":25832}'),
        ("GPSpatialReference", "ESRI:102003", '{"wkid":102003}'),
        ("GPSpatialReference", pyproj.CRS(3857), '{"wkid":3857}'),
        ("GPSpatialReference", pyproj.CRS("OGC:CRS84"), '{"wkid":4326}'),
        ("GPSpatialReference", pyproj.CRS("EPSG:4326+5773"), '{"wkid":4326,"vcsWkid":5773}'),
        ("GPCoordinateSystem", {"wkid": 102100, "latestWkid": 3857}, '{"wkid":102100,"latestWkid":3857}'),
        ("GPCoordinateSystem", SpatialReference(name="X"), '{"name":"X"}'),
        ("GPExtent", (1, 2, 3, 4), '{"xmin":1.0,"ymin":2.0,"xmax":3.0,"ymax":4.0}'),
        ("GPExtent", numpy.array([1, 2, 3, 4]), '{"xmin":1.0,"ymin":2.0,"xmax":3.0,"ymax":4.0}'),
        (
            "GPExtent",
            {"xmin": 1, "ymin": 2, "xmax": 3, "ymax": 4, "spatialReference": pyproj.CRS(3857)},
            '{"xmin":1.0,"ymin":2.0,"xmax":3.0,"ymax":4.0,"spatial_reference":{"wkid":3857}}',
        ),
        ("GPEnvelope", Extent(1, 2, 3, 4), '{"xmin":1.0,"ymin":2.0,"xmax":3.0,"ymax":4.0}'),
        ("GPMultiValue:GPString", ["a", "b"], '["a","b"]'),
        ("GPMultiValue:GPString", ("a", None), '["a",null]'),
        ("GPMultiValue:GPString", deque(["a"]), '["a"]'),
        ("GPMultiValue:GPString", '["a"]', '["a"]'),
        ("GPMultiValue:GPString", [], "[]"),
        ("GPMultiValue:GPLong", numpy.arange(3), "[0,1,2]"),
        ("GPMultiValue:GPLong", range(3), "[0,1,2]"),
        ("GPMultiValue:GPDate", [NOON], f"[{NOON_MS}]"),
        ("GPMultiValue:GPLinearUnit", ["8.5 Miles"], f"[{MILES}]"),
        (
            "GPMultiValue:GPDataFile",
            ["http://h/1", ItemReference("i")],
            '[{"url":"http://h/1"},{"itemID":"i"}]',
        ),
    ],
)
def test_a_value_in_pythons_own_terms_is_sent_in_the_protocols(data_type: str, value: Any, text: str) -> None:
    assert sent(data_type, value) == text


@every_case(
    ("data_type", "value", "words"),
    [
        ("GPBoolean", 1, "write True"),
        ("GPBoolean", "yes", "true or false"),
        ("GPLong", True, "a whole number"),
        ("GPLong", 1.5, "a whole number"),
        ("GPLong", "1.5", "a whole number"),
        ("GPLong", Decimal("1.5"), "a whole number"),
        ("GPLong", Decimal("1e999999999"), "a whole number"),
        ("GPLong", 2**60, "between"),
        ("GPLong", float("nan"), "a whole number"),
        ("GPLong", [1], "a whole number"),
        ("GPDouble", float("inf"), "finite"),
        ("GPDouble", float("nan"), "leave it out"),
        ("GPDouble", numpy.float32("nan"), "finite"),
        ("GPDouble", "1,5", "after a point"),
        ("GPDouble", 10**400, "finite"),
        ("GPDouble", Decimal("1e400"), "finite"),
        ("GPDouble", Decimal("1e-400"), "a double can hold"),
        ("GPDouble", 1 + 2j, "a number"),
        ("GPString", 12, 'write "12"'),
        ("GPString", ["a"], "json.dumps"),
        ("GPString", b"a", "a text"),
        ("GPString", "\ud800", "UTF-8"),
        ("GPString", {"a": NOON}, "a value of JSON"),
        ("GPDate", NOON.replace(tzinfo=None), "astimezone"),
        ("GPDate", numpy.datetime64("2026-01-31"), "with a time zone"),
        ("GPDate", date(2026, 1, 31), "when that day begins"),
        ("GPDate", "2026-01-31", "since 1970"),
        ("GPDate", 10**17, "years 1 to 9999"),
        ("GPDate", True, "since 1970"),
        ("GPLinearUnit", 8.5, 'say of what: (8.5, "esriMeters")'),
        ("GPLinearUnit", "8.5", "say of what"),
        ("GPLinearUnit", (8.5, "esriMile5"), "esriMiles"),
        ("GPLinearUnit", {"distance": 8.5, "unit": "esriMiles"}, 'did you mean "units"'),
        ("GPLinearUnit", {"units": "esriMiles"}, "add distance"),
        ("GPLinearUnit", ArealUnit(3), "a LinearUnit"),
        ("GPDataFile", "f.zip", "service.upload(path)"),
        ("GPDataFile", Path("f.zip"), "service.upload(path)"),
        ("GPDataFile", {"url": ""}, "url"),
        ("GPDataFile", {"itemId": "i"}, "itemID"),
        ("GPRasterData", MapImage("http://h/x.png"), "a picture of a result"),
        ("GPRasterData", DataFile(portal_item_id="p"), "upload it"),
        ("GPFeatureRecordSetLayer", Path("a.shp"), "service.upload(path)"),
        ("GPFeatureRecordSetLayer", {"url": "http://h/0", "where": "A > 1"}, "filter"),
        ("GPFeatureRecordSetLayer", 12, "a FeatureSet, ArcGIS JSON, GeoJSON"),
        ("Field", "A", "write Field"),
        ("Field", {"name": "A", "type": "integer"}, "esriFieldTypeInteger"),
        ("GPSpatialReference", "WGS 84", "a wkid such as 4326"),
        ("GPSpatialReference", True, "a wkid such as 4326"),
        ("GPSpatialReference", 0, "a wkid such as 4326"),
        ("GPSpatialReference", {"Wkid": 4326}, "wkid"),
        ("GPExtent", (3, 2, 1, 4), "west, south, east, north"),
        ("GPExtent", (1, 2, 3), "xmin"),
        ("GPExtent", {"xmin": 1, "ymin": 2, "xmax": 3}, "a number"),
        ("GPEnvelope", Extent(1, 2, 3, 4, spatial_reference=SpatialReference(4326)), "GPExtent"),
        ("GPMultiValue:GPString", "a", "write [value]"),
        ("GPMultiValue:GPString", {"a", "b"}, "in the order that is meant"),
        ("GPMultiValue:GPString", (each for each in "ab"), "in the order that is meant"),
        ("GPMultiValue:GPString", {"a": 1}, "a list of GPString"),
        ("GPValueTable", "x", "a list of rows"),
    ],
)
def test_what_cannot_be_sent_is_refused_with_what_to_do(data_type: str, value: Any, words: str) -> None:
    assert words in str(refused(data_type, value))


def test_an_error_leads_to_the_place_within_the_value() -> None:
    assert refused("GPMultiValue:GPLinearUnit", ["1 Miles", ("x", "esriMiles")]).path == "[1][0]"
    assert refused("GPExtent", (1, "x", 3, 4)).path == "[1]"
    assert refused("GPLinearUnit", (8.5, "esriMile5")).path == "units"


def test_none_is_left_out_and_an_empty_mapping_is_nothing_to_send() -> None:
    task = Task("T", parameters=(parameter("GPString", default_value="x"),))
    assert encode_inputs(task, {"P": None}) == encode_inputs(task, {}) == {}
    assert python_value(parameter("GPLong"), None) is None


def test_inputs_leave_in_the_order_of_the_task() -> None:
    task = Task("T", parameters=tuple(Parameter(name, "GPLong") for name in "ABC"))
    assert list(encode_inputs(task, {"C": 1, "A": 2, "B": 3})) == ["A", "B", "C"]


VIEWSHED = Task(
    "Viewshed",
    display_name="Viewshed",
    parameters=(
        Parameter("Input_Observation_Point", "GPFeatureRecordSetLayer", "Input Observation Point"),
        Parameter("Viewshed_Distance", "GPLinearUnit", "How far"),
        Parameter("Note", "GPString", parameter_type=ParameterType.OPTIONAL),
        Parameter("Viewshed_Result", "GPFeatureRecordSetLayer", direction=Direction.OUTPUT),
    ),
)


@every_case(
    ("name", "remedy"),
    [
        ("viewshed_distance", 'did you mean "Viewshed_Distance"?'),
        ("Viewshed Distance", 'did you mean "Viewshed_Distance"?'),
        ("How far", 'that is its label; did you mean "Viewshed_Distance"?'),
        ("Viewshed_Result", "it is an output"),
        ("Weather", ""),
    ],
)
def test_a_wrong_name_is_an_error_that_lists_the_right_ones(name: str, remedy: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        encode_inputs(VIEWSHED, {name: 1}, url="http://h/GPServer/Viewshed")
    error = caught.value
    assert (error.parameter, error.remedy) == (name, remedy)
    assert error.url == "http://h/GPServer/Viewshed"
    assert "Input_Observation_Point, Viewshed_Distance, Note" in str(error)


def test_all_that_is_missing_is_named_at_once() -> None:
    with pytest.raises(InvalidInput) as caught:
        encode_inputs(VIEWSHED, {"Note": "x", "Viewshed_Distance": None})
    assert caught.value.parameter == "Input_Observation_Point, Viewshed_Distance"
    assert encode_inputs(VIEWSHED, {"Note": "x"}, may_miss=True) == {"Note": "x"}


@every_case(
    ("data_type", "default", "is_missing"),
    [
        ("GPLong", 0, False),
        ("GPBoolean", False, False),
        ("GPString", "", True),
        ("GPString", None, True),
        ("GPLinearUnit", {}, True),
        ("GPMultiValue:GPString", [], True),
        ("GPFeatureRecordSetLayer", {"geometryType": "esriGeometryPoint", "features": []}, True),
        ("GPFeatureRecordSetLayer", {"geometryType": "esriGeometryPoint", "fields": []}, True),
        ("GPFeatureRecordSetLayer", {"features": [{"geometry": {"x": 1, "y": 2}}]}, False),
        ("GPFeatureRecordSetLayer", {"url": "http://h/0"}, False),
        ("GPFeatureRecordSetLayer", "Roads", False),
        ("GPDataFile", {"url": ""}, True),
    ],
)
def test_a_required_input_may_be_left_out_where_its_default_is_a_value(
    data_type: str, default: Any, is_missing: bool
) -> None:
    task = Task("T", parameters=(Parameter("P", data_type, default_value=default),))
    if is_missing:
        with pytest.raises(InvalidInput, match="required"):
            encode_inputs(task, {})
    else:
        assert encode_inputs(task, {}) == {}


def test_a_blank_text_that_the_server_would_take_for_its_default_is_refused() -> None:
    assert "would take its default" in str(refused("GPString", "", default_value="x"))
    assert "it is required" in str(refused("GPString", " ", parameter_type=ParameterType.REQUIRED))
    assert sent("GPString", " ") == " "


def test_choices_and_filters_are_checked_before_anything_is_sent() -> None:
    choices = ("red", "green")
    assert sent("GPString", "red", choice_list=choices) == "red"
    assert 'did you mean "green"' in str(refused("GPString", "gren", choice_list=choices))
    assert refused("GPMultiValue:GPString", ["red", "blue"], choice_list=choices).path == "[1]"
    assert sent("GPString", "blue", choice_list=()) == "blue"
    assert "from 1 to 5" in str(refused("GPLong", 6, filter=RangeFilter(1, 5)))
    assert "from 1 to 5" in str(refused("GPLinearUnit", "6 Miles", filter=RangeFilter(1, 5)))
    polygons = ListFilter("featureClass", ("esriGeometryPolygon",))
    point = {"type": "Point", "coordinates": [1, 2]}
    assert "polygon" in str(refused("GPFeatureRecordSetLayer", point, filter=polygons)).lower()
    assert "zip" in str(refused("GPDataFile", "http://h/a.txt", filter=ListFilter("file", ("zip",))))


def test_a_coded_value_goes_by_its_name_or_by_itself() -> None:
    def coded(data_type: str, **values: Any) -> dict[str, Any]:
        listed = tuple(CodedValue(data_type, name, value) for name, value in values.items())
        return {"choice_list": tuple(values), "filter": CodedValueFilter(listed)}

    texts = coded("GPString", Everything="ALL", Nothing="NONE")
    assert sent("GPString", "Everything", **texts) == "Everything"
    assert sent("GPString", "NONE", **texts) == "NONE"
    assert 'did you mean "Nothing"' in str(refused("GPString", "Nothin", **texts))
    numbers = coded("GPLong", few=10, many=1000)
    assert [sent("GPLong", value, **numbers) for value in ("many", 10, "10")] == ["1000", "10", "10"]
    assert sent("GPMultiValue:GPLong", ["many", 10], **numbers) == "[1000,10]"
    assert "few, many" in str(refused("GPLong", 11, **numbers))
    schema = {"geometryType": "esriGeometryPoint", "fields": [], "features": []}
    layers = coded("GPFeatureRecordSetLayer", Wells=schema, Rivers=schema)
    assert sent("GPFeatureRecordSetLayer", "Rivers", **layers) == "Rivers"
    assert "Wells, Rivers" in str(refused("GPFeatureRecordSetLayer", "Roads", **layers))


def test_a_predefined_layer_goes_by_its_name_and_any_other_by_its_address() -> None:
    choices = ("Roads", "[Old] Roads")
    for data_type in ("GPFeatureRecordSetLayer", "GPRecordSet", "GPRasterDataLayer"):
        assert sent(data_type, "Roads", choice_list=choices) == "Roads"
        assert sent(data_type, "http://h/0", choice_list=choices) == '{"url":"http://h/0"}'
        assert 'did you mean "Roads"' in str(refused(data_type, "Road", choice_list=choices))
    assert sent("GPFeatureRecordSetLayer", "[Old] Roads", choice_list=choices) == "[Old] Roads"


@every_case(
    ("version", "value", "fits"),
    [(11.1, 2**31, False), (11.2, 2**31, True), (None, 2**31, True), (10.91, 2**31 - 1, True)],
)
def test_a_long_is_held_to_the_limits_of_the_servers_version(
    version: float | None, value: int, fits: bool
) -> None:
    kinds = [
        (parameter("GPLong"), value),
        (parameter("GPMultiValue:GPLong"), [1, value]),
        (parameter("GPValueTable", parameter_infos=(ParameterInfo("n", "GPLong"),)), [[value]]),
        (parameter("GPComposite", parameter_infos=(ParameterInfo("", "GPLong"),)), value),
    ]
    for each, given in kinds:
        task = Task("T", parameters=(each,))
        if fits:
            assert str(value) in encode_inputs(task, {"P": given}, version=version)["P"]
        else:
            with pytest.raises(InvalidInput, match=r"64 bits are there from 11\.2"):
                encode_inputs(task, {"P": given}, version=version)


COLUMNS = (ParameterInfo("Layer", "GPString"), ParameterInfo("Weight", "GPDouble"))


@every_case(
    "rows",
    [
        [["a", 1], ("b", None)],
        [{"Layer": "a", "Weight": 1}, {"Layer": "b"}],
        [("a", 1), numpy.array(["b", None])],
        [{"Weight": Decimal(1), "Layer": "a"}, ["b", None]],
        '[["a", 1], ["b", null]]',
    ],
)
def test_rows_of_a_table_are_sequences_or_mappings(rows: Any) -> None:
    assert sent("GPValueTable", rows, parameter_infos=COLUMNS) == '[["a",1.0],["b",null]]'


def test_an_empty_cell_is_an_empty_text_or_null() -> None:
    assert sent("GPValueTable", [{}, [None, 1]], parameter_infos=COLUMNS) == '[["",null],["",1.0]]'


@every_case(
    ("rows", "path", "words"),
    [
        ([["a"]], "[0]", "2 cells: Layer, Weight"),
        ([["a", 1], {"Layr": "a"}], "[1]", 'did you mean "Layer"'),
        ([["a", "heavy"]], "[0].Weight", "a number"),
        ([1], "[0]", "2 cells"),
    ],
)
def test_a_bad_row_is_refused_by_its_place(rows: Any, path: str, words: str) -> None:
    error = refused("GPValueTable", rows, parameter_infos=COLUMNS)
    assert error.path == path
    assert words in str(error)


MEMBERS = tuple(
    ParameterInfo("", name) for name in ("GPDouble", "GPLong", "GPLinearUnit", "GPString", "GPDate")
)


@every_case(
    ("value", "text"),
    [
        (1.5, '{"dataType":"GPDouble","value":1.5}'),
        ("12", '{"dataType":"GPString","value":"12"}'),
        ("8.5 Miles", '{"dataType":"GPString","value":"8.5 Miles"}'),
        ((8.5, "esriMiles"), f'{{"dataType":"GPLinearUnit","value":{MILES}}}'),
        (NOON, f'{{"dataType":"GPDate","value":{NOON_MS}}}'),
        (CompositeValue("GPLong", "7"), '{"dataType":"GPLong","value":7}'),
        ({"dataType": "GPLong", "value": 7}, '{"dataType":"GPLong","value":7}'),
        ('{"dataType": "GPLong", "value": 7}', '{"dataType":"GPLong","value":7}'),
    ],
)
def test_a_composite_is_of_the_member_that_the_value_is_surely_meant_for(value: Any, text: str) -> None:
    assert sent("GPComposite", value, parameter_infos=MEMBERS) == text
    infos = (ParameterInfo("", "GPComposite", parameter_infos=MEMBERS),)
    assert sent("GPMultiValue:GPComposite", [value], parameter_infos=infos) == f"[{text}]"


def test_a_composite_of_no_member_is_refused() -> None:
    assert "one of GPDouble" in str(refused("GPComposite", True, parameter_infos=MEMBERS))
    assert "dataType" in str(
        refused("GPComposite", CompositeValue("GPBoolean", True), parameter_infos=MEMBERS)
    )
    assert "CompositeValue" in str(refused("GPComposite", 1.5))


def test_a_data_type_that_is_not_known_takes_json_and_nothing_else() -> None:
    assert sent("GPHologram", {"depth": (1, numpy.int64(2))}) == '{"depth":[1,2]}'
    assert sent("GPHologram", "as it is") == "as it is"
    assert sent("GPMultiValue:GPHologram", [True]) == "[true]"
    for value in (object(), NOON, {"a": float("nan")}, {1: 2}):
        with pytest.raises(NotSupported, match="GPHologram") as caught:
            sent("GPHologram", value)
        assert caught.value.feature == "GPHologram"
    with pytest.raises(NotSupported, match="GPHologram"):
        sent("GPValueTable", [[1]], parameter_infos=(ParameterInfo("a", "GPHologram"),))


def test_an_input_named_as_the_protocol_names_its_own_cannot_be_sent() -> None:
    task = Task("T", parameters=(Parameter("token", "GPString", parameter_type=ParameterType.OPTIONAL),))
    with pytest.raises(NotSupported, match="token"):
        encode_inputs(task, {"token": "x"})
    assert encode_inputs(task, {}) == {}


class Hostile:
    """An object that raises whenever it is looked at."""

    def __getattr__(self, name: str) -> Any:
        raise RuntimeError(name)

    def __repr__(self) -> str:
        raise ValueError("no repr")


@every_case(
    "data_type",
    [
        *("GPBoolean", "GPLong", "GPDouble", "GPString", "GPDate", "GPLinearUnit", "GPDataFile", "Field"),
        *("GPFeatureRecordSetLayer", "GPRecordSet", "GPRasterData", "GPSpatialReference", "GPExtent"),
        *("GPMultiValue:GPLong", "GPValueTable", "GPComposite", "GPHologram"),
    ],
)
def test_whatever_object_is_given_the_error_is_ours(data_type: str) -> None:
    deep: Any = []
    for _ in range(5000):
        deep = [deep]
    for value in (Hostile(), object(), type, b"x", ..., [Hostile()], {"features": [Hostile()]}, deep):
        with pytest.raises(GPError):
            sent(data_type, value)


@every_case(
    "value",
    [
        LayerReference("http://h/0", token="s3cr3t"),
        {"url": "http://h/0", "token": "s3cr3t"},
        [{"layer": {"url": "http://h/0", "token": "s3cr3t"}}],
        '{"url": "http://h/0", "token": "s3cr3t"}',
        "http://h/0?token=s3cr3t ",
    ],
)
@every_case("data_type", ["GPLong", "GPExtent", "GPMultiValue:GPLong", "GPLinearUnit", "GPDate"])
def test_a_token_stands_in_no_error(data_type: str, value: Any) -> None:
    error = refused(data_type, value)
    assert "s3c" not in str(error)
    assert "r3t" not in repr(error.report())


@every_case("value", [LayerReference(""), ItemReference(""), {"url": ""}, {"itemID": ""}])
def test_a_reference_to_nothing_is_refused_as_the_server_would_take_the_default(value: Any) -> None:
    for data_type in ("GPFeatureRecordSetLayer", "GPRecordSet", "GPRasterData"):
        refused(data_type, value)


def test_inputs_are_a_mapping() -> None:
    with pytest.raises(InvalidInput, match="a mapping of values"):
        encode_inputs(VIEWSHED, [("Note", "x")])  # type: ignore[arg-type]
