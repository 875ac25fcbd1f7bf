"""`gpharness run` against the mock: what it prints where, and the statuses that scripts branch on."""

from __future__ import annotations

import io
import json
import logging
import re
import signal
import sys
import time
import warnings
from urllib.request import ProxyHandler, build_opener

import click
import pytest
from gp_client.errors import AuthError
from gp_mockserver import serve
from gp_mockserver.builtin.builtin_site import builtin_site
from gpharness.client_access import Access
from gpharness.own_words import own_words
from gpharness.running import Wishes, run_task

POINT = '{"type": "Point", "coordinates": [-118.8, 37.5]}'
VIEWSHED = "WorldViewshed/GPServer/viewshed"
OUTCOMES = "Simulation/JobOutcomes/GPServer"


@pytest.fixture
def run(services, capsys, no_waits):
    """Runs a task of the built-in site: the status, and what stands on stdout and stderr."""

    def run_it(task, *inputs, access=None, **wishes):
        address = task if "://" in task else f"{services}/{task}"
        status = run_task(address, inputs, access or Access(), Wishes(**wishes))
        said = capsys.readouterr()
        return status, said.out, said.err

    return run_it


def test_a_job_s_results_go_to_stdout_and_its_life_to_stderr(run):
    status, out, err = run(VIEWSHED, f"Input_Observation_Point={POINT}", "Viewshed_Distance=8.5 Miles")
    assert status == 0
    lines = out.splitlines()
    assert lines[0] == "Viewshed_Result (GPFeatureRecordSetLayer): 1 polygon in wkid 4326"
    assert lines[1].split() == ["OBJECTID", "gridcode", "Shape_Length", "Shape_Area"]
    assert lines[2].split()[:2] == ["1", "1"]
    assert "esriJobSucceeded" in err.splitlines()
    assert "  Info:    Submitted." in err.splitlines()


def test_a_synchronous_task_is_run_by_the_same_words(run):
    status, out, _ = run(
        "Elevation/ESRI_Elevation_World/GPServer/Viewshed",
        f"Input_Observation_Point={POINT}",
        "Viewshed_Distance=2 Kilometers",
        out_sr="EPSG:54003",
    )
    assert (status, out.splitlines()[0]) == (
        0,
        "Viewshed_Result (GPFeatureRecordSetLayer): 1 polygon in wkid 54003",
    )


def test_json_is_the_server_s_own_values_in_one_document(run):
    status, out, _ = run(f"{OUTCOMES}/Succeeds", "Note=abc", as_json=True)
    told = json.loads(out)
    assert status == 0
    assert told["results"]["Summary"]["dataType"] == "GPString"
    assert isinstance(told["results"]["Summary"]["value"], str)
    assert told["job"]["url"].endswith(f"{OUTCOMES}/Succeeds/jobs/{told['job']['id']}")
    assert {
        "type": "esriJobMessageTypeInformative",
        "description": "Executing (Succeeds): Succeeds abc #",
    } in (told["messages"])


