"""Inputs that stand elsewhere: items, the site's own addresses, listed hosts; and that nothing else is
fetched."""

from __future__ import annotations

import gzip
import io
import json
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from gp_mockserver.builtin.builtin_site import builtin_site
from gp_mockserver.configuration.site_files import site_from
from gp_mockserver.errors import SiteError, SiteFileError
from gp_mockserver.layers.site_layers import add_layers
from gp_mockserver.limits import Limits
from gp_mockserver.running import fetching
from gp_mockserver.running.fetching import is_listed
from gp_mockserver.running.listed_hosts import listed_hosts
from gp_mockserver.running.own_addresses import loopback_root, own_place
from gp_mockserver.sites import Site
from gp_mockserver.tools.tool_calls import ToolCall
from gp_protocol.values.feature_sets import FeatureSet, RecordSet
from gp_protocol.values.fields import Field
from gp_protocol.values.spatial_references import SpatialReference

from every_case import every_case

FILES = "Files/FileTransfer/GPServer"
VIEWSHED = "Elevation/ESRI_Elevation_World/GPServer/Viewshed/execute"
POINTS = {
    "geometryType": "esriGeometryPoint",
    "spatialReference": {"wkid": 4326},
    "features": [
        {"geometry": {"x": 8.5, "y": 47.4}, "attributes": {}},
        {"geometry": {"x": 9, "y": 47}, "attributes": {}},
    ],
}
TEXT = json.dumps(POINTS).encode()


def count(points: FeatureSet) -> int:
    return len(points.features)


def uploaded(wire: Any, content: bytes, name: str = "points.json", service: str = FILES) -> str:
    files = {"file": (name, content)}
    answer = wire.http.post(f"{service}/uploads/upload", data={"f": "json"}, files=files)
    return str(answer.json()["item"]["itemID"])


def zipped(wire: Any, value: Any) -> zipfile.ZipFile:
    """The built-in ZipFile's output for an input."""
    answer = wire.json(f"{FILES}/ZipFile/submitJob", Input_File=json.dumps(value))
    job = f"{FILES}/ZipFile/jobs/{answer['jobId']}"
    wire.clock.advance(3)
    state = wire.json(job)
    assert state["jobStatus"] == "esriJobSucceeded", state
    url = wire.json(f"{job}/results/Output_File")["value"]["url"]
    return zipfile.ZipFile(io.BytesIO(wire.http.get(url).content))


def failure(wire: Any, value: Any) -> list[str]:
    """The error messages of the built-in ZipFile for an input."""
    answer = wire.json(f"{FILES}/ZipFile/submitJob", Input_File=json.dumps(value))
    job = f"{FILES}/ZipFile/jobs/{answer['jobId']}"
    wire.clock.advance(3)
    state = wire.json(job)
    assert state["jobStatus"] == "esriJobFailed", state
    return [each["description"] for each in state["messages"] if each["type"].endswith("Error")]


@pytest.fixture
def counting(open_wire: Any, fresh: dict[str, Any]) -> Callable[..., Any]:
    """A wire to a site with a function as its task, and its uploads."""

    def made(function: Callable[..., Any] = count, **options: Any) -> Any:
        site = site_from({"services": {"S": {"executionType": "sync", "uploads": {}, "tasks": []}}}, **fresh)
        for name, value in options.items():
            setattr(site, name, value)
        site.task("S/Tool")(function)
        return open_wire(site)

    return made


def result(wire: Any, **inputs: Any) -> Any:
    answer = wire.json(
        "S/GPServer/Tool/execute",
        **{name: value if isinstance(value, str) else json.dumps(value) for name, value in inputs.items()},
    )
    if "error" in answer:
        return answer["error"]["details"][0]
    return answer["results"][0]["value"]


