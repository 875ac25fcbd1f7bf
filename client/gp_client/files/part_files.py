"""A file on its way in: written beside its place as `<name>.part`, moved there once it is whole.

What tells a later call that it may go on from there, the validator (`ETag`, or `Last-Modified`) and a hash
of the address, lies in `<name>.part.json`. Without a validator there is nothing to go on by: the next part
might be that of another file. Servers give no file such a name (`file_names.safe_name`), and neither of them
is written through a link or into anything but a file.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

import msgspec

from gp_client.errors import InvalidInput
from gp_client.files.file_names import safe_name

_LARGEST_NOTE = 16 * 1024
_SECRET = re.compile(r"token|passw|pwd|secret|signature", re.IGNORECASE)


class Origin(msgspec.Struct, frozen=True):
    """What the bytes so far are of: an address (as `source_of` has it), a validator for `If-Range`, bytes of
    the whole, and the name that the server gives the file."""

    source: str
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

    def check(self) -> None:
        """Raises InvalidInput where a link, a folder or a device is in the way."""
        for path in (self.path, self._note):
            try:
                is_file = stat.S_ISREG(path.lstat().st_mode)
            except OSError:
                continue  # nothing is there, or it is told when it is opened
            if not is_file:
                raise _in_the_way(path)

    def take_up(self, url: str) -> None:
        """Go on with what an earlier call has left of that address, if there is any."""
        try:
            origin = msgspec.json.decode(_start_of_file(self._note), type=Origin)
            is_file = stat.S_ISREG(self.path.lstat().st_mode)
        except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
            return
        is_ours = origin.source == source_of(url) and safe_name(origin.name, "") == origin.name
        if not is_file or not is_ours or not is_validator(origin.validator):
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
            self._write_note(origin)
        else:
            self._note_gone()

    def write(self, chunk: bytes) -> None:
        """The next bytes."""
        assert self._file is not None
        self._file.write(chunk)
        self.size += len(chunk)

    def start(self, length: int) -> bytes:
        """The first bytes, as many as there are of `length`."""
        assert self._file is not None
        self._file.seek(0)
        found = self._file.read(length)
        self._file.seek(0, os.SEEK_END)
        return found

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
            self.check()
            descriptor = os.open(self.path, flags, 0o666)
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                os.close(descriptor)
                raise _in_the_way(self.path)
            file = os.fdopen(descriptor, "r+b")
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

    def _write_note(self, origin: Origin) -> None:
        """Under another name first, one that no server can give: what is there is replaced, never written
        to."""
        descriptor, name = tempfile.mkstemp(prefix=".gp-client-", suffix=".part", dir=self.path.parent)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(msgspec.json.encode(origin))
            os.replace(name, self._note)
        except BaseException:
            with suppress(OSError):
                os.unlink(name)
            raise

    def _note_gone(self) -> None:
        with suppress(OSError):
            self._note.unlink()


def is_validator(text: str) -> bool:
    """Whether a text may stand in `If-Range`: a strong ETag or a date, printable."""
    return 0 < len(text) <= 1000 and text.isascii() and text.isprintable() and not text.startswith("W/")


def source_of(url: str) -> str:
    """A hash of an address: enough to know it by. A token is no part of it, as the next one is another."""
    address, _, query = url.partition("?")
    kept = [each for each in query.split("&") if not _SECRET.search(each.partition("=")[0])]
    return hashlib.sha256(f"{address}?{'&'.join(kept)}".encode(errors="replace")).hexdigest()


def _start_of_file(path: Path) -> bytes:
    """What a note may hold. Raises OSError for anything but a file, and does not wait for a pipe."""
    flags = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOFOLLOW", 0)
    flags |= getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NONBLOCK", 0)
    with os.fdopen(os.open(path, flags), "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError(f"{path} is no regular file")
        return file.read(_LARGEST_NOTE)


def _in_the_way(path: Path) -> InvalidInput:
    return InvalidInput(
        parameter="to",
        met=f"something else than a file at {path}",
        expected="a file, or nothing: the download is written there while it is not whole",
        remedy="remove it, or name another place",
    )


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
