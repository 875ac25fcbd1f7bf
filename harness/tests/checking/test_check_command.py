"""`gpharness check`: files and stdin in, findings out, and a status."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import click.testing
import pytest
from gpharness.check_commands import check

JOB = {"jobId": "j1", "jobStatus": "esriJobExecuting", "messages": []}
TASK = {
    "name": "Tool",
    "displayName": "Tool",
    "description": "",
    "category": "",
    "helpUrl": "",
    "executionType": "esriExecutionTypeAsynchronous",
    "parameters": [
        {
            "name": "Out",
            "dataType": "GPLong",
            "displayName": "Out",
            "description": "",
            "direction": "esriGPParameterDirectionOutput",
            "defaultValue": None,
            "parameterType": "esriGPParameterTypeDerived",
            "category": "",
        }
    ],
}


def told(*arguments: str, stdin: bytes = b"") -> click.testing.Result:
    return click.testing.CliRunner().invoke(check, arguments, input=stdin)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "good.json").write_text(json.dumps(JOB))
    (tmp_path / "bad.json").write_text(json.dumps({**JOB, "jobStatus": "Executing"}))
    (tmp_path / "task.json").write_text(json.dumps(TASK))
    (tmp_path / "result.json").write_text(
        json.dumps({"paramName": "Out", "dataType": "GPDouble", "value": 5})
    )
    return tmp_path


def test_a_body_in_order_ends_with_0(folder: Path) -> None:
    result = told("good.json")
    assert (result.exit_code, result.stdout) == (0, "good.json (as job): no findings\n")


def test_a_finding_says_where_what_was_expected_and_what_was_met(folder: Path) -> None:
    result = told("--as", "job", "bad.json")
    assert result.exit_code == 1
    lines = [line.strip() for line in result.stdout.splitlines()]
    assert lines[0] == "bad.json: 1 breaking"
    assert lines[2].startswith("breaking  job.status  ")
    assert "path      jobStatus" in lines
    assert "expected  a status such as esriJobExecuting" in lines
    assert 'met       "Executing"' in lines


def test_several_files_have_a_section_each(folder: Path) -> None:
    result = told("good.json", "bad.json", "--json")
    assert result.exit_code == 1
    report = json.loads(result.stdout)
    assert report["command"] == "check"
    assert [len(each["findings"]) for each in report["sections"]] == [0, 1]
    (found,) = report["sections"][1]["findings"]
    assert (found["name"], found["file"], found["operation"]) == ("job.status", "bad.json", "job")


def test_stdin_is_a_dash(folder: Path) -> None:
    result = told("--as", "job", "-", stdin=b"<html>")
    assert result.exit_code == 1
    assert "format.html" in result.stdout
    assert "file      stdin" in result.stdout


def test_results_are_held_to_the_tasks_descriptor(folder: Path) -> None:
    assert told("result.json").exit_code == 0
    result = told("result.json", "--task-descriptor", "task.json")
    assert result.exit_code == 1
    assert "expected  GPLong" in result.stdout


def test_what_was_asked_decides_what_is_unasked(folder: Path) -> None:
    body = json.dumps({**JOB, "messages": [{"type": "esriJobMessageTypeError", "description": "x"}]}).encode()
    assert told("-", stdin=body).exit_code == 0
    result = told("-", "--asked", "f=json&returnMessages=false", stdin=body)
    assert (result.exit_code, "messages.order" in result.stdout) == (1, True)


def test_the_job_that_was_asked_for_is_the_one_that_answers(folder: Path) -> None:
    assert told("good.json", "--job-id", "j1").exit_code == 0
    assert told("good.json", "--job-id", "J1").exit_code == 1


def test_notes_are_no_failure(folder: Path) -> None:
    body = json.dumps({"paramName": "Out", "dataType": "GPHologram", "value": 5}).encode()
    result = told("-", stdin=body)
    assert (result.exit_code, "1 note" in result.stdout) == (0, True)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["nowhere.json"], "'nowhere.json' cannot be read: No such file or directory"),
        (["."], "'.' cannot be read: Is a directory"),
        (["good.json", "--version", "8.0"], "--version: met '8.0', expected a version number from 9.3 on"),
        (["good.json", "--task-descriptor", "good.json"], "is no task's descriptor"),
        (["good.json", "--task-descriptor", "none.json"], "'none.json' cannot be read"),
        (["-", "-"], "met - twice, expected it once"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(folder: Path, arguments: list[str], says: str) -> None:
    result = told(*arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("gpharness check: ")
    assert says in result.stderr
    assert result.stderr.count("\n") == 1


def test_an_unknown_kind_is_refused(folder: Path) -> None:
    result = told("--as", "jobs", "good.json")
    assert result.exit_code == 2
    assert "'jobs' is not one of" in result.stderr


def test_reports_are_written_beside_what_is_printed(folder: Path) -> None:
    result = told("good.json", "bad.json", "--junit", "report.xml", "--html", "report.html")
    assert result.exit_code == 1
    assert "bad.json (as job): 1 breaking" in result.stdout
    suites = ElementTree.parse(folder / "report.xml").getroot()
    assert [suite.get("failures") for suite in suites] == ["0", "1"]
    page = (folder / "report.html").read_text()
    assert page.startswith("<!DOCTYPE html>")
    assert "job.status" in page


def test_a_report_that_cannot_be_written_is_said_in_one_line(folder: Path) -> None:
    result = told("good.json", "--html", "nowhere/report.html")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == (
        "gpharness check: 'nowhere/report.html' cannot be written: No such file or directory\n"
    )


SECRET = "hunter2-Zq8vK3xW9mT"


def test_the_places_of_secrets_are_told_and_never_the_secrets(folder: Path) -> None:
    (folder / "kept").mkdir()
    (folder / "kept" / "sign-in.json").write_text(json.dumps({"password": SECRET, "f": "json"}))
    result = told("--secrets", "good.json", "kept")
    assert result.exit_code == 1
    assert result.stdout.splitlines() == [
        f"{Path('kept', 'sign-in.json')}: password: a value called password",
        "1 secret found",
    ]
    assert SECRET not in result.output


def test_files_without_secrets_end_with_0(folder: Path) -> None:
    result = told("--secrets", "good.json", "task.json")
    assert (result.exit_code, result.stdout) == (0, "no secrets found\n")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--secrets", "nowhere"], "'nowhere' is no file and no folder"),
        (["--secrets", "good.json", "--json"], "--secrets goes with no other option"),
        (["--secrets", "good.json", "--as", "job"], "--secrets goes with no other option"),
    ],
)
def test_a_search_for_secrets_that_cannot_be_done_is_refused(
    folder: Path, arguments: list[str], says: str
) -> None:
    result = told(*arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert says in result.stderr
