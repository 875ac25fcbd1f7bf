"""Events as they happen, as server-sent events (HTML, *Server-sent events*), for as long as somebody listens.

Each event has a name and JSON for its data: `request` (one that came, or of which more is known; by its site
and number), `job` (one that is new or has changed), `jobGone`, `deviations`, `clock` and `sites`, each as the
resource of that name tells it. Requests are told as they come. The rest is looked at once a second, and after
every change that was made over this API: jobs and clocks move by themselves, and nothing says so.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any, Final

import msgspec
from msgspec import Meta

from gp_mockserver.control.answers import RequestLine
from gp_mockserver.control.asks import Ask
from gp_mockserver.control.clock_actions import clock_info
from gp_mockserver.control.deviation_actions import injection_info
from gp_mockserver.control.job_infos import job_line
from gp_mockserver.control.journal_actions import request_line
from gp_mockserver.control.refusals import ControlError
from gp_mockserver.control.server_actions import MOST_LISTENERS
from gp_mockserver.wire_access import wire_of

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

    from gp_mockserver.journal.entries import Entry
    from gp_mockserver.sites import Site

LOOK_EVERY: Final = 1.0
"""Seconds of real time."""
KEEP_ALIVE_EVERY: Final = 15.0
"""Seconds of real time without an event, after which a comment keeps proxies from closing the connection."""
MOST_WAITING: Final = 2000
"""Events of requests that may wait for a listener to read; one that is slower than that is dropped. What a
look finds may be more: there is no other look before it is read."""
MOST_BYTES_WAITING: Final = 4 * 1024 * 1024
MOST_BYTES_IN_ALL: Final = 64 * 1024 * 1024
"""Bytes that may wait for one listener, and for all of them, who share them equally."""
_FOLLOWED: Final = 200
"""The newest jobs of a site whose changes by time alone are told."""
_MANY: Final = 10_000
"""With more jobs than that, none is looked for: listing them takes too long."""
_LONGEST: Final = 300
"""Characters of a parameter."""
_LONGEST_TEXT: Final = 1000
"""Characters of an address, or of what went wrong."""
_MOST_PARAMETERS: Final = 50
_HEADERS: Final = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
    (b"x-content-type-options", b"nosniff"),
]


class EventsQuery(msgspec.Struct, forbid_unknown_fields=True):
    """`maxlogs`: how many of the last requests are told first."""

    maxlogs: Annotated[int, Meta(ge=0, le=1000, description="a whole number from 0 to 1000")] = 0


async def events(ask: Ask, query: EventsQuery) -> EventStream:
    """It goes on until the listener leaves or the server ends."""
    if ask.rules.is_ending:
        raise ControlError(503, "the server is ending")
    if len(ask.rules.streams) >= MOST_LISTENERS:
        raise ControlError(
            503, f"{MOST_LISTENERS} listen already, which is the most", remedy="close a page that shows them"
        )
    return EventStream(ask, query.maxlogs)


class EventStream:
    """One listener: the answer to its request."""

    def __init__(self, ask: Ask, last: int) -> None:
        self._ask = ask
        self._last = last
        self._loop = asyncio.get_running_loop()
        self._waiting: deque[bytes] = deque()
        self._seen: list[bytes] = []
        self._bytes = 0
        self._is_too_slow = False
        self._has_to_look = True
        self._news, self._over = asyncio.Event(), asyncio.Event()
        self._followed: dict[str, FollowedSite] = {}

    def end(self) -> None:
        """Have it come to its end."""
        self._over.set()

    def look(self) -> None:
        """Have it look now for what has changed."""
        self._has_to_look = True
        self._news.set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        streams = self._ask.rules.streams
        streams.add(self)
        tasks = [asyncio.ensure_future(each) for each in (self._write(send), self._until_gone(receive))]
        over = asyncio.ensure_future(self._over.wait())
        try:
            await asyncio.wait([*tasks, over], return_when=asyncio.FIRST_COMPLETED)
        finally:
            streams.discard(self)
            for each in self._followed.values():
                each.leave()
            for task in (*tasks, over):
                task.cancel()
            await asyncio.wait([*tasks, over])
        if self._is_too_slow and (wire := wire_of(scope)) is not None:
            wire.reset()
            return
        for task in tasks:
            if not task.cancelled():
                task.result()
        if not self._is_too_slow:
            await send({"type": "http.response.body"})

    async def _write(self, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
        await send({"type": "http.response.body", "body": b"retry: 2000\n\n", "more_body": True})
        sent = self._loop.time()
        while True:
            if self._has_to_look:
                self._has_to_look = False
                self._look()
            if self._waiting or self._seen:
                heard, seen = b"".join(self._waiting), b"".join(self._seen)
                self._seen.clear()
                await send({"type": "http.response.body", "body": heard + seen, "more_body": True})
                self._let_go(len(heard))
                sent = self._loop.time()
            elif self._loop.time() - sent >= KEEP_ALIVE_EVERY:
                await send({"type": "http.response.body", "body": b": keep-alive\n\n", "more_body": True})
                sent = self._loop.time()
            if not self._waiting and not self._has_to_look:
                self._news.clear()
                try:
                    await asyncio.wait_for(self._news.wait(), LOOK_EVERY)
                except TimeoutError:
                    self._has_to_look = True

    async def _until_gone(self, receive: Receive) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass

    def _let_go(self, size: int) -> None:
        """So many bytes of what waited first are sent."""
        self._bytes -= size
        while size > 0:
            size -= len(self._waiting.popleft())

    def tell(self, event: str, data: Any) -> None:
        """Have an event sent; from any thread."""
        self._loop.call_soon_threadsafe(self._take, _piece(event, data))

    def _show(self, event: str, data: Any) -> None:
        """Have an event sent that a look has found."""
        self._seen.append(_piece(event, data))

    def _take(self, piece: bytes) -> None:
        share = min(MOST_BYTES_WAITING, MOST_BYTES_IN_ALL // max(1, len(self._ask.rules.streams)))
        if len(self._waiting) >= MOST_WAITING or (self._waiting and self._bytes + len(piece) > share):
            self._is_too_slow = True
            self._over.set()
            return
        self._waiting.append(piece)
        self._bytes += len(piece)
        self._news.set()

    def _look(self) -> None:
        """Tell what has changed since the last look."""
        sites = {site.context: site for site in self._ask.sites}
        if self._ask.about is not None and self._ask.app.sites.get(self._ask.about.context) is None:
            self._over.set()
            return
        contexts = [each for each in self._followed if self._followed[each].site is sites.get(each)]
        is_first = not self._followed
        for context in [each for each in self._followed if each not in contexts]:
            self._followed.pop(context).leave()
        for context, site in sites.items():
            if context not in self._followed:
                self._followed[context] = FollowedSite(site, self.tell)
        if is_first:
            self._tell_last()
        if is_first or list(self._followed) != contexts:
            self._show("sites", {"sites": list(sites)})
        for followed in self._followed.values():
            followed.look(self._show)

    def _tell_last(self) -> None:
        if not self._last:
            return
        last = [(each.site, entry) for each in self._followed.values() for entry in each.site.journal]
        last.sort(key=lambda each: each[1].at)
        for site, entry in last[-self._last :]:
            self._show("request", brief(site, entry))


Tell = Callable[[str, Any], None]
"""Takes an event's name and data."""


