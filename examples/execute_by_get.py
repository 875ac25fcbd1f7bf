"""Run a synchronous task by an address alone, as one types it into a browser.

The distance is in single quotes, and the two environment settings are there but empty.

    python execute_by_get.py [TASK_URL]
"""

import json
import os
import sys
from urllib.request import urlopen

TASK_URL = "http://127.0.0.1:8585/arcgis/rest/services/Elevation/ESRI_Elevation_World/GPServer/Viewshed"

task_url = sys.argv[1] if len(sys.argv) > 1 else os.environ.get("GP_TASK_URL", TASK_URL)

query = (
    "Input_Observation_Point={%22geometryType%22%3A%22esriGeometryPoint%22%2C"
    "%22spatialReference%22%3A{%22wkid%22%3A54003}%2C"
    "%27features%27%3A[{%27geometry%27%3A{%27x%27%3A-13308192.1956127%2C%27y%27%3A4221903.58555983}}]}"
    "&Viewshed_Distance={+%27distance%27+%3A+8.5%2C+%27units%27+%3A+%27esriMiles%27+}"
    "&env%3AoutSR=&env%3AprocessSR=&f=pjson"
)

with urlopen(f"{task_url}/execute?{query}") as response:
    answer = json.loads(response.read().decode("utf-8"))

if "error" in answer:
    sys.exit(f"the server refused: {answer['error']}")

for result in answer["results"]:
    value = result["value"]
    print(
        f"{result['paramName']}: {len(value['features'])} visible area(s), "
        f"spatial reference {value['spatialReference']['wkid']}"
    )
