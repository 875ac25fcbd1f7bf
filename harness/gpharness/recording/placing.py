"""Where an address lies on a GP server, whose context need not be known yet."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from typing import Final
from urllib.parse import unquote, urlsplit

import msgspec

from gpharness.probing.operations import place_of

_BELOW: Final = re.compile(
    r"/(?:rest/(?:services|info|directories|login)|tokens|sharing|admin/generateToken)(?=/|$)", re.IGNORECASE
)
_SERVER: Final = re.compile(r"/(\w+Server)(?=/|$)")
_PLAIN: Final = re.compile(r"[^/?#%{}\x00-\x1f]+")


class Placed(msgspec.Struct, frozen=True):
    """`root` is empty where the address has nothing of a server's, `operation` where the protocol has none
    for it; then `other` says what it seems to be (`FeatureServer`, `services`). `path` begins below the
    root, without a query; blanks and letters stand in it as they are, whatever would be ambiguous stays
    encoded."""

    root: str = ""
    path: str = ""
    operation: str = ""
    service: str = ""
    task: str = ""
    job_id: str = ""
    name: str = ""
    other: str = ""


def placed(url: str, root: str | None = None) -> Placed:
    """Take an address apart: below `root` where it lies there, else below what looks like a root."""
    try:
        parts = urlsplit(url)
        host = parts.netloc.rpartition("@")[2].lower()
    except ValueError:
        return Placed()
    path = parts.path
    context = None if root is None else _context(url, root)
    if context is None:
        found = _BELOW.search(path)
        if found is None:
            return Placed(path=readable(path))
        context = path[: found.start()]
    address = f"{parts.scheme.lower()}://{host}{context}"
    below = path[len(context) :]
    place = place_of(url, address)
    segments = [unquote(each) for each in below.split("/") if each]
    return Placed(
        address,
        readable(below),
        place.operation,
        place.service,
        place.task,
        place.job_id or (_job_in(segments) if place.operation == "file" else ""),
        place.name or (_folder(segments) if place.operation == "catalogue" else ""),
        "" if place.operation else _other(below),
    )


def same_root(first: str, second: str) -> bool:
    """Whether two roots are one, whatever their scheme and usual ports."""
    return _compared(first) == _compared(second)


def likely_root(urls: Iterable[str]) -> str:
    """The root below which most geoprocessing was asked for; empty where none was."""
    found: Counter[str] = Counter()
    first: dict[str, str] = {}
    for url in urls:
        place = placed(url)
        if place.root and place.service:
            key = str(_compared(place.root))
            first.setdefault(key, place.root)
            found[key] += 1
    return first[found.most_common(1)[0][0]] if found else ""


def readable(path: str) -> str:
    """A path with its segments decoded, where that leaves them what they are."""
    return "/".join(_plain(segment) for segment in path.split("/"))


def _plain(segment: str) -> str:
    try:
        text = unquote(segment, errors="strict")
    except UnicodeDecodeError:
        return segment
    return text if _PLAIN.fullmatch(text) else segment


def _compared(root: str) -> tuple[str, int | None, str]:
    parts = urlsplit(root)
    try:
        port = parts.port
    except ValueError:
        port = -1
    return parts.hostname or "", None if port in (80, 443) else port, unquote(parts.path).rstrip("/").lower()


def _context(url: str, root: str) -> str | None:
    """The root's path as the address has it, if it lies there."""
    parts = urlsplit(url)
    path = urlsplit(root).path.rstrip("/")
    context = parts.path[: len(path)]
    if parts.path[len(path) : len(path) + 1] not in ("", "/"):
        return None
    return context if same_root(f"{parts.scheme}://{parts.netloc}{context}", root) else None


def _other(below: str) -> str:
    """What an address seems to be of, of which the protocol says nothing."""
    if found := _SERVER.search(below):
        return found[1]
    return "/".join(unquote(each) for each in below.split("/")[1:3])


def _folder(segments: list[str]) -> str:
    return (
        segments[2]
        if [each.lower() for each in segments[:2]] == ["rest", "services"] and len(segments) == 3
        else ""
    )


def _job_in(segments: list[str]) -> str:
    """The job whose folder a file's path names, below `arcgisjobs`."""
    words = [each.lower() for each in segments]
    for number, word in enumerate(words):
        if word.endswith("_gpserver") and number + 2 < len(words) and "arcgisjobs" in words[:number]:
            return segments[number + 1]
    return ""
