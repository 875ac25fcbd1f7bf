from __future__ import annotations

import asyncio
import threading
import time
from datetime import UTC, datetime

import pytest
from gp_mockserver.lifecycle.clocks import (
    EPOCH,
    JumpingClock,
    ManualClock,
    RealClock,
    ScaledClock,
    parse_clock,
)

from every_case import every_case


def test_clocks_that_do_not_follow_real_time_start_with_2026() -> None:
    assert datetime.fromtimestamp(EPOCH, UTC) == datetime(2026, 1, 1, tzinfo=UTC)
    assert ManualClock().now() == JumpingClock().now() == EPOCH


def test_a_real_clock_tells_the_time_of_the_wall() -> None:
    assert abs(RealClock().now() - time.time()) < 1


def test_a_real_clock_does_not_follow_when_the_wall_clock_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = RealClock()
    before = clock.now()
    monkeypatch.setattr(time, "time", lambda: before - 3600)
    assert clock.now() >= before


def test_a_scaled_clock_runs_faster(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = ScaledClock(60)
    before, steady = clock.now(), time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: steady + 10)
    assert clock.now() - before == pytest.approx(600, abs=10)


def test_an_hour_on_a_fast_clock_is_slept_in_an_instant() -> None:
    clock = ScaledClock(3_600_000)
    before = clock.now()
    asyncio.run(clock.sleep(3600))
    assert clock.now() - before >= 3600


@every_case("rate", [0, -1, float("inf"), float("nan")])
def test_a_clock_needs_a_rate_above_zero(rate: float) -> None:
    with pytest.raises(ValueError, match="above 0"):
        ScaledClock(rate)


def test_a_manual_clock_stands_still_until_it_is_advanced() -> None:
    clock = ManualClock(100)
    clock.advance(2.5)
    assert clock.now() == 102.5


@pytest.mark.parametrize("seconds", [-1, float("nan"), float("inf")])
def test_a_manual_clock_does_not_go_back(seconds: float) -> None:
    with pytest.raises(ValueError, match="0 or more"):
        ManualClock().advance(seconds)


def test_a_manual_clock_wakes_sleepers_in_the_order_of_their_deadlines_and_not_before() -> None:
    clock, woken = ManualClock(), []

    async def sleeper(seconds: float) -> None:
        await clock.sleep(seconds)
        woken.append(seconds)

    async def story() -> None:
        tasks = [asyncio.create_task(sleeper(seconds)) for seconds in (10, 5, 20)]
        await asyncio.sleep(0)
        clock.advance(4.9)
        await asyncio.sleep(0)
        assert woken == []
        clock.advance(10)
        await asyncio.gather(*tasks[:2])
        assert woken == [5, 10]
        clock.advance(10)
        await asyncio.gather(*tasks)
        assert woken == [5, 10, 20]

    asyncio.run(story())


def test_a_manual_clock_may_be_advanced_from_another_thread() -> None:
    clock, asleep = ManualClock(), threading.Event()

    async def sleep() -> float:
        waiting = asyncio.create_task(clock.sleep(60))
        await asyncio.sleep(0)
        asleep.set()
        await waiting
        return clock.now()

    def advance() -> None:
        asleep.wait()
        clock.advance(60)

    mover = threading.Thread(target=advance)
    mover.start()
    assert asyncio.run(sleep()) == EPOCH + 60
    mover.join()


@pytest.mark.parametrize("clock", [ManualClock(), JumpingClock()])
def test_sleeping_for_no_time_returns(clock: ManualClock | JumpingClock) -> None:
    asyncio.run(clock.sleep(0))
    asyncio.run(clock.sleep(-5))
    assert clock.now() == EPOCH


def test_a_jumping_clock_jumps_over_whatever_is_slept() -> None:
    clock = JumpingClock(0)
    asyncio.run(clock.sleep(36_000))
    assert clock.now() == 36_000
    assert clock.jumps


def test_a_jumping_clock_does_not_jump_back() -> None:
    clock = JumpingClock(0)
    clock.jump_to(50)
    clock.jump_to(20)
    assert clock.now() == 50


@every_case(
    ("text", "kind"),
    [("real", RealClock), ("jump", JumpingClock), ("manual", ManualClock), ("x60", ScaledClock)],
)
def test_a_setting_names_a_clock(text: str, kind: type) -> None:
    assert type(parse_clock(text)) is kind


def test_a_setting_may_name_any_rate() -> None:
    clock = parse_clock("X2.5")
    assert isinstance(clock, ScaledClock)
    assert clock.rate == 2.5


@every_case("text", ["", "fast", "60x", "x", "x-1", "x0", "xinf"])
def test_any_other_setting_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="clock"):
        parse_clock(text)


def test_a_misspelt_clock_is_recognized() -> None:
    with pytest.raises(ValueError, match='did you mean "manual"'):
        parse_clock("manuel")
