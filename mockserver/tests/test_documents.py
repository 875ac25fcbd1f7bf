"""What stands beside the resources: metadata, item information, the data types' schema, help."""

from __future__ import annotations

import json
import struct
import zlib
from typing import Any
from urllib.parse import urlsplit
from xml.etree import ElementTree

import jsonschema
import pytest
from gp_mockserver.builtin.builtin_site import builtin_site
from gp_mockserver.sites import Site
from gp_protocol.descriptions.descriptors import ExecutionType, Parameter, Service, Task

from every_case import every_case

ECHO = "DataTypes/Echo/GPServer/Echo"
ECHO_JOB = "DataTypes/EchoJob/GPServer/Echo"
ODD = "15_Names/OddNames/GPServer"
HOSTILE = "<script>alert('x')</script> & \"quotes\" \x0b"

POINTS = {
    "displayFieldName": "",
    "geometryType": "esriGeometryPoint",
    "hasZ": True,
    "spatialReference": {"wkid": 102100, "latestWkid": 3857},
    "fields": [
        {"name": "OBJECTID", "type": "esriFieldTypeOID", "alias": "OBJECTID"},
        {"name": "Name", "type": "esriFieldTypeString", "alias": "Name", "length": 50},
    ],
    "features": [{"attributes": {"OBJECTID": 1, "Name": "a"}, "geometry": {"x": 1.5, "y": 2, "z": 3}}],
}
CURVES = {
    "geometryType": "esriGeometryPolygon",
    "features": [{"geometry": {"curveRings": [[[0, 0], {"c": [[0, 0], [2, 0]]}]]}}, {"geometry": None}],
}
REAL: dict[str, list[Any]] = {
    "GPBoolean": [True, "false"],
    "GPDouble": [1.5, "-1.2E7"],
    "GPLong": [7, 4_503_599_627_370_495],
    "GPString": ["text", '{"a": 1}', "[1]"],
    "GPStringHidden": ["secret"],
    "GPSQLExpression": ["A > 1"],
    "GPDate": [1772366400000, "2026-03-01T12:00:00"],
    "GPLinearUnit": [{"distance": 5, "units": "esriMiles"}],
    "GPArealUnit": [{"area": 5, "units": "esriAcres"}, "3 SquareKilometers"],
    "GPTimeUnit": [{"time": 5, "units": "esriTimeUnitsDays"}, "3 Months"],
    "GPFeatureRecordSetLayer": [
        POINTS,
        CURVES,
        {"layerDefinition": {"geometryType": "esriGeometryPoint"}, "featureSet": POINTS},
        {"url": "https://example.com/FeatureServer/0", "filter": "A = 1"},
    ],
    "GPRecordSet": [
        {"fields": [{"name": "A", "type": "esriFieldTypeInteger"}], "features": [{"attributes": {"A": 1}}]}
    ],
    "GPRasterData": [{"url": "https://example.com/a.tif", "format": "tif"}],
    "GPRasterDataLayer": [{"url": "https://example.com/ImageServer"}],
    "GPDataFile": [{"url": "https://example.com/a.zip"}],
    "Field": [{"name": "A", "type": "esriFieldTypeDouble", "alias": "a"}],
    "GPValueTable": [[["a", 1.5, 2]]],
    "GPComposite": [5, {"dataType": "GPLinearUnit", "value": {"distance": 1, "units": "esriFeet"}}],
    "GPSpatialReference": [{"wkid": 4326}],
    "GPCoordinateSystem": [{"wkid": 102100, "latestWkid": 3857}],
    "GPExtent": [{"xmin": 0, "ymin": 0, "xmax": 1, "ymax": 1, "spatial_reference": {"wkid": 4326}}],
    "GPEnvelope": [{"xmin": 0, "ymin": 0, "xmax": 1, "ymax": 1}],
}


