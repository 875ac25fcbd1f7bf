"""Descriptors as site files write them, in short or pasted from a real server, as the protocol's own values.

A service, task or parameter counts as pasted where it speaks a server's words: an `executionType`,
`direction` or `parameterType` that starts with `esri`. Keys that nobody knows are then kept and served;
elsewhere they are errors. A key that is nearly a known one is an error in both.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from difflib import SequenceMatcher
from typing import Any

import msgspec
from gp_protocol.data_types import DATA_TYPES, data_type
from gp_protocol.descriptors import (
    Direction,
    ExecutionType,
    Parameter,
    ParameterType,
    Service,
    Task,
    parse_parameter,
    parse_service,
    parse_task,
)
from gp_protocol.error_envelopes import read_error
from gp_protocol.errors import ProtocolError, shown
from gp_protocol.filters import LIST_FILTERS, Filter, RangeFilter, UnknownFilter
from gp_protocol.suggestions import did_you_mean, one_of

from gp_mockserver.errors import SiteFileError
from gp_mockserver.output_sources import value_of
from gp_mockserver.site_file_model import ParameterForm, ServiceForm, SiteForm, TaskForm
from gp_mockserver.written_data import join, key_names, shaped, unknown_key

log = logging.getLogger("gp_mockserver")

_OWN_KEYS = {
    ServiceForm: {"descriptor", "descriptorFile", "instances", "messageLevel", "latency", "started"},
    TaskForm: {"descriptor", "descriptorFile", "function", "outputs", "timeline", "rules", "latency"},
    ParameterForm: {"default"},
}
_EXECUTION = {"synchronous": ExecutionType.SYNCHRONOUS, "asynchronous": ExecutionType.ASYNCHRONOUS}
_EXECUTION |= {"sync": ExecutionType.SYNCHRONOUS, "async": ExecutionType.ASYNCHRONOUS}
_DIRECTIONS = {"input": Direction.INPUT, "output": Direction.OUTPUT}
_PARAMETER_TYPES = {
    "required": ParameterType.REQUIRED,
    "optional": ParameterType.OPTIONAL,
    "derived": ParameterType.DERIVED,
}
_FILTERS = {
    "range": "{type: range, minimum: 0, maximum: 9}",
    **{name: f"{{type: {name}, list: […]}}" for name in (*LIST_FILTERS, "codedValue", "composite")},
}
_FEATURES = ("GPFeatureRecordSetLayer", "GPRecordSet")
_NEARLY = 0.88
"""How alike (0 to 1) two words are where one is taken for a slip in writing the other."""


def is_pasted(data: Mapping[str, Any]) -> bool:
    """Whether a service, task or parameter speaks a server's words."""
    words = (data.get(key) for key in ("executionType", "direction", "parameterType"))
    if any(isinstance(word, str) and word.startswith("esri") for word in words):
        return True
    parameters = data.get("parameters")
    return isinstance(parameters, list) and any(
        isinstance(each, dict) and is_pasted(each) for each in parameters
    )


def service_from(data: Mapping[str, Any], name: str, path: str) -> Service:
    """A service's descriptor from all its keys that are not ours; its execution type may yet be missing.

    Raises SiteFileError.
    """
    rest = _rest_json(data, ServiceForm, path)
    rest["executionType"] = execution_type(data, path)
    version = rest.get("currentVersion")
    if isinstance(version, str):
        rest["currentVersion"] = _number(version, join(path, "currentVersion"))
    try:
        return parse_service(rest, name)
    except ProtocolError as error:
        raise SiteFileError.of(error, path) from None


def execution_type(data: Mapping[str, Any], path: str) -> ExecutionType | None:
    """The execution type of a service or task, None where it does not tell it. Raises SiteFileError."""
    given = _word(data, "executionType", _EXECUTION, path)
    return next((word for word in ExecutionType if given and _same_word(given, word)), None)


def task_from(data: Mapping[str, Any], service_type: ExecutionType, path: str) -> Task:
    """A task's descriptor from all its keys that are not ours. Raises SiteFileError."""
    rest = _rest_json(data, TaskForm, path)
    own = execution_type(data, path)
    if own not in (None, service_type):
        raise SiteFileError(join(path, "executionType"), shown(own), f"{service_type}, as the service has it")
    rest["executionType"] = service_type
    given = rest.pop("parameters", None)
    try:
        task = parse_task(rest, service_type)
    except ProtocolError as error:
        raise SiteFileError.of(error, path) from None
    if not task.display_name and not is_pasted(data):
        task = msgspec.structs.replace(task, display_name=task.name)
    parameters = tuple(_parameters(given, join(path, "parameters")))
    names = [parameter.name for parameter in parameters]
    for name in names:
        if names.count(name) > 1:
            raise SiteFileError(join(path, "parameters"), f'two parameters "{name}"', "each name once")
    return msgspec.structs.replace(task, parameters=parameters)


def refuse_error_answers(data: Any, path: str) -> None:
    """Raises SiteFileError where a server's error was pasted instead of a descriptor."""
    if isinstance(data, dict) and "error" in data and (error := read_error(data)) is not None:
        met = f"a server's error: {error.code} {shown(error.message)}"
        raise SiteFileError(
            path, met, "a descriptor", "ask the server again, with f=json and perhaps a token"
        )


def _parameters(given: Any, path: str) -> list[Parameter]:
    if isinstance(given, dict):
        return [
            _parameter({"dataType": form} if isinstance(form, str) else form, name, join(path, name))
            for name, form in given.items()
        ]
    return [_parameter(form, None, f"{path}[{i}]") for i, form in enumerate(given or ())]


