from __future__ import annotations

import json
from typing import Any

import pytest
from gp_protocol.errors import LocalProtocolError
from gp_protocol.json_text import RawJSON, encode_json, encode_pjson
from hypothesis import given
from hypothesis import strategies as st

LETTERS = st.text(st.characters(exclude_categories=["Cs"]), max_size=5)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | LETTERS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(LETTERS, inner, max_size=3),
    max_leaves=15,
)


def test_json_is_compact_and_keeps_the_order_of_keys() -> None:
    assert encode_json({"b": [1, 2.5], "a": None, "é": "é"}) == '{"b":[1,2.5],"a":null,"é":"é"}'.encode()


def test_pjson_is_indented_by_one_blank() -> None:
    assert encode_pjson({"a": [1, {"b": None}], "c": [], "d": {}}) == (
        b'{\n "a": [\n  1,\n  {\n   "b": null\n  }\n ],\n "c": [],\n "d": {}\n}'
    )


def test_raw_parts_leave_byte_for_byte_in_both_forms() -> None:
    raw = RawJSON(b"{'a' : True,\n 'b':1.0}")
    assert encode_json({"value": raw}) == b"{\"value\":{'a' : True,\n 'b':1.0}}"
    assert encode_pjson({"value": raw, "more": [raw, {}]}) == (
        b"{\n \"value\": {'a' : True,\n 'b':1.0},\n \"more\": [\n  {'a' : True,\n 'b':1.0},\n  {}\n ]\n}"
    )


@given(VALUES)
def test_pjson_says_the_same_with_and_without_raw_parts(value: Any) -> None:
    plain = encode_pjson({"value": value, "raw": 1})
    assert json.loads(plain) == {"value": value, "raw": 1}
    assert encode_pjson({"value": value, "raw": RawJSON(b"1")}) == plain


@pytest.mark.parametrize(
    ("value", "path"),
    [
        ({"a": [1.0, float("nan")]}, "a[1]"),
        ({"a": {"b": float("inf")}}, "a.b"),
        ([None, float("-inf")], "[1]"),
    ],
)
def test_what_is_not_finite_cannot_be_said(value: Any, path: str) -> None:
    for encode in (encode_json, encode_pjson):
        with pytest.raises(LocalProtocolError) as caught:
            encode(value)
        assert caught.value.path == path
        assert caught.value.expected == "a finite number"


@pytest.mark.parametrize("value", ["\ud800", {"a": object()}, [1j]])
def test_what_is_no_json_cannot_be_said(value: Any) -> None:
    with pytest.raises(LocalProtocolError, match="a JSON value"):
        encode_json(value)
