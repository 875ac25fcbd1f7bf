"""What `docs/contracts.md` says is there: its Python runs, its commands have the options that it names."""

from __future__ import annotations

import json
import re

import click
import httpx
import pytest
from gpharness.command_line import main
from gpharness.contracts.contract_files import read_contract
from gpharness.in_process import SiteTransport
from gpharness.replaying.sites import site_of


@pytest.fixture(scope="module")
def text(request):
    return (request.config.rootpath / "docs" / "contracts.md").read_text(encoding="utf-8")


def blocks(text, language):
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def test_a_contract_is_replayed_by_the_lines_for_python(text, request, monkeypatch, capsys):
    (code,) = [block for block in blocks(text, "python") if "site_of" in block]
    monkeypatch.chdir(request.config.rootpath)
    exec(compile(code, "docs/contracts.md", "exec"), {"__name__": "docs"})
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/arcgis\n", capsys.readouterr().out)


def test_generated_inputs_come_by_the_lines_for_python(text, request, monkeypatch, tmp_path):
    (code,) = [block for block in blocks(text, "python") if "task.json" in block]
    contract = read_contract(request.config.rootpath / "fixtures" / "viewshed-job.contract.yaml")
    (tmp_path / "task.json").write_text(json.dumps(contract.tasks["WorldViewshed/viewshed"]))
    monkeypatch.chdir(tmp_path)
    names = {"__name__": "docs"}
    lines = code.replace("...", "assert 'Input_Observation_Point' in given_inputs")
    exec(compile(lines, "docs", "exec"), names)
    names["test_my_client_sends_what_the_task_allows"]()


def test_every_command_and_option_that_is_named_exists(text):
    context = click.Context(main)
    asked = re.findall(r"gpharness (\w+)((?:[^\n`\\]|\\\n)*)", text)
    assert {"record", "replay", "verify", "import", "check"} <= {command for command, _ in asked}
    for name, words in asked:
        command = main.get_command(context, name)
        assert command is not None, name
        known = {option for each in command.params for option in (*each.opts, *each.secondary_opts)}
        for option in re.findall(r"(?<![\w-])--?[a-z][a-z-]*", words):
            assert option in known, f"gpharness {name} {option}"


def test_a_fixture_answers_the_documented_script(request):
    contract = read_contract(request.config.rootpath / "fixtures" / "documented-viewshed.contract.yaml")
    site = site_of(contract)
    task = "https://gis.example.com/arcgis/rest/services/WorldViewshed/GPServer/viewshed"
    (recorded,) = contract.conversations
    with httpx.Client(transport=SiteTransport(site, "https://gis.example.com")) as client:
        answer = client.post(f"{task}/submitJob", data={**recorded.inputs, "f": "json"}).json()
    assert answer["jobStatus"] == "esriJobSubmitted"
    assert answer["jobId"] != recorded.job_id
