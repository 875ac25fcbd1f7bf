"""Regular expressions that people write into rules, held to what takes a moment to match.

Python's matcher goes back and tries the next way whenever the rest does not fit. A repeat inside a repeat has
ways without number, so it is refused; what else can be chosen is weighed, and the longest text that is looked
at follows from that: 10,000 characters, fewer for several repeats without an end.
"""

from __future__ import annotations

import importlib
import math
import re
import warnings
from bisect import bisect_left
from collections.abc import Sequence
from typing import Any, Final

import msgspec
from gp_protocol.errors import shown

from gp_mockserver.errors import SiteFileError

MAX_LENGTH: Final = 10_000
"""Characters of the longest text that a regular expression is matched with."""
_MOST_WAYS: Final = 50_000_000
"""How many ways may be tried for one text; about a second's work."""
_MOST_CHOICES: Final = 1_000_000
_SHORTEST: Final = 50
"""Characters of a text that every pattern has to be matched with."""
_MOST_STEPS: Final = 1_000_000
_MANY: Final = 20
"""A repeat that may have more turns than this counts as one without an end."""
_PER_REPEAT = "one repeat at a time"
_REWRITE = "write the inner repeat once: [ab]+ in place of (a+|b+)+"


class _Weight(msgspec.Struct, frozen=True):
    """How many ways there are: `choices` by themselves, and a text's length to the power of `degree`.
    `steps`: what one way takes at least."""

    choices: int = 1
    degree: int = 0
    steps: int = 1

    @property
    def is_certain(self) -> bool:
        return self.choices == 1 and not self.degree


class BoundedPattern:
    """A regular expression and the longest text, in characters, that it is matched with."""

    def __init__(self, pattern: re.Pattern[str], longest: int) -> None:
        self.pattern = pattern
        self.longest = longest

    def fits(self, text: str) -> bool:
        """Whether all of the text matches; one that is too long does not."""
        return len(text) <= self.longest and self.pattern.fullmatch(text) is not None


def bounded_pattern(text: Any, path: str = "") -> BoundedPattern:
    """The regular expression that a text is.

    Raises SiteFileError, said of `path`, for what is none, and for one that could take for ever.
    """
    expected = "a regular expression"
    try:
        if not isinstance(text, str):
            raise TypeError(f"not {type(text).__name__}")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            pattern = re.compile(text)
            parsed = importlib.import_module("re._parser").parse(text)
        weight = _of_sequence(parsed, bool(pattern.flags & re.IGNORECASE), in_repeat=False)
    except (re.error, TypeError, OverflowError) as error:
        raise SiteFileError(path, shown(text), f"{expected} ({error})") from None
    except RecursionError:
        raise SiteFileError(path, shown(text), f"{expected} that is less deeply nested") from None
    except _TooManyWays as error:
        expected = f"{expected} that is matched quickly: {error.expected}"
        raise SiteFileError(path, f"{shown(text)}, {error.met}", expected, error.remedy) from None
    longest = _longest(weight) if weight.choices <= _MOST_CHOICES else 0
    if longest < _SHORTEST or weight.steps > _MOST_STEPS:
        met = f"{shown(text)}, which can match in too many ways"
        raise SiteFileError(path, met, f"{expected} that is matched quickly", "say it with fewer choices")
    return BoundedPattern(pattern, longest)


def _longest(weight: _Weight) -> int:
    """The longest text with no more ways than may be tried: so many repeats share its characters out."""

    def is_too_long(length: int) -> bool:
        return math.comb(length + weight.degree, weight.degree) * weight.choices > _MOST_WAYS

    return bisect_left(range(1, MAX_LENGTH + 1), True, key=is_too_long)


class _TooManyWays(Exception):
    def __init__(self, met: str, expected: str = _PER_REPEAT, remedy: str = _REWRITE) -> None:
        super().__init__(met)
        self.met = met
        self.expected = expected
        self.remedy = remedy


def _of_sequence(parsed: Any, ignores_case: bool, *, in_repeat: bool) -> _Weight:
    """The weight of parts that follow one another."""
    choices, degree, steps = 1, 0, 1
    for name, operand in parsed:
        weight = _of_part(str(name), operand, ignores_case, in_repeat)
        choices = min(choices * weight.choices, 2 * _MOST_CHOICES)
        degree += weight.degree
        steps += weight.steps
    return _Weight(choices, degree, steps)


