"""Descriptors: what a service, a task and a parameter say of themselves.

Reading is tolerant: missing keys and nulls take their defaults, enum words match in any case, keys that
nobody knows are kept in `extras`. Writing is strict: the keys of the profile's version, in the order of
recorded answers, then the extras. So a descriptor that was read from a real server and is written for the
same version says the same. Where `as_sent` holds what a server sent, all of that is said as it is, whatever
the version, and before what the version adds.

Sources: ArcGIS REST, *Geoprocessing service* and *GP task*; recorded descriptors of 10.0, 10.31, 10.5, 10.91,
11.x, 12.0 and a notebook server.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from functools import cached_property
from typing import Any, Final
from urllib.parse import quote

import msgspec

from gp_protocol.descriptions.descriptor_reading import choices, data_type, each, members, others, text, word
from gp_protocol.descriptions.filters import Filter, UnknownFilter, filter_json, filter_kind, parse_filter
from gp_protocol.errors import RemoteProtocolError
from gp_protocol.versions import Kind, Platform, Profile, names_of


class Direction(StrEnum):
    """Whether a parameter goes in or comes out."""

    INPUT = "esriGPParameterDirectionInput"
    OUTPUT = "esriGPParameterDirectionOutput"


class ParameterType(StrEnum):
    """Whether a parameter must be given. Derived is an output; a Required output is normal."""

    REQUIRED = "esriGPParameterTypeRequired"
    OPTIONAL = "esriGPParameterTypeOptional"
    DERIVED = "esriGPParameterTypeDerived"


class ExecutionType(StrEnum):
    """Which verb a service's tasks take: `execute` (synchronous) or `submitJob` (asynchronous)."""

    SYNCHRONOUS = "esriExecutionTypeSynchronous"
    ASYNCHRONOUS = "esriExecutionTypeAsynchronous"


class ParameterInfo(msgspec.Struct, frozen=True):
    """A column of a GPValueTable, the element of a GPMultiValue or a member of a GPComposite (11.0)."""

    name: str
    data_type: str
    display_name: str = ""
    filter: Filter | None = None
    choice_list: tuple[str, ...] | None = None
    parameter_infos: tuple[ParameterInfo, ...] | None = None
    extras: Mapping[str, Any] = {}

    @property
    def default_value(self) -> None:
        """None: a part has no default of its own."""
        return None


class Parameter(msgspec.Struct, frozen=True):
    """One parameter of a task; `default_value` is raw JSON, typed like the value, or None."""

    name: str
    data_type: str
    display_name: str = ""
    description: str = ""
    direction: Direction = Direction.INPUT
    parameter_type: ParameterType = ParameterType.REQUIRED
    default_value: Any = None
    category: str = ""
    choice_list: tuple[str, ...] | None = None
    filter: Filter | None = None
    dependency: str | None = None
    parameter_infos: tuple[ParameterInfo, ...] | None = None
    extras: Mapping[str, Any] = {}
    as_sent: Mapping[str, Any] | None = None


class Task(msgspec.Struct, frozen=True, dict=True):
    """One task. `label` is its address and its entry in the service's `tasks`; `name` the tool's own name."""

    name: str
    display_name: str = ""
    description: str = ""
    category: str = ""
    help_url: str = ""
    execution_type: ExecutionType = ExecutionType.SYNCHRONOUS
    parameters: tuple[Parameter, ...] = ()
    item_id: str | None = None
    """The notebook item behind the task: notebook servers only."""
    extras: Mapping[str, Any] = {}
    as_sent: Mapping[str, Any] | None = None

    @property
    def label(self) -> str:
        """The task's segment in addresses: its display name, or its name where that is blank."""
        return self.display_name if self.display_name.strip() else self.name

    @cached_property
    def inputs(self) -> tuple[Parameter, ...]:
        """The input parameters, in order."""
        return tuple(p for p in self.parameters if p.direction is Direction.INPUT)

    @cached_property
    def outputs(self) -> tuple[Parameter, ...]:
        """The output parameters, in order."""
        return tuple(p for p in self.parameters if p.direction is Direction.OUTPUT)

    @cached_property
    def has_distant_defaults(self) -> bool:
        """Whether the default of an input may stand elsewhere: a layer, a file or an uploaded item."""
        defaults = msgspec.json.encode([p.default_value for p in self.inputs], enc_hook=str)
        return b'"url"' in defaults or b'"itemID"' in defaults

    @cached_property
    def _by_name(self) -> Mapping[str, Parameter]:
        return {p.name: p for p in reversed(self.parameters)}

    def parameter(self, name: str) -> Parameter | None:
        """The parameter of exactly that name, or None."""
        return self._by_name.get(name)


class Service(msgspec.Struct, frozen=True):
    """One geoprocessing service; `name` carries its folder: `Elevation/ESRI_Elevation_World`."""

    name: str
    description: str = ""
    execution_type: ExecutionType = ExecutionType.SYNCHRONOUS
    task_names: tuple[str, ...] = ()
    result_map_server_name: str = ""
    maximum_records: int = 1000
    capabilities: str = ""
    current_version: float | None = None
    cim_version: str | None = None
    schema: Mapping[str, Any] | None = None
    """`{"json-schema": {"url": …}}` as a real server sent it (11.1)."""
    extras: Mapping[str, Any] = {}
    as_sent: Mapping[str, Any] | None = None


