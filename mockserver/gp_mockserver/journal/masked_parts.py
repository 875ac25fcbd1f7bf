"""The parts of a request and of its answer without the tokens and passwords in them, as the journal writes
them down.

Bytes are read as Latin-1, which gives every byte back: what holds no secret stays as it was sent, be it text
or not. `may_hold_secrets` is the quick question; where it says no, there is nothing to mask.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache, lru_cache
from html import escape
from typing import Final
from urllib.parse import parse_qsl, quote, quote_plus, unquote, unquote_plus

from gp_mockserver.journal.entries import KEPT, Headers
from gp_mockserver.journal.secret_words import (
    SHORTEST,
    in_lower_case,
    password_of,
    without_a_beginning,
    without_secrets,
)
from gp_mockserver.security.masking import MASK, secrets_of
from gp_mockserver.security.secret_names import is_secret_header, is_secret_name

RawHeaders = Iterable[tuple[bytes, bytes]]

MOST_PARAMETERS: Final = 1000
"""Parameters of a request that are kept; how many more there were is said."""
_PLAIN_HEADERS: Final = frozenset(
    {b"host", b"accept", b"accept-encoding", b"accept-language", b"connection", b"content-type", b"origin"}
    | {b"content-length", b"cache-control", b"pragma", b"user-agent", b"date", b"allow", b"vary"}
    | {b"sec-fetch-mode", b"sec-fetch-site", b"sec-fetch-dest", b"x-content-type-options"}
)
"""Those of nearly every request, and of nearly every answer, whose names say nothing of a secret."""
_PLAIN_NAMES: Final = frozenset(name.decode() for name in _PLAIN_HEADERS)
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
    """Whether the names of a request's headers, which are in lower case, say that one of them is a secret,
    or that the body is packed. What their values say is not looked at."""
    for name, _ in headers:
        if name not in _PLAIN_HEADERS and (_hides(name) if len(name) < 64 else _says_secret(name)):
            return True
    return False


def _says_secret(name: bytes) -> bool:
    return name == b"content-encoding" or is_secret_header(name.decode("latin-1"))


_hides = lru_cache(maxsize=512)(_says_secret)


def all_secrets(
    parameters: Mapping[str, str], header: Callable[[str], str | None], path: str = ""
) -> list[str]:
    """The tokens and passwords that a request to a path names as such, in every form in which they may be
    repeated, in lower case; longest first."""
    found = set(secrets_of(parameters, header))
    has_code = brings_code(path, parameters)
    given = [*parameters.items(), *_in_query(header("referer") or "")]
    said = [header(name) for name in ("authorization", "proxy-authorization")]
    for name, value in given:
        if is_secret_name(name) or (name == "code" and has_code):
            if name.lower() == "authorization":
                said.append(value)
            found.add(value[:_LONGEST])
    for each in filter(None, said):
        scheme, _, credentials = each.strip().partition(" ")
        found.add(credentials.strip() or scheme)
        if scheme.lower() == "basic":
            found.add(password_of(credentials) or "")
    for part in (header("cookie") or "").split(";"):
        found.add(part.partition("=")[2].strip().strip('"')[:_LONGEST])
    forms = {in_lower_case(form) for each in found if len(each) >= SHORTEST for form in _forms(each)}
    return sorted(forms, key=len, reverse=True)


def _forms(secret: str) -> set[str]:
    """A secret as it is, as addresses, JSON and HTML write it, and each as bytes of UTF-8 look in Latin-1."""
    packed = _in_base64(secret)
    if secret.isalnum() and secret.isascii():
        return {secret, *packed}
    import json

    forms = {*packed, secret, unquote(secret), quote(secret, safe=""), quote_plus(secret), escape(secret)}
    forms |= {json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]}
    return forms | {_as_bytes_look(each) for each in forms}


def _as_bytes_look(text: str) -> str:
    return text if text.isascii() else text.encode("utf-8", "replace").decode("latin-1")


def _in_base64(secret: str) -> set[str]:
    """How base64 begins and ends a secret, wherever it stands in what is written so."""
    if len(secret) < 6:
        return set()
    from base64 import b64encode

    data, forms = secret.encode("utf-8", "replace"), set()
    for before in range(3):
        whole = b64encode(bytes(before) + data).decode().rstrip("=")
        inner = whole[(before * 8 + 5) // 6 :]
        inner = inner[:-1] if (before + len(data)) % 3 else inner
        forms |= {inner, inner.replace("+", "-").replace("/", "_")}
    return forms


def _in_query(address: str) -> list[tuple[str, str]]:
    """What stands in an address's query and fragment."""
    rest, _, fragment = address.partition("#")
    query = "&".join([rest.partition("?")[2], fragment])[:KEPT]
    return parse_qsl(query, keep_blank_values=True) if "=" in query else []


