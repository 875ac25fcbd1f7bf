"""What real servers answer for their services and tasks, pasted into a site file as it is."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import pytest
from gp_mockserver.configuration.data_files import parse_yaml
from gp_mockserver.configuration.site_files import load_site, site_from
from gp_mockserver.errors import SiteFileError
from gp_mockserver.lifecycle.clocks import ManualClock

from every_case import every_case

INPUT, OUTPUT = "esriGPParameterDirectionInput", "esriGPParameterDirectionOutput"
REQUIRED, OPTIONAL = "esriGPParameterTypeRequired", "esriGPParameterTypeOptional"
DERIVED = "esriGPParameterTypeDerived"

PRO_SERVICE = """{
 "currentVersion": 11.3,
 "cimVersion": "3.3.0",
 "serviceDescription": "",
 "tasks": ["Hot Spots"],
 "executionType": "esriExecutionTypeAsynchronous",
 "resultMapServerName": "",
 "maximumRecords": 1000,
 "capabilities": "",
 "futureKey": {"a": [1]}
}"""
PRO_TASK = """{
\t"name": "HotSpots",
\t"displayName": "Hot Spots",
\t"description": "Finds \\u201chot\\u201d spots \\ud83d\\udd25",
\t"category": "",
\t"helpUrl": "https:\\/\\/old.example.com\\/HotSpots.htm",
\t"executionType": "esriExecutionTypeAsynchronous",
\t"parameters": [
\t\t{
\t\t\t"name": "Input_Points", "dataType": "GPFeatureRecordSetLayer", "displayName": "Input Points",
\t\t\t"description": "", "direction": "esriGPParameterDirectionInput",
\t\t\t"defaultValue": {"displayFieldName": "", "hasZ": true, "geometryType": "esriGeometryPoint",
\t\t\t\t"spatialReference": {"wkt": "PROJCS[\\"x\\"]"}, "features": [], "exceededTransferLimit": false},
\t\t\t"parameterType": "esriGPParameterTypeRequired", "category": "",
\t\t\t"filter": {"type": "featureClass", "list": ["esriGeometryPoint"]}, "futureKey": true
\t\t},
\t\t{
\t\t\t"name": "Tolerance", "dataType": "GPDouble", "displayName": "Tolerance", "description": "",
\t\t\t"direction": "esriGPParameterDirectionInput", "defaultValue": 5.0E-4,
\t\t\t"parameterType": "esriGPParameterTypeOptional", "category": "Advanced",
\t\t\t"filter": {"type": "range", "minimum": -1.23456789E7, "maximum": 1E5}, "dependency": "Input_Points"
\t\t},
\t\t{
\t\t\t"name": "Informe_Patrón", "dataType": "GPString", "displayName": "Informe Patrón", "description": "",
\t\t\t"direction": "esriGPParameterDirectionOutput", "defaultValue": "",
\t\t\t"parameterType": "esriGPParameterTypeDerived", "category": ""
\t\t}
\t]
}"""


def test_a_service_and_its_task_are_answered_as_they_were_pasted(
    open_wire: Any, fresh: dict[str, Any]
) -> None:
    pasted = (
        "services:\n  Crime/HotSpots:\n    descriptor: "
        + PRO_SERVICE.replace("\n", "\n      ")
        + "\n    tasks:\n      - "
        + PRO_TASK
    )
    wire = open_wire(site_from(parse_yaml(pasted), **fresh))
    service = wire.json("Crime/HotSpots/GPServer")
    service.pop("schema", None)
    assert service == json.loads(PRO_SERVICE)
    task = wire.json("Crime/HotSpots/GPServer/Hot Spots")
    expected = json.loads(PRO_TASK)
    assert task.pop("helpUrl").endswith("/arcgisoutput/Crime/HotSpots_GPServer/Crime_HotSpots/HotSpots.htm")
    del expected["helpUrl"]
    assert task == expected
    points = '{"features": [{"geometry": {"x": 1, "y": 2, "z": 3}}]}'
    url = "Crime/HotSpots/GPServer/Hot Spots"
    job = wire.json(f"{url}/submitJob", Input_Points=points)["jobId"]
    wire.clock.advance(10)
    assert wire.json(f"{url}/jobs/{job}")["jobStatus"] == "esriJobSucceeded"
    assert wire.json(f"{url}/jobs/{job}/results/Informe_Patrón")["dataType"] == "GPString"


def parameter(
    name: str, kind: str, direction: str = INPUT, need: str = REQUIRED, **more: Any
) -> dict[str, Any]:
    return {
        "name": name,
        "dataType": kind,
        "displayName": name.replace("_", " "),
        "direction": direction,
        "defaultValue": None,
        "parameterType": need,
        "category": "",
        **more,
    }


OLD_SCHEMA = {
    "geometryType": "esriGeometryPoint",
    "spatialReference": {"wkid": 102100},
    "Fields": [{"name": "OBJECTID", "type": "esriFieldTypeOID", "alias": "OBJECTID"}],
    "fields": [
        {"name": "OBJECTID", "type": "esriFieldTypeOID", "alias": "OBJECTID"},
        {"name": "Shape", "type": "esriFieldTypeGeometry", "alias": "Shape"},
    ],
}
SERVICES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "9.3, which tells no version and no execution type of tasks": (
        {
            "serviceDescription": "Viewshed",
            "tasks": ["Viewshed"],
            "executionType": "esriExecutionTypeSynchronous",
            "resultMapServerName": "",
        },
        {
            "name": "Viewshed",
            "displayName": "Viewshed",
            "category": "",
            "helpUrl": "",
            "parameters": [
                parameter("Point", "GPFeatureRecordSetLayer"),
                parameter("Out", "GPFeatureRecordSetLayer", OUTPUT, DERIVED),
            ],
        },
    ),
    "10.0, with a choiceList on every parameter, and Fields beside fields": (
        {
            "currentVersion": 10.0,
            "serviceDescription": "",
            "tasks": ["Buffer Points"],
            "executionType": "esriExecutionTypeSynchronous",
            "resultMapServerName": "",
        },
        {
            "name": "BufferedPoints",
            "displayName": "Buffer Points",
            "category": "",
            "helpUrl": "http://node1c/arcgisoutput/F_S/BufferedPoints.htm",
            "executionType": "esriExecutionTypeSynchronous",
            "parameters": [
                parameter("Points", "GPFeatureRecordSetLayer", defaultValue=OLD_SCHEMA, choiceList=[]),
                parameter("Distance__value_or_field_", "GPLinearUnit", choiceList=[]),
                parameter("Table", "GPRecordSet", OUTPUT, REQUIRED, defaultValue={}, choiceList=[]),
            ],
        },
    ),
    "12.0, with keys in any order, empty defaults, nulls and coded values": (
        {
            "executionType": "esriExecutionTypeAsynchronous",
            "tasks": ["Upload"],
            "cimVersion": None,
            "currentVersion": 12,
            "maximumRecords": 1000,
            "capabilities": None,
            "serviceDescription": None,
            "resultMapServerName": None,
            "schema": {"json-schema": {"url": "https://host/spec/json-schema.json"}},
        },
        {
            "displayName": "Upload",
            "executionType": "esriExecutionTypeAsynchronous",
            "name": "UploadFeatureClassToGDB",
            "description": None,
            "helpUrl": None,
            "category": None,
            "parameters": [
                {
                    "parameterType": REQUIRED,
                    "name": "Target",
                    "dataType": "GPFeatureRecordSetLayer",
                    "direction": INPUT,
                    "displayName": "Target",
                    "defaultValue": {},
                },
                parameter(
                    "Mode",
                    "GPString",
                    filter={
                        "type": "codedValue",
                        "list": [{"dataType": "GPString", "name": "One", "value": "1"}],
                    },
                ),
                parameter("Odd", "GPString", need=OPTIONAL, filter={"type": "novel", "list": 5}),
                parameter(
                    "Rows",
                    "GPValueTable",
                    need=OPTIONAL,
                    defaultValue=[],
                    parameterInfos=[
                        {"name": "Width", "dataType": "GPLong", "displayName": "Width"},
                        {
                            "name": "Any",
                            "dataType": "GPComposite",
                            "displayName": "Any",
                            "parameterInfos": [],
                        },
                    ],
                ),
                parameter("Done", "GPBoolean", OUTPUT, DERIVED),
                parameter("Zip", "GPDataFile", OUTPUT, REQUIRED),
            ],
        },
    ),
    "a notebook server, which has an item behind its task": (
        {
            "currentVersion": 11.3,
            "serviceDescription": "",
            "tasks": ["Run"],
            "executionType": "esriExecutionTypeAsynchronous",
            "resultMapServerName": "",
            "maximumRecords": 1000,
            "capabilities": "",
        },
        {
            "name": "Run",
            "displayName": "Run",
            "description": "",
            "category": "",
            "helpUrl": "",
            "itemId": "0123456789abcdef0123456789abcdef",
            "executionType": "esriExecutionTypeAsynchronous",
            "parameters": [
                parameter("x:y", "GPMultiValue:GPString", defaultValue=["a"], choiceList=["a", "b"])
            ],
        },
    ),
}


@pytest.mark.parametrize("case", SERVICES)
def test_descriptors_of_any_version_are_served_and_run(
    case: str, open_wire: Any, fresh: dict[str, Any]
) -> None:
    service, task = SERVICES[case]
    label = service["tasks"][0]
    wire = open_wire(site_from({"services": {"S": {"descriptor": service, "tasks": [task]}}}, **fresh))
    assert wire.json("S/GPServer")["tasks"] == [label]
    assert wire.json("S/GPServer")["executionType"] == service["executionType"]
    served = wire.json(f"S/GPServer/{label}")
    assert served["name"] == task["name"]
    for pasted, answered in zip(task["parameters"], served["parameters"], strict=True):
        for key in ("name", "dataType", "direction", "parameterType", "defaultValue"):
            assert answered[key] == pasted[key]
        assert answered.get("choiceList", []) == pasted.get("choiceList", [])
    values = {
        "GPFeatureRecordSetLayer": '{"features": [{"geometry": {"x": 1, "y": 2}}]}',
        "GPLinearUnit": "5 Miles",
        "GPString": "1",
        "GPMultiValue:GPString": '["a"]',
    }
    given = {
        each["name"]: values[each["dataType"]]
        for each in task["parameters"]
        if each["direction"] == INPUT and each["parameterType"] == REQUIRED
    }
    outputs = [each["name"] for each in task["parameters"] if each["direction"] == OUTPUT]
    if "Synchronous" in service["executionType"]:
        answer = wire.json(f"S/GPServer/{label}/execute", **given)
        assert [each["paramName"] for each in answer["results"]] == outputs
    else:
        job = wire.json(f"S/GPServer/{label}/submitJob", **given)["jobId"]
        wire.clock.advance(10)
        answer = wire.json(f"S/GPServer/{label}/jobs/{job}")
        assert answer["jobStatus"] == "esriJobSucceeded"
        assert list(answer.get("results", {})) == outputs


def test_a_pasted_service_may_hold_its_tasks_in_place_of_their_names(
    open_wire: Any, fresh: dict[str, Any]
) -> None:
    service = {**json.loads(PRO_SERVICE), "tasks": [json.loads(PRO_TASK)]}
    wire = open_wire(site_from({"services": {"HotSpots": service}}, **fresh))
    assert wire.json("HotSpots/GPServer")["tasks"] == ["Hot Spots"]


def test_descriptors_may_lie_in_files_of_their_own(
    tmp_path: Path, open_wire: Any, fresh: dict[str, Any]
) -> None:
    (tmp_path / "service.json").write_text(PRO_SERVICE)
    (tmp_path / "task.json").write_bytes(PRO_TASK.encode("utf-16"))
    (tmp_path / "site.yaml").write_text(
        """
        services:
          Crime/HotSpots:
            descriptorFile: service.json
            tasks:
              - descriptorFile: task.json
                description: Ours.
                outputs: {Informe_Patrón: {value: none}}
        """
    )
    wire = open_wire(load_site(tmp_path / "site.yaml", context=fresh["context"], clock=fresh["clock"]))
    task = wire.json("Crime/HotSpots/GPServer/Hot Spots")
    assert (task["name"], task["description"]) == ("HotSpots", "Ours.")


def test_a_whole_file_may_be_a_services_or_a_tasks_descriptor(tmp_path: Path) -> None:
    (tmp_path / "HotSpots.json").write_text(PRO_TASK)
    assert load_site(tmp_path / "HotSpots.json").find_task("HotSpots/Hot Spots").descriptor.name == "HotSpots"
    service = {**json.loads(PRO_SERVICE), "tasks": [json.loads(PRO_TASK)]}
    (tmp_path / "Crime.json").write_text(json.dumps(service))
    assert load_site(tmp_path / "Crime.json").find_task("Crime/Hot Spots").descriptor.name == "HotSpots"
    (tmp_path / "Crime.yaml").write_text(PRO_SERVICE)
    assert load_site(tmp_path / "Crime.yaml").find_task("Crime/Hot Spots").descriptor.parameters == ()


def test_a_task_that_is_only_listed_is_served_without_parameters_and_with_a_warning(
    caplog: pytest.LogCaptureFixture,
) -> None:
    service = {**json.loads(PRO_SERVICE), "tasks": ["Other", "Hot Spots"]}
    with caplog.at_level(logging.WARNING, "gp_mockserver"):
        site = site_from({"services": {"S": {"descriptor": service, "tasks": [json.loads(PRO_TASK)]}}})
    assert caplog.messages == [
        "services.S: task 'Other' has no descriptor, so it is served without parameters"
    ]
    assert list(site.services["S"].tasks) == ["Other", "Hot Spots"]
    assert site.services["S"].descriptor.task_names == ("Other", "Hot Spots")


def test_a_type_that_nobody_knows_is_served_by_its_name_and_taken_as_text(
    caplog: pytest.LogCaptureFixture, open_wire: Any, fresh: dict[str, Any]
) -> None:
    task = {
        "name": "T",
        "parameters": [parameter("Net", "GPNetworkDatasetLayer"), parameter("Out", "GPLong", OUTPUT)],
    }
    with caplog.at_level(logging.WARNING, "gp_mockserver"):
        site = site_from({"services": {"S": {"executionType": "sync", "tasks": [task]}}}, **fresh)
    assert "services.S.tasks[0].parameters[0]: the data type GPNetworkDatasetLayer is unknown" in caplog.text
    wire = open_wire(site)
    assert wire.json("S/GPServer/T")["parameters"][0]["dataType"] == "GPNetworkDatasetLayer"
    assert wire.json("S/GPServer/T/execute", Net="roads")["results"][0]["paramName"] == "Out"


def test_a_pasted_task_in_an_asynchronous_service_tells_the_services_type_where_the_file_does_not() -> None:
    site = site_from({"services": {"S": {"tasks": [json.loads(PRO_TASK)]}}}, clock=ManualClock())
    assert not site.services["S"].is_synchronous


@every_case(
    ("change", "error"),
    [
        (
            {"timline": {}},
            "services.S.tasks[0].timline: met an unknown key, expected one of name, displayName",
        ),
        ({"latancy": {}}, "services.S.tasks[0].latancy: met an unknown key"),
        ({"timeline": {"executing": "x"}}, 'services.S.tasks[0].timeline.executing: met "x"'),
        (
            {"parameters": [parameter("a", "GPStrng")]},
            'services.S.tasks[0].parameters[0].dataType: met "GPStrng", expected a data '
            'type such as GPString or GPMultiValue:GPString; did you mean "GPString"?',
        ),
        (
            {"parameters": [parameter("a", "gpstring")]},
            'services.S.tasks[0].parameters[0].dataType: met "gpstring"',
        ),
        (
            {"parameters": [{"name": "a", "dataTyp": "GPString", "direction": INPUT}]},
            "services.S.tasks[0].parameters[0]: met no "
            'dataType, expected dataType: the name of a data type, such as GPString; is it "dataTyp"?',
        ),
        (
            {"parameters": [parameter("a", "GPString", "esriGPParameterDirectionInptu")]},
            "services.S.tasks[0].parameters[0].direction: "
            'met "esriGPParameterDirectionInptu", expected one of input, output',
        ),
        ({"parameters": {"a": 5}}, "services.S.tasks[0].parameters.a: met 5"),
        ({"executionType": "esriExecutionTypeSynchronous"}, "services.S.tasks[0].executionType: met"),
        (
            {"error": {"code": 499, "message": "Token Required", "details": []}},
            "services.S.tasks[0]: met a server's error: 499 "
            '"Token Required", expected a descriptor; ask the server again, with f=json and perhaps a token',
        ),
    ],
)
def test_a_slip_in_a_pasted_descriptor_is_an_error(change: dict[str, Any], error: str) -> None:
    task = {**json.loads(PRO_TASK), **change}
    with pytest.raises(SiteFileError) as raised:
        site_from({"services": {"S": {**json.loads(PRO_SERVICE), "tasks": [task]}}})
    assert str(raised.value).startswith(error)


@pytest.mark.parametrize(
    "answer",
    [
        {"error": {"code": 404, "message": "Service S/GPServer not found ", "details": []}},
        {
            "services": {
                "S": {"error": {"code": 404, "message": "Service S/GPServer not found ", "details": []}}
            }
        },
    ],
)
def test_an_error_that_was_saved_instead_of_a_descriptor_is_named(answer: dict[str, Any]) -> None:
    with pytest.raises(SiteFileError, match='met a server\'s error: 404 "Service S/GPServer not found "'):
        site_from(answer)


PLAIN = {"tasks": ["T"], "executionType": "esriExecutionTypeSynchronous", "serviceDescription": ""}
WHOLE = {**PLAIN, "resultMapServerName": ""}
TASK_9_3 = {"name": "T", "displayName": "T", "category": "", "helpUrl": "", "parameters": []}
TASK_10_0 = {**TASK_9_3, "executionType": "esriExecutionTypeSynchronous"}


@pytest.mark.parametrize("inline", [True, False])
@pytest.mark.parametrize(
    ("task", "version"), [(None, 10.0), (TASK_10_0, 10.0), (TASK_9_3, 9.3)], ids=["no task", "10.0", "9.3"]
)
def test_a_service_that_tells_no_version_answers_as_an_old_server_and_says_no_more(
    inline: bool, task: Any, version: float, open_wire: Any, fresh: dict[str, Any]
) -> None:
    service = dict(WHOLE) if inline else {"descriptor": WHOLE}
    if task:
        old = parameter("P", "GPString")
        service["tasks"] = [{**task, "parameters": [old]}]
    site = site_from({"services": {"S": service}}, **fresh)
    assert site.services["S"].profile.number == version
    wire = open_wire(site)
    assert wire.json("S/GPServer") == WHOLE
    if task:
        answered = wire.json("S/GPServer/T")
        assert answered.keys() == task.keys()
        assert answered["parameters"] == [old]


def test_a_service_that_was_not_pasted_whole_answers_as_the_site() -> None:
    for service in (
        {"executionType": "esriExecutionTypeSynchronous", "tasks": ["T"]},
        {"executionType": "sync", "tasks": [TASK_10_0]},
    ):
        assert site_from({"services": {"S": service}}).services["S"].profile.number == 12.0
    given = site_from({"version": 10.91, "services": {"S": {"descriptor": WHOLE}}})
    assert given.services["S"].profile.number == 10.91


LATER = {
    "currentVersion": 10.5,
    **WHOLE,
    "schema": {"json-schema": {"url": "https://host/schema.json"}},
    "maximumRecords": 0,
}
LATER_TASK = {
    **TASK_10_0,
    "itemId": "0123456789abcdef0123456789abcdef",
    "parameters": [
        parameter(
            "P",
            "GPMultiValue:GPLong",
            filter={"type": "range", "minimum": 0, "maximum": 9},
            parameterInfos=[{"name": "", "dataType": "GPLong", "displayName": ""}],
            description=None,
        )
    ],
}


def test_whatever_was_pasted_is_served_by_a_service_that_answers_as_its_own_version(
    open_wire: Any, fresh: dict[str, Any]
) -> None:
    data = {"services": {"S": {"descriptor": LATER, "tasks": [LATER_TASK]}}}
    wire = open_wire(site_from(data, **fresh))
    service = wire.json("S/GPServer")
    assert {key: service[key] for key in LATER} == LATER
    task = wire.json("S/GPServer/T")
    assert task["itemId"] == LATER_TASK["itemId"]
    assert task["parameters"] == LATER_TASK["parameters"]


def test_a_version_that_is_given_decides_what_is_served(open_wire: Any, fresh: dict[str, Any]) -> None:
    data = {"version": "10.51", "services": {"S": {"descriptor": LATER, "tasks": [LATER_TASK]}}}
    wire = open_wire(site_from(data, **fresh))
    service = wire.json("S/GPServer")
    assert (service["currentVersion"], service["maximumRecords"]) == (10.51, 0)
    assert "schema" not in service
    task = wire.json("S/GPServer/T")
    assert "itemId" not in task
    assert not {"filter", "parameterInfos"} & task["parameters"][0].keys()


RESEMBLING = {
    "helpURL": "https://host/T.htm",
    "dataTypes": ["GPLong"],
    "parameters": [parameter("P", "GPLong", filters=[])],
}


@pytest.mark.parametrize("how", ["descriptor", "inline"])
@pytest.mark.parametrize("version", [{}, {"version": "11.1"}], ids=["own version", "11.1"])
def test_keys_that_only_resemble_arcgis_keys_are_served_with_a_warning(
    how: str, version: Any, open_wire: Any, fresh: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    task, service = {**TASK_10_0, **RESEMBLING}, {**WHOLE, "maximumRecord": 5}
    services = {
        "descriptor": {"S": {"descriptor": service, "tasks": [{"descriptor": task}]}},
        "inline": {"S": {**service, "tasks": [task]}},
    }
    with caplog.at_level(logging.WARNING, "gp_mockserver"):
        wire = open_wire(site_from({**version, "services": services[how]}, **fresh))
    for said in ("maximumRecord (not maximumRecords)", "helpURL (not helpUrl)", "filters (not filter)"):
        assert caplog.text.count(said) == 1
    assert wire.json("S/GPServer")["maximumRecord"] == 5
    answered = wire.json("S/GPServer/T")
    assert (answered["helpURL"], answered["dataTypes"]) == ("https://host/T.htm", ["GPLong"])
    assert answered["parameters"][0]["filters"] == []


def test_nothing_inside_a_descriptor_is_ours(open_wire: Any, fresh: dict[str, Any]) -> None:
    ours = {"timeline": {"a": 1}, "outputs": 5, "latancy": "x", "function": "a:b", "descriptor": 1}
    service = {**WHOLE, "instances": "two", "started": "no", "latency": {"exceute": 1}}
    task = {**TASK_10_0, **ours, "parameters": [parameter("P", "GPLong", default="many")]}
    data = {"services": {"S": {"descriptor": service, "tasks": [{"descriptor": task}]}}}
    wire = open_wire(site_from(data, **fresh))
    answered = wire.json("S/GPServer")
    assert {key: answered[key] for key in service} == service
    answered = wire.json("S/GPServer/T")
    assert {key: answered[key] for key in ours} == ours
    assert answered["parameters"] == task["parameters"]


@pytest.mark.parametrize("how", ["descriptor", "inline"])
def test_a_type_that_nobody_knows_is_a_text_whatever_it_is_called(
    how: str, open_wire: Any, fresh: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    task = {**TASK_10_0, "parameters": [parameter("P", "DEFeatureClass"), parameter("Q", "GPRasterLayer")]}
    tasks = [{"descriptor": task} if how == "descriptor" else task]
    with caplog.at_level(logging.WARNING, "gp_mockserver"):
        site = site_from({"services": {"S": {"executionType": "sync", "tasks": tasks}}}, **fresh)
    assert "the data type DEFeatureClass is unknown; its values are taken as texts" in caplog.text
    assert [each.data_type for each in site.find_task("S/T").descriptor.inputs] == ["GPString", "GPString"]
    answered = open_wire(site).json("S/GPServer/T")["parameters"]
    assert [each["dataType"] for each in answered] == ["DEFeatureClass", "GPRasterLayer"]


def test_a_default_outside_its_choices_is_kept_where_it_was_pasted(
    open_wire: Any, fresh: dict[str, Any]
) -> None:
    odd = parameter("P", "GPString", choiceList=["a"], defaultValue="b")
    data = {"services": {"S": {"executionType": "sync", "tasks": [{**TASK_10_0, "parameters": [odd]}]}}}
    assert open_wire(site_from(data, **fresh)).json("S/GPServer/T")["parameters"][0]["defaultValue"] == "b"


def test_a_descriptor_in_words_of_a_server_but_not_whole_is_completed(
    open_wire: Any, fresh: dict[str, Any]
) -> None:
    task = {"name": "T", "parameters": [{"name": "P", "dataType": "GPLong", "direction": INPUT}]}
    data = {"services": {"S": {"executionType": "esriExecutionTypeSynchronous", "tasks": [task]}}}
    wire = open_wire(site_from(data, **fresh))
    assert wire.json("S/GPServer")["currentVersion"] == 12.0
    answered = wire.json("S/GPServer/T")
    assert answered["executionType"] == "esriExecutionTypeSynchronous"
    assert answered["parameters"][0]["parameterType"] == "esriGPParameterTypeOptional"
