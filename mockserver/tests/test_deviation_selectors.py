"""What selectors ask of a request: its operation by several names, its headers, what its form says."""

from __future__ import annotations

from typing import Any

import pytest
from deviation_probe import ECHO, Probe
from gp_mockserver.deviations.occasions import occasion_of
from gp_mockserver.deviations.selectors import Occasion, Selector

from every_case import every_case

COMMIT = Occasion("upload", "POST", own="commit")
UPLOAD = Occasion("upload", "POST", own="upload")
HEADERS = ((b"Accept-Encoding", b"gzip, br"), (b"cookie", b"a=1"), (b"cookie", b"b=2"))


@every_case(
    ("operation", "fits", "fits_not"),
    [
        ("upload", (COMMIT, UPLOAD), (Occasion("job", "GET"),)),
        ("commit", (COMMIT,), (UPLOAD,)),
        (("commit", "job"), (COMMIT, Occasion("job", "GET")), (UPLOAD,)),
        ("submitJob", (Occasion("submit", "POST", own="submitJob"), Occasion("submit", "POST")), (UPLOAD,)),
        ("run", (Occasion("execute", "GET"), Occasion("submit", "GET")), (Occasion("job", "GET"),)),
        ("safe", (Occasion("job", "GET"),), (COMMIT,)),
        ("any", (COMMIT, Occasion("query", "GET", own="query")), ()),
        ("query", (Occasion("query", "GET", own="query"),), (COMMIT,)),
    ],
)
def test_an_operation_has_a_word_a_set_and_the_mocks_own_name(
    operation: Any, fits: tuple[Occasion, ...], fits_not: tuple[Occasion, ...]
) -> None:
    selector = Selector(operation=operation)
    assert all(selector.fits(each) for each in fits)
    assert not any(selector.fits(each) for each in fits_not)


@every_case(
    ("headers", "fits"),
    [
        ({"accept-encoding": "*gzip*"}, True),
        ({"accept-encoding": "!*gzip*"}, False),
        ({"accept-encoding": "*deflate*"}, False),
        ({"cookie": "b=*"}, True),
        ({"cookie": "!b=*"}, False),
        ({"cookie": "a=1", "accept-encoding": "!*deflate*"}, True),
        ({"cookie": "a=1", "origin": "*"}, False),
        ({"origin": "!*"}, True),
        ({"cook*": "a=1"}, True),
    ],
)
def test_headers_are_asked_for_or_must_not_be_there(headers: dict[str, str], fits: bool) -> None:
    occasion = Occasion("job", "GET", headers=HEADERS)
    selector = Selector(headers=headers)
    assert selector.fits(occasion) is fits
    assert not selector.is_unlimited


@every_case(
    ("form", "query", "body", "fits"),
    [
        ({"f": "json"}, b"f=json&x=1", b"", True),
        ({"f": "json"}, b"", b"x=1&f=json", True),
        ({"f": "json"}, b"f=html", b"x=1", False),
        ({"client": "!*"}, b"f=json", b"username=a", True),
        ({"client": "!*"}, b"f=json", b"client=", False),
        ({"*": "*itemID*"}, b"", b"File=%7B%22itemID%22%3A%22i1%22%7D", True),
        ({"*": "*itemID*"}, b"", b'--b\r\n...name="File"\r\n\r\n{"itemID":"i1"}\r\n--b--', True),
        ({"*": "*itemID*"}, b"", b"--b\r\n...\r\n--b--", False),
    ],
)
def test_query_and_form_are_asked_for_or_must_not_say_it(
    form: dict[str, str], query: bytes, body: bytes, fits: bool
) -> None:
    selector = Selector(form=form)
    assert selector.fits(Occasion("job", "GET", query=query, body=body)) is fits
    assert not selector.is_unlimited


def test_a_query_can_be_too_long() -> None:
    selector = Selector(over=5)
    assert not selector.fits(Occasion("job", "GET", query=b"f=jso"))
    assert selector.fits(Occasion("job", "GET", query=b"f=json"))
    assert not selector.is_unlimited


def test_a_form_that_is_looked_at_still_reaches_the_operation(probe: Probe) -> None:
    record = {
        "name": "marked",
        "on": ["execute"],
        "where": {"form": {"In_GPLong": "5"}},
        "do": [{"set": "/marked", "value": True}],
    }
    injection = probe.site.deviate(record)
    execute = f"{probe.task(ECHO)}/execute"
    for number, is_marked in (("5", True), ("6", False)):
        seen = probe.post(execute, In_GPLong=number).json
        values = {each["paramName"]: each["value"] for each in seen["results"]}
        assert (values["Out_GPLong"], seen.get("marked", False)) == (int(number), is_marked)
    assert injection.applied == 1


@pytest.mark.parametrize(
    ("path", "operation", "own"),
    [
        ("rest/services/Files/FileTransfer/GPServer/uploads/upload", "upload", "upload"),
        ("rest/services/Files/FileTransfer/GPServer/uploads/i1/commit", "upload", "commit"),
        ("rest/services/Nobody/GPServer/uploads/i1/commit", "upload", "commit"),
        ("rest/services/Files/FileTransfer/GPServer/uploads/info", "upload", "uploadsInfo"),
        ("rest/services/Nobody/GPServer/Task/submitJob", "submit", "submitJob"),
        ("rest/services/WorldViewshed/GPServer/viewshed/jobs/j1/results", "results", "results"),
        ("rest/services/Nobody/GPServer/Task/jobs/j1/results/Out", "result", "result"),
        ("rest/login", "login", "login"),
    ],
)
def test_an_address_tells_the_operation(probe: Probe, path: str, operation: str, own: str) -> None:
    scope = {"method": "GET", "headers": [], "query_string": b"", "scheme": "http", "server": ("a", 80)}
    occasion = occasion_of(probe.site, path, scope)
    assert (occasion.operation, occasion.own) == (operation, own)
