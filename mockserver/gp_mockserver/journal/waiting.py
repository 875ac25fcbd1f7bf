"""Waiting until a client's requests have come, so that no test sleeps.

job = site.wait_for("submitJob").job_id
await site.arrives("job", times=3, job=job)
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Unpack

from gp_mockserver.errors import SiteError
from gp_mockserver.journal.journal_text import MOST_LINES
from gp_mockserver.journal.request_patterns import pattern_of

if TYPE_CHECKING:
    from gp_mockserver.journal.entries import Entry
    from gp_mockserver.journal.journal import Criteria, Journal
    from gp_mockserver.sites import Site


class NeverCame(AssertionError):
    """What was waited for did not come in time; the text has the journal, up to its last 100 lines."""


NeverCame.__module__ = "gp_mockserver"  # whose public name it is: reports of tests have little room


def wait_for(
    site: Site,
    operation: str | None = None,
    *,
    times: int = 1,
    timeout: float = 5.0,
    since: int | None = None,
    answered: bool = True,
    **criteria: Unpack[Criteria],
) -> Entry:
    """Wait until so many requests have come, and return the last of these. Any thread but the server's may.

    Those that are in the journal already count; with `since` only those of a higher number. All count that
    come meanwhile, also if the journal has no room for them. `timeout` is in seconds of real time. A request
    counts once it was answered, or its client has left; with `answered=False` as soon as it is known what it
    asks for, and before a deviation delays it. `criteria` are those of `Journal.find`. Raises NeverCame; and
    SiteError where an operation, a task, a service or a criterion does not exist, where the site keeps no
    journal, and where the wait would hold up an event loop.
    """
    waiting = _Waiting(site, operation, times, since, answered, criteria)
    come = threading.Event()
    stop = site.journal.listen(lambda entry: come.set() if waiting.consider(entry) else None)
    try:
        waiting.look_back()
        if waiting.is_over():
            return waiting.entry
        _refuse_in_a_loop()
        come.wait(timeout)
        if waiting.is_over():
            return waiting.entry
        raise NeverCame(waiting.complaint(timeout))
    finally:
        stop()


async def arrives(
    site: Site,
    operation: str | None = None,
    *,
    times: int = 1,
    timeout: float = 5.0,
    since: int | None = None,
    answered: bool = True,
    **criteria: Unpack[Criteria],
) -> Entry:
    """What `wait_for` is, for coroutines: on asyncio and on trio, in the server's loop or in any other."""
    import anyio

    waiting = _Waiting(site, operation, times, since, answered, criteria)
    come = anyio.Event()
    call_soon = _caller_into_this_loop()
    stop = site.journal.listen(lambda entry: call_soon(come.set) if waiting.consider(entry) else None)
    try:
        waiting.look_back()
        if not waiting.is_over():
            with anyio.move_on_after(timeout):
                await come.wait()
        if waiting.is_over():
            return waiting.entry
        raise NeverCame(waiting.complaint(timeout))
    finally:
        stop()


class _Waiting:
    """What one wait is for, and what of it has come."""

    def __init__(
        self,
        site: Site,
        operation: str | None,
        times: int,
        since: int | None,
        answered: bool,
        criteria: Criteria,
    ) -> None:
        if not site.journal.is_on:
            raise SiteError(
                "the site keeps no journal: give it Journal(entries=1) or more to wait for requests"
            )
        if times < 1:
            raise SiteError(f"times: met {times}, expected 1 or more")
        self._journal: Journal = site.journal
        self._pattern = pattern_of(site, operation, criteria)
        self._times = times
        self._since = since or 0
        self._answered = answered
        self._come: dict[int, Entry] = {}
        self._error: Exception | None = None
        self._early_error: Exception | None = None
        """What `where` raised of a request that is not whole yet."""

    def look_back(self) -> None:
        """Count what has come already."""
        for entry in self._journal:
            self.consider(entry)

    def consider(self, entry: Entry) -> bool:
        """Count a request if it is meant, and whether the wait is over with that. For any thread: all that
        come are counted, also those that the journal has no room for."""
        try:
            is_ready = entry.is_answered if self._answered else _is_known(entry)
            if is_ready and entry.number > self._since and self._pattern.fits(entry):
                self._come[entry.number] = entry
        except Exception as error:  # of the test's own `where`
            if entry.is_answered:
                self._error = error
            else:
                self._early_error = error
        return self._error is not None or len(self._come) >= self._times

    def is_over(self) -> bool:
        """Whether all have come. Raises what `where` raised."""
        if self._error is not None:
            raise self._error
        return len(self._come) >= self._times

    @property
    def entry(self) -> Entry:
        """The request that ends the wait."""
        return self._come[sorted(self._come)[self._times - 1]]

    def complaint(self, timeout: float) -> str:
        """What is said when the time is over. Raises what `where` raised of a request under way."""
        if self._early_error is not None:
            raise self._early_error
        times = f"{self._times} times" if self._times > 1 else "once"
        met = f"met {len(self._come)}" if self._come else "met none"
        since = f", counted from after request {self._since}" if self._since else ""
        lines = [f"waited {timeout:g} s for {self._pattern.text} to come {times}: {met}{since}"]
        under_way = [e.number for e in self._journal if not e.is_answered and self._pattern.fits(e)]
        if under_way and self._answered:
            told = ", ".join(map(str, under_way))
            lines.append(f"request {told} came and is not answered yet: answered=False waits for no answer")
        if self._journal.dropped:
            lines.append(
                f"{self._journal.dropped} requests are no longer in the journal; of these only those were "
                "counted that came during the wait"
            )
        return "\n".join([*lines, "", "The journal:", self._journal.as_text(lines=MOST_LINES)])


def _is_known(entry: Entry) -> bool:
    """Whether it is known what a request asks for."""
    return bool(entry.operation or entry.unexpected or entry.is_answered)


def _refuse_in_a_loop() -> None:
    import asyncio

    try:
        asyncio.get_running_loop()
    except RuntimeError:
        if _trio_token() is None:
            return
    raise SiteError("wait_for would hold up the event loop that runs here: use `await site.arrives(…)`")


def _trio_token() -> Any:
    """What other threads enter the running trio loop by; None where none runs here."""
    trio = sys.modules.get("trio")
    if trio is None:
        return None
    try:
        return trio.lowlevel.current_trio_token()
    except RuntimeError:
        return None


def _caller_into_this_loop() -> Callable[[Callable[[], object]], object]:
    """What has the loop that runs here call a function, from any thread, also once the loop is gone."""
    token = _trio_token()
    if token is not None:
        into: Callable[[Callable[[], object]], object] = token.run_sync_soon
    else:
        import asyncio

        into = asyncio.get_running_loop().call_soon_threadsafe

    def call(function: Callable[[], object]) -> None:
        try:
            into(function)
        except RuntimeError:  # the loop has ended, and with it the wait
            return

    return call
