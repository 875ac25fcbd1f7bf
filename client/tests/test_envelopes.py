"""Every shape of error is read as the error that it is, and nothing else is."""

from __future__ import annotations

import json
from typing import Any

import pytest
from gp_client.errors import AuthError, ServerError
from gp_client.reading.envelopes import error_in, likely_reason

from every_case import every_case

URL = "http://gis.example.com/arcgis/rest/services/S/GPServer/T?token=abc"
UNABLE = "Unable to complete operation."

SERVER_ERRORS: dict[str, tuple[dict[str, Any], int | None, str, tuple[str, ...]]] = {
    "as documented": (
        {"error": {"code": 400, "message": UNABLE, "details": ["a", "b"]}},
        400,
        UNABLE,
        ("a", "b"),
    ),
    "details null": ({"error": {"code": 404, "message": "m", "details": None}}, 404, "m", ()),
    "details missing": ({"error": {"code": 404, "message": "m"}}, 404, "m", ()),
    "details a text": ({"error": {"code": 201, "message": "m", "details": "d"}}, 201, "m", ("d",)),
    "details objects": (
        {"error": {"code": 1, "message": "m", "details": [{}, {"description": "d"}]}},
        1,
        "m",
        ("{}", "d"),
    ),
    "extra members": (
        {"error": {"code": 400, "messageCode": "AO_1", "subcode": 2, "message": "m"}},
        400,
        "m",
        (),
    ),
    "blanks kept": (
        {"error": {"code": 404, "message": "Service a/b not found ", "details": []}},
        404,
        "Service a/b not found ",
        (),
    ),
    "code a text": ({"error": {"code": "400", "message": "m"}}, 400, "m", ()),
    "code missing": ({"error": {"message": "m"}}, None, "m", ()),
    "code another text": ({"error": {"code": "E_FAIL", "message": "m"}}, None, "m", ()),
    "code zero": ({"error": {"code": 0, "message": "m"}}, 0, "m", ()),
    "code an HRESULT": ({"error": {"code": -2147467259, "message": "m"}}, -2147467259, "m", ()),
    "message missing": ({"error": {"code": 500}}, 500, "", ()),
    "message null": ({"error": {"code": 500, "message": None, "details": [None]}}, 500, "", ()),
    "empty": ({"error": {}}, None, "", ()),
    "error a text": ({"error": "failed", "error_description": "why"}, None, "failed", ("why",)),
    "a description within": (
        {"error": {"error": "no job", "error_description": "no credits"}},
        None,
        "no job",
        ("no credits",),
    ),
    "a description beside a message": (
        {"error": {"code": 400, "message": "m", "error": "e", "error_description": "w", "details": ["d"]}},
        400,
        "m",
        ("e", "w", "d"),
    ),
    "error a text beside other texts": (
        {"error": "failed", "error_description": "why", "message": "m", "details": ["d", "why"]},
        None,
        "failed",
        ("m", "d", "why"),
    ),
    "error a text beside a code": ({"error": "failed", "code": 500}, 500, "failed", ()),
    "a web framework's": (
        {"timestamp": 1, "status": 404, "error": "Not Found", "path": "/x"},
        404,
        "Not Found",
        (),
    ),
    "administrator's": ({"status": "error", "messages": ["m", "n"], "code": 500}, 500, "m", ("n",)),
    "status failed": ({"status": "failed", "statusMessage": "m"}, None, "m", ()),
    "flat": ({"code": 500, "message": "m", "status": "failure", "details": None}, 500, "m", ()),
    "flat without a status": ({"code": 500, "message": "m"}, 500, "m", ()),
    "success false": ({"success": False, "message": "m"}, None, "m", ()),
    "beside results": (
        {"results": [], "messages": ["x"], "error": {"code": 400, "message": "m"}},
        400,
        "m",
        (),
    ),
    "beside a status": (
        {"jobId": "j1", "jobStatus": "esriJobSucceeded", "error": "m", "messages": [{"description": "d"}]},
        None,
        "m",
        (),
    ),
}


@every_case(("answer", "code", "message", "details"), SERVER_ERRORS.values(), ids=SERVER_ERRORS.keys())
def test_the_server_s_error_is_kept_unchanged(
    answer: dict[str, Any], code: int | None, message: str, details: tuple[str, ...]
) -> None:
    error = error_in(answer, url=URL)
    assert type(error) is ServerError
    assert (error.code, error.message, error.details) == (code, message, details)
    assert error.url == URL.partition("?")[0]
    json.dumps(error.report())