def sent(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def real_inputs() -> dict[str, str]:
    """A real value for every input of Echo; lists have them all."""
    inputs = {f"In_{name}": sent(values[0]) for name, values in REAL.items()}
    lists = {f"In_GPMultiValue_{name}": sent(values) for name, values in REAL.items()}
    return inputs | lists


class TestJSONSchema:
    @pytest.fixture
    def schema(self, wire: Any) -> Any:
        url = wire.json("DataTypes/Echo/GPServer")["schema"]["json-schema"]["url"]
        assert urlsplit(url).path == (
            f"/{wire.site.context}/rest/directories/arcgisoutput/DataTypes/Echo_GPServer/DataTypes_Echo"
            "/spec/json-schema.json"
        )
        response = wire.http.get(url)
        assert response.headers["content-type"].startswith("application/json")
        return response.json()

    def check(self, schema: Any, result: dict[str, Any]) -> None:
        held = {"$ref": f"#/definitions/{result['dataType']}", "definitions": schema["definitions"]}
        jsonschema.Draft7Validator(held).validate(result["value"])
        if "paramName" in result:
            jsonschema.Draft7Validator(schema).validate(result)

    def test_it_is_of_draft_7(self, schema: Any) -> None:
        jsonschema.Draft7Validator.check_schema(schema)
        assert schema["$schema"] == "http://json-schema.org/draft-07/schema#"

    @pytest.mark.parametrize("options", [{}, {"returnZ": "true", "returnTrueCurves": "true"}])
    def test_every_answer_of_echo_fits_it(self, wire: Any, schema: Any, options: dict[str, str]) -> None:
        whole = wire.post(f"{ECHO}/execute", f="json", **real_inputs(), **options).json()
        jsonschema.Draft7Validator(schema).validate(whole)
        answers = whole["results"]
        assert len(answers) > 40
        for result in answers:
            assert result["value"] not in (None, {}, [], ""), result
            self.check(schema, result)

    @pytest.mark.parametrize(("name", "value"), [(name, each) for name in REAL for each in REAL[name]])
    def test_an_answer_to_each_form_fits_it(self, wire: Any, schema: Any, name: str, value: Any) -> None:
        answer = wire.post(f"{ECHO}/execute", f="json", **{f"In_{name}": sent(value)}).json()
        (result,) = (each for each in answer["results"] if each["paramName"] == f"Out_{name}")
        assert result["value"] is not None
        self.check(schema, result)

    def test_what_was_not_made_fits_it(self, wire: Any, schema: Any) -> None:
        for result in wire.post(f"{ECHO}/execute", f="json").json()["results"]:
            self.check(schema, result)

    def test_feature_collections_and_rows_by_name_fit_it(self, wire: Any, schema: Any) -> None:
        options = {"returnFeatureCollection": "true", "returnColumnName": "true"}
        for result in wire.post(f"{ECHO}/execute", f="json", **real_inputs(), **options).json()["results"]:
            self.check(schema, result)

    def test_inputs_fit_it(self, wire: Any, schema: Any) -> None:
        job = wire.post(f"{ECHO_JOB}/submitJob", f="json", **real_inputs()).json()["jobId"]
        inputs = wire.json(f"{ECHO_JOB}/jobs/{job}/inputs")
        assert len(inputs) > 40
        for each in inputs:
            self.check(schema, each)

    @every_case(("name", "value"), [(name, each) for name in REAL for each in REAL[name]])
    def test_what_clients_send_fits_it(self, schema: Any, name: str, value: Any) -> None:
        if name in ("GPBoolean", "GPDouble", "GPLong") and isinstance(value, str):
            value = json.loads(value)
        self.check(schema, {"dataType": name, "value": value})

    def test_it_came_with_11_1(self, open_wire: Any, fresh: Any) -> None:
        wire = open_wire(builtin_site(**fresh, version="10.91"))
        assert "schema" not in wire.json("DataTypes/Echo/GPServer")
        address = "../directories/arcgisoutput/DataTypes/Echo_GPServer/DataTypes_Echo/spec/json-schema.json"
        assert wire.get(address, f="json").json()["error"]["message"] == "Invalid URL"

    def test_the_address_of_a_pasted_service_is_of_this_server(self, open_wire: Any, fresh: Any) -> None:
        site = Site(**fresh)
        site.add_service(Service("Pasted", schema={"json-schema": {"url": "https://other.example.com/x"}}))
        url = open_wire(site).json("Pasted/GPServer")["schema"]["json-schema"]["url"]
        assert f"/{site.context}/rest/directories/arcgisoutput/Pasted_GPServer/Pasted/spec/" in url


def hostile_site(fresh: Any) -> Site:
    site = Site(**fresh)
    service = site.add_service(Service("Hostile", description=HOSTILE))
    parameter = Parameter("In", "GPString", HOSTILE, HOSTILE)
    service.add_task(Task("Tool", "Tool", HOSTILE, parameters=(parameter,)), lambda call: {})
    return site


class TestMetadata:
    def test_a_task_has_xml_with_its_parameters(self, wire: Any) -> None:
        response = wire.get(f"{ODD}/Extract Data Task/metadata", f="json")
        assert response.headers["content-type"] == "text/xml;charset=utf-8"
        tool = ElementTree.fromstring(response.content).find("tool")
        assert tool is not None
        assert (tool.get("name"), tool.get("displayname")) == ("ExtractDataTask", "Extract Data Task")
        parameters = {each.get("name"): each for each in tool.findall("parameters/param")}
        assert list(parameters) == ["Distance__value_or_field_", "Layers", "Informe_Patrón"]
        layers = parameters["Layers"]
        assert (layers.get("type"), layers.get("direction")) == ("Required", "Input")
        assert layers.findtext("dialogReference") == "The layers to extract."
        assert parameters["Informe_Patrón"].get("direction") == "Output"

    def test_it_came_with_10_9_1(self, open_wire: Any, fresh: Any) -> None:
        wire = open_wire(builtin_site(**fresh, version="10.81"))
        assert wire.error(f"{ECHO}/metadata")["message"] == "Invalid URL"

    def test_a_service_has_xml(self, wire: Any) -> None:
        root = ElementTree.fromstring(wire.get("WorldViewshed/GPServer/info/metadata").content)
        assert root.findtext("dataIdInfo/idCitation/resTitle") == "WorldViewshed"

    def test_hostile_text_is_text(self, open_wire: Any, fresh: Any) -> None:
        wire = open_wire(hostile_site(fresh))
        expected = HOSTILE.replace("\x0b", "�")
        root = ElementTree.fromstring(wire.get("Hostile/GPServer/Tool/metadata").content)
        assert root.findtext("tool/summary") == expected
        parameter = root.find("tool/parameters/param")
        assert parameter is not None
        assert parameter.get("displayname") == expected
        service = ElementTree.fromstring(wire.get("Hostile/GPServer/info/metadata").content)
        assert service.findtext("dataIdInfo/idAbs") == expected

    def test_item_info_is_json(self, wire: Any) -> None:
        info = wire.json("Elevation/ESRI_Elevation_World/GPServer/info/iteminfo")
        assert info["title"] == "ESRI_Elevation_World"
        assert info["snippet"] == "What can be seen from a point."
        assert {"name", "description", "tags", "extent", "spatialReference", "thumbnail"} <= set(info)
        assert {"accessInformation", "licenseInformation", "typeKeywords"} <= set(info)

    def test_the_thumbnail_is_a_small_picture(self, wire: Any) -> None:
        response = wire.get("WorldViewshed/GPServer/info/thumbnail")
        assert response.headers["content-type"] == "image/png"
        assert response.content.startswith(b"\x89PNG\r\n\x1a\n")
        width, height = struct.unpack(">II", response.content[16:24])
        place = response.content.index(b"IDAT")
        (length,) = struct.unpack(">I", response.content[place - 4 : place])
        pixels = zlib.decompress(response.content[place + 4 : place + 4 + length])
        assert len(pixels) == (width + 1) * height
        assert len(set(pixels)) == 4


class TestHelp:
    @pytest.mark.parametrize(
        ("path", "title"),
        [
            ("", "Catalog"),
            ("DataTypes", "Catalog"),
            ("WorldViewshed/GPServer", "GP Service"),
            ("WorldViewshed/GPServer/viewshed", "GP Task"),
            ("WorldViewshed/GPServer/info", "GP Task"),
            ("Nowhere/GPServer/nothing", "GP Task"),
            ("WorldViewshed/GPServer/viewshed/submitJob", "Submit GP Job"),
            ("WorldViewshed/GPServer/viewshed/jobs/j1", "GP Job"),
            ("WorldViewshed/GPServer/viewshed/jobs/j1/cancel", "Cancel GP Job"),
            ("WorldViewshed/GPServer/viewshed/jobs/j1/results/a", "GP Result"),
            ("../info", "Server Info"),
            ("../nowhere", "Catalog"),
        ],
    )
    def test_every_address_has_a_page(self, wire: Any, path: str, title: str) -> None:
        response = wire.get(path, f="help")
        assert response.status_code == 200
        assert response.headers["content-type"] == "text/html;charset=utf-8"
        assert f"<title>{title}</title>" in response.text

    def test_it_runs_nothing(self, wire: Any) -> None:
        wire.post("WorldViewshed/GPServer/viewshed/submitJob?f=help", Input_Observation_Point="{}")
        assert len(wire.site.store) == 0

    def test_it_says_methods_formats_and_parameters_of_the_version(self, open_wire: Any, fresh: Any) -> None:
        new = open_wire(builtin_site(**fresh)).get(f"{ECHO}/execute", f="help").text
        assert "html, json, pjson, geojson, kmz" in new
        assert "GET, POST, HEAD" in new
        assert "returnTrueCurves" in new or "Return True Curves" in new
        assert "In_GPTimeUnit" in new or "In GPTime Unit" in new
        old = open_wire(builtin_site(context="old" + fresh["context"], clock=fresh["clock"], version="10.1"))
        page = old.get(f"{ECHO}/execute", f="help").text
        assert "html, json, pjson, kmz" in page
        assert "simplifyFeatures" not in page
        assert "Simplify Features" not in page

    @pytest.mark.parametrize("verb", ["submitJob", "execute"])
    def test_only_what_works_and_what_the_task_declares_is_a_parameter(
        self, open_wire: Any, fresh: Any, verb: str
    ) -> None:
        name = "esri_out_feature_service_name"
        site = Site(**fresh)
        synchronous = verb == "execute"
        kind = ExecutionType.SYNCHRONOUS if synchronous else ExecutionType.ASYNCHRONOUS
        service = site.add_service(Service("Tools", execution_type=kind))
        service.add_task(Task("Plain", "Plain", execution_type=kind))
        service.add_task(
            Task("Named", "Named", execution_type=kind, parameters=(Parameter(name, "GPString"),))
        )
        wire = open_wire(site)
        plain, named = (
            wire.get(f"Tools/GPServer/{task}/{verb}", f="help").text for task in ("Plain", "Named")
        )
        assert name not in plain
        assert name in named
        assert (f"{name}: the name of a feature service" in named) is not synchronous
        for page in (plain, named):
            assert "returnTrueCurves" in page
            assert "esri_out_image_service" not in page

    def test_nothing_is_said_of_a_secured_task(self, wire: Any) -> None:
        wire.site.services["DataTypes/Echo"].access = frozenset({"tester"})
        page = wire.get(f"{ECHO}/execute", f="help").text
        assert "Execute GP Task" in page
        assert "GPTimeUnit" not in page

    def test_a_tasks_help_url_leads_to_a_page(self, wire: Any) -> None:
        url = wire.json(f"{ODD}/Extract Data Task")["helpUrl"]
        response = wire.http.get(url)
        assert response.status_code == 200
        assert "<title>Extract Data Task</title>" in response.text
        assert "The layers to extract." in response.text

    def test_a_page_that_is_not_there_is_an_error(self, wire: Any) -> None:
        url = wire.json(f"{ODD}/Extract Data Task")["helpUrl"]
        response = wire.http.get(url.replace("ExtractDataTask", "ExtractDataTusk"))
        assert response.status_code == 404
        assert "ExtractDataTask" in response.text

    def test_hostile_text_is_text(self, open_wire: Any, fresh: Any) -> None:
        wire = open_wire(hostile_site(fresh))
        task_help = wire.http.get(wire.json("Hostile/GPServer/Tool")["helpUrl"])
        for response in (task_help, wire.get("Hostile/GPServer/Tool", f="help")):
            assert response.status_code == 200
            assert "<script>" not in response.text
            assert "&lt;script&gt;" in response.text
