"""What only the system knows of a TCP connection or can do with it, past asyncio; over TLS, too."""

from __future__ import annotations

import asyncio
import select
import socket
import struct
import sys
from contextlib import suppress

_NO_LINGER = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)
_INT = struct.Struct("i")


def close_by_reset(connected: socket.socket) -> None:
    """Have the closing of a socket send RST, and forget what the system still holds for the other side."""
    with suppress(OSError):  # it is reset already
        connected.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)


def unacknowledged(transport: asyncio.BaseTransport) -> int:
    """Bytes that the system has not sent, or of which the other side's system has not said that it has them.

    0 where the system cannot be asked: all but Linux.
    """
    if sys.platform != "linux":
        return 0
    import fcntl
    import termios

    connected = transport.get_extra_info("socket")
    try:
        answer = fcntl.ioctl(connected.fileno(), termios.TIOCOUTQ, bytes(_INT.size))
    except (AttributeError, OSError):
        return 0
    size: int = _INT.unpack(answer)[0]
    return size


def has_left(transport: asyncio.BaseTransport) -> bool:
    """Whether the other side has closed or reset a connection that is not being read.

    What it still had to send hides that it has closed. False where the system cannot be asked: Windows.
    """
    connected = transport.get_extra_info("socket")
    if connected is None or not hasattr(select, "poll"):
        return False
    asked = select.poll()
    asked.register(connected.fileno(), getattr(select, "POLLRDHUP", 0))
    return bool(asked.poll(0))
