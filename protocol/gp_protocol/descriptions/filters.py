"""Filters: what a parameter accepts beyond its data type.

Source: ArcGIS REST, *GP task* (10.7: range, featureClass, file, field; 12.0: codedValue, composite). A filter
of a kind that nobody has documented yet is kept as it came and refuses nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from gp_protocol.descriptions.descriptor_reading import members, others, text

LIST_FILTERS: Final = ("featureClass", "file", "field")
"""The filters that are a list of words."""


class RangeFilter(msgspec.Struct, frozen=True):
    """Numbers from `minimum` to `maximum`, both included; None leaves that end open."""

    minimum: float | None = None
    maximum: float | None = None
    extras: Mapping[str, Any] = {}


class ListFilter(msgspec.Struct, frozen=True):
    """One of `LIST_FILTERS` and its words: esriGeometry… names, file extensions, or esriFieldType… names."""

    type: str
    words: tuple[str, ...]
    extras: Mapping[str, Any] = {}


class CodedValue(msgspec.Struct, frozen=True):
    """A value that a codedValue filter lets through, in its type's JSON form, and the name shown for it.

    The name stands in the choice list and may be sent in the value's place. A layer's value is but its schema
    (a feature set without features).
    """

    data_type: str
    name: str
    value: Any
    extras: Mapping[str, Any] = {}


class CodedValueFilter(msgspec.Struct, frozen=True):
    """The values themselves, each with a name."""

    values: tuple[CodedValue, ...]
    extras: Mapping[str, Any] = {}


class CompositeFilter(msgspec.Struct, frozen=True):
    """One filter, or None, per member type of a GPComposite, in the members' order."""

    filters: tuple[Filter | None, ...]
    extras: Mapping[str, Any] = {}


class UnknownFilter(msgspec.Struct, frozen=True):
    """A filter of a kind that is not in the table, as it came."""

    raw: Mapping[str, Any]


Filter = RangeFilter | ListFilter | CodedValueFilter | CompositeFilter | UnknownFilter


def parse_filter(json: Any) -> Filter | None:
    """Read a descriptor's `filter`; None, `{}` and the empty text are no filter.

    A filter that does not have the members of its kind is an UnknownFilter. Raises RemoteProtocolError for
    what is no JSON object.
    """
    if json is None or json == {} or json == "":
        return None
    known = members(json)
    kind = str(known.get("type") or "").casefold()
    if kind == "range":
        ends = known.get("minimum"), known.get("maximum")
        if all(end is None or (isinstance(end, int | float) and not isinstance(end, bool)) for end in ends):
            return RangeFilter(*ends, others(known, _RANGE_KEYS))
    name = _LISTED.get(kind)
    entries = known.get("list")
    if name is None or not isinstance(entries, list | tuple):
        return UnknownFilter(known)
    extras = others(known, _LIST_KEYS)
    if name == "composite":
        return CompositeFilter(tuple(parse_filter(entry) for entry in entries), extras)
    if name != "codedValue":
        return ListFilter(name, tuple(str(entry) for entry in entries), extras)
    if not all(isinstance(entry, Mapping) for entry in entries):
        return UnknownFilter(known)
    return CodedValueFilter(tuple(_coded(entry) for entry in entries), extras)


_RANGE_KEYS: Final = frozenset({"type", "minimum", "maximum"})
_LIST_KEYS: Final = frozenset({"type", "list"})
_CODED_KEYS: Final = frozenset({"dataType", "name", "value"})
_LISTED: Final = {name.casefold(): name for name in (*LIST_FILTERS, "codedValue", "composite")}


def filter_json(given: Filter) -> dict[str, Any]:
    """A filter in its JSON form."""
    match given:
        case RangeFilter():
            ends = {"minimum": given.minimum, "maximum": given.maximum}
            return {"type": "range", **{k: v for k, v in ends.items() if v is not None}, **given.extras}
        case ListFilter():
            return {"type": given.type, "list": list(given.words), **given.extras}
        case CodedValueFilter():
            values = [
                {"dataType": v.data_type, "name": v.name, "value": v.value, **v.extras} for v in given.values
            ]
            return {"type": "codedValue", "list": values, **given.extras}
        case CompositeFilter():
            members = [None if member is None else filter_json(member) for member in given.filters]
            return {"type": "composite", "list": members, **given.extras}
        case UnknownFilter():
            return dict(given.raw)


def filter_kind(given: Filter) -> str:
    """The filter's `type` word."""
    match given:
        case RangeFilter():
            return "range"
        case ListFilter():
            return given.type
        case CodedValueFilter():
            return "codedValue"
        case CompositeFilter():
            return "composite"
        case UnknownFilter():
            return str(given.raw.get("type"))


def _coded(json: Mapping[str, Any]) -> CodedValue:
    return CodedValue(
        text(json, "dataType"), text(json, "name"), json.get("value"), others(json, _CODED_KEYS)
    )
