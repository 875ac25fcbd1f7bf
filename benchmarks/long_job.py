"""A ten-hour job on the jumping clock, over HTTP.

Measured: wall time from submitJob (an hour in the queue, nine hours executing) to the answer that says
esriJobSucceeded, polled without a pause against a server in a thread of this process.
Not measured: starting the server, importing a geometry library (the task has none).
"""

from __future__ import annotations

import json
import statistics
import time
from urllib.parse import urlsplit

from benchmarks.measurements import Measurement
from benchmarks.processes import ask

TASK = "Simulation/JobOutcomes/Succeeds"
HOUR = 3600.0


def measure(*, jobs: int = 9) -> list[Measurement]:
    from gp_mockserver import JumpingClock, serve
    from gp_mockserver.builtin.builtin_site import builtin_site
    from gp_mockserver.lifecycle.timelines import standard_timeline

    site = builtin_site(clock=JumpingClock())
    site.find_task(TASK).timeline = standard_timeline(
        waiting=HOUR, executing=9 * HOUR, task_label="Succeeds", progress=()
    )
    with serve(site) as server:
        port = urlsplit(server.root).port
        assert port is not None
        times, polls, lived = [], 0, 0.0
        for _ in range(jobs):
            start, submitted = time.perf_counter(), site.clock.now()
            polls = wait_for_a_job(port)
            times.append(time.perf_counter() - start)
            lived = site.clock.now() - submitted
    assert lived >= 10 * HOUR, f"the job took {lived} s of the site's time"
    detail = f"median of {jobs}, {polls} polls each, {lived / HOUR:.1f} h on the site's clock"
    return [Measurement("ten-hour job, jumping clock", statistics.median(times), "s", "<= 0.1", detail)]


def wait_for_a_job(port: int) -> int:
    """Submit a job and poll until it has succeeded; the number of polls."""
    task = "/arcgis/rest/services/Simulation/JobOutcomes/GPServer/Succeeds"
    job = json.loads(ask(port, f"{task}/submitJob", b"f=json")[1])
    polls = 0
    while job["jobStatus"] != "esriJobSucceeded":
        job = json.loads(ask(port, f"{task}/jobs/{job['jobId']}?f=json")[1])
        polls += 1
        assert polls < 100, f"still {job['jobStatus']} after {polls} polls"
    return polls
