"""The closed list of names that a finding may have, and what each means.

`finding` makes a Finding by name; nothing else should, so that no report has a name that is not in the list.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

import msgspec
from gp_protocol.suggestions import did_you_mean

from gpharness.findings.findings import Finding, Kind, Severity

_LIST: Final = Path(__file__).with_name("finding_names.toml")
_KINDS: Final[Mapping[str, Kind]] = {"drift": "descriptor", "changed": "behaviour"}


class FindingName(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One name of the list. `severity` is what a finding of this name has unless the place says otherwise;
    `title` says what was found, `means` what clients have from it."""

    name: str
    severity: Severity
    title: str
    means: str

    @property
    def kind(self) -> Kind:
        """Told by the name's first word."""
        return _KINDS.get(self.name.partition(".")[0], "protocol")


class _List(msgspec.Struct, forbid_unknown_fields=True):
    finding: list[FindingName]


@cache
def finding_names() -> Mapping[str, FindingName]:
    """Every name, in the order of a request's way: transport, HTTP, format … drift, behaviour."""
    import tomllib

    data = tomllib.loads(_LIST.read_text(encoding="utf-8"))
    return {each.name: each for each in msgspec.convert(data, _List).finding}


def named(name: str) -> FindingName:
    """The entry of a name. Raises KeyError, with the nearest name, for one that is not in the list."""
    try:
        return finding_names()[name]
    except KeyError:
        hint = did_you_mean(name, finding_names())
        raise KeyError(f"no finding is called {name!r}" + (f"; {hint}" if hint else "")) from None


def finding(name: str, **fields: Any) -> Finding:
    """A finding of this name: `kind` and, unless given, `severity` are the list's, `fields` are the others of
    Finding. Raises KeyError for a name that is not in the list."""
    entry = named(name)
    return Finding(name, fields.pop("severity", entry.severity), kind=entry.kind, **fields)


def means(found: Finding) -> str:
    """What it means for clients; empty for a finding of a name that is not in the list."""
    entry = finding_names().get(found.name)
    return entry.means if entry else ""


def title(found: Finding) -> str:
    """What was found, in a few words; its name where that is not in the list."""
    entry = finding_names().get(found.name)
    return entry.title if entry else found.name
