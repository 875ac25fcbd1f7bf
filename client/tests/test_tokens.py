"""Signing in, renewing, and keeping secrets."""

from __future__ import annotations

import pickle
import traceback
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
from gp_client.drivers import run
from gp_client.errors import (
    AuthError,
    DeadlineExceeded,
    GPError,
    HTTPError,
    InvalidInput,
    ProtocolViolation,
    TransportError,
)
from gp_client.reading.answers import read_answer
from gp_client.sessions import Deadline, Session
from gp_client.wire.exchange import ask, ask_unsigned, fetch
from gp_client.wire.http_messages import Request, Response
from gp_client.wire.tokens import TokenKeeper
from hypothesis import given, settings
from hypothesis import strategies as st
from scripted import Answer, Scripted, answer, cut, error

from every_case import every_case

ROOT = "https://gis.example.com/arcgis"
JOB = f"{ROOT}/rest/services/Secured/GPServer/viewshed/jobs/j1"
TOKENS = "tokens/generateToken"
INFO = answer({"authInfo": {"isTokenBasedSecurity": True, "tokenServicesUrl": f"{ROOT}/tokens/"}})
PASSWORD = "tester-passw0rd&%"


def keeper(**more: Any) -> TokenKeeper:
    return TokenKeeper(user="tester", password=PASSWORD, **more)


def guarded(*good: str, refusal: Answer | None = None) -> Callable[[Request], Response]:
    """Answers who brings one of the tokens, once for each time that it is named."""
    left = list(good)

    def answered(request: Request) -> Response:
        token = _token(request)
        if not token:
            return refusal if isinstance(refusal, Response) else error(499, "Token Required")
        if left and token == left[0]:
            left.pop(0)
            return answer({"jobId": "j1"})
        return error(498, "Invalid token.")

    return answered


def _token(request: Request) -> str:
    from urllib.parse import parse_qs, urlsplit

    body = request.body.decode() if isinstance(request.body, bytes) else ""
    found = parse_qs(urlsplit(request.url).query) | parse_qs(body)
    return found.get("token", [""])[0]


def asked(
    client: Session, server: Scripted, url: str = JOB, *, safe: bool = True, seconds: float = 600
) -> Any:
    deadline = Deadline.after(client.clock, seconds)
    return run(ask(client, url, {}, safe=safe, deadline=deadline), server, client.clock)


def outcome(client: Session, server: Scripted) -> Any:
    """The value, or the error."""
    try:
        return asked(client, server)
    except GPError as caught:
        return caught


def token_requests(server: Scripted) -> list[Request]:
    return [request for request in server.asked if "oken" in request.url]


@every_case("safe", [True, False])
@every_case(
    "refusal",
    [
        error(499, "Token Required"),
        error(498, "Invalid token."),
        answer({"status": "error", "messages": ["Token Required."], "code": 499}),
        answer("<html><title>401</title></html>", 401, content_type="text/html"),
        answer("", 302, location="/arcgis/rest/login"),
    ],
)
def test_it_signs_in_when_it_is_asked_to_and_not_before(
    session: Callable[..., Session], safe: bool, refusal: Response
) -> None:
    server = Scripted(
        {
            "j1": guarded("abc", refusal=refusal),
            "info": INFO,
            TOKENS: answer({"token": "abc", "expires": 9e12}),
        }
    )
    assert asked(session(ROOT, tokens=keeper()), server, safe=safe) == {"jobId": "j1"}
    assert [request.url.rpartition("/")[2] for request in server.asked] == [
        "j1?f=json" if safe else "j1",
        "info?f=json",
        "generateToken",
        "j1",
    ]
    sign_in = server.asked[2]
    assert sign_in.method == "POST"
    assert "?" not in sign_in.url
    assert server.parameters(2) == {
        "username": "tester",
        "password": PASSWORD,
        "client": "referer",
        "referer": ROOT,
        "expiration": "60",
        "f": "json",
    }
    assert server.parameters() == {"token": "abc", "f": "json"}
    assert {request.headers.get("Referer") for request in server.asked} == {ROOT}
    assert server.asked[-1].method == "POST", "a token in a query ends up in logs"


