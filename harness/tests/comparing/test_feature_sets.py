"""Feature sets are multisets: order, object ids, the start of a ring and noise in the last digits make no
difference, and one thing that is changed makes one."""

from __future__ import annotations

import copy
import math
import random
from collections.abc import Callable
from typing import Any

import pytest
from gpharness.comparing.values import compare_values
from gpharness.contracts.contract import Floats, Varies
from hypothesis import given, settings
from hypothesis import strategies as st

VARIES = Varies()
TYPE = "GPFeatureRecordSetLayer"
FIELDS = [
    {"name": "OBJECTID", "type": "esriFieldTypeOID", "alias": "OBJECTID"},
    {"name": "Name", "type": "esriFieldTypeString", "alias": "Name", "length": 50},
    {"name": "Value", "type": "esriFieldTypeDouble", "alias": "The value"},
    {"name": "Kind", "type": "esriFieldTypeInteger", "alias": "Kind"},
]
derandomised = settings(derandomize=True, deadline=None, max_examples=60)


def ring(x: float, y: float, corners: int = 5, size: float = 10.0) -> list[list[float]]:
    angles = [-2 * math.pi * i / corners for i in range(corners)]
    open_ring = [[x + size * math.cos(a), y + size * math.sin(a)] for a in angles]
    return [*open_ring, list(open_ring[0])]


