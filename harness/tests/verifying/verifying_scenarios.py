"""Contracts made of a clean mock's own answers, and the mock once more with a deviation in it."""

from __future__ import annotations

import asyncio
import atexit
import json
from collections.abc import Mapping
from functools import cache
from typing import Any, ClassVar, Final
from urllib.parse import unquote, urlsplit

import httpx
from gp_client.wire.http_messages import Request, Response
from gp_mockserver.app import MockServer
from gp_mockserver.builtin.builtin_site import builtin_site
from gp_mockserver.lifecycle.clocks import EPOCH
from gp_mockserver.sites import Site
from gpharness.contracts.contract import Answer, Asked, Contract, Conversation, Provenance
from gpharness.findings.reports.report import Section
from gpharness.in_process import SiteTransport
from gpharness.probing.conversing import converse
from gpharness.probing.prober import Prober
from gpharness.recording.assembling import contract_of
from gpharness.verifying.verify import verify

HOST: Final = "https://gis.example.com"
ROOT: Final = f"{HOST}/arcgis"
SIGN_IN: Final = {"user": "tester", "password": "tester-password"}
POINT: Final = '{"features":[{"geometry":{"x":-122.4,"y":37.8,"spatialReference":{"wkid":4326}}}]}'
VIEWSHED: Final = {
    "Input_Observation_Point": POINT,
    "Viewshed_Distance": '{"distance":2,"units":"esriMiles"}',
}
FIELDS: Final = [{"name": "Name", "type": "esriFieldTypeString", "alias": "Name", "length": 10}]
ECHO: Final = {
    "In_GPLong": "5",
    "In_GPDouble": "0.1",
    "In_GPBoolean": "true",
    "In_GPString": "hello",
    "In_GPDate": "1678181829000",
    "In_GPLinearUnit": '{"distance":5,"units":"esriMiles"}',
    "In_GPRecordSet": json.dumps({"fields": FIELDS, "features": [{"attributes": {"Name": "a"}}] * 3}),
    "In_GPMultiValue_GPString": '["a","b"]',
    "In_GPMultiValue_GPLong": "[1,2]",
    "In_GPValueTable": '[["a",1.5,1],["b",2.5,2]]',
    "In_GPComposite": "7",
    "In_GPRasterDataLayer": '{"url":"https://example.com/a.tif","format":"tif"}',
    "In_GPFeatureRecordSetLayer": json.dumps(
        {
            "geometryType": "esriGeometryPoint",
            "spatialReference": {"wkid": 4326},
            "fields": FIELDS,
            "features": [
                {"attributes": {"Name": f"n{i}"}, "geometry": {"x": i, "y": 2.5 + i}} for i in range(3)
            ],
        }
    ),
}


class OneClock:
    """A site's clock on which nobody waits: whoever sleeps moves it, the server as well as the client."""

    jumps: ClassVar[bool] = False

    def __init__(self) -> None:
        self._now = EPOCH

    def now(self) -> float:
        return self._now

    def advance(self, seconds: float) -> None:
        self._now += seconds

    async def sleep(self, seconds: float) -> None:
        self._now += max(seconds, 0.0)
        await asyncio.sleep(0)


class ClientsClock:
    """The same for the client."""

    def __init__(self, clock: OneClock) -> None:
        self._clock = clock

    def now(self) -> float:
        return self._clock.now()

    def wall(self) -> float:
        return self._clock.now()

    def sleep(self, seconds: float) -> None:
        self._clock.advance(seconds)

    async def sleep_async(self, seconds: float) -> None:
        self._clock.advance(seconds)


class NoLibrary:
    """A Transport that asks a site on a loop of its own, without an HTTP library between: for servers that
    are clean, of which nothing is judged that the library does."""

    _loop: ClassVar[asyncio.AbstractEventLoop | None] = None

    def __init__(self, served: Site) -> None:
        self._app = MockServer([served])

    def send(self, request: Request) -> Response:
        if NoLibrary._loop is None:
            NoLibrary._loop = asyncio.new_event_loop()
            atexit.register(NoLibrary._loop.close)
        parts = urlsplit(request.url)
        body = request.body if isinstance(request.body, bytes) else b"".join(request.body.chunks())
        headers = {"Host": parts.netloc, "Content-Length": str(len(body)), **request.headers}
        scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "server": (parts.hostname, None),
            "client": ("127.0.0.1", 1),
            "scheme": parts.scheme,
            "root_path": "",
            "headers": [(key.lower().encode(), value.encode()) for key, value in headers.items()],
            "state": {},
            "method": request.method,
            "path": unquote(parts.path),
            "raw_path": parts.path.encode(),
            "query_string": parts.query.encode(),
            "extensions": {},
        }
        answer, pieces = Response(0, url=request.url), []
        given = iter([{"type": "http.request", "body": body, "more_body": False}])

        async def receive() -> dict[str, Any]:
            message = next(given, None)
            if message is None:
                await asyncio.Event().wait()  # the client stays
            return message or {}

        async def send(message: Any) -> None:
            if message["type"] == "http.response.start":
                answer.status = message["status"]
                answer.headers = [(key.decode(), value.decode()) for key, value in message["headers"]]
            else:
                pieces.append(message.get("body", b""))

        NoLibrary._loop.run_until_complete(self._app(scope, receive, send))
        answer.content = b"".join(pieces)
        if request.sink is not None and request.sink.begin(answer):
            request.sink.write(answer.content)
            answer.content = b""
        return answer

    def close(self) -> None:
        """Nothing is open."""


