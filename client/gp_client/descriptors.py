"""What a service and a task say of themselves, read strictly where it decides what is sent.

Sources: ArcGIS REST, *Geoprocessing service* and *GP task*. Missing and unknown keys, nulls, choice lists
that are null and defaults of any form are read over. What a client acts on, the version, the task names, the
execution type, and each parameter's name, data type, direction and type, must be as the pages have it: a
guess there would send the wrong request or take the wrong answer.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import msgspec

from gp_client.errors import ProtocolViolation
from gp_client.reading.json_pointers import pointer_to, stepped

if TYPE_CHECKING:
    from gp_protocol.descriptions.descriptors import ExecutionType, Parameter, Service, Task

_SYNCHRONOUS = "esriExecutionTypeSynchronous"
_DEEPEST_PARTS = 16


class ServiceDescription(msgspec.Struct, frozen=True):
    """A geoprocessing service: `descriptor` is what was read, `raw` the JSON as it came.

    `name` carries the folder: `Elevation/ESRI_Elevation_World`.
    """

    url: str
    name: str
    descriptor: Service
    raw: dict[str, Any]

    @property
    def task_names(self) -> tuple[str, ...]:
        """What its tasks are called in addresses."""
        return self.descriptor.task_names

    @property
    def version(self) -> float | None:
        """The server's `currentVersion`, such as 10.91 or 11.1; None where it is not told (9.3, 10.0)."""
        return self.descriptor.current_version

    @property
    def is_synchronous(self) -> bool | None:
        """Whether its tasks take `execute` (else `submitJob`); None where it does not tell."""
        return self.descriptor.execution_type == _SYNCHRONOUS if _tells(self.raw) else None

    @property
    def takes_uploads(self) -> bool:
        """Whether it has the capability `Uploads`."""
        return "uploads" in map(str.strip, self.descriptor.capabilities.casefold().split(","))


class TaskDescription(msgspec.Struct, frozen=True):
    """A task: `descriptor` is what was read, `raw` the JSON as it came, `version` the server's
    `currentVersion` (None: not known).

    `tells_execution_type`: whether the task, or its service, told one.
    """

    url: str
    descriptor: Task
    raw: dict[str, Any]
    version: float | None = None
    tells_execution_type: bool = True

    @property
    def name(self) -> str:
        """The tool's own name; in addresses it goes by `descriptor.label`."""
        return self.descriptor.name

    @property
    def is_synchronous(self) -> bool | None:
        """Whether it takes `execute` (else `submitJob`); None where neither it nor its service tells."""
        return self.descriptor.execution_type == _SYNCHRONOUS if self.tells_execution_type else None

    @property
    def inputs(self) -> tuple[Parameter, ...]:
        """The input parameters, in order."""
        return self.descriptor.inputs

    @property
    def outputs(self) -> tuple[Parameter, ...]:
        """The output parameters, in order."""
        return self.descriptor.outputs

    def parameter(self, name: str) -> Parameter | None:
        """The parameter of exactly that name, else the only one of that name in any case, else None."""
        exact = self.descriptor.parameter(name)
        if exact is not None:
            return exact
        near = [each for each in self.descriptor.parameters if each.name.casefold() == name.casefold()]
        return near[0] if len(near) == 1 else None


def read_service(json: dict[str, Any], url: str, name: str) -> ServiceDescription:
    """Read a service's descriptor; `name` is its address below `services`. Raises ProtocolViolation."""
    from gp_protocol.descriptions.descriptors import ExecutionType, parse_service

    _object(json, "", url)
    version = json.get("currentVersion")
    if version is not None and (isinstance(version, bool) or not isinstance(version, int | float)):
        raise _violation("/currentVersion", version, "a number such as 11.1", url)
    tasks = json.get("tasks")
    if not isinstance(tasks, list):
        raise _violation(
            "/tasks", tasks, "the list of the names of the tasks", url, missing="tasks" not in json
        )
    for index, task in enumerate(tasks):
        if not isinstance(task, str) or not task:
            raise _violation(f"/tasks/{index}", task, "the name of a task", url)
    _word(json, "executionType", ExecutionType, "", url)
    return ServiceDescription(url, name, _parsed(parse_service, json, name, url=url), json)


