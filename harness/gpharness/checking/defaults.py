"""Defaults of parameters: typed like their values, as servers describe them.

Source: ArcGIS REST, *GP task*. A default that there is not is null, an empty text, `[]` or `{}`, whatever the
type. *Assumed*: a text for dates, lists, files and layers is odd, no more.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec
from gp_protocol.errors import RemoteProtocolError
from gp_protocol.values.fields import FIELD_TYPES
from gp_protocol.values.geometries import GEOMETRY_TYPES
from gp_protocol.values.spatial_references import decode_spatial_reference
from gp_protocol.values.units import AREAL_UNITS, LINEAR_UNITS, TIME_UNITS

from gpharness.checking.looking import is_number, is_whole

_UNITS: Final = {
    "GPLinearUnit": ("distance", frozenset(LINEAR_UNITS)),
    "GPArealUnit": ("area", frozenset(AREAL_UNITS)),
    "GPTimeUnit": ("time", frozenset(TIME_UNITS)),
}
_MULTI: Final = "GPMultiValue:"
_TEXTS: Final = ("GPString", "GPStringHidden", "GPSQLExpression")
_SETS: Final = ("GPFeatureRecordSetLayer", "GPRecordSet")
_OBJECTS: Final = (
    *_SETS,
    *("GPDataFile", "GPRasterData", "GPRasterDataLayer", "Field"),
    *("GPSpatialReference", "GPCoordinateSystem", "GPExtent", "GPEnvelope"),
)


class DefaultFault(msgspec.Struct, frozen=True):
    """`path` is below the default; `is_note`: it is odd, no more."""

    path: str
    met: Any
    expected: str
    is_note: bool = False


def default_fault(data_type: Any, value: Any) -> DefaultFault | None:
    """What is wrong with a default; None where nothing is, or where the type is not known."""
    if value is None or value == "" or value in ([], {}) or type(data_type) is not str:
        return None
    if data_type.startswith(_MULTI) or data_type == "GPValueTable":
        if type(value) is not list:
            return DefaultFault("", value, "a list", type(value) is str)
        return _elements_fault(data_type, value)
    if data_type in _UNITS:
        return _unit_fault(*_UNITS[data_type], value)
    if data_type == "GPBoolean":
        return None if type(value) is bool else DefaultFault("", value, "true or false")
    if data_type == "GPLong":
        return None if is_whole(value) else DefaultFault("", value, "a whole number")
    if data_type == "GPDouble":
        return None if is_number(value) else DefaultFault("", value, "a number", value == "NaN")
    if data_type == "GPDate":
        return (
            None if is_whole(value) else DefaultFault("", value, "ms since 1970", type(value) in (str, dict))
        )
    if data_type in _TEXTS:
        is_text = isinstance(value, str | list | dict)
        return None if is_text else DefaultFault("", value, "a text")
    if data_type not in _OBJECTS:
        return None
    if type(value) is not dict:
        return DefaultFault("", value, "an object", type(value) is str)
    return _set_fault(value) if data_type in _SETS else None


def _elements_fault(data_type: str, elements: list[Any]) -> DefaultFault | None:
    inner = data_type.removeprefix(_MULTI)
    for index, element in enumerate(elements):
        if inner == "GPValueTable":
            if type(element) not in (list, dict):
                return DefaultFault(f"[{index}]", element, "a row")
        elif fault := default_fault(inner, element):
            is_note = fault.is_note or (inner in _TEXTS and is_number(element))
            place = f"[{index}].{fault.path}".rstrip(".")
            return msgspec.structs.replace(fault, path=place, is_note=is_note)
    return None


def _unit_fault(key: str, units: frozenset[str], value: Any) -> DefaultFault | None:
    if type(value) is not dict:
        return DefaultFault("", value, f'an object with "{key}" and "units"')
    if not is_number(value.get(key)):
        return DefaultFault(key, value.get(key), "a number")
    unit = value.get("units")
    if type(unit) is not str or unit not in units:
        return DefaultFault("units", unit, "a unit of the protocol's list")
    return None


def _set_fault(value: dict[str, Any]) -> DefaultFault | None:
    """A feature input's default tells the schema that features must have."""
    kind = value.get("geometryType")
    if kind is not None and kind not in GEOMETRY_TYPES and kind != "":
        return DefaultFault("geometryType", kind, f"one of {', '.join(GEOMETRY_TYPES)}")
    for key in ("fields", "features", "Fields"):
        if value.get(key) is not None and type(value[key]) is not list:
            return DefaultFault(key, value[key], "a list")
    for key in ("hasZ", "hasM", "exceededTransferLimit"):
        if value.get(key) is not None and type(value[key]) is not bool:
            return DefaultFault(key, value[key], "true or false")
    if value.get("displayFieldName") is not None and type(value["displayFieldName"]) is not str:
        return DefaultFault("displayFieldName", value["displayFieldName"], "a text")
    for index, feature in enumerate(value.get("features") or ()):
        if type(feature) is not dict:
            return DefaultFault(f"features[{index}]", feature, "an object with attributes or a geometry")
    for key in ("fields", "Fields"):
        for index, field in enumerate(value.get(key) or ()):
            if fault := _field_fault(field, f"{key}[{index}]"):
                return fault
    return _reference_fault(value.get("spatialReference"))


def _field_fault(field: Any, place: str) -> DefaultFault | None:
    if type(field) is not dict or type(field.get("name")) is not str or not field["name"]:
        return DefaultFault(place, field, "a field with name and type")
    word = field.get("type")
    if type(word) is not str or word not in FIELD_TYPES:
        return DefaultFault(f"{place}.type", word, "a field type such as esriFieldTypeString")
    if field.get("alias") is not None and type(field["alias"]) is not str:
        return DefaultFault(f"{place}.alias", field["alias"], "a text")
    length = field.get("length")
    if length is not None and not (is_whole(length) and length >= 0):
        return DefaultFault(f"{place}.length", length, "a whole number, 0 or more")
    return None


def _reference_fault(reference: Any) -> DefaultFault | None:
    if reference is None:
        return None
    if type(reference) is not dict:
        return DefaultFault("spatialReference", reference, 'an object such as {"wkid": 4326}')
    for key in ("wkid", "latestWkid", "vcsWkid", "latestVcsWkid"):
        if reference.get(key) is not None and not is_whole(reference[key]):
            return DefaultFault(f"spatialReference.{key}", reference[key], "a well-known id such as 4326")
    try:
        decode_spatial_reference(reference)
    except RemoteProtocolError as error:
        return DefaultFault("spatialReference", reference, error.expected)
    return None
