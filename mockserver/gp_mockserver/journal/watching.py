"""What the journal sees of a request: the ASGI messages that really pass, outside of all that the site does.

A `Watch` stands around one request. What takes time, decoding, hashing and masking, is put off until somebody
reads the entry; but where the request may bring a secret, or its answer hand one out, the entry is written as
soon as the request ends, and nothing else of it is kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from operator import itemgetter
from time import perf_counter
from typing import TYPE_CHECKING, Any, Final

from gp_mockserver.journal.bodies import Body
from gp_mockserver.journal.entries import KEPT, Entry
from gp_mockserver.journal.filling import ABOUT_JOBS, Head, fill, held_by, size_of
from gp_mockserver.journal.masked_parts import SIGN_INS, headers_may_hold_secrets
from gp_mockserver.journal.secret_words import may_hold_secrets
from gp_mockserver.wire.replies import JobReply, Redirect, Reply

if TYPE_CHECKING:
    from starlette.types import Message, Receive, Scope, Send

    from gp_mockserver.journal.journal import Journal
    from gp_mockserver.journal.raw_answers import RawAnswer
    from gp_mockserver.sites import Site
    from gp_mockserver.wire.addresses import Address
    from gp_mockserver.wire.replies import AnyReply, Refusal
    from gp_mockserver.wire.requests import Request
    from gp_mockserver.wire_access import Wire

WATCH: Final = "gpharness.watch"
ENTRY: Final = "gpharness.entry"
"""Where a request's scope has its watch, and its entry."""
_SAID: Final = "gpharness.said"
"""Where it has a page with which the connection has answered before the site is given the request."""
WIRE: Final = "gpharness.wire"
"""What `gp_mockserver.wire_access` calls it, too, which brings uvicorn along: a site needs none."""

_LEFT: Final = "the client left"
_FAILED: Final = "the server failed"
_CUT: Final = "the answer was not sent to its end"
_ONLY_CLOSED: Final = frozenset({"service-not-started"})
"""Refusals of addresses that do lead somewhere."""
_OVERHEAD: Final = 2048
"""Bytes that an entry takes besides bodies, about."""
_BY_UVICORN: Final = b"Internal Server Error"
"""The body by which the HTTP server answers where the application has failed."""
_NOTHING: Final[Mapping[str, Any]] = {}
_VALUE: Final = itemgetter(1)
_LONG: Final = 16 * 1024
"""Bytes of an address and headers; with more of them the entry is written, and cut, at once."""


def watch_of(scope: Mapping[str, Any]) -> Watch | None:
    """The watch that stands around a request; None where its site keeps no journal."""
    watch: Watch | None = scope.get(WATCH)
    return watch


def note_page(scope: Any, page: bytes) -> None:
    """Note that the connection answers a request by itself, with these bytes."""
    if watch := watch_of(scope):
        watch.wrote(page)
    else:
        scope[_SAID] = page