def test_an_open_server_is_never_asked_for_a_token(session: Callable[..., Session]) -> None:
    server = Scripted({"j1": answer({"jobId": "j1"})})
    asked(session(ROOT, tokens=keeper()), server)
    assert len(server.asked) == 1


def test_a_token_that_was_given_is_sent_from_the_start(session: Callable[..., Session]) -> None:
    server = Scripted({"j1": guarded("a+/=..b")})
    client = session(ROOT, tokens=TokenKeeper(token=" a+/=..b ", referer="http://me"))
    asked(client, server)
    assert len(server.asked) == 1
    assert server.asked[0].headers["Referer"] == "http://me"


def test_a_given_token_that_is_refused_is_not_repeated(session: Callable[..., Session]) -> None:
    server = Scripted({"j1": error(498, "Invalid token.")})
    with pytest.raises(AuthError, match="give a new one") as caught:
        asked(session(ROOT, tokens=TokenKeeper(token="abc")), server)
    assert caught.value.code == 498
    assert len(server.asked) == 1


def test_without_credentials_the_error_says_what_to_give(session: Callable[..., Session]) -> None:
    server = Scripted({"j1": error(499, "Token Required")})
    with pytest.raises(AuthError, match="user= and password=, or token=") as caught:
        asked(session(ROOT), server)
    assert (caught.value.code, caught.value.url) == (499, JOB)
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    "refusal",
    [error(498, "Invalid token."), answer({"status": "error", "messages": ["Token Expired."], "code": 498})],
)
def test_an_expired_token_is_renewed_once_and_the_same_request_repeated(
    session: Callable[..., Session], refusal: Response
) -> None:
    handed_out = [answer({"token": "a", "expires": 9e12}), answer({"token": "b", "expires": 9e12})]
    server = Scripted({"j1": guarded("a", "b"), "info": INFO, TOKENS: handed_out})
    client = session(ROOT, tokens=keeper())
    asked(client, server)
    asked(client, server, safe=False)
    assert len(token_requests(server)) == 2
    assert server.asked[-1].body == b"f=json&token=b"


def test_a_token_that_is_refused_again_is_an_error_after_two_token_requests(
    session: Callable[..., Session],
) -> None:
    handed_out = [answer({"token": f"t{number}", "expires": 9e12}) for number in range(9)]
    server = Scripted({"j1": guarded("t0"), "info": INFO, TOKENS: handed_out})
    client = session(ROOT, tokens=keeper())
    asked(client, server)
    for _ in range(3):  # the look, and whatever else the call tries
        with pytest.raises(AuthError):
            asked(client, server)
    assert len(token_requests(server)) == 2


def test_a_log_in_page_in_the_middle_of_a_job_is_signed_in_at_once(session: Callable[..., Session]) -> None:
    page = answer("<title>Sign in</title><input type=password>", content_type="text/html")
    handed_out = [answer({"token": each}) for each in ("a", "b")]
    looks = [error(499), answer({"look": 1}), page, answer({"look": 2})]
    server = Scripted({"j1": looks, "info": INFO, TOKENS: handed_out})
    client = session(ROOT, tokens=keeper())
    assert [asked(client, server), asked(client, server)] == [{"look": 1}, {"look": 2}]
    assert len(token_requests(server)) == 2


def test_who_may_not_is_not_signed_in_again(session: Callable[..., Session]) -> None:
    refused = error(403, "You do not have permissions to access this resource or perform this operation.")
    server = Scripted({"j1": refused, "info": INFO, TOKENS: answer({"token": "a", "expires": 9e12})})
    with pytest.raises(AuthError) as caught:
        asked(session(ROOT, tokens=keeper()), server)
    assert caught.value.code == 403
    assert len(token_requests(server)) == 1


