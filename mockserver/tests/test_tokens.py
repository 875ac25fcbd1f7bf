"""Getting tokens: what is asked for, what is answered, how long it holds and to whom it is bound."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from gp_mockserver.builtin.builtin_site import builtin_site
from gp_mockserver.lifecycle.clocks import EPOCH
from gp_mockserver.security.accounts import Account, account_with
from gp_mockserver.security.sign_in_rules import SignInRules
from gp_mockserver.security.tokens import Token, is_same_machine, is_same_referer, read_token, write_token

from every_case import every_case

WHO = {"username": "tester", "password": "tester-password"}
SECURED = "Secured/WorldViewshed/GPServer"


def ask(
    wire: Any, place: str = "tokens/generateToken", /, headers: Any = None, **form: Any
) -> httpx.Response:
    root = str(wire.http.base_url).removesuffix("/rest/services/")
    return wire.http.post(f"{root}/{place}", data={"f": "json", **WHO, **form}, headers=headers)


def token_of(wire: Any, **form: Any) -> str:
    return str(ask(wire, **form).json()["token"])


def is_taken(wire: Any, token: str, **headers: str) -> bool:
    answer = wire.http.get(SECURED, params={"f": "json", "token": token}, headers=headers).json()
    if "error" in answer:
        assert answer["error"]["code"] == 498
    return "tasks" in answer


@pytest.mark.parametrize(
    ("place", "keys"),
    [
        ("tokens/generateToken", ["token", "expires"]),
        ("tokens/", ["token", "expires"]),
        ("tokens", ["token", "expires"]),
        ("admin/generateToken", ["token", "expires"]),
        ("sharing/generateToken", ["token", "expires", "ssl"]),
        ("sharing/rest/generateToken", ["token", "expires", "ssl"]),
    ],
)
def test_a_token_is_to_be_had_at_every_address_that_clients_know(wire: Any, place: str, keys: Any) -> None:
    answer = ask(wire, place).json()
    assert list(answer) == keys
    assert answer["expires"] == int((EPOCH + 3600) * 1000)
    assert answer.get("ssl", False) is False
    assert is_taken(wire, answer["token"])


def test_a_token_works_until_it_expires_and_not_a_millisecond_longer(wire: Any) -> None:
    token = token_of(wire)
    wire.clock.advance(3599.999)
    assert is_taken(wire, token)
    wire.clock.advance(0.001)
    assert not is_taken(wire, token)


@pytest.mark.parametrize(
    ("asked", "minutes"),
    [("", 60), ("10", 10), ("10.0", 10), ("0", 60), ("-1", 60), ("1440", 1440), ("20160", 1440)],
)
def test_expiration_is_in_minutes_and_cut_to_the_longest_life(wire: Any, asked: str, minutes: int) -> None:
    assert ask(wire, expiration=asked).json()["expires"] == int((EPOCH + minutes * 60) * 1000)


@pytest.mark.parametrize(
    ("form", "details"),
    [
        ({"password": "wrong"}, ["Invalid username or password."]),
        ({"username": "nobody"}, ["Invalid username or password."]),
        ({"password": ""}, ["'password' must be specified."]),
        ({"username": ""}, ["'username' must be specified."]),
        ({"client": "referer"}, ["'referer' must be specified."]),
        ({"client": "ip"}, ["'ip' must be specified."]),
        ({"client": "cookie"}, ["client: met 'cookie', expected one of referer, ip, requestip"]),
        ({"client": "referer", "referer": "x" * 1001}, None),
    ],
)
def test_what_gets_no_token(wire: Any, form: dict[str, str], details: Any) -> None:
    error = ask(wire, **form).json()["error"]
    assert (error["code"], error["message"]) == (400, "Unable to generate token.")
    assert details is None or error["details"] == details


@pytest.mark.parametrize("text", ["soon", "nan", "inf"])
def test_an_expiration_that_is_no_number_is_refused(wire: Any, text: str) -> None:
    error = ask(wire, expiration=text).json()["error"]
    assert error["code"] == 400
    assert "expected a number of minutes" in error["details"][0]


def test_credentials_in_the_address_of_a_get_are_refused_unless_the_site_takes_them(
    open_wire: Any, fresh: Any
) -> None:
    wire = open_wire(builtin_site(**fresh))
    root = str(wire.http.base_url).removesuffix("/rest/services/")
    place = f"{root}/tokens/generateToken"
    refused = wire.http.get(place, params={"f": "json", **WHO})
    assert (refused.status_code, refused.json()["error"]["code"]) == (405, 405)
    wire.site.sign_in(SignInRules(tokens_by_get=True))
    assert "token" in wire.http.get(place, params={"f": "json", **WHO}).json()


def test_a_browser_gets_the_form_and_with_it_the_token(wire: Any) -> None:
    root = str(wire.http.base_url).removesuffix("/rest/services/")
    form = wire.http.get(f"{root}/tokens/")
    assert form.status_code == 200
    assert 'name="username"' in form.text
    page = ask(wire, f="html")
    assert page.headers["content-type"].startswith("text/html")
    assert token_of(wire) in page.text
    wrong = ask(wire, f="html", password="wrong")
    assert wrong.status_code == 400
    assert "Invalid username or password." in wrong.text


def test_the_older_form_answers_the_bare_token(wire: Any) -> None:
    root = str(wire.http.base_url).removesuffix("/rest/services/")
    asked = {"request": "getToken", **WHO, "expiration": "5"}
    response = wire.http.post(f"{root}/tokens", data=asked)
    assert response.headers["content-type"] == "text/plain;charset=utf-8"
    assert is_taken(wire, response.text)
    for_referer = wire.http.post(f"{root}/tokens", data={**asked, "clientid": "ref.http://app"}).text
    assert not is_taken(wire, for_referer)
    assert is_taken(wire, for_referer, referer="http://app/page")


@pytest.mark.parametrize(
    ("version", "by_get", "status"),
    [
        ("9.3", False, 200),
        ("10.0", False, 200),
        ("10.1", False, 405),
        ("12.0", False, 405),
        ("10.1", True, 200),
        ("12.0", True, 200),
    ],
)
def test_the_older_form_is_taken_by_get_before_10_1_and_where_the_site_says_so(
    open_wire: Any, fresh: Any, version: str, by_get: bool, status: int
) -> None:
    rules = SignInRules(tokens_by_get=by_get)
    wire = open_wire(builtin_site(**fresh, version=version, security=rules))
    root = str(wire.http.base_url).removesuffix("/rest/services/")
    response = wire.http.get(f"{root}/tokens", params={"request": "getToken", **WHO})
    assert response.status_code == status
    if status == 200:
        assert is_taken(wire, response.text)
    else:
        assert "expected POST with the credentials in its body" in response.text
        assert WHO["password"] not in response.text


def test_a_token_is_changed_into_one_for_a_server_by_itself(wire: Any) -> None:
    """As `arcgis` and `@esri/arcgis-rest-request` ask for it, the one with `request=getToken` too."""
    root = str(wire.http.base_url).removesuffix("/rest/services/")
    first = token_of(wire, client="referer", referer="http")
    form = {"token": first, "serverUrl": root, "expiration": "7", "f": "json", "request": "getToken"}
    answer = wire.http.post(f"{root}/tokens/", data=form, headers={"referer": "http"}).json()
    assert answer["expires"] == int((EPOCH + 420) * 1000)
    assert is_taken(wire, answer["token"], referer="http")
    assert not is_taken(wire, answer["token"], referer="other")
    wrong = wire.http.post(f"{root}/tokens/", data={**form, "token": "nonsense"}).json()
    assert wrong["error"]["code"] == 498


def test_no_token_outlives_the_one_that_it_was_exchanged_for(wire: Any) -> None:
    root = str(wire.http.base_url).removesuffix("/rest/services/")
    first = ask(wire, expiration="1").json()
    token = first["token"]
    for wanted in ("100000", "", "0"):
        wire.clock.advance(10)
        form = {"token": token, "serverUrl": root, "expiration": wanted, "f": "json"}
        answer = wire.http.post(f"{root}/tokens/", data=form).json()
        assert answer["expires"] == first["expires"]
        token = answer["token"]
    assert is_taken(wire, token)
    wire.clock.advance(30)
    assert not is_taken(wire, token)


@pytest.mark.parametrize(
    ("form", "header", "taken"),
    [
        ({"client": "referer", "referer": "http"}, "http", True),
        ({"client": "referer", "referer": "http"}, "https", False),
        ({"client": "referer", "referer": "http"}, "", False),
        (
            {"client": "referer", "referer": "https://app.example.com"},
            "https://app.example.com/map?x=1",
            True,
        ),
        (
            {"client": "referer", "referer": "https://app.example.com"},
            "https://app.example.com.evil.org/",
            False,
        ),
        ({"referer": "https://app.example.com"}, "", False),
        ({"client": "requestip", "referer": "https://app.example.com"}, "", True),
        ({"client": "requestip"}, "anything", True),
        ({"client": "ip", "ip": "127.0.0.1"}, "", True),
        ({"client": "ip", "ip": "::1"}, "", True),
        ({"client": "ip", "ip": "10.0.0.9"}, "", False),
        ({"ip": "10.0.0.9"}, "", False),
        ({}, "", True),
        ({"client": ""}, "", True),
    ],
)
def test_a_token_is_bound_as_it_was_asked_for(wire: Any, form: Any, header: str, taken: bool) -> None:
    assert is_taken(wire, token_of(wire, **form), referer=header) is taken


def test_behind_a_proxy_the_address_is_the_one_it_forwards_for(open_wire: Any, fresh: Any) -> None:
    wire = open_wire(builtin_site(**fresh, security=SignInRules(forwarded_for=True)))
    token = ask(wire, headers={"x-forwarded-for": "10.0.0.9, 10.0.0.1"}).json()["token"]
    assert is_taken(wire, token, **{"x-forwarded-for": "10.0.0.9"})
    assert not is_taken(wire, token, **{"x-forwarded-for": "10.0.0.8"})


def test_what_a_client_claims_of_its_address_counts_only_behind_a_proxy(wire: Any) -> None:
    token = token_of(wire, client="ip", ip="10.0.0.9")
    assert not is_taken(wire, token, **{"x-forwarded-for": "10.0.0.9"})


def test_the_same_seed_clock_and_request_get_the_same_token(open_wire: Any, fresh: Any, wire: Any) -> None:
    again = token_of(wire)
    assert again == token_of(wire)
    other = open_wire(builtin_site(context=f"{fresh['context']}-other", clock=fresh["clock"]))
    assert token_of(other) != again
    assert not is_taken(other, again)
    wire.clock.advance(1)
    assert token_of(wire) != again


def test_a_token_ends_with_its_users_password(wire: Any) -> None:
    token = token_of(wire)
    wire.site.add_user("tester", "another")
    assert not is_taken(wire, token)


def test_only_the_signer_makes_tokens() -> None:
    keys = {"a": b"key of a", "b": b"key of b"}
    token = Token("a", 5, "referer", "http")
    text = write_token(token, keys["a"])
    assert read_token(text, keys.get) == token
    payload, _, signature = text.partition(".")
    other, _, _ = write_token(Token("b", 5, "referer", "http"), keys["b"]).partition(".")
    for forged in (
        payload,
        f"{payload}.",
        f".{signature}",
        f"{other}.{signature}",
        f"{payload}.{signature}x",
        f"{payload}.{signature[:-1]}",
        write_token(Token("a", 9, "referer", "http"), b"guessed"),
        write_token(Token("nobody", 5), b""),
        "é.é",
        "…",
        "a.b",
        "." * 10,
        "x" * 100_000,
        f"{'A' * 1_000_000}.{signature}",
    ):
        assert read_token(forged, keys.get) is None


@every_case(
    ("bound_to", "met", "same"),
    [
        ("@esri/arcgis-rest-js", "@esri/arcgis-rest-js", True),
        ("http://app/", "http://APP", True),
        ("http://app", "http://app:80/x", True),
        ("http://app", "https://app", False),
        ("http://app/one", "http://app/", True),
        ("http://app:8080", "http://app", False),
        ("app.example.com", "https://app.example.com/x", True),
        ("app.example.com", "https://app.example.com.evil.org/x", False),
        ("http://app", "http://app@evil.org", False),
        ("http://app", "", False),
        ("http://app", "http://[", False),
        ("http://[", "http://app", False),
        ("", "http://app", False),
    ],
)
def test_referers_are_compared_by_text_or_origin(bound_to: str, met: str, same: bool) -> None:
    assert is_same_referer(bound_to, met) is same


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [("127.0.0.1", "::1", True), ("::ffff:10.0.0.1", "10.0.0.1", True), ("10.0.0.1", "10.0.0.2", False)],
)
def test_addresses_are_compared_by_machine(one: str, other: str, same: bool) -> None:
    assert is_same_machine(one, other) is same


def test_an_account_needs_its_own_password_whole() -> None:
    accounts = {"a": Account("a", "pass-wörd")}
    assert account_with(accounts, "a", "pass-wörd")
    for name, password in (("a", "pass"), ("a", ""), ("a", "pass-wörd2"), ("b", "pass-wörd"), ("b", "")):
        assert account_with(accounts, name, password) is None
    assert "pass" not in repr(accounts)


def test_a_site_without_users_has_no_tokens(open_wire: Any, fresh: Any) -> None:
    from gp_mockserver.sites import Site

    wire = open_wire(Site(**fresh))
    assert ask(wire).json()["error"]["message"] == "Unable to generate token."
    assert wire.get("", f="json", token="anything").json()["services"] == []
