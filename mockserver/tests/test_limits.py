"""What a site takes, and what it answers to more."""

from __future__ import annotations

import asyncio
import gzip
import json
import zlib
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from gp_mockserver.builtin.builtin_site import builtin_site
from gp_mockserver.configuration.data_files import parse_yaml
from gp_mockserver.configuration.limit_forms import parse_size
from gp_mockserver.configuration.site_files import site_from
from gp_mockserver.errors import SiteFileError
from gp_mockserver.limits import DEFAULT_LIMITS, Limits
from gp_mockserver.wire.content_encodings import unpacked
from gp_mockserver.wire.replies import Refusal
from gp_protocol.errors import RemoteProtocolError
from gp_protocol.json_limits import JSONLimits, json_limits
from gp_protocol.json_shapes import has_more_parts
from gp_protocol.lenient_json import decode_json

from every_case import every_case

ECHO = "DataTypes/Echo/GPServer/Echo"
SMALL = Limits(
    body=4000,
    decompressed=3000,
    fields=20,
    parts=5,
    names=60,
    callback=10,
    json_depth=8,
    json_digits=20,
    json_parts=50,
)
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
ZIPPED = FORM | {"Content-Encoding": "gzip"}


@pytest.fixture
def small(open_wire: Any, fresh: dict[str, Any]) -> Any:
    """The built-in site with small limits."""
    return open_wire(builtin_site(**fresh, limits=SMALL))


def echoed(answer: Any, name: str) -> Any:
    return {each["paramName"]: each["value"] for each in answer["results"]}[name]


def points(depth: int = 0, number: str = "1") -> str:
    """A feature set whose one feature has an attribute so much deeper than the rest."""
    deep = "[" * depth + "]" * depth if depth else "null"
    feature = f'{{"geometry":{{"x":{number},"y":2}},"attributes":{{}}}}'
    return f'{{"geometryType":"esriGeometryPoint","features":[{feature}],"more":{deep}}}'


def many(parts: int) -> str:
    """A feature set of so many arrays, objects and commas, and of more of them within texts."""
    texts = ["'[{,\\'\"'", '"[{,\\"\'"'] * 5
    return f'{{"features":[],"more":[{",".join([*texts, *["[]"] * ((parts - 13) // 2)])}]}}'


def parts(count: int) -> dict[str, Any]:
    names = ["f", "In_GPString", *(f"p{number}" for number in range(count))][:count]
    values = {"f": "json", "In_GPString": "a"}
    return {"files": [(name, (None, values.get(name, "1"))) for name in names]}


WITHIN = {
    "body": {"content": b"f=json&In_GPString=".ljust(4000, b"a"), "headers": FORM},
    "decompressed": {
        "content": gzip.compress(b"f=json&In_GPString=".ljust(3000, b"a"), mtime=0),
        "headers": ZIPPED,
    },
    "fields": {"data": {"f": "json"} | {f"p{number}": "1" for number in range(19)}},
    "parts": parts(5),
    "names": {"data": {"f": "json", "n" * 60: "1"}},
    "callback": {"data": {"f": "json", "callback": "c" * 10}},
    "jsonDepth": {"data": {"f": "json", "In_GPFeatureRecordSetLayer": points(depth=7)}},
    "jsonDigits": {"data": {"f": "json", "In_GPFeatureRecordSetLayer": points(number="1" * 20)}},
    "jsonParts": {"data": {"f": "json", "In_GPFeatureRecordSetLayer": many(49)}},
}
BEYOND: dict[str, tuple[dict[str, Any], int, list[str]]] = {
    "body": (
        {"content": b"f=json&In_GPString=".ljust(4001, b"a"), "headers": FORM},
        413,
        ["body: met 4001, expected at most 4000 bytes", "limits.body"],
    ),
    "decompressed": (
        {"content": gzip.compress(b"f=json&In_GPString=".ljust(3001, b"a"), mtime=0), "headers": ZIPPED},
        413,
        ["decompressed: met more, expected at most 3000 bytes", "limits.decompressed"],
    ),
    "fields": (
        {"data": {"f": "json"} | {f"p{number}": "1" for number in range(20)}},
        400,
        ["fields: met 21, expected at most 20 parameters", "limits.fields"],
    ),
    "parts": (parts(6), 400, ["parts", "5"]),
    "names": (
        {"data": {"f": "json", "n" * 61: "1"}},
        400,
        ["names: met a parameter's name of 61, expected at most 60 characters", "limits.names"],
    ),
    "callback": (
        {"data": {"f": "json", "callback": "c" * 11}},
        400,
        ["callback: met a name of 11, expected at most 10 characters", "limits.callback"],
    ),
    "jsonDepth": (
        {"data": {"f": "json", "In_GPFeatureRecordSetLayer": points(depth=8)}},
        400,
        ["In_GPFeatureRecordSetLayer", "deeper nesting", "at most 8 levels", "limits.jsonDepth"],
    ),
    "jsonDigits": (
        {"data": {"f": "json", "In_GPFeatureRecordSetLayer": points(number="1" * 21)}},
        400,
        ["In_GPFeatureRecordSetLayer", "21 digits", "at most 20 digits", "limits.jsonDigits"],
    ),
    "jsonParts": (
        {"data": {"f": "json", "In_GPFeatureRecordSetLayer": many(51)}},
        400,
        ["In_GPFeatureRecordSetLayer", "more parts", "at most 50 members and elements", "limits.jsonParts"],
    ),
}


