"""Where clauses: what they let through, and what they refuse."""

from __future__ import annotations

import re
import time
from typing import Any

import pytest
from gp_mockserver.layers.query_work import ALWAYS, MOST_STEPS, QueryRefused
from gp_mockserver.layers.where_clauses import LONGEST, parse_where
from gp_protocol.values.fields import Field
from hypothesis import given
from hypothesis import strategies as st

from every_case import every_case

FIELDS = (
    Field("OBJECTID", "esriFieldTypeOID"),
    Field("Name", "esriFieldTypeString"),
    Field("Amount", "esriFieldTypeDouble"),
    Field("Seen", "esriFieldTypeDate"),
    Field("Größe", "esriFieldTypeInteger"),
)
ROWS: list[dict[str, Any]] = [
    {"OBJECTID": 1, "Name": "Oak", "Amount": 1.5, "Seen": 1735689600000, "Größe": 1},
    {"OBJECTID": 2, "Name": "O'Hara's", "Amount": None, "Seen": 1767225600000, "Größe": 2},
    {"OBJECTID": 3, "Name": None, "Amount": -3, "Seen": None, "Größe": 3},
    {"OBJECTID": 4, "Name": "50%_off", "Amount": 40, "Seen": None, "Größe": 4},
]


def chosen(where: str) -> list[int]:
    fits = parse_where(where, FIELDS)
    return [row["OBJECTID"] for row in ROWS if fits(row) is True]


@every_case(
    ("where", "ids"),
    [
        ("", [1, 2, 3, 4]),
        ("1=1", [1, 2, 3, 4]),
        ("1 = 2", []),
        ("OBJECTID = 2", [2]),
        ("objectid <> 2", [1, 3, 4]),
        ("OBJECTID != 2 AND OBJECTID < 4", [1, 3]),
        ('"OBJECTID" >= 3', [3, 4]),
        ("Größe <= 2", [1, 2]),
        ("3 > OBJECTID", [1, 2]),
        ("Name = 'O''Hara''s'", [2]),
        ("Name = 'oak'", []),
        ("Amount < 0", [3]),
        ("Amount = -3.0", [3]),
        ("Amount = 4e1", [4]),
        ("Amount IS NULL", [2]),
        ("Amount is not null", [1, 3, 4]),
        ("Amount <> 1.5", [3, 4]),
        ("NOT Amount = 1.5", [3, 4]),
        ("NOT (Amount = 1.5 OR Name = 'x')", [4]),
        ("Amount = NULL", []),
        ("OBJECTID IN (1, 4)", [1, 4]),
        ("OBJECTID NOT IN (1, 4)", [2, 3]),
        ("Name IN ('Oak')", [1]),
        ("OBJECTID IN (1, NULL)", [1]),
        ("OBJECTID NOT IN (1, NULL)", []),
        ("OBJECTID IN (Größe, 7)", [1, 2, 3, 4]),
        ("Amount IN (1.5, 40.0, 40)", [1, 4]),
        ("Amount NOT IN (1.5)", [3, 4]),
        ("Name LIKE 'O%'", [1, 2]),
        ("Name LIKE '%a%'", [1, 2]),
        ("Name LIKE 'O_k'", [1]),
        ("Name LIKE '%off'", [4]),
        ("Name LIKE '%a_a_s'", [2]),
        ("Name LIKE '%_a_a%'", [2]),
        ("Name LIKE 'Oa%ak'", []),
        ("Name LIKE '%'", [1, 2, 4]),
        ("Name LIKE 'Oak%Oak'", []),
        ("Name NOT LIKE 'O%'", [4]),
        ("Amount BETWEEN 0 AND 2", [1]),
        ("Amount BETWEEN 0 AND 2 OR OBJECTID = 4", [1, 4]),
        ("Amount NOT BETWEEN 0 AND 2", [3, 4]),
        ("OBJECTID = 1 OR OBJECTID = 2 AND Amount = 7", [1]),
        ("(OBJECTID = 1 OR OBJECTID = 2) AND Amount = 7", []),
        ("Seen > DATE '2025-06-01'", [2]),
        ("Seen >= TIMESTAMP '2026-01-01 00:00:00'", [2]),
        ("Seen = 1735689600000", [1]),
    ],
)
def test_a_clause_lets_through_what_it_says(where: str, ids: list[int]) -> None:
    assert chosen(where) == ids


