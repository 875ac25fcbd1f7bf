"""Files below `/rest/directories`: types, ranges, what is not served, and what goes wrong on the way."""

from __future__ import annotations

import asyncio
import os
import socket
from email.utils import formatdate, parsedate_to_datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
from gp_mockserver.site_directories import SiteDirectories, job_id_in
from gp_mockserver.wire.byte_ranges import MAX_RANGES, read_ranges
from gp_mockserver.wire.file_sending import send_file

from every_case import every_case

OUTPUT = "arcgisoutput/DataTypes/Echo_GPServer"
CONTENT = bytes(range(256)) * 4
TASK = "Files/FileTransfer/GPServer/ZipFile"


class Files:
    """A site's files seen over HTTP, by addresses that no client has tidied."""

    def __init__(self, wire: Any) -> None:
        self.wire = wire
        self.directories = wire.site.directories
        parts = urlsplit(str(wire.http.base_url))
        self._at = (parts.hostname or "", parts.port or 0)
        self.below = parts.path.replace("/services/", "/directories/")

    def write(self, name: str, content: bytes = CONTENT, folder: str = OUTPUT) -> Path:
        file: Path = self.directories.make_folder(folder) / name
        file.write_bytes(content)
        return file

    def ask(self, path: str, *headers: str, method: str = "GET") -> tuple[int, dict[str, str], bytes]:
        """What the server answers to exactly this path: status, headers in lower case, body."""
        lines = [f"{method} {self.below}{path} HTTP/1.1", "Host: a", "Connection: close", *headers, "", ""]
        with socket.create_connection(self._at, timeout=10) as connection:
            connection.sendall("\r\n".join(lines).encode("latin-1"))
            answer = b""
            while received := connection.recv(65536):
                answer += received
        head, _, body = answer.partition(b"\r\n\r\n")
        status, *fields = head.decode("latin-1").split("\r\n")
        named = (field.partition(":") for field in fields)
        return int(status.split()[1]), {name.lower(): value.strip() for name, _, value in named}, body


@pytest.fixture
def files(wire: Any) -> Files:
    return Files(wire)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.zip", "application/zip"),
        ("a.json", "application/json"),
        ("a.csv", "text/csv;charset=utf-8"),
        ("a.txt", "text/plain;charset=utf-8"),
        ("A.TXT", "text/plain;charset=utf-8"),
        ("a.tif", "image/tiff"),
        ("a.png", "image/png"),
        ("a.kmz", "application/vnd.google-earth.kmz"),
        ("a.pbf", "application/x-protobuf"),
        ("a.pdf", "application/pdf"),
        ("a.gdb", "application/octet-stream"),
        ("a.nobody-knows", "application/octet-stream"),
        ("noextension", "application/octet-stream"),
        ("x__text..x_ags_1.png", "image/png"),
    ],
)
def test_a_file_has_the_type_that_its_name_says(files: Files, name: str, kind: str) -> None:
    files.write(name)
    status, headers, body = files.ask(f"{OUTPUT}/{name}")
    assert (status, headers["content-type"], body) == (200, kind, CONTENT)
    assert headers["content-length"] == str(len(CONTENT))
    assert headers["accept-ranges"] == "bytes"
    assert headers["x-content-type-options"] == "nosniff"
    assert "content-disposition" not in headers


@pytest.mark.parametrize("name", ["a.html", "a.HTM", "a.svg", "a.xml", "a.xhtml", "a.js", "ü b.html"])
def test_a_file_that_a_browser_would_run_is_to_be_saved(files: Files, name: str) -> None:
    files.write(name)
    _, headers, body = files.ask(f"{OUTPUT}/{quote(name)}")
    assert headers["content-disposition"] == f"attachment; filename*=UTF-8''{quote(name)}"
    assert body == CONTENT


def test_head_is_get_without_the_body(files: Files) -> None:
    files.write("a.zip")
    status, headers, _ = files.ask(f"{OUTPUT}/a.zip")
    asked = files.ask(f"{OUTPUT}/a.zip", method="HEAD")
    assert asked == (status, headers | {"date": asked[1]["date"]}, b"")


def test_a_file_is_never_gzipped(files: Files) -> None:
    files.write("a.txt", b"a" * 10_000)
    _, headers, body = files.ask(f"{OUTPUT}/a.txt", "Accept-Encoding: gzip")
    assert "content-encoding" not in headers
    assert len(body) == 10_000


