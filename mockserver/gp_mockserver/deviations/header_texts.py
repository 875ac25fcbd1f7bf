"""What deviations write into heads: names and values that HTTP can carry, also once they are filled."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from typing import Final

from gp_protocol.errors import shown

from gp_mockserver.deviations.body_limits import BodyTooLarge, check_size
from gp_mockserver.errors import SiteFileError

MOST_FILLED: Final = 1024 * 1024
"""Characters of a template that has been filled."""

log = logging.getLogger("gp_mockserver")

_TOKEN: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_BREAK: Final = re.compile(r"[\r\n\0]")
_BRACES: Final = re.compile(r"\{([a-zA-Z_]+)\}")
_ON_PURPOSE: Final = "for other bytes on purpose use raw, which writes the whole answer"


def check_headers(headers: Mapping[str, str], path: str) -> None:
    """Raises SiteFileError for the first name or value that HTTP cannot carry."""
    for name, value in headers.items():
        check_header_name(name, path)
        check_header_value(value, f"{path}.{name}".lstrip("."))


def check_header_name(name: str, path: str) -> None:
    """Raises SiteFileError for a header's name that is no token of HTTP."""
    if not _TOKEN.fullmatch(name):
        expected = "the name of a header: letters, digits and !#$%&'*+-.^_`|~"
        raise SiteFileError(path, shown(name), expected, _ON_PURPOSE)


def check_header_value(value: str, path: str) -> None:
    """Raises SiteFileError for a value with line breaks, a NUL, or what is beyond latin-1."""
    if is_broken(value):
        raise SiteFileError(path, shown(value), "a header's value, in one line", _ON_PURPOSE)
    try:
        value.encode("latin-1")
    except UnicodeError:
        raise SiteFileError(path, shown(value), "a header's value, in latin-1", _ON_PURPOSE) from None


def is_broken(value: str) -> bool:
    """Whether a value would end its header."""
    return _BREAK.search(value) is not None


def filled(template: str, fills: Mapping[str, str]) -> str:
    """A template with the braces filled that are known; any other brace stays. Raises BodyTooLarge where it
    would get too long."""
    said = (fills.get(brace[1], "") for brace in _BRACES.finditer(template))
    check_size("the filled text", len(template) + sum(map(len, said)), MOST_FILLED + len(template))
    return _BRACES.sub(lambda brace: fills.get(brace[1], brace[0]), template)


def filled_value(template: str, fills: Mapping[str, str], name: str) -> bytes | None:
    """A header's value, its template filled; None, and a warning, where HTTP cannot carry what came of it."""
    try:
        value = filled(template, fills)
    except BodyTooLarge as error:
        log.warning("the header %s is left out: %s", name, error)
        return None
    if is_broken(value):
        log.warning("the header %s is left out: met %s, expected a value in one line", name, shown(value))
        return None
    return value.encode("latin-1", "replace")
