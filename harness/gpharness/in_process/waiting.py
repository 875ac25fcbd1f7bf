"""How a client waits for what happens on the sites' loop: in a thread, on asyncio, on trio."""

from __future__ import annotations

import asyncio
import math
import sys
import threading
from contextlib import suppress
from typing import Any, Protocol

from gpharness.in_process.site_loop import in_trio


class AsyncWaiting(Protocol):
    """What an async client waits by."""

    def wake(self) -> None:
        """Say that something has happened; from any thread, and also when nobody waits now."""
        ...

    async def wait(self, seconds: float | None) -> bool:
        """Wait until something happens that was not waited for yet; False: nothing did in so many seconds."""
        ...


class ThreadWaiting:
    """A thread that waits. One thread waits, one other wakes it."""

    __slots__ = ("_nothing",)

    def __init__(self) -> None:
        self._nothing = threading.Lock()
        self._nothing.acquire()

    def wake(self) -> None:
        if self._nothing.locked():
            self._nothing.release()

    def wait(self, seconds: float | None) -> bool:
        return self._nothing.acquire(timeout=-1 if seconds is None else seconds)


class AsyncioWaiting:
    """A task of the asyncio loop that runs in this thread."""

    __slots__ = ("_future", "_happened", "_loop")

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._future: asyncio.Future[bool] | None = None
        self._happened = False

    def wake(self) -> None:
        with suppress(RuntimeError):  # the loop is closed
            self._loop.call_soon_threadsafe(self._woken)

    def _woken(self) -> None:
        if self._future is None or self._future.done():
            self._happened = True
        else:
            self._future.set_result(True)

    async def wait(self, seconds: float | None) -> bool:
        if not self._happened:
            future: asyncio.Future[bool] = self._loop.create_future()
            self._future = future
            timer = None if seconds is None else self._loop.call_later(seconds, _late, future)
            try:
                return await future
            finally:
                self._future = None
                if timer is not None:
                    timer.cancel()
        self._happened = False
        return True


def _late(future: asyncio.Future[bool]) -> None:
    if not future.done():
        future.set_result(False)


class TrioWaiting:
    """A task of the trio run in this thread."""

    __slots__ = ("_event", "_token", "_trio")

    def __init__(self) -> None:
        self._trio: Any = sys.modules["trio"]
        self._token = self._trio.lowlevel.current_trio_token()
        self._event = self._trio.Event()

    def wake(self) -> None:
        with suppress(self._trio.RunFinishedError):
            self._token.run_sync_soon(self._woken)

    def _woken(self) -> None:
        self._event.set()

    async def wait(self, seconds: float | None) -> bool:
        with self._trio.move_on_after(math.inf if seconds is None else seconds):
            await self._event.wait()
            self._event = self._trio.Event()
            return True
        return False


def waiting_here() -> AsyncWaiting:
    """What a task waits by in the event loop that runs it."""
    return TrioWaiting() if in_trio() else AsyncioWaiting()
