"""The messages of two runs: their types and order always, their texts unless those may vary."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from typing import Any, Final

from gpharness.comparing.differences import Difference, shown, some
from gpharness.comparing.texts import blanked
from gpharness.contracts.contract import Varies

_NAME: Final = "changed.messages"
_MOST: Final = 2000
"""Messages of a run that are compared one by one."""
Key = tuple[str, str]


def compare_messages(expected: Any, met: Any, varies: Varies) -> list[Difference]:
    """How two lists of messages, as JSON, differ. Paths begin at the list: `[3]`; `[3].description` where
    only the text is another. No messages and an empty list are one."""
    return some(_differences(_keys(expected, varies), _keys(met, varies)))


def _keys(messages: Any, varies: Varies) -> list[Key]:
    found = []
    for each in messages if isinstance(messages, list) else ():
        kind, text = (each.get("type"), each.get("description")) if isinstance(each, dict) else ("", each)
        told = "" if varies.messages else blanked(str(text or ""), varies)
        found.append((str(kind or ""), told))
    return found


def _differences(expected: list[Key], met: list[Key]) -> Iterator[Difference]:
    if expected == met:
        return
    if max(len(expected), len(met)) > _MOST:
        place = next(
            (i for i, (one, other) in enumerate(zip(expected, met, strict=False)) if one != other),
            min(len(expected), len(met)),
        )
        count = f"{len(met)} messages, other ones from here on"
        yield Difference(f"[{place}]", f"{len(expected)} messages", count, _NAME)
        return
    blocks = SequenceMatcher(None, expected, met, autojunk=False).get_opcodes()
    for what, start, end, other_start, other_end in blocks:
        if what != "equal":
            yield _block(expected[start:end], met[other_start:other_end], start, what)


def _block(expected: Sequence[Key], met: Sequence[Key], place: int, what: str) -> Difference:
    path = f"[{place}]"
    if what == "replace" and len(expected) == len(met) == 1:
        (kind, text), (other_kind, other_text) = expected[0], met[0]
        if kind == other_kind:
            return Difference(f"{path}.description", shown(text), shown(other_text), _NAME)
        if text == other_text:
            return Difference(f"{path}.type", shown(kind), shown(other_kind), _NAME)
    return Difference(path, _told(expected), _told(met), _NAME)


def _told(messages: Sequence[Key]) -> str:
    if not messages:
        return "nothing"
    kind, text = messages[0]
    first = kind.removeprefix("esriJobMessageType") or "a message without a type"
    first = f"{first}: {shown(text)}" if text else first
    return first if len(messages) == 1 else f"{len(messages)} messages, the first {first}"
