"""A stateful test of a server's jobs: several clients submit, poll, cancel and fetch in any order.

    TestJobs = job_machine("http://127.0.0.1:8585/arcgis", "WorldViewshed/viewshed").TestCase

Each step is one request of plain HTTP, not of the reference client, which would put right or refuse what a
server gets wrong. Every answer is held to the model of `gpharness.strategies.job_model`; the failure prints
the whole conversation as numbered steps, shrunk to the shortest that departs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, ClassVar, Final

import httpx
from gp_client.clocks import Advance
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from gpharness.strategies.drawn_inputs import inputs as usual_inputs
from gpharness.strategies.job_model import Departure, JobBook, KnownJob
from gpharness.strategies.job_requests import JobAsker, JobTarget, Target, is_error

if TYPE_CHECKING:
    from gp_mockserver.lifecycle.clocks import JumpingClock, ManualClock

_CLIENTS: Final = "ABCDEFGHIJ"
_MOST_JOBS: Final = 5
_MOST_NAMES: Final = 5
_MOST_RUNNING: Final = 2
_INTEREST: Final = 3
_SECONDS: Final = st.sampled_from((0, 0, 1, 1, 2))
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
        self.waiting = 0
        """Seconds since the last request."""

    def saw(self, answer: Any) -> None:
        """Note what came back."""
        self.steps[-1] += f": {told(answer)}"

    @contextmanager
    def asking(self, client: int, does: str) -> Iterator[None]:
        """Note what a client is about to ask; put the conversation into what the model says of the answer."""
        self.steps.append(f"client {_CLIENTS[client]} {does}")
        self.waiting = 0
        try:
            yield
        except Departure as departure:
            departure.steps = tuple(self.steps)
            raise

    def submitted(self, client: int, texts: Mapping[str, str]) -> KnownJob:
        """Submit a job."""
        with self.asking(client, f"submits {dict(texts)}"):
            answer = self.askers[client].submit(texts)
            self.saw(answer)
            job = self.book.submitted(answer)
        self.steps[-1] += f" is {job.name}"
        return job

    def polled(self, client: int, job: KnownJob) -> None:
        """Poll a job."""
        with self.asking(client, f"polls {job.name}"):
            answer = self.askers[client].job(job.id)
            self.saw(answer)
            self.book.polled(job, answer)

    def polled_nothing(self, client: int) -> None:
        """Poll a job that is not there."""
        with self.asking(client, "polls a job that nobody submitted"):
            answer = self.askers[client].job(_NO_JOB)
            self.saw(answer)
            if not is_error(answer):
                raise Departure("a job that nobody submitted", told(answer), "an error")

    def fetched(self, client: int, job: KnownJob, name: str) -> None:
        """Fetch a result."""
        with self.asking(client, f"fetches result {name} of {job.name}"):
            answer = self.askers[client].part(job.id, "results", name)
            self.saw(answer)
            self.book.fetched(job, name, answer, refused=is_error(answer))

    def waited(self, seconds: int) -> None:
        """Let time pass, if it is any."""
        if not seconds:
            return
        if self.waiting:
            del self.steps[-1]
        self.waiting += seconds
        passed = f"{self.waiting} second{'s' * (self.waiting > 1)} later" if self.place.advance else "a pause"
        self.steps.append(passed)
        self.place.wait(seconds)

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
            names = [str(name) for name in answer["results"]]
            rest = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
            more.append(f"results {', '.join(names[:_MOST_NAMES])}{rest}")
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

    Each run begins with a job, has five at most and mostly asks about those that run or have just ended.
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


@st.composite
def _some_job(
    draw: st.DrawFn, likely: Callable[[KnownJob], bool], *, or_none: bool = False
) -> KnownJob | None:
    """A job, mostly a likely one."""
    jobs: list[KnownJob] = draw(st.runner()).book.jobs
    often = [job for job in jobs if likely(job)] * _INTEREST
    return draw(st.sampled_from([*often, *jobs, *[None] * or_none]))


def _is_watched(job: KnownJob) -> bool:
    return not job.is_settled


def _is_over(job: KnownJob) -> bool:
    return job.is_over


def _machine(found: JobTarget, count: int, chosen: st.SearchStrategy[Mapping[str, str]]) -> type[JobMachine]:
    who = st.integers(0, count - 1)
    outputs = [each.name for each in found.task.outputs]
    of_a_result = st.sampled_from(outputs) if outputs else st.nothing()
    given = [each.name for each in found.task.inputs]

    class Machine(JobMachine):
        at = found
        clients = count

        @initialize(client=who, texts=chosen)
        def submit_first(self, client: int, texts: Mapping[str, str]) -> None:
            self.submitted(client, texts)

        @precondition(
            lambda self: len(self.book.jobs) < _MOST_JOBS and len(self.book.unsettled) < _MOST_RUNNING
        )
        @rule(client=who, texts=chosen)
        def submit(self, client: int, texts: Mapping[str, str]) -> None:
            self.submitted(client, texts)

        @rule(client=who, job=_some_job(_is_watched, or_none=True))
        def poll(self, client: int, job: KnownJob | None) -> None:
            if job is None:
                self.polled_nothing(client)
            else:
                self.polled(client, job)

        @precondition(lambda self: self.book.unsettled)
        @rule(
            job=_some_job(_is_watched),
            looks=st.lists(st.tuples(who, _SECONDS, st.none() | of_a_result), min_size=2, max_size=5),
        )
        def watch(self, job: KnownJob, looks: list[tuple[int, int, str | None]]) -> None:
            """Several polls in a row, by any clients, with so many seconds and maybe a result after each."""
            for client, seconds, result in looks:
                self.polled(client, job)
                self.waited(seconds)
                if result is not None:
                    self.fetched(client, job, result)

        @rule(
            client=who,
            job=_some_job(_is_watched),
            after=_SECONDS,
            polls=st.lists(who, min_size=1, max_size=3),
        )
        def cancel(self, client: int, job: KnownJob, after: int, polls: list[int]) -> None:
            self.waited(after)
            with self.asking(client, f"cancels {job.name}"):
                answer = self.askers[client].cancel(job.id)
                self.saw(answer)
                self.book.cancelled(job, answer, refused=is_error(answer))
            for each in polls:
                self.polled(each, job)

        if outputs:

            @rule(
                by=st.lists(who, min_size=1, max_size=3),
                job=_some_job(_is_over),
                name=of_a_result,
            )
            def fetch_result(self, by: list[int], job: KnownJob, name: str) -> None:
                for client in by:
                    self.fetched(client, job, name)

        if given:

            @rule(client=who, job=_some_job(_is_over), name=st.sampled_from(given))
            def fetch_input(self, client: int, job: KnownJob, name: str) -> None:
                with self.asking(client, f"fetches input {name} of {job.name}"):
                    answer = self.askers[client].part(job.id, "inputs", name)
                    self.saw(answer)
                    self.book.fetched_input(job, name, answer, refused=is_error(answer))

        @precondition(lambda self: self.book.unsettled)
        @rule(seconds=st.sampled_from((1, 2, 10)))
        def wait(self, seconds: int) -> None:
            self.waited(seconds)

    return Machine
