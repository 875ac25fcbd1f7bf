"""Addresses in answers, of files and of services: the same but for scheme, host, context, tokens and ids, and
for the numbers that a server counts up in the names of its files."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from gpharness.comparing.differences import Difference, shown
from gpharness.comparing.texts import blanked, file_pattern
from gpharness.contracts.contract import Varies

_BELOW_CONTEXT: Final = re.compile(r"(?i)/(rest|services|tokens|sharing)(/.*|$)")
_DIGITS: Final = re.compile(r"[0-9]+")


def address_differences(expected: Any, met: Any, varies: Varies) -> Iterator[Difference]:
    """How two addresses differ: one difference, or none."""
    if not isinstance(expected, str) or not isinstance(met, str):
        if expected != met:
            yield Difference("", shown(expected), shown(met), "changed.value-type")
        return
    if expected != met and _parts(expected, varies) != _parts(met, varies):
        yield Difference("", shown(blanked(expected, varies)), shown(blanked(met, varies)), "changed.file")


def _parts(address: str, varies: Varies) -> tuple[str, ...]:
    try:
        parts = urlsplit(address)
    except ValueError:
        return (blanked(address, varies),)
    path = re.sub("/(?:[.]?/)+", "/", unquote(parts.path))
    if varies.urls:
        place = ""
        found = _BELOW_CONTEXT.search(path)
        path = found[0] if found else path
    else:
        place = f"{parts.scheme}://{parts.netloc}".lower()
    folders, _, name = path.rpartition("/")
    segments = [*folders.lower().split("/"), name]
    if varies.ids:
        segments = [each if _DIGITS.fullmatch(each) else file_pattern(each) for each in segments]
    return (place, *segments, _query(parts.query, varies))


def _query(query: str, varies: Varies) -> str:
    kept = [each for each in query.split("&") if not (varies.tokens and each.lower().startswith("token="))]
    return blanked("&".join(kept), varies)
