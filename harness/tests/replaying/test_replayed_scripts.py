"""The scripts of the documentation, which know nothing of recordings, against a server that replays."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    ("script", "task"),
    [
        ("execute_viewshed.py", "Elevation/ESRI_Elevation_World/GPServer/Viewshed"),
        ("execute_by_get.py", "Elevation/ESRI_Elevation_World/GPServer/Viewshed"),
        ("submit_viewshed_job.py", "WorldViewshed/GPServer/viewshed"),
    ],
)
def test_a_script_says_the_same_as_of_the_original(
    start, services, replayed_services, checkout, script, task
):
    told = []
    for root in (services, replayed_services):
        running = start(checkout / "examples" / script, f"{root}/{task}", GP_POLL_SECONDS="0")
        assert running.status() == 0
        told.append([line for line in running.rest_of(running.out) if "Viewshed" in line or " x " in line])
    assert told[0] == told[1]
    assert told[0]


def test_a_script_is_told_of_the_failure_that_was_recorded(start, replayed_services, checkout):
    task = f"{replayed_services}/Simulation/JobOutcomes/GPServer/Fails"
    running = start(checkout / "examples" / "watch_a_failing_job.py", task, GP_POLL_SECONDS="0")
    assert running.status() == 0
    assert "esriJobFailed" in running.rest_of(running.out)
