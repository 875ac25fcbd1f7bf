"""The deviations of uploads: what becomes of a file that a plain client sends."""

from __future__ import annotations

import json
import socket
from contextlib import closing
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

import pytest
from deviation_probe import Probe, Seen

SERVICE = "rest/services/Files/FileTransfer/GPServer"
ZIP_FILE = "Files/FileTransfer/GPServer/ZipFile"
BOUNDARY = "part-of-a-form"

REFUSALS: dict[str, Any] = {
    "upload-type-refused": "Invalid or missing input parameters.",
    "upload-success-false": {"success": False, "message": "The item could not be uploaded."},
}
WHILE_SENDING = {"upload-refused-while-sending": "fin", "upload-unread": "silence"}
ANSWERS = {"upload-item-id-missing", "upload-not-committed", "upload-in-textarea"}
LATER = {"uploads-not-offered", "upload-item-expired", "upload-part-lost"}
COVERED = frozenset({*REFUSALS, *WHILE_SENDING, *ANSWERS, *LATER})


def form(content: bytes = b"hello", **fields: str) -> bytes:
    """A multipart form with a file."""
    lines = [
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in {"f": "json", **fields}.items()
    ]
    file = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\n'
    return "".join([*lines, file]).encode() + content + f"\r\n--{BOUNDARY}--\r\n".encode()


def send(probe: Probe, path: str = "upload", **fields: str) -> Seen:
    """Upload a file, or a part of one."""
    parts = urlsplit(probe.root)
    with closing(HTTPConnection(parts.hostname or "", parts.port, timeout=5)) as connection:
        kind = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
        place = f"{parts.path}/{SERVICE}/uploads/{path}"
        connection.request("POST", place, form(**fields), kind)
        answer = connection.getresponse()
        return Seen(answer.status, {k.lower(): v for k, v in answer.getheaders()}, [], answer.read())


def uploaded(probe: Probe) -> str:
    """The id of an item that is uploaded as usual."""
    answer = send(probe).json
    assert (answer["success"], answer["item"]["committed"]) == (True, True)
    return str(answer["item"]["itemID"])


def in_parts(probe: Probe) -> str:
    """The id of an item whose parts have come, and which is not committed."""
    item_id = probe.post(f"{SERVICE}/uploads/register", itemName="a.txt").json["item"]["itemID"]
    assert send(probe, f"{item_id}/uploadPart", partId="1").json["success"] is True
    return str(item_id)


@pytest.mark.parametrize(("name", "says"), REFUSALS.items())
def test_a_file_is_refused(probe: Probe, name: str, says: Any) -> None:
    uploaded(probe)
    injection = probe.site.deviate(name)
    for seen in (send(probe), probe.post(f"{SERVICE}/uploads/register", itemName="a.txt")):
        assert (seen.status, seen.headers["content-type"]) == (200, "application/json;charset=UTF-8")
        if isinstance(says, str):
            error = seen.json["error"]
            assert (error["code"], error["message"]) == (400, says)
            assert error["details"] == ["This service does not take files of this type."]
        else:
            assert seen.json == says
    assert len(probe.get(f"{SERVICE}/uploads").json["uploads"]) == 1
    assert injection.applied == 2
    injection.clear()
    uploaded(probe)


def test_a_service_offers_no_uploads(probe: Probe) -> None:
    uploaded(probe)
    assert probe.get(SERVICE).json["capabilities"] == "Uploads"
    injection = probe.site.deviate("uploads-not-offered")
    service = probe.get(SERVICE).json
    assert (service["capabilities"], "error" in service) == ("", False)
    for seen in (send(probe), probe.get(f"{SERVICE}/uploads/info")):
        assert (list(seen.json), seen.json["error"]["code"]) == (["error"], 400)
        assert seen.json["error"]["message"] == "Invalid URL"
    assert probe.job_id(ZIP_FILE)
    assert injection.applied == 3
    injection.clear()
    uploaded(probe)


def taken(connection: socket.socket, size: int) -> int:
    """How many of so many bytes are taken before nobody makes room for another piece."""
    for sent in range(0, size, 1_000_000):
        try:
            connection.sendall(bytes(1_000_000))
        except TimeoutError:
            return sent
    return size


