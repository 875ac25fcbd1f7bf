"""From a reply, or a refusal, to status, headers and bytes: the formats `json`, `pjson`, `html`, and
JSONP."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import msgspec
from gp_protocol.error_envelopes import KNOWN_ERRORS, envelope
from gp_protocol.json_text import encode_json, encode_pjson
from gp_protocol.versions import Profile

from gp_mockserver.operations import AnyReply
from gp_mockserver.sites import Site
from gp_mockserver.wire.addresses import Address
from gp_mockserver.wire.replies import FileReply, PageReply, Redirect, Refusal
from gp_mockserver.wire.requests import Form

FindRoot = Callable[[], str]
Headers = list[tuple[bytes, bytes]]

_HTML = b"text/html;charset=utf-8"
_CALLBACK = re.compile(r"[A-Za-z_$][\w$]*(\.[A-Za-z_$][\w$]*|\[\d+\])*", re.ASCII)
_MAX_CALLBACK = 128


class Answer(msgspec.Struct):
    """An answer on its way out; a file is streamed."""

    status: int
    headers: Headers
    body: bytes | Path


def check_form(form: Form) -> None:
    """Raises Refusal for a format that no resource has and for a callback that is no function's name."""
    if form.format not in ("html", "json", "pjson"):
        raise Refusal("unsupported-format", f"f: met {form.format[:80]!r}, expected html, json or pjson")
    if form.callback and (len(form.callback) > _MAX_CALLBACK or not _CALLBACK.fullmatch(form.callback)):
        raise Refusal("invalid-parameters", "callback: expected the name of a function, such as app.done")


def answer(reply: AnyReply, form: Form, address: Address, find_root: FindRoot) -> Answer:
    """What a reply becomes."""
    if isinstance(reply, FileReply):
        return Answer(200, [], reply.path)
    if isinstance(reply, Redirect):
        return Answer(302, [(b"location", reply.location.encode()), (b"content-length", b"0")], b"")
    if isinstance(reply, PageReply):
        from gp_mockserver.wire.pages import page

        return html_answer(200, page(reply.page, address, f"{find_root()}/rest"))
    if form.format == "html":
        from gp_mockserver.wire.pages import page

        return html_answer(200, page(reply.make_page(), address, f"{find_root()}/rest", reply.value))
    return _json(reply.value, form, address.profile)


def refuse(refusal: Refusal, form: Form, site: Site, address: Address | None, find_root: FindRoot) -> Answer:
    """What a refusal becomes: an envelope with HTTP status 200 where JSON was asked for, else an error page.

    An unsupported format is refused in HTML, since no other format is known.
    """
    profile = address.profile if address else site.profile
    error = envelope(refusal.name, profile, *refusal.details, overrides=site.errors, **refusal.fill)
    known = KNOWN_ERRORS[refusal.name]
    if form.format not in ("json", "pjson") or (form.callback and not _CALLBACK.fullmatch(form.callback)):
        from gp_mockserver.wire.pages import error_page

        return html_answer(known.http_status_html, error_page(error, address, f"{find_root()}/rest"))
    return _json(error.to_json(), form, profile, known.http_status_json)


def html_answer(status: int, document: bytes) -> Answer:
    """An HTML page as an answer."""
    return _whole(status, _HTML, document)


def _json(value: object, form: Form, profile: Profile, status: int = 200) -> Answer:
    body = encode_pjson(value) if form.format == "pjson" else encode_json(value)
    if form.callback:
        return _whole(status, b"text/javascript;charset=UTF-8", form.callback.encode() + b"(" + body + b");")
    return _whole(status, profile.json_content_type.encode(), body)


def _whole(status: int, content_type: bytes, body: bytes) -> Answer:
    length = str(len(body)).encode()
    return Answer(status, [(b"content-type", content_type), (b"content-length", length)], body)
