"""Python's own values as the protocol has them: truth, numbers, text, dates, measures.

A text stands for a value of any type in the way in which a server reads it: `"12"`, `"true"`, `"8.5 Miles"`,
`'{"distance": 8.5, "units": "esriMiles"}'`, so that a command line or a script's arguments need no parser of
their own. Scalars of numpy and pandas, `Decimal` and `Fraction` count as the numbers that they are; a number
that would not arrive as what it is, is refused. Everything here raises `LocalProtocolError`.

Source: ArcGIS REST, *GP data types*.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any, TypeVar

from gp_protocol.errors import LocalProtocolError, ProtocolError, shown
from gp_protocol.json_text import encode_json
from gp_protocol.lenient_json import decode_json
from gp_protocol.suggestions import did_you_mean, one_of
from gp_protocol.values.dates import decode_date, from_milliseconds, to_milliseconds
from gp_protocol.values.fields import Field, decode_field
from gp_protocol.values.literals import read_boolean, read_double, read_long
from gp_protocol.values.texts import write_text
from gp_protocol.values.units import (
    ArealUnit,
    LinearUnit,
    TimeUnit,
    decode_areal_unit,
    decode_linear_unit,
    decode_time_unit,
)

_T = TypeVar("_T")

_NUMBERS = {int, float}
_NAIVE = (
    "say its zone: .replace(tzinfo=datetime.UTC) where it is UTC already, .astimezone() where it is local"
)


def bare(value: Any) -> Any:
    """A scalar of numpy as Python's own, and subclasses of str, int and float as these; all else as it is."""
    if type(value) in (str, int, float, bool, dict, list) or value is None:
        return value
    if isinstance(value, str):
        return str.__str__(value)
    dtype = getattr(value, "dtype", None)
    if dtype is not None and getattr(value, "ndim", None) == 0 and hasattr(value, "item"):
        kind = getattr(dtype, "kind", "")
        if kind == "M":
            raise LocalProtocolError(
                met=shown(value),
                expected="a datetime with a time zone",
                remedy='write pandas.Timestamp(value, tz="UTC") where it is UTC',
            )
        if kind == "m":
            return value
        return float(value) if kind == "f" else value.item()
    if isinstance(value, bool):
        return value
    if isinstance(value, int):
        return int(value)
    return float(value) if isinstance(value, float) else value


def is_missing(value: Any) -> bool:
    """Whether a value is one of the ways in which tables say that there is none: None, NaN, NaT, NA."""
    if value is None:
        return True
    if type(value) in (str, int, bool):
        return False
    if isinstance(value, float):
        return math.isnan(value)
    if isinstance(value, Decimal):
        return value.is_nan()
    return type(value).__name__ in ("NAType", "NaTType")


def parsed(value: Any) -> Any:
    """What a text that begins as JSON stands for; every other value as it is."""
    if isinstance(value, str) and value.lstrip()[:1] in ("{", "["):
        return _read(decode_json, value)
    return value


def is_sequence(value: Any) -> bool:
    """Whether a value is a row or a list of values: no text, no mapping, no set."""
    return isinstance(value, Sequence) and not isinstance(value, str | bytes | bytearray | memoryview)


def as_list(value: Any) -> list[Any] | None:
    """A sequence, an array of numpy or a series of pandas as a list; None for anything else."""
    if is_sequence(value):
        return list(value)
    dtype = getattr(value, "dtype", None)
    if dtype is not None and getattr(value, "ndim", None) and hasattr(value, "tolist"):
        # numpy would turn its dates into numbers of nanoseconds.
        made = list(value) if getattr(dtype, "kind", "") == "M" else value.tolist()
        return made if isinstance(made, list) else None
    return None