def polygons(count: int, corners: int = 5, seed: int = 1) -> dict[str, Any]:
    chance = random.Random(seed)
    return {
        "displayFieldName": "",
        "geometryType": "esriGeometryPolygon",
        "spatialReference": {"wkid": 102100, "latestWkid": 3857},
        "fields": copy.deepcopy(FIELDS),
        "features": [
            {
                "attributes": {
                    "OBJECTID": i + 1,
                    "Name": f"zone {i % 7}",
                    "Value": chance.uniform(1, 100),
                    "Kind": i % 3,
                },
                "geometry": {
                    "rings": [
                        ring(i % 100 * 100.0, i // 100 * 100.0, corners),
                        ring(i % 100 * 100.0, i // 100 * 100.0, corners, 4.0)[::-1],
                    ]
                },
            }
            for i in range(count)
        ],
        "exceededTransferLimit": False,
    }


def disguised(value: dict[str, Any], seed: int) -> dict[str, Any]:
    """The same with all that may differ."""
    chance = random.Random(seed)
    found = noisy(copy.deepcopy(value), chance)
    for feature in found["features"]:
        rings = [turned(each, chance.randrange(len(each))) for each in feature["geometry"]["rings"]]
        chance.shuffle(rings)
        if chance.random() < 0.5:
            rings = [each[::-1] for each in rings]
        feature["geometry"]["rings"] = rings
        feature["attributes"] = dict(sorted(feature["attributes"].items(), key=lambda _: chance.random()))
    chance.shuffle(found["features"])
    for i, feature in enumerate(found["features"]):
        feature["attributes"]["OBJECTID"] = 1000 + i
    chance.shuffle(found["fields"])
    del found["exceededTransferLimit"]
    found["spatialReference"] = {"wkid": 3857}
    return dict(reversed(found.items()))


def turned(points: list[list[float]], start: int) -> list[list[float]]:
    open_ring = points[:-1]
    moved = open_ring[start:] + open_ring[:start]
    return [*moved, list(moved[0])]


def noisy(value: Any, chance: random.Random) -> Any:
    match value:
        case float():
            return value * (1 + chance.uniform(-4e-10, 4e-10))
        case list():
            return [noisy(each, chance) for each in value]
        case dict():
            return {key: noisy(each, chance) for key, each in value.items()}
    return value


@given(count=st.integers(1, 30), seed=st.integers(0, 10**6))
@derandomised
def test_what_may_differ_makes_no_difference(count: int, seed: int) -> None:
    value = polygons(count, seed=seed)
    assert compare_values(value, disguised(value, seed), TYPE, VARIES) == []


Mutation = Callable[[dict[str, Any], int], str]


def _set_attribute(name: str, new: Any) -> Mutation:
    def change(value: dict[str, Any], place: int) -> str:
        value["features"][place]["attributes"][name] = new
        return f"features[{place}].attributes.{name}"

    return change


def _drop_attribute(value: dict[str, Any], place: int) -> str:
    del value["features"][place]["attributes"]["Kind"]
    return f"features[{place}].attributes.Kind"


def _drop_feature(value: dict[str, Any], place: int) -> str:
    del value["features"][place]
    return f"features[{place}]"


def _double_feature(value: dict[str, Any], place: int) -> str:
    value["features"].append(copy.deepcopy(value["features"][place]))
    return f"features[{len(value['features']) - 1}]"


def _move_vertex(value: dict[str, Any], place: int) -> str:
    value["features"][place]["geometry"]["rings"][0][2][0] += 0.01
    return f"features[{place}].geometry.rings[0][2]"


def _drop_vertex(value: dict[str, Any], place: int) -> str:
    del value["features"][place]["geometry"]["rings"][0][2]
    return f"features[{place}].geometry.rings[0]"


def _drop_ring(value: dict[str, Any], place: int) -> str:
    del value["features"][place]["geometry"]["rings"][1]
    return f"features[{place}].geometry.rings[1]"


def _open_ring(value: dict[str, Any], place: int) -> str:
    value["features"][place]["geometry"]["rings"][0][0] = [0.5, 0.25]
    return f"features[{place}].geometry.rings[0][0]"


def _reverse_one_ring(value: dict[str, Any], place: int) -> str:
    value["features"][place]["geometry"]["rings"][1].reverse()
    return f"features[{place}].geometry.rings[1]"


def _null_geometry(value: dict[str, Any], place: int) -> str:
    value["features"][place]["geometry"] = None
    return f"features[{place}].geometry"


def _head(key: str, new: Any, path: str = "") -> Mutation:
    def change(value: dict[str, Any], place: int) -> str:
        value[key] = new
        return path or key

    return change


def _field(key: str, new: Any) -> Mutation:
    def change(value: dict[str, Any], place: int) -> str:
        value["fields"][2][key] = new
        return f"fields[Value].{key}"

    return change


def _drop_field_and_values(value: dict[str, Any], place: int) -> str:
    del value["fields"][3]
    for feature in value["features"]:
        del feature["attributes"]["Kind"]
    return "fields[Kind]"


def _retype_field_and_values(value: dict[str, Any], place: int) -> str:
    value["fields"][2]["type"] = "esriFieldTypeString"
    for feature in value["features"]:
        feature["attributes"]["Value"] = str(feature["attributes"]["Value"])
    return "fields[Value].type"


def _add_field(value: dict[str, Any], place: int) -> str:
    value["fields"].append({"name": "More", "type": "esriFieldTypeDouble", "alias": "More"})
    for i, feature in enumerate(value["features"]):
        feature["attributes"]["More"] = i
    return "fields[More]"


MUTATIONS: dict[str, Mutation] = {
    "another text": _set_attribute("Name", "elsewhere"),
    "a text for a number": _set_attribute("Value", "12"),
    "null": _set_attribute("Value", None),
    "texts for numbers, as the field's type says": _retype_field_and_values,
    "another number": _set_attribute("Value", 1e6),
    "another whole number": _set_attribute("Kind", 77),
    "true for a number": _set_attribute("Kind", True),
    "one more attribute": _set_attribute("New", 1),
    "an attribute less": _drop_attribute,
    "a feature less": _drop_feature,
    "a feature twice": _double_feature,
    "a vertex elsewhere": _move_vertex,
    "a vertex less": _drop_vertex,
    "a ring less": _drop_ring,
    "a ring that is open": _open_ring,
    "a hole that is none": _reverse_one_ring,
    "no geometry": _null_geometry,
    "another reference": _head("spatialReference", {"wkid": 4326}),
    "no reference": _head("spatialReference", None),
    "another kind of geometry": _head("geometryType", "esriGeometryPolyline"),
    "z": _head("hasZ", True),
    "the limit": _head("exceededTransferLimit", True),
    "another display field": _head("displayFieldName", "Name"),
    "one more member": _head("uniqueIdField", {"name": "OBJECTID"}),
    "features that are none": _head("features", None, " "),
    "another field type": _field("type", "esriFieldTypeSingle"),
    "another alias": _field("alias", "Wert"),
    "a field less": _drop_field_and_values,
    "a field more": _add_field,
}


@pytest.mark.parametrize("what", MUTATIONS)
@pytest.mark.parametrize("count", [1, 12])
def test_one_change_is_one_difference_and_its_path_leads_there(what: str, count: int) -> None:
    value = polygons(count)
    other = copy.deepcopy(value)
    path = MUTATIONS[what](other, count // 2).strip()
    assert [each.path for each in compare_values(value, other, TYPE, VARIES)] == [path]


@given(count=st.integers(2, 20), seed=st.integers(0, 10**6), name=st.sampled_from(["Name", "Value", "Kind"]))
@derandomised
def test_one_change_is_found_below_all_that_may_differ(count: int, seed: int, name: str) -> None:
    value = polygons(count, seed=seed)
    other = copy.deepcopy(value)
    place = seed % count
    other["features"][place]["attributes"][name] = {"Name": "x", "Value": -5.5, "Kind": 99}[name]
    found = compare_values(value, disguised(other, seed), TYPE, VARIES)
    assert [each.path for each in found] == [f"features[{place}].attributes.{name}"]


def test_object_ids_and_order_count_where_the_contract_says_so() -> None:
    value = polygons(3)
    other = copy.deepcopy(value)
    other["features"].reverse()
    assert compare_values(value, other, TYPE, VARIES) == []
    found = compare_values(value, other, TYPE, Varies(feature_order=False))
    assert [each.path for each in found] == ["features"]
    other = copy.deepcopy(value)
    other["features"][1]["attributes"]["OBJECTID"] = 9
    assert compare_values(value, other, TYPE, VARIES) == []
    found = compare_values(value, other, TYPE, Varies(ids=False))
    assert [each.path for each in found] == ["features[1].attributes.OBJECTID"]


def test_numbers_may_differ_by_the_contracts_tolerance() -> None:
    value, other = polygons(4), polygons(4)
    for feature in other["features"]:
        feature["attributes"]["Value"] += 0.4
    assert len(compare_values(value, other, TYPE, VARIES)) == 4
    assert compare_values(value, other, TYPE, Varies(floats=Floats(0.0, 0.5))) == []


def test_near_features_are_paired_so_that_all_fit_where_the_tolerance_is_wide() -> None:
    """Each of the first two fits the middle one; only one way to pair leaves none over."""
    rows = {"features": [{"attributes": {"V": v}} for v in (1.0, 1.8, 2.6)]}
    others = {"features": [{"attributes": {"V": v}} for v in (1.9, 0.9, 3.1)]}
    assert compare_values(rows, others, "GPRecordSet", Varies(floats=Floats(0.0, 1.0))) == []
    assert compare_values(rows, others, "GPRecordSet", Varies(floats=Floats(0.0, 0.4)))


@pytest.mark.parametrize(
    ("geometry", "other", "path"),
    [
        ({"x": 1, "y": 2}, {"x": 1, "y": 2.0000000001}, None),
        ({"x": 1, "y": 2}, {"x": 1, "y": 3}, "geometry.y"),
        ({"x": "NaN", "y": "NaN"}, {"x": "NaN", "y": "NaN"}, None),
        ({"x": 1, "y": 2}, {"x": 1, "y": 2, "z": 3}, "geometry.z"),
        ({"points": [[1, 2], [3, 4]]}, {"points": [[3, 4], [1, 2]]}, None),
        ({"points": [[1, 2], [3, 4]]}, {"points": [[3, 4], [1, 5]]}, "geometry.points[0]"),
        (
            {"paths": [[[1, 2], [3, 4]], [[5, 6], [7, 8]]]},
            {"paths": [[[5, 6], [7, 8]], [[1, 2], [3, 4]]]},
            None,
        ),
        ({"paths": [[[1, 2], [3, 4]]]}, {"paths": [[[3, 4], [1, 2]]]}, "geometry.paths[0]"),
        ({"rings": []}, {"rings": []}, None),
        ({"rings": [[[0, 0], [0, 1], [1, 1], [0, 0]]]}, {"rings": [[[0, 0], [1, 1], [0, 1], [0, 0]]]}, None),
        (
            {"rings": [[[0, 0, 5], [0, 1, 5], [1, 1, 5], [0, 0, 5]]]},
            {"rings": [[[0, 1, 5], [1, 1, 5], [0, 0, 5], [0, 1, 5]]]},
            None,
        ),
        (
            {"curvePaths": [[[0, 0], {"c": [[3, 3], [1, 4]]}]]},
            {"curvePaths": [[[0, 0], {"c": [[3, 3], [1, 5]]}]]},
            "geometry.curvePaths[0][1].c[1][1]",
        ),
        (
            {"xmin": 0, "ymin": 0, "xmax": 1, "ymax": 1},
            {"xmin": 0, "ymin": 0, "xmax": 1, "ymax": 2},
            "geometry.ymax",
        ),
        (
            {"x": 1, "y": 2, "spatialReference": {"wkid": 3857}},
            {"x": 1, "y": 2, "spatialReference": {"wkid": 102100}},
            None,
        ),
    ],
)
def test_geometries_are_the_same_where_they_are_in_the_same_place(
    geometry: Any, other: Any, path: str | None
) -> None:
    one = {"features": [{"attributes": {}, "geometry": geometry}]}
    two = {"features": [{"attributes": {}, "geometry": other}]}
    expected = [] if path is None else [f"features[0].{path}"]
    assert [each.path for each in compare_values(one, two, TYPE, VARIES)] == expected


def test_a_feature_collection_is_compared_as_features() -> None:
    value = {"layerDefinition": {"name": "L", "fields": FIELDS}, "featureSet": polygons(5)}
    other = {
        "layerDefinition": {"name": "L", "fields": FIELDS[::-1]},
        "featureSet": disguised(polygons(5), 3),
    }
    assert compare_values(value, other, TYPE, VARIES) == []
    other["featureSet"]["features"].pop()
    found = compare_values(value, other, TYPE, VARIES)
    assert [each.met for each in found] == ["nothing"]
    assert found[0].path.startswith("featureSet.features[")


def test_a_table_without_fields_has_the_usual_object_ids() -> None:
    rows = {"features": [{"attributes": {"OBJECTID": i, "V": i * 10}} for i in range(5)]}
    others = {"features": [{"attributes": {"OBJECTID": i + 7, "V": i * 10}} for i in range(5)]}
    assert compare_values(rows, others, "GPRecordSet", VARIES) == []


@pytest.mark.parametrize("value", [float("nan"), 2**80, "\ud800", 1e308])
def test_any_number_and_any_text_can_be_compared(value: Any) -> None:
    rows = {"features": [{"attributes": {"V": value, "W": 1.5}}, {"attributes": {"V": None, "W": 2.5}}]}
    assert compare_values(rows, copy.deepcopy(rows), "GPRecordSet", VARIES) == []
    others = {"features": [{"attributes": {"V": 3, "W": 1.5}}, {"attributes": {"V": None, "W": 2.5}}]}
    assert [e.path for e in compare_values(rows, others, "GPRecordSet", VARIES)] == [
        "features[0].attributes.V"
    ]


def test_ten_thousand_features_take_seconds_not_minutes() -> None:
    """Time in the square of the number would be more than a test may take."""
    value = polygons(10_000, corners=4)
    for feature in value["features"]:
        feature["geometry"]["rings"].pop()
    other = disguised(value, 5)
    other["features"][17]["attributes"]["Name"] = "elsewhere"
    found = compare_values(value, other, TYPE, VARIES)
    assert len(found) == 1
