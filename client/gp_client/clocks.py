"""The client's time: a monotonic instant in seconds, and waiting. Tests, and a mock in the same process,
bring a clock of their own."""

from __future__ import annotations

import time
from typing import Protocol


class Clock(Protocol):
    """What flows and drivers ask of a clock."""

    def now(self) -> float:
        """Seconds since any fixed moment."""

    def wall(self) -> float:
        """Seconds since the epoch: what tokens and HTTP dates are told in."""

    def sleep(self, seconds: float) -> None: ...

    async def sleep_async(self, seconds: float) -> None: ...


class SystemClock:
    """The computer's own."""

    def now(self) -> float:
        return time.monotonic()

    def wall(self) -> float:
        return time.time()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)

    async def sleep_async(self, seconds: float) -> None:
        import anyio

        await anyio.sleep(seconds)


class SharedClock:
    """A clock on which waiting only moves the hands, and any other clock that moves with it.

    `advance` is called with the seconds of each wait, such as `ManualClock.advance` of the mock, so that
    client and mock share one time and an hour-long job takes milliseconds.
    """

    def __init__(self, advance: Advance | None = None, *, start: float = 0.0) -> None:
        self._now = start
        self._advance = advance

    def now(self) -> float:
        return self._now

    def wall(self) -> float:
        return self._now

    def sleep(self, seconds: float) -> None:
        self._now += seconds
        if self._advance is not None:
            self._advance(seconds)

    async def sleep_async(self, seconds: float) -> None:
        import anyio

        self.sleep(seconds)
        await anyio.sleep(0)


class Advance(Protocol):
    def __call__(self, seconds: float) -> object: ...
