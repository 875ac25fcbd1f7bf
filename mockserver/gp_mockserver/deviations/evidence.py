"""What the short words of an entry's `evidence` stand for: pages, recordings, client code, public threads.

`D[job types]` names two pages, `R[elev]` a recording, `C[apy]` a client's code, `T apy#1558` a thread. What
they are is data, in `evidence.toml`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Final

import msgspec

from gp_mockserver.deviations.records import ASSUMED

_SOURCES: Final = re.compile(r"([DRC])\[(\w+(?: \w+)*)\]")
_THREAD: Final = re.compile(r"T ((?:[\w.-]+/)?[\w.-]+)#(\d+)")


class Sources(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`kinds`: what the letters say. `repositories`: those of threads, as owner/name on GitHub. `sources`:
    what stands in brackets."""

    kinds: dict[str, str]
    repositories: dict[str, str]
    sources: dict[str, str]


@cache
def known_sources() -> Sources:
    """The table of `evidence.toml`."""
    import tomllib

    text = Path(__file__).with_name("evidence.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), Sources)


def spelled_out(text: str) -> list[str]:
    """What one text of `evidence` says, a line for each source: `documented: GP Job, …`. None where it is not
    such a text, or has a key that nobody knows."""
    if text == ASSUMED:
        return [ASSUMED]
    known = known_sources()
    if thread := _THREAD.fullmatch(text):
        name, number = thread.groups()
        repository = name if "/" in name else known.repositories.get(name)
        return [f"{known.kinds['T']}: {repository}#{number}"] if repository else []
    if (found := _SOURCES.fullmatch(text)) is None:
        return []
    kind, keys = known.kinds[found[1]], found[2].split()
    return [f"{kind}: {known.sources[key]}" for key in keys] if known.sources.keys() >= set(keys) else []


def known_from(evidence: Iterable[str]) -> list[str]:
    """All of a record's evidence, spelled out; a text of a user's own as it is."""
    return [line for text in evidence for line in spelled_out(text) or [text]]
