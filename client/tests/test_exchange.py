"""One request and its answer: how it is asked, when it is asked again, and what is raised in the end."""

from __future__ import annotations

import contextlib
import gc
import json
import weakref
from collections.abc import Callable
from typing import Any

import pytest
from gp_client.clocks import SharedClock
from gp_client.drivers import run
from gp_client.errors import (
    AuthError,
    DeadlineExceeded,
    GPError,
    HTTPError,
    InvalidInput,
    JobAddress,
    ProtocolViolation,
    ServerError,
    SubmissionUnknown,
    TransportError,
)
from gp_client.reading.answers import read_answer
from gp_client.sessions import Deadline, Retries, Session
from gp_client.steps import Event, Retrying
from gp_client.wire.exchange import ask, fetch
from gp_client.wire.http_messages import Body, Request, Response
from gp_client.wire.tokens import TokenKeeper
from hypothesis import given, settings
from hypothesis import strategies as st
from scripted import Answer, Scripted, answer, cut, error

from every_case import every_case

ROOT = "http://gis.example.com/arcgis"
TASK = f"{ROOT}/rest/services/World/GPServer/viewshed"
GOOD = {"jobId": "j1"}
JOB = JobAddress("j1", f"{TASK}/jobs/j1")


def page(status: int = 200, **headers: str) -> Response:
    return answer("<html><body>Down</body></html>", status, content_type="text/html", **headers)


class Asked:
    """What came of one request: its value, the steps that were told, the seconds that were waited."""

    def __init__(
        self, client: Session, server: Scripted, *, safe: bool, seconds: float | None = 600, **more: Any
    ):
        self.told: list[Event] = []
        start = client.clock.now()
        flow = ask(
            client, f"{TASK}/x", safe=safe, deadline=Deadline.after(client.clock, seconds), job=JOB, **more
        )
        try:
            self.value: Any = run(flow, server, client.clock, self.told.append)
        except GPError as raised:
            self.value = raised
        self.waited = client.clock.now() - start
        self.count = len(server.asked)


def test_a_short_read_is_a_get_and_a_long_one_a_post(session: Callable[..., Session]) -> None:
    for size, method in ((10, "GET"), (3000, "POST")):
        server = Scripted({"x": answer(GOOD)})
        asked = Asked(session(ROOT), server, safe=True, parameters={"a": "ü &" + "b" * size})
        assert asked.value == GOOD
        assert server.asked[0].method == method
        assert server.parameters() == {"a": "ü &" + "b" * size, "f": "json"} or method == "GET"
        assert ("?" in server.asked[0].url) is (method == "GET")


def test_a_run_is_a_post_of_a_form(session: Callable[..., Session]) -> None:
    server = Scripted({"x": answer(GOOD)})
    Asked(session(ROOT), server, safe=False, parameters={"Distance": '{"distance":5}'})
    assert server.asked[0] == Request(
        "POST",
        f"{TASK}/x",
        {"Content-Type": "application/x-www-form-urlencoded"},
        b"Distance=%7B%22distance%22%3A5%7D&f=json",
        60.0,
    )


@every_case(
    ("url", "parameters", "sent"),
    [
        ("x?a=1", {}, "x?a=1&f=json"),
        ("x?f=pjson", {}, "x?f=pjson"),
        ("x#top", {}, "x?f=json"),
        ("x", {"f": "html"}, "x?f=json"),
    ],
)
def test_the_format_is_added_once(
    session: Callable[..., Session], url: str, parameters: dict[str, str], sent: str
) -> None:
    client, server = session(ROOT), Scripted({"x": answer(GOOD)})
    flow = ask(client, f"{ROOT}/{url}", parameters, safe=True, deadline=Deadline.after(client.clock, 9))
    run(flow, server, client.clock)
    assert server.asked[0].url == f"{ROOT}/{sent}"


