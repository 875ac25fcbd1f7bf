"""A site whose jobs stand in a file, seen over HTTP before and after its server ends, however it ends."""

from __future__ import annotations

import json
import logging
import os
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from gp_mockserver.builtin.builtin_site import builtin_site
from gp_mockserver.configuration.site_files import load_site
from gp_mockserver.errors import MockServerError, SiteFileError
from gp_mockserver.lifecycle.clocks import EPOCH, JumpingClock, ManualClock
from gp_mockserver.lifecycle.sqlite_job_store import SQLiteJobStore
from gp_mockserver.server import serve
from gp_mockserver.sites import Site

SUCCEEDS = "Simulation/JobOutcomes/GPServer/Succeeds"
ZIP = "Files/FileTransfer/GPServer/ZipFile"
SITE_FILE = """
jobs: {store: jobs.db, maxJobs: 7}
services:
  Tools:
    executionType: asynchronous
    instances: 1
    tasks: [{name: Task, parameters: {Text: GPString}}]
"""


class Served:
    """The process of `gpharness serve`."""

    def __init__(self, *words: str | Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "gpharness", "serve", "--port", "0", *map(str, words)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={name: value for name, value in os.environ.items() if not name.startswith("GPHARNESS_")},
        )

    def url(self) -> str:
        """The services address, once it is served."""
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip().removeprefix("serving ")

    def end(self, number: signal.Signals = signal.SIGTERM) -> tuple[int, str]:
        """The exit status after this signal, and what was said on stderr."""
        self.process.send_signal(number)
        _, said = self.process.communicate(timeout=20)
        return self.process.returncode, said


Start = Callable[..., Served]


@pytest.fixture
def start() -> Iterator[Start]:
    started: list[Served] = []

    def start_server(*words: str | Path) -> Served:
        started.append(Served(*words))
        return started[-1]

    yield start_server
    for served in started:
        served.process.kill()
        served.process.communicate()


def submit_until_it_is_killed(url: str, acknowledged: list[str], enough: threading.Event, many: int) -> None:
    """Submit jobs on one connection until it breaks, and note those that were acknowledged in full."""
    parts = urlsplit(url)
    connection = HTTPConnection(parts.hostname or "", parts.port, timeout=10)
    with suppress(OSError, HTTPException, ValueError):
        while True:
            connection.request("GET", f"{parts.path}/{SUCCEEDS}/submitJob?f=json&Note=storm")
            acknowledged.append(json.loads(connection.getresponse().read())["jobId"])
            if len(acknowledged) >= many:
                enough.set()
    connection.close()


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_no_job_that_was_acknowledged_is_lost_when_the_server_is_killed(start: Start, tmp_path: Path) -> None:
    words = ("--store", tmp_path / "jobs.db", "--clock", "x600")
    served = start(*words)
    url = served.url()
    noted: list[list[str]] = [[] for _ in range(4)]
    enough = threading.Event()
    threads = [
        threading.Thread(target=submit_until_it_is_killed, args=(url, ids, enough, 100)) for ids in noted
    ]
    for thread in threads:
        thread.start()
    assert enough.wait(20)
    served.process.send_signal(signal.SIGKILL)
    for thread in threads:
        thread.join(20)
    acknowledged = [job_id for ids in noted for job_id in ids]
    assert len(acknowledged) >= 100
    with httpx.Client(base_url=f"{start(*words).url()}/{SUCCEEDS}/", timeout=10) as http:
        for job_id in acknowledged:
            answer: dict[str, Any] = {}
            while answer.get("jobStatus") not in ("esriJobSucceeded", "esriJobFailed"):
                answer = http.get(f"jobs/{job_id}", params={"f": "json"}).json()
                assert answer.get("jobId") == job_id
            assert answer["jobStatus"] == "esriJobSucceeded"
        assert http.get(f"jobs/{acknowledged[-1]}").status_code == 200
        later = {http.get("submitJob", params={"f": "json"}).json()["jobId"] for _ in acknowledged}
    assert not later & set(acknowledged)


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_a_job_its_result_and_its_file_are_there_after_a_normal_end(start: Start, tmp_path: Path) -> None:
    store = tmp_path / "jobs.db"
    words = ("--store", store, "--clock", "x600")
    served = start(*words)
    with httpx.Client(base_url=f"{served.url()}/{ZIP}/", timeout=10) as http:
        job_id = http.get("submitJob", params={"f": "json"}).json()["jobId"]
        while http.get(f"jobs/{job_id}", params={"f": "json"}).json()["jobStatus"] != "esriJobSucceeded":
            pass
        result = http.get(f"jobs/{job_id}/results/Output_File", params={"f": "json"}).json()
        file = http.get(result["value"]["url"]).content
    assert file.startswith(b"PK")
    assert served.end() == (0, "")
    assert sorted(each.name for each in tmp_path.iterdir()) == ["jobs.db", "jobs.db.files"]
    with httpx.Client(base_url=f"{start(*words).url()}/{ZIP}/", timeout=10) as http:
        again = http.get(f"jobs/{job_id}/results/Output_File", params={"f": "json"}).json()
        assert http.get(again["value"]["url"]).content == file


