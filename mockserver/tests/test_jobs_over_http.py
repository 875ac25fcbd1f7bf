"""A job's life as clients see it: submit, poll, cancel, fetch."""

from __future__ import annotations

import re
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

TASK = "WorldViewshed/GPServer/viewshed"
OUTCOMES = "Simulation/JobOutcomes/GPServer"
INPUTS = {
    "Input_Observation_Point": "{'geometryType': 'esriGeometryPoint', 'spatialReference': {'wkid': 54003}, "
    "'features': [{'geometry': {'x': -13308192.1956127, 'y': 4221903.58555983}}]}",
    "Viewshed_Distance": "{'distance': 8.5, 'units': 'esriMiles'}",
}


def submit(wire: Any, task: str = TASK, **inputs: str) -> str:
    answer = wire.post(f"{task}/submitJob", f="json", **(inputs or INPUTS)).json()
    return f"{task}/jobs/{answer['jobId']}"


def texts(job: dict[str, Any]) -> list[str]:
    return [message["description"] for message in job["messages"]]


def test_submitting_answers_the_job_id_and_its_first_status(wire: Any) -> None:
    answer = wire.post(f"{TASK}/submitJob", f="pjson", **INPUTS)
    assert re.fullmatch(
        r'\{\n "jobId": "j[0-9a-f]{32}",\n "jobStatus": "esriJobSubmitted"\n\}\n?', answer.text
    )


def test_a_job_executes_and_succeeds_with_relative_addresses_of_results(wire: Any) -> None:
    job = submit(wire)
    running = wire.json(job)
    assert running["jobStatus"] == "esriJobExecuting"
    assert "results" not in running
    assert running["progress"] == {"type": "default", "message": "Executing..."}
    wire.clock.advance(2)
    done = wire.json(job)
    assert done["jobStatus"] == "esriJobSucceeded"
    assert done["results"] == {"Viewshed_Result": {"paramUrl": "results/Viewshed_Result"}}
    assert done["inputs"] == {
        "Input_Observation_Point": {"paramUrl": "inputs/Input_Observation_Point"},
        "Viewshed_Distance": {"paramUrl": "inputs/Viewshed_Distance"},
    }
    assert "progress" not in done
    assert not {"Submitted.", "Executing..."} & set(texts(done))
    assert re.match(
        r"Succeeded at Thursday, January 1, 2026 12:00:02 AM \(Elapsed Time: 2.00 seconds\)", texts(done)[-1]
    )


def test_the_result_is_exactly_three_keys_and_lies_in_the_inputs_spatial_reference(wire: Any) -> None:
    job = submit(wire)
    wire.clock.advance(2)
    result = wire.json(f"{job}/results/Viewshed_Result")
    assert list(result) == ["paramName", "dataType", "value"]
    assert (result["paramName"], result["dataType"]) == ("Viewshed_Result", "GPFeatureRecordSetLayer")
    assert result["value"]["spatialReference"]["wkid"] == 54003
    assert result["value"]["geometryType"] == "esriGeometryPolygon"
    assert result["value"]["exceededTransferLimit"] is False
    ring = result["value"]["features"][0]["geometry"]["rings"][0]
    assert all(abs(x + 13308192) < 20000 and abs(y - 4221903) < 20000 for x, y in ring)


def test_a_result_is_reprojected_when_it_is_read(wire: Any) -> None:
    job = submit(wire)
    wire.clock.advance(2)
    value = wire.json(f"{job}/results/Viewshed_Result", outSR="4326")["value"]
    assert value["spatialReference"]["wkid"] == 4326
    x, y = value["features"][0]["geometry"]["rings"][0][0]
    assert (round(x), round(y)) == (-120, 36)


@pytest.mark.parametrize(
    "asked",
    [{"env:outSR": "102100"}, {"context": '{outSR: {"wkid": 102100}}'}, {"env:processSR": '{"wkid":102100}'}],
)
def test_the_spatial_reference_asked_at_submit_is_the_results(wire: Any, asked: dict[str, str]) -> None:
    job = submit(wire, **INPUTS, **asked)
    wire.clock.advance(2)
    value = wire.json(f"{job}/results/Viewshed_Result")["value"]
    assert value["spatialReference"] == {"wkid": 102100, "latestWkid": 3857}


def test_inputs_can_be_read_back_in_any_state(wire: Any) -> None:
    job = submit(wire)
    assert wire.json(f"{job}/inputs/Viewshed_Distance") == {
        "paramName": "Viewshed_Distance",
        "dataType": "GPLinearUnit",
        "value": {"distance": 8.5, "units": "esriMiles"},
    }
    assert [each["paramName"] for each in wire.json(f"{job}/inputs")] == [
        "Input_Observation_Point",
        "Viewshed_Distance",
    ]


