"""The deviations of jobs' states: what submit, polls and cancels say, look by look."""

from __future__ import annotations

from typing import Any

import pytest
from deviation_probe import Probe

NEW, SUBMITTED, WAITING, EXECUTING = "esriJobNew", "esriJobSubmitted", "esriJobWaiting", "esriJobExecuting"
SUCCEEDED, FAILED, TIMED_OUT = "esriJobSucceeded", "esriJobFailed", "esriJobTimedOut"
CANCELLING, CANCELLED = "esriJobCancelling", "esriJobCancelled"
USUAL = [SUBMITTED, EXECUTING, SUCCEEDED, SUCCEEDED, SUCCEEDED]
RESULTS = {"Viewshed_Result": {"paramUrl": "results/Viewshed_Result"}}
MISSING = object()

STATES: dict[str, list[Any]] = {
    "states-skipped": [SUBMITTED, SUBMITTED, SUCCEEDED],
    "waits-in-queue": [SUBMITTED, *[WAITING] * 20, EXECUTING, SUCCEEDED],
    "never-ends": [SUBMITTED, *[EXECUTING] * 5],
    "never-starts": [SUBMITTED, *[WAITING] * 5],
    "cancelling-for-ever": [SUBMITTED, EXECUTING, *[CANCELLING] * 4],
    "status-unknown": [SUBMITTED, "esriJobPaused", "esriJobPartialSucceeded"],
    "status-lower-case": [SUBMITTED, "esrijobexecuting", "esrijobsucceeded"],
    "status-bare-word": [SUBMITTED, "Executing", "Succeeded"],
    "status-number": [SUBMITTED, 3, 4],
    "status-null": [SUBMITTED, None, None],
    "status-missing": [SUBMITTED, MISSING, MISSING],
    "status-trailing-blank": [SUBMITTED, f"{EXECUTING} ", f"{SUCCEEDED} "],
    "job-fails": [SUBMITTED, EXECUTING, FAILED, FAILED],
    "job-times-out": [SUBMITTED, EXECUTING, TIMED_OUT, TIMED_OUT],
    "job-expected-failure": [SUBMITTED, EXECUTING, "expectedFailure", "expectedFailure"],
    "job-deleted-while-running": [
        SUBMITTED,
        EXECUTING,
        "esriJobDeleting",
        "esriJobDeleted",
        "esriJobDeleted",
    ],
    "cancelled-by-someone-else": [SUBMITTED, EXECUTING, CANCELLING, CANCELLED, CANCELLED],
    "failed-at-submit": [FAILED, FAILED, FAILED],
    "failed-shortest": [SUBMITTED, EXECUTING, FAILED],
    "failed-without-messages": [SUBMITTED, EXECUTING, FAILED],
    "reason-before-last-error": [SUBMITTED, EXECUTING, EXECUTING, FAILED],
    "failed-with-results": [SUBMITTED, EXECUTING, FAILED, FAILED],
    "cancelled-with-results": [SUBMITTED, EXECUTING, CANCELLED, CANCELLED],
    "executing-with-results": [SUBMITTED, EXECUTING, EXECUTING, EXECUTING, SUCCEEDED],
    "state-goes-back": [SUBMITTED, EXECUTING, SUBMITTED, EXECUTING, SUCCEEDED],
    "state-flips": [SUBMITTED, *[EXECUTING, WAITING] * 10, SUCCEEDED],
    "succeeded-then-failed": [SUBMITTED, EXECUTING, SUCCEEDED, FAILED, FAILED],
    "succeeded-then-executing": [SUBMITTED, EXECUTING, SUCCEEDED, EXECUTING, EXECUTING],
    "failed-then-succeeded": [SUBMITTED, EXECUTING, FAILED, SUCCEEDED, SUCCEEDED],
}
SHOWING_RESULTS = {
    "failed-with-results": [2, 3],
    "cancelled-with-results": [2, 3],
    "executing-with-results": [2, 3, 4],
    "succeeded-then-failed": [2],
    "succeeded-then-executing": [2],
    "failed-then-succeeded": [3, 4],
}
LAST_WORDS: dict[str, list[tuple[str, str]]] = {
    "failed-shortest": [("Informative", "Submitted."), ("Informative", "Executing..."), ("Error", "Failed.")],
    "failed-without-messages": [],
}
IDS = {"job-id-case-differs", "poll-without-job-id"}
ALONE = {"job-vanishes", "job-of-someone-else"}
REFUSED_CANCELS = {"cancel-refused": "Invalid or missing input parameters.", "cancel-unknown": "Invalid URL"}
CANCELS = {
    "cancel-ignored": (CANCELLING, [CANCELLING] * 4, SUCCEEDED),
    "cancel-at-once": (CANCELLED, [], CANCELLED),
    "cancel-slow": (CANCELLING, [CANCELLING], CANCELLED),
}
RACES = {"cancel-races-the-end"}
BEGUN = ["Start Time", "Executing (viewshed)"]
TOLD: dict[str, tuple[int, bool, list[str]]] = {
    "failed-with-results": (2, True, [*BEGUN, "Failed at", "Failed."]),
    "cancelled-with-results": (2, True, [*BEGUN, "Cancelled at", "Cancel complete."]),
    "executing-with-results": (2, False, BEGUN),
    "succeeded-then-failed": (3, False, [*BEGUN, "Succeeded at", "Failed."]),
    "succeeded-then-executing": (3, False, [*BEGUN, "Succeeded at"]),
    "failed-then-succeeded": (2, False, [*BEGUN, "Failed at", "Failed."]),
}
"""At which look, whether the inputs are listed, and how the messages begin."""
COVERED = frozenset({*STATES, *IDS, *ALONE, *REFUSED_CANCELS, *CANCELS, *RACES})


