"""Filters of parameters, as tasks describe them.

Source: ArcGIS REST, *GP task*, the filters of 10.7 and 12.0. *Assumed*: a type of filter, of geometry or of
field that is none of the protocol's is one of a later version, unless it is close to one of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from gp_protocol.suggestions import did_you_mean
from gp_protocol.values.fields import FIELD_TYPES
from gp_protocol.values.geometries import GEOMETRY_TYPES

from gpharness.checking.looking import Looking, is_number, met_at

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
    if type(kind) is not str:
        look.say(_MEMBERS, f"{path}.type", met_at(given, "type"), "a filter's type such as range")
    elif kind not in _FILTERS:
        _say_word(look, kind, _FILTERS, f"{path}.type")
    elif kind == "range":
        for key in ("minimum", "maximum"):
            if given.get(key) is not None and not is_number(given[key]):
                look.say(_MEMBERS, f"{path}.{key}", given[key], "a number")
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
            if type(each) is not dict or type(each.get("name")) is not str or "value" not in each:
                look.say(_MEMBERS, place, each, "an object with dataType, name and value")
        elif type(each) is not str:
            look.say(_MEMBERS, place, each, "a text")
        elif kind in _WORDS and each not in _WORDS[kind]:
            _say_word(look, each, _WORDS[kind], place)


def _say_word(look: Looking, word: str, known: Iterable[str], path: str) -> None:
    words = tuple(known)
    hint = did_you_mean(word, words)
    say = look.say if hint else look.note
    say(_MEMBERS, path, word, hint or f"one of {', '.join(words)}"[:200])
