"""A request's body, read ahead: what a deviation has to know of it, and what is thrown away."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

if TYPE_CHECKING:
    from starlette.types import Message, Receive

_READ_AHEAD = 1024 * 1024
"""Bytes: a longer form is looked at no further."""
_TEXT_PART = re.compile(
    rb'\r\ncontent-disposition: *form-data; *name="?([^"\r\n;]{1,200})"?\r\n'
    rb"(?:[^\r\n]{1,200}\r\n){0,10}\r\n([^\r\n]*)\r\n--",
    re.IGNORECASE,
)
"""A part of a multipart form that is a text in one line, no file."""


async def read_ahead(receive: Receive) -> tuple[bytes, Receive]:
    """The first part of a body, at most about a megabyte, and a `receive` that gives all of it again."""
    messages: list[Message] = []
    size, more = 0, True
    while more and size < _READ_AHEAD:
        message = await receive()
        messages.append(message)
        size += len(message.get("body", b""))
        more = message["type"] == "http.request" and message.get("more_body", False)
    body = b"".join(message.get("body", b"") for message in messages)
    waiting = iter(messages)

    async def again() -> Message:
        return next(waiting, None) or await receive()

    return body, again


async def throw_away(receive: Receive, up_to: int | None = None) -> bool:
    """Read a body to its end, or its first bytes; whether the client is still there."""
    size, more = 0, True
    while more and (up_to is None or size < up_to):
        message = await receive()
        if message["type"] == "http.disconnect":
            return False
        size += len(message.get("body", b""))
        more = message.get("more_body", False)
    return True


def form_value(body: bytes, name: str) -> str:
    """A field of a form, empty where it is none or has none of that name."""
    return next((value for each, value in form_values(body) if each == name), "")


def form_values(body: bytes) -> list[tuple[str, str]]:
    """The fields of a form: urlencoded, or the texts of a multipart one; none where it is neither."""
    if b"=" not in body:
        return []
    if body.startswith(b"--"):
        return [(_text(name), _text(value)) for name, value in _TEXT_PART.findall(body)]
    try:
        return parse_qsl(
            body.decode("latin-1"), keep_blank_values=True, max_num_fields=1000, errors="replace"
        )
    except ValueError:  # more fields than that
        return []


def _text(part: bytes) -> str:
    return part.decode("utf-8", "replace")
