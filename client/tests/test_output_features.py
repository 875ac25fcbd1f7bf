"""What features and rows of outputs are read to, with which warnings, and which are refused, and where."""

from __future__ import annotations

import copy
import random
import time
from typing import Any

import pytest
from gp_client.descriptors import read_task
from gp_client.errors import ProtocolViolation
from gp_client.outputs.outputs import Output, read_output
from gp_protocol.values.feature_sets import FeatureSet, RecordSet
from gp_protocol.values.references import MapImage
from gp_protocol.values.spatial_references import Extent, SpatialReference

from every_case import every_case

URL = "http://gis.example.com/arcgis/rest/services/S/GPServer/T/jobs/j1/results/Out"

FIELDS = [
    {"name": "OBJECTID", "type": "esriFieldTypeOID", "alias": "OBJECTID"},
    {"name": "Name", "type": "esriFieldTypeString", "alias": "Name", "length": 50},
]
POINTS: dict[str, Any] = {
    "displayFieldName": "",
    "geometryType": "esriGeometryPoint",
    "spatialReference": {"wkid": 102100, "latestWkid": 3857},
    "fields": FIELDS,
    "features": [
        {"attributes": {"OBJECTID": 1, "Name": "a"}, "geometry": {"x": 1.5, "y": 2.5}},
        {"attributes": {"OBJECTID": 2, "Name": None}, "geometry": {"x": 3, "y": 4}},
    ],
    "exceededTransferLimit": False,
}
RING = [[0, 0], [0, 1], [1, 1], [0, 0]]


def of(**changes: Any) -> dict[str, Any]:
    """The points with other members; `...` takes one out."""
    changed = {**copy.deepcopy(POINTS), **changes}
    return {key: value for key, value in changed.items() if value is not ...}


def shapes(geometry_type: str, *geometries: Any, **changes: Any) -> dict[str, Any]:
    features = [{"attributes": {}, "geometry": each} for each in geometries]
    return of(geometryType=geometry_type, features=features, fields=..., **changes)


def read(value: Any, data_type: str = "GPFeatureRecordSetLayer", **more: Any) -> Output:
    answer = {"paramName": "Out", "dataType": data_type, "value": value}
    return read_output(answer, None, "Out", url=URL, **more)


def codes(output: Output) -> list[str]:
    return [each.code for each in output.warnings]


def test_features_are_read() -> None:
    output = read(POINTS)
    value = output.value
    assert isinstance(value, FeatureSet)
    assert value.features == POINTS["features"]
    assert value.spatial_reference == SpatialReference(102100, 3857)
    assert [field.name for field in value.fields] == ["OBJECTID", "Name"]
    assert output.raw is POINTS
    assert codes(output) == []


@every_case("key", ["displayFieldName", "fields", "exceededTransferLimit", "geometryType"])
def test_a_set_may_leave_out_what_can_be_told_or_does_not_matter(key: str) -> None:
    output = read(of(**{key: ...}))
    assert output.value.features == POINTS["features"]
    assert codes(output) == []


def test_fields_in_both_cases_and_in_capitals_alone_are_read() -> None:
    for value in (of(Fields=FIELDS), of(Fields=FIELDS, fields=...)):
        output = read(value)
        assert [field.name for field in output.value.fields] == ["OBJECTID", "Name"]
        assert codes(output) == []


def test_a_geometry_type_that_is_not_told_is_that_of_the_geometries() -> None:
    value = shapes("", None, {"rings": [RING]})
    assert read(value).value.geometry_type == "esriGeometryPolygon"


@every_case(
    ("geometry_type", "geometry"),
    [
        ("esriGeometryPoint", None),
        ("esriGeometryPoint", {"x": "NaN", "y": "NaN"}),
        ("esriGeometryPoint", {"x": None}),
        ("esriGeometryPoint", {}),
        ("esriGeometryPolygon", {"rings": []}),
        ("esriGeometryPolyline", None),
        ("esriGeometryMultipoint", {"points": []}),
    ],
)
def test_an_empty_geometry_is_none(geometry_type: str, geometry: Any) -> None:
    output = read(shapes(geometry_type, geometry))
    assert output.value.features[0]["geometry"] is None
    assert codes(output) == []


