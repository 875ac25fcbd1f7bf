"""A value for any data type, and those that are made of others: lists, tables, composites.

Source: ArcGIS REST, *GP data types*. Everything here raises `LocalProtocolError`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from gp_protocol.errors import LocalProtocolError, ProtocolError, shown
from gp_protocol.suggestions import did_you_mean, one_of
from gp_protocol.values.compound import CompositeValue
from gp_protocol.values.data_types import DATA_TYPES
from gp_protocol.values.feature_sets import FeatureSet, RecordSet
from gp_protocol.values.fields import Field
from gp_protocol.values.parameter_specs import ColumnSpec, ParameterSpec, PlainSpec
from gp_protocol.values.references import DataFile, ItemReference, LayerReference, Raster
from gp_protocol.values.spatial_references import Extent, SpatialReference
from gp_protocol.values.units import ArealUnit, LinearUnit, TimeUnit

from gp_client.inputs.features import read_features, read_records
from gp_client.inputs.places import extent_from, spatial_reference_from
from gp_client.inputs.references import data_file_from, raster_from
from gp_client.inputs.scalars import (
    areal_unit_from,
    as_list,
    bare,
    boolean_from,
    date_from,
    double_from,
    field_from,
    linear_unit_from,
    long_from,
    parsed,
    text_from,
    time_unit_from,
)

_TEXTS: Final = ("GPString", "GPStringHidden", "GPSQLExpression")
_SIMPLE: Final[Mapping[str, Callable[[Any], Any]]] = {
    "GPBoolean": boolean_from,
    "GPLong": long_from,
    "GPDouble": double_from,
    **dict.fromkeys(_TEXTS, text_from),
    "GPDate": date_from,
    "GPLinearUnit": linear_unit_from,
    "GPArealUnit": areal_unit_from,
    "GPTimeUnit": time_unit_from,
    "GPDataFile": data_file_from,
    "Field": field_from,
    "GPSpatialReference": spatial_reference_from,
    "GPCoordinateSystem": spatial_reference_from,
    "GPExtent": extent_from,
    "GPEnvelope": extent_from,
}
_OWN: Final[Mapping[str, tuple[type, ...]]] = {
    "GPBoolean": (bool,),
    "GPLong": (int,),
    "GPDouble": (float, int),
    **dict.fromkeys(_TEXTS, (str,)),
    "GPDate": (datetime,),
    "GPLinearUnit": (LinearUnit,),
    "GPArealUnit": (ArealUnit,),
    "GPTimeUnit": (TimeUnit,),
    "GPDataFile": (DataFile,),
    "Field": (Field,),
    "GPSpatialReference": (SpatialReference,),
    "GPCoordinateSystem": (SpatialReference,),
    "GPExtent": (Extent,),
    "GPEnvelope": (Extent,),
    "GPFeatureRecordSetLayer": (FeatureSet, LayerReference, ItemReference),
    "GPRecordSet": (RecordSet, LayerReference, ItemReference),
    "GPRasterData": (Raster,),
    "GPRasterDataLayer": (Raster,),
}
"""The types of Python that are surely meant for a data type, where several could be."""


def value_from(data_type: str, value: Any, spec: ParameterSpec) -> Any:
    """A value of a data type that is known, from anything that stands for one; None stays None."""
    if value is None:
        return None
    if data_type in _SIMPLE:
        return _SIMPLE[data_type](value)
    if data_type == "GPFeatureRecordSetLayer":
        return read_features(value, spec.default_value, spec.choice_list)
    if data_type == "GPRecordSet":
        return read_records(value, spec.default_value, spec.choice_list)
    if data_type in ("GPRasterData", "GPRasterDataLayer"):
        return raster_from(value, spec.choice_list)
    if data_type == "GPValueTable":
        return _table_from(value, spec.parameter_infos or ())
    if data_type == "GPComposite":
        return _composite_from(value, spec.parameter_infos or ())
    return _elements_from(data_type.partition(":")[2], value, spec)


def _elements_from(member: str, value: Any, spec: ParameterSpec) -> list[Any]:
    """The elements of a GPMultiValue."""
    elements = as_list(parsed(value))
    if elements is None:
        remedy = "write [value], also for a single one"
        if isinstance(value, Iterable) and not isinstance(value, str | bytes | Mapping):
            remedy = "write list(…), in the order that is meant"
        raise LocalProtocolError(met=shown(value), expected=f"a list of {member}", remedy=remedy)
    infos = spec.parameter_infos
    if infos and len(infos) == 1 and infos[0].data_type == "GPComposite":
        infos = infos[0].parameter_infos
    inner = PlainSpec(choice_list=spec.choice_list, parameter_infos=infos)
    return [_at(f"[{index}]", member, element, inner) for index, element in enumerate(elements)]


def _table_from(value: Any, columns: Sequence[ColumnSpec]) -> list[list[Any]]:
    """The rows of a GPValueTable, each a sequence in the order of the columns or a mapping by their names."""
    value = parsed(value)
    if hasattr(value, "columns") and hasattr(value, "iloc"):
        names = [str(name) for name in value.columns]
        rows: list[Any] | None = [
            dict(zip(names, row, strict=True)) for row in value.itertuples(index=False, name=None)
        ]
    else:
        rows = as_list(value)
    if rows is None:
        raise LocalProtocolError(met=shown(value), expected="a list of rows")
    table = []
    for number, row in enumerate(rows):
        try:
            table.append(_row_from(row, columns))
        except LocalProtocolError as error:
            raise error.at(f"[{number}]") from None
    return table


def _row_from(row: Any, columns: Sequence[ColumnSpec]) -> list[Any]:
    names = [column.name for column in columns]
    if isinstance(row, Mapping):
        cells = _cells_by_name(row, names)
    else:
        found = as_list(row)
        if found is None or (columns and len(found) != len(columns)):
            expected = f"{len(columns)} cells: {', '.join(names)}" if columns else "a list of cells"
            raise LocalProtocolError(met=shown(row), expected=expected)
        cells = found
    if not columns:
        return [bare(cell) for cell in cells]
    return [
        _cell_from(column, column.name or f"[{index}]", cell)
        for index, (column, cell) in enumerate(zip(columns, cells, strict=True))
    ]


def _cell_from(column: ColumnSpec, place: str, cell: Any) -> Any:
    if column.data_type not in DATA_TYPES:
        return bare(cell)
    if cell is None:
        return "" if DATA_TYPES[column.data_type].is_text else None
    return _at(place, column.data_type, cell, PlainSpec(parameter_infos=column.parameter_infos))


def _cells_by_name(row: Mapping[Any, Any], names: list[str]) -> list[Any]:
    if not names or not all(names) or len(set(names)) != len(names):
        raise LocalProtocolError(
            met=shown(dict(row)), expected="a list of cells: the columns have no names of their own"
        )
    for name in row:
        if name not in names:
            remedy = did_you_mean(name, names) if isinstance(name, str) else ""
            raise LocalProtocolError(met=f"the key {shown(name)}", expected=one_of(names), remedy=remedy)
    return [row.get(name) for name in names]


def _composite_from(value: Any, members: Sequence[ColumnSpec]) -> CompositeValue:
    """A CompositeValue, or a value of the first member type that it is surely meant for, else of the first
    that can have it."""
    try:
        named = parsed(value)
    except LocalProtocolError:
        named = value
    if isinstance(named, Mapping) and named.keys() == {"dataType", "value"}:
        value = CompositeValue(named["dataType"], named["value"])
    if isinstance(value, CompositeValue):
        return _named_composite(value, members)
    meant = bare(value)
    for member in members:
        own = _OWN.get(member.data_type, ())
        if isinstance(meant, own) and (bool in own or not isinstance(meant, bool)):
            found = _tried(member, value)
            if found is not None:
                return found
    for member in members:
        found = _tried(member, value)
        if found is not None:
            return found
    names = [member.data_type for member in members]
    raise LocalProtocolError(
        met=shown(value),
        expected=f"a value of {one_of(names)}" if names else "a CompositeValue",
        remedy="write CompositeValue(data_type, value)",
    )


def _named_composite(value: CompositeValue, members: Sequence[ColumnSpec]) -> CompositeValue:
    known = {member.data_type: member for member in members}
    name = value.data_type
    if not isinstance(name, str) or name not in (known or DATA_TYPES) or name not in DATA_TYPES:
        raise LocalProtocolError(
            path="dataType",
            met=shown(name),
            expected=one_of(known) if known else "the name of a data type",
            remedy=did_you_mean(name, known or DATA_TYPES) if isinstance(name, str) else "",
        )
    spec = PlainSpec(parameter_infos=known[name].parameter_infos if known else None)
    found = _at("value", name, value.value, spec)
    if isinstance(found, CompositeValue):
        raise LocalProtocolError(path="dataType", met=shown(name), expected="a data type other than itself")
    return CompositeValue(name, found)


def _tried(member: ColumnSpec, value: Any) -> CompositeValue | None:
    if member.data_type not in DATA_TYPES:
        return None
    try:
        found = value_from(member.data_type, value, PlainSpec(parameter_infos=member.parameter_infos))
    except ProtocolError:
        return None
    return None if found is None else CompositeValue(member.data_type, found)


def _at(place: str, data_type: str, value: Any, spec: ParameterSpec) -> Any:
    try:
        return value_from(data_type, value, spec)
    except ProtocolError as error:
        raise LocalProtocolError.of(error.at(place)) from None
