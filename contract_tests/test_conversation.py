"""What every geoprocessing server owes a client, asked in the way of a plain script: urllib and Python dict
text."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.parse
import urllib.request
from typing import Any

import pytest
from gp_protocol.job_states import FINAL, JobStatus, check_sequence

POINT = {
    "geometryType": "esriGeometryPoint",
    "spatialReference": {"wkid": 54003},
    "features": [{"geometry": {"x": -13308192.1956127, "y": 4221903.58555983}}],
}
DISTANCE = {"distance": 8.5, "units": "esriMiles"}
INPUTS = {"Input_Observation_Point": POINT, "Viewshed_Distance": DISTANCE}
POLL_LIMIT = 300


def ask(url: str, **parameters: Any) -> Any:
    """POST the parameters, whose dicts become the text of Python dicts, and read the answer as strict
    JSON."""
    body = urllib.parse.urlencode({"f": "json", **parameters}).encode()
    with urllib.request.urlopen(urllib.request.Request(url, body), timeout=30) as response:
        assert response.status == 200
        return json.loads(response.read().decode(), parse_constant=pytest.fail)


@pytest.fixture(scope="module")
def task(root: str) -> str:
    """The address of the sample task, if the server has it."""
    address = f"{root}/rest/services/WorldViewshed/GPServer/viewshed"
    try:
        described = ask(address)
    except (urllib.error.HTTPError, ValueError):
        described = {"error": {}}
    if "error" in described:
        pytest.skip(f"{root} has no sample service WorldViewshed")
    return address


@pytest.fixture(scope="module")
def finished(runs: Any, task: str, pause: float) -> tuple[str, list[dict[str, Any]]]:
    """A job that was polled to its end: its address and every answer on the way."""
    submitted = ask(f"{task}/submitJob", **INPUTS)
    job = f"{task}/jobs/{submitted['jobId']}"
    answers = [submitted]
    for _ in range(POLL_LIMIT):
        answers.append(ask(job))
        if JobStatus(answers[-1]["jobStatus"]) in FINAL:
            return job, answers
        time.sleep(pause)
    pytest.fail(f"{job} did not end within {POLL_LIMIT} polls")


def test_the_task_is_where_its_service_lists_it(root: str, task: str) -> None:
    service = ask(f"{root}/rest/services/WorldViewshed/GPServer")
    assert service["executionType"] == "esriExecutionTypeAsynchronous"
    assert "viewshed" in service["tasks"]
    assert ask(task)["executionType"] == service["executionType"]


def test_the_statuses_of_a_job_follow_one_another_legally(finished: tuple[str, list[dict[str, Any]]]) -> None:
    _, answers = finished
    check_sequence([answer["jobStatus"] for answer in answers])
    assert answers[-1]["jobStatus"] == "esriJobSucceeded"


def test_a_job_is_called_the_same_throughout(finished: tuple[str, list[dict[str, Any]]]) -> None:
    _, answers = finished
    assert len({answer["jobId"] for answer in answers}) == 1


def test_messages_are_typed_texts(finished: tuple[str, list[dict[str, Any]]]) -> None:
    _, answers = finished
    for message in answers[-1].get("messages", []):
        assert set(message) == {"type", "description"}
        assert message["type"].startswith("esriJobMessageType")


def test_every_result_is_found_at_its_own_address(finished: tuple[str, list[dict[str, Any]]]) -> None:
    job, answers = finished
    results = answers[-1]["results"]
    assert list(results) == ["Viewshed_Result"]
    for name, place in results.items():
        result = ask(f"{job}/{place['paramUrl']}")
        assert set(result) == {"paramName", "dataType", "value"}
        assert result["paramName"] == name
        assert result["value"]["features"]


def test_execute_and_the_job_answer_features_near_the_point(runs: Any, task: str, root: str) -> None:
    answer = ask(f"{root}/rest/services/Elevation/ESRI_Elevation_World/GPServer/Viewshed/execute", **INPUTS)
    (result,) = answer["results"]
    ring = result["value"]["features"][0]["geometry"]["rings"][0]
    assert all(abs(x - POINT["features"][0]["geometry"]["x"]) < 40_000 for x, *_ in ring)  # type: ignore[index]


@pytest.mark.parametrize("path", ["nothing", "viewshed/jobs/j00000000000000000000000000000000"])
def test_an_error_is_an_envelope_within_status_200(task: str, root: str, path: str) -> None:
    error = ask(f"{root}/rest/services/WorldViewshed/GPServer/{path}")["error"]
    assert isinstance(error["code"], int)
    assert isinstance(error["message"], str)


def test_without_f_the_answer_is_html(task: str) -> None:
    with urllib.request.urlopen(task, timeout=30) as response:
        assert response.headers["content-type"].lower().startswith("text/html")
