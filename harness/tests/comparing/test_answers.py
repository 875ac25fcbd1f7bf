"""Messages, errors, states and whole answers: what differs from run to run is none of their differences."""

from __future__ import annotations

from typing import Any

import pytest
from gp_protocol.descriptions.descriptors import parse_task
from gpharness.comparing.answers import (
    compare_answers,
    compare_bytes,
    compare_errors,
    compare_executed,
    compare_outcomes,
    compare_result,
    compare_results,
    compare_statuses,
)
from gpharness.comparing.differences import Difference, findings_of
from gpharness.comparing.messages import compare_messages
from gpharness.comparing.texts import blanked
from gpharness.contracts.contract import Varies
from msgspec import UNSET

VARIES = Varies()
SPOKEN = Varies(messages=False)
JOB = "j0f1e2d3c4b5a69788796a5b4c3d2e1f0"


def message(kind: str, text: str) -> dict[str, str]:
    return {"type": f"esriJobMessageType{kind}", "description": text}


RUN = [
    message("Informative", "Start Time: Tue Mar  7 09:37:09 2023"),
    message(
        "Warning",
        r"WARNING 000117: C:\arcgisserver\directories\arcgisjobs\x_gpserver\jabc\scratch\out.shp is empty",
    ),
    message("Informative", "Succeeded at Tue Mar  7 09:37:30 2023 (Elapsed Time: 21.18 seconds)"),
]
ANOTHER = [
    message("Informative", "Start Time: Friday, December 16, 2022 6:05:31 PM"),
    message("Warning", r"WARNING 000117: D:\gis data\arcgisjobs\x_gpserver\jdef\scratch\out.shp is empty"),
    message("Informative", "Succeeded at Friday, December 16, 2022 6:05:33 PM (Elapsed Time: 1.00 seconds)"),
]


@pytest.mark.parametrize(
    ("text", "other"),
    [
        (f"Job {JOB} is done", "Job je1ad35f8d2b64c0e9b7a6f5e4d3c2b1a is done"),
        ("item {3F2504E0-4F89-11D3-9A0C-0305E82C3301}", "item {9b2d3c1e-0a4f-4e6a-8f1d-2c3b4a5d6e7f}"),
        ("see https://a.example.com/arcgis/rest/info", "see http://10.0.0.7:6080/server/rest/info"),
        ("get https://a.example.com", "get http://b"),
        ("wrote /arcgisserver/directories/jobs/out.gdb", "wrote /opt/arcgis/jobs/out.gdb"),
        (r"wrote \\nas01\share\out.gdb", r"wrote E:\out.gdb"),
        ("at 2026-11-26T20:15:00Z", "at 2025-01-02 03:04:05.123"),
        ("at 3/7/2023 9:37:09 AM", "at 12/24/2022 11:00:00 PM"),
        ("took 3 minutes", "took 21.18 seconds"),
        ("https://a/arcgis/rest/x?token=AbC-123..", "https://a/arcgis/rest/x?token=zzz"),
        ('{"token": "abcdef"}', '{"token": "uvwxyz"}'),
    ],
)  # fmt: skip
def test_what_differs_from_run_to_run_is_blanked(text: str, other: str) -> None:
    assert blanked(text, VARIES) == blanked(other, VARIES) != text
    strict = Varies(ids=False, times=False, urls=False, tokens=False, server_paths=False)
    assert blanked(text, strict) == text


@pytest.mark.parametrize(
    ("text", "other"),
    [
        ("5 features", "6 features"),
        ("ERROR 000732", "ERROR 000735"),
        ("https://a/arcgis/rest/services/X", "https://a/arcgis/rest/services/Y"),
        (r"C:\data\out.gdb", r"C:\data\in.gdb"),
        ("ratio 1/2", "ratio 1/3"),
        ("took 3 minutes to build 4 tiles", "took 3 minutes to build 5 tiles"),
        ("version 10.8.1", "version 10.9.1"),
    ],
)  # fmt: skip
def test_what_a_tool_says_is_not_blanked(text: str, other: str) -> None:
    assert blanked(text, VARIES) != blanked(other, VARIES)


