"""How one value of an answer becomes another by a rule: `map` edits name a rule of this table.

A rule takes a value and a seed and returns another value, or the very same where it is for none of this kind:
`to-seconds` leaves a text alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import ROUND_FLOOR, Decimal
from typing import Final, TypeVar

from gp_mockserver.deviations.json_documents import (
    Array,
    Literal,
    Object,
    Unread,
    Value,
    number_of,
    opened,
    raw_of,
    text_of,
    value_of,
)

Rule = Callable[[Value, str], Value]
Item = TypeVar("Item")

_DEEPEST: Final = 200
_NUMBER: Final = rb"-?[0-9]++(?:\.[0-9]++)?(?:[eE][+-]?[0-9]++)?"
_NUMBERS: Final = re.compile(
    rb"\"[^\"\\]*+(?:\\.[^\"\\]*+)*+\"|'[^'\\]*+(?:\\.[^'\\]*+)*+'|[A-Za-z_$][\w$]*+|(?P<number>"
    + _NUMBER
    + rb")",
    re.DOTALL,
)
_UNITS: Final = re.compile(r"esri(?:TimeUnits)?(?=.)")


def _of_text(rule: Callable[[str], str]) -> Rule:
    def mapped(value: Value, seed: str) -> Value:
        text = text_of(value)
        if text is None:
            return value
        new = rule(text)
        return value if new == text else value_of(new)

    return mapped


def _of_number(rule: Callable[[Decimal], object]) -> Rule:
    def mapped(value: Value, seed: str) -> Value:
        number = number_of(value)
        new = None if number is None else rule(number)
        return value if new is None else value_of(new)

    return mapped


def _of_every_number(rule: Callable[[bytes], bytes]) -> Rule:
    """Of every number in the value, however deep; texts and keys stay."""

    def once(token: re.Match[bytes]) -> bytes:
        return rule(token["number"]) if token["number"] is not None else token[0]

    def mapped(value: Value, seed: str) -> Value:
        if isinstance(value, Unread):
            new = _NUMBERS.sub(once, value.text)
            return value if new == value.text else Unread(new, value.lines)
        if isinstance(value, Literal):
            return value if number_of(value) is None else Literal(rule(value.text))
        return _with_parts(value, lambda each: mapped(each, seed))

    return mapped


def _with_parts(value: Object | Array, rule: Callable[[Value], Value]) -> Value:
    if isinstance(value, Object):
        members = tuple((key, rule(each)) for key, each in value.members)
        same = all(new is old for (_, new), (_, old) in zip(members, value.members, strict=True))
        return value if same else Object(members)
    elements = tuple(map(rule, value.elements))
    same = all(new is old for new, old in zip(elements, value.elements, strict=True))
    return value if same else Array(elements)


def _to_text(value: Value, seed: str) -> Value:
    raw = raw_of(value)
    is_boolean = raw in (b"true", b"false")
    return value if not is_boolean and number_of(value) is None else Literal(b'"' + raw + b'"')


def _to_number(value: Value, seed: str) -> Value:
    text = text_of(value)
    raw = {b"true": b"1", b"false": b"0"}.get(raw_of(value), (text or "").encode("utf-8", "replace"))
    return Literal(raw) if re.fullmatch(_NUMBER, raw) else value


def _to_seconds(milliseconds: Decimal) -> int:
    return int((milliseconds / 1000).to_integral_value(ROUND_FLOOR))


def _to_iso(milliseconds: Decimal) -> str | None:
    from datetime import datetime, timedelta

    try:
        moment = datetime(1970, 1, 1) + timedelta(milliseconds=int(milliseconds))
    except OverflowError:
        return None
    return moment.isoformat(timespec="milliseconds" if moment.microsecond else "seconds")


def _to_local_text(milliseconds: Decimal) -> str | None:
    """As an American machine in UTC writes a date and a time."""
    from datetime import datetime

    iso = _to_iso(milliseconds)
    if iso is None:
        return None
    moment = datetime.fromisoformat(iso)
    half = "AM" if moment.hour < 12 else "PM"
    return f"{moment.month}/{moment.day}/{moment.year} {moment.hour % 12 or 12}:{moment.minute:02} {half}"


def _to_comma_text(number: Decimal) -> str:
    text = format(number, "f")
    return text.replace(".", ",") if "." in text else f"{text},0"


def _to_unit_text(value: Value, seed: str) -> Value:
    """`5 Miles` for `{"distance": 5, "units": "esriMiles"}`, and so for areas and times."""
    inside = opened(value)
    if not isinstance(inside, Object):
        return value
    members = dict(inside.members)
    units = text_of(members.pop("units", Literal(b"")))
    amounts = [raw_of(each) for each in members.values() if number_of(each) is not None]
    if units is None or not amounts:
        return value
    return value_of(f"{amounts[0].decode().removesuffix('.0')} {_UNITS.sub('', units, count=1)}")


def _no_number(word: bytes) -> Rule:
    """A word that is no JSON in a number's place."""

    def mapped(value: Value, seed: str) -> Value:
        return value if number_of(value) is None else Literal(word)

    return mapped


