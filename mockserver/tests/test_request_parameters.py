"""Urlencoded parameters are read as urllib reads them, and faster."""

from __future__ import annotations

import tracemalloc
from urllib.parse import parse_qsl, quote_plus, unquote_to_bytes

import pytest
from gp_mockserver.limits import DEFAULT_LIMITS
from gp_mockserver.wire import request_parameters
from gp_mockserver.wire.replies import Refusal
from gp_mockserver.wire.request_parameters import query_parameters
from hypothesis import given
from hypothesis import strategies as st

from every_case import every_case

_SNIPPETS = [
    "%25",
    "%3d",
    "%3D",
    "%%",
    "%\r",
    "%",
    "%4",
    "%41",
    "%zz",
    "%e2%82%ac",
    "%ff",
    "=",
    "+",
    "&",
    "_",
    ".",
    "\n",
    "\r\n",
    "%\n",
    "%0A",
    "a",
    " ",
    "\t",
    "é",
]


@given(st.lists(st.sampled_from(_SNIPPETS)).map("".join))
def test_any_text_is_read_as_urllib_reads_it(text: str) -> None:
    expected: dict[str, str] = {}
    for name, value in parse_qsl(text, keep_blank_values=True, errors="replace"):
        expected.setdefault(name, value)
    expected.pop("", None)
    assert dict(query_parameters(text.encode())) == expected
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(request_parameters, "SMALL", 0)  # as a large form is read
        assert request_parameters._decode_pairs(bytearray(text.encode()), DEFAULT_LIMITS) == expected


@given(st.lists(st.sampled_from(_SNIPPETS)).map("".join), st.integers(3, 9))
def test_a_long_value_is_the_same_read_piece_by_piece(text: str, size: int) -> None:
    expected = unquote_to_bytes(text.replace("+", " ")).decode(errors="replace")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(request_parameters, "_PIECE", size)
        assert request_parameters._unquoted(text) == expected


@every_case("unit", ["%", "%g", "%0A\n", "%41%g", "%\r", "%25%%"])
def test_bad_escapes_by_the_million_are_not_taken_one_by_one(unit: str) -> None:
    text = (unit * (3_000_000 // len(unit))).encode()
    tracemalloc.start()
    try:
        value = query_parameters(b"v=" + text)["v"]
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 12 * len(text)
    assert value[-10:] == unquote_to_bytes(text[-60:]).decode()[-10:]


@given(st.text())
def test_a_quoted_value_comes_back(value: str) -> None:
    encoded = quote_plus(value, errors="replace")
    assert query_parameters(f"v={encoded}".encode())["v"] == value.encode(errors="replace").decode()


def test_the_first_of_two_values_counts() -> None:
    assert query_parameters(b"f=json&f=html&empty=") == {"f": "json", "empty": ""}


def test_more_parameters_than_any_task_has_are_refused() -> None:
    with pytest.raises(Refusal, match="fields: met 1001"):
        query_parameters(b"&".join(b"p%d=1" % number for number in range(DEFAULT_LIMITS.fields + 1)))
