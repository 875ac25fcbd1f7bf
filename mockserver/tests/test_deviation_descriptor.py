"""The deviations of descriptors: services and tasks as they tell of themselves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from deviation_probe import ECHO_JOB, Probe

SERVICE = "rest/services/WorldViewshed/GPServer"
TASK = f"{SERVICE}/viewshed"
OUTPUTS = "DataTypes/OutputsJob/GPServer/SeveralOutputs"
MISSING = object()

WHOLE: dict[str, dict[str, Any]] = {
    "execution-type-missing": {"executionType": MISSING},
    "parameters-empty": {"parameters": []},
    "parameters-null": {"parameters": None},
    "parameters-missing": {"parameters": MISSING},
    "task-name-differs": {"name": "ToolByAnotherName"},
}
"""The members of a task that are others, or not there."""
EACH: dict[str, tuple[str, list[Any]]] = {
    "choice-list-empty": ("choiceList", [[], [], []]),
    "choice-list-null": ("choiceList", [None, None, None]),
    "default-null": ("defaultValue", [None, None, None]),
    "default-missing": ("defaultValue", [MISSING, MISSING, MISSING]),
    "default-empty-object": ("defaultValue", [{}, {"distance": 15000, "units": "esriMeters"}, {}]),
    "output-required": ("parameterType", ["esriGPParameterTypeRequired"] * 3),
    "parameter-type-case": (
        "parameterType",
        [f"esriGPParameterType{word}" for word in ("required", "required", "derived")],
    ),
    "direction-unknown": (
        "direction",
        [f"esriGPParameterDirection{word}" for word in ("InOut", "Input", "Output")],
    ),
}
"""One member of the parameters of the viewshed, which are features, a distance, and the features that come
out: what each of them has."""
OTHERS: dict[str, Callable[[list[Any]], list[Any]]] = {
    "data-type-newer-in-descriptor": lambda parameters: [
        *parameters,
        {
            "name": "Hologram",
            "dataType": "GPHologram",
            "displayName": "Hologram",
            "description": "",
            "direction": "esriGPParameterDirectionInput",
            "defaultValue": None,
            "parameterType": "esriGPParameterTypeOptional",
            "category": "",
        },
    ],
    "parameters-twice": lambda parameters: [*parameters, parameters[0]],
    "fields-both-cases-in-default": lambda parameters: [
        {**each, "defaultValue": {**each["defaultValue"], "Fields": each["defaultValue"]["fields"]}}
        if "fields" in each["defaultValue"]
        else each
        for each in parameters
    ],
}
"""The parameters of a task, made from the usual ones."""
OF_TYPES: dict[str, tuple[str, str, dict[str, Any]]] = {
    "output-with-default": (
        OUTPUTS,
        "esriGPParameterDirectionOutput",
        {
            "GPString": "none",
            "GPLong": 5,
            "GPDouble": 1.5,
            "GPBoolean": False,
            "GPDate": 1577836800000,
        },
    ),
    "default-of-other-type": (
        ECHO_JOB,
        "esriGPParameterDirectionInput",
        {"GPLong": "5", "GPDouble": "1.5", "GPBoolean": "false", "GPString": 5, "GPLinearUnit": "5 Miles"},
    ),
}
"""Default values by type: of which task, in which direction."""
ALONE = {
    "version-10.91",
    "version-as-text",
    "tasks-as-objects",
    "descriptor-keys-missing",
    "execution-type-lies",
    "descriptor-changes",
}
COVERED = frozenset({*WHOLE, *EACH, *OTHERS, *OF_TYPES, *ALONE})


def once(probe: Probe, name: str, path: str, **chosen: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """What is answered as usual, and while a deviation is followed."""
    clean = probe.get(path).json
    injection = probe.site.deviate(name, **chosen)
    seen = probe.get(path).json
    injection.clear()
    assert injection.applied == 1
    assert seen != clean
    assert probe.get(path).json == clean
    return clean, seen


@pytest.mark.parametrize(("name", "members"), WHOLE.items(), ids=WHOLE)
def test_members_of_a_task_are_others(probe: Probe, name: str, members: dict[str, Any]) -> None:
    clean, seen = once(probe, name, TASK)
    expected = {key: each for key, each in {**clean, **members}.items() if each is not MISSING}
    assert seen == expected


@pytest.mark.parametrize(("name", "member", "met"), [(name, *each) for name, each in EACH.items()], ids=EACH)
def test_a_member_of_parameters_is_another(probe: Probe, name: str, member: str, met: list[Any]) -> None:
    clean, seen = once(probe, name, TASK)
    assert [each.pop(member, MISSING) for each in seen["parameters"]] == met
    assert [each.pop(member, MISSING) for each in clean["parameters"]] != met
    assert seen == clean


def test_lists_of_choices_that_are_there_stay(probe: Probe) -> None:
    path = probe.task("15_Names/OddNames/GPServer/Extract%20Data%20Task")
    _, seen = once(probe, "choice-list-empty", path)
    assert [each["choiceList"] for each in seen["parameters"]] == [[], ["Roads", "Rivers", "Parcels"], []]


@pytest.mark.parametrize(("name", "other"), OTHERS.items(), ids=OTHERS)
def test_the_parameters_of_a_task_are_others(
    probe: Probe, name: str, other: Callable[[list[Any]], list[Any]]
) -> None:
    clean, seen = once(probe, name, TASK)
    assert seen == {**clean, "parameters": other(clean["parameters"])}


@pytest.mark.parametrize(
    ("name", "path", "direction", "values"), [(name, *each) for name, each in OF_TYPES.items()], ids=OF_TYPES
)
def test_default_values_go_by_the_type(
    probe: Probe, name: str, path: str, direction: str, values: dict[str, Any]
) -> None:
    clean, seen = once(probe, name, probe.task(path))
    met = {
        each["dataType"]: each["defaultValue"]
        for each in seen["parameters"]
        if each["direction"] == direction and each["dataType"] in values
    }
    assert met == values
    for before, after in zip(clean["parameters"], seen["parameters"], strict=True):
        assert {**before, "defaultValue": after["defaultValue"]} == after


def test_an_output_of_features_can_have_some_by_default(probe: Probe) -> None:
    _, seen = once(probe, "output-with-default", TASK)
    assert len(seen["parameters"][2]["defaultValue"]["features"]) == 1
    assert seen["parameters"][0]["defaultValue"]["features"] == []


def test_a_distance_can_have_a_text_as_its_default(probe: Probe) -> None:
    _, seen = once(probe, "default-of-other-type", TASK)
    assert seen["parameters"][1]["defaultValue"] == "5 Miles"


def test_no_category_and_no_description(probe: Probe) -> None:
    clean, seen = once(probe, "descriptor-keys-missing", TASK)
    keys = {"category", "description"}
    assert keys <= set(clean)
    assert all(keys <= set(each) for each in clean["parameters"])
    assert not keys & set(seen)
    assert not any(keys & set(each) for each in seen["parameters"])
    assert set(clean) - set(seen) == keys


def test_the_version_is_one_that_comes_before_11(probe: Probe) -> None:
    for path, key, met in (
        (SERVICE, "currentVersion", 10.91),
        ("rest/services", "currentVersion", 10.91),
        ("rest/info", "fullVersion", "10.9.1"),
    ):
        clean, seen = once(probe, "version-10.91", path)
        assert (seen["currentVersion"], seen[key]) == (10.91, met)
        assert {**seen, **{each: clean[each] for each in ("currentVersion", key)}} == clean


def test_the_version_is_a_text(probe: Probe) -> None:
    clean, seen = once(probe, "version-as-text", SERVICE)
    assert seen == {**clean, "currentVersion": "12.0"}


def test_tasks_are_objects(probe: Probe) -> None:
    clean, seen = once(probe, "tasks-as-objects", SERVICE)
    assert seen == {**clean, "tasks": [{"name": "viewshed"}]}


def test_what_says_that_it_is_executed_can_only_be_submitted(probe: Probe) -> None:
    for path in (SERVICE, TASK):
        clean, seen = once(probe, "execution-type-lies", path)
        assert clean["executionType"] == "esriExecutionTypeAsynchronous"
        assert seen == {**clean, "executionType": "esriExecutionTypeSynchronous"}
    probe.site.deviate("execution-type-lies")
    assert probe.post(f"{TASK}/execute").json["error"]["code"] == 500
    assert "jobId" in probe.submit().json


def test_a_task_changes_after_it_was_looked_at(probe: Probe) -> None:
    injection = probe.site.deviate("descriptor-changes")
    first, second = (probe.get(TASK).json["parameters"] for _ in range(2))
    assert first[0]["name"] == "Input_Observation_Point"
    assert second[0]["name"] == "Input_Observation_Point_2"
    assert second[1:] == first[1:]
    refused = probe.submit().json["error"]
    assert (refused["code"], len(refused["details"])) == (400, 1)
    assert injection.applied == 2
    injection.clear()
    assert probe.get(TASK).json["parameters"] == first
    assert "jobId" in probe.submit().json


def test_other_types_have_defaults_too(probe: Probe) -> None:
    _, seen = once(probe, "output-with-default", probe.task(ECHO_JOB))
    met = {each["name"]: each["defaultValue"] for each in seen["parameters"]}
    assert met["Out_GPLinearUnit"] == {"distance": 1, "units": "esriMeters"}
    assert met["Out_GPDataFile"] == {"url": "output.zip"}
    assert met["In_GPDataFile"] is None
    _, seen = once(probe, "default-empty-object", probe.task(ECHO_JOB))
    met = {each["dataType"]: each["defaultValue"] for each in seen["parameters"]}
    assert (met["GPDataFile"], met["GPLong"]) == ({}, None)


def test_optional_parameters_begin_with_a_small_letter_too(probe: Probe) -> None:
    _, seen = once(probe, "parameter-type-case", probe.task(ECHO_JOB))
    words = {each["parameterType"] for each in seen["parameters"]}
    assert words == {"esriGPParameterTypeoptional", "esriGPParameterTypederived"}
