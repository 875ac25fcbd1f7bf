"""The fixtures that gpharness gives to pytest.

`gp_arcpy`: the façade `gp_client.arcpy` in the place of `arcpy`, fresh for each test. `gp_arcpy_server` says
which server toolboxes are looked for on; override it where there is one:

    @pytest.fixture
    def gp_arcpy_server(my_mock_server):
        return my_mock_server.url
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest


@pytest.fixture
def gp_arcpy_server() -> str | None:
    """The server for all toolboxes of a test, whatever their addresses name; None: what they name."""
    return None


@pytest.fixture
def gp_arcpy(gp_arcpy_server: str | None) -> Iterator[Any]:
    """The module `arcpy`, which is the façade, for one test: no toolboxes, no messages, default
    environments, and no arguments of a script."""
    from gp_client.arcpy_style.script_runs import script_run
    from gp_client.arcpy_style.standing_in import as_arcpy

    instead = gp_arcpy_server is not None
    with script_run(server=gp_arcpy_server, instead=instead, arguments=()), as_arcpy() as arcpy:
        yield arcpy
