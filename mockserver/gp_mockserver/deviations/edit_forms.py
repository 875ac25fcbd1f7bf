"""From an action as a record writes it to the edit that it is.

An action is a table. One key names it and holds what it is for, the others say how:
`{ rename = "/jobId", to = "jobID" }`, `{ truncate = "half" }`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import cache
from typing import Any

import msgspec
from gp_protocol.errors import shown
from gp_protocol.suggestions import did_you_mean, one_of
from msgspec.structs import FieldInfo

from gp_mockserver.deviations.json_documents import Value, value_of
from gp_mockserver.deviations.json_pointers import Pointer, parse_pointer
from gp_mockserver.errors import SiteFileError


def name_of(action: Mapping[str, Any], kinds: Collection[str], path: str) -> str:
    """What the action is called: its first key that is one of `kinds`, for others may be called like a part
    of an action. Raises SiteFileError where there is none."""
    name = next((key for key in action if key in kinds), None)
    if name is not None:
        return name
    hint = next(filter(None, (did_you_mean(str(key), kinds) for key in action)), "")
    met = ", ".join(map(str, action)) or "nothing"
    raise SiteFileError(path, met, f"an action: {one_of(kinds)}", hint)


@cache  # msgspec reads the annotations anew each time
def _fields(kind: type[msgspec.Struct]) -> dict[str, FieldInfo]:
    return {field.encode_name: field for field in msgspec.structs.fields(kind)}


def build(kind: type[msgspec.Struct], name: str, action: Mapping[str, Any], path: str) -> Any:
    """The edit of this kind; `name` is the key that its first field is written under.

    Raises SiteFileError for fields that it does not have, that are missing or that hold something else.
    """
    fields = _fields(kind)
    first = next(iter(fields.values()))
    allowed = [key for key in fields if key != first.encode_name]
    given = {}
    for key, data in action.items():
        field = first if key == name else fields.get(key)
        if field is None or (field is first and key != name):
            expected = one_of(allowed) if allowed else "nothing beside it"
            raise SiteFileError(f"{path}.{key}", "no part of that name", expected, did_you_mean(key, allowed))
        given[field.name] = _converted(field.type, data, f"{path}.{key}")
    for field in fields.values():
        if field.required and field.name not in given:
            raise SiteFileError(path, f"{name} without {field.encode_name}", f"its {field.encode_name}")
    return kind(**given)


def _converted(wanted: Any, data: Any, path: str) -> Any:
    if wanted is Pointer or (wanted == Pointer | None and data is not None):
        return parse_pointer(data, path)
    if wanted == Value:
        return value_of(data, path)
    if wanted is bytes:
        return operand(data, path)
    if wanted == Mapping[str, Value]:
        if not isinstance(data, Mapping):
            raise SiteFileError(path, shown(data), "members and their values")
        return {str(key): value_of(each, f"{path}.{key}") for key, each in data.items()}
    try:
        return msgspec.convert(data, wanted)
    except msgspec.ValidationError as error:
        raise SiteFileError(path, shown(data), str(error).split(" - ")[0].removeprefix("Expected ")) from None


def operand(data: Any, path: str) -> bytes:
    """Bytes, or the UTF-8 of a text. Raises SiteFileError for anything else."""
    if isinstance(data, bytes):
        return data
    if not isinstance(data, str):
        raise SiteFileError(path, shown(data), "a text, or bytes of a maker", 'such as { "$hex" = "e9" }')
    try:
        return data.encode()
    except UnicodeError:
        raise SiteFileError(path, shown(data), "text that UTF-8 can carry", 'give it as "$hex"') from None


def choice(word: str, choices: Collection[str], path: str) -> None:
    """Raises SiteFileError for a word that is none of the choices."""
    if word not in choices:
        raise SiteFileError(path, shown(word), one_of(choices), did_you_mean(word, choices))
