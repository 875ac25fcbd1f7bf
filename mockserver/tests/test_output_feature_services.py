"""Output feature services: what a job publishes, when it is seen, and whose name it takes."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any
from urllib.parse import urlsplit

import pytest
from gp_mockserver.builtin.builtin_site import builtin_site
from gp_mockserver.layers import PARAMETER, layer_services
from gp_mockserver.layers.site_layers import add_layers
from gp_mockserver.lifecycle.timelines import Cancellation
from gp_mockserver.sites import Site
from gp_protocol.descriptions.descriptors import (
    Direction,
    ExecutionType,
    Parameter,
    ParameterType,
    Service,
    Task,
)
from gp_protocol.values.feature_sets import FeatureSet, RecordSet
from gp_protocol.values.fields import Field
from gp_protocol.values.spatial_references import SpatialReference

TASK = "Tools/GPServer/Tool"
POINTS = FeatureSet(
    spatial_reference=SpatialReference(wkid=4326),
    features=[{"attributes": {}, "geometry": {"x": float(place), "y": 1.0}} for place in range(5)],
)
ROWS = RecordSet((Field("N", "esriFieldTypeInteger"),), [{"attributes": {"N": 7}}])


def made(name: str, data_type: str) -> Parameter:
    return Parameter(
        name,
        data_type,
        name.replace("_", " "),
        direction=Direction.OUTPUT,
        parameter_type=ParameterType.DERIVED,
    )


def site_of(*, synchronous: bool = False, records: int = 1000, result_map: str = "", **options: Any) -> Site:
    kind = ExecutionType.SYNCHRONOUS if synchronous else ExecutionType.ASYNCHRONOUS
    site = Site(**options)
    service = site.add_service(
        Service("Tools", execution_type=kind, maximum_records=records, result_map_server_name=result_map)
    )
    optional = ParameterType.OPTIONAL
    parameters = (
        Parameter(PARAMETER, "GPString", parameter_type=optional, default_value=""),
        Parameter("Count", "GPLong", parameter_type=optional),
        made("Text", "GPString"),
        made("Not_Made", "GPFeatureRecordSetLayer"),
        made("Points_Made", "GPFeatureRecordSetLayer"),
        made("Rows", "GPRecordSet"),
    )

    def tool(call: Any) -> dict[str, Any]:
        count = call.inputs["Count"] or len(POINTS.features)
        points = FeatureSet(spatial_reference=POINTS.spatial_reference, features=POINTS.features[:count])
        return {"Text": "done", "Points_Made": points, "Rows": ROWS}

    task = Task("Tool", "Tool", execution_type=kind, parameters=parameters)
    soon = (
        None if synchronous else service.usual_timeline(task, cancellation=Cancellation(check_interval=0.5))
    )
    service.add_task(task, tool, timeline=soon)
    return site


@pytest.fixture
def wire(open_wire: Any, fresh: dict[str, Any]) -> Any:
    return open_wire(site_of(**fresh))


def submit(wire: Any, name: Any, **inputs: Any) -> str:
    text = name if isinstance(name, str) else json.dumps(name)
    answer = wire.json(f"{TASK}/submitJob", **{PARAMETER: text}, **inputs)
    return f"{TASK}/jobs/{answer['jobId']}"


def finished(wire: Any, name: Any, **inputs: Any) -> str:
    job = submit(wire, name, **inputs)
    wire.json(job)
    wire.clock.advance(10)
    return job


def failure(wire: Any, name: Any) -> str:
    job = finished(wire, name)
    answer = wire.json(job)
    assert answer["jobStatus"] == "esriJobFailed"
    return "\n".join(each["description"] for each in answer["messages"] if each["type"].endswith("Error"))


def overwriting(name: str, **more: Any) -> dict[str, Any]:
    return {"serviceProperties": {"name": name}, "itemProperties": {"overwrite": True, **more}}


def count(wire: Any, name: str = "Out") -> int:
    answer = wire.json(f"Hosted/{name}/FeatureServer/0/query", returnCountOnly="true")
    return int(answer["count"])


def test_outputs_of_features_and_records_become_layers_and_tables(wire: Any) -> None:
    job = finished(wire, "Out")
    values = {each["paramName"]: each["value"] for each in wire.json(f"{job}/results")}
    root = f"http://{urlsplit(str(wire.http.base_url)).netloc}/{wire.site.context}/rest/services"
    assert values == {
        "Text": "done",
        "Not_Made": {},
        "Points_Made": {"url": f"{root}/Hosted/Out/FeatureServer/0"},
        "Rows": {"url": f"{root}/Hosted/Out/FeatureServer/1"},
    }
    service = wire.json("Hosted/Out/FeatureServer")
    assert [each["name"] for each in service["layers"]] == ["Points Made"]
    assert [each["name"] for each in service["tables"]] == ["Rows"]
    query = wire.http.get(f"{values['Points_Made']['url']}/query", params={"f": "json", "outFields": "*"})
    assert [each["attributes"] for each in query.json()["features"]] == [
        {"OBJECTID": number} for number in range(1, 6)
    ]
    assert wire.json("")["folders"] == ["Hosted"]
    assert wire.json("Hosted")["services"] == [{"name": "Hosted/Out", "type": "FeatureServer"}]


def test_there_is_no_limit_of_records(open_wire: Any, fresh: dict[str, Any]) -> None:
    wire = open_wire(site_of(records=2, **fresh))
    assert wire.json(f"{finished(wire, '')}/results/Points_Made")["value"]["features"] == []
    finished(wire, "Out")
    assert count(wire) == 5


@pytest.mark.parametrize("what", ["results/Points_Made", ""])
def test_what_was_published_is_answered_in_formats_of_features(wire: Any, what: str) -> None:
    plain, published = finished(wire, ""), finished(wire, "Out")
    with zipfile.ZipFile(io.BytesIO(wire.get(f"{published}/{what}", f="kmz").content)) as archive:
        assert archive.read("doc.kml").count(b"<Placemark") == 5
    if what:
        as_plain, as_published = (wire.get(f"{job}/{what}", f="geojson") for job in (plain, published))
        assert len(as_published.json()["features"]) == 5
        assert as_published.content == as_plain.content


@pytest.mark.parametrize("name", ["", "  "])
def test_without_a_name_the_features_are_answered(wire: Any, name: str) -> None:
    job = finished(wire, name)
    assert len(wire.json(f"{job}/results/Points_Made")["value"]["features"]) == 5


def test_a_layer_is_seen_once_its_job_has_succeeded(wire: Any) -> None:
    job = submit(wire, "Out")
    wire.json(job)
    assert wire.error("Hosted/Out/FeatureServer")["code"] == 404
    assert wire.json("")["folders"] == []
    wire.clock.advance(10)
    assert wire.json("Hosted/Out/FeatureServer")["layers"]


def test_a_name_that_a_running_job_holds_is_taken(wire: Any) -> None:
    first, second = submit(wire, "Out"), submit(wire, "Out")
    wire.json(first)
    wire.json(second)
    wire.clock.advance(10)
    assert wire.json(first)["jobStatus"] == "esriJobSucceeded"
    assert wire.json(second)["jobStatus"] == "esriJobFailed"


def test_a_cancelled_job_publishes_nothing_and_frees_its_name(wire: Any) -> None:
    job = submit(wire, "Out")
    wire.json(job)
    wire.json(f"{job}/cancel")
    wire.clock.advance(10)
    assert wire.json(job)["jobStatus"] == "esriJobCancelled"
    assert wire.error("Hosted/Out/FeatureServer")["code"] == 404
    finished(wire, "Out")
    assert count(wire) == 5


def test_a_name_that_is_taken_fails_the_job(wire: Any) -> None:
    finished(wire, "Out")
    assert count(wire) == 5
    assert "the name Hosted/Out is taken" in failure(wire, "Out")
    assert count(wire) == 5


def test_a_service_is_overwritten_once_the_job_has_succeeded(wire: Any) -> None:
    finished(wire, "Out")
    job = submit(wire, overwriting("Out", description="Newer."), Count=2)
    wire.json(job)
    assert count(wire) == 5
    wire.clock.advance(10)
    assert count(wire) == 2
    assert wire.json("Hosted/Out/FeatureServer")["serviceDescription"] == "Newer."


def test_a_cancelled_overwrite_leaves_the_service_as_it_was(wire: Any) -> None:
    finished(wire, "Out")
    job = submit(wire, overwriting("Out"), Count=2)
    wire.json(job)
    wire.json(f"{job}/cancel")
    wire.clock.advance(10)
    assert count(wire) == 5
    assert "is taken" in failure(wire, "Out")


def test_the_service_to_overwrite_may_be_given_by_address_or_item(wire: Any) -> None:
    job = finished(wire, "Out")
    address = wire.json(f"{job}/results/Rows")["value"]["url"].removesuffix("/1")
    by_address = {"serviceProperties": {"serviceUrl": address}, "itemProperties": {"overwrite": True}}
    job = finished(wire, by_address, Count=3)
    assert wire.json(f"{job}/results/Rows")["value"]["url"] == f"{address}/1"
    assert count(wire) == 3
    item = wire.json("Hosted/Out/FeatureServer")["serviceItemId"]
    job = finished(wire, {"itemProperties": {"itemId": item, "overwrite": True}}, Count=1)
    assert wire.json(f"{job}/results/Rows")["value"]["url"] == f"{address}/1"
    assert count(wire) == 1


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("two words", "'two words'"),
        ("../up", "letters, digits and _"),
        ("x" * 121, "up to 120"),
        ("{'serviceProperties': {}}", "expected one of them"),
        ("{broken", "Output Feature Service Name"),
        (
            {"serviceProperties": {"serviceUrl": "https://example.com/x"}},
            "serviceUrl" and "https://example.com/x",
        ),
        ({"itemProperties": {"itemId": "0" * 32, "overwrite": True}}, "no service here"),
    ],
)
def test_a_name_that_cannot_be_fails_the_job(wire: Any, name: Any, said: str) -> None:
    assert said in failure(wire, name)


def test_a_version_before_the_object_takes_it_for_a_name(open_wire: Any, fresh: dict[str, Any]) -> None:
    wire = open_wire(site_of(version="10.91", **fresh))
    assert "letters, digits and _" in failure(wire, overwriting("Out"))
    finished(wire, "Out")
    assert count(wire) == 5


def test_a_version_before_the_parameter_passes_it_over(open_wire: Any, fresh: dict[str, Any]) -> None:
    wire = open_wire(site_of(version="10.5", **fresh))
    job = finished(wire, "Out")
    assert "features" in wire.json(f"{job}/results/Points_Made")["value"]


def test_a_synchronous_task_answers_its_features(open_wire: Any, fresh: dict[str, Any]) -> None:
    wire = open_wire(site_of(synchronous=True, **fresh))
    results = {
        each["paramName"]: each["value"]
        for each in wire.json(f"{TASK}/execute", **{PARAMETER: "Out"})["results"]
    }
    assert len(results["Points_Made"]["features"]) == 5


def test_a_name_comes_before_a_result_map(open_wire: Any, fresh: dict[str, Any]) -> None:
    wire = open_wire(site_of(result_map="Tools", **fresh))
    assert list(wire.json(f"{finished(wire, 'Out')}/results/Points_Made")["value"]) == ["url"]
    assert list(wire.json(f"{finished(wire, '')}/results/Points_Made")["value"]) == ["mapImage"]


def test_a_sites_own_layers_are_not_overwritten(wire: Any) -> None:
    add_layers(wire.site, "Hosted/Own", {"Own": POINTS})
    assert "belongs to the site" in failure(wire, overwriting("Own"))


def test_layers_outlive_their_job(wire: Any) -> None:
    job = finished(wire, "Out")
    assert count(wire) == 5
    wire.site.store.delete(job.rpartition("/")[2], wire.clock.now())
    assert count(wire) == 5


def test_a_result_brings_a_forgotten_service_back(wire: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layer_services, "MOST_SERVICES", 2)
    jobs = {name: finished(wire, name) for name in ("A", "B", "C")}
    assert wire.error("Hosted/A/FeatureServer")["code"] == 404
    assert count(wire, "C") == 5
    wire.json(f"{jobs['A']}/results/Points_Made")
    assert count(wire, "A") == 5


def test_the_oldest_services_go_when_there_are_too_many_bytes(
    wire: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    finished(wire, "A")
    size = wire.site.layers.find("Hosted/A", wire.site, wire.clock.now()).size
    monkeypatch.setattr(layer_services, "MOST_BYTES", 2 * size)
    add_layers(wire.site, "Own", {"Own": POINTS})
    finished(wire, "B")
    finished(wire, "C")
    assert wire.error("Hosted/A/FeatureServer")["code"] == 404
    assert [count(wire, name) for name in ("B", "C")] == [5, 5]
    assert wire.json("Own/FeatureServer")["layers"]


def test_layers_of_a_secured_service_ask_for_a_token(open_wire: Any, fresh: dict[str, Any]) -> None:
    site = site_of(**fresh)
    wire = open_wire(site)
    finished(wire, "Out")
    assert count(wire) == 5
    site.add_user("ann", "a-password")
    site.services["Tools"].secure()
    assert wire.error("Hosted/Out/FeatureServer/0/query")["code"] == 499


def test_a_published_layer_is_an_input_of_the_next_task(open_wire: Any, fresh: dict[str, Any]) -> None:
    wire = open_wire(builtin_site(**fresh))
    task = "Publishing/ViewshedLayers/GPServer/viewshed"
    point = '{"spatialReference": {"wkid": 4326}, "features": [{"geometry": {"x": 8, "y": 47}}]}'
    inputs = {"Input_Observation_Point": point, PARAMETER: "Seen"}
    job_id = wire.json(f"{task}/submitJob", **inputs)["jobId"]
    wire.clock.advance(10)
    layer = wire.json(f"{task}/jobs/{job_id}/results/Viewshed_Result")["value"]
    answer = wire.json("GPFolder/BufferService/GPServer/BufferPoints/execute", Input_Points=json.dumps(layer))
    (result,) = answer["results"]
    assert result["value"]["features"][0]["attributes"]["ORIG_FID"] == 1
    nothing = json.dumps({**layer, "filter": "OBJECTID > 1"})
    error = wire.error("GPFolder/BufferService/GPServer/BufferPoints/execute", Input_Points=nothing)
    assert "Value is required" in error["details"][0]
