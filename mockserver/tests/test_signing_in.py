"""Signing in with a browser: where it leads, what its pages say, and what is told to whom."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import httpx
import pytest
from gp_mockserver.builtin.builtin_site import builtin_site
from gp_mockserver.security.sign_in_rules import SignInRules
from gp_mockserver.sites import Site

WHO = {"username": "tester", "password": "tester-password"}
SECURED = "Secured/WorldViewshed/GPServer"
TASK = f"{SECURED}/viewshed"
ADMIN = "../../admin/services/Simulation/JobOutcomes.GPServer/jobs"
POINT = '{"features":[{"geometry":{"x":-118.8,"y":37.5}}],"spatialReference":{"wkid":4326}}'
HOSTILE = "<script>alert('x')</script>\"'&"


@pytest.fixture
def client(wire: Any) -> Iterator[httpx.Client]:
    """A browser: it keeps cookies, and follows no redirect by itself."""
    with httpx.Client(base_url=wire.http.base_url, timeout=10) as client:
        yield client


def token_of(wire: Any, user: str = "tester", client: str = "", bound_to: str = "") -> str:
    return str(wire.site.guard.issue(user, client, bound_to, wire.clock.now())[0])


def sign_in(client: httpx.Client) -> None:
    assert client.post("../login", data=WHO).status_code == 302


def way_back(login: str) -> str:
    """Where an address of the log-in page leads back to, below the context."""
    (back,) = parse_qs(urlsplit(unescape(login)).query)["redirect"]
    return "/" + back.split("/", 2)[2]


def links(text: str) -> dict[str, str]:
    """The addresses of a page's links by their texts, the first of each text."""
    found = re.findall(r'<a [^>]*href="([^"]*)"[^>]*>(.*?)</a>', text)
    return {unescape(text): unescape(href) for href, text in reversed(found)}


WAYS = [
    (ADMIN, {"start": "1", "num": "5"}, "/admin/services/Simulation/JobOutcomes.GPServer/jobs?start=1&num=5"),
    (f"{ADMIN}/j1", {}, "/admin/services/Simulation/JobOutcomes.GPServer/jobs/j1"),
    (f"{TASK}/jobs/j1/results", {"f": "html"}, f"/rest/services/{TASK}/jobs/j1/results"),
    (f"{TASK}/", {"token": ""}, f"/rest/services/{TASK}"),
    (TASK, {"username": "u", "password": "pass-word", "a": "b"}, f"/rest/services/{TASK}?a=b"),
    (TASK, {"a": '{"token":"abc"}'}, f"/rest/services/{TASK}"),
    (TASK, {"a": "x" * 3000}, f"/rest/services/{TASK}"),
    (f"{TASK}/submitJob", {"Viewshed_Distance": "5"}, f"/rest/services/{TASK}/submitJob"),
    (f"{TASK}/jobs/pass-word", {"password": "pass-word"}, "/rest/services"),
]


@pytest.mark.parametrize(("place", "query", "back"), WAYS)
def test_signing_in_leads_back_to_what_was_asked_for(
    wire: Any, client: httpx.Client, place: str, query: dict[str, str], back: str
) -> None:
    asked = client.get(place, params=query)
    assert asked.status_code == 302
    assert way_back(asked.headers["location"]) == back
    assert "pass-word" not in asked.headers["location"]
    signed_in = client.post(asked.headers["location"], data=WHO)
    assert signed_in.headers["location"].endswith(f"/{wire.site.context}{back}")


@pytest.mark.parametrize(
    ("place", "back"),
    [
        ("WorldViewshed/GPServer/viewshed", "/rest/services/WorldViewshed/GPServer/viewshed"),
        ("15_Names/OddNames/GPServer/Extract Data Task", None),
        ("../login", "/rest/services"),
        ("Nowhere/GPServer", "/rest/services"),
        ("?x=1", "/rest/services?x=1"),
        ("?f=woops&callback=a&x=1", "/rest/services?x=1"),
        ("../../tokens/", "/tokens"),
    ],
)
def test_the_log_in_link_of_a_page_leads_back_to_it(
    wire: Any, client: httpx.Client, place: str, back: str | None
) -> None:
    login = links(client.get(place).text)["Login"]
    assert way_back(login) == (back or f"/rest/services/{quote(place)}")


