"""What passes through the proxy, noted at the least cost: pieces are only held, and read once all is over.

What goes beyond a few megabytes in all lies in a file that has no name, so that nothing of it, tokens
included, is left where the program dies.
"""

from __future__ import annotations

import struct
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Final

import msgspec

MEBIBYTE: Final = 1024 * 1024
_HELD: Final = 16 * MEBIBYTE
"""Bytes of bodies and heads that are held in memory."""
_LARGE: Final = 256 * 1024
"""Bytes of one exchange that are not held at all."""
_SIZES: Final = struct.Struct(">QQQ")
_OVERHEAD: Final = 2000
"""Bytes that a note takes besides, about."""
_GP: Final = (b"/gpserver", b"/rest/info", b"/rest/services", b"/rest/directories/", b"token")
Headers = list[tuple[bytes, bytes]]


class Note(msgspec.Struct, omit_defaults=True):
    """One request and what came of it, as it came. `at` are seconds since the first one could come, `url`
    the address that was asked. A body that is not kept whole is empty, and `left` says why."""

    at: float
    method: str
    url: bytes
    request_headers: Headers
    request_body: bytes = b""
    seconds: float = 0.0
    status: int = 0
    headers: Headers = []
    body: bytes = b""
    fault: str = ""
    left: str = ""
    own: bytes = b""
    """The proxy's own address, as the client called it, where it stands in front of the server."""


class Noting:
    """One request under way. Its pieces are held as they pass, up to a limit."""

    __slots__ = ("_notes", "_pieces", "_request_pieces", "_request_size", "_since", "_size", "keeps", "note")

    def __init__(self, notes: Notes, note: Note) -> None:
        self._notes = notes
        self.note = note
        path = note.url.partition(b"?")[0].lower()
        self.keeps = any(word in path for word in _GP)
        """Whether bodies are kept: those of what is no geoprocessing are of no use,
        but for sign-ins, which tell what is secret."""
        self._since = time.monotonic()
        self._request_pieces: list[bytes] = []
        self._request_size = 0
        self._pieces: list[bytes] = []
        self._size = 0

    def request_piece(self, piece: bytes) -> None:
        self._request_size += len(piece)
        if not self.keeps:
            return
        if self._request_size <= self._notes.most_bytes:
            self._request_pieces.append(piece)
        else:
            self._request_pieces.clear()
            if b"/uploads/" not in self.note.url.lower():
                self.note.left = f"a request of more than {self._notes.most_bytes} bytes"

    def begin(self, status: int, headers: Headers) -> None:
        self.note.status, self.note.headers = status, headers

    def piece(self, piece: bytes) -> None:
        self._size += len(piece)
        if not self.keeps:
            return
        if self._size <= self._notes.most_bytes:
            self._pieces.append(piece)
        else:
            self._pieces.clear()
            self.note.left = f"an answer of more than {self._notes.most_bytes} bytes"

    def fail(self, fault: str) -> None:
        self.note.fault = fault

    def end(self) -> None:
        """All has passed, or nothing more will."""
        self.note.seconds = time.monotonic() - self._since
        self._notes.add(self.note, self._request_pieces, self._pieces)


class Notes:
    """All that has passed. `most_bytes` of one body are kept, of larger ones nothing."""

    def __init__(self, folder: Path | None = None, most_bytes: int = 10 * MEBIBYTE) -> None:
        self.most_bytes = most_bytes
        self.began = time.time()
        self.count = 0
        self._start = time.monotonic()
        self._folder = folder
        self._held: list[Note] = []
        self._size = 0
        self._file: IO[bytes] | None = None

    def begin(self, method: str, url: bytes, headers: Headers, own: bytes = b"") -> Noting:
        """A request has come."""
        note = Note(time.monotonic() - self._start, method, url, headers)
        note.own = own
        return Noting(self, note)

    def add(self, note: Note, asked: list[bytes], answered: list[bytes]) -> None:
        """One that is over, its bodies in pieces. Large ones go to the file as they are: to join them first
        would cost as much as to write them."""
        self.count += 1
        size = sum(map(len, asked)) + sum(map(len, answered))
        if size > _LARGE:
            self._put_away([(note, asked, answered)])
            return
        note.request_body, note.body = b"".join(asked), b"".join(answered)
        self._held.append(note)
        self._size += size + _OVERHEAD
        if self._size > _HELD:
            self._put_away([(each, [], []) for each in self._held])
            self._held.clear()
            self._size = 0

    def __iter__(self) -> Iterator[Note]:
        """Those that are over, in no order."""
        if self._file is not None:
            self._file.seek(0)
            decoder = msgspec.msgpack.Decoder(Note)
            while sizes := self._file.read(_SIZES.size):
                head, asked, answered = _SIZES.unpack(sizes)
                note = decoder.decode(self._file.read(head))
                note.request_body += self._file.read(asked)
                note.body += self._file.read(answered)
                yield note
        yield from list(self._held)

    def close(self) -> None:
        """Forget all of it."""
        self._held.clear()
        if self._file is not None:
            self._file.close()
            self._file = None

    def _put_away(self, notes: list[tuple[Note, list[bytes], list[bytes]]]) -> None:
        if self._file is None:
            self._file = tempfile.TemporaryFile(dir=self._folder)  # noqa: SIM115
        self._file.seek(0, 2)
        encoder = msgspec.msgpack.Encoder()
        for note, asked, answered in notes:
            head = encoder.encode(note)
            self._file.write(_SIZES.pack(len(head), sum(map(len, asked)), sum(map(len, answered))))
            self._file.writelines([head, *asked, *answered])
