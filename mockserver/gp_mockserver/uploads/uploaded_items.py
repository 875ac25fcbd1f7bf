"""The items that clients have uploaded to a site's services, or are uploading in parts.

Source: ArcGIS REST, *Uploads*, *Upload*, *Register*, *Upload part*, *Commit*. An item belongs to one service.
It stays until it is deleted or the site ends (*assumed*: real servers clean their uploads directory by age);
where the site's files outlive it, as jobs in a store do, so do the items that are committed.
On disk it is `uploads/<itemID>/data`, or `part-<number>` for each part until it is committed.
"""

from __future__ import annotations

import random
import re
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

import msgspec

from gp_mockserver.site_directories import SiteDirectories
from gp_mockserver.uploads.incoming_files import INCOMING, IncomingFiles, Space
from gp_mockserver.uploads.kept_items import DATA, KeptItem, kept_items, write_item
from gp_mockserver.uploads.upload_rules import UploadRules, in_words
from gp_mockserver.wire.replies import Refusal

MAX_ITEMS: Final = 100_000
"""Items that a site keeps, however small."""
MAX_RECORDS: Final = 100 * 1024 * 1024
"""Bytes of memory that the names and descriptions of a site's items take."""
MAX_PARTS: Final = 10_000
"""Parts of one item."""
_FOLDER: Final = "uploads"
_PIECE: Final = 1024 * 1024
_RECORD: Final = 500
"""Bytes of memory that an item takes beside its texts, about."""
_DIGESTS: Final = {32: "md5", 40: "sha1", 64: "sha256"}
_HEX: Final = re.compile(r"[0-9a-f]+", re.IGNORECASE | re.ASCII)


class UploadedItem(msgspec.Struct, eq=False):
    """One item. `date` is in ms since the epoch, `size` in bytes; `parts` are sizes by number; `number` grows
    from item to item."""

    number: int
    item_id: str
    service: str
    name: str
    description: str
    date: int
    committed: bool
    size: int = 0
    parts: dict[int, int] = {}
    busy: bool = False
    """Whether its parts are being put together."""

    def as_json(self) -> dict[str, Any]:
        """The item as answers have it."""
        return {
            "itemID": self.item_id,
            "itemName": self.name,
            "description": self.description,
            "date": self.date,
            "committed": self.committed,
        }


