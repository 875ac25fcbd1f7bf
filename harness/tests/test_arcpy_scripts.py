"""ArcPy scripts, as ArcGIS's documentation has them, run unchanged against the mock."""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from gp_client import GPClient
from gp_mockserver import serve
from gp_mockserver.builtin.builtin_site import builtin_site
from gpharness.arcpy_scripts import run_script

POINT = {
    "type": "FeatureCollection",
    "features": [
        {
            "type": "Feature",
            "properties": {"OffsetA": 2},
            "geometry": {"type": "Point", "coordinates": [-118.8, 37.5]},
        }
    ],
}
WEB_TOOL = r"""
from time import sleep

import arcpy

arcpy.ImportToolbox(";Elevation/ESRI_Elevation_World", "seen")
visible = arcpy.Viewshed_seen(r'c:\data\observer.shp', "40 Kilometers")
while not visible.status >= 4:
    sleep(0.2)
arcpy.CopyFeatures_management(visible[0], 'visible.shp')
print("written")
"""
"""A toolbox without a server, a shapefile of Windows, a wait on the status, a shapefile as the result."""
FEATURE_SETS = """
from time import sleep

import arcpy

arcpy.ImportToolbox("http://gis.example.com/arcgis/services;GPFolder/BufferService", "around")
where = arcpy.GetParameterValue("bufferpoints", 0)
where.load("c:/data/observer.shp")
buffers = arcpy.around.BufferPoints(where, "5 feet")
while not buffers.status >= 4:
    sleep(0.2)
buffers.getOutput(0).save("c:/results/all.gdb/buffers")
"""
"""A feature set made from the task's parameter, filled from a file, and one saved into a geodatabase."""
EITHER_WAY = """
from time import sleep

import arcpy

arcpy.ImportToolbox("http://gis.example.com/arcgis/services;WorldViewshed", "seen")
rows = arcpy.RecordSet()
rows.load("c:/data/observer.shp")
visible = arcpy.viewshed_seen(rows, "100")
if arcpy.IsSynchronous("viewshed") is False:
    while not visible.status >= 4:
        sleep(0.2)
visible.getOutput(0).save("c:/results/visible.shp")
"""
"""A record set as the input, and a wait only where the tool is a job's."""

Run = Callable[..., int]


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with serve(builtin_site(), port=0) as running:
        yield running.url


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder, with `c:\\data\\observer.shp` where it is looked for."""
    geopandas = pytest.importorskip("geopandas")
    drive = tmp_path / "drives" / "c"
    (drive / "data").mkdir(parents=True)
    (drive / "results").mkdir()
    geopandas.GeoDataFrame.from_features(POINT["features"], crs=4326).to_file(drive / "data" / "observer.shp")
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    monkeypatch.setenv("GPHARNESS_ARCPY_DRIVES", str(tmp_path / "drives"))
    monkeypatch.delenv("GPHARNESS_ARCPY_SERVER", raising=False)
    return tmp_path


@pytest.fixture
def run(tmp_path: Path) -> Run:
    def run_text(text: str, *arguments: str, server: str | None = None) -> int:
        script = tmp_path / "script.py"
        script.write_text(text)
        return run_script(script, arguments, server=server)

    return run_text


def count(file: Path, **options: Any) -> int:
    import geopandas

    return len(geopandas.read_file(file, **options))


def test_a_script_of_a_web_tool_runs_unchanged(
    run: Run, server: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(WEB_TOOL, server=server) == 0
    assert capsys.readouterr().out == "written\n"
    assert count(folder / "work" / "visible.shp") == 1


def test_the_same_with_one_changed_import_line_runs_by_itself(
    start: Any, server: str, folder: Path, tmp_path: Path
) -> None:
    script = tmp_path / "changed.py"
    script.write_text(WEB_TOOL.replace("import arcpy\n", "import gp_client.arcpy as arcpy\n"))
    drives = str(folder / "drives")
    process = start(script, GPHARNESS_ARCPY_SERVER=server, GPHARNESS_ARCPY_DRIVES=drives)
    assert process.line() == "written"
    assert process.status() == 0
    assert process.rest_of(process.err) == []
    assert count(tmp_path / "empty" / "visible.shp") == 1


def test_a_script_of_feature_sets_runs_unchanged(run: Run, server: str, folder: Path) -> None:
    assert run(FEATURE_SETS, server=server) == 0
    assert count(folder / "drives" / "c" / "results" / "all.gdb", layer="buffers") == 1


def test_a_script_that_waits_only_for_jobs_runs_unchanged(run: Run, server: str, folder: Path) -> None:
    assert run(EITHER_WAY, server=server) == 0
    assert count(folder / "drives" / "c" / "results" / "visible.shp") == 1


def test_without_a_server_an_address_that_names_none_says_what_to_do(
    run: Run, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(WEB_TOOL) == 1
    assert "gpharness arcpy --server URL" in capsys.readouterr().err


def test_the_server_of_the_environment_is_that_of_addresses_without_one(
    run: Run, server: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GPHARNESS_ARCPY_SERVER", server)
    assert run(WEB_TOOL) == 0


def test_a_script_has_its_words_its_folder_and_its_name(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "beside.py").write_text("import arcpy\nWORD = arcpy.GetParameterAsText(1)\n")
    text = """
