"""The journal as a list for people, and whether it tells what they need."""

from __future__ import annotations

import json
from typing import Any

from gp_mockserver.journal.entries import Entry
from gp_mockserver.journal.journal_text import text_of

from every_case import every_case

from .journal_probe import FORM, VIEWSHED, asked, site_with

TASK = "WorldViewshed/viewshed"


def entry(number: int = 1, at: float = 100.0, **fields: Any) -> Entry:
    usual: dict[str, Any] = {"method": "GET", "path": "/arcgis/rest/x", "operation": "job", "task": TASK}
    answered = {"service": "WorldViewshed", "status": 200, "seconds": 0.0021, "response_size": 214}
    return Entry(number, at, **{**usual, **answered, **fields})


def test_a_line_says_when_what_and_how_it_went() -> None:
    run = [
        entry(1, 100.0, method="POST", operation="submitJob", job_id="j0123456789abcdef", response_size=66),
        entry(2, 101.5, job_id="j0123456789abcdef", job_status="esriJobExecuting", seconds=1.234),
        entry(3, 163.25, operation="result", name="Viewshed_Result", response_size=70_000, seconds=0.01,
              deviations=("slow-each", "results-late#2")),
    ]  # fmt: skip
    lines = [" ".join(line.split()) for line in text_of(run).splitlines()]
    assert lines == [
        "1 +0.000 s POST submitJob WorldViewshed/viewshed job j01234567… 200 66 B 2.1 ms",
        "2 +1.500 s GET job WorldViewshed/viewshed job j01234567… 200 esriJobExecuting 214 B 1.23 s",
        "3 +63.250 s GET result WorldViewshed/viewshed Viewshed_Result 200 68.4 KB 10.0 ms "
        "slow-each, results-late#2",
    ]


def test_a_run_of_equal_polls_is_one_line_that_tells_the_last() -> None:
    polls = [entry(number, 100.0 + number, seconds=number / 1000, job_status="esriJobExecuting")
             for number in range(2, 29)]  # fmt: skip
    done = [entry(29 + number, 130.0, job_status="esriJobSucceeded") for number in range(2)]
    odd = entry(31, 131.0, job_status="esriJobSucceeded", refusal="unknown-job")
    run = [entry(1, 100.0, operation="submitJob"), *polls, *done, odd]
    lines = [" ".join(line.split()) for line in text_of(run).splitlines()]
    assert lines[1] == (
        "2 +2.000 s GET job WorldViewshed/viewshed 200 esriJobExecuting 214 B 2.0 ms "
        "27 times, the last 28 at +28.000 s"
    )
    assert [line.split()[0] for line in lines] == ["1", "2", "29", "30", "31", "refused:"]


def test_equal_requests_that_are_no_polls_have_a_line_each() -> None:
    assert len(text_of([entry(number, operation="result") for number in range(5)]).splitlines()) == 5


def test_a_text_has_no_more_lines_than_it_may_and_says_what_comes_before() -> None:
    run = [entry(number, operation="task", refusal="bad-value") for number in range(1, 101)]
    lines = text_of(run, before=7, lines=30).splitlines()
    assert lines[0] == "(92 earlier requests not shown)"
    assert [line.split()[0] for line in lines[1::2]] == [str(number) for number in range(86, 101)]
    assert len(text_of(run[:1], lines=1).splitlines()) == 2


def test_a_long_path_is_cut_at_its_front() -> None:
    lost = entry(
        operation="", task="", service="", path="/" + "a" * 80 + "/Nowhere/GPServer", unexpected=True
    )
    cell = text_of([lost]).split()[5]
    assert (len(cell), cell[0]) == (60, "…")
    assert cell.endswith("/Nowhere/GPServer")


def test_columns_stand_below_each_other() -> None:
    run = [entry(9, 100.0), entry(10, 110.0, operation="submitJob", response_size=12_345)]
    first, second = text_of(run).splitlines()
    assert first.index("GET") == second.index("GET")
    assert first.index("WorldViewshed") == second.index("WorldViewshed")
    assert first.index(" 2.1 ms") == second.index(" 2.1 ms")


