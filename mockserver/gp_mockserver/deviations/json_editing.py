"""How the edits of a JSON answer are done: a document in, another one out, the old one as it was."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from fnmatch import fnmatchcase

import msgspec

from gp_mockserver.deviations.body_limits import MOST_BYTES, check_size
from gp_mockserver.deviations.json_documents import (
    Array,
    Document,
    Literal,
    Object,
    Unread,
    Value,
    opened,
    raw_of,
    text_of,
    value_of,
    written,
)
from gp_mockserver.deviations.json_edits import (
    FILL,
    Add,
    Copy,
    DuplicateKey,
    Edit,
    Keep,
    Map,
    PutLiteral,
    Remove,
    Rename,
    Repeat,
    Replace,
    Rewrite,
    Set,
    ToList,
    ToObject,
    Unwrap,
    Wrap,
)
from gp_mockserver.deviations.json_maps import MAPS
from gp_mockserver.deviations.json_pointers import (
    EACH,
    END,
    Pointer,
    changed,
    matches,
    part,
    resolve,
    with_parts,
)
from gp_mockserver.deviations.json_sizes import size_of


class Editing(msgspec.Struct, frozen=True):
    """What edits of one answer need to know: what fills texts (FILLS but `value` and `name`), a seed, how
    many bytes a body may get, and the data types that the task says its outputs have, by name."""

    fills: Mapping[str, str] = {}
    seed: int | str = 0
    limit: int = MOST_BYTES
    declared: Mapping[str, str] = {}


def edit_document(edit: Edit, document: Document, editing: Editing | None = None) -> tuple[Document, bool]:
    """The document with the edit done, and whether that changed anything.

    Raises BodyTooLarge where one value would get too large; `json_documents.write` looks at the whole body.
    """
    editing = editing or Editing()
    edited = _in_results if edit.of or edit.declared else _edited
    root = edited(edit, document.root, editing)
    if root is document.root:
        return document, False
    return msgspec.structs.replace(document, root=root), True


_RESULTS = Pointer(("results", EACH))
_LISTED = Pointer((EACH,))
_ERROR = Pointer(("error",))


def _in_results(edit: Edit, root: Value, editing: Editing) -> Value:
    """The document after the edit of each result in it that is of the edit's data types: of the one that it
    is, of those that execute answers with, or of a list of them."""
    within = msgspec.structs.replace(edit, of="", declared="")

    def edited(value: Value) -> Value:
        inside = opened(value)
        if not isinstance(inside, Object):
            return value
        members = dict(inside.members)
        if "paramName" not in members or not _is_meant(edit, members, editing):
            return value
        return _edited(within, value, editing)

    outside = opened(root)
    if isinstance(outside, Array):
        return changed(root, _LISTED, edited)
    if isinstance(outside, Object) and any(key == "results" for key, _ in outside.members):
        return changed(root, _RESULTS, edited)
    return edited(root)


def _is_meant(edit: Edit, result: Mapping[str, Value], editing: Editing) -> bool:
    """Whether a result is of the data types that the edit is for."""
    own = text_of(result["dataType"]) if "dataType" in result else None
    declared = editing.declared.get(text_of(result["paramName"]) or "", "")
    return _is_one_of(own or "", edit.of) and _is_one_of(declared, edit.declared)


def _is_one_of(kind: str, globs: str) -> bool:
    return not globs or any(fnmatchcase(kind, each) for each in globs.split("|"))


def _edited(edit: Edit, root: Value, editing: Editing) -> Value:
    if isinstance(edit, Copy) and edit.to is not None:
        source = _first(edit, root)
        return root if source is None else _edited(Set(pointer=edit.to, value=source), root, editing)
    if not edit.pointer.steps:
        is_error = isinstance(edit, Keep) and any(resolve(root, _ERROR))
        return root if is_error else _if_other(root, _new_value(edit, root, "", editing))
    return changed(root, edit.pointer.holder, lambda value: _in_holder(edit, value, editing))


def _first(edit: Edit, root: Value) -> Value | None:
    if not edit.pointer.steps:
        return root
    for place in resolve(root, edit.pointer.holder):
        holder = opened(place.value)
        if isinstance(holder, Object | Array) and _fits(edit, holder):
            for position in matches(holder, edit.pointer.steps[-1]):
                if not edit.holding or _has(part(holder, position)[1], edit.holding):
                    return part(holder, position)[1]
    return None


def _in_holder(edit: Edit, value: Value, editing: Editing) -> Value:
    """The object or array that the edit's places are in, after the edit."""
    holder = opened(value)
    if not isinstance(holder, Object | Array) or not _fits(edit, holder):
        return value
    step = edit.pointer.steps[-1]
    found = matches(holder, step)
    if edit.holding:
        found = [i for i in found if _has(part(holder, i)[1], edit.holding)]
        if not found:
            return value
    match edit:
        case Set(only="new") | PutLiteral(only="new") if found:
            new: Value = holder
        case Set(only="filled") | PutLiteral(only="filled"):
            there = [i for i in found if _is_filled(part(holder, i)[1])]
            new = _with_new_values(edit, holder, there, editing)
        case Set() | PutLiteral() if not found:
            new = holder if edit.only == "old" else _with_another(holder, step, _put(edit))
        case Remove():
            new = _without(holder, set(found))
        case Rename() | DuplicateKey() | Copy():
            new = _members_edited(edit, holder, set(found))
        case _:
            new = _with_new_values(edit, holder, found, editing)
            if isinstance(edit, Keep) and edit.flag and new is not holder and isinstance(new, Object):
                new = _flagged(new, edit.flag)
    return value if new is holder else new


