"""The edits of a JSON answer that a record may ask for; `json_editing` does them.

Every edit has a pointer and is done at each place that it leads to; where it leads nowhere the edit did not
apply. `beside` keeps an edit to the members of objects that hold these other members, too:
`{ map = "/results/*/value", how = "to-text", beside = { dataType = "GPLong" } }`. `holding` keeps it to
places that are objects with such members themselves:
`{ remove = "/parameters/*", holding = { dataType = "GPLong" } }`. `of` is for results: the pointer then
begins at each result of these data types, `GPLong|GPMultiValue:*`, be it the answer, one of execute's, or one
of a list. `declared` does so by the data types that the task says its outputs have; in front of a real
server, whose tasks are not known, it finds none.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final, Literal

import msgspec
from gp_protocol.suggestions import did_you_mean, one_of

from gp_mockserver.deviations.edit_forms import build, choice, name_of
from gp_mockserver.deviations.json_documents import Value
from gp_mockserver.deviations.json_maps import MAPS
from gp_mockserver.deviations.json_pointers import Pointer
from gp_mockserver.errors import SiteFileError

FILLS: Final = ("value", "name", "origin", "elsewhere", "root", "path", "job", "job_id", "token")
"""What texts of `rewrite` and `replace` may name in braces. `value` (the text, or the JSON, that stands
there) and `name` (its key or index) are the place's own. The rest is given with the edit, and where one is
not the edit does nothing: `origin` and `root` of the site's address, the origin of a host `elsewhere`, the
`path` that was asked, the full URL of the `job`, its id, the asker's token."""
FILL: Final = re.compile(r"\{\{|\}\}|\{(\w*)\}")
"""A brace that stands for itself, written twice, or a name in braces."""


class Edit(msgspec.Struct, frozen=True, kw_only=True, rename="kebab"):
    """What all have: where, which members must stand beside the place and which in it, in which results."""

    pointer: Pointer
    beside: Mapping[str, Value] = {}
    of: str = ""
    declared: str = ""
    holding: Mapping[str, Value] = {}


class Set(Edit, frozen=True, kw_only=True):
    """Another value; where the object has no such member, or the array none at `-`, a new one. `only`: where
    it is `new`, where there is an `old` one, or where that is `filled`: not null, nor empty."""

    value: Value
    only: str = ""


class PutLiteral(Edit, frozen=True, kw_only=True):
    """As Set, the value being raw text that nothing checks."""

    text: bytes
    only: str = ""


class Remove(Edit, frozen=True, kw_only=True):
    """The member or element is not there."""


class Rename(Edit, frozen=True, kw_only=True):
    """The member has another key: `to`, or its own in `upper` or `lower` case by `how`."""

    to: str = ""
    how: str = ""


class Wrap(Edit, frozen=True, kw_only=True):
    """The value stands in an `array` of one, in an `object` under `key`, or as JSON in a `text`."""

    form: str = msgspec.field(name="in")
    key: str = "value"


class Unwrap(Edit, frozen=True, kw_only=True):
    """In place of an object the value of its member `key`."""

    key: str


class DuplicateKey(Edit, frozen=True, kw_only=True):
    """The key stands twice, once with `value`: before the true one, or behind it with `place = "last"`."""

    value: Value
    place: str = "first"


class Map(Edit, frozen=True, kw_only=True):
    """The value by one of the rules in `json_maps.MAPS`."""

    how: str


class Rewrite(Edit, frozen=True, kw_only=True):
    """A text in place of the value, made from `text`, with FILLS in braces."""

    text: str


class Replace(Edit, frozen=True, kw_only=True):
    """In a text, `with` for each `from`; both may have FILLS in braces."""

    old: str = msgspec.field(name="from")
    new: str = msgspec.field(name="with")


class Keep(Edit, frozen=True, kw_only=True):
    """Of an array or object only `n` elements or members (all without it, or `half` of them), those after the
    first `skip`. Where some are left out the member `flag` beside it is true. Of the whole document: unless
    it is an error."""

    n: int | Literal["half"] | None = None
    skip: int = 0
    flag: str = ""


class Repeat(Edit, frozen=True, kw_only=True):
    """The array's elements over and over until there are `n`, or all of them `times` over."""

    n: int | None = None
    times: int | None = None


class Add(Edit, frozen=True, kw_only=True):
    """One more element of an array, `last` or `first`; or `times` as many, all the same."""

    value: Value
    place: str = "last"
    times: int = 1


