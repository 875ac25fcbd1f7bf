"""Passwords that nothing names: their place in a command, in a call, in an address of Oracle's or between
tags tells what they are."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from gpharness.contracts.secrets.secret_kinds import is_no_plain_word, is_value_of_secret, names_a_secret

_MARKS: Final = {
    ("",): ("database_auth", "securestring"),
    ("@", "%40"): ("oracle:", "oci:", "sqlplus", "connect("),
    ("(", "%28"): ("gis(", "signintoportal", "basicauth("),
    ("\\", "%5c"): ("net use",),
}
"""What stands before such a password, in small letters, and holds no word that names a secret; by the signs
without one of which there is none, as those are found soonest."""
_ALL_MARKS: Final = (
    *(mark for marks in _MARKS.values() for mark in marks),
    *("auth(", "auth=(", "auth = (", "networkcredential("),
)

_ORACLE: Final = re.compile(
    r"(?:\boracle:(?:thin|oci8?):|\boci:|\bsqlplus\s+(?:-\w+\s+){0,3}|\bconnect\(\s*[\"'])"
    r"[\w$#.\-]{1,40}/\"?(?P<password>[^\s\"@;,]{2,256})\"?@",
    re.IGNORECASE,
)
_CONNECTION_TOOL: Final = re.compile(
    r"\bDATABASE_AUTH[\"']?[\s,]{1,5}[\"']?[^\s\"',]{1,60}[\"']?[\s,]{1,5}"
    r"(?:(?P<q>[\"'])(?P<cited>(?:\\.|(?!(?P=q))[^\\\r\n]){2,256})(?P=q)|(?P<word>[^\s\",]{2,256}))"
)
_CALL: Final = re.compile(
    r"(?:\b(?:GIS|SignInToPortal\w{0,8}|NetworkCredential|HTTP\w{0,10}Auth)|\bauth\s?=\s?)\("
    r"\s{0,40}(?:[\"'][^\"'\r\n]{0,300}[\"']\s{0,40},\s{0,40})?[\"'][^\"'\r\n]{1,100}[\"']\s{0,40},\s{0,40}"
    r"(?P<q>[\"'])(?P<cited>(?:\\.|(?!(?P=q))[^\\\r\n]){2,256})(?P=q)\s{0,40}[,)]"
)
_SECURE_STRING: Final = re.compile(
    r"\bConvertTo-SecureString\s+(?:-String\s+)?(?P<q>[\"'])(?P<cited>(?:(?!(?P=q))[^\r\n]){2,256})(?P=q)",
    re.IGNORECASE,
)
_NET_USE: Final = re.compile(r"\bnet\s{1,3}use\s(?P<words>[^\r\n]{0,400})", re.IGNORECASE)
_PROPERTY: Final = re.compile(
    r"<(?:\w+:)?(?:key|name)(?:\s[^<>]{0,200})?>\s{0,40}(?P<name>[\w.\- ]{2,60}?)\s{0,40}"
    r"</(?:\w+:)?(?:key|name)>\s{0,40}<(?:\w+:)?value(?:\s[^<>]{0,300})?>\s{0,40}(?:<!\[CDATA\[)?(?P<value>[^<>]{2,4096}?)\s{0,40}(?:\]\]>|<)",
    re.IGNORECASE,
)
_LABEL: Final = re.compile(
    r">\s{0,40}(?P<name>[\w.\- ]{2,40}?)\s{0,40}:?\s{0,40}</(?:b|td|th|strong|label|dt|span)>"
    r"\s{0,40}:?\s{0,40}(?:<(?:td|dd|span|code)(?:\s[^<>]{0,200})?>\s{0,40})?(?P<value>[^<>\s]{4,4096})",
    re.IGNORECASE,
)


def marks_in(low: str) -> Iterator[str]:
    """The words in a text, in small letters, around which `secrets_by_position` may find something."""
    for signs, marks in _MARKS.items():
        if any(sign in low for sign in signs):
            yield from (mark for mark in marks if mark in low)


def secrets_by_position(view: str) -> Iterator[tuple[str, str]]:
    """The kind and the secret, as it is spelt there, of each."""
    low = view.lower()
    if any(mark in low for mark in _ALL_MARKS):
        for pattern in (_ORACLE, _CONNECTION_TOOL, _CALL, _SECURE_STRING):
            for found in pattern.finditer(view):
                groups = found.groupdict()
                value = groups.get("password") or groups.get("cited") or groups.get("word") or ""
                if is_value_of_secret(value) and set(value) - set("*#"):
                    yield "password", value
        for found in _NET_USE.finditer(view):
            yield from (("password", word) for word in _passwords_of(found["words"]))
    if "<" in view:
        for found in _PROPERTY.finditer(view):
            if names_a_secret(found["name"]) and is_value_of_secret(found["value"], found["name"]):
                yield found["name"], found["value"]
        for found in _LABEL.finditer(view):
            if names_a_secret(found["name"]) and is_no_plain_word(found["value"]):
                yield found["name"], found["value"]


def _passwords_of(words: str) -> Iterator[str]:
    """What is neither a drive, a share nor an option: `Z: \\\\files\\share /user:svc PASSWORD`."""
    given = words.split()
    if not any(word.lower().startswith(("/u:", "/user:")) for word in given):
        return
    for word in given[:8]:
        if word[0] in "/\\*\"'" or word.endswith(":"):
            continue
        yield word.rstrip("\"'}],")
        return
