"""Files on their way in: written to disk as they arrive, counted, and gone again unless they are kept.

Writing takes place in the event loop, in pieces of what the connection delivers at once: they go to the
operating system's cache, and no more than a buffer of each file is in memory.
"""

from __future__ import annotations

import itertools
import threading
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, Final

from gp_mockserver.site_directories import SiteDirectories
from gp_mockserver.uploads.upload_rules import in_words
from gp_mockserver.wire.replies import Refusal

INCOMING: Final = "uploads/incoming"
"""The folder of the files that are on their way in."""
_BUFFER: Final = 64 * 1024


class Space:
    """How many bytes a site's uploads, and what is fetched for its tools, take on disk, and how many they
    may. Any thread may count."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.taken = 0
        self._lock = threading.Lock()

    def take(self, size: int) -> None:
        """Count bytes that are about to be written. Raises Refusal where there is no room for them."""
        with self._lock:
            if self.taken + size <= self.limit:
                self.taken += size
                return
        raise Refusal(
            "upload-refused",
            f"the site's uploads would take more than {in_words(self.limit)}, the limit limits.stored: "
            "delete items that are no longer needed",
        )

    def count(self, size: int) -> None:
        """Count bytes that are there already, room or not."""
        with self._lock:
            self.taken += size

    def give_back(self, size: int) -> None:
        """Count bytes that are no longer there."""
        with self._lock:
            self.taken -= size


class IncomingFile:
    """One file on its way in. `name` is what the client calls it; `limit` is in bytes, and beyond it
    `refusal` is raised."""

    def __init__(self, name: str, path: Path, limit: int, refusal: Refusal, space: Space) -> None:
        self.name = name
        self.path = path
        self.size = 0
        self._limit = limit
        self._refusal = refusal
        self._space = space
        try:
            self._file: BinaryIO = path.open("wb", buffering=_BUFFER)
        except OSError as error:
            raise _not_written(name, error) from None

    def write(self, piece: memoryview) -> None:
        """Take a piece of the file. Raises Refusal at the first byte that is too many."""
        if self.size + len(piece) > self._limit:
            raise self._refusal
        self._space.take(len(piece))
        self.size += len(piece)
        try:
            self._file.write(piece)
        except OSError as error:
            raise _not_written(self.name, error) from None

    def close(self) -> None:
        """The file is whole. Raises Refusal where its last piece cannot be written."""
        try:
            self._file.close()
        except OSError as error:
            raise _not_written(self.name, error) from None

    def discard(self) -> None:
        """Remove the file."""
        with suppress(OSError):
            self._file.close()
        self.path.unlink(missing_ok=True)
        self._space.give_back(self.size)
        self.size = 0


class IncomingFiles:
    """The files that requests are bringing to a site."""

    def __init__(self, directories: SiteDirectories, space: Space) -> None:
        self._directories = directories
        self._space = space
        self._numbers = itertools.count(1)
        self._files: dict[Path, IncomingFile] = {}
        self.is_closed = False
        """Whether the site is gone, and its files with it."""

    def check_open(self) -> None:
        """Raises Refusal once the site is gone."""
        if self.is_closed:
            raise Refusal("upload-refused", "the site is gone: it was removed while the file was on its way")

    def __len__(self) -> int:
        return len(self._files)

    def open(self, name: str, limit: int, refusal: Refusal) -> IncomingFile:
        """A file of ours, to which a client's file is written. Raises Refusal once the site is gone."""
        self.check_open()
        path = self._directories.make_folder(INCOMING) / f"{next(self._numbers)}"
        file = IncomingFile(name, path, limit, refusal, self._space)
        self._files[path] = file
        return file

    def keep(self, path: Path, place: Path) -> None:
        """Move a whole file to where it stays. Its bytes stay counted."""
        place.parent.mkdir(parents=True, exist_ok=True)
        path.replace(place)
        del self._files[path]

    def discard(self, path: Path) -> None:
        """Remove a file that nobody kept; one that was kept stays."""
        if file := self._files.pop(path, None):
            file.discard()


def _not_written(name: str, error: OSError) -> Refusal:
    return Refusal(
        "upload-refused", f"{name[:80]}: the server cannot write it: {error.strerror or 'unknown error'}"
    )
