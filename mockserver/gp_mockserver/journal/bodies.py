"""A body as it passes by: its first bytes, its size, and the hash of all of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from gp_mockserver.journal.entries import KEPT

if TYPE_CHECKING:
    from collections.abc import Sequence


class Body:
    """What has passed of one body. While that is no more than KEPT bytes it is only held; from then on a hash
    runs along, and the first KEPT bytes stay."""

    __slots__ = ("_hash", "_pieces", "size")

    def __init__(self, piece: bytes) -> None:
        self.size = len(piece)
        self._hash: Any = None
        self._pieces: list[bytes] = [piece]
        if self.size > KEPT:
            self._begin_to_hash()

    def take(self, piece: bytes) -> None:
        """Take the next bytes."""
        self.size += len(piece)
        if self._hash is not None:
            self._hash.update(piece)
            return
        self._pieces.append(piece)
        if self.size > KEPT:
            self._begin_to_hash()

    def _begin_to_hash(self) -> None:
        from hashlib import sha256

        self._hash = sha256()
        for piece in self._pieces:
            self._hash.update(piece)
        self._pieces = [b"".join(_beginning(self._pieces))]

    @property
    def first(self) -> bytes:
        """The first bytes, KEPT at most."""
        pieces = self._pieces
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    @property
    def is_cut(self) -> bool:
        """Whether there was more than the first KEPT bytes."""
        return self._hash is not None

    @property
    def sha256(self) -> str:
        """Of all bytes, in hexadecimal digits."""
        from hashlib import sha256

        running = self._hash
        return str((sha256(self.first) if running is None else running).hexdigest())


def _beginning(pieces: Sequence[bytes]) -> list[bytes]:
    kept, left = [], KEPT
    for piece in pieces:
        kept.append(bytes(piece[:left]))
        left -= len(kept[-1])
    return kept


UNPACKED: Final = frozenset({"gzip", "x-gzip", "deflate"})


def unpacked(first: bytes, encodings: str) -> tuple[bytes, bool]:
    """The beginning of a body without its content encodings, KEPT bytes at most, and whether it was cut for
    that. Empty where it cannot be read: bytes that nobody can look into are not kept."""
    import zlib

    is_cut = False
    for name in reversed([each.strip().lower() for each in encodings.split(",") if each.strip()]):
        if name == "identity":
            continue
        if name not in UNPACKED:
            return b"", False
        reader = zlib.decompressobj(47 if name != "deflate" else 15)
        try:
            first = reader.decompress(first, KEPT)
        except zlib.error:
            return b"", False
        is_cut = is_cut or bool(reader.unconsumed_tail) or not reader.eof
    return first, is_cut
