"""Uploads against answers written by hand: what is sent, what comes of each kind of answer."""

from __future__ import annotations

import io
import json
import time
from email.parser import BytesParser
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import hypothesis
import pytest
from gp_client.clocks import SharedClock
from gp_client.drivers import run
from gp_client.errors import (
    GPError,
    HTTPError,
    InvalidInput,
    ProtocolViolation,
    ServerError,
    SubmissionUnknown,
    TransportError,
)
from gp_client.files import uploads
from gp_client.files.upload_sources import PIECE, UploadSource
from gp_client.files.uploads import delete_upload, item_info, list_uploads, upload, upload_limits
from gp_client.sessions import Deadline, Session
from gp_client.steps import Event, Transferred
from gp_client.wire.http_messages import Body, Request, Response
from gp_client.wire.tokens import TokenKeeper
from gp_protocol.values.references import ItemReference
from hypothesis import strategies as st
from scripted import Scripted, answer, cut, error

from every_case import every_case

SERVICE = "http://gis.example.com/arcgis/rest/services/Files/FileTransfer/GPServer"
ID = "ib740c7bb-e5d0-4156-9cea-12fa7d3a472c"
ITEM = {"itemID": ID, "itemName": "a.txt", "description": "", "date": 1246060800000, "committed": True}
DONE = {"success": True, "item": ITEM}
OPEN = {"success": True, "item": {**ITEM, "committed": False}}
IN_PARTS = {"register": answer(OPEN), "uploadPart": answer(OPEN), "commit": answer(DONE)}


class Uploading:
    """An upload to a scripted server."""

    def __init__(self, session: Any, script: Any, seconds: float | None = None, **settings: Any) -> None:
        self.session = session(**settings)
        self.server = Scripted(script if isinstance(script, dict) else {"uploads/upload": script})
        self.events: list[Event] = []
        self.deadline = Deadline.after(self.session.clock, seconds)

    def __call__(self, given: Any = b"hello", name: str | None = "a.txt", **options: Any) -> ItemReference:
        source = UploadSource.of(given, name)
        return self.run(upload(self.session, SERVICE, source, deadline=self.deadline, **options))

    def run(self, flow: Any) -> Any:
        return run(flow, self.server, self.session.clock, self.events.append)

    def waited(self) -> float:
        return float(self.session.clock.now())


def form(request: Request) -> tuple[dict[str, str], dict[str, tuple[str, bytes]]]:
    """The fields and the files of a multipart form, by a reader that is not ours."""
    assert isinstance(request.body, Body)
    body = b"".join(request.body.chunks())
    assert len(body) == request.body.length == int(request.headers["Content-Length"])
    head = f"Content-Type: {request.headers['Content-Type']}\r\n\r\n".encode()
    fields, files = {}, {}
    for part in BytesParser().parsebytes(head + body).get_payload():
        assert not isinstance(part, str)
        name = part.get_param("name", header="content-disposition")
        content = part.get_payload(decode=True)
        assert isinstance(name, str)
        assert isinstance(content, bytes)
        if (called := part.get_param("filename", header="content-disposition")) is not None:
            files[name] = (str(called), content)
        else:
            fields[name] = content.decode()
    return fields, files


def test_a_small_file_is_one_form_with_f_first(session: Any) -> None:
    uploading = Uploading(session, answer(DONE))
    assert uploading(b"hello", description="A greeting") == ItemReference(ID)
    (request,) = uploading.server.asked
    assert (request.method, request.url) == ("POST", f"{SERVICE}/uploads/upload")
    fields, files = form(request)
    assert fields == {"f": "json", "description": "A greeting"}
    assert next(iter(fields)) == "f"
    assert files == {"file": ("a.txt", b"hello")}
    assert uploading.events == [Transferred("a.txt", 5, 5)]


def test_a_file_on_disk_and_an_open_one_go_as_they_are(session: Any, tmp_path: Path) -> None:
    path = tmp_path / "points.zip"
    path.write_bytes(b"PK" + bytes(100_000))
    with path.open("rb") as file:
        file.seek(2)
        for given, content in (
            (path, path.read_bytes()),
            (str(path), path.read_bytes()),
            (file, bytes(100_000)),
        ):
            uploading = Uploading(session, answer(DONE))
            uploading(given, None)
            assert form(uploading.server.asked[0])[1] == {"file": ("points.zip", content)}


