"""The inputs of the jobs submitted last, as submitJob read them: their runs, seconds later, need not do it
again."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any, Final

MOST: Final = 64
LONGEST: Final = 4_000
"""Bytes of a submission whose inputs are kept."""

Inputs = dict[str, Any]


class InputsRead:
    """Inputs by job id, each to be taken once."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, tuple[bytes, Inputs]] = OrderedDict()

    def keep(self, job_id: str, parameters: bytes, inputs: Inputs) -> None:
        """Keep what was read from the parameters of a submission, unless they are long."""
        if len(parameters) <= LONGEST:
            self._kept[job_id] = parameters, inputs
            if len(self._kept) > MOST:
                self._kept.popitem(last=False)

    def take(self, job_id: str, parameters: bytes) -> Inputs | None:
        """The inputs of a job; None unless they were read from these parameters, and for a second run."""
        kept = self._kept.pop(job_id, None)
        return kept[1] if kept is not None and kept[0] == parameters else None
