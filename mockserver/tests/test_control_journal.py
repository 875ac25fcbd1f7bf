"""The journal, deviations and expectations over the control API."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from gp_mockserver.app import MockServer
from gp_mockserver.builtin.builtin_site import builtin_site
from gp_mockserver.control import journal_actions
from gp_mockserver.lifecycle.clocks import ManualClock

SERVICE = "/arcgis/rest/services/WorldViewshed/GPServer/viewshed"
INPUTS = {
    "Input_Observation_Point": '{"features":[{"geometry":{"x":1,"y":2}}]}',
    "Viewshed_Distance": "5 Miles",
    "f": "json",
}


class Admin:
    """A server in process with one site, and a client of both."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.app = MockServer([builtin_site("arcgis", clock=self.clock)])

    def send(self, method: str, path: str, **more: Any) -> httpx.Response:
        async def go() -> httpx.Response:
            transport = httpx.ASGITransport(self.app)
            async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
                return await client.request(method, path, **more)

        return asyncio.run(go())

    def ask(self, method: str, path: str, body: Any = None, status: int = 200) -> Any:
        path = path if path.startswith("/") else f"/arcgis/__admin/{path}"
        answer = self.send(method, path, **({} if body is None else {"json": body}))
        assert answer.status_code == status, answer.text
        return answer.json()

    def submit(self, **change: str) -> str:
        return str(self.send("POST", f"{SERVICE}/submitJob", data={**INPUTS, **change}).json()["jobId"])

    def poll(self, job: str) -> Any:
        return self.send("GET", f"{SERVICE}/jobs/{job}?f=json").json()


@pytest.fixture
def admin() -> Iterator[Admin]:
    made = Admin()
    yield made
    made.app.close()


# The journal


def test_requests_are_told_as_they_came(admin: Admin) -> None:
    job = admin.submit()
    admin.poll(job)
    told = admin.ask("GET", "requests")
    assert (told["total"], told["dropped"]) == (2, 0)
    submitted, polled = told["requests"]
    assert (submitted["operation"], submitted["task"], submitted["status"]) == (
        "submitJob",
        "WorldViewshed/viewshed",
        200,
    )
    assert submitted["parameters"]["Viewshed_Distance"] == "5 Miles"
    assert (polled["jobId"], polled["jobStatus"], polled["site"]) == (job, "esriJobExecuting", "arcgis")
    assert submitted["seconds"] >= 0
    assert "requestBody" not in submitted
    assert admin.ask("GET", "/__admin/requests") == told


def test_a_request_is_told_with_headers_and_bodies(admin: Admin) -> None:
    admin.submit()
    told = admin.ask("GET", "requests/1")
    assert told["requestBody"]["text"].startswith("Input_Observation_Point=")
    assert told["requestBody"]["size"] == told["requestSize"]
    assert '"jobStatus"' in told["responseBody"]["text"]
    assert ["content-type", "application/x-www-form-urlencoded"] in told["requestHeaders"]
    assert admin.ask("GET", "requests?bodies=true")["requests"] == [told]
    assert "no request '7'" in admin.ask("GET", "requests/7", status=404)["error"]["message"]


def test_a_body_that_is_no_text_is_told_in_base64(admin: Admin) -> None:
    admin.send("POST", f"{SERVICE}/submitJob", content=b"\xff\xfe\x00")
    body = admin.ask("GET", "requests/1")["requestBody"]
    assert (body["base64"], body["size"]) == (True, 3)


