"""What services do to submissions, jobs, messages, results, values and descriptors, by name, and what the
client makes of it.

`ok` cases have the outputs of the undeviated run; `flag` cases have what the server delivered and a warning
that names the output.
"""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from conversation import (
    JOB,
    JOB_ID,
    ROOT,
    SERVICE,
    Call,
    converse,
    job,
    page,
    parameter,
    refused,
    service,
    task,
    value,
)
from gp_client import (
    DeadlineExceeded,
    GPClient,
    JobCancelled,
    JobDeleted,
    JobError,
    JobFailed,
    JobTimedOut,
    JobVanished,
)
from scripted import Answer, answer, error

from every_case import every_case

Row = tuple[dict[str, Any], str]


def jobs(*states: str, **changes: Any) -> list[Answer]:
    """A job's answers, one after the other; the changes are those of the last."""
    *before, last = states
    return [*(answer(job(each)) for each in before), answer(job(last, **changes))]


def submitted(**changes: Any) -> Answer:
    return answer({"jobId": JOB_ID, "jobStatus": "esriJobSubmitted"} | changes)


def named(job_id: str) -> dict[str, Any]:
    """A server whose job has another id."""
    return {
        "submit": answer({"jobId": job_id, "jobStatus": "esriJobSubmitted"}),
        f"jobs/{job_id}": answer(job(jobId=job_id)),
        f"{job_id}/results/Out": answer(value()),
    }


EARLY = error(400, "Invalid or missing input parameters.")
MESSAGE = {"type": "esriJobMessageTypeError", "description": "ERROR 000732"}
FORM = page(
    "Submit Job (tool)",
    '<link href="/arcgis/rest/static/main.css" rel="stylesheet"/><div class="breadcrumbs"></div>'
    '<h2>Submit Job (tool)</h2><form method="POST"><input name="Note"/></form>',
)

SUBMIT: dict[str, Row] = {
    "job-id-missing": ({"submit": answer({"jobStatus": "esriJobSubmitted"})}, "protocol"),
    "job-id-null": ({"submit": submitted(jobId=None)}, "protocol"),
    "job-id-empty": ({"submit": submitted(jobId="")}, "protocol"),
    "job-id-with-path": ({"submit": submitted(jobId="../../admin")}, "protocol"),
    "job-id-number": ({"submit": submitted(jobId=12345)}, "protocol"),
    "job-id-other-key": ({"submit": answer({"jobID": JOB_ID, "jobStatus": "esriJobSubmitted"})}, "protocol"),
    "already-succeeded-at-submit": ({"submit": answer(job())}, "ok"),
    "already-succeeded-at-first-poll": ({"job": answer(job())}, "ok"),
    "job-id-upper-case": (named("JE30A1B2C3D4E5F60718293A4B5C6D7E8"), "ok"),
    "job-id-without-j": (named("e30a1b2c3d4e5f60718293a4b5c6d7e8"), "ok"),
    "job-id-with-dashes": (named("je30a1b2c-3d4e-5f60-7182-93a4b5c6d7e8"), "ok"),
    "submit-status-new": ({"submit": submitted(jobStatus="esriJobNew")}, "ok"),
    "submit-status-waiting": ({"submit": submitted(jobStatus="esriJobWaiting")}, "ok"),
    "submit-status-executing": ({"submit": submitted(jobStatus="esriJobExecuting")}, "ok"),
    "submit-status-missing": ({"submit": answer({"jobId": JOB_ID})}, "ok"),
    "submit-with-messages": ({"submit": submitted(messages=[MESSAGE])}, "ok"),
    "job-not-yet-visible": ({"job": [EARLY, EARLY, *jobs("Executing", "Succeeded")]}, "ok"),
    "job-never-visible": ({"job": EARLY}, "server"),
    "submit-answers-results": ({"submit": answer({"results": [value()], "messages": []})}, "protocol"),
    "submit-answers-form": ({"submit": FORM}, "protocol"),
    "submit-on-sync": ({"submit": refused(500, "Error performing submitJob operation")}, "server"),
}

