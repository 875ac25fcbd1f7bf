"""The two ways to run a flow: here and now, or in an async task of asyncio or trio.

A driver carries out steps and hands back what came of them. Whatever interrupts it (Ctrl-C, the
cancellation of the task) is raised inside the flow, which may take a few last steps before it lets it go on:
a job is cancelled so.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from gp_client.errors import GPError
from gp_client.steps import Event, Flow, Send, Step, Wait

if TYPE_CHECKING:
    from gp_client.clocks import Clock
    from gp_client.wire.http_messages import AsyncTransport, Response, Transport

T = TypeVar("T")
Listener = Callable[[Event], object]
_Take: TypeAlias = (
    "Callable[[Step, AsyncTransport, Clock, Listener | None], Coroutine[Any, Any, Response | None]]"
)

_LAST_STEPS = 10.0
"""Seconds that an async flow has for all of its last steps once its task is cancelled."""


def run(flow: Flow[T], transport: Transport, clock: Clock, listener: Listener | None = None) -> T:
    """A flow's value. Raises what the flow raises."""
    resume: Callable[[], Step] = flow.__next__
    while True:
        try:
            step = resume()
        except StopIteration as end:
            value: T = end.value
            return value
        try:
            answer = _take(step, transport, clock, listener)
        except BaseException as error:
            resume = _throwing(flow, error)
        else:
            resume = _sending(flow, answer)


def iterate(
    flow: Flow[object], transport: Transport, clock: Clock, listener: Listener | None = None
) -> Iterator[Event]:
    """The events that a flow tells, as they come; closing the iterator ends the flow."""
    resume: Callable[[], Step] = flow.__next__
    leaving = False
    while True:
        try:
            step = resume()
        except StopIteration:
            return
        try:
            answer = None
            if isinstance(step, Send | Wait):
                answer = _take(step, transport, clock, None)
            elif not leaving:
                if listener is not None:
                    listener(step.event)
                yield step.event
        except BaseException as error:
            leaving = leaving or isinstance(error, GeneratorExit)
            resume = _throwing(flow, error)
        else:
            resume = _sending(flow, answer)


def _take(step: Step, transport: Transport, clock: Clock, listener: Listener | None) -> Response | None:
    if isinstance(step, Send):
        return transport.send(step.request)
    if isinstance(step, Wait):
        clock.sleep(step.seconds)
    elif listener is not None:
        listener(step.event)
    return None


async def run_async(
    flow: Flow[T], transport: AsyncTransport, clock: Clock, listener: Listener | None = None
) -> T:
    """The same in an async task."""
    resume: Callable[[], Step] = flow.__next__
    take: _Take = _take_async
    while True:
        try:
            step = resume()
        except StopIteration as end:
            value: T = end.value
            return value
        try:
            answer = await take(step, transport, clock, listener)
        except BaseException as error:
            if take is _take_async and not isinstance(error, Exception):
                take = _shielded()
            resume = _throwing(flow, error)
        else:
            resume = _sending(flow, answer)


async def iterate_async(
    flow: Flow[object], transport: AsyncTransport, clock: Clock, listener: Listener | None = None
) -> AsyncIterator[Event]:
    """The same in an async task."""
    resume: Callable[[], Step] = flow.__next__
    take: _Take = _take_async
    leaving = False
    while True:
        try:
            step = resume()
        except StopIteration:
            return
        try:
            answer = None
            if isinstance(step, Send | Wait):
                answer = await take(step, transport, clock, None)
            elif not leaving:
                if listener is not None:
                    listener(step.event)
                yield step.event
        except BaseException as error:
            leaving = leaving or isinstance(error, GeneratorExit)
            if take is _take_async and not isinstance(error, Exception):
                take = _shielded()
            resume = _throwing(flow, error)
        else:
            resume = _sending(flow, answer)


async def _take_async(
    step: Step, transport: AsyncTransport, clock: Clock, listener: Listener | None
) -> Response | None:
    if isinstance(step, Send):
        return await transport.send(step.request)
    if isinstance(step, Wait):
        await clock.sleep_async(step.seconds)
    elif listener is not None:
        listener(step.event)
    return None


def _shielded() -> _Take:
    """Takes the last steps of a flow whose task is cancelled, which would else cancel them, too."""
    import anyio

    ends = anyio.current_time() + _LAST_STEPS

    async def take(
        step: Step, transport: AsyncTransport, clock: Clock, listener: Listener | None
    ) -> Response | None:
        with anyio.CancelScope(deadline=ends, shield=True):
            return await _take_async(step, transport, clock, listener)
        raise GPErrorOfLastStep

    return take


class GPErrorOfLastStep(GPError):
    """A last step took too long; the flow lets the interruption go on."""

    kind = "deadline"

    def __init__(self) -> None:
        super().__init__("the last steps of an interrupted flow took too long")


def _throwing(flow: Flow[Any], error: BaseException) -> Callable[[], Step]:
    return lambda: flow.throw(error)


def _sending(flow: Flow[Any], answer: Response | None) -> Callable[[], Step]:
    return lambda: flow.send(answer)
