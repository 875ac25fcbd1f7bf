"""Sites in a test's own process, without a socket: as a transport of httpx, or for a client with a fixed
address by way of respx.

    with httpx.Client(transport=SiteTransport(site)) as client:
        client.get("https://gis.example.gov/arcgis/rest/services", params={"f": "json"})

    with router(site, "https://gis.example.gov/server"):
        run_what_is_tested()
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gpharness.in_process.respx_router import UnknownHost as UnknownHost
    from gpharness.in_process.respx_router import router as router
    from gpharness.in_process.transports import AsyncSiteTransport as AsyncSiteTransport
    from gpharness.in_process.transports import SiteTransport as SiteTransport

__all__ = ["AsyncSiteTransport", "SiteTransport", "UnknownHost", "router"]

_IN = {
    "AsyncSiteTransport": "transports",
    "SiteTransport": "transports",
    "UnknownHost": "respx_router",
    "router": "respx_router",
}


def __getattr__(name: str) -> Any:
    """What a test uses, imported when it is first asked for: with it comes httpx, or respx."""
    if name not in _IN:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_IN[name]}"), name)
