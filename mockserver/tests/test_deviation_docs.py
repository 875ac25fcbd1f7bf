"""What `docs/deviations.md` says holds: its examples run, and its tables have all that there is."""

from __future__ import annotations

import json
import re
import shlex
import tomllib
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
import yaml
from deviation_probe import VIEWSHED, Probe
from gp_mockserver.builtin.builtin_site import builtin_site
from gp_mockserver.configuration.data_files import parse_yaml
from gp_mockserver.configuration.deviation_forms import inject_written
from gp_mockserver.configuration.site_files import site_from
from gp_mockserver.deviations.actions import ACTIONS, Stage
from gp_mockserver.deviations.body_encodings import ENCODINGS
from gp_mockserver.deviations.byte_edits import BYTE_EDITS
from gp_mockserver.deviations.catalogue import GROUPS, catalogue
from gp_mockserver.deviations.json_documents import read, write
from gp_mockserver.deviations.json_editing import edit_document
from gp_mockserver.deviations.json_edits import FILLS, JSON_EDITS, Edit, json_edit
from gp_mockserver.deviations.json_maps import MAPS
from gp_mockserver.deviations.pages import PAGES
from gp_mockserver.deviations.records import ANY, ON, OUTCOMES, SETS, Deviation, DeviationError
from gp_mockserver.deviations.selectors import Selector
from gp_mockserver.deviations.steps import read_step
from gp_mockserver.deviations.value_makers import _MAKERS, Makings, expand
from gp_mockserver.lifecycle.clocks import ManualClock
from gp_mockserver.passing_on import site_in_front_of
from gp_mockserver.server import RunningServer
from gp_protocol.error_envelopes import KNOWN_ERRORS

from every_case import every_case

TEXT = (Path(__file__).parents[2] / "docs" / "deviations.md").read_text(encoding="utf-8")

PROSE = re.sub(r"^```.*?^```$", "", TEXT, flags=re.MULTILINE | re.DOTALL)


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)


def table(heading: str) -> list[list[str]]:
    """The rows of the table whose first column is called so."""
    found = re.search(rf"^\| {re.escape(heading)} \|.*\n\|[-|]+\n((?:\|.*\n)+)", TEXT, re.MULTILINE)
    assert found is not None, heading
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in found[1].splitlines()]


