"""The clock of a site: real, scaled, manual or jumping.

Everything that depends on time asks one injected clock. `now()` is in seconds since 1970-01-01T00:00:00Z
and never goes back; `sleep` waits that clock's seconds. Every clock may be read and moved from any thread,
and shared by a client and the mock.
"""

from __future__ import annotations

import asyncio
import re
import threading
import time
from typing import ClassVar, Final, Protocol

from gp_protocol.suggestions import did_you_mean

EPOCH: Final = 1_767_225_600.0
"""2026-01-01T00:00:00Z, where clocks that do not follow real time start."""


class Clock(Protocol):
    """What a site asks of its clock."""

    jumps: ClassVar[bool]
    """Whether nothing ever waits: a look at a job moves the clock to the job's next change afterwards."""

    def now(self) -> float:
        """Seconds since 1970-01-01T00:00:00Z."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Return once that many seconds have passed on this clock; at once for 0 or less."""
        ...


def seconds_of(length: float | str) -> float:
    """The seconds of a length of time: a number, or a text such as "20s" or "1h". Raises ValueError, also for
    a negative number."""
    if isinstance(length, str):
        from gp_mockserver.configuration.durations import parse_duration
        from gp_mockserver.errors import SiteFileError

        try:
            return parse_duration(length, "a clock cannot advance")
        except SiteFileError as error:
            raise ValueError(str(error)) from None
    if not 0 <= length < float("inf"):
        raise ValueError(f"a clock cannot advance by {length} seconds: give 0 or more")
    return length


class ScaledClock:
    """Real time, `rate` times as fast: at rate 60 an hour passes in a minute.

    It starts at the wall clock's time and is steady from then on: setting the wall clock does not move it.
    """

    jumps: ClassVar[bool] = False

    def __init__(self, rate: float) -> None:
        if not 0 < rate < float("inf"):
            raise ValueError(f"a clock cannot run at {rate} times real time: give a rate above 0")
        self.rate = rate
        self._wall = time.time()
        self._start = time.monotonic()

    def now(self) -> float:
        return self._wall + (time.monotonic() - self._start) * self.rate

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(max(seconds, 0.0) / self.rate)


class RealClock(ScaledClock):
    """Real time."""

    def __init__(self) -> None:
        super().__init__(1.0)


class ManualClock:
    """Time stands still until a test moves it.

    `advance` wakes, in the order of their deadlines, the sleepers whose time has come; they run when their
    event loop next does.
    """

    jumps: ClassVar[bool] = False

    def __init__(self, start: float = EPOCH) -> None:
        self._now = start
        self._sleepers: list[tuple[float, asyncio.AbstractEventLoop, asyncio.Event]] = []
        self._successor: Clock | None = None
        self._lock = threading.Lock()

    def now(self) -> float:
        return self._now

    def advance(self, seconds: float | str) -> None:
        """Let `seconds` pass, a number or a text such as "1h". Raises ValueError for anything else, and for a
        negative number: time does not go back."""
        passed = seconds_of(seconds)
        with self._lock:
            self._now += passed
            due = [sleeper for sleeper in self._sleepers if sleeper[0] <= self._now]
            self._sleepers = [sleeper for sleeper in self._sleepers if sleeper[0] > self._now]
        for _, loop, woken in sorted(due, key=lambda sleeper: sleeper[0]):
            if not loop.is_closed():
                loop.call_soon_threadsafe(woken.set)

    async def sleep(self, seconds: float) -> None:
        woken = asyncio.Event()
        with self._lock:
            deadline = self._now + seconds
            if deadline <= self._now:
                woken.set()
            else:
                self._sleepers.append((deadline, asyncio.get_running_loop(), woken))
        await asyncio.sleep(0)
        await woken.wait()
        if self._successor is not None:
            await self._successor.sleep(deadline - self._successor.now())

    def give_way(self, successor: Clock) -> None:
        """Another clock goes on in its place, by which its sleepers sleep on."""
        with self._lock:
            self._successor = successor
            sleepers, self._sleepers = self._sleepers, []
        for _, loop, woken in sleepers:
            if not loop.is_closed():
                loop.call_soon_threadsafe(woken.set)


class JumpingClock:
    """Nobody waits: `sleep` moves the clock on by that much and returns, so that an hour takes no time.

    Sleepers do not overlap: two that sleep for an hour side by side move the clock on by two hours.
    """

    jumps: ClassVar[bool] = True

    def __init__(self, start: float = EPOCH) -> None:
        self._now = start
        self._lock = threading.Lock()

    def now(self) -> float:
        return self._now

    def jump_to(self, instant: float) -> None:
        """Move on to `instant`, seconds since the epoch; one that has passed leaves the clock as it is."""
        with self._lock:
            self._now = max(self._now, instant)

    def advance(self, seconds: float | str) -> None:
        """Let `seconds` pass, as `ManualClock.advance`."""
        passed = seconds_of(seconds)
        with self._lock:
            self._now += passed

    async def sleep(self, seconds: float) -> None:
        with self._lock:
            self._now += max(seconds, 0.0)
        await asyncio.sleep(0)


_WORDS: Final = ("real", "jump", "manual")


def parse_clock(text: str) -> Clock:
    """The clock that a setting names: `real`, `x60` (or any other rate), `jump` or `manual`.

    Raises ValueError for anything else.
    """
    word = text.strip().lower()
    if word == "real":
        return RealClock()
    if word == "jump":
        return JumpingClock()
    if word == "manual":
        return ManualClock()
    if re.fullmatch(r"x\d+(\.\d+)?", word):
        return ScaledClock(float(word[1:]))
    hint = did_you_mean(word, _WORDS) or "for example x60"
    raise ValueError(f"no clock is called {text!r}: expected real, x and a rate, jump or manual; {hint}")
