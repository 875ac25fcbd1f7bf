"""Server info, catalogue, service and task, as clients read them."""

from __future__ import annotations

from typing import Any

import pytest


def test_the_catalogue_lists_folders_and_the_services_at_the_root(wire: Any) -> None:
    catalogue = wire.json("")
    assert catalogue["currentVersion"] == 12.0
    assert "Elevation" in catalogue["folders"]
    assert "GPFolder" in catalogue["folders"]
    assert {"name": "WorldViewshed", "type": "GPServer"} in catalogue["services"]
    assert all("/" not in service["name"] for service in catalogue["services"])


def test_a_folder_lists_its_services_with_the_folder_in_their_names(wire: Any) -> None:
    assert wire.json("GPFolder") == {
        "currentVersion": 12.0,
        "folders": [],
        "services": [{"name": "GPFolder/BufferService", "type": "GPServer"}],
    }


def test_a_service_names_its_tasks_by_label(wire: Any) -> None:
    service = wire.json("15_Names/OddNames/GPServer")
    assert service["tasks"] == ["Extract Data Task"]
    assert service["executionType"] == "esriExecutionTypeAsynchronous"
    assert service["resultMapServerName"] == ""


@pytest.mark.parametrize("segment", ["Extract%20Data%20Task", "Extract+Data+Task", "ExtractDataTask"])
def test_a_task_is_found_by_its_label_and_by_its_name(wire: Any, segment: str) -> None:
    if "+" in segment:
        assert wire.error(f"15_Names/OddNames/GPServer/{segment}")["message"] == "Invalid URL"
        return
    task = wire.json(f"15_Names/OddNames/GPServer/{segment}")
    assert (task["name"], task["displayName"]) == ("ExtractDataTask", "Extract Data Task")


def test_a_task_repeats_the_services_execution_type_and_lists_its_parameters(wire: Any) -> None:
    task = wire.json("WorldViewshed/GPServer/viewshed")
    assert task["executionType"] == "esriExecutionTypeAsynchronous"
    assert [(each["name"], each["dataType"], each["direction"]) for each in task["parameters"]] == [
        ("Input_Observation_Point", "GPFeatureRecordSetLayer", "esriGPParameterDirectionInput"),
        ("Viewshed_Distance", "GPLinearUnit", "esriGPParameterDirectionInput"),
        ("Viewshed_Result", "GPFeatureRecordSetLayer", "esriGPParameterDirectionOutput"),
    ]


@pytest.mark.parametrize("path", ["WorldViewshed/GPServer/", "WorldViewshed/GPServer/viewshed/", "GPFolder/"])
def test_a_trailing_slash_is_the_same_resource(wire: Any, path: str) -> None:
    assert wire.json(path) == wire.json(path.rstrip("/"))


def test_every_resource_answers_post_like_get(wire: Any) -> None:
    for path in ("", "WorldViewshed/GPServer", "WorldViewshed/GPServer/viewshed"):
        assert wire.post(path, f="json").json() == wire.json(path)


def test_server_info_says_the_version_and_where_tokens_come_from(wire: Any) -> None:
    info = wire.json("../info")
    assert (info["currentVersion"], info["fullVersion"]) == (12.0, "12.0.0")
    assert info["authInfo"]["isTokenBasedSecurity"] is True
    assert info["authInfo"]["tokenServicesUrl"].endswith(f"/{wire.site.context}/tokens/")


def test_the_help_address_names_folder_twice_and_the_task_by_its_name(wire: Any) -> None:
    address = wire.json("15_Names/OddNames/GPServer/Extract%20Data%20Task")["helpUrl"]
    assert address.endswith(
        f"/{wire.site.context}/rest/directories/arcgisoutput/15_Names/OddNames_GPServer/"
        "15_Names_OddNames/ExtractDataTask.htm"
    )


class TestAddressesInAnswers:
    def _origin(self, wire: Any, headers: dict[str, str]) -> str:
        answer = wire.http.get("WorldViewshed/GPServer/viewshed?f=json", headers=headers).json()
        origin, _, _ = answer["helpUrl"].partition(f"/{wire.site.context}/")
        return str(origin)

    @pytest.mark.parametrize(
        ("headers", "origin"),
        [
            ({"Host": "gis.example.com:6080"}, "http://gis.example.com:6080"),
            (
                {"X-Forwarded-Host": "gis.example.com", "X-Forwarded-Proto": "https"},
                "https://gis.example.com",
            ),
            (
                {"X-Forwarded-Host": "gis.example.com, inner", "X-Forwarded-Prefix": "/maps/"},
                "http://gis.example.com/maps",
            ),
            ({"Host": "x", "X-Forwarded-Host": 'evil"><script>'}, "http://"),
        ],
    )
    def test_follow_the_proxys_headers_and_then_the_host(
        self, wire: Any, headers: dict[str, str], origin: str
    ) -> None:
        assert self._origin(wire, headers).startswith(origin)
        assert "script" not in self._origin(wire, headers)

    def test_are_the_public_url_where_one_is_set(self, wire: Any) -> None:
        wire.site.public_url = "https://public.example.com/gis"
        assert self._origin(wire, {"X-Forwarded-Host": "other"}) == "https://public.example.com/gis"


def token_of(wire: Any) -> str:
    form = {"username": "tester", "password": "tester-password", "client": "requestip", "f": "json"}
    return str(wire.http.post("../../tokens/generateToken", data=form).json()["token"])


@pytest.mark.parametrize(
    ("query", "kept"),
    [
        ("", ""),
        ("?f=pjson", "?f=pjson"),
        ("?f=json&callback=app.done&x=a%20b%26c", "?f=json&callback=app.done&x=a+b%26c"),
        ("?token={token}&f=json&TOKEN=another&password=third", "?f=json"),
        ("?token={token}", ""),
    ],
)
def test_a_soap_address_leads_to_the_rest_one_with_its_query_but_no_token(
    wire: Any, query: str, kept: str
) -> None:
    answer = wire.http.get(f"../../services/WorldViewshed/GPServer{query.format(token=token_of(wire))}")
    assert answer.status_code == 302
    assert answer.headers["location"] == f"{wire.http.base_url}WorldViewshed/GPServer{kept}"


def test_a_post_to_a_soap_address_keeps_its_format_alone(wire: Any) -> None:
    form = {"f": "json", "username": "tester", "password": "secret", "token": token_of(wire), "Input": "x"}
    answer = wire.http.post("../../services/WorldViewshed/GPServer", data=form)
    assert answer.headers["location"] == f"{wire.http.base_url}WorldViewshed/GPServer?f=json"
