"""A file's way out: in pieces from disk, whole or in the ranges asked for.

What is sent is what stood there when the file was opened: its size is announced then. `Last-Modified` and
`ETag` say when the file was written, by the file system's clock, which is not the site's.
"""

from __future__ import annotations

import asyncio
import logging
import os
import stat
from contextlib import ExitStack
from email.utils import formatdate, parsedate_to_datetime
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final

import msgspec

from gp_mockserver.wire.byte_ranges import Ranges, read_ranges
from gp_mockserver.wire.callers import header
from gp_mockserver.wire.file_types import UNKNOWN

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

Headers = list[tuple[bytes, bytes]]

_PIECE: Final = 128 * 1024
_OPEN: Final = (
    os.O_RDONLY
    | getattr(os, "O_NONBLOCK", 0)  # a pipe that nobody writes to would hold the server
    | getattr(os, "O_NOFOLLOW", 0)  # what was looked up was no link
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_BINARY", 0)
)
_NOT_FOUND: Final = b"File not found"

log = logging.getLogger("gp_mockserver")


async def send_file(scope: Scope, receive: Receive, send: Send, path: Path, headers: Headers) -> None:
    """Answer a request with a file: 200, or 206, 304 and 416 as its headers ask; 404 if it is gone by now.

    A client that leaves ends it. A file that shrinks meanwhile ends the connection, as nothing else tells the
    client that what it got is not whole.
    """
    try:
        file = open_regular(path)
    except OSError:
        length = str(len(_NOT_FOUND)).encode()
        missing = [(b"content-type", b"text/plain;charset=utf-8"), (b"content-length", length)]
        body = b"" if scope["method"] == "HEAD" else _NOT_FOUND
        await send({"type": "http.response.start", "status": 404, "headers": missing})
        await send({"type": "http.response.body", "body": body})
        return
    with file:
        plan = _plan(scope, os.fstat(file.fileno()), headers)
        await send({"type": "http.response.start", "status": plan.status, "headers": plan.headers})
        if scope["method"] == "HEAD" or not plan.pieces:
            await send({"type": "http.response.body"})
            return
        gone = asyncio.ensure_future(_until_it_leaves(receive))
        try:
            for before, (start, end) in plan.pieces:
                if before:
                    await send({"type": "http.response.body", "body": before, "more_body": True})
                if not await _send_bytes(send, file, start, end, gone):
                    return
            await send({"type": "http.response.body", "body": plan.after})
        finally:
            gone.cancel()


def open_regular(path: Path) -> BinaryIO:
    """A file opened for reading, unbuffered. Raises OSError where there is none, and for a link, a folder, a
    device and a pipe, none of which it waits for."""
    with ExitStack() as closing:
        file = closing.enter_context(open(path, "rb", 0, opener=lambda name, _: os.open(name, _OPEN)))
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise FileNotFoundError(f"{path} is no regular file")
        closing.pop_all()
        return file


class _Plan(msgspec.Struct, frozen=True):
    """What is sent: each range with what stands before it, and what ends the body."""

    status: int
    headers: Headers
    pieces: list[tuple[bytes, tuple[int, int]]] = []
    after: bytes = b""


def _plan(scope: Scope, status: os.stat_result, given: Headers) -> _Plan:
    size = status.st_size
    modified = formatdate(status.st_mtime, usegmt=True).encode()
    tag = f'"{status.st_mtime_ns:x}-{size:x}"'.encode()
    kind = next((value for name, value in given if name == b"content-type"), UNKNOWN.encode())
    always = [(b"accept-ranges", b"bytes"), (b"etag", tag), (b"last-modified", modified)]
    always.append((b"x-content-type-options", b"nosniff"))
    always += [each for each in given if each[0] != b"content-type"]
    if scope["method"] in ("GET", "HEAD") and _is_known(scope, tag, status.st_mtime):
        return _Plan(304, always)
    ranges = None
    if scope["method"] == "GET" and header(scope, b"if-range") in (None, tag, modified):
        ranges = read_ranges(header(scope, b"range"), size)
    if ranges is None:
        typed = [(b"content-type", kind), (b"content-length", b"%d" % size)]
        return _Plan(200, typed + always, [(b"", (0, size))])
    if not ranges:
        return _Plan(416, [(b"content-range", b"bytes */%d" % size), (b"content-length", b"0"), *always])
    if len(ranges) == 1:
        ((start, end),) = ranges
        part = [(b"content-type", kind), (b"content-length", b"%d" % (end - start))]
        part.append((b"content-range", b"bytes %d-%d/%d" % (start, end - 1, size)))
        return _Plan(206, part + always, [(b"", (start, end))])
    return _in_parts(ranges, size, kind, b"gpharness-" + tag.strip(b'"'), always)


def _in_parts(ranges: Ranges, size: int, kind: bytes, boundary: bytes, always: Headers) -> _Plan:
    pieces = []
    between = b"--"
    for start, end in ranges:
        head = b"content-type: %s\r\ncontent-range: bytes %d-%d/%d" % (kind, start, end - 1, size)
        pieces.append((between + boundary + b"\r\n" + head + b"\r\n\r\n", (start, end)))
        between = b"\r\n--"
    after = b"\r\n--" + boundary + b"--\r\n"
    length = sum(len(before) + end - start for before, (start, end) in pieces) + len(after)
    typed = [
        (b"content-type", b"multipart/byteranges; boundary=" + boundary),
        (b"content-length", b"%d" % length),
    ]
    return _Plan(206, typed + always, pieces, after)


def _is_known(scope: Scope, tag: bytes, modified: float) -> bool:
    """Whether the client has this very file already."""
    if (tags := header(scope, b"if-none-match")) is not None:
        return any(each.strip().removeprefix(b"W/") in (tag, b"*") for each in tags.split(b","))
    since = header(scope, b"if-modified-since")
    if since is None:
        return False
    try:
        return int(modified) <= parsedate_to_datetime(since.decode("latin-1")).timestamp()
    except (ValueError, OverflowError):
        return False


async def _send_bytes(send: Send, file: BinaryIO, start: int, end: int, gone: asyncio.Future[None]) -> bool:
    """Send a range; whether all of it was there and the client too."""
    file.seek(start)
    while start < end:
        if gone.done():
            return False
        piece = file.read(min(_PIECE, end - start))
        if not piece:
            log.warning("%s shrank while it was sent: %d bytes are missing", file.name, end - start)
            return False
        await send({"type": "http.response.body", "body": piece, "more_body": True})
        start += len(piece)
        await asyncio.sleep(0)  # a client that reads quickly is not to keep the others waiting
    return True


async def _until_it_leaves(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
