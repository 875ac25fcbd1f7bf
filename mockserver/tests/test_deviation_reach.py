"""How far deviations reach: what is not said of them stays as it is."""

from __future__ import annotations

import http.client
import json
import socket
from typing import Any
from urllib.parse import urlsplit

import pytest
from deviation_probe import ECHO, ECHO_JOB, VIEWSHED, Probe
from gp_mockserver.builtin.builtin_site import builtin_site
from gp_mockserver.deviations.catalogue import find
from gp_mockserver.deviations.records import DeviationError
from gp_mockserver.lifecycle.clocks import ManualClock

from every_case import every_case

OUTCOMES = "Simulation/JobOutcomes/GPServer"
SEVERAL = "DataTypes/OutputsJob/GPServer/SeveralOutputs"
INFO = "rest/info"
SUCCEEDED, FAILED = "esriJobSucceeded", "esriJobFailed"
FINAL = (SUCCEEDED, FAILED, "esriJobTimedOut", "esriJobCancelled")
GOING = [
    "waits-in-queue",
    "states-skipped",
    "already-succeeded-at-submit",
    "already-succeeded-at-first-poll",
    "messages-grow",
    "progress-goes-back",
    "state-flips",
    "state-goes-back",
    "cancel-ignored",
    "cancel-slow",
    "cancel-at-once",
    "cancel-races-the-end",
    "job-of-someone-else",
]
"""How a job goes, not how it ends."""


def _end(probe: Probe, path: str) -> dict[str, Any]:
    """The last of thirty looks at a job, or the first that finds it at an end for the second time."""
    job_id = probe.job_id(path, Note="x")
    seen: dict[str, Any] = {}
    ends = 0
    for _ in range(30):
        seen = probe.poll(job_id, path).json
        ends += seen["jobStatus"] in FINAL
        if ends > 1:
            break
    return seen


def _errors(job: dict[str, Any]) -> list[str]:
    said = job["messages"]
    return [each["description"] for each in said if each["type"] == "esriJobMessageTypeError"]


@pytest.mark.parametrize("name", GOING)
def test_a_job_that_would_fail_fails_all_the_same(probe: Probe, name: str) -> None:
    path = f"{OUTCOMES}/Fails"
    usual = _end(probe, path)
    injection = probe.site.deviate(name)
    met = _end(probe, path)
    assert usual["jobStatus"] == met["jobStatus"] == FAILED
    assert _errors(met) == _errors(usual)
    assert len(_errors(usual)) > 2
    assert injection.applied >= 1


@pytest.mark.parametrize("name", GOING)
def test_a_job_that_would_never_end_does_not_end(probe: Probe, name: str) -> None:
    probe.site.deviate(name)
    assert _end(probe, f"{OUTCOMES}/NeverEnds")["jobStatus"] not in FINAL


def test_a_submission_does_not_say_that_a_failing_job_has_succeeded(probe: Probe) -> None:
    probe.site.deviate("already-succeeded-at-submit")
    assert probe.submit(f"{OUTCOMES}/Fails").json["jobStatus"] != SUCCEEDED
    assert probe.submit().json["jobStatus"] == SUCCEEDED


def test_an_ending_that_is_said_is_the_jobs(probe: Probe) -> None:
    probe.site.deviate({"name": "ends", "on": ["submit"], "do": [{"timeline": {"ending": "succeeded"}}]})
    assert _end(probe, f"{OUTCOMES}/Fails")["jobStatus"] == SUCCEEDED


