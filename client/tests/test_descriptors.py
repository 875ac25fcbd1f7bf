"""What descriptors are read to, and which are refused, with the place in them."""

from __future__ import annotations

import copy
import random
from typing import Any

import pytest
from gp_client.descriptors import read_service, read_task
from gp_client.errors import ProtocolViolation

from every_case import every_case

URL = "http://gis.example.com/arcgis/rest/services/Elevation/World/GPServer"

SERVICE: dict[str, Any] = {
    "currentVersion": 11.1,
    "cimVersion": "3.1.0",
    "serviceDescription": "",
    "tasks": ["Viewshed", "Profile"],
    "executionType": "esriExecutionTypeAsynchronous",
    "resultMapServerName": "",
    "maximumRecords": 1000,
    "capabilities": "Uploads",
}

TASK: dict[str, Any] = {
    "name": "Viewshed",
    "displayName": "Viewshed",
    "description": "",
    "category": "",
    "helpUrl": "",
    "executionType": "esriExecutionTypeAsynchronous",
    "parameters": [
        {
            "name": "Input_Points",
            "dataType": "GPFeatureRecordSetLayer",
            "displayName": "Input Points",
            "description": "",
            "direction": "esriGPParameterDirectionInput",
            "defaultValue": {},
            "parameterType": "esriGPParameterTypeRequired",
            "category": "",
        },
        {
            "name": "Output",
            "dataType": "GPString",
            "displayName": "Output",
            "description": "",
            "direction": "esriGPParameterDirectionOutput",
            "defaultValue": "",
            "parameterType": "esriGPParameterTypeDerived",
            "category": "",
            "choiceList": ["a", "b"],
        },
    ],
}


def changed(json: dict[str, Any], pointer: str, value: Any = ...) -> dict[str, Any]:
    """The same with another value at the pointer, or, by default, with none."""
    copied = copy.deepcopy(json)
    *way, last = [int(key) if key.isdigit() else key for key in pointer.split("/")[1:]]
    holder: Any = copied
    for key in way:
        holder = holder[key]
    if value is ...:
        del holder[last]
    else:
        holder[last] = value
    return copied


def test_a_service_is_read() -> None:
    service = read_service(SERVICE, URL, "Elevation/World")
    assert (service.url, service.name, service.raw) == (URL, "Elevation/World", SERVICE)
    assert service.task_names == ("Viewshed", "Profile")
    assert service.version == 11.1
    assert service.is_synchronous is False
    assert service.takes_uploads
    assert service.descriptor.maximum_records == 1000


def test_a_task_is_read() -> None:
    task = read_task(TASK, URL + "/Viewshed", read_service(SERVICE, URL, "Elevation/World"))
    assert task.raw is TASK
    assert task.version == 11.1
    assert task.is_synchronous is False
    assert [each.name for each in task.inputs] == ["Input_Points"]
    assert [each.name for each in task.outputs] == ["Output"]


def test_a_parameter_is_found_by_its_name_in_any_case_where_that_is_clear() -> None:
    twins = copy.deepcopy(TASK)
    twins["parameters"].append({**TASK["parameters"][1], "name": "OUTPUT"})
    task, doubtful = read_task(TASK, URL, None), read_task(twins, URL, None)
    assert task.parameter("output") is task.parameter("Output") is not None
    assert task.parameter("Outputs") is None
    assert doubtful.parameter("output") is None
    assert doubtful.parameter("OUTPUT") is doubtful.outputs[1]


@every_case(
    ("task", "service", "expected"),
    [
        ("esriExecutionTypeSynchronous", "esriExecutionTypeAsynchronous", True),
        (..., "esriExecutionTypeSynchronous", True),
        (..., "esriExecutionTypeAsynchronous", False),
        (None, "esriExecutionTypeAsynchronous", False),
        (..., ..., None),
        (..., None, None),
    ],
)
def test_a_task_without_an_execution_type_has_its_services(
    task: Any, service: Any, expected: bool | None
) -> None:
    described = read_service(changed(SERVICE, "/executionType", service), URL, "S")
    assert read_task(changed(TASK, "/executionType", task), URL, described).is_synchronous is expected


def test_a_task_without_an_execution_type_and_without_a_service_does_not_tell() -> None:
    assert read_task(changed(TASK, "/executionType"), URL, None).is_synchronous is None


@every_case(
    ("pointer", "value"),
    [
        ("/currentVersion", 10.91),
        ("/currentVersion", None),
        ("/currentVersion", ...),
        ("/tasks", []),
        ("/maximumRecords", None),
        ("/capabilities", None),
        ("/resultMapServerName", ...),
        ("/something", {"new": True}),
    ],
)
def test_a_service_may_leave_out_and_add(pointer: str, value: Any) -> None:
    json = {**SERVICE, "something": 1}
    assert read_service(changed(json, pointer, value), URL, "S").name == "S"


