"""A task of your own: its parameters, types and defaults are those of the function.

    python serve_your_own_task.py [PORT]

    curl -sG http://127.0.0.1:8585/arcgis/rest/services/Roads/TreesToPlant/GPServer/Count/execute \\
        --data-urlencode 'Road={"distance": 2, "units": "esriKilometers"}' -d f=pjson
"""

import sys
from typing import Annotated

from gp_mockserver import MockServer, Site, ToolCall, ToolFailed
from gp_mockserver.server import run
from gp_protocol.values.units import LinearUnit, meters_per

site = Site("arcgis")


@site.task("Roads/TreesToPlant/Count", execution="sync")
def count(call: ToolCall, Road: LinearUnit, Spacing: float = 8.0) -> Annotated[int, "Trees"]:
    """How many trees a road needs on one side; Spacing is in meters."""
    if Spacing <= 0:
        raise ToolFailed(f"ERROR 000800: Spacing: {Spacing} is not a distance between trees.")
    meters = Road.distance * meters_per(Road.units)
    call.message(f"The road is {meters:.0f} m long.")
    return int(meters / Spacing) + 1


if __name__ == "__main__":
    port = int(sys.argv[1]) if len(sys.argv) > 1 else 8585
    run(
        MockServer([site]),
        port=port,
        ready=lambda url: print(f"serving {url}/{site.context}/rest/services", flush=True),
    )
