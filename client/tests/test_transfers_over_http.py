"""Files to and from the mock server, over HTTP, with the sync and the async client."""

from __future__ import annotations

import contextlib
import hashlib
import random
import re
import socket
import threading
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from gp_client.clocks import SharedClock
from gp_client.drivers import run, run_async
from gp_client.errors import GPError, HTTPError, ServerError, TransportError
from gp_client.files.downloads import download
from gp_client.files.upload_sources import UploadSource
from gp_client.files.uploads import delete_upload, item_info, list_uploads, upload, upload_limits
from gp_client.sessions import Deadline, Session, Settings
from gp_client.wire.httpx_transports import AsyncHTTPXTransport, HTTPXTransport
from gp_client.wire.tokens import TokenKeeper
from gp_mockserver.builtin.builtin_site import builtin_site
from gp_mockserver.server import serve

CONTENT = random.Random(5).randbytes(3_000_000)


class Server:
    """The mock with its files, and a client of it; each flow runs by whichever driver is asked for."""

    def __init__(self, site: Any, root: str, driver: str) -> None:
        self.site = site
        self.root = root
        self.driver = driver
        self.files = f"{root}/rest/services/Files/FileTransfer/GPServer"
        self.session = Session(
            root, Settings(timeout=10.0), tokens=TokenKeeper(), clock=SharedClock(), seed=1
        )

    @property
    def limit(self) -> Deadline:
        return Deadline.after(self.session.clock, 60)

    def run(self, flow: Any) -> Any:
        if self.driver == "sync":
            transport = HTTPXTransport()
            try:
                return run(flow, transport, self.session.clock)
            finally:
                transport.close()
        import anyio

        return anyio.run(self._run_async, flow, backend=self.driver)

    async def _run_async(self, flow: Any) -> Any:
        transport = AsyncHTTPXTransport()
        try:
            return await run_async(flow, transport, self.session.clock)
        finally:
            await transport.close()

    def upload(self, given: Any, name: str | None = None, **options: Any) -> str:
        source = UploadSource.of(given, name)
        item = self.run(upload(self.session, self.files, source, deadline=self.limit, **options))
        return str(item.item_id)

    def download(self, url: str, to: Path, **options: Any) -> Path:
        path = self.run(download(self.session, url, to, deadline=self.limit, **options))
        assert isinstance(path, Path)
        return path

    def keep(self, name: str, content: bytes) -> str:
        """A file that a task left; its address."""
        folder = "arcgisoutput/DataTypes/Echo_GPServer"
        (self.site.directories.make_folder(folder) / name).write_bytes(content)
        return f"{self.root}/rest/directories/{folder}/{name}"


@pytest.fixture(params=["sync", "asyncio", "trio"])
def server(request: Any, tmp_path_factory: Any) -> Iterator[Server]:
    site = builtin_site(seed=3)
    with serve(site) as running:
        yield Server(site, running.url.rstrip("/"), request.param)


def same(path: Path, content: bytes) -> bool:
    return path.read_bytes() == content


@pytest.mark.parametrize("part_size", [None, 1_000_000, 10_000_000])
def test_a_file_goes_up_and_comes_down_unchanged(
    server: Server, tmp_path: Path, part_size: int | None
) -> None:
    path = tmp_path / "Häuser & Höfe.bin"
    path.write_bytes(CONTENT)
    item_id = server.upload(path, description="Of all", part_size=part_size)
    item = server.run(item_info(server.session, server.files, item_id, server.limit))
    assert (item.name, item.description, item.committed) == (path.name, "Of all", True)
    (tmp_path / "down").mkdir()
    found = server.download(f"{server.files}/uploads/{item_id}/download", tmp_path / "down")
    assert found.name == path.name
    assert same(found, CONTENT)


def test_items_are_listed_and_deleted(server: Server) -> None:
    ids = [server.upload(b"x", f"{number}.txt") for number in range(3)]
    listed = server.run(list_uploads(server.session, server.files, server.limit))
    assert [item.item_id for item in listed] == ids
    server.run(delete_upload(server.session, server.files, ids[1], server.limit))
    listed = server.run(list_uploads(server.session, server.files, server.limit))
    assert [item.name for item in listed] == ["0.txt", "2.txt"]
    with pytest.raises(ServerError, match="does not exist"):
        server.run(delete_upload(server.session, server.files, ids[1], server.limit))


def test_what_a_service_takes_is_told(server: Server) -> None:
    limits = server.run(upload_limits(server.session, server.files, server.limit))
    assert limits.largest is not None
    assert limits.file_types == ()


def test_a_service_without_uploads_answers_its_error(server: Server) -> None:
    server.files = f"{server.root}/rest/services/WorldViewshed/GPServer"
    with pytest.raises(ServerError, match="Invalid URL"):
        server.upload(b"x", "a.txt")


def test_a_result_file_comes_by_its_address(server: Server, tmp_path: Path) -> None:
    url = server.keep("out.zip", CONTENT)
    assert same(server.download(url, tmp_path), CONTENT)
    assert same(server.download(url.removeprefix(f"{server.root}/"), tmp_path / "again.zip"), CONTENT)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["again.zip", "out.zip"]


def test_an_interrupted_download_goes_on(server: Server, tmp_path: Path) -> None:
    url = server.keep("out.zip", CONTENT)

    def interrupt(event: Any) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        server.download(url, tmp_path, listener=interrupt)
    left = (tmp_path / "out.zip.part").stat().st_size
    assert 1_000_000 <= left < len(CONTENT)
    done: list[int] = []
    assert same(server.download(url, tmp_path, listener=lambda event: done.append(event.done)), CONTENT)
    assert min(done) > left
    assert [path.name for path in tmp_path.iterdir()] == ["out.zip"]


