from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from gp_protocol import lenient_json
from gp_protocol.errors import RemoteProtocolError
from gp_protocol.lenient_json import decode_json, reads_as_json
from hypothesis import given
from hypothesis import strategies as st

from every_case import every_case

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"]))
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner, max_size=4)
    ),
    max_leaves=20,
)


@every_case(
    ("text", "value"),
    [
        ("{'distance': 8.5, 'units': 'esriMiles'}", {"distance": 8.5, "units": "esriMiles"}),
        ("{ 'distance' : 8.5, 'units' : 'esriMiles' }", {"distance": 8.5, "units": "esriMiles"}),
        (
            '{extent:{"xmin":1,spatialReference:{"wkid":102726}}}',
            {"extent": {"xmin": 1, "spatialReference": {"wkid": 102726}}},
        ),
        ('[["a", 1, null,],]', [["a", 1, None]]),
        ("[True, False, None]", [True, False, None]),
        ("{'wkid': 4326}", {"wkid": 4326}),
        ("{u'a': u'b', u\"c\": 1}", {"a": "b", "c": 1}),
        ("""{'a': "it's"}""", {"a": "it's"}),
        (r"""{'a': 'it\'s "so"'}""", {"a": 'it\'s "so"'}),
        (r"{'a': 'Patr\xf3n \u00e9 \U0001f600 \\ \n'}", {"a": "Patrón é 😀 \\ \n"}),
        ("{a: 1e5, b: -1.5E-7, c: 10}", {"a": 1e5, "b": -1.5e-7, "c": 10}),
        ("{True: 1, null: 2, Patrón: 3}", {"True": 1, "null": 2, "Patrón": 3}),
        ("{'a': 'True, None, b: 1,]'}", {"a": "True, None, b: 1,]"}),
        ("\ufeff{'a': 1}", {"a": 1}),
        (b"\xef\xbb\xbf[1]", [1]),
        ('{"a": 1, "a": 2}', {"a": 2}),
        ("'text'", "text"),
        ("12", 12),
    ],
)
def test_what_servers_read_is_read(text: str | bytes, value: Any) -> None:
    assert decode_json(text) == value


@every_case(
    ("text", "place", "met"),
    [
        ("{'a': NaN}", "line 1, column 7", "NaN"),
        ("[Infinity]", "line 1, column 2", "Infinity"),
        ("[-inf]", "line 1, column 3", "inf"),
        ('{"a": 1} x', "line 1, column 10", "x"),
        ('{"a": 1}\n{"a": 2}', "line 2, column 1", "{"),
        ('{"a": /* why */ 1}', "line 1, column 7", "a comment"),
        ("{'a': 1 # why\n}", "line 1, column 9", "a comment"),
        ("{'é':\n 'é' 5}", "line 2, column 6", "5"),
        ("{'a': 'b}", "line 1, column 7", "a quote"),
        ("[,]", "line 1, column 2", ","),
        ("{,}", "line 1, column 2", ","),
        ("[1,,2]", "line 1, column 4", ","),
        ("{'a':,}", "line 1, column 6", ","),
        ("(1, 2)", "line 1, column 1", "("),
        ("{1: 2}", "line 1, column 2", "1"),
        ("[b'x']", "line 1, column 2", "b"),
        ("['\\q']", "line 1, column 3", "q"),
        ("[01]", "line 1, column 3", "1"),
        ("[1e999]", "line 1, column 2", "1e999"),
        ('{"a": [1, 2', "line 1, column 12", "the end of the text"),
        ("", "line 1, column 1", "the end of the text"),
    ],
)
def test_what_servers_refuse_is_refused_with_its_place(text: str, place: str, met: str) -> None:
    with pytest.raises(RemoteProtocolError) as caught:
        decode_json(text)
    assert caught.value.met.endswith(f" at {place}")
    assert met in caught.value.met.removesuffix(f" at {place}")


@every_case("text", ["{'a': 1}", "{a: 1}", "[1,]", "[True]"])
def test_strict_reading_takes_plain_json_only(text: str) -> None:
    with pytest.raises(RemoteProtocolError, match="line 1, column"):
        decode_json(text, strict=True)
    assert decode_json('{"a": [1, true, null]}', strict=True) == {"a": [1, True, None]}