@every_case(
    ("fields", "details"),
    [
        ({}, []),
        (
            {
                "refusal": "bad-value",
                "near_miss": 'D: units "esriMile"\nE: no such',
                "parameters": {"D": "1"},
            },
            ["refused: bad-value", 'D: units "esriMile"', "E: no such", "sent: D=1"],
        ),
        ({"near_miss": "Distanc: no such parameter"}, ["Distanc: no such parameter"]),
        ({"status": None, "seconds": None}, ["not answered yet"]),
        ({"status": None, "cut_short": "the client left"}, ["no answer: the client left"]),
        ({"status": None}, ["no answer: none was sent"]),
        ({"cut_short": "the client left"}, ["cut short after 214 B: the client left"]),
        (
            {"operation": "", "task": "", "service": "", "unexpected": True, "parameters": {"f": "json"}},
            ["unexpected: the address leads nowhere"],
        ),
        ({"error": "AssertionError: 5 != 6"}, ["the tool's function: AssertionError: 5 != 6"]),
        (
            {"refusal": "bad-value", "parameters": {"Notes": "x" * 100, "f": "json"}},
            ["refused: bad-value", f"sent: Notes={'x' * 59}…"],
        ),
        (
            {"near_miss": "\n".join(f"line {number}" for number in range(12))},
            [*(f"line {number}" for number in range(8)), "and 4 more lines"],
        ),
    ],
)
def test_what_went_wrong_stands_indented_below(fields: dict[str, Any], details: list[str]) -> None:
    _, *rest = text_of([entry(**fields)]).splitlines()
    assert [line.strip() for line in rest] == details
    assert all(line.startswith("        ") for line in rest)


def test_an_address_that_leads_nowhere_is_shown_itself() -> None:
    lost = entry(operation="", task="", service="", path="/arcgis/rest/nowhere", unexpected=True)
    assert text_of([lost]).split()[4:6] == ["?", "/arcgis/rest/nowhere"]


def test_what_a_client_sends_begins_no_line_and_gives_a_terminal_no_orders() -> None:
    wild = entry(
        method="G\nET", path="/a\r\nb\x1b[31m\x07/" + "z" * 300, operation="", task="", service="",
        unexpected=True, parameters={"a\nb": "c\x1b[2J"},
    )  # fmt: skip
    text = text_of([wild])
    assert len(text.splitlines()) == 3
    assert text.replace("\n", "").isprintable()
    assert max(map(len, text.splitlines())) < 200


def test_an_empty_journal_says_so() -> None:
    assert text_of([]) == "(no requests)"


@every_case(("last", "shown"), [(None, [1, 2, 3]), (2, [2, 3]), (1, [3]), (0, []), (9, [1, 2, 3])])
def test_the_last_ones_are_shown_and_how_many_are_not(last: int | None, shown: list[int]) -> None:
    site = site_with()
    asked(site, *[{"path": VIEWSHED}] * 3)
    text = site.journal.as_text(last)
    lines = text.splitlines()
    hidden = 3 - len(shown)
    if hidden:
        assert lines.pop(0) == f"({hidden} earlier request{'s' * (hidden > 1)} not shown)"
    assert lines == ["(no requests)"] or [int(line.split()[0]) for line in lines] == shown


def test_a_failed_client_is_understood_from_it() -> None:
    site = site_with()
    body = b"f=json&Viewshed_Distance=%7B%22distance%22%3A1%2C%22units%22%3A%22esriMile%22%7D"
    asked(
        site,
        {"path": f"{VIEWSHED}/submitJob", "method": "POST", "body": body, "headers": FORM},
        {"path": f"{VIEWSHED}d/submitJob", "method": "POST", "body": body, "headers": FORM},
    )
    text = site.journal.as_text()
    assert "refused: bad-value" in text
    assert 'Viewshed_Distance: units "esriMile", did you mean "esriMiles"?' in text
    assert "unexpected: the address leads nowhere" in text
    assert 'did you mean "viewshed"' in text
    assert "sent: Viewshed_Distance=" in text
    assert json.dumps(text)
