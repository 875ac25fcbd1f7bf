"""What a site sends past ASGI, as deviations do: read for the journal as a client would read it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from gp_mockserver.journal.bodies import Body

if TYPE_CHECKING:
    from gp_mockserver.journal.watching import Watch
    from gp_mockserver.wire_access import Wire

_LONGEST_HEAD: Final = 64 * 1024


class RawAnswer:
    """The bytes of one answer as they were written. What begins with no head of HTTP has no status, and all
    of it counts as its body."""

    def __init__(self) -> None:
        self.status: int | None = None
        self.headers: list[tuple[bytes, bytes]] = []
        self.body: Body | None = None
        self._head: bytes | None = b""
        """What has come of the head; None once that is read."""
        self._chunks: _Chunks | None = None
        """What takes the body out of its chunks, where it comes in chunks."""

    def take(self, data: bytes) -> None:
        """Take the next bytes."""
        if self._head is None:
            self._take_body(data)
            return
        self._head += data
        while self._head is not None:
            head, end, rest = self._head.partition(b"\r\n\r\n")
            if not head.startswith(b"HTTP/"[: len(head)]) or len(head) > _LONGEST_HEAD:
                self._head = None
                self._take_body(head + end + rest)
            elif not end:
                self.status = _status(head) if b"\r\n" in head else None
                return
            elif (status := _status(head)) is not None and 100 <= status < 200 and status != 101:
                self._head = rest
            else:
                self._head, self.status, self.headers = None, status, _headers(head)
                if _is_chunked(self.headers):
                    self._chunks = _Chunks()
                self._take_body(rest)

    def _take_body(self, data: bytes) -> None:
        if self._chunks is not None:
            data = self._chunks.decoded(data)
        if not data:
            return
        if self.body is None:
            self.body = Body(data)
        else:
            self.body.take(data)

    @property
    def is_whole(self) -> bool:
        """Whether the head, and so much of a body as it announces, has been written."""
        if self.status is None or self._head is not None:
            return False
        if self._chunks is not None:
            return self._chunks.is_over
        sent = 0 if self.body is None else self.body.size
        lengths = [value for name, value in self.headers if name == b"content-length" and value.isdigit()]
        return not lengths or sent >= int(lengths[0])


def _status(head: bytes) -> int | None:
    words = head.partition(b"\r\n")[0].split(b" ", 2)
    return int(words[1]) if len(words) > 1 and words[1].isdigit() and len(words[1]) < 5 else None


def _headers(head: bytes) -> list[tuple[bytes, bytes]]:
    pairs = (line.partition(b":") for line in head.split(b"\r\n")[1:])
    return [(name.lower(), value.strip()) for name, colon, value in pairs if colon]


def _is_chunked(headers: list[tuple[bytes, bytes]]) -> bool:
    codings = b",".join(value for name, value in headers if name == b"transfer-encoding").lower()
    return codings.rpartition(b",")[2].strip() == b"chunked"


class _Chunks:
    """Takes a body out of its chunks (RFC 9112, section 7.1). From what is no chunk on, all stays."""

    def __init__(self) -> None:
        self.is_over = False
        """Whether the last chunk has come."""
        self._left = 0
        """Bytes of the chunk under way that are still to come."""
        self._waiting = b""
        """The beginning of a line."""
        self._is_broken = False
        self._ends_line = False
        """Whether a chunk has come to its end, but not yet its line."""

    def decoded(self, data: bytes) -> bytes:
        """What of a body is in the next bytes."""
        body, data = bytearray(), self._waiting + data
        self._waiting = b""
        while data and not self.is_over:
            if self._is_broken:
                return bytes(body + data)
            if self._left:
                body += data[: self._left]
                self._left, data = max(0, self._left - len(data)), data[self._left :]
                self._ends_line = not self._left
            elif self._ends_line and b"\r\n".startswith(data[:2]):
                if len(data) < 2:
                    self._waiting = data
                    break
                self._ends_line, data = False, data[2:]
            else:
                line, end, rest = data.partition(b"\r\n")
                size = line.partition(b";")[0].strip()
                if self._ends_line or len(line) > _LONGEST_LINE or (end and not _HEX.fullmatch(size)):
                    self._is_broken = True
                elif not end:
                    self._waiting = data
                    break
                else:
                    self._left, data = int(size, 16), rest
                    self.is_over = not self._left
        return bytes(body)


_LONGEST_LINE: Final = 1024
_HEX: Final = re.compile(rb"[0-9A-Fa-f]{1,16}")


class WatchedWire:
    """A wire, of whose bytes a watch is told."""

    def __init__(self, wire: Wire, watch: Watch) -> None:
        self._wire = wire
        self._watch = watch

    def __getattr__(self, name: str) -> Any:
        return getattr(self._wire, name)

    def write(self, data: bytes) -> None:
        """Send bytes as they are."""
        self._watch.wrote(data)
        self._wire.write(data)
