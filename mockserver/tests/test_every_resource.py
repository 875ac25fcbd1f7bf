"""Every resource, asked for in every version and every format, held to a table of its own.

The table says of each resource since which version it is there and in which formats it answers, as the
evidence has it (ArcGIS REST's pages and recorded answers); it is written out here and not taken from the
server's own, or it would prove nothing. Requests go to the application in this process.
"""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple
from urllib.parse import unquote, urlencode, urlsplit

import pytest
from gp_mockserver.app import MockServer
from gp_mockserver.builtin.builtin_site import builtin_site
from gp_mockserver.lifecycle.clocks import ManualClock
from gp_mockserver.operations import OPERATIONS
from gp_protocol.versions import PROFILES

from every_case import every_case

OLD = "text/plain;charset=utf-8"
CURRENT = "application/json;charset=UTF-8"
VERSIONS = {
    "9.3": (9.3, OLD),
    "10.0": (10.0, OLD),
    "10.1": (10.1, OLD),
    "10.51": (10.51, OLD),
    "10.81": (10.81, CURRENT),
    "10.91": (10.91, CURRENT),
    "11.1": (11.1, CURRENT),
    "11.3": (11.3, CURRENT),
    "11.5": (11.5, CURRENT),
    "12.0": (12.0, CURRENT),
    "agol-hosted": (12.0, "application/json; charset=utf-8"),
    "notebook": (12.0, CURRENT),
}
"""Each version's number, and the content type of its JSON."""

FORMATS = (
    "",
    "html",
    "json",
    "pjson",
    "jsonp",
    "JSON",
    "geojson",
    "kmz",
    "image",
    "pbf",
    "amf",
    "help",
    "woops",
)
"""Values of `f`; an empty one is none at all, `jsonp` is json with a callback."""

HTML = "text/html;charset=utf-8"
XML = "text/xml;charset=utf-8"
JSONP = "text/javascript;charset=UTF-8"
PNG = "image/png"
KMZ = "application/vnd.google-earth.kmz"
GEOJSON = "application/geo+json;charset=UTF-8"
IN_JSON = {"json", "pjson", "jsonp", "JSON"}
ERRORS_IN_JSON = IN_JSON | {"geojson", "kmz", "image", "pbf", "amf"}
"""An error to a binary request comes as JSON, as recorded."""

POINT = '{"features":[{"geometry":{"x":-117.3,"y":35.1}}],"spatialReference":{"wkid":4326}}'
VIEWSHED = {"Input_Observation_Point": POINT}

NEVER = 99.0
PLAIN = {"html": 9.3, "json": 9.3}
FEATURES = PLAIN | {"kmz": 9.3, "geojson": 10.5}


class Row(NamedTuple):
    """One resource: where it is, since which version, and what it answers."""

    operation: str
    path: str
    since: float = 9.3
    formats: Mapping[str, float] = PLAIN
    """Each format and the version that brought it; pjson is there where json is. Empty: whatever f says."""
    kind: str = ""
    """The content type of what is the same in every format."""
    method: str = "GET"
    asks: Mapping[str, str] = {}
    redirects: bool = False
    """Whether it leads elsewhere, whatever the format."""
    refused: int = 0
    """The error that is the right answer before any format is looked at: the path leads nowhere, or the
    method is not the resource's."""
    code: int = 0
    """The error that is the right answer in the formats that are there."""
    page: int = 0
    """The status of the page where the JSON is not answered by its like: 302 to the log-in or the job, 200
    for a form."""
    absent: int = 400
    """The error where the version has no such resource; 499 is a page's redirect to the log-in."""
    not_on: str = ""
    types: Mapping[str, str] = {"geojson": GEOJSON, "kmz": KMZ, "image": PNG}
    """Content types of the formats that are no JSON and no page; other formats are answered in JSON."""
    holds: str = ""
    """What the JSON says."""


