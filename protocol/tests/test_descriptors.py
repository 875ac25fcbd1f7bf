"""A descriptor of any version is read whatever it lacks, and written key for key as its version sends it."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from gp_protocol.descriptions.descriptors import (
    Direction,
    ExecutionType,
    Parameter,
    ParameterType,
    Service,
    Task,
    help_url,
    parameter_json,
    parameter_name,
    parse_parameter,
    parse_service,
    parse_task,
    service_json,
    task_json,
)
from gp_protocol.errors import RemoteProtocolError
from gp_protocol.versions import profile
from hypothesis import given
from hypothesis import strategies as st

from every_case import every_case

INPUT, OUTPUT = "esriGPParameterDirectionInput", "esriGPParameterDirectionOutput"
REQUIRED, OPTIONAL, DERIVED = (f"esriGPParameterType{word}" for word in ("Required", "Optional", "Derived"))
SYNCHRONOUS, ASYNCHRONOUS = "esriExecutionTypeSynchronous", "esriExecutionTypeAsynchronous"

OBJECT_ID = {"name": "OBJECTID", "type": "esriFieldTypeOID", "alias": "OBJECTID"}
SHAPE = {"name": "Shape", "type": "esriFieldTypeGeometry", "alias": "Shape"}

SERVICE_9_3 = {
    "serviceDescription": "Drive times",
    "tasks": ["Create Drive Time Polygons"],
    "executionType": SYNCHRONOUS,
    "resultMapServerName": "",
}
SERVICE_10_91 = {
    "currentVersion": 10.91,
    "cimVersion": "2.9.0",
    "serviceDescription": "Finds what can be seen.",
    "tasks": ["viewshed", "911 Calls Hotspot"],
    "executionType": ASYNCHRONOUS,
    "resultMapServerName": "15_Names/Viewshed",
    "maximumRecords": 1000,
    "capabilities": "Uploads",
}
SERVICE_11_4 = {
    "currentVersion": 11.4,
    "cimVersion": "3.1.0",
    "serviceDescription": "",
    "tasks": ["Buffer Points"],
    "executionType": SYNCHRONOUS,
    "resultMapServerName": "",
    "maximumRecords": 2000,
    "capabilities": "",
    "schema": {"json-schema": {"url": "https://gis.example.com/server/rest/spec/json-schema.json"}},
    "webEncryption": {"kept": [1, None]},
}
SERVICE_ARCMAP = {k: v for k, v in SERVICE_10_91.items() if k != "cimVersion"} | {"currentVersion": 10.51}
SERVICE_NOTEBOOK = SERVICE_11_4 | {"tasks": ["main"], "executionType": ASYNCHRONOUS}

TASK_9_3 = {
    "name": "CreateDriveTimePolygons",
    "displayName": "Create Drive Time Polygons",
    "category": "",
    "helpUrl": "http://gis.example.com/arcgisoutput/DriveTime/CreateDriveTimePolygons.htm",
    "parameters": [],
}
TASK_10_0 = {
    "name": "CreateDriveTimePolygons",
    "displayName": "CreateDriveTimePolygons",
    "category": "",
    "helpUrl": "http://node1b.example.com/arcgisoutput/Network_DriveTime/CreateDriveTimePolygons.htm",
    "executionType": SYNCHRONOUS,
    "parameters": [
        {
            "name": "Input_Location",
            "dataType": "GPFeatureRecordSetLayer",
            "displayName": "Input Location",
            "direction": INPUT,
            "defaultValue": {
                "geometryType": "esriGeometryPoint",
                "spatialReference": {"wkid": 54010},
                "Fields": [OBJECT_ID, SHAPE],
                "fields": [OBJECT_ID, SHAPE],
            },
            "parameterType": REQUIRED,
            "category": "",
            "choiceList": [],
        },
        {
            "name": "Mode",
            "dataType": "GPString",
            "displayName": "Mode",
            "direction": INPUT,
            "defaultValue": "car",
            "parameterType": OPTIONAL,
            "category": "",
            "choiceList": ["car", "foot"],
        },
        {
            "name": "Times",
            "dataType": "GPRecordSet",
            "displayName": "Times",
            "direction": OUTPUT,
            "defaultValue": {},
            "parameterType": DERIVED,
            "category": "",
            "choiceList": [],
        },
    ],
}
TASK_10_31 = {
    "name": "AnalisisEspacial02",
    "displayName": "Analisis_Espacial",
    "description": "",
    "category": "",
    "helpUrl": "https://gis.example.com/server/rest/directories/arcgisoutput/A_GPServer/A/AnalisisEspacial02.htm",
    "executionType": ASYNCHRONOUS,
    "parameters": [
        {
            "name": "Input_Ánalisis_de_Morans_I",
            "dataType": "GPFeatureRecordSetLayer",
            "displayName": "Input Ánalisis de Morans I",
            "description": "Puntos",
            "direction": INPUT,
            "defaultValue": {
                "displayFieldName": "",
                "hasZ": True,
                "geometryType": "esriGeometryPoint",
                "spatialReference": {"wkid": 4326, "latestWkid": 4326},
                "fields": [{"name": "Fecha", "type": "esriFieldTypeDate", "alias": "Fecha", "length": 8}],
                "features": [],
                "exceededTransferLimit": False,
            },
            "parameterType": REQUIRED,
            "category": "",
        },
        {
            "name": "Distance__value_or_field_",
            "dataType": "GPString",
            "displayName": "Distance [value or field]",
            "description": "",
            "direction": INPUT,
            "defaultValue": "100 Meters",
            "parameterType": OPTIONAL,
            "category": "Advanced",
        },
        {
            "name": "Layers:Used",
            "dataType": "GPMultiValue:GPString",
            "displayName": "Layers: Used",
            "description": "",
            "direction": INPUT,
            "defaultValue": ["roads", "rivers"],
            "parameterType": REQUIRED,
            "category": "",
            "choiceList": ["roads", "rivers"],
        },
        {
            "name": "Informe_Patrón",
            "dataType": "GPDataFile",
            "displayName": "Informe Patrón",
            "description": "",
            "direction": OUTPUT,
            "defaultValue": None,
            "parameterType": REQUIRED,
            "category": "",
        },
    ],
}
TASK_10_91 = {
    "name": "ExtractDataTask",
    "displayName": "Extract Data Task",
    "description": "Packs layers.",
    "category": "",
    "helpUrl": "https://gis.example.com/arcgis/rest/directories/arcgisoutput/E_GPServer/E/ExtractDataTask.htm",
    "executionType": ASYNCHRONOUS,
    "parameters": [
        {
            "name": "Cell_Size",
            "dataType": "GPDouble",
            "displayName": "Cell Size",
            "description": "In meters",
            "direction": INPUT,
            "defaultValue": 85768.567850000007,
            "parameterType": OPTIONAL,
            "category": "",
            "filter": {"type": "range", "minimum": -1.23456789e7, "maximum": 100},
        },
        {
            "name": "Area",
            "dataType": "GPFeatureRecordSetLayer",
            "displayName": "Area",
            "description": "",
            "direction": INPUT,
            "defaultValue": {},
            "parameterType": REQUIRED,
            "category": "",
            "filter": {"type": "featureClass", "list": ["esriGeometryPolygon"]},
        },
        {
            "name": "Key",
            "dataType": "Field",
            "displayName": "Key",
            "description": "",
            "direction": INPUT,
            "defaultValue": None,
            "parameterType": OPTIONAL,
            "category": "",
            "filter": {"type": "field", "list": ["esriFieldTypeString"]},
            "dependency": "Area",
        },
        {
            "name": "esri_out_feature_service_name",
            "dataType": "GPString",
            "displayName": "Output Feature Service Name",
            "description": "",
            "direction": INPUT,
            "defaultValue": "",
            "parameterType": OPTIONAL,
            "category": "",
        },
    ],
    "unheardOf": {"a": [1, 2]},
}
TASK_11_3 = {
    "name": "Rank",
    "displayName": "42 Ranks",
    "description": "",
    "category": "",
    "helpUrl": "",
    "executionType": SYNCHRONOUS,
    "parameters": [
        {
            "name": "Rows",
            "dataType": "GPValueTable",
            "displayName": "Rows",
            "description": "",
            "direction": INPUT,
            "defaultValue": [["A", 1.5]],
            "parameterType": REQUIRED,
            "category": "",
            "parameterInfos": [
                {"name": "Field", "dataType": "GPString", "displayName": "Field", "choiceList": ["A", "B"]},
                {
                    "name": "Weight",
                    "dataType": "GPDouble",
                    "displayName": "Weight",
                    "filter": {"type": "range", "minimum": 0, "maximum": 10},
                },
            ],
            "unheardOf": None,
        },
        {
            "name": "Limits",
            "dataType": "GPMultiValue:GPComposite",
            "displayName": "Limits",
            "description": "",
            "direction": INPUT,
            "defaultValue": [],
            "parameterType": OPTIONAL,
            "category": "",
            "parameterInfos": [
                {
                    "name": "",
                    "dataType": "GPComposite",
                    "displayName": "",
                    "parameterInfos": [
                        {"name": "", "dataType": "GPLinearUnit", "displayName": ""},
                        {"name": "", "dataType": "GPLong", "displayName": "", "unheardOf": 1},
                    ],
                }
            ],
        },
    ],
}
TASK_12_0 = {
    "displayName": "Upload",
    "executionType": ASYNCHRONOUS,
    "name": "UploadFeatureClassToGDB",
    "description": "",
    "helpUrl": "https://gis.example.com/server/rest/directories/arcgisoutput/U_GPServer/U/Upload.htm",
    "category": "",
    "parameters": [
        {
            "parameterType": REQUIRED,
            "name": "Target_Features",
            "displayName": "Target Features (Layer)",
            "description": "",
            "dataType": "GPFeatureRecordSetLayer",
            "direction": INPUT,
            "category": "",
            "defaultValue": {},
            "filter": {
                "type": "codedValue",
                "list": [
                    {
                        "dataType": "GPFeatureRecordSetLayer",
                        "name": "Roads",
                        "value": {
                            "url": "https://gis.example.com/server/rest/services/Roads/FeatureServer/0"
                        },
                    }
                ],
            },
        },
        {
            "parameterType": OPTIONAL,
            "name": "Tolerance",
            "displayName": "Tolerance",
            "description": "",
            "dataType": "GPComposite",
            "direction": INPUT,
            "category": "",
            "defaultValue": None,
            "filter": {"type": "composite", "list": [{"type": "range", "minimum": 0, "maximum": 1}, None]},
        },
        {
            "parameterType": DERIVED,
            "name": "Succeeded",
            "displayName": "Succeeded",
            "description": "",
            "dataType": "GPBoolean",
            "direction": OUTPUT,
            "category": "",
            "defaultValue": None,
        },
    ],
}
TASK_NOTEBOOK = {
    "name": "main",
    "displayName": "main",
    "description": "",
    "category": "",
    "itemId": "0123456789abcdef0123456789abcdef",
    "helpUrl": "",
    "executionType": ASYNCHRONOUS,
    "parameters": [],
}


@every_case(
    ("version", "answer"),
    [
        ("9.3", SERVICE_9_3),
        ("10.0", SERVICE_9_3),
        ("10.51", SERVICE_ARCMAP),
        ("10.91", SERVICE_10_91),
        ("11.4", SERVICE_11_4),
        ("notebook", SERVICE_NOTEBOOK),
        ("agol-hosted", SERVICE_11_4),
    ],
)
def test_a_service_read_from_a_server_is_written_the_same_for_its_version(
    version: str, answer: dict[str, Any]
) -> None:
    assert service_json(parse_service(answer, "S"), profile(version)) == answer


@every_case(
    ("version", "answer"),
    [
        ("9.3", TASK_9_3),
        ("10.0", TASK_10_0),
        ("10.31", TASK_10_31),
        ("10.91", TASK_10_91),
        ("11.3", TASK_11_3),
        ("11.5", TASK_10_31),
        ("12.0", TASK_12_0),
        ("notebook", TASK_NOTEBOOK),
    ],
)
def test_a_task_read_from_a_server_is_written_the_same_for_its_version(
    version: str, answer: dict[str, Any]
) -> None:
    written = task_json(parse_task(answer), profile(version))
    assert written == answer
    assert json.loads(json.dumps(written)) == answer


SERVICE_KEYS = "serviceDescription tasks executionType resultMapServerName"


@every_case(
    ("version", "keys"),
    [
        ("9.3", SERVICE_KEYS),
        ("10.1", f"currentVersion {SERVICE_KEYS} maximumRecords capabilities"),
        ("10.91", f"currentVersion cimVersion {SERVICE_KEYS} maximumRecords capabilities"),
        ("11.1", f"currentVersion cimVersion {SERVICE_KEYS} maximumRecords capabilities schema"),
    ],
)
def test_a_service_has_the_keys_of_its_version_in_order(version: str, keys: str) -> None:
    service = Service("Folder/S", cim_version="3.1.0", extras={"later": 1})
    written = service_json(service, profile(version), "https://h/spec.json", task_labels=["A b"])
    assert list(written) == [*keys.split(), "later"]
    assert written["tasks"] == ["A b"]


def test_a_service_calls_itself_by_the_version_it_is_served_under() -> None:
    service = parse_service(SERVICE_10_91, "S")
    assert service_json(service, profile("11.1"))["currentVersion"] == 11.1
    schema = service_json(service, profile("11.1"), "https://h/spec.json")["schema"]
    assert schema == {"json-schema": {"url": "https://h/spec.json"}}


@every_case(
    ("version", "keys"),
    [
        ("9.3", "name displayName category helpUrl parameters"),
        ("10.0", "name displayName category helpUrl executionType parameters"),
        ("10.1", "name displayName category helpUrl executionType parameters"),
        ("10.51", "name displayName description category helpUrl executionType parameters"),
        ("12.0", "name displayName description category helpUrl executionType parameters"),
        ("notebook", "name displayName description category itemId helpUrl executionType parameters"),
    ],
)
def test_a_task_has_the_keys_of_its_version_in_order(version: str, keys: str) -> None:
    task = Task("Clip", item_id="0123456789abcdef0123456789abcdef", extras={"later": 1})
    assert list(task_json(task, profile(version))) == [*keys.split(), "later"]


EARLY_KEYS = "name dataType displayName direction defaultValue parameterType category"
PARAMETER_KEYS = "name dataType displayName description direction defaultValue parameterType category"


@every_case(
    ("version", "keys"),
    [
        ("10.0", f"{EARLY_KEYS} choiceList dependency"),
        ("10.1", f"{EARLY_KEYS} dependency"),
        ("10.51", f"{PARAMETER_KEYS} dependency"),
        ("10.91", f"{PARAMETER_KEYS} filter dependency"),
        ("11.1", f"{PARAMETER_KEYS} filter dependency parameterInfos"),
    ],
)
def test_a_parameter_has_the_keys_of_its_version_in_order(version: str, keys: str) -> None:
    parameter = parse_parameter(
        {
            "name": "P",
            "dataType": "GPMultiValue:GPLong",
            "filter": {"type": "range", "minimum": 0},
            "dependency": "Q",
            "parameterInfos": [{"name": "", "dataType": "GPLong"}],
            "later": 1,
        }
    )
    assert list(parameter_json(parameter, profile(version))) == [*keys.split(), "later"]


def test_what_a_server_sent_is_told_as_it_is_and_before_what_the_version_adds() -> None:
    sent = {"dataType": "GPLong", "name": "P", "filter": None, "description": None, "later": 1}
    parameter = msgspec.structs.replace(parse_parameter(sent), as_sent=sent)
    written = parameter_json(parameter, profile("10.0"))
    assert list(written) == [
        *sent,
        "displayName",
        "direction",
        "defaultValue",
        "parameterType",
        "category",
    ]
    assert {key: written[key] for key in sent} == sent
    task = {"parameters": [sent], "helpUrl": "http://old/T.htm", "name": "T"}
    written = task_json(msgspec.structs.replace(parse_task(task), as_sent=task), profile("9.3"), "http://new")
    assert list(written) == ["parameters", "helpUrl", "name", "displayName", "category"]
    assert written["helpUrl"] == "http://new"
    service = {"tasks": ["a"], "maximumRecords": 0}
    read = msgspec.structs.replace(parse_service(service), as_sent=service)
    written = service_json(read, profile("9.3"), task_labels=["b"])
    assert (written["tasks"], written["maximumRecords"]) == (["b"], 0)


@pytest.mark.parametrize(
    ("version", "keys"),
    [
        ("9.3", "geometryType spatialReference fields"),
        ("10.0", "geometryType spatialReference Fields fields"),
        ("10.1", "displayFieldName hasZ geometryType spatialReference fields features"),
    ],
)
def test_a_schema_has_the_keys_of_its_version(version: str, keys: str) -> None:
    schema = {
        "displayFieldName": "",
        "hasZ": True,
        "geometryType": "esriGeometryPoint",
        "spatialReference": {"wkid": 4326},
        "fields": [],
        "features": [],
    }
    parameter = Parameter("P", "GPFeatureRecordSetLayer", default_value=schema)
    assert list(parameter_json(parameter, profile(version))["defaultValue"]) == keys.split()
    features = {"features": [{"attributes": {}}], "hasZ": True}
    parameter = Parameter("P", "GPFeatureRecordSetLayer", default_value=features)
    assert parameter_json(parameter, profile(version))["defaultValue"] == features


def test_filters_of_12_0_are_not_told_before() -> None:
    parameters = parse_task(TASK_12_0).parameters
    for parameter in parameters:
        assert "filter" not in parameter_json(parameter, profile("11.5"))


def test_a_default_value_is_always_told() -> None:
    assert parameter_json(Parameter("P", "GPDate"), profile("11.1"))["defaultValue"] is None


def test_texts_are_told_and_never_null() -> None:
    nulls = {"name": "P", "dataType": "GPLong", "displayName": None, "description": None, "category": None}
    written = parameter_json(parse_parameter(nulls), profile("11.1"))
    assert (written["displayName"], written["description"], written["category"]) == ("", "", "")
    task = {"name": "T", "displayName": None, "description": None, "category": None, "helpUrl": None}
    written = task_json(parse_task({**task, "parameters": None}), profile("11.1"))
    assert [written[key] for key in ("displayName", "description", "category", "helpUrl")] == ["", "", "", ""]


def test_the_address_of_a_task_is_its_label() -> None:
    assert parse_task(TASK_10_91).label == "Extract Data Task"
    assert Task("ExtractDataTask", display_name=" ").label == "ExtractDataTask"


def test_inputs_and_outputs_keep_their_order_and_are_found_by_exact_name() -> None:
    task = parse_task(TASK_10_31)
    assert [p.name for p in task.inputs] == [
        "Input_Ánalisis_de_Morans_I",
        "Distance__value_or_field_",
        "Layers:Used",
    ]
    assert [p.name for p in task.outputs] == ["Informe_Patrón"]
    assert task.parameter("Informe_Patrón") is task.outputs[0]
    assert task.parameter("informe_patrón") is None


@every_case(
    ("json", "direction", "parameter_type"),
    [
        ({}, Direction.INPUT, ParameterType.OPTIONAL),
        ({"direction": None, "parameterType": None}, Direction.INPUT, ParameterType.OPTIONAL),
        ({"parameterType": "ESRIGPPARAMETERTYPEDERIVED"}, Direction.OUTPUT, ParameterType.DERIVED),
        ({"direction": "esrigpparameterdirectionOUTPUT"}, Direction.OUTPUT, ParameterType.OPTIONAL),
        (
            {"direction": OUTPUT, "parameterType": "esriGPParametertypeRequired"},
            Direction.OUTPUT,
            ParameterType.REQUIRED,
        ),
    ],
)
def test_words_match_in_any_case_and_may_be_missing(
    json: dict[str, Any], direction: Direction, parameter_type: ParameterType
) -> None:
    read = parse_parameter({"name": "P", "dataType": "GPLong", **json})
    assert (read.direction, read.parameter_type) == (direction, parameter_type)


def test_a_task_of_9_3_takes_the_execution_type_of_its_service() -> None:
    service = parse_service(SERVICE_10_91)
    assert parse_task(TASK_9_3, service.execution_type).execution_type is ExecutionType.ASYNCHRONOUS
    assert parse_task(TASK_10_0, service.execution_type).execution_type is ExecutionType.SYNCHRONOUS


def test_a_service_that_tells_next_to_nothing_is_read() -> None:
    service = parse_service({"tasks": None, "maximumRecords": None, "currentVersion": None}, "A/B")
    assert (service.name, service.task_names, service.maximum_records) == ("A/B", (), 1000)


@every_case(
    ("json", "path", "said"),
    [
        ([], "", "a JSON object"),
        ({}, "name", "at least one"),
        ({"name": "T", "parameters": {}}, "parameters", "a list"),
        ({"name": "T", "executionType": "esriExecutionTypeSynchronus"}, "executionType", "did you mean"),
        ({"name": "T", "parameters": [{"name": "P"}]}, "parameters[0].dataType", "GPString"),
        (
            {"name": "T", "parameters": [{"name": "P", "dataType": "GPLong", "direction": "Inputt"}]},
            "parameters[0].direction",
            "esriGPParameterDirectionInput",
        ),
        (
            {
                "name": "T",
                "parameters": [
                    {"name": "P", "dataType": "GPLong"},
                    {"name": "Q", "dataType": "GPValueTable", "parameterInfos": [{"name": "A"}]},
                ],
            },
            "parameters[1].parameterInfos[0].dataType",
            "data type",
        ),
    ],
)
def test_what_cannot_be_a_task_is_refused_with_its_place(json: Any, path: str, said: str) -> None:
    with pytest.raises(RemoteProtocolError) as caught:
        parse_task(json)
    assert caught.value.path == path
    assert said in caught.value.detail


ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@given(
    st.dictionaries(
        st.sampled_from(
            ["displayName", "description", "category", "defaultValue", "choiceList", "dependency", "x"]
        ),
        ANY_JSON,
    ),
    st.none() | st.dictionaries(st.sampled_from(["type", "list", "minimum"]), ANY_JSON | st.just("range")),
    st.sampled_from(["9.3", "10.0", "10.91", "12.0"]),
)
def test_odd_members_are_survived_and_unknown_ones_and_the_default_kept(
    odd: dict[str, Any], odd_filter: dict[str, Any] | None, version: str
) -> None:
    given_json = {"name": "P", "dataType": "GPNeverSeen", "filter": odd_filter, **odd}
    written = parameter_json(parse_parameter(given_json), profile(version))
    assert written["dataType"] == "GPNeverSeen"
    assert written["defaultValue"] == odd.get("defaultValue")
    assert written.get("x") == odd.get("x")


@every_case(
    "given_filter",
    [
        {"type": "range", "minimum": 0, "maximum": 5},
        {"type": "range", "maximum": 5.5, "unit": "m"},
        {"type": "range", "minimum": "2020-01-01"},
        {"type": "file", "list": ["zip"]},
        {"type": "domain", "values": {"a": None}},
        {"type": "codedValue", "list": [{"dataType": "GPLong", "name": "one", "value": 1, "more": 2}]},
        {"type": "codedValue", "list": ["one"]},
        {"type": "composite", "list": [None, {"type": "field", "list": ["esriFieldTypeXML"]}]},
    ],
)
def test_filters_are_written_as_they_were_read(given_filter: dict[str, Any]) -> None:
    parameter = parse_parameter({"name": "P", "dataType": "GPLong", "filter": given_filter})
    assert parameter_json(parameter, profile("12.0"))["filter"] == given_filter


@every_case(
    ("label", "name"),
    [
        ("Dissolve Field(s)", "Dissolve_Field_s_"),
        ("Distance [value or field]", "Distance__value_or_field_"),
        ("LocateFeaturesAlongRoutes1 (3)", "LocateFeaturesAlongRoutes1__3_"),
        ("ValoresZ (high/low)", "ValoresZ__high_low_"),
        ("Informe Patrón", "Informe_Patrón"),
        ("inputPoly", "inputPoly"),
    ],
)
def test_a_parameters_name_comes_from_its_label(label: str, name: str) -> None:
    assert parameter_name(label) == name


@pytest.mark.parametrize(
    ("service", "task", "path"),
    [
        ("WorldViewshed", "viewshed", "WorldViewshed_GPServer/WorldViewshed/viewshed.htm"),
        (
            "15_Names/OddNames",
            "ExtractDataTask",
            "15_Names/OddNames_GPServer/15_Names_OddNames/ExtractDataTask.htm",
        ),
        ("Año/S", "T", "A%C3%B1o/S_GPServer/A%C3%B1o_S/T.htm"),
    ],
)
def test_a_help_page_lies_in_the_output_directory_with_the_folder_twice(
    service: str, task: str, path: str
) -> None:
    root = "https://gis.example.com/server/rest"
    assert help_url(root, service, task) == f"{root}/directories/arcgisoutput/{path}"
    assert task_json(Task(task), profile("11.1"), help_url(root, service, task))["helpUrl"].endswith(".htm")
