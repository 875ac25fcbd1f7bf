from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from gpharness.contracts.contract import Contract, Provenance
from gpharness.importing.bodies import ROOT, read_bodies
from gpharness.importing.body_kinds import kind_of
from gpharness.importing.imported import NotImported
from gpharness.recording.assembling import contract_of

JOB = "j0123456789abcdef0123456789abcdef"
OUTPUT = {"name": "Out", "dataType": "GPLong", "direction": "esriGPParameterDirectionOutput"}
TASK = {"name": "Run", "displayName": "Run It", "executionType": "x", "parameters": [OUTPUT]}
SERVICE = {"serviceDescription": "", "tasks": ["Run It"], "executionType": "esriExecutionTypeAsynchronous"}
RESULT = {"paramName": "Out", "dataType": "GPLong", "value": 3}
SUBMITTED = {"jobId": JOB, "jobStatus": "esriJobSubmitted"}
EXECUTING = {"jobId": JOB, "jobStatus": "esriJobExecuting", "messages": []}
DONE = {"jobId": JOB, "jobStatus": "esriJobSucceeded", "results": {"Out": {"paramUrl": "results/Out"}}}
ERROR = {"error": {"code": 400, "message": "Unable to complete operation.", "details": []}}


def saved(folder: Path, **files: Any) -> Path:
    for name, body in files.items():
        path = folder / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.with_name(f"{path.name}.json").write_text(json.dumps(body), encoding="utf-8")
    return folder


def imported(folder: Path) -> tuple[Contract, list[str]]:
    found = read_bodies(folder)
    contract, left = contract_of(found.exchanges, Provenance("reconstructed", of="a page"))
    return contract, [*found.left, *left]


@pytest.mark.parametrize(
    ("body", "name", "kind"),
    [
        ({"currentVersion": 10.91, "fullVersion": "10.9.1"}, "", "info"),
        ({"folders": [], "services": []}, "", "catalogue"),
        (SERVICE, "", "service"),
        (TASK, "", "task"),
        (SUBMITTED, "", "submit"),
        (SUBMITTED, "job-1", "job"),
        (EXECUTING, "", "job"),
        (EXECUTING, "cancel", "cancel"),
        (DONE, "submitJob", "submit"),
        (RESULT, "", "result"),
        (RESULT, "input_Out", "input"),
        ([RESULT], "", "results"),
        ([RESULT], "inputs", "inputs"),
        ({"results": [RESULT], "messages": []}, "", "execute"),
        (ERROR, "", "error"),
        ({"features": []}, "", ""),
        ([], "", ""),
        ("text", "", ""),
        (None, "", ""),
    ],
)
def test_a_body_is_known_by_what_stands_in_it(body: Any, name: str, kind: str) -> None:
    assert kind_of(body, name) == kind


def test_a_folder_of_answers_becomes_a_conversation(tmp_path: Path) -> None:
    files = {"service": SERVICE, "task": TASK, "submit": SUBMITTED, "job-2": EXECUTING, "job-10": DONE}
    folder = saved(tmp_path / "Made Up", **files, result=RESULT)

    contract, left = imported(folder)

    (found,) = contract.conversations
    assert found.task == "Made_Up/Run It"
    assert [each.status for each in found.trace] == ["esriJobExecuting", "esriJobSucceeded"]
    assert found.results["Out"].json == RESULT
    assert contract.services == {"Made_Up": SERVICE}
    assert contract.tasks == {"Made_Up/Run It": TASK}
    assert contract.server.url == ROOT
    assert left == []


def test_where_a_file_lies_says_what_it_is_the_answer_of(tmp_path: Path) -> None:
    below = "rest__services__Folder__Service__GPServer"
    files = {
        f"{below}__index": SERVICE,
        f"{below}__Run It": TASK,
        f"{below}__Run It__submitJob": SUBMITTED,
        f"{below}__Run It__jobs__{JOB}": DONE,
        f"{below}__Run It__jobs__{JOB}__results__Out": RESULT,
    }

    contract, left = imported(saved(tmp_path, **files))

    assert list(contract.services) == ["Folder/Service"]
    assert list(contract.tasks) == ["Folder/Service/Run It"]
    assert list(contract.conversations[0].results) == ["Out"]
    assert left == []


def test_a_job_whose_submission_nobody_saved_has_the_usual_one(tmp_path: Path) -> None:
    found = read_bodies(saved(tmp_path, task=TASK, job=DONE))
    contract, _ = contract_of(found.exchanges, Provenance("reconstructed"))

    assert contract.conversations[0].submission is not None
    assert contract.conversations[0].submission.json == SUBMITTED
    assert "assumed to have been answered as usual" in found.notes


def test_errors_and_executions_go_to_the_task_that_they_name(tmp_path: Path) -> None:
    other = {**TASK, "name": "Other", "displayName": "Other", "parameters": [{**OUTPUT, "name": "Else"}]}
    files = {"run": TASK, "other": other, "a": {"results": [RESULT], "messages": []}, "other_error": ERROR}

    contract, left = imported(saved(tmp_path, **files))

    assert [each.task.rpartition("/")[2] for each in contract.conversations] == ["Run It", "Other"]
    assert left == []


def test_an_address_in_the_bodies_says_where_they_are_from(tmp_path: Path) -> None:
    value = {"url": "https:\\/\\/gis.example.gov\\/server\\/rest\\/directories\\/arcgisjobs\\/x.zip"}
    (tmp_path / "task.json").write_text(json.dumps(TASK))
    (tmp_path / "execute.json").write_text(
        json.dumps({"results": [{**RESULT, "value": value}], "messages": []}).replace("\\\\", "\\")
    )

    assert imported(tmp_path)[0].server.url == "https://gis.example.gov/server"


def test_files_that_are_no_answer_are_told(tmp_path: Path) -> None:
    folder = saved(tmp_path, task=TASK, geo={"features": []})
    (folder / "page.json").write_text("<html>")
    (folder / "picture.png").write_bytes(b"x")

    _, left = imported(folder)

    assert sorted(left) == [
        "1 file: JSON that is no answer of a GP server",
        "1 file: its name ends in .png",
        "1 file: no JSON",
    ]


def test_a_result_of_which_no_job_is_known_is_told(tmp_path: Path) -> None:
    assert imported(saved(tmp_path, task=TASK, result=RESULT))[1] == [
        "1 file: result: nothing says of which job"
    ]


def test_a_folder_without_answers_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NotImported, match="no body of a GP server"):
        read_bodies(tmp_path)
