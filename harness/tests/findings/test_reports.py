"""Every form of a report tells all of each finding, whatever characters are in it."""

from __future__ import annotations

import io
import json
import re
from html.parser import HTMLParser
from typing import Any
from xml.etree import ElementTree

import pytest
from gpharness.findings.finding_names import finding, finding_names, means
from gpharness.findings.findings import Finding
from gpharness.findings.reports.html_report import as_html
from gpharness.findings.reports.json_report import as_json, report_schema
from gpharness.findings.reports.junit_report import as_junit
from gpharness.findings.reports.report import Case, Report, Section, counted, shown_server
from gpharness.findings.reports.table_report import print_table, table_lines
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import validate
from rich.console import Console

CURL = "curl -sS 'https://gis.example.com/arcgis/rest/services/S/GPServer/T/jobs/j1?f=json'"
LATE = finding(
    "results.late",
    operation="job",
    path="results",
    expected="results at once",
    met="none <for 3 polls>",
    task="S/T",
    conversation="succeeds",
    request=CURL,
)
NOTE = finding("drift.version", operation="service", path="currentVersion", task="S")
FILE = finding("format.html", operation="submit", file="body.json")


def report(*findings: Finding, **more: Any) -> Report:
    cases = [
        Case("succeeds", "S/T", 1.5),
        Case("fails", "S/T", 0.5),
        Case("uploads", "S/U", skipped="no file"),
    ]
    section = Section(
        "viewshed", list(findings), "https://gis.example.com/arcgis", cases, seconds=2.0, **more
    )
    return Report("verify", [section], at="2026-11-26T20:15:00Z", by="gpharness 0.1.0")


# JSON


def test_json_tells_all_of_each_finding() -> None:
    told = json.loads(as_json(report(NOTE, LATE)))
    assert told["counts"] == {"breaking": 1, "changed": 0, "note": 1}
    assert told["failed"] is True
    section = told["sections"][0]
    assert [each["name"] for each in section["findings"]] == ["results.late", "drift.version"]
    first = section["findings"][0]
    assert first["id"] == LATE.id
    assert first["means"] == means(LATE)
    assert (first["request"], first["met"]) == (CURL, "none <for 3 polls>")
    assert set(first) == {
        *("id", "name", "severity", "kind", "title", "means", "operation", "path", "expected", "met"),
        *("task", "conversation", "request", "file"),
    }
    assert section["cases"][2] == {"name": "uploads", "task": "S/U", "seconds": 0.0, "skipped": "no file"}


@given(text=st.text(alphabet=st.characters()))
@settings(derandomize=True, deadline=None, max_examples=15)
def test_json_is_as_its_schema_says_whatever_was_met(text: str) -> None:
    found = finding("value.type", met=text, path=text, task=text)
    told = json.loads(as_json(report(found, known=[LATE], gone=["x"], warnings=["old"])).encode())
    validate(told, report_schema())


# JUnit


def test_junit_has_a_test_for_each_conversation_and_finding() -> None:
    root = ElementTree.fromstring(as_junit(report(LATE, NOTE)).encode())
    [suite] = root.findall("testsuite")
    assert {name: suite.get(name) for name in ("name", "tests", "failures", "skipped", "errors", "time")} == {
        "name": "viewshed",
        "tests": "4",
        "failures": "1",
        "skipped": "1",
        "errors": "0",
        "time": "2.000",
    }
    tests = {str(each.get("name")): each for each in suite.findall("testcase")}
    assert list(tests)[:2] == ["fails", "uploads"]
    late = tests[f"succeeds: results.late results [{LATE.id}]"]
    assert late.get("classname") == "S/T"
    [failure] = late.findall("failure")
    assert failure.get("message", "").endswith("expected results at once, met none <for 3 polls>")
    assert CURL in str(failure.text)
    assert means(LATE) in str(failure.text)
    note = tests[f"service: drift.version currentVersion [{NOTE.id}]"]
    assert note.find("failure") is None
    assert note.find("system-out") is not None


def test_junit_says_what_is_gone_and_what_is_old() -> None:
    text = as_junit(report(gone=["results.late S/T [abc]"], warnings=["recorded long ago"]))
    said = ElementTree.fromstring(text.encode()).find("testsuite/system-out")
    assert said is not None
    assert said.text == "recorded long ago\nno longer found: results.late S/T [abc]"


@given(text=st.text(alphabet=st.characters(exclude_categories=())))
@settings(derandomize=True, deadline=None, max_examples=100)
def test_junit_is_xml_whatever_was_met(text: str) -> None:
    found = finding("value.type", met=text, path=text, task=text, conversation=text, request=text, file=text)
    made = report(found, warnings=[text], gone=[text])
    made.sections[0].subject = text
    ElementTree.fromstring(as_junit(made).encode("utf-8"))


@pytest.mark.parametrize("text", ["\x00", "\x1b[2J", "\ufffe", "\ud800", "]]>", "<a>&amp;", "\r\n\t"])
def test_junit_keeps_no_control_character(text: str) -> None:
    made = as_junit(report(finding("value.type", met=f"before{text}after")))
    root = ElementTree.fromstring(made.encode("utf-8"))
    assert root.find(".//failure") is not None
    assert not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\ud800]", made)


# HTML


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.text += data


