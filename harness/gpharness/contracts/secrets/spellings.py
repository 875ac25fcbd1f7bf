"""A secret in every spelling: as it is, in addresses, in JSON, in HTML, in base64, and each twice."""

from __future__ import annotations

import html
import json
import re
from base64 import b64encode
from functools import cache
from html.entities import codepoint2name
from typing import Final
from urllib.parse import unquote

SHORTEST_INSIDE: Final = 8
"""Characters of a secret that is known also where it stands within a longer word."""
_BEGINNING: Final = 12
"""Characters of a token by which its beginning is known, where the rest was cut off."""
_IN_JSON: Final = {'"': '"', "/": "/", "\b": "b", "\f": "f", "\n": "n", "\r": "r", "\t": "t", "'": "'"}
_BEFORE: Final = (
    r"(?:(?<![A-Za-z0-9])|(?<=%[0-9A-Fa-f]{2})|(?<=%25[0-9A-Fa-f]{2})"
    r"|(?<=%2525[0-9A-Fa-f]{2})|(?<=\\u[0-9A-Fa-f]{4})|(?<=\\[nrtbf]))"
)
_AFTER: Final = r"(?![A-Za-z0-9])"
_BACKSLASH: Final = r"(?:\\|%(?:25){0,3}5c|&(?:amp;)?\#92;|\\u005c)"
_RUN: Final = re.compile(r"[a-z0-9]+")
_A_LETTER: Final = r"([46][1-9a-fA-F]|[57][0-9aA]|3[0-9]|5[fF]|2[dDeE])"
_HIDDEN_IN_ADDRESS: Final = re.compile(f"%(?:25)*{_A_LETTER}")
_HIDDEN_IN_JSON: Final = re.compile(rf"(?:\\|%(?:25)*5[cC])+u00{_A_LETTER}")
_HIDDEN_ENTITY: Final = re.compile(
    r"(?:&|%(?:25)*26)(?:amp(?:;|%(?:25)*3[bB]))*(?:#|%(?:25)*23)(?:0*(4[5689]|5[0-7]|6[5-9]|[789]\d|1[01]\d|12[0-2])|[xX]0*([46][1-9a-fA-F]|[57][0-9aA]|3[0-9]|5[fF]|2[dDeE]))"
    r"(?:;|%(?:25)*3[bB])"
)


_MIXED: Final = re.compile(r"(?=[A-Za-z]{0,11}\d)(?=\d{0,11}[A-Za-z])[A-Za-z0-9]{12}")
"""A beginning that is no word."""


class Spelling:
    """What finds one secret in a text. `canonical` is the secret without any encoding."""

    def __init__(self, canonical: str) -> None:
        self.canonical = canonical
        low = canonical.lower()
        self._run = max(_RUN.findall(low), key=len, default="")
        self._is_plain = canonical.isascii() and canonical.isalnum()
        self._is_inside = len(canonical) >= SHORTEST_INSIDE
        self._begin = ""
        if len(canonical) >= 20 and _MIXED.match(canonical) and not low.startswith("eyj"):
            self._begin = low[:_BEGINNING]
        self._pattern: re.Pattern[str] | None = None
        self.packed = in_base64(canonical) if len(canonical) >= 6 else frozenset()

    def may_stand_in(self, low: str) -> bool:
        """Whether a text, which is in lower case, may hold the secret; quick, and wrong on the safe side."""
        return self._run in low or (self._begin != "" and self._begin in low)

    def may_begin_in(self, low: str) -> bool:
        """Whether a text, which is in lower case, holds the secret's beginning."""
        return self._begin != "" and self._begin in low

    @property
    def pattern(self) -> re.Pattern[str]:
        if self._pattern is None:
            body = (
                re.escape(self.canonical) if self._is_plain else "".join(map(_piece, _units(self.canonical)))
            )
            whole = body if self._is_inside else f"{_BEFORE}{body}{_AFTER}"
            self._pattern = re.compile(whole, re.IGNORECASE)
        return self._pattern

    def replaced(self, text: str, other: str) -> str:
        """The text with another in the place of the secret."""
        return self.pattern.sub(lambda _: other, text)

    def without_beginnings(self, text: str, other: str) -> str:
        """The text with another in the place of what the secret's beginning begins: the secret where it was
        cut off, or one of the same maker. All whole secrets are to be replaced before: many begin alike."""
        if self._begin and self._begin in (low := text.lower()) and len(low) == len(text):
            return self._without_beginnings(text, low, other)
        return text

    def stands_in(self, text: str) -> bool:
        """Whether the text, or a text that is packed in it, holds the secret, or more than its beginning."""
        if self.may_stand_in(text.lower()) and (
            self.pattern.search(text) or (self._begin and self._begin in text.lower())
        ):
            return True
        return any(form in text for form in self.packed)

    def _without_beginnings(self, text: str, low: str, other: str) -> str:
        kept, done = [], 0
        place = low.find(self._begin)
        while place >= 0:
            end = place + len(self._begin)
            while end < len(low) and (low[end] in "-_" or (low[end].isascii() and low[end].isalnum())):
                end += 1
            kept += [text[done:place], other]
            done = end
            place = low.find(self._begin, end)
        return "".join([*kept, text[done:]])


