from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import pytest
from gp_protocol.errors import RemoteProtocolError
from gp_protocol.values.geometries import geometry_type_of, read_geometry, read_geometry_type, write_geometry

from every_case import every_case

POINT, MULTIPOINT = "esriGeometryPoint", "esriGeometryMultipoint"
POLYLINE, POLYGON, ENVELOPE = "esriGeometryPolyline", "esriGeometryPolygon", "esriGeometryEnvelope"
RING = [[0, 0], [0, 1], [1, 1], [0, 0]]


def write(geometry: Any, kind: str, has: str = "", keep: str = "", curves: bool = False) -> Any:
    return write_geometry(
        geometry,
        kind,
        has_z="z" in has,
        has_m="m" in has,
        with_z="z" in keep,
        with_m="m" in keep,
        true_curves=curves,
    )


@every_case(
    ("geometry", "kind", "has", "read"),
    [
        ({"x": 1.5, "y": -2, "spatialReference": {"wkid": 4326}}, POINT, "", {"x": 1.5, "y": -2}),
        ({"x": 1, "y": 2, "z": 3, "m": None}, POINT, "z", {"x": 1, "y": 2, "z": 3}),
        ({"x": 1, "y": 2, "z": "NaN", "m": 4}, POINT, "zm", {"x": 1, "y": 2, "m": 4}),
        ({"points": [[1, 2], [3, 4]], "hasZ": False}, MULTIPOINT, "", {"points": [[1, 2], [3, 4]]}),
        ({"paths": [[[1, 2, 3], [3, 4, None]]]}, POLYLINE, "m", {"paths": [[[1, 2, 3], [3, 4, None]]]}),
        ({"paths": [[[1, 2, "NaN", 4], [3, 4]]]}, POLYLINE, "zm", {"paths": [[[1, 2, None, 4], [3, 4]]]}),
        ({"rings": [RING], "paths": None}, POLYGON, "", {"rings": [RING]}),
        (
            {"xmin": 0, "ymin": 1, "xmax": 2, "ymax": 3},
            ENVELOPE,
            "",
            {"xmin": 0, "ymin": 1, "xmax": 2, "ymax": 3},
        ),
    ],
)
def test_geometries_are_read(geometry: Any, kind: str, has: str, read: Any) -> None:
    assert read_geometry(geometry, kind, "z" in has, "m" in has) == read
    assert geometry_type_of(read) == kind


@every_case(
    ("geometry", "kind"),
    [
        (None, POINT),
        ({}, POLYGON),
        ({}, POINT),
        ({"x": None}, POINT),
        ({"x": None, "y": None}, POINT),
        ({"x": "NaN", "y": "NaN"}, POINT),
        ({"points": []}, MULTIPOINT),
        ({"paths": []}, POLYLINE),
        ({"rings": []}, POLYGON),
        ({"xmin": "NaN", "ymin": "NaN", "xmax": "NaN", "ymax": "NaN"}, ENVELOPE),
    ],
)
def test_every_empty_geometry_is_none(geometry: Any, kind: str) -> None:
    assert read_geometry(geometry, kind, False, False) is None
    assert write(geometry, kind) is None


@every_case(
    ("geometry", "kind", "path"),
    [
        ([1, 2], POINT, ""),
        ({"rings": [RING]}, POINT, ""),
        ({"x": 1}, POINT, "y"),
        ({"x": "a", "y": 1}, POINT, "x"),
        ({"x": True, "y": 1}, POINT, "x"),
        ({"x": float("nan"), "y": 1.0}, POINT, "x"),
        ({"x": 10**400, "y": 1}, POINT, "x"),
        ({"x": 1, "y": 1}, POLYGON, ""),
        ({"paths": [RING]}, POLYGON, ""),
        ({"rings": {}}, POLYGON, "rings"),
        ({"rings": [1]}, POLYGON, "rings[0]"),
        ({"rings": [RING, [[0, 0], [1]]]}, POLYGON, "rings[1][1]"),
        ({"rings": [[[0, 0], [1, float("inf")]]]}, POLYGON, "rings[0][1][1]"),
        ({"rings": [[[0, 0], [1, None]]]}, POLYGON, "rings[0][1][1]"),
        ({"rings": [[[0, 0], [1, 10**400]]]}, POLYGON, "rings[0][1][1]"),
        ({"rings": [["ab", "cd"]]}, POLYGON, "rings[0][0]"),
        ({"points": [[0, 0, 0]]}, MULTIPOINT, "points[0]"),
        ({"curvePaths": [[{"c": [[0, 0], [1, 1]]}]]}, POLYLINE, "curvePaths[0]"),
        ({"curvePaths": [[[0, 0], {"c": [[0, 0]]}]]}, POLYLINE, "curvePaths[0][1]"),
        ({"curvePaths": [[[0, 0], {"q": [[0, 0], [1, 1]]}]]}, POLYLINE, "curvePaths[0][1]"),
        ({"curvePaths": [[[0, 0], {"b": [[0, 0], [1, 1], [None, 1]]}]]}, POLYLINE, "curvePaths[0][1]"),
    ],
)
def test_other_geometries_are_refused_at_their_place(geometry: Any, kind: str, path: str) -> None:
    with pytest.raises(RemoteProtocolError) as caught:
        read_geometry(geometry, kind, False, False)
    assert caught.value.path == path


def test_vertices_with_more_ordinates_than_announced_are_told_of_has_z() -> None:
    with pytest.raises(RemoteProtocolError, match='say "hasZ": true'):
        read_geometry({"rings": [[[0, 0, 5]]]}, POLYGON, False, False)
    assert read_geometry({"rings": [[[0, 0, 5]]]}, POLYGON, False, False, any_size=True) is not None


