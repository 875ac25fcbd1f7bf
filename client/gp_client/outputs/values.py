"""Values out of an answer's JSON, by data type: what is right, what is read with a remark, and what is not.

Source: ArcGIS REST, *GP data types*, the forms of outputs. They are fewer than those of inputs: dates are
milliseconds, quantities objects, lists lists. A number or truth value in the wrong JSON type that can mean
but one thing is read and remarked.
"""

from __future__ import annotations

import json as json_text
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from gp_protocol.errors import ProtocolError, RemoteProtocolError, shown
from gp_protocol.values.compound import CompositeValue
from gp_protocol.values.data_types import DATA_TYPES
from gp_protocol.values.dates import decode_date
from gp_protocol.values.fields import Field
from gp_protocol.values.literals import read_boolean, read_double, read_long
from gp_protocol.values.parameter_specs import PlainSpec
from gp_protocol.values.references import points_nowhere
from gp_protocol.values.units import AREAL_UNITS, LINEAR_UNITS, TIME_UNITS

from gp_client.outputs.features import is_newer, mended_field, read_layer, read_records
from gp_client.outputs.pictures import read_map_image
from gp_client.outputs.warnings import Reading
from gp_client.reading.json_pointers import stepped

if TYPE_CHECKING:
    from gp_protocol.values.parameter_specs import ColumnSpec, ParameterSpec

_MULTI = "GPMultiValue:"
_TEXTS = ("GPString", "GPStringHidden", "GPSQLExpression")
_ORDINATES = ("xmin", "ymin", "xmax", "ymax", "zmin", "zmax", "mmin", "mmax")


def read_value(data_type: str, json: Any, spec: ParameterSpec | None, reading: Reading, place: str) -> Any:
    """A value of the data type; None for what was not made. `spec` is the parameter's descriptor, `place` the
    pointer to the value.

    A data type that nobody knows leaves the JSON as it is, with a remark. Raises ProtocolViolation.
    """
    if data_type not in DATA_TYPES:
        known = data_type.removeprefix(_MULTI)
        reading.remark("newer-type", place, f"the data type {shown(known)[1:-1]} is not known here")
        return json
    if json is None or (data_type not in _TEXTS and (json == "" or json == {})):
        return None
    spec = PlainSpec() if spec is None else spec
    try:
        if data_type.startswith(_MULTI):
            return _elements(data_type.removeprefix(_MULTI), json, spec, reading, place)
        reader = _READERS.get(data_type)
        if reader is not None:
            return reader(json, spec, reading, place)
        if isinstance(json, dict) and points_nowhere(json):
            return None
        return DATA_TYPES[data_type].decode_output(json, spec)
    except ProtocolError as error:
        raise reading.violation_of(error, json, place) from None


def _text(json: Any, spec: ParameterSpec, reading: Reading, place: str) -> Any:
    if isinstance(json, int | float):
        reading.remark("type", place, f"{shown(json)} stands where a text was due")
        return json_text.dumps(json)
    if isinstance(json, list | dict):  # a text that reads as JSON leaves the server so; see `spelling.py`
        return json_text.dumps(json, ensure_ascii=False, separators=(",", ":"))
    return json


def _plain_text(json: Any, spec: ParameterSpec, reading: Reading, place: str) -> Any:
    if isinstance(json, list | dict):
        raise reading.violation(place, json, "a text")
    return _text(json, spec, reading, place)


def _boolean(json: Any, spec: ParameterSpec, reading: Reading, place: str) -> bool:
    if json is True or json is False:
        return bool(json)
    truth = bool(json) if type(json) is int and json in (0, 1) else read_boolean(json)
    reading.remark("type", place, f"{shown(json)} stands where true or false was due")
    return truth


def _long(json: Any, spec: ParameterSpec, reading: Reading, place: str) -> int:
    number = read_long(json)
    _remark_text(json, reading, place)
    return number


def _double(json: Any, spec: ParameterSpec, reading: Reading, place: str) -> float:
    number = read_double(json)
    _remark_text(json, reading, place)
    return number


def _remark_text(json: Any, reading: Reading, place: str) -> None:
    if isinstance(json, str):
        reading.remark("type", place, f"{shown(json)} stands where a number was due")


def _date(json: Any, spec: ParameterSpec, reading: Reading, place: str) -> datetime | int:
    milliseconds = read_whole(json)
    if milliseconds is None:
        raise reading.violation(place, json, "a whole number of milliseconds since 1970")
    _remark_text(json, reading, place)
    try:
        return decode_date(milliseconds)
    except RemoteProtocolError:
        reading.remark("type", place, f"{shown(json)} is no date in the years 1 to 9999; it is as delivered")
        return milliseconds


def read_whole(json: Any) -> int | None:
    """A whole number of any size, also as a text of digits; None for anything else."""
    if type(json) is int:
        return json
    if type(json) is float:
        return int(json) if json.is_integer() else None
    if isinstance(json, str) and len(json) < 30:
        digits = json.strip()
        return int(digits) if digits.removeprefix("-").isdecimal() and digits.isascii() else None
    return None


def _quantity(data_type: str, key: str, units: tuple[str, ...]) -> Callable[..., Any]:
    def read(json: Any, spec: ParameterSpec, reading: Reading, place: str) -> Any:
        if not isinstance(json, dict):
            raise reading.violation(place, json, f'an object with "{key}" and "units"')
        _numbers(json, (key,), reading, place)
        unit = json.get("units")
        if not isinstance(unit, str) or unit not in units:
            raise reading.violation(stepped(place, "units"), unit, "one of " + ", ".join(units))
        return DATA_TYPES[data_type].decode_output(json)

    return read


