"""What jobs and runs may leave: bytes of inputs and outputs in memory, bytes of files on disk."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from gp_mockserver.builtin.builtin_site import builtin_site
from gp_mockserver.lifecycle.clocks import ManualClock
from gp_mockserver.lifecycle.job_store import MemoryJobStore
from gp_mockserver.lifecycle.sqlite_job_store import SQLiteJobStore
from gp_mockserver.limits import Limits
from gp_mockserver.sites import Site
from gp_mockserver.tools.tool_calls import ToolCall

NOTE = "Simulation/JobOutcomes/GPServer"
SUCCEEDS = f"{NOTE}/Succeeds"
NEVER_ENDS = f"{NOTE}/NeverEnds"


@pytest.fixture(params=["memory", "sqlite"])
def crowded(request: Any, open_wire: Any, fresh: dict[str, Any], tmp_path: Path) -> Any:
    """The built-in site with room for 10,000 bytes of jobs."""
    store = MemoryJobStore() if request.param == "memory" else SQLiteJobStore(tmp_path / "jobs.db")
    return open_wire(builtin_site(**fresh, store=store, limits=Limits(jobs_memory=10_000)))


def submit(wire: Any, task: str, size: int) -> Any:
    return wire.post(f"{task}/submitJob", f="json", Note="a" * size).json()


def test_a_job_for_which_there_is_no_room_is_refused_and_the_others_go_on(crowded: Any) -> None:
    kept = [submit(crowded, NEVER_ENDS, 3000)["jobId"] for _ in range(3)]
    error = submit(crowded, NEVER_ENDS, 3000)["error"]
    assert error["code"] == 500
    assert "jobs take" in error["details"][0]
    assert "expected at most 10000" in error["details"][0]
    assert "limits.jobsMemory" in error["details"][0]
    assert crowded.site.store.ids() == kept
    assert "jobStatus" in crowded.json(f"{NEVER_ENDS}/jobs/{kept[0]}")


@pytest.mark.parametrize("kind", [MemoryJobStore, SQLiteJobStore])
def test_a_store_that_is_full_says_so_and_names_the_setting(
    open_wire: Any, fresh: dict[str, Any], tmp_path: Path, kind: Any
) -> None:
    store = kind(max_jobs=2) if kind is MemoryJobStore else kind(tmp_path / "jobs.db", max_jobs=2)
    wire = open_wire(builtin_site(**fresh, store=store))
    assert all("jobId" in submit(wire, NEVER_ENDS, 1) for _ in range(2))
    (detail,) = submit(wire, NEVER_ENDS, 1)["error"]["details"]
    assert detail == (
        "the store is full: met 2 jobs of which none has ended, and one more, expected at most 2: "
        "cancel some; the site's jobs.maxJobs says how many"
    )


def test_jobs_that_have_ended_make_room_the_oldest_first(crowded: Any) -> None:
    ended = [submit(crowded, SUCCEEDS, 3000)["jobId"] for _ in range(3)]
    crowded.clock.advance(10)
    newest = submit(crowded, NEVER_ENDS, 5000)["jobId"]
    assert crowded.site.store.ids() == [ended[2], newest]


def test_a_job_larger_than_all_room_is_refused_and_drives_out_nobody(crowded: Any) -> None:
    ended = submit(crowded, SUCCEEDS, 3000)["jobId"]
    crowded.clock.advance(10)
    assert "limits.jobsMemory" in submit(crowded, NEVER_ENDS, 11_000)["error"]["details"][0]
    assert crowded.site.store.ids() == [ended]


def test_room_comes_back_with_each_job_that_goes(crowded: Any) -> None:
    for _ in range(50):
        job_id = submit(crowded, NEVER_ENDS, 9000)["jobId"]
        assert crowded.site.store.delete(job_id, crowded.clock.now())
    assert "jobId" in submit(crowded, NEVER_ENDS, 9000)


def test_outputs_for_which_there_is_no_room_fail_their_job(crowded: Any) -> None:
    job_id = submit(crowded, SUCCEEDS, 6000)["jobId"]  # its output repeats its input
    crowded.clock.advance(10)
    answer = crowded.json(f"{SUCCEEDS}/jobs/{job_id}")
    assert answer["jobStatus"] == "esriJobFailed"
    assert any("limits.jobsMemory" in message["description"] for message in answer["messages"])


def test_outputs_count_and_jobs_that_have_ended_make_room_for_them(crowded: Any) -> None:
    first, second = (submit(crowded, SUCCEEDS, 2900)["jobId"] for _ in range(2))
    crowded.clock.advance(10)
    for job_id in (first, second):
        assert crowded.json(f"{SUCCEEDS}/jobs/{job_id}")["jobStatus"] == "esriJobSucceeded"
    assert crowded.site.store.ids() == [second]


def test_what_jobs_take_is_counted_again_after_a_restart(tmp_path: Path) -> None:
    def open_site() -> Site:
        store = SQLiteJobStore(tmp_path / "jobs.db")
        return builtin_site(store=store, clock=ManualClock(), limits=Limits(jobs_memory=10_000))

    import httpx
    from gp_mockserver.server import serve

    for expected in ("jobId", "error"):
        with serve(open_site()) as server:
            url = f"{server.url}/rest/services/{NEVER_ENDS}/submitJob"
            answer = httpx.post(url, data={"f": "json", "Note": "a" * 6000}, trust_env=False).json()
        assert expected in answer


def site_with_files(fresh: dict[str, Any], limit: int) -> Site:
    """A site whose tools write files of a size that is asked for, in a job and in a synchronous run."""
    site = Site(**fresh, limits=Limits(stored=limit))

    def write(call: ToolCall, size: int) -> Path:
        path: Path = call.scratch / "out.bin"
        path.write_bytes(bytes(size))
        return path

    @site.task("Files/Job", execution="async")
    def job(call: ToolCall, Size: int) -> Path:
        return write(call, Size)

    @site.task("Files2/Run", execution="sync")
    def run(call: ToolCall, Size: int) -> Path:
        return write(call, Size)

    return site


def ended_job(wire: Any, size: int) -> dict[str, Any]:
    job_id = wire.json("Files/GPServer/Job/submitJob", Size=size)["jobId"]
    wire.clock.advance(100)
    return dict(wire.json(f"Files/GPServer/Job/jobs/{job_id}"))


def url_of(answer: Any) -> str:
    (result,) = answer["results"]
    return str(result["value"]["url"])


def test_a_job_whose_files_are_too_much_fails_and_they_go(open_wire: Any, fresh: dict[str, Any]) -> None:
    wire = open_wire(site_with_files(fresh, 10_000))
    first = ended_job(wire, 6000)
    assert first["jobStatus"] == "esriJobSucceeded"
    second = ended_job(wire, 6000)
    assert second["jobStatus"] == "esriJobFailed"
    assert any(
        "6000 bytes, and the site keeps at most 10000 bytes of files: its limits.stored"
        in each["description"]
        for each in second["messages"]
    )
    assert len(list(wire.site.directories.root.rglob("out.bin"))) == 1


def test_the_files_of_a_job_that_goes_make_room(open_wire: Any, fresh: dict[str, Any]) -> None:
    wire = open_wire(site_with_files(fresh, 10_000))
    for _ in range(5):
        job = ended_job(wire, 9000)
        assert job["jobStatus"] == "esriJobSucceeded"
        assert wire.site.store.delete(job["jobId"], wire.clock.now())
    assert wire.site.uploads.space.taken == 0


def test_the_oldest_outputs_of_runs_make_room(open_wire: Any, fresh: dict[str, Any]) -> None:
    wire = open_wire(site_with_files(fresh, 10_000))
    urls = [url_of(wire.json("Files2/GPServer/Run/execute", Size=4000)) for _ in range(3)]
    assert [wire.http.get(url).status_code for url in urls] == [404, 200, 200]
    assert ended_job(wire, 9000)["jobStatus"] == "esriJobSucceeded"
    assert [wire.http.get(url).status_code for url in urls] == [404, 404, 404]


def test_a_run_whose_file_is_too_much_fails(open_wire: Any, fresh: dict[str, Any]) -> None:
    wire = open_wire(site_with_files(fresh, 10_000))
    error = wire.error("Files2/GPServer/Run/execute", Size=10_001)
    assert error["code"] == 400
    assert "limits.stored" in error["details"][0]
    assert list(wire.site.directories.root.rglob("*.bin")) == []
    assert wire.site.uploads.space.taken == 0


def test_files_that_outlive_a_restart_count_again(
    tmp_path: Path, open_wire: Any, fresh: dict[str, Any]
) -> None:
    options = fresh | {"store": SQLiteJobStore(tmp_path / "jobs.db")}
    wire = open_wire(site_with_files(options, 10_000))
    assert ended_job(wire, 7000)["jobStatus"] == "esriJobSucceeded"
    wire.site.close()
    again = site_with_files(fresh | {"store": SQLiteJobStore(tmp_path / "jobs.db")}, 10_000)
    assert again.uploads.space.taken == 7000
    again.close()
