"""Requests carried by httpx, or by httpx2, its successor: whichever the given client is of.

httpx has a time limit for each read and none for an answer as a whole, so a server that sends a byte each
second would never end; here a limit holds for all of an exchange. Content encodings are taken off here,
too: httpx takes a gzip stream without its end for whole.

The async transport holds the limit with any client. The sync one holds it exactly where httpx's own
connections carry the request; with another transport it looks at the time between two pieces of the body.
"""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar
from urllib.parse import urlsplit

from gp_client.errors import InvalidInput, TransportError
from gp_client.wire.connection_tuning import bound_by_time, ends_at, tune
from gp_client.wire.content_decoding import ACCEPTED, Decoding
from gp_client.wire.discreet_logs import keep_logs_discreet
from gp_client.wire.http_messages import Body, Request, Response

if TYPE_CHECKING:
    import httpx

P = ParamSpec("P")
T = TypeVar("T")

_CONNECT_TIMEOUT = 15.0
_CLOSE_TIMEOUT = 1.0
_OURS = "gp_client"


def client_library(client: Any) -> Any:
    """The module, httpx or httpx2, of which a client is. Raises TypeError for any other object."""
    for kind in type(client).__mro__:
        name = kind.__module__.partition(".")[0]
        if name in ("httpx", "httpx2"):
            return sys.modules[name]
    raise TypeError(f"http: met {type(client).__name__}, expected a Client or AsyncClient of httpx or httpx2")


class HTTPXTransport:
    """Carries requests with an `httpx.Client`: its proxies, certificates, HTTP version and transport count,
    its timeouts, redirects and its own auth do not."""

    def __init__(self, client: httpx.Client | None = None, *, largest_answer: int = 1 << 26) -> None:
        self._owned = client is None
        if client is None:
            import httpx

            client = httpx.Client(trust_env=True)
        self._client = client
        self._library = client_library(client)
        self._largest = largest_answer
        bound_by_time(client)
        keep_logs_discreet()
        _add_hook(client, _take_location)

    def send(self, request: Request) -> Response:
        _check_open(self._client)
        ends = time.monotonic() + request.timeout
        before = ends_at.set(ends)
        trace = _Trace(self._client)
        try:
            return self._send(request, ends, trace)
        except _Ours as error:
            raise error.error from error.error.__cause__
        except Exception as error:
            raise _transport_error(error, request, self._library, trace) from _cause(error)
        finally:
            ends_at.reset(before)

    def _send(self, request: Request, ends: float, trace: _Trace) -> Response:
        client = self._client
        built = client.build_request(
            request.method,
            request.url,
            headers=_headers(request),
            content=_content(request.body),
            timeout=_timeouts(self._library, request.timeout),
            extensions={"trace": trace.look, _OURS: trace},
        )
        answer = client.send(built, stream=True, auth=None, follow_redirects=False)
        try:
            response, decoding = _ours(_begun, answer, request, self._largest, trace)
            for chunk in answer.iter_bytes() if answer.is_stream_consumed else answer.iter_raw():
                _ours(decoding.take, chunk)
                if time.monotonic() > ends:
                    raise TimeoutError
            response.content = _ours(decoding.finish)
            return response
        finally:
            answer.close()

    def close(self) -> None:
        if self._owned:
            self._client.close()


class AsyncHTTPXTransport:
    """The same with an `httpx.AsyncClient`, on asyncio and on trio."""

    def __init__(self, client: httpx.AsyncClient | None = None, *, largest_answer: int = 1 << 26) -> None:
        self._owned = client is None
        if client is None:
            import httpx

            client = httpx.AsyncClient(trust_env=True)
        self._client = client
        self._library = client_library(client)
        self._largest = largest_answer
        keep_logs_discreet()
        _add_hook(client, _take_location_async)

    async def send(self, request: Request) -> Response:
        import anyio

        _check_open(self._client)
        trace = _Trace(self._client)
        try:
            with anyio.fail_after(request.timeout):
                return await self._send(request, trace)
        except _Ours as error:
            raise error.error from error.error.__cause__
        except Exception as error:
            raise _transport_error(error, request, self._library, trace) from _cause(error)

    async def _send(self, request: Request, trace: _Trace) -> Response:
        import anyio

        client = self._client
        built = client.build_request(
            request.method,
            request.url,
            headers=_headers(request),
            content=_content_async(request.body),
            timeout=_timeouts(self._library, request.timeout),
            extensions={"trace": trace.look_async, _OURS: trace},
        )
        answer = await client.send(built, stream=True, auth=None, follow_redirects=False)
        pieces = answer.aiter_bytes() if answer.is_stream_consumed else answer.aiter_raw()
        try:
            response, decoding = _ours(_begun, answer, request, self._largest, trace)
            async for chunk in pieces:
                _ours(decoding.take, chunk)
            response.content = _ours(decoding.finish)
            return response
        except _Ours:
            await _abandon(answer, pieces)
            raise
        finally:
            with anyio.move_on_after(_CLOSE_TIMEOUT, shield=True):
                await answer.aclose()

    async def close(self) -> None:
        if self._owned:
            await self._client.aclose()


def _check_open(client: Any) -> None:
    if client.is_closed:
        raise InvalidInput(parameter="http", met="a client that is closed", expected="one that is open")


