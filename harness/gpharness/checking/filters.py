"""Filters of parameters, as tasks describe them.

Source: ArcGIS REST, *GP task*, the filters of 10.7 and 12.0. *Assumed*: a type of filter, of geometry or of
field that is none of the protocol's is one of a later version, unless it is close to one of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from gp_protocol.suggestions import did_you_mean
from gp_protocol.values.data_types import DATA_TYPES
from gp_protocol.values.fields import FIELD_TYPES
from gp_protocol.values.geometries import GEOMETRY_TYPES

from gpharness.checking.defaults import default_fault
from gpharness.checking.looking import Looking, is_number, join, met_at

_MEMBERS: Final = "descriptor.members"
_FILTERS: Final = ("range", "featureClass", "file", "field", "codedValue", "composite")
_WORDS: Final[Mapping[str, Iterable[str]]] = {"featureClass": GEOMETRY_TYPES, "field": FIELD_TYPES}
_DEEPEST: Final = 3


def check_filter(look: Looking, given: Any, path: str, depth: int = 0) -> None:
    """What values a parameter takes; null and an empty object let pass all."""
    if given is None:
        return
    if type(given) is not dict:
        look.say(_MEMBERS, path, given, "an object with type")
        return
    if not given:
        return
    kind = given.get("type")
    if type(kind) is not str or not kind:
        look.say(_MEMBERS, f"{path}.type", met_at(given, "type"), "a filter's type such as range")
    elif kind not in _FILTERS:
        _say_word(look, kind, _FILTERS, f"{path}.type")
    elif kind == "range":
        for key in ("minimum", "maximum"):
            if given.get(key) is not None and not is_number(given[key]):
                look.say(_MEMBERS, f"{path}.{key}", given[key], "a number")
        least, most = given.get("minimum"), given.get("maximum")
        if is_number(least) and is_number(most) and least > most:
            look.say(_MEMBERS, f"{path}.minimum", least, f"at most {most}, the maximum")
    elif type(given.get("list")) is not list:
        look.say(_MEMBERS, f"{path}.list", met_at(given, "list"), "a list")
    else:
        _check_list(look, kind, given["list"], f"{path}.list", depth)


def _check_list(look: Looking, kind: str, listed: list[Any], path: str, depth: int) -> None:
    for index, each in enumerate(listed):
        place = f"{path}[{index}]"
        if kind == "composite":
            if depth < _DEEPEST:
                check_filter(look, each, place, depth + 1)
        elif kind == "codedValue":
            _check_coded(look, each, place)
        elif type(each) is not str or not each:
            look.say(_MEMBERS, place, each, "a text")
        elif kind in _WORDS and each not in _WORDS[kind]:
            _say_word(look, each, _WORDS[kind], place)


def _check_coded(look: Looking, coded: Any, path: str) -> None:
    """A value that is chosen by a name, and its type."""
    if type(coded) is not dict or type(coded.get("name")) is not str or "value" not in coded:
        look.say(_MEMBERS, path, coded, "an object with dataType, name and value")
        return
    word = coded.get("dataType")
    if type(word) is not str or not word:
        look.say(_MEMBERS, f"{path}.dataType", met_at(coded, "dataType"), "a data type such as GPString")
    elif word not in DATA_TYPES:
        _say_word(look, word, DATA_TYPES, f"{path}.dataType")
    else:
        check_typed(look, word, coded["value"], f"{path}.value")


def check_typed(look: Looking, data_type: Any, value: Any, path: str) -> None:
    """A default, or a value to choose, held to its type."""
    if fault := default_fault(data_type, value):
        place = f"{path}{fault.path}" if fault.path.startswith("[") else join(path, fault.path)
        look.say(_MEMBERS, place, fault.met, fault.expected, severity="note" if fault.is_note else None)


def _say_word(look: Looking, word: str, known: Iterable[str], path: str) -> None:
    words = tuple(known)
    hint = did_you_mean(word, words)
    say = look.say if hint else look.note
    say(_MEMBERS, path, word, hint or f"one of {', '.join(words)}"[:200])