def test_all_results_are_a_list(wire: Any) -> None:
    job = submit(wire)
    wire.clock.advance(2)
    assert wire.json(f"{job}/results") == [wire.json(f"{job}/results/Viewshed_Result")]


def test_a_result_asked_for_too_early_is_an_error_and_the_job_goes_on(wire: Any) -> None:
    job = submit(wire)
    assert wire.error(f"{job}/results/Viewshed_Result")["code"] == 400
    wire.clock.advance(2)
    assert wire.json(f"{job}/results/Viewshed_Result")["paramName"] == "Viewshed_Result"


def test_an_unknown_result_is_an_error_after_success(wire: Any) -> None:
    job = submit(wire)
    wire.clock.advance(2)
    error = wire.error(f"{job}/results/undefined")
    assert (error["code"], error["message"]) == (400, "Unable to complete operation.")


def test_messages_can_be_left_out(wire: Any) -> None:
    job = submit(wire)
    assert "messages" not in wire.json(job, returnMessages="false")
    assert "messages" in wire.json(job, returnMessages="True")


def test_a_failed_job_keeps_its_first_messages_and_ends_with_failed(wire: Any) -> None:
    job = submit(wire, f"{OUTCOMES}/Fails", Note="x")
    wire.clock.advance(5)
    failed = wire.json(job)
    assert failed["jobStatus"] == "esriJobFailed"
    assert "results" not in failed
    assert texts(failed)[:2] == ["Submitted.", "Executing..."]
    assert failed["messages"][-1] == {"type": "esriJobMessageTypeError", "description": "Failed."}
    assert "Failed to execute (Fails)." in texts(failed)
    assert wire.error(f"{job}/results/Summary")["code"] == 400


def test_warnings_do_not_keep_a_job_from_succeeding(wire: Any) -> None:
    job = submit(wire, f"{OUTCOMES}/SucceedsWithWarnings", Note="x")
    wire.clock.advance(5)
    done = wire.json(job)
    assert done["jobStatus"] == "esriJobSucceeded"
    assert "esriJobMessageTypeWarning" in [message["type"] for message in done["messages"]]


def test_a_job_times_out(wire: Any) -> None:
    job = submit(wire, f"{OUTCOMES}/TimesOut", Note="x")
    wire.clock.advance(5)
    assert wire.json(job)["jobStatus"] == "esriJobTimedOut"


def test_a_job_waits_before_it_executes(wire: Any) -> None:
    job = submit(wire, f"{OUTCOMES}/WaitsInQueue", Note="x")
    seen = []
    for _ in range(6):
        seen.append(wire.json(job)["jobStatus"])
        wire.clock.advance(1)
    assert list(dict.fromkeys(seen)) == ["esriJobWaiting", "esriJobExecuting", "esriJobSucceeded"]


def test_step_progress_rises_with_time(wire: Any) -> None:
    job = submit(wire, f"{OUTCOMES}/StepProgress", Note="x")
    percents = []
    for _ in range(5):
        progress = wire.json(job)["progress"]
        assert progress["type"] == "step"
        percents.append(progress["percent"])
        wire.clock.advance(1)
    assert percents == sorted(set(percents))
    assert wire.json(job)["jobStatus"] == "esriJobSucceeded"


class TestCancelling:
    def test_an_executing_job_is_cancelling_and_then_cancelled(self, wire: Any) -> None:
        job = submit(wire, f"{OUTCOMES}/NeverEnds", Note="x")
        wire.clock.advance(3600)
        assert wire.json(job)["jobStatus"] == "esriJobExecuting"
        answer = wire.json(f"{job}/cancel")
        assert answer == {"jobId": job.rpartition("/")[2], "jobStatus": "esriJobCancelling"}
        assert wire.json(job)["jobStatus"] == "esriJobCancelling"
        wire.clock.advance(1)
        cancelled = wire.json(job)
        assert cancelled["jobStatus"] == "esriJobCancelled"
        assert texts(cancelled)[-1] == "Cancel complete."

    @pytest.mark.parametrize("task", ["Succeeds", "Fails", "TimesOut"])
    def test_a_job_that_is_over_refuses_it_and_stays_as_it_is(self, wire: Any, task: str) -> None:
        job = submit(wire, f"{OUTCOMES}/{task}", Note="x")
        wire.clock.advance(10)
        before = wire.json(job)
        error = wire.error(f"{job}/cancel")
        assert (error["code"], error["message"]) == (400, "Invalid or missing input parameters.")
        assert wire.json(job) == before


