"""What a trial found: figures, and promises that were kept or broken, shown as a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

MOST_DETAILS = 10


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table; `kept` is None where nothing is promised."""

    name: str
    measured: str
    promised: str = ""
    kept: bool | None = None
    details: tuple[str, ...] = ()

    @property
    def verdict(self) -> str:
        return "" if self.kept is None else "kept" if self.kept else "BROKEN"


def at_most(name: str, value: float, limit: float, unit: str) -> Figure:
    """A figure that may not pass its limit."""
    return Figure(name, f"{value:,.1f} {unit}", f"<= {limit:,.1f} {unit}", value <= limit)


def none_of(name: str, met: Sequence[object]) -> Figure:
    """What may not happen at all; the table shows the first of what was met."""
    shown = f"{len(met):,}" + (f": {str(met[0])[:300]!r}" if met else "")
    return Figure(name, shown, "none", not met, tuple(map(str, met[:MOST_DETAILS])))


def as_table(figures: Sequence[Figure]) -> str:
    """The figures as a Markdown table."""
    lines = ["| figure | measured | promised | |", "|---|---|---|---|"]
    lines += [f"| {one.name} | {one.measured} | {one.promised} | {one.verdict} |" for one in figures]
    return "\n".join(lines)
