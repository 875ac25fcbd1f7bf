"""Where secrets stand in a text: after the names that say so, after `Bearer`, in addresses, in tags, in
parts of forms, and packed in base64.

The text is also looked at with its encodings taken off, layer by layer, but only around the words that
matter: most texts have none, and cost next to nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from gpharness.contracts.secrets.credentials_by_position import marks_in, secrets_by_position
from gpharness.contracts.secrets.named_values import AFTER, AFTER_COLUMN, in_columns, quoted_in, values_after
from gpharness.contracts.secrets.packed_texts import (
    parts_of,
    runs_of,
    unpacked,
    unwrapped,
    user_and_password,
)
from gpharness.contracts.secrets.secret_kinds import (
    is_token_shaped,
    is_value_of_secret,
    looks_random,
    names_a_secret,
)
from gpharness.contracts.secrets.spellings import (
    hides_letters,
    peeled,
    singly_peeled,
    without_hidden_letters,
)

Found = tuple[str, str]
"""A secret's name, or its kind, and the secret as it was spelt there."""

RANDOM: Final = "token-like text"
USER: Final = "user"
_FOREIGN: Final = ("kennwort", "contrase", "wachtwoord", "senha", "senord", "adgangskode", "heslo")
_STEMS: Final = (
    *("token", "pass", "pwd", "secret", "key", "cred", "verifier", "auth", "sess", "saml", "sig", "cookie"),
    *("stringhidden", "ags_roles", "code", "assertion", "csrf", "xsrf", "otp"),
    *_FOREIGN,
)
"""One of these is in every name that says that a value is secret."""
_MARKS: Final = ("bearer", "basic", "eyj", "private key-----", "curl ", "--user", "digest ")
_SHORTEST_IN_BINARY: Final = 5
_IN_NAMES: Final = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-"
_REST: Final = re.compile(r"[\w.\-]{0,60}", re.ASCII)
_AHEAD: Final = 200
_BEHIND: Final = 4300
_LAYERS: Final = 3
_DEEPEST: Final = 2
_USER_NAMES: Final = frozenset({"username", "user", "userid", "loginname", "owner", "fullname", "email"})

_TAG: Final = re.compile(r"<[A-Za-z][^<>]{0,6000}>")
_ATTRIBUTE: Final = re.compile(r"([\w:.\-]+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'<>]+))")
_BEARER: Final = re.compile(r"\bbearer(?:\s+|\+|%20)([\w.~+/=\-]{6,})", re.IGNORECASE)
_BASIC: Final = re.compile(r"\bbasic(?:\s+|\+|%20)([\w+/=\-]{6,})", re.IGNORECASE)
_KEY: Final = re.compile(r"[?&;]key=([\w\-+/%.=]{20,})", re.IGNORECASE)
"""A parameter that many services have their keys in, and others any key."""
_CURL: Final = re.compile(
    r"(?:\bcurl\b[^\r\n]{0,400}?\s(?:-u|-U)|--(?:proxy-)?user)(?:\s+|=)"
    r"(?:(?P<q>[\"'])(?P<quoted_user>[^:\"']+):(?P<cited>[^\"']+)(?P=q)|(?P<user>[^\s:\"'\\]+):(?P<word>[^\s\"'\\]+))"
)
_DIGEST: Final = re.compile(r"\bdigest\s[^\r\n]{0,800}?\bresponse=[\"']?([\w\-+/=.]{8,})", re.IGNORECASE)
_USERINFO: Final = re.compile(r"://([^\s/@:\"'<>\\?#]*)(?::([^\s/@\"'<>\\]*))?@(?=[\w\[])")
_JWT: Final = re.compile(
    r"(?:(?<![\w\-.])|(?<=%[0-9A-Fa-f]{2}))eyJ[\w\-]{8,4096}\.[\w\-]{8,4096}(?:\.[\w\-]*)?", re.ASCII
)
_PEM: Final = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----(.{16,8000}?)-----END", re.DOTALL)
_VALUE_FIRST: Final = re.compile(
    r"[\"']value[\"']\s*:\s*([\"'])((?:\\.|(?!\1)[^\\]){0,8192})\1\s*,[^{}]{0,200}?[\"'](?:name|key|paramName)[\"']"
    r"\s*:\s*[\"']([\w.\- ]{1,80})[\"']"
)
_HIDDEN_TYPE: Final = re.compile(
    r"[\"'](?:GPMultiValue:)?GPStringHidden[\"'][^{}]{0,400}?[\"'](?:value|defaultValue)[\"']\s*:\s*"
    r"(?:([\"'])((?:\\.|(?!\1)[^\\]){0,8192})\1|\[([^\]\[]{0,8192})\])"
)
_HIDDEN_VALUE_FIRST: Final = re.compile(
    r"[\"']value[\"']\s*:\s*(?:([\"'])((?:\\.|(?!\1)[^\\]){0,8192})\1|\[([^\]\[]{0,8192})\])\s*,[^{}]{0,200}?"
    r"[\"']dataType[\"']\s*:\s*[\"'](?:GPMultiValue:)?GPStringHidden[\"']"
)
_MAKERS_MARK: Final = re.compile(
    r"(?<![A-Za-z0-9])(?:AAPK[\w-]{16,}|AAPT[\w-]{16,}|AIza[\w-]{30,}|AKIA[A-Z0-9]{16}|gh[pousr]_\w{20,}"
    r"|github_pat_\w{20,}|glpat-[\w-]{16,}|xox[abprs]-[\w-]{10,}|[sr]k_live_\w{16,})"
)
"""How the keys of well-known services begin, ArcGIS's own first."""


