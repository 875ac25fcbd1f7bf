"""Polls that are answered from what is kept: a line each, of which an entry is made when somebody reads it.

Such a poll is like the one before it but for when it came and from which port, so that its line refers to
that one, its model, for everything else.
"""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING, Any, Final, Protocol

import msgspec

if TYPE_CHECKING:
    from gp_protocol.job_states import JobStatus

    from gp_mockserver.journal.entries import Entry
    from gp_mockserver.journal.journal import Journal
    from gp_mockserver.journal.watching import Watch
    from gp_mockserver.wire.addresses import Address

RawHeaders = list[tuple[bytes, bytes]]
Messages = tuple[dict[str, Any], dict[str, Any]]

HELD: Final = 512
"""Bytes that a line takes, about, its entry included."""


class Noted(Protocol):
    """The journal's note of a request that is being answered."""

    def answered(self) -> None:
        """The answer was sent."""
        ...


class Model:
    """What the polls of one address are like until the job changes: where it leads, and what answers them."""

    __slots__ = ("address", "headers", "messages", "status", "watch")

    def __init__(self, address: Address, status: JobStatus, messages: Messages) -> None:
        self.address = address
        self.status = status
        self.messages = messages
        self.watch: Watch | None = None
        """The last such poll that was noted in full."""
        self.headers: RawHeaders | None = None
        """Its headers; None where something secret was in it."""


class PollLine(msgspec.Struct):
    """One poll that was like its model."""

    journal: Journal
    model: Watch
    number: int
    at: float
    client: tuple[str, int] | None
    began: float
    seconds: float | None = None
    entry: Entry | None = None

    @property
    def like(self) -> Entry:
        """The entry that it is like."""
        return self.model.entry

    @property
    def instants(self) -> tuple[float, float]:
        """When it came: on the site's clock, and on a real one."""
        return self.at, self.began

    @property
    def is_over(self) -> bool:
        """Whether nothing more becomes known of it: all but how long it took is known of its model."""
        return True

    def answered(self) -> None:
        """The answer was sent."""
        self.seconds = perf_counter() - self.began
        if self.entry is not None:
            self.entry.seconds = self.seconds
        if self.journal.is_heard:
            self.journal.tell(self)

    def let_go(self) -> int:
        """Leave the journal: the bytes that it had it for."""
        return HELD

    def read(self) -> Entry:
        """The entry."""
        entry = self.entry
        if entry is None:
            with self.journal.filling:
                entry = self.entry
                if entry is None:
                    client = f"{self.client[0]}:{self.client[1]}" if self.client else ""
                    entry = self.entry = msgspec.structs.replace(
                        self.model.read(),
                        number=self.number,
                        at=self.at,
                        came=self.began,
                        client=client,
                        seconds=None,
                    )
            entry.seconds = self.seconds
        return entry


class ModelPoll:
    """A poll that is noted in full, and is the model of those that follow."""

    __slots__ = ("_headers", "_model", "_watch")

    def __init__(self, model: Model, watch: Watch, headers: RawHeaders) -> None:
        self._headers = headers
        self._model = model
        self._watch = watch
        watch.led_to(model.address)
        watch.entry.job_status = model.status.value
        for message in model.messages:
            watch.sent(message)

    def answered(self) -> None:
        """The answer was sent."""
        self._watch.end()
        self._model.watch = self._watch
        self._model.headers = self._headers if self._watch.is_plain else None
