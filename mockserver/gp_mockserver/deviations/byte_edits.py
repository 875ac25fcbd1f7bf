"""The edits of an answer's body as bytes, whatever it is: text around it, a part of it, another encoding.

Operands are bytes of a maker, or texts, which stand for their UTF-8.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

import msgspec
from gp_protocol.errors import shown

from gp_mockserver.deviations.body_encodings import ENCODINGS
from gp_mockserver.deviations.body_limits import MOST_BYTES, check_size
from gp_mockserver.deviations.edit_forms import build, choice, name_of
from gp_mockserver.errors import SiteFileError

_TEXT: Final = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"', re.DOTALL)
_PLACES: Final = ("half", "inside-text")


class ByteEdit(msgspec.Struct, frozen=True):
    """What all edits of bytes are."""


class BodyReplace(ByteEdit, frozen=True):
    """Another body."""

    body: bytes


class Prepend(ByteEdit, frozen=True):
    """Something before the body."""

    body: bytes


class Append(ByteEdit, frozen=True):
    """Something behind the body."""

    body: bytes


class Truncate(ByteEdit, frozen=True):
    """The body's first `at` bytes, or all but the last `-at`; `half` of it; or up to where it stands in the
    middle of a JSON text, that nearest to the middle of the body."""

    at: int | str


class Substitute(ByteEdit, frozen=True):
    """`with` for the first `times` of `from`, or for all of them."""

    old: bytes = msgspec.field(name="from")
    new: bytes = msgspec.field(name="with")
    times: int | None = None


class Encode(ByteEdit, frozen=True):
    """The body in one of the forms in `body_encodings.ENCODINGS`."""

    how: str


BYTE_EDITS: Final[dict[str, type[ByteEdit]]] = {
    "body-replace": BodyReplace,
    "prepend": Prepend,
    "append": Append,
    "truncate": Truncate,
    "substitute": Substitute,
    "encode": Encode,
}
"""The edits by the names that records have for them."""


def byte_edit(action: Mapping[str, Any], path: str = "do") -> ByteEdit:
    """The edit that an action of a record is, its makers expanded. Raises SiteFileError, said of `path`."""
    name = name_of(action, BYTE_EDITS, path)
    edit: ByteEdit = build(BYTE_EDITS[name], name, action, path)
    match edit:
        case Truncate(at=str() as word) if word not in _PLACES:
            choice(word, _PLACES, f"{path}.truncate")
        case Substitute(old=b""):
            raise SiteFileError(f"{path}.{name}", shown(""), "what to look for")
        case Substitute(times=int() as times) if times < 1:
            raise SiteFileError(f"{path}.times", str(times), "1 or more")
        case Encode():
            choice(edit.how, ENCODINGS, f"{path}.{name}")
    return edit


def edit_bytes(edit: ByteEdit, body: bytes, limit: int = MOST_BYTES) -> tuple[bytes, bool]:
    """The body after the edit, and whether that changed anything.

    Raises BodyTooLarge where it would get larger than `limit` bytes.
    """
    edited = _edited(edit, body, limit)
    check_size("the edited body", len(edited), max(limit, len(body)))
    return edited, edited != body


def _edited(edit: ByteEdit, body: bytes, limit: int) -> bytes:
    match edit:
        case BodyReplace():
            return edit.body
        case Prepend():
            check_size("prepend", len(body) + len(edit.body), limit)
            return edit.body + body
        case Append():
            check_size("append", len(body) + len(edit.body), limit)
            return body + edit.body
        case Truncate(at="inside-text"):
            return body[: _inside_a_text(body)]
        case Truncate(at=int() as at):
            return body[:at]
        case Truncate():
            return body[: len(body) // 2]
        case Substitute():
            count = -1 if edit.times is None else edit.times
            found = body.count(edit.old) if edit.times is None else min(body.count(edit.old), edit.times)
            check_size("substitute", len(body) + found * (len(edit.new) - len(edit.old)), limit)
            return body.replace(edit.old, edit.new, count)
        case Encode():
            return ENCODINGS[edit.how](body, limit)
    raise AssertionError(edit)


def _inside_a_text(body: bytes) -> int:
    """Where to stop: in the middle of a text, after a whole character; at the end where all are empty."""
    middle = len(body) // 2
    nearest: int | None = None
    for text in _TEXT.finditer(body):
        position = (text.start() + 1 + text.end()) // 2
        while body[position] & 0xC0 == 0x80:
            position += 1
        if position > text.start() + 1 and (
            nearest is None or abs(position - middle) < abs(nearest - middle)
        ):
            nearest = position
        if nearest is not None and text.start() > middle:
            break
    return len(body) if nearest is None else nearest
