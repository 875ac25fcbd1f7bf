"""Whatever the bytes are: findings, no exception, in a time that is bounded."""

from __future__ import annotations

import json
import random
import time
from typing import Any

import pytest
from gp_protocol.descriptions.descriptors import parse_task
from gpharness.checking.bodies import KINDS, check_body
from gpharness.checking.kinds import kind_of
from hypothesis import given, settings
from hypothesis import strategies as st

LONGEST = 15.0
"""Seconds for the largest body here, on a machine that has other things to do."""

HOSTILE: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", "format.not-json"),
    "blanks": (b" \r\n" * 1000, "format.not-json"),
    "arrays without end": (b"[" * 100_000, "format.size"),
    "arrays within arrays": (b"[" * 100_000 + b"]" * 100_000, "format.size"),
    "objects within objects": (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, "format.size"),
    "somewhat deep": (b'{"jobId":' + b"[" * 600 + b"]" * 600 + b"}", "format.size"),
    "deep in a member": (b'{"x":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "format.size"),
    "a number of many digits": (b'{"x":' + b"9" * 100_000 + b"}", "format.size"),
    "a fraction of many digits": (b'{"x":0.' + b"9" * 100_000 + b"}", "format.size"),
    "a number beyond all": (b'{"x":1e400}', "format.size"),
    "a whole number of 30 digits": (b'{"x":123456789012345678901234567890}', "format.size"),
    "binary": (random.Random(1).randbytes(100_000), "format.not-json"),
    "a zip": (b"PK\x03\x04" + bytes(1000), "format.not-json"),
    "NULs": (bytes(100_000), "format.not-json"),
    "quotes": (b'"' * 99_999, "format.not-json"),
    "backslashes": (b'{"a":"' + b"\\" * 99_999 + b'"}', "format.not-json"),
    "a page": (b"<!DOCTYPE html><html><title>x</title>" + b"<p>" * 100_000, "format.html"),
    "half a page": (b"<html><head><title>", "format.html"),
    "one name many times": (b"{" + b",".join([b'"a":1'] * 50_000) + b"}", "format.duplicate-key"),
    "a name twice, deep inside": (b'{"x":[[{"y":{"a":1,"a":2}}]]}', "format.duplicate-key"),
    "a name twice, with an escape": (b'{"a":1,"\\u0061":2}', "format.duplicate-key"),
    "nothing but halves": (b'{"x":"' + b"\\ud800" * 10_000 + b'"}', "format.not-strict-json"),
    "a call around it": (b"f(" * 10_000, "format.not-json"),
    "a byte order mark alone": (b"\xef\xbb\xbf", "format.not-json"),
}


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("kind", ["auto", "job", "result", "upload"])
def test_a_hostile_body_is_a_finding(name: str, kind: str) -> None:
    body, expected = HOSTILE[name]
    start = time.perf_counter()
    names = [each.name for each in check_body(body, kind).findings]
    assert expected in names
    assert time.perf_counter() - start < LONGEST


def test_a_body_of_10_mb_in_order_passes() -> None:
    body = b'{"jobId":"j1","jobStatus":"esriJobNew","x":"' + b"x" * 10_000_000 + b'"}'
    start = time.perf_counter()
    assert not check_body(body, "submit").findings
    assert time.perf_counter() - start < LONGEST


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"\x00\xff" * 5_000_000, "format.not-strict-json"),
        (b"a" * 10_000_000, "format.not-json"),
        (b"[" * 10_000_000, "format.size"),
        (b"[[]" + b",[]" * 3_300_000 + b"]", "format.size"),
        (b'{"a":' + b"9" * 3_000_000 + b"}", "format.size"),
    ],
    ids=["binary", "text", "arrays without end", "very many arrays", "digits"],
)
def test_megabytes_of_anything_end_in_time(body: bytes, expected: str) -> None:
    start = time.perf_counter()
    names = [each.name for each in check_body(body, "auto").findings]
    assert names in ([expected], ["format.not-json"])
    assert time.perf_counter() - start < LONGEST


