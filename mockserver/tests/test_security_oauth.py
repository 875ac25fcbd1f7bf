"""Signing in to the portal by OAuth, step by step as the `arcgis` package does it."""

from __future__ import annotations

import json
import re
from typing import Any

import httpx
import pytest

SHOWN = "urn:ietf:wg:oauth:2.0:oob"


class Flow:
    """The steps against one site; the client follows what the pages say."""

    def __init__(self, wire: Any) -> None:
        self.http: httpx.Client = wire.http
        self.root = str(wire.http.base_url).removesuffix("/rest/services/")

    def authorize(self, **change: str) -> httpx.Response:
        asked = {"response_type": "code", "client_id": "pythonapi", "redirect_uri": SHOWN, "state": "x"}
        return self.http.get(f"{self.root}/sharing/rest/oauth2/authorize", params={**asked, **change})

    def sign_in(self, password: str = "tester-password", **change: str) -> httpx.Response:
        state = info_of(self.authorize())["oauth_state"]
        form = {"oauth_state": state, "username": "tester", "password": password, **change}
        return self.http.post(f"{self.root}/sharing/oauth2/signin", data=form)

    def code(self) -> str:
        found = re.search(r"<title>SUCCESS code=(.*?)</title>", self.sign_in().text)
        assert found
        return found[1]

    def token(self, **form: str) -> Any:
        asked = {"grant_type": "authorization_code", "client_id": "pythonapi", "redirect_uri": SHOWN}
        return self.http.post(f"{self.root}/sharing/rest/oauth2/token", data={**asked, **form}).json()


def info_of(page: httpx.Response) -> Any:
    found = re.search(r"var oAuthInfo = ({.*?});", page.text)
    assert found
    return json.loads(found[1])


@pytest.fixture
def flow(wire: Any) -> Flow:
    return Flow(wire)


def opens(wire: Any, token: str) -> bool:
    return "tasks" in wire.json("Secured/WorldViewshed/GPServer", token=token)


def test_a_code_is_exchanged_for_a_token_that_opens_the_secured_service(wire: Any, flow: Flow) -> None:
    answer = flow.token(code=flow.code())
    assert (answer["username"], answer["expires_in"], answer["ssl"]) == ("tester", 86400, False)
    assert opens(wire, answer["access_token"])
    again = flow.token(grant_type="refresh_token", refresh_token=answer["refresh_token"])
    assert opens(wire, again["access_token"])


def test_a_code_and_a_refresh_token_are_no_tokens(wire: Any, flow: Flow) -> None:
    code = flow.code()
    assert not opens(wire, code)
    assert not opens(wire, flow.token(code=code)["refresh_token"])


def test_neither_a_token_nor_the_other_kind_is_exchanged(wire: Any, flow: Flow) -> None:
    code = flow.code()
    answer = flow.token(code=code)
    for form in (
        {"code": answer["access_token"]},
        {"code": answer["refresh_token"]},
        {"code": "nonsense"},
        {},
        {"grant_type": "refresh_token", "refresh_token": code},
        {"grant_type": "refresh_token", "refresh_token": answer["access_token"]},
    ):
        assert flow.token(**form)["error"]["code"] == 400


def test_a_code_holds_for_ten_minutes(wire: Any, flow: Flow) -> None:
    code = flow.code()
    wire.clock.advance(600)
    assert flow.token(code=code)["error"]["error"] == "invalid_grant"


def test_a_wrong_password_is_said_on_the_page(flow: Flow) -> None:
    page = flow.sign_in("wrong-password")
    assert info_of(page)["messages"] == ["Invalid username or password."]
    assert "SUCCESS" not in page.text
    assert "wrong-password" not in page.text


@pytest.mark.parametrize(
    "change", [{"redirect_uri": "https://evil.example"}, {"response_type": "token"}, {"redirect_uri": ""}]
)
def test_nothing_is_sent_to_another_site(flow: Flow, change: dict[str, str]) -> None:
    answer = flow.authorize(**change)
    assert answer.status_code == 400
    assert "location" not in answer.headers


def test_the_steps_have_their_order(flow: Flow) -> None:
    assert flow.sign_in(oauth_state="other").status_code == 400
