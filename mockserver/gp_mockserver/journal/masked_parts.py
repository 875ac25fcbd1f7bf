"""The parts of a request and of its answer without the tokens and passwords in them, as the journal writes
them down.

Bytes are read as Latin-1, which gives every byte back: what holds no secret stays as it was sent, be it text
or not. `may_hold_secrets` is the quick question; where it says no, there is nothing to mask.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from html import escape
from typing import Final
from urllib.parse import quote, quote_plus, unquote, unquote_plus

from gp_mockserver.journal.entries import KEPT, Headers
from gp_mockserver.journal.secret_words import (
    SHORTEST,
    in_lower_case,
    may_hold_secrets,
    without_a_beginning,
    without_secrets,
)
from gp_mockserver.security.masking import MASK, secrets_of

RawHeaders = Iterable[tuple[bytes, bytes]]

_SECRET_NAMES: Final = frozenset(
    {"token", "password", "refresh_token", "auth_token", "access_token", "id_token", "agstoken"}
    | {"client_secret", "passwd", "pwd", "secret", "api_key", "apikey"}
)
_PLAIN_HEADERS: Final = frozenset(
    {b"host", b"accept", b"accept-encoding", b"accept-language", b"connection", b"content-type", b"origin"}
    | {b"content-length", b"cache-control", b"pragma", b"user-agent", b"date", b"allow", b"vary"}
    | {b"sec-fetch-mode", b"sec-fetch-site", b"sec-fetch-dest", b"x-content-type-options"}
)
"""Those of nearly every request, and of nearly every answer, in which no secret stands."""
_PLAIN_NAMES: Final = frozenset(name.decode() for name in _PLAIN_HEADERS)
_LOOKED_AT: Final = frozenset(
    {b"authorization", b"proxy-authorization", b"x-esri-authorization", b"cookie", b"content-encoding"}
)
_SECRET_WORDS: Final = ("token", "secret", "password", "apikey", "api-key", "session", "credential")
_IN_ADDRESSES: Final = frozenset({"referer", "location", "content-location", "origin", "link", "refresh"})
_LONGEST: Final = 4096
"""Characters of a secret that are looked for; no token is longer."""
SIGN_INS: Final = frozenset(
    {"tokens", "generateToken", "login", "oauthAuthorize", "oauthSignIn", "oauthToken"}
)
"""The operations that hand out what nobody has named yet."""


@cache
def _handed_out() -> re.Pattern[str]:
    return re.compile(r"[\w\-.~+=%]{32,}", re.ASCII)


def headers_may_hold_secrets(headers: RawHeaders) -> bool:
    """Whether a secret may stand in a request's headers, whose names are in lower case, or, since that is
    packed, in its body."""
    for name, value in headers:
        if name not in _PLAIN_HEADERS and (
            name in _LOOKED_AT
            or may_hold_secrets(name, value)
            or any(word in name.decode("latin-1") for word in _SECRET_WORDS)
        ):
            return True
    return False


def all_secrets(parameters: Mapping[str, str], header: Callable[[str], str | None]) -> list[str]:
    """The tokens and passwords that a request names as such, in every form in which they may be repeated,
    in lower case; longest first."""
    found = set(secrets_of(parameters, header))
    for name, value in parameters.items():
        if name.lower() in _SECRET_NAMES:
            found.add(value[:_LONGEST])
    for name in ("authorization", "proxy-authorization"):
        if said := header(name):
            scheme, _, credentials = said.strip().partition(" ")
            found.add(credentials.strip() or scheme)
            if scheme.lower() == "basic":
                found.add(_password_of(credentials))
    for part in (header("cookie") or "").split(";"):
        found.add(part.partition("=")[2].strip().strip('"')[:_LONGEST])
    forms = {in_lower_case(form) for each in found if len(each) >= SHORTEST for form in _forms(each)}
    return sorted(forms, key=len, reverse=True)


def _forms(secret: str) -> set[str]:
    """A secret as it is, as addresses, JSON and HTML write it, and each as bytes of UTF-8 look in Latin-1."""
    if secret.isalnum() and secret.isascii():
        return {secret}
    import json

    forms = {secret, unquote(secret), quote(secret, safe=""), quote_plus(secret), escape(secret)}
    forms |= {json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]}
    return forms | {_as_bytes_look(each) for each in forms}


def _as_bytes_look(text: str) -> str:
    return text if text.isascii() else text.encode("utf-8", "replace").decode("latin-1")


def _password_of(credentials: str) -> str:
    """The password in credentials of the scheme Basic (RFC 7617)."""
    import binascii

    try:
        return binascii.a2b_base64(credentials).decode("utf-8", "replace").partition(":")[2]
    except ValueError:
        return ""


def masked_parameters(parameters: Mapping[str, str], secrets: Sequence[str]) -> dict[str, str]:
    """Parameters without their secrets, and without what goes beyond KEPT characters in all."""
    kept: dict[str, str] = {}
    left = KEPT
    texts = [*parameters, *parameters.values()]
    is_short = sum(map(len, texts)) <= KEPT
    if is_short and not any(_is_secret(name, True) for name in parameters) and _is_clean(texts, secrets):
        return dict(parameters)
    for name, value in parameters.items():
        left -= len(name)
        if _is_secret(name, "grant_type" in parameters):
            kept[without_secrets(name[:KEPT], secrets)] = value and MASK
            continue
        shown = value if len(value) <= max(left, 0) else value[: max(left, 0)]
        left -= len(shown)
        told = without_secrets(shown, secrets)
        if len(shown) < len(value):
            told = f"{without_a_beginning(told, secrets)}… ({len(value)} characters)"
        kept[without_secrets(name[:KEPT], secrets)] = told
    return kept


def masked_pairs(encoded: str, secrets: Sequence[str], *, is_cut: bool = False) -> str:
    """A query or a form, percent-encoded: what is masked is encoded anew, all else stays as it was sent."""
    if is_cut:
        encoded = _HALF_ESCAPE.sub("", encoded)
    pairs = encoded.split("&")
    has_grant = "grant_type" in encoded
    for place, pair in enumerate(pairs):
        name, equals, value = (unquote_plus(each, "latin-1") for each in pair.partition("="))
        if not equals:
            value, name = name, ""
        told = without_secrets(value, secrets)
        if _is_secret(name, has_grant):
            told = value and MASK
        elif is_cut and place == len(pairs) - 1:
            told = without_a_beginning(told, secrets)
        called = without_secrets(name, secrets)
        if told != value or called != name:
            pairs[place] = f"{_encoded(called)}{equals}{_encoded(told)}"
    return "&".join(pairs)


_HALF_ESCAPE: Final = re.compile(r"%[0-9A-Fa-f]?$")


def _encoded(text: str) -> str:
    return quote(text, "*/:,", "latin-1")


def _is_secret(name: str, has_grant: bool) -> bool:
    """Whether a parameter's name says that its value is secret; the code of a sign-in is one."""
    low = name.lower()
    return low in _SECRET_NAMES or (has_grant and low == "code")


