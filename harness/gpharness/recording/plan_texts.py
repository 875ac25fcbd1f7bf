"""What is going to be done, and what was done, for whoever decides on it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from gpharness.plain_texts import one_line
from gpharness.recording.options import MEBIBYTE, Options
from gpharness.recording.plans import Plan
from gpharness.recording.targets import Target

_MOST = 30
"""Lines of one kind that are shown."""


def plan_lines(plan: Plan, target: Target, options: Options, path: Path) -> Iterator[str]:
    """Everything that will be asked of the server, and how fast."""
    yield f"recording {target.root} into {path}"
    runs = [
        f"run {run.task}: "
        + ("its job is cancelled" if run.cancelled else run.inputs.label)
        + "".join(f", uploading {file}" for file in run.inputs.uploads.values())
        for run in plan.runs
    ]
    yield from _some(runs)
    yield from _some([f"ask wrongly: {each.name}" for each in plan.wrong])
    yield from left_out_lines(plan)
    if plan.runs or plan.wrong:
        limits = options.limits
        yield (
            f"  at most {limits.rate:g} requests a second, {limits.max_time:g} s for a job, "
            f"{limits.max_bytes / MEBIBYTE:.3g} MiB of an answer, "
            f"{limits.max_total / MEBIBYTE:.3g} MiB in all"
        )
    else:
        yield "  nothing is run: only what the server says of itself is recorded"


def left_out_lines(plan: Plan) -> Iterator[str]:
    """Of what nothing is run, and why."""
    yield from _some([f"left out {name}: {reason}" for name, reason in plan.left_out.items()])


def _some(lines: list[str]) -> Iterator[str]:
    for line in lines[:_MOST]:
        yield f"  {one_line(line)}"
    if len(lines) > _MOST:
        yield f"  … and {len(lines) - _MOST} more"
