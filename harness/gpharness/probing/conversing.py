"""Holding one conversation of a contract once more, with the reference client, and looking closely.

What is sent are the recorded texts; retries, redirects, sign-ins, polling and patience with late results are
the client's own. After a job's end it is looked at twice more, once without messages, each result is fetched,
and the list of all results where the server's version has one: what a client may ask at any time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.parse import quote, urlencode, urljoin

import msgspec
from gp_client.errors import GPError, JobAddress
from gp_client.following import Sightings, cancel, follow, look, look_again
from gp_client.jobs import JobState, read_submission
from gp_client.reading.answers import read_answer
from gp_client.steps import Flow, Wait
from gp_client.wire.addresses import is_home, task_url
from gp_client.wire.exchange import ask, fetch
from gp_client.wire.http_messages import Request
from gp_protocol.job_states import CANCELLABLE

from gpharness.contracts.contract import Asked, Contract, Conversation
from gpharness.probing.exchanges import Exchange
from gpharness.probing.prober import Prober
from gpharness.probing.tokens_wanted import code_of, is_without_token
from gpharness.probing.uploading import uploads_of

_LATE_RESULTS: Final = 6
_TOO_EARLY: Final = 4
_LIST_SINCE: Final = 11.1
_WITH_A_PLACE: Final = frozenset({"cancel", "file", "upload", "results"})
"""Operations among a job's `asked` that are not simply asked again at its end: they have a place of their
own."""
_LEAST_PATIENCE: Final = 300.0
_PATIENCE: Final = 10.0
"""Times as long as recorded that a job may take before it is given up."""


class Observed(msgspec.Struct):
    """What came of a conversation. `exchanges` are all of it, retries and sign-ins too, in their order."""

    exchanges: list[Exchange]
    job_id: str = ""
    outcome: str = ""
    """A job's last status; `executed`; `asked`; empty where an error ended it before."""
    error: GPError | None = None
    """What kept the client from going on; a job that failed is none."""


def converse(prober: Prober, conversation: Conversation, contract: Contract | None = None) -> Observed:
    """Hold a conversation with the prober's server. `contract` tells the server's version and, where a
    recorded trace has no results, which outputs the task declares.

    Never raises what a server does wrong: that is in `error` and in the exchanges.
    """
    before = len(prober.exchanges)
    observed = Observed([])
    talk = _Talk(prober, conversation, contract, observed)
    try:
        if conversation.kind == "job":
            talk.hold_job()
        elif conversation.kind == "execute":
            talk.hold_execute()
        else:
            talk.hold_request()
    except GPError as error:
        observed.error = error
    observed.exchanges = prober.exchanges[before:]
    return observed