@pytest.mark.parametrize(
    ("criteria", "expected"),
    [
        ({}, [1, 2, 3, 4]),
        ({"operation": "job"}, [3]),
        ({"task": "WorldViewshed/viewshed", "method": "POST"}, [1, 2]),
        ({"status": 404}, []),
        ({"path": "*/jobs/*"}, [3]),
        ({"since": 2}, [3, 4]),
        ({"limit": 1}, [4]),
        ({"unexpected": True}, [4]),
        ({"service": "WorldViewshed", "unexpected": False, "limit": 2}, [2, 3]),
    ],
)
def test_requests_are_found_by_query_and_by_body(
    admin: Admin, criteria: dict[str, Any], expected: list[int]
) -> None:
    admin.submit()
    admin.poll(admin.submit())
    admin.send("GET", "/arcgis/rest/services/WorldViewshd/GPServer?f=json")
    query = {
        name: str(value).lower() if isinstance(value, bool) else value for name, value in criteria.items()
    }
    answer = admin.send("GET", "/arcgis/__admin/requests", params=query)
    assert [each["number"] for each in answer.json()["requests"]] == expected
    assert [each["number"] for each in admin.ask("POST", "requests/find", criteria)["requests"]] == expected
    if "limit" not in criteria:
        assert admin.ask("POST", "requests/count", criteria) == {"count": len(expected)}


def test_requests_are_found_by_the_values_of_their_parameters(admin: Admin) -> None:
    admin.submit()
    admin.submit(Viewshed_Distance='{"distance": 7, "units": "esriMiles"}')
    asked = {"operation": "submitJob", "parameters": {"Viewshed_Distance": "7 Miles"}}
    assert [each["number"] for each in admin.ask("POST", "requests/find", asked)["requests"]] == [2]
    del asked["operation"]
    assert admin.ask("POST", "requests/count", asked, 400)["error"]["remedy"] == "add operation"


def test_requests_that_lead_nowhere_are_told_with_what_they_came_near_to(admin: Admin) -> None:
    admin.submit()
    admin.send("GET", "/arcgis/rest/services/WorldViewshd/GPServer?f=json")
    (missed,) = admin.ask("GET", "requests/unmatched")["requests"]
    assert missed["unexpected"] is True
    assert "WorldViewshed" in missed["nearMiss"]


def test_the_journal_is_exported_as_har(admin: Admin) -> None:
    admin.submit()
    admin.ask("POST", "/__admin/sites", {"builtin": True, "context": "other"}, 201)
    admin.send("GET", "/other/rest/info?f=json")
    assert len(admin.ask("GET", "requests/har")["log"]["entries"]) == 1
    whole = admin.ask("GET", "/__admin/requests/har")["log"]
    assert whole["version"] == "1.2"
    assert len(whole["entries"]) == 2
    assert [each["number"] for each in admin.ask("GET", "/__admin/requests")["requests"]] == [1, 1]
    assert admin.ask("DELETE", "/__admin/requests", status=409)["error"]["remedy"]
    assert admin.ask("DELETE", "/__admin/requests?all=true") == {"cleared": 2}


@pytest.mark.parametrize("query", ["", "?bodies=true", "?bodies=true&limit=4"])
def test_an_answer_with_requests_is_bounded_and_says_what_it_leaves_out(
    admin: Admin, monkeypatch: pytest.MonkeyPatch, query: str
) -> None:
    for _ in range(6):
        admin.send("GET", f"/arcgis/rest/info?f=json&note={'a' * 2000}")
    monkeypatch.setattr(journal_actions, "MOST_BYTES_TOLD", 20_000)
    told = admin.ask("GET", f"requests{query}")
    asked = 4 if "limit" in query else 6
    assert told["total"] == 6
    assert 0 < len(told["requests"]) == asked - told["cut"] < asked
    assert told["requests"][-1]["number"] == 6
    monkeypatch.setattr(journal_actions, "MOST_BYTES_TOLD", 1)
    assert [each["number"] for each in admin.ask("GET", f"requests{query}")["requests"]] == [6]


def test_a_har_is_bounded_and_says_what_it_leaves_out(admin: Admin, monkeypatch: pytest.MonkeyPatch) -> None:
    for n in range(6):
        admin.send("GET", f"/arcgis/rest/info?f=json&n={n}")
    log = admin.ask("GET", "requests/har?limit=2")["log"]
    assert [each["_gpharness"]["number"] for each in log["entries"]] == [5, 6]
    assert log["comment"] == "4 earlier ones are left out here"
    monkeypatch.setattr(journal_actions, "MOST_BYTES_TOLD", 1)
    log = admin.ask("GET", "/__admin/requests/har")["log"]
    assert len(log["entries"]) == 1
    assert log["comment"] == "5 earlier ones are left out here"