JOB_STATE: dict[str, Row] = {
    "states-skipped": ({"job": jobs("Submitted", "Succeeded")}, "ok"),
    "waits-in-queue": ({"job": jobs(*["Waiting"] * 20, "Executing", "Succeeded")}, "ok"),
    "never-ends": ({"job": jobs("Executing")}, "deadline"),
    "never-starts": ({"job": jobs("Waiting")}, "deadline"),
    "cancelling-for-ever": ({"job": jobs("Executing", "Cancelling")}, "deadline"),
    "status-unknown": ({"job": jobs("esriJobPartialSucceeded")}, "protocol"),
    "status-paused": ({"job": jobs("Executing", "esriJobPaused")}, "protocol"),
    "status-lower-case": ({"job": answer(job(jobStatus="esrijobsucceeded"))}, "protocol"),
    "status-bare-word": ({"job": answer(job(jobStatus="Succeeded"))}, "protocol"),
    "status-number": ({"job": answer(job(jobStatus=4))}, "protocol"),
    "status-null": ({"job": answer(job(jobStatus=None))}, "protocol"),
    "status-missing": ({"job": answer(job(jobStatus=...))}, "protocol"),
    "status-trailing-blank": ({"job": answer(job(jobStatus="esriJobSucceeded "))}, "protocol"),
    "job-fails": ({"job": jobs("Executing", "Failed", messages=[MESSAGE])}, "job"),
    "job-times-out": ({"job": jobs("Executing", "TimedOut")}, "job"),
    "job-expected-failure": ({"job": jobs("Executing", "expectedFailure")}, "job"),
    "job-deleted-while-running": ({"job": jobs("Executing", "Deleting", "Deleted")}, "job"),
    "cancelled-by-someone-else": ({"job": jobs("Executing", "Cancelling", "Cancelled")}, "job"),
    "failed-at-submit": (
        {"submit": submitted(jobStatus="esriJobFailed", messages=[MESSAGE]), "job": jobs("Failed")},
        "job",
    ),
    "failed-without-messages": ({"job": jobs("Failed", messages=[])}, "job"),
    "failed-without-message-key": ({"job": jobs("Failed", messages=...)}, "job"),
    "reason-before-last-error": (
        {"job": jobs("Failed", messages=[MESSAGE, {**MESSAGE, "description": "Failed."}])},
        "job",
    ),
    "failed-with-results": ({"job": jobs("Failed", results={"Out": {"paramUrl": "results/Out"}})}, "job"),
    "cancelled-with-results": (
        {"job": jobs("Cancelled", results={"Out": {"paramUrl": "results/Out"}})},
        "job",
    ),
    "executing-with-results": (
        {"job": [answer(job("Executing", results={"Half": {"paramUrl": "results/Half"}})), answer(job())]},
        "ok",
    ),
    "state-goes-back": ({"job": jobs("Executing", "Submitted", "Executing", "Succeeded")}, "ok"),
    "state-flips": ({"job": jobs(*["Waiting", "Executing"] * 10, "Succeeded")}, "ok"),
    "succeeded-then-failed": ({"job": jobs("Succeeded", "Failed")}, "ok"),
    "succeeded-then-executing": ({"job": jobs("Succeeded", "Executing")}, "ok"),
    "failed-then-succeeded": ({"job": jobs("Failed", "Succeeded")}, "job"),
    "job-vanishes": ({"job": [*jobs("Executing"), error(400, "Job does not exist.")]}, "server"),
    "job-vanishes-404": ({"job": [*jobs("Executing"), error(404, "Job not found.")]}, "server"),
    "job-of-someone-else": ({"job": answer(job(jobId="j00000000000000000000000000000000"))}, "protocol"),
    "job-id-case-differs": ({"job": answer(job(jobId=JOB_ID.upper()))}, "ok"),
    "poll-without-job-id": ({"job": answer(job(jobId=...))}, "ok"),
    "stale-job-answer": ({"job": jobs(*["Submitted"] * 5, "Succeeded")}, "ok"),
    "polls-from-two-machines": (
        {"job": jobs("Waiting", "Submitted", "Executing", "Waiting", "Executing", "Succeeded")},
        "ok",
    ),
}

