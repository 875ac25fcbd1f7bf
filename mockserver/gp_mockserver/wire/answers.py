"""From a reply, or a refusal, to status, headers and bytes: the formats `json`, `pjson`, `html`, JSONP, and
whatever a reply holds ready."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import quote

import msgspec
from gp_protocol.error_envelopes import KNOWN_ERRORS, envelope
from gp_protocol.json_text import encode_json, encode_pjson
from gp_protocol.suggestions import did_you_mean, one_of
from gp_protocol.versions import Profile

from gp_mockserver.operations import OPERATIONS
from gp_mockserver.sites import Site
from gp_mockserver.wire.addresses import Address
from gp_mockserver.wire.callers import Caller
from gp_mockserver.wire.replies import AnyReply, BytesReply, FileReply, Redirect, Refusal, Reply
from gp_mockserver.wire.requests import Form, Request

Headers = list[tuple[bytes, bytes]]

_HTML = b"text/html;charset=utf-8"
_NO_SNIFFING = (b"x-content-type-options", b"nosniff")
_PAGE_HEADERS = [
    (
        b"content-security-policy",
        b"default-src 'none'; style-src 'self'; img-src 'self' data:; base-uri 'none'",
    ),
    _NO_SNIFFING,
]
_CALLBACK = re.compile(r"[A-Za-z_$][\w$]*(\.[A-Za-z_$][\w$]*|\[\d+\])*", re.ASCII)
_LONGEST_REPEATED = 500
_EVER = frozenset({"html", "json", "pjson"})
"""The formats that every version has."""
_ERRORS_IN_JSON = frozenset({"json", "pjson", "geojson", "kmz", "image", "pbf", "amf"})


class Answer(msgspec.Struct):
    """An answer on its way out; a file is streamed."""

    status: int
    headers: Headers
    body: bytes | Path


def check_asked(request: Request) -> None:
    """Raises Refusal for a method that the resource does not answer, for a format that it does not have in
    this version, and for a callback that is no function's name."""
    address, form = request.address, request.form
    asked = OPERATIONS[address.operation]
    if request.method not in asked.methods:
        raise Refusal("method-not-allowed", f"met {request.method[:20]}, expected {one_of(asked.methods)}")
    formats = asked.formats
    if formats and not (
        form.format in formats and (form.format in _EVER or address.profile.has("format", form.format))
    ):
        known = [each for each in formats if address.profile.has("format", each)]
        hint = did_you_mean(form.format[:80], known)
        told = f"f: met {form.format[:80]!r}, expected {one_of(known)}; {hint}".rstrip("; ")
        raise Refusal("unsupported-format", told)
    if form.callback:
        limits = address.site.limits
        if len(form.callback) > limits.callback:
            met = f"a name of {len(form.callback)}"
            raise Refusal("invalid-parameters", limits.passed("callback", met, "characters"))
        if not _CALLBACK.fullmatch(form.callback):
            raise Refusal("invalid-parameters", "callback: expected the name of a function, such as app.done")


def _is_callback(text: str, longest: int) -> bool:
    return len(text) <= longest and bool(_CALLBACK.fullmatch(text))


def answer(reply: AnyReply, request: Request) -> Answer:
    """What a reply becomes."""
    if isinstance(reply, Reply):
        if request.form.format == "html":
            return _page(reply, request)
        return _json(reply.value, request.form, request.profile)
    match reply:
        case FileReply():
            return Answer(200, _file_headers(reply.content_type, reply.name), reply.path)
        case BytesReply():
            whole = _whole(reply.status, reply.content_type.encode(), reply.body)
            whole.headers += _file_headers(None, reply.name or None)
            whole.headers += _encoded(reply.headers)
            return whole
        case Redirect():
            headers = _encoded(reply.headers)
            location = (b"location", quote(reply.location, safe=_SAFE).encode())
            return Answer(302, [location, (b"content-length", b"0"), *headers], b"")
    return _page(reply, request)


