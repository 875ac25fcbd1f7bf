"""A service's jobs as an administrator sees them."""

from __future__ import annotations

from typing import Any

import pytest
from gp_mockserver.builtin.builtin_site import builtin_site
from gp_mockserver.sites import Site
from gp_protocol.job_states import JobStatus

OUTCOMES = "Simulation/JobOutcomes"
ADMIN = f"../../admin/services/{OUTCOMES}.GPServer/jobs"


@pytest.fixture
def wire(wire: Any) -> Any:
    """The built-in site, asked by its administrator."""
    return signed_in(wire)


def signed_in(wire: Any) -> Any:
    credentials = {"username": "tester", "password": "tester-password", "client": "requestip", "f": "json"}
    token = wire.http.post("../../tokens/generateToken", data=credentials).json()["token"]
    wire.http.headers["X-Esri-Authorization"] = f"Bearer {token}"
    return wire


def submitted(wire: Any, task: str = "Succeeds") -> str:
    return str(wire.post(f"{OUTCOMES}/GPServer/{task}/submitJob", f="json").json()["jobId"])


def status(wire: Any, job: str, task: str = "Succeeds") -> str:
    return str(wire.json(f"{OUTCOMES}/GPServer/{task}/jobs/{job}")["jobStatus"])


def changed(wire: Any, job: str, operation: str) -> Any:
    return wire.post(f"{ADMIN}/{job}/{operation}", f="json").json()


def refused(job: str) -> dict[str, Any]:
    return {"status": "error", "messages": [f"Unable to cancel job :[{job}]"], "code": 500}


def submitted_for(wire: Any, seconds: float) -> str:
    """A job that only stays submitted for so long."""
    service = wire.site.services[OUTCOMES]
    task = service.tasks["Succeeds"]
    task.timeline = service.usual_timeline(task.descriptor, submitted=seconds)
    return submitted(wire)


class TestList:
    def test_the_newest_job_comes_first(self, wire: Any) -> None:
        began = int(wire.clock.now() * 1000)
        first = submitted(wire)
        wire.clock.advance(1)
        second = submitted(wire, "NeverEnds")
        wire.clock.advance(3)
        listed = wire.json(ADMIN)["jobs"]
        assert [each["jobID"] for each in listed] == [second, first]
        assert list(listed[0]) == [
            "jobID",
            "submittedTime",
            "endTime",
            "status",
            "username",
            "machinename",
            "url",
        ]
        running, ended = listed
        assert (running["status"], running["endTime"]) == ("esriJobExecuting", None)
        assert (ended["status"], ended["submittedTime"]) == ("esriJobSucceeded", began)
        assert ended["endTime"] == began + 2000
        assert wire.http.get(ended["url"], params={"f": "json"}).json()["jobId"] == first

    def test_the_jobs_are_the_services_own(self, wire: Any) -> None:
        submitted(wire)
        assert wire.json("../../admin/services/WorldViewshed.GPServer/jobs") == {"jobs": []}

    def test_a_long_list_comes_in_pages(self, wire: Any) -> None:
        jobs = [submitted(wire) for _ in range(5)][::-1]
        listed = wire.json(ADMIN, start=2, num=3)["jobs"]
        assert [each["jobID"] for each in listed] == jobs[1:4]
        assert wire.json(ADMIN, start=6)["jobs"] == []

    @pytest.mark.parametrize(("name", "value"), [("start", "0"), ("num", "-1"), ("num", "many")])
    def test_a_bad_number_is_refused(self, wire: Any, name: str, value: str) -> None:
        answer = wire.json(ADMIN, **{name: value})
        assert (answer["status"], answer["code"]) == ("error", 400)
        assert answer["messages"][1].startswith(f'{name}: met "{value}"')

    def test_it_has_a_page(self, wire: Any) -> None:
        job = submitted(wire)
        assert job in wire.get(ADMIN).text

    def test_it_is_the_administrators(self, wire: Any) -> None:
        del wire.http.headers["X-Esri-Authorization"]
        answer = wire.json(ADMIN)
        assert answer == {"status": "error", "messages": ["Token Required"], "code": 499}

    def test_it_came_with_10_6_1(self, open_wire: Any, fresh: Any) -> None:
        wire = signed_in(open_wire(builtin_site(**fresh, version="10.51")))
        answer = wire.json(ADMIN)
        assert (answer["status"], answer["messages"][0], answer["code"]) == ("error", "Invalid URL", 400)

    @pytest.mark.parametrize(
        ("place", "code", "message"),
        [
            ("Nothing.GPServer/jobs", 404, "Service Nothing/GPServer not found "),
            ("Nothing.GPServer/jobs/j1", 404, "Service Nothing/GPServer not found "),
            (f"{OUTCOMES}.MapServer/jobs", 404, f"Service {OUTCOMES}.MapServer/GPServer not found "),
            (f"{OUTCOMES}.GPServer", 400, "Invalid URL"),
            (f"{OUTCOMES}.GPServer/jobs/j1/pause", 400, "Invalid URL"),
        ],
    )
    def test_what_is_not_there_is_told_to_administrators_in_their_form(
        self, wire: Any, place: str, code: int, message: str
    ) -> None:
        answer = wire.json(f"../../admin/services/{place}")
        assert (answer["status"], answer["messages"][0], answer["code"]) == ("error", message, code)
        page = wire.get(f"../../admin/services/{place}", f="html")
        assert (page.status_code, page.headers["content-type"]) == (code, "text/html;charset=utf-8")
        del wire.http.headers["X-Esri-Authorization"]
        expected = {"status": "error", "messages": ["Token Required"], "code": 499}
        assert wire.json(f"../../admin/services/{place}") == expected
        assert "/rest/login?" in wire.get(f"../../admin/services/{place}", f="html").headers["location"]

    def test_without_users_it_is_told_to_anybody_in_the_same_form(self, open_wire: Any, fresh: Any) -> None:
        wire = open_wire(Site(**fresh))
        answer = wire.json("../../admin/services/Nothing.GPServer/jobs")
        assert (answer["status"], answer["code"]) == ("error", 404)
        assert wire.get("../../admin/services/Nothing.GPServer/jobs", f="html").status_code == 404


