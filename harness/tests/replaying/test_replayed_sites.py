"""What a site that replays says of itself, tokens and files; and contracts that stand in files."""

from __future__ import annotations

import json
from typing import Any

import pytest
from gp_mockserver.lifecycle.clocks import EPOCH, ManualClock
from gpharness.contracts.contract import Answer, Asked, Contract, Conversation, Provenance, Seen, Server
from gpharness.contracts.contract_files import read_contract, write_contract

TASK = "rest/services/WorldViewshed/GPServer/viewshed"
ROOT = "https://gis.example.gov/server"
SERVICE = {"tasks": ["Task"], "executionType": "esriExecutionTypeAsynchronous", "currentVersion": 10.81}
OWN_TASK = "rest/services/Own/GPServer/Task"
JOB_ID = "jfedcba9876543210fedcba9876543210"


def contract_of(*conversations: Conversation, **more: Any) -> Contract:
    more.setdefault("server", Server(url=ROOT))
    return Contract(
        Provenance("reconstructed", of="a page"),
        services={"Own": SERVICE},
        tasks={"Own/Task": {"name": "Task", "displayName": "Task", "parameters": []}},
        conversations=conversations,
        **more,
    )


def asked(operation: str, path: str, value: Any, **parameters: str) -> Conversation:
    answer = value if isinstance(value, Answer) else Answer(json=value)
    return Conversation(path, "request", asked=[Asked(operation, path, answer, parameters=parameters)])


def job(**members: Any) -> Conversation:
    state = {"jobId": JOB_ID, "jobStatus": "esriJobSucceeded", "messages": []}
    return Conversation(
        "job",
        "job",
        "Own/Task",
        job_id=JOB_ID,
        submission=Answer(json={"jobId": JOB_ID, "jobStatus": "esriJobSubmitted"}),
        trace=[Seen("esriJobSucceeded", Answer(json=state), 1.0)],
        **members,
    )


# Descriptions


def test_descriptions_are_those_that_were_recorded(replay, recorded):
    client = replay(recorded)
    assert client.ask("rest/services") == recorded.catalogue
    assert client.ask("rest/services/WorldViewshed/GPServer")["tasks"] == ["viewshed"]
    expected = json.dumps(recorded.tasks["WorldViewshed/viewshed"]).replace(ROOT, client.root)
    assert json.dumps(client.ask(TASK)) == expected
    assert list(client.ask("rest/info")) == list(recorded.server.info)
    assert client.site.context == "server"


def test_addresses_in_every_spelling_are_those_of_the_replaying_site(replay):
    page = f'{{"a": "{ROOT}/x", "b": "http:\\/\\/gis.example.gov\\/server\\/y", "c": "{ROOT}2", "n": NaN}}'
    client = replay(
        contract_of(
            asked("info", "/rest/own", Answer(text=page, headers={"content-type": "application/json"}))
        )
    )
    answer = client.send("rest/own", f="json")
    here = client.root.replace("/", "\\/")
    assert answer.text == f'{{"a": "{client.root}/x", "b": "{here}\\/y", "c": "{ROOT}2", "n": NaN}}'


def test_a_folder_that_was_not_asked_for_lists_what_the_contract_describes(replay, recorded):
    services = replay(recorded).ask("rest/services/Elevation")["services"]
    assert services == [{"name": "Elevation/ESRI_Elevation_World", "type": "GPServer"}]


def test_pages_are_made_of_what_was_recorded(replay, recorded):
    client = replay(recorded)
    assert "Viewshed_Distance" in client.send(TASK).text
    missing = client.send("rest/services/NoSuch/GPServer")
    assert (missing.status_code, "NoSuch/GPServer not found" in missing.text) == (404, True)


def test_a_public_address_and_a_context_of_ones_own_are_possible(replay, recorded):
    client = replay(recorded, context="elsewhere", public_url="https://maps.example.com")
    told = client.ask(f"{TASK}")
    assert told["helpUrl"].startswith("https://maps.example.com/elsewhere/")


# Tokens


def test_any_token_will_do_where_none_was_asked_for(replay):
    client = replay(contract_of(job()))
    for token in ("", "anything"):
        assert "jobId" in client.ask(f"{OWN_TASK}/submitJob", "POST", token=token)