def _is_filled(value: Value) -> bool:
    """Whether a value is neither null nor empty: an object, array or text without anything in it."""
    inside = opened(value)
    if isinstance(inside, Object):
        return bool(inside.members)
    return (
        bool(inside.elements) if isinstance(inside, Array) else raw_of(value).strip() not in (b"null", b'""')
    )


def _flagged(holder: Object, key: str) -> Object:
    """The object with a member that is true."""
    others = [each for each in holder.members if each[0] != key]
    return Object((*others, (key, Literal(b"true"))))


def _fits(edit: Edit, holder: Object | Array) -> bool:
    return not edit.beside or _has(holder, edit.beside)


def _has(value: Value, wanted: Mapping[str, Value]) -> bool:
    """Whether the value is an object with these members."""
    inside = opened(value)
    if not isinstance(inside, Object):
        return False
    members = dict(inside.members)
    return all(key in members and _are_equal(members[key], each) for key, each in wanted.items())


def _with_another(holder: Object | Array, step: str, value: Value) -> Object | Array:
    if isinstance(holder, Array):
        return Array((*holder.elements, value)) if step == END else holder
    return holder if step == EACH else Object((*holder.members, (step, value)))


def _without(holder: Object | Array, positions: set[int]) -> Object | Array:
    if not positions:
        return holder
    if isinstance(holder, Object):
        return Object(tuple(each for i, each in enumerate(holder.members) if i not in positions))
    return Array(tuple(each for i, each in enumerate(holder.elements) if i not in positions))


def _members_edited(
    edit: Rename | DuplicateKey | Copy, holder: Object | Array, positions: set[int]
) -> Object | Array:
    if not isinstance(holder, Object) or not positions:
        return holder
    if isinstance(edit, Copy) and any(key == edit.under for key, _ in holder.members):
        return holder
    members: list[tuple[str, Value]] = []
    for i, (key, value) in enumerate(holder.members):
        if i not in positions:
            members.append((key, value))
            continue
        match edit:
            case Rename():
                members.append((edit.to or (key.lower() if edit.how == "lower" else key.upper()), value))
            case DuplicateKey(place="first"):
                members += (key, edit.value), (key, value)
            case DuplicateKey():
                members += (key, value), (key, edit.value)
            case Copy():
                members += (key, value), (edit.under, value)
    if isinstance(edit, Rename) and all(
        new == old for (new, _), (old, _) in zip(members, holder.members, strict=True)
    ):
        return holder
    return Object(tuple(members))


def _with_new_values(
    edit: Edit, holder: Object | Array, positions: range | list[int], editing: Editing
) -> Object | Array:
    others = {}
    for position in positions:
        name, old = part(holder, position)
        new = _new_value(edit, old, str(name), editing)
        if not isinstance(edit, Add | Repeat):
            new = _if_other(old, new)
        if new is not old:
            others[position] = new
    return with_parts(holder, others)


def _put(edit: Set | PutLiteral) -> Value:
    return edit.value if isinstance(edit, Set) else Literal(edit.text)


def _new_value(edit: Edit, old: Value, name: str, editing: Editing) -> Value:
    """What stands in a value's place after the edit; the very same value where it is not for this one."""
    match edit:
        case Set() | PutLiteral():
            return _put(edit)
        case Wrap(form="array"):
            return Array((old,))
        case Wrap(form="object"):
            return Object(((edit.key, old),))
        case Wrap():
            return value_of(written(old, editing.limit).decode("utf-8", "replace"))
        case Map():
            return MAPS[edit.how](old, f"{editing.seed}:{edit.pointer}:{name}")
        case Rewrite():
            return _rewritten(edit, old, name, editing)
        case Replace():
            return _replaced(edit, old, name, editing)
    inside = opened(old)
    match edit, inside:
        case Unwrap(), Object():
            return dict(inside.members).get(edit.key, old)
        case Keep(), Object() | Array():
            return _kept(edit, inside)
        case Repeat(), Array():
            return _repeated(edit, inside, editing.limit) or old
        case Add(), Array():
            return _with_more(edit, inside, editing.limit) or old
        case ToList(), Object():
            return _as_list(edit, inside)
        case ToObject(), Array():
            return _as_object(edit, inside) or old
    return old