class Copy(Edit, frozen=True, kw_only=True):
    """The value once more: `under` another key of the same object, or at the pointer `to`, as Set puts it."""

    under: str = ""
    to: Pointer | None = None


class ToList(Edit, frozen=True, kw_only=True):
    """An object as an array of its values; each that is an object gets its old key as a first member
    `key`."""

    key: str = ""


class ToObject(Edit, frozen=True, kw_only=True):
    """An array as an object: under `names` in their order, or under the text that each has as its member
    `key`."""

    key: str = ""
    names: tuple[str, ...] = ()


JSON_EDITS: Final[dict[str, type[Edit]]] = {
    "set": Set,
    "remove": Remove,
    "rename": Rename,
    "wrap": Wrap,
    "unwrap": Unwrap,
    "literal": PutLiteral,
    "duplicate-key": DuplicateKey,
    "map": Map,
    "rewrite": Rewrite,
    "replace": Replace,
    "keep": Keep,
    "repeat": Repeat,
    "add": Add,
    "copy": Copy,
    "to-list": ToList,
    "to-object": ToObject,
}
"""The edits by the names that records have for them."""
_OF_MEMBERS: Final = (Remove, Rename, DuplicateKey)


def json_edit(action: Mapping[str, Any], path: str = "do") -> Edit:
    """The edit that an action of a record is, its makers expanded. Raises SiteFileError, said of `path`."""
    name = name_of(action, JSON_EDITS, path)
    edit: Edit = build(JSON_EDITS[name], name, action, path)
    if not edit.pointer.steps and (
        isinstance(edit, _OF_MEMBERS)
        or edit.beside
        or edit.holding
        or (isinstance(edit, Set | PutLiteral) and edit.only)
        or (isinstance(edit, Copy) and edit.under)
    ):
        raise SiteFileError(f"{path}.{name}", "the whole document", "a place in it")
    match edit:
        case Set() | PutLiteral() if edit.only:
            choice(edit.only, ("new", "old", "filled"), f"{path}.only")
        case Wrap():
            choice(edit.form, ("array", "object", "text"), f"{path}.in")
        case Map():
            choice(edit.how, MAPS, f"{path}.how")
        case Rename() if edit.how or not edit.to:
            choice(edit.how, ("lower", "upper"), f"{path}.how")
        case Add(times=times) if times < 0:
            raise SiteFileError(f"{path}.times", str(times), "0 or more")
        case DuplicateKey() | Add():
            choice(edit.place, ("first", "last"), f"{path}.place")
        case Rewrite():
            _check_fills(edit.text, f"{path}.text")
        case Replace():
            _check_fills(edit.old, f"{path}.from")
            _check_fills(edit.new, f"{path}.with")
        case Repeat() if (edit.n is None) == (edit.times is None):
            raise SiteFileError(path, "repeat", 'one of "n" and "times"')
        case Keep() | Repeat():
            for key in ("n", "skip", "times"):
                number = getattr(edit, key, 0) or 0
                if isinstance(number, int) and number < 0:
                    raise SiteFileError(f"{path}.{key}", str(getattr(edit, key)), "0 or more")
        case Copy() if bool(edit.under) == (edit.to is not None):
            raise SiteFileError(path, "copy", 'one of "under" (a key) and "to" (a pointer)')
        case ToObject() if bool(edit.key) == bool(edit.names):
            raise SiteFileError(path, "to-object", 'one of "key" and "names"')
    return edit


def touched(edit: Edit) -> tuple[Pointer, ...]:
    """The places that an edit changes, to be held against another's with `json_pointers.overlaps`."""
    match edit:
        case Rename() if edit.to:
            return edit.pointer, edit.pointer.sibling(edit.to)
        case Copy():
            return (edit.to if edit.to is not None else edit.pointer.sibling(edit.under),)
    return (edit.pointer,)


def template_of(edit: Edit) -> str:
    """The text of an edit in which FILLS may stand."""
    return edit.text if isinstance(edit, Rewrite) else edit.new if isinstance(edit, Replace) else ""


def _check_fills(text: str, path: str) -> None:
    for brace in FILL.finditer(text):
        if brace[1] is not None and brace[1] not in FILLS:
            hint = did_you_mean(brace[1], FILLS) or "write {{ for a brace"
            raise SiteFileError(path, f"{{{brace[1]}}}", f"{one_of(FILLS)} in braces", hint)
