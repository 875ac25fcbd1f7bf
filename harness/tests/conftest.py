"""Running the `gpharness` command and the examples as a user does: as processes, watched by their lines.

Where the process itself is no matter, `told` runs a command within this one, and `services` is a server of
this process: a start of Python takes longer than most tests.
"""

from __future__ import annotations

import os
import queue
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, NamedTuple, NoReturn

import anyio
import pytest
from gp_client.clocks import SystemClock
from gp_mockserver import serve
from gp_mockserver.builtin.builtin_site import builtin_site
from gp_mockserver.lifecycle.clocks import JumpingClock

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


class Told(NamedTuple):
    """How a command ended, and its lines."""

    status: int
    out: list[str]
    err: list[str]


Tell = Callable[..., Told]


@pytest.fixture
def told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Tell:
    """Runs `gpharness <words>` in this process, in an empty folder, with extra variables, to its end."""

    def leave(status: int) -> NoReturn:
        sys.exit(status)

    def tell(*words: str | Path, **environment: str) -> Told:
        from gpharness import command_line

        folder = tmp_path / "empty"
        folder.mkdir(exist_ok=True)
        with monkeypatch.context() as patch:
            patch.chdir(folder)
            for name in [name for name in os.environ if name.startswith("GPHARNESS_")]:
                patch.delenv(name)
            for name, value in environment.items():
                patch.setenv(name, value)
            patch.setattr("gpharness.leaving.leave", leave)  # which would end the tests, too
            with pytest.raises(SystemExit) as ended:
                command_line.main([*map(str, words)], prog_name="gpharness")
        said = capsys.readouterr()
        return Told(int(ended.value.code or 0), said.out.splitlines(), said.err.splitlines())

    return tell


@pytest.fixture(scope="session")
def services() -> Iterator[str]:
    """The services address of the built-in site, on a clock on which nobody waits."""
    with serve(builtin_site(clock=JumpingClock())) as server:
        yield f"{server.url}/rest/services"


@pytest.fixture(scope="session")
def slow_services() -> Iterator[str]:
    """The same on the real clock, by which a job that never ends goes on."""
    with serve(builtin_site()) as server:
        yield f"{server.url}/rest/services"


@pytest.fixture
def no_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """What clients wait between two requests is over at once, as it is on the clock of `services`."""

    async def sleep_async(clock: SystemClock, seconds: float) -> None:
        await anyio.sleep(0)

    monkeypatch.setattr(SystemClock, "sleep", lambda clock, seconds: None)
    monkeypatch.setattr(SystemClock, "sleep_async", sleep_async)


@pytest.fixture(scope="session")
def checkout() -> Path:
    """The root of the source tree."""
    return CHECKOUT