def test_an_input_is_called_otherwise_once_it_has_been_read(probe: Probe) -> None:
    inputs = {"Viewshed_Distance": "5 Miles"}
    points = '{"features":[{"geometry":{"x":-122.4,"y":37.8,"spatialReference":{"wkid":4326}}}]}'

    def submit(name: str) -> Any:
        return probe.post(f"{probe.task()}/submitJob", **inputs, **{name: points}).json

    def first_name(path: str = VIEWSHED) -> Any:
        return probe.get(probe.task(path)).json["parameters"][0]["name"]

    old, new = "Input_Observation_Point", "Input_Observation_Point_2"
    injection = probe.site.deviate("descriptor-changes")
    assert "jobId" in submit(old)
    assert first_name(ECHO_JOB) + "_2" == first_name(ECHO_JOB)
    assert "jobId" in submit(old)
    assert first_name() == old
    assert submit(old)["error"]["code"] == 400
    assert first_name() == new
    assert submit(old)["error"]["code"] == 400
    job_id = submit(new)["jobId"]
    assert [probe.poll(job_id).json["jobStatus"] for _ in range(2)][-1] == SUCCEEDED
    injection.clear()
    assert "jobId" in submit(old)
    assert first_name() == old


@pytest.mark.parametrize(
    ("form", "is_error"), [("json", False), ("pbf", True), ("PBF", True), ("geojson", False)]
)
def test_the_error_for_pbf_is_for_who_asks_for_pbf(probe: Probe, form: str, is_error: bool) -> None:
    job_id = probe.finish()
    probe.site.deviate("pbf-error-as-json")
    seen = probe.result(job_id, f=form)
    assert (seen.body.startswith(b'{"error"')) is is_error


def test_an_error_of_a_secured_service_does_not_say_its_version(probe: Probe) -> None:
    probe.site.deviate("version-10.91")
    secured = probe.get("rest/services/Secured/WorldViewshed/GPServer").json
    assert list(secured) == ["error"]
    assert probe.get("rest/services/WorldViewshed/GPServer").json["currentVersion"] == 10.91


def test_a_skewed_date_leaves_the_connection_open(probe: Probe) -> None:
    probe.site.deviate("date-header-skewed")
    parts = urlsplit(probe.root)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=5)
    dates = []
    for method in ("GET", "GET", "HEAD"):
        connection.request(method, f"{parts.path}/{INFO}?f=json")
        answer = connection.getresponse()
        answer.read()
        dates.append(answer.headers.get_all("Date") or [])
        assert answer.headers["Connection"] is None
        assert connection.sock is not None
    connection.close()
    probe.site.deviations.clear()
    usual = probe.get(INFO).headers["date"]
    assert [len(each) for each in dates] == [1, 1, 1]
    assert all(each[0][:16] != usual[:16] for each in dates)


def test_an_expired_token_opens_no_result_either(probe: Probe) -> None:
    def code(seen: Any) -> int | None:
        found: int | None = seen.json["error"]["code"] if "error" in seen.json else None
        return found

    def token(minutes: str) -> str:
        who = {"username": "tester", "password": "tester-password", "client": "requestip"}
        return str(probe.post("tokens/generateToken", **who, expiration=minutes).json["token"])

    path = "Secured/WorldViewshed/GPServer/viewshed"
    injection = probe.site.deviate("token-expires-mid-job")
    old = token("60")
    job_id = probe.job_id(path, token=old, Input_Observation_Point=_POINT, Viewshed_Distance="5 Miles")
    assert code(probe.poll(job_id, path, token=old)) is None
    assert code(probe.poll(job_id, path, token=old)) == 498
    assert code(probe.result(job_id, path=path, token=old)) == 498
    new = token("60")
    assert code(probe.poll(job_id, path, token=new)) is None
    assert code(probe.poll(job_id, path, token=new)) is None
    assert code(probe.result(job_id, path=path, token=new)) is None
    assert injection.applied == 2


_POINT = '{"features":[{"geometry":{"x":-122.4,"y":37.8,"spatialReference":{"wkid":4326}}}]}'

FILLED = {
    "long-with-fraction": ("GPLong", "5", 5.5),
    "long-64-bit": ("GPLong", "5", 4503599627370495),
    "double-as-nan-text": ("GPDouble", "1.5", "NaN"),
    "date-before-1970": ("GPDate", "1678181829000", -315619200000),
    "string-as-array": ("GPString", "text", [{"name": "a"}, {"name": "b"}]),
}


