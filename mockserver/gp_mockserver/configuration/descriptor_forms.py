"""Descriptors as site files write them, in short or pasted from a real server, as the protocol's own values.

A service, task or parameter counts as pasted where it stands in a `descriptor` or speaks a server's words:
an `executionType`, `direction` or `parameterType` that starts with `esri`. Keys that nobody knows are then
kept and served; elsewhere they are errors. A slip for one of our own words is an error in both, but for a
`descriptor`, in which nothing is ours.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from difflib import SequenceMatcher
from typing import Any, TypeVar

import msgspec
from gp_protocol.descriptions.descriptors import (
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
from gp_protocol.descriptions.filters import LIST_FILTERS, Filter, RangeFilter, UnknownFilter
from gp_protocol.descriptions.parameter_checks import check_value
from gp_protocol.error_envelopes import read_error
from gp_protocol.errors import ProtocolError, shown
from gp_protocol.suggestions import did_you_mean, one_of
from gp_protocol.values.data_types import DATA_TYPES, data_type

from gp_mockserver.configuration.site_file_model import (
    DIRECTIONS,
    EXECUTION_TYPES,
    PARAMETER_TYPES,
    PASTED_FORMS,
    ParameterForm,
    ServiceForm,
    SiteForm,
    TaskForm,
    words,
)
from gp_mockserver.configuration.written_data import join, key_names, shaped, unknown_key
from gp_mockserver.errors import SiteFileError
from gp_mockserver.served_services import NO_SLASH
from gp_mockserver.tools.output_sources import value_of

log = logging.getLogger("gp_mockserver")

_OURS = {form: set(key_names(form)) - set(key_names(pasted)) for form, pasted in PASTED_FORMS.items()}
_FILTERS = {
    "range": "{type: range, minimum: 0, maximum: 9}",
    **{name: f"{{type: {name}, list: […]}}" for name in (*LIST_FILTERS, "codedValue", "composite")},
}
_SCHEMAS = {
    "GPFeatureRecordSetLayer": ("displayFieldName", "hasZ", "hasM", "geometryType", "spatialReference"),
    "GPRecordSet": ("displayFieldName",),
}
"""The keys that stand before the fields in a schema of each type, in their order."""
_MADE_UP = {
    "displayFieldName": "",
    "geometryType": "esriGeometryPoint",
    "fields": [],
    "features": [],
    "exceededTransferLimit": False,
}
"""What a schema says where people left it out."""
_NEARLY = 0.85
"""How alike (0 to 1) two words are where one is taken for a slip in writing the other."""
_NEARLY_A_TYPE = 0.88
"""The same for data types, whose real names are alike: GPRasterLayer is none of ours."""
D = TypeVar("D", Service, Task, Parameter)


class Entry(msgspec.Struct, frozen=True):
    """A service or a task of a site file: `said` is its descriptor's JSON, `ours` what the file says besides.

    `found` is what its `descriptor` or `descriptorFile` alone says.
    """

    path: str
    ours: Mapping[str, Any]
    said: Mapping[str, Any]
    found: Mapping[str, Any] = {}

    @property
    def is_pasted(self) -> bool:
        return bool(self.found) or is_pasted(self.said)

    @property
    def is_a_servers_own(self) -> bool:
        """Whether a service's descriptor is a server's whole answer, which tells its version if it has
        one."""
        return is_pasted(self.found) or (is_pasted(self.said) and "resultMapServerName" in self.said)


def entry_of(
    data: Mapping[str, Any], form: type[msgspec.Struct], path: str, found: Mapping[str, Any], found_path: str
) -> Entry:
    """A service or task that is written as `data`, beside the descriptor `found`. Raises SiteFileError."""
    shaped(data, form, path)
    shaped(found, PASTED_FORMS[form], found_path)
    _warn_of_slips(found, form, found_path)
    return Entry(
        path,
        {key: value for key, value in data.items() if key in _OURS[form]},
        {**found, **_rest_json(data, form, path)},
        found,
    )


def is_pasted(data: Mapping[str, Any]) -> bool:
    """Whether a service, task or parameter speaks a server's words."""
    words = (data.get(key) for key in ("executionType", "direction", "parameterType"))
    if any(isinstance(word, str) and word.startswith("esri") for word in words):
        return True
    parameters = data.get("parameters")
    return isinstance(parameters, list) and any(
        isinstance(each, dict) and is_pasted(each) for each in parameters
    )


