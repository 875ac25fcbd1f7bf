"""Answers per second over HTTP beside a bare ASGI app on the same server that sends the same bytes.

Measured: 32 keep-alive connections against uvicorn with uvloop and httptools, mock and bare app in rounds
that take turns, each server alone on core 0 while it is loaded, the load generator on core 1; the ratio is
the median of the ratios of neighbouring rounds. Polls go to many jobs in eight states. The inputs of every
submission and execution differ from all others; the bare app reads the request's body, too, and sends one
of the mock's answers.

Not measured: latency, TLS, many cores, tools that compute (the executed task answers with what it was
given), pages and files. A pair of rounds in which a server had its core for less than 90 % of the time, or
refused a request, does not count; a benchmark with too few pairs is marked invalid.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import math
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

from benchmarks.load import Load, NextRequest, Round
from benchmarks.measurements import Measurement
from benchmarks.processes import ask, free_port, pin, started, wait_until_it_answers

SERVICES = "/arcgis/rest/services"
Inputs = Callable[[int], Mapping[str, object]]
OUTCOMES = f"{SERVICES}/Simulation/JobOutcomes/GPServer"
VIEWSHED = f"{SERVICES}/WorldViewshed/GPServer/viewshed"
SAME = f"{SERVICES}/Bench/GPServer/Same"
JOBS_PER_STATE = 125
BUSY_ENOUGH = 0.9
UNDECIDED = ("esriJobNew", "esriJobSubmitted", "esriJobWaiting", "esriJobExecuting", "esriJobCancelling")
SET_BY_UVICORN = ("date",)


@dataclass(frozen=True, slots=True)
class Rates:
    """One benchmark: how requests to the mock are made, and the paths and bodies of which the bare app must
    know the answers (None as a body is a GET)."""

    name: str
    wanted: str
    next_request: NextRequest
    asked: list[tuple[str, bytes | None]]
    same_answer_everywhere: bool


def point(number: int) -> dict[str, object]:
    """The documentation's observation point, at another place for each number."""
    return {
        "geometryType": "esriGeometryPoint",
        "spatialReference": {"wkid": 54003},
        "features": [{"geometry": {"x": -13308192.1956127, "y": number + 0.5}}],
    }


DISTANCE: dict[str, object] = {"distance": 8.5, "units": "esriMiles"}


def compact_json(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))


def post(path: str, body: str) -> bytes:
    return (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:8585\r\nAccept: */*\r\n"
        f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n\r\n{body}"
    ).encode()


def form(inputs: Mapping[str, object], show: Callable[[object], str]) -> str:
    return urlencode({**{name: show(value) for name, value in inputs.items()}, "f": "json"})


def differing_posts(path: str, inputs: Inputs, show: Callable[[object], str]) -> NextRequest:
    """POSTs of the inputs for one number after another; all of the same length, no two the same."""
    marker = 1234567890
    before, after = post(path, form(inputs(marker), show)).split(str(marker).encode())
    numbers = itertools.count(1_000_000_000)
    return lambda: b"%b%d%b" % (before, next(numbers), after)


def polls(job_paths: list[str]) -> NextRequest:
    """GETs of all jobs in turn."""
    requests = [
        f"GET {path}?f=json HTTP/1.1\r\nHost: 127.0.0.1:8585\r\nAccept: */*\r\n\r\n".encode()
        for path in job_paths
    ]
    return itertools.cycle(requests).__next__


def make_jobs(port: int) -> list[str]:
    """Paths of jobs in eight states, shuffled evenly, once those that end have ended."""
    tasks = ["StaysSubmitted", "StaysWaiting", "StaysExecuting", "StaysCancelling"]
    tasks += ["Succeeds", "Fails", "TimesOut", "NeverEnds"]
    paths = []
    for _ in range(JOBS_PER_STATE):
        for task in tasks:
            job = json.loads(ask(port, f"{OUTCOMES}/{task}/submitJob", b"f=json")[1])
            path = f"{OUTCOMES}/{task}/jobs/{job['jobId']}"
            paths.append(path)
    final = ("Succeeds", "Fails", "TimesOut", "NeverEnds")
    for path in paths:
        if "StaysCancelling" in path or "NeverEnds" in path:
            ask(port, f"{path}/cancel", b"f=json")
    give_up = time.perf_counter() + 60
    for path in paths:
        while path.split("/")[-3] in final and status(port, path) in UNDECIDED:
            assert time.perf_counter() < give_up, f"{path} does not end"
            time.sleep(0.1)
    return paths


def status(port: int, path: str) -> str:
    return str(json.loads(ask(port, f"{path}?f=json")[1])["jobStatus"])