def looks(probe: Probe, count: int) -> list[dict[str, Any]]:
    """The answers to a submit and to the polls after it."""
    submitted = probe.submit().json
    return [submitted, *(probe.poll(submitted["jobId"]).json for _ in range(count - 1))]


def statuses(answers: list[dict[str, Any]]) -> list[Any]:
    return [each.get("jobStatus", MISSING) for each in answers]


def cancel(probe: Probe, job_id: str) -> dict[str, Any]:
    answer: dict[str, Any] = probe.post(f"{probe.task()}/jobs/{job_id}/cancel").json
    return answer


def test_a_clean_job_goes_as_the_tables_take_it_to(probe: Probe) -> None:
    answers = looks(probe, 5)
    assert statuses(answers) == USUAL
    assert [each.get("results") for each in answers[1:]] == [None, *[RESULTS] * 3]
    assert ["progress" in each for each in answers] == [False, True, False, False, False]


@pytest.mark.parametrize(("name", "met"), STATES.items(), ids=STATES)
def test_each_look_finds_the_state_that_is_said(probe: Probe, name: str, met: list[Any]) -> None:
    injection = probe.site.deviate(name)
    answers = looks(probe, len(met))
    injection.clear()
    assert statuses(answers) == met
    assert injection.applied >= 1
    showing = [i for i, each in enumerate(answers) if "results" in each]
    expected = [i for i, each in enumerate(met) if i >= 2 and _ends_well(each)]
    assert showing == SHOWING_RESULTS.get(name, expected)
    clean = looks(probe, min(len(met), len(USUAL)))
    assert statuses(clean) == USUAL[: len(met)]
    assert statuses(clean) != met


def _ends_well(status: Any) -> bool:
    return status in (4, None, MISSING) or "succeeded" in str(status).lower()


@pytest.mark.parametrize(("name", "told"), TOLD.items(), ids=TOLD)
def test_a_state_that_is_not_the_jobs_own_has_its_messages(
    probe: Probe, name: str, told: tuple[int, bool, list[str]]
) -> None:
    look, with_inputs, begins = told
    probe.site.deviate(name)
    seen = looks(probe, look + 1)[-1]
    assert ("inputs" in seen) is with_inputs
    texts = [each["description"] for each in seen["messages"]]
    assert [text[: len(begin)] for text, begin in zip(texts, begins, strict=True)] == begins


@pytest.mark.parametrize("name", [name for name, met in STATES.items() if met[1] == EXECUTING])
def test_only_a_job_that_says_that_it_executes_tells_how_far_it_is(probe: Probe, name: str) -> None:
    probe.site.deviate(name)
    for each in looks(probe, len(STATES[name])):
        tells = each["jobStatus"] == EXECUTING and name != "failed-shortest" and "results" not in each
        if name == "succeeded-then-executing" and "Succeeded" in str(each.get("messages")):
            tells = False
        assert ("progress" in each) is tells


