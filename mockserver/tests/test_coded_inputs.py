"""Inputs with a codedValue filter: their values are read by name or as they are, and nothing else is."""

from __future__ import annotations

from typing import Any

import pytest
from gp_mockserver.running.task_inputs import read_input
from gp_protocol.descriptions.descriptors import parse_parameter
from gp_protocol.errors import RemoteProtocolError
from gp_protocol.versions import profile

from every_case import every_case

SCHEMA = {"geometryType": "esriGeometryPoint", "fields": [], "features": []}


def read(data_type: str, text: str, **values: Any) -> Any:
    listed = [{"dataType": data_type, "name": name, "value": value} for name, value in values.items()]
    described = {
        "name": "In",
        "dataType": data_type,
        "choiceList": list(values),
        "filter": {"type": "codedValue", "list": listed},
    }
    return read_input(parse_parameter(described), text, profile("12.0"))[0]


@every_case(
    ("data_type", "values", "text", "value"),
    [
        ("GPString", {"Everything": "ALL"}, "Everything", "Everything"),
        ("GPString", {"Everything": "ALL"}, "ALL", "ALL"),
        ("GPLong", {"few": 10, "many": 1000}, "many", 1000),
        ("GPLong", {"few": 10, "many": 1000}, "10", 10),
        ("GPFeatureRecordSetLayer", {"Wells": SCHEMA}, "Wells", "Wells"),
    ],
)
def test_a_coded_value_is_read_by_its_name_or_as_it_is(
    data_type: str, values: dict[str, Any], text: str, value: Any
) -> None:
    assert read(data_type, text, **values) == value


@pytest.mark.parametrize(
    ("data_type", "values", "text"),
    [
        ("GPString", {"Everything": "ALL"}, "NONE"),
        ("GPLong", {"few": 10}, "11"),
        ("GPFeatureRecordSetLayer", {"Wells": SCHEMA}, "Roads"),
    ],
)
def test_any_other_value_is_refused(data_type: str, values: dict[str, Any], text: str) -> None:
    with pytest.raises(RemoteProtocolError):
        read(data_type, text, **values)