@pytest.mark.parametrize("limit", WITHIN)
def test_what_just_keeps_to_a_limit_is_answered(small: Any, limit: str) -> None:
    response = small.http.post(f"{ECHO}/execute", **WITHIN[limit])
    assert response.status_code == 200
    text = response.text.removeprefix("c" * 10 + "(").removesuffix(");")
    assert "results" in json.loads(text), text


@pytest.mark.parametrize("limit", BEYOND)
def test_what_passes_a_limit_is_told_which_and_what_was_met(small: Any, limit: str) -> None:
    asked, code, fragments = BEYOND[limit]
    response = small.http.post(f"{ECHO}/execute?f=json", **asked)
    if limit == "callback":  # such a name is in no answer, so it is a page
        assert response.status_code == code
        for fragment in fragments:
            assert fragment in response.text
        return
    assert response.status_code == (code if code == 413 else 200), response.text
    error = response.json()["error"]
    assert error["code"] == code
    for fragment in fragments:
        assert fragment in " ".join(error["details"])


@pytest.mark.parametrize("limit", BEYOND)
def test_the_limits_of_a_site_are_its_own(wire: Any, limit: str) -> None:
    assert "results" in wire.http.post(f"{ECHO}/execute?f=json", **BEYOND[limit][0]).text


def test_a_query_has_the_limits_of_a_form_and_what_it_asks_for_is_then_unknown(small: Any) -> None:
    query = "&".join(f"p{number}=1" for number in range(20))
    response = small.http.get(f"{ECHO}?f=json&{query}")
    assert response.status_code == 400
    assert response.headers["content-type"].startswith("text/html")
    assert "fields: met 21" in response.text


def test_the_limits_of_json_hold_in_the_threads_that_read_large_inputs(
    open_wire: Any, fresh: dict[str, Any]
) -> None:
    site = builtin_site(**fresh, limits=Limits(json_depth=8))
    wide = points(depth=8)[:-1] + ',"text":"' + "a" * 300_000 + '"}'
    answer = open_wire(site).post(f"{ECHO}/execute", f="json", In_GPFeatureRecordSetLayer=wide).json()
    assert "at most 8 levels" in answer["error"]["details"][0]


def test_the_limits_of_json_are_those_of_the_context() -> None:
    before = json_limits.set(JSONLimits(length=30, depth=2, digits=3))
    assert decode_json("[[123]]") == [[123]]
    for text in ("[[[1]]]", "[1234]", "['1', 1234]", "[" + " " * 30 + "]"):
        with pytest.raises(RemoteProtocolError, match="at most"):
            decode_json(text)
    json_limits.reset(before)
    assert decode_json("[[[1234]]]") == [[[1234]]]


