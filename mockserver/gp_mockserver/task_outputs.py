"""The outputs of a task: checked and kept when its tool is done, written anew for each answer.

A job keeps its outputs as one JSON text with everything in them (z, m, true curves, files by name), so that
they cost little, outlive the process in a store, and can be answered in any spatial reference.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

import msgspec
from gp_protocol.compound import CompositeValue, as_composite
from gp_protocol.data_types import PLAIN, OutputOptions, data_type
from gp_protocol.descriptors import Parameter, Task
from gp_protocol.errors import ProtocolError
from gp_protocol.feature_sets import FeatureSet
from gp_protocol.references import DataFile, Raster
from gp_protocol.spatial_references import SpatialReference

SCRATCH = "scratch:"
"""Stands for the address of the job's folder in a kept output."""

FileURL = Callable[[str], str]
"""Makes the address of a file from its path, percent-encoded, in the job's folder."""

_EVERYTHING = OutputOptions(return_z=True, return_m=True, return_true_curves=True)
_TEXTS = ("GPString", "GPStringHidden", "GPSQLExpression")


def made_outputs(task: Task, outputs: Mapping[str, Any], scratch: Path | None) -> dict[str, Any]:
    """What a tool made, by parameter name, with files as references into the job's folder.

    Raises ValueError for an output that the task does not declare and for a file that lies elsewhere.
    """
    names = {parameter.name for parameter in task.outputs}
    if unknown := outputs.keys() - names:
        made = ", ".join(sorted(unknown))
        raise ValueError(f"the tool made {made}, which the task does not declare as an output")
    return {
        parameter.name: _file(parameter, value, scratch) if isinstance(value, Path) else value
        for parameter in task.outputs
        for value in (outputs.get(parameter.name),)
    }


def _file(parameter: Parameter, file: Path, scratch: Path | None) -> DataFile | Raster:
    if scratch is None or not file.resolve().is_relative_to(scratch.resolve()) or not file.is_file():
        raise ValueError(f"{parameter.name}: {file.name} is not a file in the job's scratch folder")
    address = SCRATCH + quote(file.resolve().relative_to(scratch.resolve()).as_posix())
    if parameter.data_type == "GPDataFile":
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
    name, value = _typed(parameter, value)
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
    Raises ProtocolError for a value that the type cannot say.
    """
    name, value = _typed(parameter, value)
    if (
        spatial_reference is not None
        and isinstance(value, FeatureSet)
        and value.spatial_reference is not spatial_reference
    ):
        from gp_mockserver.spatial import project

        value = project(value, spatial_reference)
    if options.return_feature_collection:
        options = msgspec.structs.replace(options, layer_name=parameter.name)
    written = _encoded(parameter, name, value, options)
    if type(written) is dict and str(written.get("url")).startswith(SCRATCH):
        written["url"] = file_url(written["url"].removeprefix(SCRATCH))
    return {"paramName": parameter.name, "dataType": name, "value": written}


def _typed(parameter: Parameter, value: Any) -> tuple[str, Any]:
    """The data type that a value answers as, a composite's being that of its member, and the value."""
    if parameter.data_type != "GPComposite" or value is None:
        return parameter.data_type, value
    member = as_composite(value, parameter, data_type)
    return member.data_type, member.value


def _encoded(parameter: Parameter, name: str, value: Any, options: OutputOptions) -> Any:
    spec = parameter if name == parameter.data_type else PLAIN
    try:
        return data_type(name).encode_output(value, options, spec)
    except ProtocolError as error:
        raise error.at(parameter.name) from None
