"""What real servers answer though it looks odd, version by version, passes; each body is made up after what
was recorded or documented."""

from __future__ import annotations

import json
from typing import Any

import pytest
from gpharness.checking.bodies import check_body

ID = "j0c5b1f0e9d7a4c3286e1f5a4b3c2d190"
INFO = "esriJobMessageTypeInformative"
STARTED = [{"type": INFO, "description": "Submitted."}, {"type": INFO, "description": "Executing..."}]
POINTS = {
    "displayFieldName": "",
    "geometryType": "esriGeometryPoint",
    "spatialReference": {"wkid": 102100, "latestWkid": 3857},
    "fields": [{"name": "OBJECTID", "type": "esriFieldTypeOID", "alias": "OBJECTID"}],
    "features": [{"attributes": {"OBJECTID": 1}, "geometry": {"x": 1.5, "y": 2}}],
    "exceededTransferLimit": False,
}
OLD_DEFAULT = {
    "geometryType": "esriGeometryPoint",
    "spatialReference": {"wkid": 4326},
    "Fields": [{"name": "SHAPE", "type": "esriFieldTypeGeometry", "alias": "SHAPE"}],
    "fields": [{"name": "SHAPE", "type": "esriFieldTypeGeometry", "alias": "SHAPE"}],
}


def job(**members: Any) -> dict[str, Any]:
    return {"jobId": ID, "jobStatus": "esriJobExecuting", "messages": [], **members}


def result(data_type: str, value: Any) -> dict[str, Any]:
    return {"paramName": "Out", "dataType": data_type, "value": value}


def features(**members: Any) -> dict[str, Any]:
    return result("GPFeatureRecordSetLayer", {**POINTS, **members})


def error(**members: Any) -> dict[str, Any]:
    return {"error": {"code": 400, "message": "Unable to complete operation.", "details": [], **members}}


def parameter(name: str, data_type: str, default: Any, **members: Any) -> dict[str, Any]:
    return {
        "name": name,
        "dataType": data_type,
        "displayName": name,
        "direction": "esriGPParameterDirectionInput",
        "defaultValue": default,
        "parameterType": "esriGPParameterTypeRequired",
        "category": "",
        **members,
    }


def task(*parameters: dict[str, Any], **members: Any) -> dict[str, Any]:
    return {
        "name": "Tool",
        "displayName": "A Tool",
        "category": "",
        "helpUrl": "http://sampleserver1b/arcgisoutput/Folder_Tools/A Tool.htm",
        "parameters": list(parameters),
        **members,
    }


def described(name: str, data_type: str, default: Any, **members: Any) -> dict[str, Any]:
    return parameter(name, data_type, default, description="", **members)


OUTPUT = {
    "direction": "esriGPParameterDirectionOutput",
    "parameterType": "esriGPParameterTypeDerived",
}
REQUIRED_OUTPUT = {"direction": "esriGPParameterDirectionOutput"}