SERVICE = "rest/services/WorldViewshed/GPServer"
TASK = f"{SERVICE}/viewshed"
JOB = f"{TASK}/jobs/{{job}}"
SYNC = "rest/services/Elevation/ESRI_Elevation_World/GPServer/Viewshed"
FILES = "rest/services/Files/FileTransfer/GPServer"
UPLOADS = f"{FILES}/uploads"
MAP = "rest/services/Publishing/ViewshedLayers/MapServer"
MAP_JOB = f"{MAP}/jobs/{{map}}"
LAYER = "rest/services/Hosted/Seen/FeatureServer"
ADMIN = "admin/services/WorldViewshed.GPServer/jobs"
TOKEN = {"token": "{token}"}
SIGN_IN = {"username": "tester", "password": "tester-password"}
OUTPUT = "rest/directories/arcgisoutput"
OAUTH = "sharing/rest/oauth2"

ROWS = (
    Row("root", "", redirects=True),
    Row("info", "rest/info", 10.0, holds="currentVersion"),
    Row("catalogue", "rest/services", holds="WorldViewshed"),
    Row("catalogue", "rest/services/GPFolder", holds="BufferService"),
    Row("catalogue", "rest/services/", holds="WorldViewshed"),
    Row("catalogue", "rest/services/Nowhere/GPServer", refused=404),
    Row("service", SERVICE, holds="esriExecutionTypeAsynchronous"),
    Row("service", f"{SERVICE}/", method="POST", holds="esriExecutionTypeAsynchronous"),
    Row("service", "rest/services/Secured/WorldViewshed/GPServer", code=499, page=302),
    Row("service", "rest/services/Secured/WorldViewshed/GPServer", asks=TOKEN),
    Row("service", "rest/services/Secured/WorldViewshed/GPServer", asks={"token": "none"}, code=498),
    Row("task", TASK, holds="Input_Observation_Point"),
    Row("task", f"{TASK}/", method="POST", holds="Input_Observation_Point"),
    Row("task", f"{SERVICE}/nothing", refused=400),
    Row("task", f"{TASK}/jobs/", refused=400),
    Row("help", f"{SERVICE}/nothing/at/all", refused=400),
    Row("static", "rest/static/main.css", formats={}, kind="text/css;charset=utf-8"),
    Row("itemInfo", f"{SERVICE}/info/iteminfo", 10.0, holds="WorldViewshed"),
    Row("metadata", f"{SERVICE}/info/metadata", 10.0, formats={}, kind=XML),
    Row("thumbnail", f"{SERVICE}/info/thumbnail", 10.0, formats={}, kind=PNG),
    Row("taskMetadata", f"{TASK}/metadata", 10.91, formats={}, kind=XML),
    Row("taskHelp", f"{OUTPUT}/WorldViewshed_GPServer/WorldViewshed/viewshed.htm", formats={}, kind=HTML),
    Row(
        "jsonSchema",
        f"{OUTPUT}/WorldViewshed_GPServer/WorldViewshed/spec/json-schema.json",
        11.1,
        formats={},
        kind=CURRENT,
    ),
    Row(
        "execute",
        f"{SYNC}/execute",
        formats=FEATURES,
        asks=VIEWSHED,
        not_on="notebook",
        holds="Viewshed_Result",
    ),
    Row("execute", f"{TASK}/execute", formats=FEATURES, asks=VIEWSHED, not_on="notebook", code=500),
    Row("execute", f"{SYNC}/execute", formats=FEATURES, not_on="notebook", code=400, page=200),
    Row("submitJob", f"{TASK}/submitJob", formats=FEATURES, asks=VIEWSHED, page=302, types={}, holds="jobId"),
    Row("submitJob", f"{TASK}/submitJob", formats=FEATURES, code=400, page=200),
    Row("submitJob", f"{SYNC}/submitJob", formats=FEATURES, asks=VIEWSHED, code=500),
    Row("validate", f"{TASK}/validate", 12.0, asks=VIEWSHED, holds="validationResults"),
    Row("job", JOB, formats=PLAIN | {"kmz": 9.3}, holds="esriJobSucceeded"),
    Row("job", f"{TASK}/jobs/j0", formats=PLAIN | {"kmz": 9.3}, code=400),
    Row("cancel", f"{JOB}/cancel", 10.0, code=400),
    Row("cancel", f"{TASK}/jobs/{{new job}}/cancel", 10.0, holds="esriJobCancelling"),
    Row("result", f"{JOB}/results/Viewshed_Result", formats=FEATURES, holds="Viewshed_Result"),
    Row("result", f"{JOB}/results/undefined", formats=FEATURES | {"image": 9.3}, code=400),
    Row(
        "result",
        "rest/services/Publishing/ViewshedLayers/GPServer/viewshed/jobs/{map}/results/Viewshed_Result",
        formats=FEATURES | {"image": 9.3},
        holds="Viewshed_Result",
    ),
    Row("results", f"{JOB}/results", 11.1, holds="Viewshed_Result"),
    Row("input", f"{JOB}/inputs/Input_Observation_Point", formats=PLAIN | {"kmz": 9.3}, holds="-117.3"),
    Row("inputs", f"{JOB}/inputs", 11.1, holds="-117.3"),
    Row("file", "{file}", formats={}, kind="application/zip"),
    Row("file", "rest/directories/arcgisjobs/none.zip", refused=404),
    Row("uploads", UPLOADS, 10.1, holds="in.txt"),
    Row("uploads", f"{SERVICE}/uploads", refused=400),
    Row("uploadsInfo", f"{UPLOADS}/info", 10.1, holds="maxUploadFileSize"),
    Row("upload", f"{UPLOADS}/upload", 10.0, method="FILE", holds="in.txt"),
    Row("upload", f"{UPLOADS}/upload", 10.0, code=405, page=200),
    Row("register", f"{UPLOADS}/register", 10.0, method="POST", asks={"itemName": "x.zip"}, holds="x.zip"),
    Row("register", f"{UPLOADS}/register", 10.0, code=405, page=200),
    Row("item", f"{UPLOADS}/{{item}}", 10.1, holds="in.txt"),
    Row("item", f"{UPLOADS}/i0", 10.1, code=400),
    Row("parts", f"{UPLOADS}/{{item}}/parts", 10.1, holds="parts"),
    Row("uploadPart", f"{UPLOADS}/{{new item}}/uploadPart", 10.0, method="FILE", asks={"partId": "1"}),
    Row("uploadPart", f"{UPLOADS}/{{item}}/uploadPart", 10.0, refused=405),
    Row("commit", f"{UPLOADS}/{{new item}}/commit", 10.0, method="POST", code=400),
    Row("commit", f"{UPLOADS}/{{item}}/commit", 10.0, refused=405),
    Row("download", f"{UPLOADS}/{{item}}/download", 10.1, formats={}, kind="application/octet-stream"),
    Row("delete", f"{UPLOADS}/{{new item}}/delete", 10.0, method="POST", holds="success"),
    Row("delete", f"{UPLOADS}/{{item}}/delete", 10.0, refused=405),
    Row("resultMap", MAP_JOB, 10.1, holds="layers"),
    Row("resultMap", f"{MAP}/jobs/j0", 10.1, code=400),
    Row("resultMap", "rest/services/WorldViewshed/MapServer/jobs/j0", refused=404),
    Row("resultMapLayer", f"{MAP_JOB}/0", 10.1, holds="esriGeometryPolygon"),
    Row("resultMapLayers", f"{MAP_JOB}/layers", 10.1, holds="esriGeometryPolygon"),
    Row("resultMapLegend", f"{MAP_JOB}/legend", 10.1, holds="layers"),
    Row("resultMapQuery", f"{MAP_JOB}/0/query", 10.1, PLAIN | {"geojson": 10.5}, asks={"where": "1=1"}),
    Row("resultMapExport", f"{MAP_JOB}/export", 10.1, PLAIN | {"image": 9.3}, holds="href"),
    Row("featureService", LAYER, 10.61, absent=404, holds="layers"),
    Row("featureLayer", f"{LAYER}/0", 10.61, absent=404, holds="esriGeometryPolygon"),
    Row(
        "query",
        f"{LAYER}/0/query",
        10.61,
        PLAIN | {"geojson": 10.5},
        asks={"where": "1=1"},
        absent=404,
        holds="features",
    ),
    Row("featureLayer", f"{LAYER}/7", 10.61, absent=404, code=400),
    Row("tokens", "tokens/", method="POST", asks=SIGN_IN, holds="expires"),
    Row("tokens", "tokens", code=405, page=200),
    Row("tokens", "tokens", method="POST", asks={"username": "tester", "password": "x"}, code=400),
    Row("generateToken", "tokens/generateToken", 10.0, method="POST", asks=SIGN_IN, holds="expires"),
    Row("generateToken", "tokens/generateToken", 10.0, code=405, page=200),
    Row("generateToken", "sharing/rest/generateToken", 10.0, method="POST", asks=SIGN_IN, holds="ssl"),
    Row("login", "rest/login", kind=HTML),
    Row("logout", "rest/logout", redirects=True),
    Row("portal", "sharing/rest", holds="currentVersion"),
    Row("portalSelf", "sharing/rest/portals/self", holds="isPortal"),
    Row("oauthAuthorize", "sharing/rest/oauth2/authorize", formats={}, kind=HTML),
    Row(
        "oauthSignIn", f"{OAUTH}/signin", method="POST", asks={"oauth_state": "shown"}, formats={}, kind=HTML
    ),
    Row("oauthSignIn", f"{OAUTH}/signin", refused=405),
    Row("oauthToken", f"{OAUTH}/token", method="POST", formats={}, kind="application/json;charset=utf-8"),
    Row("oauthToken", f"{OAUTH}/token", refused=405),
    Row("communitySelf", "sharing/rest/community/self", asks=TOKEN, holds="tester"),
    Row("communitySelf", "sharing/rest/community/self", code=499),
    Row("adminJobs", ADMIN, 10.61, asks=TOKEN, holds="{job}"),
    Row("adminJobs", ADMIN, 10.61, code=499, page=302, absent=499),
    Row("adminJob", f"{ADMIN}/{{job}}", 10.61, asks=TOKEN, holds="{job}"),
    Row("adminCancel", f"{ADMIN}/{{new job}}/cancel", 10.61, method="POST", asks=TOKEN, holds="success"),
    Row("adminCancel", f"{ADMIN}/{{job}}/cancel", 10.61, asks=TOKEN, refused=405),
    Row("adminDelete", f"{ADMIN}/{{new job}}/delete", 10.61, method="POST", asks=TOKEN, holds="success"),
    Row("adminDelete", f"{ADMIN}/{{job}}/delete", 10.61, asks=TOKEN, refused=405),
    Row("soap", "services/WorldViewshed/GPServer", formats={}, redirects=True),
    Row("soap", "services", formats={}, redirects=True),
)


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def kind(self) -> str:
        return self.headers.get("content-type", "")

    def json(self) -> Any:
        return json.loads(self.body)


