"""Features as GeoJSON: RFC 7946's geometries and directions, and what ArcGIS adds."""

from __future__ import annotations

import random
import time
from typing import Any
from xml.etree import ElementTree

import pytest
import shapely
from gp_protocol.json_text import encode_json
from gp_protocol.values.feature_sets import FeatureSet, decode_feature_set
from gp_protocol.values.geojson import encode_feature_collection, feature_collection
from gp_protocol.values.kml import kml_document
from gp_protocol.values.parameter_specs import OutputOptions
from hypothesis import given
from hypothesis import strategies as st

from every_case import every_case

SQUARE = [[0, 0], [0, 10], [10, 10], [10, 0], [0, 0]]
HOLE = [[2, 2], [4, 2], [4, 4], [2, 4], [2, 2]]


def features(kind: str, *geometries: Any, **keys: Any) -> dict[str, Any]:
    return {
        "geometryType": f"esriGeometry{kind}",
        "spatialReference": {"wkid": 4326},
        "features": [{"attributes": {}, "geometry": geometry} for geometry in geometries],
        **keys,
    }


def geometry_of(kind: str, geometry: Any, **options: bool) -> Any:
    value = decode_feature_set(features(kind, geometry), tolerant=True)
    (feature,) = encode_feature_collection(value, OutputOptions(**options))["features"]
    return feature["geometry"]


@every_case(
    ("kind", "geometry", "expected"),
    [
        ("Point", {"x": 1, "y": 2}, {"type": "Point", "coordinates": [1, 2]}),
        ("Point", {"x": "NaN", "y": "NaN"}, None),
        ("Point", None, None),
        ("Multipoint", {"points": [[1, 2], [3, 4]]}, {"type": "MultiPoint", "coordinates": [[1, 2], [3, 4]]}),
        ("Polyline", {"paths": [[[1, 2], [3, 4]]]}, {"type": "LineString", "coordinates": [[1, 2], [3, 4]]}),
        (
            "Polyline",
            {"paths": [[[1, 2], [3, 4]], [[5, 6], [7, 8]]]},
            {"type": "MultiLineString", "coordinates": [[[1, 2], [3, 4]], [[5, 6], [7, 8]]]},
        ),
        ("Polyline", {"paths": [[[1, 2]]]}, None),
        ("Polyline", {"paths": []}, None),
        ("Polygon", {"rings": [SQUARE]}, {"type": "Polygon", "coordinates": [SQUARE[::-1]]}),
        ("Polygon", {"rings": [SQUARE[:-1]]}, {"type": "Polygon", "coordinates": [SQUARE[::-1]]}),
        (
            "Polygon",
            {"rings": [HOLE, SQUARE]},
            {"type": "Polygon", "coordinates": [SQUARE[::-1], HOLE[::-1]]},
        ),
        ("Polygon", {"rings": [HOLE]}, {"type": "Polygon", "coordinates": [HOLE]}),
        ("Polygon", {"rings": [[[0, 0], [1, 1]]]}, None),
        (
            "Envelope",
            {"xmin": 0, "ymin": 1, "xmax": 2, "ymax": 3},
            {"type": "Polygon", "coordinates": [[[0, 1], [2, 1], [2, 3], [0, 3], [0, 1]]]},
        ),
    ],
)
def test_a_geometry_in_geojson(kind: str, geometry: Any, expected: Any) -> None:
    assert geometry_of(kind, geometry) == expected


def test_curves_become_straight() -> None:
    circle = {"curveRings": [[[0, 0], {"c": [[0, 0], [2, 0]]}]]}
    drawn = geometry_of("Polygon", circle, return_true_curves=True)
    assert shapely.geometry.shape(drawn).area == pytest.approx(3.14159, rel=0.01)


def test_z_leaves_where_it_is_asked_for_and_m_never() -> None:
    encoded = features("Polyline", {"paths": [[[1, 2, 3, 9], [4, 5, None, 9]]]}, hasZ=True, hasM=True)
    value = decode_feature_set(encoded)

    def coordinates(**options: bool) -> Any:
        collection = encode_feature_collection(value, OutputOptions(**options))
        return collection["features"][0]["geometry"]["coordinates"]

    assert coordinates(return_m=True) == [[1, 2], [4, 5]]
    assert coordinates(return_m=True, return_z=True) == [[1, 2, 3], [4, 5]]


def test_the_id_is_the_object_id_and_properties_are_the_attributes() -> None:
    value = decode_feature_set(
        {
            "fields": [
                {"name": "Name", "type": "esriFieldTypeString", "alias": "Name"},
                {"name": "FID", "type": "esriFieldTypeOID", "alias": "FID"},
            ],
            "features": [
                {"attributes": {"FID": 7, "Name": "a"}, "geometry": {"x": 1, "y": 2}},
                {"attributes": {"Name": "b"}, "geometry": {"x": 1, "y": 2}},
            ],
        }
    )
    first, second = encode_feature_collection(value)["features"]
    assert list(first) == ["type", "id", "geometry", "properties"]
    assert (first["id"], first["properties"]) == (7, {"FID": 7, "Name": "a"})
    assert "id" not in second


