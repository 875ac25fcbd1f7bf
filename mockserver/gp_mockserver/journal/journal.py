"""The journal of a site: an entry for every request, as many as it has room for."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Iterator
from fnmatch import fnmatchcase
from threading import Lock, RLock
from time import perf_counter
from typing import TYPE_CHECKING, Any, Final, Protocol, TypedDict, Unpack, overload

from gp_mockserver.errors import SiteError
from gp_mockserver.journal.entries import Entry
from gp_mockserver.journal.poll_lines import HELD, Model, ModelPoll, Noted, PollLine
from gp_mockserver.journal.watching import Watch, no_more, nowhere

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

DEFAULT_ENTRIES: Final = 1000
DEFAULT_BYTES: Final = 32 * 1024 * 1024
_OVERHEAD: Final = 2048
"""Bytes that an entry takes besides its bodies, about."""

log = logging.getLogger("gp_mockserver")

Listener = Callable[[Entry], object]
"""Called from the server's thread each time that more is known of a request: when it arrives, when its
parameters have been read, when it is answered."""


class Criteria(TypedDict, total=False):
    """Which requests are meant; None is any.

    `task` is `Folder/Service/Label`, `service` its `Folder/Service`, `job` a job's id, `name` the result,
    input or item in the address, `status` the HTTP status, `path` a pattern such as `*/jobs/*/results/*`;
    `where` is asked of an entry that fits all else.
    """

    service: str | None
    task: str | None
    job: str | None
    name: str | None
    method: str | None
    status: int | None
    path: str | None
    where: Callable[[Entry], bool] | None


class _Record(Protocol):
    """What the journal holds for a request until somebody reads it; `entry` as far as it is filled."""

    @property
    def entry(self) -> Entry | None: ...

    def read(self) -> Entry: ...

    def let_go(self) -> int: ...


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
        self.dropped = 0
        """Entries that had to make room."""
        self.last_number = 0
        """The number of the last request that came."""
        self.filling = RLock()
        """Held by whoever writes an entry down."""
        self.is_heard = False
        """Whether anybody listens."""
        self._records: deque[_Record] = deque()
        self._held = 0
        self._lock = Lock()
        self._listeners: tuple[Listener, ...] = ()

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
        """The requests that fit, the oldest first. Raises SiteError for an operation that does not exist."""
        fits = fitting(operation, criteria)
        return [entry for entry in self._entries() if fits(entry)]

    def count(self, operation: str | None = None, **criteria: Unpack[Criteria]) -> int:
        """How many requests fit. Raises SiteError as `find`."""
        return len(self.find(operation, **criteria))

    def unmatched(self) -> list[Entry]:
        """The requests whose address leads nowhere. Only they are read: strict tests ask at every end."""
        with self._lock:
            records = [each for each in self._records if each.entry is not None and each.entry.unexpected]
        return [record.read() for record in records]

    def clear(self) -> None:
        """Forget all requests. Those that come later have higher numbers all the same."""
        with self._lock:
            for record in self._records:
                record.let_go()
            self._records.clear()
            self._held = 0
            self.dropped = 0

    def as_text(self, last: int | None = None) -> str:
        """A line for each request, or for the last ones, to be read by people."""
        from gp_mockserver.journal.journal_text import text_of

        entries = self._entries()
        shown = entries if last is None else entries[max(0, len(entries) - last) :]
        return text_of(shown, before=self.dropped + len(entries) - len(shown))

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

    # Writing.

    def watch(self, scope: Scope, receive: Receive, send: Send, at: float) -> Watch:
        """Note a request that arrives at an instant, and watch what passes."""
        with self._lock:
            self.last_number = number = self.last_number + 1
            watch = Watch(self, Entry(number, at, scope["method"]), scope, receive, send)
            watch.held = _OVERHEAD
            self._take(watch, _OVERHEAD)
        if self.is_heard:
            self.tell(watch)
        return watch

    def note_poll(self, model: Model, scope: Scope, at: float) -> Noted:
        """Note a poll that is answered with what is kept: in a line if it is like the last one."""
        watch = model.watch
        if watch is None or model.headers != scope["headers"]:
            return ModelPoll(model, self.watch(scope, no_more, nowhere, at), scope["headers"])
        with self._lock:
            self.last_number = number = self.last_number + 1
            line = PollLine(self, watch, number, at, scope.get("client"), perf_counter())
            self._records.append(line)
            self._held += HELD
            if len(self._records) > self.max_entries or self._held > self.max_bytes:
                self._make_room()
        if self.is_heard:
            self.tell(line)
        return line

    def grow(self, record: Watch, size: int) -> None:
        """Say how many bytes the entry of a request takes now."""
        with self._lock:
            if record.held:
                self._held += size - record.held
                record.held = size
                if self._held > self.max_bytes:
                    self._make_room()

    def _take(self, record: _Record, size: int) -> None:
        records = self._records
        records.append(record)
        self._held += size
        if len(records) > self.max_entries or self._held > self.max_bytes:
            self._make_room()

    def _make_room(self) -> None:
        """Let the oldest go; the last one stays, however large it is."""
        records = self._records
        while len(records) > self.max_entries or (self._held > self.max_bytes and len(records) > 1):
            self._held -= records.popleft().let_go()
            self.dropped += 1

    def tell(self, record: _Record) -> None:
        """Tell who listens of a request."""
        entry = record.read()
        for listener in self._listeners:
            try:
                listener(entry)
            except Exception:
                log.exception("a listener of the journal failed on request %d", entry.number)


def fitting(operation: str | None, criteria: Criteria) -> Callable[[Entry], bool]:
    """Whether an entry is one of those meant. Raises SiteError for an operation that does not exist."""
    if operation:
        check_operation(operation)
    wanted = dict(criteria)
    where = wanted.pop("where", None)
    path: Any = wanted.pop("path", None)
    wanted["job_id"] = wanted.pop("job", None)
    wanted["operation"] = operation
    fields = [(name, value) for name, value in wanted.items() if value is not None]

    def fits(entry: Entry) -> bool:
        return (
            all(getattr(entry, name) == value for name, value in fields)
            and (path is None or fnmatchcase(entry.path, path))
            and (where is None or bool(where(entry)))  # type: ignore[operator]
        )

    return fits


def check_operation(name: str) -> None:
    """Raises SiteError for an operation that does not exist, with the nearest."""
    from gp_mockserver.operations import OPERATIONS

    if name not in OPERATIONS:
        from gp_protocol.suggestions import did_you_mean, some_of

        hint = did_you_mean(name, OPERATIONS)
        raise SiteError(f"operation {name!r}: expected {some_of(list(OPERATIONS))}{hint and f'; {hint}'}")
