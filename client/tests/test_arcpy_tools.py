"""Tools of toolboxes and their results, against a server of answers written by hand."""

from __future__ import annotations

import io
import json
import pickle
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from random import Random
from typing import Any

import gp_client.arcpy as arcpy
import pytest
from gp_client.arcpy_style.script_runs import script_run
from gp_client.clocks import SharedClock
from gp_client.errors import JobVanished
from gp_client.wire.http_messages import Request, Response
from scripted import Scripted, answer, error

SOAP = "http://gis.example.com/arcgis/services"
POINTS = {
    "geometryType": "esriGeometryPoint",
    "spatialReference": {"wkid": 4326},
    "features": [{"attributes": {}, "geometry": {"x": -118.8, "y": 37.5}}],
}
SCHEMA = {
    "geometryType": "esriGeometryPoint",
    "spatialReference": {"wkid": 4326},
    "fields": [{"name": "OffsetA", "type": "esriFieldTypeSmallInteger", "alias": "OffsetA"}],
    "features": [],
}


def parameter(
    name: str, kind: str, *, output: bool = False, optional: bool = False, default: Any = None
) -> Any:
    need = "Derived" if output else "Optional" if optional else "Required"
    return {
        "name": name,
        "dataType": kind,
        "displayName": name.replace("_", " "),
        "direction": f"esriGPParameterDirection{'Output' if output else 'Input'}",
        "defaultValue": default,
        "parameterType": f"esriGPParameterType{need}",
        "category": "",
        "choiceList": [],
    }


def task(name: str, parameters: list[Any], *, synchronous: bool) -> Response:
    kind = "Synchronous" if synchronous else "Asynchronous"
    return answer(
        {
            "name": name,
            "displayName": name,
            "category": "",
            "helpUrl": "",
            "executionType": f"esriExecutionType{kind}",
            "parameters": parameters,
        }
    )


def service(*tasks: str, capabilities: str = "") -> Response:
    return answer(
        {
            "currentVersion": 11.1,
            "serviceDescription": "",
            "tasks": list(tasks),
            "executionType": "esriExecutionTypeAsynchronous",
            "resultMapServerName": "",
            "maximumRecords": 1000,
            "capabilities": capabilities,
        }
    )


def job(status: str, *messages: tuple[str, str], results: Any = None) -> Response:
    told = [{"type": f"esriJobMessageType{kind}", "description": text} for kind, text in messages]
    body = {"jobId": "j1", "jobStatus": f"esriJob{status}", "messages": told}
    return answer(body if results is None else {**body, "results": results})


def result(name: str, kind: str, value: Any) -> dict[str, Any]:
    return {"paramName": name, "dataType": kind, "value": value}


BUFFER = [
    parameter("Input_Points", "GPFeatureRecordSetLayer", default=SCHEMA),
    parameter("Distance", "GPLinearUnit", optional=True, default={"distance": 5, "units": "esriMiles"}),
    parameter("Output", "GPFeatureRecordSetLayer", output=True),
]
SYNC: dict[str, Any] = {
    "GPFolder/BufferService/GPServer": service("BufferPoints"),
    "GPServer/BufferPoints": task("BufferPoints", BUFFER, synchronous=True),
    "BufferPoints/execute": answer(
        {
            "results": [result("Output", "GPFeatureRecordSetLayer", {**POINTS, "fields": []})],
            "messages": [{"type": "esriJobMessageTypeWarning", "description": "WARNING 000117: empty"}],
        }
    ),
}
JOBS: dict[str, Any] = {
    "World/GPServer": service("viewshed"),
    "GPServer/viewshed": task(
        "viewshed",
        [parameter("Note", "GPString", optional=True), parameter("Summary", "GPString", output=True)],
        synchronous=False,
    ),
    "viewshed/submitJob": answer({"jobId": "j1", "jobStatus": "esriJobSubmitted"}),
    "results/Summary": answer(result("Summary", "GPString", "done")),
}
SUMMARY = {"Summary": {"paramUrl": "results/Summary"}}

Serve = Callable[..., Scripted]


@pytest.fixture
def clock() -> SharedClock:
    return SharedClock()


@pytest.fixture
def serve(clock: SharedClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Serve]:
    monkeypatch.chdir(tmp_path)
    runs = []

    def start(script: dict[str, Any], kind: type[Scripted] = Scripted) -> Scripted:
        scripted = kind(script)
        made = script_run(arguments=(), clock=clock, http=scripted, seed=1)
        made.__enter__()
        runs.append(made)
        return scripted

    yield start
    for made in reversed(runs):
        made.__exit__(None, None, None)


