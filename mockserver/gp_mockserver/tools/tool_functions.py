"""Python functions as tasks: a descriptor made from the signature, and a tool that calls the function.

    def count_points(points: FeatureSet, least: Annotated[int, Range(0, 100)] = 1, *, call: ToolCall) -> int:
        '''Counts points.'''

Every annotated parameter is an input, except one of type `ToolCall`, which receives the run itself. What the
function returns is its only output, called `Result` or as `Annotated[int, "Count"]` says, or several outputs
as the fields of a TypedDict, NamedTuple or dataclass. See `gp_mockserver.tools.annotations` for the types.
"""

from __future__ import annotations

import dataclasses
import inspect
import typing
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec
from gp_protocol.descriptions.descriptors import Direction, ExecutionType, Parameter, ParameterType, Task
from gp_protocol.descriptions.parameter_checks import check_value
from gp_protocol.errors import ProtocolError, shown
from gp_protocol.suggestions import did_you_mean, one_of
from gp_protocol.values.data_types import OutputOptions, data_type
from gp_protocol.values.feature_sets import FeatureSet, RecordSet
from gp_protocol.values.references import DataFile, ItemReference, LayerReference, Raster

from gp_mockserver.errors import SiteError
from gp_mockserver.tools.annotations import Kind, kind_of, output_name, without_none
from gp_mockserver.tools.tool_calls import BadReturn, Tool, ToolCall, ToolFailed

_EVERYTHING = OutputOptions(return_z=True, return_m=True, return_true_curves=True)
_VARIADIC = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


def descriptor_from(
    function: Callable[..., Any],
    *,
    label: str,
    name: str | None = None,
    description: str | None = None,
    execution_type: ExecutionType = ExecutionType.ASYNCHRONOUS,
) -> Task:
    """The descriptor of the task that a function is. Its docstring is the description unless one is given.

    Raises SiteError for a parameter or a return value without an annotation, or with one that no data type
    has.
    """
    signature, hints = _signature(function)
    parameters = [
        _input(function, parameter, hints)
        for parameter in signature.parameters.values()
        if hints.get(parameter.name) is not ToolCall
    ]
    outputs = _outputs(function, hints)
    return Task(
        name=name or "".join(character for character in label if character.isalnum() or character == "_"),
        display_name=label,
        description=inspect.getdoc(function) or "" if description is None else description,
        execution_type=execution_type,
        parameters=(*parameters, *outputs),
    )


def tool_from(function: Callable[..., Any], task: Task) -> Tool:
    """A tool that calls the function with the inputs that it names; what it returns are the task's outputs.

    A function whose only parameter is the `ToolCall` fits any task. Raises SiteError for a function that asks
    for an input that the task does not have.
    """
    signature, hints = _signature(function)
    call_names = [name for name in signature.parameters if hints.get(name) is ToolCall]
    inputs = [parameter.name for parameter in task.inputs]
    takes_rest = any(each.kind is inspect.Parameter.VAR_KEYWORD for each in signature.parameters.values())
    wanted: dict[str, Kind | None] = {}
    for name, parameter in signature.parameters.items():
        if name in call_names or parameter.kind in _VARIADIC:
            continue
        if name in inputs:
            wanted[name] = _accepted(name, hints)
        elif parameter.default is inspect.Parameter.empty:
            raise SiteError(
                f"function {_called(function)} asks for {name!r}, which is no input of task {task.label!r}; "
                f"its inputs: {', '.join(inputs) or 'none'}. {did_you_mean(name, inputs)}".rstrip()
            )
    if takes_rest:
        wanted |= {name: None for name in inputs if name not in wanted}

    def tool(call: ToolCall) -> Mapping[str, Any]:
        arguments = {name: _argument(call, name, kind) for name, kind in wanted.items()}
        outputs = _returned(task, function(**arguments, **dict.fromkeys(call_names, call)))
        for output in task.outputs:
            _check_output(function, output, outputs.get(output.name))
        return outputs

    return tool


def _signature(function: Callable[..., Any]) -> tuple[inspect.Signature, dict[str, Any]]:
    if inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function):
        raise SiteError(
            f"function {_called(function)} is async: write a plain one, it runs in a thread of its own"
        )
    if inspect.isgeneratorfunction(function):
        raise SiteError(
            f"function {_called(function)} yields: let it return its outputs and report with call.message"
        )
    try:
        signature = inspect.signature(function)
        hints = typing.get_type_hints(function, include_extras=True)
    except (NameError, TypeError, ValueError) as error:
        raise SiteError(
            f"function {_called(function)}: its annotations cannot be read ({error}); "
            "name only what can be seen at the top of its module"
        ) from error
    for name, parameter in signature.parameters.items():
        if parameter.kind is inspect.Parameter.POSITIONAL_ONLY:
            raise SiteError(
                f"function {_called(function)}: parameter {name!r} is positional only; inputs go by name"
            )
    return signature, hints


