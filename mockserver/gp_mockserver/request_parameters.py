"""The parameters of a request: query, urlencoded form and multipart form, merged.

Both query and form count, and a parameter that comes twice keeps its first value, the query's before the form's
(*assumed*: what servlet containers do).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from urllib.parse import unquote_plus

from starlette.types import Receive, Scope

MAX_FIELDS = 1000
MAX_BODY_BYTES = 64 * 1024 * 1024


class BodyTooLarge(Exception):
    """The body is longer than the server takes."""


class MalformedRequest(Exception):
    """The body or query cannot be read as parameters; the text says why."""


class ClientLeft(Exception):
    """The connection ended before the request was whole."""


async def read_parameters(scope: Scope, receive: Receive) -> Mapping[str, str]:
    """The decoded parameters of a request. Raises BodyTooLarge, MalformedRequest or ClientLeft."""
    query = query_parameters(scope["query_string"])
    if scope["method"] != "POST":
        return query
    content_type = next((value for name, value in scope["headers"] if name == b"content-type"), b"")
    if content_type.lower().startswith(b"multipart/form-data"):
        form = await _read_multipart(scope, receive)
    else:
        form = _decode_pairs(await _read_body(scope, receive))
    return {**form, **query} if query else form


@lru_cache(maxsize=1024)
def _short_query(query: bytes) -> Mapping[str, str]:
    return MappingProxyType(_decode_pairs(query))


def query_parameters(query: bytes) -> Mapping[str, str]:
    """The parameters of a query string, which may be shared: polls repeat theirs."""
    if not query:
        return _NOTHING
    return _short_query(query) if len(query) <= 64 else _decode_pairs(query)


_NOTHING: Mapping[str, str] = MappingProxyType({})


def _decode_pairs(encoded: bytes) -> dict[str, str]:
    if encoded.count(b"&") > MAX_FIELDS:
        raise MalformedRequest(f"more than {MAX_FIELDS} parameters")
    try:
        text = encoded.decode()
    except UnicodeDecodeError:
        raise MalformedRequest("the parameters are not urlencoded UTF-8 text") from None
    parameters: dict[str, str] = {}
    for pair in text.split("&"):
        name, _, value = pair.partition("=")
        if name:
            parameters.setdefault(unquote_plus(name), unquote_plus(value))
    return parameters


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


async def _read_multipart(scope: Scope, receive: Receive) -> dict[str, str]:
    from starlette.exceptions import HTTPException
    from starlette.requests import ClientDisconnect, Request

    size = 0

    async def receive_bounded() -> object:
        nonlocal size
        message = await receive()
        size += len(message.get("body", b""))
        if size > MAX_BODY_BYTES:
            raise BodyTooLarge
        return message

    parameters: dict[str, str] = {}
    request = Request(scope, receive_bounded)  # type: ignore[arg-type]
    try:
        async with request.form(max_fields=MAX_FIELDS, max_files=MAX_FIELDS) as form:
            for name, value in form.multi_items():
                text = value if isinstance(value, str) else (await value.read()).decode(errors="replace")
                parameters.setdefault(name, text)
    except ClientDisconnect:
        raise ClientLeft from None
    except HTTPException as error:
        raise MalformedRequest(str(error.detail)) from None
    return parameters