class TestItems:
    def test_a_feature_input_may_be_an_uploaded_file(self, counting: Any) -> None:
        wire = counting()
        for content in (
            TEXT,
            b"\xef\xbb\xbf" + TEXT,
            json.dumps({"featureSet": POINTS, "layerDefinition": {}}),
        ):
            item_id = uploaded(wire, content, service="S/GPServer")
            assert result(wire, points={"itemID": item_id}) == 2
            assert result(wire, points=str({"itemID": item_id})) == 2

    @pytest.mark.parametrize(
        ("content", "said"),
        [
            (b"\xff\xfe\0", "no text"),
            (b"{", "cannot be read"),
            (b"[1]", "cannot be read"),
            (b'{"itemID": "i1"}', "refers to something else"),
            (b'{"error": {"code": 400, "message": "No such layer"}}', "answers an error: No such layer"),
        ],
    )
    def test_a_file_that_holds_no_features_fails_the_tool(
        self, counting: Any, content: bytes, said: str
    ) -> None:
        wire = counting()
        item_id = uploaded(wire, content, service="S/GPServer")
        failed = result(wire, points={"itemID": item_id})
        assert f"ERROR 000732: points: Dataset {item_id} does not exist or is not supported" in failed
        assert said in failed

    def test_a_file_larger_than_an_input_may_be_is_not_read(self, counting: Any) -> None:
        wire = counting(limits=Limits(fetched=100))
        item_id = uploaded(wire, TEXT, service="S/GPServer")
        assert "limits.fetched" in result(wire, points={"itemID": item_id})

    def test_the_rows_of_a_table_may_be_an_uploaded_file(self, counting: Any) -> None:
        def rows(table: RecordSet) -> int:
            return sum(row["attributes"]["N"] for row in table.features)

        wire = counting(rows)
        records = {"fields": [{"name": "N", "type": "esriFieldTypeInteger"}]}
        records["features"] = [{"attributes": {"N": 3}}, {"attributes": {"N": 4}}]  # type: ignore[list-item]
        item_id = uploaded(wire, json.dumps(records).encode(), service="S/GPServer")
        assert result(wire, table={"itemID": item_id}) == 7

    def test_a_function_is_given_the_path_of_a_file_and_its_name(self, counting: Any) -> None:
        def sizes(files: list[Path], one: Path, call: ToolCall) -> str:
            total = sum(len(file.read_bytes()) for file in files)
            return f"{total} {call.file_name('one')} {one.read_text()}"

        wire = counting(sizes)
        first, second = (uploaded(wire, each, "a.txt", "S/GPServer") for each in (b"one", b"three"))
        answer = result(wire, files=[{"itemID": first}, {"itemID": second}], one={"itemID": first})
        assert answer == "8 a.txt one"

    def test_zip_file_zips_the_item_under_its_name_with_the_same_bytes_each_time(self, wire: Any) -> None:
        item_id = uploaded(wire, b"\0\1" * 100_000, "Häuser.bin")
        archives = [zipped(wire, {"itemID": item_id}) for _ in range(2)]
        assert archives[0].namelist() == ["Häuser.bin"]
        assert archives[0].read("Häuser.bin") == b"\0\1" * 100_000
        assert archives[0].fp.getvalue() == archives[1].fp.getvalue()  # type: ignore[union-attr]

    @pytest.mark.parametrize("task", ["ZipFile/submitJob"])
    def test_an_item_that_is_not_there_is_a_bad_value(self, wire: Any, task: str) -> None:
        error = wire.error(f"{FILES}/{task}", Input_File="{'itemID': 'i1'}")
        assert (error["code"], error["message"]) == (400, "Unable to complete operation.")
        assert error["details"] == [
            'Input_File: met itemID "i1", expected an item that was uploaded to Files/FileTransfer'
        ]

    def test_an_item_that_is_not_committed_is_a_bad_value(self, wire: Any) -> None:
        answer = wire.http.post(f"{FILES}/uploads/register", data={"f": "json", "itemName": "a.txt"}).json()
        item = json.dumps({"itemID": answer["item"]["itemID"]})
        error = wire.error(f"{FILES}/ZipFile/submitJob", Input_File=item)
        assert "not committed yet" in error["details"][0]

    def test_items_within_a_list_are_looked_for_too(self, counting: Any) -> None:
        def sizes(files: list[Path]) -> int:
            return len(files)

        wire = counting(sizes)
        assert 'files: met itemID "i2"' in result(wire, files=[{"itemID": "i2"}])

    def test_where_bad_inputs_fail_the_job_a_missing_item_does(
        self, open_wire: Any, fresh: dict[str, Any]
    ) -> None:
        wire = open_wire(builtin_site(**fresh, bad_input="fail-job"))
        assert 'met itemID "i1"' in " ".join(failure(wire, {"itemID": "i1"}))

    def test_an_item_that_is_deleted_before_the_tool_runs_fails_the_job(self, wire: Any) -> None:
        item_id = uploaded(wire, b"x")
        answer = wire.json(f"{FILES}/ZipFile/submitJob", Input_File=json.dumps({"itemID": item_id}))
        wire.http.post(f"{FILES}/uploads/{item_id}/delete", data={"f": "json"})
        wire.clock.advance(3)
        state = wire.json(f"{FILES}/ZipFile/jobs/{answer['jobId']}")
        assert state["jobStatus"] == "esriJobFailed"
        assert any(f"ERROR 000732: Input File: Dataset {item_id}" in str(each) for each in state["messages"])

    def test_a_file_filter_holds_for_items(self, open_wire: Any, fresh: dict[str, Any]) -> None:
        parameters = {"File": {"dataType": "GPDataFile", "filter": {"type": "file", "list": ["zip"]}}}
        service = {
            "executionType": "sync",
            "uploads": {},
            "tasks": [{"name": "Tool", "parameters": parameters}],
        }
        wire = open_wire(site_from({"services": {"S": service}}, **fresh))
        item_id = uploaded(wire, b"x", "a.txt", "S/GPServer")
        assert (
            "expected a file of type zip"
            in wire.error("S/GPServer/Tool/execute", File=json.dumps({"itemID": item_id}))["details"][0]
        )
        item_id = uploaded(wire, b"x", "a.ZIP", "S/GPServer")
        assert "results" in wire.json("S/GPServer/Tool/execute", File=json.dumps({"itemID": item_id}))


