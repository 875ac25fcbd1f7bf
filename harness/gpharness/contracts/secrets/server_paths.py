"""Paths of the server's machine in texts: those of Windows, those of POSIX, and those of shares."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

_SIGN: Final = r"[^\\/:*?\"<>|\s%&,;'()\[\]{}]"
_SEGMENT: Final = rf"{_SIGN}+"
_BACK: Final = r"\\{1,8}|%(?:25)?5[Cc]|&\#92;"
_WINDOWS: Final = re.compile(
    rf"(?:(?<![A-Za-z0-9])|(?<=%[0-9A-Fa-f]{{2}}))[A-Za-z](?::|%(?:25)?3[Aa])(?P<s>{_BACK}|/(?!/)|%(?:25)?2[Ff])"
    rf"(?:{_SIGN}+(?:\ {_SIGN}+){{0,4}}(?P=s)(?!\\)){{0,30}}{_SEGMENT}"
)
_SHARE: Final = re.compile(
    rf"(?<![\\\w])(?P<lead>\\{{2,16}}|(?:%(?:25)?5[Cc]){{2}}){_SEGMENT}(?P<s>{_BACK})"
    rf"(?:{_SIGN}+(?:\ {_SIGN}+){{0,4}}(?P=s)(?!\\)){{0,30}}{_SEGMENT}"
)
_POSIX: Final = re.compile(
    r"(?<![\w/:.%\-}])(?P<s>/)(?:arcgis/(?!rest|tokens|sharing|admin|manager|login|services|portal|home)"
    r"|arcgisserver/|home/|opt/|usr/|var/|mnt/|data/|srv/|tmp/|gis/|gisdata/|nfs/|net/|Users/|Volumes/|app/"
    r"|apps/|media/|export/|etc/|ags/|root/)"
    rf"(?:{_SIGN}+/){{0,30}}{_SEGMENT}"
)
_ENDING: Final = re.compile(r"\.[A-Za-z0-9]{1,6}\Z")
STAND_IN: Final = re.compile(r"path\d{4,}(?:\.[A-Za-z0-9]{1,6})?\Z")


def without_server_paths(text: str, number_of: Callable[[str], int]) -> str:
    """The text with stand-ins for the paths of a server. The same path, in any spelling, has the same number;
    its ending stays."""

    def told(found: re.Match[str], begin: str) -> str:
        path = found[0].rstrip(".")
        tail = found[0][len(path) :]
        if STAND_IN.search(path):
            return found[0]
        plain = "/".join(re.split(rf"(?:{_BACK}|%(?:25)?2[Ff]|/)+", path)).lower()
        ending = _ENDING.search(path)
        sign = found["s"]
        return f"{begin}{sign}server{sign}path{number_of(plain):04d}{ending[0] if ending else ''}{tail}"

    if "\\" in text or "%" in text or ":/" in text or "&#92;" in text:
        text = _WINDOWS.sub(lambda found: told(found, "C%3A" if "%" in found[0][:4] else "C:"), text)
        text = _SHARE.sub(lambda found: told(found, found["s"]), text)
    return _POSIX.sub(lambda found: told(found, ""), text) if "/" in text else text
