"""What servers and the machines before them do to any answer, by name, and what the client makes of it.

A case stands for a rule. It is met at each kind of request: once, after which the server does well, and for
ever.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from conversation import (
    JOB,
    JOB_ID,
    PASSWORD,
    ROOT,
    SECRET,
    converse,
    good,
    job,
    page,
    refused,
    value,
)
from gp_client import Retrying, SubmissionUnknown
from gp_client.wire.http_messages import Request, Response
from scripted import Answer, answer, cut, error

from every_case import every_case

Change = Callable[[Answer], Answer]
"""Of a good answer, the deviating one."""
READS = ("task", "job", "result")
RUNS = ("submit", "execute")


def always(bad: Answer) -> Change:
    return lambda given: bad


def rebuilt(edit: Callable[[bytes], bytes], **headers: str) -> Change:
    """The bytes of a good answer, edited."""

    def change(given: Answer) -> Answer:
        assert isinstance(given, Response)
        return answer(edit(given.content), given.status, **headers)

    return change


def edited(edit: Callable[[dict[str, Any]], Any], **headers: str) -> Change:
    """The JSON of a good answer, edited."""

    def to_json(content: bytes) -> bytes:
        return json.dumps(edit(json.loads(content))).encode()

    return rebuilt(to_json, **headers)


def moved(status: int, target: str) -> Change:
    """Redirected to the same path elsewhere, where the good answer is; `{}` stands for path and query."""

    def change(given: Answer) -> Answer:
        def redirecting(request: Request) -> Response:
            rest = request.url.partition("example.com")[2]
            if request.url.startswith(ROOT):
                return answer(b"", status, location=target.format(rest), content_type="")
            assert isinstance(given, Response)
            return given

        return redirecting

    return change


def asking_for(method: str) -> Change:
    """Redirected to another port, which answers well to this method alone."""

    def change(given: Answer) -> Answer:
        def redirecting(request: Request) -> Response:
            if request.url.startswith(ROOT):
                target = request.url.replace("example.com", "example.com:6443")
                return answer(b"", 301 if method == "POST" else 302, location=target)
            if request.method != method or b"Note=a+note" not in bytes(request.body):  # type: ignore[arg-type]
                return page("the form")
            assert isinstance(given, Response)
            return given

        return redirecting

    return change


def scripted(at: str, change: Change, *, once: bool) -> dict[str, Any]:
    """The script in which one kind of request meets the change."""
    answers = good("Synchronous" if at == "execute" else "Asynchronous")[at]
    listed = answers if isinstance(answers, list) else [answers]
    return {at: [change(listed[0]), *listed] if once else [change(each) for each in listed]}


DIRECTORY = page(
    "tool (Tools)",
    '<link href="/arcgis/rest/static/main.css" rel="stylesheet"/>'
    '<div class="breadcrumbs">Home &gt; services</div>'
    "<h2>ArcGIS REST Services Directory</h2>",
)
LOG_IN = page("Sign In", '<form action="/login"><input type="password" name="password"></form>')
ONE_ERROR = {"code": 400, "message": "Unable to complete operation.", "details": []}
DATE = "Thu, 26 Nov 2026 10:00:00 GMT"
SOON = "Thu, 26 Nov 2026 10:00:02 GMT"

# name: (change, on a read: once, on a read: for ever, on a run: once, on a run: for ever); "" is not asked
ROWS: dict[str, tuple[Change, str, str, str, str]] = {
    # transport
    "connection-refused": (always(cut(sent=False)), "retry", "transport", "retry", "transport"),
    "connection-silent": (always(cut()), "retry", "transport", "transport", "transport"),
    # http
    "status-500-html": (always(page("Oops", status=500)), "retry", "http", "http", "http"),
    "status-502-html": (always(page("Bad Gateway", status=502)), "retry", "http", "http", "http"),
    "status-504-html": (always(page("Timeout", status=504)), "retry", "http", "http", "http"),
    "status-503-retry-after": (
        always(page("Busy", status=503, retry_after="1")),
        "retry",
        "http",
        "retry",
        "http",
    ),
    "status-503-retry-after-date": (
        always(page("Busy", status=503, retry_after=SOON, date=DATE)),
        "retry",
        "http",
        "retry",
        "http",
    ),
    "status-429-retry-after": (
        always(page("Slower", status=429, retry_after="1")),
        "retry",
        "http",
        "retry",
        "http",
    ),
    "retry-after-one-day": (
        always(page("Down", status=503, retry_after="86400")),
        "http",
        "http",
        "http",
        "http",
    ),
    "status-401-challenge": (
        always(page("401", status=401, www_authenticate="Negotiate")),
        "auth",
        "auth",
        "auth",
        "auth",
    ),
    "status-403-html": (always(page("Forbidden", status=403)), "auth", "auth", "auth", "auth"),
    "status-404-html": (always(page("Not Found", status=404)), "http", "http", "http", "http"),
    "status-405-html": (always(page("Not Allowed", status=405)), "http", "http", "http", "http"),
    "status-413-html": (always(page("Too Large", status=413)), "http", "http", "http", "http"),
    "status-204-empty": (always(answer(b"", 204)), "retry", "protocol", "protocol", "protocol"),
    "status-304-unasked": (always(answer(b"", 304)), "retry", "protocol", "protocol", "protocol"),
    "good-body-with-500": (lambda given: answer(given.content, 500), "", "http", "http", "http"),  # type: ignore[union-attr]
    "redirect-get": (moved(302, "http://gis.example.com:6080{}"), "ok", "ok", "", ""),
    "redirect-307": (moved(307, "http://gis.example.com:6080{}"), "ok", "ok", "ok", "ok"),
    "redirect-308": (moved(308, "https://gis.example.com{}"), "ok", "ok", "ok", "ok"),
    "redirect-301-post": (moved(301, "http://gis.example.com:6080{}"), "ok", "ok", "ok", "ok"),
    "redirect-302-post": (moved(302, "https://gis.example.com{}"), "ok", "ok", "ok", "ok"),
    "redirect-to-login": (
        always(answer(b"", 302, location="/arcgis/rest/login?redirect=x")),
        "auth",
        "auth",
        "auth",
        "auth",
    ),
    "redirect-to-login-host": (
        always(answer(b"", 302, location="https://idp.example.org/oauth2/authorize")),
        "auth",
        "auth",
        "auth",
        "auth",
    ),
    "redirect-to-other-host": (moved(302, "http://elsewhere.example.org{}"), "http", "http", "http", "http"),
    "redirect-loop": (
        always(lambda request: answer(b"", 302, location=request.url)),
        "http",
        "http",
        "http",
        "http",
    ),
    "content-type-html": (rebuilt(bytes, content_type="text/html"), *["ok"] * 4),
    "content-type-missing": (rebuilt(bytes, content_type=""), *["ok"] * 4),
    "content-type-text-plain": (rebuilt(bytes, content_type="text/plain"), *["ok"] * 4),
    "content-type-twice": (
        lambda given: Response(  # type: ignore[misc]
            200,
            [("Content-Type", "text/html"), ("Content-Type", "application/json")],
            given.content,  # type: ignore[union-attr]
        ),
        *["ok"] * 4,
    ),
    "charset-latin1": (
        rebuilt(
            lambda body: json.dumps({**json.loads(body), "note": "Zürich"}, ensure_ascii=False).encode(
                "latin-1"
            ),
            content_type="application/json; charset=ISO-8859-1",
        ),
        *["ok"] * 4,
    ),
    "error-with-its-own-status": (
        always(answer({"error": ONE_ERROR}, 400)),
        "server",
        "server",
        "server",
        "server",
    ),
    "error-500-with-its-own-status": (
        always(answer({"error": {"code": 500, "message": "Error", "details": []}}, 500)),
        "server",
        "server",
        "server",
        "server",
    ),
    "error-498-with-its-own-status": (
        always(answer({"error": {"code": 498, "message": "Invalid Token", "details": []}}, 498)),
        "auth",
        "auth",
        "auth",
        "auth",
    ),
    # format
    "html-login-page-200": (always(LOG_IN), "auth", "auth", "auth", "auth"),
    "html-maintenance-page-200": (always(page("Maintenance")), "retry", "http", "http", "http"),
    "html-error-page-200": (
        always(page("Error: Unable to process request")),
        "retry",
        "http",
        "http",
        "http",
    ),
    "html-labelled-json": (
        always(answer("<html><head><title>Down</title></head></html>")),
        "protocol",
        "protocol",
        "protocol",
        "protocol",
    ),
    "f-ignored": (always(DIRECTORY), "protocol", "protocol", "protocol", "protocol"),
    "jsonp-unasked": (rebuilt(lambda body: b"cb(" + body + b");"), *["ok"] * 4),
    "json-bom": (rebuilt(lambda body: b"\xef\xbb\xbf" + body), *["ok"] * 4),
    "json-utf16": (rebuilt(lambda body: body.decode().encode("utf-16")), *["ok"] * 4),
    "body-empty": (always(answer(b"")), "retry", "protocol", "protocol", "protocol"),
    "body-blank": (always(answer(b"\r\n")), "retry", "protocol", "protocol", "protocol"),
    "body-null": (always(answer(b"null")), "protocol", "protocol", "protocol", "protocol"),
    "body-array": (always(answer(b'[{"a": 1}]')), "protocol", "protocol", "protocol", "protocol"),
    "body-string": (
        rebuilt(lambda body: json.dumps(body.decode()).encode()),
        "protocol",
        "protocol",
        "protocol",
        "protocol",
    ),
    "body-number": (always(answer(b"0")), "protocol", "protocol", "protocol", "protocol"),
    "json-truncated": (rebuilt(lambda body: body[: len(body) // 2]), "retry", *["protocol"] * 3),
    "json-trailing-garbage": (rebuilt(lambda body: body + b"<!-- node 2 -->"), *["protocol"] * 4),
    "json-twice": (rebuilt(lambda body: body + body), *["protocol"] * 4),
    "json-single-quotes": (rebuilt(lambda body: body.replace(b'"', b"'")), *["protocol"] * 4),
    "json-comments": (rebuilt(lambda body: b"/* node 2 */" + body), *["protocol"] * 4),
    "json-nan": (rebuilt(lambda body: body[:-1] + b', "x": NaN}'), *["protocol"] * 4),
    "json-infinity": (rebuilt(lambda body: body[:-1] + b', "x": -Infinity}'), *["protocol"] * 4),
    "json-duplicate-keys": (rebuilt(lambda body: body[:-1] + b', "x": 1, "x": 2}'), *["protocol"] * 4),
    "json-invalid-utf8": (rebuilt(lambda body: body[:-1] + b', "x": "caf\xe9"}'), *["ok"] * 4),
    "json-lone-surrogate": (rebuilt(lambda body: body[:-1] + b', "x": "\\ud800"}'), *["ok"] * 4),
    "json-control-character": (rebuilt(lambda body: body[:-1] + b', "x": "a\x07b\nc"}'), *["ok"] * 4),
    "json-deep": (
        rebuilt(lambda body: body[:-1] + b', "x": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"),
        *["protocol"] * 4,
    ),
    "json-huge-number": (rebuilt(lambda body: body[:-1] + b', "x": 1e400}'), *["protocol"] * 4),
    "json-unknown-members": (edited(lambda given: {"new": [1], **given}), *["ok"] * 4),
    "json-other-order": (edited(lambda given: dict(reversed(given.items()))), *["ok"] * 4),
    "json-pretty": (rebuilt(lambda body: json.dumps(json.loads(body), indent=1).encode()), *["ok"] * 4),
    "json-escapes": (rebuilt(lambda body: body.replace(b"/", b"\\/")), *["ok"] * 4),
    "json-number-forms": (
        rebuilt(lambda body: body[:-1] + b', "x": [1.0, -1.2E7, 0.12345678901234567]}'),
        *["ok"] * 4,
    ),
    "json-leading-blanks": (rebuilt(lambda body: b"\r\n\r\n" + body), *["ok"] * 4),
    "json-large": (rebuilt(lambda body: body[:-1] + b', "x": "' + b"x" * 5_000_000 + b'"}'), *["ok"] * 4),
    # envelope
    "error-in-200": (always(answer({"error": ONE_ERROR})), *["server"] * 4),
    "error-details-null": (always(answer({"error": {**ONE_ERROR, "details": None}})), *["server"] * 4),
    "error-details-missing": (always(answer({"error": {"code": 400, "message": "No."}})), *["server"] * 4),
    "error-extra-members": (
        always(refused(400, messageCode="GP_0001", subcode=7)),
        *["server"] * 4,
    ),
    "error-localised": (always(refused(400, "Vorgang nicht möglich. 处理")), *["server"] * 4),
    "error-message-variants": (always(refused(400, "Unable to complete  operation ")), *["server"] * 4),
    "error-as-string": (
        always(answer({"error": "invalid_request", "error_description": "No such thing."})),
        *["server"] * 4,
    ),
    "error-admin-style": (
        always(answer({"status": "error", "messages": ["No such thing."], "code": 404})),
        *["server"] * 4,
    ),
    "error-status-failed": (always(answer({"status": "failed", "statusMessage": "No."})), *["server"] * 4),
    "error-flat": (
        always(answer({"code": 400, "message": "No such thing.", "status": "failure"})),
        *["server"] * 4,
    ),
    "error-details-string": (always(answer({"error": {**ONE_ERROR, "details": "No."}})), *["server"] * 4),
    "error-details-objects": (always(answer({"error": {**ONE_ERROR, "details": [{}]}})), *["server"] * 4),
    "error-code-string": (always(answer({"error": {**ONE_ERROR, "code": "400"}})), *["server"] * 4),
    "error-code-missing": (always(answer({"error": {"message": "No.", "details": []}})), *["server"] * 4),
    "error-code-odd": (always(refused(-2147467259)), *["server"] * 4),
    "error-code-201": (always(refused(201)), *["server"] * 4),
    "error-code-0": (always(refused(0)), *["server"] * 4),
    "error-message-missing": (always(answer({"error": {"code": 400}})), *["server"] * 4),
    "error-empty-object": (always(answer({"error": {}})), *["server"] * 4),
    "error-beside-status": (edited(lambda given: {**given, "error": ONE_ERROR}), *["server"] * 4),
    "error-null": (edited(lambda given: {**given, "error": None}), *["ok"] * 4),
    "error-transient-in-200": (
        always(error(500, "Error performing execute operation")),
        "retry",
        "server",
        "server",
        "server",
    ),
    "server-busy": (
        always(error(500, "Wait time of the request has expired.")),
        "",
        "server",
        "server",
        "server",
    ),
    "word-error-in-good-answer": (
        edited(lambda given: {**given, "note": 'the word "error": {"code": 400}'}),
        *["ok"] * 4,
    ),
    # token, of a client that has no password
    "token-required": (always(error(499, "Token Required")), *["auth"] * 4),
    "token-invalid": (always(error(498, "Invalid Token")), *["auth"] * 4),
    "permission-lost": (
        always(error(403, "You do not have permissions")),
        *["auth"] * 4,
    ),
}

CASES = [
    pytest.param(change, at, once, word, id=f"{name}-{at}-{'once' if once else 'for-ever'}")
    for name, (change, *words) in ROWS.items()
    for ats, (of_once, of_ever) in ((READS, words[:2]), (RUNS, words[2:]))
    for at in ats
    for once, word in ((True, of_once), (False, of_ever))
    if word and not (name == "body-array" and at == "result")
]


@every_case(("change", "at", "once", "word"), CASES)
def test_the_outcome_is(change: Change, at: str, once: bool, word: str) -> None:
    execution = "Synchronous" if at == "execute" else "Asynchronous"
    acted_on = 0 if at == "task" and word not in ("ok", "retry") else 1
    outcome = converse(scripted(at, change, once=once), execution=execution, acted_on=acted_on)
    if once and word == "server" and at in ("job", "result"):
        assert outcome.word in ("ok", "server")  # which may be too early a look, and is repeated
        return
    assert outcome.word == ("ok" if word == "retry" else word), outcome.raised
    if outcome.word == "ok":
        assert outcome.value["Out"] == "done"
    if word == "retry":
        assert outcome.retried
    if outcome.raised is not None and at in ("job", "result"):
        assert outcome.raised.job is not None
        assert (outcome.raised.job.id, outcome.raised.job.url) == (JOB_ID, JOB)


def test_a_lost_answer_to_a_submission_says_so() -> None:
    outcome = converse({"submit": cut()})
    assert isinstance(outcome.raised, SubmissionUnknown)
    assert outcome.server.paths()[-1].endswith("/submitJob")


@pytest.mark.parametrize("at", RUNS)
def test_retry_after_is_waited_for(at: str) -> None:
    outcome = converse(
        scripted(at, always(page("Busy", status=503, retry_after="7")), once=True),
        execution="Synchronous" if at == "execute" else "Asynchronous",
    )
    (retrying,) = (event for event in outcome.events if isinstance(event, Retrying))
    assert 7 <= retrying.seconds < 8
    assert outcome.word == "ok"


@pytest.mark.parametrize("at", RUNS)
def test_a_redirected_run_keeps_its_method_and_its_form(at: str) -> None:
    script = scripted(at, asking_for("POST"), once=False)
    outcome = converse(script, execution="Synchronous" if at == "execute" else "Asynchronous")
    assert outcome.word == "ok"


def test_a_submission_may_be_redirected_to_its_job() -> None:
    outcome = converse(
        {"submit": answer(b"", 302, location=f"{JOB}?f=json", content_type="text/html")}, acted_on=1
    )
    assert outcome.word == "ok"
    assert outcome.server.count("/submitJob") == 1


def test_https_is_not_left() -> None:
    secure = ROOT.replace("http:", "https:")

    def downgrade(request: Request) -> Response:
        assert request.url.startswith(secure)
        return answer(b"", 302, location=request.url.replace("https:", "http:"))

    outcome = converse(
        {"task": downgrade}, call=lambda client: client.task("Tools/tool").run(), root=secure, acted_on=0
    )
    assert outcome.word == "http"
    assert len(outcome.server.asked) == 1


# Tokens: a service that gives answers to those who bring the token, and what it does to that.


def secured(given: Answer | list[Answer], says: Answer | None = None) -> Any:
    """The same for those who have the token; others are refused."""

    def guarded(each: Answer) -> Answer:
        def answering(request: Request) -> Response:
            said = f"{request.url} {dict(request.headers)} {request.body!r}"
            found = each if SECRET in said else says or error(499, "Token Required")
            if callable(found) and not isinstance(found, Response | Exception):
                found = found(request)
            assert isinstance(found, Response)
            return found

        return answering

    return [guarded(each) for each in given] if isinstance(given, list) else guarded(given)


def all_secured(says: Answer | None = None, **changes: Any) -> dict[str, Any]:
    kinds = ("service", "task", "submit", "job", "cancel", "result")
    return {**{kind: secured(good()[kind], says) for kind in kinds}, **changes}


def until_a_new_token(at: str, says: Answer) -> dict[str, Any]:
    """From this kind of request on, the first token is refused."""
    fresh = {"n": 0}

    def token(request: Request) -> Response:
        fresh["n"] += 1
        return answer({"token": f"{SECRET}{fresh['n']}", "expires": 4102444800000})

    def newest(given: Answer, needs: int) -> Answer:
        def answering(request: Request) -> Response:
            said = f"{request.url} {dict(request.headers)} {request.body!r}"
            if not any(f"{SECRET}{n}" in said for n in range(needs, 9)):
                assert isinstance(says, Response)
                return says
            assert isinstance(given, Response)
            return given

        return answering

    script: dict[str, Any] = {"token": token}
    for kind in ("service", "task", "submit", "job", "cancel", "result"):
        given = good()[kind]
        needs = 2 if kind == at or (at == "job" and kind == "result") else 1
        script[kind] = [newest(each, needs) for each in (given if isinstance(given, list) else [given])]
    return script


def token_of(request: Request) -> str:
    return (request.body if isinstance(request.body, bytes) else b"").decode()


def refusing_get(request: Request) -> Response:
    if request.method != "POST" or "password" in request.url:
        return page(status=405)
    return answer({"token": SECRET, "expires": 4102444800000})


def needing_client(request: Request) -> Response:
    if "client=" not in token_of(request):
        return refused(201, "Exception in generating token")
    return answer({"token": SECRET, "expires": 4102444800000})


def bound_to_referer() -> dict[str, Any]:
    bound: list[str] = []

    def token(request: Request) -> Response:
        from urllib.parse import parse_qs

        bound.append(parse_qs(token_of(request))["referer"][0])
        return answer({"token": SECRET, "expires": 4102444800000})

    def only_with_it(given: Answer) -> Answer:
        def answering(request: Request) -> Response:
            sent = {name.lower(): each for name, each in request.headers.items()}.get("referer")
            if bound and sent != bound[0]:
                return error(498, "Invalid Token")
            assert isinstance(given, Response)
            return given

        return answering

    script = all_secured(token=token)
    script["result"] = secured(only_with_it(value_answer()))
    return script


def value_answer() -> Response:
    return answer(value())


INVALID = error(498, "Invalid Token")
ADMIN_STYLE = answer({"status": "error", "messages": ["Token Expired."], "code": 498})
TELLTALE = {"type": "esriJobMessageTypeError", "description": f"see {JOB}?token={SECRET}"}
TOKEN_ROWS: dict[str, tuple[dict[str, Any], str]] = {
    "token-required": (all_secured(), "ok"),
    "token-invalid": (all_secured(INVALID), "ok"),
    "token-expires-mid-job": (until_a_new_token("job", INVALID), "ok"),
    "token-expires-before-results": (until_a_new_token("result", INVALID), "ok"),
    "token-expires-at-submit": (until_a_new_token("submit", INVALID), "ok"),
    "token-expired-admin-style": (until_a_new_token("job", ADMIN_STYLE), "ok"),
    "token-refused-again": (all_secured(job=INVALID), "auth"),
    "permission-lost-mid-job": (all_secured(result=error(403, "You do not have permissions")), "auth"),
    "token-bound-to-referer": (bound_to_referer(), "ok"),
    "token-page-html": (all_secured(token=page("Generate Token")), "auth"),
    "token-page-error": (all_secured(token=refused(400, "Unable to generate token.")), "auth"),
    "token-get-refused": (all_secured(token=refusing_get), "ok"),
    "token-client-required": (all_secured(token=needing_client), "ok"),
    "token-expires-in-seconds": (all_secured(token=answer({"token": SECRET, "expires": 4102444800})), "ok"),
    "token-expires-missing": (all_secured(token=answer({"token": SECRET})), "ok"),
    "token-expires-text": (
        all_secured(token=answer({"token": SECRET, "expires": "Thu Nov 26 10:00:00 2026"})),
        "ok",
    ),
    "token-already-expired": (all_secured(token=answer({"token": SECRET, "expires": 1000})), "ok"),
    "token-shorter-than-asked": (all_secured(token=answer({"token": SECRET, "expires": 1_060_000})), "ok"),
    "token-odd-characters": (
        all_secured(token=answer({"token": f"a+/=..{SECRET}", "expires": 4102444800000})),
        "ok",
    ),
    "token-in-message": (all_secured(job=secured([answer(job(messages=[TELLTALE]))])), "ok"),
}


@every_case(("script", "word"), TOKEN_ROWS.values(), ids=TOKEN_ROWS)
def test_the_outcome_of_a_client_with_a_password_is(script: dict[str, Any], word: str) -> None:
    outcome = converse(script, user="ann", password=PASSWORD)
    assert outcome.word == word, outcome.raised
    assert outcome.server.count("/generateToken") <= 2
    if word == "ok":
        assert outcome.value["Out"] == "done"
        assert outcome.server.count("/submitJob") <= 2


@pytest.mark.parametrize(("trusted", "word"), [(("portal.example.org",), "ok"), ((), "auth")])
def test_a_token_service_elsewhere_needs_trust(trusted: tuple[str, ...], word: str) -> None:
    portal = "https://portal.example.org/portal/sharing/rest/generateToken"
    script = all_secured(
        info=answer({"authInfo": {"isTokenBasedSecurity": True, "tokenServicesUrl": portal}}),
        **{portal: answer({"token": SECRET, "expires": 4102444800000, "ssl": True})},
    )
    outcome = converse(script, user="ann", password=PASSWORD, trusted_hosts=trusted)
    assert outcome.word == word, outcome.raised
    assert bool(outcome.server.count("/sharing/rest/generateToken")) == bool(trusted)


def test_https_that_is_required_is_named() -> None:
    outcome = converse({"task": refused(403, "SSL Required", subcode=4)}, acted_on=0)
    assert outcome.word == "auth"
    assert "https" in str(outcome.raised)