def test_a_permission_that_is_lost_is_not_a_matter_of_tokens(session: Callable[..., Session]) -> None:
    looks = [error(499), answer({"jobId": "j1"}), error(403, "You do not have permissions")]
    server = Scripted({"j1": looks, "info": INFO, TOKENS: answer({"token": "abcd", "expires": 9e12})})
    client = session(ROOT, tokens=keeper())
    asked(client, server)
    with pytest.raises(AuthError) as caught:
        asked(client, server)
    assert caught.value.code == 403
    assert len(token_requests(server)) == 1


def test_no_password_goes_out_where_https_is_required(session: Callable[..., Session]) -> None:
    server = Scripted({"j1": answer({"error": {"code": 403, "subcode": 4, "message": "SSL required"}})})
    root = "http://gis.example.com/arcgis"
    with pytest.raises(AuthError, match="https"):
        asked(session(root, tokens=keeper()), server, JOB.replace(ROOT, root))
    assert len(server.asked) == 1


@every_case(
    ("expires", "renewed_after"),
    [
        (3_600_000 + 2e12, 3540),
        (3600 + 2e9, 3540),
        (str(3_600_000 + 2_000_000_000_000), 3540),
        (60_000 + 2e12, 57),
        (2e12 - 5, None),
        (None, None),
        ("soon", None),
        (True, None),
        ([], None),
        (1e308, None),
        (-1, None),
    ],
)
def test_it_is_renewed_in_time_however_its_end_is_told(
    session: Callable[..., Session], expires: Any, renewed_after: float | None
) -> None:
    handed_out = [{"token": "a", "expires": expires}, {"token": "b", "expires": expires}]
    if expires is None:
        del handed_out[0]["expires"]
    server = Scripted(
        {"j1": guarded("a", "a", "b"), "info": INFO, TOKENS: [answer(each) for each in handed_out]}
    )
    client = session(ROOT, tokens=keeper())
    client.clock.sleep(2e9)
    asked(client, server)
    client.clock.sleep((renewed_after or 1e6) - 1)
    asked(client, server)
    assert len(token_requests(server)) == 1
    client.clock.sleep(2)
    asked(client, server)
    assert len(token_requests(server)) == 2
    refused = 0 if renewed_after else 1
    assert len([request for request in server.asked if "j1" in request.url]) == 4 + refused


def test_a_token_serves_on_where_it_cannot_be_renewed_in_time(session: Callable[..., Session]) -> None:
    page = answer("<html>down</html>", 500, content_type="text/html")
    server = Scripted(
        {"j1": guarded("a", "a"), "info": INFO, TOKENS: [answer({"token": "a", "expires": 100_000}), page]}
    )
    client = session(ROOT, tokens=keeper())
    asked(client, server)
    client.clock.sleep(99)
    assert asked(client, server) == {"jobId": "j1"}


@every_case(
    ("info", "token_url"),
    [
        (INFO, f"{ROOT}/tokens/generateToken"),
        (answer({"authInfo": {"tokenServicesUrl": f"{ROOT}/tokens"}}), f"{ROOT}/tokens/generateToken"),
        (
            answer({"authInfo": {"tokenServicesUrl": f"{ROOT}/tokens/generateToken"}}),
            f"{ROOT}/tokens/generateToken",
        ),
        (
            answer({"authInfo": {"tokenServicesUrl": "http://gis.example.com/arcgis/tokens/"}}),
            f"{ROOT}/tokens/generateToken",
        ),
        (
            answer(
                {
                    "authInfo": {
                        "tokenServicesUrl": "https://portal.example.com/portal/sharing/rest/generateToken"
                    }
                }
            ),
            "https://portal.example.com/portal/sharing/rest/generateToken",
        ),
        (
            answer({"authInfo": {}, "owningSystemUrl": "https://portal.example.com/portal/"}),
            "https://portal.example.com/portal/sharing/rest/generateToken",
        ),
        (answer({"authInfo": None}), f"{ROOT}/tokens/generateToken"),
        (answer({"authInfo": {"tokenServicesUrl": 7}}), f"{ROOT}/tokens/generateToken"),
        (error(404, "Not found"), f"{ROOT}/tokens/generateToken"),
        (answer("<html></html>", 404, content_type="text/html"), f"{ROOT}/tokens/generateToken"),
    ],
)
def test_the_token_service_is_where_the_server_says(
    session: Callable[..., Session], info: Response, token_url: str
) -> None:
    server = Scripted(
        {"j1": guarded("a"), "rest/info": info, "generateToken": answer({"token": "a", "expires": 9e12})}
    )
    asked(session(ROOT, tokens=keeper(), trusted_hosts=["portal.example.com"]), server)
    assert [request.url for request in token_requests(server)] == [token_url]


