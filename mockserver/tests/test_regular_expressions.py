"""Regular expressions of rules: what is refused, and how long a text may be for what is not."""

from __future__ import annotations

import pytest
from gp_mockserver.configuration.regular_expressions import MAX_LENGTH, bounded_pattern
from gp_mockserver.errors import SiteFileError

from every_case import every_case


@every_case(
    "pattern",
    [
        "(a+)+$",
        "(a*)*b",
        "(?:(?:a|b)+c?)*",
        "(.*)*x",
        "(a|a)*$",
        "(a|aa)+$",
        "(a|ab?)*",
        "(?i:ab|AB)*$",
        "a*" * 12 + "b",
        "(a?){40}",
        "a?" * 40,
        "(a{1,50}){1,50}",
        r"(x)(\1y)*",
        "(){4000000000}",
        "((){5000}){5000}",
        "(" * 5000 + ")" * 5000,
        "a{99999999999999999999}",
        "(",
        5,
        None,
    ],
)
def test_what_could_take_for_ever_or_is_no_pattern_is_refused(pattern: object) -> None:
    with pytest.raises(SiteFileError, match="expected a regular expression"):
        bounded_pattern(pattern, "matches")


def test_the_refusal_says_what_to_write() -> None:
    with pytest.raises(SiteFileError) as raised:
        bounded_pattern("(a+)+$", "when.Text.matches")
    assert str(raised.value) == (
        'when.Text.matches: met "(a+)+$", in which a repeat is inside a repeat, expected a regular '
        "expression that is matched quickly: one repeat at a time; write the inner repeat once: [ab]+ in "
        "place of (a+|b+)+"
    )


@every_case(
    ("pattern", "text"),
    [
        ("slow.*", "slowly"),
        (".*Europe.*", "in Europe now"),
        ("(foo|bar)+", "foobarfoo"),
        (r"\d{4}-\d{2}-\d{2}(T\d{2}:\d{2})?", "2026-01-02T03:04"),
        (r"(\d{1,3}\.){3}\d{1,3}", "127.0.0.1"),
        (r"(?i)[a-z]+@example\.com", "A@Example.com"),
        (r"(['\"]).*\1", "'a'"),
        (r"(?=a)[ab]*(?<!b)", "aba"),
        ("", ""),
    ],
)
def test_usual_patterns_match_all_of_a_text(pattern: str, text: str) -> None:
    bounded = bounded_pattern(pattern)
    assert bounded.fits(text)
    assert not bounded.fits(f"{text}\n")


def test_longer_texts_do_not_match() -> None:
    bounded = bounded_pattern("a*")
    assert bounded.fits("a" * MAX_LENGTH)
    assert not bounded.fits("a" * (MAX_LENGTH + 1))


@pytest.mark.parametrize("repeats", [3, 4, 6])
def test_more_repeats_look_at_shorter_texts_so_that_no_match_takes_long(repeats: int) -> None:
    bounded = bounded_pattern("a*" * repeats + "[bc]")
    assert 50 <= bounded.longest < bounded_pattern("a*" * (repeats - 1) + "[bc]").longest <= MAX_LENGTH
    assert not bounded.fits("a" * (bounded.longest + 1))
