"""Run a synchronous task: one POST, and the answer holds the results.

The parameters go as the text of Python dicts, which a geoprocessing service reads as it reads JSON.

    python execute_viewshed.py [TASK_URL]
"""

import json
import os
import sys
from urllib.parse import urlencode
from urllib.request import Request, urlopen

TASK_URL = "http://127.0.0.1:8585/arcgis/rest/services/Elevation/ESRI_Elevation_World/GPServer/Viewshed"

task_url = sys.argv[1] if len(sys.argv) > 1 else os.environ.get("GP_TASK_URL", TASK_URL)

observer = {
    "geometryType": "esriGeometryPoint",
    "spatialReference": {"wkid": 54003},
    "features": [{"geometry": {"x": -13308192.1956127, "y": 4221903.58555983}}],
}
distance = {"distance": 8.5, "units": "esriMiles"}
parameters = {"Input_Observation_Point": observer, "Viewshed_Distance": distance, "f": "pjson"}

request = Request(f"{task_url}/execute", urlencode(parameters).encode("utf-8"))
with urlopen(request) as response:
    answer = json.loads(response.read().decode("utf-8"))

if "error" in answer:
    sys.exit(f"the server refused: {answer['error']}")

for result in answer["results"]:
    features = result["value"]["features"]
    wkid = result["value"]["spatialReference"]["wkid"]
    print(f"{result['paramName']}: {len(features)} visible area(s), spatial reference {wkid}")
    for feature in features:
        xs = [x for ring in feature["geometry"]["rings"] for x, y, *_ in ring]
        ys = [y for ring in feature["geometry"]["rings"] for x, y, *_ in ring]
        print(f"  from x {min(xs):.0f}, y {min(ys):.0f} to x {max(xs):.0f}, y {max(ys):.0f}")
