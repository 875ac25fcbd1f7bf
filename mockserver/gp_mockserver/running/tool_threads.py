"""The threads in which tools run that may take long, or never return."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor, Future
from functools import partial
from queue import SimpleQueue
from threading import Lock, Semaphore, Thread
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class ToolThreads(Executor):
    """Up to `limit` threads, each started when no other is idle.

    Those of a ThreadPoolExecutor are waited for at the process's end, so that a tool that never returns would
    keep it alive. These are daemons: they end with the process.
    """

    def __init__(self, limit: int) -> None:
        self._calls: SimpleQueue[tuple[Future[Any], Callable[[], Any]]] = SimpleQueue()
        self._idle = Semaphore(0)
        self._lock = Lock()
        self._to_start = limit

    def submit(self, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        future: Future[T] = Future()
        self._calls.put((future, partial(function, *args, **kwargs)))
        if not self._idle.acquire(blocking=False):
            self._start_another()
        return future

    def _start_another(self) -> None:
        with self._lock:
            if self._to_start > 0:
                self._to_start -= 1
                Thread(target=self._work, name=f"gp-tool-{self._to_start}", daemon=True).start()

    def _work(self) -> None:
        while True:
            _run(*self._calls.get())
            self._idle.release()


def _run(future: Future[T], call: Callable[[], T]) -> None:
    if not future.set_running_or_notify_cancel():
        return
    try:
        result = call()
    except BaseException as error:
        future.set_exception(error)
    else:
        future.set_result(result)
