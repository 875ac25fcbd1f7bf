"""A site answers for a production host by way of respx, and nothing else does."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from typing import Any

import httpx
import pytest
import respx
import trio
from gp_client import GPClient
from gp_mockserver.builtin.builtin_site import builtin_site
from gp_mockserver.lifecycle.clocks import JumpingClock
from gp_mockserver.sites import Site
from gpharness import in_process
from gpharness.in_process import UnknownHost, router

from every_case import every_case

BASE = "https://gis.example.gov/server"
SERVICES = f"{BASE}/rest/services"
JSON = {"f": "json"}
BACKENDS: dict[str, Callable[[Callable[[], Any]], Any]] = {
    "asyncio": lambda function: asyncio.run(function()),
    "trio": trio.run,
}
BOTH_BACKENDS = pytest.mark.parametrize("run", BACKENDS.values(), ids=BACKENDS)


def jumping_site(**options: Any) -> Site:
    return builtin_site(clock=JumpingClock(), **options)


def ask() -> Any:
    """What a program with a fixed address does."""
    with httpx.Client(verify=False) as client:
        return client.get(SERVICES, params=JSON).json()


async def ask_async() -> Any:
    async with httpx.AsyncClient(verify=False) as client:
        return (await client.get(SERVICES, params=JSON)).json()


def test_a_client_with_a_fixed_address_runs_a_whole_job():
    with router(jumping_site()), GPClient(BASE) as client:
        assert client.task("Simulation/JobOutcomes/Succeeds").run(Note="n").value == "Succeeds: n"


def test_addresses_in_answers_start_with_the_base():
    for site in (
        jumping_site(),
        jumping_site(context="server"),
        jumping_site(public_url="https://elsewhere"),
    ):
        with router(site, BASE), httpx.Client(verify=False) as client:
            info = client.get(f"{BASE}/rest/info", params=JSON).json()
            assert info["authInfo"]["tokenServicesUrl"].startswith(f"{BASE}/")


def test_another_base_may_be_named():
    base = "https://maps.example.com:6443/gis/arcgis"
    with router(jumping_site(), base), httpx.Client(verify=False) as client:
        assert "folders" in client.get(f"{base}/rest/services", params=JSON).json()
        with pytest.raises(UnknownHost):
            client.get(SERVICES)


@BOTH_BACKENDS
def test_async_clients_are_answered_on_asyncio_and_trio(run):
    with router(jumping_site()):
        assert "folders" in run(ask_async)


@BOTH_BACKENDS
def test_a_function_is_decorated(run):
    @router(jumping_site())
    def decorated() -> Any:
        return ask()

    @router(jumping_site())
    async def decorated_async() -> Any:
        return await ask_async()

    assert "folders" in decorated()
    assert "folders" in run(decorated_async)


def test_a_router_is_started_and_stopped():
    started = router(jumping_site())
    started.start()
    try:
        assert "folders" in ask()
    finally:
        started.stop()


def test_it_is_a_router_of_respx_with_its_settings():
    made = router(jumping_site(), assert_all_called=False)
    assert isinstance(made, respx.MockRouter)
    made.get("https://other.example.com/never").respond(204)
    with made:
        ask()
    again = made(assert_all_called=True)
    assert isinstance(again, respx.MockRouter)
    again.get("https://other.example.com/never").respond(204)
    with pytest.raises(AssertionError, match="some routes were not called"), again:
        assert "folders" in ask()


def test_the_router_has_what_was_asked_and_answered():
    with router(jumping_site()) as asked:
        ask()
        assert asked.calls.call_count == 1
        call = asked.calls.last
        assert call.request.url == f"{SERVICES}?f=json"
        assert "folders" in call.response.json()


@pytest.mark.parametrize(
    ("url", "answered"),
    [
        ("https://www.example.com/data", BASE),
        ("http://gis.example.gov/server/rest", BASE),
        ("https://gis.example.gov/portal", f"what is below {BASE}"),
    ],
)
def test_other_addresses_are_refused_with_what_to_do(url, answered):
    told = (
        f"{url} is not answered in process; {answered} is: "
        "give the client that address, or add a route for this one to the router"
    )
    url += "?token=secret"

    async def other() -> None:
        async with httpx.AsyncClient(verify=False) as client:
            await client.get(url)

    with router(jumping_site()), httpx.Client(verify=False) as client:
        with pytest.raises(UnknownHost) as met:
            client.get(url)
        with pytest.raises(UnknownHost) as met_async:
            asyncio.run(other())
    assert str(met.value) == str(met_async.value) == told
    assert isinstance(met.value, AssertionError)


def test_routes_that_are_added_come_first():
    with router(jumping_site()) as both, httpx.Client(verify=False) as client:
        both.get("https://www.example.com/data").respond(200, text="other")
        both.get(f"{BASE}/rest/info").respond(503)
        assert client.get("https://www.example.com/data").text == "other"
        assert client.get(f"{BASE}/rest/info").status_code == 503
        assert client.get(SERVICES, params=JSON).status_code == 200


def test_another_router_may_answer_other_hosts():
    with router(jumping_site()), respx.mock() as others, httpx.Client(verify=False) as client:
        others.get("https://www.example.com/data").respond(200, text="other")
        assert client.get("https://www.example.com/data").text == "other"
        assert client.get(SERVICES, params=JSON).status_code == 200


def test_several_sites_stand_below_the_base():
    sites = [jumping_site(context="one"), jumping_site(context="two")]
    with router(sites, "https://gis.example.gov"), httpx.Client(verify=False) as client:
        for context in ("one", "two"):
            assert client.get(f"https://gis.example.gov/{context}/rest/info?f=json").status_code == 200


def failing(kind: str, sent: bytes | None) -> Any:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        if sent is not None:
            await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"9")]})
            await send({"type": "http.response.body", "body": sent, "more_body": True})
        scope["extensions"]["gpharness.in-process"].fail(kind)

    return app


@every_case("sent", [None, b"12345"])
@every_case(
    ("kind", "error"),
    [
        ("refused", httpx.ConnectError),
        ("silent", httpx.ReadTimeout),
        ("reset", httpx.ReadError),
        ("cut", httpx.RemoteProtocolError),
    ],
)
def test_failures_are_httpx_errors(kind, error, sent):
    async def fail() -> None:
        async with httpx.AsyncClient(verify=False) as client:
            await client.get(BASE)

    with router(failing(kind, sent), BASE), httpx.Client(verify=False) as client:
        with pytest.raises(error) as met:
            client.get(BASE)
        with pytest.raises(error):
            asyncio.run(fail())
    assert met.value.request.url == BASE


def test_an_answer_is_unpacked_once():
    with router(jumping_site()), httpx.Client(verify=False) as client:
        packed = client.get(SERVICES)
        assert packed.headers["content-encoding"] == "gzip"
        plain = client.get(SERVICES, headers={"accept-encoding": "identity"})
        assert "content-encoding" not in plain.headers
        assert packed.text == plain.text


async def badly_packed(scope: Any, receive: Any, send: Any) -> None:
    headers = [(b"content-encoding", b"gzip"), (b"content-length", b"7")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"no gzip"})


def test_what_cannot_be_unpacked_is_met_by_the_client():
    async def ask_badly() -> None:
        async with httpx.AsyncClient(verify=False) as client:
            await client.get(BASE)

    with router(badly_packed, BASE), httpx.Client(verify=False) as client:
        with pytest.raises(httpx.DecodingError) as met:
            client.get(BASE)
        with pytest.raises(httpx.DecodingError):
            asyncio.run(ask_badly())
    assert met.value.request.url == BASE


def test_what_is_longer_than_a_moments_work_comes_in_pieces():
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for _ in range(100):
            await send({"type": "http.response.body", "body": b"p" * 65536, "more_body": True})
        await send({"type": "http.response.body"})

    with router(app, BASE), httpx.Client(verify=False) as client:
        assert client.get(BASE).content == b"p" * 6_553_600


def test_without_respx_it_is_said_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "respx", None)
    monkeypatch.delitem(sys.modules, "gpharness.in_process.respx_router")
    with pytest.raises(ImportError, match="which is not installed: pip install respx"):
        _ = in_process.router
