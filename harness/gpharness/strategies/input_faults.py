"""Inputs that are right but for one fault, and what that fault is."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, Final, Literal

import msgspec
from gp_protocol.descriptions.descriptors import Parameter, ParameterInfo, Task
from gp_protocol.descriptions.filters import CodedValueFilter, ListFilter, RangeFilter
from gp_protocol.values.data_types import DATA_TYPES
from gp_protocol.values.literals import long_limits
from gp_protocol.versions import Profile, profile
from hypothesis import strategies as st

from gpharness.strategies.drawn_features import KINDS
from gpharness.strategies.drawn_inputs import Plan, is_needed
from gpharness.strategies.drawn_words import Version, profile_of

FaultKind = Literal[
    "missing", "type", "choice", "range", "units", "geometry", "attribute", "file", "field", "part"
]
"""missing: a required input is not there. type: no value of the data type. choice: not in the choice list or
among the coded values. range: outside the filter's range. units: a unit that nobody knows. geometry,
attribute: of a feature. file, field: of a type that the filter does not list. part: an element or a cell of a
list or a table."""


class InputFault(msgspec.Struct, frozen=True):
    """What is wrong: `parameter` is its name, `text` what was put there, None where it was left out."""

    parameter: str
    kind: FaultKind
    text: str | None = None


class _Way(msgspec.Struct, frozen=True):
    """A way to get one parameter wrong."""

    parameter: Parameter
    kind: FaultKind
    texts: tuple[str, ...] = ()
    """One of them is sent; none: the input is left out."""


def nearly_valid_inputs(
    task: Task, *, version: Version = None
) -> st.SearchStrategy[tuple[dict[str, str], InputFault]]:
    """Inputs as `inputs` draws them, as texts, with exactly one fault, and the fault.

    A server refuses them, or their job fails, with an error that names the parameter; the reference client
    refuses to send them. Only faults that a server sees without running a tool are drawn. Raises ValueError
    for a task that cannot be given wrong inputs (`can_be_wrong` says so), and as `inputs` does.
    """
    ways = list(_ways(task, _strictest(version)))
    if not ways:
        raise ValueError(
            f"task {task.label!r} takes anything: it has no input that is required, or of a type, a choice "
            "list or a filter that something does not fit"
        )
    return _nearly_valid(Plan(task, profile_of(version)), st.sampled_from(ways))


def can_be_wrong(task: Task, *, version: Version = None) -> bool:
    """Whether `nearly_valid_inputs` finds anything to get wrong."""
    return next(_ways(task, _strictest(version)), None) is not None


def _strictest(version: Version) -> Profile:
    """What is wrong there is wrong in every version that is meant: numbers grow with the versions."""
    return profile(_NEWEST) if version is None else profile_of(version)


@st.composite
def _nearly_valid(
    draw: st.DrawFn, plan: Plan, ways: st.SearchStrategy[_Way]
) -> tuple[dict[str, str], InputFault]:
    way = draw(ways)
    name = way.parameter.name
    given = plan.texts(draw(plan.drawn))
    text = draw(_one_of(way.texts)) if way.texts else None
    if text is None:
        given.pop(name, None)
    else:
        given[name] = text
    ordered = {each.name: given[each.name] for each in plan.task.inputs if each.name in given}
    return ordered, InputFault(name, way.kind, text)


@cache
def _one_of(texts: tuple[str, ...]) -> st.SearchStrategy[str]:
    return st.sampled_from(texts)


def _ways(task: Task, version: Profile) -> Iterator[_Way]:
    for parameter in task.inputs:
        if is_needed(parameter):
            yield _Way(parameter, "missing")
        if parameter.data_type in DATA_TYPES:
            for kind, texts in _wrong(parameter, version):
                yield _Way(parameter, kind, texts)


Wrong = tuple[FaultKind, tuple[str, ...]]

_WORDS: Final = ("GPString", "GPStringHidden", "GPSQLExpression")
_LAYERS: Final = ("GPFeatureRecordSetLayer", "GPRecordSet", "GPRasterData", "GPRasterDataLayer")
_NOT_LISTED: Final = "not-one-of-them"
_NEWEST: Final = "12.0"
_BROKEN: Final = '{"broken": '


def _wrong(part: Parameter | ParameterInfo, version: Profile) -> Iterator[Wrong]:
    """The wrong texts for a parameter."""
    name = part.data_type
    element = name.removeprefix("GPMultiValue:")
    if element != name:
        yield "type", ("one", _BROKEN)
        inner = next(_wrong(_element_of(part, element), version), None)
        if inner is not None and element != "GPComposite":
            yield "part", tuple(json.dumps([_as_json(element, text)]) for text in inner[1] if text != _BROKEN)
        return
    if isinstance(part.filter, CodedValueFilter):
        if not part.filter.values or element in _LAYERS:
            return
        if element in _WORDS:
            yield "choice", (_NOT_LISTED,)
            return
    elif part.choice_list and element in _WORDS:
        yield "choice", (_NOT_LISTED,)
    elif part.choice_list and element in ("GPLong", "GPDouble"):
        yield "choice", (_outside(part.choice_list),)
    elif part.choice_list and element in _LAYERS:
        yield "choice", (_NOT_LISTED,)
        return
    yield from _wrong_values(part, version)


def _element_of(part: Parameter | ParameterInfo, element: str) -> Parameter:
    infos = part.parameter_infos or ()
    inner = infos[0] if len(infos) == 1 and infos[0].data_type == element else None
    limits = inner.filter if inner is not None and inner.filter is not None else part.filter
    choices = (inner.choice_list if inner is not None else None) or part.choice_list
    return Parameter(part.name, element, choice_list=choices, filter=limits, default_value=part.default_value)


def _as_json(element: str, text: str) -> Any:
    """An element of a list: a text stays one, all else is the JSON that it is."""
    if element in _WORDS:
        return text
    try:
        return json.loads(text)
    except ValueError:
        return text


def _outside(choices: tuple[str, ...]) -> str:
    numbers = []
    for each in choices:
        try:
            numbers.append(float(each))
        except ValueError:
            continue
    return str(int(max(numbers, default=0)) + 1)


def _wrong_values(part: Parameter | ParameterInfo, version: Profile) -> Iterator[Wrong]:
    name = part.data_type
    if name in _TEXTS:
        yield "type", _TEXTS[name]
    if name in _UNITS:
        yield "units", (json.dumps({_UNITS[name]: 1, "units": "esriFurlongs"}),)
    within = part.filter
    if isinstance(within, RangeFilter) and name in (*_UNITS, "GPLong", "GPDouble"):
        numbers = _beyond(within, name == "GPLong", version)
        if numbers:
            key = _UNITS.get(name)
            yield (
                "range",
                tuple(
                    json.dumps({key: each, "units": _UNIT_WORDS[name]} if key else each) for each in numbers
                ),
            )
    elif name == "GPLong":
        yield "range", (str(long_limits(version.number)[1] + 1),)
    if isinstance(within, ListFilter) and within.words:
        yield from _beside_the_list(part, within)
    if name == "GPFeatureRecordSetLayer":
        yield from _wrong_features(part)
    if name == "GPValueTable" and part.parameter_infos:
        yield "part", (json.dumps([[None] * (len(part.parameter_infos) + 1)]),)
        yield from _wrong_cells(part.parameter_infos, version)


def _wrong_cells(columns: tuple[ParameterInfo, ...], version: Profile) -> Iterator[Wrong]:
    """One row whose cells are empty but for a wrong one."""
    for index, column in enumerate(columns):
        for _, texts in _wrong(column, version):
            usable = [text for text in texts if text != _BROKEN]
            rows = []
            for text in usable:
                row: list[Any] = [None] * len(columns)
                row[index] = _as_json(column.data_type, text)
                rows.append(json.dumps([row]))
            if rows:
                yield "part", tuple(rows)
            return


_TEXTS: Final[Mapping[str, tuple[str, ...]]] = {
    "GPBoolean": ("yes", "1"),
    "GPLong": ("one", "1.5"),
    "GPDouble": ("one", "1,5"),
    "GPDate": ("yesterday", "2026-02-30T00:00:00"),
    "GPLinearUnit": ('{"units": "esriMeters"}', '{"distance": "far", "units": "esriMeters"}'),
    "GPArealUnit": ('{"units": "esriSquareMeters"}', '{"area": "wide", "units": "esriSquareMeters"}'),
    "GPTimeUnit": ('{"units": "esriTimeUnitsDays"}', '{"time": "long", "units": "esriTimeUnitsDays"}'),
    "GPFeatureRecordSetLayer": ('{"feature": []}', _BROKEN),
    "GPRecordSet": ('{"feature": []}', _BROKEN),
    "GPRasterData": ('{"uri": "https://data.example.com/a.tif"}',),
    "GPRasterDataLayer": ('{"uri": "https://data.example.com/a.tif"}',),
    "GPDataFile": ('{"uri": "https://data.example.com/a.zip"}',),
    "Field": ('{"name": "A", "type": "esriFieldTypeNumber"}', '{"type": "esriFieldTypeString"}'),
    "GPSpatialReference": ('{"wkid": -1}', "somewhere"),
    "GPCoordinateSystem": ('{"wkid": -1}', "somewhere"),
    "GPExtent": ('{"xmin": 0, "ymin": 0, "xmax": 1}',),
    "GPEnvelope": ('{"xmin": 0, "ymin": 0, "xmax": 1}',),
    "GPValueTable": ("one", _BROKEN),
    "GPComposite": ('{"dataType": "GPHologram", "value": 1}',),
}
_UNITS: Final = {"GPLinearUnit": "distance", "GPArealUnit": "area", "GPTimeUnit": "time"}
_UNIT_WORDS: Final = {
    "GPLinearUnit": "esriMeters",
    "GPArealUnit": "esriSquareMeters",
    "GPTimeUnit": "esriTimeUnitsDays",
}


def _beyond(within: RangeFilter, whole: bool, version: Profile) -> list[float]:
    """The nearest whole numbers outside a range."""
    found: list[float] = []
    if within.maximum is not None:
        found.append(int(within.maximum // 1) + 1)
    if within.minimum is not None:
        found.append(-int(-within.minimum // 1) - 1)
    least, most = long_limits(version.number) if whole else (-(2**53), 2**53)
    return [each for each in found if least <= each <= most]


def _beside_the_list(part: Parameter | ParameterInfo, listed: ListFilter) -> Iterator[Wrong]:
    """Values of a type that the filter does not list."""
    bare = {
        word.casefold().removeprefix("esrigeometry").removeprefix("esrifieldtype").removeprefix(".")
        for word in listed.words
    }
    if listed.type == "file" and part.data_type == "GPDataFile" and "exe" not in bare:
        yield "file", ('{"url": "https://data.example.com/a.exe"}',)
    elif listed.type == "field" and part.data_type == "Field":
        other = next((each for each in ("String", "Blob", "XML") if each.casefold() not in bare), None)
        if other:
            yield "field", (json.dumps({"name": "A", "type": f"esriFieldType{other}"}),)
    elif listed.type == "featureClass" and part.data_type == "GPFeatureRecordSetLayer":
        other = next((each for each in KINDS if each[12:].casefold() not in bare), None)
        if other:
            yield (
                "geometry",
                (json.dumps({"geometryType": other, "features": [{"geometry": _SHAPES[other]}]}),),
            )


_SHAPES: Final[Mapping[str, dict[str, Any]]] = {
    "esriGeometryPoint": {"x": 0, "y": 0},
    "esriGeometryMultipoint": {"points": [[0, 0]]},
    "esriGeometryPolyline": {"paths": [[[0, 0], [1, 1]]]},
    "esriGeometryPolygon": {"rings": [[[0, 0], [0, 1], [1, 1], [0, 0]]]},
    "esriGeometryEnvelope": {"xmin": 0, "ymin": 0, "xmax": 1, "ymax": 1},
}


def _wrong_features(part: Parameter | ParameterInfo) -> Iterator[Wrong]:
    """Features whose geometry is of another type than they say, or whose attribute is."""
    default = part.default_value
    known = default if isinstance(default, Mapping) else {}
    own = known.get("geometryType")
    kind = own if own in KINDS else "esriGeometryPoint"
    other = "esriGeometryPolyline" if kind != "esriGeometryPolyline" else "esriGeometryPoint"
    yield "geometry", (json.dumps({"geometryType": kind, "features": [{"geometry": _SHAPES[other]}]}),)
    field = {"name": "A", "type": "esriFieldTypeInteger", "alias": "A"}
    feature = {"geometry": _SHAPES[kind], "attributes": {"A": "one"}}
    yield "attribute", (json.dumps({"geometryType": kind, "fields": [field], "features": [feature]}),)
