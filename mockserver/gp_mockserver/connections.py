"""The server's side of one connection: uvicorn's HTTP protocol, held to ConnectionLimits.

uvicorn leaves sizes and times without limits, and has a timer per request for connections that are idle. Here
a connection only notes when something happened; `look`, which the server calls for every connection about
once a second, acts on it. Of uvicorn's protocol this relies on its callbacks and on `parser`, `transport`,
`flow`, `cycle`, `pipeline`, `connections`, `headers`, `url` and `loop`.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import struct
import sys
from typing import Any, ClassVar

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from gp_mockserver.connection_limits import (
    MALFORMED,
    Closing,
    ConnectionLimits,
    body_stalled,
    head_too_large,
    head_too_slow,
    too_many_connections,
    url_too_long,
)

log = logging.getLogger("gp_mockserver")

_LINGER = 2.0
"""Seconds for which a refused client may go on sending: closing before it has read the refusal loses it."""
_SOME = 16 * 1024
"""Bytes of an answer that a client has to take in `send_seconds`."""
_HEADER_SIGNS = len(": \r\n")
_PARSED_AT_MOST = 65535
_NO_LINGER = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)
_CLOSE = (b"connection", b"close")
_OF_CONNECTIONS = (b"close", b"keep-alive")
_OF_OFFERS = (b"upgrade", b"http2-settings")


class _Refused(Exception):
    """Ends the parser's work on a request that is refused."""


