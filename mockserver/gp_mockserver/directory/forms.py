"""The forms of the services directory: for each operation that asks for something, its fields in order.

A field is named by the request's parameter; what a field is left empty for, the server takes as not given.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal, NamedTuple

import msgspec
from gp_protocol.descriptions.descriptors import Parameter, ParameterType
from gp_protocol.descriptions.filters import CodedValueFilter, RangeFilter
from gp_protocol.json_text import encode_json, encode_pjson
from gp_protocol.versions import Profile

from gp_mockserver.directory.input_examples import example_of
from gp_mockserver.operations import OPERATIONS
from gp_mockserver.wire.requests import Request

Kind = Literal["textarea", "text", "select", "radio", "password", "file", "hidden"]


class Choice(NamedTuple):
    """What a list offers: the value that is sent, and its name."""

    value: str
    name: str


class Field(msgspec.Struct, frozen=True):
    """One row of a form. `value` is what stands in it at first; `hint` says what is expected, `example` shows
    it."""

    name: str
    label: str
    kind: Kind = "text"
    value: str = ""
    choices: tuple[Choice, ...] = ()
    hint: str = ""
    example: str = ""
    rows: int = 2
    autocomplete: str = "off"


class Button(NamedTuple):
    """What sends a form, and how."""

    text: str
    method: str


class Form(msgspec.Struct, frozen=True):
    """A form: what it is called, its fields, the buttons, and a sentence before them.

    It is sent to `action`, a path; to the page's own address where that is empty.
    """

    title: str
    fields: list[Field]
    buttons: list[Button]
    action: str = ""
    lead: str = ""
    is_multipart: bool = False


_MAX_PREFILLED: Final = 100_000
_MAX_CHOICES: Final = 1000
_FORMAT_NAMES: Final = {"html": "HTML", "pjson": "JSON", "geojson": "GeoJSON", "kmz": "KMZ"}
_RUN_FLAGS: Final = {
    "execute": ("returnZ", "returnM", "returnTrueCurves", "returnFeatureCollection", "returnColumnName"),
    "submitJob": ("returnZ", "returnM", "returnTrueCurves"),
    "validate": (),
}
_FLAG_LABELS: Final = {
    "returnZ": "Return Z",
    "returnM": "Return M",
    "returnTrueCurves": "Return True Curves",
    "returnFeatureCollection": "Return Feature Collection",
    "returnColumnName": "Return Column Name",
    "simplifyFeatures": "Simplify Features",
}


def run_form(request: Request, title: str, action: str) -> Form:
    """The form of *Execute task*, *Submit job* and *Validate*: the task's inputs, then what the operation
    takes beside them in this version."""
    operation, profile = request.address.operation, request.profile
    fields = [_input(parameter) for parameter in request.task.descriptor.inputs]
    fields += [Field(name, label, hint=_REFERENCE_HINT) for name, label in _REFERENCES.items()]
    if profile.has("parameter", "context"):
        hint = "An object of outSR, processSR and extent; it goes before the two above."
        fields.append(Field("context", "Context", "textarea", hint=hint, example='{"outSR":{"wkid":102100}}'))
    fields += [_flag(name, "false", profile) for name in _RUN_FLAGS[operation] if _has(profile, name)]
    if _RUN_FLAGS[operation] and _has(profile, "simplifyFeatures"):
        fields.append(_flag("simplifyFeatures", "true", profile))
    fields.append(_formats(operation, profile))
    buttons = [Button(f"{title} (GET)", "get"), Button(f"{title} (POST)", "post")]
    return Form(title, fields, [Button(title, "post")] if operation == "validate" else buttons, action)


_REFERENCES: Final = {
    "env:outSR": "Output Spatial Reference",
    "env:processSR": "Process Spatial Reference",
}
_REFERENCE_HINT: Final = "A well-known id such as 4326, or a JSON object."


def _has(profile: Profile, name: str) -> bool:
    return profile.has("parameter", name)


def _formats(operation: str, profile: Profile) -> Field:
    offered = _FORMAT_NAMES if operation == "execute" else ("html", "pjson")
    known = [each for each in OPERATIONS[operation].formats if profile.has("format", each)]
    return _formats_of(*(each for each in offered if each in known))


def _flag(name: str, default: str, profile: Profile) -> Field:
    choices = (Choice("true", "True"), Choice("false", "False"))
    return Field(name, _FLAG_LABELS[name], "radio", default, choices)


def _input(parameter: Parameter) -> Field:
    needed = parameter.parameter_type is ParameterType.REQUIRED
    value = _as_text(parameter.default_value)
    kind = parameter.data_type
    label = parameter.display_name or parameter.name
    hints = [f"{kind}, {'required' if needed else 'optional'}"]
    if isinstance(parameter.filter, RangeFilter):
        hints.append(_range(parameter.filter))
    choices = _choices(parameter)
    if choices and not kind.startswith("GPMultiValue:"):
        if value not in {choice.value for choice in choices}:
            choices = (Choice(value, value or "(nothing)"), *choices)
        elif not needed:
            choices = (Choice("", "(nothing)"), *choices)
        return Field(parameter.name, label, "select", value, choices, ". ".join(hints) + ".")
    if choices:
        names = ", ".join(choice.value for choice in choices[:20])
        hints.append(f"a list of any of these: {names}{' …' if len(choices) > 20 else ''}")
    if kind == "GPStringHidden":
        return Field(parameter.name, label, "password", hint=f"{hints[0]}.")
    example = example_of(parameter)
    if not value or _holds_nothing(parameter.default_value) or len(value) > _MAX_PREFILLED:
        value = example if needed and kind == "GPFeatureRecordSetLayer" else ""
    hints.append(parameter.description.strip().rstrip("."))
    rows = min(max(value.count("\n") + 1, 4 if value[:1] == "{" and len(value) > 60 else 1), 12)
    hint = ". ".join(filter(None, hints)) + "."
    shown = "" if example == value or kind == "GPString" else example
    return Field(parameter.name, label, "textarea", value, (), hint, shown, rows)


def _choices(parameter: Parameter) -> tuple[Choice, ...]:
    if parameter.data_type == "GPBoolean":
        return (Choice("true", "true"), Choice("false", "false"))
    if parameter.choice_list:
        return tuple(Choice(each, each) for each in parameter.choice_list[:_MAX_CHOICES])
    if isinstance(parameter.filter, CodedValueFilter):
        values = parameter.filter.values[:_MAX_CHOICES]
        return tuple(Choice(_as_text(each.value), each.name or _as_text(each.value)) for each in values)
    return ()


def _range(given: RangeFilter) -> str:
    if given.minimum is None or given.maximum is None:
        end = given.maximum if given.minimum is None else given.minimum
        return f"{'at most' if given.minimum is None else 'at least'} {end}"
    return f"from {given.minimum} to {given.maximum}"


def _as_text(value: Any) -> str:
    """A default as the request's text: JSON, but a text as it is."""
    if value is None or value == {} or value == []:
        return ""
    if isinstance(value, str):
        return value
    text = encode_json(value).decode()
    return text if len(text) < 80 else encode_pjson(value).decode()


