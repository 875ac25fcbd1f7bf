"""What one request can do to others, or to whoever reads the log: nothing."""

from __future__ import annotations

from functools import partial
from typing import Any
from urllib.parse import quote

import pytest
from gp_mockserver import app
from gp_mockserver.running import job_runs
from gp_mockserver.wire.replies import Refusal

TASK = "DataTypes/EchoJob/GPServer/Echo"
ECHO = "DataTypes/Echo/GPServer/Echo/execute"


def job_of(wire: Any) -> str:
    return f"{TASK}/jobs/{wire.http.post(f'{TASK}/submitJob', data={'f': 'json'}).json()['jobId']}"


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_the_form_of_a_posted_poll_is_not_that_of_the_next_one(wire: Any, method: str) -> None:
    job = job_of(wire)
    before = wire.http.request(method, job)
    posted = wire.http.post(job, data={"f": "json", "callback": "theirs"})
    assert posted.text.startswith("theirs(")
    after = wire.http.request(method, job)
    assert after.headers["content-type"].startswith("text/html")
    assert after.text == before.text


def test_long_addresses_are_answered_and_not_remembered(wire: Any, server: Any) -> None:
    job = job_of(wire)
    wire.json(TASK)
    known, kept = len(wire.site.addresses), len(server.app._polls._kept)
    root = str(wire.http.base_url.copy_with(path="/")).rstrip("/")
    for number in range(3):
        slashes = "/" * (1000 + number)
        for place in (TASK, job):
            address = f"{root}/{wire.site.context}{slashes}rest/services/{place}?f=json"
            assert wire.http.get(address).status_code == 200
        assert wire.json(job, x="a" * (1000 + number))["jobStatus"]
    assert len(wire.site.addresses) == known
    assert len(server.app._polls._kept) == kept


@pytest.mark.parametrize("f", ["json", "html"])
@pytest.mark.parametrize(
    "place", ["{}", "{}/GPServer", "{}/MapServer", "{}/FeatureServer", f"{TASK}/jobs/{{}}", f"{TASK}/{{}}"]
)
def test_an_error_does_not_repeat_a_long_name(wire: Any, place: str, f: str) -> None:
    answer = wire.get(place.format("n" * 60_000), f=f)
    assert "n" * 80 in answer.text
    assert "n" * 100 not in answer.text


def test_a_path_begins_no_line_in_the_log(
    wire: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*arguments: Any) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr(app, "find_address", broken)
    wire.get(quote("a\nERROR forged\x1b[31m\u2028") + "b" * 1000, f="json")
    (record,) = caplog.records
    first, _, rest = record.getMessage().partition("\n")
    assert first.endswith("could not be answered")
    assert "a\\nERROR forged\\x1b[31m\\u2028bbb" in first
    assert len(first) < 300
    assert rest.startswith("Traceback")


def test_a_body_is_encoded_once_or_not_at_all(wire: Any) -> None:
    twice = [("Content-Encoding", "gzip"), ("Content-Encoding", "gzip")]
    answer = wire.http.post("", content=b"f=json", headers=[*twice, ("Accept", "*/*")])
    assert answer.status_code == 415
    assert "expected gzip or none" in answer.text


@pytest.mark.parametrize("charset", ["idna", "undefined", "utf-16", "hex", "x" * 1000])
def test_a_form_in_a_strange_encoding_is_the_clients_fault(wire: Any, charset: str, caplog: Any) -> None:
    headers = {"Content-Type": f"multipart/form-data; boundary*={charset}''a.b"}
    answer = wire.http.post(f"{TASK}?f=json", content=b"--a.b--\r\n", headers=headers)
    assert answer.json()["error"]["details"] == ["the multipart form names no boundary"]
    assert caplog.records == []


@pytest.mark.parametrize("parameters", [{"f": "json"}, {"f": "pjson"}, {"f": "json", "callback": "mine"}])
def test_no_browser_guesses_what_an_answer_is(wire: Any, parameters: dict[str, str]) -> None:
    for place in (TASK, "Nowhere/GPServer"):
        assert wire.get(place, **parameters).headers["x-content-type-options"] == "nosniff"


def test_an_answer_goes_out_as_it_is_when_no_thread_is_free_to_compress_it(
    wire: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def busy(function: Any, *arguments: Any) -> Any:
        if isinstance(function, partial):
            raise Refusal("server-busy")
        return function(*arguments)

    monkeypatch.setattr(job_runs, "in_worker", busy)
    answer = wire.http.post(ECHO, data={"f": "json", "In_GPString": "x" * 300_000})
    assert "content-encoding" not in answer.headers
    assert "x" * 300_000 in answer.text


@pytest.mark.parametrize("kind", ["urlencoded", "multipart"])
def test_a_large_form_is_decoded_while_other_requests_are_served(
    wire: Any, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_worker, seen = job_runs.in_worker, []

    async def watched(function: Any, *arguments: Any) -> Any:
        seen.append(getattr(function, "__name__", ""))
        return await in_worker(function, *arguments)

    monkeypatch.setattr(job_runs, "in_worker", watched)
    text = "%" * 300_000
    fields = {"f": "json", "In_GPString": text}
    if kind == "urlencoded":
        answer = wire.http.post(ECHO, data=fields)
    else:
        answer = wire.http.post(ECHO, files={name: (None, value) for name, value in fields.items()})
    (made,) = [each for each in answer.json()["results"] if each["paramName"] == "Out_GPString"]
    assert made["value"] == text
    assert seen[0] == {"urlencoded": "_decode_pairs", "multipart": "_read_multipart"}[kind]


@pytest.mark.parametrize("name", ["Host", "X-Forwarded-Host"])
@pytest.mark.parametrize("host", ["a]b", "[", "[::1", "[x]", "[::1]]:80"])
def test_a_host_that_no_address_can_have_is_passed_over(wire: Any, caplog: Any, name: str, host: str) -> None:
    for path in ("Nothing/GPServer", "WorldViewshed/GPServer/viewshed/submitJob", "../../rest/login"):
        response = wire.http.get(path, headers={name: host})
        assert response.status_code < 500
        assert f"//{host}" not in response.text
    assert "Traceback" not in caplog.text