def test_a_file_that_changed_meanwhile_is_fetched_anew(server: Server, tmp_path: Path) -> None:
    url = server.keep("out.zip", CONTENT)

    def interrupt(event: Any) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        server.download(url, tmp_path, listener=interrupt)
    server.keep("out.zip", CONTENT[::-1])
    assert same(server.download(url, tmp_path), CONTENT[::-1])


def test_a_file_that_is_not_there_is_http(server: Server, tmp_path: Path) -> None:
    with pytest.raises((HTTPError, ServerError)):
        server.download(f"{server.root}/rest/directories/arcgisoutput/none.zip", tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_an_upload_is_never_whole_in_memory(server: Server, tmp_path: Path) -> None:
    path = tmp_path / "large.bin"
    with path.open("wb") as file:
        file.truncate(20_000_000)
    source = UploadSource.of(path)
    tracemalloc.start()
    try:
        for _ in source.chunks():
            pass
        assert tracemalloc.get_traced_memory()[1] < 2_000_000
    finally:
        tracemalloc.stop()
    item_id = server.upload(source)
    stored = server.site.uploads.path_of(server.site.uploads.find("Files/FileTransfer", item_id))
    assert stored.stat().st_size == 20_000_000


class Raw:
    """A server of bytes: one answer for each connection, then the connection is closed. After the last one
    nobody is at the port any more."""

    def __init__(self, *answers: bytes, read: int = 65536) -> None:
        self.answers = list(answers)
        self.asked: list[bytes] = []
        self._read = read
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.root = f"http://127.0.0.1:{self._listener.getsockname()[1]}/arcgis"
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        for content in self.answers:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with connection:
                self.asked.append(self._request(connection))
                connection.sendall(content)
        self._listener.close()

    def _request(self, connection: socket.socket) -> bytes:
        """A request, or its beginning where it is a long one."""
        data = b""
        while len(data) < self._read:
            head, ends, body = data.partition(b"\r\n\r\n")
            length = re.search(rb"(?i)content-length: *(\d+)", head)
            if ends and len(body) >= int(length[1] if length else 0):
                break
            more = connection.recv(self._read)
            if not more:
                break
            data += more
        return data

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # which ends a wait for a connection
        self._listener.close()
        self._thread.join(5)


def head(status: str, length: int, *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {length}", 'ETag: "1"', *headers, "", ""]
    return "\r\n".join(lines).encode()


@pytest.fixture
def raw() -> Iterator[Any]:
    opened: list[Raw] = []

    def make(*answers: bytes, **options: Any) -> Server:
        opened.append(Raw(*answers, **options))
        made = Server(None, opened[-1].root, "sync")
        made.raw = opened[-1]  # type: ignore[attr-defined]
        return made

    yield make
    for each in opened:
        each.close()


def test_a_body_cut_short_on_the_wire_is_gone_on_with(raw: Any, tmp_path: Path) -> None:
    content = CONTENT[:300_000]
    server = raw(
        head("200 OK", 300_000) + content[:200_000],
        head("206 Partial Content", 100_000, "Content-Range: bytes 200000-299999/300000") + content[200_000:],
    )
    assert same(server.download(f"{server.root}/rest/directories/out.zip", tmp_path), content)
    assert b"range: bytes=200000-" in server.raw.asked[1].lower()


def test_a_body_cut_short_for_ever_is_a_transport_error(raw: Any, tmp_path: Path) -> None:
    server = raw(*[head("200 OK", 300_000) + CONTENT[:1000]] * 9)
    with pytest.raises(TransportError):
        server.download(f"{server.root}/rest/directories/out.zip", tmp_path)
    assert not (tmp_path / "out.zip").exists()


def test_a_refusal_while_the_file_is_still_being_sent_is_heard(raw: Any) -> None:
    page = b"<html><title>413 Request Entity Too Large</title></html>"
    server = raw(
        head("413 Payload Too Large", len(page), "Content-Type: text/html", "Connection: close") + page
    )
    with pytest.raises(GPError) as raised:
        server.upload(bytes(5_000_000), "a.bin")
    assert raised.value.kind in ("http", "transport")


@pytest.mark.parametrize("driver", ["sync", "asyncio"])
@pytest.mark.parametrize("part_size", [None, 8_000_000])
def test_a_success_while_the_file_is_still_being_sent_is_none(
    raw: Any, driver: str, part_size: int | None
) -> None:
    """A part is larger than what the sockets' buffers take, so that it cannot have been sent."""
    done = b'{"success":true,"item":{"itemID":"i1","committed":true}}'
    told = head("200 OK", len(done), "Content-Type: application/json", "Connection: close") + done
    server = raw(*[told] * 9)
    server.driver = driver
    with pytest.raises(TransportError):
        server.upload(bytes(9_000_000), "a.bin", part_size=part_size)
    asked = {request.split(b" ")[1].rpartition(b"/")[2] for request in server.raw.asked}
    assert asked == ({b"register", b"uploadPart"} if part_size else {b"upload"})
    assert len(server.raw.asked) < 9


def test_the_same_bytes_arrive_as_were_sent(server: Server) -> None:
    item_id = server.upload(CONTENT, "a.bin", part_size=700_001)
    stored = server.site.uploads.path_of(server.site.uploads.find("Files/FileTransfer", item_id))
    assert hashlib.sha256(stored.read_bytes()).digest() == hashlib.sha256(CONTENT).digest()
