"""The outputs of a task: checked and kept when its tool is done, written anew for each answer.

As servers do, each row of features or records is written with every field that its set declares, null where
a tool left one out.

A job keeps its outputs as one JSON text with everything in them (z, m, true curves, files by name), so that
they cost little, outlive the process in a store, and can be answered in any spatial reference.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

import msgspec
from gp_protocol.descriptions.descriptors import Parameter, Task
from gp_protocol.errors import ProtocolError
from gp_protocol.values.compound import ColumnNamesNotUnique, CompositeValue, as_composite
from gp_protocol.values.data_types import PLAIN, OutputOptions, data_type
from gp_protocol.values.feature_sets import FeatureSet, RecordSet
from gp_protocol.values.references import DataFile, Raster
from gp_protocol.values.spatial_references import SpatialReference

from gp_mockserver.wire.replies import Refusal

SCRATCH = "scratch:"
"""Stands for the address of the job's folder in a kept output."""

FileURL = Callable[[str], str]
"""Makes the address of a file from its path, percent-encoded, in the job's folder."""

_EVERYTHING = OutputOptions(return_z=True, return_m=True, return_true_curves=True)
_TEXTS = ("GPString", "GPStringHidden", "GPSQLExpression")
_FILES = frozenset(
    many + one
    for one in ("GPDataFile", "GPRasterData", "GPRasterDataLayer")
    for many in ("", "GPMultiValue:")
)
_LISTS_OF_FEATURES = frozenset(
    {"GPMultiValue:GPFeatureRecordSetLayer", "GPMultiValue:GPComposite", "GPValueTable"}
)
_LISTS_OF_ROWS = _LISTS_OF_FEATURES | {"GPMultiValue:GPRecordSet"}


def made_outputs(task: Task, outputs: Mapping[str, Any], scratch: Path | None) -> dict[str, Any]:
    """What a tool made, by parameter name, with files as references into the job's folder.

    Raises ValueError for an output that the task does not declare and for a file that lies elsewhere.
    """
    made = {
        parameter.name: _with_references(parameter, outputs.get(parameter.name), scratch)
        for parameter in task.outputs
    }
    if unknown := outputs.keys() - made:
        names = ", ".join(sorted(unknown))
        raise ValueError(f"the tool made {names}, which the task does not declare as an output")
    return made


def _with_references(parameter: Parameter, value: Any, scratch: Path | None) -> Any:
    if isinstance(value, Path):
        return _file(parameter, value, scratch)
    if isinstance(value, list | tuple) and parameter.data_type in _FILES:
        return [_with_references(parameter, each, scratch) for each in value]
    return value


def _file(parameter: Parameter, file: Path, scratch: Path | None) -> DataFile | Raster:
    if scratch is None or not file.resolve().is_relative_to(scratch.resolve()) or not file.is_file():
        raise ValueError(f"{parameter.name}: {file.name} is not a file in the job's scratch folder")
    address = SCRATCH + quote(file.resolve().relative_to(scratch.resolve()).as_posix())
    if parameter.data_type.endswith("GPDataFile"):
        return DataFile(url=address)
    return Raster(url=address, format=file.suffix.lstrip(".").lower())


def keep_outputs(task: Task, outputs: Mapping[str, Any]) -> bytes:
    """Outputs as a job keeps them. Raises ProtocolError for one that its type cannot say."""
    return msgspec.json.encode(
        {parameter.name: _kept(parameter, outputs.get(parameter.name)) for parameter in task.outputs}
    )


def _kept(parameter: Parameter, value: Any) -> Any:
    if value is None:
        return None
    name = parameter.data_type
    if name == "GPComposite":
        name, value = _member(parameter, value)
    encoded = _encoded(parameter, name, value, _EVERYTHING)
    if name in _TEXTS:
        encoded = value
    return {"dataType": name, "value": encoded} if parameter.data_type == "GPComposite" else encoded


def read_outputs(task: Task, kept: bytes) -> dict[str, Any]:
    """What `keep_outputs` kept, by parameter name."""
    outputs: dict[str, Any] = msgspec.json.decode(kept)
    return {parameter.name: _read(parameter, outputs.get(parameter.name)) for parameter in task.outputs}


