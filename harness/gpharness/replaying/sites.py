"""A contract as a site of the mock server."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from gp_mockserver.lifecycle.clocks import Clock
from gp_mockserver.sites import DEFAULT_VERSION, Site
from gp_protocol.errors import LocalProtocolError
from gp_protocol.job_states import FINAL
from gp_protocol.versions import profile

from gpharness.contracts.contract import Asked, Contract, Conversation
from gpharness.probing.tokens_wanted import INVALID, REQUIRED
from gpharness.replaying.asked_requests import Same, is_page
from gpharness.replaying.canonical_values import Canonical
from gpharness.replaying.recordings import JOB, Place, Recording, error_code, path_of, plain_path
from gpharness.replaying.replaying import Replaying
from gpharness.replaying.served_recordings import Told, find_served, serve_described, serve_told
from gpharness.replaying.submissions import Reading, Recorded, Wholeness, form_of
from gpharness.replaying.traces import status_word

_CONTEXT: Final = re.compile(r"[A-Za-z0-9._-]+")
_SERVICE_IN: Final = re.compile(r"rest/services/((?:[^/]+/)?[^/]+)/GPServer(?:/|$)")
_TASK_IN: Final = re.compile(r"rest/services/((?:[^/]+/)?[^/]+)/GPServer/([^/]+)/(execute|submitJob)")


def site_of(
    *contracts: Contract,
    context: str | None = None,
    clock: Clock | None = None,
    seed: int = 0,
    fallback: bool = False,
    **options: Any,
) -> Site:
    """A site that answers as a server did of which this is the contract, or these are.

    `context`: that of the recorded server, unless one is given. The trace of a job is a timeline on `clock`.
    What was not recorded is refused, and the refusal says what came closest; with `fallback` the site answers
    it by the descriptors, as a mock does. `options` are those of `Site` (`public_url`, `journal`, …).

    Every conversation is read to know it again, and not kept. Raises ContractFileError for one that
    cannot be read, SiteError for a context that is none.
    """
    if not contracts:
        raise ValueError("site_of: give at least one contract")
    recordings = [Recording(each) for each in contracts]
    version = options.pop("version", None) or _version(contracts) or DEFAULT_VERSION
    site = Site(context or context_of(contracts[0]), clock=clock, seed=seed, version=version, **options)
    canonical = Canonical(contracts[0].varies, site.profile)
    replaying = Replaying(
        site,
        recordings,
        described=serve_described(site, contracts),
        fallback=fallback,
        reading=Reading(canonical),
        same=Same(canonical),
    )
    told: dict[str, Told] = {}
    later: list[tuple[Recording, int]] = []
    for recording in recordings:
        for number in range(len(recording)):
            conversation = recording.conversation(number)
            if not _is_of_unserved(site, conversation):
                _Taking(replaying, recording, number).take()
                continue
            later.append((recording, number))
            if conversation.kind != "request":
                told.setdefault(conversation.task.strip("/"), Told()).note(conversation)
    serve_told(site, contracts, told)
    for recording, number in later:
        _Taking(replaying, recording, number).take()
    site.stand_in = replaying
    return site


def context_of(contract: Contract) -> str:
    """The last segment of the recorded server's context, `arcgis` where nothing says it."""
    for address in (contract.server.url, contract.provenance.of.partition("/rest/")[0]):
        path = urlsplit(address).path.strip("/")
        last = unquote(path.rpartition("/")[2])
        if last and _CONTEXT.fullmatch(last) and not last.endswith((".html", ".htm")):
            return last
    return "arcgis"


def _version(contracts: Sequence[Contract]) -> str | float | None:
    """The version that the first contract names, or whose number it answers."""
    for contract in contracts:
        described = [contract.server.info, contract.catalogue, *contract.services.values()]
        numbers = [each.get("currentVersion") for each in described if isinstance(each, Mapping)]
        for word in (contract.server.version, *numbers):
            if word and isinstance(word, str | int | float):
                try:
                    return profile(word).name
                except LocalProtocolError:
                    continue
    return None


