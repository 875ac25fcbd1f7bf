"""All doors of one running server."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

from gp_mockserver.doors.door import Behind, Door
from gp_mockserver.doors.errors import DoorError

if TYPE_CHECKING:
    from ssl import SSLContext


class Doors:
    """Opens doors at the host of a server's first port; used in the server's loop alone."""

    def __init__(self, behind: Behind, first: socket.socket) -> None:
        self._behind = behind
        self._family = first.family
        self._host: str = first.getsockname()[0]
        self._opened: list[Door] = []
        self._closed = False

    def open(self, mode: str, times: int | None, context: SSLContext | None) -> Door:
        """A new door; see `Door`."""
        if self._closed:
            raise DoorError("the server is ending: it opens no more doors")
        door = Door(self._behind, self._family, self._host)
        try:
            door.change(mode, times=times, context=context)
        except Exception:
            door.close()
            raise
        self._opened = [each for each in self._opened if not each.closed]
        self._opened.append(door)
        return door

    def close(self) -> None:
        """Close them all; none is opened any more."""
        self._closed = True
        for door in self._opened:
            door.close()
