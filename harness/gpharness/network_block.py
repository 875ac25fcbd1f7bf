"""Nothing in the process reaches any other machine while a block lasts, whatever library it uses.

    with blocked_network():
        run_the_tests()

Python's sockets tell an audit hook where they connect to, where they send a datagram and which names they
look up, and the hook refuses all but loopback and the machine's own sockets (`AF_UNIX`). That holds for
asyncio, trio, threads and whatever stands on Python's sockets. `network_block_methods` adds what the hook is
not told: uvloop has sockets of its own, and a socket looks up a name that it is to connect to unasked.

What is not seen: libraries with sockets in native code (libcurl, libpq, gRPC, GDAL); other processes, also
those that are started in the block; connections that were there before it; a proxy on loopback, which passes
on what it gets; and, on Windows, what asyncio's proactor loop connects to by number (names are seen).
"""

from __future__ import annotations

import ipaddress
import re
import socket
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, Final

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_LOCAL: Final = frozenset(
    getattr(socket, name) for name in ("AF_UNIX", "AF_NETLINK", "AF_ALG") if hasattr(socket, name)
)
_NUMBER: Final = re.compile(r"[0-9a-fA-FxX.]+")


class NetworkBlocked(RuntimeError):
    """Something would have reached another machine. It is no OSError, which a client would take for a
    network's trouble, and try again."""


class NetworkBlock:
    """What is let through, and what was `refused` until now: hosts, in the order in which they were tried."""

    def __init__(self, allow: Iterable[str] = ()) -> None:
        self.refused: list[str] = []
        self._names: set[str] = set()
        self._networks: list[Network] = []
        for each in [allow] if isinstance(allow, str) else allow:
            try:
                self._networks.append(ipaddress.ip_network(each, strict=False))
            except ValueError:
                self._names.add(_plain(each))
        self._looked_up: dict[str, frozenset[Address]] = {}

    def check(self, host: object) -> None:
        """Raises NetworkBlocked for a host that is not let through: a name or an address, as text or bytes;
        none, or an empty one, is this machine."""
        name = _plain(host)
        address = _as_address(name)
        if address is None:
            through = name in self._names or _is_own_name(name)
        else:
            through = self._lets_through(address)
        if not through:
            self.refuse(name)

    def check_name(self, host: object) -> None:
        """The same where a name is looked up: for a number nothing leaves the machine."""
        if _as_address(_plain(host)) is None:
            self.check(host)

    def refuse(self, where: str) -> None:
        """Note what was tried. Raises NetworkBlocked."""
        self.refused.append(where)
        raise NetworkBlocked(
            f"{where} was to be reached, and the network is blocked: give what is tested the address of the "
            f"test's own server, or let it through, by pytest's option --gp-allow-hosts={where} or by "
            f"blocked_network(allow=[{where!r}])"
        )

    def _lets_through(self, address: Address) -> bool:
        return (
            address.is_loopback
            or address.is_unspecified
            or any(address in network for network in self._networks)
            or any(address in self._addresses_of(name) for name in self._names)
        )

    def _addresses_of(self, name: str) -> frozenset[Address]:
        """The addresses of a name that is let through: those that are connected to are numbers."""
        if name not in self._looked_up:
            found = []
            with suppress(OSError, UnicodeError):
                found = socket.getaddrinfo(name, None)
            numbers = (str(each[4][0]).partition("%")[0] for each in found)
            self._looked_up[name] = frozenset(ipaddress.ip_address(number) for number in numbers)
        return self._looked_up[name]


def _plain(host: object) -> str:
    """A name or an address as it is compared: without a zone, and without the dot at its end."""
    text = host.decode("utf-8", "replace") if isinstance(host, bytes | bytearray) else str(host or "")
    return text.partition("%")[0].lower().rstrip(".")


def _is_own_name(name: str) -> bool:
    return name in ("", "localhost") or name == _plain(socket.gethostname())


def _as_address(text: str) -> Address | None:
    """An address in any of the spellings that a socket takes for one, such as `127.1`."""
    with suppress(ValueError):
        address = ipaddress.ip_address(text)
        return getattr(address, "ipv4_mapped", None) or address
    if _NUMBER.fullmatch(text):
        with suppress(OSError):
            return ipaddress.ip_address(socket.inet_aton(text))
    return None


def is_loopback(host: object) -> bool:
    """Whether a name or an address is one of loopback."""
    name = _plain(host)
    address = _as_address(name)
    return name == "localhost" if address is None else address.is_loopback


blocks: Final[list[NetworkBlock]] = []
"""Those that last; the last one decides."""
_lock = threading.Lock()
_is_watched = False


@contextmanager
def blocked_network(allow: Iterable[str] = ()) -> Iterator[NetworkBlock]:
    """Let nothing in this process reach another machine for as long as the block lasts, in any thread.

    Whoever tries gets NetworkBlocked, with the host and what to do; the block's `refused` has what was tried,
    also where that error was caught. Loopback, unix sockets and what is `allow`ed are let through: names,
    addresses, or networks such as `10.0.0.0/8`. Within another block the inner one decides.
    """
    block = NetworkBlock(allow)
    with _lock:
        _watch()
        blocks.append(block)
    try:
        yield block
    finally:
        with _lock:
            blocks.remove(block)


def _watch() -> None:
    """Watch this process from now on: an audit hook is never taken away again."""
    global _is_watched
    if not _is_watched:
        from gpharness.network_block_methods import watch_methods

        _is_watched = True
        sys.addaudithook(_look)
        watch_methods(blocks)


def _look(event: str, arguments: tuple[Any, ...]) -> None:
    if blocks and event in _CHECKS:
        _CHECKS[event](blocks[-1], arguments)


def _check_connection(block: NetworkBlock, arguments: tuple[Any, ...]) -> None:
    """`socket.connect`. What opened the socket may close it for an OSError alone, so it is closed here."""
    try:
        _check_socket(block, arguments)
    except NetworkBlocked:
        if arguments[0].type == socket.SOCK_STREAM:
            arguments[0].close()
        raise


def _check_socket(block: NetworkBlock, arguments: tuple[Any, ...]) -> None:
    """`sendto` and `sendmsg`: the socket, and the address in its family's form, if one is given."""
    connecting, address = arguments
    if address is None or connecting.family in _LOCAL:
        return
    if connecting.family in (socket.AF_INET, socket.AF_INET6) and isinstance(address, tuple) and address:
        block.check(address[0])
    else:
        block.refuse(str(address))


_CHECKS: Final[dict[str, Callable[[NetworkBlock, tuple[Any, ...]], None]]] = {
    "socket.connect": _check_connection,
    "socket.sendto": _check_socket,
    "socket.sendmsg": _check_socket,
    "socket.getaddrinfo": lambda block, arguments: block.check_name(arguments[0]),
    "socket.gethostbyname": lambda block, arguments: block.check_name(arguments[0]),
    "socket.gethostbyaddr": lambda block, arguments: block.check(arguments[0]),
    "socket.getnameinfo": lambda block, arguments: block.check(arguments[0][0]),
}
"""What is done with each event, whose arguments are those of the function of its name."""
