"""A deviation in one word, as command line, site files and addresses have it: `NAME[@OPERATION][#NTH]`."""

from __future__ import annotations

import re
from typing import Any

from gp_mockserver.deviations.records import DeviationError

_SPELLING = re.compile(r"(?P<name>[^@#]+)(?:@(?P<operation>[A-Za-z,]+))?(?:#(?P<nth>[^@#]+))?")


def read_spelling(text: str) -> tuple[str, dict[str, Any]]:
    """The name, and what of a selector follows it. Raises DeviationError for a text of another form."""
    found = _SPELLING.fullmatch(text.strip())
    if found is None:
        raise DeviationError(
            f"deviation {text!r}: expected NAME[@OPERATION][#NTH], such as results-late@job#2"
        )
    said: dict[str, Any] = {}
    if words := found["operation"]:
        several = tuple(word for word in words.split(",") if word)
        said["operation"] = several[0] if len(several) == 1 else several
    if nth := found["nth"]:
        said["nth"] = int(nth) if nth.isdecimal() else nth
    return found["name"], said
