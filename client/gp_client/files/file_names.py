"""Names for files on this computer, out of what servers call them: never a path, on no system a device."""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import unquote, unquote_to_bytes, urlsplit

_LONGEST = 180
"""Bytes of a name; what is added to it while it is not whole has to fit in, too."""
_FORBIDDEN = re.compile(r'[<>:"|?*]')
_DEVICES = frozenset(
    ["con", "prn", "aux", "nul", "conin$", "conout$"]
    + [f"{word}{number}" for word in ("com", "lpt") for number in "0123456789¹²³"]
)
_OURS = re.compile(r"\.part(?=(?:\.json)?\Z)", re.IGNORECASE)
_OPTION = re.compile(
    r';\s*([\w!#$%&\'*+.^`|~\-]{1,40})\s*=\s*("(?:[^"\\]|\\.)*"|[^;"]*)', re.ASCII | re.DOTALL
)
_CHARSETS = frozenset({"utf-8", "iso-8859-1", "us-ascii"})
_LONGEST_HEADER = 4000


def safe_name(called: str, otherwise: str = "download") -> str:
    """The last part of a name or path, fit to be a file's name on every system, and never one of those that
    unfinished downloads have (`….part`, `….part.json`)."""
    last = re.split(r"[/\\]", called[-_LONGEST_HEADER:])[-1]
    name = "".join(each for each in last if unicodedata.category(each)[0] != "C")
    name = _FORBIDDEN.sub("_", name).strip().lstrip(".").rstrip(". ")
    if name.partition(".")[0].strip().lower() in _DEVICES:
        name = f"_{name}"
    return _OURS.sub("_part", _shortened(name)) or otherwise


def name_in_url(url: str) -> str:
    """The name at the end of an address."""
    return safe_name(unquote(urlsplit(url).path.rstrip("/").rpartition("/")[2]))


def name_in_disposition(header: str) -> str:
    """The name in a Content-Disposition (RFC 6266), made safe; empty where there is none."""
    plain = extended = ""
    for match in _OPTION.finditer(";" + header[:_LONGEST_HEADER]):
        option, value = match[1].lower(), match[2].strip()
        if value.startswith('"') and len(value) > 1:
            value = re.sub(r"\\(.)", r"\1", value[1:-1])
        if option == "filename" and not plain:
            plain = _as_utf8(value)
        elif option == "filename*" and not extended and value.count("'") >= 2:
            charset, _, encoded = value.split("'", 2)
            if charset.lower() in _CHARSETS:
                extended = unquote_to_bytes(encoded).decode(charset, "replace")
    return safe_name(extended or plain, otherwise="")


def _as_utf8(text: str) -> str:
    """A header comes as Latin-1; servers write UTF-8 into it all the same."""
    try:
        return text.encode("latin-1").decode()
    except UnicodeError:
        return text


def _shortened(name: str) -> str:
    if len(name.encode(errors="replace")) <= _LONGEST:
        return name
    stem, dot, end = name.rpartition(".")
    end = dot + end if stem and len(end.encode(errors="replace")) <= 20 else ""
    kept = name.encode(errors="replace")[: _LONGEST - len(end.encode(errors="replace"))]
    return kept.decode(errors="ignore").rstrip(". ") + end
