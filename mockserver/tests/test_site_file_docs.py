"""The published schema and the documentation of site files: both are held to what the loader does."""

from __future__ import annotations

import json
import re
from contextlib import closing
from pathlib import Path
from typing import Annotated, Any

import jsonschema
import pytest
from gp_mockserver.configuration import site_file_model
from gp_mockserver.configuration.data_files import parse_yaml, read_data
from gp_mockserver.configuration.site_file_model import site_file_schema
from gp_mockserver.configuration.site_files import load_site, site_from
from gp_mockserver.errors import SiteFileError
from gp_mockserver.tools import annotations as annotations_module
from gp_mockserver.tools.annotations import kind_of, without_none

from every_case import every_case

ROOT = Path(__file__).parents[2]
PUBLISHED = Path(site_file_model.__file__).with_name("site-schema.json")
BLOCKS = [
    (info.split(), text)
    for info, text in re.findall(
        r"^```(.*?)\n(.*?)^```$", (ROOT / "docs/site-files.md").read_text(), re.M | re.S
    )
]
EXAMPLES = [text for info, text in BLOCKS if info == ["yaml"]]
VALIDATOR = jsonschema.Draft202012Validator(site_file_schema())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the files that the documentation's examples name."""
    for info, text in BLOCKS:
        if len(info) == 2 and "." in info[1]:
            (tmp_path / info[1]).write_text(text)
    return tmp_path


def test_the_published_schema_is_current_and_valid() -> None:
    """To write it anew: python -m gp_mockserver.configuration.site_file_model > site-schema.json"""
    assert json.loads(PUBLISHED.read_text()) == site_file_schema()
    jsonschema.Draft202012Validator.check_schema(site_file_schema())


@pytest.mark.parametrize("text", EXAMPLES, ids=range(len(EXAMPLES)))
def test_every_example_of_the_documentation_is_a_site_and_fits_the_schema(text: str, folder: Path) -> None:
    file = folder / "site.yaml"
    file.write_text(text)
    with closing(load_site(file)) as site:
        assert site.services
    VALIDATOR.validate(parse_yaml(text))


@pytest.mark.parametrize("file", sorted((ROOT / "examples/sites").glob("*.yaml")), ids=lambda file: file.name)
def test_every_example_site_loads_and_fits_the_schema(file: Path) -> None:
    with closing(load_site(file)) as site:
        assert site.services
    VALIDATOR.validate(read_data(file, file.name))


def test_a_file_that_is_a_descriptor_is_a_site(folder: Path) -> None:
    assert (
        load_site(folder / "trees-task.json").find_task("trees-task/Count Trees").descriptor.name
        == "CountTrees"
    )


def test_the_documented_error_is_the_one_that_is_raised() -> None:
    (wrong,) = (text for info, text in BLOCKS if info == ["yaml", "wrong"])
    (said,) = (text for info, text in BLOCKS if info == ["text"])
    with pytest.raises(SiteFileError) as raised:
        site_from(parse_yaml(wrong), name="site.yaml")
    assert str(raised.value) == said.strip()


