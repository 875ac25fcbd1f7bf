"""Who waits for what a worker thread is to compute: a call that nobody waits for any longer never begins.

A client that leaves is noticed by ASGI's `receive`, which therefore has to be free: an operation runs once
the request is whole. What several requests may wait for, such as a job's tool, is asked for by nobody.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, TypeVar

from gp_mockserver.wire.request_parameters import ClientLeft

if TYPE_CHECKING:
    from starlette.types import Receive

T = TypeVar("T")

_receive: ContextVar[Receive | None] = ContextVar("asker", default=None)


@contextmanager
def asked_by(receive: Receive | None) -> Iterator[None]:
    """Within the block calls are made for the client at the other end of `receive`, or for nobody."""
    before = _receive.set(receive)
    try:
        yield
    finally:
        _receive.reset(before)


async def value_of(call: Future[T]) -> T:
    """A call's value. Raises ClientLeft where its client leaves before a thread has taken it; a call that has
    begun is waited for in any case, as what it does may not be done by halves."""
    waiting = asyncio.wrap_future(call)
    receive = _receive.get()
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