AUTH_ERRORS: dict[str, tuple[dict[str, Any], int, int]] = {
    "499": ({"error": {"code": 499, "message": "Token Required", "details": []}}, 200, 499),
    "499 by its message code": ({"error": {"messageCode": "GWM_0003", "message": "Jeton"}}, 200, 499),
    "498": ({"error": {"code": 498, "message": "Invalid token.", "details": ["Invalid token."]}}, 200, 498),
    "498 as text": ({"error": {"code": "498", "message": "Invalid Token"}}, 200, 498),
    "administrator's": ({"status": "error", "messages": ["Token Expired."], "code": 498}, 200, 498),
    "administrator's without a code": ({"status": "error", "messages": ["Token Expired."]}, 200, 498),
    "401": ({"error": {"code": 401, "message": "Authorization required"}}, 200, 401),
    "403": ({"error": {"code": 403, "message": "You do not have permissions"}}, 200, 403),
    "by the HTTP status": ({"error": {"message": "nein"}}, 403, 403),
    "by its words": ({"error": {"code": 400, "message": "Token Required."}}, 200, 499),
    "oauth, within": ({"error": {"error": "invalid_token", "error_description": "expired"}}, 200, 498),
    "oauth": ({"error": "invalid_token", "error_description": "expired"}, 200, 498),
    "no token made": (
        {
            "error": {
                "code": 400,
                "message": "Unable to generate token.",
                "details": ["Invalid username or password."],
            }
        },
        200,
        400,
    ),
}


@every_case(("answer", "status", "code"), AUTH_ERRORS.values(), ids=AUTH_ERRORS.keys())
def test_a_refused_sign_in_is_an_auth_error_with_its_code(
    answer: dict[str, Any], status: int, code: int
) -> None:
    error = error_in(answer, url=URL, status=status)
    assert type(error) is AuthError
    assert error.code == code


@pytest.mark.parametrize(
    "envelope", [{"code": 403, "subcode": 4, "message": "m"}, {"code": 403, "message": "SSL Required"}]
)
def test_where_https_is_required_the_error_says_so(envelope: dict[str, Any]) -> None:
    assert "https://" in str(error_in({"error": envelope}, url=URL))


@every_case(
    "answer",
    [
        {"error": None, "jobId": "j1", "jobStatus": "esriJobSucceeded"},
        {"jobId": "j1", "jobStatus": "esriJobFailed", "messages": [{"type": "x", "description": "error"}]},
        {"jobId": "j1", "jobStatus": "esriJobFailed", "status": "failed", "messages": [], "code": 500},
        {"paramName": "a", "dataType": "GPString", "value": {"error": {"code": 499}}},
        {"results": [{"value": "error"}], "messages": []},
        {"status": "success", "code": 200, "messages": ["done"]},
        {"success": True, "item": {"itemID": "i1"}},
        {"currentVersion": 11.1, "services": [], "message": "error"},
        {"validationResults": [], "additionalMessages": [{"code": 735, "type": "error"}]},
        [{"error": {"code": 499}}],
        "error",
        None,
    ],
)
def test_a_good_answer_that_speaks_of_errors_is_none(answer: Any) -> None:
    assert error_in(answer, url=URL) is None


def test_tokens_in_an_error_are_masked_everywhere() -> None:
    secret = "s3cr+t/="
    error = error_in(
        {
            "error": {
                "code": 400,
                "message": f"Cannot open http://h/x?token={secret}&f=json",
                "details": [f'{{"url": "u", "token": "{secret}"}}', f"Authorization: Bearer {secret}"],
            }
        },
        url=f"http://u:{secret[:-2]}@h/x?token={secret}",
    )
    assert error is not None
    for text in (str(error), repr(error), json.dumps(error.report())):
        assert secret[:-2] not in text
    assert "token=***&f=json" in str(error)


def test_the_rest_of_a_large_answer_is_not_kept_in_its_error() -> None:
    error = error_in({"value": "x" * 100_000, "error": {"code": 1, "message": "m"}}, url=URL)
    assert isinstance(error, ServerError)
    assert error.raw == {"error": {"code": 1, "message": "m"}}


@every_case(
    ("code", "message", "details", "reason"),
    [
        (400, "Invalid URL", [], "misspelt"),
        (404, "Service a/b not found ", [], "case counts"),
        (500, "Service a/b/GPServer not started ", [], "stopped"),
        (500, "Error performing execute operation", [], "asynchronous"),
        (500, "Error performing submitJob operation", [], "synchronous"),
        (400, UNABLE, ["Error executing tool. T Job ID: j1"], "tool itself failed"),
        (400, UNABLE, ["ERROR 000735: Input: Value is required"], "required input"),
        (400, "Unable to complete  operation.", [], "could not be read"),
        (500, "Wait time of the request to the service 'x' has expired", [], "busy"),
        (413, "", [], "larger"),
        (None, "völlig neu", [], ""),
    ],
)
def test_the_likely_reason_is_told_where_one_is_known(
    code: int | None, message: str, details: list[str], reason: str
) -> None:
    told = likely_reason(code, message, details)
    assert reason in told if reason else told == ""
