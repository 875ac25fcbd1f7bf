"""Every example of `docs/arcpy.md` works as it stands there, against a mock instead of `gpharness serve`."""

from __future__ import annotations

import json
import re
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import gp_client.arcpy as arcpy
import pytest

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "arcpy.md").read_text(encoding="utf-8")
SERVED = "http://127.0.0.1:8585/arcgis"
POINT = {"type": "Point", "coordinates": [-118.8, 37.5]}
PLUGIN = "gpharness.pytest_plugin"


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)


CHANGED, UNCHANGED, TEST = blocks("python")


@pytest.fixture
def server(services: str) -> str:
    return services.removesuffix("/rest/services")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / "point.geojson").write_text(json.dumps(POINT))
    return tmp_path / "empty"


def test_the_script_with_the_changed_import_runs(start: Any, server: str, folder: Path) -> None:
    (folder / "script.py").write_text(CHANGED.replace(SERVED, server))
    process = start("script.py")
    assert process.line().startswith("4 Start Time: ")
    assert process.status() == 0
    visible = json.loads((folder / "visible.geojson").read_text())
    assert visible["features"][0]["geometry"]["type"].endswith("Polygon")


def test_the_unchanged_script_runs_by_the_command(start: Any, server: str, folder: Path) -> None:
    (folder / "script.py").write_text(UNCHANGED)
    (command,) = blocks("sh")
    words = command.replace(SERVED, server).split()
    assert words.pop(0) == "gpharness"
    process = start("-m", "gpharness", *words)
    assert process.line() == "Done"
    assert process.status() == 0
    assert json.loads((folder / "buffers.geojson").read_text())["features"]


def test_the_test_passes(start: Any, folder: Path) -> None:
    (folder / "test_it.py").write_text(TEST)
    loaded = [] if PLUGIN in [each.value for each in entry_points(group="pytest11")] else ["-p", PLUGIN]
    process = start("-m", "pytest", "-q", "-p", "no:cacheprovider", *loaded, "test_it.py")
    status = process.status()
    assert status == 0, "\n".join(process.rest_of(process.out))


def test_every_name_that_is_provided_is_listed() -> None:
    section = TEXT[TEXT.index("## What is provided") :].split("Any other name")[0]
    names = re.findall(r"`(\w+)`", section)
    from gp_client.arcpy import management

    settings = {"scratchFolder", *arcpy.env.keys()}
    assert set(names) == {*arcpy.__all__, *management.__all__, *settings}


def test_what_the_documentation_points_to_is_there() -> None:
    for place in re.findall(r"\]\((?!http)([^)#]+)\)", TEXT):
        assert (ROOT / "docs" / place).exists(), place
