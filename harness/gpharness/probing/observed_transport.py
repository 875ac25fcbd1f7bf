"""A transport that writes down each request and what came of it: retries, redirects and sign-ins, too."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl, urlsplit

import msgspec
from gp_client.errors import GPError, TransportError
from gp_client.wire.http_messages import Body, Request, Response, Sink

from gpharness.probing.exchanges import Exchange
from gpharness.probing.faults import fault_of
from gpharness.probing.operations import place_of

if TYPE_CHECKING:
    from gp_client.clocks import Clock
    from gp_client.wire.http_messages import Transport

_CREDENTIALS: Final = frozenset({"token"})
_OF_A_SIGN_IN: Final = frozenset({"token", "password", "username", "user", "referer", "client_secret"})
"""Parameters that an Exchange does not keep, in lower case. `referer` is what a token is bound to."""
_FORM: Final = "application/x-www-form-urlencoded"
_KEPT: Final = 64 * 1024 * 1024
_PATIENCE: Final = 3
"""Requests in a row that are waited for in vain before nothing more is asked."""


class ObservedTransport:
    """Carries requests by another transport; `exchanges` are all that went through, in their order, and
    `listener` hears of each.

    An answer that takes longer than `limit` seconds is waited for once as long again: one that comes then is
    noted with the fault `slow`, and is a TransportError to the client all the same. Only the first of several
    that get no answer is waited for so long, and after three of them in a row nothing more is sent: `send`
    raises TransportError at once.
    """

    def __init__(
        self,
        transport: Transport,
        root: str,
        clock: Clock,
        *,
        limit: float = 60.0,
        listener: Callable[[Exchange], object] | None = None,
    ) -> None:
        self.exchanges: list[Exchange] = []
        self.is_cautious = False
        """Whether connections are kept for polls alone, which may be repeated: a server may close an idle
        one just when a run is sent on it, and nobody would know whose fault that was."""
        self._transport = transport
        self._root = root
        self._clock = clock
        self._limit = limit
        self._listener = listener
        self._start = clock.now()
        self._in_vain = 0

    @property
    def silence(self) -> str:
        """Why nothing more is asked; empty as long as the server answers."""
        if self._in_vain < _PATIENCE:
            return ""
        return f"the server does not answer: {_PATIENCE} requests in a row had none within {self._limit:g} s"

    def send(self, request: Request) -> Response:
        """As Transport has it."""
        if self.silence:
            raise TransportError(self.silence, url=request.url.partition("?")[0], sent=False)
        exchange = self._exchange(request)
        tee = None if request.sink is None else _Tee(request.sink)
        body, kept = _observed_body(request.body)
        patient = msgspec.structs.replace(
            request,
            headers=self._headers(request, exchange),
            timeout=request.timeout * (2 if request.timeout >= self._limit and not self._in_vain else 1),
            sink=tee,
            body=body,
        )
        begun = self._clock.now()
        try:
            response = self._transport.send(patient)
        except GPError as error:
            exchange.fault, exchange.fault_text = fault_of(error), error.text
            raise
        except Exception as error:  # of the request's own body or sink
            exchange.fault, exchange.fault_text = "cut", str(error)
            raise
        else:
            exchange.status = response.status
            exchange.headers = tuple((name, value) for name, value in response.headers)
            exchange.body = bytes(response.content) or (tee.kept.getvalue() if tee is not None else b"")
            if self._clock.now() - begun > request.timeout:
                exchange.fault = "slow"
                exchange.fault_text = f"an answer after more than {request.timeout:g} seconds"
                raise TransportError(
                    f"no complete answer within {request.timeout:g} seconds",
                    url=request.url.partition("?")[0],
                )
            return response
        finally:
            exchange.seconds = self._clock.now() - begun
            is_in_vain = exchange.status is None and exchange.seconds >= self._limit
            self._in_vain = self._in_vain + 1 if is_in_vain else 0
            exchange.request_body = kept()
            self._note(exchange)

    def close(self) -> None:
        self._transport.close()

    def _exchange(self, request: Request) -> Exchange:
        place = place_of(request.url, self._root)
        return Exchange(
            operation=place.operation,
            method=request.method,
            url=request.url,
            parameters=parameters_of(request, place.operation),
            at=self._clock.now() - self._start,
            request_headers=tuple(request.headers.items()),
            service=place.service,
            task=place.task,
            job_id=place.job_id,
            name=place.name,
        )

    def _headers(self, request: Request, exchange: Exchange) -> Mapping[str, str]:
        if self.is_cautious and exchange.operation != "job":
            return {**request.headers, "Connection": "close"}
        return request.headers

    def _note(self, exchange: Exchange) -> None:
        self.exchanges.append(exchange)
        if self._listener is not None:
            self._listener(exchange)


class _Tee:
    """A sink whose bytes are kept, too, as far as there is room."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self.kept = io.BytesIO()

    def begin(self, head: Response) -> bool:
        return self._sink.begin(head)

    def write(self, chunk: bytes) -> None:
        if self.kept.tell() + len(chunk) <= _KEPT:
            self.kept.write(chunk)
        self._sink.write(chunk)


def _observed_body(body: bytes | Body) -> tuple[bytes | Body, Callable[[], bytes]]:
    """The body to send, and what there is of it afterwards."""
    if isinstance(body, bytes):
        return body, lambda: body
    kept = io.BytesIO()

    def chunks() -> Iterator[bytes]:
        kept.seek(0)
        kept.truncate()
        for chunk in body.chunks():
            if kept.tell() + len(chunk) <= _KEPT:
                kept.write(chunk)
            yield chunk

    return Body(body.length, chunks), kept.getvalue


def parameters_of(request: Request, operation: str) -> dict[str, str]:
    """Those of a request's query and urlencoded form, without credentials."""
    left_out = _OF_A_SIGN_IN if operation == "token" else _CREDENTIALS
    try:
        query = urlsplit(request.url).query
    except ValueError:
        query = ""
    pairs = parse_qsl(query, keep_blank_values=True)
    label = next((value for name, value in request.headers.items() if name.lower() == "content-type"), "")
    if isinstance(request.body, bytes) and label.startswith(_FORM):
        pairs += parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True)
    return {name: value for name, value in pairs if name.lower() not in left_out}
