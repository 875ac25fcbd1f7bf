"""How fast a client asks."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from gp_client.clocks import SharedClock
from gp_client.describing import list_services
from gp_client.drivers import run
from gp_client.errors import DeadlineExceeded, GPError, InvalidInput, ProtocolViolation
from gp_client.sessions import Deadline, Session, Settings
from gp_client.steps import Send, Wait
from gp_client.wire.exchange import ask
from gp_client.wire.http_messages import Request, Response
from gp_client.wire.pacing import BURST, Pace
from scripted import Scripted, answer

from every_case import every_case

ROOT = "http://gis.example.com/arcgis"


class Timed(Scripted):
    """Remembers when each request came."""

    def __init__(self, clock: SharedClock) -> None:
        super().__init__({"x": answer({}), "services": answer({"folders": [], "services": []})})
        self._clock = clock
        self.times: list[float] = []

    def send(self, request: Request) -> Response:
        self.times.append(self._clock.now())
        return super().send(request)


def busiest_second(times: list[float]) -> int:
    return max(sum(start <= each < start + 1 - 1e-9 for each in times) for start in times)


def ask_often(client: Session, times: int) -> list[float]:
    assert isinstance(client.clock, SharedClock)
    server = Timed(client.clock)
    deadline = Deadline.after(client.clock, 600)
    for _ in range(times):
        run(ask(client, f"{ROOT}/x", safe=True, deadline=deadline), server, client.clock)
    return server.times


def test_after_a_burst_of_ten_there_are_ten_requests_a_second(session: Callable[..., Session]) -> None:
    times = ask_often(session(ROOT), 100)
    assert times[:BURST] == [0.0] * BURST
    assert times[-1] == pytest.approx(9.0)
    assert max(later - now for now, later in zip(times[BURST:], times[BURST + 1 :], strict=False)) < 0.11


def test_a_pause_earns_another_burst_and_no_more(session: Callable[..., Session]) -> None:
    client = session(ROOT)
    ask_often(client, 30)
    client.clock.sleep(100)
    times = ask_often(client, 30)
    assert busiest_second(times) <= 2 * BURST
    assert times[-1] - times[0] == pytest.approx(2.0)


def test_the_rate_is_a_setting(session: Callable[..., Session]) -> None:
    assert ask_often(session(ROOT, requests_per_second=2), 12)[-1] == pytest.approx(1.0)
    assert ask_often(session(ROOT, requests_per_second=None), 1000)[-1] == 0.0


@every_case("rate", [0, -1, float("nan"), "10", True])
def test_a_rate_that_is_none_is_refused(rate: object) -> None:
    with pytest.raises(InvalidInput, match="requests_per_second"):
        Settings(requests_per_second=rate)  # type: ignore[arg-type]


def test_calls_at_the_same_time_share_it(session: Callable[..., Session]) -> None:
    client = session(ROOT)
    deadline = Deadline.after(client.clock, 60)
    steps = [next(ask(client, f"{ROOT}/x", safe=True, deadline=deadline)) for _ in range(20)]
    assert [type(step) for step in steps] == [Send] * BURST + [Wait] * BURST
    waits = [step.seconds for step in steps if isinstance(step, Wait)]
    assert waits == pytest.approx([0.1 * number for number in range(1, 11)])


def test_a_turn_that_comes_after_the_deadline_is_not_waited_for(session: Callable[..., Session]) -> None:
    client = session(ROOT)
    ask_often(client, 10)
    client.pace.turn(client.clock.now(), 100.0)
    with pytest.raises(DeadlineExceeded):
        next(ask(client, f"{ROOT}/x", safe=True, deadline=Deadline.after(client.clock, 0.15)))
    assert client.pace.turn(client.clock.now(), 100.0) == pytest.approx(0.2), "nor is it taken from others"


def test_a_turn_costs_microseconds() -> None:
    pace = Pace(10)
    start = time.perf_counter()
    for number in range(10_000):
        pace.turn(float(number), 1.0)
    assert time.perf_counter() - start < 0.2


def folders(client: Session, listed: object) -> tuple[Timed, GPError | None]:
    assert isinstance(client.clock, SharedClock)
    server = Timed(client.clock)
    server._script |= {"rest/services": iter([answer({"folders": listed, "services": []})])}
    server._script |= {f"services/F{n}": iter([answer({"services": []})]) for n in range(60)}
    try:
        flow = list_services(client, None, True, Deadline.after(client.clock, 600))
        run(flow, server, client.clock)
    except GPError as error:
        return server, error
    return server, None


def test_a_catalogue_of_many_folders_is_read_in_no_hurry(session: Callable[..., Session]) -> None:
    server, error = folders(session(ROOT), [f"F{number}" for number in [*range(60), *range(60)]])
    assert error is None
    assert len(server.times) == 61, "each folder once"
    assert server.times[-1] == pytest.approx(5.1)


@every_case(
    ("listed", "pointer"),
    [
        ([f"F{number}" for number in range(1001)], "/folders"),
        (["F1", ".."], "/folders/1"),
        (["a/b"], "/folders/0"),
        ([""], "/folders/0"),
        ([5], "/folders/0"),
    ],
)
def test_folders_that_are_none_or_too_many_are_a_violation(
    session: Callable[..., Session], listed: object, pointer: str
) -> None:
    server, error = folders(session(ROOT), listed)
    assert isinstance(error, ProtocolViolation)
    assert error.pointer == pointer
    assert len(server.times) == 1


@every_case("folder", ["../x", "a/b", "..", "a\\b"])
def test_a_folder_is_one_name(session: Callable[..., Session], folder: str) -> None:
    client = session(ROOT)
    with pytest.raises(InvalidInput, match="folder"):
        next(list_services(client, folder, False, Deadline.after(client.clock, 60)))
