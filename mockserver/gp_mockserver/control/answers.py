"""What the control API answers: the forms of its bodies.

Instants are seconds since the epoch on the clock of the site that is told of; `null` is one that is not known
or never comes.
"""

from __future__ import annotations

from typing import Any

import msgspec


class Info(msgspec.Struct, rename="camel"):
    """A body of the API."""


class Health(Info):
    """The server serves. `uptimeSeconds` are real seconds; `sites` the contexts of its sites."""

    status: str
    version: str
    uptime_seconds: float
    sites: list[str]


class Settings(Info):
    """What the server was started with. `host` is what it listens on, null in process."""

    version: str
    host: str | None
    token_required: bool
    can_be_shut_down: bool
    most_bytes_of_a_body: int
    most_listeners: int
    sites: list[str]


class Index(Info):
    """Where the page and the description of this API are, and what resources there are, with their verbs."""

    ui: str
    openapi: str
    resources: dict[str, list[str]]


class Done(Info):
    """What was asked for is done."""

    done: str


class ResetDone(Info):
    """The contexts of the sites that start anew."""

    reset: list[str]


class Cleared(Info):
    """How many are gone."""

    cleared: int


class ClockInfo(Info):
    """`kind`: real, a rate such as x60, manual (it stands still) or jump, whose `rate` is null."""

    now: float
    iso: str
    kind: str
    rate: float | None


class TaskInfo(Info):
    """`path` is `Folder/Service/Label`."""

    path: str
    label: str
    name: str
    rules: int


class ServiceInfo(Info):
    """`executionType` is sync or async."""

    name: str
    execution_type: str
    started: bool
    secured: bool
    tasks: list[TaskInfo]


class SiteInfo(Info):
    """A site. `url` is its root, `servicesUrl` its services directory, `adminUrl` this API for it alone.

    `users` are names. `jobs`, `requests`, `deviations`: how many there are.
    """

    context: str
    url: str
    services_url: str
    admin_url: str
    version: str
    seed: int
    clock: ClockInfo
    services: list[ServiceInfo]
    users: list[str]
    jobs: int
    requests: int
    deviations: int


class SiteList(Info):
    """All sites of the server."""

    sites: list[SiteInfo]


class PhaseInfo(Info):
    """A stretch of a job's life; one of `seconds`, `polls` and `hold` says how long it lasts."""

    status: str
    seconds: float | None
    polls: int | None
    hold: str | None
    messages: list[MessageInfo]
    progress: list[ProgressInfo]


class MessageInfo(Info, omit_defaults=True):
    """One of `informative`, `warning` and `error`, said `after` so many seconds in its phase."""

    informative: str | None = None
    warning: str | None = None
    error: str | None = None
    after: float = 0.0
    until_success: bool = False


class ProgressInfo(Info, omit_defaults=True):
    """What progress shows from `after` on, in seconds from its phase's start."""

    message: str
    percent: int | None = None
    after: float = 0.0


class EndingInfo(Info):
    """How a job ends; `never`: it does not."""

    status: str
    messages: list[MessageInfo] | None


class CancellationInfo(Info):
    """What a cancel does."""

    check_interval: float
    ignored: bool
    at_once: bool


class TimelineInfo(Info):
    """How a task's jobs go, in the long form of site files, which can be put in its place."""

    phases: list[PhaseInfo]
    ending: EndingInfo
    cancellation: CancellationInfo
    date_style: str
    update_interval: float


class RuleInfo(Info):
    """A rule of a task: the first that holds decides. `applied`: how many runs and jobs it has decided."""

    number: int
    rule: str
    when: Any
    applied: int


class RuleList(Info):
    """The rules of a task, in the order in which they are asked."""

    task: str
    rules: list[RuleInfo]


class JobLine(Info):
    """A job in short. `held` is the gate that keeps it where it is."""

    job_id: str
    site: str
    task: str
    status: str
    submitted_at: float
    started_at: float | None
    ended_at: float | None
    cancelled_at: float | None
    polls: int
    held: str | None
    user: str


