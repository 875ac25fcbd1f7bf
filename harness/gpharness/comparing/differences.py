"""A difference between what a contract has and what was met, before it is a finding."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, Final

import msgspec

from gpharness.findings.finding_names import finding
from gpharness.findings.findings import Finding, Severity

MOST: Final = 20
"""Differences within one value that are told one by one; how many more there are is said."""
_LONGEST: Final = 120


class Difference(msgspec.Struct, frozen=True):
    """`path` leads to the place, `features[3].attributes.NAME`, and counts as the contract does where the
    order may vary; it is empty for the value itself. `expected` and `met` are phrases. `name` is that of the
    finding it makes, `severity` is given where it is another one than that name's."""

    path: str
    expected: str
    met: str
    name: str = "changed.value"
    severity: Severity | None = None

    def at(self, prefix: str) -> Difference:
        """The same, its path led in by `prefix`."""
        return msgspec.structs.replace(self, path=joined(prefix, self.path))


def joined(prefix: str, path: str) -> str:
    """A path within what `prefix` leads to."""
    glue = "." if prefix and path and not path.startswith("[") else ""
    return f"{prefix}{glue}{path}"


def findings_of(differences: Iterable[Difference], **fields: Any) -> list[Finding]:
    """The findings that differences make; `fields` are the others of Finding (operation, task, request …),
    and a `path` in them leads in those of the differences."""
    prefix = fields.pop("path", "")
    found = []
    for each in differences:
        severity = {} if each.severity is None else {"severity": each.severity}
        where = joined(prefix, each.path)
        found.append(
            finding(each.name, path=where, expected=each.expected, met=each.met, **severity, **fields)
        )
    return found


def some(differences: Iterator[Difference]) -> list[Difference]:
    """The first `MOST`, and one more that says how many there are besides."""
    told = list(islice(differences, MOST))
    rest = sum(1 for _ in differences)
    if rest:
        told.append(Difference("", "no more differences", f"{rest} more", told[-1].name))
    return told


def shown(value: Any) -> str:
    """A value in a few characters, as JSON."""
    if isinstance(value, list) and len(value) > 8:
        return f"an array of {len(value)}"
    if isinstance(value, dict) and len(value) > 8:
        return f"an object with {len(value)} members"
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def sort_of(value: Any) -> str:
    """What JSON calls it: numbers are one sort, whether they have a fraction or not."""
    match value:
        case None:
            return "null"
        case bool():
            return "a boolean"
        case int() | float():
            return "a number"
        case str():
            return "a text"
        case list():
            return "an array"
        case _:
            return "an object"