def test_over_the_limit_there_are_no_features_and_both_places_say_so() -> None:
    value = decode_feature_set(features("Point", {"x": 1, "y": 2}, {"x": 1, "y": 2}))
    collection = encode_feature_collection(value, OutputOptions(maximum_records=1))
    assert collection["features"] == []
    assert collection["exceededTransferLimit"] is True
    assert collection["properties"] == {"exceededTransferLimit": True}
    within = encode_feature_collection(value)
    assert set(within) == {"type", "features"}


@every_case(
    ("reference", "name"),
    [
        ({"wkid": 4326}, None),
        ({"wkid": 102100, "latestWkid": 3857}, "EPSG:3857"),
        ({"wkid": 25832}, "EPSG:25832"),
        (None, None),
    ],
)
def test_a_crs_is_said_where_it_is_not_wgs_84(reference: Any, name: str | None) -> None:
    collection = feature_collection({"spatialReference": reference, "features": []})
    assert collection.get("crs", {}).get("properties", {}).get("name") == name


def nest(depth: int, rng: random.Random) -> tuple[list[Any], float]:
    """Rings within rings, islands in holes, side by side; with the area that they leave."""
    rings: list[Any] = []
    area = 0.0
    for block in range(rng.randint(1, 3)):
        low, high = 0.0, 64.0
        for level in range(rng.randint(1, depth)):
            x = block * 100.0
            ring = [[x + low, low], [x + low, high], [x + high, high], [x + high, low], [x + low, low]]
            rings.append(ring if level % 2 == 0 else ring[::-1])
            area += (high - low) ** 2 * (1 if level % 2 == 0 else -1)
            low += rng.choice([1.0, 2.0])
            high -= rng.choice([1.0, 2.0])
    rng.shuffle(rings)
    return rings, area


@given(st.integers(1, 7), st.randoms(use_true_random=False))
def test_holes_find_their_rings_in_any_order(depth: int, rng: random.Random) -> None:
    rings, area = nest(depth, rng)
    shape = shapely.geometry.shape(geometry_of("Polygon", {"rings": rings}))
    assert shape.is_valid
    assert shape.area == pytest.approx(area)
    for polygon in getattr(shape, "geoms", [shape]):
        assert polygon.exterior.is_ccw
        assert not any(hole.is_ccw for hole in polygon.interiors)


def test_a_hole_that_touches_its_ring_is_in_it() -> None:
    hole = [[0, 0], [5, 2], [2, 5], [0, 0]]
    beside = [[-10, 0], [-10, 10], [0, 10], [0, 0], [-10, 0]]
    drawn = geometry_of("Polygon", {"rings": [beside, SQUARE, hole]})
    shape = shapely.geometry.shape(drawn)
    assert [len(polygon.interiors) for polygon in shape.geoms] == [0, 1]


def test_rings_by_the_ten_thousand_take_no_hours() -> None:
    rings = []
    for number in range(5_000):
        x = float(number)
        rings.append([[x, 0], [x, 9], [x + 0.9, 9], [x + 0.9, 0], [x, 0]])
        rings.append([[x + 0.1, 1], [x + 0.2, 1], [x + 0.2, 2], [x + 0.1, 1]])
    value = FeatureSet("esriGeometryPolygon", features=[{"attributes": {}, "geometry": {"rings": rings}}])
    began = time.process_time()
    (feature,) = encode_feature_collection(value)["features"]
    assert time.process_time() - began < 5
    assert [len(polygon) for polygon in feature["geometry"]["coordinates"]] == [2] * 5_000


ORDINATES = st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(10**15), 10**15)
VERTICES = st.lists(st.tuples(ORDINATES, ORDINATES, ORDINATES | st.none()).map(list), max_size=6)
GEOMETRIES = st.one_of(
    st.builds(lambda x, y, z: ("Point", {"x": x, "y": y, "z": z}), ORDINATES, ORDINATES, ORDINATES),
    st.builds(lambda points: ("Multipoint", {"points": points}), VERTICES),
    st.builds(lambda paths: ("Polyline", {"paths": paths}), st.lists(VERTICES, max_size=4)),
    st.builds(lambda rings: ("Polygon", {"rings": rings}), st.lists(VERTICES, max_size=6)),
)
ATTRIBUTES = st.dictionaries(st.text(max_size=5), st.none() | st.booleans() | ORDINATES | st.text(max_size=5))


@given(GEOMETRIES, ATTRIBUTES, st.booleans())
def test_whatever_features_can_be_has_a_form_in_geojson_and_kml(
    geometry: tuple[str, Any], attributes: dict[str, Any], with_z: bool
) -> None:
    kind, shape = geometry
    value = decode_feature_set(features(kind, shape, hasZ=True))
    value.features[0]["attributes"] = attributes
    collection = encode_feature_collection(value, OutputOptions(return_z=with_z))
    assert encode_json(collection)
    ElementTree.fromstring(kml_document("Any", [("Any", collection)]))
    drawn = collection["features"][0]["geometry"]
    if drawn is not None and drawn["type"] == "Polygon":
        assert all(ring[0][:2] == ring[-1][:2] and len(ring) >= 4 for ring in drawn["coordinates"])