@every_case(
    ("pointer", "value"),
    [
        ("/parameters", []),
        ("/parameters/1/choiceList", []),
        ("/parameters/1/choiceList", None),
        ("/parameters/0/defaultValue", None),
        ("/parameters/0/defaultValue", ...),
        ("/parameters/0/defaultValue", "5"),
        ("/parameters/0/defaultValue", {"Fields": [], "fields": []}),
        ("/parameters/1/parameterType", "esriGPParameterTypeRequired"),
        ("/parameters/1/defaultValue", [1]),
        ("/parameters/0/dataType", "GPHologram"),
        ("/parameters/0/dataType", "GPMultiValue:GPHologram"),
        ("/parameters/0/category", ...),
        ("/parameters/0/description", ...),
        ("/parameters/0/description", None),
        ("/parameters/0/displayName", ...),
        ("/parameters/0/filter", {"type": "newer"}),
        ("/parameters/0/new", {"a": 1}),
        ("/name", "ModelViewshed42"),
        ("/displayName", ...),
        ("/helpUrl", None),
        ("/category", ...),
        ("/description", ...),
    ],
)
def test_a_task_may_leave_out_and_add(pointer: str, value: Any) -> None:
    json = copy.deepcopy(TASK)
    json["parameters"][0] |= {"filter": None, "new": 1}
    json = changed(json, pointer, value)
    task = read_task(json, URL, None)
    assert len(task.descriptor.parameters) == len(json["parameters"])


@every_case(
    ("pointer", "value"),
    [
        ("/currentVersion", "11.1"),
        ("/currentVersion", True),
        ("/tasks", ...),
        ("/tasks", None),
        ("/tasks", {"Viewshed": {}}),
        ("/tasks/1", {"name": "Viewshed"}),
        ("/tasks/0", ""),
        ("/tasks/0", 7),
        ("/executionType", "asynchronous"),
        ("/executionType", "esriexecutiontypesynchronous"),
    ],
)
def test_a_service_that_would_be_misread_is_refused_at_its_place(pointer: str, value: Any) -> None:
    with pytest.raises(ProtocolViolation) as caught:
        read_service(changed(SERVICE, pointer, value), URL, "S")
    assert (caught.value.pointer, caught.value.url) == (pointer, URL)


@every_case(
    ("pointer", "value"),
    [
        ("/parameters", ...),
        ("/parameters", None),
        ("/parameters", {"Input_Points": {}}),
        ("/parameters/1", None),
        ("/parameters/1", "Output"),
        ("/parameters/0/name", ...),
        ("/parameters/0/name", " "),
        ("/parameters/0/name", 7),
        ("/parameters/1/name", "Input_Points"),
        ("/parameters/0/dataType", ...),
        ("/parameters/0/dataType", ["GPString"]),
        ("/parameters/0/direction", "esriGPParameterDirectionInOut"),
        ("/parameters/0/direction", "esrigpparameterdirectioninput"),
        ("/parameters/0/direction", ...),
        ("/parameters/0/parameterType", "esriGPParameterTyperequired"),
        ("/parameters/0/parameterType", 1),
        ("/parameters/1/choiceList", "a"),
        ("/parameters/1/choiceList/1", {"name": "b"}),
        ("/parameters/1/filter", "range"),
        ("/parameters/1/parameterInfos", {"name": "a"}),
        ("/executionType", "both"),
    ],
)
def test_a_task_that_would_be_misread_is_refused_at_its_place(pointer: str, value: Any) -> None:
    json = copy.deepcopy(TASK)
    json["parameters"][1] |= {"filter": None, "parameterInfos": None}
    with pytest.raises(ProtocolViolation) as caught:
        read_task(changed(json, pointer, value), URL, None)
    assert (caught.value.pointer, caught.value.url) == (pointer, URL)


def test_parts_within_parts_without_end_are_refused() -> None:
    json = copy.deepcopy(TASK)
    infos: list[Any] = []
    for _ in range(5000):
        infos = [{"name": "", "dataType": "GPComposite", "parameterInfos": infos}]
    json["parameters"][0]["parameterInfos"] = infos
    with pytest.raises(ProtocolViolation):
        read_task(json, URL, None)


@every_case("json", [[], "x", 1, None])
def test_what_is_no_object_is_no_descriptor(json: Any) -> None:
    with pytest.raises(ProtocolViolation):
        read_service(json, URL, "S")
    with pytest.raises(ProtocolViolation):
        read_task(json, URL, None)


def test_whatever_a_descriptor_holds_it_is_read_or_refused() -> None:
    luck = random.Random(5)
    odd: list[Any] = [
        None,
        True,
        0,
        -1,
        1.5,
        "",
        "x",
        [],
        {},
        [[]],
        [{}],
        {"a": 1},
        {"type": "range", "minimum": "x"},
    ]
    base = copy.deepcopy(TASK)
    base["parameters"][0]["filter"] = {"type": "codedValue", "list": [{"name": "a", "value": 1}]}
    base["parameters"][0]["parameterInfos"] = [
        {"name": "a", "dataType": "GPLong", "filter": {"type": "field"}}
    ]
    refused = 0
    for _ in range(3000):
        json: Any = copy.deepcopy(luck.choice([base, SERVICE]))
        holder: Any = json
        read: Any = read_service if "tasks" in json else read_task
        while True:
            key = luck.choice(list(holder) if isinstance(holder, dict) else range(len(holder)))
            if not isinstance(holder[key], dict | list) or not holder[key] or luck.random() < 0.3:
                holder[key] = luck.choice(odd)
                break
            holder = holder[key]
        try:
            read(json, URL, None)
        except ProtocolViolation:
            refused += 1
    assert refused > 100
