"""The inputs of the jobs submitted last, as submitJob read them: their runs, seconds later, need not do it
again."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any, Final

from gp_protocol.descriptions.descriptors import Task

MOST: Final = 64
LONGEST: Final = 4_000
"""Bytes of a submission whose inputs are kept."""

Inputs = dict[str, Any]


class InputsRead:
    """Inputs by job id, each to be taken once."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, tuple[Task, bytes, Inputs]] = OrderedDict()

    def keep(self, job_id: str, task: Task, parameters: bytes, inputs: Inputs) -> None:
        """Keep what was read for a task from the parameters of a submission, unless they are long."""
        if len(parameters) <= LONGEST:
            self._kept[job_id] = task, parameters, inputs
            if len(self._kept) > MOST:
                self._kept.popitem(last=False)

    def take(self, job_id: str, task: Task, parameters: bytes) -> Inputs | None:
        """The inputs of a job; None unless they were read for this task from these parameters, and for a
        second run."""
        kept = self._kept.pop(job_id, None)
        if kept is None or kept[0] is not task or kept[1] != parameters:
            return None
        return kept[2]