SAID = {"type": "esriJobMessageTypeInformative", "description": "Submitted."}


def saying(*messages: Any) -> Row:
    return {"job": jobs("Executing", "Succeeded", messages=list(messages))}, "ok"


def at(progress: Any) -> Row:
    return {"job": [answer(job("Executing", progress=progress)), answer(job())]}, "ok"


MESSAGES: dict[str, Row] = {
    "messages-empty": saying(),
    "messages-shrink": (
        {"job": [answer(job("Executing", messages=[SAID, SAID, MESSAGE])), answer(job(messages=[MESSAGE]))]},
        "ok",
    ),
    "messages-grow": (
        {"job": [*(answer(job("Executing", messages=[SAID] * n)) for n in range(5)), answer(job())]},
        "ok",
    ),
    "messages-huge": saying(*[SAID] * 50_000, {**SAID, "description": "x" * 5_000_000}),
    "message-multi-line": saying({**MESSAGE, "description": "Traceback:\n  File\nValueError"}),
    "message-type-abort": saying({**SAID, "type": "esriJobMessageTypeAbort"}),
    "message-type-empty": saying({**SAID, "type": "esriJobMessageTypeEmpty"}),
    "message-type-process-start": saying({**SAID, "type": "esriJobMessageTypeProcessStart"}),
    "message-json": saying({**SAID, "description": '{"cost": 1}'}),
    "message-html": saying({**SAID, "description": "<b>bold</b> &quot;"}),
    "message-control-characters": saying({**SAID, "description": "a\0b\x1b[2J\u202e"}),
    "messages-missing": ({"job": answer(job(messages=...))}, "ok"),
    "messages-null": ({"job": answer(job(messages=None))}, "ok"),
    "messages-object": ({"job": answer(job(messages={}))}, "ok"),
    "messages-of-strings": saying("Submitted."),
    "message-type-unknown": saying({**SAID, "type": "esriJobMessageTypeNew"}),
    "message-type-number": saying({**SAID, "type": 50}),
    "message-text-missing": saying({"type": "esriJobMessageTypeError"}),
    "message-text-number": saying({**SAID, "description": 7}),
    "messages-reordered": (
        {"job": [answer(job("Executing", messages=[SAID, MESSAGE])), answer(job(messages=[MESSAGE, SAID]))]},
        "ok",
    ),
    "messages-repeated": saying(SAID, SAID, SAID),
    "errors-but-succeeded": saying(MESSAGE),
    "progress-missing": ({"job": answer(job(progress=...))}, "ok"),
    "progress-goes-back": (
        {
            "job": [
                answer(job("Executing", progress={"type": "step", "percent": 80})),
                answer(job("Executing", progress={"type": "step", "percent": 20})),
                answer(job()),
            ]
        },
        "ok",
    ),
    "progress-without-percent": at({"type": "default", "message": "Working"}),
    "progress-null": at(None),
    "progress-text": at("50%"),
    "progress-percent-text": at({"type": "step", "percent": "50"}),
    "progress-over-100": at({"type": "step", "percent": 130}),
    "progress-percentage-key": at({"type": "step", "percentage": 50}),
    "progress-of-odd-kinds": at({"type": [], "percent": {}, "message": 7}),
    "progress-when-done": ({"job": answer(job(progress={"type": "step", "percent": 100}))}, "ok"),
}


def listing(results: Any, **more: Any) -> Row:
    return {"job": answer(job(results=results)), **more}, "ok"


def to(param_url: Any, word: str = "ok") -> Row:
    return {"job": answer(job(results={"Out": {"paramUrl": param_url}}))}, word


