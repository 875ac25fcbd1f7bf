"""The deviations of HTTP's statuses and headers: answers of gateways, redirects, labels, packing, origins."""

from __future__ import annotations

import asyncio
import gzip
import re
import ssl
import zlib
from email.utils import parsedate_to_datetime
from http.client import HTTPSConnection
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
import trustme
from deviation_probe import ECHO, POINT, VIEWSHED, Probe, Seen
from gp_mockserver.app import MockServer
from gp_mockserver.builtin import builtin_tools
from gp_mockserver.builtin.builtin_site import builtin_site
from gp_mockserver.deviations.catalogue import find
from gp_mockserver.server import serve

INFO = "rest/info"
ORIGIN = {"Origin": "https://maps.example"}
ALLOWS = "access-control-allow-origin"
WAITING = "Simulation/JobOutcomes/GPServer/WaitsInQueue"

PAGES: dict[str, tuple[int, str, dict[str, str]]] = {
    "status-500-html": (500, "500 Internal Server Error", {}),
    "status-502-html": (502, "502 Bad Gateway", {}),
    "status-504-html": (504, "504 Gateway Timeout", {}),
    "status-503-retry-after": (503, "503 Service Unavailable", {"retry-after": "1"}),
    "status-429-retry-after": (429, "429 Too Many Requests", {"retry-after": "1"}),
    "retry-after-one-day": (503, "503 Service Unavailable", {"retry-after": "86400"}),
    "status-401-challenge": (401, "401 Unauthorized", {"www-authenticate": "Negotiate"}),
    "status-403-html": (403, "Request blocked", {}),
    "status-404-html": (404, "404 Not Found", {}),
    "status-405-html": (405, "405 Method Not Allowed", {"allow": "OPTIONS"}),
    "status-413-html": (413, "413 ", {}),
}
EMPTY = {"status-204-empty": 204, "status-304-unasked": 304}
REDIRECTS = {"redirect-get": 302, "redirect-307": 307, "redirect-308": 308}
POSTS = {"redirect-301-post": 301, "redirect-302-post": 302}
LABELS: dict[str, tuple[list[str], str]] = {
    "content-type-html": (["text/html;charset=utf-8"], "as it was"),
    "content-type-missing": ([], "as it was"),
    "content-type-twice": (["application/json;charset=UTF-8", "text/html;charset=utf-8"], "as it was"),
    "content-type-text-plain": (["text/plain;charset=utf-8"], "as it was"),
    "charset-latin1": (["application/json;charset=ISO-8859-1"], "latin-1"),
}
PACKED = {"gzip-unasked", "gzip-label-only", "gzip", "gzip-bomb"}
ORIGINS = {
    "cors-missing",
    "cors-missing-on-errors",
    "cors-twice",
    "cors-preflight-405",
    "cors-only-with-origin",
}
ALONE = {
    "execute-504-while-running",
    "status-503-retry-after-date",
    "status-414-long-url",
    "good-body-with-500",
    "stale-job-answer",
    "polls-from-two-machines",
    "cookie-needed",
    "submit-redirects-to-job",
    "redirect-to-login",
    "redirect-to-login-host",
    "redirect-to-other-host",
    "redirect-downgrade",
    "redirect-loop",
    "header-huge",
    "head-refused",
    "error-with-its-own-status",
}
COVERED = frozenset({*PAGES, *EMPTY, *REDIRECTS, *POSTS, *LABELS, *PACKED, *ORIGINS, *ALONE})


def clean(probe: Probe) -> Seen:
    """The answer that most of these tests ask for, as it is without a deviation."""
    seen = probe.get(INFO)
    assert seen.status == 200
    assert seen.json["authInfo"]
    return seen


def is_page(seen: Seen) -> bool:
    return seen.headers["content-type"].startswith("text/html") and seen.body.startswith(b"<!DOCTYPE html>")


# In place of the answer.


@pytest.mark.parametrize(("name", "status", "says", "headers"), [(name, *how) for name, how in PAGES.items()])
def test_a_page_comes_in_place_of_every_answer(
    probe: Probe, name: str, status: int, says: str, headers: dict[str, str]
) -> None:
    before = clean(probe)
    injection = probe.site.deviate(name)
    for seen in (probe.get(INFO), probe.submit()):
        assert seen.status == status
        assert is_page(seen)
        assert says in seen.body.decode()
        assert headers.items() <= seen.headers.items()
    assert len(probe.site.store) == 0
    assert injection.applied == 2
    injection.clear()
    assert clean(probe).body == before.body