def test_requests_are_told_in_a_thread_while_the_server_answers_others(
    admin: Admin, monkeypatch: pytest.MonkeyPatch
) -> None:
    admin.submit()
    told: list[int] = []
    real = journal_actions.request_line
    monkeypatch.setattr(
        journal_actions,
        "request_line",
        lambda site, entry: told.append(threading.get_ident()) or real(site, entry),
    )
    admin.ask("GET", "requests")
    assert told
    assert threading.get_ident() not in told


SECRET = "Zq7planted0123456789"


def test_a_job_is_told_without_the_secrets_of_its_inputs(admin: Admin) -> None:
    place = {"url": f"https://x/y?pwd={SECRET}", "apikey": SECRET, "note": "plain"}
    job = admin.submit(Input_Observation_Point=json.dumps(place))
    admin.clock.advance(60)
    info = admin.ask("GET", f"jobs/{job}")
    assert SECRET not in json.dumps(info)
    assert "*****" in info["inputs"]["Input_Observation_Point"]
    assert "plain" in info["inputs"]["Input_Observation_Point"]
    assert any("*****" in each["description"] for each in info["messages"])


def test_a_server_without_sites_has_an_empty_har(admin: Admin) -> None:
    admin.ask("DELETE", "/__admin/sites/arcgis")
    assert admin.ask("GET", "/__admin/requests/har")["log"]["entries"] == []


@pytest.mark.parametrize(("method", "path"), [("DELETE", "requests"), ("POST", "requests/reset")])
def test_the_journal_is_cleared(admin: Admin, method: str, path: str) -> None:
    admin.submit()
    assert admin.ask(method, path) == {"cleared": 1}
    assert admin.ask("GET", "requests")["requests"] == []


def test_the_control_api_is_not_in_the_journal_itself(admin: Admin) -> None:
    admin.ask("GET", "requests")
    admin.ask("POST", "clock/advance", {"seconds": 1})
    assert admin.ask("GET", "requests")["total"] == 0


# Deviations


def test_a_deviation_is_injected_counted_and_cleared(admin: Admin) -> None:
    asked = {"name": "results-late", "operation": "job", "times": 2}
    made = admin.ask("POST", "deviations", asked, 201)
    assert (made["name"], made["label"], made["applied"], made["over"]) == (
        "results-late",
        "results-late@job",
        0,
        False,
    )
    assert made["where"]["operation"] == "job"
    job = admin.submit()
    admin.clock.advance(10)
    assert ["results" in admin.poll(job) for _ in range(3)] == [False, False, True]
    (told,) = admin.ask("GET", "deviations")["deviations"]
    assert (told["id"], told["applied"]) == (made["id"], 2)
    assert admin.ask("GET", "requests?limit=1")["requests"][0]["deviations"] == []
    admin.ask("DELETE", f"deviations/{made['id']}")
    assert admin.ask("DELETE", "deviations/results-late%40jbo", status=404)["error"]["message"]


@pytest.mark.parametrize(
    "body",
    [
        {"name": "slow-each", "seconds": 60},
        {"name": "slow-each@job#1", "parameters": {"seconds": 60}},
        {"name": "slow-each", "operation": ["job", "result"], "times": 2},
        {"name": "half-a-job", "on": ["job"], "do": [{"remove": "/jobStatus"}]},
    ],
)
def test_deviations_are_written_in_several_ways(admin: Admin, body: dict[str, Any]) -> None:
    made = admin.ask("POST", "deviations", body, 201)
    assert made["name"] in ("slow-each", "half-a-job")
    assert admin.ask("GET", "deviations")["deviations"] == [made]
    assert admin.ask("DELETE", "deviations") == {"cleared": 1}
    assert all(each["over"] for each in admin.ask("GET", "deviations")["deviations"])


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({"name": "results-lat"}, "results-late"),
        ({"name": "results-late", "sekonds": 5}, "sekonds"),
        ({"name": "slow-each", "seconds": 1, "parameters": {"seconds": 2}}, "twice"),
        ({"name": "mine", "do": [{"remoov": "/x"}]}, "remoov"),
        ({"name": "mine", "do": [{"remove": "/x"}], "colour": "red"}, "colour"),
    ],
)
def test_a_deviation_that_makes_no_sense_is_told_why(admin: Admin, body: Any, says: str) -> None:
    assert says in str(admin.ask("POST", "deviations", body, 400)["error"])
    assert admin.ask("GET", "deviations") == {"deviations": []}