def masked_parameters(
    parameters: Mapping[str, str], secrets: Sequence[str], has_code: bool
) -> dict[str, str]:
    """Parameters without their secrets, and without what goes beyond KEPT characters, or MOST_PARAMETERS, in
    all. `has_code`: what is called `code` is one of OAuth."""
    kept: dict[str, str] = {}
    left = KEPT
    is_plain = is_short(parameters) and not any(_is_secret(name, has_code) for name in parameters)
    if is_plain and _is_clean([*parameters, *parameters.values()], secrets):
        return dict(parameters)
    for name, value in parameters.items():
        if len(kept) >= MOST_PARAMETERS or left <= 0:
            kept["…"] = f"({len(parameters) - len(kept)} more)"
            break
        called = _shortened(name, left, secrets)
        left -= min(len(name), left)
        if _is_secret(name, has_code):
            kept[called] = value and MASK
            continue
        kept[called] = _shortened(value, left, secrets)
        left -= min(len(value), left)
    return kept


def is_short(parameters: Mapping[str, str]) -> bool:
    """Whether parameters are kept as they are."""
    return (
        len(parameters) <= MOST_PARAMETERS
        and sum(map(len, parameters)) + sum(map(len, parameters.values())) <= KEPT
    )


def _shortened(text: str, longest: int, secrets: Sequence[str]) -> str:
    """A text without secrets, and without what goes beyond so many characters."""
    if len(text) <= longest:
        return without_secrets(text, secrets)
    return (
        f"{without_a_beginning(without_secrets(text[:longest], secrets), secrets)}… ({len(text)} characters)"
    )


def masked_pairs(
    encoded: str, secrets: Sequence[str], *, is_cut: bool = False, has_code: bool = False
) -> str:
    """A query or a form, percent-encoded: what is masked is encoded anew, all else stays as it was sent.
    `has_code`: as for parameters."""
    if is_cut:
        encoded = _HALF_ESCAPE.sub("", encoded)
    pairs = encoded.split("&")
    has_code = has_code or "grant_type" in encoded
    for place, pair in enumerate(pairs):
        name, equals, value = (unquote_plus(each, "latin-1") for each in pair.partition("="))
        if not equals:
            value, name = name, ""
        told = without_secrets(value, secrets)
        if _is_secret(name, has_code):
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


def _is_secret(name: str, has_code: bool) -> bool:
    """Whether a parameter's name says that its value is secret; the code of a sign-in is one."""
    return is_secret_name(name) or (has_code and name.strip().lower() == "code")


def brings_code(path: str, names: Iterable[str]) -> bool:
    """Whether a parameter `code` is one of OAuth (RFC 6749): at its addresses, where one is exchanged, and
    where one comes back."""
    return "oauth" in path.lower() or any(name in ("grant_type", "state", "code_verifier") for name in names)


def masked_address(
    text: str, secrets: Sequence[str] = (), *, is_cut: bool = False, has_code: bool = False
) -> str:
    """An address, its path, query and fragment without secrets. `is_cut`: more follows; `has_code`: as for
    parameters."""
    rest, hash_, fragment = text.partition("#")
    path, mark, query = rest.partition("?")
    is_of_path = is_cut and not mark
    path = without_secrets(path, secrets)
    return "".join(
        [
            without_a_beginning(path, secrets) if is_of_path else path,
            mark,
            masked_pairs(query, secrets, is_cut=is_cut, has_code=has_code) if query else "",
            hash_,
            masked_pairs(fragment, secrets) if fragment else "",
        ]
    )


