"""The built-in tasks with no output, several outputs and missing ones."""

from __future__ import annotations

from typing import Any

import pytest
from gp_mockserver.builtin.builtin_site import builtin_site
from gp_protocol.values.data_types import DATA_TYPES, data_type

from every_case import every_case

SYNC = "DataTypes/Outputs/GPServer"
ASYNC = "DataTypes/OutputsJob/GPServer"
SEVERAL = {
    "Summary": "SeveralOutputs: hello",
    "Count": 2,
    "Area": 12.5,
    "Found": True,
    "Measured_On": 1767225600000,
}


def job_results(wire: Any, label: str, **inputs: str) -> tuple[str, dict[str, Any]]:
    job = f"{ASYNC}/{label}/jobs/{wire.json(f'{ASYNC}/{label}/submitJob', **inputs)['jobId']}"
    wire.clock.advance(10)
    answer = wire.json(job)
    assert answer["jobStatus"] == "esriJobSucceeded"
    values = {
        name: wire.json(f"{job}/{each['paramUrl']}")["value"] for name, each in answer["results"].items()
    }
    return job, values


def execute(wire: Any, label: str, **inputs: str) -> dict[str, Any]:
    answer = wire.json(f"{SYNC}/{label}/execute", **inputs)
    return {each["paramName"]: each["value"] for each in answer["results"]}


def test_a_task_without_outputs_answers_an_empty_list(wire: Any) -> None:
    answer = wire.json(f"{SYNC}/NoOutput/execute", Note="hello")
    assert answer["results"] == []
    assert "NoOutput: hello" in [each["description"] for each in answer["messages"]]


def test_a_job_without_outputs_has_no_results(wire: Any) -> None:
    job, values = job_results(wire, "NoOutput")
    assert values == {}
    assert wire.json(f"{job}/results") == []
    error = wire.error(f"{job}/results/undefined")
    assert (error["code"], error["message"]) == (400, "Unable to complete operation.")


@pytest.mark.parametrize("run", [execute, lambda *call, **inputs: job_results(*call, **inputs)[1]])
def test_several_outputs_are_all_answered(wire: Any, run: Any) -> None:
    values = run(wire, "SeveralOutputs", Note="hello")
    assert list(values) == [*SEVERAL, "Places"]
    places = values.pop("Places")
    assert values == SEVERAL
    assert [each["attributes"]["Name"] for each in places["features"]] == ["Redlands", "Zurich"]


@pytest.mark.parametrize("run", [execute, lambda *call, **inputs: job_results(*call, **inputs)[1]])
def test_a_missing_output_of_each_type_is_listed_with_its_empty_value(wire: Any, run: Any) -> None:
    values = run(wire, "MissingOutputs")
    assert values == {f"Out_{name.replace(':', '_')}": data_type(name).empty_output for name in DATA_TYPES}


@every_case("version", ["9.3", "10.0", "10.5", "10.91", "agol-hosted"])
def test_a_version_has_missing_outputs_of_the_types_that_it_knows(version: str) -> None:
    site = builtin_site(version=version)
    task = site.find_task("DataTypes/Outputs/MissingOutputs").descriptor
    assert task.outputs
    assert all(site.profile.has("type", each.data_type) for each in task.outputs)


@pytest.mark.parametrize(("version", "is_there"), [("10.5", False), ("10.91", True), ("12.0", True)])
def test_publishing_adds_the_name_of_a_service_where_the_version_has_it(version: str, is_there: bool) -> None:
    task = builtin_site(version=version).find_task("Publishing/ViewshedLayers/viewshed").descriptor
    assert (task.parameters[-1].name == "esri_out_feature_service_name") is is_there
