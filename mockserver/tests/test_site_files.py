"""Site files in short form: what is served, and what is said of files that are wrong."""

from __future__ import annotations

import copy
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from gp_mockserver.configuration.data_files import parse_yaml
from gp_mockserver.configuration.site_files import is_site_file, load_site, site_from
from gp_mockserver.errors import SiteFileError
from gp_mockserver.lifecycle.clocks import JumpingClock, ManualClock, ScaledClock
from gp_mockserver.tools.latency import Latency, Uniform
from gp_protocol.descriptions.descriptors import service_json, task_json
from hypothesis import given
from hypothesis import strategies as st

from every_case import every_case

BUFFERS = """
context: gis
version: "10.91"
seed: 7
services:
  GPFolder/BufferService:
    executionType: asynchronous
    serviceDescription: Buffers.
    capabilities: Uploads
    maximumRecords: 500
    messageLevel: Error
    instances: 2
    tasks:
      - name: BufferPoints
        displayName: Buffer Points
        parameters:
          Input_Points: GPFeatureRecordSetLayer
          Distance: {dataType: GPLinearUnit, default: 1 Miles}
          Mode: {dataType: GPString, choiceList: [round, flat], default: round, category: Advanced}
          Segments:
            {dataType: GPLong, parameterType: optional, filter: {type: range, minimum: 4, maximum: 64}}
          Output_Polygons: {dataType: GPFeatureRecordSetLayer, direction: output}
          Count: {dataType: GPLong, direction: output}
        outputs:
          Count: {template: "{{ Input_Points.features | length }}"}
        timeline: {submitted: 1s, executing: 10s}
        rules:
          - when: {Distance: {greaterThan: 100}}
            fails: ["ERROR 000800: The value is too large."]
          - when: {Input_Points.features.length: {greaterThan: 2}}
            outputs: {Count: {value: 99}}
            timeline: {executing: 1s}
          - when: {Mode: flat}
            timesOut: true
"""
TASK = "GPFolder/BufferService/GPServer/Buffer Points"
POINTS = "{'features': [{'geometry': {'x': 1, 'y': 2}}, {'geometry': {'x': 3, 'y': 4}}]}"


def open_text(text: str, open_wire: Any, fresh: dict[str, Any], folder: Path | None = None) -> Any:
    return open_wire(site_from(parse_yaml(text), folder=folder, name="site.yaml", **fresh))


def test_a_short_form_is_served_as_a_servers_descriptor(open_wire: Any, fresh: dict[str, Any]) -> None:
    wire = open_text(BUFFERS, open_wire, fresh)
    assert wire.json("GPFolder/BufferService/GPServer") == {
        "currentVersion": 10.91,
        "serviceDescription": "Buffers.",
        "tasks": ["Buffer Points"],
        "executionType": "esriExecutionTypeAsynchronous",
        "resultMapServerName": "",
        "maximumRecords": 500,
        "capabilities": "Uploads",
    }
    task = wire.json(TASK)
    assert {key: task[key] for key in ("name", "displayName", "category", "executionType")} == {
        "name": "BufferPoints",
        "displayName": "Buffer Points",
        "category": "",
        "executionType": "esriExecutionTypeAsynchronous",
    }
    required, optional, derived = (
        f"esriGPParameterType{word}" for word in ("Required", "Optional", "Derived")
    )
    asked, made = (f"esriGPParameterDirection{word}" for word in ("Input", "Output"))
    described = [
        {
            key: each[key]
            for key in each
            if key not in ("description", "direction", "parameterType", "displayName")
        }
        for each in task["parameters"]
    ]
    assert described == [
        {"name": "Input_Points", "dataType": "GPFeatureRecordSetLayer", "defaultValue": None, "category": ""},
        {
            "name": "Distance",
            "dataType": "GPLinearUnit",
            "defaultValue": {"distance": 1, "units": "esriMiles"},
            "category": "",
        },
        {
            "name": "Mode",
            "dataType": "GPString",
            "defaultValue": "round",
            "category": "Advanced",
            "choiceList": ["round", "flat"],
        },
        {
            "name": "Segments",
            "dataType": "GPLong",
            "defaultValue": None,
            "category": "",
            "filter": {"type": "range", "minimum": 4, "maximum": 64},
        },
        {
            "name": "Output_Polygons",
            "dataType": "GPFeatureRecordSetLayer",
            "defaultValue": None,
            "category": "",
        },
        {"name": "Count", "dataType": "GPLong", "defaultValue": None, "category": ""},
    ]
    assert [
        (each["displayName"], each["direction"], each["parameterType"]) for each in task["parameters"]
    ] == [
        ("Input Points", asked, required),
        ("Distance", asked, optional),
        ("Mode", asked, optional),
        ("Segments", asked, optional),
        ("Output Polygons", made, derived),
        ("Count", made, derived),
    ]


