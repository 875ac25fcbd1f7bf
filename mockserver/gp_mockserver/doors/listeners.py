"""Sockets on a port that stays the same while they listen, do not listen, or let nobody in.

A listening socket cannot be told to listen no more: it is closed, and another one is bound to its port. For
that moment nothing would hold the port. So one more socket, which never listens, holds it for as long as the
door is there, where the system lets two of one user share a port (SO_REUSEPORT: Linux, macOS, BSD). Elsewhere
another program may take the port in between, which is said as CannotListen. A client that connects in
that very moment is refused, or reset if it was about to be accepted.
"""

from __future__ import annotations

import socket
from ipaddress import ip_address

from gp_mockserver.server import CannotListen

_BACKLOG = 2048
_SHARED = getattr(socket, "SO_REUSEPORT", socket.SO_REUSEADDR)
_MOST_FILLERS = 4096
_HANGS_AFTER = 0.05
"""Seconds after which a connection to this machine does not come about."""


class Port:
    """A free port of a host, held until `close`."""

    def __init__(self, family: int, host: str) -> None:
        self._family = family
        self._host = host
        self._port = 0
        self._keeper: socket.socket | None = None
        self._fillers: list[socket.socket] = []
        first = self._bound()
        self._port = first.getsockname()[1]
        self._open: socket.socket | None = first
        if _SHARED != socket.SO_REUSEADDR:
            self._keeper, self._open = first, None

    @property
    def number(self) -> int:
        return self._port

    @property
    def shown_host(self) -> str:
        """The host as it stands in a URL."""
        return f"[{self._host}]" if self._family == socket.AF_INET6 else self._host

    def refuse(self) -> None:
        """Listen no more: the system answers a connection by RST."""
        self._release()
        self._open = self._bound()

    def listen(self) -> socket.socket:
        """A socket that listens, and does not block. The one before it is closed."""
        self._release()
        self._open = self._bound()
        self._open.listen(_BACKLOG)
        self._open.setblocking(False)
        return self._open

    def fill_backlog(self) -> None:
        """Listen, accept nobody, and have own connections wait until there is no room for another one.

        Linux then lets a SYN go unanswered, so that a client's attempt lasts until it gives up. Windows
        refuses it instead, and macOS may accept some more; there a client meets something else. To find out
        that there is no room takes a twentieth of a second, in which the server does nothing else.
        """
        self._release()
        self._open = self._bound()
        self._open.listen(0)
        address = self._address()
        while len(self._fillers) < _MOST_FILLERS:
            filler = socket.socket(self._family, socket.SOCK_STREAM)
            filler.settimeout(_HANGS_AFTER)
            try:
                filler.connect(address)
            except OSError:
                filler.close()
                return
            self._fillers.append(filler)

    def close(self) -> None:
        """Let the port go."""
        self._release()
        if self._keeper is not None:
            self._keeper.close()

    def _address(self) -> tuple[str, int]:
        host = ip_address(self._host.partition("%")[0])
        if host.is_unspecified:
            return ("127.0.0.1" if host.version == 4 else "::1"), self._port
        return self._host, self._port

    def _release(self) -> None:
        for each in self._fillers:
            each.close()
        self._fillers.clear()
        if self._open is not None:
            self._open.close()
            self._open = None

    def _bound(self) -> socket.socket:
        made = socket.socket(self._family, socket.SOCK_STREAM)
        try:
            made.setsockopt(socket.SOL_SOCKET, _SHARED, 1)
            made.bind((self._host, self._port))
        except OSError as error:
            made.close()
            raise CannotListen(
                f"cannot listen on {self._host}, port {self._port}: {error.strerror or error}"
            ) from None
        return made
