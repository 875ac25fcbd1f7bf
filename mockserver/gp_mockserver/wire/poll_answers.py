"""Answers to polls, kept as they are sent until the job changes.

Polls are most of what a client sends, and between two changes of a job they all get the same bytes. Each
still takes its turn in the store; only the work of decoding and encoding is left out.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import msgspec
from gp_protocol.messages import MessageLevel

from gp_mockserver.journal.poll_lines import Model
from gp_mockserver.lifecycle.jobs import JobState
from gp_mockserver.sites import ServedService

if TYPE_CHECKING:
    from starlette.types import Scope

    from gp_mockserver.journal.poll_lines import Noted
    from gp_mockserver.lifecycle.job_store import JobRecord
    from gp_mockserver.wire.addresses import Address

MAX_KEPT = 10_000
_LONGEST = 500
"""Characters of an address whose answer is kept; clients' own are shorter."""
_ASK_FOR_MORE = frozenset({b"origin", b"authorization", b"x-esri-authorization", b"cookie"})

Messages = tuple[dict[str, Any], dict[str, Any]]
"""The two ASGI messages of an answer."""


class _Kept(msgspec.Struct, frozen=True):
    query: bytes
    service: ServedService
    level: MessageLevel
    job_id: str
    revision: int
    until: float
    until_turn: float
    messages: Messages
    model: Model


class PollAnswers:
    """The last answers to the polls of the jobs that were polled most recently, by address."""

    def __init__(self) -> None:
        self._kept: dict[str, _Kept] = {}

    def find(self, scope: Scope) -> tuple[Messages, Noted | None] | JobRecord | None:
        """The messages that answer a request, if it is a poll whose answer still holds, and the journal's
        note of it, which waits to be told that they are sent.

        Where the answer holds no longer, the record of the turn that the poll has taken in finding out. A
        request of another origin needs headers of its own, and one with a token has it looked at; these are
        not answered from here.
        """
        kept = self._kept.get(scope["path"])
        if kept is None or kept.query != scope["query_string"] or scope["method"] != "GET":
            return None
        for name, _ in scope["headers"]:
            if name in _ASK_FOR_MORE:
                return None
        service = kept.service
        if service.site.deviating:
            return None
        now = service.site.clock.now()
        record = service.site.store.look(kept.job_id, now)
        if (
            record is not None
            and record.revision == kept.revision
            and now < kept.until
            and record.polls < kept.until_turn
            and service.message_level is kept.level
            and service.access is None
        ):
            journal = service.site.journal
            return kept.messages, journal.note_poll(kept.model, scope, now) if journal.is_on else None
        return record

    def keep(
        self, scope: Scope, address: Address, record: JobRecord, state: JobState, messages: Messages
    ) -> None:
        """Keep the answer to a poll until its job's state says that something changes.

        Not to a POST, whose form has a say in the answer and is no part of the address, and not where the
        client's address is so long that many of them would fill the memory.
        """
        if scope["method"] != "GET" or len(scope["path"]) + len(scope["query_string"]) > _LONGEST:
            return
        if len(self._kept) >= MAX_KEPT and scope["path"] not in self._kept:
            del self._kept[next(iter(self._kept))]
        service = address.service
        assert service is not None
        self._kept[scope["path"]] = _Kept(
            scope["query_string"],
            service,
            service.message_level,
            record.job_id,
            record.revision,
            math.inf if state.next_change is None else state.next_change,
            math.inf if state.next_turn is None else state.next_turn,
            messages,
            Model(address, state.status, messages),
        )

    def forget(self) -> None:
        """Forget all, as when a site goes."""
        self._kept.clear()