class Connection(HttpToolsProtocol):
    """One client's connection. `connections_with` makes the class that a server uses."""

    limits: ClassVar[ConnectionLimits]
    _smallest: ClassVar[int]

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self._in_head = False
        self._unaccounted = 0
        """Bytes since the last head was complete or a part of a body came: at most so long is a head, or a
        trailer, that is not whole."""
        self._refusal: Closing | None = None
        self._offered = False
        """Whether the request offers another protocol. None is taken up: the offer is passed over."""
        self._deaf = False
        """Whether what the client sends is thrown away."""
        self._last_words: Closing | None = None
        """The page that follows the answers to the requests that came before the one that is refused."""
        self._ending = False
        self._began = self._heard = self._answered = 0.0
        """When the head began, and when a byte, and when the last answer was complete."""
        self._waiting_since: float | None = None
        self._waiting_bytes = 0
        """Since when, and for how many bytes, the answer has been waiting for the client to take it."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._began = self._heard = self._answered = self.loop.time()
        excess = len(self.connections) - self.limits.connections
        if excess > self.limits.told:
            transport.abort()
        elif excess > 0:
            self._refuse(too_many_connections(self.limits))

    def data_received(self, data: bytes) -> None:
        if self._deaf:
            return
        self._heard = self.loop.time()
        self._unaccounted += len(data)
        while data:
            try:
                self.parser.feed_data(data)
                break
            except httptools.HttpParserUpgrade as offer:
                data = self._without_offer() + data[offer.args[0] :]
            except httptools.HttpParserError:
                self._refuse(self._refusal or MALFORMED)
                return
        if self._unaccounted > self._smallest:
            self._check_unfinished()

    def on_message_begin(self) -> None:
        self._in_head = True
        self._began = self._heard
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        if self._unaccounted > self._smallest:
            self._check_head()
        self._in_head = False
        self._unaccounted = 0
        if self.parser.should_upgrade() and self.parser.get_method() != b"CONNECT":
            self._offered = True
            return
        if len(self.url) > _PARSED_AT_MOST:
            self._start_with_a_long_query()
        else:
            super().on_headers_complete()
        if self._ending:
            self._close_after_answer()

    def on_message_complete(self) -> None:
        if not self._offered:
            super().on_message_complete()

    def on_body(self, body: bytes) -> None:
        self._unaccounted = 0
        super().on_body(body)

    def on_chunk_header(self) -> None:
        self._unaccounted = 0

    def on_response_complete(self) -> None:
        self._answered = self.loop.time()
        if self.pipeline:
            super().on_response_complete()
        elif not self.transport.is_closing():
            if self._last_words is None:
                self.flow.resume_reading()
            else:
                self._say(self._last_words)

    def pause_writing(self) -> None:
        self._waiting_since = None
        super().pause_writing()

    def shutdown(self) -> None:
        """Close after the answer that is under way, or to a request that is on its way already."""
        self._ending = True
        if self._answering():
            self._close_after_answer()

    def close_when_quiet(self, now: float, seconds: float) -> None:
        """Once the server is ending: close unless a request is under way or came in the last seconds."""
        if not self._answering() and now - max(self._heard, self._answered) >= seconds:
            self.transport.close()

    def look(self, now: float) -> None:
        """Close the connection if it has used up a limit of time."""
        limits = self.limits
        if self._is_stuck(now):
            self._drop()
        elif self.transport.is_closing():
            return
        elif self._deaf:
            if now - self._heard > _LINGER and not self._answering():
                self.transport.close()
        elif self.flow.read_paused:  # it is the server that takes its time
            self._heard = self._began = now
        elif self._in_head:
            if now - self._began > limits.head_seconds:
                self._refuse(head_too_slow(limits))
        elif self.cycle is None:
            if now - self._began > limits.head_seconds:
                self.transport.close()
        elif self._answering():
            if self.cycle.more_body and now - self._heard > limits.stall_seconds:
                self._refuse(body_stalled(limits))
        elif (
            now - max(self._heard, self._answered) > limits.idle_seconds
            or self._heard - self._answered > limits.stall_seconds  # a body without end, answered long ago
        ):
            self.transport.close()

    def _start_with_a_long_query(self) -> None:
        """Start a request whose URL the library that splits URLs refuses for its length alone."""
        path, _, query = self.url.partition(b"?")
        if len(path) > _PARSED_AT_MOST:
            self._refusal = url_too_long(self.limits)
            raise _Refused
        self.url = path
        super().on_headers_complete()
        self.scope["query_string"] = query.partition(b"#")[0]  # before the request's task has begun

    def _without_offer(self) -> bytes:
        """The head of a request that offered another protocol, without that offer, for a parser made anew.

        The old one takes a body that follows for the other protocol's.
        """
        lines = [b"%b %b HTTP/1.1" % (self.parser.get_method(), self.url)]
        for name, value in self.headers:
            if name == b"connection":
                kept = [each for each in value.split(b",") if each.strip().lower() in _OF_CONNECTIONS]
                value = b",".join(kept)
            if name not in _OF_OFFERS:
                lines.append(b"%b: %b" % (name, value))
        self._offered = False
        self.parser = httptools.HttpRequestParser(self)
        return b"\r\n".join([*lines, b"", b""])

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
        if not self.flow.write_paused and not self.transport.is_closing():
            self._waiting_since = None
            return False
        waiting = self.transport.get_write_buffer_size()
        if self._waiting_since is not None:
            if now - self._waiting_since <= self.limits.send_seconds:
                return False
            if self._waiting_bytes - waiting < _SOME:
                return True
        self._waiting_since, self._waiting_bytes = now, waiting
        return False

    def _drop(self) -> None:
        """Close at once, and have the system forget what it still holds for the client."""
        connected = self.transport.get_extra_info("socket")
        if connected is not None:
            connected.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
        self.transport.abort()

    def _check_head(self) -> None:
        """Raises _Refused when URL or headers, which are complete, are too long."""
        size = sum(len(name) + len(value) + _HEADER_SIGNS for name, value in self.headers)
        if len(self.url) > self.limits.url:
            self._refusal = url_too_long(self.limits)
        elif size > self.limits.head:
            self._refusal = head_too_large(self.limits)
        if self._refusal:
            raise _Refused

    def _check_unfinished(self) -> None:
        """Refuse a head, trailers or blank lines that have no end."""
        if self._in_head and len(self.url) > self.limits.url:
            self._refuse(url_too_long(self.limits))
        elif self._unaccounted - (len(self.url) if self._in_head else 0) > self.limits.head:
            self._refuse(head_too_large(self.limits))

    def _refuse(self, closing: Closing) -> None:
        """Answer what is being received with a page, after the answers to requests before it, and close."""
        level = logging.WARNING if closing.status in _FAULTS else logging.INFO
        client = self.client[0] if self.client else "a client"
        log.log(level, "%s: a request was refused with %d: %s", client, closing.status, closing.text)
        self._deaf = True
        self._heard = self.loop.time()
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
        self._heard = self.loop.time()
        self.flow.resume_reading()
        self.transport.write(closing.answer(self.server_state.default_headers))
        if self.transport.can_write_eof():
            self.transport.write_eof()


_FAULTS = (400, 414, 431)


def connections_with(limits: ConnectionLimits) -> type[Connection]:
    """The protocol class of a server with these limits."""
    settings = {"limits": limits, "_smallest": min(limits.url, limits.head)}
    return type("LimitedConnection", (Connection,), settings)