import sys
import arcpy
from arcpy import env
import beside
print(__name__, sys.argv[1:], arcpy.GetParameterAsText(0), beside.WORD, env.overwriteOutput)
"""
    try:
        assert run(text, "one", "two words") == 0
    finally:
        sys.modules.pop("beside", None)
    assert capsys.readouterr().out == "__main__ ['one', 'two words'] one two words False\n"
    assert "arcpy" not in sys.modules
    assert str(tmp_path) not in sys.path


@pytest.mark.parametrize(
    ("text", "status", "said"),
    [
        ("import sys; sys.exit()", 0, ""),
        ("import sys; sys.exit(7)", 7, ""),
        ("import sys; sys.exit('no data')", 1, "no data"),
        ("import arcpy; arcpy.AddError('ERROR 000735: missing')", 0, "ERROR 000735: missing"),
        ("import arcpy; arcpy.Buffer_analysis('a', 'b')", 1, "arcpy.Buffer_analysis is not provided"),
        ("import arcpy.da", 1, "No module named 'arcpy.da'"),
        ("1 +", 1, "SyntaxError"),
        ("raise ValueError('odd')", 1, "ValueError: odd"),
        ("import arcpy; arcpy.ImportToolbox('c:/x.tbx')", 1, "ExecuteError"),
    ],
)
def test_a_scripts_end_is_the_status(
    run: Run, text: str, status: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(text) == status
    told = capsys.readouterr().err
    assert said in told
    assert "arcpy_scripts.py" not in told
    assert "runpy" not in told


def test_ctrl_c_cancels_the_jobs_that_a_script_has_started(
    run: Run, server: str, capsys: pytest.CaptureFixture[str]
) -> None:
    text = (
        "import arcpy\n"
        "arcpy.ImportToolbox(';Simulation/JobOutcomes', 'jobs')\n"
        "result = arcpy.NeverEnds_jobs()\n"
        "while result.status < 3: pass\n"
        "print(result.resultID)\n"
        "raise KeyboardInterrupt\n"
    )
    assert run(text, server=server) == 130
    out, err = capsys.readouterr()
    assert err == "gpharness arcpy: interrupted\n"
    with GPClient(server) as client:
        job = client.task("Simulation/JobOutcomes/NeverEnds").job(out.strip())
        assert job.refresh().status in ("esriJobCancelling", "esriJobCancelled")


def test_the_command_runs_a_script(gpharness: Any, server: str, tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        "import arcpy\n"
        "arcpy.ImportToolbox(';Elevation/ESRI_Elevation_World', 'seen')\n"
        f"print(arcpy.Viewshed_seen({json.dumps(json.dumps(POINT))}, '1 Kilometers').status)\n"
        "print(arcpy.GetParameterAsText(0))\n"
    )
    process = gpharness("arcpy", "--server", server, script, "--word")
    assert [process.line(), process.line()] == ["4", "--word"]
    assert process.status() == 0


IN_PROCESSES = """
import multiprocessing
import sys

import arcpy


def status(number):
    import arcpy
    arcpy.ImportToolbox("https://gis.example.com/arcgis/services;Elevation/ESRI_Elevation_World", "v")
    point = '{"type": "Point", "coordinates": [-118.8, 37.5]}'
    return arcpy.Viewshed_v(point, f"{number} Miles").status, sys.argv[1:]


