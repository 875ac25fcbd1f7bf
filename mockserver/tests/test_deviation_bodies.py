"""Deviations that edit an answer's bytes, and the makers of what records do not write down."""

from __future__ import annotations

import ast
import gzip
import json
import zlib
from typing import Any

import pytest
from gp_mockserver.deviations.body_encodings import ENCODINGS
from gp_mockserver.deviations.body_limits import BodyTooLarge
from gp_mockserver.deviations.byte_edits import BYTE_EDITS, byte_edit, edit_bytes
from gp_mockserver.deviations.gzip_blanks import gzip_blanks, packed_size
from gp_mockserver.deviations.json_documents import Literal
from gp_mockserver.deviations.json_edits import json_edit
from gp_mockserver.deviations.value_makers import Makings, expand, parameters_in
from gp_mockserver.errors import SiteFileError
from gp_protocol.json_text import encode_json, encode_pjson
from hypothesis import given, settings
from hypothesis import strategies as st

from every_case import every_case

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS
OBJECTS = st.dictionaries(TEXTS, SCALARS | st.lists(SCALARS, max_size=3), max_size=3)
BODY = encode_json(
    {"jobId": "j1", "url": "a/b\\/c", "text": 'é 😀 "x" it\'s', "n": 1.5, "b": [True, False, None]}
)


def encoded(how: str, body: bytes = BODY) -> bytes:
    after, changed = edit_bytes(byte_edit({"encode": how}), body)
    assert changed is (after != body)
    return after


# Edits of bytes

EDITS: list[tuple[dict[str, Any], bytes, bytes]] = [
    ({"body-replace": ""}, b"abc", b""),
    ({"body-replace": "é"}, b"abc", b"\xc3\xa9"),
    ({"body-replace": b"\xff"}, b"abc", b"\xff"),
    ({"body-replace": "abc"}, b"abc", b"abc"),
    ({"prepend": "cb("}, b"{}", b"cb({}"),
    ({"append": ");"}, b"{}", b"{});"),
    ({"append": ""}, b"{}", b"{}"),
    ({"truncate": 2}, b"abcd", b"ab"),
    ({"truncate": 0}, b"abcd", b""),
    ({"truncate": -1}, b"abcd", b"abc"),
    ({"truncate": 9}, b"abcd", b"abcd"),
    ({"truncate": "half"}, b"abcde", b"ab"),
    ({"truncate": "inside-text"}, b'{"long key":"a text","b":1,"c":2}', b'{"long key":"a t'),
    ({"truncate": "inside-text"}, b'{"a":"\xc3\xa9\xc3\xa9"}', b'{"a":"\xc3\xa9'),
    ({"truncate": "inside-text"}, b'{"a":""}', b'{"a'),
    ({"truncate": "inside-text"}, b'{"":""}', b'{"":""}'),
    ({"truncate": "inside-text"}, b"[1,2]", b"[1,2]"),
    ({"substitute": "a", "with": "bb"}, b"a-a-a", b"bb-bb-bb"),
    ({"substitute": "a", "with": b"\xe9", "times": 2}, b"a-a-a", b"\xe9-\xe9-a"),
    ({"substitute": "x", "with": ""}, b"a", b"a"),
    ({"encode": "twice"}, b"{}", b"{}{}"),
]


@every_case(("action", "before", "after"), EDITS, ids=lambda each: str(each)[:40])
def test_each_edit_does_what_it_says_and_tells_whether_it_did(
    action: dict[str, Any], before: bytes, after: bytes
) -> None:
    assert edit_bytes(byte_edit(action), before) == (after, after != before)


def test_every_edit_is_in_the_table() -> None:
    assert {next(iter(action)) for action, before, after in EDITS if before != after} == set(BYTE_EDITS)


@given(OBJECTS)
def test_a_text_that_stops_inside_a_text_is_no_json_but_utf_8(value: Any) -> None:
    body = encode_json(value)
    cut, changed = edit_bytes(byte_edit({"truncate": "inside-text"}), body)
    if changed:
        assert body.startswith(cut)
        cut.decode()
        with pytest.raises(json.JSONDecodeError, match=r"Unterminated string|Invalid .*escape"):
            json.loads(cut)
    else:
        assert not any(_texts(value))


