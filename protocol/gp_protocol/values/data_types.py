"""The table of data types: what a parameter's value is in Python, and how it crosses the wire in both
directions.

| Python | data types |
|---|---|
| bool, int, float | GPBoolean, GPLong, GPDouble |
| str | GPString, GPStringHidden, GPSQLExpression |
| aware UTC datetime | GPDate |
| LinearUnit, ArealUnit, TimeUnit | GPLinearUnit, GPArealUnit, GPTimeUnit |
| FeatureSet, RecordSet | GPFeatureRecordSetLayer, GPRecordSet (or a LayerReference, an ItemReference) |
| Raster, DataFile, Field | GPRasterDataLayer, GPRasterData, GPDataFile, Field |
| SpatialReference, Extent | GPSpatialReference, GPCoordinateSystem, GPExtent, GPEnvelope |
| list, list of lists, CompositeValue | GPMultiValue:T, GPValueTable, GPComposite |

Features and rasters may be a MapImage in outputs, and in inputs a str: the name of a predefined layer out
of the parameter's choice list. None is *not given* in inputs and *not made* in outputs.

Source: ArcGIS REST, *GP data types*. What was not made leaves as `{}`, `[]`, `""` or null, as published
clients need it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from gp_protocol.errors import RemoteProtocolError, shown
from gp_protocol.suggestions import did_you_mean
from gp_protocol.values.compound import (
    as_composite,
    read_composite,
    read_elements,
    read_table,
    write_elements,
    write_table,
)
from gp_protocol.values.crossings import DataType, Form, of_kind
from gp_protocol.values.dates import decode_date, to_milliseconds
from gp_protocol.values.fields import Field, decode_field, encode_field
from gp_protocol.values.layers import LAYER_TYPES
from gp_protocol.values.literals import read_boolean, read_double, read_long
from gp_protocol.values.parameter_specs import (
    PLAIN,
    PLAIN_OUTPUT,
    ColumnSpec,
    OutputOptions,
    ParameterSpec,
    PlainSpec,
)
from gp_protocol.values.references import DataFile, decode_data_file, encode_data_file, output_url
from gp_protocol.values.spatial_references import (
    Extent,
    SpatialReference,
    decode_extent,
    decode_spatial_reference,
    encode_any_spatial_reference,
    encode_extent,
    encode_spatial_reference,
)
from gp_protocol.values.texts import TEXT_TYPES, write_text
from gp_protocol.values.units import (
    ArealUnit,
    LinearUnit,
    TimeUnit,
    decode_areal_unit,
    decode_linear_unit,
    decode_time_unit,
    encode_unit,
)

__all__ = [
    "DATA_TYPES",
    "PLAIN",
    "PLAIN_OUTPUT",
    "ColumnSpec",
    "DataType",
    "OutputOptions",
    "ParameterSpec",
    "PlainSpec",
    "data_type",
]


def data_type(name: str) -> DataType:
    """The data type of that name, `GPMultiValue:T` included. Raises `RemoteProtocolError`."""
    try:
        return DATA_TYPES[name]
    except (KeyError, TypeError):
        raise RemoteProtocolError(
            path="dataType",
            met=shown(name),
            expected="a data type such as GPString or GPMultiValue:GPString",
            remedy=did_you_mean(name, DATA_TYPES) if isinstance(name, str) else "",
        ) from None


def _simple(
    name: str,
    since: float,
    form: Form,
    read: Callable[[Any], Any],
    write: Callable[[Any], Any],
    *,
    write_output: Callable[[Any], Any] | None = None,
    read_output: Callable[[Any], Any] | None = None,
) -> DataType:
    """A type whose values depend neither on the parameter nor on what the client asked for."""
    out, read_back = write_output or write, read_output or read
    return DataType(
        name,
        since,
        None,
        form,
        lambda raw, spec: read(raw),
        lambda value, options, spec: out(value),
        lambda value, spec: write(value),
        lambda json, spec: read_back(json),
    )


# Compound types.


def _plain_output(kind: DataType, value: Any, options: OutputOptions, spec: ParameterSpec) -> Any:
    """A value within another one: only a parameter's own text turns into JSON, and composites say their
    type."""
    if kind.is_text:
        return write_text(value)
    if kind.name == "GPComposite":
        composite = as_composite(value, spec, data_type)
        member = data_type(composite.data_type)
        return {
            "dataType": composite.data_type,
            "value": _plain_output(member, composite.value, options, PLAIN),
        }
    return kind.encode_output(value, options, spec)


def _multi_value(member: DataType) -> DataType:
    return DataType(
        f"GPMultiValue:{member.name}",
        member.since,
        [],
        Form.JSON,
        lambda raw, spec: read_elements(raw, spec, member.decode_input),
        lambda value, options, spec: write_elements(
            value, spec, lambda element, inner: _plain_output(member, element, options, inner)
        ),
        lambda value, spec: write_elements(value, spec, member.encode_input_json),
        lambda json, spec: read_elements(json, spec, member.decode_output),
    )


def _write_composite(value: Any, options: OutputOptions, spec: ParameterSpec) -> Any:
    composite = as_composite(value, spec, data_type)
    return data_type(composite.data_type).encode_output(composite.value, options)


def _write_composite_input(value: Any, spec: ParameterSpec) -> Any:
    composite = as_composite(value, spec, data_type)
    member = data_type(composite.data_type)
    return {"dataType": composite.data_type, "value": member.encode_input_json(composite.value, PLAIN)}


_SIMPLE = (
    _simple("GPBoolean", 9.3, Form.LITERAL, read_boolean, lambda value: of_kind(value, bool)),
    _simple("GPLong", 9.3, Form.LITERAL, read_long, lambda value: read_long(of_kind(value, int))),
    _simple(
        "GPDouble", 9.3, Form.LITERAL, read_double, lambda value: read_double(of_kind(value, float, int))
    ),
    *TEXT_TYPES,
    *LAYER_TYPES,
    _simple("GPDate", 9.3, Form.JSON, decode_date, lambda value: to_milliseconds(of_kind(value, datetime))),
    _simple(
        "GPLinearUnit",
        9.3,
        Form.JSON,
        decode_linear_unit,
        lambda value: encode_unit(of_kind(value, LinearUnit)),
    ),
    _simple(
        "GPArealUnit",
        11.3,
        Form.JSON,
        decode_areal_unit,
        lambda value: encode_unit(of_kind(value, ArealUnit)),
    ),
    _simple(
        "GPTimeUnit",
        12.0,
        Form.JSON,
        decode_time_unit,
        lambda value: encode_unit(of_kind(value, TimeUnit)),
    ),
    _simple(
        "GPDataFile",
        9.3,
        Form.JSON,
        decode_data_file,
        lambda value: encode_data_file(of_kind(value, DataFile)),
        write_output=lambda value: output_url({"url": of_kind(value, DataFile).url}),
    ),
    _simple(
        "Field",
        10.7,
        Form.JSON,
        decode_field,
        lambda value: encode_field(of_kind(value, Field)),
        read_output=lambda json: decode_field(json, tolerant=True),
    ),
    *(
        _simple(
            name,
            11.4,
            Form.JSON,
            decode_spatial_reference,
            lambda value: encode_any_spatial_reference(of_kind(value, SpatialReference)),
            write_output=lambda value: encode_spatial_reference(of_kind(value, SpatialReference)),
        )
        for name in ("GPSpatialReference", "GPCoordinateSystem")
    ),
    _simple(
        "GPExtent",
        11.4,
        Form.JSON,
        decode_extent,
        lambda value: encode_extent(of_kind(value, Extent), reference_key="spatial_reference"),
    ),
    _simple(
        "GPEnvelope",
        11.4,
        Form.JSON,
        lambda raw: decode_extent(raw, with_reference=False),
        lambda value: encode_extent(of_kind(value, Extent), reference_key=None),
    ),
    DataType(
        "GPComposite",
        11.2,
        None,
        Form.LITERAL,
        lambda raw, spec: read_composite(raw, spec, DataType.decode_input, data_type),
        _write_composite,
        _write_composite_input,
        lambda json, spec: read_composite(json, spec, DataType.decode_output, data_type),
    ),
)

_TABLE = DataType(
    "GPValueTable",
    11.0,
    [],
    Form.JSON,
    lambda raw, spec: read_table(raw, spec, DataType.decode_input, data_type),
    lambda value, options, spec: write_table(
        value,
        spec,
        lambda kind, cell, inner: _plain_output(kind, cell, options, inner),
        data_type,
        by_name=options.return_column_name,
    ),
    lambda value, spec: write_table(value, spec, DataType.encode_input_json, data_type, by_name=False),
    lambda json, spec: read_table(json, spec, DataType.decode_output, data_type),
)

DATA_TYPES: Mapping[str, DataType] = {
    kind.name: kind for kind in (*_SIMPLE, _TABLE, *(_multi_value(member) for member in _SIMPLE))
}
"""Every data type by its name, each `GPMultiValue:T` too (T may be any but GPValueTable)."""
