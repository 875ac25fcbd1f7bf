"""Bad requests, answered in the protocol's own form."""

from __future__ import annotations

from typing import Any

import pytest

VIEWSHED = "Elevation/ESRI_Elevation_World/GPServer/Viewshed"
POINT = '{"features":[{"geometry":{"x":-117.3,"y":35.1}}],"spatialReference":{"wkid":4326}}'


@pytest.mark.parametrize(
    ("path", "code", "message"),
    [
        ("Nowhere/GPServer", 404, "Service Nowhere/GPServer not found "),
        ("No/Where/GPServer", 404, "Service No/Where/GPServer not found "),
        ("worldviewshed/GPServer", 404, "Service worldviewshed/GPServer not found "),
        ("WorldViewshed/GPServer/nothing", 400, "Invalid URL"),
        ("WorldViewshed/GPServer/viewshed/jobs", 400, "Invalid URL"),
        ("WorldViewshed/GPServer/viewshed/jobs/", 400, "Invalid URL"),
        ("WorldViewshed/GPServer/viewshed/jobs/j1/messages", 400, "Invalid URL"),
        ("WorldViewshed/GPServer/viewshed/jobs/j1", 400, "Invalid or missing input parameters."),
        ("WorldViewshed/GPServer/viewshed/execute", 500, "Error performing execute operation"),
        (f"{VIEWSHED}/submitJob", 500, "Error performing submitJob operation"),
    ],
)
def test_what_is_not_there_is_an_error_within_status_200(
    wire: Any, path: str, code: int, message: str
) -> None:
    error = wire.error(path)
    assert (error["code"], error["message"]) == (code, message)
    assert isinstance(error["details"], list)


@pytest.mark.parametrize(
    ("inputs", "details"),
    [
        (
            {"Viewshed_Distance": "{'distance': 8.5, 'units': 'esriMile'}"},
            ["Viewshed_Distance.units", '"esriMile"', "esriMiles"],
        ),
        (
            {"Viewshed_Distance": "{'distance': 'far', 'units': 'esriMiles'}"},
            ["Viewshed_Distance.distance", "far"],
        ),
        ({"Viewshed_Distance": "{'distance': 8.5"}, ["Viewshed_Distance"]),
        ({"Input_Observation_Point": "[]"}, ["Input_Observation_Point"]),
        ({"Input_Observation_Point": '{"features": [{"geometry": {"x": "a", "y": 1}}]}'}, ["geometry.x"]),
        ({"env:outSR": "mercator"}, ["env:outSR", "mercator"]),
        ({"returnZ": "yes"}, ["returnZ", "yes", "true or false"]),
    ],
)
def test_a_bad_value_is_named_with_what_was_met(
    wire: Any, inputs: dict[str, str], details: list[str]
) -> None:
    error = wire.error(f"{VIEWSHED}/execute", **{"Input_Observation_Point": POINT} | inputs)
    assert (error["code"], error["message"]) == (400, "Unable to complete operation.")
    assert len(error["details"]) == 1
    for fragment in details:
        assert fragment in error["details"][0]


def test_a_missing_required_input_is_named_with_its_label(wire: Any) -> None:
    error = wire.error(f"{VIEWSHED}/execute", Viewshed_Distance="{'distance': 1, 'units': 'esriMiles'}")
    assert (error["code"], error["message"]) == (400, "Invalid or missing input parameters.")
    assert "Input_Observation_Point" in error["details"][0]
    assert "ERROR 000735: Input Observation Point: Value is required" in error["details"][0]


def test_all_faults_are_named_at_once(wire: Any) -> None:
    error = wire.error(f"{VIEWSHED}/execute", Input_Observation_Point="{", Viewshed_Distance="far")
    assert [detail.split(":")[0].split(".")[0] for detail in error["details"]] == [
        "Input_Observation_Point",
        "Viewshed_Distance",
    ]


def test_a_value_outside_its_choice_list_is_refused(wire: Any) -> None:
    error = wire.error("15_Names/OddNames/GPServer/Extract%20Data%20Task/submitJob", Layers='["Nonsense"]')
    assert error["code"] == 400
    assert "Layers" in error["details"][0]
    assert "Nonsense" in error["details"][0]


def test_submitting_bad_inputs_makes_no_job(wire: Any) -> None:
    wire.error("WorldViewshed/GPServer/viewshed/submitJob", Input_Observation_Point="{")
    assert len(wire.site.store) == 0


def test_where_the_site_says_so_bad_inputs_are_accepted_and_the_job_fails(wire: Any) -> None:
    wire.site.bad_input = "fail-job"
    task = "WorldViewshed/GPServer/viewshed"
    job = wire.json(f"{task}/submitJob", Input_Observation_Point="")["jobId"]
    wire.clock.advance(10)
    answer = wire.json(f"{task}/jobs/{job}")
    assert answer["jobStatus"] == "esriJobFailed"
    texts = [message["description"] for message in answer["messages"]]
    assert "ERROR 000735: Input Observation Point: Value is required" in texts
    assert texts[-1] == "Failed."


