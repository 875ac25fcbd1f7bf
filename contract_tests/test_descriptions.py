"""What a server says of itself is sound, the client reads it, and inputs can be made from it. Nothing is run."""

from __future__ import annotations

from typing import Any

import pytest
from gp_client import GPClient
from gp_client.errors import AuthError
from gp_client.inputs.inputs import encode_inputs
from gp_client.sessions import Settings
from gp_client.wire.httpx_transports import HTTPXTransport
from gp_protocol.descriptions.descriptors import Task
from gpharness.checking.bodies import check_body
from gpharness.findings.findings import Finding, is_failure
from gpharness.probing.exchanges import Exchange
from gpharness.probing.observed_transport import ObservedTransport
from gpharness.strategies import can_be_wrong, inputs, nearly_valid_inputs
from hypothesis import HealthCheck, given, seed, settings

DESCRIBE = frozenset({"info", "catalogue", "service", "task"})
MOST_SERVICES = 50
"""Of a large server the first ones are looked at."""
FEW = settings(
    max_examples=10, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow]
)


class Read:
    """The server's descriptions, as the reference client read them."""

    def __init__(self, exchanges: list[Exchange], tasks: dict[str, Task], version: float | None) -> None:
        self.exchanges = exchanges
        self.tasks = tasks
        self.version = version


@pytest.fixture(scope="module")
def read(server: Any) -> Read:
    from gp_client.clocks import SystemClock

    carrier = HTTPXTransport(None, largest_answer=Settings().largest_answer)
    transport = ObservedTransport(carrier, server.root, SystemClock())
    tasks: dict[str, Task] = {}
    client = GPClient(server.root, http=transport, token=server.token)
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
        f"{each.name} at {each.path or 'the whole'}: met {each.met}, expected {each.expected}" for each in findings
    )


def test_there_are_tasks(read: Read) -> None:
    assert read.tasks


def test_every_description_keeps_to_the_protocol(read: Read) -> None:
    seen = 0
    for exchange in read.exchanges:
        if exchange.operation not in DESCRIBE:
            continue
        seen += 1
        checked = check_body(exchange.body, exchange.operation, asked=exchange.parameters, headers=exchange.headers)
        assert not is_failure(checked.findings), f"{exchange.url}\n{told(checked.findings)}"
    assert seen


def test_inputs_are_made_for_every_task_and_the_client_would_send_them(read: Read, server: Any) -> None:
    made = 0
    for path, task in read.tasks.items():
        try:
            drawn = inputs(task, version=read.version)
        except ValueError:
            continue  # a type that nobody knows yet

        @seed(server.seed)
        @FEW
        @given(drawn)
        def holds(texts: dict[str, str], task: Task = task) -> None:
            assert encode_inputs(task, texts, version=read.version).keys() == texts.keys()

        try:
            holds()
        except Exception as error:
            error.add_note(path)
            raise
        made += 1
    assert made


def test_wrong_inputs_are_never_sent(read: Read, server: Any) -> None:
    for path, task in read.tasks.items():
        try:
            if not can_be_wrong(task, version=read.version):
                continue
            drawn = nearly_valid_inputs(task, version=read.version)
        except ValueError:
            continue

        @seed(server.seed)
        @FEW
        @given(drawn)
        def holds(wrong: Any, task: Task = task, path: str = path) -> None:
            texts, fault = wrong
            with pytest.raises(ValueError, match=fault.parameter):
                encode_inputs(task, texts, version=read.version)

        holds()
