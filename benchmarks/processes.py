"""Starting the servers under test, each in a process of its own, and asking them single questions."""

from __future__ import annotations

import contextlib
import http.client
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).parents[1]
GIVE_UP_AFTER = 30.0
"""Seconds in which a server has to answer."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def pin(core: int, pid: int = 0) -> None:
    """Keep a process (0 is this one) on one core, where the system can and has two."""
    if sys.platform == "linux" and (os.cpu_count() or 1) > 1:
        os.sched_setaffinity(pid, {core})


@contextlib.contextmanager
def started(
    command: Sequence[str], environment: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """A process that is terminated at the end; it keeps its bytecode, as an installed package has it."""
    environ = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    process = subprocess.Popen(
        [sys.executable, *command],
        cwd=ROOT,
        env=environ | (environment or {}),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        process.terminate()
        process.wait()


def ask(port: int, target: str, body: bytes | None = None) -> tuple[list[tuple[str, str]], bytes]:
    """Headers and body of the answer to a GET, or to a POST of a form; status 200 or AssertionError."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=GIVE_UP_AFTER)
    headers = {"Content-Type": "application/x-www-form-urlencoded"} if body is not None else {}
    connection.request("GET" if body is None else "POST", target, body, headers)
    response = connection.getresponse()
    content = response.read()
    connection.close()
    assert response.status == 200, f"{target}: {response.status}"
    return response.getheaders(), content


def wait_until_it_answers(port: int, target: str) -> float:
    """The moment (perf_counter) of the first answer; looks every two milliseconds."""
    give_up = time.perf_counter() + GIVE_UP_AFTER
    while True:
        try:
            ask(port, target)
        except ConnectionRefusedError:
            if time.perf_counter() > give_up:
                raise
            time.sleep(0.002)
        else:
            return time.perf_counter()
