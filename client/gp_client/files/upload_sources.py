"""What is uploaded: a file on disk, bytes in memory, or a file that is open already."""

from __future__ import annotations

import io
import os
import stat
import unicodedata
from collections.abc import Iterator
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any, BinaryIO

from gp_client.errors import InvalidInput

if TYPE_CHECKING:
    from typing import TypeAlias

    Uploadable: TypeAlias = str | os.PathLike[str] | bytes | bytearray | memoryview | BinaryIO

PIECE = 64 * 1024
"""Bytes that are in memory at once."""
_LONGEST_NAME = 255


class UploadSource:
    """Something to upload: its `name`, its `size` in bytes, and its bytes piece by piece, again and again.

    `given` is a path (a text is one, too), bytes, or a binary file that can be rewound, which is read from
    where it stands. Bytes need a `name`; the others have one, unless another is given. Servers tell the type
    of a file by its name's extension. Raises InvalidInput. Later on an OSError of reading it stays one.
    """

    @classmethod
    def of(cls, given: UploadSource | Uploadable, name: str | None = None) -> UploadSource:
        """The same, made of what is none yet."""
        return given if isinstance(given, UploadSource) else cls(given, name)

    def __init__(self, given: Uploadable, name: str | None = None) -> None:
        self._start = 0
        self._bytes: memoryview | None = None
        self._path: str | None = None
        self._file: Any = None
        if isinstance(given, bytes | bytearray | memoryview):
            self._bytes = memoryview(given).cast("B")
            self.size = len(self._bytes)
            own_name = ""
        elif isinstance(given, str | os.PathLike):
            self._path, self.size = _regular_file(given)
            own_name = os.path.basename(self._path)
        else:
            self._file = given
            self._start, self.size = _extent(given)
            path = getattr(given, "name", "")
            own_name = os.path.basename(path) if isinstance(path, str) else ""
        self.name = _checked_name(own_name if name is None else name)

    def __repr__(self) -> str:
        return f"UploadSource({self.name!r}, {self.size} bytes)"

    def chunks(self, start: int = 0, length: int | None = None) -> Iterator[bytes]:
        """The bytes from `start` on, `length` of them (all). Raises InvalidInput where they are fewer than
        they were."""
        left = self.size - start if length is None else length
        if self._bytes is not None:
            for at in range(start, start + left, PIECE):
                yield bytes(self._bytes[at : min(at + PIECE, start + left)])
            return
        with nullcontext(self._file) if self._path is None else open(self._path, "rb") as file:
            at = self._start + start
            while left > 0:
                file.seek(at)  # another reader may share the file
                piece = file.read(min(PIECE, left))
                if not piece:
                    raise self._shrunk(at - self._start)
                at += len(piece)
                left -= len(piece)
                yield piece

    def _shrunk(self, met: int) -> InvalidInput:
        return InvalidInput(
            parameter=self.name,
            met=f"the end of the file after {met} bytes",
            expected=f"the {self.size} bytes that it had when the upload began",
            remedy="upload a file that nobody writes to",
        )


def _regular_file(given: str | os.PathLike[str]) -> tuple[str, int]:
    path = os.fspath(given)
    if not isinstance(path, str):
        path = os.fsdecode(path)
    try:
        status = os.stat(path)
    except (FileNotFoundError, NotADirectoryError, ValueError):
        raise InvalidInput(
            parameter="source", met=f"{path[:200]!r}, where there is nothing", expected="the path of a file"
        ) from None
    if not stat.S_ISREG(status.st_mode):
        remedy = "put it into a zip file" if stat.S_ISDIR(status.st_mode) else ""
        met = f"{path[:200]!r}, which is no regular file"
        raise InvalidInput(parameter="source", met=met, expected="the path of a file", remedy=remedy)
    return path, status.st_size


def _extent(file: Any) -> tuple[int, int]:
    """Where an open file stands, and how many bytes there are from there on."""
    if isinstance(file, io.TextIOBase) or not callable(getattr(file, "read", None)):
        raise InvalidInput(
            parameter="source",
            met=type(file).__name__,
            expected="a path, bytes or a file opened in binary mode",
            remedy='open it with "rb"' if isinstance(file, io.TextIOBase) else "",
        )
    try:
        start = file.tell()
        end = file.seek(0, os.SEEK_END)
        file.seek(start)
        return start, max(0, (file.tell() if end is None else end) - start)
    except (AttributeError, OSError, ValueError, TypeError):
        raise InvalidInput(
            parameter="source",
            met="a file that cannot be rewound",
            expected="one that can, as a request may have to be sent again",
            remedy="read it into bytes, or save it, first",
        ) from None


def _checked_name(name: str) -> str:
    if not isinstance(name, str):
        raise InvalidInput(parameter="name", met=type(name).__name__, expected="a text")
    if not name:
        raise InvalidInput(
            parameter="name", met="no name", expected="the name of a file", remedy='say name="points.zip"'
        )
    has_odd = any(unicodedata.category(each) in ("Cc", "Cs") or each in "/\\" for each in name)
    if has_odd or len(name) > _LONGEST_NAME or not name.strip(". "):
        raise InvalidInput(
            parameter="name",
            met=repr(name[:80]),
            expected=f"a file's name of at most {_LONGEST_NAME} characters, without folders or control "
            "characters",
        )
    return name
