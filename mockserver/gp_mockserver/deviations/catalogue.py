"""The catalogue: every known way for a GP server to depart from what clients expect, by name.

The entries are data, a file for each group in `entries/`. `gpharness deviations` lists them.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final

from gp_protocol.suggestions import did_you_mean

from gp_mockserver.configuration.written_data import shaped
from gp_mockserver.deviations.records import Deviation, DeviationError

GROUPS: Final = (
    "transport",
    "http",
    "format",
    "envelope",
    "token",
    "submit",
    "job state",
    "messages",
    "results",
    "result value",
    "descriptor",
    "uploads",
    "timing",
    "profiles",
)
_ENTRIES = Path(__file__).parent / "entries"


@cache
def catalogue() -> Mapping[str, Deviation]:
    """Every entry by its name, group after group."""
    return {name: each for group in GROUPS for name, each in _group(group).items()}


def find(name: str) -> Deviation:
    """The entry of this name. Raises DeviationError with the nearest one."""
    for group in GROUPS:
        if f'"{name}"' in _text(group) and (found := _group(group).get(name)):
            return found
    hint = did_you_mean(name, catalogue()) or "`gpharness deviations` lists them"
    raise DeviationError(f"no deviation is called {name[:80]!r}; {hint}")


@cache
def _text(group: str) -> str:
    return (_ENTRIES / f"{group.replace(' ', '_')}.toml").read_text(encoding="utf-8")


@cache
def _group(group: str) -> Mapping[str, Deviation]:
    import tomllib

    found: dict[str, Deviation] = {}
    for i, data in enumerate(tomllib.loads(_text(group)).get("deviation", [])):
        record = shaped({"group": group, **data}, Deviation, f"{group}[{i}]")
        if record.name in found:
            raise DeviationError(f"deviation {record.name!r} stands twice in the group {group!r}")
        found[record.name] = record
    return found
