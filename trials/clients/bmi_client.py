"""`bmi-arcgis-restapi`, unmodified: the catalogue, synchronous tasks and jobs, and its tokens."""

from __future__ import annotations

import os
import warnings

warnings.simplefilter("ignore")
import restapi  # noqa: E402

ROOT = os.environ["GP_URL"] + "/rest/services"
POINT = (
    '{"geometryType": "esriGeometryPoint", "spatialReference": {"wkid": 4326}, "features": '
    '[{"geometry": {"x": -118.8, "y": 37.5}}]}'
)
MILES = '{"distance": 5, "units": "esriMiles"}'


def check(what: str, holds: object) -> None:
    print(("ok     " if holds else "FAILED ") + what, flush=True)
    if not holds:
        raise SystemExit(1)


if __name__ == "__main__":
    server = restapi.ArcServer(ROOT)
    check("the catalogue is crawled", any("WorldViewshed" in str(each) for each in server.services))
    task = restapi.GPTask(f"{ROOT}/Elevation/ESRI_Elevation_World/GPServer/Viewshed")
    check("a task tells its parameters", len(task.list_parameters()) == 3)
    result = task.run(Input_Observation_Point=POINT, Viewshed_Distance=MILES)
    check("a synchronous task", result.getValue("Viewshed_Result"))
    job = restapi.GPTask(f"{ROOT}/WorldViewshed/GPServer/viewshed").run(
        Input_Observation_Point=POINT, Viewshed_Distance=MILES
    )
    check("a job", job.getValue("Viewshed_Result"))
    token = restapi.generate_token(ROOT, "tester", "tester-password")
    secured = restapi.GPTask(f"{ROOT}/Secured/WorldViewshed/GPServer/viewshed", token=token)
    job = secured.run(Input_Observation_Point=POINT, Viewshed_Distance=MILES)
    check("a secured job, its token in a cookie", job.getValue("Viewshed_Result"))
