"""Running the `gpharness` command and the examples as a user does: as processes, watched by their lines."""

from __future__ import annotations

import os
import queue
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

import pytest

PATIENCE = 30.0
"""Seconds in which a process has to say or do what is waited for."""

CHECKOUT = Path(__file__).parents[2]


class Running:
    """A process whose lines are read as they come."""

    def __init__(self, command: list[str], environment: dict[str, str], folder: Path) -> None:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("GPHARNESS_")}
        self.process = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            env={**inherited, "no_proxy": "127.0.0.1", "PYTHONUTF8": "1", **environment},
            cwd=folder,
        )
        assert self.process.stdout is not None
        assert self.process.stderr is not None
        self.out: queue.Queue[str] = queue.Queue()
        self.err: queue.Queue[str] = queue.Queue()
        self._streams = (self.process.stdout, self.process.stderr)
        self._readers = [
            threading.Thread(target=self._read, args=pair, daemon=True)
            for pair in zip(self._streams, (self.out, self.err), strict=True)
        ]
        for reader in self._readers:
            reader.start()

    @staticmethod
    def _read(stream: IO[str], lines: queue.Queue[str]) -> None:
        for line in stream:
            lines.put(line.rstrip("\n"))

    def line(self) -> str:
        """The next line of stdout."""
        return self.out.get(timeout=PATIENCE)

    def error_line(self) -> str:
        """The next line of stderr."""
        return self.err.get(timeout=PATIENCE)

    def url(self) -> str:
        """The services address of the next readiness line."""
        return self.line().removeprefix("serving ")

    def status(self) -> int:
        """The exit status, waited for."""
        status = self.process.wait(timeout=PATIENCE)
        for reader in self._readers:
            reader.join(timeout=PATIENCE)
        return status

    def rest_of(self, lines: queue.Queue[str]) -> list[str]:
        """What was said and not yet read, once the process has ended."""
        return [lines.get_nowait() for _ in range(lines.qsize())]

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.status()
        for stream in self._streams:
            stream.close()


Start = Callable[..., Running]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts `python <words>` in an empty folder, with extra variables; killed at the test's end."""
    started: list[Running] = []

    def start_process(*words: str | Path, **environment: str) -> Running:
        folder = tmp_path / "empty"
        folder.mkdir(exist_ok=True)
        running = Running([sys.executable, *map(str, words)], environment, folder)
        started.append(running)
        return running

    yield start_process
    for running in started:
        running.close()


@pytest.fixture
def gpharness(start: Start) -> Start:
    """Starts `gpharness <words>`."""

    def start_command(*words: str | Path, **environment: str) -> Running:
        return start("-m", "gpharness", *words, **environment)

    return start_command


@pytest.fixture(scope="session")
def checkout() -> Path:
    """The root of the source tree."""
    return CHECKOUT
