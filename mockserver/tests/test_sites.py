"""Several sites on one server, and what a site is made of."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest
from gp_mockserver.app import MockServer
from gp_mockserver.builtin.builtin_site import builtin_site
from gp_mockserver.errors import SiteError
from gp_mockserver.lifecycle.clocks import JumpingClock
from gp_mockserver.server import serve
from gp_mockserver.sites import Site
from gp_mockserver.tools.latency import Latency
from gp_mockserver.tools.tool_calls import ToolCall, ToolFailed

from every_case import every_case

TASK = "WorldViewshed/GPServer/viewshed"
POINT = '{"features":[{"geometry":{"x":1,"y":2}}],"spatialReference":{"wkid":4326}}'


def test_sites_come_and_go_while_the_server_runs_and_share_nothing() -> None:
    one, two = builtin_site(context="one"), builtin_site(context="two")
    with serve(one) as server, httpx.Client() as http:
        server.app.add_site(two)
        jobs = [
            http.post(
                f"{server.root}/{context}/rest/services/{TASK}/submitJob",
                data={"f": "json", "Input_Observation_Point": POINT},
            ).json()["jobId"]
            for context in ("one", "two")
        ]
        assert jobs[0] != jobs[1]
        elsewhere = http.get(f"{server.root}/two/rest/services/{TASK}/jobs/{jobs[0]}", params={"f": "json"})
        assert "error" in elsewhere.json()
        server.app.remove_site("two")
        assert http.get(f"{server.root}/two/rest/services", params={"f": "json"}).status_code == 404
        assert (
            http.get(f"{server.root}/one/rest/services", params={"f": "json"}).json()["currentVersion"]
            == 12.0
        )


def test_the_root_lists_the_sites() -> None:
    with serve([Site("one"), Site("two")]) as server, httpx.Client() as http:
        page = http.get(server.root)
        assert page.status_code == 200
        assert f"{server.root}/two/rest/services" in page.text


@every_case(
    "context",
    [
        *(
            "",
            ".",
            "..",
            "a/b",
            "a~b",
            "__admin",
            "a\n",
            "a\0b",
            "\x7f",
            "\x85",
            "a\u202eb",
            "\u200f",
            "\ufeff",
        ),
        *("\u2028", "\ud800", "x" * 201, 5, None, ["a"], {"a": 1}),
    ],
)
def test_a_context_that_no_client_can_ask_for_is_refused(context: Any) -> None:
    with pytest.raises(SiteError, match="context"):
        Site(context)


@every_case("context", ["gis", "a b", "é", "日本", "...", "a.b", "x" * 200])
def test_any_other_segment_of_an_address_is_a_context(context: str) -> None:
    site = Site(context)
    assert site.context == context
    site.close()


def test_two_sites_cannot_have_one_context() -> None:
    with pytest.raises(SiteError, match="'arcgis' is taken"):
        MockServer([Site("arcgis"), Site("arcgis")])


def test_a_ten_hour_job_is_over_after_a_few_polls_on_the_jumping_clock(open_wire: Any) -> None:
    site = Site("jumping", clock=JumpingClock())

    @site.task("Tools/Slow")
    def slow(call: ToolCall) -> str:
        call.message("half way")
        call.sleep(36_000)
        return "done"

    with serve(site) as server, httpx.Client() as http:
        task = f"{server.url}/rest/services/Tools/GPServer/Slow"
        job = http.post(f"{task}/submitJob", data={"f": "json"}).json()["jobId"]
        seen = [http.get(f"{task}/jobs/{job}", params={"f": "json"}).json()["jobStatus"] for _ in range(8)]
        assert seen[0] == "esriJobExecuting"
        assert seen[-1] == "esriJobSucceeded"
        assert http.get(f"{task}/jobs/{job}/results/Result", params={"f": "json"}).json()["value"] == "done"


def test_what_a_function_reports_and_raises_reaches_the_client(open_wire: Any, fresh: Any) -> None:
    site = Site(**fresh)

    @site.task("Tools/Divide")
    def divide(call: ToolCall, dividend: float, divisor: float = 1.0) -> float:
        """Divides one number by another."""
        call.message("dividing")
        call.progress("dividing", 50)
        if divisor == 0:
            raise ToolFailed("ERROR 000800: The value is not a member of the numbers but 0.")
        return dividend / divisor

    wire = open_wire(site)
    task = wire.json("Tools/GPServer/Divide")
    assert [(each["name"], each["dataType"]) for each in task["parameters"]] == [
        ("dividend", "GPDouble"),
        ("divisor", "GPDouble"),
        ("Result", "GPDouble"),
    ]
    submitted = [wire.json("Tools/GPServer/Divide/submitJob", dividend=6, divisor=by) for by in (4, 0)]
    good, bad = (f"Tools/GPServer/Divide/jobs/{answer['jobId']}" for answer in submitted)
    assert "dividing" in [message["description"] for message in wire.json(good)["messages"]]
    wire.clock.advance(10)
    assert wire.json(good)["jobStatus"] == "esriJobSucceeded"
    assert wire.json(f"{good}/results/Result")["value"] == 1.5
    failed = wire.json(bad)
    assert failed["jobStatus"] == "esriJobFailed"
    assert {
        "type": "esriJobMessageTypeError",
        "description": "ERROR 000800: The value is not a member of the numbers but 0.",
    } in failed["messages"]


def test_a_function_runs_once_however_often_its_job_is_looked_at(open_wire: Any, fresh: Any) -> None:
    site = Site(**fresh)
    runs: list[str] = []

    @site.task("Tools/Count")
    def count(call: ToolCall) -> int:
        runs.append(call.job_id)
        return len(runs)

    wire = open_wire(site)
    job = f"Tools/GPServer/Count/jobs/{wire.json('Tools/GPServer/Count/submitJob')['jobId']}"
    assert runs == []
    for _ in range(5):
        wire.json(job)
        wire.clock.advance(1)
    assert wire.json(f"{job}/results/Result")["value"] == 1
    assert len(runs) == 1


def test_an_output_that_its_type_cannot_say_fails_the_job_with_the_reason(open_wire: Any, fresh: Any) -> None:
    site = Site(**fresh)

    @site.task("Tools/Wrong")
    def wrong(call: ToolCall) -> int:
        return "not a number"  # type: ignore[return-value]

    wire = open_wire(site)
    job = f"Tools/GPServer/Wrong/jobs/{wire.json('Tools/GPServer/Wrong/submitJob')['jobId']}"
    wire.clock.advance(10)
    answer = wire.json(job)
    assert answer["jobStatus"] == "esriJobFailed"
    assert any("not a number" in message["description"] for message in answer["messages"])


def test_instances_bound_how_many_jobs_execute_at_once(open_wire: Any, fresh: Any) -> None:
    wire = open_wire(builtin_site(**fresh))
    service = wire.site.services["Simulation/JobOutcomes"]
    service.limit_instances(1)
    task = "Simulation/JobOutcomes/GPServer/Succeeds"
    jobs = [f"{task}/jobs/{wire.json(f'{task}/submitJob', Note='x')['jobId']}" for _ in range(3)]

    def statuses() -> list[str]:
        return [wire.json(job)["jobStatus"].removeprefix("esriJob") for job in jobs]

    assert statuses() == ["Executing", "Waiting", "Waiting"]
    wire.clock.advance(2)
    assert statuses() == ["Succeeded", "Executing", "Waiting"]
    assert wire.json(f"{jobs[2]}/cancel")["jobStatus"] in ("esriJobCancelling", "esriJobCancelled")
    wire.clock.advance(2)
    assert statuses() == ["Succeeded", "Succeeded", "Cancelled"]


def test_latency_passes_on_the_sites_clock(fresh: Any) -> None:
    clock = JumpingClock()
    site = builtin_site(clock=clock, latency={"service": Latency(30.0), "*": Latency(1.0)})
    started = clock.now()
    with serve(site) as server, httpx.Client() as http:
        http.get(f"{server.url}/rest/services/WorldViewshed/GPServer", params={"f": "json"})
        assert clock.now() == started + 30
        http.get(f"{server.url}/rest/services", params={"f": "json"})
        assert clock.now() == started + 31


def test_bytes_come_at_the_pace_that_is_set(fresh: Any) -> None:
    clock = JumpingClock()
    site = builtin_site(clock=clock, latency={"catalogue": Latency(0.0, bytes_per_second=100)})
    started = clock.now()
    with serve(site) as server, httpx.Client() as http:
        body = http.get(f"{server.url}/rest/services", params={"f": "json"}).content
    assert clock.now() - started == pytest.approx(len(body) / 100)


def test_the_message_level_of_a_service_decides_what_is_told(open_wire: Any, fresh: Any) -> None:
    from gp_protocol.messages import MessageLevel

    wire = open_wire(builtin_site(**fresh))
    wire.site.services["Simulation/JobOutcomes"].message_level = MessageLevel.NONE
    task = "Simulation/JobOutcomes/GPServer/Fails"
    job = f"{task}/jobs/{wire.json(f'{task}/submitJob', Note='x')['jobId']}"
    wire.clock.advance(10)
    assert wire.json(job)["messages"] == []


def test_a_files_address_serves_the_file(open_wire: Any, fresh: Any) -> None:
    wire = open_wire(builtin_site(**fresh))
    task = "Files/FileTransfer/GPServer/ZipFile"
    job = f"{task}/jobs/{wire.json(f'{task}/submitJob')['jobId']}"
    wire.clock.advance(10)
    assert wire.json(job)["jobStatus"] == "esriJobSucceeded"
    url = wire.json(f"{job}/results/Output_File")["value"]["url"]
    assert (
        f"/rest/directories/arcgisjobs/files/filetransfer_gpserver/{job.rpartition('/')[2]}/scratch/" in url
    )
    answer = wire.http.get(url)
    assert answer.content[:2] == b"PK"
    assert int(answer.headers["content-length"]) == len(answer.content)
    part = wire.http.get(url, headers={"Range": "bytes=0-1"})
    assert (part.status_code, part.content) == (206, b"PK")


@every_case(
    "address",
    [
        "gis.example.com",
        "ftp://gis.example.com",
        "https://",
        "https:///gis",
        "https://gis.example.com/?f=json",
        "https://gis.example.com/#top",
        "https://gis.example.com:port",
        "https://gis example.com",
    ],
)
def test_a_public_url_that_no_address_can_start_with_is_refused(address: str) -> None:
    with pytest.raises(SiteError) as raised:
        Site(public_url=address)
    assert str(raised.value) == (
        f"public_url {address!r}: expected an http or https address with a host and no query, "
        "such as https://gis.example.com"
    )


def test_a_public_url_may_have_a_port_and_a_path() -> None:
    assert (
        Site(public_url="https://gis.example.com:6443/maps/").public_url
        == "https://gis.example.com:6443/maps"
    )


class Both(NamedTuple):
    first: Path
    second: Path


def test_one_file_may_stand_in_two_outputs_of_execute(open_wire: Any, fresh: Any) -> None:
    site = Site(**fresh)

    @site.task("Tools/Twice", execution="sync")
    def twice(call: ToolCall) -> Both:
        file = call.scratch / "out.txt"
        file.write_text("once")
        return Both(file, file)

    wire = open_wire(site)
    results = wire.json("Tools/GPServer/Twice/execute")["results"]
    urls = [result["value"]["url"] for result in results]
    assert urls[0] == urls[1]
    assert urls[0].endswith("/rest/directories/arcgisoutput/Tools_GPServer/_ags_out.txt")
    assert wire.http.get(urls[0]).text == "once"


def test_a_bad_flag_is_refused_at_submit(open_wire: Any, fresh: Any) -> None:
    wire = open_wire(builtin_site(**fresh))
    error = wire.error("Simulation/JobOutcomes/GPServer/Succeeds/submitJob", returnZ="yes")
    assert error["details"] == ['returnZ: met "yes", expected true or false']
