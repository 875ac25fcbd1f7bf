"""Outputs have each field that their sets declare, whatever a tool left out."""

from __future__ import annotations

import json
from typing import Any

import pytest
from gp_mockserver.builtin.builtin_site import builtin_site
from gp_mockserver.running.job_runs import LARGE
from gp_mockserver.running.task_outputs import result
from gp_protocol.descriptions.descriptors import parse_parameter
from gp_protocol.values.compound import CompositeValue
from gp_protocol.values.data_types import OutputOptions
from gp_protocol.values.feature_sets import RecordSet
from gp_protocol.values.fields import Field

FIELDS = [
    {"name": "OID", "type": "esriFieldTypeOID", "alias": "OID"},
    {"name": "A", "type": "esriFieldTypeInteger", "alias": "A"},
    {"name": "B", "type": "esriFieldTypeString", "alias": "B", "length": 5},
    {"name": "Shape", "type": "esriFieldTypeGeometry", "alias": "Shape"},
]
SENT = [{"OID": 1, "A": 2, "B": "c"}, {"B": "d", "more": 3}, {"A": None}, {}, None]
ANSWERED = [
    {"OID": 1, "A": 2, "B": "c"},
    {"OID": None, "A": None, "B": "d", "more": 3},
    *[{"OID": None, "A": None, "B": None}] * 3,
]


def sparse(**geometry: Any) -> dict[str, Any]:
    """A set whose rows lack fields that it declares; the last has no attributes at all."""
    rows = [{} if row is None else {"attributes": row} for row in SENT]
    return {"fields": FIELDS, "features": [{**row, **geometry} for row in rows]}


@pytest.fixture
def newest(open_wire: Any, fresh: Any) -> Any:
    return open_wire(builtin_site(**fresh, version="12.0"))


@pytest.mark.parametrize(
    ("data_type", "sent"),
    [
        ("GPFeatureRecordSetLayer", sparse(geometry={"x": 1, "y": 2})),
        ("GPRecordSet", sparse()),
        ("GPMultiValue:GPFeatureRecordSetLayer", [sparse(geometry={"x": 1, "y": 2})]),
        ("GPMultiValue:GPRecordSet", [sparse()]),
    ],
)
@pytest.mark.parametrize("is_job", [False, True])
def test_echo_answers_every_declared_field_null_where_a_row_has_none(
    newest: Any, data_type: str, sent: Any, is_job: bool
) -> None:
    bare = data_type.replace(":", "_")
    asked = {f"In_{bare}": json.dumps(sent)}
    if is_job:
        job = newest.json("DataTypes/EchoJob/GPServer/Echo/submitJob", **asked)["jobId"]
        newest.clock.advance(3)
        value = newest.json(f"DataTypes/EchoJob/GPServer/Echo/jobs/{job}/results/Out_{bare}")["value"]
    else:
        answer = newest.json("DataTypes/Echo/GPServer/Echo/execute", **asked)
        (value,) = [each["value"] for each in answer["results"] if each["paramName"] == f"Out_{bare}"]
    (answered,) = value if isinstance(value, list) else [value]
    rows = [list(row["attributes"].items()) for row in answered["features"]]
    assert rows == [list(row.items()) for row in ANSWERED]


def test_a_large_echo_that_leaves_as_it_is_kept_has_every_declared_field(newest: Any) -> None:
    rows = [{"attributes": row} for row in [{"B": "x" * 500}, {}] * (LARGE // 500)]
    asked = {"In_GPRecordSet": json.dumps({"fields": FIELDS, "features": rows})}
    answer = newest.post("DataTypes/EchoJob/GPServer/Echo/submitJob", **asked, f="json").json()
    newest.clock.advance(3)
    result = newest.json(f"DataTypes/EchoJob/GPServer/Echo/jobs/{answer['jobId']}/results/Out_GPRecordSet")
    found = [row["attributes"] for row in result["value"]["features"]]
    assert found == [{"OID": None, "A": None, "B": row["attributes"].get("B")} for row in rows]


RECORDS = RecordSet((Field("N", "esriFieldTypeInteger", "N"),), [{"attributes": {}}])


@pytest.mark.parametrize(
    ("data_type", "value", "reach"),
    [
        ("GPComposite", RECORDS, lambda found: found),
        (
            "GPMultiValue:GPComposite",
            [CompositeValue("GPRecordSet", RECORDS)],
            lambda found: found[0]["value"],
        ),
        ("GPValueTable", [[RECORDS]], lambda found: found[0][0]),
    ],
)
def test_records_within_another_value_have_every_declared_field(
    data_type: str, value: Any, reach: Any
) -> None:
    described = {
        "name": "Out",
        "dataType": data_type,
        "parameterInfos": [{"name": "R", "dataType": "GPRecordSet"}],
    }
    answer = result(
        parse_parameter(described), value, OutputOptions(), spatial_reference=None, file_url=lambda name: name
    )
    assert reach(answer["value"])["features"] == [{"attributes": {"N": None}}]
    assert RECORDS.features == [{"attributes": {}}]