ANNOTATIONS = [
    [cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
    for line in re.search(  # type: ignore[union-attr]
        r"^\| annotation \|.*\n\|---.*\n((?:\|.*\n)+)", (ROOT / "docs/site-files.md").read_text(), re.M
    )[1].splitlines()
]
"""The rows of the table of annotations: what is written, the data types, the import."""


def test_every_annotation_is_imported_as_the_documentation_says_and_has_its_data_type() -> None:
    names: dict[str, Any] = {"T": int}
    for line in re.findall(r"`(from [^`]+)`", (ROOT / "docs/site-files.md").read_text()):
        exec(line, names)
    known = set()
    for written, data_types, line in ANNOTATIONS:
        own: dict[str, Any] = {"Annotated": Annotated, "T": int}
        exec(line.strip("`"), own)
        reached = own if "|" not in written else names
        annotations = [eval(each, dict(reached)) for each in re.findall(r"`([^`]+)`", written)]
        kinds = [kind_of(without_none(each)[0]) for each in annotations]
        assert None not in kinds, written
        known |= set(annotations) if "|" not in written else set()
        told = re.findall(r"\b(?:GP\w+|Field)\b", data_types)
        if len(told) == len(kinds) and not re.search(r"\bT\b", written):
            assert [each.data_type for each in kinds if each] == told, written
    assert set(annotations_module._KINDS) <= known


SERVICE: dict[str, Any] = {"executionType": "sync", "tasks": [{"name": "T", "parameters": {"a": "GPLong"}}]}


def service(**change: Any) -> dict[str, Any]:
    return {"services": {"S": {**SERVICE, **change}}}


def task(**change: Any) -> dict[str, Any]:
    return service(tasks=[{**SERVICE["tasks"][0], **change}])


@every_case(
    "data",
    [
        {},
        {"services": {}, "contxt": "a"},
        {"services": {"S": 5}},
        service(timline={}),
        service(instances="two"),
        service(executionType="esriExecutionTypeSynchronous", instances="two"),
        task(timline={}),
        task(timeline={"executing": "soon"}),
        task(timeline={"phases": [{"status": "running", "seconds": 1}]}),
        task(rules=[{"fials": True}]),
        task(outputs={"o": {"value": 1, "file": "x"}}),
        task(outputs={"o": {}}),
        task(parameters={"a": {"dataType": "GPLong", "defualt": 5}}),
        task(parameters={"a": {"direction": "input"}}),
        service(executionType="synchron"),
        service(maximumRecords=0),
        task(parameters={"a": "GPLnog"}),
        task(parameters={"a": {"dataType": "GPLnog"}}),
        task(parameters={"a": {"dataType": "GPLong", "direction": "inptu"}}),
        task(parameters={"a": {"dataType": "GPLong", "parameterType": "needed"}}),
        task(parameters={"a": {"dataType": "GPLong", "filter": {"type": "rnage"}}}),
        service(latency={"exceute": 1}),
        {"services": {}, "latency": {"exceute": 1}},
        {"services": {}, "errors": {"unknown-tsk": {"code": 1}}},
        {"services": {}, "badInput": "ignore"},
        {"services": {}, "latency": {"job": {"unifrom": [1, 2]}}},
    ],
)
def test_the_schema_refuses_what_the_loader_refuses(data: dict[str, Any]) -> None:
    assert not VALIDATOR.is_valid(data)
    with pytest.raises(SiteFileError):
        site_from(data)


@every_case(
    "word",
    [
        "sync",
        "async",
        "synchronous",
        "asynchronous",
        "esriExecutionTypeSynchronous",
        "esriExecutionTypeAsynchronous",
    ],
)
def test_every_word_for_an_execution_type_is_in_the_schema(word: str) -> None:
    data = service(executionType=word)
    VALIDATOR.validate(data)
    assert site_from(data).services["S"].is_synchronous is ("async" not in word.lower())


def test_the_schema_says_what_it_is_called() -> None:
    assert site_file_schema()["$id"] == "urn:gpharness:site-file"


def test_the_schema_lets_a_pasted_descriptor_keep_keys_that_nobody_knows() -> None:
    pasted = {
        "name": "T",
        "executionType": "esriExecutionTypeSynchronous",
        "futureKey": 1,
        "parameters": [
            {
                "name": "a",
                "dataType": "GPLong",
                "direction": "esriGPParameterDirectionInput",
                "futureKey": 1,
                "choiceList": None,
            }
        ],
    }
    data = {
        "services": {
            "S": {"executionType": "esriExecutionTypeSynchronous", "futureKey": 1, "tasks": [pasted]}
        }
    }
    VALIDATOR.validate(data)
    assert site_from(data).find_task("S/T")
