"""Takes tokens and passwords out of texts before anybody reads them: errors, messages, log lines, echoes of
inputs."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import Any
from urllib.parse import quote, quote_plus, unquote

from gp_mockserver.security.cookies import cookie_token

MASK = "*****"
_SHORTEST = 3
"""Characters: masking shorter secrets would tell them by what else it blots out."""
_LONGEST = 4096
"""Characters of a secret that are looked for: errors quote less, and no token is longer."""
_PREFIX = 12
"""Characters of a secret by which its beginning is known; errors cut what they quote."""

_NAME = "(?:token|password)"
_SECRET_NAMES = ("token", "password", "refresh_token", "auth_token")
_HINTS = ("token", "password", "bearer")


@cache
def _patterns() -> tuple[re.Pattern[str], ...]:
    return (
        re.compile(rf"({_NAME}(?:\s*=\s*|%3D)[\"']?)[^\s\"'&,;}}\])<>*]+", re.IGNORECASE),
        re.compile(rf"({_NAME}\\*[\"']?\s*:\s*(\\*[\"']))(?:(?!\2).)*", re.IGNORECASE | re.DOTALL),
        re.compile(r"(\bBearer\s+)[\w.~+/=-]{8,}", re.IGNORECASE),
    )


@cache
def _in_address() -> re.Pattern[str]:
    return re.compile(r"([?&](?:token|password)=)[^&#\s\"'<>]+", re.IGNORECASE)


def masked(text: str, secrets: Iterable[str] = ()) -> str:
    """The text without these secrets, also where their ends are cut off, and without what is called a token
    or password in it: `token=…`, `"token": "…"`, `Bearer …`."""
    for secret in secrets:
        secret = secret[:_LONGEST]
        for form in dict.fromkeys((secret, unquote(secret), quote(secret, safe=""), quote_plus(secret))):
            if len(form) >= _SHORTEST:
                text = _without(text, form)
    if any(hint in text.lower() for hint in _HINTS):
        for pattern in _patterns():
            text = pattern.sub(rf"\1{MASK}", text)
    return text


def _without(text: str, secret: str) -> str:
    """The text without the secret, in any case, and without any longer part of its beginning."""
    begin = re.compile(re.escape(secret[:_PREFIX]), re.IGNORECASE)
    kept, place = [], 0
    while found := begin.search(text, place):
        end = found.end()
        rest = secret[_PREFIX:].lower()
        for wanted, met in zip(rest, text[end : end + len(rest)].lower(), strict=False):
            if wanted != met:
                break
            end += 1
        kept += [text[place : found.start()], MASK]
        place = end
    return "".join([*kept, text[place:]])


def secrets_of(parameters: Mapping[str, str], header: Callable[[str], str | None]) -> list[str]:
    """The tokens and passwords that a request brings, longest first; of longer ones than any token, the
    beginning."""
    found = [value for name, value in parameters.items() if name.lower() in _SECRET_NAMES]
    if "grant_type" in parameters:
        found.append(parameters.get("code", ""))
    for name in ("x-esri-authorization", "authorization"):
        found.append((header(name) or "").rpartition(" ")[2])
    found.append(cookie_token(header) or "")
    return sorted({each[:_LONGEST] for each in found if each}, key=len, reverse=True)


def without_secrets(parameters: Mapping[str, str]) -> dict[str, str]:
    """A request's parameters but its tokens and passwords."""
    return {name: value for name, value in parameters.items() if name.lower() not in _SECRET_NAMES}


def without_tokens(value: Any) -> Any:
    """An input's JSON without the tokens of the layers and files that it refers to, be they members beside a
    `url` or parts of an address. Other data, such as a field called `token`, stays."""
    if isinstance(value, str):
        return _in_address().sub(rf"\1{MASK}", value) if "=" in value else value
    if isinstance(value, Mapping):
        if "features" in value:
            return value
        refers = "url" in value
        return {
            name: MASK if refers and name == "token" and each else without_tokens(each)
            for name, each in value.items()
        }
    if isinstance(value, list | tuple):
        return [without_tokens(each) for each in value]
    return value
