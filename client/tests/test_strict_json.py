"""JSON is read in any packing, and refused where it could mean two things or nothing."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from gp_client.errors import ProtocolViolation
from gp_client.reading import json_memory, large_json, strict_json
from gp_client.reading.strict_json import read_json
from hypothesis import given
from hypothesis import strategies as st

from every_case import every_case

MB = 1_000_000
URL = "http://user:word@gis.example.com/arcgis/rest/info?token=abc"

PACKED: dict[str, tuple[bytes, str, Any]] = {
    "plain": (b'{"a": [1, 2.5, true, null, "x"]}', "", {"a": [1, 2.5, True, None, "x"]}),
    "a byte order mark": (b'\xef\xbb\xbf{"a": 1}', "", {"a": 1}),
    "utf-16 with its mark": ('{"a": "é"}'.encode("utf-16"), "", {"a": "é"}),
    "utf-16-le without a mark": ('{"a": "é"}'.encode("utf-16-le"), "", {"a": "é"}),
    "utf-16-be without a mark": ('{"a": "é"}'.encode("utf-16-be"), "", {"a": "é"}),
    "utf-32 with its mark": ('{"a": "é"}'.encode("utf-32"), "", {"a": "é"}),
    "utf-32-be without a mark": ('{"a": "é"}'.encode("utf-32-be"), "", {"a": "é"}),
    "jsonp": (b'cb({"a": 1});', "text/javascript", {"a": 1}),
    "jsonp, a dotted name and no semicolon": (b' my.call.back( {"a": ")"} ) \r\n', "", {"a": ")"}),
    "latin-1 that says so": ('{"a": "é"}'.encode("latin-1"), "text/plain; charset=ISO-8859-1", {"a": "é"}),
    "utf-8 under the label latin-1": ('{"a": "é"}'.encode(), "text/plain; charset=ISO-8859-1", {"a": "é"}),
    "bytes that are no utf-8": (b'{"a": "caf\xe9"}', "application/json", {"a": "caf\ufffd"}),
    "a charset that is a transport encoding": (b'{"a": "\xe9"}', "text/html; charset=hex", {"a": "\ufffd"}),
    "half a surrogate pair": (b'{"a": "x\\ud800y"}', "", {"a": "x\ufffdy"}),
    "the other half": (b'{"\\udc00": "\\ud83d\\ude00"}', "", {"\ufffd": "\U0001f600"}),
    "an escaped backslash before u": (b'{"a": "\\\\ud800\\ud800"}', "", {"a": "\\ud800\ufffd"}),
    "raw control characters": (b'{"a": "1\x072\n3\t4\x00"}', "", {"a": "1\x072\n3\t4\x00"}),
    "raw control characters and half a pair": (b'{"a": "\n\\udfff"}', "", {"a": "\n\ufffd"}),
    "blanks before and after": (b'\r\n\r\n {"a": 1} \r\n', "", {"a": 1}),
    "escaped slashes": (b'{"a": "http:\\/\\/x\\u003a1"}', "", {"a": "http://x:1"}),
    "forms of numbers": (
        b'{"a": [1.0, -1.2E7, 5e-5, 0.12345678901234567, 4503599627370495, -0]}',
        "",
        {"a": [1.0, -1.2e7, 5e-5, 0.12345678901234567, 4503599627370495, 0]},
    ),
    "more digits than a double keeps": (b'{"a": 0.1000000000000000055511151}', "", {"a": 0.1}),
    "a large double written out": (
        b'{"a": 10000000000000000905969664}',
        "",
        {"a": 10000000000000000905969664},
    ),
    "digits within a text": (b'{"a": "' + b"7" * 1500 + b'"}', "", {"a": "7" * 1500}),
    "brackets within a text": (b'{"a": "' + b"[" * 900 + b'"}', "", {"a": "[" * 900}),
    "a pretty layout": (b'{\n "a" : \n {\r\n\t"b": 1\n }\n}', "", {"a": {"b": 1}}),
}


@every_case(("content", "content_type", "value"), PACKED.values(), ids=PACKED.keys())
def test_packing_does_not_change_the_value(content: bytes, content_type: str, value: Any) -> None:
    assert read_json(content, content_type, url=URL) == value


REFUSED: dict[str, tuple[bytes, str, str]] = {
    "NaN": (b'{"a": [1, NaN]}', "/a/1", "NaN"),
    "Infinity": (b'{"a": {"b": -Infinity}}', "/a/b", "-Infinity"),
    "beyond a double": (b'{"a": 1e400}', "/a", "1e400"),
    "30 digits": (b'{"a": 123456789012345678901234567890}', "/a", "1234567890123456"),
    "2000 digits": (b'{"a": 0.' + b"1" * 2000 + b"}", "/a", "2001 digits"),
    "9000 digits": (b'{"a": ' + b"1" * 9000 + b"}", "/a", "9000 digits"),
    "a name twice": (b'{"jobStatus": "x", "b": [{"c": 1, "d": 2, "c": 3}]}', "/b/0/c", "second"),
    "a name twice at the top": (b'{"a:b": 1, "a:b": "x:\\u003a"}', "/a:b", "second"),
    "a name twice, spelt in two ways": (b'{"a": 1, "\\u0061": 1}', "/a", "second"),
    "a name twice with a slash": (b'{"a/~": 1, "a/~": 1}', "/a~1~0", "second"),
    "a name twice in utf-16": ('{"a": 1, "a": 2}'.encode("utf-16"), "/a", "second"),
    "a comment after it": (b'{"a": 1}<!-- node 2 -->', "", "<"),
    "two documents": (b'{"a": 1}{"a": 1}', "", "{"),
    "single quotes": (b"{'a': 1}", "", "single quote"),
    "the text of a Python dictionary as a value": (b"{\"value\": {'a': True}}", "/value", "single quote"),
    "a Python word": (b'{"a": [True]}', "/a/0", "True"),
    "a comment": (b'{"a": /* 1 */ 2}', "/a", "comment"),
    "a trailing comma": (b'{"a": 1,}', "", "}"),
    "a leading zero": (b'{"a": 01}', "/a", "01"),
    "an unknown escape": (b'{"a": "\\x41"}', "/a", "escape"),
    "cut within a text": (b'{"a": {"b": "text', "/a/b", "the end of the text"),
    "cut within a word": (b'{"a": fal', "/a", "the end of the text"),
    "cut within a number": (b'{"a": -', "/a", "the end of the text"),
    "cut after a name": (b'{"a"', "/a", "the end of the text"),
    "cut after a comma": (b'{"a": 1,', "", "the end of the text"),
    "nothing": (b"", "", "no body"),
    "blanks": (b"\r\n", "", "a blank body"),
    "nothing but a byte order mark": (b"\xef\xbb\xbf", "", "a blank body"),
    "too deep": (b'{"a": ' + b"[" * 501 + b"]" * 501 + b"}", "", "more than 500"),
    "far too deep": (b'{"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "", "more than 500"),
    "deep without an end": (b"[" * 100_000, "", "more than 500"),
    "a page": (b"<html></html>", "", "<"),
    "an unclosed wrapper": (b'cb({"a": 1}', "", "cb"),
    "a NUL after it": (b'{"a": 1}\x00', "", "U+0000"),
}


@every_case(("content", "pointer", "met"), REFUSED.values(), ids=REFUSED.keys())
def test_what_could_be_read_in_two_ways_is_refused_with_its_place(
    content: bytes, pointer: str, met: str
) -> None:
    with pytest.raises(ProtocolViolation) as caught:
        read_json(content, "application/json", url=URL)
    assert caught.value.pointer == pointer
    assert met in caught.value.met
    assert caught.value.url == "http://gis.example.com/arcgis/rest/info"


def test_nesting_is_read_up_to_the_limit() -> None:
    deep: Any = read_json(b'{"a": ' + b"[" * 499 + b"]" * 499 + b"}", url=URL)
    assert list(deep) == ["a"]


@pytest.fixture
def at_a_tenth(monkeypatch: pytest.MonkeyPatch) -> None:
    """Answers are large from a tenth of the size on, and may take a tenth of the memory."""
    monkeypatch.setattr(strict_json, "_LARGE", strict_json._LARGE // 10)
    most = json_memory.MOST // 10
    for module in (json_memory, large_json):
        monkeypatch.setattr(module, "MOST", most)


@pytest.mark.usefixtures("at_a_tenth")
def test_a_large_body_is_checked_for_names_that_stand_twice() -> None:
    member = b'{"attributes": {"t": "09:37:09"}, "geometry": {"x": 1.5, "y": 2}}'
    many = b",".join([member] * 26_000)
    assert len(read_json(b'{"value": {"features": [' + many + b"]}}", url=URL)["value"]["features"]) == 26_000
    with pytest.raises(ProtocolViolation):
        read_json(b'{"value": {"features": [' + many + b', {"x": 1, "x": 1}]}}', url=URL)


@pytest.mark.usefixtures("at_a_tenth")
@pytest.mark.parametrize(
    ("part", "times"),
    [
        (b"[]", 800_000),
        (b'{"a":1}', 200_000),
        (b"1", 1_400_000),
        (b'"ab"', 1_200_000),
        ('"\U0001f600"'.encode(), 700_000),
        (b'"\\u0007"', 700_000),
    ],
)
def test_an_answer_whose_value_would_fill_the_memory_is_not_built(part: bytes, times: int) -> None:
    with pytest.raises(ProtocolViolation, match="more objects, arrays, elements and texts"):
        read_json(b'{"a": [' + (part + b",") * times + part + b"]}", url=URL)


_PEAKS = """
import os, re, sys
from pathlib import Path
from gp_client.errors import ProtocolViolation
# What reading imports late is imported before memory is counted.
from gp_client.reading import json_faults, json_memory, json_packing, large_json, strict_json