def wait_for(found: arcpy.Result) -> None:
    while found.status < 4:
        pass


def test_a_tool_is_called_by_either_name(serve: Serve) -> None:
    scripted = serve(SYNC)
    toolbox = arcpy.ImportToolbox(f"{SOAP};GPFolder/BufferService", "around")
    first = arcpy.BufferPoints_around(POINTS, "500 Meters")
    assert json.loads(scripted.parameters()["Distance"]) == {"distance": 500.0, "units": "esriMeters"}
    second = arcpy.around.BufferPoints(Input_Points=POINTS)
    assert "Distance" not in scripted.parameters()
    assert toolbox.BufferPoints(POINTS, "#").status == first.status == second.status == 4
    assert arcpy.ListTools("*buffer*") == ["BufferPoints_around"]
    assert arcpy.Usage("BufferPoints") == "BufferPoints_around(Input_Points, {Distance})"


def test_without_an_alias_a_toolbox_is_called_as_its_service(serve: Serve) -> None:
    serve(SYNC)
    arcpy.AddToolbox(f"{SOAP};GPFolder/BufferService")
    assert arcpy.BufferService.BufferPoints.IsSynchronous
    assert arcpy.BufferPoints_BufferService(POINTS).status == 4


@pytest.mark.parametrize("name", ["BufferPoints", "bufferpoints", "BufferPoints_a", "a.BufferPoints"])
def test_whether_a_tool_is_synchronous_can_be_asked(serve: Serve, name: str) -> None:
    serve(SYNC | JOBS)
    arcpy.ImportToolbox(f"{SOAP};GPFolder/BufferService", "a")
    arcpy.ImportToolbox(f"{SOAP};World", "b")
    assert arcpy.IsSynchronous(name) is True
    assert arcpy.IsSynchronous("viewshed_b") is False
    with pytest.raises(arcpy.ExecuteError, match=r"no tool 'Viewshd'.*did you mean"):
        arcpy.IsSynchronous("Viewshd")


def test_unknown_tools_name_those_that_there_are(serve: Serve) -> None:
    serve(SYNC)
    arcpy.ImportToolbox(f"{SOAP};GPFolder/BufferService", "a")
    with pytest.raises(AttributeError, match=r'BufferPoint_a is not provided.*did you mean "BufferPoints_a"'):
        arcpy.BufferPoint_a(POINTS)
    with pytest.raises(AttributeError, match="the toolbox a has no tool Clip; it has BufferPoints"):
        arcpy.a.Clip(POINTS)


def test_a_synchronous_result_has_all_its_members(serve: Serve) -> None:
    serve(SYNC)
    arcpy.ImportToolbox(f"{SOAP};GPFolder/BufferService", "a")
    found = arcpy.BufferPoints_a(POINTS, "500 Meters")
    assert (found.status, found.resultID) == (4, "")
    assert (found.inputCount, found.outputCount, found.messageCount, found.maxSeverity) == (2, 1, 1, 1)
    assert isinstance(found[0], arcpy.FeatureSet)
    assert found.getOutput(0) is found[0]
    assert json.loads(found[0].JSON)["features"][0]["geometry"] == {"x": -118.8, "y": 37.5}
    assert isinstance(found.getInput(0), arcpy.FeatureSet)
    assert found.getInput(1) == "500 Meters"
    assert found.getMessages() == found.getMessage(0) == arcpy.GetMessages() == "WARNING 000117: empty"
    assert found.getMessages(2) == ""
    assert found.getAllMessages() == [[50, 117, "WARNING 000117: empty"]]
    assert found.getSeverity(0) == 1
    assert found.getMapImageURL(0) == ""
    found.cancel()
    assert len(found) == len(list(found)) == 1
    for outside in (lambda: found[1], lambda: found.getInput(2), lambda: found.getMessage(1)):
        with pytest.raises(IndexError):
            outside()
    found.saveToFile("saved.rlt")
    assert json.loads(Path("saved.rlt").read_text())["status"] == 4


