"""`gpharness describe`: a service for people, as JSON, and as a site file that serves a mock of it."""

from __future__ import annotations

import json
import threading
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.request import ProxyHandler, build_opener

import pytest
from gp_mockserver import Site, load_site, serve
from gp_mockserver.builtin.builtin_site import builtin_site
from gp_mockserver.configuration.data_files import parse_yaml
from gpharness.client_access import Access
from gpharness.describing import Form, describe_address

VIEWSHED = """\
WorldViewshed: asynchronous, version 12
  {services}/WorldViewshed/GPServer
  What can be seen from a point, as a job.

viewshed (asynchronous)
  {services}/WorldViewshed/GPServer/viewshed
"""


@pytest.fixture
def describe(services, capsys, no_waits):
    """The status, stdout and stderr of describing an address."""

    def describe_it(path, form=Form.TEXT, access=None):
        address = path if "://" in path else f"{services}/{path}".rstrip("/")
        status = describe_address(address, access or Access(), form)
        said = capsys.readouterr()
        return status, said.out, said.err

    return describe_it


def get(url):
    with build_opener(ProxyHandler({})).open(f"{url}?f=json") as response:
        return json.loads(response.read())


def test_a_service_shows_its_tasks_parameters_and_a_command_that_runs_them(describe, services):
    status, out, err = describe("WorldViewshed/GPServer")
    assert (status, err) == (0, "")
    assert out.startswith(VIEWSHED.format(services=services))
    lines = [line.split() for line in out.splitlines()]
    assert [
        "Input_Observation_Point",
        "GPFeatureRecordSetLayer",
        "required",
        "points",
        "or",
        "multipoints",
    ] in lines
    assert ["Viewshed_Result", "GPFeatureRecordSetLayer", "polygons"] in lines
    assert out.splitlines()[-1].startswith(
        f"  gpharness run {services}/WorldViewshed/GPServer/viewshed Input_Observation_Point=@FILE.geojson"
    )


def test_a_task_s_address_shows_that_task_alone(describe):
    _, out, _ = describe("Simulation/JobOutcomes/GPServer/Fails")
    assert "Fails (asynchronous)" in out
    assert "Succeeds (asynchronous)" not in out


def test_choices_and_defaults_are_shown(describe):
    _, out, _ = describe("15_Names/OddNames/GPServer")
    assert "Extract Data Task (asynchronous)" in out
    assert "one of " in out
    assert "Informe_Patrón" in out


def test_json_is_what_the_server_said(describe, services):
    _, out, _ = describe("WorldViewshed/GPServer", Form.JSON)
    told = json.loads(out)
    assert told["service"] == get(f"{services}/WorldViewshed/GPServer")
    assert [each["descriptor"] for each in told["tasks"]] == [
        get(f"{services}/WorldViewshed/GPServer/viewshed")
    ]


@pytest.mark.parametrize("path", ["", "Simulation", "DataTypes"])
def test_a_catalogue_lists_the_services_in_it(describe, services, path):
    status, out, _ = describe(path)
    assert status == 0
    listed = [line.split() for line in out.splitlines() if line.startswith(f"{path}/" if path else "")]
    urls = {"Simulation": ["Simulation/JobOutcomes"], "": ["WorldViewshed"], "DataTypes": ["DataTypes/Echo"]}
    for name in urls[path]:
        assert [name, f"{services}/{name}/GPServer"] in listed


@pytest.mark.parametrize(
    ("path", "status", "said"),
    [
        ("Nothing/There/GPServer", 2, "gpharness describe: "),
        ("WorldViewshed/GPServer/nothing", 2, "gpharness describe: "),
        ("Elevation/ESRI_Elevation_World", 2, "/Elevation/ESRI_Elevation_World/GPServer"),
        ("Secured/WorldViewshed/GPServer", 2, "gpharness describe: "),
        ("http://127.0.0.1:9/arcgis", 3, "127.0.0.1:9"),
        ("nonsense", 2, "gpharness describe: "),
        ("WorldViewshed/GPServer/viewshed/jobs/j1", 2, "gpharness run {services}/WorldViewshed/GPServer/v"),
        ("WorldViewshed/GPServer/viewshed/jobs/j1/results/X", 2, "viewshed/jobs/j1\n"),
        ("WorldViewshed/GPServer/viewshed/submitJob", 2, "describe {services}/WorldViewshed/GPServer/v"),
        ("WorldViewshed/GPServer/uploads", 2, "describe {services}/WorldViewshed/GPServer\n"),
    ],
)
def test_the_status_says_whose_fault_it_is(describe, services, path, status, said):
    address = path if path != "nonsense" else "nonsense://"
    met, out, err = describe(address)
    assert (met, out) == (status, "")
    assert said.replace("{services}", services) in err


EVERY_SERVICE = [name for name in builtin_site().services if not name.startswith("Secured/")]


