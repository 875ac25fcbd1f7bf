from __future__ import annotations

import math
import subprocess
import sys
from functools import reduce
from itertools import pairwise

import pytest
import shapely
from gp_mockserver.geometry.coordinate_systems import ProjectionFailed, by_id_or_wkt, reported
from gp_mockserver.geometry.ground_buffers import LARGEST_BUFFER, buffer
from gp_mockserver.geometry.shapes import parts_of
from gp_mockserver.geometry.spatial import extent_intersects, project, project_extent, within_extent
from gp_mockserver.tools.tool_calls import ToolFailed
from gp_protocol.values.feature_sets import FeatureSet
from gp_protocol.values.spatial_references import Extent, SpatialReference
from gp_protocol.values.units import LinearUnit
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Geod

from every_case import every_case

GEOD = Geod(ellps="WGS84")
DEGREES = SpatialReference(wkid=4326)
WEB_MERCATOR = SpatialReference(wkid=102100)
MILLER = SpatialReference(wkid=54003)
AUTHALIC_RADIUS = 6371007.181

TYPES = {
    "x": "esriGeometryPoint",
    "points": "esriGeometryMultipoint",
    "paths": "esriGeometryPolyline",
    "curvePaths": "esriGeometryPolyline",
    "rings": "esriGeometryPolygon",
    "curveRings": "esriGeometryPolygon",
    "xmin": "esriGeometryEnvelope",
}


def features(*geometries, sr=DEGREES, **more):
    return FeatureSet(
        geometry_type=TYPES[next(iter(geometries[0]))],
        spatial_reference=sr,
        features=[{"attributes": {"n": n}, "geometry": g} for n, g in enumerate(geometries)],
        **more,
    )


def projected(geometry, source, target):
    (feature,) = project(features(geometry, sr=source), target).features
    return feature["geometry"]


@every_case(
    ("source", "xy", "target", "expected"),
    [
        (DEGREES, (0, 0), WEB_MERCATOR, (0, 0)),
        (DEGREES, (180, 0), WEB_MERCATOR, (20037508.342789, 0)),
        # the example of IOGP guidance note 7-2, Popular Visualisation Pseudo Mercator
        (DEGREES, (-100.333333333, 24.381786944), SpatialReference(wkid=3857), (-11169055.58, 2800000.0)),
        (DEGREES, (3, 0), SpatialReference(wkid=32631), (500000, 0)),
        (DEGREES, (9, 45), SpatialReference(wkid=32632), (500000, 4982950.4)),
        (DEGREES, (180, 0), MILLER, (math.pi * AUTHALIC_RADIUS, 0)),
        (MILLER, (-13308192.1956127, 4221903.58555983), DEGREES, (-119.683313, 36.305542)),
    ],
)
def test_known_points_go_where_they_are_known_to_be(source, xy, target, expected):
    moved = projected({"x": xy[0], "y": xy[1]}, source, target)
    tolerance = 1e-5 if target is DEGREES else 0.5
    assert (moved["x"], moved["y"]) == pytest.approx(expected, abs=tolerance)