RESULTS: dict[str, Row] = {
    "results-late": ({"job": [answer(job(results=...))] * 3 + [answer(job())]}, "ok"),
    "result-too-early": ({"result": [EARLY, EARLY, answer(value())]}, "ok"),
    "result-too-early-for-ever": ({"result": EARLY}, "server"),
    "results-never": ({"job": answer(job(results=...))}, "protocol"),
    "results-null": ({"job": answer(job(results=None))}, "protocol"),
    "results-empty": ({"job": answer(job(results={}))}, "protocol"),
    "results-list": (
        {"job": answer(job(results=[{"paramName": "Out", "paramUrl": "results/Out"}]))},
        "protocol",
    ),
    "output-missing": ({"job": answer(job(results={"Other": {"paramUrl": "results/Other"}}))}, "protocol"),
    "output-undeclared": listing(
        {"Out": {"paramUrl": "results/Out"}, "More": {"paramUrl": "results/More"}},
        **{"results/More": answer(value(paramName="More"))},
    ),
    "output-name-case": listing({"out": {"paramUrl": "results/Out"}}),
    "param-url-lower-case": listing(
        {"Out": {"paramUrl": "results/out"}}, **{"results/out": answer(value(paramName="out"))}
    ),
    "param-url-with-blank": listing(
        {"Out": {"paramUrl": "results/The Out"}}, **{"results/The%20Out": answer(value())}
    ),
    "param-url-with-query": to("results/Out?x=1"),
    "param-url-absolute": to(f"{JOB}/results/Out"),
    "param-url-leading-slash": to("/results/Out"),
    "param-url-root-relative": to(JOB.removeprefix("http://gis.example.com") + "/results/Out"),
    "param-url-other-host": to("http://elsewhere.example.org/results/Out", "protocol"),
    "param-url-no-scheme": to("//elsewhere.example.org/results/Out", "protocol"),
    "param-url-dot-segments": to("results/../../../admin", "protocol"),
    "param-url-dot-segments-quoted": to("results/%2e%2e/%2e%2e/admin", "protocol"),
    "param-url-missing": ({"job": answer(job(results={"Out": {}}))}, "protocol"),
    "param-url-null": to(None, "protocol"),
    "param-url-bare-text": ({"job": answer(job(results={"Out": "results/Out"}))}, "protocol"),
    "result-gone": ({"result": error(404, "Result not found.")}, "server"),
    "no-outputs": (
        {"task": answer(task(parameters=[parameter("Note")])), "job": answer(job(results=...))},
        "ok",
    ),
    "error-beside-results": (
        {"job": answer(job(error={"code": 500, "message": "No.", "details": []}))},
        "server",
    ),
    "error-beside-value": (
        {"result": answer(value(error={"code": 500, "message": "No.", "details": []}))},
        "server",
    ),
}

ROWS = {**SUBMIT, **JOB_STATE, **MESSAGES, **RESULTS}


@every_case(("script", "word"), ROWS.values(), ids=ROWS)
def test_the_outcome_is(script: dict[str, Any], word: str) -> None:
    outcome = converse(script)
    assert outcome.word == word, outcome.raised
    if word == "ok" and outcome.value.outputs:
        assert outcome.value["Out"] == "done"
        assert outcome.server.count("/results/Out", "/results/out", "/results/The%20Out") <= 3
    if outcome.raised is not None and script not in [row[0] for row in SUBMIT.values()]:
        assert outcome.raised.job is not None
        assert outcome.raised.job.url == JOB


def test_an_id_that_was_given_out_before_is_a_violation() -> None:
    def twice(client: GPClient) -> Any:
        client.task("Tools/tool").submit()
        return client.task("Tools/tool").submit()

    outcome = converse({}, call=twice, acted_on=2)
    assert outcome.word == "protocol"


@every_case(
    ("states", "kind"),
    [
        (("Failed",), JobFailed),
        (("expectedFailure",), JobFailed),
        (("TimedOut",), JobTimedOut),
        (("Cancelled",), JobCancelled),
        (("Deleting",), JobDeleted),
        (("Deleted",), JobDeleted),
    ],
)
def test_an_end_has_its_kind_and_all_messages(states: tuple[str, ...], kind: type[JobError]) -> None:
    outcome = converse({"job": jobs("Executing", *states, messages=[SAID, MESSAGE])})
    assert type(outcome.raised) is kind
    assert isinstance(outcome.raised, JobError)
    assert [message.description for message in outcome.raised.messages] == ["Submitted.", "ERROR 000732"]
    assert outcome.raised.status.endswith(states[-1])