@every_case(
    ("geometry_type", "geometry", "has_z", "has_m"),
    [
        ("esriGeometryPoint", {"x": 1.5, "y": 2, "z": 3}, True, False),
        ("esriGeometryPolygon", {"rings": [RING]}, False, False),
        ("esriGeometryPolygon", {"rings": [[[*each, 5] for each in RING]]}, True, False),
        ("esriGeometryPolyline", {"paths": [[[0, 0, 1, 2], [1, 1, 1, None]]]}, True, True),
        ("esriGeometryMultipoint", {"points": [[0, 0, 1]]}, True, False),
        ("esriGeometryPolyline", {"hasM": True, "paths": [[[0, 0, 1], [1, 1, 2]]]}, False, True),
        ("esriGeometryPolygon", {"curveRings": [[[0, 0], {"c": [[0, 2], [1, 1]]}, [0, 0]]]}, False, False),
    ],
)
def test_ordinates_and_curves_that_were_not_announced_are_read(
    geometry_type: str, geometry: Any, has_z: bool, has_m: bool
) -> None:
    output = read(shapes(geometry_type, geometry))
    (feature,) = output.value.features
    assert feature["geometry"] == {key: value for key, value in geometry.items() if key != "hasM"}
    assert (output.value.has_z, output.value.has_m) == (has_z, has_m)
    assert codes(output) == []


@every_case(
    ("value", "pointer"),
    [
        (of(features=None), "/value/features"),
        (of(features=...), "/value/features"),
        (of(features={}), "/value/features"),
        (of(features=[None]), "/value/features/0"),
        (of(features=[{"OBJECTID": 1}]), "/value/features/0"),
        (of(features=[{"attributes": []}]), "/value/features/0/attributes"),
        (of(fields={"a": 1}), "/value/fields"),
        (of(fields=[{"type": "esriFieldTypeOID"}]), "/value/fields/0/name"),
        (of(geometryType="esriGeometryBlob"), "/value/geometryType"),
        (of(spatialReference={"wkid": "x"}), "/value/spatialReference/wkid"),
        (shapes("esriGeometryPoint", {"rings": [RING]}), "/value/features/0/geometry"),
        (shapes("esriGeometryPolygon", {"x": 1, "y": 2}), "/value/features/0/geometry"),
        (shapes("", {"x": 1, "y": 2}, {"rings": [RING]}), "/value/features/1/geometry"),
        (shapes("esriGeometryPoint", [1, 2]), "/value/features/0/geometry"),
        (shapes("esriGeometryPoint", None, {"x": "1", "y": 2}), "/value/features/1/geometry/x"),
        (shapes("esriGeometryPoint", {"x": 1.5, "y": "2"}), "/value/features/0/geometry/y"),
        (shapes("esriGeometryPoint", {"x": 1.5, "y": 2.5, "z": "3"}), "/value/features/0/geometry/z"),
        (shapes("esriGeometryPoint", {"x": 1}), "/value/features/0/geometry/y"),
        (shapes("esriGeometryPoint", {"x": 1, "y": "NaN"}), "/value/features/0/geometry/y"),
        (
            shapes("esriGeometryPolygon", {"rings": [RING, [[0, 0], [0, "1"], [1, 1], [0, 0]]]}),
            "/value/features/0/geometry/rings/1/1/1",
        ),
        (
            shapes("esriGeometryPolyline", {"paths": [[["NaN", "NaN"], [1, 1]]]}),
            "/value/features/0/geometry/paths/0/0/0",
        ),
        (shapes("esriGeometryMultipoint", {"points": [["1", 2]]}), "/value/features/0/geometry/points/0/0"),
        (
            shapes("esriGeometryPolyline", {"curvePaths": [[[0, 0], {"c": [["1", 1], [2, 2]]}]]}),
            "/value/features/0/geometry/curvePaths/0/1/c/0/0",
        ),
        (shapes("esriGeometryPolyline", {"paths": [[[0], [1, 1]]]}), "/value/features/0/geometry/paths/0/0"),
        (
            shapes("esriGeometryEnvelope", {"xmin": 0, "ymin": "0", "xmax": 1, "ymax": 1}),
            "/value/features/0/geometry/ymin",
        ),
        ([], "/value"),
        ("features", "/value"),
        ({"featureSet": {"features": None}}, "/value/featureSet/features"),
        ({"layers": [{"featureSet": {"features": [7]}}]}, "/value/layers/0/featureSet/features/0"),
        ({"mapImage": {"href": 5}}, "/value/mapImage/href"),
    ],
)
def test_what_would_give_wrong_features_is_refused_at_its_place(value: Any, pointer: str) -> None:
    with pytest.raises(ProtocolViolation) as caught:
        read(value)
    assert caught.value.pointer == pointer


