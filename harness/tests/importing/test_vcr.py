from __future__ import annotations

import base64
import gzip
import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from gpharness.importing.imported import NotImported
from gpharness.importing.vcr import read_vcr

URL = "https://gis.example.com/arcgis/rest/services/S/GPServer/T/submitJob"
ANSWER = '{"jobId": "j1", "jobStatus": "esriJobSubmitted"}'
PACKED = gzip.compress(ANSWER.encode(), mtime=0)


def interaction(body: Any = None, **response: Any) -> dict[str, Any]:
    return {
        "request": {
            "method": "POST",
            "uri": URL,
            "body": "In=1&f=json&token=abcdefghij",
            "headers": {"Content-Type": ["application/x-www-form-urlencoded"]},
        },
        "response": {
            "status": {"code": 200, "message": "OK"},
            "headers": {"Content-Type": ["application/json"]},
            "body": {"string": ANSWER} if body is None else body,
            **response,
        },
    }


def cassette(folder: Path, data: Any, ending: str = "yaml") -> Path:
    path = folder / f"a.{ending}"
    path.write_text(json.dumps(data) if ending == "json" else yaml.safe_dump(data), encoding="utf-8")
    return path


@pytest.mark.parametrize("ending", ["yaml", "json"])
@pytest.mark.parametrize(
    "body",
    [
        {"string": ANSWER},
        {"base64_string": base64.b64encode(ANSWER.encode()).decode()},
        {"encoding": "ASCII-8BIT", "string": ANSWER},
        {"encoding": "UTF-8", "base64_string": base64.encodebytes(ANSWER.encode()).decode()},
        ANSWER,
    ],
)
def test_bodies_are_read_in_every_form(tmp_path: Path, ending: str, body: Any) -> None:
    data = {"version": 1, "interactions": [interaction(body)]}

    (exchange,) = read_vcr(cassette(tmp_path, data, ending)).exchanges

    assert (exchange.method, exchange.url, exchange.status) == ("POST", URL, 200)
    assert exchange.body == ANSWER.encode()
    assert exchange.parameters == {"In": "1", "f": "json"}
    assert exchange.header("content-type") == "application/json"


def test_packed_bodies_are_unpacked(tmp_path: Path) -> None:
    packed = interaction({"string": PACKED}, headers={"Content-Encoding": ["gzip"]})

    (exchange,) = read_vcr(cassette(tmp_path, {"interactions": [packed]})).exchanges

    assert exchange.body == ANSWER.encode()


def test_what_other_libraries_call_otherwise_is_read_too(tmp_path: Path) -> None:
    ruby = {
        "http_interactions": [{**interaction(), "recorded_at": "Thu, 26 Nov 2026 20:15:00 GMT"}],
        "recorded_with": "VCR 6.3.1",
    }
    request = {"method": "GET", "url": URL, "headers": {}, "body": "", "form": {"In": ["1"]}}
    go = {"version": 2, "interactions": [{"request": request, "response": {"body": ANSWER, "code": 200}}]}
    status = {"http_version": "1.1", "code": "200", "message": "OK"}
    php = [{"request": {"method": "GET", "url": URL}, "response": {"status": status, "body": ANSWER}}]

    found = [read_vcr(cassette(tmp_path, each)) for each in (ruby, go, php)]

    assert [each.exchanges[0].body for each in found] == [ANSWER.encode()] * 3
    assert [each.exchanges[0].status for each in found] == [200] * 3
    assert (found[0].by, found[0].at) == ("VCR 6.3.1", 1795724100.0)
    assert found[1].exchanges[0].parameters == {"In": "1"}


def test_the_answers_own_date_says_when_it_was(tmp_path: Path) -> None:
    dated = {"Date": ["Thu, 26 Nov 2026 20:15:00 GMT"]}
    later = {"date": ["Thu, 26 Nov 2026 20:15:07 GMT"]}
    data = {"interactions": [interaction(headers=dated), interaction(headers=later)]}

    found = read_vcr(cassette(tmp_path, data))

    assert found.at == 1795724100.0
    assert [each.at - found.at for each in found.exchanges] == [0.0, 7.0]


def test_a_cassette_that_does_not_say_when_has_assumed_times(tmp_path: Path) -> None:
    found = read_vcr(cassette(tmp_path, {"interactions": [interaction(), interaction()]}))

    assert found.at is None
    assert [each.at for each in found.exchanges] == [0.0, 1.0]
    assert "assumed" in found.notes


def test_the_plain_texts_of_python_2_are_taken(tmp_path: Path) -> None:
    path = tmp_path / "old.yaml"
    body = f"!!python/unicode '{ANSWER}'"
    path.write_text(
        f"interactions:\n- request: {{method: GET, uri: {URL}, body: null}}\n"
        f"  response: {{status: {{code: 200}}, headers: {{}}, body: {{string: {body}}}}}\n"
    )

    assert read_vcr(path).exchanges[0].body == ANSWER.encode()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "interactions:\n- request: !!python/object/apply:os.system ['true']\n",
            "would make an object at line 2",
        ),
        ("interactions: !!python/object/new:vcr.x [1]\n", "would make an object"),
        ("interactions: 3\n", "without interactions"),
        ("interactions: [{response: {}}]\n", "without interactions"),
        ("interactions: [\n", "expected a cassette"),
        ("a: 2026-99-99\n", "without interactions"),
        ("[" * 3000, "expected"),
        ('{"interactions": ' + "[" * 100_000, "nested too deeply"),
        ('{"interactions": [', "broken JSON"),
        ("x: &a [1]\ny: *b\n", "undefined alias"),
    ],
)
def test_files_that_are_no_cassette_are_refused_in_words(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "a.yaml"
    path.write_text(text)

    with pytest.raises(NotImported, match=message):
        read_vcr(path)


def test_aliases_that_multiply_are_not_written_out(tmp_path: Path) -> None:
    lines = ["a0: &a0 [x, x]"]
    lines += [f"a{number}: &a{number} [{', '.join([f'*a{number - 1}'] * 10)}]" for number in range(1, 30)]
    path = tmp_path / "bomb.yaml"
    path.write_text("\n".join([*lines, f"interactions: [{{request: {{uri: '{URL}', body: *a29}}}}]"]))

    with pytest.raises(NotImported, match="aliases"):
        read_vcr(path)


def test_interactions_that_cannot_be_used_are_told(tmp_path: Path) -> None:
    broken = interaction({"base64_string": "="})
    nowhere = interaction()
    nowhere["request"]["uri"] = "file:///x"

    found = read_vcr(cassette(tmp_path, {"interactions": [broken, nowhere, interaction()]}))

    assert len(found.exchanges) == 1
    assert sorted(found.left) == [
        "1 interaction: a body whose Base64 or charset is broken",
        "1 interaction: no http address",
    ]