def test_a_deadline_cancels_the_job_and_names_it() -> None:
    outcome = converse({"job": jobs("Executing")}, deadline=60)
    assert isinstance(outcome.raised, DeadlineExceeded)
    assert outcome.raised.cancelled
    assert outcome.server.paths()[-1].endswith(f"/jobs/{JOB_ID}/cancel")


def test_a_deadline_may_leave_the_job_running() -> None:
    outcome = converse({"job": jobs("Executing")}, deadline=60, leave_running=True)
    assert isinstance(outcome.raised, DeadlineExceeded)
    assert not outcome.raised.cancelled
    assert outcome.server.count("/cancel") == 0


def test_a_job_that_was_there_has_vanished() -> None:
    outcome = converse({"job": [*jobs("Executing"), error(404, "Job not found.")]})
    assert isinstance(outcome.raised, JobVanished)


def after_cancel(client: GPClient) -> Any:
    started = client.task("Tools/tool").submit()
    started.cancel()
    return started.result()


def only_cancel(client: GPClient) -> Any:
    return client.task("Tools/tool").submit().cancel()


CANCEL: dict[str, tuple[dict[str, Any], Call, str]] = {
    "cancel-ignored": ({"job": jobs("Cancelling", "Succeeded")}, after_cancel, "ok"),
    "cancel-at-once": (
        {"cancel": answer(job("Cancelled")), "job": jobs("Cancelled")},
        after_cancel,
        "job",
    ),
    "cancel-slow": ({"job": jobs(*["Cancelling"] * 5, "Cancelled")}, after_cancel, "job"),
    "cancel-refused": ({"cancel": EARLY}, only_cancel, "server"),
    "cancel-races-the-end": ({"cancel": EARLY, "job": answer(job())}, only_cancel, "server"),
    "cancel-unknown": ({"cancel": error(400, "Invalid URL")}, only_cancel, "server"),
}


@every_case(("script", "call", "word"), CANCEL.values(), ids=CANCEL)
def test_the_outcome_of_a_cancel_is(script: dict[str, Any], call: Call, word: str) -> None:
    assert converse(script, call=call).word == word


POINT = {"x": 1.5, "y": 2.5}
FIELDS = [
    {"name": "OBJECTID", "type": "esriFieldTypeOID", "alias": "OBJECTID"},
    {"name": "n", "type": "esriFieldTypeInteger", "alias": "n"},
]
FEATURES: dict[str, Any] = {
    "displayFieldName": "",
    "geometryType": "esriGeometryPoint",
    "spatialReference": {"wkid": 4326},
    "fields": FIELDS,
    "features": [{"geometry": POINT, "attributes": {"OBJECTID": 1, "n": 5}}],
    "exceededTransferLimit": False,
}


def features(**changes: Any) -> dict[str, Any]:
    return {key: each for key, each in (FEATURES | changes).items() if each is not ...}


def of_one(geometry: Any = POINT, attributes: Any = None, **changes: Any) -> dict[str, Any]:
    one = {"geometry": geometry, "attributes": attributes or {"OBJECTID": 1, "n": 5}}
    return features(features=[one], **changes)


