"""Methods that are written once and are called from both sides.

`@operation` turns a flow into a method: on a `SyncSide` it runs the flow and returns its value, on an
`AsyncSide` it returns a coroutine that does. `@stream` does the same for a flow whose events are the point:
an iterator on one side, an async iterator on the other.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from typing import TYPE_CHECKING, Any, ClassVar, Concatenate, Generic, ParamSpec, TypeVar, overload

from gp_client.drivers import iterate, iterate_async, run, run_async
from gp_client.errors import GPError
from gp_client.steps import Event, Flow

if TYPE_CHECKING:
    from gp_client.sessions import AsyncConnection, Session, SyncConnection

P = ParamSpec("P")
T = TypeVar("T")


class operation(Generic[P, T]):
    """A flow as a method of both sides."""

    def __init__(self, flow: Callable[Concatenate[Any, P], Flow[T]]) -> None:
        self._flow = flow

    def function(self, *, is_async: bool) -> Any:
        """The method of a side's classes."""
        flow = self._flow

        def method(self: Any, *arguments: P.args, **named: P.kwargs) -> Any:
            return self._run(flow(self, *arguments, **named))

        async def awaited(self: Any, *arguments: P.args, **named: P.kwargs) -> Any:
            return await self._run(flow(self, *arguments, **named))

        return _told_as(awaited if is_async else method, flow)

    @overload
    def __get__(self, instance: None, owner: Any) -> operation[P, T]: ...
    @overload
    def __get__(self, instance: SyncSide, owner: Any) -> Callable[P, T]: ...
    @overload
    def __get__(self, instance: AsyncSide, owner: Any) -> Callable[P, Coroutine[Any, Any, T]]: ...
    def __get__(self, instance: Any, owner: Any) -> Any:
        return self  # a class of neither side


class stream(Generic[P]):
    """A flow as a method of both sides that yields its events."""

    def __init__(self, flow: Callable[Concatenate[Any, P], Flow[Any]]) -> None:
        self._flow = flow

    def function(self, *, is_async: bool) -> Any:
        """The method of a side's classes."""
        flow = self._flow

        def method(self: Any, *arguments: P.args, **named: P.kwargs) -> Any:
            return self._iterate(flow(self, *arguments, **named))

        return _told_as(method, flow, "AsyncIterator[Event]" if is_async else "Iterator[Event]")

    @overload
    def __get__(self, instance: None, owner: Any) -> stream[P]: ...
    @overload
    def __get__(self, instance: SyncSide, owner: Any) -> Callable[P, Iterator[Event]]: ...
    @overload
    def __get__(self, instance: AsyncSide, owner: Any) -> Callable[P, AsyncIterator[Event]]: ...
    def __get__(self, instance: Any, owner: Any) -> Any:
        return self


def _told_as(method: Any, flow: Any, returned: str = "") -> Any:
    """The method with the flow's name, words and parameters, as `help` shows them."""
    functools.update_wrapper(method, flow)
    returned = returned or flow.__annotations__["return"].removeprefix("Flow[").removesuffix("]")
    method.__signature__ = inspect.signature(flow).replace(return_annotation=returned)
    return method


class Side:
    """One of the two sides: each of its classes gets its operations as plain functions, which is what readers
    of classes, such as `help` and `create_autospec`, look for."""

    _is_async: ClassVar[bool]

    def __init_subclass__(cls) -> None:
        for base in cls.__mro__:
            for name, member in list(vars(base).items()):
                if isinstance(member, operation | stream) and name not in vars(cls):
                    setattr(cls, name, member.function(is_async=cls._is_async))


class SyncSide(Side):
    """What runs its operations here and now."""

    _is_async = False
    _connection: SyncConnection

    def _run(self, flow: Flow[T]) -> T:
        connection = self._connection
        return run(
            _discreet(flow, connection), connection.transport, connection.session.clock, connection.listener
        )

    def _iterate(self, flow: Flow[Any]) -> Iterator[Event]:
        connection = self._connection
        return iterate(
            _discreet(flow, connection), connection.transport, connection.session.clock, connection.listener
        )


class AsyncSide(Side):
    """What runs its operations in the async task that awaits them."""

    _is_async = True
    _connection: AsyncConnection

    async def _run(self, flow: Flow[T]) -> T:
        connection = self._connection
        return await run_async(
            _discreet(flow, connection), connection.transport, connection.session.clock, connection.listener
        )

    def _iterate(self, flow: Flow[Any]) -> AsyncIterator[Event]:
        connection = self._connection
        return iterate_async(
            _discreet(flow, connection), connection.transport, connection.session.clock, connection.listener
        )


def _discreet(flow: Flow[T], connection: SyncConnection | AsyncConnection) -> Flow[T]:
    """A flow whose errors say nothing of the client's passwords and tokens, whatever a server echoes."""
    try:
        return (yield from flow)
    except GPError as error:
        connection.session.tokens.without_secrets(error)
        raise


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
