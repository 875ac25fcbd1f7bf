"""Multipart forms: the same form however it is cut, held to limits, and never half a file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from gp_mockserver.limits import Limits
from gp_mockserver.site_directories import SiteDirectories
from gp_mockserver.uploads.incoming_files import IncomingFile, IncomingFiles, Space
from gp_mockserver.wire.multipart_forms import MAX_AROUND, MAX_PART_HEAD, MultipartForm, options
from gp_mockserver.wire.replies import Refusal
from gp_mockserver.wire.request_parameters import MalformedRequest
from hypothesis import given
from hypothesis import strategies as st

from every_case import every_case

TYPE = b"multipart/form-data; boundary=XyZ"


def part(disposition: str, content: bytes, *more: str) -> bytes:
    head = "\r\n".join([f"Content-Disposition: form-data; {disposition}", *more])
    return b"--XyZ\r\n" + head.encode() + b"\r\n\r\n" + content + b"\r\n"


def read(body: bytes, size: int = 0, **how: object) -> MultipartForm:
    form = MultipartForm(TYPE, Limits(), **how)  # type: ignore[arg-type]
    step = size or len(body) or 1
    for begin in range(0, len(body), step):
        form.feed(body[begin : begin + step])
    form.finish()
    return form


BODY = (
    part('name="description"', "ein Text über\r\n--Xy etwas".encode())
    + part('name="file"; filename="a.bin"', b"\r\n--Xy\r\n--XyZx" * 30, "Content-Type: application/pdf")
    + part('name="f"', b"json")
    + b"--XyZ--\r\n"
)
FIELDS = {
    "description": "ein Text über\r\n--Xy etwas",
    "file": "\r\n--Xy\r\n--XyZx" * 30,
    "f": "json",
}


def test_a_form_is_the_same_however_it_is_cut() -> None:
    for size in range(40):
        assert read(BODY, size).fields == FIELDS


@every_case(
    ("charset", "name"),
    [
        ("UTF-8", "ä.txt"),
        ("utf-8", "ä.txt"),
        ("iso-8859-1", "Ã¤.txt"),
        ("us-ascii", "\ufffd\ufffd.txt"),
        *((each, "plain") for each in ("", "idna", "undefined", "punycode", "hex", "rot13", "utf-7", "a\0b")),
    ],
)
def test_a_name_is_read_in_the_encodings_that_clients_may_use_and_in_no_other(
    charset: str, name: str
) -> None:
    said = f"form-data; filename=plain; filename*={charset}''%c3%a4.txt"
    assert options(said)["filename"] == name


def test_a_boundary_beyond_latin_1_is_refused_in_our_own_words() -> None:
    with pytest.raises(MalformedRequest, match="boundary has letters beyond Latin-1"):
        MultipartForm(b"multipart/form-data; boundary*=utf-8''%e2%82%ac", Limits())


@pytest.mark.parametrize("body", [b"not a form", b"--XyZ\r\n(bad): a\r\n", b"--XyZ\r\na\n", b"--XyZ-+"])
def test_a_form_that_cannot_be_read_leaves_no_line_in_a_log(
    body: bytes, capsys: pytest.CaptureFixture[str], caplog: Any
) -> None:
    with pytest.raises(MalformedRequest):
        read(body)
    assert caplog.records == []
    assert capsys.readouterr().err == ""


@given(st.binary(max_size=200), st.binary(max_size=200), st.integers(1, 50))
def test_any_bytes_of_a_file_come_as_they_are(first: bytes, second: bytes, size: int) -> None:
    if b"--XyZ" in first + second:
        return
    body = part('name="a"; filename="x"', first) + part('name="b"; filename="x"', second) + b"--XyZ--\r\n"
    fields = read(body, size).fields
    assert fields == {"a": first.decode(errors="replace"), "b": second.decode(errors="replace")}


def test_the_first_of_two_values_counts_unless_they_are_joined() -> None:
    body = part('name="parts"', b"1") + part('name="parts"', b"3") + b"--XyZ--\r\n"
    assert read(body).fields == {"parts": "1"}
    assert read(body, joined=("parts",)).fields == {"parts": "1,3"}


@every_case(
    ("header", "name"),
    [
        ('form-data; name="file"; filename="a b.txt"', "a b.txt"),
        ("form-data; name=file; filename=a.txt", "a.txt"),
        ('form-data; filename="a;b\\"c.txt"; name="file"', 'a;b"c.txt'),
        ("form-data; name=\"file\"; filename*=UTF-8''%C3%A4%20b.txt", "ä b.txt"),
        ('form-data; name="file"; filename="x.txt"; filename*=utf-8\'de\'%C3%A4.txt', "ä.txt"),
        ('form-data; name="file"; filename="x.txt"; filename*=nonsense\'\'%C3%A4.txt', "x.txt"),
        ('form-data; name="file"; FileName="A.TXT"', "A.TXT"),
        ('form-data; name="file"; filename="C:\\data\\a.txt"', "C:\\data\\a.txt"),
        ('form-data; name="file"; filename="häuser.txt"', "häuser.txt"),
        ('form-data; name="file"; filename=""', ""),
    ],
)
def test_a_files_name_is_read_in_any_of_its_spellings(header: str, name: str) -> None:
    assert options(header)["filename"] == name
    assert options(header)["name"] == "file"


@every_case(
    ("body", "said"),
    [
        (BODY[:-6], "does not end"),
        (BODY[:50], "does not end"),
        (b"", "does not end"),
        (b"garbage", "cannot be read"),
        (b"\r\n" * MAX_AROUND, "too much before"),
        (part("", b"x") + b"--XyZ--", "without a name"),
        (b"--XyZ\r\nA: " + b"x" * MAX_PART_HEAD * 2 + b"\r\n\r\nx\r\n--XyZ--", "multipart form"),
        (b"--XyZ\r\n" + b"A: b\r\n" * 5000 + b"\r\nx\r\n--XyZ--", "multipart form"),
    ],
)
def test_what_is_no_form_is_refused(body: bytes, said: str) -> None:
    for size in (0, 7):
        with pytest.raises(MalformedRequest, match=said):
            read(body, size)


def test_a_form_without_a_boundary_is_refused() -> None:
    with pytest.raises(MalformedRequest, match="names no boundary"):
        MultipartForm(b"multipart/form-data", Limits())


def test_an_epilogue_has_an_end() -> None:
    form = MultipartForm(TYPE, Limits())
    form.feed(BODY)
    form.feed(b"x" * 1000)
    with pytest.raises(MalformedRequest, match="after its parts"):
        form.feed(b"x" * MAX_AROUND)


def test_parts_names_and_texts_are_held_to_the_limits() -> None:
    def refused(body: bytes, limits: Limits) -> str:
        form = MultipartForm(TYPE, limits)
        with pytest.raises(Refusal) as raised:
            form.feed(body)
        return str(raised.value.details[0])

    assert "limits.parts" in refused(BODY, Limits(parts=2))
    assert "limits.names" in refused(BODY, Limits(names=5))
    assert "limits.body" in refused(BODY, Limits(body=20))


@pytest.fixture
def incoming(tmp_path: Path) -> Iterator[IncomingFiles]:
    files = IncomingFiles(SiteDirectories(tmp_path), Space(1000))
    yield files
    for path in (tmp_path / "uploads/incoming").iterdir():
        files.discard(path)


def opener(incoming: IncomingFiles, limit: int = 900) -> object:
    def open_file(name: str) -> IncomingFile:
        return incoming.open(name, limit, Refusal("upload-refused", "too large"))

    return open_file


def test_files_go_to_disk_and_fields_stay_texts(incoming: IncomingFiles) -> None:
    form = read(BODY, 11, open_file=opener(incoming))
    assert set(form.fields) == {"description", "f"}
    (file,) = form.files.values()
    assert file.path.read_bytes().decode() == FIELDS["file"]
    assert file.size == len(FIELDS["file"])


def test_a_second_file_of_a_field_and_one_without_a_name_are_passed_over(incoming: IncomingFiles) -> None:
    body = b"".join(
        [
            part('name="a"; filename=""', b""),
            part('name="file"; filename="1"', b"one"),
            part('name="file"; filename="2"', b"two"),
            b"--XyZ--",
        ]
    )
    form = read(body, open_file=opener(incoming))
    assert {name: file.path.read_bytes() for name, file in form.files.items()} == {"file": b"one"}
    assert form.fields == {}


def test_what_is_passed_over_is_bounded_too(incoming: IncomingFiles) -> None:
    form = MultipartForm(TYPE, Limits(body=100), opener(incoming))  # type: ignore[arg-type]
    form.feed(part('name="file"; filename="1"', b"one") + part('name="file"; filename="2"', b""))
    with pytest.raises(Refusal) as raised:
        form.feed(part('name="file"; filename="3"', b"x" * 200))
    assert raised.value.name == "too-large"


def test_a_file_that_is_too_large_stops_at_the_first_byte_too_many(incoming: IncomingFiles) -> None:
    form = MultipartForm(TYPE, Limits(), opener(incoming, limit=10))  # type: ignore[arg-type]
    form.feed(part('name="file"; filename="a"', b"")[:-2] + b"0123456789")
    assert form.refusal is None
    form.feed(b"0" * 100)
    assert form.refusal is not None
    assert form.refusal.name == "upload-refused"
    form.feed(b"0" * 1000 + b"\r\n" + part('name="f"', b"json") + b"--XyZ--")
    assert (form.files["file"].size, form.fields) == (10, {"f": "json"})
    assert form.passed_over > 1000


def test_space_is_taken_while_files_come_and_given_back_when_they_go(tmp_path: Path) -> None:
    space = Space(1000)
    incoming = IncomingFiles(SiteDirectories(tmp_path), space)
    form = read(BODY, open_file=opener(incoming))
    (file,) = form.files.values()
    assert space.taken == len(FIELDS["file"])
    incoming.discard(file.path)
    assert (space.taken, len(incoming)) == (0, 0)
    assert not file.path.exists()
    incoming.discard(file.path)
    assert space.taken == 0
