"""JSON pointers (RFC 6901) to the places of an answer that an edit is for, `*` standing for every one.

`/results/*/paramUrl` leads into each member or element. `/messages/-` is the place behind the last element,
for what is put in. In a step `~1` is a slash and `~0` a tilde; a member called `*` cannot be named.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Final

import msgspec
from gp_protocol.errors import shown

from gp_mockserver.deviations.json_documents import Array, Object, Value, opened
from gp_mockserver.errors import SiteFileError

EACH: Final = "*"
END: Final = "-"
_MOST_STEPS: Final = 100
_INDEX: Final = re.compile(r"0|[1-9][0-9]{0,8}")
_WRONG_ESCAPE: Final = re.compile(r"~(?![01])")


class Pointer(msgspec.Struct, frozen=True):
    """The steps from the whole document, which has none, to a place."""

    steps: tuple[str, ...] = ()

    def __str__(self) -> str:
        return "".join("/" + step.replace("~", "~0").replace("/", "~1") for step in self.steps)

    @property
    def holder(self) -> Pointer:
        """Where the object or array stands that the place is in; of the whole document, itself."""
        return Pointer(self.steps[:-1])

    def sibling(self, key: str) -> Pointer:
        """The place of another member of the same object."""
        return Pointer((*self.steps[:-1], key))


class Place(msgspec.Struct, frozen=True):
    """One place that a pointer leads to: the keys and indexes on the way, and what stands there."""

    steps: tuple[str | int, ...]
    value: Value


def parse_pointer(text: object, path: str = "pointer") -> Pointer:
    """Raises SiteFileError, said of `path`, for what is no pointer."""
    if isinstance(text, Pointer):
        return text
    if not isinstance(text, str):
        raise SiteFileError(path, shown(text), 'a JSON pointer, such as "/results/*/paramUrl"')
    if text and not text.startswith("/"):
        raise SiteFileError(
            path, shown(text), "a JSON pointer, which begins with a slash", f"write {shown('/' + text)}"
        )
    if _WRONG_ESCAPE.search(text):
        raise SiteFileError(path, shown(text), "~0 (a tilde) or ~1 (a slash) for every tilde")
    steps = tuple(step.replace("~1", "/").replace("~0", "~") for step in text.split("/")[1:])
    if len(steps) > _MOST_STEPS:
        raise SiteFileError(path, f"{len(steps)} steps", f"a pointer of at most {_MOST_STEPS}")
    return Pointer(steps)


def overlaps(one: Pointer, other: Pointer) -> bool:
    """Whether one of the two is the other, or leads to what holds the other; `*` may be any step."""
    return all(
        mine == theirs or EACH in (mine, theirs) for mine, theirs in zip(one.steps, other.steps, strict=False)
    )


def matches(holder: Object | Array, step: str) -> range | list[int]:
    """The positions in the holder that a step leads to: none, one, or several."""
    if isinstance(holder, Object):
        if step == EACH:
            return range(len(holder.members))
        return [i for i, (key, _) in enumerate(holder.members) if key == step]
    if step == EACH:
        return range(len(holder.elements))
    if _INDEX.fullmatch(step) and int(step) < len(holder.elements):
        return [int(step)]
    return []


def resolve(value: Value, pointer: Pointer) -> Iterator[Place]:
    """Every place that the pointer leads to, in the order of the text."""
    return _resolve(value, pointer.steps, ())


def _resolve(value: Value, steps: tuple[str, ...], on_the_way: tuple[str | int, ...]) -> Iterator[Place]:
    if not steps:
        yield Place(on_the_way, value)
        return
    holder = opened(value)
    if not isinstance(holder, Object | Array):
        return
    for position in matches(holder, steps[0]):
        name, inner = part(holder, position)
        yield from _resolve(inner, steps[1:], (*on_the_way, name))


def part(holder: Object | Array, position: int) -> tuple[str | int, Value]:
    """The key, or the index, and the value at a position."""
    if isinstance(holder, Object):
        return holder.members[position]
    return position, holder.elements[position]


def with_parts(holder: Object | Array, values: dict[int, Value]) -> Object | Array:
    """The holder with other values at these positions."""
    if not values:
        return holder
    if isinstance(holder, Object):
        return Object(tuple((key, values.get(i, old)) for i, (key, old) in enumerate(holder.members)))
    return Array(tuple(values.get(i, old) for i, old in enumerate(holder.elements)))


def changed(value: Value, pointer: Pointer, change: Callable[[Value], Value]) -> Value:
    """The value with `change` done at each place that the pointer leads to.

    What changes nothing returns what it was given; if nothing changed, the very same value comes back.
    """
    return _changed(value, pointer.steps, change)


def _changed(value: Value, steps: tuple[str, ...], change: Callable[[Value], Value]) -> Value:
    if not steps:
        return change(value)
    holder = opened(value)
    if not isinstance(holder, Object | Array):
        return value
    others: dict[int, Value] = {}
    for position in matches(holder, steps[0]):
        _, old = part(holder, position)
        new = _changed(old, steps[1:], change)
        if new is not old:
            others[position] = new
    return with_parts(holder, others) if others else value
