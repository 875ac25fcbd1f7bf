"""`python-ags`, unmodified: a synchronous task, a job, and a token as a cookie."""

from __future__ import annotations

import json
import os
import urllib.parse
import urllib.request

from ags.gp import GPTask

ROOT = os.environ["GP_URL"] + "/rest/services"
INPUTS = {
    "Input_Observation_Point": json.dumps(
        {"features": [{"geometry": {"x": -118.8, "y": 37.5}}], "spatialReference": {"wkid": 4326}}
    ),
    "Viewshed_Distance": json.dumps({"distance": 5, "units": "esriMiles"}),
}


def check(what: str, holds: object) -> None:
    print(("ok     " if holds else "FAILED ") + what, flush=True)
    if not holds:
        raise SystemExit(1)


def token() -> str:
    sign_in = {
        "username": "tester",
        "password": "tester-password",
        "client": "requestip",
        "expiration": "10",
        "f": "json",
    }
    url = os.environ["GP_URL"] + "/tokens/generateToken"
    with urllib.request.urlopen(url, urllib.parse.urlencode(sign_in).encode()) as response:
        return json.load(response)["token"]


if __name__ == "__main__":
    task = GPTask(f"{ROOT}/Elevation/ESRI_Elevation_World/GPServer/Viewshed", INPUTS)
    check("a synchronous task", task.execute() == GPTask.SUCCEEDED and task.results["Viewshed_Result"].value)
    job = GPTask(f"{ROOT}/WorldViewshed/GPServer/viewshed", INPUTS)
    check("a job", job.submit_job(blocking=True) == GPTask.SUCCEEDED)
    check("its result", job.results["Viewshed_Result"].value["features"])
    failing = GPTask(f"{ROOT}/Simulation/JobOutcomes/GPServer/Fails", {"Note": "x"})
    check("a job that fails", failing.submit_job(blocking=True) == GPTask.FAILED and failing.messages)
    secured = GPTask(f"{ROOT}/Secured/WorldViewshed/GPServer/viewshed", INPUTS, token=token())
    check("a secured job, its token in a cookie", secured.submit_job(blocking=True) == GPTask.SUCCEEDED)