def masked_headers(headers: RawHeaders, secrets: Sequence[str], *, of_request: bool) -> Headers:
    """Headers as text. Of those that prove who asks only the scheme is left, of cookies the names, of a
    `Referer` all but its query."""
    texts = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in headers]
    is_clean = _is_clean([text for each in texts for text in each], secrets)
    return tuple(
        (
            name if is_clean else without_secrets(name, secrets),
            value
            if is_clean and low in _PLAIN_NAMES and "@" not in value
            else _masked_header(low, value, secrets, of_request),
        )
        for name, value in texts
        for low in (name.lower(),)
    )


def _is_clean(texts: Iterable[str], secrets: Sequence[str]) -> bool:
    """Whether nothing in any of the texts is masked, asked of all of them at once."""
    text = "\n".join(texts)
    return without_secrets(text, secrets) == text


def _masked_header(name: str, value: str, secrets: Sequence[str], of_request: bool) -> str:
    if "cookie" in name:
        return _masked_cookies(value, every=of_request or not name.startswith("set-cookie"))
    if name.endswith(("authorization", "authentication")):
        scheme, _, said = value.strip().partition(" ")
        return f"{scheme} {MASK}" if said else MASK
    if is_secret_header(name):
        return MASK if value else value
    if name == "referer":
        address, mark, query = value.partition("?")
        return without_secrets(address.partition("#")[0], secrets) + (f"?{MASK}" if mark and query else mark)
    if name in ("host", "x-forwarded-host") and "@" in value:
        who, _, host = value.rpartition("@")
        value = f"{who.partition(':')[0]}:{MASK}@{host}"
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
    has_code: bool = False,
) -> bytes:
    """The beginning of a body without secrets. `is_form`: what has no type is a form, as in requests;
    `is_cut`: more follows; `has_code`: as for parameters. An answer of an operation that hands out tokens
    loses whatever may be one."""
    text = body.decode("latin-1")
    kind = content_type.partition(";")[0].strip().lower()
    if is_form and (border := _border(text, content_type)):
        text = _masked_parts(text, border, secrets, has_code)
    elif is_form and (not kind or "form-urlencoded" in kind):
        text = masked_pairs(text, secrets, is_cut=is_cut, has_code=has_code)
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
    for part in body.decode("latin-1").split(border) if border else ():
        head, _, value, _ = _head_and_value(part)
        if found := _PART_NAME.search(head):
            fields.setdefault(unquote(found[1]), value.encode("latin-1").decode("utf-8", "replace"))
            if len(fields) > MOST_PARAMETERS:
                break
    return fields


def _border(text: str, content_type: str) -> str:
    """What stands between the parts of a multipart form; empty where the body is none."""
    if (found := _BOUNDARY.search(content_type)) and content_type.lower().startswith("multipart/"):
        return f"--{found[1].strip()}"
    first = text[:200].partition("\n")[0].rstrip("\r")
    return first if first.startswith("--") and len(first) > 2 else ""


def _head_and_value(part: str) -> tuple[str, str, str, str]:
    """A part's head, what follows it, its value, and its last end of a line, be they CRLF or bare LF."""
    gap = _GAP.search(part)
    if gap is None:
        return part, "", "", ""
    value = part[gap.end() :]
    end = "\r\n" if value.endswith("\r\n") else "\n" if value.endswith("\n") else ""
    return part[: gap.start()], gap[0], value[: len(value) - len(end)], end


_GAP: Final = re.compile(r"\r?\n\r?\n")


def _masked_parts(text: str, border: str, secrets: Sequence[str], has_code: bool) -> str:
    """A multipart form as it was sent, but for what fields hold that are secret by name."""
    parts = text.split(border)
    has_code = has_code or "grant_type" in text
    for place, part in enumerate(parts):
        head, gap, _, end = _head_and_value(part)
        name = _PART_NAME.search(head)
        if gap and name is not None and _is_secret(unquote(name[1]), has_code):
            parts[place] = f"{without_secrets(head, secrets)}{gap}{MASK}{end}"
        else:
            parts[place] = without_secrets(part, secrets)
    return border.join(parts)