class _Talk:
    """One conversation under way."""

    def __init__(
        self, prober: Prober, conversation: Conversation, contract: Contract | None, observed: Observed
    ) -> None:
        self._prober = prober
        self._session = prober.session
        self._conversation = conversation
        self._contract = contract
        self._observed = observed
        self._deadline = prober.until(self._seconds())

    def _seconds(self) -> float | None:
        """For how long a job is followed."""
        limit = self._prober.session.settings.deadline
        trace = self._conversation.trace
        if not trace:
            return limit
        patience = max(_LEAST_PATIENCE, _PATIENCE * trace[-1].after)
        return patience if limit is None else min(limit, patience)

    @property
    def _task_url(self) -> str:
        service, _, label = self._conversation.task.rpartition("/")
        return task_url(self._session.root, service, label)

    def hold_request(self) -> None:
        self._upload()
        for asked in self._conversation.asked:
            if asked.operation == "upload" and asked.method == "POST":
                continue  # done already
            self._prober.look(
                asked.path,
                asked.parameters,
                method=asked.method,
                is_file=asked.operation == "file",
                is_signed=not is_without_token(asked),
            )
        self._observed.outcome = "asked"

    def hold_execute(self) -> None:
        ids = self._upload()
        answer = self._prober.run(self._started("execute", ids))
        self._observed.outcome = "executed"
        listed = answer.get("results")
        self._fetch_files(listed if isinstance(listed, list) else [])

    def hold_job(self) -> None:
        prober, conversation = self._prober, self._conversation
        ids = self._upload()
        answer = prober.run(self._started("submitJob", ids))
        job = read_submission(answer, self._task_url, f"{self._task_url}/submitJob")
        self._session.jobs_seen.add(job.id)
        self._observed.job_id = job.id
        self._ask_beside_the_trace(job, early=True)
        begun = prober.clock.now()
        before = None
        if any(each.operation == "cancel" for each in conversation.asked):
            before = prober.run(self._cancelled(job, begun))
        state = prober.run(follow(self._session, job, self._deadline, before))
        self._observed.outcome = state.status.value
        if state.succeeded:
            state = prober.run(self._with_results(job, state))
        self._look_again(job, state)
        if state.succeeded:
            self._fetch_results(job, state)
        self._ask_beside_the_trace(job, early=False)

    def _upload(self) -> dict[str, str]:
        """The new ids of uploaded items by those that were recorded."""
        return uploads_of(self._prober, self._conversation, self._deadline)

    def _started(self, verb: str, ids: Mapping[str, str]) -> Flow[dict[str, Any]]:
        conversation = self._conversation
        sent = {**conversation.inputs, **conversation.parameters}
        for old, new in ids.items():
            sent = {name: text.replace(old, new) for name, text in sent.items()}
        url = f"{self._task_url}/{verb}"
        if conversation.method.upper() == "GET":
            request = Request("GET", f"{url}?{urlencode({'f': 'json', **sent})}")
            return fetch(self._session, request, safe=False, deadline=self._deadline, read=read_answer)
        return ask(self._session, url, sent, safe=False, deadline=self._deadline)

    def _cancelled(self, job: JobAddress, begun: float) -> Flow[JobState | None]:
        """The job as it is once it was asked to end, at the recorded instant or when it first can be."""
        clock, polling = self._session.clock, self._session.settings.polling
        after = next(
            (each.after or 0.0 for each in self._conversation.asked if each.operation == "cancel"), 0.0
        )
        sightings, state = Sightings(), None
        while self._deadline.left(clock) > 0 and not (state is not None and state.is_final):
            if state is not None and state.status in CANCELLABLE and clock.now() - begun >= after:
                break
            yield Wait(polling.first)
            state = (yield from look_again(self._session, job, self._deadline, sightings)) or state
        if state is None or state.is_final:
            return state
        try:
            yield from cancel(self._session, job, self._deadline)
        except GPError:
            return state  # refused: the job goes on
        return state

    def _with_results(self, job: JobAddress, state: JobState) -> Flow[JobState]:
        """The job once it lists the results that it is to have; as it is where they never come."""
        polling, clock = self._session.settings.polling, self._session.clock
        wait = 2 * polling.first
        wanted = self._wanted()
        for _ in range(_LATE_RESULTS):
            listed = {name.lower() for name in state.results}
            if all(name.lower() in listed for name in wanted) or self._deadline.left(clock) <= wait:
                break
            yield Wait(wait)
            wait = min(wait * polling.growth, polling.longest)
            state = yield from look(self._session, job, self._deadline)
        return state

    def _wanted(self) -> list[str]:
        """The results that the conversation has, or else those that its task declares."""
        if self._conversation.results or self._contract is None:
            return list(self._conversation.results)
        described = self._contract.tasks.get(self._conversation.task)
        parameters = described.get("parameters") if isinstance(described, dict) else None
        return [
            str(each.get("name"))
            for each in parameters or []
            if isinstance(each, dict)
            and each.get("direction") == "esriGPParameterDirectionOutput"
            and each.get("parameterType") != "esriGPParameterTypeOptional"
        ]

    def _look_again(self, job: JobAddress, state: JobState) -> None:
        """Two looks at a job that has ended: nothing changes then, and messages are left out on demand."""
        for parameters in ({}, {"returnMessages": "false"}):
            self._tried(ask(self._session, job.url, parameters, safe=True, deadline=self._deadline, job=job))

    def _fetch_results(self, job: JobAddress, state: JobState) -> None:
        found = []
        for _, url in self._in_order(state.results):
            answer = self._tried(
                ask(
                    self._session,
                    url,
                    safe=True,
                    deadline=self._deadline,
                    job=job,
                    patience=_TOO_EARLY,
                    list_allowed=True,
                )
            )
            found.append(answer)
        if self._has_list():
            url = f"{job.url}/results"
            self._tried(
                ask(self._session, url, safe=True, deadline=self._deadline, job=job, list_allowed=True)
            )
        self._fetch_files(found)

    def _in_order(self, listed: Mapping[str, str]) -> Iterator[tuple[str, str]]:
        recorded = list(self._conversation.results)
        names = sorted(listed, key=lambda name: recorded.index(name) if name in recorded else len(recorded))
        return ((name, listed[name]) for name in names)

    def _has_list(self) -> bool:
        """Whether the server's version has the list of all results (*Results*, 11.1)."""
        if any(each.operation == "results" for each in self._conversation.asked):
            return True
        if self._contract is None:
            return False
        service = self._contract.services.get(self._conversation.task.rpartition("/")[0])
        version = service.get("currentVersion") if isinstance(service, dict) else None
        return isinstance(version, int | float) and version >= _LIST_SINCE

    def _fetch_files(self, answers: list[Any]) -> None:
        """The files that results name, of this server alone."""
        for url in dict.fromkeys(file_urls(answers)):
            absolute = urljoin(f"{self._session.root}/", url)
            if is_home(absolute, self._session.root, self._session.settings.trusted_hosts):
                self._prober.look(absolute, is_file=True)

    def _ask_beside_the_trace(self, job: JobAddress, early: bool) -> None:
        """What was refused before the job's end is asked for at its beginning, all else once it has ended."""
        for asked in self._conversation.asked:
            if asked.operation not in _WITH_A_PLACE and early == is_early_result(self._conversation, asked):
                path = asked.path.replace("{job}", quote(job.id, safe=""))
                self._prober.look(path, asked.parameters, method=asked.method)

    def _tried(self, flow: Flow[Any]) -> Any:
        """What a flow answers; None where it is an error, which the exchanges have."""
        try:
            return self._prober.run(flow)
        except GPError as error:
            self._observed.error = self._observed.error or error
            return None


def is_early_result(conversation: Conversation, asked: Asked) -> bool:
    """Whether it is a result that was asked for before its job had ended, and was refused."""
    end = conversation.trace[-1].after if conversation.trace else 0.0
    is_before = asked.after is not None and asked.after < end
    return is_before and asked.operation == "result" and code_of(asked.answer) != 0


def file_urls(answers: list[Any]) -> Iterator[str]:
    """The addresses of files in the answers that results are: GPDataFile and rasters, alone or in lists."""
    for answer in answers:
        if not isinstance(answer, dict):
            continue
        kind, value = answer.get("dataType"), answer.get("value")
        if not isinstance(kind, str) or not any(word in kind for word in ("GPDataFile", "GPRaster")):
            continue
        for each in value if isinstance(value, list) else [value]:
            url = each.get("url") if isinstance(each, dict) else None
            if isinstance(url, str) and url.strip() and (each or {}).get("type") != "ImageService":
                yield url.strip()