def test_references_that_contradict_each_other_are_refused() -> None:
    points = [{"x": 1, "y": 2, "spatialReference": {"wkid": each}} for each in (4326, 3857)]
    with pytest.raises(ProtocolViolation) as caught:
        read(shapes("esriGeometryPoint", *points, spatialReference=...))
    assert caught.value.pointer == "/value/features/1/geometry/spatialReference"


def test_a_reference_may_stand_in_the_geometries() -> None:
    point = {"x": 1, "y": 2, "spatialReference": {"wkid": 4326}}
    output = read(shapes("esriGeometryPoint", point, spatialReference=...))
    assert output.value.spatial_reference == SpatialReference(4326)
    assert codes(output) == []


@every_case("reference", [..., None, {}, {"wkid": None}])
def test_features_that_lie_nobody_knows_where_are_told_of(reference: Any) -> None:
    output = read(of(spatialReference=reference))
    assert output.value.spatial_reference is None
    assert codes(output) == ["spatial-reference"]


@pytest.mark.parametrize(
    "value", [of(features=[], spatialReference=...), shapes("esriGeometryPoint", None, spatialReference=...)]
)
def test_where_nothing_lies_no_reference_is_missing(value: Any) -> None:
    assert codes(read(value)) == []


@every_case(
    ("asked", "told", "warned"),
    [
        (3857, {"wkid": 102100, "latestWkid": 3857}, []),
        (102100, {"wkid": 3857}, []),
        ("102100", {"wkid": 102100}, []),
        ({"wkid": 4326}, {"wkid": 4326, "latestWkid": 4326}, []),
        ('{"wkid": 4326}', {"wkid": 4326}, []),
        (SpatialReference(wkt="A"), {"wkt": "A"}, []),
        (4326, {"wkt": 'GEOGCS["GCS_WGS_1984"]'}, []),
        (None, {"wkid": 2193}, []),
        (4326, {"wkid": 102100, "latestWkid": 3857}, ["spatial-reference"]),
        (SpatialReference(4326), {"wkid": 2193}, ["spatial-reference"]),
        (SpatialReference(wkt="A"), {"wkt": "B"}, ["spatial-reference"]),
    ],
)
def test_another_reference_than_asked_for_is_told_of(asked: Any, told: Any, warned: list[str]) -> None:
    output = read(of(spatialReference=told), asked_reference=asked)
    assert codes(output) == warned
    assert output.value.features == POINTS["features"]


@every_case(
    ("value", "count"),
    [
        (of(features=[], exceededTransferLimit=True), 0),
        (of(exceededTransferLimit=True), 2),
        (of(exceededTransferLimit="true"), 2),
        ({"featureSet": of(exceededTransferLimit=True)}, 2),
        ({"featureSet": of(exceededTransferLimit=...), "exceededTransferLimit": True}, 2),
    ],
)
def test_a_set_that_is_not_whole_says_so(value: Any, count: int) -> None:
    output = read(value)
    assert codes(output) == ["transfer-limit"]
    assert output.value.exceeded_transfer_limit
    assert len(output.value.features) == count


