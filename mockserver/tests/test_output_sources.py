"""Where outputs come from when no function makes them."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import pytest
from gp_mockserver.configuration.site_folders import SiteFolder
from gp_mockserver.errors import SiteFileError
from gp_mockserver.running.task_inputs import read_inputs
from gp_mockserver.tools.output_sources import declared_outputs, generated_outputs, parse_outputs
from gp_mockserver.tools.tool_calls import Outcome, ToolCall, run_tool
from gp_protocol.descriptions.descriptors import Task, parse_task
from gp_protocol.values.data_types import data_type
from gp_protocol.versions import profile

TYPES = {
    "Points": "GPFeatureRecordSetLayer",
    "Rows": "GPRecordSet",
    "Count": "GPLong",
    "Ratio": "GPDouble",
    "Ok": "GPBoolean",
    "Text": "GPString",
    "Day": "GPDate",
    "Reach": "GPLinearUnit",
    "Names": "GPMultiValue:GPString",
    "File": "GPDataFile",
    "Image": "GPRasterDataLayer",
}
TASK: Task = parse_task(
    {
        "name": "Work",
        "parameters": [
            {"name": "In_Points", "dataType": "GPFeatureRecordSetLayer"},
            {"name": "Distance", "dataType": "GPLinearUnit"},
            {"name": "Note", "dataType": "GPString"},
            *(
                {"name": name, "dataType": kind, "direction": "esriGPParameterDirectionOutput"}
                for name, kind in TYPES.items()
            ),
        ],
    }
)
POINTS = '{"features": [{"geometry": {"x": 1, "y": 2}}], "spatialReference": {"wkid": 4326}}'


def run(tool: Any, scratch: Path, seed: int = 7, **given: str) -> Outcome:
    call = ToolCall(
        "j1", TASK, read_inputs(TASK, given, profile(11.3)), given, seed, None, None, None, lambda: scratch
    )
    return run_tool(tool, call)


def made(sources: dict[str, Any], folder: Path, **given: str) -> Outcome:
    (folder / "scratch").mkdir(exist_ok=True)
    tool = declared_outputs(TASK, parse_outputs(sources, TASK, SiteFolder(folder), "outputs"))
    return run(tool, folder / "scratch", **given)


def output_json(name: str, source: Any, folder: Path, **given: str) -> Any:
    """One output's value as a server answers it."""
    outcome = made({name: source}, folder, **given)
    assert outcome.status == "esriJobSucceeded", outcome.messages
    return data_type(TYPES[name]).encode_output(outcome.outputs[name])


@pytest.mark.parametrize(
    ("name", "value", "answered"),
    [
        ("Count", 5, 5),
        ("Ratio", 2, 2.0),
        ("Ok", True, True),
        ("Text", "plain", "plain"),
        ("Text", 5, "5"),
        ("Day", 1714521600000, 1714521600000),
        ("Day", "2024-05-01T00:00:00", 1714521600000),
        ("Reach", {"distance": 5, "units": "esriMiles"}, {"distance": 5, "units": "esriMiles"}),
        ("Reach", "5 Miles", {"distance": 5, "units": "esriMiles"}),
        ("Names", ["a", "b"], ["a", "b"]),
        ("File", {"url": "https://host/out.zip"}, {"url": "https://host/out.zip"}),
        ("Points", {"url": "https://host/FeatureServer/0"}, {"url": "https://host/FeatureServer/0"}),
        ("Count", None, None),
        ("Points", None, {}),
        ("Names", None, []),
    ],
)
def test_a_constant_may_have_any_form_of_its_type(
    name: str, value: Any, answered: Any, tmp_path: Path
) -> None:
    assert output_json(name, {"value": value}, tmp_path) == answered