@every_case(
    "action",
    [
        {"prepend": "x" * 60},
        {"append": "x" * 60},
        {"body-replace": "x" * 101},
        {"encode": "twice"},
        {"encode": "utf-16"},
        {"substitute": "a", "with": "aa"},
    ],
    ids=str,
)
def test_a_body_over_the_limit_is_refused(action: dict[str, Any]) -> None:
    with pytest.raises(BodyTooLarge, match="at most 100; ask for less"):
        edit_bytes(byte_edit(action), b"a" * 60, limit=100)


def test_a_body_that_was_over_the_limit_before_may_get_shorter() -> None:
    assert edit_bytes(byte_edit({"truncate": "half"}), b"a" * 60, limit=10) == (b"a" * 30, True)


@every_case(
    ("action", "path", "says"),
    [
        ({"trunkate": 5}, "do", 'did you mean "truncate"?'),
        ({"truncate": "middle"}, "do.truncate", "one of half, inside-text"),
        ({"truncate": 1.5}, "do.truncate", "1.5"),
        ({"append": 5}, "do.append", "a text, or bytes"),
        ({"append": "x", "to": "y"}, "do.to", "nothing beside it"),
        ({"substitute": "", "with": "x"}, "do.substitute", "what to look for"),
        ({"substitute": "a"}, "do", "substitute without with"),
        ({"substitute": "a", "with": "b", "times": 0}, "do.times", "1 or more"),
        ({"encode": "gzipp"}, "do.encode", 'did you mean "gzip"?'),
    ],
)
def test_an_edit_that_is_written_wrongly_is_refused_with_its_place(
    action: dict[str, Any], path: str, says: str
) -> None:
    with pytest.raises(SiteFileError) as error:
        byte_edit(action)
    assert error.value.path == path
    assert says in str(error.value)


# Encodings


def test_gzip_is_the_same_each_time_and_unpacks_to_the_body() -> None:
    assert gzip.decompress(encoded("gzip")) == BODY
    assert encoded("gzip") == encoded("gzip")


@pytest.mark.parametrize("body", [BODY, b"", b"x" * 100_000], ids=["json", "empty", "long"])
def test_broken_gzip_is_gzip_up_to_where_it_is_broken(body: bytes) -> None:
    with pytest.raises(EOFError):
        gzip.decompress(encoded("gzip-cut", body))
    assert gzip.compress(body, mtime=0).startswith(encoded("gzip-cut", body))
    with pytest.raises(gzip.BadGzipFile, match="CRC"):
        gzip.decompress(encoded("gzip-wrong-crc", body))
    assert zlib.decompressobj(-15).decompress(encoded("gzip-wrong-crc", body)[10:]) == body


def test_character_sets_carry_the_same_json() -> None:
    value = json.loads(BODY)
    assert json.loads(encoded("latin-1").decode("latin-1")) == value
    assert b"\xe9" in encoded("latin-1")
    assert encoded("latin-1", "<p>é😀".encode()) == b"<p>\xe9&#128512;"
    assert encoded("utf-16")[:2] == b"\xff\xfe"
    assert json.loads(encoded("utf-16").decode("utf-16")) == value
    assert json.loads(encoded("bom").decode("utf-8-sig")) == value
    assert encoded("bom")[:3] == b"\xef\xbb\xbf"


@settings(max_examples=50)
@given(OBJECTS)
def test_other_spellings_carry_the_same_json(value: Any) -> None:
    body = encode_json(value)
    assert ast.literal_eval(encoded("single-quotes", body).decode()) == value
    assert json.loads(json.loads(encoded("text", body))) == value
    slashes = encoded("escaped-slashes", body)
    assert json.loads(slashes) == value
    assert slashes.count(rb"\/") == sum(text.count("/") for text in _texts(value))
    letters = encoded("escaped-letters", body)
    assert json.loads(letters) == value
    assert letters.isascii()
    assert encoded("pretty", body) == encode_pjson(value)
    assert encoded("compact", encode_pjson(value)) == body