def test_quiet_says_nothing_but_the_results(run):
    status, out, err = run(f"{OUTCOMES}/SucceedsWithWarnings", quiet=True)
    assert (status, err) == (0, "")
    assert out.startswith("Summary (GPString): ")


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("In_GPBoolean=true", "Out_GPBoolean (GPBoolean): true"),
        ("In_GPLong=12", "Out_GPLong (GPLong): 12"),
        ("In_GPDouble=-0.5", "Out_GPDouble (GPDouble): -0.5"),
        ("In_GPString=a=b", "Out_GPString (GPString): a=b"),
        ("In_GPString=@@home", "Out_GPString (GPString): @home"),
        ("In_GPDate=2024-05-06T07:08:09", "Out_GPDate (GPDate): 2024-05-06T07:08:09+00:00"),
        ("In_GPDate=2026-01-31", "Out_GPDate (GPDate): 2026-01-31T00:00:00+00:00"),
        ("In_GPDate=2026-01-31T12:30Z", "Out_GPDate (GPDate): 2026-01-31T12:30:00+00:00"),
        ("In_GPDate=2026-01-31T12:30:00+02:00", "Out_GPDate (GPDate): 2026-01-31T10:30:00+00:00"),
        ("In_GPDate=1700000000000", "Out_GPDate (GPDate): 2023-11-14T22:13:20+00:00"),
        (
            'In_GPMultiValue_GPDate=["2026-01-31", "2026-02-01T00:00:00Z"]',
            "Out_GPMultiValue_GPDate (GPMultiValue:GPDate): "
            "2026-01-31T00:00:00+00:00, 2026-02-01T00:00:00+00:00",
        ),
        ("In_GPLinearUnit=5 Miles", "Out_GPLinearUnit (GPLinearUnit): 5 Miles"),
        ("In_GPLinearUnit={'distance': 5, 'units': 'esriFeet'}", "Out_GPLinearUnit (GPLinearUnit): 5 Feet"),
        ('In_GPMultiValue_GPLong=[1, "2"]', "Out_GPMultiValue_GPLong (GPMultiValue:GPLong): 1, 2"),
        ("In_GPDataFile={'url': 'http://example.com/a.zip'}", "(GPDataFile): http://example.com/a.zip"),
        ("In_GPSpatialReference=25832", "Out_GPSpatialReference (GPSpatialReference): wkid 25832"),
        ("In_GPRecordSet={'features': [{'attributes': {'a': 1}}]}", "Out_GPRecordSet (GPRecordSet): 1 row"),
    ],
)
def test_a_value_is_written_as_in_a_form_of_the_services_directory(run, given, shown):
    status, out, err = run("DataTypes/Echo/GPServer/Echo", given)
    assert status == 0, err
    assert any(shown in line for line in out.splitlines()), out


def test_an_output_that_was_not_made_is_said_to_be_so(run):
    _, out, _ = run("DataTypes/Echo/GPServer/Echo", "In_GPLong=1")
    assert "Out_GPDouble (GPDouble): not made" in out.splitlines()


def test_files_give_values_and_are_uploaded_where_the_task_wants_a_file(run, tmp_path, monkeypatch):
    point = tmp_path / "point.geojson"
    point.write_text(POINT, encoding="utf-8")
    status, out, _ = run(VIEWSHED, f"Input_Observation_Point=@{point}", "Viewshed_Distance=1 Miles")
    assert (status, "1 polygon" in out) == (0, True)

    notes = tmp_path / "notes.txt"
    notes.write_text("from a file", encoding="utf-8")
    status, out, _ = run("DataTypes/Echo/GPServer/Echo", f"In_GPString=@{notes}")
    assert "Out_GPString (GPString): from a file" in out

    saved = tmp_path / "out" / "deeper"
    status, out, err = run(
        "Files/FileTransfer/GPServer/ZipFile", f"Input_File=@{notes}", save=saved, as_json=True
    )
    assert status == 0, err
    (path,) = json.loads(out)["results"]["Output_File"]["saved"]
    assert path == str(saved / "Output_File.zip")
    assert (saved / "Output_File.zip").read_bytes().startswith(b"PK")
    assert [each.name for each in saved.iterdir()] == ["Output_File.zip"]


def test_features_come_from_a_geopackage_where_geopandas_is_installed(run, tmp_path, monkeypatch):
    geopandas = pytest.importorskip("geopandas")
    file = tmp_path / "points.gpkg"
    places = geopandas.points_from_xy([-13224955.6], [4509031.4], crs=3857)
    geopandas.GeoDataFrame(geometry=places).to_file(file)
    status, out, err = run(VIEWSHED, f"Input_Observation_Point=@{file}")
    assert status == 0, err
    assert "1 polygon in wkid 3857" in out
    file.write_bytes(b"no geopackage")
    status, _, err = run(VIEWSHED, f"Input_Observation_Point=@{file}")
    assert (status, f"{file} cannot be read" in err) == (2, True)
    monkeypatch.setitem(sys.modules, "geopandas", None)
    status, _, err = run(VIEWSHED, f"Input_Observation_Point=@{file}")
    assert (status, "pip install 'gpharness[geo]'" in err) == (2, True)


