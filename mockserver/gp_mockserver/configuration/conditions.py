"""Which inputs make a task end otherwise than usual.

A condition in a site file names inputs and what must hold of each of them::

    when:
      Distance: {greaterThan: 100}                      # the number of a unit, in whatever unit was sent
      Distance.units: esriMiles                         # the short form of {equals: esriMiles}
      Input_Points.features.length: {greaterThan: 10}   # a path into the value's JSON form

All of it must hold. Of an input that was not given, or a path that leads nowhere, only `given: false` holds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import msgspec
from gp_protocol.descriptions.descriptors import Parameter, Task
from gp_protocol.descriptions.parameter_checks import check_value
from gp_protocol.errors import ProtocolError, shown
from gp_protocol.json_text import encode_json
from gp_protocol.suggestions import did_you_mean, one_of
from gp_protocol.values.data_types import data_type
from gp_protocol.values.feature_sets import FeatureSet, RecordSet
from gp_protocol.values.units import ArealUnit, LinearUnit, TimeUnit, meters_per

from gp_mockserver.configuration.regular_expressions import bounded_pattern
from gp_mockserver.configuration.written_data import join, unknown_key
from gp_mockserver.errors import SiteFileError
from gp_mockserver.security.masking import MASK
from gp_mockserver.tools.input_json import json_of
from gp_mockserver.tools.outcome_rules import Condition, always


class _Test(msgspec.Struct, frozen=True):
    """One line of a condition: what it looks at, and what must hold of it."""

    parameter: Parameter
    steps: tuple[str, ...]
    operator: str
    operand: Any
    holds: Callable[[Any], bool]

    def __call__(self, inputs: Mapping[str, Any]) -> bool:
        return self.holds(self._value(inputs))

    def difference(self, inputs: Mapping[str, Any]) -> str:
        """What was met and expected, empty where it holds."""
        value = self._value(inputs)
        if self.holds(value):
            return ""
        place = ".".join((self.parameter.name, *self.steps))
        return f"{place}: met {self._told(value)}, expected {_EXPECTED[self.operator](self.operand)}"

    def _value(self, inputs: Mapping[str, Any]) -> Any:
        value = inputs.get(self.parameter.name)
        return _reach(json_of(self.parameter, value), self.steps) if self.steps else value

    def _told(self, value: Any) -> str:
        if value is None:
            return "no value"
        if self.parameter.data_type.endswith("GPStringHidden"):
            return MASK
        if isinstance(value, FeatureSet | RecordSet):
            count = len(value.features)
            return f"{count} feature{'' if count == 1 else 's'}"
        if self.steps:
            return shown(value)
        plain = json_of(self.parameter, value)
        text = encode_json(plain).decode() if isinstance(plain, dict) else shown(plain)
        return text if len(text) <= _LONGEST_MET else f"{text[:_LONGEST_MET]}…"


class WrittenCondition(msgspec.Struct, frozen=True):
    """A condition that was written as data, `when`; all of its lines must hold."""

    when: Mapping[str, Any]
    tests: tuple[_Test, ...]

    def __call__(self, inputs: Mapping[str, Any]) -> bool:
        return all(test(inputs) for test in self.tests)

    def differences(self, inputs: Mapping[str, Any]) -> list[str]:
        """What keeps it from holding: each line that does not, with what was met and expected."""
        return [told for test in self.tests if (told := test.difference(inputs))]


_LONGEST_MET = 160
"""Characters of an input that a difference repeats."""


def parse_condition(data: Any, task: Task, path: str = "when") -> Condition:
    """The condition that the data describes; every word in it is checked against the task's inputs.

    Raises SiteFileError for an input that the task does not have, an unknown operator, and an operand that
    the input's type cannot have.
    """
    if not isinstance(data, dict):
        raise SiteFileError(path, shown(data), "a mapping of inputs to what must hold of them")
    tests = [test for key, holds in data.items() for test in _tests(key, holds, task, path)]
    if not tests:
        return always
    return WrittenCondition(data, tuple(tests))


def _tests(key: str, data: Any, task: Task, path: str) -> list[_Test]:
    parameter, steps = _find_input(key, task, path)
    place = join(path, key)
    operators = data if isinstance(data, dict) else {"equals": data}
    if not operators:
        raise SiteFileError(place, "nothing that must hold", one_of(_OPERATORS))
    for operator in operators:
        if operator not in _OPERATORS:
            error = unknown_key(operator, _OPERATORS, place)
            raise (
                error
                if error.remedy
                else SiteFileError(
                    error.path, error.met, error.expected, "a whole value is compared by equals: {…}"
                )
            )
    return [
        _Test(
            parameter,
            steps,
            operator,
            operand,
            _judge(operator, operand, parameter, steps, join(place, operator)),
        )
        for operator, operand in operators.items()
    ]


def _judge(
    operator: str, operand: Any, parameter: Parameter, steps: tuple[str, ...], path: str
) -> Callable[[Any], bool]:
    try:
        return _OPERATORS[operator](operand, parameter, steps)
    except ProtocolError as error:
        raise SiteFileError.of(error, path) from None
    except SiteFileError as error:
        raise error.at(path) from None


def _find_input(key: str, task: Task, path: str) -> tuple[Parameter, tuple[str, ...]]:
    """The input that a key names, and the path into its value: the longest name that fits comes first."""
    inputs = {parameter.name: parameter for parameter in task.inputs}
    pieces = key.split(".")
    for length in range(len(pieces), 0, -1):
        if parameter := inputs.get(".".join(pieces[:length])):
            return parameter, tuple(pieces[length:])
    expected = (
        f"an input of {task.label}, {one_of(inputs)}" if inputs else f"nothing: {task.label} has no inputs"
    )
    raise SiteFileError(join(path, key), "no input of that name", expected, did_you_mean(pieces[0], inputs))


def _reach(value: Any, steps: tuple[str, ...]) -> Any:
    """What lies at a path in a JSON value, None where it leads nowhere; `length` counts what has one."""
    for step in steps:
        if isinstance(value, dict) and step in value:
            value = value[step]
        elif isinstance(value, list) and step.isdecimal() and int(step) < len(value):
            value = value[int(step)]
        elif step == "length" and isinstance(value, dict | list | str):
            value = len(value)
        else:
            return None
    return value


def _operand(data: Any, parameter: Parameter, steps: tuple[str, ...]) -> Any:
    """What values are compared with: below a path JSON as it stands, else a value of the input's own type."""
    if steps or data is None or data == "":
        return data
    value = data_type(parameter.data_type).decode_input(data, parameter)
    check_value(parameter, value)
    return value


