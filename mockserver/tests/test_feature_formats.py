"""Results, inputs and jobs as GeoJSON and KMZ."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any
from xml.etree import ElementTree

import pytest
import shapely

KML = {"kml": "http://www.opengis.net/kml/2.2"}
BUFFER = "GPFolder/BufferService/GPServer/BufferPoints"
ECHO = "DataTypes/Echo/GPServer/Echo"
VIEWSHED = "WorldViewshed/GPServer/viewshed"
POINT = '{"features":[{"geometry":{"x":-117.3,"y":35.1}}],"spatialReference":{"wkid":4326}}'
MERCATOR = (
    '{"geometryType":"esriGeometryPoint","spatialReference":{"wkid":102100},'
    '"fields":[{"name":"FID","type":"esriFieldTypeOID"}],'
    '"features":[{"attributes":{"FID":5},"geometry":{"x":1113194.9079,"y":0}}]}'
)
MEASURED = '{"geometryType":"esriGeometryPoint","hasM":true,"features":[{"geometry":{"x":1,"y":2,"m":4}}]}'
GEOJSON = "application/geo+json;charset=UTF-8"
KMZ = "application/vnd.google-earth.kmz"


def opened(response: Any) -> ElementTree.Element:
    """The KML in a KMZ answer."""
    assert response.headers["content-type"] == KMZ
    with zipfile.ZipFile(io.BytesIO(response.content)) as archive:
        assert archive.namelist() == ["doc.kml"]
        return ElementTree.fromstring(archive.read("doc.kml"))


def texts(document: ElementTree.Element, path: str) -> list[str | None]:
    names = "/".join(f"kml:{name}" for name in path.split("/"))
    return [each.text for each in document.findall(f"kml:Document/{names}", KML)]


def finished(wire: Any, task: str, **inputs: str) -> str:
    job = wire.post(f"{task}/submitJob", f="json", **inputs).json()["jobId"]
    wire.clock.advance(60)
    return f"{task}/jobs/{job}"


@pytest.fixture
def job(wire: Any) -> str:
    return finished(
        wire, VIEWSHED, Input_Observation_Point=POINT, Viewshed_Distance='{"distance":5,"units":"esriMiles"}'
    )


class TestGeoJSON:
    def test_a_result_is_its_feature_collection_in_degrees(self, wire: Any, job: str) -> None:
        response = wire.get(f"{job}/results/Viewshed_Result", f="geojson")
        assert response.headers["content-type"] == GEOJSON
        collection = response.json()
        assert set(collection) == {"type", "features"}
        (feature,) = collection["features"]
        shape = shapely.geometry.shape(feature["geometry"])
        assert shape.is_valid
        assert shape.exterior.is_ccw
        assert shape.buffer(0.2).contains(shapely.Point(-117.3, 35.1))
        assert feature["id"] == feature["properties"]["OBJECTID"] == 1

    def test_another_spatial_reference_is_answered_where_it_is_asked_for(self, wire: Any, job: str) -> None:
        collection = wire.get(f"{job}/results/Viewshed_Result", f="geojson", outSR="102100").json()
        assert collection["crs"] == {"type": "name", "properties": {"name": "EPSG:3857"}}
        assert shapely.geometry.shape(collection["features"][0]["geometry"]).bounds[0] < -13_000_000

    def test_a_callback_wraps_it(self, wire: Any, job: str) -> None:
        response = wire.get(f"{job}/results/Viewshed_Result", f="geojson", callback="done")
        assert response.text.startswith('done({"type":"FeatureCollection"')

    def test_execute_answers_the_one_output_of_features(self, wire: Any) -> None:
        inputs = {"Input_Points": POINT, "Distance": '{"distance":1,"units":"esriKilometers"}'}
        collection = wire.post(f"{BUFFER}/execute", f="geojson", **inputs).json()
        assert collection["type"] == "FeatureCollection"
        west, south, east, north = shapely.geometry.shape(collection["features"][0]["geometry"]).bounds
        assert (west + east) / 2 == pytest.approx(-117.3, abs=1e-3)
        assert north - south == pytest.approx(2 / 111.0, rel=0.01)

    def test_execute_answers_several_outputs_as_json_with_collections(self, wire: Any) -> None:
        answer = wire.post(
            f"{ECHO}/execute",
            f="geojson",
            In_GPFeatureRecordSetLayer=MERCATOR,
            In_GPMultiValue_GPFeatureRecordSetLayer=f"[{MERCATOR},{MERCATOR}]",
            In_GPLong="5",
        ).json()
        values = {each["paramName"]: each["value"] for each in answer["results"]}
        assert values["Out_GPLong"] == 5
        several = values["Out_GPMultiValue_GPFeatureRecordSetLayer"]
        for collection in (values["Out_GPFeatureRecordSetLayer"], *several):
            (feature,) = collection["features"]
            assert feature["id"] == 5
            assert feature["geometry"]["coordinates"] == pytest.approx([10, 0])

    @pytest.mark.parametrize(("name", "value"), [("GPLong", 5), ("GPRecordSet", {}), ("GPDataFile", None)])
    def test_a_result_without_features_stays_json(self, wire: Any, name: str, value: Any) -> None:
        job = finished(wire, "DataTypes/EchoJob/GPServer/Echo", In_GPLong="5")
        answer = wire.get(f"{job}/results/Out_{name}", f="geojson").json()
        assert answer == {"paramName": f"Out_{name}", "dataType": name, "value": value}

    def test_features_that_were_not_made_are_none(self, wire: Any) -> None:
        job = finished(wire, "DataTypes/EchoJob/GPServer/Echo")
        answer = wire.get(f"{job}/results/Out_GPFeatureRecordSetLayer", f="geojson").json()
        assert answer == {"type": "FeatureCollection", "features": []}

    def test_m_values_are_a_404_where_they_are_asked_for(self, wire: Any) -> None:
        given = {"In_GPFeatureRecordSetLayer": MEASURED}
        error = wire.post(f"{ECHO}/execute", f="geojson", returnM="true", **given).json()["error"]
        assert error["code"] == 404
        assert "Out_GPFeatureRecordSetLayer" in error["details"][0]
        assert "results" in wire.post(f"{ECHO}/execute", f="geojson", **given).json()

    def test_a_refusal_is_json(self, wire: Any, job: str) -> None:
        assert wire.get(f"{job}/results/Nothing", f="geojson").json()["error"]["code"] == 400

    def test_submit_job_answers_its_json(self, wire: Any) -> None:
        answer = wire.post(f"{VIEWSHED}/submitJob", f="geojson", Input_Observation_Point=POINT).json()
        assert list(answer) == ["jobId", "jobStatus"]

    def test_it_came_with_10_5(self, open_wire: Any, fresh: Any) -> None:
        from gp_mockserver.builtin.builtin_site import builtin_site

        wire = open_wire(builtin_site(**fresh, version="10.1"))
        response = wire.post(f"{BUFFER}/execute", f="geojson", Input_Points=POINT)
        assert response.status_code == 400
        assert response.headers["content-type"].startswith("text/html")


class TestKMZ:
    def test_a_result_is_a_folder_of_placemarks(self, wire: Any, job: str) -> None:
        response = wire.get(f"{job}/results/Viewshed_Result", f="kmz")
        document = opened(response)
        assert texts(document, "Folder/name") == ["Viewshed_Result"]
        assert texts(document, "Folder/Placemark/name") == ["1"]
        ring = "Folder/Placemark/Polygon/outerBoundaryIs/LinearRing/coordinates"
        assert (texts(document, ring)[0] or "").startswith("-117.")
        assert "Viewshed_Result.kmz" in response.headers["content-disposition"]

    def test_the_same_result_has_the_same_bytes(self, wire: Any, job: str) -> None:
        first, second = (wire.get(f"{job}/results/Viewshed_Result", f="kmz").content for _ in range(2))
        assert first == second

    def test_execute_has_a_folder_for_each_set_of_features(self, wire: Any) -> None:
        several = f"[{MERCATOR},{MERCATOR}]"
        inputs = {"In_GPFeatureRecordSetLayer": MERCATOR, "In_GPMultiValue_GPFeatureRecordSetLayer": several}
        document = opened(wire.post(f"{ECHO}/execute", f="kmz", **inputs))
        lists = "Out_GPMultiValue_GPFeatureRecordSetLayer"
        assert texts(document, "Folder/name") == ["Out_GPFeatureRecordSetLayer", f"{lists} 1", f"{lists} 2"]
        for text in texts(document, "Folder/Placemark/Point/coordinates"):
            assert [float(each) for each in (text or "").split(",")] == pytest.approx([10, 0])

    def test_an_input_of_features_is_placemarks_in_degrees(self, wire: Any) -> None:
        job = finished(wire, VIEWSHED, Input_Observation_Point=MERCATOR)
        document = opened(wire.get(f"{job}/inputs/Input_Observation_Point", f="kmz"))
        (text,) = texts(document, "Folder/Placemark/Point/coordinates")
        assert [float(each) for each in (text or "").split(",")] == pytest.approx([10, 0])

    def test_an_input_without_features_stays_json(self, wire: Any, job: str) -> None:
        answer = wire.get(f"{job}/inputs/Viewshed_Distance", f="kmz").json()
        assert answer["value"] == {"distance": 5, "units": "esriMiles"}

    def test_a_job_has_the_features_of_its_results_once_it_has_succeeded(self, wire: Any) -> None:
        submitted = wire.post(f"{VIEWSHED}/submitJob", f="json", Input_Observation_Point=POINT).json()
        address = f"{VIEWSHED}/jobs/{submitted['jobId']}"
        before = opened(wire.get(address, f="kmz"))
        assert texts(before, "description") == ["esriJobExecuting"]
        assert texts(before, "Folder/name") == []
        wire.clock.advance(60)
        after = opened(wire.get(address, f="kmz"))
        assert texts(after, "description") == ["esriJobSucceeded"]
        assert texts(after, "Folder/name") == ["Viewshed_Result"]

    def test_a_job_that_is_not_there_is_an_error_in_json(self, wire: Any) -> None:
        assert wire.get(f"{VIEWSHED}/jobs/j1", f="kmz").json()["error"]["code"] == 400

    def test_a_bad_input_that_a_job_failed_on_is_refused(self, open_wire: Any, fresh: Any) -> None:
        from gp_mockserver.builtin.builtin_site import builtin_site

        wire = open_wire(builtin_site(**fresh, bad_input="fail-job"))
        bad = json.dumps({"features": [{"geometry": "nowhere"}]})
        job = finished(wire, VIEWSHED, Input_Observation_Point=bad)
        error = wire.get(f"{job}/inputs/Input_Observation_Point", f="kmz").json()["error"]
        assert "Input_Observation_Point.features[0]" in error["details"][0]


def test_pbf_and_amf_are_refused_on_a_page(wire: Any, job: str) -> None:
    for name in ("pbf", "amf"):
        response = wire.get(f"{job}/results/Viewshed_Result", f=name)
        assert response.status_code == 400
        assert response.headers["content-type"].startswith("text/html")