if __name__ == "__main__":
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        print(pool.map(status, [1, 2]))
"""


def test_processes_that_a_script_starts_have_the_facade_too(
    gpharness: Any, server: str, tmp_path: Path
) -> None:
    script = tmp_path / "script.py"
    script.write_text(IN_PROCESSES)
    process = gpharness("arcpy", "--server", server, script, "word")
    assert process.line() == "[(4, ['word']), (4, ['word'])]"
    assert process.status() == 0


@pytest.mark.skipif(sys.platform == "win32", reason="no signals for one process there")
@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_the_command_and_its_jobs(
    gpharness: Any, server: str, tmp_path: Path, number: int, status: int
) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        "import arcpy\n"
        "arcpy.ImportToolbox(';Simulation/JobOutcomes', 'jobs')\n"
        "result = arcpy.NeverEnds_jobs()\n"
        "while result.status < 3: pass\n"
        "print(result.resultID, flush=True)\n"
        "while result.status < 4: pass\n"
    )
    process = gpharness("arcpy", "--server", server, script)
    job_id = process.line()
    process.process.send_signal(number)
    assert process.status() == status
    assert process.rest_of(process.err) == ["gpharness arcpy: interrupted"]
    with GPClient(server) as client:
        job = client.task("Simulation/JobOutcomes/NeverEnds").job(job_id)
        assert job.refresh().status in ("esriJobCancelling", "esriJobCancelled")


PLUGIN_TEST = """
import pytest

@pytest.fixture
def gp_arcpy_server():
    return {server!r}

def test_viewshed(gp_arcpy):
    import arcpy
    arcpy.ImportToolbox("http://gis.example.com/arcgis/services;Elevation/ESRI_Elevation_World", "v")
    point = '{{"type": "Point", "coordinates": [-118.8, 37.5]}}'
    result = arcpy.Viewshed_v(point, "8.5 Miles")
    arcpy.env.workspace = "memory"
    arcpy.CopyFeatures_management(result, "seen")
    assert gp_arcpy.GetCount_management("seen")[0] == "1"

def test_the_next_one_begins_anew(gp_arcpy):
    import arcpy
    assert arcpy.ListTools() == []
    assert arcpy.env.workspace is None
    with pytest.raises(AttributeError):
        arcpy.Viewshed_v

@pytest.mark.parametrize("gp_arcpy_arguments", [["point.geojson", "#"]])
def test_a_script_is_given_words(gp_arcpy):
    import sys
    assert gp_arcpy.GetParameterAsText(0) == sys.argv[1] == "point.geojson"
    assert gp_arcpy.GetParameterAsText(1) == ""
    assert gp_arcpy.GetArgumentCount() == 2

def test_words_of_another_kind(gp_arcpy, monkeypatch):
    assert gp_arcpy.GetArgumentCount() == 0
    monkeypatch.setattr("sys.argv", ["script.py", "one"])
    assert gp_arcpy.GetParameterAsText(0) == "one"

def test_without_the_fixture_there_is_none():
    import sys
    assert "arcpy" not in sys.modules
"""


def test_the_fixture_puts_the_facade_in_the_place_of_arcpy(start: Any, server: str, tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(PLUGIN_TEST.format(server=server))
    plugin = "gpharness.pytest_plugin"
    words = ["-m", "pytest", "-q", "-p", "no:cacheprovider", tmp_path / "test_it.py"]
    from importlib.metadata import entry_points

    if plugin not in [each.value for each in entry_points(group="pytest11")]:
        words += ["-p", plugin]
    process = start(*words)
    status = process.status()
    assert status == 0, "\n".join(process.rest_of(process.out))


def test_a_scripts_geojson_is_readable(run: Run, server: str, tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "point.geojson").write_text(json.dumps(POINT))
    text = """
import arcpy
arcpy.env.workspace = arcpy.GetParameterAsText(0)
arcpy.ImportToolbox("http://gis.example.com:6080/arcgis/services;GPFolder/BufferService", "around")
result = arcpy.BufferPoints_around("point.geojson", "500 Meters")
arcpy.management.CopyFeatures(result, "buffers.geojson")
"""
    assert run(text, str(tmp_path), server=server) == 0
    written = json.loads((tmp_path / "buffers.geojson").read_text())
    assert written["features"][0]["geometry"]["type"] == "Polygon"
