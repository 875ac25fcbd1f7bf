"""The deviations of the error envelope: errors said well and badly, and good answers that look like one."""

from __future__ import annotations

from typing import Any

import pytest
from deviation_probe import ECHO, Probe

TASK = "rest/services/WorldViewshed/GPServer/viewshed"
UNABLE = "Unable to complete operation."

ERRORS: dict[str, list[Any]] = {
    "error-in-200": [
        {"error": {"code": 500, "message": UNABLE, "details": ["The tool is not available."]}},
    ],
    "error-details-null": [{"error": {"code": 400, "message": UNABLE, "details": None}}],
    "error-details-missing": [{"error": {"code": 400, "message": UNABLE}}],
    "error-extra-members": [
        {
            "error": {
                "code": 400,
                "message": UNABLE,
                "details": [],
                "messageCode": "GP_0007",
                "subcode": 2,
                "extendedCode": -2147467259,
            }
        }
    ],
    "error-localised": [
        {
            "error": {
                "code": 500,
                "message": "L'opération n'a pas pu être effectuée。",
                "details": ["Paramètre d'entrée 无效"],
            }
        }
    ],
    "error-message-variants": [
        {"error": {"code": 500, "message": message, "details": []}}
        for message in (f"{UNABLE} ", "Unable to complete  operation.", UNABLE[:-1])
    ],
    "error-as-string": [{"error": "invalid_request", "error_description": UNABLE}],
    "error-admin-style": [{"status": "error", "messages": [UNABLE], "code": 500}],
    "error-status-failed": [{"status": "failed", "statusMessage": UNABLE}],
    "error-flat": [{"code": 500, "message": UNABLE, "status": "failure"}],
    "error-details-string": [
        {"error": {"code": 400, "message": UNABLE, "details": "The tool is not available."}}
    ],
    "error-details-objects": [{"error": {"code": 400, "message": UNABLE, "details": [{}]}}],
    "error-code-string": [{"error": {"code": "400", "message": UNABLE, "details": []}}],
    "error-code-missing": [{"error": {"message": UNABLE, "details": []}}],
    "error-code-odd": [
        {"error": {"code": code, "message": UNABLE, "details": []}} for code in (201, 0, -2147467259)
    ],
    "error-message-missing": [{"error": {"code": 500, "details": []}}],
    "error-empty-object": [{"error": {}}],
}
BESIDE = {"error-beside-results", "error-beside-status"}
ALONE = {"error-null", "error-transient-in-200", "server-busy", "word-error-in-good-answer"}
COVERED = frozenset({*ERRORS, *BESIDE, *ALONE})
ERROR = {"code": 500, "message": UNABLE, "details": []}


@pytest.mark.parametrize(("name", "meets"), ERRORS.items())
def test_an_error_comes_in_the_operations_place(probe: Probe, name: str, meets: list[Any]) -> None:
    clean = probe.get(TASK)
    injection = probe.site.deviate(name)
    seen = [probe.get(TASK) for _ in meets]
    assert [each.json for each in seen] == meets
    assert {each.status for each in seen} == {200}
    assert all(each.headers["content-type"].startswith("application/json") for each in seen)
    assert probe.submit().json == meets[0]
    assert not probe.site.store.ids()
    assert injection.applied == len(meets) + 1
    injection.clear()
    assert probe.get(TASK).json == clean.json


@pytest.mark.parametrize(("name", "where"), [("error-in-200", "error"), ("error-details-null", "error")])
def test_a_browser_gets_a_page_for_it(probe: Probe, name: str, where: str) -> None:
    probe.site.deviate(name)
    assert probe.get(TASK, f="html").body.startswith(b"<!DOCTYPE html>")


def test_an_error_stands_beside_results_and_beside_a_value(probe: Probe) -> None:
    job_id = probe.job_id()
    injection = probe.site.deviate("error-beside-results")
    assert "error" not in probe.poll(job_id).json
    probe.poll(job_id)
    job, result = probe.poll(job_id).json, probe.result(job_id).json
    assert job["error"] == result["error"] == ERROR
    assert job["results"]
    assert result["value"]["features"]
    injection.clear()
    assert (probe.poll(job_id).json, probe.result(job_id).json) == (
        {key: each for key, each in job.items() if key != "error"},
        {key: each for key, each in result.items() if key != "error"},
    )
    assert injection.applied >= 2


def test_an_error_stands_beside_each_good_status_and_real_errors_stay(probe: Probe) -> None:
    job_id = probe.job_id()
    injection = probe.site.deviate("error-beside-status")
    seen = [probe.poll(job_id).json for _ in range(3)]
    assert [each["error"] for each in seen] == [ERROR] * 3
    assert all(each["jobStatus"].startswith("esriJob") for each in seen)
    assert probe.poll("j" + "0" * 32).json["error"] != ERROR
    gone = probe.job_id()
    probe.post(f"{probe.task()}/jobs/{gone}/cancel")
    last = [probe.poll(gone).json for _ in range(3)][-1]
    assert last["jobStatus"] == "esriJobCancelled"
    assert "error" not in last
    applied = injection.applied
    assert 3 <= applied < 6
    injection.clear()
    assert "error" not in probe.poll(job_id).json


def test_a_good_answer_has_an_error_that_is_null(probe: Probe) -> None:
    clean = probe.get(TASK).json
    wrong = probe.get("rest/services/Nowhere/GPServer").json
    injection = probe.site.deviate("error-null")
    assert probe.get(TASK).json == {**clean, "error": None}
    assert probe.get("rest/services/Nowhere/GPServer").json == wrong
    assert injection.applied == 1
    injection.clear()
    assert probe.get(TASK).json == clean


def test_an_operation_fails_once(probe: Probe) -> None:
    clean = probe.get(TASK).json
    injection = probe.site.deviate("error-transient-in-200")
    error = probe.submit().json["error"]
    assert (error["code"], error["message"]) == (500, "Error performing submitJob operation")
    assert not probe.site.store.ids()
    assert "jobId" in probe.submit().json
    assert probe.get(TASK).json == clean
    assert injection.applied == 1


def test_a_busy_service_runs_nothing(probe: Probe) -> None:
    injection = probe.site.deviate("server-busy")
    for seen in (probe.submit(), probe.post(f"{probe.task(ECHO)}/execute")):
        assert seen.status == 200
        assert seen.json["error"]["code"] == 500
        assert seen.json["error"]["message"].startswith("Wait time of the request to the service")
    assert "error" not in probe.get(TASK).json
    assert injection.applied == 2
    injection.clear()
    assert "jobId" in probe.submit().json


def test_good_answers_hold_the_word_error(probe: Probe) -> None:
    job_id = probe.finish()
    asks = {
        "messages": lambda: probe.poll(job_id).json,
        "serviceDescription": lambda: probe.get("rest/services/WorldViewshed/GPServer").json,
        "description": lambda: probe.get(TASK).json,
    }
    for key, ask in asks.items():
        clean = ask()
        injection = probe.site.deviate("word-error-in-good-answer")
        seen = ask()
        injection.clear()
        assert injection.applied == 1
        text = seen[key][0]["description"] if key == "messages" else seen[key]
        assert '"error"' in text
        assert '"error"' not in str(clean)
        assert {**seen, key: None} == {**clean, key: None}
        assert ask() == clean
