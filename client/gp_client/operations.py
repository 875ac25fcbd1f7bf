"""Methods that are written once and are called from both sides.

`@operation` turns a flow into a method: on a `SyncSide` it runs the flow and returns its value, on an
`AsyncSide` it returns a coroutine that does. `@stream` does the same for a flow whose events are the point:
an iterator on one side, an async iterator on the other.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from types import MethodType
from typing import TYPE_CHECKING, Any, Concatenate, Generic, ParamSpec, TypeVar, overload

from gp_client.drivers import iterate, iterate_async, run, run_async
from gp_client.steps import Event, Flow

if TYPE_CHECKING:
    from gp_client.sessions import AsyncConnection, Session, SyncConnection

P = ParamSpec("P")
T = TypeVar("T")


class SyncSide:
    """What runs its operations here and now."""

    _connection: SyncConnection

    def _run(self, flow: Flow[T]) -> T:
        connection = self._connection
        return run(flow, connection.transport, connection.session.clock, connection.listener)

    def _iterate(self, flow: Flow[Any]) -> Iterator[Event]:
        connection = self._connection
        return iterate(flow, connection.transport, connection.session.clock)


class AsyncSide:
    """What runs its operations in the async task that awaits them."""

    _connection: AsyncConnection

    async def _run(self, flow: Flow[T]) -> T:
        connection = self._connection
        return await run_async(flow, connection.transport, connection.session.clock, connection.listener)

    def _iterate(self, flow: Flow[Any]) -> AsyncIterator[Event]:
        connection = self._connection
        return iterate_async(flow, connection.transport, connection.session.clock)


class operation(Generic[P, T]):
    """A flow as a method of both sides."""

    def __init__(self, flow: Callable[Concatenate[Any, P], Flow[T]]) -> None:
        def method(instance: Any, *arguments: P.args, **named: P.kwargs) -> Any:
            return instance._run(flow(instance, *arguments, **named))

        self._method = _told_as(method, flow)

    @overload
    def __get__(self, instance: None, owner: Any) -> operation[P, T]: ...
    @overload
    def __get__(self, instance: SyncSide, owner: Any) -> Callable[P, T]: ...
    @overload
    def __get__(self, instance: AsyncSide, owner: Any) -> Callable[P, Coroutine[Any, Any, T]]: ...
    def __get__(self, instance: Any, owner: Any) -> Any:
        return self._method if instance is None else MethodType(self._method, instance)


class stream(Generic[P]):
    """A flow as a method of both sides that yields its events."""

    def __init__(self, flow: Callable[Concatenate[Any, P], Flow[Any]]) -> None:
        def method(instance: Any, *arguments: P.args, **named: P.kwargs) -> Any:
            return instance._iterate(flow(instance, *arguments, **named))

        self._method = _told_as(method, flow)

    @overload
    def __get__(self, instance: None, owner: Any) -> stream[P]: ...
    @overload
    def __get__(self, instance: SyncSide, owner: Any) -> Callable[P, Iterator[Event]]: ...
    @overload
    def __get__(self, instance: AsyncSide, owner: Any) -> Callable[P, AsyncIterator[Event]]: ...
    def __get__(self, instance: Any, owner: Any) -> Any:
        return self._method if instance is None else MethodType(self._method, instance)


def _told_as(method: Any, flow: Any) -> Any:
    """The method with the flow's name, words and parameters, as `help` shows them."""
    functools.update_wrapper(method, flow)
    returned = flow.__annotations__["return"]
    if isinstance(returned, str) and returned.startswith("Flow["):
        method.__signature__ = inspect.signature(flow).replace(return_annotation=returned[5:-1])
    return method


class Handle:
    """What stands for a resource of the server: it holds an address and asks nothing until it is used."""

    _connection: Any
    """A SyncConnection or an AsyncConnection, as the side has it."""

    @property
    def _session(self) -> Session:
        session: Session = self._connection.session
        return session

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {getattr(self, 'url', self._session.root)}>"
