from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from gp_protocol.errors import RemoteProtocolError
from gp_protocol.values.literals import check_long, long_limits, read_boolean, read_double, read_long
from hypothesis import given
from hypothesis import strategies as st

from every_case import every_case


@every_case(
    ("value", "truth"), [("true", True), ("False", False), ("TRUE", True), (" false ", False), (True, True)]
)
def test_truth_is_written_in_any_case(value: Any, truth: bool) -> None:
    assert read_boolean(value) is truth


@every_case("value", ["1", "0", 1, 0, "yes", "t", "", "truefalse", None, []])
def test_nothing_else_is_true_or_false(value: Any) -> None:
    with pytest.raises(RemoteProtocolError, match="expected true or false"):
        read_boolean(value)


@every_case(
    ("value", "number"),
    [("12", 12), (" -12 ", -12), ("+5", 5), (12, 12), (12.0, 12), ("4503599627370495", 4503599627370495)],
)
def test_whole_numbers(value: Any, number: int) -> None:
    assert read_long(value) == number
    assert type(read_long(value)) is int


@every_case(
    "value",
    [
        "1.0",
        "1e3",
        "0x10",
        "1_000",
        "",
        "--1",
        "½",
        "١٢",
        1.5,
        True,
        None,
        "4503599627370496",
        -4503599627370496,
        "9" * 5000,
    ],
)
def test_what_is_no_whole_number_within_52_bits_is_refused(value: Any) -> None:
    with pytest.raises(RemoteProtocolError):
        read_long(value)


@every_case(
    ("version", "limits"),
    [
        (9.3, (-2147483648, 2147483647)),
        (10.91, (-2147483648, 2147483647)),
        (11.1, (-2147483648, 2147483647)),
        (11.2, (-4503599627370495, 4503599627370495)),
        (12.0, (-4503599627370495, 4503599627370495)),
    ],
)
def test_a_long_has_32_bits_before_11_2(version: float, limits: tuple[int, int]) -> None:
    assert long_limits(version) == limits
    check_long(limits[0], version)
    check_long(limits[1], version)
    with pytest.raises(RemoteProtocolError, match="a whole number between"):
        check_long(limits[1] + 1, version)


@every_case(
    ("value", "number"),
    [
        ("1", 1.0),
        ("85768.567850000007", 85768.567850000007),
        ("-1.23456789E7", -12345678.9),
        (" .5 ", 0.5),
        ("5.", 5.0),
        ("1e-5", 1e-5),
        (3, 3.0),
    ],
)
def test_numbers(value: Any, number: float) -> None:
    assert read_double(value) == number
    assert type(read_double(value)) is float


@every_case(
    "value",
    [
        "NaN",
        "inf",
        "-Infinity",
        "1e999",
        float("nan"),
        float("inf"),
        10**400,
        "0x1p3",
        "1_0",
        "8,5",
        "",
        "e5",
        True,
        None,
    ],
)
def test_what_is_no_finite_number_is_refused(value: Any) -> None:
    with pytest.raises(RemoteProtocolError):
        read_double(value)


@given(st.text() | st.text("0123456789+-.eE_ xNaInf", max_size=12) | st.integers() | st.floats())
def test_garbage_is_a_remote_error_and_nothing_else(value: Any) -> None:
    for read in (read_boolean, read_long, read_double):
        with suppress(RemoteProtocolError):
            read(value)
