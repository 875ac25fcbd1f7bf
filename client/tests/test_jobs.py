"""A job's answers, as servers write them."""

from __future__ import annotations

from typing import Any

import pytest
from gp_client.errors import JobAddress, ProtocolViolation
from gp_client.jobs import read_job, read_messages, read_submission
from gp_protocol.messages import Message, MessageType

from every_case import every_case

TASK = "http://gis.example.com/arcgis/rest/services/Folder/Service/GPServer/Some%20Task"
ID = "j0123456789abcdef0123456789abcdef"
JOB = JobAddress(ID, f"{TASK}/jobs/{ID}")


def job(**members: Any) -> dict[str, Any]:
    return {"jobId": ID, "jobStatus": "esriJobSucceeded", "messages": [], **members}


@every_case("job_id", [ID, ID.upper(), ID[1:], "j0123-4567", "x_et", "16hex0123456789a"])
def test_any_id_that_is_one_segment_of_a_path_is_a_job(job_id):
    address = read_submission({"jobId": job_id, "jobStatus": "esriJobNew"}, TASK, TASK)
    assert address == JobAddress(job_id, f"{TASK}/jobs/{job_id}")


@every_case(
    "answer",
    [
        {},
        {"jobStatus": "esriJobSubmitted"},
        {"jobId": None},
        {"jobId": ""},
        {"jobId": " "},
        {"jobId": "../../admin"},
        {"jobId": ".."},
        {"jobId": "a/b"},
        {"jobId": "a\\b"},
        {"jobId": "a?f=html"},
        {"jobId": "a%2fb"},
        {"jobId": "a\nb"},
        {"jobId": "..;"},
        {"jobId": "\xa0"},
        {"jobId": "\u202e"},
        {"jobId": "j" * 100_000},
        {"jobId": 12345},
        {"jobId": ["j1"]},
        {"jobID": ID},
        {"results": [{"paramName": "Out", "dataType": "GPLong", "value": 5}], "messages": []},
    ],
)
def test_an_answer_without_a_job_id_that_leads_to_a_job_is_a_violation(answer):
    with pytest.raises(ProtocolViolation) as raised:
        read_submission(answer, TASK, f"{TASK}/submitJob")
    assert raised.value.pointer == "/jobId"
    assert raised.value.url == f"{TASK}/submitJob"


@every_case(
    "status", ["esrijobsucceeded", "Succeeded", 4, None, "esriJobSucceeded ", "esriJobPaused", [], True]
)
def test_a_status_that_is_no_word_of_the_protocol_is_a_violation(status):
    with pytest.raises(ProtocolViolation) as raised:
        read_job(job(jobStatus=status), JOB)
    assert raised.value.pointer == "/jobStatus"
    assert raised.value.job == JOB


def test_an_answer_about_another_job_is_a_violation_and_another_case_is_none():
    with pytest.raises(ProtocolViolation, match="/jobId"):
        read_job(job(jobId="jffffffffffffffffffffffffffffffff"), JOB)
    assert read_job(job(jobId=ID.upper()), JOB).id == ID
    without = job()
    del without["jobId"]
    assert read_job(without, JOB).succeeded


RESULT = f"{TASK}/jobs/{ID}/results/Out"


@every_case(
    ("given", "url"),
    [
        ("results/Out", RESULT),
        ("/results/Out", RESULT),
        ("results/out_raster", f"{TASK}/jobs/{ID}/results/out_raster"),
        ("results/Out Name", f"{TASK}/jobs/{ID}/results/Out%20Name"),
        ("results/Informe_Patrón", f"{TASK}/jobs/{ID}/results/Informe_Patr%C3%B3n"),
        ("results/Out?x=1", f"{RESULT}?x=1"),
        (RESULT, RESULT),
        (RESULT.replace("gis.example.com", "GIS.example.com"), RESULT.replace("gis.e", "GIS.e")),
        (RESULT.partition("gis.example.com")[2], RESULT),
    ],
)
def test_a_param_url_leads_below_the_job_in_whatever_form_it_is_written(given, url):
    state = read_job(job(results={"Out": {"paramUrl": given}}), JOB)
    assert state.results == {"Out": url}


