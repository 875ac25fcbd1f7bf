"""Bodies that are in order, changed at one place: each change is found, at that place."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any

import pytest
from gp_protocol.descriptions.descriptors import parse_task
from gp_protocol.job_states import JobStatus
from gp_protocol.values.fields import FIELD_TYPES
from gp_protocol.values.units import LINEAR_UNITS
from gpharness.checking.bodies import Checked, check_body
from hypothesis import given, settings
from hypothesis import strategies as st

ID = "j0c5b1f0e9d7a4c3286e1f5a4b3c2d190"
FIELDS = [
    {"name": "OBJECTID", "type": "esriFieldTypeOID", "alias": "OBJECTID"},
    {"name": "Name", "type": "esriFieldTypeString", "alias": "Name"},
    {"name": "Area", "type": "esriFieldTypeDouble", "alias": "Area"},
]
ATTRIBUTES = {"OBJECTID": 1, "Name": "a", "Area": 2.5}
POLYGONS = {
    "geometryType": "esriGeometryPolygon",
    "spatialReference": {"wkid": 4326},
    "fields": FIELDS,
    "features": [
        {"attributes": ATTRIBUTES, "geometry": {"rings": [[[0, 0], [0, 1], [1, 1], [0, 0]]]}},
        {"attributes": ATTRIBUTES, "geometry": {"rings": [[[0, 0], [0, 1], [1, 1], [0, 0]]]}},
    ],
}
PARAMETER = {
    "name": "In",
    "dataType": "GPLinearUnit",
    "displayName": "In",
    "description": "",
    "direction": "esriGPParameterDirectionInput",
    "defaultValue": {"distance": 5, "units": "esriMiles"},
    "parameterType": "esriGPParameterTypeRequired",
    "category": "",
}
OUTPUT = {
    **PARAMETER,
    "name": "Out",
    "dataType": "GPFeatureRecordSetLayer",
    "direction": "esriGPParameterDirectionOutput",
    "parameterType": "esriGPParameterTypeDerived",
    "defaultValue": None,
}
TASK = {
    "name": "Tool",
    "displayName": "Tool",
    "description": "",
    "category": "",
    "helpUrl": "https://a.example/Tool.htm",
    "executionType": "esriExecutionTypeAsynchronous",
    "parameters": [PARAMETER, OUTPUT],
}
DESCRIBED = parse_task(TASK)


def result(data_type: str, value: Any, name: str = "Out") -> dict[str, Any]:
    return {"paramName": name, "dataType": data_type, "value": value}


MESSAGES = [{"type": "esriJobMessageTypeInformative", "description": "Submitted."}]
FEATURES = result("GPFeatureRecordSetLayer", POLYGONS)
SUCCEEDED = {
    "jobId": ID,
    "jobStatus": "esriJobSucceeded",
    "results": {"Out": {"paramUrl": "results/Out"}},
    "inputs": {"In": {"paramUrl": "inputs/In"}},
    "messages": MESSAGES,
}
EXECUTING = {
    "jobId": ID,
    "jobStatus": "esriJobExecuting",
    "messages": MESSAGES,
    "progress": {"type": "step", "message": "Half", "percent": 50},
}
SERVICE = {
    "currentVersion": 11.1,
    "serviceDescription": "",
    "tasks": ["Tool"],
    "executionType": "esriExecutionTypeAsynchronous",
    "resultMapServerName": "",
    "maximumRecords": 1000,
    "capabilities": "",
}

BODIES: dict[str, tuple[str, Any, tuple[str, ...]]] = {
    "error": (
        "error",
        {"error": {"code": 400, "message": "No.", "details": ["because"]}},
        ("error.code", "error.message"),
    ),
    "submission": ("submit", {"jobId": ID, "jobStatus": "esriJobSubmitted"}, ("jobId",)),
    "job": ("job", SUCCEEDED, ("jobId", "jobStatus", "messages", "results", "results.Out.paramUrl")),
    "running job": (
        "job",
        EXECUTING,
        (
            "jobId",
            "jobStatus",
            "messages",
            "messages.0.type",
            "messages.0.description",
            "progress.type",
            "progress.message",
        ),
    ),
    "cancel": ("cancel", {"jobId": ID, "jobStatus": "esriJobCancelling"}, ("jobId", "jobStatus")),
    "run": ("execute", {"results": [FEATURES], "messages": MESSAGES}, ("results", "messages")),
    "features": (
        "result",
        FEATURES,
        (
            "paramName",
            "dataType",
            "value",
            "value.geometryType",
            "value.spatialReference",
            "value.features",
            "value.fields.0.name",
            "value.fields.1.type",
            "value.features.1.attributes.Name",
            "value.features.0.geometry.rings",
        ),
    ),
    "unit": (
        "result",
        result("GPLinearUnit", {"distance": 5, "units": "esriMiles"}),
        ("dataType", "value", "value.distance", "value.units"),
    ),
    "file": ("result", result("GPDataFile", {"url": "https://a.example/b.zip"}), ("value",)),
    "box": (
        "result",
        result("GPEnvelope", {"xmin": 0, "ymin": 0, "xmax": 1, "ymax": 1}),
        ("value.xmin", "value.ymin", "value.xmax", "value.ymax"),
    ),
    "long": ("result", result("GPLong", 5), ("value",)),
    "boolean": ("result", result("GPBoolean", True), ("value",)),
    "date": ("result", result("GPDate", 1_678_181_829_000), ("value",)),
    "list": ("result", result("GPMultiValue:GPLong", [1, 2]), ("value",)),
    "task": (
        "task",
        TASK,
        (
            "name",
            "displayName",
            "description",
            "category",
            "helpUrl",
            "parameters",
            *(f"parameters.0.{key}" for key in PARAMETER),
        ),
    ),
    "service": (
        "service",
        SERVICE,
        ("serviceDescription", "tasks", "resultMapServerName", "maximumRecords"),
    ),
    "catalogue": (
        "catalogue",
        {"currentVersion": 11.1, "folders": ["A"], "services": [{"name": "A/B", "type": "GPServer"}]},
        ("services", "services.0.name", "services.0.type"),
    ),
    "token": ("token", {"token": "abc", "expires": 1_678_181_829_000}, ("token", "expires")),
    "upload": (
        "upload",
        {"success": True, "item": {"itemID": "i1", "itemName": "a", "date": 1, "committed": True}},
        ("item", "item.itemID"),
    ),
}
"""Bodies, and the members that they must have."""

MAY_BE_ANYTHING = re.compile(
    r"parameters\.\d\.dataType|(?:^|\.)(?:description|alias|helpUrl)$|^value$|\.defaultValue$"
)
OTHERS: dict[type, tuple[Any, ...]] = {
    str: (3, 2.5, True, [1], {"a": 1}),
    int: ("a", "5", [1], {"a": 1}, True),
    float: ("a", "5", [1], {"a": 1}, True),
    bool: ("true", 1, [1], {"a": 1}),
    list: ("a", 3, True, {"a": 1}),
    dict: ("a", 3, True, [1]),
}
"""Values of another type, none of which is legal in the place of one of this type."""


def check(name: str, value: Any, *, is_guessed: bool = False) -> Checked:
    kind, _, _ = BODIES[name]
    knows = kind in ("job", "execute", "result") and name in ("job", "running job", "run", "features")
    task = DESCRIBED if knows and not is_guessed else None
    return check_body(
        json.dumps(value).encode(),
        "auto" if is_guessed else kind,
        task=task,
        asked={} if is_guessed else {"f": "json"},
        job_id=ID if kind in ("job", "cancel") and not is_guessed else "",
    )


def places(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Every place in a value but the whole."""
    members = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    for key, inner in members:
        yield (*path, key)
        yield from places(inner, (*path, key))


