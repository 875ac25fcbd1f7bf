"""Recording a server by running its tasks: reading what it has, planning, running, putting together.

    recorder = Recorder(target_of(url), options)
    plan = recorder.plan()
    recorder.carry_out(plan)
    recording = recorder.recording()

Whoever calls it asks between the second and the third step whether that is wanted.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any, Final

import msgspec
from gp_client.clocks import Clock, SystemClock
from gp_client.errors import GPError, TransportError
from gp_client.sessions import Polling
from gp_protocol.error_envelopes import read_error

from gpharness.contracts.contract import Contract, Conversation, Provenance, Source
from gpharness.contracts.secrets.masking import Mask
from gpharness.probing.exchanges import Exchange
from gpharness.probing.prober import Prober
from gpharness.probing.tokens_wanted import REQUIRED
from gpharness.recording.assembling import contract_of
from gpharness.recording.describing import described
from gpharness.recording.hidden_inputs import HiddenInputs
from gpharness.recording.limited_transport import EvenPace, LimitedTransport
from gpharness.recording.names import free_name, name_of
from gpharness.recording.options import Credentials, Options
from gpharness.recording.own_mock import is_own_mock
from gpharness.recording.pieces import decoded
from gpharness.recording.plans import Described, Plan, planned
from gpharness.recording.running import ask_wrongly, run_task
from gpharness.recording.targets import Target, target_of
from gpharness.recording.wrong_requests import segments

if TYPE_CHECKING:
    import httpx
    from gp_client.wire.http_messages import Transport

_AT_ONCE: Final = 0.05
"""Seconds after which a job is looked at first, so that a trace shows what a client meets that does not
wait."""
Listener = Callable[[str], object]


class Recording(msgspec.Struct):
    """`left_over` says what of the exchanges has no place in the contract, `failures` which runs could not be
    recorded whole, and why."""

    contract: Contract
    left_over: list[str] = []
    failures: list[str] = []


class _Segment(msgspec.Struct):
    """The exchanges of one conversation."""

    name: str
    task: str
    exchanges: list[Exchange]


class Recorder:
    """Records one server. `http` is an `httpx.Client` or a Transport, which stays the caller's to close;
    `clock` is the client's. `listener` hears what is done next, in a few words.

    Raises InvalidInput for credentials that are none.
    """

    def __init__(
        self,
        target: Target,
        options: Options = Options(),  # noqa: B008 - it is frozen
        credentials: Credentials = Credentials(),  # noqa: B008
        *,
        http: httpx.Client | Transport | None = None,
        clock: Clock | None = None,
        trusted_hosts: Sequence[str] = (),
        listener: Listener = lambda text: None,
    ) -> None:
        self.target, self.options = target, options
        self.tell = listener
        """Hears what is done next."""
        limits, clock = options.limits, clock or SystemClock()
        carrier: Any = http
        if http is None or hasattr(http, "build_request"):
            from gp_client.wire.httpx_transports import HTTPXTransport

            carrier = HTTPXTransport(carrier, largest_answer=limits.max_bytes)
        self.transport = LimitedTransport(carrier, limits.max_total)
        self._owned = http is None
        self.prober = Prober(
            target.root,
            http=self.transport,
            clock=clock,
            user=credentials.user,
            password=credentials.password,
            token=credentials.token,
            token_url=credentials.token_url,
            trusted_hosts=tuple(trusted_hosts),
            timeout=limits.timeout,
            deadline=limits.max_time,
            rate=None,
            polling=Polling(min(_AT_ONCE, limits.interval), 4.0, limits.interval, 0.0),
            largest_answer=limits.max_bytes,
        )
        self.prober.session.pace = EvenPace(limits.rate)
        self._mask = Mask(
            usernames=options.mask_users, server_paths=options.mask_paths, known=credentials.secrets
        )
        self._hidden = HiddenInputs(self._mask)
        self._source: Source = options.source or "recorded"
        self._at = datetime.now(UTC)
        self._described = Described()
        self._descriptions: list[Exchange] = []
        self._segments: list[_Segment] = []
        self._learnt = 0
        self.failures: list[str] = []
        """What could not be recorded whole, and why."""

    def close(self) -> None:
        if self._owned:
            self.transport.close()

    def describe(self, services: Sequence[str] = ()) -> Described:
        """Read what the target leads to, or the services that are named. Raises GPError."""
        try:
            self._described = described(self.prober, self.target, self.tell, services)
        finally:
            self._descriptions = list(self.prober.exchanges)
        if self.options.source is None and is_own_mock(self.transport, self.target.root):
            self._source = "generated"
        return self._described

    def describe_catalogue(self) -> None:
        """Read the catalogue, too. Raises GPError."""
        before = len(self.prober.exchanges)
        self.prober.ask("rest/services")
        self._descriptions += self.prober.exchanges[before:]

    @property
    def source(self) -> Source:
        """What a contract says of where it is from, once the server was asked."""
        return self._source

    def plan(self) -> Plan:
        """What will be done; nothing has been by then but reading. Raises GPError and Unreadable."""
        return planned(self.describe(), self.options)

    def carry_out(self, plan: Plan) -> None:
        """Do it, one conversation after the other. What fails is noted, and the next one is done; what is
        complete when it is interrupted stays. Raises TransportError where the server has gone."""
        steps: list[tuple[str, str, Callable[[], str]]] = []
        draft = self.draft()
        self.keep_refusals()
        for run in plan.runs:
            steps.append((run.name, run.task, partial(run_task, self.prober, run, self._described, draft)))
        for each in plan.wrong:
            steps.append((each.name, each.task, partial(ask_wrongly, self.prober, each, draft)))
        for number, (name, task, act) in enumerate(steps, 1):
            self.tell(f"{number}/{len(steps)} {name}")
            self.keep(name, task, act)
            why = "--max-total is reached" if self.transport.is_full else self.prober.transport.silence
            if why and number < len(steps):
                self.failures.append(f"{len(steps) - number} conversations are left out: {why}")
                return

    def keep(self, name: str, task: str, act: Callable[[], str]) -> list[Exchange]:
        """Have a conversation and keep what passed, once it is complete. `act` returns what is missing of it;
        what it raises as GPError is noted as a failure. One of which an answer did not come is left out."""
        before = len(self.prober.exchanges)
        is_whole = True
        try:
            missing = act()
        except TransportError as error:
            missing, is_whole = f"{error.text}; it is left out", False
        except GPError as error:
            missing = error.text
        exchanges = self.prober.exchanges[before:]
        if missing:
            self.failures.append(f"{name}: {missing}")
        if exchanges and all(each.fault == "unreachable" for each in exchanges):
            raise TransportError(exchanges[-1].fault_text, url=self.target.root, sent=False)
        if is_whole:
            self._segments.append(_Segment(name, task, exchanges))
        return exchanges

    def keep_refusals(self) -> None:
        """Where there is a token, ask each service once without it, and keep that it was asked for: whoever
        replays the contract or holds a server to it has to know."""
        if not self.prober.session.tokens.has_token:
            return
        for name in self._described.services:
            before = len(self.prober.exchanges)
            path = f"/rest/services/{segments(name)}/GPServer"
            error = read_error(decoded(self.prober.look(path, {"f": "json"}, is_signed=False).body))
            if error is not None and error.code == REQUIRED:
                exchanges = self.prober.exchanges[before:]
                self._segments.append(_Segment(name_of(name, "without a token"), "", exchanges))

    def descriptions(self) -> tuple[Contract, list[str]]:
        """What was described, masked, without a conversation about running anything."""
        return self.assembled(self._descriptions)

    def draft(self) -> Contract:
        """A contract of what was described, for whoever repeats conversations."""
        return Contract(
            self._provenance(),
            services={name: each.raw for name, each in self._described.services.items()},
            tasks={name: each.raw for name, each in self._described.tasks.items()},
        )

    def recording(self) -> Recording:
        """All that is complete, masked and put together."""
        contract, left_over = self.descriptions()
        conversations = list(contract.conversations)
        taken = {each.name for each in conversations}
        for segment in self._segments:
            part, left = self.conversations_of(segment.task, segment.exchanges)
            left_over += [f"{segment.name}: {line}" for line in left]
            for each in part:
                each.name = free_name(segment.name, taken)
                taken.add(each.name)
                conversations.append(each)
        contract.conversations = conversations
        return Recording(contract, left_over, list(self.failures))

    def conversations_of(
        self, task: str, exchanges: Sequence[Exchange]
    ) -> tuple[Sequence[Conversation], list[str]]:
        """The conversations about one task that exchanges make, and what has no place in them."""
        about = [each for each in self._descriptions if each.operation == "task" and each.task == task]
        part, left_over = self.assembled([*about, *exchanges])
        return part.conversations, left_over

    def masked(self, exchanges: Sequence[Exchange]) -> list[Exchange]:
        """Exchanges without the secrets that any of all exchanges until now has."""
        new = self.prober.exchanges[self._learnt :]
        self._mask.learn(*new)
        self._hidden.learn(new)
        self._learnt += len(new)
        return self._mask.exchanges(self._hidden.without(exchanges))

    def assembled(self, exchanges: Sequence[Exchange]) -> tuple[Contract, list[str]]:
        """Exchanges as a contract, masked; and what has no place in one."""
        return contract_of(self.masked(exchanges), self._provenance(), self.target.root)

    @property
    def at(self) -> str:
        """When it began, as a contract has it."""
        return f"{self._at:%Y-%m-%dT%H:%M:%SZ}"

    def _provenance(self) -> Provenance:
        return Provenance(
            source=self._source,
            of=self.target.root,
            at=self.at,
            by=f"gpharness {own_version()}",
            by_way_of="record",
        )


def own_version() -> str:
    """The version of this program."""
    try:
        return version("gpharness")
    except PackageNotFoundError:  # run from a folder, without being installed
        return "of an unknown version"


def record(
    url: str,
    options: Options = Options(),  # noqa: B008 - it is frozen
    credentials: Credentials = Credentials(),  # noqa: B008
    *,
    http: httpx.Client | Transport | None = None,
    clock: Clock | None = None,
) -> Recording:
    """Record what an address leads to, without asking anybody whether its tasks may be run.

    Raises InvalidInput and Unreadable for what was given, other GPErrors where nothing can be recorded.
    """
    recorder = Recorder(target_of(url), options, credentials, http=http, clock=clock)
    try:
        recorder.carry_out(recorder.plan())
        return recorder.recording()
    finally:
        recorder.close()