def test_a_parameters_default_is_a_feature_set_to_load(serve: Serve) -> None:
    scripted = serve(SYNC)
    arcpy.ImportToolbox(f"{SOAP};GPFolder/BufferService", "mytools")
    features = arcpy.GetParameterValue("bufferpoints", 0)
    assert json.loads(features.JSON)["fields"][0]["name"] == "OffsetA"
    Path("roads.json").write_text(json.dumps(POINTS))
    features.load("roads.json")
    outcome = arcpy.mytools.BufferPoints(features, "5 feet")
    outcome.getOutput(0).save("towers.geojson")
    assert json.loads(Path("towers.geojson").read_text())["features"][0]["geometry"]["type"] == "Point"
    sent = json.loads(scripted.parameters()["Input_Points"])
    assert sent["features"][0]["geometry"] == {"x": -118.8, "y": 37.5}
    assert arcpy.GetParameterValue("bufferpoints", 1) == "5 Miles"
    assert arcpy.mytools.BufferPoints(features).getInput(1) == "5 Miles"
    assert arcpy.GetParameterCount("bufferpoints") == 3
    with pytest.raises(arcpy.ExecuteError, match="below 3"):
        arcpy.GetParameterValue("bufferpoints", 3)


def test_features_come_as_paths_texts_results_and_layers(serve: Serve) -> None:
    scripted = serve(SYNC)
    arcpy.ImportToolbox(f"{SOAP};GPFolder/BufferService", "a")
    Path("points.json").write_text(json.dumps(POINTS))
    before = arcpy.a.BufferPoints(POINTS)
    for given in (
        "points.json",
        Path("points.json"),
        json.dumps(POINTS),
        before,
        arcpy.RecordSet("points.json"),
    ):
        arcpy.a.BufferPoints(given)
        sent = json.loads(scripted.parameters()["Input_Points"])
        assert sent["features"][0]["geometry"] == {"x": -118.8, "y": 37.5}
    arcpy.a.BufferPoints("https://gis.example.com/arcgis/rest/services/P/FeatureServer/0")
    assert json.loads(scripted.parameters()["Input_Points"])["url"].endswith("/FeatureServer/0")


def test_the_coordinate_system_of_outputs_is_asked_for(serve: Serve) -> None:
    scripted = serve(SYNC)
    arcpy.ImportToolbox(f"{SOAP};GPFolder/BufferService", "a")
    arcpy.env.outputCoordinateSystem = 4326
    arcpy.a.BufferPoints(POINTS)
    assert "4326" in scripted.parameters()["context"]
    arcpy.env.outputCoordinateSystem = arcpy.SpatialReference(3857)
    arcpy.a.BufferPoints(POINTS)
    assert "3857" in scripted.parameters()["context"]
    arcpy.env.outputCoordinateSystem = ""
    arcpy.a.BufferPoints(POINTS)
    assert "context" not in scripted.parameters()


@pytest.mark.parametrize(
    ("arguments", "named", "said"),
    [
        ((), {}, "Input_Points"),
        (("nowhere.json",), {}, "ERROR 000732: Input Points: Dataset nowhere.json does not exist"),
        ((POINTS, "5 Parsecs"), {}, "Distance"),
        ((POINTS, "5 Miles", 1), {}, "met 3 arguments"),
        ((POINTS,), {"Input_Points": POINTS}, "given twice"),
        ((POINTS,), {"Distanc": "5 Miles"}, "Distance"),
        (({"features": "none"},), {}, "ERROR: Input Points: features"),
    ],
)
def test_what_cannot_be_sent_is_an_execute_error_before_anything_is(
    serve: Serve, arguments: tuple[Any, ...], named: dict[str, Any], said: str
) -> None:
    scripted = serve(SYNC)
    arcpy.ImportToolbox(f"{SOAP};GPFolder/BufferService", "a")
    with pytest.raises(arcpy.ExecuteError) as caught:
        arcpy.a.BufferPoints(*arguments, **named)
    assert said in str(caught.value)
    assert arcpy.GetMessages(2) == str(caught.value)
    assert arcpy.GetMaxSeverity() == 2
    assert not [path for path in scripted.paths() if path.endswith("execute")]


def test_a_service_that_is_not_there_is_an_execute_error(serve: Serve) -> None:
    serve({"GPServer": error(404, "Service Nowhere/GPServer not found ")})
    with pytest.raises(arcpy.ExecuteError) as caught:
        arcpy.ImportToolbox(f"{SOAP};Nowhere")
    half_built = [each.locals["self"] for each in caught.traceback if "self" in each.locals]
    assert "<arcpy toolbox Nowhere: >" in [repr(each) for each in half_built]
    with pytest.raises(arcpy.ExecuteError, match="not found"):
        arcpy.ImportToolbox(f"{SOAP};Nowhere")
    with pytest.raises(arcpy.ExecuteError, match="module_name"):
        arcpy.ImportToolbox(f"{SOAP};Nowhere", "my tools")
    with pytest.raises(arcpy.ExecuteError, match="SOAP root"):
        arcpy.ImportToolbox("http://gis.example.com/arcgis/rest/services;World")


