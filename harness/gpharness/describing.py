"""What `gpharness describe` does: show a service, a task, or what services a server has."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import Enum
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import msgspec
from gp_client.errors import GPError, InvalidInput
from gp_protocol.descriptions.descriptors import ExecutionType, Parameter, ParameterType, Task
from gp_protocol.descriptions.filters import ListFilter, RangeFilter
from gp_protocol.errors import ProtocolError, shown
from gp_protocol.values.data_types import DATA_TYPES, data_type

from gpharness.client_access import (
    FINE,
    NO_SUCCESS,
    Access,
    complain,
    guarded,
    print_exactly,
    print_json,
    print_text,
)
from gpharness.given_addresses import describable
from gpharness.own_words import own_words
from gpharness.plain_texts import LONGEST_CELL, columns, one_line, printable
from gpharness.result_texts import value_text
from gpharness.terminal_progress import Listener, say_in_lines

if TYPE_CHECKING:
    from gp_client import GPClient
    from gp_client.describing import ServiceEntry
    from gp_client.descriptors import ServiceDescription, TaskDescription
    from gp_client.wire.addresses import Place

GP_SERVER = "GPServer"
_MOST_CHOICES = 6
_TABLES = ("GPFeatureRecordSetLayer", "GPRecordSet")
_SHAPES = {
    "esriGeometryPoint": "points",
    "esriGeometryMultipoint": "multipoints",
    "esriGeometryPolyline": "lines",
    "esriGeometryPolygon": "polygons",
}


class Form(Enum):
    """How a description is printed."""

    TEXT = "for people"
    JSON = "as the server said it"
    SITE = "as a site file"


class Described(msgspec.Struct, frozen=True):
    """A service with the tasks that are shown of it: all of them, unless one was asked for."""

    service: ServiceDescription
    tasks: Sequence[TaskDescription]


def describe_address(address: str, access: Access, form: Form, *, quiet: bool = False) -> int:
    """Print what stands at an address, and on stderr why it takes longer; the exit status."""
    listener = None if quiet else say_in_lines
    return guarded("describe", lambda: _describe(address, access, form, listener), as_json=form is Form.JSON)


def _describe(address: str, access: Access, form: Form, listener: Listener | None) -> int:
    place = describable(address)
    with own_words(access.deadline), access.with_password().client(address, listener) as client:
        if place.service:
            _print(place.root, [_described(client, place)], form)
            return FINE
        entries = client.services(_folder_in(address), recursive=True)
        if form is Form.SITE:
            return _print_whole_site(client, entries)
    if form is Form.JSON:
        print_json({"services": [msgspec.to_builtins(entry) for entry in entries]})
    else:
        print_text("\n".join(_catalogue(entries)) or "no services there")
    return FINE


def _described(client: GPClient, place: Place) -> Described:
    service = client.service(place.service)
    if not place.task:
        return Described(service.describe(), service.tasks())
    return Described(service.describe(), [service.task(place.task).describe()])


def _folder_in(address: str) -> str | None:
    """The folder that an address of a catalogue names. Raises InvalidInput for what is no catalogue."""
    path = address.partition("?")[0].partition("#")[0].rstrip("/")
    _, mark, rest = path.partition("/rest/services")
    names = [unquote(name) for name in rest.split("/") if name] if mark else []
    if len(names) > 1:
        raise InvalidInput(
            parameter="URL",
            met=shown(address),
            expected="the address of a service, …/rest/services/Folder/Name/GPServer",
            remedy=f"try {path}/{GP_SERVER}",
        )
    return names[0] if names else None


def _print(root: str, described: Sequence[Described], form: Form) -> None:
    if form is Form.SITE:
        from gpharness.site_writing import site_text

        print_exactly(site_text(root, described))
    elif form is Form.JSON:
        print_json(_json(described[0]))
    else:
        print_text("\n".join(line for each in described for line in description_lines(each)))


def _print_whole_site(client: GPClient, entries: Sequence[ServiceEntry]) -> int:
    """A site of every geoprocessing service that tells itself; the others are named on stderr."""
    from gp_client.wire.addresses import Place

    described: list[Described] = []
    left_out = 0
    names = [entry.name for entry in entries if entry.type == GP_SERVER]
    for name in names:
        try:
            described.append(_described(client, Place(client.root, name)))
        except GPError as error:
            if len(names) == 1:
                raise
            left_out += 1
            complain("describe", f"{name} is left out: {error}")
    if not described:
        raise InvalidInput(
            parameter="URL",
            met="a catalogue without a geoprocessing service that can be described",
            expected="at least one",
        )
    _print(client.root, described, Form.SITE)
    return NO_SUCCESS if left_out else FINE


def _catalogue(entries: Sequence[ServiceEntry]) -> Iterator[str]:
    """The geoprocessing services by their addresses, then how many others there are."""
    mine = [entry for entry in entries if entry.type == GP_SERVER]
    yield from columns([[entry.name, entry.url] for entry in mine], indent="", longest=0) if mine else ()
    if others := len(entries) - len(mine):
        yield f"and {others} of other types"


def description_lines(described: Described) -> Iterator[str]:
    """A service and its tasks for people to read."""
    service, tasks = described.service, described.tasks
    about = service.descriptor
    version = f", version {about.current_version:g}" if about.current_version else ""
    yield f"{one_line(service.name)}: {_execution(about.execution_type)}{version}"
    yield f"  {service.url}"
    if about.description.strip():
        yield f"  {one_line(about.description)}"
    for task in tasks:
        yield ""
        yield from _task_lines(task)


def _task_lines(described: TaskDescription) -> Iterator[str]:
    task = described.descriptor
    same = described.is_synchronous == (task.execution_type is ExecutionType.SYNCHRONOUS)
    kind = _execution(task.execution_type) if same else _execution(ExecutionType.ASYNCHRONOUS)
    yield f"{one_line(task.label)} ({kind})"
    yield f"  {described.url}"
    if task.description.strip():
        yield f"  {one_line(task.description)}"
    for title, parameters in (("inputs", task.inputs), ("outputs", task.outputs)):
        if parameters:
            yield f"  {title}"
            yield from columns([_parameter_cells(each) for each in parameters], indent="    ", longest=0)
    if task.inputs:
        yield f"  gpharness run {_quoted(described.url)} {example_words(task)}".rstrip()


def _execution(kind: ExecutionType) -> str:
    return "synchronous" if kind is ExecutionType.SYNCHRONOUS else "asynchronous"


def _parameter_cells(parameter: Parameter) -> list[str]:
    need = parameter.parameter_type
    told = "" if need is ParameterType.DERIVED else need.removeprefix("esriGPParameterType").lower()
    return [parameter.name, parameter.data_type, told, one_line("; ".join(_limits(parameter)), 100)]


def _limits(parameter: Parameter) -> Iterator[str]:
    """What a parameter accepts, and its default."""
    default = parameter.default_value
    if (
        isinstance(default, dict)
        and "geometryType" in default
        and not isinstance(parameter.filter, ListFilter)
    ):
        yield _shape(default["geometryType"])
    if parameter.choice_list:
        choices = ", ".join(map(str, parameter.choice_list[:_MOST_CHOICES]))
        yield f"one of {choices}{', …' if len(parameter.choice_list) > _MOST_CHOICES else ''}"
    match parameter.filter:
        case RangeFilter(minimum=low, maximum=high):
            yield f"{'…' if low is None else f'{low:g}'} to {'…' if high is None else f'{high:g}'}"
        case ListFilter(words=words):
            yield " or ".join(_shape(word) for word in words[:_MOST_CHOICES])
    if text := _default_text(parameter):
        yield f"default {text}"


def _shape(word: object) -> str:
    return _SHAPES.get(str(word), str(word).removeprefix("esriGeometry").removeprefix("esriFieldType"))


def _default_text(parameter: Parameter) -> str:
    """The default in a line, empty where there is none: a schema without features is none."""
    default = parameter.default_value
    if default in (None, "", {}, []):
        return ""
    if parameter.data_type in _TABLES and isinstance(default, dict) and not default.get("features"):
        return ""
    if parameter.data_type in DATA_TYPES:
        try:
            value = data_type(parameter.data_type).decode_input(default, parameter)
        except ProtocolError:
            return one_line(str(default), LONGEST_CELL)
        return one_line(value_text(value), LONGEST_CELL) if value is not None else ""
    return one_line(str(default), LONGEST_CELL)


def example_words(task: Task) -> str:
    """The inputs that a task cannot do without, as words of `gpharness run` to fill in."""
    needed = [
        each
        for each in task.inputs
        if each.parameter_type is ParameterType.REQUIRED and not _default_text(each)
    ]
    return " ".join(f"{_quoted(each.name)}={_placeholder(each)}" for each in needed)


def _placeholder(parameter: Parameter) -> str:
    """A value in the type's form: a file's name, the first choice, or dots."""
    if parameter.data_type in _TABLES:
        return "@FILE.geojson" if parameter.data_type == "GPFeatureRecordSetLayer" else "@FILE.json"
    if parameter.data_type in ("GPDataFile", "GPRasterDataLayer", "GPRasterData"):
        return "@FILE"
    return _quoted(str(parameter.choice_list[0])) if parameter.choice_list else "…"


def _quoted(text: str) -> str:
    from shlex import quote

    return quote(printable(text))


def _json(described: Described) -> dict[str, Any]:
    service = described.service
    return {
        "name": service.name,
        "url": service.url,
        "service": service.raw,
        "tasks": [{"url": each.url, "descriptor": each.raw} for each in described.tasks],
    }