LAYER = "GPFeatureRecordSetLayer"
# name: (data type, value, word, what it is in Python or ... where that is said elsewhere)
VALUES: dict[str, tuple[str, Any, str, Any]] = {
    "value-null": ("GPString", None, "none", None),
    "value-empty-object": (LAYER, {}, "none", None),
    "number-as-text": ("GPLong", "5", "flag", 5),
    "double-as-text": ("GPDouble", "5.5", "flag", 5.5),
    "boolean-as-text": ("GPBoolean", "false", "flag", False),
    "boolean-as-number": ("GPBoolean", 0, "flag", False),
    "number-with-comma": ("GPDouble", "1,5", "protocol", ...),
    "long-with-fraction": ("GPLong", 5.5, "protocol", ...),
    "double-as-nan-text": ("GPDouble", "NaN", "protocol", ...),
    "long-64-bit": ("GPLong", 4503599627370495, "ok", 4503599627370495),
    "double-17-digits": ("GPDouble", 0.12345678901234568, "ok", 0.12345678901234568),
    "long-with-point-zero": ("GPLong", 5.0, "ok", 5),
    "date-before-1970": (
        "GPDate",
        -315619200000,
        "ok",
        datetime.datetime(1960, 1, 1, tzinfo=datetime.UTC),
    ),
    "string-as-array": ("GPString", [{"a": 1}], "ok", '[{"a": 1}]'),
    "date-as-iso": ("GPDate", "2023-03-07T09:37:09", "protocol", ...),
    "date-as-local-text": ("GPDate", "3/7/2023 9:37 AM", "protocol", ...),
    "linear-unit-as-text": ("GPLinearUnit", "5 Miles", "protocol", ...),
    "linear-unit-unknown": ("GPLinearUnit", {"distance": 5, "units": "esriFurlongs"}, "protocol", ...),
    "linear-unit-case": ("GPLinearUnit", {"distance": 5, "units": "esriMILES"}, "protocol", ...),
    "multi-value-as-scalar": ("GPMultiValue:GPString", "a", "protocol", ...),
    "multi-value-as-json-text": ("GPMultiValue:GPString", '["a"]', "protocol", ...),
    "features-over-limit": (LAYER, features(features=[], exceededTransferLimit=True), "flag", ...),
    "features-cut-with-flag": (LAYER, features(exceededTransferLimit=True), "flag", ...),
    "features-null": (LAYER, features(features=None), "protocol", ...),
    "features-missing": (LAYER, features(features=...), "protocol", ...),
    "geometry-of-other-type": (LAYER, of_one({"rings": [[[0, 0], [0, 1], [1, 1], [0, 0]]]}), "protocol", ...),
    "coordinates-as-text": (LAYER, of_one({"x": "1", "y": "2"}), "protocol", ...),
    "coordinates-nan": (
        LAYER,
        features(
            geometryType="esriGeometryPolyline",
            features=[{"geometry": {"paths": [[["NaN", "NaN"], [1, 1]]]}, "attributes": {}}],
            fields=...,
        ),
        "protocol",
        ...,
    ),
    "fields-missing": (LAYER, features(fields=...), "ok", ...),
    "fields-both-cases": (LAYER, features(Fields=FIELDS), "ok", ...),
    "display-field-missing": (LAYER, features(displayFieldName=...), "ok", ...),
    "transfer-limit-missing": (LAYER, features(exceededTransferLimit=...), "ok", ...),
    "geometry-null": (LAYER, of_one(None), "ok", ...),
    "first-geometry-null": (
        LAYER,
        features(features=[{"geometry": None, "attributes": {"OBJECTID": 1, "n": 5}}, *FEATURES["features"]]),
        "ok",
        ...,
    ),
    "geometry-empty-point": (LAYER, of_one({"x": "NaN"}), "ok", ...),
    "geometry-null-point": (LAYER, of_one({"x": None}), "ok", ...),
    "geometry-z-unannounced": (LAYER, of_one({"x": 1, "y": 2, "z": 3}), "ok", ...),
    "curves-unasked": (
        LAYER,
        features(
            geometryType="esriGeometryPolygon",
            features=[
                {
                    "geometry": {"curveRings": [[[0, 0], {"c": [[3, 3], [1, 4]]}, [0, 0]]]},
                    "attributes": {"OBJECTID": 1, "n": 5},
                }
            ],
        ),
        "ok",
        ...,
    ),
    "attribute-missing": (LAYER, of_one(attributes={"OBJECTID": 1}), "flag", ...),
    "attribute-extra": (LAYER, of_one(attributes={"OBJECTID": 1, "n": 5, "more": 1}), "flag", ...),
    "attribute-of-other-type": (LAYER, of_one(attributes={"OBJECTID": 1, "n": "five"}), "flag", ...),
    "spatial-reference-missing": (LAYER, features(spatialReference=...), "flag", ...),
    "spatial-reference-wkt-only": (LAYER, features(spatialReference={"wkt": 'GEOGCS["x"]'}), "ok", ...),
    "spatial-reference-latest-differs": (
        LAYER,
        features(spatialReference={"wkid": 102100, "latestWkid": 3857}),
        "ok",
        ...,
    ),
    "spatial-reference-in-geometry": (
        LAYER,
        of_one({**POINT, "spatialReference": {"wkid": 4326}}, spatialReference=...),
        "ok",
        ...,
    ),
    "field-type-newer": (
        LAYER,
        features(fields=[FIELDS[0], {**FIELDS[1], "type": "esriFieldTypeBigInteger"}]),
        "flag",
        ...,
    ),
    "map-image-value": (
        LAYER,
        {"mapImage": {"href": f"{ROOT}/rest/directories/a.png", "width": 400, "height": 400}},
        "ok",
        ...,
    ),
    "feature-service-value": (
        LAYER,
        {"url": f"{ROOT}/rest/services/Hosted/Out/FeatureServer/0"},
        "ok",
        ...,
    ),
    "image-service-value": (
        "GPRasterDataLayer",
        {"url": f"{ROOT}/rest/services/Out/ImageServer", "format": "", "type": "ImageService"},
        "ok",
        ...,
    ),
    "file-url-relative": ("GPDataFile", {"url": "rest/directories/jobs/out.zip"}, "ok", ...),
}