def test_half_a_character_is_refused_before_anything_is_sent(session: Callable[..., Session]) -> None:
    server = Scripted({})
    asked = Asked(session(ROOT), server, safe=False, parameters={"a": "\ud800"})
    assert isinstance(asked.value, InvalidInput)
    assert server.asked == []


def test_a_list_is_an_answer_only_where_it_is_legal(session: Callable[..., Session]) -> None:
    server = Scripted({"x": answer([1])})
    assert Asked(session(ROOT), server, safe=True, list_allowed=True).value == [1]
    assert isinstance(Asked(session(ROOT), server, safe=True).value, ProtocolViolation)


def test_a_request_has_the_time_that_is_left(session: Callable[..., Session]) -> None:
    for seconds, timeout in ((600, 20.0), (5, 5.0), (None, 20.0)):
        server = Scripted({"x": answer(GOOD)})
        Asked(session(ROOT, timeout=20.0), server, safe=True, seconds=seconds)
        assert server.asked[0].timeout == timeout


TRANSIENT = {
    "cut": cut(),
    "unreachable": cut(sent=False),
    "500": page(500),
    "502": page(502),
    "503": page(503),
    "503-retry-after": page(503, retry_after="1"),
    "504": page(504),
    "429": page(429, retry_after="1"),
    "maintenance": page(),
    "empty": answer(b""),
    "blank": answer(b"\r\n"),
    "truncated": answer(b'{"jobId": "j'),
    "transient": error(500, "Error performing query operation"),
}
LASTING = {
    "404": page(404),
    "413": page(413),
    "server": error(400, "Unable to complete operation."),
    "busy": error(500, "Wait time of the request to the service has expired"),
    "denied": error(403),
    "null": answer(None),
    "garbage": answer(b'{"a": 1}<!-- node 2 -->'),
    "one day": page(503, retry_after="86400"),
}


@every_case("name", TRANSIENT)
def test_a_read_is_repeated_where_another_try_may_do_better(
    session: Callable[..., Session], name: str
) -> None:
    once = Asked(session(ROOT), Scripted({"x": [TRANSIENT[name], answer(GOOD)]}), safe=True)
    assert (once.value, once.count) == (GOOD, 2)
    assert [type(event) for event in once.told] == [Retrying]
    assert once.told[0].url == f"{TASK}/x"  # type: ignore[union-attr]
    for_ever = Asked(session(ROOT), Scripted({"x": TRANSIENT[name]}), safe=True)
    assert isinstance(for_ever.value, TransportError | HTTPError | ProtocolViolation | ServerError)
    assert for_ever.count == 4
    assert 0.5 < for_ever.waited < 8
    assert (for_ever.value.job, for_ever.value.url) == (JOB, f"{TASK}/x")


@every_case("name", LASTING)
@every_case("safe", [True, False])
def test_what_would_be_the_same_again_is_not_repeated(
    session: Callable[..., Session], name: str, safe: bool
) -> None:
    asked = Asked(session(ROOT), Scripted({"x": LASTING[name]}), safe=safe)
    assert isinstance(asked.value, GPError)
    assert (asked.count, asked.waited) == (1, 0)


@every_case("name", TRANSIENT)
def test_a_run_is_repeated_only_where_nothing_was_done(session: Callable[..., Session], name: str) -> None:
    asked = Asked(session(ROOT), Scripted({"x": [TRANSIENT[name], answer(GOOD)]}), safe=False)
    if name in ("unreachable", "503-retry-after", "429"):
        assert (asked.value, asked.count) == (GOOD, 2)
    else:
        assert isinstance(asked.value, GPError)
        assert (asked.count, asked.waited) == (1, 0)


def test_a_run_without_an_answer_may_have_happened_and_says_so(session: Callable[..., Session]) -> None:
    asked = Asked(session(ROOT), Scripted({"x": cut()}), safe=False)
    assert type(asked.value) is SubmissionUnknown
    assert "the connection was reset" in asked.value.text
    assert asked.value.sent
    unreachable = Asked(session(ROOT), Scripted({"x": cut(sent=False)}), safe=False)
    assert type(unreachable.value) is TransportError
    assert unreachable.count == 4


