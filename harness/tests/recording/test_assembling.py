from __future__ import annotations

import json
from itertools import permutations
from typing import Any

import pytest
from gpharness.contracts.contract import Contract, Conversation, Provenance
from gpharness.probing.exchanges import Exchange
from gpharness.recording.assembling import contract_of

ROOT = "https://gis.example.com/arcgis"
TASK = f"{ROOT}/rest/services/Folder/Service/GPServer/Some%20Task"
JOB = "j0123456789abcdef0123456789abcdef"
RECORDED = Provenance("recorded", at="2026-11-26T20:15:00Z", by_way_of="har")


def told(url: str, answer: Any, at: float = 0.0, **more: Any) -> Exchange:
    body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
    kind = "text/html" if body.lstrip().startswith(b"<") else "application/json"
    given = {"status": 200, "headers": (("Content-Type", kind),), "method": "GET", **more}
    return Exchange("", given.pop("method"), url, at=at, body=body, **given)


def form(**fields: str) -> dict[str, Any]:
    from urllib.parse import urlencode

    kind = ("Content-Type", "application/x-www-form-urlencoded")
    return {"method": "POST", "request_headers": (kind,), "request_body": urlencode(fields).encode()}


def job(status: str, **more: Any) -> dict[str, Any]:
    return {"jobId": JOB, "jobStatus": f"esriJob{status}", "messages": [], **more}


def a_job(job_id: str = JOB, start: float = 0.0, task: str = TASK) -> list[Exchange]:
    def answer(status: str, **more: Any) -> dict[str, Any]:
        return {**job(status, **more), "jobId": job_id}

    def at(seconds: float) -> float:
        return start + seconds

    url = f"{task}/jobs/{job_id}"
    result = {"paramName": "Out", "dataType": "GPLong", "value": 3}
    done = answer("Succeeded", results={"Out": {"paramUrl": "results/Out"}})
    return [
        told(f"{task}/submitJob", answer("Submitted"), at(0.0), **form(f="json", In="1", token="t" * 20)),
        told(f"{url}?f=json", answer("Executing"), at(1.0)),
        told(f"{url}?f=json", answer("Executing"), at(2.0)),
        told(f"{url}?f=json", done, at(3.0)),
        told(f"{url}/results/Out?f=json", result, at(4.0)),
    ]


def assembled(*exchanges: Exchange, root: str | None = None) -> tuple[Contract, list[str]]:
    return contract_of(exchanges, RECORDED, root)


def only(contract: Contract) -> Conversation:
    assert len(contract.conversations) == 1
    return contract.conversations[0]


def test_a_job_becomes_one_conversation_with_its_trace_and_results() -> None:
    contract, left = assembled(*a_job())

    found = only(contract)
    assert (found.kind, found.task, found.method) == ("job", "Folder/Service/Some Task", "POST")
    assert found.inputs == {"In": "1"}
    assert found.parameters == {"f": "json"}
    assert [(each.status, each.after, each.polls) for each in found.trace] == [
        ("esriJobExecuting", 1.0, 2),
        ("esriJobSucceeded", 3.0, 1),
    ]
    assert found.results["Out"].json == {"paramName": "Out", "dataType": "GPLong", "value": 3}
    assert found.job_id == JOB
    assert left == []
    assert contract.server.url == contract.provenance.of == ROOT


def test_the_order_in_which_exchanges_are_given_does_not_matter() -> None:
    exchanges = a_job()
    first = assembled(*exchanges)[0]

    assert all(assembled(*each)[0] == first for each in permutations(exchanges))


def test_jobs_that_went_on_at_once_are_told_apart() -> None:
    other = "j" + "f" * 32
    mixed = [each for pair in zip(a_job(), a_job(other, 0.5), strict=True) for each in pair]

    contract, left = assembled(*mixed)

    assert [each.job_id for each in contract.conversations] == [JOB, other]
    assert [each.name for each in contract.conversations] == ["some-task", "some-task-2"]
    assert [[seen.after for seen in each.trace] for each in contract.conversations] == [[1.0, 3.0]] * 2
    assert left == []