def test_jobs_go_by_the_timeline_and_the_first_rule_that_holds(open_wire: Any, fresh: dict[str, Any]) -> None:
    wire = open_text(BUFFERS, open_wire, fresh)

    def job_after(seconds: float, **inputs: Any) -> tuple[str, dict[str, Any]]:
        path = f"{TASK}/jobs/{wire.json(f'{TASK}/submitJob', **{'Input_Points': POINTS, **inputs})['jobId']}"
        wire.clock.advance(seconds)
        return path, wire.json(path)

    assert job_after(10.9)[1]["jobStatus"] == "esriJobExecuting"
    path, job = job_after(30)
    assert job["jobStatus"] == "esriJobSucceeded"
    assert wire.json(f"{path}/results/Count")["value"] == 2
    assert wire.json(f"{path}/results/Output_Polygons")["value"]["features"]
    _, job = job_after(30, Distance="101 Miles", Mode="flat")
    assert job["jobStatus"] == "esriJobFailed"
    assert job["messages"] == [
        {"type": "esriJobMessageTypeInformative", "description": "Submitted."},
        {"type": "esriJobMessageTypeInformative", "description": "Executing..."},
        {"type": "esriJobMessageTypeError", "description": "ERROR 000800: The value is too large."},
        {"type": "esriJobMessageTypeError", "description": "Failed to execute (Buffer Points)."},
        {"type": "esriJobMessageTypeError", "description": "Failed."},
    ]
    more = POINTS.replace("[", "[{'geometry': {'x': 9, 'y': 9}}, ")
    path, job = job_after(1, Input_Points=more)
    assert (job["jobStatus"], wire.json(f"{path}/results/Count")["value"]) == ("esriJobSucceeded", 99)
    assert job_after(30, Mode="flat")[1]["jobStatus"] == "esriJobTimedOut"


def test_the_settings_of_a_site() -> None:
    site = site_from(
        parse_yaml("""
          context: gis
          version: 10.81
          seed: 9
          clock: x60
          publicUrl: https://gis.example.com/
          badInput: fail-job
          latency: {job: 50ms, execute: {uniform: [0.1, 0.4]}, "*": {bytesPerSecond: 1000}}
          errors: {unknown-task: {code: 404, message: Task not found}}
          jobs: {maxAge: 2h, maxJobs: 10}
          services:
            A: {executionType: sync, messageLevel: None, latency: {execute: 1}, started: false}
        """)
    )
    assert (site.context, site.profile.number, site.seed, site.bad_input) == ("gis", 10.81, 9, "fail-job")
    assert isinstance(site.clock, ScaledClock)
    assert site.clock.rate == 60
    assert site.public_url == "https://gis.example.com"
    assert site.latency == {
        "job": Latency(0.05),
        "execute": Latency(Uniform(0.1, 0.4)),
        "*": Latency(0.0, 1000),
    }
    assert site.errors == {"unknown-task": {"code": 404, "message": "Task not found"}}
    assert (site.store.max_age, site.store.max_jobs) == (7200, 10)  # type: ignore[attr-defined]
    service = site.services["A"]
    assert (service.message_level, service.started, service.is_synchronous) == ("None", False, True)
    assert service.latency == {"execute": Latency(1.0)}


