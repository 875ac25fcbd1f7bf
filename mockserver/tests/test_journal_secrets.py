"""No token and no password can be read in the journal, wherever a request or its answer has it."""

from __future__ import annotations

import base64
import gzip
import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, quote_plus, urlencode

import msgspec
import pytest
from gp_mockserver.journal.entries import KEPT, Entry
from gp_mockserver.journal.journal import Journal
from gp_mockserver.journal.secret_words import without_secrets
from gp_mockserver.journal.watching import Watch
from gp_mockserver.security.secret_names import is_secret_name
from gp_mockserver.security.tokens import Token, write_token
from hypothesis import given, settings
from hypothesis import strategies as st

from every_case import every_case

from .journal_probe import FORM, VIEWSHED, asked, site_with

TOKEN = "Zq7-planted_TOKEN.0123456789abcdefghijklmnop"
PASSWORD = 'corr"ect horse/battéry+staple&=<x>'
SUBMIT = f"{VIEWSHED}/submitJob"
LAYER = "https://gis.example.com/server/rest/services/Trees/FeatureServer/0"


def forms_of(secret: str) -> set[str]:
    """A secret as it can be recognised: its first eight characters, in every form that is usual."""
    in_json = json.dumps(secret)[1:-1]
    whole = {secret, quote(secret, safe=""), quote_plus(secret), in_json, quote(in_json, safe="")}
    return {each[:8].lower() for each in whole} | {base64.b64encode(secret.encode()).decode()[:10].lower()}


def texts_in(entry: Entry) -> Iterator[str]:
    """All that can be read in an entry."""
    for field in entry.__struct_fields__:
        value = getattr(entry, field)
        if isinstance(value, bytes):
            yield value.decode("latin-1")
            yield value.decode("utf-8", "replace")
        elif isinstance(value, dict):
            yield json.dumps(value, ensure_ascii=False)
            yield "".join(map(str, value.values()))
        else:
            yield str(value)


def tells(journal: Journal, *secrets: str) -> list[str]:
    """Where a secret can be read: in entries, in the text, in the HAR."""
    texts = [text for entry in journal for text in texts_in(entry)]
    texts += [journal.as_text(), json.dumps(journal.to_har(), ensure_ascii=False)]
    return [text for text in texts for secret in secrets for form in forms_of(secret) if form in text.lower()]


def holds(value: Any, secret: str, seen: set[int] | None = None) -> bool:
    """Whether what the journal holds in memory has a secret in it, however deep."""
    seen = set() if seen is None else seen
    if id(value) in seen:
        return False
    seen.add(id(value))
    if isinstance(value, bytes):
        return secret.encode() in value
    if isinstance(value, str):
        return secret in value
    if isinstance(value, dict):
        return any(holds(each, secret, seen) for pair in value.items() for each in pair)
    if isinstance(value, list | tuple):
        return any(holds(each, secret, seen) for each in value)
    if isinstance(value, msgspec.Struct):
        return any(holds(getattr(value, name), secret, seen) for name in value.__struct_fields__)
    if isinstance(value, Watch):
        names = [name for name in Watch.__slots__ if name != "_journal"]
        return any(holds(getattr(value, name, None), secret, seen) for name in names)
    return False


def multipart(**fields: str) -> tuple[bytes, list[tuple[str, str]]]:
    parts = [
        f'--border\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields.items()
    ]
    return "".join([*parts, "--border--\r\n"]).encode(), [
        ("content-type", "multipart/form-data; boundary=border")
    ]


def form(**fields: str) -> bytes:
    return urlencode({"f": "json", **fields}).encode()


def posted(
    body: bytes | list[bytes], headers: list[tuple[str, str]] = FORM, path: str = SUBMIT
) -> dict[str, Any]:
    return {"path": path, "method": "POST", "body": body, "headers": headers}


def basic(password: str) -> str:
    return "Basic " + base64.b64encode(f"reader:{password}".encode()).decode()