def test_times_count_from_the_answer_to_the_submission() -> None:
    exchanges = a_job(start=100.0)
    exchanges[0].seconds = 0.75

    assert [each.after for each in only(assembled(*exchanges)[0]).trace] == [0.25, 2.25]


@pytest.mark.parametrize(
    ("exchange", "reason"),
    [
        (told(f"{TASK}?f=html", b"<html><body>Task</body></html>"), "pages for people (f=html)"),
        (told(TASK, b"<!DOCTYPE html><p>Task"), "pages for people (f=html)"),
        (
            told(f"{ROOT}/rest/services/World/FeatureServer/0/query?f=json", {"features": []}),
            "no geoprocessing: FeatureServer",
        ),
        (
            told(f"{ROOT}/tokens/generateToken", {"token": "t" * 20}, method="POST"),
            "signing in, of which a contract holds nothing",
        ),
        (told("https://tiles.example.org/1/2/3", b"x"), f"not below {ROOT} (tiles.example.org)"),
        (told(f"{TASK}/jobs/jother?f=json", job("Executing")), "job: of a job whose submission was not seen"),
        (
            told(f"{TASK}?f=json", b"", status=None, headers=(), fault="cut", fault_text="reset"),
            "not answered (reset)",
        ),
        (told(f"{TASK}?f=json", b"", method="OPTIONS"), "OPTIONS, which the protocol does not have"),
        (told(f"{TASK}?f=json", b"", status=301, headers=(("Location", "/x"),)), "redirected"),
        (told(f"{TASK}?f=json", b"", status=304), "answered 304, without what the client had already"),
    ],
)
def test_what_cannot_be_used_is_told_with_how_often(exchange: Exchange, reason: str) -> None:
    contract, left = assembled(*a_job(), exchange, exchange)

    assert left == [f"2 requests: {reason}"]
    assert contract == assembled(*a_job())[0]


def test_a_poll_that_failed_and_was_repeated_is_no_part_of_the_trace() -> None:
    failed = told(f"{TASK}/jobs/{JOB}?f=json", b"<html>busy</html>", 1.5, status=503)

    contract, left = assembled(*a_job(), failed)

    assert contract == assembled(*a_job())[0]
    assert left == ["1 request: answered 503, and sent again with success"]


def test_a_result_asked_for_too_early_stays_as_what_was_answered_then() -> None:
    error = {"error": {"code": 400, "message": "Invalid or missing input parameters.", "details": []}}
    early = told(f"{TASK}/jobs/{JOB}/results/Out?f=json", error, 1.5)

    found = only(assembled(*a_job(), early)[0])

    assert [(each.operation, each.after) for each in found.asked] == [("result", 1.5)]
    assert found.asked[0].path == "/rest/services/Folder/Service/GPServer/Some Task/jobs/{job}/results/Out"
    assert found.results["Out"].json["value"] == 3


def test_polls_without_messages_say_nothing_new_beside_polls_with_them() -> None:
    exchanges = a_job()
    bare = {key: value for key, value in job("Executing").items() if key != "messages"}
    url = f"{TASK}/jobs/{JOB}?f=json&returnMessages=false"
    exchanges += [told(url, bare, 0.5), told(url, bare, 1.5), told(url, bare, 2.5)]

    found = only(assembled(*exchanges)[0])

    assert [(each.status, each.after, each.polls) for each in found.trace] == [
        ("esriJobExecuting", 0.5, 5),
        ("esriJobSucceeded", 3.0, 1),
    ]
    assert found.trace[0].answer.json == job("Executing")


def test_a_job_that_changes_its_messages_alone_is_seen_twice() -> None:
    exchanges = a_job()
    said = {"type": "esriJobMessageTypeInformative", "description": "half"}
    exchanges[2] = told(f"{TASK}/jobs/{JOB}?f=json", {**job("Executing"), "messages": [said]}, 2.0)

    assert [each.after for each in only(assembled(*exchanges)[0]).trace] == [1.0, 2.0, 3.0]


