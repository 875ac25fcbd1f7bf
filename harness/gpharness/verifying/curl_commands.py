"""Requests as `curl` commands, for whoever wants to see for himself."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from typing import Final

from gpharness.probing.exchanges import Exchange

_LONGEST: Final = 16 * 1024
"""Characters of one parameter that a command quotes."""
_OF_HEADERS: Final = ("http.", "auth.")
"""How the names of findings begin that are seen in the head of an answer."""
_REPEATED: Final = ("origin", "access-control-request-method", "access-control-request-headers")
_PART: Final = re.compile(
    rb'content-disposition: *form-data; *name="([^"\r\n]*)"(?:; *filename="([^"\r\n]*)")?[^\r\n]*\r\n'
    rb"(?:[^\r\n]+\r\n)*\r\n([^\r\n]*)",
    re.IGNORECASE,
)


def curl_of(exchange: Exchange, finding: str = "") -> str:
    """A command that repeats a request; tokens, passwords and what cannot be typed are left out. `finding` is
    the name of what was found: where that is in the answer's head, the head is shown."""
    method = exchange.method.upper()
    words = ["curl", "-sS"]
    if method == "HEAD":
        words.append("-I")
    elif finding.startswith(_OF_HEADERS):
        words.append("-i")
    parts = list(_parts(exchange))
    if method != "POST" and exchange.parameters:
        words.append("-G")
    if method not in ("GET", "HEAD") and not (method == "POST" and (exchange.parameters or parts)):
        words.append(f"-X {method}")
    for name, value in exchange.request_headers:
        if name.lower() in _REPEATED:
            words.append(f"-H {shlex.quote(f'{name}: {value}')}")
    for name, value in exchange.parameters.items():
        words.append(f"--data-urlencode {shlex.quote(f'{name}={_cut(value)}')}")
    words += [f"-F {shlex.quote(each)}" for each in parts]
    words.append(shlex.quote(_address(exchange.url)))
    return " ".join(words)


def _address(url: str) -> str:
    """Without query and user."""
    scheme, slashes, rest = url.partition("?")[0].partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme}{slashes}{host.rpartition('@')[2]}{slash}{path}"


def _parts(exchange: Exchange) -> Iterator[str]:
    """The parts of a form with files, which are named and not quoted."""
    label = next((value for name, value in exchange.request_headers if name.lower() == "content-type"), "")
    if not label.lower().startswith("multipart/form-data"):
        return
    for name, file, value in _PART.findall(exchange.request_body):
        key = name.decode("utf-8", "replace")
        if file:
            yield f"{key}=@{file.decode('utf-8', 'replace')}"
        elif key.lower() != "token":
            yield f"{key}={_cut(value.decode('utf-8', 'replace'))}"


def _cut(value: str) -> str:
    return value if len(value) <= _LONGEST else f"{value[:_LONGEST]}…"
