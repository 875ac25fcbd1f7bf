"""Every data type crosses the wire in both directions as the protocol's table has it."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import pytest
from gp_protocol.errors import LocalProtocolError, RemoteProtocolError
from gp_protocol.json_text import encode_json
from gp_protocol.values.compound import ColumnNamesNotUnique, CompositeValue
from gp_protocol.values.data_types import DATA_TYPES, OutputOptions, PlainSpec, data_type
from gp_protocol.values.feature_sets import FeatureSet, RecordSet
from gp_protocol.values.fields import Field
from gp_protocol.values.references import DataFile, ItemReference, LayerReference, MapImage, Raster
from gp_protocol.values.spatial_references import Extent, SpatialReference
from gp_protocol.values.units import ArealUnit, LinearUnit, TimeUnit

from every_case import every_case

SINCE = {
    "GPBoolean": 9.3,
    "GPLong": 9.3,
    "GPDouble": 9.3,
    "GPString": 9.3,
    "GPStringHidden": 11.4,
    "GPSQLExpression": 11.4,
    "GPDate": 9.3,
    "GPLinearUnit": 9.3,
    "GPArealUnit": 11.3,
    "GPTimeUnit": 12.0,
    "GPFeatureRecordSetLayer": 9.3,
    "GPRecordSet": 9.3,
    "GPRasterDataLayer": 9.3,
    "GPRasterData": 9.3,
    "GPDataFile": 9.3,
    "Field": 10.7,
    "GPSpatialReference": 11.4,
    "GPCoordinateSystem": 11.4,
    "GPExtent": 11.4,
    "GPEnvelope": 11.4,
    "GPComposite": 11.2,
    "GPValueTable": 11.0,
}


class Info:
    """An entry of parameterInfos."""

    def __init__(self, data_type: str, name: str = "", parameter_infos: list[Info] | None = None) -> None:
        self.name = name
        self.data_type = data_type
        self.parameter_infos = parameter_infos


def test_the_table_holds_every_type_and_a_multi_value_of_each_but_the_table() -> None:
    multiples = {f"GPMultiValue:{name}": since for name, since in SINCE.items() if name != "GPValueTable"}
    assert {name: kind.since for name, kind in DATA_TYPES.items()} == SINCE | multiples
    assert all(name == kind.name for name, kind in DATA_TYPES.items())


@every_case(
    ("name", "remedy"),
    [
        ("GPStrin", 'did you mean "GPString"?'),
        ("GPMultiValue:GPLon", 'did you mean "GPMultiValue:GPLong"?'),
        ("Banana", ""),
        (None, ""),
        (["GPString"], ""),
    ],
)
def test_another_name_is_refused_with_the_nearest(name: Any, remedy: str) -> None:
    with pytest.raises(RemoteProtocolError) as caught:
        data_type(name)
    assert caught.value.remedy == remedy
    assert caught.value.path == "dataType"


NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)
POINT = FeatureSet(
    "esriGeometryPoint",
    SpatialReference(54003),
    features=[{"attributes": {}, "geometry": {"x": -7945388.8, "y": 5279411.06}}],
)


@every_case(
    ("name", "raw", "value"),
    [
        ("GPBoolean", "True", True),
        ("GPBoolean", "false", False),
        ("GPLong", " 12 ", 12),
        ("GPDouble", "-1.23456789E7", -12345678.9),
        ("GPString", "", ""),
        ("GPString", "  a ", "  a "),
        ("GPString", '"text"', '"text"'),
        ("GPString", "{'a': 1}", "{'a': 1}"),
        ("GPString", "null", "null"),
        ("GPString", {"a": [1.5, True]}, '{"a":[1.5,true]}'),
        ("GPStringHidden", "secret", "secret"),
        ("GPSQLExpression", "NAME = 'x'", "NAME = 'x'"),
        ("GPDate", "1767225600000", NEW_YEAR),
        ("GPDate", "2026-01-01T00:00:00", NEW_YEAR),
        ("GPDate", '{"date": "2026-01-01 00:00:00", "format": "yyyy-MM-dd HH:mm:ss"}', NEW_YEAR),
        ("GPLinearUnit", "{'distance': 8.5, 'units': 'esriMiles'}", LinearUnit(8.5, "esriMiles")),
        ("GPLinearUnit", "8.5 Miles", LinearUnit(8.5, "esriMiles")),
        ("GPArealUnit", '"3 SquareKilometers"', ArealUnit(3, "esriSquareKilometers")),
        ("GPArealUnit", "1 SquareFoot", ArealUnit(1, "esriSquareFeet")),
        ("GPTimeUnit", "3 Months", TimeUnit(3, "esriTimeUnitsMonths")),
        (
            "GPFeatureRecordSetLayer",
            "{'geometryType': 'esriGeometryPoint', 'spatialReference': {'wkid': 54003}, "
            "'features': [{'geometry': {'x': -7945388.8, 'y': 5279411.06}}]}",
            POINT,
        ),
        (
            "GPFeatureRecordSetLayer",
            '{"url": "http://x/FeatureServer/0", "filter": "A > 1", "time": "1, null", "token": "t"}',
            LayerReference("http://x/FeatureServer/0", "A > 1", "1, null", "t"),
        ),
        ("GPFeatureRecordSetLayer", "{'itemID':'i1'}", ItemReference("i1")),
        (
            "GPRecordSet",
            '{"features": [{"attributes": {"a": 1}}]}',
            RecordSet(features=[{"attributes": {"a": 1}}]),
        ),
        ("GPRecordSet", '{"url": "http://x/FeatureServer/1"}', LayerReference("http://x/FeatureServer/1")),
        ("GPRecordSet", '{"itemID": "i1"}', ItemReference("i1")),
        ("GPRasterDataLayer", '{"url": "http://x/a.tif", "format": "tif"}', Raster("http://x/a.tif", "tif")),
        ("GPRasterData", '{"itemID": "i1"}', Raster(item_id="i1")),
        ("GPDataFile", "{'url': 'http://x/a.zip'}", DataFile("http://x/a.zip")),
        ("GPDataFile", '{"itemID": "i1"}', DataFile(item_id="i1")),
        ("GPDataFile", '{"portalItemID": "p1"}', DataFile(portal_item_id="p1")),
        ("Field", '{"name": "A", "type": "esriFieldTypeOID"}', Field("A", "esriFieldTypeOID")),
        ("GPSpatialReference", "{'wkid': 4326}", SpatialReference(4326)),
        ("GPCoordinateSystem", '{"name": "WGS 1984"}', SpatialReference(name="WGS 1984")),
        (
            "GPExtent",
            '{"xmin": 0, "ymin": 1, "xmax": 2, "ymax": 3, "spatial_reference": {"wkid": 4326}}',
            Extent(0, 1, 2, 3, spatial_reference=SpatialReference(4326)),
        ),
        ("GPEnvelope", '{"xmin": 0, "ymin": 1, "xmax": 2, "ymax": 3, "zmin": 4}', Extent(0, 1, 2, 3, zmin=4)),
        ("GPMultiValue:GPString", "['a', \"b\", '']", ["a", "b", ""]),
        ("GPMultiValue:GPBoolean", "[True, False, None]", [True, False, None]),
        ("GPMultiValue:GPLong", "[1, '2']", [1, 2]),
        (
            "GPMultiValue:GPLinearUnit",
            '[{"distance": 1}, "2 Feet"]',
            [LinearUnit(1), LinearUnit(2, "esriFeet")],
        ),
        ("GPComposite", '{"dataType": "GPLong", "value": 5}', CompositeValue("GPLong", 5)),
        ("GPValueTable", '[["a", 1, null]]', [["a", 1, None]]),
    ],
)
def test_what_a_server_reads(name: str, raw: Any, value: Any) -> None:
    read = data_type(name).decode_input(raw)
    assert read == value
    assert type(read) is type(value)


@every_case("name", [name for name in DATA_TYPES if not DATA_TYPES[name].is_text])
def test_an_empty_text_is_a_value_not_given_for_all_but_texts(name: str) -> None:
    for raw in (None, "", "  "):
        assert data_type(name).decode_input(raw) is None
    assert data_type(name).decode_output(None) is None


@every_case("name", ["GPLinearUnit", "GPFeatureRecordSetLayer", "GPRecordSet", "GPDataFile", "GPRasterData"])
def test_an_empty_object_is_a_value_not_given_or_not_made(name: str) -> None:
    for raw in ("{}", {}, "null", "None"):
        assert data_type(name).decode_input(raw) is None
    assert data_type(name).decode_output({}) is None


@every_case(
    ("name", "empty"),
    [
        ("GPFeatureRecordSetLayer", {}),
        ("GPRecordSet", {}),
        ("GPRasterData", {}),
        ("GPRasterDataLayer", {}),
        ("GPMultiValue:GPLong", []),
        ("GPValueTable", []),
        ("GPString", ""),
        ("GPLong", None),
        ("GPDate", None),
        ("GPDataFile", None),
        ("GPLinearUnit", None),
    ],
)
def test_an_output_that_was_not_made_is_what_clients_can_bear(name: str, empty: Any) -> None:
    assert data_type(name).empty_output == empty
    assert data_type(name).encode_output(None) == empty


@every_case(
    ("name", "raw"),
    [
        ("GPBoolean", "1"),
        ("GPLong", "1.5"),
        ("GPDouble", "NaN"),
        ("GPString", "\ud800"),
        ("GPDate", "soon"),
        ("GPLinearUnit", "{'distance': 8.5"),
        ("GPLinearUnit", "[8.5]"),
        ("GPFeatureRecordSetLayer", "Roads"),
        ("GPFeatureRecordSetLayer", '{"url": "http://x", "time": [1]}'),
        ("GPRecordSet", '{"itemID": 5}'),
        ("GPRasterData", '{"format": "tif"}'),
        ("GPDataFile", "http://x/a.zip"),
        ("Field", '{"name": "A"}'),
        ("GPSpatialReference", "WGS 1984"),
        ("GPExtent", "{'xmin': 0}"),
        ("GPMultiValue:GPString", "a;b"),
        ("GPMultiValue:GPLong", "[1, 'b']"),
        ("GPValueTable", "{}[]"),
        ("GPValueTable", "[1]"),
        ("GPComposite", "5"),
        ("GPComposite", "{'dataType': 'GPLong', 'value': 'x'}"),
        ("GPComposite", "{'dataType': 5, 'value': 'x'}"),
        ("GPComposite", "{'dataType': 'GPBanana', 'value': 'x'}"),
    ],
)
def test_what_a_server_refuses(name: str, raw: Any) -> None:
    with pytest.raises(RemoteProtocolError):
        data_type(name).decode_input(raw)


def test_a_url_or_a_wrong_key_for_a_file_is_told_the_right_form() -> None:
    with pytest.raises(RemoteProtocolError) as caught:
        data_type("GPDataFile").decode_input("http://x/a.zip")
    assert caught.value.remedy == 'write {"url": "http://x/a.zip"}'
    with pytest.raises(RemoteProtocolError) as caught:
        data_type("GPDataFile").decode_input("{'itemId': 'i1'}")
    assert caught.value.remedy == 'did you mean "itemID"?'


def test_an_error_within_a_list_says_at_which_place() -> None:
    with pytest.raises(RemoteProtocolError) as caught:
        data_type("GPMultiValue:GPLinearUnit").decode_input(
            '["1 Meters", {"distance": 1, "units": "esriMile"}]'
        )
    assert caught.value.at("Distances").path == "Distances[1].units"


@every_case(
    "name",
    ["GPFeatureRecordSetLayer", "GPRecordSet", "GPRasterDataLayer", "GPMultiValue:GPFeatureRecordSetLayer"],
)
def test_a_layer_may_be_named_out_of_the_choice_list(name: str) -> None:
    spec = PlainSpec(choice_list=["Roads", "Rivers"])
    raw, value = ('["Roads"]', ["Roads"]) if ":" in name else ("Roads", "Roads")
    assert data_type(name).decode_input(raw, spec) == value
    assert data_type(name).encode_input(value, spec) == raw
    with pytest.raises(RemoteProtocolError) as caught:
        data_type(name).decode_input(raw.replace("Roads", "Rodes"), spec)
    assert caught.value.expected == "one of Roads, Rivers"
    assert caught.value.remedy == 'did you mean "Roads"?'


def test_features_take_what_they_leave_out_from_the_default() -> None:
    spec = PlainSpec(
        default_value={"geometryType": "esriGeometryPolygon", "spatialReference": {"wkid": 4326}}
    )
    read = data_type("GPFeatureRecordSetLayer").decode_input('{"features": []}', spec)
    assert read == FeatureSet("esriGeometryPolygon", SpatialReference(4326))


@every_case(
    ("name", "value", "json"),
    [
        ("GPBoolean", True, b"true"),
        ("GPLong", 4503599627370495, b"4503599627370495"),
        ("GPDouble", 85768.5, b"85768.5"),
        ("GPDouble", 3, b"3.0"),
        ("GPString", "text", b'"text"'),
        ("GPString", '[{"layoutTemplate" : "A4",  "n": 1.0}]', b'[{"layoutTemplate" : "A4",  "n": 1.0}]'),
        ("GPString", "{'a': True, 'b': None}", b"{'a': True, 'b': None}"),
        ("GPString", '{"a": 1};{"b": 2}', b'"{\\"a\\": 1};{\\"b\\": 2}"'),
        ("GPString", [{"a": 1}], b'[{"a":1}]'),
        ("GPStringHidden", "[1]", b'"[1]"'),
        ("GPDate", NEW_YEAR, b"1767225600000"),
        ("GPLinearUnit", LinearUnit(8.5, "esriMiles"), b'{"distance":8.5,"units":"esriMiles"}'),
        ("GPArealUnit", ArealUnit(3, "esriAcres"), b'{"area":3.0,"units":"esriAcres"}'),
        ("GPTimeUnit", TimeUnit(3), b'{"time":3.0,"units":"esriTimeUnitsUnknown"}'),
        ("GPFeatureRecordSetLayer", LayerReference("http://x/0", "a", 1, "t"), b'{"url":"http://x/0"}'),
        (
            "GPFeatureRecordSetLayer",
            MapImage(
                "http://x/a.png", 10, 20, Extent(0, 0, 1, 1, spatial_reference=SpatialReference(4326)), 5
            ),
            b'{"mapImage":{"href":"http://x/a.png","width":10,"height":20,"extent":{"xmin":0.0,"ymin":0.0,"xmax":1.0,'
            b'"ymax":1.0,"spatialReference":{"wkid":4326}},"scale":5}}',
        ),
        ("GPRasterData", Raster("http://x/a.tif", "tif"), b'{"url":"http://x/a.tif","format":"tif"}'),
        (
            "GPRasterDataLayer",
            Raster("http://x/ImageServer", type="ImageService"),
            b'{"url":"http://x/ImageServer","type":"ImageService"}',
        ),
        ("GPDataFile", DataFile("http://x/a.zip"), b'{"url":"http://x/a.zip"}'),
        ("Field", Field("A", "esriFieldTypeOID"), b'{"name":"A","type":"esriFieldTypeOID","alias":"A"}'),
        ("GPSpatialReference", SpatialReference(4326, vcs_wkid=5773), b'{"wkid":4326,"vcsWkid":5773}'),
        ("GPSpatialReference", SpatialReference(latest_wkid=3857), b'{"wkid":3857,"latestWkid":3857}'),
        ("GPCoordinateSystem", SpatialReference(wkt="PROJCS[]"), b'{"wkt":"PROJCS[]"}'),
        (
            "GPExtent",
            Extent(0, 1, 2, 3, spatial_reference=SpatialReference(4326)),
            b'{"xmin":0.0,"ymin":1.0,"xmax":2.0,"ymax":3.0,"spatial_reference":{"wkid":4326}}',
        ),
        ("GPEnvelope", Extent(0, 1, 2, 3), b'{"xmin":0.0,"ymin":1.0,"xmax":2.0,"ymax":3.0}'),
        ("GPMultiValue:GPString", ["a", "[1]", None], b'["a","[1]",null]'),
        ("GPMultiValue:GPDate", [NEW_YEAR], b"[1767225600000]"),
        (
            "GPMultiValue:GPComposite",
            [CompositeValue("GPLong", 5), CompositeValue("GPString", "{}")],
            b'[{"dataType":"GPLong","value":5},{"dataType":"GPString","value":"{}"}]',
        ),
        ("GPComposite", CompositeValue("GPDate", NEW_YEAR), b"1767225600000"),
    ],
)
def test_what_a_server_answers(name: str, value: Any, json: bytes) -> None:
    assert encode_json(data_type(name).encode_output(value)) == json


@every_case(
    ("name", "value"),
    [
        ("GPBoolean", "true"),
        ("GPBoolean", 1),
        ("GPLong", "5"),
        ("GPLong", 5.0),
        ("GPLong", True),
        ("GPLong", 4503599627370496),
        ("GPDouble", float("nan")),
        ("GPDouble", float("inf")),
        ("GPDouble", True),
        ("GPString", 5),
        ("GPString", "\ud800"),
        ("GPDate", datetime(2026, 1, 1)),
        ("GPDate", 1767225600000),
        ("GPLinearUnit", ArealUnit(1)),
        ("GPFeatureRecordSetLayer", ItemReference("i1")),
        ("GPFeatureRecordSetLayer", {"features": []}),
        ("GPRecordSet", FeatureSet()),
        ("GPRasterData", Raster(item_id="i1")),
        ("GPDataFile", DataFile(item_id="i1")),
        ("GPSpatialReference", SpatialReference(name="WGS 1984")),
        ("GPEnvelope", Extent(0, 0, 1, 1, spatial_reference=SpatialReference(4326))),
        ("GPMultiValue:GPLong", 5),
        ("GPMultiValue:GPLong", ["5"]),
        ("GPValueTable", [5]),
        ("GPComposite", 5),
    ],
)
def test_what_a_server_cannot_answer(name: str, value: Any) -> None:
    with pytest.raises(LocalProtocolError):
        data_type(name).encode_output(value)


@every_case(
    ("name", "value", "text"),
    [
        ("GPBoolean", False, "false"),
        ("GPLong", 12, "12"),
        ("GPDouble", 0.5, "0.5"),
        ("GPString", '"a" & b', '"a" & b'),
        ("GPDate", NEW_YEAR, "1767225600000"),
        ("GPLinearUnit", LinearUnit(8.5, "miles"), '{"distance":8.5,"units":"esriMiles"}'),
        (
            "GPFeatureRecordSetLayer",
            LayerReference("http://x/0", "A = 1", 5, "t"),
            '{"url":"http://x/0","filter":"A = 1","time":5,"token":"t"}',
        ),
        ("GPRecordSet", ItemReference("i1"), '{"itemID":"i1"}'),
        (
            "GPFeatureRecordSetLayer",
            FeatureSet(features=[{"geometry": {"x": 1, "y": 2, "z": 3}}], has_z=True),
            '{"displayFieldName":"","hasZ":true,"geometryType":"esriGeometryPoint","fields":[],'
            '"features":[{"attributes":{},"geometry":{"x":1,"y":2,"z":3}}]}',
        ),
        ("GPDataFile", DataFile(portal_item_id="p1"), '{"portalItemID":"p1"}'),
        ("GPCoordinateSystem", SpatialReference(name="WGS 1984"), '{"name":"WGS 1984"}'),
        ("GPMultiValue:GPString", ["a", ""], '["a",""]'),
        ("GPComposite", CompositeValue("GPDate", NEW_YEAR), '{"dataType":"GPDate","value":1767225600000}'),
        ("GPLong", None, ""),
    ],
)
def test_what_a_client_sends(name: str, value: Any, text: str) -> None:
    assert data_type(name).encode_input(value) == text


@every_case(
    ("name", "json", "value"),
    [
        ("GPBoolean", "true", True),
        ("GPLong", 5.0, 5),
        ("GPDouble", 1, 1.0),
        ("GPString", [{"a": 1}], [{"a": 1}]),
        ("GPDate", 1767225600000, NEW_YEAR),
        ("GPLinearUnit", {"distance": 1, "units": "esriMeters", "more": 1}, LinearUnit(1)),
        ("GPFeatureRecordSetLayer", {"url": "http://x/0"}, LayerReference("http://x/0")),
        ("GPFeatureRecordSetLayer", {"mapImage": {"href": "http://x/a.png"}}, MapImage("http://x/a.png")),
        ("GPRasterData", {"url": "http://x/a.tif", "format": "tif"}, Raster("http://x/a.tif", "tif")),
        ("GPRasterData", {"mapImage": {"href": "http://x/a.png"}}, MapImage("http://x/a.png")),
        (
            "GPRecordSet",
            {"features": [], "exceededTransferLimit": True},
            RecordSet(exceeded_transfer_limit=True),
        ),
        ("GPDataFile", {"url": "http://x/a.zip", "mapName": "x"}, DataFile("http://x/a.zip")),
        ("GPMultiValue:GPComposite", [{"dataType": "GPLong", "value": 5}], [CompositeValue("GPLong", 5)]),
        ("GPMultiValue:GPString", [], []),
    ],
)
def test_what_a_client_takes(name: str, json: Any, value: Any) -> None:
    assert data_type(name).decode_output(json) == value


COLUMNS = PlainSpec(
    parameter_infos=[Info("GPString", "Name"), Info("GPLong", "Count"), Info("GPDate", "When")]
)


@pytest.mark.parametrize(
    "raw",
    [
        '[["a", 1, 1767225600000], ["", null, null],]',
        "[['a', '1', '2026-01-01T00:00:00'], {'Name': '', 'Count': None}]",
        '[{"When": 1767225600000, "Count": 1, "Name": "a"}, {"Count": "", "Name": ""}]',
    ],
)
def test_a_table_is_read_by_order_or_by_name(raw: str) -> None:
    assert data_type("GPValueTable").decode_input(raw, COLUMNS) == [["a", 1, NEW_YEAR], ["", None, None]]


@every_case(
    ("raw", "path"),
    [
        ('[["a", 1]]', "[0]"),
        ('[["a", 1, null, 5]]', "[0]"),
        ('[["a", 1, null], ["a", "b", null]]', "[1][1]"),
        ('[{"Cont": 1}]', "[0]"),
        ("5", ""),
    ],
)
def test_other_tables_are_refused_at_their_place(raw: str, path: str) -> None:
    with pytest.raises(RemoteProtocolError) as caught:
        data_type("GPValueTable").decode_input(raw, COLUMNS)
    assert caught.value.path == path


def test_a_table_leaves_as_arrays_or_as_objects_by_name() -> None:
    rows = [["a", 1, NEW_YEAR], [None, None, None]]
    table = data_type("GPValueTable")
    assert table.encode_output(rows, OutputOptions(), COLUMNS) == [["a", 1, 1767225600000], ["", None, None]]
    assert table.encode_output(rows, OutputOptions(return_column_name=True), COLUMNS) == [
        {"Name": "a", "Count": 1, "When": 1767225600000},
        {"Name": "", "Count": None, "When": None},
    ]
    assert table.encode_input(rows, COLUMNS) == '[["a",1,1767225600000],["",null,null]]'


@pytest.mark.parametrize(
    ("infos", "met"),
    [
        ([Info("GPLong", "A"), Info("GPLong", "A")], 'two columns "A"'),
        ([Info("GPLong", "A"), Info("GPLong")], "column [1] without a name"),
        ([], "no known columns"),
    ],
)
def test_columns_without_names_of_their_own_cross_in_their_order_only(infos: list[Info], met: str) -> None:
    table, spec = data_type("GPValueTable"), PlainSpec(parameter_infos=infos)
    assert table.decode_input("[[1, 2]]", spec) == [[1, 2]]
    with pytest.raises(RemoteProtocolError, match=re.escape(met)) as caught:
        table.decode_input('[[1, 2], {"A": 1}]', spec)
    assert caught.value.path == "[1]"
    with pytest.raises(ColumnNamesNotUnique, match="returnColumnName") as refused:
        table.encode_output([[1, 2]], OutputOptions(return_column_name=True), spec)
    assert refused.value.met == met


MEMBERS = PlainSpec(parameter_infos=[Info("GPLong"), Info("GPLinearUnit"), Info("GPString")])


@every_case(
    ("raw", "value"),
    [
        ("5", CompositeValue("GPLong", 5)),
        ("5 Miles", CompositeValue("GPLinearUnit", LinearUnit(5, "esriMiles"))),
        ("{'distance': 5}", CompositeValue("GPLinearUnit", LinearUnit(5))),
        ("five", CompositeValue("GPString", "five")),
        ("{five", CompositeValue("GPString", "{five")),
        ("{'dataType': 'GPString', 'value': '5'}", CompositeValue("GPString", "5")),
    ],
)
def test_a_composite_is_of_the_first_member_type_that_reads_it(raw: str, value: CompositeValue) -> None:
    assert data_type("GPComposite").decode_input(raw, MEMBERS) == value


def test_a_composite_names_only_its_members() -> None:
    with pytest.raises(RemoteProtocolError, match="one of GPLong, GPLinearUnit, GPString"):
        data_type("GPComposite").decode_input('{"dataType": "GPDate", "value": 5}', MEMBERS)


def test_a_composite_output_is_its_members() -> None:
    composite = data_type("GPComposite")
    assert composite.encode_output(5, OutputOptions(), MEMBERS) == 5
    assert composite.encode_output(LinearUnit(5), OutputOptions(), MEMBERS) == {
        "distance": 5.0,
        "units": "esriMeters",
    }
    with pytest.raises(LocalProtocolError, match="one of GPLong, GPLinearUnit, GPString"):
        composite.encode_output(NEW_YEAR, OutputOptions(), MEMBERS)


def test_the_members_of_many_composites_stand_one_level_deeper() -> None:
    spec = PlainSpec(
        parameter_infos=[Info("GPComposite", parameter_infos=[Info("GPLong"), Info("GPString")])]
    )
    many = data_type("GPMultiValue:GPComposite")
    assert many.decode_input("[5, 'five']", spec) == [
        CompositeValue("GPLong", 5),
        CompositeValue("GPString", "five"),
    ]
    assert many.encode_output([5, "five"], OutputOptions(), spec) == [
        {"dataType": "GPLong", "value": 5},
        {"dataType": "GPString", "value": "five"},
    ]