@every_case("execution", ["Asynchronous", "Synchronous"])
@every_case(("data_type", "given", "word", "expected"), VALUES.values(), ids=VALUES)
def test_the_outcome_of_a_value_is(
    data_type: str, given: Any, word: str, expected: Any, execution: str
) -> None:
    outcome = converse(
        {
            "task": answer(task(data_type, execution=execution)),
            "result": answer(value(given, data_type)),
            "execute": answer({"results": [value(given, data_type)], "messages": []}),
        },
        execution=execution,
    )
    assert outcome.word == word, outcome.raised or outcome.value.warnings
    if expected is not ...:
        assert outcome.value["Out"] == expected
        assert type(outcome.value["Out"]) is type(expected)
    if word in ("ok", "flag"):
        assert outcome.value.outputs["Out"].raw == given
    if word == "flag":
        assert {warning.parameter for warning in outcome.value.warnings} == {"Out"}
    if word == "protocol":
        assert outcome.raised.pointer  # type: ignore[union-attr]


# name: (the whole answer, the output's data type, word)
MEMBERS: dict[str, tuple[Any, str, str]] = {
    "value-missing": (value(...), "GPString", "protocol"),
    "param-name-wrong": (value(paramName="Other"), "GPString", "protocol"),
    "data-type-wrong": (value("done", "GPLong"), "GPString", "protocol"),
    "data-type-missing": (value(dataType=...), "GPString", "protocol"),
    "data-type-newer": (value({"beams": 3}, "GPHologram"), "GPHologram", "flag"),
    "result-as-list": ([value()], "GPString", "ok"),
    "pbf-error-as-json": ({"error": {"code": 400, "message": "No.", "details": []}}, "GPString", "server"),
}


@every_case(("whole", "data_type", "word"), MEMBERS.values(), ids=MEMBERS)
def test_the_outcome_of_a_result_is(whole: Any, data_type: str, word: str) -> None:
    outcome = converse({"task": answer(task(data_type)), "result": answer(whole)})
    assert outcome.word == word, outcome.raised or outcome.value.warnings


def test_an_optional_output_that_is_not_listed_is_none() -> None:
    optional = parameter("Out2", parameterType="esriGPParameterTypeOptional")
    outcome = converse({"task": answer(task(parameters=[parameter("Out"), optional]))}, call=bare)
    assert outcome.word == "none"
    assert outcome.value.values == {"Out": "done", "Out2": None}


def test_a_reference_that_was_not_asked_for_is_flagged() -> None:
    outcome = converse(
        {"task": answer(task(LAYER)), "result": answer(value(FEATURES, LAYER))},
        call=lambda client: client.task("Tools/tool").with_options(out_sr=3857).run(),
    )
    assert outcome.word == "flag"


def bare(client: GPClient) -> Any:
    return client.task("Tools/tool").run()