def test_the_caller_may_set_context_seed_and_clock_over_the_file(tmp_path: Path) -> None:
    file = tmp_path / "site.yaml"
    file.write_text("context: gis\nseed: 7\nclock: real\nservices: {}")
    clock = ManualClock()
    site = load_site(file, context="other", seed=8, clock=clock)
    assert (site.context, site.seed, site.clock) == ("other", 8, clock)
    assert load_site(str(file)).context == "gis"
    file.write_text("clock: jump\nservices: {}")
    assert isinstance(load_site(file).clock, JumpingClock)


def test_a_site_file_may_be_json(tmp_path: Path) -> None:
    file = tmp_path / "site.json"
    file.write_text('{"services": {"A/B": {"executionType": "sync", "tasks": [{"name": "T"}]}}}')
    assert load_site(file).find_task("A/B/T").descriptor.name == "T"


def test_a_task_may_be_a_function_of_the_site_files_folder(
    tmp_path: Path, open_wire: Any, fresh: dict[str, Any]
) -> None:
    (tmp_path / "own_tools").mkdir()
    (tmp_path / "own_tools" / "maths.py").write_text(
        textwrap.dedent("""
            from typing import Annotated
            from gp_mockserver import ToolCall, ToolFailed

            def half(number: float, *, call: ToolCall) -> Annotated[float, "Half"]:
                "Halves a number."
                if number < 0:
                    raise ToolFailed("ERROR 000800: number: below 0")
                call.message("halving")
                return number / 2

            def quarter(call: ToolCall) -> dict:
                return {"Quarter": call.inputs["Number"] / 4}
        """)
    )
    text = """
      services:
        Maths:
          executionType: sync
          tasks:
            - {displayName: Half Of, function: "own_tools.maths:half"}
            - name: Quarter
              parameters: {Number: GPDouble, Quarter: {dataType: GPDouble, direction: output}}
              function: "own_tools.maths:quarter"
    """
    wire = open_text(text, open_wire, fresh, tmp_path)
    task = wire.json("Maths/GPServer/Half Of")
    assert [each["name"] for each in task["parameters"]] == ["number", "Half"]
    assert task["description"] == "Halves a number."
    answer = wire.json("Maths/GPServer/Half Of/execute", number=5)
    assert answer["results"] == [{"paramName": "Half", "dataType": "GPDouble", "value": 2.5}]
    assert answer["messages"][-1]["description"] == "halving"
    assert "ERROR 000800" in wire.error("Maths/GPServer/Half Of/execute", number=-1)["details"][0]
    assert wire.json("Maths/GPServer/Quarter/execute", Number=5)["results"][0]["value"] == 1.25


def test_each_loading_of_a_site_sees_the_functions_as_they_are_then(tmp_path: Path) -> None:
    text = 'services: {S: {executionType: sync, tasks: [{name: T, function: "tools:work"}]}}'
    for folder, default in (("one", 1), ("two", 2)):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "tools.py").write_text(
            f"def work(number: int = {default}) -> int:\n    return number\n"
        )
        (tmp_path / folder / "site.yaml").write_text(text)
        site = load_site(tmp_path / folder / "site.yaml")
        assert site.find_task("S/T").descriptor.inputs[0].default_value == default


SERVICE = "services: {S: {executionType: sync, %s}}"
TASKS = SERVICE % "tasks: [{name: T, parameters: {a: GPLong, o: {dataType: GPLong, direction: output}}, %s}]"
PARAMETER = SERVICE % "tasks: [{name: T, parameters: {a: %s}}]"
A_TASK = "services.S.tasks[0]"