def test_nobody_is_signed_in_by_the_portal(serve: Serve) -> None:
    serve({"GPServer": error(499, "Token Required"), "rest/info": answer({"currentVersion": 11.1})})
    with pytest.raises(arcpy.ExecuteError, match="UseSSOIdentityIfPortalOwned: nobody is signed in"):
        arcpy.ImportToolbox(f"{SOAP};World;UseSSOIdentityIfPortalOwned")


def test_a_task_that_fails_is_an_execute_error(serve: Serve) -> None:
    failing = error(400, "Unable to complete operation.", "ERROR 000735: Input: Value is required")
    serve({**SYNC, "BufferPoints/execute": failing})
    arcpy.ImportToolbox(f"{SOAP};GPFolder/BufferService", "a")
    with pytest.raises(arcpy.ExecuteError, match="ERROR 000735") as caught:
        arcpy.a.BufferPoints(POINTS)
    assert caught.value.kind == "server"
    assert caught.value.error is not None
    assert caught.value.report()["kind"] == "server"
    assert pickle.loads(pickle.dumps(caught.value)).text == caught.value.text


def test_the_documented_loop_ends_and_leaves_the_server_in_peace(serve: Serve, clock: SharedClock) -> None:
    looks = [job("Submitted")] * 3 + [job("Waiting")] * 3 + [job("Executing")] * 30
    scripted = serve({**JOBS, "jobs/j1": [*looks, job("Succeeded", results=SUMMARY)]})
    arcpy.ImportToolbox(f"{SOAP};World", "b")
    found = arcpy.viewshed_b()
    began = clock.now()
    seen = []
    while found.status < 4:
        seen.append(found.status)
    polls = [path for path in scripted.paths() if path.endswith("jobs/j1")]
    assert found.status == 4
    assert found.resultID == "j1"
    assert sorted(set(seen)) == [1, 2, 3]
    assert seen == sorted(seen)
    assert (clock.now() - began) / len(polls) > 1.0
    assert found[0] == found.getOutput(0) == "done"
    assert found.status == 4
    assert len([path for path in scripted.paths() if path.endswith("jobs/j1")]) == len(polls)


@pytest.mark.parametrize(
    ("word", "number"),
    [("Failed", 5), ("TimedOut", 6), ("Cancelled", 8), ("Deleting", 9), ("Deleted", 10)],
)
def test_a_job_that_ends_otherwise_has_its_number_and_no_output(serve: Serve, word: str, number: int) -> None:
    ended = job(word, ("Informative", "Executing..."), ("Error", "ERROR 999999: it broke"))
    serve({**JOBS, "jobs/j1": ended})
    arcpy.ImportToolbox(f"{SOAP};World", "b")
    found = arcpy.viewshed_b()
    while found.status < 4:
        pass
    assert found.status == number
    assert found.maxSeverity == 2
    assert arcpy.GetMessages(2) == found.getMessages(2) == "ERROR 999999: it broke"
    with pytest.raises(arcpy.ExecuteError, match="ERROR 999999: it broke") as caught:
        found[0]
    assert caught.value.error is not None
    assert caught.value.kind == "job"


@pytest.mark.parametrize("polled", [True, False])
@pytest.mark.parametrize(
    ("messages", "text"),
    [
        ([("Error", "ERROR 999999: it broke"), ("Error", "Failed.")], "ERROR 999999: it broke\nFailed."),
        ([("Informative", "Executing...")], "ERROR: the job ended as esriJobCancelled"),
    ],
)
def test_the_error_of_a_job_says_what_its_messages_say(
    serve: Serve, polled: bool, messages: list[tuple[str, str]], text: str
) -> None:
    serve({**JOBS, "jobs/j1": [job("Executing"), job("Cancelled", *messages)]})
    arcpy.ImportToolbox(f"{SOAP};World", "b")
    found = arcpy.viewshed_b()
    if polled:
        wait_for(found)
        assert arcpy.GetMessages(2) == text
    with pytest.raises(arcpy.ExecuteError) as caught:
        found[0]
    assert str(caught.value) == text == arcpy.GetMessages(2) == found.getMessages(2)
    assert (found.status, found.maxSeverity) == (8, 2)
    assert caught.value.kind == "job"


