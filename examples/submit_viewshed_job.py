"""Run an asynchronous task: submit a job, ask for its status until it has ended, fetch its results.

    python submit_viewshed_job.py [TASK_URL]

GP_POLL_SECONDS sets the pause between two questions, one second unless set.
"""

import json
import os
import sys
import time
from urllib.parse import urlencode
from urllib.request import Request, urlopen

TASK_URL = "http://127.0.0.1:8585/arcgis/rest/services/WorldViewshed/GPServer/viewshed"
UNFINISHED = ("esriJobNew", "esriJobSubmitted", "esriJobWaiting", "esriJobExecuting")


def send(url, parameters):
    """The JSON answer to a POST of these parameters."""
    request = Request(url, urlencode(parameters).encode("utf-8"))
    with urlopen(request) as response:
        answer = json.loads(response.read().decode("utf-8"))
    if "error" in answer:
        sys.exit(f"the server refused: {answer['error']}")
    return answer


task_url = sys.argv[1] if len(sys.argv) > 1 else os.environ.get("GP_TASK_URL", TASK_URL)
pause = float(os.environ.get("GP_POLL_SECONDS", "1"))

observer = {
    "geometryType": "esriGeometryPoint",
    "spatialReference": {"wkid": 54003},
    "features": [{"geometry": {"x": -13308192.1956127, "y": 4221903.58555983}}],
}
distance = {"distance": 8.5, "units": "esriMiles"}

job = send(
    f"{task_url}/submitJob",
    {"Input_Observation_Point": observer, "Viewshed_Distance": distance, "f": "pjson"},
)
job_url = f"{task_url}/jobs/{job['jobId']}"

while job["jobStatus"] in UNFINISHED:
    print(f"{job['jobStatus']}: asking again")
    time.sleep(pause)
    job = send(job_url, {"f": "json"})

print(job["jobStatus"])
if job["jobStatus"] != "esriJobSucceeded":
    for message in job["messages"]:
        print(f"{message['type']}: {message['description']}")
    sys.exit(1)

for name, where in job["results"].items():
    result = send(f"{job_url}/{where['paramUrl']}", {"f": "json"})
    value = result["value"]
    print(
        f"{name}: {len(value['features'])} visible area(s), "
        f"spatial reference {value['spatialReference']['wkid']}"
    )
