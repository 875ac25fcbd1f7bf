"""Sites, rules, timelines, jobs and clocks over the control API, each seen by a client of the site itself."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from typing import Any

import httpx
import msgspec
import pytest
from gp_mockserver.app import MockServer
from gp_mockserver.builtin.builtin_site import builtin_site
from gp_mockserver.configuration import site_file_model
from gp_mockserver.configuration.timeline_forms import parse_timeline
from gp_mockserver.control.timeline_infos import timeline_info
from gp_mockserver.lifecycle.clocks import EPOCH, ManualClock
from gp_mockserver.sites import Site
from gp_mockserver.tools.tool_calls import ToolFailed
from gp_protocol.job_states import JobStatus

TASK = "WorldViewshed/viewshed"
INPUTS = {
    "Input_Observation_Point": '{"features":[{"geometry":{"x":1,"y":2}}]}',
    "Viewshed_Distance": "5 Miles",
    "f": "json",
}


class Admin:
    """A server in process, its control API and its sites, all in one event loop."""

    def __init__(self, *sites: Site) -> None:
        self.app = MockServer(sites)
        self._runner = asyncio.Runner()
        self._http = httpx.AsyncClient(
            transport=httpx.ASGITransport(self.app), base_url="http://127.0.0.1:8585"
        )

    def close(self) -> None:
        self._runner.run(self._http.aclose())
        self._runner.close()
        self.app.close()

    def send(self, method: str, path: str, **more: Any) -> httpx.Response:
        return self._runner.run(self._http.request(method, path, **more))

    def ask(self, method: str, path: str, body: Any = None, status: int = 200) -> Any:
        """The JSON that the API answers, with this status."""
        answer = self.send(method, path, **({} if body is None else {"json": body}))
        assert answer.status_code == status, answer.text
        return answer.json()

    def refused(self, method: str, path: str, body: Any, status: int = 400) -> dict[str, str]:
        return dict(self.ask(method, path, body, status)["error"])

    # As a client of the site

    def submit(self, task: str = TASK, context: str = "arcgis", **inputs: str) -> str:
        service, _, label = task.rpartition("/")
        place = f"/{context}/rest/services/{service}/GPServer/{label}/submitJob"
        answer = self.send("POST", place, data={"f": "json", **(inputs or INPUTS)}).json()
        return str(answer["jobId"])

    def poll(self, job_id: str, task: str = TASK, context: str = "arcgis") -> Any:
        service, _, label = task.rpartition("/")
        return self.send(
            "GET", f"/{context}/rest/services/{service}/GPServer/{label}/jobs/{job_id}?f=json"
        ).json()


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def admin(clock: ManualClock) -> Iterator[Admin]:
    made = Admin(builtin_site("arcgis", clock=clock))
    yield made
    made.close()


@pytest.fixture
def nobody() -> Iterator[Admin]:
    """A server without sites."""
    made = Admin()
    yield made
    made.close()


# The server


def test_health_says_that_the_server_serves_and_what(admin: Admin) -> None:
    told = admin.ask("GET", "/__admin/health")
    assert (told["status"], told["sites"]) == ("healthy", ["arcgis"])
    assert told["uptimeSeconds"] >= 0
    assert admin.ask("GET", "/arcgis/__admin/health")["sites"] == ["arcgis"]


def test_a_server_in_process_is_not_shut_down(admin: Admin) -> None:
    assert admin.ask("GET", "/__admin/settings")["canBeShutDown"] is False
    assert "in a program of its own" in admin.refused("POST", "/__admin/shutdown", {}, 409)["message"]


def test_a_server_is_shut_down_once_it_has_answered(admin: Admin) -> None:
    ended: list[bool] = []
    admin.app.control.shut_down = lambda: ended.append(True)
    assert admin.ask("POST", "/__admin/shutdown") == {"done": "the server is shutting down"}
    assert ended == [True]


# Sites


def test_a_site_is_made_served_described_and_taken_away(nobody: Admin) -> None:
    made = nobody.ask("POST", "/__admin/sites", {"builtin": True, "clock": "manual", "seed": 5}, 201)
    context = made["context"]
    assert made["url"] == f"http://127.0.0.1:8585/{context}"
    assert made["adminUrl"] == f"{made['url']}/__admin"
    assert made["clock"] == {"now": EPOCH, "iso": "2026-01-01T00:00:00.000Z", "kind": "manual", "rate": 0}
    job = nobody.submit(context=context)
    assert nobody.poll(job, context=context)["jobStatus"] == "esriJobExecuting"
    told = nobody.ask("GET", f"/__admin/sites/{context}")
    assert (told["seed"], told["jobs"], told["requests"]) == (5, 1, 2)
    assert nobody.ask("GET", f"/{context}/__admin/site") == told
    assert [each["context"] for each in nobody.ask("GET", "/__admin/sites")["sites"]] == [context]
    nobody.ask("DELETE", f"/__admin/sites/{context}")
    assert nobody.ask("GET", "/__admin/sites") == {"sites": []}
    nobody.refused("GET", f"/__admin/sites/{context}", None, 404)
    assert nobody.send("GET", f"/{context}/rest/info?f=json").status_code == 404


def test_a_site_that_names_no_context_gets_one_that_none_had(nobody: Admin) -> None:
    contexts = []
    for _ in range(3):
        contexts.append(nobody.ask("POST", "/__admin/sites", {"builtin": True}, 201)["context"])
        nobody.ask("DELETE", f"/__admin/sites/{contexts[-1]}")
    assert len(set(contexts)) == 3


def test_a_site_is_made_of_what_a_site_file_says(nobody: Admin) -> None:
    data = {
        "context": "gis",
        "version": "10.91",
        "users": {"ada": {"password": "pa$$word"}},
        "services": {
            "Tools/Trees": {
                "executionType": "async",
                "secured": ["ada"],
                "tasks": [
                    {
                        "name": "Count",
                        "parameters": {
                            "Area": "GPString",
                            "Trees": {"dataType": "GPLong", "direction": "output"},
                        },
                        "outputs": {"Trees": {"value": 7}},
                    }
                ],
            }
        },
    }
    told = nobody.ask("POST", "/__admin/sites", data, 201)
    assert (told["context"], told["version"], told["users"]) == ("gis", "10.91", ["ada"])
    (service,) = told["services"]
    assert (service["name"], service["executionType"], service["secured"]) == ("Tools/Trees", "async", True)
    assert service["tasks"] == [{"path": "Tools/Trees/Count", "label": "Count", "name": "Count", "rules": 0}]
    for path in ("/__admin/sites", "/gis/__admin/site", "/__admin/settings"):
        assert "pa$$word" not in nobody.send("GET", path).text


def test_a_site_is_made_of_a_descriptor_as_a_server_answers_it(admin: Admin, nobody: Admin) -> None:
    descriptor = admin.send("GET", f"/arcgis/rest/services/{TASK.replace('/', '/GPServer/')}?f=json").json()
    told = nobody.ask("POST", "/__admin/sites", descriptor, 201)
    assert [task["label"] for service in told["services"] for task in service["tasks"]] == ["viewshed"]


@pytest.mark.parametrize(
    ("data", "status", "path"),
    [
        ({"builtin": True, "context": "arcgis"}, 409, "context"),
        ({"builtin": True, "context": "a/b"}, 400, "context"),
        ({"builtin": True, "context": "__admin"}, 400, "context"),
        ({"builtin": True, "context": ["a"]}, 400, "context"),
        ({"builtin": True, "context": {"a": 1}}, 400, "context"),
        ({"builtin": True, "context": 5}, 400, "context"),
        ({"builtin": True, "context": True}, 400, "context"),
        ({"builtin": True, "context": ""}, 400, "context"),
        ({"builtin": True, "context": ".."}, 400, "context"),
        ({"builtin": True, "context": "x" * 201}, 400, "context"),
        ({"builtin": True, "context": "a\u202eb"}, 400, "context"),
        ({"services": {}, "context": ["a"]}, 400, "context"),
        ({"builtin": True, "contxt": "a"}, 400, "contxt"),
        ({"builtin": False}, 400, "builtin"),
        ({"builtin": True, "clock": "slow"}, 400, "clock"),
        ({"builtin": True, "version": "none"}, 400, "version"),
        ({}, 400, ""),
        ([], 400, ""),
        (
            {"services": {"S": {"executionType": "async", "tasks": [{"nmae": "T"}]}}},
            400,
            "services.S.tasks[0].nmae",
        ),
        ({"services": {}, "context": 5}, 400, "context"),
        ({"services": {}, "users": {"ada": {"password": 77777}}}, 400, "users.ada.password"),
    ],
)
def test_a_site_that_cannot_be_made_is_told_why_and_where(
    admin: Admin, data: Any, status: int, path: str
) -> None:
    error = admin.refused("POST", "/__admin/sites", data, status)
    assert error["path"] == path
    assert "77777" not in json.dumps(error)
    assert list(admin.app.sites) == ["arcgis"]


SERVICE = {"executionType": "async", "tasks": [{"name": "T", "parameters": {"Out": "GPString"}}]}


def with_task(**task: Any) -> dict[str, Any]:
    return {"services": {"S": {**SERVICE, "tasks": [{"name": "T", **task}]}}}


REFUSED = {
    "services.S.tasks[0].function": with_task(function="os:system"),
    "services.S.tasks[0].rules[0].function": with_task(rules=[{"function": "os:system"}]),
    "services.S.tasks[0].descriptorFile": with_task(descriptorFile="task.json"),
    "services.S.tasks[0].outputs.Out.file": with_task(outputs={"Out": {"file": "/etc/passwd"}}),
    "services.S.tasks[0].rules[0].outputs.Out.file": with_task(rules=[{"outputs": {"Out": {"file": "x"}}}]),
    "services.S.descriptorFile": {"services": {"S": {"descriptorFile": "service.json"}}},
    "jobs.store": {"services": {}, "jobs": {"store": "jobs.db"}},
    "fetchFrom": {"services": {}, "fetchFrom": ["169.254.169.254"]},
    "layers": {"services": {}, "layers": {"Places": "places.json"}},
    "users.ada.password": {"services": {}, "users": {"ada": {"password": "${HOME}"}}},
    "function": {"name": "T", "parameters": [], "function": "os:system"},
    "tasks[0].function": {"tasks": [{"name": "T", "function": "os:system"}]},
    "tasks[0].rules[0].function": {"tasks": [{"name": "T", "rules": [{"function": "os:system"}]}]},
}


@pytest.mark.parametrize("path", REFUSED)
def test_a_site_over_http_names_nothing_of_the_servers_own(nobody: Admin, path: str) -> None:
    error = nobody.refused("POST", "/__admin/sites", REFUSED[path])
    assert error["path"] == path
    assert "over HTTP" in error["expected"]
    assert not nobody.app.sites


def test_every_text_that_a_site_file_may_hold_was_weighed() -> None:
    """A new key that names a file, a function or a host has to be refused over HTTP."""
    harmless = {
        *("context", "version", "clock", "public_url", "bad_input", "errors", "latency", "users", "services"),
        *(
            "security",
            "limits",
            "jobs",
            "layers",
            "fetch_from",
            "deviations",
            "tasks",
            "descriptor",
            "secured",
        ),
        *(
            "execution_type",
            "service_description",
            "result_map_server_name",
            "capabilities",
            "schema",
            "seed",
        ),
        *("current_version", "cim_version", "uploads", "name", "display_name", "description", "category"),
        *("help_url", "item_id", "parameters", "outputs", "timeline", "rules", "when", "fails", "max_age"),
        *(
            "message_level",
            "patience",
            "password",
            "full_name",
            "sign_in_hint",
            "value",
            "template",
            "generated",
        ),
        *(
            "short_lived_tokens",
            "long_lived_tokens",
            "maximum_records",
            "message",
            "max_file_size",
            "file_types",
        ),
    }
    refused = {"function", "descriptor_file", "file", "store"}
    forms = [
        *(
            getattr(site_file_model, name)
            for name in ("SiteForm", "ServiceForm", "TaskForm", "RuleForm", "JobsForm")
        ),
        *(
            getattr(site_file_model, name)
            for name in ("UserForm", "SecurityForm", "OutputForm", "UploadsForm")
        ),
    ]
    may_hold_text = {
        field.name
        for form in forms
        for field in msgspec.structs.fields(form)
        if set(str(field.type).replace("[", " ").split()) & {"str"}
        or "str" in str(field.type)
        or "Any" in str(field.type)
    }
    assert may_hold_text - harmless - refused == set()


def test_a_password_that_only_looks_like_a_variable_of_old_is_taken(nobody: Admin) -> None:
    data = {"services": {}, "users": {"ada": {"password": "$HOME"}}}
    assert nobody.ask("POST", "/__admin/sites", data, 201)["users"] == ["ada"]


# Which site


def test_at_the_root_of_a_server_of_several_sites_one_has_to_be_named(admin: Admin) -> None:
    admin.ask("POST", "/__admin/sites", {"builtin": True, "context": "other"}, 201)
    error = admin.refused("POST", "/__admin/clock/freeze", {}, 409)
    assert error["remedy"] == "ask /__admin/sites/arcgis/clock/freeze, /__admin/sites/other/clock/freeze"
    admin.ask("POST", "/__admin/sites/other/clock/freeze")
    assert admin.ask("GET", "/other/__admin/clock")["kind"] == "manual"


def test_at_the_root_of_a_server_of_one_site_that_is_meant(admin: Admin, clock: ManualClock) -> None:
    admin.ask("POST", "/__admin/clock/advance", {"seconds": 5})
    assert clock.now() == EPOCH + 5


def test_a_server_without_sites_says_how_to_make_one(nobody: Admin) -> None:
    assert "POST /__admin/sites" in nobody.refused("GET", "/__admin/clock", None, 409)["remedy"]


def test_at_the_root_jobs_of_all_sites_are_told(admin: Admin) -> None:
    admin.ask("POST", "/__admin/sites", {"builtin": True, "context": "other"}, 201)
    ids = {admin.submit(), admin.submit(context="other")}
    told = admin.ask("GET", "/__admin/jobs")["jobs"]
    assert {(each["jobId"], each["site"]) for each in told} == set(
        zip(
            sorted(ids, key=lambda each: each != told[0]["jobId"]),
            [told[0]["site"], told[1]["site"]],
            strict=True,
        )
    )
    for each in told:
        assert admin.ask("GET", f"/__admin/jobs/{each['jobId']}")["site"] == each["site"]
    (mine,) = admin.ask("GET", "/other/__admin/jobs")["jobs"]
    admin.refused("GET", f"/arcgis/__admin/jobs/{mine['jobId']}", None, 404)


def test_a_reset_acts_on_one_site_unless_all_are_meant(admin: Admin) -> None:
    admin.ask("POST", "/__admin/sites", {"builtin": True, "context": "other"}, 201)
    admin.submit()
    admin.submit(context="other")
    assert "arcgis, other" in admin.refused("POST", "/__admin/reset", {}, 409)["message"]
    assert admin.ask("POST", "/__admin/sites/other/reset") == {"reset": ["other"]}
    assert [each["site"] for each in admin.ask("GET", "/__admin/jobs")["jobs"]] == ["arcgis"]
    assert admin.ask("POST", "/__admin/reset?all=true") == {"reset": ["arcgis", "other"]}
    assert admin.ask("POST", "/__admin/reset", {"all": True}) == {"reset": ["arcgis", "other"]}
    assert admin.ask("GET", "/__admin/jobs")["jobs"] == []
    assert admin.ask("GET", "/__admin/requests")["requests"] == []


# Rules and timelines

RULES = "/arcgis/__admin/tasks/WorldViewshed/viewshed/rules"
TIMELINE = "/arcgis/__admin/tasks/WorldViewshed/viewshed/timeline"


def life(admin: Admin, clock: ManualClock, steps: int = 6, **inputs: str) -> list[str]:
    """What a job is after its submission, and after each further second."""
    job = admin.submit(**inputs)
    seen = [admin.poll(job)["jobStatus"]]
    for _ in range(steps):
        clock.advance(1)
        seen.append(admin.poll(job)["jobStatus"])
    return [status.removeprefix("esriJob") for status in seen]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ({"fails": True}, ["Executing"] * 2 + ["Failed"] * 2),
        ({"fails": "ERROR 1"}, ["Executing"] * 2 + ["Failed"] * 2),
        ({"succeeds": True, "after": "1s"}, ["Executing"] + ["Succeeded"] * 3),
        ({"succeeds": True, "afterPolls": 3}, ["Executing"] * 3 + ["Succeeded"]),
        ({"outputs": {}, "after": 1}, ["Executing"] + ["Succeeded"] * 3),
        ({"timesOut": True}, ["Executing"] * 2 + ["TimedOut"] * 2),
        ({"neverEnds": True}, ["Executing"] * 4),
        ({"holdsAt": "waiting"}, ["Waiting"] * 4),
        ({"holdsAt": "submitted"}, ["Submitted"] * 4),
        (
            {"timeline": {"submitted": 1, "waiting": 1, "executing": 1}},
            ["Submitted", "Waiting", "Executing", "Succeeded"],
        ),
        (
            {"timeline": {"submitted": 1, "executing": 1}, "fails": ["E"]},
            ["Submitted", "Executing", "Failed", "Failed"],
        ),
    ],
)
def test_a_rule_says_how_jobs_go(
    admin: Admin, clock: ManualClock, rule: dict[str, Any], expected: list[str]
) -> None:
    told = admin.ask("POST", RULES, rule, 201)
    assert told["task"] == TASK
    assert life(admin, clock, 3) == expected
    assert admin.ask("GET", RULES)["rules"][0]["applied"] == 1


def test_the_rule_that_was_made_last_is_asked_first_and_all_can_be_forgotten(
    admin: Admin, clock: ManualClock
) -> None:
    admin.ask("POST", RULES, {"fails": True}, 201)
    admin.ask("POST", RULES, {"neverEnds": True, "when": {"Viewshed_Distance": {"greaterThan": 10}}}, 201)
    assert [(each["number"], each["when"]) for each in admin.ask("GET", RULES)["rules"]] == [
        (1, {"Viewshed_Distance": {"greaterThan": 10}}),
        (2, ""),
    ]
    assert life(admin, clock, 3)[-1] == "Failed"
    assert life(admin, clock, 3, **{**INPUTS, "Viewshed_Distance": "20 Miles"})[-1] == "Executing"
    assert admin.ask("DELETE", RULES) == {"cleared": 2}
    assert life(admin, clock, 3)[-1] == "Succeeded"


def test_a_rule_gives_outputs(admin: Admin, clock: ManualClock) -> None:
    path = "Simulation/JobOutcomes/Succeeds"
    rule = {"succeeds": True, "outputs": {"Summary": {"template": "{{ Note }}!"}}}
    admin.ask("POST", f"/arcgis/__admin/tasks/{path}/rules", rule, 201)
    job = admin.submit(path, Note="hello", f="json")
    clock.advance(5)
    assert admin.poll(job, path)["jobStatus"] == "esriJobSucceeded"
    place = (
        f"/arcgis/rest/services/Simulation/JobOutcomes/GPServer/Succeeds/jobs/{job}/results/Summary?f=json"
    )
    assert admin.send("GET", place).json()["value"] == "hello!"


@pytest.mark.parametrize(
    ("rule", "path"),
    [
        ({}, ""),
        ({"fails": True, "neverEnds": True}, ""),
        ({"fails": True, "outputs": {}}, "outputs"),
        ({"fails": True, "after": 1}, "after"),
        ({"after": 1}, ""),
        ({"succeeds": True, "after": 1, "afterPolls": 1}, "afterPolls"),
        ({"succeeds": True, "afterPolls": 0}, "afterPolls"),
        ({"neverEnds": True, "gate": "g"}, "gate"),
        ({"holdsAt": "running"}, "holdsAt"),
        ({"holdsAt": "executing", "gate": ""}, "gate"),
        ({"fails": True, "when": {"Distance": 5}}, "when.Distance"),
        ({"outputs": {"Viewshed_Reslt": {"generated": True}}}, "outputs.Viewshed_Reslt"),
        ({"outputs": {"Viewshed_Result": {"file": "/etc/passwd"}}}, "outputs.Viewshed_Result.file"),
        ({"function": "os:system"}, "function"),
        ({"timeline": {"executing": "soon"}}, "timeline.executing"),
        (
            {"timeline": {"phases": [{"status": "executing", "seconds": 1, "polls": 1}]}},
            "timeline.phases[0].esriJobExecuting",
        ),
    ],
)
def test_a_rule_that_makes_no_sense_is_told_where(admin: Admin, rule: Any, path: str) -> None:
    assert admin.refused("POST", RULES, rule)["path"] == path
    assert admin.ask("GET", RULES)["rules"] == []


@pytest.mark.parametrize("rule", [{"neverEnds": True}, {"succeeds": True, "after": 5}, {"timeline": {}}])
def test_a_synchronous_task_has_no_jobs_to_go_otherwise(admin: Admin, rule: Any) -> None:
    path = "/arcgis/__admin/tasks/Elevation/ESRI_Elevation_World/Viewshed"
    assert "answers at once" in admin.refused("POST", f"{path}/rules", rule, 409)["message"]
    assert "answers at once" in admin.refused("PUT", f"{path}/timeline", {"executing": 1}, 409)["message"]
    admin.ask("POST", f"{path}/rules", {"fails": ["ERROR 1"]}, 201)


def test_a_task_gets_another_timeline(admin: Admin, clock: ManualClock) -> None:
    before = admin.submit()
    told = admin.ask("PUT", TIMELINE, {"submitted": 1, "executing": {"hold": "g"}, "ending": "failed"})
    assert told == admin.ask("GET", TIMELINE)
    assert [phase["status"] for phase in told["phases"]] == ["submitted", "waiting", "executing"]
    assert life(admin, clock, 2) == ["Submitted", "Executing", "Executing"]
    assert admin.poll(before)["jobStatus"] == "esriJobSucceeded"
    assert admin.refused("PUT", TIMELINE, {"phases": [], "executing": 1})["path"] == "executing"
    assert admin.refused("PUT", TIMELINE, {"phasse": []})["remedy"] == 'did you mean "phases"?'


def test_a_timeline_that_is_told_can_be_put_back() -> None:
    site = builtin_site("arcgis")
    for service in site.services.values():
        for task in service.tasks.values():
            data = json.loads(msgspec.json.encode(timeline_info(task.timeline)))
            made = parse_timeline(data, task_label=task.timeline.task_label)
            cancellation = msgspec.structs.replace(
                made.cancellation, messages=task.timeline.cancellation.messages
            )
            assert msgspec.structs.replace(made, cancellation=cancellation) == task.timeline
    site.close()


# Jobs


def test_a_job_is_told_without_a_poll(admin: Admin, clock: ManualClock) -> None:
    job = admin.submit()
    clock.advance(1)
    told = admin.ask("GET", f"/arcgis/__admin/jobs/{job}")
    assert (told["status"], told["polls"], told["task"], told["phase"]) == ("esriJobExecuting", 0, TASK, 2)
    assert (told["submittedAt"], told["startedAt"], told["endedAt"], told["now"]) == (
        EPOCH,
        EPOCH,
        None,
        EPOCH + 1,
    )
    assert told["phases"][-1] == {
        "status": "esriJobExecuting",
        "begins": EPOCH,
        "ends": EPOCH + 2,
        "seconds": 2,
        "polls": None,
        "hold": None,
    }
    assert told["inputs"]["Viewshed_Distance"] == "5 Miles"
    assert (
        told["url"]
        == f"http://127.0.0.1:8585/arcgis/rest/services/WorldViewshed/GPServer/viewshed/jobs/{job}"
    )
    admin.poll(job)
    assert admin.ask("GET", f"/arcgis/__admin/jobs/{job}")["polls"] == 1


def test_a_jobs_inputs_are_told_without_secrets(admin: Admin) -> None:
    secret = "s3cretvalue"
    job = admin.submit(
        "DataTypes/EchoJob/Echo",
        In_GPString=f"https://h/x?token={secret}",
        In_GPStringHidden=secret,
        In_GPLong="5",
        f="json",
    )
    told = admin.send("GET", f"/arcgis/__admin/jobs/{job}").text
    assert secret not in told
    assert json.loads(told)["inputs"]["In_GPLong"] == "5"


def test_jobs_are_listed_the_newest_first_and_by_task_and_status(admin: Admin, clock: ManualClock) -> None:
    old = [admin.submit() for _ in range(3)]
    clock.advance(5)
    new = admin.submit("Simulation/JobOutcomes/NeverEnds", Note="x", f="json")

    def listed(query: str) -> tuple[list[str], int]:
        told = admin.ask("GET", f"/arcgis/__admin/jobs?{query}")
        return [each["jobId"] for each in told["jobs"]], told["total"]

    assert listed("") == ([new, *reversed(old)], 4)
    assert listed("limit=2&start=2") == ([old[2], old[1]], 4)
    assert listed(f"task={TASK}&limit=0") == ([], 3)
    assert listed("status=esriJobExecuting") == ([new], 1)
    assert listed("user=ada") == ([], 0)


def test_a_job_is_held_where_it_is_and_released(admin: Admin, clock: ManualClock) -> None:
    job = admin.submit()
    told = admin.ask("POST", f"/arcgis/__admin/jobs/{job}/hold")
    assert (told["status"], told["held"]) == ("esriJobExecuting", "hold")
    clock.advance(3600)
    assert admin.poll(job)["jobStatus"] == "esriJobExecuting"
    assert "already" in admin.refused("POST", f"/arcgis/__admin/jobs/{job}/hold", {}, 409)["message"]
    told = admin.ask("POST", f"/arcgis/__admin/jobs/{job}/release")
    assert (told["status"], told["held"]) == ("esriJobSucceeded", None)
    assert told["gates"] == [{"name": "hold", "releasedAt": EPOCH + 3600}]
    assert "results" in admin.poll(job)
    assert "ended" in admin.refused("POST", f"/arcgis/__admin/jobs/{job}/hold", {}, 409)["message"]
    assert "not held" in admin.refused("POST", f"/arcgis/__admin/jobs/{job}/release", {}, 409)["message"]


def test_a_gate_of_a_rule_is_released_by_its_name_also_ahead(admin: Admin, clock: ManualClock) -> None:
    admin.ask("POST", RULES, {"holdsAt": "executing", "gate": "go"}, 201)
    job = admin.submit()
    assert admin.ask("GET", f"/arcgis/__admin/jobs/{job}")["held"] == "go"
    error = admin.refused("POST", f"/arcgis/__admin/jobs/{job}/release", {"gate": "goo"}, 409)
    assert 'did you mean "go"?' in error["message"]
    assert admin.ask("POST", f"/arcgis/__admin/jobs/{job}/release")["status"] == "esriJobSucceeded"


@pytest.mark.parametrize(
    "status", ["esriJobSucceeded", "esriJobFailed", "esriJobTimedOut", "esriJobCancelled", "expectedFailure"]
)
@pytest.mark.parametrize("task", [TASK, "Simulation/JobOutcomes/NeverEnds", "Simulation/JobOutcomes/Fails"])
def test_a_job_is_moved_to_any_end(admin: Admin, clock: ManualClock, task: str, status: str) -> None:
    job = admin.submit(task, **(INPUTS if task == TASK else {"Note": "n", "f": "json"}))
    told = admin.ask("POST", f"/arcgis/__admin/jobs/{job}/move", {"status": status})
    assert (told["status"], told["endedAt"]) == (status, EPOCH)
    clock.advance(60)
    polled = admin.poll(job, task)
    assert polled["jobStatus"] == status
    assert ("results" in polled) is (status == "esriJobSucceeded")
    if "results" in polled:
        (name,) = polled["results"]
        service, _, label = task.rpartition("/")
        place = f"/arcgis/rest/services/{service}/GPServer/{label}/jobs/{job}/results/{name}?f=json"
        assert admin.send("GET", place).json()["value"]


def test_a_job_that_is_moved_to_failed_says_why(admin: Admin) -> None:
    job = admin.submit()
    told = admin.ask(
        "POST", f"/arcgis/__admin/jobs/{job}/move", {"status": "esriJobFailed", "messages": ["ERROR 000732"]}
    )
    assert {"type": "esriJobMessageTypeError", "description": "ERROR 000732"} in told["messages"]
    error = admin.refused(
        "POST", f"/arcgis/__admin/jobs/{job}/move", {"status": "esriJobTimedOut", "messages": ["E"]}
    )
    assert error["path"] == "messages"


def test_a_job_is_moved_on_through_its_life(admin: Admin, clock: ManualClock) -> None:
    task = "Simulation/JobOutcomes/WaitsInQueue"
    admin.ask(
        "PUT", f"/arcgis/__admin/tasks/{task}/timeline", {"submitted": 60, "waiting": 60, "executing": 60}
    )
    job = admin.submit(task, Note="n", f="json")
    for status in ("esriJobWaiting", "esriJobExecuting", "esriJobCancelling"):
        assert admin.ask("POST", f"/arcgis/__admin/jobs/{job}/move", {"status": status})["status"] == status
        assert admin.poll(job, task)["jobStatus"] == status
    error = admin.refused("POST", f"/arcgis/__admin/jobs/{job}/move", {"status": "esriJobWaiting"}, 409)
    assert "never goes back" in error["message"]
    clock.advance(60)
    assert admin.poll(job, task)["jobStatus"] == "esriJobCancelled"


def test_a_job_that_is_being_cancelled_may_still_succeed(admin: Admin, clock: ManualClock) -> None:
    job = admin.submit()
    place = f"/arcgis/rest/services/WorldViewshed/GPServer/viewshed/jobs/{job}/cancel?f=json"
    assert admin.send("GET", place).json()["jobStatus"] == "esriJobCancelling"
    told = admin.ask("POST", f"/arcgis/__admin/jobs/{job}/move", {"status": "esriJobSucceeded"})
    assert told["status"] == "esriJobSucceeded"
    clock.advance(60)
    assert "results" in admin.poll(job)


def test_a_job_whose_tool_fails_cannot_be_moved_to_success(admin: Admin) -> None:
    site = admin.app.sites["arcgis"]

    @site.task("Own/Fails")
    def fails() -> str:
        raise ToolFailed("no such luck")

    job = admin.submit("Own/Fails", f="json")
    error = admin.refused("POST", f"/arcgis/__admin/jobs/{job}/move", {"status": "esriJobSucceeded"}, 409)
    assert "its tool did" in error["message"]
    told = admin.ask("GET", f"/arcgis/__admin/jobs/{job}")
    assert told["status"] == "esriJobFailed"
    assert "no such luck" in json.dumps(told["messages"])


def test_a_job_whose_inputs_are_bad_cannot_be_moved_to_success(admin: Admin) -> None:
    admin.app.sites["arcgis"].bad_input = "fail-job"
    job = admin.submit(Viewshed_Distance="5 Furlongs")
    move = f"/arcgis/__admin/jobs/{job}/move"
    error = admin.refused("POST", move, {"status": "esriJobSucceeded"}, 409)
    assert "has failed" in error["message"]
    told = admin.poll(job)
    assert told["jobStatus"] == "esriJobFailed"
    assert json.dumps(told["messages"]).count('Viewshed_Distance.units: met \\"Furlongs\\"') == 1


def test_a_job_whose_tool_still_runs_succeeds_once_that_is_done() -> None:
    site = Site("arcgis", clock=ManualClock(), patience=0.0)
    going = threading.Event()

    @site.task("Own/Slow")
    def slow() -> str:
        going.wait(10)
        return "done"

    admin = Admin(site)
    job = admin.submit("Own/Slow", f="json")
    assert admin.ask("POST", f"/arcgis/__admin/jobs/{job}/hold")["status"] == "esriJobExecuting"
    told = admin.ask("POST", f"/arcgis/__admin/jobs/{job}/move", {"status": "esriJobSucceeded"})
    assert told["status"] == "esriJobExecuting"
    going.set()
    while site.running:
        admin.poll(job, "Own/Slow")
    assert admin.poll(job, "Own/Slow")["jobStatus"] == JobStatus.SUCCEEDED
    admin.close()


def test_a_held_job_stays_held_though_its_tool_is_done_meanwhile() -> None:
    site = Site("arcgis", clock=ManualClock(), patience=0.0)
    going = threading.Event()

    @site.task("Own/Slow")
    def slow() -> str:
        going.wait(10)
        return "done"

    admin = Admin(site)
    job = admin.submit("Own/Slow", f="json")
    assert admin.poll(job, "Own/Slow")["jobStatus"] == JobStatus.EXECUTING
    admin.ask("POST", f"/arcgis/__admin/jobs/{job}/hold")
    going.set()
    while site.running:
        admin.poll(job, "Own/Slow")
    site.clock.advance(60)  # type: ignore[attr-defined]
    assert admin.poll(job, "Own/Slow")["jobStatus"] == JobStatus.EXECUTING
    admin.ask("POST", f"/arcgis/__admin/jobs/{job}/release")
    assert admin.poll(job, "Own/Slow")["jobStatus"] == JobStatus.SUCCEEDED
    admin.close()


def test_a_deleted_job_is_gone(admin: Admin) -> None:
    job = admin.submit()
    admin.ask("DELETE", f"/arcgis/__admin/jobs/{job}")
    assert "error" in admin.poll(job)
    for method, path in (("GET", ""), ("DELETE", ""), ("POST", "/hold"), ("POST", "/release")):
        admin.refused(method, f"/arcgis/__admin/jobs/{job}{path}", None, 404)


# The clock


def test_a_clock_is_read_and_moved_and_the_sites_jobs_go_by_it(admin: Admin) -> None:
    job = admin.submit()
    told = admin.ask("POST", "/arcgis/__admin/clock/advance", {"seconds": "1 min"})
    assert told == {"now": EPOCH + 60, "iso": "2026-01-01T00:01:00.000Z", "kind": "manual", "rate": 0}
    assert admin.poll(job)["jobStatus"] == "esriJobSucceeded"
    told = admin.ask("POST", "/arcgis/__admin/clock/set", {"to": "2026-03-01T12:00:00Z"})
    assert told["iso"] == "2026-03-01T12:00:00.000Z"
    assert admin.ask("POST", "/arcgis/__admin/clock/set", {"to": told["now"] + 1})["now"] == told["now"] + 1
    for to in ("2026-02-01", 0):
        error = admin.refused("POST", "/arcgis/__admin/clock/set", {"to": to}, 409)
        assert "never goes back" in error["message"]


def test_a_real_clock_is_frozen_advanced_and_run(nobody: Admin) -> None:
    context = nobody.ask("POST", "/__admin/sites", {"builtin": True}, 201)["context"]
    home = f"/{context}/__admin/clock"
    assert nobody.ask("GET", home)["kind"] == "real"
    frozen = nobody.ask("POST", f"{home}/freeze")
    assert (frozen["kind"], frozen["rate"]) == ("manual", 0)
    job = nobody.submit(context=context)
    assert nobody.poll(job, context=context)["jobStatus"] == "esriJobExecuting"
    assert nobody.ask("POST", f"{home}/advance", {"seconds": 60})["now"] == frozen["now"] + 60
    assert nobody.poll(job, context=context)["jobStatus"] == "esriJobSucceeded"
    assert nobody.ask("POST", f"{home}/run", {"rate": 60})["kind"] == "x60"
    assert nobody.ask("POST", f"{home}/run")["kind"] == "real"


def test_an_answer_that_was_kept_for_polls_does_not_outlive_a_move_of_the_clock(nobody: Admin) -> None:
    context = nobody.ask("POST", "/__admin/sites", {"builtin": True}, 201)["context"]
    job = nobody.submit(context=context)
    for _ in range(3):
        assert nobody.poll(job, context=context)["jobStatus"] == "esriJobExecuting"
    nobody.ask("POST", f"/{context}/__admin/clock/advance", {"seconds": 60})
    assert nobody.poll(job, context=context)["jobStatus"] == "esriJobSucceeded"


def test_an_answer_that_was_kept_for_polls_does_not_outlive_a_move_of_the_job(admin: Admin) -> None:
    job = admin.submit()
    for _ in range(3):
        assert admin.poll(job)["jobStatus"] == "esriJobExecuting"
    admin.ask("POST", f"/arcgis/__admin/jobs/{job}/move", {"status": "esriJobTimedOut"})
    assert admin.poll(job)["jobStatus"] == "esriJobTimedOut"


def test_a_deviation_that_one_followed_already_would_hide_is_a_conflict(admin: Admin) -> None:
    admin.ask("POST", "/__admin/deviations", {"name": "own", "do": [{"error": 500}]}, 201)
    error = admin.refused("POST", "/__admin/deviations", {"name": "other", "do": [{"error": 501}]}, 409)
    assert "cannot be followed at once" in error["message"]
    admin.refused("POST", "/__admin/deviations", {"name": "other", "do": [{"eror": 501}]}, 400)


def test_what_a_deviation_may_not_make_and_patterns_without_an_end_are_refused(admin: Admin) -> None:
    value = {"$repeat": ["a", 60_000_000]}
    body = {"name": "own", "do": [{"set": "/a", "value": [value] * 50}]}
    error = admin.refused("POST", "/__admin/deviations", body)
    assert "met 120000000 bytes or more, expected at most 67108864" in error["message"]
    rule = {"when": {"Viewshed_Distance": {"matches": "(a+)+$"}}, "fails": True}
    error = admin.refused("POST", f"/__admin/tasks/{TASK}/rules", rule)
    assert "a repeat is inside a repeat" in error["met"]