NESTED = json.dumps({"url": LAYER, "token": TOKEN})
IN_ADDRESS = json.dumps({"url": f"{LAYER}?f=json&token={TOKEN}&where=1"})
PARTS, OF_PARTS = multipart(f="json", token=TOKEN, Notes=f"the token is {TOKEN}")
TWO, OF_TWO = multipart(f="json", Input_Observation_Point=NESTED, password=PASSWORD)
PLACES: dict[str, dict[str, Any]] = {
    "query": {"path": VIEWSHED, "query": f"f=json&token={TOKEN}"},
    "query of a page": {"path": VIEWSHED, "query": f"token={TOKEN}"},
    "query, named in capitals": {"path": VIEWSHED, "query": f"f=json&TOKEN={TOKEN}"},
    "query, its name encoded": {"path": VIEWSHED, "query": f"f=json&%74oken={TOKEN}"},
    "query of a POST": {**posted(form()), "query": f"token={TOKEN}"},
    "query, password": {"path": "/arcgis/tokens/generateToken", "query": urlencode({"password": PASSWORD})},
    "query, in an address": {"path": VIEWSHED, "query": urlencode({"redirect": f"/x?token={TOKEN}"})},
    "query, in an address that is encoded twice": {
        "path": VIEWSHED,
        "query": urlencode({"redirect": quote(f"/x?token={TOKEN}", safe="")}),
    },
    "query, of another name, and as token": {
        "path": f"{VIEWSHED}/jobs/{TOKEN}",
        "query": urlencode({"f": "json", "token": TOKEN, "Notes": f"x {TOKEN} y"}),
    },
    "path that leads nowhere": {"path": f"/arcgis/rest/token={TOKEN}"},
    "path, known from the query": {"path": f"/arcgis/rest/services/{TOKEN}", "query": f"token={TOKEN}"},
    "form": posted(form(token=TOKEN)),
    "form, password": posted(form(username="reader", password=PASSWORD), path="/arcgis/tokens/generateToken"),
    "form of a portal": posted(
        form(username="reader", password=PASSWORD), path="/arcgis/sharing/rest/generateToken"
    ),
    "form, refresh token": posted(
        form(grant_type="refresh_token", refresh_token=TOKEN), path="/arcgis/sharing/rest/oauth2/token"
    ),
    "form, code": posted(
        form(grant_type="authorization_code", code=TOKEN), path="/arcgis/sharing/rest/oauth2/token"
    ),
    "form, JSON": posted(form(Input_Observation_Point=NESTED)),
    "form, JSON with a quote in it": posted(
        form(Input_Observation_Point=json.dumps({"url": LAYER, "password": PASSWORD}))
    ),
    "form, JSON in JSON": posted(form(Input_Observation_Point=json.dumps({"layer": NESTED}))),
    "form, JSON with an escape in the name": posted(
        form(Input_Observation_Point=NESTED.replace("token", "\\u0074oken"))
    ),
    "form, address in JSON": posted(form(Input_Observation_Point=IN_ADDRESS)),
    "form, user in an address": posted(form(Notes=f"https://reader:{TOKEN}@gis.example.com/x")),
    "form, bearer in a text": posted(form(Notes=f"Authorization: Bearer {TOKEN}")),
    "form, no content type": posted(form(token=TOKEN), []),
    "form, packed": posted(gzip.compress(form(token=TOKEN)), [*FORM, ("content-encoding", "gzip")]),
    "form in pieces": posted([form(token=TOKEN)[:20], form(token=TOKEN)[20:]]),
    "form that is broken": posted(b"token=" + TOKEN.encode() + b"&" * 2000),
    "multipart form": posted(PARTS, OF_PARTS),
    "multipart form, JSON and password": posted(TWO, OF_TWO),
    "multipart form that has no end": posted(PARTS[:-12], OF_PARTS),
    "multipart form without a boundary": posted(PARTS, [("content-type", "multipart/form-data")]),
    "JSON body": posted(NESTED.encode(), [("content-type", "application/json")]),
    "other method": {"path": VIEWSHED, "method": "PUT", "query": f"token={TOKEN}"},
    "preflight": {"path": VIEWSHED, "method": "OPTIONS", "query": f"token={TOKEN}"},
    "header authorization": {"path": VIEWSHED, "headers": [("authorization", f"Bearer {TOKEN}")]},
    "header authorization, nothing but the token": {"path": VIEWSHED, "headers": [("authorization", TOKEN)]},
    "header authorization, basic": {"path": VIEWSHED, "headers": [("authorization", basic(PASSWORD))]},
    "header x-esri-authorization": {
        "path": VIEWSHED,
        "headers": [("x-esri-authorization", f"Bearer {TOKEN}")],
    },
    "header proxy-authorization": {"path": VIEWSHED, "headers": [("proxy-authorization", basic(PASSWORD))]},
    "header cookie": {"path": VIEWSHED, "headers": [("cookie", f"a=b; agstoken={TOKEN}; esri_auth={TOKEN}")]},
    "header cookie of another name": {"path": VIEWSHED, "headers": [("cookie", f"session={TOKEN}")]},
    "header referer": {
        "path": VIEWSHED,
        "headers": [("referer", f"https://app.example.com/x?access={TOKEN}#a")],
    },
    "header of one's own": {"path": VIEWSHED, "headers": [("x-api-key", TOKEN), ("x-my-token", TOKEN)]},
    "header user-agent": {"path": VIEWSHED, "headers": [("user-agent", f"curl token={TOKEN}")]},
    "header accept": {"path": VIEWSHED, "headers": [("accept", f"x;token={TOKEN}")]},
    "header content-type": {"path": VIEWSHED, "headers": [("content-type", f"multipart/x; token={TOKEN}")]},
    "header origin": {"path": VIEWSHED, "headers": [("origin", f"https://me:{TOKEN}@app.example.com")]},
    "header referer, known from its query": {
        "path": VIEWSHED,
        "headers": [("referer", f"https://app.example.com/{TOKEN}/x?token={TOKEN}")],
    },
    "OAuth, code": {"path": "/arcgis/sharing/rest/oauth2/x", "query": f"code={TOKEN}"},
    "OAuth, code that comes back": {"path": VIEWSHED, "query": f"code={TOKEN}&state=1"},
    "OAuth, verifier": posted(form(code_verifier=TOKEN)),
    "Basic in a query": {"path": VIEWSHED, "query": urlencode({"Authorization": basic(PASSWORD)})},
    "Basic in a text": posted(form(Notes=f"asked with {basic(PASSWORD)} in vain")),
    "base64 of what is known": posted(
        json.dumps({"who": basic(TOKEN)[6:], "token": TOKEN}).encode(), [("content-type", "application/json")]
    ),
    "JSON, list": posted(
        json.dumps({"token": ["x", TOKEN]}).encode(), [("content-type", "application/json")]
    ),
    "XML, element": posted(f"<a><Password>{TOKEN}</Password></a>".encode(), [("content-type", "text/xml")]),
    "XML, attribute": posted(f'<a b="c" token="{TOKEN}"/>'.encode(), [("content-type", "text/xml")]),
    "YAML": posted(f"a: b\npassword: {TOKEN}\n".encode(), [("content-type", "text/plain")]),
    "multipart form of bare LF": posted(PARTS.replace(b"\r\n", b"\n"), OF_PARTS),
    "header of any name, known from the query": {
        "path": VIEWSHED,
        "query": f"token={TOKEN}",
        "headers": [("user-agent", f"client {TOKEN}"), ("x-note", TOKEN)],
    },
}


