"""What a server of some version may describe: parameters, tasks, and services with their tasks."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from typing import Any, Final

import msgspec
from gp_protocol.descriptions.descriptors import (
    Direction,
    ExecutionType,
    Parameter,
    ParameterInfo,
    ParameterType,
    Service,
    Task,
    parameter_name,
    service_json,
    task_json,
)
from gp_protocol.descriptions.filters import (
    CodedValue,
    CodedValueFilter,
    CompositeFilter,
    Filter,
    ListFilter,
    RangeFilter,
)
from gp_protocol.json_text import encode_json
from gp_protocol.values.data_types import DATA_TYPES
from gp_protocol.versions import Profile, profile
from hypothesis import strategies as st

from gpharness.strategies.drawn_features import KINDS, field_types
from gpharness.strategies.drawn_values import values_of
from gpharness.strategies.drawn_words import Version, texts

NEWEST: Final = "12.0"
_NAMES: Final = [
    "Distance",
    "Points",
    "Note",
    "Layers",
    "Area",
    "When",
    "Zone",
    "Rows",
    "Image",
    "File",
    "Limit",
    "Größe",
    "Capa_de_entrada",
    "Field_1",
    "Distance__value_or_field_",
    "Überschrift",
]
_LABELS: Final = ("Buffer", "Find Places", "Zonas", "Extract Data Task", "Größen")
_SERVICES: Final = ("Tools", "Elevation/Tools", "15_Names/Odd Tools", "Werkzeuge")
_MEMBERS: Final = ("GPString", "GPLong", "GPDouble", "GPLinearUnit", "GPBoolean")
_FIRST: Final = ("GPString", "GPLong", "GPDouble", "GPBoolean", "GPLinearUnit", "GPFeatureRecordSetLayer")
_CHOICES: Final = ("car", "foot", "Ferry (slow)")
_NUMBERS: Final = ("1", "2", "30")


class Described(msgspec.Struct, frozen=True):
    """A service and its tasks, as a server of the version `version` describes them."""

    version: str
    service: Service
    tasks: tuple[Task, ...]

    def service_json(self) -> dict[str, Any]:
        """The service's descriptor as the server answers it."""
        return service_json(self.service, profile(self.version))

    def task_json(self, label: str) -> dict[str, Any]:
        """A task's descriptor as the server answers it. Raises KeyError for a label that no task has."""
        found = {task.label: task for task in self.tasks}[label]
        return task_json(found, profile(self.version))

    def __repr__(self) -> str:
        tasks = {task.label: self.task_json(task.label)["parameters"] for task in self.tasks}
        told = json.dumps(json.loads(encode_json(tasks)), ensure_ascii=False)
        service = f"{self.service.name!r}, {self.service.execution_type.value!r}"
        return f"Described({self.version!r}, {service}, {told})"


def _of(version: Version) -> Profile:
    return version if isinstance(version, Profile) else profile(NEWEST if version is None else version)


def parameters(
    *, version: Version = NEWEST, direction: Direction = Direction.INPUT, types: Sequence[str] = ()
) -> st.SearchStrategy[Parameter]:
    """Parameters of every data type that the version knows, or of these; with defaults, choice lists and
    filters that leave something over."""
    return _parameters(_of(version), direction, tuple(types))


def tasks(
    *, version: Version = NEWEST, execution_type: ExecutionType | None = None, types: Sequence[str] = ()
) -> st.SearchStrategy[Task]:
    """Tasks with up to four inputs and up to two outputs. They shrink to one without inputs."""
    return _tasks(_of(version), execution_type, tuple(types), _LABELS)


def descriptors(*, version: Version = NEWEST) -> st.SearchStrategy[Described]:
    """Services with one or two tasks, as a server of that version describes them."""
    return _described(_of(version), _SERVICES)


@cache
def known_types(version: Profile) -> tuple[str, ...]:
    """The data types that a version knows, the plain ones first."""
    rest = [each for each in DATA_TYPES if each not in _FIRST]
    return tuple(each for each in (*_FIRST, *rest) if version.has("type", each))


@cache
def _parameters(
    version: Profile, direction: Direction, types: tuple[str, ...]
) -> st.SearchStrategy[Parameter]:
    chosen = types or known_types(version)
    return st.sampled_from(chosen).flatmap(lambda name: _of_type(name, version, direction))


@cache
def _of_type(name: str, version: Profile, direction: Direction) -> st.SearchStrategy[Parameter]:
    return _parameter(name, version, direction)


