"""What a test costs its suite: a fresh site and seven requests (submitJob, five polls, the result), and what
has to be in order at the end.

Measured beside the same test as its authors' documentation would have it written: over a socket with
pytest-httpserver, whose server runs for all tests and whose handlers are set for each; in process with respx,
whose router is made for each. What a job results in is given on both sides; the
answers are the same bytes, taken from the mock. Over the socket the requests are made by
`http.client`, on one connection for each test if the server keeps it, so that it is not the client that is
measured; in process by `httpx.Client`: one that is kept for all tests with respx, and with ours one made anew
for each, since its transport belongs to the test's site. Rounds take turns; the ratio is the median of those
of neighbouring rounds.

Not measured: pytest itself, which both have; what a suite's own code does.
"""

from __future__ import annotations

import itertools
import json
import logging
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx

from benchmarks.measurements import Measurement

_HOST = "https://gis.example.com"
_TASK = "rest/services/WorldViewshed/GPServer/viewshed"
_INPUTS = {
    "Input_Observation_Point": '{"features":[{"geometry":{"x":-122.4,"y":37.8}}]}',
    "Viewshed_Distance": '{"distance":5,"units":"esriMiles"}',
    "f": "json",
}
_RESULT = {
    "geometryType": "esriGeometryPolygon",
    "spatialReference": {"wkid": 4326},
    "fields": [{"name": "OBJECTID", "type": "esriFieldTypeOID", "alias": "OBJECTID"}],
    "features": [
        {"attributes": {"OBJECTID": 1}, "geometry": {"rings": [[[0, 0], [0, 1], [1, 1], [1, 0], [0, 0]]]}}
    ],
}
_ASKED = {"f": "json"}
_POLLS = 5

Test = Callable[[], None]


def measure(*, rounds: int = 9, tests: int = 60) -> list[Measurement]:
    answers = _recorded()
    with _over_a_socket() as ours, _httpserver(answers) as theirs:
        socket = _ratio("test: over a socket", "0.7", "pytest-httpserver", ours, theirs, rounds, tests)
    process = _ratio("test: in process", "1.0", "respx", _in_process(), _respx(answers), rounds, tests)
    return [socket, process]


def _ratio(
    name: str, limit: str, peer: str, ours: Test, theirs: Test, rounds: int, tests: int
) -> Measurement:
    for test in (ours, theirs) * 3:
        test()
    pairs = [(_seconds(theirs, tests), _seconds(ours, tests)) for _ in range(rounds)]
    ratio = statistics.median(mine / peers for peers, mine in pairs)
    peers, mine = (statistics.median(side) * 1e3 for side in zip(*pairs, strict=True))
    return Measurement(
        name, ratio, wanted=f"<= {limit}", detail=f"{mine:.2f} ms beside {peers:.2f} ms with {peer}"
    )


def _seconds(test: Test, times: int) -> float:
    start = time.perf_counter()
    for _ in range(times):
        test()
    return (time.perf_counter() - start) / times


def _seven_requests(http: httpx.Client, root: str) -> None:
    submitted = http.post(f"{root}/{_TASK}/submitJob", data=_INPUTS).json()
    job = f"{root}/{_TASK}/jobs/{submitted['jobId']}"
    seen = [http.get(job, params=_ASKED).json()["jobStatus"] for _ in range(_POLLS)]
    assert seen == ["esriJobExecuting"] * (_POLLS - 1) + ["esriJobSucceeded"], seen
    value = http.get(f"{job}/results/Viewshed_Result", params=_ASKED).json()
    assert value["paramName"] == "Viewshed_Result", value


def _by_http_client(root: str) -> None:
    """The same seven requests, without httpx."""
    address = urlsplit(root)
    assert address.hostname is not None
    connection = HTTPConnection(address.hostname, address.port)
    task = f"{address.path}/{_TASK}"

    def answer(method: str, path: str, form: str | None = None) -> Any:
        kind = {"Content-Type": "application/x-www-form-urlencoded"} if form else {}
        connection.request(method, path, form, kind)
        return json.loads(connection.getresponse().read())

    job = f"{task}/jobs/{answer('POST', f'{task}/submitJob', urlencode(_INPUTS))['jobId']}"
    seen = [answer("GET", f"{job}?f=json")["jobStatus"] for _ in range(_POLLS)]
    assert seen == ["esriJobExecuting"] * (_POLLS - 1) + ["esriJobSucceeded"], seen
    value = answer("GET", f"{job}/results/Viewshed_Result?f=json")
    assert value["paramName"] == "Viewshed_Result", value
    connection.close()


def _site(context: str) -> Any:
    from gp_mockserver.builtin.builtin_site import builtin_site
    from gp_mockserver.lifecycle.clocks import ManualClock

    site = builtin_site(context, clock=ManualClock())
    site.task("WorldViewshed/viewshed").succeeds({"Viewshed_Result": _RESULT}, after_polls=_POLLS - 1)
    return site


@contextmanager
def _over_a_socket() -> Iterator[Test]:
    from gp_mockserver.server import serve

    numbers = itertools.count()
    with serve([]) as server:

        def test() -> None:
            site = _site(f"test{next(numbers)}")
            server.app.add_site(site)
            _by_http_client(site.url)
            site.verify()
            server.app.remove_site(site.context)

        yield test


def _in_process() -> Test:
    from gpharness.in_process import SiteTransport

    def test() -> None:
        site = _site("arcgis")
        with httpx.Client(transport=SiteTransport(site, _HOST)) as http:
            _seven_requests(http, f"{_HOST}/arcgis")
        site.verify()
        site.close()

    return test


def _recorded() -> list[bytes]:
    """The bodies of the seven answers."""
    from gpharness.in_process import SiteTransport

    bodies: list[bytes] = []
    with httpx.Client(
        transport=SiteTransport(_site("arcgis"), _HOST),
        event_hooks={"response": [lambda answer: bodies.append(answer.read())]},
    ) as http:
        _seven_requests(http, f"{_HOST}/arcgis")
    return bodies


def _job_path(answers: list[bytes]) -> str:
    return f"/arcgis/{_TASK}/jobs/{httpx.Response(200, content=answers[0]).json()['jobId']}"


@contextmanager
def _httpserver(answers: list[bytes]) -> Iterator[Test]:
    from pytest_httpserver import HTTPServer

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    job = _job_path(answers)
    with HTTPServer(host="127.0.0.1") as server:

        def test() -> None:
            server.expect_request(f"/arcgis/{_TASK}/submitJob", method="POST").respond_with_data(
                answers[0], content_type="application/json"
            )
            for body in answers[1:-1]:
                server.expect_oneshot_request(job).respond_with_data(body, content_type="application/json")
            server.expect_request(f"{job}/results/Viewshed_Result").respond_with_data(
                answers[-1], content_type="application/json"
            )
            _by_http_client(server.url_for("/arcgis"))
            server.check()
            server.clear()

        yield test


def _respx(answers: list[bytes]) -> Test:
    import respx

    job = f"{_HOST}{_job_path(answers)}"
    http = httpx.Client(trust_env=False)

    def test() -> None:
        with respx.mock(assert_all_called=True) as router:
            router.post(f"{_HOST}/arcgis/{_TASK}/submitJob").respond(content=answers[0])
            router.get(job).mock(side_effect=[httpx.Response(200, content=body) for body in answers[1:-1]])
            router.get(f"{job}/results/Viewshed_Result").respond(content=answers[-1])
            _seven_requests(http, f"{_HOST}/arcgis")

    return test
