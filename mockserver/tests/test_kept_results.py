"""Large results leave as the job keeps them; these are the same bytes that reading and writing them makes."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from gp_mockserver.operations import results
from gp_mockserver.running import kept_results

ECHO = "DataTypes/EchoJob/GPServer/Echo"


def points(**more: Any) -> str:
    features = [{"attributes": {"OBJECTID": n, "name": None}, "geometry": {"x": n, "y": 2.5}} for n in (1, 2)]
    fields = [
        {"name": "OBJECTID", "type": "esriFieldTypeOID", "alias": "OBJECTID"},
        {"name": "name", "type": "esriFieldTypeString", "alias": "Name", "length": 20},
    ]
    reference = {"wkid": 4326, "latestWkid": 4326}
    whole = {"geometryType": "esriGeometryPoint", "spatialReference": reference, "fields": fields}
    return json.dumps({**whole, "features": features, **more})


CURVE = {
    "geometryType": "esriGeometryPolyline",
    "spatialReference": {"wkid": 4326},
    "features": [{"attributes": {}, "geometry": {"curvePaths": [[[0, 0], {"c": [[3, 3], [1, 4]]}]]}}],
}
DEEP = {"hasZ": True, "features": [{"attributes": {}, "geometry": {"x": 1, "y": 2, "z": 3}}]}
CASES = [
    ("GPFeatureRecordSetLayer", points(), {}, True),
    ("GPFeatureRecordSetLayer", points(), {"outSR": "4326"}, None),
    ("GPFeatureRecordSetLayer", points(), {"outSR": "3857"}, False),
    ("GPFeatureRecordSetLayer", points(), {"returnFeatureCollection": "true"}, False),
    ("GPFeatureRecordSetLayer", points(**DEEP), {}, False),
    ("GPFeatureRecordSetLayer", points(**DEEP), {"returnZ": "true"}, False),
    ("GPFeatureRecordSetLayer", json.dumps(CURVE), {}, False),
    ("GPRecordSet", '{"fields": [], "features": [{"attributes": {"a": 1}}]}', {}, True),
    ("GPString", "plain, with \"quotes\" and 'such'", {}, True),
    ("GPString", '{"json": [1, 2.50]}', {}, False),
    ("GPString", "  [1]", {}, False),
    ("GPString", "\t{'a': 1}", {}, False),
    ("GPString", "\ufeff[1]", {}, None),
    ("GPString", "\u00a0[1]", {}, None),
    ("GPString", "\u2003{}", {}, None),
    ("GPLong", "7", {}, False),
]


@pytest.mark.parametrize(("data_type", "given", "asked", "as_kept"), CASES)
def test_a_result_says_the_same_either_way(
    wire: Any, monkeypatch: Any, data_type: str, given: str, asked: dict[str, str], as_kept: bool | None
) -> None:
    seen = []

    def kept_value(*arguments: Any) -> Any:
        seen.append(kept_results.kept_value(*arguments))
        return seen[-1]

    monkeypatch.setattr(results, "kept_value", kept_value)
    job = wire.post(f"{ECHO}/submitJob", f="json", **{f"In_{data_type}": given}).json()["jobId"]
    wire.clock.advance(60)
    result = f"{ECHO}/jobs/{job}/results/Out_{data_type}"
    usual = wire.get(result, f="json", **asked).content
    assert not seen
    monkeypatch.setattr(results, "LARGE", 0)
    assert wire.get(result, f="json", **asked).content == usual
    if as_kept is not None:
        assert (seen[0] is not None) is as_kept


def test_no_feature_leaves_beyond_the_limit_either_way(wire: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(results, "LARGE", 0)
    service = wire.site.services["DataTypes/EchoJob"]
    service.descriptor = msgspec.structs.replace(service.descriptor, maximum_records=1)
    job = wire.post(f"{ECHO}/submitJob", f="json", In_GPFeatureRecordSetLayer=points()).json()["jobId"]
    wire.clock.advance(60)
    value = wire.json(f"{ECHO}/jobs/{job}/results/Out_GPFeatureRecordSetLayer")["value"]
    assert value["features"] == []
    assert value["exceededTransferLimit"] is True
