"""The deviations of submitting: odd ids, odd statuses, and answers to something else."""

from __future__ import annotations

import re
from typing import Any

import pytest
from deviation_probe import ECHO, ECHO_JOB, VIEWSHED, Probe

IDS: dict[str, Any] = {
    "job-id-missing": {},
    "job-id-null": {"jobId": None},
    "job-id-empty": {"jobId": ""},
    "job-id-with-path": {"jobId": "../../admin"},
}
FORMS = {
    "job-id-upper-case": r"J[0-9A-F]{32}",
    "job-id-without-j": r"[0-9a-f]{32}",
    "job-id-with-dashes": r"j[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}",
}
STATUSES: dict[str, Any] = {
    "submit-status-new": {"jobStatus": "esriJobNew"},
    "submit-status-waiting": {"jobStatus": "esriJobWaiting"},
    "submit-status-executing": {"jobStatus": "esriJobExecuting"},
    "submit-status-missing": {},
    "submit-with-messages": {
        "jobStatus": "esriJobSubmitted",
        "messages": [{"type": "esriJobMessageTypeInformative", "description": "Submitted."}],
    },
}
AT_ONCE = {
    "already-succeeded-at-submit": "esriJobSucceeded",
    "already-succeeded-at-first-poll": "esriJobSubmitted",
}
WRONG_VERBS = {"execute-on-async", "submit-on-sync"}
ALONE = {
    "job-id-reused",
    "job-id-number",
    "job-id-other-key",
    "job-not-yet-visible",
    "submit-answers-results",
    "submit-answers-form",
}
COVERED = frozenset({*IDS, *FORMS, *STATUSES, *AT_ONCE, *WRONG_VERBS, *ALONE})
USUAL = r"j[0-9a-f]{32}"


def is_clean(probe: Probe) -> bool:
    """Whether a job is submitted as ever."""
    seen = probe.submit().json
    return seen.keys() == {"jobId", "jobStatus"} and re.fullmatch(USUAL, seen["jobId"]) is not None


@pytest.mark.parametrize(("name", "meets"), IDS.items())
def test_a_job_is_made_whose_id_is_not_told(probe: Probe, name: str, meets: dict[str, Any]) -> None:
    assert is_clean(probe)
    injection = probe.site.deviate(name)
    seen = probe.submit().json
    assert seen == {**meets, "jobStatus": "esriJobSubmitted"}
    assert "error" in probe.post(f"{probe.task()}/submitJob", Viewshed_Distance="wrong").json
    assert len(probe.site.store) == 2
    assert injection.applied == 1
    injection.clear()
    assert is_clean(probe)


def test_an_empty_id_leads_to_no_job(probe: Probe) -> None:
    probe.site.deviate("job-id-empty")
    assert probe.poll(probe.submit().json["jobId"]).json["error"]["code"] == 400


def test_a_second_job_is_told_the_firsts_id(probe: Probe) -> None:
    injection = probe.site.deviate("job-id-reused")
    first, second, third = (probe.submit().json["jobId"] for _ in range(3))
    assert first == second == third
    assert len(probe.site.store) == 3
    assert injection.applied == 2
    injection.clear()
    assert probe.submit().json["jobId"] != first


def test_ids_are_numbers_that_lead_to_their_jobs(probe: Probe) -> None:
    assert is_clean(probe)
    injection = probe.site.deviate("job-id-number")
    ids = [probe.submit().json["jobId"] for _ in range(2)]
    assert all(type(each) is int and each < 2**53 for each in ids)
    assert len(set(ids)) == 2
    assert probe.poll(str(ids[0])).json["jobId"] == ids[0]
    assert injection.applied == 3
    injection.clear()
    assert is_clean(probe)


def test_an_id_stands_under_another_key(probe: Probe) -> None:
    injection = probe.site.deviate("job-id-other-key")
    seen = probe.submit().json
    assert seen.keys() == {"jobID", "jobStatus"}
    assert "jobID" not in probe.poll(seen["jobID"]).json
    assert injection.applied == 1
    injection.clear()
    assert is_clean(probe)


