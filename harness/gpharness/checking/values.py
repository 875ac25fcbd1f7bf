"""Values of each data type, as servers answer them.

Source: ArcGIS REST, *GP data types*. What was not made is null or an empty object, of whatever type; a
GPString whose text is a whole array or object comes as that.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from gp_protocol.errors import RemoteProtocolError
from gp_protocol.values.data_types import DATA_TYPES
from gp_protocol.values.spatial_references import decode_spatial_reference
from gp_protocol.values.units import AREAL_UNITS, LINEAR_UNITS, TIME_UNITS

from gpharness.checking.feature_sets import check_features, check_records
from gpharness.checking.fields import check_field
from gpharness.checking.looking import Looking, NotFinite, Phrase, is_number, is_whole, join, met_at

if TYPE_CHECKING:
    from gp_protocol.descriptions.descriptors import Parameter, ParameterInfo

    Spec = Parameter | ParameterInfo | None

_MULTI: Final = "GPMultiValue:"
_REFERENCES: Final = ("url", "itemID", "portalItemID")
_ABSOLUTE: Final = re.compile(r"(?!https?:)[a-z][a-z0-9+.-]*:|(?:https?:)?//[^/?#]|\\\\", re.IGNORECASE)
_BOX: Final = ("xmin", "ymin", "xmax", "ymax")
_MORE_OF_BOX: Final = ("zmin", "zmax", "mmin", "mmax")


def check_value(look: Looking, data_type: str, value: Any, path: str, spec: Spec) -> None:
    """A value of a data type; `spec` is what the task declares of it, where that is known."""
    if value is None or (type(value) is dict and not value) or (not look.is_strict and _is_told(value)):
        return
    if value == "" and look.is_of_inputs:
        return  # an input that was left out
    if data_type.startswith(_MULTI):
        _check_elements(look, data_type.removeprefix(_MULTI), value, path, spec)
    elif data_type == "GPValueTable":
        _check_table(look, value, path, spec)
    elif data_type in _CHECKS:
        _CHECKS[data_type](look, value, path)


def _is_told(value: Any) -> bool:
    """Whether NaN or an infinity stands in the value, which has been found already."""
    held = value.values() if type(value) is dict else [value]
    return any(type(each) is NotFinite for each in held)


def fits(data_type: str, value: Any) -> bool:
    """Whether a value is surely none of another type."""
    look = Looking("result")
    check_value(look, data_type, value, "", None)
    return not look.findings


def _check_elements(look: Looking, data_type: str, value: Any, path: str, spec: Spec) -> None:
    if type(value) is not list:
        look.say("value.type", path, value, "a list")
        return
    infos = spec.parameter_infos if spec is not None else None
    inner = infos[0] if infos and len(infos) == 1 else None
    for index, element in enumerate(value):
        place = f"{path}[{index}]"
        if data_type == "GPComposite":
            _check_composite(look, element, place)
        else:
            check_value(look, data_type, element, place, inner)


def _check_composite(look: Looking, value: Any, path: str) -> None:
    """A composite within another value, which says its type beside it."""
    if value is None:
        return
    word = value.get("dataType") if type(value) is dict else None
    if type(word) is not str or "value" not in value:
        look.say("value.type", path, value, "an object with dataType and value")
    elif word == "GPComposite":
        look.say("value.type", f"{path}.dataType", word, "the type that the value has")
    else:
        check_value(look, word, value["value"], f"{path}.value", None)


def _check_table(look: Looking, value: Any, path: str, spec: Spec) -> None:
    if type(value) is not list:
        look.say("value.type", path, value, "a list of rows")
        return
    columns = (spec.parameter_infos or ()) if spec is not None else ()
    width = len(columns) or next((len(row) for row in value if type(row) is list), 0)
    names = [column.name for column in columns]
    by_name = {column.name: column for column in columns}
    for index, row in enumerate(value):
        place = f"{path}[{index}]"
        if type(row) is dict:
            _check_named_row(look, row, place, by_name)
            continue
        if type(row) is not list or len(row) != width:
            look.say("value.type", place, row, f"a row of {width} cells")
            continue
        for number, (column, cell) in enumerate(zip(columns, row, strict=False)):
            _check_cell(look, column, cell, f"{place}[{number}]")
    if any(type(row) is dict for row in value) and any(type(row) is list for row in value):
        look.say("value.type", path, Phrase("rows of two kinds"), f"arrays or objects, columns {names}")


def _check_named_row(
    look: Looking, row: dict[str, Any], path: str, columns: Mapping[str, ParameterInfo]
) -> None:
    if not look.is_asked("returnColumnName"):
        say = look.say if look.knows_asked else look.note
        say("value.type", path, row, "an array, as returnColumnName was not asked for")
        return
    for name, cell in row.items():
        if name in columns:
            _check_cell(look, columns[name], cell, join(path, name))
        elif columns:
            look.say("value.type", join(path, name), name, f"one of {', '.join(columns)}"[:200])


def _check_cell(look: Looking, column: ParameterInfo, cell: Any, path: str) -> None:
    if cell is None or cell == "":
        return
    if column.data_type == "GPComposite":
        _check_composite(look, cell, path)
    else:
        check_value(look, column.data_type, cell, path, column)


def _check_boolean(look: Looking, value: Any, path: str) -> None:
    if type(value) is not bool:
        look.say("value.type", path, value, "true or false")


def _check_long(look: Looking, value: Any, path: str) -> None:
    if not is_whole(value):
        look.say("value.type", path, value, "a whole number")


def _check_double(look: Looking, value: Any, path: str) -> None:
    if not is_number(value):
        look.say("value.type", path, value, "a number")


def _check_text(look: Looking, value: Any, path: str) -> None:
    if type(value) is not str:
        look.say("value.type", path, value, "a text")


def _check_string(look: Looking, value: Any, path: str) -> None:
    if not isinstance(value, str | list | dict):
        look.say("value.type", path, value, "a text")


def _check_date(look: Looking, value: Any, path: str) -> None:
    if not is_whole(value):
        look.say("value.date", path, value, "a whole number of ms since 1970, UTC")


def _unit(key: str, units: tuple[str, ...]) -> Callable[[Looking, Any, str], None]:
    known = frozenset(units)

    def check(look: Looking, value: Any, path: str) -> None:
        if type(value) is not dict:
            look.say("value.type", path, value, f'an object with "{key}" and "units"')
            return
        if not is_number(value.get(key)):
            look.say("value.type", join(path, key), met_at(value, key), "a number")
        unit = value.get("units")
        if type(unit) is not str or unit not in known:
            look.say("value.type", join(path, "units"), met_at(value, "units"), f"a unit such as {units[9]}")

    return check


def _check_file(look: Looking, value: Any, path: str) -> None:
    if type(value) is not dict:
        if value == "" or (look.is_of_inputs and type(value) is str):
            return
        look.say("value.type", path, value, 'an object with "url"')
        return
    key = next((key for key in _REFERENCES if value.get(key) not in (None, "")), None)
    if key is None:
        if any(reference in value for reference in _REFERENCES):
            return  # a reference to nothing: no file was made
        look.say("value.type", join(path, "url"), met_at(value, "url"), "the file's address")
        return
    if type(value[key]) is not str:
        look.say("value.type", join(path, key), value[key], "a text")
    elif key == "url" and not _ABSOLUTE.match(value[key].strip()):
        look.say("file.url", join(path, key), value[key], "an address with scheme and host")


def _check_raster(look: Looking, value: Any, path: str) -> None:
    if type(value) is dict and "mapImage" in value:
        check_map_image(look, value["mapImage"], join(path, "mapImage"))
        return
    _check_file(look, value, path)
    for key in ("format", "type"):
        if type(value) is dict and value.get(key) is not None and type(value[key]) is not str:
            look.say("value.type", join(path, key), value[key], "a text")


def check_map_image(look: Looking, value: Any, path: str) -> None:
    """A picture that a result map service drew."""
    if type(value) is not dict:
        look.say("value.type", path, value, 'an object with "href"')
        return
    if type(value.get("href")) is not str:
        look.say("value.type", join(path, "href"), met_at(value, "href"), "the picture's address")
    for key in ("width", "height", "scale"):
        if value.get(key) is not None and not is_number(value[key]):
            look.say("value.type", join(path, key), value[key], "a number")
    if value.get("extent"):
        _check_extent(look, value["extent"], join(path, "extent"))


def _check_column(look: Looking, value: Any, path: str) -> None:
    check_field(look, value, path, name="value.type")


def _check_reference(look: Looking, value: Any, path: str) -> None:
    if type(value) is not dict:
        look.say("value.type", path, value, 'an object such as {"wkid": 4326}')
        return
    try:
        decode_spatial_reference(value)
    except RemoteProtocolError as error:
        look.say_error("value.type", path, error)
    for key in ("wkid", "latestWkid", "vcsWkid", "latestVcsWkid"):
        if value.get(key) is not None and not is_whole(value[key]):
            look.say("value.type", join(path, key), value[key], "a whole number")


def _check_extent(look: Looking, value: Any, path: str) -> None:
    if type(value) is not dict:
        look.say("value.type", path, value, "an object with xmin, ymin, xmax and ymax")
        return
    for key in _BOX:
        number = value.get(key)
        if not is_number(number) and number != "NaN":
            look.say("value.type", join(path, key), met_at(value, key), "a number")
    for key in _MORE_OF_BOX:
        if value.get(key) is not None and not is_number(value[key]) and value[key] != "NaN":
            look.say("value.type", join(path, key), value[key], "a number")
    for key in ("spatial_reference", "spatialReference"):
        if value.get(key) is not None:
            _check_reference(look, value[key], join(path, key))


_CHECKS: Final[Mapping[str, Callable[[Looking, Any, str], None]]] = {
    "GPBoolean": _check_boolean,
    "GPLong": _check_long,
    "GPDouble": _check_double,
    "GPString": _check_string,
    "GPStringHidden": _check_text,
    "GPSQLExpression": _check_text,
    "GPDate": _check_date,
    "GPLinearUnit": _unit("distance", LINEAR_UNITS),
    "GPArealUnit": _unit("area", AREAL_UNITS),
    "GPTimeUnit": _unit("time", TIME_UNITS),
    "GPDataFile": _check_file,
    "GPRasterData": _check_raster,
    "GPRasterDataLayer": _check_raster,
    "Field": _check_column,
    "GPSpatialReference": _check_reference,
    "GPCoordinateSystem": _check_reference,
    "GPExtent": _check_extent,
    "GPEnvelope": _check_extent,
    "GPFeatureRecordSetLayer": lambda look, value, path: check_features(look, value, path, check_map_image),
    "GPRecordSet": lambda look, value, path: check_records(look, value, path, check_map_image),
}

_UNCHECKED: Final = {name for name in DATA_TYPES if not name.startswith(_MULTI)} - _CHECKS.keys()
assert not _UNCHECKED - {"GPValueTable", "GPComposite"}, _UNCHECKED
