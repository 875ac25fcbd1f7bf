"""What `site.task(path)` gives: a decorator that serves a function, and short words for how jobs go.

@site.task("Tools/Count Points", execution="sync")
def count_points(points: FeatureSet) -> int: ...

site.task("WorldViewshed/viewshed").fails(["ERROR 000732: Input: Dataset does not exist"])
site.task("WorldViewshed/viewshed").succeeds(when={"Viewshed_Distance": {"greaterThan": 5}}, after="20s")
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Literal, TypedDict, TypeVar

from gp_protocol.descriptions.descriptors import ExecutionType, Service
from gp_protocol.job_states import JobStatus

from gp_mockserver.configuration.conditions import parse_condition
from gp_mockserver.configuration.durations import parse_duration
from gp_mockserver.errors import SiteError
from gp_mockserver.lifecycle.timeline_changes import ending_with, failing, lasting, never_ending
from gp_mockserver.lifecycle.timelines import Timeline
from gp_mockserver.served_services import ANSWERS_AT_ONCE
from gp_mockserver.tools.call_places import place_of_call
from gp_mockserver.tools.outcome_rules import Condition, OutcomeRule, always
from gp_mockserver.tools.tool_calls import Tool

if TYPE_CHECKING:
    from gp_mockserver.sites import ServedService, ServedTask, Site

F = TypeVar("F", bound=Callable[..., Any])
When = Mapping[str, Any] | Condition | None
"""Which inputs a word is about: a condition as in site files, a function of the decoded inputs; None: all."""

_EXECUTION = {"async": ExecutionType.ASYNCHRONOUS, "sync": ExecutionType.SYNCHRONOUS}
_PHASES = {
    "submitted": JobStatus.SUBMITTED,
    "waiting": JobStatus.WAITING,
    "executing": JobStatus.EXECUTING,
}


class TaskOptions(TypedDict, total=False):
    """How a function is served.

    `execution`: `async` or `sync`, for the service where it is new; without it `async`. `name` is the tool's
    own name and `description` its description, else made from the label and taken from the docstring.
    `timeline`: how its jobs go; a synchronous task has none. `blocking` (True unless told otherwise): the
    function runs in a worker thread.
    """

    execution: Literal["async", "sync"]
    name: str
    description: str
    timeline: Timeline
    blocking: bool


class TaskHandle:
    """The task at `Folder/Service/Label` of a site. The word that was said last comes first."""

    def __init__(self, site: Site, path: str, options: TaskOptions) -> None:
        if not isinstance(path, str):
            raise SiteError('a task needs its address: write @site.task("Service/Label")')
        self.site = site
        self.path = path
        self._options = options

    def __call__(self, function: F) -> F:
        """Serve a function at this address, and return it unchanged.

        The service, and with it its folder, is made where it is missing; a task of the same label is
        replaced. Raises SiteError for a function whose signature has no descriptor (see
        `gp_mockserver.tools.tool_functions`).
        """
        from gp_mockserver.tools.tool_functions import descriptor_from, tool_from

        service = self._service()
        options = self._options
        descriptor = descriptor_from(
            function,
            label=self.path.rpartition("/")[2],
            name=options.get("name"),
            description=options.get("description"),
            execution_type=service.descriptor.execution_type,
        )
        service.add_task(
            descriptor,
            tool_from(function, descriptor),
            timeline=options.get("timeline"),
            blocking=options.get("blocking", True),
        )
        return function

    def fails(self, with_messages: Iterable[str] = (), *, when: When = None) -> TaskHandle:
        """Jobs fail with these error messages, and execute answers with the error of a failed tool."""
        if isinstance(with_messages, str):
            with_messages = [with_messages]
        return self._rule("fails", when, failing(self._task.timeline, with_messages))

    def succeeds(
        self,
        outputs: Mapping[str, Any] | None = None,
        *,
        after: float | str | None = None,
        after_polls: int | None = None,
        when: When = None,
    ) -> TaskHandle:
        """Jobs succeed: with these outputs (values, or their JSON; those left out are generated) or with what
        the task's own tool makes; after so long in execution ("20s", or seconds), or so many polls of it.
        """
        if after is not None and after_polls is not None:
            raise SiteError("after and after_polls: give one of the two")
        timeline = ending_with(self._task.timeline, JobStatus.SUCCEEDED)
        if after is not None or after_polls is not None:
            self._check_it_has_jobs("succeeds after a while")
        if after is not None:
            timeline = lasting(timeline, JobStatus.EXECUTING, seconds=parse_duration(after, "after"))
        if after_polls is not None:
            timeline = lasting(timeline, JobStatus.EXECUTING, polls=after_polls)
        return self._rule("succeeds", when, timeline, None if outputs is None else self._outputs(outputs))

    def times_out(self, *, when: When = None) -> TaskHandle:
        """Jobs end timed out."""
        self._check_it_has_jobs("times_out")
        return self._rule("times_out", when, ending_with(self._task.timeline, JobStatus.TIMED_OUT))

    def never_ends(self, *, when: When = None) -> TaskHandle:
        """Jobs execute until they are cancelled."""
        self._check_it_has_jobs("never_ends")
        return self._rule("never_ends", when, never_ending(self._task.timeline))

    def holds_at(
        self, status: Literal["submitted", "waiting", "executing"], gate: str = "gate", *, when: When = None
    ) -> TaskHandle:
        """Jobs stay in this status until `site.release(job_id, gate)`."""
        if status not in _PHASES:
            raise SiteError(f"status {status!r}: expected one of {', '.join(_PHASES)}")
        self._check_it_has_jobs("holds_at")
        timeline, phase = self._task.timeline, _PHASES[status]
        if phase is JobStatus.SUBMITTED and timeline.first_status is JobStatus.NEW:
            phase = JobStatus.NEW
        return self._rule("holds_at", when, lasting(timeline, phase, hold=gate))

    @property
    def _task(self) -> ServedTask:
        return self.site.find_task(self.path)

    def _check_it_has_jobs(self, word: str) -> None:
        if self._task.service.is_synchronous:
            raise SiteError(f"task {self.path!r}: met {word}; {ANSWERS_AT_ONCE}")

    def _rule(self, word: str, when: When, timeline: Timeline, tool: Tool | None = None) -> TaskHandle:
        task = self._task
        condition = (
            always if when is None else when if callable(when) else parse_condition(when, task.descriptor)
        )
        rule = OutcomeRule(condition, timeline, tool, word=word, place=place_of_call(), must_apply=True)
        task.rules.insert(0, rule)
        return self

    def _outputs(self, outputs: Mapping[str, Any]) -> Tool:
        from gp_mockserver.tools.output_sources import constant, declared_outputs, output_of

        task = self._task.descriptor
        sources = {
            name: constant(output_of(task, name, "outputs"), value, f"outputs.{name}")
            for name, value in outputs.items()
        }
        return declared_outputs(task, sources)

    def _service(self) -> ServedService:
        name, _, label = self.path.rpartition("/")
        if not name or not label or name.count("/") > 1:
            raise SiteError(
                f"task {self.path!r}: expected an address such as Service/Label or Folder/Service/Label"
            )
        asked = self._options.get("execution")
        if asked is not None and asked not in _EXECUTION:
            raise SiteError(f"task {self.path!r}: execution {asked!r}; expected async or sync")
        service = self.site.services.get(name)
        if service is None:
            return self.site.add_service(Service(name, execution_type=_EXECUTION[asked or "async"]))
        kind = service.descriptor.execution_type
        if asked is not None and _EXECUTION[asked] is not kind:
            raise SiteError(
                f"task {self.path!r} is to be {asked}, but service {name!r} is {kind}: "
                "all tasks of a service have its execution type"
            )
        return service