def masked_address(text: str, secrets: Sequence[str] = ()) -> str:
    """An address, its path, query and fragment without secrets."""
    rest, hash_, fragment = text.partition("#")
    path, mark, query = rest.partition("?")
    return "".join(
        [
            without_secrets(path, secrets),
            mark,
            masked_pairs(query, secrets) if query else "",
            hash_,
            masked_pairs(fragment, secrets) if fragment else "",
        ]
    )


def masked_headers(headers: RawHeaders, secrets: Sequence[str]) -> Headers:
    """Headers as text. Of those that prove who asks only the scheme is left, of cookies the names, of a
    `Referer` all but its query."""
    texts = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in headers]
    is_clean = _is_clean([text for each in texts for text in each], secrets)
    return tuple(
        (name, value if is_clean and low in _PLAIN_NAMES else _masked_header(low, value, secrets))
        for name, value in texts
        for low in (name.lower(),)
    )


def _is_clean(texts: Iterable[str], secrets: Sequence[str]) -> bool:
    """Whether nothing in any of the texts is masked, asked of all of them at once."""
    text = "\n".join(texts)
    return without_secrets(text, secrets) == text


def _masked_header(name: str, value: str, secrets: Sequence[str]) -> str:
    if name in ("cookie", "set-cookie"):
        return _masked_cookies(value, every=name == "cookie")
    if name.endswith("authorization"):
        scheme, _, said = value.strip().partition(" ")
        return f"{scheme} {MASK}" if said else MASK
    if any(word in name for word in _SECRET_WORDS) and name != "access-control-request-headers":
        return MASK if value else value
    if name == "referer":
        address, mark, query = value.partition("?")
        return without_secrets(address.partition("#")[0], secrets) + (f"?{MASK}" if mark and query else mark)
    return masked_address(value, secrets) if name in _IN_ADDRESSES else without_secrets(value, secrets)