def test_a_template_is_read_as_its_outputs_type(tmp_path: Path) -> None:
    given = {"In_Points": POINTS, "Distance": "2.5 Miles", "Note": "hello"}
    templates = {
        "Count": ("{{ In_Points.features | length }}", 1),
        "Ratio": ("{{ Distance.distance * 2 }}", 5.0),
        "Ok": ("{{ Note == 'hello' }}", True),
        "Text": ("{{ Note | upper }}, seed {{ seed }}, {{ job_id }}", "HELLO, seed 7, j1"),
        "Reach": (
            "{'distance': {{ Distance.distance + 1 }}, 'units': '{{ Distance.units }}'}",
            {"distance": 3.5, "units": "esriMiles"},
        ),
        "Names": (["{{ Note }}", "b"], ["hello", "b"]),
        "Day": ("2024-05-01T00:00:00", 1714521600000),
    }
    for name, (template, answered) in templates.items():
        assert output_json(name, {"template": template}, tmp_path, **given) == answered, name


def test_a_template_may_give_back_the_input_features(tmp_path: Path) -> None:
    answered = output_json("Points", {"template": "{{ In_Points }}"}, tmp_path, In_Points=POINTS)
    assert answered["features"] == [{"attributes": {}, "geometry": {"x": 1, "y": 2}}]
    assert answered["spatialReference"] == {"wkid": 4326}


def test_a_template_that_renders_to_nothing_makes_nothing(tmp_path: Path) -> None:
    assert output_json("Count", {"template": "{% if Note %}{{ 5 }}{% endif %}"}, tmp_path) is None


@pytest.mark.parametrize(
    ("name", "template", "said"),
    [
        (
            "Count",
            "{{ In_Points.features | length }}",
            "The template of Count failed: 'None' has no attribute 'features'",
        ),
        (
            "Count",
            "{{ Note }} items",
            'The template of Count made no GPLong: met "x items", expected a whole number',
        ),
        (
            "Reach",
            "{'distance': 5, 'units': 'esriMils'}",
            'The template of Reach made no GPLinearUnit: units: met "esriMils"',
        ),
        (
            "Text",
            "{{ 'a' * 10**9 }}",
            "The template of Text failed: it makes more than 16777216 characters or items",
        ),
    ],
)
def test_a_template_that_fails_fails_the_job(name: str, template: str, said: str, tmp_path: Path) -> None:
    outcome = made({name: {"template": template}}, tmp_path, Note="x")
    assert outcome.status == "esriJobFailed"
    assert outcome.messages[0].text.startswith(said)


def test_a_file_holds_a_value_a_servers_result_or_is_the_output_itself(tmp_path: Path) -> None:
    (tmp_path / "count.json").write_text("5")
    (tmp_path / "result.json").write_text('{"paramName": "Other", "dataType": "GPLong", "value": 6}')
    (tmp_path / "points.yaml").write_text("features: [{geometry: {x: 1, y: 2}}]")
    (tmp_path / "note.txt").write_text("a: text\n")
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "out.zip").write_bytes(b"PK")
    assert output_json("Count", {"file": "count.json"}, tmp_path) == 5
    assert output_json("Count", {"file": "result.json"}, tmp_path) == 6
    assert output_json("Points", {"file": "points.yaml"}, tmp_path)["features"][0]["geometry"] == {
        "x": 1,
        "y": 2,
    }
    assert output_json("Text", {"file": "note.txt"}, tmp_path) == "a: text\n"
    copied = made({"File": {"file": "data/out.zip"}}, tmp_path).outputs["File"]
    assert copied == tmp_path / "scratch" / "out.zip"
    assert copied.read_bytes() == b"PK"