@pytest.mark.parametrize("more", ["&outSR=4326", "&returnType=other"])
def test_a_result_in_another_form_is_a_request_of_its_own(more: str) -> None:
    exchanges = a_job()
    exchanges.append(
        told(f"{TASK}/jobs/{JOB}/results/Out?f=json{more}", {"paramName": "Out", "value": 4}, 5.0)
    )

    found = only(assembled(*exchanges)[0])

    assert found.results["Out"].json["value"] == 3
    assert [each.operation for each in found.asked] == ["result"]


@pytest.mark.parametrize("more", ["&returnType=data", "&env%3AoutSR=", "&token=abcdefghijkl", "&_=17000"])
def test_what_changes_nothing_of_a_result_does_not_count(more: str) -> None:
    exchanges = a_job()
    exchanges[-1].url += more

    found = only(assembled(*exchanges)[0])

    assert list(found.results) == ["Out"]
    assert found.asked == []


def test_cancel_inputs_lists_and_files_belong_to_their_job() -> None:
    file = f"{ROOT}/rest/directories/arcgisjobs/folder/service_gpserver/{JOB}/scratch/out.zip"
    exchanges = [
        *a_job(),
        told(f"{TASK}/jobs/{JOB}/cancel", job("Cancelling"), 2.5, **form(f="json")),
        told(
            f"{TASK}/jobs/{JOB}/inputs/In?f=json", {"paramName": "In", "dataType": "GPLong", "value": 1}, 6.0
        ),
        told(f"{TASK}/jobs/{JOB}/results?f=json", [], 7.0),
        told(file, b"PK\x03\x04", 8.0, headers=(("Content-Type", "application/zip"),)),
    ]

    contract, left = assembled(*exchanges)

    asked = only(contract).asked
    assert [each.operation for each in asked] == ["cancel", "input", "results", "file"]
    assert [each.after for each in asked] == [2.5, 6.0, 7.0, 8.0]
    assert asked[3].path.endswith("/service_gpserver/{job}/scratch/out.zip")
    assert left == []


def test_a_file_at_the_machines_own_name_belongs_to_the_job_whose_result_names_it() -> None:
    below = f"rest/directories/arcgisjobs/folder/service_gpserver/{JOB}/scratch/out.zip"
    url = f"https://machine7.example.gov:6443/gis/{below}"
    result = {"paramName": "File", "dataType": "GPDataFile", "value": {"url": url}}
    named = told(f"{TASK}/jobs/{JOB}/results/File?f=json", result, 6.0)
    file = told(url, b"PK", 7.0, headers=(("Content-Type", "application/zip"),))

    contract, left = assembled(*a_job(), named, file)
    without, unnamed = assembled(*a_job(), file)

    assert [each.path for each in only(contract).asked] == ["/" + below.replace(JOB, "{job}")]
    assert left == []
    assert only(without).asked == []
    assert "machine7.example.gov:6443" in unnamed[0]


def test_an_uploaded_item_belongs_to_the_job_that_has_it() -> None:
    exchanges = a_job()
    item = {"success": True, "item": {"itemID": "i123", "itemName": "a.zip"}}
    upload = told(
        f"{ROOT}/rest/services/Folder/Service/GPServer/uploads/upload", item, -1.0, **form(f="json")
    )
    exchanges[0] = told(f"{TASK}/submitJob", job("Submitted"), **form(f="json", In='{"itemID":"i123"}'))

    contract, left = assembled(*exchanges, upload)

    assert [(each.operation, each.after) for each in only(contract).asked] == [("upload", None)]
    assert left == []


