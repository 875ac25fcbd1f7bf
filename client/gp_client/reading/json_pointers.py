"""JSON pointers (RFC 6901): the very place in an answer that an error names."""

from __future__ import annotations

import re
from typing import Any

_INDEX = re.compile(r"\[([0-9]{1,9})\]\.?")


def stepped(pointer: str, *keys: str | int) -> str:
    """The pointer, led on by keys and indexes."""
    for key in keys:
        pointer += "/" + str(key).replace("~", "~0").replace("/", "~1")
    return pointer


def pointer_to(path: str, value: Any, pointer: str = "") -> str:
    """The pointer to where a path such as `features[0].attributes.Name` leads within a value.

    A key may hold points and brackets itself: of several that fit, the longest that is there is meant. What
    leads nowhere, as a missing key does, is one last key.
    """
    while path:
        found = _INDEX.match(path)
        if found and isinstance(value, list) and int(found[1]) < len(value):
            index = int(found[1])
            pointer, value, path = stepped(pointer, index), value[index], path[found.end() :]
            continue
        key = _first_key(path, value)
        if key is None:
            return stepped(pointer, path)
        pointer, value, path = stepped(pointer, key), value[key], path[len(key) :].removeprefix(".")
    return pointer


def _first_key(path: str, value: Any) -> str | None:
    if not isinstance(value, dict):
        return None
    ends = [place for place, character in enumerate(path) if character in ".["][:100]
    return next((path[:end] for end in (len(path), *reversed(ends)) if path[:end] in value), None)