def test_an_open_file_without_a_name_takes_one(session: Any) -> None:
    uploading = Uploading(session, answer(DONE))
    uploading(io.BytesIO(b"x"), "a.csv")
    assert form(uploading.server.asked[0])[1] == {"file": ("a.csv", b"x")}


def test_a_name_stays_within_its_quotes(session: Any) -> None:
    uploading = Uploading(session, answer(DONE))
    uploading(b"x", 'a"; name="f.txt')
    request = uploading.server.asked[0]
    assert isinstance(request.body, Body)
    assert b'filename="a%22; name=%22f.txt"' in b"".join(request.body.chunks())


@every_case(
    ("given", "name", "met"),
    [
        (b"x", None, "no name"),
        (b"x", "", "no name"),
        (b"x", "a/b.txt", "'a/b.txt'"),
        (b"x", "a\r\nb.txt", "a\\r\\nb.txt"),
        (b"x", "..", "'..'"),
        (b"x", "\ud800.txt", "ud800"),
        (b"x", "a" * 300, "aaa"),
        ("/no/such/file.txt", None, "/no/such/file.txt"),
        ("bad\0name", None, "bad"),
        (".", None, "no regular file"),
        (io.StringIO("x"), "a.txt", "StringIO"),
        (7, "a.txt", "int"),
        (None, "a.txt", "NoneType"),
    ],
)
def test_what_cannot_be_uploaded_is_said_before_anything_is_sent(given: Any, name: Any, met: str) -> None:
    with pytest.raises(InvalidInput) as raised:
        UploadSource.of(given, name)
    assert met in raised.value.met


def test_a_file_that_cannot_be_rewound_is_refused() -> None:
    class Pipe(io.RawIOBase):
        def readable(self) -> bool:
            return True

    with pytest.raises(InvalidInput, match="rewound"):
        UploadSource(Pipe(), "a.txt")  # type: ignore[arg-type]


def test_a_file_that_shrinks_on_the_way_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(bytes(3 * PIECE))
    source = UploadSource(path)
    chunks = source.chunks()
    next(chunks)
    path.write_bytes(bytes(PIECE))
    with pytest.raises(InvalidInput, match=f"the end of the file after {PIECE} bytes"):
        list(chunks)


