"""What the client adds to the requests that it makes, and to the start of a program.

Measured: a whole job (submit, three polls, the result, whose descriptor is known by then) by `GPClient`,
beside the same five requests by bare httpx whose answers are read with `response.json()`. Both use an
`httpx.Client` on a transport in this process that has the answers ready, so that no network hides the cost;
the client's clock does not wait. Rounds take turns; the ratio is the median of those of neighbouring rounds.
And `import gp_client` beside `import httpx`, each in a new Python, bytecode cached, in turns.

Not measured: sockets, TLS, large values.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

from benchmarks.measurements import Measurement
from benchmarks.processes import ROOT

_HOST = "http://gis.example.com"
SERVER = f"{_HOST}/arcgis"
TASK = f"{SERVER}/rest/services/Tools/GPServer/tool"
JOB = f"{TASK}/jobs/j4b1c6d2e8f0a4c5e9b7d3f1a2c4e6f80"
POINT = {
    "geometryType": "esriGeometryPoint",
    "spatialReference": {"wkid": 54003},
    "features": [{"geometry": {"x": -13308192.1956127, "y": 4221903.58555983}}],
}
DISTANCE = {"distance": 8.5, "units": "esriMiles"}
_START = "import time; start = time.perf_counter(); import {module}; print(time.perf_counter() - start)"


def measure(*, rounds: int = 15, jobs: int = 60, starts: int = 15) -> list[Measurement]:
    return [_job_cost(rounds, jobs), _import_cost(starts)]


def _job_cost(rounds: int, jobs: int) -> Measurement:
    import httpx

    with httpx.Client(transport=httpx.MockTransport(_answers())) as http:
        ours, bare = _jobs_by_client(http), _jobs_by_httpx(http)
        ours()
        bare()
        pairs = [(_seconds(bare, jobs), _seconds(ours, jobs)) for _ in range(rounds)]
    ratio = statistics.median(client / plain for plain, client in pairs)
    plain, client = (statistics.median(side) * 1e6 for side in zip(*pairs, strict=True))
    detail = f"{client:,.0f} µs beside {plain:,.0f} µs for five requests, in process"
    return Measurement("client: a whole job", ratio, wanted="<= 1.5", detail=detail)


def _seconds(job: Callable[[], object], times: int) -> float:
    start = time.perf_counter()
    for _ in range(times):
        job()
    return (time.perf_counter() - start) / times


def _answers() -> Callable[[Any], Any]:
    """Of a server whose job is executing, executing and has succeeded: prepared bodies by path."""
    import httpx

    messages = [{"type": "esriJobMessageTypeInformative", "description": "Executing (tool): tool"}]
    going = {"jobId": JOB.rpartition("/")[2], "jobStatus": "esriJobExecuting", "messages": messages}
    done = {**going, "jobStatus": "esriJobSucceeded", "results": {"Out": {"paramUrl": "results/Out"}}}
    value = {"paramName": "Out", "dataType": "GPLinearUnit", "value": DISTANCE}
    bodies = {
        TASK: _descriptor(),
        f"{TASK}/submitJob": {"jobId": going["jobId"], "jobStatus": "esriJobSubmitted"},
        f"{JOB}/results/Out": value,
    }
    ready = {url.removeprefix(_HOST).encode(): json.dumps(body).encode() for url, body in bodies.items()}
    polls = [json.dumps(body).encode() for body in (going, going, done)]
    seen = {"polls": 0}

    def answering(request: httpx.Request) -> httpx.Response:
        body = ready.get(request.url.raw_path.partition(b"?")[0])
        if body is None:
            body = polls[seen["polls"] % 3]
            seen["polls"] += 1
        return httpx.Response(200, headers={"content-type": "application/json"}, content=body)

    return answering


def _descriptor() -> dict[str, Any]:
    def parameter(name: str, data_type: str, direction: str, need: str) -> dict[str, Any]:
        return {
            "name": name,
            "dataType": data_type,
            "displayName": name,
            "description": "",
            "direction": f"esriGPParameterDirection{direction}",
            "defaultValue": None,
            "parameterType": f"esriGPParameterType{need}",
            "category": "",
        }

    return {
        "name": "tool",
        "displayName": "tool",
        "executionType": "esriExecutionTypeAsynchronous",
        "parameters": [
            parameter("Point", "GPFeatureRecordSetLayer", "Input", "Required"),
            parameter("Distance", "GPLinearUnit", "Input", "Required"),
            parameter("Out", "GPLinearUnit", "Output", "Derived"),
        ],
    }


def _jobs_by_client(http: Any) -> Callable[[], object]:
    from gp_client import GPClient, SharedClock

    client = GPClient(SERVER, http=http, clock=SharedClock(), seed=1)
    task = client.task(TASK)

    def job() -> object:
        client._connection.session.jobs_seen.clear()  # the one prepared job is every job
        return task.run(Point=POINT, Distance=DISTANCE).value

    return job


def _jobs_by_httpx(http: Any) -> Callable[[], object]:
    form = {"Point": json.dumps(POINT), "Distance": json.dumps(DISTANCE), "f": "json"}
    asked = {"f": "json"}

    def job() -> object:
        http.post(f"{TASK}/submitJob", data=form).json()
        for _ in range(3):
            http.get(JOB, params=asked).json()
        return http.get(f"{JOB}/results/Out", params=asked).json()["value"]

    return job


def _import_cost(starts: int) -> Measurement:
    pairs = [(_seconds_to_import("httpx"), _seconds_to_import("gp_client")) for _ in range(starts + 1)][1:]
    theirs, ours = (statistics.median(side) for side in zip(*pairs, strict=True))
    detail = f"{ours * 1000:.0f} ms beside {theirs * 1000:.0f} ms, {starts} starts each"
    return Measurement("client: import gp_client", ours / theirs, wanted="<= 1.3", detail=detail)


def _seconds_to_import(module: str) -> float:
    command = [sys.executable, "-c", _START.format(module=module)]
    return float(subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout)