def parse_service(json: Any, name: str = "") -> Service:
    """Read a service's descriptor; `name` is its address below `services`, folder included.

    Raises RemoteProtocolError where `json` is no object, or an enum's word is none of its words in any case.
    """
    known = members(json)
    number = known.get("currentVersion")
    records = known.get("maximumRecords")
    schema = known.get("schema")
    tasks = known.get("tasks")
    return Service(
        name=name,
        description=text(known, "serviceDescription"),
        execution_type=word(known, "executionType", ExecutionType, ExecutionType.SYNCHRONOUS),
        task_names=tuple(str(task) for task in tasks) if isinstance(tasks, list | tuple) else (),
        result_map_server_name=text(known, "resultMapServerName"),
        maximum_records=records if isinstance(records, int) and records > 0 else 1000,
        capabilities=text(known, "capabilities"),
        current_version=number if isinstance(number, int | float) else None,
        cim_version=text(known, "cimVersion") or None,
        schema=schema if isinstance(schema, Mapping) else None,
        extras=others(known, _SERVICE_KEYS),
    )


def parse_task(json: Any, execution_type: ExecutionType = ExecutionType.SYNCHRONOUS) -> Task:
    """Read a task's descriptor; `execution_type` is the service's, for tasks that do not tell it (9.3).

    Raises RemoteProtocolError, its path leading to the place, where `json` cannot be a task.
    """
    known = members(json)
    display_name = text(known, "displayName")
    return Task(
        name=text(known, "name") or _named(display_name),
        display_name=display_name,
        description=text(known, "description"),
        category=text(known, "category"),
        help_url=text(known, "helpUrl"),
        execution_type=word(known, "executionType", ExecutionType, execution_type),
        parameters=tuple(each(known, "parameters", parse_parameter)),
        item_id=text(known, "itemId") or None,
        extras=others(known, _TASK_KEYS),
    )


def parse_parameter(json: Any) -> Parameter:
    """Read a parameter's descriptor.

    A parameter that tells no direction is an input, unless it is derived; one that tells no type is optional.
    Raises RemoteProtocolError, its path leading to the place, where `json` cannot be a parameter.
    """
    known = members(json)
    display_name = text(known, "displayName")
    parameter_type = word(known, "parameterType", ParameterType, ParameterType.OPTIONAL)
    derived = parameter_type is ParameterType.DERIVED
    return Parameter(
        name=text(known, "name") or parameter_name(_named(display_name)),
        data_type=data_type(known),
        display_name=display_name,
        description=text(known, "description"),
        direction=word(known, "direction", Direction, Direction.OUTPUT if derived else Direction.INPUT),
        parameter_type=parameter_type,
        default_value=known.get("defaultValue"),
        category=text(known, "category"),
        choice_list=choices(known),
        filter=parse_filter(known.get("filter")),
        dependency=text(known, "dependency") if known.get("dependency") is not None else None,
        parameter_infos=_infos(known),
        extras=others(known, _PARAMETER_KEYS),
    )


def parameter_name(label: str) -> str:
    """The name that a parameter with this label has.

    Each character that is neither letter nor digit becomes one `_`; accented letters stay: `Dissolve
    Field(s)` is `Dissolve_Field_s_`.
    """
    return "".join(character if character.isalnum() else "_" for character in label)


def help_url(rest_root: str, service: str, task_name: str) -> str:
    """Where a task's help page lies; the file is called by the task's name, not by its label.

    `rest_root` ends in `/rest`, `service` may carry its folder. The form of servers from 10.1 on.
    """
    return _published(rest_root, service, f"{task_name}.htm")


def schema_url(rest_root: str, service: str) -> str:
    """Where the JSON schema of a service's data types lies (11.1)."""
    return _published(rest_root, service, "spec", "json-schema.json")


def _published(rest_root: str, service: str, *file: str) -> str:
    """What publishing leaves for a service; its folder stands in the address twice."""
    folder, _, name = service.rpartition("/")
    path = [folder, f"{name}_GPServer", f"{folder}_{name}"] if folder else [f"{name}_GPServer", name]
    return f"{rest_root.rstrip('/')}/directories/arcgisoutput/{'/'.join(map(quote, (*path, *file)))}"


def service_json(
    service: Service,
    profile: Profile,
    schema_url: str | None = None,
    *,
    task_labels: Iterable[str] | None = None,
) -> dict[str, Any]:
    """A service's descriptor as that version answers it.

    `task_labels` takes the place of the service's own task names.

    `schema_url` takes the place of the service's own (11.1). A numbered server calls itself by its profile's
    number, ArcGIS Online and notebook servers by the service's own where it has one.
    """
    own_number = service.current_version if profile.platform is not Platform.SERVER else None
    schema = {"json-schema": {"url": schema_url}} if schema_url is not None else service.schema
    values = {
        "currentVersion": profile.number if own_number is None else own_number,
        "cimVersion": service.cim_version,
        "serviceDescription": service.description,
        "tasks": list(service.task_names if task_labels is None else task_labels),
        "executionType": service.execution_type,
        "resultMapServerName": service.result_map_server_name,
        "maximumRecords": service.maximum_records,
        "capabilities": service.capabilities,
        "schema": schema,
    }
    return _told("service key", values, profile, service)