def memory(kind):
    # Not of `resource`: there a process begins with the peak of the one that started it.
    return int(re.search(kind + r":\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) * 1024

# Each answer is read by a process of its own, whose peak begins anew.
part_of_it, cases = eval(sys.argv[1])
strict_json._LARGE //= part_of_it
json_memory.MOST //= part_of_it
large_json.MOST //= part_of_it
for start, part, end, size in cases:
    if os.fork():
        os.wait()
        continue
    before = memory("VmRSS")
    content = start + part * (size // part_of_it // len(part)) + end
    try:
        strict_json.read_json(content, url="http://h/a")
        outcome = "read"
    except ProtocolViolation as error:
        outcome = error.met
    print(memory("VmHWM") - before, outcome, flush=True)
    os._exit(0)
"""
POINT = (
    b'{"attributes":{"OBJECTID":12345,"NAME":"Some name of a place","KIND":"a","AREA":12345.678,'
    b'"SEEN":"09:37:09"},"geometry":{"x":-13046162.84,"y":4036394.23}}'
)
POLYGON = (
    b'{"attributes":{"OBJECTID":12345,"NAME":"\xc3\x84 \xf0\x9f\x98\x80"},"geometry":{"rings":[['
    + b",".join([b"[-13046162.84123,4036394.23123]"] * 30)
    + b"]]}}"
)
HEAVY: dict[str, tuple[bytes, bytes, bytes, int, str]] = {
    "a feature set": (b'\xef\xbb\xbf{"value":{"features":[', POINT + b",", POINT + b"]}}", 50 * MB, "read"),
    "short texts": (b'{"a":[1', b',"ab"', b"]}", 62 * MB, "more objects"),
    "as many short texts as are read": (b'{"a":[1', b',"ab"', b"]}", 25 * MB, "read"),
    "wide texts": (b'{"a":[1', ',"\U0001f600"'.encode(), b"]}", 24 * MB, "read"),
    "one text with one wide character": ('{"a":"\U0001f600'.encode(), b"a", b'"}', 62 * MB, "read"),
    "one text with a wide character at its end": (b'{"a":"', b"a", '\U0001f600"}'.encode(), 62 * MB, "read"),
    "numbers": (b'{"a":[1', b",1.5", b"]}", 36 * MB, "read"),
    "long numbers after texts": (b'{"a":[12345678901234567890', b',"a"', b"]}", 20 * MB, "read"),
    "escaped colons": (b'{"a":["', b"\\u003a", b'"]}', 62 * MB, "read"),
    "controls in one text": (b'{"a":"', b"\x07", b'"}', 60 * MB, "bytes that are no strict JSON"),
    "controls in texts": (b'{"a":[1', b',"\x07aaaaaaaaaaaaaaaaaaaaaa"', b"]}", 60 * MB, "bytes that are no"),
    "halves of pairs": (b'{"a":["', b"\\ud800", b'"]}', 60 * MB, "bytes that are no strict JSON"),
    "less, and mended": (b'{"a":[1', b',"\x07"', b"]}", 7_900_000, "read"),
    "objects": (b'{"a":[1', b',{"a":0}', b"]}", 15 * MB, "read"),
    "objects, cut": (b'{"a":[1', b',{"a":0}', b"", 15 * MB, "the end of the text"),
    "objects, and a name twice": (b'{"a":[1', b',{"a":0}', b',{"b":1,"b":2}]}', 15 * MB, "a second member"),
    "blanks": (b"", b" ", b"", 62 * MB, "a blank body"),
    "quotes": (b"", b'"', b"", 62 * MB, "more objects"),
}
IN_FULL = ["a feature set", "short texts"]
"""On either side of what is read."""


@pytest.mark.skipif(
    not Path("/proc/self/status").exists(), reason="the peak of a process is told by Linux alone"
)
@pytest.mark.parametrize(("part_of_it", "names"), [(10, list(HEAVY)), (1, IN_FULL)], ids=["tenth", "full"])
def test_no_answer_takes_half_a_gigabyte(part_of_it: int, names: list[str]) -> None:
    made = subprocess.run(
        [sys.executable, "-c", _PEAKS, repr((part_of_it, [HEAVY[name][:-1] for name in names]))],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    for name, told in zip(names, made.stdout.splitlines(), strict=True):
        peak, _, met = told.partition(" ")
        assert int(peak) < 490 * MB // part_of_it, name
        assert HEAVY[name][-1] in met, name


@pytest.mark.usefixtures("at_a_tenth")
@pytest.mark.parametrize("feature", [POINT, POLYGON], ids=["points", "polygons"])
def test_of_a_large_feature_set_no_feature_is_missing(feature: bytes) -> None:
    count = 5 * MB // len(feature)
    content = b'{"value":{"features":[' + b",".join([feature] * count) + b"]}}"
    assert len(read_json(b"\xef\xbb\xbf" + content, url=URL)["value"]["features"]) == count


LARGE: dict[str, tuple[bytes, str]] = {
    "a name twice": (b'{"b":1,"b":2}', "a second member of one name"),
    "a name twice, spelt in two ways": (b'{"b":1,"\\u0062":2}', "a second member of one name"),
    "a name twice beside escaped colons": (b'{"b":"\\u003A\\\\u003a","b":":"}', "a second member"),
    "30 digits": (b'["123456789012345678901234567890", 123456789012345678901234567890]', "1234567890"),
    "beyond a double": (b"1e400", "bytes that are no strict JSON"),
    "400 digits": (b"1" * 400 + b".5", "1111111111"),
    "2000 digits": (b"0." + b"1" * 2000, "a number of 2001 digits"),
    "NaN": (b"NaN", "bytes that are no strict JSON"),
    "too deep": (b"[" * 500 + b"]" * 500, "more than 500"),
}


@pytest.mark.usefixtures("at_a_tenth")
@pytest.mark.parametrize(("value", "met"), LARGE.values(), ids=LARGE.keys())
def test_a_large_answer_is_held_to_the_same(value: bytes, met: str) -> None:
    filling = b'"' + b"a:" * 450_000 + b'"'
    with pytest.raises(ProtocolViolation) as caught:
        read_json(b'{"a": ' + filling + b', "c": ' + value + b"}", url=URL)
    assert met in caught.value.met
    assert caught.value.body.startswith('{"a": "a:a:')


@pytest.mark.usefixtures("at_a_tenth")
@pytest.mark.parametrize(
    "value",
    [
        b'{"b": "\\u003a\\\\u003a\\\\\\u003A\\"::"}',
        b"[12345678901234567890, -9223372036854775808, 0.1000000000000000055511151]",
        b'"-123456789012345678901234567890"',
        b"[" * 498 + b"]" * 498,
    ],
)
def test_a_large_answer_that_is_strict_is_read(value: bytes) -> None:
    filling = b'"' + b"a:" * 450_000 + b'"'
    read = read_json(b'{"a": ' + filling + b', "c": ' + value + b"}", url=URL)
    assert read["c"] == json.loads(value)


def test_the_text_of_what_is_no_json_is_kept_with_its_tokens_masked() -> None:
    text = "{\"value\": {'gone': True, 'size': None, 'link': 'http://h/a?token=abc'}}"
    with pytest.raises(ProtocolViolation) as caught:
        read_json(text.encode(), url=URL)
    assert caught.value.pointer == "/value"
    assert caught.value.body == text.replace("token=abc'}}", "token=***'}}")
    assert pickle.loads(pickle.dumps(caught.value)).body == caught.value.body
    with pytest.raises(ProtocolViolation) as caught:
        read_json(b"[" + b"'\xc3\xa9'," * 100_000, url=URL)
    assert caught.value.body == ("[" + "'é'," * 100_000)[:65_536]
    with pytest.raises(ProtocolViolation) as caught:
        read_json(b"", url=URL)
    assert caught.value.body == ""


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=20,
)


@given(VALUES, st.booleans(), st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-32"]))
def test_every_value_is_read_as_it_was_written(value: Any, ascii_only: bool, encoding: str) -> None:
    text = json.dumps({"a": value}, ensure_ascii=ascii_only)
    assert read_json(text.encode(encoding), url=URL) == {"a": value}


@given(VALUES, st.data())
def test_a_cut_answer_is_never_read(value: Any, data: st.DataObject) -> None:
    whole = json.dumps({"a": value}, ensure_ascii=False).encode()
    length = data.draw(st.integers(0, len(whole) - 1))
    with pytest.raises(ProtocolViolation) as caught:
        read_json(whole[:length], url=URL)
    assert caught.value.met in ("the end of the text", "no body")


@given(st.binary(max_size=60) | st.text(max_size=60).map(str.encode))
def test_any_bytes_are_a_value_or_a_violation(content: bytes) -> None:
    value, told = None, ""
    try:
        value = read_json(content, "text/html; charset=latin-1", url=URL)
    except ProtocolViolation as violation:
        told = violation.met and violation.expected
    assert told or json.loads(json.dumps(value, allow_nan=False)) == value
