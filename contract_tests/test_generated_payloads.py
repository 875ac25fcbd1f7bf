"""Tasks run with generated inputs: each answer keeps to the protocol, the client reads each result, and
inputs with a fault are refused."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from functools import partial
from typing import Any

import httpx
import pytest
from gp_client import GPClient, SharedClock
from gp_client.clocks import SystemClock
from gp_client.errors import JobError, JobFailed, JobTimedOut, ServerError
from gp_client.sessions import Settings
from gp_client.wire.httpx_transports import HTTPXTransport
from gp_mockserver.lifecycle.clocks import JumpingClock
from gp_mockserver.sites import Site
from gp_protocol.descriptions.descriptors import Task
from gp_protocol.job_states import FINAL, JobStatus, check_sequence
from gpharness.checking.bodies import KINDS, check_body
from gpharness.findings.findings import is_failure
from gpharness.in_process import SiteTransport
from gpharness.probing.exchanges import Exchange
from gpharness.probing.observed_transport import ObservedTransport
from gpharness.strategies import InputFault, can_be_wrong, inputs, nearly_valid_inputs, sites
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

ROOT = "https://gis.example.com"


def few(server: Any) -> settings:
    """So many runs of a task: of a real server three, which take their time."""
    return settings(
        max_examples=15 if server.is_mock else 3,
        deadline=None,
        database=None,
        derandomize=False,
        suppress_health_check=[HealthCheck.too_slow],
    )


class Asked:
    """A client whose every answer is kept."""

    def __init__(self, server: Any) -> None:
        self._carrier = HTTPXTransport(None, largest_answer=Settings().largest_answer)
        self.transport = ObservedTransport(self._carrier, server.root, SystemClock())
        clock = SharedClock() if server.is_mock else SystemClock()
        self.client = GPClient(server.root, http=self.transport, token=server.token, clock=clock)
        self._tasks: dict[str, tuple[Task, float | None]] = {}

    def described(self, path: str) -> tuple[Task, float | None]:
        if path not in self._tasks:
            told = self.client.task(path).describe()
            self._tasks[path] = told.descriptor, told.version
        return self._tasks[path]

    def taken(self) -> list[Exchange]:
        """The answers since it was last asked for them."""
        found = list(self.transport.exchanges)
        self.transport.exchanges.clear()
        return found

    def close(self) -> None:
        self._carrier.close()


@pytest.fixture(scope="module")
def asked(runs: Any) -> Iterator[Asked]:
    found = Asked(runs)
    yield found
    found.close()


@pytest.fixture(scope="module")
def paths(runs: Any) -> tuple[str, ...]:
    if not runs.tasks:
        pytest.skip(
            "no task was named: --gp-task FOLDER/SERVICE/TASK says which are run with generated inputs"
        )
    return tuple(runs.tasks)


def check(exchanges: list[Exchange], task: Task) -> None:
    """Hold each answer of a run to the protocol, and the job's states to their table."""
    statuses: list[str] = []
    submitted: Mapping[str, str] = {}
    for each in exchanges:
        if each.operation not in KINDS:
            continue
        if each.operation == "submit":
            submitted = each.parameters
        checked = check_body(
            each.body,
            each.operation,
            task=task,
            asked={**submitted, **each.parameters},
            headers=each.headers,
            job_id=each.job_id,
        )
        wrong = [found for found in checked.findings if is_failure([found])]
        assert not wrong, f"{each.operation} {each.url}: {wrong}"
        if each.operation == "job" and checked.kind == "job":
            statuses.append(checked.value["jobStatus"])
    check_sequence(statuses)


def for_each(drawn: st.SearchStrategy[Any], act: Callable[[Any], None], runs: Any, path: str) -> None:
    """Do something with some of what is drawn; a failure says for which task."""

    @seed(runs.seed)
    @few(runs)
    @given(drawn)
    def holds(example: Any) -> None:
        act(example)

    try:
        holds()
    except Exception as error:
        error.add_note(path)
        raise


def test_every_task_runs_and_every_answer_keeps_to_the_protocol(
    runs: Any, paths: tuple[str, ...], asked: Asked
) -> None:
    for path in paths:
        task, version = asked.described(path)

        def holds(texts: dict[str, str], path: str, task: Task) -> None:
            asked.taken()
            try:
                result = asked.client.task(path).run(texts)
            except (JobError, ServerError):
                # A tool may fail on values that its descriptor allows; the mock's do not.
                assert not runs.is_mock
            else:
                assert set(result) <= {each.name for each in task.outputs}
            check(asked.taken(), task)

        for_each(inputs(task, version=version), partial(holds, path=path, task=task), runs, path)


def test_inputs_with_a_fault_are_refused_or_fail(runs: Any, paths: tuple[str, ...], asked: Asked) -> None:
    with httpx.Client(timeout=60, verify=not runs.is_mock) as http:
        for path in paths:
            task, version = asked.described(path)
            if not can_be_wrong(task, version=version):
                continue

            def holds(wrong: tuple[dict[str, str], InputFault], url: str, task: Task) -> None:
                texts, fault = wrong
                said = outcome(http, url, task, texts, runs)
                assert said is not None, f"{fault} was accepted"
                if runs.is_mock:
                    assert fault.parameter in said

            act = partial(holds, url=asked.client.task(path).url, task=task)
            for_each(nearly_valid_inputs(task, version=version), act, runs, path)


def outcome(http: httpx.Client, url: str, task: Task, texts: dict[str, str], runs: Any) -> str | None:
    """What a server says against inputs, at once or by the end of their job; None if it runs with them."""
    verb = "submitJob" if task.execution_type.value.endswith("Asynchronous") else "execute"
    credentials = {"token": runs.token} if runs.token else {}
    answer = http.post(f"{url}/{verb}", data={**texts, **credentials, "f": "json"}).json()
    for _ in range(300):
        if "error" in answer or "jobId" not in answer:
            break
        if JobStatus(answer["jobStatus"]) in FINAL:
            return None if answer["jobStatus"] == JobStatus.SUCCEEDED else str(answer)
        SystemClock().sleep(runs.pause)
        answer = http.get(f"{url}/jobs/{answer['jobId']}", params={**credentials, "f": "json"}).json()
    return str(answer["error"]) if "error" in answer else None


def any_task(site: Site) -> st.SearchStrategy[tuple[Site, str, dict[str, str]]]:
    tasks = [task for service in site.services.values() for task in service.tasks.values()]
    return st.sampled_from(tasks).flatmap(
        lambda task: st.tuples(
            st.just(site), st.just(task.path), inputs(task.descriptor, version=site.own_profile)
        )
    )


@given(
    sites(clock=JumpingClock, endings=(JobStatus.SUCCEEDED, JobStatus.FAILED, JobStatus.TIMED_OUT)).flatmap(
        any_task
    )
)
@settings(max_examples=40)
def test_any_mock_answers_any_of_its_inputs_by_the_protocol(drawn: tuple[Site, str, dict[str, str]]) -> None:
    site, path, texts = drawn
    with httpx.Client(transport=SiteTransport(site, ROOT)) as http:
        carrier = HTTPXTransport(http, largest_answer=Settings().largest_answer)
        transport = ObservedTransport(carrier, f"{ROOT}/arcgis", SystemClock())
        client = GPClient(f"{ROOT}/arcgis", http=transport, clock=SharedClock())
        with suppress(JobFailed, JobTimedOut):  # as the timeline has it
            client.task(path).run(texts)
        check(transport.exchanges, site.find_task(path).descriptor)
