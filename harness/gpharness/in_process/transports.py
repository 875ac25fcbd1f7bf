"""Transports of httpx, and of httpx2, that ask a site in this process.

The site answers on a loop of its own, whatever runs in the client's thread: nothing, or an event loop, as in
a notebook. Differences to a socket: see `gpharness.in_process.failing`. Beside these, what the limits of a
server's connections refuse, such as a head that is too large, is answered here.
"""

from __future__ import annotations

import itertools
from typing import Any, Final

import httpx

from gpharness.in_process.answer_streams import Asking, async_pieces, pieces
from gpharness.in_process.exchange import Exchange
from gpharness.in_process.places import NotHere, Served, served
from gpharness.in_process.requests import body_of, library_of, scope_of
from gpharness.in_process.site_loop import site_loop
from gpharness.in_process.waiting import AsyncWaiting, ThreadWaiting, waiting_here

_LOOPBACK: Final = "127.0.0.1"
_REMEDY: Final = "give the client that address, or the transport no host, and it answers any"
_numbers = itertools.count(1)
_EXTENSIONS: Final = {"http_version": b"HTTP/1.1"}


class _Asked:
    """What is asked: an application, where it stands, and as which client it sees the requests."""

    def __init__(self, sites: Served, host: str | None) -> None:
        self._app, self._place = served(sites, host)
        self._client = (_LOOPBACK, next(_numbers))

    def begin(self, request: Any, waiting: ThreadWaiting | AsyncWaiting) -> tuple[Exchange, Asking]:
        """Begin to answer a request. Raises ConnectError for one that goes elsewhere."""
        library = library_of(request)
        try:
            scope = scope_of(request, self._place, self._client)
        except NotHere as elsewhere:
            raise library.ConnectError(f"{elsewhere}: {_REMEDY}", request=request) from None
        body = body_of(request, library)
        exchange = Exchange(self._app, scope, body, waiting.wake, site_loop())
        exchange.begin()
        return exchange, Asking(request, library)


def _head(exchange: Exchange, asking: Asking) -> tuple[int, Any]:
    """Status and headers, once there are any. Raises what the client meets before them."""
    if exchange.head is None:
        assert exchange.fault is not None
        raise asking.error(exchange.fault)
    return exchange.head


class SiteTransport(httpx.BaseTransport):
    """Answers the requests of an `httpx.Client`, or of one of httpx2, in process.

    `sites` is a site, several, a `MockServer`, a running server or any ASGI application. Without a `host` it
    answers any host, and the context stands in the path: `https://gis.example.gov/arcgis/rest/services`. With
    one, such as `https://gis.example.gov`, other hosts raise `ConnectError`. Where it has a path, such as
    `https://gis.example.gov/gis/server`, that is the address of the one site there is, whatever its context,
    and what addresses in answers start with; several sites stand below it.

    Bodies are streamed both ways. Time limits for reading hold in real time. Any number of threads may ask,
    also inside an event loop, which then stands still until the answer is there. The site is not closed with
    the transport.
    """

    def __init__(self, sites: Served, host: str | None = None) -> None:
        self._asked = _Asked(sites, host)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        waiting = ThreadWaiting()
        exchange, asking = self._asked.begin(request, waiting)
        body = None
        try:
            while exchange.head is None and not exchange.ended:
                if not waiting.wait(asking.seconds):
                    raise asking.too_slow
                if exchange.wants_more:
                    body = body or iter(request.stream)  # type: ignore[arg-type]
                    exchange.give(next(body, None))
            status, headers = _head(exchange, asking)
        except BaseException:
            exchange.leave()
            raise
        stream = pieces(exchange, waiting, asking)
        answer: httpx.Response = asking.library.Response(
            status, headers=headers, stream=stream, extensions=dict(_EXTENSIONS)
        )
        return answer


class AsyncSiteTransport(httpx.AsyncBaseTransport):
    """The same for an `httpx.AsyncClient`, on asyncio and on trio."""

    def __init__(self, sites: Served, host: str | None = None) -> None:
        self._asked = _Asked(sites, host)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        waiting = waiting_here()
        exchange, asking = self._asked.begin(request, waiting)
        body = None
        try:
            while exchange.head is None and not exchange.ended:
                if not await waiting.wait(asking.seconds):
                    raise asking.too_slow
                if exchange.wants_more:
                    body = body or aiter(request.stream)  # type: ignore[arg-type]
                    exchange.give(await anext(body, None))
            status, headers = _head(exchange, asking)
        except BaseException:
            exchange.leave()
            raise
        stream = async_pieces(exchange, waiting, asking)
        answer: httpx.Response = asking.library.Response(
            status, headers=headers, stream=stream, extensions=dict(_EXTENSIONS)
        )
        return answer