def test_an_error_with_f_html_is_a_page_with_a_real_status(wire: Any) -> None:
    response = wire.get("Nowhere/GPServer")
    assert response.status_code == 404
    assert response.headers["content-type"] == "text/html;charset=utf-8"
    assert "<title>Error: Service Nowhere/GPServer not found </title>" in response.text


def test_an_unsupported_format_is_an_html_page_that_is_not_200(wire: Any) -> None:
    response = wire.get("WorldViewshed/GPServer", f="woops")
    assert response.status_code == 400
    assert response.headers["content-type"] == "text/html;charset=utf-8"


def test_a_verb_that_no_resource_has_is_405(wire: Any) -> None:
    response = wire.http.request("DELETE", "WorldViewshed/GPServer")
    assert response.status_code == 405


@pytest.mark.parametrize(
    "path",
    [
        "..%2f..%2fetc/passwd",
        "arcgisjobs/..%2f..%2f..%2fetc/passwd",
        "arcgisjobs/%00",
        "arcgisjobs\\x",
        "arcgisjobs",
    ],
)
def test_no_file_outside_the_sites_folders_is_served(wire: Any, path: str) -> None:
    wire.site.directories.make_folder("arcgisjobs")
    response = wire.http.get(f"{wire.http.base_url}".replace("services/", f"directories/{path}"))
    assert response.status_code in (400, 404)


def test_markup_in_an_address_is_escaped_on_the_page(wire: Any) -> None:
    text = wire.get("WorldViewshed/GPServer/%3Cscript%3Ealert(1)%3C%2Fscript%3E").text
    assert "<script" not in text


def test_the_wording_of_an_error_can_be_overridden_by_name(open_wire: Any, fresh: dict[str, Any]) -> None:
    from gp_mockserver.builtin.builtin_site import builtin_site

    site = builtin_site(**fresh, errors={"unknown-task": {"code": 404, "message": "Task not found"}})
    error = open_wire(site).error("WorldViewshed/GPServer/nothing")
    assert (error["code"], error["message"]) == (404, "Task not found")


@pytest.mark.parametrize(
    "asked",
    [
        {"env:outSR": "999999"},
        {"context": '{"extent":{"xmin":0,"ymin":0,"xmax":1,"ymax":1,"spatialReference":{"wkid":999999}}}'},
    ],
)
def test_a_spatial_reference_that_nobody_knows_is_named(wire: Any, asked: dict[str, str]) -> None:
    error = wire.error(f"{VIEWSHED}/execute", Input_Observation_Point=POINT, **asked)
    assert error["code"] == 400
    assert "999999" in error["details"][0]


@pytest.mark.parametrize(
    ("path", "detail"),
    [
        ("WorldViewshed/GPServer/viewshed/execute", "WorldViewshed is asynchronous: use submitJob"),
        (f"{VIEWSHED}/submitJob", "Elevation/ESRI_Elevation_World is synchronous: use execute"),
        ("WorldViewshd/GPServer", 'did you mean "WorldViewshed"?'),
        ("WorldViewshed/GPServer/vewshed", "WorldViewshed has no task 'vewshed'; did you mean \"viewshed\"?"),
        ("WorldViewshed/GPServer/viewshed/foo", "viewshed has no resource 'foo'"),
    ],
)
def test_the_details_say_what_to_do(wire: Any, path: str, detail: str) -> None:
    assert wire.error(path)["details"] == [detail]


def test_an_unknown_result_is_told_with_the_nearest_name(wire: Any) -> None:
    task = "Simulation/JobOutcomes/GPServer/Succeeds"
    job = f"{task}/jobs/{wire.json(f'{task}/submitJob')['jobId']}"
    wire.clock.advance(10)
    details = wire.error(f"{job}/results/Sumary")["details"]
    assert details == ["result 'Sumary' does not exist; did you mean \"Summary\"?"]


@pytest.mark.parametrize("nothing", ["", " ", "{}", "null", "None", '{"url": ""}'])
def test_a_required_input_given_as_nothing_is_missing(wire: Any, nothing: str) -> None:
    error = wire.error(f"{VIEWSHED}/execute", Input_Observation_Point=nothing)
    assert error["message"] == "Invalid or missing input parameters."
    assert "ERROR 000735: Input Observation Point: Value is required" in error["details"][0]


@pytest.mark.parametrize("nothing", ["", "{}", "null"])
def test_an_input_given_as_nothing_takes_its_default(wire: Any, nothing: str) -> None:
    task = "WorldViewshed/GPServer/viewshed"
    inputs = {"Input_Observation_Point": POINT, "Viewshed_Distance": nothing}
    job = f"{task}/jobs/{wire.json(f'{task}/submitJob', **inputs)['jobId']}"
    default = wire.json(task)["parameters"][1]["defaultValue"]
    assert wire.json(f"{job}/inputs/Viewshed_Distance")["value"] == default
    wire.clock.advance(5)
    assert wire.json(job)["jobStatus"] == "esriJobSucceeded"