class TestOwnAddresses:
    @pytest.fixture
    def trees(self, counting: Any) -> Any:
        wire = counting()
        features = [
            {"attributes": {"Kind": kind}, "geometry": {"x": 1, "y": 2}} for kind in ("Oak", "Elm", "Oak")
        ]
        kinds = (Field("Kind", "esriFieldTypeString", length=20),)
        layer = FeatureSet(spatial_reference=SpatialReference(wkid=4326), fields=kinds, features=features)
        add_layers(wire.site, "Trees/Places", {"Trees": layer}, "")
        return wire

    @pytest.mark.parametrize(
        ("reference", "number"),
        [
            ({"url": "{root}/rest/services/Trees/Places/FeatureServer/0"}, 3),
            ({"url": "/{context}/rest/services/Trees/Places/FeatureServer/0/"}, 3),
            ({"url": "{root}/rest/services/Trees/Places/FeatureServer/0", "filter": "Kind = 'Oak'"}, 2),
            (
                {"url": "{root}/rest/services/Trees/Places/FeatureServer/0/query?where=Kind%3D%27Elm%27"},
                1,
            ),
        ],
    )
    def test_a_layer_of_the_site_is_read(self, trees: Any, reference: dict[str, str], number: int) -> None:
        root = str(trees.http.base_url).removesuffix("/rest/services/")
        url = reference["url"].replace("{root}", root).replace("{context}", trees.site.context)
        assert result(trees, points={**reference, "url": url}) == number

    def test_the_extent_of_a_call_holds_for_layers_too(self, trees: Any) -> None:
        url = f"/{trees.site.context}/rest/services/Trees/Places/FeatureServer/0"
        context = {"extent": {"xmin": 5, "ymin": 5, "xmax": 6, "ymax": 6, "spatialReference": {"wkid": 4326}}}
        assert result(trees, points={"url": url}, context=context) == 0

    @pytest.mark.parametrize(
        ("path", "said"),
        [
            ("services/Trees/Places/FeatureServer/7", "expected a layer"),
            ("services/Trees/Places/FeatureServer/0/query?where=Kind%20LIKE", "where"),
            ("services/Nowhere/GPServer", "no such resource"),
            ("services/S/GPServer", "no data that an input can be"),
            ("services/S/GPServer/uploads/i1/download", "no such item"),
            ("directories/arcgisoutput/../../../etc/passwd", "no such file"),
            ("directories/arcgisoutput/%2e%2e/%2e%2e/etc/passwd", "no such file"),
        ],
    )
    def test_what_is_not_there_fails_the_tool(self, trees: Any, path: str, said: str) -> None:
        failed = result(trees, points={"url": f"/{trees.site.context}/rest/{path}"})
        assert "ERROR 000732: points: Dataset" in failed
        assert said in failed.lower() or said in failed

    def test_the_file_of_a_job_and_its_result_are_inputs_of_the_next(self, wire: Any) -> None:
        answer = wire.json(f"{FILES}/ZipFile/submitJob", Input_File="")
        job = f"{FILES}/ZipFile/jobs/{answer['jobId']}"
        wire.clock.advance(3)
        assert wire.json(job)["jobStatus"] == "esriJobSucceeded"
        url = wire.json(f"{job}/results/Output_File")["value"]["url"]
        for address in (url, f"{wire.http.base_url}{job}/results/Output_File"):
            assert zipped(wire, {"url": address}).namelist() == ["output.zip"]

    def test_an_uploads_own_address_is_the_upload(self, wire: Any) -> None:
        item_id = uploaded(wire, b"content", "a.csv")
        archive = zipped(wire, {"url": f"{wire.http.base_url}{FILES}/uploads/{item_id}/download?f=json"})
        assert archive.read("a.csv") == b"content"

    def test_a_results_features_are_an_input_of_the_next_tool(self, wire: Any) -> None:
        answer = wire.json("WorldViewshed/GPServer/viewshed/submitJob", Input_Observation_Point=TEXT.decode())
        job = f"WorldViewshed/GPServer/viewshed/jobs/{answer['jobId']}"
        wire.clock.advance(3)
        wire.json(job)
        url = f"{wire.http.base_url}{job}/results/Viewshed_Result"
        buffers = wire.json(
            "GPFolder/BufferService/GPServer/BufferPoints/execute", Input_Points=json.dumps({"url": url})
        )
        assert len(buffers["results"][0]["value"]["features"]) == 2

    def test_what_is_secured_is_no_input_of_an_open_service(self, wire: Any) -> None:
        item_id = uploaded(wire, b"secret", "a.csv")
        site = wire.site
        services = site.services
        open_service, secured = services["Simulation/JobOutcomes"], services["Files/FileTransfer"]
        secured.access = frozenset({"tester"})
        from gp_mockserver.running.own_addresses import NotThere, OwnPlace, content_of

        place = OwnPlace(f"rest/services/{FILES}/uploads/{item_id}/download", "")
        with pytest.raises(NotThere, match="secured"):
            content_of(open_service, place, "")
        assert content_of(secured, place, "").name == "a.csv"  # type: ignore[union-attr]
        open_service.access = frozenset({"tester", "another"})
        with pytest.raises(NotThere, match="secured"):
            content_of(open_service, place, "")
        open_service.access = frozenset({"tester"})
        assert content_of(open_service, place, "").name == "a.csv"  # type: ignore[union-attr]