@every_case(
    ("root", "service"),
    [
        (ROOT, "https://evil.example/sharing/rest/generateToken"),
        (ROOT, "http://portal.example.com/sharing/rest/generateToken"),
        ("http://gis.example.com/arcgis", "http://portal.example.com/sharing/rest/generateToken"),
        (ROOT, "https://gis.example.com@evil.example/tokens/"),
        (ROOT, "nonsense"),
    ],
)
def test_no_password_goes_to_a_stranger(session: Callable[..., Session], root: str, service: str) -> None:
    server = Scripted({"j1": guarded("a"), "info": answer({"authInfo": {"tokenServicesUrl": service}})})
    with pytest.raises(AuthError, match="token service"):
        asked(
            session(root, tokens=keeper(), trusted_hosts=["portal.example.com"]),
            server,
            JOB.replace(ROOT, root),
        )
    assert PASSWORD not in "".join(f"{request}" for request in server.asked)
    assert len(server.asked) == 2


def test_a_given_token_service_is_asked_without_looking_for_one(session: Callable[..., Session]) -> None:
    token_url = "https://portal.example.com/sharing/rest/generateToken"
    server = Scripted({"j1": guarded("a"), token_url: answer({"token": "a", "expires": 9e12})})
    asked(session(ROOT, tokens=keeper(token_url=token_url)), server)
    assert token_requests(server)[0].url == token_url
    assert "Referer" not in token_requests(server)[0].headers


def test_a_password_is_not_sent_on_to_another_host_or_as_a_query(session: Callable[..., Session]) -> None:
    for location, status in (("https://evil.example/x", 307), ("/x", 303), ("http://gis.example.com/x", 308)):
        away = answer("", status, location=location)
        server = Scripted({"j1": guarded("a"), "info": INFO, TOKENS: away, "x": answer({"token": "a"})})
        client = session(ROOT, tokens=keeper(), trusted_hosts=["evil.example"])
        assert PASSWORD not in f"{outcome(client, server)}"
        others = [request for request in server.asked if request.url != f"{ROOT}/{TOKENS}"]
        assert "tester" not in "".join(f"{request}" for request in others)


@every_case(
    ("answered", "kind", "says"),
    [
        (
            error(400, "Unable to generate token.", "Invalid username or password."),
            AuthError,
            "Invalid username",
        ),
        (answer("<html><h1>Sign in</h1></html>", content_type="text/html"), AuthError, "a page"),
        (answer("<html>x</html>", 502, content_type="text/html"), HTTPError, "502"),
        (answer({}), ProtocolViolation, "no token"),
        (answer({"token": 5}), ProtocolViolation, "/token"),
        (answer({"token": " "}), AuthError, "empty token"),
        (answer({"token": ""}), AuthError, "empty token"),
        (answer("<html>405</html>", 405, content_type="text/html"), AuthError, "405"),
        (answer("<html>400</html>", 400, content_type="text/html"), AuthError, "400"),
        (answer([]), ProtocolViolation, "object"),
        (error(201, f"no account tester with {PASSWORD}"), AuthError, "…"),
        (cut(), TransportError, "reset"),
    ],
)
def test_what_is_no_token_is_told_as_it_is(
    session: Callable[..., Session], answered: Answer, kind: type[GPError], says: str
) -> None:
    server = Scripted({"j1": guarded("a"), "info": INFO, TOKENS: answered})
    with pytest.raises(kind, match=says) as caught:
        asked(session(ROOT, tokens=keeper()), server)
    assert type(caught.value) is kind or isinstance(caught.value, HTTPError)
    assert len(token_requests(server)) == 1
    assert PASSWORD not in f"{caught.value}{caught.value!r}{caught.value.__dict__}"