def _negated(value: Value, seed: str) -> Value:
    number = number_of(value)
    if not number:
        return value
    raw = raw_of(value)
    return Literal(raw.removeprefix(b"-") if number < 0 else b"-" + raw)


def _upper_after_esri(text: str) -> str:
    return "esri" + text[4:].upper() if text.startswith("esri") else text


def _with_point_zero(number: bytes) -> bytes:
    return number + b".0" if number.lstrip(b"-").isdigit() else number


def _with_exponent(number: bytes) -> bytes:
    """Exactly the same number as `d.dddEn`."""
    sign, digits, exponent = Decimal(number.decode()).as_tuple()
    written_digits = "".join(map(str, digits)).lstrip("0") or "0"
    power = int(exponent) + len(written_digits) - 1 if written_digits != "0" else 0
    fraction = written_digits[1:].rstrip("0") or "0"
    return f"{'-' * sign}{written_digits[0]}.{fraction}E{power}".encode()


def _with_17_digits(number: bytes) -> bytes:
    """The double that it is in as many digits as any double needs, zeros too; whole numbers stay."""
    double = float(number)
    if number.lstrip(b"-").isdigit() or double in (float("inf"), float("-inf")):
        return number
    digits = format(double, "#.17g")
    return (digits + "0" if digits.endswith(".") else digits).encode()


def _to_wkt(value: Value, seed: str) -> Value:
    """A spatial reference by its text alone, in the place of one by its number."""
    inside = opened(value)
    members = dict(inside.members) if isinstance(inside, Object) else {}
    number = next((number_of(members[key]) for key in ("latestWkid", "wkid") if key in members), None)
    if number is None:
        return value
    from gp_mockserver.geometry.coordinate_systems import esri_wkt

    text = esri_wkt(int(number))
    return value if text is None else value_of({"wkt": text})


def _first(value: Value, seed: str) -> Value:
    inside = opened(value)
    return inside.elements[0] if isinstance(inside, Array) and inside.elements else value


def _reversed(value: Value, seed: str) -> Value:
    inside = opened(value)
    if isinstance(inside, Array) and len(inside.elements) > 1:
        return Array(inside.elements[::-1])
    if isinstance(inside, Object) and len(inside.members) > 1:
        return Object(inside.members[::-1])
    return value


def _shuffled(value: Value, seed: str) -> Value:
    inside = opened(value)
    if isinstance(inside, Array) and len(inside.elements) > 1:
        return Array(tuple(_order(list(inside.elements), seed)))
    if isinstance(inside, Object) and len(inside.members) > 1:
        return Object(tuple(_order(list(inside.members), seed)))
    return value


def _order(items: list[Item], seed: str) -> list[Item]:
    """Another order, never the same."""
    from random import Random

    order = list(range(len(items)))
    Random(seed).shuffle(order)
    if order == sorted(order):
        order = [*order[1:], order[0]]
    return [items[i] for i in order]


def _with_members_shuffled(value: Value, seed: str, depth: int = 0) -> Value:
    """Each object in the value, itself included, with its members in another order; arrays keep theirs."""
    inside = opened(value)
    if depth > _DEEPEST or not isinstance(inside, Object | Array):
        return value
    new = _with_parts(inside, lambda each: _with_members_shuffled(each, seed, depth + 1))
    if isinstance(new, Object):
        return _shuffled(new, seed)
    return value if new is inside else new


MAPS: Final[dict[str, Rule]] = {
    "upper": _of_text(str.upper),
    "lower": _of_text(str.lower),
    "upper-after-esri": _of_text(_upper_after_esri),
    "to-text": _to_text,
    "to-number": _to_number,
    "to-seconds": _of_number(_to_seconds),
    "to-ms": _of_number(lambda seconds: int(seconds * 1000)),
    "to-iso": _of_number(_to_iso),
    "to-local-text": _of_number(_to_local_text),
    "to-comma-text": _of_number(_to_comma_text),
    "to-unit-text": _to_unit_text,
    "to-wkt": _to_wkt,
    "negate": _negated,
    "to-nan": _no_number(b"NaN"),
    "to-infinity": _no_number(b"-Infinity"),
    "to-point-zero": _of_every_number(_with_point_zero),
    "to-exponent": _of_every_number(_with_exponent),
    "to-17-digits": _of_every_number(_with_17_digits),
    "first": _first,
    "reverse": _reversed,
    "shuffle": _shuffled,
    "shuffle-members": _with_members_shuffled,
}
"""The rules by name. Dates are milliseconds since the epoch, UTC; `to-seconds` rounds down. `to-point-zero`
(`5.0`), `to-exponent` (`1.2E7`) and `to-17-digits` change every number in the value, and none of them its
worth. `shuffle` is for one array or object, `shuffle-members` for every object in the value."""