@every_case(
    ("url", "is_own"),
    [
        ("https://gis.example.com/arcgis/rest/x", True),
        ("http://gis.example.com/arcgis/rest/x", True),
        ("https://GIS.example.com:443/arcgis/rest/x", True),
        ("/arcgis/rest/x", True),
        ("https://gis.example.com:8443/arcgis/rest/x", False),
        ("https://gis.example.com/other/rest/x", False),
        ("https://gis.example.com/arcgisx/rest/x", False),
        ("https://gis.example.com@evil.example/arcgis/rest/x", False),
        ("https://evil@gis.example.com/arcgis/rest/x", False),
        ("https://gis.example.com.evil.example/arcgis/rest/x", False),
        ("//gis.example.com/arcgis/rest/x", False),
        ("ftp://gis.example.com/arcgis/rest/x", False),
        ("https://gis.example.com:99999/arcgis/rest/x", False),
        ("file:///arcgis/rest/x", False),
        ("https://[/arcgis/rest/x", False),
    ],
)
def test_an_own_address_is_told_from_others(url: str, is_own: bool) -> None:
    site = Site("arcgis")
    assert (own_place(site, "https://gis.example.com/arcgis", url) is not None) is is_own


@every_case(
    ("url", "is_own"),
    [
        ("http://localhost:8585/arcgis/rest/x", True),
        ("http://LOCALHOST:8585/arcgis/rest/x", True),
        ("http://127.0.0.1:8585/arcgis/rest/x", True),
        ("http://[::1]:8585/arcgis/rest/x", True),
        ("https://localhost:8585/arcgis/rest/x", True),
        ("https://gis.example.com/arcgis/rest/x", True),
        ("http://localhost/arcgis/rest/x", False),
        ("http://localhost:0/arcgis/rest/x", False),
        ("http://localhost:8586/arcgis/rest/x", False),
        ("http://localhost:8585/other/rest/x", False),
        ("http://localhost.:8585/arcgis/rest/x", False),
        ("http://localhost.example:8585/arcgis/rest/x", False),
        ("http://a@localhost:8585/arcgis/rest/x", False),
        ("http://localhost:8585@evil.example/arcgis/rest/x", False),
        ("http://127.0.0.2:8585/arcgis/rest/x", False),
        ("http://127.1:8585/arcgis/rest/x", False),
        ("http://2130706433:8585/arcgis/rest/x", False),
        ("http://0.0.0.0:8585/arcgis/rest/x", False),
        ("http://[::ffff:127.0.0.1]:8585/arcgis/rest/x", False),
        ("http://[0:0:0:0:0:0:0:1]:8585/arcgis/rest/x", False),
        ("http://[::]:8585/arcgis/rest/x", False),
        ("http://gis.example.com:8585/arcgis/rest/x", False),
    ],
)
def test_the_names_of_this_machine_are_its_own_at_the_servers_port(url: str, is_own: bool) -> None:
    site = Site("arcgis")
    roots = f"https://gis.example.com/arcgis {loopback_root(site, 8585)}"
    assert (own_place(site, roots, url) is not None) is is_own