def test_a_run_that_could_not_sign_in_has_not_happened(session: Callable[..., Session]) -> None:
    server = Scripted({"j1": guarded("a"), "info": INFO, TOKENS: cut()})
    with pytest.raises(TransportError, match="while signing in") as caught:
        asked(session(ROOT, tokens=keeper()), server, safe=False)
    assert type(caught.value) is TransportError
    assert not caught.value.sent


@every_case("password", ["pässwörd ", "\ud800secret", "a&b=c+d%", '"\\', "x"])
def test_any_password_is_sent_as_it_is_or_refused(session: Callable[..., Session], password: str) -> None:
    server = Scripted(
        {
            "j1": guarded("abcd"),
            "info": INFO,
            TOKENS: [error(400, f"no {password}!"), answer({"token": "abcd"})],
        }
    )
    client = session(ROOT, tokens=TokenKeeper(user="tester", password=password))
    assert f"no {password}!" not in f"{outcome(client, server)}"
    client.clock.sleep(100)
    if isinstance(outcome(client, server), InvalidInput):
        assert not password.isprintable()
        assert token_requests(server) == []
    else:
        sent = [
            server.parameters(number) for number, request in enumerate(server.asked) if "Token" in request.url
        ]
        assert [each["password"] for each in sent] == [password, password]


def test_credentials_that_were_refused_are_not_tried_over_and_over(session: Callable[..., Session]) -> None:
    server = Scripted({"j1": guarded("a"), "info": INFO, TOKENS: error(400, "Unable to generate token.")})
    client = session(ROOT, tokens=keeper())
    for _ in range(3):
        with pytest.raises(AuthError, match="Unable to generate token"):
            asked(client, server)
    assert len(token_requests(server)) == 1
    client.clock.sleep(61)
    with pytest.raises(AuthError):
        asked(client, server)
    assert len(token_requests(server)) == 2


@pytest.mark.parametrize(
    "busy", [cut(sent=False), answer("busy", 503, content_type="text/plain", retry_after="2")]
)
def test_a_token_is_asked_for_again_where_nothing_was_done(
    session: Callable[..., Session], busy: Answer
) -> None:
    server = Scripted({"j1": guarded("a"), "info": INFO, TOKENS: [busy, answer({"token": "a"})]})
    assert asked(session(ROOT, tokens=keeper()), server) == {"jobId": "j1"}


def test_a_federated_server_gets_a_token_of_its_own(session: Callable[..., Session]) -> None:
    portal = "https://gis.example.com/portal/sharing/rest/generateToken"
    handed_out = [
        answer({"token": each, "expires": 9e12}) for each in ("portal", "server", "portal2", "server2")
    ]
    server = Scripted(
        {
            "j1": guarded("server", "server2"),
            "info": answer({"authInfo": {"tokenServicesUrl": portal}}),
            "generateToken": handed_out,
        }
    )
    client = session(ROOT, tokens=keeper())
    asked(client, server)
    first = token_requests(server)
    assert len(first) == 2
    assert server.parameters(server.asked.index(first[1])) == {
        "token": "portal",
        "serverUrl": ROOT,
        "client": "referer",
        "referer": ROOT,
        "expiration": "60",
        "f": "json",
    }
    asked(client, server)
    assert len(token_requests(server)) == 4
    assert server.parameters()["token"] == "server2"


def test_a_portal_token_that_the_server_takes_is_renewed_as_any_other(
    session: Callable[..., Session],
) -> None:
    info = answer({"owningSystemUrl": "https://gis.example.com/portal"})
    handed_out = [answer({"token": each, "expires": 9e12}) for each in ("portal", "portal2")]
    server = Scripted({"j1": guarded("portal", "portal2"), "info": info, "generateToken": handed_out})
    client = session(ROOT, tokens=keeper())
    asked(client, server)
    asked(client, server)
    assert [b"username=tester" in request.body for request in token_requests(server)] == [True, True]  # type: ignore[operator]


