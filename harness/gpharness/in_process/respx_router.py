"""A router of respx that answers for a production host with a site, so that a client with a fixed address is
tested unchanged and without the network.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

import httpx

from gpharness.in_process.answer_streams import AsyncPieces, Pieces
from gpharness.in_process.places import NotHere, Served, served
from gpharness.in_process.transports import AsyncSiteTransport, SiteTransport

if TYPE_CHECKING:
    from collections.abc import Callable

try:
    import respx
    from respx.models import AllMockedAssertionError, ResolvedRoute
except ImportError as missing:
    raise ImportError(
        "gpharness.in_process.router answers by way of respx, which is not installed: pip install respx"
    ) from missing

BASE: Final = "https://gis.example.gov/server"
_REMEDY: Final = "give the client that address, or add a route for this one to the router"


class UnknownHost(AllMockedAssertionError):
    """A request goes where nothing answers. It is an AssertionError, which no client takes for a network
    error and tries again."""


class SiteRouter(respx.MockRouter):
    """A `respx.MockRouter` whose last route is a site: routes that are added to it come before."""

    def __init__(self, sites: Served, base: str, **settings: Any) -> None:
        super().__init__(**settings)
        self._site = sites, base
        self._settings = settings
        self._place = served(sites, base)[1]
        self._sync = SiteTransport(sites, base)
        self._async = AsyncSiteTransport(sites, base)

    def __call__(self, func: Callable[..., Any] | None = None, **settings: Any) -> Any:
        """As a decorator; called without a function it makes another such router, with other settings."""
        if func is None:
            return SiteRouter(*self._site, **{**self._settings, **settings})
        return super().__call__(func)

    def resolve(self, request: httpx.Request) -> ResolvedRoute:
        if self.routes:
            with suppress(AllMockedAssertionError):
                return super().resolve(request)
        self._check(request)
        return self._resolved(request, self._sync.handle_request(request))

    async def aresolve(self, request: httpx.Request) -> ResolvedRoute:
        if self.routes:
            with suppress(AllMockedAssertionError):
                return await super().aresolve(request)
        self._check(request)
        return self._resolved(request, await self._async.handle_async_request(request))

    def _check(self, request: httpx.Request) -> None:
        try:
            self._place.path_of(request.url)
        except NotHere as elsewhere:
            raise UnknownHost(f"{elsewhere}: {_REMEDY}") from None

    def _resolved(self, request: httpx.Request, answer: httpx.Response) -> ResolvedRoute:
        resolved = ResolvedRoute()  # type: ignore[no-untyped-call]
        resolved.response = _readable(answer)
        self.record(request, response=resolved.response)
        return resolved


def _readable(answer: httpx.Response) -> httpx.Response:
    """The answer as one that `router.calls` can show, too, if it is there as a whole."""
    assert isinstance(answer.stream, Pieces | AsyncPieces)
    if (body := answer.stream.whole()) is None:
        return answer
    readable = httpx.Response(
        answer.status_code,
        headers=answer.headers,
        stream=httpx.ByteStream(body),
        extensions=answer.extensions,
    )
    with suppress(httpx.DecodingError):  # which is the client's to meet
        readable.read()
    return readable


def router(sites: Served, base: str = BASE, **settings: Any) -> SiteRouter:
    """A router that answers every request below `base` with a site, and lets no other leave.

        with router(site, "https://gis.example.gov/server"):
            run_what_is_tested()

    It is a `respx.MockRouter`: a context manager, a decorator, or `start()` and `stop()`; `settings` are
    respx's own, and `router.calls` has what was asked. `base` is the address of the site, whatever its
    context is called, and addresses in its answers start with it; several sites stand below it. Any other
    address raises `UnknownHost`, unless a route that was added, or another router, answers it. For clients of
    httpx, sync and async: those of other libraries, such as requests and aiohttp, go to the real network.
    """
    return SiteRouter(sites, base, **settings)