def tables(heading: str) -> list[list[str]]:
    """The rows of every table whose first column is called so."""
    pattern = rf"^\| {re.escape(heading)} \|.*\n\|[-|]+\n((?:\|.*\n)+)"
    lines = [line for rows in re.findall(pattern, TEXT, re.MULTILINE) for line in rows.splitlines()]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def code(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def toml(text: str) -> Any:
    return tomllib.loads(f"it = {text}")["it"]


def names(heading: str) -> list[str]:
    return [code(row[0])[0] for row in table(heading)]


# The examples.


@pytest.mark.parametrize("text", blocks("python"), ids=range(len(blocks("python"))))
def test_the_python_examples_run(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    made: dict[str, Any] = {"__name__": "example"}
    exec(compile(text, "docs/deviations.md", "exec"), made)
    if "SiteTransport" in text:
        assert all(each.is_cleared for each in made["site"].deviations)  # each one was the error that is told
    if "print(" in text:
        assert capsys.readouterr().out


def test_the_example_of_two_that_cannot_go_together_names_both(capsys: pytest.CaptureFixture[str]) -> None:
    (text,) = (text for text in blocks("python") if "DeviationError" in text)
    exec(compile(text, "docs/deviations.md", "exec"), {"__name__": "example"})
    said = capsys.readouterr().out
    assert "html-login-page-200" in said
    assert "results-late" in said


@pytest.mark.parametrize("text", blocks("yaml"))
def test_the_site_file_has_its_deviations(text: str) -> None:
    site = site_from(parse_yaml(text))
    assert [each.label for each in site.deviations] == ["results-late@job", "slow-each@submit", "nameless"]


def test_the_own_deviation_is_a_whole_record() -> None:
    keys = [key for row in table("key") for key in code(row[0])]
    assert sorted(keys) == sorted(field.encode_name for field in msgspec.structs.fields(Deviation))


def test_the_command_lines_name_what_there_is(server: RunningServer, probe: Probe) -> None:
    lines = [shlex.split(line) for text in blocks("sh") for line in text.splitlines()]
    for _, command, *words in (line for line in lines if line[0] == "gpharness"):
        if command == "deviations":
            assert all(any(fnmatchcase(name, word) for name in catalogue()) for word in words)
            continue
        assert command == "serve"
        options = dict(zip(words[::2], words[1::2], strict=True))
        assert set(options) <= {"--deviate", "--in-front-of"}
        site = site_in_front_of(probe.root) if "--in-front-of" in options else builtin_site()
        for option, value in zip(words[::2], words[1::2], strict=True):
            if option == "--deviate":
                inject_written(site, [yaml.safe_load(value) if value.startswith("{") else value])
        assert len(site.deviations) == words.count("--deviate")
    (by_address, controlled) = (line for line in lines if line[0] == "curl")
    address = by_address[-1].replace("http://127.0.0.1:8585/arcgis", probe.root)
    answer = httpx.get(address)
    assert answer.json()["name"] == "viewshed"
    job_id = probe.finish()
    task, _, query = address.partition("?")
    assert "results" in probe.poll(job_id).json
    late = httpx.get(f"{task.replace('~slow-each@job', '')}/jobs/{job_id}?{query}").json()
    assert (late["jobStatus"], "results" in late) == ("esriJobSucceeded", False)
    told = httpx.post(
        controlled[2].replace("http://127.0.0.1:8585/arcgis", probe.root), json=json.loads(controlled[4])
    )
    assert told.is_success, told.text
    assert [each.label for each in probe.site.deviations] == ["slow-each@job"]


def test_a_real_server_s_answers_are_changed_but_not_its_jobs(server: RunningServer, probe: Probe) -> None:
    job_id = probe.finish()
    front = site_in_front_of(probe.root, context=f"before-{probe.site.context}")
    server.app.add_site(front)
    try:
        front.deviate("results-late@job")
        seen = Probe(front).poll(job_id).json
        assert (seen["jobStatus"], "results" in seen) == ("esriJobSucceeded", False)
        own = [step for step in ACTIONS if ACTIONS[step].stage is Stage.OPERATION and step != "offer-tokens"]
        for name in own:
            (example,) = (toml(code(row[0])[0]) for row in table("action") if name in toml(code(row[0])[0]))
            with pytest.raises(DeviationError, match="in front of"):
                front.deviate({"name": "own", "do": [example]})
    finally:
        server.app.remove_site(front.context)


# The tables.


def arguments(kind: type[msgspec.Struct]) -> dict[str, Any]:
    """What may stand beside the name of an action or edit, with the defaults that say something."""
    if issubclass(kind, Edit):
        common = {field.name for field in msgspec.structs.fields(Edit)}
        fields = [field for field in msgspec.structs.fields(kind) if field.name not in common]
    else:
        fields = list(msgspec.structs.fields(kind))[1:]
    nothing = (msgspec.NODEFAULT, msgspec.UNSET, None, "", b"", ())
    return {field.encode_name: None if field.default in nothing else field.default for field in fields}


@pytest.mark.parametrize(
    ("rows", "kinds"),
    [
        (tables("action"), ACTIONS),
        ([row for row in tables("edit") if next(iter(toml(code(row[0])[0]))) in JSON_EDITS], JSON_EDITS),
        ([row for row in tables("edit") if next(iter(toml(code(row[0])[0]))) in BYTE_EDITS], BYTE_EDITS),
    ],
    ids=["actions", "edits of JSON", "edits of bytes"],
)
def test_the_tables_have_every_action_and_edit_with_its_arguments(
    rows: list[list[str]], kinds: dict[str, type[msgspec.Struct]]
) -> None:
    told = {}
    for row in rows:
        example = toml(code(row[0])[0])
        step = read_step(example, {}, "do")
        assert isinstance(step.action, kinds[step.name])
        told[step.name] = row
        if kinds is ACTIONS:
            assert row[2] == step.stage.name.lower(), step.name
        given = {}
        for each in code(row[1]):
            name, is_said, default = each.partition(" = ")
            given[name] = toml(default) if is_said else None
        assert given == arguments(kinds[step.name]), step.name
    assert set(told) == set(kinds)
    assert len(rows) == len(kinds)


def test_the_actions_that_hold_others_are_as_written() -> None:
    texts = [each for each in code(PROSE) if each.startswith(("{run-then", "{alternate"))]
    assert [read_step(toml(text), {}, "do").name for text in texts] == ["cut", "alternate"]


def test_what_any_edit_may_have_is_told() -> None:
    (told,) = re.findall(r"Five members may\nstand in any edit: (.*?)\n\n", TEXT, re.DOTALL)
    common = {field.name for field in msgspec.structs.fields(Edit)} - {"pointer"}
    assert {each for each in code(told) if each.isalpha()} == common | {"where"}
    (example,) = (each for each in code(told) if each.startswith("{"))
    assert json_edit(toml(example)).of


@every_case("row", table("rule of `map`"), ids=names("rule of `map`"))
def test_the_rules_of_map_make_what_is_told(row: list[str]) -> None:
    (name,), (before,), (after,) = map(code, row)
    document, changed = edit_document(json_edit({"map": "", "how": name}), read(before.encode()))
    assert changed
    written = write(document).decode()
    begins, is_cut, ends = after.partition("…")
    assert (written.startswith(begins) and written.endswith(ends)) if is_cut else written == after


@every_case("row", table("selector"), ids=names("selector"))
def test_the_selectors_take_what_is_told(row: list[str]) -> None:
    (name,) = code(row[0])
    for example in code(row[1]):
        value = toml(example)
        injection = builtin_site().deviate("slow-each", **{name: value})
        met = getattr(injection.where, name)
        assert (list(met) if isinstance(met, tuple) else met) == value


@every_case("row", table("maker"), ids=names("maker"))
def test_the_makers_make_what_is_told(row: list[str]) -> None:
    (name,) = code(row[0])
    example = code(row[1])[0]
    data = toml(example)
    assert list(data) == [name]
    made = expand(data, Makings({"polls": 3}))
    assert made != data


def test_the_tables_are_whole() -> None:
    assert names("rule of `map`") == list(MAPS)
    assert names("form of `encode`") == list(ENCODINGS)
    assert sorted(names("selector")) == sorted(Selector.__struct_fields__)
    assert sorted(names("maker")) == sorted(["$parameter", "$text", *_MAKERS])
    assert names("word") == list(OUTCOMES)
    (pages,) = re.findall(r"The pages of `answer` are (.*?)\n\n", TEXT, re.DOTALL)
    assert code(pages) == [*PAGES, "status"]
    (fills,) = re.findall(r"Texts of `rewrite` and `replace` may name (.*?);", TEXT, re.DOTALL)
    assert code(fills) == [f"{{{each}}}" for each in FILLS]
    (words,) = re.findall(r"^`operation` is (.*?)\. A deviation", TEXT, re.DOTALL | re.MULTILINE)
    assert set(code(words)) == {*ON, *SETS, ANY}


def test_the_numbers_are_right() -> None:
    assert f"There are {len(catalogue())}, in groups from `{GROUPS[0]}` to `{GROUPS[-1]}`" in TEXT
    (known,) = re.findall(r"a known error's name, such as `([a-z-]+)`", TEXT)
    assert known in KNOWN_ERRORS


def test_the_stages_come_in_the_order_that_is_told() -> None:
    (told,) = re.findall(r"passes the stages in this order: (.*?)\. Within", TEXT, re.DOTALL)
    told = told.replace("then the answer's ", "").replace("\n", " ").replace(" and ", ", ").lower()
    assert told.split(", ") == [stage.name.lower() for stage in Stage]


# What is said of pairs and of time.


PAIRS: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"refuse": True}, {"status": 500}),
    ({"answer": 503}, {"error": 400}),
    ({"answer": 503}, {"remove": "/results"}),
    ({"answer": 503}, {"truncate": "half"}),
    ({"cut": 5}, {"stall": 5}),
    ({"drip": " "}, {"raw": "x"}),
    ({"pace": 1}, {"pace": 2}),
    ({"timeline": "instant"}, {"timeline": "quick"}),
    ({"job-id": "{HEX}"}, {"job-id": "{uuid}"}),
    ({"body-replace": "a"}, {"body-replace": "b"}),
    ({"remove": "/results"}, {"remove": "/results"}),
    ({"remove": "/results"}, {"remove": "/results/A"}),
]


