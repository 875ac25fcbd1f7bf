"""What passes through the proxy, noted at the least cost: what is the same but for its time is held once, and
all of it read once everything is over."""

from __future__ import annotations

import contextlib
import time
from array import array
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Final

import msgspec

from gpharness.recording.proxying.kept_bodies import BodyFile, Headers, KeptBody, Segments

MEBIBYTE: Final = 1024 * 1024
_HELD: Final = 16 * MEBIBYTE
"""Bytes of notes that are held in memory."""
_OVERHEAD: Final = 200
"""Bytes that a note takes besides, about."""
_GP: Final = (b"/gpserver", b"/rest/info", b"/rest/services", b"/rest/directories/", b"token")
Times = list[tuple[float, float]]
"""When something came, in seconds since the first could come, and how many seconds it took."""


class Note(msgspec.Struct, omit_defaults=True, array_like=True):
    """One request and what came of it, as it came. `at` are seconds since the first one could come, `url`
    the address that was asked. A body that is not kept whole is empty, and `left` says why."""

    method: str
    url: bytes
    request_headers: Headers
    at: float = 0.0
    seconds: float = 0.0
    request_body: bytes = b""
    status: int = 0
    headers: Headers = []
    body: bytes = b""
    fault: str = ""
    left: str = ""
    own: bytes = b""
    """The proxy's own address, as the client called it, where it stands in front of the server."""
    request_segments: Segments = ()
    segments: Segments = ()
    """Where bodies lie that are not in memory."""


class Noting:
    """One request under way. Its pieces are held as they pass, up to a limit."""

    __slots__ = ("_asked", "_body", "_notes", "_since", "keeps", "note")

    def __init__(self, notes: Notes, note: Note) -> None:
        self._notes = notes
        self.note = note
        self.keeps = _is_kept(note.url)
        """Whether bodies are kept: those of what is no geoprocessing are of no use,
        but for sign-ins, which tell what is secret."""
        self._since = time.monotonic()
        self._asked: KeptBody | None = None
        self._body: KeptBody | None = None

    def request_piece(self, piece: bytes) -> None:
        if not self.keeps:
            return
        if self._asked is None:
            self._asked = self._notes.body(b"to " + self.note.url, self.note.request_headers)
        self._asked.add(piece)

    def begin(self, status: int, headers: Headers) -> None:
        self.note.status, self.note.headers = status, headers

    def piece(self, piece: bytes) -> None:
        if not self.keeps:
            return
        if self._body is None:
            self._body = self._notes.body(self.note.url, self.note.headers)
        self._body.add(piece)

    def fail(self, fault: str) -> None:
        self.note.fault = fault

    def end(self) -> None:
        """All has passed, or nothing more will."""
        note = self.note
        if self._asked is not None:
            note.request_body, note.request_segments = self._asked.end()
            if b"/uploads/" not in note.url.lower():
                note.left = self._asked.why_lost("a request")
        if self._body is not None:
            note.body, note.segments = self._body.end()
            note.left = self._body.why_lost("an answer") or note.left
        self._notes.add(note, self._since, time.monotonic() - self._since)


class Notes:
    """All that has passed. `most_bytes` of one body are kept, of larger ones nothing."""

    def __init__(self, folder: Path | None = None, most_bytes: int = 10 * MEBIBYTE) -> None:
        self.most_bytes = most_bytes
        self.began = time.time()
        self.count = 0
        self._start = time.monotonic()
        self._file = BodyFile(folder)
        self._encode = msgspec.msgpack.Encoder().encode
        self._held: dict[bytes, int] = {}
        """The number of each note that is held in memory."""
        self._size = 0
        self._away: list[tuple[Segments, list[int]]] = []
        """Where notes lie that are not, and their sizes."""
        self._distinct = 0
        self._met = array("d")
        """Of each request the number of its note, when it came and how long it took."""

    def begin(self, method: str, url: bytes, headers: Headers, own: bytes = b"") -> Noting:
        """A request has come."""
        note = Note(method, url, headers)
        note.own = own
        return Noting(self, note)

    def body(self, address: bytes, headers: Headers) -> KeptBody:
        """A body with these headers is about to come."""
        return KeptBody(self._file, address, self.most_bytes, headers)

    def add(self, note: Note, since: float, seconds: float) -> None:
        """One that is over. `since` is a time of the monotonic clock. Of several that differ in the dates of
        their answers alone the first is held."""
        self.count += 1
        headers = note.headers
        note.headers = [each for each in headers if each[0].lower() != b"date"]
        key = self._encode(note)
        number = self._held.get(key)
        if number is None:
            number = self._held[key] = self._distinct
            self._distinct += 1
            self._size += len(key) + _OVERHEAD
        self._met.extend((number, since - self._start, seconds))
        if self._size > _HELD:
            self._put_away()

    def distinct(self) -> Iterator[tuple[Note, Times]]:
        """Those that are over, in no order, each with all the times at which it was met."""
        times: list[Times] = [[] for _ in range(self._distinct)]
        met = self._met
        for place in range(0, len(met), 3):
            times[int(met[place])].append((met[place + 1], met[place + 2]))
        decode = msgspec.msgpack.Decoder(Note).decode
        for number, encoded in enumerate(self._encoded()):
            note = decode(encoded)
            if note.request_segments:
                note.request_body = self._file.read(note.request_segments)
            if note.segments:
                note.body = self._file.read(note.segments)
            note.at, note.seconds = times[number][0]
            yield note, times[number]

    def __iter__(self) -> Iterator[Note]:
        """Those that are over, in no order."""
        for note, times in self.distinct():
            for at, seconds in times:
                yield msgspec.structs.replace(note, at=at, seconds=seconds)

    def close(self) -> None:
        """Forget all of it."""
        self._held.clear()
        self._away.clear()
        self._file.close()

    def _encoded(self) -> Iterator[bytes]:
        for segments, sizes in self._away:
            block, place = self._file.read(segments), 0
            for size in sizes:
                yield block[place : place + size]
                place += size
        yield from list(self._held)

    def _put_away(self) -> None:
        held = list(self._held)
        self._size = 0
        with contextlib.suppress(OSError):  # a full disk, which is no reason to lose anything yet
            self._away.append(((self._file.add(held),), list(map(len, held))))
            self._held.clear()


@lru_cache(maxsize=1024)
def _is_kept(url: bytes) -> bool:
    path = url.partition(b"?")[0].lower()
    return any(word in path for word in _GP)
