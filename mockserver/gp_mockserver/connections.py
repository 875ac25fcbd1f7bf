"""The server's side of one connection: uvicorn's HTTP protocol, held to ConnectionLimits.

uvicorn leaves sizes and times without limits, and has a timer per request for connections that are idle. Here
a connection only notes when something happened; `look`, which the server calls for every connection about
once a second, acts on it. Of uvicorn's protocol this relies on its callbacks and on `parser`, `transport`,
`flow`, `cycle`, `pipeline`, `connections`, `headers`, `url`, `expect_100_continue` and `loop`.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any, ClassVar

import httptools
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from gp_mockserver.connection_ends import EndingConnection
from gp_mockserver.connection_limits import (
    MALFORMED,
    NO_PROXY,
    Closing,
    ConnectionLimits,
    body_stalled,
    body_too_slow,
    head_too_large,
    head_too_slow,
    path_too_long,
    too_many_connections,
    url_too_long,
)
from gp_mockserver.journal.watching import note_page
from gp_mockserver.reading_on import LINGER, ReadingOn, RoomyFlow
from gp_mockserver.request_heads import fault_of_size, fault_of_version_or_host, without_offer
from gp_mockserver.taking import Taking
from gp_mockserver.whole_answers import WholeAnswers

if TYPE_CHECKING:
    from gp_mockserver.holds import Hold

log = logging.getLogger("gp_mockserver")

_PARSED_AT_MOST = 65535
_PIPELINED = 32
"""Requests that may wait behind the one under way before what follows them is left unread."""
_PARSED_AT_ONCE = 8 * 1024
_PARSED_AT_ONCE_OF_BODY = 64 * 1024
"""Bytes: what is parsed is parsed to its end, however many requests are in it."""
_CLOSE = (b"connection", b"close")


class _Refused(Exception):
    """Ends the parser's work on a request that is refused."""


