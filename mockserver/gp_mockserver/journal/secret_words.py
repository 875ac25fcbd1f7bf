"""Finds what a text calls a token or a password, and takes it out.

A value is known by the word before it: `token=…`, `"token": "…"`, `Bearer …`, also where JSON stands in a
text of JSON, or percent-encoded. Only texts in which such a word occurs are looked at closely: they are few.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Final

from gp_mockserver.security.masking import MASK
from gp_mockserver.security.secret_names import is_secret_name

SHORTEST: Final = 3
"""Characters: to mask shorter secrets would tell them by what else it blots out."""
BEGINNING: Final = 12
"""Characters of a secret by which its beginning is known, where the rest was cut off."""

_BEARER: Final = "bearer "
_HINTS: Final = ("token", "pass", "pwd", "secret", "api", "bearer", "basic", "auth", "credential", "verifier")
_BEGINNINGS: Final = ("token", "pass", "pwd", "secret", "api", "esri", "credential", "code", "auth")
"""What parts of a name begin with that say that it is secret."""
_BEFORE: Final = re.compile(r"[\w\-.]*\Z", re.ASCII)
_HIDDEN_LETTERS: Final = re.compile(r"%(?:25|40|[46][1-9a-f]|[57][0-9a]|5cu00)")
"""An escape of a letter, which needs none, and of an escape, behind which words may hide; and that of `@`."""
_ESCAPED_LETTER: Final = re.compile(r"(?:\\u00|%(?:25)*)([46][1-9a-fA-F]|[57][0-9aA]|5[fF])")
_OUR_TOKEN: Final = re.compile(r"(Wy[IJL][\w\-]{8,4000})(?:\.[\w\-]*)?(?:\+/=\.\.)?", re.ASCII)
"""What may be a token of the mock's own (`gp_mockserver.security.tokens`), or the beginning of one: JSON of a
list, and a signature."""
_OUR_PAYLOAD: Final = re.compile(rb'\["(?:[^"\\]|\\.)*",\d')
"""What such a list begins with: a user's name, and an instant."""


@cache
def _of_a_name() -> re.Pattern[str]:
    """A part of a name that says that the value is secret, and the rest of that name."""
    return re.compile(
        r"(?:token|password|passwd|pwd|secret|api[-_ ]?key|pass[-_ ]?phrase|esri[-_]?auth|credential"
        r"|code[-_]?verifier|authorization|\b(?:auth|pass)\b)[\w\-.]{0,60}",
        re.IGNORECASE | re.ASCII,
    )


@cache
def _after_a_name() -> re.Pattern[str]:
    """What follows the name, up to where the value begins, and the value."""
    return re.compile(
        r"""
        # JSON: the value ends with as many backslashes before its quote as it began with
        (?: (?P<json> \s{0,3} \\*["']? \s*:\s* (?P<slashes>\\*) (?P<quote>["']) )
            (?: (?! (?<!\\) (?P=slashes) (?P=quote) ) . )* )
        | (?: (?P<bare> \s{0,3} \\*["'] \s*:\s* ) [^\s"'\\,}\]\[{*]+ )
        | (?: (?P<escaped> %22 (?:%20|\+)* %3A (?:%20|\+)* %22 ) (?: (?!%22) . )+ )
        | (?: (?P<html> &(?:quot|\#3[49]|\#x2[27]); \s*:\s* &(?:quot|\#3[49]|\#x2[27]); )
            (?: (?! &(?:quot|\#3[49]|\#x2[27]); ) . )+ )
        | (?: (?P<quoted> \s*=\s* (?P<mark>["']) ) (?: (?!(?P=mark)) [^<>] )+ (?=(?P=mark)) )
        | (?: (?P<form> (?: [\s+]* = \s* | (?:%(?:25)*20|\+)* %(?:25)*3D (?:%(?:25)*20|\+)* ) ["']?
              (?:(?:basic|bearer)(?:\s+|%20|\+))? (?! (?:basic|bearer)(?:\s|%20|\+) ) )
            [^\s"'&,;}\])<>*]+ )
        # a field of a page
        | (?: (?P<field> ["'] \s+ value \s*=\s* (?P<other>["']) ) (?: (?!(?P=other)) . )+ )
        # a word up to the end of its line, as in YAML
        | (?: (?P<yaml> [ \t]*:[ \t]+ (?:(?:basic|bearer)[ \t]+)? (?!(?:basic|bearer)[ \t]) )
            [^\s<>"'{}\[\]*:,;&][^\s<>{}\[\]*,;]* (?=[ \t]*(?:[\r\n,;}]|\\[rn]|$)) )
        """,
        re.VERBOSE | re.DOTALL | re.IGNORECASE,
    )