def at(value: Any, path: tuple[str | int, ...]) -> Any:
    for key in path:
        value = value[key]
    return value


def changed(value: Any, path: tuple[str | int, ...], change: Callable[[Any, str | int], None]) -> Any:
    copy = deepcopy(value)
    change(at(copy, path[:-1]), path[-1])
    return copy


def parsed(path: str) -> tuple[str | int, ...]:
    return tuple(int(part) if part.isdigit() else part for part in path.split("."))


def failing(checked: Checked) -> list[str]:
    return [each.name for each in checked.findings if each.severity != "note"]


@pytest.mark.parametrize("name", BODIES)
def test_the_bodies_are_in_order(name: str) -> None:
    _, value, _ = BODIES[name]
    assert not check(name, value).findings
    assert not check(name, value, is_guessed=True).findings


REQUIRED = [(name, path) for name, (_, _, paths) in BODIES.items() for path in paths]


@pytest.mark.parametrize(("name", "path"), REQUIRED)
def test_a_member_that_is_missing_is_missed(name: str, path: str) -> None:
    _, value, _ = BODIES[name]

    def drop(holder: Any, key: str | int) -> None:
        del holder[key]

    assert failing(check(name, changed(value, parsed(path), drop)))


PLACES = [
    (name, path)
    for name, (_, value, _) in BODIES.items()
    for path in places(value)
    if at(value, path) is not None
]


@given(st.sampled_from(PLACES), st.data())
@settings(derandomize=True, max_examples=400, deadline=None)
def test_a_value_of_another_type_is_found(
    place: tuple[str, tuple[str | int, ...]], data: st.DataObject
) -> None:
    name, path = place
    _, value, _ = BODIES[name]
    old = at(value, path)
    new = data.draw(st.sampled_from(OTHERS[type(old)]))

    def put(holder: Any, key: str | int) -> None:
        holder[key] = new

    body = changed(value, path, put)
    checked = check(name, body)
    assert failing(checked), (name, path, new)