def benchmarks(port: int) -> Iterator[Rates]:
    """What is measured; asking the mock for jobs first."""
    job_paths = make_jobs(port)
    yield Rates(
        "job poll",
        ">= 0.80",
        polls(job_paths),
        [(path, None) for path in job_paths],
        same_answer_everywhere=False,
    )
    for name, wanted, path, inputs, show in (
        ("submitJob, a text", ">= 0.50", f"{OUTCOMES}/Succeeds/submitJob", note_inputs, str),
        ("submitJob, one feature and a distance", "", f"{VIEWSHED}/submitJob", viewshed_inputs, compact_json),
        ("submitJob, the same as Python dict text", "", f"{VIEWSHED}/submitJob", viewshed_inputs, str),
        ("execute, one feature", ">= 0.40", f"{SAME}/execute", same_inputs, compact_json),
        ("execute, the same as Python dict text", "", f"{SAME}/execute", same_inputs, str),
    ):
        yield Rates(
            name,
            wanted,
            differing_posts(path, inputs, show),
            [(path, form(inputs(1_000_000_000), show).encode())],
            same_answer_everywhere=True,
        )


def note_inputs(number: int) -> dict[str, object]:
    return {"Note": f"Note {number}"}


def viewshed_inputs(number: int) -> dict[str, object]:
    """The inputs of the documentation's scripts."""
    return {"Input_Observation_Point": point(number), "Viewshed_Distance": DISTANCE}


def same_inputs(number: int) -> dict[str, object]:
    return {"In": point(number)}


def answers_of_the_mock(port: int, rates: Rates) -> dict[str, object]:
    """The answers that the bare app is to send, headers included but for those that uvicorn sets."""
    answers: dict[str, object] = {}
    for path, body in rates.asked:
        headers, content = ask(port, f"{path}?f=json" if body is None else path, body)
        kept = [(name, value) for name, value in headers if name.lower() not in SET_BY_UVICORN]
        answers["" if rates.same_answer_everywhere else path] = (kept, content.decode())
    return answers


async def take_turns(mock: Load, bare: Load, *, rounds: int, seconds: float) -> list[tuple[Round, Round]]:
    """Pairs of neighbouring rounds, mock and bare, until enough count or three times as many were run.

    The first pair never counts.
    """
    await mock.connect()
    await bare.connect()
    pairs: list[tuple[Round, Round]] = []
    for number in range(3 * rounds + 1):
        pair = (await mock.round(seconds), await bare.round(seconds))
        if number and counts(pair):
            pairs.append(pair)
        if len(pairs) == rounds:
            break
    mock.close()
    bare.close()
    return pairs


def counts(pair: tuple[Round, Round]) -> bool:
    """Whether both servers were busy and refused nothing."""
    return all(each.busy >= BUSY_ENOUGH and not each.refused for each in pair)


def judge(rates: Rates, pairs: list[tuple[Round, Round]], rounds: int) -> Measurement:
    if not pairs:
        invalid = f"in no round were both servers {BUSY_ENOUGH:.0%} busy without refusing a request"
        return Measurement(rates.name, math.nan, wanted=rates.wanted, invalid=invalid)
    ratio = statistics.median(mock.rate / bare.rate for mock, bare in pairs)
    rate, bare_rate = (statistics.median(pair[side].rate for pair in pairs) for side in (0, 1))
    cost, bare_cost = (
        statistics.median(1e6 * pair[side].busy / pair[side].rate for pair in pairs) for side in (0, 1)
    )
    spread = sorted(mock.rate / bare.rate for mock, bare in pairs)
    detail = (
        f"{rate:,.0f}/s beside {bare_rate:,.0f}/s; {cost:.1f} and {bare_cost:.1f} µs of processor time "
        f"an answer; {len(pairs)} pairs of rounds, {spread[0]:.2f} to {spread[-1]:.2f}"
    )
    invalid = f"only {len(pairs)} of {rounds} pairs of rounds count" if len(pairs) < rounds else ""
    return Measurement(rates.name, ratio, wanted=rates.wanted, detail=detail, invalid=invalid)


def measure(*, rounds: int, seconds: float) -> list[Measurement]:
    """The three promised ratios, and the cost of Python dict text."""
    import uvloop

    found = []
    with contextlib.ExitStack() as stack:
        port = free_port()
        server = stack.enter_context(started(["-m", "benchmarks.server_process", "mock", str(port)]))
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        wait_until_it_answers(port, f"{SERVICES}?f=json")
        pin(0, server.pid)
        pin(1)
        for number, rates in enumerate(benchmarks(port)):
            file = Path(folder) / f"{number}.json"
            file.write_text(json.dumps(answers_of_the_mock(port, rates)), encoding="utf-8")
            bare_port = free_port()
            with started(
                ["-m", "benchmarks.server_process", "bare", str(bare_port)], {"BARE_ANSWERS": str(file)}
            ) as bare:
                wait_until_it_answers(bare_port, "/")
                pin(0, bare.pid)
                loads = (
                    Load(port, server.pid, rates.next_request),
                    Load(bare_port, bare.pid, rates.next_request),
                )
                with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                    pairs = runner.run(take_turns(*loads, rounds=rounds, seconds=seconds))
                found.append(judge(rates, pairs, rounds))
    return found