@every_case("request_", PLACES.values(), ids=PLACES)
def test_a_secret_is_not_told(request_: dict[str, Any]) -> None:
    site = site_with()
    asked(site, request_)
    assert len(site.journal) == 1
    journal = site.journal
    assert not holds(list(journal._records), TOKEN)  # before anybody has read it
    assert not holds(list(journal._records), PASSWORD)
    assert tells(journal, TOKEN, PASSWORD) == []
    assert "*****" in " ".join(texts_in(journal[0]))


@every_case("request_", PLACES.values(), ids=PLACES)
def test_a_secret_is_not_told_while_the_request_is_under_way(request_: dict[str, Any]) -> None:
    site = site_with()
    told: list[str] = []

    def look(entry: Entry) -> None:
        told.extend(tells(site.journal, TOKEN, PASSWORD))

    site.journal.listen(look)
    asked(site, request_)
    assert told == []


@pytest.mark.parametrize(
    "host", [f"me:{TOKEN}@gis.example.com", f"me:{quote(TOKEN + '/', safe='')}@gis.example.com:8585"]
)
def test_a_password_before_the_host_is_not_told(host: str) -> None:
    site = site_with()
    asked(site, {"path": VIEWSHED, "host": host})
    assert tells(site.journal, TOKEN) == []
    assert site.journal[0].url.startswith("http://me:*****@gis.example.com")


NAMES = [
    *("token", "accessToken", "x-token", "newPassword", "password2", "passwd", "pwd", "db_pwd", "passphrase"),
    *("pass", "client_secret", "apikey", "API-Key", "api_key", "esri_auth", "my credentials", " token "),
    *("%74oken", "%2574oken"),
]


