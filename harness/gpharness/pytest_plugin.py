"""The fixtures that gpharness gives to pytest.

`gp_arcpy`: the façade `gp_client.arcpy` in the place of `arcpy`, fresh for each test. `gp_arcpy_server` says
which server toolboxes are looked for on, `gp_arcpy_arguments` what the script under test is given; override
them:

    @pytest.fixture
    def gp_arcpy_server(my_mock_server):
        return my_mock_server.url

    @pytest.mark.parametrize("gp_arcpy_arguments", [["point.geojson", "500 Meters"]])
    def test_it(gp_arcpy):
        ...
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from typing import Any

import pytest


@pytest.fixture
def gp_arcpy_server() -> str | None:
    """The server for all toolboxes of a test, whatever their addresses name; None: what they name."""
    return None


@pytest.fixture
def gp_arcpy_arguments() -> Sequence[str]:
    """The arguments of the script under test: `arcpy.GetParameterAsText(0)` is the first, and so is
    `sys.argv[1]`. None, unless it is overridden."""
    return ()


@pytest.fixture
def gp_arcpy(
    gp_arcpy_server: str | None, gp_arcpy_arguments: Sequence[str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Any]:
    """The module `arcpy`, which is the façade, for one test: no toolboxes, no messages, default
    environments, and the arguments that `gp_arcpy_arguments` says."""
    from gp_client.arcpy_style.script_runs import script_run
    from gp_client.arcpy_style.standing_in import as_arcpy

    instead = gp_arcpy_server is not None
    monkeypatch.setattr(sys, "argv", [*sys.argv[:1], *gp_arcpy_arguments])
    with script_run(server=gp_arcpy_server, instead=instead), as_arcpy() as arcpy:
        yield arcpy