def plain_json(value: Any) -> Any:
    """A value as JSON has it, for where it stands as it is: mappings as dicts, sequences and arrays as lists,
    scalars of numpy as numbers. What JSON has not is refused, dates too: they have several forms."""
    if value is None or type(value) in (str, bool, int):
        return value
    if type(value) in (list, tuple):
        kinds = set(map(type, value))
        if kinds <= _NUMBERS and _are_finite(value):
            return list(value)
    value = bare(value)
    if isinstance(value, Mapping):
        made = {}
        for key, member in value.items():
            if not isinstance(key, str):
                raise LocalProtocolError(met=f"the key {shown(key)}", expected="a text, as a key of JSON is")
            made[str.__str__(key)] = _at(key, plain_json, member)
        return made
    elements = as_list(value)
    if elements is not None:
        for index, element in enumerate(elements):
            try:
                elements[index] = plain_json(element)
            except LocalProtocolError as error:
                raise error.at(f"[{index}]") from None
        return elements
    if isinstance(value, str | bool | int) or (isinstance(value, float) and math.isfinite(value)):
        return value
    raise LocalProtocolError(met=shown(value), expected="a value of JSON")


def _are_finite(numbers: Sequence[float]) -> bool:
    try:
        return math.isfinite(sum(numbers))
    except OverflowError:
        return False


def boolean_from(value: Any) -> bool:
    """A bool, or the text `true` or `false` in any case. 0 and 1 are numbers."""
    value = bare(value)
    try:
        return read_boolean(value)
    except ProtocolError as error:
        remedy = f"write {bool(value)}" if type(value) is int and value in (0, 1) else error.remedy
        raise _ours(error, remedy) from None


def long_from(value: Any) -> int:
    """A whole number of any kind of number, within the widest limits of a GPLong; a bool is none."""
    value = bare(value)
    if isinstance(value, Decimal | Fraction):
        value = _whole(value)
    elif not isinstance(value, int | float | str) and hasattr(value, "__index__"):
        value = value.__index__()
    return _read(read_long, value, remedy="write int(…) for 0 or 1" if isinstance(value, bool) else "")


def double_from(value: Any) -> float:
    """A finite number of any kind as the nearest double; a bool is none."""
    met = value = bare(value)
    if isinstance(value, Decimal | Fraction):
        try:
            value = float(value)
        except (OverflowError, ValueError):
            value = math.inf
        if value == 0 and met != 0:
            raise LocalProtocolError(met=shown(met), expected="a number that a double can hold")
    elif not isinstance(value, int | float | str) and hasattr(value, "__float__"):
        value = float(value)
    return _read(read_double, value, remedy="leave it out, or give None" if is_missing(met) else "")


def text_from(value: Any) -> str:
    """A text. A mapping is written as JSON: that is how a web map or another document goes in a GPString."""
    if isinstance(value, str):
        return write_text(str.__str__(value))
    if isinstance(value, Mapping):
        return encode_json(plain_json(value)).decode()
    remedy = ""
    if isinstance(value, bool | int | float | Decimal):
        remedy = f"write {shown(str(value))}"
    elif is_sequence(value):
        remedy = "write json.dumps(…) where a JSON array is meant"
    raise LocalProtocolError(met=shown(value), expected="a text", remedy=remedy)


def date_from(value: Any) -> datetime:
    """An aware datetime, whole ms since 1970 UTC, or one of the protocol's texts, as UTC in whole ms.

    What is finer than a millisecond is cut off. A text may end in `Z` or an offset; without, it is UTC, as
    the protocol has it.
    """
    value = bare(value)
    if isinstance(value, datetime):
        if is_missing(value):
            raise LocalProtocolError(met=shown(value), expected="a date", remedy="leave it out, or give None")
        if value.utcoffset() is None:
            raise LocalProtocolError(met=shown(value), expected="a datetime with a time zone", remedy=_NAIVE)
        return _read(from_milliseconds, to_milliseconds(value))
    if isinstance(value, date):
        raise LocalProtocolError(
            met=shown(value),
            expected="a datetime with a time zone",
            remedy="say when that day begins: datetime(…, tzinfo=datetime.UTC)",
        )
    value = parsed(value)
    if isinstance(value, str) and "T" in value and len(value) < 100:
        try:
            instant = datetime.fromisoformat(value.strip())
        except ValueError:
            instant = None
        if instant is not None and instant.tzinfo is not None:
            return date_from(instant)
    return _read(decode_date, value, remedy="give a datetime with a time zone")


