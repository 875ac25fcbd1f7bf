"""Details of bodies that are in order, changed one by one: each change is found, at that place."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import Any

import pytest
from gpharness.checking.bodies import check_body

FIELD = {"name": "Depth", "type": "esriFieldTypeDouble", "alias": "Depth", "length": 8}
SCHEMA = {
    "displayFieldName": "",
    "hasZ": False,
    "geometryType": "esriGeometryPoint",
    "spatialReference": {"wkid": 4326, "latestWkid": 4326},
    "fields": [FIELD],
    "features": [],
    "exceededTransferLimit": False,
}


def parameter(name: str, data_type: str, default: Any, **more: Any) -> dict[str, Any]:
    return {
        "name": name,
        "dataType": data_type,
        "displayName": name,
        "description": "",
        "direction": "esriGPParameterDirectionInput",
        "defaultValue": default,
        "parameterType": "esriGPParameterTypeRequired",
        "category": "",
        **more,
    }


COLUMNS = [{"name": "Depth", "dataType": "GPDouble", "displayName": "Depth"}]
TASK = {
    "name": "Sound",
    "displayName": "Sound",
    "description": "",
    "category": "",
    "helpUrl": "",
    "executionType": "esriExecutionTypeSynchronous",
    "parameters": [
        parameter(
            "Points",
            "GPFeatureRecordSetLayer",
            SCHEMA,
            filter={"type": "featureClass", "list": ["esriGeometryPoint"]},
        ),
        parameter("Depths", "GPMultiValue:GPLong", [5, 8]),
        parameter("Table", "GPValueTable", [[4.5]], parameterInfos=COLUMNS),
        parameter(
            "Kind",
            "GPString",
            "a",
            filter={
                "type": "codedValue",
                "list": [{"dataType": "GPString", "name": "a", "value": "a"}],
            },
        ),
    ],
}
LINES = {
    **SCHEMA,
    "geometryType": "esriGeometryPolyline",
    "fieldAliases": {"Depth": "Depth"},
    "features": [{"attributes": {"Depth": 4.5}, "geometry": {"hasZ": False, "paths": [[[1, 2], [3, 4]]]}}],
}
COLLECTION = {
    "layerDefinition": {"geometryType": "esriGeometryPolyline", "fields": [FIELD]},
    "featureSet": LINES,
}


def result(value: Any, data_type: str = "GPFeatureRecordSetLayer") -> dict[str, Any]:
    return {"paramName": "Out", "dataType": data_type, "value": value}


ERROR = {"code": 500, "message": "Out of memory", "details": []}
SERVICE = {
    "currentVersion": 11.2,
    "serviceDescription": "",
    "tasks": ["Sound"],
    "executionType": "esriExecutionTypeSynchronous",
    "resultMapServerName": "",
    "maximumRecords": 1000,
    "schema": {"json-schema": {"url": "https://a.example/json-schema.json"}},
}
BODIES: dict[str, tuple[str, Any]] = {
    "task": ("task", TASK),
    "lines": ("result", result(LINES)),
    "no lines": ("result", result({**LINES, "features": []})),
    "collection": ("result", result(COLLECTION)),
    "layer": ("result", result({"url": "https://a.example/FeatureServer/0", "itemID": "i1"})),
    "file": ("result", result({"url": "https://a.example/b.zip"}, "GPDataFile")),
    "info": ("info", {"currentVersion": 11.2, "owningTenant": "a", "authInfo": {}}),
    "service": ("service", SERVICE),
    "catalogue": ("catalogue", {"services": [{"name": "A", "type": "GPServer", "url": "https://a.example"}]}),
    "token": ("token", {"token": "abc", "expires": 1_900_000_000_000, "ssl": True}),
    "uploads": ("upload", {"items": [{"itemID": "i1"}]}),
    "limits": ("upload", {"maxUploadFileSize": 2000}),
    "run": ("execute", {"results": [result("a", "GPString")], "messages": []}),
    "job": (
        "job",
        {
            "jobId": "j1",
            "jobStatus": "esriJobSucceeded",
            "results": {"Out": {"paramUrl": "results/Out"}},
            "messages": [],
        },
    ),
}
DEFAULT = "parameters[0].defaultValue"
CHANGES: list[tuple[str, str, Any]] = [
    ("task", f"{DEFAULT}.displayFieldName", 5),
    ("task", f"{DEFAULT}.hasZ", "false"),
    ("task", f"{DEFAULT}.exceededTransferLimit", 0),
    ("task", f"{DEFAULT}.spatialReference", 4326),
    ("task", f"{DEFAULT}.spatialReference.wkid", "4326"),
    ("task", f"{DEFAULT}.features", [None]),
    ("task", f"{DEFAULT}.fields[0].name", ""),
    ("task", f"{DEFAULT}.fields[0].alias", 5),
    ("task", f"{DEFAULT}.fields[0].length", "8"),
    ("task", "parameters[0].filter.type", "featureclass"),
    ("task", "parameters[0].filter.list[0]", "esriGeometryPiont"),
    ("task", "parameters[0].filter.list[0]", 5),
    ("task", "parameters[1].defaultValue[1]", "8"),
    ("task", "parameters[2].defaultValue[0]", 4.5),
    ("task", "parameters[2].parameterInfos[0].displayName", 5),
    ("task", "parameters[3].filter.list[0]", "a"),
    ("task", "parameters[3].filter.type", ""),
    ("task", "parameters[3].filter.list[0].dataType", "GPStrin"),
    ("task", "parameters[3].filter.list[0].dataType", None),
    ("task", "parameters[3].filter.list[0].value", 5),
    ("task", "parameters[0].filter", {"type": "file", "list": [""]}),
    ("task", "parameters[0].filter", {"type": "range", "minimum": 5, "maximum": 1}),
    ("task", f"{DEFAULT}.spatialReference.wkid", -1),
    ("lines", "value.fieldAliases", ["Depth"]),
    ("lines", "value.fieldAliases.Depth", 5),
    ("lines", "value.features[0].geometry.hasZ", "false"),
    ("no lines", "value.spatialReference", "4326"),
    ("no lines", "value.spatialReference.wkid", "4326"),
    ("collection", "value.layerDefinition", "{}"),
    ("collection", "value.layerDefinition.geometryType", "esriGeometryLine"),
    ("collection", "value.layerDefinition.objectIdField", 5),
    ("layer", "value.itemID", 5),
    ("file", "value.url", "http:///b.zip"),
    ("info", "owningTenant", 5),
    ("service", "currentVersion", -11.2),
    ("service", "tasks[0]", ""),
    ("service", "schema.json-schema", "https://a.example/json-schema.json"),
    ("catalogue", "services[0].type", ""),
    ("catalogue", "services[0].type", "gpserver"),
    ("catalogue", "services[0].name", "A//B"),
    ("catalogue", "services[0].url", 5),
    ("token", "ssl", "true"),
    ("uploads", "items[0]", {"itemName": "b.csv"}),
    ("uploads", "items[0].itemID", ""),
    ("uploads", "items[0].committed", "true"),
    ("uploads", "items", {"itemID": "i1"}),
    ("limits", "maxUploadFileSize", "2000"),
    ("limits", "maxUploadFileSize", -1),
    ("run", "results[0].error", ERROR),
    ("lines", "value.error", ERROR),
    ("job", "results.Out.error", ERROR),
]


def steps(path: str) -> list[str | int]:
    parts = path.replace("[", ".[").split(".")
    return [int(part[1:-1]) if part.startswith("[") else part for part in parts]


def changed(body: Any, path: str, value: Any) -> Any:
    made = deepcopy(body)
    *way, last = steps(path)
    holder = made
    for step in way:
        holder = holder[step]
    holder[last] = value
    return made


@pytest.mark.parametrize("name", BODIES)
def test_a_body_in_order_passes(name: str) -> None:
    kind, value = BODIES[name]
    assert not check_body(json.dumps(value).encode(), kind).findings


@pytest.mark.parametrize(("name", "path", "value"), CHANGES)
def test_a_changed_detail_is_found_where_it_stands(name: str, path: str, value: Any) -> None:
    kind, body = BODIES[name]
    failing = [
        each
        for each in check_body(json.dumps(changed(body, path, value)).encode(), kind).findings
        if each.severity != "note"
    ]
    assert failing
    assert all(each.path.startswith(path) or path.startswith(each.path) for each in failing)


def test_a_result_that_stands_twice_is_found() -> None:
    body = {"results": [result("a", "GPString"), result("b", "GPString")], "messages": []}
    (found,) = check_body(json.dumps(body).encode(), "execute").findings
    assert (found.name, found.path) == ("value.members", "results[1].paramName")