def test_what_keeps_a_script_from_an_output_is_among_the_messages(serve: Serve) -> None:
    ended = job("Succeeded", ("Informative", "Done"), results=SUMMARY)
    serve({**JOBS, "jobs/j1": ended, "results/Summary": error(500, "Disk is full")})
    arcpy.ImportToolbox(f"{SOAP};World", "b")
    with pytest.raises(arcpy.ExecuteError, match="Disk is full") as caught:
        arcpy.viewshed_b()[0]
    assert arcpy.GetMessages(2) == str(caught.value)
    assert arcpy.GetMessages(0) == "Done"


def test_an_output_of_a_job_that_goes_on_is_waited_for(serve: Serve) -> None:
    serve({**JOBS, "jobs/j1": [job("Executing"), job("Executing"), job("Succeeded", results=SUMMARY)]})
    arcpy.ImportToolbox(f"{SOAP};World", "b")
    assert arcpy.viewshed_b()[0] == "done"


def test_a_job_that_is_not_there_yet_is_asked_for_again(serve: Serve) -> None:
    missing = error(400, "Invalid URL")
    serve({**JOBS, "jobs/j1": [missing, missing, job("Succeeded", results=SUMMARY)]})
    arcpy.ImportToolbox(f"{SOAP};World", "b")
    found = arcpy.viewshed_b()
    while found.status < 4:
        assert found.status in (1, 4)
    assert found[0] == "done"


def test_a_job_that_vanishes_ends_the_loop(serve: Serve) -> None:
    serve({**JOBS, "jobs/j1": [job("Executing"), error(404, "Job not found")]})
    arcpy.ImportToolbox(f"{SOAP};World", "b")
    found = arcpy.viewshed_b()
    with pytest.raises(arcpy.ExecuteError, match="there before") as caught:
        wait_for(found)
    assert isinstance(caught.value.error, JobVanished)
    assert arcpy.GetMessages(2) == str(caught.value)


def test_a_status_that_nobody_knows_ends_the_loop(serve: Serve) -> None:
    serve({**JOBS, "jobs/j1": [job("Executing"), job("Sumbitted")]})
    arcpy.ImportToolbox(f"{SOAP};World", "b")
    found = arcpy.viewshed_b()
    with pytest.raises(arcpy.ExecuteError, match="esriJobSumbitted"):
        wait_for(found)


def test_a_job_is_cancelled(serve: Serve) -> None:
    scripted = serve(
        {**JOBS, "jobs/j1": [job("Executing"), job("Cancelled")], "j1/cancel": job("Cancelling")}
    )
    arcpy.ImportToolbox(f"{SOAP};World", "b")
    found = arcpy.viewshed_b()
    assert found.status == 3
    found.cancel()
    assert found.status == 8
    assert [path for path in scripted.paths() if path.endswith("cancel")]


def test_jobs_that_go_on_are_cancelled_when_a_run_is(serve: Serve) -> None:
    from gp_client.arcpy_style.script_runs import current

    scripted = serve({**JOBS, "jobs/j1": job("Executing"), "j1/cancel": job("Cancelling")})
    arcpy.ImportToolbox(f"{SOAP};World", "b")
    arcpy.viewshed_b()
    assert current().left_after_cancelling() == []
    assert [path for path in scripted.paths() if path.endswith("cancel")]
    assert current().left_after_cancelling() == []


KINDS: list[tuple[str, Any, Any, Any]] = [
    ("GPString", 5, "5", "5"),
    ("GPLong", "5", "5", 5),
    ("GPDouble", "5.5", "5.5", 5.5),
    ("GPBoolean", "true", "true", True),
    (
        "GPLinearUnit",
        "5 Miles",
        '{"distance":5.0,"units":"esriMiles"}',
        {"distance": 5, "units": "esriMiles"},
    ),
    ("GPDate", "2026-01-31", "1769817600000", 1769817600000),
    ("GPMultiValue:GPString", "a;'b c'", '["a","b c"]', ["a", "b c"]),
    ("GPMultiValue:GPLong", "1;2", "[1,2]", [1, 2]),
]
TOLD = ["5", "5", "5.5", "true", "5 Miles", "2026-01-31 00:00:00", "a;'b c'", "1;2"]