def test_an_empty_file_is_one_too(files: Files) -> None:
    files.write("a.txt", b"")
    status, headers, body = files.ask(f"{OUTPUT}/a.txt")
    assert (status, headers["content-length"], body) == (200, "0", b"")


def test_a_file_of_another_origin_may_be_read_there(files: Files) -> None:
    files.write("a.txt")
    _, headers, _ = files.ask(f"{OUTPUT}/a.txt", "Origin: https://app.example.com")
    assert headers["access-control-allow-origin"] == "https://app.example.com"


@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=10-19", 10, 20),
        ("bytes=1000-", 1000, 1024),
        ("bytes=1000-99999", 1000, 1024),
        ("bytes=-4", 1020, 1024),
        ("bytes=-99999", 0, 1024),
        ("Bytes = 1 - 2", 1, 3),
        ("bytes=0-5,3-9", 0, 10),
        ("bytes=0-1,5000-6000", 0, 2),
    ],
)
def test_one_range_is_answered_with_206(files: Files, asked: str, start: int, end: int) -> None:
    files.write("a.zip")
    status, headers, body = files.ask(f"{OUTPUT}/a.zip", f"Range: {asked}")
    assert status == 206
    assert headers["content-range"] == f"bytes {start}-{end - 1}/1024"
    assert headers["content-length"] == str(end - start)
    assert headers["content-type"] == "application/zip"
    assert body == CONTENT[start:end]


def test_several_ranges_come_in_parts_in_the_order_asked(files: Files) -> None:
    files.write("a.zip")
    status, headers, body = files.ask(f"{OUTPUT}/a.zip", "Range: bytes=500-509,0-3,-2")
    assert status == 206
    kind, _, boundary = headers["content-type"].partition("; boundary=")
    assert kind == "multipart/byteranges"
    assert headers["content-length"] == str(len(body))
    first, *parts, last = body.split(b"--" + boundary.encode())
    assert (first, last) == (b"", b"--\r\n")
    for part, (start, end) in zip(parts, [(500, 510), (0, 4), (1022, 1024)], strict=True):
        head = f"\r\ncontent-type: application/zip\r\ncontent-range: bytes {start}-{end - 1}/1024\r\n\r\n"
        assert part == head.encode() + CONTENT[start:end] + b"\r\n"


@pytest.mark.parametrize("asked", ["bytes=1024-", "bytes=5000-6000", "bytes=-0", "bytes=1024-1030,2000-"])
def test_ranges_beyond_the_end_are_416(files: Files, asked: str) -> None:
    files.write("a.zip")
    status, headers, body = files.ask(f"{OUTPUT}/a.zip", f"Range: {asked}")
    assert (status, headers["content-range"], body) == (416, "bytes */1024", b"")


@pytest.mark.parametrize(
    "asked",
    [
        "bytes=",
        "bytes=-",
        "bytes=5-2",
        "bytes=a-b",
        "bytes=1",
        "bytes 0-1",
        "lines=0-1",
        "bytes=0-1;2-3",
        "bytes=0-1,x",
        "bytes=" + "9" * 5000 + "-",
        "bytes=-" + "9" * 5000,
        "bytes=+1-2",
        "bytes=" + ",".join(["0-"] * (MAX_RANGES + 1)),
        "bytes=" + "0-0," * 2000,
        "bytes=" + "," * 5000,
    ],
)
def test_a_range_that_cannot_be_read_or_is_too_much_does_not_count(files: Files, asked: str) -> None:
    files.write("a.zip")
    status, _, body = files.ask(f"{OUTPUT}/a.zip", f"Range: {asked}")
    assert (status, body) == (200, CONTENT)


def test_overlapping_ranges_send_no_byte_twice() -> None:
    header = b"bytes=" + b",".join(b"%d-" % start for start in range(MAX_RANGES))
    assert read_ranges(header, 1000) == [(0, 1000)]


def test_ranges_are_for_get_alone(files: Files) -> None:
    files.write("a.zip")
    assert files.ask(f"{OUTPUT}/a.zip", "Range: bytes=0-1", method="HEAD")[0] == 200
    assert files.ask(f"{OUTPUT}/a.zip", "Range: bytes=0-1", "Content-Length: 0", method="POST")[0] == 200


