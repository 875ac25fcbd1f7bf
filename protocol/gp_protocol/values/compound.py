"""Values made of other values: GPMultiValue, GPValueTable (11.0) and GPComposite (11.2).

Source: ArcGIS REST, *GP data types*. What their parts are stands in the parameter's `parameterInfos`: the
columns of a table, the members of a composite; for `GPMultiValue:GPComposite` one level deeper.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec

from gp_protocol.errors import LocalProtocolError, ProtocolError, RemoteProtocolError, shown
from gp_protocol.lenient_json import decode_json, reads_as_json
from gp_protocol.suggestions import did_you_mean, one_of
from gp_protocol.values.parameter_specs import PLAIN, OutputOptions, ParameterSpec, PlainSpec

if TYPE_CHECKING:
    from gp_protocol.values.crossings import DataType

    Find = Callable[[str], DataType]


class ColumnNamesNotUnique(LocalProtocolError):
    """Rows were to be objects by column name, and the columns cannot be told apart by their names."""


class CompositeValue(msgspec.Struct, frozen=True):
    """The value of a GPComposite with the name of the member type that it has, never GPComposite itself."""

    data_type: str
    value: Any


def read_elements(values: Any, spec: ParameterSpec, read: Callable[[Any, ParameterSpec], Any]) -> list[Any]:
    """The elements of a GPMultiValue. Null stays None: clients send it for what they leave out."""
    if not isinstance(values, list):
        raise RemoteProtocolError(
            met=shown(values), expected="a JSON array", remedy='write ["…"], also for a single value'
        )
    element_spec = _element_spec(spec)
    return [_at_index(index, read, value, element_spec) for index, value in enumerate(values)]


def write_elements(values: Any, spec: ParameterSpec, write: Callable[[Any, ParameterSpec], Any]) -> list[Any]:
    """The elements of a GPMultiValue, None as null."""
    if not isinstance(values, list | tuple):
        raise LocalProtocolError(met=shown(values), expected="a list")
    element_spec = _element_spec(spec)
    return [
        None if value is None else _at_index(index, write, value, element_spec)
        for index, value in enumerate(values)
    ]


def read_table(
    rows: Any, spec: ParameterSpec, read: Callable[[DataType, Any, ParameterSpec], Any], find: Find
) -> list[list[Any]]:
    """The rows of a GPValueTable, each an array in the order of the columns or an object by their names.

    Where no columns are known cells stay the JSON that they are. An empty cell is `""` for a text, else
    None.
    """
    if not isinstance(rows, list):
        raise RemoteProtocolError(met=shown(rows), expected="a JSON array of rows")
    columns = _columns(spec, find)
    names = [name for name, _, _ in columns]

    def read_row(row: Any, _: ParameterSpec) -> list[Any]:
        if isinstance(row, dict):
            row = _cells_by_name(row, names)
        if not isinstance(row, list) or (columns and len(row) != len(columns)):
            count = f"{len(columns)} cells" if columns else "cells"
            raise RemoteProtocolError(
                met=shown(row), expected=f"an array of {count}, or an object by column name"
            )
        if not columns:
            return row
        return [
            _at_index(index, partial(read, kind), cell, inner)
            for index, (cell, (_, kind, inner)) in enumerate(zip(row, columns, strict=True))
        ]

    return [_at_index(index, read_row, row, PLAIN) for index, row in enumerate(rows)]


def write_table(
    rows: Any,
    spec: ParameterSpec,
    write: Callable[[DataType, Any, ParameterSpec], Any],
    find: Find,
    *,
    by_name: bool,
) -> list[Any]:
    """The rows of a GPValueTable as arrays, or as objects by column name.

    Objects need columns whose names are there and differ; else `ColumnNamesNotUnique` is raised, as servers
    fail too.
    """
    if not isinstance(rows, list | tuple):
        raise LocalProtocolError(met=shown(rows), expected="a list of rows")
    columns = _columns(spec, find)
    names = [name for name, _, _ in columns]
    if by_name and (met := _ambiguity(names)):
        raise ColumnNamesNotUnique(
            met=met, expected="columns with names of their own, as returnColumnName needs them"
        )

    def write_row(row: Any, _: ParameterSpec) -> Any:
        if not isinstance(row, list | tuple) or (columns and len(row) != len(columns)):
            raise LocalProtocolError(met=shown(row), expected=f"a list of {len(columns) or 'the'} cells")
        if not columns:
            return list(row)
        cells = [
            _at_index(index, partial(_written_cell, write, kind), cell, inner)
            for index, (cell, (_, kind, inner)) in enumerate(zip(row, columns, strict=True))
        ]
        return dict(zip(names, cells, strict=True)) if by_name else cells

    return [_at_index(index, write_row, row, PLAIN) for index, row in enumerate(rows)]


def read_composite(
    value: Any, spec: ParameterSpec, read: Callable[[DataType, Any, ParameterSpec], Any], find: Find
) -> CompositeValue:
    """Read `{"dataType", "value"}`, or a value of the first member type that can read it."""
    members = list(_members(spec, find))
    named = decode_json(value) if isinstance(value, str) and reads_as_json(value) else value
    if isinstance(named, dict) and "dataType" in named and "value" in named:
        name = named["dataType"]
        known = {kind.name: (kind, inner) for kind, inner in members}
        if not isinstance(name, str) or (members and name not in known):
            raise RemoteProtocolError(
                path="dataType",
                met=shown(name),
                expected=one_of(known) if known else "the name of a data type",
                remedy=did_you_mean(name, known) if isinstance(name, str) else "",
            )
        try:
            kind, inner = known[name] if name in known else (find(name), PLAIN)
            return CompositeValue(kind.name, read(kind, named["value"], inner))
        except RemoteProtocolError as error:
            raise error.at("value") if error.path != "dataType" else error from None
    for kind, inner in members:
        try:
            found = read(kind, value, inner)
        except RemoteProtocolError:
            continue
        if found is not None:
            return CompositeValue(kind.name, found)
    names = [kind.name for kind, _ in members]
    raise RemoteProtocolError(
        met=shown(value),
        expected=f'a value of {one_of(names)}, or {{"dataType", "value"}}'
        if names
        else '{"dataType", "value"}',
    )


def as_composite(value: Any, spec: ParameterSpec, find: Find) -> CompositeValue:
    """A tool's value with its member type: itself if it is a CompositeValue, else the first type that can
    write it.

    An answer's `dataType` is that type's name. Raises `LocalProtocolError`.
    """
    if isinstance(value, CompositeValue):
        return value
    members = [kind for kind, _ in _members(spec, find)]
    for kind in members:
        try:
            kind.encode_output(value, OutputOptions())
        except LocalProtocolError:
            continue
        return CompositeValue(kind.name, value)
    names = one_of(kind.name for kind in members) if members else "a CompositeValue"
    raise LocalProtocolError(met=shown(value), expected=names)


def _element_spec(spec: ParameterSpec) -> ParameterSpec:
    infos = spec.parameter_infos
    if infos and len(infos) == 1 and infos[0].data_type == "GPComposite":
        infos = infos[0].parameter_infos
    return PlainSpec(choice_list=spec.choice_list, parameter_infos=infos)


def _columns(spec: ParameterSpec, find: Find) -> list[tuple[str, DataType, ParameterSpec]]:
    return [
        (info.name, find(info.data_type), PlainSpec(parameter_infos=info.parameter_infos))
        for info in spec.parameter_infos or ()
    ]


def _members(spec: ParameterSpec, find: Find) -> Iterator[tuple[DataType, ParameterSpec]]:
    for info in spec.parameter_infos or ():
        yield find(info.data_type), PlainSpec(parameter_infos=info.parameter_infos)


def _cells_by_name(row: dict[str, Any], names: Sequence[str]) -> list[Any]:
    if ambiguity := _ambiguity(names):
        raise RemoteProtocolError(
            met=shown(row),
            expected=f"an array: objects need columns with names of their own, not {ambiguity}",
        )
    for name in row:
        if name not in names:
            raise RemoteProtocolError(
                met=shown(name), expected=one_of(names), remedy=did_you_mean(name, names)
            )
    return [row.get(name) for name in names]


def _ambiguity(names: Sequence[str]) -> str:
    """What keeps columns from being told apart by their names, empty where nothing does."""
    for index, name in enumerate(names):
        if not name:
            return f"column [{index}] without a name"
        if name in names[:index]:
            return f"two columns {shown(name)}"
    return "" if names else "no known columns"


def _written_cell(
    write: Callable[[DataType, Any, ParameterSpec], Any], kind: DataType, cell: Any, spec: ParameterSpec
) -> Any:
    return ("" if kind.is_text else None) if cell is None else write(kind, cell, spec)


def _at_index(index: int, act: Callable[[Any, ParameterSpec], Any], value: Any, spec: ParameterSpec) -> Any:
    try:
        return act(value, spec)
    except ProtocolError as error:
        raise error.at(f"[{index}]") from None
