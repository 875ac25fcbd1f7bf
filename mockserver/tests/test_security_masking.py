"""No token and no password comes back: not in an error, a page, a message, an echo of an input, or a log."""

from __future__ import annotations

import json
import logging
import time
from typing import Any
from urllib.parse import quote, urlencode

import httpx
import pytest
from gp_mockserver.builtin.builtin_site import builtin_site
from gp_mockserver.security import masking
from gp_mockserver.security.masking import MASK, masked, without_tokens
from gp_mockserver.security.tokens import MAX_TOKEN

from every_case import every_case

TOKEN = "QmFzZTY0-x_abcdefghijklmnop.0123456789-_qrstuvwxyz" * 3
PASSWORD = "correct horse/battery+staple"
VIEWSHED = "WorldViewshed/GPServer/viewshed"
LAYER = "https://gis.example.com/server/rest/services/Trees/FeatureServer/0"


def root_of(wire: Any) -> str:
    return str(wire.http.base_url).removesuffix("/rest/services/")


def tells(text: str, secret: str) -> bool:
    """Whether a text has a recognisable part of a secret in it."""
    return any(form[:12].lower() in text.lower() for form in (secret, quote(secret, safe="")))


@every_case(
    ("text", "left"),
    [
        ("nothing to hide: 5 tokens, a password", "nothing to hide: 5 tokens, a password"),
        ("token: met no value, expected a text", "token: met no value, expected a text"),
        ("https://host/x?token=abc&f=json", "https://host/x?token=*****&f=json"),
        ("https://host/x?f=json&TOKEN=abc", "https://host/x?f=json&TOKEN=*****"),
        ('{"url": "x", "token": "abc", "a": 1}', '{"url": "x", "token": "*****", "a": 1}'),
        ("{'url': 'x', 'token':'a\"bc'}", "{'url': 'x', 'token':'*****'}"),
        ('{token: "abc"}', '{token: "*****"}'),
        ('met {"url": "x", "token": "abc d', 'met {"url": "x", "token": "*****'),
        ('"{\\"token\\": \\"abc\\", \\"b\\": 1}"', '"{\\"token\\": \\"*****\\", \\"b\\": 1}"'),
        ("agstoken=abc; other=1", "agstoken=*****; other=1"),
        ("username=a&password=b%20c&f=json", "username=a&password=*****&f=json"),
        ("Authorization: Bearer abcdefgh.ijk", "Authorization: Bearer *****"),
        ("redirect=%3Ftoken%3Dabc", "redirect=%3Ftoken%3D*****"),
        ("token=*****", "token=*****"),
    ],
)
def test_what_is_called_a_token_or_password_is_masked(text: str, left: str) -> None:
    assert masked(text) == left
    assert masked(left) == left


@every_case(
    "quoted",
    [
        TOKEN,
        TOKEN[:80],
        TOKEN[:20] + "…",
        TOKEN.lower(),
        f"({TOKEN})({TOKEN})",
        quote(PASSWORD, safe=""),
        PASSWORD,
        urlencode({"p": PASSWORD}),
    ],
)
def test_the_requests_own_secrets_are_masked_whole_cut_and_encoded(quoted: str) -> None:
    left = masked(f"met {quoted!r}, expected json", [TOKEN, PASSWORD])
    assert MASK in left
    assert not tells(left, TOKEN)
    assert not tells(left, PASSWORD)
    assert left.startswith("met ")
    assert left.endswith(", expected json")


@every_case(
    "text",
    [
        "token" * 100_000,
        "token=" * 100_000,
        "a-" * 300_000 + "token",
        "token" + "\\" * 300_000,
        "token" + " " * 300_000,
        "bearer " * 100_000,
        "abcdefghijklm" * 50_000,
    ],
)
def test_masking_a_long_text_takes_no_long_time(text: str) -> None:
    begin = time.perf_counter()
    masked(text, ["abcdefghijklmn" * 100])
    assert time.perf_counter() - begin < 5


def test_of_a_secret_longer_than_any_token_only_the_beginning_is_looked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    quoted: list[int] = []
    monkeypatch.setattr(masking, "quote", lambda text, safe="": quoted.append(len(text)) or text)
    secret = "*a" * 100_000
    assert masked(f"met {secret[:80]}, expected json", [secret]) == f"met {MASK}, expected json"
    (kept,) = masking.secrets_of({"token": secret}, lambda name: None)
    assert max(len(kept), *quoted) == MAX_TOKEN


def test_only_references_lose_their_tokens() -> None:
    value = {
        "url": f"{LAYER}?token=abc&where=1%3D1",
        "token": "abc",
        "others": [{"url": LAYER, "token": "abc"}, {"token": "a field of mine"}],
    }
    assert without_tokens(value) == {
        "url": f"{LAYER}?token=*****&where=1%3D1",
        "token": MASK,
        "others": [{"url": LAYER, "token": MASK}, {"token": "a field of mine"}],
    }
    features = {"features": [{"attributes": {"url": "x", "token": "y"}}]}
    assert without_tokens(features) == features


