"""Large results, a file, a text and features: how far the server's memory grows while they are sent.

Promised: below twice the result's size for each client that reads it at the same time.
"""

from __future__ import annotations

import asyncio
import json
import time

from trials.promises import Figure, at_most, none_of
from trials.servers import MEGABYTE, Server, trial_server
from trials.wire import Answer, connect, get, post, run_here

SERVICES = "/arcgis/rest/services"
AT_ONCE = 4
ENOUGH = 0.9
"""Features are made to about the size asked for."""
_UNDECIDED = ("esriJobSubmitted", "esriJobWaiting", "esriJobExecuting")


def run(megabytes: int, seed: int) -> list[Figure]:
    """The figures for a result of each kind."""
    figures = []
    size = megabytes * MEGABYTE
    for name, readers in (("File", 1), ("File", AT_ONCE), ("Text", 1), ("Text", AT_ONCE), ("Features", 1)):
        with trial_server(clock="jump", seed=seed) as server:
            figures += run_here(_measure(server, name, size, readers))
            figures.append(none_of("tracebacks", server.tracebacks()))
            server.end()
    return figures


async def _measure(server: Server, name: str, size: int, readers: int) -> list[Figure]:
    task = f"{SERVICES}/Trial/GPServer/{name}"
    await _result(server, task, 1000)  # what is imported for the first answer is no growth
    begun = server.resident()
    target = await _result(server, task, size)
    kept = server.resident()
    server.forget_peak()
    start = time.monotonic()
    answers = await asyncio.gather(*(_read(server, target) for _ in range(readers)))
    seconds = time.monotonic() - start
    growth = server.peak() - kept
    wrong = [each.size for each in answers if each.status != 200 or each.size < ENOUGH * size]
    what = f"{name.lower()} of {size / MEGABYTE:,.0f} MB, {readers} at once"
    return [
        Figure(f"{what}: kept by the job", f"{kept - begun:,.1f} MB"),
        Figure(f"{what}: sent at", f"{readers * size / MEGABYTE / seconds:,.0f} MB/s"),
        at_most(f"{what}: growth while it is sent", growth, 2 * readers * size / MEGABYTE, "MB"),
        none_of(f"{what}: not whole", wrong),
    ]


async def _result(server: Server, task: str, size: int) -> str:
    """Where the result of a new job is to be read."""
    wire = await connect(server.port)
    job = json.loads((await wire.ask(post(f"{task}/submitJob", f"f=json&Size={size}"))).body)
    target = f"{task}/jobs/{job['jobId']}"
    while job.get("jobStatus") in _UNDECIDED:
        job = json.loads((await wire.ask(get(f"{target}?f=json"))).body)
    if job.get("jobStatus") != "esriJobSucceeded":
        raise RuntimeError(f"the job of the trial did not succeed: {job}")
    (name,) = job["results"]
    target += f"/results/{name}?f=json"
    if task.endswith("/File"):
        url = json.loads((await wire.ask(get(target))).body)["value"]["url"]
        target = "/" + url.split("/", 3)[3]
    wire.close()
    return target


async def _read(server: Server, target: str) -> Answer:
    wire = await connect(server.port, keep=False)
    answer = await wire.ask(get(target))
    wire.close()
    return answer