class Ground:
    """A built-in site of one version with a finished job of each kind, and an upload."""

    def __init__(self, version: str, runner: asyncio.Runner) -> None:
        self.number, self.json_type = VERSIONS[version]
        self.version = version
        self._run = runner.run
        self.clock = ManualClock()
        self.site = builtin_site(version=version, clock=self.clock)
        self.app = MockServer([self.site])
        assert self.site.guard is not None
        token, _ = self.site.guard.issue("tester", "", "", self.clock.now(), 10_000)
        maps = "rest/services/Publishing/ViewshedLayers/GPServer/viewshed"
        self.names = {"token": token, "item": "i1", "job": self.submit(TASK), "map": self.submit(maps)}
        published = self.submit(maps, esri_out_feature_service_name="Seen")
        zipped = self.submit(f"{FILES}/ZipFile")
        if self.number >= 10.0:
            uploaded = self.ask("FILE", f"{UPLOADS}/upload", {"f": "json"}).json()
            self.names["item"] = uploaded["item"]["itemID"]
        self.clock.advance(100)
        self.ask("GET", f"{maps}/jobs/{published}", {"f": "json"})
        value = self.ask("GET", f"{FILES}/ZipFile/jobs/{zipped}/results/Output_File", {"f": "json"}).json()
        self.names["file"] = unquote(urlsplit(value["value"]["url"]).path).removeprefix("/arcgis/")

    def submit(self, task: str, **inputs: str) -> str:
        answer = self.ask("GET", f"{task}/submitJob", {"f": "json", **VIEWSHED, **inputs})
        return str(answer.json()["jobId"])

    def filled(self, text: str) -> str:
        """A text of the table with this site's names in it; a new job or item is made where one is asked."""
        if "{new job}" in text:
            job = self.submit(TASK)
            self.clock.advance(1)
            return text.replace("{new job}", job)
        if "{new item}" in text:
            answer = self.ask("POST", f"{UPLOADS}/register", {"f": "json", "itemName": "in.txt"})
            item = answer.json()["item"]["itemID"] if self.number >= 10.0 else "i1"
            return text.replace("{new item}", item)
        for name, value in self.names.items():
            text = text.replace(f"{{{name}}}", value)
        return text

    def ask(
        self, method: str, path: str, asked: Mapping[str, str], headers: Mapping[str, str] = {}
    ) -> Answer:
        """An answer of the application. `POST` sends a form, `FILE` a multipart form with a file."""
        given = [(b"host", b"127.0.0.1"), *((name.encode(), each.encode()) for name, each in headers.items())]
        query, body = urlencode(asked).encode(), b""
        if method in ("POST", "FILE"):
            kind, body = (
                _multipart(asked) if method == "FILE" else (b"application/x-www-form-urlencoded", query)
            )
            given += [(b"content-type", kind), (b"content-length", str(len(body)).encode())]
            method, query = "POST", b""
        scope = {
            "type": "http",
            "method": method,
            "scheme": "http",
            "path": f"/arcgis/{path}",
            "query_string": query,
            "headers": given,
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 80),
        }
        messages: list[Any] = []

        async def whole() -> None:
            bodies = [{"type": "http.request", "body": body, "more_body": False}]

            async def receive() -> Any:
                return bodies.pop() if bodies else await asyncio.Future()

            async def send(message: Any) -> None:
                messages.append(message)

            await self.app(scope, receive, send)

        self._run(whole())
        start, *rest = messages
        named = {name.decode(): value.decode() for name, value in start["headers"]}
        return Answer(start["status"], named, b"".join(each.get("body", b"") for each in rest))


