"""An answer's body as httpx reads it: piece by piece as the application sends it, and then its fault."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from functools import cache
from typing import Any, Generic, TypeVar

import msgspec

from gpharness.in_process.exchange import Exchange
from gpharness.in_process.failing import KINDS, Kind
from gpharness.in_process.waiting import AsyncWaiting, ThreadWaiting

W = TypeVar("W")


class Asking(msgspec.Struct):
    """A request that is under way, and the library of which it is."""

    request: Any
    library: Any

    @property
    def seconds(self) -> float | None:
        """How long the client waits for the next piece of an answer; None: for ever."""
        seconds: float | None = self.request.extensions.get("timeout", {}).get("read")
        return seconds

    def error(self, fault: BaseException | Kind) -> BaseException:
        """What the client meets."""
        if isinstance(fault, BaseException):
            return fault
        error: BaseException = getattr(self.library, fault.error)(fault.text, request=self.request)
        return error

    @property
    def too_slow(self) -> BaseException:
        return self.error(KINDS["stalled"])


class _Stream(Generic[W]):
    """What streams for sync and async clients have in common."""

    def __init__(self, exchange: Exchange, waiting: W, asking: Asking) -> None:
        self._exchange = exchange
        self._waiting = waiting
        self._asking = asking

    def _here(self) -> Iterator[bytes]:
        """What has come until now."""
        while self._exchange.pieces:
            piece = self._exchange.pieces.popleft()
            self._exchange.taken(len(piece))
            yield piece

    def _finish(self) -> None:
        """Raise what the client meets at the end, if anything."""
        if self._exchange.fault is not None:
            raise self._asking.error(self._exchange.fault)

    def _let_go(self) -> None:
        if not self._exchange.ended:
            self._exchange.leave()

    def whole(self) -> bytes | None:
        """The body, where all of it has come and nothing went wrong; it can be read once."""
        return b"".join(self._here()) if self._exchange.ended and self._exchange.fault is None else None


class Pieces(_Stream[ThreadWaiting]):
    """The stream of a sync client."""

    def __iter__(self) -> Iterator[bytes]:
        while True:
            ended = self._exchange.ended
            yield from self._here()
            if ended:
                break
            if not self._waiting.wait(self._asking.seconds):
                raise self._asking.too_slow
        self._finish()

    def close(self) -> None:
        self._let_go()


class AsyncPieces(_Stream[AsyncWaiting]):
    """The stream of an async client."""

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while True:
            ended = self._exchange.ended
            for piece in self._here():
                yield piece
            if ended:
                break
            if not await self._waiting.wait(self._asking.seconds):
                raise self._asking.too_slow
        self._finish()

    async def aclose(self) -> None:
        self._let_go()


@cache
def _stream_of(library: Any, kind: type, name: str) -> Any:
    """A stream that is one to this library, which looks at the class."""
    return type(kind.__name__, (kind, getattr(library, name)), {})


def pieces(exchange: Exchange, waiting: ThreadWaiting, asking: Asking) -> Any:
    """The body of an answer for a sync client."""
    return _stream_of(asking.library, Pieces, "SyncByteStream")(exchange, waiting, asking)


def async_pieces(exchange: Exchange, waiting: AsyncWaiting, asking: Asking) -> Any:
    """The body of an answer for an async client."""
    return _stream_of(asking.library, AsyncPieces, "AsyncByteStream")(exchange, waiting, asking)
