"""Rings, paths and points in results: what no server may send is found at its place, what servers do send is
at most a note; in few features, which are looked at one by one, and in many, which are not."""

from __future__ import annotations

import json
from typing import Any

import pytest
from gp_protocol.descriptions.descriptors import Task, parse_task
from gpharness.checking.bodies import check_body

KINDS = {
    "x": "esriGeometryPoint",
    "points": "esriGeometryMultipoint",
    "paths": "esriGeometryPolyline",
    "rings": "esriGeometryPolygon",
}
KINDS |= {"curvePaths": KINDS["paths"], "curveRings": KINDS["rings"]}
SQUARE = [[0, 0], [0, 1], [1, 1], [0, 0]]
TRANSFORM = {"originPosition": "upperLeft", "scale": [1, 1], "translate": [0, 0]}
CIRCLE = [[0, 0], {"a": [[0, 0], [0, 1], 0, 1]}]

WRONG: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "open ring": ({"rings": [SQUARE, SQUARE[:3]]}, {}, "rings[1]"),
    "open ring of two": ({"rings": [[[0, 0], [1, 1]]]}, {}, "rings[0]"),
    "open ring with z": (
        {"rings": [[[0, 0, 1], [0, 1, 1], [1, 1, 1], [0, 2, 1]]]},
        {"hasZ": True},
        "rings[0]",
    ),
    "open ring of curves": ({"curveRings": [[[0, 0], {"c": [[3, 3], [1, 4]]}]]}, {}, "curveRings[0]"),
    "ring of nothing": ({"rings": [[]]}, {}, "rings[0]"),
    "path of nothing": ({"paths": [[[0, 0], [1, 1]], []]}, {}, "paths[1]"),
    "one number": ({"paths": [[[0, 0], [1]]]}, {}, "paths[0][1]"),
    "no list of vertices": ({"paths": [[0, 0], [1, 1]]}, {}, "paths[0][0]"),
    "list too deep": ({"paths": [[[[0, 0], [1, 1]]]]}, {}, "paths[0][0][0]"),
    "text": ({"rings": [[[0, 0], [0, "1"], [1, 1], [0, 0]]]}, {}, "rings[0][1][1]"),
    "boolean": ({"points": [[True, 0]]}, {}, "points[0][0]"),
    "NaN among numbers": ({"paths": [[["NaN", 0], [1, 1]]]}, {}, "paths[0][0][0]"),
    "null among numbers": ({"paths": [[[0, None], [1, 1]]]}, {}, "paths[0][0][1]"),
    "z unannounced": ({"paths": [[[0, 0, 5], [1, 1, 5]]]}, {}, "paths[0][0]"),
    "no z": ({"paths": [[[0, 0], [1, 1, 5]]]}, {"hasZ": True}, "paths[0][0]"),
    "no z, though the geometry says so": ({"hasZ": True, "paths": [[[0, 0], [1, 1]]]}, {}, "paths[0][0]"),
    "m without z": ({"paths": [[[0, 0], [1, 1, 5, 6]]]}, {"hasZ": True, "hasM": True}, "paths[0][0]"),
    "too many": ({"paths": [[[0, 0, 1, 2, 3], [1, 1]]]}, {"hasM": True}, "paths[0][0]"),
    "no curve": ({"curvePaths": [[[0, 0], {"q": [[1, 1]]}]]}, {}, "curvePaths[0][1]"),
    "a curve from nowhere": ({"curvePaths": [[{"c": [[1, 1], [0, 1]]}]]}, {}, "curvePaths[0][0]"),
    "half a point": ({"x": 1}, {}, "y"),
    "point of texts": ({"x": 1, "y": "2"}, {}, "y"),
}
LEGAL: dict[str, tuple[dict[str, Any], dict[str, Any], bool]] = {
    "closed": ({"rings": [SQUARE, SQUARE]}, {}, False),
    "closed where m runs on": ({"rings": [[[*xy, m] for m, xy in enumerate(SQUARE)]]}, {"hasM": True}, False),
    "circle": ({"curveRings": [CIRCLE]}, {}, False),
    "empty polygon": ({"rings": []}, {}, False),
    "empty line": ({"paths": []}, {}, False),
    "empty multipoint": ({"points": []}, {}, False),
    "empty point": ({"x": "NaN", "y": "NaN"}, {}, False),
    "m here and there": ({"paths": [[[0, 0, 5], [1, 1]]]}, {"hasM": True}, False),
    "z everywhere, m here and there": (
        {"hasZ": True, "hasM": True, "paths": [[[0, 0, 1, 5], [1, 1, 1]]]},
        {"hasZ": True, "hasM": True},
        False,
    ),
    "flat in a set with z": ({"hasZ": False, "paths": [[[0, 0], [1, 1]]]}, {"hasZ": True}, False),
    "differences": ({"rings": [[[5, 5], [0, 1], [1, 0]]]}, {"transform": TRANSFORM}, False),
    "ring that has shrunk": ({"rings": [SQUARE, [[0, 0], [1, 1], [0, 0]]]}, {}, True),
    "ring of one": ({"rings": [[[0, 0]]]}, {}, True),
    "path of one": ({"paths": [[[0, 0]]]}, {}, True),
    "m unknown": ({"paths": [[[0, 0, None], [1, 1, "NaN"]]]}, {"hasM": True}, True),
}