def test_execute_by_get_becomes_a_conversation_and_its_equal_repeats_do_not() -> None:
    answer = {"results": [{"paramName": "Out", "dataType": "GPLong", "value": 1}], "messages": []}
    url = f"{TASK}/execute?In=1&f=pjson"

    contract, left = assembled(
        told(url, answer), told(url, answer, 1.0), told(url.replace("=1", "=2"), answer, 2)
    )

    assert [each.inputs for each in contract.conversations] == [{"In": "1"}, {"In": "2"}]
    assert contract.conversations[0].parameters == {"f": "pjson"}
    assert contract.conversations[0].submission is not None
    assert contract.conversations[0].submission.json == answer
    assert left == ["1 request: execute: the same as before, with the same answer"]


def test_a_file_that_an_execution_names_belongs_to_it() -> None:
    file = f"{ROOT}/rest/directories/arcgisoutput/Service_GPServer/_ags_out.zip"
    answer = {
        "results": [{"paramName": "Out", "dataType": "GPDataFile", "value": {"url": file}}],
        "messages": [],
    }
    stray = told(f"{ROOT}/rest/directories/arcgisoutput/Service_GPServer/other.zip", b"PK", 2.0)

    contract, left = assembled(told(f"{TASK}/execute?f=json", answer), told(file, b"PK", 1.0), stray)

    assert [each.operation for each in only(contract).asked] == ["file"]
    assert left == ["1 request: file: of no run that was seen"]


def test_an_error_that_was_provoked_is_kept_once_as_a_request() -> None:
    error = {"error": {"code": 400, "message": "Unable to complete operation.", "details": ["x"]}}
    wrong = told(f"{TASK}/execute", error, **form(f="json", In="nonsense"))
    again = told(f"{TASK}/execute", error, 1.0, **form(f="json", In="nonsense"))

    contract, left = assembled(wrong, again)

    found = only(contract)
    assert (found.kind, found.name) == ("request", "some-task-execute-error-400")
    assert found.asked[0].parameters == {"f": "json", "In": "nonsense"}
    assert found.asked[0].answer.json == error
    assert left == ["1 request: execute: the same as before, with the same answer"]


def test_a_request_that_was_refused_until_it_had_a_token_is_no_error() -> None:
    refused = {"error": {"code": 499, "message": "Token Required", "details": []}}
    described = {"name": "SomeTask", "parameters": []}

    contract, left = assembled(
        told(f"{TASK}?f=json", refused), told(f"{TASK}?f=json&token={'t' * 20}", described, 1.0)
    )

    assert contract.tasks == {"Folder/Service/Some Task": described}
    assert contract.conversations == []
    assert left == ["1 request: answered 499, and sent again with success"]


def test_the_first_refusal_of_a_service_stays_where_it_is_wanted() -> None:
    refused = {"error": {"code": 499, "message": "Token Required", "details": []}}
    described = {"name": "SomeTask", "parameters": []}
    exchanges = [
        told(f"{TASK}?f=json", refused),
        told(f"{TASK}?f=json", refused, 1.0),
        told(f"{TASK}?f=json&token={'t' * 20}", described, 2.0),
    ]

    contract, left = contract_of(exchanges, RECORDED, ROOT, keeps_refusals=True)

    assert [each.asked[0].answer.json for each in contract.conversations] == [refused]
    assert left == ["1 request: answered 499, and sent again with success"]


def test_descriptions_and_the_version_are_taken() -> None:
    described = {"name": "SomeTask", "parameters": [{"name": "context"}, {"name": "In"}]}
    answer = {"results": [], "messages": []}
    contract, left = assembled(
        told(f"{ROOT}/rest/info?f=json", {"currentVersion": 10.91, "fullVersion": "10.9.1"}),
        told(f"{ROOT}/rest/services?f=json", {"folders": ["Folder"], "services": []}),
        told(f"{ROOT}/rest/services/Folder/Service/GPServer?f=pjson", {"tasks": ["Some Task"]}),
        told(f"{TASK}/?f=json", described),
        told(f"{TASK}/execute?f=json&context=a&In=b&env%3AoutSR=&returnZ=true", answer),
    )

    assert contract.server.version == "10.91"
    assert contract.server.info == {"currentVersion": 10.91, "fullVersion": "10.9.1"}
    assert contract.catalogue == {"folders": ["Folder"], "services": []}
    assert contract.services == {"Folder/Service": {"tasks": ["Some Task"]}}
    assert contract.tasks == {"Folder/Service/Some Task": described}
    assert only(contract).inputs == {"context": "a", "In": "b"}
    assert only(contract).parameters == {"f": "json", "env:outSR": "", "returnZ": "true"}
    assert left == []


