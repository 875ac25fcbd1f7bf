"""Rows of Python values as attributes and the fields that they need.

A column's type is that of the field of its name in the task's default, where there is one; else it follows
from all of its values, whatever their order:

| values | field |
|---|---|
| bool | SmallInteger, 1 and 0 |
| int | Integer; beyond 32 bits Double, and where a double would not do BigInteger (11.2) |
| float, Decimal, or these and int | Double |
| str, or none at all | String |
| aware datetime | Date, in ms UTC |
| date, time | DateOnly, TimeOnly (11.2) |
| UUID | GUID |
| dict, list | String, as JSON |

None, NaN, NaT and NA are null. A column of several sorts is refused: any choice would alter values.

Source: ArcGIS REST, *FeatureSet object*; the types are our choice. Raises `LocalProtocolError`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final
from uuid import UUID

from gp_protocol.errors import LocalProtocolError, shown
from gp_protocol.json_text import encode_json
from gp_protocol.values.fields import Field

from gp_client.inputs.scalars import as_list, bare, date_from, double_from, is_missing, plain_json

Row = dict[str, Any]

_DOUBLE_INTEGERS: Final = 1 << 53
_SORTS: Final = {
    "a bool": "esriFieldTypeSmallInteger",
    "an int": "esriFieldTypeBigInteger",
    "a float": "esriFieldTypeDouble",
    "a text": "esriFieldTypeString",
    "a datetime": "esriFieldTypeDate",
    "a date": "esriFieldTypeDateOnly",
    "a time": "esriFieldTypeTimeOnly",
    "a UUID": "esriFieldTypeGUID",
    "a dict or list": "esriFieldTypeString",
}
_JSON_TYPES: Final = frozenset({str, int, bool, dict, list})
_NUMBERS: Final = {"an int", "a float"}
_WHOLE: Final = frozenset(
    f"esriFieldType{name}" for name in ("SmallInteger", "Integer", "BigInteger", "OID", "Date")
)


def typed_rows(
    rows: Sequence[Mapping[Any, Any]], known: Sequence[Field], place: str = "features[{}].attributes"
) -> tuple[tuple[Field, ...], list[Row]]:
    """The rows as JSON, and their fields: the known ones, then the others in the order of their coming.

    `place` leads errors to a row. Without any attribute there are the known fields alone.
    """
    written: list[Row] = [{} for _ in rows]
    fields = list(known)
    types = {field.name: field.type for field in known}
    for name in _names(rows, place):
        field = _column(name, rows, written, types.get(name), place)
        if field is not None:
            fields.append(field)
    return tuple(fields), written


def plain_attributes(attributes: Mapping[Any, Any]) -> dict[Any, Any]:
    """Attributes that are JSON already, but for single values of Python's; the same object where none is.

    These become what `typed_rows` makes of them: a datetime ms, a Decimal a number, NaN null.
    """
    if type(attributes) is dict and all(map(_is_plain, attributes.values())):
        return attributes
    made = {}
    for name, value in attributes.items():
        try:
            made[name] = value if _is_plain(value) else _plain(value, None)[1]
        except LocalProtocolError as error:
            raise error.at(str(name)) from None
    return made


def _is_plain(value: Any) -> bool:
    kind = type(value)
    return value is None or kind in _JSON_TYPES or (kind is float and math.isfinite(value))


def _names(rows: Sequence[Mapping[Any, Any]], place: str) -> Iterator[str]:
    seen: dict[str, None] = {}
    for index, row in enumerate(rows):
        for name in row:
            if name in seen:
                continue
            if not isinstance(name, str) or not name.strip():
                raise LocalProtocolError(
                    path=place.format(index), met=f"the key {shown(name)}", expected="the name of a field"
                )
            seen[name] = None
    yield from seen


def _column(
    name: str, rows: Sequence[Mapping[Any, Any]], written: list[Row], known: str | None, place: str
) -> Field | None:
    """Write a column into the rows; its field, unless that is known."""
    sort = ""
    for index, row in enumerate(rows):
        if name not in row:
            continue
        try:
            found, value = _plain(row[name], known)
            if found and found != sort and known is None:
                if sort and {sort, found} != _NUMBERS:
                    raise LocalProtocolError(
                        met=f"{found}, {shown(row[name])}",
                        expected=f"{sort}, as in the rows before",
                        remedy="give all values of a column the same type",
                    )
                sort = "a float" if sort else found
        except LocalProtocolError as error:
            raise error.at(name).at(place.format(index)) from None
        written[index][name] = value
    if known is not None:
        return None
    return _field(name, sort, [row[name] for row in written if row.get(name) is not None])


def _field(name: str, sort: str, values: list[Any]) -> Field:
    kind = _SORTS.get(sort, "esriFieldTypeString")
    if kind == "esriFieldTypeString":
        return Field(name, kind, length=max(255, max(map(len, values), default=0)))
    if sort == "an int":
        lowest, highest = min(values), max(values)
        if lowest >= -(1 << 31) and highest < 1 << 31:
            kind = "esriFieldTypeInteger"
        elif lowest >= -_DOUBLE_INTEGERS and highest <= _DOUBLE_INTEGERS:
            kind = "esriFieldTypeDouble"
    return Field(name, kind)


def _plain(value: Any, known: str | None) -> tuple[str, Any]:
    """What sort of value it is, empty for none, and the JSON that it is in a field of the known type."""
    kind = type(value)
    if kind is str:
        return "a text", value
    if is_missing(value):
        return "", None
    value = bare(value)
    if is_missing(value):
        return "", None
    if isinstance(value, bool):
        return "a bool", int(value)
    if isinstance(value, int):
        return "an int", _whole(value)
    if isinstance(value, float | Decimal | Fraction):
        number = double_from(value)
        return "a float", int(number) if known in _WHOLE and number.is_integer() else number
    return _other(value, known)


def _other(value: Any, known: str | None) -> tuple[str, Any]:
    if isinstance(value, str):
        return "a text", value
    if isinstance(value, datetime):
        instant = date_from(value)
        if known == "esriFieldTypeTimestampOffset":
            return "a datetime", value.isoformat()
        from gp_protocol.values.dates import to_milliseconds

        return "a datetime", to_milliseconds(instant)
    if isinstance(value, date | time):
        return ("a date" if isinstance(value, date) else "a time"), value.isoformat()
    if isinstance(value, UUID):
        return "a UUID", f"{{{str(value).upper()}}}"
    if isinstance(value, Mapping):
        return "a dict or list", encode_json(plain_json(value)).decode()
    elements = as_list(value)
    if elements is not None:
        return "a dict or list", encode_json(plain_json(elements)).decode()
    if getattr(getattr(value, "dtype", None), "kind", "") == "M":
        return "a datetime", date_from(value)
    raise LocalProtocolError(
        met=shown(value), expected="a value for an attribute: a number, a text, an aware datetime, None"
    )


def _whole(value: int) -> int:
    if not -(1 << 63) <= value < 1 << 63:
        raise LocalProtocolError(met=shown(value), expected="a whole number of 64 bits", remedy="use a float")
    return value
