"""Deviations that edit an answer's JSON: documents, pointers, and what each edit does."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from gp_mockserver.deviations.body_limits import BodyTooLarge
from gp_mockserver.deviations.json_documents import (
    Array,
    Literal,
    Object,
    Unread,
    jsonp_parts,
    opened,
    read,
    value_of,
    write,
    written,
)
from gp_mockserver.deviations.json_editing import Editing, edit_document
from gp_mockserver.deviations.json_edits import JSON_EDITS, json_edit, touched
from gp_mockserver.deviations.json_maps import MAPS
from gp_mockserver.deviations.json_pointers import Pointer, overlaps, parse_pointer, resolve
from gp_mockserver.deviations.json_scanning import NotJSON
from gp_mockserver.errors import SiteFileError
from gp_protocol.json_text import RawJSON, encode_json, encode_pjson
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from every_case import every_case

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4)
)
PYTHON_TEXTS = st.builds(
    lambda value: RawJSON(repr(value).encode()),
    st.dictionaries(TEXTS, SCALARS | st.lists(SCALARS), max_size=3),
)
"""What the mock writes for a GPString whose value is the text of a Python dictionary."""
WITH_PYTHON_TEXTS = st.recursive(
    SCALARS | PYTHON_TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
)


def edited(action: dict[str, Any], body: bytes | str, **editing: Any) -> tuple[str, bool]:
    document = read(body if isinstance(body, bytes) else body.encode())
    after, changed = edit_document(json_edit(action), document, Editing(**editing))
    return write(after).decode(), changed


# Documents


@settings(max_examples=50)
@given(WITH_PYTHON_TEXTS | VALUES)
def test_an_untouched_document_leaves_byte_for_byte_as_the_mock_wrote_it(value: Any) -> None:
    for body in (encode_json(value), encode_pjson(value)):
        assert write(read(body)) == body
        assert write(read(b"\xef\xbb\xbf\r\n" + body + b"\n ")) == b"\xef\xbb\xbf\r\n" + body + b"\n "


@settings(max_examples=50)
@given(VALUES)
def test_a_document_can_be_laid_out_anew_either_way(value: Any) -> None:
    line, lines = encode_json(value), encode_pjson(value)
    assert write(read(line), pretty=True) == lines
    if b"\n" in lines:
        assert write(read(lines), pretty=False) == line


@settings(max_examples=30)
@given(st.dictionaries(TEXTS, PYTHON_TEXTS, min_size=1))
def test_another_layout_leaves_a_part_alone_that_is_no_json(value: Any) -> None:
    line, lines = encode_json(value), encode_pjson(value)
    laid_out = write(read(line), pretty=True)
    for raw in value.values():
        strict = _strict_or_none(bytes(raw))
        assert strict is not None or bytes(raw) in laid_out
        assert strict is not None or bytes(raw) in write(read(lines), pretty=False)


def _strict_or_none(text: bytes) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None


@settings(max_examples=25)
@given(st.dictionaries(TEXTS, VALUES, min_size=1), st.data())
def test_an_edited_document_reads_as_if_it_had_been_answered_so(value: dict[str, Any], data: Any) -> None:
    pointer, holder, key = data.draw(_places(value))
    new = data.draw(VALUES)
    holder[key] = new
    after = encode_json(value), encode_pjson(value)
    holder[key] = "before"
    for before, wanted in zip((encode_json(value), encode_pjson(value)), after, strict=True):
        document, changed = edit_document(json_edit({"set": pointer, "value": new}), read(before))
        assert changed is (new != "before")
        assert write(document) == wanted


@settings(max_examples=25)
@given(st.dictionaries(TEXTS, VALUES, min_size=1), st.data())
def test_a_removed_part_leaves_all_others_where_they_were(value: dict[str, Any], data: Any) -> None:
    pointer, holder, key = data.draw(_places(value))
    before = encode_json(value), encode_pjson(value)
    del holder[key]
    for body, wanted in zip(before, (encode_json(value), encode_pjson(value)), strict=True):
        document, changed = edit_document(json_edit({"remove": pointer}), read(body))
        assert changed
        assert write(document) == wanted


def _places(value: Any) -> st.SearchStrategy[tuple[str, Any, Any]]:
    """Some pointer into the value, the list or dictionary there, and the key or index."""
    found: list[tuple[str, Any, Any]] = []

    def look(pointer: str, holder: Any) -> None:
        pairs = holder.items() if isinstance(holder, dict) else enumerate(holder)
        for key, inner in pairs:
            step = str(key).replace("~", "~0").replace("/", "~1")
            if key == "*":
                continue
            found.append((f"{pointer}/{step}", holder, key))
            if isinstance(inner, dict | list):
                look(f"{pointer}/{step}", inner)

    look("", value)
    assume(found)
    return st.sampled_from(found)


@every_case(
    ("body", "wanted"),
    [
        ("{'a': 1, b: [True, None], \"c\" : 'x'}", '{"a":1,"b":[True, None],"c":\'x\',"new":0}'),
        ('{"a":1,"a":2}', '{"a":1,"a":2,"new":0}'),
        ('{ "a":1, "b":{ "c": 2 } }', '{"a":1,"b":{ "c": 2 },"new":0}'),
        ('{"a":NaN,"b":-Infinity,"c":[1,2,],}', '{"a":NaN,"b":-Infinity,"c":[1,2,],"new":0}'),
        ('{"a":1.50E+3,"b":"\\u00e9\\/"}', '{"a":1.50E+3,"b":"\\u00e9\\/","new":0}'),
        ('{"a\\u00e9":1}', '{"aé":1,"new":0}'),
        ("{u'a': u'b'}", '{"a":u\'b\',"new":0}'),
        ("{}", '{"new":0}'),
        ("{\n \"a\": {'b': 1}\n}", '{\n "a": {\'b\': 1},\n "new": 0\n}'),
    ],
)
def test_what_an_edit_does_not_touch_keeps_its_spelling(body: str, wanted: str) -> None:
    assert edited({"set": "/new", "value": 0}, body) == (wanted, True)


def test_bytes_that_are_no_utf_8_and_raw_control_characters_pass_through() -> None:
    body = b'{"a":"\xe9\x07\n","b":1}'
    document, _ = edit_document(json_edit({"set": "/b", "value": 2}), read(body))
    assert b'"\xe9\x07\n"' in write(document)


@every_case(
    ("body", "met"),
    [
        (b"", "no text"),
        (b" \r\n", "no text"),
        (b"<html>\n</html>", '"<html>'),
        (b"Service unavailable", '"Service unavailable" at line 1, column 1'),
        (b'{"a":1}\n<!-- node 2 -->', '"<!-- node 2 -->" at line 2, column 1'),
        (b'{"a":1}{"a":1}', "line 1, column 8, expected nothing after the value"),
        (b'{"a":\n  tru}', '"tru}" at line 2, column 3, expected the value of the key'),
        (b'{"a" 1}', "expected a key"),
        (b'{"a":1 "b":2}', "expected a comma"),
        (b'{"a":}', "expected the value of the key"),
        (b'{"a":[1,,2]}', "expected a value"),
        (b'{"a":[1}', "expected a comma, or the end of what was opened"),
        (b"]", "expected a value"),
        (b"[1}", "expected a comma, or the end of what was opened"),
        (b'{"a":"cut of', "expected the value of the key"),
        (b'{"a":[1', "the end of the text"),
        (b"{'a':(1, 2)}", '"(1, 2)}"'),
        (b"\xff\xfe{\x00}\x00", "expected a value"),
    ],
)
def test_what_is_no_json_is_refused_with_its_place(body: bytes, met: str) -> None:
    with pytest.raises(NotJSON) as refusal:
        read(body)
    assert met in str(refusal.value)


def test_nesting_of_any_depth_is_read_edited_and_written() -> None:
    deep = b"[" * 100_000 + b"]" * 100_000
    body = b'{"deep":' + deep + b',"b":1}'
    document, changed = edit_document(json_edit({"set": "/b", "value": 2}), read(body))
    assert changed
    assert write(document) == b'{"deep":' + deep + b',"b":2}'
    assert deep in write(document, pretty=True)


def test_a_large_answer_is_read_no_further_than_its_edit_leads() -> None:
    body = encode_json({"value": {"features": [{"attributes": {"n": n}} for n in range(50_000)]}, "b": 1})
    document, _ = edit_document(json_edit({"set": "/b", "value": 2}), read(body))
    assert isinstance(document.root, Object)
    assert isinstance(dict(document.root.members)["value"], Unread)
    assert write(document) == body[:-2] + b"2}"


def test_a_body_over_the_limit_is_not_made() -> None:
    document, _ = edit_document(json_edit({"set": "/*", "value": "x" * 1000}), read(b'{"a":1,"b":2,"c":3}'))
    with pytest.raises(BodyTooLarge, match="at most 2500"):
        write(document, limit=2500)
    assert len(write(document, limit=3100)) < 3100
    for body in (b"  [1]", b"[1]  "):
        assert write(read(body), limit=5) == body
        with pytest.raises(BodyTooLarge):
            write(read(body), limit=4)


def test_a_value_from_python_is_checked() -> None:
    assert written(
        value_of({"a": [None, True, 1, 1.5, "é", float("nan"), Literal(b"01")], "b": "\ud800"})
    ) == (b'{"a":[null,true,1,1.5,"\xc3\xa9",NaN,01],"b":"\\ud800"}')
    holds_itself: list[Any] = []
    holds_itself.append(holds_itself)
    for wrong, where in [
        ({"a": [object()]}, "value.a[0]"),
        ({1: 2}, "value"),
        (b"\x00", "value"),
        (holds_itself, "value[0]"),
        ({"a": 10**5000}, "value.a"),
    ]:
        with pytest.raises(SiteFileError) as error:
            value_of(wrong)
        assert error.value.path.startswith(where)


@every_case(
    ("body", "parts"),
    [
        (b'app.done({"a":")"});', (b"app.done(", b'{"a":")"}', b");")),
        (b"cb([1]) ;\n", (b"cb(", b"[1]", b") ;\n")),
        (b'{"a":"f(1);"}', (b"", b'{"a":"f(1);"}', b"")),
        (b"<html>f(1);", (b"", b"<html>f(1);", b"")),
    ],
)
def test_jsonp_comes_apart_and_together(body: bytes, parts: tuple[bytes, bytes, bytes]) -> None:
    assert jsonp_parts(body) == parts
    assert b"".join(parts) == body


# Pointers


@given(st.lists(st.text("~/01*-é", max_size=4), max_size=5))
def test_a_pointer_reads_as_it_is_written(steps: list[str]) -> None:
    pointer = Pointer(tuple(steps))
    assert parse_pointer(str(pointer)) == pointer


@every_case(
    ("text", "met"),
    [
        ("results", "begins with a slash"),
        ("/a~2b", "~0"),
        ("/a~", "~0"),
        (5, "JSON pointer"),
        ("/a" * 101, "101"),
    ],
)
def test_what_is_no_pointer_is_refused(text: object, met: str) -> None:
    with pytest.raises(SiteFileError, match=met):
        parse_pointer(text, "do.set")


HOUSE = {
    "a/b": 1,
    "m~n": 2,
    "": 3,
    "-": 4,
    "0": [5, {"k": 6}, [7, 8]],
    "rows": [{"k": 9, "other": 0}, {"k": 10}, "text"],
}


@every_case(
    ("pointer", "found"),
    [
        ("", [HOUSE]),
        ("/a~1b", [1]),
        ("/m~0n", [2]),
        ("/", [3]),
        ("/-", [4]),
        ("/0/1/k", [6]),
        ("/0/2/*", [7, 8]),
        ("/rows/*/k", [9, 10]),
        ("/*/1/k", [6, 10]),
        ("/rows/01", []),
        ("/rows/-", []),
        ("/rows/3", []),
        ("/rows/-1", []),
        ("/rows/2/*", []),
        ("/none/k", []),
    ],
)
def test_a_pointer_leads_to_every_place_that_it_names(pointer: str, found: list[Any]) -> None:
    places = list(resolve(read(encode_json(HOUSE)).root, parse_pointer(pointer)))
    assert [json.loads(written(place.value)) for place in places] == found
    for place in places:
        value: Any = HOUSE
        for step in place.steps:
            value = value[step]
        assert value == json.loads(written(place.value))


def test_a_key_that_stands_twice_is_two_places() -> None:
    root = read(b'{"a":1,"a":2}').root
    assert [written(place.value) for place in resolve(root, Pointer(("a",)))] == [b"1", b"2"]


STEPS = st.lists(st.sampled_from(["a", "b", "0", "-", "*"]), max_size=3).map(tuple)


@given(STEPS, STEPS)
def test_pointers_overlap_where_one_may_lead_to_the_other_or_into_it(
    one: tuple[str, ...], other: tuple[str, ...]
) -> None:
    def meant(steps: tuple[str, ...]) -> set[tuple[str, ...]]:
        ways: set[tuple[str, ...]] = {()}
        for step in steps:
            ways = {
                (*way, each) for way in ways for each in (["a", "b", "0", "-"] if step == "*" else [step])
            }
        return ways

    brute = any(
        mine[: len(theirs)] == theirs or theirs[: len(mine)] == mine
        for mine in meant(one)
        for theirs in meant(other)
    )
    assert overlaps(Pointer(one), Pointer(other)) is brute
    assert overlaps(Pointer(other), Pointer(one)) is brute


# Edits

JOB = (
    '{"jobId":"j1","jobStatus":"esriJobSucceeded","results":{"Out":{"paramUrl":"results/Out"},'
    '"Log":{"paramUrl":"results/Log"}},"messages":[{"type":"a","description":"one"},'
    '{"type":"b","description":"two"}],"inputs":{"In":{"paramUrl":"inputs/In"}}}'
)
URLS = '{"a":{"paramUrl":"results/A"},"b":{"paramUrl":"results/B"}}'
RESULT = '{"paramName":"a","dataType":"GPLong","value":1}'
DECLARED = {"a": "GPComposite", "b": "GPLong"}
FILLS = {
    "origin": "http://h:1",
    "root": "http://h:1/arcgis",
    "path": "/arcgis/rest/services/S/GPServer/T/jobs/j1",
    "job": "http://h:1/arcgis/rest/services/S/GPServer/T/jobs/j1",
    "job_id": "j1",
}


def on(body: str, /, **action: Any) -> tuple[str, dict[str, Any]]:
    return body, {key.rstrip("_").replace("_", "-"): each for key, each in action.items()}


EDITS: list[tuple[tuple[str, dict[str, Any]], str | None]] = [
    # set
    (on('{"a":1}', set="/a", value="x"), '{"a":"x"}'),
    (on('{"a":1}', set="/b", value={"c": [1]}), '{"a":1,"b":{"c":[1]}}'),
    (on('{"a":1}', set="/b/c", value=1), None),
    (on('{"a":1}', set="/a", value=1), None),
    (on('{"a":[1]}', set="/a/-", value=2), '{"a":[1,2]}'),
    (on('{"a":[]}', set="/a/0", value=2), None),
    (on('{"a":[1,2]}', set="/a/1", value=None), '{"a":[1,null]}'),
    (on('{"-":1}', set="/-", value=2), '{"-":2}'),
    (on(URLS, set="/*", value={}), '{"a":{},"b":{}}'),
    (on("{}", set="/*", value=1), None),
    (on('{"a":1,"a":2}', set="/a", value=3), '{"a":3,"a":3}'),
    (on('{"a":1}', set="", value=[]), "[]"),
    (on("5", set="/a", value=1), None),
    # remove
    (on('{"a":1,"b":2}', remove="/a"), '{"b":2}'),
    (on('{"a":1}', remove="/b"), None),
    (on("[1,2,3]", remove="/1"), "[1,3]"),
    (on("[1,2,3]", remove="/-"), None),
    (on('{"m":[{"d":1,"t":2},{"t":3}]}', remove="/m/*/d"), '{"m":[{"t":2},{"t":3}]}'),
    # rename
    (on('{"a":0,"jobId":"j","b":1}', rename="/jobId", to="jobID"), '{"a":0,"jobID":"j","b":1}'),
    (on('{"r":{"Out_A":1,"Log":2}}', rename="/r/*", how="lower"), '{"r":{"out_a":1,"log":2}}'),
    (on('{"r":{"a":1}}', rename="/r/a", how="upper"), '{"r":{"A":1}}'),
    (on('{"r":{"a":1}}', rename="/r/a", how="lower"), None),
    (on("[1]", rename="/0", to="a"), None),
    # wrap, unwrap
    (on('{"a":1}', wrap="", in_="array"), '[{"a":1}]'),
    (on('{"a":1}', wrap="/a", in_="object", key="k"), '{"a":{"k":1}}'),
    (on('{"t":["x","y"]}', wrap="/t/*", in_="object", key="name"), '{"t":[{"name":"x"},{"name":"y"}]}'),
    (on('{"a":{"b":"é\\""}}', wrap="/a", in_="text"), '{"a":"{\\"b\\":\\"é\\\\\\"\\"}"}'),
    (on(URLS, unwrap="/*", key="paramUrl"), '{"a":"results/A","b":"results/B"}'),
    (on('{"a":{"x":1},"b":2}', unwrap="/*", key="y"), None),
    # literal
    (on('{"a":1}', literal="/a", text="NaN"), '{"a":NaN}'),
    (on('{"a":1}', literal="/b", text="[[["), '{"a":1,"b":[[[}'),
    (on('{"a":1}', literal="/a", text="1"), None),
    # duplicate-key
    (on('{"x":0,"a":1,"y":2}', duplicate_key="/a", value=9), '{"x":0,"a":9,"a":1,"y":2}'),
    (on('{"a":1}', duplicate_key="/a", value=9, place="last"), '{"a":1,"a":9}'),
    (on('{"a":1}', duplicate_key="/b", value=9), None),
    (on("[1]", duplicate_key="/0", value=9), None),
    # rewrite, replace
    (on(URLS, rewrite="/*/paramUrl", text="{value}?x=1"), URLS.replace("A", "A?x=1").replace("B", "B?x=1")),
    (on('{"a":"x"}', rewrite="/a", text="{job}/{value}"), f'{{"a":"{FILLS["job"]}/x"}}'),
    (
        on('{"a":[1,2]}', rewrite="/a", text="{root} {path} {job_id} {name} {value}"),
        f'{{"a":"{FILLS["root"]} {FILLS["path"]} j1 a [1,2]"}}',
    ),
    (on('{"a":"x"}', rewrite="/a", text='{{"k": {value}}} {x y}'), '{"a":"{\\"k\\": x} {x y}"}'),
    (on('{"a":"x"}', rewrite="/a", text="{token}"), None),
    (on('{"a":"x"}', rewrite="/b", text="y"), None),
    (on('{"a":"x"}', rewrite="/a", text="{value}"), None),
    (on('{"s":"esriJobTimedOut"}', replace="/s", from_="esriJob", with_=""), '{"s":"TimedOut"}'),
    (
        on('{"u":"http://h:1/arcgis/rest/d/f.zip"}', replace="/u", from_="{root}/", with_=""),
        '{"u":"rest/d/f.zip"}',
    ),
    (
        on('{"u":"http://h:1/f.zip"}', replace="/u", from_="{origin}", with_="http://GISSRV01:6080"),
        '{"u":"http://GISSRV01:6080/f.zip"}',
    ),
    (on('{"u":5}', replace="/u", from_="5", with_="6"), None),
    (on('{"u":"x"}', replace="/u", from_="y", with_="z"), None),
    # keep, repeat, add
    (on("[1,2,3,4]", keep="", n=2), "[1,2]"),
    (on("[1,2,3,4]", keep="", n=2, skip=1), "[2,3]"),
    (on("[1,2]", keep="", n=2), None),
    (on('{"a":1,"b":2,"c":3}', keep="", skip=1), '{"b":2,"c":3}'),
    (on("[1,2]", repeat="", n=5), "[1,2,1,2,1]"),
    (on("[1,2]", repeat="", n=2), None),
    (on("[1,2]", repeat="", n=1), None),
    (on("[]", repeat="", n=2), None),
    (on('{"p":[[1,2],[3,4]]}', add="/p/*", value=0), '{"p":[[1,2,0],[3,4,0]]}'),
    (on("[1]", add="", value={"a": 1}, place="first"), '[{"a":1},1]'),
    (on('{"a":1}', add="/a", value=0), None),
    (on("[1]", add="", value=0, times=2), "[1,0,0]"),
    (on("[1]", add="", value=0, times=0), None),
    (on("[1,2]", repeat="", times=2), "[1,2,1,2]"),
    # copy
    (on('{"fields":[1],"x":2}', copy="/fields", under="Fields"), '{"fields":[1],"Fields":[1],"x":2}'),
    (on('{"a":1,"A":2}', copy="/a", under="A"), None),
    (on('{"p":[{"n":1},2]}', copy="/p/0", to="/p/-"), '{"p":[{"n":1},2,{"n":1}]}'),
    (
        on('{"sr":4326,"f":[{"g":{}},{"g":{}}]}', copy="/sr", to="/f/*/g/sr"),
        '{"sr":4326,"f":[{"g":{"sr":4326}},{"g":{"sr":4326}}]}',
    ),
    (on('{"a":1}', copy="/b", to="/c"), None),
    (on('{"a":1}', copy="", to="/c"), '{"a":1,"c":{"a":1}}'),
    # to-list, to-object
    (
        on(URLS, to_list="", key="paramName"),
        '[{"paramName":"a","paramUrl":"results/A"},{"paramName":"b","paramUrl":"results/B"}]',
    ),
    (on('{"a":1,"b":{}}', to_list=""), "[1,{}]"),
    (on('[{"paramName":"x","value":1}]', to_object="", key="paramName"), '{"x":{"paramName":"x","value":1}}'),
    (on('[{"value":1}]', to_object="", key="paramName"), None),
    (on('{"v":[[1,"p"],[2]]}', to_object="/v/*", names=["A", "B"]), '{"v":[{"A":1,"B":"p"},{"A":2}]}'),
    (on("[7,8]", to_object="", names=["A"]), '{"A":7,"1":8}'),
    # beside
    (
        on(
            '{"r":[{"t":"GPLong","v":1},{"t":"GPDouble","v":2},{"v":3},4]}',
            map="/r/*/v",
            how="to-text",
            beside={"t": "GPLong"},
        ),
        '{"r":[{"t":"GPLong","v":"1"},{"t":"GPDouble","v":2},{"v":3},4]}',
    ),
    (on('{"t":"GPLong","v":1}', set="/v", value=5.5, beside={"t": "GPString"}), None),
    (
        on('{"a":{"t":1,"v":1},"b":{"t":2,"v":2}}', copy="/*/v", to="/c", beside={"t": 2}),
        '{"a":{"t":1,"v":1},"b":{"t":2,"v":2},"c":2}',
    ),
    # of
    (on(RESULT, set="/value", value=0, of="GPLong"), '{"paramName":"a","dataType":"GPLong","value":0}'),
    (
        on(RESULT, set="/value", value=0, of="GPDouble|GP*g"),
        '{"paramName":"a","dataType":"GPLong","value":0}',
    ),
    (on(RESULT, set="/value", value=0, of="GPDouble"), None),
    (on(RESULT, remove="/dataType", of="*"), '{"paramName":"a","value":1}'),
    (on('{"paramName":"a","value":1}', set="/value", value=0, of="*"), '{"paramName":"a","value":0}'),
    (on('{"dataType":"GPLong","value":1}', set="/value", value=0, of="*"), None),
    (
        on(f"[{RESULT},{RESULT.replace('Long', 'String')},5]", wrap="/value", in_="array", of="GPLong"),
        f"[{RESULT[:-2]}[1]}},{RESULT.replace('Long', 'String')},5]",
    ),
    (
        on(f'{{"results":[{RESULT}],"messages":[]}}', copy="/value", to="/again", of="GPLong"),
        f'{{"results":[{RESULT[:-1]},"again":1}}],"messages":[]}}',
    ),
    (on('{"results":{"a":{"paramUrl":"results/a"}}}', set="/value", value=0, of="*"), None),
    # declared
    (
        on(RESULT, set="/value", value=0, declared="GPComp*"),
        '{"paramName":"a","dataType":"GPLong","value":0}',
    ),
    (on(RESULT, set="/value", value=0, declared="GPLong"), None),
    (on(RESULT, set="/value", value=0, declared="*", of="GPDouble"), None),
    (on('[{"paramName":"b","value":1}]', set="/value", value=0, declared="GPComposite"), None),
    # holding
    (on('{"p":[{"t":1,"n":1},{"t":2},3]}', remove="/p/*", holding={"t": 1}), '{"p":[{"t":2},3]}'),
    (on('{"p":[{"t":1},{"t":2}]}', set="/p/0", value=0, holding={"t": 2}), None),
    (on('{"p":[{"t":1},{"t":2}]}', set="/q", value=0, holding={"t": 2}), None),
    (
        on('{"p":[{"t":1},{"t":2}]}', copy="/p/*", to="/c", holding={"t": 2}),
        '{"p":[{"t":1},{"t":2}],"c":{"t":2}}',
    ),
    # map
    (on('{"a":"esriJob","b":1}', map="/*", how="lower"), '{"a":"esrijob","b":1}'),
    (on('"je30é"', map="", how="upper"), '"JE30É"'),
    (on('"esriMiles"', map="", how="upper-after-esri"), '"esriMILES"'),
    (on('"Miles"', map="", how="upper-after-esri"), None),
    (on('[5,1.50,true,null,"x",{}]', map="/*", how="to-text"), '["5","1.50","true",null,"x",{}]'),
    (on('[true,false,"1.50","x",7,null]', map="/*", how="to-number"), '[1,0,1.50,"x",7,null]'),
    (on('[1678181829999,-1,"x"]', map="/*", how="to-seconds"), '[1678181829,-1,"x"]'),
    (on("[1678181829,1.5]", map="/*", how="to-ms"), "[1678181829000,1500]"),
    (on("1e9999", map="", how="to-ms"), None),
    (
        on("[1678181829000,1678181829123,-1000,1e300]", map="/*", how="to-iso"),
        '["2023-03-07T09:37:09","2023-03-07T09:37:09.123","1969-12-31T23:59:59",1e300]',
    ),
    (
        on("[1678181829000,1678225029000,1678147200000]", map="/*", how="to-local-text"),
        '["3/7/2023 9:37 AM","3/7/2023 9:37 PM","3/7/2023 12:00 AM"]',
    ),
    (on("[1.5,2,1.5e3]", map="/*", how="to-comma-text"), '["1,5","2,0","1500,0"]'),
    (on('{"distance":5,"units":"esriMiles"}', map="", how="to-unit-text"), '"5 Miles"'),
    (on('{"distance":5.0,"units":"esriMiles"}', map="", how="to-unit-text"), '"5 Miles"'),
    (on('{"time":3.5,"units":"esriTimeUnitsMonths"}', map="", how="to-unit-text"), '"3.5 Months"'),
    (on('{"distance":5}', map="", how="to-unit-text"), None),
    (on('[5,-1.50,0,"x"]', map="/*", how="negate"), '[-5,1.50,0,"x"]'),
    (on('[5,true,"5",{"a":1}]', map="/*", how="to-nan"), '[NaN,true,"5",{"a":1}]'),
    (on("[-1.5,null]", map="/*", how="to-infinity"), "[-Infinity,null]"),
    (on('{"a":1}', set="/a", value=2, only="new"), None),
    (on('{"a":1}', set="/b", value=2, only="new"), '{"a":1,"b":2}'),
    (on('{"a":1}', set="/b", value=2, only="old"), None),
    (on('{"a":1}', set="/a", value=2, only="old"), '{"a":2}'),
    (on('{"a":1}', literal="/a", text="null", only="new"), None),
    (on('{"a":1}', literal="/a", text="null", only="old"), '{"a":null}'),
    (
        on('{"a1":[5,-5,1.5,1e3],"b":"7","c":\'it is 7\'}', map="", how="to-point-zero"),
        '{"a1":[5.0,-5.0,1.5,1e3],"b":"7","c":\'it is 7\'}',
    ),
    (on("{a1: 5}", map="", how="to-point-zero"), "{a1: 5.0}"),
    (on("[12000000,-0.25,0,5,1e400]", map="", how="to-exponent"), "[1.2E7,-2.5E-1,0.0E0,5.0E0,1.0E400]"),
    (
        on("[85768.56785,5,1e400,0.5,1e16,1e17]", map="", how="to-17-digits"),
        "[85768.567850000007,5,1e400,0.50000000000000000,10000000000000000.0,1.0000000000000000e+17]",
    ),
    (on('[["a","b"],[],5]', map="/*", how="first"), '["a",[],5]'),
    (on("[1,2,3]", map="", how="reverse"), "[3,2,1]"),
    (on('{"a":1,"b":2}', map="", how="reverse"), '{"b":2,"a":1}'),
    (on("[1,1]", map="", how="shuffle"), None),
    (on('{"a":1}', map="", how="shuffle-members"), None),
]


@every_case(("case", "after"), EDITS, ids=lambda each: str(each[1]) if isinstance(each, tuple) else "")
def test_each_edit_does_what_it_says_and_tells_whether_it_did(
    case: tuple[str, dict[str, Any]], after: str | None
) -> None:
    before, action = case
    assert edited(action, before, fills=FILLS, declared=DECLARED) == (
        before if after is None else after,
        after is not None,
    )


RULES_OF_THEIR_OWN = {"shuffle", "shuffle-members", "to-wkt"}
"""The rules whose results do not fit into a table; each has a test below."""


def test_every_edit_and_every_rule_is_in_the_table() -> None:
    actions = [action for (_, action), after in EDITS if after is not None]
    assert {next(iter(action)) for action in actions} == set(JSON_EDITS)
    assert {action["how"] for action in actions if "map" in action} | RULES_OF_THEIR_OWN == set(MAPS)


@every_case(("case", "after"), EDITS, ids=lambda each: str(each[1]) if isinstance(each, tuple) else "")
def test_an_edit_leaves_the_document_that_it_was_given(
    case: tuple[str, dict[str, Any]], after: str | None
) -> None:
    document = read(case[0].encode())
    again = copy.deepcopy(document)
    edit_document(json_edit(case[1]), document, Editing(fills=FILLS))
    assert document == again


@every_case(
    ("reference", "begins"),
    [
        ('{"wkid":102100,"latestWkid":3857}', "PROJCS["),
        ('{"wkid":4326}', "GEOGCS["),
        ('{"wkid":987654}', None),
        ('{"wkt":"x"}', None),
    ],
)
def test_a_spatial_reference_becomes_its_text(reference: str, begins: str | None) -> None:
    text, changed = edited({"map": "", "how": "to-wkt"}, reference)
    assert changed is (begins is not None)
    if begins is None:
        assert text == reference
    else:
        assert list(json.loads(text)) == ["wkt"]
        assert json.loads(text)["wkt"].startswith(begins)


@given(st.lists(st.integers(), min_size=2, unique=True), st.integers(0, 3))
def test_a_shuffle_is_another_order_and_the_same_for_the_same_seed(items: list[int], seed: int) -> None:
    body = json.dumps(items)
    text, changed = edited({"map": "", "how": "shuffle"}, body, seed=seed)
    assert changed
    assert json.loads(text) != items
    assert sorted(json.loads(text)) == sorted(items)
    assert edited({"map": "", "how": "shuffle"}, body, seed=seed)[0] == text


@settings(max_examples=20)
@given(st.dictionaries(TEXTS, VALUES, min_size=2))
def test_shuffled_members_are_the_same_json_in_another_order(value: dict[str, Any]) -> None:
    text, changed = edited({"map": "", "how": "shuffle-members"}, encode_json(value))
    assert changed
    assert json.loads(text) == value
    assert list(json.loads(text)) != list(value)


@given(VALUES, st.sampled_from(["to-point-zero", "to-exponent", "to-17-digits"]))
def test_other_forms_of_numbers_are_the_same_numbers(value: Any, how: str) -> None:
    text, _ = edited({"map": "", "how": how}, encode_json(value))
    assert json.loads(text, parse_int=float) == json.loads(encode_json(value), parse_int=float)


@pytest.mark.parametrize(
    ("body", "pretty"), [(JOB, False), (encode_pjson(json.loads(JOB)).decode(), True)], ids=["json", "pjson"]
)
def test_edits_follow_one_another_in_either_layout(body: str, pretty: bool) -> None:
    document = read(body.encode())
    for action in (
        {"rename": "/jobId", "to": "jobID"},
        {"keep": "/messages", "skip": 1},
        {"set": "/messages/0/type", "value": "c"},
        {"unwrap": "/results/*", "key": "paramUrl"},
        {"wrap": "/results", "in": "array"},
        {"literal": "/messages/-", "text": "{'raw': 1}"},
        {"wrap": "/inputs", "in": "object", "key": "all"},
    ):
        document, changed = edit_document(json_edit(action), document)
        assert changed
    wanted = {
        "jobID": "j1",
        "jobStatus": "esriJobSucceeded",
        "results": [{"Out": "results/Out", "Log": "results/Log"}],
        "messages": [{"type": "c", "description": "two"}, RawJSON(b"{'raw': 1}")],
        "inputs": {"all": {"In": {"paramUrl": "inputs/In"}}},
    }
    assert write(document) == (encode_pjson(wanted) if pretty else encode_json(wanted))


def test_an_edit_may_not_make_more_than_the_limit() -> None:
    document = read(b'["xxxxxxxxxx"]')
    for action in ({"repeat": "", "n": 10**12}, {"rewrite": "/0", "text": "{value}" * 100}):
        with pytest.raises(BodyTooLarge):
            edit_document(json_edit(action), document, Editing(limit=500))


def test_a_literal_put_in_can_be_edited_like_what_was_answered() -> None:
    document, _ = edit_document(json_edit({"literal": "/a", "text": '{"b": [1]}'}), read(b"{}"))
    document, changed = edit_document(json_edit({"set": "/a/b/0", "value": 2}), document)
    assert changed
    assert write(document) == b'{"a":{"b":[2]}}'
    document, _ = edit_document(json_edit({"literal": "/a", "text": '{"b":{\n "c":1}}'}), read(b"{}"))
    document, _ = edit_document(json_edit({"set": "/a/d", "value": 2}), document)
    assert write(document) == b'{"a":{"b":{"c":1},"d":2}}'
    assert opened(Literal(b"[1,")) == Literal(b"[1,")
    assert opened(Literal(b"[1]")) == Array((Unread(b"1"),))


@every_case(
    ("action", "path", "says"),
    [
        ({}, "do", "expected an action"),
        ({"sett": "/a", "value": 1}, "do", 'did you mean "set"?'),
        ({"set": "/a"}, "do", "set without value"),
        ({"set": "/a", "valu": 1}, "do.valu", 'did you mean "value"?'),
        ({"set": "/a", "pointer": "/b", "value": 1}, "do.pointer", "no part of that name"),
        ({"set": "a", "value": 1}, "do.set", 'write "/a"'),
        ({"set": "/a", "value": 1, "only": "older"}, "do.only", 'did you mean "old"?'),
        ({"literal": "", "text": "1", "only": "new"}, "do.literal", "the whole document"),
        ({"set": "/a", "value": b"x"}, "do.value", "$literal"),
        ({"remove": "/a", "set": "/b"}, "do.set", "no part of that name"),
        ({"remove": ""}, "do.remove", "the whole document"),
        ({"rename": "", "to": "x"}, "do.rename", "the whole document"),
        ({"copy": "", "under": "x"}, "do.copy", "the whole document"),
        ({"set": "", "value": 1, "beside": {"a": 1}}, "do.set", "the whole document"),
        ({"set": "/a", "value": 1, "beside": 5}, "do.beside", "members and their values"),
        ({"rename": "/a"}, "do.how", "one of lower, upper"),
        ({"rename": "/a", "to": 5}, "do.to", "5"),
        ({"wrap": "/a", "in": "list"}, "do.in", "one of array, object, text"),
        ({"map": "/a", "how": "to-isoo"}, "do.how", 'did you mean "to-iso"?'),
        ({"rewrite": "/a", "text": "{vlaue}"}, "do.text", 'did you mean "value"?'),
        ({"replace": "/a", "from": "{}", "with": ""}, "do.from", "write {{ for a brace"),
        ({"literal": "/a", "text": 5}, "do.text", "a text"),
        ({"literal": "/a", "text": "\ud800"}, "do.text", "$hex"),
        ({"keep": "/a", "n": -1}, "do.n", "0 or more"),
        ({"keep": "/a", "skip": -1}, "do.skip", "0 or more"),
        ({"repeat": "/a", "n": "5"}, "do.n", "int"),
        ({"add": "/a", "value": 1, "place": "middle"}, "do.place", "one of first, last"),
        ({"copy": "/a"}, "do", '"under"'),
        ({"copy": "/a", "under": "b", "to": "/c"}, "do", '"under"'),
        ({"to-object": "/a"}, "do", '"key" and "names"'),
    ],
)
def test_an_edit_that_is_written_wrongly_is_refused_with_its_place(
    action: dict[str, Any], path: str, says: str
) -> None:
    with pytest.raises(SiteFileError) as error:
        json_edit(action)
    assert error.value.path == path
    assert says in str(error.value)


@every_case(
    ("action", "places"),
    [
        ({"set": "/a/b", "value": 1}, ["/a/b"]),
        ({"rename": "/a/b", "to": "c"}, ["/a/b", "/a/c"]),
        ({"rename": "/a/*", "how": "lower"}, ["/a/*"]),
        ({"copy": "/a/b", "under": "c"}, ["/a/c"]),
        ({"copy": "/a/b", "to": ""}, [""]),
    ],
)
def test_an_edit_names_the_places_that_it_changes(action: dict[str, Any], places: list[str]) -> None:
    assert [str(pointer) for pointer in touched(json_edit(action))] == places