def _parameter(data: Mapping[str, Any], name: str | None, path: str) -> Parameter:
    shaped(data, ParameterForm, path)
    rest = _rest_json(data, ParameterForm, path)
    if name is not None:
        rest.setdefault("name", name)
    if "default" in data:
        if "defaultValue" in data:
            raise SiteFileError(join(path, "default"), "default beside defaultValue", "one of the two")
        rest["defaultValue"] = data["default"]
    rest["direction"] = _word(rest, "direction", _DIRECTIONS, path)
    rest["parameterType"] = _word(rest, "parameterType", _PARAMETER_TYPES, path)
    if rest.get("choiceList"):
        rest["choiceList"] = [
            choice if isinstance(choice, str) else shown(choice) for choice in rest["choiceList"]
        ]
    pasted = is_pasted(data)
    if not pasted:
        _complete(rest)
    try:
        parameter = parse_parameter(rest)
    except ProtocolError as error:
        raise SiteFileError.of(error, path) from None
    parameter = _with_known_type(parameter, pasted, path)
    if pasted:
        return parameter
    _check_filter(parameter.filter, join(path, "filter"))
    return _with_checked_default(parameter, path)


def _complete(rest: dict[str, Any]) -> None:
    """What people leave out of a parameter that they write themselves."""
    is_output = rest["direction"] == Direction.OUTPUT or rest["parameterType"] == ParameterType.DERIVED
    rest["direction"] = rest["direction"] or (Direction.OUTPUT if is_output else Direction.INPUT)
    if rest["parameterType"] is None:
        missing = ParameterType.REQUIRED if rest.get("defaultValue") is None else ParameterType.OPTIONAL
        rest["parameterType"] = ParameterType.DERIVED if is_output else missing
    if rest.get("displayName") is None:
        rest["displayName"] = str(rest.get("name") or "").replace("_", " ")


def _with_known_type(parameter: Parameter, pasted: bool, path: str) -> Parameter:
    """The parameter; one of a real server's type that nobody knows becomes a text that names that type."""
    name = parameter.data_type
    if name in DATA_TYPES:
        return parameter
    if pasted and name.startswith("GP") and not _nearest(name, DATA_TYPES):
        log.warning("%s: the data type %s is unknown; its values are taken as texts", path, name)
        return msgspec.structs.replace(
            parameter, data_type="GPString", extras={**parameter.extras, "dataType": name}
        )
    try:
        data_type(name)
    except ProtocolError as error:
        raise SiteFileError.of(error, path) from None
    return parameter


def _with_checked_default(parameter: Parameter, path: str) -> Parameter:
    """The parameter with its default in the type's JSON form; a schema without features stays as it is."""
    default = parameter.default_value
    is_schema = parameter.data_type in _FEATURES and isinstance(default, dict) and not default.get("features")
    if default is None or default == "" or is_schema:
        return parameter
    try:
        value = value_of(parameter, default)
        kind = data_type(parameter.data_type)
        return msgspec.structs.replace(parameter, default_value=kind.encode_input_json(value, parameter))
    except ProtocolError as error:
        raise SiteFileError.of(error, join(path, "defaultValue")) from None


def _check_filter(given: Filter | None, path: str) -> None:
    """Raises SiteFileError for a filter that no server knows and for a key that its kind does not have."""
    if isinstance(given, UnknownFilter):
        remedy = did_you_mean(str(given.raw.get("type")), _FILTERS)
        raise SiteFileError(path, shown(dict(given.raw)), f"one of {', '.join(_FILTERS.values())}", remedy)
    for key in given.extras if given is not None else ():
        known = ["type", "minimum", "maximum"] if isinstance(given, RangeFilter) else ["type", "list"]
        raise unknown_key(key, known, path)


def _rest_json(data: Mapping[str, Any], form: type[msgspec.Struct], path: str) -> dict[str, Any]:
    """The keys that are not ours. Raises SiteFileError for one that is a slip, or unknown and not pasted."""
    known = key_names(form)
    pasted = is_pasted(data)
    for key in data:
        if key not in known and (not pasted or _nearest(key, known)):
            raise _with_its_place(unknown_key(key, known, path), key)
    return {key: value for key, value in data.items() if key not in _OWN_KEYS[form]}


def _with_its_place(error: SiteFileError, key: str) -> SiteFileError:
    """The error for an unknown key, saying where a key of that name would be known."""
    for form, holder in (
        (TaskForm, "a task"),
        (ServiceForm, "a service"),
        (SiteForm, "the file's top level"),
    ):
        if not error.remedy and (known := _nearest(key, key_names(form))):
            return SiteFileError(error.path, error.met, error.expected, f"{known} stands in {holder}")
    return error


def _nearest(word: str, known: Any) -> str | None:
    """The known word that this one is a slip for."""
    ratios = ((SequenceMatcher(None, word.lower(), each.lower()).ratio(), each) for each in known)
    ratio, nearest = max(ratios)
    return nearest if ratio >= _NEARLY else None


def _word(rest: Mapping[str, Any], key: str, words: Mapping[str, Any], path: str) -> Any:
    """An enum's word from its short form; a server's own word stays as it is."""
    given = rest.get(key)
    if given is None or given == "":
        return None
    if isinstance(given, str):
        if given.lower() in words:
            return words[given.lower()]
        if any(_same_word(given, word) for word in words.values()):
            return given
    choices = [*words, *dict.fromkeys(map(str, words.values()))]
    hint = did_you_mean(given, choices) if isinstance(given, str) else ""
    raise SiteFileError(join(path, key), shown(given), one_of(choices), hint)


def _same_word(given: str, word: str) -> bool:
    return given.casefold() == word.casefold()


def _number(text: str, path: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise SiteFileError(path, shown(text), "a version number such as 10.91") from None