def _page(made: Report) -> _Page:
    page = _Page()
    page.feed(as_html(made))
    page.close()
    return page


def test_html_tells_all_of_each_finding() -> None:
    page = _page(report(LATE, NOTE, known=[FILE], gone=["value.type S/T [abc]"], warnings=["old"]))
    for told in (
        *("results.late", LATE.id, "S/T job", "results at once", "none <for 3 polls>", CURL, means(LATE)),
        *("drift.version", "viewshed", "https://gis.example.com/arcgis", "1 breaking, 1 note", "uploads"),
        *(FILE.id, "value.type S/T [abc]", "Warning: old", "gpharness 0.1.0", "2026-11-26T20:15:00Z"),
    ):
        assert told in page.text, told


def test_html_needs_nothing_from_elsewhere_and_no_script() -> None:
    made = as_html(report(LATE, NOTE))
    page = _page(report(LATE, NOTE))
    assert not {"script", "link", "img", "iframe", "object", "form", "a"} & set(page.tags)
    assert not {"src", "href", "style", "onclick"} & {name for name, _ in page.attributes}
    assert not re.search(r"url\(|@import", made)
    assert "prefers-color-scheme: dark" in made


@given(text=st.text(alphabet=st.characters(exclude_categories=()), min_size=1))
@settings(derandomize=True, deadline=None, max_examples=60)
def test_html_has_the_same_tags_whatever_was_met(text: str) -> None:
    def of(each: str) -> list[str]:
        found = finding("value.type", met=each, path=each, task=each, request=each, expected=each)
        return _page(report(found, warnings=[each], gone=[each])).tags

    as_html(report(finding("value.type", met=text))).encode("utf-8")
    assert of(text) == of("x")


@pytest.mark.parametrize(
    "text", ["<script>alert(1)</script>", '"><img src=x onerror=a>', "</style><b>", "&#60;b>"]
)
def test_html_escapes_what_was_met(text: str) -> None:
    page = _page(report(finding("value.type", met=text, operation=text, task=text)))
    assert "script" not in page.tags
    assert "img" not in page.tags
    assert "b" not in page.tags
    assert text in page.text


# The table


def test_the_table_tells_all_of_each_finding() -> None:
    lines = "\n".join(table_lines(report(NOTE, LATE, known=[FILE], gone=["x [abc]"], warnings=["old"])))
    first, *_ = lines.splitlines()
    assert first == (
        "viewshed at https://gis.example.com/arcgis: "
        "1 breaking, 1 note, 2 conversations, 1 skipped, 1 known, 2.0 s"
    )
    assert lines.index("results.late") < lines.index("drift.version")
    for told in ("results at once", CURL, means(LATE), LATE.id, "warning: old", "no longer found: x [abc]"):
        assert told in lines
    assert "skipped: uploads: no file" in lines


def test_what_was_skipped_for_one_reason_is_told_in_one_line() -> None:
    cases = [Case(name, "S/T", skipped="no token") for name in "abcde"] + [
        Case("f", "S/U", skipped="no file")
    ]
    lines = list(table_lines(Report("verify", [Section("viewshed", [], cases=cases)])))
    assert lines[-2:] == ["skipped: a, b, c and 2 more: no token", "skipped: f: no file"]


def test_no_findings_are_said_to_be_none() -> None:
    assert next(iter(table_lines(report()))).startswith(
        "viewshed at https://gis.example.com/arcgis: no findings,"
    )
    assert counted([NOTE, NOTE]) == "2 notes"


def test_a_terminal_gets_colours_and_a_pipe_plain_lines() -> None:
    pipe, terminal = io.StringIO(), io.StringIO()
    print_table(report(LATE), Console(file=pipe, width=80))
    assert pipe.getvalue() == "\n".join(table_lines(report(LATE))) + "\n"
    print_table(report(LATE), Console(file=terminal, force_terminal=True, width=80, color_system="standard"))
    assert "\x1b[" in terminal.getvalue()
    assert "results.late" in terminal.getvalue()


def test_nothing_that_was_met_moves_the_cursor() -> None:
    terminal = io.StringIO()
    evil = finding("value.type", met="\x1b[2J\u202e[red]x", task="\x07", request="a\rb", path="[bold]")
    print_table(report(evil), Console(file=terminal, force_terminal=True, width=80, color_system=None))
    assert not {"\x1b[2J", "\u202e", "\x07", "\r"} & set(terminal.getvalue())
    assert "[red]x" in terminal.getvalue()
    assert "\x1b[2J" not in terminal.getvalue()


# What they share


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://ann:secret@gis.example.com:6443/arcgis?token=abc#x", "https://gis.example.com:6443/arcgis"),
        ("http://127.0.0.1:8585/arcgis", "http://127.0.0.1:8585/arcgis"),
        ("http://[::1", "an address that cannot be read"),
    ],
)
def test_a_servers_address_is_shown_without_its_secrets(url: str, shown: str) -> None:
    assert shown_server(url) == shown


def test_every_name_can_be_reported_in_every_form() -> None:
    made = report(*(finding(name) for name in finding_names()))
    assert made.is_failure
    for text in (as_json(made), as_junit(made), as_html(made), "\n".join(table_lines(made))):
        assert all(name in text for name in finding_names())