@every_case(
    ("geometry", "expected"),
    [
        ({"x": 90, "y": 0, "z": 5, "m": 7}, {"x": 10018754.17, "y": 0, "z": 5, "m": 7}),
        ({"points": [[0, 0, 5, None], [90, 0, 6, 7]]}, {"points": [[0, 0, 5, None], [10018754.17, 0, 6, 7]]}),
        (
            {"paths": [[[0, 0, 1], [90, 0, 2]], [[0, 0, 3]]]},
            {"paths": [[[0, 0, 1], [10018754.17, 0, 2]], [[0, 0, 3]]]},
        ),
        (
            {"rings": [[[0, 0], [0, 45], [90, 0], [0, 0]]]},
            {"rings": [[[0, 0], [0, 5621521.49], [10018754.17, 0], [0, 0]]]},
        ),
        (
            {
                "curvePaths": [
                    [[0, 0, 9], {"c": [[90, 0, 8], [45, 45]]}, {"b": [[0, 0, 7], [90, 0], [0, 45]]}]
                ]
            },
            {
                "curvePaths": [
                    [
                        [0, 0, 9],
                        {"c": [[10018754.17, 0, 8], [5009377.09, 5621521.49]]},
                        {"b": [[0, 0, 7], [10018754.17, 0], [0, 5621521.49]]},
                    ]
                ]
            },
        ),
        (
            {"curveRings": [[[0, 0], {"a": [[0, 0], [45, 0], 0, 1, 0, 45, 0.5]}]]},
            {"curveRings": [[[0, 0], {"a": [[0, 0], [5009377.09, 0], 0, 1, 0, 5009377.09, 0.5]}]]},
        ),
        (
            {"xmin": 0, "ymin": 0, "xmax": 90, "ymax": 45},
            {"xmin": 0, "ymin": 0, "xmax": 10018754.17, "ymax": 5621521.49},
        ),
    ],
    ids=lambda value: next(iter(value)),
)
def test_every_geometry_keeps_its_kind_and_its_z_and_m(geometry, expected):
    assert rounded(projected(geometry, DEGREES, WEB_MERCATOR)) == expected


def rounded(value):
    match value:
        case float():
            return round(value, 2)
        case list():
            return [rounded(item) for item in value]
        case dict():
            return {key: rounded(item) for key, item in value.items()}
        case _:
            return value


def test_features_without_a_geometry_stay_and_keep_their_place():
    given = FeatureSet(
        geometry_type="esriGeometryPoint",
        spatial_reference=DEGREES,
        features=[
            {"attributes": {"n": 0}, "geometry": {"x": 90, "y": 0}},
            {"attributes": {"n": 1}, "geometry": None},
            {"attributes": {"n": 2}},
            {"attributes": {"n": 3}, "geometry": {"x": 0, "y": 0}},
        ],
    )
    assert rounded(project(given, WEB_MERCATOR).features) == [
        {"attributes": {"n": 0}, "geometry": {"x": 10018754.17, "y": 0}},
        {"attributes": {"n": 1}, "geometry": None},
        {"attributes": {"n": 2}},
        {"attributes": {"n": 3}, "geometry": {"x": 0, "y": 0}},
    ]


def test_the_given_features_are_not_touched():
    given = features({"rings": [[[0, 0], [0, 1], [1, 0], [0, 0]]]})
    project(given, WEB_MERCATOR)
    assert given.features[0]["geometry"] == {"rings": [[[0, 0], [0, 1], [1, 0], [0, 0]]]}


def test_the_same_spatial_reference_gives_the_same_object():
    given = features({"x": 1, "y": 2})
    assert project(given, DEGREES) is given
    assert project(given, SpatialReference(wkid=4326, latest_wkid=4326)).features is given.features


def test_102100_and_3857_differ_in_name_only():
    given = features({"x": 1, "y": 2}, sr=SpatialReference(wkid=3857))
    moved = project(given, WEB_MERCATOR)
    assert moved.features is given.features
    assert moved.spatial_reference == SpatialReference(wkid=102100, latest_wkid=3857)


def test_features_in_an_unknown_spatial_reference_stay_as_they_are():
    given = features({"x": 1, "y": 2}, sr=None)
    assert project(given, WEB_MERCATOR) is given


@every_case(
    ("wkid", "latest"), [(4326, 4326), (102100, 3857), (102719, 2264), (54003, 54003), (900913, 3857)]
)
def test_a_wkid_is_reported_with_its_latest_wkid(wkid, latest):
    assert reported(SpatialReference(wkid=wkid)) == SpatialReference(wkid=wkid, latest_wkid=latest)