@every_case(
    ("text", "error"),
    [
        ("", "met null, expected a mapping of services and settings, or a server's descriptor"),
        ("[1]", "met [1], expected a mapping"),
        ("<html><body>Sign in</body></html>", 'met "<html><body>Sign in</body></html>", expected a mapping'),
        (
            "contxt: a\nservices: {}",
            "contxt: met an unknown key, expected one of services, context, version, seed, clock, "
            "publicUrl, badInput, latency, errors, jobs, users, security, limits, fetchFrom, layers, "
            "journal, deviations; "
            'did you mean "context"?',
        ),
        (
            "context: a/b\nservices: {}",
            'context: met "a/b", expected one segment of an address, such as arcgis',
        ),
        ("seed: x\nservices: {}", 'seed: met "x", expected a whole number'),
        ("clock: reel\nservices: {}", 'clock: met "reel", expected real, x60 (any rate), jump or manual'),
        ("version: banana\nservices: {}", "version: met 'banana', expected a version number"),
        (
            "publicUrl: gis.example.com\nservices: {}",
            'publicUrl: met "gis.example.com", expected an http or https address with a host and no query, '
            "such as https://gis.example.com",
        ),
        ("badInput: ignore\nservices: {}", 'badInput: met "ignore", expected one of fail-job, refuse'),
        (
            "latency: {exceute: 1}\nservices: {}",
            "latency.exceute: met no operation of that name, expected one of root",
        ),
        ("latency: {job: quick}\nservices: {}", 'latency.job: met "quick", expected seconds as a number'),
        ("errors: {unknown-tsk: {code: 1}}\nservices: {}", 'errors: met "unknown-tsk", expected one of'),
        (
            "errors: {unknown-task: {cod: 1}}\nservices: {}",
            "errors.unknown-task.cod: met an unknown key, expected one of "
            'code, message; did you mean "code"?',
        ),
        (
            "errors: {unknown-task: {code: x}}\nservices: {}",
            'errors.unknown-task.code: met "x", expected a whole number',
        ),
        ("jobs: {maxAge: 0}\nservices: {}", "jobs.maxAge: met 0, expected a duration above 0"),
        ("jobs: {maxJobs: 0}\nservices: {}", "jobs.maxJobs: met 0, expected a whole number, 1 or more"),
        (
            "services: [S]",
            "services: met ['S'], expected a mapping of names, such as Folder/Service, to services",
        ),
        (
            "services: {A/B/C: {executionType: sync}}",
            'services.A/B/C: met "A/B/C", expected a name such as Service or Folder/Service',
        ),
        (
            "services: {S/GPServer: {executionType: sync}}",
            'services.S/GPServer: met "S/GPServer", expected a name',
        ),
        (
            "services: {S: {}}",
            "services.S: met no executionType, expected synchronous or asynchronous; add executionType",
        ),
        (
            "services: {S: {executionType: synchro}}",
            'services.S.executionType: met "synchro", expected one of synchronous, '
            "asynchronous, sync, async, esriExecutionTypeSynchronous, esriExecutionTypeAsynchronous; "
            'did you mean "synchronous"?',
        ),
        (SERVICE % "instancs: 2", "services.S.instancs: met an unknown key"),
        (
            SERVICE % "instances: two",
            'services.S.instances: met "two", expected a whole number from 1 to 10000',
        ),
        (
            SERVICE % "messageLevel: info",
            'services.S.messageLevel: met "info", expected one of Error, Info, None, Warning; '
            'did you mean "Info"?',
        ),
        (SERVICE % "timeline: {}", "services.S.timeline: met an unknown key"),
        (SERVICE % "tasks: {T: {}}", "services.S.tasks: met {'T': {}}, expected a list"),
        (SERVICE % "tasks: [{nmae: T}]", f"{A_TASK}.nmae: met an unknown key"),
        (
            SERVICE % "tasks: [{description: T}]",
            f"{A_TASK}.name: met no name and no displayName, expected at least one of them",
        ),
        (
            SERVICE % "tasks: [{name: T}, {name: T}]",
            'services.S.tasks[1]: met a second task "T", expected each task once',
        ),
        (
            TASKS % "timline: {}",
            f"{A_TASK}.timline: met an unknown key, expected one of name, displayName, description, "
            f"category, "
            "helpUrl, executionType, itemId, parameters, descriptor, descriptorFile, function, "
            "outputs, timeline, rules, latency; "
            'did you mean "timeline"?',
        ),
        (
            (TASKS % "timeline: {executing: soon}").replace("sync", "async"),
            f'{A_TASK}.timeline.executing: met "soon", expected a duration',
        ),
        (
            TASKS % "executionType: async",
            f'{A_TASK}.executionType: met "esriExecutionTypeAsynchronous", expected '
            "esriExecutionTypeSynchronous, as the service has it",
        ),
        (
            TASKS % "outputs: {p: {value: 1}}",
            f"{A_TASK}.outputs.p: met no output of that name, expected an output of T, one of o",
        ),
        (
            TASKS % "outputs: {o: {file: x.json}}",
            f'{A_TASK}.outputs.o.file: met "x.json", expected no file; only a site that was '
            "loaded from a file can name files",
        ),
        (
            TASKS % "rules: [{when: {b: 1}, fails: true}]",
            f"{A_TASK}.rules[0].when.b: met no input of that name, expected an input of T, one of a",
        ),
        (
            TASKS % "rules: [{when: {a: 1}}]",
            f"{A_TASK}.rules[0]: met a rule that changes nothing, expected one of fails, timesOut, "
            "neverEnds, outputs, function, timeline",
        ),
        *(
            (
                TASKS % f"{said}",
                f"{A_TASK}.{place}: met {place.rpartition('.')[2]}, expected none: "
                "a synchronous task answers at once; use latency",
            )
            for said, place in (
                ("timeline: {executing: 1s}", "timeline"),
                ("rules: [{timeline: {executing: 1s}}]", "rules[0].timeline"),
                ("rules: [{neverEnds: true}]", "rules[0].neverEnds"),
                ("rules: [{timesOut: true}]", "rules[0].timesOut"),
            )
        ),
        (
            SERVICE % "tasks: [{name: Near/Far}]",
            f'{A_TASK}.name: met "Near/Far", expected a name without "/": it is one segment of an address',
        ),
        (
            SERVICE % "tasks: [{name: T, displayName: Near/Far}]",
            f'{A_TASK}.displayName: met "Near/Far", expected a name without "/"',
        ),
        (
            SERVICE % "maximumRecords: 0",
            "services.S.maximumRecords: met 0, expected a whole number, 1 or more",
        ),
        (
            PARAMETER % "{dataType: GPString, choiceList: [a, b], default: c}",
            f'{A_TASK}.parameters.a.defaultValue: met "c", expected one of a, b',
        ),
        (
            PARAMETER % "{dataType: GPLong, filter: {type: range, minimum: 0, maximum: 9}, default: 10}",
            f"{A_TASK}.parameters.a.defaultValue: met 10, expected a number from 0 to 9",
        ),
        (TASKS % "rules: [{when: {a: 1}, fials: true}]", f"{A_TASK}.rules[0].fials: met an unknown key"),
        (
            TASKS % "rules: [{fails: true, timesOut: true}]",
            f"{A_TASK}.rules[0]: met fails and timesOut, expected one way to end",
        ),
        (
            TASKS % "rules: [{fails: true, outputs: {o: {value: 1}}}]",
            f"{A_TASK}.rules[0]: met fails and outputs, expected one way",
        ),
        (TASKS % "function: tools", f'{A_TASK}.function: met "tools", expected a function as "module:name"'),
        (TASKS % "function: 'no_such_module:work'", f'{A_TASK}.function: met no module "no_such_module"'),
        (
            TASKS % "function: 'textwrap:dedunt'",
            f'{A_TASK}.function: met no function "dedunt" in textwrap, expected a function as '
            '"module:name" or "package.module:name"; did you mean "dedent"?',
        ),
        (
            TASKS % "function: 'textwrap:dedent'",
            f'{A_TASK}.function: met "textwrap:dedent", expected a function that can be served; '
            "function dedent asks for 'text', which is no input of task 'T'; its inputs: a",
        ),
        (
            PARAMETER % "GPLnog",
            f'{A_TASK}.parameters.a.dataType: met "GPLnog", expected a data type such as GPString or '
            'GPMultiValue:GPString; did you mean "GPLong"?',
        ),
        (
            PARAMETER % "5",
            f"{A_TASK}.parameters.a: met 5, expected the name of a data type, such as GPString or a "
            f"mapping of",
        ),
        (
            PARAMETER % "{dataTyp: GPLong}",
            f"{A_TASK}.parameters.a: met no dataType, expected dataType: the name of a data type, such "
            'as GPString; is it "dataTyp"?',
        ),
        (
            PARAMETER % "{dataType: GPLong, direction: inptu}",
            f'{A_TASK}.parameters.a.direction: met "inptu", expected one of input, output',
        ),
        (
            PARAMETER % "{dataType: GPLong, parameterType: needed}",
            f'{A_TASK}.parameters.a.parameterType: met "needed", expected one of required, optional, derived',
        ),
        (
            PARAMETER % "{dataType: GPLong, default: many}",
            f'{A_TASK}.parameters.a.defaultValue: met "many", expected a whole number',
        ),
        (
            PARAMETER % "{dataType: GPLong, default: 1, defaultValue: 1}",
            f"{A_TASK}.parameters.a.default: met default beside defaultValue",
        ),
        (
            PARAMETER % "{dataType: GPLong, filter: {type: range, minimum: x}}",
            f"{A_TASK}.parameters.a.filter: met {{'minimum': 'x', 'type': 'range'}}, "
            "expected one of {type: range, minimum: 0, maximum: 9}, {type: featureClass, list: […]}",
        ),
        (
            PARAMETER % "{dataType: GPLong, filter: {type: range, minimun: 4}}",
            f"{A_TASK}.parameters.a.filter.minimun: met an unknown key, "
            'expected one of type, minimum, maximum; did you mean "minimum"?',
        ),
        (
            PARAMETER % "{dataType: GPString, choiceList: round}",
            f'{A_TASK}.parameters.a.choiceList: met "round", expected a list',
        ),
        (
            SERVICE
            % "tasks: [{name: T, parameters: [{name: a, dataType: GPLong}, {name: a, dataType: GPLong}]}]",
            f'{A_TASK}.parameters: met two parameters "a", expected each name once',
        ),
    ],
)
def test_what_is_wrong_is_said_with_file_path_value_and_remedy(text: str, error: str) -> None:
    with pytest.raises(SiteFileError) as raised:
        site_from(parse_yaml(text), name="site.yaml")
    assert str(raised.value).startswith(f"site.yaml: {error}")