def features(count: int, last: Any) -> bytes:
    value = {
        "geometryType": "esriGeometryPoint",
        "spatialReference": {"wkid": 4326},
        "fields": [{"name": "a", "type": "esriFieldTypeInteger"}],
        "features": [{"attributes": {"a": n}, "geometry": {"x": n, "y": 0.5}} for n in range(count)],
    }
    value["features"][-1]["attributes"]["a"] = last  # type: ignore[index]
    return json.dumps({"paramName": "a", "dataType": "GPFeatureRecordSetLayer", "value": value}).encode()


def test_the_one_wrong_feature_of_many_is_found_in_time() -> None:
    body = features(20_000, "x")
    start = time.perf_counter()
    (found,) = check_body(body, "result").findings
    assert found.path == "value.features[19999].attributes.a"
    assert time.perf_counter() - start < LONGEST


def test_numbers_of_twenty_digits_are_no_fault() -> None:
    text = "0.00012345678901234567890123"
    body = b'{"paramName":"a","dataType":"GPMultiValue:GPDouble","value":[' + b",".join(
        [text.encode()] * 1000
    )
    assert not check_body(body + b"]}", "result").findings
    for whole in (b"9223372036854775807", b"-9223372036854775808", b"18446744073709551615"):
        assert not check_body(
            b'{"paramName":"a","dataType":"GPDouble","value":' + whole + b"}", "result"
        ).findings


NAMES = (
    *("jobId", "jobStatus", "messages", "results", "inputs", "progress", "type", "description", "paramUrl"),
    *("paramName", "dataType", "value", "features", "fields", "geometry", "attributes", "geometryType"),
    *("spatialReference", "wkid", "rings", "x", "y", "error", "code", "message", "details", "status"),
    *("parameters", "name", "displayName", "defaultValue", "choiceList", "filter", "parameterInfos", "list"),
    *("tasks", "currentVersion", "services", "folders", "authInfo", "token", "expires", "item", "itemID"),
    *("url", "mapImage", "extent", "distance", "units", "featureSet", "layerDefinition", "layers", "percent"),
)
WORDS = (
    *("esriJobSucceeded", "esriJobExecuting", "GPLinearUnit", "GPFeatureRecordSetLayer", "GPValueTable"),
    *("GPMultiValue:GPLong", "GPComposite", "GPString", "GPDataFile", "GPExtent", "Field", "GPRasterData"),
    *("esriGeometryPoint", "esriGeometryPolygon", "esriFieldTypeOID", "range", "codedValue", "step", "NaN"),
)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(WORDS)
    | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(NAMES) | st.text(max_size=4), inner, max_size=6)
    ),
    max_leaves=25,
)
TASK = parse_task(
    {
        "name": "Tool",
        "displayName": "Tool",
        "parameters": [
            {
                "name": "Out",
                "dataType": word,
                "direction": "esriGPParameterDirectionOutput",
                "parameterInfos": [{"name": "a", "dataType": "GPLong"}],
            }
            for word in ("GPComposite",)
        ],
    }
)


@given(JSON, st.sampled_from(KINDS), st.booleans())
@settings(derandomize=True, max_examples=120, deadline=None)
def test_no_json_raises(value: Any, kind: str, has_task: bool) -> None:
    body = json.dumps(value).encode()
    checked = check_body(body, kind, task=TASK if has_task else None, asked={"f": "json"}, version="12.0")
    assert checked.kind in KINDS
    assert kind_of(value) in KINDS


@given(st.dictionaries(st.sampled_from(NAMES), JSON, max_size=4), st.sampled_from(WORDS), JSON)
@settings(derandomize=True, max_examples=80, deadline=None)
def test_no_value_of_any_type_raises(value: dict[str, Any], word: str, inner: Any) -> None:
    result = {
        "paramName": "Out",
        "dataType": word,
        "value": {**value, "features": [inner, {"geometry": inner}]},
    }
    for made in (result, {**result, "value": inner}, {**result, "value": [inner]}):
        check_body(json.dumps(made).encode(), "result", task=TASK)


@given(st.binary(max_size=200), st.sampled_from(KINDS))
@settings(derandomize=True, max_examples=120, deadline=None)
def test_no_bytes_raise(body: bytes, kind: str) -> None:
    check_body(body, kind)
    check_body(b"{" + body, kind)
    check_body(b'{"value":' + body + b"}", kind)
