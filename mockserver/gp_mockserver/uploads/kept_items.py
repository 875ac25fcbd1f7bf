"""What tells of an uploaded item beside its bytes, where items outlive the site: one small JSON file each.

It is written once an item is committed, by a rename, so that it is there whole or not at all; an item without
it had not been acknowledged. An item's id is the name of its folder.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

DATA: Final = "data"
"""The name of the file with an item's bytes."""
_RECORD: Final = "item.json"
_LARGEST: Final = 64 * 1024
"""Bytes of a record; names and descriptions are shorter."""
_ITEM_ID: Final = re.compile(r"i[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class KeptItem(msgspec.Struct, frozen=True, rename="camel"):
    """A committed item; `number` orders items as they came, `date` is in ms since the epoch, `size` in
    bytes."""

    number: int
    service: str
    name: str
    description: str
    date: int
    size: int


def write_item(folder: Path, item: KeptItem) -> None:
    """Write an item's record into its folder. Raises OSError, and leaves no record then."""
    new = folder / f"{_RECORD}.new"
    try:
        new.write_bytes(msgspec.json.encode(item))
        new.replace(folder / _RECORD)
    except OSError:
        new.unlink(missing_ok=True)
        raise


def kept_items(uploads: Path) -> Iterator[tuple[str, KeptItem | None]]:
    """The folders in a folder by their names, in no order, each with its item; None for what is no whole
    one. Parts that a whole item no longer needs are removed."""
    with os.scandir(uploads) as entries:
        names = [each.name for each in entries if each.is_dir(follow_symlinks=False)]
    for name in names:
        yield name, _read(uploads / name) if _ITEM_ID.fullmatch(name) else None


def _read(folder: Path) -> KeptItem | None:
    record = folder / _RECORD
    try:
        if not 0 < _size_of(record) <= _LARGEST:
            return None
        item = msgspec.json.decode(record.read_bytes(), type=KeptItem)
        if _size_of(folder / DATA) != item.size:
            return None
        for left in folder.iterdir():
            if left.name not in (DATA, _RECORD):
                left.unlink()
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
        return None
    return item


def _size_of(file: Path) -> int:
    """The bytes of a regular file, -1 for anything else."""
    status = file.lstat()
    return status.st_size if stat.S_ISREG(status.st_mode) else -1