def test_the_catalogue_is_told(admin: Admin) -> None:
    told = {each["name"]: each for each in admin.ask("GET", "deviations?catalogue=true")["catalogue"]}
    assert told["results-late"]["class"] == "fault"
    assert told["results-late"]["on"] == ["job"]
    assert all(each["does"] and each["evidence"] and each["by"] for each in told.values())
    (one,) = admin.ask("GET", "deviations?name=results-late")["catalogue"]
    assert one == told["results-late"]


# Expectations


def test_an_expectation_is_met_by_the_requests_that_come(admin: Admin) -> None:
    asked = {
        "operation": "submitJob",
        "task": "WorldViewshed/viewshed",
        "parameters": {"Viewshed_Distance": "5 Miles"},
    }
    made = admin.ask("POST", "expectations", asked, 201)
    assert (made["met"], made["count"]) == (False, 0)
    problem = admin.ask("POST", "expectations/verify", {}, 409)
    assert problem["problems"] == [made["problem"]]
    assert made["problem"] in problem["error"]["message"]
    admin.submit()
    assert admin.ask("POST", "expectations/verify") == {"verified": True}
    told = admin.ask("GET", "expectations")
    assert told["met"] is True
    assert told["expectations"][0]["count"] == 1
    assert admin.ask("DELETE", "expectations") == {"cleared": 1}


@pytest.mark.parametrize(
    ("asked", "met"),
    [
        ({"operation": "job", "times": 2}, True),
        ({"operation": "job", "times": 1}, False),
        ({"operation": "job", "atLeast": 1}, True),
        ({"operation": "job", "atMost": 1}, False),
        ({"operation": "cancel", "times": 0}, True),
        ({"inOrder": ["submitJob", {"operation": "job", "status": 200}]}, True),
        ({"inOrder": ["job", "submitJob"]}, False),
    ],
)
def test_expectations_say_how_often_and_in_which_order(admin: Admin, asked: Any, met: bool) -> None:
    admin.ask("POST", "expectations", asked, 201)
    job = admin.submit()
    admin.poll(job)
    admin.poll(job)
    assert admin.ask("GET", "expectations")["met"] is met
    admin.ask("POST", "expectations/verify", status=200 if met else 409)


def test_what_never_applied_and_what_led_nowhere_can_be_let_pass(admin: Admin) -> None:
    admin.send("GET", "/arcgis/rest/services/Nothing/GPServer?f=json")
    admin.ask("POST", "tasks/WorldViewshed/viewshed/rules", {"fails": True}, 201)
    admin.ask("POST", "deviations", {"name": "results-late"}, 201)
    problems = admin.ask("POST", "expectations/verify", {}, 409)["problems"]
    assert [
        word for word in ("unexpected", "rule", "deviation") if any(word in each for each in problems)
    ] == [
        "unexpected",
        "rule",
        "deviation",
    ]
    assert len(admin.ask("POST", "expectations/verify", {"allowUnused": True}, 409)["problems"]) == 1
    admin.ask("POST", "expectations/verify", {"allowUnused": True, "allowUnexpected": True})


def test_an_expectation_of_what_is_not_there_is_told(admin: Admin) -> None:
    for asked, says in (
        ({"operation": "submitjob"}, '"submitJob"'),
        ({"operation": "job", "task": "WorldViewshed/viewshd"}, '"WorldViewshed/viewshed"'),
        ({"operation": "job", "times": 1, "atLeast": 1}, "atLeast"),
        ({"operation": "job", "atLeast": 3, "atMost": 1}, "at most 1"),
    ):
        assert says in str(admin.ask("POST", "expectations", asked, 400)["error"])
