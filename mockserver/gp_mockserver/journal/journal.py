"""The journal of a site: an entry for every request, as many as it has room for."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from threading import Lock, RLock
from time import perf_counter
from typing import TYPE_CHECKING, Any, Final, TypedDict, Unpack, overload

from gp_mockserver.errors import SiteError
from gp_mockserver.journal.dropped_requests import DroppedRequests, Following, take_up
from gp_mockserver.journal.entries import Entry
from gp_mockserver.journal.poll_lines import HELD, Model, ModelPoll, Noted, PollLine, RawHeaders
from gp_mockserver.journal.watching import Watch, no_more, nowhere

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

    from gp_mockserver.journal.dropped_requests import DroppedPolls, Record, Tally
    from gp_mockserver.sites import Site

DEFAULT_ENTRIES: Final = 1000
DEFAULT_BYTES: Final = 32 * 1024 * 1024
_OVERHEAD: Final = 2048
"""Bytes that an entry takes besides its bodies, about."""

log = logging.getLogger("gp_mockserver")

Listener = Callable[[Entry], object]
"""Called from the server's thread each time that more is known of a request: when it arrives, when its
parameters have been read, when it is answered; and before a deviation delays it."""


class Criteria(TypedDict, total=False):
    """Which requests are meant; None is any.

    `task` is `Folder/Service/Label`, `service` its `Folder/Service`, `job` a job's id, `name` that of the
    result, input or item in the address, `status` the HTTP status, which is 200 for most errors of the
    protocol too, `path` a pattern such as `*/jobs/*/results/*`; `where` is asked of an entry that fits all
    else.

    `parameters` are some of the request's. A value equals what was sent where the two are the same value of
    the task's own data type, as `{"distance": 8.5, "units": "esriMiles"}` and `8.5 Miles` are; where the type
    is not known, as text or as JSON. None is a parameter that is not given, or as an empty text.
    """

    task: str | None
    service: str | None
    job: str | None
    name: str | None
    method: str | None
    status: int | None
    path: str | None
    where: Callable[[Entry], bool] | None
    parameters: Mapping[str, Any] | None


class Journal:
    """The last requests to a site: `entries` of them at most, which take about `bytes` at most; with
    `entries=0` none. The oldest go first.

    It is a sequence of `Entry`, the oldest first. The server writes it, and any thread may read it. Raises
    SiteError for a negative number.
    """

    def __init__(self, entries: int = DEFAULT_ENTRIES, bytes: int = DEFAULT_BYTES) -> None:
        for name, given in (("entries", entries), ("bytes", bytes)):
            if given < 0:
                raise SiteError(f"journal: met {given} {name}, expected 0 or more")
        self.max_entries = entries
        self.max_bytes = bytes
        self.site: Site | None = None
        """Whose it is; `find` knows its tasks."""
        self.dropped = 0
        """Entries that had to make room."""
        self.last_number = 0
        """The number of the last request that came."""
        self.filling = RLock()
        """Held by whoever writes an entry down."""
        self.is_heard = False
        """Whether anybody listens."""
        self._records: deque[Record] = deque()
        self._gone = DroppedRequests()
        self.plain_headers: RawHeaders | None = None
        """The last headers in which nothing was secret: those of the next request are mostly the same."""
        self._usual: RawHeaders | None = None
        """The headers of the last poll of which a line was made."""
        self._held = 0
        self._lock = Lock()
        self._listeners: tuple[Listener, ...] = ()

    def __repr__(self) -> str:
        dropped = f", {self.dropped} dropped" if self.dropped else ""
        return f"<Journal of {len(self)} request{'s' * (len(self) != 1)}{dropped}>"

    @property
    def is_on(self) -> bool:
        """Whether requests are noted at all."""
        return self.max_entries > 0

    # Reading.

    def __len__(self) -> int:
        return len(self._records)

    def __iter__(self) -> Iterator[Entry]:
        return iter(self._entries())

    @overload
    def __getitem__(self, index: int) -> Entry: ...
    @overload
    def __getitem__(self, index: slice) -> list[Entry]: ...
    def __getitem__(self, index: int | slice) -> Entry | list[Entry]:
        if isinstance(index, int):
            return self._records[index].read()
        with self._lock:
            records = list(self._records)
        return [record.read() for record in records[index]]

    def _entries(self) -> list[Entry]:
        with self._lock:
            records = list(self._records)
        return [record.read() for record in records]

    def find(self, operation: str | None = None, **criteria: Unpack[Criteria]) -> list[Entry]:
        """The requests that fit, the oldest first; `""` are those whose address leads nowhere. Raises
        SiteError for an operation, a task, a service or a criterion that does not exist."""
        fits = fitting(operation, criteria, self.site)
        return [entry for entry in self._entries() if fits(entry)]

    def count(self, operation: str | None = None, **criteria: Unpack[Criteria]) -> int:
        """How many requests fit, of those that `find` finds. Raises SiteError as `find`."""
        return len(self.find(operation, **criteria))

    def unmatched(self) -> list[Entry]:
        """The requests whose address leads nowhere. Of those that had to make room the first 20 are kept;
        `more_unmatched` counts the others. Only they are read: strict tests ask at every end."""
        with self._lock:
            gone, _ = self._gone.unexpected()
            here = [each for each in self._records if each.like.unexpected]
        return [record.read() for record in (*gone, *here)]

    @property
    def more_unmatched(self) -> int:
        """How many requests led nowhere that `unmatched` no longer has."""
        with self._lock:
            return self._gone.unexpected()[1]

    def dropped_polls(self, job: str | None = None) -> dict[str, DroppedPolls]:
        """What is known of the polls that had to make room, by job; of the last 1,000 such jobs."""
        with self._lock:
            return self._gone.polls_of(job)

    def clear(self) -> None:
        """Forget all requests. Those that come later have higher numbers all the same, and what is expected
        (`Site.expect`) has been counted."""
        with self._lock:
            for record in self._records:
                self._gone.is_missed(record)
                record.let_go()
            self._gone.clear()
            self._records.clear()
            self._held = 0
            self.dropped = 0

    def as_text(self, last: int | None = None, *, lines: int | None = None) -> str:
        """A line for each request, or for the `last` ones, to be read by people; one for a run of equal polls
        of a job. `lines`: so many at most, the last ones."""
        from gp_mockserver.journal.journal_text import text_of

        entries = self._entries()
        shown = entries if last is None else entries[max(0, len(entries) - last) :]
        return text_of(shown, before=self.dropped + len(entries) - len(shown), lines=lines)

    def to_har(self) -> dict[str, Any]:
        """The journal as HAR 1.2 (*HTTP Archive*), as a JSON value."""
        from gp_mockserver.journal.har import har_of

        return har_of(self._entries(), dropped=self.dropped)

    def listen(self, callback: Listener) -> Callable[[], None]:
        """Have a function called with entries as they come; what it raises is logged. The function that is
        returned ends that."""
        with self._lock:
            self._listeners = (*self._listeners, callback)
            self.is_heard = True

        def unsubscribe() -> None:
            with self._lock:
                self._listeners = tuple(each for each in self._listeners if each is not callback)
                self.is_heard = bool(self._listeners)

        return unsubscribe

    def follow(self, operations: frozenset[str], tally: Tally) -> Following:
        """Have the requests of these operations counted that come from now on, whether or not the journal
        still has them when it is asked."""
        with self._lock:
            following = Following(self, operations, tally)
            self._gone.followers = (*self._gone.followers, following)
        return following

    def follow_no_more(self, following: Following) -> None:
        """End that."""
        with self._lock:
            self._gone.followers = tuple(each for each in self._gone.followers if each is not following)

    def come_for(self, following: Following) -> tuple[list[Record], list[Record]]:
        """What who follows has missed, and what of it is still here or under way, each the oldest first."""
        missed: list[Record] = []
        here: list[Record] = []
        with self._lock:
            for record in following.missed:
                (missed if record.is_over else here).append(record)
            following.missed = list(here)
            here += self._records
        return [each for each in missed if following.means(each)], [
            each for each in here if following.means(each)
        ]

    # Writing.

    def watch(self, scope: Scope, receive: Receive, send: Send, at: float) -> Watch:
        """Note a request that arrives at an instant, and watch what passes."""
        with self._lock:
            self.last_number = number = self.last_number + 1
            watch = Watch(self, Entry(number, at, scope["method"]), scope, receive, send)
            watch.held = _OVERHEAD
            self._records.append(watch)
            self._held += _OVERHEAD
            is_full = len(self._records) > self.max_entries or self._held > self.max_bytes
            is_due = is_full and self._make_room()
        if is_due:
            take_up(self._gone.followers)
        if self.is_heard:
            self.tell(watch)
        return watch

    def note_poll(self, model: Model, scope: Scope, at: float) -> Noted:
        """Note a poll that is answered with what is kept: in a line if it is like the last one."""
        watch = model.watch
        if watch is None or not self._has_headers_of(model, scope["headers"]):
            return ModelPoll(model, self.watch(scope, no_more, nowhere, at), scope["headers"])
        records = self._records
        with self._lock:
            self.last_number = number = self.last_number + 1
            line = PollLine(self, watch, number, at, scope.get("client"), perf_counter())
            records.append(line)
            oldest = records[0]
            if len(records) > self.max_entries and type(oldest) is PollLine:
                records.popleft()  # one such line goes for another
                self.dropped += 1
                is_due = self._gone.take_poll(oldest)
            else:
                self._held += HELD
                is_full = len(records) > self.max_entries or self._held > self.max_bytes
                is_due = is_full and self._make_room()
        if is_due:
            take_up(self._gone.followers)
        if self.is_heard:
            self.tell(line)
        return line

    def _has_headers_of(self, model: Model, headers: RawHeaders) -> bool:
        """Whether a poll came with its model's headers. Those of all polls are mostly the same, and one list
        of them is at hand where each model's own would have to be fetched into the processor's cache."""
        usual = self._usual
        if headers != usual:
            if model.headers != headers:
                return False
            self._usual = model.headers
        elif model.headers is not usual:
            if model.headers != usual:
                return False
            model.headers = usual
        return True

    def grow(self, record: Watch, size: int) -> None:
        """Say how many bytes the entry of a request takes now."""
        is_due = False
        with self._lock:
            if record.held:
                self._held += size - record.held
                record.held = size
                is_due = self._held > self.max_bytes and self._make_room()
        if is_due:
            take_up(self._gone.followers)

    def _make_room(self) -> bool:
        """Let the oldest go; the last one stays, however large it is. Whether those who follow have to take
        up what has gone."""
        records = self._records
        is_due = False
        while len(records) > self.max_entries or (self._held > self.max_bytes and len(records) > 1):
            record = records.popleft()
            self.dropped += 1
            if type(record) is PollLine:
                self._held -= HELD
                is_due = self._gone.take_poll(record) or is_due
            else:
                self._held -= record.let_go()
                is_due = self._gone.take(record) or is_due
        return is_due

    def tell(self, record: Record) -> None:
        """Tell who listens of a request."""
        entry = record.read()
        for listener in self._listeners:
            try:
                listener(entry)
            except Exception:
                log.exception("a listener of the journal failed on request %d", entry.number)


def fitting(operation: str | None, criteria: Criteria, site: Site | None = None) -> Callable[[Entry], bool]:
    """Whether an entry is one of those meant. Raises SiteError for an operation or a criterion that does not
    exist, and, where the site is known, for a task or a service that it does not have."""
    from gp_mockserver.journal.request_patterns import pattern_of

    return pattern_of(site, operation, criteria).fits


def check_operation(name: str) -> None:
    """Raises SiteError for an operation that does not exist, with the nearest."""
    from gp_mockserver.operations import OPERATIONS

    if name not in OPERATIONS:
        from gp_protocol.suggestions import did_you_mean, some_of

        hint = did_you_mean(name, OPERATIONS)
        raise SiteError(f"operation {name!r}: expected {some_of(list(OPERATIONS))}{hint and f'; {hint}'}")
