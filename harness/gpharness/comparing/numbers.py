"""Numbers, which may differ by a tolerance where one of them has a fraction."""

from __future__ import annotations

import math
from typing import Any

from gpharness.contracts.contract import Floats


def is_number(value: Any) -> bool:
    """Whether it is a number in JSON, which a boolean is not."""
    return type(value) is int or type(value) is float


def same_number(expected: float, met: float, floats: Floats) -> bool:
    """Whether two numbers are the same; whole ones have no tolerance. NaN is NaN."""
    if expected == met:
        return True
    if type(expected) is int and type(met) is int:
        return False
    if expected != expected or met != met:
        return expected != expected and met != met
    try:
        return math.isclose(
            expected, met, rel_tol=max(floats.relative, 0.0), abs_tol=max(floats.absolute, 0.0)
        )
    except OverflowError:
        return False


def tolerance(value: float, floats: Floats) -> float:
    """By how much a number near `value` may differ from it."""
    return max(floats.absolute, floats.relative * abs(value), 0.0)
