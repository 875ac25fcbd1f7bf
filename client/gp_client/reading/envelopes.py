"""The service's own errors inside answers, in all the shapes that servers, portals and web tiers give them.

Sources: ArcGIS REST, *Error* objects of all pages; recorded answers of Server, ArcGIS Online and the
administrator's pages; Esri's list of platform error codes; shapes that published clients know.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from gp_client.errors import AuthError, ServerError
from gp_client.reading.quoting import bare_url, beginning, masked

AUTH_CODES: Final = frozenset({401, 403, 498, 499})

_GOOD_MEMBERS: Final = (
    "jobId",
    "results",
    "tasks",
    "parameters",
    "currentVersion",
    "token",
    "services",
)
_FAILED: Final = frozenset({"error", "failed", "failure"})
_CODE_WORDS: Final = {
    "gwm_0003": 499,
    "token_required": 499,
    "invalid_token": 498,
    "token_expired": 498,
    "invalid_grant": 498,
    "unauthorized": 401,
    "access_denied": 403,
}
_TOKEN_WORDS: Final = (
    r"(?i)\s*(?:(?P<missing>(?:authorization |access )?token (?:is )?(?:required|missing)"
    r"|authorization required)"
    r"|(?:the )?(?:access )?token (?:is |has )?(?:expired|invalid|not valid)(?: or expired)?"
    r"|(?:invalid|expired)(?: or expired)? (?:access )?token)\s*[.!]?\s*\Z"
)
_NO_TOKEN_MADE: Final = "unable to generate token"
_MESSAGES: Final = ("message", "statusMessage", "description", "error", "error_description")
_NEVER_LOST: Final = ("message", "error", "error_description")
"""Those whose text is a detail where another one is the message."""
_BESIDE_A_TEXT: Final = ("error_description", "message", "messageCode", "subcode", "details")
_LONGEST_TEXT: Final = 65_536
"""Characters of a message, and of all details together, that are kept."""
_MOST_DETAILS: Final = 1000
_SSL: Final = r"(?i)\b(?:ssl|https)\b"
_ENVELOPE_MEMBERS: Final = (
    "error",
    "error_description",
    "status",
    "code",
    "message",
    "messages",
    "statusMessage",
    "messageCode",
    "details",
    "success",
)


def error_in(value: Any, *, url: str, status: int = 200) -> ServerError | AuthError | None:
    """The error that an answer's JSON is; None where it is none. `status` is the HTTP status, which only
    counts where the error itself tells no code."""
    if type(value) is not dict:
        return None
    error = value.get("error")
    if isinstance(error, dict):
        return _error(error, {"error": error}, url, status)
    if error:
        code = value.get("code")
        if _number(code) is None and isinstance(value.get("status"), int):
            code = value["status"]
        kept = {key: value[key] for key in ("error", "code", *_BESIDE_A_TEXT) if key in value}
        return _error({**kept, "error": _text(error), "code": code}, kept, url, status, first="error")
    if _is_flat_error(value):
        return _error(value, value, url, status)
    return None


def _is_flat_error(value: Mapping[str, Any]) -> bool:
    """Whether the object itself is an error: by its status, by `success`, or as it has a code and a text."""
    word = value.get("status")
    if "jobStatus" in value or "paramName" in value:
        return False
    code = _number(value.get("code"))
    has_text = any(isinstance(value.get(key), str | list) for key in ("message", "messages", "statusMessage"))
    is_bare = not any(key in value for key in _GOOD_MEMBERS)
    if isinstance(word, str):
        return word.strip().lower() in _FAILED and (is_bare or has_text or code is not None)
    if value.get("success") is False:
        return is_bare
    return is_bare and has_text and code is not None and not 0 <= code < 400


def _error(
    found: Mapping[str, Any], answer: Mapping[str, Any], url: str, status: int, *, first: str = "message"
) -> ServerError | AuthError:
    """The error of these members; `first` is the one that its message is, where it is there."""
    said = {key: _text(found[key]) for key in (first, *_MESSAGES) if found.get(key)}
    message = next(iter(said.values()), "")
    listed, details = _texts(found.get("messages")), _texts(found.get("details"))
    others = [said[key] for key in _NEVER_LOST if key in said]
    if not message and listed:
        message, listed = listed[0], listed[1:]
    others = [each for each in dict.fromkeys(others) if each not in (message, *listed, *details)]
    details = (*others, *listed, *details)
    message, details = beginning(message, _LONGEST_TEXT), _kept(details)
    code = _number(found.get("code"))
    auth = _auth_code(found, code, message, details, status)
    address = bare_url(url)
    if auth is not None:
        return AuthError(_auth_text(auth, message, details, found), code=auth, details=details, url=address)
    return ServerError(
        message,
        code=code,
        details=details,
        reason=likely_reason(code, message, details),
        raw=_raw(answer),
        url=address,
    )


def _kept(details: Sequence[str]) -> tuple[str, ...]:
    """Details without secrets, as many as anybody reads."""
    kept, left = [], _LONGEST_TEXT
    for each in details[:_MOST_DETAILS]:
        if left <= 0:
            break
        kept.append(beginning(each, left))
        left -= len(kept[-1])
    more = len(details) - len(kept)
    return (*kept, f"… and {more} more") if more else tuple(kept)


def _auth_code(
    found: Mapping[str, Any], code: int | None, message: str, details: Sequence[str], status: int
) -> int | None:
    if code in AUTH_CODES:
        return code
    for word in (found.get("messageCode"), message):
        if isinstance(word, str) and (known := _CODE_WORDS.get(word.strip().lower())):
            return known
    words = re.match(_TOKEN_WORDS, message)
    if words:
        return 499 if words["missing"] else 498
    if message.strip().lower().startswith(_NO_TOKEN_MADE):
        return code if code is not None else 400
    return status if code is None and status in AUTH_CODES else None


def _auth_text(code: int, message: str, details: Sequence[str], found: Mapping[str, Any]) -> str:
    texts = [
        f"{code}: {message or 'sign-in needed'}",
        *(each for each in details if each and each != message),
    ]
    said = " ".join(texts)
    if code == 403 and (_number(found.get("subcode")) == 4 or re.search(_SSL, said)):
        return f"{said} (the server wants https: use an address that begins with https://)"
    return f"{said} ({_AUTH_REASONS.get(code, 'the server refused these credentials')})"


_AUTH_REASONS: Final = {
    401: "sign-in is needed",
    403: "this user may not use this resource",
    498: "the token has expired, or is not for this server, address or referer",
    499: "the resource is secured: a token, or user and password, are needed",
}


def likely_reason(code: int | None, message: str, details: Sequence[str]) -> str:
    """What an error most likely means and what to look at, as a phrase; empty where nothing is known.

    The words differ by version and language, so a reason is only ever a hint.
    """
    said = "\n".join([message, *details])
    for wanted, pattern, reason in _REASONS:
        if (wanted is None or wanted == code) and re.search(pattern, said, re.IGNORECASE):
            return reason
    return _REASONS_OF_CODES.get(code or 0, "")


_REASONS: Final[tuple[tuple[int | None, str, str], ...]] = (
    (None, r"ERROR 000735|Value is required", "a required input has no value"),
    (None, r"ERROR 000800", "a value is none of the input's choices"),
    (None, r"ERROR 000732", "a layer, file or data set that the tool was given is not there"),
    (None, r"ERROR 000840|ERROR 000628", "a value is not of the type that the input wants"),
    (
        None,
        r"ERROR 000622|Parameters are not valid",
        "the values of the inputs are not valid for the tool",
    ),
    (
        None,
        r"Error executing tool|Failed to execute ?\(",
        "the tool itself failed: its messages tell why",
    ),
    (
        None,
        r"Wait time of the request",
        "the service is busy: all its instances were in use for too long",
    ),
    (None, r"\bnot started\b", "the service is stopped; its administrator can start it"),
    (
        None,
        r"\bnot found\b",
        "the service is not there under this name and folder (case counts), or is not running",
    ),
    (
        None,
        r"Error performing execute\b",
        "the service may be asynchronous, so that its tasks are submitted as jobs, or the tool failed",
    ),
    (
        None,
        r"Error performing submitJob\b",
        "the service may be synchronous, so that its tasks are executed",
    ),
    (None, r"Error performing \S+ operation", "a failure inside the server, often a passing one"),
    (
        400,
        r"Invalid URL",
        "no such path: the service, task, job or result is misspelt or not there any more",
    ),
    (
        400,
        r"Invalid or missing input param",
        "an input is missing or not as the task wants it, or the job is not there or cannot do that now",
    ),
    (
        400,
        r"Unable to complete +operation",
        "an input could not be read, a result is not there (yet), or the tool failed",
    ),
)
_REASONS_OF_CODES: Final = {
    404: "the address leads to nothing on this server",
    405: "the operation wants another HTTP method",
    413: "the request is larger than the server takes",
    429: "too many requests",
    501: "this server does not have the operation",
    502: "a gateway before the server got no good answer from it",
    503: "the server is not available at the moment",
    504: "a gateway before the server waited too long for it; what was asked for may still be going on",
}


def _number(value: Any) -> int | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, float):
        return int(value) if value.is_integer() else None
    if isinstance(value, str) and re.fullmatch(r"\s*[+-]?[0-9]{1,12}\s*", value):
        return int(value)
    return None


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    try:
        text: str = msgspec.json.encode(value).decode()
    except (OverflowError, RecursionError, TypeError, ValueError):
        text = f"a {type(value).__name__} that cannot be shown"
    return text


def _texts(value: Any) -> tuple[str, ...]:
    if isinstance(value, list):
        return tuple(_message_text(each) for each in value if each is not None)
    return () if value is None or value == "" or value == {} else (_message_text(value),)


def _message_text(value: Any) -> str:
    """A detail's text; of an object its `description` or `message`, as a job's message has it."""
    if isinstance(value, dict):
        for key in ("description", "message"):
            if isinstance(value.get(key), str):
                return str(value[key])
    return _text(value)


def _raw(answer: Mapping[str, Any]) -> Any:
    """The envelope alone, its secrets masked."""
    kept = {key: answer[key] for key in _ENVELOPE_MEMBERS if key in answer}
    text = _text(kept)
    if len(text) > 4 * _LONGEST_TEXT:
        return beginning(text, _LONGEST_TEXT)
    safe = masked(text)
    if safe == text:
        return kept
    try:
        return msgspec.json.decode(safe)
    except msgspec.DecodeError:
        return safe
