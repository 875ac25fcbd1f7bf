"""What is cut off at the edge of a picture, and what is drawn of features of every kind."""

from __future__ import annotations

import io
import math
from typing import Any

import pytest
from gp_mockserver.layers.symbols import symbol
from gp_mockserver.maps.clipping import Box, Point, clipped_ring, clipped_segment
from gp_mockserver.maps.drawing import FeatureSheet, draw
from gp_mockserver.maps.pictures import Picture
from gp_protocol.values.feature_sets import FeatureSet
from gp_protocol.values.spatial_references import Extent
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from shapely import LineString, Polygon, box
from shapely import Point as Vertex

from every_case import every_case

VIEW: Box = (0, 0, 10, 10)
coordinates = st.integers(-30, 30).map(float)
points = st.tuples(coordinates, coordinates)


@given(points, points)
def test_a_segment_is_cut_off_at_the_box(begin: Point, end: Point) -> None:
    cut = clipped_segment(begin, end, VIEW)
    expected = (LineString([begin, end]) if begin != end else Vertex(begin)).intersection(box(*VIEW))
    if cut is None:
        assert expected.is_empty
    else:
        assert all(expected.distance(Vertex(end)) == pytest.approx(0, abs=1e-9) for end in cut)
        assert math.dist(*cut) == pytest.approx(expected.length)


@given(st.lists(points, min_size=3, max_size=3, unique=True))
def test_a_ring_is_cut_off_at_the_box(ring: list[Point]) -> None:
    left = clipped_ring(ring, VIEW)
    expected = Polygon(ring).intersection(box(*VIEW)).area
    assert (Polygon(left).area if len(left) > 2 else 0) == pytest.approx(expected, abs=1e-6)


@every_case(
    ("kind", "geometry", "is_seen"),
    [
        ("esriGeometryPoint", {"x": 5, "y": 5}, True),
        ("esriGeometryPoint", {"x": 50, "y": 5}, False),
        ("esriGeometryPoint", {"x": 1e300, "y": -1e300}, False),
        ("esriGeometryMultipoint", {"points": [[50, 50], [5, 5, 1, 2]]}, True),
        ("esriGeometryPolyline", {"paths": [[[-9, 5], [19, 5]]]}, True),
        ("esriGeometryPolyline", {"paths": [[[-9, 50], [19, 50]]]}, False),
        ("esriGeometryPolyline", {"curvePaths": [[[0, 5], {"c": [[10, 5], [5, 5.1]]}]]}, True),
        ("esriGeometryPolygon", {"rings": [[[-1e9, -1e9], [-1e9, 1e9], [1e9, 1e9], [1e9, -1e9]]]}, True),
        ("esriGeometryPolygon", {"rings": [[[5, 5]]]}, False),
        ("esriGeometryPolygon", {"curveRings": [[[0, 0], {"a": [[0, 0], [5, 5], 0, 1]}]]}, True),
        ("esriGeometryEnvelope", {"xmin": 4, "ymin": 4, "xmax": 6, "ymax": 6}, True),
        ("esriGeometryPolygon", None, False),
        ("esriGeometryMultiPatch", {"anything": 1}, False),
    ],
)
def test_features_of_every_kind_are_drawn(kind: str, geometry: Any, is_seen: bool) -> None:
    features = FeatureSet(geometry_type=kind, features=[{"attributes": {}, "geometry": geometry}])
    picture = Picture(50, 50, Extent(0, 0, 10, 10), transparent=True)
    drawn = Image.open(io.BytesIO(draw([FeatureSheet(features, symbol(kind, 0))], picture)))
    box_seen = drawn.getchannel("A").crop((20, 20, 30, 30)).getextrema()
    assert (box_seen[1] > 0) is is_seen


def test_the_first_layer_lies_on_top() -> None:
    point = FeatureSet(features=[{"attributes": {}, "geometry": {"x": 5, "y": 5}}])
    sheets = [FeatureSheet(point, symbol("esriGeometryPoint", number)) for number in (0, 1)]
    picture = Picture(50, 50, Extent(0, 0, 10, 10))
    red, green, blue = symbol("esriGeometryPoint", 0)["color"][:3]
    drawn = Image.open(io.BytesIO(draw(sheets, picture)))
    assert drawn.getpixel((25, 25)) == (red, green, blue)


def test_layers_have_colors_of_their_own() -> None:
    colors = {tuple(symbol("esriGeometryPolygon", number)["color"]) for number in range(6)}
    assert len(colors) == 6


def test_rings_within_rings_are_filled_by_turns() -> None:
    def square(low: float, high: float) -> list[list[float]]:
        return [[low, low], [low, high], [high, high], [high, low], [low, low]]

    geometry = {"rings": [square(0, 10), square(2, 8), square(4, 6)]}
    features = FeatureSet(
        geometry_type="esriGeometryPolygon", features=[{"attributes": {}, "geometry": geometry}]
    )
    picture = Picture(100, 100, Extent(0, 0, 10, 10))
    drawn = Image.open(io.BytesIO(draw([FeatureSheet(features, symbol("esriGeometryPolygon", 0))], picture)))
    seen = [drawn.getpixel((x, 50)) != (255, 255, 255) for x in (10, 30, 50, 70, 90)]
    assert seen == [True, False, True, False, True]
