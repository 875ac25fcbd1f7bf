"""Errors in bodies: whether a body is one, and whether it has the form that errors have.

Sources: ArcGIS REST, the *Error* object of all pages; the forms that portals and administrator's pages give.
"""

from __future__ import annotations

from typing import Any, Final, Literal

from gp_client.reading.envelopes import error_in

from gpharness.checking.looking import NOTHING, Looking, is_whole, join, met_at

GOOD_MEMBERS: Final = (
    "jobId",
    "jobStatus",
    "results",
    "paramName",
    "value",
    "tasks",
    "parameters",
    "services",
    "folders",
    "token",
    "item",
    "authInfo",
)
"""Members of answers that are no errors."""

_FORM: Final = 'an error as {"error": {"code", "message", "details"}}'
_TEXTS: Final = ("messageCode",)
_WHOLE: Final = ("extendedCode", "subcode")
_CLIENT_IS_MISSING: Final = 201
"""What token services answer where nobody said for which client a token is to be."""

Outcome = Literal["good", "error", "both"]


def check_envelope(look: Looking, value: dict[str, Any]) -> Outcome:
    """Whether an object is an error, with what is wrong with it; `both` where a good answer stands beside."""
    if "error" not in value:
        return _check_flat(look, value)
    error = value["error"]
    if error is None:
        look.say("envelope.members", "error", None, "no error in a good answer")
        return "good"
    is_good = any(key in value for key in GOOD_MEMBERS)
    if is_good:
        look.say("envelope.both", "error", error, "either an error or an answer")
        return "both"
    if type(error) is not dict:
        look.say("envelope.shape", "error", error, _FORM)
        return "error"
    _check_members(look, error)
    return "error"


def _check_flat(look: Looking, value: dict[str, Any]) -> Outcome:
    if look.kind == "upload" and value.get("success") is False:
        return "error"
    if value.get("success") is False and "jobId" not in value:
        return "error"
    if error_in(value, url="") is None:
        return "good"
    look.say("envelope.shape", "", value, _FORM)
    return "error"


def _is_about_the_client(look: Looking, error: dict[str, Any]) -> bool:
    """Whether a token service says that it was not told for which client the token is to be."""
    said = str(error.get("message")) + str(error.get("details"))
    is_token_service = look.kind == "token" or (look.is_guessed and "client" in said.lower())
    return is_token_service and error.get("code") == _CLIENT_IS_MISSING


def _check_members(look: Looking, error: dict[str, Any]) -> None:
    code = error.get("code")
    odd_code = is_whole(code) and not 400 <= code < 600
    if not is_whole(code):
        look.say("envelope.members", "error.code", met_at(error, "code"), "a whole number such as 400")
    elif odd_code and code >= 600:
        look.note("envelope.members", "error.code", code, "a number from 400 to 599")
    elif odd_code and not _is_about_the_client(look, error):
        look.say("envelope.members", "error.code", code, "a number from 400 to 599")
    if type(error.get("message")) is not str:
        look.say("envelope.members", "error.message", met_at(error, "message"), "a text")
    details = error.get("details")
    if details is not None and type(details) is not list:
        look.say("envelope.members", "error.details", details, "a list of texts")
    for index, each in enumerate(details if type(details) is list else ()):
        if type(each) is not str:
            look.say("envelope.members", f"error.details[{index}]", each, "a text")
    for key in _TEXTS:
        if error.get(key) is not None and type(error[key]) is not str:
            look.say("envelope.members", join("error", key), error[key], "a text")
    for key in _WHOLE:
        if error.get(key) is not None and not is_whole(error[key]):
            look.say("envelope.members", join("error", key), error.get(key, NOTHING), "a whole number")