@cache
def _of_an_element() -> re.Pattern[str]:
    """The rest of a tag, and what stands in the element."""
    return re.compile(r"(?:\s[^<>]{0,500})?>\s{0,50}(?:<!\[CDATA\[)?()[^<>*]+(?=\]\]>|<|$)")


@cache
def _of_a_list() -> re.Pattern[str]:
    return re.compile(r"""(?:\\*["']|&quot;|%22)?\s*(?::|%3A)\s*(?:\[|%5B)\s*""", re.IGNORECASE)


@cache
def _in_an_address() -> re.Pattern[str]:
    return re.compile(r"(://[^\s/@:\"'<>]*:)[^\s/@\"'<>]+(?=@)")


@cache
def _of_a_bearer() -> re.Pattern[str]:
    return re.compile(r"\s*[\w.~+/=-]{8,}", re.ASCII)


def may_hold_secrets(*parts: bytes) -> bool:
    """Whether a secret may stand in any of these bytes of queries, headers and bodies. Quick, and wrong on
    the safe side."""
    whole = b"\n".join(parts)
    low = whole.decode("latin-1").lower()
    for hint in _HINTS:
        if hint in low:
            return True
    if "%" in low and _HIDDEN_LETTERS.search(low):
        return True
    return "@" in low or "\\u00" in low or "code=" in low or b"Wy" in whole


def without_secrets(text: str, secrets: Sequence[str] = ()) -> str:
    """The text without these secrets, which are in lower case, and without what it calls a token or a
    password. A secret is known in any case, and by its beginning where the rest of it is cut off."""
    if "\\u00" in text or ("%" in text and _HIDDEN_LETTERS.search(text.lower())):
        plain = _ESCAPED_LETTER.sub(lambda found: chr(int(found[1], 16)), text)
        if _without(plain, secrets) != plain:
            text = plain
    return _without(text, secrets)


def _without(text: str, secrets: Sequence[str]) -> str:
    low = in_lower_case(text)
    for hint in _HINTS:
        if hint in low:
            text = _without_named(text, low)
            break
    if "basic " in low:
        text = _without_basic(text)
    if "@" in text and "://" in text:
        text = _in_an_address().sub(rf"\1{MASK}", text)
    if "Wy" in text:
        text = _OUR_TOKEN.sub(_masked_token, text)
    return _without_given(text, secrets) if secrets else text


def in_lower_case(text: str) -> str:
    """The text in lower case, letter for letter: some letters have two in lower case."""
    low = text.lower()
    return low if len(low) == len(text) else "".join(each.lower()[:1] for each in text)


def _without_named(text: str, low: str) -> str:
    pieces, place = [], 0
    for start, end in sorted(_named(text, low)):
        if start >= place:
            pieces += [text[place:start], MASK]
            place = end
    return "".join([*pieces, text[place:]]) if pieces else text


def _named(text: str, low: str) -> Iterator[tuple[int, int]]:
    """Where the values stand that a name says are secret."""
    name = _of_a_name()
    for beginning in _BEGINNINGS:
        place = low.find(beginning)
        while place >= 0:
            end = place + len(beginning)
            if (found := name.match(text, place)) and (span := _value_of(text, place, found.end())):
                yield span
                end = max(end, span[1])
            place = low.find(beginning, end)
    place = low.find(_BEARER)
    while place >= 0:
        place += len(_BEARER)
        if bearer := _of_a_bearer().match(text, place):
            yield place, bearer.end()
        place = low.find(_BEARER, place)


