"""Multipart forms that carry one file, made as they are sent (RFC 7578)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

from gp_client.wire.http_messages import Body

if TYPE_CHECKING:
    from random import Random


def multipart_form(
    fields: Mapping[str, str],
    *,
    field: str,
    name: str,
    length: int,
    chunks: Callable[[], Iterator[bytes]],
    random: Random,
) -> tuple[dict[str, str], Body]:
    """The headers and the body of a form: the fields, then a file of that length and name."""
    boundary = f"gp-client-{random.getrandbits(128):032x}"
    head = "".join(
        f'--{boundary}\r\nContent-Disposition: form-data; name="{_quoted(key)}"\r\n\r\n{value}\r\n'
        for key, value in fields.items()
    )
    head += (
        f'--{boundary}\r\nContent-Disposition: form-data; name="{_quoted(field)}"; '
        f'filename="{_quoted(name)}"\r\nContent-Type: application/octet-stream\r\n\r\n'
    )
    before, after = head.encode(errors="replace"), f"\r\n--{boundary}--\r\n".encode()

    def pieces() -> Iterator[bytes]:
        yield before
        yield from chunks()
        yield after

    whole = len(before) + length + len(after)
    headers = {"Content-Type": f"multipart/form-data; boundary={boundary}", "Content-Length": str(whole)}
    return headers, Body(whole, pieces)


def _quoted(text: str) -> str:
    """A name within quotes, as browsers write it (HTML, *multipart/form-data*)."""
    return text.replace("\r", "%0D").replace("\n", "%0A").replace('"', "%22")