def _holds_nothing(default: Any) -> bool:
    """Whether a default is only the schema of what is expected."""
    return isinstance(default, Mapping) and "features" in default and not default["features"]


def upload_form(action: str) -> Form:
    """*Upload*: one file, and what is said of it."""
    return Form(
        "Upload Item",
        [
            Field("file", "File", "file"),
            Field("description", "Description"),
            _formats_of("html", "pjson"),
        ],
        [Button("Upload", "post")],
        action,
        is_multipart=True,
    )


def register_form(action: str) -> Form:
    """*Register*: a file that will come in parts."""
    return Form(
        "Register Item",
        [Field("itemName", "Item Name"), Field("description", "Description"), _formats_of("html", "pjson")],
        [Button("Register", "post")],
        action,
        "Announce a file that comes in parts: upload its parts, then commit them.",
    )


def part_form(action: str) -> Form:
    """*Upload part*: a piece of a registered file, by its number."""
    return Form(
        "Upload Part",
        [
            Field("partId", "Part number", value="1"),
            Field("file", "File", "file"),
            _formats_of("html", "pjson"),
        ],
        [Button("Upload Part", "post")],
        action,
        is_multipart=True,
    )


def button_form(text: str, action: str) -> Form:
    """A single button that changes something."""
    return Form(text, [], [Button(text, "post")], action)


def token_form(action: str, hint: str = "") -> Form:
    """*Generate token*."""
    clients = (
        Choice("requestip", "The address this request comes from"),
        Choice("referer", "The HTTP referer below"),
        Choice("ip", "The IP address below"),
    )
    minutes = {60: "1 hour", 360: "6 hours", 720: "12 hours", 1440: "1 day"}
    return Form(
        "Generate Token",
        [
            Field("username", "User name", autocomplete="username"),
            Field("password", "Password", "password", autocomplete="current-password"),
            Field("client", "Bound to", "select", "requestip", clients),
            Field("referer", "HTTP referer"),
            Field("ip", "IP address"),
            Field(
                "expiration",
                "Expires after",
                "select",
                "60",
                tuple(Choice(str(number), name) for number, name in minutes.items()),
            ),
            _formats_of("html", "pjson"),
        ],
        [Button("Generate Token", "post")],
        action,
        hint,
    )


def login_form(action: str, redirect: str, name: str = "", hint: str = "") -> Form:
    """Signing in to the directory as `name`; `redirect`, a path of this server, is where it leads."""
    is_path = redirect.startswith("/") and not redirect.startswith(("//", "/\\"))
    return Form(
        "Login",
        [
            Field("username", "User name", value=name, autocomplete="username"),
            Field("password", "Password", "password", autocomplete="current-password"),
            Field("redirect", "", "hidden", redirect if is_path else ""),
        ],
        [Button("Login", "post")],
        action,
        hint,
    )


def _formats_of(*formats: str) -> Field:
    choices = tuple(Choice(each, _FORMAT_NAMES[each]) for each in formats)
    return Field("f", "Format", "select", "html", choices)
