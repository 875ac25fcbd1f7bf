"""The deviations that answer as another version: what each of them knows, says and does not have."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from deviation_probe import ECHO_JOB, POINT, VIEWSHED, Probe
from gp_mockserver.builtin.builtin_site import builtin_site
from gp_mockserver.lifecycle.clocks import JumpingClock
from gp_mockserver.server import RunningServer
from gp_mockserver.sites import Site
from gp_protocol.descriptions.descriptors import ExecutionType, Parameter, Service, Task
from gp_protocol.descriptions.filters import CodedValue, CodedValueFilter

EXECUTE = "rest/services/Elevation/ESRI_Elevation_World/GPServer/Viewshed/execute"
INPUTS = {"Input_Observation_Point": POINT, "Viewshed_Distance": "5 Miles"}
HIDDEN = "In_GPStringHidden"
NOWHERE = "Invalid URL"
OUTCOMES = "Simulation/JobOutcomes/GPServer"

CURRENT: dict[str, Any] = {
    "info": "12.0.0",
    "catalogue": 12.0,
    "service": {
        "currentVersion",
        "cimVersion",
        "serviceDescription",
        "tasks",
        "executionType",
        "resultMapServerName",
        "maximumRecords",
        "capabilities",
        "schema",
    },
    "cim": "3.6.0",
    "task": {"name", "displayName", "description", "category", "helpUrl", "executionType", "parameters"},
    "parameter": {
        "name",
        "dataType",
        "displayName",
        "description",
        "direction",
        "defaultValue",
        "parameterType",
        "category",
        "filter",
    },
    "default": {
        "displayFieldName",
        "geometryType",
        "spatialReference",
        "fields",
        "features",
        "exceededTransferLimit",
    },
    "submit": ("j", "esriJobSubmitted", []),
    "executing": ["jobId", "jobStatus", "messages", "progress"],
    "done": ["jobId", "jobStatus", "results", "inputs", "messages"],
    "start": "Start Time: Thursday, January 1",
    "hidden": "",
    "results": "",
    "cancel": "",
    "validate": "",
    "metadata": True,
    "uploads": "",
    "execute": "",
    "tokens": "",
    "json": "application/json;charset=UTF-8",
    "unable": "Unable to complete operation.",
    "bad token": "Invalid Token",
}
_UNTIL_12: dict[str, Any] = {"validate": NOWHERE}
_UNTIL_11_5 = {**_UNTIL_12, "hidden": "secret"}
_UNTIL_11_1 = {**_UNTIL_11_5, "results": NOWHERE}
_UNTIL_10_91 = {
    **_UNTIL_11_1,
    "metadata": False,
    "executing": ["jobId", "jobStatus", "messages"],
    "json": "text/plain;charset=utf-8",
    "start": "Start Time: Thu Jan  1",
    "cim": None,
}
_BEFORE_10_1 = {
    **_UNTIL_10_91,
    "service": {"serviceDescription", "tasks", "executionType", "resultMapServerName"},
    "uploads": NOWHERE,
    "unable": "Unable to complete  operation.",
}
_KEYS_10_1 = {"name", "displayName", "category", "helpUrl", "executionType", "parameters"}
_OF_PARAMETER_10_1 = CURRENT["parameter"] - {"description", "filter"}
PROFILES: dict[str, dict[str, Any]] = {
    "profile-9.3": {
        **_BEFORE_10_1,
        "info": NOWHERE,
        "catalogue": None,
        "task": _KEYS_10_1 - {"executionType"},
        "parameter": _OF_PARAMETER_10_1,
        "default": {"geometryType", "spatialReference", "fields"},
        "cancel": NOWHERE,
        "tokens": NOWHERE,
    },
    "profile-10.0": {
        **_BEFORE_10_1,
        "info": "10.0",
        "catalogue": 10.0,
        "task": _KEYS_10_1,
        "parameter": _OF_PARAMETER_10_1 | {"choiceList"},
        "default": {"geometryType", "spatialReference", "fields", "Fields"},
    },
    "profile-10.1": {
        **_UNTIL_10_91,
        "info": "10.1",
        "catalogue": 10.1,
        "service": CURRENT["service"] - {"cimVersion", "schema"},
        "task": _KEYS_10_1,
        "parameter": _OF_PARAMETER_10_1,
    },
    "profile-10.91": {
        **_UNTIL_11_1,
        "info": "10.9.1",
        "catalogue": 10.91,
        "service": CURRENT["service"] - {"schema"},
        "cim": "2.9.0",
    },
    "profile-11.1": {**_UNTIL_11_5, "info": "11.1.0", "catalogue": 11.1, "cim": "3.1.0"},
    "profile-11.5": {**_UNTIL_12, "info": "11.5.0", "catalogue": 11.5, "cim": "3.5.0"},
    "profile-12.0": {},
    "profile-agol-hosted": {
        "submit": ("", "esriJobNew", ["results", "inputs", "messages"]),
        "done": ["jobId", "jobStatus", "inputs", "results", "messages"],
        "json": "application/json; charset=utf-8",
        "bad token": "Invalid token.",
    },
    "profile-notebook": {"task": CURRENT["task"] | {"itemId"}, "execute": NOWHERE},
}
"""What each differs in from the current version."""
COVERED = frozenset(PROFILES)


def traits(probe: Probe) -> dict[str, Any]:
    """What a site is seen to know and to say."""
    info, catalogue = probe.get("rest/info").json, probe.get("rest/services")
    service = probe.get("rest/services/WorldViewshed/GPServer").json
    task = probe.get(probe.task()).json
    submitted = probe.submit().json
    job_id = submitted["jobId"]
    executing, done = probe.poll(job_id).json, probe.poll(job_id).json
    echo_id = probe.job_id(ECHO_JOB, **{HIDDEN: "secret"})
    hidden = probe.get(f"{probe.task(ECHO_JOB)}/jobs/{echo_id}/inputs/{HIDDEN}").json
    job = f"{probe.task()}/jobs/{job_id}"
    metadata = probe.get(f"{probe.task()}/metadata")
    credentials = {"username": "tester", "password": "tester-password", "client": "requestip"}
    bad_token = probe.get("rest/services/Secured/WorldViewshed/GPServer", token="old").json["error"]
    assert bad_token["code"] == 498
    return {
        "info": info.get("fullVersion") or _refused(info),
        "catalogue": catalogue.json.get("currentVersion"),
        "service": set(service),
        "cim": service.get("cimVersion"),
        "task": set(task),
        "parameter": set(task["parameters"][0]),
        "default": set(task["parameters"][0]["defaultValue"]),
        "submit": (_prefix(job_id), submitted["jobStatus"], list(submitted)[2:]),
        "executing": list(executing),
        "done": list(done),
        "start": next(
            text.partition(" 00:")[0].partition(", 20")[0]
            for text in (each["description"] for each in done["messages"])
            if text.startswith("Start Time")
        ),
        "hidden": hidden["value"],
        "results": _refused(probe.get(f"{job}/results").json),
        "cancel": _refused(probe.post(f"{probe.task()}/jobs/{probe.job_id()}/cancel").json),
        "validate": _refused(probe.post(f"{probe.task()}/validate", **INPUTS).json),
        "metadata": metadata.body.startswith(b"<?xml"),
        "uploads": _refused(probe.get("rest/services/Files/FileTransfer/GPServer/uploads/info").json),
        "execute": _refused(probe.post(EXECUTE, **INPUTS).json),
        "tokens": _refused(probe.post("tokens/generateToken", **credentials).json),
        "json": catalogue.headers["content-type"],
        "unable": _refused(probe.result(job_id, "nothing").json),
        "bad token": bad_token["message"],
    }


def _refused(answer: Any) -> str:
    """The message of an error, or an empty text."""
    return str(answer["error"]["message"]) if isinstance(answer, dict) and "error" in answer else ""


def _prefix(job_id: str) -> str:
    found = re.fullmatch(r"(\D?)[0-9a-f]{32}", job_id)
    assert found is not None
    return found[1]


@pytest.mark.parametrize(("name", "differs"), PROFILES.items(), ids=PROFILES)
def test_a_site_answers_as_another_version(probe: Probe, name: str, differs: dict[str, Any]) -> None:
    assert traits(probe) == CURRENT
    injection = probe.site.deviate(name)
    assert traits(probe) == {**CURRENT, **differs}
    assert injection.applied == (19 if differs else 0)
    injection.clear()
    assert traits(probe) == CURRENT


@pytest.fixture
def old_probe(server: RunningServer) -> Iterator[Probe]:
    """A site of 10.0, with a task that has more in its descriptor than 10.0 tells."""
    site = builtin_site(context="older", version="10.0", clock=JumpingClock())
    server.app.add_site(site)
    yield Probe(site)
    server.app.remove_site(site.context)


def test_an_old_site_answers_as_a_new_one(old_probe: Probe) -> None:
    path = f"{old_probe.task()}/validate"
    assert _refused(old_probe.post(path, **INPUTS).json) == NOWHERE
    injection = old_probe.site.deviate("profile-12.0")
    assert "validationResults" in old_probe.post(path, **INPUTS).json
    assert old_probe.get("rest/info").json["fullVersion"] == "12.0.0"
    job_id = old_probe.finish()
    assert len(old_probe.get(f"{old_probe.task()}/jobs/{job_id}/results").json) == 1
    assert any("Thursday" in each["description"] for each in old_probe.poll(job_id).json["messages"])
    injection.clear()
    assert _refused(old_probe.post(path, **INPUTS).json) == NOWHERE


def test_coded_values_are_told_by_12_alone(server: RunningServer) -> None:
    site = Site("coded", clock=JumpingClock())
    coded = CodedValueFilter((CodedValue("GPLong", "One", 1), CodedValue("GPLong", "Two", 2)))
    parameter = Parameter(name="Count", data_type="GPLong", display_name="Count", filter=coded)
    task = Task(name="Count", execution_type=ExecutionType.ASYNCHRONOUS, parameters=(parameter,))
    site.add_service(Service(name="Coded", execution_type=ExecutionType.ASYNCHRONOUS)).add_task(task)
    server.app.add_site(site)
    try:
        probe = Probe(site)
        filters = []
        for name in ("profile-11.5", "profile-12.0"):
            injection = site.deviate(name)
            (seen,) = probe.get("rest/services/Coded/GPServer/Count").json["parameters"]
            filters.append(seen.get("filter", {}).get("type"))
            injection.clear()
        assert filters == [None, "codedValue"]
    finally:
        server.app.remove_site(site.context)


def test_64_bits_go_through_11_5(probe: Probe) -> None:
    probe.site.deviate("profile-11.5")
    job_id = probe.finish(ECHO_JOB, In_GPLong="4503599627370495")
    assert probe.result(job_id, "Out_GPLong", ECHO_JOB).json["value"] == 4503599627370495


def ending(probe: Probe, label: str) -> list[str]:
    path = f"{OUTCOMES}/{label}"
    submitted = probe.submit(path).json
    seen = [probe.poll(submitted["jobId"], path).json["jobStatus"] for _ in range(4)]
    return [submitted["jobStatus"], seen[-1]]


@pytest.mark.parametrize(
    ("name", "first", "failed"),
    [
        ("profile-agol-hosted", "esriJobNew", "esriJobFailed"),
        ("profile-notebook", "esriJobSubmitted", "expectedFailure"),
        ("profile-9.3", "esriJobSubmitted", "esriJobFailed"),
    ],
)
def test_a_job_of_its_own_kind_ends_as_ever(probe: Probe, name: str, first: str, failed: str) -> None:
    injection = probe.site.deviate(name)
    assert ending(probe, "Fails") == [first, failed]
    assert ending(probe, "TimesOut") == [first, "esriJobTimedOut"]
    assert ending(probe, "NeverEnds") == [first, "esriJobExecuting"]
    injection.clear()
    assert ending(probe, "Fails") == ["esriJobSubmitted", "esriJobFailed"]


def test_one_version_can_be_for_one_service_alone(probe: Probe) -> None:
    probe.site.deviate("profile-10.1", service="WorldViewshed")
    assert "schema" not in probe.get(f"rest/services/{VIEWSHED.partition('/viewshed')[0]}").json
    assert "schema" in probe.get("rest/services/Simulation/JobOutcomes/GPServer").json
    assert probe.get("rest/info").json["currentVersion"] == 12.0
