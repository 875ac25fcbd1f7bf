"""Every example of `docs/client.md` works as it stands there, against a mock instead of `gpharness serve`."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import get_args

import click
import gp_client
import gp_client.errors
import msgspec
import pytest
from gp_mockserver import load_site
from gpharness import client_commands

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "client.md").read_text(encoding="utf-8")
SERVED = "http://127.0.0.1:8585/arcgis"


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)


@pytest.fixture
def server(services):
    return services.removesuffix("/rest/services")


@pytest.mark.parametrize("code", blocks("python"), ids=range(len(blocks("python"))))
def test_a_python_example_runs(code, server, no_waits, tmp_path, monkeypatch, capsys):
    assert SERVED in code
    if "to_geopandas" in code:
        pytest.importorskip("geopandas")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIS_PASSWORD", "tester-password")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    exec(compile(code.replace(SERVED, server), "client.md", "exec"), {"__name__": "example"})
    assert capsys.readouterr().out or "assert" in code


@pytest.mark.skipif(not shutil.which("bash"), reason="needs bash")
def test_the_lines_of_the_command_line_run_one_after_the_other(server, tmp_path):
    lines = "\n".join(blocks("sh"))
    assert SERVED in lines
    command = f"gpharness() {{ '{sys.executable}' -m gpharness \"$@\"; }}\n"
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", command + lines.replace(SERVED, server)],
        capture_output=True,
        encoding="utf-8",
        timeout=50,
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "no_proxy": "127.0.0.1", "PYTHONUTF8": "1"},
    )
    assert done.returncode == 0, done.stderr
    assert "Viewshed_Result (GPFeatureRecordSetLayer): 1 polygon" in done.stdout
    assert {"Viewshed_Result.geojson", "Output_File.zip"} <= set(done.stdout.split())
    assert (tmp_path / "result.json").read_text(encoding="utf-8").startswith("{")
    assert "Secured/WorldViewshed: asynchronous" in done.stdout
    site = load_site(tmp_path / "site.yaml")
    assert list(site.services) == ["Simulation/JobOutcomes"]


def test_every_error_of_the_table_is_there_with_its_kind():
    table = TEXT[TEXT.index("| error | `kind` |") :]
    table = table[: table.index("\n\n")]
    rows = [line.split(" | ")[:2] for line in table.splitlines()[2:]]
    named = {name: kind.strip("` ") for names, kind in rows for name in re.findall(r"`(\w+)`", names)}
    assert len(named) > 10
    for name, kind in named.items():
        assert getattr(gp_client.errors, name).kind == kind
        assert getattr(gp_client, name) is getattr(gp_client.errors, name)


def rows(heading):
    """The rows of the table with this heading, each a list of cells."""
    table = TEXT[TEXT.index(heading) :].split("\n\n")[0]
    return [line.strip("| ").split(" | ") for line in table.splitlines()[2:]]


def defaults(struct):
    return {field.name: getattr(struct(), field.name) for field in msgspec.structs.fields(struct)}


@pytest.mark.parametrize(
    ("heading", "struct"),
    [("| option | default |", gp_client.RunOptions), ("| setting | default |", gp_client.Settings)],
)
def test_every_option_and_setting_has_its_row_and_its_default(heading, struct):
    names = {name: getattr(gp_client, name) for name in ("Retries", "Polling")}
    told = {name.strip("`"): eval(default.strip("`"), names) for name, default, *_ in rows(heading)}
    assert told == defaults(struct)


@pytest.mark.parametrize("name", ["Retries", "Polling"])
def test_the_numbers_of_retries_and_polling_are_the_defaults(name):
    struct = getattr(gp_client, name)
    (text,) = [found for found in re.findall(rf"`{name}\(([^`]*)\)`", TEXT) if found.count("=") > 1]
    told = {key: float(value) for key, value in (each.split("=") for each in text.split(", "))}
    assert told == defaults(struct)


def test_every_event_has_its_row_and_its_fields():
    told = {
        name.strip("`"): re.findall(r"`(\w+)`", fields.partition(":")[0])
        for name, fields in rows("| event |")
    }
    for name, fields in told.items():
        assert list(getattr(gp_client, name).__struct_fields__) == fields
    assert {getattr(gp_client, name) for name in told} == set(get_args(gp_client.Event))


def test_all_that_is_told_of_a_job_is_there_and_nothing_is_left_out():
    told = {word for first, _ in rows("| a `Job` has |") for word in re.findall(r"`(\w+)", first)}
    assert told == {name for name in dir(gp_client.Job) if not name.startswith("_")} | {"state", "address"}


def test_every_variable_of_the_commands_is_listed_and_no_other():
    commands = (client_commands.run, client_commands.describe)
    options = [each for command in commands for each in command.params if isinstance(each, click.Option)]
    variables = {each.envvar for each in options if each.name != "site"}
    assert set(re.findall(r"GPHARNESS_[A-Z_]+", TEXT)) == variables


def test_what_the_documentation_points_to_is_there():
    for place in re.findall(r"\]\((?!http)([^)#]+)\)", TEXT):
        assert (ROOT / "docs" / place).exists(), place