def _kept(edit: Keep, inside: Object | Array) -> Value:
    whole = len(inside.members if isinstance(inside, Object) else inside.elements)
    n = whole // 2 if edit.n == "half" else edit.n
    chosen = slice(edit.skip, None if n is None else edit.skip + n)
    if isinstance(inside, Object):
        return Object(inside.members[chosen])
    return Array(inside.elements[chosen])


def _with_more(edit: Add, inside: Array, limit: int) -> Value | None:
    if not edit.times:
        return None
    text = written(edit.value, limit)
    check_size("add", len(text) * edit.times, limit)
    more = (edit.value if isinstance(edit.value, Literal) else Unread(text),) * edit.times
    return Array((*more, *inside.elements) if edit.place == "first" else (*inside.elements, *more))


def _repeated(edit: Repeat, inside: Array, limit: int) -> Value | None:
    elements = inside.elements
    n = len(elements) * (edit.times or 0) if edit.n is None else edit.n
    if not elements or n <= len(elements):
        return None
    rounds, rest = divmod(n, len(elements))
    sizes = [len(written(each, limit)) + 1 for each in elements]
    check_size(f"repeat = {n}", rounds * sum(sizes) + sum(sizes[:rest]), limit)
    return Array(elements * rounds + elements[:rest])


def _as_list(edit: ToList, inside: Object) -> Value:
    elements = []
    for key, value in inside.members:
        of_member = opened(value)
        if edit.key and isinstance(of_member, Object):
            value = Object(((edit.key, value_of(key)), *of_member.members))
        elements.append(value)
    return Array(tuple(elements))


def _as_object(edit: ToObject, inside: Array) -> Value | None:
    members = []
    for i, element in enumerate(inside.elements):
        if edit.names:
            key: str | None = edit.names[i] if i < len(edit.names) else str(i)
        else:
            of_element = opened(element)
            has = dict(of_element.members) if isinstance(of_element, Object) else {}
            key = text_of(has[edit.key]) if edit.key in has else None
        if key is None:
            return None
        members.append((key, element))
    return Object(tuple(members))


def _rewritten(edit: Rewrite, old: Value, name: str, editing: Editing) -> Value:
    text = _filled(edit.text, old, name, editing)
    return old if text is None else value_of(text)


def _replaced(edit: Replace, old: Value, name: str, editing: Editing) -> Value:
    text = text_of(old)
    if text is None:
        return old
    wanted, other = (_filled(each, old, name, editing) for each in (edit.old, edit.new))
    if not wanted or other is None:
        return old
    check_size("replace", len(text) + text.count(wanted) * (len(other) - len(wanted)), editing.limit)
    return value_of(text.replace(wanted, other))


def _filled(template: str, old: Value, name: str, editing: Editing) -> str | None:
    """The text with its braces filled, or None where one of them cannot be."""
    known: dict[str, Callable[[], str]] = {"value": lambda: _as_text(old, editing), "name": lambda: name}
    fills = {each: known[each]() if each in known else editing.fills.get(each) for each in _named(template)}
    if None in fills.values():
        return None
    said = (brace[1] for brace in FILL.finditer(template) if brace[1] is not None)
    check_size("the text", sum(len(fills[each] or "") for each in said), editing.limit)
    return FILL.sub(lambda brace: brace[0][0] if brace[1] is None else fills[brace[1]] or "", template)


def _named(template: str) -> set[str]:
    return {brace[1] for brace in re.finditer(FILL, template) if brace[1] is not None}


def _as_text(value: Value, editing: Editing) -> str:
    text = text_of(value)
    return written(value, editing.limit).decode("utf-8", "replace") if text is None else text


def _if_other(old: Value, new: Value) -> Value:
    """The new value, or the old one where both read the same."""
    return old if new is old or _are_equal(old, new) else new


def _are_equal(one: Value, other: Value) -> bool:
    if raw_of(one) and raw_of(one) == raw_of(other):
        return True
    sizes = size_of(one), size_of(other)
    if None not in sizes and sizes[0] != sizes[1]:
        return False
    return written(one, _COMPARED) == written(other, _COMPARED)


_COMPARED = 2 * MOST_BYTES
"""Bytes of a value that is compared; a larger one is too large for any answer."""
