"""What a request that was refused, or that fitted no rule, came closest to."""

from __future__ import annotations

from typing import Any

import pytest
from gp_mockserver.configuration.conditions import WrittenCondition, parse_condition
from gp_mockserver.configuration.site_files import site_from
from gp_mockserver.journal.journal import Journal
from gp_mockserver.journal.near_misses import missed_rules, near_miss
from gp_mockserver.lifecycle.clocks import ManualClock
from gp_mockserver.sites import ServedTask, Site
from gp_mockserver.wire.replies import Refusal
from gp_protocol.descriptions.descriptors import parse_task
from gp_protocol.error_envelopes import KNOWN_ERRORS
from gp_protocol.values.feature_sets import FeatureSet
from gp_protocol.values.units import LinearUnit

from every_case import every_case

VIEWSHED = "Elevation/ESRI_Elevation_World/GPServer/Viewshed"
JOBS = "WorldViewshed/GPServer/viewshed"
POINT = '{"features":[{"geometry":{"x":-117.3,"y":35.1}}],"spatialReference":{"wkid":4326}}'


def told(wire: Any, path: str, **parameters: str) -> list[str]:
    """What the journal says of a request for this path."""
    wire.get(path, f="json", **parameters)
    return wire.site.journal[-1].near_miss.split("\n")


@pytest.mark.parametrize(
    ("inputs", "lines"),
    [
        (
            {"Viewshed_Distance": "{'distance': 8.5, 'units': 'esriMile'}"},
            ['Viewshed_Distance: units "esriMile", did you mean "esriMiles"?'],
        ),
        (
            {"Viewshed_Distance": '{"distance": "far", "units": "esriMiles"}'},
            ['Viewshed_Distance: distance "far", expected a number'],
        ),
        (
            {"Input_Observation_Point": '{"features": [{"geometry": {"x": "a", "y": 1}}]}'},
            ['Input_Observation_Point: features[0].geometry.x "a", expected a number'],
        ),
        (
            {"Viewshed_Distanc": "8.5 Miles"},
            ['Viewshed_Distanc: no such parameter, did you mean "Viewshed_Distance"?'],
        ),
        (
            {"Input_Observation_Point": "", "Input_Observation_Pt": POINT},
            [
                "Input_Observation_Point: no value, and one is required",
                'Input_Observation_Pt: no such parameter, did you mean "Input_Observation_Point"?',
            ],
        ),
        ({"returnZ": "yes"}, ['returnZ: met "yes", expected true or false']),
        ({"color": "blue"}, ["color: no such parameter"]),
        ({"env:outSR": "4326", "returnZ": "true", "dojo.preventCache": "17", "env:scratch": "x"}, [""]),
    ],
)
@pytest.mark.parametrize("path", [f"{VIEWSHED}/execute", f"{JOBS}/submitJob"])
def test_an_input_that_missed_is_told_in_few_words(
    wire: Any, path: str, inputs: dict[str, str], lines: list[str]
) -> None:
    assert told(wire, path, **{"Input_Observation_Point": POINT} | inputs) == lines


def test_a_parameter_that_the_task_has_not_is_ignored_but_told(wire: Any) -> None:
    answer = wire.json(f"{JOBS}/submitJob", Input_Observation_Point=POINT, Viewshed_Distanc="8.5 Miles")
    assert answer["jobStatus"] == "esriJobSubmitted"
    entry = wire.site.journal[-1]
    assert entry.refusal == ""
    assert entry.near_miss == 'Viewshed_Distanc: no such parameter, did you mean "Viewshed_Distance"?'


@pytest.mark.parametrize(
    ("path", "parameters", "text"),
    [
        ("WorldViewshd/GPServer", {}, 'WorldViewshd: no such service, did you mean "WorldViewshed"?'),
        ("WorldViewshed/GPServer/vewshed", {}, "has no task 'vewshed'; did you mean \"viewshed\"?"),
        (f"{JOBS}/submitjob", {}, "viewshed has no resource 'submitjob'; did you mean \"submitJob\"?"),
        (f"{JOBS}/jobs", {}, "viewshed has no resource 'jobs'"),
        (
            f"{JOBS}/jobs/j1/result",
            {},
            "viewshed has no resource 'jobs/j1/result'; did you mean \"results\"?",
        ),
        ("WorldViewshed/GPserver/viewshed", {}, 'did you mean "GPServer"?'),
        ("Nowhere/MapServer", {}, "Nowhere: no such map or feature service"),
        (f"{JOBS}/execute", {}, "WorldViewshed is asynchronous: use submitJob"),
        (f"{VIEWSHED}/submitJob", {}, "Elevation/ESRI_Elevation_World is synchronous: use execute"),
        (f"{JOBS}/jobs/j1", {}, "job 'j1' does not exist or has expired"),
        (
            "Files/FileTransfer/GPServer/uploads/commit",
            {},
            "item 'commit' does not exist in Files/FileTransfer",
        ),
        ("Secured/WorldViewshed/GPServer", {}, "a token is required, and the request brings none"),
        ("Secured/WorldViewshed/GPServer", {"token": "abcdef"}, "the token: it is none of this server's"),
        (JOBS, {"f": "jsn"}, "f: met 'jsn', expected one of html, json, pjson; did you mean \"json\"?"),
        ("../directories/arcgisjobs/nothing.txt", {}, "arcgisjobs/nothing.txt: no such file"),
        ("../servces", {}, "no resource 'rest/servces'; did you mean \"services\"?"),
        ("../../rset/services", {}, "no resource 'rset/services'; did you mean \"rest\"?"),
    ],
)
def test_every_refusal_says_what_differed(
    wire: Any, path: str, parameters: dict[str, str], text: str
) -> None:
    wire.get(path, **{"f": "json"} | parameters)
    entry = wire.site.journal[-1]
    assert entry.refusal
    assert text in entry.near_miss


