"""Which recorded run a request repeats, and what it is told where it repeats none."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from gpharness.contracts.contract import Answer, Asked, Contract, Conversation, Provenance, Seen, Server

TASK = "rest/services/WorldViewshed/GPServer/viewshed"
EXECUTE = "rest/services/Elevation/ESRI_Elevation_World/GPServer/Viewshed/execute"
POINT = {
    "geometryType": "esriGeometryPoint",
    "spatialReference": {"wkid": 4326},
    "features": [{"geometry": {"x": -119.55, "y": 37.74}}],
}
OTHER_POINT = {**POINT, "features": [{"geometry": {"x": -119.56, "y": 37.74}}]}
INPUTS = {"Input_Observation_Point": json.dumps(POINT), "Viewshed_Distance": "5 Miles"}
SAME = {
    "distance as an object": {"Viewshed_Distance": '{"distance": 5.0, "units": "esriMiles"}'},
    "distance in single quotes": {"Viewshed_Distance": "{'units':'esriMiles','distance':5}"},
    "an integer as a float": {"Viewshed_Distance": "5.0 miles"},
    "members in another order": {
        "Input_Observation_Point": json.dumps(
            {
                "features": [{"attributes": {}, "geometry": {"y": 37.74, "x": -119.55}}],
                "fields": [],
                "spatialReference": {"wkid": 4326, "latestWkid": 4326},
                "geometryType": "esriGeometryPoint",
            }
        )
    },
    "a spatial reference in the geometry": {
        "Input_Observation_Point": json.dumps(
            {"features": [{"geometry": {"x": -119.55, "y": 37.74, "spatialReference": {"wkid": 4326}}}]}
        )
    },
    "a token": {"token": "whatever"},
    "empty options": {"env:outSR": "", "env:processSR": "", "returnZ": "false", "context": "{}"},
    "what breaks caches": {"_ts": "1700000000"},
    "another form": {"f": "pjson"},
}
OTHER = {
    "distance": ({"Viewshed_Distance": "6 Miles"}, "Viewshed_Distance: 5 Miles ▸ 6 Miles"),
    "units": ({"Viewshed_Distance": "5 Kilometers"}, "Viewshed_Distance: 5 Miles ▸ 5 Kilometers"),
    "a point": ({"Input_Observation_Point": json.dumps(OTHER_POINT)}, "Input_Observation_Point: "),
    "outSR": ({"env:outSR": "3857"}, "env:outSR: nothing ▸ 3857"),
    "z values": ({"returnZ": "true"}, "returnZ: nothing ▸ true"),
}


@pytest.mark.parametrize("change", SAME.values(), ids=SAME)
def test_inputs_are_compared_by_what_they_mean(replay, recorded, change):
    client = replay(recorded)
    assert client.submit(**{**INPUTS, **change})["jobStatus"] == "esriJobSubmitted"
    executed = client.ask(EXECUTE, "POST", **{**INPUTS, **change})
    assert [each["paramName"] for each in executed["results"]] == ["Viewshed_Result"]


@pytest.mark.parametrize(("change", "told"), OTHER.values(), ids=OTHER)
def test_other_inputs_are_told_the_nearest_run_and_what_differs(replay, recorded, change, told):
    client = replay(recorded)
    error = client.submit(**{**INPUTS, **change})["error"]
    (detail,) = error["details"]
    assert error["code"] == 400
    assert "the nearest of 2 recorded runs is 'viewshed', which differs in " in detail
    assert told in detail
    assert client.site.journal[-1].near_miss == detail


def test_a_name_that_the_task_does_not_have_is_told_with_the_one_that_was_meant(replay, recorded):
    (detail,) = replay(recorded).submit(**INPUTS, Viewshed_Distanse="9 Miles", returnM="true")["error"][
        "details"
    ]
    assert detail.endswith(
        "; the task has no parameter 'Viewshed_Distanse': did you mean \"Viewshed_Distance\"?"
    )


def test_several_differences_are_all_told(replay, recorded):
    error = replay(recorded).submit(Viewshed_Distance="9 Miles", returnM="true")["error"]
    for name in ("Viewshed_Distance: 5 Miles ▸ 9 Miles", "Input_Observation_Point: {", "returnM: nothing"):
        assert name in error["details"][0]


def test_a_near_miss_holds_no_token(replay, recorded):
    client = replay(recorded)
    answer = client.send(
        f"{TASK}/submitJob", "POST", f="json", token="very-secret-token", Viewshed_Distance="1 Miles"
    )
    assert "near" in answer.text
    assert "very-secret-token" not in answer.text + client.site.journal[-1].near_miss


def test_a_task_of_which_no_run_was_recorded_says_so(replay, recorded):
    client = replay(recorded)
    error = client.ask(f"{TASK}/execute", "POST", **INPUTS)["error"]
    assert error["message"] == "Error performing execute operation"
    other = Contract(
        Provenance("reconstructed", of="a page"),
        server=recorded.server,
        services=recorded.services,
        tasks=recorded.tasks,
    )
    error = replay(other).submit()["error"]
    assert error["details"] == ["no run of WorldViewshed/viewshed was recorded, nor of any other task"]


def test_what_was_refused_then_is_refused_again(replay, recorded):
    client = replay(recorded)
    error = client.ask(EXECUTE, "POST", **{**INPUTS, "Viewshed_Distance": "far"})["error"]
    assert error["code"] == 400
    assert "far" in error["details"][0]
    assert client.site.journal[-1].near_miss == ""
    assert client.ask("rest/services/NoSuch/GPServer")["error"]["code"] == 404


def test_a_run_by_get_is_the_one_by_post(replay, recorded):
    assert "results" in replay(recorded).ask(EXECUTE, **INPUTS)


@pytest.mark.parametrize(
    ("form", "begins"), [("json", '{"results":'), ("pjson", "{\n"), ("html", "<!DOCTYPE html>")]
)
def test_an_answer_takes_the_form_that_is_asked_for(replay, recorded, form, begins):
    answer = replay(recorded).send(EXECUTE, **{**INPUTS, "f": form})
    assert answer.text.startswith(begins)


def test_an_answer_is_given_to_a_callback(replay, recorded):
    client = replay(recorded)
    answer = client.send(EXECUTE, **INPUTS, f="json", callback="app.done")
    assert answer.text.startswith("app.done({")
    assert answer.headers["content-type"].startswith("text/javascript")
    refused = client.send(EXECUTE, **INPUTS, f="json", callback="alert(1)")
    assert "alert(1)(" not in refused.text


# Contracts by hand

AREA = {
    "name": "Area",
    "displayName": "Area",
    "executionType": "esriExecutionTypeSynchronous",
    "parameters": [
        {
            "name": "Places",
            "dataType": "GPFeatureRecordSetLayer",
            "direction": "esriGPParameterDirectionInput",
            "parameterType": "esriGPParameterTypeOptional",
        },
        {
            "name": "Unit",
            "dataType": "GPString",
            "direction": "esriGPParameterDirectionInput",
            "defaultValue": "Acres",
            "parameterType": "esriGPParameterTypeOptional",
        },
        {
            "name": "Area",
            "dataType": "GPDouble",
            "direction": "esriGPParameterDirectionOutput",
            "parameterType": "esriGPParameterTypeDerived",
        },
    ],
}


def executed(name: str, value: float, **inputs: str) -> Conversation:
    answer = {"results": [{"paramName": "Area", "dataType": "GPDouble", "value": value}], "messages": []}
    return Conversation(name, "execute", "Land/Area", inputs, {"f": "json"}, submission=Answer(json=answer))


def contract_of_areas(*conversations: Conversation, **more: Any) -> Contract:
    service = {"tasks": ["Area"], "executionType": "esriExecutionTypeSynchronous", "currentVersion": 10.91}
    return Contract(
        Provenance("reconstructed", of="https://example.com/page"),
        server=Server(url="https://gis.example.gov/arcgis"),
        services={"Land": service},
        tasks={"Land/Area": AREA},
        conversations=conversations,
        **more,
    )


def value_of(client: Any, **inputs: str) -> Any:
    answer = client.ask("rest/services/Land/GPServer/Area/execute", "POST", **inputs)
    return answer["results"][0]["value"] if "results" in answer else answer["error"]["details"][0]


def test_what_is_left_out_is_its_default(replay):
    client = replay(contract_of_areas(executed("acres", 1.0), executed("hectares", 2.0, Unit="Hectares")))
    assert [value_of(client), value_of(client, Unit=""), value_of(client, Unit="Acres")] == [1.0, 1.0, 1.0]
    assert value_of(client, Unit="Hectares", Places="{}") == 2.0


def test_runs_with_the_same_inputs_are_replayed_in_turn_and_the_last_one_stays(replay):
    client = replay(
        contract_of_areas(executed("first", 1.0), executed("second", 2.0), executed("third", 3.0))
    )
    assert [value_of(client) for _ in range(5)] == [1.0, 2.0, 3.0, 3.0, 3.0]
    client.site.reset()
    assert value_of(client) == 1.0


def test_features_are_the_same_in_any_order_unless_the_contract_says_otherwise(replay):
    features = [
        {"geometry": {"x": 1, "y": 2}, "attributes": {"a": 1, "b": None}},
        {"geometry": {"x": 3, "y": 4}},
    ]
    texts = [json.dumps({"features": each}) for each in (features, features[::-1])]
    contract = contract_of_areas(executed("places", 4.0, Places=texts[0]))
    assert value_of(replay(contract), Places=texts[1]) == 4.0
    contract.varies.feature_order = False
    assert "Places" in value_of(replay(contract), Places=texts[1])


def test_a_parameter_that_no_descriptor_has_counts_only_where_it_was_recorded(replay):
    client = replay(contract_of_areas(executed("plain", 1.0), executed("misspelt", 2.0, Unti="Acres")))
    assert value_of(client, Whatever="1") == 1.0
    assert value_of(client, Unti="Acres") == 2.0


def test_an_input_that_points_to_the_server_itself_is_the_same_on_another_host(replay):
    place = "/rest/services/Parcels/FeatureServer/0"
    recorded = json.dumps({"url": f"https://gis.example.gov/arcgis{place}"})
    client = replay(contract_of_areas(executed("layer", 5.0, Places=recorded)))
    assert value_of(client, Places=json.dumps({"url": client.root + place})) == 5.0
    assert "Places" in value_of(client, Places=json.dumps({"url": "https://other.example.com" + place}))


def test_a_task_without_a_descriptor_is_replayed_by_its_conversations(replay):
    contract = contract_of_areas(executed("far", 7.0, Distance="5 Miles", Note="x"))
    contract.services, contract.tasks = {}, {}
    client = replay(contract)
    assert value_of(client, Distance='{"distance":5,"units":"esriMiles"}', Note="x") == 7.0
    assert "Note: x ▸ y" in value_of(client, Distance="5 Miles", Note="y")
    assert (
        "description of Land/Area was not recorded"
        in client.ask("rest/services/Land/GPServer/Area")["error"]["details"][0]
    )


def test_with_fallback_the_site_answers_by_the_descriptors(replay):
    client = replay(contract_of_areas(executed("acres", 1.0)), fallback=True)
    assert value_of(client) == 1.0
    assert isinstance(value_of(client, Unit="Square miles"), float)
    assert client.ask("rest/services/Land/GPServer/Area")["displayName"] == "Area"


def test_conversations_are_read_when_they_are_asked_for(replay):
    class Lazy:
        """What a folder of conversations is: each is read anew."""

        def __init__(self) -> None:
            self.reads = 0

        def __len__(self) -> int:
            return 100

        def __getitem__(self, number: int) -> Conversation:
            if not 0 <= number < 100:
                raise IndexError(number)
            self.reads += 1
            return executed(f"run-{number}", float(number), Unit=f"unit {number}")

    kept = Lazy()
    contract = msgspec.structs.replace(contract_of_areas(), conversations=kept)
    client = replay(contract)
    before = kept.reads
    assert value_of(client, Unit="unit 5") == 5.0
    assert kept.reads - before <= 1
    assert "'run-0', which differs in Unit: unit 0 ▸ none" in value_of(client, Unit="none")


def test_a_wrong_method_and_a_wrong_form_are_answered_as_recorded(replay):
    path = "rest/services/Land/GPServer/Area/execute"
    page = Answer(status=400, headers={"content-type": "text/html"}, text="<html>Invalid format</html>")
    wrong = [
        Asked(
            "execute",
            path,
            Answer(status=405, json={"error": {"code": 405, "message": "no"}}),
            "PUT",
            {"f": "json"},
        ),
        Asked("execute", path, page, "GET", {"f": "xml"}),
    ]
    client = replay(contract_of_areas(executed("acres", 1.0), Conversation("wrong", "request", asked=wrong)))
    assert client.send(path, "PUT", f="json").status_code == 405
    assert client.send(path, f="xml").text == "<html>Invalid format</html>"
    assert value_of(client) == 1.0


def test_an_answer_that_is_no_json_is_served_as_it_was(replay):
    broken = Conversation(
        "gateway", "execute", "Land/Area", submission=Answer(502, {"retry-after": "5"}, text="<h1>502</h1>")
    )
    answer = replay(contract_of_areas(broken)).send("rest/services/Land/GPServer/Area/execute", f="json")
    assert (answer.status_code, answer.text, answer.headers["retry-after"]) == (502, "<h1>502</h1>", "5")


def test_contracts_of_one_server_are_one_site(replay):
    client = replay(
        contract_of_areas(executed("acres", 1.0)),
        contract_of_areas(executed("hectares", 2.0, Unit="Hectares")),
    )
    assert [value_of(client), value_of(client, Unit="Hectares")] == [1.0, 2.0]


def test_a_trace_is_no_part_of_an_execute(replay):
    conversation = executed("acres", 1.0)
    conversation.trace = [Seen("esriJobSucceeded", Answer(json={}))]
    assert value_of(replay(contract_of_areas(conversation))) == 1.0
