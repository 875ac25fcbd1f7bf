"""What differs from the contract is told at its root, and what may differ is not told."""

from __future__ import annotations

import shlex
from typing import Any

import pytest
import verifying_scenarios as scenarios
from gp_mockserver.sites import Site
from gpharness.contracts.contract import Answer, Asked, Contract, Conversation, Provenance, Seen
from gpharness.findings.finding_names import finding
from gpharness.findings.reports.report import Section
from gpharness.probing.exchanges import Exchange
from gpharness.verifying.consequences import Explained
from gpharness.verifying.curl_commands import curl_of
from gpharness.verifying.discreet_findings import discreet
from gpharness.verifying.kept_files import file_differences
from gpharness.verifying.kept_promises import differences
from gpharness.verifying.looks import Look
from gpharness.verifying.sequences import settle
from gpharness.verifying.traces import check_early_results
from gpharness.verifying.verify import verify

ROOT = "https://gis.example.com/arcgis"
TASK = "Roads/Route"
JOB = f"{ROOT}/rest/services/Roads/GPServer/Route/jobs/j1"
FILE = "rest/directories/arcgisjobs/roads_gpserver/{job}/scratch/out.zip"


JSON = (("content-type", "application/json"),)


def refusal(code: int) -> dict[str, Any]:
    return {"error": {"code": code, "message": "Invalid URL", "details": []}}


def held(site: Site, scenario: str = "viewshed") -> Section:
    clock = site.clock
    assert isinstance(clock, scenarios.OneClock)
    return verify(scenarios.contract(scenario), ROOT, **scenarios.options_for(site, clock))


def named(section: Section) -> list[tuple[str, str, str]]:
    return [(each.name, each.severity, each.task) for each in section.findings]


def test_findings_about_files_name_the_task_that_they_are_of() -> None:
    site = scenarios.site(scenarios.OneClock())
    site.deviate("file-url-404")
    assert named(held(site, "files")) == [("file.url", "breaking", "Files/FileTransfer/ZipFile")]


def test_of_a_task_that_is_gone_nothing_else_is_told() -> None:
    site = scenarios.site(scenarios.OneClock())
    del site.services["WorldViewshed"].tasks["viewshed"]
    assert named(held(site)) == [("drift.task-removed", "breaking", "WorldViewshed/viewshed")]


def test_of_a_service_that_wants_a_token_now_that_is_told_once() -> None:
    site = scenarios.site(scenarios.OneClock())
    site.deviate("error-in-200", code=499, message="Token Required", times=None)
    found = held(site).findings
    assert [(each.name, each.task) for each in found if each.operation in ("service", "task")] == [
        ("changed.answer", "WorldViewshed")
    ]
    assert "changed.outcome" not in {each.name for each in found}


@pytest.mark.parametrize(
    ("cause", "severity", "explains"),
    [
        ("drift.task-removed", "breaking", True),
        ("drift.execution-type", "breaking", True),
        ("drift.parameter-added", "breaking", True),
        ("drift.parameter-added", "note", False),
        ("drift.choice-list", "breaking", False),
    ],
)
def test_a_refusal_is_explained_by_what_the_description_shows(
    cause: str, severity: str, explains: bool
) -> None:
    explained = Explained()
    explained.note([finding(cause, severity=severity, task=TASK)])
    run = Conversation("run", "job", TASK)
    refused = finding("changed.outcome", operation="submit", task=TASK)
    failed = finding("changed.outcome", operation="job", task=TASK)
    expected = [failed] if explains else [refused, failed]
    assert explained.without_consequences(run, [refused, failed]) == expected


def _job(status: str, after: float, *messages: str) -> tuple[Contract, Conversation]:
    listed = [{"type": f"esriJobMessageType{each}", "description": each} for each in messages]
    last = {"jobId": "j1", "jobStatus": status, "messages": listed}
    answer = Answer(json={"jobId": "j1", "jobStatus": "esriJobSubmitted"})
    seen = [Seen(status=status, answer=Answer(json=last), after=after)]
    conversation = Conversation("run", "job", TASK, submission=answer, trace=seen)
    return Contract(Provenance("generated"), conversations=[conversation]), conversation


