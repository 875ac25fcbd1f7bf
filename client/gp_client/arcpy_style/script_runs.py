"""What one run of an ArcPy script has: its arguments, environments, messages and toolboxes.

There is always a current run, which the functions of the façade act on. `script_run` makes a fresh one for
as long as a block lasts, as a test or `gpharness arcpy` does.
"""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from gp_protocol.messages import Message

from gp_client.arcpy_style.environments import DEFAULTS
from gp_client.arcpy_style.toolbox_addresses import SERVER_VARIABLE, ToolboxAddress

if TYPE_CHECKING:
    from gp_protocol.values.feature_sets import FeatureSet, RecordSet

    from gp_client.arcpy_style.tools import Toolbox
    from gp_client.clients import GPClient, Job
    from gp_client.clocks import Clock

DRIVES_VARIABLE = "GPHARNESS_ARCPY_DRIVES"


class Talks(Protocol):
    """What has messages: a result."""

    def _messages(self) -> Sequence[Message]: ...


class ScriptRun:
    """The state of one run.

    `server` is the server for addresses that name none, and for all of them where it stands `instead`.
    `drives` is the folder that stands for the drives of Windows: `c:/data/a.shp` is `<drives>/c/data/a.shp`.
    `arguments` are those of the script; None: whatever `sys.argv` says. `client_options` go to each client.
    """

    def __init__(
        self,
        *,
        server: str | None = None,
        instead: bool = False,
        arguments: Sequence[str] | None = None,
        drives: str | Path | None = None,
        clock: Clock | None = None,
        **client_options: Any,
    ) -> None:
        self._server = server
        self._arguments = arguments
        self._drives = drives
        self._clock = clock
        self._client_options = client_options
        self._clients: dict[tuple[Any, ...], GPClient] = {}
        self._scratch: tempfile.TemporaryDirectory[str] | None = None
        self.instead = instead
        self.environments: dict[str, Any] = dict(DEFAULTS)
        self.toolboxes: dict[str, Toolbox] = {}
        self.memory: dict[str, FeatureSet | RecordSet] = {}
        self.outputs: dict[int, str] = {}
        self.added: list[Message] = []
        self.last: Talks | None = None
        self.running: list[Job] = []

    @property
    def server(self) -> str | None:
        return self._server or os.environ.get(SERVER_VARIABLE) or None

    @property
    def drives(self) -> Path | None:
        given = self._drives or os.environ.get(DRIVES_VARIABLE)
        return Path(given) if given else None

    @property
    def clock(self) -> Clock:
        if self._clock is None:
            from gp_client.clocks import SystemClock

            self._clock = SystemClock()
        return self._clock

    @property
    def arguments(self) -> Sequence[str]:
        return sys.argv[1:] if self._arguments is None else self._arguments

    def client(self, address: ToolboxAddress) -> GPClient:
        """The client for a server and whoever signs in there."""
        from gp_client.clients import GPClient

        who = (address.user, address.password, address.token, address.referer)
        known = self._clients.get((address.root, *who))
        if known is None:
            known = GPClient(
                address.root,
                user=address.user,
                password=address.password,
                token=address.token,
                referer=address.referer,
                clock=self.clock,
                **self._client_options,
            )
            self._clients[(address.root, *who)] = known
        return known

    def messages(self) -> Sequence[Message]:
        """Those of the last tool, and what the script has added since."""
        told = self.last._messages() if self.last is not None else ()
        return (*told, *self.added)

    def begin_tool(self) -> None:
        self.last = None
        self.added.clear()

    def scratch_folder(self) -> Path:
        """Where files go that services make: `env.scratchWorkspace` where that is a folder, else a folder
        that is gone at the run's end."""
        given = self.environments["scratchWorkspace"]
        if given:
            from gp_client.arcpy_style.dataset_paths import file_path

            folder = file_path(str(given))
            if not folder.name.lower().endswith((".gdb", ".gpkg")):
                folder.mkdir(parents=True, exist_ok=True)
                return folder
        if self._scratch is None:
            self._scratch = tempfile.TemporaryDirectory(prefix="arcpy-")
        return Path(self._scratch.name)

    def left_after_cancelling(self) -> list[Job]:
        """Ask every job that has not ended, as far as it is known, to end; those that may go on."""
        left = [job for job in self.running if not _has_ended(job) and not _cancelled(job)]
        self.running.clear()
        return left

    def add_job(self, job: Job) -> None:
        """Keep a job in mind until it has ended."""
        self.running = [each for each in self.running if not _has_ended(each)]
        self.running.append(job)

    def close(self) -> None:
        """Close its connections and remove its scratch folder."""
        for client in self._clients.values():
            client.close()
        self._clients.clear()
        if self._scratch is not None:
            self._scratch.cleanup()
            self._scratch = None


def _has_ended(job: Job) -> bool:
    return job.state is not None and job.state.is_final


def _cancelled(job: Job) -> bool:
    """Whether a job is about to end: it was asked to, now or before."""
    from gp_protocol.job_states import JobStatus

    from gp_client.errors import GPError

    try:
        job.cancel()
    except GPError:
        try:
            state = job.refresh()
        except GPError:
            return False
        return state.is_final or state.status is JobStatus.CANCELLING
    return True


_runs: list[ScriptRun] = []


def current() -> ScriptRun:
    """The run that the façade acts on: the innermost `script_run`, else that of the process."""
    if not _runs:
        import atexit

        _runs.append(ScriptRun())
        atexit.register(_runs[0].close)
    return _runs[-1]


@contextlib.contextmanager
def script_run(**options: Any) -> Iterator[ScriptRun]:
    """A run of its own for as long as the block lasts; the options are those of ScriptRun."""
    run = ScriptRun(**options)
    current()
    _runs.append(run)
    try:
        yield run
    finally:
        _runs.remove(run)
        run.close()
