"""Who may use the control API, and what it says of requests that it cannot make sense of."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from gp_mockserver.app import MockServer
from gp_mockserver.builtin.builtin_site import builtin_site
from gp_mockserver.control import pages
from gp_mockserver.control.asks import MOST_BYTES
from gp_mockserver.control.control_rules import ControlRules, is_loopback
from gp_mockserver.control.resources import RESOURCES
from gp_mockserver.lifecycle.clocks import ManualClock
from hypothesis import given, settings
from hypothesis import strategies as st

from every_case import every_case

TOKEN = "a-token-of-some-length"
HERE = "http://127.0.0.1:8585"
RESET = {"all": True}


def ask(
    method: str, path: str, *, rules: ControlRules | None = None, app: MockServer | None = None, **more: Any
) -> httpx.Response:
    """A request to a server whose API goes by these rules; in process, unless they name a host."""
    app = app or MockServer([builtin_site("arcgis", clock=ManualClock())])
    if rules is not None:
        app.control = rules

    async def go() -> httpx.Response:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url=HERE) as client:
            return await client.request(method, path, **more)

    return asyncio.run(go())


def refused(answer: httpx.Response, status: int) -> dict[str, str]:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/json"
    (error,) = answer.json().values()
    assert list(error) == ["message", "path", "met", "expected", "remedy"]
    return dict(error)


# Who


@every_case("path", ["/__admin/health", "/__admin/sites", "/arcgis/__admin/jobs"])
@every_case("host", [None, "127.0.0.1", "localhost", "::1"])
def test_on_the_computer_itself_programs_need_no_token(host: str | None, path: str) -> None:
    assert ask("GET", path, rules=ControlRules(host=host)).status_code == 200


@every_case("host", ["0.0.0.0", "::", "192.168.1.5", "gis.example.com"])
@every_case("path", ["/__admin/health", "/arcgis/__admin/jobs", "/__admin/nothing"])
def test_off_the_computer_nobody_gets_in_without_a_token_being_set(host: str, path: str) -> None:
    error = refused(ask("GET", path, rules=ControlRules(host=host)), 403)
    assert "token" in error["remedy"]


@every_case("host", [None, "127.0.0.1", "0.0.0.0"])
@every_case(
    "authorization",
    [None, "", "Bearer", "Bearer ", f"Bearer {TOKEN}x", f"Bearer {TOKEN[:-1]}", f"Basic {TOKEN}", TOKEN],
)
def test_where_a_token_is_set_nothing_else_gets_in(host: str | None, authorization: str | None) -> None:
    headers = {} if authorization is None else {"Authorization": authorization}
    answer = ask("GET", "/__admin/health", rules=ControlRules(token=TOKEN, host=host), headers=headers)
    error = refused(answer, 401)
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert TOKEN[:-1] not in json.dumps(error)


@every_case("host", ["127.0.0.1", "0.0.0.0"])
@every_case("scheme", ["Bearer", "bearer"])
def test_the_token_gets_in_under_any_name_and_from_any_page(host: str, scheme: str) -> None:
    headers = {
        "Authorization": f"{scheme} {TOKEN}",
        "Origin": "https://tests.example.com",
        "Host": "gis.example.com",
    }
    rules = ControlRules(token=TOKEN, host=host)
    assert ask("POST", "/__admin/reset", rules=rules, headers=headers, json=RESET).status_code == 200


def test_the_token_is_never_told() -> None:
    headers = {"Authorization": f"Bearer {TOKEN}"}
    for path in ("settings", "docs/openapi.json", "sites", "requests"):
        answer = ask(
            "GET", f"/__admin/{path}", rules=ControlRules(token=TOKEN, host="0.0.0.0"), headers=headers
        )
        assert answer.status_code == 200
        assert TOKEN not in answer.text


# Web pages


@every_case(
    "origin",
    ["null", "https://evil.example", "http://127.0.0.1:9999", "http://localhost:8585", "http://", "x"],
)
@every_case(("method", "path"), [("GET", "/__admin/sites"), ("POST", "/__admin/reset")])
def test_pages_of_other_origins_are_refused(method: str, path: str, origin: str) -> None:
    answer = ask(method, path, rules=ControlRules(host="127.0.0.1"), headers={"Origin": origin})
    assert refused(answer, 403)["path"] == "Origin"


@pytest.mark.parametrize("rules", [ControlRules(), ControlRules(host="127.0.0.1")])
def test_the_servers_own_page_gets_in(rules: ControlRules) -> None:
    headers = {"Origin": HERE, "Sec-Fetch-Site": "same-origin"}
    assert ask("POST", "/__admin/reset", rules=rules, headers=headers, json=RESET).status_code == 200


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_a_browser_that_says_whose_page_it_is_is_believed(site: str) -> None:
    rules = ControlRules(host="127.0.0.1")
    headers = {"Sec-Fetch-Site": site}
    assert (
        refused(ask("POST", "/__admin/reset", rules=rules, headers=headers), 403)["path"] == "Sec-Fetch-Site"
    )
    assert ask("GET", "/__admin/sites", rules=rules, headers=headers).status_code == 200  # a link led here


@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS"])
def test_no_answer_lets_a_page_of_another_origin_read_it(method: str) -> None:
    headers = {
        "Origin": HERE,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type",
    }
    answer = ask(method, "/arcgis/__admin/reset", headers=headers)
    assert not [name for name in answer.headers if name.startswith("access-control")]


@every_case("host", ["evil.example", "evil.example:8585", "127.0.0.1.evil.example", "192.168.1.5", ""])
def test_a_name_that_was_made_to_lead_here_is_refused(host: str) -> None:
    answer = ask("GET", "/__admin/sites", rules=ControlRules(host="127.0.0.1"), headers={"Host": host})
    assert refused(answer, 403)["path"] == "Host"


@every_case("host", ["localhost", "LOCALHOST:1", "127.0.0.1", "127.1.2.3:5", "[::1]:8585", "a.localhost"])
def test_every_name_of_the_computer_itself_is_good(host: str) -> None:
    answer = ask("GET", "/__admin/sites", rules=ControlRules(host="127.0.0.1"), headers={"Host": host})
    assert answer.status_code == 200


def test_in_process_any_host_is_good() -> None:
    assert ask("GET", "https://gis.example.gov/__admin/health").status_code == 200


@every_case(
    ("name", "expected"),
    [
        ("localhost", True),
        ("localhost.", True),
        ("127.0.0.1", True),
        ("::1", True),
        ("[::1]", True),
        ("0.0.0.0", False),
        ("::", False),
        ("notlocalhost", False),
        ("localhost.example.com", False),
        ("", False),
    ],
)
def test_only_names_that_always_mean_the_computer_itself_count(name: str, expected: bool) -> None:
    assert is_loopback(name) is expected


# Bodies


@every_case(
    ("kind", "body"),
    [
        ("text/plain", b'{"all":true}'),
        ("application/x-www-form-urlencoded", b'{"all":true}'),
        ("application/x-www-form-urlencoded", b""),
        ("multipart/form-data; boundary=x", b""),
        ("", b'{"all":true}'),
    ],
)
def test_a_body_that_a_form_can_send_is_refused(kind: str, body: bytes) -> None:
    headers = {"Content-Type": kind} if kind else {}
    error = refused(ask("POST", "/__admin/reset", content=body, headers=headers), 415)
    assert error["expected"] == "application/json"
    assert "curl" in error["remedy"]


def test_a_body_may_be_left_out_and_name_its_charset() -> None:
    assert ask("POST", "/__admin/reset").status_code == 200
    headers = {"Content-Type": "application/json; charset=utf-8"}
    assert ask("POST", "/__admin/reset", content=b"{}", headers=headers).status_code == 200


@every_case("body", [b"{", b"nonsense", b"[" * 100_000, b'{"all": NaN}', b"\xff\xfe", b'"\xed\xa0\x80"'])
def test_a_body_that_is_no_json_is_told(body: bytes) -> None:
    answer = ask("POST", "/__admin/reset", content=body, headers={"Content-Type": "application/json"})
    assert "JSON" in refused(answer, 400)["message"]


def test_a_body_has_a_limit() -> None:
    headers = {"Content-Type": "application/json"}
    fits = b'{"all":true' + b" " * (MOST_BYTES - 12) + b"}"
    assert ask("POST", "/__admin/reset", content=fits, headers=headers).status_code == 200
    assert refused(ask("POST", "/__admin/reset", content=fits + b" ", headers=headers), 413)["expected"]


@every_case(
    ("path", "body", "place", "says"),
    [
        ("/__admin/reset", {"al": True}, "al", 'did you mean "all"?'),
        ("/__admin/reset", {"all": "yes"}, "all", "true or false"),
        ("/__admin/reset", [], "", "a mapping"),
        ("/arcgis/__admin/clock/advance", {}, "", "add seconds"),
        ("/arcgis/__admin/clock/advance", {"seconds": "soon"}, "seconds", "20s"),
        ("/arcgis/__admin/clock/advance", {"seconds": -1}, "seconds", "0"),
        ("/arcgis/__admin/clock/run", {"rate": 0}, "rate", "above 0"),
        ("/arcgis/__admin/clock/set", {"to": "tomorrow"}, "to", "2026-03-01"),
        ("/arcgis/__admin/clock/freeze", {"now": True}, "now", "expected"),
        ("/arcgis/__admin/deviations", {"nth": 1}, "", "add name"),
        ("/arcgis/__admin/deviations", {"name": "results-late", "nth": 0}, "", "nth"),
        ("/arcgis/__admin/expectations", {"operation": "submitJob", "tmes": 1}, "tmes", '"times"'),
        ("/arcgis/__admin/expectations", {"inOrder": ["job"]}, "inOrder", "two or more"),
        ("/arcgis/__admin/requests/find", {"limit": -1}, "limit", "0 to"),
    ],
)
def test_a_body_that_does_not_fit_is_told_with_its_place(path: str, body: Any, place: str, says: str) -> None:
    error = refused(ask("POST", path, json=body), 400)
    assert error["path"] == place
    assert says in " ".join(error.values())


@every_case(
    ("path", "place", "says"),
    [
        ("/__admin/requests?limt=5", "?limt", 'did you mean "limit"?'),
        ("/__admin/requests?limit=many", "?limit", "whole number"),
        ("/__admin/requests?limit=-1", "?limit", "0 to"),
        ("/__admin/requests?bodies=perhaps", "?bodies", "true or false"),
        ("/__admin/health?x=1", "?x", "none"),
        ("/__admin/jobs?status=esriJobSuceeded", "?status", '"esriJobSucceeded"'),
        ("/__admin/jobs?task=WorldViewshed/viewshd", "?task", '"WorldViewshed/viewshed"'),
        ("/__admin/requests?operation=submitjob", "", '"submitJob"'),
        ("/__admin/events?maxlogs=all", "?maxlogs", "whole number"),
    ],
)
def test_a_query_that_does_not_fit_is_told_with_its_place(path: str, place: str, says: str) -> None:
    error = refused(ask("GET", path), 400)
    assert error["path"] == place
    assert says in " ".join(error.values())


# Addresses and verbs


@every_case(
    ("path", "says"),
    [
        ("/__admin/request", 'did you mean "requests"?'),
        ("/__admin/what/is/it/then/now", "GET /__admin lists"),
        ("/__admin/requests/fnd", 'did you mean "find"?'),
        ("/arcgis/__admin/clok", 'did you mean "clock"?'),
        ("/__admin/jobs/j1/hodl", 'did you mean "jobs/j1/hold"?'),
        ("/arcgis/__admin/sites", "it is the server's: /__admin/sites"),
        ("/__admin/sites/argis", 'did you mean "arcgis"?'),
        ("/__admin/sites/argis/jobs", 'did you mean "arcgis"?'),
        ("/argis/__admin/jobs", 'did you mean "arcgis"?'),
        ("/argis/__admin", 'did you mean "arcgis"?'),
        ("/arcgis/__admin/tasks/WorldViewshed/viewshd/rules", 'did you mean "WorldViewshed/viewshed"?'),
        ("/__admin/jobs/jx", "never was"),
        ("/__admin/ui/..%2f..%2fentry.py", "no resource"),
        ("/__admin/ui/..%5centry.py", "no file"),
        ("/__admin/ui/entry.py", "no file"),
    ],
)
def test_an_address_that_leads_nowhere_is_told_with_the_nearest(path: str, says: str) -> None:
    assert says in refused(ask("GET", path), 404)["message"]


VERBS = ("GET", "POST", "PUT", "PATCH", "DELETE")
WRONG = [
    (method, "/".join("x" if part.startswith("{") else part for part in each.path.split("/")), each)
    for each in RESOURCES
    for method in VERBS
    if method not in each.actions and not each.of_site
]


@every_case(("method", "path", "resource"), WRONG, ids=[f"{m} {p}" for m, p, _ in WRONG])
def test_a_wrong_verb_is_told_the_right_one(method: str, path: str, resource: Any) -> None:
    answer = ask(method, f"/__admin/{path.replace('{task:path}', 'S/T')}", app=EMPTY)
    error = refused(answer, 405)
    assert error["met"] == method
    for verb in resource.actions:
        assert verb in error["expected"]
        assert verb in answer.headers["allow"]


EMPTY = MockServer([])


@pytest.mark.parametrize("path", ["/__admin/reset", "/arcgis/__admin/jobs"])
def test_options_says_the_verbs(path: str) -> None:
    answer = ask("OPTIONS", path)
    assert (answer.status_code, answer.content) == (204, b"")
    assert "OPTIONS" in answer.headers["allow"]


@every_case("path", ["health", "sites", "requests", "docs/openapi.json"])
def test_head_is_get_without_its_body(path: str) -> None:
    head, get = (ask(method, f"/__admin/{path}") for method in ("HEAD", "GET"))
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-type"] == get.headers["content-type"]


def test_a_slash_at_the_end_is_the_same_resource() -> None:
    assert ask("GET", "/__admin/health/").status_code == 200
    assert ask("GET", "/__admin/").json()["ui"] == f"{HERE}/__admin/ui"


def test_people_are_sent_to_the_page_and_programs_get_a_list() -> None:
    answer = ask("GET", "/arcgis/__admin", headers={"Accept": "text/html,*/*"})
    assert answer.headers["location"] == f"{HERE}/arcgis/__admin/ui"
    resources = ask("GET", "/arcgis/__admin").json()["resources"]
    assert resources["clock/advance"] == ["POST"]
    assert "sites" not in resources


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("ui", "text/html; charset=utf-8"),
        ("ui/page.js", "text/javascript; charset=utf-8"),
        ("ui/page.css", "text/css; charset=utf-8"),
    ],
)
@pytest.mark.parametrize("home", ["/__admin", "/arcgis/__admin"])
def test_the_page_is_made_of_files_that_may_load_nothing_from_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, home: str, path: str, kind: str
) -> None:
    monkeypatch.setattr(pages, "FOLDER", tmp_path)
    for name in ("index.html", "page.js", "page.css"):
        (tmp_path / name).write_text(f"this is {name}")
    answer = ask("GET", f"{home}/{path}", rules=ControlRules(token=TOKEN, host="0.0.0.0"))
    assert answer.text == f"this is {path.removeprefix('ui/').replace('ui', 'index.html')}"
    assert answer.headers["content-type"] == kind
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_what_goes_wrong_in_the_server_is_logged_and_answered(caplog: pytest.LogCaptureFixture) -> None:
    app = MockServer([builtin_site("arcgis")])
    app.sites["arcgis"].reset = lambda: 1 / 0  # type: ignore[method-assign,assignment]
    error = refused(ask("POST", "/arcgis/__admin/reset", app=app), 500)
    assert "ZeroDivisionError" in caplog.text
    assert "ZeroDivision" not in error["message"]


_JSON = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False) | st.integers() | st.text(),
    lambda each: (
        st.lists(each, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["services", "when", "do", "name", "operation", "inOrder", "timeline", "phases", "x"]
            ),
            each,
            max_size=4,
        )
    ),
    max_leaves=8,
)
_POSTS = [
    (verb, each.path.replace("{task:path}", "WorldViewshed/viewshed"))
    for each in RESOURCES
    for verb in each.actions
    if verb in ("POST", "PUT") and "{job}" not in each.path and each.path != "shutdown" and not each.of_server
]


@settings(max_examples=50)
@given(st.sampled_from(_POSTS), _JSON)
def test_whatever_is_sent_gets_an_answer_that_says_what_is_wrong(post: tuple[str, str], body: Any) -> None:
    answer = ask(post[0], f"/arcgis/__admin/{post[1]}", json=body, app=FUZZED)
    if answer.status_code >= 400:
        assert answer.status_code in (400, 404, 409), answer.text
        assert answer.json()["error"]["message"]


FUZZED = MockServer([builtin_site("arcgis", clock=ManualClock())])