class Connection(EndingConnection):
    """One client's connection. `connections_with` makes the class that a server uses."""

    limits: ClassVar[ConnectionLimits]
    _smallest: ClassVar[int]

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self._in_head = False
        self._hosts = 0
        self._wire: WholeAnswers | None = None
        """That of the request under way."""
        self._body_since = 0.0
        self._body_size = 0
        """Since when, and how much, a body has brought."""
        self._unaccounted = 0
        """Bytes since the last head was complete or a part of a body came: at most so long is a head, or a
        trailer, that is not whole."""
        self._refusal: Closing | None = None
        self._offered = False
        """Whether the request offers another protocol. None is taken up: the offer is passed over."""
        self._last_words: Closing | None = None
        """The page that follows the answers to the requests that came before the one that is refused."""
        self._ending = False
        self._rest: ReadingOn | None = None
        """The rest of a body whose request is answered already."""
        self._began = self.heard = self._answered = 0.0
        """When the head began, and when a byte, and when the last answer was complete."""
        self._taking = Taking()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.flow = RoomyFlow(transport, self.may_read_on)
        self._began = self.heard = self._answered = self.loop.time()
        excess = len(self.connections) - self.limits.connections
        if excess > self.limits.told:
            transport.abort()
        elif excess > 0:
            self._refuse(too_many_connections(self.limits))

    def held(self) -> Hold:
        """What is done to it outside HTTP, of which it is kept account from now on."""
        if self.hold is None:
            from gp_mockserver.holds import Hold

            self.hold = Hold(self)
        return self.hold

    def data_received(self, data: bytes) -> None:
        if self.deaf:
            return
        self.heard = self.loop.time()
        if self._rest is not None:
            self._rest.size += len(data)
        if self._unread or len(data) > _PARSED_AT_ONCE:
            self._unread += data
            self._parse_unread()
        else:
            self._parse(data)

    def _parse_unread(self) -> None:
        """Parse what waits, until so many requests have come of it that the rest has to wait on."""
        while self._unread and len(self.pipeline) < _PIPELINED and not self.deaf:
            in_body = not self._in_head and self._answering() and self.cycle.more_body
            size = _PARSED_AT_ONCE_OF_BODY if in_body else _PARSED_AT_ONCE
            piece, self._unread = self._unread[:size], self._unread[size:]
            self._parse(piece)
        if self._unread and not self.deaf:
            self.flow.pause_reading()

    def _parse(self, data: bytes) -> None:
        self._unaccounted += len(data)
        while data:
            try:
                self.parser.feed_data(data)
                break
            except httptools.HttpParserUpgrade as offer:
                if not self._offered:
                    self._refuse(MALFORMED)
                    return
                data = self._without_offer() + data[offer.args[0] :]
            except httptools.HttpParserError:
                self._refuse(self._refusal or MALFORMED)
                return
        if self._unaccounted > self._smallest:
            self._check_unfinished()

    def may_read_on(self) -> bool:
        """Take up what waits unread; whether there is room for more of what the client sends.

        There is none while requests wait behind the one under way: a client that sends them and reads no
        answer would fill the memory.
        """
        if self.hold is not None and not self.hold.reads:
            return False
        if self.deaf:
            return True
        if self._unread and not self.pipeline and not self.transport.is_closing():
            self._parse_unread()
        return not self.pipeline and not self._unread

    def on_message_begin(self) -> None:
        self._in_head = True
        self._hosts = 0
        self._began = self.heard
        super().on_message_begin()

    def on_header(self, name: bytes, value: bytes) -> None:
        name = name.lower()
        if name == b"host":
            self._hosts += 1
        elif name == b"expect" and value.lower() == b"100-continue":
            self.expect_100_continue = True
        self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        if self._unaccounted > self._smallest:
            self._raise(fault_of_size(self.url, self.headers, self.limits))
        version = self.parser.get_http_version()
        if self._hosts != 1 or version != "1.1":
            self._raise(fault_of_version_or_host(version, self._hosts))
        self._in_head = False
        self._unaccounted = 0
        if self.parser.should_upgrade():
            if self.parser.get_method() == b"CONNECT":
                self._raise(NO_PROXY)
            self._offered = True
            return
        self._body_since = self.heard
        self._body_size = 0
        if len(self.url) > _PARSED_AT_MOST:
            self._start_with_a_long_query()
        else:
            super().on_headers_complete()
        if self._ending:
            self._close_after_answer()

    def on_message_complete(self) -> None:
        if not self._offered:
            super().on_message_complete()
        if self._rest is not None:
            if self._rest.closes:
                self._hang_up()
            self._rest = None
        elif self.hold is not None and self.hold.taken:
            self.deafen()

    def _hang_up(self) -> None:
        """Close, and throw away what the client sends until it knows."""
        self.deaf = True
        self._unread = b""
        self.transport.close()

    def on_body(self, body: bytes) -> None:
        self._unaccounted = 0
        self._body_size += len(body)
        super().on_body(body)

    def on_chunk_header(self) -> None:
        self._unaccounted = 0

    def on_response_complete(self) -> None:
        self._answered = self.loop.time()
        if self.transport.is_closing():
            return
        if self.under_way is not None and self.under_way.more_body and not self.deaf:
            closes = self._rest is not None
            self._rest = ReadingOn(self._answered, closes, self.limits)
            if closes:
                self.end_writing()
        if self.pipeline:
            self._start_asgi_task(*self.pipeline.pop())
        elif self._last_words is None:
            self.flow.resume_reading()
        else:
            self._say(self._last_words)

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        self.under_way = cycle
        if self._wire is not None:
            self._wire.let_go()
        self._wire = WholeAnswers(app, self, cycle)
        super()._start_asgi_task(cycle, self._wire)  # type: ignore[arg-type]

    def read_on(self) -> None:
        """Close after the answer that is about to end only once the rest of the request's body was read: to
        close before that resets the connection, and a client that sends first never sees its answer."""
        assert self.under_way is not None
        self.under_way.keep_alive = True
        self._rest = ReadingOn(self.loop.time(), True, self.limits)

    def pause_writing(self) -> None:
        self._taking.begin()
        super().pause_writing()

    def shutdown(self) -> None:
        """Close after the answer that is under way, or to a request that is on its way already."""
        self._ending = True
        if self._answering():
            self._close_after_answer()

    def close_when_quiet(self, now: float, seconds: float) -> None:
        """Once the server is ending: close unless a request is under way or came in the last seconds."""
        if self.is_taken:
            self.held().shutdown()
        elif not self._answering() and now - max(self.heard, self._answered) >= seconds:
            self.transport.close()

    def look(self, now: float) -> None:
        """Close the connection if it has used up a limit of time."""
        limits = self.limits
        if self._is_stuck(now):
            self.drop()
        elif self.hold is not None:
            self.hold.look(now)
        if self.transport.is_closing() or self.is_taken:
            return
        if self.deaf:
            if now - self.heard > LINGER and not self._answering():
                self.transport.close()
        elif self.flow.read_paused:  # it is the server that takes its time
            self.heard = self._began = self._body_since = now
            self._body_size = 0
        elif self._in_head:
            if now - self._began > limits.head_seconds:
                self._refuse(head_too_slow(limits))
        elif self.cycle is None:
            if now - self._began > limits.head_seconds:
                self.transport.close()
        elif self._answering():
            if self.cycle.more_body:
                self._look_at_body(now)
        elif self._rest is not None and self._rest.is_over(now, self.heard):
            self._hang_up()
        elif now - max(self.heard, self._answered) > limits.idle_seconds:
            self.transport.close()

    def is_idle_since(self, cycle: RequestResponseCycle) -> bool:
        """Whether no request has begun since this one."""
        return self.cycle is cycle and not self._in_head and not self._unread

    def _look_at_body(self, now: float) -> None:
        """Refuse a body that stalls, or that brought too little in a span of `stall_seconds`."""
        limits = self.limits
        span = now - self._body_since
        if now - self.heard > limits.stall_seconds:
            self._refuse(body_stalled(limits))
        elif span >= limits.stall_seconds:
            if self._body_size < span * limits.body_rate:
                self._refuse(body_too_slow(limits))
            self._body_since, self._body_size = now, 0

    def _start_with_a_long_query(self) -> None:
        """Start a request whose URL the library that splits URLs refuses for its length alone."""
        path, _, query = self.url.partition(b"?")
        if len(path) > _PARSED_AT_MOST:
            self._raise(path_too_long(_PARSED_AT_MOST))
        self.url = path
        super().on_headers_complete()
        self.scope["query_string"] = query.partition(b"#")[0]  # before the request's task has begun

    def _raise(self, fault: Closing | None) -> None:
        """Where there is a fault, raises _Refused for the parser to end with."""
        if fault is not None:
            self._refusal = fault
            raise _Refused

    def _without_offer(self) -> bytes:
        """The head of a request that offered another protocol, without that offer, for a parser made anew.

        The old one takes a body that follows for the other protocol's.
        """
        parser, self.parser = self.parser, httptools.HttpRequestParser(self)
        self._offered = False
        return without_offer(parser.get_method(), self.url, parser.get_http_version(), self.headers)

    def _answering(self) -> bool:
        """Whether a request is under way."""
        cycle = self.cycle
        return cycle is not None and not cycle.response_complete and not cycle.disconnected

    def _close_after_answer(self) -> None:
        """Close after the answer to the last request, which says so if it has not begun."""
        cycle = self.cycle
        cycle.keep_alive = False
        if not cycle.response_started:
            cycle.default_headers = [*cycle.default_headers, _CLOSE]

    def _is_stuck(self, now: float) -> bool:
        """Whether the client takes nothing, or next to nothing, of what waits to be sent to it."""
        waits = self.flow.write_paused or self.transport.is_closing()
        unsent = self.transport.get_write_buffer_size() if waits else None
        return self._taking.is_stuck(now, unsent, self.limits.send_seconds)

    def _check_unfinished(self) -> None:
        """Refuse a head, trailers or blank lines that have no end."""
        if self._in_head and len(self.url) > self.limits.url:
            self._refuse(url_too_long(self.limits))
        elif self._unaccounted - (len(self.url) if self._in_head else 0) > self.limits.head:
            self._refuse(head_too_large(self.limits))

    def _refuse(self, closing: Closing) -> None:
        """Answer what is being received with a page, after the answers to requests before it, and close."""
        if self.is_taken:
            self.deafen()
            self.cycle.message_event.set()
            return
        level = logging.WARNING if closing.status in _FAULTS else logging.INFO
        client = self.client[0] if self.client else "a client"
        log.log(level, "%s: a request was refused with %d: %s", client, closing.status, closing.text)
        self.deaf = True
        self._unread = b""
        self.heard = self.loop.time()
        cycle = self.cycle
        if self._answering():
            if self._in_head or not cycle.more_body:  # the request under way is an earlier one
                self._last_words = closing
                return
            cycle.disconnected = True
            cycle.waiting_for_100_continue = False
            cycle.message_event.set()
            if self.pipeline or cycle.response_started:
                self.transport.close()
                return
        self._say(closing)

    def _say(self, closing: Closing) -> None:
        """Send a page as the last answer, and no more."""
        self.heard = self.loop.time()
        self.flow.resume_reading()
        page = closing.answer(self.server_state.default_headers)
        cycle = self.cycle
        if cycle is not None and not cycle.response_complete:
            note_page(cycle.scope, page)
        self.transport.write(page)
        self.end_writing()


_FAULTS = (400, 414, 431)


def connections_with(limits: ConnectionLimits) -> type[Connection]:
    """The protocol class of a server with these limits."""
    settings = {"limits": limits, "_smallest": min(limits.url, limits.head)}
    return type("LimitedConnection", (Connection,), settings)
