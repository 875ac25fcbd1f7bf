"""Making a request of what is asked for: with its token, in a form, a header or the query."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlencode

import msgspec

from gp_client.errors import InvalidInput
from gp_client.wire.addresses import shown
from gp_client.wire.http_messages import Body, Request

if TYPE_CHECKING:
    from gp_client.sessions import Session

NOTHING: Mapping[str, str] = {}

_FORM = "application/x-www-form-urlencoded"
_AS_FORM = {"Content-Type": _FORM}


class Asked(msgspec.Struct, frozen=True):
    """What is asked for, without its token: an operation's parameters, or a request as somebody made it."""

    method: str
    url: str
    form: Mapping[str, str] | None = None
    made: Request | None = None


def with_format(parameters: Mapping[str, str], url: str) -> Mapping[str, str]:
    """Parameters with `f=json`, unless the address has one."""
    if "?" in url and any(name.lower() == "f" for name, _ in parse_qsl(url.partition("?")[2], True)):
        return parameters
    return {**parameters, "f": "json"} if parameters else {"f": "json"}


def composed(
    session: Session, asked: Asked, safe: bool, left: float, is_signed: bool, in_query: bool
) -> Request:
    """The request that has `left` seconds. `in_query`: whether a token for which there is no form goes into
    the query, instead of a header. Raises InvalidInput for a text that cannot be sent."""
    settings, keeper, url = session.settings, session.tokens, asked.url
    signature = keeper.parameters_for(url, session.root) if is_signed else NOTHING
    headers = keeper.headers_for(url, session.root)
    timeout, bearer = min(settings.timeout, left), NOTHING
    try:
        if asked.made is not None:
            if signature and not in_query and not keeper.wants_query:
                bearer = keeper.header_with_token(url, session.root)
            return _signed(asked, signature, headers, bearer, settings.timeout, left)
        form = asked.form or NOTHING
        if safe and not signature:
            query = urlencode(form)
            address = f"{url}{'&' if '?' in url else '?'}{query}" if query else url
            if len(address) <= settings.longest_get:
                return Request("GET", address, headers, b"", timeout)
        body = urlencode({**form, **signature}).encode()
    except UnicodeEncodeError as error:
        met = f"a text with the half of a character ({error.object[error.start : error.end]!r})"
        raise InvalidInput(parameter="parameters", met=met, expected="text", url=shown(url)) from None
    return Request("POST", url, {**headers, **_AS_FORM}, body, timeout)


def _signed(
    asked: Asked,
    signature: Mapping[str, str],
    headers: Mapping[str, str],
    bearer: Mapping[str, str],
    timeout: float,
    left: float,
) -> Request:
    made, url = asked.made or Request(asked.method, asked.url), asked.url
    body: bytes | Body = made.body if asked.method == made.method else b""
    kept = {**headers, **made.headers}
    if body != made.body:
        kept = {name: value for name, value in kept.items() if not name.lower().startswith("content-")}
    if signature:
        query = urlencode(signature)
        if isinstance(body, bytes) and body and _is_form(made.headers):
            body = body + b"&" + query.encode()
        elif bearer:
            kept |= bearer
        else:
            url = f"{url}{'&' if '?' in url else '?'}{query}"
    if made.sink is not None or not isinstance(body, bytes):
        timeout = max(timeout, made.timeout)
    return Request(asked.method, url, kept, body, min(timeout, left), made.sink)


def _is_form(headers: Mapping[str, str]) -> bool:
    return any(name.lower() == "content-type" and value.startswith(_FORM) for name, value in headers.items())
