"""A site's clock: what it shows, and moving it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

import msgspec
from gp_protocol.errors import shown
from msgspec import Meta

from gp_mockserver.configuration.durations import Duration, parse_duration
from gp_mockserver.control.answers import ClockInfo
from gp_mockserver.control.asks import Ask
from gp_mockserver.control.refusals import ControlError
from gp_mockserver.errors import SiteFileError
from gp_mockserver.lifecycle.clocks import Clock
from gp_mockserver.lifecycle.settable_clocks import LAST, ClockError, advance, read, run

_INSTANT = 'an instant: seconds since the epoch, or a text such as "2026-03-01T12:00:00Z"'


class AdvanceForm(msgspec.Struct, forbid_unknown_fields=True):
    """Let so much time pass at once."""

    seconds: Duration


class SetForm(msgspec.Struct, forbid_unknown_fields=True):
    """Move on to an instant."""

    to: Annotated[float | str, Meta(description=_INSTANT)]


class RunForm(msgspec.Struct, forbid_unknown_fields=True):
    """Run so many times as fast as real time."""

    rate: Annotated[float, Meta(gt=0, le=1_000_000, description="a number above 0, 1000000 at most")] = 1.0


def clock_info(clock: Clock) -> ClockInfo:
    """What a clock shows."""
    reading = read(clock)
    iso = datetime.fromtimestamp(min(reading.now, LAST), UTC).isoformat(timespec="milliseconds")
    return ClockInfo(reading.now, iso.replace("+00:00", "Z"), reading.kind, reading.rate)


async def show(ask: Ask) -> ClockInfo:
    return clock_info(ask.site.clock)


async def move_on(ask: Ask, form: AdvanceForm) -> ClockInfo:
    """Time never goes back."""
    return _advanced(ask, parse_duration(form.seconds, "seconds"), "seconds", form.seconds)


async def set_to(ask: Ask, form: SetForm) -> ClockInfo:
    """Time never goes back."""
    if isinstance(form.to, str):
        try:
            instant = datetime.fromisoformat(form.to)
        except ValueError:
            raise SiteFileError("to", shown(form.to), _INSTANT) from None
        to = (instant if instant.tzinfo else instant.replace(tzinfo=UTC)).timestamp()
    else:
        to = form.to
    return _advanced(ask, to - ask.site.clock.now(), "to", form.to)


async def freeze(ask: Ask) -> ClockInfo:
    """Time stands still until it is advanced or run."""
    run(ask.site, 0.0)
    return clock_info(ask.site.clock)


async def go(ask: Ask, form: RunForm) -> ClockInfo:
    run(ask.site, form.rate)
    return clock_info(ask.site.clock)


def _advanced(ask: Ask, seconds: float, path: str, met: Any) -> ClockInfo:
    try:
        advance(ask.site, seconds)
    except ClockError as error:
        raise ControlError(409, str(error), path=path, met=shown(met)) from None
    return clock_info(ask.site.clock)
