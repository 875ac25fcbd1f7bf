"""A tool whose outcome could not be written runs again as if for the first time; one whose job is gone has
run in vain."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from gp_mockserver.layers import PARAMETER
from gp_mockserver.lifecycle.sqlite_job_store import SQLiteJobStore
from gp_mockserver.sites import Site
from gp_mockserver.tools.tool_calls import ToolCall, ToolFailed
from gp_protocol.descriptions.descriptors import (
    Direction,
    ExecutionType,
    Parameter,
    ParameterType,
    Service,
    Task,
)
from gp_protocol.values.feature_sets import FeatureSet

TOOL = "Tools/GPServer/Tool"


def made(name: str, data_type: str) -> Parameter:
    derived = ParameterType.DERIVED
    return Parameter(name, data_type, direction=Direction.OUTPUT, parameter_type=derived)


class Ground:
    """A site with a task that makes a file of 100 bytes and as many points as it has run so far; `before` is
    called when it runs. `fail_writes` lets that many writes of the store fail."""

    def __init__(self, folder: Path, options: dict[str, Any]) -> None:
        self.store = SQLiteJobStore(folder / "jobs.db")
        self.site = Site(**options, store=self.store, patience=30)
        self.runs = 0
        self.before: Callable[[], None] = lambda: None
        self._failures = 0
        kind, optional = ExecutionType.ASYNCHRONOUS, ParameterType.OPTIONAL
        name = Parameter(PARAMETER, "GPString", parameter_type=optional, default_value="")
        parameters = (name, made("Points", "GPFeatureRecordSetLayer"), made("File", "GPDataFile"))
        task = Task("Tool", "Tool", execution_type=kind, parameters=parameters)
        self.site.add_service(Service("Tools", execution_type=kind)).add_task(task, self._tool, blocking=True)
        self._write, self.store._file.write = self.store._file.write, self._written  # type: ignore[method-assign]

    def fail_writes(self, count: int) -> None:
        self._failures = count

    def _tool(self, call: ToolCall) -> dict[str, Any]:
        self.runs += 1
        self.before()
        folder = call.scratch / "made"
        folder.mkdir()
        (folder / "file.txt").write_bytes(b"x" * 100)
        points = [{"attributes": {}, "geometry": {"x": 1.0, "y": 1.0}}] * self.runs
        return {"Points": FeatureSet(features=points), "File": folder / "file.txt"}

    def _written(self, *arguments: Any) -> None:
        if self._failures:
            self._failures -= 1
            raise sqlite3.OperationalError("disk I/O error")
        self._write(*arguments)

    def left(self) -> tuple[int, list[str]]:
        """The bytes that count, and the files of jobs."""
        jobs = self.site.directories.root / "arcgisjobs"
        return self.site.uploads.space.taken, [each.name for each in jobs.rglob("*") if each.is_file()]


@pytest.fixture
def ground(tmp_path: Path, fresh: dict[str, Any]) -> Ground:
    return Ground(tmp_path, fresh)


@pytest.fixture
def wire(ground: Ground, open_wire: Any) -> Any:
    return open_wire(ground.site)


def submitted(wire: Any, name: str = "Out", *, overwrite: bool = False) -> str:
    wanted = {"serviceProperties": {"name": name}, "itemProperties": {"overwrite": overwrite}}
    answer = wire.json(f"{TOOL}/submitJob", **{PARAMETER: json.dumps(wanted)})
    wire.clock.advance(10)
    return f"{TOOL}/jobs/{answer['jobId']}"


def points(wire: Any, name: str = "Out") -> int | None:
    """How many points a published layer has; None where there is no such service."""
    answer = wire.json(f"Hosted/{name}/FeatureServer/0/query", returnCountOnly="true")
    return None if "error" in answer else int(answer["count"])


def test_after_an_outcome_that_could_not_be_written_nothing_of_it_is_there(ground: Ground, wire: Any) -> None:
    job = submitted(wire)
    ground.fail_writes(1)
    assert wire.error(job)["code"] == 500
    assert ground.left() == (0, [])
    assert points(wire) is None


def test_the_second_run_has_its_files_and_layers_once(ground: Ground, wire: Any) -> None:
    job = submitted(wire)
    ground.fail_writes(1)
    wire.error(job)
    assert wire.json(job)["jobStatus"] == "esriJobSucceeded"
    assert ground.runs == 2
    assert ground.left() == (100, ["file.txt"])
    assert points(wire) == 2
    url = wire.json(f"{job}/results/File")["value"]["url"]
    assert wire.http.get(url).content == b"x" * 100
    ground.site.store.delete(job.rpartition("/")[2], wire.clock.now())
    assert ground.left() == (0, [])


def test_a_second_run_that_fails_leaves_the_layers_that_it_was_to_overwrite(
    ground: Ground, wire: Any
) -> None:
    first = submitted(wire)
    assert wire.json(first)["jobStatus"] == "esriJobSucceeded"
    second = submitted(wire, overwrite=True)
    ground.fail_writes(1)
    wire.error(second)
    assert points(wire) == 1

    def fail() -> None:
        raise ToolFailed("ERROR 000001: no")

    ground.before = fail
    assert wire.json(second)["jobStatus"] == "esriJobFailed"
    assert points(wire) == 1


def test_a_job_that_is_deleted_while_its_tool_runs_leaves_nothing(ground: Ground, wire: Any) -> None:
    began, released = threading.Event(), threading.Event()

    def hold() -> None:
        began.set()
        assert released.wait(20)

    ground.before = hold
    job = submitted(wire)
    with ThreadPoolExecutor(1) as pool:
        look = pool.submit(wire.get, job, f="json")
        assert began.wait(20)
        ground.site.store.delete(job.rpartition("/")[2], wire.clock.now())
        released.set()
        look.result(20)
    assert ground.left() == (0, [])
    assert points(wire) is None