@pytest.mark.parametrize(("count", "refused"), [(12, False), (13, True)])
def test_points_that_are_read_by_a_short_cut_are_held_to_the_parts_too(
    open_wire: Any, fresh: dict[str, Any], count: int, refused: bool
) -> None:
    wire = open_wire(builtin_site(**fresh, limits=Limits(json_parts=50)))
    feature = '{"geometry":{"x":1,"y":2}}'
    text = f'{{"features":[{",".join([feature] * count)}]}}'  # four parts each, and one more
    answer = wire.post(f"{ECHO}/execute", f="json", In_GPFeatureRecordSetLayer=text).json()
    assert ("limits.jsonParts" in str(answer)) is refused


@every_case(
    ("json", "parts"),
    [
        ("[]", 1),
        ("[1,2]", 2),
        ('{"a":{"b":[1,2,3]}}', 5),
        ('["[,{"]', 1),
        ("['[,{']", 1),
        ("""["it's [,{", 'a"[,']""", 2),
        (r"""["\\",",","\\\",[,"]""", 3),
        (r"""['\'[,{\\',[]]""", 3),
        ('["[,{', 4),
        (",".join(['"[,{"'] * 5000), 4999),
    ],
)
def test_parts_are_counted_outside_texts(json: str, parts: int) -> None:
    assert not has_more_parts(json, parts)
    assert has_more_parts(json, parts - 1)


def test_digits_within_quotes_are_no_number() -> None:
    digits = "7" * 5000
    assert decode_json(f'["{digits}"]') == [digits]
    assert decode_json(f"['a\\'{digits}', 1]") == [f"a'{digits}", 1]
    with pytest.raises(RemoteProtocolError, match="5000 digits at line 2, column 2"):
        decode_json(f'["{digits}",\n {digits}]')


@pytest.mark.parametrize("text", ["1" * 8_000_000, " . " * 2_000_000, "{" * 6_000_000, "1 " * 3_000_000])
@pytest.mark.timeout(10)
def test_a_large_text_that_is_no_json_is_refused_soon(text: str) -> None:
    with pytest.raises(RemoteProtocolError, match="met"):
        decode_json(text)


def test_a_gzipped_form_is_read(wire: Any) -> None:
    body = gzip.compress(b"f=json&In_GPString=" + quote("Zürich").encode())
    answer = wire.http.post(f"{ECHO}/execute", content=body, headers=ZIPPED).json()
    assert echoed(answer, "Out_GPString") == "Zürich"


def test_a_gzipped_multipart_form_is_read(wire: Any) -> None:
    request = wire.http.build_request("POST", f"{ECHO}/execute", files={"In_GPString": (None, "b")})
    headers = {"Content-Type": request.headers["content-type"], "Content-Encoding": "gzip"}
    body = gzip.compress(request.read())
    answer = wire.http.post(f"{ECHO}/execute?f=json", content=body, headers=headers).json()
    assert echoed(answer, "Out_GPString") == "b"


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"f=json", "incorrect header check"),
        (gzip.compress(b"f=json", mtime=0)[:-4], "its end is missing"),
        (gzip.compress(b"f=json", mtime=0) + b"more", "something follows its end"),
        (b"", "its end is missing"),
        (zlib.compress(b"f=json"), "incorrect header check"),
    ],
)
def test_a_body_that_is_no_whole_gzip_is_refused(wire: Any, body: bytes, why: str) -> None:
    error = wire.http.post(f"{ECHO}/execute?f=json", content=body, headers=ZIPPED).json()["error"]
    assert error["code"] == 400
    assert why in error["details"][0]


@pytest.mark.parametrize("encoding", ["deflate", "br", "zstd", "gzip, gzip", "x" * 200])
def test_another_encoding_than_gzip_is_refused_by_name(wire: Any, encoding: str) -> None:
    response = wire.http.post(
        f"{ECHO}/execute?f=json", content=b"a=b", headers=FORM | {"Content-Encoding": encoding}
    )
    assert response.status_code == 415
    detail = response.json()["error"]["details"][0]
    assert encoding[:80] in detail
    assert "expected gzip" in detail
    assert len(detail) < 200


def test_no_encoding_is_one_too(wire: Any) -> None:
    response = wire.http.post(
        f"{ECHO}/execute", content=b"f=json&In_GPLong=4", headers=FORM | {"Content-Encoding": "identity"}
    )
    assert echoed(response.json(), "Out_GPLong") == 4


