"""The deviations of signing in: on services that are secured, and on sites that know no users."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
from deviation_probe import POINT, VIEWSHED, Probe, Seen
from gp_mockserver.builtin.builtin_site import builtin_site
from gp_mockserver.lifecycle.clocks import JumpingClock
from gp_mockserver.security.sign_in_rules import SignInRules
from gp_mockserver.server import RunningServer

WHO = {"username": "tester", "password": "tester-password"}
TOKENS = "tokens/generateToken"
SECURED = "Secured/WorldViewshed/GPServer/viewshed"
INPUTS = {"Input_Observation_Point": POINT, "Viewshed_Distance": "5 Miles"}

UNTIL_SIGNED_IN = {"token-required": 499, "token-invalid": 498}
UNTIL_RENEWED = {"token-expires-mid-job", "token-expires-before-results", "token-expired-admin-style"}
FOR_EVER = {"token-refused-again": 498, "permission-lost-mid-job": 403}
BINDINGS = {"token-bound-to-referer", "token-bound-to-ip"}
PAGES = {"token-page-html", "token-page-error"}
REFUSALS = {"token-get-refused", "token-client-required"}
ENDS: dict[str, Callable[[int], Any]] = {
    "token-expires-in-seconds": lambda ms: ms // 1000,
    "token-expires-missing": lambda ms: None,
    "token-expires-text": str,
    "token-already-expired": lambda ms: 1_000_000_000_000,
}
ALONE = {
    "token-shorter-than-asked",
    "token-odd-characters",
    "token-in-message",
    "token-service-elsewhere",
    "https-required",
}
COVERED = frozenset(
    {*UNTIL_SIGNED_IN, *UNTIL_RENEWED, *FOR_EVER, *BINDINGS, *PAGES, *REFUSALS, *ENDS, *ALONE}
)


@pytest.fixture(params=[SECURED, VIEWSHED, "open"])
def place(request: pytest.FixtureRequest, probe: Probe, server: RunningServer) -> Iterator[tuple[Probe, str]]:
    """A secured service; one that is not, on a site with users; and one on a site without any."""
    if request.param != "open":
        yield probe, request.param
        return
    site = builtin_site(context=f"{probe.site.context}open", clock=JumpingClock())
    site.guard = None
    for service in site.services.values():
        service.access = None
    server.app.add_site(site)
    yield Probe(site), VIEWSHED
    server.app.remove_site(site.context)


def sign_in(probe: Probe, **form: str) -> str:
    return str(probe.post(TOKENS, **WHO, **form).json["token"])


def code(seen: Seen) -> int | None:
    """The code of the error that an answer is; None of a good one."""
    found: int | None = seen.json.get("error", {}).get("code")
    return found


def submitted(probe: Probe, path: str, token: str) -> str:
    return str(probe.submit(path, **INPUTS, token=token).json["jobId"])


@pytest.mark.parametrize(("name", "meets"), UNTIL_SIGNED_IN.items())
def test_nothing_is_open_until_a_client_has_signed_in(
    place: tuple[Probe, str], name: str, meets: int
) -> None:
    probe, path = place
    asks: list[Callable[[str], Seen]] = [
        lambda token: probe.get(f"rest/services/{path}", token=token),
        lambda token: probe.get("rest/services", token=token),
        lambda token: probe.submit(path, **INPUTS, token=token),
    ]
    usual = code(asks[0](""))
    injection = probe.site.deviate(name)
    assert [code(ask("")) for ask in asks] == [meets] * 3
    info = probe.get("rest/info").json["authInfo"]
    assert info["isTokenBasedSecurity"] is True
    assert urlsplit(info["tokenServicesUrl"]).path == f"/{probe.site.context}/tokens/"
    assert injection.applied == 3
    token = sign_in(probe)
    assert [code(ask(token)) for ask in asks] == [None] * 3
    job_id = submitted(probe, path, token)
    for _ in range(3):
        assert code(probe.poll(job_id, path, token=token)) is None
    assert probe.result(job_id, path=path, token=token).json["value"]
    assert code(probe.poll(job_id, path)) == meets
    assert injection.applied == 4
    injection.clear()
    assert code(asks[0]("")) == usual
    assert usual in (None, 499)


@pytest.mark.parametrize("way", ["Authorization", "X-Esri-Authorization", "Cookie", "multipart"])
@pytest.mark.parametrize("name", UNTIL_SIGNED_IN)
def test_a_token_may_come_in_every_way_that_the_mock_takes(probe: Probe, name: str, way: str) -> None:
    probe.site.deviate(name)
    assert code(probe.get(f"rest/services/{VIEWSHED}")) in (498, 499)
    token = sign_in(probe)
    if way == "multipart":
        body = "".join(
            f'--frame\r\nContent-Disposition: form-data; name="{each}"\r\n\r\n{value}\r\n'
            for each, value in {"f": "json", "token": token}.items()
        )
        root = urlsplit(probe.root)
        head = f"POST {root.path}/rest/services/{VIEWSHED} HTTP/1.1\r\nHost: {root.netloc}\r\n"
        head += "Connection: close\r\n"
        body += "--frame--\r\n"
        head += f"Content-Type: multipart/form-data; boundary=frame\r\nContent-Length: {len(body)}\r\n\r\n"
        received, _ = probe.raw((head + body).encode())
        assert json.loads(received.partition(b"\r\n\r\n")[2])["name"] == "viewshed"
    else:
        value = f"agstoken={token}" if way == "Cookie" else f"Bearer {token}"
        assert code(probe.get(f"rest/services/{VIEWSHED}", headers={way: value})) is None


def test_the_token_that_a_client_begins_with_is_invalid_at_every_job(place: tuple[Probe, str]) -> None:
    probe, path = place
    injection = probe.site.deviate("token-invalid")
    old = sign_in(probe)
    assert [code(probe.submit(path, **INPUTS, token=old)) for _ in range(2)] == [498, 498]
    new = sign_in(probe)
    assert new != old
    jobs = [submitted(probe, path, new) for _ in range(2)]
    assert [code(probe.poll(each, path, token=new)) for each in jobs] == [None, None]
    assert code(probe.poll(jobs[0], path, token=old)) == 498
    assert injection.applied == 3


def test_a_site_without_users_knows_those_who_have_signed_in(place: tuple[Probe, str]) -> None:
    probe, path = place
    is_open = probe.site.guard is None
    before = probe.post(TOKENS, username="ann", password="secret")
    assert code(before) == 400
    injection = probe.site.deviate("token-required")
    assert code(probe.get(f"rest/services/{path}", token="stale")) == 498
    seen = [code(probe.post(TOKENS, username="ann", password=each)) for each in ("secret", "wrong", "secret")]
    assert seen == ([None, 400, None] if is_open else [400, 400, 400])
    assert code(probe.post(TOKENS, username="ann", password="")) == 400
    injection.clear()
    assert code(probe.post(TOKENS, username="ann", password="secret")) == 400
    assert probe.get("rest/info").json["authInfo"]["isTokenBasedSecurity"] is not is_open


def test_an_address_that_names_it_has_people_sign_in_there_alone(place: tuple[Probe, str]) -> None:
    probe, path = place
    is_open = probe.site.guard is None
    there = f"{probe.root}~token-required"
    asked = probe.ask("GET", f"rest/services/{path}", address=there)
    assert code(asked) == 499
    info = probe.ask("GET", "rest/info", address=there).json["authInfo"]
    assert urlsplit(info["tokenServicesUrl"]).path == f"{urlsplit(there).path}/tokens/"
    token = probe.ask("POST", TOKENS, address=there, **WHO).json["token"]
    assert code(probe.ask("GET", f"rest/services/{path}", address=there, token=token)) is None
    assert probe.get("rest/info").json["authInfo"]["isTokenBasedSecurity"] is not is_open


@pytest.mark.parametrize("name", sorted(UNTIL_RENEWED))
def test_a_token_expires_and_a_new_one_opens_the_same_job(place: tuple[Probe, str], name: str) -> None:
    probe, path = place
    at_result = name == "token-expires-before-results"
    injection = probe.site.deviate(name, **({} if at_result else {"polls": 2}))
    old = sign_in(probe)
    job_id = submitted(probe, path, old)

    def ask(token: str) -> Seen:
        if at_result:
            return probe.result(job_id, path=path, token=token)
        return probe.poll(job_id, path, token=token)

    assert code(probe.poll(job_id, path, token=old)) is None
    for _ in range(2):
        refused = ask(old).json
        if name == "token-expired-admin-style":
            assert refused == {"status": "error", "messages": ["Token Expired."], "code": 498}
        else:
            assert refused["error"]["code"] == 498
    new = sign_in(probe)
    assert new != old
    assert injection.applied == 2
    for _ in range(3):
        assert probe.poll(job_id, path, token=new).json["jobId"] == job_id
    assert probe.result(job_id, path=path, token=new).json["value"]
    assert injection.applied == 2
    injection.clear()
    assert code(ask(old)) is None


@pytest.mark.parametrize(("name", "meets"), FOR_EVER.items())
def test_no_token_helps(place: tuple[Probe, str], name: str, meets: int) -> None:
    probe, path = place
    token = sign_in(probe) if probe.site.guard is not None else ""
    job_id = submitted(probe, path, token)
    injection = probe.site.deviate(name)
    assert code(probe.poll(job_id, path, token=token)) is None
    for _ in range(2):
        token = sign_in(probe) if name == "token-refused-again" else token
        ask = probe.poll if name == "token-refused-again" else probe.result
        assert code(ask(job_id, path=path, token=token)) == meets
    assert injection.applied == 2
    injection.clear()
    for _ in range(3):
        assert code(probe.poll(job_id, path, token=token)) is None
    assert probe.result(job_id, path=path, token=token).json["value"]


def test_a_token_is_bound_to_the_referer_whatever_was_asked_for(place: tuple[Probe, str]) -> None:
    probe, path = place
    app = "https://app.example/map"
    if probe.site.guard is not None:
        free = sign_in(probe, client="requestip")
        assert code(probe.get(f"rest/services/{path}", token=free)) is None
    injection = probe.site.deviate("token-bound-to-referer")
    given = sign_in(probe, client="requestip", referer=app)
    came = str(probe.post(TOKENS, headers={"Referer": app}, **WHO, client="requestip").json["token"])
    for token in (given, came):
        assert code(probe.get(f"rest/services/{path}", token=token)) == 498
        assert (
            code(probe.get(f"rest/services/{path}", token=token, headers={"Referer": "https://x.example/"}))
            == 498
        )
        assert code(probe.get(f"rest/services/{path}", token=token, headers={"Referer": app})) is None
    assert code(probe.post(TOKENS, **WHO, client="requestip")) == 400
    assert injection.applied == 3


def test_a_token_is_bound_to_the_address_whatever_was_asked_for(place: tuple[Probe, str]) -> None:
    probe, path = place
    app = "https://app.example/map"
    injection = probe.site.deviate("token-bound-to-ip")
    given = sign_in(probe, client="referer", referer=app, ip="192.0.2.7")
    came = sign_in(probe, client="referer", referer=app)
    assert code(probe.get(f"rest/services/{path}", token=given, headers={"Referer": app})) == 498
    assert code(probe.get(f"rest/services/{path}", token=came)) is None
    assert injection.applied == 2
    injection.clear()
    if probe.site.guard is not None:
        clean = sign_in(probe, client="referer", referer=app, ip="192.0.2.7")
        assert code(probe.get(f"rest/services/{path}", token=clean, headers={"Referer": app})) is None


@pytest.mark.parametrize("name", sorted(PAGES))
def test_the_token_service_gives_none(probe: Probe, name: str) -> None:
    sign_in(probe)
    injection = probe.site.deviate(name)
    seen = probe.post(TOKENS, **WHO)
    assert seen.status == 200
    if name == "token-page-html":
        assert seen.headers["content-type"].startswith("text/html")
        assert b"<form" in seen.body
    else:
        error = seen.json["error"]
        assert (error["code"], error["message"]) == (400, "Unable to generate token.")
    assert injection.applied == 1
    injection.clear()
    assert sign_in(probe)


def test_the_token_service_takes_neither_get_nor_a_password_in_the_address(place: tuple[Probe, str]) -> None:
    probe, _ = place
    there = f"{TOKENS}?username=tester&password=tester-password"

    def by_address(method: str) -> Seen:
        if method == "GET":
            return probe.get(TOKENS, **WHO)
        body = b"f=json&client=requestip"
        received, _ = probe.raw(
            probe.request(there.partition("?")[0], "POST", body, **WHO).replace(
                b"Host:", b"Connection: close\r\nHost:", 1
            )
        )
        head, _, content = received.partition(b"\r\n\r\n")
        return Seen(int(head.split()[1]), {}, [], content)

    if probe.site.guard is not None:
        probe.site.guard.rules = SignInRules(tokens_by_get=True)
        assert [by_address(each).status for each in ("GET", "POST")] == [200, 200]
        assert "token" in by_address("GET").json
    injection = probe.site.deviate("token-get-refused")
    for method in ("GET", "POST"):
        seen = by_address(method)
        assert (seen.status, code(seen)) == (405, 405)
    assert sign_in(probe)
    assert injection.applied == 2


def test_the_token_service_asks_what_a_token_is_bound_to(place: tuple[Probe, str]) -> None:
    probe, path = place
    injection = probe.site.deviate("token-client-required")
    seen = probe.post(TOKENS, **WHO)
    assert seen.json["error"] == {
        "code": 201,
        "message": "Unable to generate token.",
        "details": ["'client' must be specified."],
    }
    for form in ({"client": "requestip"}, {"clientid": "ip.127.0.0.1"}):
        token = sign_in(probe, **form)
        assert code(probe.get(f"rest/services/{path}", token=token)) is None
    assert injection.applied == 1
    injection.clear()
    assert code(probe.post(TOKENS, **WHO)) == (400 if probe.site.guard is None else None)


@pytest.mark.parametrize("name", ENDS)
def test_a_tokens_end_is_told_otherwise_and_the_token_works(place: tuple[Probe, str], name: str) -> None:
    probe, path = place
    injection = probe.site.deviate(name)
    seen = probe.post(TOKENS, **WHO).json
    assert code(probe.get(f"rest/services/{path}", token=seen["token"])) is None
    usual = int((probe.site.clock.now() + 3600) * 1000) - 1
    assert seen.get("expires") == ENDS[name](usual)
    assert injection.applied == 1
    injection.clear()
    if probe.site.guard is not None:
        assert probe.post(TOKENS, **WHO).json["expires"] == usual + 1


def test_a_token_lasts_a_minute(place: tuple[Probe, str]) -> None:
    probe, path = place
    clock = probe.site.clock
    injection = probe.site.deviate("token-shorter-than-asked")
    start = clock.now()
    seen = probe.post(TOKENS, **WHO, expiration="600").json
    assert 0 <= (start + 60) * 1000 - seen["expires"] < 10
    assert code(probe.get(f"rest/services/{path}", token=seen["token"])) is None
    asyncio.run(clock.sleep(60))
    assert code(probe.get(f"rest/services/{path}", token=seen["token"])) == 498
    assert injection.applied == 1
    injection.clear()
    if probe.site.guard is not None:
        assert probe.post(TOKENS, **WHO, expiration="600").json["expires"] > (clock.now() + 600) * 1000 - 10


def test_a_token_has_to_be_escaped(place: tuple[Probe, str]) -> None:
    probe, path = place
    injection = probe.site.deviate("token-odd-characters")
    token = sign_in(probe)
    assert token.endswith("+/=..")
    assert code(probe.get(f"rest/services/{path}", token=token)) is None
    root = urlsplit(probe.root)
    head = f"GET {root.path}/rest/services/{path}?f=json&token={{}} HTTP/1.1\r\nHost: x\r\n"
    head += "Connection: close\r\n\r\n"
    for written, is_good in ((quote(token, safe=""), True), (token, False)):
        received, _ = probe.raw(head.format(written).encode())
        assert (b'"code":498' not in received) is is_good
    assert injection.applied == 1
    injection.clear()
    if probe.site.guard is not None:
        assert not sign_in(probe).endswith("+/=..")


def test_a_message_holds_the_token_of_who_asks(place: tuple[Probe, str]) -> None:
    probe, path = place
    injection = probe.site.deviate("token-in-message")
    token = sign_in(probe)
    job_id = submitted(probe, path, token)
    url = f"{probe.root}/rest/services?f=json&token={token}"
    by_post = probe.post(f"rest/services/{path}/jobs/{job_id}", token=token)
    for seen in (probe.poll(job_id, path, token=token), by_post):
        assert url in seen.json["messages"][0]["description"]
        assert seen.body.count(token.encode()) == 1
    assert injection.applied == 2
    injection.clear()
    assert token.encode() not in probe.poll(job_id, path, token=token).body


def test_tokens_are_a_portals_to_give(place: tuple[Probe, str]) -> None:
    probe, path = place
    injection = probe.site.deviate("token-service-elsewhere")
    info = probe.get("rest/info").json
    assert info["owningSystemUrl"] == probe.root
    assert info["authInfo"]["tokenServicesUrl"] == f"{probe.root}/sharing/rest/generateToken"
    assert [code(probe.post(each, **WHO)) for each in (TOKENS, "tokens/", "tokens")] == [400] * 3
    token = probe.post("sharing/rest/generateToken", **WHO).json["token"]
    assert code(probe.get(f"rest/services/{path}", token=token)) is None
    assert injection.applied == 4
    injection.clear()
    assert "owningSystemUrl" not in probe.get("rest/info").json
    if probe.site.guard is not None:
        assert sign_in(probe)


def test_what_is_asked_for_without_tls_is_refused(probe: Probe) -> None:
    injection = probe.site.deviate("https-required")
    for path in ("rest/info", "rest/services", f"rest/services/{VIEWSHED}"):
        error = probe.get(path).json["error"]
        assert (error["code"], error["subcode"], error["message"]) == (403, 4, "SSL Required")
        assert "error" not in probe.get(path, headers={"X-Forwarded-Proto": "https"}).json
    assert injection.applied == 3
    injection.clear()
    assert "error" not in probe.get("rest/info").json