def test_a_download_goes_on_only_if_the_file_is_the_same(files: Files) -> None:
    file = files.write("a.zip")
    _, first, _ = files.ask(f"{OUTPUT}/a.zip")
    for same in (first["etag"], first["last-modified"]):
        assert files.ask(f"{OUTPUT}/a.zip", "Range: bytes=5-", f"If-Range: {same}")[0] == 206
    for other in (f"W/{first['etag']}", '"other"', formatdate(0, usegmt=True)):
        assert files.ask(f"{OUTPUT}/a.zip", "Range: bytes=5-", f"If-Range: {other}")[0] == 200
    file.write_bytes(CONTENT + b"more")
    assert files.ask(f"{OUTPUT}/a.zip", "Range: bytes=5-", f"If-Range: {first['etag']}")[0] == 200


def test_a_client_that_has_the_file_is_told_so(files: Files) -> None:
    file = files.write("a.zip")
    os.utime(file, (1_700_000_000, 1_700_000_000))
    _, first, _ = files.ask(f"{OUTPUT}/a.zip")
    assert parsedate_to_datetime(first["last-modified"]).timestamp() == 1_700_000_000
    for known in (
        f"If-None-Match: {first['etag']}",
        f'If-None-Match: "x", W/{first["etag"]}',
        f"If-Modified-Since: {first['last-modified']}",
    ):
        status, headers, body = files.ask(f"{OUTPUT}/a.zip", known)
        assert (status, headers["etag"], body) == (304, first["etag"], b"")
    for unknown in (
        'If-None-Match: "x"',
        f"If-Modified-Since: {formatdate(1_600_000_000, usegmt=True)}",
        "If-Modified-Since: yesterday",
    ):
        assert files.ask(f"{OUTPUT}/a.zip", unknown)[0] == 200


@pytest.mark.parametrize(
    "path",
    [
        "arcgisoutput/DataTypes/Echo_GPServer/a.zip",
        "arcgisoutput/./DataTypes/Echo_GPServer/./a.zip",
        "arcgisoutput//DataTypes/Echo_GPServer//a.zip",
        "ArcGISOutput/datatypes/echo_gpserver/a.zip",
        "arcgisoutput/DATATYPES/Echo_gpServer/a.zip",
        "arcgisoutput/DataTypes/Echo%5FGPServer/%61.zip",
    ],
)
def test_recorded_spellings_of_an_address_find_the_file(files: Files, path: str) -> None:
    files.write("a.zip")
    assert files.ask(path)[0] == 200


def test_the_name_of_a_file_has_its_own_case(files: Files) -> None:
    files.write("a.zip")
    assert files.ask("arcgisoutput/DataTypes/Echo_GPServer/A.zip")[0] == 404


@pytest.mark.parametrize(
    "name", ["Übersicht Süd.zip", "a b.zip", "日本.zip", "a%20b.zip", "a#b.zip", "a;b&c=d.zip"]
)
def test_names_of_every_kind_are_served(files: Files, name: str) -> None:
    files.write(name)
    assert files.ask(f"{OUTPUT}/{quote(name)}")[2] == CONTENT