def read_task(json: dict[str, Any], url: str, service: ServiceDescription | None) -> TaskDescription:
    """Read a task's descriptor; `service`, where it is known, tells the version, and the execution type of
    tasks that do not (9.3). Raises ProtocolViolation.
    """
    from gp_protocol.descriptions.descriptors import (
        Direction,
        ExecutionType,
        ParameterType,
        parse_task,
    )

    _object(json, "", url)
    _word(json, "executionType", ExecutionType, "", url)
    parameters = json.get("parameters")
    if not isinstance(parameters, list):
        missing = "parameters" not in json
        raise _violation("/parameters", parameters, "the list of the task's parameters", url, missing=missing)
    names: set[str] = set()
    for index, parameter in enumerate(parameters):
        place = f"/parameters/{index}"
        _object(parameter, place, url)
        for key in ("name", "dataType"):
            word = parameter.get(key)
            if not isinstance(word, str) or not word.strip():
                what = "the parameter's name" if key == "name" else "the name of a data type"
                raise _violation(f"{place}/{key}", word, what, url, missing=key not in parameter)
        if parameter["name"] in names:
            raise _violation(f"{place}/name", parameter["name"], "a name that no other parameter has", url)
        names.add(parameter["name"])
        if parameter.get("direction") is None:
            missing = "direction" not in parameter
            raise _violation(f"{place}/direction", None, _words(Direction), url, missing=missing)
        _word(parameter, "direction", Direction, place, url)
        _word(parameter, "parameterType", ParameterType, place, url)
        _choices(parameter, place, url)
        _check_depth(parameter, place, url)
        if parameter.get("filter") not in (None, ""):
            _object(parameter["filter"], f"{place}/filter", url)
    inherited: ExecutionType = service.descriptor.execution_type if service else ExecutionType.SYNCHRONOUS
    task = _parsed(parse_task, json, inherited, url=url)
    told = _tells(json) or (service is not None and service.is_synchronous is not None)
    return TaskDescription(url, task, json, service.version if service else None, told)


def _check_depth(parameter: dict[str, Any], place: str, url: str) -> None:
    """Parts lie within parts at most thrice: composites in a list's elements, or in a table's columns."""
    level: list[Any] = [parameter]
    for _ in range(_DEEPEST_PARTS):
        lists = [each.get("parameterInfos") for each in level if isinstance(each, dict)]
        level = [part for parts in lists if isinstance(parts, list) for part in parts]
        if not level:
            return
    expected = f"parts within each other at most {_DEEPEST_PARTS} deep"
    raise _violation(f"{place}/parameterInfos", "parts within parts", expected, url)


def _tells(json: dict[str, Any]) -> bool:
    return json.get("executionType") not in (None, "")


def _parsed(parse: Any, json: dict[str, Any], *rest: Any, url: str) -> Any:
    from gp_protocol.errors import ProtocolError

    try:
        return parse(json, *rest)
    except ProtocolError as error:
        after = f"; {error.remedy}" if error.remedy else ""
        raise ProtocolViolation(
            pointer=pointer_to(error.path, json), met=error.met, expected=error.expected + after, url=url
        ) from None
    except RecursionError:
        raise ProtocolViolation(
            pointer="", met="parts within parts without end", expected="a descriptor", url=url
        ) from None


def _object(json: Any, place: str, url: str) -> None:
    if not isinstance(json, dict):
        raise _violation(place, json, "a JSON object", url)


def _word(json: dict[str, Any], key: str, words: Iterable[str], place: str, url: str) -> None:
    """Nothing, or one of the words in their own spelling."""
    value = json.get(key)
    if value is not None and value != "" and not (isinstance(value, str) and value in list(words)):
        raise _violation(stepped(place, key), value, _words(words), url)


def _choices(parameter: dict[str, Any], place: str, url: str) -> None:
    choices = parameter.get("choiceList")
    if choices is None:
        return
    if not isinstance(choices, list):
        raise _violation(f"{place}/choiceList", choices, "a list of texts", url)
    for index, choice in enumerate(choices):
        if not isinstance(choice, str | int | float) or isinstance(choice, bool):
            raise _violation(f"{place}/choiceList/{index}", choice, "a text", url)


def _words(words: Iterable[str]) -> str:
    from gp_protocol.suggestions import one_of

    return one_of(words)


def _violation(
    pointer: str, met: Any, expected: str, url: str, *, missing: bool = False
) -> ProtocolViolation:
    from gp_protocol.errors import shown

    return ProtocolViolation(
        pointer=pointer, met="nothing" if missing else shown(met), expected=expected, url=url
    )