def test_an_error_page_knows_who_is_signed_in(client: httpx.Client) -> None:
    places = [
        "Nowhere/GPServer",
        "nothing/at/all",
        "WorldViewshed/GPServer/nothing",
        f"{TASK}/jobs/j1",
        "?f=x",
    ]
    for place in places:
        assert "Login" in links(client.get(place, follow_redirects=True).text)
    sign_in(client)
    for place in places:
        page = client.get(place)
        assert page.status_code >= 400
        assert "Signed in as tester" in page.text, place
        assert "Login" not in links(page.text)
        assert "Logout" in links(page.text)


def test_a_wrong_token_makes_nobody_of_an_error_page(client: httpx.Client) -> None:
    page = client.get("Nowhere/GPServer", params={"token": "wrong"})
    assert page.status_code == 404
    assert "Signed in" not in page.text


# The form again.


def test_a_refused_log_in_shows_the_form_with_the_name_and_without_the_password(client: httpx.Client) -> None:
    back = urlsplit(f"{client.base_url}").path + TASK
    page = client.post("../login", data={"username": "tes<ter", "password": "wrong-one", "redirect": back})
    assert page.status_code == 400
    assert "Invalid username or password." in page.text
    assert 'name="username" value="tes&lt;ter"' in page.text
    assert 'type="password" name="password" value=""' in page.text
    assert f'name="redirect" value="{back}"' in page.text
    assert "wrong-one" not in page.text
    assert "Back to the form" not in page.text


def test_a_password_that_was_typed_as_the_name_too_is_not_shown(client: httpx.Client) -> None:
    page = client.post("../login", data={"username": "my-secret-word", "password": "my-secret-word"})
    assert "my-secret-word" not in page.text


@pytest.mark.parametrize(
    ("place", "form"),
    [
        ("Elevation/ESRI_Elevation_World/GPServer/Viewshed/execute", {"Viewshed_Distance": "far"}),
        ("WorldViewshed/GPServer/viewshed/submitJob", {"Viewshed_Distance": "far"}),
        ("WorldViewshed/GPServer/viewshed/validate", {"env:outSR": "far"}),
        ("Files/FileTransfer/GPServer/uploads/upload", {}),
        ("Files/FileTransfer/GPServer/uploads/register", {}),
        ("../../tokens/", {"username": "tester", "password": "wrong"}),
        ("../../tokens/generateToken", {"username": "tester", "password": "wrong"}),
    ],
)
def test_the_error_page_of_a_form_leads_back_to_it(
    client: httpx.Client, place: str, form: dict[str, str]
) -> None:
    page = client.post(place, data=form)
    assert page.status_code >= 400
    back = client.get(links(page.text)["Back to the form"])
    assert back.status_code == 200
    assert '<form name="sdform"' in back.text


@pytest.mark.parametrize(
    "place",
    [
        "WorldViewshed/GPServer/viewshed/execute",
        "Elevation/ESRI_Elevation_World/GPServer/Viewshed/submitJob",
        "WorldViewshed/GPServer/viewshed/jobs/j1",
        "Nowhere/GPServer",
    ],
)
def test_other_error_pages_lead_to_no_form(client: httpx.Client, place: str) -> None:
    page = client.post(place, data={"Viewshed_Distance": "5"})
    assert page.status_code >= 400
    assert "Back to the form" not in page.text


# What newcomers are told.


@pytest.mark.parametrize("place", ["../login", "../../tokens/", "../../sharing/rest/generateToken"])
def test_the_built_in_sites_account_stands_where_one_signs_in(client: httpx.Client, place: str) -> None:
    assert "The built-in account is tester, its password tester-password." in client.get(place).text


def test_a_hint_is_escaped_and_other_sites_have_none(open_wire: Any, fresh: Any) -> None:
    wire = open_wire(Site(**fresh, users={"a": "b"}))
    assert "account" not in wire.get("../login").text
    wire.site.sign_in_hint = HOSTILE
    for place in ("../login", "../../tokens/"):
        text = wire.get(place).text
        assert "<script" not in text
        assert HOSTILE in unescape(text)


