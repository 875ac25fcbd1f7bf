"""How old a recording is, and whether that is too old: `--max-age 180d`.

Nothing is ever recorded anew for it; a recording that is too old is warned of.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Final

_SPAN: Final = re.compile(r"([0-9]{1,6})[ ]?([smhdwy]?)", re.ASCII)
_SECONDS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800, "y": 31_557_600}


class AgeError(ValueError):
    """A text that is no span of time; the message says what is one."""


def age_of(text: str) -> timedelta:
    """`180d`, `12h`, `26w`, `1y`, `30m`, `90s`; a bare number is days. Raises AgeError."""
    found = _SPAN.fullmatch(text.strip().lower())
    if found is None:
        raise AgeError(f"{text[:40]!r} is no age; write a number and s, m, h, d, w or y, such as 180d")
    return timedelta(seconds=int(found[1]) * _SECONDS[found[2] or "d"])


def too_old(at: str, max_age: timedelta, now: datetime) -> str:
    """A warning where the instant `at` (`Provenance.at`, 2026-11-26T20:15:00Z) lies further back than
    `max_age`, or is not told; an empty text where all is well. `now` has a time zone."""
    if not at:
        return "when it was recorded is not told, so nobody knows how old it is"
    try:
        then = datetime.fromisoformat(at)
    except ValueError:
        return f"it says that it was recorded at {at[:40]!r}, which is no instant"
    if then.tzinfo is None:
        then = then.replace(tzinfo=UTC)
    age = now - then
    if age <= max_age:
        return ""
    return f"it was recorded {_shown(age)} ago, at {at}; the limit is {_shown(max_age)}: record it anew"


def _shown(span: timedelta) -> str:
    """A span in its largest whole unit, not weeks."""
    seconds = int(span.total_seconds())
    for letter, word in (("d", "day"), ("h", "hour"), ("m", "minute"), ("s", "second")):
        count = seconds // _SECONDS[letter]
        if count or letter == "s":
            return f"{count} {word}{'' if count == 1 else 's'}"
    raise AssertionError