def service_from(entry: Entry, name: str, *, as_sent: bool) -> Service:
    """A service's descriptor; its execution type may yet be missing. Raises SiteFileError.

    `as_sent`: what a server sent is answered as it is, whatever the version.
    """
    path = entry.path
    said = {**entry.said, "executionType": execution_type(entry)}
    version, records = said.get("currentVersion"), said.get("maximumRecords")
    if isinstance(version, str):
        said["currentVersion"] = _number(version, join(path, "currentVersion"))
    if records is not None and records < 1 and not entry.is_pasted:
        raise SiteFileError(join(path, "maximumRecords"), shown(records), "a whole number, 1 or more")
    try:
        service = parse_service(said, name)
    except ProtocolError as error:
        raise SiteFileError.of(error, path) from None
    if records is not None and records != service.maximum_records:
        service = msgspec.structs.replace(service, extras={**service.extras, "maximumRecords": records})
    return _sent(service, {key: said[key] for key in entry.said}) if as_sent and entry.is_pasted else service


def execution_type(entry: Entry) -> ExecutionType | None:
    """The execution type of a service or task, None where it does not tell it. Raises SiteFileError."""
    given = _word(entry.said, "executionType", EXECUTION_TYPES, entry.path)
    return next((word for word in ExecutionType if given and _same_word(given, word)), None)


def task_from(entry: Entry, service_type: ExecutionType, *, as_sent: bool) -> Task:
    """A task's descriptor. `as_sent` is as in `service_from`. Raises SiteFileError."""
    path = entry.path
    own = execution_type(entry)
    if own not in (None, service_type):
        raise SiteFileError(join(path, "executionType"), shown(own), f"{service_type}, as the service has it")
    said = {**entry.said, "executionType": service_type}
    given = said.pop("parameters", None)
    try:
        task = parse_task(said, service_type)
    except ProtocolError as error:
        raise SiteFileError.of(error, path) from None
    for key in ("name", "displayName"):
        if "/" in str(said.get(key)):
            raise SiteFileError(join(path, key), shown(said[key]), NO_SLASH.removeprefix("expected "))
    if not task.display_name and not is_pasted(entry.said):
        task = msgspec.structs.replace(task, display_name=task.name)
    if as_sent and entry.is_pasted:
        task = _sent(task, {key: said.get(key) for key in entry.said})
    is_found = "parameters" in entry.found and given is entry.found["parameters"]
    parameters = tuple(_parameters(given, join(path, "parameters"), is_found, as_sent))
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


def _sent(descriptor: D, json: Mapping[str, Any]) -> D:
    return msgspec.structs.replace(descriptor, as_sent=json)


def _parameters(given: Any, path: str, is_found: bool, as_sent: bool) -> list[Parameter]:
    if not isinstance(given, dict):
        return [_parameter(form, f"{path}[{i}]", is_found, as_sent) for i, form in enumerate(given or ())]
    forms = {name: {"dataType": form} if isinstance(form, str) else form for name, form in given.items()}
    return [
        _parameter({"name": name, **form}, join(path, name), False, as_sent) for name, form in forms.items()
    ]


def _parameter(data: Mapping[str, Any], path: str, is_found: bool, as_sent: bool) -> Parameter:
    """A parameter; where it `is_found` in a `descriptor` nothing in it is ours."""
    shaped(data, PASTED_FORMS[ParameterForm] if is_found else ParameterForm, path)
    if is_found:
        _warn_of_slips(data, ParameterForm, path)
    rest = dict(data) if is_found else _rest_json(data, ParameterForm, path)
    if "default" in data and not is_found:
        if "defaultValue" in data:
            raise SiteFileError(join(path, "default"), "default beside defaultValue", "one of the two")
        rest["defaultValue"] = data["default"]
    for key, known in (("direction", DIRECTIONS), ("parameterType", PARAMETER_TYPES)):
        if key in rest:
            rest[key] = _word(rest, key, known, path)
    sent = dict(rest)
    if rest.get("choiceList"):
        rest["choiceList"] = [
            choice if isinstance(choice, str) else shown(choice) for choice in rest["choiceList"]
        ]
    if not is_pasted(data):
        _complete(rest)
    try:
        parameter = parse_parameter(rest)
    except ProtocolError as error:
        raise SiteFileError.of(error, path) from None
    if is_found or is_pasted(data):
        parameter = _with_known_type(parameter, is_found, path)
        return _sent(parameter, sent) if as_sent else parameter
    _check_type(parameter.data_type, path)
    _check_filter(parameter.filter, join(path, "filter"))
    return _with_checked_default(parameter, path)


def _complete(rest: dict[str, Any]) -> None:
    """What people leave out of a parameter that they write themselves."""
    is_output = (
        rest.get("direction") == Direction.OUTPUT or rest.get("parameterType") == ParameterType.DERIVED
    )
    rest["direction"] = rest.get("direction") or (Direction.OUTPUT if is_output else Direction.INPUT)
    if rest.get("parameterType") is None:
        missing = ParameterType.REQUIRED if rest.get("defaultValue") is None else ParameterType.OPTIONAL
        rest["parameterType"] = ParameterType.DERIVED if is_output else missing
    if rest.get("displayName") is None:
        rest["displayName"] = str(rest.get("name") or "").replace("_", " ")


