"""The threads in which tools run that may take long, or never return."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor, Future
from functools import partial
from threading import Condition, Thread
from typing import Any, ParamSpec, TypeVar

from gp_mockserver.wire.replies import Refusal

P = ParamSpec("P")
T = TypeVar("T")


class ThreadsBusy(Refusal):
    """No thread is free and no more calls may wait for one: `server-busy` on the wire."""

    def __init__(self, threads: int, waiting: int) -> None:
        super().__init__(
            "server-busy",
            f"met {threads} calls that run and {waiting} that wait for them, expected fewer: try again later",
        )


class ToolThreads(Executor):
    """Up to `limit` threads, each started when no other is idle; up to `waiting` calls wait for one.

    Those of a ThreadPoolExecutor are waited for at the process's end, so that a tool that never returns would
    keep it alive. These are daemons: they end with the process. A call whose future is cancelled before a
    thread has taken it never runs, and makes room at once. *Assumed*: that a server with too much to do says
    so instead of letting clients wait without an end.
    """

    def __init__(self, limit: int, waiting: int) -> None:
        self._limit = self._to_start = limit
        self._waiting = waiting
        self._changed = Condition()
        self._calls: dict[Future[Any], Callable[[], Any]] = {}
        """What no thread has taken yet, the oldest first."""
        self._idle = 0

    @property
    def in_line(self) -> int:
        """How many calls no thread has taken yet."""
        return len(self._calls)

    @property
    def busy(self) -> int:
        """How many calls are running."""
        return self._limit - self._to_start - self._idle

    def submit(self, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """A call for the next thread. Raises ThreadsBusy."""
        with self._changed:
            if self._is_full():
                raise ThreadsBusy(self._limit, self._waiting)
            return self.enqueue(function, *args, **kwargs)

    def enqueue(self, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """A call for the next thread, however many wait; for those whose number has a limit of its own."""
        future: Future[T] = Future()
        with self._changed:
            if self._idle > len(self._calls):
                self._changed.notify()
            elif self._to_start > 0:
                self._to_start -= 1
                Thread(target=self._work, name=f"gp-tool-{self._to_start}", daemon=True).start()
            self._calls[future] = partial(function, *args, **kwargs)
        future.add_done_callback(self._forget)
        return future

    def _is_full(self) -> bool:
        is_free = self._to_start > 0 or self._idle > len(self._calls)
        return not is_free and len(self._calls) >= self._waiting

    def _forget(self, future: Future[Any]) -> None:
        if future.cancelled():
            with self._changed:
                self._calls.pop(future, None)

    def _work(self) -> None:
        while True:
            _run(*self._next())

    def _next(self) -> tuple[Future[Any], Callable[[], Any]]:
        with self._changed:
            self._idle += 1
            while not self._calls:
                self._changed.wait()
            self._idle -= 1
            future = next(iter(self._calls))
            return future, self._calls.pop(future)


def _run(future: Future[T], call: Callable[[], T]) -> None:
    if not future.set_running_or_notify_cancel():
        return
    try:
        result = call()
    except BaseException as error:
        future.set_exception(error)
    else:
        future.set_result(result)
