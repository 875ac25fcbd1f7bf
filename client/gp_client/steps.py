"""What a flow asks of its driver, and what it tells whoever listens.

A flow is a plain generator: it yields steps, gets back what came of them, and returns its value. It does no
I/O, never sleeps, and looks at the time by the clock of its session alone, so that one flow serves the sync
and the async client and runs in a test in no time.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import TypeVar

import msgspec
from gp_protocol.messages import Message, Progress

from gp_client.wire.http_messages import Request, Response

T = TypeVar("T")


class Send(msgspec.Struct, frozen=True):
    """Send a request; its Response comes back, or a TransportError is raised where the step was yielded."""

    request: Request


class Wait(msgspec.Struct, frozen=True):
    """Go on after so many seconds."""

    seconds: float


class StatusChanged(msgspec.Struct, frozen=True, tag=True):
    """A job's status as a poll found it, when it is another than before."""

    job_id: str
    status: str


class MessageCame(msgspec.Struct, frozen=True, tag=True):
    """A message that no earlier poll had."""

    job_id: str
    message: Message


class ProgressMade(msgspec.Struct, frozen=True, tag=True):
    """Progress as a poll found it, when it is other than before."""

    job_id: str
    progress: Progress


class Transferred(msgspec.Struct, frozen=True, tag=True):
    """Bytes of an upload or a download that have gone through so far, of `total` (None: not known)."""

    name: str
    done: int
    total: int | None = None


class Retrying(msgspec.Struct, frozen=True, tag=True):
    """A request is about to be repeated after so many seconds, and why."""

    url: str
    seconds: float
    reason: str


Event = StatusChanged | MessageCame | ProgressMade | Transferred | Retrying


class Tell(msgspec.Struct, frozen=True):
    """Tell whoever listens."""

    event: Event


Step = Send | Wait | Tell
Flow = Generator[Step, Response | None, T]
"""A flow whose value is a T."""