class JobList(Info):
    """The newest jobs, the newest first; `total`: how many fit in all."""

    jobs: list[JobLine]
    total: int


class JobPhase(Info):
    """A phase of a job: `begins` and `ends` are instants, also such as will come."""

    status: str
    begins: float | None
    ends: float | None
    seconds: float | None
    polls: int | None
    hold: str | None


class JobMessage(Info):
    """What a job has said."""

    type: str
    description: str


class GateInfo(Info):
    """A gate of a job, and when it was released."""

    name: str
    released_at: float | None


class JobInfo(JobLine):
    """A job. `phase` counts `phases` from 0; their number is the ending. `ending` null: it never ends.

    `inputs` are the texts that were submitted, without secrets. `progress`: what the job reports.
    """

    now: float
    phase: int
    phases: list[JobPhase]
    ending: str | None
    gates: list[GateInfo]
    messages: list[JobMessage]
    progress: dict[str, Any] | None
    inputs: dict[str, str]
    has_outputs: bool
    url: str


class RequestLine(Info):
    """A request and what came of it, without bodies. Unanswered, it has null for `seconds` and `status`."""

    site: str
    number: int
    at: float
    method: str
    path: str
    url: str
    client: str
    operation: str
    service: str
    task: str
    job_id: str
    name: str
    parameters: dict[str, str]
    seconds: float | None
    status: int | None
    request_size: int
    response_size: int
    deviations: list[str]
    job_status: str
    refusal: str
    near_miss: str
    error: str
    unexpected: bool
    cut_short: str


class Body(Info):
    """A body's beginning as text, or in base64 where it is none; its size in bytes, and its hash."""

    text: str
    base64: bool
    size: int
    sha256: str


class RequestInfo(RequestLine):
    """A request with headers and bodies, of which the first 64 KiB are kept."""

    request_headers: list[tuple[str, str]]
    request_body: Body
    response_headers: list[tuple[str, str]]
    response_body: Body


class RequestList(Info):
    """The last requests that fit, the oldest first. `total`: how many fit; `dropped`: how many had to make
    room; `cut`: how many of those that were asked for, the oldest ones, are left out, as the answer would be
    too large with them."""

    requests: list[RequestLine]
    total: int
    dropped: int
    cut: int = 0


class FullRequestList(Info):
    """As a list of requests, each with headers and bodies."""

    requests: list[RequestInfo]
    total: int
    dropped: int
    cut: int = 0


class Count(Info):
    """How many there are."""

    count: int


class InjectionInfo(Info):
    """A deviation that a site follows, by the site's own `id`. `applied`: on how many requests it has had an
    effect.

    `over`: it applies no more. `where`: which requests it is about. `url`: for one about connections, the
    site's address at which it is met.
    """

    id: int
    site: str
    label: str
    name: str
    kind: str = msgspec.field(name="class")
    on: list[str]
    where: dict[str, Any]
    applied: int
    over: bool
    does: str
    url: str | None


class InjectionList(Info):
    """The deviations that sites follow."""

    deviations: list[InjectionInfo]


class CatalogueEntry(Info):
    """A deviation that can be asked for by its name. `by`: the layer that it takes."""

    name: str
    group: str
    kind: str = msgspec.field(name="class")
    on: list[str]
    parameters: dict[str, Any]
    by: str
    does: str
    finding: str | None
    evidence: list[str]


class Catalogue(Info):
    """All deviations that there are."""

    catalogue: list[CatalogueEntry]


class ExpectationInfo(Info):
    """Requests that are expected, and how many of them have come. `problem`: why that does not meet it."""

    site: str
    expectation: str
    met: bool
    count: int
    problem: str


class ExpectationList(Info):
    """What is expected of clients."""

    expectations: list[ExpectationInfo]
    met: bool


class Verified(Info):
    """All went as it has to."""

    verified: bool


class NotVerified(Info):
    """What did not go as it has to, and the journal as text."""

    error: Any
    problems: list[str]
    journal: str
