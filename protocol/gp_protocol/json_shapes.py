"""What can be told of a large JSON text without making its value; but for `has_more_parts`, which comes
before all reading, the text has to be found to be JSON first.

Each function takes time in proportion to the text, and lets other threads run between its steps.
"""

from __future__ import annotations

import math
import re
from array import array
from itertools import accumulate

_WITH_TEXTS = re.compile(r'(?:[^"]*+"(?:[^"\\]++|\\.)*+"){1,2000}', re.DOTALL)
_TEXT = re.compile(r'"(?:[^"\\]++|\\.)*+"', re.DOTALL)
_NUMBER = re.compile(r"[0-9.]++(?:[eE][+-]?+[0-9]++)?+")
_DIGITS_AS_ZEROS = bytes.maketrans(b"123456789E", b"000000000e")
_MANY, _POWER = b"0" * 200, b"e000"
"""Without so many digits in a row and without such an exponent no number is out of range."""
_STEPS = bytes.maketrans(b"[{]}", b"\x01\x01\xff\xff")
"""One level down, and, as a signed byte, one up."""
_NO_BRACKETS = bytes(each for each in range(256) if each not in b"[]{}")
_AT_ONCE = 1_000_000
_WITH_QUOTED = re.compile(r"""(?:[^"']*+(?:"[^"]*+"|'[^']*+')){1,2000}""")
_QUOTED = re.compile(r""""[^"]*+"|'[^']*+'""")
_ESCAPES = ("\\\\", '\\"', "\\'")


def has_more_parts(json: str, limit: int) -> bool:
    """Whether a text in JSON or Python's writing has more arrays, objects and commas than `limit`, those in
    quotes aside."""
    if _count_parts(json) <= limit:
        return False
    for escape in _ESCAPES:  # so that every quote that is left begins or ends a text
        json = json.replace(escape, "")
    count = place = 0
    while found := _WITH_QUOTED.match(json, place):
        count += _count_parts(_QUOTED.sub("", found[0]))
        if count > limit:
            return True
        place = found.end()
    return count + _count_parts(json[place:]) > limit


def _count_parts(text: str) -> int:
    return text.count("{") + text.count("[") + text.count(",")


def without_texts(json: str) -> str:
    """A JSON text with nothing in place of the texts in it, so that each bracket and digit is one."""
    if '"' not in json:
        return json
    parts, place = [], 0
    while found := _WITH_TEXTS.match(json, place):
        parts.append(_TEXT.sub("", found[0]))
        place = found.end()
    return "".join([*parts, json[place:]])


def has_number_out_of_range(bare: str) -> bool:
    """Whether a JSON text without texts has a number with a point or an exponent that no double can say; a
    whole number may be any."""
    digits = bare.encode().translate(_DIGITS_AS_ZEROS, b"+")
    if _MANY not in digits and _POWER not in digits:
        return False
    return any(math.isinf(float(number[0])) for number in _NUMBER.finditer(bare) if not number[0].isdecimal())


def is_deeper(bare: str, limit: int) -> bool:
    """Whether arrays and objects lie within each other more than `limit` times in a JSON text without
    texts."""
    steps = bare.encode().translate(_STEPS, _NO_BRACKETS)
    level = 0
    for start in range(0, len(steps), _AT_ONCE):
        piece = array("b", steps[start : start + _AT_ONCE])
        if max(accumulate(piece, initial=level)) > limit:
            return True
        level += sum(piece)
    return False
