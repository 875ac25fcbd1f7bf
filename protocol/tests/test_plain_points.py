"""The short cut for plain points never says anything else than the long way, which knows every form."""

from __future__ import annotations

import json
from typing import Any

import pytest
from gp_protocol.errors import ProtocolError
from gp_protocol.values.feature_sets import decode_feature_set
from gp_protocol.values.plain_points import read_plain_points
from hypothesis import given
from hypothesis import strategies as st

from every_case import every_case

PLAIN = {
    "geometryType": "esriGeometryPoint",
    "spatialReference": {"wkid": 102100, "latestWkid": 3857},
    "fields": [{"name": "Height", "type": "esriFieldTypeDouble"}],
    "features": [{"geometry": {"x": 1.5, "y": -2}, "attributes": {"Height": 3.5}}],
}
DEFAULT = {
    "geometryType": "esriGeometryPoint",
    "spatialReference": {"wkid": 54003},
    "fields": [{"name": "OffsetA", "type": "esriFieldTypeDouble", "alias": "OffsetA"}],
    "features": [],
}

_odd = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=3)
_ordinates = st.floats(allow_nan=False, allow_infinity=False) | st.integers() | _odd
_geometries = st.fixed_dictionaries(
    {"x": _ordinates, "y": _ordinates},
    optional={"z": _ordinates, "spatialReference": st.just({"wkid": 4326}), "rings": st.just([])},
)
_attributes = st.dictionaries(st.sampled_from(["Height", "OffsetA", "Other"]), _odd, max_size=2)
_features = st.fixed_dictionaries(
    {"geometry": _geometries | st.none()}, optional={"attributes": _attributes | st.none(), "more": _odd}
)
_fields = st.fixed_dictionaries(
    {"name": st.sampled_from(["Height", "OffsetA", ""]) | _odd},
    optional={
        "type": st.sampled_from(["esriFieldTypeDouble", "esrifieldtypeoid", "esriFieldTypeInteger", "x"])
        | _odd,
        "alias": st.text(max_size=2) | st.none(),
        "length": st.integers(-1, 9) | st.none(),
        "domain": st.none(),
    },
)
_sets = st.fixed_dictionaries(
    {"features": st.lists(_features, max_size=3)},
    optional={
        "geometryType": st.sampled_from(["esriGeometryPoint", "esriGeometryPolygon", "", None]),
        "spatialReference": st.fixed_dictionaries(
            {},
            optional={"wkid": st.integers(-1, 5000) | _odd, "latestWkid": st.integers(0, 5000), "wkt": _odd},
        )
        | st.none(),
        "fields": st.lists(_fields, max_size=2),
        "hasZ": st.booleans(),
        "displayFieldName": st.just(""),
    },
)


@given(_sets, st.sampled_from([None, {}, DEFAULT, {**DEFAULT, "geometryType": "esriGeometryPolygon"}]))
def test_it_reads_what_the_long_way_reads_or_nothing(feature_set: Any, default: Any) -> None:
    short = read_plain_points(json.dumps(feature_set), default)
    try:
        long = decode_feature_set(feature_set, default)
    except ProtocolError:
        assert short is None
        return
    assert short is None or (short == long and repr(short) == repr(long))


@pytest.mark.parametrize("default", [None, DEFAULT])
def test_it_does_read_plain_points(default: Any) -> None:
    bare = {"features": [{"geometry": {"x": 1.5, "y": 2}}]}
    for plain in (PLAIN, bare, {**PLAIN, "fields": []}):
        assert read_plain_points(json.dumps(plain), default) == decode_feature_set(plain, default)


@every_case("text", ["", "{", "[]", "{'features': []}", '{"features": [{"geometry": {"x": 1e999, "y": 1}}]}'])
def test_it_leaves_what_is_no_strict_json_to_the_long_way(text: str) -> None:
    assert read_plain_points(text, None) is None