def test_the_recorded_refusal_is_given_to_whoever_brings_no_token(replay):
    required = {"error": {"code": 499, "message": "Token Required", "details": []}}
    client = replay(contract_of(job(), asked("task", f"/{OWN_TASK}", required)))
    assert client.ask(OWN_TASK)["error"]["code"] == 499
    assert client.ask(f"{OWN_TASK}/submitJob", "POST")["error"]["code"] == 499
    assert client.ask(OWN_TASK, token="anything")["displayName"] == "Task"
    headers = {"X-Esri-Authorization": "Bearer anything"}
    assert "jobId" in client.send(f"{OWN_TASK}/submitJob", "POST", headers, f="json").json()


def test_a_token_that_was_not_handed_out_is_refused_where_the_contract_has_a_refusal(replay):
    clock = ManualClock()
    invalid = {"error": {"code": 498, "message": "Invalid Token", "details": []}}
    given = asked("token", "/tokens/generateToken", {"token": "stand-in", "expires": 1000})
    client = replay(
        contract_of(job(), given, asked("service", "/rest/services/Own/GPServer", invalid)), clock=clock
    )
    assert client.ask(OWN_TASK, token="other")["error"]["code"] == 498
    told = client.ask("tokens/generateToken", "POST", username="u", password="p")
    assert told == {"token": "stand-in", "expires": int((EPOCH + 3600) * 1000)}
    assert client.ask(OWN_TASK, token="stand-in")["displayName"] == "Task"


def test_whoever_signs_in_stays_on_this_site_and_gets_a_token(replay):
    info = {
        "currentVersion": 10.81,
        "owningSystemUrl": "https://portal.example.gov/portal",
        "authInfo": {
            "isTokenBasedSecurity": True,
            "tokenServicesUrl": "https://portal.example.gov/x/generateToken",
        },
    }
    client = replay(contract_of(job(), server=Server(url=ROOT, info=info)))
    told = client.ask("rest/info")
    assert told["owningSystemUrl"] == client.root
    token = client.ask(told["authInfo"]["tokenServicesUrl"], "POST", username="u", password="p")
    assert token["expires"] > EPOCH * 1000
    assert "jobId" in client.ask(f"{OWN_TASK}/submitJob", "POST", token=token["token"])


def test_no_secret_of_a_client_stands_in_the_journal(replay):
    client = replay(contract_of(job()))
    client.ask("tokens/generateToken", "POST", username="u", password="very-secret")
    assert "very-secret" not in client.site.journal.as_text()


# What else was asked


def test_uploads_are_answered_as_then_and_their_ids_are_no_difference(replay):
    task = {
        "name": "Task",
        "parameters": [
            {"name": "File", "dataType": "GPDataFile", "direction": "esriGPParameterDirectionInput"},
        ],
    }
    uploaded = asked(
        "upload", "/rest/services/Own/GPServer/uploads/upload", {"success": True, "item": {"itemID": "i1"}}
    )
    uploaded.asked[0].method = "POST"
    contract = contract_of(uploaded, job(inputs={"File": '{"itemID":"i1"}'}))
    contract.tasks = {"Own/Task": task}
    client = replay(contract)
    item = client.ask("rest/services/Own/GPServer/uploads/upload", "POST")["item"]["itemID"]
    assert item == "i1"
    assert "jobId" in client.ask(f"{OWN_TASK}/submitJob", "POST", File='{"itemID": "i2"}')


def test_a_path_that_was_recorded_with_other_parameters_is_a_near_miss(replay):
    path = "/rest/services/Own/MapServer/export"
    client = replay(contract_of(asked("", path, {"href": "x"}, bbox="1,2,3,4", f="json")))
    assert client.ask(path.lstrip("/"), bbox="1,2,3,4") == {"href": "x"}
    error = client.ask(path.lstrip("/"), bbox="0,0,1,1")["error"]
    assert error["details"] == [f"{path} was recorded otherwise: bbox: 1,2,3,4 ▸ 0,0,1,1"]
    client.ask(path.lstrip("/"), bbox="1,2,3,4")
    assert [entry.unexpected for entry in client.site.journal] == [False, True, False]


def test_a_file_that_was_not_recorded_is_not_found_and_the_journal_says_so(replay):
    kept = asked(
        "file",
        "/rest/directories/arcgisoutput/maps/map.png",
        Answer(content=b"\x89PNG", headers={"content-type": "image/png"}),
    )
    client = replay(contract_of(kept))
    assert client.send("rest/directories/arcgisoutput/maps/map.png").content == b"\x89PNG"
    assert client.send("rest/directories/arcgisoutput/maps/mop.png").status_code == 404
    assert "did you mean" in client.site.journal[-1].near_miss


# Fallback