@every_case(("one", "other"), PAIRS, ids=str)
def test_two_that_hide_one_another_are_refused_unless_one_has_a_limit(
    one: dict[str, Any], other: dict[str, Any]
) -> None:
    if "timeline" in one:
        one, other = {"timeline": {"executing": 1}}, {"timeline": {"executing": 2}}
    site = builtin_site()
    site.deviate({"name": "one", "on": ["job"], "do": [one]})
    with pytest.raises(DeviationError) as refused:
        site.deviate({"name": "other", "on": ["job"], "do": [other]})
    assert "'one'" in str(refused.value)
    assert "'other'" in str(refused.value)
    site.deviate({"name": "elsewhere", "on": ["task"], "do": [{"status": 500} if "refuse" in one else other]})
    site.deviations.clear()
    site.deviate({"name": "one", "on": ["job"], "where": {"nth": 1}, "do": [one]})
    site.deviate({"name": "other", "on": ["job"], "do": [other]})


def test_what_the_operation_has_done_can_be_edited() -> None:
    site = builtin_site()
    site.deviate({"name": "one", "do": [{"run-then": {"error": 500}}]})
    site.deviate({"name": "other", "do": [{"remove": "/error/details"}]})


def test_a_delay_waits_until_the_clock_is_moved(server: RunningServer) -> None:
    site = builtin_site(context="held-back", clock=ManualClock())
    server.app.add_site(site)
    try:
        probe = Probe(site)
        site.deviate("slow-each", operation="task", seconds=5)
        request = probe.request(f"rest/services/{VIEWSHED}")
        assert probe.raw(request, silence=0.1) == (b"", "silence")
        site.clock.advance(5)
    finally:
        server.app.remove_site(site.context)