@every_case(
    ("port", "url", "is_own"),
    [
        (80, "http://localhost/arcgis/rest/x", True),
        (443, "https://localhost/arcgis/rest/x", True),
        (443, "http://localhost/arcgis/rest/x", False),
        (80, "http://localhost:8080/arcgis/rest/x", False),
    ],
)
def test_a_port_that_is_not_said_is_the_schemes_own(port: int, url: str, is_own: bool) -> None:
    site = Site("arcgis")
    roots = f"http://gis.example.com/arcgis {loopback_root(site, port)}"
    assert (own_place(site, roots, url) is not None) is is_own


@pytest.mark.parametrize(("asked", "given"), [("127.0.0.1", "localhost"), ("localhost", "127.0.0.1")])
def test_a_site_that_is_asked_by_one_name_of_this_machine_knows_the_others(
    wire: Any, asked: str, given: str
) -> None:
    item_id = uploaded(wire, b"kept", service=FILES)
    base = wire.http.base_url
    there = f"http://{given}:{base.port}{base.path}{FILES}/uploads/{item_id}/download"
    host = {"Host": f"{asked}:{base.port}"}
    inputs = {"f": "json", "Input_File": json.dumps({"url": there})}
    job_id = wire.http.get(f"{FILES}/ZipFile/submitJob", params=inputs, headers=host).json()["jobId"]
    wire.clock.advance(3)
    assert contents(wire, job_id) == [b"kept"]


