"""Four plain requests at the beginning, as browsers and simple clients send them: from a page of another
origin, without packing, asking first, and provoking an error of the web server."""

from __future__ import annotations

import contextlib
from typing import Final

from gp_client.errors import GPError
from gp_client.wire.addresses import service_url
from gp_client.wire.http_messages import Request

from gpharness.contracts.contract import Contract
from gpharness.probing.exchanges import Exchange
from gpharness.probing.prober import Prober
from gpharness.verifying.exchange_checks import Promise, looked_at
from gpharness.verifying.looks import Look

ORIGIN: Final = "https://app.example.com"
_PREFLIGHT: Final = {
    "Origin": ORIGIN,
    "Access-Control-Request-Method": "POST",
    "Access-Control-Request-Headers": "x-esri-authorization",
}
_ALLOWED: Final = "access-control-allow-origin"
_UNKNOWN_FORMAT: Final = "gpharness"


def knock(prober: Prober, contract: Contract) -> list[Look]:
    """The answers, with what is wrong with them. Where the first is not a good one the others tell nothing
    more, and are not asked for."""
    service = next(iter(contract.services), "")
    root = prober.root
    url = service_url(root, service) if service else f"{root}/rest/services"
    first = _asked(prober, Request("GET", f"{url}?f=json", {"Origin": ORIGIN, "Accept-Encoding": "identity"}))
    look = looked_at(first, Promise([], {}), root)
    if look.findings or first.status != 200:
        return [look]
    if first.header("content-encoding").strip().lower() not in ("", "identity"):
        look.find("http.encoding", "a body that is not packed, as was asked for", "one that is")
        return [look]
    looks = [look]
    _check_origin(look)
    asked_first = Look(_asked(prober, Request("OPTIONS", f"{url}?f=json", _PREFLIGHT)), findings=[])
    looks.append(asked_first)
    if asked_first.exchange.fault is None:
        _check_preflight(asked_first)
    refused = Look(
        _asked(prober, Request("GET", f"{root}/rest/services?f={_UNKNOWN_FORMAT}", {"Origin": ORIGIN})),
        findings=[],
    )
    looks.append(refused)
    if (refused.exchange.status or 0) >= 400:
        _check_origin(refused)
    return looks


def _asked(prober: Prober, request: Request) -> Exchange:
    limit = min(prober.session.settings.timeout, prober.until().left(prober.clock))
    with contextlib.suppress(GPError):
        prober.transport.send(Request(request.method, request.url, request.headers, timeout=limit))
    return prober.exchanges[-1]


def _check_origin(look: Look) -> None:
    """A browser wants the header exactly once."""
    told = [value for name, value in look.exchange.headers if name.lower() == _ALLOWED]
    if len(told) != 1:
        met = "none" if not told else f"{len(told)} of them"
        look.find("http.cors", "one header Access-Control-Allow-Origin", met)
    elif told[0].strip() not in ("*", ORIGIN):
        look.find("http.cors", "Access-Control-Allow-Origin with * or the origin that asked", told[0][:100])


def _check_preflight(look: Look) -> None:
    status = look.exchange.status or 0
    if status >= 400:
        look.find("http.cors", "HTTP 200 or 204 to OPTIONS", f"HTTP {status}")
    elif status < 300:
        _check_origin(look)