@every_case(
    ("where", "said"),
    [
        ("Nmae = 'x'", 'did you mean "Name"'),
        ("UPPER(Name) = 'OAK'", "the function UPPER"),
        ("Amount + 1 > 2", "'+'"),
        ("Amount = 1; DROP TABLE t", "';'"),
        ("Amount =", "the end"),
        ("Amount", "IS NULL"),
        ("(Amount = 1", "expected )"),
        ("Amount = 1 Name = 'x'", "expected AND, OR or the end"),
        ("Amount = 'x'", "cannot be compared"),
        ("Name > 3", "cannot be compared"),
        ("Amount LIKE 'x'", "LIKE"),
        ("Seen > DATE 'yesterday'", "expected a date"),
        ("Name = 'open", "a text without an end at character 8"),
        ("Amount IN (SELECT Amount FROM t)", "SELECT"),
        ("AND", "expected a field"),
        ("(" * 60 + "1=1" + ")" * 60, "levels"),
        ("NOT " * 60 + "1=1", "levels"),
        ("1=1 OR " * (LONGEST // 7 + 1) + "1=1", "characters"),
    ],
)
def test_anything_else_is_refused_with_its_reason(where: str, said: str) -> None:
    with pytest.raises(QueryRefused) as refused:
        parse_where(where, FIELDS)
    assert said in str(refused.value)


def test_no_pattern_is_slow() -> None:
    fits = parse_where(f"Name LIKE '{'%a' * 2000}b'", FIELDS)
    started = time.perf_counter()
    assert fits({"Name": "a" * 100_000}) is False
    assert time.perf_counter() - started < 2


@given(st.text("ab_%", max_size=8), st.text("ab", max_size=12))
def test_a_pattern_is_as_its_regular_expression(pattern: str, text: str) -> None:
    fits = parse_where(f"Name LIKE '{pattern}'", FIELDS)
    expression = pattern.replace("%", ".*").replace("_", ".")
    assert fits({"Name": text}) is (re.fullmatch(expression, text) is not None)


def test_a_list_is_looked_up_whatever_its_length() -> None:
    numbers = ",".join(map(str, range(1, 2001)))
    fits = parse_where(f"OBJECTID IN ({numbers})", FIELDS, rows=100_000)
    assert fits({"OBJECTID": 2000}) is True
    assert fits({"OBJECTID": 2001}) is False
    assert fits({"OBJECTID": [1]}) is False


@every_case(
    ("where", "rows", "met"),
    [
        (" OR ".join(["OBJECTID = 1"] * 600), 20_000, "600 comparisons for 20000 rows"),
        (" OR ".join(["OBJECTID IN (Größe, Größe)"] * 200), 20_000, "600 comparisons"),
        (f"Name LIKE '{'%a' * 1000}'", 20_000, "1002 comparisons"),
        (" OR ".join(["Amount BETWEEN 1 AND 2"] * 200), 20_000, "400 comparisons"),
        (" OR ".join(["1=1"] * (ALWAYS + 1)), MOST_STEPS, "11 comparisons"),
    ],
)
def test_more_comparisons_than_so_many_rows_allow_are_refused(where: str, rows: int, met: str) -> None:
    with pytest.raises(QueryRefused, match=f"where: met {met}"):
        parse_where(where, FIELDS, rows)
    parse_where(where, FIELDS, 10)


def test_a_few_comparisons_are_taken_however_many_rows_there_are() -> None:
    parse_where(" OR ".join(["1=1"] * ALWAYS), FIELDS, MOST_STEPS * 100)


def test_patterns_that_are_laid_on_too_many_characters_are_given_up() -> None:
    fits = parse_where(f"Name LIKE '%{'a_' * 2000}b%'", FIELDS)
    rows = [{"Name": "a" * 100_000}] * 20
    with pytest.raises(QueryRefused, match="LIKE"):
        list(map(fits, rows))


@given(st.text(max_size=80))
def test_no_text_does_anything_but_be_read_or_refused(text: str) -> None:
    try:
        fits = parse_where(text, FIELDS)
    except QueryRefused:
        return
    for row in ROWS:
        assert fits(row) in (True, False, None)