@pytest.mark.parametrize("name", ["status-503-retry-after", "status-503-retry-after-date"])
def test_what_comes_once_comes_whole(probe: Probe, name: str) -> None:
    probe.site.deviate(name, times=1)
    assert "retry-after" in probe.get(INFO).headers
    clean(probe)


def test_retry_after_can_be_a_date(probe: Probe) -> None:
    clean(probe)
    injection = probe.site.deviate("status-503-retry-after-date", seconds=100)
    seen = probe.get(INFO)
    assert (seen.status, is_page(seen)) == (503, True)
    date, until = (parsedate_to_datetime(seen.headers[each]) for each in ("date", "retry-after"))
    assert 99 <= (until - date).total_seconds() <= 102
    assert seen.headers["retry-after"].endswith(" GMT")
    assert injection.applied == 1


def test_the_tool_runs_though_the_gateway_waits_no_longer(
    probe: Probe, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran: list[Any] = []
    echo = builtin_tools.echo
    monkeypatch.setattr(builtin_tools, "echo", lambda call: (ran.append(call), echo(call))[1])
    execute = f"{probe.task(ECHO)}/execute"
    assert "results" in probe.post(execute, In_GPLong="5").json
    injection = probe.site.deviate("execute-504-while-running")
    seen = probe.post(execute, In_GPLong="5")
    assert (seen.status, is_page(seen)) == (504, True)
    assert (len(ran), injection.applied) == (2, 1)
    clean(probe)


def test_a_long_query_is_refused_and_a_long_form_is_not(probe: Probe) -> None:
    inputs = {"Input_Observation_Point": POINT, "Viewshed_Distance": "5 Miles"}
    submit, padding = f"{probe.task()}/submitJob", "x" * 2048
    assert probe.get(submit, **inputs, padding=padding).json["jobId"]
    injection = probe.site.deviate("status-414-long-url")
    seen = probe.get(submit, **inputs, padding=padding)
    assert (seen.status, is_page(seen)) == (414, True)
    assert probe.get(submit, **inputs).json["jobId"]
    assert probe.post(submit, **inputs, padding=padding).json["jobId"]
    assert probe.get(INFO, padding=padding).status == 200
    assert injection.applied == 1


@pytest.mark.parametrize(("name", "status"), EMPTY.items())
def test_an_answer_is_empty(probe: Probe, name: str, status: int) -> None:
    clean(probe)
    injection = probe.site.deviate(name)
    seen = probe.get(INFO)
    assert (seen.status, seen.body) == (status, b"")
    assert not {"content-type", "content-length", "transfer-encoding"} & seen.headers.keys()
    assert injection.applied == 1
    injection.clear()
    clean(probe)


def test_a_good_body_comes_with_a_bad_status(probe: Probe) -> None:
    job_id = probe.finish()
    before = probe.poll(job_id), probe.result(job_id)
    injection = probe.site.deviate("good-body-with-500")
    after = probe.poll(job_id), probe.result(job_id)
    assert [each.status for each in (*before, *after)] == [200, 200, 500, 500]
    assert [each.body for each in after] == [each.body for each in before]
    assert injection.applied == 2
    clean(probe)


def test_an_error_comes_with_its_own_status(probe: Probe) -> None:
    clean(probe)
    injection = probe.site.deviate("error-with-its-own-status")
    seen = probe.get(INFO)
    message = "Unable to complete operation."
    assert (seen.status, seen.json) == (
        400,
        {"error": {"code": 400, "message": message, "details": []}},
    )
    injection.clear()
    for code in (498, 500):
        injection = probe.site.deviate("error-with-its-own-status", code=code)
        seen = probe.get(INFO)
        assert (seen.status, seen.json["error"]["code"]) == (code, code)
        assert injection.applied == 1
        injection.clear()
    clean(probe)


def test_head_is_refused_and_get_is_not(probe: Probe) -> None:
    assert probe.ask("HEAD", INFO).status == 200
    injection = probe.site.deviate("head-refused")
    seen = probe.ask("HEAD", INFO)
    assert (seen.status, seen.body, seen.headers["allow"]) == (405, b"", "GET, POST")
    clean(probe)
    assert injection.applied == 1


# Caches and machines.


def statuses(polls: list[Seen]) -> list[str]:
    return [each.json["jobStatus"].removeprefix("esriJob") for each in polls]


def test_a_cache_answers_polls_with_the_first_answer(probe: Probe) -> None:
    job_id = probe.job_id()
    assert statuses([probe.poll(job_id) for _ in range(2)]) == ["Executing", "Succeeded"]
    injection = probe.site.deviate("stale-job-answer")
    job_id = probe.job_id()
    polls = [probe.poll(job_id) for _ in range(8)]
    assert [each.body for each in polls[:6]] == [polls[0].body] * 6
    assert [each.headers.get("age") for each in polls] == [None, *["60"] * 5, None, None]
    assert statuses(polls) == [*["Executing"] * 6, "Succeeded", "Succeeded"]
    assert injection.applied == 5


@pytest.mark.parametrize(
    ("task", "honest", "behind"),
    [
        (VIEWSHED, ["Executing", "Succeeded"], ["Submitted", "Executing"]),
        (WAITING, ["Waiting", "Executing", "Succeeded"], ["Submitted", "Waiting", "Executing"]),
    ],
)
def test_every_second_poll_is_of_a_machine_that_is_behind(
    probe: Probe, task: str, honest: list[str], behind: list[str]
) -> None:
    job_id = probe.job_id(task)
    assert statuses([probe.poll(job_id, task) for _ in honest]) == honest
    injection = probe.site.deviate("polls-from-two-machines")
    job_id = probe.job_id(task)
    polls = statuses([probe.poll(job_id, task) for _ in range(2 * len(honest))])
    assert (polls[0::2], polls[1::2]) == (honest, behind)
    assert injection.applied == len(behind)


def test_a_job_is_known_to_who_brings_the_cookie(probe: Probe) -> None:
    assert "set-cookie" not in probe.submit().headers
    injection = probe.site.deviate("cookie-needed")
    submitted = probe.submit()
    job_id = submitted.json["jobId"]
    assert submitted.headers["set-cookie"] == "machine=1; Path=/; HttpOnly"
    path = f"{probe.task()}/jobs/{job_id}"
    for headers in ({}, {"Cookie": "other=1"}):
        for place in (path, f"{path}/results", f"{path}/results/Viewshed_Result"):
            assert probe.get(place, headers=headers).json["error"]["code"] == 400
    for _ in range(3):
        seen = probe.get(path, headers={"Cookie": "other=1; machine=1"})
    assert seen.json["jobStatus"] == "esriJobSucceeded"
    assert injection.applied == 7
    injection.clear()
    assert probe.get(path).json["jobId"] == job_id


# Redirects.


def location(seen: Seen) -> str:
    assert seen.body == b""
    assert 300 <= seen.status < 400
    return seen.headers["location"]


def follow(seen: Seen, method: str = "GET", **given: str) -> Seen:
    """What is at the other end; what a client sends of its own is in the query of the address already."""
    parts = urlsplit(location(seen))
    return Probe(None).ask(method, "", address=f"{parts.scheme}://{parts.netloc}{parts.path}", **given)  # type: ignore[arg-type]


@pytest.mark.parametrize(("name", "status"), REDIRECTS.items())
def test_a_request_is_redirected_to_another_port(probe: Probe, name: str, status: int) -> None:
    before = clean(probe)
    here = urlsplit(probe.root)
    injection = probe.site.deviate(name)
    seen = probe.get(INFO)
    there = urlsplit(location(seen))
    assert seen.status == status
    assert (there.scheme, there.hostname, there.path) == ("http", here.hostname, f"{here.path}/{INFO}")
    assert (there.port != here.port, there.query) == (True, "f=json")
    at_the_end = follow(seen)
    assert (at_the_end.status, at_the_end.json.keys()) == (200, before.json.keys())
    submitted = probe.submit()
    if name == "redirect-get":
        assert submitted.json["jobId"]
    else:
        form = {"Input_Observation_Point": POINT, "Viewshed_Distance": "5 Miles"}
        assert follow(submitted, "POST", **form).json["jobId"] in probe.site.store.ids()
    assert injection.applied == (1 if name == "redirect-get" else 2)
    injection.clear()
    clean(probe)


@pytest.mark.parametrize(("name", "status"), POSTS.items())
def test_a_post_is_redirected_so_that_its_inputs_get_lost(probe: Probe, name: str, status: int) -> None:
    assert probe.submit().json["jobId"]
    injection = probe.site.deviate(name)
    seen = probe.submit()
    assert seen.status == status
    assert urlsplit(location(seen)).path.endswith("/viewshed/submitJob")
    assert is_page(follow(seen, f="html"))
    clean(probe)
    assert probe.get(f"{probe.task()}/submitJob", Input_Observation_Point=POINT).status == 200
    assert injection.applied == 1


def test_submit_redirects_to_the_job(probe: Probe) -> None:
    assert "location" not in probe.submit().headers
    injection = probe.site.deviate("submit-redirects-to-job")
    seen = probe.submit()
    assert seen.status == 302
    job_id = probe.site.store.ids()[-1]
    assert location(seen) == f"{probe.root}/rest/services/{VIEWSHED}/jobs/{job_id}?f=json"
    assert follow(seen).json["jobId"] == job_id
    assert injection.applied == 1


def test_every_request_leads_to_the_page_to_sign_in_on(probe: Probe) -> None:
    clean(probe)
    injection = probe.site.deviate("redirect-to-login")
    for seen in (probe.get(INFO), probe.submit()):
        assert (seen.status, location(seen)) == (302, f"{probe.root}/rest/login")
        page = follow(seen, f="html")
        assert (page.status, is_page(page)) == (200, True)
        assert b'type="password"' in page.body
    assert injection.applied == 2


def test_every_request_leads_to_an_identity_provider(probe: Probe) -> None:
    clean(probe)
    injection = probe.site.deviate("redirect-to-login-host")
    seen = probe.get(INFO)
    assert urlsplit(location(seen)).hostname == "localhost"
    page = follow(seen)
    assert (page.status, is_page(page)) == (200, True)
    assert b"Continue with your organization" in page.body
    assert injection.applied == 1


def test_every_request_leads_to_a_host_that_knows_nothing_of_the_site(probe: Probe) -> None:
    clean(probe)
    here = urlsplit(probe.root)
    injection = probe.site.deviate("redirect-to-other-host")
    seen = probe.get(INFO)
    there = urlsplit(location(seen))
    assert (here.hostname, there.hostname) == ("127.0.0.1", "localhost")
    assert there.path == f"{here.path}/{INFO}"
    stranger = follow(seen)
    assert (stranger.status, is_page(stranger)) == (404, True)
    assert injection.applied == 1
    injection.clear()
    assert follow(seen).status == 404
    clean(probe)


def test_an_address_is_redirected_to_another_and_back(probe: Probe) -> None:
    clean(probe)
    injection = probe.site.deviate("redirect-loop")
    first = location(probe.get(INFO))
    assert first == f"{probe.root}/{INFO}/?f=json"
    assert location(probe.get(f"{INFO}/")) == f"{probe.root}/{INFO}?f=json"
    assert injection.applied == 2


def test_a_request_is_redirected_from_https_to_http(probe: Probe) -> None:
    authority = trustme.CA()
    context, trusting = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context()
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.configure_trust(trusting)
    site = builtin_site()
    with serve(site, tls=context) as running:
        parts = urlsplit(running.url)

        def asked() -> tuple[int, str | None]:
            connection = HTTPSConnection(parts.hostname or "", parts.port, context=trusting, timeout=5)
            connection.request("GET", f"{parts.path}/{INFO}?f=json")
            answer = connection.getresponse()
            connection.close()
            return answer.status, answer.getheader("location")

        assert asked() == (200, None)
        injection = site.deviate("redirect-downgrade")
        status, there = asked()
        assert status == 302
        assert there is not None
        assert re.fullmatch(rf"http://127\.0\.0\.1:\d+{parts.path}/{INFO}\?f=json", there)
        assert httpx.get(there).json()["authInfo"]
        assert injection.applied == 1


def test_in_process_ports_that_are_made_up_stand_for_other_places() -> None:
    site = builtin_site()
    transport = httpx.ASGITransport(MockServer([site]))

    async def asked(name: str) -> tuple[str, int]:
        injection = site.deviate(name)
        async with httpx.AsyncClient(transport=transport, base_url="https://gis.example/arcgis/") as client:
            answer = await client.get(INFO, params={"f": "json"})
            there = answer.headers["location"]
            status = (await client.get(there)).status_code
        injection.clear()
        return there.partition("?")[0], status

    async def all_of_them() -> list[tuple[str, int]]:
        names = ("redirect-get", "redirect-downgrade", "redirect-to-other-host", "redirect-to-login-host")
        return [await asked(name) for name in names]

    assert asyncio.run(all_of_them()) == [
        ("https://gis.example:46080/arcgis/rest/info", 200),
        ("http://gis.example:46081/arcgis/rest/info", 200),
        ("https://localhost:46082/arcgis/rest/info", 404),
        ("https://localhost:46082/arcgis/identity-provider", 200),
    ]


# Labels and packing.


@pytest.mark.parametrize(("name", "labels", "how"), [(name, *how) for name, how in LABELS.items()])
def test_an_answer_is_labelled_wrongly(probe: Probe, name: str, labels: list[str], how: str) -> None:
    execute, text = f"{probe.task(ECHO)}/execute", "Zürich €"
    before = probe.post(execute, In_GPString=text)
    assert before.headers["content-type"] == "application/json;charset=UTF-8"
    assert "ü".encode() in before.body
    injection = probe.site.deviate(name)
    seen = probe.post(execute, In_GPString=text)
    assert [value for each, value in seen.every_header if each.lower() == "content-type"] == labels
    if how == "latin-1":
        assert b"Z\xfcrich \\u20ac" in seen.body
    else:
        assert seen.body == before.body
    assert injection.applied == 1
    injection.clear()
    after = probe.post(execute, In_GPString=text)
    assert {**after.headers, "date": ""} == {**before.headers, "date": ""}


def test_an_answer_is_packed_though_nobody_asked(probe: Probe) -> None:
    before = clean(probe)
    injection = probe.site.deviate("gzip-unasked")
    seen = probe.get(INFO, headers={"Accept-Encoding": "identity"})
    assert seen.headers["content-encoding"] == "gzip"
    assert gzip.decompress(seen.body) == before.body
    assert probe.get(INFO, headers={"Accept-Encoding": "gzip"}).body == before.body
    assert injection.applied == 1


def test_an_answer_says_that_it_is_packed_and_is_not(probe: Probe) -> None:
    before = clean(probe)
    injection = probe.site.deviate("gzip-label-only")
    seen = probe.get(INFO)
    assert (seen.headers["content-encoding"], seen.body) == ("gzip", before.body)
    assert injection.applied == 1


def test_an_answer_is_packed_however_short_for_who_asks(probe: Probe) -> None:
    asking = {"Accept-Encoding": "gzip, deflate"}
    before = probe.get(INFO, headers=asking)
    assert "content-encoding" not in before.headers
    injection = probe.site.deviate("gzip")
    seen = probe.get(INFO, headers=asking)
    assert seen.headers["content-encoding"] == "gzip"
    assert gzip.decompress(seen.body) == before.body
    assert clean(probe).body == before.body
    assert injection.applied == 1


def test_a_megabyte_unpacks_to_a_gigabyte(probe: Probe) -> None:
    clean(probe)
    injection = probe.site.deviate("gzip-bomb")
    bomb = probe.get(INFO)
    assert bomb.headers["content-encoding"] == "gzip"
    assert 900_000 < len(bomb.body) < 1_200_000
    assert int.from_bytes(bomb.body[-4:], "little") == 2**30
    assert zlib.decompressobj(31).decompress(bomb.body, 1000) == b" " * 1000
    injection.clear()
    probe.site.deviate("gzip-bomb", bytes=100_000)
    assert gzip.decompress(probe.get(INFO).body) == b" " * 100_000
    assert injection.applied == 1


def test_a_header_is_huge(probe: Probe) -> None:
    before = clean(probe)
    injection = probe.site.deviate("header-huge")
    received, _ = probe.raw(
        probe.request(INFO).replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"), silence=2
    )
    head, _, body = received.partition(b"\r\n\r\n")
    assert b"\r\nx-padding: " + b"x" * 200_000 + b"\r\n" in head + b"\r\n"
    assert body == before.body
    assert injection.applied == 1


# Other origins.


def preflight(probe: Probe) -> Seen:
    return probe.ask("OPTIONS", INFO, headers={**ORIGIN, "Access-Control-Request-Method": "GET"})


def allowed(seen: Seen) -> list[str]:
    return [value for name, value in seen.every_header if name.lower() == ALLOWS]


def unknown(probe: Probe) -> Seen:
    """An error with an HTTP status of its own: a page."""
    return probe.get(f"{probe.task()}/jobs/j0", headers=ORIGIN, f="html")


@pytest.mark.parametrize(
    ("name", "on_answers", "on_errors", "on_preflights"),
    [
        ("cors-missing", 0, 0, 0),
        ("cors-missing-on-errors", 1, 0, 1),
        ("cors-twice", 2, 2, 1),
    ],
)
def test_another_origin_is_not_allowed_as_it_has_to_be(
    probe: Probe, name: str, on_answers: int, on_errors: int, on_preflights: int
) -> None:
    def met() -> list[list[str]]:
        return [allowed(each) for each in (probe.get(INFO, headers=ORIGIN), unknown(probe), preflight(probe))]

    assert unknown(probe).status == 400
    assert [len(each) for each in met()] == [1, 1, 1]
    injection = probe.site.deviate(name)
    assert [len(each) for each in met()] == [on_answers, on_errors, on_preflights]
    assert injection.applied >= 1
    assert allowed(clean(probe)) == (["*", "*"] if name == "cors-twice" else [])
    injection.clear()
    assert [len(each) for each in met()] == [1, 1, 1]


def test_browsers_are_refused_the_question(probe: Probe) -> None:
    assert preflight(probe).status == 200
    injection = probe.site.deviate("cors-preflight-405")
    refused = preflight(probe)
    assert (refused.status, refused.headers["allow"], is_page(refused)) == (405, "GET, POST", True)
    assert allowed(probe.get(INFO, headers=ORIGIN)) == [ORIGIN["Origin"]]
    clean(probe)
    assert injection.applied == 1
    injection.clear()
    assert preflight(probe).status == 200


def test_an_origin_is_told_that_it_may_and_caches_are_not(probe: Probe) -> None:
    before = probe.get(INFO, headers=ORIGIN)
    assert (allowed(before), before.headers["vary"]) == ([ORIGIN["Origin"]], "Origin")
    injection = probe.site.deviate("cors-only-with-origin")
    with_origin, without = probe.get(INFO, headers=ORIGIN), clean(probe)
    assert (allowed(with_origin), allowed(without)) == (["*"], [])
    assert "vary" not in {**with_origin.headers, **without.headers}
    assert with_origin.body == without.body
    assert injection.applied == 1
    injection.clear()
    always = {"name": "always", "do": [{"header-set": {"Access-Control-Allow-Origin": "*"}}]}
    probe.site.deviate(always)
    assert allowed(clean(probe)) == ["*"]
    probe.site.deviate("cors-only-with-origin")
    assert (allowed(clean(probe)), allowed(probe.get(INFO, headers=ORIGIN))) == ([], ["*"])


@pytest.mark.parametrize("name", sorted(each for each in COVERED if "any" not in find(each).on))
def test_other_operations_are_left_alone(probe: Probe, name: str) -> None:
    folder = probe.site.directories.make_folder("arcgisoutput/DataTypes/Echo_GPServer")
    (folder / "out.txt").write_bytes(b"whole")
    file = "rest/directories/arcgisoutput/DataTypes/Echo_GPServer/out.txt"
    injection = probe.site.deviate(name)
    asking = {"Accept-Encoding": "gzip"} if name == "gzip" else {}
    if "json" not in find(name).on and name != "redirect-to-login":
        clean(probe)
    assert probe.get(file, headers=asking).status == (302 if name == "redirect-to-login" else 200)
    assert probe.get("rest/login", f="html", headers=asking).status == 200
    assert injection.applied == (1 if name == "redirect-to-login" else 0)


@pytest.mark.parametrize("name", ["slow-each", "status-502-html"])
def test_browsers_questions_are_answered_as_usual_by_deviations_of_answers(probe: Probe, name: str) -> None:
    before = preflight(probe)
    injection = probe.site.deviate(name)
    after = preflight(probe)
    assert (after.status, after.headers[ALLOWS]) == (before.status, before.headers[ALLOWS])
    assert injection.applied == 0