def test_a_bomb_is_unpacked_no_further_than_the_limit() -> None:
    bomb = zlib.compressobj(9, wbits=31)
    packed = b"".join(bomb.compress(bytes(1_000_000)) for _ in range(200)) + bomb.flush()
    asked = 0

    async def receive() -> dict[str, Any]:
        nonlocal asked
        piece = packed[asked * 4096 : (asked + 1) * 4096]
        asked += 1
        return {"type": "http.request", "body": piece, "more_body": asked * 4096 < len(packed)}

    pieces: list[int] = []

    async def read() -> None:
        get = unpacked(b"gzip", receive, Limits(decompressed=1_000_000))
        while True:
            pieces.append(len((await get())["body"]))

    with pytest.raises(Refusal, match="too-large"):
        asyncio.run(read())
    assert sum(pieces) <= 1_000_000
    assert max(pieces) <= 256 * 1024
    assert asked == 1
    assert len(packed) > 100_000


def test_a_body_announced_as_too_large_is_refused_before_it_is_sent(small: Any) -> None:
    from gp_mockserver.wire.callers import Caller
    from gp_mockserver.wire.request_parameters import read_form

    async def receive() -> Any:
        raise AssertionError("the body was asked for")

    scope = {"headers": [(b"content-length", b"4001")], "method": "POST"}
    with pytest.raises(Refusal) as raised:
        asyncio.run(read_form({}, Caller.of(small.site, scope), receive, None))  # type: ignore[arg-type]
    assert raised.value.details[0].startswith("body: met 4001")


def test_a_body_that_tells_no_length_is_refused_once_it_is_over_the_limit(small: Any) -> None:
    from gp_mockserver.wire.callers import Caller
    from gp_mockserver.wire.request_parameters import read_form

    asked = 0

    async def receive() -> Any:
        nonlocal asked
        asked += 1
        assert asked <= 5
        return {"type": "http.request", "body": b"a" * 1000, "more_body": True}

    with pytest.raises(Refusal) as raised:
        asyncio.run(read_form({}, Caller(small.site, {}, {}), receive, None))  # type: ignore[arg-type]
    assert raised.value.name == "too-large"
    assert asked == 5


@every_case(
    ("written", "size"),
    [
        (1, 1),
        (4096, 4096),
        ("1", 1),
        ("10MB", 10 * 1024**2),
        ("10 mb", 10 * 1024**2),
        ("1.5 GB", 3 * 1024**3 // 2),
        ("512KiB", 512 * 1024),
        (" 7 B ", 7),
        ("2 TB", 2 * 1024**4),
    ],
)
def test_sizes_have_units(written: Any, size: int) -> None:
    assert parse_size(written) == size


@every_case(
    ("limits", "error"),
    [
        ("body: 0", "limits.body: met 0, expected a number of bytes above 0"),
        ("body: ten", 'limits.body: met "ten", expected a number of bytes'),
        ("body: 10 XB", 'limits.body: met "10 XB", expected a number of bytes'),
        ("body: 0 MB", 'limits.body: met "0 MB", expected a number of bytes above 0'),
        ("jsonDepth: 501", "limits.jsonDepth: met 501, expected a whole number from 1 to 500"),
        ("jsonDigits: 4301", "limits.jsonDigits: met 4301, expected a whole number from 1 to 4300"),
        ("fields: none", 'limits.fields: met "none", expected a whole number, 1 or more'),
        ("jsonDeep: 1", 'limits.jsonDeep: met an unknown key.*did you mean "jsonDepth"'),
    ],
)
def test_a_wrong_limit_in_a_site_file_is_named(limits: str, error: str) -> None:
    with pytest.raises(SiteFileError, match=error):
        site_from(parse_yaml(f"limits: {{{limits}}}\nservices: {{}}"), name="site.yaml")


def test_the_limits_that_the_documentation_shows_are_the_defaults() -> None:
    text = Path(__file__).parents[2].joinpath("docs/site-files.md").read_text(encoding="utf-8")
    shown = text.partition("## Limits")[2].partition("```yaml\n")[2].partition("```")[0]
    site = site_from(parse_yaml(shown), name="site.yaml")
    assert site.limits == DEFAULT_LIMITS
    assert len(parse_yaml(shown)["limits"]) == len(Limits.__struct_fields__)