def _looks(status: str, at: float, *messages: str) -> list[Look]:
    listed = [{"type": f"esriJobMessageType{each}", "description": each} for each in messages]
    poll = {"jobId": "j1", "jobStatus": status, "messages": listed}
    submit = Exchange("submit", "POST", JOB, status=200, task=TASK)
    return [
        Look(submit, "submit", {"jobId": "j1", "jobStatus": "esriJobSubmitted"}, []),
        Look(Exchange("job", "GET", JOB, at=at, status=200, task=TASK), "job", poll, []),
    ]


@pytest.mark.parametrize(
    ("status", "at", "messages", "told"),
    [
        ("esriJobSucceeded", 2.0, ("Informative",), []),
        ("esriJobSucceeded", 9.0, ("Informative",), []),
        ("esriJobSucceeded", 20.0, ("Informative",), ["changed.duration"]),
        ("esriJobSucceeded", 2.0, ("Informative", "Warning"), ["changed.messages"]),
        ("esriJobCancelled", 20.0, ("Informative", "Warning"), []),
    ],
)
def test_a_jobs_length_is_a_note_and_how_far_a_cancelled_one_came_is_none(
    status: str, at: float, messages: tuple[str, ...], told: list[str]
) -> None:
    contract, conversation = _job(status, 2.0, "Informative")
    found = differences(contract, conversation, _looks(status, at, *messages), None)
    assert [each.name for each in found] == told


@pytest.mark.parametrize("is_cancelled", [False, True])
def test_a_job_that_ended_before_it_could_be_cancelled_is_a_note(is_cancelled: bool) -> None:
    contract, conversation = _job("esriJobCancelled", 2.0)
    looks = _looks("esriJobSucceeded", 2.0)
    if is_cancelled:
        answer = {"jobId": "j1", "jobStatus": "esriJobCancelling"}
        looks.insert(1, Look(Exchange("cancel", "POST", f"{JOB}/cancel", status=200), "cancel", answer, []))
    (found,) = differences(contract, conversation, looks, None)
    severity = "breaking" if is_cancelled else "note"
    assert (found.name, found.severity) == ("changed.outcome", severity)


@pytest.mark.parametrize(
    ("expected", "met", "told"),
    [
        (b"PK\x03\x04one", b"PK\x03\x04two", None),
        (b"PK\x03\x04one", b"", "nothing of 0 bytes"),
        (b"PK\x03\x04one", b"hello", "a text of 5 bytes"),
        (b"Layers: 2\nat 10:20:30", b"Layers: 2\nat 11:21:31", None),
        (b"Layers: 2\nDone", b"Layers: 3\nDone", '"Layers: 3"'),
        (b"\x89PNG1", b"\x89PNG2", None),
    ],
)
def test_a_file_is_compared_by_its_sort_and_a_text_by_what_it_says(
    expected: bytes, met: bytes, told: str | None
) -> None:
    asked = Asked("file", FILE, Answer(content=expected))
    run = Conversation("run", "job", TASK, asked=[asked])
    contract = Contract(Provenance("generated"), conversations=[run])
    url = f"{ROOT}/{FILE.replace('{job}', 'j2')}"
    look = Look(Exchange("file", "GET", url, status=200, body=met), "file", findings=[])
    found = [each.met for each, _ in file_differences(contract, run, [look])]
    assert found == ([] if told is None else [told])


def test_what_is_wrong_with_a_result_is_not_told_of_the_list_of_results_as_well() -> None:
    def look(operation: str) -> Look:
        exchange = Exchange(operation, "GET", f"{JOB}/results", status=200)
        return Look(exchange, operation, {}, [finding("value.type")])

    looks = [look("result"), look("results")]
    settle(looks)
    assert [[each.name for each in one.findings] for one in looks] == [["value.type"], []]
    alone = [look("results")]
    settle(alone)
    assert [each.name for each in alone[0].findings] == ["value.type"]