@pytest.mark.parametrize(
    ("kind", "given", "sent", "answered", "told"),
    [(*each, told) for each, told in zip(KINDS, TOLD, strict=True)],
)
def test_values_are_given_and_told_as_texts(
    serve: Serve, kind: str, given: Any, sent: str, answered: Any, told: str
) -> None:
    parameters = [parameter("In", kind), parameter("Out", kind, output=True)]
    scripted = serve(
        {
            "Echo/GPServer": service("Echo"),
            "GPServer/Echo": task("Echo", parameters, synchronous=True),
            "Echo/execute": answer({"results": [result("Out", kind, answered)], "messages": []}),
        }
    )
    arcpy.ImportToolbox(f"{SOAP};Echo", "e")
    found = arcpy.Echo_e(given)
    got = scripted.parameters()["In"]
    assert got == sent or json.loads(got) == json.loads(sent)
    assert found[0] == told
    assert str(found.getInput(0))


DAY = datetime(2026, 1, 31)
EXTENT = {"xmin": 0, "ymin": 0, "xmax": 1, "ymax": 1}


@pytest.mark.parametrize(
    ("kind", "default", "given", "sent", "told"),
    [
        ("GPDate", None, DAY, 1769817600000, "2026-01-31 00:00:00"),
        ("GPDate", None, DAY.date(), 1769817600000, "2026-01-31 00:00:00"),
        (
            "GPDate",
            None,
            DAY.replace(tzinfo=timezone(timedelta(hours=1))),
            1769814000000,
            "2026-01-30 23:00:00",
        ),
        ("GPDate", 1769817600000, None, None, "2026-01-31 00:00:00"),
        ("GPMultiValue:GPDate", None, [DAY], [1769817600000], "'2026-01-31 00:00:00'"),
        ("GPLinearUnit", None, 100, {"distance": 100, "units": "esriMeters"}, "100 Meters"),
        ("GPLinearUnit", None, "100", {"distance": 100, "units": "esriMeters"}, "100 Meters"),
        (
            "GPLinearUnit",
            {"distance": 1, "units": "esriMiles"},
            2.5,
            {"distance": 2.5, "units": "esriMiles"},
            "2.5 Miles",
        ),
        ("GPLinearUnit", "1 Feet", 2, {"distance": 2, "units": "esriFeet"}, "2 Feet"),
        ("GPLinearUnit", None, "5 MILES", {"distance": 5, "units": "esriMiles"}, "5 Miles"),
        (
            "GPMultiValue:GPLinearUnit",
            None,
            "5;6 Feet",
            [{"distance": 5, "units": "esriMeters"}, {"distance": 6, "units": "esriFeet"}],
            "'5 Meters';'6 Feet'",
        ),
        ("GPExtent", None, "0 0 1 1", EXTENT, "0 0 1 1"),
        ("GPExtent", None, "0 0 1 1 NaN NaN NaN NaN", EXTENT, "0 0 1 1"),
        (
            "GPExtent",
            None,
            "0 0 1 1 EPSG:4326",
            {**EXTENT, "spatial_reference": {"wkid": 4326}},
            "0 0 1 1",
        ),
        ("GPEnvelope", EXTENT, None, None, "0 0 1 1"),
        ("GPSpatialReference", None, "4326", {"wkid": 4326}, "4326"),
        ("GPSpatialReference", None, {"wkid": 4326}, {"wkid": 4326}, "4326"),
        ("GPCoordinateSystem", None, arcpy.SpatialReference(3857), {"wkid": 3857}, "3857"),
        ("GPCoordinateSystem", None, 'PROJCS["x"]', {"wkt": 'PROJCS["x"]'}, 'PROJCS["x"]'),
    ],
)
def test_an_input_is_told_as_arcpy_writes_it(
    serve: Serve, kind: str, default: Any, given: Any, sent: Any, told: str
) -> None:
    scripted = serve(
        {
            "Echo/GPServer": service("Echo"),
            "GPServer/Echo": task(
                "Echo", [parameter("In", kind, optional=True, default=default)], synchronous=True
            ),
            "Echo/execute": answer({"results": [], "messages": []}),
        }
    )
    arcpy.ImportToolbox(f"{SOAP};Echo", "e")
    assert arcpy.Echo_e(given).getInput(0) == told
    got = scripted.parameters().get("In")
    assert got == sent or json.loads(str(got)) == sent
    if sent is None:
        assert arcpy.GetParameterValue("Echo", 0) == told


