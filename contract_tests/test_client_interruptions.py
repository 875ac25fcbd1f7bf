"""What becomes of a job whose awaiting is interrupted: by Ctrl-C, by the end of a task, by leaving."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
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
    with httpx.Client(trust_env=False) as http:
        return GPClient(root, http=http).job(job.url).refresh().status


@pytest.mark.parametrize("leave_running", [False, True])
@pytest.mark.parametrize("way", ["asyncio", "trio"])
@pytest.mark.parametrize("library", LIBRARIES.values(), ids=LIBRARIES)
def test_a_cancelled_task_cancels_its_job(
    library: Any, way: str, leave_running: bool, root: str, clock: ManualClock
) -> None:
    left: list[BaseException] = []

    async def main() -> None:
        async with library.AsyncClient(trust_env=False) as http:
            client = AsyncGPClient(
                root, http=http, clock=shared(clock), deadline=None, leave_running=leave_running
            )
            with anyio.move_on_after(0.3) as scope:
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


@pytest.fixture
def interrupt() -> Iterator[Callable[[float], None]]:
    """Has Ctrl-C pressed after so many seconds."""
    if not hasattr(signal, "setitimer"):
        pytest.skip("the system has no timer signals")

    def handler(number: int, frame: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, handler)
    # Once more after a while: Python drops what a handler raises within a finaliser.
    yield lambda seconds: signal.setitimer(signal.ITIMER_REAL, seconds, 5.0) and None
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)


@pytest.mark.parametrize("library", LIBRARIES.values(), ids=LIBRARIES)
def test_ctrl_c_cancels_the_job(
    library: Any, root: str, clock: ManualClock, interrupt: Callable[[float], None]
) -> None:
    with library.Client(trust_env=False) as http:
        client = GPClient(root, http=http, clock=shared(clock), deadline=None)
        client.task(NEVER_ENDS).describe()
        interrupt(0.3)
        with pytest.raises(KeyboardInterrupt) as raised:
            client.task(NEVER_ENDS).run()
    job = raised.value.job  # type: ignore[attr-defined]
    assert job.url in " ".join(raised.value.__notes__)
    assert status_of(root, job, clock) is JobStatus.CANCELLED


def test_events_that_are_left_leave_the_job_alone(root: str, clock: ManualClock) -> None:
    with httpx.Client(trust_env=False) as http:
        job = GPClient(root, http=http, clock=shared(clock)).task(NEVER_ENDS).submit()
        events = job.events()
        assert isinstance(next(iter(events)), StatusChanged)
        events.close()  # type: ignore[attr-defined]
    assert status_of(root, job, clock) is JobStatus.EXECUTING


@pytest.mark.parametrize("way", ["asyncio", "trio"])
def test_async_events_that_are_left_leave_the_job_alone(way: str, root: str, clock: ManualClock) -> None:
    jobs = []

    async def main() -> None:
        async with httpx.AsyncClient(trust_env=False) as http:
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

    with httpx.Client(trust_env=False) as http:
        client = GPClient(root, http=http, clock=shared(clock), on_event=listener)
        with pytest.raises(Fallen):
            client.task(NEVER_ENDS).run()
