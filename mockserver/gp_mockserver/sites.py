"""A site: one ArcGIS Server as clients see it, under a context of its own, with its services, clock and jobs.

`Site` holds the services of `gp_mockserver.served_services`. All state stands here; what a request does with
it stands in `gp_mockserver.operations`.
"""

from __future__ import annotations

import asyncio
import itertools
import math
import random
import threading
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Literal, Unpack
from urllib.parse import quote, urlsplit

from gp_protocol.descriptions.descriptors import Service
from gp_protocol.error_envelopes import check_overrides
from gp_protocol.messages import MessageLevel
from gp_protocol.suggestions import did_you_mean
from gp_protocol.versions import Profile, profile

from gp_mockserver.contexts import check_context
from gp_mockserver.errors import SiteError
from gp_mockserver.journal.journal import Journal
from gp_mockserver.large_requests import LargeRequests
from gp_mockserver.lifecycle.clocks import Clock, RealClock
from gp_mockserver.lifecycle.job_store import JobStore, MemoryJobStore
from gp_mockserver.lifecycle.jobs import Submission
from gp_mockserver.lifecycle.queueing import ServiceQueue
from gp_mockserver.limits import DEFAULT_LIMITS, Limits
from gp_mockserver.running.inputs_read import InputsRead
from gp_mockserver.served_services import ServedService, ServedTask, answering_as
from gp_mockserver.site_directories import SiteDirectories

if TYPE_CHECKING:
    from gp_mockserver.app import MockServer
    from gp_mockserver.deviations.doors import SiteDoors
    from gp_mockserver.deviations.injections import Deviations, Injection
    from gp_mockserver.deviations.records import Deviation
    from gp_mockserver.journal.entries import Entry
    from gp_mockserver.journal.expectations import Expectation, Expectations, InOrder, Step
    from gp_mockserver.journal.journal import Criteria
    from gp_mockserver.journal.strictness import Allowed
    from gp_mockserver.layers.layer_services import LayerServices
    from gp_mockserver.passing_on import PassingOn
    from gp_mockserver.security.guard import Guard
    from gp_mockserver.security.sign_in_rules import SignInRules
    from gp_mockserver.standing_in import StandIn
    from gp_mockserver.stored_files import StoredFiles
    from gp_mockserver.tools.latency import Latency
    from gp_mockserver.tools.task_handles import TaskHandle, TaskOptions
    from gp_mockserver.tools.tool_calls import ToolError
    from gp_mockserver.uploads.uploaded_items import SiteUploads
    from gp_mockserver.wire.addresses import Address

__all__ = ["PUBLIC_URL", "ServedService", "ServedTask", "Site", "is_public_url"]
DEFAULT_VERSION = "12.0"
DEFAULT_PATIENCE = 1.0


PUBLIC_URL = "an http or https address with a host and no query, such as https://gis.example.com"


def is_public_url(text: str) -> bool:
    """Whether addresses in answers can start with it."""
    try:
        parts = urlsplit(text)
        return (
            parts.scheme in ("http", "https")
            and bool(parts.hostname)
            and parts.port != 0
            and not set(text) & set("?# ")
        )
    except ValueError:
        return False


