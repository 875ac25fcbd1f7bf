"""The deviations of results: what a job lists, and where that leads."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote, urljoin, urlsplit

import pytest
from deviation_probe import Probe

SEVERAL = "DataTypes/OutputsJob/GPServer/SeveralOutputs"
NAMES = ["Summary", "Count", "Area", "Found", "Measured_On", "Places"]
RESULTS = {name: {"paramUrl": f"results/{name}"} for name in NAMES}
MISSING = object()

LISTS: dict[str, Any] = {
    "results-never": MISSING,
    "results-null": None,
    "results-empty": {},
    "results-list": [{"paramName": name, "paramUrl": f"results/{name}"} for name in NAMES],
    "output-missing": {name: RESULTS[name] for name in NAMES[1:]},
    "output-undeclared": {**RESULTS, "Undeclared_Output": {"paramUrl": "results/Undeclared_Output"}},
    "output-name-case": {name.lower(): RESULTS[name] for name in NAMES},
    "param-url-missing": {name: {} for name in NAMES},
    "param-url-null": {name: {"paramUrl": None} for name in NAMES},
    "param-url-bare-text": {name: f"results/{name}" for name in NAMES},
}
"""What a succeeded job of several outputs lists."""
URLS = {
    "param-url-lower-case": "results/measured_on",
    "param-url-with-blank": "results/Measured On",
    "param-url-with-query": "results/Measured_On?x=1",
    "param-url-absolute": "{job}/results/Measured_On",
    "param-url-leading-slash": "/results/Measured_On",
    "param-url-root-relative": "{path}/results/Measured_On",
    "param-url-other-host": "{elsewhere}/results/Measured_On",
    "param-url-dot-segments": "results/../../../admin",
}
"""The address of the output Measured_On."""
LEADING = ("param-url-lower-case", "param-url-with-blank", "param-url-with-query", "param-url-absolute")
ALONE = {"results-late", "result-too-early", "results-object-for-list", "no-outputs", "result-gone"}
COVERED = frozenset({*LISTS, *URLS, *ALONE})


def finished(probe: Probe) -> str:
    job_id = probe.finish(SEVERAL)
    assert probe.poll(job_id, SEVERAL).json["results"] == RESULTS
    return job_id


def listed(probe: Probe, job_id: str) -> Any:
    return probe.poll(job_id, SEVERAL).json.get("results", MISSING)


@pytest.mark.parametrize(("name", "met"), LISTS.items(), ids=LISTS)
def test_a_job_lists_its_results_in_another_way(probe: Probe, name: str, met: Any) -> None:
    job_id = finished(probe)
    injection = probe.site.deviate(name)
    assert listed(probe, job_id) == met
    assert met != RESULTS
    assert injection.applied == 1
    injection.clear()
    assert listed(probe, job_id) == RESULTS


@pytest.mark.parametrize("name", LISTS)
def test_a_job_that_executes_lists_nothing_all_the_same(probe: Probe, name: str) -> None:
    probe.site.deviate(name)
    seen = probe.poll(probe.job_id(SEVERAL), SEVERAL).json
    assert (seen["jobStatus"], "results" in seen) == ("esriJobExecuting", False)


def test_a_result_that_nobody_declared_is_there(probe: Probe) -> None:
    job_id = finished(probe)
    injection = probe.site.deviate("output-undeclared")
    seen = probe.result(job_id, "Undeclared_Output", SEVERAL).json
    assert (seen["paramName"], seen["dataType"]) == ("Undeclared_Output", "GPString")
    assert probe.result(job_id, "Count", SEVERAL).json["paramName"] == "Count"
    injection.clear()
    assert "error" in probe.result(job_id, "Undeclared_Output", SEVERAL).json


@pytest.mark.parametrize(("name", "url"), URLS.items(), ids=URLS)
def test_addresses_of_results_are_of_another_form(probe: Probe, name: str, url: str) -> None:
    job_id = finished(probe)
    injection = probe.site.deviate(name)
    seen = listed(probe, job_id)
    injection.clear()
    assert list(seen) == NAMES
    job = f"{probe.root}/{probe.task(SEVERAL)}/jobs/{job_id}"
    met = seen["Measured_On"]["paramUrl"]
    if name == "param-url-other-host":
        other, own = urlsplit(met), urlsplit(job)
        assert (other.scheme, other.path) == (own.scheme, f"{own.path}/results/Measured_On")
        assert other.hostname != own.hostname
        answer = probe.ask("GET", "", address=met)
        assert (answer.status, answer.headers["content-type"].partition(";")[0]) == (404, "text/html")
    else:
        assert met == url.format(job=job, path=urlsplit(job).path)
    assert injection.applied == 1
    assert listed(probe, job_id) == RESULTS


@pytest.mark.parametrize("name", LEADING)
def test_an_address_of_another_form_leads_to_its_result(probe: Probe, name: str) -> None:
    job_id = finished(probe)
    value = probe.result(job_id, "Measured_On", SEVERAL).json
    assert value["paramName"] == "Measured_On"
    injection = probe.site.deviate(name)
    job = f"{probe.root}/{probe.task(SEVERAL)}/jobs/{job_id}/"
    met = urljoin(job, quote(listed(probe, job_id)["Measured_On"]["paramUrl"], safe=":/?="))
    address, _, query = met.partition("?")
    given = dict(part.split("=") for part in query.split("&") if part)
    assert probe.ask("GET", "", address=address, **given).json == value
    injection.clear()
    again = probe.ask("GET", "", address=address, **given).json
    assert ("error" in again) is (name in ("param-url-lower-case", "param-url-with-blank"))


def test_names_that_are_found_loosely_still_have_to_be_right(probe: Probe) -> None:
    job_id = finished(probe)
    probe.site.deviate("param-url-lower-case")
    assert probe.result(job_id, "measured_onn", SEVERAL).json["error"]["code"] == 400


def test_results_are_listed_after_some_more_polls(probe: Probe) -> None:
    injection = probe.site.deviate("results-late", polls=2)
    job_id = probe.job_id(SEVERAL)
    seen = [probe.poll(job_id, SEVERAL).json for _ in range(5)]
    assert [each["jobStatus"] for each in seen] == ["esriJobExecuting", *["esriJobSucceeded"] * 4]
    assert [each.get("results") for each in seen] == [None, None, None, RESULTS, RESULTS]
    assert injection.applied == 2


def test_results_are_three_polls_late_unless_said_otherwise(probe: Probe) -> None:
    injection = probe.site.deviate("results-late")
    job_id = probe.job_id(SEVERAL)
    seen = [probe.poll(job_id, SEVERAL).json for _ in range(5)]
    assert ["results" in each for each in seen] == [False, False, False, False, True]
    assert injection.applied == 3


def test_a_result_is_there_only_at_the_third_request(probe: Probe) -> None:
    job_id = finished(probe)
    injection = probe.site.deviate("result-too-early")
    seen = [probe.result(job_id, "Count", SEVERAL).json for _ in range(3)]
    assert [each["error"]["code"] for each in seen[:2]] == [400, 400]
    assert seen[2]["paramName"] == "Count"
    assert injection.applied == 2
    injection.clear()
    other = finished(probe)
    assert probe.result(other, "Count", SEVERAL).json["paramName"] == "Count"


def test_all_results_can_come_as_an_object(probe: Probe) -> None:
    job_id = finished(probe)
    path = f"{probe.task(SEVERAL)}/jobs/{job_id}/results"
    clean = probe.get(path).json
    injection = probe.site.deviate("results-object-for-list")
    seen = probe.get(path).json
    assert seen == {each["paramName"]: each for each in clean}
    assert list(seen) == NAMES
    assert injection.applied == 1
    injection.clear()
    assert probe.get(path).json == clean


def test_a_task_can_have_no_outputs(probe: Probe) -> None:
    job_id = finished(probe)
    task, path = probe.task(SEVERAL), f"{probe.task(SEVERAL)}/jobs/{job_id}/results"
    clean = probe.get(task).json
    injection = probe.site.deviate("no-outputs")
    seen = probe.get(task).json
    assert [each["name"] for each in seen["parameters"]] == ["Note"]
    assert {**seen, "parameters": clean["parameters"]} == clean
    assert listed(probe, job_id) is MISSING
    assert probe.get(path).json == []
    assert injection.applied == 3
    injection.clear()
    assert [each["name"] for each in probe.get(task).json["parameters"]] == ["Note", *NAMES]
    assert len(probe.get(path).json) == len(NAMES)


def test_results_and_files_can_be_gone(probe: Probe) -> None:
    job_id = finished(probe)
    folder = probe.site.directories.make_folder("arcgisoutput/kept")
    (folder / "kept.txt").write_text("kept")
    address = f"{probe.root}/rest/directories/arcgisoutput/kept/kept.txt"
    assert probe.ask("GET", "", address=address).body == b"kept"
    injection = probe.site.deviate("result-gone")
    assert probe.result(job_id, "Count", SEVERAL).json["error"]["code"] == 400
    assert probe.ask("GET", "", address=address).status == 404
    assert listed(probe, job_id) == RESULTS
    assert injection.applied == 2
    injection.clear()
    assert probe.result(job_id, "Count", SEVERAL).json["paramName"] == "Count"
