"""How inputs are read, and that what submitJob has read is not read again when the job runs."""

from __future__ import annotations

import httpx
import pytest
from gp_mockserver.builtin.builtin_site import builtin_site
from gp_mockserver.lifecycle.clocks import JumpingClock
from gp_mockserver.operations import runs
from gp_mockserver.running import job_progress
from gp_mockserver.running.inputs_read import LONGEST, MOST, InputsRead
from gp_mockserver.running.task_inputs import BadInputs, read_inputs
from gp_mockserver.server import serve
from gp_protocol.descriptions.descriptors import Parameter, Task
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
