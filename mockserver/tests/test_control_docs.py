"""What `docs/control-api.md` says works as it stands there, against a mock instead of `gpharness serve`."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from gp_mockserver.builtin.builtin_site import builtin_site
from gp_mockserver.control.control_rules import ControlRules
from gp_mockserver.control.data_only import check_site
from gp_mockserver.control.resources import RESOURCES
from gp_mockserver.errors import SiteFileError
from gp_mockserver.lifecycle.clocks import JumpingClock
from gp_mockserver.server import RunningServer, serve

TEXT = (Path(__file__).parents[2] / "docs" / "control-api.md").read_text(encoding="utf-8")
SERVED = "http://127.0.0.1:8585"
ALONE = {"PATH": os.environ["PATH"], "no_proxy": "127.0.0.1"}


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)


def answers(text: str) -> Iterator[dict[str, Any]]:
    """The JSON objects that follow one another."""
    while text := text.lstrip():
        value, end = json.JSONDecoder().raw_decode(text)
        yield value
        text = text[end:]


def has_curl_with_json() -> bool:
    curl = shutil.which("curl")
    if curl is None or shutil.which("bash") is None:
        return False
    told = subprocess.run([curl, "--version"], capture_output=True, text=True).stdout
    return tuple(map(int, told.split()[1].split(".")[:2])) >= (7, 82)


@pytest.fixture(scope="module")
def running() -> Iterator[RunningServer]:
    with serve(builtin_site("arcgis", clock=JumpingClock())) as server:
        yield server


@pytest.mark.skipif(not has_curl_with_json(), reason="needs bash, and curl 7.82 or later")
def test_the_curl_lines_run_one_after_the_other(running: RunningServer, tmp_path: Path) -> None:
    lines = "\n".join(blocks("sh"))
    assert SERVED in lines
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", lines.replace(SERVED, running.root)],
        capture_output=True,
        encoding="utf-8",
        timeout=50,
        cwd=tmp_path,
        env=ALONE,
    )
    assert done.returncode == 0, done.stderr
    assert '"error":{' not in done.stdout.replace(" ", "")
    told = list(answers(done.stdout))
    assert (told[0]["status"], told[0]["sites"]) == ("healthy", ["arcgis"])
    assert (told[1]["url"], told[1]["clock"]["kind"]) == (f"{running.root}/mine", "manual")
    jobs = [each for each in told if "jobId" in each]
    assert [each.get("jobStatus") or each["status"] for each in jobs] == [
        "esriJobSubmitted",
        "esriJobSubmitted",
        "esriJobExecuting",
        "esriJobTimedOut",
        "esriJobTimedOut",
    ]
    assert told[-3:] == [{"verified": True}, {"reset": ["mine"]}, {"done": "site 'mine' is gone"}]
    assert json.loads((tmp_path / "journal.har").read_text())["log"]["version"] == "1.2"
    assert list(running.app.sites) == ["arcgis"]


@pytest.mark.skipif(shutil.which("node") is None, reason="needs Node")
def test_the_script_runs_in_node(running: RunningServer) -> None:
    (code,) = blocks("js")
    assert SERVED in code
    done = subprocess.run(
        ["node", "--input-type=module", "--eval", code.replace(SERVED, running.root)],
        capture_output=True,
        encoding="utf-8",
        timeout=50,
        env=ALONE,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == re.findall(r"// (\w+)$", code, re.MULTILINE)
    assert list(running.app.sites) == ["arcgis"]


def test_the_documented_error_is_the_one_that_is_answered(running: RunningServer) -> None:
    (said,) = blocks("json")
    path = "/__admin/tasks/WorldViewshed/viewshed/timeline"
    answer = httpx.put(f"{running.root}{path}", json={"exectuing": 1})
    assert answer.json() == json.loads(said)


def test_every_key_that_is_said_to_be_refused_is() -> None:
    (told,) = re.findall(r"what is the server's own: (.*?)\n\n", TEXT, re.DOTALL)
    keys = set(re.findall(r"`([a-zA-Z]+)`", told))
    task = {"function": "a:b", "descriptorFile": "f", "outputs": {"o": {"file": "f"}}}
    data = {
        "layers": {"l": "f"},
        "fetchFrom": ["h"],
        "jobs": {"store": "f"},
        "services": {"S": {"descriptorFile": "f", "tasks": [task]}},
    }
    refused = set()
    while True:
        try:
            check_site(data)
        except SiteFileError as error:
            key = error.path.rpartition(".")[2]
            refused.add(key)
            data = json.loads(json.dumps(data).replace(f'"{key}"', f'"not{key}"'))
        else:
            break
    assert refused == keys


def test_every_address_that_is_named_is_there() -> None:
    known = {each.path.partition("/{")[0] for each in RESOURCES} | {each.path for each in RESOURCES}
    named = set(re.findall(r"(?:__admin|api)/([a-z]+(?:/[a-z.]+)*)", TEXT))
    assert {each for each in named if each not in known and each.partition("/")[0] not in known} == set()
    assert len(named) > 10


def test_the_statuses_of_the_table_are_those_of_the_api() -> None:
    rows = re.findall(r"^\| ([\d, ]+) \|", TEXT, re.MULTILINE)
    told = {int(status) for row in rows for status in row.split(", ")}
    assert told == {400, 401, 403, 404, 405, 409, 413, 415}


def test_a_server_that_runs_is_shut_down() -> None:
    with serve(builtin_site("arcgis")) as server:
        answer = httpx.post(f"{server.root}/__admin/shutdown")
        assert answer.json() == {"done": "the server is shutting down"}
        health = f"{server.root}/__admin/health"
        with pytest.raises(httpx.TransportError):
            list(iter(lambda: httpx.get(health).is_success, None))


def test_the_python_names_of_the_guard_are_those_that_the_server_sets() -> None:
    with serve(builtin_site("arcgis")) as server:
        rules = server.app.control
        assert isinstance(rules, ControlRules)
        assert rules.is_on_loopback
        assert httpx.get(f"{server.root}/__admin/settings").json()["canBeShutDown"] is True