def test_no_more_than_a_piece_is_in_memory_at_once(tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(bytes(5 * PIECE + 1))
    for source in (UploadSource(path), UploadSource(bytes(5 * PIECE + 1), "a.bin")):
        assert [len(each) for each in source.chunks()] == [PIECE] * 5 + [1]
        assert [len(each) for each in source.chunks(PIECE, PIECE + 5)] == [PIECE, 5]


def test_a_larger_file_goes_in_parts(session: Any) -> None:
    uploading = Uploading(session, IN_PARTS)
    assert uploading(b"0123456789", part_size=4, description="Ten") == ItemReference(ID)
    item = f"/arcgis/rest/services/Files/FileTransfer/GPServer/uploads/{ID}"
    assert [path.removeprefix(item) for path in uploading.server.paths()] == [
        "/arcgis/rest/services/Files/FileTransfer/GPServer/uploads/register",
        "/uploadPart",
        "/uploadPart",
        "/uploadPart",
        "/commit",
    ]
    assert uploading.server.parameters(0) == {"f": "json", "itemName": "a.txt", "description": "Ten"}
    for number, content in enumerate((b"0123", b"4567", b"89"), 1):
        fields, files = form(uploading.server.asked[number])
        assert fields == {"f": "json", "partId": str(number), "partNumber": str(number)}
        assert files == {"file": ("a.txt", content)}
    assert uploading.server.parameters(-1) == {"f": "json", "parts": "1,2,3"}
    assert [event.done for event in uploading.events if isinstance(event, Transferred)] == [4, 8, 10]


@pytest.mark.parametrize(("size", "in_parts"), [(20, False), (21, True)])
def test_a_file_of_the_usual_limit_still_goes_whole(
    session: Any, monkeypatch: pytest.MonkeyPatch, size: int, in_parts: bool
) -> None:
    monkeypatch.setattr(uploads, "WHOLE", 20)
    script = {
        "upload": answer(DONE),
        "register": answer(OPEN),
        "uploadPart": answer(OPEN),
        "commit": answer(DONE),
    }
    uploading = Uploading(session, script)
    uploading(bytes(size))
    assert uploading.server.paths()[0].endswith("register" if in_parts else "upload")


def test_parts_grow_rather_than_be_too_many(session: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "WHOLE", 2)
    monkeypatch.setattr(uploads, "MOST_PARTS", 3)
    uploading = Uploading(
        session, {"register": answer(OPEN), "uploadPart": answer(OPEN), "commit": answer(DONE)}
    )
    uploading(b"0123456789")
    assert uploading.server.parameters(-1)["parts"] == "1,2,3"


@pytest.mark.parametrize("size", [0, -1, True])
def test_a_part_has_bytes(session: Any, size: int) -> None:
    with pytest.raises(InvalidInput, match="part_size"):
        Uploading(session, answer(DONE))(part_size=size)


def test_a_listener_hears_of_a_whole_file_on_its_way(session: Any) -> None:
    heard: list[Transferred] = []

    uploading = Uploading(session, answer(DONE))
    uploading(bytes(3_000_000), listener=heard.append)
    assert [event.done // 1_048_576 for event in heard] == [1, 2, 2]
    assert heard[-1] == Transferred("a.txt", 3_000_000, 3_000_000)
    assert uploading.events == []


def test_the_time_limit_grows_with_what_is_carried(session: Any) -> None:
    uploading = Uploading(session, answer(DONE), timeout=10.0)
    uploading(b"x")
    uploading(bytes(4 * 1024 * 1024))
    assert [round(request.timeout) for request in uploading.server.asked] == [10, 20]


@every_case(
    ("given", "kind", "text"),
    [
        (error(400, "Invalid file type.", "a.txt"), ServerError, "Invalid file type"),
        (answer({"success": False}), ServerError, "an error without a message"),
        (answer({"success": "false", "item": ITEM}), ServerError, "success: 'false'"),
        (answer({"success": None, "item": ITEM}), ServerError, "success: None"),
        (answer({"success": False, "message": "too big", "code": 7}), ServerError, "7: too big"),
        (answer({"success": False, "messages": ["one", "two"], "item": None}), ServerError, "one two"),
        (answer({"success": True, "item": {**ITEM, "itemID": None}}), ProtocolViolation, "/item/itemID"),
        (answer({"success": True, "item": {"itemName": "a"}}), ProtocolViolation, "/item/itemID"),
        (answer({"success": True, "item": {**ITEM, "itemID": "../../x"}}), ProtocolViolation, "/item/itemID"),
        (answer({"success": True, "item": {**ITEM, "itemID": ".."}}), ProtocolViolation, "/item/itemID"),
        (answer({"success": True, "item": {**ITEM, "itemID": 7}}), ProtocolViolation, "/item/itemID"),
        (answer({"success": True, "item": [ITEM]}), ProtocolViolation, "/item"),
        (answer({"success": True}), ProtocolViolation, "/item"),
        (answer({}), ProtocolViolation, "/item"),
        (answer(OPEN), ProtocolViolation, "/item/committed"),
        (
            answer({"success": True, "item": {**ITEM, "committed": "yes"}}),
            ProtocolViolation,
            "/item/committed",
        ),
        (answer("<html><h1>Request Entity Too Large</h1>", 413, content_type="text/html"), HTTPError, "413"),
        (cut(), SubmissionUnknown, "not known"),
    ],
)
def test_what_is_no_item_is_an_error_and_nothing_is_sent_again(
    session: Any, given: Any, kind: type[GPError], text: str
) -> None:
    uploading = Uploading(session, given)
    with pytest.raises(kind) as raised:
        uploading()
    assert text in str(raised.value)
    assert len(uploading.server.asked) == 1


@every_case(
    "extra",
    [
        {"date": None},
        {"date": 1e300},
        {"date": "x"},
        {"itemName": 7},
        {"description": None},
        {"committed": None},
    ],
)
def test_what_nothing_depends_on_may_be_odd(session: Any, extra: dict[str, Any]) -> None:
    uploading = Uploading(session, answer({"success": True, "item": {**ITEM, **extra}}))
    assert uploading() == ItemReference(ID)


@pytest.mark.parametrize(
    "page",
    [
        '<textarea>{"success":true,"item":{"itemID":"%s"}}</textarea>',
        '<html><body><TEXTAREA rows="3">\n{"success":true,"item":{"itemID":"%s"}}</TEXTAREA></body></html>',
        "<textarea>{&quot;success&quot;:true,&quot;item&quot;:{&quot;itemID&quot;:&quot;%s&quot;}}</textarea>",
    ],
)
def test_an_answer_in_a_textarea_is_read(session: Any, page: str) -> None:
    assert Uploading(session, answer(page % ID, content_type="text/html"))() == ItemReference(ID)


@every_case(
    "page",
    ["<textarea>no JSON</textarea>", "<textarea>{</textarea>", "<textarea>", "<html>Item ID: %s</html>"],
)
def test_a_page_without_json_is_none(session: Any, page: str) -> None:
    with pytest.raises(GPError):
        Uploading(session, answer(page, content_type="text/html"))()


@every_case("piece", ["<textarea>", "<textarea", "<pre>{", "<textarea></textarea"])
def test_many_textareas_take_no_time(session: Any, piece: str) -> None:
    page = answer(piece * 200_000, content_type="text/html")
    begun = time.process_time()
    with pytest.raises(GPError):
        Uploading(session, page)()
    assert time.process_time() - begun < 5


def test_an_error_in_a_textarea_is_the_servers(session: Any) -> None:
    page = '<textarea>{"error":{"code":400,"message":"No.","details":[]}}</textarea>'
    with pytest.raises(ServerError, match="400: No"):
        Uploading(session, answer(page, content_type="text/html"))()


def test_a_part_may_be_sent_again_and_nothing_else(session: Any) -> None:
    script = {"register": answer(OPEN), "uploadPart": [cut(), answer(OPEN)], "commit": answer(DONE)}
    uploading = Uploading(session, script)
    uploading(b"01234567", part_size=4)
    sent = [form(request)[1]["file"][1] for request in uploading.server.asked[1:4]]
    assert sent == [b"0123", b"0123", b"4567"]
    for name in ("register", "commit"):
        uploading = Uploading(session, {**script, "uploadPart": answer(OPEN), name: cut()})
        with pytest.raises(SubmissionUnknown):
            uploading(b"01234567", part_size=4)
        assert sum(path.endswith(name) for path in uploading.server.paths()) == 1


class Early:
    """A transport whose server answers, and closes, after some pieces of a body that is no small form."""

    def __init__(self, script: Any, pieces: int) -> None:
        self.inner = Scripted(script)
        self.pieces = pieces

    def send(self, request: Request) -> Response:
        if not isinstance(request.body, Body):
            return self.inner.send(request)
        response = self.inner.send(request)
        for _ in zip(range(self.pieces), request.body.chunks(), strict=False):
            pass
        return response


@every_case("pieces", [1, 2, 3])
@every_case(("part_size", "most"), [(None, 1), (9, 5)])
def test_success_before_all_was_sent_is_none(
    session: Any, pieces: int, part_size: int | None, most: int
) -> None:
    uploading = Uploading(session, {})
    early = Early({**IN_PARTS, "uploads/upload": answer(DONE)}, pieces)
    uploading.server = early  # type: ignore[assignment]
    with pytest.raises(TransportError, match=r"success after \d+ of \d+ bytes were sent"):
        uploading(b"0123456789", part_size=part_size)
    assert len(early.inner.asked) == most
    assert not any(path.endswith("commit") for path in early.inner.paths())


def test_an_error_before_all_was_sent_is_the_servers(session: Any) -> None:
    uploading = Uploading(session, {})
    uploading.server = Early({"uploads/upload": error(400, "Too large.")}, 1)  # type: ignore[assignment]
    with pytest.raises(ServerError, match="Too large"):
        uploading()


@pytest.mark.parametrize("given", [{}, {"partNumber": 1}, {"success": None}])
def test_a_part_needs_a_word_of_success(session: Any, given: Any) -> None:
    uploading = Uploading(session, {**IN_PARTS, "uploadPart": answer(given)})
    with pytest.raises((ProtocolViolation, ServerError), match="success"):
        uploading(b"01234567", part_size=4)
    assert len(uploading.server.asked) == 2


def test_a_part_that_is_lost_is_told_with_the_item_that_is_left(session: Any) -> None:
    script = {
        "register": answer(OPEN),
        "uploadPart": answer(OPEN),
        "commit": error(400, "Unable to commit.", "part 2 is missing"),
    }
    with pytest.raises(ServerError, match="part 2 is missing") as raised:
        Uploading(session, script)(b"01234567", part_size=4)
    assert ID in raised.value.__notes__[0]


@pytest.mark.parametrize(
    ("name", "given", "pointer"),
    [
        ("uploadPart", answer({"success": True, "item": {**ITEM, "itemID": "iother"}}), "/item/itemID"),
        ("commit", answer({"success": True, "item": {**ITEM, "itemID": "iother"}}), "/item/itemID"),
        ("commit", answer(OPEN), "/item/committed"),
    ],
)
def test_parts_stay_with_their_item(session: Any, name: str, given: Any, pointer: str) -> None:
    script = {**IN_PARTS, name: given}
    with pytest.raises(ProtocolViolation) as raised:
        Uploading(session, script)(b"01234567", part_size=4)
    assert raised.value.pointer == pointer


def test_a_part_may_be_answered_by_success_alone(session: Any) -> None:
    script = {"register": answer(OPEN), "uploadPart": answer({"success": True}), "commit": answer(DONE)}
    assert Uploading(session, script)(b"01234567", part_size=4) == ItemReference(ID)


def test_a_server_that_cannot_be_reached_is_asked_again(session: Any) -> None:
    uploading = Uploading(session, [cut(sent=False), answer(DONE)])
    assert uploading() == ItemReference(ID)
    assert [form(request)[1]["file"][1] for request in uploading.server.asked] == [b"hello", b"hello"]


def test_items_are_listed_page_by_page(session: Any) -> None:
    pages = [answer({"uploads": [ITEM], "nextStart": 2}), answer({"uploads": [{"itemID": "i2"}]})]
    uploading = Uploading(session, {"uploads": pages})
    first, second = uploading.run(list_uploads(uploading.session, SERVICE, uploading.deadline))
    assert (first.item_id, first.name, first.committed, first.date.year) == (ID, "a.txt", True, 2009)
    assert (second.item_id, second.date, second.committed) == ("i2", None, None)
    assert uploading.server.parameters(1)["start"] == "2"


@every_case("following", [1, 0, -1, "2", True, None])
def test_a_list_that_leads_back_ends(session: Any, following: Any) -> None:
    uploading = Uploading(session, {"uploads": answer({"uploads": [ITEM], "nextStart": following})})
    assert len(uploading.run(list_uploads(uploading.session, SERVICE, uploading.deadline))) == 1


def test_a_list_without_end_is_given_up(session: Any) -> None:
    def page(request: Request) -> Response:
        start = int(dict(parse_qsl(urlsplit(request.url).query)).get("start", "1"))
        return answer({"uploads": [{"itemID": f"i{start}"}], "nextStart": start + 1})

    uploading = Uploading(session, {"uploads": page})
    with pytest.raises(ProtocolViolation, match="/nextStart"):
        uploading.run(list_uploads(uploading.session, SERVICE, uploading.deadline))
    assert len(uploading.server.asked) == 1000


def test_a_list_that_brings_nothing_new_ends(session: Any) -> None:
    def page(request: Request) -> Response:
        start = int(dict(parse_qsl(urlsplit(request.url).query)).get("start", "1"))
        return answer({"uploads": [ITEM], "nextStart": start + 1})

    uploading = Uploading(session, {"uploads": page})
    assert len(uploading.run(list_uploads(uploading.session, SERVICE, uploading.deadline))) == 1
    assert len(uploading.server.asked) == 2


@every_case("listed", [None, {}, "x", [None], [{"itemID": ""}]])
def test_a_list_that_is_none_breaks_the_protocol(session: Any, listed: Any) -> None:
    uploading = Uploading(session, {"uploads": answer({"uploads": listed})})
    with pytest.raises(ProtocolViolation) as raised:
        uploading.run(list_uploads(uploading.session, SERVICE, uploading.deadline))
    assert raised.value.pointer.startswith("/uploads")


def test_an_item_is_looked_at_and_deleted(session: Any) -> None:
    uploading = Uploading(session, {ID: answer(ITEM), "delete": answer({"success": True})})
    assert uploading.run(item_info(uploading.session, SERVICE, ID, uploading.deadline)).name == "a.txt"
    uploading.run(delete_upload(uploading.session, SERVICE, ID, uploading.deadline))
    assert uploading.server.asked[-1].method == "POST"
    assert uploading.server.paths()[-1].endswith(f"/uploads/{ID}/delete")


def test_another_item_than_was_asked_for_breaks_the_protocol(session: Any) -> None:
    uploading = Uploading(session, {ID: answer({**ITEM, "itemID": "iother"})})
    with pytest.raises(ProtocolViolation, match="/itemID"):
        uploading.run(item_info(uploading.session, SERVICE, ID, uploading.deadline))


def test_a_refused_deletion_is_an_error(session: Any) -> None:
    uploading = Uploading(session, {"delete": answer({"success": False, "message": "in use"})})
    with pytest.raises(ServerError, match="in use"):
        uploading.run(delete_upload(uploading.session, SERVICE, ID, uploading.deadline))


@every_case("item_id", ["", "a/b", "..", "a b", 7, None])
def test_an_item_id_is_no_path(session: Any, item_id: Any) -> None:
    made = session()
    for ask in (item_info, delete_upload):
        with pytest.raises(InvalidInput):
            run(ask(made, SERVICE, item_id, Deadline.after(made.clock, 1)), Scripted({}), made.clock)


@every_case(
    ("info", "largest", "types"),
    [
        ({"maxUploadFileSize": 2, "allowedUploadFileTypes": ".TXT, json"}, 2097152, ("txt", "json")),
        ({"maxUploadFileSize": 0.5, "allowedUploadFileTypes": "*"}, 524288, ()),
        ({"maxUploadFileSize": "2", "allowedUploadFileTypes": ["zip", 7]}, None, ("zip",)),
        ({"maxUploadFileSize": 1e300, "allowedUploadFileTypes": 7}, None, ()),
        ({}, None, ()),
    ],
)
def test_what_a_service_takes(session: Any, info: Any, largest: Any, types: Any) -> None:
    uploading = Uploading(session, {"uploads/info": answer(info)})
    limits = uploading.run(upload_limits(uploading.session, SERVICE, uploading.deadline))
    assert (limits.largest, limits.file_types) == (largest, types)


def test_a_transport_error_says_whether_the_file_may_have_arrived(session: Any) -> None:
    with pytest.raises(TransportError) as raised:
        Uploading(session, cut(sent=False))()
    assert not isinstance(raised.value, SubmissionUnknown)
    assert raised.value.sent is False


def test_a_file_is_sent_again_once_signed_in(session: Any) -> None:
    keeper = TokenKeeper(user="tester", password="secret")
    script = {
        "uploads/upload": [error(499, "Token Required"), answer(DONE)],
        "rest/info": answer({"authInfo": {"tokenServicesUrl": "http://gis.example.com/arcgis/tokens/"}}),
        "generateToken": answer({"token": "abc", "expires": 9e12}),
    }
    uploading = Uploading(session, script, tokens=keeper)
    assert uploading() == ItemReference(ID)
    sent = [form(each)[1] for each in uploading.server.asked if "uploads" in each.url]
    assert sent == [{"file": ("a.txt", b"hello")}] * 2


class _Always:
    """A server with one answer to everything."""

    def __init__(self, response: Response) -> None:
        self._response = response

    def send(self, request: Request) -> Response:
        if isinstance(request.body, Body):
            assert sum(map(len, request.body.chunks())) == request.body.length
        return Response(200, self._response.headers, self._response.content, request.url)

    def close(self) -> None:
        pass


_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from([ID, "..", ITEM]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["success", "item", "itemID", "committed", "date", "error", "code", "message", "uploads"]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=12,
)


@hypothesis.given(_JSON, st.sampled_from(["%s", "<textarea>%s</textarea>", "<html>%s", "\ufeff%s", "%.9s"]))
def test_whatever_is_answered_is_an_item_or_one_of_our_errors(value: Any, around: str) -> None:
    made = Session("http://gis.example.com/arcgis", tokens=TokenKeeper(), clock=SharedClock(), seed=1)
    deadline = Deadline.after(made.clock, 60)
    content = (around % json.dumps(value)).encode(errors="surrogatepass")
    source = UploadSource.of(b"0123456789", "a.txt")
    for flow in (
        upload(made, SERVICE, source, deadline=deadline),
        upload(made, SERVICE, source, part_size=9, deadline=deadline),
        list_uploads(made, SERVICE, deadline),
        item_info(made, SERVICE, ID, deadline),
        upload_limits(made, SERVICE, deadline),
        delete_upload(made, SERVICE, ID, deadline),
    ):
        try:
            run(flow, _Always(answer(content)), made.clock)
        except GPError as raised:
            raised.report()
