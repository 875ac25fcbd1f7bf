"""Jobs that are replayed: their trace is a timeline on the site's clock."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import httpx
import msgspec
import pytest
from gp_client import AsyncGPClient, GPClient
from gp_client.clocks import SharedClock
from gp_mockserver.builtin.builtin_site import builtin_site
from gp_mockserver.lifecycle.clocks import JumpingClock, ManualClock, ScaledClock
from gp_mockserver.sites import Site
from gpharness.contracts.contract import Answer, Asked, Contract, Conversation, Provenance, Seen, Server
from gpharness.in_process import AsyncSiteTransport, SiteTransport

TASK = "rest/services/WorldViewshed/GPServer/viewshed"
POINT = {
    "geometryType": "esriGeometryPoint",
    "spatialReference": {"wkid": 4326},
    "features": [{"geometry": {"x": -119.55, "y": 37.74}}],
}
OWN_TASK = "rest/services/Own/GPServer/Task"
RECORDED_ID = "j0123456789abcdef0123456789abcdef"


def message(text: str) -> dict[str, str]:
    return {"type": "esriJobMessageTypeInformative", "description": text}


def seen(status: str, after: float, *messages: str, **members: Any) -> Seen:
    value = {"jobId": RECORDED_ID, "jobStatus": status, "messages": [message(each) for each in messages]}
    return Seen(status, Answer(json={**value, **members}), after)


SUCCESS = [
    seen("esriJobWaiting", 1.0),
    seen("esriJobExecuting", 2.0, "Submitted."),
    seen("esriJobExecuting", 10.0, "Submitted.", "Half way."),
    seen("esriJobSucceeded", 20.0, "Done.", results={"Out": {"paramUrl": "results/Out"}}),
]
OUT = Answer(
    json={
        "paramName": "Out",
        "dataType": "GPString",
        "value": f"see https://gis.example.gov/arcgis/x/{RECORDED_ID}",
    }
)


def job(trace: list[Seen], *asked: Asked, **members: Any) -> Conversation:
    return Conversation(
        "job",
        "job",
        "Own/Task",
        job_id=RECORDED_ID,
        submission=Answer(json={"jobId": RECORDED_ID, "jobStatus": "esriJobSubmitted"}),
        trace=trace,
        asked=list(asked),
        **members,
    )


def contract_of_jobs(*conversations: Conversation) -> Contract:
    return Contract(
        Provenance("reconstructed", of="a page"),
        server=Server(url="https://gis.example.gov/arcgis", version="11.3"),
        services={"Own": {"tasks": ["Task"], "executionType": "esriExecutionTypeAsynchronous"}},
        tasks={"Own/Task": {"name": "Task", "displayName": "Task", "parameters": []}},
        conversations=conversations,
    )


def statuses(client: Any, clock: ManualClock, pause: float, times: int) -> list[str]:
    """What a client sees that polls so often, from the submission on."""
    job_id = client.ask(f"{OWN_TASK}/submitJob", "POST")["jobId"]
    found = []
    for _ in range(times):
        found.append(client.ask(f"{OWN_TASK}/jobs/{job_id}")["jobStatus"].removeprefix("esriJob"))
        clock.advance(pause)
    return found


@pytest.mark.parametrize(
    ("pause", "expected"),
    [
        (0.5, ["Submitted"] * 2 + ["Waiting"] * 2 + ["Executing"] * 36 + ["Succeeded"] * 4),
        (1.0, ["Submitted", "Waiting"] + ["Executing"] * 18 + ["Succeeded"] * 4),
        (5.0, ["Submitted"] + ["Executing"] * 3 + ["Succeeded"] * 3),
        (100.0, ["Submitted", "Succeeded", "Succeeded"]),
    ],
)
def test_whoever_polls_more_or_less_often_than_then_meets_no_gap(replay, pause, expected):
    clock = ManualClock()
    client = replay(contract_of_jobs(job(SUCCESS, results={"Out": OUT})), clock=clock)
    assert statuses(client, clock, pause, len(expected)) == expected


def test_messages_are_those_of_then_and_left_out_where_they_are_not_wanted(replay):
    clock = ManualClock()
    client = replay(contract_of_jobs(job(SUCCESS)), clock=clock)
    place = f"{OWN_TASK}/jobs/{client.ask(f'{OWN_TASK}/submitJob', 'POST')['jobId']}"
    assert client.ask(place)["messages"] == []
    clock.advance(12)
    assert [each["description"] for each in client.ask(place)["messages"]] == ["Submitted.", "Half way."]
    assert "messages" not in client.ask(place, returnMessages="false")


def test_ids_and_addresses_are_those_of_the_replaying_site(replay):
    clock = ManualClock()
    client = replay(contract_of_jobs(job(SUCCESS, results={"Out": OUT})), clock=clock)
    submitted = client.ask(f"{OWN_TASK}/submitJob", "POST")
    again = client.ask(f"{OWN_TASK}/submitJob", "POST")
    assert len({submitted["jobId"], again["jobId"], RECORDED_ID}) == 3
    clock.advance(30)
    place = f"{OWN_TASK}/jobs/{submitted['jobId']}"
    assert client.ask(place)["jobId"] == submitted["jobId"]
    assert client.ask(f"{place}/results/Out")["value"] == f"see {client.root}/x/{submitted['jobId']}"
    assert client.ask(f"{place}/results") == [client.ask(f"{place}/results/Out")]


def test_the_recorded_id_is_the_last_job_that_repeats_it_else_one_that_is_over(replay):
    clock = ManualClock()
    client = replay(contract_of_jobs(job(SUCCESS, results={"Out": OUT})), clock=clock)
    place = f"{OWN_TASK}/jobs/{RECORDED_ID}"
    assert client.ask(place)["jobStatus"] == "esriJobSucceeded"
    assert client.ask(f"{place}/results/Out")["paramName"] == "Out"
    client.ask(f"{OWN_TASK}/submitJob", "POST")
    assert client.ask(place)["jobStatus"] == "esriJobSubmitted"
    clock.advance(3)
    assert client.ask(place) == {**SUCCESS[1].answer.json, "jobId": RECORDED_ID}
    assert client.ask(f"{OWN_TASK}/jobs/jnone")["error"]["code"] == 400


def test_results_are_refused_until_the_job_has_succeeded(replay):
    early = Asked(
        "result",
        "/" + OWN_TASK + "/jobs/{job}/results/Out",
        Answer(json={"error": {"code": 400, "message": "early", "details": []}}),
    )
    for asked, message in (((early,), "early"), ((), "Invalid or missing input parameters.")):
        clock = ManualClock()
        client = replay(contract_of_jobs(job(SUCCESS, *asked, results={"Out": OUT})), clock=clock)
        place = f"{OWN_TASK}/jobs/{client.ask(f'{OWN_TASK}/submitJob', 'POST')['jobId']}"
        assert client.ask(f"{place}/results/Out")["error"]["message"] == message
        clock.advance(30)
        assert client.ask(f"{place}/results/Out")["paramName"] == "Out"
        error = client.ask(f"{place}/results/Other")["error"]
        assert "'Other' of 'job' was not recorded; recorded results: Out" in error["details"][0]


def test_a_job_on_a_jumping_clock_moves_on_with_each_look(replay):
    client = replay(contract_of_jobs(job(SUCCESS)), clock=JumpingClock())
    place = f"{OWN_TASK}/jobs/{client.ask(f'{OWN_TASK}/submitJob', 'POST')['jobId']}"
    assert [client.ask(place)["jobStatus"][7:] for _ in range(6)] == [
        "Submitted", "Waiting", "Executing", "Executing", "Succeeded", "Succeeded",
    ]  # fmt: skip


def test_a_scaled_clock_makes_a_long_job_short(replay):
    client = replay(contract_of_jobs(job(SUCCESS)), clock=ScaledClock(1e6))
    place = f"{OWN_TASK}/jobs/{client.ask(f'{OWN_TASK}/submitJob', 'POST')['jobId']}"
    assert client.ask(place)["jobStatus"] == "esriJobSucceeded"


def test_two_clients_have_jobs_of_their_own(replay):
    clock = ManualClock()
    client = replay(contract_of_jobs(job(SUCCESS)), clock=clock)
    first = client.ask(f"{OWN_TASK}/submitJob", "POST")["jobId"]
    clock.advance(15)
    second = client.ask(f"{OWN_TASK}/submitJob", "POST")["jobId"]
    clock.advance(6)
    found = [client.ask(f"{OWN_TASK}/jobs/{each}")["jobStatus"] for each in (first, second)]
    assert found == ["esriJobSucceeded", "esriJobExecuting"]


CANCELLED = [
    seen("esriJobExecuting", 1.0),
    seen("esriJobCancelling", 10.0),
    seen("esriJobCancelled", 14.0, "Cancelled."),
]
CANCEL = Asked(
    "cancel",
    "/" + OWN_TASK + "/jobs/{job}/cancel",
    Answer(json={"jobId": RECORDED_ID, "jobStatus": "esriJobCancelling"}),
    after=9.5,
)


@pytest.mark.parametrize("waited", [2.0, 9.5, 11.0])
def test_a_recorded_cancel_takes_effect_when_it_comes(replay, waited):
    clock = ManualClock()
    client = replay(contract_of_jobs(job(CANCELLED, CANCEL)), clock=clock)
    job_id = client.ask(f"{OWN_TASK}/submitJob", "POST")["jobId"]
    place = f"{OWN_TASK}/jobs/{job_id}"
    clock.advance(waited)
    assert client.ask(f"{place}/cancel") == {"jobId": job_id, "jobStatus": "esriJobCancelling"}
    clock.advance(1)
    assert client.ask(place)["jobStatus"] == "esriJobCancelling"
    clock.advance(4)
    state = client.ask(place)
    assert (state["jobStatus"], state["messages"]) == ("esriJobCancelled", [message("Cancelled.")])


OTHER_ID = "jfedcba9876543210fedcba9876543210"


def beside_another(trace: list[Seen], *asked: Asked) -> Conversation:
    """A second run with the same inputs."""
    conversation = job(trace, *asked)
    conversation.name = "other"
    text = msgspec.json.encode(conversation).replace(RECORDED_ID.encode(), OTHER_ID.encode())
    return msgspec.json.decode(text, type=Conversation)


@pytest.mark.parametrize("cut", [SUCCESS, SUCCESS[:2]], ids=["without results", "without an end"])
def test_a_whole_run_is_replayed_rather_than_one_that_was_cut_short(replay, cut):
    clock = ManualClock()
    whole = job(SUCCESS, results={"Out": OUT})
    client = replay(contract_of_jobs(beside_another(cut), whole, beside_another(cut)), clock=clock)
    for _ in range(3):
        place = f"{OWN_TASK}/jobs/{client.ask(f'{OWN_TASK}/submitJob', 'POST')['jobId']}"
        clock.advance(30)
        assert client.ask(place)["jobStatus"] == "esriJobSucceeded"
        assert client.ask(f"{place}/results/Out")["paramName"] == "Out"


@pytest.mark.parametrize("waited", [2.0, 15.0])
def test_a_run_that_was_recorded_with_a_cancel_is_replayed_to_whoever_cancels(replay, waited):
    clock = ManualClock()
    whole = job(SUCCESS, results={"Out": OUT})
    client = replay(contract_of_jobs(beside_another(CANCELLED, CANCEL), whole), clock=clock)
    for _ in range(2):
        place = f"{OWN_TASK}/jobs/{client.ask(f'{OWN_TASK}/submitJob', 'POST')['jobId']}"
        clock.advance(30)
        assert client.ask(place)["jobStatus"] == "esriJobSucceeded"
    job_id = client.ask(f"{OWN_TASK}/submitJob", "POST")["jobId"]
    place = f"{OWN_TASK}/jobs/{job_id}"
    clock.advance(waited)
    assert client.ask(place)["jobStatus"] == "esriJobExecuting"
    assert client.ask(f"{place}/cancel") == {"jobId": job_id, "jobStatus": "esriJobCancelling"}
    clock.advance(1)
    assert client.ask(place)["jobStatus"] == "esriJobCancelling"
    clock.advance(4)
    state = client.ask(place)
    assert (state["jobId"], state["jobStatus"]) == (job_id, "esriJobCancelled")
    assert state["messages"][0] == message("Submitted.")  # nothing that was said is taken back
    assert state["messages"][-1] == message("Cancelled.")


def test_a_file_at_the_name_that_the_servers_machine_has_for_itself_is_served_here(replay):
    clock = ManualClock()
    below = "rest/directories/arcgisjobs/own_gpserver"
    url = f"https://machine7.gis.example.gov:6443/gis/{below}/{RECORDED_ID}/scratch/a.txt"
    out = Answer(json={"paramName": "Out", "dataType": "GPDataFile", "value": {"url": url}})
    file = Asked("file", f"/{below}/{{job}}/scratch/a.txt", Answer(text="some data"), after=21.0)
    client = replay(contract_of_jobs(job(SUCCESS, file, results={"Out": out})), clock=clock)
    job_id = client.ask(f"{OWN_TASK}/submitJob", "POST")["jobId"]
    clock.advance(30)
    told = client.ask(f"{OWN_TASK}/jobs/{job_id}/results/Out")["value"]["url"]
    assert told == f"{client.root}/{below}/{job_id}/scratch/a.txt"
    assert client.send(told).text == "some data"


def test_a_cancel_that_was_not_recorded_is_the_sites_own(replay):
    clock = ManualClock()
    client = replay(contract_of_jobs(job(SUCCESS, results={"Out": OUT})), clock=clock)
    place = f"{OWN_TASK}/jobs/{client.ask(f'{OWN_TASK}/submitJob', 'POST')['jobId']}"
    clock.advance(3)
    assert client.ask(f"{place}/cancel")["jobStatus"] == "esriJobCancelling"
    assert client.ask(place)["jobStatus"] == "esriJobCancelling"
    clock.advance(30)
    state = client.ask(place)
    assert state["jobStatus"] == "esriJobCancelled"
    assert state["messages"][0] == message("Submitted.")
    assert client.ask(f"{place}/results/Out")["error"]["code"] == 400
    assert client.ask(f"{place}/cancel")["error"]["code"] == 400


def test_a_refused_cancel_is_refused_once_the_job_is_over(replay):
    refused = Asked(
        "cancel", CANCEL.path, Answer(json={"error": {"code": 400, "message": "too late"}}), after=25.0
    )
    clock = ManualClock()
    client = replay(contract_of_jobs(job(SUCCESS, refused)), clock=clock)
    place = f"{OWN_TASK}/jobs/{client.ask(f'{OWN_TASK}/submitJob', 'POST')['jobId']}"
    clock.advance(21)
    assert client.ask(f"{place}/cancel")["error"]["message"] == "too late"
    assert client.ask(place)["jobStatus"] == "esriJobSucceeded"


def test_states_that_no_protocol_allows_are_replayed_all_the_same(replay):
    clock = ManualClock()
    odd = [seen("esriJobSucceeded", 1.0), seen("esriJobExecuting", 2.0), seen("esriJobConfused", 3.0)]
    client = replay(contract_of_jobs(job(odd)), clock=clock)
    assert statuses(client, clock, 1.0, 5) == ["Submitted", "Succeeded", "Executing", "Confused", "Confused"]


def test_an_answer_in_the_trace_that_is_no_job_is_given_for_its_while(replay):
    clock = ManualClock()
    gap = Seen("esriJobExecuting", Answer(502, text="<h1>Bad Gateway</h1>"), 2.0)
    client = replay(
        contract_of_jobs(job([seen("esriJobExecuting", 1.0), gap, seen("esriJobFailed", 3.0)])), clock=clock
    )
    place = f"{OWN_TASK}/jobs/{client.ask(f'{OWN_TASK}/submitJob', 'POST')['jobId']}"
    clock.advance(2.5)
    assert client.send(place, f="json").status_code == 502
    clock.advance(1)
    assert client.ask(place)["jobStatus"] == "esriJobFailed"


def test_a_failed_job_refuses_its_results(replay, recorded):
    clock = ManualClock()
    client = replay(recorded, clock=clock)
    task = "rest/services/Simulation/JobOutcomes/GPServer/Fails"
    place = f"{task}/jobs/{client.ask(f'{task}/submitJob', 'POST')['jobId']}"
    clock.advance(5)
    state = client.ask(place)
    assert state["jobStatus"] == "esriJobFailed"
    assert any(each["type"] == "esriJobMessageTypeError" for each in state["messages"])
    assert client.ask(f"{place}/results/Summary")["error"]["code"] == 400


def test_inputs_are_those_that_the_client_has_sent(replay, recorded):
    client = replay(recorded)
    job_id = client.submit(
        Input_Observation_Point=json.dumps(POINT), Viewshed_Distance="{'distance':5,'units':'esriMiles'}"
    )["jobId"]
    place = f"{TASK}/jobs/{job_id}/inputs/Viewshed_Distance"
    assert client.ask(place)["value"] == {"distance": 5.0, "units": "esriMiles"}


def test_files_are_served_from_the_contract_at_the_addresses_that_results_have(replay, recorded):
    clock = ManualClock()
    client = replay(recorded, clock=clock)
    task = "rest/services/Files/FileTransfer/GPServer/ZipFile"
    job_id = client.ask(f"{task}/submitJob", "POST")["jobId"]
    clock.advance(5)
    url = client.ask(f"{task}/jobs/{job_id}/results/Output_File")["value"]["url"]
    assert url.startswith(f"{client.root}/rest/directories/")
    assert job_id in url
    answer = client.send(url)
    assert (answer.status_code, answer.content[:2]) == (200, b"PK")
    missing = client.send(url.replace("output.zip", "other.zip"))
    assert missing.status_code == 404
    assert "recorded files: /rest/directories/" in client.site.journal[-1].near_miss


def test_features_in_another_spatial_reference_than_recorded_are_refused(replay, recorded):
    clock = ManualClock()
    client = replay(recorded, clock=clock)
    place = f"{TASK}/jobs/{client.submit()['jobId']}/results/Viewshed_Result"
    clock.advance(5)
    assert "features" in client.ask(place, outSR="", returnZ="false")["value"]
    error = client.ask(place, outSR="3857")["error"]
    assert error["details"][0].endswith(
        "was not recorded with outSR=3857; it was without options; "
        "--fallback has it answered by the descriptors, as a mock does"
    )


def test_a_page_leads_to_the_job_and_shows_it(replay, recorded):
    clock = ManualClock()
    client = replay(recorded, clock=clock)
    form = client.send(f"{TASK}/submitJob")
    assert "Viewshed_Distance" in form.text
    answer = client.send(
        f"{TASK}/submitJob", "POST", Input_Observation_Point=json.dumps(POINT), Viewshed_Distance="5 Miles"
    )
    assert answer.status_code == 302
    clock.advance(5)
    assert "esriJobSucceeded" in client.send(answer.headers["location"]).text


# The site around it


def test_the_journal_has_the_status_that_was_answered(replay):
    clock = ManualClock()
    client = replay(contract_of_jobs(job(SUCCESS)), clock=clock)
    statuses(client, clock, 12.0, 3)
    assert [(each.operation, each.job_status) for each in client.site.journal] == [
        ("submitJob", "esriJobSubmitted"),
        ("job", "esriJobSubmitted"),
        ("job", "esriJobExecuting"),
        ("job", "esriJobSucceeded"),
    ]
    assert client.site.journal[0].task == "Own/Task"
    client.site.expect("job", at_least=1)
    client.site.wait_for("job", since=0)


def test_the_store_has_the_job_for_the_control_api(replay):
    clock = ManualClock()
    client = replay(contract_of_jobs(job(SUCCESS)), clock=clock)
    job_id = client.ask(f"{OWN_TASK}/submitJob", "POST")["jobId"]
    clock.advance(12)
    told = client.send("__admin/jobs").json()
    assert [(each["jobId"], each["status"]) for each in told["jobs"]] == [(job_id, "esriJobExecuting")]


def test_deviations_change_what_is_replayed(replay):
    client = replay(contract_of_jobs(job(SUCCESS)))
    client.site.deviate("status-500-html@job#2")
    place = f"{OWN_TASK}/jobs/{client.ask(f'{OWN_TASK}/submitJob', 'POST')['jobId']}"
    assert [client.send(place, f="json").status_code for _ in range(3)] == [200, 500, 200]


def test_a_deviation_that_sets_the_course_of_jobs_is_followed(replay):
    clock = ManualClock()
    client = replay(contract_of_jobs(job(SUCCESS)), clock=clock)
    client.site.deviate("never-ends")
    place = f"{OWN_TASK}/jobs/{client.ask(f'{OWN_TASK}/submitJob', 'POST')['jobId']}"
    clock.advance("1h")
    assert client.ask(place)["jobStatus"] == "esriJobExecuting"


def outcome_of(site: Site, moved_by: Callable[[float], object]) -> Any:
    """What the reference client makes of the viewshed."""
    host = "https://gis.example.org"
    with (
        httpx.Client(transport=SiteTransport(site, host)) as http,
        GPClient(f"{host}/server", http=http, clock=SharedClock(moved_by)) as client,
    ):
        task = client.task("WorldViewshed/viewshed")
        return task.run(Input_Observation_Point=POINT, Viewshed_Distance="5 Miles")


def test_the_reference_client_gets_the_outcome_of_then(replay, recorded):
    original, clock, other = ManualClock(), ManualClock(), JumpingClock()
    expected = outcome_of(builtin_site("server", clock=original), original.advance)
    found = outcome_of(replay(recorded, clock=clock).site, clock.advance)
    quick = outcome_of(replay(recorded, clock=other).site, other.advance)
    for each in (found, quick):
        assert each["Viewshed_Result"] == expected["Viewshed_Result"]
        assert [message.type for message in each.messages] == [message.type for message in expected.messages]


def test_the_asynchronous_client_gets_it_too_and_two_at_once(replay, recorded):
    clock = JumpingClock()
    site = replay(recorded, clock=clock).site

    async def outcome(host: str, distance: str) -> Any:
        async with (
            httpx.AsyncClient(transport=AsyncSiteTransport(site, host)) as http,
            AsyncGPClient(f"{host}/server", http=http, clock=SharedClock(clock.advance)) as client,
        ):
            task = client.task("WorldViewshed/viewshed")
            return await task.run(Input_Observation_Point=POINT, Viewshed_Distance=distance)

    async def both() -> Any:
        host = "https://gis.example.org"
        return await asyncio.gather(outcome(host, "5 Miles"), outcome(host, "3 Miles"))

    large, small = asyncio.run(both())
    assert large["Viewshed_Result"] != small["Viewshed_Result"]