class SiteUploads:
    """The uploads of one site; `seed_text` decides the item ids. With `is_first` what an earlier run left is
    removed, else its committed items are there again, if the site's files are kept."""

    def __init__(
        self, directories: SiteDirectories, limit: int, seed_text: str, *, is_first: bool = True
    ) -> None:
        self._directories = directories
        self._ids = random.Random(seed_text)
        self._items: dict[str, UploadedItem] = {}
        self._last_number = 0
        self._records = 0
        """Bytes of memory that the items take."""
        self.space = Space(limit)
        self.incoming = IncomingFiles(directories, self.space)
        if is_first:
            directories.remove_folder(_FOLDER)
        elif directories.outlive_the_site:
            self._take_up()

    def items_of(self, service: str) -> list[UploadedItem]:
        """A service's items, in the order in which they came."""
        return [item for item in self._items.values() if item.service == service]

    def find(self, service: str, item_id: str) -> UploadedItem | None:
        """The item of that service, committed or not."""
        item = self._items.get(item_id)
        return item if item is not None and item.service == service else None

    def path_of(self, item: UploadedItem) -> Path:
        """Where a committed item's bytes stand."""
        return self._folder(item) / DATA

    def add(self, service: str, name: str, description: str, now: float, file: Path) -> UploadedItem:
        """Keep a whole file that came in as an item. Raises Refusal where it cannot be written."""
        self.incoming.check_open()
        item = self._new(service, name, description, now)
        item.size = file.stat().st_size
        self.incoming.keep(file, self.path_of(item))
        try:
            self._keep(item)
        except OSError as error:
            self._directories.remove_folder(f"{_FOLDER}/{item.item_id}")
            self.space.give_back(item.size)
            raise _not_written(item, error) from None
        item.committed = True
        self._insert(item)
        return item

    def register(self, service: str, name: str, description: str, now: float) -> UploadedItem:
        """An item whose parts are still to come."""
        self.incoming.check_open()
        item = self._new(service, name, description, now)
        self._insert(item)
        return item

    def add_part(self, item: UploadedItem, number: int, file: Path, rules: UploadRules) -> None:
        """Keep a part that came in, in place of the one with its number."""
        self.incoming.check_open()
        self._check_open(item)
        size, replaced = file.stat().st_size, item.parts.get(number)
        if replaced is None and len(item.parts) >= MAX_PARTS:
            raise Refusal(
                "upload-refused", f"{item.item_id}: met more than {MAX_PARTS} parts, expected at most that"
            )
        if sum(item.parts.values()) - (replaced or 0) + size > rules.max_file_size:
            raise rules.too_large(item.name)
        self.incoming.keep(file, self._part(item, number))
        self.space.give_back(replaced or 0)
        item.parts[number] = size

    def commit(self, item: UploadedItem, numbers: Sequence[int], checksum: str) -> None:
        """Put the parts together, in that order or in that of their numbers; others are dropped. For a worker
        thread, once `begin_commit` has said that nobody else does it.

        `checksum`, if there is one, is compared; `check_checksum` has said that it is in a form that can be.
        Raises Refusal where it differs; the item then stays as it was.
        """
        import hashlib

        numbers = list(numbers) or sorted(item.parts)
        size = sum(item.parts[number] for number in numbers)
        digest = hashlib.new(_DIGESTS.get(len(checksum), "md5"), usedforsecurity=False)
        folder = self._folder(item)
        whole = folder / "joined"
        self.space.take(size)
        try:
            with whole.open("wb") as target:
                for number in numbers:
                    with self._part(item, number).open("rb") as part:
                        while piece := part.read(_PIECE):
                            digest.update(piece)
                            target.write(piece)
            if checksum and digest.hexdigest() != checksum.lower():
                raise Refusal(
                    "upload-refused",
                    f"{item.item_id}: met the {digest.name} checksum {digest.hexdigest()}, expected "
                    f"{checksum.lower()}; the item is not committed",
                )
            whole.replace(self.path_of(item))
            item.size = size
            self._keep(item)
        except BaseException as error:
            whole.unlink(missing_ok=True)
            self.path_of(item).unlink(missing_ok=True)
            self.space.give_back(size)
            item.size = 0
            if isinstance(error, OSError):
                raise _not_written(item, error) from None
            raise
        item.committed = True
        self._drop_parts(item)

    def begin_commit(self, item: UploadedItem, numbers: Sequence[int]) -> None:
        """Hold an item for a commit of these parts. Raises Refusal where it cannot be committed so."""
        self.incoming.check_open()
        self._check_open(item)
        missing = [number for number in numbers if number not in item.parts]
        if missing or not item.parts:
            met = f"part {missing[0]}" if missing else "no parts"
            there = ", ".join(map(str, sorted(item.parts)[:20])) or "none: upload parts first"
            raise Refusal("bad-value", f"parts: met {met}, expected some of those uploaded: {there}")
        item.busy = True

    def delete(self, item: UploadedItem) -> None:
        """Remove an item and its bytes."""
        if item.busy:
            raise _busy(item)
        if self._items.pop(item.item_id, None) is not None:
            self._records -= _memory_of(item.name, item.description)
        if item.committed:
            self.space.give_back(item.size)
        self._drop_parts(item)
        self._directories.remove_folder(f"{_FOLDER}/{item.item_id}")

    def close(self) -> None:
        """Remove everything, and take nothing more; but what is committed stays where it outlives the
        site."""
        self.incoming.is_closed = True
        if self._directories.outlive_the_site:
            for item in self._items.values():
                if not item.committed:
                    self._directories.remove_folder(f"{_FOLDER}/{item.item_id}")
            self._directories.remove_folder(INCOMING)
            self._directories.remove_if_empty(_FOLDER)
        else:
            self._directories.remove_folder(_FOLDER)
        self._items.clear()
        self._records = 0

    def _keep(self, item: UploadedItem) -> None:
        """Let a whole item outlive the site, if the site's files do. Raises OSError."""
        if self._directories.outlive_the_site:
            told = (item.number, item.service, item.name, item.description, item.date, item.size)
            write_item(self._folder(item), KeptItem(*told))

    def _take_up(self) -> None:
        """Find the items that an earlier run left whole, and remove what else it left."""
        folder, found = self._directories.find_folder(_FOLDER), []
        for item_id, kept in kept_items(folder) if folder is not None else ():
            if kept is None:
                self._directories.remove_folder(f"{_FOLDER}/{item_id}")
            else:
                found.append((kept, item_id))
        for kept, item_id in sorted(found, key=lambda each: (each[0].number, each[1])):
            told = (kept.number, item_id, kept.service, kept.name, kept.description, kept.date)
            self._insert(UploadedItem(*told, committed=True, size=kept.size))
            self._last_number = max(self._last_number, kept.number)
            self.space.count(kept.size)

    def _new(self, service: str, name: str, description: str, now: float) -> UploadedItem:
        if len(self._items) >= MAX_ITEMS:
            raise Refusal(
                "upload-refused",
                f"{service}: met {len(self._items)} items, expected fewer: delete items no longer needed",
            )
        if self._records + _memory_of(name, description) > MAX_RECORDS:
            raise Refusal(
                "upload-refused",
                f"{service}: the names and descriptions of the site's items would take more than "
                f"{in_words(MAX_RECORDS)} of memory, expected less: delete items no longer needed",
            )
        date = int(now * 1000)
        item_id = self._new_id()
        while item_id in self._items:
            item_id = self._new_id()
        self._last_number += 1
        return UploadedItem(self._last_number, item_id, service, name, description, date, committed=False)

    def _insert(self, item: UploadedItem) -> None:
        self._items[item.item_id] = item
        self._records += _memory_of(item.name, item.description)

    def _new_id(self) -> str:
        """`i` and a UUID of version 4."""
        bits = self._ids.getrandbits(128) & ~(0xF000 << 64) & ~(0xC000 << 48) | 0x4000 << 64 | 0x8000 << 48
        text = f"{bits:032x}"
        return f"i{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"

    def _folder(self, item: UploadedItem) -> Path:
        return self._directories.root / _FOLDER / item.item_id

    def _part(self, item: UploadedItem, number: int) -> Path:
        return self._folder(item) / f"part-{number}"

    def _drop_parts(self, item: UploadedItem) -> None:
        with ExitStack() as every:
            for number, size in item.parts.items():
                every.callback(self._part(item, number).unlink, missing_ok=True)
                self.space.give_back(size)
            item.parts = {}

    @staticmethod
    def _check_open(item: UploadedItem) -> None:
        if item.committed:
            raise Refusal("upload-refused", f"{item.item_id}: met an item that is committed already")
        if item.busy:
            raise _busy(item)


def check_checksum(checksum: str) -> None:
    """Raises Refusal for a text that is no checksum by MD5, SHA-1 or SHA-256, told by its length.

    *Assumed*: the reference does not say which one a commit takes.
    """
    if len(checksum) not in _DIGESTS or not _HEX.fullmatch(checksum):
        raise Refusal(
            "bad-value",
            f"checksum: met {checksum[:80]!r}, expected one in hexadecimal by MD5 (32 digits), "
            "SHA-1 (40) or SHA-256 (64), or none",
        )


def _memory_of(name: str, description: str) -> int:
    return _RECORD + sys.getsizeof(name) + sys.getsizeof(description)


def _not_written(item: UploadedItem, error: OSError) -> Refusal:
    return Refusal(
        "upload-refused", f"{item.item_id}: the server cannot write it: {error.strerror or 'unknown error'}"
    )


def _busy(item: UploadedItem) -> Refusal:
    return Refusal("upload-refused", f"{item.item_id}: its parts are being put together; ask again later")
