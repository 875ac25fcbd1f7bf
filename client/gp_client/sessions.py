"""What one client keeps from call to call: its settings, its clock, its tokens, what it has read before."""

from __future__ import annotations

import random
from collections.abc import Collection
from typing import TYPE_CHECKING, Any

import msgspec

from gp_client.clocks import Clock, SystemClock

if TYPE_CHECKING:
    from gp_client.drivers import Listener
    from gp_client.wire.http_messages import AsyncTransport, Transport
    from gp_client.wire.tokens import TokenKeeper


class Retries(msgspec.Struct, frozen=True):
    """How often a request that may safely be repeated is tried in all, and the waits between, in seconds.

    The waits double from `first_wait` up to `longest_wait`, with jitter. A `Retry-After` is waited for, but
    one of more than `longest_retry_after` is not: then the answer is the error.
    """

    attempts: int = 4
    first_wait: float = 0.5
    longest_wait: float = 8.0
    longest_retry_after: float = 60.0


class Polling(msgspec.Struct, frozen=True):
    """When a job is looked at: first after `first` seconds, then after `growth` times as long as before, up
    to `longest`; each wait is off by up to `jitter` of itself, so that many clients do not fall in step."""

    first: float = 0.25
    growth: float = 1.5
    longest: float = 10.0
    jitter: float = 0.1


class Settings(msgspec.Struct, frozen=True):
    """`timeout`: seconds for one request and its answer. `deadline`: seconds for one call as a whole, job
    and results included; None: no limit. `leave_running`: whether a job goes on when its call is over its
    deadline or interrupted; else it is cancelled. `largest_answer`: bytes of JSON, unpacked.

    `trusted_hosts`: hosts, `name` or `name:port`, other than the server's own, that may be redirected to, may
    keep files and may hand out tokens; a token still goes only to the host that it is for.
    """

    timeout: float = 60.0
    deadline: float | None = 3600.0
    leave_running: bool = False
    largest_answer: int = 256 * 1024 * 1024
    retries: Retries = Retries()
    polling: Polling = Polling()
    trusted_hosts: Collection[str] = ()
    longest_get: int = 2000
    """Characters of an address up to which a read is a GET; beyond that it is a POST."""


class Session:
    """The state of one client; every flow has it as its first argument.

    `jobs_seen` are the ids that this client's submissions were given: a server that gives one out twice is
    broken. `kept` holds descriptors by URL.
    """

    def __init__(
        self,
        root: str,
        settings: Settings | None = None,
        *,
        tokens: TokenKeeper,
        clock: Clock | None = None,
        seed: int | None = None,
    ) -> None:
        self.root = root
        self.settings = settings or Settings()
        self.tokens = tokens
        self.clock = clock or SystemClock()
        self.random = random.Random(seed)
        self.jobs_seen: set[str] = set()
        self.kept: dict[str, Any] = {}


class Deadline(msgspec.Struct, frozen=True):
    """An instant on the session's clock by which a call is over; `seconds` was its length."""

    at: float
    seconds: float

    @classmethod
    def after(cls, clock: Clock, seconds: float | None) -> Deadline:
        limit = float("inf") if seconds is None else seconds
        return cls(clock.now() + limit, limit)

    def left(self, clock: Clock) -> float:
        """Seconds; 0 once it is over."""
        return max(0.0, self.at - clock.now())


class SyncConnection(msgspec.Struct, frozen=True):
    session: Session
    transport: Transport
    listener: Listener | None = None


class AsyncConnection(msgspec.Struct, frozen=True):
    session: Session
    transport: AsyncTransport
    listener: Listener | None = None
