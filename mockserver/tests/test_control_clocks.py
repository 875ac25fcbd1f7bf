"""Clocks that are stopped, moved on and run while a site goes by them: time never goes back."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from gp_mockserver.lifecycle.clocks import EPOCH, Clock, JumpingClock, ManualClock, RealClock, ScaledClock
from gp_mockserver.lifecycle.settable_clocks import (
    LAST,
    ClockError,
    SettableClock,
    SiteClock,
    advance,
    read,
    run,
)
from hypothesis import given
from hypothesis import strategies as st

from every_case import every_case


class Owner:
    def __init__(self, clock: Clock) -> None:
        self.clock = clock


class Steps:
    """The computer's clock, which stands still."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.at = 1000.0
        monkeypatch.setattr(time, "monotonic", lambda: self.at)


@pytest.fixture
def computer(monkeypatch: pytest.MonkeyPatch) -> Steps:
    return Steps(monkeypatch)


CLOCKS: list[Callable[[], Clock]] = [RealClock, lambda: ScaledClock(60), ManualClock, JumpingClock]


@pytest.mark.parametrize("make", CLOCKS)
def test_any_clock_is_frozen_advanced_and_run(make: Callable[[], Clock], computer: Steps) -> None:
    site = Owner(make())
    run(site, 0)
    frozen = site.clock.now()
    computer.at += 100
    assert site.clock.now() == frozen
    advance(site, 5)
    assert site.clock.now() == frozen + 5
    run(site, 2)
    computer.at += 10
    assert site.clock.now() == pytest.approx(frozen + 25)


@pytest.mark.parametrize("make", CLOCKS)
def test_a_clock_that_is_replaced_goes_on_from_the_same_instant(
    make: Callable[[], Clock], computer: Steps
) -> None:
    site = Owner(make())
    before = site.clock.now()
    run(site, 1)
    assert site.clock.now() == before


@pytest.mark.parametrize("make", [ManualClock, JumpingClock])
def test_a_clock_that_can_be_moved_stays_the_same_object(make: Callable[[], Clock]) -> None:
    clock = make()
    site = Owner(clock)
    advance(site, 60)
    assert site.clock is clock
    assert clock.now() == EPOCH + 60


def test_a_manual_clock_is_frozen_already() -> None:
    clock = ManualClock()
    site = Owner(clock)
    run(site, 0)
    assert site.clock is clock


@given(st.lists(st.tuples(st.sampled_from(["advance", "run", "wait"]), st.floats(0, 1000)), max_size=20))
def test_time_never_goes_back_whatever_is_done(steps: list[tuple[str, float]]) -> None:
    computer = [0.0]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(time, "monotonic", lambda: computer[0])
        site = Owner(RealClock())
        seen = [site.clock.now()]
        for step, amount in steps:
            if step == "wait":
                computer[0] += amount
            else:
                (advance if step == "advance" else run)(site, amount)
            seen.append(site.clock.now())
    assert seen == sorted(seen)


@pytest.mark.parametrize("seconds", [-1, float("nan"), float("-inf")])
def test_a_clock_is_not_set_back(seconds: float) -> None:
    with pytest.raises(ClockError, match="never goes back"):
        advance(Owner(ManualClock()), seconds)


@pytest.mark.parametrize("seconds", [LAST, float("inf"), 1e300])
def test_a_clock_stays_within_the_years_that_dates_have(seconds: float) -> None:
    with pytest.raises(ClockError, match="year"):
        advance(Owner(RealClock()), seconds)


@pytest.mark.parametrize("rate", [-1, float("nan"), float("inf")])
def test_a_rate_is_a_number_from_zero_on(rate: float) -> None:
    with pytest.raises(ClockError, match="rate"):
        run(Owner(RealClock()), rate)


class _OtherClock(ManualClock):
    pass


@every_case(
    ("clock", "kind", "rate"),
    [
        (RealClock(), "real", 1),
        (ScaledClock(60), "x60", 60),
        (ManualClock(), "manual", 0),
        (JumpingClock(), "jump", None),
        (SettableClock(0, 0), "manual", 0),
        (SettableClock(0, 0.5), "x0.5", 0.5),
        (SettableClock(0), "real", 1),
    ],
)
def test_a_clock_says_what_it_is_in_the_words_of_site_files(
    clock: Clock, kind: str, rate: float | None
) -> None:
    told = read(clock)
    assert (told.kind, told.rate) == (kind, rate)


