"""What servers of limited connections have in common: uvicorn's, but that a signal is a normal end of it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
from collections.abc import Generator, Iterable
from types import FrameType
from typing import Final

import uvicorn

from gp_mockserver.connection_limits import ConnectionLimits
from gp_mockserver.connections import Connection

_TICK: Final = 0.1
"""Seconds between uvicorn's calls of `on_tick`."""
_LOOK_EVERY: Final = 1.0
"""Seconds between two looks at all connections, unless a limit asks for more of them."""


class ConnectionServer(uvicorn.Server):
    """A server whose connections are held to `limits`. `signals` says whether SIGINT and SIGTERM end it."""

    def __init__(self, config: uvicorn.Config, limits: ConnectionLimits, *, signals: bool) -> None:
        super().__init__(config)
        self._signals = signals
        shortest = min(limits.head_seconds, limits.stall_seconds, limits.send_seconds, limits.idle_seconds)
        self._look_every = max(1, round(min(_LOOK_EVERY, shortest / 4) / _TICK))

    @property
    def connections(self) -> list[Connection]:
        """Those that are open."""
        return [each for each in self.server_state.connections if isinstance(each, Connection)]

    async def on_tick(self, counter: int) -> bool:
        if counter % self._look_every == 0:
            now = asyncio.get_running_loop().time()
            for connection in self.connections:
                connection.look(now)
        return await super().on_tick(counter)

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        if not self._signals:
            yield
            return
        previous = {each: signal.signal(each, self._end) for each in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for each, handler in previous.items():
                signal.signal(each, handler)

    def _end(self, number: int, frame: FrameType | None) -> None:
        self.force_exit = self.should_exit
        self.should_exit = True


async def cancel(requests: Iterable[asyncio.Task[None]]) -> None:
    """End requests whose connections are closed, of which uvicorn would report each as an exception."""
    log = logging.getLogger("uvicorn.error")
    log.addFilter(_is_no_cancellation)
    try:
        await asyncio.sleep(0)
        left = list(requests)
        for request in left:
            request.cancel()
        await asyncio.gather(*left, return_exceptions=True)
    finally:
        log.removeFilter(_is_no_cancellation)


def _is_no_cancellation(record: logging.LogRecord) -> bool:
    return not (record.exc_info and isinstance(record.exc_info[1], asyncio.CancelledError))
