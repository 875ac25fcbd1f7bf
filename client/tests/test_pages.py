"""Pages are known by their bytes, and told apart: to sign in at, the directory's, of errors, others."""

from __future__ import annotations

import time
import tracemalloc

from gp_client.reading.pages import json_in_page, page_in

from every_case import every_case

HTML = "text/html;charset=utf-8"
SHELL = """<html lang="en">\r\n<head>\r\n<title>{title}</title>
<link href="/arcgis/rest/static/main.css" rel="stylesheet" type="text/css"/></head><body>
<table class="userTable"><tr><td class="titlecell">{cell}</td>
<td align="right"><a href="/arcgis/rest/login">Login</a> | <a href="/arcgis/tokens">Get Token</a></td>
</tr></table>
<table class="navTable"><tr><td class="breadcrumbs"><a href="/arcgis/rest/services">Home</a></td></tr></table>
{body}</body></html>"""

PAGES = {
    "a password field": ("<html><body><form><input name=p type='password'></form></body></html>", "log-in"),
    "the directory's own log-in": (
        SHELL.format(
            title="ArcGIS REST Services Directory Login",
            cell="ArcGIS REST Services Directory",
            body='<form action="/arcgis/rest/login"><input type="password" name="password"/></form>',
        ),
        "log-in",
    ),
    "a title": ("<!DOCTYPE html><html><head><title>Sign In</title></head><body></body></html>", "log-in"),
    "a form of saml": (
        '<html><body onload="f()"><form><input name="SAMLRequest"></form></body></html>',
        "log-in",
    ),
    "an action": (
        "<html><body><form action='https://idp.example.com/adfs/ls'></form></body></html>",
        "log-in",
    ),
    "a refresh": ('<html><meta http-equiv="refresh" content="0; url=/portal/signin?x"></html>', "log-in"),
    "words": ("<html><body><p>Your session has expired.</p></body></html>", "log-in"),
    "a task of the directory": (
        SHELL.format(title="T (S)", cell="ArcGIS REST Services Directory", body="<h2>Task: T</h2>"),
        "services-directory",
    ),
    "a form of the directory": (
        SHELL.format(
            title="Submit Job",
            cell="ArcGIS REST Services Directory",
            body='<form name="sdform"><textarea name="In"></textarea></form>',
        ),
        "services-directory",
    ),
    "an error of the framework": (
        SHELL.format(
            title="Error: Invalid URL",
            cell="ArcGIS REST Framework",
            body="<b>Error: </b>Invalid URL<br/><b>Code: </b>400<br/><br/>",
        ),
        "error",
    ),
    "a gateway's": (
        "<html><head><title>502 Bad Gateway</title></head><body><center>nginx</center></body></html>",
        "error",
    ),
    "maintenance": ("<html><body><h1>Down for maintenance</h1><a href='/login'>x</a></body></html>", "error"),
    "any other": ("<!-- x --><html><body><p>Welcome</p></body></html>", "other"),
    "xhtml": ('<?xml version="1.0"?>\n<!DOCTYPE html PUBLIC "x"><html><body/></html>', "other"),
}


@every_case(("html", "kind"), PAGES.values(), ids=PAGES.keys())
@every_case("content_type", [HTML, "application/json", ""])
def test_pages_are_told_apart_whatever_their_label(html: str, kind: str, content_type: str) -> None:
    page = page_in(html.encode(), content_type)
    assert page is not None
    assert page.kind == kind


@every_case(
    "content",
    [
        b'{"a": "<html>"}',
        b' \r\n{"a": 1}',
        b'\xef\xbb\xbf{"a": 1}',
        b'cb({"a": 1});',
        b"[1]",
        b"null",
        b"",
        b" \n",
        '{"a": 1}'.encode("utf-16"),
        b'"text"',
    ],
)
def test_json_that_is_labelled_as_a_page_is_none(content: bytes) -> None:
    assert page_in(content, HTML) is None


def test_plain_text_is_a_page_only_by_its_label() -> None:
    assert page_in(b"Service Unavailable", "text/plain") is None
    page = page_in(b"Service Unavailable", HTML)
    assert page is not None
    assert page.kind == "error"


def test_xml_is_no_page() -> None:
    assert (
        page_in(b'<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>', "application/xml") is None
    )


def test_title_text_and_code_are_those_that_the_page_shows() -> None:
    page = page_in(PAGES["an error of the framework"][0].encode(), HTML)
    assert page is not None
    assert (page.title, page.code) == ("Error: Invalid URL", 400)
    assert "Error: Invalid URL Code: 400" in page.text
    assert "<" not in page.text


def test_scripts_are_not_part_of_the_text_and_tokens_are_masked() -> None:
    page = page_in(b"<html><body><script>var a = 'x';</script>at /x?token=abc&amp;f=html</body>", HTML)
    assert page is not None
    assert page.text == "at /x?token=***&f=html"


@every_case(
    ("content", "inner"),
    [
        (b'<textarea>{"a": 1}</textarea>', b'{"a": 1}'),
        (b'<html><body><textarea rows="1">\n{"a": "<b>"}\n</textarea></body></html>\r\n', b'{"a": "<b>"}'),
        (b"<pre>{&quot;a&quot;: 1}</pre>", b'{"a": 1}'),
        (b'<html><body><form><textarea>{"a": 1}</textarea></form></body></html>', None),
        (b'<textarea>{"a": 1}</textarea><textarea>{"b": 1}</textarea>x', None),
        (b"<textarea>text</textarea>", None),
        (b'<textarea>{"a": 1}', None),
        (b'{"a": 1}', None),
    ],
)
def test_json_is_taken_out_of_a_page_that_is_nothing_but_its_wrapper(
    content: bytes, inner: bytes | None
) -> None:
    assert json_in_page(content) == inner


@every_case("piece", [b"<", b"<script", b"<!--", b"type=", b"please ", b"<a action=", b"&", b"</"])
def test_a_hostile_page_is_looked_at_in_bounded_time(piece: bytes) -> None:
    page = page_in(b"<html><body>" + piece * 1_000_000, HTML)
    assert page is not None
    assert len(page.text) <= 2000


def test_of_a_large_page_only_the_start_is_looked_at() -> None:
    start = b"<html><title>a</title><body>b"
    large = start + "\u0130".encode() * 20_000_000
    began = time.process_time()
    tracemalloc.start()
    try:
        page = page_in(large + b"<input type=password>", HTML)
        assert json_in_page(b"<pre>{" + large + b"}</pre>") is None
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert page is not None
    assert (page.kind, page.title) == ("other", "a")
    assert peak < 90_000_000  # the page that was made here
    assert time.process_time() - began < 1