def _read(parameter: Parameter, kept: Any) -> Any:
    if kept is None:
        return None
    if parameter.data_type == "GPComposite":
        return CompositeValue(kept["dataType"], data_type(kept["dataType"]).decode_output(kept["value"]))
    return data_type(parameter.data_type).decode_output(kept, parameter)


def result(
    parameter: Parameter,
    value: Any,
    options: OutputOptions,
    *,
    spatial_reference: SpatialReference | None,
    file_url: FileURL,
) -> dict[str, Any]:
    """One result as answers have it: exactly `paramName`, `dataType` and `value`.

    `file_url` makes the address of a file that the tool wrote. Features are projected to
    `spatial_reference` where one is given; an output that was not made has the empty value of its type.
    Raises ProtocolError for a value that the type cannot say, and Refusal where the rows of a table are
    asked for by column name and cannot be had so.
    """
    name = parameter.data_type
    if name == "GPComposite":
        name, value = _member(parameter, value)
    if spatial_reference is not None and (isinstance(value, FeatureSet) or name in _LISTS_OF_FEATURES):
        value = projected(value, spatial_reference)
    if options.return_feature_collection:
        options = msgspec.structs.replace(options, layer_name=parameter.name)
    try:
        written = _encoded(parameter, name, value, options)
    except ColumnNamesNotUnique as error:
        raise Refusal("column-names-not-unique", error.detail) from None
    if name in _FILES:
        for each in written if isinstance(written, list) else [written]:
            if each and str(each.get("url")).startswith(SCRATCH):
                each["url"] = file_url(each["url"].removeprefix(SCRATCH))
    return said(parameter, name, written)


def said(parameter: Parameter, name: str, value: Any) -> dict[str, Any]:
    """An answer's three keys, with the data type of that name, or the word of the parameter's descriptor
    where that is a type that nobody knows, whose values are taken as texts."""
    return {"paramName": parameter.name, "dataType": parameter.extras.get("dataType", name), "value": value}


def projected(value: Any, target: SpatialReference) -> Any:
    """A value with its features, and those in its parts, in that spatial reference. Raises
    ProjectionFailed."""
    if isinstance(value, FeatureSet):
        if value.spatial_reference is target:
            return value
        from gp_mockserver.geometry.spatial import project

        return project(value, target)
    if isinstance(value, list | tuple):
        return [projected(each, target) for each in value]
    if isinstance(value, CompositeValue):
        return CompositeValue(value.data_type, projected(value.value, target))
    return value


def _with_every_field(value: Any) -> Any:
    """A value with each field that its set declares, but that of the geometry, in the set's rows; so too the
    sets in a value."""
    if isinstance(value, FeatureSet | RecordSet):
        nulls = dict.fromkeys(each.name for each in value.fields if each.type != "esriFieldTypeGeometry")
        rows = [_filled(row, nulls) for row in value.features] if nulls else value.features
        return msgspec.structs.replace(value, features=rows)
    if isinstance(value, list | tuple):
        return [_with_every_field(each) for each in value]
    if isinstance(value, CompositeValue):
        return CompositeValue(value.data_type, _with_every_field(value.value))
    return value


def _filled(row: Any, nulls: dict[str, None]) -> Any:
    """A row with null for each field that it lacks; what is no row as it is, which fails as it is written."""
    if not isinstance(row, dict):
        return row
    attributes = row.get("attributes")
    if attributes is None:
        return {**row, "attributes": dict(nulls)}
    if not isinstance(attributes, dict) or nulls.keys() <= attributes.keys():
        return row
    return {**row, "attributes": nulls | attributes}


def _member(parameter: Parameter, value: Any) -> tuple[str, Any]:
    """The type that a composite's value answers as, that of its member, and the value."""
    if value is None:
        return parameter.data_type, None
    member = as_composite(value, parameter, data_type)
    return member.data_type, member.value


def _encoded(parameter: Parameter, name: str, value: Any, options: OutputOptions) -> Any:
    spec = parameter if name == parameter.data_type else PLAIN
    if name in _LISTS_OF_ROWS or isinstance(value, FeatureSet | RecordSet):
        value = _with_every_field(value)
    try:
        return data_type(name).encode_output(value, options, spec)
    except ProtocolError as error:
        raise error.at(parameter.name) from None
