"""An answer's way out: cross-origin headers, HEAD, gzip, the pace of its bytes, files from disk.

Cross-origin requests are allowed from anywhere, with credentials: browsers' clients reach ArcGIS servers so.
"""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from gp_mockserver.lifecycle.clocks import Clock
from gp_mockserver.operations import OPERATIONS
from gp_mockserver.sites import Site
from gp_mockserver.wire.addresses import find_address
from gp_mockserver.wire.answers import Answer, Headers
from gp_mockserver.wire.callers import header
from gp_mockserver.wire.poll_answers import Messages
from gp_mockserver.wire.replies import Refusal
from gp_mockserver.wire.request_parameters import ClientLeft

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

_PACED_CHUNK_SECONDS = 0.05
_GZIP_FROM = 1024
"""Bytes: below that compressing gains nothing."""
_GZIP_LEVEL = 4
_GZIP_IN_WORKER = 200_000
_NO_GZIP = re.compile(rb"q\s*=\s*0(\.0*)?")
_PACKED = (b"image/", b"application/zip", b"application/vnd.google-earth.kmz", b"application/octet-stream")
_EVERY_METHOD = ("GET", "POST", "HEAD")


async def allow_preflight(scope: Scope, send: Send, site: Site, path: str) -> None:
    """Answer OPTIONS: the methods that the resource has, and, to a browser that asks, its permission."""
    try:
        methods = OPERATIONS[find_address(site, path).operation].methods
    except Refusal:
        methods = _EVERY_METHOD
    allowed = ", ".join((*methods, "OPTIONS")).encode()
    headers = [(b"allow", allowed), (b"content-length", b"0")]
    if header(scope, b"access-control-request-method"):
        headers += [
            (b"access-control-allow-methods", allowed),
            (b"access-control-allow-headers", header(scope, b"access-control-request-headers") or b"*"),
            (b"access-control-allow-private-network", b"true"),
            (b"access-control-max-age", b"3600"),
        ]
    await send({"type": "http.response.start", "status": 200, "headers": headers + cross_origin(scope)})
    await send({"type": "http.response.body"})


def whole(answer: Answer) -> Messages:
    """The ASGI messages of an answer that is no file, without the headers for other origins."""
    return (
        {"type": "http.response.start", "status": answer.status, "headers": answer.headers},
        {"type": "http.response.body", "body": answer.body},
    )


async def send_answer(
    scope: Scope,
    receive: Receive,
    send: Send,
    answer: Answer,
    clock: Clock | None = None,
    bytes_per_second: float | None = None,
) -> None:
    """Send an answer, at a pace where one is given; a HEAD request gets its headers alone."""
    if isinstance(answer.body, Path):
        from gp_mockserver.wire.file_sending import send_file

        await send_file(scope, receive, send, answer.body, answer.headers + cross_origin(scope))
        return
    body, headers = answer.body, answer.headers
    if len(body) >= _GZIP_FROM and not _is_packed(headers):
        if _accepts_gzip(scope):
            body, headers = await _zipped(body, headers)
        headers = [*headers, (b"vary", b"Accept-Encoding")]
    await send(
        {
            "type": "http.response.start",
            "status": answer.status,
            "headers": headers + cross_origin(scope),
        }
    )
    if scope["method"] == "HEAD":
        body = b""
    if clock is not None and bytes_per_second is not None:
        size = max(1, int(bytes_per_second * _PACED_CHUNK_SECONDS))
        for begin in range(0, len(body), size):
            chunk = body[begin : begin + size]
            await clock.sleep(len(chunk) / bytes_per_second)
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
        body = b""
    await send({"type": "http.response.body", "body": body})


def cross_origin(scope: Scope) -> Headers:
    """The headers that let a page of another origin read the answer; none where no origin asks."""
    origin = header(scope, b"origin")
    if origin is None:
        return []
    return [
        (b"access-control-allow-origin", origin),
        (b"access-control-allow-credentials", b"true"),
        (b"vary", b"Origin"),
    ]


def _accepts_gzip(scope: Scope) -> bool:
    accepted = header(scope, b"accept-encoding")
    for each in (accepted or b"").lower().split(b","):
        name, _, weight = each.partition(b";")
        if name.strip() == b"gzip":
            return not _NO_GZIP.fullmatch(weight.strip())
    return False


def _is_packed(headers: Headers) -> bool:
    """Whether gzip would gain nothing: pictures and archives."""
    return any(name == b"content-type" and value.startswith(_PACKED) for name, value in headers)


async def _zipped(body: bytes, headers: Headers) -> tuple[bytes, Headers]:
    """A body and its headers as gzip has them, or, where nobody has time to compress it, as they are."""
    from gzip import compress

    if len(body) < _GZIP_IN_WORKER:
        body = compress(body, _GZIP_LEVEL, mtime=0)
    else:
        from gp_mockserver.running.job_runs import in_worker

        try:
            body = await in_worker(partial(compress, body, _GZIP_LEVEL, mtime=0))
        except (Refusal, ClientLeft):  # all threads are busy
            return body, headers
    others = [each for each in headers if each[0] != b"content-length"]
    length = (b"content-length", str(len(body)).encode())
    return body, [*others, length, (b"content-encoding", b"gzip")]