def test_esris_own_wkids_and_wkt_are_understood():
    # 102726 is Oregon North in US feet: its false easting is 2,500,000 m
    origin = {"x": -120.5, "y": 43.6666666666667}
    by_id = projected(origin, SpatialReference(wkid=4269), SpatialReference(wkid=102726))
    assert by_id["x"] == pytest.approx(2500000 * 3937 / 1200, abs=0.1)
    wkt = (
        'PROJCS["World_Mercator_Feet",GEOGCS["GCS_WGS_1984",DATUM["D_WGS_1984",SPHEROID["WGS_1984",6378137.0,'
        '298.257223563]],PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]],PROJECTION["Mercator"],'
        'PARAMETER["False_Easting",1000.0],PARAMETER["False_Northing",0.0],PARAMETER["Central_Meridian",0.0],'
        'PARAMETER["Standard_Parallel_1",0.0],UNIT["Foot_US",0.3048006096012192]]'
    )
    by_wkt = projected({"x": 0, "y": 0}, DEGREES, SpatialReference(wkt=wkt))
    assert by_wkt == {"x": pytest.approx(1000), "y": pytest.approx(0, abs=1e-6)}


@every_case(
    ("spatial_reference", "expected"),
    [
        (SpatialReference(name="WGS 84 / UTM zone 11N"), SpatialReference(wkid=32611, latest_wkid=32611)),
        (SpatialReference(wkid=4326), SpatialReference(wkid=4326)),
        (SpatialReference(name="no such name"), None),
        (SpatialReference(projection_file="https://example.com/a.prj"), None),
    ],
)
def test_a_spatial_reference_by_name_has_a_wkid(spatial_reference, expected):
    assert by_id_or_wkt(spatial_reference) == expected


def test_a_point_without_a_place_in_the_target_is_an_error_that_names_the_spatial_reference():
    with pytest.raises(ProjectionFailed, match=r"0, 91.*4326.*no place.*3857"):
        project(features({"x": 0, "y": 91}), SpatialReference(wkid=3857))


@pytest.mark.parametrize("target", [SpatialReference(wkid=999999), SpatialReference(wkt="GEOGCS[nonsense")])
def test_an_unknown_target_is_an_error_that_names_it(target):
    with pytest.raises(ProjectionFailed, match=r"Spatial reference (999999|GEOGCS.nonsense) is unknown"):
        project(features({"x": 0, "y": 0}), target)


@given(st.floats(-179.9, 179.9), st.floats(-85, 85))
def test_there_and_back_is_where_it_was(x, y):
    there = project(features({"x": x, "y": y}), WEB_MERCATOR)
    (back,) = project(there, DEGREES).features
    assert (back["geometry"]["x"], back["geometry"]["y"]) == pytest.approx((x, y), abs=1e-8)


def test_an_extent_is_projected_as_a_box():
    moved = project_extent(Extent(-90, -45, 90, 45, spatial_reference=DEGREES), WEB_MERCATOR)
    assert (moved.xmin, moved.ymin, moved.xmax, moved.ymax) == pytest.approx(
        (-10018754.17, -5621521.49, 10018754.17, 5621521.49), abs=0.01
    )
    assert moved.spatial_reference == SpatialReference(wkid=102100, latest_wkid=3857)


@every_case(
    ("geometry", "overlaps"),
    [
        ({"x": 5, "y": 5}, True),
        ({"x": 10, "y": 10}, True),
        ({"x": 11, "y": 5}, False),
        ({"points": [[20, 20], [5, 5]]}, True),
        ({"points": [[20, -1], [-1, 5]]}, False),
        ({"paths": [[[-5, 5], [15, 5]]]}, True),
        ({"paths": [[[-5, 8], [3, 16]]]}, False),
        ({"rings": [[[-99, -99], [-99, 99], [99, 99], [99, -99], [-99, -99]]]}, True),
        ({"xmin": 9, "ymin": 9, "xmax": 20, "ymax": 20}, True),
        ({"curvePaths": [[[-5, 5], {"c": [[15, 5], [5, 15]]}]]}, False),
        ({"curvePaths": [[[-5, 5], {"c": [[15, 5], [5, 9]]}]]}, True),
        (None, False),
        ({}, False),
    ],
)
def test_a_feature_overlaps_an_extent_by_its_own_shape(geometry, overlaps):
    assert extent_intersects({"geometry": geometry}, Extent(0, 0, 10, 10)) is overlaps


