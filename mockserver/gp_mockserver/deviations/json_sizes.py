"""How long a value's text is, told without writing it: what stands in it many times is looked at once."""

from __future__ import annotations

import msgspec

from gp_mockserver.deviations.json_documents import Array, Literal, Object, Unread, Value


def size_of(root: Value) -> int | None:
    """The bytes of a value's text in one line; None where a part came in several lines."""
    sizes: dict[int, int] = {}
    to_do = [root]
    while to_do:
        value = to_do[-1]
        if id(value) in sizes:
            to_do.pop()
            continue
        if isinstance(value, Literal | Unread):
            if isinstance(value, Unread) and value.lines:
                return None
            sizes[id(value)] = len(value.text)
            continue
        parts = _parts(value)
        if missing := [each for each in parts if id(each) not in sizes]:
            to_do += missing
            continue
        around = 2 + max(0, len(parts) - 1)
        if isinstance(value, Object):
            around += sum(len(_text(key)) + 1 for key, _ in value.members)
        sizes[id(value)] = around + sum(sizes[id(each)] for each in parts)
    return sizes[id(root)]


def _parts(value: Object | Array) -> tuple[Value, ...]:
    return value.elements if isinstance(value, Array) else tuple(each for _, each in value.members)


def _text(key: str) -> bytes:
    try:
        return msgspec.json.encode(key)
    except UnicodeError:
        return key.encode("ascii", "backslashreplace") + b'""'