@pytest.mark.parametrize("safe", [True, False])
def test_retry_after_is_waited_for(session: Callable[..., Session], safe: bool) -> None:
    date = "Thu, 01 Jan 1970 00:00:07 GMT"
    for told, waited in (("7", 7), ("7.5", 7.5), (date, 7), ("0", 0.1)):
        server = Scripted({"x": [page(503, retry_after=told), answer(GOOD)]})
        asked = Asked(session(ROOT), server, safe=safe)
        assert asked.value == GOOD
        assert waited <= asked.waited <= waited + 1


def test_a_wait_that_would_outlast_the_deadline_is_not_begun(session: Callable[..., Session]) -> None:
    asked = Asked(session(ROOT), Scripted({"x": page(503, retry_after="30")}), safe=True, seconds=20)
    assert isinstance(asked.value, HTTPError)
    assert (asked.value.retry_after, asked.count, asked.waited) == (30, 1, 0)


def test_attempts_and_waits_are_as_set(session: Callable[..., Session]) -> None:
    retries = Retries(attempts=3, first_wait=10, longest_wait=12, longest_retry_after=5)
    asked = Asked(session(ROOT, retries=retries), Scripted({"x": page(502)}), safe=True)
    assert asked.count == 3
    assert 15 < asked.waited <= 22
    asked = Asked(session(ROOT, retries=retries), Scripted({"x": page(503, retry_after="6")}), safe=True)
    assert asked.count == 1
    asked = Asked(session(ROOT, retries=Retries(attempts=1)), Scripted({"x": cut()}), safe=True)
    assert asked.count == 1


def test_a_deadline_that_is_over_is_the_error(session: Callable[..., Session]) -> None:
    asked = Asked(session(ROOT), Scripted({}), safe=True, seconds=0)
    assert isinstance(asked.value, DeadlineExceeded)
    assert (asked.count, asked.value.job) == (0, JOB)
    client = session(ROOT)

    def slow(request: Request) -> Exception:
        client.clock.sleep(request.timeout)
        return cut()

    asked = Asked(client, Scripted({"x": slow}), safe=True, seconds=5)
    assert isinstance(asked.value, DeadlineExceeded)
    assert (asked.count, asked.waited) == (1, 5)
    asked = Asked(client, Scripted({"x": slow}), safe=False, seconds=5)
    assert isinstance(asked.value, SubmissionUnknown)


def test_patience_is_for_what_is_not_there_yet(session: Callable[..., Session]) -> None:
    late: list[Answer] = [error(400, "Job not found"), error(404), answer(GOOD)]
    asked = Asked(session(ROOT), Scripted({"x": late}), safe=True, patience=3)
    assert (asked.value, asked.waited) == (GOOD, 1.5)
    asked = Asked(session(ROOT), Scripted({"x": error(404)}), safe=True, patience=3)
    assert isinstance(asked.value, ServerError)
    assert (asked.count, asked.waited) == (4, 3.5)
    for other in (error(500), page(404)):
        assert Asked(session(ROOT), Scripted({"x": other}), safe=True, patience=3).count == 1
    assert Asked(session(ROOT), Scripted({"x": error(404)}), safe=False, patience=3).count == 1


def test_an_interruption_goes_through(session: Callable[..., Session]) -> None:
    client = session(ROOT)
    flow = ask(client, TASK, safe=True, deadline=Deadline.after(client.clock, 9))
    next(flow)
    with pytest.raises(KeyboardInterrupt):
        flow.throw(KeyboardInterrupt())


def test_a_failure_that_is_over_leaves_nothing_behind(session: Callable[..., Session]) -> None:
    class Watched(Response, weakref=True):
        pass

    client = session(ROOT)
    flow = ask(client, TASK, safe=True, deadline=Deadline.after(client.clock, 9))
    next(flow)
    answers = [Watched(404, [("content-type", "text/html")], b"<html>")]
    watched = weakref.ref(answers[0])
    gc.disable()
    try:
        with contextlib.suppress(HTTPError):
            flow.send(answers.pop())
        assert watched() is None, "an answer of 200 MB waits for the collector of cycles"
    finally:
        gc.enable()