def task_json(task: Task, profile: Profile, help_url: str | None = None) -> dict[str, Any]:
    """A task's descriptor as that version answers it; `help_url` takes the place of the task's own."""
    values = {
        "name": task.name,
        "displayName": task.display_name,
        "description": task.description,
        "category": task.category,
        "itemId": task.item_id,
        "helpUrl": task.help_url if help_url is None else help_url,
        "executionType": task.execution_type,
        "parameters": [parameter_json(parameter, profile) for parameter in task.parameters],
    }
    return _told("task key", values, profile, task)


def parameter_json(parameter: Parameter, profile: Profile) -> dict[str, Any]:
    """A parameter's descriptor as that version answers it."""
    listed = parameter.choice_list
    if listed is None and parameter.as_sent is None and profile.has("rule", "choiceList on every parameter"):
        listed = ()
    values = {
        "name": parameter.name,
        "dataType": parameter.data_type,
        "displayName": parameter.display_name,
        "description": parameter.description,
        "direction": parameter.direction,
        "defaultValue": _default_json(parameter, profile),
        "parameterType": parameter.parameter_type,
        "category": parameter.category,
        "choiceList": None if listed is None else list(listed),
        "filter": _filter_json(parameter.filter, profile),
        "dependency": parameter.dependency,
        "parameterInfos": _infos_json(parameter.parameter_infos, profile),
    }
    return _told("parameter key", values, profile, parameter)


def _told(
    kind: Kind, values: Mapping[str, Any], profile: Profile, told: Service | Task | Parameter
) -> dict[str, Any]:
    known = {
        k: v for k, v in values.items() if (v is not None or k == "defaultValue") and profile.has(kind, k)
    }
    if told.as_sent is None:
        return {**known, **told.extras}
    sent = {k: values[k] if k in _NEVER_AS_SENT else v for k, v in told.as_sent.items()}
    return {**sent, **{k: v for k, v in known.items() if k not in sent}}


_SERVICE_KEYS: Final = names_of("service key")
_TASK_KEYS: Final = names_of("task key")
_PARAMETER_KEYS: Final = names_of("parameter key")
_NEVER_AS_SENT: Final = frozenset({"tasks", "schema", "helpUrl", "parameters"})
"""Keys whose values hold addresses or descriptors of this server."""
_SCHEMA_KEYS: Final = names_of("default key")
_INFO_KEYS: Final = frozenset({"name", "dataType", "displayName", "filter", "choiceList", "parameterInfos"})


def _named(display_name: str) -> str:
    if not display_name.strip():
        raise RemoteProtocolError(
            path="name", met="no name and no displayName", expected="at least one of them"
        )
    return display_name


def _infos(json: Mapping[str, Any]) -> tuple[ParameterInfo, ...] | None:
    return None if json.get("parameterInfos") is None else tuple(each(json, "parameterInfos", _info))


def _info(json: Any) -> ParameterInfo:
    known = members(json)
    return ParameterInfo(
        name=text(known, "name"),
        data_type=data_type(known),
        display_name=text(known, "displayName"),
        filter=parse_filter(known.get("filter")),
        choice_list=choices(known),
        parameter_infos=_infos(known),
        extras=others(known, _INFO_KEYS),
    )


def _default_json(parameter: Parameter, profile: Profile) -> Any:
    """The default value; of a schema of features or records only the keys of that version."""
    default = parameter.default_value
    is_schema = isinstance(default, Mapping) and not default.get("features")
    if not is_schema or parameter.data_type not in ("GPFeatureRecordSetLayer", "GPRecordSet"):
        return default
    schema: dict[str, Any] = {}
    for key, value in default.items():
        if key == "fields" and profile.has("default key", "Fields"):
            schema["Fields"] = default.get("Fields", value)
        if key not in _SCHEMA_KEYS or profile.has("default key", key):
            schema[key] = value
    return schema


def _filter_json(given: Filter | None, profile: Profile) -> dict[str, Any] | None:
    if given is None:
        return None
    known = isinstance(given, UnknownFilter) or profile.has("filter", filter_kind(given))
    return filter_json(given) if known else None


def _infos_json(infos: tuple[ParameterInfo, ...] | None, profile: Profile) -> list[dict[str, Any]] | None:
    if infos is None:
        return None
    return [
        {
            "name": info.name,
            "dataType": info.data_type,
            "displayName": info.display_name,
            **_present(
                filter=_filter_json(info.filter, profile),
                choiceList=None if info.choice_list is None else list(info.choice_list),
                parameterInfos=_infos_json(info.parameter_infos, profile),
            ),
            **info.extras,
        }
        for info in infos
    ]


def _present(**values: Any) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value is not None}