class FollowedSite:
    """A site as a listener follows it: what was told of it last."""

    def __init__(self, site: Site, tell: Tell) -> None:
        self.site = site
        self._tell = tell
        self._jobs: dict[str, tuple[Any, ...]] = {}
        self._deviations: list[tuple[Any, ...]] = []
        self._clock: tuple[Any, ...] = ()
        self.leave = site.journal.listen(self._heard)

    def _heard(self, entry: Entry) -> None:
        self._tell("request", brief(self.site, entry))
        if entry.job_id and entry.is_answered:
            self._look_at_job(self._tell, entry.job_id, self.site.clock.now())

    def look(self, tell: Tell) -> None:
        """Tell what has changed: clock, deviations, jobs."""
        self._look_at_clock(tell)
        self._look_at_deviations(tell)
        now, store = self.site.clock.now(), self.site.store
        newest = store.ids()[-_FOLLOWED:] if len(store) <= _MANY else []
        for job_id in dict.fromkeys((*newest, *self._jobs)):
            self._look_at_job(tell, job_id, now)

    def _look_at_clock(self, tell: Tell) -> None:
        told = clock_info(self.site.clock)
        ahead = told.now - time.monotonic() * (told.rate or 0.0)
        known = (told.kind, told.rate, round(ahead, 1))
        if known != self._clock:
            self._clock = known
            tell("clock", {"site": self.site.context, **msgspec.to_builtins(told)})

    def _look_at_deviations(self, tell: Tell) -> None:
        injections = list(self.site.deviations) if self.site.deviating else []
        known = [(each.number, each.applied, each.is_over) for each in injections]
        if known != self._deviations:
            self._deviations = known
            told = [injection_info(self.site, each) for each in injections]
            tell("deviations", {"site": self.site.context, "deviations": told})

    def _look_at_job(self, tell: Tell, job_id: str, now: float) -> None:
        record = self.site.store.get(job_id, now)
        if record is None:
            if self._jobs.pop(job_id, None) is not None:
                tell("jobGone", {"site": self.site.context, "jobId": job_id})
            return
        before = self._jobs.get(job_id)
        if before is not None and before[:2] == (record.revision, True):
            return
        line = job_line(self.site, record, now)
        known = (record.revision, line.ended_at is not None, line.status, line.held)
        if known != before:
            self._jobs[job_id] = known
            tell("job", line)
            while len(self._jobs) > 2 * _FOLLOWED:
                del self._jobs[next(iter(self._jobs))]


def _piece(event: str, data: Any) -> bytes:
    return b"event: %b\ndata: %b\n\n" % (event.encode(), msgspec.json.encode(data))


def brief(site: Site, entry: Entry) -> RequestLine:
    """A request in short: long texts are cut, and of many parameters the first are told."""
    line = request_line(site, entry)
    given = list(line.parameters.items())
    line.parameters = {_cut(name): _cut(text) for name, text in given[:_MOST_PARAMETERS]}
    if len(given) > _MOST_PARAMETERS:
        line.parameters["…"] = f"({len(given) - _MOST_PARAMETERS} more)"
    for field in ("path", "url", "name", "job_id", "near_miss", "error"):
        setattr(line, field, _cut(getattr(line, field), _LONGEST_TEXT))
    return line


def _cut(text: str, longest: int = _LONGEST) -> str:
    return text if len(text) <= longest else f"{text[:longest]}…"