def test_a_fetch_is_what_its_reader_makes_of_the_answer(session: Callable[..., Session]) -> None:
    client = session(ROOT, timeout=10.0)

    def fetched(request: Request, read: Callable[[Response], Any]) -> Any:
        server = Scripted({"file": [page(502), answer(b"zip")]})
        flow = fetch(client, request, safe=True, deadline=Deadline.after(client.clock, 300), read=read)
        return run(flow, server, client.clock), server.asked[-1]

    def read(response: Response) -> bytes:
        if response.status != 200:
            raise HTTPError("no file", status=response.status)
        assert response.url == f"{ROOT}/file"
        return response.content

    url = f"{ROOT}/file?x=1"
    value, sent = fetched(Request("GET", url, {"Range": "bytes=5-"}), read)
    assert (value, sent.method, sent.url, sent.headers) == (b"zip", "GET", url, {"Range": "bytes=5-"})
    assert sent.timeout == 10
    body = Body(3, lambda: iter([b"abc"]))
    assert fetched(Request("POST", url, {}, body, 120.0), read)[1].timeout == 120
    assert fetched(Request("POST", url, {}, body, 900.0), read)[1].timeout <= 300


_TEXTS = st.text(max_size=20)
_HEADERS = st.lists(
    st.tuples(st.sampled_from(["Location", "content-type", "Retry-After", "Date", "X"]), _TEXTS), max_size=4
)
_BODIES = st.binary(max_size=60) | st.builds(
    lambda value: json.dumps(value).encode(),
    st.dictionaries(
        st.sampled_from(["error", "code", "message", "details", "status", "messages", "token", "jobId"]),
        st.none()
        | st.integers()
        | _TEXTS
        | st.lists(_TEXTS, max_size=2)
        | st.dictionaries(
            st.sampled_from(["code", "message", "details"]), st.integers() | _TEXTS | st.none()
        ),
    ),
)
_ANSWERS = st.builds(
    Response, st.integers(100, 599) | st.sampled_from([200, 302, 307, 401, 503]), _HEADERS, _BODIES
)


@settings(max_examples=2 * settings.default.max_examples)
@given(st.lists(_ANSWERS, min_size=1, max_size=12), st.booleans(), st.sampled_from(["", "token", "user"]))
def test_whatever_is_answered_ends_as_a_value_or_as_one_of_our_errors(
    answers: list[Response], safe: bool, has: str
) -> None:
    tokens = {
        "": TokenKeeper(),
        "token": TokenKeeper(token="s3cret-token"),
        "user": TokenKeeper(user="u", password="s3cret-password"),
    }[has]
    client = Session(ROOT, tokens=tokens, clock=SharedClock(), seed=1)
    server = Scripted({})
    sent: list[Response] = []
    server.send = _anything(server, answers, sent)  # type: ignore[method-assign]
    asked = Asked(client, server, safe=safe, patience=2)
    assert isinstance(asked.value, dict | GPError)
    if isinstance(asked.value, GPError):
        assert "s3cret" not in f"{asked.value}{asked.value.__dict__}"
    assert len(server.asked) <= 120
    assert all(
        request.url.startswith(("http://gis.example.com", "https://gis.example.com"))
        for request in server.asked
    )
    acted_on = [
        response for request, response in zip(server.asked, sent, strict=True) if _was_run(request, response)
    ]
    assert safe or len(acted_on) <= 1


def _was_run(request: Request, response: Response) -> bool:
    """Whether the server may have run what it answered so."""
    if request.method != "POST" or not request.url.endswith("/x"):
        return False
    if response.status in (301, 302, 303, 307, 308):
        return False
    if response.status in (429, 503) and response.header("Retry-After"):
        return False
    try:
        read_answer(Response(response.status, response.headers, response.content))
    except AuthError:
        return False
    except GPError:
        pass
    return True