def _equals(data: Any, parameter: Parameter, steps: tuple[str, ...]) -> Callable[[Any], bool]:
    operand = _operand(data, parameter, steps)
    return lambda value: _same(value, operand)


def _one_of(data: Any, parameter: Parameter, steps: tuple[str, ...]) -> Callable[[Any], bool]:
    if not isinstance(data, list) or not data:
        raise SiteFileError("", shown(data), "a list of values")
    operands = [_operand(item, parameter, steps) for item in data]
    return lambda value: any(_same(value, operand) for operand in operands)


def _same(value: Any, operand: Any) -> bool:
    return bool(value == operand) and isinstance(value, bool) == isinstance(operand, bool)


def _matches(data: Any, parameter: Parameter, steps: tuple[str, ...]) -> Callable[[Any], bool]:
    """The regular expression must match the whole text, which is not too long for it; what is no text is
    matched as its JSON."""
    pattern = bounded_pattern(data)

    def holds(value: Any) -> bool:
        if value is None:
            return False
        plain = value if steps else json_of(parameter, value)
        return pattern.fits(plain if isinstance(plain, str) else encode_json(plain).decode())

    return holds


def _contains(data: Any, parameter: Parameter, steps: tuple[str, ...]) -> Callable[[Any], bool]:
    """A piece of a text, an element of a list, or a key of an object."""

    def holds(value: Any) -> bool:
        if value is None:
            return False
        plain = value if steps else json_of(parameter, value)
        if not isinstance(plain, list | dict | str):
            return False
        return data in plain if isinstance(plain, list) else isinstance(data, str) and data in plain

    return holds


def _given(data: Any, parameter: Parameter, steps: tuple[str, ...]) -> Callable[[Any], bool]:
    if not isinstance(data, bool):
        raise SiteFileError("", shown(data), "true or false")
    return lambda value: (value is not None) is data


def _compared(judge: Callable[[Any, Any], bool]) -> Callable[..., Callable[[Any], bool]]:
    def parse(data: Any, parameter: Parameter, steps: tuple[str, ...]) -> Callable[[Any], bool]:
        if isinstance(data, int | float) and not isinstance(data, bool):
            size: Callable[[Any], float | None] = _number
            operand: float | None = data
        else:
            size = _magnitude
            operand = _magnitude(_operand(data, parameter, steps))
        if operand is None:
            expected = f"a number, or a value of {parameter.data_type} that others can be measured by"
            raise SiteFileError("", shown(data), expected)

        def holds(value: Any) -> bool:
            measured = size(value)
            return measured is not None and judge(measured, operand)

        return holds

    return parse


def _number(value: Any) -> float | None:
    """The number that a value has in its own unit, ms since the epoch for a date; None for what has none."""
    match value:
        case bool():
            return None
        case int() | float():
            return value
        case LinearUnit():
            return value.distance
        case ArealUnit():
            return value.area
        case TimeUnit():
            return value.time
        case datetime():
            return value.timestamp() * 1000
        case _:
            return None


def _magnitude(value: Any) -> float | None:
    """A size by which values of one type compare, distances in meters; areas and times have none."""
    match value:
        case LinearUnit():
            try:
                return value.distance * meters_per(value.units)
            except ProtocolError:
                return None
        case ArealUnit() | TimeUnit():
            return None
        case _:
            return _number(value)


_OPERATORS: dict[str, Callable[[Any, Parameter, tuple[str, ...]], Callable[[Any], bool]]] = {
    "equals": _equals,
    "oneOf": _one_of,
    "matches": _matches,
    "greaterThan": _compared(lambda value, operand: value > operand),
    "lessThan": _compared(lambda value, operand: value < operand),
    "contains": _contains,
    "given": _given,
}


_EXPECTED: dict[str, Callable[[Any], str]] = {
    "equals": lambda operand: "no value" if operand is None else shown(operand),
    "oneOf": lambda operand: one_of(map(shown, operand)),
    "matches": lambda operand: f"a text that matches {shown(operand)}",
    "greaterThan": lambda operand: f"more than {shown(operand)}",
    "lessThan": lambda operand: f"less than {shown(operand)}",
    "contains": lambda operand: f"one that contains {shown(operand)}",
    "given": lambda operand: "a value" if operand else "none",
}
"""What people say of each operator's operand."""