@pytest.mark.parametrize(
    ("kind", "given", "said"),
    [
        (
            "Field",
            "NAME",
            'ERROR: In: met \'NAME\', expected a field with its type, as JSON: {"name": "NAME"',
        ),
        ("GPExtent", "0 0 1 1 nonsense", "nonsense"),
        ("GPLinearUnit", True, "true"),
        ("GPLinearUnit", "five", "five"),
    ],
)
def test_a_value_that_is_none_is_refused_in_words_that_a_script_can_use(
    serve: Serve, kind: str, given: Any, said: str
) -> None:
    serve(
        {
            "Echo/GPServer": service("Echo"),
            "GPServer/Echo": task("Echo", [parameter("In", kind)], synchronous=True),
        }
    )
    arcpy.ImportToolbox(f"{SOAP};Echo", "e")
    with pytest.raises(arcpy.ExecuteError) as caught:
        arcpy.Echo_e(given)
    assert said in str(caught.value)
    assert str(caught.value).count("ERROR") == 1


def test_dates_in_tables_are_utc_too(serve: Serve) -> None:
    columns = [{"name": "When", "dataType": "GPDate"}, {"name": "What", "dataType": "GPString"}]
    table = {**parameter("In", "GPValueTable"), "parameterInfos": columns}
    scripted = serve(
        {
            "Echo/GPServer": service("Echo"),
            "GPServer/Echo": task("Echo", [table], synchronous=True),
            "Echo/execute": answer({"results": [], "messages": []}),
        }
    )
    arcpy.ImportToolbox(f"{SOAP};Echo", "e")
    arcpy.Echo_e([[DAY, "a"], ["1/31/2026", "b"]])
    assert json.loads(scripted.parameters()["In"]) == [[1769817600000, "a"], [1769817600000, "b"]]


def files(capabilities: str) -> dict[str, Any]:
    parameters = [parameter("In", "GPDataFile", optional=True), parameter("Out", "GPDataFile", output=True)]
    made = result("Out", "GPDataFile", {"url": "http://gis.example.com/arcgis/rest/directories/out.zip"})
    item = {"itemID": "i1", "itemName": "a.zip", "committed": True}
    return {
        "Files/GPServer": service("Zip", capabilities=capabilities),
        "GPServer/Zip": task("Zip", parameters, synchronous=True),
        "Zip/execute": answer({"results": [made], "messages": []}),
        "uploads/upload": answer({"success": True, "item": item}),
        "directories/out.zip": answer(b"PK\x05\x06" + bytes(18), content_type="application/zip"),
    }


def test_files_are_uploaded_and_downloaded(serve: Serve, tmp_path: Path) -> None:
    scripted = serve(files("Uploads"))
    arcpy.env.scratchWorkspace = str(tmp_path / "scratch")
    arcpy.ImportToolbox(f"{SOAP};Files", "f")
    Path("a.zip").write_bytes(b"PK")
    found = arcpy.Zip_f("a.zip")
    assert json.loads(scripted.parameters()["In"]) == {"itemID": "i1"}
    written = Path(found[0])
    assert written.read_bytes().startswith(b"PK")
    assert tmp_path / "scratch" in written.parents
    asked = len(scripted.asked)
    assert found[0] == str(written)
    assert len(scripted.asked) == asked
    with pytest.raises(arcpy.ExecuteError, match=r"ERROR 000732: In: Dataset nowhere\.zip"):
        arcpy.Zip_f("nowhere.zip")


def test_a_service_that_takes_no_files_refuses_a_path(serve: Serve) -> None:
    serve({**files(""), "uploads/upload": error(400, "Invalid URL")})
    arcpy.ImportToolbox(f"{SOAP};Files", "f")
    Path("a.zip").write_bytes(b"PK")
    with pytest.raises(arcpy.ExecuteError, match="Invalid URL"):
        arcpy.Zip_f("a.zip")


def test_a_picture_of_a_result_is_told_by_its_address(serve: Serve) -> None:
    picture = {
        "mapImage": {"href": "http://gis.example.com/arcgis/rest/out/map.png", "width": 400, "height": 400}
    }
    drawn = result("Output", "GPFeatureRecordSetLayer", picture)
    serve({**SYNC, "BufferPoints/execute": answer({"results": [drawn], "messages": []})})
    arcpy.ImportToolbox(f"{SOAP};GPFolder/BufferService", "a")
    found = arcpy.a.BufferPoints(POINTS)
    assert found.getMapImageURL(0) == found[0] == "http://gis.example.com/arcgis/rest/out/map.png"
    with pytest.raises(arcpy.ExecuteError, match="a size is not provided"):
        found.getMapImageURL(0, 100, 100)


def test_a_user_and_a_token_go_to_the_client(serve: Serve) -> None:
    scripted = serve(SYNC)
    arcpy.ImportToolbox(f"{SOAP};GPFolder/BufferService;token=s3cret;http://me.example.com")
    assert any("s3cret" in str(request) for request in scripted.asked)
    assert "s3cret" not in repr(arcpy.BufferService)


