"""Names of files out of what servers call them."""

from __future__ import annotations

import ntpath
from pathlib import PurePosixPath, PureWindowsPath

from gp_client.files.file_names import name_in_disposition, name_in_url, safe_name
from hypothesis import given
from hypothesis import strategies as st

from every_case import every_case


@every_case(
    ("called", "name"),
    [
        ("a.zip", "a.zip"),
        ("Häuser & Höfe.zip", "Häuser & Höfe.zip"),
        ("../../etc/passwd", "passwd"),
        ("C:\\temp\\a.zip", "a.zip"),
        ("a\x00\x1b[2J\u202eb.zip", "a[2Jb.zip"),
        (".bashrc", "bashrc"),
        ("...", "download"),
        ("", "download"),
        ("a. . ", "a"),
        ("con", "_con"),
        ("LPT1.tar.gz", "_LPT1.tar.gz"),
        ("console.zip", "console.zip"),
        ('a<b>:"c|d?e*.zip', "a_b___c_d_e_.zip"),
        ("x" * 500 + ".zip", "x" * 176 + ".zip"),
        ("ü" * 500 + ".zip", "ü" * 88 + ".zip"),
        ("a." + "x" * 500, "a." + "x" * 178),
        ("data.zip.part", "data.zip_part"),
        ("data.zip.PART.json", "data.zip_part.json"),
        ("a.2.part", "a.2_part"),
        ("x" * 170 + ".part" + "x" * 300 + ".json", "x" * 170 + "_part.json"),
        ("a.part.zip", "a.part.zip"),
        ("a.parts", "a.parts"),
    ],
)
def test_a_name_is_made_safe(called: str, name: str) -> None:
    assert safe_name(called) == name


def is_reserved(name: str) -> bool:
    """Whether Windows has the name for itself; Python 3.13 asks so, and warns of the older way."""
    asked = getattr(ntpath, "isreserved", None)
    return bool(asked(name) if asked else PureWindowsPath(name).is_reserved())


@given(st.text(max_size=600) | st.from_regex(r"[a-z.]{0,200}\.part(\.json)?[. ]?"))
def test_a_safe_name_is_one_on_every_system(called: str) -> None:
    name = safe_name(called)
    assert PurePosixPath(name).name == name == PureWindowsPath(name).name
    assert not is_reserved(name)
    assert 0 < len(name.encode()) <= 180
    assert not name.lower().endswith((".part", ".part.json"))
    assert safe_name(name) == name


@every_case(
    ("url", "name"),
    [
        ("http://a/b/out.zip", "out.zip"),
        ("http://a/b/out%20x.zip?token=1#y", "out x.zip"),
        ("http://a/b/..%2F..%2Fetc%2Fpasswd", "passwd"),
        ("http://a/b/", "b"),
        ("http://a", "download"),
        ("http://a/%FF%00", "�"),
    ],
)
def test_an_address_ends_in_a_name(url: str, name: str) -> None:
    assert name_in_url(url) == name


@every_case(
    ("header", "name"),
    [
        ("attachment", ""),
        ("", ""),
        ("attachment; filename=a.zip", "a.zip"),
        ('attachment; FileName = "a \\"b\\".zip"', "a _b_.zip"),
        ("attachment; filename=a.zip; filename*=UTF-8''%C3%A4.zip", "ä.zip"),
        ("attachment; filename*=iso-8859-1'de'%E4.zip", "ä.zip"),
        ("attachment; filename*=rot13''n.mvc; filename=a.zip", "a.zip"),
        ("attachment; filename*=UTF-8''%2e%2e%2fa.zip", "a.zip"),
        ('attachment; filename="Ã¤.zip"', "ä.zip"),
        ('attachment; filename="a.zip', ""),
        ('filename="a.zip"', "a.zip"),
        ("attachment; filename=a.zip; filename=b.zip", "a.zip"),
    ],
)
def test_a_disposition_may_have_a_name(header: str, name: str) -> None:
    assert name_in_disposition(header) == name


@given(st.text(max_size=300))
def test_any_disposition_is_read(header: str) -> None:
    name = name_in_disposition(header)
    assert name == "" or safe_name(name) == name
