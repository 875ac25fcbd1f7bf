"""What becomes of a job whose awaiting is interrupted: by Ctrl-C, by the end of a task, by leaving."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from typing import Any

import anyio
import httpx
import httpx2
import pytest
from gp_client import AsyncGPClient, GPClient, JobStatus, SharedClock, StatusChanged
from gp_mockserver import ManualClock, serve
from gp_mockserver.builtin.builtin_site import builtin_site

NEVER_ENDS = "Simulation/JobOutcomes/NeverEnds"
LIBRARIES = {"httpx": httpx, "httpx2": httpx2}
PLAIN: dict[str, Any] = {"trust_env": False, "verify": False}
"""A client of the mock needs no proxy, and no certificates, which take longer to read than a test."""
SOON = 0.02
"""Seconds from the news of a job to the interruption: within the polls that follow."""


@pytest.fixture
def clock() -> ManualClock:
    """The mock's: waiting takes no time, and both sides share it."""
    return ManualClock()


@pytest.fixture
def root(clock: ManualClock) -> Iterator[str]:
    with serve(builtin_site(clock=clock)) as server:
        yield server.url


def shared(clock: ManualClock) -> SharedClock:
    return SharedClock(clock.advance, start=clock.now())


def status_of(root: str, job: Any, clock: ManualClock) -> JobStatus:
    """What the server says of a job a minute later."""
    clock.advance(60)
    with httpx.Client(**PLAIN) as http:
        return GPClient(root, http=http).job(job.url).refresh().status


@pytest.mark.parametrize("leave_running", [False, True])
@pytest.mark.parametrize("way", ["asyncio", "trio"])
@pytest.mark.parametrize("library", LIBRARIES.values(), ids=LIBRARIES)
def test_a_cancelled_task_cancels_its_job(
    library: Any, way: str, leave_running: bool, root: str, clock: ManualClock
) -> None:
    left: list[BaseException] = []

    async def main() -> None:
        scope = anyio.CancelScope()

        def end_soon(event: object) -> None:
            if isinstance(event, StatusChanged):
                scope.deadline = anyio.current_time() + SOON

        async with library.AsyncClient(**PLAIN) as http:
            client = AsyncGPClient(
                root,
                http=http,
                clock=shared(clock),
                deadline=None,
                leave_running=leave_running,
                on_event=end_soon,
            )
            with scope:
                try:
                    await client.task(NEVER_ENDS).run()
                except BaseException as interruption:
                    left.append(interruption)
                    raise
            assert scope.cancelled_caught

    anyio.run(main, backend=way)
    (interruption,) = left
    job = interruption.job  # type: ignore[attr-defined]
    assert job.url in " ".join(interruption.__notes__)
    expected = JobStatus.EXECUTING if leave_running else JobStatus.CANCELLED
    assert status_of(root, job, clock) is expected


class Pressed:
    """Ctrl-C, pressed at the fourth call, which is between two polls of a job or in the middle of one."""

    def __init__(self) -> None:
        self._left = 4

    def __call__(self, *_: object) -> None:
        self._left -= 1
        if self._left == 0:
            signal.raise_signal(signal.SIGINT)


@pytest.mark.parametrize("moment", ["waiting", "asking"])
@pytest.mark.parametrize("library", LIBRARIES.values(), ids=LIBRARIES)
def test_ctrl_c_cancels_the_job(library: Any, moment: str, root: str, clock: ManualClock) -> None:
    pressed = Pressed()

    def advance(seconds: float) -> None:
        clock.advance(seconds)
        if moment == "waiting":
            pressed()

    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with library.Client(**PLAIN) as http:
            times = SharedClock(advance, start=clock.now())
            client = GPClient(root, http=http, clock=times, deadline=None)
            client.task(NEVER_ENDS).describe()
            if moment == "asking":
                http.event_hooks["request"].append(pressed)
            with pytest.raises(KeyboardInterrupt) as raised:
                client.task(NEVER_ENDS).run()
    finally:
        signal.signal(signal.SIGINT, before)
    job = raised.value.job  # type: ignore[attr-defined]
    assert job.url in " ".join(raised.value.__notes__)
    assert status_of(root, job, clock) is JobStatus.CANCELLED


def test_events_that_are_left_leave_the_job_alone(root: str, clock: ManualClock) -> None:
    with httpx.Client(**PLAIN) as http:
        job = GPClient(root, http=http, clock=shared(clock)).task(NEVER_ENDS).submit()
        events = job.events()
        assert isinstance(next(iter(events)), StatusChanged)
        events.close()  # type: ignore[attr-defined]
    assert status_of(root, job, clock) is JobStatus.EXECUTING


@pytest.mark.parametrize("way", ["asyncio", "trio"])
def test_async_events_that_are_left_leave_the_job_alone(way: str, root: str, clock: ManualClock) -> None:
    jobs = []

    async def main() -> None:
        async with httpx.AsyncClient(**PLAIN) as http:
            client = AsyncGPClient(root, http=http, clock=shared(clock))
            jobs.append(await client.task(NEVER_ENDS).submit())
            events = jobs[0].events()
            assert isinstance(await anext(aiter(events)), StatusChanged)
            await events.aclose()  # type: ignore[attr-defined]

    anyio.run(main, backend=way)
    assert status_of(root, jobs[0], clock) is JobStatus.EXECUTING


def test_a_listener_that_falls_cancels_the_job_and_is_heard(root: str, clock: ManualClock) -> None:
    class Fallen(Exception):
        pass

    def listener(event: object) -> None:
        raise Fallen

    with httpx.Client(**PLAIN) as http:
        client = GPClient(root, http=http, clock=shared(clock), on_event=listener)
        with pytest.raises(Fallen):
            client.task(NEVER_ENDS).run()
