"""A whole HTTP answer is the JSON that it carries or one of the client's errors."""

from __future__ import annotations

from typing import Any

import pytest
from gp_client.errors import (
    AuthError,
    GPError,
    HTTPError,
    ProtocolViolation,
    ServerError,
    SubmissionUnknown,
    TransportError,
    UnexpectedPage,
)
from gp_client.reading.answers import is_transient, read_answer, read_list_answer, retry_after
from gp_client.wire.http_messages import Response
from scripted import answer, error

from every_case import every_case

HTML = "text/html;charset=utf-8"
LOGIN = "<html><head><title>Sign In</title></head><body><form><input type=password></form></body></html>"
GATEWAY = "<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>"
DIRECTORY = (
    '<html><head><link href="/arcgis/rest/static/main.css"/></head><td class="breadcrumbs">Home</td></html>'
)
FRAMEWORK = "<html><title>Error: Token Required</title>ArcGIS REST Framework <b>Code: </b>499<br/></html>"


def page(html: str, status: int = 200, content_type: str = HTML, **headers: str) -> Response:
    return answer(html, status, content_type=content_type, **headers)


ERRORS: dict[str, tuple[Response, type[GPError], bool]] = {
    "an error in 200": (error(400), ServerError, False),
    "an error with its own status": (
        answer({"error": {"code": 400, "message": "m"}}, 400),
        ServerError,
        False,
    ),
    "an error under 403": (answer({"error": {"message": "m"}}, 403), AuthError, False),
    "a token refused, with its own status": (answer({"error": {"code": 498}}, 498), AuthError, False),
    "a passing failure": (error(500, "Error performing query operation"), ServerError, True),
    "a busy server": (
        error(500, "Wait time of the request to the service 'x' has expired"),
        ServerError,
        False,
    ),
    "401 and a page": (page("<html>x</html>", 401, www_authenticate="Negotiate"), AuthError, False),
    "403 and a page": (page("<html>firewall</html>", 403), AuthError, False),
    "403 and other JSON": (answer({"message": "Forbidden"}, 403), AuthError, False),
    "499 without a body": (answer("", 499), AuthError, False),
    "a log-in page with 200": (page(LOGIN), AuthError, False),
    "an error page of the framework with 200": (page(FRAMEWORK), AuthError, False),
    "a page of the directory": (page(DIRECTORY), ProtocolViolation, False),
    "a page labelled as JSON": (page(GATEWAY, content_type="application/json"), ProtocolViolation, False),
    "a log-in page labelled as JSON": (
        page(LOGIN, content_type="application/json"),
        ProtocolViolation,
        False,
    ),
    "an error page with 200": (page(GATEWAY), UnexpectedPage, True),
    "another page with 200": (page("<html><body>Welcome</body></html>"), UnexpectedPage, True),
    "500 and a page": (page("<html><h1>Server Error</h1></html>", 500), HTTPError, True),
    "502 and a page": (page(GATEWAY, 502), HTTPError, True),
    "404 and a page": (page("<html><h1>Not Found</h1></html>", 404), HTTPError, False),
    "413 and a text": (answer("too large", 413, content_type="text/plain"), HTTPError, False),
    "500 and good JSON": (answer({"jobId": "j1", "jobStatus": "esriJobSucceeded"}, 500), HTTPError, True),
    "429 and an error that says when": (
        answer({"error": {"code": 429}}, 429, retry_after="1"),
        HTTPError,
        True,
    ),
    "a redirect left over": (answer("", 302, location="/x"), HTTPError, False),
    "an unknown status": (answer({"a": 1}, 99), HTTPError, False),
    "204": (Response(204), ProtocolViolation, True),
    "304": (Response(304), ProtocolViolation, True),
    "an empty body": (answer(b""), ProtocolViolation, True),
    "a blank body": (answer(b"\r\n"), ProtocolViolation, True),
    "a cut body": (answer(b'{"a": "b'), ProtocolViolation, True),
    "no object: null": (answer(b"null"), ProtocolViolation, False),
    "no object: a list": (answer([{"a": 1}]), ProtocolViolation, False),
    "no object: a text": (answer(b'"{}"'), ProtocolViolation, False),
    "no object: a number": (answer(b"0"), ProtocolViolation, False),
    "xml": (answer("<?xml version='1.0'?><a/>", content_type="application/xml"), ProtocolViolation, False),
}