# The command line


def test_a_store_in_use_and_a_file_of_another_kind_are_one_line_and_status_2(
    start: Start, tmp_path: Path
) -> None:
    store = SQLiteJobStore(tmp_path / "used.db")
    (tmp_path / "notes.txt").write_text("not a store\n")
    for name, said in (("used.db", "another site has it open"), ("notes.txt", "a file of another kind")):
        process = start("--store", tmp_path / name).process
        out, err = process.communicate(timeout=20)
        assert (process.returncode, out) == (2, "")
        (line,) = err.splitlines()
        assert line.startswith(f"gpharness serve: job store {tmp_path / name}: ")
        assert said in line
    store.close(0)


def test_one_store_for_two_sites_is_refused_with_the_remedy(start: Start, tmp_path: Path) -> None:
    files = [tmp_path / "a.yaml", tmp_path / "b.yaml"]
    for file in files:
        file.write_text(f"context: {file.stem}\n{SITE_FILE}")
    process = start(*files, "--store", tmp_path / "jobs.db").process
    _, err = process.communicate(timeout=20)
    assert process.returncode == 2
    assert "keeps the jobs of one site" in err
    assert "`jobs: {store: FILE}`" in err
    assert not (tmp_path / "jobs.db").exists()


def test_a_store_and_reload_do_not_go_together(start: Start, tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(SITE_FILE)
    process = start(tmp_path / "a.yaml", "--reload").process
    _, err = process.communicate(timeout=20)
    assert process.returncode == 2
    assert "--reload forgets jobs and a store keeps them" in err


# The site file


def test_a_site_file_names_its_store_beside_it(tmp_path: Path) -> None:
    (tmp_path / "site.yaml").write_text(SITE_FILE)
    site = load_site(tmp_path / "site.yaml")
    assert isinstance(site.store, SQLiteJobStore)
    assert site.store.max_jobs == 7
    assert (tmp_path / "jobs.db").exists()
    with pytest.raises(MockServerError, match="another site has it open"):
        load_site(tmp_path / "site.yaml")
    site.close()
    other = load_site(tmp_path / "site.yaml", store=tmp_path / "other.db")
    assert (tmp_path / "other.db").exists()
    other.close()


@pytest.mark.parametrize("name", ["../jobs.db", "/tmp/jobs.db", ".", '"\\0"'])
def test_a_site_file_names_no_store_elsewhere(tmp_path: Path, name: str) -> None:
    (tmp_path / "site.yaml").write_text(SITE_FILE.replace("jobs.db", name))
    with pytest.raises(SiteFileError, match=r"jobs\.store: met .*, expected a file below"):
        load_site(tmp_path / "site.yaml")


def test_a_site_that_cannot_be_loaded_leaves_its_store_free(tmp_path: Path) -> None:
    file = tmp_path / "site.yaml"
    file.write_text(SITE_FILE.replace("GPString", "GPStrung"))
    with pytest.raises(SiteFileError):
        load_site(file)
    file.write_text(SITE_FILE)
    load_site(file).close()


# Ids, time, files


def ids_of(site: Site, many: int = 3) -> list[str]:
    return [site.new_job_id() for _ in range(many)]


def test_ids_are_those_of_the_seed_at_first_and_never_come_again(tmp_path: Path) -> None:
    seen = ids_of(Site("gis", seed=7))
    for run in range(3):
        site = Site("gis", seed=7, store=SQLiteJobStore(tmp_path / "jobs.db"))
        ids = ids_of(site)
        site.close()
        assert (ids == seen[:3]) if run == 0 else not set(ids) & set(seen)
        seen += ids


@pytest.mark.parametrize("clock", [ManualClock, JumpingClock])
def test_the_time_of_a_site_goes_on_where_it_ended(tmp_path: Path, clock: type[ManualClock]) -> None:
    site = Site(clock=clock(EPOCH + 1000), store=SQLiteJobStore(tmp_path / "jobs.db"))
    site.close()
    site = Site(clock=clock(), store=SQLiteJobStore(tmp_path / "jobs.db"))
    assert site.clock.now() == EPOCH + 1000
    site.close()


def finished_file_job(wire: Any) -> tuple[str, str]:
    """The id of a job that wrote a file, and the file's address."""
    job_id = wire.json(f"{ZIP}/submitJob")["jobId"]
    wire.clock.advance(10)
    assert wire.json(f"{ZIP}/jobs/{job_id}")["jobStatus"] == "esriJobSucceeded"
    return job_id, wire.json(f"{ZIP}/jobs/{job_id}/results/Output_File")["value"]["url"]


@pytest.mark.parametrize("kind", ["memory", "sqlite"])
@pytest.mark.parametrize("how", ["deleted", "forgotten"])
def test_the_files_of_a_job_go_with_it(
    open_wire: Any, fresh: dict[str, Any], tmp_path: Path, kind: str, how: str
) -> None:
    store = SQLiteJobStore(tmp_path / "jobs.db") if kind == "sqlite" else None
    wire = open_wire(builtin_site(**fresh, store=store))
    job_id, url = finished_file_job(wire)
    kept_id, kept_url = finished_file_job(wire)
    assert wire.http.get(url).status_code == 200
    folders = list(wire.site.directories.root.glob("arcgisjobs/**/scratch"))
    assert {folder.parent.name for folder in folders} == {job_id, kept_id}
    if how == "deleted":
        wire.site.store.delete(job_id, wire.clock.now())
        assert wire.http.get(kept_url).status_code == 200
    else:
        wire.clock.advance(7 * 3600)
        wire.error(f"{ZIP}/jobs/{job_id}")
    assert wire.http.get(url).status_code == 404
    assert not [folder for folder in folders if folder.parent.exists() and folder.parent.name == job_id]


def test_what_a_killed_run_left_is_removed_when_the_store_is_opened_again(tmp_path: Path) -> None:
    file = tmp_path / "jobs.db"
    site = builtin_site(store=SQLiteJobStore(file), clock=ManualClock())
    with serve(site) as server, httpx.Client(base_url=f"{server.url}/rest/services/") as http:
        done, running = (http.get(f"{ZIP}/submitJob", params={"f": "json"}).json()["jobId"] for _ in range(2))
        site.clock.advance(10)  # type: ignore[attr-defined]
        http.get(f"{ZIP}/jobs/{done}", params={"f": "json"})
    jobs = tmp_path / "jobs.db.files" / "arcgisjobs" / "files" / "filetransfer_gpserver"
    assert [each.name for each in jobs.iterdir()] == [done]
    for left in (jobs / running, jobs / "gone", jobs.parents[1] / "root_gpserver" / "gone"):
        (left / "scratch").mkdir(parents=True)
    outside = tmp_path / "outside"
    (outside / "scratch").mkdir(parents=True)
    (jobs / "linked").symlink_to(outside)
    (tmp_path / "jobs.db.files" / "runs" / "j1").mkdir(parents=True)
    builtin_site(store=SQLiteJobStore(file), clock=ManualClock()).close()
    assert sorted(each.name for each in jobs.iterdir() if each.name != "linked") == [done]
    assert list((jobs.parents[1] / "root_gpserver").iterdir()) == []
    assert (outside / "scratch").is_dir()
    assert not (tmp_path / "jobs.db.files" / "runs").exists()


def test_a_store_without_files_has_no_folder(tmp_path: Path) -> None:
    Site(store=SQLiteJobStore(tmp_path / "jobs.db")).close()
    assert [each.name for each in tmp_path.iterdir()] == ["jobs.db"]


def test_a_job_of_a_task_that_is_there_no_more_is_unknown(
    open_wire: Any, fresh: dict[str, Any], tmp_path: Path
) -> None:
    first = Site("first", clock=ManualClock(), store=SQLiteJobStore(tmp_path / "jobs.db"))

    @first.task("Tools/Old")
    def old() -> int:
        return 1

    with serve(first) as server:
        job_id = httpx.get(f"{server.url}/rest/services/Tools/GPServer/Old/submitJob?f=json").json()["jobId"]
    second = Site(**fresh, store=SQLiteJobStore(tmp_path / "jobs.db"))

    @second.task("Tools/New")
    def new() -> int:
        return 1

    wire = open_wire(second)
    assert wire.error(f"Tools/GPServer/Old/jobs/{job_id}")["code"] == 400
    assert wire.error(f"Tools/GPServer/New/jobs/{job_id}")["code"] == 400


def test_a_job_that_cannot_be_written_is_not_acknowledged(
    open_wire: Any, fresh: dict[str, Any], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store = SQLiteJobStore(tmp_path / "jobs.db")
    wire = open_wire(builtin_site(**fresh, store=store))
    store._file._connection.execute("PRAGMA query_only = 1")
    with caplog.at_level(logging.ERROR):
        error = wire.error(f"{SUCCEEDS}/submitJob")
    assert error["code"] == 500
    assert str(tmp_path) not in json.dumps(error)
    (line,) = [record.getMessage() for record in caplog.records if record.name == "gp_mockserver"]
    assert "jobs.db cannot be written" in line
    assert len(store) == 0
    store._file._connection.execute("PRAGMA query_only = 0")
    assert wire.json(f"{SUCCEEDS}/submitJob")["jobStatus"] == "esriJobSubmitted"


def test_an_outcome_that_cannot_be_written_does_not_fail_the_job(
    open_wire: Any, fresh: dict[str, Any], tmp_path: Path
) -> None:
    store = SQLiteJobStore(tmp_path / "jobs.db")
    wire = open_wire(builtin_site(**fresh, store=store))
    job_id = wire.json(f"{SUCCEEDS}/submitJob")["jobId"]
    wire.clock.advance(10)
    store._file._connection.execute("PRAGMA query_only = 1")
    for _ in range(2):
        assert wire.error(f"{SUCCEEDS}/jobs/{job_id}")["code"] == 500
    store._file._connection.execute("PRAGMA query_only = 0")
    assert wire.json(f"{SUCCEEDS}/jobs/{job_id}")["jobStatus"] == "esriJobSucceeded"


def test_a_write_that_fails_once_while_an_outcome_is_kept_does_not_fail_the_job(
    open_wire: Any, fresh: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = SQLiteJobStore(tmp_path / "jobs.db")
    wire = open_wire(builtin_site(**fresh, store=store))
    job_id = wire.json(f"{SUCCEEDS}/submitJob")["jobId"]
    wire.clock.advance(10)
    write, failures = store._file.write, iter([sqlite3.OperationalError("disk I/O error")])

    def write_after_one_failure(*arguments: Any) -> None:
        for error in failures:
            raise error
        write(*arguments)

    monkeypatch.setattr(store._file, "write", write_after_one_failure)
    assert wire.error(f"{SUCCEEDS}/jobs/{job_id}")["code"] == 500
    assert wire.json(f"{SUCCEEDS}/jobs/{job_id}")["jobStatus"] == "esriJobSucceeded"
