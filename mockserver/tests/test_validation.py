"""Inputs held to their parameters without a run (12.0)."""

from __future__ import annotations

import json
from typing import Any

import pytest
from gp_mockserver.builtin.builtin_site import builtin_site
from gp_mockserver.configuration.site_files import site_from

VIEWSHED = "WorldViewshed/GPServer/viewshed"
SYNCHRONOUS = "Elevation/ESRI_Elevation_World/GPServer/Viewshed"
ODD = "15_Names/OddNames/GPServer/Extract%20Data%20Task"
POINT = '{"features":[{"geometry":{"x":-117.3,"y":35.1}}],"spatialReference":{"wkid":4326}}'
DISTANCE = '{"distance":5,"units":"esriMiles"}'


def validated(wire: Any, task: str, **inputs: str) -> tuple[dict[str, Any], list[Any]]:
    answer = wire.post(f"{task}/validate", f="json", **inputs).json()
    assert list(answer) == ["validationResults", "additionalMessages"]
    return {entry["name"]: entry for entry in answer["validationResults"]}, answer["additionalMessages"]


@pytest.mark.parametrize("task", [VIEWSHED, SYNCHRONOUS])
def test_good_inputs_have_an_entry_for_every_parameter_and_no_message(wire: Any, task: str) -> None:
    entries, messages = validated(wire, task, Input_Observation_Point=POINT, Viewshed_Distance=DISTANCE)
    assert list(entries) == ["Input_Observation_Point", "Viewshed_Distance", "Viewshed_Result"]
    assert messages == []
    assert entries["Viewshed_Distance"] == {
        "name": "Viewshed_Distance",
        "isEnabled": True,
        "isAltered": True,
        "hasBeenValidated": True,
        "value": {"distance": 5, "units": "esriMiles"},
    }
    assert entries["Viewshed_Result"] == {
        "name": "Viewshed_Result",
        "isEnabled": True,
        "isAltered": False,
        "hasBeenValidated": True,
        "value": None,
    }


def test_nothing_runs(wire: Any) -> None:
    validated(wire, VIEWSHED, Input_Observation_Point=POINT)
    assert len(wire.site.store) == 0


def test_a_missing_input_has_the_recorded_message(wire: Any) -> None:
    entries, messages = validated(wire, VIEWSHED)
    expected = {
        "code": 735,
        "description": "ERROR 000735: Input Observation Point: Value is required",
        "type": "error",
    }
    assert entries["Input_Observation_Point"]["message"] == expected
    assert messages == [expected]
    assert "message" not in entries["Viewshed_Distance"]


def test_a_default_stands_for_what_is_not_given(wire: Any) -> None:
    entries, _ = validated(wire, VIEWSHED, Input_Observation_Point=POINT)
    assert entries["Viewshed_Distance"]["value"] == {"distance": 15000, "units": "esriMeters"}
    assert entries["Viewshed_Distance"]["isAltered"] is False


def test_a_value_that_is_no_choice_has_its_code(wire: Any) -> None:
    entries, messages = validated(wire, ODD, Layers='["Lakes"]')
    message = entries["Layers"]["message"]
    assert message["code"] == 800
    assert message["description"].startswith("ERROR 000800: Layers: The value is not a member of Roads | ")
    assert messages == [message]


def test_messages_are_joined_under_the_worst_code(wire: Any) -> None:
    entries, (message,) = validated(wire, VIEWSHED, Viewshed_Distance="far")
    assert entries["Viewshed_Distance"]["message"]["code"] == 0
    assert "Viewshed_Distance" in entries["Viewshed_Distance"]["message"]["description"]
    assert message["code"] == 735
    assert [line.split(":")[0] for line in message["description"].split("\n")] == [
        "ERROR 000735",
        "Viewshed_Distance.distance",
    ]


def test_features_come_as_a_collection_where_asked_for(wire: Any) -> None:
    entries, _ = validated(wire, VIEWSHED, Input_Observation_Point=POINT, returnFeatureCollection="true")
    assert list(entries["Input_Observation_Point"]["value"]) == ["layerDefinition", "featureSet"]


def test_large_inputs_are_validated_too(wire: Any) -> None:
    points = [{"geometry": {"x": 1, "y": 2}}] * 10_000
    entries, messages = validated(wire, VIEWSHED, Input_Observation_Point=json.dumps({"features": points}))
    assert messages == []
    assert len(entries["Input_Observation_Point"]["value"]["features"]) == 10_000


def test_a_page_shows_it(wire: Any) -> None:
    response = wire.post(f"{VIEWSHED}/validate", Input_Observation_Point="")
    assert response.status_code == 200
    assert "Value is required" in response.text
    assert 'GPServer/viewshed/validate">Back to the form</a>' in response.text


def test_a_browser_that_gives_nothing_gets_the_form(wire: Any) -> None:
    form = wire.get(f"{VIEWSHED}/validate").text
    assert "Value is required" not in form
    assert 'name="Input_Observation_Point"' in form
    assert form.count('type="submit"') == 1
    assert '<input type="submit" formmethod="post" value="Validate"/>' in form
    assert "validationResults" in wire.json(f"{VIEWSHED}/validate")


def test_a_service_may_have_it_switched_off(wire: Any) -> None:
    wire.site.services["WorldViewshed"].validates = False
    assert wire.error(f"{VIEWSHED}/validate")["message"] == "Invalid URL"
    assert "/validate" not in wire.get(VIEWSHED).text
    assert "/validate" in wire.get(SYNCHRONOUS).text


def test_a_site_file_switches_it_off() -> None:
    written = {"executionType": "sync", "tasks": [{"name": "T"}]}
    site = site_from({"services": {"On": written, "Off": {**written, "validate": False}}})
    assert [each.validates for each in site.services.values()] == [True, False]


def test_it_came_with_12_0(open_wire: Any, fresh: Any) -> None:
    wire = open_wire(builtin_site(**fresh, version="11.5"))
    assert wire.error(f"{VIEWSHED}/validate")["message"] == "Invalid URL"
