"""A clock that can be stopped, moved on and run at any rate, and how a site's clock comes to be one.

    clock = SiteClock(site)
    clock.advance("1h")

Time never goes back: whatever is done to a clock, it goes on from the instant that it shows.
"""

from __future__ import annotations

import asyncio
import math
import threading
import time
from typing import ClassVar, Final, Protocol

import msgspec

from gp_mockserver.lifecycle.clocks import Clock, JumpingClock, ManualClock, ScaledClock, seconds_of

LAST: Final = 247_090_953_600.0
"""The last instant to which a clock is moved, 9800-01-01: from the year 10000 on dates cannot be written."""

Word = str
"""What a clock is, by the words of site files: `real`, `x60` and other rates, `manual`, `jump`."""


class ClockError(ValueError):
    """A clock cannot do what it was asked for; the text says why."""


class SettableClock:
    """Time that runs at `rate` times real time from `start` on, and stands still at rate 0."""

    jumps: ClassVar[bool] = False

    def __init__(self, start: float, rate: float = 1.0) -> None:
        self._course = (start, time.monotonic(), rate)
        """An instant of this clock, the one of the computer's clock at which it was, and the rate since."""
        self._sleepers: set[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = set()
        self._lock = threading.Lock()

    @property
    def rate(self) -> float:
        """How fast it runs; 0 while it stands still."""
        return self._course[2]

    def now(self) -> float:
        start, since, rate = self._course
        return start + (time.monotonic() - since) * rate

    def advance(self, seconds: float | str) -> None:
        """Let `seconds` pass at once, at least 0: a number, or a text such as "1h"."""
        self._go_on(seconds_of(seconds), None)

    def run(self, rate: float) -> None:
        """Run at this rate from now on; 0 stands still."""
        self._go_on(0.0, rate)

    async def sleep(self, seconds: float) -> None:
        deadline = self.now() + seconds
        sleeper = (asyncio.get_running_loop(), asyncio.Event())
        self._sleepers.add(sleeper)
        try:
            await asyncio.sleep(0)
            while (left := deadline - self.now()) > 0:
                sleeper[1].clear()
                rate = self.rate
                try:
                    await asyncio.wait_for(sleeper[1].wait(), left / rate if rate else None)
                except TimeoutError:
                    continue
        finally:
            self._sleepers.discard(sleeper)

    def _go_on(self, seconds: float, rate: float | None) -> None:
        with self._lock:
            start, since, before = self._course
            reached = time.monotonic()
            now = start + (reached - since) * before + seconds
            self._course = (now, reached, before if rate is None else rate)
            for loop, changed in list(self._sleepers):
                if not loop.is_closed():
                    loop.call_soon_threadsafe(changed.set)


class HasClock(Protocol):
    """What has a clock in whose place another can come: a site."""

    clock: Clock


class SiteClock:
    """The clock of a site, which can always be moved and stopped: one that cannot is then replaced, as over
    the control API. It follows the site, whatever clock that has, and is a clock itself.
    """

    def __init__(self, site: HasClock) -> None:
        self._site = site

    @property
    def jumps(self) -> bool:
        return self._site.clock.jumps

    def now(self) -> float:
        """Seconds since 1970-01-01T00:00:00Z."""
        return self._site.clock.now()

    def advance(self, seconds: float | str) -> None:
        """Let `seconds` pass at once: a number, or a text such as "20s" or "1h". Raises ValueError for
        anything else, for time that goes back, and past the year 9800."""
        advance(self._site, seconds_of(seconds))

    def freeze(self) -> None:
        """Stand still until it is advanced or run."""
        run(self._site, 0.0)

    def run(self, rate: float = 1.0) -> None:
        """Run so many times as fast as real time. Raises ValueError for a rate below 0."""
        run(self._site, rate)

    async def sleep(self, seconds: float) -> None:
        await self._site.clock.sleep(seconds)

    def __repr__(self) -> str:
        reading = read(self._site.clock)
        return f"<SiteClock {reading.kind}, at {reading.now:.3f}>"


class ClockReading(msgspec.Struct, frozen=True):
    """What a clock shows: seconds since the epoch, what it is, and how fast it runs; `rate` None for one that
    nobody here knows, and for a jumping one."""

    now: float
    kind: Word
    rate: float | None


def read(clock: Clock) -> ClockReading:
    """What a clock shows now."""
    match clock:
        case JumpingClock():
            return ClockReading(clock.now(), "jump", None)
        case ManualClock():
            return ClockReading(clock.now(), "manual", 0.0)
        case SettableClock() | ScaledClock():
            rate = clock.rate
            return ClockReading(clock.now(), _word(rate), rate)
        case _:
            return ClockReading(clock.now(), "other", None)


def advance(owner: HasClock, seconds: float) -> None:
    """Let time pass on a site's clock. Raises ClockError for time that goes back, and past the year 9800."""
    if not seconds >= 0:
        raise ClockError(f"time never goes back: met {seconds:g} seconds, expected 0 or more")
    clock = owner.clock
    if clock.now() + seconds > LAST:
        raise ClockError(f"met {seconds:g} seconds, expected no more than lead to the year 9800")
    if isinstance(clock, JumpingClock):
        clock.jump_to(clock.now() + seconds)
    elif isinstance(clock, ManualClock):
        clock.advance(seconds)
    else:
        _settable(owner).advance(seconds)


def run(owner: HasClock, rate: float) -> None:
    """Have a site's clock run at this rate from now on; 0: have it stand still.

    A clock that cannot is replaced by one that goes on from the same instant; whoever holds the old one moves
    the site's time no longer.
    """
    if not 0 <= rate < math.inf:
        raise ClockError(f"met a rate of {rate:g}, expected 0 or more times real time")
    if rate == 0 and isinstance(owner.clock, ManualClock):
        return
    _settable(owner).run(rate)


def _settable(owner: HasClock) -> SettableClock:
    """The owner's clock, if need be a new one in its place that goes on from the same instant."""
    old = owner.clock
    if isinstance(old, SettableClock):
        return old
    rate = old.rate if isinstance(old, ScaledClock) else 0.0 if isinstance(old, ManualClock) else 1.0
    owner.clock = new = SettableClock(old.now(), rate)
    if isinstance(old, ManualClock):
        old.give_way(new)
    return new


def _word(rate: float) -> Word:
    return "manual" if rate == 0 else "real" if rate == 1 else f"x{rate:g}"