def test_a_hole_does_not_overlap():
    square = [[-99, -99], [-99, 99], [99, 99], [99, -99], [-99, -99]]
    hole = [[-50, -50], [50, -50], [50, 50], [-50, 50], [-50, -50]]
    assert not extent_intersects({"geometry": {"rings": [square, hole]}}, Extent(0, 0, 10, 10))


def test_features_outside_of_an_extent_in_another_spatial_reference_are_skipped():
    given = features({"x": -117, "y": 34}, {"x": 10, "y": 50})
    extent = Extent(-14000000, 3000000, -12000000, 5000000, spatial_reference=WEB_MERCATOR)
    assert [feature["attributes"] for feature in within_extent(given, extent).features] == [{"n": 0}]


def test_only_feature_sets_are_held_to_an_extent():
    assert within_extent("a text", Extent(0, 0, 1, 1)) == "a text"


KILOMETER = LinearUnit(1, "esriKilometers")


def buffered(geometry, distance, sr=DEGREES):
    made = buffer(features(geometry, sr=sr), distance)
    assert made.geometry_type == "esriGeometryPolygon"
    assert made.spatial_reference == sr
    (feature,) = project(made, DEGREES).features
    assert feature["attributes"] == {"n": 0}
    return feature["geometry"]["rings"]


def ground_area(rings):
    """Square meters; ArcGIS's outer rings run clockwise, pyproj counts that as negative."""
    return -sum(GEOD.polygon_area_perimeter(*zip(*ring, strict=True))[0] for ring in rings)


@every_case(
    ("point", "sr"),
    [
        ({"x": -119.5, "y": 34.2}, DEGREES),
        ({"x": 10, "y": 70}, DEGREES),
        ({"x": -13308192.1956127, "y": 4221903.58555983}, MILLER),
        ({"x": 1113194.9, "y": 11068715.7}, WEB_MERCATOR),  # 70 degrees north: a scale of 2.9
        ({"x": 500000, "y": 4982950}, SpatialReference(wkid=32632)),
    ],
)
@every_case("meters", [50.0, 13679.0, 500_000.0])
def test_a_points_buffer_has_the_area_of_its_circle_and_its_distance_on_the_ground(point, sr, meters):
    (ring,) = buffered(point, LinearUnit(meters, "esriMeters"), sr)
    center = projected(point, sr, DEGREES)
    assert ground_area([ring]) == pytest.approx(math.pi * meters**2, rel=0.01)
    for x, y in ring:
        *_, away = GEOD.inv(center["x"], center["y"], x, y)
        assert away == pytest.approx(meters, rel=1e-3)
    assert len(ring) <= 70
    assert ring[0] == ring[-1]


@every_case(
    ("distance", "meters"),
    [
        (LinearUnit(1, "esriMiles"), 1609.347),
        (LinearUnit(1, "esriIntMiles"), 1609.344),
        (LinearUnit(10, "esriFeet"), 3.048),
        (LinearUnit(1, "esriDecimalDegrees"), 111319.49),
        (LinearUnit(1, "esriUnknownUnits"), 111319.49),
    ],
)
def test_a_buffer_knows_every_unit(distance, meters):
    assert ground_area(buffered({"x": 0, "y": 0}, distance)) == pytest.approx(math.pi * meters**2, rel=0.005)


