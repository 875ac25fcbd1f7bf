"""The example scripts, run as processes of their own against a served site."""

from __future__ import annotations

import ast
import json
import os
import re
import shutil
import subprocess
from urllib.request import ProxyHandler, build_opener

import pytest

SYNCHRONOUS = "Elevation/ESRI_Elevation_World/GPServer/Viewshed"
ASYNCHRONOUS = "WorldViewshed/GPServer/viewshed"
FAILING = "Simulation/JobOutcomes/GPServer/Fails"


@pytest.mark.parametrize(
    ("script", "task", "said"),
    [
        ("execute_viewshed.py", SYNCHRONOUS, "Viewshed_Result: 1 visible area(s), spatial reference 54003"),
        ("execute_by_get.py", SYNCHRONOUS, "Viewshed_Result: 1 visible area(s), spatial reference 54003"),
        (
            "submit_viewshed_job.py",
            ASYNCHRONOUS,
            "Viewshed_Result: 1 visible area(s), spatial reference 54003",
        ),
        ("watch_a_failing_job.py", FAILING, "esriJobFailed"),
    ],
)
def test_a_script_runs_the_task_at_the_address_it_is_given(start, services, checkout, script, task, said):
    running = start(checkout / "examples" / script, f"{services}/{task}", GP_POLL_SECONDS="0")
    assert running.status() == 0
    assert said in running.rest_of(running.out)


def test_a_script_takes_the_address_from_the_environment_too(start, services, checkout):
    running = start(checkout / "examples" / "execute_by_get.py", GP_TASK_URL=f"{services}/{SYNCHRONOUS}")
    assert running.status() == 0


def test_the_visible_area_lies_within_the_distance_of_the_point(start, services, checkout):
    running = start(checkout / "examples" / "execute_viewshed.py", f"{services}/{SYNCHRONOUS}")
    assert running.status() == 0
    line = running.rest_of(running.out)[1]
    west, south, east, north = map(float, re.findall(r"-?\d+", line))
    assert west < -13308192 < east
    assert south < 4221903 < north
    reach = 8.5 * 1609.344
    # At some 35.6 degrees north, a meter on the ground is 1 / cos(latitude) meters wide in this projection.
    assert east - west <= 2 * reach / 0.81 + 1


def test_a_script_says_what_the_server_refused(start, services, checkout):
    running = start(checkout / "examples" / "execute_viewshed.py", f"{services}/{ASYNCHRONOUS}")
    assert running.status() == 1
    assert "the server refused" in running.rest_of(running.err)[-1]


def test_a_function_is_served_as_a_task(start, checkout):
    services = start(checkout / "examples" / "serve_your_own_task.py", "0").url()
    task = f"{services}/Roads/TreesToPlant/GPServer/Count"
    execute = task + "/execute?Road=%7B%27distance%27%3A2%2C%27units%27%3A%27esriKilometers%27%7D&f=json"
    with build_opener(ProxyHandler({})).open(execute) as response:
        answer = json.loads(response.read())
    assert answer["results"] == [{"paramName": "Trees", "dataType": "GPLong", "value": 251}]
    with build_opener(ProxyHandler({})).open(f"{task}?f=json") as response:
        parameters = json.loads(response.read())["parameters"]
    assert [(each["name"], each["dataType"], each["defaultValue"]) for each in parameters[:2]] == [
        ("Road", "GPLinearUnit", None),
        ("Spacing", "GPDouble", 8.0),
    ]


@pytest.mark.skipif(not (shutil.which("curl") and shutil.which("bash")), reason="needs curl and bash")
def test_the_lines_that_the_example_of_a_function_gives_call_it(start, checkout):
    script = checkout / "examples" / "serve_your_own_task.py"
    services = start(script, "0").url()
    docstring = ast.get_docstring(ast.parse(script.read_text(encoding="utf-8")))
    lines = docstring[docstring.index("curl ") :]
    assert "http://127.0.0.1:8585/arcgis/rest/services/" in lines
    done = subprocess.run(
        ["bash", "-c", lines.replace("http://127.0.0.1:8585/arcgis/rest/services", services)],
        capture_output=True,
        encoding="utf-8",
        timeout=50,
        env={"PATH": os.environ["PATH"], "no_proxy": "127.0.0.1"},
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["results"] == [{"paramName": "Trees", "dataType": "GPLong", "value": 251}]


def test_the_site_file_is_served_with_its_rule(gpharness, checkout):
    services = gpharness(
        "serve", checkout / "examples" / "sites" / "noise.yaml", "--port", "0", "--clock", "jump"
    ).url()
    assert services.endswith("/gis/rest/services")
    task = f"{services}/Planning/Noise/GPServer/Noise%20Zone"

    def run(form):
        opener = build_opener(ProxyHandler({}))
        with opener.open(f"{task}/submitJob", form.encode()) as response:
            job = json.loads(response.read())
        while job["jobStatus"] not in ("esriJobSucceeded", "esriJobFailed"):
            with opener.open(f"{task}/jobs/{job['jobId']}?f=json") as response:
                job = json.loads(response.read())
        return job

    source = "Source={'features':[{'geometry':{'x':1,'y':2}}]}&f=json"
    near = run(f"{source}&Night=true")
    assert near["jobStatus"] == "esriJobSucceeded"
    with build_opener(ProxyHandler({})).open(
        f"{task}/jobs/{near['jobId']}/results/Report?f=json"
    ) as response:
        assert json.loads(response.read())["value"] == "Heard within 250 esriMeters at night."
    far = run(f"{source}&Reach={{'distance':6000,'units':'esriMeters'}}")
    assert far["jobStatus"] == "esriJobFailed"
    assert "ERROR 000800: Reach: nothing is heard that far away." in [
        message["description"] for message in far["messages"]
    ]
    reach = "&Reach={'distance':%s,'units':'esriKilometers'}"
    assert run(source + reach % 6)["jobStatus"] == "esriJobFailed"
    assert run(source + reach % 4)["jobStatus"] == "esriJobSucceeded"
