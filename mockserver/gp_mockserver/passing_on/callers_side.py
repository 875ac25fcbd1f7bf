"""The client of a request that is passed on: the body that it brings, and that it may leave."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

from gp_mockserver.errors import MockServerError

if TYPE_CHECKING:
    from starlette.types import Receive


class CallerLeft(MockServerError):
    """The client left in the middle of its request."""


class CallersSide:
    """Reads what one client sends. `is_served`: nothing is left to be sent to it but what was begun."""

    def __init__(self, receive: Receive, *, has_body: bool) -> None:
        self._receive = receive
        self._is_read = asyncio.Event()
        self.is_served = False
        if not has_body:
            self._is_read.set()

    async def body(self) -> AsyncIterator[bytes]:
        """The body. Raises CallerLeft where it does not come to its end: so little must not pass for all."""
        more = True
        while more:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                raise CallerLeft("the client left before all of its request had come")
            more = message.get("more_body", False)
            if piece := message.get("body", b""):
                yield piece
        self._is_read.set()

    async def left(self) -> None:
        """Wait until the client has left, or has its answer."""
        await self._is_read.wait()
        while (await self._receive())["type"] != "http.disconnect":
            pass