@pytest.mark.parametrize(("name", "end"), WHILE_SENDING.items())
def test_a_file_is_not_read_to_its_end(probe: Probe, name: str, end: str) -> None:
    uploaded(probe)
    injection = probe.site.deviate(name)
    parts = urlsplit(probe.root)
    head = (
        f"POST {parts.path}/{SERVICE}/uploads/upload HTTP/1.1\r\nHost: a\r\nContent-Length: 50000000\r\n"
        f"Content-Type: multipart/form-data; boundary={BOUNDARY}\r\n\r\n"
    ).encode()
    with closing(socket.create_connection((parts.hostname, parts.port), timeout=2)) as connection:
        connection.sendall(head + form(bytes(70_000)))
        received = b""
        if name == "upload-unread":
            connection.settimeout(0.1)
            with pytest.raises(TimeoutError):
                connection.recv(1)
            assert taken(connection, 20_000_000) < 20_000_000
        else:
            while piece := connection.recv(65536):
                received += piece
            assert received.startswith(b"HTTP/1.1 413 ")
            assert b"content-type: text/html" in received
            assert received.endswith(b"</html>\n")
    assert len(probe.get(f"{SERVICE}/uploads").json["uploads"]) == 1
    assert injection.applied == 1
    injection.clear()
    uploaded(probe)


def test_a_small_file_is_read_and_refused(probe: Probe) -> None:
    probe.site.deviate("upload-refused-while-sending")
    assert send(probe).status == 413


@pytest.mark.parametrize("name", sorted(ANSWERS))
def test_the_answer_to_an_upload_is_wrong(probe: Probe, name: str) -> None:
    before = send(probe)
    item = before.json["item"]
    injection = probe.site.deviate(name)
    after = send(probe)
    assert after.status == 200
    match name:
        case "upload-item-id-missing":
            assert after.json["item"].keys() == item.keys() - {"itemID"}
        case "upload-not-committed":
            assert after.json.keys() == before.json.keys()
            assert after.json["item"] == {
                **item,
                "itemID": after.json["item"]["itemID"],
                "committed": False,
            }
            item_id = after.json["item"]["itemID"]
            assert probe.get(f"{SERVICE}/uploads/{item_id}").json["committed"] is False
            assert [x["committed"] for x in probe.get(f"{SERVICE}/uploads").json["uploads"]] == [False] * 2
        case _:
            text = after.body.decode()
            assert (text[:10], text[-11:]) == ("<textarea>", "</textarea>")
            assert json.loads(text[10:-11])["item"].keys() == item.keys()
            assert after.headers["content-type"] == "text/html;charset=utf-8"
    assert after.body != before.body
    assert injection.applied >= 1
    injection.clear()
    assert send(probe).json["item"].keys() == item.keys()


@pytest.mark.parametrize("name", ["upload-item-id-missing", "upload-not-committed"])
def test_an_item_in_parts_is_answered_as_wrongly(probe: Probe, name: str) -> None:
    item_id = in_parts(probe)
    injection = probe.site.deviate(name)
    item = probe.post(f"{SERVICE}/uploads/{item_id}/commit").json["item"]
    assert ("itemID" in item, item["committed"]) == ((False, True) if "missing" in name else (True, False))
    assert injection.applied == 1


def test_the_item_is_gone_when_the_job_is_submitted(probe: Probe) -> None:
    file = json.dumps({"itemID": uploaded(probe)})
    assert probe.submit(ZIP_FILE, Input_File=file).json["jobId"]
    injection = probe.site.deviate("upload-item-expired")
    for seen in (
        probe.submit(ZIP_FILE, Input_File=file),
        probe.get(f"{probe.task(ZIP_FILE)}/submitJob", Input_File=file),
    ):
        assert seen.json["error"]["code"] == 400
        assert seen.json["error"]["details"] == ["The uploaded item does not exist any more."]
    assert probe.submit(ZIP_FILE, Input_File='{"url": "https://files.example/a.txt"}').json["jobId"]
    assert injection.applied == 2
    injection.clear()
    assert probe.submit(ZIP_FILE, Input_File=file).json["jobId"]


def test_a_part_is_gone_when_the_item_is_committed(probe: Probe) -> None:
    injection = probe.site.deviate("upload-part-lost")
    item_id = in_parts(probe)
    uploaded(probe)
    lost = probe.post(f"{SERVICE}/uploads/{item_id}/commit").json["error"]
    assert (lost["code"], lost["details"]) == (400, ["A part of the uploaded item is missing."])
    assert injection.applied == 1
    injection.clear()
    assert probe.post(f"{SERVICE}/uploads/{item_id}/commit").json["item"]["committed"] is True
