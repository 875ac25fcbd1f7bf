from __future__ import annotations

import pickle

import msgspec
import pytest
from gp_protocol.errors import LocalProtocolError, ProtocolError, RemoteProtocolError, shown
from gp_protocol.suggestions import did_you_mean
from gp_protocol.values.units import decode_linear_unit

from every_case import every_case


def test_an_error_names_the_place_the_value_the_expectation_and_the_remedy() -> None:
    with pytest.raises(RemoteProtocolError) as caught:
        decode_linear_unit({"distance": 8.5, "units": "esriMile"})
    error = caught.value.at("Viewshed_Distance")
    assert error.path == "Viewshed_Distance.units"
    assert error.met == '"esriMile"'
    assert error.expected.startswith("one of esriUnknownUnits, esriInches, ")
    assert error.remedy == 'did you mean "esriMiles"?'
    assert error.detail.startswith('Viewshed_Distance.units: met "esriMile", expected one of ')
    assert error.detail.endswith('; did you mean "esriMiles"?')


def test_leading_a_path_in_keeps_the_kind_of_error_and_joins_indexes_without_a_dot() -> None:
    error = LocalProtocolError(met="1", expected="2", path="[0].x").at("points").at("In")
    assert isinstance(error, LocalProtocolError)
    assert error.path == "In.points[0].x"
    assert ProtocolError(met="1", expected="2").at("In").path == "In"


def test_an_error_without_path_and_remedy_says_only_what_it_knows() -> None:
    assert RemoteProtocolError(met="1", expected="2").detail == "met 1, expected 2"


def test_an_error_survives_another_process() -> None:
    error = RemoteProtocolError(met="1", expected="2", remedy="3", path="4")
    copy = pickle.loads(pickle.dumps(error))
    assert (type(copy), copy.detail) == (RemoteProtocolError, error.detail)


@every_case("value", ["a\nb", "\x00", "\ud800", "x" * 10_000, [1] * 10_000, 10**4000, b"\xff", float("nan")])
def test_any_value_is_shown_in_one_short_line_that_json_can_carry(value: object) -> None:
    text = shown(value)
    assert len(text) < 500
    assert "\n" not in text
    assert msgspec.json.decode(msgspec.json.encode(text)) == text


def test_the_nearest_word_is_suggested_in_any_case_and_none_where_none_is_near() -> None:
    assert did_you_mean("GPSTRIN", ["GPLong", "GPString"]) == 'did you mean "GPString"?'
    assert did_you_mean("banana", ["GPLong", "GPString"]) == ""