def test_unknown_units_are_those_of_the_spatial_reference():
    oregon_feet = SpatialReference(wkid=102726)
    made = buffer(features({"x": 8202083, "y": 500000}, sr=oregon_feet), LinearUnit(100, "esriUnknownUnits"))
    xs = [x for x, _ in made.features[0]["geometry"]["rings"][0]]
    assert max(xs) - min(xs) == pytest.approx(200, rel=1e-3)


def test_a_line_is_buffered_at_the_distance_all_along():
    (ring,) = buffered({"paths": [[[0, 45], [10, 45]]]}, KILOMETER)
    line = shapely.segmentize(shapely.LineString([[0, 45], [10, 45]]), 0.05)
    outline = shapely.Polygon(ring)
    for x, y in line.coords:
        north = GEOD.fwd(x, y, 0, 950)
        beyond = GEOD.fwd(x, y, 0, 1050)
        assert outline.contains(shapely.Point(north[:2]))
        assert not outline.contains(shapely.Point(beyond[:2]))
    assert len(ring) < 300


def test_points_far_apart_each_have_a_true_buffer():
    rings = buffered({"points": [[-100, 40], [100, -40]]}, LinearUnit(100, "esriKilometers"))
    assert len(rings) == 2
    assert ground_area(rings) == pytest.approx(2 * math.pi * 100_000**2, rel=0.01)


def test_overlapping_parts_make_one_ring():
    assert len(buffered({"points": [[0, 0], [0.01, 0]]}, KILOMETER)) == 1


SQUARE = [[0, 0], [0, 0.1], [0.1, 0.1], [0.1, 0], [0, 0]]
HOLE = [[0.04, 0.04], [0.06, 0.04], [0.06, 0.06], [0.04, 0.06], [0.04, 0.04]]


def test_a_polygon_grows_outwards_and_its_holes_shrink():
    before = ground_area([SQUARE, HOLE])
    outer, hole = buffered({"rings": [SQUARE, HOLE]}, LinearUnit(0.5, "esriKilometers"))
    assert ground_area([outer, hole]) > before
    assert 0 < ground_area([hole[::-1]]) < ground_area([HOLE[::-1]])


def test_a_polygon_may_be_buffered_inwards_to_nothing():
    given = features({"rings": [SQUARE]}, {"x": 0, "y": 0})
    assert ground_area(buffered({"rings": [SQUARE]}, LinearUnit(-1, "esriKilometers"))) < ground_area(
        [SQUARE]
    )
    assert buffer(given, LinearUnit(-50, "esriKilometers")).features == []


def test_outer_rings_run_clockwise_and_holes_the_other_way():
    outer, hole = buffered({"rings": [SQUARE[::-1], HOLE]}, LinearUnit(0.1, "esriKilometers"))
    assert not shapely.LinearRing(outer).is_ccw
    assert shapely.LinearRing(hole).is_ccw


def test_a_buffer_across_the_180th_meridian_continues_on_the_other_side():
    rings = buffered({"x": 179.95, "y": 10}, LinearUnit(20, "esriKilometers"))
    assert len(rings) == 2
    assert all(-180 <= x <= 180 for ring in rings for x, _ in ring)
    assert ground_area(rings) == pytest.approx(math.pi * 20_000**2, rel=0.01)
    in_mercator = buffer(
        features({"x": 20030000, "y": 1118890}, sr=WEB_MERCATOR), LinearUnit(20, "esriKilometers")
    )
    xs = [abs(x) for ring in in_mercator.features[0]["geometry"]["rings"] for x, _ in ring]
    assert min(xs) > 20_000_000
    assert max(xs) < 20_037_509


@pytest.mark.parametrize("latitude", [89.9, -89.9])
def test_a_buffer_around_a_pole_reaches_the_pole(latitude):
    (ring,) = buffered({"x": 30, "y": latitude}, LinearUnit(100, "esriKilometers"))
    area = shapely.Polygon(ring)
    assert area.contains(shapely.Point(0, math.copysign(89.95, latitude)))
    assert max(abs(y) for _, y in ring) == 90
    assert ground_area([ring]) == pytest.approx(math.pi * 100_000**2, rel=0.01)


