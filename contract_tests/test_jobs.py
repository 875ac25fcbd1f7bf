"""Several clients use the same jobs in any order, and all see the same: the mock's, or `--gp-task`'s."""

from __future__ import annotations

from typing import Any

import pytest
from gpharness.strategies import job_machine
from hypothesis import HealthCheck, seed, settings
from hypothesis.stateful import run_state_machine_as_test

JOBS_HERE = (
    "Simulation/JobOutcomes/SucceedsWithWarnings",
    "Simulation/JobOutcomes/Fails",
    "WorldViewshed/viewshed",
)


def test_the_jobs_of_a_task_are_as_the_protocol_has_them(runs: Any) -> None:
    if not runs.is_mock and not runs.tasks:
        pytest.skip("no task was named: --gp-task FOLDER/SERVICE/TASK says whose jobs are looked at")
    how = settings(
        max_examples=8 if runs.is_mock else 2,
        stateful_step_count=15,
        deadline=None,
        database=None,
        derandomize=False,
        suppress_health_check=[HealthCheck.too_slow],
    )
    looked_at = 0
    for path in JOBS_HERE if runs.is_mock else runs.tasks:
        try:
            machine = job_machine(runs.root, path, pause=runs.pause, token=runs.token or "")
        except ValueError as refused:
            if "is synchronous" in str(refused):
                continue
            raise
        run_state_machine_as_test(seed(runs.seed)(machine), settings=how)
        looked_at += 1
    if not looked_at:
        pytest.skip("every task that was named is synchronous, and has no jobs")