def linear_unit_from(value: Any) -> LinearUnit:
    """A LinearUnit, `"8.5 Miles"`, `(8.5, "esriMiles")` or `{"distance": 8.5, "units": "esriMiles"}`."""
    return _measure(value, LinearUnit, "distance", decode_linear_unit, "esriMeters")


def areal_unit_from(value: Any) -> ArealUnit:
    """An ArealUnit, `"3 SquareKilometers"`, `(3, "esriSquareKilometers")` or `{"area": 3, "units": …}`."""
    return _measure(value, ArealUnit, "area", decode_areal_unit, "esriSquareMeters")


def time_unit_from(value: Any) -> TimeUnit:
    """A TimeUnit, `"3 Months"`, `(3, "esriTimeUnitsMonths")`, `{"time": 3, "units": …}` or a timedelta."""
    if isinstance(value, timedelta):
        return TimeUnit(value / timedelta(seconds=1), "esriTimeUnitsSeconds")
    return _measure(value, TimeUnit, "time", decode_time_unit, "esriTimeUnitsHours")


def field_from(value: Any) -> Field:
    """A Field, or `{"name", "type", "alias"?, "editable"?, "nullable"?, "length"?}`."""
    if isinstance(value, Field):
        return value
    value = parsed(value)
    if isinstance(value, Mapping):
        known_keys(value, ("name", "type", "alias", "editable", "nullable", "length"), others_pass=True)
        return _read(decode_field, dict(value))
    raise LocalProtocolError(
        met=shown(value), expected="a Field", remedy='write Field("POP", "esriFieldTypeInteger")'
    )


def known_keys(value: Mapping[Any, Any], keys: Sequence[str], *, others_pass: bool = False) -> None:
    """Refuse a key that nothing would read: it is most likely another one, misspelt.

    With `others_pass` only one that is hardly another word than a key is refused.
    """
    for key in value:
        if key in keys:
            continue
        absent = [each for each in keys if each not in value]
        remedy = did_you_mean(key, absent) if type(key) is str else ""
        if not others_pass or (remedy and _is_misspelt(key, absent)):
            raise LocalProtocolError(met=f"the key {shown(key)}", expected=one_of(keys), remedy=remedy)


def _is_misspelt(key: str, keys: Sequence[str]) -> bool:
    from difflib import get_close_matches

    return bool(get_close_matches(key.lower(), [each.lower() for each in keys], n=1, cutoff=0.85))


def _measure(value: Any, kind: type[_T], key: str, decode: Callable[[Any], _T], example: str) -> _T:
    if isinstance(value, kind):
        return value
    value = parsed(value)
    if isinstance(value, Mapping):
        known_keys(value, (key, "units"))
        value = {name: bare(member) if name == "units" else member for name, member in value.items()}
        if key in value:
            value[key] = _at(key, double_from, value[key])
    elif is_sequence(value) and len(value) == 2:
        value = {key: _at("[0]", double_from, value[0]), "units": bare(value[1])}
    elif not isinstance(value, str) or len(value.split()) == 1:
        number = isinstance(value, int | float | str) and not isinstance(value, bool)
        remedy = f'say of what: ({value}, "{example}")' if number else ""
        raise LocalProtocolError(
            met=shown(value), expected=f'a {kind.__name__}, such as (2.5, "{example}")', remedy=remedy
        )
    return _read(decode, bare(value))


def _whole(value: Decimal | Fraction) -> int | float:
    try:
        if isinstance(value, Decimal) and (not value.is_finite() or value.adjusted() > 400):
            raise ValueError
        number = int(value)
    except (ValueError, OverflowError):
        number = None
    if number is None or number != value:
        raise LocalProtocolError(met=shown(value), expected="a whole number")
    return number


def _read(read: Callable[[Any], _T], value: Any, *, remedy: str = "") -> _T:
    try:
        return read(value)
    except ProtocolError as error:
        raise _ours(error, error.remedy or remedy) from None


def _at(path: str, read: Callable[[Any], _T], value: Any) -> _T:
    try:
        return read(value)
    except LocalProtocolError as error:
        raise error.at(path) from None


def _ours(error: ProtocolError, remedy: str) -> LocalProtocolError:
    return LocalProtocolError(met=error.met, expected=error.expected, remedy=remedy, path=error.path)