def test_every_state_has_its_number(probe: Probe) -> None:
    phases = [{"status": each, "polls": 1} for each in ("new", "submitted", "waiting", "executing")]
    injection = probe.site.deviate("status-number")
    for word, number in (("succeeded", 4), ("failed", 5), ("expectedFailure", 5), ("timedOut", 6)):
        timeline = {"phases": phases, "ending": word}
        own = probe.site.deviate({"name": "own", "on": ["submit"], "do": [{"timeline": timeline}]})
        assert statuses(looks(probe, 6))[1:] == [0, 1, 2, 3, number]
        own.clear()
    job_id = probe.job_id()
    cancel(probe, job_id)
    assert [probe.poll(job_id).json["jobStatus"] for _ in range(2)] == [7, 8]
    assert injection.applied == 22


def test_a_waiting_job_is_not_said_to_be_paused(probe: Probe) -> None:
    probe.site.deviate("status-unknown")
    path = "Simulation/JobOutcomes/GPServer/WaitsInQueue"
    job_id = probe.job_id(path)
    seen = [probe.poll(job_id, path).json["jobStatus"] for _ in range(3)]
    assert seen == [WAITING, "esriJobPaused", "esriJobPartialSucceeded"]


@pytest.mark.parametrize(("name", "said"), LAST_WORDS.items())
def test_a_failed_job_can_say_next_to_nothing(probe: Probe, name: str, said: list[tuple[str, str]]) -> None:
    injection = probe.site.deviate(name)
    last = looks(probe, 4)[-1]
    injection.clear()
    assert last["jobStatus"] == FAILED
    assert [
        (each["type"].removeprefix("esriJobMessageType"), each["description"]) for each in last["messages"]
    ] == said
    assert len(looks(probe, 4)[-1]["messages"]) >= 3


def test_the_reason_stands_above_the_last_error(probe: Probe) -> None:
    probe.site.deviate("reason-before-last-error", reason="ERROR 000732: no such layer")
    errors = [
        each["description"]
        for each in looks(probe, 5)[-1]["messages"]
        if each["type"] == "esriJobMessageTypeError"
    ]
    assert errors[0] == "ERROR 000732: no such layer"
    assert errors[-1] == "Failed."


def test_a_job_that_never_ends_or_starts_can_be_cancelled(probe: Probe) -> None:
    for name in ("never-ends", "never-starts"):
        injection = probe.site.deviate(name)
        job_id = looks(probe, 3)[0]["jobId"]
        assert cancel(probe, job_id)["jobStatus"] == CANCELLING
        assert [probe.poll(job_id).json["jobStatus"] for _ in range(2)] == [CANCELLING, CANCELLED]
        injection.clear()


def test_a_job_that_is_cancelling_for_ever_takes_a_cancel(probe: Probe) -> None:
    probe.site.deviate("cancelling-for-ever")
    job_id = looks(probe, 3)[0]["jobId"]
    assert cancel(probe, job_id)["jobStatus"] == CANCELLING
    assert {probe.poll(job_id).json["jobStatus"] for _ in range(3)} == {CANCELLING}


def test_of_many_results_an_executing_job_shows_one(probe: Probe) -> None:
    path = "DataTypes/OutputsJob/GPServer/SeveralOutputs"
    probe.site.deviate("executing-with-results", polls=1)
    job_id = probe.job_id(path)
    seen = [probe.poll(job_id, path).json for _ in range(3)]
    assert [(each["jobStatus"], list(each.get("results", ()))) for each in seen] == [
        (EXECUTING, []),
        (EXECUTING, ["Summary"]),
        (SUCCEEDED, ["Summary", "Count", "Area", "Found", "Measured_On", "Places"]),
    ]
    assert not any("Succeeded" in each["description"] for each in seen[1]["messages"])


@pytest.mark.parametrize("name", ["succeeded-then-failed", "succeeded-then-executing"])
def test_results_stay_when_the_state_does_not(probe: Probe, name: str) -> None:
    probe.site.deviate(name)
    answers = looks(probe, 4)
    assert "results" not in answers[-1]
    assert probe.result(answers[0]["jobId"]).json["paramName"] == "Viewshed_Result"