_SAFE = "%/:=&?~#+!$,;'@()*[]"


def _encoded(headers: Mapping[str, str]) -> Headers:
    return [(name.encode(), value.encode()) for name, value in headers.items()]


def _file_headers(content_type: str | None, name: str | None) -> Headers:
    headers = []
    if content_type is not None:
        headers.append((b"content-type", content_type.encode()))
    if name is not None:
        headers.append((b"content-disposition", f"attachment; filename*=UTF-8''{quote(name)}".encode()))
    return headers


def _page(reply: AnyReply, request: Request) -> Answer:
    from gp_mockserver.directory.pages import page

    return html_answer(200, page(reply, request))


def refuse(
    refusal: Refusal,
    form: Form,
    site: Site,
    address: Address | None,
    caller: Caller,
    secrets: Sequence[str] = (),
    request: Request | None = None,
) -> Answer:
    """What a refusal becomes: an envelope with HTTP status 200 where JSON (or anything that is no page) was
    asked for, else an error page. What it quotes is masked, `secrets` being the request's own.

    An unsupported format is refused in HTML, since no other format is known.
    """
    profile = address.profile if address else site.profile
    from gp_mockserver.security.masking import masked

    details = [masked(each, secrets) for each in refusal.details]
    fill = {name: masked(each, secrets) for name, each in refusal.fill.items()}
    if address:
        fill.setdefault("service", address.service.name if address.service else masked(address.name, secrets))
    error = envelope(refusal.name, profile, *details, overrides=site.errors, **fill)
    known = KNOWN_ERRORS[refusal.name]
    is_page = form.format not in _ERRORS_IN_JSON or refusal.name == "unsupported-format"
    if is_page or (form.callback and not _is_callback(form.callback, site.limits.callback)):
        from gp_mockserver.directory.pages import error_page

        place = address if address and _may_be_repeated(address, secrets) else None
        prepared = html_answer(
            known.http_status_html, error_page(error, site, place, caller.find_root(), request)
        )
    elif address and address.operation.startswith("admin"):
        # *Assumed*: as the administrator's operations answer their own failures.
        told = {"status": "error", "messages": [error.message, *error.details], "code": error.code}
        prepared = _json(told, form, profile, known.http_status_json)
    else:
        prepared = _json(error.to_json(), form, profile, known.http_status_json)
    if refusal.name == "method-not-allowed" and address:
        prepared.headers.append(
            (b"allow", ", ".join((*OPERATIONS[address.operation].methods, "OPTIONS")).encode())
        )
    return prepared


def _may_be_repeated(address: Address, secrets: Sequence[str]) -> bool:
    """Whether a page's breadcrumbs may repeat an address: one that leads somewhere, of no great length, with
    no secret in it."""
    if address.operation.startswith("admin") and address.service is None:
        return False
    written = (address.name, address.job_id)
    return sum(map(len, written)) <= _LONGEST_REPEATED and not any(
        secret in each for each in written for secret in secrets
    )


def html_answer(status: int, document: bytes) -> Answer:
    """An HTML page as an answer; it loads nothing but what the site itself has."""
    page = _whole(status, _HTML, document)
    page.headers += _PAGE_HEADERS
    return page


def _json(value: object, form: Form, profile: Profile, status: int = 200) -> Answer:
    body = encode_pjson(value) if form.format == "pjson" else encode_json(value)
    content_type = profile.json_content_type.encode()
    if form.callback:
        content_type, body = b"text/javascript;charset=UTF-8", form.callback.encode() + b"(" + body + b");"
    length = str(len(body)).encode()
    headers = [(b"content-type", content_type), (b"content-length", length), _NO_SNIFFING]
    return Answer(status, headers, body)


def _whole(status: int, content_type: bytes, body: bytes) -> Answer:
    length = str(len(body)).encode()
    return Answer(status, [(b"content-type", content_type), (b"content-length", length)], body)