@every_case(
    ("has", "keep", "written"),
    [
        ("zm", "zm", {"hasZ": True, "hasM": True, "paths": [[[1, 2, 3, 4], [5, 6, 7, 8]]]}),
        ("zm", "z", {"hasZ": True, "paths": [[[1, 2, 3], [5, 6, 7]]]}),
        ("zm", "m", {"hasM": True, "paths": [[[1, 2, 4], [5, 6, 8]]]}),
        ("zm", "", {"paths": [[[1, 2], [5, 6]]]}),
    ],
)
def test_z_and_m_leave_where_they_are_asked_for(has: str, keep: str, written: Any) -> None:
    geometry = {"paths": [[[1, 2, 3, 4], [5, 6, 7, 8]]]}
    assert write(geometry, POLYLINE, has, keep) == written
    assert geometry == {"paths": [[[1, 2, 3, 4], [5, 6, 7, 8]]]}


def test_m_alone_is_the_third_ordinate_and_says_so_in_the_geometry() -> None:
    geometry = {"paths": [[[1, 2, 9], [5, 6, 9]]]}
    assert write(geometry, POLYLINE, "m", "zm") == {"hasM": True, "paths": [[[1, 2, 9], [5, 6, 9]]]}
    assert write(geometry, POLYLINE, "m") == {"paths": [[[1, 2], [5, 6]]]}


def test_points_leave_has_z_to_their_set() -> None:
    point = {"x": 1.0, "y": 2.0, "z": 3.0, "m": 4.0}
    assert write(point, POINT, "zm", "zm") == point
    assert write(point, POINT, "zm", "z") == {"x": 1.0, "y": 2.0, "z": 3.0}
    assert write(point, POINT, "zm") == {"x": 1.0, "y": 2.0}


HALF_CIRCLE = {"c": [[10, 0], [5, 5]]}


def test_curves_leave_as_they_are_where_they_are_asked_for() -> None:
    geometry = {"curveRings": [[[0, 0, 1], HALF_CIRCLE | {"c": [[10, 0, 3], [5, 5]]}, [0, 0, 1]]]}
    assert write(geometry, POLYGON, "z", "z", curves=True) == {"hasZ": True} | geometry
    assert write(geometry, POLYGON, "z", "", curves=True) == {"curveRings": [[[0, 0], HALF_CIRCLE, [0, 0]]]}


@every_case(
    ("start", "curve", "center", "radius", "turn"),
    [
        ([0, 0], HALF_CIRCLE, (5, 0), 5, -math.pi),
        ([0, 0], {"c": [[10, 0], [5, -5]]}, (5, 0), 5, math.pi),
        ([0, 0], {"c": [[0, 0], [10, 0]]}, (5, 0), 5, math.tau),
        ([10, 0], {"a": [[0, 10], [0, 0], 1, 0]}, (0, 0), 10, math.pi / 2),
        ([10, 0], {"a": [[0, 10], [0, 0], 0, 1]}, (0, 0), 10, -math.pi * 1.5),
        ([10, 0], {"a": [[0, 10], [0, 0], 1, 0, 0.5, 10, 1]}, (0, 0), 10, math.pi / 2),
    ],
)
def test_an_arc_becomes_straight_segments_on_its_circle(
    start: list[float], curve: Any, center: tuple[float, float], radius: float, turn: float
) -> None:
    (path,) = write({"curvePaths": [[start, curve]]}, POLYLINE)["paths"]
    ((end, *_),) = curve.values()
    assert path[0] == start
    assert path[-1] == end
    assert len(path) - 1 == pytest.approx(abs(turn) / math.tau * 64)
    for x, y in path:
        assert math.dist((x, y), center) == pytest.approx(radius)
    angles = [math.atan2(y - center[1], x - center[0]) for x, y in path]
    steps = [math.remainder(after - before, math.tau) for before, after in pairwise(angles)]
    assert math.fsum(steps) == pytest.approx(turn)


def test_an_elliptic_arc_stays_on_its_ellipse() -> None:
    (path,) = write({"curvePaths": [[[20, 0], {"a": [[-20, 0], [0, 0], 0, 0, 0, 20, 0.5]}]]}, POLYLINE)[
        "paths"
    ]
    assert len(path) == 33
    assert path[16] == pytest.approx([0, 10])
    for x, y in path:
        assert (x / 20) ** 2 + (y / 10) ** 2 == pytest.approx(1)


def test_a_bezier_curve_passes_its_middle_and_z_runs_evenly() -> None:
    geometry = {"curvePaths": [[[0, 0, 0], {"b": [[10, 0, 32], [0, 10], [10, 10]]}]]}
    (path,) = write(geometry, POLYLINE, "z", "z")["paths"]
    assert len(path) == 33
    assert path[16] == pytest.approx([5, 7.5, 16])


def test_collinear_arcs_are_straight_and_endless_ones_are_refused() -> None:
    assert write({"curvePaths": [[[0, 0], {"c": [[10, 0], [5, 0]]}]]}, POLYLINE) == {
        "paths": [[[0, 0], [10, 0]]]
    }
    with pytest.raises(RemoteProtocolError, match="a curve of finite size"):
        write({"curvePaths": [[[0, 1], {"c": [[1e300, 0], [1e200, 1e300]]}]]}, POLYLINE)


def test_geometry_types_read_in_any_case_and_suggest_the_nearest() -> None:
    assert read_geometry_type("esrigeometrypolygon") == POLYGON
    with pytest.raises(RemoteProtocolError, match=r'did you mean "esriGeometryPolygon"\?'):
        read_geometry_type("esriGeometryPoligon")
