"""Downloads against answers written by hand: a file is there whole or not at all, whatever comes."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from gp_client.clocks import SharedClock
from gp_client.drivers import run
from gp_client.errors import (
    AuthError,
    DeadlineExceeded,
    GPError,
    HTTPError,
    InvalidInput,
    JobAddress,
    ProtocolViolation,
    ServerError,
    TransportError,
    UnexpectedPage,
)
from gp_client.files.downloads import download, file_url, resolved
from gp_client.sessions import Deadline, Session
from gp_client.steps import Event, Retrying, Transferred
from gp_client.wire.http_messages import Request, Response
from gp_client.wire.tokens import TokenKeeper
from gp_protocol.values.references import DataFile, MapImage, Raster
from hypothesis import strategies as st
from scripted import Scripted, answer, cut, error

from every_case import every_case

ROOT = "http://gis.example.com/arcgis"
URL = f"{ROOT}/rest/directories/arcgisjobs/files_gpserver/j1/scratch/out.zip"
CONTENT = bytes(range(256)) * 1000
LOG_IN = '<!DOCTYPE html><html><title>Log in</title><form><input type="password"></form></html>'


class Downloading:
    """A download from a scripted server."""

    def __init__(self, session: Any, script: Any, seconds: float | None = None, **settings: Any) -> None:
        self.session = session(**settings)
        self.server = Scripted(script if isinstance(script, dict) else {"out.zip": script})
        self.events: list[Event] = []
        self.deadline = Deadline.after(self.session.clock, seconds)

    def __call__(self, to: Path, url: str = URL, **options: Any) -> Path:
        flow = download(self.session, url, to, deadline=self.deadline, **options)
        return run(flow, self.server, self.session.clock, self.events.append)

    @property
    def ranges(self) -> list[str]:
        return [request.headers.get("Range", "") for request in self.server.asked]


class Cut:
    """An answer that ends in the middle."""

    def __init__(self, response: Response, after: int, how: BaseException | None = None) -> None:
        self._response = response
        self._after = after
        self._how = how or TransportError("the connection was reset")

    def __call__(self, request: Request) -> Response:
        assert request.sink is not None
        assert request.sink.begin(Response(self._response.status, self._response.headers, b"", request.url))
        request.sink.write(self._response.content[: self._after])
        raise self._how


def whole(content: bytes = CONTENT, etag: str = '"1"', **headers: str) -> Response:
    told = {"content_length": str(len(content)), "content_type": "application/zip"}
    return answer(content, **(told | ({"etag": etag} if etag else {}) | headers))


def part(
    start: int, content: bytes = CONTENT, etag: str = '"1"', end: int | None = None, **headers: str
) -> Response:
    stop = len(content) if end is None else end
    said = {"content_range": f"bytes {start}-{stop - 1}/{len(content)}", "content_type": "application/zip"}
    return answer(content[start:stop], 206, **(said | ({"etag": etag} if etag else {}) | headers))


def holds(place: Path, content: bytes) -> bool:
    """Whether a file has that content: long ones make no good assertions."""
    return place.read_bytes() == content


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_file_is_there_whole_and_nothing_else_is(session: Any, tmp_path: Path) -> None:
    downloading = Downloading(session, whole())
    place = downloading(tmp_path / "mine.zip")
    assert place == tmp_path / "mine.zip"
    assert holds(place, CONTENT)
    assert names(tmp_path) == ["mine.zip"]
    (request,) = downloading.server.asked
    assert (request.method, request.url) == ("GET", URL)
    assert request.headers["Accept-Encoding"] == "identity"
    assert "Range" not in request.headers
    assert downloading.events == [Transferred("mine.zip", 256_000, 256_000)]


@pytest.mark.parametrize(
    "response",
    [
        whole(b""),
        whole(b"a,b\n1,2\n", content_type="text/plain"),
        whole(b"PK\x03\x04 and so on", content_type="text/html"),
        whole(b"", content_type="text/html"),
        whole(b"<!---->" * 9000 + b"PK", content_type="application/zip"),
        whole(b"<!--" * 9000, content_type="application/zip"),
        whole(b'{"type":"FeatureCollection"}' + b" " * 70_000, content_type="application/json"),
        whole(b'{"error": 0, "rows": []}', content_type="application/json"),
        whole(b'{"error": "1"}\n{"error": "2"}\n', content_type="text/plain"),
        whole(b'{"type":"FeatureCollection"}', content_type="application/json"),
        whole(b'{"message": "an \\"error\\" in it"}', content_type="application/json"),
        whole(b"{'not': JSON", content_type="application/json"),
        whole(b'[{"error": 1}]'),
        whole(b"<?xml version='1.0'?><kml/>", content_type="text/xml"),
        whole(b"<svg><title>x</title></svg>"),
        whole(etag=""),
        answer(CONTENT, content_type=""),
        answer(CONTENT, content_length="many"),
    ],
)
def test_any_bytes_may_be_a_file(session: Any, tmp_path: Path, response: Response) -> None:
    assert holds(Downloading(session, response)(tmp_path), response.content)
    assert names(tmp_path) == ["out.zip"]


FORM = "<form action='/login'><input type=password></form>"
PAGES: list[tuple[Any, str, str]] = [
    (FORM, "text/html", "a log-in page"),
    ("<div>Please sign in</div>", "text/html;charset=UTF-8", "a log-in page"),
    ("Please log in", "text/html", "a log-in page"),
    ("a,b\n1,2\n", "text/html", "a page"),
    (f"<!--{'x' * 5000}--><html>{FORM}</html>", "text/html", "a log-in page"),
    (f"<!--{'x' * 5000}--><html>{FORM}</html>", "application/zip", "a log-in page"),
    ("<!-- -->" * 4000 + f"<?xml version='1.0'?>\n<!DOCTYPE  html>{FORM}", "", "a log-in page"),
    ("\n" * 70_000 + f"<html>{FORM}</html>", "text/html", "a page"),
    (f"<html>{FORM}</html>".encode("utf-16"), "text/html; charset=utf-16", "a log-in page"),
    (f"<html>{FORM}</html>".encode("utf-16-le"), "application/zip", "a log-in page"),
    (FORM, "application/xhtml+xml", "a log-in page"),
]
EXPIRED = '{"error":{"code":498,"message":"Invalid token.","details":[%s]}}'
ERRORS: list[tuple[Any, type[GPError], str]] = [
    (EXPIRED % f'"{"x" * 70_000}"', AuthError, "Invalid token"),
    (EXPIRED % "" + " " * 70_000, AuthError, "Invalid token"),
    ((EXPIRED % "").encode("utf-16"), AuthError, "Invalid token"),
    ((EXPIRED % f'"{"x" * 70_000}"').encode("utf-16-be"), AuthError, "Invalid token"),
    (
        '{"details":["%s"],"status":"error","code":500,"messages":["No."]}' % ("x" * 70_000),
        ServerError,
        "No.",
    ),
    ('{"error":{"code":498,"message":"Invalid token."},"error":1}', ProtocolViolation, "/error"),
    (EXPIRED % f'"{"x" * 5_000_000}"', HTTPError, "begins as an error"),
]


@pytest.mark.parametrize(
    ("response", "kind", "text"),
    [
        (answer(LOG_IN, content_type="text/html"), UnexpectedPage, "a log-in page titled 'Log in'"),
        (answer(LOG_IN, content_type="application/zip"), UnexpectedPage, "expected the file 'out.zip'"),
        (answer(f"\ufeff\r\n<!-- x -->{LOG_IN}", content_type=""), UnexpectedPage, "log-in"),
        (answer("<html>" + "x" * 200_000, content_type="text/html"), UnexpectedPage, "a page"),
        *[(answer(body, content_type=label), UnexpectedPage, text) for body, label, text in PAGES],
        *[(answer(body, content_type="application/json"), kind, text) for body, kind, text in ERRORS],
        (error(400, "The file is gone."), ServerError, "400: The file is gone."),
        (error(498, "Invalid token."), AuthError, "Invalid token"),
        (answer("<html><title>Not Found</title></html>", 404, content_type="text/html"), HTTPError, "404"),
        (answer(b"File not found", 404, content_type="text/plain"), HTTPError, "404"),
        (answer(b"", 204), GPError, ""),
        (answer(b"", 304), GPError, ""),
        (answer({"fine": True}, 201), HTTPError, "201"),
        (part(0), HTTPError, "the whole file"),
        (answer(b"x", 302, location="http://other.example.com/out.zip"), HTTPError, "other.example.com"),
        (answer(b"x", 302, location="/arcgis/rest/login"), AuthError, "log-in"),
    ],
)
def test_what_is_no_file_is_an_error_and_leaves_nothing(
    session: Any, tmp_path: Path, response: Response, kind: type[GPError], text: str
) -> None:
    with pytest.raises(kind) as raised:
        Downloading(session, response)(tmp_path / "out.zip")
    assert text in str(raised.value)
    assert names(tmp_path) == []


def test_a_page_is_a_file_where_one_is_asked_for(session: Any, tmp_path: Path) -> None:
    page = "<html><title>Report</title><h1>All is well</h1></html>"
    downloading = Downloading(session, {"report.html": answer(page, content_type="text/html")})
    assert downloading(tmp_path, URL.replace("out.zip", "report.html")).read_text() == page


@pytest.mark.parametrize(
    ("name", "content", "label"),
    [
        ("report.html", "<div>All is well</div>", "text/html"),
        ("report.HTM", "All is well", "text/html"),
        ("rows.json", '{"rows": 1}' + " " * 70_000, "application/json"),
        ("map.geojson", '{"status": "open", "message": "x"}', "application/geo+json"),
    ],
)
def test_a_file_is_one_of_its_own_kind(
    session: Any, tmp_path: Path, name: str, content: str, label: str
) -> None:
    for to in (tmp_path, tmp_path / "kept"):
        downloading = Downloading(session, {name: answer(content, content_type=label)})
        assert downloading(to, URL.replace("out.zip", name)).read_text() == content


def test_an_error_that_came_in_pieces_is_not_kept(session: Any, tmp_path: Path) -> None:
    content = (EXPIRED % f'"{"x" * 100_000}"').encode()
    headers = {"content_type": "application/json"}
    script = [Cut(whole(content, **headers), 80_000), part(80_000, content, **headers)]
    with pytest.raises(AuthError, match="Invalid token"):
        Downloading(session, script)(tmp_path)
    assert names(tmp_path) == []


def test_a_log_in_page_is_none_even_there(session: Any, tmp_path: Path) -> None:
    downloading = Downloading(session, {"report.html": answer(LOG_IN, content_type="text/html")})
    with pytest.raises(UnexpectedPage):
        downloading(tmp_path, URL.replace("out.zip", "report.html"))


def test_a_cut_download_goes_on_where_it_was(session: Any, tmp_path: Path) -> None:
    downloading = Downloading(session, [Cut(whole(), 100_000), part(100_000)])
    assert holds(downloading(tmp_path), CONTENT)
    assert downloading.ranges == ["", "bytes=100000-"]
    assert downloading.server.asked[1].headers["If-Range"] == '"1"'
    assert names(tmp_path) == ["out.zip"]
    assert any(isinstance(event, Retrying) for event in downloading.events)


def test_even_a_few_bytes_are_kept(session: Any, tmp_path: Path) -> None:
    downloading = Downloading(session, [Cut(whole(), 10), Cut(part(10), 10), part(20)])
    assert holds(downloading(tmp_path), CONTENT)
    assert downloading.ranges == ["", "bytes=10-", "bytes=20-"]


def test_a_server_that_gives_a_little_each_time_is_asked_until_it_is_done(
    session: Any, tmp_path: Path
) -> None:
    def some(request: Request) -> Response:
        start = int(request.headers.get("Range", "bytes=0-")[6:-1])
        if start == 0:
            return Cut(whole(), 20_000)(request)
        return part(start, end=min(start + 20_000, len(CONTENT)))

    downloading = Downloading(session, some)
    assert holds(downloading(tmp_path), CONTENT)
    assert len(downloading.ranges) == 13


@pytest.mark.parametrize(
    ("headers", "if_range"),
    [
        ({"etag": '"1"', "last_modified": "Sat, 01 Jan 2022 00:00:00 GMT"}, '"1"'),
        (
            {"etag": 'W/"1"', "last_modified": "Sat, 01 Jan 2022 00:00:00 GMT"},
            "Sat, 01 Jan 2022 00:00:00 GMT",
        ),
        ({"etag": 'W/"1"'}, None),
        ({"etag": ""}, None),
        ({"etag": '"\n"'}, None),
        ({"etag": '"1"', "content_encoding": "gzip"}, None),
    ],
)
def test_only_the_very_same_file_is_gone_on_with(
    session: Any, tmp_path: Path, headers: dict[str, str], if_range: str | None
) -> None:
    first = Cut(whole(**headers), 100_000)
    last = part(100_000, etag="") if if_range else whole()
    downloading = Downloading(session, [first, last])
    assert holds(downloading(tmp_path), CONTENT)
    assert downloading.server.asked[1].headers.get("If-Range") == if_range


@pytest.mark.parametrize(
    ("then", "ranges"),
    [
        ([part(200_000)], ["bytes=200000-"]),
        ([answer(b"", 416, content_range="bytes */200000")], ["bytes=200000-"]),
        ([answer(b"", 416)], ["bytes=200000-"]),
        ([Cut(part(200_000), 50_000), part(250_000)], ["bytes=200000-", "bytes=250000-"]),
        ([whole()], ["bytes=200000-"]),
        ([answer(b"", 416, content_range="bytes */256000"), whole()], ["bytes=200000-", ""]),
        ([answer(b"", 416, etag='"2"'), whole()], ["bytes=200000-", ""]),
        ([Cut(part(200_000), 50_000), answer(b"", 416), whole()], ["bytes=200000-", "bytes=250000-", ""]),
    ],
)
def test_a_part_that_does_not_tell_the_length_does_not_end_the_file(
    session: Any, tmp_path: Path, then: list[Any], ranges: list[str]
) -> None:
    first = Cut(answer(CONTENT, etag='"1"', content_type="application/zip"), 100_000)
    middle = part(100_000, end=200_000, content_range="bytes 100000-199999/*")
    downloading = Downloading(session, [first, middle, *then])
    expected = CONTENT[:200_000] if getattr(then[0], "status", 0) == 416 and len(then) == 1 else CONTENT
    assert holds(downloading(tmp_path), expected)
    assert downloading.ranges == ["", "bytes=100000-", *ranges]
    assert names(tmp_path) == ["out.zip"]


@pytest.mark.parametrize("size", [1, 1023])
def test_a_server_that_gives_next_to_nothing_each_time_is_given_up(
    session: Any, tmp_path: Path, size: int
) -> None:
    def some(request: Request) -> Response:
        start = int(request.headers.get("Range", "bytes=0-")[6:-1])
        return part(start, end=start + size) if start else Cut(whole(), 70_000)(request)

    downloading = Downloading(session, some)
    with pytest.raises(TransportError, match="not all of the file"):
        downloading(tmp_path)
    assert len(downloading.ranges) <= 5


NEW = bytes(reversed(CONTENT))


@pytest.mark.parametrize(
    "then",
    [
        [whole(NEW, '"2"')],
        [answer(b"", 416, content_range="bytes */5"), whole(NEW, '"2"')],
        [part(0, NEW), whole(NEW)],
        [part(99_999, NEW), whole(NEW)],
        [part(100_001, NEW), whole(NEW)],
        [part(100_000, NEW, '"2"'), whole(NEW)],
        [part(100_000, NEW + b"more"), whole(NEW)],
        [part(100_000, NEW, content_range=""), whole(NEW)],
        [part(100_000, NEW, content_range="bytes 100000-/256000"), whole(NEW)],
        [part(100_000, NEW, content_range="bytes 100000-99999/256000"), whole(NEW)],
        [part(100_000, NEW, content_range="bytes 100000-256000/256000"), whole(NEW)],
        [part(100_000, NEW, content_length="7"), whole(NEW)],
        [part(100_000, NEW, content_encoding="gzip"), whole(NEW)],
        [part(100_000, NEW, content_type="multipart/byteranges; boundary=x", content_range=""), whole(NEW)],
    ],
)
def test_what_does_not_go_on_at_the_very_byte_begins_anew(
    session: Any, tmp_path: Path, then: list[Response]
) -> None:
    downloading = Downloading(session, [Cut(whole(), 100_000), *then])
    assert holds(downloading(tmp_path), NEW)
    assert downloading.ranges == ["", "bytes=100000-"] + [""] * (len(then) - 1)
    assert names(tmp_path) == ["out.zip"]


def test_a_server_that_always_answers_another_part_is_given_up(session: Any, tmp_path: Path) -> None:
    def wrong(request: Request) -> Response:
        return part(5) if "Range" in request.headers else Cut(whole(), 100_000)(request)

    downloading = Downloading(session, wrong)
    with pytest.raises(GPError):
        downloading(tmp_path)
    assert len(downloading.ranges) <= 9
    assert "out.zip" not in names(tmp_path)


def test_a_file_that_is_shorter_than_its_length_is_not_whole(session: Any, tmp_path: Path) -> None:
    with pytest.raises(TransportError, match="ended after 255999 of 256000 bytes"):
        Downloading(session, answer(CONTENT[:-1], content_length="256000"))(tmp_path)
    assert names(tmp_path) == []


def test_a_file_that_is_longer_than_its_length_is_wrong(session: Any, tmp_path: Path) -> None:
    with pytest.raises(TransportError, match="went on after"):
        Downloading(session, answer(CONTENT, content_length="255999", etag='"1"'))(tmp_path)
    assert names(tmp_path) == []


def test_a_later_call_goes_on_too(session: Any, tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        Downloading(session, Cut(whole(), 100_000, KeyboardInterrupt()))(tmp_path)
    assert names(tmp_path) == ["out.zip.part", "out.zip.part.json"]
    assert holds((tmp_path / "out.zip.part"), CONTENT[:100_000])
    downloading = Downloading(session, part(100_000))
    assert holds(downloading(tmp_path), CONTENT)
    assert downloading.ranges == ["bytes=100000-"]
    assert names(tmp_path) == ["out.zip"]


def test_it_does_so_under_the_name_that_the_server_gave(session: Any, tmp_path: Path) -> None:
    named = {"content_disposition": 'attachment; filename="Häuser.zip"'}
    with pytest.raises(KeyboardInterrupt):
        Downloading(session, Cut(whole(**named), 100_000, KeyboardInterrupt()))(tmp_path)
    assert Downloading(session, part(100_000))(tmp_path).name == "Häuser.zip"
    assert names(tmp_path) == ["Häuser.zip"]


@pytest.mark.parametrize(
    "spoil",
    [
        lambda folder: (folder / "out.zip.part.json").write_bytes(b"{"),
        lambda folder: (folder / "out.zip.part.json").write_bytes(b"\xff" * 20_000),
        lambda folder: (folder / "out.zip.part.json").write_bytes(b'{"url":"x","validator":"1"}'),
        lambda folder: (folder / "out.zip.part.json").unlink(),
        lambda folder: (folder / "out.zip.part").unlink(),
        lambda folder: (folder / "out.zip.part").write_bytes(b""),
        lambda folder: (folder / "out.zip.part").write_bytes(CONTENT + b"x"),
    ],
)
def test_a_spoilt_rest_is_not_gone_on_with(session: Any, tmp_path: Path, spoil: Any) -> None:
    with pytest.raises(KeyboardInterrupt):
        Downloading(session, Cut(whole(), 100_000, KeyboardInterrupt()))(tmp_path)
    spoil(tmp_path)
    downloading = Downloading(session, whole())
    assert holds(downloading(tmp_path), CONTENT)
    assert downloading.ranges == [""]
    assert names(tmp_path) == ["out.zip"]


def test_a_note_has_no_secret_and_another_token_goes_on(session: Any, tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        Downloading(session, Cut(whole(), 100_000, KeyboardInterrupt()))(tmp_path, f"{URL}?v=1&token=abc.def")
    note = (tmp_path / "out.zip.part.json").read_text()
    assert "abc.def" not in note
    assert "token" not in note
    downloading = Downloading(session, whole())
    downloading(tmp_path / "other", f"{URL}?v=1")
    assert downloading.ranges == [""]
    downloading = Downloading(session, part(100_000))
    assert holds(downloading(tmp_path, f"{URL}?v=1&token=another"), CONTENT)
    assert downloading.ranges == ["bytes=100000-"]


def test_another_query_is_another_file(session: Any, tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        Downloading(session, Cut(whole(), 100_000, KeyboardInterrupt()))(tmp_path, f"{URL}?v=1")
    downloading = Downloading(session, whole())
    assert holds(downloading(tmp_path, f"{URL}?v=2"), CONTENT)
    assert downloading.ranges == [""]


@pytest.mark.parametrize("name", ["out.zip.part", "out.zip.part.json"])
@pytest.mark.parametrize("kind", ["link", "dangling", "fifo", "folder"])
@pytest.mark.parametrize("resume", [True, False])
def test_what_is_no_file_where_the_unfinished_one_goes_is_not_touched(
    session: Any, tmp_path: Path, name: str, kind: str, resume: bool
) -> None:
    folder, other = tmp_path / "to", tmp_path / "precious"
    folder.mkdir()
    if kind == "link":
        other.write_text("precious")
    if kind == "fifo":
        os.mkfifo(folder / name)
    elif kind == "folder":
        (folder / name).mkdir()
    else:
        (folder / name).symlink_to(other)
    downloading = Downloading(session, whole())
    with pytest.raises(InvalidInput, match="something else than a file") as raised:
        downloading(folder, resume=resume)
    assert name in raised.value.met
    assert downloading.server.asked == []
    assert names(folder) == [name]
    assert other.exists() == (kind == "link")
    assert kind != "link" or other.read_text() == "precious"


def test_a_link_put_there_meanwhile_is_not_written_through(session: Any, tmp_path: Path) -> None:
    folder, other = tmp_path / "to", tmp_path / "precious"
    folder.mkdir()
    other.write_text("precious")

    def meanwhile(request: Request) -> Response:
        (folder / "out.zip.part.json").unlink(missing_ok=True)
        (folder / "out.zip.part.json").symlink_to(other)
        return whole(NEW, '"2"')

    assert holds(Downloading(session, [Cut(whole(), 100_000), meanwhile])(folder), NEW)
    assert other.read_text() == "precious"
    assert names(folder) == ["out.zip"]
    with pytest.raises(InvalidInput, match="something else than a file"):
        Downloading(session, meanwhile)(folder)
    assert other.read_text() == "precious"


def test_a_link_that_leads_nowhere_is_there_all_the_same(session: Any, tmp_path: Path) -> None:
    (tmp_path / "out.zip").symlink_to(tmp_path / "nowhere")
    with pytest.raises(InvalidInput, match="overwrite=True"):
        Downloading(session, whole())(tmp_path, overwrite=False)
    assert holds(Downloading(session, whole())(tmp_path), CONTENT)
    assert names(tmp_path) == ["out.zip"]


@pytest.mark.parametrize("name", ["../x", "a/b", "", "x.part", "\x00"])
def test_a_note_that_somebody_else_wrote_gives_no_name(session: Any, tmp_path: Path, name: str) -> None:
    with pytest.raises(KeyboardInterrupt):
        Downloading(session, Cut(whole(), 100_000, KeyboardInterrupt()))(tmp_path)
    note = tmp_path / "out.zip.part.json"
    note.write_text(json.dumps({**json.loads(note.read_text()), "name": name}))
    downloading = Downloading(session, [part(100_000) if not name else whole()])
    assert downloading(tmp_path) == tmp_path / "out.zip"
    assert names(tmp_path) == ["out.zip"]


def test_without_resume_every_try_begins_anew_and_nothing_is_left(session: Any, tmp_path: Path) -> None:
    downloading = Downloading(session, [Cut(whole(), 100_000), whole()])
    assert holds(downloading(tmp_path, resume=False), CONTENT)
    assert downloading.ranges == ["", ""]
    (tmp_path / "out.zip").unlink()
    with pytest.raises(KeyboardInterrupt):
        Downloading(session, Cut(whole(), 100_000, KeyboardInterrupt()))(tmp_path, resume=False)
    assert names(tmp_path) == []


def test_a_cut_of_which_nothing_comes_is_given_up_after_some_attempts(session: Any, tmp_path: Path) -> None:
    downloading = Downloading(session, cut())
    with pytest.raises(TransportError, match="the connection was reset") as raised:
        downloading(tmp_path)
    assert type(raised.value) is TransportError
    assert len(downloading.ranges) == 4
    assert "submi" not in str(raised.value)


def test_a_server_that_cannot_be_reached_is_not_asked_for_ever(session: Any, tmp_path: Path) -> None:
    downloading = Downloading(session, cut(sent=False))
    with pytest.raises(TransportError):
        downloading(tmp_path)
    assert len(downloading.ranges) == 4


def test_a_busy_server_is_asked_again_when_it_says(session: Any, tmp_path: Path) -> None:
    busy = answer("<html>busy</html>", 503, content_type="text/html", retry_after="20")
    downloading = Downloading(session, [busy, whole()])
    downloading(tmp_path)
    assert downloading.session.clock.now() >= 20


def test_the_deadline_holds(session: Any, tmp_path: Path) -> None:
    downloading = Downloading(session, cut(), seconds=0.6)
    with pytest.raises(DeadlineExceeded):
        downloading(tmp_path)
    assert downloading.session.clock.now() <= 0.6


def test_each_request_has_more_time_as_long_as_bytes_come(session: Any, tmp_path: Path) -> None:
    script = [Cut(whole(), 70_000), Cut(part(70_000), 70_000), Cut(part(140_000), 0), part(140_000)]
    downloading = Downloading(session, script, timeout=10.0)
    downloading(tmp_path)
    assert [request.timeout for request in downloading.server.asked] == [10, 20, 40, 40]


def test_a_file_that_is_there_is_replaced_only_at_the_end(session: Any, tmp_path: Path) -> None:
    place = tmp_path / "out.zip"
    place.write_bytes(b"old")
    with pytest.raises(TransportError):
        Downloading(session, Cut(whole(), 100_000))(place)
    assert place.read_bytes() == b"old"
    assert holds(Downloading(session, whole())(place, resume=False), CONTENT)


def test_without_overwrite_it_stays(session: Any, tmp_path: Path) -> None:
    place = tmp_path / "out.zip"
    place.write_bytes(b"old")
    downloading = Downloading(session, whole())
    with pytest.raises(InvalidInput, match="overwrite=True"):
        downloading(place, overwrite=False)
    assert downloading.server.asked == []
    with pytest.raises(InvalidInput, match="overwrite=True"):
        downloading(tmp_path, overwrite=False)
    assert place.read_bytes() == b"old"
    assert names(tmp_path) == ["out.zip"]


def test_what_is_no_file_is_never_replaced(session: Any, tmp_path: Path) -> None:
    (tmp_path / "out.zip").mkdir()
    with pytest.raises(InvalidInput, match="name another"):
        Downloading(session, whole())(tmp_path)
    with pytest.raises(InvalidInput, match="something else"):
        Downloading(session, whole())(Path("/dev/null"))


def test_a_folder_that_is_not_there_is_told_before_anything_is_asked(session: Any, tmp_path: Path) -> None:
    downloading = Downloading(session, whole())
    with pytest.raises(InvalidInput, match="folder"):
        downloading(tmp_path / "no" / "folder.zip")
    assert downloading.server.asked == []


def test_an_error_of_the_disk_stays_one(session: Any, tmp_path: Path) -> None:
    with pytest.raises(OSError, match="name"):
        Downloading(session, whole())(tmp_path / ("long" * 100))


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ('attachment; filename="a b.zip"', "a b.zip"),
        ("attachment; filename*=UTF-8''H%C3%A4user.zip", "Häuser.zip"),
        ('attachment; filename="../../etc/passwd"', "passwd"),
        ("attachment; filename=CON.zip", "_CON.zip"),
        ("inline", "out.zip"),
        ('attachment; filename="..."', "out.zip"),
        ('attachment; filename="out.zip.part"', "out.zip_part"),
        ('attachment; filename="out.zip.part.json"', "out.zip_part.json"),
    ],
)
def test_in_a_folder_it_has_the_name_that_the_server_gives_it(
    session: Any, tmp_path: Path, header: str, name: str
) -> None:
    assert Downloading(session, whole(content_disposition=header))(tmp_path) == tmp_path / name
    assert holds(tmp_path / name, CONTENT)
    assert names(tmp_path) == [name]


def test_two_downloads_to_one_place_do_not_mix(session: Any, tmp_path: Path) -> None:
    inner = Downloading(session, whole(NEW, '"2"'))

    def meanwhile(request: Request) -> Response:
        assert request.sink is not None
        response = whole()
        request.sink.begin(response)
        request.sink.write(response.content[:100_000])
        assert holds(inner(tmp_path / "out.zip"), NEW)
        request.sink.write(response.content[100_000:])
        return Response(200, response.headers, b"", request.url)

    outer = Downloading(session, {"out.zip": _Bare(meanwhile)})
    outer.server = _Bare(meanwhile)  # type: ignore[assignment]
    assert holds(outer(tmp_path / "out.zip"), CONTENT)
    assert names(tmp_path) == ["out.zip"]


class _Bare:
    """A transport that leaves the sink to its answer."""

    def __init__(self, send: Any) -> None:
        self.send = send


def test_a_listener_hears_of_each_megabyte(session: Any, tmp_path: Path) -> None:
    heard: list[Transferred] = []
    content = bytes(3_000_000)

    def in_pieces(request: Request) -> Response:
        assert request.sink is not None
        response = whole(content)
        request.sink.begin(response)
        for start in range(0, len(content), 100_000):
            request.sink.write(content[start : start + 100_000])
        return Response(200, response.headers, b"", request.url)

    downloading = Downloading(session, whole())
    downloading.server = _Bare(in_pieces)  # type: ignore[assignment]
    downloading(tmp_path, listener=heard.append)
    assert [event.done // 1_000_000 for event in heard] == [1, 2, 3]
    assert heard[-1] == Transferred("out.zip", 3_000_000, 3_000_000)
    assert downloading.events == []


def test_a_token_that_is_refused_meanwhile_is_renewed_and_the_rest_is_asked_for(
    session: Any, tmp_path: Path
) -> None:
    keeper = TokenKeeper(user="tester", password="secret")
    script = {
        "out.zip": [Cut(whole(), 100_000), error(499, "Token Required"), part(100_000)],
        "rest/info": answer({"authInfo": {"tokenServicesUrl": f"{ROOT}/tokens/"}}),
        "generateToken": answer({"token": "abc", "expires": 9e12}),
    }
    downloading = Downloading(session, script, tokens=keeper)
    assert holds(downloading(tmp_path), CONTENT)
    asked = [request for request in downloading.server.asked if "out.zip" in request.url]
    assert [request.headers.get("Range") for request in asked] == [None, "bytes=100000-", "bytes=100000-"]


JOB = JobAddress("j1", f"{ROOT}/rest/services/Files/GPServer/Zip/jobs/j1")


@every_case(
    ("url", "job", "expected"),
    [
        (URL, None, URL),
        (f" {URL}#x ", None, URL),
        ("rest/directories/a.zip", None, f"{ROOT}/rest/directories/a.zip"),
        ("rest/directories/a.zip", JOB, f"{ROOT}/rest/directories/a.zip"),
        ("arcgis/rest/directories/a.zip", None, f"{ROOT}/rest/directories/a.zip"),
        ("/arcgis/rest/directories/a.zip", JOB, f"{ROOT}/rest/directories/a.zip"),
        ("//gis.example.com/a.zip", None, "http://gis.example.com/a.zip"),
        ("scratch/a.zip", JOB, f"{JOB.url}/scratch/a.zip"),
        ("scratch/a.zip", None, f"{ROOT}/scratch/a.zip"),
        (f"{ROOT}/rest/directories/./a.zip", None, f"{ROOT}/rest/directories/./a.zip"),
        (f"{ROOT}/a b ü.zip?x=1", None, f"{ROOT}/a%20b%20%C3%BC.zip?x=1"),
        ("http://gis.example.com:6080/a.zip", None, "http://gis.example.com:6080/a.zip"),
        ("https://gis.example.com/a.zip", None, "https://gis.example.com/a.zip"),
        ("https://files.example.com/a.zip", None, "https://files.example.com/a.zip"),
    ],
)
def test_an_address_is_taken_as_the_server_means_it(
    session: Any, url: str, job: JobAddress | None, expected: str
) -> None:
    assert resolved(session(trusted_hosts=["files.example.com"]), url, job) == expected


@pytest.mark.parametrize(
    "url", ["http://GISSRV01:6080/arcgis/a.zip?token=secret", "https://other.example.com/a"]
)
def test_a_file_on_another_host_is_not_asked_for(session: Any, tmp_path: Path, url: str) -> None:
    downloading = Downloading(session, whole())
    with pytest.raises(HTTPError, match="trusted_hosts") as raised:
        downloading(tmp_path, url)
    assert "secret" not in str(raised.value)
    assert downloading.server.asked == []


def test_https_is_not_left(session: Any) -> None:
    with pytest.raises(HTTPError):
        resolved(session("https://gis.example.com/arcgis"), URL)


@every_case(
    "url",
    [
        "ftp://gis.example.com/a",
        "file:///etc/passwd",
        "C:\\a.zip",
        "http://[::1",
        "http://a:99999/x",
        "javascript:1",
    ],
)
def test_what_is_no_address_of_a_file_is_said(session: Any, url: str) -> None:
    with pytest.raises(InvalidInput):
        resolved(session(), url)


def test_the_address_of_a_value() -> None:
    assert file_url(DataFile(url=URL)) == URL
    assert file_url(Raster(url=URL, format="tif")) == URL
    assert file_url(MapImage(href=URL)) == URL
    assert file_url(f" {URL} ") == URL
    for given in (DataFile(item_id="i1"), "", None, 7):
        with pytest.raises(InvalidInput):
            file_url(given)  # type: ignore[arg-type]


@pytest.mark.parametrize("etag", ['"1"', ""])
def test_a_server_that_always_starts_again_and_never_ends_is_given_up(
    session: Any, tmp_path: Path, etag: str
) -> None:
    downloading = Downloading(session, Cut(whole(etag=etag), 100_000))
    with pytest.raises(TransportError):
        downloading(tmp_path)
    assert len(downloading.ranges) == 4


@hypothesis.given(
    st.lists(
        st.tuples(
            st.sampled_from([200, 206, 206, 416, 404, 500, 503, 301, 204]),
            st.integers(0, 12),
            st.sampled_from(
                ["bytes 0-9/10", "bytes 4-9/10", "bytes 4-6/10", "bytes 4-/1", "bytes 7-9/10", "x", ""]
            ),
            st.sampled_from(["", '"1"', '"2"', 'W/"1"', "\x00"]),
            st.sampled_from(["", "10", "4", "-1", "9" * 30, "x"]),
            st.sampled_from(["0123456789", "456789", "<html>", '{"error":1}', ""]),
        ),
        min_size=1,
        max_size=6,
    )
)
def test_whatever_is_answered_a_file_has_the_length_that_was_told(answers: list[Any]) -> None:
    steps = iter(answers)

    def send(request: Request) -> Response:
        status, cut_at, said, etag, length, body = next(steps, answers[-1])
        headers = {"content_range": said, "etag": etag, "content_length": length, "location": "/x"}
        response = answer(body, status, **{name: value for name, value in headers.items() if value})
        if cut_at < len(body) and status in (200, 206):
            return Cut(response, cut_at)(request)
        assert request.sink is not None
        if request.sink.begin(response):
            request.sink.write(response.content)
            response.content = b""
        return response

    made = Session(ROOT, tokens=TokenKeeper(), clock=SharedClock(), seed=1)
    deadline = Deadline.after(made.clock, 60)
    with tempfile.TemporaryDirectory() as folder:
        to = Path(folder) / "out.zip"
        try:
            run(download(made, URL, to, deadline=deadline), _Bare(send), made.clock)
        except GPError:
            assert not to.exists()
        else:
            assert to.read_bytes() in (b"0123456789", b"456789", b"", b'{"error":1}')