def in_base64(secret: str) -> frozenset[str]:
    """How base64 writes a secret, wherever it stands in what is packed, but for the letters that it shares
    with what is around it."""
    data, forms = secret.encode("utf-8", "surrogatepass"), set()
    for before in range(3):
        whole = b64encode(bytes(before) + data).decode().rstrip("=")
        inner = whole[(before * 8 + 5) // 6 :]
        inner = inner[:-1] if (before + len(data)) % 3 else inner
        forms |= {inner, inner.replace("+", "-").replace("/", "_")}
    return frozenset(form for form in forms if len(form) >= 7)


def canonical_of(value: str) -> str:
    """A value without the encodings that it stood in, however often it was encoded."""
    value = as_text(value).strip()
    for _ in range(4):
        if _BAD_OCTET.search(value) and not _is_of_utf8(value):
            break
        plain = peeled(value)
        if plain == value or not plain.strip():
            break
        value = plain.strip()
    if len(value) > 1 and value[0] in "\"'" and value[-1] == value[0]:
        value = value[1:-1]
    return value


_BAD_OCTET: Final = re.compile("%[0189A-Fa-f][0-9A-Fa-f]")


def _is_of_utf8(value: str) -> bool:
    """Whether what looks percent-encoded is, and not a password with a percent sign in it."""
    try:
        plain = unquote(value, "utf-8", "strict")
    except UnicodeDecodeError:
        return False
    return not any(each < " " and each not in "\t\r\n" for each in plain)


def as_text(value: str) -> str:
    """A text whose bytes of UTF-8 were read as Latin-1, read rightly."""
    if value.isascii():
        return value
    try:
        return value.encode("latin-1").decode("utf-8")
    except (UnicodeEncodeError, UnicodeDecodeError):
        return value


def singly_peeled(text: str) -> list[str]:
    """A text that stands in several encodings with one of them less, each in turn: a quotation mark that one
    hides does not end what another holds."""
    told = []
    if "&" in text and ";" in text:
        told.append(html.unescape(text))
    if "\\" in text:
        told.append(_ESCAPE.sub(_unescaped, text))
    return [each for each in told if each != text]


def peeled(text: str) -> str:
    """A text with one layer of percent-encoding, of escapes of JSON and of entities of HTML less. What is no
    escape stays."""
    if "%" in text:
        text = unquote(text, "latin-1" if text.isascii() else "utf-8", "replace")
        text = as_text(text)
    if "\\" in text:
        text = _ESCAPE.sub(_unescaped, text)
    if "&" in text and ";" in text:
        text = html.unescape(text)
    return text


_ESCAPE: Final = re.compile(
    r"\\u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})|\\u([0-9a-fA-F]{4})|\\([\"\\/bfnrt'])"
)
_PLAIN: Final = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}


def _unescaped(found: re.Match[str]) -> str:
    if found[1]:
        return str(json.loads(f'"{found[0]}"'))
    return chr(int(found[3], 16)) if found[3] else _PLAIN.get(found[4], found[4])


def without_hidden_letters(text: str) -> str:
    """The text with letters and digits as such that were written as escapes, which none of them needs."""
    for pattern in (_HIDDEN_IN_ADDRESS, _HIDDEN_IN_JSON):
        text = pattern.sub(lambda found: chr(int(found[1], 16)), text)
    return _HIDDEN_ENTITY.sub(lambda found: chr(int(found[1]) if found[1] else int(found[2], 16)), text)


def hides_letters(text: str) -> bool:
    """Whether letters stand in the text as escapes."""
    return (
        ("%" in text and _HIDDEN_IN_ADDRESS.search(text) is not None)
        or ("u00" in text and _HIDDEN_IN_JSON.search(text) is not None)
        or (("&#" in text or ("%" in text and "23" in text)) and _HIDDEN_ENTITY.search(text) is not None)
    )


def _units(secret: str) -> list[str]:
    """The secret's letters, runs of backslashes together."""
    return re.findall(r"\\+|[^\\]", secret, re.DOTALL)


@cache
def _piece(unit: str) -> str:
    """What finds one letter, or a run of backslashes, in any spelling. Its length is bounded, and so is the
    time that looking takes."""
    if unit.isascii() and unit.isalnum():
        return unit
    sign, times = unit[0], len(unit)
    if sign == "\\":
        return rf"{_BACKSLASH}{{{times},{8 * times}}}"
    octets = sign.encode("utf-8", "surrogatepass")
    units = sign.encode("utf-16-be", "surrogatepass")
    names = {codepoint2name.get(ord(sign), ""), "apos" if sign == "'" else ""} - {""}
    forms = [
        "".join(f"%(?:25){{0,3}}{each:02x}" for each in octets),
        "".join(
            rf"{_BACKSLASH}{{1,8}}u{units[start : start + 2].hex()}" for start in range(0, len(units), 2)
        ),
        rf"(?:&|%(?:25){{0,2}}26)(?:amp;|amp%3b){{0,2}}(?:\#|%(?:25){{0,2}}23)"
        rf"(?:0{{0,4}}{ord(sign)}|x0{{0,4}}{ord(sign):x})(?:;|%(?:25){{0,2}}3b)",
        *(f"&(?:amp;){{0,2}}{name};" for name in sorted(names)),
        re.escape(sign),
    ]
    if sign in " +":
        forms += [r"\+", " ", "%(?:25){0,3}2[0b]"]
    if not sign.isascii():
        forms.append(re.escape(octets.decode("latin-1")))
    if sign not in _IN_JSON:
        return f"(?:{'|'.join(forms)})"
    if _IN_JSON[sign] != sign:
        return f"(?:{'|'.join([*forms, rf'{_BACKSLASH}{{1,8}}{_IN_JSON[sign]}'])})"
    return f"(?:{_BACKSLASH}{{0,8}}(?:{'|'.join(forms)}))"
