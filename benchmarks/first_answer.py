"""From process start to the first HTTP answer, beside bare uvicorn.

Measured: wall time from starting `python -m gpharness serve` (built-in site) or `python -m uvicorn` (an app
of three lines) until GET /arcgis/rest/services?f=json is answered, in turns; the ratio of the medians.
Connecting is tried every two milliseconds, for both alike. Files are warm, and the bytecode of both is
cached: the first start of each does not count.

Not measured: a cold disk, site files (which import YAML).
"""

from __future__ import annotations

import statistics
import time

from benchmarks.measurements import Measurement
from benchmarks.processes import free_port, started, wait_until_it_answers

TARGET = "/arcgis/rest/services?f=json"


def seconds_to_first_answer(command: list[str]) -> float:
    port = free_port()
    start = time.perf_counter()
    with started([*command, "--port", str(port)]):
        return wait_until_it_answers(port, TARGET) - start


def measure(*, starts: int) -> list[Measurement]:
    mock, bare = [], []
    for _ in range(starts + 1):
        mock.append(seconds_to_first_answer(["-m", "gpharness", "serve"]))
        bare.append(seconds_to_first_answer(["-m", "uvicorn", "benchmarks.bare_app:app"]))
    ours, theirs = statistics.median(mock[1:]), statistics.median(bare[1:])
    detail = f"{ours * 1000:.0f} ms beside {theirs * 1000:.0f} ms, {starts} starts each"
    return [Measurement("process start to first answer", ours / theirs, wanted="<= 1.6", detail=detail)]