LEGAL: dict[str, tuple[str, Any]] = {
    "service of 9.3": (
        "service",
        {
            "serviceDescription": "",
            "tasks": ["Viewshed"],
            "executionType": "esriExecutionTypeSynchronous",
            "resultMapServerName": "",
        },
    ),
    "service of 10.91": (
        "service",
        {
            "currentVersion": 10.91,
            "cimVersion": "2.9.0",
            "serviceDescription": "",
            "tasks": ["911 Calls Hotspot"],
            "executionType": "esriExecutionTypeAsynchronous",
            "resultMapServerName": "TFM/AfectadosPoblacion",
            "maximumRecords": 1000,
            "capabilities": "",
        },
    ),
    "task of 9.3, without its execution type": ("task", task(parameter("In", "GPLong", 5))),
    "task of 10.0, with empty choices everywhere": (
        "task",
        task(
            parameter("In", "GPFeatureRecordSetLayer", OLD_DEFAULT, choiceList=[]),
            parameter("Unit", "GPLinearUnit", {"distance": 8.5, "units": "esriMiles"}, choiceList=[]),
            parameter("Out", "GPRecordSet", {}, choiceList=[], **OUTPUT),
            executionType="esriExecutionTypeSynchronous",
        ),
    ),
    "task of 12.0, with its keys in any order": (
        "task",
        {
            "displayName": "Upload",
            "executionType": "esriExecutionTypeAsynchronous",
            "name": "UploadFeatureClassToGDB",
            "description": "",
            "helpUrl": "https://gis.example.gov/a/Upload_GPServer/Upload/Upload.htm",
            "category": "",
            "parameters": [
                described("Target", "GPFeatureRecordSetLayer", {}),
                described("Done", "GPBoolean", None, **OUTPUT),
                described("File", "GPDataFile", None, **REQUIRED_OUTPUT),
                described("Table", "GPRecordSet", {"fields": [], "features": []}, **REQUIRED_OUTPUT),
                described(
                    "Layers",
                    "GPMultiValue:GPString",
                    ["a", "b"],
                    choiceList=["a", "b"],
                    filter={
                        "type": "codedValue",
                        "list": [{"dataType": "GPString", "name": "a", "value": "a"}],
                    },
                ),
                described(
                    "Ranged", "GPDouble", "", filter={"type": "range", "minimum": -1.23456789e7, "maximum": 1}
                ),
                described(
                    "Rows",
                    "GPValueTable",
                    [],
                    parameterInfos=[{"name": "", "dataType": "GPString", "displayName": ""}],
                ),
                described("esri_out_feature_service_name", "GPString", ""),
            ],
        },
    ),
    "default without fields, by wkt, and one without a wkid": (
        "task",
        task(
            described(
                "In",
                "GPFeatureRecordSetLayer",
                {
                    "displayFieldName": "",
                    "hasZ": True,
                    "spatialReference": {"wkt": "PROJCS[…]"},
                    "features": [],
                },
            ),
            described("More", "GPFeatureRecordSetLayer", {"spatialReference": {"wkid": None}}),
            described("Layer", "GPString", "Roads", choiceList=["Roads", "Rivers"]),
            description="",
        ),
    ),
    "a data type of tomorrow": (
        "task",
        task(described("In", "GPHologram", None), description=""),
    ),
    "notebook task": ("task", task(described("In", "GPLong", 1), description="", itemId="0" * 32)),
    "answer to submit, two keys": ("submit", {"jobId": ID, "jobStatus": "esriJobSubmitted"}),
    "answer to submit of ArcGIS Online": (
        "submit",
        {"jobId": ID[1:], "jobStatus": "esriJobNew", "results": {}, "inputs": {}, "messages": []},
    ),
    "answer to submit without a status": ("submit", {"jobId": "1d2f3a4b5c6d7e8f_et"}),
    "executing, with what the server says": ("job", job(messages=STARTED)),
    "executing, with its progress": (
        "job",
        job(progress={"type": "step", "message": "Half", "percent": 50.0}),
    ),
    "succeeded with nothing but results": (
        "job",
        {"jobId": ID, "jobStatus": "esriJobSucceeded", "results": {"Out": {"paramUrl": "results/Out"}}},
    ),
    "succeeded, inputs first, no messages": (
        "job",
        {
            "jobId": ID,
            "jobStatus": "esriJobSucceeded",
            "inputs": {"In": {"paramUrl": "inputs/In"}},
            "results": {"Informe_Patrón": {"paramUrl": "results/Informe_Patr%C3%B3n"}},
            "messages": [],
        },
    ),
    "succeeded, the address in another spelling": (
        "job",
        job(jobStatus="esriJobSucceeded", results={"Hotspot_Raster": {"paramUrl": "results/hotspot_raster"}}),
    ),
    "succeeded without outputs": ("job", job(jobStatus="esriJobSucceeded", results={})),
    "a warning that is JSON, an error that is JSON": (
        "job",
        job(
            messages=[
                {"type": "esriJobMessageTypeWarning", "description": '{"cost": 1}'},
                {"type": "esriJobMessageTypeError", "description": '{"messageCode":"AO_1","message":"No."}'},
                {"type": "esriJobMessageTypeProcessStart", "description": ""},
            ],
            jobStatus="esriJobFailed",
        ),
    ),
    "failed, the shortest": (
        "job",
        job(
            jobStatus="esriJobFailed",
            messages=[*STARTED, {"type": "esriJobMessageTypeError", "description": "Failed."}],
        ),
    ),
    "expected failure of a notebook": ("job", job(jobStatus="expectedFailure")),
    "cancelled at once": ("cancel", {"jobId": ID, "jobStatus": "esriJobCancelled"}),
    "text that is an array": ("result", result("GPString", [{"layoutTemplate": "A4"}])),
    "text that is an object": ("result", result("GPString", {"status": "success", "code": 3})),
    "text of several objects": ("result", result("GPString", '{"a":1};{"b":2}')),
    "number of 17 digits": ("result", result("GPDouble", 85768.567850000007)),
    "number of the other style": ("result", result("GPDouble", -1.5e-05)),
    "whole number as a double": ("result", result("GPDouble", 5)),
    "large whole number": ("result", result("GPLong", 4503599627370495)),
    "date before 1970": ("result", result("GPDate", -315619200000)),
    "unit": ("result", result("GPLinearUnit", {"distance": 5.0, "units": "esriUnknownUnits"})),
    "nothing made": ("result", result("GPLong", None)),
    "no features made": ("result", result("GPFeatureRecordSetLayer", {})),
    "no elements": ("result", result("GPMultiValue:GPString", [])),
    "over the limit": ("result", features(features=[], exceededTransferLimit=True)),
    "layer": ("result", result("GPFeatureRecordSetLayer", {"url": "https://a.example/FeatureServer/0"})),
    "picture": (
        "result",
        result(
            "GPFeatureRecordSetLayer",
            {"mapImage": {"href": "https://a.example/1.png", "width": 400, "height": 300, "scale": 1.5}},
        ),
    ),
    "image service": (
        "result",
        result("GPRasterDataLayer", {"url": "https://a.example/ImageServer", "type": "ImageService"}),
    ),
    "file, with a dot segment": (
        "result",
        result(
            "GPDataFile", {"url": "http://10.0.0.1:6080/arcgis/rest/directories/arcgisoutput/./_ags_1.png"}
        ),
    ),
    "file on the server's disk": ("result", result("GPDataFile", {"url": "\\\\server\\share\\out.zip"})),
    "both ids the same": ("result", features(spatialReference={"wkid": 102100, "latestWkid": 102100})),
    "wkt alone": ("result", features(spatialReference={"wkt": "PROJCS[…]"})),
    "spatial reference of the geometry alone": (
        "result",
        result(
            "GPFeatureRecordSetLayer",
            {
                "geometryType": "esriGeometryPoint",
                "features": [{"geometry": {"x": 1, "y": 2, "spatialReference": {"wkid": 4326}}}],
            },
        ),
    ),
    "points with z and m": (
        "result",
        features(
            hasZ=True,
            hasM=True,
            features=[{"attributes": {"OBJECTID": 1}, "geometry": {"x": 1, "y": 2, "z": 3, "m": None}}],
        ),
    ),
    "lines with m as the third ordinate": (
        "result",
        features(
            hasM=True,
            geometryType="esriGeometryPolyline",
            features=[
                {"attributes": {"OBJECTID": 1}, "geometry": {"hasM": True, "paths": [[[1, 2, 3], [4, 5, 6]]]}}
            ],
        ),
    ),
    "lines that say hasZ themselves": (
        "result",
        features(
            geometryType="esriGeometryPolyline",
            features=[{"attributes": {"OBJECTID": 1}, "geometry": {"hasZ": True, "paths": [[[1, 2, 3]]]}}],
        ),
    ),
    "empty geometries": (
        "result",
        features(
            features=[
                {"attributes": {"OBJECTID": 1}, "geometry": None},
                {"attributes": {"OBJECTID": 2}, "geometry": {"x": "NaN"}},
                {"attributes": {"OBJECTID": 3}, "geometry": {"x": None}},
                {"attributes": {"OBJECTID": 4}},
            ]
        ),
    ),
    "date field with a length": (
        "result",
        features(
            fields=[
                {"name": "OBJECTID", "type": "esriFieldTypeOID", "alias": "OBJECTID"},
                {"name": "When", "type": "esriFieldTypeDate", "alias": "When", "length": 8},
                {"name": "Day", "type": "esriFieldTypeDateOnly", "alias": "Day"},
                {"name": "Big", "type": "esriFieldTypeBigInteger", "alias": "Big"},
                {"name": "SHAPE", "type": "esriFieldTypeGeometry", "alias": "SHAPE"},
            ],
            features=[
                {
                    "attributes": {"OBJECTID": 1, "When": 0, "Day": "2026-01-31", "Big": 2**50},
                    "geometry": {"x": 1, "y": 2},
                }
            ],
        ),
    ),
    "aliases beside the display field": ("result", features(fieldAliases={"OBJECTID": "OBJECTID"})),
    "records without fields": (
        "result",
        result("GPRecordSet", {"features": [{"attributes": {"a": 1}}], "exceededTransferLimit": False}),
    ),
    "feature collection": (
        "result",
        result(
            "GPFeatureRecordSetLayer",
            {
                "layerDefinition": {"geometryType": "esriGeometryPoint", "fields": POINTS["fields"]},
                "featureSet": {key: POINTS[key] for key in ("features", "spatialReference")},
            },
        ),
    ),
    "extent": (
        "result",
        result(
            "GPExtent",
            {"xmin": 0, "ymin": 0, "xmax": 1, "ymax": 1, "spatial_reference": {"wkid": 4326}},
        ),
    ),
    "composite elements": (
        "result",
        result("GPMultiValue:GPComposite", [{"dataType": "GPLong", "value": 5}, None]),
    ),
    "a result of tomorrow": ("result", result("GPHologram", {"beams": 3})),
    "input as it was sent": (
        "input",
        result("GPFeatureRecordSetLayer", {"url": "https://a.example/FeatureServer/0", "filter": "a=1"}),
    ),
    "predefined layer as an input": ("input", result("GPFeatureRecordSetLayer", "Roads")),
    "uploaded file as an input": ("input", result("GPDataFile", {"itemID": "i0c5b1f0e"})),
    "execute": ("execute", {"results": [features()], "messages": STARTED}),
    "no results": ("results", []),
    "error with a blank at its end": ("service", error(code=404, message="Service A/GPServer not found ")),
    "error of 10.0": ("task", error(message="Unable to complete  operation.")),
    "error without details": ("job", {"error": {"code": 499, "message": "Token Required", "details": None}}),
    "error of ArcGIS Online": ("job", error(code=499, messageCode="GWM_0003", details=["Token Required"])),
    "error with an HRESULT": ("execute", error(extendedCode=-2147467259)),
    "error with a stray character": ("execute", error(details=["Error executing tool. 敲 Job ID: j1"])),
    "no token without a client": ("token", error(code=201, message="'client' must be specified.")),
    "token of a portal": ("token", {"token": "abc..", "expires": 1_678_181_829_000, "ssl": True}),
    "upload": (
        "upload",
        {
            "success": True,
            "item": {
                "itemID": "i0c5b1f0e",
                "itemName": "a.zip",
                "description": None,
                "date": 1_678_181_829_000,
                "committed": True,
            },
        },
    ),
    "upload refused": ("upload", {"success": False, "message": "The type is not allowed."}),
    "limits of uploads": ("upload", {"maxUploadFileSize": 2000}),
    "open server": ("info", {"currentVersion": 10.5, "authInfo": {"isTokenBasedSecurity": False}}),
    "info with nulls": (
        "info",
        {"currentVersion": 11.1, "fullVersion": "11.1.0", "secureSoapUrl": None, "authInfo": {}},
    ),
    "catalogue of 9.3": ("catalogue", {"folders": [], "services": [{"name": "A/B", "type": "GPServer"}]}),
}