def test_messages_of_two_runs_differ_in_no_more_than_may_vary() -> None:
    assert compare_messages(RUN, ANOTHER, SPOKEN) == []
    assert compare_messages(None, [], SPOKEN) == []


def test_texts_of_messages_count_only_where_the_contract_says_so() -> None:
    other = [*RUN[:1], message("Warning", "WARNING 000118: something else"), *RUN[2:]]
    assert compare_messages(RUN, other, VARIES) == []
    assert [each.path for each in compare_messages(RUN, other, SPOKEN)] == ["[1].description"]


@pytest.mark.parametrize(
    ("other", "path"),
    [
        ([RUN[0], RUN[2]], "[1]"),
        ([RUN[0], message("Error", RUN[1]["description"]), RUN[2]], "[1].type"),
        ([*RUN, message("Error", "Failed.")], "[3]"),
        ([], "[0]"),
    ],
)
def test_types_of_messages_and_their_order_always_count(other: Any, path: str) -> None:
    found = compare_messages(RUN, other, VARIES)
    assert [(each.path, each.name) for each in found] == [(path, "changed.messages")]


def test_thousands_of_messages_are_compared_in_no_time() -> None:
    many = [message("Informative", f"step {i}") for i in range(20_000)]
    assert len(compare_messages(many, [*many[:15_000], RUN[1], *many[15_000:]], SPOKEN)) == 1


RESULT = {"paramName": "Out", "dataType": "GPLong", "value": 5}


@pytest.mark.parametrize(
    ("other", "path", "name"),
    [
        ({**RESULT, "value": 6}, "value", "changed.value"),
        ({**RESULT, "value": "5"}, "value", "changed.value-type"),
        ({**RESULT, "dataType": "GPDouble"}, "dataType", "changed.value-type"),
        ({"paramName": "Out", "dataType": "GPLong"}, "value", "changed.value-type"),
    ],
)
def test_results_are_compared_by_their_data_type(other: Any, path: str, name: str) -> None:
    assert [(e.path, e.name) for e in compare_result(RESULT, other, VARIES)] == [(path, name)]
    assert compare_result(RESULT, {**RESULT, "value": 5.0}, VARIES) == []


def test_of_an_output_that_is_new_each_time_only_the_type_counts() -> None:
    varies = Varies(values=["Out"])
    assert compare_result(RESULT, {**RESULT, "value": 99}, varies) == []
    assert compare_result(RESULT, {**RESULT, "dataType": "GPDate"}, varies)


def test_outputs_that_are_gone_or_new_are_named() -> None:
    found = compare_results({"A": RESULT, "B": RESULT}, {"B": RESULT, "C": RESULT}, VARIES)
    assert [(e.path, e.name) for e in found] == [
        ("A", "changed.output-removed"),
        ("C", "changed.output-added"),
    ]


def test_the_answers_of_execute_are_compared_by_the_names_of_their_results() -> None:
    task = parse_task({"name": "T", "parameters": [{"name": "Out", "dataType": "GPLong"}]})
    one = {"results": [RESULT, {**RESULT, "paramName": "B"}], "messages": RUN}
    other = {"results": [{**RESULT, "value": 7}, {**RESULT, "paramName": "B"}], "messages": ANOTHER[:2]}
    assert compare_executed(one, {**one, "messages": ANOTHER}, VARIES, task) == []
    found = compare_executed(one, other, VARIES, task)
    assert [e.path for e in found] == ["results[Out].value", "messages[2]"]
    swapped = {**one, "results": one["results"][::-1]}
    assert [e.path for e in compare_executed(one, swapped, VARIES, task)] == ["results"]


ERROR = {"error": {"code": 400, "message": "Unable to complete operation.", "details": [f"Job ID: {JOB}"]}}


@pytest.mark.parametrize(
    ("other", "path"),
    [
        ({**ERROR["error"], "details": [f"Job ID: {JOB[::-1]}".replace("j", "")]}, None),
        ({**ERROR["error"], "code": 500}, "error.code"),
        ({**ERROR["error"], "message": "No."}, "error.message"),
        ({**ERROR["error"], "details": []}, "error.details"),
    ],
)
def test_errors_are_compared_member_by_member(other: Any, path: str | None) -> None:
    found = compare_errors(ERROR, {"error": other}, VARIES)
    assert [e.path for e in found] == ([] if path is None else [path])