def _texts(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [text for pair in value.items() for each in pair for text in _texts(each)]
    if isinstance(value, list):
        return [text for each in value for text in _texts(each)]
    return [value] if isinstance(value, str) else []


def test_python_text_inside_json_is_left_alone() -> None:
    body = b"{\"a/b\":{'c/d': True, 'e': 'true'},\"f\":true}"
    assert encoded("escaped-slashes", body) == body.replace(b'"a/b"', rb'"a\/b"')
    assert encoded("single-quotes", body) == b"{'a/b':{'c/d': True, 'e': 'true'},'f':True}"


@every_case(
    ("how", "body"),
    [
        ("latin-1", b"\xff\xfe"),
        ("utf-16", b"\xff\xfe"),
        ("text", b"\xff\xfe"),
        ("single-quotes", b'<a href="x/y">true</a>'),
        ("escaped-slashes", b'<a href="x/y">'),
        ("escaped-letters", '<a href="é">'.encode()),
        ("escaped-slashes", rb'{"a":"b\/c"}'),
        ("escaped-letters", b'{"a":"\xe9"}'),
        ("pretty", b"<p>"),
        ("compact", b""),
    ],
)
def test_a_form_that_a_body_cannot_take_leaves_it_as_it_is(how: str, body: bytes) -> None:
    assert encoded(how, body) == body


def test_every_encoding_changes_an_ordinary_body() -> None:
    assert {how for how in ENCODINGS if encoded(how) != BODY} == set(ENCODINGS) - {"compact"}


# Makers


@every_case(
    ("data", "made"),
    [
        ("$polls", 3),
        ("$gone", None),
        ("costs $5", "costs $5"),
        ("$5", "$5"),
        ("x $polls", "x $polls"),
        ({"$parameter": "polls"}, 3),
        ({"$parameter": "$polls"}, 3),
        ({"a": ["$polls", {"b": "$host"}]}, {"a": [3, {"b": "h"}]}),
        ({"$text": "$polls"}, "$polls"),
        ({"$repeat": ["ab", 3]}, "ababab"),
        ({"$repeat": [[1, "$host"], "$polls"]}, [1, "h", 1, "h", 1, "h"]),
        ({"$repeat": [{"$hex": "00"}, 2]}, b"\0\0"),
        ({"$repeat": ["x", 0]}, ""),
        ({"$join": ["a", "$host", {"$repeat": ["b", 2]}]}, "ahbb"),
        ({"$join": ["é", {"$hex": "e9"}]}, b"\xc3\xa9\xe9"),
        ({"$join": []}, ""),
        ({"$join": ["bytes=", 5, "-", 0.5]}, "bytes=5-0.5"),
        ({"$hex": "EF bb bf"}, b"\xef\xbb\xbf"),
        ({"$literal": "NaN"}, Literal(b"NaN")),
        ({"$literal": {"$hex": "22e922"}}, Literal(b'"\xe9"')),
        ({"$gzip-blanks": 5}, gzip_blanks(5)),
        ({"$random": 0}, b""),
        ((1, 2.5, None, True), [1, 2.5, None, True]),
    ],
    ids=str,
)
def test_each_maker_makes_what_it_says(data: Any, made: Any) -> None:
    assert expand(data, Makings({"polls": 3, "host": "h", "gone": None})) == made


def test_random_bytes_are_the_same_for_the_same_seed() -> None:
    data = [{"$random": 64}, {"$random": 64}]
    first, second = expand(data, Makings(seed=1))
    assert len(first) == len(second) == 64
    assert first != second
    assert expand(data, Makings(seed=1)) == [first, second]
    assert expand(data, Makings(seed=2))[0] != first


@every_case(
    ("data", "path", "says"),
    [
        ({"$hexx": "00"}, "do.$hexx", 'did you mean "$hex"?'),
        ({"a": [{"$foo": 1}]}, "do.a[0].$foo", "no maker of that name"),
        ({"$hex": "0"}, "do.$hex", "two of 0-9 and a-f"),
        ({"$hex": 5}, "do.$hex", "a text"),
        ({"$hex": "00", "b": 1}, "do", "a maker alone in its object"),
        ({"$repeat": "x"}, "do.$repeat", "what to repeat, and how often"),
        ({"$repeat": [5, 5]}, "do.$repeat[0]", "a text, bytes or a list"),
        ({"$repeat": ["x", -1]}, "do.$repeat[1]", "0 or more"),
        ({"$repeat": ["x", True]}, "do.$repeat[1]", "0 or more"),
        ({"$join": "x"}, "do.$join", "a list of texts, numbers and bytes"),
        ({"$join": [True]}, "do.$join[0]", "a text, or bytes"),
        ({"$random": 1.5}, "do.$random", "a whole number"),
        ({"$literal": 5}, "do.$literal", "a text, or bytes"),
        ({"$text": 5}, "do.$text", "a text"),
        ("$pols", "do", 'did you mean "polls"?'),
        ("$name", "do", "a text that begins with $"),
        ({"$parameter": "x"}, "do.$parameter", "no parameter called x"),
    ],
    ids=str,
)
def test_a_maker_that_is_written_wrongly_is_refused_with_its_place(data: Any, path: str, says: str) -> None:
    with pytest.raises(SiteFileError) as error:
        expand(data, Makings({"polls": 3}), "do")
    assert error.value.path == path
    assert says in str(error.value)


def test_data_that_holds_itself_is_refused() -> None:
    data: list[Any] = []
    data.append(data)
    with pytest.raises(SiteFileError, match="at most 100 levels"):
        expand(data)
    assert parameters_in(data) == frozenset()


@every_case(
    "data",
    [
        {"$repeat": ["xé", 34]},
        {"$repeat": [[1], 101]},
        {"$random": 101},
        {"$join": [{"$repeat": ["x", 60]}, {"$repeat": ["x", 60]}]},
        {"$gzip-blanks": 10**9},
    ],
    ids=str,
)
def test_a_maker_makes_no_more_than_the_limit(data: Any) -> None:
    with pytest.raises(BodyTooLarge, match="at most 100"):
        expand(data, Makings(limit=100))


def test_the_parameters_that_data_asks_for_are_known_beforehand() -> None:
    data = {
        "set": "$where",
        "value": [{"$repeat": ["$what", {"$parameter": "often"}]}, {"$text": "$not"}, "not $this"],
    }
    assert parameters_in(data) == {"where", "what", "often"}


def test_what_makers_make_goes_into_edits() -> None:
    deep = {"literal": "/x", "text": {"$join": [{"$repeat": ["[", 9]}, {"$repeat": ["]", 9]}]}}
    assert json_edit(expand(deep)) == json_edit({"literal": "/x", "text": "[" * 9 + "]" * 9})
    null = json_edit(expand({"set": "/x", "value": {"a": {"$literal": "null"}}}))
    assert null == json_edit({"set": "/x", "value": {"a": None}})
    assert byte_edit(expand({"prepend": {"$hex": "efbbbf"}})) == byte_edit({"prepend": b"\xef\xbb\xbf"})


# gzip of very many blanks


@every_case("count", [0, 1, 7, 2**20 - 1, 2**20, 2**20 + 1, 3 * 2**20, 3 * 2**20 + 12345])
def test_blanks_unpack_with_a_true_sum_and_length(count: int) -> None:
    packed = gzip_blanks(count)
    assert gzip.decompress(packed) == b" " * count
    assert len(packed) <= packed_size(count)


@settings(max_examples=30)
@given(st.integers(0, 300_000))
def test_any_number_of_blanks_has_the_sum_that_zlib_finds(count: int) -> None:
    assert gzip_blanks(count)[-8:-4] == zlib.crc32(b" " * count).to_bytes(4, "little")


def test_a_billion_blanks_take_a_megabyte_and_unpack_piece_by_piece() -> None:
    packed = gzip_blanks(10**9)
    assert len(packed) < 1_100_000
    assert packed[-4:] == (10**9).to_bytes(4, "little")
    unpacker = zlib.decompressobj(31)
    assert unpacker.decompress(packed, 5_000_000) == b" " * 5_000_000
    assert not unpacker.eof


def test_more_blanks_than_four_bytes_count_wrap_around() -> None:
    packed = gzip_blanks(2**32 + 5)
    assert packed[-4:] == (5).to_bytes(4, "little")
