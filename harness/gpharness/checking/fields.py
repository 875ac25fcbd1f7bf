"""Fields, and what may stand in an attribute of each type.

Source: ArcGIS REST, *FeatureSet object* and *GP data types*. Assumed: the sizes of numbers are not enforced,
as 64-bit object ids and whole numbers come under several types.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec
from gp_protocol.errors import shown
from gp_protocol.suggestions import did_you_mean
from gp_protocol.values.fields import FIELD_TYPES

from gpharness.checking.looking import Looking, NotFinite, Phrase, is_number, is_whole, join, met_at

_TYPES: Final = frozenset(FIELD_TYPES)
WHOLE: Final = frozenset(
    {
        "esriFieldTypeSmallInteger",
        "esriFieldTypeInteger",
        "esriFieldTypeOID",
        "esriFieldTypeBigInteger",
        "esriFieldTypeDate",
    }
)
NUMBERS: Final = frozenset({"esriFieldTypeSingle", "esriFieldTypeDouble"})
_OBJECT_ID: Final = "esriFieldTypeOID"
WITHOUT_VALUES: Final = frozenset({"esriFieldTypeGeometry", "esriFieldTypeBlob", "esriFieldTypeRaster"})
"""Fields that a feature need not have a value of."""


class Column(msgspec.Struct, frozen=True):
    """A field by name and type."""

    name: str
    type: str


def check_fields(look: Looking, value: Any, path: str) -> tuple[Column, ...] | None:
    """The fields of a set; None where they cannot be told, which is found unless there are just none."""
    if value is None:
        return None
    if type(value) is not list:
        look.say("value.features", path, value, "a list of fields")
        return None
    columns = [check_field(look, each, f"{path}[{index}]") for index, each in enumerate(value)]
    good = [each for each in columns if each is not None]
    names = [each.name for each in good]
    if len(set(names)) < len(names):
        name = next(name for index, name in enumerate(names) if name in names[:index])
        look.say("value.features", path, name, "each name once")
        return None
    return tuple(good) if good and len(good) == len(value) else None


def check_field(look: Looking, value: Any, path: str, *, name: str = "value.features") -> Column | None:
    """A field; None where it is not in order."""
    if type(value) is not dict:
        look.say(name, path, value, "an object with name and type")
        return None
    field, word = value.get("name"), value.get("type")
    is_good = True
    if type(field) is not str or not field:
        look.say(name, join(path, "name"), met_at(value, "name"), "the name of a field")
        is_good = False
    if type(word) is not str or word not in _TYPES:
        hint = did_you_mean(word, FIELD_TYPES) if type(word) is str else ""
        expected = "a field type such as esriFieldTypeString" + (f"; {hint}" if hint else "")
        look.say(name, join(path, "type"), met_at(value, "type"), expected)
        is_good = False
    if value.get("alias") is not None and type(value["alias"]) is not str:
        look.say(name, join(path, "alias"), value["alias"], "a text")
    length = value.get("length")
    if length is not None and not (is_whole(length) and length >= 0):
        look.say(name, join(path, "length"), length, "a whole number, 0 or more")
    for key in ("editable", "nullable"):
        if value.get(key) is not None and type(value[key]) is not bool:
            look.say(name, join(path, key), value[key], "true or false")
    return Column(str(field), str(word)) if is_good else None


def check_attributes(
    look: Looking, attributes: dict[str, Any], columns: tuple[Column, ...], path: str
) -> None:
    """The attributes of a feature, held to the fields of its set."""
    for column in columns:
        if column.name not in attributes:
            if column.type not in WITHOUT_VALUES:
                say = look.note if column.type == _OBJECT_ID else look.say
                say("value.features", path, Phrase(f"none of {shown(column.name)}"), "a value of each field")
            continue
        value = attributes[column.name]
        if value is None or type(value) is NotFinite or fits(value, column.type):
            continue
        is_nan = value == "NaN" and column.type in NUMBERS
        expected = "a number, or null" if is_nan else f"{_expected(column.type)} ({column.type})"
        say = look.note if is_nan else look.say
        say("value.features", join(path, column.name), value, expected)
    known = {column.name for column in columns}
    for name in attributes:
        if name not in known:
            look.say("value.features", join(path, name), attributes[name], "a field of that name")


def fits(value: Any, field_type: str) -> bool:
    """Whether a value that is not null may stand in a field of this type."""
    if field_type in WHOLE:
        return is_whole(value)
    if field_type in NUMBERS:
        return is_number(value)
    return field_type in WITHOUT_VALUES or type(value) is str


def _expected(field_type: str) -> str:
    if field_type == "esriFieldTypeDate":
        return "ms since 1970"
    if field_type in WHOLE:
        return "a whole number"
    return "a number" if field_type in NUMBERS else "a text"