@every_case("name", NAMES)
def test_one_rule_says_of_all_names_whether_they_are_secret(name: str) -> None:
    site = site_with()
    parts, of_parts = multipart(**{"f": "json", name: TOKEN})
    requests: list[dict[str, Any]] = [
        {"path": VIEWSHED, "query": f"f=json&{name.replace(' ', '+')}={TOKEN}"},
        posted(f"f=json&{name.replace(' ', '%20')}={TOKEN}".encode()),
        posted(parts, of_parts),
    ]
    if "%" not in name:
        requests.append(posted(json.dumps({name: TOKEN}).encode(), [("content-type", "application/json")]))
        requests.append({"path": VIEWSHED, "headers": [(name.strip().replace(" ", "-").lower(), TOKEN)]})
    asked(site, *requests)
    assert [entry for entry in site.journal if any(TOKEN[:8] in text for text in texts_in(entry))] == []


@every_case(
    "name", ["X-Auth", "X-Auth-Key", "X-Access", "Authentication", "Cookie2", "Set-Cookie", "X-Session-Id"]
)
def test_headers_that_may_prove_who_asks_are_masked(name: str) -> None:
    site = site_with()
    asked(site, {"path": VIEWSHED, "headers": [(name.lower(), TOKEN), ("x-note", "plain")]})
    assert tells(site.journal, TOKEN) == []
    assert ("x-note", "plain") in site.journal[0].request_headers


@every_case("name", ["tool", "expires", "client", "compass", "passage", "author"])
def test_other_names_are_not_secret(name: str) -> None:
    assert not is_secret_name(name)


def test_the_mocks_own_tokens_are_known_wherever_they_stand() -> None:
    site = site_with()
    token = write_token(Token("reader", 1767229200000, "referer", "https://x"), b"key")
    asked(
        site,
        {"path": f"/arcgis/rest/services/{token}"},
        {"path": VIEWSHED, "query": f"f=json&Notes=a{token}"},
        {"path": VIEWSHED, "headers": [("x-note", token)]},
        posted(json.dumps({"a": token}).encode(), [("content-type", "application/json")]),
    )
    assert tells(site.journal, token) == []
    assert len(site.journal.find(where=lambda entry: "*****" in " ".join(texts_in(entry)))) == 4


FILLED = "x" * (KEPT - 30)


@every_case("shift", [0, 3, 5, 8, 11, 14, 20, 26])
@every_case("kind", ["form", "JSON in a form", "multipart", "repeated", "address"])
def test_a_secret_across_the_cut_of_a_long_body_is_not_told(kind: str, shift: int) -> None:
    lead = FILLED[: len(FILLED) - shift]
    match kind:
        case "form":
            request = posted(
                b"f=json&a=" + lead.encode() + b"&token=" + TOKEN.encode() + b"&b=" + b"y" * 9999
            )
        case "JSON in a form":
            request = posted(b"f=json&a=" + lead.encode() + quote(NESTED).encode() + b"&b=" + b"y" * 9999)
        case "multipart":
            body, headers = multipart(f="json", a=lead[120:], token=TOKEN, b="y" * 9999)
            request = posted(body, headers)
        case "repeated":
            request = posted(f"f=json&a={lead}{TOKEN}&b={'y' * 9999}&token={TOKEN}".encode())
        case _:
            request = posted(f"f=json&a={lead}{LAYER}?token={TOKEN}&b={'y' * 9999}".encode())
    site = site_with()
    asked(site, request)
    (entry,) = site.journal
    assert entry.request_size > KEPT
    assert tells(site.journal, TOKEN) == []
    for size in range(4, 8):  # what ends the body is no shorter beginning of it
        assert not entry.request_body.decode("latin-1").endswith(TOKEN[:size])


def signed_in(query: str, body: bytes, path: str) -> tuple[Any, Any]:
    site = site_with(users={"reader": PASSWORD})
    (answer,) = asked(site, {**posted(body, path=path), "query": query})
    return site, answer


@every_case(
    ("path", "query", "f"),
    [
        ("/arcgis/tokens/generateToken", "", "json"),
        ("/arcgis/tokens/generateToken", "", "pjson"),
        ("/arcgis/tokens/generateToken", "", "html"),
        ("/arcgis/tokens/generateToken", "callback=app.done", "json"),
        ("/arcgis/tokens", "request=getToken", ""),
        ("/arcgis/sharing/rest/generateToken", "", "json"),
    ],
)
def test_the_token_that_is_handed_out_is_not_told(path: str, query: str, f: str) -> None:
    body = urlencode({"username": "reader", "password": PASSWORD, "f": f, "client": "requestip"}).encode()
    site, answer = signed_in(query, body, path)
    words = re.split(r"[\s\"<>=]", answer.body.decode())
    (token,) = {word for word in words if site.guard.read_any(word, site.clock.now())}
    assert not holds(list(site.journal._records), token)
    assert tells(site.journal, token, PASSWORD) == []
    assert site.journal[0].response_size == len(answer.body)


