"""Where a network block has to look beside the audit hook: methods that reach out before, or without, telling
it.

A socket of Python that is given a name looks it up before it tells of the connection. uvloop tells nothing of
what it connects to and looks up. The methods stay wrapped for the rest of the process, and do as ever outside
of blocks.
"""

from __future__ import annotations

import functools
import socket
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, Final

from gpharness.network_block import NetworkBlock, is_loopback

Check = Callable[[NetworkBlock, tuple[Any, ...], dict[str, Any]], object]

_ADDRESS_OF_SENDMSG: Final = 3
_UNBOUND: Final = "a datagram socket of uvloop that is bound to no loopback address"


def watch_methods(blocks: Sequence[NetworkBlock]) -> None:
    """Wrap the methods; of the blocks the last one decides."""
    for name, check in _OF_SOCKETS.items():
        if hasattr(socket.socket, name):
            _wrap(socket.socket, name, check, blocks)
    with suppress(ImportError):
        import uvloop

        for name, check in _OF_UVLOOP.items():
            _wrap(uvloop.Loop, name, check, blocks)


def _wrap(kind: Any, name: str, check: Check, blocks: Sequence[NetworkBlock]) -> None:
    method = getattr(kind, name)

    @functools.wraps(method)
    def checked(self: Any, *arguments: Any, **named: Any) -> Any:
        if blocks:
            check(blocks[-1], arguments, named)
        return method(self, *arguments, **named)

    setattr(kind, name, checked)


def _check_host_of(block: NetworkBlock, address: object) -> None:
    """The name in a socket's address; the audit hook looks at numbers, and at all other addresses."""
    if isinstance(address, tuple) and address and isinstance(address[0], str | bytes | bytearray):
        block.check_name(address[0])


def _check_last(block: NetworkBlock, arguments: tuple[Any, ...], named: dict[str, Any]) -> None:
    if arguments:
        _check_host_of(block, arguments[-1])


def _check_sendmsg(block: NetworkBlock, arguments: tuple[Any, ...], named: dict[str, Any]) -> None:
    if len(arguments) > _ADDRESS_OF_SENDMSG:
        _check_host_of(block, arguments[_ADDRESS_OF_SENDMSG])


def _check_connection(block: NetworkBlock, arguments: tuple[Any, ...], named: dict[str, Any]) -> None:
    """`create_connection(protocol_factory, host, port)`; without a host it takes a socket."""
    host = named.get("host", arguments[1] if len(arguments) > 1 else None)
    if host is not None:
        block.check(host)


def _check_look_up(block: NetworkBlock, arguments: tuple[Any, ...], named: dict[str, Any]) -> None:
    block.check_name(named.get("host", arguments[0] if arguments else None))


def _check_number(block: NetworkBlock, arguments: tuple[Any, ...], named: dict[str, Any]) -> None:
    block.check(named.get("sockaddr", arguments[0] if arguments else ("",))[0])


def _check_datagrams(block: NetworkBlock, arguments: tuple[Any, ...], named: dict[str, Any]) -> None:
    """`create_datagram_endpoint(protocol_factory, local_addr, remote_addr)`. What is not connected may send
    anywhere, unless it is bound to loopback."""
    given = dict(zip(("protocol_factory", "local_addr", "remote_addr"), arguments, strict=False)) | named
    local, remote = given.get("local_addr"), given.get("remote_addr")
    if given.get("sock") is not None or isinstance(local, str | bytes) or isinstance(remote, str | bytes):
        return
    if remote is not None:
        block.check(remote[0])
    elif local is None or not is_loopback(local[0]):
        block.refuse(_UNBOUND)


_OF_SOCKETS: Final[dict[str, Check]] = {
    "connect": _check_last,
    "connect_ex": _check_last,
    "sendto": _check_last,
    "sendmsg": _check_sendmsg,
}
_OF_UVLOOP: Final[dict[str, Check]] = {
    "create_connection": _check_connection,
    "getaddrinfo": _check_look_up,
    "getnameinfo": _check_number,
    "create_datagram_endpoint": _check_datagrams,
}