@given(st.text(min_size=1).filter(lambda word: word not in LINEAR_UNITS))
@settings(derandomize=True, max_examples=50, deadline=None)
def test_a_unit_of_no_list_is_found(unit: str) -> None:
    body = result("GPLinearUnit", {"distance": 5, "units": unit})
    (found,) = check("unit", body).findings
    assert (found.name, found.path) == ("value.type", "value.units")


@given(st.text().filter(lambda word: word not in tuple(JobStatus)))
@settings(derandomize=True, max_examples=50, deadline=None)
def test_a_status_of_no_list_is_found(word: str) -> None:
    names = failing(check("running job", {**EXECUTING, "jobStatus": word}))
    assert names == ["job.status"]


@pytest.mark.parametrize("word", [word for word in JobStatus if word not in ("esriJobSucceeded",)])
def test_results_belong_to_success_alone(word: str) -> None:
    names = failing(check("job", {**SUCCEEDED, "jobStatus": word}))
    may = word in ("esriJobDeleting", "esriJobDeleted", "expectedFailure")
    assert names == ([] if may else ["job.results-early"])


@given(st.sampled_from(FIELD_TYPES), st.integers(0, 2))
@settings(derandomize=True, max_examples=60, deadline=None)
def test_a_field_type_that_its_values_are_not_of_is_found(word: str, number: int) -> None:
    texts = (
        "esriFieldTypeGUID",
        "esriFieldTypeGlobalID",
        "esriFieldTypeXML",
        "esriFieldTypeDateOnly",
        "esriFieldTypeTimeOnly",
        "esriFieldTypeTimestampOffset",
    )
    loose = ("esriFieldTypeGeometry", "esriFieldTypeBlob", "esriFieldTypeRaster")
    is_text = word == "esriFieldTypeString" or word in texts
    is_number = word in ("esriFieldTypeSingle", "esriFieldTypeDouble")
    is_whole = not is_text and not is_number and word not in loose
    fits = (is_whole or is_number, is_text, is_number)[number] or word in loose
    body = deepcopy(FEATURES)
    body["value"]["fields"][number]["type"] = word
    assert failing(check("features", body)) == ([] if fits else ["value.features"])


@pytest.mark.parametrize(
    "word", ["esriFieldTypeStrin", "esrifieldtypestring", "String", "esriFieldTypeLong", ""]
)
def test_a_field_type_that_there_is_not_is_found(word: str) -> None:
    body = deepcopy(FEATURES)
    body["value"]["fields"][1]["type"] = word
    assert failing(check("features", body)) == ["value.features"]


@given(st.text().filter(lambda text: text != ID))
@settings(derandomize=True, max_examples=50, deadline=None)
def test_the_id_of_another_job_is_found(text: str) -> None:
    assert failing(check("running job", {**EXECUTING, "jobId": text})) == ["job.id"]


@pytest.mark.parametrize("path", ["dataType", "parameters.0.dataType"])
@pytest.mark.parametrize("word", ["GPLinearUnits", "GPLinarUnit", "gplinearunit", "a unit"])
def test_a_data_type_that_is_misspelt_is_found(path: str, word: str) -> None:
    name = "unit" if path == "dataType" else "task"

    def put(holder: Any, key: str | int) -> None:
        holder[key] = word

    expected = "value.members" if path == "dataType" else "descriptor.members"
    assert failing(check(name, changed(BODIES[name][1], parsed(path), put))) == [expected]


def test_what_is_wrong_many_times_is_told_once() -> None:
    body = deepcopy(FEATURES)
    body["value"]["features"] = [
        {"attributes": {**ATTRIBUTES, "OBJECTID": "1"}, "geometry": None} for _ in range(500)
    ]
    (found,) = check("features", body).findings
    assert found.path == "value.features[0].attributes.OBJECTID"
    assert found.met.endswith("(and 499 more like it)")


@pytest.mark.parametrize("count", [1, 200])
def test_one_bad_feature_among_many_is_named(count: int) -> None:
    body = deepcopy(FEATURES)
    body["value"]["features"] = [deepcopy(POLYGONS["features"][0]) for _ in range(count)]  # type: ignore[index]
    body["value"]["features"][-1]["geometry"]["rings"][0][2] = [1, "2"]
    (found,) = check("features", body).findings
    assert (found.name, found.path) == (
        "value.features",
        f"value.features[{count - 1}].geometry.rings[0][2][1]",
    )


def test_a_finding_has_the_same_id_whatever_was_met() -> None:
    one, other = (check("long", result("GPLong", text)).findings[0] for text in ("5", "6"))
    assert one.met != other.met
    assert one.id == other.id


def test_no_finding_repeats_a_secret() -> None:
    body = {"jobId": ID, "jobStatus": "token=abcdefghijklmnop", "messages": []}
    (found,) = check("job", body).findings[:1]
    assert "abcdefghijklmnop" not in found.met
