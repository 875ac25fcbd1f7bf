"""A load generator that costs little beside the server: keep-alive connections, prepared requests.

It never sleeps during a round. Where a server's answer finds the generator asleep, the server's own write
pays for waking it, and the slower of two servers pays more often: that would measure the kernel's
scheduler.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import cast

CONNECTIONS = 32
NextRequest = Callable[[], bytes]


@dataclass(slots=True)
class Round:
    """What a server did in a round: answers per second, its share of a core, and answers that refused."""

    rate: float
    busy: float
    refused: int


@dataclass(slots=True)
class Tally:
    """What the connections to one server count together. While not `running`, no new request is sent."""

    next_request: NextRequest
    running: bool = False
    answers: int = 0
    refused: int = 0
    waiting: int = 0


class Connection(asyncio.Protocol):
    """Sends the next request once the last one's answer is complete."""

    def __init__(self, tally: Tally) -> None:
        self._tally = tally
        self._received = b""
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def send(self) -> None:
        assert self.transport is not None
        self._tally.waiting += 1
        self.transport.write(self._tally.next_request())

    def data_received(self, data: bytes) -> None:
        if self._received:
            data = self._received + data
        head_end = data.find(b"\r\n\r\n")
        length_at = data.find(b"content-length: ", 0, head_end)
        if head_end < 0 or len(data) < head_end + 4 + int(data[length_at + 16 : data.find(b"\r", length_at)]):
            self._received = data
            return
        self._received = b""
        tally = self._tally
        tally.waiting -= 1
        tally.answers += 1
        if not data.startswith(b"HTTP/1.1 200") or data.startswith(b'{"error"', head_end + 4):
            tally.refused += 1
        if tally.running:
            self.send()


class Load:
    """Thirty-two open connections to a server on this machine, used in rounds."""

    def __init__(self, port: int, pid: int, next_request: NextRequest) -> None:
        self._port = port
        self._pid = pid
        self._tally = Tally(next_request)
        self._connections: list[Connection] = []

    async def connect(self) -> None:
        loop = asyncio.get_running_loop()
        for _ in range(CONNECTIONS):
            _, connection = await loop.create_connection(
                lambda: Connection(self._tally), "127.0.0.1", self._port
            )
            self._connections.append(connection)

    async def round(self, seconds: float) -> Round:
        """Load the server for some seconds, then let it finish what it was asked."""
        tally = self._tally
        tally.answers = tally.refused = 0
        tally.running = True
        start, cpu = time.perf_counter(), cpu_seconds(self._pid)
        for connection in self._connections:
            connection.send()
        end = start + seconds
        while time.perf_counter() < end:
            await asyncio.sleep(0)
        tally.running = False
        answers = tally.answers
        elapsed, used = time.perf_counter() - start, cpu_seconds(self._pid) - cpu
        while tally.waiting:
            await asyncio.sleep(0.001)
        return Round(rate=answers / elapsed, busy=used / elapsed, refused=tally.refused)

    def close(self) -> None:
        for connection in self._connections:
            assert connection.transport is not None
            connection.transport.close()


def cpu_seconds(pid: int) -> float:
    """The processor time that a process has used; NaN where it is not known (anywhere but on Linux)."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    except OSError:
        return float("nan")
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