@pytest.fixture
def two_layers(tmp_path):
    """A GeoPackage with two layers of points and a table beside them."""
    geopandas = pytest.importorskip("geopandas")
    pyogrio = pytest.importorskip("pyogrio")
    file = tmp_path / "places.gpkg"
    for layer, x in (("west", -118.8), ("east", 7.5)):
        points = geopandas.GeoDataFrame(geometry=geopandas.points_from_xy([x], [37.5], crs=4326))
        points.to_file(file, layer=layer)
    pyogrio.write_dataframe(geopandas.pd.DataFrame({"a": [1]}), file, layer="notes")
    return file


def test_a_layer_of_a_file_is_named_behind_it(run, two_layers):
    status, out, err = run(VIEWSHED, f"Input_Observation_Point=@{two_layers}/west", quiet=True)
    assert (status, err) == (0, "")
    assert "1 polygon in wkid 4326" in out
    for which, said in (
        ("", f"has the layers west, east: name one, as in Input_Observation_Point=@{two_layers}/west"),
        ("/north", "has no layer 'north'; there is west, east, notes"),
    ):
        status, out, err = run(VIEWSHED, f"Input_Observation_Point=@{two_layers}{which}", quiet=True)
        assert (status, out) == (2, "")
        assert said in err
        assert len(err.splitlines()) == 1
    status, out, _ = run("DataTypes/Echo/GPServer/Echo", f"In_GPRecordSet=@{two_layers}/notes")
    assert "Out_GPRecordSet (GPRecordSet): 1 row" in out


def test_a_table_beside_the_only_layer_of_features_leaves_no_choice(run, tmp_path):
    geopandas = pytest.importorskip("geopandas")
    pyogrio = pytest.importorskip("pyogrio")
    file = tmp_path / "place.gpkg"
    pyogrio.write_dataframe(geopandas.pd.DataFrame({"a": [1]}), file, layer="notes")
    points = geopandas.GeoDataFrame(geometry=geopandas.points_from_xy([7.5], [37.5], crs=4326))
    points.to_file(file, layer="place")
    status, out, err = run(VIEWSHED, f"Input_Observation_Point=@{file}", quiet=True)
    assert (status, err) == (0, "")
    assert "1 polygon" in out


@pytest.mark.parametrize("quiet", [True, False])
def test_what_a_reader_warns_of_is_a_line_or_nothing(run, tmp_path, monkeypatch, quiet):
    geopandas = pytest.importorskip("geopandas")
    read = geopandas.read_file

    def warning_read(*what, **how):
        warnings.warn("an odd file", stacklevel=1)
        logging.getLogger("pyogrio").warning("a field is skipped")
        return read(*what, **how)

    file = tmp_path / "place.gpkg"
    geopandas.GeoDataFrame(geometry=geopandas.points_from_xy([7.5], [37.5], crs=4326)).to_file(file)
    monkeypatch.setattr(geopandas, "read_file", warning_read)
    status, _, err = run(VIEWSHED, f"Input_Observation_Point=@{file}", quiet=quiet)
    assert status == 0
    said = [line for line in err.splitlines() if "odd file" in line or "skipped" in line]
    expected = ["a field is skipped", "an odd file"]
    mine = [f"gpharness run: warning: Input_Observation_Point: {text}" for text in expected]
    assert said == ([] if quiet else mine)


def test_features_are_saved_as_geojson(run, tmp_path):
    status, out, _ = run(
        VIEWSHED, f"Input_Observation_Point={POINT}", "Viewshed_Distance=1 Miles", save=tmp_path
    )
    assert status == 0
    assert f"  saved as {tmp_path / 'Viewshed_Result.geojson'}" in out.splitlines()
    collection = json.loads((tmp_path / "Viewshed_Result.geojson").read_text(encoding="utf-8"))
    assert [each["geometry"]["type"] for each in collection["features"]] == ["Polygon"]


