"""What conversations are called: by words that a file may have in its name, too."""

from __future__ import annotations

import re
from collections.abc import Container
from typing import Final

_BETWEEN: Final = re.compile(r"[\W_]+")
_LONGEST: Final = 80


def name_of(place: str, what: str) -> str:
    """A name of a place, `Service/Label`, and of what is done there: `service-label-cancelled`."""
    words = [_BETWEEN.sub("-", each.lower()).strip("-") for each in (place, what)]
    whole = "-".join(word for word in words if word) or "conversation"
    if len(whole) <= _LONGEST:
        return whole
    room = _LONGEST - len(words[1]) - 1
    return "-".join(part for part in (words[0][: max(room, 8)].strip("-"), words[1]) if part)[:_LONGEST]


def free_name(name: str, taken: Container[str]) -> str:
    """The name, or where it is taken the same with a number."""
    found, number = name, 1
    while found in taken:
        number += 1
        found = f"{name}-{number}"
    return found