def _multipart(asked: Mapping[str, str]) -> tuple[bytes, bytes]:
    head = b'--b\r\nContent-Disposition: form-data; name="'
    fields = [head + f'{name}"\r\n\r\n{value}\r\n'.encode() for name, value in asked.items()]
    file = head + b'file"; filename="in.txt"\r\nContent-Type: text/plain\r\n\r\nhello\r\n--b--\r\n'
    return b"multipart/form-data; boundary=b", b"".join(fields) + file


@pytest.fixture(scope="module")
def ground() -> Iterator[Callable[[str], Ground]]:
    """Gives each version's site, made when it is first asked for."""
    made: dict[str, Ground] = {}
    with asyncio.Runner() as runner:

        def of(version: str) -> Ground:
            if version not in made:
                made[version] = Ground(version, runner)
            return made[version]

        yield of
    for each in made.values():
        each.app.close()


class Cell(NamedTuple):
    """What is expected of one resource in one version and format."""

    status: int
    kind: str
    code: int = 0
    page: bool = False
    is_fixed: bool = False
    """Whether it is the same in every format."""


def expected(row: Row, version: str, f: str) -> Cell:
    number, json_type = VERSIONS[version]
    name = {"": "html", "jsonp": "json", "pjson": "json", "JSON": "json"}.get(f, f)
    in_json = JSONP if f == "jsonp" else json_type
    if name == "help":
        return Cell(200, HTML, page=True)

    def error(code: int) -> Cell:
        if f in ERRORS_IN_JSON:
            return Cell(405 if code == 405 else 200, in_json, code)
        return Cell(code, HTML, code, page=True)

    if row.refused and number >= row.since:
        return error(row.refused)
    if number < row.since or version == row.not_on:
        if row.absent == 499 and name == "html":
            return Cell(302, "")
        return error(row.absent)
    if row.formats and number < row.formats.get(name, NEVER):
        return Cell(400, HTML, 400, page=True)
    if row.redirects or (name == "html" and row.page == 302):
        return Cell(302, "")
    if row.code and not (name == "html" and row.page):
        return error(row.code)
    if row.kind:
        return Cell(200, row.kind, is_fixed=True)
    if name == "html":
        return Cell(200, HTML, page=True)
    return Cell(200, in_json if name == "json" else row.types.get(name, in_json))


