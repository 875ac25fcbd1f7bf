"""YAML of contracts: every value comes back as it was, and a diff of it is readable."""

from __future__ import annotations

import json

import pytest
import yaml
from gpharness.contracts.contract_texts import read_yaml, yaml_text
from hypothesis import example, given, settings
from hypothesis import strategies as st

ODD = ["yes", "1e3", "0123", "\0", "\ud800", "null", "~", "<<", "=", "", "a\nb", "a\n\nb\n", "x: y", "a #b"]
ODD += ["\\ud800", "'\\ud83d\\ude00'", "a\n b\n", "a \nb", "\ufeff", "0x1f", "12:30:00", "2020-01-01", "NO"]
ODD += [
    ".inf",
    "a\tb\n",
    "\x85",
    "\u2028",
    "\ufffe",
    "\U0010fffe",
    "-",
    "- a",
    "? b",
    "k" * 2000,
    "\r\n",
    "%a",
]
TEXTS = st.one_of(
    st.sampled_from(ODD),
    st.text(alphabet=st.characters(), max_size=12),
    st.text(
        alphabet="\n\r\t -#:'\"\\uUdDcC8a0\0é\ud83d\ude00\U000f0000\U0001f600,[]{}|>%@`!&*?.1e", max_size=14
    ),
)
NUMBERS = st.one_of(st.integers(), st.floats(allow_nan=False, allow_infinity=False))
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), NUMBERS, TEXTS),
    lambda inner: st.one_of(
        st.lists(inner, max_size=5),
        st.dictionaries(TEXTS, inner, max_size=5),
        st.lists(st.lists(NUMBERS, max_size=4), max_size=30),
    ),
    max_leaves=25,
)


@settings(max_examples=100)
@given(VALUES)
@example({"a": 85768.567850000007, "b": 2**63, "c": -0.0, "d": 5e-324, "e": 1.7976931348623157e308})
@example({"z": 1, "a": {"y": [], "b": {}}, "": [[[]]], "9": None})
def test_what_is_written_is_read_as_it_was(value):
    value = json.loads(json.dumps(value))  # halves of a surrogate pair become one letter, as in any JSON
    assert repr(read_yaml(yaml_text(value), "")) == repr(value)


@pytest.mark.parametrize("text", ODD, ids=range(len(ODD)))
def test_odd_texts_are_read_as_they_were(text):
    for value in (text, {text: text}, [text, [text]], {"key": {"inner": text}}):
        assert read_yaml(yaml_text(value), "") == value


def test_readers_of_older_yaml_read_the_same():
    value = {"yes": "no", "n": [1e16, 2.5, -1e-7], "t": "1e3", "o": "0o17", "d": "2020-01-01", "s": "1:30"}
    assert yaml.safe_load(yaml_text(value)) == value


def test_rings_stand_in_brackets_and_all_else_in_lines():
    value = {
        "name": "Out",
        "features": [{"attributes": {"OBJECTID": 1}, "geometry": {"rings": [[[1.5, 2.25], [3, 4]] * 9]}}],
        "note": 'say "a"',
        "lines": "first\nsecond\n",
    }
    assert yaml_text(value) == (
        "name: Out\n"
        "features:\n"
        "  - attributes:\n"
        "      OBJECTID: 1\n"
        "    geometry:\n"
        f"      rings: [[{'[1.5, 2.25], [3, 4], ' * 3}[1.5, 2.25], [3, 4],\n"
        f"        {'[1.5, 2.25], [3, 4], ' * 4}[1.5, 2.25],\n"
        "        [3, 4]]]\n"
        "note: 'say \"a\"'\n"
        "lines: |\n"
        "  first\n"
        "  second\n"
    )


@given(st.lists(st.lists(st.lists(NUMBERS, min_size=2, max_size=3), min_size=1, max_size=40), min_size=1))
@settings(max_examples=25)
def test_no_line_of_a_ring_is_long(rings):
    longest = max(len(line) for line in yaml_text({"a": [{"rings": rings}]}).split("\n"))
    assert longest <= max(110, 12 + 3 * max(len(repr(n)) + 2 for ring in rings for p in ring for n in p) + 6)


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_numbers_that_are_not_finite_are_refused(number):
    with pytest.raises(ValueError, match=r"a\.b\[0\]"):
        yaml_text({"a": {"b": [number, "x"]}})