TRAVERSALS = [
    "../secret.txt",
    "../../secret.txt",
    "arcgisoutput/../secret.txt",
    "arcgisoutput/../uploads/secret.txt",
    "arcgisoutput/../../{root}/secret.txt",
    "arcgisoutput/%2e%2e/secret.txt",
    "arcgisoutput/%2E%2E%2Fsecret.txt",
    "arcgisoutput/..%2fsecret.txt",
    "arcgisoutput/%252e%252e/secret.txt",
    "arcgisoutput/%252e%252e%252fsecret.txt",
    "arcgisoutput/..%5csecret.txt",
    "arcgisoutput\\..\\secret.txt",
    "arcgisoutput/..\\secret.txt",
    "arcgisoutput/.../secret.txt",
    "arcgisoutput/..%00/secret.txt",
    "arcgisoutput/DataTypes/Echo_GPServer/..%c0%af..%c0%af..%c0%afsecret.txt",
    "arcgisoutput/%c0%ae%c0%ae/secret.txt",
    "arcgisoutput/%uff0e%uff0e/secret.txt",
    "arcgisoutput/\uff0e\uff0e/secret.txt".encode().decode("latin-1"),
    "{root}/secret.txt",
    "/{root}/secret.txt",
    "%2f{root}%2fsecret.txt",
    "arcgisoutput/%2f{root}/secret.txt",
    "arcgisoutput//{root}/secret.txt",
    "arcgisoutput/C:/secret.txt",
    "arcgisoutput/C:%5csecret.txt",
    "C:/secret.txt",
    "//server/share/secret.txt",
    "runs/secret.txt",
    "uploads/secret.txt",
    "secret.txt",
    "arcgisjobs",
    "arcgisoutput/",
    "arcgisoutput/DataTypes/Echo_GPServer",
    "arcgisoutput/DataTypes/Echo_GPServer/",
    "arcgisoutput/DataTypes/Echo_GPServer/a.zip/secret.txt",
    "arcgisoutput/DataTypes/Echo_GPServer/a.zip%00.txt",
    "arcgisoutput/DataTypes/Echo_GPServer/a.zip::$DATA",
    "arcgisoutput/DataTypes/Echo_GPServer/" + "a" * 300,
    "arcgisoutput/" + "a/" * 3000 + "b",
    "arcgisoutput/DataTypes/Echo_GPServer/%ff%fe",
    "arcgisoutput/DataTypes/Echo_GPServer/%ed%a0%80",
    "arcgisoutput/./././.",
    "",
]


@pytest.mark.parametrize("path", TRAVERSALS)
def test_no_path_leaves_its_folder(files: Files, path: str) -> None:
    files.write("a.zip")
    root = files.directories.root
    for folder in ("", "runs", "uploads"):
        (files.directories.make_folder(folder) / "secret.txt").write_text("secret")
    status, _, body = files.ask(path.format(root=str(root)))
    assert status in (400, 404)
    assert b"secret" not in body.replace(b"secret.txt", b"")
    assert str(root).encode() not in body.replace(path.format(root=str(root)).encode(), b"")


def test_half_a_surrogate_pair_names_no_file(files: Files) -> None:
    files.write("a.zip")
    assert files.directories.find_file(f"{OUTPUT}/\ud800") is None
    assert files.directories.find_file(f"{OUTPUT}\ud800/a.zip") is None


@pytest.mark.skipif(os.name == "nt", reason="links and pipes of POSIX")
@pytest.mark.timeout(10)
def test_links_that_lead_out_pipes_and_devices_are_not_served(files: Files, tmp_path: Path) -> None:
    folder = files.write("a.zip").parent
    (tmp_path / "secret.txt").write_text("secret")
    (folder / "file").symlink_to(tmp_path / "secret.txt")
    (folder / "folder").symlink_to(tmp_path)
    (folder / "upload").symlink_to(files.directories.make_folder("uploads") / "b.txt")
    (files.directories.root / "uploads/b.txt").write_text("secret")
    (folder / "ring").symlink_to(folder / "ring")
    (folder / "null").symlink_to("/dev/zero")
    (folder / "inside").symlink_to(folder / "a.zip")
    os.mkfifo(folder / "pipe")
    for name in ("file", "folder/secret.txt", "folder", "upload", "ring", "null", "pipe"):
        assert files.ask(f"{OUTPUT}/{name}")[0] == 404, name
    assert files.ask(f"{OUTPUT}/inside")[2] == CONTENT


def test_a_result_file_is_downloaded_from_the_address_that_the_result_has(wire: Any) -> None:
    job = f"{TASK}/jobs/{wire.json(f'{TASK}/submitJob')['jobId']}"
    wire.clock.advance(10)
    url = wire.json(f"{job}/results/Output_File")["value"]["url"]
    response = wire.http.get(url)
    assert response.headers["content-type"] == "application/zip"
    assert response.content.startswith(b"PK")
    assert int(response.headers["content-length"]) == len(response.content)


def test_the_files_of_a_forgotten_job_are_gone(wire: Any) -> None:
    job_id = wire.json(f"{TASK}/submitJob")["jobId"]
    wire.clock.advance(10)
    url = wire.json(f"{TASK}/jobs/{job_id}/results/Output_File")["value"]["url"]
    assert wire.http.get(url).status_code == 200
    wire.clock.advance(wire.site.store.max_age + 10)
    assert wire.http.get(url).status_code == 404


