"""JSON whose type says nothing more: numbers by tolerance, texts but for what may vary, objects by key."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

from gpharness.comparing.differences import Difference, shown, sort_of
from gpharness.comparing.numbers import is_number, same_number
from gpharness.comparing.texts import same_text
from gpharness.contracts.contract import Varies

Compare = Callable[[Any, Any], Iterator[Difference]]
_MISSING: Final = object()


def plain_differences(expected: Any, met: Any, varies: Varies) -> Iterator[Difference]:
    """How two values differ, the path being empty for the value itself. A value of another sort is a
    `changed.value-type`."""
    if is_number(expected) and is_number(met):
        if not same_number(expected, met, varies.floats):
            yield Difference("", shown(expected), shown(met))
    elif sort_of(expected) != sort_of(met):
        yield other_sort(expected, met)
    elif isinstance(expected, str):
        if not same_text(expected, met, varies):
            yield Difference("", shown(expected), shown(met))
    elif isinstance(expected, list):
        yield from list_differences(expected, met, lambda one, other: plain_differences(one, other, varies))
    elif isinstance(expected, dict):
        yield from member_differences(expected, met, varies)
    elif expected != met:
        yield Difference("", shown(expected), shown(met))


def same_plain(expected: Any, met: Any, varies: Varies) -> bool:
    """Whether there is no difference."""
    return next(plain_differences(expected, met, varies), None) is None


def other_sort(expected: Any, met: Any, path: str = "") -> Difference:
    """A value of another sort, such as a text in a number's place."""
    one, other = sort_of(expected), sort_of(met)
    return Difference(path, _sorted(one, expected), _sorted(other, met), "changed.value-type")


def _sorted(sort: str, value: Any) -> str:
    return sort if value is None or isinstance(value, dict | list) else f"{sort}, {shown(value)}"


def member_differences(
    expected: dict[str, Any],
    met: dict[str, Any],
    varies: Varies,
    by: dict[str, Compare] | None = None,
    absent: dict[str, Any] | None = None,
) -> Iterator[Difference]:
    """The members of two objects, in any order. `by` compares some of them in a way of their own, `absent`
    says which value a missing one stands for. What the contract does not have is a note: clients pass over
    it."""
    by, absent = by or {}, absent or {}
    for key in dict.fromkeys([*expected, *met]):
        one = expected.get(key, absent.get(key, _MISSING))
        other = met.get(key, absent.get(key, _MISSING))
        if one is _MISSING:
            yield Difference(key, "nothing", shown(other), "changed.value-type", "note")
        elif other is _MISSING:
            yield Difference(key, shown(one), "nothing", "changed.value-type")
        elif key in by:
            yield from (each.at(key) for each in by[key](one, other))
        else:
            yield from (each.at(key) for each in plain_differences(one, other, varies))


def list_differences(expected: Sequence[Any], met: Sequence[Any], compare: Compare) -> Iterator[Difference]:
    """Lists whose order counts. What stands before and behind the same is left aside, so that an element that
    is gone or new is one difference; the same elements in another order are one, too."""

    def same(one: Any, other: Any) -> bool:
        return next(compare(one, other), None) is None

    first, last = 0, 0
    shorter = min(len(expected), len(met))
    while first < shorter and same(expected[first], met[first]):
        first += 1
    while last < shorter - first and same(expected[-1 - last], met[-1 - last]):
        last += 1
    middle, other_middle = expected[first : len(expected) - last], met[first : len(met) - last]
    if 1 < len(middle) == len(other_middle) <= 50 and _is_permuted(middle, other_middle, same):
        yield Difference("", "the contract's order", "the same elements in another order")
        return
    for place, (one, other) in enumerate(zip(middle, other_middle, strict=False), first):
        yield from (each.at(f"[{place}]") for each in compare(one, other))
    both = min(len(middle), len(other_middle))
    for place, one in enumerate(middle[both:], first + both):
        yield Difference(f"[{place}]", shown(one), "nothing")
    for place, other in enumerate(other_middle[both:], first + both):
        yield Difference(f"[{place}]", "nothing", shown(other))


def _is_permuted(expected: Sequence[Any], met: Sequence[Any], same: Callable[[Any, Any], bool]) -> bool:
    left = list(met)
    for one in expected:
        place = next((i for i, other in enumerate(left) if same(one, other)), None)
        if place is None:
            return False
        del left[place]
    return True
