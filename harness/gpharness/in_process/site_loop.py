"""The one event loop on which every site that is asked in process answers.

A site keeps futures of tools that run and of clients that wait their turn, and these belong to one loop: so
it is the same one for clients of any thread, of any event loop, and of none.

It belongs to no thread. Most requests are answered without waiting for anything, and a thread that makes one
runs the loop itself for that moment, which takes microseconds where two switches of threads take hundreds.
What has to wait after that, and whatever is asked where another event loop runs, is left to a thread of its
own, which runs the loop until nothing is left to do.
"""

from __future__ import annotations

import asyncio
import atexit
import os
import sys
import threading
from collections.abc import Callable, Coroutine
from contextvars import Context
from typing import Any, Final

Work = Coroutine[Any, Any, None]

_TURNS: Final = 6
"""So often a thread lets the loop go round for its request: as sending a small file takes."""
_LONGEST_END: Final = 1.0
"""Seconds for which the process's end waits for what the loop does."""


class SiteLoop:
    """An asyncio loop that one thread at a time runs. Its own thread is a daemon: it keeps no process
    alive."""

    def __init__(self) -> None:
        self._loop = asyncio.SelectorEventLoop()
        self._loop.set_task_factory(self._made_task)
        self._unfinished: set[asyncio.Future[Any]] = set()
        self._runs = threading.Lock()
        """Held by the thread that runs the loop."""
        self._is_wanted = threading.Event()
        """Set when there is something to do for the loop's own thread."""
        self._is_closed = False
        self._thread = threading.Thread(target=self._work, name="gpharness-in-process", daemon=True)
        self._thread.start()

    def call(self, function: Callable[..., object], *arguments: object) -> None:
        """Call a function while the loop runs, from any thread."""
        self._loop.call_soon_threadsafe(function, *arguments, context=Context())
        self._is_wanted.set()

    def begin(self, work: Work) -> None:
        """Begin a coroutine, from any thread. It may be over on return."""
        if in_event_loop() or not self._runs.acquire(blocking=False):
            self.call(self._keep, work)
            return
        try:
            self._run_here(work)
        finally:
            self._runs.release()
            if self._unfinished:
                self._is_wanted.set()

    def _run_here(self, work: Work) -> None:
        task = asyncio.Task(work, loop=self._loop, context=Context())
        for _ in range(_TURNS):
            self._loop.call_soon(self._loop.stop)
            self._loop.run_forever()
            if task.done() and not self._unfinished:
                return
        if not task.done():
            self._count(task)

    def _keep(self, work: Work) -> None:
        self._loop.create_task(work)

    def _made_task(self, loop: asyncio.AbstractEventLoop, work: Any, **named: Any) -> asyncio.Future[Any]:
        task = asyncio.Task(work, loop=loop, **named)
        self._count(task)
        return task

    def _count(self, task: asyncio.Future[Any]) -> None:
        self._unfinished.add(task)
        task.add_done_callback(self._finished)

    def _finished(self, task: asyncio.Future[Any]) -> None:
        self._unfinished.discard(task)
        self._stop_unless_needed()

    def _stop_unless_needed(self) -> None:
        if not self._unfinished:
            self._loop.stop()

    def _cancel(self) -> None:
        for task in list(self._unfinished):
            task.cancel()
        self._stop_unless_needed()

    def _work(self) -> None:
        while not self._is_closed:
            self._is_wanted.wait()
            self._is_wanted.clear()
            with self._runs:
                self._loop.call_soon(self._stop_unless_needed)
                self._loop.run_forever()

    def close(self) -> None:
        """End what is under way, and the thread."""
        self._is_closed = True
        self.call(self._cancel)
        self._thread.join(_LONGEST_END)
        if not self._thread.is_alive():
            self._loop.close()


def in_event_loop() -> bool:
    """Whether an event loop, of asyncio or of trio, runs the code that asks."""
    return asyncio._get_running_loop() is not None or in_trio()


def in_trio() -> bool:
    """Whether a task of trio asks."""
    trio = sys.modules.get("trio")
    return trio is not None and bool(trio.lowlevel.in_trio_task())


_making = threading.Lock()
_made: SiteLoop | None = None


def site_loop() -> SiteLoop:
    """The process's loop, made when it is first asked for."""
    global _made
    made = _made
    if made is None:
        with _making:
            if _made is None:
                _made = SiteLoop()
                atexit.register(_made.close)
            made = _made
    return made


def _forget() -> None:
    """A forked process has a copy of the loop, and not its thread."""
    global _making, _made
    if _made is not None:
        atexit.unregister(_made.close)
    _making, _made = threading.Lock(), None


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)
