"""Reading the members of a descriptor's JSON tolerantly: nulls and missing keys are the same, words match in
any case.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum
from typing import Any, TypeVar

from gp_protocol.errors import RemoteProtocolError, shown
from gp_protocol.suggestions import did_you_mean, one_of

_Word = TypeVar("_Word", bound=StrEnum)
_Part = TypeVar("_Part")


def members(json: Any) -> Mapping[str, Any]:
    """The JSON object itself; RemoteProtocolError where it is none."""
    if isinstance(json, Mapping):
        return json
    raise RemoteProtocolError(met=shown(json), expected="a JSON object")


def text(json: Mapping[str, Any], key: str) -> str:
    """A member as text, empty where it is missing or null."""
    value = json.get(key)
    return "" if value is None else str(value)


def word(json: Mapping[str, Any], key: str, words: type[_Word], missing: _Word) -> _Word:
    """A member as one of an enum's words, in any case; `missing` where it is missing, null or empty.

    Raises RemoteProtocolError for any other word.
    """
    value = json.get(key)
    if value is None or value == "":
        return missing
    folded = str(value).casefold()
    for candidate in words:
        if candidate.casefold() == folded:
            return candidate
    remedy = did_you_mean(str(value), words)
    raise RemoteProtocolError(path=key, met=shown(value), expected=one_of(words), remedy=remedy)


def data_type(json: Mapping[str, Any]) -> str:
    """The member `dataType`, which nothing can do without; RemoteProtocolError where it is missing."""
    value = json.get("dataType")
    if isinstance(value, str) and value:
        return value
    raise RemoteProtocolError(
        path="dataType", met=shown(value), expected="the name of a data type, such as GPString"
    )


def choices(json: Mapping[str, Any]) -> tuple[str, ...] | None:
    """The member `choiceList`, None where there is none; an empty list is kept, as old servers send it
    everywhere.
    """
    value = json.get("choiceList")
    return tuple(value) if isinstance(value, list | tuple) else None


def each(json: Mapping[str, Any], key: str, parse: Callable[[Any], _Part]) -> Iterator[_Part]:
    """Every entry of a list member, read by `parse`; errors lead to the entry. Nothing where it is missing or
    null.
    """
    entries = json.get(key)
    if entries is None:
        return
    if not isinstance(entries, list | tuple):
        raise RemoteProtocolError(path=key, met=shown(entries), expected="a list")
    for index, entry in enumerate(entries):
        try:
            yield parse(entry)
        except RemoteProtocolError as error:
            raise error.at(f"{key}[{index}]") from None


def others(json: Mapping[str, Any], known: frozenset[str]) -> Mapping[str, Any]:
    """The members whose keys are not in `known`, in their order."""
    return {key: value for key, value in json.items() if key not in known}
