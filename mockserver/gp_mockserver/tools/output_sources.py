"""Where outputs come from when no function makes them: generated, constant, from a template, from a file."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any

import msgspec
from gp_protocol.descriptions.descriptors import Parameter, Task
from gp_protocol.errors import ProtocolError, shown
from gp_protocol.json_text import encode_json
from gp_protocol.suggestions import did_you_mean, one_of
from gp_protocol.values.data_types import data_type
from msgspec import Meta

from gp_mockserver.configuration.data_files import read_data, read_text
from gp_mockserver.configuration.site_folders import SiteFolder
from gp_mockserver.configuration.written_data import join, shaped
from gp_mockserver.errors import SiteFileError
from gp_mockserver.tools.bounded_templates import TemplateFailed
from gp_mockserver.tools.generated_files import write_generated_file
from gp_mockserver.tools.generated_values import generate
from gp_mockserver.tools.input_json import json_of
from gp_mockserver.tools.output_templates import OutputTemplate, compile_template
from gp_mockserver.tools.tool_calls import Tool, ToolCall, ToolFailed

OutputSource = Callable[[ToolCall], Any]
"""Makes one output's value when a job's outcome is needed; None is an output that was not made."""

_TEXTS = frozenset({"GPString", "GPStringHidden", "GPSQLExpression"})
_FILES = frozenset({"GPDataFile", "GPRasterData", "GPRasterDataLayer"})
_RESULT_KEYS = {"paramName", "dataType", "value"}


class OutputForm(msgspec.Struct, forbid_unknown_fields=True, rename="camel"):
    """Exactly one of: the `value` as JSON, a `template` of it, a `file`, `generated`, `notMade`."""

    value: Any = msgspec.UNSET
    template: Any = msgspec.UNSET
    file: str | msgspec.UnsetType = msgspec.UNSET
    generated: Annotated[bool, Meta(description="true")] | msgspec.UnsetType = msgspec.UNSET
    not_made: Annotated[bool, Meta(description="true")] | msgspec.UnsetType = msgspec.UNSET


def generated_outputs(task: Task) -> Tool:
    """A tool that makes every output of a task from its descriptor alone."""
    return declared_outputs(task, {})


def declared_outputs(task: Task, sources: Mapping[str, OutputSource]) -> Tool:
    """A tool that makes a task's outputs from these sources, by parameter name, and generates the others."""
    made = [(output.name, sources.get(output.name) or generated(output)) for output in task.outputs]
    return lambda call: {name: source(call) for name, source in made}


def output_of(task: Task, name: str, path: str) -> Parameter:
    """The output of that name. Raises SiteFileError with the nearest name."""
    names = [output.name for output in task.outputs]
    if name not in names:
        expected = (
            f"an output of {task.label}, {one_of(names)}"
            if names
            else f"nothing: {task.label} has no outputs"
        )
        raise SiteFileError(join(path, name), "no output of that name", expected, did_you_mean(name, names))
    return task.outputs[names.index(name)]


def parse_outputs(
    data: Mapping[str, Any], task: Task, folder: SiteFolder, path: str
) -> dict[str, OutputSource]:
    """The sources that a site file gives for a task's outputs. Raises SiteFileError."""
    return {
        name: _parse_source(source, output_of(task, name, path), task, folder, join(path, name))
        for name, source in data.items()
    }


def _parse_source(data: Any, parameter: Parameter, task: Task, folder: SiteFolder, path: str) -> OutputSource:
    if not isinstance(data, dict):
        remedy = f"write {{value: {shown(data)}}}"
        raise SiteFileError(
            path, shown(data), "a mapping of value, template, file, generated or notMade", remedy
        )
    form = shaped(data, OutputForm, path)
    if len(data) != 1:
        raise SiteFileError(
            path, ", ".join(data) or "nothing", "exactly one of value, template, file, generated, notMade"
        )
    if form.value is not msgspec.UNSET:
        return constant(parameter, form.value, f"{path}.value")
    if form.template is not msgspec.UNSET:
        names = [each.name for each in task.inputs]
        return _templated(parameter, compile_template(form.template, names, f"{path}.template"))
    if isinstance(form.file, str):
        return from_file(parameter, folder.find(form.file, f"{path}.file"), f"{path}.file")
    for key in ("notMade", "generated"):
        if data.get(key) is False:
            raise SiteFileError(join(path, key), "false", "true")
    return not_made if form.not_made is True else generated(parameter)


