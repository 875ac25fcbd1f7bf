"""The JSON schema of the data types."""

from __future__ import annotations

from typing import Any

import jsonschema
import pytest
from gp_protocol.descriptions.type_schemas import type_schema
from gp_protocol.values.data_types import DATA_TYPES
from gp_protocol.versions import profile

from every_case import every_case

SCHEMA = type_schema(profile("12.0"))


def fits(name: str, value: Any) -> bool:
    held = {"$ref": f"#/definitions/{name}", "definitions": SCHEMA["definitions"]}
    return bool(jsonschema.Draft7Validator(held).is_valid(value))


def test_it_is_a_schema_of_draft_7() -> None:
    jsonschema.Draft7Validator.check_schema(SCHEMA)
    assert SCHEMA["$schema"] == "http://json-schema.org/draft-07/schema#"


@pytest.mark.parametrize("version", ["11.1", "11.3", "12.0"])
def test_it_defines_the_types_that_the_version_knows(version: str) -> None:
    own = profile(version)
    defined = {name for name in type_schema(own)["definitions"] if name in DATA_TYPES}
    assert defined == {name for name in DATA_TYPES if own.has("type", name)}


@every_case(
    ("name", "good", "bad"),
    [
        ("GPBoolean", [True, None], ["true", 1]),
        ("GPLong", [1, -(2**40)], [1.5, 2**60, "1"]),
        ("GPDouble", [1.5, 1], ["1"]),
        ("GPString", ["", "a", [1], {"a": 1}], [1, None]),
        ("GPDate", [0, None, "2026-01-31T00:00:00", "2026-01-31T23:59:59.125"], [1.5, {}, []]),
        (
            "GPDate",
            [{"date": "1 Mar 2026", "format": "d MMM yyyy"}],
            [{"date": "1"}, {"date": 1, "format": "d"}],
        ),
        ("GPDate", [], ["", "yesterday", "2026-01-31", "2026-01-31T00:00:00Z", "2026-13-01T00:00:00"]),
        (
            "GPLinearUnit",
            [{"distance": 1, "units": "esriMiles"}, {"distance": 1}, None],
            [{}, {"distance": "1"}],
        ),
        ("GPLinearUnit", [], [{"distance": 1, "units": "miles"}, "1 Miles"]),
        ("GPArealUnit", [{"area": 1, "units": "esriAcres"}, "3 SquareKilometers"], [3]),
        ("GPFeatureRecordSetLayer", [{"features": []}, {"url": "http://a/0"}, {"itemID": "i1"}, {}], [[], 1]),
        ("GPFeatureRecordSetLayer", [{"mapImage": {"href": "http://a/b.png"}}], [{"feature": []}]),
        ("GPFeatureRecordSetLayer", [], [{"features": [{"geometry": {"x": "a", "y": 1}}]}]),
        ("GPFeatureRecordSetLayer", [], [{"features": [{"geometry": {"rings": [[1, 2]]}}]}]),
        ("GPRecordSet", [{"features": [{"attributes": {"a": 1}}]}], [{"features": [1]}]),
        ("GPDataFile", [{"url": "http://a"}, {"portalItemID": "x"}, None], [{}, "http://a"]),
        ("Field", [{"name": "a", "type": "esriFieldTypeOID"}], [{"name": "a"}, {"name": "a", "type": "x"}]),
        ("GPSpatialReference", [{"wkid": 4326}, {"wkt": "PROJCS"}], [{}, {"vcsWkid": 1}, 4326]),
        ("GPExtent", [{"xmin": 0, "ymin": 0, "xmax": 1, "ymax": 1}], [{"xmin": 0}]),
        ("GPComposite", [5, "a", {"dataType": "GPLong", "value": 5}], []),
        ("GPValueTable", [[[1, "a"]], [{"a": 1}], []], [[1], {}]),
        ("GPMultiValue:GPLong", [[1, None], []], [1, ["a"]]),
    ],
)
def test_a_value_fits_its_type_or_not(name: str, good: list[Any], bad: list[Any]) -> None:
    assert [value for value in good if not fits(name, value)] == []
    assert [value for value in bad if fits(name, value)] == []


RESULT = {"paramName": "Out", "dataType": "GPLong", "value": 5}


@every_case(
    "answer",
    [
        RESULT,
        {"paramName": "Out", "dataType": "GPFeatureRecordSetLayer", "value": {}},
        {"paramName": "Out", "dataType": "A type of its own", "value": [{}]},
        [],
        [RESULT, RESULT],
        {"results": [], "messages": []},
        {
            "results": [RESULT],
            "messages": [{"type": "esriJobMessageTypeInformative", "description": "Done."}],
        },
    ],
)
def test_the_whole_holds_for_answers_with_values(answer: Any) -> None:
    jsonschema.Draft7Validator(SCHEMA).validate(answer)


@every_case(
    "answer",
    [
        5,
        {},
        [5],
        {**RESULT, "value": "5"},
        [RESULT, {**RESULT, "value": 5.5}],
        {"paramName": "Out", "dataType": "GPLong"},
        {"dataType": "GPLong", "value": 5},
        {"results": [RESULT]},
        {"results": [{**RESULT, "value": "5"}], "messages": []},
        {"results": [], "messages": [{"type": "Informative", "description": "Done."}]},
        {"error": {"code": 400, "message": "Unable to complete operation.", "details": []}},
    ],
)
def test_the_whole_holds_for_nothing_else(answer: Any) -> None:
    assert not jsonschema.Draft7Validator(SCHEMA).is_valid(answer)


def test_a_version_with_short_integers_says_so() -> None:
    definition = type_schema(profile("11.1"))["definitions"]["GPLong"]
    assert definition["maximum"] == 2**31 - 1