def test_a_buffer_in_an_unknown_spatial_reference_is_made_in_the_plane():
    made = buffer(features({"x": 500, "y": 500}, sr=None), LinearUnit(10, "esriMeters"))
    (ring,) = made.features[0]["geometry"]["rings"]
    assert {round(math.dist((500, 500), vertex), 6) for vertex in ring} == {10}


def test_a_feature_without_a_geometry_has_no_buffer():
    given = FeatureSet(
        geometry_type="esriGeometryPoint", spatial_reference=DEGREES, features=[{"attributes": {}}]
    )
    assert buffer(given, KILOMETER).features == []


def test_a_point_beyond_the_pole_has_no_buffer():
    with pytest.raises(ProjectionFailed, match=r"4326 has latitude 95\.0, expected -90 to 90"):
        buffer(features({"x": 0, "y": 95}), KILOMETER)


def zigzag(count):
    return [[i / 1000, i % 2 / 10] for i in range(count)]


@pytest.mark.parametrize("geometry", [{"paths": [zigzag(300)]}, {"rings": [[*zigzag(300), [0, -5], [0, 0]]]}])
def test_a_buffer_of_many_vertices_is_that_of_its_whole_outline(geometry):
    (made,) = buffer(features(geometry, sr=None), LinearUnit(0.05, "esriUnknownUnits")).features
    (shape,) = parts_of(made["geometry"])
    (given_shape,) = parts_of(geometry)
    direct = given_shape.buffer(0.05, quad_segs=16)
    assert shapely.symmetric_difference(shape, direct).area < direct.area / 1000


@every_case(
    ("rings", "area"),
    [
        ([[[0, 0], [2, 2], [2, 0], [0, 2], [0, 0]]], 2),
        ([[[0, 0], [4, 0], [4, 4], [0, 4], [0, 0], [0, 0], [2, 0], [2, 2], [0, 2], [0, 0]]], 12),
        ([[[0, 0], [4, 0], [4, 4], [0, 4], [0, 0]], [[1, 1], [2, 1], [2, 2], [1, 2], [1, 1]]], 15),
        ([[[0, 0], [2, 0], [2, 2], [0, 2], [0, 0]], [[1, 0], [3, 0], [3, 2], [1, 2], [1, 0]]], 4),
        ([[[0, 0], [1, 1], [2, 2], [0, 0]]], 0),
        ([[[-n, -n], [n, -n], [n, n], [-n, n], [-n, -n]] for n in range(1, 400)], 4 * (400 * 399 / 2)),
    ],
)
def test_what_lies_within_an_odd_number_of_turns_is_inside(rings, area):
    (shape,) = parts_of({"rings": rings})
    assert shape.is_valid
    assert shape.area == pytest.approx(area)


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=3, max_size=12))
def test_a_tangled_ring_holds_what_an_odd_number_of_its_triangles_hold(vertices):
    first, *others = vertices
    triangles = [shapely.make_valid(shapely.Polygon((first, *pair))) for pair in pairwise(others)]
    (shape,) = parts_of({"rings": [[*map(list, vertices), list(first)]]})
    assert shape.is_valid
    assert shape.area == pytest.approx(reduce(shapely.symmetric_difference, triangles).area)


def test_a_buffer_cannot_reach_farther_than_a_quarter_round_the_earth():
    with pytest.raises(ToolFailed, match="10001 kilometers is too large"):
        buffer(features({"x": 0, "y": 0}), LinearUnit(LARGEST_BUFFER / 1000 + 1, "esriKilometers"))


def test_nothing_is_imported_until_a_geometry_moves():
    code = (
        "import sys, gp_mockserver.geometry.spatial, gp_mockserver.geometry.ground_buffers;"
        "print(sorted({'pyproj', 'shapely', 'numpy'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