def test_a_task_that_was_described_twice_keeps_its_last_description() -> None:
    contract, left = assembled(
        told(f"{TASK}?f=json", {"name": "A", "parameters": []}),
        told(f"{TASK}?f=json", {"name": "B", "parameters": []}, 1.0),
    )

    assert contract.tasks["Folder/Service/Some Task"]["name"] == "B"
    assert left == [
        "1 request: Folder/Service/Some Task was described otherwise before: its last description counts"
    ]


def test_jsonp_is_read_as_the_json_in_it() -> None:
    url = f"{TASK}/execute?f=json&In=1&callback=dojo.cb_1&dojo.preventCache=17"
    body = b'/**/dojo.cb_1({"results":[],"messages":[]});'

    found = only(assembled(told(url, body, headers=(("Content-Type", "text/javascript"),)))[0])

    assert found.submission is not None
    assert found.submission.json == {"results": [], "messages": []}
    assert found.parameters == {"f": "json"}


def test_a_submission_that_redirects_to_its_job_begins_a_conversation() -> None:
    exchanges = a_job()
    exchanges[0] = told(
        f"{TASK}/submitJob?In=1", b"", status=302, headers=(("Location", f"{TASK}/jobs/{JOB}"),)
    )

    found = only(assembled(*exchanges)[0])

    assert (found.job_id, found.method, len(found.trace)) == (JOB, "GET", 2)


@pytest.mark.parametrize(
    "root", ["https://h.example", "http://h.example:6080/a/b", "https://h.example/server"]
)
def test_a_server_may_lie_under_any_context(root: str) -> None:
    contract, left = assembled(*a_job(task=TASK.replace(ROOT, root)))

    assert contract.server.url == root
    assert only(contract).task == "Folder/Service/Some Task"
    assert left == []


def test_a_root_that_is_given_leaves_every_other_server_out() -> None:
    contract, left = assembled(*a_job(), root="https://other.example/arcgis")

    assert contract.conversations == []
    assert left == ["5 requests: not below https://other.example/arcgis (gis.example.com)"]


def test_nothing_of_geoprocessing_makes_an_empty_contract() -> None:
    contract, left = assembled(told("https://a.example/", b"<html>"))

    assert contract.conversations == []
    assert left == ["1 request: of no geoprocessing server (a.example)"]


def test_a_multipart_form_is_read_too() -> None:
    body = (
        b'--B\r\nContent-Disposition: form-data; name="In"\r\n\r\n1\r\n--B\r\n'
        b'Content-Disposition: form-data; name="f"\r\n\r\njson\r\n--B--\r\n'
    )
    exchange = told(
        f"{TASK}/execute",
        {"results": [], "messages": []},
        method="POST",
        request_headers=(("content-type", "multipart/form-data; boundary=B"),),
        request_body=body,
    )

    found = only(assembled(exchange)[0])

    assert (found.inputs, found.parameters) == ({"In": "1"}, {"f": "json"})


def test_what_is_not_json_where_json_was_asked_for_is_kept_as_an_error() -> None:
    found = only(assembled(told(f"{TASK}/execute?f=json", b"<html>maintenance</html>"))[0])

    assert found.kind == "request"
    assert found.asked[0].answer.text == "<html>maintenance</html>"


def test_a_token_in_a_form_is_never_a_parameter() -> None:
    for each in assembled(*a_job())[0].conversations:
        assert "token" not in each.parameters
        assert "token" not in each.inputs
