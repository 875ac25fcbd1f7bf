"""A mock's journal, as HAR, imported as a contract, replayed to the same client."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from gp_client import GPClient
from gp_client.clocks import SharedClock
from gp_mockserver.builtin.builtin_site import builtin_site
from gp_mockserver.lifecycle.clocks import ManualClock
from gp_mockserver.sites import Site
from gpharness.contracts.contract import Provenance
from gpharness.importing.har import read_har
from gpharness.in_process import SiteTransport
from gpharness.recording.assembling import contract_of
from gpharness.replaying.sites import site_of

HOST = "https://gis.example.com"
POINT = {
    "geometryType": "esriGeometryPoint",
    "spatialReference": {"wkid": 4326},
    "features": [{"geometry": {"x": 10.5, "y": 50.25}}],
}


def ask(site: Site, clock: ManualClock, task: str, inputs: dict[str, Any]) -> Any:
    with (
        httpx.Client(transport=SiteTransport(site, HOST)) as http,
        GPClient(f"{HOST}/arcgis", http=http, clock=SharedClock(clock.advance)) as client,
    ):
        return client.task(task).run(inputs)


@pytest.mark.parametrize(
    ("task", "inputs"),
    [
        ("Simulation/JobOutcomes/Succeeds", {"Note": "a note"}),
        ("DataTypes/Outputs/SeveralOutputs", {}),
        ("15_Names/OddNames/Extract Data Task", {}),
        ("WorldViewshed/viewshed", {"Input_Observation_Point": POINT}),
    ],
)
def test_what_a_client_was_told_by_a_mock_it_is_told_again(
    tmp_path: Path, task: str, inputs: dict[str, Any]
) -> None:
    clock = ManualClock()
    mock = builtin_site(clock=clock)
    first = ask(mock, clock, task, inputs)
    path = tmp_path / "journal.har"
    path.write_text(json.dumps(mock.journal.to_har()), encoding="utf-8")

    contract, left = contract_of(read_har(path).exchanges, Provenance("generated"))
    second = ask(site_of(contract, clock=clock), clock, task, inputs)

    assert left == []
    assert repr(second.values) == repr(first.values)
