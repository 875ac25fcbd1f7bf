"""What deviations change of the operation itself, which asks for it: inputs, timelines, ids, tokens."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING
from uuid import UUID

from gp_protocol.descriptions.descriptors import Direction

from gp_mockserver.deviations.actions import (
    AnswerAs,
    Assume,
    AtOnce,
    BindTokens,
    Ignore,
    JobId,
    LooseNames,
    RenameInput,
    SetTimeline,
    TokenTerms,
)
from gp_mockserver.deviations.header_texts import filled
from gp_mockserver.wire.replies import Refusal

if TYPE_CHECKING:
    from gp_mockserver.deviations.steps import Step
    from gp_mockserver.lifecycle.timelines import Timeline
    from gp_mockserver.sites import ServedTask
    from gp_mockserver.tools.latency import Latency


class OperationChanges:
    """The changes to one request, which its scope has under `COURSE`. `applied` is called with each step that
    has had an effect."""

    def __init__(self, steps: list[Step], applied: Callable[[Step], None]) -> None:
        self._steps = steps
        self._apply = applied
        self.made_job = ""
        """The id of the job that the request has made."""

    def _found(self, *kinds: type) -> list[Step]:
        return [step for step in self._steps if isinstance(step.action, kinds)]

    def timeline(self, task: ServedTask, usual: Timeline) -> Timeline:
        """The timeline of a job of this task that is submitted now; `usual` is what it would be."""
        from gp_mockserver.deviations.job_timelines import timeline_of, told_by_version

        usual = told_by_version(usual, task) if self._found(AnswerAs) else usual
        for step in self._found(SetTimeline):
            self._apply(step)
            return timeline_of(step.action, task, usual)
        return usual

    def inputs(self, given: Mapping[str, str], task: ServedTask) -> Mapping[str, str]:
        """The inputs as the task is to see them. Raises Refusal for one by a name that it has no more."""
        parameters = task.descriptor.parameters
        for step in self._found(RenameInput):
            if not parameters or parameters[0].direction is not Direction.INPUT:
                continue
            own = parameters[0].name
            self._apply(step)
            if own in given:
                raise Refusal("invalid-parameters", f"the task has no parameter {own!r}")
            given = {
                own if name == f"{own}{step.action.suffix}" else name: each for name, each in given.items()
            }
        return given

    def parameters(self, given: Mapping[str, str]) -> Mapping[str, str]:
        """The request's parameters as the operation is to see them."""
        for step in self._found(Ignore, Assume):
            if isinstance(step.action, Assume):
                seen = {**given, **step.action.parameters}
            else:
                seen = {name: value for name, value in given.items() if name not in step.action.names}
            if seen != given:
                self._apply(step)
            given = seen
        return given

    def job_id(self, job_id: str) -> str:
        """The id of a job that is submitted."""
        for step in self._found(JobId):
            self._apply(step)
            digits = job_id.removeprefix("j")
            fills = {"hex": digits, "HEX": digits.upper(), "uuid": str(UUID(digits))}
            fills["number"] = str(int(digits[:12], 16))
            job_id = filled(step.action.pattern, fills)
        self.made_job = job_id
        return job_id

    def result_name(self, asked: str, names: Iterable[str]) -> str:
        """The name of the result that an address asks for."""
        for step in self._found(LooseNames):
            loosely = {_loose(name): name for name in names}
            if (found := loosely.get(_loose(asked), asked)) != asked:
                self._apply(step)
                return found
        return asked

    def latency(self, usual: Latency | None) -> Latency | None:
        """The latency of the answer, which the site has or has not."""
        for step in self._found(AtOnce):
            if usual is not None:
                self._apply(step)
            return None
        return usual

    def token_lifetime(self) -> float:
        """How many seconds a token lasts that is handed out now; infinity: as the site has it."""
        for step in self._found(TokenTerms):
            self._apply(step)
            return float(step.action.lifetime)
        return math.inf

    def token_binding(self) -> str:
        """To what a token is bound that is handed out now, `referer` or `ip`; empty: as the request says."""
        for step in self._found(BindTokens):
            self._apply(step)
            return str(step.action.to)
        return ""


def _loose(name: str) -> str:
    return name.lower().replace(" ", "_")
