"""Fields, and what may stand in an attribute of each field type.

Sources: ArcGIS REST, *GP data types* (Field, 10.7; 64-bit object ids by `length: 8` and the date types of
11.2) and *FeatureSet object*. Assumed: type names match in any case, `esriFieldTypeLong`, a slip that
clients copy from each other, means `esriFieldTypeInteger`, and a text's length is not enforced. Texts of the
date types of 11.2 are as their page has them, `8/2/2020 10:00:00.0000 AM -07:00`, or ISO 8601 (assumed).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, time
from typing import Any

import msgspec

from gp_protocol.errors import LocalProtocolError, ProtocolError, RemoteProtocolError, shown
from gp_protocol.suggestions import did_you_mean, one_of
from gp_protocol.values.literals import is_number

_WHOLE_NUMBERS = {
    "esriFieldTypeSmallInteger": 16,
    "esriFieldTypeInteger": 32,
    "esriFieldTypeOID": 32,
    "esriFieldTypeBigInteger": 64,
    "esriFieldTypeDate": 64,
}
_NUMBERS = ("esriFieldTypeSingle", "esriFieldTypeDouble")
_TEXTS = ("esriFieldTypeString", "esriFieldTypeGUID", "esriFieldTypeGlobalID", "esriFieldTypeXML")
_ISO_TEXTS = ("esriFieldTypeDateOnly", "esriFieldTypeTimeOnly", "esriFieldTypeTimestampOffset")
_ANYTHING = ("esriFieldTypeGeometry", "esriFieldTypeBlob", "esriFieldTypeRaster")
FIELD_TYPES = (*_WHOLE_NUMBERS, *_NUMBERS, *_TEXTS, *_ISO_TEXTS, *_ANYTHING)

_CANONICAL = {word.lower(): word for word in FIELD_TYPES} | {"esrifieldtypelong": "esriFieldTypeInteger"}


class Field(msgspec.Struct, frozen=True):
    """A field of a table; without an alias its name is its alias.

    `length` is in characters, of dates and object ids in bytes: an object id of 64 bits has 8.
    """

    name: str
    type: str
    alias: str = ""
    editable: bool | None = None
    nullable: bool | None = None
    length: int | None = None

    def __post_init__(self) -> None:
        if self.type not in _FITS:
            try:
                msgspec.structs.force_setattr(self, "type", _field_type(self.type))
            except ProtocolError as error:
                raise LocalProtocolError.of(error) from None
        if not self.alias:
            msgspec.structs.force_setattr(self, "alias", self.name)


def decode_field(value: Any, *, tolerant: bool = False) -> Field:
    """Read `{"name", "type", "alias"?, "editable"?, "nullable"?, "length"?}`; other keys are passed
    over.

    `tolerant` is for what servers answer: there any word may be a type, and one that nobody knows stays as
    it is.
    """
    if not isinstance(value, dict):
        raise RemoteProtocolError(met=shown(value), expected='an object with "name" and "type"')
    name, kind, alias, length = value.get("name"), value.get("type"), value.get("alias"), value.get("length")
    if not isinstance(name, str) or not name:
        raise RemoteProtocolError(path="name", met=shown(name), expected="the name of a field")
    if length is not None and (type(length) is not int or length < 0):
        raise RemoteProtocolError(path="length", met=shown(length), expected="a whole number, 0 or more")
    editable, nullable = value.get("editable"), value.get("nullable")
    for key, truth in (("editable", editable), ("nullable", nullable)):
        if truth is not None and truth is not True and truth is not False:
            raise RemoteProtocolError(path=key, met=shown(truth), expected="true or false")
    is_strange = tolerant and isinstance(kind, str) and kind.lower() not in _CANONICAL
    word = _ANYTHING[0] if is_strange else _field_type(kind)
    field = Field(name, word, alias if isinstance(alias, str) else "", editable, nullable, length)
    if is_strange:
        msgspec.structs.force_setattr(field, "type", kind)
    return field


def decode_fields(values: Any, *, tolerant: bool = False) -> tuple[Field, ...]:
    """Read a list of fields, tolerantly as `decode_field` does."""
    if not isinstance(values, list):
        raise RemoteProtocolError(met=shown(values), expected="a list of fields")
    fields = []
    for index, value in enumerate(values):
        try:
            fields.append(decode_field(value, tolerant=tolerant))
        except RemoteProtocolError as error:
            raise error.at(f"[{index}]") from None
    return tuple(fields)


def encode_field(field: Field) -> dict[str, Any]:
    """The value of a parameter of type Field: the keys that are given, of the six."""
    encoded: dict[str, Any] = {"name": field.name, "type": field.type, "alias": field.alias}
    if field.editable is not None:
        encoded["editable"] = field.editable
    if field.nullable is not None:
        encoded["nullable"] = field.nullable
    if field.length is not None:
        encoded["length"] = field.length
    return encoded


def encode_fields(fields: Sequence[Field]) -> list[dict[str, Any]]:
    """The `fields` of a feature set or record set: name, type, alias, and length where given."""
    return [
        {"name": field.name, "type": field.type, "alias": field.alias}
        if field.length is None
        else {"name": field.name, "type": field.type, "alias": field.alias, "length": field.length}
        for field in fields
    ]


def check_attributes(attributes: Mapping[str, Any], fields: Sequence[Field]) -> None:
    """Raise `RemoteProtocolError` at the first value that its field cannot hold. Null fits every field."""
    for field in fields:
        value = attributes.get(field.name)
        if value is not None and not _FITS.get(field.type, _fits_anything)(value, field):
            remedy = ""
            if field.type == "esriFieldTypeOID" and _whole(value, 64):
                remedy = 'give the field "length": 8 for 64-bit object ids'
            raise RemoteProtocolError(
                path=field.name,
                met=shown(value),
                expected=f"{_expected(field)} ({field.type})",
                remedy=remedy,
            )


def _field_type(word: Any) -> str:
    canonical = _CANONICAL.get(word.lower()) if isinstance(word, str) else None
    if canonical is None:
        raise RemoteProtocolError(
            path="type",
            met=shown(word),
            expected=one_of(FIELD_TYPES),
            remedy=did_you_mean(word, FIELD_TYPES) if isinstance(word, str) else "",
        )
    return canonical


def _whole(value: Any, bits: int) -> bool:
    if type(value) is float:
        return value.is_integer() and -(2.0 ** (bits - 1)) <= value < 2.0 ** (bits - 1)
    return type(value) is int and -(1 << (bits - 1)) <= value < 1 << (bits - 1)


def _fits_whole(value: Any, field: Field) -> bool:
    return _whole(value, _WHOLE_NUMBERS[field.type])


def _fits_object_id(value: Any, field: Field) -> bool:
    return _whole(value, 64 if field.length == 8 else 32)


def _fits_number(value: Any, field: Field) -> bool:
    return is_number(value)


def _fits_text(value: Any, field: Field) -> bool:
    return isinstance(value, str)


def _fits_date(value: Any, field: Field) -> bool:
    return _reads(date.fromisoformat, _as_iso(value))


def _fits_time(value: Any, field: Field) -> bool:
    text = _as_iso(value)
    return _reads(time.fromisoformat, text) and "T" not in text


def _fits_timestamp(value: Any, field: Field) -> bool:
    text = _as_iso(value)
    return _reads(datetime.fromisoformat, text) and datetime.fromisoformat(text).tzinfo is not None


_DOCUMENTED = re.compile(
    r"(?:(?P<month>[0-9]{1,2})/(?P<day>[0-9]{1,2})/(?P<year>[0-9]{4})(?: (?=[0-9])|\Z))?"
    r"(?:(?P<hour>0?[1-9]|1[0-2])(?P<rest>:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?) (?P<half>[AaPp])[Mm]"
    r"(?: (?P<offset>[+-][0-9]{2}:[0-9]{2}))?)?"
)


def _as_iso(value: Any) -> Any:
    """A text of month, day and year, of hours up to 12, or of both, as ISO 8601; all else as it is."""
    found = _DOCUMENTED.fullmatch(value) if isinstance(value, str) and len(value) < 50 else None
    if found is None:
        return value
    day = f"{found['year']}-{found['month']:0>2}-{found['day']:0>2}" if found["year"] else ""
    moment = ""
    if found["hour"]:
        hour = int(found["hour"]) % 12 + (12 if found["half"] in "Pp" else 0)
        moment = f"{hour:02}{found['rest']}"
    return f"{day}{'T' if day and moment else ''}{moment}{found['offset'] or ''}"


def _fits_anything(value: Any, field: Field) -> bool:
    return True


def _reads(parse: Callable[[str], object], value: Any) -> bool:
    try:
        return isinstance(value, str) and parse(value) is not None
    except ValueError:
        return False


_FITS: dict[str, Callable[[Any, Field], bool]] = {
    **dict.fromkeys(_WHOLE_NUMBERS, _fits_whole),
    **dict.fromkeys(_NUMBERS, _fits_number),
    **dict.fromkeys(_TEXTS, _fits_text),
    **dict.fromkeys(_ANYTHING, _fits_anything),
    "esriFieldTypeOID": _fits_object_id,
    "esriFieldTypeDateOnly": _fits_date,
    "esriFieldTypeTimeOnly": _fits_time,
    "esriFieldTypeTimestampOffset": _fits_timestamp,
}


def _expected(field: Field) -> str:
    if field.type == "esriFieldTypeDate":
        return "ms since 1970"
    if field.type in _WHOLE_NUMBERS:
        bits = 64 if field.type == "esriFieldTypeOID" and field.length == 8 else _WHOLE_NUMBERS[field.type]
        return f"a whole number of {bits} bits"
    if field.type in _ISO_TEXTS:
        examples = ("2026-01-31", "23:59:59", "2026-01-31T23:59:59+01:00")
        return f"a text such as {examples[_ISO_TEXTS.index(field.type)]}"
    return "a number" if field.type in _NUMBERS else "a text"