@pytest.mark.parametrize("name", EVERY_SERVICE)
def test_a_site_file_serves_the_same_descriptors(describe, services, tmp_path, name):
    status, out, err = describe(f"{name}/GPServer", Form.SITE)
    assert (status, err) == (0, "")
    file = tmp_path / "site.yaml"
    file.write_text(out, encoding="utf-8")
    with closing(load_site(file)) as site, serve(site) as server:
        copied = f"{server.url}/rest/services/{name}/GPServer"
        original = f"{services}/{name}/GPServer"
        same_but_addresses(get(copied), get(original))
        for label in get(original)["tasks"]:
            label = label.replace(" ", "%20")
            same_but_addresses(get(f"{copied}/{label}"), get(f"{original}/{label}"))


def same_but_addresses(copied, original):
    for told in (copied, original):
        told.pop("helpUrl", None)
        told.pop("schema", None)
    assert copied == original


def test_a_site_file_of_a_task_has_that_task_alone(describe, tmp_path):
    _, out, _ = describe("Simulation/JobOutcomes/GPServer/Fails", Form.SITE)
    file = tmp_path / "site.yaml"
    file.write_text(out, encoding="utf-8")
    with closing(load_site(file)) as site:
        assert list(site.services["Simulation/JobOutcomes"].tasks) == ["Fails"]


def test_a_whole_server_is_one_site_file_and_what_is_closed_is_named(describe, tmp_path):
    status, out, err = describe("", Form.SITE)
    assert status == 1
    assert "Secured/WorldViewshed is left out" in err
    file = tmp_path / "site.yaml"
    file.write_text(out, encoding="utf-8")
    with closing(load_site(file)) as site:
        assert sorted(site.services) == sorted(EVERY_SERVICE)
    signed_in = Access(user="tester", password="tester-password")
    status, out, err = describe("", Form.SITE, signed_in)
    assert (status, err) == (0, "")
    assert "Secured/WorldViewshed" in parse_yaml(out)["services"]


AWKWARD = "yes: no\n# \u00e9 \u202e \x85 'quoted' \"twice\"\t- 1e3 {a} 2001-01-01"


def test_awkward_texts_come_back_from_a_site_file_as_they_were(tmp_path, capsys):
    site = Site("gis", version="11.3")

    @site.task("Odd/Texts/Task", execution="sync")
    def task(
        Text: str = AWKWARD,
        Number: float = 1e22,
        Digits: str = "1e3",
        Yes: str = "yes",
        Date: str = "2001-01-01",
    ) -> int:
        return 1

    with serve(site) as server:
        services = f"{server.url}/rest/services"
        assert describe_address(f"{services}/Odd/Texts/GPServer", Access(), Form.SITE) == 0
        before = get(f"{services}/Odd/Texts/GPServer/Task")
    file = tmp_path / "site.yaml"
    file.write_bytes(capsys.readouterr().out.encode())
    with closing(load_site(file)) as copy, serve(copy) as server:
        assert server.url.endswith("/gis")
        same_but_addresses(get(f"{server.url}/rest/services/Odd/Texts/GPServer/Task"), before)


def test_the_command_s_site_file_is_taken_by_serve(told, gpharness, services, tmp_path):
    status, out, err = told("describe", f"{services}/Simulation/JobOutcomes/GPServer", "--site")
    assert status == 0, err
    file = tmp_path / "site.yaml"
    file.write_text("\n".join(out), encoding="utf-8")
    copy = gpharness("serve", file, "--port", "0").url()
    service = "Simulation/JobOutcomes/GPServer"
    same_but_addresses(get(f"{copy}/{service}"), get(f"{services}/{service}"))


@contextmanager
def busy_at_first():
    """A server without services whose first answer is 503; its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            busy = not answered
            answered.append(self.path)
            content = b"busy" if busy else b'{"currentVersion": 11.1, "folders": [], "services": []}'
            self.send_response(503 if busy else 200)
            if busy:
                self.send_header("Retry-After", "0")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_):
            return

    answered = []
    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/arcgis"
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize("quiet", [False, True])
def test_what_is_asked_once_more_is_said(capsys, no_waits, quiet):
    with busy_at_first() as address:
        assert describe_address(f"{address}/rest/services", Access(), Form.TEXT, quiet=quiet) == 0
    said = capsys.readouterr()
    assert said.out == "no services there\n"
    assert ("once more in" in said.err) is not quiet


def test_two_forms_at_once_are_refused(told):
    status, _, err = told("describe", "http://127.0.0.1/", "--site", "--json")
    assert status == 2
    assert "--site and --json" in " ".join(err)


def test_a_form_on_the_command_line_wins_over_one_in_the_environment(told, services):
    service = f"{services}/WorldViewshed/GPServer"
    status, out, _ = told("describe", service, GPHARNESS_JSON="1")
    assert (status, out[0]) == (0, "{")
    status, out, _ = told("describe", service, "--site", GPHARNESS_JSON="1")
    assert status == 0
    assert out[0].startswith("# The geoprocessing services of")