# A token among the parameters of a form's request.


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_job_submitted_with_a_token_is_shown_to_the_browser(
    wire: Any, client: httpx.Client, method: str
) -> None:
    token = token_of(wire)
    given = {"token": token, "Input_Observation_Point": POINT}
    how: dict[str, Any] = {"params": given} if method == "GET" else {"data": given}
    answer = client.request(method, f"{TASK}/submitJob", **how)
    assert answer.status_code == 302
    assert token not in answer.headers["location"]
    cookie, *rest = answer.headers["set-cookie"].split("; ")
    assert cookie == f"agstoken={token}"
    assert rest == [f"Path=/{wire.site.context}", "HttpOnly", "SameSite=Lax"]
    job = client.get(answer.headers["location"])
    assert job.status_code == 200
    assert "Job Status: " in job.text
    assert token not in job.text
    assert wire.http.get(answer.headers["location"]).status_code == 302


def test_a_token_that_is_bound_to_a_referer_stays_so(wire: Any, client: httpx.Client) -> None:
    token = token_of(wire, client="referer", bound_to="http://app")
    given = {"token": token, "Input_Observation_Point": POINT}
    headers = {"Referer": "http://app/page"}
    answer = client.post(f"{TASK}/submitJob", data=given, headers=headers)
    assert client.get(answer.headers["location"], headers=headers).status_code == 200
    assert client.get(answer.headers["location"]).status_code == 302


@pytest.mark.parametrize("token", ["", "wrong"])
def test_no_cookie_comes_of_a_job_that_needed_no_token(open_wire: Any, fresh: Any, token: str) -> None:
    site = Site(**fresh)

    @site.task("Open/Task", execution="async")
    def nothing() -> None:
        pass

    wire = open_wire(site)
    answer = wire.post("Open/GPServer/Task/submitJob", token=token, returnZ="false")
    assert answer.status_code == 302
    assert "set-cookie" not in answer.headers


def test_an_open_services_job_sets_no_cookie_either(wire: Any) -> None:
    task = "Simulation/JobOutcomes/GPServer/Succeeds/submitJob"
    answer = wire.post(task, token=token_of(wire), Note="x")
    assert answer.status_code == 302
    assert "set-cookie" not in answer.headers


# An old cookie.


def test_an_old_cookie_is_a_wrong_token_for_a_form_and_no_token_for_a_page(wire: Any) -> None:
    headers = {"Cookie": "agstoken=old"}
    sent = wire.http.post(f"{TASK}/submitJob", data={"Input_Observation_Point": POINT}, headers=headers)
    assert sent.status_code == 498
    assert "Invalid Token" in sent.text
    page = wire.http.get(f"{TASK}/submitJob", headers=headers)
    assert (page.status_code, urlsplit(page.headers["location"]).path.rpartition("/")[2]) == (302, "login")


# Hidden services.


@pytest.mark.parametrize("f", ["json", "html"])
@pytest.mark.parametrize(
    "place",
    [
        "Secured/WorldViewshedd/GPServer",
        "Secured/WorldViewshe",
        "../../admin/services/Secured/WorldViewshe.GPServer/jobs",
    ],
)
def test_nobody_is_pointed_to_a_service_that_is_hidden_from_them(
    open_wire: Any, fresh: Any, place: str, f: str
) -> None:
    site = builtin_site(**fresh, security=SignInRules(hide_secured=True))
    site.add_user("other", "other-password")
    site.services["Secured/WorldViewshed"].secure(["nobody"])
    wire = open_wire(site)
    hint = 'did you mean "Secured/WorldViewshed"?'
    for token in ("", token_of(wire, "other")):
        assert hint not in said(wire.get(place, f=f, token=token))
    assert hint in said(wire.get(place, f=f, token=token_of(wire)))
    wire.site.sign_in(SignInRules(hide_secured=False))
    assert (hint in said(wire.get(place, f=f))) is ("admin" not in place)


def said(response: httpx.Response) -> str:
    """A page's or a JSON answer's text without its escapes."""
    return unescape(response.text).replace('\\"', '"')


@pytest.mark.parametrize("f", ["json", "html"])
def test_nobody_is_pointed_to_a_task_of_a_service_that_they_may_not_use(wire: Any, f: str) -> None:
    place = f"{SECURED}/viewshedd"
    assert "did you mean" not in said(wire.get(place, f=f))
    assert 'did you mean "viewshed"?' in said(wire.get(place, f=f, token=token_of(wire)))
