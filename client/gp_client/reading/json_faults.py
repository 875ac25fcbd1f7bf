"""Where a text stops being strict JSON: the place as a JSON pointer, what is met there, what was expected.

Nothing here runs on a good answer. A text that a quick reader has refused is walked token by token up to its
first fault.
"""

from __future__ import annotations

import math
import re

import msgspec

from gp_client.reading.quoting import quoted

CUT_SHORT = "the end of the text"
"""What is met where an answer stops too early."""

DEEPEST = 500
"""Arrays and objects within each other."""
MOST_DIGITS = 1000
"""Digits of one number."""

_MOST_TOKENS = 500_000
"""Beyond so many tokens the place of a fault is not looked for."""
_LONGEST_POINTER = 400

_TOKEN = r"""(?x)[ \t\r\n]*+(?:
    (?P<string>"[^"\\\x00-\x1f]*+(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\x00-\x1f]*+)*+")
    |(?P<number>-?(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?+(?:[eE][+-]?[0-9]++)?+)(?![\w.+-])
    |(?P<word>true|false|null)(?!\w)
    |(?P<sign>[\[\]{},:])
    |(?P<end>\Z))"""
_OPEN_AT_END = r"""(?x)(?:"[^"\\]*+(?:\\[^\r\n][^"\\]*+)*+\\?|-?(?:[0-9.]+(?:[eE][+-]?)?)?
    |t(?:ru?)?|f(?:a(?:ls?)?)?|n(?:ul?)?)\Z"""
_NOT_FINITE = r"(?i)[+-]?(?:nan|inf(?:inity)?)\b"
_PIECE = r"(?s)[\w.+-]{1,2000}|."
_LONGEST_EXACT = 17
"""Digits that tell one double from every other."""

_EXPECTED = {
    "value": "a value",
    "first value": "a value, or the end of the array",
    "name": "a name in double quotes",
    "first name": "a name in double quotes, or the end of the object",
    "colon": "a colon",
    "next": "a comma, or the end of the array or object",
    "end": "nothing after the end of the answer",
}


class JSONFault(msgspec.Struct, frozen=True):
    """`pointer` is empty for the whole, `met` and `expected` are phrases."""

    pointer: str
    met: str
    expected: str


def number_fault(number: str) -> tuple[str, str] | None:
    """What is wrong with a number as JSON writes it, as `met` and `expected`: more digits than anyone means,
    or one that neither a double nor a 64-bit integer can hold. A fraction may have more digits than a double
    keeps.
    """
    digits = sum(map(str.isdigit, number))
    if digits > MOST_DIGITS:
        return f"a number of {digits} digits", f"at most {MOST_DIGITS}"
    if math.isinf(float(number)):
        return quoted(number, 40), "a number in the range of a double"
    if digits >= 19 and number.lstrip("-").isdigit():
        value = int(number)
        is_short = len(number.lstrip("-").rstrip("0")) <= _LONGEST_EXACT
        if not (-(2**63) <= value < 2**64 or is_short or int(float(value)) == value):
            return quoted(number, 60), "a whole number that 64 bits or a double can hold"
    return None


class _Open:
    """An array or an object that is being read; `names` are those of an object so far."""

    __slots__ = ("index", "key", "names")

    def __init__(self, names: set[str] | None) -> None:
        self.index = 0
        self.key: str | None = None
        self.names = names


def first_fault(text: str) -> JSONFault | None:
    """The first fault of a text; None where none was found in its first half million tokens."""
    stack: list[_Open] = []
    state = "value"
    position = 0
    match = re.compile(_TOKEN).match
    for _ in range(_MOST_TOKENS):
        found = match(text, position)
        if found is None:
            return _at_odd_text(text, position, stack, state)
        kind = found.lastgroup or ""
        token = found[kind]
        if kind == "end":
            return None if state == "end" else JSONFault(_pointer(stack), CUT_SHORT, _EXPECTED[state])
        position = found.end()
        if state in ("value", "first value") and (kind != "sign" or token in "[{"):
            if token in ("[", "{"):
                stack.append(_Open(set() if token == "{" else None))
                if len(stack) > DEEPEST:
                    return JSONFault(
                        "",
                        f"more than {DEEPEST} arrays and objects within each other",
                        f"at most {DEEPEST}",
                    )
                state = "first name" if token == "{" else "first value"
                continue
            fault = number_fault(token) if kind == "number" else None
            if fault:
                return JSONFault(_pointer(stack), *fault)
            state = "next" if stack else "end"
        elif state in ("name", "first name") and kind == "string":
            name: str = msgspec.json.decode(token) if "\\u" not in token else _unescaped(token)
            inner = stack[-1]
            inner.key = name
            assert inner.names is not None
            if name in inner.names:
                return JSONFault(
                    _pointer(stack), "a second member of that name", "each name once in an object"
                )
            inner.names.add(name)
            state = "colon"
        elif state == "colon" and token == ":":
            state = "value"
        elif state == "next" and token == ",":
            stack[-1].index += 1
            stack[-1].key = None
            state = "value" if stack[-1].names is None else "name"
        elif (state in ("next", "first name") and token == "}" and stack[-1].names is not None) or (
            state in ("next", "first value") and token == "]" and stack[-1].names is None
        ):
            stack.pop()
            state = "next" if stack else "end"
        else:
            return _at(text, found.start(kind), stack, state, quoted(token, 60))
    return None


def _unescaped(token: str) -> str:
    """A name with escapes that may be half a surrogate pair."""
    import json

    name: str = json.loads(token)
    return name


def _at_odd_text(text: str, position: int, stack: list[_Open], state: str) -> JSONFault:
    while position < len(text) and text[position] in " \t\r\n":
        position += 1
    start = text[position]
    if state != "end" and re.compile(_OPEN_AT_END).match(text, position):
        return JSONFault(_pointer(stack), CUT_SHORT, _EXPECTED[state])
    not_finite = re.compile(_NOT_FINITE).match(text, position)
    if not_finite:
        return JSONFault(_pointer(stack), not_finite[0], "a finite number, or null")
    piece = re.compile(_PIECE).match(text, position)
    met = quoted(piece[0] if piece else start, 60) or f"the character U+{ord(start):04X}"
    if start == "'":
        met = "a single quote, as the text of a Python dictionary has it,"
    elif start in "/#":
        met = "a comment, which JSON has not,"
    elif start == '"':
        met = "a text in quotes with an escape, or without its end,"
    return _at(text, position, stack, state, met)


def _at(text: str, position: int, stack: list[_Open], state: str, met: str) -> JSONFault:
    return JSONFault(_pointer(stack), f"{met} at character {position + 1}", _EXPECTED[state])


def _pointer(stack: list[_Open]) -> str:
    parts = []
    for each in stack:
        if each.names is None:
            parts.append(str(each.index))
        elif each.key is not None:
            parts.append(quoted(each.key, 100).replace("~", "~0").replace("/", "~1"))
    pointer = "".join(f"/{part}" for part in parts)
    return pointer if len(pointer) <= _LONGEST_POINTER else pointer[:_LONGEST_POINTER] + "…"
