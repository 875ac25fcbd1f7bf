"""How long the answers of an operation take, and how fast their bytes come.

A delay is drawn from a text that names the request (such as the site's seed, the operation and the request's
number), never from a generator shared by requests: the same text gives the same delay, in whatever order they
come.
"""

from __future__ import annotations

import math
import random
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from gp_mockserver.configuration.durations import Duration, parse_duration
from gp_mockserver.configuration.written_data import shaped
from gp_mockserver.errors import SiteFileError


class Uniform(msgspec.Struct, frozen=True):
    """Any number of seconds between `low` and `high`, each as likely."""

    low: float
    high: float

    def __post_init__(self) -> None:
        if not 0 <= self.low <= self.high < math.inf:
            raise SiteFileError("uniform", f"{self.low} to {self.high}", "0 <= low <= high, in seconds")

    def draw(self, chance: random.Random) -> float:
        return chance.uniform(self.low, self.high)


class LogNormal(msgspec.Struct, frozen=True):
    """Seconds as real servers take them: half of the answers come within `median`, a few take much longer.

    `sigma` is the standard deviation of the logarithm: 0 is constant, 0.5 is lively, 1 has a long tail.
    """

    median: float
    sigma: float

    def __post_init__(self) -> None:
        if not (0 < self.median < math.inf and 0 <= self.sigma <= 5):
            raise SiteFileError(
                "lognormal",
                f"median {self.median} and sigma {self.sigma}",
                "a median above 0, in seconds, and a sigma from 0 to 5",
            )

    def draw(self, chance: random.Random) -> float:
        return chance.lognormvariate(math.log(self.median), self.sigma)


class Latency(msgspec.Struct, frozen=True):
    """Seconds until an answer starts, a number or drawn; and the pace of its bytes, None for all at once."""

    delay: float | Uniform | LogNormal = 0.0
    bytes_per_second: float | None = None

    def __post_init__(self) -> None:
        if isinstance(self.delay, int | float) and not 0 <= self.delay < math.inf:
            raise SiteFileError("delay", f"{self.delay}", "0 or more seconds")
        if self.bytes_per_second is not None and not 0 < self.bytes_per_second < math.inf:
            raise SiteFileError("bytesPerSecond", f"{self.bytes_per_second}", "a number above 0")

    def seconds(self, seed_text: str) -> float:
        """The delay of the request that `seed_text` names."""
        if isinstance(self.delay, int | float):
            return self.delay
        return self.delay.draw(random.Random(seed_text))


class LogNormalForm(msgspec.Struct, forbid_unknown_fields=True):
    median: Duration
    sigma: Annotated[float, Meta(ge=0, le=5, description="a number from 0 to 5")]


class LatencyForm(msgspec.Struct, forbid_unknown_fields=True, rename="camel"):
    """At most one of `constant`, `uniform` and `lognormal`, and the pace of an answer's bytes."""

    constant: Duration | None = None
    uniform: (
        Annotated[list[Duration], Meta(min_length=2, max_length=2, description="[low, high]: two durations")]
        | None
    ) = None
    lognormal: LogNormalForm | None = None
    bytes_per_second: Annotated[float, Meta(gt=0, description="a number above 0")] | None = None


def parse_latency(data: Any, path: str = "latency") -> Latency:
    """A latency as site files write it; a number or a duration is a constant. Raises SiteFileError."""
    if not isinstance(data, dict):
        return Latency(parse_duration(data, path))
    form = shaped(data, LatencyForm, path)
    delays: list[float | Uniform | LogNormal] = []
    try:
        if form.constant is not None:
            delays.append(parse_duration(form.constant))
        if form.uniform is not None:
            delays.append(Uniform(*(parse_duration(end) for end in form.uniform)))
        if form.lognormal is not None:
            delays.append(LogNormal(parse_duration(form.lognormal.median), form.lognormal.sigma))
    except SiteFileError as error:
        raise error.at(path) from None
    if len(delays) > 1:
        raise SiteFileError(path, ", ".join(data), "one of constant, uniform and lognormal")
    return Latency(delays[0] if delays else 0.0, form.bytes_per_second)
