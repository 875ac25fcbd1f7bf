"""Which redirects are followed, and how."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from gp_client.drivers import run
from gp_client.errors import AuthError, GPError, HTTPError
from gp_client.sessions import Deadline, Session
from gp_client.wire.exchange import ask, fetch
from gp_client.wire.http_messages import Request, Response
from gp_client.wire.redirects import becomes_get, target_of
from gp_client.wire.tokens import TokenKeeper
from hypothesis import given
from hypothesis import strategies as st
from scripted import Scripted, answer

from every_case import every_case

HTTP = "http://gis.example.com/arcgis"
HTTPS = "https://gis.example.com/arcgis"
TASK = "/rest/services/World/GPServer/viewshed"
JOB = {"jobId": "j1", "jobStatus": "esriJobSubmitted"}


def to(location: str, status: int = 302, **headers: str) -> Response:
    return answer("moved", status, content_type="text/html", location=location, **headers)


def asked(session: Session, server: Scripted, url: str, *, safe: bool = True, **parameters: str) -> Any:
    deadline = Deadline.after(session.clock, 600)
    return run(ask(session, url, parameters, safe=safe, deadline=deadline), server, session.clock)


@every_case("status", [301, 302, 303, 307, 308])
@every_case(
    ("root", "there"),
    [
        (HTTP, "http://gis.example.com:6080"),
        (HTTP, "https://gis.example.com"),
        (HTTPS, "https://gis.example.com:6443"),
        (HTTPS, "https://node2.example.com"),
    ],
)
def test_a_read_goes_along_to_its_own_host_and_to_a_trusted_one(
    session: Callable[..., Session], status: int, root: str, there: str
) -> None:
    moved = f"{there}/arcgis{TASK}?f=json"
    server = Scripted({f"{root}{TASK}?f=json": to(moved, status), moved: answer({"name": "viewshed"})})
    client = session(root, trusted_hosts=("node2.example.com",))
    assert asked(client, server, f"{root}{TASK}") == {"name": "viewshed"}
    assert [request.method for request in server.asked] == ["GET", "GET"]


@every_case("location", [f"{TASK}2?f=json", f"/arcgis{TASK}2?f=json", "viewshed2?f=json", "?f=json&a=1"])
def test_a_location_may_be_relative(session: Callable[..., Session], location: str) -> None:
    first, done = f"{HTTP}{TASK}?f=json", answer({"name": "x"})
    server = Scripted({first: to(location), "viewshed2": done, f"{HTTP}{TASK}?f=json&a=1": done})
    assert asked(session(HTTP), server, f"{HTTP}{TASK}") == {"name": "x"}


def test_a_location_without_a_query_keeps_what_was_asked(session: Callable[..., Session]) -> None:
    server = Scripted(
        {
            HTTP: to(HTTPS),
            f"{HTTP}{TASK}?env%3AoutSR=4326&f=json": to(f"{HTTPS}{TASK}"),
            "viewshed": answer({}),
        }
    )
    asked(session(HTTP), server, f"{HTTP}{TASK}", **{"env:outSR": "4326"})
    assert server.parameters() == {"env:outSR": "4326", "f": "json"}
    assert server.asked[-1].url.startswith(HTTPS)


def test_a_location_that_forgets_the_format_is_asked_for_json(session: Callable[..., Session]) -> None:
    server = Scripted({f"{HTTP}{TASK}?f=json": to(f"{HTTPS}{TASK}?lang=en"), "viewshed": answer({})})
    asked(session(HTTP), server, f"{HTTP}{TASK}")
    assert server.parameters() == {"lang": "en", "f": "json"}


@every_case("status", [301, 302, 307, 308])
def test_a_run_stays_a_post_with_its_inputs(session: Callable[..., Session], status: int) -> None:
    moved = f"{HTTPS}{TASK}/submitJob"
    server = Scripted({f"{HTTP}{TASK}/submitJob": to(moved, status), moved: answer(JOB)})
    assert asked(session(HTTP), server, f"{HTTP}{TASK}/submitJob", safe=False, Distance="5") == JOB
    assert server.asked[1].method == "POST"
    assert server.asked[1].body == server.asked[0].body
    assert server.parameters() == {"Distance": "5", "f": "json"}


@every_case(
    ("status", "location"),
    [(302, "jobs/j1?f=json"), (302, "jobs/j1"), (303, "jobs/j1"), (303, f"{HTTPS}{TASK}/elsewhere?f=json")],
)
def test_a_submission_that_is_sent_on_to_its_job_is_not_submitted_twice(
    session: Callable[..., Session], status: int, location: str
) -> None:
    busy = answer("busy", 503, content_type="text/html", retry_after="1")
    seen = [busy, answer(JOB)]
    server = Scripted({"submitJob": to(location, status), "j1": list(seen), "elsewhere": list(seen)})
    assert asked(session(HTTP), server, f"{HTTP}{TASK}/submitJob", safe=False, Distance="5") == JOB
    assert [request.method for request in server.asked] == ["POST", "GET", "GET"]
    assert server.parameters() == {"f": "json"}


@every_case(
    ("root", "location", "says"),
    [
        (
            HTTP,
            "http://evil.example/arcgis",
            ["http://gis.example.com", "http://evil.example", "trusted_hosts"],
        ),
        (HTTP, "//evil.example/arcgis", ["evil.example"]),
        (HTTP, "http://gis.example.com@evil.example/", ["evil.example"]),
        (HTTPS, "http://gis.example.com/arcgis", ["https://gis.example.com to http://gis.example.com"]),
        (HTTPS, "http://node2.example.com/arcgis", ["https://gis.example.com to http://node2.example.com"]),
        (HTTP, "file:///etc/passwd", ["file:"]),
        (HTTP, "javascript:alert(1)", ["javascript:"]),
        (HTTP, "http://[::1/", ["http://[::1/"]),
        (HTTP, "", ["no Location"]),
        (HTTP, "http://gis.example.com/" + "a" * 70_000, ["Location"]),
    ],
)
@every_case("safe", [True, False])
def test_a_redirect_elsewhere_is_not_followed(
    session: Callable[..., Session], root: str, location: str, says: list[str], safe: bool
) -> None:
    server = Scripted({"viewshed": to(location)})
    client = session(root, trusted_hosts=["node2.example.com"], tokens=TokenKeeper(token="t0ken"))
    with pytest.raises(HTTPError) as caught:
        asked(client, server, f"{root}{TASK}", safe=safe)
    assert len(server.asked) == 1
    assert caught.value.status == 302
    for each in says:
        assert each in str(caught.value)


def test_once_on_https_it_does_not_go_back_to_http(session: Callable[..., Session]) -> None:
    server = Scripted({f"{HTTP}/a?f=json": to(f"{HTTPS}/b?f=json"), "b": to(f"{HTTP}/c?f=json")})
    with pytest.raises(HTTPError, match="is not followed"):
        asked(session(HTTP), server, f"{HTTP}/a")


@every_case(
    "location",
    [
        "/arcgis/rest/login?redirect=x",
        "https://gis.example.com/portal/sharing/oauth2/authorize?client_id=x",
        "https://idp.example.com/",
        "https://login.microsoftonline.com/x",
        "https://other.example/adfs/ls/?wa=wsignin1.0",
        "https://other.example/Account/SignIn",
        "https://sso.other.example/x",
        "https://other.example/simplesaml/../saml2/idp/SSOService.php",
        "https://other.example/arcgis/identity-provider",
        "https://accounts.example.com/u?SAMLRequest=x",
        "https://accounts.example.com/?a=1&SAMLRequest=x",
        "https://other.example/?wa=wsignin1.0&wtrealm=x",
        "https://accounts.example.com/u?response_type=code&client_id=x",
    ],
)
@every_case("safe", [True, False])
def test_a_redirect_to_a_log_in_is_a_refusal(
    session: Callable[..., Session], location: str, safe: bool
) -> None:
    server = Scripted({"viewshed": to(location)})
    with pytest.raises(AuthError, match="log-in page") as caught:
        asked(session(HTTP), server, f"{HTTP}{TASK}", safe=safe)
    assert caught.value.code is None
    assert len(server.asked) == 1


def test_a_service_may_be_called_like_a_log_in(session: Callable[..., Session]) -> None:
    url = f"{HTTP}/rest/services/SSO/login/GPServer"
    server = Scripted(
        {f"{url}?f=json": to(url.replace("http:", "https:")), "GPServer": answer({"tasks": []})}
    )
    assert asked(session(HTTP), server, url) == {"tasks": []}


@pytest.mark.parametrize("name", ["Höhe x", "H\u00c3\u00b6he x", "H%C3%B6he%20x"])
def test_a_location_with_raw_letters_and_blanks_is_read(session: Callable[..., Session], name: str) -> None:
    there = "H%C3%B6he%20x"
    server = Scripted({f"{HTTP}{TASK}?f=json": to(f"{HTTP}/{name}?f=json"), there: answer({})})
    assert asked(session(HTTP), server, f"{HTTP}{TASK}") == {}


def test_a_circle_and_an_endless_chain_end(session: Callable[..., Session]) -> None:
    circle = Scripted({"a": to("b?f=json"), "b": to("a?f=json")})
    with pytest.raises(HTTPError, match="circle"):
        asked(session(HTTP), circle, f"{HTTP}/a")
    assert len(circle.asked) == 2

    def further(request: Request) -> Response:
        return to(f"{HTTP}/a?f=json&n={len(chain.asked)}")

    chain = Scripted({"a": further})
    with pytest.raises(HTTPError, match="more than 10"):
        asked(session(HTTP), chain, f"{HTTP}/a")
    assert len(chain.asked) == 11


@pytest.mark.parametrize("safe", [True, False])
def test_a_cookie_allows_to_come_back_once(session: Callable[..., Session], safe: bool) -> None:
    def again(request: Request) -> Response:
        return to(request.url, set_cookie=f"a={len(server.asked)}")

    server = Scripted({"a": again})
    with pytest.raises(HTTPError, match="circle"):
        asked(session(HTTP), server, f"{HTTP}/a", safe=safe)
    assert len(server.asked) == 2


def test_a_run_is_sent_on_a_few_times_only(session: Callable[..., Session]) -> None:
    def further(request: Request) -> Response:
        return to(f"{HTTP}/a?n={len(chain.asked)}", 307, set_cookie="a=b")

    chain = Scripted({"a": further})
    with pytest.raises(HTTPError, match="more than 4"):
        asked(session(HTTP), chain, f"{HTTP}/a", safe=False)
    assert len(chain.asked) == 5


def test_the_same_address_may_be_asked_again_with_a_cookie(session: Callable[..., Session]) -> None:
    server = Scripted({"a": [to(f"{HTTP}/a?f=json", set_cookie="a=1"), answer({})]})
    assert asked(session(HTTP), server, f"{HTTP}/a") == {}


def test_a_token_goes_to_the_other_port_but_not_to_a_trusted_host(session: Callable[..., Session]) -> None:
    there = {"own": "https://gis.example.com:6443", "trusted": "https://node2.example.com"}
    for name, host in there.items():
        server = Scripted({"viewshed": to(f"{host}/arcgis/next?f=json&token=t0ken"), "next": answer({})})
        client = session(HTTPS, tokens=TokenKeeper(token="t0ken"), trusted_hosts=["node2.example.com"])
        asked(client, server, f"{HTTPS}{TASK}", safe=False, Distance="5")
        last = server.asked[-1]
        assert ("token" in server.parameters()) is (name == "own")
        assert ("Referer" in last.headers) is (name == "own")
        assert ("t0ken" in f"{last.url}{last.body!r}{last.headers}") is (name == "own")


def test_any_request_is_sent_on_as_it_is(session: Callable[..., Session]) -> None:
    client = session(HTTP)
    server = Scripted({f"{HTTP}/up": to(f"{HTTPS}/up", 307), f"{HTTPS}/up": answer({"success": True})})
    request = Request("POST", f"{HTTP}/up", {"Content-Type": "multipart/form-data; boundary=x"}, b"--x")
    flow = fetch(
        client,
        request,
        safe=False,
        deadline=Deadline.after(client.clock, 60),
        read=lambda response: json.loads(response.content),
    )
    assert run(flow, server, client.clock) == {"success": True}
    assert server.asked[1].body == b"--x"
    assert server.asked[1].headers == server.asked[0].headers


@every_case(
    ("status", "method", "target", "is_so"),
    [
        (303, "POST", "http://h/x", True),
        (302, "POST", "http://h/t/jobs/j1?f=json", True),
        (302, "POST", "http://h/t/jobs/j1/cancel", False),
        (302, "POST", "http://h/x?y=/jobs/j1", False),
        (301, "POST", "http://h/t/jobs/j1", False),
        (307, "POST", "http://h/t/jobs/j1", False),
        (303, "GET", "http://h/x", False),
    ],
)
def test_few_redirects_turn_a_post_into_a_get(status: int, method: str, target: str, is_so: bool) -> None:
    assert becomes_get(status, method, target) is is_so


@given(st.text())
def test_any_location_is_followed_at_home_or_refused(location: str) -> None:
    response = Response(302, [("Location", location)])
    try:
        target = target_of(response, f"{HTTPS}{TASK}?f=json", HTTPS, ())
    except GPError:
        return
    assert target.startswith("https://gis.example.com")
    assert target.isascii()
    assert " " not in target