def planted(wire: Any, secret: str) -> list[httpx.Request]:
    """Requests with a secret in every place that something may quote."""
    root = root_of(wire)
    services = f"{root}/rest/services"
    asked = {"f": "json", "token": secret}
    short = quote(secret, safe="")
    requests = []
    for method in ("GET", "POST"):
        for form in ("json", "html", "pjson"):
            for path in (
                f"{services}/{short}",
                f"{services}/{short}/GPServer",
                f"{services}/WorldViewshed/GPServer/{short}",
                f"{services}/{VIEWSHED}/jobs/{short}",
                f"{services}/{VIEWSHED}/jobs/{short}/results/{short}",
                f"{services}/Secured/WorldViewshed/GPServer/viewshed",
                f"{services}/DataTypes/Echo/GPServer/Echo/execute",
                f"{root}/rest/directories/arcgisjobs/{short}",
                f"{root}/sharing/rest/{short}",
                f"{root}/{short}",
                f"{root}/rest/login",
                f"{root}/tokens/",
            ):
                for how in (
                    {"token": secret},
                    {"password": secret, "username": "tester"},
                    {"username": secret, "password": secret},
                    {"token": secret, "In_GPLong": secret, "In_GPLinearUnit": f'{{"token":"{secret}"}}'},
                    {"token": secret, "env:outSR": secret, "returnZ": secret},
                ):
                    given = {"f": form, **how}
                    kind = "params" if method == "GET" else "data"
                    requests.append(httpx.Request(method, path, **{kind: given}))  # type: ignore[arg-type]
    for headers in (
        {"X-Esri-Authorization": f"Bearer {short}"},
        {"Authorization": f"Bearer {short}"},
        {"Cookie": f"agstoken={short}"},
    ):
        for form in ("json", "html", short):
            for path in (f"{services}/Secured/WorldViewshed/GPServer", f"{services}/{short}/GPServer"):
                requests.append(httpx.Request("GET", path, params={"f": form}, headers=headers))
    requests += [
        httpx.Request("GET", f"{services}", params={"f": secret, "token": secret}),
        httpx.Request("GET", f"{services}", params={**asked, "callback": f"{secret}("}),
        httpx.Request(secret[:20].replace("/", "").replace(" ", ""), f"{services}", params=asked),
        httpx.Request("POST", f"{root}/tokens/", data={**asked, "username": "tester", "client": secret}),
        httpx.Request("POST", f"{root}/tokens/", data={"f": "json", "expiration": secret, "token": secret}),
    ]
    return requests


@pytest.mark.parametrize("secret", [TOKEN, PASSWORD], ids=["token", "password"])
def test_no_secret_comes_back_from_any_place_where_it_is_planted(
    wire: Any, secret: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with httpx.Client(timeout=20) as client:
        for request in planted(wire, secret):
            response = client.send(request)
            whole = response.text + str(dict(response.headers))
            assert not tells(whole, secret), (request.method, request.url, request.content, whole)
    told = [each for each in caplog.records if each.name.startswith(("gp_mockserver", "uvicorn.error"))]
    assert not any(tells(each.getMessage() + str(each.exc_text), secret) for each in told)


def test_an_answer_that_nobody_foresaw_is_logged_without_secrets(
    wire: Any, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    from gp_mockserver.operations import descriptions, operation

    async def broken(request: Any) -> Any:
        raise RuntimeError(f"cannot read {request.parameters['token']} at {request.parameters['password']}")

    monkeypatch.setattr(descriptions, "service", broken)
    operation.cache_clear()
    token = wire.site.guard.issue("tester", "", "", wire.clock.now())[0]
    try:
        error = wire.error("WorldViewshed/GPServer", token=token, password=PASSWORD)
    finally:
        monkeypatch.undo()
        operation.cache_clear()
    assert error["message"] == "Error performing service operation"
    (record,) = [each for each in caplog.records if "could not be answered" in each.getMessage()]
    assert "RuntimeError" in record.getMessage()
    assert record.exc_info is None
    assert not tells(record.getMessage(), token)
    assert not tells(record.getMessage(), PASSWORD)


def test_the_token_of_an_input_layer_does_not_come_back_from_the_job(wire: Any) -> None:
    secret = "layer-secret-0123456789"
    reference = json.dumps({"url": f"{LAYER}?token={secret}", "token": secret, "filter": "A = 1"})
    asked = {
        "f": "json",
        "In_GPFeatureRecordSetLayer": reference,
        "In_GPRecordSet": reference,
        "In_GPDataFile": json.dumps({"url": f"https://host/a.zip?token={secret}"}),
    }
    task = "DataTypes/EchoJob/GPServer/Echo"
    job = f"{task}/jobs/{wire.http.post(f'{task}/submitJob', data=asked).json()['jobId']}"
    for _ in range(3):
        wire.clock.advance(1)
        assert secret not in wire.get(job, f="json").text
        assert secret not in wire.get(job).text
    for place in ("", "/inputs", "/inputs/In_GPFeatureRecordSetLayer"):
        for form in ("json", "html"):
            answer = wire.get(f"{job}{place}", f=form)
            assert answer.status_code == 200
            assert secret not in answer.text, (place, form)
    value = wire.json(f"{job}/inputs/In_GPFeatureRecordSetLayer")["value"]
    assert value == {"url": f"{LAYER}?token={MASK}", "filter": "A = 1", "token": MASK}


def test_the_token_of_a_request_is_not_among_what_a_job_keeps(wire: Any) -> None:
    token = wire.site.guard.issue("tester", "", "", wire.clock.now())[0]
    asked = {"f": "json", "token": token, "In_GPString": "x"}
    job = wire.http.post("DataTypes/EchoJob/GPServer/Echo/submitJob", data=asked).json()["jobId"]
    kept = wire.site.store.get(job, wire.clock.now()).submission.parameters
    assert b"In_GPString" in kept
    assert token.encode() not in kept


def test_no_page_with_a_token_in_its_address_repeats_it(open_wire: Any, fresh: Any) -> None:
    wire = open_wire(builtin_site(**fresh))
    token = wire.site.guard.issue("tester", "", "", wire.clock.now())[0]
    secured = "Secured/WorldViewshed/GPServer"
    for place in ("", secured, f"{secured}/viewshed", f"{secured}/viewshed/submitJob"):
        page = wire.get(place, token=token)
        assert page.status_code == 200
        assert token not in page.text
