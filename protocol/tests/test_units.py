from __future__ import annotations

import pytest
from gp_protocol.errors import LocalProtocolError, RemoteProtocolError
from gp_protocol.values.units import (
    AREAL_UNITS,
    LINEAR_UNITS,
    TIME_UNITS,
    ArealUnit,
    LinearUnit,
    TimeUnit,
    decode_areal_unit,
    decode_linear_unit,
    decode_time_unit,
    encode_unit,
    meters_per,
)

from every_case import every_case


def test_the_lists_are_closed() -> None:
    assert len(LINEAR_UNITS) == len(set(LINEAR_UNITS)) == 18
    assert len(AREAL_UNITS) == len(set(AREAL_UNITS)) == 18
    assert len(TIME_UNITS) == len(set(TIME_UNITS)) == 11


@every_case(
    ("value", "unit"),
    [
        ({"distance": 8.5, "units": "esriMiles"}, LinearUnit(8.5, "esriMiles")),
        ({"distance": 8.5, "units": "Esrimiles"}, LinearUnit(8.5, "esriMiles")),
        ({"distance": 5, "units": "esriNauticalmiles"}, LinearUnit(5.0, "esriNauticalMiles")),
        ({"distance": 5}, LinearUnit(5.0, "esriMeters")),
        ({"distance": 5, "units": None, "more": 1}, LinearUnit(5.0, "esriMeters")),
        ({"distance": "5.5", "units": "esriFeet"}, LinearUnit(5.5, "esriFeet")),
        ("10000 Kilometers", LinearUnit(10000.0, "esriKilometers")),
        ("1 foot", LinearUnit(1.0, "esriFeet")),
        ("1 esriUnknownUnits", LinearUnit(1.0, "esriUnknownUnits")),
        ("-1e3 DecimalDegrees", LinearUnit(-1000.0, "esriDecimalDegrees")),
    ],
)
def test_distances(value: object, unit: LinearUnit) -> None:
    assert decode_linear_unit(value) == unit


@every_case(
    ("value", "unit"),
    [
        ({"area": 3, "units": "esriSquareKilometers"}, ArealUnit(3.0, "esriSquareKilometers")),
        ("3 SquareKilometers", ArealUnit(3.0, "esriSquareKilometers")),
        ("1 SquareFoot", ArealUnit(1.0, "esriSquareFeet")),
        ("1 SquareFootUS", ArealUnit(1.0, "esriSquareFeetUS")),
        ("1 SquareInch", ArealUnit(1.0, "esriSquareInches")),
        ("2 AcresUS", ArealUnit(2.0, "esriAcresUS")),
        ("1 acre", ArealUnit(1.0, "esriAcres")),
        ("1 Unknown", ArealUnit(1.0, "esriUnknownAreaUnits")),
    ],
)
def test_areas(value: object, unit: ArealUnit) -> None:
    assert decode_areal_unit(value) == unit


@every_case(
    ("value", "unit"),
    [
        ({"time": 3, "units": "esriTimeUnitsMonths"}, TimeUnit(3.0, "esriTimeUnitsMonths")),
        ({"time": 3}, TimeUnit(3.0, "esriTimeUnitsUnknown")),
        ("3 Months", TimeUnit(3.0, "esriTimeUnitsMonths")),
        ("1 Century", TimeUnit(1.0, "esriTimeUnitsCenturies")),
        ("5 Unknown", TimeUnit(5.0, "esriTimeUnitsUnknown")),
    ],
)
def test_times(value: object, unit: TimeUnit) -> None:
    assert decode_time_unit(value) == unit


@every_case(
    ("value", "path"),
    [
        ({"distance": 1, "units": "esriFurlongs"}, "units"),
        ({"distance": 1, "units": 9001}, "units"),
        ({"distance": "far", "units": "esriMeters"}, "distance"),
        ({"distance": True}, "distance"),
        ({"distance": None}, "distance"),
        ({"units": "esriMeters"}, ""),
        ("8.5Miles", "distance"),
        ("1 2 Miles", ""),
        ([8.5, "esriMiles"], ""),
        ("1 SquareMeters", "units"),
    ],
)
def test_other_distances_are_refused_at_their_place(value: object, path: str) -> None:
    with pytest.raises(RemoteProtocolError) as caught:
        decode_linear_unit(value)
    assert caught.value.path == path


def test_units_are_written_in_their_own_spelling() -> None:
    assert encode_unit(LinearUnit(8.5, "MILES")) == {"distance": 8.5, "units": "esriMiles"}
    assert encode_unit(ArealUnit(3)) == {"area": 3.0, "units": "esriUnknownAreaUnits"}
    assert encode_unit(TimeUnit(3, "months")) == {"time": 3.0, "units": "esriTimeUnitsMonths"}


@pytest.mark.parametrize(
    ("number", "units"), [(float("nan"), "esriMiles"), (float("inf"), "esriMiles"), (1, "miless?")]
)
def test_a_unit_that_cannot_be_said_cannot_be_made(number: float, units: str) -> None:
    with pytest.raises(LocalProtocolError):
        LinearUnit(number, units)


@every_case(
    ("units", "meters"),
    [
        ("esriMeters", 1),
        ("esriIntFeet", 0.3048),
        ("esriFeet", 1200 / 3937),
        ("esriMiles", 1609.3472186944375),
        ("esriIntMiles", 1609.344),
        ("esriIntNauticalMiles", 1852),
        ("esriPoints", 0.0254 / 72),
        ("kilometers", 1000),
    ],
)
def test_lengths_in_meters(units: str, meters: float) -> None:
    assert meters_per(units) == pytest.approx(meters, rel=1e-12)


@pytest.mark.parametrize("units", ["esriDecimalDegrees", "esriUnknownUnits", "esriFurlongs"])
def test_degrees_and_unknown_units_have_no_length(units: str) -> None:
    with pytest.raises(LocalProtocolError):
        meters_per(units)