def test_it_says_who_submitted_a_job(wire: Any) -> None:
    submitted(wire)
    del wire.http.headers["X-Esri-Authorization"]
    submitted(wire)
    signed_in(wire)
    assert [each["username"] for each in wire.json(ADMIN)["jobs"]] == [None, "tester"]


def test_one_job_is_as_in_the_list(wire: Any) -> None:
    job = submitted(wire)
    wire.clock.advance(10)
    assert wire.json(f"{ADMIN}/{job}") == wire.json(ADMIN)["jobs"][0]


def test_a_job_that_is_not_there_is_an_error_in_the_administrators_form(wire: Any) -> None:
    expected = {"status": "error", "messages": ["Unable to find job :[j1]"], "code": 404}
    assert wire.json(f"{ADMIN}/j1") == expected
    assert changed(wire, "j1", "cancel") == expected
    assert changed(wire, "j1", "delete") == expected


def test_a_job_of_another_service_is_not_there(wire: Any) -> None:
    job = submitted(wire)
    other = f"../../admin/services/WorldViewshed.GPServer/jobs/{job}"
    assert wire.json(other)["code"] == 404
    assert wire.post(f"{other}/delete", f="json").json()["code"] == 404
    assert status(wire, job) == "esriJobExecuting"


@pytest.mark.parametrize("operation", ["cancel", "delete"])
def test_a_change_needs_a_post(wire: Any, operation: str) -> None:
    job = submitted(wire)
    assert wire.get(f"{ADMIN}/{job}/{operation}", f="json").status_code == 405
    assert status(wire, job) == "esriJobExecuting"


