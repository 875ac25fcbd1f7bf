"""Holding a server to a contract.

First the front door and the descriptions, then each conversation once more with the reference client. Every
answer is held to the protocol, every trace to the table of states; an answer in which nothing was found is
then compared with the recorded one. What a job leads to is compared where the whole conversation was clean.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from itertools import islice
from typing import Any, Final

from gp_client.errors import GPError
from gp_client.wire.addresses import service_url, task_url
from gp_protocol.descriptions.descriptors import Task, parse_task
from gp_protocol.errors import RemoteProtocolError

from gpharness.comparing.descriptors import compare_services, compare_tasks
from gpharness.contracts.contract import Contract, Conversation
from gpharness.findings.finding_names import finding
from gpharness.findings.findings import Finding
from gpharness.findings.reports.report import Case, Section, shown_server
from gpharness.probing.conversing import converse
from gpharness.probing.exchanges import Exchange
from gpharness.probing.prober import Prober
from gpharness.probing.tokens_wanted import REQUIRED, has_wrong_token, services_that_want_one
from gpharness.verifying.consequences import Explained
from gpharness.verifying.curl_commands import curl_of
from gpharness.verifying.discreet_findings import discreet
from gpharness.verifying.exchange_checks import Promise, looked_at
from gpharness.verifying.framing import correct, is_misframed
from gpharness.verifying.front_door import knock
from gpharness.verifying.gathering import Gathered
from gpharness.verifying.kept_promises import differences, take_back_what_was_recorded
from gpharness.verifying.looks import Look
from gpharness.verifying.results_files import check_file_urls
from gpharness.verifying.sequences import error_of, settle
from gpharness.verifying.silence import with_one_silence
from gpharness.verifying.traces import check_early_results, check_trace

Progress = Callable[[int, int, str], object]
"""Is told how many conversations are done, of how many, and which one begins."""

NOT_REACHED: Final = "the server is not reached"
"""Why a conversation was not held."""
UNREADABLE: Final = "nothing that the server says of itself can be read"
"""Why a conversation was not held."""
OUT_OF_TIME: Final = "the time for all of it was over"
"""Why a conversation was not held, or not to its end."""
TOKEN_WANTED: Final = "the service asks for a token, as it did when it was recorded, and none was given"
"""Why a conversation was not held."""
TOKEN_GONE: Final = "a token was refused, and no contract has tokens"
"""Why a conversation is never held again."""
NOT_ASKED_FOR: Final = "not asked for"
NOT_MEANT: Final = (NOT_ASKED_FOR, TOKEN_GONE)
"""Reasons that take nothing from a verification."""
INTERRUPTED: Final = "interrupted"
"""Why a conversation was not held, or not to its end."""
_NOBODY: Final = ("transport.unreachable", "transport.tls")
_SIGN_IN: Final = ("token.answer", "auth.")
"""How findings begin after which nothing is answered as it was."""
_NEVER: Final = -1
_SYNCHRONOUS: Final = "esriExecutionTypeSynchronous"


class Interrupted(KeyboardInterrupt):
    """Somebody has ended a verification; `section` is what came of it until then, `job` what may go on."""

    def __init__(self, section: Section, interruption: KeyboardInterrupt) -> None:
        super().__init__()
        self.section = section
        self.job = getattr(interruption, "job", None)
        self.__notes__ = [*getattr(interruption, "__notes__", ())]


def verify(
    contract: Contract,
    url: str,
    *,
    subject: str = "",
    only: Sequence[str] = (),
    progress: Progress | None = None,
    within: float | None = None,
    **options: Any,
) -> Section:
    """Hold the server at `url` to a contract; the findings, and which conversations were held.

    `only`: globs of conversations' names or tasks. `within`: seconds for all of it; what they do not suffice
    for is not held. The other `options` are those of `Prober`. Raises InvalidInput for an address or
    credentials that are none, Interrupted where it is.
    """
    with Prober(url, **options) as prober:
        prober.transport.is_cautious = True
        if within is not None:
            prober.ends_at = prober.clock.now() + within
        verification = _Verification(contract, prober, only, progress)
        section = verification.run(subject)
    if prober.transport.silence:
        section.findings = with_one_silence(section.findings)
    section.findings = discreet(section.findings, (options.get("password"), options.get("token")))
    if verification.interruption is not None:
        raise Interrupted(section, verification.interruption)
    return section


def is_wanted(conversation: Conversation, only: Sequence[str]) -> bool:
    """Whether a conversation is one of those that are asked for, by its name or its task."""
    names = (conversation.name, conversation.task)
    return not only or any(fnmatchcase(name, glob) for name in names for glob in only)


class _Verification:
    def __init__(
        self, contract: Contract, prober: Prober, only: Sequence[str], progress: Progress | None
    ) -> None:
        self._contract = contract
        self._prober = prober
        self._only = only
        self._progress = progress
        self._gathered = Gathered()
        self._described: dict[str, Mapping[str, Any]] = {}
        """The tasks as the server describes them now."""
        self._misframed = False
        self._refused: list[Finding] = []
        """Descriptions that were refused."""
        self._refusals: dict[str, int | None] = {}
        """The codes of the errors by which services were."""
        self._explained = Explained()
        self.interruption: KeyboardInterrupt | None = None
        self._submitted: set[str] = set()
        self._without_token: set[str] = set()
        """Services, and tasks, that want a token, as is known, and there is none."""
        self._secured: set[str] | None = None
        """Services that wanted one when they were recorded, once that was looked up."""

    def run(self, subject: str) -> Section:
        begun = self._prober.clock.now()
        section = Section(subject or self._contract.provenance.of, server=shown_server(self._prober.root))
        try:
            for case in self._cases():
                section.cases.append(case)
        except KeyboardInterrupt as interruption:
            self.interruption = interruption
            rest = islice(self._contract.conversations, len(section.cases), None)
            section.cases += [Case(each.name, each.task, 0.0, INTERRUPTED) for each in rest]
        section.findings = self._gathered.findings
        section.seconds = self._prober.clock.now() - begun
        return section

    def _cases(self) -> Iterator[Case]:
        reason = self._begin()
        total = len(self._contract.conversations)
        for number, conversation in enumerate(self._contract.conversations):
            if self._progress is not None:
                self._progress(number, total, conversation.name)
            if why := reason or self._why_not(conversation):
                yield Case(conversation.name, conversation.task, 0.0, why)
            else:
                yield self._hold(conversation)

    def _why_not(self, conversation: Conversation) -> str:
        """Why a conversation is not held; empty where it is."""
        if not is_wanted(conversation, self._only):
            return NOT_ASKED_FOR
        if self._prober.is_over:
            return OUT_OF_TIME
        if has_wrong_token(conversation):
            return TOKEN_GONE
        if conversation.task.rpartition("/")[0] in self._without_token:
            return TOKEN_WANTED
        return self._prober.transport.silence

    def _begin(self) -> str:
        """Knock, and ask for the descriptions; why no conversation can be held, if so."""
        looks = knock(self._prober, self._contract)
        self._misframed = is_misframed(self._prober, looks[0])
        for look in looks:
            correct(look, misframed=self._misframed)
        is_there = not any(each.name in _NOBODY for look in looks for each in look.findings)
        if is_there:
            looks += self._describe(is_silent=looks[-1].exchange.fault is not None)
        settle(looks)
        self._gathered.take(looks)
        if not self._gathered.has(*_SIGN_IN):
            self._gathered.add(self._refused)
        if not is_there:
            return NOT_REACHED
        if self._prober.is_over or any(look.is_good for look in looks):
            return ""
        silence = self._prober.transport.silence
        return f"{UNREADABLE}: {silence}" if silence else UNREADABLE

    # Descriptions

    def _describe(self, *, is_silent: bool) -> list[Look]:
        """`is_silent`: nothing whole came when it was knocked at the door, so that one thing more is enough
        to ask for where nothing comes then."""
        contract, root = self._contract, self._prober.root
        looks: list[Look] = []
        if contract.server.info is not None:
            looks += self._asked(f"{root}/rest/info")
        for name in contract.services:
            if is_silent and looks and not any(look.is_good for look in looks):
                return looks
            looks += (found := self._asked(service_url(root, name)))
            self._check_described(found, name)
            if found and found[-1].is_good:
                now, request = found[-1].value, curl_of(found[-1].exchange)
                drift = compare_services(contract.services[name], now, name, request)
                self._explained.note(drift)
                self._gathered.add(drift)
        if is_silent and not any(look.is_good for look in looks):
            return looks
        for name in contract.tasks:
            service, _, label = name.rpartition("/")
            looks += (found := self._asked(task_url(root, service, label)))
            self._check_described(found, name)
            if found and found[-1].is_good:
                now, request = found[-1].value, curl_of(found[-1].exchange)
                self._described[name] = now
                drift = compare_tasks(contract.tasks[name], now, name, request)
                self._explained.note(drift)
                self._gathered.add(drift)
        return looks

    def _check_described(self, looks: Sequence[Look], subject: str) -> None:
        """A description that is refused now; what breaks the protocol is told as that, and what is refused
        as its service is, or was said to be gone, is not told again."""
        error = error_of(looks[-1]) if looks else None
        if error is None or looks[-1].findings:
            return
        if error.code == REQUIRED and self._is_known_to_want_a_token(subject):
            self._without_token.add(subject)
            self._explained.add(subject)
            return
        is_told = self._refusals.get(subject.rpartition("/")[0], _NEVER) == error.code
        if not is_told and not self._explained.covers(subject):
            met = f"the error {error.code}: {error.message}"[:200]
            refused = finding("changed.answer", severity="breaking", expected="a description", met=met)
            self._refused.append(looks[-1].placed(refused))
        self._refusals[subject] = error.code
        self._explained.add(subject)

    def _is_known_to_want_a_token(self, subject: str) -> bool:
        """Whether there is no token, and a service, or the one that a task is of, asked for one when it was
        recorded: that is no news."""
        if self._prober.may_sign_in:
            return False
        if self._secured is None:
            self._secured = set(services_that_want_one(self._contract.conversations))
        return subject in self._secured or subject.rpartition("/")[0] in self._secured

    def _asked(self, url: str) -> list[Look]:
        before = len(self._prober.exchanges)
        with contextlib.suppress(GPError):  # the exchanges have it
            self._prober.ask(url)
        return self._looks(self._prober.exchanges[before:], Promise([], {}), "")

    def _looks(self, exchanges: Sequence[Exchange], promise: Promise, name: str) -> list[Look]:
        looks = [looked_at(each, promise, self._prober.root, name) for each in exchanges]
        for look in looks:
            correct(look, misframed=self._misframed)
        return looks

    # Conversations

    def _hold(self, conversation: Conversation) -> Case:
        begun = self._prober.clock.now()
        observed = converse(self._prober, conversation, self._contract)
        if self._prober.is_over:
            self._forget()
            return Case(conversation.name, conversation.task, self._prober.clock.now() - begun, OUT_OF_TIME)
        for each in observed.exchanges:
            if each.operation == "file":  # whose address names no task
                each.task = each.task or conversation.task
        looks = self._looks(observed.exchanges, self._promise(conversation), conversation.name)
        check_trace([look for look in looks if look.exchange.operation == "job"])
        for look in looks:
            if look.exchange.operation in ("result", "execute") and look.is_good:
                check_file_urls(look, conversation, self._contract, self._prober.root)
        check_early_results(looks)
        self._check_submissions(looks)
        settle(looks)
        take_back_what_was_recorded(conversation, looks)
        self._gathered.take(looks)
        if not self._gathered.has(*_SIGN_IN):
            tasks = self._promise(conversation).tasks
            task = tasks[-1] if tasks else None
            found = differences(self._contract, conversation, looks, task, observed.error)
            self._gathered.add(self._explained.without_consequences(conversation, found))
        self._forget()
        return Case(conversation.name, conversation.task, max(0.0, self._prober.clock.now() - begun))

    def _forget(self) -> None:
        """Exchanges that were looked at are not kept: a contract may have thousands of conversations."""
        self._prober.exchanges.clear()

    @property
    def _trusted(self) -> tuple[str, ...]:
        return tuple(self._prober.session.settings.trusted_hosts)

    def _promise(self, conversation: Conversation) -> Promise:
        described = (self._described.get(conversation.task), self._contract.tasks.get(conversation.task))
        tasks = [task for each in described if each and (task := _task(each)) is not None]
        return Promise(tasks, {**conversation.inputs, **conversation.parameters}, self._trusted)

    def _check_submissions(self, looks: Sequence[Look]) -> None:
        """A job id is given out once; and who says that a task is executed does not take jobs."""
        for look in looks:
            if look.exchange.operation != "submit" or not look.is_good:
                continue
            job_id = look.value.get("jobId")
            if job_id in self._submitted:
                for each in looks:  # all of it is about the other job
                    each.findings = []
                look.find("submit.job-id", "an id of its own", "that of an earlier job", "jobId")
            self._submitted.add(job_id)
            task = look.exchange.task
            if self._described.get(task, {}).get("executionType") == _SYNCHRONOUS:
                lie = finding(
                    "descriptor.execution-type",
                    operation="task",
                    task=task,
                    path="executionType",
                    expected="esriExecutionTypeAsynchronous, as a job was taken",
                    met=_SYNCHRONOUS,
                    conversation=look.conversation,
                    request=curl_of(look.exchange),
                )
                self._gathered.add([lie])
                self._gathered.drop("drift.execution-type", task)


def _task(described: Mapping[str, Any]) -> Task | None:
    """A task's descriptor; None where it cannot be read, or has no parameters that an answer could be held
    to."""
    try:
        task = parse_task(described)
    except RemoteProtocolError:
        return None
    return task if task.parameters else None
