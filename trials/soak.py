"""A million jobs through HTTP: submitted, polled to their end, their result read, and forgotten.

The site's clock runs sixty times as fast as time, so a job of two seconds takes a thirtieth; a job is
forgotten ten minutes of that clock after its end. Promised: with the last job done the server has the
memory that it had after the first 50,000, and every job came to its result.
"""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass, field

from trials.promises import Figure, at_most, none_of
from trials.servers import Server, trial_server
from trials.wire import Broken, Wire, connect, get, post, run_here

TASK = "/arcgis/rest/services/Simulation/JobOutcomes/GPServer/Succeeds"
WARM_UP = 50_000
MOST_GROWTH = 5.0
JOBS_AT_ONCE = 400
"""So many jobs are polled in turn, so that a poll finds most of them ended."""
CONNECTIONS = 16


@dataclass(slots=True)
class Progress:
    """What all connections count together."""

    wanted: int
    begun: int = 0
    done: int = 0
    polls: int = 0
    wrong: list[str] = field(default_factory=list)
    resident: dict[int, float] = field(default_factory=dict)
    ids: list[str] = field(default_factory=list)


def run(jobs: int, seed: int) -> list[Figure]:
    """The figures of a soak."""
    with trial_server(clock="x60", max_age=600.0, seed=seed) as server:
        begun = time.monotonic()
        progress = Progress(jobs)
        run_here(_soak(server, progress))
        seconds = time.monotonic() - begun
        forgotten = run_here(_is_forgotten(server, progress.ids[0]))
        resident = progress.resident
        first = resident[min(WARM_UP, jobs)]
        last = resident[jobs]
        tracebacks = server.tracebacks()
        status = server.end()
    requests = 2 * jobs + progress.polls
    return [
        Figure("jobs", f"{progress.done:,} in {seconds:,.0f} s, {requests / seconds:,.0f} requests/s"),
        Figure("polls per job", f"{progress.polls / jobs:.2f}"),
        Figure(f"memory after {min(WARM_UP, jobs):,} jobs", f"{first:,.1f} MB"),
        Figure("memory at the end", f"{last:,.1f} MB"),
        at_most("growth of memory", 100 * (last / first - 1), MOST_GROWTH, "%"),
        Figure(
            "the first job is forgotten", str(forgotten), *(("True", forgotten) if jobs > WARM_UP else ())
        ),
        none_of("jobs without their result", progress.wrong),
        none_of("tracebacks", tracebacks),
        Figure("exit status", str(status), "0", status == 0),
    ]


def _of_the_first(forgotten: bool, *, is_promised: bool) -> Figure:
    name, shown = "the first job is forgotten", str(forgotten)
    return Figure(name, shown, "True", forgotten) if is_promised else Figure(name, shown)


async def _soak(server: Server, progress: Progress) -> None:
    await asyncio.gather(*(_one_connection(server, progress) for _ in range(CONNECTIONS)))


async def _one_connection(server: Server, progress: Progress) -> None:
    wire = await connect(server.port)
    running: list[str] = []
    while progress.begun < progress.wanted or running:
        while progress.begun < progress.wanted and len(running) < JOBS_AT_ONCE // CONNECTIONS:
            number = progress.begun
            progress.begun += 1
            job = await _json(wire, post(f"{TASK}/submitJob", f"f=json&Note=job+{number}"))
            running.append(job["jobId"])
            progress.ids[:] = progress.ids or [job["jobId"]]
        still = []
        for job_id in running:
            progress.polls += 1
            job = await _json(wire, get(f"{TASK}/jobs/{job_id}?f=json"))
            if job.get("jobStatus") in ("esriJobSubmitted", "esriJobExecuting"):
                still.append(job_id)
                continue
            result = await _json(wire, get(f"{TASK}/jobs/{job_id}/results/Summary?f=json"))
            if "value" not in result:
                progress.wrong.append(f"{job} {result}")
            progress.done += 1
            if progress.done in (min(WARM_UP, progress.wanted), progress.wanted):
                progress.resident[progress.done] = server.resident()
        running = still
    wire.close()


async def _json(wire: Wire, request: bytes) -> dict[str, str]:
    try:
        answer = await asyncio.wait_for(wire.ask(request), 60)
    except Broken as error:
        raise RuntimeError(f"{request[:200]!r}: {error}") from None
    found: dict[str, str] = json.loads(answer.body)
    return found


async def _is_forgotten(server: Server, job_id: str) -> bool:
    """Whether the server says that it knows no such job, as it has to ten seconds after its end."""
    wire = await connect(server.port)
    answer = await _json(wire, get(f"{TASK}/jobs/{job_id}?f=json"))
    wire.close()
    return "error" in answer