def _value_of(text: str, start: int, end: int) -> tuple[int, int] | None:
    """Where the value stands of a name, of which a part that sounds secret starts here and its rest ends
    there; None where it has none, or is no secret's."""
    before = _BEFORE.search(text, max(0, start - 60), start)
    begin = start if before is None else before.start()
    if not is_secret_name(text[begin:end]):
        return None
    ahead = text[max(0, begin - 1) : begin]
    if ahead in ("<", ":") and (inside := _of_an_element().match(text, end)):
        return inside.end(1), inside.end()
    if opened := _of_a_list().match(text, end):
        return _in_the_list(text, opened.end())
    if value := _after_a_name().match(text, end):
        return value.end(value.lastgroup or 0), value.end()
    lead = text[max(0, begin - _INDENT) : begin]
    begins_line = not lead.rpartition("\n")[2].strip(" \t-") and (begin < _INDENT or "\n" in lead)
    if begins_line and (line := _REST_OF_LINE.match(text, end)):
        return line.end(1), line.end()
    return None


def _in_the_list(text: str, start: int) -> tuple[int, int]:
    """What stands between the brackets of a list that begins here, but for its first and last quote."""
    depth, mark, level, end = 1, "", 0, len(text)
    for found in _IN_LISTS.finditer(text, start):
        met = found[0].lower()
        if found[2]:
            slashes = len(found[1])
            if not mark:
                mark, level = found[2], slashes
            elif mark == found[2] and slashes >= level and (slashes - level) % (2 * level + 2) == 0:
                mark = ""
        elif not mark:
            depth += 1 if met in ("[", "%5b") else -1
            if not depth:
                end = found.start()
                break
    first = _FIRST_QUOTE.match(text, start, end)
    last = None if first is None else _LAST_QUOTE.search(text, max(first.end(), end - 12), end)
    return (start, end) if first is None or last is None else (first.end(), last.start())


_INDENT: Final = 40
"""Characters of blanks and dashes before a name in YAML."""
_REST_OF_LINE: Final = re.compile(r"([ \t]*:[ \t]+)(?!met\b|expected\b)[^\s<>*{\[][^\r\n<>*]*")
_IN_LISTS: Final = re.compile(r"""(\\*)(["'])|[\[\]]|%5[BDbd]""")
_FIRST_QUOTE: Final = re.compile(r"""\\*["']|%22|&quot;""")
_LAST_QUOTE: Final = re.compile(r"""(?:\\*["']|%22|&quot;)\s*\Z""")


def _without_basic(text: str) -> str:
    """Without the credentials of the scheme Basic, which are base64 of a name and a password."""
    return re.sub(r"(\bbasic\s+)([\w+/=-]{6,})", _masked_basic, text, flags=re.IGNORECASE | re.ASCII)


def _masked_token(found: re.Match[str]) -> str:
    from base64 import urlsafe_b64decode

    payload = found[1]
    told = urlsafe_b64decode(payload[: len(payload) // 4 * 4])
    return MASK if _OUR_PAYLOAD.match(told) else found[0]


def _masked_basic(found: re.Match[str]) -> str:
    return f"{found[1]}{MASK}" if password_of(found[2]) is not None else found[0]


def password_of(credentials: str) -> str | None:
    """The password in credentials of the scheme Basic (RFC 7617); None where they are none."""
    import binascii

    try:
        told = binascii.a2b_base64(credentials.strip()).decode("utf-8", "replace")
    except ValueError:
        return None
    _, colon, password = told.partition(":")
    return password if colon else None


def _without_given(text: str, secrets: Sequence[str]) -> str:
    low = in_lower_case(text)
    for secret in secrets:
        begin = secret[:BEGINNING]
        place = low.find(begin)
        if place < 0:
            continue
        rest = secret[BEGINNING:]
        pieces, done = [], 0
        while place >= 0:
            end = place + len(begin)
            end += _shared(rest, low[end : end + len(rest)])
            pieces += [text[done:place], MASK]
            done = end
            place = low.find(begin, end)
        text = "".join([*pieces, text[done:]])
        low = in_lower_case(text)
    return text


def _shared(one: str, other: str) -> int:
    """How many characters two texts begin with alike."""
    if one == other:
        return len(one)
    for place, (wanted, met) in enumerate(zip(one, other, strict=False)):
        if wanted != met:
            return place
    return min(len(one), len(other))


def without_a_beginning(text: str, secrets: Sequence[str]) -> str:
    """A text that was cut without the beginning of a secret at its very end."""
    low = in_lower_case(text[-BEGINNING:])
    for secret in secrets:
        for size in range(min(len(secret), BEGINNING), SHORTEST - 1, -1):
            if low.endswith(secret[:size]):
                return text[:-size] + MASK
    return text
