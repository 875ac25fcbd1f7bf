"""Which inputs a rule of a site file is about."""

from __future__ import annotations

from typing import Any

import pytest
from gp_mockserver.configuration.conditions import parse_condition
from gp_mockserver.errors import SiteFileError
from gp_mockserver.tools.outcome_rules import always
from gp_protocol.descriptions.descriptors import Task, parse_task
from gp_protocol.values.data_types import data_type

from every_case import every_case

TASK: Task = parse_task(
    {
        "name": "Work",
        "parameters": [
            {"name": "Points", "dataType": "GPFeatureRecordSetLayer"},
            {"name": "Distance", "dataType": "GPLinearUnit"},
            {"name": "Span", "dataType": "GPTimeUnit"},
            {"name": "Count", "dataType": "GPLong"},
            {"name": "Note", "dataType": "GPString"},
            {"name": "Mode", "dataType": "GPString", "choiceList": ["quick", "exact"]},
            {"name": "When", "dataType": "GPDate"},
            {"name": "Layers", "dataType": "GPMultiValue:GPString"},
            {"name": "Flag", "dataType": "GPBoolean"},
            {"name": "Result", "dataType": "GPLong", "direction": "esriGPParameterDirectionOutput"},
        ],
    }
)

GIVEN = {
    "Points": '{"features": [{"attributes": {"NAME": "a"}, "geometry": {"x": 1, "y": 2}}, {"geometry": '
    '{"x": 3, "y": 4}}]}',
    "Distance": "5 Kilometers",
    "Span": "3 Months",
    "Count": "7",
    "Note": "please fail 12 times",
    "Mode": "exact",
    "When": "2024-05-01T00:00:00",
    "Layers": '["roads", "rivers"]',
    "Flag": "true",
}


def inputs(**given: str | None) -> dict[str, Any]:
    texts = {**GIVEN, **given}
    return {
        parameter.name: data_type(parameter.data_type).decode_input(texts[parameter.name], parameter)
        if texts[parameter.name] is not None
        else None
        for parameter in TASK.inputs
    }


@every_case(
    ("condition", "holds"),
    [
        ({}, True),
        ({"Count": 7}, True),
        ({"Count": 8}, False),
        ({"Count": "7"}, True),
        ({"Count": {"equals": 7}}, True),
        ({"Count": {"oneOf": [1, 7]}}, True),
        ({"Count": {"oneOf": [1, 2]}}, False),
        ({"Count": {"greaterThan": 6, "lessThan": 8}}, True),
        ({"Count": {"greaterThan": 7}}, False),
        ({"Count": {"lessThan": 7}}, False),
        ({"Count": 7, "Note": "x"}, False),
        ({"Flag": True}, True),
        ({"Flag": False}, False),
        ({"Mode": "exact"}, True),
        ({"Note": {"matches": ".*fail.*"}}, True),
        ({"Note": {"matches": "fail"}}, False),
        ({"Note": {"contains": "fail"}}, True),
        ({"Note": {"contains": "Fail"}}, False),
        ({"Note.length": 20}, True),
        ({"Distance": {"equals": {"distance": 5, "units": "esriKilometers"}}}, True),
        ({"Distance": "5 Kilometers"}, True),
        ({"Distance": {"greaterThan": 4}}, True),
        ({"Distance": {"greaterThan": 100}}, False),
        ({"Distance": {"greaterThan": "4000 Meters"}}, True),
        ({"Distance": {"greaterThan": "4 IntMiles"}}, False),
        ({"Distance": {"lessThan": {"distance": 4, "units": "esriIntMiles"}}}, True),
        ({"Distance.units": "esriKilometers"}, True),
        ({"Distance.distance": {"greaterThan": 4}}, True),
        ({"Distance.nowhere": {"given": True}}, False),
        ({"Distance.nowhere": {"given": False}}, True),
        ({"Span": {"greaterThan": 2}}, True),
        ({"When": {"greaterThan": "2024-04-30T00:00:00"}}, True),
        ({"When": {"greaterThan": 1714521600000}}, False),
        ({"When": {"equals": 1714521600000}}, True),
        ({"Layers": {"contains": "roads"}}, True),
        ({"Layers": {"contains": "road"}}, False),
        ({"Layers": {"equals": ["roads", "rivers"]}}, True),
        ({"Layers.length": {"greaterThan": 1}}, True),
        ({"Layers.0": "roads"}, True),
        ({"Points.features.length": 2}, True),
        ({"Points.features.0.attributes.NAME": {"matches": "[a-z]"}}, True),
        ({"Points.features.1.geometry.x": {"greaterThan": 2}}, True),
        ({"Points.features.2.geometry.x": {"greaterThan": 0}}, False),
        ({"Points.geometryType": "esriGeometryPoint"}, True),
        ({"Points": {"given": True}}, True),
    ],
)
def test_a_condition_holds_of_decoded_inputs(condition: dict[str, Any], holds: bool) -> None:
    assert parse_condition(condition, TASK)(inputs()) is holds