@every_case(("response", "kind", "transient"), ERRORS.values(), ids=ERRORS.keys())
def test_what_is_no_good_answer_is_the_error_that_it_is(
    response: Response, kind: type[GPError], transient: bool
) -> None:
    response.url = "http://u:p@gis.example.com/arcgis?token=abc"
    with pytest.raises(kind) as caught:
        read_answer(response)
    if kind is not HTTPError:
        assert type(caught.value) is kind
    assert caught.value.url == "http://gis.example.com/arcgis"
    assert is_transient(caught.value) is transient


@every_case("content_type", ["text/html", "text/plain;charset=utf-8", "", "image/png"])
def test_json_is_read_under_any_label(content_type: str) -> None:
    assert read_answer(answer({"a": 1}, content_type=content_type)) == {"a": 1}
    assert read_answer(Response(200, [], b'\r\n{"a": 1}')) == {"a": 1}


def test_json_in_a_text_area_is_read() -> None:
    assert read_answer(page('<html><body><textarea>{"success": true}</textarea></body></html>')) == {
        "success": True
    }


@pytest.mark.parametrize("value", [[{"paramName": "a"}], [], {"a": 1}])
def test_a_list_is_read_where_it_is_legal(value: Any) -> None:
    assert read_list_answer(answer(value)) == value


def test_an_error_where_a_list_is_legal_is_an_error() -> None:
    with pytest.raises(ServerError):
        read_list_answer(error(400))
    with pytest.raises(ProtocolViolation):
        read_list_answer(answer(b"null"))


def test_an_http_error_tells_status_label_and_how_it_begins_but_no_token() -> None:
    with pytest.raises(UnexpectedPage) as caught:
        read_answer(
            page("<html><title>Oops</title><body>at ?token=abc " + "x" * 1000 + "</body></html>", 500)
        )
    told = caught.value
    assert (told.status, told.content_type, told.title) == (500, HTML, "Oops")
    assert told.beginning.startswith("at ?token=*** x")
    assert len(told.beginning) <= 200
    assert "abc" not in str(told.report())


DATE = "Tue, 07 Mar 2023 09:37:09 GMT"
EARLIER = "Tue, 07 Mar 2023 09:36:59 GMT"


@every_case(
    ("said", "date", "now", "seconds"),
    [
        ("1", "", None, 1.0),
        (" 86400 ", "", None, 86400.0),
        ("0.5", "", None, 0.5),
        ("", "", None, None),
        ("soon", "", None, None),
        ("-1", "", None, None),
        ("nan", "", None, None),
        ("inf", "", None, None),
        ("9" * 5000, "", None, 999999999999.0),
        (DATE, EARLIER, None, 10.0),
        (DATE, EARLIER, 0.0, 10.0),
        (DATE, "", 1678181828.0, 1.0),
        (EARLIER, DATE, None, 0.0),
        (DATE, "", None, None),
        ("Tue, 99 Foo 2023 99:99:99 GMT", EARLIER, 0.0, None),
    ],
)
def test_retry_after_is_seconds_or_a_date(
    said: str, date: str, now: float | None, seconds: float | None
) -> None:
    response = Response(503, [("Retry-After", said), ("Date", date)], b"")
    assert retry_after(response, now) == seconds
    with pytest.raises(HTTPError) as caught:
        read_answer(response, now=now)
    assert caught.value.retry_after == seconds


def test_a_submission_of_unknown_fate_is_not_transient_but_a_lost_read_is() -> None:
    assert is_transient(TransportError("cut"))
    assert not is_transient(SubmissionUnknown("cut"))
