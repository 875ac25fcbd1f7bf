"""Names that clients give their files: data to be shown, never a path."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

MAX_LENGTH: Final = 255
_SEPARATORS = re.compile(r"[/\\]")


def plain_name(sent: str) -> str:
    """The last part of whatever a client sent as a file's name, without control and format characters.

    Empty where nothing is left of it. Browsers of old sent whole paths.
    """
    last = _SEPARATORS.split(sent[-4 * MAX_LENGTH :])[-1]
    name = "".join(each for each in last if unicodedata.category(each)[0] != "C").strip()
    if not name.strip("."):
        return ""
    if len(name) <= MAX_LENGTH:
        return name
    end = f".{extension(name)}" if extension(name) else ""
    return name[: MAX_LENGTH - len(end)] + end if len(end) < MAX_LENGTH else name[:MAX_LENGTH]


def extension(name: str) -> str:
    """What follows a name's last dot, in lower case; empty where there is none."""
    stem, dot, end = name.rpartition(".")
    return end.lower() if dot and stem.strip(".") else ""
