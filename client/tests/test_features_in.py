"""Features and tables from whatever Python has them in."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any
from uuid import UUID

import numpy
import pytest
import shapely
from gp_client.errors import InvalidInput
from gp_client.inputs.features import feature_set_from, record_set_from
from gp_protocol.values.feature_sets import FeatureSet, RecordSet
from gp_protocol.values.fields import Field
from gp_protocol.values.geojson import encode_feature_collection
from gp_protocol.values.references import ItemReference, LayerReference
from gp_protocol.values.spatial_references import SpatialReference
from hypothesis import given
from hypothesis import strategies as st

from every_case import every_case

WGS84 = SpatialReference(4326)
POINT = {"type": "Point", "coordinates": [10.5, 50.25]}
POINTS_DEFAULT = {
    "geometryType": "esriGeometryPoint",
    "spatialReference": {"wkid": 102100, "latestWkid": 3857},
    "fields": [
        {"name": "OID", "type": "esriFieldTypeOID", "alias": "OID"},
        {"name": "Height", "type": "esriFieldTypeSmallInteger", "alias": "Height"},
        {"name": "Seen", "type": "esriFieldTypeTimestampOffset", "alias": "Seen"},
    ],
    "features": [],
}


def feature_set(value: Any, default: Any = None) -> FeatureSet:
    found = feature_set_from(value, default)
    assert isinstance(found, FeatureSet)
    return found


def record_set(value: Any, default: Any = None) -> RecordSet:
    found = record_set_from(value, default)
    assert isinstance(found, RecordSet)
    return found


def geometries(value: Any, default: Any = None) -> list[Any]:
    return [feature["geometry"] for feature in feature_set(value, default).features]


def refused(value: Any, default: Any = None) -> InvalidInput:
    with pytest.raises(InvalidInput) as caught:
        feature_set_from(value, default)
    return caught.value


def feature(geometry: Any = POINT, properties: Any = None, **more: Any) -> dict[str, Any]:
    return {"type": "Feature", "geometry": geometry, "properties": properties or {}, **more}


def collection(*features: Any, **more: Any) -> dict[str, Any]:
    return {"type": "FeatureCollection", "features": list(features), **more}


@every_case(
    "value",
    [
        POINT,
        feature(),
        collection(feature()),
        json.dumps(collection(feature())),
        [POINT],
        (feature(),),
        shapely.Point(10.5, 50.25),
        [shapely.Point(10.5, 50.25)],
        numpy.array([shapely.Point(10.5, 50.25)]),
        {"x": 10.5, "y": 50.25, "spatialReference": {"wkid": 4326}},
        [{"x": 10.5, "y": 50.25, "spatialReference": {"wkid": 4326}}],
        {"geometry": {"x": 10.5, "y": 50.25}, "attributes": {}, "spatialReference": None},
        [{"geometry": {"x": 10.5, "y": numpy.float64(50.25)}}],
        {"features": [{"geometry": {"x": 10.5, "y": 50.25}}], "spatialReference": {"wkid": 4326}},
        {"featureSet": {"features": [{"geometry": {"x": 10.5, "y": 50.25}}]}, "layerDefinition": {}},
        "{'features': [{'geometry': {'x': 10.5, 'y': 50.25}}]}",
    ],
)
def test_a_point_is_a_point_in_every_form(value: Any) -> None:
    found = feature_set(value, {"spatialReference": {"wkid": 4326}})
    assert found == FeatureSet(
        "esriGeometryPoint", WGS84, features=[{"attributes": {}, "geometry": {"x": 10.5, "y": 50.25}}]
    )


SQUARE = [[0, 0], [10, 0], [10, 10], [0, 10], [0, 0]]
HOLE = [[1, 1], [1, 2], [2, 2], [2, 1], [1, 1]]


@pytest.mark.parametrize("turned", [False, True])
def test_exterior_rings_run_clockwise_and_holes_counterclockwise(turned: bool) -> None:
    rings = [SQUARE[::-1], HOLE[::-1]] if turned else [SQUARE, HOLE]
    expected = {"rings": [SQUARE[::-1], HOLE[::-1]]}
    assert geometries({"type": "Polygon", "coordinates": rings}) == [expected]
    many = {"type": "MultiPolygon", "coordinates": [rings, [SQUARE]]}
    assert geometries(many) == [{"rings": [*expected["rings"], SQUARE[::-1]]}]


def test_an_open_ring_is_closed() -> None:
    assert geometries({"type": "Polygon", "coordinates": [SQUARE[:-1]]}) == [{"rings": [SQUARE[::-1]]}]


@every_case(
    ("geometry", "kind", "expected"),
    [
        (
            {"type": "LineString", "coordinates": ((0, 0), (1, 1))},
            "Polyline",
            {"paths": [[[0, 0], [1, 1]]]},
        ),
        (
            {"type": "MultiLineString", "coordinates": [[[0, 0], [1, 1]], [[2, 2], [3, 3]]]},
            "Polyline",
            {"paths": [[[0, 0], [1, 1]], [[2, 2], [3, 3]]]},
        ),
        ({"type": "MultiPoint", "coordinates": [[0, 0], [1, 1]]}, "Multipoint", {"points": [[0, 0], [1, 1]]}),
        ({"type": "Point", "coordinates": []}, "Point", None),
        (shapely.LineString([(0, 0), (1, 1)]), "Polyline", {"paths": [[[0, 0], [1, 1]]]}),
        (shapely.Polygon(), "Polygon", None),
    ],
)
def test_each_kind_of_geometry_has_its_own_form(geometry: Any, kind: str, expected: Any) -> None:
    found = feature_set(geometry)
    assert found.geometry_type == f"esriGeometry{kind}"
    assert [each["geometry"] for each in found.features] == [expected]


def test_heights_are_kept_and_announced() -> None:
    line = feature_set({"type": "LineString", "coordinates": [[0, 0, 5], [1, 1, float("nan")], [2, 2]]})
    assert line.has_z
    assert line.features[0]["geometry"] == {"paths": [[[0, 0, 5], [1, 1, None], [2, 2]]]}
    points = feature_set([shapely.Point(1, 2, 3), shapely.Point(1, 2)])
    assert points.has_z
    assert [each["geometry"] for each in points.features] == [{"x": 1, "y": 2, "z": 3}, {"x": 1, "y": 2}]


def test_single_and_multiple_geometries_go_together() -> None:
    line, lines = (
        {"type": "LineString", "coordinates": [[0, 0], [1, 1]]},
        shapely.MultiLineString([[(0, 0), (1, 1)]]),
    )
    assert geometries([line, lines]) == [{"paths": [[[0, 0], [1, 1]]]}] * 2
    assert geometries([POINT, shapely.MultiPoint([(0, 0)])]) == [
        {"points": [[10.5, 50.25]]},
        {"points": [[0, 0]]},
    ]
    assert geometries(POINT, {"geometryType": "esriGeometryMultipoint"}) == [{"points": [[10.5, 50.25]]}]


def test_geometries_of_several_types_are_refused_by_the_first_that_differs() -> None:
    error = refused(
        collection(feature(), feature(None), feature({"type": "Polygon", "coordinates": [SQUARE]}))
    )
    assert error.path == "features[2].geometry"
    assert "run the task once for each" in error.remedy


@every_case(
    ("crs", "reference"),
    [
        ({"type": "name", "properties": {"name": "EPSG:25832"}}, SpatialReference(25832)),
        ({"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::25832"}}, SpatialReference(25832)),
        (
            {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG:6.18.3:3857"}},
            SpatialReference(3857),
        ),
        ({"type": "name", "properties": {"name": "urn:ogc:def:crs:OGC:1.3:CRS84"}}, WGS84),
        (
            {"type": "name", "properties": {"name": "http://www.opengis.net/def/crs/EPSG/0/3857"}},
            SpatialReference(3857),
        ),
        ({"type": "EPSG", "properties": {"code": 3857}}, SpatialReference(3857)),
        (None, WGS84),
    ],
)
def test_geojson_is_in_wgs_84_unless_it_names_another_reference(crs: Any, reference: Any) -> None:
    assert feature_set(collection(feature(), crs=crs), POINTS_DEFAULT).spatial_reference == reference


@every_case("crs", ["EPSG:3857", {"type": "link", "properties": {"href": "x"}}, {"type": "name"}, 3857])
def test_a_reference_that_cannot_be_read_is_no_reason_to_guess(crs: Any) -> None:
    assert refused(collection(feature(), crs=crs)).path == "crs"


def test_coordinates_that_cannot_be_degrees_are_refused_where_nothing_names_their_reference() -> None:
    far = {"type": "Point", "coordinates": [1_168_854.0, 6_483_800.0]}
    error = refused(far)
    assert error.path == "features[0].geometry.coordinates"
    assert "nothing names another spatial reference" in error.expected
    assert "crs" in error.remedy
    crs = {"type": "name", "properties": {"name": "EPSG:3857"}}
    assert geometries(collection(feature(far), crs=crs)) == [{"x": 1_168_854.0, "y": 6_483_800.0}]
    assert refused(shapely.Point(500_000, 5_500_000)).path == "features[0].geometry.coordinates"


COLUMNS: list[tuple[list[Any], str, list[Any]]] = [
    ([True, False, None], "SmallInteger", [1, 0, None]),
    ([1, -2, None], "Integer", [1, -2, None]),
    ([1, 2**31], "Double", [1, 2**31]),
    ([1, 2**60], "BigInteger", [1, 2**60]),
    ([1, 2.5, float("nan")], "Double", [1, 2.5, None]),
    ([2.5, 1], "Double", [2.5, 1]),
    ([Decimal("0.5"), numpy.float32(0.25)], "Double", [0.5, 0.25]),
    ([numpy.int64(5), numpy.uint8(6)], "Integer", [5, 6]),
    (["a", None], "String", ["a", None]),
    ([None, None], "String", [None, None]),
    ([datetime(1970, 1, 2, tzinfo=UTC)], "Date", [86_400_000]),
    ([date(2026, 1, 31)], "DateOnly", ["2026-01-31"]),
    ([time(12, 30)], "TimeOnly", ["12:30:00"]),
    ([UUID(int=255)], "GUID", ["{00000000-0000-0000-0000-0000000000FF}"]),
    ([{"a": [1]}, [numpy.int64(2)]], "String", ['{"a":[1]}', "[2]"]),
]


@every_case(("values", "kind", "expected"), COLUMNS)
def test_a_columns_type_follows_from_all_its_values(
    values: list[Any], kind: str, expected: list[Any]
) -> None:
    rows = [{"A": value} for value in values]
    found = record_set(rows)
    assert [each["attributes"]["A"] for each in found.features] == expected
    (field,) = found.fields
    assert (field.name, field.type) == ("A", f"esriFieldType{kind}")
    features = feature_set([feature(properties=row) for row in rows])
    assert features.fields == found.fields
    backwards = record_set(rows[::-1])
    assert backwards.fields == found.fields


@every_case(
    ("values", "path", "words"),
    [
        ([1, "a"], "[1].A", "the same type"),
        ([True, 1], "[1].A", "the same type"),
        ([[1], "a"], "[1].A", "the same type"),
        ([datetime(2026, 1, 31)], "[0].A", "say its zone"),
        ([1.0, float("inf")], "[1].A", "finite"),
        ([2**64], "[0].A", "64 bits"),
        ([b"x"], "[0].A", "a value for an attribute"),
        ([1 + 2j], "[0].A", "a value for an attribute"),
    ],
)
def test_a_value_that_fits_no_field_is_refused_by_its_place(values: list[Any], path: str, words: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        record_set([{"A": value} for value in values])
    assert caught.value.path == path
    assert words in str(caught.value)


def test_the_tasks_own_fields_come_first_and_decide_their_types() -> None:
    moment = datetime(2026, 1, 31, tzinfo=UTC)
    row = {"Extra": 1, "Height": 5.0, "Seen": moment}
    found = feature_set(feature(properties=row), POINTS_DEFAULT)
    assert [field.name for field in found.fields] == ["OID", "Height", "Seen", "Extra"]
    assert found.features[0]["attributes"] == {"Height": 5, "Seen": moment.isoformat(), "Extra": 1}
    assert type(found.features[0]["attributes"]["Height"]) is int


def test_a_default_that_cannot_be_read_is_passed_over() -> None:
    broken = {"geometryType": "blob", "spatialReference": "x", "fields": [{"name": 1}], "features": 5}
    assert feature_set({"features": []}, broken) == FeatureSet()
    assert feature_set(POINT, broken).fields == ()


def test_numbers_that_name_features_become_their_object_ids() -> None:
    found = feature_set(
        collection(feature(properties={"A": 1}, id=7), feature(properties={"A": 2}, id=2**40))
    )
    assert found.fields[0] == Field("OBJECTID", "esriFieldTypeOID", length=8)
    assert [each["attributes"] for each in found.features] == [
        {"OBJECTID": 7, "A": 1},
        {"OBJECTID": 2**40, "A": 2},
    ]
    own = feature_set(feature(properties={"Height": 1}, id=7), POINTS_DEFAULT)
    assert own.features[0]["attributes"] == {"Height": 1, "OID": 7}


@every_case(
    ("ids", "name", "values"),
    [
        (["a", "b"], "id", ["a", "b"]),
        (["a", 2], "id", ["a", "2"]),
        ([5, 5], "id", [5, 5]),
        ([1, None], "id", [1, None]),
    ],
)
def test_other_ids_are_an_attribute(ids: list[Any], name: str, values: list[Any]) -> None:
    found = feature_set(collection(*(feature(id=each) for each in ids)))
    assert [each["attributes"][name] for each in found.features] == values
    assert [field.name for field in found.fields] == [name]


def test_an_id_that_is_an_attribute_already_stays_that_and_no_attribute_is_overwritten() -> None:
    same = feature_set(feature(properties={"id": "a"}, id="a"))
    assert same.features[0]["attributes"] == {"id": "a"}
    other = feature_set(feature(properties={"id": "b"}, id="a"))
    assert other.features[0]["attributes"] == {"id": "b", "id_": "a"}


def test_what_the_server_answers_as_geojson_comes_back_as_it_was() -> None:
    fields = (Field("OBJECTID", "esriFieldTypeOID"), Field("N", "esriFieldTypeString", length=255))
    ring = [[0, 0], [0, 10], [10, 10], [10, 0], [0, 0]]
    hole = [[1, 1], [2, 1], [2, 2], [1, 2], [1, 1]]
    given = FeatureSet(
        "esriGeometryPolygon",
        SpatialReference(3857),
        fields,
        [{"attributes": {"OBJECTID": 3, "N": "x"}, "geometry": {"rings": [ring, hole]}}],
    )
    assert feature_set(encode_feature_collection(given)) == given


def test_arcgis_json_tells_its_geometry_type_by_its_geometries() -> None:
    ring = [[0, 0], [0, 1], [1, 1], [0, 0]]
    found = feature_set({"features": [{"geometry": None}, {"geometry": {"rings": [ring]}}]}, POINTS_DEFAULT)
    assert found.geometry_type == "esriGeometryPolygon"
    assert found.spatial_reference == SpatialReference(102100, 3857)


def test_values_of_python_within_arcgis_json_become_json() -> None:
    moment = datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC)
    given = {
        "attributes": {"a": moment, "b": Decimal("0.5"), "c": numpy.int8(1), "d": float("nan"), "e": True}
    }
    attributes = {"a": 1000, "b": 0.5, "c": 1, "d": None, "e": True}
    assert feature_set(given).features[0]["attributes"] == attributes
    assert feature_set(FeatureSet(features=[given])).features[0]["attributes"] == attributes
    assert record_set({"features": [given]}).features[0]["attributes"] == attributes
    assert record_set(RecordSet(features=[given])).features[0]["attributes"] == attributes
    paths = {"paths": (((0, numpy.float64(1)), (2, 3)),)}
    assert geometries(paths) == [{"paths": [[[0, 1], [2, 3]]]}]


@every_case(
    ("value", "path", "words"),
    [
        ({"type": "GeometryCollection", "geometries": []}, "features[0].geometry.type", "one by one"),
        ({"type": "Point", "coordinates": [1]}, "features[0].geometry.coordinates", "two or three numbers"),
        ({"type": "Point", "coordinates": [1, 2, 3, 4]}, "features[0].geometry.coordinates", "m-values"),
        ({"type": "Point", "coordinates": ["1", 2]}, "features[0].geometry.coordinates[0]", "a number"),
        (
            {"type": "Point", "coordinates": [float("nan"), 2]},
            "features[0].geometry.coordinates[0]",
            "finite",
        ),
        ({"type": "Point"}, "features[0].geometry.coordinates", "two or three numbers"),
        (
            {"type": "LineString", "coordinates": [[0, 0]]},
            "features[0].geometry.coordinates",
            "two positions",
        ),
        (
            {"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [0, 0]]]},
            "features[0].geometry.coordinates[0]",
            "four positions",
        ),
        ({"type": "MultiPolygon", "coordinates": [[5]]}, "features[0].geometry.coordinates[0][0]", "a list"),
        (collection(feature({"type": "point"})), "features[0].geometry.type", 'did you mean "Point"'),
        (collection(feature(5)), "features[0].geometry", "a geometry or null"),
        (collection(feature(properties=[1])), "features[0].properties", "an object or null"),
        (collection(feature(properties={"": 1})), "features[0].properties", "the name of a field"),
        (collection(5), "features[0]", "a feature"),
        ({"type": "FeatureCollection"}, "features", "a list of features"),
        ([5], "[0]", "a geometry or a feature"),
        ([(10.5, 50.25)], "[0]", '"coordinates": [longitude, latitude]'),
        ([POINT, {"x": 1, "y": 2}], "", "in one list"),
        ({"features": [{"geometry": POINT}]}, "features[0].geometry", "a geometry of GeoJSON"),
        ({"features": [{"properties": {}}]}, "features[0]", "attributes"),
        ({"features": [{"atributes": {}}]}, "features[0]", 'did you mean "attributes"'),
        ({"features": 5}, "features", "a list"),
        ({"features": [], "spatial_reference": {"wkid": 4326}}, "", 'did you mean "spatialReference"'),
        ({"features": [], "transform": {"scale": [1, 1]}}, "transform", "quantizationParameters"),
        ({"features": [], "filter": "A > 1"}, "filter", "a LayerReference with this filter"),
        ({"features": [], "time": 967855732000}, "time", "a LayerReference with this time"),
        (
            {"layerDefinition": {}, "featureSet": {"features": []}, "filter": "A > 1"},
            "filter",
            'met "A > 1", expected features, of which all are meant',
        ),
        (
            {"layers": [{"layerDefinition": {}, "featureSet": {"features": []}, "time": "0,null"}]},
            "layers[0].time",
            "give only those that are meant",
        ),
        ({"feature": []}, "", 'did you mean "features"'),
        ({}, "", "features or a geometry"),
        ({"rings": [[[0, "a"]]]}, "features[0].geometry.rings[0][0][1]", "a number"),
        ({"x": float("nan"), "y": 1}, "features[0].geometry.x", "a value of JSON"),
        ('{"features": [', "", "JSON"),
        (RecordSet(), "", "give a FeatureSet"),
        ("roads.shp", "", "service.upload(path)"),
    ],
)
def test_bad_features_are_refused_by_their_place(value: Any, path: str, words: str) -> None:
    error = refused(value)
    assert error.path == path
    assert words in str(error)


def test_a_table_with_a_filter_beside_it_is_refused() -> None:
    with pytest.raises(InvalidInput) as caught:
        record_set_from({"features": [{"attributes": {"A": 1}}], "filter": "A > 1"})
    assert caught.value.path == "filter"


def test_dates_of_the_newer_types_are_sent_as_their_page_writes_them() -> None:
    types = {"at": "TimeOnly", "on": "DateOnly", "there": "TimestampOffset"}
    fields = [{"name": name, "type": f"esriFieldType{kind}"} for name, kind in types.items()]
    texts = {"at": "9:30:00 PM", "on": "12/24/2021", "there": "12/24/2021 9:30:00.0000 PM +01:00"}
    found = feature_set({"fields": fields, "features": [{"attributes": texts, "geometry": None}]})
    assert found.features[0]["attributes"] == texts
    error = refused({"fields": fields, "features": [{"attributes": {"on": "24/12/2021"}}]})
    assert error.path == "features[0].attributes.on"


def test_what_stands_elsewhere_is_named() -> None:
    assert feature_set_from(" https://h/0 ") == LayerReference("https://h/0")
    assert feature_set_from({"url": "https://h/0", "filter": "A > 1"}) == LayerReference(
        "https://h/0", "A > 1"
    )
    assert record_set_from('{"itemID": "i1"}') == ItemReference("i1")
    assert feature_set_from("Roads", choices=("Roads",)) == "Roads"


@every_case(
    "rows",
    [
        [{"A": 1}, {"A": 2}],
        ({"attributes": {"A": 1}}, {"attributes": {"A": 2}, "geometry": None}),
        {
            "fields": [{"name": "A", "type": "esriFieldTypeInteger"}],
            "features": [{"attributes": {"A": 1}}, {"attributes": {"A": 2}}],
        },
        collection(feature(None, {"A": 1}), feature(None, {"A": 2})),
        '[{"A": 1}, {"A": 2}]',
    ],
)
def test_rows_are_a_table_in_every_form(rows: Any) -> None:
    assert record_set(rows) == RecordSet(
        (Field("A", "esriFieldTypeInteger"),), [{"attributes": {"A": 1}}, {"attributes": {"A": 2}}]
    )


@every_case(
    "rows",
    [
        FeatureSet(),
        collection(feature()),
        [{"attributes": {}, "geometry": {"x": 1, "y": 2}}],
        [1],
        {"A": [1, 2]},
        5,
        "rows.csv",
    ],
)
def test_what_is_no_table_is_refused(rows: Any) -> None:
    with pytest.raises(InvalidInput):
        record_set_from(rows)


def test_the_callers_objects_are_left_as_they_are() -> None:
    polygon = {"type": "Polygon", "coordinates": [[list(each) for each in SQUARE[:-1]]]}
    given = collection(feature(polygon, {"a": float("nan")}, id=5))
    before = json.dumps(given)
    feature_set(given)
    assert json.dumps(given) == before


ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    *("type", "features", "geometry", "properties", "coordinates", "attributes", "crs", "id"),
                    *("x", "y", "rings", "paths", "points", "spatialReference", "fields", "url", "name"),
                    *("geometryType", "hasZ", "featureSet", "layerDefinition", "wkid", "curveRings"),
                ]
            ),
            inner
            | st.sampled_from(
                [
                    *("Feature", "FeatureCollection", "Point", "Polygon", "MultiPolygon", "LineString"),
                    *("esriGeometryPolygon", "esriFieldTypeOID", POINT, [SQUARE], [[1, 2]], [1, 2]),
                ]
            ),
            max_size=4,
        )
    ),
    max_leaves=20,
)


def unforeseen(read: Callable[[Any, Any], Any], value: Any, default: Any) -> BaseException | None:
    """What went wrong without any check of ours having found it."""
    try:
        read(value, default)
    except InvalidInput as error:
        return error.__cause__
    return None


@given(ANY_JSON, ANY_JSON)
def test_whatever_json_is_given_the_outcome_is_a_set_or_an_error_of_ours(value: Any, default: Any) -> None:
    assert unforeseen(feature_set_from, value, default) is None
    assert unforeseen(record_set_from, value, default) is None