def test_a_function_module_that_cannot_be_imported_is_an_error_of_the_site_file(tmp_path: Path) -> None:
    (tmp_path / "broken_tools.py").write_text("1 / 0\n")
    (tmp_path / "site.yaml").write_text(TASKS % "function: 'broken_tools:work'")
    with pytest.raises(
        SiteFileError, match=r"function: met ZeroDivisionError: division by zero.*importing broken_tools"
    ):
        load_site(tmp_path / "site.yaml")


def test_a_file_that_is_not_there_is_an_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(SiteFileError, match=r"none\.yaml: met No such file or directory"):
        load_site(tmp_path / "none.yaml")


ANY_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-3, 3)
    | st.floats(allow_nan=False)
    | st.sampled_from(
        [
            "",
            "x",
            "esriExecutionTypeSynchronous",
            "GPLong",
            "{{ a",
            "3 polls",
            "esriGPParameterDirectionInput",
        ]
    ),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(
            st.sampled_from(["name", "dataType", "value", "x", "tasks", "type", "list"]), inner, max_size=2
        )
    ),
    max_leaves=5,
)


def places(data: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place in the data below the top."""
    for key, value in data.items() if isinstance(data, dict) else enumerate(data):
        yield (*path, key)
        if isinstance(value, dict | list):
            yield from places(value, (*path, key))


WHOLE = {
    **parse_yaml(BUFFERS),
    "latency": {"job": {"uniform": [0, 1]}},
    "errors": {"unknown-task": {"code": 404}},
    "jobs": {"maxAge": "1h"},
}
WHOLE["services"]["Pasted"] = {
    "descriptor": {
        "tasks": ["T", "U"],
        "executionType": "esriExecutionTypeSynchronous",
        "currentVersion": 10.91,
    },
    "tasks": [
        {
            "name": "T",
            "executionType": "esriExecutionTypeSynchronous",
            "parameters": [
                {
                    "name": "a",
                    "dataType": "GPMultiValue:GPString",
                    "direction": "esriGPParameterDirectionInput",
                    "choiceList": ["a"],
                    "filter": {
                        "type": "codedValue",
                        "list": [{"dataType": "GPLong", "name": "x", "value": 1}],
                    },
                    "parameterInfos": [{"name": "", "dataType": "GPString"}],
                }
            ],
        }
    ],
}


@given(st.sampled_from(list(places(WHOLE))), ANY_JSON)
def test_whatever_stands_anywhere_is_served_or_refused(place: tuple[Any, ...], value: Any) -> None:
    data = copy.deepcopy(WHOLE)
    inner = data
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = value
    try:
        site = site_from(data, name="site.yaml")
    except SiteFileError:
        return
    for service in site.services.values():
        service_json(service.descriptor, site.profile)
        for task in service.tasks.values():
            task_json(task.descriptor, site.profile)


POINTS_SCHEMA = {
    "spatialReference": {"wkid": 4326},
    "fields": [{"name": "A", "type": "esriFieldTypeInteger"}],
}


@pytest.mark.parametrize(
    ("version", "keys"),
    [
        ("9.3", "geometryType spatialReference fields"),
        ("10.0", "geometryType spatialReference Fields fields"),
        ("10.31", "displayFieldName geometryType spatialReference fields features exceededTransferLimit"),
        ("11.3", "displayFieldName geometryType spatialReference fields features exceededTransferLimit"),
    ],
)
def test_a_schema_of_features_has_the_keys_of_its_version(
    version: str, keys: str, open_wire: Any, fresh: dict[str, Any]
) -> None:
    task = {
        "name": "T",
        "parameters": {"P": {"dataType": "GPFeatureRecordSetLayer", "default": POINTS_SCHEMA}},
    }
    data = {"version": version, "services": {"S": {"executionType": "sync", "tasks": [task]}}}
    schema = open_wire(site_from(data, **fresh)).json("S/GPServer/T")["parameters"][0]["defaultValue"]
    assert list(schema) == keys.split()
    assert schema["geometryType"] == "esriGeometryPoint"
    assert schema["fields"] == POINTS_SCHEMA["fields"]
    if "features" in keys:
        assert (schema["displayFieldName"], schema["features"]) == ("", [])
        assert schema["exceededTransferLimit"] is False


@pytest.mark.parametrize(
    ("data_type", "default", "served"),
    [
        ("GPFeatureRecordSetLayer", {}, {}),
        (
            "GPFeatureRecordSetLayer",
            {"hasZ": True, "geometryType": "esriGeometryPolygon"},
            {
                "displayFieldName": "",
                "hasZ": True,
                "geometryType": "esriGeometryPolygon",
                "fields": [],
                "features": [],
                "exceededTransferLimit": False,
            },
        ),
        (
            "GPRecordSet",
            {"fields": []},
            {"displayFieldName": "", "fields": [], "features": [], "exceededTransferLimit": False},
        ),
    ],
)
def test_a_schema_in_short_is_served_whole(
    data_type: str, default: Any, served: Any, open_wire: Any, fresh: dict[str, Any]
) -> None:
    task = {"name": "T", "parameters": {"P": {"dataType": data_type, "default": default}}}
    wire = open_wire(site_from({"services": {"S": {"executionType": "sync", "tasks": [task]}}}, **fresh))
    answered = wire.json("S/GPServer/T")["parameters"][0]["defaultValue"]
    assert list(answered.items()) == list(served.items())


@pytest.mark.parametrize(
    ("version", "timeline", "first", "starts"),
    [
        ("11.3", {}, "esriJobSubmitted", "Start Time: Thursday, January 1, 2026"),
        ("10.51", {}, "esriJobSubmitted", "Start Time: Thu Jan  1 00:00:00 2026"),
        ("10.51", {"executing": "2s"}, "esriJobSubmitted", "Start Time: Thu Jan  1 00:00:00 2026"),
        ("10.51", {"dateStyle": "pro"}, "esriJobSubmitted", "Start Time: Thursday, January 1, 2026"),
        ("agol-hosted", {}, "esriJobNew", "Start Time: Thursday, January 1, 2026"),
        ("agol-hosted", {"executing": "2s"}, "esriJobNew", "Start Time: Thursday, January 1, 2026"),
        ("agol-hosted", {"first": "submitted"}, "esriJobSubmitted", "Start Time: Thursday, January 1, 2026"),
    ],
)
def test_jobs_go_as_those_of_the_version_unless_the_timeline_says_otherwise(
    version: str, timeline: Any, first: str, starts: str, open_wire: Any, fresh: dict[str, Any]
) -> None:
    task = {"name": "T", "timeline": timeline} if timeline else {"name": "T"}
    data = {"version": version, "services": {"S": {"executionType": "async", "tasks": [task]}}}
    wire = open_wire(site_from(data, **fresh))
    answer = wire.json("S/GPServer/T/submitJob")
    assert answer["jobStatus"] == first
    said = [each["description"] for each in wire.json(f"S/GPServer/T/jobs/{answer['jobId']}")["messages"]]
    assert any(text.startswith(starts) for text in said)


@pytest.mark.parametrize(
    ("name", "text", "is_one"),
    [
        ("site.yaml", "services: {}", True),
        ("site.json", '{"services": {}}', True),
        ("broken.yaml", "services: {S: {", True),
        ("misspelt.yaml", "services: {}\nservices: {}", True),
        (
            "Trees.json",
            '{"serviceDescription": "", "tasks": ["T"], "executionType": "esriExecutionTypeSynchronous"}',
            True,
        ),
        ("trees-task.json", '{"name": "T", "executionType": "esriExecutionTypeSynchronous"}', False),
        ("places.json", '{"features": []}', False),
        ("tasks.json", '{"tasks": ["buy milk"]}', False),
        ("list.json", '["services"]', False),
        ("broken.json", "{", False),
        ("image.json", "\udcff", False),
    ],
)
def test_a_site_file_is_told_from_data_beside_it(tmp_path: Path, name: str, text: str, is_one: bool) -> None:
    (tmp_path / name).write_bytes(text.encode("utf-8", "surrogateescape"))
    assert is_site_file(tmp_path / name) is is_one


def test_what_is_not_there_is_no_site_file(tmp_path: Path) -> None:
    assert not is_site_file(tmp_path / "missing.yaml")
