"""Users, tokens and secured services in site files."""

from __future__ import annotations

from typing import Any

import pytest
from gp_mockserver.configuration.data_files import parse_yaml
from gp_mockserver.configuration.site_files import site_from
from gp_mockserver.errors import SiteFileError
from gp_mockserver.security.sign_in_rules import SignInRules

from every_case import every_case

SITE = """
users:
  anna: {password: anna-password, administrator: true, fullName: Anna A}
  bert: {password: "${BERTS_PASSWORD}"}
security:
  shortLivedTokens: 10 min
  longLivedTokens: 2h
  tokensByGet: true
  federated: true
  authorizationHeader: false
  forwardedFor: true
  hideSecured: true
  signInHint: Ask Anna.
services:
  All: {executionType: sync, secured: true}
  Some: {executionType: sync, secured: [bert]}
  Open: {executionType: sync}
"""


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BERTS_PASSWORD", "berts-password")
    monkeypatch.delenv("NOBODYS_PASSWORD", raising=False)


def test_a_site_file_says_who_may_use_what() -> None:
    site = site_from(parse_yaml(SITE))
    guard = site.guard
    assert guard is not None
    assert guard.sign_in("anna", "anna-password").full_name == "Anna A"
    assert guard.sign_in("bert", "berts-password").administrator is False
    assert {name: service.access for name, service in site.services.items()} == {
        "All": frozenset("*"),
        "Some": frozenset({"bert"}),
        "Open": None,
    }
    assert guard.rules == SignInRules(600, 7200, True, True, False, True, True)
    assert site.sign_in_hint == "Ask Anna."


def test_a_site_file_without_users_asks_nobody() -> None:
    assert site_from({"services": {}}).guard is None


USER = {"password": "never-shown"}
SERVICE = {"executionType": "sync", "secured": True}


@every_case(
    ("data", "place", "told"),
    [
        ({"users": {"a": {}}}, "users.a", "password"),
        ({"users": {"a": "never-shown"}}, "users.a", "a mapping"),
        ({"users": {"a": {"password": 123454321}}}, "users.a.password", "a text"),
        ({"users": {"a": {"password": ["never-shown"]}}}, "users.a.password", "a text"),
        ({"users": {"a": {"password": ""}}}, "users.a.password", "a text"),
        ({"users": {"a": {"pasword": "never-shown"}}}, "users.a.pasword", 'did you mean "password"?'),
        ({"users": {"*": USER}}, "users.*", "a name other than *"),
        ({"users": {"": USER}}, "users.", "a name other than *"),
        ({"users": {"a": {"password": "${NOBODYS_PASSWORD}"}}}, "users.a.password", "NOBODYS_PASSWORD"),
        ({"services": {"S": SERVICE}}, "services.S.secured", "add users"),
        (
            {"users": {"anna": USER}, "services": {"S": {**SERVICE, "secured": ["ana"]}}},
            "services.S.secured[0]",
            'did you mean "anna"?',
        ),
        ({"services": {"S": {**SERVICE, "secured": "anna"}}}, "services.S.secured", "a list of the users"),
        ({"security": {"shortLivedTokens": "soon"}}, "security.shortLivedTokens", "soon"),
        ({"security": {"longLivedTokens": "10s"}}, "security.longLivedTokens", "a minute or more"),
        ({"security": {"federatd": True}}, "security.federatd", 'did you mean "federated"?'),
    ],
)
def test_what_is_wrong_is_named_and_no_password_is_shown(data: Any, place: str, told: str) -> None:
    with pytest.raises(SiteFileError) as raised:
        site_from({"services": {}, **data}, name="site.yaml")
    text = str(raised.value)
    assert raised.value.path == place
    assert told in text
    assert "never-shown" not in text
    assert "123454321" not in text
