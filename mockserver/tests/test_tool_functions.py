"""Python functions as tasks: the descriptors of signatures, what functions are given and may return."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple, Optional, TypedDict

import pytest
from gp_mockserver.errors import SiteError
from gp_mockserver.tools.annotations import Choices, OfType, Range
from gp_mockserver.tools.tool_calls import Outcome, ToolCall, ToolFailed, run_tool
from gp_mockserver.tools.tool_functions import descriptor_from, tool_from
from gp_protocol.descriptions.descriptors import parameter_json, parse_task
from gp_protocol.values.feature_sets import FeatureSet, RecordSet
from gp_protocol.values.fields import Field
from gp_protocol.values.references import DataFile, ItemReference, LayerReference, Raster
from gp_protocol.values.spatial_references import Extent, SpatialReference
from gp_protocol.values.units import ArealUnit, LinearUnit, TimeUnit
from gp_protocol.versions import profile

from every_case import every_case


class Summary(TypedDict):
    Count: int
    Longest: LinearUnit


class Pair(NamedTuple):
    First: str
    Second: list[float]


@dataclass
class Report:
    Text: str
    File: Path


def everything(
    Points: FeatureSet,
    Table: RecordSet,
    Distance: LinearUnit,
    Area: ArealUnit,
    Span: TimeUnit,
    When: datetime,
    File: DataFile,
    Image: Raster,
    Column: Field,
    Reference: SpatialReference,
    Box: Extent,
    Flag: bool,
    Number: int,
    Ratio: float,
    Text: str,
    Where: Annotated[str, OfType("GPSQLExpression")],
    Layers: list[str],
    Lines: FeatureSet | LayerReference | ItemReference,
) -> None:
    """Takes one of each."""


def test_every_annotation_is_a_data_type() -> None:
    task = descriptor_from(everything, label="Everything")
    assert {parameter.name: parameter.data_type for parameter in task.inputs} == {
        "Points": "GPFeatureRecordSetLayer",
        "Table": "GPRecordSet",
        "Distance": "GPLinearUnit",
        "Area": "GPArealUnit",
        "Span": "GPTimeUnit",
        "When": "GPDate",
        "File": "GPDataFile",
        "Image": "GPRasterDataLayer",
        "Column": "Field",
        "Reference": "GPSpatialReference",
        "Box": "GPExtent",
        "Flag": "GPBoolean",
        "Number": "GPLong",
        "Ratio": "GPDouble",
        "Text": "GPString",
        "Where": "GPSQLExpression",
        "Layers": "GPMultiValue:GPString",
        "Lines": "GPFeatureRecordSetLayer",
    }
    assert {parameter.parameter_type.value for parameter in task.inputs} == {"esriGPParameterTypeRequired"}
    assert task.outputs == ()
    assert (task.name, task.label, task.description) == ("Everything", "Everything", "Takes one of each.")


def test_defaults_choices_and_ranges_stand_in_the_descriptor() -> None:
    def work(
        mode: Literal["quick", "exact"] = "quick",
        size: Annotated[int, Range(1, 10)] = 3,
        within: LinearUnit = LinearUnit(5, "esriMiles"),  # noqa: B008
        day: datetime = datetime(2024, 5, 1, tzinfo=UTC),
        names: Annotated[list[str], Choices("a", "b")] | None = None,
        limit: Optional[float] = None,  # noqa: UP045
    ) -> Annotated[int, "Count"]:
        return 1

    task = descriptor_from(work, label="Do Work", description="")
    keys = (
        "name",
        "dataType",
        "displayName",
        "direction",
        "parameterType",
        "defaultValue",
        "choiceList",
        "filter",
    )
    described = [parameter_json(parameter, profile(11.3)) for parameter in task.parameters]
    optional, asked = "esriGPParameterTypeOptional", "esriGPParameterDirectionInput"
    assert [tuple(each.get(key) for key in keys) for each in described] == [
        ("mode", "GPString", "mode", asked, optional, "quick", ["quick", "exact"], None),
        ("size", "GPLong", "size", asked, optional, 3, None, {"type": "range", "minimum": 1, "maximum": 10}),
        (
            "within",
            "GPLinearUnit",
            "within",
            asked,
            optional,
            {"distance": 5, "units": "esriMiles"},
            None,
            None,
        ),
        ("day", "GPDate", "day", asked, optional, 1714521600000, None, None),
        ("names", "GPMultiValue:GPString", "names", asked, optional, None, ["a", "b"], None),
        ("limit", "GPDouble", "limit", asked, optional, None, None, None),
        (
            "Count",
            "GPLong",
            "Count",
            "esriGPParameterDirectionOutput",
            "esriGPParameterTypeDerived",
            None,
            None,
            None,
        ),
    ]
    assert (task.name, task.label) == ("DoWork", "Do Work")


def one() -> int:
    return 1


def typed_dict() -> Summary:
    return {"Count": 2, "Longest": LinearUnit(3)}


def named_tuple() -> Pair:
    return Pair("a", [1.5])


def a_dataclass(call: ToolCall) -> Report:
    file = call.scratch / "out.txt"
    file.write_text("x")
    return Report("done", file)


def nothing(call: ToolCall) -> None:
    call.message("nothing to do")


@every_case(
    ("function", "outputs"),
    [
        (one, [("Result", "GPLong")]),
        (typed_dict, [("Count", "GPLong"), ("Longest", "GPLinearUnit")]),
        (named_tuple, [("First", "GPString"), ("Second", "GPMultiValue:GPDouble")]),
        (a_dataclass, [("Text", "GPString"), ("File", "GPDataFile")]),
        (nothing, []),
    ],
)
def test_what_a_function_returns_are_its_outputs(
    function: Callable[..., Any], outputs: list[tuple[str, str]]
) -> None:
    task = descriptor_from(function, label="Tool")
    assert [(parameter.name, parameter.data_type) for parameter in task.outputs] == outputs
    assert task.inputs == ()


def run(function: Callable[..., Any], tmp_path: Path, task: Any = None, **inputs: Any) -> Outcome:
    task = task or descriptor_from(function, label="Tool")
    call = ToolCall("j1", task, inputs, {}, 7, None, None, None, lambda: tmp_path)
    return run_tool(tool_from(function, task), call)


def test_outputs_come_by_the_names_of_the_descriptor(tmp_path: Path) -> None:
    assert run(one, tmp_path).outputs == {"Result": 1}
    assert run(typed_dict, tmp_path).outputs == {"Count": 2, "Longest": LinearUnit(3)}
    assert run(named_tuple, tmp_path).outputs == {"First": "a", "Second": [1.5]}
    assert run(a_dataclass, tmp_path).outputs == {"Text": "done", "File": tmp_path / "out.txt"}
    assert run(nothing, tmp_path).outputs == {}


def test_a_function_sees_decoded_values_and_the_run(tmp_path: Path) -> None:
    def work(count: int, distance: LinearUnit, note: str | None, *, run: ToolCall) -> str:
        run.warning(f"seed {run.seed}")
        return f"{count} {distance.distance} {note}"

    outcome = run(work, tmp_path, count=3, distance=LinearUnit(2.5), note=None)
    assert outcome.outputs == {"Result": "3 2.5 None"}
    assert [message.text for message in outcome.messages] == ["seed 7"]


def test_what_a_function_raises_fails_the_job(tmp_path: Path) -> None:
    def refuses(count: int) -> int:
        raise ToolFailed("ERROR 000732: no data", "ERROR 000840")

    def breaks(count: int) -> int:
        return count // 0

    def said(function: Callable[..., Any]) -> list[str]:
        outcome = run(function, tmp_path, count=1)
        assert outcome.status == "esriJobFailed"
        return [message.text for message in outcome.messages]

    assert said(refuses) == ["ERROR 000732: no data", "ERROR 000840"]
    assert said(breaks) == ["ZeroDivisionError: integer division or modulo by zero"]


def test_an_input_that_cannot_be_followed_fails_a_function_that_takes_features(tmp_path: Path) -> None:
    def count(points: FeatureSet) -> int:
        return len(points.features)

    def count_all(points: FeatureSet | LayerReference) -> int:
        return -1 if isinstance(points, LayerReference) else len(points.features)

    address = LayerReference("https://host/FeatureServer/0")
    failed = run(count, tmp_path, points=address)
    assert failed.status == "esriJobFailed"
    assert failed.messages[0].text.startswith("ERROR 000732: points: Dataset")
    assert "https://host/FeatureServer/0" in failed.messages[0].text
    assert run(count_all, tmp_path, points=address).outputs == {"Result": -1}


def test_a_result_of_the_wrong_shape_fails_the_job(tmp_path: Path) -> None:
    def several() -> Summary:
        return 5  # type: ignore[return-value]

    def strange() -> Summary:
        return {"Count": 1, "Longst": LinearUnit(1)}  # type: ignore[typeddict-unknown-key, typeddict-item]

    for function, said in (
        (several, "returned 5, expected its outputs by name: Count, Longest"),
        (strange, "returned 'Longst', which is none of its outputs"),
    ):
        outcome = run(function, tmp_path)
        assert outcome.status == "esriJobFailed"
        assert said in outcome.messages[0].text


def seven() -> int:
    return "seven"  # type: ignore[return-value]


def seventh() -> Pair:
    return Pair("a", ["seven"])  # type: ignore[list-item]


def test_a_value_that_an_output_cannot_have_is_said_with_the_function_and_the_output(tmp_path: Path) -> None:
    for function, said in (
        (seven, 'function seven returned "seven" as Result, a GPLong; expected a value of type int'),
        (
            seventh,
            "function seventh returned ['seven'] as Second, a GPMultiValue:GPDouble; "
            'at [0] met "seven", expected a value of type float or int',
        ),
    ):
        outcome = run(function, tmp_path)
        assert [message.text for message in outcome.messages] == [said]


def test_a_function_fits_a_task_that_was_described_elsewhere(tmp_path: Path) -> None:
    task = parse_task(
        {
            "name": "Clip",
            "parameters": [
                {"name": "Layers", "dataType": "GPMultiValue:GPString"},
                {"name": "Format", "dataType": "GPString"},
                {"name": "Out", "dataType": "GPString", "direction": "esriGPParameterDirectionOutput"},
            ],
        }
    )

    def clip(Layers: list[str]) -> str:
        return ",".join(Layers)

    def by_call(call: ToolCall) -> dict[str, Any]:
        return {"Out": call.inputs["Format"]}

    def the_rest(**inputs: Any) -> str:
        return f"{inputs}"

    given = {"Layers": ["a", "b"], "Format": "zip"}
    assert run(clip, tmp_path, task, **given).outputs == {"Out": "a,b"}
    assert run(by_call, tmp_path, task, **given).outputs == {"Out": "zip"}
    assert run(the_rest, tmp_path, task, **given).outputs == {"Out": f"{given}"}

    def clips(Layer: list[str]) -> str:
        return ""

    with pytest.raises(
        SiteError,
        match=r"asks for 'Layer', which is no input of task 'Clip'; its inputs: Layers, Format. "
        r'did you mean "Layers"\?',
    ):
        tool_from(clips, task)


def untyped(a) -> int:  # type: ignore[no-untyped-def]
    return 1


def no_return(a: int):  # type: ignore[no-untyped-def]
    return 1


def a_set(a: set[int]) -> int:
    return 1


def a_union(a: int | str) -> int:
    return 1


def some_bytes(a: bytes) -> int:
    return 1


def returns_object() -> object:
    return 1


def many(*values: int) -> int:
    return 1


def bad_default(a: int = "x") -> int:  # type: ignore[assignment]
    return a


def beside_its_choices(a: Literal["a"] = "b") -> int:  # type: ignore[assignment]
    return 1


def out_of_range(a: Annotated[int, Range(1, 10)] = 11) -> int:
    return a


def numbers(a: Literal[1, 2]) -> int:
    return a


def strange_type(a: Annotated[str, OfType("GPStrng")]) -> int:
    return 1


async def waits(a: int) -> int:
    return a


def yields(a: int) -> Any:
    yield a


@every_case(
    ("function", "said"),
    [
        (untyped, "function untyped: parameter 'a' has no annotation"),
        (no_return, "function no_return does not say what it returns; expected -> and a type, or -> None"),
        (
            a_set,
            "function a_set: parameter 'a' is annotated set; expected one of bool, int, float, str, "
            "datetime, "
            "LinearUnit",
        ),
        (a_union, "function a_union: parameter 'a' is annotated"),
        (some_bytes, "function some_bytes: parameter 'a' is annotated bytes; expected one of bool"),
        (
            returns_object,
            "function returns_object: output 'Result' is annotated object; expected one of bool",
        ),
        (many, "function many: *values has no data type"),
        (bad_default, "function bad_default: the default of 'a': met \"x\", expected"),
        (
            beside_its_choices,
            "function beside_its_choices: the default of 'a': met \"b\", expected one of a",
        ),
        (
            out_of_range,
            "function out_of_range: the default of 'a': met 11, expected a number from 1 to 10",
        ),
        (numbers, "function numbers: parameter 'a' is annotated"),
        (strange_type, "OfType('GPStrng'): dataType: met \"GPStrng\""),
        (waits, "function waits is async"),
        (yields, "function yields yields"),
    ],
)
def test_a_signature_without_a_descriptor_is_an_error_that_names_it(
    function: Callable[..., Any], said: str
) -> None:
    with pytest.raises(SiteError) as raised:
        descriptor_from(function, label="Tool")
    assert str(raised.value).startswith(said)