def secrets_in(text: str, *, users: bool = False, level: int = 0) -> Iterator[Found]:
    """The secrets that a text tells as such. `users`: names of users, too."""
    low = text.lower()
    if len(low) != len(text):
        low = "".join(each.lower()[:1] for each in text)
    is_binary = "\0" in text[:4096]
    if not is_binary and hides_letters(text):
        plain = without_hidden_letters(text)
        yield from _around_words(plain, plain.lower(), users)
    yield from _around_words(text, low, users)
    yield from _in_runs(text, users, level)
    if not is_binary and (plain := unwrapped(text)) != text:
        yield from _in_runs(plain, users, level)


def _around_words(text: str, low: str, users: bool) -> Iterator[Found]:
    for start, end in _windows(text, low, users):
        view = text[start:end]
        for _ in range(_LAYERS + 1):
            yield from _in_view(view, users)
            plain = peeled(view)
            if plain == view:
                break
            for one in singly_peeled(view):
                if one != plain:
                    yield from _in_view(one, users)
            view = plain


def _windows(text: str, low: str, users: bool) -> Iterator[tuple[int, int]]:
    """The parts of a text in which a word stands that matters, apart from each other."""
    places = _named_places(text, low)
    is_binary = "\0" in low[:4096]
    for mark in _MARKS:
        if mark in low and (not is_binary or len(mark) >= _SHORTEST_IN_BINARY):
            places += _all(low, mark)
    for mark in () if is_binary else marks_in(low):
        places += _all(low, mark)
    for sign in ("@", "%40"):
        if sign in low and not is_binary:
            places += [place for place in _all(low, sign) if _is_in_address(low, place)]
    if users:
        for word in ("user", "owner", "fullname", "full_name", "mail", "login"):
            places += _all(low, word)
    if not places:
        return
    start = end = -1
    for place in sorted(places):
        if end < 0 or place - _AHEAD > end:
            if end >= 0:
                yield start, end
            start = max(0, place - _AHEAD)
        end = place + _BEHIND
    if end >= 0:
        yield start, end


