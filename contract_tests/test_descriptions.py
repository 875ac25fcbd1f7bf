"""What a server says of itself is sound, the client reads it, and inputs are made from it. Nothing runs."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from gp_client import GPClient, InvalidInput, SharedClock
from gp_client.clocks import SystemClock
from gp_client.errors import AuthError
from gp_client.inputs.inputs import encode_inputs
from gp_client.sessions import Settings
from gp_client.wire.httpx_transports import HTTPXTransport
from gp_protocol.descriptions.descriptors import Task
from gpharness.checking.bodies import check_body
from gpharness.findings.findings import Finding, is_failure
from gpharness.probing.exchanges import Exchange
from gpharness.probing.observed_transport import ObservedTransport
from gpharness.strategies import InputFault, can_be_wrong, inputs, nearly_valid_inputs
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

DESCRIBE = frozenset({"info", "catalogue", "service", "task"})
MOST_SERVICES = 50
"""Of a large server the first ones are looked at."""
FEW = settings(max_examples=10, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow])


class Read:
    """The server's descriptions, as the reference client read them."""

    def __init__(self, exchanges: list[Exchange], tasks: dict[str, Task], version: float | None) -> None:
        self.exchanges = exchanges
        self.tasks = tasks
        self.version = version


@pytest.fixture(scope="module")
def read(server: Any) -> Read:
    clock = SharedClock() if server.is_mock else SystemClock()
    carrier = HTTPXTransport(None, largest_answer=Settings().largest_answer)
    transport = ObservedTransport(carrier, server.root, clock)
    tasks: dict[str, Task] = {}
    client = GPClient(server.root, http=transport, token=server.token, clock=clock)
    try:
        version = client.info().version
        services = [each.name for each in client.services(recursive=True) if each.type == "GPServer"]
        for name in services[:MOST_SERVICES]:
            service = client.service(name)
            try:
                labels = service.describe().task_names
                for label in labels:
                    tasks[f"{name}/{label}"] = service.task(label).describe().descriptor
            except AuthError:
                continue  # a secured service, and no token for it
    finally:
        carrier.close()
    return Read(transport.exchanges, tasks, version)


def told(findings: list[Finding]) -> str:
    return "\n".join(
        f"{each.name} at {each.path or 'the whole'}: met {each.met}, expected {each.expected}"
        for each in findings
    )


def test_there_are_tasks(read: Read) -> None:
    assert read.tasks


def test_every_description_keeps_to_the_protocol(read: Read) -> None:
    seen = 0
    for exchange in read.exchanges:
        if exchange.operation not in DESCRIBE:
            continue
        seen += 1
        checked = check_body(
            exchange.body, exchange.operation, asked=exchange.parameters, headers=exchange.headers
        )
        assert not is_failure(checked.findings), f"{exchange.url}\n{told(checked.findings)}"
    assert seen


def inputs_of(task: Task, read: Read) -> st.SearchStrategy[dict[str, str]] | None:
    """The task's inputs, None where one is of a type that nobody knows yet."""
    try:
        return inputs(task, version=read.version)
    except ValueError:
        return None


def for_each(drawn: st.SearchStrategy[Any], act: Callable[[Any], None], server: Any, path: str) -> None:
    """Do something with some of what is drawn; a failure says for which task."""

    @seed(server.seed)
    @FEW
    @given(drawn)
    def holds(example: Any) -> None:
        act(example)

    try:
        holds()
    except Exception as error:
        error.add_note(path)
        raise


def test_inputs_are_made_for_every_task_and_the_client_would_send_them(read: Read, server: Any) -> None:
    made = 0
    for path, task in read.tasks.items():

        def is_sent(texts: dict[str, str], task: Task) -> None:
            assert encode_inputs(task, texts, version=read.version).keys() == texts.keys()

        drawn = inputs_of(task, read)
        if drawn is not None:
            for_each(drawn, partial(is_sent, task=task), server, path)
            made += 1
    assert made


def test_wrong_inputs_are_never_sent(read: Read, server: Any) -> None:
    for path, task in read.tasks.items():

        def is_refused(wrong: tuple[dict[str, str], InputFault], task: Task) -> None:
            texts, fault = wrong
            with pytest.raises(InvalidInput) as refused:
                encode_inputs(task, texts, version=read.version)
            assert fault.parameter in refused.value.parameter

        if can_be_wrong(task, version=read.version) and inputs_of(task, read) is not None:
            drawn = nearly_valid_inputs(task, version=read.version)
            for_each(drawn, partial(is_refused, task=task), server, path)