def test_labels_that_are_no_names_make_tools(serve: Serve) -> None:
    serve(
        {
            "Odd/GPServer": service("Extract Data Task"),
            "Extract%20Data%20Task": task("Extract Data-Task", [], synchronous=True),
        }
    )
    toolbox = arcpy.ImportToolbox(f"{SOAP};Odd")
    assert [tool.__name__ for tool in toolbox] == ["ExtractDataTask"]
    for name in ("_repr_html_", "__wrapped__"):
        with pytest.raises(AttributeError) as caught:
            getattr(toolbox, name)
        assert str(caught.value) == f"'Toolbox' object has no attribute '{name}'"


def test_a_result_can_be_printed_without_asking_the_server(serve: Serve) -> None:
    scripted = serve({**JOBS, "jobs/j1": job("Executing")})
    arcpy.ImportToolbox(f"{SOAP};World", "b")
    found = arcpy.viewshed_b()
    asked = len(scripted.asked)
    assert print(found, file=io.StringIO()) is None
    assert "j1" in repr(found)
    assert len(scripted.asked) == asked


ODD: list[Any] = [
    None,
    True,
    0,
    -1,
    1e300,
    "",
    "x",
    "\ud800",
    [],
    [None],
    {},
    {"a": 1},
    [[]],
    {"features": 1},
]


def mutated(value: Any, random: Random) -> Any:
    """A JSON value with something in it changed."""
    if isinstance(value, dict) and value and random.random() < 0.8:
        key = random.choice(list(value))
        changed = dict(value)
        if random.random() < 0.15:
            del changed[key]
        else:
            changed[key] = mutated(value[key], random)
        return changed
    if isinstance(value, list) and value and random.random() < 0.8:
        index = random.randrange(len(value))
        return [*value[:index], mutated(value[index], random), *value[index + 1 :]]
    return random.choice(ODD)


class Forgetful(Scripted):
    """A server that knows no other addresses."""

    def send(self, request: Request) -> Response:
        try:
            return super().send(request)
        except AssertionError:
            return error(404, "Not found")


def used(random: Random) -> None:
    """A script that uses a toolbox and everything that a result has."""
    arcpy.ImportToolbox(f"{SOAP};Fuzzed", "f")
    for index in range(3):
        arcpy.GetParameterValue("Run", index)
    found = arcpy.Run_f(random.choice([POINTS, json.dumps(POINTS)]), "5 Miles")
    while found.status < 4:
        found.getMessages()
    for index in range(found.inputCount):
        found.getInput(index)
    for index in range(found.outputCount):
        found.getOutput(index)
        found.getMapImageURL(index)
    found.getAllMessages()
    arcpy.GetMessages()
    found.saveToFile("saved.json")
    arcpy.management.CopyFeatures(found, "memory/out")


@pytest.mark.parametrize("synchronous", [True, False])
def test_whatever_a_server_answers_is_used_or_an_execute_error(serve: Serve, synchronous: bool) -> None:
    def body(response: Response) -> Any:
        return json.loads(response.content)

    outcomes = {"used": 0, "refused": 0}
    for seed in range(400):
        random = Random(seed)
        output = {**POINTS, "fields": [], "exceededTransferLimit": False}
        made = result("Output", "GPFeatureRecordSetLayer", output)
        listed = {"Output": {"paramUrl": "results/Output"}}
        ended = body(job("Succeeded", ("Warning", "w"), results=listed))
        answers = {
            "Fuzzed/GPServer": body(service("Run")),
            "GPServer/Run": body(task("Run", BUFFER, synchronous=synchronous)),
            "Run/execute": {"results": [made], "messages": []},
            "Run/submitJob": {"jobId": "j1", "jobStatus": "esriJobSubmitted"},
            "jobs/j1": ended,
            "results/Output": made,
        }
        for key in random.sample(list(answers), random.choice([1, 1, 2])):
            answers[key] = mutated(answers[key], random)
        script: dict[str, Any] = {key: answer(json.dumps(each).encode()) for key, each in answers.items()}
        serve({**script, "rest/info": answer({})}, Forgetful)
        try:
            used(random)
            outcomes["used"] += 1
        except arcpy.ExecuteError:
            outcomes["refused"] += 1
        except AttributeError as unknown:  # the toolbox has no tool of that name
            if "is not provided by gp_client.arcpy" not in str(unknown):
                raise
    assert min(outcomes.values()) > 20