def test_the_codes_and_tokens_of_a_portal_are_not_told() -> None:
    site = site_with(users={"reader": PASSWORD})
    portal = "/arcgis/sharing/rest/oauth2"
    given = urlencode({"oauth_state": "shown", "username": "reader", "password": PASSWORD}).encode()
    (page,) = asked(site, posted(given, path=f"{portal}/signin"))
    code = page.body.decode().partition("SUCCESS code=")[2].partition("<")[0]
    exchange = urlencode({"grant_type": "authorization_code", "code": code}).encode()
    (granted,) = asked(site, posted(exchange, path=f"{portal}/token"))
    given_out = json.loads(granted.body)
    tokens = [code, given_out["access_token"], given_out["refresh_token"]]
    assert all(len(token) > 40 for token in tokens)
    assert tells(site.journal, PASSWORD, *tokens) == []
    assert not any(holds(list(site.journal._records), token) for token in tokens)


def test_the_cookie_that_a_log_in_sets_is_not_told() -> None:
    site = site_with(users={"reader": PASSWORD})
    given = urlencode({"username": "reader", "password": PASSWORD}).encode()
    (answer,) = asked(site, posted(given, path="/arcgis/rest/login"))
    (cookie,) = (value.decode() for name, value in answer.sent[0]["headers"] if name == b"set-cookie")
    assert tells(site.journal, cookie.partition("=")[2].partition(";")[0], PASSWORD) == []
    (kept,) = (value for name, value in site.journal[0].response_headers if name == "set-cookie")
    assert kept.startswith("agstoken=*****; Path=/arcgis; HttpOnly")


def test_polls_that_bring_a_cookie_or_a_referer_are_masked_each() -> None:
    site = site_with()
    body = form(Input_Observation_Point='{"features": []}')
    (answer,) = asked(site, posted(body))
    poll = {"path": f"{VIEWSHED}/jobs/{json.loads(answer.body)['jobId']}"}
    headers = [
        ("referer", f"https://app.example.com/?auth={TOKEN}"),
        ("proxy-authorization", basic(PASSWORD)),
    ]
    for name, value in headers:
        requests = [{**poll, "headers": [(name, value)]}] * 4
        asked(site, *requests)
    assert site.journal.count("job") == 8
    assert not holds(list(site.journal._records), TOKEN)
    assert tells(site.journal, TOKEN, PASSWORD) == []


def test_a_token_in_an_input_that_a_later_answer_repeats_is_not_told() -> None:
    site = site_with()
    (answer,) = asked(site, posted(form(Input_Observation_Point=NESTED)))
    job = json.loads(answer.body)["jobId"]
    asked(
        site, *({"path": f"{VIEWSHED}/jobs/{job}{rest}"} for rest in ("", "/inputs/Input_Observation_Point"))
    )
    assert len(site.journal) == 3
    assert tells(site.journal, TOKEN) == []


def test_what_is_no_secret_stays_as_it_was_sent() -> None:
    site = site_with()
    body = b"f=json&Notes=a+b%20c%2Fd%E9&token=" + TOKEN.encode() + b"&Viewshed_Distance=8%20Miles"
    asked(site, {**posted(body), "query": f"a=%2f&token={TOKEN}&b=%20+"})
    (entry,) = site.journal
    assert entry.request_body == b"f=json&Notes=a+b%20c%2Fd%E9&token=*****&Viewshed_Distance=8%20Miles"
    assert entry.url.endswith("?a=%2f&token=*****&b=%20+")
    assert entry.parameters["token"] == "*****"
    assert entry.parameters["Viewshed_Distance"] == "8 Miles"


def test_a_multipart_form_keeps_all_but_its_secret_fields() -> None:
    site = site_with()
    asked(site, posted(PARTS, OF_PARTS))
    (entry,) = site.journal
    assert entry.request_body == PARTS.replace(TOKEN.encode(), b"*****")


def test_a_text_that_speaks_of_tokens_is_no_secret() -> None:
    site = site_with()
    body = form(Notes="5 tokens, a password, and a basic token service", passage="7", expires="60")
    asked(site, posted(body))
    assert site.journal[0].request_body == body


