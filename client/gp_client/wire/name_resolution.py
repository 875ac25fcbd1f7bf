"""The addresses of a host within a time limit, which the system's own look-up has none of."""

from __future__ import annotations

import socket
import threading
from typing import Any


def addresses_of(host: str, port: int, seconds: float) -> list[str]:
    """The numeric addresses of a host, in the order in which they are to be tried.

    A look-up that takes too long goes on in a thread that nobody waits for. Raises TimeoutError, OSError
    where there is no such host, and UnicodeError or OverflowError where it is none.
    """
    if _is_numeric(host):
        return [host]
    found: list[Any] = []

    def look() -> None:
        try:
            found.append(socket.getaddrinfo(host, port, 0, socket.SOCK_STREAM))
        except Exception as error:
            found.append(error)

    if host == "localhost":
        look()
    else:
        thread = threading.Thread(target=look, name=f"look up {host[:60]}", daemon=True)
        thread.start()
        thread.join(seconds)
    if not found:
        raise TimeoutError(f"the address of {host[:200]} was not found in time")
    if isinstance(found[0], Exception):
        raise found[0]
    return list(dict.fromkeys(_numeric(each[4]) for each in found[0]))


def _is_numeric(host: str) -> bool:
    return ":" in host or host.replace(".", "").isdecimal()


def _numeric(address: tuple[Any, ...]) -> str:
    """An address as text, the number of the interface with it where it needs one."""
    is_scoped = len(address) == 4 and address[3] and "%" not in address[0]
    return f"{address[0]}%{address[3]}" if is_scoped else str(address[0])
