"""What the README tells a reader to paste works as it stands there."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tomllib
from urllib.parse import urlencode
from urllib.request import ProxyHandler, build_opener

import pyproj  # noqa: F401 - pytester's runs forget imports, and pyproj cannot be imported twice
import pytest


@pytest.fixture(scope="module")
def readme(request):
    return (request.config.rootpath / "README.md").read_text(encoding="utf-8")


def blocks(text, language):
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def test_two_commands_do_all_the_set_up_and_ci_runs_the_second(readme, checkout):
    demo, tests = [block.strip() for block in blocks(readme, "sh")[:2]]
    assert demo == "python3 -m venv .venv && .venv/bin/pip install . && .venv/bin/gpharness demo"
    tox = ".venv-tox/bin/tox run-parallel -p 4"
    assert tests == f"python3 -m venv .venv-tox && .venv-tox/bin/pip install tox && {tox}"
    assert tests in (checkout / ".ci" / "run").read_text(encoding="utf-8").splitlines()


@pytest.mark.skipif(not (shutil.which("curl") and shutil.which("bash")), reason="needs curl and bash")
def test_the_curl_lines_run_jobs_upload_a_file_and_sign_in(readme, services, tmp_path):
    lines = "\n".join(
        block for block in blocks(readme, "sh") if "curl" in block and not re.search("858[67]", block)
    )
    assert "http://127.0.0.1:8585/arcgis/rest/services" in lines
    lines = lines.replace("http://127.0.0.1:8585/arcgis/rest/services", services).replace(
        "sleep 1", "sleep 0"
    )
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", lines],
        capture_output=True,
        encoding="utf-8",
        timeout=50,
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "no_proxy": "127.0.0.1"},
    )
    assert done.returncode == 0, done.stderr
    assert '"error"' not in done.stdout
    assert '"dataType": "GPFeatureRecordSetLayer"' in done.stdout
    assert "esriGeometryPolygon" in done.stdout
    assert '"FeatureCollection"' in (tmp_path / "viewshed.geojson").read_text(encoding="utf-8")
    assert ".zip" in done.stdout
    assert done.stdout.rstrip().endswith("}")
    assert '"tasks":["viewshed"]' in done.stdout.splitlines()[-1]


def test_the_python_block_that_serves_a_function_runs(readme):
    (code,) = [block for block in blocks(readme, "python") if "import Site" in block]
    names = {"__name__": "readme"}
    exec(compile(code, "README.md", "exec"), names)
    (test,) = [value for name, value in names.items() if name.startswith("test_")]
    test()


def test_the_tests_of_a_client_pass(readme, pytester):
    (code,) = [block for block in blocks(readme, "python") if "gp_site" in block]
    pytester.makepyfile(test_client=code)
    result = pytester.runpytest_inprocess("-p", "no:cacheprovider", "-p", "no:xdist", "-p", "no:asyncio")
    result.assert_outcomes(passed=3)


@pytest.mark.skipif(not (shutil.which("curl") and shutil.which("bash")), reason="needs curl and bash")
def test_the_lines_that_make_it_go_wrong_run(readme, tmp_path):
    (lines,) = [block for block in blocks(readme, "sh") if "--deviate" in block]
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    command = tmp_path / ".venv" / "bin" / "gpharness"
    command.write_text(f"#!/bin/sh\nexec '{sys.executable}' -m gpharness \"$@\"\n")
    command.chmod(0o755)
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", lines.replace("8586", port) + "wait\n"],
        capture_output=True,
        encoding="utf-8",
        timeout=50,
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "no_proxy": "127.0.0.1"},
    )
    assert done.returncode == 0, done.stderr
    assert "502 Bad Gateway" in done.stdout
    assert '"label":"error-in-200@catalogue"' in done.stdout
    assert '{"error":{"code":' in done.stdout
    assert '"deviations":["error-in-200@catalogue"]' in done.stdout


@pytest.mark.skipif(not (shutil.which("curl") and shutil.which("bash")), reason="needs curl and bash")
def test_the_lines_that_hold_a_server_to_a_contract_run(readme, services, tmp_path):
    (lines,) = [block for block in blocks(readme, "sh") if "gpharness replay" in block]
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    lines = lines.replace("8587", port).replace(SERVED, services.removesuffix("/rest/services"))
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", lines.replace(COMMAND, in_words()) + "wait\n"],
        capture_output=True,
        encoding="utf-8",
        timeout=50,
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "no_proxy": "127.0.0.1", "PYTHONUTF8": "1"},
    )
    assert done.returncode == 0, done.stderr
    assert "source: generated" in (tmp_path / "buffers.contract.yaml").read_text(encoding="utf-8")
    assert done.stdout.count("buffers at") == 2
    assert done.stdout.count(": no findings") == 3
    assert "<html" in (tmp_path / "report.html").read_text(encoding="utf-8")


SERVED = "http://127.0.0.1:8585/arcgis"
COMMAND = ".venv/bin/gpharness"


def in_words():
    """The command as this Python runs it."""
    return f"'{sys.executable}' -m gpharness"


def test_the_python_block_that_calls_a_service_runs(readme, services, no_waits, monkeypatch, capsys):
    server = services.removesuffix("/rest/services")
    (code,) = [block for block in blocks(readme, "python") if "GPClient(" in block]
    assert SERVED in code
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    exec(compile(code.replace(SERVED, server), "README.md", "exec"), {"__name__": "readme"})
    assert capsys.readouterr().out == "1 visible area(s)\n"


@pytest.mark.skipif(not shutil.which("bash"), reason="needs bash")
def test_the_lines_that_call_a_service_run(readme, services, gpharness, tmp_path):
    server = services.removesuffix("/rest/services")
    (lines,) = [block for block in blocks(readme, "sh") if "gpharness run" in block]
    lines = lines.replace(SERVED, server).replace(COMMAND, in_words())
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", lines],
        capture_output=True,
        encoding="utf-8",
        timeout=50,
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "no_proxy": "127.0.0.1", "PYTHONUTF8": "1"},
    )
    assert done.returncode == 0, done.stderr
    assert "Viewshed_Result (GPFeatureRecordSetLayer): 1 polygon in wkid 4326" in done.stdout
    assert gpharness("serve", tmp_path / "viewshed.yaml", "--port", "0").url().endswith("/rest/services")


def test_the_site_file_is_served_with_its_rule_in_any_unit(readme, gpharness, tmp_path):
    (text,) = blocks(readme, "yaml")
    file = tmp_path / "site.yaml"
    file.write_text(text, encoding="utf-8")
    url = gpharness("serve", file, "--port", "0", "--clock", "jump").url()
    assert url.endswith("/gis/rest/services")
    task = f"{url}/Planning/Noise/GPServer/NoiseZone"

    def last_status(reach):
        form = {"Source": "{'features': [{'geometry': {'x': 1, 'y': 2}}]}", "Reach": reach, "f": "json"}
        opener = build_opener(ProxyHandler({}))
        job = json.loads(opener.open(f"{task}/submitJob", urlencode(form).encode()).read())
        while job["jobStatus"] not in ("esriJobSucceeded", "esriJobFailed"):
            job = json.loads(opener.open(f"{task}/jobs/{job['jobId']}?f=json").read())
        return job["jobStatus"]

    assert last_status("{'distance': 6, 'units': 'esriKilometers'}") == "esriJobFailed"
    assert last_status("{'distance': 6000, 'units': 'esriFeet'}") == "esriJobSucceeded"


def test_what_the_readme_and_the_project_name_is_there(readme, checkout):
    for place in re.findall(r"\]\((?!http)([^)#]+)\)", readme):
        assert (checkout / place).exists(), place
    for folder in re.findall(r"`([a-z_]+)/`", readme):
        assert (checkout / folder).is_dir(), folder
    project = tomllib.loads((checkout / "pyproject.toml").read_text(encoding="utf-8"))
    for folder in project["tool"]["pytest"]["ini_options"]["testpaths"]:
        assert (checkout / folder).is_dir(), folder


def test_a_text_that_reads_as_json_leaves_unquoted_as_the_readme_says(services):
    query = urlencode({"In_GPString": "{'a': 1}", "f": "json"})
    with build_opener(ProxyHandler({})).open(
        f"{services}/DataTypes/Echo/GPServer/Echo/execute?{query}"
    ) as answer:
        assert b"\"value\":{'a': 1}" in answer.read().replace(b"\": {'", b"\":{'")
