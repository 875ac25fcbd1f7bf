"""Uploads: whole files and files in parts, what they are held to, and that nothing else is left of them."""

from __future__ import annotations

import asyncio
import hashlib
import io
import logging
import re
import socket
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from gp_mockserver.app import MockServer
from gp_mockserver.builtin.builtin_site import builtin_site
from gp_mockserver.configuration.site_files import site_from
from gp_mockserver.errors import SiteFileError
from gp_mockserver.limits import Limits
from gp_mockserver.uploads import uploaded_items
from gp_mockserver.uploads.file_names import extension, plain_name
from gp_mockserver.uploads.upload_rules import UploadRules

from every_case import every_case

UPLOADS = "Files/FileTransfer/GPServer/uploads"
ITEM_ID = re.compile(r"i[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


def post(wire: Any, path: str, files: Any = None, **fields: Any) -> Any:
    answer = wire.http.post(f"{UPLOADS}/{path}", data={"f": "json", **fields}, files=files)
    assert answer.status_code == 200, answer.text
    return answer.json()


def uploaded(wire: Any, content: bytes = b"hello", name: str = "a.txt", **fields: Any) -> dict[str, Any]:
    answer = post(wire, "upload", {"file": (name, content)}, **fields)
    assert answer["success"] is True, answer
    item: dict[str, Any] = answer["item"]
    return item


def refused(wire: Any, path: str, files: Any = None, **fields: Any) -> str:
    answer = post(wire, path, files, **fields)
    assert list(answer) == ["error"], answer
    assert answer["error"]["code"] == 400
    return str(answer["error"]["details"][0])


def left_on_disk(wire: Any) -> list[Path]:
    return [path for path in (wire.site.directories.root / "uploads").rglob("*") if path.is_file()]


def test_an_upload_answers_its_item(wire: Any) -> None:
    wire.clock.advance(5)
    item = uploaded(wire, description="A greeting")
    assert ITEM_ID.fullmatch(item.pop("itemID"))
    assert item == {
        "itemName": "a.txt",
        "description": "A greeting",
        "date": int(wire.clock.now() * 1000),
        "committed": True,
    }


def test_item_ids_follow_from_the_seed(open_wire: Any, fresh: dict[str, Any]) -> None:
    first = uploaded(open_wire(builtin_site(**fresh)))["itemID"]
    assert first != uploaded(open_wire(builtin_site(**{**fresh, "context": "another"})))["itemID"]


@pytest.mark.parametrize("field", ["file", "itemFile", "anything"])
def test_a_file_is_found_in_whatever_field_it_comes(wire: Any, field: str) -> None:
    answer = post(wire, "upload", {field: ("a.txt", b"x")})
    assert answer["success"] is True


def test_an_item_is_listed_shown_and_downloaded_under_its_name(wire: Any) -> None:
    item = uploaded(wire, b"\0\1" * 5000, "Häuser & Höfe.bin")
    place = f"{UPLOADS}/{item['itemID']}"
    assert wire.json(UPLOADS) == {"uploads": [item]}
    assert wire.json(place) == item
    assert wire.json(f"{place}/parts") == {"parts": []}
    answer = wire.http.get(f"{place}/download")
    assert answer.content == b"\0\1" * 5000
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"].startswith("attachment")
    assert "H%C3%A4user" in answer.headers["content-disposition"]
    assert wire.http.get(f"{place}/download", headers={"Range": "bytes=0-2"}).content == b"\0\1\0"


def test_a_deleted_item_is_gone_with_its_bytes(wire: Any) -> None:
    item = uploaded(wire)
    assert post(wire, f"{item['itemID']}/delete") == {"success": True}
    assert "does not exist" in wire.error(f"{UPLOADS}/{item['itemID']}")["details"][0]
    assert "does not exist" in refused(wire, f"{item['itemID']}/delete")
    assert wire.json(UPLOADS) == {"uploads": []}
    assert (wire.site.uploads.space.taken, left_on_disk(wire)) == (0, [])


def test_an_item_belongs_to_its_service(wire: Any) -> None:
    item = uploaded(wire)
    descriptor = wire.site.services["Files/FileTransfer"].descriptor
    import msgspec

    wire.site.add_service(msgspec.structs.replace(descriptor, name="Other"))
    assert wire.json("Other/GPServer/uploads") == {"uploads": []}
    assert wire.error(f"Other/GPServer/uploads/{item['itemID']}")["code"] == 400


def test_a_service_without_the_capability_has_no_uploads(wire: Any) -> None:
    assert wire.error("WorldViewshed/GPServer/uploads/info")["message"] == "Invalid URL"
    answer = wire.http.post("WorldViewshed/GPServer/uploads/upload?f=json", files={"file": ("a", b"x")})
    assert answer.json()["error"]["message"] == "Invalid URL"
    assert not wire.site.uploads.incoming


@pytest.mark.parametrize(
    ("version", "path", "known"),
    [("9.3", "info", False), ("10.0", "info", False), ("10.1", "info", True)],
)
def test_the_resource_came_with_its_version(
    open_wire: Any, fresh: dict[str, Any], version: str, path: str, known: bool
) -> None:
    wire = open_wire(builtin_site(**fresh, version=version))
    assert ("error" not in wire.json(f"{UPLOADS}/{path}")) is known


def test_info_says_the_limits(wire: Any) -> None:
    assert wire.json(f"{UPLOADS}/info") == {"maxUploadFileSize": 2000, "allowedUploadFileTypes": "*"}
    wire.site.services["Files/FileTransfer"].uploads = UploadRules(3 * 512 * 1024, ("txt", "json"))
    assert wire.json(f"{UPLOADS}/info") == {"maxUploadFileSize": 1.5, "allowedUploadFileTypes": "txt,json"}


@pytest.mark.parametrize("path", ["upload", "register"])
def test_a_browser_gets_a_form_and_nobody_else_may_get(wire: Any, path: str) -> None:
    page = wire.http.get(f"{UPLOADS}/{path}")
    assert page.status_code == 200
    assert "<form" in page.text
    answer = wire.http.get(f"{UPLOADS}/{path}?f=json")
    assert (answer.status_code, answer.json()["error"]["code"]) == (405, 405)
    assert "POST" in answer.headers["allow"]


@pytest.mark.parametrize("path", ["x/uploadPart", "x/commit", "x/delete"])
def test_what_changes_an_item_is_posted(wire: Any, path: str) -> None:
    assert wire.http.get(f"{UPLOADS}/{path}?f=json").status_code == 405


def test_the_page_of_an_upload_has_the_lines_that_clients_cut_out(wire: Any) -> None:
    page = wire.http.post(f"{UPLOADS}/upload", files={"file": ("a.txt", b"x")})
    assert re.search(r"Item ID:\s*i[0-9a-f]{8}-", page.text)
    assert re.search(r"Item name:\s*a\.txt", page.text)


class TestParts:
    def registered(self, wire: Any, **fields: Any) -> str:
        answer = post(wire, "register", itemName="big.bin", **fields)
        assert answer["item"]["committed"] is False
        return str(answer["item"]["itemID"])

    def put(self, wire: Any, item_id: str, number: int, content: bytes, key: str = "partId") -> Any:
        return post(wire, f"{item_id}/uploadPart", {"file": ("p", content)}, **{key: number})

    @pytest.mark.parametrize(("key", "field"), [("partId", "file"), ("partNumber", "partFile")])
    def test_both_spellings_of_a_part_are_taken(self, wire: Any, key: str, field: str) -> None:
        item_id = self.registered(wire)
        answer = post(wire, f"{item_id}/uploadPart", {field: ("p", b"abc")}, **{key: 5})
        assert answer["success"] is True
        assert answer["item"]["committed"] is False
        assert wire.json(f"{UPLOADS}/{item_id}/parts") == {"parts": [5]}

    @pytest.mark.parametrize(
        ("parts", "whole"),
        [
            (None, b"onetwothree"),
            ("", b"onetwothree"),
            ("1,2,10", b"onetwothree"),
            ("10, 1", b"threeone"),
            ("[2]", b"two"),
            ('"1","2"', b"onetwo"),
            ([1, 10], b"onethree"),
        ],
    )
    def test_parts_are_put_together_in_the_order_asked_for(self, wire: Any, parts: Any, whole: bytes) -> None:
        item_id = self.registered(wire)
        for number, content in ((10, b"three"), (1, b"one"), (2, b"two")):
            self.put(wire, item_id, number, content)
        answer = post(wire, f"{item_id}/commit", **({} if parts is None else {"parts": parts}))
        assert answer["item"]["committed"] is True
        assert wire.http.get(f"{UPLOADS}/{item_id}/download").content == whole
        assert wire.json(f"{UPLOADS}/{item_id}/parts") == {"parts": []}
        assert wire.site.uploads.space.taken == len(whole)
        assert [path.name for path in left_on_disk(wire)] == ["data"]

    def test_a_part_that_comes_again_takes_the_place_of_the_first(self, wire: Any) -> None:
        item_id = self.registered(wire)
        self.put(wire, item_id, 1, b"wrong one")
        self.put(wire, item_id, 1, b"right")
        post(wire, f"{item_id}/commit")
        assert wire.http.get(f"{UPLOADS}/{item_id}/download").content == b"right"
        assert wire.site.uploads.space.taken == 5

    @pytest.mark.parametrize("parts", ["1,3", "x", "-1", "1.5", "1,1", "9" * 30])
    def test_a_commit_of_other_parts_is_refused_and_may_be_repeated(self, wire: Any, parts: str) -> None:
        item_id = self.registered(wire)
        assert "no parts" in refused(wire, f"{item_id}/commit")
        self.put(wire, item_id, 1, b"one")
        assert refused(wire, f"{item_id}/commit", parts=parts).startswith("parts: met")
        assert post(wire, f"{item_id}/commit")["success"] is True

    @pytest.mark.parametrize("name", ["md5", "sha1", "sha256"])
    def test_a_checksum_that_can_be_told_is_compared(self, wire: Any, name: str) -> None:
        item_id = self.registered(wire)
        self.put(wire, item_id, 1, b"content")
        wrong, right = (hashlib.new(name, text).hexdigest() for text in (b"other", b"content"))
        assert wrong in refused(wire, f"{item_id}/commit", checksum=wrong)
        assert wire.site.uploads.space.taken == len(b"content")
        assert post(wire, f"{item_id}/commit", checksum=right.upper())["success"] is True

    @pytest.mark.parametrize("checksum", ["x", "d41d8cd9", "g" * 32, "0x" + "a" * 30, "a" * 128, "٣" * 32])
    def test_a_checksum_that_cannot_be_told_is_refused_with_the_forms(self, wire: Any, checksum: str) -> None:
        item_id = self.registered(wire)
        self.put(wire, item_id, 1, b"content")
        said = refused(wire, f"{item_id}/commit", checksum=checksum)
        assert said.startswith("checksum: met")
        assert all(name in said for name in ("MD5", "SHA-1", "SHA-256"))
        assert post(wire, f"{item_id}/commit", checksum=" ")["item"]["committed"] is True

    def test_what_is_not_committed_cannot_be_downloaded_and_what_is_takes_no_parts(self, wire: Any) -> None:
        item_id = self.registered(wire)
        self.put(wire, item_id, 1, b"one")
        assert "not committed" in wire.error(f"{UPLOADS}/{item_id}/download")["details"][0]
        post(wire, f"{item_id}/commit")
        part = {"file": ("p", b"x")}
        assert "committed already" in refused(wire, f"{item_id}/uploadPart", part, partId=2)
        assert "committed already" in refused(wire, f"{item_id}/commit")
        assert [path.name for path in left_on_disk(wire)] == ["data"]

    def test_the_parts_of_an_item_together_are_held_to_the_size(self, wire: Any) -> None:
        wire.site.services["Files/FileTransfer"].uploads = UploadRules(10)
        item_id = self.registered(wire)
        self.put(wire, item_id, 1, b"12345678")
        assert "10 bytes" in refused(wire, f"{item_id}/uploadPart", {"file": ("p", b"123")}, partId=2)
        self.put(wire, item_id, 1, b"1234567")
        assert self.put(wire, item_id, 2, b"123")["success"] is True

    def test_a_deleted_item_takes_its_parts_along(self, wire: Any) -> None:
        item_id = self.registered(wire)
        self.put(wire, item_id, 1, b"one")
        post(wire, f"{item_id}/delete")
        assert (wire.site.uploads.space.taken, left_on_disk(wire)) == (0, [])

    @pytest.mark.parametrize("number", ["", "x", "1e3", "-1", "٣"])
    def test_a_part_needs_a_number(self, wire: Any, number: str) -> None:
        item_id = self.registered(wire)
        files = {"file": ("p", b"x")}
        assert "the number of a part" in refused(wire, f"{item_id}/uploadPart", files, partId=number)
        assert left_on_disk(wire) == []


@pytest.mark.parametrize(
    ("name", "taken"),
    [("a.txt", True), ("A.TXT", True), ("a.json", True), ("a.exe", False), ("a", False), (".txt", False)],
)
def test_types_are_held_to_the_list(wire: Any, name: str, taken: bool) -> None:
    wire.site.services["Files/FileTransfer"].uploads = UploadRules(1000, ("txt", "json"))
    answer = post(wire, "upload", {"file": (name, b"x")})
    assert answer.get("success", False) is taken
    assert post(wire, "register", itemName=name).get("success", False) is taken
    if not taken:
        assert "fileTypes" in answer["error"]["details"][0]
        assert left_on_disk(wire) == []


@pytest.mark.parametrize("files", [None, {"file": ("", b"x")}, {"file": (None, "a text")}])
def test_an_upload_without_a_file_is_refused(wire: Any, files: Any) -> None:
    assert refused(wire, "upload", files).startswith("file: met no file")


def test_a_name_is_needed_to_register(wire: Any) -> None:
    assert refused(wire, "register", itemName=" / ").startswith("itemName: met no name")


@every_case(
    ("sent", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("..\\..\\boot.ini", "boot.ini"),
        ("C:\\temp\\a.txt", "a.txt"),
        ("/", ""),
        ("..", ""),
        ("a\0b\r\n\u202etxt.exe", "abtxt.exe"),
        ("x" * 300 + ".txt", "x" * 251 + ".txt"),
        ("  a.txt ", "a.txt"),
    ],
)
def test_a_name_is_never_a_path(sent: str, kept: str) -> None:
    assert plain_name(sent) == kept


def test_the_extension_is_what_follows_the_last_dot() -> None:
    names = ["a.txt", "a.tar.GZ", "a", ".txt", "a.", "..a"]
    assert [extension(name) for name in names] == ["txt", "gz", "", "", "", ""]


def test_a_hostile_name_leads_nowhere(wire: Any) -> None:
    item = uploaded(wire, name="../../../evil.txt")
    assert item["itemName"] == "evil.txt"
    assert wire.site.uploads.path_of(wire.site.uploads.find("Files/FileTransfer", item["itemID"])).exists()
    root = wire.site.directories.root
    assert {path.name for path in root.rglob("*") if path.is_file()} == {"data"}


@pytest.mark.parametrize("item_id", ["..", "%2e%2e", "..%2f..", "%00", "incoming", "%2fetc"])
def test_an_item_id_is_no_path_either(wire: Any, item_id: str) -> None:
    uploaded(wire)
    assert wire.http.get(f"{UPLOADS}/{item_id}/download?f=json").json()["error"]["code"] == 400


def raw(wire: Any, head: str, body: bytes, *, end: bool = True) -> bytes:
    """What the server answers to a request as it is written here."""
    url = wire.http.base_url
    with socket.create_connection((url.host, url.port), timeout=10) as connection:
        path = f"{url.path}{UPLOADS}/upload?f=json"
        connection.sendall(f"POST {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{head}\r\n\r\n".encode())
        connection.sendall(body)
        if not end:
            return b""
        answer = b""
        while piece := connection.recv(65536):
            answer += piece
        return answer


HEAD = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\n'
TYPE = "Content-Type: multipart/form-data; boundary=b"


def test_a_chunked_body_without_a_length_is_an_upload(wire: Any) -> None:
    pieces = [HEAD[:20], HEAD[20:], b"hel", b"lo\r\n-", b"-b--\r\n"]
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"
    assert b'"success":true' in raw(wire, f"{TYPE}\r\nTransfer-Encoding: chunked", chunks)
    (file,) = left_on_disk(wire)
    assert file.read_bytes() == b"hello"


def test_a_truncated_form_is_refused_and_leaves_no_file(wire: Any) -> None:
    body = HEAD + b"hello"
    assert b"does not end" in raw(wire, f"{TYPE}\r\nContent-Length: {len(body)}", body)
    assert (wire.site.uploads.space.taken, left_on_disk(wire)) == (0, [])


def test_a_client_that_leaves_leaves_no_file(wire: Any, caplog: pytest.LogCaptureFixture) -> None:
    left = threading.Event()
    incoming = wire.site.uploads.incoming
    discard = incoming.discard
    incoming.discard = lambda path: (discard(path), left.set())  # type: ignore[method-assign]
    raw(wire, f"{TYPE}\r\nContent-Length: 1000000", HEAD + b"x" * 100_000, end=False)
    assert left.wait(10)
    assert (wire.site.uploads.space.taken, len(incoming), left_on_disk(wire)) == (0, 0, [])
    assert not [record for record in caplog.records if record.exc_info]


def test_a_file_over_the_limit_is_refused_before_all_of_it_has_come(wire: Any) -> None:
    wire.site.services["Files/FileTransfer"].uploads = UploadRules(50_000)
    url = wire.http.base_url
    with socket.create_connection((url.host, url.port), timeout=10) as connection:
        path = f"{url.path}{UPLOADS}/upload?f=json"
        head = f"POST {path} HTTP/1.1\r\nHost: x\r\n{TYPE}\r\nTransfer-Encoding: chunked\r\n\r\n"
        connection.sendall(head.encode())
        connection.sendall(b"%x\r\n%s\r\n" % (len(HEAD), HEAD))
        connection.sendall(b"%x\r\n%s\r\n" % (60_000, b"x" * 60_000))
        answer = b""
        while b"50000 bytes" not in answer:  # the form has not ended
            more = connection.recv(65536)
            assert more, answer
            answer += more
    assert b"uploads.maxFileSize" in answer
    assert (wire.site.uploads.space.taken, left_on_disk(wire)) == (0, [])


def test_a_length_that_is_too_much_is_refused_before_anything_comes(wire: Any) -> None:
    wire.site.services["Files/FileTransfer"].uploads = UploadRules(50_000)
    answer = raw(wire, f"{TYPE}\r\nContent-Length: {2**40}\r\nExpect: 100-continue", b"")
    assert answer.startswith(b"HTTP/1.1 200")
    assert b"uploads.maxFileSize" in answer


def test_all_uploads_together_are_held_to_the_sites_limit(open_wire: Any, fresh: dict[str, Any]) -> None:
    wire = open_wire(builtin_site(**fresh, limits=Limits(stored=10_000)))
    first = uploaded(wire, b"x" * 6000)
    assert "limits.stored" in refused(wire, "upload", {"file": ("b.txt", b"x" * 6000)})
    assert wire.site.uploads.space.taken == 6000
    post(wire, f"{first['itemID']}/delete")
    uploaded(wire, b"x" * 6000)


def test_the_memory_that_items_take_is_limited(wire: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploaded_items, "MAX_RECORDS", 40_000)
    described = "\N{GRINNING FACE}" * 4000
    first = post(wire, "register", itemName="a.txt", description=described)["item"]
    uploaded(wire, description=described)
    for path, files in (("register", None), ("upload", {"file": ("b.txt", b"x")})):
        assert "delete items" in refused(wire, path, files, itemName="b.txt", description=described)
    post(wire, f"{first['itemID']}/delete")
    uploaded(wire, description=described)
    assert len(left_on_disk(wire)) == 2


def test_a_long_list_of_items_is_paged(wire: Any) -> None:
    names = [post(wire, "register", itemName=f"{number}.txt")["item"]["itemName"] for number in range(5)]

    def listed(**asked: Any) -> tuple[list[str], int | None]:
        answer = wire.json(UPLOADS, **asked)
        return [each["itemName"] for each in answer["uploads"]], answer.get("nextStart")

    assert listed() == (names, None)
    assert listed(num=2) == (names[:2], 3)
    assert listed(num=2, start=3) == (names[2:4], 5)
    assert listed(num=2, start=5) == (names[4:], None)
    assert listed(start=99) == ([], None)
    assert wire.error(UPLOADS, start=0)["code"] == 400


def test_no_answer_lists_more_than_a_thousand_items(wire: Any) -> None:
    for number in range(1001):
        wire.site.uploads.register("Files/FileTransfer", f"{number}.txt", "", 0.0)
    answer = wire.json(UPLOADS, num=5000)
    assert (len(answer["uploads"]), answer["nextStart"]) == (1000, 1001)


def test_uploads_go_with_the_site(fresh: dict[str, Any], server: Any, open_wire: Any) -> None:
    site = builtin_site(**{**fresh, "context": "short-lived"})
    server.app.add_site(site)
    import httpx

    url = f"{server.root}/short-lived/rest/services/{UPLOADS}/upload"
    assert httpx.post(url, data={"f": "json"}, files={"file": io.BytesIO(b"x")}).json()["success"] is True
    root = site.directories.root
    server.app.remove_site("short-lived")
    assert not root.exists()


SERVICE = {"executionType": "sync", "tasks": []}


def test_a_site_file_sets_the_rules_and_the_capability() -> None:
    uploads = {"maxFileSize": "10MB", "fileTypes": [".TXT", "json"]}
    site = site_from({"services": {"S": {**SERVICE, "uploads": uploads}}})
    service = site.services["S"]
    assert service.descriptor.capabilities == "Uploads"
    assert service.upload_rules == UploadRules(10 * 1024 * 1024, ("txt", "json"))


@every_case(
    ("uploads", "said"),
    [
        ({"maxFileSize": "ten"}, 'services.S.uploads.maxFileSize: met "ten"'),
        ({"maxFileSize": "5GB"}, 'services.S.uploads.maxFileSize: met "5GB", expected at most'),
        ({"fileTypes": ["a b"]}, "services.S.uploads.fileTypes[0]"),
        ({"fileTyps": []}, "services.S.uploads.fileTyps"),
    ],
)
def test_wrong_rules_are_said_with_their_place(uploads: dict[str, Any], said: str) -> None:
    with pytest.raises(SiteFileError) as raised:
        site_from({"services": {"S": {**SERVICE, "uploads": uploads}}})
    assert said in str(raised.value)


def test_rules_without_the_capability_are_an_error() -> None:
    with pytest.raises(SiteFileError, match="add Uploads to capabilities"):
        site_from({"services": {"S": {**SERVICE, "capabilities": "Other", "uploads": {}}}})


@pytest.mark.parametrize("sent_before", [10, 150, 70_000])
def test_an_upload_to_a_site_that_is_removed_meanwhile_is_told_that_it_is_gone(
    sent_before: int, caplog: pytest.LogCaptureFixture
) -> None:
    app = MockServer([builtin_site("leaving"), builtin_site("staying")])
    site = app.sites["leaving"]
    head = '--X\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\n'
    form = head.encode() + b"a" * 100_000 + b"\r\n--X--\r\n"

    async def pieces() -> AsyncIterator[bytes]:
        yield form[:sent_before]
        app.remove_site("leaving")
        yield form[sent_before:]

    async def upload() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app)) as client:
            url = f"http://127.0.0.1/leaving/rest/services/{UPLOADS}/upload?f=json"
            return await client.post(
                url, content=pieces(), headers={"Content-Type": "multipart/form-data; boundary=X"}
            )

    answer = asyncio.run(upload())
    assert answer.status_code == 200
    assert answer.json()["error"]["details"] == [
        "the site is gone: it was removed while the file was on its way"
    ]
    assert [each.levelname for each in caplog.records if each.levelno >= logging.WARNING] == []
    assert len(site.uploads.incoming) == 0
    assert site.uploads.space.taken == 0
    app.close()