@every_case(
    "attributes",
    [
        {"OBJECTID": 1},
        {},
        {"OBJECTID": 1, "Name": "a", "More": 2},
        {"OBJECTID": "one", "Name": "a"},
        {"OBJECTID": 1, "Name": 5},
        {"OBJECTID": 1.5, "Name": ["a"]},
    ],
)
def test_attributes_that_do_not_fit_the_fields_are_as_delivered_and_told_of(attributes: Any) -> None:
    output = read(of(features=[{"attributes": attributes, "geometry": {"x": 1, "y": 2}}]))
    assert output.value.features[0]["attributes"] == attributes
    assert codes(output) == ["attributes"]


def test_a_geometry_field_needs_no_value() -> None:
    shape = {"name": "Shape", "type": "esriFieldTypeGeometry"}
    assert codes(read(of(fields=[*FIELDS, shape]))) == []


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("esriFieldTypeBigInteger", 2**60),
        ("esriFieldTypeDateOnly", "2026-01-31"),
        ("esriFieldTypeHologram", {"depth": 3}),
    ],
)
def test_a_field_of_a_newer_type_is_told_of_and_its_values_are_as_delivered(kind: str, value: Any) -> None:
    feature = {"attributes": {"New": value}, "geometry": {"x": 1, "y": 2}}
    output = read(of(fields=[{"name": "New", "type": kind}], features=[feature]))
    assert output.value.features[0]["attributes"] == {"New": value}
    assert output.value.fields[0].type == kind
    assert codes(output) == ["newer-type"]


def test_a_feature_collection_is_the_set_in_it() -> None:
    layer = {"geometryType": "esriGeometryPoint", "fields": FIELDS, "name": "L"}
    inner = of(fields=..., geometryType=...)
    collection = {"layerDefinition": layer, "featureSet": inner}
    for value in (collection, {"layers": [collection]}):
        output = read(value)
        assert output.value.features == POINTS["features"]
        assert [field.name for field in output.value.fields] == ["OBJECTID", "Name"]
        assert codes(output) == []
        assert output.raw is value


def test_rows_are_read() -> None:
    rows = [{"attributes": {"OBJECTID": 1, "Name": "a"}}]
    output = read({"fields": FIELDS, "features": rows, "exceededTransferLimit": False}, "GPRecordSet")
    assert isinstance(output.value, RecordSet)
    assert output.value.features == rows
    assert codes(output) == []
    assert read({"features": rows}, "GPRecordSet").value.features == rows


def declared_as(declared: str, told: str, value: Any) -> Output:
    parameter = {
        "name": "Out",
        "dataType": declared,
        "displayName": "Out",
        "direction": "esriGPParameterDirectionOutput",
        "parameterType": "esriGPParameterTypeDerived",
    }
    task = read_task({"name": "T", "displayName": "T", "parameters": [parameter]}, URL, None)
    return read_output({"paramName": "Out", "dataType": told, "value": value}, task, "Out", url=URL)


def test_rows_with_geometries_are_read_as_features_with_a_warning() -> None:
    for value in (POINTS, {"layerDefinition": {"fields": FIELDS}, "featureSet": POINTS}):
        output = read(value, "GPRecordSet")
        assert output.value == read(value).value
        (warning,) = output.warnings
        assert warning.code == "type"
        assert "geometries came with the rows" in warning.text


def test_geometries_of_rows_that_cannot_be_read_are_left_out_in_words() -> None:
    value = of(features=[{"attributes": {"OBJECTID": 1, "Name": "a"}, "geometry": {"x": "west", "y": 1}}])
    output = read(value, "GPRecordSet")
    assert isinstance(output.value, RecordSet)
    assert output.value.features == [{"attributes": {"OBJECTID": 1, "Name": "a"}}]
    (warning,) = output.warnings
    assert warning.code == "type"
    assert "/value/features/0/geometry/x" in warning.text
    assert "`raw` has them" in warning.text
    assert output.raw is value


