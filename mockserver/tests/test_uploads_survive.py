"""Uploads to a site whose jobs stand in a file: what is committed is there after the site ended, however that
was; nothing else of them is."""

from __future__ import annotations

import io
import json
import signal
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
from gp_mockserver.builtin.builtin_site import builtin_site
from gp_mockserver.lifecycle.clocks import ManualClock
from gp_mockserver.lifecycle.sqlite_job_store import SQLiteJobStore
from gp_mockserver.limits import Limits
from gp_mockserver.server import serve
from gp_mockserver.sites import Site
from gp_mockserver.uploads import uploaded_items

FILES = "Files/FileTransfer/GPServer"
UPLOADS = f"{FILES}/uploads"


class Run:
    """One run of the site, whose jobs and uploads stand in a file; a `client` of it."""

    def __init__(self, site: Site, client: httpx.Client) -> None:
        self.site = site
        self.client = client

    def post(self, path: str, files: Any = None, **fields: Any) -> Any:
        return self.client.post(f"{UPLOADS}/{path}", data={"f": "json", **fields}, files=files).json()

    def upload(self, content: bytes = b"hello", name: str = "a.txt", **fields: Any) -> str:
        return str(self.post("upload", {"file": (name, content)}, **fields)["item"]["itemID"])

    def in_parts(self, *contents: bytes, commit: bool = True) -> str:
        item_id = str(self.post("register", itemName="parts.bin")["item"]["itemID"])
        for number, content in enumerate(contents, start=1):
            self.post(f"{item_id}/uploadPart", {"file": ("p", content)}, partId=number)
        if commit:
            assert self.post(f"{item_id}/commit")["success"] is True
        return item_id

    def download(self, item_id: str) -> bytes:
        return self.client.get(f"{UPLOADS}/{item_id}/download").content

    def items(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.client.get(UPLOADS, params={"f": "json"}).json()["uploads"]
        return found


@contextmanager
def run(folder: Path, **options: Any) -> Iterator[Run]:
    store = SQLiteJobStore(folder / "jobs.db")
    site = builtin_site(store=store, clock=ManualClock(), **options)
    with serve(site) as server, httpx.Client(base_url=f"{server.url}/rest/services/", timeout=10) as client:
        yield Run(site, client)


def on_disk(folder: Path) -> set[str]:
    """The files of uploads that stand beside the store."""
    uploads = folder / "jobs.db.files" / "uploads"
    return {path.relative_to(uploads).as_posix() for path in uploads.rglob("*") if path.is_file()}


def test_committed_items_are_there_again_in_their_order(tmp_path: Path) -> None:
    with run(tmp_path) as first:
        ids = [first.upload(b"hello", "Grüße.txt", description="A greeting"), first.in_parts(b"one", b"two")]
        ids += [first.upload(str(number).encode()) for number in range(5)]
        before = first.items()
        assert [each["itemID"] for each in before] == ids
    for _ in range(2):
        with run(tmp_path) as again:
            assert again.items() == before
            assert [again.download(each) for each in ids[:3]] == [b"hello", b"onetwo", b"0"]
            assert again.site.uploads.space.taken == len(b"helloonetwo01234")
    with run(tmp_path) as last:
        ids.append(last.upload(b"later"))
        assert [each["itemID"] for each in last.items()] == ids


def test_ids_do_not_come_again_even_those_of_deleted_items(tmp_path: Path) -> None:
    seen: set[str] = set()
    for _ in range(3):
        with run(tmp_path) as now:
            ids = [now.upload() for _ in range(3)]
            assert not seen & set(ids)
            seen |= set(ids)
            now.post(f"{ids[0]}/delete")


def test_a_deleted_item_stays_deleted_and_gives_its_room_back(tmp_path: Path) -> None:
    with run(tmp_path) as first:
        ids = [first.upload(b"one"), first.upload(b"three")]
    with run(tmp_path) as second:
        assert second.post(f"{ids[0]}/delete") == {"success": True}
        assert second.site.uploads.space.taken == 5
    with run(tmp_path) as third:
        assert [each["itemID"] for each in third.items()] == ids[1:]


def test_what_is_found_counts_towards_the_sites_limit(tmp_path: Path) -> None:
    with run(tmp_path) as first:
        first.upload(b"x" * 600)
    with run(tmp_path, limits=Limits(stored=1000)) as second:
        answer = second.post("upload", {"file": ("b.txt", b"x" * 600)})
        assert "limits.stored" in answer["error"]["details"][0]


def test_what_is_not_committed_goes_and_leaves_nothing(tmp_path: Path) -> None:
    with run(tmp_path) as first:
        first.in_parts(b"one", commit=False)
        assert on_disk(tmp_path)
    assert on_disk(tmp_path) == set()
    assert not (tmp_path / "jobs.db.files").exists()
    with run(tmp_path) as second:
        assert second.items() == []


def test_what_a_killed_run_left_half_done_is_removed(tmp_path: Path) -> None:
    with run(tmp_path) as first:
        good, cut, bad, gone = (first.upload(name.encode()) for name in ("good", "cut", "bad", "gone"))
    uploads = tmp_path / "jobs.db.files" / "uploads"
    (uploads / good / "part-1").write_bytes(b"of before its commit")
    (uploads / cut / "data").write_bytes(b"cu")
    (uploads / bad / "item.json").write_bytes(b'{"number": 1, "name": "\xff"')
    (uploads / gone / "data").unlink()
    unfinished = uploads / "i00000000-0000-4000-8000-000000000000"
    unfinished.mkdir()
    (unfinished / "data").write_bytes(b"x")
    (uploads / "incoming").mkdir()
    (uploads / "incoming" / "1").write_bytes(b"x")
    with run(tmp_path) as second:
        assert [each["itemID"] for each in second.items()] == [good]
        assert second.site.uploads.space.taken == 4
        assert on_disk(tmp_path) == {f"{good}/data", f"{good}/item.json"}


def test_links_lead_out_of_nowhere(tmp_path: Path) -> None:
    with run(tmp_path) as first:
        item_id = first.upload(b"secret")
    uploads, outside = tmp_path / "jobs.db.files" / "uploads", tmp_path / "outside"
    (uploads / item_id).rename(outside)
    (uploads / item_id).symlink_to(outside)
    other = uploads / "i00000000-0000-4000-8000-000000000000"
    other.mkdir()
    (other / "item.json").write_bytes((outside / "item.json").read_bytes())
    (other / "data").symlink_to(outside / "data")
    with run(tmp_path) as second:
        assert second.items() == []
    assert (outside / "data").read_bytes() == b"secret"


def test_items_of_a_store_that_was_removed_are_removed(tmp_path: Path) -> None:
    with run(tmp_path) as first:
        first.upload()
    (tmp_path / "jobs.db").unlink()
    with run(tmp_path) as anew:
        assert anew.items() == []
        assert on_disk(tmp_path) == set()


def test_without_a_store_an_item_is_its_bytes_alone(wire: Any) -> None:
    answer = wire.http.post(f"{UPLOADS}/upload", data={"f": "json"}, files={"file": ("a.txt", b"x")})
    assert answer.json()["success"] is True
    uploads = wire.site.directories.root / "uploads"
    assert [path.name for path in uploads.rglob("*") if path.is_file()] == ["data"]


def test_an_item_that_cannot_be_kept_is_not_acknowledged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    with run(tmp_path) as now:
        parts = now.in_parts(b"one", commit=False)
        with monkeypatch.context() as patched:
            patched.setattr(uploaded_items, "write_item", full)
            for answer in (now.post("upload", {"file": ("a.txt", b"x")}), now.post(f"{parts}/commit")):
                assert "No space left" in answer["error"]["details"][0]
        assert [each["committed"] for each in now.items()] == [False]
        assert now.site.uploads.space.taken == 3
        assert on_disk(tmp_path) == {f"{parts}/part-1"}
        assert now.post(f"{parts}/commit")["item"]["committed"] is True
        assert now.download(parts) == b"one"


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_job_finds_its_upload_after_a_restart(tmp_path: Path, number: signal.Signals) -> None:
    words = [sys.executable, "-m", "gpharness", "serve", "--port", "0", "--clock", "x600"]
    words += ["--store", str(tmp_path / "jobs.db")]
    processes: list[subprocess.Popen[str]] = []

    def start() -> httpx.Client:
        processes.append(subprocess.Popen(words, stdout=subprocess.PIPE, text=True))
        assert processes[-1].stdout is not None
        url = processes[-1].stdout.readline().strip().removeprefix("serving ")
        return httpx.Client(base_url=f"{url}/", timeout=10)

    try:
        with start() as http:
            sent = {"data": {"f": "json"}, "files": {"file": ("notes.txt", b"kept")}}
            item_id = http.post(f"{UPLOADS}/upload", **sent).json()["item"]["itemID"]  # type: ignore[arg-type]
            asked = {"f": "json", "Input_File": json.dumps({"itemID": item_id})}
            job_id = http.post(f"{FILES}/ZipFile/submitJob", data=asked).json()["jobId"]
            processes[0].send_signal(number)
            processes[0].wait(20)
        with start() as http:
            job, status = f"{FILES}/ZipFile/jobs/{job_id}", ""
            while status not in ("esriJobSucceeded", "esriJobFailed"):
                status = http.get(job, params={"f": "json"}).json()["jobStatus"]
            assert status == "esriJobSucceeded"
            url = http.get(f"{job}/results/Output_File", params={"f": "json"}).json()["value"]["url"]
            with zipfile.ZipFile(io.BytesIO(http.get(url).content)) as archive:
                assert archive.read("notes.txt") == b"kept"
    finally:
        for process in processes:
            with suppress(ProcessLookupError):
                process.kill()
            process.communicate()