@pytest.mark.parametrize("name", sorted(IDS))
def test_polls_tell_another_id_or_none(probe: Probe, name: str) -> None:
    job_id = probe.job_id()
    injection = probe.site.deviate(name)
    seen = probe.poll(job_id).json
    injection.clear()
    expected = {"job-id-case-differs": job_id.upper(), "poll-without-job-id": None}[name]
    assert seen.get("jobId") == expected
    assert expected != job_id
    assert probe.poll(job_id).json["jobId"] == job_id
    assert injection.applied == 1


def test_a_job_vanishes_with_its_results(probe: Probe) -> None:
    injection = probe.site.deviate("job-vanishes", poll=3)
    answers = looks(probe, 5)
    job_id = answers[0]["jobId"]
    assert statuses(answers[:3]) == USUAL[:3]
    assert [each["error"]["code"] for each in answers[3:]] == [400, 400]
    assert probe.result(job_id).json["error"]["code"] == 400
    assert injection.applied == 2
    injection.clear()
    assert statuses(looks(probe, 5)) == USUAL
    assert probe.poll(job_id).json["error"]["code"] == 400, "what is gone stays gone"


def test_polls_can_be_answered_with_somebody_elses_job(probe: Probe) -> None:
    injection = probe.site.deviate("job-of-someone-else")
    submitted, seen = looks(probe, 2)
    injection.clear()
    assert submitted["jobStatus"] == SUBMITTED
    assert seen["jobId"] not in ("", submitted["jobId"])
    assert (seen["jobStatus"], seen["results"]) == (SUCCEEDED, RESULTS)
    assert probe.poll(submitted["jobId"]).json["jobId"] == submitted["jobId"]
    assert injection.applied == 2


@pytest.mark.parametrize(("name", "message"), REFUSED_CANCELS.items())
def test_a_refused_cancel_leaves_the_job_going(probe: Probe, name: str, message: str) -> None:
    injection = probe.site.deviate(name)
    job_id = probe.job_id()
    assert cancel(probe, job_id) == {"error": {"code": 400, "message": message, "details": []}}
    assert [probe.poll(job_id).json["jobStatus"] for _ in range(2)] == [EXECUTING, SUCCEEDED]
    assert injection.applied == 1
    injection.clear()
    job_id = probe.job_id()
    assert cancel(probe, job_id)["jobStatus"] == CANCELLING
    assert [probe.poll(job_id).json["jobStatus"] for _ in range(2)] == [CANCELLING, CANCELLED]


@pytest.mark.parametrize(
    ("name", "answered", "meanwhile", "last"), [(name, *met) for name, met in CANCELS.items()]
)
def test_a_cancel_is_heard_at_once_or_late_or_never(
    probe: Probe, name: str, answered: str, meanwhile: list[str], last: str
) -> None:
    probe.site.deviate(name)
    job_id = probe.job_id()
    assert probe.poll(job_id).json["jobStatus"] == EXECUTING
    asked = probe.site.clock.now()
    assert cancel(probe, job_id)["jobStatus"] == answered
    seen = [probe.poll(job_id).json for _ in range(len(meanwhile) + 1)]
    assert statuses(seen) == [*meanwhile, last]
    assert seen[-1].get("results") == (RESULTS if last == SUCCEEDED else None)
    waited = probe.site.clock.now() - asked
    assert (waited == 5) is (name == "cancel-slow")


def test_a_cancel_is_heard_within_a_second_otherwise(probe: Probe) -> None:
    job_id = probe.job_id()
    asked = probe.site.clock.now()
    assert cancel(probe, job_id)["jobStatus"] == CANCELLING
    assert [probe.poll(job_id).json["jobStatus"] for _ in range(2)] == [CANCELLING, CANCELLED]
    assert probe.site.clock.now() - asked <= 1


def test_a_cancel_can_come_just_too_late(probe: Probe) -> None:
    (name,) = RACES
    injection = probe.site.deviate(name)
    job_id = probe.job_id()
    first = probe.poll(job_id).json
    assert (first["jobStatus"], first["messages"]) == (EXECUTING, [])
    assert not {"results", "inputs"} & set(first)
    assert cancel(probe, job_id)["error"]["message"] == "Invalid or missing input parameters."
    last = probe.poll(job_id).json
    assert (last["jobStatus"], last["results"]) == (SUCCEEDED, RESULTS)
    assert injection.applied == 2
