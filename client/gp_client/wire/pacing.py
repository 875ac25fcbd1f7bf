"""How fast a client asks: so many requests a second over all of its calls, after a burst."""

from __future__ import annotations

BURST = 10
"""Requests that may go out at once after a pause."""


class Pace:
    """A token bucket, kept as the instant at which it is full again. `rate` is in requests a second, None: no
    limit; instants are those of the session's clock."""

    def __init__(self, rate: float | None) -> None:
        self._interval = 1.0 / rate if rate else 0.0
        self._full_at = float("-inf")

    def turn(self, now: float, at_most: float) -> float:
        """Seconds until the next request may go out, which is counted; -1, and nothing is, where that is
        `at_most` or more."""
        interval = self._interval
        if not interval:
            return 0.0
        full_at = max(self._full_at, now) + interval
        wait = full_at - interval * BURST - now
        if wait <= 0.0:
            self._full_at = full_at
            return 0.0
        if wait >= at_most:
            return -1.0
        self._full_at = full_at
        return wait