@st.composite
def _parameter(draw: st.DrawFn, name: str, version: Profile, direction: Direction) -> Parameter:
    label = draw(st.sampled_from(_NAMES))
    infos = draw(_infos(name))
    limits = draw(_limits(name, version, infos))
    is_input = direction is Direction.INPUT
    kinds = [ParameterType.OPTIONAL, ParameterType.REQUIRED] if is_input else [ParameterType.DERIVED]
    parameter = Parameter(
        name=parameter_name(label),
        data_type=name,
        display_name=label,
        direction=direction,
        parameter_type=draw(st.sampled_from(kinds)),
        parameter_infos=infos,
        **limits,
    )
    default = draw(_defaults(parameter, version))
    return msgspec.structs.replace(parameter, default_value=default)


def _infos(name: str) -> st.SearchStrategy[tuple[ParameterInfo, ...] | None]:
    element = name.removeprefix("GPMultiValue:")
    if element == "GPValueTable":
        return _columns()
    if element != "GPComposite":
        return st.none()
    members = st.lists(st.sampled_from(_MEMBERS), min_size=1, max_size=2, unique=True).map(
        lambda types: tuple(ParameterInfo("", each) for each in types)
    )
    if element == name:
        return members
    return members.map(lambda inner: (ParameterInfo("", "GPComposite", parameter_infos=inner),))


@cache
def _columns() -> st.SearchStrategy[tuple[ParameterInfo, ...]]:
    return st.lists(st.sampled_from(_MEMBERS), min_size=1, max_size=3).map(
        lambda types: tuple(ParameterInfo(f"Column_{n}", each) for n, each in enumerate(types, 1))
    )


def _limits(
    name: str, version: Profile, infos: tuple[ParameterInfo, ...] | None
) -> st.SearchStrategy[dict[str, Any]]:
    """A choice list, or a filter of a kind that the version has; or neither."""
    element = name.removeprefix("GPMultiValue:")
    found: list[st.SearchStrategy[dict[str, Any]]] = [st.just({})]
    if element in ("GPString", "GPLong", "GPDouble"):
        words = _CHOICES if element == "GPString" else _NUMBERS
        found.append(
            st.lists(st.sampled_from(words), min_size=1, unique=True).map(
                lambda choices: {"choice_list": tuple(choices)}
            )
        )
    filters = [each for kind, each in _filters(element, version, infos) if version.has("filter", kind)]
    found += [each.map(lambda chosen: {"filter": chosen}) for each in filters]
    return st.one_of(found)


def _filters(
    element: str, version: Profile, infos: tuple[ParameterInfo, ...] | None
) -> list[tuple[str, st.SearchStrategy[Filter]]]:
    if element in ("GPLong", "GPDouble", "GPLinearUnit", "GPArealUnit", "GPTimeUnit"):
        found: list[tuple[str, st.SearchStrategy[Filter]]] = [("range", _RANGES)]
        if element == "GPLong":
            coded = [CodedValue("GPLong", f"{word} items", int(word)) for word in _NUMBERS]
            found.append(("codedValue", _some_coded(coded)))
        return found
    if element == "GPString":
        coded = [CodedValue("GPString", word.title(), word) for word in _CHOICES]
        return [("codedValue", _some_coded(coded))]
    if element == "GPFeatureRecordSetLayer":
        return [("featureClass", _some_words("featureClass", KINDS[:4]))]
    if element == "GPDataFile":
        return [("file", _some_words("file", ("zip", "csv", "gpx")))]
    if element == "Field":
        return [("field", _some_words("field", field_types(version)))]
    if element == "GPComposite" and infos and infos[0].data_type in ("GPLong", "GPDouble"):
        none = [None] * (len(infos) - 1)
        return [("composite", _RANGES.map(lambda first: CompositeFilter((first, *none))))]
    return []


_RANGES: Final[st.SearchStrategy[Filter]] = st.builds(
    lambda low, span: RangeFilter(float(low), float(low + span)), st.integers(0, 50), st.integers(1, 100)
)


def _some_words(kind: str, words: Sequence[str]) -> st.SearchStrategy[Filter]:
    return st.lists(st.sampled_from(words), min_size=1, max_size=3, unique=True).map(
        lambda chosen: ListFilter(kind, tuple(chosen))
    )


def _some_coded(values: list[CodedValue]) -> st.SearchStrategy[Filter]:
    return st.lists(st.sampled_from(values), min_size=1, unique_by=lambda each: each.name).map(
        lambda chosen: CodedValueFilter(tuple(chosen))
    )


