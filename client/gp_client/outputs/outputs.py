"""Outputs: results and inputs of a job, and results of an execution, read by their data type.

Source: ArcGIS REST, *GP result*, *GP input* and *GP data types*: each is an object `{"paramName",
"dataType", "value"}`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from gp_client.outputs.warnings import OutputWarning, Reading
from gp_client.reading.json_pointers import stepped

if TYPE_CHECKING:
    from gp_protocol.descriptions.descriptors import Parameter

    from gp_client.descriptors import TaskDescription

__all__ = ["Output", "OutputWarning", "read_output"]

_READ_ALIKE = (
    frozenset({"GPRasterData", "GPRasterDataLayer"}),
    frozenset({"GPSpatialReference", "GPCoordinateSystem"}),
)
_SETS = ("GPFeatureRecordSetLayer", "GPRecordSet")
"""Either may come for the other: whether rows have geometries may depend on a run's inputs."""


class Output(msgspec.Struct, frozen=True):
    """An output parameter, or an input as a job shows it.

    `data_type` is the answer's: for a GPComposite it is that of the member that the value has. `value` is in
    Python's terms, as the table in `gp_protocol.values.data_types` has it, `raw` is its JSON. An output that
    was not made is None: then `is_made` is False.
    """

    name: str
    data_type: str
    value: Any
    raw: Any
    warnings: tuple[OutputWarning, ...] = ()
    is_made: bool = True


def read_output(
    answer: Any,
    task: TaskDescription | None,
    name: str,
    *,
    url: str,
    pointer: str = "",
    asked_reference: Any = None,
    rows_by_name: bool = False,
) -> Output:
    """Read `{"paramName", "dataType", "value"}`, or a list of one.

    `name` is the parameter that was asked for, `task` tells what is declared of it, where it is known.
    `pointer` leads to the answer within what `url` answered. `asked_reference` is the spatial reference that
    features were asked for in (wkid, JSON or SpatialReference), `rows_by_name` whether tables were
    (`returnColumnName`): rows that are objects without that are a violation. Raises ProtocolViolation.
    """
    parameter = task.parameter(name) if task is not None else None
    reading = Reading(
        parameter.name if parameter is not None else name,
        url=url,
        asked_reference=asked_reference,
        rows_by_name=rows_by_name,
    )
    if isinstance(answer, list):
        if len(answer) != 1:
            raise reading.violation(pointer, answer, "one object, or a list of one")
        answer, pointer = answer[0], stepped(pointer, 0)
    if not isinstance(answer, dict):
        raise reading.violation(pointer, answer, 'an object with "paramName", "dataType" and "value"')
    told = answer.get("paramName")
    if not isinstance(told, str) or told.casefold() != name.casefold():
        raise reading.violation(stepped(pointer, "paramName"), told, f'the name asked for, "{name}"')
    is_made = answer.get("value") not in (None, {})
    data_type = _data_type(answer.get("dataType"), is_made, parameter, reading, stepped(pointer, "dataType"))
    if "value" not in answer:
        raise reading.violation(pointer, answer, 'an object with a "value"')
    raw, place = answer["value"], stepped(pointer, "value")
    value = None
    if is_made:
        from gp_client.outputs.values import read_value

        try:
            value = read_value(data_type, raw, parameter, reading, place)
        except RecursionError:
            raise reading.violation(place, raw, f"a {data_type} that is not nested without end") from None
    return Output(reading.parameter, data_type, value, raw, reading.warnings(), value is not None)


def _data_type(told: Any, is_made: bool, parameter: Parameter | None, reading: Reading, place: str) -> str:
    """The data type by which the value is read: the answer's, which is to be the one declared. An output that
    was not made names no member of a composite."""
    from gp_protocol.values.data_types import DATA_TYPES

    if not isinstance(told, str) or not told:
        raise reading.violation(place, told, "the name of a data type")
    if told == "GPComposite" and is_made:
        raise reading.violation(place, told, "the data type of a member, which a composite's value has")
    if parameter is None or told == parameter.data_type:
        return told
    declared = parameter.data_type
    if declared == "GPComposite":
        members = [info.data_type for info in parameter.parameter_infos or ()]
        if told in DATA_TYPES and members and told not in members:
            raise reading.violation(place, told, "one of the declared members, " + ", ".join(members))
        return told
    if told.casefold() == declared.casefold() or any({told, declared} <= alike for alike in _READ_ALIKE):
        reading.remark("type", place, f"the data type is called {told}, but was declared as {declared}")
        return declared
    if told not in DATA_TYPES:
        return told
    if declared not in DATA_TYPES or (told in _SETS and declared in _SETS):
        reading.remark("type", place, f"the data type is {told}, but was declared as {declared}")
        return told
    raise reading.violation(place, told, f"the data type that the task declares, {declared}")
