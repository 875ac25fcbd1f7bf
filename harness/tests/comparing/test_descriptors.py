"""Drift of descriptors: each kind is told apart, with its path; other ways to say the same are none."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest
from gp_mockserver.builtin.builtin_site import builtin_site
from gp_mockserver.lifecycle.clocks import JumpingClock
from gpharness.comparing.descriptors import compare_infos, compare_services, compare_tasks
from gpharness.in_process import SiteTransport
from httpx import Client

SERVICE: dict[str, Any] = {
    "currentVersion": 11.1,
    "cimVersion": "3.1.0",
    "serviceDescription": "Where one sees what",
    "tasks": ["Viewshed", "Watershed"],
    "executionType": "esriExecutionTypeAsynchronous",
    "resultMapServerName": "",
    "maximumRecords": 1000,
    "capabilities": "Uploads,Validate",
}
SCHEMA: dict[str, Any] = {
    "displayFieldName": "",
    "geometryType": "esriGeometryPoint",
    "spatialReference": {"wkid": 102100, "latestWkid": 3857},
    "fields": [
        {"name": "OBJECTID", "type": "esriFieldTypeOID", "alias": "OBJECTID"},
        {"name": "Height", "type": "esriFieldTypeDouble", "alias": "Height"},
    ],
    "features": [],
    "exceededTransferLimit": False,
}


def parameter(name: str, **members: Any) -> dict[str, Any]:
    return {
        "name": name,
        "dataType": "GPString",
        "displayName": name,
        "description": "",
        "direction": "esriGPParameterDirectionInput",
        "defaultValue": "a",
        "parameterType": "esriGPParameterTypeOptional",
        "category": "",
        **members,
    }


TASK: dict[str, Any] = {
    "name": "Viewshed",
    "displayName": "Viewshed",
    "description": "",
    "category": "",
    "helpUrl": "https://gis.example.com/help.htm",
    "executionType": "esriExecutionTypeAsynchronous",
    "parameters": [
        parameter(
            "Points",
            dataType="GPFeatureRecordSetLayer",
            defaultValue=SCHEMA,
            parameterType="esriGPParameterTypeRequired",
        ),
        parameter("How", choiceList=["a", "b", "c"]),
        parameter(
            "Steps", dataType="GPLong", defaultValue=3, filter={"type": "range", "minimum": 1, "maximum": 9}
        ),
        parameter(
            "Table",
            dataType="GPValueTable",
            defaultValue=[],
            parameterInfos=[
                {"name": "A", "dataType": "GPLong"},
                {"name": "B", "dataType": "GPString", "choiceList": ["x", "y"]},
            ],
        ),
        parameter(
            "Seen",
            dataType="GPFeatureRecordSetLayer",
            direction="esriGPParameterDirectionOutput",
            parameterType="esriGPParameterTypeDerived",
            defaultValue=None,
        ),
    ],
}

Change = Callable[[dict[str, Any]], object]


def at(name: str, **members: Any) -> Change:
    return lambda task: next(each for each in task["parameters"] if each["name"] == name).update(members)


def add(**members: Any) -> Change:
    return lambda task: task["parameters"].append(parameter("New", **members))


def schema(**members: Any) -> Change:
    return at("Points", defaultValue={**SCHEMA, **members})


DRIFTS: list[tuple[str, Change, str, str, str]] = [
    ("an optional input more", add(), "drift.parameter-added", "note", "parameters[New]"),
    (
        "a required input more",
        add(parameterType="esriGPParameterTypeRequired", defaultValue=None),
        "drift.parameter-added",
        "breaking",
        "parameters[New]",
    ),
    (
        "an input less",
        lambda task: task["parameters"].pop(1),
        "drift.parameter-removed",
        "breaking",
        "parameters[How]",
    ),
    (
        "an output less",
        lambda task: task["parameters"].pop(),
        "drift.parameter-removed",
        "breaking",
        "parameters[Seen]",
    ),
    (
        "required now",
        at("How", parameterType="esriGPParameterTypeRequired"),
        "drift.parameter-required",
        "breaking",
        "parameters[How].parameterType",
    ),
    (
        "no longer required",
        at("Points", parameterType="esriGPParameterTypeOptional"),
        "drift.parameter-required",
        "note",
        "parameters[Points].parameterType",
    ),
    (
        "another type",
        at("Steps", dataType="GPDouble"),
        "drift.parameter-type",
        "breaking",
        "parameters[Steps].dataType",
    ),
    (
        "another direction",
        at("How", direction="esriGPParameterDirectionOutput"),
        "drift.parameter-direction",
        "breaking",
        "parameters[How].direction",
    ),
    (
        "another order",
        lambda task: task["parameters"].reverse(),
        "drift.parameter-order",
        "changed",
        "parameters",
    ),
    (
        "a choice less",
        at("How", choiceList=["a", "c"]),
        "drift.choice-list",
        "breaking",
        "parameters[How].choiceList",
    ),
    (
        "a choice more",
        at("How", choiceList=["a", "b", "c", "d"]),
        "drift.choice-list",
        "note",
        "parameters[How].choiceList",
    ),
    (
        "choices where there were none",
        at("Steps", choiceList=[1, 2]),
        "drift.choice-list",
        "breaking",
        "parameters[Steps].choiceList",
    ),
    (
        "no choices any more",
        at("How", choiceList=[]),
        "drift.choice-list",
        "note",
        "parameters[How].choiceList",
    ),
    (
        "a column's choice less",
        at(
            "Table",
            parameterInfos=[
                {"name": "A", "dataType": "GPLong"},
                {"name": "B", "dataType": "GPString", "choiceList": ["x"]},
            ],
        ),
        "drift.choice-list",
        "breaking",
        "parameters[Table].parameterInfos[B].choiceList",
    ),
    (
        "a column of another type",
        at(
            "Table",
            parameterInfos=[
                {"name": "A", "dataType": "GPDouble"},
                {"name": "B", "dataType": "GPString", "choiceList": ["x", "y"]},
            ],
        ),
        "drift.parameter-type",
        "breaking",
        "parameters[Table].parameterInfos",
    ),
    (
        "a narrower range",
        at("Steps", filter={"type": "range", "minimum": 1, "maximum": 5}),
        "drift.filter",
        "changed",
        "parameters[Steps].filter",
    ),
    ("no filter any more", at("Steps", filter=None), "drift.filter", "changed", "parameters[Steps].filter"),
    (
        "another default",
        at("Steps", defaultValue=4),
        "drift.default",
        "changed",
        "parameters[Steps].defaultValue",
    ),
    (
        "no default any more",
        at("Steps", defaultValue=None),
        "drift.default",
        "changed",
        "parameters[Steps].defaultValue",
    ),
    (
        "another reference",
        schema(spatialReference={"wkid": 4326}),
        "drift.default",
        "changed",
        "parameters[Points].defaultValue.spatialReference",
    ),
    (
        "a field less",
        schema(fields=SCHEMA["fields"][:1]),
        "drift.default",
        "changed",
        "parameters[Points].defaultValue.fields[Height]",
    ),
    (
        "another way to run",
        lambda task: task.update(executionType="esriExecutionTypeSynchronous"),
        "drift.execution-type",
        "breaking",
        "executionType",
    ),
    (
        "other words for people",
        at("How", displayName="In which way"),
        "drift.description",
        "note",
        "parameters[How].displayName",
    ),
]

SAME: list[tuple[str, Change]] = [
    ("keys in another order", lambda task: task.update(dict(reversed(list(task.items()))))),
    ("keys that nobody knows", at("How", sync=True)),
    ("an empty list of choices", at("Steps", choiceList=[])),
    ("null for choices", at("Steps", choiceList=None)),
    ("no default for null", lambda task: task["parameters"][-1].pop("defaultValue")),
    ("an empty text for null", at("Seen", defaultValue="")),
    ("an empty object for null", at("Seen", defaultValue={})),
    ("no filter for null", at("How", filter={})),
    ("no category", lambda task: task["parameters"][1].pop("category")),
    (
        "a schema with fields in another order",
        lambda task: task["parameters"][0].update(defaultValue={**SCHEMA, "fields": SCHEMA["fields"][::-1]}),
    ),
    (
        "a schema without features",
        lambda task: task["parameters"][0].update(
            defaultValue={k: v for k, v in SCHEMA.items() if k != "features"}
        ),
    ),
    ("a help page elsewhere", lambda task: task.update(helpUrl="https://other.example/help.htm")),
]


@pytest.mark.parametrize(
    ("change", "name", "severity", "path"), [each[1:] for each in DRIFTS], ids=[each[0] for each in DRIFTS]
)
def test_each_drift_of_a_task_is_one_finding(change: Change, name: str, severity: str, path: str) -> None:
    changed = copy.deepcopy(TASK)
    change(changed)
    found = compare_tasks(TASK, changed, "Elevation/Viewshed", "curl …")
    assert [(each.name, each.severity, each.path) for each in found] == [(name, severity, path)]
    assert (found[0].kind, found[0].operation, found[0].task) == ("descriptor", "task", "Elevation/Viewshed")
    assert found[0].expected != found[0].met


@pytest.mark.parametrize("change", [each[1] for each in SAME], ids=[each[0] for each in SAME])
def test_another_way_to_say_the_same_is_no_drift(change: Change) -> None:
    changed = copy.deepcopy(TASK)
    change(changed)
    assert compare_tasks(TASK, changed) == []
    assert compare_tasks(changed, TASK) == []


@pytest.mark.parametrize(
    ("members", "name", "path"),
    [
        ({"currentVersion": 11.3, "cimVersion": "3.3.0"}, "drift.version", "currentVersion"),
        ({"executionType": "esriExecutionTypeSynchronous"}, "drift.execution-type", "executionType"),
        ({"maximumRecords": 10}, "drift.service-setting", "maximumRecords"),
        ({"capabilities": ""}, "drift.service-setting", "capabilities"),
        ({"resultMapServerName": "Maps/Result"}, "drift.service-setting", "resultMapServerName"),
        ({"serviceDescription": "Otherwise"}, "drift.description", "serviceDescription"),
        ({"tasks": ["Viewshed"]}, "drift.task-removed", "tasks[Watershed]"),
        ({"tasks": ["Viewshed", "Watershed", "Slope"]}, "drift.task-added", "tasks[Slope]"),
    ],
)
def test_each_drift_of_a_service_is_one_finding(members: dict[str, Any], name: str, path: str) -> None:
    found = compare_services(SERVICE, {**SERVICE, **members}, "Elevation")
    assert [(each.name, each.path) for each in found] == [(name, path)]


@pytest.mark.parametrize(
    "members",
    [
        {"capabilities": "Validate, Uploads"},
        {"tasks": ["Watershed", "Viewshed"]},
        {"resultMapServerName": None},
        {"schema": {"json-schema": {"url": "https://elsewhere.example"}}},
    ],
)
def test_another_way_to_describe_the_same_service_is_no_drift(members: dict[str, Any]) -> None:
    assert compare_services(SERVICE, {**SERVICE, **members}) == []


def test_a_task_that_is_gone_is_named_as_tasks_are() -> None:
    [found] = compare_services(SERVICE, {**SERVICE, "tasks": ["Viewshed"]}, "Folder/Elevation")
    assert found.task == "Folder/Elevation/Watershed"


def test_another_version_of_the_server_is_a_note() -> None:
    [found] = compare_infos({"currentVersion": 11.1, "fullVersion": "11.1.0"}, {"currentVersion": 11.2})
    assert (found.name, found.severity) == ("drift.version", "note")


def test_no_service_of_the_builtin_site_drifts_from_itself() -> None:
    with Client(transport=SiteTransport(builtin_site(clock=JumpingClock()), "https://a.example")) as client:
        root = "https://a.example/arcgis/rest/services"
        task = client.get(f"{root}/DataTypes/Echo/GPServer/Echo", params={"f": "json"}).json()
        service = client.get(f"{root}/DataTypes/Echo/GPServer", params={"f": "json"}).json()
    assert len(task["parameters"]) > 50
    assert compare_tasks(task, copy.deepcopy(task)) == []
    assert compare_services(service, copy.deepcopy(service)) == []


def test_what_a_contract_has_a_stand_in_for_may_be_anything_but_gone_or_new() -> None:
    hidden, text = {"dataType": "GPStringHidden"}, {"dataType": "GPString"}
    listed = {"dataType": "GPMultiValue:GPStringHidden"}
    url = "https://files.example.com/a.zip?sig="
    cases: list[tuple[dict[str, Any], Any, Any, bool]] = [
        (hidden, "standin000000001", "hunter-and-2", False),
        (hidden, "*****", "hunter-and-2", False),
        (hidden, "standin000000001", "", True),
        (hidden, None, "hunter-and-2", True),
        (listed, ["standin000000001"], ["a-b-7", "c-d-8"], False),
        (text, f"{url}standin000000000001", f"{url}Zm9vYmFyYmF6", False),
        (text, f"{url}standin000000000001&v=1", f"{url}Zm9vYmFyYmF6&v=2", True),
        (text, "5ec2e7000000000000000000000001", "0123456789abcdef0123456789abcd", False),
        (text, "standing", "sitting", True),
        (text, "standin000000001", None, True),
    ]
    for members, before, after, is_drift in cases:
        one, other = (
            {**TASK, "parameters": [parameter("P", **members, defaultValue=value)]}
            for value in (before, after)
        )
        found = compare_tasks(one, other)
        assert [each.name for each in found] == ["drift.default"] * is_drift, (before, after)
        assert "hunter" not in "".join(each.met for each in found)
