"""Distances, areas and spans of time: a number with one of a closed list of units.

Sources: ArcGIS REST, *GP data types*, for the lists, the object forms and the text forms of areas and
times; the ArcGIS Enterprise SDK, *esriUnits*, for what the linear units are. Assumed: units match in any
case (the `arcgis` package sends `Esrimiles`), a distance may be text too, and an area without units has
unknown ones.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from gp_protocol.errors import LocalProtocolError, ProtocolError, RemoteProtocolError, shown
from gp_protocol.suggestions import did_you_mean, one_of
from gp_protocol.values.literals import read_double

LINEAR_UNITS = (
    "esriUnknownUnits",
    "esriInches",
    "esriPoints",
    "esriFeet",
    "esriYards",
    "esriMiles",
    "esriNauticalMiles",
    "esriMillimeters",
    "esriCentimeters",
    "esriMeters",
    "esriKilometers",
    "esriDecimalDegrees",
    "esriDecimeters",
    "esriIntInches",
    "esriIntFeet",
    "esriIntYards",
    "esriIntMiles",
    "esriIntNauticalMiles",
)
AREAL_UNITS = (
    "esriUnknownAreaUnits",
    "esriSquareInches",
    "esriSquareFeet",
    "esriSquareYards",
    "esriAcres",
    "esriSquareMiles",
    "esriSquareMillimeters",
    "esriSquareCentimeters",
    "esriSquareDecimeters",
    "esriSquareMeters",
    "esriAres",
    "esriHectares",
    "esriSquareKilometers",
    "esriSquareInchesUS",
    "esriSquareFeetUS",
    "esriSquareYardsUS",
    "esriAcresUS",
    "esriSquareMilesUS",
)
TIME_UNITS = (
    "esriTimeUnitsCenturies",
    "esriTimeUnitsDays",
    "esriTimeUnitsDecades",
    "esriTimeUnitsHours",
    "esriTimeUnitsMilliseconds",
    "esriTimeUnitsMinutes",
    "esriTimeUnitsMonths",
    "esriTimeUnitsSeconds",
    "esriTimeUnitsWeeks",
    "esriTimeUnitsYears",
    "esriTimeUnitsUnknown",
)

_SURVEY_FOOT = 1200 / 3937
_METERS_PER = {
    "esriInches": _SURVEY_FOOT / 12,
    "esriPoints": 0.0254 / 72,
    "esriFeet": _SURVEY_FOOT,
    "esriYards": 3 * _SURVEY_FOOT,
    "esriMiles": 5280 * _SURVEY_FOOT,
    "esriNauticalMiles": 1853.248,
    "esriMillimeters": 0.001,
    "esriCentimeters": 0.01,
    "esriMeters": 1.0,
    "esriKilometers": 1000.0,
    "esriDecimeters": 0.1,
    "esriIntInches": 0.0254,
    "esriIntFeet": 0.3048,
    "esriIntYards": 0.9144,
    "esriIntMiles": 1609.344,
    "esriIntNauticalMiles": 1852.0,
}

_SINGULARS = {"feet": "foot", "inches": "inch", "centuries": "century"}
_TEXT = re.compile(r"(\S+)(?:[ \t]+(\S+))?")


def _spellings(units: tuple[str, ...], prefix: str) -> dict[str, str]:
    """Every accepted word, in lower case, with the unit that it stands for."""
    words: dict[str, str] = {}
    for unit in units:
        bare = unit.removeprefix(prefix)
        if bare.startswith("Unknown"):
            bare = "Unknown"
        words[unit.lower()] = words[bare.lower()] = unit
        words[_singular(bare).lower()] = unit
    return words


def _singular(word: str) -> str:
    stem, survey = (word[:-2], "us") if word.endswith("US") else (word, "")
    lower = stem.lower()
    for plural, singular in _SINGULARS.items():
        if lower.endswith(plural):
            return lower.removesuffix(plural) + singular + survey
    return lower.removesuffix("s") + survey


class _Measure(msgspec.Struct, frozen=True):
    """One of the three kinds: its closed list, its JSON key, the unit where none is given, the words it
    reads."""

    units: tuple[str, ...]
    key: str
    default: str
    words: Mapping[str, str]

    def canonical(self, unit: object) -> str:
        """The unit in its own spelling; raises `RemoteProtocolError` for any other word."""
        if unit in (None, ""):
            return self.default
        known = self.words.get(unit.strip().lower()) if isinstance(unit, str) and len(unit) < 100 else None
        if known is None:
            raise RemoteProtocolError(
                path="units",
                met=shown(unit),
                expected=one_of(self.units),
                remedy=did_you_mean(unit, self.units) if isinstance(unit, str) else "",
            )
        return known

    def read(self, value: Any) -> tuple[float, str]:
        """Number and unit of an object or a text such as `8.5 Miles`."""
        if isinstance(value, str):
            parts = _TEXT.fullmatch(value.strip()) if len(value) < 1000 else None
            if parts is None:
                raise RemoteProtocolError(met=shown(value), expected="a number, a blank and a unit")
            number, unit = parts.groups()
        elif isinstance(value, dict):
            if self.key not in value:
                raise RemoteProtocolError(
                    met=shown(value),
                    expected=f'an object with "{self.key}" and "units"',
                    remedy=f"add {self.key}",
                )
            number, unit = value[self.key], value.get("units")
        else:
            raise RemoteProtocolError(met=shown(value), expected=f'an object with "{self.key}" and "units"')
        try:
            return read_double(number), self.canonical(unit)
        except RemoteProtocolError as error:
            raise error if error.path else error.at(self.key) from None

    def settle(self, measured: Any) -> None:
        """Check a value under construction and give its unit the proper spelling."""
        try:
            number = read_double(getattr(measured, self.key))
            unit = self.canonical(measured.units)
        except ProtocolError as error:
            raise LocalProtocolError.of(error if error.path else error.at(self.key)) from None
        msgspec.structs.force_setattr(measured, self.key, number)
        msgspec.structs.force_setattr(measured, "units", unit)


_LINEAR = _Measure(LINEAR_UNITS, "distance", "esriMeters", _spellings(LINEAR_UNITS, "esri"))
_AREAL = _Measure(AREAL_UNITS, "area", "esriUnknownAreaUnits", _spellings(AREAL_UNITS, "esri"))
_TIME = _Measure(TIME_UNITS, "time", "esriTimeUnitsUnknown", _spellings(TIME_UNITS, "esriTimeUnits"))


class LinearUnit(msgspec.Struct, frozen=True):
    """A distance, such as `LinearUnit(8.5, "esriMiles")`. Without units it is in meters."""

    distance: float
    units: str = "esriMeters"

    def __post_init__(self) -> None:
        _LINEAR.settle(self)


class ArealUnit(msgspec.Struct, frozen=True):
    """An area, such as `ArealUnit(3, "esriSquareKilometers")`."""

    area: float
    units: str = "esriUnknownAreaUnits"

    def __post_init__(self) -> None:
        _AREAL.settle(self)


class TimeUnit(msgspec.Struct, frozen=True):
    """A span of time, such as `TimeUnit(3, "esriTimeUnitsMonths")`."""

    time: float
    units: str = "esriTimeUnitsUnknown"

    def __post_init__(self) -> None:
        _TIME.settle(self)


def decode_linear_unit(value: Any) -> LinearUnit:
    """Read `{"distance", "units"}` or `8.5 Miles`."""
    return LinearUnit(*_LINEAR.read(value))


def decode_areal_unit(value: Any) -> ArealUnit:
    """Read `{"area", "units"}` or `3 SquareKilometers`."""
    return ArealUnit(*_AREAL.read(value))


def decode_time_unit(value: Any) -> TimeUnit:
    """Read `{"time", "units"}` or `3 Months`."""
    return TimeUnit(*_TIME.read(value))


def encode_unit(value: LinearUnit | ArealUnit | TimeUnit) -> dict[str, Any]:
    """The object form, which serves as input and as output."""
    if isinstance(value, LinearUnit):
        return {"distance": value.distance, "units": value.units}
    if isinstance(value, ArealUnit):
        return {"area": value.area, "units": value.units}
    return {"time": value.time, "units": value.units}


def meters_per(units: str) -> float:
    """Meters in one linear unit. Raises `LocalProtocolError` for degrees and unknown units, which have no
    length.

    `esriFeet`, `esriMiles` and the like are the US survey units, `esriIntFeet`, `esriIntMiles` the
    international.
    """
    try:
        return _METERS_PER[_LINEAR.canonical(units)]
    except KeyError:
        raise LocalProtocolError(met=shown(units), expected="a unit with a fixed length") from None
    except RemoteProtocolError as error:
        raise LocalProtocolError.of(error) from None