@pytest.mark.parametrize("name", LEGAL)
def test_what_real_servers_answer_passes(name: str) -> None:
    kind, value = LEGAL[name]
    for body in (json.dumps(value).encode(), json.dumps(value, indent=1).replace('":', '" :').encode()):
        for asked in ({}, {"f": "json"}):
            failing = [
                each for each in check_body(body, kind, asked=asked).findings if each.severity != "note"
            ]
            assert not failing
        if kind != "input" or "value" not in value:
            assert not [each for each in check_body(body, "auto").findings if each.severity != "note"]


def test_a_callback_that_was_asked_for_is_no_fault() -> None:
    body = b'dojo.io.script.jsonp_1._jsonpCallback({"jobId":"j1","jobStatus":"esriJobNew"});'
    asked = {"f": "json", "callback": "dojo.io.script.jsonp_1._jsonpCallback"}
    assert not check_body(body, "submit", asked=asked).findings
    (found,) = check_body(body, "submit").findings
    assert found.name == "format.not-strict-json"


def test_the_text_of_a_python_dictionary_is_found_where_it_stands() -> None:
    body = b"""{"results":[{"paramName":"Out","dataType":"GPString","value":{'a': True}}],"messages":[]}"""
    (found,) = check_body(body, "execute").findings
    assert (found.name, found.path) == ("format.not-json", "results[0].value")