def test_a_token_that_came_meanwhile_is_taken(session: Callable[..., Session]) -> None:
    """Two calls of one client are refused at the same time: one asks for a token, the other waits for it."""
    client = session(ROOT, tokens=keeper())
    deadline = Deadline.after(client.clock, 60)
    first, second = (ask(client, JOB, {}, safe=True, deadline=deadline) for _ in range(2))
    refused = error(499, "Token Required")
    next(first), next(second)
    assert first.send(refused).request.url.endswith("/rest/info?f=json")  # type: ignore[union-attr]
    waiting = second.send(refused)
    assert type(waiting).__name__ == "Wait"
    first.send(INFO)
    again = first.send(answer({"token": "a", "expires": 9e12}))
    assert _token(again.request) == "a"  # type: ignore[union-attr]
    assert _token(second.send(None).request) == "a"  # type: ignore[union-attr]


def test_a_token_is_for_its_own_host_alone(session: Callable[..., Session]) -> None:
    client = session(ROOT, tokens=TokenKeeper(token="abc"))
    for url, is_sent in [
        (f"{ROOT}/rest/directories/x.zip", True),
        ("https://gis.example.com:6443/x.zip?a=1", True),
        ("https://files.example.com/x.zip", False),
        ("http://gis.example.com/x.zip", False),
        ("https://gis.example.com.evil.example/arcgis/x.zip", False),
        ("https://gis.example.com@evil.example/x.zip", False),
    ]:
        server = Scripted(
            {url: answer("zip"), f"{url}?token=abc": answer("zip"), f"{url}&token=abc": answer("zip")}
        )
        request = Request("GET", url)
        flow = fetch(
            client,
            request,
            safe=True,
            deadline=Deadline.after(client.clock, 9),
            read=lambda response: response.content,
        )
        assert run(flow, server, client.clock) == b"zip"
        assert ("abc" in f"{server.asked[0]}") is is_sent
        assert ("Referer" in server.asked[0].headers) is is_sent


@pytest.mark.parametrize(
    ("content_type", "where"),
    [("application/x-www-form-urlencoded", "body"), ("multipart/form-data; boundary=x", "header")],
)
def test_a_token_goes_into_a_form_or_else_into_a_header(
    session: Callable[..., Session], content_type: str, where: str
) -> None:
    client = session(ROOT, tokens=TokenKeeper(token="a+b"))
    server = Scripted({"up": answer({})})
    request = Request("POST", f"{ROOT}/up", {"Content-Type": content_type}, b"f=json")
    flow = fetch(
        client, request, safe=False, deadline=Deadline.after(client.clock, 9), read=lambda response: None
    )
    run(flow, server, client.clock)
    assert where_the_token_is(server.asked[0], "a+b") == [where]


def where_the_token_is(request: Request, token: str) -> list[str]:
    written = quote(token, safe="").encode()
    places = {
        "body": isinstance(request.body, bytes) and b"token=" + written in request.body,
        "url": b"token=" + written in request.url.encode(),
        "header": request.headers.get("X-Esri-Authorization") == f"Bearer {token}",
    }
    return [place for place, is_there in places.items() if is_there]


def fetched(client: Session, server: Scripted, url: str, *, safe: bool = True) -> bytes:
    request = Request("GET" if safe else "POST", url, {}, b"" if safe else b"--x")
    deadline = Deadline.after(client.clock, 60)

    def read(response: Response) -> bytes:
        if b"error" in response.content:
            read_answer(response)
        return response.content

    return run(fetch(client, request, safe=safe, deadline=deadline, read=read), server, client.clock)


