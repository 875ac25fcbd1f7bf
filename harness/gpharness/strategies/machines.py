"""A stateful test of a server's jobs: several clients submit, poll, cancel and fetch in any order.

    TestJobs = job_machine("http://127.0.0.1:8585/arcgis", "WorldViewshed/viewshed").TestCase

Each step is one request of plain HTTP, not of the reference client, which would put right or refuse what a
server gets wrong. Every answer is held to the model of `gpharness.strategies.job_model`; the failure prints
the whole conversation as numbered steps, shrunk to the shortest that departs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, ClassVar, Final

import httpx
from gp_client.clocks import Advance
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, precondition, rule

from gpharness.strategies.drawn_inputs import inputs as usual_inputs
from gpharness.strategies.job_model import Departure, JobBook, KnownJob
from gpharness.strategies.job_requests import JobAsker, JobTarget, Target, is_error

if TYPE_CHECKING:
    from gp_mockserver.lifecycle.clocks import JumpingClock, ManualClock

_CLIENTS: Final = "ABCDEFGHIJ"
_MOST_JOBS: Final = 5
_NO_JOB: Final = "j00000000000000000000000000000000"


class JobMachine(RuleBasedStateMachine):
    """The machine without its rules: `job_machine` makes one for a server and a task."""

    at: ClassVar[JobTarget]
    clients: ClassVar[int]

    def __init__(self) -> None:
        super().__init__()
        self.place = self.at.opened()
        self.askers = [JobAsker(self.place) for _ in range(self.clients)]
        self.book = JobBook(self.at.task)
        self.steps: list[str] = []
        """The conversation so far, a line each."""

    def step(self, client: int, does: str) -> None:
        """Note what a client is about to ask."""
        self.steps.append(f"client {_CLIENTS[client]} {does}")

    def saw(self, answer: Any) -> None:
        """Note what came back."""
        self.steps[-1] += f": {told(answer)}"

    @contextmanager
    def telling(self) -> Iterator[None]:
        """Put the conversation into what the model says."""
        try:
            yield
        except Departure as departure:
            departure.steps = tuple(self.steps)
            raise

    def teardown(self) -> None:
        """Leave no job running at a server that others use, too."""
        if self.at.is_shared:
            for job in self.book.jobs:
                if not job.is_over:
                    with suppress(httpx.HTTPError, Departure):
                        self.askers[0].cancel(job.id)
        for asker in self.askers:
            asker.close()


def told(answer: Any) -> str:
    """An answer in a few words."""
    if is_error(answer):
        error = answer.get("error")
        code = error.get("code") if isinstance(error, Mapping) else None
        return f"error {code}" if code is not None else "an error"
    if isinstance(answer, Mapping) and "jobStatus" in answer:
        more = [f"jobId {answer.get('jobId')}"]
        if answer.get("results"):
            more.append(f"results {', '.join(map(str, answer['results']))}")
        if messages := answer.get("messages"):
            more.append(f"{len(messages)} messages")
        return f"{answer['jobStatus']} ({'; '.join(more)})"
    return "a value" if isinstance(answer, Mapping) and "value" in answer else str(answer)[:100]


def job_machine(
    target: Target,
    task: str,
    *,
    clients: int = 2,
    clock: ManualClock | JumpingClock | Advance | None = None,
    inputs: st.SearchStrategy[Mapping[str, str]] | None = None,
    pause: float = 0.5,
    token: str = "",
) -> type[JobMachine]:
    """A machine for a task, `Folder/Service/Label`, of the server at an address or behind a transport.

    `target` may also be a mock's Site, or a function that makes one: then each run has a server of its own,
    and a failure can be repeated exactly. The task's descriptor is read at once. Between steps time passes on
    `clock`, or on the site's where that can be moved, else for `pause` seconds of real time. `inputs` are the
    texts to submit, made from the descriptor unless given. Requests carry `token` where there is one.

    `job_machine(…).TestCase` is a test for pytest and unittest; `run_state_machine_as_test` runs it with
    settings of your own. Jobs that are still running at the end are cancelled.

    Raises httpx.HTTPError for a server that cannot be asked, ValueError for a task that has no jobs, that is
    not there, or whose inputs cannot be made.
    """
    if not 1 <= clients <= len(_CLIENTS):
        raise ValueError(f"clients: met {clients}, expected 1 to {len(_CLIENTS)}")
    found = JobTarget(target, task, clock=clock, pause=pause, token=token)
    chosen = usual_inputs(found.task, version=found.version) if inputs is None else inputs
    machine = _machine(found, clients, chosen)
    machine.__name__ = machine.__qualname__ = "JobMachine"
    machine.TestCase.settings = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
    return machine


def _machine(found: JobTarget, count: int, chosen: st.SearchStrategy[Mapping[str, str]]) -> type[JobMachine]:
    who = st.integers(0, count - 1)
    outputs = [each.name for each in found.task.outputs]
    given = [each.name for each in found.task.inputs]

    class Machine(JobMachine):
        at = found
        clients = count
        jobs: ClassVar[Bundle[KnownJob]] = Bundle("jobs")

        @precondition(lambda self: len(self.book.jobs) < _MOST_JOBS)
        @rule(target=jobs, client=who, texts=chosen)
        def submit(self, client: int, texts: Mapping[str, str]) -> KnownJob:
            self.step(client, f"submits {dict(texts)}")
            with self.telling():
                answer = self.askers[client].submit(texts)
                self.saw(answer)
                job = self.book.submitted(answer)
            self.steps[-1] += f" is {job.name}"
            return job

        @rule(client=who, job=jobs)
        def poll(self, client: int, job: KnownJob) -> None:
            self.step(client, f"polls {job.name}")
            with self.telling():
                answer = self.askers[client].job(job.id)
                self.saw(answer)
                self.book.polled(job, answer)

        @rule(client=who, job=jobs)
        def cancel(self, client: int, job: KnownJob) -> None:
            self.step(client, f"cancels {job.name}")
            with self.telling():
                answer = self.askers[client].cancel(job.id)
                self.saw(answer)
                self.book.cancelled(job, answer, refused=is_error(answer))

        if outputs:

            @rule(client=who, job=jobs, name=st.sampled_from(outputs))
            def fetch_result(self, client: int, job: KnownJob, name: str) -> None:
                self.step(client, f"fetches result {name} of {job.name}")
                with self.telling():
                    answer = self.askers[client].part(job.id, "results", name)
                    self.saw(answer)
                    self.book.fetched(job, name, answer, refused=is_error(answer))

        if given:

            @rule(client=who, job=jobs, name=st.sampled_from(given))
            def fetch_input(self, client: int, job: KnownJob, name: str) -> None:
                self.step(client, f"fetches input {name} of {job.name}")
                with self.telling():
                    answer = self.askers[client].part(job.id, "inputs", name)
                    self.saw(answer)
                    self.book.fetched_input(job, name, answer, refused=is_error(answer))

        @rule(client=who)
        def ask_for_no_job(self, client: int) -> None:
            self.step(client, "polls a job that nobody submitted")
            with self.telling():
                answer = self.askers[client].job(_NO_JOB)
                self.saw(answer)
                if not is_error(answer):
                    raise Departure("a job that nobody submitted", told(answer), "an error")

        @rule(seconds=st.integers(1, 10))
        def wait(self, seconds: int) -> None:
            self.steps.append(f"{seconds} seconds pass" if self.place.advance else "a pause")
            self.place.wait(seconds)

    return Machine
