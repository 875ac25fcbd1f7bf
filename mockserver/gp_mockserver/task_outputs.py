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
from gp_protocol.compound import as_composite
from gp_protocol.data_types import PLAIN, OutputOptions, data_type
from gp_protocol.descriptors import Parameter, Task
from gp_protocol.feature_sets import FeatureSet
from gp_protocol.references import DataFile, Raster
from gp_protocol.spatial_references import SpatialReference

SCRATCH = "scratch:"
"""Stands for the address of the job's folder in a kept output."""

FileURL = Callable[[str], str]
"""Makes the address of a file from its path, percent-encoded, in the job's folder."""

_EVERYTHING = OutputOptions(return_z=True, return_m=True, return_true_curves=True)
_TEXTS = ("GPString", "GPStringHidden", "GPSQLExpression")


def keep_outputs(task: Task, outputs: Mapping[str, Any], scratch: Path | None) -> bytes:
    """The outputs of a tool as they are kept. Raises ProtocolError or ValueError for one that its type
    cannot say."""
    unknown = set(outputs) - {parameter.name for parameter in task.outputs}
    if unknown:
        raise ValueError(
            f"the tool made {', '.join(sorted(unknown))}, which the task does not declare as an output"
        )
    kept = {}
    for parameter in task.outputs:
        value = outputs.get(parameter.name)
        if isinstance(value, Path):
            value = _kept_file(parameter, value, scratch)
        if value is not None:
            typed = _typed(parameter, value)
            value = value if parameter.data_type in _TEXTS else typed
        kept[parameter.name] = value
    return msgspec.json.encode(kept)


def _typed(parameter: Parameter, value: Any) -> Any:
    """A kept value; one of a composite parameter also keeps the member type that it has."""
    if parameter.data_type == "GPComposite":
        member = as_composite(value, parameter, data_type)
        encoded = data_type(member.data_type).encode_output(member.value, _EVERYTHING)
        return {"dataType": member.data_type, "value": encoded}
    return data_type(parameter.data_type).encode_output(value, _EVERYTHING, parameter)


def _kept_file(parameter: Parameter, file: Path, scratch: Path | None) -> DataFile | Raster:
    if scratch is None or not file.resolve().is_relative_to(scratch.resolve()) or not file.is_file():
        raise ValueError(f"{parameter.name}: {file.name} is not a file in the job's scratch folder")
    address = SCRATCH + quote(file.resolve().relative_to(scratch.resolve()).as_posix())
    if parameter.data_type == "GPDataFile":
        return DataFile(url=address)
    return Raster(url=address, format=file.suffix.lstrip(".").lower())


def read_outputs(task: Task, kept: bytes) -> dict[str, Any]:
    """What `keep_outputs` kept, by parameter name."""
    outputs: dict[str, Any] = msgspec.json.decode(kept)
    return outputs


def result(
    parameter: Parameter,
    kept: Any,
    options: OutputOptions,
    *,
    spatial_reference: SpatialReference | None = None,
    file_url: FileURL,
) -> dict[str, Any]:
    """One result as answers have it: exactly `paramName`, `dataType` and `value`.

    `file_url` makes the address of a file that the tool wrote. Features are projected to
    `spatial_reference` where one is given; an output that was not made has the empty value of its type.
    """
    name = parameter.data_type
    if name == "GPComposite" and kept is not None:
        name, kept = kept["dataType"], kept["value"]
    value = _value(parameter, name, kept, options, spatial_reference, file_url)
    return {"paramName": parameter.name, "dataType": name, "value": value}


def _value(
    parameter: Parameter,
    name: str,
    kept: Any,
    options: OutputOptions,
    spatial_reference: SpatialReference | None,
    file_url: FileURL,
) -> Any:
    kind = data_type(name)
    if kept is None:
        return kind.empty_output
    spec = parameter if name == parameter.data_type else PLAIN
    value = kind.decode_output(kept, spec)
    if options.return_feature_collection:
        options = msgspec.structs.replace(options, layer_name=parameter.name)
    if isinstance(value, FeatureSet) and spatial_reference is not None:
        from gp_mockserver.spatial import project

        value = project(value, spatial_reference)
    written = kind.encode_output(value, options, spec)
    url = written.get("url") if isinstance(written, dict) else None
    if isinstance(url, str) and url.startswith(SCRATCH):
        written = {**written, "url": file_url(url.removeprefix(SCRATCH))}
    return written