@every_case(
    "entry",
    [
        {"paramUrl": RESULT.replace("gis.example.com", "evil.example.com")},
        {"paramUrl": "//evil.example.com/results/Out"},
        {"paramUrl": "results/../../../admin"},
        {"paramUrl": "results/%2e%2e/%2e%2e/admin"},
        {"paramUrl": "/arcgis/admin"},
        {"paramUrl": f"{TASK}/jobs/jffffffffffffffffffffffffffffffff/results/Out"},
        {"paramUrl": "http://[bad/results/Out"},
        {"paramUrl": "file:///etc/passwd"},
        {"paramUrl": "results/..;/..;/admin"},
        {"paramUrl": "results/a\\b"},
        {"paramUrl": "results/a%5cb"},
        {"paramUrl": "results/a%2fb"},
        {"paramUrl": "results/%252e%252e"},
        {"paramUrl": "results/a/b"},
        {"paramUrl": f"/evil/jobs/{ID}/results/Out"},
        {"paramUrl": RESULT.replace("Folder/Service", "Folder/Other")},
        {"paramUrl": None},
        {"paramUrl": ""},
        {"paramUrl": 7},
        {},
        "results/Out",
        None,
    ],
)
def test_a_param_url_that_leads_elsewhere_or_nowhere_is_a_violation(entry):
    with pytest.raises(ProtocolViolation) as raised:
        read_job(job(results={"Out": entry}), JOB)
    assert raised.value.pointer.startswith("/results/Out")


def test_results_of_a_job_that_has_not_succeeded_are_not_looked_at():
    state = read_job(job(jobStatus="esriJobFailed", results=["anything"]), JOB)
    assert state.results == {}
    assert state.is_final
    assert not state.succeeded


def test_a_list_of_results_in_a_job_is_a_violation():
    with pytest.raises(ProtocolViolation, match="/results"):
        read_job(job(results=[{"paramName": "Out", "paramUrl": "results/Out"}]), JOB)


@every_case(
    ("given", "read"),
    [
        (None, ()),
        ({}, ()),
        ("text", ()),
        (["Submitted."], (Message(MessageType.INFORMATIVE, "Submitted."),)),
        ([{"type": "esriJobMessageTypeError"}], ()),
        ([{"description": 7}], (Message(MessageType.INFORMATIVE, "7"),)),
        ([{"type": 50, "description": "a"}], (Message(MessageType.INFORMATIVE, "a"),)),
        ([{"type": "esriJobMessageTypeAbort", "description": "a"}], (Message(MessageType.ABORT, "a"),)),
        ([{"type": "esriGPMessageTypeWarning", "description": "a"}], (Message(MessageType.WARNING, "a"),)),
        ([{"type": "error", "description": "a"}], (Message(MessageType.ERROR, "a"),)),
        ([None, 7], (Message(MessageType.INFORMATIVE, "7"),)),
    ],
)
def test_messages_are_read_from_any_shape(given, read):
    assert read_messages(given) == read


@every_case(
    ("given", "percent"),
    [
        ({"type": "step", "message": "a", "percent": 30}, 30),
        ({"type": "step", "message": "a", "percent": "50"}, 50),
        ({"type": "step", "message": "a", "percent": "50%"}, 50),
        ({"type": "step", "message": "a", "percentage": 50}, 50),
        ({"type": "step", "message": "a", "percent": 130}, None),
        ({"type": "step", "message": "a", "percent": "many"}, None),
        ({"type": "default", "message": None}, None),
    ],
)
def test_progress_is_read_as_far_as_it_can_be(given, percent):
    state = read_job(job(jobStatus="esriJobExecuting", progress=given), JOB)
    assert state.progress is not None
    assert state.progress.percent == percent


@every_case("progress", [None, "50%", 50, []])
def test_progress_that_is_no_object_is_none(progress):
    assert read_job(job(jobStatus="esriJobExecuting", progress=progress), JOB).progress is None


def test_of_very_many_messages_the_last_ones_are_kept():
    told = read_messages([{"type": "", "description": str(number)} for number in range(100_010)])
    assert len(told) == 100_000
    assert told[-1].description == "100009"