def test_rows_whose_geometries_are_all_empty_are_rows() -> None:
    value = of(features=[{"attributes": {"OBJECTID": 1, "Name": "a"}, "geometry": {"x": "NaN"}}])
    output = read(value, "GPRecordSet")
    assert isinstance(output.value, RecordSet)
    assert codes(output) == []


def test_a_table_and_features_may_come_for_each_other() -> None:
    features = declared_as("GPRecordSet", "GPFeatureRecordSetLayer", POINTS)
    assert isinstance(features.value, FeatureSet)
    assert features.value.features == POINTS["features"]
    rows = {"fields": FIELDS, "features": [{"attributes": {"OBJECTID": 1, "Name": "a"}}]}
    table = declared_as("GPFeatureRecordSetLayer", "GPRecordSet", rows)
    assert isinstance(table.value, RecordSet)
    for output, told in ((features, "GPFeatureRecordSetLayer"), (table, "GPRecordSet")):
        assert output.data_type == told
        (warning,) = output.warnings
        assert (warning.code, f"the data type is {told}" in warning.text) == ("type", True)


def test_a_set_of_no_geometry_type_is_read() -> None:
    rows = [{"attributes": {"OBJECTID": 1, "Name": "a"}}]
    output = read(of(geometryType="esriGeometryNull", features=rows))
    assert isinstance(output.value, FeatureSet)
    assert output.value.features == [{**rows[0], "geometry": None}]
    assert codes(output) == ["type"]
    drawn = read(shapes("esriGeometryNull", {"rings": [RING]}))
    assert drawn.value.geometry_type == "esriGeometryPolygon"


@every_case(
    ("key", "met", "read_as"),
    [
        ("length", -1, None),
        ("length", 8.0, 8),
        ("length", "8", 8),
        ("length", 1.5, None),
        ("length", True, None),
        ("length", float(2**60), None),
        ("length", {"a": 1}, None),
        ("nullable", "true", True),
        ("nullable", "False", False),
        ("nullable", 1, None),
        ("editable", "yes", None),
    ],
)
def test_what_a_field_tells_besides_its_name_and_type_fails_no_result(
    key: str, met: Any, read_as: Any
) -> None:
    for holder in ("fields", "Fields"):
        fields = [FIELDS[0], {**FIELDS[1], key: met}]
        output = read(of(**{"fields": ..., holder: fields}))
        assert getattr(output.value.fields[1], key) == read_as
        assert type(getattr(output.value.fields[1], key)) is type(read_as)
        (warning,) = output.warnings
        assert (warning.code, f"/value/{holder}/1/{key}" in warning.text) == ("type", True)
    single = read({"name": "A", "type": "esriFieldTypeOID", key: met}, "Field")
    assert getattr(single.value, key) == read_as
    assert [each.code for each in single.warnings] == ["type"]


PICTURE = {"href": "http://h/m.png", "width": 4, "height": 3}
BOX = {"xmin": 1, "ymin": 2, "xmax": 3, "ymax": 4}


@pytest.mark.parametrize("data_type", ["GPRasterDataLayer", "GPRasterData", "GPFeatureRecordSetLayer"])
def test_a_picture_whose_extent_or_scale_is_no_number_is_read(data_type: str) -> None:
    for key, met in (
        ("extent", dict.fromkeys(BOX, "NaN")),
        ("extent", {**BOX, "ymax": None}),
        ("scale", "NaN"),
    ):
        output = read({"mapImage": {**PICTURE, key: met}}, data_type)
        assert output.value == MapImage("http://h/m.png", 4, 3)
        (warning,) = output.warnings
        assert (warning.code, f"/value/mapImage/{key}" in warning.text) == ("type", True)
    whole = {"mapImage": {**PICTURE, "extent": {**BOX, "zmin": "NaN", "zmax": "NaN"}, "scale": 0}}
    output = read(whole, data_type)
    assert (output.value.extent, output.value.scale) == (Extent(1, 2, 3, 4), 0.0)
    assert codes(output) == []