@pytest.mark.parametrize(
    "body",
    [
        b"\xef\xbb\xbf{}",
        '{"jobId":"j1"}'.encode("utf-16"),
        b'{"jobId":"j1","x":"\xe9"}',
        b'{"jobId":"j1","x":"\\ud800"}',
        b'{"jobId":"j1","x":"a\nb"}',
    ],
)
def test_what_is_only_packed_wrongly_is_read_all_the_same(body: bytes) -> None:
    checked = check_body(body, "submit")
    assert checked.findings[0].name == "format.not-strict-json"
    assert isinstance(checked.value, dict)


def test_bytes_of_the_charset_that_the_label_says_are_no_fault_of_the_body() -> None:
    body = '{"jobId":"j1","jobStatus":"esriJobNew","x":"é"}'.encode("latin-1")
    labelled = check_body(body, "submit", headers=[("Content-Type", "application/json; charset=ISO-8859-1")])
    assert not labelled.findings
    assert labelled.value["x"] == "é"


@pytest.mark.parametrize(("version", "found"), [(None, []), ("10.0", []), ("10.91", ["descriptor.members"])])
def test_what_came_with_a_version_is_missed_only_there(version: str | None, found: list[str]) -> None:
    body = json.dumps(task(parameter("In", "GPLong", 5))).encode()
    names = {each.name for each in check_body(body, "task", version=version).findings}
    assert names == set(found)


def test_an_error_that_is_null_is_found_in_an_answer_that_is_taken_for_what_it_is() -> None:
    body = b'{"jobId":"j1","jobStatus":"esriJobNew","error":null}'
    checked = check_body(body, "auto")
    assert (checked.kind, [each.name for each in checked.findings]) == ("submit", ["envelope.members"])


def test_formats_that_are_no_json_are_not_looked_at() -> None:
    assert not check_body(b"PK\x03\x04", "result", asked={"f": "kmz"}).findings
    error_body = b'{"error":{"code":498,"message":"Invalid token.","details":[]}}'
    assert check_body(error_body, "result", asked={"f": "pbf"}).kind == "error"


def test_a_kind_that_there_is_not_is_refused_with_the_nearest() -> None:
    with pytest.raises(ValueError, match='did you mean "submit"'):
        check_body(b"{}", "sumbit")
