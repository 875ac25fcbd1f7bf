"""What a site sends past ASGI, as deviations do: read for the journal as a client would read it."""

from __future__ import annotations

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
                self._take_body(rest)

    def _take_body(self, data: bytes) -> None:
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
        sent = 0 if self.body is None else self.body.size
        lengths = [value for name, value in self.headers if name == b"content-length" and value.isdigit()]
        return not lengths or sent >= int(lengths[0])


def _status(head: bytes) -> int | None:
    words = head.partition(b"\r\n")[0].split(b" ", 2)
    return int(words[1]) if len(words) > 1 and words[1].isdigit() and len(words[1]) < 5 else None


def _headers(head: bytes) -> list[tuple[bytes, bytes]]:
    pairs = (line.partition(b":") for line in head.split(b"\r\n")[1:])
    return [(name.lower(), value.strip()) for name, colon, value in pairs if colon]


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
