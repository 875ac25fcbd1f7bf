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
    only the text is another. No messages and an empty list are one. Where texts may vary they still help to
    see which message is gone or new."""
    return some(_differences(_keys(expected, varies), _keys(met, varies), varies.messages))


def _keys(messages: Any, varies: Varies) -> list[Key]:
    found = []
    for each in messages if isinstance(messages, list) else ():
        kind, text = (each.get("type"), each.get("description")) if isinstance(each, dict) else ("", each)
        found.append((str(kind or ""), blanked(str(text or ""), varies)))
    return found


def _differences(expected: list[Key], met: list[Key], is_by_type: bool) -> Iterator[Difference]:
    kinds, others = ([(kind, "") for kind, _ in each] for each in (expected, met))
    if expected == met or (is_by_type and kinds == others):
        return
    if max(len(expected), len(met)) > _MOST:
        one, other = (kinds, others) if is_by_type else (expected, met)
        pairs = enumerate(zip(one, other, strict=False))
        place = next((i for i, (a, b) in pairs if a != b), min(len(one), len(other)))
        count = f"{len(met)} messages, other ones from here on"
        yield Difference(f"[{place}]", f"{len(expected)} messages", count, _NAME)
        return
    blocks = _blocks(expected, met)
    if is_by_type:
        by_type = _blocks(kinds, others)
        blocks = [each for each in blocks if not _has_same_kinds(kinds, others, each)]
        if _size(blocks) > _size(by_type):
            blocks = by_type
    for what, start, end, other_start, other_end in blocks:
        yield _block(expected[start:end], met[other_start:other_end], start, what, is_by_type)


_Block = tuple[str, int, int, int, int]


def _blocks(expected: list[Key], met: list[Key]) -> list[_Block]:
    found = SequenceMatcher(None, expected, met, autojunk=False).get_opcodes()
    return [each for each in found if each[0] != "equal"]


def _has_same_kinds(expected: list[Key], met: list[Key], block: _Block) -> bool:
    _, start, end, other_start, other_end = block
    return expected[start:end] == met[other_start:other_end]


def _size(blocks: Sequence[_Block]) -> int:
    """How many messages are gone, new, or others."""
    return sum(max(end - start, other_end - other_start) for _, start, end, other_start, other_end in blocks)


def _block(
    expected: Sequence[Key], met: Sequence[Key], place: int, what: str, is_by_type: bool
) -> Difference:
    path = f"[{place}]"
    if what == "replace" and len(expected) == len(met) == 1:
        (kind, text), (other_kind, other_text) = expected[0], met[0]
        if kind == other_kind:
            return Difference(f"{path}.description", shown(text), shown(other_text), _NAME)
        if is_by_type or text == other_text:
            return Difference(f"{path}.type", shown(kind), shown(other_kind), _NAME)
    return Difference(path, _told(expected), _told(met), _NAME)


def _told(messages: Sequence[Key]) -> str:
    if not messages:
        return "nothing"
    kind, text = messages[0]
    first = kind.removeprefix("esriJobMessageType") or "a message without a type"
    first = f"{first}: {shown(text)}" if text else first
    return first if len(messages) == 1 else f"{len(messages)} messages, the first {first}"