@pytest.mark.parametrize(
    ("task", "inputs", "status", "said"),
    [
        (f"{OUTCOMES}/Fails", [], 1, "ERROR 999999"),
        (f"{OUTCOMES}/TimesOut", [], 1, "esriJobTimedOut"),
        (f"{OUTCOMES}/Succeeds", ["Nots=1"], 2, 'did you mean "Note"?'),
        (f"{OUTCOMES}/Succeeds", ["Note"], 2, "name=value"),
        (f"{OUTCOMES}/Succeeds", ["Note=1", "Note=2"], 2, "Note: met two values"),
        (f"{OUTCOMES}/Succeeds", ["Note=@nowhere.txt"], 2, "nowhere.txt cannot be read"),
        (f"{OUTCOMES}/Suceeds", [], 2, "Suceeds"),
        (f"{OUTCOMES}", [], 2, "gpharness describe"),
        (VIEWSHED, ["Viewshed_Distance=5 parsecs"], 2, "Viewshed_Distance"),
        (VIEWSHED, ["Viewshed_Distance=5 Miles"], 2, "Input_Observation_Point"),
        ("Secured/WorldViewshed/GPServer/viewshed", [], 2, "499"),
        ("http://127.0.0.1:9/arcgis/rest/services/A/GPServer/B", [], 3, "127.0.0.1:9"),
        ("ftp://example.com/arcgis", [], 2, "TASK_URL: met"),
        (f"{OUTCOMES}/Succeeds/execute", [], 2, f"gpharness run {{services}}/{OUTCOMES}/Succeeds\n"),
        (f"{OUTCOMES}/Succeeds/submitJob?Note=1", [], 2, f"gpharness run {{services}}/{OUTCOMES}/Succeeds\n"),
        (f"{OUTCOMES}/Succeeds/jobs", [], 2, f"gpharness run {{services}}/{OUTCOMES}/Succeeds\n"),
        (f"{OUTCOMES}/Succeeds/jobs/j1/results/Summary", [], 2, "Succeeds/jobs/j1\n"),
        (f"{OUTCOMES}/Succeeds/jobs/j1/cancel", [], 2, "Succeeds/jobs/j1\n"),
        (f"{OUTCOMES}/uploads", [], 2, f"gpharness describe {{services}}/{OUTCOMES}\n"),
        ("DataTypes/Echo/GPServer/Echo", ["In_GPDate=2026-13-31Z"], 2, "2026-01-31T12:30Z (UTC"),
    ],
)
def test_the_status_says_whose_fault_it_is_and_stderr_why(run, services, task, inputs, status, said):
    met, out, err = run(task, *inputs)
    assert (met, out) == (status, "")
    assert said.replace("{services}", services) in err
    assert err.splitlines()[-1].startswith(("gpharness run: ", "come back to the job by: "))


def test_with_json_an_error_is_a_document_too(run):
    status, out, _ = run(f"{OUTCOMES}/Fails", as_json=True, quiet=True)
    error = json.loads(out)["error"]
    assert (status, error["kind"], error["status"]) == (1, "job", "esriJobFailed")
    assert error["job"]["url"].endswith(error["job"]["id"])


def test_a_deadline_ends_the_wait_and_names_the_job(services, capsys):
    with serve(builtin_site()) as server:
        task = f"{server.url}/rest/services/{OUTCOMES}/NeverEnds"
        status = run_task(task, [], Access(deadline=1.0, leave_running=True), Wishes(as_json=True))
    said = capsys.readouterr()
    error = json.loads(said.out)["error"]
    assert (status, error["kind"], error["cancelled"]) == (1, "deadline", False)
    assert "not done within 1 seconds" in error["text"]
    assert "not done within 1 seconds" in said.err
    assert f"come back to the job by: gpharness run {error['job']['url']}" in said.err.splitlines()


