"""What a request says in its query and its form, whatever client sent it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final
from urllib.parse import parse_qsl, urlsplit

CACHE_BREAKERS: Final = frozenset({"_", "dojo.preventCache", "cacheBuster"})
"""Names that browsers' libraries send so that nothing in between answers."""
_MOST: Final = 1000
_LONGEST_FORM: Final = 64 * 1024 * 1024
"""Bytes of a form that are read."""


def parameters_of(url: str, headers: Iterable[tuple[str, str]] = (), body: bytes = b"") -> dict[str, str]:
    """The parameters of query and form, decoded, credentials left out; of a file its name. What is said twice
    counts as it is said last, and the form more than the query, both *assumed*."""
    from gp_mockserver.security.secret_names import is_secret_name

    kind = next((value for name, value in headers if name.lower() == "content-type"), "")
    pairs = [*_query(urlsplit(url).query), *form_fields(kind, body)]
    return {name: value for name, value in pairs if not is_secret_name(name)}


def form_fields(content_type: str, body: bytes) -> list[tuple[str, str]]:
    """The fields of a form in a request's body; none where it is no form."""
    if not body or len(body) > _LONGEST_FORM:
        return []
    kind = content_type.partition(";")[0].strip().lower()
    if kind == "multipart/form-data":
        return _parts(content_type, body)
    if kind == "application/x-www-form-urlencoded" or (not kind and b"=" in body[:200]):
        return _query(body.decode("utf-8", "replace"))
    return []


def _query(text: str) -> list[tuple[str, str]]:
    try:
        return parse_qsl(text, keep_blank_values=True, max_num_fields=_MOST)
    except ValueError:  # more of them than anybody means
        return []


def _parts(content_type: str, body: bytes) -> list[tuple[str, str]]:
    from email import message_from_bytes
    from email.policy import HTTP

    if body.count(b"\nContent-Disposition") > _MOST:
        return []
    head = f"Content-Type: {_one_line(content_type)}\r\n\r\n".encode()
    found: list[tuple[str, str]] = []
    message = message_from_bytes(head + body, policy=HTTP)
    if not message.is_multipart():
        return found
    for part in message.iter_parts():
        name = part.get_param("name", header="content-disposition")
        if not isinstance(name, str):
            continue
        file = part.get_filename()
        payload = part.get_payload(decode=True)
        text = payload.decode("utf-8", "replace") if isinstance(payload, bytes) else ""
        found.append((name, file if file is not None else text.removesuffix("\r\n")))
    return found


def _one_line(text: str) -> str:
    return text.replace("\r", " ").replace("\n", " ")