def _add_hook(client: Any, hook: Callable[[Any], object]) -> None:
    hooks = client.event_hooks["response"]
    if hook not in hooks:
        hooks.append(hook)


def _take_location(answer: Any) -> None:
    """Takes the Location of an answer to one of our requests before httpx makes the next request of it, which
    it does even where it is not to follow it, and where it cannot read it there is no answer."""
    trace = answer.request.extensions.get(_OURS)
    if isinstance(trace, _Trace) and "location" in answer.headers:
        trace.location = [pair for pair in answer.headers.raw if pair[0].lower() == b"location"]
        del answer.headers["location"]


async def _take_location_async(answer: Any) -> None:
    _take_location(answer)


class _Trace:
    """What is learnt of an exchange on its way: from httpcore whether its request began to be sent (others
    tell nothing), and the answer's Location."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self._events = 0
        self._sent = False
        self.location: list[tuple[bytes, bytes]] = []

    def look(self, event: str, told: object) -> None:
        self._events += 1
        self._sent = self._sent or event.endswith(".send_request_headers.started")
        tune(self._client, event)

    async def look_async(self, event: str, told: object) -> None:
        self.look(event, told)

    @property
    def is_unsent(self) -> bool:
        return bool(self._events) and not self._sent


async def _abandon(answer: Any, pieces: AsyncIterator[bytes]) -> None:
    """Closes the connection, and has httpx's generators run into that: trio warns of one that is dropped."""
    await answer.stream.aclose()
    with contextlib.suppress(Exception):
        async for _ in pieces:
            pass


class _Ours(Exception):
    """Wraps an error that is not the network's, such as a full disk, on its way through httpx."""

    def __init__(self, error: Exception) -> None:
        super().__init__(error)
        self.error = error


def _ours(function: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> T:
    try:
        return function(*arguments, **named)
    except Exception as error:
        raise _Ours(error) from error


def _begun(answer: Any, request: Request, largest: int, trace: _Trace) -> tuple[Response, Decoding]:
    raw = [*answer.headers.raw, *trace.location]
    headers = [(key.decode("latin-1"), value.decode("latin-1")) for key, value in raw]
    response = Response(answer.status_code, headers, b"", request.url)
    sink = request.sink if request.sink is not None and request.sink.begin(response) else None
    encoding = "" if answer.is_stream_consumed else response.header("content-encoding")
    return response, Decoding(encoding, _shown(request.url), largest, sink)


def _headers(request: Request) -> list[tuple[bytes, bytes]]:
    """As bytes, since httpx takes text of ASCII alone."""
    headers = {name.lower(): value for name, value in request.headers.items()}
    headers.setdefault("accept-encoding", ACCEPTED)
    if isinstance(request.body, Body):
        headers["content-length"] = str(request.body.length)
    return [(name.encode("latin-1"), value.encode()) for name, value in headers.items()]


def _timeouts(library: Any, seconds: float) -> Any:
    """Those of connecting are over before the exchange is, which then says what it was that took so long."""
    return library.Timeout(seconds, connect=min(0.9 * seconds, _CONNECT_TIMEOUT), pool=0.9 * seconds)


def _content(body: bytes | Body) -> bytes | Iterator[bytes]:
    return body if isinstance(body, bytes) else _pieces(body)


def _content_async(body: bytes | Body) -> bytes | AsyncIterator[bytes]:
    return body if isinstance(body, bytes) else _pieces_async(body)


def _pieces(body: Body) -> Iterator[bytes]:
    try:
        for chunk in body.chunks():
            if chunk:
                yield chunk
    except Exception as error:
        raise _Ours(error) from error


async def _pieces_async(body: Body) -> AsyncIterator[bytes]:
    for chunk in _pieces(body):
        yield chunk


def _transport_error(error: Exception, request: Request, library: Any, trace: _Trace) -> TransportError:
    """What the network raised, in this client's own word; `sent` is False where the request cannot have
    arrived."""
    url = _shown(request.url)
    while isinstance(error, ExceptionGroup):
        error = error.exceptions[0]
    if isinstance(error, library.LocalProtocolError):
        return TransportError("a request that HTTP does not allow", url=url, sent=False)
    unsent = (
        library.ConnectError,
        library.ConnectTimeout,
        library.PoolTimeout,
        library.UnsupportedProtocol,
        library.ProxyError,
        library.InvalidURL,
        UnicodeError,  # a host that is no name
        OverflowError,  # a port that is none
    )
    if isinstance(error, library.ConnectTimeout | library.PoolTimeout):
        text = f"no connection in time: {type(error).__name__}"
    elif isinstance(error, TimeoutError | library.TimeoutException):
        text = f"no complete answer within {request.timeout:g} seconds"
    else:
        text = f"{type(error).__name__}: {_said(error)}".removesuffix(": ")
    return TransportError(text, url=url, sent=not (trace.is_unsent or isinstance(error, unsent)))


def _said(error: BaseException | None) -> str:
    """What an error says, or else the one behind it: httpx's are often mute on trio."""
    for _ in range(10):
        if error is None or str(error):
            break
        error = error.__cause__ or error.__context__
    return str(error or "")


def _cause(error: Exception) -> Exception | None:
    """None for what may quote a header, and so a token."""
    return None if type(error).__name__ == "LocalProtocolError" else error


def _shown(url: str) -> str:
    """An address as an error may name it: without user, query and fragment."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return url.partition("?")[0]
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment="").geturl()
