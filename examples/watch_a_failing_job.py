"""Submit a job that is going to fail, and read why from its messages.

    python watch_a_failing_job.py [TASK_URL]

GP_POLL_SECONDS sets the pause between two questions, one second unless set. A failed job is what this is
about: any other end gives status 1.
"""

import json
import os
import sys
import time
from urllib.parse import urlencode
from urllib.request import Request, urlopen

TASK_URL = "http://127.0.0.1:8585/arcgis/rest/services/Simulation/JobOutcomes/GPServer/Fails"
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

job = send(f"{task_url}/submitJob", {"Note": "it's meant to fail", "f": "json"})
job_url = f"{task_url}/jobs/{job['jobId']}"

while job["jobStatus"] in UNFINISHED:
    time.sleep(pause)
    job = send(job_url, {"f": "json"})

print(job["jobStatus"])
for message in job["messages"]:
    if message["type"] == "esriJobMessageTypeError":
        print(f"error: {message['description']}")

sys.exit(0 if job["jobStatus"] == "esriJobFailed" else 1)