def found(
    geometry: dict[str, Any],
    members: dict[str, Any],
    count: int,
    kind: str = "result",
    *,
    task: Task | None = None,
    **more: str,
) -> list[Any]:
    feature = {"attributes": {"a": "b"}, "geometry": geometry}
    value = {
        "geometryType": next(KINDS[key] for key in geometry if key in KINDS),
        "spatialReference": {"wkid": 4326},
        "fields": [{"name": "a", "type": "esriFieldTypeString"}],
        "features": [feature] * count,
        **members,
    }
    body = {"paramName": "Out", "dataType": "GPFeatureRecordSetLayer", "value": value}
    asked = {"f": "json", "returnTrueCurves": "true", **more}
    return check_body(json.dumps(body).encode(), kind, task=task, asked=asked).findings


@pytest.mark.parametrize("count", [1, 30])
def test_a_geometry_that_no_server_may_send_is_found_where_it_stands(count: int) -> None:
    for name, (geometry, members, place) in WRONG.items():
        each = found(geometry, members, count)
        told = [(one.name, one.severity, one.path) for one in each if one.severity != "note"]
        path = f"value.features[0].geometry.{place}"
        assert told == [("value.features", "breaking", path)], (name, told)


@pytest.mark.parametrize("count", [1, 30])
def test_a_geometry_that_servers_send_is_a_note_at_most(count: int) -> None:
    for name, (geometry, members, is_odd) in LEGAL.items():
        severities = {each.severity for each in found(geometry, members, count)}
        assert severities == ({"note"} if is_odd else set()), name


def test_an_open_ring_that_a_client_sent_is_not_the_servers() -> None:
    for kind in ("input", "auto"):
        assert {each.severity for each in found({"rings": [SQUARE[:3]]}, {}, 1, kind)} == {"note"}


@pytest.mark.parametrize("count", [1, 30])
def test_an_open_ring_that_comes_back_as_it_was_sent_is_a_note(count: int) -> None:
    odd: list[tuple[dict[str, Any], dict[str, Any]]] = [
        ({"rings": [SQUARE[:3]]}, {}),
        ({"paths": [[[0, 0], [1, 1]]]}, {"hasZ": True}),
    ]
    for geometry, members in odd:
        asked = {"features": [{"geometry": geometry}], **members}
        for sent in (json.dumps(asked), str(asked), json.dumps([asked])):
            assert {each.severity for each in found(geometry, members, count, In=sent)} == {"note"}
    sound = json.dumps({"features": [{"geometry": {"rings": [SQUARE]}}]})
    assert {each.severity for each in found({"rings": [SQUARE[:3]]}, {}, count, In=sound)} == {"breaking"}


@pytest.mark.parametrize("default", [None, {"spatialReference": {"wkid": 4326}}])
def test_features_sent_without_a_spatial_reference_may_come_back_without(default: Any) -> None:
    parameter = {
        "name": "In",
        "dataType": "GPFeatureRecordSetLayer",
        "direction": "esriGPParameterDirectionInput",
        "parameterType": "esriGPParameterTypeRequired",
        "defaultValue": default,
    }
    output = {**parameter, "name": "Out", "direction": "esriGPParameterDirectionOutput"}
    task = parse_task({"name": "Tool", "parameters": [parameter, output]})
    bare = json.dumps({"features": [{"geometry": {"x": 1, "y": 2}}]})
    placed = json.dumps({"features": [{"geometry": {"x": 1, "y": 2, "spatialReference": {"wkid": 4326}}}]})
    for asked, may_lack in (
        ({"In": bare}, True),
        ({"In": placed}, False),
        ({"In": bare, "outSR": "4326"}, False),
    ):
        (only,) = found({"x": 1, "y": 2}, {"spatialReference": None}, 1, task=task, **asked)
        severity = "note" if may_lack and default is None else "breaking"
        assert (only.name, only.severity) == ("value.spatial-reference", severity)