@every_case("safe", [True, False])
@every_case(
    "refusal",
    [
        error(499, "Token Required"),
        error(498, "Invalid token."),
        answer("", 302, location="/arcgis/rest/login"),
    ],
)
def test_a_server_that_does_not_know_the_header_gets_the_token_in_the_query(
    session: Callable[..., Session], refusal: Response, safe: bool
) -> None:
    server = Scripted({"a.zip": lambda request: answer("zip") if "token=abc" in request.url else refusal})
    client = session(ROOT, tokens=TokenKeeper(token="abc"))
    for _ in range(2):
        assert fetched(client, server, f"{ROOT}/a.zip", safe=safe) == b"zip"
    assert [where_the_token_is(each, "abc") for each in server.asked] == [["header"], ["url"], ["url"]]


def test_a_token_that_is_refused_in_the_query_as_well_is_renewed_and_goes_into_the_header(
    session: Callable[..., Session],
) -> None:
    def guard(request: Request) -> Response:
        good = where_the_token_is(request, "new") == ["header"]
        return answer("zip") if good else error(498, "Invalid token.")

    tokens = [answer({"token": "old", "expires": 9e12}), answer({"token": "new", "expires": 9e12})]
    server = Scripted({"a.zip": guard, "info": INFO, TOKENS: tokens, "j1": answer({})})
    client = session(ROOT, tokens=keeper())
    run(
        client.tokens.renewed(client, Deadline.after(client.clock, 60), ask_unsigned, 0, 0),
        server,
        client.clock,
    )
    assert fetched(client, server, f"{ROOT}/a.zip") == b"zip"
    assert fetched(client, server, f"{ROOT}/a.zip") == b"zip"
    files = [each for each in server.asked if each.url.partition("?")[0].endswith("a.zip")]
    places = [where_the_token_is(each, "old") + where_the_token_is(each, "new") for each in files]
    assert places == [["header"], ["url"], ["header"], ["header"]]
    assert sum(each.url.endswith(TOKENS) for each in server.asked) == 2


def test_a_token_that_no_header_can_hold_goes_into_the_query(session: Callable[..., Session]) -> None:
    server = Scripted({"a.zip": answer("zip")})
    fetched(session(ROOT, tokens=TokenKeeper(token="a\nü")), server, f"{ROOT}/a.zip")
    assert where_the_token_is(server.asked[0], "a\nü") == ["url"]


def test_no_call_is_held_up_by_the_sign_in_of_another(session: Callable[..., Session]) -> None:
    client = session(ROOT, tokens=keeper())
    first = ask(client, JOB, {}, safe=True, deadline=Deadline.after(client.clock, 600))
    second = ask(client, JOB, {}, safe=True, deadline=Deadline.after(client.clock, 2))
    refused = error(499, "Token Required")
    next(first), next(second)
    first.send(refused)  # and its sign-in does not go on
    start = client.clock.now()
    step: Any = second.send(refused)

    def go_on() -> None:
        while client.clock.now() < start + 10:
            client.clock.sleep(step.seconds)
            second.send(None)

    with pytest.raises(DeadlineExceeded, match="while another call signs in"):
        go_on()
    assert client.clock.now() - start == pytest.approx(2)


def test_a_token_that_still_serves_is_used_while_another_call_renews_it(
    session: Callable[..., Session],
) -> None:
    client = session(ROOT, tokens=keeper())
    soon = answer({"token": "a", "expires": 100})
    server = Scripted({"j1": guarded("a", "a", "a"), "info": INFO, TOKENS: [soon]})
    asked(client, server)
    client.clock.sleep(98)
    first, second = (
        ask(client, JOB, {}, safe=True, deadline=Deadline.after(client.clock, 600)) for _ in range(2)
    )
    assert next(first).request.url.endswith("generateToken")  # type: ignore[union-attr]
    assert _token(next(second).request) == "a"  # type: ignore[union-attr]


def test_a_portal_s_token_that_is_refused_again_rests(session: Callable[..., Session]) -> None:
    info = answer({"owningSystemUrl": "https://gis.example.com/portal"})
    token = answer({"token": "a", "expires": 9e12})
    server = Scripted({"j1": error(498, "Invalid token."), "info": info, "generateToken": token})
    client = session(ROOT, tokens=keeper())
    for _ in range(3):
        with pytest.raises(AuthError):
            asked(client, server)
    assert len(token_requests(server)) == 2
    client.clock.sleep(61)
    with pytest.raises(AuthError):
        asked(client, server)
    assert len(token_requests(server)) > 2


