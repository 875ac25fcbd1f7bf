"""Services and tasks as a site serves them.

A `ServedService` holds `ServedTask`s: a descriptor, the tool that makes the outputs, the timeline of a job
and the rules that say which inputs end otherwise.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Final

import msgspec
from gp_protocol.descriptions.descriptors import ExecutionType, Service, Task
from gp_protocol.messages import MessageLevel
from gp_protocol.versions import Profile, names_of

from gp_mockserver.errors import SiteError
from gp_mockserver.lifecycle.queueing import ServiceQueue
from gp_mockserver.lifecycle.timelines import Timeline, standard_timeline

if TYPE_CHECKING:
    from gp_mockserver.sites import Site
    from gp_mockserver.tools.latency import Latency
    from gp_mockserver.tools.outcome_rules import OutcomeRule
    from gp_mockserver.tools.tool_calls import Tool, ToolCall
    from gp_mockserver.uploads.upload_rules import UploadRules

NO_SLASH = 'expected a name without "/": it is one segment of an address'
_OF_RUNS: Final = frozenset(names_of("parameter"))
ANSWERS_AT_ONCE = "a synchronous task answers at once; use latency"
answering_as: ContextVar[Profile | None] = ContextVar("answering_as", default=None)
"""The version that the request at hand is answered as, where a deviation says so."""


class ServedTask(msgspec.Struct, eq=False):
    """A task as it is served. The first rule whose condition holds decides a job's timeline and tool."""

    service: ServedService
    descriptor: Task
    tool: Tool
    timeline: Timeline
    rules: list[OutcomeRule] = []
    latency: dict[str, Latency] = {}
    blocking: bool = False
    """Whether the tool runs in a worker thread; only tools known to be quick may run in the event loop."""
    path: str = ""
    """`Folder/Service/Label`, as the address has it."""
    taken: frozenset[str] = frozenset()
    """The parameters that a run of it may have, by name."""

    def __post_init__(self) -> None:
        self.path = f"{self.service.name}/{self.descriptor.label}"
        self.taken = _OF_RUNS.union([parameter.name for parameter in self.descriptor.parameters])

    def rule_for(self, inputs: Mapping[str, Any]) -> OutcomeRule | None:
        """The first rule that holds for these inputs."""
        for rule in self.rules:
            if rule.condition(inputs):
                return rule
        return None


def _generated(call: ToolCall) -> Mapping[str, Any]:
    """The tool of a task that has none: every output made from its descriptor."""
    from gp_mockserver.tools.output_sources import generated_outputs

    return generated_outputs(call.task)(call)


class ServedService(msgspec.Struct, eq=False):
    """A service as it is served. Without a `queue` any number of its jobs execute at once.

    `own_profile` is the version it answers as: the one its descriptor names, unless the site's was given.
    """

    site: Site
    descriptor: Service
    own_profile: Profile
    tasks: dict[str, ServedTask] = {}
    message_level: MessageLevel = MessageLevel.INFO
    latency: dict[str, Latency] = {}
    queue: ServiceQueue | None = None
    started: bool = True
    validates: bool = True
    """Whether its tasks have the resource `validate` (12.0). Real servers name that in the capabilities; the
    word for it is not known, so `capabilities` says nothing of it (*assumed*)."""
    access: frozenset[str] | None = None
    """The users who may use it, with a token, `*` being every one; None: anybody, without one."""
    uploads: UploadRules | None = None

    @property
    def profile(self) -> Profile:
        """The version it answers as; for the request at hand a deviation may name another."""
        return answering_as.get() or self.own_profile

    @property
    def name(self) -> str:
        """`Folder/Service`, or `Service` at the root."""
        return self.descriptor.name

    def limit_instances(self, instances: int) -> None:
        """Let no more than so many jobs execute at once; the others wait for their turn."""
        self.queue = ServiceQueue(instances)

    def secure(self, users: Iterable[str] = ("*",)) -> None:
        """Ask for a token: of these users alone, or of any user. Administrators may use every service."""
        self.access = frozenset([users] if isinstance(users, str) else users)
        self.site.sign_in()

    @property
    def is_secured(self) -> bool:
        """Whether it asks for a token."""
        return self.access is not None

    @property
    def takes_uploads(self) -> bool:
        return "Uploads" in self.descriptor.capabilities

    @property
    def upload_rules(self) -> UploadRules:
        """What it takes as an upload: its own rules, else any type up to the site's limit."""
        from gp_mockserver.uploads.upload_rules import UploadRules

        return self.uploads or UploadRules(self.site.limits.upload)

    @property
    def is_synchronous(self) -> bool:
        return self.descriptor.execution_type is ExecutionType.SYNCHRONOUS

    def add_task(
        self,
        descriptor: Task,
        tool: Tool | None = None,
        *,
        timeline: Timeline | None = None,
        rules: Sequence[OutcomeRule] = (),
        latency: Mapping[str, Latency] | None = None,
        blocking: bool = False,
    ) -> ServedTask:
        """Serve a task: its outputs made from its descriptor unless a tool makes them, done in about two
        seconds. Raises SiteError for a name that no address can have, and for a timeline that no job follows.
        """
        for name in (descriptor.label, descriptor.name):
            if "/" in name:
                raise SiteError(f"task {name!r} of service {self.name!r}: {NO_SLASH}")
        if timeline is not None and self.is_synchronous:
            raise SiteError(f"task {self.name}/{descriptor.label}: met a timeline; {ANSWERS_AT_ONCE}")
        task = ServedTask(
            service=self,
            descriptor=descriptor,
            tool=tool or _generated,
            timeline=timeline or self.usual_timeline(descriptor),
            rules=list(rules),
            latency=dict(latency or {}),
            blocking=blocking,
        )
        self.tasks[descriptor.label] = task
        self.site.addresses.clear()
        return task

    def usual_timeline(self, task: Task, answers_as: Profile | None = None, **how: Any) -> Timeline:
        """How a job of a task goes on a server of this version; `how` as `standard_timeline` takes it."""
        answers_as = answers_as or self.profile
        version = {"style": answers_as.date_style, "first": answers_as.first_status}
        return standard_timeline(task_label=task.label, tool_name=task.name, **{**version, **how})

    def find_task(self, segment: str) -> ServedTask | None:
        """The task whose label, or else whose name, is this segment of an address."""
        if task := self.tasks.get(segment):
            return task
        return next((task for task in self.tasks.values() if task.descriptor.name == segment), None)