@pytest.mark.parametrize(("name", "form"), FORMS.items())
def test_ids_have_another_form_and_lead_to_their_jobs(probe: Probe, name: str, form: str) -> None:
    assert is_clean(probe)
    injection = probe.site.deviate(name)
    job_id = probe.submit().json["jobId"]
    assert re.fullmatch(form, job_id)
    assert probe.poll(job_id).json["jobId"] == job_id
    assert injection.applied == 1
    injection.clear()
    assert is_clean(probe)
    assert [probe.poll(job_id).json["jobStatus"] for _ in range(2)][-1] == "esriJobSucceeded"
    assert probe.result(job_id).json["value"]


@pytest.mark.parametrize(("name", "meets"), STATUSES.items())
def test_a_submission_says_more_or_less_or_another_status(
    probe: Probe, name: str, meets: dict[str, Any]
) -> None:
    assert is_clean(probe)
    injection = probe.site.deviate(name)
    seen = probe.submit().json
    job_id = seen.pop("jobId")
    assert seen == meets
    assert "error" in probe.post(f"{probe.task()}/submitJob", Viewshed_Distance="wrong").json
    assert injection.applied == 1
    assert probe.poll(job_id).json["jobStatus"] == "esriJobExecuting"
    injection.clear()
    assert is_clean(probe)


@pytest.mark.parametrize("path", [VIEWSHED, ECHO_JOB])
@pytest.mark.parametrize(("name", "said"), AT_ONCE.items())
def test_a_job_has_succeeded_before_anybody_looks(probe: Probe, name: str, said: str, path: str) -> None:
    assert probe.poll(probe.job_id(path), path).json["jobStatus"] != "esriJobSucceeded"
    injection = probe.site.deviate(name)
    seen = probe.submit(path).json
    assert seen["jobStatus"] == said
    job = probe.poll(seen["jobId"], path).json
    assert job["jobStatus"] == "esriJobSucceeded"
    assert job["results"]
    assert injection.applied == 1
    injection.clear()
    assert probe.submit(path).json["jobStatus"] == "esriJobSubmitted"


def test_a_job_is_unknown_at_the_first_two_looks_at_it(probe: Probe) -> None:
    jobs = [probe.job_id(), probe.job_id()]
    injection = probe.site.deviate("job-not-yet-visible")
    for job_id in jobs:
        seen = [probe.poll(job_id) for _ in range(3)]
        assert [each.json.get("error", {}).get("code") for each in seen] == [400, 400, None]
        assert seen[-1].json["jobId"] == job_id
    assert injection.applied == 4
    other = probe.job_id()
    injection.clear()
    assert "error" not in probe.poll(other).json


def test_a_submission_is_answered_as_a_run(probe: Probe) -> None:
    injection = probe.site.deviate("submit-answers-results")
    seen = probe.submit().json
    assert seen.keys() == {"results", "messages"}
    assert seen["results"][0].keys() == {"paramName", "dataType", "value"}
    assert injection.applied == 1
    injection.clear()
    assert is_clean(probe)


def test_a_submission_is_answered_with_its_form(probe: Probe) -> None:
    injection = probe.site.deviate("submit-answers-form")
    seen = probe.submit()
    assert (seen.status, seen.headers["content-type"].split(";")[0]) == (200, "text/html")
    assert b"<form" in seen.body
    assert not probe.site.store.ids()
    assert injection.applied == 1
    injection.clear()
    assert is_clean(probe)


def test_a_task_does_not_know_the_verb(probe: Probe) -> None:
    execute = f"{probe.task(ECHO)}/execute"
    assert "results" in probe.post(execute).json
    injections = [probe.site.deviate(name) for name in sorted(WRONG_VERBS)]
    errors = [seen.json["error"] for seen in (probe.post(execute), probe.submit())]
    assert [(each["code"], each["message"]) for each in errors] == [
        (500, "Error performing execute operation"),
        (500, "Error performing submitJob operation"),
    ]
    assert [each.applied for each in injections] == [1, 1]
    probe.site.deviations.clear()
    assert "results" in probe.post(execute).json
    assert is_clean(probe)
