"""Bodies that are kept while they pass: small ones in memory, large ones in a file that has no name, so that
nothing of it, tokens included, is left where the program dies."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Final

Headers = list[tuple[bytes, bytes]]
Segments = tuple[tuple[int, int], ...]
"""Where the parts of a body lie in the file: places and sizes."""

_HELD: Final = 256 * 1024
"""Bytes of one body that are held in memory: to hold more costs more than to write it."""
_MOST_KNOWN: Final = 1000
"""Addresses of which it is known where their large body lies."""


class BodyFile:
    """The file, which is made when something is put into it."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._file: IO[bytes] | None = None
        self.size = 0
        """Bytes that lie in it."""
        self._known: dict[bytes, Segments] = {}
        self._buffer = bytearray()

    def add(self, pieces: Sequence[bytes]) -> tuple[int, int]:
        """Put pieces into the file, one after another."""
        if self._file is None:
            self._file = tempfile.TemporaryFile(dir=self._folder)  # noqa: SIM115
        begin = self.size
        self._file.seek(begin)
        self._file.write(pieces[0] if len(pieces) == 1 else b"".join(pieces))
        self.size += sum(map(len, pieces))
        return begin, self.size - begin

    def read(self, segments: Segments) -> bytes:
        """The bytes that lie there."""
        parts = []
        for place, size in segments:
            assert self._file is not None, "nothing lies in a file that was closed"
            self._file.seek(place)
            parts.append(self._file.read(size))
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def holds(self, segments: Segments, pieces: Sequence[bytes]) -> bool:
        """Whether just these pieces lie there."""
        size = sum(length for _, length in segments)
        if self._file is None or size != sum(map(len, pieces)):
            return False
        if len(self._buffer) < size:
            self._buffer = bytearray(size)
        done = 0
        for place, length in segments:
            self._file.seek(place)
            self._file.readinto(memoryview(self._buffer)[done : done + length])  # type: ignore[attr-defined]
            done += length
        done = 0
        for piece in pieces:
            if not self._buffer.startswith(piece, done):
                return False
            done += len(piece)
        return True

    def give_back(self, segments: Segments) -> None:
        """Nobody wants what lies there: the file ends before it, if it is the last."""
        for place, size in reversed(segments):
            if place + size == self.size and self._file is not None:
                self.size = place
                self._file.truncate(place)

    def body_of(self, address: bytes) -> Segments:
        """Where the large body lies that an address had last."""
        return self._known.get(address, ())

    def has(self, address: bytes, body: Segments) -> None:
        """Know where an address's large body lies."""
        if len(self._known) < _MOST_KNOWN or address in self._known:
            self._known[address] = body

    def close(self) -> None:
        self._known.clear()
        if self._file is not None:
            self._file.close()
            self._file = None


class KeptBody:
    """One body under way, up to `most` bytes; of a larger one, or one that its headers say is larger, nothing
    is kept. As far as a large one is the same as the last of its address, it is not written again."""

    __slots__ = (
        *("_address", "_earlier", "_fault", "_file", "_headers", "_held", "_is_lost", "_most", "_own"),
        *("_pieces", "_same", "_size"),
    )

    def __init__(self, file: BodyFile, address: bytes, most: int, headers: Headers) -> None:
        self._headers = headers
        self._file = file
        self._address = address
        self._most = most
        self._size = 0
        self._pieces: list[bytes] = []
        self._held = 0
        self._earlier: Segments | None = None
        """The last body of the address, once it is needed; empty once this one differs."""
        self._same: Segments = ()
        """As much of it as this body begins with."""
        self._own: Segments = ()
        self._is_lost = False
        self._fault = ""

    def why_lost(self, what: str) -> str:
        """Why nothing is kept of it; empty where it is kept."""
        if self._fault:
            return f"{what} for which there was no place: {self._fault}"
        return f"{what} of more than {self._most} bytes" if self._is_lost else ""

    def add(self, piece: bytes) -> None:
        self._size += len(piece)
        if self._size > self._most:
            self._lose()
        if self._is_lost:
            return
        self._pieces.append(piece)
        self._held += len(piece)
        if self._held > _HELD:
            self._put_away()

    def end(self) -> tuple[bytes, Segments]:
        """The body, or where it lies."""
        if self._size <= _HELD:
            return b"".join(self._pieces), ()
        if self._pieces:
            self._put_away()
        if self._is_lost:
            return b"", ()
        segments = self._same + self._own
        self._file.has(self._address, segments)
        return b"", segments

    def _put_away(self) -> None:
        if self._earlier is None:
            said = next((value for name, value in self._headers if name.lower() == b"content-length"), b"")
            if said[:20].isdigit() and int(said[:20]) > self._most:
                self._lose()
                return
            self._earlier = self._file.body_of(self._address)
        if self._earlier:
            done = sum(size for _, size in self._same)
            if self._file.holds(_part(self._earlier, done, self._held), self._pieces):
                self._same = _part(self._earlier, 0, done + self._held)
                self._pieces.clear()
            else:
                self._earlier = ()
        if self._pieces:
            try:
                place, size = self._file.add(self._pieces)
            except OSError as error:  # a full disk, which is no reason not to pass it on
                self._fault = error.strerror or str(error)
                self._lose()
                return
            if self._own and sum(self._own[-1]) == place:
                place, size = self._own[-1][0], self._own[-1][1] + size
                self._own = self._own[:-1]
            self._own += ((place, size),)
            self._pieces.clear()
        self._held = 0

    def _lose(self) -> None:
        self._is_lost = True
        self._pieces.clear()
        self._file.give_back(self._own)
        self._own = ()


def _part(segments: Segments, begin: int, size: int) -> Segments:
    """Where some of the bytes of a body lie."""
    told = []
    for place, length in segments:
        skipped = min(begin, length)
        taken = min(length - skipped, size)
        if taken > 0:
            told.append((place + skipped, taken))
        begin, size = begin - skipped, size - taken
    return tuple(told)
