"""The journal of a site: what it notes of each request, and how it is asked."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import json
import logging
import socket
import sys
import threading
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx
import msgspec
import pytest
from gp_mockserver.app import MockServer
from gp_mockserver.builtin.builtin_site import builtin_site
from gp_mockserver.errors import SiteError
from gp_mockserver.journal.bodies import Body
from gp_mockserver.journal.entries import KEPT, Entry
from gp_mockserver.journal.journal import Journal
from gp_mockserver.journal.watching import Watch, watch_of
from gp_mockserver.lifecycle.clocks import JumpingClock, ManualClock
from gp_mockserver.server import serve
from gp_mockserver.sites import Site
from gp_mockserver.tools.latency import Latency

from every_case import every_case

from .journal_probe import FORM, VIEWSHED, Asked, ask, asked, site_with

TASK = "WorldViewshed/GPServer/viewshed"
POINT = json.dumps({"features": [{"geometry": {"x": 7.4, "y": 46.9}}], "spatialReference": {"wkid": 4326}})


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def submit(wire: Any, **change: Any) -> str:
    given = {"Input_Observation_Point": POINT, "Viewshed_Distance": "8 Miles", "f": "json", **change}
    job_id: str = wire.post(f"{TASK}/submitJob", **given).json()["jobId"]
    return job_id


def test_a_run_is_noted_from_submit_to_result(wire: Any) -> None:
    job_id = submit(wire)
    wire.clock.advance(1.5)
    wire.json(f"{TASK}/jobs/{job_id}")
    wire.clock.advance(60)
    wire.json(f"{TASK}/jobs/{job_id}")
    wire.json(f"{TASK}/jobs/{job_id}/results/Viewshed_Result")
    submitted, first, last, result = wire.site.journal
    assert [entry.number for entry in wire.site.journal] == [1, 2, 3, 4]
    assert [entry.operation for entry in wire.site.journal] == ["submitJob", "job", "job", "result"]
    assert {entry.job_id for entry in wire.site.journal} == {job_id}
    assert {entry.task for entry in wire.site.journal} == {"WorldViewshed/viewshed"}
    assert {entry.service for entry in wire.site.journal} == {"WorldViewshed"}
    assert [first.at - submitted.at, last.at - first.at] == [1.5, 60]
    statuses = [entry.job_status for entry in wire.site.journal]
    assert statuses == ["esriJobSubmitted", "esriJobExecuting", "esriJobSucceeded", ""]
    assert submitted.parameters == {
        "Input_Observation_Point": POINT,
        "Viewshed_Distance": "8 Miles",
        "f": "json",
    }
    assert result.name == "Viewshed_Result"
    assert not any(entry.refusal or entry.unexpected or entry.cut_short for entry in wire.site.journal)


def test_an_entry_has_the_bytes_that_were_sent(wire: Any) -> None:
    answer = wire.post(f"{TASK}/submitJob", Viewshed_Distance="8 Miles", f="json")
    (entry,) = wire.site.journal
    sent = answer.request.read()
    assert (entry.method, entry.url) == ("POST", str(answer.request.url))
    assert entry.path == answer.request.url.path
    assert (entry.request_body, entry.request_size, entry.request_sha256) == (sent, len(sent), sha256(sent))
    assert (entry.status, entry.response_body) == (answer.status_code, answer.content)
    assert (entry.response_size, entry.response_sha256) == (len(answer.content), sha256(answer.content))
    assert ("content-type", "application/x-www-form-urlencoded") in entry.request_headers
    assert ("content-length", str(len(answer.content))) in entry.response_headers
    assert entry.client.startswith("127.0.0.1:")
    assert entry.is_answered
    assert 0 < (entry.seconds or 0) < 10


def test_a_packed_answer_is_kept_unpacked_and_counted_as_it_was_sent(wire: Any) -> None:
    with wire.http.stream("GET", TASK, params={"f": "json"}, headers={"accept-encoding": "gzip"}) as answer:
        packed = b"".join(answer.iter_raw())
    (entry,) = wire.site.journal
    assert (entry.response_size, entry.response_sha256) == (len(packed), sha256(packed))
    assert entry.response_body == gzip.decompress(packed)


def test_a_head_request_has_no_body(wire: Any) -> None:
    wire.http.head(TASK, params={"f": "json"})
    (entry,) = wire.site.journal
    assert (entry.status, entry.response_size, entry.response_body) == (200, 0, b"")
    assert entry.cut_short == ""


def test_a_packed_request_is_kept_unpacked_and_counted_as_it_came() -> None:
    site = site_with()
    packed = gzip.compress(b"f=json&Viewshed_Distance=8+Miles")
    headers = [*FORM, ("content-encoding", "gzip")]
    asked(site, {"path": f"{VIEWSHED}/submitJob", "method": "POST", "body": packed, "headers": headers})
    (entry,) = site.journal
    assert entry.request_body == b"f=json&Viewshed_Distance=8+Miles"
    assert (entry.request_size, entry.request_sha256) == (len(packed), sha256(packed))
    assert entry.parameters["Viewshed_Distance"] == "8 Miles"


def test_of_a_long_body_the_beginning_is_kept_with_the_size_and_hash_of_all_of_it() -> None:
    site = site_with()
    body = b"f=json&Notes=" + b"a" * 3 * KEPT
    pieces = [body[place : place + 50_000] for place in range(0, len(body), 50_000)]
    (answer,) = asked(
        site, {"path": f"{VIEWSHED}/submitJob", "method": "POST", "body": pieces, "headers": FORM}
    )
    (entry,) = site.journal
    assert entry.request_body == body[:KEPT]
    assert (entry.request_size, entry.request_sha256) == (len(body), sha256(body))
    assert entry.parameters["Notes"].endswith(f"a… ({3 * KEPT} characters)")
    assert len(entry.parameters["Notes"]) < KEPT + 50
    assert (entry.response_size, entry.response_body) == (len(answer.body), answer.body)


def test_a_file_that_is_streamed_is_counted_to_its_end(wire: Any) -> None:
    upload = bytes(range(256)) * 1000
    service = wire.site.services["WorldViewshed"]
    service.descriptor = service.descriptor.__class__(
        **{
            **{name: getattr(service.descriptor, name) for name in service.descriptor.__struct_fields__},
            "capabilities": "Uploads",
        }
    )
    wire.site.addresses.clear()
    files = {"file": ("data.bin", upload)}
    answer = wire.http.post("WorldViewshed/GPServer/uploads/upload", files=files, data={"f": "json"})
    item = answer.json()["item"]["itemID"]
    got = wire.http.get(f"WorldViewshed/GPServer/uploads/{item}/download").content
    sent, received = wire.site.journal
    body = answer.request.read()
    assert (sent.request_size, sent.request_sha256) == (len(body), sha256(body))
    assert sent.request_body == body[:KEPT]
    assert sent.parameters == {"f": "json"}
    assert got == upload
    assert (received.response_size, received.response_sha256) == (len(upload), sha256(upload))
    assert received.response_body == upload[:KEPT]
    assert received.status == 200
    assert received.cut_short == ""


def test_polls_that_are_answered_from_what_is_kept_are_noted_each(wire: Any) -> None:
    job_id = submit(wire)
    answers = [wire.get(f"{TASK}/jobs/{job_id}", f="json").content for _ in range(5)]
    entries = wire.site.journal.find("job")
    assert [entry.number for entry in entries] == [2, 3, 4, 5, 6]
    for entry, answer in zip(entries, answers, strict=True):
        assert (entry.status, entry.response_body, entry.response_size) == (200, answer, len(answer))
        assert entry.response_sha256 == sha256(answer)
        assert entry.job_status == json.loads(answer)["jobStatus"]
        assert entry.parameters == {"f": "json"}
        assert entry.is_answered
        assert ("user-agent", wire.http.headers["user-agent"]) in entry.request_headers
    assert len({id(entry) for entry in entries}) == 5
    assert wire.site.journal[2] is wire.site.journal.find("job")[1]


def test_a_kept_poll_with_other_headers_is_noted_with_those(wire: Any) -> None:
    job_id = submit(wire)
    for name in ("a", "a", "b", "b", "c"):
        wire.http.get(f"{TASK}/jobs/{job_id}", params={"f": "json"}, headers={"x-client": name})
    noted = [dict(entry.request_headers)["x-client"] for entry in wire.site.journal.find("job")]
    assert noted == ["a", "a", "b", "b", "c"]


@every_case(
    ("path", "operation", "refusal", "unexpected"),
    [
        ("/arcgis/rest/services/WorldViewshed/GPServer/viewshed", "task", "", False),
        ("/arcgis/rest/services/Nowhere/GPServer/viewshed", "", "service-not-found", True),
        ("/arcgis/rest/services/WorldViewshed/GPServer/viewshd", "", "unknown-task", True),
        ("/arcgis/rest/sevices", "", "invalid-url", True),
        (f"{VIEWSHED}/jobs/j12", "job", "unknown-job", False),
        (f"{VIEWSHED}/execute", "execute", "execute-on-async", False),
    ],
)
def test_what_is_refused_says_why_and_whether_the_address_leads_nowhere(
    path: str, operation: str, refusal: str, unexpected: bool
) -> None:
    site = site_with()
    asked(site, {"path": path})
    (entry,) = site.journal
    assert (entry.operation, entry.refusal, entry.unexpected) == (operation, refusal, unexpected)
    assert bool(entry.near_miss) is bool(refusal)
    assert site.journal.unmatched() == ([entry] if unexpected else [])


def test_a_service_that_is_not_started_is_no_unexpected_place() -> None:
    site = site_with()
    site.services["WorldViewshed"].started = False
    asked(site, {"path": VIEWSHED})
    assert site.journal[0].refusal == "service-not-started"
    assert site.journal.unmatched() == []


def test_an_entry_is_there_while_the_request_is_being_answered() -> None:
    site = site_with(latency={"*": Latency(5.0)})

    async def run() -> None:
        app = MockServer([site])
        task = asyncio.ensure_future(ask(app, VIEWSHED))
        while not (len(site.journal) and site.journal[0].operation):
            await asyncio.sleep(0)
        (entry,) = site.journal
        assert (entry.status, entry.seconds, entry.is_answered) == (None, None, False)
        assert (entry.path, entry.parameters, entry.operation) == (VIEWSHED, {"f": "json"}, "task")
        while not task.done():
            site.clock.advance(5)  # type: ignore[attr-defined]
            await asyncio.sleep(0)
        assert (entry.status, entry.is_answered) == (200, True)
        assert entry.response_body == (await task).body
        assert site.journal[0] is entry

    asyncio.run(run())


def test_a_client_that_leaves_before_its_request_is_whole_is_noted() -> None:
    site = site_with()

    async def run() -> None:
        app = MockServer([site])
        messages = [
            {"type": "http.request", "body": b"f=js", "more_body": True},
            {"type": "http.disconnect"},
        ]

        async def receive() -> Any:
            return messages.pop(0)

        async def send(message: Any) -> None:
            raise AssertionError

        scope = {
            "type": "http",
            "method": "POST",
            "path": f"{VIEWSHED}/submitJob",
            "query_string": b"",
            "headers": [],
        }
        await app(scope, receive, send)

    asyncio.run(run())
    (entry,) = site.journal
    assert (entry.status, entry.cut_short, entry.request_size) == (None, "the client left", 4)
    assert entry.is_answered
    assert entry.request_body == b"f=js"


class SteppedClock(ManualClock):
    """A clock that says when somebody has gone to sleep."""

    def __init__(self) -> None:
        super().__init__()
        self.asleep = threading.Semaphore(0)

    async def sleep(self, seconds: float) -> None:
        asyncio.get_running_loop().call_soon(self.asleep.release)  # which runs once this one waits
        await super().sleep(seconds)


def test_a_client_that_leaves_in_the_middle_of_its_answer_is_noted() -> None:
    clock = SteppedClock()
    site = builtin_site(clock=clock, latency={"task": Latency(0.0, bytes_per_second=10_000)})
    with (
        serve(site) as server,
        socket.create_connection(("127.0.0.1", urlsplit(server.root).port)) as raw,
        httpx.Client() as http,
    ):
        raw.sendall(f"GET {VIEWSHED}?f=json HTTP/1.1\r\nhost: h\r\n\r\n".encode())
        clock.asleep.acquire()  # for the latency, which is none
        clock.asleep.acquire()
        clock.advance(0.05)
        clock.asleep.acquire()  # before the second piece: the first is sent
        (entry,) = site.journal
        assert (entry.status, entry.seconds) == (200, None)
        received = b""
        while len(received.partition(b"\r\n\r\n")[2]) < 500:
            received += raw.recv(2000)
        raw.close()
        http.get(f"{server.root}/arcgis/rest/info")  # by when the server has seen the other one go
        while not entry.is_answered:
            clock.advance(0.05)
            clock.asleep.acquire(timeout=0.01)
    assert (entry.status, entry.response_size, entry.cut_short) == (200, 500, "the client left")
    assert entry.response_body == received.partition(b"\r\n\r\n")[2]


def test_an_answer_that_is_cut_off_says_how_much_of_it_went_out() -> None:
    journal = Journal()
    site = site_with(journal)

    async def run() -> None:
        async def nothing() -> Any:
            return {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            return

        scope = {"type": "http", "method": "GET", "path": "/arcgis", "query_string": b"", "headers": []}
        watch = journal.watch(scope, nothing, send, 5.0)
        await watch.send({"type": "http.response.start", "status": 200, "headers": [(b"x", b"y")]})
        await watch.send({"type": "http.response.body", "body": b"abc", "more_body": True})
        watch.end(failed=True)

    asyncio.run(run())
    (entry,) = site.journal
    assert (entry.status, entry.response_size, entry.response_body) == (200, 3, b"abc")
    assert entry.cut_short == "the server failed"


HEAD = b"HTTP/1.1 503 Busy\r\nRetry-After: 1\r\nContent-Length: 5\r\n\r\n"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n4\r\ndefg\r\n0\r\n\r\n"


@every_case(
    ("written", "status", "body", "is_whole"),
    [
        ([HEAD + b"busy!"], 503, b"busy!", True),
        ([HEAD[:10], HEAD[10:], b"bu", b"sy!"], 503, b"busy!", True),
        ([HEAD, b"bu"], 503, b"bu", False),
        ([b"HTTP/1.1 103 Early Hints\r\n\r\n" + HEAD, b"busy!"], 503, b"busy!", True),
        *(([CHUNKED[:n], CHUNKED[n:]], 200, b"abcdefg", True) for n in range(40, len(CHUNKED))),
        ([CHUNKED[:-5]], 200, b"abcdefg", False),
        ([CHUNKED.replace(b"3;", b"z;")], 200, b"z;x=y\r\nabc\r\n4\r\ndefg\r\n0\r\n\r\n", False),
        ([CHUNKED.replace(b"abc", b"abcd")], 200, b"abcd\r\n4\r\ndefg\r\n0\r\n\r\n", False),
        ([b"HTTP/1.1 200 OK\r\n\r\nto the end"], 200, b"to the end", True),
        ([b"HTTP/1.1 200 OK\r\nhalf: a h"], 200, b"", False),
        ([b"HTTP/1.1 20"], None, b"", False),
        ([b"SSH-2.0 is no HTTP"], None, b"SSH-2.0 is no HTTP", False),
        ([b"HTTP/1.1 two\r\n\r\nx"], None, b"x", False),
        ([], None, b"", False),
    ],
)
def test_bytes_that_go_out_past_the_application_are_noted_as_a_client_reads_them(
    written: list[bytes], status: int | None, body: bytes, is_whole: bool
) -> None:
    journal = Journal()

    async def unused(*_: Any) -> Any:
        raise AssertionError

    scope = {"type": "http", "method": "GET", "path": "/arcgis", "query_string": b"", "headers": []}
    watch = journal.watch(scope, unused, unused, 5.0)
    assert watch_of(scope) is watch
    for data in written:
        watch.wrote(data)
    watch.end()
    (entry,) = journal
    assert (entry.status, entry.response_size, entry.response_body) == (status, len(body), body)
    if status == 503:
        assert entry.response_headers == (("retry-after", "1"), ("content-length", "5"))
    assert entry.cut_short == ("" if is_whole else "the answer was not sent to its end")


def test_the_oldest_make_room_for_the_newest() -> None:
    site = site_with(Journal(entries=3))
    asked(site, *({"path": "/arcgis/rest/info", "query": f"f=json&n={n}"} for n in range(5)))
    assert [entry.number for entry in site.journal] == [3, 4, 5]
    assert [entry.parameters["n"] for entry in site.journal] == ["2", "3", "4"]
    assert (len(site.journal), site.journal.dropped, site.journal.last_number) == (3, 2, 5)


def test_bodies_take_no_more_than_their_room() -> None:
    site = site_with(Journal(bytes=200_000))
    body = b"f=json&Notes=" + b"a" * 40_000
    request = {"path": f"{VIEWSHED}/submitJob", "method": "POST", "body": body, "headers": FORM}
    asked(site, *[request] * 5)
    assert len(site.journal) == 2
    assert site.journal.dropped == 3


@every_case(
    "request_",
    [
        {"path": VIEWSHED, "headers": [("x-note", "a" * 40_000)]},
        {"path": VIEWSHED, "headers": [(f"x-{n}", "a") for n in range(400)]},
        {"path": VIEWSHED, "query": f"f=json&note={'a' * 40_000}"},
        {"path": VIEWSHED, "query": f"f=json&note={'a' * 250_000}"},
        {"path": VIEWSHED, "query": "f=json" + "".join(f"&a{n}=1" for n in range(9000))},
        {"path": f"{VIEWSHED}/{'a' * 40_000}"},
        {"path": VIEWSHED, "query": f"f=json&note={'a' * 9000}"},
        {"path": VIEWSHED, "query": f"f=json&token={'a' * 250_000}"},
    ],
)
def test_addresses_and_headers_take_no_more_than_their_room_unread_or_read(request_: dict[str, Any]) -> None:
    room = 1_000_000
    site = site_with(Journal(bytes=room))
    asked(site, *[request_] * 40)
    for _ in range(2):
        assert len(site.journal) > 1
        assert takes(list(site.journal._records)) < room + 300_000
        list(site.journal)


def takes(value: Any, seen: set[int] | None = None) -> int:
    """Bytes that something in memory takes, with all that it refers to."""
    seen = set() if seen is None else seen
    if id(value) in seen or isinstance(value, Journal):
        return 0
    seen.add(id(value))
    size = sys.getsizeof(value)
    if isinstance(value, dict):
        return size + sum(takes(each, seen) for pair in value.items() for each in pair)
    if isinstance(value, list | tuple):
        return size + sum(takes(each, seen) for each in value)
    if isinstance(value, Watch | Body | msgspec.Struct):
        names = getattr(value, "__struct_fields__", None) or value.__slots__
        return size + sum(takes(getattr(value, name, None), seen) for name in names)
    return size


@every_case(
    "request_",
    [
        {"path": VIEWSHED, "query": f"f=json&note={'a' * 250_000}"},
        {"path": f"{VIEWSHED}/{'a' * 250_000}", "query": f"note={'b' * 9000}"},
        {"path": VIEWSHED, "query": "&".join(["f=json&token=abcdef", *(f"a{n}=1" for n in range(30_000))])},
        {"path": VIEWSHED, "query": "&".join(["f=json&token=abcdef", *(f"a{n}=123" for n in range(9_000))])},
    ],
)
def test_of_a_long_address_the_beginning_is_kept_which_says_so(request_: dict[str, Any]) -> None:
    site = site_with()
    asked(site, request_)
    (entry,) = site.journal
    assert len(entry.path) + len(entry.url) < KEPT + 100
    whole = len("http://gis.example.com") + len(request_["path"]) + 1 + len(request_["query"])
    assert entry.url.endswith(f"… ({whole} characters)")
    if len(request_["path"]) > KEPT:
        assert entry.path.endswith(f"… ({len(request_['path'])} characters)")
    assert sum(map(len, entry.parameters.values())) < KEPT + 100
    if "token" in request_["query"]:
        more = int(entry.parameters["…"].strip("( more)"))
        assert len(entry.parameters) - 1 + more == request_["query"].count("&") + 1
        assert len(entry.parameters) <= 1001
        assert len(site.journal.to_har()["log"]["entries"][0]["request"]["queryString"]) == 1000


def test_one_entry_stays_however_little_room_there_is() -> None:
    site = site_with(Journal(bytes=1))
    asked(site, {"path": "/arcgis/rest/info"}, {"path": VIEWSHED})
    assert [entry.operation for entry in site.journal] == ["task"]


def test_a_journal_of_no_entries_notes_nothing() -> None:
    site = site_with(Journal(entries=0))
    form = b"f=json&Input_Observation_Point=" + POINT.encode()
    (answer,) = asked(
        site, {"path": f"{VIEWSHED}/submitJob", "method": "POST", "body": form, "headers": FORM}
    )
    job = json.loads(answer.body)["jobId"]
    asked(site, *[{"path": f"{VIEWSHED}/jobs/{job}"}] * 3, {"path": "/arcgis/rest/nowhere"})
    assert len(site.journal) == 0
    assert list(site.journal) == []
    assert site.journal.last_number == 0


def test_what_is_cleared_is_gone_and_numbers_go_on() -> None:
    site = site_with()
    asked(site, {"path": VIEWSHED}, {"path": VIEWSHED})
    site.journal.clear()
    assert list(site.journal) == []
    asked(site, {"path": VIEWSHED})
    assert [entry.number for entry in site.journal] == [3]


def test_a_request_under_way_is_cleared_for_good() -> None:
    journal = Journal()

    async def unused(*_: Any) -> Any:
        raise AssertionError

    scope = {"type": "http", "method": "GET", "path": "/arcgis", "query_string": b"", "headers": []}
    watch = journal.watch(scope, unused, unused, 5.0)
    journal.clear()
    watch.end()
    assert list(journal) == []
    assert journal._held == 0


@pytest.mark.parametrize(("name", "given"), [("entries", -1), ("bytes", -1)])
def test_a_journal_has_no_room_below_nothing(name: str, given: int) -> None:
    with pytest.raises(SiteError, match=f"met -1 {name}, expected 0 or more"):
        Journal(**{name: given})


@pytest.fixture(scope="module")
def some() -> Journal:
    """A journal with a few requests."""
    site = site_with()
    form = urlencode({"f": "json", "Input_Observation_Point": POINT}).encode()
    submit_it = {"path": f"{VIEWSHED}/submitJob", "method": "POST", "body": form, "headers": FORM}
    first, second = (json.loads(each.body)["jobId"] for each in asked(site, submit_it, submit_it))
    asked(
        site,
        {"path": f"{VIEWSHED}/jobs/{first}"},
        {"path": f"{VIEWSHED}/jobs/{second}"},
        {"path": f"{VIEWSHED}/jobs/{first}/cancel"},
        {"path": "/arcgis/rest/services", "query": ""},
        {"path": "/arcgis/rest/services/Nowhere/GPServer", "query": ""},
    )
    return site.journal


@pytest.mark.parametrize(
    ("operation", "criteria", "numbers"),
    [
        (None, {}, [1, 2, 3, 4, 5, 6, 7]),
        ("submitJob", {}, [1, 2]),
        ("job", {}, [3, 4]),
        ("", {}, [7]),
        (None, {"service": "WorldViewshed"}, [1, 2, 3, 4, 5]),
        (None, {"task": "WorldViewshed/viewshed", "method": "GET"}, [3, 4, 5]),
        (None, {"method": "POST"}, [1, 2]),
        (None, {"status": 404}, [7]),
        (None, {"path": "*/jobs/*"}, [3, 4, 5]),
        (None, {"path": "*/jobs/*/cancel"}, [5]),
        (None, {"where": lambda entry: "Input_Observation_Point" in entry.parameters}, [1, 2]),
        ("job", {"method": None, "status": None, "where": None}, [3, 4]),
        (None, {"parameters": {"Input_Observation_Point": json.loads(POINT)}}, [1, 2]),
        ("submitJob", {"parameters": {"Viewshed_Distance": None}}, [1, 2]),
        ("submitJob", {"parameters": {"Viewshed_Distance": "5 Miles"}}, []),
        ("result", {"task": "WorldViewshed/viewshed", "service": "WorldViewshed"}, []),
    ],
)
def test_requests_are_found_by_what_they_are(
    some: Journal, operation: str | None, criteria: Any, numbers: list[int]
) -> None:
    assert [entry.number for entry in some.find(operation, **criteria)] == numbers
    assert some.count(operation, **criteria) == len(numbers)


def test_requests_are_found_by_their_job(some: Journal) -> None:
    assert [entry.number for entry in some.find(job=some[0].job_id)] == [1, 3, 5]


def test_a_journal_is_a_sequence(some: Journal) -> None:
    assert some[-1] is list(some)[-1]
    assert [entry.number for entry in some[1:3]] == [2, 3]
    with pytest.raises(IndexError):
        some[99]


@pytest.mark.parametrize("journal", ["empty", "full"])
@pytest.mark.parametrize(
    ("wrong", "hint"),
    [
        ({"operation": "submitjob"}, "submitJob"),
        ({"task": "WorldViewshed/viewshd"}, "WorldViewshed/viewshed"),
        ({"service": "WorldViewshd"}, "WorldViewshed"),
        ({"taks": "WorldViewshed/viewshed"}, "task"),
    ],
)
def test_a_name_that_does_not_exist_is_no_empty_answer(
    some: Journal, journal: str, wrong: dict[str, Any], hint: str
) -> None:
    asked_one = some if journal == "full" else site_with().journal
    for ask_it in (asked_one.find, asked_one.count):
        with pytest.raises(SiteError, match=f'did you mean "{hint}"'):
            ask_it(**wrong)


def test_requests_are_found_by_values_of_the_tasks_data_types(wire: Any) -> None:
    submit(wire, Viewshed_Distance='{"distance": 8.5, "units": "esriMiles"}')
    journal = wire.site.journal
    assert journal.count("submitJob", parameters={"Viewshed_Distance": "8.5 Miles"}) == 1
    assert journal.count("submitJob", parameters={"Viewshed_Distance": "8 Miles"}) == 0


def test_the_first_that_led_nowhere_are_kept_and_the_others_counted() -> None:
    site = site_with(Journal(entries=2))
    asked(site, *({"path": f"/arcgis/rest/nowhere{n}"} for n in range(25)), *[{"path": VIEWSHED}] * 2)
    kept = site.journal.unmatched()
    assert [entry.number for entry in kept] == list(range(1, 21))
    assert site.journal.more_unmatched == 5
    site.journal.clear()
    assert (site.journal.unmatched(), site.journal.more_unmatched) == ([], 0)


def test_what_led_nowhere_and_was_dropped_before_it_was_answered_is_kept() -> None:
    site = site_with(Journal(entries=1))

    async def run() -> None:
        app, held = MockServer([site]), asyncio.Event()

        class Holding(Asked):
            async def send(self, message: Any) -> None:
                await held.wait()

        scope = {"type": "http", "method": "GET", "scheme": "http", "path": "/arcgis/rest/nowhere"}
        rest = {"query_string": b"f=json", "headers": [(b"host", b"h")]}
        holding = Holding([])
        asking = asyncio.ensure_future(app({**scope, **rest}, holding.receive, holding.send))
        while not site.journal.unmatched():
            await asyncio.sleep(0)
        await ask(app, VIEWSHED)
        assert [entry.number for entry in site.journal] == [2]
        assert [entry.number for entry in site.journal.unmatched()] == [1]
        held.set()
        await asking

    asyncio.run(run())
    (entry,) = site.journal.unmatched()
    assert (entry.number, entry.status, entry.refusal) == (1, 200, "invalid-url")


def test_what_was_noted_is_told_in_short() -> None:
    site = site_with(Journal(entries=2))
    asked(site, {"path": VIEWSHED}, {"path": "/arcgis/rest/nowhere"}, {"path": VIEWSHED})
    assert repr(site) == "<Site 'arcgis'>"
    assert repr(site.journal) == "<Journal of 2 requests, 1 dropped>"
    assert [repr(entry) for entry in site.journal] == [
        "<Entry 2: GET /arcgis/rest/nowhere, 200>",
        "<Entry 3: GET task of WorldViewshed/viewshed, 200>",
    ]
    assert repr(Entry(7, 0.0, "POST", operation="submitJob")) == "<Entry 7: POST submitJob, not answered>"


def test_who_listens_hears_of_arrival_and_of_the_answer() -> None:
    site = site_with()
    heard: list[tuple[int, str, int | None]] = []
    stop = site.journal.listen(lambda entry: heard.append((entry.number, entry.operation, entry.status)))
    asked(site, {"path": VIEWSHED})
    assert heard == [(1, "", None), (1, "task", None), (1, "task", 200)]
    stop()
    asked(site, {"path": VIEWSHED})
    assert len(heard) == 3


def test_who_listens_hears_of_polls_that_are_answered_from_what_is_kept(wire: Any) -> None:
    job_id = submit(wire)
    for _ in range(2):
        wire.json(f"{TASK}/jobs/{job_id}")
    heard: list[tuple[int, bool]] = []
    wire.site.journal.listen(lambda entry: heard.append((entry.number, entry.is_answered)))
    for _ in range(2):
        wire.json(f"{TASK}/jobs/{job_id}")
    wire.site.wait_for("job", since=4)
    assert heard == [(4, False), (4, True), (5, False), (5, True)]


def test_a_listener_that_fails_disturbs_nobody(caplog: pytest.LogCaptureFixture) -> None:
    site = site_with()
    heard: list[Entry] = []

    def fail(entry: Entry) -> None:
        raise ValueError("no")

    site.journal.listen(fail)
    site.journal.listen(heard.append)
    with caplog.at_level(logging.ERROR):
        (answer,) = asked(site, {"path": VIEWSHED})
    assert answer.status == 200
    assert len(heard) == 3
    assert "a listener of the journal failed on request 1" in caplog.text


def test_it_is_read_while_it_is_written(wire: Any) -> None:
    job_id = submit(wire)
    done = threading.Event()
    failed: list[BaseException] = []

    def read() -> None:
        try:
            while not done.is_set():
                numbers = [entry.number for entry in wire.site.journal]
                assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
                assert all(entry.status in (200, None) for entry in wire.site.journal.find("job"))
        except BaseException as error:
            failed.append(error)

    reader = threading.Thread(target=read)
    reader.start()
    for number in range(20):
        wire.http.get(f"{TASK}/jobs/{job_id}", params={"f": "json"}, headers={"x-n": str(number // 6)})
        if number % 10 == 0:
            wire.json(TASK)
    done.set()
    reader.join()
    assert failed == []
    assert wire.site.journal.count("job", status=200) == 20


def test_a_request_to_a_site_with_a_clock_that_jumps_has_the_instant_of_its_arrival() -> None:
    clock = JumpingClock()
    site = Site("arcgis", clock=clock)
    before = clock.now()
    asked(site, {"path": "/arcgis/rest/info"})
    clock.jump_to(before + 100)
    asked(site, {"path": "/arcgis/rest/info"})
    assert [entry.at - before for entry in site.journal] == [0, 100]


def test_what_is_asked_of_no_site_is_noted_by_the_server_alone() -> None:
    site = site_with()
    app = MockServer([site])

    async def run() -> None:
        for path in ("/", "/elsewhere/rest/info", "/else~slow-each/rest", "/a\nb", VIEWSHED):
            await ask(app, path)
        assert list(app.strays) == [
            ("GET", "/elsewhere/rest/info"),
            ("GET", "/else~slow-each/rest"),
            ("GET", "/a\\nb"),
        ]
        for number in range(30):
            await ask(app, f"/elsewhere/{number}")

    asyncio.run(run())
    assert len(site.journal) == 1
    assert (len(app.strays), app.strays[-1]) == (20, ("GET", "/elsewhere/29"))


def test_permission_that_a_browser_asks_for_is_noted() -> None:
    site = site_with()
    asked(site, {"path": VIEWSHED, "method": "OPTIONS", "headers": [("origin", "https://app.example.com")]})
    (entry,) = site.journal
    assert (entry.method, entry.status, entry.unexpected) == ("OPTIONS", 200, False)
