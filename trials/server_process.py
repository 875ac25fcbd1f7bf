"""The server under trial, in a process of its own: `python -m trials.server_process '{"clock": "x60"}'`.

It is what `gpharness serve` runs, with a store as small as a trial wants and, for large results, two tasks of
the trial's own.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from gp_mockserver.app import MockServer
from gp_mockserver.builtin.builtin_site import builtin_site
from gp_mockserver.lifecycle.clocks import parse_clock
from gp_mockserver.lifecycle.job_store import MemoryJobStore
from gp_mockserver.server import run
from gp_mockserver.tools.tool_calls import ToolCall
from gp_protocol.descriptions.descriptors import ExecutionType, Service
from gp_protocol.values.feature_sets import FeatureSet

CHUNK = 65536
BYTES_OF_A_POLYGON = 1900


def text(Size: int) -> str:
    return "x" * Size


def file(call: ToolCall, Size: int) -> Path:
    made = call.scratch / "result.bin"
    with made.open("wb") as stream:
        for begin in range(0, Size, CHUNK):
            stream.write(b"x" * min(CHUNK, Size - begin))
    return made


def features(Size: int) -> FeatureSet:
    """Polygons of a hundred vertices, about `Size` bytes of JSON."""
    count = max(1, Size // BYTES_OF_A_POLYGON)
    ring = [[round(-118.8 + 0.001 * each, 6), round(37.5 + 0.0015 * each, 6)] for each in range(99)]
    polygons = [
        {"attributes": {"OBJECTID": number}, "geometry": {"rings": [[*ring, ring[0]]]}}
        for number in range(count)
    ]
    return FeatureSet("esriGeometryPolygon", features=polygons)


def app_of(settings: dict[str, Any]) -> MockServer:
    """The built-in site, and the service `Trial`, whose tasks have results of the size asked for."""
    stored = {name: settings[name] for name in ("max_jobs", "max_age") if name in settings}
    site = builtin_site(
        seed=settings.get("seed", 0),
        clock=parse_clock(settings.get("clock", "real")),
        store=MemoryJobStore(**stored),
    )
    site.add_service(Service("Trial", execution_type=ExecutionType.ASYNCHRONOUS, maximum_records=10**9))
    site.task("Trial/Text")(text)
    site.task("Trial/Features")(features)
    site.task("Trial/File")(file)
    return MockServer([site])


def main() -> None:
    run(app_of(json.loads(sys.argv[1])), port=0, ready=lambda url: print(url, flush=True))


if __name__ == "__main__":
    main()