def generated(parameter: Parameter) -> OutputSource:
    """A plausible value, the same for the same inputs and seed; for files and rasters a small file."""

    def make(call: ToolCall) -> Any:
        key = msgspec.json.encode([call.given.get(each.name) for each in call.task.inputs])
        if parameter.data_type in _FILES:
            return write_generated_file(parameter, call.scratch, f"seed {call.seed} and {key.decode()}")
        return generate(parameter, seed=call.seed, inputs=call.inputs, key=key)

    return make


def not_made(call: ToolCall) -> None:
    """The source of an output that the tool does not make."""


def constant(parameter: Parameter, value: Any, path: str) -> OutputSource:
    """The same value for every job, given as JSON or as a value of the type. Raises SiteFileError."""
    if _is_json(value):
        try:
            value = value_of(parameter, value)
        except ProtocolError as error:
            raise SiteFileError.of(error, path) from None
    return lambda call: value


def from_file(parameter: Parameter, file: Path, path: str) -> OutputSource:
    """A file: for files and rasters the file itself, for texts its text, else the JSON or YAML in it.

    What a server answered for a result, `{paramName, dataType, value}`, is taken for its value. Raises
    SiteFileError.
    """
    if parameter.data_type in _FILES:
        return lambda call: Path(shutil.copy(file, call.scratch / file.name))
    try:
        if parameter.data_type in _TEXTS:
            return constant(parameter, read_text(file, file.name), "")
        data = read_data(file, file.name)
        return constant(parameter, data["value"] if _is_result(data) else data, "")
    except SiteFileError as error:
        place = f"{file.name}: {error.path}" if error.path else file.name
        raise SiteFileError(f"{path} ({place})", error.met, error.expected, error.remedy) from None


def _is_result(data: Any) -> bool:
    return isinstance(data, dict) and data.keys() == _RESULT_KEYS


def value_of(parameter: Parameter, data: Any) -> Any:
    """A parameter's value from JSON that people wrote, in any form of the type. Raises ProtocolError."""
    if data is None:
        return None
    if parameter.data_type in _TEXTS:
        return data if isinstance(data, str) else encode_json(data).decode()
    if isinstance(data, str) and not data.strip():
        return None
    kind = data_type(parameter.data_type)
    decode = kind.decode_output if isinstance(data, dict) and "mapImage" in data else kind.decode_input
    return decode(data, parameter)


def _is_json(value: Any) -> bool:
    if isinstance(value, list | tuple):
        return all(map(_is_json, value))
    return isinstance(value, dict | str | int | float | bool | None)


def _templated(parameter: Parameter, template: OutputTemplate) -> OutputSource:
    def make(call: ToolCall) -> Any:
        try:
            return value_of(parameter, template.render(_variables(call, template.names)))
        except TemplateFailed as error:
            raise ToolFailed(f"The template of {parameter.name} failed: {error}") from error
        except ProtocolError as error:
            raise ToolFailed(
                f"The template of {parameter.name} made no {parameter.data_type}: {error.detail}"
            ) from error

    return make


def _variables(call: ToolCall, names: frozenset[str]) -> dict[str, Any]:
    """What a template that reads these names can see; only inputs that it reads are turned into JSON."""
    whole = "inputs" in names
    inputs = {
        parameter.name: json_of(parameter, call.inputs.get(parameter.name))
        for parameter in call.task.inputs
        if whole or parameter.name in names
    }
    return {"inputs": inputs, "seed": call.seed, "job_id": call.job_id, **inputs}
