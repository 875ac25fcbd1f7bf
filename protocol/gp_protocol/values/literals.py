"""Numbers and truth values as a form carries them: strict literals, and nothing that is not finite.

Source: ArcGIS REST, *GP data types*. Blanks around a literal are taken off; that is assumed.
"""

from __future__ import annotations

import re
from math import inf, isfinite
from typing import Any

from gp_protocol.errors import RemoteProtocolError, shown

LONG_LIMITS: tuple[tuple[float, int, int], ...] = (
    (11.2, -4_503_599_627_370_495, 4_503_599_627_370_495),
    (0.0, -2_147_483_648, 2_147_483_647),
)
"""Since which version a GPLong lies between which two numbers, the newest first."""

_LONG = re.compile(r"[+-]?[0-9]{1,32}")
_DOUBLE = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_LONGEST_LITERAL = 1000
_BOOLEANS = {"true": True, "false": False}


def is_number(value: Any) -> bool:
    """Whether a JSON value is a finite number that a double can hold; a boolean is none."""
    return (type(value) is float and isfinite(value)) or (type(value) is int and abs(value) < 1 << 1023)


def long_limits(version: float) -> tuple[int, int]:
    """The smallest and the largest GPLong of a server version (32 bit before 11.2)."""
    return next((lowest, highest) for since, lowest, highest in LONG_LIMITS if version >= since)


def check_long(value: int, version: float) -> None:
    """Raise `RemoteProtocolError` if a server of this version cannot hold the number in a GPLong."""
    lowest, highest = long_limits(version)
    if not lowest <= value <= highest:
        raise RemoteProtocolError(
            met=shown(value),
            expected=f"a whole number between {lowest} and {highest}",
            remedy="use a GPDouble" if version >= 11.2 else "64 bits are there from 11.2",
        )


def read_boolean(value: Any) -> bool:
    """`true` or `false` in any case, or a JSON boolean."""
    if value is True or value is False:
        return bool(value)
    truth = _BOOLEANS.get(value.strip().lower()) if isinstance(value, str) and len(value) < 100 else None
    if truth is None:
        raise RemoteProtocolError(met=shown(value), expected="true or false")
    return truth


def read_long(value: Any) -> int:
    """A whole number within the widest limits: a literal, or a JSON number without a fraction."""
    number: int | None = None
    if type(value) is int:
        number = value
    elif type(value) is float:
        number = int(value) if value.is_integer() else None
    elif isinstance(value, str) and len(value) <= _LONGEST_LITERAL:
        literal = value.strip(" \t\r\n")
        number = int(literal) if _LONG.fullmatch(literal) else None
    if number is None:
        raise RemoteProtocolError(met=shown(value), expected="a whole number")
    check_long(number, LONG_LIMITS[0][0])
    return number


def read_double(value: Any) -> float:
    """A finite number: a literal, or a JSON number."""
    number: float | None = None
    try:
        if type(value) is float or type(value) is int:
            number = float(value)
        elif isinstance(value, str) and len(value) <= _LONGEST_LITERAL:
            literal = value.strip(" \t\r\n")
            number = float(literal) if _DOUBLE.fullmatch(literal) else None
    except OverflowError:
        number = inf
    if number is None:
        remedy = "write the fraction after a point" if isinstance(value, str) and "," in value else ""
        raise RemoteProtocolError(met=shown(value), expected="a number", remedy=remedy)
    if not isfinite(number):
        raise RemoteProtocolError(met=shown(value), expected="a finite number")
    return number
