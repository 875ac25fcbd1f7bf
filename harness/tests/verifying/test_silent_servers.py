"""Servers that do not answer: that is found soon, told once, and the rest is not run."""

from __future__ import annotations

from typing import Any

import pytest
import verifying_scenarios as scenarios
from gp_client.errors import TransportError
from gp_client.wire.http_messages import Request, Response
from gpharness.contracts.contract import Contract
from gpharness.findings.reports.report import Section
from gpharness.verifying.verify import INTERRUPTED, OUT_OF_TIME, Interrupted, verify

LIMIT = 60.0


class Hanging(scenarios.NoLibrary):
    """Answers but what hangs: that takes as long as the client waits, and comes never."""

    def __init__(self, clock: scenarios.OneClock, *hanging: str, slow: float = 0.0) -> None:
        super().__init__(scenarios.site(clock))
        self._clock, self._hanging, self._slow = clock, hanging, slow
        self.asked: list[str] = []
        self.interrupted_at = 0

    def send(self, request: Request) -> Response:
        self.asked.append(request.url)
        self._clock.advance(self._slow)
        if len(self.asked) == self.interrupted_at:
            raise KeyboardInterrupt
        if any(word in request.url for word in self._hanging):
            self._clock.advance(request.timeout)
            raise TransportError(f"no complete answer within {request.timeout:g} seconds", url=request.url)
        return super().send(request)


def many(count: int) -> Contract:
    contract = scenarios.contract("viewshed")
    runs = [scenarios.job("WorldViewshed/viewshed", scenarios.VIEWSHED, f"run {i}") for i in range(count)]
    return Contract(
        contract.provenance,
        contract.server,
        services=contract.services,
        tasks=contract.tasks,
        conversations=runs,
    )


def held(transport: Hanging, clock: scenarios.OneClock, count: int, **options: Any) -> Section:
    given = {"http": transport, "clock": scenarios.ClientsClock(clock), "rate": None, "seed": 1}
    return verify(many(count), scenarios.ROOT, timeout=LIMIT, **given, **options)


def test_a_server_that_hangs_on_everything_is_given_up_after_three_requests() -> None:
    clock = scenarios.OneClock()
    transport = Hanging(clock, "/")
    begun = clock.now()
    section = held(transport, clock, 40)
    assert (len(transport.asked), clock.now() - begun < 5 * LIMIT) == (3, True)
    assert [each.name for each in section.findings] == ["transport.cut"]
    assert {each.skipped for each in section.cases} == {
        "nothing that the server says of itself can be read: the server does not answer: "
        "3 requests in a row had none within 60 s"
    }


def test_runs_that_all_hang_are_one_finding_and_the_rest_is_not_run() -> None:
    clock = scenarios.OneClock()
    section = held(Hanging(clock, "/submitJob"), clock, 40)
    assert [(each.name, each.operation) for each in section.findings] == [("transport.cut", "submit")]
    skipped = [each.skipped for each in section.cases]
    assert skipped[:3] == ["", "", ""]
    assert set(skipped[3:]) == {"the server does not answer: 3 requests in a row had none within 60 s"}


def test_what_the_time_for_all_of_it_does_not_suffice_for_is_not_run_and_no_finding() -> None:
    clock = scenarios.OneClock()
    transport = Hanging(clock, slow=1.0)
    begun = clock.now()
    section = held(transport, clock, 5, within=40.0)
    assert clock.now() - begun < 45
    assert section.findings == []
    skipped = [each.skipped for each in section.cases]
    assert (skipped[0], skipped[-1], set(skipped)) == ("", OUT_OF_TIME, {"", OUT_OF_TIME})


def test_what_came_of_a_verification_that_is_interrupted_is_told() -> None:
    clock = scenarios.OneClock()
    transport = Hanging(clock)
    transport.interrupted_at = 20
    with pytest.raises(Interrupted) as interrupted:
        held(transport, clock, 5)
    skipped = [each.skipped for each in interrupted.value.section.cases]
    assert (len(skipped), skipped[0], skipped[-1]) == (5, "", INTERRUPTED)
