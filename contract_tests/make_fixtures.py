"""Makes those contracts in `fixtures/` that are recordings of the mock:
`python contract_tests/make_fixtures.py [NAME…]`.

Each is recorded in this process, on a clock on which nobody waits, as `gpharness record` does it. They say of
themselves that they are generated. What was written down from a page is not made here.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import msgspec
from gp_client.clocks import SharedClock
from gp_mockserver.builtin.builtin_site import builtin_site
from gp_mockserver.lifecycle.clocks import ManualClock
from gp_mockserver.sites import Site
from gpharness.contracts.contract_files import write_contract
from gpharness.in_process import SiteTransport
from gpharness.recording.options import Credentials, Limits, Options
from gpharness.recording.recorder import Recorder, Recording
from gpharness.recording.targets import target_of

FIXTURES = Path(__file__).parents[1] / "fixtures"
HOST = "https://gis.example.com"
SEED = 7
TESTER = Credentials(user="tester", password="tester-password")
_WHERE = '{"spatialReference":{"wkid":4326},"features":[{"geometry":{"x":-118.8,"y":37.5}}]}'
POINT = f"Input_Observation_Point={_WHERE}"
POINTS = f"Input_Points={_WHERE}"
VIEWSHED = (POINT, "Viewshed_Distance=5 Miles")
OUTCOMES = "Simulation/JobOutcomes/GPServer"


class Made(msgspec.Struct, frozen=True):
    """How one of them is made: `below` the services directory of a site of a version."""

    below: str
    options: dict[str, Any] = {}
    version: str = "12.0"
    credentials: Credentials = Credentials()
    notes: str = ""


MADE = {
    "viewshed-job": Made(
        "WorldViewshed/GPServer/viewshed",
        {"given": VIEWSHED, "wrong": True},
        notes="A job that succeeds, and requests that are wrong on purpose.",
    ),
    "viewshed-sync": Made(
        "Elevation/ESRI_Elevation_World/GPServer/Viewshed",
        {"given": VIEWSHED, "wrong": True},
        notes="The same tool, executed at once.",
    ),
    "job-outcomes": Made(
        OUTCOMES,
        {"only": ("Succeeds", "SucceedsWithWarnings", "Fails", "TimesOut", "WaitsInQueue", "StepProgress")},
        notes="Jobs that succeed, warn, fail, time out, wait, and tell their progress.",
    ),
    "cancelled-job": Made(
        f"{OUTCOMES}/StepProgress",
        {"cancel": ("StepProgress",)},
        notes="A job that is cancelled while it executes, beside one that is not.",
    ),
    "buffers": Made(
        "GPFolder/BufferService/GPServer/BufferPoints",
        {"given": (POINTS, "Distance=2 Kilometers")},
        notes="A synchronous task in a folder.",
    ),
    "data-types": Made(
        "DataTypes/Echo/GPServer", {"generate": 2, "seed": SEED}, notes="Every data type, in and out."
    ),
    "data-types-job": Made(
        "DataTypes/EchoJob/GPServer", {"generate": 1, "seed": SEED}, notes="Every data type, as a job."
    ),
    "outputs": Made("DataTypes/Outputs/GPServer", notes="No output, several, and missing ones."),
    "outputs-job": Made("DataTypes/OutputsJob/GPServer", notes="The same as jobs."),
    "file-transfer": Made("Files/FileTransfer/GPServer", notes="An output that is a file."),
    "odd-names": Made(
        "15_Names/OddNames/GPServer", {"generate": 1, "seed": SEED}, notes="Blanks and accents in names."
    ),
    "secured": Made(
        "Secured/WorldViewshed/GPServer/viewshed",
        {"given": VIEWSHED},
        credentials=TESTER,
        notes="A service that asks for a token.",
    ),
    "version-9.3": Made("WorldViewshed/GPServer/viewshed", {"given": VIEWSHED}, version="9.3"),
    "version-10.0": Made(
        "WorldViewshed/GPServer/viewshed", {"given": VIEWSHED, "wrong": True}, version="10.0"
    ),
    "version-10.91": Made(OUTCOMES, {"only": ("Succeeds", "Fails", "StepProgress")}, version="10.91"),
    "version-11.1": Made("DataTypes/OutputsJob/GPServer", version="11.1"),
    "agol-hosted": Made("WorldViewshed/GPServer/viewshed", {"given": VIEWSHED}, version="agol-hosted"),
    "notebook": Made(OUTCOMES, {"only": ("Succeeds", "Fails")}, version="notebook"),
}


def site_for(made: Made) -> tuple[Site, SharedClock]:
    """The site that a fixture is a recording of, and the clock that client and site share."""
    clock = ManualClock()
    site = builtin_site(version=made.version, seed=SEED, clock=clock)
    return site, SharedClock(clock.advance)


@contextmanager
def in_this_process(site: Site) -> Iterator[httpx.Client]:
    """A client of a site that is served nowhere."""
    with httpx.Client(transport=SiteTransport(site, HOST)) as client:
        yield client


def record(made: Made) -> Recording:
    """One of them, recorded anew."""
    site, clock = site_for(made)
    target = target_of(f"{HOST}/arcgis/rest/services/{made.below}")
    options = Options(**made.options, limits=Limits(rate=50.0))
    with in_this_process(site) as client:
        recorder = Recorder(target, options, made.credentials, http=client, clock=clock)
        recorder.carry_out(recorder.plan())
        recording = recorder.recording()
    site.close()
    told = f"The built-in site of gpharness as {made.version}, seed {SEED}, in process. {made.notes}"
    recording.contract.provenance.notes = told.strip()
    return recording


def main(names: list[str]) -> int:
    for name in names or MADE:
        recording = record(MADE[name])
        path = FIXTURES / f"{name}.contract.yaml"
        path.unlink(missing_ok=True)
        write_contract(recording.contract, path)
        print(f"{path.name}: {len(recording.contract.conversations)} conversations")
        for line in (*recording.failures, *recording.left_over):
            print(f"  {line}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
