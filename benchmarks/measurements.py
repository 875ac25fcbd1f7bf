"""What a benchmark found, and how it is shown."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Measurement:
    """A measured value beside its baseline and target.

    `value` is a ratio, or a plain quantity where `unit` is not "x". `wanted` reads like ">= 0.80" or "<= 1.6"
    and is empty where nothing is promised. `invalid` says why the run proves nothing.
    """

    name: str
    value: float
    unit: str = "x"
    wanted: str = ""
    detail: str = ""
    invalid: str = ""

    @property
    def verdict(self) -> str:
        if self.invalid:
            return "invalid"
        if not self.wanted:
            return ""
        relation, limit = self.wanted.split()
        kept = self.value >= float(limit) if relation == ">=" else self.value <= float(limit)
        return "kept" if kept else "MISSED"


def as_json(measurements: Sequence[Measurement]) -> list[dict[str, object]]:
    """The measurements as JSON objects; a value that could not be measured is null."""
    return [
        {**asdict(one), "value": None if math.isnan(one.value) else one.value, "verdict": one.verdict}
        for one in measurements
    ]


def as_table(measurements: Sequence[Measurement]) -> str:
    """The measurements as a Markdown table."""
    lines = ["| benchmark | measured | wanted | | detail |", "|---|---|---|---|---|"]
    for one in measurements:
        shown = f"{one.value:.3g} {one.unit}" if one.value < 100 else f"{one.value:,.0f} {one.unit}"
        detail = f"{one.invalid}; {one.detail}" if one.invalid else one.detail
        lines.append(f"| {one.name} | {shown} | {one.wanted} | {one.verdict} | {detail} |")
    return "\n".join(lines)
