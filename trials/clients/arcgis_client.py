"""The `arcgis` package, unmodified, through all its geoprocessing module can do.

`GP_URL` is the site over HTTP, `GP_HTTPS_URL` the same kind of site over HTTPS: `arcgis.gis.GIS` always
turns to HTTPS. Prints a line for each thing done; a failed check ends it with status 1.
"""

from __future__ import annotations

import io
import os
import tempfile
import zipfile
from pathlib import Path

from arcgis.auth import EsriSession
from arcgis.features import FeatureSet
from arcgis.geoprocessing import GPService, import_toolbox
from arcgis.geoprocessing._uploads import Uploads
from arcgis.gis import GIS

ROOT = os.environ["GP_URL"] + "/rest/services"
SECURE = os.environ["GP_HTTPS_URL"]
POINT = {
    "geometryType": "esriGeometryPoint",
    "spatialReference": {"wkid": 4326},
    "fields": [],
    "features": [{"geometry": {"x": -118.8, "y": 37.5}, "attributes": {}}],
}
MILES = {"distance": 5, "units": "esriMiles"}


def check(what: str, holds: object) -> None:
    print(("ok     " if holds else "FAILED ") + what, flush=True)
    if not holds:
        raise SystemExit(1)


def toolbox(gis: GIS | EsriSession, root: str) -> None:
    """Sync and asynchronous tools, futures, cancel, spatial reference, outputs of every shape."""
    from arcgis import env

    elevation = import_toolbox(f"{root}/Elevation/ESRI_Elevation_World/GPServer", gis=gis)
    view = elevation.viewshed(FeatureSet.from_dict(POINT), MILES)
    check("import_toolbox: a synchronous tool", len(view.features) == 1)

    jobs = import_toolbox(f"{root}/WorldViewshed/GPServer", gis=gis)
    view = jobs.viewshed(FeatureSet.from_dict(POINT), MILES)
    check("import_toolbox: a job, waited for", len(view.features) == 1)
    env.out_spatial_reference = 3857
    view = jobs.viewshed(FeatureSet.from_dict(POINT), MILES)
    env.out_spatial_reference = None
    check("out_spatial_reference", abs(view.features[0].geometry["rings"][0][0][0]) > 1e6)
    job = jobs.viewshed(FeatureSet.from_dict(POINT), MILES, future=True)
    check("future: result", len(job.result().features) == 1)
    check("future: status and messages", job.status == "esriJobSucceeded" and job.messages)

    outcomes = import_toolbox(f"{root}/Simulation/JobOutcomes/GPServer", gis=gis)
    endless = outcomes.never_ends("stop", future=True)
    while endless.status != "esriJobExecuting":
        pass
    check("cancel", endless.cancel())
    try:
        outcomes.fails("now")
    except Exception as error:
        check("a failed job raises", "999999" in str(error) or "fail" in str(error).lower())
    else:
        check("a failed job raises", False)

    several = import_toolbox(f"{root}/DataTypes/OutputsJob/GPServer", gis=gis)
    made = several.several_outputs("four")
    check("several outputs are a named tuple", len(made) >= 2)
    missing = several.missing_outputs("none")
    check("outputs that were not made", missing is not None)


def descriptions(gis: GIS, root: str) -> None:
    """Services and tasks as objects, and what they say of themselves."""
    service = GPService(f"{root}/Elevation/ESRI_Elevation_World/GPServer", gis=gis)
    check("GPService.tasks", [task.name for task in service.tasks] == ["viewshed"])
    check("GPService.info: iteminfo", service.info.item_info)
    check("GPService.info: metadata", service.info.metadata.lstrip().startswith("<"))
    check("GPService.info: thumbnail", len(service.info.thumbnail) > 60)


def uploads(gis: GIS, root: str) -> None:
    """Files in, whole and in parts, and used by a job."""
    service = f"{root}/Files/FileTransfer/GPServer"
    store = Uploads(service, gis)
    check("uploads: info", store.info["maxUploadFileSize"] > 0)
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "points.json")
        with open(path, "w") as file:
            file.write('{"a": 1}')
        item = store.upload(path, description="a few points")
        check("uploads: upload", item.properties["itemName"] == "points.json")
        saved = item._download(folder)
        check("uploads: download", Path(saved).read_text() == '{"a": 1}')
    item_id = item.url.rsplit("/", 1)[-1]
    tools = import_toolbox(service, gis=gis)
    made = tools.zip_file({"itemID": item_id})
    with tempfile.TemporaryDirectory() as folder:
        archive = zipfile.ZipFile(made.download(folder))
        check("an uploaded item is a tool's input", archive.read(archive.namelist()[0]) == b'{"a": 1}')
    parts = store.register("large.bin")
    for number, content in ((1, b"one,"), (2, b"two")):
        parts.upload_by_part(number, io.BytesIO(content), "part.bin")
    check("uploads: parts", len(parts.parts) == 2)
    check("uploads: commit", parts.commit([1, 2]))
    check("uploads: what was committed", gis.session.get(f"{parts.url}/download").content == b"one,two")
    check("uploads: delete", parts.delete() and item.delete())


def signed_in(https: str) -> None:
    """The secured service, with a user of the portal stub."""
    gis = GIS(https, "tester", "tester-password", verify_cert=False)
    check("GIS: signed in", gis.users.me.username == "tester")
    tools = import_toolbox(f"{https}/rest/services/Secured/WorldViewshed/GPServer", gis=gis)
    view = tools.viewshed(FeatureSet.from_dict(POINT), MILES)
    check("a secured job, with a token", len(view.features) == 1)
    descriptions(gis, f"{https}/rest/services")
    uploads(gis, f"{https}/rest/services")


if __name__ == "__main__":
    toolbox(EsriSession(), ROOT)
    signed_in(SECURE)