def test_two_jobs_do_not_mix(wire: Any) -> None:
    first = submit(wire, f"{OUTCOMES}/Succeeds", Note="one")
    wire.clock.advance(1)
    second = submit(wire, f"{OUTCOMES}/Succeeds", Note="two")
    wire.clock.advance(1)
    assert wire.json(first)["jobStatus"] == "esriJobSucceeded"
    assert wire.json(second)["jobStatus"] == "esriJobExecuting"
    assert wire.json(f"{first}/inputs/Note")["value"] == "one"


def test_a_jobs_address_under_another_task_is_unknown(wire: Any) -> None:
    job = submit(wire, f"{OUTCOMES}/Succeeds", Note="one").rpartition("/")[2]
    assert wire.error(f"{OUTCOMES}/Fails/jobs/{job}")["code"] == 400


def test_an_expired_job_is_unknown(wire: Any) -> None:
    job = submit(wire)
    wire.clock.advance(6 * 3600)
    assert wire.json(job)["jobStatus"] == "esriJobSucceeded"
    wire.clock.advance(3)
    assert wire.error(job)["code"] == 400


def test_without_f_submitting_redirects_to_the_jobs_page(wire: Any) -> None:
    response = wire.post(f"{TASK}/submitJob", **INPUTS)
    assert response.status_code == 302
    page = wire.http.get(str(response.next_request.url)) if response.next_request else response
    assert page.status_code == 200
    assert page.headers["content-type"] == "text/html;charset=utf-8"
    assert re.search(r"<title>Job Details: j[0-9a-f]{32} \(viewshed", page.text)
    assert "Job Status: esriJobExecuting" in page.text


def test_opening_an_operations_address_without_inputs_runs_nothing(wire: Any) -> None:
    assert wire.get(f"{TASK}/submitJob").status_code == 200
    assert len(wire.site.store) == 0


def test_polls_at_once_each_take_a_turn_of_their_own(wire: Any, open_wire: Any, fresh: Any) -> None:
    """A phase of 20 polls is answered to exactly 20 of 64 requests that arrive together."""
    from gp_mockserver.lifecycle.timelines import Phase, Timeline
    from gp_protocol.job_states import JobStatus

    task = wire.site.find_task("WorldViewshed/viewshed")
    task.timeline = Timeline(phases=(Phase(JobStatus.EXECUTING, polls=20),), task_label="viewshed")
    job = submit(wire)
    barrier = threading.Barrier(16)

    def poll(_: int) -> str:
        barrier.wait()
        return str(wire.http.get(job, params={"f": "json"}).json()["jobStatus"])

    with ThreadPoolExecutor(16) as pool:
        seen = list(pool.map(poll, range(64)))
    assert seen.count("esriJobExecuting") == 20
    assert seen.count("esriJobSucceeded") == 44


def test_a_job_is_held_at_a_gate_until_it_is_released(wire: Any) -> None:
    from gp_mockserver.lifecycle.timelines import Phase, Timeline
    from gp_protocol.job_states import JobStatus

    task = wire.site.find_task("WorldViewshed/viewshed")
    task.timeline = Timeline(phases=(Phase(JobStatus.EXECUTING, hold="gate"),), task_label="viewshed")
    job = submit(wire)
    wire.clock.advance(100)
    assert wire.json(job)["jobStatus"] == "esriJobExecuting"
    wire.site.release(job.rpartition("/")[2])
    assert wire.json(job)["jobStatus"] == "esriJobSucceeded"


def test_the_same_seed_and_clock_give_the_same_bytes() -> None:
    from gp_mockserver.builtin.builtin_site import builtin_site
    from gp_mockserver.lifecycle.clocks import ManualClock
    from gp_mockserver.server import serve

    def conversation() -> list[bytes]:
        clock = ManualClock()
        with serve(builtin_site(clock=clock, seed=7)) as server, httpx.Client() as http:
            task = f"{server.url}/rest/services/{TASK}"
            submitted = http.post(f"{task}/submitJob", data={**INPUTS, "f": "json"})
            job = f"{task}/jobs/{submitted.json()['jobId']}"
            clock.advance(2)
            answers = [http.get(url, params={"f": "json"}) for url in (job, f"{job}/results/Viewshed_Result")]
        return [submitted.content, *(answer.content for answer in answers)]

    assert conversation() == conversation()
