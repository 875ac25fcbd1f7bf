"""Fills an entry from what was seen of a request and its answer. This is where things are written down, and
so where they are masked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from operator import itemgetter
from sys import getsizeof
from typing import Final
from urllib.parse import quote

import msgspec

from gp_mockserver.journal.bodies import Body, unpacked
from gp_mockserver.journal.entries import KEPT, Entry, Headers
from gp_mockserver.journal.masked_parts import (
    MOST_PARAMETERS,
    all_secrets,
    brings_code,
    fields_of,
    is_short,
    masked_address,
    masked_body,
    masked_headers,
    masked_parameters,
)
from gp_mockserver.journal.secret_words import without_a_beginning, without_secrets

ABOUT_JOBS: Final = frozenset({"submitJob", "cancel", "job", "adminCancel"})
"""The operations that answer with a job's status."""
RawHeaders = list[tuple[bytes, bytes]]

_LONGEST_PATH: Final = KEPT // 4
_SHORT: Final = 4 * 1024
"""Characters of an address that need no closer look."""
_OVERHEAD: Final = 2048
"""Bytes of an entry besides what it holds, and of a text or a header besides its characters, about."""
_OF_A_TEXT: Final = 100
_OF_A_PAIR: Final = 64
_OF_A_HEADER: Final = 250
_USUAL: Final = 8
"""Headers that the overhead of an entry counts already."""
_VALUE: Final = itemgetter(1)


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
        entry.request_size = body.size
        entry.request_sha256 = body.sha256
    if head.client:
        entry.client = f"{head.client[0]}:{head.client[1]}"
    has_code = not is_plain and brings_code(head.path, parameters)
    if secrets is None:
        secrets = [] if is_plain else all_secrets(parameters, header, head.path)
        if is_plain and is_short(parameters):
            entry.parameters = dict(parameters)
        else:
            entry.parameters = masked_parameters(parameters, secrets, has_code)
    _write_address(entry, head, header, secrets, is_plain, has_code)
    if is_plain:
        entry.request_body = sent
        entry.request_headers = _as_text(head.headers)
    else:
        entry.request_headers = masked_headers(head.headers, secrets, of_request=True)
        entry.request_body = masked_body(
            sent, content_type, secrets, is_form=True, is_cut=is_cut, has_code=has_code
        )
        if secrets or entry.request_body != sent:
            entry.request_sha256 = ""
        for field in ("near_miss", "error", "name", "job_id"):
            if text := getattr(entry, field):
                setattr(entry, field, without_secrets(text, secrets))
    if answered_with is None:
        return secrets
    header = _reader(answered_with)
    told, is_cut = _opened(answer, header)
    if answer is not None:
        entry.response_size, entry.response_sha256 = answer.size, answer.sha256
    if entry.operation in ABOUT_JOBS and (entry.deviations or not entry.job_status):
        _note_job(entry, told)
    entry.response_headers = masked_headers(answered_with, secrets, of_request=False)
    kind = header("content-type") or ""
    entry.response_body = masked_body(
        told, kind, secrets, is_form=False, is_cut=is_cut, operation=entry.operation
    )
    return secrets


def _note_job(entry: Entry, told: bytes) -> None:
    """Note the job's status, and its id, as they were really answered: a deviation, or a real server, says
    other ones than the site."""
    try:
        answer = msgspec.json.decode(told)
    except (msgspec.DecodeError, RecursionError):
        return
    if isinstance(answer, dict):
        status, job_id = answer.get("jobStatus"), answer.get("jobId")
        entry.job_status = status if isinstance(status, str) else ""
        if not entry.job_id and isinstance(job_id, str):
            entry.job_id = job_id


def _write_address(
    entry: Entry,
    head: Head,
    header: Callable[[str], str | None],
    secrets: list[str],
    is_plain: bool,
    has_code: bool,
) -> None:
    """Write path and address, KEPT characters of them in all."""
    path, url = head.path, _url(head, header)
    if len(path) + len(url) <= _SHORT and is_plain:
        entry.path, entry.url = path, url
        return
    is_cut = len(path) > _LONGEST_PATH
    told = without_secrets(path[:_LONGEST_PATH], secrets)
    entry.path = f"{without_a_beginning(told, secrets)}… ({len(path)} characters)" if is_cut else told
    longest = KEPT - len(entry.path)
    is_cut = len(url) > longest
    told = url if is_plain else masked_address(url[:longest], secrets, is_cut=is_cut, has_code=has_code)
    entry.url = f"{told[:longest]}… ({len(url)} characters)" if is_cut else told


def held_by(head: Head, parameters: Mapping[str, str] | None) -> int:
    """Bytes that the head of a request takes, about, or that an entry takes for it, whichever is more."""
    texts = 3 * len(head.query) + 2 * len(head.path) + sum(map(len, map(_VALUE, head.headers)))
    if parameters is not None:
        texts += _OF_A_TEXT * len(parameters)
    more = len(head.headers) - _USUAL
    return texts + _OF_A_HEADER * more if more > 0 else texts


def size_of(entry: Entry) -> int:
    """Bytes that a filled entry takes, about."""
    texts = [entry.path, entry.url, entry.near_miss, entry.error, entry.cut_short, entry.name, entry.job_id]
    texts += [*entry.parameters, *entry.parameters.values()]
    pairs = (*entry.request_headers, *entry.response_headers)
    texts += [text for pair in pairs for text in pair]
    bodies = len(entry.request_body) + len(entry.response_body)
    return _OVERHEAD + bodies + sum(map(getsizeof, texts)) + _OF_A_PAIR * (len(pairs) + len(entry.parameters))


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
        pairs = part[:KEPT].decode("utf-8", "replace").split("&", MOST_PARAMETERS)
        for name, value in parse_qsl("&".join(pairs[: MOST_PARAMETERS - 1]), keep_blank_values=True):
            given.setdefault(name, value)
        if len(pairs) > MOST_PARAMETERS:
            given["…"] = f"({part.count(b'&') + 2 - MOST_PARAMETERS} more)"
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
