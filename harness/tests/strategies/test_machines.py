"""The machine finds nothing in a server that keeps to the protocol, and what is wrong in one that departs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest
from gp_mockserver import JumpingClock, ManualClock, serve
from gp_mockserver.lifecycle.timelines import standard_timeline
from gp_mockserver.sites import Site
from gp_protocol.descriptions.descriptors import (
    Direction,
    ExecutionType,
    Parameter,
    ParameterType,
    Service,
    Task,
)
from gp_protocol.job_states import JobStatus
from gpharness.in_process import SiteTransport
from gpharness.strategies import JobMachine, job_machine, sites
from gpharness.strategies.job_model import Departure, JobBook
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import run_state_machine_as_test

QUICK = settings(
    max_examples=15,
    stateful_step_count=15,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)
FINDING = settings(QUICK, derandomize=False, phases=[Phase.generate], report_multiple_bugs=False)
ENDINGS = [JobStatus.SUCCEEDED, JobStatus.FAILED, JobStatus.TIMED_OUT, None]
TASK = Task(
    "Count",
    execution_type=ExecutionType.ASYNCHRONOUS,
    parameters=(
        Parameter("Note", "GPString", parameter_type=ParameterType.OPTIONAL),
        Parameter("Total", "GPLong", direction=Direction.OUTPUT),
    ),
)


def small_site(
    deviation: str | dict[str, Any] = "", *, ending: JobStatus | None = JobStatus.SUCCEEDED
) -> Site:
    site = Site(clock=ManualClock())
    service = site.add_service(Service("Tools", execution_type=ExecutionType.ASYNCHRONOUS))
    service.add_task(
        TASK, timeline=standard_timeline(ending=ending, submitted=1.0, waiting=1.0, executing=2.0)
    )
    if deviation:
        site.deviate(deviation)
    return site


def run(machine: type[JobMachine], how: settings = QUICK) -> None:
    run_state_machine_as_test(machine, settings=how)


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_server_that_keeps_to_the_protocol_passes(ending: JobStatus | None) -> None:
    run(job_machine(lambda: small_site(ending=ending), "Tools/Count"), settings(QUICK, max_examples=8))


LEGAL = ["submit-status-executing", "cancel-at-once", "cancel-ignored", "cancel-refused", "messages-shrink"]


@pytest.mark.parametrize("deviation", LEGAL)
def test_what_a_server_may_do_passes(deviation: str) -> None:
    run(job_machine(lambda: small_site(deviation), "Tools/Count"), settings(QUICK, max_examples=3))


def test_it_passes_over_a_socket_too_with_three_clients() -> None:
    with serve(small_site()) as server:
        site = next(iter(server.app.sites.values()))
        run(
            job_machine(server.url, "Tools/Count", clients=3, clock=site.clock),
            settings(QUICK, max_examples=3),
        )


def test_a_transport_and_a_site_are_servers_as_well() -> None:
    site = small_site()
    run(
        job_machine(SiteTransport(site), "Tools/Count", clock=site.clock),
        settings(QUICK, max_examples=3),
    )
    run(job_machine(site, "Tools/Count"), settings(QUICK, max_examples=3))


@given(sites(endings=(JobStatus.SUCCEEDED, JobStatus.FAILED)))
@settings(max_examples=5, suppress_health_check=[HealthCheck.nested_given])
def test_any_site_passes(site: Site) -> None:
    tasks = [
        task.path
        for service in site.services.values()
        for task in service.tasks.values()
        if not service.is_synchronous
    ]
    if tasks:
        run(job_machine(site, tasks[0]), settings(QUICK, max_examples=2, stateful_step_count=8))


WRONG = {
    "state-goes-back": "esriJobSubmitted after esriJobExecuting",
    "state-flips": "esriJobWaiting after esriJobExecuting",
    "succeeded-then-failed": "esriJobFailed after esriJobSucceeded",
    "succeeded-then-executing": "esriJobExecuting after esriJobSucceeded",
    "failed-then-succeeded": "esriJobSucceeded after esriJobFailed",
    "executing-with-results": "results: met some of a job that is esriJobExecuting",
    "failed-with-results": "esriJobFailed",
    "cancelled-with-results": "esriJobCancelled",
    "results-never": "results: met no Total",
    "job-id-reused": "the id of job 1 again",
    "job-vanishes": "expected a job with jobId and jobStatus",
    "job-of-someone-else": "expected its own",
    "status-unknown": "jobStatus: met",
    "output-undeclared": "expected the task's outputs, Total",
    "param-name-wrong": "paramName: met",
    "messages-reordered": "messages",
}
"""Deviations of the catalogue, and what the machine says of them."""

OWN: dict[str, tuple[dict[str, Any], str]] = {
    "the results vanish": (
        {
            "on": ["job"],
            "where": {"status": "esriJobSucceeded", "nth": "2.."},
            "do": [{"remove": "/results"}],
        },
        "results: met no Total",
    ),
    "messages vanish while a job runs": (
        {
            "on": ["job"],
            "where": {"status": "esriJobExecuting", "nth": "2.."},
            "do": [{"keep": "/messages", "n": 0}],
        },
        "messages: met [], expected",
    ),
    "messages vanish after the end": (
        {
            "on": ["job"],
            "where": {"status": "esriJobSucceeded", "nth": "2.."},
            "do": [{"keep": "/messages", "n": 0}],
        },
        "messages after its end: met []",
    ),
    "a cancel is taken and forgotten": (
        {
            "on": ["job"],
            "where": {"status": "esriJobCancelling"},
            "do": [{"set": "/jobStatus", "value": "esriJobExecuting"}],
        },
        "esriJobExecuting after esriJobCancelling",
    ),
    "a cancel is taken and not heeded": (
        {
            "on": ["cancel"],
            "where": {"status": "esriJobCancelling"},
            "do": [{"set": "/jobStatus", "value": "esriJobExecuting"}],
        },
        "cancel: met esriJobExecuting, expected esriJobCancelling",
    ),
    "a result is another one later": (
        {"on": ["result"], "where": {"nth": "2.."}, "do": [{"set": "/value", "value": -1}]},
        "expected what was there before",
    ),
}
"""Faults that the catalogue does not have, and what the machine says of them."""


def check_found(deviation: str | dict[str, Any], said: str) -> None:
    with pytest.raises(Departure) as found:
        run(seed(1)(job_machine(lambda: small_site(deviation), "Tools/Count")), FINDING)
    assert said in str(found.value)


@pytest.mark.parametrize("deviation", WRONG)
def test_fifteen_short_runs_find_what_departs(deviation: str) -> None:
    check_found(deviation, WRONG[deviation])


@pytest.mark.parametrize("fault", OWN)
def test_fifteen_short_runs_find_the_rarer_faults(fault: str) -> None:
    deviation, said = OWN[fault]
    check_found({"name": fault.replace(" ", "-"), "does": fault, **deviation}, said)


def test_the_failure_is_the_shortest_conversation_as_numbered_steps() -> None:
    with pytest.raises(Departure) as found:
        run(
            job_machine(lambda: small_site("job-id-reused"), "Tools/Count"),
            settings(QUICK, phases=[Phase.generate, Phase.shrink]),
        )
    text, first, second = str(found.value).splitlines()
    assert text == "submitJob: met the id of job 1 again, expected an id that no other job has"
    assert first.startswith("   1. client A submits {}: esriJobSubmitted (jobId j")
    assert first.endswith(" is job 1")
    assert second.startswith("   2. client A submits {}: esriJobSubmitted (jobId j")


def test_time_that_passes_without_a_request_is_one_line() -> None:
    with pytest.raises(Departure) as found:
        run(
            job_machine(lambda: small_site("state-goes-back"), "Tools/Count"),
            settings(QUICK, phases=[Phase.generate, Phase.shrink], report_multiple_bugs=False),
        )
    said = [line[6:].partition(" (")[0] for line in str(found.value).splitlines()[1:]]
    assert said == [
        "client A submits {}: esriJobSubmitted",
        "2 seconds later",
        "client A polls job 1: esriJobExecuting",
        "client A polls job 1: esriJobSubmitted",
    ]


def test_jobs_that_still_run_are_cancelled_at_a_server_that_others_use() -> None:
    site = small_site(ending=None)
    run(
        job_machine(SiteTransport(site), "Tools/Count", clock=site.clock),
        settings(QUICK, max_examples=5),
    )
    site.clock.advance(60)  # type: ignore[attr-defined]
    records = [site.store.get(job_id, site.clock.now()) for job_id in site.store.ids()]
    statuses = {record.state(site.clock.now()).status for record in records if record is not None}
    assert statuses <= {
        JobStatus.CANCELLED,
        JobStatus.EXECUTING,
    }  # a job that is submitted cannot be cancelled
    assert JobStatus.CANCELLED in statuses


def test_inputs_of_ones_own_are_submitted() -> None:
    site = small_site()
    machine = job_machine(site, "Tools/Count", inputs=st.just({"Note": "mine"}))
    run(machine, settings(QUICK, max_examples=2))
    assert {entry.parameters.get("Note") for entry in site.journal if entry.operation == "submitJob"} == {
        "mine"
    }


def no_such_task() -> type[JobMachine]:
    return job_machine(small_site(), "Tools/Cuont")


def synchronous() -> type[JobMachine]:
    from gp_mockserver.builtin.builtin_site import builtin_site

    return job_machine(builtin_site(clock=JumpingClock()), "DataTypes/Echo/Echo")


def no_clients() -> type[JobMachine]:
    return job_machine(small_site(), "Tools/Count", clients=0)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (no_such_task, "task 'Tools/Cuont': met an error"),
        (synchronous, "is synchronous: it has no jobs"),
        (no_clients, "clients: met 0, expected 1 to 10"),
    ],
)
def test_what_cannot_be_tested_is_said_at_once(make: Callable[[], object], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        make()


def test_a_server_that_nobody_runs_is_an_error_of_httpx() -> None:
    with pytest.raises(httpx.ConnectError):
        job_machine("http://127.0.0.1:9/arcgis", "Tools/Count")


# The model by itself: what it lets pass and what it does not.


def test_a_composite_is_fetched_as_what_it_holds() -> None:
    book = JobBook(Task("T", parameters=(Parameter("Any", "GPComposite", direction=Direction.OUTPUT),)))
    job = book.submitted({"jobId": "j1"})
    book.fetched(job, "Any", {"paramName": "Any", "dataType": "GPLong", "value": 5}, refused=False)


def known(*answers: dict[str, object]) -> JobBook:
    book = JobBook(TASK)
    job = book.submitted({"jobId": "j1", "jobStatus": "esriJobSubmitted"})
    for answer in answers:
        book.polled(job, {"jobId": "j1", **answer})
    return book


INFORMED = {"type": "esriJobMessageTypeInformative", "description": "a"}


def test_states_may_be_skipped_and_messages_taken_back_at_the_end() -> None:
    known(
        {"jobStatus": "esriJobExecuting", "messages": [INFORMED]},
        {
            "jobStatus": "esriJobSucceeded",
            "messages": [],
            "results": {"Total": {"paramUrl": "results/Total"}},
        },
        {"jobStatus": "esriJobDeleting"},
    )


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ([{"jobStatus": "esriJobSucceeded"}], "no Total"),
        (
            [{"jobStatus": "esriJobExecuting", "results": {"Total": {}}}],
            "some of a job that is esriJobExecuting",
        ),
        (
            [
                {"jobStatus": "esriJobExecuting", "messages": [INFORMED]},
                {"jobStatus": "esriJobExecuting", "messages": []},
            ],
            "messages: met [], expected",
        ),
        (
            [
                {"jobStatus": "esriJobFailed", "messages": [INFORMED]},
                {"jobStatus": "esriJobFailed", "messages": []},
            ],
            "messages after its end",
        ),
        ([{"jobStatus": "esriJobDone"}], "jobStatus: met 'esriJobDone'"),
        ([{"error": {"code": 400, "message": "no"}}], "expected a job with jobId and jobStatus"),
    ],
)
def test_what_the_model_rules_out(answers: list[dict[str, object]], said: str) -> None:
    with pytest.raises(Departure, match=said.replace("[", r"\[")):
        known(*answers)


def test_a_result_is_the_same_for_everyone_and_comes_of_success_alone() -> None:
    book = known({"jobStatus": "esriJobSucceeded", "results": {"Total": {"paramUrl": "results/Total"}}})
    (job,) = book.jobs
    value = {"paramName": "Total", "dataType": "GPLong", "value": 5}
    book.fetched(job, "Total", value, refused=False)
    with pytest.raises(Departure, match="met 6, expected what was there before, 5"):
        book.fetched(job, "Total", {**value, "value": 6}, refused=False)
    with pytest.raises(Departure, match="met an error"):
        book.fetched(job, "Total", {"error": {}}, refused=True)
    failed = known({"jobStatus": "esriJobFailed"})
    with pytest.raises(Departure, match="expected an error, as it is esriJobFailed"):
        failed.fetched(failed.jobs[0], "Total", value, refused=False)
    early = known({"jobStatus": "esriJobExecuting"})
    early.fetched(early.jobs[0], "Total", value, refused=False)
    with pytest.raises(Departure, match="although a result was there"):
        early.polled(early.jobs[0], {"jobId": "j1", "jobStatus": "esriJobExecuting"})