@pytest.mark.parametrize(
    ("sources", "error"),
    [
        (
            {"Cuont": {"value": 1}},
            "outputs.Cuont: met no output of that name, expected an output of Work, one of "
            'Points, Rows, Count, Ratio, Ok, Text, Day, Reach, Names, File, Image; did you mean "Count"?',
        ),
        ({"Note": {"value": 1}}, "outputs.Note: met no output of that name"),
        (
            {"Count": 5},
            "outputs.Count: met 5, expected a mapping of value, template, file, generated or notMade; "
            "write {value: 5}",
        ),
        (
            {"Count": {"valeu": 5}},
            "outputs.Count.valeu: met an unknown key, expected one of value, template, file, "
            'generated, notMade; did you mean "value"?',
        ),
        (
            {"Count": {}},
            "outputs.Count: met nothing, expected exactly one of value, template, file, generated, notMade",
        ),
        ({"Count": {"value": 5, "file": "x"}}, "outputs.Count: met value, file, expected exactly one of"),
        ({"Count": {"value": "many"}}, 'outputs.Count.value: met "many", expected a whole number'),
        (
            {"Points": {"value": {"features": [{"geometry": {"x": "a", "y": 1}}]}}},
            "outputs.Points.value.features[0].geometry",
        ),
        ({"Count": {"notMade": False}}, "outputs.Count.notMade: met false, expected true"),
        ({"Count": {"file": "nope.json"}}, 'outputs.Count.file: met "nope.json", expected a file in '),
        ({"Count": {"file": "cuont.json"}}, 'outputs.Count.file: met "cuont.json"'),
        ({"Count": {"file": "bad.json"}}, 'outputs.Count.file (bad.json): met "x", expected a whole number'),
        ({"Count": {"file": "broken.json"}}, "outputs.Count.file (broken.json: line 1, column 2): met "),
        (
            {"Count": {"file": "../outside.json"}},
            'outputs.Count.file: met "../outside.json", expected a file below ',
        ),
        ({"Count": {"file": "/etc/passwd"}}, 'outputs.Count.file: met "/etc/passwd", expected a file below '),
        ({"Count": {"file": "link.json"}}, 'outputs.Count.file: met "link.json", expected a file below '),
        ({"Count": {"template": "{{ Nte }}"}}, 'outputs.Count.template: met the variable "Nte"'),
    ],
)
def test_a_source_that_cannot_be_is_an_error_when_the_site_is_loaded(
    sources: dict[str, Any], error: str, tmp_path: Path
) -> None:
    folder = tmp_path / "site"
    folder.mkdir()
    (tmp_path / "outside.json").write_text("5")
    (folder / "bad.json").write_text('"x"')
    (folder / "broken.json").write_text("{")
    (folder / "link.json").symlink_to(tmp_path / "outside.json")
    with pytest.raises(SiteFileError) as raised:
        parse_outputs(sources, TASK, SiteFolder(folder), "outputs")
    assert str(raised.value).startswith(error)


def test_outputs_are_generated_from_the_descriptor_alone_and_repeat(tmp_path: Path) -> None:
    first, again, other = (
        run(generated_outputs(TASK), tmp_path, seed, In_Points=POINTS).outputs for seed in (7, 7, 8)
    )
    assert first.keys() == TYPES.keys()
    assert first == again
    assert first != other
    for name, value in first.items():
        if name not in ("File", "Image"):
            data_type(TYPES[name]).encode_output(value)


def test_generated_files_are_what_their_names_say(tmp_path: Path) -> None:
    task = parse_task(
        {
            "name": "Files",
            "parameters": [
                {
                    "name": "Archive",
                    "dataType": "GPDataFile",
                    "direction": "esriGPParameterDirectionOutput",
                    "filter": {"type": "file", "list": ["zip", "csv"]},
                },
                {"name": "Plain", "dataType": "GPDataFile", "direction": "esriGPParameterDirectionOutput"},
                {
                    "name": "Image",
                    "dataType": "GPRasterDataLayer",
                    "direction": "esriGPParameterDirectionOutput",
                },
            ],
        }
    )
    call = ToolCall("j1", task, {}, {}, 7, None, None, None, lambda: tmp_path)
    outputs = run_tool(generated_outputs(task), call).outputs
    assert [path.name for path in outputs.values()] == ["Archive.zip", "Plain.txt", "Image.tif"]
    assert zipfile.ZipFile(outputs["Archive"]).namelist() == ["Archive.txt"]
    assert outputs["Image"].read_bytes()[:4] == b"II*\0"
