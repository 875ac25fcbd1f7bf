"""Values of every data type cross the wire both ways, and shrink to what is plain."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from gp_protocol.descriptions.descriptors import parse_parameter
from gp_protocol.descriptions.parameter_checks import check_value
from gp_protocol.errors import RemoteProtocolError
from gp_protocol.json_text import encode_json
from gp_protocol.lenient_json import decode_json
from gp_protocol.values.data_types import DATA_TYPES, OutputOptions, data_type
from gp_protocol.values.feature_sets import FeatureSet
from gp_protocol.values.literals import long_limits
from gpharness.checking.bodies import check_body
from gpharness.strategies import feature_sets, record_sets, values
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st

EVERYTHING = OutputOptions(return_z=True, return_m=True)


def smallest(strategy: st.SearchStrategy[Any], condition: Any = None) -> Any:
    how = settings(database=None, derandomize=True, phases=[Phase.generate, Phase.shrink])
    return find(strategy, condition or (lambda drawn: True), settings=how)


def spec(name: str) -> Any:
    members: list[dict[str, Any]] = [
        {"name": "Name", "dataType": "GPString"},
        {"name": "Share", "dataType": "GPDouble"},
    ]
    if name.endswith("GPComposite"):
        members = [{"dataType": "GPLong"}, {"dataType": "GPString"}]
    return parse_parameter({"name": "P", "dataType": name, "parameterInfos": members})


@pytest.mark.parametrize("name", DATA_TYPES)
def test_a_value_goes_in_and_comes_out_as_it_was(name: str) -> None:
    kind, parameter = data_type(name), spec(name)

    @given(values(name, parameter))
    @settings(max_examples=settings.default.max_examples // 4)
    def holds(value: Any) -> None:
        assert kind.decode_input(kind.encode_input(value, parameter), parameter) == value
        answered = decode_json(encode_json(kind.encode_output(value, EVERYTHING, parameter)), strict=True)
        back = kind.decode_output(answered, parameter)
        assert back == value or name == "GPComposite"  # which comes out as what it holds
        check_value(parameter, value)

    holds()


@pytest.mark.parametrize("name", DATA_TYPES)
def test_texts_are_read_by_a_server_and_outputs_by_a_client(name: str) -> None:
    kind, parameter = data_type(name), spec(name)

    @given(values(name, parameter, form="input"), values(name, parameter, form="output"))
    @settings(max_examples=settings.default.max_examples // 4)
    def holds(text: str, answered: Any) -> None:
        read = kind.decode_input(text, parameter)
        assert read is not None
        assert kind.decode_input(kind.encode_input(read, parameter), parameter) == read
        assert kind.decode_output(answered, parameter) is not None
        if not name.endswith("GPComposite"):  # which no answer names as its type
            body = encode_json({"paramName": "P", "dataType": name, "value": answered})
            assert not [each for each in check_body(body, "result").findings if each.severity != "note"]

    holds()


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("GPBoolean", "false"),
        ("GPLong", "0"),
        ("GPString", "a"),
        ("GPDate", "1577836800000"),
        ("GPLinearUnit", '{"distance": 1.0, "units": "esriMeters"}'),
        ("GPMultiValue:GPLong", "[0]"),
        ("GPExtent", '{"xmin": 0.0, "ymin": 0.0, "xmax": 1.0, "ymax": 1.0}'),
        ("GPValueTable", '[["a", 0.0]]'),
        ("GPComposite", '{"dataType": "GPLong", "value": 0}'),
        ("GPSpatialReference", '{"wkid": 4326}'),
    ],
)
def test_the_smallest_texts_are_plain(name: str, text: str) -> None:
    assert smallest(values(name, form="input")) == text


@pytest.mark.parametrize(
    ("kind", "geometry"),
    [
        ("esriGeometryPoint", {"x": 0, "y": 0}),
        ("esriGeometryMultipoint", {"points": [[0, 0]]}),
        ("esriGeometryPolyline", {"paths": [[[0, 0], [1, 1]]]}),
        ("esriGeometryPolygon", {"rings": [[[0, 0], [0, 1], [1, 1], [1, 0], [0, 0]]]}),
        ("esriGeometryEnvelope", {"xmin": 0, "ymin": 0, "xmax": 1, "ymax": 1}),
    ],
)
def test_the_smallest_features_are_one_at_0_0_without_attributes(kind: str, geometry: dict[str, Any]) -> None:
    drawn = smallest(feature_sets({"geometryType": kind}))
    assert drawn.features == [{"attributes": {}, "geometry": geometry}]
    assert drawn.fields == ()


def test_what_is_looked_for_stays_and_the_rest_goes() -> None:
    drawn = smallest(
        feature_sets(),
        lambda each: (
            each.geometry_type.endswith("Point")
            and len(each.features) > 1
            and each.features[1]["geometry"]["x"] > 10
        ),
    )
    assert [each["geometry"] for each in drawn.features] == [{"x": 0, "y": 0}, {"x": 11, "y": 0}]


@given(feature_sets({"geometryType": "esriGeometryPolygon"}))
def test_rings_are_closed_and_run_clockwise(drawn: FeatureSet) -> None:
    for feature in drawn.features:
        for ring in feature["geometry"]["rings"]:
            assert ring[0] == ring[-1]
            doubled = sum(a[0] * b[1] - b[0] * a[1] for a, b in pairwise(ring))
            assert doubled < 0


def test_as_many_features_as_asked_for() -> None:
    assert len(smallest(feature_sets(min_size=4, max_size=4)).features) == 4
    assert smallest(feature_sets(min_size=0)).features == []
    assert len(smallest(record_sets(min_size=2)).features) == 2


@pytest.mark.parametrize("version", [None, "10.91", "11.2"])
def test_whole_numbers_are_as_large_as_the_version_takes(version: str | None) -> None:
    lowest, highest = long_limits(float(version or 9.3))
    assert smallest(values("GPLong", version=version), lambda number: number > 5000) == 5001
    drawn: list[int] = []
    given(values("GPLong", version=version))(lambda number: drawn.append(number))()
    assert all(lowest <= number <= highest for number in drawn)


def test_a_name_that_is_no_data_type_is_refused() -> None:
    with pytest.raises(RemoteProtocolError, match="GPString"):
        values("GPSting")
