"""Two hundred uploads of 20 MB at once, and the server's memory while they come.

Promised: at most 200 MB at its peak, and every file kept whole.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator

from trials.promises import Figure, at_most, none_of
from trials.servers import MEGABYTE, Server, trial_server
from trials.wire import HOST, connect, get, run_here

UPLOADS = "/arcgis/rest/services/Files/FileTransfer/GPServer/uploads"
MOST_MEMORY = 200.0
PIECE = 65536
BOUNDARY = "of-the-trial"
_BEFORE = (
    f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="f"\r\n\r\njson\r\n'
    f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="storm.zip"\r\n'
    "Content-Type: application/zip\r\n\r\n"
).encode()
_AFTER = f"\r\n--{BOUNDARY}--\r\n".encode()


def run(uploads: int, megabytes: int, seed: int) -> list[Figure]:
    """The figures of a storm."""
    size = megabytes * MEGABYTE
    with trial_server(seed=seed) as server:
        begun = time.monotonic()
        wrong = [each for each in run_here(_storm(server, uploads, size)) if each]
        seconds = time.monotonic() - begun
        peak = server.peak()
        wrong += run_here(_read_back(server, size)) if not wrong else []
        tracebacks = server.tracebacks()
        status = server.end()
    return [
        Figure("uploads", f"{uploads} of {megabytes} MB in {seconds:,.1f} s"),
        Figure("together", f"{uploads * megabytes / seconds:,.0f} MB/s"),
        at_most("memory at its peak", peak, MOST_MEMORY, "MB"),
        none_of("uploads that failed, or differ when they are read back", wrong),
        none_of("tracebacks", tracebacks),
        Figure("exit status", str(status), "0", status == 0),
    ]


async def _storm(server: Server, uploads: int, size: int) -> list[str]:
    return list(await asyncio.gather(*(_upload(server, number, size) for number in range(uploads))))


def _pieces(number: int, size: int) -> Iterator[bytes]:
    """The file of a number, in pieces that tell it and their place."""
    for begin in range(0, size, PIECE):
        mark = b"%08d/%012d;" % (number, begin)
        yield (mark * (PIECE // len(mark) + 1))[: min(PIECE, size - begin)]


async def _upload(server: Server, number: int, size: int) -> str:
    """Send one file, piece by piece in turn with all others; what went wrong."""
    wire = await connect(server.port)
    wire.expect()
    wire.write(
        f"POST {UPLOADS}/upload HTTP/1.1\r\nHost: {HOST}\r\n"
        f"Content-Type: multipart/form-data; boundary={BOUNDARY}\r\n"
        f"Content-Length: {len(_BEFORE) + size + len(_AFTER)}\r\n\r\n".encode()
        + _BEFORE
    )
    for piece in _pieces(number, size):
        wire.write(piece)
        await wire.drain()
        await asyncio.sleep(0)
    wire.write(_AFTER)
    answer = await wire.answer()
    wire.close()
    done = json.loads(answer.body)
    return "" if answer.status == 200 and done.get("success") is True else str(done)


async def _read_back(server: Server, size: int) -> list[str]:
    """Hold some of the files, read again, to what was sent."""
    wire = await connect(server.port)
    listed = json.loads((await wire.ask(get(f"{UPLOADS}?f=json"))).body)["uploads"]
    wrong = []
    for item in listed[:: max(1, len(listed) // 5)]:
        answer = await wire.ask(get(f"{UPLOADS}/{item['itemID']}/download"))
        number = int(answer.body[:8])
        if bytes(answer.body) != b"".join(_pieces(number, size)):
            wrong.append(str(item))
    wire.close()
    return wrong