class TestCancel:
    def test_an_executing_job_is_cancelled(self, wire: Any) -> None:
        job = submitted(wire, "NeverEnds")
        assert changed(wire, job, "cancel") == {"status": "success"}
        wire.clock.advance(5)
        assert status(wire, job, "NeverEnds") == "esriJobCancelled"

    def test_a_waiting_job_is_cancelled(self, wire: Any) -> None:
        job = submitted(wire, "WaitsInQueue")
        assert status(wire, job, "WaitsInQueue") == "esriJobWaiting"
        assert changed(wire, job, "cancel") == {"status": "success"}

    def test_a_job_that_is_only_submitted_is_cancelled_here_and_nowhere_else(self, wire: Any) -> None:
        job = submitted_for(wire, 10)
        wire.clock.advance(4)
        address = f"{OUTCOMES}/GPServer/Succeeds/jobs/{job}"
        assert wire.error(f"{address}/cancel")["code"] == 400
        assert status(wire, job) == "esriJobSubmitted"
        assert changed(wire, job, "cancel") == {"status": "success"}
        answer = wire.json(address)
        assert answer["jobStatus"] == "esriJobCancelled"
        assert [each["description"] for each in answer["messages"]] == ["Submitted.", "Cancel complete."]
        wire.clock.advance(60)
        assert status(wire, job) == "esriJobCancelled"

    def test_a_job_that_is_cancelled_before_its_turn_leaves_its_place_to_the_next(self, wire: Any) -> None:
        wire.site.services[OUTCOMES].limit_instances(1)
        first = submitted_for(wire, 5)
        second = submitted(wire)
        wire.clock.advance(4)
        assert changed(wire, first, "cancel") == {"status": "success"}
        wire.clock.advance(1.5)
        assert status(wire, second) == "esriJobExecuting"

    @pytest.mark.parametrize("task", ["Succeeds", "Fails", "TimesOut"])
    def test_a_job_that_has_ended_is_not(self, wire: Any, task: str) -> None:
        job = submitted(wire, task)
        wire.clock.advance(10)
        before = status(wire, job, task)
        assert changed(wire, job, "cancel") == refused(job)
        assert status(wire, job, task) == before

    def test_a_second_time_it_is_refused(self, wire: Any) -> None:
        job = submitted(wire, "NeverEnds")
        changed(wire, job, "cancel")
        assert changed(wire, job, "cancel") == refused(job)


class TestDelete:
    @pytest.mark.parametrize("seconds", [0, 60])
    def test_a_job_is_gone_in_whatever_state(self, wire: Any, seconds: float) -> None:
        job = submitted(wire)
        wire.clock.advance(seconds)
        assert changed(wire, job, "delete") == {"status": "success"}
        assert wire.error(f"{OUTCOMES}/GPServer/Succeeds/jobs/{job}")["code"] == 400
        assert wire.json(ADMIN)["jobs"] == []
        assert changed(wire, job, "delete")["code"] == 404

    def test_its_files_go_too(self, wire: Any) -> None:
        task = "Files/FileTransfer/GPServer/ZipFile"
        job = wire.post(f"{task}/submitJob", f="json").json()["jobId"]
        wire.clock.advance(60)
        url = wire.json(f"{task}/jobs/{job}/results/Output_File")["value"]["url"]
        assert wire.http.get(url).status_code == 200
        answer = wire.post(f"../../admin/services/Files/FileTransfer.GPServer/jobs/{job}/delete?f=json")
        assert answer.json() == {"status": "success"}
        assert wire.http.get(url).status_code == 404


def test_what_an_administrator_cancelled_is_cancelled_in_one_way(wire: Any) -> None:
    job = submitted_for(wire, 10)
    changed(wire, job, "cancel")
    (listed,) = wire.json(ADMIN)["jobs"]
    assert listed["status"] == JobStatus.CANCELLED
    assert listed["endTime"] == listed["submittedTime"]


@pytest.mark.parametrize(
    "path", ["WorldViewshed.GPServer/webhooks", "Files/FileTransfer.GPServer/webhooks/1"]
)
def test_webhooks_are_said_to_be_missing(wire: Any, path: str) -> None:
    told = wire.get(f"../../admin/services/{path}", f="json").text
    assert "webhooks are not simulated" in told
    assert "webhooks" not in wire.get("../../admin/services/WorldViewshed.GPServer", f="json").text