@pytest.mark.parametrize(
    ("method", "fields", "name", "words"),
    [
        ("GET", {"parameters": {"f": "json"}}, "", "curl -sS -G --data-urlencode f=json"),
        ("GET", {"parameters": {"f": "json"}}, "http.status", "curl -sS -i -G --data-urlencode f=json"),
        (
            "OPTIONS",
            {"parameters": {"f": "json"}, "request_headers": (("Origin", "https://a.example"),)},
            "http.cors",
            "curl -sS -i -G -X OPTIONS -H 'Origin: https://a.example' --data-urlencode f=json",
        ),
        ("HEAD", {}, "http.status", "curl -sS -I"),
        ("POST", {"parameters": {"f": "json"}}, "", "curl -sS --data-urlencode f=json"),
        ("POST", {}, "", "curl -sS -X POST"),
        (
            "POST",
            {
                "request_headers": (("Content-Type", "multipart/form-data; boundary=x"),),
                "request_body": b'--x\r\nContent-Disposition: form-data; name="f"\r\n\r\njson\r\n--x\r\n'
                b'Content-Disposition: form-data; name="file"; filename="a b.txt"\r\n'
                b"Content-Type: text/plain\r\n\r\nhello\r\n--x--\r\n",
            },
            "",
            "curl -sS -F f=json -F 'file=@a b.txt'",
        ),
    ],
)
def test_a_command_repeats_the_request(method: str, fields: dict[str, Any], name: str, words: str) -> None:
    url = "https://gis.example.com/arcgis/x"
    assert curl_of(Exchange("", method, f"{url}?f=json", **fields), name) == f"{words} {url}"
    assert shlex.split(words)


def test_no_secret_of_a_server_or_of_a_user_gets_into_a_finding() -> None:
    secrets = ("Tr0ub4dorX3x", "aB3dE6fG9hJ2kL5mN8pQ1rS4tU7vW0xY", "of-the-user-9")
    said = f"SERVER=sql01;PASSWORD={secrets[0]} {ROOT}?token={secrets[1]} {secrets[2]}"
    found = finding("changed.messages", met=said, expected=said, request=f"curl -sS '{said}'")
    told = discreet([found], [secrets[2], None])[0]
    assert told.id == found.id
    assert not any(secret in text for secret in secrets for text in (told.met, told.expected, told.request))


def test_another_refusal_of_a_task_that_there_is_not_is_told() -> None:
    asked = Asked("task", "/rest/services/Roads/GPServer/NoSuchTask", Answer(json=refusal(400)))
    conversation = Conversation("wrong", "request", "Roads/NoSuchTask", asked=[asked])
    contract = Contract(Provenance("generated"), conversations=[conversation])
    for code, expected in ((400, []), (500, [("changed.error", "error.code")])):
        exchange = Exchange("task", "GET", f"{ROOT}{asked.path}", status=200, headers=JSON)
        found = differences(contract, conversation, [Look(exchange, "error", refusal(code))], None)
        assert [(each.name, each.path) for each in found] == expected


@pytest.mark.parametrize(
    ("status", "answer", "found"),
    [
        ("esriJobExecuting", refusal(400), []),
        ("esriJobExecuting", refusal(500), ["changed.error"]),
        ("esriJobExecuting", {"paramName": "Route", "dataType": "GPLong", "value": 1}, ["job.results-early"]),
        ("esriJobSucceeded", {"paramName": "Route", "dataType": "GPLong", "value": 1}, []),
    ],
    ids=["refused", "refused otherwise", "answered", "answered once it had ended"],
)
def test_a_result_is_no_more_to_be_had_before_the_end_than_it_was(
    status: str, answer: dict[str, Any], found: list[str]
) -> None:
    asked = Asked("result", "/rest/x/jobs/{job}/results/Route", Answer(json=refusal(400)), after=1.0)
    submission = Answer(json={"jobId": "j1", "jobStatus": "esriJobSubmitted"})
    trace = [Seen("esriJobSucceeded", Answer(json={}), after=2.0)]
    conversation = Conversation(
        "early", "job", "Roads/Route", submission=submission, trace=trace, asked=[asked]
    )
    polled = Exchange("job", "GET", JOB, job_id="j1", status=200)
    early = Exchange("result", "GET", f"{JOB}/results/Route", job_id="j1", status=200, headers=JSON)
    states = [{"jobId": "j1", "jobStatus": each} for each in (status, "esriJobSucceeded")]
    looks = [
        Look(Exchange("submit", "POST", JOB, status=200), "submit", submission.json, []),
        Look(early, "error" if "error" in answer else "result", answer, []),
        *(Look(polled, "job", each, []) for each in states),
    ]
    check_early_results(looks)
    settle(looks)
    contract = Contract(Provenance("generated"), conversations=[conversation])
    met = [each for look in looks for each in look.findings]
    met += differences(contract, conversation, looks, None)
    assert [each.name for each in met] == found
