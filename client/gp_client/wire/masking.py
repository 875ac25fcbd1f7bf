"""Finding passwords and tokens in texts, however a server spells them, and however a text was cut."""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from html import escape
from typing import Any
from urllib.parse import quote, quote_plus

_SHORT = 4
_BEGINNING = 6
"""Characters of a secret that are as good as the secret."""
_DEEPEST = 50
_MASK = "…"
_IN_JSON = {'"': '"', "'": "'", "/": "/", "\b": "b", "\f": "f", "\n": "n", "\r": "r", "\t": "t"}
_CUTS = ("…", "...")


class Secrets:
    """What is not to be told. `words` are chosen by people, and may begin as other words do, so that the
    beginning of one is masked only where the text was cut there; `tokens` are chosen by servers."""

    def __init__(self, words: Collection[str], tokens: Collection[str]) -> None:
        spelt = sorted({*words, *tokens} - {""}, key=len, reverse=True)
        self._whole = re.compile("|".join(map(_pattern, spelt))) if spelt else None
        self._starts = [
            (each, secret in tokens)
            for secret in spelt
            if len(secret) > _BEGINNING
            for each in _as_written(secret)
        ]

    def __bool__(self) -> bool:
        return self._whole is not None

    def masked(self, value: Any, depth: int = 0) -> Any:
        """A text, or the texts in lists, tuples and dicts, without the secrets."""
        if self._whole is None:
            return value
        if depth > _DEEPEST:
            return value if isinstance(value, int | float | None) else _MASK
        if isinstance(value, str):
            return self._without(value)
        if isinstance(value, list):
            return [self.masked(each, depth + 1) for each in value]
        if isinstance(value, tuple):
            return tuple(self.masked(each, depth + 1) for each in value)
        if isinstance(value, dict):
            return {self.masked(key, depth + 1): self.masked(each, depth + 1) for key, each in value.items()}
        return value

    def _without(self, text: str) -> str:
        assert self._whole is not None
        text = self._whole.sub(_MASK, text)
        for secret, is_token in self._starts:
            if secret[:_BEGINNING] in text:
                text = _without_beginnings(text, secret, is_token)
        return text


def _without_beginnings(text: str, secret: str, is_token: bool) -> str:
    """The text without what is left of a secret where it was cut before it could be masked."""
    kept, place = [], 0
    while (at := text.find(secret[:_BEGINNING], place)) >= 0:
        end = at + _BEGINNING
        while end < len(text) and end - at < len(secret) and text[end] == secret[end - at]:
            end += 1
        is_cut = text.startswith(_CUTS, end) or (is_token and not text[end : end + 1].isalnum())
        kept.append(text[place:at] + (_MASK if is_cut else text[at:end]))
        place = end
    return "".join([*kept, text[place:]])


def _as_written(secret: str) -> set[str]:
    """A secret as it is, in an address, in a form, in JSON and in HTML."""
    quoted = quote(secret, safe="", errors="replace")
    form = quote_plus(secret, errors="replace")
    return {secret, quoted, form, json.dumps(secret)[1:-1], escape(secret)}


def _pattern(secret: str) -> str:
    whole = "".join(map(_piece, re.findall(r"\\+|[^\\]", secret, re.DOTALL)))
    return whole if len(secret) >= _SHORT else rf"(?<!\w){whole}(?!\w)"


def _piece(piece: str) -> str:
    """What finds one character, or a run of backslashes: itself, or as it is written in addresses and forms,
    in JSON and in HTML, each also twice. Its length is bounded, and so is the time that looking for it takes.
    """
    if piece.isascii() and piece.isalnum():
        return piece
    from html.entities import codepoint2name

    sign, times = piece[0], len(piece)
    octets = sign.encode("utf-8", "replace")
    units = sign.encode("utf-16-be", "surrogatepass")
    names = {codepoint2name.get(ord(sign), ""), "apos" if sign == "'" else ""} - {""}
    forms = [
        "".join(f"%(?:25){{0,2}}{_hex(f'{each:02x}')}" for each in octets),
        "".join(rf"\\{{1,4}}u{_hex(units[start : start + 2].hex())}" for start in range(0, len(units), 2)),
        rf"&(?:amp;){{0,2}}\#(?:0{{0,4}}{ord(sign)}|[xX]0{{0,4}}{_hex(f'{ord(sign):x}')});",
        *(f"&(?:amp;){{0,2}}{name};" for name in sorted(names)),
        *([r"\+"] if sign == " " else []),
        *([rf"\\{{1,4}}{_IN_JSON[sign]}"] if sign in _IN_JSON else []),
    ]
    if sign == "\\":
        return rf"(?:(?:{'|'.join(forms)}){{{times}}}|\\{{{times},{8 * times}}})"
    return f"(?:{'|'.join([*forms, re.escape(sign)])})"


def _hex(digits: str) -> str:
    return "".join(f"[{each}{each.upper()}]" if each.isalpha() else each for each in digits)