def _named_places(text: str, low: str) -> list[int]:
    """Where a word stands that is, or is part of, the name of a secret."""
    places = []
    is_binary = "\0" in low[:4096]
    for stem in _STEMS:
        if stem not in low or (is_binary and len(stem) < _SHORTEST_IN_BINARY):
            continue
        place = low.find(stem)
        while place >= 0:
            end = _REST.match(text, place).end()  # type: ignore[union-attr]
            begin = _beginning(text, place)
            name = low[begin:end]
            if (
                name == "code"
                or stem in _FOREIGN
                or (name == "key" and low[end : end + 1] in ("=", "%"))
                or names_a_secret(name)
                or names_a_secret(low[place:end])
                or "api key" in (low[max(0, place - 4) : end])
            ):
                places.append(place)
            place = low.find(stem, max(end, place + 1))
    return places


def _beginning(text: str, place: int) -> int:
    """Where the name begins in which a word stands at this place."""
    lead = text[max(0, place - 60) : place]
    return place - len(lead) + len(lead.rstrip(_IN_NAMES))


def _all(low: str, word: str) -> Iterator[int]:
    place = low.find(word)
    while place >= 0:
        yield place
        place = low.find(word, place + len(word))


def _is_in_address(low: str, place: int) -> bool:
    """Whether a user's name may end at this place: an address began before it."""
    lead = low[max(0, place - 300) : place]
    return any(mark in lead for mark in ("//", "%2f%2f", "%252f", "\\/"))


_WORD: Final = re.compile(
    r"token|passw(?:or)?[dt]|pwd|pass[-_ ]?phrase|secret|api[-_ ]?key|credential|code[-_ ]?verifier"
    r"|esri[-_]?auth|authorization|signature|sess(?:ion)?[-_]?id|account[-_]?key|private[-_]?key"
    r"|mot_?de_?passe|kennwort|contrase(?:n|ñ|Ã±)a|wachtwoord|senha|l(?:ö|o|Ã¶)senord|adgangskode|heslo"
    r"|assertion|[cx]srf|\botp\b|(?:access|shared|signing|encryption)[-_]?key|subscription[-_]?key|samlresponse|ags_roles|(?<![A-Za-z0-9])(?:auth|pass|sig|code)(?![A-Za-z0-9])",
    re.IGNORECASE,
)
_USER_WORD: Final = re.compile(
    r"(?<![A-Za-z])(?:user_?name|user_?id|user|owner|full_?name|e?mail|login_?name)(?![A-Za-z])",
    re.IGNORECASE,
)


def _in_view(view: str, users: bool) -> Iterator[Found]:
    done = 0
    for word in _WORD.finditer(view):
        if word.start() < done:
            continue
        begin = _beginning(view, word.start())
        end = _REST.match(view, word.end()).end()  # type: ignore[union-attr]
        name = view[begin:end]
        is_code = word[0].lower() == "code"
        if is_code:
            if not _is_of_oauth(view, begin, end):
                continue
        elif not names_a_secret(name):
            if not names_a_secret(view[word.start() : end]):
                continue
            name = view[word.start() : end]
        done = end
        for value in values_after(view, begin, end):
            if is_value_of_secret(value, name):
                yield name, value
            elif name.lower() == "auth" and (pair := user_and_password(value)) is not None:
                yield "password", pair[1]
        if AFTER_COLUMN.match(view, end):
            yield from ((name, value) for value in in_columns(view, begin) if is_value_of_secret(value, name))
    yield from _in_tags(view)
    yield from secrets_by_position(view)
    for found in _KEY.finditer(view):
        if looks_random(found[1]) or (found[1].isalnum() and len(set(found[1])) > 8):
            yield "key", found[1]
    for found in _CURL.finditer(view):
        yield "password", found["cited"] or found["word"]
        if users:
            yield USER, found["user"] or found["quoted_user"]
    for found in _DIGEST.finditer(view):
        yield "digest token", found[1]
    for found in _BEARER.finditer(view):
        if looks_random(found[1]) or len(found[1]) >= 20:
            yield "bearer token", found[1]
    for found in _BASIC.finditer(view):
        if (pair := user_and_password(found[1])) is not None:
            yield "password", pair[1]
            if users:
                yield USER, pair[0]
    for found in _USERINFO.finditer(view):
        if found[2]:
            yield "password", found[2]
            if users:
                yield USER, found[1]
        elif looks_random(found[1]) and len(found[1]) >= 16:
            yield "token", found[1]
    for found in _JWT.finditer(view):
        yield "token", found[0]
    for found in _PEM.finditer(view):
        yield "private key", found[1].strip()
    for found in _VALUE_FIRST.finditer(view):
        if names_a_secret(found[3]) and is_value_of_secret(found[2], found[3]):
            yield found[3], found[2]
    for pattern in (_HIDDEN_TYPE, _HIDDEN_VALUE_FIRST) if "GPStringHidden" in view else ():
        for found in pattern.finditer(view):
            values = quoted_in(found[3]) if found[3] is not None else [found[2]]
            yield from (("GPStringHidden", value) for value in values if is_value_of_secret(value))
    if users:
        yield from _users_in(view)