def named(row: Row) -> str:
    return f"{row.operation} {row.method} {row.path}"[:60]


def fault(answer: Answer, cell: Cell, holds: str, f: str) -> str:
    """What of an answer is not as its cell says, or an empty text."""
    if answer.status != cell.status or (answer.kind != cell.kind and cell.kind):
        return f"met {answer.status} {answer.kind} {answer.body[:200]!r}, expected {cell}"
    if answer.status == 302:
        return "" if answer.headers["location"].startswith("http") and not answer.body else "no redirect"
    if answer.headers["content-length"] != str(len(answer.body)):
        return f"announced {answer.headers['content-length']}, met {len(answer.body)} bytes"
    if cell.page:
        text = answer.body.decode()
        is_error = "<b>Error: </b>" in text and f"<b>Code: </b>{cell.code}" in text
        if is_error is not bool(cell.code) or "\n" in text.replace("\r\n", ""):
            return f"met the page {text[-600:]}, expected {cell}"
        return ""
    if f in IN_JSON and not cell.is_fixed:
        text = answer.body.decode()
        if f == "jsonp":
            if not (text.startswith("app.done(") and text.endswith(");")):
                return f"met {text[:80]}, expected JSONP"
            text = text[9:-2]
        if "\n" in text and f != "pjson":
            return "met several lines"
        value = json.loads(text)
        error = (
            value.get("error", value if value.get("status") == "error" else {})
            if isinstance(value, dict)
            else {}
        )
        if error.get("code", 0) != cell.code:
            return f"met {text[:200]}, expected {cell}"
        if not cell.code and holds not in text:
            return f"met {text[:200]}, expected it to hold {holds!r}"
    return ""


