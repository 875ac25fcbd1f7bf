"""When a job of a service with few instances gets to execute: computed, without timers.

An instance executes one job at a time, and they are given out in the order of submission: each job takes
the instance that is free first, once the job is ready. As long as it is known how long every job executes,
all starts are known when the jobs are submitted. A job that executes for as long as a gate, a poll or
nothing says keeps its instance until its end becomes known; those behind it that find no other instance
start at infinity until then.

Limits: a job that is not ready yet has its place kept, so that a later one that is ready sooner may wait
for it. A job that has started stays started: if one before it turns out to take longer after all, both
execute at once.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from heapq import heapify, heapreplace, nlargest

import msgspec

_SAME = 1e-5
"""Seconds by which sums of instants may differ without meaning anything."""


class Place(msgspec.Struct, gc=False):
    """A job in a queue: when it is ready, for how many seconds it executes (infinity: unknown), its start."""

    ready_at: float
    seconds: float
    starts_at: float = math.inf

    @property
    def ends_at(self) -> float:
        """When it makes room for another."""
        return self.starts_at + self.seconds


def starts(jobs: Iterable[tuple[float, float]], free: list[float]) -> list[float]:
    """When each job, `(ready_at, seconds)` in the order of submission, starts.

    `free` is a heap of the instants from which each instance is free, and is left as it is after these jobs.
    """
    times = []
    for ready_at, seconds in jobs:
        times.append(max(ready_at, free[0]))
        heapreplace(free, times[-1] + seconds)
    return times


class ServiceQueue:
    """The jobs of one service that are executing or about to, on a number of instances.

    It knows starts; whoever holds the jobs tells it what becomes of them, and writes the starts that it
    returns into them. Not safe for threads by itself.
    """

    def __init__(self, instances: int) -> None:
        if instances < 1:
            raise ValueError(
                f"a service cannot run on {instances} instances: give 1 or more, or None for any number"
            )
        self.instances = instances
        self._free = [-math.inf] * instances
        """When each instance has done all jobs so far: a heap."""
        self._places: dict[str, Place] = {}
        self._prune_above = 64

    def __contains__(self, job_id: str) -> bool:
        return job_id in self._places

    def join(self, job_id: str, ready_at: float, seconds: float, now: float) -> float:
        """Put a job at the end of the queue and say when it starts; O(log instances)."""
        if len(self._places) >= self._prune_above:
            self._drop_ended(now)
            self._prune_above = 2 * len(self._places) + 64
        (starts_at,) = starts([(ready_at, seconds)], self._free)
        self._places[job_id] = Place(ready_at, seconds, starts_at)
        return starts_at

    def amend(self, job_id: str, seconds: float, now: float) -> dict[str, float]:
        """The job turns out to execute for `seconds` in all; the starts of other jobs that this changes."""
        place = self._places.get(job_id)
        if place is None or place.seconds == seconds:
            return {}
        place.seconds = seconds
        return self._planned_again(now)

    def leave(self, job_id: str, now: float) -> dict[str, float]:
        """The job executes no more, or never; the starts of other jobs that this changes."""
        place = self._places.pop(job_id, None)
        if place is None or place.ends_at <= now:
            return {}
        return self._planned_again(now)

    def rebuild(self, places: dict[str, Place], now: float) -> dict[str, float]:
        """Hold these jobs, in the order in which they had joined, in place of all that were held.

        Returns the starts that change: none, unless the number of instances has changed, or jobs are missing.
        """
        planned = {job_id: place.starts_at for job_id, place in places.items()}
        self._places = places
        changed = self._planned_again(now)
        for job_id, starts_at in list(changed.items()):
            if abs(starts_at - planned[job_id]) < _SAME:
                places[job_id].starts_at = planned[job_id]
                del changed[job_id]
        return changed

    def _drop_ended(self, now: float) -> None:
        self._places = {job_id: place for job_id, place in self._places.items() if place.ends_at > now}

    def _planned_again(self, now: float) -> dict[str, float]:
        self._drop_ended(now)
        started = [place.ends_at for place in self._places.values() if place.starts_at <= now]
        self._free = nlargest(self.instances, started)
        self._free += [now] * (self.instances - len(self._free))
        heapify(self._free)
        waiting = {job_id: place for job_id, place in self._places.items() if place.starts_at > now}
        times = starts([(place.ready_at, place.seconds) for place in waiting.values()], self._free)
        changed = {}
        for (job_id, place), starts_at in zip(waiting.items(), times, strict=True):
            if starts_at != place.starts_at:
                place.starts_at = changed[job_id] = starts_at
        return changed
