"""Errors have the codes and, to the blank, the words that were recorded; every shape of error is read."""

from __future__ import annotations

import json
from typing import Any

import pytest
from gp_protocol.error_envelopes import (
    KNOWN_ERRORS,
    ErrorEnvelope,
    ToolFailureForm,
    check_overrides,
    envelope,
    read_error,
    tool_failed_detail,
)
from gp_protocol.errors import LocalProtocolError
from gp_protocol.versions import PROFILES, profile
from hypothesis import given
from hypothesis import strategies as st

from every_case import every_case

NOW = profile("11.1")


@every_case(
    ("name", "version", "code", "message"),
    [
        ("service-not-found", "11.1", 404, "Service Folder/Buffer/GPServer not found "),
        ("service-not-started", "11.1", 500, "Service Folder/Buffer/GPServer not started "),
        ("invalid-url", "10.91", 400, "Invalid URL"),
        ("unknown-task", "10.91", 400, "Invalid URL"),
        ("invalid-parameters", "12.0", 400, "Invalid or missing input parameters."),
        ("cancel-refused", "11.5", 400, "Invalid or missing input parameters."),
        ("bad-value", "11.5", 400, "Unable to complete operation."),
        ("tool-failed", "10.1", 400, "Unable to complete operation."),
        ("tool-failed", "10.0", 400, "Unable to complete  operation."),
        ("unknown-result", "10.0", 400, "Unable to complete  operation."),
        ("execute-on-async", "10.91", 500, "Error performing execute operation"),
        ("submit-on-sync", "10.91", 500, "Error performing submitJob operation"),
        (
            "forbidden",
            "11.1",
            403,
            "You do not have permissions to access this resource or perform this operation.",
        ),
        ("invalid-token", "11.1", 498, "Invalid Token"),
        ("invalid-token", "agol-hosted", 498, "Invalid token."),
        ("token-required", "11.1", 499, "Token Required"),
        ("bad-credentials", "11.1", 400, "Unable to generate token."),
    ],
)
def test_an_error_has_the_code_and_the_words_of_its_version(
    name: str, version: str, code: int, message: str
) -> None:
    answered = envelope(name, profile(version), service="Folder/Buffer")
    assert (answered.code, answered.message) == (code, message)


@every_case("name", KNOWN_ERRORS)
@every_case("version", PROFILES)
def test_every_known_error_can_be_said_in_every_version_and_is_read_back(name: str, version: str) -> None:
    said = envelope(name, profile(version), "In_Points: met 3", service="S", operation="upload")
    assert "{" not in said.message
    assert said.details == ("In_Points: met 3",)
    assert read_error(json.loads(json.dumps(said.to_json()))) == said


@every_case("name", KNOWN_ERRORS)
def test_every_known_error_names_its_source_and_its_page_is_no_success(name: str) -> None:
    assert KNOWN_ERRORS[name].source
    assert KNOWN_ERRORS[name].http_status_html >= 400


def test_the_keys_stand_in_the_recorded_order_with_the_extended_code_between_code_and_message() -> None:
    said = ErrorEnvelope(400, "Unable to complete operation.", ("Error executing tool.",), -2147467259)
    assert json.dumps(said.to_json()) == (
        '{"error": {"code": 400, "extendedCode": -2147467259, "message": "Unable to complete operation.", '
        '"details": ["Error executing tool."]}}'
    )


def test_the_online_platform_repeats_its_message_in_the_details() -> None:
    online = profile("agol-hosted")
    assert envelope("token-required", online).to_json() == {
        "error": {
            "code": 499,
            "message": "Token Required",
            "messageCode": "GWM_0003",
            "details": ["Token Required"],
        }
    }
    assert envelope("invalid-url", online).details == ("Invalid URL",)
    assert envelope("invalid-url", NOW).details == ()
    assert envelope("bad-credentials", NOW).details == ("Invalid username or password.",)


def test_what_is_assumed_can_be_put_right_in_one_place() -> None:
    overrides = {"unknown-job": {"code": 404, "message": "Job {id} is gone"}, "unknown-task": {"code": 404}}
    assert KNOWN_ERRORS["unknown-job"].assumed
    assert envelope("unknown-job", NOW, "j0", overrides=overrides).to_json() == {
        "error": {"code": 404, "message": "Job {id} is gone", "details": ["j0"]}
    }
    assert envelope("unknown-task", NOW, overrides=overrides).message == "Invalid URL"
    assert envelope("invalid-url", NOW, overrides=overrides).code == 400


@every_case(
    ("overrides", "path", "said"),
    [
        ({"unknown-jobs": {"code": 404}}, "errors", 'did you mean "unknown-job"'),
        ({"unknown-job": {"mesage": "?"}}, "errors.unknown-job", 'did you mean "message"'),
        ({"unknown-job": {"code": "404"}}, "errors.unknown-job.code", "a whole number"),
        ({"unknown-job": {"message": 404}}, "errors.unknown-job.message", "a text"),
        ({"unknown-job": 404}, "errors.unknown-job", "an object"),
    ],
)
def test_overrides_that_fit_nothing_are_refused(overrides: Any, path: str, said: str) -> None:
    with pytest.raises(LocalProtocolError) as caught:
        check_overrides(overrides)
    assert caught.value.path == path
    assert said in caught.value.detail
    with pytest.raises(LocalProtocolError):
        envelope("invalid-url", NOW, overrides=overrides)