@every_case("status", [200, 400, 500])
@every_case(
    "body",
    [
        "BARE-TOKEN-0123456789",
        '"BARE-TOKEN-0123456789"',
        '{"token":BARE-TOKEN-0123456789}',
        '{"token":["BARE-TOKEN-0123456789"]}',
        '{"tokn":"BARE-TOKEN-0123456789"}',
    ],
)
def test_a_bare_token_is_not_shown(session: Callable[..., Session], body: str, status: int) -> None:
    server = Scripted({"j1": guarded("a"), "info": INFO, TOKENS: answer(body, status)})
    found = outcome(session(ROOT, tokens=keeper()), server)
    assert isinstance(found, GPError)
    told = "".join(traceback.format_exception(found))
    assert "BARE-TOKEN" not in f"{found}{found!r}{found.report()}{told}"


def test_a_secret_that_an_error_cuts_is_masked_all_the_same(session: Callable[..., Session]) -> None:
    token = "aZ0SECRETTOKEN123xyz"
    for width in range(170, 200):
        down = answer("<html><body>" + "y" * width + f" {token}</body></html>", 404, content_type="text/html")
        found = outcome(session(ROOT, tokens=TokenKeeper(token=token)), Scripted({"j1": down}))
        assert "aZ0SEC" not in f"{found} {found.report()}"


@every_case(
    "given",
    [
        {"user": "x"},
        {"password": "hunter2"},
        {"token": " "},
        {"referer": "http://kärnten"},
        {"referer": "a b\r\n"},
        {"token_url": "nonsense"},
        {"token_url": "https://a:hunter2@b/"},
    ],
)
def test_what_cannot_be_signed_in_with_is_refused(given: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput) as caught:
        TokenKeeper(**given)
    assert "hunter2" not in str(caught.value)


def test_a_keeper_shows_and_gives_away_nothing() -> None:
    kept = TokenKeeper(user="tester", password=PASSWORD, token="t0ken")
    assert PASSWORD not in repr(kept)
    assert "t0ken" not in f"{kept}{kept!r}"
    with pytest.raises(TypeError):
        pickle.dumps(kept)


def test_an_error_that_repeats_secrets_is_masked(session: Callable[..., Session]) -> None:
    said = error(400, "no such thing at x?token=a%2B%2Fbcd", "a+/bcd", "tok abcd")
    server = Scripted({"j1": said})
    with pytest.raises(GPError) as caught:
        asked(session(ROOT, tokens=TokenKeeper(token="a+/bcd")), server)
    shown = f"{caught.value} {caught.value.report()} {caught.value.args}"
    assert "a+/bcd" not in shown
    assert "a%2B%2Fbcd" not in shown
    assert "abcd" in shown


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@settings(deadline=None)
@given(
    st.dictionaries(st.sampled_from(["authInfo", "owningSystemUrl", "x"]), _JSON)
    | st.fixed_dictionaries({"authInfo": st.dictionaries(st.sampled_from(["tokenServicesUrl"]), _JSON)}),
    st.fixed_dictionaries({}, optional={"token": _JSON, "expires": _JSON, "ssl": _JSON}),
)
def test_any_answers_sign_in_or_are_an_error(info: dict[str, Any], given_token: dict[str, Any]) -> None:
    from gp_client.clocks import SharedClock

    client = Session(ROOT, tokens=keeper(), clock=SharedClock(), seed=1)
    server = Scripted(
        {
            "j1": lambda request: answer({}) if _token(request) else error(499),
            "info": answer(info),
            "generateToken": answer(given_token),
        }
    )
    assert PASSWORD not in f"{outcome(client, server)}"
    assert all(request.url.startswith(ROOT) for request in server.asked)
