"""A server that is recorded request by request, and sites that replay it, all in this process."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qsl, urlencode

import httpx
import pytest
from gp_mockserver import serve
from gp_mockserver.builtin.builtin_site import builtin_site
from gp_mockserver.lifecycle.clocks import JumpingClock, ManualClock
from gp_mockserver.sites import Site
from gpharness.contracts.contract import Contract, Provenance
from gpharness.in_process import SiteTransport
from gpharness.probing.exchanges import Exchange
from gpharness.recording.assembling import contract_of
from gpharness.replaying.sites import site_of

RECORDED = "https://gis.example.gov/server"
REPLAYED = "http://replay.example.org:8585/server"
VIEWSHED = "rest/services/WorldViewshed/GPServer/viewshed"
POINT = {
    "geometryType": "esriGeometryPoint",
    "spatialReference": {"wkid": 4326},
    "features": [{"geometry": {"x": -119.55, "y": 37.74}}],
}
INPUTS = {"Input_Observation_Point": json.dumps(POINT), "Viewshed_Distance": "5 Miles"}


class Client:
    """Asks a site at an address of its own; JSON unless something else is asked for."""

    def __init__(self, site: Site, root: str) -> None:
        self.site = site
        self.root = root
        self.http = httpx.Client(transport=SiteTransport(site, root.rpartition("/")[0]))

    def send(self, path: str, method: str = "GET", headers: Any = None, **parameters: str) -> httpx.Response:
        url = path if "://" in path else f"{self.root}/{path}"
        if method == "POST":
            return self.http.post(url, data=parameters, headers=headers)
        return self.http.request(method, url, params=parameters or None, headers=headers)

    def ask(self, path: str, method: str = "GET", **parameters: str) -> Any:
        """The JSON of an answer."""
        return self.send(path, method, **{"f": "json", **parameters}).json()

    def submit(self, task: str = VIEWSHED, **inputs: str) -> Any:
        return self.ask(f"{task}/submitJob", "POST", **(inputs or INPUTS))


class Recorder(Client):
    """Writes down what it asks, by the site's clock."""

    def __init__(self, site: Site, root: str = RECORDED) -> None:
        super().__init__(site, root)
        self.exchanges: list[Exchange] = []
        self._start = site.clock.now()

    def send(self, path: str, method: str = "GET", headers: Any = None, **parameters: str) -> httpx.Response:
        at = self.site.clock.now() - self._start
        response = super().send(path, method, headers, **parameters)
        self.exchanges.append(
            Exchange(
                operation="",
                method=method,
                url=str(response.request.url),
                parameters=parameters or dict(parse_qsl(response.request.url.query.decode())),
                at=at,
                status=response.status_code,
                headers=tuple(response.headers.items()),
                body=response.content,
                request_body=urlencode(parameters).encode() if method == "POST" else b"",
            )
        )
        return response

    def contract(self) -> Contract:
        """What was asked, as a contract."""
        provenance = Provenance("generated", self.root, "2026-11-26T20:15:00Z")
        contract, _ = contract_of(self.exchanges, provenance, self.root)
        return contract


def describe(recorder: Recorder, *tasks: str) -> None:
    """Ask for everything that describes the server and these tasks."""
    recorder.ask("rest/info")
    recorder.ask("rest/services")
    for task in tasks:
        recorder.ask(task.rpartition("/")[0])
        recorder.ask(task)


def run_job(
    recorder: Recorder, clock: ManualClock, task: str, seconds: tuple[float, ...], **inputs: str
) -> Any:
    """Submit a job, poll it after each of these seconds, fetch its results; its last state."""
    job = recorder.ask(f"{task}/submitJob", "POST", **inputs)
    place = f"{task}/jobs/{job['jobId']}"
    state: dict[str, Any] = {}
    for each in seconds:
        clock.advance(each)
        state = recorder.ask(place)
    for result in state.get("results", {}).values():
        recorder.ask(f"{place}/{result['paramUrl']}")
    return state


@pytest.fixture(scope="session")
def recorded() -> Contract:
    """A run of each kind with the built-in site: two viewsheds, a failure, an execute, files, wrong
    requests."""
    clock = ManualClock()
    site = builtin_site("server", clock=clock)
    recorder = Recorder(site)
    execute = "rest/services/Elevation/ESRI_Elevation_World/GPServer/Viewshed"
    failing = "rest/services/Simulation/JobOutcomes/GPServer/Fails"
    files = "rest/services/Files/FileTransfer/GPServer/ZipFile"
    describe(recorder, VIEWSHED, execute, failing, files)
    run_job(recorder, clock, VIEWSHED, (0.5, 0.5, 0.5, 1.0), **INPUTS)
    run_job(recorder, clock, VIEWSHED, (1.0, 2.0), **{**INPUTS, "Viewshed_Distance": "3 Miles"})
    run_job(recorder, clock, failing, (1.0, 2.0))
    zipped = run_job(recorder, clock, files, (1.0, 2.0))
    assert zipped["jobStatus"] == "esriJobSucceeded"
    result = json.loads(recorder.exchanges[-1].body)
    recorder.send(result["value"]["url"])
    recorder.ask(f"{execute}/execute", "POST", **INPUTS)
    recorder.ask(f"{execute}/execute", "POST", **{**INPUTS, "Viewshed_Distance": "far"})
    recorder.ask("rest/services/NoSuch/GPServer")
    return recorder.contract()


Replay = Callable[..., Client]


@pytest.fixture
def replay() -> Iterator[Replay]:
    """A client of a site that replays contracts; on a clock that a test moves unless it gives another."""
    made: list[Client] = []

    def client_of(*contracts: Contract, **options: Any) -> Client:
        options.setdefault("clock", ManualClock())
        site = site_of(*contracts, **options)
        client = Client(site, f"{REPLAYED.rpartition('/')[0]}/{site.context}")
        made.append(client)
        return client

    yield client_of
    for client in made:
        client.http.close()
        client.site.close()


OBSERVER = {
    "geometryType": "esriGeometryPoint",
    "spatialReference": {"wkid": 54003},
    "features": [{"geometry": {"x": -13308192.1956127, "y": 4221903.58555983}}],
}


@pytest.fixture(scope="session")
def replayed_services() -> Iterator[str]:
    """The services address of a server that replays what the documentation's scripts ask for."""
    clock = ManualClock()
    recorder = Recorder(builtin_site("server", clock=clock))
    synchronous = "rest/services/Elevation/ESRI_Elevation_World/GPServer/Viewshed"
    failing = "rest/services/Simulation/JobOutcomes/GPServer/Fails"
    inputs = {
        "Input_Observation_Point": json.dumps(OBSERVER),
        "Viewshed_Distance": json.dumps({"distance": 8.5, "units": "esriMiles"}),
    }
    describe(recorder, VIEWSHED, synchronous, failing)
    recorder.ask(f"{synchronous}/execute", "POST", **inputs)
    run_job(recorder, clock, VIEWSHED, (1.0, 2.0), **inputs)
    run_job(recorder, clock, failing, (1.0, 2.0), Note="it's meant to fail")
    with serve(site_of(recorder.contract(), clock=JumpingClock())) as server:
        yield f"{server.url}/rest/services"
