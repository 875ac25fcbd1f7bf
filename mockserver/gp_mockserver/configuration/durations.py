"""Lengths of time as people write them: `2`, `"20s"`, `"250ms"`, `"5 min"`, `"2h"`; and `"3 polls"`."""

from __future__ import annotations

import math
import re
from typing import Annotated, Any

from gp_protocol.errors import shown
from msgspec import Meta

from gp_mockserver.errors import SiteFileError

_SECONDS_PER = {
    1e-3: ("ms", "millisecond", "milliseconds"),
    1.0: ("s", "sec", "secs", "second", "seconds"),
    60.0: ("m", "min", "mins", "minute", "minutes"),
    3600.0: ("h", "hour", "hours"),
    86400.0: ("d", "day", "days"),
}
_FACTORS = {word: factor for factor, words in _SECONDS_PER.items() for word in words}
_LENGTH = rf"(\d+(?:\.\d*)?|\.\d+)\s*({'|'.join(_FACTORS)})?"
_DURATION = re.compile(rf"^\s*{_LENGTH}\s*$")
_POLLS = re.compile(r"^\s*([1-9]\d*)\s*polls?\s*$")
_EXPECTED = 'seconds as a number, or a text such as "250ms", "20s", "5 min" or "2h"'

_Seconds = Annotated[float, Meta(ge=0)]
Duration = Annotated[_Seconds | Annotated[str, Meta(pattern=_DURATION.pattern)], Meta(description=_EXPECTED)]
"""The form of a duration in a file."""
DurationOrPolls = _Seconds | Annotated[str, Meta(pattern=f"{_DURATION.pattern}|{_POLLS.pattern}")]
"""The form of a duration or of a number of polls, such as `"3 polls"`."""


def parse_duration(data: Any, path: str = "duration") -> float:
    """Seconds, 0 or more. Raises SiteFileError."""
    if isinstance(data, str) and (match := _DURATION.match(data)):
        return float(match[1]) * _FACTORS[match[2] or "s"]
    if isinstance(data, int | float) and not isinstance(data, bool) and 0 <= data < math.inf:
        return float(data)
    raise SiteFileError(path, shown(data), _EXPECTED)


def parse_polls(data: Any) -> int | None:
    """The number, 1 or more, of a text such as `"3 polls"`; None for anything else."""
    match = _POLLS.match(data) if isinstance(data, str) else None
    return int(match[1]) if match else None