@pytest.mark.parametrize("version", VERSIONS)
@every_case("row", ROWS, ids=named)
def test_a_resource_answers_in_every_format_as_its_version_did(
    ground: Callable[[str], Ground], row: Row, version: str
) -> None:
    here = ground(version)
    faults = []
    for f in FORMATS:
        path = here.filled(row.path)
        asked = {name: here.filled(value) for name, value in row.asks.items()}
        if f:
            asked["f"] = "json" if f == "jsonp" else f
        if f == "jsonp":
            asked["callback"] = "app.done"
        answer = here.ask(row.method, path, asked)
        if said := fault(answer, expected(row, version, f), here.filled(row.holds), f):
            faults.append(f"f={f}: {said}")
    assert not faults, "\n".join(faults)


def test_the_table_has_every_resource_and_every_version() -> None:
    assert {row.operation for row in ROWS} == set(OPERATIONS)
    assert list(VERSIONS) == list(PROFILES)


CHANGES = {"uploadPart", "commit", "delete", "adminCancel", "adminDelete", "oauthSignIn", "oauthToken"}
"""What only POST does."""


def allowed(row: Row) -> set[str]:
    if row.operation in CHANGES and row.refused in (0, 405):
        return {"POST", "OPTIONS"}
    return {"GET", "POST", "HEAD", "OPTIONS"}


