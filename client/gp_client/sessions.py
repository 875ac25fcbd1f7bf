"""What one client keeps from call to call: its settings, its clock, its tokens, what it has read before."""

from __future__ import annotations

import random
from collections.abc import Collection
from types import EllipsisType
from typing import TYPE_CHECKING, Any, TypedDict

import msgspec

from gp_client.clocks import Clock, SystemClock
from gp_client.errors import InvalidInput
from gp_client.wire.pacing import Pace

if TYPE_CHECKING:
    from gp_client.drivers import Listener
    from gp_client.wire.http_messages import AsyncTransport, Transport
    from gp_client.wire.tokens import TokenKeeper


def check_number(name: str, value: object) -> None:
    """Raises InvalidInput for what is no number, or one below zero."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not value >= 0:
        raise InvalidInput(parameter=name, met=repr(value)[:80], expected="a number of 0 or more")


class _Numbers(msgspec.Struct, frozen=True):
    """Settings that are numbers, none below zero."""

    def __post_init__(self) -> None:
        for name in self.__struct_fields__:
            check_number(name, getattr(self, name))


class Retries(_Numbers, frozen=True):
    """How often a request that may safely be repeated is tried in all, and the waits between, in seconds.

    The waits double from `first_wait` up to `longest_wait`, with jitter. A `Retry-After` is waited for, but
    one of more than `longest_retry_after` is not: then the answer is the error.
    """

    attempts: int = 4
    first_wait: float = 0.5
    longest_wait: float = 8.0
    longest_retry_after: float = 60.0


class Polling(_Numbers, frozen=True):
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
    largest_answer: int = 64 * 1024 * 1024
    retries: Retries = Retries()
    polling: Polling = Polling()
    trusted_hosts: Collection[str] = ()
    longest_get: int = 2000
    """Characters of an address up to which a read is a GET; beyond that it is a POST."""
    requests_per_second: float | None = 10
    """Requests a second, over all calls of a client, after a burst of ten; None: no limit."""

    def __post_init__(self) -> None:
        for name in ("timeout", "largest_answer", "longest_get"):
            check_number(name, getattr(self, name))
        for name in ("deadline", "requests_per_second"):
            if getattr(self, name) is not None:
                check_number(name, getattr(self, name))
        if self.requests_per_second == 0:
            raise InvalidInput(parameter="requests_per_second", met="0", expected="more than 0, or None")
        for name, kind in (("retries", Retries), ("polling", Polling), ("leave_running", bool)):
            if not isinstance(value := getattr(self, name), kind):
                raise InvalidInput(parameter=name, met=repr(value)[:80], expected=f"a {kind.__name__}")
        hosts = self.trusted_hosts
        if isinstance(hosts, str) or not all(isinstance(each, str) for each in hosts):
            raise InvalidInput(
                parameter="trusted_hosts",
                met=repr(hosts)[:80],
                expected='a list such as ["portal.example.com"]',
            )


class SettingWords(TypedDict, total=False):
    """The settings as keywords of a client."""

    timeout: float
    deadline: float | None
    leave_running: bool
    largest_answer: int
    retries: Retries
    polling: Polling
    trusted_hosts: Collection[str]
    longest_get: int
    requests_per_second: float | None


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
        self.pace = Pace(self.settings.requests_per_second)
        self.jobs_seen: set[str] = set()
        self.kept: dict[str, Any] = {}


Seconds = float | None | EllipsisType
"""A length of time: seconds, None for no limit, `...` for what the client's settings say."""


class Deadline(msgspec.Struct, frozen=True):
    """An instant on the session's clock by which a call is over; `seconds` was its length. `leave_running`:
    whether a job that it leaves behind goes on. `is_urgent`: whether its requests go out at any pace."""

    at: float
    seconds: float
    leave_running: bool = False
    is_urgent: bool = False

    @classmethod
    def after(cls, clock: Clock, seconds: float | None, leave_running: bool = False) -> Deadline:
        limit = float("inf") if seconds is None else seconds
        return cls(clock.now() + limit, limit, leave_running)

    def left(self, clock: Clock) -> float:
        """Seconds; 0 once it is over."""
        return max(0.0, self.at - clock.now())


def deadline_of(session: Session, seconds: Seconds, leave_running: bool | None = None) -> Deadline:
    """A deadline from now; None leaves it to the settings whether a job goes on after it. Raises
    InvalidInput."""
    settings = session.settings
    if seconds is ...:
        seconds = settings.deadline
    elif seconds is not None:
        check_number("deadline", seconds)
    return Deadline.after(
        session.clock, seconds, settings.leave_running if leave_running is None else leave_running
    )


class SyncConnection(msgspec.Struct, frozen=True):
    session: Session
    transport: Transport
    listener: Listener | None = None


class AsyncConnection(msgspec.Struct, frozen=True):
    session: Session
    transport: AsyncTransport
    listener: Listener | None = None