def _defaults(parameter: Parameter, version: Profile) -> st.SearchStrategy[Any]:
    """No default, a schema, or a value that the parameter takes, as JSON."""
    if parameter.data_type in ("GPFeatureRecordSetLayer", "GPRecordSet"):
        return st.none() | _schemas(parameter, version)
    if parameter.direction is Direction.OUTPUT or parameter.data_type.startswith(("GPRaster", "GPMulti")):
        return st.none()
    drawn = values_of(parameter, version)
    if drawn.is_empty:
        return st.none()
    kind = DATA_TYPES[parameter.data_type]
    return st.none() | drawn.map(
        lambda value: json.loads(encode_json(kind.encode_input_json(value, parameter)))
    )


@st.composite
def _schemas(draw: st.DrawFn, parameter: Parameter, version: Profile) -> dict[str, Any]:
    """The default of features or rows: a set without any, which says what they have to be like."""
    types = draw(st.lists(st.sampled_from(field_types(version)), max_size=3))
    names = [f"{kind[13:]}_{number}" for number, kind in enumerate(types, 1)]
    fields = [
        {"name": name, "type": kind, "alias": name, **({"length": 20} if kind.endswith("String") else {})}
        for name, kind in zip(names, types, strict=True)
    ]
    schema: dict[str, Any] = {"fields": fields, "features": [], "exceededTransferLimit": False}
    if parameter.data_type == "GPRecordSet":
        return schema
    listed = parameter.filter.words if isinstance(parameter.filter, ListFilter) else KINDS[:4]
    reference = draw(st.sampled_from([{"wkid": 4326}, {"wkid": 102100, "latestWkid": 3857}]))
    return {
        "displayFieldName": "",
        "geometryType": draw(st.sampled_from(listed)),
        "spatialReference": reference,
        **schema,
    }


@st.composite
def _tasks(
    draw: st.DrawFn,
    version: Profile,
    execution_type: ExecutionType | None,
    types: tuple[str, ...],
    labels: tuple[str, ...],
) -> Task:
    inputs = draw(st.lists(_parameters(version, Direction.INPUT, types), max_size=4, unique_by=_name))
    outputs = draw(st.lists(_parameters(version, Direction.OUTPUT, types), max_size=2, unique_by=_name))
    taken = {each.name for each in inputs}
    named = [
        msgspec.structs.replace(each, name=f"Out_{each.name}") if each.name in taken else each
        for each in outputs
    ]
    label = draw(st.sampled_from(labels))
    return Task(
        name=parameter_name(label),
        display_name=label,
        description=draw(st.just("") | texts),
        execution_type=execution_type or draw(st.sampled_from(_executions(version))),
        parameters=(*_depending(inputs), *named),
    )


def _name(parameter: Parameter) -> str:
    return parameter.name


def _executions(version: Profile) -> list[ExecutionType]:
    both = [ExecutionType.SYNCHRONOUS, ExecutionType.ASYNCHRONOUS]
    return both if version.has("resource", "execute") else both[1:]


def _depending(inputs: list[Parameter]) -> list[Parameter]:
    """Let what names fields depend on the task's first layer."""
    layer = next((each for each in inputs if each.data_type == "GPFeatureRecordSetLayer"), None)
    if layer is None:
        return inputs
    return [
        msgspec.structs.replace(each, dependency=layer.name)
        if each.data_type.removeprefix("GPMultiValue:") in ("Field", "GPSQLExpression")
        else each
        for each in inputs
    ]


@st.composite
def _described(draw: st.DrawFn, version: Profile, names: tuple[str, ...]) -> Described:
    execution_type = draw(st.sampled_from(_executions(version)))
    made = draw(
        st.lists(
            _tasks(version, execution_type, (), _LABELS),
            min_size=1,
            max_size=2,
            unique_by=lambda task: task.label,
        )
    )
    service = Service(
        name=draw(st.sampled_from(names)),
        description=draw(st.just("") | texts),
        execution_type=execution_type,
        task_names=tuple(task.label for task in made),
        cim_version=version.cim_version,
    )
    return Described(version.name, service, tuple(made))


def several_described(version: Profile, most: int = 2) -> st.SearchStrategy[list[Described]]:
    """The services of one server, each with a name of its own."""
    return st.lists(
        _described(version, _SERVICES), min_size=1, max_size=most, unique_by=lambda each: each.service.name
    )