def test_a_job_s_address_comes_back_to_the_job(run):
    _, out, _ = run(VIEWSHED, f"Input_Observation_Point={POINT}", as_json=True)
    first = json.loads(out)
    status, out, _ = run(first["job"]["url"], as_json=True)
    assert status == 0
    assert json.loads(out)["results"] == first["results"]
    status, _, err = run(first["job"]["url"], "Viewshed_Distance=1 Miles")
    assert (status, "the job has had its inputs" in err) == (2, True)
    status, out, err = run(first["job"]["url"], out_sr="3857")
    assert (status, out, "--out-sr: met" in err, "GPHARNESS_OUT_SR" in err) == (2, "", True, True)


def test_a_job_that_is_not_there_is_an_address_where_nothing_is(capsys):
    with serve(builtin_site()) as server:  # by its own clock, so that waits would be seen
        gone = f"{server.url}/rest/services/{OUTCOMES}/Succeeds/jobs/j00000000000000000000000000000000"
        began = time.monotonic()
        status = run_task(gone, [], Access(), Wishes(as_json=True))
        assert time.monotonic() - began < 1
    said = capsys.readouterr()
    assert (status, json.loads(said.out)["error"]["kind"]) == (2, "server")
    assert gone in said.err
    assert len(said.err.splitlines()) == 1


@pytest.mark.parametrize(
    ("access", "out_sr", "said"),
    [
        (Access(token="  "), None, "gpharness run: --token: met an empty one, expected a token\n"),
        (Access(user=" ", password="x"), None, "--user: met an empty name"),
        (Access(token_url="abc"), None, "--token-url: met 'abc'"),
        (Access(), "web mercator", '--out-sr: met "web mercator", expected a number such as 25832'),
        (Access(), "{", "--out-sr: met"),
        (Access(), None, "give --user and its password, or --token: GPHARNESS_USER"),
    ],
)
def test_errors_speak_of_options_and_not_of_python(run, access, out_sr, said):
    status, out, err = run("Secured/WorldViewshed/GPServer/viewshed", access=access, out_sr=out_sr)
    assert (status, out) == (2, "")
    assert said in err
    assert not any(word in err for word in ("None", "token=", "user=", "out_sr", "dict", "pyproj"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "the token service is on another host; if that is right, give "
            "token_url='http://a.example.com/tokens', or name the host in trusted_hosts",
            "give --token-url http://a.example.com/tokens, or name the host by --trust",
        ),
        ("; name that host in trusted_hosts if it may be asked", "name that host by --trust if it"),
        ("out_sr: a server may ignore it; leave it out, or send it with env={'a': …}", "--out-sr: a server"),
    ],
)
def test_remedies_for_a_program_become_remedies_for_a_command(text, said):
    with pytest.raises(AuthError, match=re.escape(said)), own_words():
        raise AuthError(text)


@pytest.mark.parametrize(
    ("access", "status", "said"),
    [
        (Access(user="tester", password="tester-password"), 0, ""),
        (Access(user="tester", password="wrong"), 2, "gpharness run: "),
        (Access(token="invented"), 2, "gpharness run: "),
        (Access(user="tester"), 2, "GPHARNESS_PASSWORD"),
        (Access(password="tester-password"), 2, "--user"),
    ],
)
def test_credentials_sign_in_and_never_show(run, monkeypatch, access, status, said):
    monkeypatch.setattr(sys, "stdin", None)
    inputs = [f"Input_Observation_Point={POINT}", "Viewshed_Distance=1 Miles"]
    met, out, err = run("Secured/WorldViewshed/GPServer/viewshed", *inputs, access=access)
    assert met == status, err
    assert said in err
    for secret in (access.password, access.token):
        assert secret is None or (secret not in out + err + repr(access))


class Terminal:
    def isatty(self):
        return True


def test_in_a_terminal_a_missing_password_is_asked_for(run, monkeypatch):
    asked = []

    def prompt(text, **how):
        asked.append((text, how))
        return "tester-password"

    monkeypatch.setattr(sys, "stdin", Terminal())
    monkeypatch.setattr(click, "prompt", prompt)
    inputs = [f"Input_Observation_Point={POINT}"]
    status, _, err = run("Secured/WorldViewshed/GPServer/viewshed", *inputs, access=Access(user="tester"))
    assert status == 0, err
    assert asked == [("Password of tester", {"hide_input": True, "err": True})]


