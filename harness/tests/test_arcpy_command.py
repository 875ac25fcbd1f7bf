"""`gpharness arcpy SCRIPT …` as a command: its words, its status, Ctrl-C; the façade has tests of its own."""

from __future__ import annotations

import json
import signal
import sys
from urllib.request import ProxyHandler, build_opener

import pytest


@pytest.fixture
def script(tmp_path):
    """Writes a script and returns its path."""

    def write(text):
        file = tmp_path / "script.py"
        file.write_text(text, encoding="utf-8")
        return file

    return write


def test_what_follows_the_script_s_name_is_the_script_s_own(gpharness, script):
    file = script("import arcpy, sys\nprint(arcpy.GetParameterAsText(0), sys.argv[1:])\nsys.exit(7)\n")
    running = gpharness("arcpy", file, "--server", "-x", "a b")
    assert running.status() == 7, running.rest_of(running.err)
    assert running.rest_of(running.out) == ["--server ['--server', '-x', 'a b']"]


def test_a_script_that_is_not_there_is_status_2(told):
    status, _, err = told("arcpy", "nowhere.py")
    assert status == 2
    assert "nowhere.py" in " ".join(err)


@pytest.mark.parametrize("server", ["notaurl", "ftp://gis.example.com", ""])
def test_a_server_that_is_no_address_is_status_2_before_the_script_starts(told, script, server):
    status, out, (said,) = told("arcpy", "--server", server, script("print('started')\n"))
    assert (status, out) == (2, [])
    assert said.startswith("gpharness arcpy: --server: met ")
    assert repr(server) in said


def test_ctrl_c_in_the_middle_of_an_exec_is_status_130_too(gpharness, script):
    running = gpharness("arcpy", script("exec('raise KeyboardInterrupt')\n"))
    assert running.status() == 130
    assert running.rest_of(running.err) == ["gpharness arcpy: interrupted"]


NEVER_ENDS = """
import arcpy
arcpy.ImportToolbox("{server}/services;Simulation/JobOutcomes", "jobs")
result = arcpy.jobs.NeverEnds()
print(result.resultID, flush=True)
while result.status < 4:
    pass
"""


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_ctrl_c_cancels_the_jobs_that_the_script_has_started(gpharness, slow_services, script):
    server = slow_services.removesuffix("/rest/services")
    running = gpharness("arcpy", script(NEVER_ENDS.format(server=server)))
    job = running.line().split("/")[-1]
    running.process.send_signal(signal.SIGINT)
    assert running.status() == 130
    assert not any("Traceback" in line for line in running.rest_of(running.err))
    address = f"{slow_services}/Simulation/JobOutcomes/GPServer/NeverEnds/jobs/{job}?f=json"
    with build_opener(ProxyHandler({})).open(address) as answer:
        assert json.loads(answer.read())["jobStatus"] in ("esriJobCancelling", "esriJobCancelled")