def _input(function: Callable[..., Any], parameter: inspect.Parameter, hints: Mapping[str, Any]) -> Parameter:
    name = parameter.name
    if parameter.kind in _VARIADIC:
        raise SiteError(f"function {_called(function)}: *{name} has no data type; name the inputs one by one")
    if name not in hints:
        raise SiteError(
            f"function {_called(function)}: parameter {name!r} has no annotation; expected one such as str"
        )
    annotation, optional = without_none(hints[name])
    kind = _kind(function, f"parameter {name!r}", annotation)
    has_default = parameter.default is not inspect.Parameter.empty
    default = None if parameter.default is inspect.Parameter.empty else parameter.default
    described = Parameter(
        name=name,
        data_type=kind.data_type,
        display_name=name.replace("_", " "),
        direction=Direction.INPUT,
        parameter_type=ParameterType.OPTIONAL if optional or has_default else ParameterType.REQUIRED,
        choice_list=kind.choices,
        filter=kind.filter,
    )
    if default is None:
        return described
    try:
        encoded = data_type(kind.data_type).encode_output(default, _EVERYTHING)
        check_value(described, default)
    except ProtocolError as error:
        raise SiteError(f"function {_called(function)}: the default of {name!r}: {error.detail}") from error
    return msgspec.structs.replace(described, default_value=encoded)


def _outputs(function: Callable[..., Any], hints: Mapping[str, Any]) -> list[Parameter]:
    if "return" not in hints:
        raise SiteError(
            f"function {_called(function)} does not say what it returns; expected -> and a type, or -> None"
        )
    annotation = hints["return"]
    if annotation is type(None):
        return []
    members = _members(annotation)
    if members is None:
        return [_output(function, output_name(annotation) or "Result", annotation)]
    return [_output(function, name, member) for name, member in members.items()]


def _members(annotation: Any) -> dict[str, Any] | None:
    """The fields of a TypedDict, NamedTuple or dataclass that is no value of the protocol itself."""
    if not isinstance(annotation, type) or kind_of(annotation) is not None:
        return None
    is_several = (
        typing.is_typeddict(annotation)
        or dataclasses.is_dataclass(annotation)
        or (issubclass(annotation, tuple) and hasattr(annotation, "_fields"))
    )
    return typing.get_type_hints(annotation, include_extras=True) if is_several else None


def _output(function: Callable[..., Any], name: str, annotation: Any) -> Parameter:
    annotation, _ = without_none(annotation)
    kind = _kind(function, f"output {name!r}", annotation, is_output=True)
    return Parameter(
        name=name,
        data_type=kind.data_type,
        display_name=name.replace("_", " "),
        direction=Direction.OUTPUT,
        parameter_type=ParameterType.DERIVED,
        choice_list=kind.choices,
        filter=kind.filter,
    )


def _kind(function: Callable[..., Any], where: str, annotation: Any, *, is_output: bool = False) -> Kind:
    kind = kind_of(annotation, is_output=is_output)
    if kind is None:
        from gp_mockserver.tools.annotations import POSSIBLE

        name = getattr(annotation, "__name__", None) or str(annotation)
        raise SiteError(
            f"function {_called(function)}: {where} is annotated {name}; expected {one_of(POSSIBLE)}"
        )
    return kind


def _accepted(name: str, hints: Mapping[str, Any]) -> Kind | None:
    """What the function takes for an input; None where its annotation does not say."""
    return kind_of(without_none(hints[name])[0]) if name in hints else None


def _argument(call: ToolCall, name: str, kind: Kind | None) -> Any:
    """An input as the function takes it: a reference is followed unless the function takes references."""
    value = call.inputs.get(name)
    if value is None or kind is None or not kind.python_types:
        return value
    if not kind.is_list:
        return _taken(call, name, value, kind.python_types)
    if not isinstance(value, list | tuple):
        raise ToolFailed(f"{name}: this tool takes a list; met {type(value).__name__}, {shown(value)}")
    return [_taken(call, name, each, kind.python_types) for each in value]


def _taken(call: ToolCall, name: str, value: Any, types: tuple[type, ...]) -> Any:
    if value is None or isinstance(value, types):
        return value
    if isinstance(value, LayerReference | ItemReference):
        if FeatureSet in types:
            return call.features(name, value)
        if RecordSet in types:
            return call.records(name, value)
    if isinstance(value, DataFile | Raster) and Path in types:
        return call.file(name, value)
    expected = " or ".join(kind.__name__ for kind in types)
    raise ToolFailed(f"{name}: this tool takes a {expected}; met {type(value).__name__}, {shown(value)}")


def _returned(task: Task, value: Any) -> Mapping[str, Any]:
    names = [output.name for output in task.outputs]
    if value is None:
        return {}
    if len(names) == 1 and not (isinstance(value, Mapping) and value.keys() == set(names)):
        return {names[0]: value}
    if isinstance(value, Mapping):
        returned = dict(value)
    elif isinstance(value, tuple) and hasattr(value, "_asdict"):
        returned = value._asdict()
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        returned = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    else:
        raise BadReturn(
            f"the tool returned {shown(value)}, expected its outputs by name: {', '.join(names) or 'none'}"
        )
    strange = [name for name in returned if name not in names]
    if strange:
        raise BadReturn(
            f"the tool returned {strange[0]!r}, which is none of its outputs: {', '.join(names) or 'none'}. "
            f"{did_you_mean(str(strange[0]), names)}".rstrip()
        )
    return returned


def _check_output(function: Callable[..., Any], output: Parameter, value: Any) -> None:
    """Raises BadReturn for a value that the output's type does not have; large ones are checked when they
    are written.
    """
    if isinstance(value, Path | FeatureSet | RecordSet):
        return
    try:
        data_type(output.data_type).encode_output(value, _EVERYTHING, output)
    except ProtocolError as error:
        where = f"at {error.path} met {error.met}, " if error.path else ""
        raise BadReturn(
            f"function {_called(function)} returned {shown(value)} as {output.name}, "
            f"a {output.data_type}; {where}expected {error.expected}"
        ) from error


def _called(function: Callable[..., Any]) -> str:
    return getattr(function, "__qualname__", None) or repr(function)