def _check_type(name: str, path: str) -> None:
    """Raises SiteFileError for a name that no data type has."""
    try:
        data_type(name)
    except ProtocolError as error:
        raise SiteFileError.of(error, path) from None


def _with_known_type(parameter: Parameter, is_found: bool, path: str) -> Parameter:
    """A real server's parameter; one of a type that nobody knows becomes a text that names that type."""
    name = parameter.data_type
    if name in DATA_TYPES:
        return parameter
    if not is_found and _nearest(name, DATA_TYPES, _NEARLY_A_TYPE):
        _check_type(name, path)
    log.warning("%s: the data type %s is unknown; its values are taken as texts", path, name)
    return msgspec.structs.replace(
        parameter, data_type="GPString", extras={**parameter.extras, "dataType": name}
    )


def _with_checked_default(parameter: Parameter, path: str) -> Parameter:
    """The parameter with its default in the type's JSON form, or as a whole schema."""
    default = parameter.default_value
    if default is None or default == "":
        return parameter
    if parameter.data_type in _SCHEMAS and isinstance(default, dict) and not default.get("features"):
        return msgspec.structs.replace(parameter, default_value=_whole_schema(parameter.data_type, default))
    try:
        value = value_of(parameter, default)
        check_value(parameter, value)
        kind = data_type(parameter.data_type)
        return msgspec.structs.replace(parameter, default_value=kind.encode_input_json(value, parameter))
    except ProtocolError as error:
        raise SiteFileError.of(error, join(path, "defaultValue")) from None


def _whole_schema(type_name: str, given: dict[str, Any]) -> dict[str, Any]:
    """A schema of features or records with all keys that servers have in it, but for an unknown spatial
    reference; `{}` is no schema.
    """
    order = (*_SCHEMAS[type_name], "fields", "features", "exceededTransferLimit")
    known = {key: given.get(key, _MADE_UP.get(key)) for key in order if key in given or key in _MADE_UP}
    return {**known, **{key: value for key, value in given.items() if key not in known}} if given else given


def _check_filter(given: Filter | None, path: str) -> None:
    """Raises SiteFileError for a filter that no server knows and for a key that its kind does not have."""
    if isinstance(given, UnknownFilter):
        remedy = did_you_mean(str(given.raw.get("type")), _FILTERS)
        raise SiteFileError(path, shown(dict(given.raw)), f"one of {', '.join(_FILTERS.values())}", remedy)
    for key in given.extras if given is not None else ():
        known = ["type", "minimum", "maximum"] if isinstance(given, RangeFilter) else ["type", "list"]
        raise unknown_key(key, known, path)


def _rest_json(data: Mapping[str, Any], form: type[msgspec.Struct], path: str) -> dict[str, Any]:
    """The keys that are not ours. Raises SiteFileError for one that nobody knows and, in what was pasted, for
    a slip for one of ours.
    """
    known = key_names(form)
    pasted = is_pasted(data)
    for key in data:
        if key not in known and (not pasted or _nearest(key, _OURS[form])):
            raise _with_its_place(unknown_key(key, known, path), key)
    _warn_of_slips(data, form, path)
    return {key: value for key, value in data.items() if key not in _OURS[form]}


def _warn_of_slips(data: Mapping[str, Any], form: type[msgspec.Struct], path: str) -> None:
    """Say which keys of a real server's answer are kept although they look like slips for others."""
    known = key_names(PASTED_FORMS[form])
    strange = {key: _nearest(key, known) for key in data if key not in known and key not in _OURS[form]}
    if slips := [f"{key} (not {near})" for key, near in strange.items() if near]:
        log.warning("%s: kept as it stands: %s", path, ", ".join(slips))


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


def _nearest(word: str, known: Iterable[str], nearly: float = _NEARLY) -> str | None:
    """The known word that this one is a slip for."""
    ratios = ((SequenceMatcher(None, word.lower(), each.lower()).ratio(), each) for each in known)
    ratio, nearest = max(ratios)
    return nearest if ratio >= nearly else None


def _word(rest: Mapping[str, Any], key: str, short: Mapping[str, str], path: str) -> Any:
    """An enum's word from its short form; a server's own word stays as it is."""
    given = rest.get(key)
    if given is None or given == "":
        return None
    if isinstance(given, str):
        if given.lower() in short:
            return short[given.lower()]
        if any(_same_word(given, word) for word in short.values()):
            return given
    choices = words(short)
    hint = did_you_mean(given, choices) if isinstance(given, str) else ""
    raise SiteFileError(join(path, key), shown(given), one_of(choices), hint)


def _same_word(given: str, word: str) -> bool:
    return given.casefold() == word.casefold()


def _number(text: str, path: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise SiteFileError(path, shown(text), "a version number such as 10.91") from None
