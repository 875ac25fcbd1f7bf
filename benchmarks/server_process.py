"""Runs one of the two servers under test: `python -m benchmarks.server_process mock|bare PORT`.

Both are uvicorn with uvloop, httptools and the settings of `gpharness serve`; the mock is served as that
command does it, with its limits on connections.
"""

from __future__ import annotations

import sys
from typing import Any

import msgspec
import uvicorn
from gp_protocol.descriptions.descriptors import Service, parse_task

HELD = 1e6
"""Seconds for which a job of the benchmark's own tasks stays in its state."""


def mock_app() -> Any:
    """The built-in site; tasks whose jobs stay submitted, waiting, executing or cancelling; a task that
    answers with the features it was given."""
    from gp_mockserver import MockServer
    from gp_mockserver.builtin.builtin_site import builtin_site
    from gp_mockserver.lifecycle.timelines import Cancellation, standard_timeline

    site = builtin_site()
    service = site.services["Simulation/JobOutcomes"]
    model = site.find_task("Simulation/JobOutcomes/Succeeds")
    timelines = {
        "StaysSubmitted": standard_timeline(submitted=HELD),
        "StaysWaiting": standard_timeline(waiting=HELD),
        "StaysExecuting": standard_timeline(executing=HELD),
        "StaysCancelling": standard_timeline(executing=HELD, cancellation=Cancellation(ignored=True)),
    }
    for name, timeline in timelines.items():
        descriptor = msgspec.structs.replace(model.descriptor, name=name, display_name=name)
        service.add_task(descriptor, model.tool, timeline=timeline)

    same = parse_task(
        {
            "name": "Same",
            "displayName": "Same",
            "executionType": "esriExecutionTypeSynchronous",
            "parameters": [
                {
                    "name": name,
                    "dataType": "GPFeatureRecordSetLayer",
                    "direction": f"esriGPParameterDirection{direction}",
                    "parameterType": f"esriGPParameterType{need}",
                }
                for name, direction, need in (("In", "Input", "Required"), ("Out", "Output", "Derived"))
            ],
        }
    )
    bench = site.add_service(Service("Bench", task_names=("Same",)))
    bench.add_task(same, lambda call: {"Out": call.inputs["In"]})
    return MockServer([site])


def main() -> None:
    which, port = sys.argv[1:]
    if which == "mock":
        from gp_mockserver.server import run

        run(mock_app(), port=int(port))
        return
    from benchmarks.bare_app import app

    uvicorn.run(
        app,
        port=int(port),
        loop="uvloop",
        http="httptools",
        ws="none",
        lifespan="off",
        access_log=False,
        log_level="warning",
        server_header=False,
    )


if __name__ == "__main__":
    main()
