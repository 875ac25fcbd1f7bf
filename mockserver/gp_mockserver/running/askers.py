"""Who waits for what a worker thread is to compute: a call that nobody waits for any longer never begins.

A client that leaves is noticed by ASGI's `receive`, which therefore has to be free: an operation runs once
the request is whole. What several requests may wait for, such as a job's tool, is asked for by nobody.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, TypeVar

from gp_mockserver.wire.request_parameters import ClientLeft

if TYPE_CHECKING:
    from starlette.types import Receive

    from gp_mockserver.running.tool_threads import ToolThreads

T = TypeVar("T")

asker: ContextVar[Receive | None] = ContextVar("asker", default=None)
"""The `receive` of the client for whom calls are made in this context; None: for nobody."""


_is_for_a_job: ContextVar[bool] = ContextVar("is_for_a_job", default=False)


@contextmanager
def for_a_job() -> Iterator[None]:
    """Within the block calls are made for a job, whoever looks at it."""
    before, was_for_a_job = asker.set(None), _is_for_a_job.set(True)
    try:
        yield
    finally:
        asker.reset(before)
        _is_for_a_job.reset(was_for_a_job)


async def value_in(threads: ToolThreads, function: Callable[..., T], *arguments: Any) -> T:
    """A function's value, computed in one of the threads. Raises ThreadsBusy, but not for a job; and
    ClientLeft where the client leaves before a thread has taken the call. One that has begun is waited for in
    any case, as what it does may not be done by halves."""
    submit = threads.enqueue if _is_for_a_job.get() else threads.submit
    call = submit(function, *arguments)
    waiting = asyncio.wrap_future(call)
    receive = asker.get()
    if receive is None:
        return await waiting
    gone = asyncio.ensure_future(_until_it_leaves(receive))
    try:
        await asyncio.wait((waiting, gone), return_when=asyncio.FIRST_COMPLETED)
        if not waiting.done() and call.cancel():
            raise ClientLeft
        return await waiting
    finally:
        gone.cancel()
        waiting.cancel()


async def _until_it_leaves(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