def _anything(
    server: Scripted, answers: list[Response], sent: list[Response]
) -> Callable[[Request], Response]:
    def send(request: Request) -> Response:
        found = answers[len(server.asked) % len(answers)]
        server.asked.append(request)
        sent.append(found)
        return Response(found.status, found.headers, found.content, request.url)

    return send


NAMED = {
    "503": answer({"jobId": "j2"}, 503, retry_after="1"),
    "429": answer({"jobId": "j2", "jobStatus": "esriJobSubmitted"}, 429, retry_after="1"),
    "503 cut short": answer('{"jobStatus": "esriJobSubmitted", "jobId": "j2", "mess', 503, retry_after="1"),
    "503 page": answer("<html><pre>{&quot;jobId&quot;: &quot;j2&quot;}</pre></html>", 503, retry_after="0"),
    "401": answer({"jobId": "j2"}, 401, www_authenticate="Bearer"),
    "498": answer({"error": {"code": 498, "message": "Invalid token."}, "jobId": "j2"}),
    "499 by status": answer({"jobId": "j2"}, 499),
    "500": answer({"error": {"code": 500, "message": "x"}, "jobId": "j2"}),
    "log-in": answer({"jobId": "j2"}, 302, location="/arcgis/rest/login"),
}


@every_case("name", NAMED)
def test_a_run_whose_refusal_names_a_job_is_not_repeated(session: Callable[..., Session], name: str) -> None:
    server = Scripted({"submitJob": NAMED[name]})
    client = session(ROOT, tokens=TokenKeeper(user="tester", password="passw0rd"))
    deadline = Deadline.after(client.clock, 600)
    with pytest.raises((HTTPError, AuthError, ServerError)) as raised:
        run(ask(client, f"{TASK}/submitJob", safe=False, deadline=deadline), server, client.clock)
    assert len(server.asked) == 1
    assert raised.value.job == JobAddress("j2", f"{TASK}/jobs/j2")
    assert raised.value.kind == {"5": "http", "4": "auth", "l": "auth"}[name[0]] or name in ("429", "500")


@every_case(
    ("refusal", "times"),
    [
        (answer({"results": [{"paramName": "Out"}]}, 503, retry_after="1"), 1),
        (answer({"results": []}, 503, retry_after="1"), 2),
        (answer({"jobId": "../x"}, 503, retry_after="1"), 2),
        (answer({"jobId": None}, 503, retry_after="1"), 2),
        (answer("busy", 503, retry_after="1"), 2),
    ],
)
def test_a_run_whose_refusal_carries_results_is_not_repeated(
    session: Callable[..., Session], refusal: Response, times: int
) -> None:
    server = Scripted({"execute": [refusal, answer(GOOD)]})
    client = session(ROOT)
    deadline = Deadline.after(client.clock, 600)
    with contextlib.suppress(HTTPError):
        run(ask(client, f"{TASK}/execute", safe=False, deadline=deadline), server, client.clock)
    assert len(server.asked) == times


def test_a_cancel_that_is_refused_for_now_is_repeated_though_it_names_the_job(
    session: Callable[..., Session],
) -> None:
    server = Scripted({"cancel": [answer(GOOD, 503, retry_after="1"), answer(GOOD)]})
    client = session(ROOT)
    deadline = Deadline.after(client.clock, 600)
    flow = ask(client, f"{JOB.url}/cancel", safe=False, deadline=deadline, job=JOB)
    assert run(flow, server, client.clock) == GOOD


def test_an_error_that_is_raised_tells_no_more_than_its_own(session: Callable[..., Session]) -> None:
    server = Scripted({"x": error(499, "Token Required")})
    asked = Asked(session(ROOT, tokens=TokenKeeper(token="abc")), server, safe=False)
    assert isinstance(asked.value, AuthError)
    assert asked.value.__cause__ is None
    assert (asked.value.job, asked.value.code) == (JOB, 499)