class Watch:
    """The watch around one request; its `receive` and `send` are those that the site is given."""

    __slots__ = (
        "_answer",
        "_answered_with",
        "_began",
        "_body",
        "_done",
        "_head",
        "_is_settled",
        "_journal",
        "_left",
        "_parameters",
        "_raw",
        "_receive",
        "_secrets",
        "_send",
        "_start",
        "_was_read",
        "_wire",
        "entry",
        "held",
        "is_plain",
    )

    def __init__(self, journal: Journal, entry: Entry, scope: Scope, receive: Receive, send: Send) -> None:
        self.entry = entry
        self.held = 0
        """Bytes for which the journal's account has it; 0 where the journal does not have it (any longer)."""
        self._journal = journal
        self._receive = receive
        self._send = send
        self._wire: Wire | None = scope.get("extensions", _NOTHING).get(WIRE)
        self._head: Head | None = Head(
            scope["headers"],
            scope["path"],
            scope.get("raw_path"),
            scope["query_string"],
            scope.get("scheme", "http"),
            scope.get("client"),
            scope.get("server"),
        )
        self._parameters: Mapping[str, str] | None = None
        self._secrets: list[str] | None = None
        """Those of parameters that are not held any longer."""
        self._body: Body | None = None
        self._answered_with: list[tuple[bytes, bytes]] | None = None
        self._raw: RawAnswer | None = None
        self._start: Message | None = None
        self._answer: Body | None = None
        self.is_plain = False
        """Whether the request is over and brought no secret."""
        self._done = self._left = self._was_read = self._is_settled = False
        self._began = entry.came = perf_counter()
        scope[WATCH] = self
        scope[ENTRY] = entry
        if _SAID in scope:
            self.wrote(scope[_SAID])

    @property
    def number(self) -> int:
        """That of its entry."""
        return self.entry.number

    @property
    def like(self) -> Entry:
        """The entry, with what is known of it before it is read."""
        return self.entry

    @property
    def instants(self) -> tuple[float, float]:
        """When it came: on the site's clock, and on a real one."""
        return self.entry.at, self.entry.came

    @property
    def is_over(self) -> bool:
        """Whether nothing more becomes known of it."""
        return self.entry.seconds is not None

    async def receive(self) -> Message:
        """The next message of the client."""
        message = await self._receive()
        if message["type"] == "http.request":
            if piece := message.get("body"):
                self._note_body(piece)
        elif not self._done:
            self._left = True
        return message

    def _note_body(self, piece: bytes) -> None:
        if self._body is None:
            self._body = Body(piece)
        else:
            self._body.take(piece)

    async def send(self, message: Message) -> None:
        """Pass a message on, and note what goes out of it."""
        if self._wire is not None and self._wire.is_lost:
            self._left = True
        elif (
            message["type"] == "http.response.body" and self.entry.seconds is None and self._is_last(message)
        ):
            # Whoever has the answer finds the entry complete: it is completed before the last bytes go out.
            self.sent(message)
            self._done = True
            self._finish()
        else:
            await self._send(message)
            self.sent(message)
            return
        await self._send(message)

    def _is_last(self, message: Message) -> bool:
        """Whether the client has the whole answer once it has this part of its body."""
        if not message.get("more_body"):
            return True
        sent = len(message.get("body", b"")) + (0 if self._answer is None else self._answer.size)
        return any(
            name == b"content-length" and value.isdigit() and int(value) <= sent
            for name, value in (self._answered_with if self._start is None else self._start["headers"]) or ()
        )

    def sent(self, message: Message) -> None:
        """A message has gone out."""
        if message["type"] == "http.response.start":
            self._start = message  # which waits for the first piece of the body
        else:
            if self._start is not None:
                self.entry.status = self._start["status"]
                self._answered_with = self._start["headers"]
                self._start = None
            piece = message.get("body")
            if piece and self.entry.method != "HEAD":
                if self._answer is None:
                    self._answer = Body(piece)
                else:
                    self._answer.take(piece)
            if not message.get("more_body"):
                self._done = True

    # What the site says of the request.

    def led_to(self, address: Address | None, lost: Refusal | None = None) -> None:
        """The address leads there; or nowhere, as `lost` refuses."""
        entry = self.entry
        if lost is not None:
            entry.unexpected = lost.name not in _ONLY_CLOSED
            address = None
        if address is None:
            return
        entry.unexpected = False
        entry.operation, entry.job_id, entry.name = address.operation, address.job_id, address.name
        if address.service is not None:
            entry.service = address.service.name
            if address.task is not None:
                entry.task = address.task.path

    def brought(self, parameters: Mapping[str, str], length: int) -> None:
        """The request's parameters, with so many bytes of a form."""
        self._parameters = parameters
        if length > KEPT:
            self._secrets = self._fill()  # which writes, and cuts, them
            self._parameters = None
        if self._journal.is_heard:
            self._journal.tell(self)

    def replied(self, reply: AnyReply | None) -> None:
        """What the operation answers."""
        entry = self.entry
        if isinstance(reply, JobReply):
            entry.job_status = reply.state.status.value
        elif entry.operation not in ABOUT_JOBS:
            return
        elif isinstance(reply, Reply):
            entry.job_status = str(reply.value.get("jobStatus", ""))
            entry.job_id = reply.value.get("jobId", entry.job_id)
        elif isinstance(reply, Redirect):
            entry.job_id = reply.location.rpartition("/jobs/")[2].partition("?")[0]

    def refused(self, refusal: Refusal, request: Request | None) -> None:
        """The request is refused."""
        from gp_mockserver.journal.near_misses import near_miss

        self.entry.refusal = refusal.name
        self.entry.near_miss = self.entry.near_miss or near_miss(refusal, request)

    def client_left(self) -> None:
        """The client left before there was an answer."""
        self._left = True

    def look_closer(self, site: Site, path: str, scope: Scope) -> None:
        """The request may deviate: where it leads is noted before anything answers in the operation's place,
        and so is what goes out past ASGI. Who listens is told before anything delays it."""
        from gp_mockserver.journal.raw_answers import WatchedWire
        from gp_mockserver.wire.addresses import find_address
        from gp_mockserver.wire.replies import Refusal

        if site.passing_on is not None:
            self._passed_on(site, path, scope)
        else:
            try:
                self.led_to(find_address(site, path))
            except Refusal as lost:
                self.led_to(None, lost)
        if self._wire is not None:
            scope["extensions"] = {**scope["extensions"], WIRE: WatchedWire(self._wire, self)}
        if self._journal.is_heard:
            self._journal.tell(self)

    def _passed_on(self, site: Site, path: str, scope: Scope) -> None:
        """The request is for a real server, whose services nobody here knows."""
        from gp_mockserver.deviations.occasions import occasion_of

        occasion, entry = occasion_of(site, path, scope), self.entry
        entry.operation = {"submit": "submitJob"}.get(occasion.operation, occasion.operation)
        entry.service, entry.task = occasion.service, occasion.task
        entry.job_id, entry.name = occasion.job_id, occasion.name

    def wrote(self, data: bytes) -> None:
        """Bytes go out past ASGI, after all that was sent by it."""
        if self._raw is None and (self._start is not None or self._answered_with is not None):
            self.sent({"type": "http.response.body", "body": data, "more_body": True})
            return
        if self._raw is None:
            from gp_mockserver.journal.raw_answers import RawAnswer

            self._raw = RawAnswer()
        raw = self._raw
        raw.take(data)
        self.entry.status, self._answered_with, self._answer = raw.status, raw.headers, raw.body

    # The end, and how the entry comes to be read.

    def end(self, *, failed: bool = False) -> None:
        """Nothing more comes. `failed`: an exception has ended it."""
        entry = self.entry
        if entry.seconds is None:
            self._finish(failed)
        else:
            entry.seconds = perf_counter() - self._began
            if failed and not entry.cut_short:
                entry.cut_short = _FAILED
        self._receive, self._send, self._wire = no_more, nowhere, None

    def _finish(self, failed: bool = False) -> None:
        """Complete the entry, or have it ready to be completed when it is read."""
        seconds = perf_counter() - self._began
        entry, journal = self.entry, self._journal
        if self._wire is not None and (unread := self._wire.unread):
            self._note_body(unread)
        if self._raw is not None:
            self._done = self._raw.is_whole
        if not self._done:
            if failed and not self._left and entry.status is None and self._wire is not None:
                # what the HTTP server answers then
                entry.status, self._answered_with, self._answer = 500, [], Body(_BY_UVICORN)
            if not entry.cut_short:
                has_failed = failed and not entry.deviations
                entry.cut_short = _LEFT if self._left else _FAILED if has_failed else _CUT
        size = _OVERHEAD
        is_long = False
        if self._head is not None:
            held = held_by(self._head, self._parameters)
            is_long = held > _LONG
            size += held
        if self._body is not None:
            entry.request_size = self._body.size
            size += min(self._body.size, KEPT) * (1 if self._parameters is None else 2)
        if self._answer is not None:
            entry.response_size = self._answer.size
            size += min(self._answer.size, KEPT)
        self.is_plain = not self._is_secret()
        entry.seconds = seconds  # from now on a reader may be the last one
        if self._was_read or is_long or not self.is_plain:
            self.read()
            size = size_of(entry)
        journal.grow(self, size)
        if journal.is_heard:
            journal.tell(self)

    def _is_secret(self) -> bool:
        """Whether a token or a password may be in the request, or in what a sign-in answers."""
        head, body, journal = self._head, self._body, self._journal
        assert head is not None
        if head.headers != journal.plain_headers:
            if headers_may_hold_secrets(head.headers) or may_hold_secrets(*map(_VALUE, head.headers)):
                return True
            journal.plain_headers = head.headers
        return (
            self.entry.operation in SIGN_INS
            or (body is not None and body.is_cut)
            or may_hold_secrets(
                head.raw_path or head.path.encode("utf-8", "replace"),
                head.query,
                b"" if body is None else body.first,
            )
        )

    def let_go(self) -> int:
        """Leave the journal: the bytes that it had it for."""
        held, self.held = self.held, 0
        return held

    def read(self) -> Entry:
        """The entry, with all that is known of the request by now."""
        if not self._is_settled:
            with self._journal.filling:
                self._was_read = True
                is_over = self.entry.seconds is not None
                if self._head is not None:  # nobody else was quicker
                    self._fill()
                if is_over:
                    self._is_settled = True
                    self._head = self._parameters = self._body = self._answered_with = self._answer = None
        return self.entry

    def _fill(self) -> list[str]:
        with self._journal.filling:
            self._was_read = True
            assert self._head is not None
            return fill(
                self.entry,
                self._head,
                self._parameters,
                self._body,
                self._answered_with,
                self._answer,
                is_plain=self.is_plain,
                secrets=self._secrets,
            )


async def no_more() -> Message:
    """What a request that is over receives."""
    return {"type": "http.disconnect"}


async def nowhere(message: Message) -> None:
    """Takes what is sent after the end."""