def test_a_clock_of_another_kind_is_read_and_replaced() -> None:
    class Odd:
        jumps = False

        def now(self) -> float:
            return 7.0

        async def sleep(self, seconds: float) -> None:
            raise AssertionError

    site = Owner(Odd())
    assert read(site.clock).kind == "other"
    advance(site, 3)
    assert site.clock.now() >= 10


def sleeping(clock: Any, *seconds: float, then: Callable[[], None]) -> list[float]:
    """Sleeps side by side, of which those are told that are over once something was done."""
    woken: list[float] = []

    async def sleeper(each: float) -> None:
        await clock.sleep(each)
        woken.append(each)

    async def story() -> None:
        tasks = [asyncio.create_task(sleeper(each)) for each in seconds]
        for _ in range(3):
            await asyncio.sleep(0)
        then()
        for _ in range(5):
            await asyncio.sleep(0)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    asyncio.run(story())
    return woken


def test_sleepers_wake_when_time_is_moved_over_their_end() -> None:
    clock = SettableClock(0, 0)
    assert sleeping(clock, 0, 5, 10, then=lambda: clock.advance(7)) == [0, 5]


def test_sleepers_of_a_clock_that_stands_still_wake_once_it_runs() -> None:
    clock = SettableClock(0, 0)

    async def story() -> None:
        sleeper = asyncio.create_task(clock.sleep(3600))
        await asyncio.sleep(0)
        clock.run(3_600_000)
        await sleeper

    asyncio.run(story())
    assert clock.now() >= 3600


def test_sleepers_of_a_manual_clock_sleep_on_by_the_one_that_takes_its_place() -> None:
    site = Owner(ManualClock(100))
    old = site.clock

    def then() -> None:
        run(site, 1)
        advance(site, 7)

    assert sleeping(old, 5, 50, then=then) == [5]


def test_a_settable_clock_is_moved_from_another_thread() -> None:
    clock = SettableClock(0, 0)
    asleep = threading.Event()

    async def sleep() -> None:
        waiting = asyncio.create_task(clock.sleep(60))
        await asyncio.sleep(0)
        asleep.set()
        await waiting

    def move() -> None:
        asleep.wait()
        clock.advance(60)

    mover = threading.Thread(target=move)
    mover.start()
    asyncio.run(sleep())
    mover.join()
    assert clock.now() == 60


@pytest.mark.parametrize("make", CLOCKS)
def test_the_clock_of_a_site_is_moved_whatever_it_is(make: Callable[[], Clock], computer: Steps) -> None:
    site = Owner(make())
    clock = SiteClock(site)
    before = clock.now()
    clock.advance("1h")
    assert clock.now() == site.clock.now() == before + 3600
    clock.freeze()
    computer.at += 100
    assert clock.now() == before + 3600
    clock.run(60)
    computer.at += 1
    assert clock.now() == pytest.approx(before + 3660)
    assert clock.jumps is False
    assert repr(clock).startswith("<SiteClock x60, at ")


def test_what_sleeps_by_the_clock_of_a_site_wakes_when_that_is_moved() -> None:
    clock = SiteClock(Owner(ManualClock()))
    assert sleeping(clock, 5, 50, then=lambda: clock.advance(7)) == [5]


@every_case("clock", [ManualClock(), JumpingClock(), SettableClock(0, 0), SiteClock(Owner(RealClock()))])
def test_clocks_that_can_be_moved_take_lengths_as_people_write_them(clock: Any) -> None:
    before = clock.now()
    clock.advance("250 ms")
    clock.advance("1 h")
    clock.advance(0.75)
    assert before + 3601 <= clock.now() < before + 3661
    for wrong in ("soon", "-1s", -1, float("nan"), float("inf")):
        with pytest.raises(ValueError, match=r"cannot advance|never goes back"):
            clock.advance(wrong)
