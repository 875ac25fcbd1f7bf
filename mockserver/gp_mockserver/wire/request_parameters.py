"""The parameters of a request: query, urlencoded form and multipart form, merged.

Both query and form count, and a parameter that comes twice keeps its first value, the query's before the
form's (*assumed*: what servlet containers do).
"""

from __future__ import annotations

import binascii
from collections.abc import AsyncGenerator, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING
from urllib.parse import unquote_to_bytes

from gp_mockserver.sites import Site
from gp_mockserver.wire.addresses import Address
from gp_mockserver.wire.requests import ReceivedFile

if TYPE_CHECKING:
    from starlette.types import Receive, Scope

MAX_FIELDS = 1000
_SHORT = 64
MAX_BODY_BYTES = 64 * 1024 * 1024
_MAX_EPILOGUE = 1024


class BodyTooLarge(Exception):
    """The body is longer than the server takes."""


class MalformedRequest(Exception):
    """The body or query cannot be read as parameters; the text says why."""


class ClientLeft(Exception):
    """The connection ended before the request was whole."""


def header(scope: Scope, wanted: bytes) -> bytes | None:
    """A header's first value; `wanted` is in lower case."""
    for name, value in scope["headers"]:
        if name == wanted:
            return bytes(value)
    return None


def find_header(scope: Scope, name: str) -> str | None:
    """A header's first value as text; `name` is in lower case."""
    value = header(scope, name.encode())
    return None if value is None else value.decode("latin-1")


async def read_form(
    query: Mapping[str, str], scope: Scope, receive: Receive, site: Site, address: Address | None
) -> tuple[Mapping[str, str], Mapping[str, ReceivedFile]]:
    """A query's parameters with those of the form in the body, and the files of a multipart form where the
    operation takes files. Raises BodyTooLarge, MalformedRequest or ClientLeft."""
    body = await _read_body(scope, receive)
    content_type = header(scope, b"content-type")
    if content_type and content_type.lower().startswith(b"multipart/form-data"):
        form = await _parse_multipart(content_type, body)
    else:
        form = _decode_pairs(body)
    return ({**form, **query} if query else form), {}


def query_parameters(query: bytes) -> Mapping[str, str]:
    """The parameters of a query string, which may be shared: polls repeat theirs."""
    return _short_query(query) if len(query) <= _SHORT else _decode_pairs(query)


@lru_cache(maxsize=1024)
def _short_query(query: bytes) -> Mapping[str, str]:
    return MappingProxyType(_decode_pairs(query))


def _decode_pairs(encoded: bytes) -> dict[str, str]:
    """The first value of each name; bytes that are not UTF-8 become U+FFFD."""
    if encoded.count(b"&") > MAX_FIELDS:
        raise MalformedRequest(f"more than {MAX_FIELDS} parameters")
    parameters: dict[str, str] = {}
    for pair in encoded.decode(errors="replace").split("&"):
        name, _, value = pair.partition("=")
        if "%" in value or "+" in value:
            value = _unquoted(value)
        if "%" in name or "+" in name:
            name = _unquoted(name)
        if name and name not in parameters:
            parameters[name] = value
    return parameters


def _unquoted(text: str) -> str:
    # Quoted-printable is percent-encoding with another sign, and decoded in C: ten times as fast as urllib.
    # Where it reads a text differently (an escape that is none, a soft line break) urllib decodes.
    encoded = text.replace("+", " ").encode()
    quoted = encoded.replace(b"=", b"=3D").replace(b"%", b"=")
    decoded = binascii.a2b_qp(quoted)
    if len(decoded) != len(quoted) - 2 * quoted.count(b"=") or b"\n" in encoded or b"\r" in encoded:
        decoded = unquote_to_bytes(encoded)
    return decoded.decode(errors="replace")


async def _read_body(scope: Scope, receive: Receive) -> bytes:
    message = await receive()
    if message["type"] == "http.disconnect":
        raise ClientLeft
    body: bytes = message.get("body", b"")
    if not message.get("more_body"):
        if len(body) > MAX_BODY_BYTES:
            raise BodyTooLarge
        return body
    chunks = bytearray(body)
    while message.get("more_body"):
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientLeft
        chunks += message.get("body", b"")
        if len(chunks) > MAX_BODY_BYTES:
            raise BodyTooLarge
    return bytes(chunks)


async def _parse_multipart(content_type: bytes, body: bytes) -> dict[str, str]:
    """The fields of a multipart form; a file's content is its value."""
    from python_multipart.multipart import parse_options_header
    from starlette.datastructures import Headers
    from starlette.formparsers import MultiPartException, MultiPartParser

    async def stream() -> AsyncGenerator[bytes, None]:
        yield body

    boundary = parse_options_header(content_type)[1].get(b"boundary", b"")
    end = b"--" + boundary + b"--"
    if not boundary or end not in body[-len(end) - _MAX_EPILOGUE :]:
        raise MalformedRequest("the multipart form does not end with its boundary")
    parser = MultiPartParser(
        Headers(raw=[(b"content-type", content_type)]),
        stream(),
        max_fields=MAX_FIELDS,
        max_files=MAX_FIELDS,
        max_part_size=MAX_BODY_BYTES,
    )
    parameters: dict[str, str] = {}
    try:
        form = await parser.parse()
    except (MultiPartException, KeyError, ValueError) as error:
        raise MalformedRequest(f"the multipart form cannot be read: {error}") from None
    try:
        for name, value in form.multi_items():
            text = value if isinstance(value, str) else (await value.read()).decode(errors="replace")
            parameters.setdefault(name, text)
    finally:
        await form.close()
    return parameters