def _of_part(name: str, operand: Any, ignores_case: bool, in_repeat: bool) -> _Weight:
    match name:
        case "MAX_REPEAT" | "MIN_REPEAT" | "POSSESSIVE_REPEAT":
            return _of_repeat(operand, ignores_case, in_repeat)
        case "BRANCH":
            return _of_branch(operand[1], ignores_case, in_repeat)
        case "SUBPATTERN":
            ignores_case = ignores_case or bool(operand[1] & re.IGNORECASE)
            return _of_sequence(operand[3], ignores_case, in_repeat=in_repeat)
        case "ATOMIC_GROUP":
            return _of_sequence(operand, ignores_case, in_repeat=in_repeat)
        case "ASSERT" | "ASSERT_NOT":
            return _of_sequence(operand[1], ignores_case, in_repeat=in_repeat)
        case "GROUPREF_EXISTS":
            return _of_branch([operand[1], operand[2] or []], ignores_case, in_repeat)
        case "GROUPREF" if in_repeat:
            raise _TooManyWays(
                "in which a repeat refers to a group", "such a reference outside of repeats", "write it out"
            )
    return _Weight()


def _of_repeat(operand: Any, ignores_case: bool, in_repeat: bool) -> _Weight:
    least, most, repeated = int(operand[0]), int(operand[1]), operand[2]
    if least > MAX_LENGTH:
        raise _TooManyWays(
            f"which repeats {least} times", f"at most {MAX_LENGTH}, the longest text", "ask for less"
        )
    is_long = most > _MANY
    inner = _of_sequence(repeated, ignores_case, in_repeat=in_repeat or is_long)
    if is_long and in_repeat:
        raise _TooManyWays("in which a repeat is inside a repeat")
    if not is_long:
        turns = 1 if most == least else most - least + 1
        choices = min(inner.choices ** max(most, 1) * turns, 2 * _MOST_CHOICES)
        return _Weight(choices, inner.degree * most, inner.steps * max(least, 1))
    if not inner.is_certain:
        met = "in which a repeat is inside a repeat" if _has_repeat(repeated) else "in which a repeat chooses"
        remedy = _REWRITE if _has_repeat(repeated) else "let each alternative begin otherwise: (ab?)+ → [ab]+"
        raise _TooManyWays(met, _PER_REPEAT if _has_repeat(repeated) else "one way in each turn", remedy)
    return _Weight(1, 0 if least == most else 1, inner.steps * max(least, 1))


def _of_branch(branches: Sequence[Any], ignores_case: bool, in_repeat: bool) -> _Weight:
    """Alternatives; those of which each begins with other characters leave no choice."""
    weights = [_of_sequence(each, ignores_case, in_repeat=in_repeat) for each in branches]
    counts = [each.choices for each in weights]
    firsts = [None if ignores_case else _first(each) for each in branches]
    met: set[int] = set()
    choices = max(counts)
    for first in firsts:
        if first is None or met & first:
            choices = sum(counts)
            break
        met |= first
    return _Weight(choices, max(each.degree for each in weights), sum(each.steps for each in weights))


def _first(parsed: Any) -> set[int] | None:
    """The characters that a sequence may begin with; None where that is not easily said."""
    for name, operand in parsed:
        match str(name):
            case "LITERAL":
                return {operand}
            case "SUBPATTERN":
                return _first(operand[3])
            case "IN":
                return _listed(operand)
        return None
    return None


def _listed(operand: Any) -> set[int] | None:
    found: set[int] = set()
    for name, each in operand:
        match str(name):
            case "LITERAL":
                found.add(each)
            case "RANGE" if each[1] - each[0] < 1000:
                found.update(range(each[0], each[1] + 1))
            case _:
                return None
    return found


def _has_repeat(parsed: Any) -> bool:
    """Whether there is a repeat in a parsed pattern, however deep."""
    if isinstance(parsed, tuple) and parsed and str(parsed[0]).endswith("REPEAT"):
        return True
    if isinstance(parsed, str | bytes) or not hasattr(parsed, "__iter__"):
        return False
    return any(_has_repeat(each) for each in parsed)
