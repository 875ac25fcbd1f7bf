"""The journal as HAR 1.2: what its specification asks for, and the same bytes as the entries."""

from __future__ import annotations

import base64
import gzip
import json
from typing import Any
from urllib.parse import quote

import jsonschema
import pytest
from gp_mockserver.journal.entries import KEPT, Entry
from gp_mockserver.journal.har import har_of
from gp_mockserver.journal.journal import Journal

from every_case import every_case

from .journal_probe import FORM, VIEWSHED, asked, site_with


def members(required: dict[str, Any], **optional: Any) -> dict[str, Any]:
    """An object with these members and, as HAR allows, others that begin with `_`."""
    return {
        "type": "object",
        "properties": {**required, **optional},
        "required": list(required),
        "patternProperties": {"^_": {}},
        "additionalProperties": False,
    }


TEXT, COUNT = {"type": "string"}, {"type": "integer", "minimum": -1}
TIME = {"type": "number", "minimum": 0}
PAIR = members({"name": TEXT, "value": TEXT}, comment=TEXT)
COOKIE = members(
    {"name": TEXT, "value": TEXT},
    path=TEXT, domain=TEXT, expires=TEXT, httpOnly={"type": "boolean"}, secure={"type": "boolean"},
)  # fmt: skip
POSTED = {
    **members(
        {"mimeType": TEXT},
        params={
            "type": "array",
            "items": members({"name": TEXT}, value=TEXT, fileName=TEXT, contentType=TEXT),
        },
        text=TEXT,
        comment=TEXT,
    ),
    "oneOf": [{"required": ["params"]}, {"required": ["text"]}],
}
REQUEST = members(
    {
        "method": TEXT, "url": {"type": "string", "format": "uri", "pattern": "^https?://[^/]+/"},
        "httpVersion": {"const": "HTTP/1.1"}, "cookies": {"type": "array", "items": COOKIE},
        "headers": {"type": "array", "items": PAIR}, "queryString": {"type": "array", "items": PAIR},
        "headersSize": COUNT, "bodySize": COUNT,
    },
    postData=POSTED, comment=TEXT,
)  # fmt: skip
CONTENT = members(
    {"size": {"type": "integer", "minimum": 0}, "mimeType": TEXT},
    compression={"type": "integer"}, text=TEXT, encoding={"const": "base64"}, comment=TEXT,
)  # fmt: skip
RESPONSE = members(
    {
        "status": {"type": "integer"}, "statusText": TEXT, "httpVersion": TEXT,
        "cookies": {"type": "array", "items": COOKIE}, "headers": {"type": "array", "items": PAIR},
        "content": CONTENT, "redirectURL": TEXT, "headersSize": COUNT, "bodySize": COUNT,
    },
    comment=TEXT,
)  # fmt: skip
ENTRY = members(
    {
        "startedDateTime": {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$"},
        "time": TIME, "request": REQUEST, "response": RESPONSE, "cache": members({}),
        "timings": members({"send": TIME, "wait": TIME, "receive": TIME}),
    },
    pageref=TEXT, serverIPAddress=TEXT, connection=TEXT, comment=TEXT,
)  # fmt: skip
HAR = members(
    {
        "log": members(
            {
                "version": {"const": "1.2"},
                "creator": members({"name": TEXT, "version": TEXT}),
                "entries": {"type": "array", "items": ENTRY},
            },
            comment=TEXT,
        )
    }
)
"""HAR 1.2 as its specification (Odvarko and others) has it, as far as it is written here."""
VALIDATOR = jsonschema.Draft202012Validator(HAR)


def archived(journal: Journal) -> list[dict[str, Any]]:
    """The entries of a journal's HAR, which is valid and JSON."""
    har = json.loads(json.dumps(journal.to_har()))
    VALIDATOR.validate(har)
    entries: list[dict[str, Any]] = har["log"]["entries"]
    for entry in entries:
        assert sum(entry["timings"].values()) == entry["time"]
    return entries


def test_a_run_is_archived() -> None:
    site = site_with(users={"reader": "reader-password"})
    point = quote('{"features": [{"geometry": {"x": 7.4, "y": 46.9}}]}')
    body = f"f=json&Input_Observation_Point={point}&Viewshed_Distance=8+Miles".encode()
    headers = [*FORM, ("cookie", "a=b; session=c"), ("accept-encoding", "gzip")]
    (answer,) = asked(
        site,
        {
            "path": f"{VIEWSHED}/submitJob",
            "query": "a=1&b=",
            "method": "POST",
            "body": body,
            "headers": headers,
        },
    )
    job = json.loads(answer.body)["jobId"]
    asked(
        site,
        {"path": f"{VIEWSHED}/jobs/{job}"},
        {"path": "/arcgis/rest/nowhere"},
        {"path": VIEWSHED, "method": "HEAD"},
    )
    submitted, polled, lost, head = archived(site.journal)
    assert submitted["startedDateTime"] == "2026-01-01T00:00:00.000Z"
    assert submitted["request"]["method"] == "POST"
    assert submitted["request"]["url"] == f"http://gis.example.com{VIEWSHED}/submitJob?a=1&b="
    assert submitted["request"]["queryString"] == [{"name": "a", "value": "1"}, {"name": "b", "value": ""}]
    assert submitted["request"]["postData"] == {
        "mimeType": "application/x-www-form-urlencoded",
        "text": body.decode(),
    }
    assert submitted["request"]["bodySize"] == len(body)
    assert submitted["request"]["cookies"] == [
        {"name": "a", "value": "*****"},
        {"name": "session", "value": "*****"},
    ]
    assert {"name": "host", "value": "gis.example.com"} in submitted["request"]["headers"]
    assert submitted["response"]["status"] == 200
    assert submitted["response"]["statusText"] == "OK"
    assert submitted["response"]["content"]["text"] == answer.body.decode()
    assert submitted["response"]["content"]["size"] == submitted["response"]["bodySize"] == len(answer.body)
    assert submitted["connection"] == "127.0.0.1:50000"
    own = submitted["_gpharness"]
    assert (own["number"], own["operation"], own["task"]) == (1, "submitJob", "WorldViewshed/viewshed")
    assert (own["job"], own["jobStatus"]) == (job, "esriJobSubmitted")
    assert polled["_gpharness"]["operation"] == "job"
    assert "postData" not in polled["request"]
    assert (lost["_gpharness"]["refusal"], lost["_gpharness"]["unexpected"]) == ("invalid-url", True)
    assert head["response"]["content"] == {"mimeType": "application/json;charset=UTF-8", "size": 0}
    assert "comment" not in submitted


def test_a_packed_answer_is_archived_unpacked() -> None:
    site = site_with()
    (answer,) = asked(site, {"path": VIEWSHED, "headers": [("accept-encoding", "gzip")]})
    (entry,) = archived(site.journal)
    content = entry["response"]["content"]
    plain = gzip.decompress(answer.body)
    assert content["text"] == plain.decode()
    assert (content["size"], content["compression"]) == (len(plain), len(plain) - len(answer.body))
    assert entry["response"]["bodySize"] == len(answer.body)


def test_bytes_that_are_no_text_are_archived_in_base64() -> None:
    body = bytes(range(256))
    entry = Entry(
        1, 0.0, method="POST", url="https://h/x", request_body=body, request_size=256, seconds=0.5,
        status=200, response_headers=(("content-type", "image/png"),), response_body=body, response_size=256,
    )  # fmt: skip
    har = har_of([entry])
    VALIDATOR.validate(har)
    (told,) = har["log"]["entries"]
    encoded = base64.b64encode(body).decode()
    assert told["response"]["content"] == {
        "mimeType": "image/png",
        "size": 256,
        "text": encoded,
        "encoding": "base64",
    }
    assert told["request"]["postData"]["_gpharness"] == {"base64": encoded}
    assert told["time"] == 500


def test_what_was_cut_says_so() -> None:
    site = site_with(Journal(entries=1))
    body = b"f=json&Notes=" + "ä".encode() * KEPT
    request = {"path": f"{VIEWSHED}/submitJob", "method": "POST", "body": body, "headers": FORM}
    asked(site, request, request)
    (entry,) = archived(site.journal)
    posted = entry["request"]["postData"]
    assert posted["comment"] == f"the first {KEPT} of {len(body)} bytes"
    assert posted["text"].endswith("ä")
    assert site.journal.to_har()["log"]["comment"] == "of the requests before, 1 are not kept"
    long = Entry(
        1, 0.0, url="https://h/x", seconds=0.0, status=200, response_body=b"a" * KEPT, response_size=KEPT + 1
    )
    (told,) = har_of([long])["log"]["entries"]
    assert told["response"]["content"]["comment"] == f"the first {KEPT} bytes; {KEPT + 1} were sent"


def test_a_multipart_form_is_archived_by_its_fields() -> None:
    site = site_with()
    body = (
        b'--b\r\nContent-Disposition: form-data; name="f"\r\n\r\njson\r\n'
        b'--b\r\nContent-Disposition: form-data; name="token"\r\n\r\nabcdefgh\r\n--b--\r\n'
    )
    headers = [("content-type", "multipart/form-data; boundary=b")]
    asked(
        site,
        {"path": f"{VIEWSHED}/submitJob", "query": "q=1", "method": "POST", "body": body, "headers": headers},
    )
    (entry,) = archived(site.journal)
    assert entry["request"]["postData"]["params"] == [
        {"name": "f", "value": "json"},
        {"name": "token", "value": "*****"},
    ]


@pytest.mark.parametrize(
    ("fields", "comment"),
    [
        ({}, "not answered yet"),
        ({"seconds": 0.1, "cut_short": "the client left"}, "cut short: the client left"),
    ],
)
def test_a_request_without_an_answer_is_archived(fields: dict[str, Any], comment: str) -> None:
    har = har_of([Entry(1, 0.0, method="GET", url="http://127.0.0.1:80/x", **fields)])
    VALIDATOR.validate(har)
    (told,) = har["log"]["entries"]
    assert told["comment"] == comment
    assert (told["response"]["status"], told["response"]["bodySize"]) == (0, 0)
    assert told["serverIPAddress"] == "127.0.0.1"


def test_a_cookie_that_is_set_is_archived_with_its_attributes() -> None:
    site = site_with(users={"reader": "reader-password"})
    asked(
        site,
        {
            "path": "/arcgis/rest/login",
            "method": "POST",
            "body": b"username=reader&password=reader-password",
            "headers": FORM,
        },
    )
    (entry,) = archived(site.journal)
    assert entry["response"]["cookies"] == [
        {"name": "agstoken", "value": "*****", "path": "/arcgis", "httpOnly": True}
    ]
    assert entry["response"]["redirectURL"].endswith("/rest/services")


@every_case("at", [-1e15, 0.0, 1_767_225_600.123, 1e18])
def test_any_instant_of_a_clock_has_a_date(at: float) -> None:
    VALIDATOR.validate(har_of([Entry(1, at, method="GET", url="http://h/x")]))
