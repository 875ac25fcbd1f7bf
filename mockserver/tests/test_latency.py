"""How long answers take, as it is written and as it is drawn."""

from __future__ import annotations

from statistics import median
from typing import Any

import pytest
from gp_mockserver.errors import SiteFileError
from gp_mockserver.tools.latency import Latency, LogNormal, Uniform, parse_latency
from hypothesis import given
from hypothesis import strategies as st

from every_case import every_case


@every_case(
    ("data", "latency"),
    [
        (0, Latency(0.0)),
        (0.05, Latency(0.05)),
        ("250ms", Latency(0.25)),
        ("1.5", Latency(1.5)),
        ("20s", Latency(20.0)),
        ("20 seconds", Latency(20.0)),
        ("5 min", Latency(300.0)),
        ("2h", Latency(7200.0)),
        ({"constant": "1s"}, Latency(1.0)),
        ({"uniform": [0.1, "400ms"]}, Latency(Uniform(0.1, 0.4))),
        ({"lognormal": {"median": "200ms", "sigma": 0.5}}, Latency(LogNormal(0.2, 0.5))),
        ({"bytesPerSecond": 1000}, Latency(0.0, 1000)),
        ({"constant": 1, "bytesPerSecond": 1000}, Latency(1.0, 1000)),
    ],
)
def test_a_latency_is_written_in_short_or_as_a_distribution(data: Any, latency: Latency) -> None:
    assert parse_latency(data) == latency


@every_case(
    ("data", "error"),
    [
        (
            -1,
            'latency: met -1, expected seconds as a number, or a text such as "250ms", "20s", "5 min" '
            'or "2h"',
        ),
        ("soon", 'latency: met "soon", expected seconds'),
        (True, "latency: met true, expected seconds"),
        (None, "latency: met null, expected seconds"),
        (float("nan"), "latency: met nan, expected seconds"),
        (
            {"unifrom": [1, 2]},
            "latency.unifrom: met an unknown key, expected one of constant, uniform, lognormal, "
            'bytesPerSecond; did you mean "uniform"?',
        ),
        ({"uniform": [1]}, "latency.uniform: met a list of 1, expected [low, high]: two durations"),
        ({"uniform": [2, 1]}, "latency.uniform: met 2.0 to 1.0, expected 0 <= low <= high, in seconds"),
        (
            {"lognormal": {"median": 0, "sigma": 1}},
            "latency.lognormal: met median 0.0 and sigma 1.0, expected a median above 0",
        ),
        (
            {"lognormal": {"median": 1}},
            "latency.lognormal: met no sigma, expected sigma: a number from 0 to 5; add sigma",
        ),
        (
            {"lognormal": {"median": 1, "sigma": "x"}},
            'latency.lognormal.sigma: met "x", expected a number from 0 to 5',
        ),
        (
            {"constant": 1, "uniform": [1, 2]},
            "latency: met constant, uniform, expected one of constant, uniform and lognormal",
        ),
        ({"bytesPerSecond": 0}, "latency.bytesPerSecond: met 0, expected a number above 0"),
    ],
)
def test_a_latency_that_is_none_is_an_error(data: Any, error: str) -> None:
    with pytest.raises(SiteFileError) as raised:
        parse_latency(data)
    assert str(raised.value).startswith(error)


@given(st.text(), st.floats(0, 10), st.floats(0, 10))
def test_the_same_request_takes_the_same_time_between_the_ends(seed: str, low: float, length: float) -> None:
    latency = Latency(Uniform(low, low + length))
    assert low <= latency.seconds(seed) <= low + length
    assert latency.seconds(seed) == latency.seconds(seed)


def test_requests_differ_and_half_of_them_come_within_the_median() -> None:
    latency = Latency(LogNormal(0.2, 0.5))
    seconds = [latency.seconds(f"7/job/{number}") for number in range(2000)]
    assert len(set(seconds)) == 2000
    assert median(seconds) == pytest.approx(0.2, rel=0.05)
    assert max(seconds) > 0.6