def test_a_port_that_a_client_makes_up_is_not_the_servers(wire: Any) -> None:
    item_id = uploaded(wire, b"kept", service=FILES)
    there = f"http://127.0.0.1:9{wire.http.base_url.path}{FILES}/uploads/{item_id}/download"
    inputs = {"f": "json", "Input_File": json.dumps({"url": there})}
    host = {"Host": "localhost:9"}
    job_id = wire.http.get(f"{FILES}/ZipFile/submitJob", params=inputs, headers=host).json()["jobId"]
    wire.clock.advance(3)
    assert b"kept" not in contents(wire, job_id)


def contents(wire: Any, job_id: str) -> list[bytes]:
    """The files in the built-in ZipFile's output."""
    job = f"{FILES}/ZipFile/jobs/{job_id}"
    assert wire.json(job)["jobStatus"] == "esriJobSucceeded"
    url = wire.http.get(f"{job}/results/Output_File", params={"f": "json"}).json()["value"]["url"]
    with zipfile.ZipFile(io.BytesIO(wire.http.get(url).content)) as archive:
        return [archive.read(name) for name in archive.namelist()]


class Data(BaseHTTPRequestHandler):
    """A host with data; `seen` are the paths that were asked for."""

    seen: list[str]
    forever: threading.Event

    def do_GET(self) -> None:
        self.seen.append(self.path)
        parts = urlsplit(self.path)
        body, headers = TEXT, {}
        if parts.path.startswith("/to/"):
            target = parse_qs(parts.query)["target"][0]
            self.send_response(302)
            self.send_header("Location", target)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        if parts.path == "/gzip.json":
            body, headers = gzip.compress(TEXT), {"Content-Encoding": "gzip"}
        elif parts.path == "/bomb.json":
            body, headers = gzip.compress(b" " * 50_000_000), {"Content-Encoding": "gzip"}
        elif parts.path == "/br.json":
            headers = {"Content-Encoding": "br"}
        elif parts.path == "/big.json":
            body = b" " * 200_000
        elif parts.path == "/slow.json":
            self.send_response(200)
            self.end_headers()
            while not self.forever.wait(0.05):
                try:
                    self.wfile.write(b" ")
                except OSError:
                    return
            return
        elif parts.path == "/missing":
            self.send_error(404)
            return
        self.send_response(200)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        pass


class Host:
    """A running host with data."""

    def __init__(self, server: ThreadingHTTPServer, seen: list[str]) -> None:
        self.name = f"127.0.0.1:{server.server_address[1]}"
        self.port = server.server_address[1]
        self.root = f"http://{self.name}"
        self.seen = seen


@pytest.fixture
def host() -> Iterator[Host]:
    handler = type("Handler", (Data,), {"seen": [], "forever": threading.Event()})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield Host(server, handler.seen)  # type: ignore[attr-defined]
        handler.forever.set()  # type: ignore[attr-defined]
        server.shutdown()
        thread.join()