def test_a_job_is_told_to_be_another_tasks(wire: Any) -> None:
    succeeds, fails = (f"Simulation/JobOutcomes/GPServer/{label}" for label in ("Succeeds", "Fails"))
    job = wire.json(f"{succeeds}/submitJob")["jobId"]
    wire.error(f"{fails}/jobs/{job}")
    owner, asked = "Simulation/JobOutcomes/Succeeds", "Simulation/JobOutcomes/Fails"
    assert wire.site.journal[-1].near_miss == f"job {job} is one of {owner}, not of {asked}"


def test_a_method_is_told_with_those_that_the_resource_answers(wire: Any) -> None:
    wire.http.request("DELETE", JOBS)
    assert wire.site.journal[-1].near_miss == "method: met DELETE, expected one of GET, POST, HEAD"


def test_inputs_on_which_an_accepted_job_will_fail_are_told(wire: Any) -> None:
    wire.site.bad_input = "fail-job"
    assert told(wire, f"{JOBS}/submitJob", Input_Observation_Point="") == [
        "Input_Observation_Point: no value, and one is required"
    ]


def test_what_is_told_holds_no_token(open_wire: Any, fresh: dict[str, Any]) -> None:
    lines = told(
        open_wire(counting(fresh)),
        "Maths/GPServer/Count/execute",
        Number="seekrit-word",
        Reach='{"url": "http://h/q?token=inner-word"}',
        token="seekrit-word",
    )
    assert [line.partition(":")[0] for line in lines] == ["Number", "Reach"]
    assert "*****" in lines[0]
    assert "*****" in lines[1]
    assert not any(word in line for line in lines for word in ("seekrit", "inner"))


def test_of_many_parameters_that_are_none_some_are_told(wire: Any) -> None:
    given = {f"color{number}": "blue" for number in range(9)}
    lines = told(wire, f"{JOBS}/submitJob", Input_Observation_Point=POINT, **given)
    assert lines == [
        *(f"color{number}: no such parameter" for number in range(5)),
        "4 more that are no parameters",
    ]


@every_case("name", sorted(KNOWN_ERRORS))
def test_each_refusal_has_a_text_unless_the_request_was_right(name: str) -> None:
    bare, said = near_miss(Refusal(name, service="A/B")), near_miss(Refusal(name, "x: met 1, expected 2"))
    the_servers_own = {"tool-failed", "server-busy", "operation-failed", "not-implemented"}
    if name in the_servers_own or KNOWN_ERRORS[name].code >= 502:
        assert bare == said == ""
    else:
        assert bare
        assert said.endswith("x: met 1, expected 2")


def test_a_tool_that_fails_is_no_near_miss(open_wire: Any, fresh: dict[str, Any]) -> None:
    site = counting(fresh)
    site.task("Maths/Count").fails(["ERROR 000001: no"])
    wire = open_wire(site)
    assert wire.error("Maths/GPServer/Count/execute", Number="5")["code"] == 400
    assert told(wire, "Maths/GPServer/Count/execute", Number="5") == [""]


def counting(fresh: dict[str, Any]) -> Site:
    site = Site(**fresh)

    @site.task("Maths/Count", execution="sync")
    def count(Number: int, Mode: str = "exact", Reach: LinearUnit | None = None) -> int:
        return Number

    return site


@pytest.fixture
def served() -> ServedTask:
    return counting({"clock": ManualClock()}).find_task("Maths/Count")


def given(**inputs: Any) -> dict[str, Any]:
    return {"Number": 5, "Mode": "exact", "Reach": None} | inputs


def test_a_task_without_rules_misses_none(served: ServedTask) -> None:
    assert missed_rules(served, given()) == ""


