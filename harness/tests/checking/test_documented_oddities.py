"""What documentation shows and servers send beside the plain forms: none of it is an alarm."""

from __future__ import annotations

import json
from typing import Any

import pytest
from gpharness.checking.bodies import check_body

ID = "j7d3e0a914b5c4f60821f9be3d6a7c052"
MESSAGES = [{"type": "esriJobMessageTypeInformative", "description": "Cell 3 of 7"}]
HASH = "0f1e2d3c4b5a69788796a5b4c3d2e1f0"
PREVIEW = {"outputPreview": {"paramUrl": "results/outputPreview"}}
ROWS = {
    "fields": [
        {"name": "ROWID", "type": "esriFieldTypeOID", "alias": "ROWID"},
        {"name": "Depth", "type": "esriFieldTypeDouble", "alias": "Depth"},
    ],
    "features": [{"attributes": {"Depth": 4.25}}],
    "exceededTransferLimit": False,
}
POINT_AS_SENT = {"features": [{"geometry": {"x": 9.5, "y": 47.1}}], "spatialReference": {"wkid": 4326}}


def job(status: str, **more: Any) -> dict[str, Any]:
    return {"jobId": ID, "jobStatus": status, "messages": MESSAGES, **more}


def result(data_type: str, value: Any) -> dict[str, Any]:
    return {"paramName": "Soundings", "dataType": data_type, "value": value}


def task(data_type: str, default: Any, **more: Any) -> dict[str, Any]:
    parameter = {
        "name": "Soundings",
        "dataType": data_type,
        "displayName": "Soundings",
        "description": "",
        "direction": "esriGPParameterDirectionInput",
        "defaultValue": default,
        "parameterType": "esriGPParameterTypeOptional",
        "category": "",
        **more,
    }
    return {
        "name": "Sound",
        "displayName": "Sound",
        "description": "",
        "category": "",
        "helpUrl": "",
        "executionType": "esriExecutionTypeAsynchronous",
        "parameters": [parameter],
    }


LEGAL: dict[str, tuple[str, Any]] = {
    "notebook, with its container": (
        "job",
        job("esriJobSucceeded", results={"containerConfigStoreId": HASH, **PREVIEW}),
    ),
    "notebook that failed, with its preview": ("job", job("esriJobFailed", results=PREVIEW)),
    "what notebooks add, asked for alone": ("result", {"containerConfigStoreId": HASH, **PREVIEW}),
    "a blank before an address": (
        "job",
        job("esriJobSucceeded", results={}, inputs={"Depth": {"paramUrl": " inputs/Depth"}}),
    ),
    "rows without their object ids": ("result", result("GPRecordSet", ROWS)),
    "an input that was left out": ("input", result("GPLinearUnit", "")),
    "item of a registered upload": (
        "upload",
        {"success": True, "item": {"itemID": "i5e1", "itemName": "b.csv", "date": 5, "committed": False}},
    ),
    "an item removed": ("upload", {"success": True}),
    "items that were uploaded": ("upload", {"items": [{"itemID": "i5e1", "itemName": "b.csv"}]}),
    "a default that is no number": ("task", task("GPDouble", "NaN")),
    "numbers as texts of a list": ("task", task("GPMultiValue:GPString", [5, "7"])),
    "empty list of columns' values": ("task", task("GPValueTable", [[], {"Depth": 5}])),
    "filters of all types": (
        "task",
        task(
            "GPComposite",
            None,
            filter={
                "type": "composite",
                "list": [
                    None,
                    {"type": "range", "minimum": 0.5, "maximum": 3},
                    {"type": "featureClass", "list": ["esriGeometryMultiPatch", "esriGeometryPoint"]},
                    {"type": "field", "list": ["esriFieldTypeTimestampOffset"]},
                    {"type": "file", "list": ["csv"]},
                    {"type": "tide", "list": [1]},
                    {
                        "type": "codedValue",
                        "list": [{"dataType": "GPRecordSet", "name": "Soundings", "value": ROWS}],
                    },
                ],
            },
        ),
    ),
}


@pytest.mark.parametrize("name", LEGAL)
def test_what_is_documented_or_sent_is_no_alarm(name: str) -> None:
    kind, value = LEGAL[name]
    body = json.dumps(value).encode()
    kinds = [kind] if kind == "input" else [kind, "auto"]
    for each in kinds:
        assert not [found for found in check_body(body, each).findings if found.severity != "note"]


@pytest.mark.parametrize(
    "value",
    [
        {"validationResults": [{"name": "Depth", "isEnabled": True, "hasBeenValidated": True}]},
        {"culture": "de-AT", "name": "Sound", "tags": [], "maxScale": "NaN"},
        {"$schema": "http://json-schema.org/draft-07/schema#", "type": "object"},
        {"currentVersion": 11.2, "mapName": "Sound", "layers": []},
    ],
    ids=["validate", "iteminfo", "json-schema", "result map service"],
)
def test_the_answers_of_other_resources_are_left_alone_where_nobody_said_what_they_are(value: Any) -> None:
    assert not check_body(json.dumps(value).encode(), "auto").findings


def test_an_input_as_it_was_sent_is_not_taken_for_a_broken_result() -> None:
    body = json.dumps(result("GPFeatureRecordSetLayer", POINT_AS_SENT)).encode()
    assert {each.severity for each in check_body(body, "auto").findings} <= {"note"}
    assert [each.path for each in check_body(body, "result").findings] == ["value.geometryType"]
    returned = {**POINT_AS_SENT, "exceededTransferLimit": False}
    body = json.dumps(result("GPFeatureRecordSetLayer", returned)).encode()
    assert [each.severity for each in check_body(body, "auto").findings] == ["breaking"]


def test_an_answer_of_no_known_form_is_found() -> None:
    for value in ({}, {"ok": True}, {"status": "fine"}):
        assert [each.name for each in check_body(json.dumps(value).encode(), "auto").findings]
