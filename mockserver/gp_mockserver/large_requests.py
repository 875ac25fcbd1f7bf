"""What large requests to a site, and jobs of large inputs, may take of the memory together.

Two accounts: of the bytes that requests bring, where one for which there is no room is refused, and of the
parts of the JSON in them, each of which takes many times its length once it is read, where who comes later
waits for a turn.
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Iterable
from contextlib import suppress
from contextvars import ContextVar
from typing import Final

from gp_mockserver.limits import Limits

SMALL: Final = 1024 * 1024
"""Bytes: a request that holds no more counts for nothing."""
MANY: Final = 200_000
"""Characters: a request with more in its parameters takes a turn."""


class Turn:
    """Leave to hold so many parts, until it ends. To end it again does nothing."""

    __slots__ = ("_parts", "_requests")

    def __init__(self, requests: LargeRequests, parts: int) -> None:
        self._requests = requests
        self._parts = parts

    def end(self) -> None:
        parts, self._parts = self._parts, 0
        if parts:
            self._requests.end_turn(parts)


own_turn: ContextVar[Turn | None] = ContextVar("own_turn", default=None)
"""The turn of what is done in this context. What may take as long as it likes, a user's function, ends it
first: else nobody else would come to theirs."""


class LargeRequests:
    """The accounts of one site. Any thread may count bytes; turns are one event loop's."""

    def __init__(self, limits: Limits) -> None:
        self.taken = 0
        self._limit = limits.bodies
        self._lock = threading.Lock()
        self._most_parts = limits.json_parts
        self._parts = 0
        self._waiting: deque[tuple[int, asyncio.Future[None]]] = deque()

    def has_room(self, size: int, held: int = 0) -> bool:
        """Whether a request that holds so many bytes may hold `size`: always where no other holds any."""
        others = self.taken - held
        return size <= SMALL or not others or others + size <= self._limit

    def hold(self, held: int, size: int) -> bool:
        """Let a request that holds so many bytes hold `size`; whether there is room."""
        with self._lock:
            if not self.has_room(size, held):
                return False
            self.taken += size - held
            return True

    def release(self, held: int) -> None:
        """A request no longer holds its bytes."""
        with self._lock:
            self.taken -= held

    async def take_turn(self, texts: Iterable[str]) -> Turn:
        """Wait until the parts of these texts may be read, beside those of whoever came before."""
        parts = sum(text.count(",") + text.count("[") + text.count("{") for text in texts)
        parts = min(parts, self._most_parts)
        if self._waiting or self._parts + parts > self._most_parts:
            await self._wait(parts)
        else:
            self._parts += parts
        turn = Turn(self, parts)
        own_turn.set(turn)
        return turn

    async def _wait(self, parts: int) -> None:
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        place = parts, turn
        self._waiting.append(place)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self.end_turn(parts)
            else:
                with suppress(ValueError):
                    self._waiting.remove(place)
                self._call_next()
            raise

    def end_turn(self, parts: int) -> None:
        """What was read of so many parts is no longer held."""
        self._parts -= parts
        self._call_next()

    def _call_next(self) -> None:
        while self._waiting and self._parts + self._waiting[0][0] <= self._most_parts:
            parts, turn = self._waiting.popleft()
            if not turn.done():
                self._parts += parts
                turn.set_result(None)