def _is_of_unserved(site: Site, conversation: Conversation) -> bool:
    """Whether a conversation is with a task that no descriptor describes."""
    if conversation.kind != "request":
        return find_served(site, conversation.task) is None
    runs = (_TASK_IN.fullmatch(plain_path(asked.path)) for asked in conversation.asked)
    return any(run is not None and find_served(site, f"{run[1]}/{run[2]}") is None for run in runs)


def _wholeness(recording: Recording, conversation: Conversation) -> Wholeness:
    """How much of a run was recorded."""
    said = conversation.submission
    if conversation.kind != "job" or said is None or recording.is_error(said):
        return "whole"
    if any(each.operation == "cancel" and not recording.is_error(each.answer) for each in conversation.asked):
        return "cancelled"
    if conversation.results or not conversation.trace:
        return "whole"
    last = conversation.trace[-1]
    if status_word(last.status) not in FINAL:
        return "cut"
    value = recording.value(last.answer)
    return "cut" if isinstance(value, Mapping) and value.get("results") else "whole"


class _Taking:
    """Takes one conversation into the indexes of what is replayed."""

    def __init__(self, replaying: Replaying, recording: Recording, number: int) -> None:
        self._replaying = replaying
        self._recording = recording
        self._number = number
        self._conversation: Conversation = recording.conversation(number)

    def take(self) -> None:
        """Take it in."""
        conversation = self._conversation
        self._recording.note_roots(conversation)
        place = Place(self._recording, self._number)
        if conversation.kind != "request" and conversation.submission is not None:
            code = error_code(conversation.submission)
            service = conversation.task.rpartition("/")[0]
            if code in (REQUIRED, INVALID):
                self._replaying.tokens.note_refusal(place, code, service)
            else:
                self._take_run(place)
        job_id = place.job_id if conversation.kind == "job" else ""
        if job_id:
            self._replaying.jobs.note_recorded(job_id, place)
        for number, asked in enumerate(conversation.asked):
            self._take_asked(Place(self._recording, self._number, number), asked, job_id)

    def _take_run(self, place: Place) -> None:
        conversation = self._conversation
        operation = "execute" if conversation.kind == "execute" else "submitJob"
        given = {**conversation.parameters, **conversation.inputs}
        self._add(conversation.task.strip("/"), operation, place, conversation.method, given, is_html=False)

    def _add(
        self, path: str, operation: str, place: Place, method: str, given: Mapping[str, str], *, is_html: bool
    ) -> bool:
        task = find_served(self._replaying.site, path)
        if task is None:
            return False
        meaning = self._replaying.reading.meaning(
            task,
            given,
            self._recording.roots,
            is_recorded=True,
            is_described=task.path in self._replaying.described,
        )
        form = form_of(given, is_page=is_html)
        wholeness = _wholeness(self._recording, self._conversation) if place.asked < 0 else "whole"
        recorded = Recorded(place, method.upper() or "POST", form, meaning, wholeness)
        self._replaying.submissions.add(task.path, operation, recorded)
        return True

    def _take_asked(self, place: Place, asked: Asked, job_id: str) -> None:
        path = path_of(asked, job_id)
        if asked.operation == "token":
            self._replaying.tokens.note_answer(place, asked.answer, path)
            return
        code = error_code(asked.answer)
        service = _SERVICE_IN.match(path)
        if code in (REQUIRED, INVALID):
            name = service[1] if service else self._conversation.task.rpartition("/")[0]
            self._replaying.tokens.note_refusal(place, code, name)
            return
        if JOB in path:
            return
        run = _TASK_IN.fullmatch(path)
        if run is not None and self._add(
            f"{run[1]}/{run[2]}",
            run[3],
            place,
            asked.method,
            asked.parameters,
            is_html=is_page(asked),
        ):
            return
        self._replaying.paths.add(plain_path(path), place)