def test_ctrl_c_at_the_question_is_an_interruption_too(run, monkeypatch):
    def prompt(text, **how):
        raise click.Abort

    monkeypatch.setattr(sys, "stdin", Terminal())
    monkeypatch.setattr(click, "prompt", prompt)
    status, out, err = run(VIEWSHED, access=Access(user="tester"))
    assert (status, out, err) == (130, "", "gpharness run: interrupted\n")


def get(url):
    with build_opener(ProxyHandler({})).open(url) as response:
        return json.loads(response.read())


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
@pytest.mark.parametrize(
    ("ending", "words", "status", "after"),
    [
        (signal.SIGINT, [], 130, {"esriJobCancelling", "esriJobCancelled"}),
        (signal.SIGTERM, [], 143, {"esriJobCancelling", "esriJobCancelled"}),
        (signal.SIGINT, ["--leave-running"], 130, {"esriJobExecuting"}),
        ("SIGHUP", [], 129, {"esriJobCancelling", "esriJobCancelled"}),
    ],
)
def test_ctrl_c_cancels_the_job_and_says_where_it_is(gpharness, slow_services, ending, words, status, after):
    running = gpharness("run", f"{slow_services}/{OUTCOMES}/NeverEnds", *words)
    while running.error_line() != "esriJobExecuting":
        pass
    running.process.send_signal(ending if isinstance(ending, int) else getattr(signal, ending))
    assert running.status() == status
    assert running.rest_of(running.out) == []
    said = running.rest_of(running.err)
    assert not any("Traceback" in line for line in said)
    address = said[-1].removeprefix("come back to the job by: gpharness run ")
    assert get(f"{address}?f=json")["jobStatus"] in after


def test_the_options_come_from_the_environment_too(told, services, no_waits):
    status, out, err = told(
        "run",
        f"{services}/Secured/WorldViewshed/GPServer/viewshed",
        f"Input_Observation_Point={POINT}",
        GPHARNESS_USER="tester",
        GPHARNESS_PASSWORD="tester-password",
        GPHARNESS_OUT_SR="3857",
    )
    assert status == 0, err
    assert out[0] == "Viewshed_Result (GPFeatureRecordSetLayer): 1 polygon in wkid 3857"


def test_flags_come_from_the_environment_too(told, slow_services):
    task = f"{slow_services}/{OUTCOMES}/NeverEnds"
    flags = {"GPHARNESS_QUIET": "1", "GPHARNESS_JSON": "true", "GPHARNESS_LEAVE_RUNNING": "yes"}
    status, out, said = told("run", task, "--deadline", "1", **flags)
    assert status == 1
    error = json.loads("\n".join(out))["error"]
    assert said[0].startswith("gpharness run: not done within 1 seconds")
    assert get(f"{error['job']['url']}?f=json")["jobStatus"] == "esriJobExecuting"


def test_a_hangup_that_is_ignored_stays_so(start):
    if not hasattr(signal, "SIGHUP"):
        pytest.skip("no SIGHUP")
    code = (
        "import signal; signal.signal(signal.SIGHUP, signal.SIG_IGN)\n"
        "from gpharness.client_access import interruptible\n"
        "with interruptible([]):\n"
        "    signal.raise_signal(signal.SIGHUP)\n"
        "    print('goes on')\n"
    )
    running = start("-c", code)
    assert (running.status(), running.rest_of(running.out)) == (0, ["goes on"])


def test_wrong_options_are_status_2(told):
    assert told("run").status == 2
    status, _, err = told("run", "http://127.0.0.1/", "--timeout", "0")
    assert status == 2
    assert "--timeout" in " ".join(err)


def test_a_value_from_stdin_is_utf_8_whatever_python_makes_of_it(told, services, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO("é".encode()), encoding="latin-1"))
    status, out, err = told("run", f"{services}/DataTypes/Echo/GPServer/Echo", "In_GPString=@-")
    assert status == 0, err
    assert "Out_GPString (GPString): é" in out