@every_case("f", ["html", "json"])
@every_case("row", [row for row in ROWS if row.method == "GET"], ids=named)
def test_head_is_get_without_its_body(ground: Callable[[str], Ground], row: Row, f: str) -> None:
    here = ground("12.0")
    asked = {name: here.filled(value) for name, value in row.asks.items()} | {"f": f}
    answers = [here.ask(method, here.filled(row.path), asked) for method in ("GET", "HEAD")]
    get, head = answers
    assert head.body == b""
    assert head.status == get.status
    assert head.headers.keys() == get.headers.keys()
    ids = {"location"} if row.operation in ("submitJob", "login") else set()
    if get.status == 405 or "method" in get.body.decode("latin-1"):  # which says what method it met
        ids.add("content-length")
    if row.operation == "adminJobs":  # each submitJob of this test makes one more
        ids.add("content-length")
    for name in head.headers.keys() - ids - {"set-cookie"}:
        assert head.headers[name] == get.headers[name], name


@every_case("row", ROWS, ids=named)
def test_options_names_the_methods_and_lets_other_origins_ask(
    ground: Callable[[str], Ground], row: Row
) -> None:
    here = ground("12.0")
    asks = {"origin": "https://app.example.com", "access-control-request-method": "POST"}
    answer = here.ask("OPTIONS", here.filled(row.path), {}, asks)
    assert (answer.status, answer.body) == (200, b"")
    assert set(answer.headers["allow"].split(", ")) == allowed(row)
    assert answer.headers["access-control-allow-methods"] == answer.headers["allow"]
    assert answer.headers["access-control-allow-origin"] == "https://app.example.com"


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "TRACE", "PROPFIND"])
@every_case("row", [row for row in ROWS if row.refused in (0, 405)], ids=named)
def test_a_method_that_a_resource_does_not_have_is_405_with_those_it_has(
    ground: Callable[[str], Ground], row: Row, method: str
) -> None:
    here = ground("12.0")
    for f in ("html", "json"):
        answer = here.ask(method, here.filled(row.path), {"f": f})
        assert answer.status == 405
        assert set(answer.headers["allow"].split(", ")) == allowed(row)
        said = "Code: </b>405" if f == "html" else '"code":405'
        assert said in answer.body.decode()


@pytest.mark.parametrize(
    ("accepts", "is_packed"),
    [
        ("gzip", True),
        ("GZIP", True),
        ("gzip, deflate, br, zstd", True),
        ("br;q=1.0, gzip;q=0.5", True),
        ("gzip;q=0.001", True),
        ("identity, gzip ; q=1", True),
        ("gzip;q=0", False),
        ("gzip; q=0.000, deflate", False),
        ("deflate, br", False),
        ("x-gzipped", False),
        ("identity", False),
        ("", False),
        ("nonsense;;;q=q,,", False),
    ],
)
def test_gzip_is_for_those_who_accept_it(
    ground: Callable[[str], Ground], accepts: str, is_packed: bool
) -> None:
    here = ground("12.0")
    for f in ("json", "pjson", "html"):
        plain = here.ask("GET", SYNC, {"f": f})
        assert len(plain.body) > 1024
        assert plain.headers["vary"] == "Accept-Encoding"
        answer = here.ask("GET", SYNC, {"f": f}, {"accept-encoding": accepts})
        assert answer.headers.get("content-encoding") == ("gzip" if is_packed else None)
        assert answer.headers["vary"] == "Accept-Encoding"
        assert answer.headers["content-length"] == str(len(answer.body))
        assert (gzip.decompress(answer.body) if is_packed else answer.body) == plain.body


@pytest.mark.parametrize(
    ("path", "asks"),
    [
        ("{file}", {}),
        (f"{SERVICE}/info/thumbnail", {}),
        (f"{MAP_JOB}/export", {"f": "image"}),
        (f"{JOB}/results/Viewshed_Result", {"f": "kmz"}),
        (f"{JOB}", {"f": "json"}),
    ],
)
def test_files_pictures_and_what_is_short_are_not_gzipped(
    ground: Callable[[str], Ground], path: str, asks: dict[str, str]
) -> None:
    here = ground("12.0")
    plain = here.ask("GET", here.filled(path), asks)
    answer = here.ask("GET", here.filled(path), asks, {"accept-encoding": "gzip"})
    assert "content-encoding" not in answer.headers
    assert answer.body == plain.body