def test_a_name_that_is_not_in_the_table_is_refused() -> None:
    with pytest.raises(LocalProtocolError, match='did you mean "tool-failed"'):
        envelope("tool-fail", NOW)


JOB = "j9da60a9c3bbd4bd8a4dd7bcd6e9f5d6f"


@pytest.mark.parametrize(
    ("form", "detail"),
    [
        (ToolFailureForm.BARE, f"Error executing tool. Export Web Map Task Job ID: {JOB}"),
        (
            ToolFailureForm.LINES,
            "Error executing tool. Export Web Map Task : ERROR 000735: Layout: Value is required\n"
            "Failed to execute (Export Web Map).",
        ),
        (
            ToolFailureForm.ONE_LINE,
            f"Error executing tool. Export Web Map Task Job ID: {JOB} : "
            "ERROR 000735: Layout: Value is required Failed to execute (Export Web Map).",
        ),
    ],
)
def test_a_failed_tool_tells_it_in_one_details_string_of_three_forms(
    form: ToolFailureForm, detail: str
) -> None:
    texts = ["ERROR 000735: Layout: Value is required", "Failed to execute (Export Web Map)."]
    assert tool_failed_detail("Export Web Map Task", job_id=JOB, texts=texts, form=form) == detail


def test_a_failed_tool_is_told_on_one_line_unless_asked_otherwise() -> None:
    assert (
        tool_failed_detail("T", job_id=JOB, texts=["a\nb", "c"])
        == f"Error executing tool. T Job ID: {JOB} : a b c"
    )
    assert tool_failed_detail("T", job_id=JOB) == f"Error executing tool. T Job ID: {JOB}"


@every_case(
    ("answer", "expected"),
    [
        (
            {"error": {"code": 400, "message": "Invalid URL", "details": []}},
            ErrorEnvelope(400, "Invalid URL"),
        ),
        (
            {"error": {"code": 499, "message": "Token Required.", "details": None}},
            ErrorEnvelope(499, "Token Required."),
        ),
        ({"error": {"code": 500, "message": "Failed"}}, ErrorEnvelope(500, "Failed")),
        (
            {"error": {"code": "498", "message": None, "details": "Invalid token."}},
            ErrorEnvelope(498, "", ("Invalid token.",)),
        ),
        (
            {
                "error": {
                    "code": 400,
                    "extendedCode": -2147467259,
                    "message": "Unable to complete operation.",
                    "details": ["Error executing tool. Clip Job ID: j1"],
                }
            },
            ErrorEnvelope(
                400, "Unable to complete operation.", ("Error executing tool. Clip Job ID: j1",), -2147467259
            ),
        ),
        (
            {
                "error": {
                    "code": 499,
                    "messageCode": "GWM_0003",
                    "message": "Token Required",
                    "details": ["Token Required"],
                }
            },
            ErrorEnvelope(499, "Token Required", ("Token Required",), message_code="GWM_0003"),
        ),
        (
            {"error": "job failed to get submitted", "error_description": "no credits"},
            ErrorEnvelope(0, "job failed to get submitted", ("no credits",)),
        ),
        (
            {"status": "error", "messages": ["Unable to cancel job :[j1]", "late"], "code": 500},
            ErrorEnvelope(500, "Unable to cancel job :[j1]", ("late",)),
        ),
        ({"status": "failed", "statusMessage": "No tiles"}, ErrorEnvelope(0, "No tiles")),
        (
            {"code": 500, "message": "Boom", "status": "failure", "details": None},
            ErrorEnvelope(500, "Boom"),
        ),
        ({"error": {}}, ErrorEnvelope(0, "")),
    ],
)
def test_every_recorded_shape_of_error_is_read(answer: Any, expected: ErrorEnvelope) -> None:
    assert read_error(answer) == expected


@every_case(
    "answer",
    [
        {"jobId": "j1", "jobStatus": "esriJobFailed", "messages": []},
        {"status": "success"},
        {"success": True, "item": {}},
        {"error": None},
        {"results": [], "messages": []},
        [],
        [{"error": {"code": 400}}],
        None,
        "error",
        {},
    ],
)
def test_what_is_no_error_is_not_read_as_one(answer: Any) -> None:
    assert read_error(answer) is None


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(),
        lambda inner: (
            st.lists(inner)
            | st.dictionaries(
                st.sampled_from(["error", "code", "message", "details", "status", "messages", "extendedCode"])
                | st.text(),
                inner,
            )
        ),
    )
)
def test_reading_an_error_never_fails(answer: Any) -> None:
    read = read_error(answer)
    assert read is None or all(isinstance(detail, str) for detail in read.details)
