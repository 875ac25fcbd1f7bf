"""How far a connection reads on: as it has room, and to the end of a body that was answered already."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from uvicorn.protocols.http.flow_control import FlowControl

from gp_mockserver.connection_limits import ConnectionLimits

LINGER: Final = 2.0
"""Seconds for which a refused client may go on sending: closing before it has read the refusal loses it."""
_MOST_THROWN_AWAY: Final = 1024 * 1024 * 1024
"""Bytes of a body."""


class ReadingOn:
    """The rest of a body, which is thrown away: nobody asked for it before the answer.

    `closes`: whether the connection is closed after it. `size`: how much has come of it.
    """

    __slots__ = ("_limits", "_since", "closes", "size")

    def __init__(self, since: float, closes: bool, limits: ConnectionLimits) -> None:
        self._since = since
        self._limits = limits
        self.closes = closes
        self.size = 0

    def is_over(self, now: float, heard: float) -> bool:
        """Whether the client has had its time and its bytes; `heard` is when one came last."""
        quiet = now - max(self._since, heard)
        return (
            self.size > _MOST_THROWN_AWAY
            or now - self._since > self._limits.stall_seconds
            or quiet > (LINGER if self.closes else self._limits.idle_seconds)
        )


class RoomyFlow(FlowControl):
    """Reads on, when a request asks for its body or is answered, only if the connection has room for it."""

    def __init__(self, transport: asyncio.Transport, has_room: Callable[[], bool]) -> None:
        super().__init__(transport)
        self._has_room = has_room

    def resume_reading(self) -> None:
        if self.read_paused and self._has_room():
            super().resume_reading()
