"""What a million jobs in the store cost: the rate of polls, and memory.

Measured: the rate of polls of ten finished jobs among many, and of all of them in random order, beside that
of ten jobs in a store of ten, in rounds that take turns; the ratio is the median of the ratios of
neighbouring rounds. Whatever the mock remembers of an answer helps with ten jobs and hardly with all. Polls
call the mock as an ASGI app in this process, one after another, without sockets: the store's share of the
cost is as large as it can be. Memory: what the process's resident set grew by per finished job (Linux), and
what tracemalloc counts.

A job here is one of `Simulation/JobOutcomes/Succeeds` with one short input and its output, put into the store
as the mock leaves it there; a job with large inputs or outputs takes that much more.
"""

from __future__ import annotations

import asyncio
import gc
import multiprocessing
import random
import statistics
import sys
import time
import tracemalloc
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.measurements import Measurement

if TYPE_CHECKING:
    from gp_mockserver import MockServer, Site

TASK = "Simulation/JobOutcomes/Succeeds"
ADDRESS = "/arcgis/rest/services/Simulation/JobOutcomes/GPServer/Succeeds"
FEW = 10
COUNTED = 100_000
"""How many jobs tracemalloc, which is slow, counts."""
POLLED = 200_000
"""How many polls are prepared for a round."""


def measure(*, jobs: int, rounds: int = 11, seconds: float = 0.5) -> list[Measurement]:
    """Run in a fresh process, so that memory left by others does not count."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        sizes = pool.submit(bytes_per_job, jobs).result()
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return [*pool.submit(poll_rates, jobs, rounds, seconds).result(), *sizes]


def poll_rates(jobs: int, rounds: int, seconds: float) -> list[Measurement]:
    few_app, few_ids = site_with_jobs(FEW)
    many_app, many_ids = site_with_jobs(jobs)
    ten = random.Random(2).sample(many_ids, FEW)
    found = []
    for name, wanted, polled in (
        (f"poll rate with {jobs:,} jobs, ten of them polled", ">= 0.95", ten),
        (f"poll rate with {jobs:,} jobs, all of them polled", "", many_ids),
    ):
        pairs = [
            (rate(few_app, few_ids, seconds), rate(many_app, polled, seconds)) for _ in range(rounds + 1)
        ]
        ratio = statistics.median(of_many / of_few for of_few, of_many in pairs[1:])
        of_few, of_many = (statistics.median(side) for side in zip(*pairs[1:], strict=True))
        detail = f"{of_many:,.0f}/s beside {of_few:,.0f}/s with {FEW} jobs, in process"
        found.append(Measurement(name, ratio, wanted=wanted, detail=detail))
    return found


def bytes_per_job(jobs: int) -> list[Measurement]:
    found = []
    if sys.platform == "linux":
        site_with_jobs(FEW)
        before = resident_bytes()
        kept = site_with_jobs(jobs)
        grown = (resident_bytes() - before) / jobs
        del kept
        found.append(
            Measurement("memory per finished job, resident", grown, "bytes", detail=f"{jobs:,} jobs")
        )
    gc.collect()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    kept = site_with_jobs(COUNTED)
    grown = (tracemalloc.get_traced_memory()[0] - before) / COUNTED
    tracemalloc.stop()
    del kept
    detail = f"{COUNTED:,} jobs, the job's address in this benchmark's own list included"
    return [*found, Measurement("memory per finished job, allocated", grown, "bytes", detail=detail)]


def site_with_jobs(count: int) -> tuple[MockServer, list[str]]:
    """A server with so many finished jobs, and their ids."""
    from gp_mockserver import ManualClock, MockServer
    from gp_mockserver.builtin.builtin_site import builtin_site
    from gp_mockserver.lifecycle.job_store import MemoryJobStore
    from gp_mockserver.lifecycle.jobs import Submission

    clock = ManualClock()
    site = builtin_site(clock=clock)
    site.store = MemoryJobStore(max_jobs=max(count, FEW))
    app = MockServer([site])
    model = finished_job(app, site, clock)
    record = site.store.get(model, clock.now())
    assert record is not None
    assert record.outputs is not None
    ids = [model]
    submission = record.submission
    for number in range(1, count):
        job_id = site.new_job_id()
        parameters = b'{"Note":"note %d"}' % number
        site.store.add(
            Submission(job_id, submission.task, submission.submitted_at, parameters, submission.timeline)
        )
        site.store.settle(job_id, record.timeline, bytes(bytearray(record.outputs)), clock.now())
        ids.append(job_id)
    return app, ids


def finished_job(app: MockServer, site: Site, clock: Any) -> str:
    """The id of a job that was submitted and polled until it had succeeded."""
    asyncio.run(call(app, f"{ADDRESS}/submitJob", b"f=json&Note=note"))
    (job_id,) = site.store.ids()
    clock.advance(60.0)
    asyncio.run(call(app, f"{ADDRESS}/jobs/{job_id}", b"f=json"))
    return str(job_id)


async def call(app: MockServer, path: str, query: bytes) -> None:
    await app(scope(path, query), nothing_to_receive, nowhere_to_send)


def scope(path: str, query: bytes = b"f=json") -> dict[str, Any]:
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "server": ("127.0.0.1", 8585),
        "client": ("127.0.0.1", 50000),
        "scheme": "http",
        "method": "GET",
        "root_path": "",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query,
        "headers": [(b"host", b"127.0.0.1:8585")],
    }


async def nothing_to_receive() -> dict[str, Any]:
    return {"type": "http.request", "body": b"", "more_body": False}


async def nowhere_to_send(message: Any) -> None:
    assert message.get("status", 200) == 200


def rate(app: MockServer, ids: list[str], seconds: float) -> float:
    """Polls per second of jobs drawn at random, the same work per poll whatever the number of jobs."""
    drawn = random.Random(1).choices(ids, k=POLLED)

    async def poll() -> float:
        start = time.perf_counter()
        done = 0
        for job_id in drawn:
            await app(scope(f"{ADDRESS}/jobs/{job_id}"), nothing_to_receive, nowhere_to_send)
            done += 1
            if not done % 256 and time.perf_counter() - start > seconds:
                break
        return done / (time.perf_counter() - start)

    return asyncio.run(poll())


def resident_bytes() -> int:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * 4096