@pytest.mark.parametrize(("name", "kind", "given", "met"), [(name, *each) for name, each in FILLED.items()])
def test_an_output_without_a_value_stays_without_one(
    probe: Probe, name: str, kind: str, given: str, met: Any
) -> None:
    def value(**inputs: str) -> Any:
        results = probe.post(f"{probe.task(ECHO)}/execute", **inputs).json["results"]
        return next(each["value"] for each in results if each["paramName"] == f"Out_{kind}")

    clean = value(In_GPRecordSet="")
    injection = probe.site.deviate(name)
    assert value(In_GPRecordSet="") == clean
    assert clean in (None, {}, [], "")
    assert value(**{f"In_{kind}": given}) == met
    assert injection.applied == 1


def test_each_result_is_too_early_by_itself(probe: Probe) -> None:
    job_id = probe.finish(SEVERAL)
    probe.site.deviate("result-too-early")
    names = list(probe.poll(job_id, SEVERAL).json["results"])[:2]
    seen = ["error" in probe.result(job_id, each, SEVERAL).json for each in (*names, *names, *names)]
    assert seen == [True] * 4 + [False] * 2


def test_what_is_gone_is_in_no_list_either(probe: Probe) -> None:
    job_id = probe.finish()
    path = f"{probe.task()}/jobs/{job_id}/results"
    assert probe.get(path).json[0]["paramName"] == "Viewshed_Result"
    probe.site.deviate("result-gone")
    assert list(probe.get(path).json) == ["error"]


def test_each_byte_of_a_long_answer_is_sent_by_itself(probe: Probe) -> None:
    from gp_mockserver.deviations.actions import Pace

    (step,) = find_steps("one-byte-segments")
    assert isinstance(step, Pace)
    assert step.size_for(22_000) == 1
    assert 0 < step.pause_for(22_000) * 22_000 <= 10
    assert step.pause_for(100) == step.seconds
    probe.site.deviate("one-byte-segments", within=0.05)
    parts = urlsplit(probe.root)
    sizes = []
    with socket.create_connection((parts.hostname, parts.port), timeout=5) as connection:
        connection.sendall(probe.request(INFO))
        body = 0
        while not body or body < 100:
            piece = connection.recv(65536)
            if b"\r\n\r\n" not in piece:
                sizes.append(len(piece))
                body += len(piece)
    assert max(set(sizes), key=sizes.count) < 10


def find_steps(name: str) -> list[Any]:
    """The actions of an entry."""
    from gp_mockserver.deviations.steps import steps_of

    return [step.action for step in steps_of(find(name))]


def _points(count: int) -> str:
    features = [{"geometry": {"x": i, "y": 1}, "attributes": {"N": i}} for i in range(count)]
    fields = [{"name": "N", "type": "esriFieldTypeInteger", "alias": "N"}]
    return json.dumps(
        {
            "geometryType": "esriGeometryPoint",
            "spatialReference": {"wkid": 4326},
            "fields": fields,
            "features": features,
        }
    )


@pytest.mark.parametrize(("chosen", "kept"), [({}, 2), ({"count": 3}, 3), ({"count": 9}, 5)])
def test_the_flag_says_that_something_was_cut(probe: Probe, chosen: dict[str, Any], kept: int) -> None:
    name = "Out_GPFeatureRecordSetLayer"
    probe.site.deviate("features-cut-with-flag", **chosen)
    answer = probe.post(f"{probe.task(ECHO)}/execute", In_GPFeatureRecordSetLayer=_points(5)).json
    value = next(each["value"] for each in answer["results"] if each["paramName"] == name)
    assert len(value["features"]) == kept
    assert value.get("exceededTransferLimit", False) is (kept < 5)


def test_a_feature_service_that_there_is_not_is_called_one(probe: Probe) -> None:
    seen = probe.get("rest/services/Hosted/Features/FeatureServer/0").json["error"]
    assert (seen["code"], seen["message"]) == (404, "Service Hosted/Features/FeatureServer not found ")


