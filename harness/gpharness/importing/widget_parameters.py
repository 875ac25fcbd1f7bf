"""A parameter as a widget's configuration has it, reworked for its users, as a site file's parameter; what is
guessed is said."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec
from gp_mockserver.security.masking import without_tokens
from gp_protocol.descriptions.descriptors import parameter_name
from gp_protocol.values.data_types import DATA_TYPES

_PASSED_ON: Final = ("category", "filter", "dependency", "parameterInfos")
_DOUBTFUL: Final = ("filter", "parameterInfos", "dependency", "defaultValue", "choiceList")
"""Members that are left out, in this order, where a site file cannot have them."""
_BY_LOWER_CASE: Final = {name.lower(): name for name in DATA_TYPES}


class Written(msgspec.Struct):
    """A parameter of a site file, and what is not sure about it."""

    members: dict[str, Any]
    guesses: list[str] = []


def parameter_of(raw: Any, direction: str, fits: Callable[[dict[str, Any]], str]) -> Written | None:
    """The parameter, None for what is none. `direction`: input, output or empty: it tells it itself.

    `fits` says what is wrong with members of a site file, nothing where they are right.
    """
    if not isinstance(raw, Mapping):
        return None
    written = Written({})
    label = _text(raw, "displayName") or _text(raw, "label") or _text(raw, "title")
    name = _text(raw, "name")
    if not name:
        if not label:
            return None
        name = parameter_name(label)
        written.guesses.append(f"the name, made of the label {label!r}")
    direction = direction or _direction(raw, written)
    written.members = {
        "name": name,
        "displayName": label or name.replace("_", " "),
        "dataType": _data_type(raw, written),
        "direction": direction,
        "parameterType": _need(raw, direction, written),
    }
    if description := _text(raw, "description") or _text(raw, "tooltip"):
        written.members["description"] = description
    _add_choices(raw, written)
    _add_default(raw, written, direction)
    for key in _PASSED_ON:
        if raw.get(key) not in (None, "", [], {}):
            written.members[key] = raw[key]
    _make_fit(written, fits)
    return written


def _direction(raw: Mapping[str, Any], written: Written) -> str:
    said = _text(raw, "direction").lower()
    if said.endswith("output"):
        return "output"
    if said.endswith("input"):
        return "input"
    is_derived = _text(raw, "parameterType").lower().endswith("derived")
    written.guesses.append("the direction")
    return "output" if is_derived else "input"


def _data_type(raw: Mapping[str, Any], written: Written) -> str:
    said = _text(raw, "dataType") or _text(raw, "type")
    known = _BY_LOWER_CASE.get(said.lower())
    if known is None:
        written.guesses.append(f"the data type: met {said!r}" if said else "the data type: none is told")
        return "GPString"
    return known


def _need(raw: Mapping[str, Any], direction: str, written: Written) -> str:
    said = _text(raw, "parameterType").lower()
    for word in ("required", "optional", "derived"):
        if said.endswith(word):
            return word
    if direction == "output":
        return "derived"
    if isinstance(raw.get("required"), bool):
        return "required" if raw["required"] else "optional"
    written.guesses.append("that it is optional")
    return "optional"


def _add_choices(raw: Mapping[str, Any], written: Written) -> None:
    choices = raw.get("choiceList")
    if not isinstance(choices, list) or not choices:
        return
    values = []
    for each in choices:
        if isinstance(each, Mapping):
            each = next((each[key] for key in ("value", "name", "label") if key in each), None)
        if isinstance(each, str | int | float):
            values.append(str(each))
    if values:
        written.members["choiceList"] = values


def _add_default(raw: Mapping[str, Any], written: Written, direction: str) -> None:
    default = raw.get("defaultValue", raw.get("value"))
    if default is None or default == "":
        return
    if isinstance(default, Mapping) and isinstance(fields := default.get("fields"), list):
        told = [_field(each) for each in fields if isinstance(each, Mapping)]
        default = {**default, "fields": told}
    written.members["defaultValue"] = without_tokens(default)
    is_schema = isinstance(default, Mapping) and "fields" in default and not default.get("features")
    if direction == "input" and not is_schema:
        written.guesses.append("the default: it is the app's, and may not be the server's")


def _field(raw: Mapping[str, Any]) -> dict[str, Any]:
    """A field without what the app says of how to show it."""
    return {key: raw[key] for key in ("name", "type", "alias", "length", "domain", "nullable") if key in raw}


def _make_fit(written: Written, fits: Callable[[dict[str, Any]], str]) -> None:
    """Leave out what a site file cannot have, one member after the other."""
    for key in (*_DOUBTFUL, "dataType"):
        wrong = fits(written.members)
        if not wrong:
            return
        if key == "dataType":
            written.guesses.append(f"the data type: {written.members[key]} does not fit ({wrong})")
            written.members[key] = "GPString"
        elif key in written.members:
            kept = written.members.pop(key)
            if fits(written.members) == wrong:
                written.members[key] = kept
            else:
                written.guesses.append(f"without its {key}, which does not fit: {wrong}")


def _text(raw: Mapping[str, Any], key: str) -> str:
    value = raw.get(key)
    return value.strip() if isinstance(value, str) else ""
