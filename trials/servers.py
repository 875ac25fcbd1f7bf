"""Starting a server under trial, watching its memory and its log, ending it by a signal."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit

ROOT = Path(__file__).parents[1]
ENDS_WITHIN = 30.0
MEGABYTE = 1_000_000
LINES_OF_A_TRACEBACK = 40


@dataclass(slots=True)
class Server:
    """A server in a process of its own; all that it writes to stderr is kept in a file."""

    process: subprocess.Popen[str]
    url: str
    log: IO[bytes]

    @property
    def port(self) -> int:
        port = urlsplit(self.url).port
        assert port is not None
        return port

    def resident(self) -> float:
        """Megabytes of memory in use now."""
        return self._status("VmRSS")

    def peak(self) -> float:
        """Megabytes of memory in use at most since the start or `forget_peak`."""
        return self._status("VmHWM")

    def forget_peak(self) -> None:
        Path(f"/proc/{self.process.pid}/clear_refs").write_text("5", encoding="ascii")

    def _status(self, name: str) -> float:
        for line in Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii").splitlines():
            if line.startswith(f"{name}:"):
                return int(line.split()[1]) * 1024 / MEGABYTE
        raise RuntimeError(f"the server has ended: {self.lines()[-5:]}")

    def lines(self) -> list[str]:
        """What it has written to stderr."""
        self.log.seek(0)
        return self.log.read().decode(errors="replace").splitlines()

    def tracebacks(self) -> list[str]:
        """Each traceback with the line before it and the lines after it."""
        lines = self.lines()
        found = [number for number, line in enumerate(lines) if line.startswith("Traceback")]
        return ["\n".join(lines[max(0, number - 1) : number + LINES_OF_A_TRACEBACK]) for number in found]

    def end(self) -> int:
        """SIGTERM; the exit status."""
        self.process.terminate()
        return self.process.wait(ENDS_WITHIN)


@contextlib.contextmanager
def started(command: Sequence[str]) -> Iterator[Server]:
    """A server whose first line of stdout ends with its address; killed at the end if it still runs."""
    if sys.platform != "linux":
        raise SystemExit("the trials read the server's memory from /proc: run them on Linux")
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(
            [sys.executable, *command],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            server = Server(process, line.split()[-1] if line else "", log)
            if not line:
                raise RuntimeError(f"the server did not start: {server.lines()[-5:]}")
            yield server
        finally:
            if process.poll() is None:
                process.kill()
            process.wait()
            if process.stdout is not None:
                process.stdout.close()


def trial_server(**settings: object) -> contextlib.AbstractContextManager[Server]:
    """The built-in site with the settings of `trials.server_process`."""
    return started(["-m", "trials.server_process", json.dumps(settings)])