def test_with_fallback_a_job_of_other_inputs_is_the_mocks_own(replay, recorded):
    clock = ManualClock()
    client = replay(recorded, clock=clock, fallback=True)
    job_id = client.submit(
        Input_Observation_Point='{"features":[{"geometry":{"x":1,"y":2}}]}', Viewshed_Distance="1 Miles"
    )["jobId"]
    clock.advance(10)
    place = f"{TASK}/jobs/{job_id}"
    assert client.ask(place)["jobStatus"] == "esriJobSucceeded"
    assert client.ask(f"{place}/results/Viewshed_Result")["paramName"] == "Viewshed_Result"


def test_with_fallback_a_result_that_was_not_recorded_is_made_up(replay):
    clock = ManualClock()
    contract = contract_of(job())
    contract.tasks["Own/Task"]["parameters"] = [
        {"name": "Out", "dataType": "GPLong", "direction": "esriGPParameterDirectionOutput"}
    ]
    client = replay(contract, clock=clock, fallback=True)
    place = f"{OWN_TASK}/jobs/{client.ask(f'{OWN_TASK}/submitJob', 'POST')['jobId']}"
    clock.advance(2)
    assert client.ask(place)["jobStatus"] == "esriJobSucceeded"
    assert isinstance(client.ask(f"{place}/results/Out")["value"], int)


# In files


@pytest.mark.parametrize("name", ["contract.yaml", "contract.json", "contract"])
def test_a_contract_in_files_is_replayed_as_the_one_that_was_written(replay, recorded, tmp_path, name):
    write_contract(recorded, tmp_path / name)
    clock = ManualClock()
    client = replay(read_contract(tmp_path / name), clock=clock)
    place = f"{TASK}/jobs/{client.submit()['jobId']}"
    clock.advance(5)
    assert client.ask(place)["jobStatus"] == "esriJobSucceeded"
    assert len(client.ask(f"{place}/results/Viewshed_Result")["value"]["features"]) == 1


def test_large_and_binary_answers_stand_beside_the_contract(replay, tmp_path):
    large = {"paramName": "Out", "dataType": "GPString", "value": "x" * 20_000 + ROOT}
    conversation = job(results={"Out": Answer(json=large)})
    conversation.trace[0].answer.json["messages"] = [
        {"type": "esriJobMessageTypeInformative", "description": f"{number}: {'y' * 100}"}
        for number in range(200)
    ]
    write_contract(contract_of(conversation), tmp_path / "contract")
    assert list(tmp_path.glob("contract/bodies/*"))
    clock = ManualClock()
    client = replay(read_contract(tmp_path / "contract"), clock=clock)
    job_id = client.ask(f"{OWN_TASK}/submitJob", "POST")["jobId"]
    clock.advance(2)
    state = client.ask(f"{OWN_TASK}/jobs/{job_id}")
    assert (state["jobId"], len(state["messages"])) == (job_id, 200)
    value = client.ask(f"{OWN_TASK}/jobs/{job_id}/results/Out")["value"]
    assert value == "x" * 20_000 + client.root
    assert client.send(f"{OWN_TASK}/jobs/{job_id}/results/Out", f="pjson").text.startswith("{\n")


def test_a_submission_that_was_recorded_as_a_page_is_replayed_in_either_form(replay):
    conversation = job()
    conversation.submission = Answer(302, {"location": f"{ROOT}/{OWN_TASK}/jobs/{JOB_ID}"})
    client = replay(contract_of(conversation))
    told = client.ask(f"{OWN_TASK}/submitJob", "POST")
    assert told["jobStatus"] == "esriJobSubmitted"
    answer = client.send(f"{OWN_TASK}/submitJob", "POST", f="html")
    assert answer.status_code == 302
    assert answer.headers["location"].startswith(f"{client.root}/{OWN_TASK}/jobs/")
    assert JOB_ID not in answer.headers["location"]


@pytest.mark.parametrize("raw", [[], "text", {"parameters": [{"name": "x"}]}, {"executionType": "odd"}, None])
def test_a_descriptor_that_cannot_be_read_is_answered_all_the_same(replay, raw):
    contract = contract_of(job())
    contract.services["Own"] = {"executionType": "nonsense", "currentVersion": 99.9}
    contract.tasks["Own/Task"] = contract.tasks["Own/Other"] = raw
    client = replay(contract)
    if raw is not None:
        assert client.ask(f"{OWN_TASK}") == raw
        assert client.ask("rest/services/Own/GPServer/Other") == raw
    assert "jobId" in client.ask(f"{OWN_TASK}/submitJob", "POST")