def _is_of_oauth(view: str, begin: int, end: int) -> bool:
    """Whether `code` is one that OAuth hands out: in a form or an address, beside what belongs to it."""
    if view[end : end + 1] not in ("=", '"', "'", ":"):
        return False
    around = view[max(0, begin - 1000) : end + 1000].lower()
    return any(word in around for word in ("grant_type", "code_verifier", "oauth", "state=", "redirect_uri"))


def _in_tags(view: str) -> Iterator[Found]:
    if "<" not in view:
        return
    for tag in _TAG.finditer(view):
        attributes = {
            found[1].lower(): found[2] or found[3] or found[4] or "" for found in _ATTRIBUTE.finditer(tag[0])
        }
        value = attributes.get("value") or attributes.get("content") or ""
        name = (
            attributes.get("name")
            or attributes.get("id")
            or attributes.get("key")
            or attributes.get("property")
            or ""
        )
        if (names_a_secret(name) or attributes.get("type", "").lower() == "password") and is_value_of_secret(
            value, name
        ):
            yield (name if names_a_secret(name) else "password"), value


def _users_in(view: str) -> Iterator[Found]:
    for word in _USER_WORD.finditer(view):
        found = AFTER.match(view, word.end())
        if found is None:
            continue
        groups = found.groupdict()
        value = groups["quoted"] or groups["form"] or groups["part"] or groups["beside"] or groups["cited"]
        if value and is_value_of_secret(value) and len(value) >= 3:
            yield USER, value
    for tag in _TAG.finditer(view):
        attributes = {
            found[1].lower(): found[2] or found[3] or found[4] or "" for found in _ATTRIBUTE.finditer(tag[0])
        }
        if attributes.get("name", "").lower() in _USER_NAMES and len(attributes.get("value", "")) >= 3:
            yield USER, attributes["value"]


def _in_runs(text: str, users: bool, level: int) -> Iterator[Found]:
    done: set[str] = set()
    for start, end in runs_of(text):
        run = text[start:end]
        if run in done:
            continue
        done.add(run)
        if level < _DEEPEST:
            for part in parts_of(run):
                if (told := unpacked(part)) is not None:
                    yield from secrets_in(told, users=users, level=level + 1)
        if (known := _MAKERS_MARK.search(run)) is not None and looks_random(known[0][4:]):
            yield "key", known[0]
        if end - start >= 32:
            if run.startswith("eyJ") and text[end : end + 1] == ".":
                continue
            if is_token_shaped(run) and unpacked(run) is None:
                words = [word for word in run.split("+") if is_token_shaped(word)]
                yield from ((RANDOM, word) for word in words[:-1])
                last = run if not words else words[-1]
                yield RANDOM, last + (_tail(text, end) if run.endswith(last) else "")


def _tail(text: str, end: int) -> str:
    """The dots with which tokens of ArcGIS Server end."""
    return ".." if text[end : end + 2] == ".." else "." if text[end : end + 2] in ('."', ".&") else ""