@every_case("data_type", ["GPRasterDataLayer", "GPRasterData", "GPFeatureRecordSetLayer"])
@every_case(
    ("picture", "pointer"),
    [
        ({"width": 4}, "/href"),
        ({**PICTURE, "width": "wide"}, "/width"),
        ({**PICTURE, "extent": {**BOX, "xmin": "west"}}, "/extent/xmin"),
        ({**PICTURE, "extent": [1, 2, 3, 4]}, "/extent"),
        ("http://h/m.png", ""),
    ],
)
def test_a_picture_that_cannot_be_read_is_refused_at_its_place(
    picture: Any, pointer: str, data_type: str
) -> None:
    with pytest.raises(ProtocolViolation) as caught:
        read({"mapImage": picture}, data_type)
    assert caught.value.pointer == f"/value/mapImage{pointer}"


def test_rows_have_the_warnings_of_features() -> None:
    value = {"fields": FIELDS, "features": [{"attributes": {"OBJECTID": "x"}}], "exceededTransferLimit": True}
    output = read(value, "GPRecordSet")
    assert codes(output) == ["attributes", "transfer-limit"]
    assert output.value.exceeded_transfer_limit


@every_case("value", [{"fields": FIELDS}, {"features": None}, {"features": "x"}, [], "t"])
def test_what_would_give_wrong_rows_is_refused(value: Any) -> None:
    with pytest.raises(ProtocolViolation):
        read(value, "GPRecordSet")


def test_many_features_are_read_in_moderate_time() -> None:
    feature = POINTS["features"][0]
    value = of(features=[copy.deepcopy(feature) for _ in range(50_000)])
    start = time.process_time()
    assert len(read(value).value.features) == 50_000
    assert time.process_time() - start < 5


def test_whatever_a_set_holds_it_is_read_or_refused() -> None:
    luck = random.Random(11)
    odd: list[Any] = [
        None,
        True,
        0,
        -1,
        1.5,
        10**400,
        1e308,
        "",
        "x",
        "NaN",
        "5",
        [],
        {},
        [[]],
        [{}],
        {"a": 1},
        [1, 2],
        {"wkid": 1},
    ]
    z_ring = [[*each, 1, 2] for each in RING]
    bases = [
        POINTS,
        shapes("esriGeometryPolygon", {"rings": [RING, z_ring], "spatialReference": {"wkid": 4326}}),
        shapes("esriGeometryPolyline", {"curvePaths": [[[0, 0], {"b": [[1, 1], [2, 2], [3, 3]]}]]}),
        shapes("esriGeometryEnvelope", {"xmin": 0, "ymin": 0, "xmax": 1, "ymax": 1}),
        {"layerDefinition": {"fields": FIELDS}, "featureSet": POINTS},
        {"layers": [{"featureSet": POINTS}]},
        {"mapImage": {"href": "h", "width": 1, "extent": {"xmin": 0, "ymin": 0, "xmax": 1, "ymax": 1}}},
    ]
    refused = 0
    for _ in range(20_000):
        answer: Any = {"value": copy.deepcopy(luck.choice(bases))}
        for _ in range(luck.choice([1, 1, 2, 3])):
            holder: Any = answer
            while True:
                if not holder:
                    break
                key = luck.choice(list(holder) if isinstance(holder, dict) else range(len(holder)))
                if not isinstance(holder[key], dict | list) or not holder[key] or luck.random() < 0.15:
                    holder[key] = luck.choice(odd)
                    break
                holder = holder[key]
        asked = luck.choice([None, 4326, {"wkid": 3857}])
        try:
            read(
                answer["value"],
                luck.choice(["GPFeatureRecordSetLayer", "GPRecordSet"]),
                asked_reference=asked,
            )
        except ProtocolViolation:
            refused += 1
    assert refused > 1000