def test_what_has_no_effect_is_not_counted(probe: Probe) -> None:
    instant, version = probe.site.deviate("instant"), probe.site.deviate("profile-12.0")
    probe.get(INFO)
    assert (instant.applied, version.applied) == (0, 0)


@pytest.mark.parametrize("operation", ["submit", ("task", "service"), "safe"])
def test_a_deviation_is_not_narrowed_to_what_it_is_not_on(operation: Any) -> None:
    site = builtin_site(clock=ManualClock())
    if operation == "safe":
        assert site.deviate("results-late", operation=operation).label == "results-late@safe"
        return
    with pytest.raises(DeviationError, match=r"'results-late' is not on .*: it is on job"):
        site.deviate("results-late", operation=operation)


@every_case(
    ("record", "says"),
    [
        ({"name": "My Own", "do": [{"remove": "/x"}]}, "dashes"),
        ({"name": "results_late", "do": [{"remove": "/x"}]}, "dashes"),
        ({"name": "a~b", "do": [{"remove": "/x"}]}, "dashes"),
        ({"name": "results-late", "do": [{"remove": "/x"}]}, "name of your own"),
        ({"name": "own", "do": [{"cut": "half"}, {"stall": 5}]}, "one end"),
        ({"name": "own", "do": [{"remove": "/x"}], "expect": ["fine"]}, r"expect\[0\].*fine.*unsupported"),
        ({"name": "own", "do": [{"remove": "/x"}], "expect": {"safe": ["fine"]}}, r"expect\.safe\[0\]"),
    ],
)
def test_a_record_of_ones_own_is_told_what_is_wrong(record: dict[str, Any], says: str) -> None:
    site = builtin_site(clock=ManualClock())
    with pytest.raises(DeviationError, match=says):
        site.deviate(record)


def test_an_entry_of_the_catalogue_may_be_given_as_it_is() -> None:
    site = builtin_site(clock=ManualClock())
    record = find("results-null")
    data = {
        "name": record.name,
        "group": record.group,
        "class": record.kind,
        "on": list(record.on),
        "where": record.where,
        "do": list(record.do),
        "parameters": record.parameters,
        "expect": list(record.expect) if isinstance(record.expect, tuple) else {},
        "finding": record.finding,
        "evidence": list(record.evidence),
        "does": record.does,
    }
    assert site.deviate(data).label == "results-null"


@pytest.mark.parametrize("name", ["jsonp-unasked", "json-bom", "body-empty", "content-type-missing"])
def test_pages_for_browsers_are_no_json(probe: Probe, name: str) -> None:
    clean = probe.get(probe.task(), f="html")
    injection = probe.site.deviate(name)
    page = probe.get(probe.task(), f="html")
    assert (page.body, page.headers["content-type"]) == (clean.body, clean.headers["content-type"])
    assert injection.applied == 0
    probe.get(probe.task())
    assert injection.applied == 1


@pytest.mark.parametrize("name", ["cookie-needed", "job-not-yet-visible"])
def test_a_job_is_unknown_in_the_words_of_the_site(probe: Probe, name: str) -> None:
    job_id = probe.job_id()
    stranger = f"{job_id[:-1]}{'0' if job_id[-1] != '0' else '1'}"
    usual = probe.poll(stranger).json["error"]
    probe.site.deviate(name)
    met = probe.poll(job_id).json["error"]
    assert met == {**usual, "details": [each.replace(stranger, job_id) for each in usual["details"]]}
    assert job_id in met["details"][0]


@pytest.mark.parametrize(("name", "off"), [("slow-each", 0), ("token-expires-mid-job", 1)])
def test_tokens_are_told_apart_only_where_that_matters(probe: Probe, name: str, off: int) -> None:
    who = {"username": "tester", "password": "tester-password", "client": "requestip"}
    usual = probe.post("tokens/generateToken", **who).json["expires"]
    probe.site.deviate(name, **({"seconds": 0} if name == "slow-each" else {}))
    assert probe.post("tokens/generateToken", **who).json["expires"] == usual - off
