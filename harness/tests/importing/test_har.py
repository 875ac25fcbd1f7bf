from __future__ import annotations

import base64
import gzip
import json
import zlib
from pathlib import Path
from typing import Any

import httpx
import pytest
from gp_mockserver.builtin.builtin_site import builtin_site
from gp_mockserver.lifecycle.clocks import ManualClock
from gpharness.contracts.contract import Provenance
from gpharness.importing import imported as limits
from gpharness.importing.har import read_har
from gpharness.importing.imported import NotImported
from gpharness.in_process import SiteTransport
from gpharness.recording.assembling import contract_of

URL = "https://gis.example.com/arcgis/rest/services/S/GPServer/T/execute?f=json"
ANSWER = '{"results": [], "messages": []}'


def entry(**more: Any) -> dict[str, Any]:
    request = {"method": "GET", "url": URL, "headers": [], **more.pop("request", {})}
    content = {"mimeType": "application/json", "size": len(ANSWER), "text": ANSWER, **more.pop("content", {})}
    response = {"status": 200, "headers": [], "content": content, **more.pop("response", {})}
    return {
        "startedDateTime": "2026-11-26T20:15:00.250Z",
        "time": 1500,
        "request": request,
        "response": response,
        **more,
    }


def archive(folder: Path, *entries: Any, **log: Any) -> Path:
    path = folder / "a.har"
    path.write_text(
        json.dumps({"log": {"version": "1.2", "entries": list(entries), **log}}), encoding="utf-8"
    )
    return path


def test_an_entry_becomes_an_exchange(tmp_path: Path) -> None:
    found = read_har(archive(tmp_path, entry(), creator={"name": "Firefox", "version": "1"}))

    (exchange,) = found.exchanges
    assert (exchange.method, exchange.url, exchange.status) == ("GET", URL, 200)
    assert exchange.body == ANSWER.encode()
    assert exchange.seconds == 1.5
    assert exchange.at == found.at == 1795724100.25
    assert (found.by, found.is_own, found.left) == ("Firefox 1", False, [])


@pytest.mark.parametrize(
    "pack", [gzip.compress, lambda data: b"\xef\xbb\xbf" + data, lambda data: b" \n" + data]
)
def test_archives_may_be_packed_or_begin_with_a_mark(tmp_path: Path, pack: Any) -> None:
    path = archive(tmp_path, entry())
    path.write_bytes(pack(path.read_bytes()))

    assert len(read_har(path).exchanges) == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"content": {"text": base64.b64encode(ANSWER.encode()).decode(), "encoding": "base64"}},
        {"content": {"text": base64.encodebytes(ANSWER.encode()).decode(), "encoding": "Base64"}},
        {"content": {"text": {"results": [], "messages": []}}},
        {"content": {"mimeType": None, "size": -1, "_size": 3}},
        {"response": {"headers": [{"name": "content-encoding", "value": "gzip"}]}},
        {
            "response": {"headers": [{"name": "Content-Encoding", "value": "gzip"}]},
            "content": {
                "text": base64.b64encode(gzip.compress(ANSWER.encode())).decode(),
                "encoding": "base64",
            },
        },
        {
            "response": {"headers": [{"name": "Content-Encoding", "value": "deflate"}]},
            "content": {
                "text": base64.b64encode(zlib.compress(ANSWER.encode())).decode(),
                "encoding": "base64",
            },
        },
        {"request": {"headers": None}, "cache": None, "timings": None, "_initiator": {"type": "x"}},
        {"request": {"headers": {"Accept": "*/*"}}},
        {"request": {"method": "get", "headers": [{"name": ":authority", "value": "h"}, {"name": "x"}, 3]}},
        {"time": -1},
        {"time": None},
        {"request": {"url": URL.partition("?")[0], "queryString": [{"name": "f", "value": "json"}]}},
        {"request": {"url": f"{URL}#top"}},
    ],
)
def test_what_other_programs_write_differently_is_read_all_the_same(
    tmp_path: Path, changes: dict[str, Any]
) -> None:
    found = read_har(archive(tmp_path, entry(**changes)))

    (exchange,) = found.exchanges
    assert exchange.url == URL
    assert json.loads(exchange.body) == json.loads(ANSWER)
    assert exchange.parameters == {"f": "json"}
    assert found.left == []


@pytest.mark.parametrize(
    "post",
    [
        {"mimeType": "application/x-www-form-urlencoded", "text": "In=a+b&f=json&token=secretsecret"},
        {"params": [{"name": "In", "value": "a b"}, {"name": "token", "value": "secretsecret"}]},
        {"params": [{"name": "In", "value": "a+b%20".removesuffix("%20")}, {"name": "x", "value": "%41"}]},
        {"text": "", "_gpharness": {"base64": base64.b64encode(b"In=a+b").decode()}},
    ],
)
def test_forms_are_read_as_text_and_as_fields(tmp_path: Path, post: dict[str, Any]) -> None:
    headers = [{"name": "Content-Type", "value": "application/x-www-form-urlencoded"}]
    request = {"method": "POST", "headers": headers, "postData": post}

    (exchange,) = read_har(archive(tmp_path, entry(request=request))).exchanges

    assert exchange.parameters["In"] == "a b"
    assert "token" not in exchange.parameters


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"content": {"text": None}}, "1 entry: an answer whose body the archive does not have"),
        ({"content": {"text": "=", "encoding": "base64"}}, "1 entry: an answer whose Base64 is broken"),
        (
            {"content": {"comment": "the first 5 bytes; 9 were sent"}},
            "of which the archive has the beginning",
        ),
        ({"request": {"url": "data:text/plain,x"}}, "1 entry: no http address"),
        ({"request": {"url": None}}, "1 entry: no http address"),
        ({"request": None}, "1 entry: no http address"),
        (
            {
                "response": {"headers": [{"name": "Content-Encoding", "value": "gzip"}]},
                "content": {"text": base64.b64encode(b"\x1f\x8bbroken").decode(), "encoding": "base64"},
            },
            "1 entry: an answer that cannot be unpacked",
        ),
    ],
)
def test_entries_that_cannot_be_used_are_told(tmp_path: Path, changes: dict[str, Any], reason: str) -> None:
    wrong = {**entry(), "request": None} if changes.get("request", 0) is None else entry(**changes)
    found = read_har(archive(tmp_path, wrong, entry()))

    assert len(found.exchanges) == 1
    assert reason in found.left[0]