@every_case(
    "text",
    [
        "[" * 129 + "]" * 129,
        "[" * 100_000,
        "{'a':" * 129 + "1" + "}" * 129,
        '{"a":' * 5000 + "1" + "}" * 5000,
        "9" * 100_000,
        "'" + "\\" * 99_999,
        "\\'" * 100_000,
        "[" + " " * 100_000 + "x",
        "a:" * 100_000,
        "," * 100_000,
        "u" * 100_000 + "'",
        "'" + "\\x" * 100_000 + "'",
        "[1.1.1" * 20_000,
        "\ud800",
        "'\udfff'",
        '"\\ud800"',
        "\x00",
        b"\xff\xfe",
    ],
)
def test_hostile_text_is_refused_and_soon(text: str | bytes) -> None:
    with pytest.raises(RemoteProtocolError):
        decode_json(text)


def test_limits_are_the_callers() -> None:
    assert decode_json("[[1]]", max_depth=2) == [[1]]
    with pytest.raises(RemoteProtocolError, match="at most 1 levels"):
        decode_json("[[1]]", max_depth=1)
    with pytest.raises(RemoteProtocolError, match="met 5 characters, expected at most 4"):
        decode_json("[[1]]", max_length=4)
    assert decode_json("[" * 128 + "]" * 128) is not None
    assert decode_json('["' + "[" * 1000 + '"]') == ["[" * 1000]


@given(VALUES)
def test_python_text_reads_as_the_value_that_it_shows(value: Any) -> None:
    assert decode_json(repr(value)) == value


@given(VALUES)
def test_json_text_reads_as_any_json_reader_reads_it(value: Any) -> None:
    assert decode_json(json.dumps(value)) == value
    assert decode_json(json.dumps(value, ensure_ascii=False, indent=1).encode()) == value


@given(st.text() | st.binary() | st.text("""{}[]'",:\\ \nuNTaeE1.-+x$"""))
def test_garbage_is_a_remote_error_and_nothing_else(text: str | bytes) -> None:
    with suppress(RemoteProtocolError):
        decode_json(text)


@given(VALUES, st.integers(0, 200), st.text(max_size=3), st.integers(0, 3))
def test_damaged_text_is_a_remote_error_and_nothing_else(value: Any, at: int, put: str, cut: int) -> None:
    for text in (json.dumps(value), repr(value)):
        with suppress(RemoteProtocolError):
            decode_json(text[:at] + put + text[at + cut :])


@every_case("text", ['[{"a": 1.0}]', "{'a': True}", " {} ", "[]", '{"a": "b;c"}'])
def test_a_whole_array_or_object_reads_as_json(text: str) -> None:
    assert reads_as_json(text)


@every_case("text", ["", "text", "12", '"a"', "null", '{"a": 1};{"b": 2}', "{not json}", "[1, 2", "{}x"])
def test_other_text_does_not_read_as_json(text: str) -> None:
    assert not reads_as_json(text)


PIECES = [
    "[",
    "]",
    "{",
    "}",
    ",",
    ":",
    '"',
    "'",
    "a",
    "\\",
    "1",
    "e999",
    "1.5e300",
    "9" * 400,
    "1e309",
    ".",
    " ",
]
PIECES += ["-1e400", "0" * 250 + ".5", "9" * 310 + ".5", "9" * 299 + "e10", "9" * 1001, "true", "None", "NaN"]
PIECES += ['"k":', "'k':", "\n", '"x"', '"["', '"\\""', '"1e999"', "[]", "{}", "é", "#"]
TEXTS = st.lists(st.sampled_from(PIECES), max_size=8).map(lambda pieces: f"[{''.join(pieces)}]")


def is_read(text: str) -> bool:
    try:
        decode_json(text)
    except RemoteProtocolError:
        return False
    return True


@pytest.fixture
def unbuilt(monkeypatch: pytest.MonkeyPatch) -> None:
    """Takes every text for a large one."""
    monkeypatch.setattr(lenient_json, "_LARGE", 0)


@pytest.mark.usefixtures("unbuilt")
class TestOfLargeText:
    @given(TEXTS | VALUES.map(lambda value: json.dumps([value])) | VALUES.map(lambda value: repr([value])))
    def test_it_reads_as_json_if_it_can_be_read(self, text: str) -> None:
        assert reads_as_json(text) == is_read(text)

    @every_case("text", ["[", '{"a":', '["[[",', "[[],{'a':"])
    @every_case("depth", [60, 64, 65, 127, 128, 129, 200, 1500])
    def test_its_depth_counts(self, text: str, depth: int) -> None:
        nested = text * depth + "1" + ("}" if ":" in text else "]") * depth
        nested = nested if text != "[[],{'a':" else text * depth + "1" + "}]" * depth
        assert reads_as_json(nested) == is_read(nested)

    def test_no_value_is_made_of_it(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(lenient_json, "_strict", None)
        assert reads_as_json("[" + "[]," * 100_000 + "1]")
        assert reads_as_json("[" + "[]," * 100_000 + "]")
        assert not reads_as_json("[" + "[]," * 100_000)