class Site:
    """One mock ArcGIS Server under `context`.

    `version` names a profile of `gp_protocol.versions`; where none is given a service whose descriptor
    names a version answers as that one. `seed` decides job ids and generated values. `clock` is the only
    time that jobs know. `errors` overrides the wording of known errors by name. `bad_input` says what
    submitJob does with an input that does not fit its parameter: refuse the request, or accept it and let
    the job fail; which of the two real servers do is not established. `files_age` and the store's limits
    are the cleanup of the job directory. `public_url` is what addresses in answers start with, such as
    `https://gis.example.com`; the context follows it. `fetch_from` lists the hosts, such as
    `data.example.com` or `127.0.0.1:9000`, from which inputs given by address may be fetched.
    `users` are passwords by name, for services that are secured (`ServedService.secure`); `security` says how
    tokens are handed out. `patience` is how many seconds of real time a look at a job waits for its tool, if
    that is running in a thread; 0: never. `journal` says how many requests it keeps.
    """

    def __init__(
        self,
        context: str = "arcgis",
        *,
        version: str | float | None = None,
        seed: int = 0,
        clock: Clock | None = None,
        store: JobStore | None = None,
        latency: Mapping[str, Latency] | None = None,
        errors: Mapping[str, Mapping[str, Any]] | None = None,
        bad_input: Literal["refuse", "fail-job"] = "refuse",
        public_url: str | None = None,
        limits: Limits | None = None,
        fetch_from: Iterable[str] = (),
        users: Mapping[str, str] | None = None,
        security: SignInRules | None = None,
        patience: float = DEFAULT_PATIENCE,
        journal: Journal | None = None,
    ) -> None:
        check_context(context)
        if public_url and not is_public_url(public_url):
            raise SiteError(f"public_url {public_url!r}: expected {PUBLIC_URL}")
        if not 0 <= patience < math.inf:
            raise SiteError(f"patience {patience!r}: expected seconds, 0 or more")
        check_overrides(errors or {})
        self.context = context
        self.version_is_given = version is not None
        self.own_profile: Profile = profile(DEFAULT_VERSION if version is None else version)
        self.seed = seed
        self.journal = Journal() if journal is None else journal
        self.journal.site = self
        self.store: JobStore = MemoryJobStore() if store is None else store
        self.store.attach(self._find_queue, self._remove_job_files)
        self.clock: Clock = clock or RealClock()
        if self.store.past.latest > -math.inf:
            from gp_mockserver.lifecycle.continued_clocks import going_on

            self.clock = going_on(self.clock, self.store.past.latest)
        self.latency = dict(latency or {})
        self.errors = dict(errors or {})
        self.bad_input = bad_input
        self.public_url = public_url.rstrip("/") if public_url else None
        self.limits = limits or DEFAULT_LIMITS
        self.large_requests = LargeRequests(self.limits)
        self.patience = patience
        self.store.max_bytes = self.limits.jobs_memory
        self.fetch_from: frozenset[str] = frozenset()
        if fetch_from:
            from gp_mockserver.running.listed_hosts import listed_hosts

            self.fetch_from = listed_hosts(fetch_from)
        self.services: dict[str, ServedService] = {}
        self.directories = SiteDirectories(self.store.past.files)
        self.directories.clean_up(self.store.has_outcome)
        self.addresses: dict[str, Address] = {}
        """Addresses that were looked up before, by path; forgotten when a service or a task comes."""
        self.guard: Guard | None = None
        """Who may use what, by which tokens; None where every service is open."""
        self.sign_in_hint = ""
        """A sentence for people on the pages where they sign in."""
        if security is not None:
            self.sign_in(security)
        for name, password in (users or {}).items():
            self.add_user(name, password)
        self.inputs_read = InputsRead()
        self.running: dict[str, asyncio.Future[None]] = {}
        """The tools that worker threads are running now, by job id."""
        self.is_closed = False
        """Whether it is served no longer: what goes wrong then concerns nobody."""
        self.tool_errors: list[ToolError] = []
        """Mistakes in tools' functions, for who tests with them: the first 100."""
        again = f"/{self.store.past.openings}" if self.store.past.openings else ""
        self._job_ids = random.Random(f"{seed}/{context}{again}")
        self._request_numbers = itertools.count(1)
        self._making = threading.RLock()
        self._expectations: Expectations | None = None
        self.deviating = False
        """Whether a deviation has been injected; while none has, nobody looks for one."""
        self.server: MockServer | None = None
        """What serves it."""
        self.passing_on: PassingOn | None = None
        """The real server in front of which it stands, if it is no mock."""
        self.stand_in: StandIn | None = None
        """What is asked before its operations are, such as the recordings that it replays."""
        self._deviations: Deviations | None = None
        self.deviations_by_address: dict[str, Deviations] = {}
        """What addresses that name deviations follow, by their context."""
        self._doors: SiteDoors | None = None
        self._layers: LayerServices | None = None
        self._uploads: SiteUploads | None = None
        self._stored: StoredFiles | None = None
        if self.store.past.files is not None:
            _ = self.stored  # which counts what is there, before anything comes

    def __repr__(self) -> str:
        root = self.server.root if self.server is not None else ""
        return f"<Site {self.context!r}{root and f' at {root}/{quote(self.context)}'}>"

    @property
    def profile(self) -> Profile:
        """The version it answers as; for the request at hand a deviation may name another."""
        return answering_as.get() or self.own_profile

    # What few requests need is made, and its modules are imported, when it is first asked for.

    @property
    def layers(self) -> LayerServices:
        """The feature services: what jobs published, and those that the site has from the start."""
        from gp_mockserver.layers.layer_services import LayerServices

        with self._making:
            if self._layers is None:
                self._layers = LayerServices()
            return self._layers

    @property
    def uploads(self) -> SiteUploads:
        """The uploaded items of all services."""
        from gp_mockserver.uploads.uploaded_items import SiteUploads

        with self._making:
            if self._uploads is None:
                openings = self.store.past.openings
                again = f"/{openings}" if openings else ""
                seed_text = f"{self.seed}/{self.context}/uploads{again}"
                self._uploads = SiteUploads(
                    self.directories, self.limits.stored, seed_text=seed_text, is_first=not openings
                )
            return self._uploads

    @property
    def stored(self) -> StoredFiles:
        """The account of all files that the site keeps."""
        from gp_mockserver.stored_files import StoredFiles

        with self._making:
            if self._stored is None:
                found = () if self.store.past.files is None else self.directories.job_sizes()
                self._stored = StoredFiles(self.directories, self.uploads.space, found)
            return self._stored

    @property
    def deviations(self) -> Deviations:
        """The deviations that it follows, in the order in which they were injected."""
        from gp_mockserver.deviations.injections import Deviations

        with self._making:
            if self._deviations is None:
                self._deviations = Deviations(self)
            return self._deviations

    def deviate(self, deviation: str | Deviation | Mapping[str, Any], **chosen: Any) -> Injection:
        """Depart from the protocol from now on, in the way of this name (`gpharness deviations` lists them).

        `results-late@job#2` says operation and number of the request, too; so do the members of a `Selector`
        among `chosen` (`operation`, `nth`, `times`, `task`, `status`, …). The others are the deviation's own
        parameters. A `Deviation`, or a mapping of its form, is one of your own. Raises DeviationError.
        """
        return self.deviations.inject(deviation, **chosen)

    @property
    def doors(self) -> SiteDoors:
        """The listening sockets of its own that deviations have had opened."""
        from gp_mockserver.deviations.doors import SiteDoors

        with self._making:
            if self._doors is None:
                self._doors = SiteDoors(self)
            return self._doors

    @property
    def url(self) -> str:
        """Its address, such as `http://127.0.0.1:8585/arcgis`; of a site with a door of its own, that one's.
        Raises SiteError while no server serves it."""
        root = self._doors.root if self._doors is not None and self._doors.root else None
        if root is None and self.server is not None:
            root = self.server.root
        if not root:
            raise SiteError(f"site {self.context!r} has no address: no server serves it")
        return f"{root}/{quote(self.context)}"

    @property
    def expectations(self) -> Expectations:
        """What tests expect of the site's clients, as `expect` and `expect_in_order` have said."""
        from gp_mockserver.journal.expectations import Expectations

        with self._making:
            if self._expectations is None:
                self._expectations = Expectations(self)
            return self._expectations

    def expect(
        self,
        operation: str,
        *,
        times: int | None = None,
        at_least: int | None = None,
        at_most: int | None = None,
        **criteria: Unpack[Criteria],
    ) -> Expectation:
        """Expect requests of an operation from now on (see `Expectations.expect`): one, if no number is said.
        `verify` says which have not come."""
        return self.expectations.expect(
            operation, times=times, at_least=at_least, at_most=at_most, **criteria
        )

    def expect_in_order(self, *steps: Step) -> InOrder:
        """Expect requests to come in this order from now on (see `Expectations.expect_in_order`)."""
        return self.expectations.expect_in_order(*steps)

    def verify(self, **allowed: Unpack[Allowed]) -> None:
        """Raise Unmet, an AssertionError, unless all went as it has to in a test (see
        `gp_mockserver.journal.strictness`)."""
        from gp_mockserver.journal.strictness import verify

        verify(self, **allowed)

    def wait_for(
        self,
        operation: str | None = None,
        *,
        times: int = 1,
        timeout: float = 5.0,
        since: int | None = None,
        answered: bool = True,
        **criteria: Unpack[Criteria],
    ) -> Entry:
        """Wait until a client's requests have come (see `gp_mockserver.journal.waiting.wait_for`)."""
        from gp_mockserver.journal.waiting import wait_for

        return wait_for(
            self, operation, times=times, timeout=timeout, since=since, answered=answered, **criteria
        )

    async def arrives(
        self,
        operation: str | None = None,
        *,
        times: int = 1,
        timeout: float = 5.0,
        since: int | None = None,
        answered: bool = True,
        **criteria: Unpack[Criteria],
    ) -> Entry:
        """What `wait_for` is, to be awaited: on asyncio and on trio."""
        from gp_mockserver.journal.waiting import arrives

        return await arrives(
            self, operation, times=times, timeout=timeout, since=since, answered=answered, **criteria
        )

    def assert_polled(
        self, *, at_least: float | None = None, at_most: int | None = None, job: str | None = None
    ) -> None:
        """Raise AssertionError unless jobs were polled politely (see `gp_mockserver.journal.politeness`)."""
        from gp_mockserver.journal.politeness import assert_polled

        assert_polled(self, at_least=at_least, at_most=at_most, job=job)

    def reset(self) -> None:
        """Let the site start anew: jobs, journal, expectations and deviations go, services and rules stay."""
        from gp_mockserver.journal.strictness import reset

        reset(self)

    def sign_in(self, rules: SignInRules | None = None) -> Guard:
        """The site's guard, made when first asked for: from then on requests may bring tokens. `rules` say
        how it hands them out."""
        from gp_mockserver.security.guard import Guard

        if self.guard is None:
            self.guard = Guard(self)
        if rules is not None:
            self.guard.rules = rules
        return self.guard

    def add_user(self, name: str, password: str, *, administrator: bool = False, full_name: str = "") -> None:
        """Let a user sign in, or change one. Raises SiteError for an empty name or password."""
        from gp_mockserver.security.accounts import Account

        self.sign_in().add_user(Account(name, password, administrator, full_name))

    @property
    def folders(self) -> list[str]:
        """The catalogue's folders, in the order in which their first services came."""
        published = self._layers.seen(self, self.clock.now()) if self._layers is not None else ()
        layers = (service.name for service in published)
        return list(dict.fromkeys(name.split("/")[0] for name in (*self.services, *layers) if "/" in name))

    def add_service(
        self,
        descriptor: Service,
        *,
        message_level: MessageLevel = MessageLevel.INFO,
        instances: int | None = None,
        latency: Mapping[str, Latency] | None = None,
        version: float | None = None,
    ) -> ServedService:
        """Serve a service; its tasks are added to what this returns.

        Unless the site's version was given it answers as `version`, or as the one that its descriptor names.
        """
        if descriptor.name in self.services:
            raise SiteError(f"service {descriptor.name!r} stands twice in site {self.context!r}")
        own = descriptor.current_version if version is None else version
        answers_as = self.profile if own is None or self.version_is_given else profile(own)
        service = ServedService(
            self, descriptor, answers_as, message_level=message_level, latency=dict(latency or {})
        )
        if instances is not None:
            service.limit_instances(instances)
        self.services[descriptor.name] = service
        self.addresses.clear()
        return service

    def find_task(self, path: str) -> ServedTask:
        """The task at `Folder/Service/Label`. Raises SiteError with the nearest name."""
        service_name, _, label = path.rpartition("/")
        service = self.services.get(service_name)
        if service and (task := service.find_task(label)):
            return task
        known = [task.path for service in self.services.values() for task in service.tasks.values()]
        hint = did_you_mean(path, known)
        raise SiteError(f"site {self.context!r} has no task {path!r}{hint and f'; {hint}'}")

    def task(self, path: str, **options: Unpack[TaskOptions]) -> TaskHandle:
        """A handle on the task at `Folder/Service/Label`: a decorator that serves a function there, and the
        short words that say how its jobs go (`site.task("WorldViewshed/viewshed").fails()`)."""
        from gp_mockserver.tools.task_handles import TaskHandle

        return TaskHandle(self, path, options)

    def latency_of(
        self, operation: str, service: ServedService | None, task: ServedTask | None
    ) -> Latency | None:
        """How long answers of an operation take: the task's setting, else the service's, else the site's."""
        for latency in (task and task.latency, service and service.latency, self.latency):
            if latency and (found := latency.get(operation) or latency.get("*")):
                return found
        return None

    def request_seed(self, operation: str) -> str:
        """What decides the latency of the next request."""
        return f"{self.seed}/{operation}/{next(self._request_numbers)}"

    def new_job_id(self) -> str:
        """The next job id; the same ones in the same order for a seed and a context, but others each time
        that a store is opened again."""
        while True:
            job_id = f"{self.profile.job_id_prefix}{self._job_ids.getrandbits(128):032x}"
            if self.stand_in is None or not self.stand_in.has_job(job_id):
                return job_id

    def release(self, job_id: str, gate: str = "gate") -> None:
        """Open a gate at which a job is held, or will be. Raises SiteError where there is no such job,
        ValueError where it has no such gate."""
        now = self.clock.now()
        if self.store.release(job_id, gate, now) is None:
            from gp_mockserver.lifecycle.job_moves import holding

            last = [self.store.get(each, now) for each in self.store.ids()[-100:]]
            held = [each.job_id for each in last if each is not None and holding(each, now)]
            told = f"held are {', '.join(held[-10:])}" if held else "none is held"
            raise SiteError(f"site {self.context!r} has no job {job_id!r}; {told}")

    def close(self) -> None:
        """Close the store, and remove the files of runs, and those of jobs and uploads if jobs do not outlive
        the site."""
        self.is_closed = True
        self.store.close(self.clock.now())
        if self._doors is not None:
            self._doors.close()
        if self.passing_on is not None:
            self.passing_on.close()
        if self._uploads is not None:
            self._uploads.close()
        self.directories.close()

    def _find_queue(self, path: str) -> ServiceQueue | None:
        name, _, label = path.rpartition("/")
        service = self.services.get(name)
        return service.queue if service is not None and label in service.tasks else None

    def _remove_job_files(self, submission: Submission) -> None:
        self.stored.forget_job(submission.task.rpartition("/")[0], submission.job_id)
