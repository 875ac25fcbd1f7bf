"""How inputs are read, and that what submitJob has read is not read again when the job runs."""

from __future__ import annotations

import json

import httpx
import pytest
from gp_mockserver.builtin.builtin_site import builtin_site
from gp_mockserver.lifecycle.clocks import JumpingClock, ManualClock
from gp_mockserver.operations import runs
from gp_mockserver.running import job_progress
from gp_mockserver.running.inputs_read import LONGEST, MOST, InputsRead
from gp_mockserver.running.task_inputs import BadInputs, read_inputs
from gp_mockserver.server import serve
from gp_mockserver.sites import Site
from gp_protocol.descriptions.descriptors import ExecutionType, Parameter, ParameterType, Service, Task
from gp_protocol.versions import profile

TASK, OTHER = (Task("Echo", "Echo", parameters=()) for _ in range(2))


def test_inputs_are_taken_once_and_only_for_the_parameters_that_they_were_read_from() -> None:
    kept = InputsRead()
    for job_id in ("j1", "j2", "j3"):
        kept.keep(job_id, TASK, b"{}", {"A": job_id})
    assert kept.take("j1", TASK, b"{}") == {"A": "j1"}
    assert kept.take("j1", TASK, b"{}") is None, "a second run reads them anew"
    assert kept.take("j2", TASK, b'{"A":"3"}') is None, "another submission under the same id"
    assert kept.take("j3", OTHER, b"{}") is None, "the task has been described anew since"


def test_the_last_short_ones_alone_are_kept() -> None:
    kept = InputsRead()
    for number in range(MOST + 1):
        kept.keep(f"j{number}", TASK, b"{}", {"A": number})
    kept.keep("long", TASK, b"x" * (LONGEST + 1), {"A": 0})
    assert kept.take("long", TASK, b"x" * (LONGEST + 1)) is None
    assert kept.take("j0", TASK, b"{}") is None
    assert kept.take("j1", TASK, b"{}") == {"A": 1}


def test_a_job_reads_its_inputs_once(monkeypatch: pytest.MonkeyPatch) -> None:
    read = []
    for module in (runs, job_progress):
        whole = module.read_inputs
        monkeypatch.setattr(
            module,
            "read_inputs",
            lambda *given, whole=whole, name=module.__name__: read.append(name) or whole(*given),
        )
    with serve(builtin_site(clock=JumpingClock())) as server, httpx.Client() as http:
        task = f"{server.url}/rest/services/DataTypes/EchoJob/GPServer/Echo"
        job = http.post(f"{task}/submitJob", data={"f": "json", "In_GPLong": "7"}).json()["jobId"]
        while http.get(f"{task}/jobs/{job}?f=json").json()["jobStatus"] != "esriJobSucceeded":
            pass
        value = http.get(f"{task}/jobs/{job}/results/Out_GPLong?f=json").json()["value"]
    assert value == 7
    assert read == [runs.__name__]


@pytest.mark.parametrize("data_type", ["GPFeatureRecordSetLayer", "GPRecordSet"])
def test_a_default_without_a_row_does_not_stand_for_a_required_set(data_type: str) -> None:
    schema = {"fields": [{"name": "A", "type": "esriFieldTypeInteger", "alias": "A"}], "features": []}
    table = Parameter("Rows", data_type, default_value=schema)
    task = Task("Count", "Count", parameters=(table,))
    with pytest.raises(BadInputs) as caught:
        read_inputs(task, {}, profile("11.1"))
    assert caught.value.missing == [table]
    read_inputs(task, {"Rows": '{"features":[{"attributes":{"A":1}}]}'}, profile("11.1"))


def test_a_job_that_has_not_begun_does_not_run_its_tool() -> None:
    clock, ran = ManualClock(), []
    site = Site(clock=clock)

    @site.task("Tools/Count")
    def count(number: int = 1) -> int:
        ran.append(number)
        return number

    site.task("Tools/Count").holds_at("submitted")
    with serve(site) as server, httpx.Client() as http:
        task = f"{server.url}/rest/services/Tools/GPServer/Count"
        job = http.post(f"{task}/submitJob", data={"f": "json", "number": "3"}).json()["jobId"]
        polled = http.get(f"{task}/jobs/{job}?f=json").json()["jobStatus"]
        early = http.get(f"{task}/jobs/{job}/results/result?f=json").json()
        assert (polled, early["error"]["code"], ran) == ("esriJobSubmitted", 400, [])
        site.release(job)
        clock.advance(60)
        assert http.get(f"{task}/jobs/{job}?f=json").json()["jobStatus"] == "esriJobSucceeded"
        assert ran == [3]


def test_an_input_that_is_called_as_what_is_not_kept_of_a_request_is_not_given_to_the_run() -> None:
    site = Site(clock=JumpingClock())
    given = []
    named = Parameter("token", "GPString", parameter_type=ParameterType.OPTIONAL, default_value="none")
    kind = ExecutionType.ASYNCHRONOUS
    service = site.add_service(Service("Tools", execution_type=kind))
    service.add_task(
        Task("Tell", "Tell", execution_type=kind, parameters=(named,)),
        lambda call: given.append(call.inputs["token"]) or {},
    )
    with serve(site) as server, httpx.Client() as http:
        task = f"{server.url}/rest/services/Tools/GPServer/Tell"
        job = http.post(f"{task}/submitJob", data={"f": "json", "token": "a-secret"}).json()["jobId"]
        while http.get(f"{task}/jobs/{job}?f=json").json()["jobStatus"] != "esriJobSucceeded":
            pass
    assert given == ["none"]


def test_a_result_lies_where_the_first_features_of_the_inputs_do() -> None:
    site = builtin_site(clock=JumpingClock())
    here = {"geometryType": "esriGeometryPoint", "spatialReference": {"wkid": 4326}}
    made = {**here, "features": [{"geometry": {"x": 1, "y": 2}}]}
    site.task("WorldViewshed/viewshed").succeeds({"Viewshed_Result": {"features": [], **here}})
    point = {"spatialReference": {"wkid": 3857}, "features": [{"geometry": {"x": 111319.49, "y": 222684.2}}]}
    with serve(site) as server, httpx.Client() as http:
        task = f"{server.url}/rest/services/WorldViewshed/GPServer/viewshed"
        for sent, wkid in ((point, 3857), (made, 4326)):
            form = {"f": "json", "Input_Observation_Point": json.dumps(sent)}
            job = http.post(f"{task}/submitJob", data=form).json()["jobId"]
            while http.get(f"{task}/jobs/{job}?f=json").json()["jobStatus"] != "esriJobSucceeded":
                pass
            value = http.get(f"{task}/jobs/{job}/results/Viewshed_Result?f=json").json()["value"]
            reference = value["spatialReference"]
            assert reference.get("latestWkid", reference["wkid"]) == wkid