@every_case(
    ("condition", "holds"),
    [
        ({"Count": {"given": False}}, True),
        ({"Count": {"given": True}}, False),
        ({"Count": None}, True),
        ({"Count": 0}, False),
        ({"Count": {"lessThan": 5}}, False),
        ({"Count": {"oneOf": [1, 2]}}, False),
        ({"Note": {"matches": ".*"}}, False),
        ({"Layers": {"contains": "x"}}, False),
        ({"Distance.units": "esriMeters"}, False),
    ],
)
def test_of_an_input_that_was_not_given_only_that_holds(condition: dict[str, Any], holds: bool) -> None:
    absent = inputs(Count=None, Note=None, Layers=None, Distance=None)
    assert parse_condition(condition, TASK)(absent) is holds


def test_a_distance_without_a_length_compares_as_a_number_only() -> None:
    degrees = inputs(Distance="5 DecimalDegrees")
    assert parse_condition({"Distance": {"greaterThan": 4}}, TASK)(degrees)
    assert not parse_condition({"Distance": {"greaterThan": "4 Meters"}}, TASK)(degrees)


@every_case(
    ("condition", "error"),
    [
        (
            {"Conut": 1},
            "when.Conut: met no input of that name, expected an input of Work, one of Points, "
            "Distance, Span, "
            'Count, Note, Mode, When, Layers, Flag; did you mean "Count"?',
        ),
        ({"Result": 1}, "when.Result: met no input of that name"),
        (
            {"Distnce.units": "x"},
            "when.Distnce.units: met no input of that name, expected an input of Work, one of "
            'Points, Distance, Span, Count, Note, Mode, When, Layers, Flag; did you mean "Distance"?',
        ),
        ({"Count": "many"}, 'when.Count.equals: met "many", expected a whole number'),
        (
            {"Mode": "quik"},
            'when.Mode.equals: met "quik", expected one of quick, exact; did you mean "quick"?',
        ),
        (
            {"Count": {"greatrThan": 1}},
            "when.Count.greatrThan: met an unknown key, expected one of equals, oneOf, "
            'matches, greaterThan, lessThan, contains, given; did you mean "greaterThan"?',
        ),
        (
            {"Distance": {"distance": 5, "units": "esriMiles"}},
            "when.Distance.distance: met an unknown key, expected one "
            "of equals, oneOf, matches, greaterThan, lessThan, contains, given; a whole value is "
            "compared by equals: {…}",
        ),
        ({"Distance": {"greaterThan": "5 Mils"}}, 'when.Distance.greaterThan.units: met "Mils"'),
        ({"Span": {"greaterThan": "2 Months"}}, 'when.Span.greaterThan: met "2 Months", expected a number'),
        ({"Note": {"greaterThan": "b"}}, 'when.Note.greaterThan: met "b", expected a number'),
        ({"Note": {"matches": "("}}, 'when.Note.matches: met "(", expected a regular expression (missing )'),
        ({"Note": {"matches": 5}}, "when.Note.matches: met 5, expected a regular expression"),
        ({"Count": {"oneOf": 5}}, "when.Count.oneOf: met 5, expected a list of values"),
        ({"Count": {"given": "yes"}}, 'when.Count.given: met "yes", expected true or false'),
        ({"Count": {}}, "when.Count: met nothing that must hold, expected one of equals"),
        (["Count"], "when: met ['Count'], expected a mapping of inputs to what must hold of them"),
    ],
)
def test_a_condition_that_makes_no_sense_is_an_error(condition: Any, error: str) -> None:
    with pytest.raises(SiteFileError) as raised:
        parse_condition(condition, TASK)
    assert str(raised.value).startswith(error)


def test_an_empty_condition_is_always() -> None:
    assert parse_condition({}, TASK) is always
