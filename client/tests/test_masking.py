"""What finds passwords and tokens in texts."""

from __future__ import annotations

import html
import json
import logging
import time
from collections.abc import Callable
from urllib.parse import quote, quote_plus

import httpx
import httpx2
import pytest
from gp_client.wire.http_messages import Request
from gp_client.wire.httpx_transports import HTTPXTransport
from gp_client.wire.masking import Secrets
from hypothesis import given
from hypothesis import strategies as st

from every_case import every_case

TOKEN = "aZ0+/SECRET=TOKEN.123-xyz"
PASSWORD = "pa\"55<w&rd/ü'\\ 5"

SPELLINGS: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "in an address": lambda secret: quote(secret, safe=""),
    "in an address, in part": lambda secret: quote(secret, safe="/+="),
    "in an address, small": lambda secret: "".join(
        each if each.isascii() and each.isalnum() else quote(each, safe="").lower() for each in secret
    ),
    "twice in an address": lambda secret: quote(quote(secret, safe=""), safe=""),
    "in a form": quote_plus,
    "in JSON": lambda secret: json.dumps(secret)[1:-1],
    "in JSON with its letters": lambda secret: json.dumps(secret, ensure_ascii=False)[1:-1],
    "in JSON with its slashes": lambda secret: json.dumps(secret)[1:-1].replace("/", "\\/"),
    "twice in JSON": lambda secret: json.dumps(json.dumps(secret))[3:-3],
    "in HTML": html.escape,
    "in HTML by numbers": lambda secret: "".join(
        each if each.isascii() and each.isalnum() else f"&#{ord(each)};" for each in secret
    ),
    "twice in HTML": lambda secret: html.escape(html.escape(secret)),
}


@every_case("spelling", SPELLINGS)
@every_case("secret", [TOKEN, PASSWORD])
def test_a_secret_is_found_however_it_is_spelt(secret: str, spelling: str) -> None:
    secrets = Secrets({PASSWORD}, {TOKEN})
    assert secrets.masked(f"met <{SPELLINGS[spelling](secret)}>, expected") == "met <…>, expected"


@given(st.text(min_size=4, max_size=30), st.sampled_from(sorted(SPELLINGS)))
def test_any_secret_is_found(secret: str, spelling: str) -> None:
    try:
        spelt = SPELLINGS[spelling](secret)
    except UnicodeEncodeError:  # half a character cannot be in an address
        return
    assert Secrets({secret}, ()).masked(f"[{spelt}]") == "[…]"


@every_case("length", [6, 9, len(TOKEN) - 1])
@every_case("spell", [str, lambda secret: quote(secret, safe="")])
def test_what_is_left_of_a_cut_secret_is_found(length: int, spell: Callable[[str], str]) -> None:
    secrets = Secrets({"viewshed-2024"}, {TOKEN})
    piece = spell(TOKEN)[:length]
    assert secrets.masked(f"met x {piece}…") == "met x ……"
    assert secrets.masked(f"met 'x {piece}'") == "met 'x …'"
    assert secrets.masked(f"met x {piece}") == "met x …"


def test_the_beginning_of_a_password_may_be_a_word() -> None:
    secrets = Secrets({"viewshed-2024"}, ())
    assert secrets.masked("the task viewshed at …/viewshed") == "the task viewshed at …/viewshed"
    assert secrets.masked("the user with viewshed-20…") == "the user with ……"


def test_texts_within_lists_and_dicts_are_masked() -> None:
    secrets = Secrets((), {TOKEN})
    assert secrets.masked({TOKEN: [1, None, (f"a {TOKEN}",)]}) == {"…": [1, None, ("a …",)]}
    assert Secrets({""}, ()).masked(["x"]) == ["x"]


def test_a_short_secret_is_masked_as_a_word_alone() -> None:
    assert Secrets({"ab"}, ()).masked("ab, cabal") == "…, cabal"


@every_case("secret", ["\\" * 30 + "x", "a" * 40, "%25" * 20, "&amp;" * 10, " " * 30 + "x"])
def test_the_time_for_it_is_bounded(secret: str) -> None:
    secrets = Secrets({secret}, {secret + "y"})
    start = time.perf_counter()
    for each in ("\\", "a", "%25", "&amp;", "+", " "):
        secrets.masked(each * (100_000 // len(each)))
    assert time.perf_counter() - start < 2


@pytest.mark.parametrize("library", [httpx, httpx2])
def test_the_libraries_logs_tell_no_token(library: object, caplog: pytest.LogCaptureFixture) -> None:
    def answering(request: httpx.Request) -> httpx.Response:
        return library.Response(200, json={})  # type: ignore[attr-defined, no-any-return]

    caplog.set_level(logging.DEBUG)
    url = "http://gis.example.com/arcgis/a.zip?f=json&token=hush-hush"
    with library.Client(transport=library.MockTransport(answering)) as client:  # type: ignore[attr-defined]
        HTTPXTransport(client).send(Request("GET", url))
        HTTPXTransport(client).send(Request("GET", url))
    assert caplog.text.count("GET http://gis.example.com/arcgis/a.zip?f=json&token=***") == 2
    assert "hush-hush" not in caplog.text
    assert '"HTTP/1.1 200 OK"' in caplog.text
