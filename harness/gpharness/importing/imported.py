"""What an importer makes of a file, and how files are read without running out of memory."""

from __future__ import annotations

import mmap
import zlib
from collections import Counter
from pathlib import Path
from typing import Final

import msgspec

from gpharness.probing.exchanges import Exchange

MEBIBYTE: Final = 1024 * 1024
LONGEST_UNPACKED: Final = 256 * MEBIBYTE
"""What a packed file may unpack to."""
LONGEST_BODY: Final = 64 * MEBIBYTE
"""What a body may unpack to."""


class NotImported(Exception):
    """A file from which nothing can be read; the text says what was met, what was expected and what to do."""

    def __init__(self, path: Path, met: str, expected: str, remedy: str = "") -> None:
        text = f"{path}: {met}; expected {expected}"
        super().__init__(f"{text}; {remedy}" if remedy else text)


class Imported(msgspec.Struct):
    """Exchanges whose `at` are seconds since the epoch where the file says when (`at` is then the first of
    them), else seconds since its beginning, *assumed* to be one after another."""

    exchanges: list[Exchange]
    way: str
    """har, vcr, bodies: `Provenance.by_way_of`."""
    at: float | None = None
    by: str = ""
    """The program that wrote the file, if it says so."""
    is_own: bool = False
    """Whether that is a mock of this program, which makes it a recording of nothing real."""
    left: list[str] = []
    """What cannot be used, and why."""
    notes: str = ""


def told(left: Counter[str], one: str, many: str) -> list[str]:
    """Lines such as `3 entries: an answer that cannot be unpacked`."""
    return [f"{count} {one if count == 1 else many}: {reason}" for reason, count in left.most_common()]


def contents_of(path: Path) -> memoryview:
    """A file's bytes without a byte order mark: of a plain file as they lie on the disk, of one that is
    packed by gzip unpacked. Raises NotImported."""
    try:
        with path.open("rb") as file:
            if file.read(2) == b"\x1f\x8b":
                return _without_mark(memoryview(_unpacked_file(path)))
            if not file.seek(0, 2):
                raise NotImported(path, "an empty file", "something in it")
            return _without_mark(memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)))
    except OSError as error:
        raise NotImported(path, error.strerror or str(error), "a file that can be read") from None


def text_of(path: Path, longest: int = 64 * MEBIBYTE) -> str:
    """A file as text, UTF-8 or UTF-16 with its mark. Raises NotImported."""
    view = contents_of(path)
    if len(view) > longest:
        met = f"{len(view) // MEBIBYTE} MiB"
        raise NotImported(path, met, f"at most {longest // MEBIBYTE} MiB", "take it apart")
    content = bytes(view)
    encoding = "utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8"
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        raise NotImported(path, f"a byte that is no {encoding} at {error.start}", "text in UTF-8") from None


def unpacked(body: bytes, coding: str) -> bytes | None:
    """A body without its content encoding; as it is where it has been unpacked before; None where it is
    broken, or unpacks to too much."""
    coding = coding.strip().lower()
    if coding in ("gzip", "x-gzip") and body[:2] == b"\x1f\x8b":
        reader = zlib.decompressobj(47)
    elif coding == "deflate" and body[:1] in (b"\x78", b"\x58", b"\x68", b"\x48"):
        reader = zlib.decompressobj()
    else:
        return body
    try:
        found = reader.decompress(body, LONGEST_BODY)
    except zlib.error:
        return None
    return None if reader.unconsumed_tail or not reader.eof else found


def _unpacked_file(path: Path) -> bytes:
    """Raises NotImported for one that is broken, and for one that unpacks to more than it may."""
    pieces: list[bytes] = []
    size = 0
    reader = zlib.decompressobj(31)
    with path.open("rb") as file:
        while packed := file.read(MEBIBYTE):
            while packed:
                if reader.eof:
                    reader = zlib.decompressobj(31)
                try:
                    pieces.append(reader.decompress(packed, MEBIBYTE))
                except zlib.error as error:
                    raise NotImported(path, f"broken gzip ({error})", "a file that can be unpacked") from None
                size += len(pieces[-1])
                if size > LONGEST_UNPACKED:
                    limit = f"at most {LONGEST_UNPACKED // MEBIBYTE} MiB once it is unpacked"
                    raise NotImported(path, "more than that", limit, "unpack it with gunzip first")
                packed = reader.unconsumed_tail or reader.unused_data
    if not reader.eof:
        raise NotImported(path, "gzip that ends too early", "the whole file")
    return b"".join(pieces)


def _without_mark(view: memoryview) -> memoryview:
    return view[3:] if bytes(view[:3]) == b"\xef\xbb\xbf" else view
