"""How the time of a site goes on when its jobs outlive a restart.

A clock other than real time starts anew with the process, so that jobs of the run before would lie in its
future and stand still until it has come there. It goes on from the last instant of that run instead.
"""

from __future__ import annotations

import logging

from gp_mockserver.lifecycle.clocks import Clock, JumpingClock, ManualClock, ScaledClock

log = logging.getLogger("gp_mockserver")

_WORTH_A_WARNING = 60.0
"""Seconds: smaller steps back are what time servers do to a computer's clock."""


class _ContinuedClock(ScaledClock):
    """A scaled clock that starts at a given instant."""

    def __init__(self, rate: float, start: float) -> None:
        super().__init__(rate)
        self._ahead = 0.0
        self._ahead = start - self.now()

    def now(self) -> float:
        return super().now() + self._ahead


def going_on(clock: Clock, latest: float) -> Clock:
    """The clock of a site whose jobs' last instant was `latest` (seconds since the epoch).

    A clock that is past it is left alone. A manual or jumping one is moved on to it, and is the same object;
    for a scaled one another of its rate is returned that starts there. Real time, and a clock of another
    kind, is nobody's to move: what was submitted later than its now stays as submitted until then, of which
    the log warns.
    """
    behind = latest - clock.now()
    if not behind > 0:
        return clock
    if isinstance(clock, JumpingClock):
        clock.jump_to(latest)
    elif isinstance(clock, ManualClock):
        clock.advance(behind)
    elif isinstance(clock, ScaledClock) and clock.rate != 1:
        return _ContinuedClock(clock.rate, latest)
    elif behind > _WORTH_A_WARNING:
        log.warning(
            "the jobs kept come from up to %.0f seconds later than the clock now shows: they stand still "
            "until then; with the clock they were made with, time goes on from there",
            behind,
        )
    return clock
