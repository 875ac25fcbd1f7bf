"""Descriptors, now and when they were recorded: drift, each kind of it told apart.

The order of keys, keys that nobody knows, and the several ways to say nothing (no key, null, an empty text or
list) make no difference. Paths are `parameters[NAME].key`. Source of the keys: ArcGIS REST, *GP service* and
*GP task*.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from gpharness.comparing.differences import Difference, findings_of, shown
from gpharness.comparing.feature_sets import feature_set_differences
from gpharness.comparing.plain_values import plain_differences
from gpharness.comparing.texts import same_text
from gpharness.contracts.contract import Varies
from gpharness.findings.findings import Finding, Severity

_EXACT: Final = Varies(ids=False, times=False, urls=True, tokens=True, server_paths=False, messages=False)
_SETTINGS: Final = ("resultMapServerName", "maximumRecords", "capabilities")
_VERSIONS: Final = ("currentVersion", "cimVersion", "fullVersion")
_INPUT: Final = "esriGPParameterDirectionInput"
_OUTPUT: Final = "esriGPParameterDirectionOutput"
_REQUIRED: Final = "esriGPParameterTypeRequired"
_DERIVED: Final = "esriGPParameterTypeDerived"
_FOR_PEOPLE: Final = ("displayName", "description", "category")
_LAYERS: Final = ("GPFeatureRecordSetLayer", "GPRecordSet")
_HIDDEN: Final = "GPStringHidden"
Described = Mapping[str, Any]


def compare_services(
    expected: Described, met: Described, service: str = "", request: str = ""
) -> list[Finding]:
    """How a service's descriptor differs from the contract's. `service` is `Folder/Service`, `request` the
    curl command that asks for it."""
    found = findings_of(
        _service_differences(expected, met), operation="service", task=service, request=request
    )
    known, now = _labels(expected), _labels(met)
    for label in known:
        if label not in now:
            found += _of_task("drift.task-removed", "this task", "none", service, label, request)
    for label in now:
        if label not in known:
            found += _of_task("drift.task-added", "no such task", "one", service, label, request)
    return found


def compare_tasks(expected: Described, met: Described, task: str = "", request: str = "") -> list[Finding]:
    """How a task's descriptor differs from the contract's. `task` is `Folder/Service/Label`."""
    return findings_of(_task_differences(expected, met), operation="task", task=task, request=request)


def compare_infos(expected: Described, met: Described, request: str = "") -> list[Finding]:
    """How what a server says of itself (`rest/info`) differs: its version."""
    return findings_of(_versions(expected, met), operation="info", request=request)


def _of_task(name: str, expected: str, met: str, service: str, label: str, request: str) -> list[Finding]:
    found = Difference(f"tasks[{label}]", expected, met, name)
    return findings_of([found], operation="service", task=f"{service}/{label}", request=request)


def _labels(service: Described) -> dict[str, None]:
    tasks = service.get("tasks")
    return dict.fromkeys(each for each in tasks if isinstance(each, str)) if isinstance(tasks, list) else {}


def _versions(expected: Described, met: Described) -> Iterator[Difference]:
    for key in _VERSIONS:
        one, other = expected.get(key), met.get(key)
        if _is_said(one) and _is_said(other) and one != other:
            yield Difference(key, shown(one), shown(other), "drift.version")
            return


def _service_differences(expected: Described, met: Described) -> Iterator[Difference]:
    yield from _versions(expected, met)
    yield from _execution(expected, met)
    for key in _SETTINGS:
        one, other = expected.get(key), met.get(key)
        if (_is_said(one) or _is_said(other)) and not _same_setting(one, other):
            yield Difference(key, _said(one), _said(other), "drift.service-setting")
    yield from _for_people(expected, met, ("serviceDescription",))


def _same_setting(expected: Any, met: Any) -> bool:
    """Capabilities are a list of words in any order."""
    if isinstance(expected, str) and isinstance(met, str):
        one, other = ({word.strip() for word in each.split(",")} for each in (expected, met))
        return one == other
    return bool(expected == met)


def _execution(expected: Described, met: Described) -> Iterator[Difference]:
    one, other = expected.get("executionType"), met.get("executionType")
    if _is_said(one) and _is_said(other) and one != other:
        yield Difference("executionType", shown(one), shown(other), "drift.execution-type")


def _for_people(expected: Described, met: Described, keys: Sequence[str]) -> Iterator[Difference]:
    for key in keys:
        one, other = expected.get(key), met.get(key)
        if (_is_said(one) or _is_said(other)) and not _same_words(one, other):
            yield Difference(key, _said(one), _said(other), "drift.description")


def _same_words(one: Any, other: Any) -> bool:
    if isinstance(one, str) and isinstance(other, str):
        return same_text(" ".join(one.split()), " ".join(other.split()), _EXACT)
    return bool(one == other)


def _task_differences(expected: Described, met: Described) -> Iterator[Difference]:
    yield from _execution(expected, met)
    yield from _for_people(expected, met, ("name", *_FOR_PEOPLE))
    known, now = _by_name(expected.get("parameters")), _by_name(met.get("parameters"))
    for name, parameter in known.items():
        path = f"parameters[{name}]"
        if name not in now:
            text = _parameter_text(parameter)
            yield Difference(path, text, "nothing", "drift.parameter-removed")
        else:
            yield from (each.at(path) for each in _parameter_differences(parameter, now[name]))
    for name, parameter in now.items():
        if name not in known:
            yield Difference(
                f"parameters[{name}]",
                "nothing",
                _parameter_text(parameter),
                "drift.parameter-added",
                "breaking" if _must_be_given(parameter) else None,
            )
    both, others = [name for name in known if name in now], [name for name in now if name in known]
    if both != others:
        yield Difference("parameters", ", ".join(both), ", ".join(others), "drift.parameter-order")


def _by_name(parameters: Any) -> dict[str, Described]:
    listed = parameters if isinstance(parameters, list) else []
    return {str(each.get("name")): each for each in listed if isinstance(each, Mapping)}


def _parameter_text(parameter: Described) -> str:
    direction = "an output" if _direction(parameter) == _OUTPUT else "an input"
    must = "required " if parameter.get("parameterType") == _REQUIRED else ""
    return f"{direction}, {must}{parameter.get('dataType')}"


def _direction(parameter: Described) -> Any:
    if _is_said(parameter.get("direction")):
        return parameter["direction"]
    return _OUTPUT if parameter.get("parameterType") == _DERIVED else _INPUT


def _must_be_given(parameter: Described) -> bool:
    is_input = _direction(parameter) != _OUTPUT
    return (
        is_input
        and parameter.get("parameterType") == _REQUIRED
        and not _is_said(parameter.get("defaultValue"))
    )


def _parameter_differences(expected: Described, met: Described) -> Iterator[Difference]:
    one, other = expected.get("dataType"), met.get("dataType")
    if one != other:
        yield Difference("dataType", shown(one), shown(other), "drift.parameter-type")
    if _direction(expected) != _direction(met):
        directions = shown(_direction(expected)), shown(_direction(met))
        yield Difference("direction", *directions, "drift.parameter-direction")
    yield from _need(expected, met)
    yield from _choices(expected.get("choiceList"), met.get("choiceList"))
    yield from _filters(expected.get("filter"), met.get("filter"))
    yield from _defaults(expected, met)
    yield from _infos(expected.get("parameterInfos"), met.get("parameterInfos"))
    yield from _for_people(expected, met, (*_FOR_PEOPLE, "dependency"))


def _need(expected: Described, met: Described) -> Iterator[Difference]:
    one, other = expected.get("parameterType"), met.get("parameterType")
    if one == other or not _is_said(one) or not _is_said(other):
        return
    harms = other == _REQUIRED and _direction(met) != _OUTPUT
    severity: Severity | None = None if harms else "note"
    yield Difference("parameterType", shown(one), shown(other), "drift.parameter-required", severity)


def _choices(expected: Any, met: Any) -> Iterator[Difference]:
    """A choice that is gone breaks, one that is new or stands elsewhere does not. A list where there was none
    takes all other values away."""
    known, now = _listed(expected), _listed(met)
    if known == now:
        return
    path, name = "choiceList", "drift.choice-list"
    gone = [each for each in known if each not in now]
    new = [each for each in now if each not in known]
    if not known:
        yield Difference(path, "no list of choices", shown(now), name)
    elif not now:
        yield Difference(path, shown(known), "no list of choices", name, "note")
    elif gone:
        added = f", new: {shown(new)}" if new else ""
        yield Difference(path, shown(known), f"gone: {shown(gone)}{added}", name)
    elif new:
        yield Difference(path, shown(known), f"new: {shown(new)}", name, "note")
    else:
        yield Difference(path, shown(known), shown(now), name, "note")


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _filters(expected: Any, met: Any) -> Iterator[Difference]:
    one, other = (each if _is_said(each) else None for each in (expected, met))
    if not _same_filter(one, other):
        yield Difference("filter", _said(one), _said(other), "drift.filter")


def _same_filter(expected: Any, met: Any) -> bool:
    """The order of a filter's words is of no matter, that of a composite's filters is."""
    if not isinstance(expected, dict) or not isinstance(met, dict):
        return next(plain_differences(expected, met, _EXACT), None) is None
    one, other = expected.get("list"), met.get("list")
    if expected.get("type") != "composite" and isinstance(one, list) and isinstance(other, list):
        expected, met = {**expected, "list": _in_order(one)}, {**met, "list": _in_order(other)}
    return next(plain_differences(expected, met, _EXACT), None) is None


def _in_order(words: Iterable[Any]) -> list[Any]:
    return sorted(words, key=shown)


def _defaults(expected: Described, met: Described) -> Iterator[Difference]:
    """The default, of features its schema by type; of a hidden text, of which a contract has a stand-in, only
    whether there is one. One place of it is told of."""
    one, other = expected.get("defaultValue"), met.get("defaultValue")
    if expected.get("dataType") != met.get("dataType") or not (_is_said(one) or _is_said(other)):
        return
    if str(expected.get("dataType")).endswith(_HIDDEN):
        if _is_said(one) != _is_said(other):
            before, after = ("a hidden value" if _is_said(each) else "nothing" for each in (one, other))
            yield Difference("defaultValue", before, after, "drift.default")
        return
    is_layer = expected.get("dataType") in _LAYERS
    if is_layer and isinstance(one, dict) and isinstance(other, dict) and one and other:
        differs = next((e for e in _schema_differences(one, other) if e.severity != "note"), None)
    else:
        differs = next(plain_differences(one, other, _EXACT), None)
    if differs is None:
        return
    path = f"defaultValue.{differs.path}" if differs.path else "defaultValue"
    told = (differs.expected, differs.met) if differs.path else (_said(one), _said(other))
    yield Difference(path, *told, "drift.default")


def _schema_differences(expected: dict[str, Any], met: dict[str, Any]) -> Iterator[Difference]:
    """A schema may come without features, which is as good as none of them."""
    one, other = ({**each, "features": each.get("features") or []} for each in (expected, met))
    if "url" in expected or "url" in met:
        return plain_differences(expected, met, _EXACT)
    return feature_set_differences(one, other, _EXACT)


def _infos(expected: Any, met: Any) -> Iterator[Difference]:
    """The columns of a table, the element of a list, the members of a composite."""
    known, now = ([each for each in _listed(value) if isinstance(each, dict)] for value in (expected, met))
    if not known and not now:
        return
    if [_shape(each) for each in known] != [_shape(each) for each in now]:
        before, after = (shown([_shape(each) for each in value]) for value in (known, now))
        yield Difference("parameterInfos", before, after, "drift.parameter-type")
        return
    for one, other in zip(known, now, strict=True):
        path = f"parameterInfos[{one.get('name')}]"
        yield from (each.at(path) for each in _choices(one.get("choiceList"), other.get("choiceList")))
        yield from (each.at(path) for each in _filters(one.get("filter"), other.get("filter")))
        inner = _infos(one.get("parameterInfos"), other.get("parameterInfos"))
        yield from (each.at(path) for each in inner)


def _shape(info: dict[str, Any]) -> list[Any]:
    return [info.get("name"), info.get("dataType")]


def _is_said(value: Any) -> bool:
    """Whether a member says anything."""
    return value is not None and value != "" and value != [] and value != {}


def _said(value: Any) -> str:
    return shown(value) if _is_said(value) else "nothing"
