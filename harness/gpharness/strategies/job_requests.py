"""The requests of a client that knows nothing but the addresses of a task and its jobs."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final, Union

import httpx
import msgspec
from gp_client.clocks import Advance
from gp_client.wire.addresses import services_root, task_url
from gp_protocol.descriptions.descriptors import ExecutionType, Task, parse_service, parse_task
from gp_protocol.errors import ProtocolError
from gp_protocol.versions import Profile, profile

from gpharness.strategies.job_model import Departure

if TYPE_CHECKING:
    from gp_mockserver.lifecycle.clocks import JumpingClock, ManualClock
    from gp_mockserver.sites import Site

Target = Union[str, httpx.BaseTransport, "Site", "Callable[[], Site]"]
"""A server's address, a transport that leads to it, a mock's site, or what makes one anew for each run."""

NOWHERE: Final = "https://gis.example.com/arcgis"
"""The address of a server that is asked by a transport of its own."""
_TIMEOUT: Final = 30.0


class Opened(msgspec.Struct, frozen=True):
    """A server for one run. `advance` moves its time, if that can be moved."""

    task_url: str
    transport: httpx.BaseTransport | None
    advance: Advance | None
    pause: float
    token: str

    def wait(self, seconds: float) -> None:
        """Let so many seconds pass on the server's clock, or the pause in real time."""
        if self.advance is not None:
            self.advance(seconds)
        elif self.pause:
            time.sleep(self.pause)

    def client(self) -> httpx.Client:
        """A client with connections of its own."""
        if self.transport is None:
            return httpx.Client(timeout=_TIMEOUT)
        return httpx.Client(transport=_Shared(self.transport), timeout=_TIMEOUT)


class _Shared(httpx.BaseTransport):
    """A transport that several clients use: none of them closes it."""

    def __init__(self, transport: httpx.BaseTransport) -> None:
        self._transport = transport

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        return self._transport.handle_request(request)


class JobTarget:
    """A task of a server, whose descriptor it reads. Raises as `job_machine` does."""

    def __init__(
        self,
        target: Target,
        task: str,
        *,
        clock: ManualClock | JumpingClock | Advance | None,
        pause: float,
        token: str,
    ) -> None:
        self._target = target
        self._path = task
        self._clock = clock
        self._pause = pause
        self._token = token
        self.is_shared = isinstance(target, str | httpx.BaseTransport)
        asker = JobAsker(self.opened())
        try:
            self.task, self.version = _described(asker, task)
        finally:
            asker.close()

    def opened(self) -> Opened:
        """The server of one run."""
        target = self._target
        clock = self._clock
        transport: httpx.BaseTransport | None = None
        if isinstance(target, str):
            root = services_root(target)
        elif isinstance(target, httpx.BaseTransport):
            root, transport = NOWHERE, target
        else:
            from gpharness.in_process import SiteTransport

            site = target() if callable(target) else target
            root = f"https://gis.example.com/{site.context}"
            transport = SiteTransport(site)
            clock = clock if clock is not None else site.clock  # type: ignore[assignment]
        advance = getattr(clock, "advance", clock if callable(clock) else None)
        service, _, label = self._path.rpartition("/")
        return Opened(task_url(root, service, label), transport, advance, self._pause, self._token)


def _described(asker: JobAsker, path: str) -> tuple[Task, Profile | None]:
    answer = asker.ask("GET", "")
    if is_error(answer):
        raise ValueError(f"task {path!r}: met an error, {_error_text(answer)}; expected its descriptor")
    service = asker.ask("GET", "/..")
    try:
        told = parse_service({} if is_error(service) else service)
        task = parse_task(answer, told.execution_type)
        version = profile(told.current_version) if told.current_version else None
    except ProtocolError as error:
        raise ValueError(f"task {path!r}: its descriptor cannot be read: {error}") from None
    if task.execution_type is not ExecutionType.ASYNCHRONOUS:
        raise ValueError(
            f"task {path!r} is synchronous: it has no jobs; give a task of an asynchronous service"
        )
    return task, version


class JobAsker:
    """One client. All methods answer JSON, an error envelope too, and raise Departure for anything else."""

    def __init__(self, place: Opened) -> None:
        self._place = place
        self._http = place.client()

    def close(self) -> None:
        self._http.close()

    def submit(self, texts: Mapping[str, str]) -> Any:
        return self.ask("POST", "/submitJob", texts)

    def job(self, job_id: str) -> Any:
        return self.ask("GET", f"/jobs/{job_id}")

    def cancel(self, job_id: str) -> Any:
        return self.ask("POST", f"/jobs/{job_id}/cancel")

    def part(self, job_id: str, which: str, name: str) -> Any:
        """A result or an input."""
        return self.ask("GET", f"/jobs/{job_id}/{which}/{name}")

    def ask(self, method: str, below: str, given: Mapping[str, str] | None = None) -> Any:
        """The answer of an address below the task's."""
        parameters = {**(given or {}), "f": "json"}
        if self._place.token:
            parameters["token"] = self._place.token
        url = self._place.task_url.rpartition("/")[0] if below == "/.." else f"{self._place.task_url}{below}"
        if method == "GET":
            answer = self._http.get(url, params=parameters)
        else:
            answer = self._http.post(url, data=parameters)
        try:
            return msgspec.json.decode(answer.content)
        except ValueError:
            kind = answer.headers.get("content-type", "no content type")
            raise Departure(f"{method} {below}", f"status {answer.status_code}, {kind}", "JSON") from None


def is_error(answer: Any) -> bool:
    """Whether an answer is an error envelope."""
    return isinstance(answer, Mapping) and ("error" in answer or answer.get("status") == "error")


def _error_text(answer: Any) -> str:
    error = answer.get("error")
    return str(error.get("message") if isinstance(error, Mapping) else error)[:200]
