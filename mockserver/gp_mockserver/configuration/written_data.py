"""Holds data that people wrote to the form that a msgspec Struct defines, and says what does not fit where.

The same Structs make the JSON Schema of site files. A `Meta(description=…)` on a field is what errors say was
expected there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

import msgspec
from gp_protocol.errors import shown
from gp_protocol.suggestions import did_you_mean, one_of
from msgspec import inspect

from gp_mockserver.errors import SiteFileError

S = TypeVar("S", bound=msgspec.Struct)

_WORDS: tuple[tuple[type[inspect.Type], type | tuple[type, ...], str], ...] = (
    (inspect.BoolType, bool, "true or false"),
    (inspect.NoneType, type(None), "null"),
    (inspect.IntType, int, "a whole number"),
    (inspect.FloatType, (int, float), "a number"),
    (inspect.StrType, str, "a text"),
    (inspect.LiteralType, str, ""),
    (inspect.ListType, list, "a list"),
    (inspect.StructType, dict, "a mapping"),
    (inspect.DictType, dict, "a mapping"),
)
"""msgspec's kinds, the Python types that JSON of that kind has, and what people call it."""


def shaped(data: Any, form: type[S], path: str) -> S:
    """The Struct that the data describes. Raises SiteFileError for the first thing that does not fit."""
    try:
        return msgspec.convert(data, form)
    except msgspec.ValidationError as error:
        fault = _fault(data, inspect.type_info(form), path)
        raise fault or SiteFileError(path, shown(data), str(error)) from None


def key_names(form: type[msgspec.Struct]) -> list[str]:
    """The keys of a form, as files spell them."""
    return [field.encode_name for field in msgspec.structs.fields(form)]


def unknown_key(key: str, known: Iterable[str], path: str) -> SiteFileError:
    """The error for a key of the mapping at `path` that is none of the known ones."""
    return SiteFileError(join(path, key), "an unknown key", one_of(known), did_you_mean(key, known))


def join(path: str, key: str) -> str:
    """The path of a key of the mapping at `path`."""
    return f"{path}.{key}" if path else key


def _fault(data: Any, info: inspect.Type, path: str, expected: str = "") -> SiteFileError | None:
    if isinstance(info, inspect.Metadata):
        return _fault(data, info.type, path, expected or _described(info))
    if isinstance(info, inspect.AnyType):
        return None
    expected = expected or _described(info)
    for option in _options(info):
        if _is_kind(data, option):
            return _fault_inside(data, option, path, expected)
    met = "something else, which is not shown" if path.startswith("users.") else shown(data)
    return SiteFileError(path, met, expected, _hint(data, info))


def _fault_inside(data: Any, info: inspect.Type, path: str, expected: str) -> SiteFileError | None:
    match info:
        case inspect.StructType():
            return _fault_of_struct(data, info, path)
        case inspect.DictType():
            faults = (_fault(item, info.value_type, join(path, key)) for key, item in data.items())
        case inspect.ListType():
            faults = (_fault(item, info.item_type, f"{path}[{i}]") for i, item in enumerate(data))
        case _:
            return (
                None
                if _is_valid(data, info)
                else SiteFileError(path, shown(data), expected, _hint(data, info))
            )
    fault = next((fault for fault in faults if fault), None)
    if fault or _is_valid(data, info):
        return fault
    return SiteFileError(path, f"a list of {len(data)}", expected)


def _fault_of_struct(data: Mapping[str, Any], info: inspect.StructType, path: str) -> SiteFileError | None:
    known = [field.encode_name for field in info.fields]
    strange = [key for key in data if key not in known]
    if strange and info.forbid_unknown_fields:
        return unknown_key(strange[0], known, path)
    for field in info.fields:
        if field.encode_name in data:
            fault = _fault(data[field.encode_name], field.type, join(path, field.encode_name))
            if fault:
                return fault
        elif field.required:
            near = did_you_mean(field.encode_name, strange)
            remedy = near.replace("did you mean", "is it") or f"add {field.encode_name}"
            met = f"no {field.encode_name}"
            return SiteFileError(path, met, f"{field.encode_name}: {_described(field.type)}", remedy)
    return None


def _options(info: inspect.Type) -> list[inspect.Type]:
    """The kinds that a value may be of, unions of unions laid flat."""
    if isinstance(info, inspect.Metadata):
        return _options(info.type)
    if isinstance(info, inspect.UnionType):
        return [option for member in info.types for option in _options(member)]
    return [info]


def _is_kind(data: Any, info: inspect.Type) -> bool:
    if isinstance(data, bool):
        return isinstance(info, inspect.BoolType)
    return any(isinstance(info, kind) and isinstance(data, types) for kind, types, _ in _WORDS)


def _is_valid(data: Any, info: inspect.Type) -> bool:
    match info:
        case inspect.LiteralType():
            return data in info.values
        case inspect.IntType() | inspect.FloatType():
            return (
                (info.ge is None or data >= info.ge)
                and (info.gt is None or data > info.gt)
                and (info.le is None or data <= info.le)
            )
        case inspect.StrType():
            return info.pattern is None or re.search(info.pattern, data) is not None
        case inspect.ListType():
            return len(data) >= (info.min_length or 0) and len(data) <= (info.max_length or len(data))
        case _:
            return True


def _described(info: inspect.Type) -> str:
    """What people call a value of this kind."""
    match info:
        case inspect.Metadata():
            return (info.extra_json_schema or {}).get("description") or _described(info.type)
        case inspect.LiteralType():
            return one_of(str(value) for value in info.values)
        case inspect.UnionType():
            options = [option for option in info.types if not isinstance(option, inspect.NoneType)]
            return " or ".join(dict.fromkeys(_described(option) for option in options))
        case inspect.StructType():
            return f"a mapping of {', '.join(field.encode_name for field in info.fields)}"
        case _:
            return next((word for kind, _, word in _WORDS if isinstance(info, kind)), "a value")


def _hint(data: Any, info: inspect.Type) -> str:
    if not isinstance(data, str):
        return ""
    literals = [option for option in _options(info) if isinstance(option, inspect.LiteralType)]
    return did_you_mean(data, [str(word) for literal in literals for word in literal.values])
