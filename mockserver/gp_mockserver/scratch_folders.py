"""Temporary folders that do not stay behind when their process is killed.

In each stands a file that its process keeps locked for as long as it lives. The first folder that a process
makes has it look for those of others, in the same temporary folder, whose lock nobody holds any more: the
system has let go of it, whatever ended its process, and in whichever container that ran.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import threading
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Final

PREFIX: Final = "gpharness-"
LOCK: Final = "lock"


class ScratchFolder:
    """A folder of its own below the system's folder for temporary files; `path` is where files go, beside the
    lock."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix=PREFIX)).resolve()
        self._lock = _made_lock(self._folder)
        self.path = self._folder / "files"
        self.path.mkdir()
        _look_for_abandoned(self._folder.parent)

    def remove(self) -> None:
        """Remove the folder with all it holds."""
        os.close(self._lock)
        shutil.rmtree(self._folder, ignore_errors=True)


def remove_abandoned(parent: Path) -> None:
    """Remove the folders of ours in a folder whose process is gone; one without a lock may be just made."""
    with suppress(OSError), os.scandir(parent) as entries:
        for entry in entries:
            if entry.name.startswith(PREFIX) and _is_own(entry) and _is_abandoned(Path(entry.path)):
                shutil.rmtree(entry.path, ignore_errors=True)


@cache
def _look_for_abandoned(parent: Path) -> None:
    threading.Thread(target=remove_abandoned, args=(parent,), name="gpharness-scratch", daemon=True).start()


def _made_lock(folder: Path) -> int:
    """A file in the folder, open and locked; on POSIX it is there under its name only once it is."""
    if sys.platform == "win32":  # where an open file keeps its name
        lock = os.open(folder / LOCK, os.O_CREAT | os.O_RDWR)
        _lock(lock)
        return lock
    lock = os.open(folder / f"{LOCK}.new", os.O_CREAT | os.O_RDWR)
    _lock(lock)
    os.rename(folder / f"{LOCK}.new", folder / LOCK)
    return lock


def _lock(file: int) -> bool:
    """Lock an open file; whether it could be."""
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:  # another has it, or the file system has no locks
        return False
    return True


def _is_own(entry: os.DirEntry[str]) -> bool:
    try:
        if not entry.is_dir(follow_symlinks=False):
            return False
        return sys.platform == "win32" or entry.stat(follow_symlinks=False).st_uid == os.getuid()
    except OSError:
        return False


def _is_abandoned(folder: Path) -> bool:
    lock = folder / LOCK
    try:
        if lock.is_symlink() or not lock.is_file():
            return False
        file = os.open(lock, os.O_RDWR)
        try:
            return _lock(file)
        finally:
            os.close(file)
    except OSError:
        return False
