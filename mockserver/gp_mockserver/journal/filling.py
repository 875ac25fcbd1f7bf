"""Fills an entry from what was seen of a request and its answer. This is where things are written down, and
so where they are masked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from urllib.parse import quote

import msgspec

from gp_mockserver.journal.bodies import Body, unpacked
from gp_mockserver.journal.entries import KEPT, Entry, Headers
from gp_mockserver.journal.masked_parts import (
    all_secrets,
    fields_of,
    masked_address,
    masked_body,
    masked_headers,
    masked_parameters,
)
from gp_mockserver.journal.secret_words import without_secrets

RawHeaders = list[tuple[bytes, bytes]]


class Head(msgspec.Struct, gc=False):
    """Of a request's scope what an entry is made of; it lasts longer than the scope."""

    headers: RawHeaders
    path: str
    raw_path: bytes | None
    query: bytes
    scheme: str
    client: tuple[str, int] | None
    server: tuple[str, int | None] | None


def fill(
    entry: Entry,
    head: Head,
    parameters: Mapping[str, str] | None,
    body: Body | None,
    answered_with: RawHeaders | None,
    answer: Body | None,
    *,
    is_plain: bool,
    secrets: list[str] | None = None,
) -> list[str]:
    """Write into the entry what is known by now; the secrets that the request brings.

    `parameters` are None where nobody has read them. `is_plain`: the request brings no secret. `secrets`:
    those that were found before, when the parameters were written.
    """
    header = _reader(head.headers)
    content_type = header("content-type") or ""
    sent, is_cut = _opened(body, header)
    if parameters is None:
        parameters = {**fields_of(sent, content_type), **_read(head.query, sent, content_type)}
    if body is not None:
        entry.request_size, entry.request_sha256 = body.size, body.sha256
    if head.client:
        entry.client = f"{head.client[0]}:{head.client[1]}"
    if secrets is None:
        secrets = [] if is_plain else all_secrets(parameters, header)
        entry.parameters = dict(parameters) if is_plain else masked_parameters(parameters, secrets)
    if is_plain:
        entry.path, entry.request_body = head.path, sent
        entry.url = _url(head, header)
        entry.request_headers = _as_text(head.headers)
    else:
        entry.path = without_secrets(head.path, secrets)
        entry.url = masked_address(_url(head, header), secrets)
        entry.request_headers = masked_headers(head.headers, secrets)
        entry.request_body = masked_body(sent, content_type, secrets, is_form=True, is_cut=is_cut)
        for field in ("near_miss", "error", "name", "job_id"):
            if text := getattr(entry, field):
                setattr(entry, field, without_secrets(text, secrets))
    if answered_with is None:
        return secrets
    header = _reader(answered_with)
    told, is_cut = _opened(answer, header)
    if answer is not None:
        entry.response_size, entry.response_sha256 = answer.size, answer.sha256
    entry.response_headers = masked_headers(answered_with, secrets)
    kind = header("content-type") or ""
    entry.response_body = masked_body(
        told, kind, secrets, is_form=False, is_cut=is_cut, operation=entry.operation
    )
    return secrets


def _opened(body: Body | None, header: Callable[[str], str | None]) -> tuple[bytes, bool]:
    """The beginning of a body without its content encoding, and whether more follows."""
    if body is None:
        return b"", False
    sent, is_cut = body.first, body.is_cut
    if encodings := header("content-encoding"):
        sent, was_cut = unpacked(sent, encodings)
        return sent, is_cut or was_cut
    return sent, is_cut


def _as_text(headers: RawHeaders) -> Headers:
    return tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in headers)


def _reader(headers: RawHeaders) -> Callable[[str], str | None]:
    first: dict[bytes, bytes] = {}
    for name, value in headers:
        first.setdefault(name.lower(), value)

    def header(name: str) -> str | None:
        value = first.get(name.encode())
        return None if value is None else value.decode("latin-1")

    return header


def _read(query: bytes, body: bytes, content_type: str) -> dict[str, str]:
    """The parameters of a request that no operation has read, as far as they can be told."""
    from urllib.parse import parse_qsl

    given: dict[str, str] = {}
    is_form = not content_type or "form-urlencoded" in content_type.lower()
    for part in (query, body if is_form else b""):
        text = part[:KEPT].decode("utf-8", "replace")
        for name, value in parse_qsl(text, keep_blank_values=True):
            given.setdefault(name, value)
    return given


def _url(head: Head, header: Callable[[str], str | None]) -> str:
    """The address as it was asked for, of the host that the request names."""
    host = header("host")
    if not host:
        name, port = head.server or ("localhost", None)
        host = f"{name}:{port}" if port else name
    path = head.raw_path.decode("latin-1").partition("?")[0] if head.raw_path else quote(head.path)
    query = head.query.decode("latin-1")
    return f"{head.scheme}://{host}{path}?{query}" if query else f"{head.scheme}://{host}{path}"
