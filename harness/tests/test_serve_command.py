"""`gpharness serve` as scripts use it: lines, statuses, signals, variables."""

from __future__ import annotations

import json
import re
import signal
import socket
import sys
from pathlib import Path
from typing import Any
from urllib.request import ProxyHandler, build_opener

import pytest
from gp_mockserver import serve
from gp_mockserver.builtin.builtin_site import builtin_site

SITE_FILE = """
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


@pytest.fixture
def site_file(tmp_path: Path) -> Path:
    file = tmp_path / "tools.yaml"
    file.write_text(SITE_FILE.format(context="tools", task="First"), encoding="utf-8")
    return file


def test_says_in_one_line_where_it_serves_once_it_does(gpharness):
    running = gpharness("serve", "--port", "0")
    line = running.line()
    assert re.fullmatch(r"serving http://127\.0\.0\.1:\d+/arcgis/rest/services", line)
    folders = get(f"{line.split()[1]}?f=json")["folders"]
    assert "GPFolder" in folders
    assert "DataTypes" in folders


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_with_status_0_and_nothing_more_on_stdout(gpharness, ending):
    running = gpharness("serve", "--port", "0")
    running.line()
    running.process.send_signal(ending)
    assert running.status() == 0
    assert running.rest_of(running.out) == []
    assert not any("Traceback" in line for line in running.rest_of(running.err))


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_the_ready_file_holds_the_lines_and_is_gone_at_the_end(gpharness, tmp_path):
    ready = tmp_path / "ready"
    running = gpharness("serve", "--port", "0", "--ready-file", ready)
    line = running.line()
    folders = get(f"{line.split()[1]}?f=json")["folders"]
    assert folders
    assert ready.read_text(encoding="utf-8") == f"{line}\n"
    running.process.terminate()
    assert running.status() == 0
    assert list(tmp_path.glob("*ready*")) == []


def test_a_ready_file_of_an_earlier_run_is_gone_before_anything_is_served(told, tmp_path):
    ready = tmp_path / "ready"
    ready.write_text("serving http://127.0.0.1:1/arcgis/rest/services\n", encoding="utf-8")
    assert told("serve", "--ready-file", ready, "--server-version", "elven").status == 2
    assert not ready.exists()


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_a_ready_file_that_another_has_written_since_is_left_alone(gpharness, tmp_path):
    ready = tmp_path / "ready"
    running = gpharness("serve", "--port", "0", "--ready-file", ready)
    get(f"{running.url()}?f=json")
    ready.write_text("another server's\n", encoding="utf-8")
    running.process.terminate()
    assert running.status() == 0
    assert ready.read_text(encoding="utf-8") == "another server's\n"


def test_a_ready_file_that_cannot_be_written_is_one_line_and_status_1(gpharness, tmp_path):
    running = gpharness("serve", "--port", "0", "--ready-file", tmp_path / ("r" * 250))
    assert running.status() == 1
    (line,) = running.rest_of(running.err)
    assert line.startswith("gpharness serve: --ready-file ")


def test_the_line_holds_a_url_whatever_the_context_is_called(gpharness):
    url = gpharness("serve", "--port", "0", "--context", "côte ouest").url()
    assert url.endswith("/c%C3%B4te%20ouest/rest/services")
    assert "folders" in get(f"{url}?f=json")


def test_help_says_that_the_context_follows_the_public_url(told, gpharness):
    helped = told("serve", "--help")
    assert helped.status == 0
    text = " ".join(" ".join(helped.out).split())
    assert "without the context, which follows it: https://gis.example.com" in text
    url = gpharness("serve", "--port", "0", "--public-url", "https://gis.example.com").url()
    job = get(f"{url}/Simulation/JobOutcomes/GPServer/Succeeds?f=json")
    assert job["helpUrl"].startswith("https://gis.example.com/arcgis/rest/")


def test_a_bad_value_is_laid_to_what_set_it(told):
    by_option = told("serve", "--port", "99999", GPHARNESS_PORT="0")
    assert by_option.status == 2
    assert "Invalid value for '--port': 99999" in by_option.err[-1]
    by_variable = told("serve", GPHARNESS_PORT="99999")
    assert by_variable.status == 2
    assert "Invalid value for 'GPHARNESS_PORT': 99999" in by_variable.err[-1]


def test_a_port_in_use_is_one_line_and_status_2(gpharness):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        running = gpharness("serve", "--port", str(port))
        assert running.status() == 2
    assert running.rest_of(running.out) == []
    (line,) = running.rest_of(running.err)
    assert str(port) in line
    assert "in use" in line


def test_variables_stand_for_options_and_win_over_the_site_file_and_options_over_both(gpharness, site_file):
    variables = {"GPHARNESS_PORT": "0", "GPHARNESS_CONTEXT": "server", "GPHARNESS_SERVER_VERSION": "10.91"}
    url = gpharness("serve", site_file, "--server-version", "10.81", **variables).url()
    assert url.endswith("/server/rest/services")
    assert get(f"{url}?f=json")["currentVersion"] == 10.81
    assert gpharness("serve", site_file, "--context", "gis", **variables).url().endswith("/gis/rest/services")


def test_a_folder_stands_for_the_site_files_in_it(gpharness, tmp_path):
    folder = tmp_path / "sites"
    (folder / "data").mkdir(parents=True)
    (folder / "data" / "polygons.json").write_text("[]", encoding="utf-8")
    (folder / "places.json").write_text('{"geometryType": "esriGeometryPoint", "features": []}', "utf-8")
    for context in ("one", "two"):
        text = SITE_FILE.format(context=context, task="Task")
        (folder / f"{context}.yaml").write_text(text, encoding="utf-8")
    running = gpharness("serve", folder, "--port", "0")
    urls = [running.url(), running.url()]
    assert [url.split("/")[3] for url in urls] == ["one", "two"]
    assert [tasks_of(url) for url in urls] == [["Task"], ["Task"]]


def test_nobody_waits_for_a_job_on_the_jumping_clock(gpharness):
    url = gpharness("serve", "--port", "0", "--clock", "jump").url()
    task = f"{url}/Simulation/JobOutcomes/GPServer/StepProgress"
    job = get(f"{task}/submitJob?f=json")
    statuses = [job["jobStatus"]]
    while statuses[-1] not in ("esriJobSucceeded", "esriJobFailed"):
        statuses.append(get(f"{task}/jobs/{job['jobId']}?f=json")["jobStatus"])
    assert statuses[0] == "esriJobSubmitted"
    assert statuses[-1] == "esriJobSucceeded"


def test_one_seed_gives_the_same_job_ids_on_every_run(gpharness):
    task = "Simulation/JobOutcomes/GPServer/Succeeds/submitJob?f=json"
    ids = [get(f"{gpharness('serve', '--port', '0', '--seed', '7').url()}/{task}")["jobId"]]
    for seed in (7, 8):
        with serve(builtin_site(seed=seed)) as server:
            ids.append(get(f"{server.url}/rest/services/{task}")["jobId"])
    assert ids[0] == ids[1] != ids[2]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--clock", "x0x"], "--clock x0x: expected real, jump, or x and a rate such as x60"),
        (["--clock", "manual"], "--clock manual: expected real, jump"),
        (["--public-url", "gis.example.com"], "gis.example.com"),
        (["--server-version", "elven"], "elven"),
        (["--port", "70000"], "70000"),
        (["--prot", "1"], "--port"),
        (["nowhere.yaml"], "nowhere.yaml"),
        (["."], "no site file"),
        (["--ready-file", "nowhere/ready"], "nowhere/ready"),
    ],
)
def test_wrong_usage_is_status_2_and_names_what_was_met(told, words, said):
    status, out, err = told("serve", *words, GPHARNESS_PORT="0")
    assert (status, out) == (2, [])
    assert said in "\n".join(err)
    assert not any("Traceback" in line for line in err)


def test_an_unknown_command_is_answered_with_the_nearest_one(told):
    status, _, err = told("serv")
    assert status == 2
    assert 'did you mean "serve"?' in err[-1]


def test_a_bad_site_file_is_named_with_the_place_in_it(gpharness, site_file):
    site_file.write_text(site_file.read_text("utf-8").replace("executionType", "executionTipe"), "utf-8")
    running = gpharness("serve", site_file, "--port", "0")
    assert running.status() == 2
    errors = "\n".join(running.rest_of(running.err))
    for word in ("tools.yaml", "services.Tools", "executionTipe", "executionType"):
        assert word in errors
    assert "Traceback" not in errors


def test_two_sites_under_one_context_are_refused_by_name(told, tmp_path):
    files = [tmp_path / "a.yaml", tmp_path / "b.yaml"]
    for file in files:
        file.write_text(SITE_FILE.format(context="same", task="Task"), encoding="utf-8")
    status, _, (line,) = told("serve", *files, "--port", "0")
    assert status == 2
    for word in ("a.yaml", "b.yaml", "'same'"):
        assert word in line


def test_an_option_for_one_site_is_refused_for_two(told, tmp_path):
    files = [tmp_path / "a.yaml", tmp_path / "b.yaml"]
    for file in files:
        file.write_text(SITE_FILE.format(context=file.stem, task="Task"), encoding="utf-8")
    status, _, (line,) = told("serve", *files, "--port", "0", "--context", "both")
    assert status == 2
    assert "--context both fits one site" in line