def _box(data_type: str) -> Callable[..., Any]:
    def read(json: Any, spec: ParameterSpec, reading: Reading, place: str) -> Any:
        if isinstance(json, dict):
            _numbers(json, _ORDINATES, reading, place)
        return DATA_TYPES[data_type].decode_output(json)

    return read


def _numbers(json: Mapping[str, Any], keys: tuple[str, ...], reading: Reading, place: str) -> None:
    for key in keys:
        if isinstance(json.get(key), str):
            raise reading.violation(stepped(place, key), json[key], "a number")


def _reference(json: Any, spec: ParameterSpec, reading: Reading, place: str) -> Any:
    found = DATA_TYPES["GPSpatialReference"].decode_output(json)
    if found is not None and not isinstance(json, dict):
        reading.remark(
            "type", place, f'{shown(json)} stands where an object such as {{"wkid": 4326}} was due'
        )
    return found


def _field(json: Any, spec: ParameterSpec, reading: Reading, place: str) -> Field:
    field: Field = DATA_TYPES["Field"].decode_output(mended_field(json, reading, place))
    if is_newer(field):
        text = f"the field type {shown(field.type)[1:-1]} is newer than 11.1"
        reading.remark("newer-type", stepped(place, "type"), text)
    return field


def _raster(json: Any, spec: ParameterSpec, reading: Reading, place: str) -> Any:
    if isinstance(json, dict):
        if json.get("mapImage") is not None:
            return read_map_image(json["mapImage"], reading, stepped(place, "mapImage"))
        json = {key: member for key, member in json.items() if key != "mapImage"}
        if points_nowhere(json):
            return None
    return DATA_TYPES["GPRasterData"].decode_output(json)


def _elements(member: str, json: Any, spec: ParameterSpec, reading: Reading, place: str) -> list[Any]:
    if not isinstance(json, list):
        raise reading.violation(place, json, f"a list of {member} values")
    infos = spec.parameter_infos
    if infos and len(infos) == 1 and infos[0].data_type == "GPComposite":
        infos = infos[0].parameter_infos
    inner = PlainSpec(choice_list=spec.choice_list, parameter_infos=infos)
    return [read_value(member, each, inner, reading, stepped(place, n)) for n, each in enumerate(json)]


def _composite(json: Any, spec: ParameterSpec, reading: Reading, place: str) -> CompositeValue:
    """A composite within a list or a table, where it says its member's type."""
    named = json if isinstance(json, dict) and "value" in json else {}
    data_type = named.get("dataType")
    if not isinstance(data_type, str) or not data_type or data_type == "GPComposite":
        raise reading.violation(place, json, 'an object with the "dataType" of a member and its "value"')
    members = {info.data_type: info for info in spec.parameter_infos or ()}
    if members and data_type in DATA_TYPES and data_type not in members:
        place = stepped(place, "dataType")
        raise reading.violation(place, data_type, "one of the declared members, " + ", ".join(members))
    inner = _spec_of(members.get(data_type))
    return CompositeValue(
        data_type, read_value(data_type, named["value"], inner, reading, stepped(place, "value"))
    )


def _table(json: Any, spec: ParameterSpec, reading: Reading, place: str) -> list[list[Any]]:
    if not isinstance(json, list):
        raise reading.violation(place, json, "a list of rows")
    columns = tuple(spec.parameter_infos or ())
    return [_row(row, columns, reading, stepped(place, number)) for number, row in enumerate(json)]


def _row(row: Any, columns: tuple[ColumnSpec, ...], reading: Reading, place: str) -> list[Any]:
    names = [column.name for column in columns]
    keys: list[Any] = list(range(len(row))) if isinstance(row, list) else names
    if isinstance(row, dict) and reading.rows_by_name:
        stranger = next((key for key in row if key not in names), None) if names else None
        if stranger is not None:
            raise reading.violation(
                stepped(place, stranger), stranger, "one of the columns " + ", ".join(names)
            )
        keys = names or list(row)
        row = [row.get(key) for key in keys]
    if not isinstance(row, list):
        raise reading.violation(place, row, "a list of cells")
    if not columns:
        return row
    if len(row) != len(columns):
        raise reading.violation(place, row, f"a list of {len(columns)} cells")
    return [
        read_value(column.data_type, cell, _spec_of(column), reading, stepped(place, key))
        for key, cell, column in zip(keys, row, columns, strict=True)
    ]


def _spec_of(part: ColumnSpec | None) -> PlainSpec:
    return PlainSpec(parameter_infos=part.parameter_infos if part is not None else None)


_READERS: Mapping[str, Callable[[Any, Any, Reading, str], Any]] = {
    "GPBoolean": _boolean,
    "GPLong": _long,
    "GPDouble": _double,
    "GPString": _text,
    "GPStringHidden": _plain_text,
    "GPSQLExpression": _plain_text,
    "GPDate": _date,
    "GPLinearUnit": _quantity("GPLinearUnit", "distance", LINEAR_UNITS),
    "GPArealUnit": _quantity("GPArealUnit", "area", AREAL_UNITS),
    "GPTimeUnit": _quantity("GPTimeUnit", "time", TIME_UNITS),
    "GPFeatureRecordSetLayer": read_layer,
    "GPRecordSet": read_records,
    "GPRasterData": _raster,
    "GPRasterDataLayer": _raster,
    "Field": _field,
    "GPSpatialReference": _reference,
    "GPCoordinateSystem": _reference,
    "GPExtent": _box("GPExtent"),
    "GPEnvelope": _box("GPEnvelope"),
    "GPValueTable": _table,
    "GPComposite": _composite,
}