@every_case(
    ("text", "left"),
    [
        ('{"token": "abc", "a": 1}', '{"token": "*****", "a": 1}'),
        ('{"password": "a\\"bc", "a": 1}', '{"password": "*****", "a": 1}'),
        ('{"password": 12345, "a": 1}', '{"password": *****, "a": 1}'),
        ('{"token": null}', '{"token": *****}'),
        ("{'token':'a\"bc'}", "{'token':'*****'}"),
        ('met {"url": "x", "token": "abc d', 'met {"url": "x", "token": "*****'),
        ('"{\\"token\\": \\"abc\\", \\"b\\": 1}"', '"{\\"token\\": \\"*****\\", \\"b\\": 1}"'),
        ('{"\\u0074oken": "abc"}', '{"token": "*****"}'),
        ('{"tokens": ["a", "b"], "token": ["abc"]}', '{"tokens": ["*****"], "token": ["*****"]}'),
        ('{"token": ["x", "ab]c", 5], "z": ["k"]}', '{"token": [*****], "z": ["k"]}'),
        ('"{\\"token\\": [\\"x\\", \\"a]b\\"], 1}"', '"{\\"token\\": [\\"*****\\"], 1}"'),
        ("%22token%22%3A%5B%22a%22%2C%22b%22%5D&x", "%22token%22%3A%5B%22*****%22%5D&x"),
        ("<Password>a b</Password>", "<Password>*****</Password>"),
        ('<o:token Type="x">ab</o:token>', '<o:token Type="x">*****</o:token>'),
        ('<x password="a b" c="d"/>', '<x password="*****" c="d"/>'),
        ('<input name="token" value="abc">', '<input name="token" value="*****">'),
        ("password: abc", "password: *****"),
        ("a: b\n- my_password: a b c\nc: d", "a: b\n- my_password: *****\nc: d"),
        ('{"isTokenBasedSecurity": true, "tokenServicesUrl": "u"}',) * 2,
        ("?Authorization=Basic dTpwYXNz&a=b", "?Authorization=Basic *****&a=b"),
        ("Basic dTpwYXNz", "Basic *****"),
        ("a basic understanding", "a basic understanding"),
        (
            "newPassword=a, x-api-key=b; pass=c passage=d",
            "newPassword=*****, x-api-key=*****; pass=***** passage=d",
        ),
        ("?tok%2565n=abc&b=1", "?token=*****&b=1"),
        ("/x/WyJ1c2VyIiwxMjM0NTY3XQ.abcdefghijklmnopqrstuvwxyz/y", "/x/*****/y"),
        ("%7B%22token%22%3A%22abc%22%7D", "%7B%22token%22%3A%22*****%22%7D"),
        ("&quot;token&quot;: &quot;abc&quot;, 5", "&quot;token&quot;: &quot;*****&quot;, 5"),
        ("https://a:b@host/x?token=abc&f=json", "https://a:*****@host/x?token=*****&f=json"),
        ("a@example.com, see https://host/x", "a@example.com, see https://host/x"),
        ("Bearer abcdefgh.ijk and on", "Bearer ***** and on"),
        ("token: met no value, expected a text", "token: met no value, expected a text"),
        ("İİ token=abc", "İİ token=*****"),
    ],
)
def test_what_a_text_calls_a_secret_is_taken_out(text: str, left: str) -> None:
    assert without_secrets(text) == left
    assert without_secrets(left) == left


@settings(max_examples=40)
@given(
    before=st.text(max_size=30),
    after=st.text(max_size=30),
    secret=st.text(st.characters(exclude_categories=("C", "Z")), min_size=8, max_size=40),
)
def test_a_secret_that_is_known_is_taken_out_of_any_text(before: str, after: str, secret: str) -> None:
    from gp_mockserver.journal.masked_parts import all_secrets

    secrets = all_secrets({"token": secret}, lambda name: None)
    assert secret not in without_secrets(f"{before}{secret}{after}", secrets).replace("*****", "")


@settings(max_examples=40)
@given(name=st.sampled_from(["token", "password", "Token"]), value=st.text(min_size=6, max_size=60))
def test_a_secret_in_json_is_taken_out_whatever_it_is(name: str, value: str) -> None:
    given_ = {"url": "x", name: value, "b": "kept"}
    for text in (json.dumps(given_), json.dumps(json.dumps(given_)), json.dumps(given_, ensure_ascii=False)):
        left = without_secrets(text)
        assert json.dumps(value)[1:-1] not in left or value in '{"url": "x", "b": "kept"}*****'
        assert "*****" in left
