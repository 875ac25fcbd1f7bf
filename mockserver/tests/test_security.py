"""The guard: who may see what, by which token, and what the others are told, in every format."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from gp_mockserver.builtin.builtin_site import builtin_site
from gp_mockserver.errors import SiteError
from gp_mockserver.security.sign_in_rules import SignInRules
from gp_mockserver.sites import Site
from gp_mockserver.tools.tool_calls import ToolCall
from gp_protocol.versions import PROFILES

WHO = {"username": "tester", "password": "tester-password"}
SECURED = "Secured/WorldViewshed/GPServer"
TASK = f"{SECURED}/viewshed"
POINT = "{'features': [{'geometry': {'x': -118.8, 'y': 37.5}}], 'spatialReference': {'wkid': 4326}}"


def root_of(wire: Any) -> str:
    return str(wire.http.base_url).removesuffix("/rest/services/")


def token_of(wire: Any, username: str = "tester", password: str = "tester-password", **form: Any) -> str:
    asked = {"f": "json", "username": username, "password": password, **form}
    return str(wire.http.post(f"{root_of(wire)}/tokens/", data=asked).json()["token"])


def job_with(wire: Any, token: str, **form: Any) -> str:
    asked = {"f": "json", "token": token, "Input_Observation_Point": POINT, **form}
    return str(wire.http.post(f"{TASK}/submitJob", data=asked).json()["jobId"])


def code_of(response: httpx.Response) -> int:
    assert response.status_code == 200
    return int(response.json().get("error", {}).get("code", 0))


def test_the_secured_service_is_listed_and_asks_for_a_token(wire: Any) -> None:
    assert "Secured" in wire.json("")["folders"]
    assert wire.json("Secured")["services"] == [{"name": "Secured/WorldViewshed", "type": "GPServer"}]
    assert wire.error(SECURED) == {"code": 499, "message": "Token Required", "details": []}


def test_a_job_goes_its_whole_way_with_a_token(wire: Any) -> None:
    token = token_of(wire)
    job = f"{TASK}/jobs/{job_with(wire, token)}"
    wire.clock.advance(5)
    for place, key in ((job, "jobStatus"), (f"{job}/results/Viewshed_Result", "value")):
        assert key in wire.json(place, token=token)
        assert wire.error(place)["code"] == 499
        assert wire.error(place, token="wrong")["code"] == 498


@pytest.mark.parametrize(
    "place",
    [
        SECURED,
        f"{SECURED}/info/iteminfo",
        TASK,
        f"{TASK}/execute",
        f"{TASK}/submitJob",
        f"{TASK}/validate",
        f"{TASK}/jobs/j1",
        f"{TASK}/jobs/j1/cancel",
        f"{TASK}/jobs/j1/results",
        f"{TASK}/jobs/j1/results/Viewshed_Result",
        f"{TASK}/jobs/j1/inputs",
        f"{TASK}/jobs/j1/inputs/Viewshed_Distance",
        f"{SECURED}/viewsheds",
        f"{TASK}/nothing",
        f"{SECURED}//viewshed/",
    ],
)
def test_nothing_of_a_secured_service_is_told_without_a_token(wire: Any, place: str) -> None:
    assert wire.error(place) == {"code": 499, "message": "Token Required", "details": []}
    assert code_of(wire.post(place, f="json")) == 499


@pytest.mark.parametrize("place", ["rest/info", "rest/login", "tokens/", "sharing/rest", "sharing/rest/info"])
@pytest.mark.parametrize("token", ["", "wrong"])
def test_what_leads_to_a_token_needs_none(wire: Any, place: str, token: str) -> None:
    response = wire.http.get(f"{root_of(wire)}/{place}", params={"f": "html", "token": token})
    assert response.status_code == 200


def test_a_wrong_token_is_an_error_on_an_open_service_too(wire: Any) -> None:
    for place in ("", "WorldViewshed/GPServer", "WorldViewshed/GPServer/viewshed/jobs/j1"):
        assert wire.error(place, token="wrong")["code"] == 498
        page = wire.get(place, token="wrong")
        assert page.status_code == 498
        assert "Invalid Token" in page.text


@pytest.mark.parametrize(
    "carry",
    [
        lambda token: {"params": {"token": token}},
        lambda token: {"headers": {"X-Esri-Authorization": f"Bearer {token}"}},
        lambda token: {"headers": {"Authorization": f"Bearer {token}"}},
        lambda token: {"headers": {"Authorization": f"bearer  {token}"}},
        lambda token: {"headers": {"Cookie": f"other=1; agstoken={token}; more=2"}},
        lambda token: {"headers": {"Cookie": f'agstoken="{token}"'}},
        lambda token: {"method": "POST", "data": {"token": token, "f": "json"}},
        lambda token: {"method": "POST", "files": {"token": (None, token), "f": (None, "json")}},
    ],
)
def test_a_token_may_be_carried_in_every_way_that_clients_do(wire: Any, carry: Any) -> None:
    def asked(token: str) -> dict[str, Any]:
        how = {"method": "GET", **carry(token)}
        how["params"] = {"f": "json", **how.get("params", {})}
        return dict(wire.http.request(url=SECURED, **how).json())

    assert asked(token_of(wire))["tasks"] == ["viewshed"]
    assert asked("wrong")["error"]["code"] == 498


def test_the_first_token_found_counts(wire: Any) -> None:
    good = token_of(wire)

    def code(parameter: str, esri: str, plain: str, cookie: str) -> int:
        headers = {
            "X-Esri-Authorization": esri and f"Bearer {esri}",
            "Authorization": plain and f"Bearer {plain}",
            "Cookie": cookie and f"agstoken={cookie}",
        }
        asked = {"f": "json", "token": parameter}
        return code_of(wire.http.get(SECURED, params=asked, headers=headers))

    assert code(good, "bad", "bad", "bad") == 0
    assert code("", good, "bad", "bad") == 0
    assert code("", "", good, "bad") == 0
    assert code("", "", "", good) == 0
    assert code("bad", good, good, good) == 498
    assert code("", "bad", good, good) == 498
    assert code("", "", "bad", good) == 498


@pytest.mark.parametrize(
    ("version", "rule", "code"),
    [("10.51", None, 499), ("10.81", None, 0), ("10.51", True, 0), ("12.0", False, 499)],
)
def test_the_plain_authorization_header_counts_from_10_8_on_or_as_the_site_says(
    open_wire: Any, fresh: Any, version: str, rule: bool | None, code: int
) -> None:
    rules = SignInRules(authorization_header=rule)
    wire = open_wire(builtin_site(**fresh, version=version, security=rules))
    headers = {"Authorization": f"Bearer {token_of(wire)}"}
    assert code_of(wire.http.get(SECURED, params={"f": "json"}, headers=headers)) == code


@pytest.mark.parametrize("header", ["Basic dGVzdGVyOng=", "Bearer", "", "Token x", "\xff"])
def test_an_authorization_that_is_no_bearer_token_is_none(wire: Any, header: str) -> None:
    answer = wire.http.get(SECURED, params={"f": "json"}, headers={"Authorization": header.encode("latin-1")})
    assert code_of(answer) == 499


@pytest.mark.parametrize("version", [name for name in PROFILES if name != "notebook"])
@pytest.mark.parametrize("format", ["json", "pjson", "html"])
def test_every_version_refuses_in_every_format(open_wire: Any, fresh: Any, version: str, format: str) -> None:
    wire = open_wire(builtin_site(**fresh, version=version))
    missing = wire.get(SECURED, f=format)
    wrong = wire.get(SECURED, f=format, token="wrong")
    wire.site.add_user("other", "other-password")
    wire.site.services["Secured/WorldViewshed"].secure(["tester"])
    token = wire.site.guard.issue("other", "", "", wire.clock.now())[0]
    forbidden = wire.get(SECURED, f=format, token=token)
    if format == "html":
        assert [each.status_code for each in (missing, wrong, forbidden)] == [302, 498, 403]
        assert missing.headers["location"].startswith(f"{root_of(wire)}/rest/login?")
        assert wrong.text.count("Error: ") >= 1
    else:
        assert [code_of(each) for each in (missing, wrong, forbidden)] == [499, 498, 403]
        assert missing.headers["content-type"] == wire.site.profile.json_content_type


def test_a_callback_wraps_the_refusal(wire: Any) -> None:
    assert wire.get(SECURED, f="json", callback="done").text.startswith('done({"error":{"code":499')


def test_only_the_named_users_and_administrators_may_use_a_service(open_wire: Any, fresh: Any) -> None:
    site = builtin_site(**fresh)
    site.add_user("one", "password-1")
    site.add_user("two", "password-2")
    site.services["Secured/WorldViewshed"].secure(["one"])
    wire = open_wire(site)
    assert code_of(wire.get(SECURED, f="json", token=token_of(wire, "one", "password-1"))) == 0
    assert code_of(wire.get(SECURED, f="json", token=token_of(wire))) == 0
    refused = wire.error(SECURED, token=token_of(wire, "two", "password-2"))
    assert refused == {
        "code": 403,
        "message": "You do not have permissions to access this resource or perform this operation.",
        "details": ["user 'two' may not use Secured/WorldViewshed"],
    }
    site.services["Secured/WorldViewshed"].secure()
    assert code_of(wire.get(SECURED, f="json", token=token_of(wire, "two", "password-2"))) == 0


def test_a_service_that_is_secured_while_its_jobs_are_polled_asks_at_once(wire: Any) -> None:
    asked = {"f": "json", "Input_Observation_Point": POINT}
    task = "WorldViewshed/GPServer/viewshed"
    job = wire.http.post(f"{task}/submitJob", data=asked).json()["jobId"]
    for _ in range(3):
        assert "jobStatus" in wire.json(f"{task}/jobs/{job}")
    wire.site.services["WorldViewshed"].secure()
    assert wire.error(f"{task}/jobs/{job}")["code"] == 499


def test_a_kept_poll_is_never_answered_to_somebody_without_the_token(wire: Any) -> None:
    token = token_of(wire)
    job = job_with(wire, token)
    for _ in range(3):
        assert "jobStatus" in wire.json(f"{TASK}/jobs/{job}", token=token)
    assert wire.error(f"{TASK}/jobs/{job}")["code"] == 499


def test_the_catalogue_hides_secured_services_where_the_site_says_so(open_wire: Any, fresh: Any) -> None:
    wire = open_wire(builtin_site(**fresh, security=SignInRules(hide_secured=True)))
    assert "Secured" not in wire.json("")["folders"]
    token = token_of(wire)
    assert "Secured" in wire.json("", token=token)["folders"]
    assert wire.json("Secured")["services"] == []
    assert len(wire.json("Secured", token=token)["services"]) == 1


def site_with_files(fresh: Any) -> Site:
    site = Site(**fresh, users={"tester": "tester-password"})

    for name, execution in (("Secret/Jobs", "async"), ("Secret/Runs", "sync"), ("Open", "sync")):

        @site.task(f"{name}/Write", execution=execution)
        def write(call: ToolCall) -> Path:
            file = call.scratch / "out.txt"
            file.write_text("secret")
            return file

    for name in ("Secret/Jobs", "Secret/Runs"):
        site.services[name].secure()
    return site


def test_the_files_of_a_secured_service_need_its_token(open_wire: Any, fresh: Any) -> None:
    wire = open_wire(site_with_files(fresh))
    token = token_of(wire)
    run = wire.http.get("Secret/Runs/GPServer/Write/execute", params={"f": "json", "token": token}).json()
    form = {"f": "json", "token": token}
    job = wire.http.post("Secret/Jobs/GPServer/Write/submitJob", data=form).json()["jobId"]
    wire.clock.advance(5)
    result = wire.json(f"Secret/Jobs/GPServer/Write/jobs/{job}/results/Result", token=token)
    for url in (run["results"][0]["value"]["url"], result["value"]["url"]):
        assert wire.http.get(url).status_code == 499
        assert "Token Required" in wire.http.get(url).text
        assert wire.http.get(url, params={"token": "wrong"}).status_code == 498
        assert wire.http.get(url, params={"token": token}).text == "secret"
        assert wire.http.get(url, headers={"Cookie": f"agstoken={token}"}).text == "secret"
    opened = wire.http.get("Open/GPServer/Write/execute", params={"f": "json"}).json()
    assert wire.http.get(opened["results"][0]["value"]["url"]).text == "secret"


@pytest.mark.parametrize(
    "detour",
    [
        "arcgisjobs/x/../secret/jobs_gpserver/{job}/scratch/out.txt",
        "arcgisjobs/open_gpserver/%2e%2e/secret/jobs_gpserver/{job}/scratch/out.txt",
        "arcgisoutput/../arcgisjobs/secret/jobs_gpserver/{job}/scratch/out.txt",
        "arcgisjobs//secret/./jobs_gpserver/{job}/scratch/out.txt",
        "arcgisjobs/SECRET/Jobs_GPServer/{job}/scratch/out.txt",
        "arcgisjobs/secret%5Cjobs_gpserver/{job}/scratch/out.txt",
        "arcgisjobs/secret/jobs_gpserver./{job}/scratch/out.txt",
        "arcgisjobs/secret/jobs_gpserver%20/{job}/scratch/out.txt",
    ],
)
def test_no_detour_leads_around_the_guard_of_a_file(open_wire: Any, fresh: Any, detour: str) -> None:
    wire = open_wire(site_with_files(fresh))
    form = {"f": "json", "token": token_of(wire)}
    job = wire.http.post("Secret/Jobs/GPServer/Write/submitJob", data=form).json()["jobId"]
    wire.clock.advance(5)
    wire.json(f"Secret/Jobs/GPServer/Write/jobs/{job}", token=form["token"])
    response = raw_get(root_of(wire), f"rest/directories/{detour.format(job=job)}")
    assert b"secret" not in response.partition(b"\r\n\r\n")[2]


def raw_get(root: str, path: str) -> bytes:
    """What is answered to a path that no client would send as it stands."""
    import socket

    parts = urlsplit(root)
    assert parts.hostname
    assert parts.port
    with socket.create_connection((parts.hostname, parts.port), timeout=10) as connection:
        request = f"GET {parts.path}/{path} HTTP/1.1\r\nHost: {parts.netloc}\r\nConnection: close\r\n\r\n"
        connection.sendall(request.encode())
        received = b""
        while chunk := connection.recv(65536):
            received += chunk
    assert received.startswith(b"HTTP/1.1 ")
    return received


def test_the_administrators_resources_are_for_administrators_in_their_own_form(wire: Any) -> None:
    wire.site.add_user("plain", "plain-password")
    place = f"{root_of(wire)}/admin/services/WorldViewshed.GPServer/jobs"

    def asked(token: str) -> dict[str, Any]:
        return dict(wire.http.get(place, params={"f": "json", "token": token}).json())

    assert asked("") == {"status": "error", "messages": ["Token Required"], "code": 499}
    assert asked("wrong")["code"] == 498
    refused = asked(token_of(wire, "plain", "plain-password"))
    assert refused["code"] == 403
    assert refused["messages"][1:] == ["user 'plain' may not use the administrator's resources"]


def test_server_info_says_where_tokens_come_from(open_wire: Any, fresh: Any) -> None:
    wire = open_wire(builtin_site(**fresh, security=SignInRules(short_lived=600)))
    root = root_of(wire)
    info = wire.http.get(f"{root}/rest/info", params={"f": "json"}).json()
    assert "owningSystemUrl" not in info
    assert info["authInfo"] == {
        "isTokenBasedSecurity": True,
        "tokenServicesUrl": f"{root}/tokens/",
        "shortLivedTokenValidity": 10,
    }
    wire.site.sign_in(SignInRules(federated=True))
    info = wire.http.get(f"{root}/rest/info", params={"f": "json"}).json()
    assert info["owningSystemUrl"] == root
    assert info["authInfo"]["tokenServicesUrl"] == f"{root}/sharing/rest/generateToken"


def test_an_open_site_says_that_it_needs_no_tokens_and_looks_at_none(open_wire: Any, fresh: Any) -> None:
    site = Site(**fresh)

    @site.task("Open/Task", execution="sync")
    def nothing() -> None:
        pass

    wire = open_wire(site)
    info = wire.http.get(f"{root_of(wire)}/rest/info", params={"f": "json"}).json()
    assert info["authInfo"] == {"isTokenBasedSecurity": False}
    assert "tasks" in wire.json("Open/GPServer", token="whatever")


@pytest.mark.parametrize(("name", "password"), [("", "x"), ("*", "x"), ("a", "")])
def test_a_user_has_a_name_and_a_password(name: str, password: str) -> None:
    with pytest.raises(SiteError):
        Site(users={name: password})


# Signing in with a browser.


def browser(wire: Any) -> httpx.Client:
    return httpx.Client(follow_redirects=False, timeout=10)


def test_a_browser_is_led_to_the_log_in_page_and_back(wire: Any) -> None:
    with browser(wire) as client:
        asked = client.get(f"{root_of(wire)}/rest/services/{TASK}", params={"x": "1", "password": "y"})
        assert asked.status_code == 302
        login = asked.headers["location"]
        path = urlsplit(f"{root_of(wire)}/rest/services/{TASK}").path
        assert parse_qs(urlsplit(login).query) == {"redirect": [f"{path}?x=1"]}
        assert 'type="password"' in client.get(login).text
        signed_in = client.post(login, data=WHO)
        assert signed_in.headers["location"] == f"{root_of(wire)}/rest/services/{TASK}?x=1"
        cookie = signed_in.headers["set-cookie"]
        assert cookie.startswith("agstoken=")
        context = urlsplit(root_of(wire)).path
        assert cookie.split("; ")[1:] == [f"Path={context}", "HttpOnly", "SameSite=Lax"]
        page = client.get(signed_in.headers["location"])
        assert page.status_code == 200
        assert "viewshed" in page.text
        assert cookie.split(";")[0].removeprefix("agstoken=") not in page.text
        out = client.get(f"{root_of(wire)}/rest/logout")
        assert out.headers["location"] == f"{root_of(wire)}/rest/services"
        assert "Max-Age=0" in out.headers["set-cookie"]
        assert client.get(f"{root_of(wire)}/rest/services/{TASK}").status_code == 302


def test_a_wrong_password_gets_an_error_page_and_no_cookie(wire: Any) -> None:
    answer = wire.http.post(f"{root_of(wire)}/rest/login", data={**WHO, "password": "wrong-one"})
    assert answer.status_code == 400
    assert "set-cookie" not in answer.headers
    assert "wrong-one" not in answer.text


@pytest.mark.parametrize(
    "redirect",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example/",
        "\\\\evil.example",
        "{path}/../../evil",
        "{path}/%2e%2e/%2e%2e/evil",
        "{path}/%252e%252e/evil",
        "{path}/a%3F/../../evil",
        "{path}/a%23/../../evil",
        "{path}evil",
        "{path}//evil.example",
        "{path}/a\r\nSet-Cookie: x=y",
        "{path}/a%0d%0aX: y",
        "javascript:alert(1)",
        "/other/rest/services",
        "rest/services",
        "",
        " {path}/rest/info",
        "{path}@evil.example/",
    ],
)
def test_signing_in_never_leads_out_of_the_site(wire: Any, redirect: str) -> None:
    path = urlsplit(root_of(wire)).path
    form = {**WHO, "redirect": redirect.format(path=path)}
    answer = wire.http.post(f"{root_of(wire)}/rest/login", data=form)
    assert answer.status_code == 302
    assert answer.headers["location"] == f"{root_of(wire)}/rest/services"


@pytest.mark.parametrize(
    "below",
    ["/rest/services/Files?f=pjson", "/rest/services/15_Names/OddNames/GPServer/Extract%20Data%20Task"],
)
def test_signing_in_leads_anywhere_within_the_site(wire: Any, below: str) -> None:
    path = urlsplit(root_of(wire)).path
    answer = wire.http.post(f"{root_of(wire)}/rest/login", data={**WHO, "redirect": f"{path}{below}"})
    assert answer.headers["location"] == f"{root_of(wire)}{below}"


def test_over_https_the_cookie_is_for_https_alone(wire: Any) -> None:
    headers = {"x-forwarded-proto": "https"}
    answer = wire.http.post(f"{root_of(wire)}/rest/login", data=WHO, headers=headers)
    assert answer.headers["set-cookie"].endswith("; Secure")


def test_an_old_cookie_keeps_no_page_from_a_browser_but_is_an_error_for_a_program(wire: Any) -> None:
    cookie = {"Cookie": "agstoken=old"}
    assert wire.http.get("", headers=cookie).status_code == 200
    assert wire.http.get(SECURED, headers=cookie).status_code == 302
    assert wire.http.post(SECURED, data={"f": "html"}, headers=cookie).status_code == 498
    assert code_of(wire.http.get("", params={"f": "json"}, headers=cookie)) == 498


def test_the_cookie_does_not_count_for_another_origins_page(wire: Any) -> None:
    own = urlsplit(root_of(wire))
    cookie = f"agstoken={token_of(wire)}"
    for origin, code in ((f"{own.scheme}://{own.netloc}", 0), ("http://127.0.0.1:1", 499), ("null", 499)):
        headers = {"Cookie": cookie, "Origin": origin}
        assert code_of(wire.http.get(SECURED, params={"f": "json"}, headers=headers)) == code


@pytest.mark.parametrize(
    ("site", "destination", "code"),
    [
        ("same-origin", "script", 0),
        ("none", "document", 0),
        ("cross-site", "script", 499),
        ("same-site", "script", 499),
        ("same-site", "iframe", 499),
        ("cross-site", "document", 0),
    ],
)
def test_the_cookie_does_not_count_for_a_script_that_another_site_loads(
    wire: Any, site: str, destination: str, code: int
) -> None:
    """A script is asked for without an origin; a link that is followed shows nothing to where it stood."""
    headers = {"Cookie": f"agstoken={token_of(wire)}"}
    headers |= {"Sec-Fetch-Site": site, "Sec-Fetch-Dest": destination}
    assert code_of(wire.http.get(SECURED, params={"f": "json"}, headers=headers)) == code


def test_a_form_posted_without_a_token_is_refused_and_not_led_elsewhere(wire: Any) -> None:
    assert wire.post(f"{TASK}/submitJob", Input_Observation_Point=POINT).status_code == 499


# The portal.


def test_the_portal_tells_itself_and_who_asks(wire: Any) -> None:
    root = root_of(wire)

    def asked(place: str, token: str = "") -> Any:
        return wire.http.get(f"{root}/sharing/rest/{place}", params={"f": "json", "token": token}).json()

    token = token_of(wire)
    assert "currentVersion" in asked("")
    assert asked("info")["authInfo"]["tokenServicesUrl"] == f"{root}/sharing/rest/generateToken"
    assert asked("info")["owningSystemUrl"] == root
    assert asked("portals/self")["isPortal"] is True
    assert "user" not in asked("portals/self")
    assert asked("portals/self", token)["user"]["username"] == "tester"
    assert asked("community/self")["error"]["code"] == 499
    me = asked("community/self", token)
    assert (me["username"], me["fullName"], me["role"]) == ("tester", "Test User", "org_admin")
    assert asked("community/users/tester", token) == me
    assert asked("community/users/other", token)["error"]["code"] == 403


def test_a_layer_that_a_hidden_service_published_is_hidden_too(open_wire: Any, fresh: dict[str, Any]) -> None:
    site = builtin_site(**fresh, security=SignInRules(hide_secured=True))
    wire = open_wire(site)
    site.services["Publishing/ViewshedLayers"].secure(["tester"])
    token, _ = site.sign_in().issue("tester", "requestip", "", wire.clock.now())
    task = "Publishing/ViewshedLayers/GPServer/viewshed"
    job = wire.post(
        f"{task}/submitJob",
        f="json",
        token=token,
        esri_out_feature_service_name="Seen",
        Input_Observation_Point='{"features":[{"geometry":{"x":-118,"y":37,"spatialReference":{"wkid":4326}}}]}',
        Viewshed_Distance='{"distance":5,"units":"esriMiles"}',
    ).json()["jobId"]
    wire.clock.advance(60)
    assert wire.json(f"{task}/jobs/{job}", token=token)["jobStatus"] == "esriJobSucceeded"
    layer = {"name": "Hosted/Seen", "type": "FeatureServer"}
    assert layer in wire.json("Hosted", token=token)["services"]
    assert "Hosted" in wire.json("", token=token)["folders"]
    assert "Hosted" not in wire.json("")["folders"]
    assert layer not in wire.json("Hosted")["services"]
