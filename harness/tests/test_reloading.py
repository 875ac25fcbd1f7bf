"""`gpharness serve --reload`: what a changed file does to the site that depends on it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.request import ProxyHandler, build_opener

import pytest

SITE = """
context: {context}
services:
  Tools:
    executionType: synchronous
    tasks:
      - name: {task}
        parameters:
          Text: GPString
          Result: {{dataType: GPString, direction: output}}
"""


def get(url: str) -> Any:
    with build_opener(ProxyHandler({})).open(url) as response:
        return json.loads(response.read())


def tasks_of(services_url: str) -> list[str]:
    return list(get(f"{services_url}/Tools/GPServer?f=json")["tasks"])


def result_of(services_url: str) -> Any:
    """The value of the one output of the task `Tool`."""
    return get(f"{services_url}/Tools/GPServer/Tool/execute?Text=a&f=json")["results"][0]["value"]


def write(file: Path, text: str) -> None:
    """Put the text in place at once, as editors do."""
    unfinished = file.with_suffix(".new")
    unfinished.write_text(text, encoding="utf-8")
    unfinished.replace(file)


@pytest.fixture
def site_file(tmp_path: Path) -> Path:
    return tmp_path / "tools.yaml"


def test_a_changed_file_is_served_anew_and_the_old_site_stays_while_it_is_broken(gpharness, site_file):
    write(site_file, SITE.format(context="tools", task="First"))
    running = gpharness("serve", site_file, "--port", "0", "--reload")
    url = running.url()
    assert tasks_of(url) == ["First"]

    write(site_file, SITE.format(context="tools", task="Another"))
    assert running.error_line() == f"gpharness serve: reloaded {site_file}"
    assert tasks_of(url) == ["Another"]

    write(site_file, "services: [")
    assert "the old site stays" in running.error_line()
    assert tasks_of(url) == ["Another"]

    write(site_file, SITE.format(context="moved", task="Third"))
    assert running.error_line() == f"gpharness serve: reloaded {site_file}"
    assert tasks_of(url.replace("/tools/", "/moved/")) == ["Third"]


def test_a_changed_descriptor_file_changes_the_task(gpharness, site_file, tmp_path):
    descriptor = {"name": "Tool", "displayName": "Tool", "parameters": []}
    write(tmp_path / "task.json", json.dumps({**descriptor, "description": "old"}))
    write(
        site_file,
        "services: {Tools: {executionType: synchronous, tasks: [{descriptorFile: task.json}]}}",
    )
    running = gpharness("serve", site_file, "--port", "0", "--reload")
    task = f"{running.url()}/Tools/GPServer/Tool?f=json"
    assert get(task)["description"] == "old"
    write(tmp_path / "task.json", json.dumps({**descriptor, "description": "new"}))
    assert "reloaded" in running.error_line()
    assert get(task)["description"] == "new"


def test_a_changed_output_file_changes_the_result(gpharness, site_file, tmp_path):
    write(tmp_path / "result.txt", "old")
    write(
        site_file,
        SITE.format(context="tools", task="Tool") + "        outputs: {Result: {file: result.txt}}\n",
    )
    running = gpharness("serve", site_file, "--port", "0", "--reload")
    url = running.url()
    assert result_of(url) == "old"
    write(tmp_path / "result.txt", "new")
    assert "reloaded" in running.error_line()
    assert result_of(url) == "new"


FUNCTION_SITE = (
    'services: {Tools: {executionType: synchronous, tasks: [{name: Tool, function: "texts:made"}]}}'
)


def test_a_changed_module_and_what_it_imports_change_the_result(gpharness, site_file, tmp_path):
    write(tmp_path / "words.py", 'WORD = "one"\n')
    write(tmp_path / "phrases.py", "from words import WORD\n")
    function = "from phrases import WORD\n\ndef made(Text: str) -> str:\n    return WORD + {}\n"
    write(tmp_path / "texts.py", function.format("'.'"))
    write(site_file, FUNCTION_SITE)
    running = gpharness("serve", site_file, "--port", "0", "--reload")
    url = running.url()
    assert result_of(url) == "one."
    write(tmp_path / "texts.py", function.format("'!'"))
    assert "reloaded" in running.error_line()
    assert result_of(url) == "one!"
    write(tmp_path / "words.py", 'WORD = "two"\n')
    assert "reloaded" in running.error_line()
    assert result_of(url) == "two!"


def test_a_file_that_was_missing_or_broken_is_served_once_it_is_mended(gpharness, site_file, tmp_path):
    write(site_file, SITE.format(context="tools", task="Tool"))
    running = gpharness("serve", site_file, "--port", "0", "--reload")
    url = running.url()
    write(site_file, FUNCTION_SITE.replace("services", "context: tools\nservices"))
    assert "the old site stays" in running.error_line()
    write(tmp_path / "texts.py", "def made(")
    assert "the old site stays" in running.error_line()
    write(tmp_path / "texts.py", "def made(Text: str) -> str:\n    return 'mended'\n")
    assert "reloaded" in running.error_line()
    assert result_of(url) == "mended"


def test_a_file_beside_the_site_file_that_it_does_not_name_changes_nothing(gpharness, site_file, tmp_path):
    write(site_file, SITE.format(context="tools", task="Tool"))
    running = gpharness("serve", site_file, "--port", "0", "--reload")
    running.url()
    write(tmp_path / "server.log", "a line")
    write(site_file, SITE.format(context="tools", task="Another"))
    assert "reloaded" in running.error_line()
    running.process.terminate()
    assert running.status() == 0
    assert running.rest_of(running.err) == []
