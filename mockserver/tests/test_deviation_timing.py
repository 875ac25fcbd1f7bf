"""The deviations of time: how long answers take, asked of a clock on which nobody waits."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator
from email.utils import parsedate_to_datetime
from typing import ClassVar

import pytest
from deviation_probe import ECHO, Probe
from gp_mockserver.builtin.builtin_site import builtin_site
from gp_mockserver.lifecycle.clocks import EPOCH
from gp_mockserver.server import RunningServer
from gp_mockserver.tools.latency import Latency

INFO = "rest/info"
SLOW = {"slow-each", "slow-first", "slow-jittered", "poll-slower-than-client"}
ALONE = {"submit-slower-than-client", "instant", "date-header-skewed"}
COVERED = frozenset({*SLOW, *ALONE})
_numbers = itertools.count(1)


class NotedClock:
    """Time stands still, and who sleeps is noted and goes on at once."""

    jumps: ClassVar[bool] = False

    def __init__(self) -> None:
        self.sleeps: list[float] = []
        self.asleep: Callable[[], None] = lambda: None

    def now(self) -> float:
        return EPOCH

    async def sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)
        self.asleep()


class NotedProbe(Probe):
    """A probe of a site whose clock notes who sleeps."""

    @property
    def sleeps(self) -> list[float]:
        """For how long requests have slept since this was last asked."""
        clock = self.clock
        noted, clock.sleeps = clock.sleeps, []
        return noted

    @property
    def clock(self) -> NotedClock:
        assert isinstance(self.site.clock, NotedClock)
        return self.site.clock


@pytest.fixture
def noted(server: RunningServer) -> Iterator[NotedProbe]:
    site = builtin_site(context=f"timed{next(_numbers)}", clock=NotedClock(), seed=7)
    server.app.add_site(site)
    yield NotedProbe(site)
    server.app.remove_site(site.context)


def ask_thrice(noted: NotedProbe) -> list[float]:
    for _ in range(3):
        assert noted.get(INFO).json["authInfo"]
    return noted.sleeps


@pytest.mark.parametrize("name", sorted(SLOW))
def test_answers_take_their_time(noted: NotedProbe, name: str) -> None:
    assert ask_thrice(noted) == []
    injection = noted.site.deviate(name)
    sleeps = ask_thrice(noted)
    match name:
        case "slow-each":
            assert sleeps == [2.0] * 3
        case "slow-first":
            assert sleeps == [15.0]
        case "poll-slower-than-client":
            assert sleeps == [300.0]
        case _:
            assert len(set(sleeps)) == 3
            assert all(0 < each < 3 for each in sleeps)
            injection.clear()
            again = noted.site.deviate(name)
            assert ask_thrice(noted) == sleeps
            again.clear()
    assert injection.applied == (len(sleeps))
    injection.clear()
    assert ask_thrice(noted) == []


@pytest.mark.parametrize("name", ["poll-slower-than-client", "poll-slower-than-client@job"])
def test_one_poll_is_too_slow(noted: NotedProbe, name: str) -> None:
    job_id = noted.job_id()
    injection = noted.site.deviate(name)
    assert noted.submit().json["jobId"]
    assert noted.sleeps == []
    for _ in range(3):
        assert noted.poll(job_id).json["jobId"] == job_id
    assert (noted.sleeps, injection.applied) == ([300.0], 1)


def test_the_answer_to_submit_is_too_slow_and_the_job_is_there(noted: NotedProbe) -> None:
    assert noted.submit().json["jobId"]
    assert noted.sleeps == []
    jobs: list[int] = []
    noted.clock.asleep = lambda: jobs.append(len(noted.site.store))
    injection = noted.site.deviate("submit-slower-than-client")
    assert noted.submit().json["jobId"]
    assert (noted.sleeps, jobs, injection.applied) == ([300.0], [2], 1)
    assert noted.get(INFO).status == 200
    assert noted.post(f"{noted.task(ECHO)}/execute").json["results"]
    assert (noted.sleeps, injection.applied) == ([300.0], 2)


def test_answers_come_at_once_whatever_latency_there_is(noted: NotedProbe) -> None:
    noted.site.latency["*"] = Latency(1.5)
    assert ask_thrice(noted) == [1.5] * 3
    injection = noted.site.deviate("instant")
    assert ask_thrice(noted) == []
    assert injection.applied == 3
    injection.clear()
    assert ask_thrice(noted) == [1.5] * 3


def test_on_a_clock_that_jumps_answers_take_real_time(probe: Probe) -> None:
    injection = probe.site.deviate("slow-each", seconds=0.02)
    at, began = probe.site.clock.now(), time.monotonic()
    assert probe.get(INFO).status == 200
    assert time.monotonic() - began >= 0.02
    assert (probe.site.clock.now(), injection.applied) == (at, 1)


def test_the_servers_date_is_a_day_ahead(probe: Probe) -> None:
    before = probe.get(INFO)
    injection = probe.site.deviate("date-header-skewed")
    after = probe.get(INFO)
    dates = [value for name, value in after.every_header if name.lower() == "date"]
    assert len(dates) == 1
    ahead = parsedate_to_datetime(dates[0]) - parsedate_to_datetime(before.headers["date"])
    assert 86_399 <= ahead.total_seconds() <= 86_460
    assert (after.status, after.body) == (200, before.body)
    assert injection.applied == 1
