"""Who may use the control API of a server, and what the server gives it."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator
from typing import Protocol

import msgspec

ADMIN = "__admin"
"""The segment of an address under which the control API is."""


class Stream(Protocol):
    """An answer that goes on for as long as somebody listens."""

    def end(self) -> None:
        """Have it come to its end; in the event loop that serves it."""
        ...

    def look(self) -> None:
        """Have it look for what has changed; in the event loop that serves it."""
        ...


class ControlRules(msgspec.Struct, eq=False):
    """What the control API of one server goes by.

    `host` is what the server listens on; None: it is asked in process, which is open. `token`: with one,
    every request has to bring it (`Authorization: Bearer …`); without one, a server that listens on other
    hosts than the computer itself answers none. `shut_down` ends the server; None where that cannot be asked
    for.
    """

    token: str | None = None
    host: str | None = None
    shut_down: Callable[[], None] | None = None
    started: float = msgspec.field(default_factory=time.monotonic)
    """When the server came to be, by `time.monotonic`."""
    numbers: Iterator[int] = msgspec.field(default_factory=lambda: itertools.count(1))
    """Of the sites that were made over HTTP without a context."""
    streams: set[Stream] = msgspec.field(default_factory=set)
    """The answers that go on for as long as somebody listens."""
    is_ending: bool = False

    @property
    def is_on_loopback(self) -> bool:
        """Whether only this computer can reach the server."""
        return self.host is not None and is_loopback(self.host)

    def end(self) -> None:
        """End what would go on for ever; to be called in the server's event loop, when it is to end."""
        self.is_ending = True
        for stream in list(self.streams):
            stream.end()


def is_loopback(host: str) -> bool:
    """Whether a host, by its name or address, is the computer itself whoever asks."""
    name = host.strip("[]").rstrip(".").lower()
    if name == "localhost" or name.endswith(".localhost"):
        return True
    import ipaddress

    try:
        return ipaddress.ip_address(name.partition("%")[0]).is_loopback
    except ValueError:
        return False
