"""The files of results beside the recorded ones: whether they are of the same sort, and say the same.

Packed files hold the time and are compared by what is listed in them; pictures and other bytes by their sort
alone. Texts are compared without what may vary. Where files were uploaded, which are not those of then, the
sort is all that is compared.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Sequence
from typing import Final
from urllib.parse import unquote, urlsplit

from gpharness.comparing.answers import compare_bytes
from gpharness.comparing.differences import Difference, shown
from gpharness.comparing.texts import file_pattern
from gpharness.contracts.answers import answer_bytes
from gpharness.contracts.contract import Asked, Contract, Conversation, Varies
from gpharness.probing.conversing import file_urls
from gpharness.verifying.looks import Look

_ZIP: Final = "a zip archive"
_TEXT: Final = "a text"
_SORTS: Final = (
    (b"PK\x03\x04", _ZIP),
    (b"PK\x05\x06", _ZIP),
    (b"%PDF", "a PDF"),
    (b"\x89PNG", "a PNG picture"),
    (b"GIF8", "a GIF picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"II*\x00", "a TIFF picture"),
    (b"MM\x00*", "a TIFF picture"),
    (b"II+\x00", "a TIFF picture"),
    (b"\x1f\x8b", "a gzip file"),
    (b"7z\xbc\xaf", "a 7z archive"),
    (b"SQLite format 3", "a SQLite database"),
)


def file_differences(
    contract: Contract, conversation: Conversation, looks: Sequence[Look]
) -> Iterator[tuple[Difference, Look]]:
    """How the files that were fetched again differ, each with the look at it."""
    free = [
        each for each in looks if each.exchange.operation == "file" and _is_there(each.exchange.status or 0)
    ]
    has_uploads = any(each.operation == "upload" for each in conversation.asked)
    for asked in conversation.asked:
        if asked.operation != "file" or not _is_there(asked.answer.status):
            continue
        name = _pattern(asked.path)
        look = next((each for each in free if _pattern(each.exchange.url) == name), None)
        if look is None:
            continue
        free.remove(look)
        if _may_vary(asked, conversation, contract.varies):
            continue
        body = answer_bytes(contract, asked.answer)
        for each in _differences(body, look.exchange.body, contract.varies, only_sort=has_uploads):
            yield each, look


def _is_there(status: int) -> bool:
    return 200 <= status < 300


def _pattern(address: str) -> str:
    return file_pattern(unquote(urlsplit(address).path).rpartition("/")[2])


def _may_vary(asked: Asked, conversation: Conversation, varies: Varies) -> bool:
    """Whether it is the file of an output whose values are different each time."""
    name = _pattern(asked.path)
    found = [conversation.results[each] for each in varies.values if each in conversation.results]
    return any(_pattern(url) == name for answer in found for url in file_urls([answer.json]))


def _differences(expected: bytes, met: bytes, varies: Varies, *, only_sort: bool) -> Iterator[Difference]:
    if expected == met:
        return
    sort, other = sort_of_file(expected), sort_of_file(met)
    if sort != other:
        yield Difference(
            "", f"{sort} of {len(expected)} bytes", f"{other} of {len(met)} bytes", "changed.file"
        )
    elif only_sort:
        return
    elif sort == _TEXT:
        yield from compare_bytes(expected, met, varies)
    elif sort == _ZIP:
        listed, now = _listed(expected), _listed(met)
        if listed and listed != now:
            yield Difference("", shown(listed), shown(now), "changed.file")


def sort_of_file(body: bytes) -> str:
    """What a file is by its first bytes: `a zip archive`, `a text`, `other bytes`, `nothing`."""
    if not body:
        return "nothing"
    for mark, sort in _SORTS:
        if body.startswith(mark):
            return sort
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        return "other bytes"
    return "other bytes" if "\0" in text else _TEXT


def _listed(body: bytes) -> list[str]:
    """The patterns of the names in an archive; nothing where it cannot be read."""
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            return sorted(file_pattern(each) for each in archive.namelist())
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError):
        return []