def test_a_request_without_an_answer_is_one_that_was_not_answered(tmp_path: Path) -> None:
    (exchange,) = read_har(archive(tmp_path, entry(response={"status": 0, "_error": "net::ERR"}))).exchanges

    assert (exchange.status, exchange.fault, exchange.fault_text) == (None, "cut", "net::ERR")


@pytest.mark.parametrize(
    ("said", "at"),
    [
        ("2026-11-26T20:15:00.2500000+01:00", 1795720500.25),
        ("2026-11-26 20:15:00", 1795724100.0),
        ("2026-11-26T20:15:00.1234567Z", 1795724100.1234567),
    ],
)
def test_times_are_read_as_programs_write_them(tmp_path: Path, said: str, at: float) -> None:
    assert read_har(archive(tmp_path, entry(startedDateTime=said))).at == pytest.approx(at)


@pytest.mark.parametrize("said", [None, "yesterday", "2026-13-40T99:00:00Z", 5])
def test_an_archive_that_does_not_say_when_has_assumed_times(tmp_path: Path, said: Any) -> None:
    found = read_har(archive(tmp_path, entry(startedDateTime=said), entry()))

    assert [each.at for each in found.exchanges] == [0.0, 1.0]
    assert found.at is None
    assert "assumed" in found.notes


def test_bodies_of_other_services_are_left_where_they_are(tmp_path: Path) -> None:
    path = archive(tmp_path, entry(request={"url": "https://tiles.example.com/1.png"}))

    (exchange,) = read_har(path).exchanges

    assert exchange.body == b""


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "an empty file"),
        (b"[]", "no HTTP Archive"),
        (b'{"log": {}}', "no HTTP Archive"),
        (b'{"log": {"entries": 3}}', "no HTTP Archive"),
        (b'{"log": ', "broken JSON"),
        ('{"log": {"entries": []}}'.encode("utf-16"), "UTF-16"),
        (b'{"log": {"entries": ' + b"[" * 200_000, "nested too deeply"),
        (gzip.compress(b'{"log"', mtime=0)[:-9], "ends too early"),
        (b"\x1f\x8bnonsense", "broken gzip"),
    ],
)
def test_files_that_are_no_archive_are_refused_in_words(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "a.har"
    path.write_bytes(content)

    with pytest.raises(NotImported, match=message) as error:
        read_har(path)
    assert str(path) in str(error.value)


def test_an_entry_that_is_nested_too_deeply_costs_only_itself(tmp_path: Path) -> None:
    path = archive(tmp_path, entry(), "DEEP")
    path.write_bytes(path.read_bytes().replace(b'"DEEP"', b"[" * 900 + b"]" * 900))

    found = read_har(path)

    assert len(found.exchanges) == 1
    assert len(found.left) == 1


def test_a_packed_file_may_not_unpack_to_more_than_there_is_room_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "LONGEST_UNPACKED", 2_000_000)
    path = tmp_path / "bomb.har.gz"
    path.write_bytes(gzip.compress(b" " * 20_000_000))

    with pytest.raises(NotImported, match="unpack"):
        read_har(path)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NotImported, match="No such file"):
        read_har(tmp_path / "none.har")


def test_a_mocks_journal_comes_back_as_the_conversations_that_it_had(tmp_path: Path) -> None:
    clock = ManualClock()
    site = builtin_site(clock=clock)
    task = "https://gis.example.com/arcgis/rest/services/Simulation/JobOutcomes/GPServer/Succeeds"
    with httpx.Client(transport=SiteTransport(site, "https://gis.example.com")) as client:
        job_id = client.post(f"{task}/submitJob", data={"f": "json"}).json()["jobId"]
        for _ in range(4):
            client.get(f"{task}/jobs/{job_id}?f=json")
            clock.advance(1.0)
        client.get(f"{task}/jobs/{job_id}/results/Summary?f=json")
        client.get(f"{task}?f=json")
    path = tmp_path / "journal.har"
    path.write_text(json.dumps(site.journal.to_har()), encoding="utf-8")

    found = read_har(path)
    contract, left = contract_of(found.exchanges, Provenance("generated"))

    (conversation,) = contract.conversations
    assert found.is_own
    assert conversation.job_id == job_id
    assert conversation.trace[-1].status == "esriJobSucceeded"
    assert sum(each.polls for each in conversation.trace) == 4
    assert list(conversation.results) == ["Summary"]
    assert list(contract.tasks) == ["Simulation/JobOutcomes/Succeeds"]
    assert left == []