def test_the_rule_with_the_fewest_differences_is_told_with_what_differed(served: ServedTask) -> None:
    task = served.service.site.task("Maths/Count")
    task.fails(when={"Number": {"greaterThan": 10, "lessThan": 20}, "Mode": "exact"})
    task.fails(when={"Number": 7, "Mode": "quick"})
    head, *lines = missed_rules(served, given()).split("\n")
    assert head.startswith("no rule holds; the closest is rule 2 of 2, fails(when={'Number': {'greaterThan'")
    assert " at test_near_misses.py:" in head
    assert lines == ["  Number: met 5, expected more than 10"]


@pytest.mark.parametrize(
    ("when", "inputs", "line"),
    [
        ({"Mode": "quick"}, {}, 'Mode: met "exact", expected "quick"'),
        ({"Mode": {"oneOf": ["a", "b"]}}, {}, 'Mode: met "exact", expected one of "a", "b"'),
        ({"Mode": {"matches": "q.*"}}, {}, 'Mode: met "exact", expected a text that matches "q.*"'),
        ({"Mode": {"contains": "q"}}, {}, 'Mode: met "exact", expected one that contains "q"'),
        ({"Mode.length": {"lessThan": 3}}, {}, "Mode.length: met 5, expected less than 3"),
        ({"Reach": {"given": True}}, {}, "Reach: met no value, expected a value"),
        ({"Number": {"given": False}}, {}, "Number: met 5, expected none"),
        ({"Number": None}, {}, "Number: met 5, expected no value"),
        (
            {"Reach": {"greaterThan": "5000 Meters"}},
            {"Reach": LinearUnit(250, "esriMeters")},
            'Reach: met {"distance":250.0,"units":"esriMeters"}, expected more than "5000 Meters"',
        ),
        (
            {"Reach.units": "esriMiles"},
            {"Reach": LinearUnit(250, "esriMeters")},
            'Reach.units: met "esriMeters", expected "esriMiles"',
        ),
    ],
)
def test_a_condition_tells_what_keeps_it_from_holding(
    served: ServedTask, when: dict[str, Any], inputs: dict[str, Any], line: str
) -> None:
    served.service.site.task("Maths/Count").fails(when=when)
    head, told_line = missed_rules(served, given(**inputs)).split("\n")
    assert head.startswith("no rule holds; the closest is the only rule, fails(when={")
    assert told_line == f"  {line}"


def test_a_function_that_is_a_condition_is_told_by_its_name_and_not_asked_again(served: ServedTask) -> None:
    asked = []

    def is_even(inputs: Any) -> bool:
        asked.append(inputs)
        return False

    served.service.site.task("Maths/Count").fails(when=is_even)
    head, line = missed_rules(served, given()).split("\n")
    assert "fails(when=is_even) at " in head
    assert line == "  is_even, a function, answered False"
    assert asked == []


def test_features_are_told_by_their_number_and_hidden_texts_not_at_all() -> None:
    task = parse_task(
        {
            "name": "Work",
            "parameters": [
                {"name": "Points", "dataType": "GPFeatureRecordSetLayer"},
                {"name": "Key", "dataType": "GPStringHidden"},
            ],
        }
    )
    condition = parse_condition({"Points": {"given": False}, "Key": "open"}, task)
    assert isinstance(condition, WrittenCondition)
    points = FeatureSet(features=[{"attributes": {}}])
    assert condition.differences({"Points": points, "Key": "sesame"}) == [
        "Points: met 1 feature, expected none",
        'Key: met *****, expected "open"',
    ]


def test_a_rule_of_a_site_file_is_told_by_its_place_there(open_wire: Any, fresh: dict[str, Any]) -> None:
    site = site_from(
        {
            "services": {
                "Planning/Noise": {
                    "executionType": "asynchronous",
                    "tasks": [
                        {
                            "name": "Zone",
                            "parameters": {"Reach": "GPLinearUnit"},
                            "rules": [{"when": {"Reach": {"greaterThan": "5000 Meters"}}, "fails": "far"}],
                        }
                    ],
                }
            }
        },
        **fresh,
    )
    wire = open_wire(site)
    lines = told(wire, "Planning/Noise/GPServer/Zone/submitJob", Reach="250 Meters")
    assert lines == [
        "no rule holds; the closest is the only rule, when {'Reach': {'greaterThan': '5000 Meters'}} at "
        "services.Planning/Noise.tasks[0].rules[0]",
        '  Reach: met {"distance":250.0,"units":"esriMeters"}, expected more than "5000 Meters"',
    ]
    assert told(wire, "Planning/Noise/GPServer/Zone/submitJob", Reach="6000 Meters") == [""]


def test_what_a_run_missed_is_not_computed_where_nobody_reads_it(
    open_wire: Any, fresh: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any) -> str:
        raise AssertionError

    monkeypatch.setattr("gp_mockserver.journal.near_misses.missed_in_run", refuse)
    site = counting({**fresh, "journal": Journal(entries=0)})
    assert open_wire(site).json("Maths/GPServer/Count/execute", Number="5", x="y")["results"]