def taking(**changes: Any) -> list[dict[str, Any]]:
    """The task's parameters, its input changed."""
    given = {key: each for key, each in (parameter("Note") | changes).items() if each is not ...}
    return [given, parameter("Out")]


def giving(**changes: Any) -> list[dict[str, Any]]:
    return [parameter("Note"), parameter("Out") | changes]


TASKS: dict[str, tuple[dict[str, Any], str]] = {
    "parameters-empty": (task(parameters=[]), "ok"),
    "data-type-newer-in-descriptor": (task(parameters=taking(dataType="GPHologram")), "ok"),
    "choice-list-empty": (task(parameters=taking(choiceList=[])), "ok"),
    "default-null": (task(parameters=taking(defaultValue=None)), "ok"),
    "default-empty-object": (task(parameters=taking(defaultValue={})), "ok"),
    "output-required": (task(parameters=giving(parameterType="esriGPParameterTypeRequired")), "ok"),
    "output-with-default": (task(parameters=giving(defaultValue="x")), "ok"),
    "fields-both-cases-in-default": (
        task(parameters=taking(dataType=LAYER, defaultValue=features(features=[], Fields=FIELDS))),
        "ok",
    ),
    "task-name-differs": (task(displayName="The Tool"), "ok"),
    "choice-list-null": (task(parameters=taking(choiceList=None)), "ok"),
    "default-missing": (task(parameters=taking(defaultValue=...)), "ok"),
    "default-of-other-type": (task(parameters=taking(dataType="GPLong", defaultValue="5")), "ok"),
    "descriptor-keys-missing": (task(parameters=taking(category=..., description=...)), "ok"),
    "parameter-type-case": (
        task(parameters=taking(parameterType="esriGPParameterTyperequired")),
        "protocol",
    ),
    "direction-unknown": (task(parameters=taking(direction="esriGPParameterDirectionInOut")), "protocol"),
    "parameters-null": (task(parameters=None), "protocol"),
    "parameters-missing": ({key: each for key, each in task().items() if key != "parameters"}, "protocol"),
    "parameters-twice": (task(parameters=[*taking(), parameter("Note")]), "protocol"),
}


@every_case(("descriptor", "word"), TASKS.values(), ids=TASKS)
def test_the_outcome_of_a_task_s_descriptor_is(descriptor: dict[str, Any], word: str) -> None:
    outcome = converse({"task": answer(descriptor)}, call=bare, acted_on=int(word == "ok"))
    assert outcome.word == word, outcome.raised


@pytest.mark.parametrize(
    ("descriptor", "word"),
    [
        pytest.param(service(currentVersion=10.91), "ok", id="version-10.91"),
        pytest.param(service(currentVersion="11.1"), "protocol", id="version-as-text"),
        pytest.param(service(tasks=[{"name": "tool"}]), "protocol", id="tasks-as-objects"),
    ],
)
def test_the_outcome_of_a_service_s_descriptor_is(descriptor: dict[str, Any], word: str) -> None:
    outcome = converse(
        {"service": answer(descriptor)}, call=lambda client: client.service(SERVICE).describe(), acted_on=0
    )
    assert outcome.word == word, outcome.raised


def test_an_execution_type_that_the_task_does_not_tell_is_its_service_s() -> None:
    untold = {key: each for key, each in task().items() if key != "executionType"}
    assert converse({"task": answer(untold)}).word == "ok"


def test_an_execution_type_that_nobody_tells_is_found_out() -> None:
    untold = {key: each for key, each in task().items() if key != "executionType"}
    mute = {key: each for key, each in service().items() if key != "executionType"}
    assert converse({"task": answer(untold), "service": answer(mute)}).word == "ok"


def test_an_execution_type_that_lies_is_the_server_s_error() -> None:
    no = refused(500, "Error performing execute operation")
    assert converse({"execute": no}, execution="Synchronous", acted_on=0).word == "server"


def test_an_input_that_was_renamed_since_is_the_server_s_error() -> None:
    outcome = converse({"submit": refused(400, "Unable to complete operation.")}, acted_on=0)
    assert outcome.word == "server"
