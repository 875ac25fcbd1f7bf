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

SHORTEST: Final = 3
"""Characters: to mask shorter secrets would tell them by what else it blots out."""
BEGINNING: Final = 12
"""Characters of a secret by which its beginning is known, where the rest was cut off."""

_WORDS: Final = ("token", "password", "passwd", "pwd", "secret", "api_key", "apikey")
_BEARER: Final = "bearer "
_HINTS: Final = ("token", "passw", "pwd", "secret", "api", "bearer", "grant_type")
_HIDDEN_LETTERS: Final = re.compile(r"%(?:25|[46][1-9a-f]|[57][0-9a]|5cu00)")
"""An escape of a letter, which needs none, and an escape of an escape: words may hide behind them."""
_ESCAPED_LETTER: Final = re.compile(r"\\u00([46][1-9a-fA-F]|[57][0-9aA]|5[fF])")


@cache
def _after_a_word() -> re.Pattern[str]:
    """What follows the word, up to where the value begins, and the value."""
    return re.compile(
        r"""
        # JSON: the value ends with as many backslashes before its quote as it began with
        (?: (?P<json> \\*["']? \s*:\s* \[?\s* (?P<slashes>\\*) (?P<quote>["']) )
            (?: (?! (?<!\\) (?P=slashes) (?P=quote) ) . )* )
        | (?: (?P<bare> \\*["'] \s*:\s* ) [^\s"'\\,}\]\[{*]+ )
        | (?: (?P<escaped> %22 (?:%20|\+)* %3A (?:%20|\+)* %22 ) (?: (?!%22) . )+ )
        | (?: (?P<html> &(?:quot|\#3[49]|\#x2[27]); \s*:\s* &(?:quot|\#3[49]|\#x2[27]); )
            (?: (?! &(?:quot|\#3[49]|\#x2[27]); ) . )+ )
        | (?: (?P<form> (?:\s*=\s*|%3D) ["']? ) [^\s"'&,;}\])<>*]+ )
        """,
        re.VERBOSE | re.DOTALL | re.IGNORECASE,
    )


@cache
def _in_an_address() -> re.Pattern[str]:
    return re.compile(r"(://[^\s/@:\"'<>]*:)[^\s/@\"'<>]+(?=@)")


@cache
def _of_a_bearer() -> re.Pattern[str]:
    return re.compile(r"\s*[\w.~+/=-]{8,}", re.ASCII)


def may_hold_secrets(*parts: bytes) -> bool:
    """Whether a secret may stand in any of these bytes of queries, headers and bodies. Quick, and wrong on
    the safe side."""
    low = b"\n".join(parts).decode("latin-1").lower()
    for hint in _HINTS:
        if hint in low:
            return True
    if "\\u00" in low or ("%" in low and _HIDDEN_LETTERS.search(low)):
        return True
    return ("@" in low and "://" in low) or "%40" in low


def without_secrets(text: str, secrets: Sequence[str] = ()) -> str:
    """The text without these secrets, which are in lower case, and without what it calls a token or a
    password. A secret is known in any case, and by its beginning where the rest of it is cut off."""
    if "\\u00" in text:
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
    if "@" in text and "://" in text:
        text = _in_an_address().sub(rf"\1{MASK}", text)
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
    """Where the values stand that a word names."""
    after = _after_a_word()
    for word in _WORDS:
        place = low.find(word)
        while place >= 0:
            place += len(word)
            if found := after.match(text, place):
                yield found.end(found.lastgroup or 0), found.end()
                place = found.end()
            place = low.find(word, place)
    place = low.find(_BEARER)
    while place >= 0:
        place += len(_BEARER)
        if found := _of_a_bearer().match(text, place):
            yield place, found.end()
        place = low.find(_BEARER, place)


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