def test_an_error_in_the_place_of_an_answer_is_another_outcome() -> None:
    assert [e.name for e in compare_outcomes({"results": []}, ERROR)] == ["changed.outcome"]
    assert [e.name for e in compare_outcomes(ERROR, {"results": []})] == ["changed.outcome"]
    assert compare_outcomes(ERROR, ERROR) == compare_outcomes({}, {"error": None}) == []


@pytest.mark.parametrize(
    ("met", "name"),
    [
        (["Submitted", "Submitted", "Executing", "Succeeded"], None),
        (["Succeeded"], None),
        (["New", "Waiting", "Executing", "Succeeded"], None),
        (["Submitted", "Executing", "Cancelling", "Succeeded"], "changed.states"),
        (["Submitted", "Executing", "Failed"], "changed.outcome"),
        ([], None),
    ],
)
def test_states_on_the_way_are_a_note_and_the_end_is_the_outcome(met: list[str], name: str | None) -> None:
    known = ["esriJobSubmitted", "esriJobExecuting", "esriJobExecuting", "esriJobSucceeded"]
    found = compare_statuses(known, [f"esriJob{each}" for each in met])
    assert [e.name for e in found] == ([] if name is None else [name])


@pytest.mark.parametrize(
    ("met", "told"),
    [
        ((200, "application/json; charset=utf-8", {"a": 1.0}, b""), None),
        ((200, "text/plain", {"a": 1}, b""), None),
        ((500, "application/json", {"a": 1}, b""), "HTTP status 500"),
        ((200, "text/html", UNSET, b"<p>"), "text/html"),
        ((200, "application/json", UNSET, b"{"), "no JSON"),
        ((200, "application/json", {"a": 2}, b""), "2"),
        ((200, "application/json", ERROR, b""), "the error"),
    ],
)
def test_whole_answers_differ_in_one_thing_at_a_time(met: Any, told: str | None) -> None:
    found = compare_answers((200, "application/json", {"a": 1}, b""), met, VARIES)
    assert [e.met.startswith(str(told)) for e in found] == ([] if told is None else [True])


def test_files_are_compared_as_texts_or_byte_by_byte() -> None:
    assert compare_bytes(f"{JOB}\nb".encode(), f"{JOB[:-1]}1\nb".encode(), VARIES) == []
    [found] = compare_bytes(b"a\nb", b"a\nc", VARIES)
    assert (found.expected, found.met, found.name) == ('"b"', '"c"', "changed.file")
    [found] = compare_bytes(b"PK\xff\xfe1", b"PK\xff\xfe22", VARIES)
    assert found.met.startswith("6 bytes")


def test_differences_become_findings_with_their_place() -> None:
    differences = [
        Difference("[0].x", "1", "2"),
        Difference("new", "nothing", "1", "changed.value-type", "note"),
    ]
    found = findings_of(differences, path="value", operation="result", task="S/T")
    assert [(each.path, each.severity) for each in found] == [
        ("value[0].x", "changed"),
        ("value.new", "note"),
    ]
    assert {each.kind for each in found} == {"behaviour"}


def test_texts_that_may_vary_still_tell_which_message_is_gone() -> None:
    def messages(*texts: str) -> list[dict[str, str]]:
        return [{"type": "esriJobMessageTypeInformative", "description": each} for each in texts]

    varies = Varies(messages=True)
    known = messages("Start", "Read 5 rows", "Wrote", "Done")
    found = compare_messages(known, messages("Start", "Read 5 rows", "Done"), varies)
    assert [(e.path, e.expected, e.met) for e in found] == [("[2]", 'Informative: "Wrote"', "nothing")]
    assert len(compare_messages(known, messages("Begun", "Read", "End"), varies)) == 1
    assert compare_messages(known, messages("Begun", "Read", "Written", "End"), varies) == []
