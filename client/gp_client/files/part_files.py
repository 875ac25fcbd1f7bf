"""A file on its way in: written beside its place as `<name>.part`, moved there once it is whole.

What tells a later call that it may go on from there, the address and the validator (`ETag`, or
`Last-Modified`), lies in `<name>.part.json`. Without a validator there is nothing to go on by: the next part
might be that of another file.
"""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

import msgspec

_LARGEST_NOTE = 16 * 1024


class Origin(msgspec.Struct, frozen=True):
    """What the bytes so far are of: an address, a validator for `If-Range`, bytes of the whole, and the name
    that the server gives the file."""

    url: str
    validator: str
    total: int | None = None
    name: str = ""


class PartFile:
    """The bytes of one file so far. Every method may raise OSError. `place` may change until the end.

    Two downloads to the same place at once do not get into each other's way: the second one has a part file
    of its own.
    """

    def __init__(self, place: Path) -> None:
        self.place = place
        self.path = place.with_name(f"{place.name}.part")
        self.origin: Origin | None = None
        self.size = 0
        self._file: BinaryIO | None = None
        self._is_shared = False

    @property
    def _note(self) -> Path:
        return self.path.with_name(f"{self.path.name}.json")

    def take_up(self, url: str) -> None:
        """Go on with what an earlier call has left of that address, if there is any."""
        try:
            with self._note.open("rb") as note:
                origin = msgspec.json.decode(note.read(_LARGEST_NOTE), type=Origin)
            is_file = stat.S_ISREG(self.path.lstat().st_mode)
        except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
            return
        if not is_file or origin.url != url or not is_validator(origin.validator):
            return
        self._open()
        if self._is_shared:
            return
        assert self._file is not None
        self.size = self._file.seek(0, os.SEEK_END)
        if self.size and (origin.total is None or self.size <= origin.total):
            self.origin = origin
        else:
            self._empty()

    def begin(self, origin: Origin) -> None:
        """Start anew with bytes of that origin."""
        if self._file is None:
            self._open()
        self._empty()
        self.origin = origin
        if origin.validator and not self._is_shared:
            self._note.write_bytes(msgspec.json.encode(origin))
        else:
            self._note_gone()

    def write(self, chunk: bytes) -> None:
        """The next bytes."""
        assert self._file is not None
        self._file.write(chunk)
        self.size += len(chunk)

    def finish(self) -> None:
        """The file is whole: it takes its place."""
        assert self._file is not None
        if os.name == "nt":
            self._close()  # an open file cannot be moved there
            os.replace(self.path, self.place)
        else:
            self._file.flush()
            os.replace(self.path, self.place)  # while it is locked
            self._close()
        if not self._is_shared:
            self._note_gone()

    def leave(self) -> None:
        """Keep the bytes so far for a later call, if it can go on from them."""
        keeps = self.origin is not None and self.origin.validator and self.size and not self._is_shared
        if self._file is None:
            return
        if keeps:
            with suppress(OSError):
                self._close()
        else:
            self.discard()

    def discard(self) -> None:
        """Remove the bytes so far."""
        if self._file is None:
            return
        with suppress(OSError):
            self._close()
        with suppress(OSError):
            self.path.unlink()
        if not self._is_shared:
            self._note_gone()
        self.origin, self.size = None, 0

    def _open(self) -> None:
        flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOFOLLOW", 0)
        flags |= getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NONBLOCK", 0)
        for _ in range(100):
            file = os.fdopen(os.open(self.path, flags, 0o666), "r+b")
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                file.close()
                raise OSError(f"{self.path} is no regular file")
            if not _lock(file):
                file.close()
                self._open_own(flags)
                return
            if _is_at(file, self.path):
                self._file = file
                return
            file.close()  # another download has just ended, and its file has moved away
        self._open_own(flags)

    def _open_own(self, flags: int) -> None:
        """A part file with a number in its name, which is removed at the end whatever happens."""
        self._is_shared = True
        for number in range(2, 10_000):
            self.path = self.place.with_name(f"{self.place.name}.{number}.part")
            with suppress(FileExistsError):
                self._file = os.fdopen(os.open(self.path, flags | os.O_EXCL, 0o666), "r+b")
                return
        raise FileExistsError(f"{self.path} and all before it are there: remove them")

    def _empty(self) -> None:
        assert self._file is not None
        self._file.seek(0)
        self._file.truncate()
        self.size, self.origin = 0, None

    def _close(self) -> None:
        if self._file is not None:
            file, self._file = self._file, None
            file.close()

    def _note_gone(self) -> None:
        with suppress(OSError):
            self._note.unlink()


def is_validator(text: str) -> bool:
    """Whether a text may stand in `If-Range`: a strong ETag or a date, printable."""
    return 0 < len(text) <= 1000 and text.isascii() and text.isprintable() and not text.startswith("W/")


def _lock(file: BinaryIO) -> bool:
    """Whether nobody else writes to that file; where a system has no such locks, nobody is taken to."""
    try:
        import fcntl
    except ImportError:
        return True
    try:
        fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True  # a file system without locks
    return True


def _is_at(file: BinaryIO, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(file.fileno()), os.stat(path))
    except OSError:
        return False
