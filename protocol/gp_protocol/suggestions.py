"""The nearest word among those that would have been right."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

_LONGEST_WORD = 100
_MOST_SHOWN = 20


def did_you_mean(word: str, choices: Iterable[str]) -> str:
    """`did you mean "esriMiles"?` for the choice nearest to `word`, or an empty text where none is near."""
    from difflib import get_close_matches

    by_lower_case = {choice.lower(): choice for choice in choices}
    nearest = get_close_matches(word[:_LONGEST_WORD].lower(), by_lower_case, n=1, cutoff=0.7)
    return f'did you mean "{by_lower_case[nearest[0]]}"?' if nearest else ""


def one_of(choices: Iterable[str]) -> str:
    """`one of a, b, c`: what was expected where the choices are few and closed."""
    return "one of " + ", ".join(choices)


def some_of(choices: Sequence[object]) -> str:
    """`one of a, b, c … (70 in all)`: what was expected where the choices may be many."""
    rest = f" … ({len(choices)} in all)" if len(choices) > _MOST_SHOWN else ""
    return one_of(map(str, choices[:_MOST_SHOWN])) + rest