def job(task: str, inputs: Mapping[str, str], name: str = "job", **fields: Any) -> Conversation:
    return Conversation(name, "job", task, dict(inputs), **fields)


def cancelled(task: str, inputs: Mapping[str, str]) -> Conversation:
    service, _, label = task.rpartition("/")
    path = f"rest/services/{service}/GPServer/{label}/jobs/{{job}}/cancel"
    return job(task, inputs, "cancelled", asked=[Asked("cancel", path, Answer(), "POST", {}, after=0.5)])


def refused(task: str, verb: str) -> Conversation:
    service, _, label = task.rpartition("/")
    path = f"rest/services/{service}/GPServer/{label}/{verb}"
    return Conversation(
        "refused",
        "request",
        asked=[Asked("submit", path, Answer(), "POST", {"f": "json", "Viewshed_Distance": "far"})],
    )


def uploaded(in_parts: bool) -> Conversation:
    verb = "register" if in_parts else "upload"
    path = f"rest/services/Files/FileTransfer/GPServer/uploads/{verb}"
    answer = Answer(json={"success": True, "item": {"itemID": "iRECORDED"}})
    asked = Asked("upload", path, answer, "POST", {"f": "json", "itemName": "data.txt"})
    return job(
        "Files/FileTransfer/ZipFile",
        {"Input_File": '{"itemID":"iRECORDED"}'},
        f"uploaded {verb}",
        asked=[asked],
    )


SCENARIOS: Final[dict[str, list[Conversation]]] = {
    "viewshed": [job("WorldViewshed/viewshed", VIEWSHED)],
    "twice": [
        job("WorldViewshed/viewshed", VIEWSHED),
        job(
            "WorldViewshed/viewshed",
            VIEWSHED,
            "projected",
            parameters={"env:outSR": "102100"},
        ),
    ],
    "mercator": [
        job("WorldViewshed/viewshed", VIEWSHED, parameters={"env:outSR": "3857"}),
    ],
    "errors": [refused("WorldViewshed/viewshed", "submitJob")],
    "gone": [
        Conversation(
            "gone", "request", asked=[Asked("file", "rest/directories/arcgisoutput/none.zip", Answer())]
        )
    ],
    "optional": [job("DataTypes/OutputsJob/MissingOutputs", {})],
    "cancel": [cancelled("WorldViewshed/viewshed", VIEWSHED)],
    "long": [
        job("WorldViewshed/viewshed", {**VIEWSHED, "Unknown": "x" * 3000}, "long", method="GET"),
    ],
    "echo": [job("DataTypes/EchoJob/Echo", ECHO)],
    "execute": [
        Conversation("run", "execute", "Elevation/ESRI_Elevation_World/Viewshed", dict(VIEWSHED)),
    ],
    "secured": [job("Secured/WorldViewshed/viewshed", VIEWSHED)],
    "files": [job("Files/FileTransfer/ZipFile", {})],
    "uploads": [uploaded(False)],
    "parts": [uploaded(True)],
}


def site(clock: OneClock, **options: Any) -> Site:
    return builtin_site(clock=clock, seed=5, **options)


def options_for(
    served: Site, clock: OneClock, scenario: str = "", *, is_clean: bool = False
) -> dict[str, Any]:
    """The options of a Prober that asks this site in process."""
    return {
        "http": NoLibrary(served) if is_clean else httpx.Client(transport=SiteTransport(served)),
        "clock": ClientsClock(clock),
        "rate": None,
        "seed": 1,
        **(SIGN_IN if scenario == "secured" else {}),
    }


@cache
def contract(scenario: str, version: str = "12.0") -> Contract:
    """What a clean mock answers in a scenario."""
    clock = OneClock()
    served = site(clock, version=version)
    with Prober(ROOT, **options_for(served, clock, scenario, is_clean=True)) as prober:
        return recorded(prober, SCENARIOS[scenario])


def recorded(prober: Prober, conversations: list[Conversation]) -> Contract:
    """The contract of conversations as a prober holds them now."""
    tasks = dict.fromkeys(each.task for each in conversations if each.task)
    for task in tasks:
        service, _, label = task.rpartition("/")
        prober.ask(f"rest/services/{service}/GPServer")
        prober.ask(f"rest/services/{service}/GPServer/{label}")
    found: list[Conversation] = []
    provenance = Provenance("generated", prober.root, by="gpharness")
    base, left = contract_of(prober.exchanges, provenance, prober.root)
    for each in conversations:
        before = len(prober.exchanges)
        converse(prober, each, base)
        made, left = contract_of(prober.exchanges[before:], provenance, prober.root)
        assert len(made.conversations) == 1, (each.name, left, made.conversations)
        one = made.conversations[0]
        one.name, one.kind = each.name, each.kind
        sent = {**one.inputs, **one.parameters}
        one.inputs = {name: sent[name] for name in each.inputs}
        one.parameters = dict(each.parameters)
        found.append(one)
    base.conversations = found
    return base


def verified(scenario: str, served: Site, clock: OneClock, **changes: Any) -> Section:
    """The mock, held to what it answered when it was clean."""
    options = {**options_for(served, clock, scenario), **changes}
    return verify(contract(scenario), ROOT, **options)


def told(section: Section) -> set[str]:
    """The names of protocol findings."""
    return {each.name for each in section.findings if each.kind == "protocol"}


def drift(section: Section) -> set[str]:
    """The names of the other findings."""
    return {each.name for each in section.findings if each.kind != "protocol" and each.severity != "note"}