@every_case(
    ("path", "job_id"),
    [
        ("arcgisjobs/worldviewshed_gpserver/j1/scratch/a.zip", "j1"),
        ("ArcGISJobs/./Folder/Service_GPServer/j1/a.zip", "j1"),
        ("arcgisjobs/folder/service_gpserver/j1/odd_gpserver/a.zip", "j1"),
        ("arcgisoutput/Folder/Service_GPServer/a.zip", None),
        ("arcgisjobs/../service_gpserver/j1/a.zip", None),
        ("arcgisjobs/service_gpserver", None),
        ("arcgisjobs/a/b/service_gpserver/j1/a.zip", None),
    ],
)
def test_the_job_that_a_file_belongs_to_stands_in_its_path(path: str, job_id: str | None) -> None:
    assert job_id_in(path) == job_id


def test_looking_for_a_file_reads_no_folder_of_jobs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    directories = SiteDirectories(tmp_path)
    directories.make_folder("arcgisjobs/service_gpserver/j1")
    read: list[str] = []
    iterdir = Path.iterdir

    def watched(folder: Path) -> Any:
        read.append(folder.name)
        return iterdir(folder)

    monkeypatch.setattr(Path, "iterdir", watched)
    assert directories.find_file("arcgisjobs/Service_gpserver/J1/scratch/a.zip") is None
    assert read == ["arcgisjobs"]


def sent(path: Path, method: str = "GET", change: Any = None, leaves: bool = False) -> list[dict[str, Any]]:
    """The messages by which a file is sent; `change` happens after the first piece."""
    messages: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        if leaves and len(messages) > 1:
            return {"type": "http.disconnect"}
        await asyncio.sleep(0 if leaves else 60)
        return {"type": "http.request"}

    async def send(message: Any) -> None:
        messages.append(message)
        if change is not None and len(messages) == 2:
            change()

    scope = {"type": "http", "method": method, "headers": []}
    asyncio.run(send_file(scope, receive, send, path, []))
    return messages


def test_a_file_that_is_gone_by_now_is_404(tmp_path: Path) -> None:
    start, body = sent(tmp_path / "none.zip")
    assert (start["status"], body["body"]) == (404, b"File not found")
    assert sent(tmp_path / "none.zip", "HEAD")[1]["body"] == b""


def test_a_file_that_vanishes_while_it_is_sent_is_sent_whole(tmp_path: Path) -> None:
    file = tmp_path / "a.zip"
    file.write_bytes(bytes(1_000_000))
    messages = sent(file, change=file.unlink if os.name != "nt" else None)
    assert sum(len(each.get("body", b"")) for each in messages) == 1_000_000
    assert not messages[-1].get("more_body")


def test_a_file_that_shrinks_while_it_is_sent_does_not_end_as_if_it_were_whole(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "a.zip"
    file.write_bytes(bytes(1_000_000))
    messages = sent(file, change=lambda: os.truncate(file, 200_000))
    assert sum(len(each.get("body", b"")) for each in messages) == 200_000
    assert messages[-1]["more_body"]
    assert [record.getMessage() for record in caplog.records] == [
        f"{file} shrank while it was sent: 800000 bytes are missing"
    ]


def test_a_file_that_grows_while_it_is_sent_is_sent_as_it_was(tmp_path: Path) -> None:
    file = tmp_path / "a.zip"
    file.write_bytes(bytes(1_000_000))

    def grow() -> None:
        with file.open("ab") as end:
            end.write(bytes(1000))

    assert sum(len(each.get("body", b"")) for each in sent(file, change=grow)) == 1_000_000


def test_nothing_more_is_read_for_a_client_that_has_left(tmp_path: Path) -> None:
    file = tmp_path / "a.zip"
    file.write_bytes(bytes(10_000_000))
    assert sum(len(each.get("body", b"")) for each in sent(file, leaves=True)) < 1_000_000


def test_pieces_are_small_however_large_the_file(tmp_path: Path) -> None:
    file = tmp_path / "a.zip"
    with file.open("wb") as sparse:
        sparse.truncate(20_000_000)
    assert max(len(each.get("body", b"")) for each in sent(file)) <= 256 * 1024