class TestFetching:
    def test_nothing_is_fetched_from_a_host_that_is_not_listed(self, counting: Any, host: Host) -> None:
        wire = counting(fetch_from=listed_hosts(["data.example.com", "127.0.0.1"]))
        failed = result(wire, points={"url": f"{host.root}/points.json?secret=1"})
        assert f"ERROR 000732: points: Dataset {host.root}/points.json does not exist" in failed
        assert "fetchFrom" in failed
        assert "secret" not in failed
        assert host.seen == []

    @pytest.mark.parametrize("path", ["/points.json", "/gzip.json", "/query?where=1%3D1&f=json"])
    def test_a_listed_hosts_data_is_fetched_as_it_is_addressed(
        self, counting: Any, host: Host, path: str
    ) -> None:
        wire = counting(fetch_from=listed_hosts([host.name]))
        assert result(wire, points={"url": f"{host.root}{path}"}) == 2
        assert host.seen == [path]

    def test_a_layer_is_asked_for_its_features_with_filter_time_and_token(
        self, counting: Any, host: Host
    ) -> None:
        wire = counting(fetch_from=listed_hosts([host.name]))
        reference = {
            "url": f"{host.root}/a/rest/services/B/FeatureServer/3/",
            "filter": "N > 5",
            "time": 1000,
            "token": "abc",
        }
        assert result(wire, points=reference) == 2
        asked = urlsplit(host.seen[0])
        assert asked.path == "/a/rest/services/B/FeatureServer/3/query"
        assert {name: value[0] for name, value in parse_qs(asked.query).items()} == {
            "where": "N > 5",
            "outFields": "*",
            "returnGeometry": "true",
            "f": "json",
            "time": "1000",
            "token": "abc",
        }

    def test_redirects_are_followed_to_listed_hosts_without_the_token(
        self, counting: Any, host: Host
    ) -> None:
        wire = counting(fetch_from=listed_hosts([host.name]))
        url = f"{host.root}/to/?target={host.root}/points.json"
        assert result(wire, points={"url": url, "token": "abc"}) == 2
        assert "token=abc" in host.seen[0]
        assert host.seen[1] == "/points.json"

    @pytest.mark.parametrize(
        "target", ["http://localhost:{port}/points.json", "file:///etc/passwd", "http://x@127.0.0.1:{port}/"]
    )
    def test_no_redirect_leads_to_what_is_not_listed(self, counting: Any, host: Host, target: str) -> None:
        wire = counting(fetch_from=listed_hosts([host.name]))
        target = target.replace("{port}", str(host.port))
        failed = result(wire, points={"url": f"{host.root}/to/?target={target}"})
        assert "ERROR 000732" in failed
        assert len(host.seen) == 1

    def test_redirects_have_an_end(self, counting: Any, host: Host) -> None:
        wire = counting(fetch_from=listed_hosts([host.name]))
        url = "/points.json"
        for _ in range(4):
            url = f"/to/?{urlencode({'target': url})}"
        failed = result(wire, points={"url": host.root + url})
        assert "more than 3 redirects" in failed

    @pytest.mark.parametrize(
        ("path", "said"),
        [
            ("/big.json", "limits.fetched"),
            ("/bomb.json", "limits.fetched"),
            ("/br.json", "met the encoding"),
            ("/missing", "status 404"),
        ],
    )
    def test_what_cannot_be_taken_fails_the_tool(
        self, counting: Any, host: Host, path: str, said: str
    ) -> None:
        wire = counting(fetch_from=listed_hosts([host.name]), limits=Limits(fetched=100_000))
        assert said in result(wire, points={"url": host.root + path})
        assert wire.site.uploads.space.taken == 0
        assert not list(wire.site.directories.root.glob("runs/*"))

    def test_a_host_that_never_ends_is_given_up(
        self, counting: Any, host: Host, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(fetching, "DEADLINE", 0.3)
        wire = counting(fetch_from=listed_hosts([host.name]))
        begun = time.monotonic()
        assert "did not come within" in result(wire, points={"url": f"{host.root}/slow.json"})
        assert time.monotonic() - begun < 5

    def test_a_host_that_does_not_answer_fails_the_tool(self, counting: Any) -> None:
        wire = counting(fetch_from=listed_hosts(["127.0.0.1:1"]))
        assert "cannot be fetched" in result(wire, points={"url": "http://127.0.0.1:1/x.json"})

    def test_a_fetched_file_is_a_path_while_the_tool_runs_and_gone_afterwards(
        self, counting: Any, host: Host
    ) -> None:
        seen: list[Path] = []

        def size(file: Path, call: ToolCall) -> str:
            seen.append(file)
            assert call.file("file") == file
            return f"{call.file_name('file')} {len(file.read_bytes())}"

        wire = counting(size, fetch_from=listed_hosts([host.name]))
        assert result(wire, file={"url": f"{host.root}/a%20b.json?x=1"}) == f"a b.json {len(TEXT)}"
        assert not seen[0].exists()
        assert (len(host.seen), wire.site.uploads.space.taken) == (1, 0)

    def test_zip_file_zips_what_it_may_fetch_and_else_says_where_it_stands(
        self, open_wire: Any, fresh: dict[str, Any], host: Host
    ) -> None:
        wire = open_wire(builtin_site(**fresh, fetch_from=[host.name]))
        assert zipped(wire, {"url": f"{host.root}/points.json"}).read("points.json") == TEXT
        far = zipped(wire, {"url": "https://example.com/a.csv"})
        assert far.read("input.txt") == b"https://example.com/a.csv\n"

    def test_a_task_that_passes_references_on_fetches_nothing(
        self, open_wire: Any, fresh: dict[str, Any], host: Host
    ) -> None:
        wire = open_wire(builtin_site(**fresh, fetch_from=[host.name]))
        reference = {"url": f"{host.root}/points.json"}
        answer = wire.json("DataTypes/Echo/GPServer/Echo/execute", In_GPDataFile=json.dumps(reference))
        values = {each["paramName"]: each["value"] for each in answer["results"]}
        assert values["Out_GPDataFile"] == reference
        assert host.seen == []

    def test_built_in_tools_take_layers_of_listed_hosts(
        self, open_wire: Any, fresh: dict[str, Any], host: Host
    ) -> None:
        wire = open_wire(builtin_site(**fresh, fetch_from=[host.name]))
        url = {"url": f"{host.root}/points.json"}
        answer = wire.json(VIEWSHED, Input_Observation_Point=json.dumps(url))
        assert len(answer["results"][0]["value"]["features"]) == 2


@every_case(
    ("url", "listed"),
    [
        ("http://data.example.com/x", True),
        ("https://data.example.com:443/x", True),
        ("HTTP://DATA.example.com/x", True),
        ("http://127.0.0.1:9000/x", True),
        ("http://[::1]:9000/x", True),
        ("http://data.example.com:8080/x", False),
        ("http://data.example.com:443/x", False),
        ("http://127.0.0.1/x", False),
        ("http://127.0.0.1:9001/x", False),
        ("http://127.1:9000/x", False),
        ("http://2130706433:9000/x", False),
        ("http://0x7f000001:9000/x", False),
        ("http://0177.0.0.1:9000/x", False),
        ("http://localhost:9000/x", False),
        ("http://[::ffff:127.0.0.1]:9000/x", False),
        ("http://[0:0:0:0:0:0:0:1]:9000/x", False),
        ("http://evil.example/data.example.com", False),
        ("http://data.example.com.evil.example/x", False),
        ("http://evildata.example.com/x", False),
        ("http://data.example.com@evil.example/x", False),
        ("http://user:word@data.example.com/x", False),
        ("http://data.example.com\\@evil.example/x", False),
        ("http://evil.example\\@data.example.com/x", False),
        ("http://evil.example#@data.example.com/x", False),
        ("http://evil.example?@data.example.com/x", False),
        ("http://data.example.com%2eevil.example/x", False),
        ("http://data.example.com%00.evil.example/x", False),
        ("http://data.example.com\r\nHost: evil/x", False),
        ("http:///data.example.com/x", False),
        ("//data.example.com/x", False),
        ("ftp://data.example.com/x", False),
        ("file:///etc/passwd", False),
        ("gopher://data.example.com/x", False),
        ("data.example.com/x", False),
        ("http://\uff44ata.example.com/x", False),
        ("", False),
    ],
)
def test_only_the_very_hosts_of_the_list_are_on_it(url: str, listed: bool) -> None:
    hosts = listed_hosts(["data.example.com", "127.0.0.1:9000", "[::1]:9000"])
    assert is_listed(hosts, url) is listed


WRONG_HOSTS = [
    "http://data.example.com",
    "*.example.com",
    "a/b",
    "user@host",
    "host:0",
    "host:99999",
    "",
    "a b",
]


@every_case("host", WRONG_HOSTS)
def test_what_is_no_host_cannot_be_listed(host: str) -> None:
    with pytest.raises(SiteError, match="expected a host"):
        Site(fetch_from=[host])
    with pytest.raises(SiteFileError, match=r"fetchFrom\[0\]"):
        site_from({"services": {}, "fetchFrom": [host]})


def test_a_site_fetches_from_nowhere_unless_it_is_told() -> None:
    assert Site().fetch_from == frozenset()
    assert site_from({"services": {}, "fetchFrom": ["a.example:80"]}).fetch_from == {"a.example:80"}