def _masked_cookies(text: str, *, every: bool) -> str:
    """The cookies of a request, or the one that an answer sets, with their names and attributes alone."""
    parts = text.split(";")
    for place, part in enumerate(parts):
        name, equals, value = part.partition("=")
        if value and (every or not place):
            parts[place] = f"{name}={MASK}"
        elif every and name.strip() and not equals:
            parts[place] = MASK
    return ";".join(parts)


def masked_body(
    body: bytes,
    content_type: str,
    secrets: Sequence[str],
    *,
    is_form: bool,
    is_cut: bool,
    operation: str = "",
) -> bytes:
    """The beginning of a body without secrets. `is_form`: what has no type is a form, as in requests;
    `is_cut`: more follows. An answer of an operation that hands out tokens loses whatever may be one."""
    text = body.decode("latin-1")
    kind = content_type.partition(";")[0].strip().lower()
    if is_form and (border := _border(text, content_type)):
        text = _masked_parts(text, border, secrets)
    elif is_form and (not kind or "form-urlencoded" in kind):
        text = masked_pairs(text, secrets, is_cut=is_cut)
    else:
        text = without_secrets(text, secrets)
    if operation in SIGN_INS:
        text = _handed_out().sub(MASK, text)
    if is_cut:
        text = without_a_beginning(text, secrets)
    return text.encode("latin-1", "replace")


_PART_NAME: Final = re.compile(r'\bname\*?="?(?:utf-8\'\')?([^";\r\n]*)', re.IGNORECASE)
_BOUNDARY: Final = re.compile(r'boundary="?([^";]+)', re.IGNORECASE)


def fields_of(body: bytes, content_type: str) -> dict[str, str]:
    """The fields of a multipart form, as far as they can be told where nobody could read it."""
    fields: dict[str, str] = {}
    border = _border(body.decode("latin-1"), content_type)
    for part in body.split(border.encode("latin-1")) if border else ():
        head, _, value = part.partition(b"\r\n\r\n")
        if found := _PART_NAME.search(head.decode("latin-1")):
            fields.setdefault(unquote(found[1]), value.removesuffix(b"\r\n").decode("utf-8", "replace"))
    return fields


def _border(text: str, content_type: str) -> str:
    """What stands between the parts of a multipart form; empty where the body is none."""
    if (found := _BOUNDARY.search(content_type)) and content_type.lower().startswith("multipart/"):
        return f"--{found[1].strip()}"
    first = text[:200].partition("\r\n")[0]
    return first if first.startswith("--") and len(first) > 2 else ""


def _masked_parts(text: str, border: str, secrets: Sequence[str]) -> str:
    """A multipart form as it was sent, but for what fields hold that are secret by name."""
    parts = text.split(border)
    for place, part in enumerate(parts):
        head, gap, body = part.partition("\r\n\r\n")
        name = _PART_NAME.search(head)
        if gap and name is not None and _is_secret(unquote(name[1]), "grant_type" in text):
            end = "\r\n" if body.endswith("\r\n") else ""
            parts[place] = f"{without_secrets(head, secrets)}{gap}{MASK}{end}"
        else:
            parts[place] = without_secrets(part, secrets)
    return border.join(parts)
