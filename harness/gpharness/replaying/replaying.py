"""What answers a site's requests from recordings: runs by what their inputs mean, jobs by their trace, all
else by its path."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import partial
from typing import Any, Final

from gp_mockserver.operations.runs import asks_for_the_form
from gp_mockserver.running.job_runs import unless_large
from gp_mockserver.sites import Site
from gp_mockserver.wire.replies import AnyReply, FormReply, Redirect, Refusal, unknown_job
from gp_mockserver.wire.requests import Request
from gp_protocol.job_states import FINAL, JobStatus
from msgspec import UNSET

from gpharness.contracts.contract import Answer, Asked
from gpharness.replaying.answering import reply_of
from gpharness.replaying.asked_requests import Paths, Same
from gpharness.replaying.canonical_values import OPTIONS
from gpharness.replaying.jobs import Jobs
from gpharness.replaying.near_misses import (
    entry_of,
    missed,
    no_such_path,
    no_such_run,
    other_form,
    other_parameters,
)
from gpharness.replaying.recordings import JOB, Place, Recording, path_of, plain_path
from gpharness.replaying.submissions import Reading, Recorded, Submissions, form_of
from gpharness.replaying.tokens import Tokens, signing_in_here
from gpharness.replaying.traces import Run

_SITES_OWN: Final = frozenset(
    {"root", "help", "static", "login", "logout", "portal", "portalSelf", "oauthAuthorize", "oauthSignIn"}
    | {"oauthToken", "communitySelf", "soap", "info", "catalogue", "itemInfo", "metadata", "thumbnail"}
    | {"taskMetadata", "taskHelp", "jsonSchema", "uploads", "uploadsInfo", "upload", "register", "item"}
    | {"parts", "uploadPart", "commit", "download", "delete", "validate"}
    | {"adminJobs", "adminJob", "adminCancel", "adminDelete"}
)
"""What the site answers of itself where nothing was recorded: none of it is what a contract is about."""
_RUNS: Final = frozenset({"execute", "submitJob"})
_SIGN_IN: Final = frozenset({"tokens", "generateToken"})
_SERVICE_IN: Final = re.compile(r"rest/services/((?:[^/]+/)?[^/]+)/GPServer(?:/|$)")


class Replaying:
    """The recordings that one site replays."""

    def __init__(
        self,
        site: Site,
        recordings: Sequence[Recording],
        *,
        described: frozenset[str],
        fallback: bool,
        reading: Reading,
        same: Same,
    ) -> None:
        self.site = site
        self.recordings = recordings
        self.fallback = fallback
        self.described = described
        self.reading = reading
        self.same = same
        self.submissions = Submissions()
        self.paths = Paths()
        self.tokens = Tokens()
        self.jobs = Jobs(site, runs_tools=fallback)

    async def reply(self, request: Request, lost: Refusal | None) -> AnyReply | None:
        """What answers a request; None leaves it to the site. Raises Refusal, with the near miss."""
        operation = "" if lost is not None else request.address.operation
        if operation in _SIGN_IN:
            return self.tokens.reply(request)
        if (refused := self.tokens.refusal(request, self._service_of(request))) is not None:
            return refused
        if operation in _RUNS:
            return await self._run(request)
        if (run := self._job_in(request)) is not None and operation != "validate":
            return self._about(request, run, operation)
        at_path = self.paths.at(request.path)
        found, near = self.same.best(at_path, request.method, request.parameters)
        if found is not None:
            if (entry := entry_of(request)) is not None:
                entry.unexpected = False
            return reply_of(found.recording, found.answer, request)
        if lost is not None and near is not None and not self.fallback:
            raise missed(request, other_parameters(request, near))
        if lost is not None:
            return None
        described = self._description(request, operation)
        if described is not None:
            return described
        if operation in _SITES_OWN or self.fallback:
            return None
        if near is not None:
            raise missed(request, other_parameters(request, near))
        raise self._not_recorded(request, operation)

    def has_job(self, job_id: str) -> bool:
        """Whether a job was recorded with that id, which no new one may have."""
        return self.jobs.is_recorded(job_id)

    def start_anew(self) -> None:
        """Begin with the first of several runs again; the jobs are gone."""
        self.submissions.start_anew()
        self.jobs.start_anew()

    def _service_of(self, request: Request) -> str:
        service = request.address.service
        if service is not None:
            return service.name
        found = _SERVICE_IN.match(plain_path(request.path))
        return found[1] if found else ""

    # Descriptions

    def _description(self, request: Request, operation: str) -> AnyReply | None:
        if operation == "catalogue" and request.address.name:
            return None
        for recording in self.recordings:
            contract = recording.contract
            value: Any = None
            match operation:
                case "info":
                    value = contract.server.info
                case "catalogue":
                    value = contract.catalogue
                case "service":
                    value = contract.services.get(request.service.name)
                case "task":
                    value = contract.tasks.get(request.task.path)
            if value is not None:
                change = None
                if operation == "info":
                    change = partial(signing_in_here, root=request.caller.find_root())
                return reply_of(recording, Answer(json=value), request, change=change)
        return None

    # Runs

    async def _run(self, request: Request) -> AnyReply | None:
        task, operation = request.task, request.address.operation
        is_described = task.path in self.described
        given = {name: text for name, text in request.parameters.items() if name not in ("f", "callback")}
        if asks_for_the_form(request):
            return FormReply()
        size = sum(map(len, given.values()))
        meaning = await unless_large(
            size,
            lambda: self.reading.meaning(
                task,
                given,
                (request.caller.find_root(),),
                self.jobs.recorded_ids if size and _mentions_jobs(given) else None,
                is_described=is_described,
            ),
        )
        form = form_of(request.parameters)
        forms = ("html", "") if request.form.format == "html" else (form,)
        found = self.submissions.next(task.path, operation, forms, request.method, meaning)
        if found is not None:
            return self._replayed(request, found)
        is_other_verb = is_described and request.service.is_synchronous is not (operation == "execute")
        if self.fallback or is_other_verb:
            return None
        near = self.submissions.nearest(task.path, operation, meaning)
        raise missed(request, no_such_run(request, self.submissions, near))

    def _replayed(self, request: Request, found: Recorded) -> AnyReply:
        place = found.place
        if place.asked >= 0 or place.conversation.kind != "job" or not place.job_id:
            return reply_of(place.recording, place.answer, request)
        said = place.recording.value(place.answer)
        if place.recording.is_error(place.answer) or (said is UNSET and place.answer.status == 200):
            return reply_of(place.recording, place.answer, request)
        like = self.submissions.cancelled_like(request.task.path, request.address.operation, found)
        run = self.jobs.submit(request, place, None if found.wholeness == "cancelled" else like)
        if request.form.format == "html" and place.answer.status < 400:
            from gp_mockserver.operations.descriptions import task_url

            return Redirect(f"{task_url(request)}/jobs/{run.job_id}")
        answer = place.answer
        if 300 <= answer.status < 400:  # which a page was sent on by, and no other client understands
            answer = Answer(json={"jobId": run.recorded_id, "jobStatus": run.timeline.first_status})
        return reply_of(place.recording, answer, request, (run.recorded_id, run.job_id))

    # Jobs

    def _job_in(self, request: Request) -> Run | None:
        """The replayed job that an address names: its own segment, or a folder of its files."""
        address = request.address
        if address.job_id:
            return self.jobs.find(address.job_id, address.task, request.arrived)
        for segment in request.path.split("/"):
            if (run := self.jobs.find(segment, None, request.arrived)) is not None:
                return run
        return None

    def _about(self, request: Request, run: Run, operation: str) -> AnyReply | None:
        """What is asked of a job."""
        task = request.address.task
        record = self.site.store.get(run.job_id, request.arrived)
        if record is None or (task is not None and record.submission.task != task.path):
            if run.job_id == request.address.job_id:
                return None
            raise Refusal("unknown-job", unknown_job(request.address.job_id))
        reply: AnyReply | None = None
        if operation == "job" and form_of(request.parameters) == "":
            reply = self.jobs.poll(request, run)
            return reply if reply is not None else self._left(request, run)
        if operation == "cancel":
            reply = self.jobs.cancel(request, run)
            return reply if reply is not None else self._left(request, run)
        if operation in ("result", "results"):
            return self._result(request, run, operation)
        found, near = self._asked_of(request, run)
        if found is not None:
            return self._of_job(request, run, found.answer)
        if operation == "file":
            raise missed(request, self._no_file(request, run), name="file-not-found")
        if operation in ("input", "inputs") or operation in _SITES_OWN or self.fallback or not operation:
            return self._left(request, run)
        if near is not None:
            raise missed(request, other_parameters(request, near))
        raise missed(request, no_such_path(request, f"{request.path!r}", []))

    def _left(self, request: Request, run: Run) -> AnyReply | None:
        """Leave a request about a job to the site, under the id that it has there."""
        if request.address.job_id and request.address.job_id != run.job_id:
            from msgspec.structs import replace

            request.address = replace(request.address, job_id=run.job_id)
        return None

    def _result(self, request: Request, run: Run, operation: str) -> AnyReply | None:
        changes, conversation = request.changes, run.place.conversation
        name = request.address.name
        if changes is not None and operation == "result":
            name = changes.result_name(name, conversation.results)
        status = self.jobs.status(run, request.arrived)
        found, near = self._asked_of(request, run)
        if status is not JobStatus.SUCCEEDED:
            if found is not None and run.place.recording.is_error(found.answer):
                return self._of_job(request, run, found.answer)
            refused = "result-of-failed-job" if status in FINAL else "result-not-ready"
            raise Refusal(
                refused, f"job {run.job_id} is {status or 'in no known state'}, expected esriJobSucceeded"
            )
        if found is not None and not run.place.recording.is_error(found.answer):
            return self._of_job(request, run, found.answer)
        answer = conversation.results.get(name)
        asks_plainly = form_of(request.parameters) == "" and not self._asks_otherwise(request, answer, run)
        if operation == "result" and answer is not None and asks_plainly:
            return self._of_job(request, run, answer)
        if operation == "results" and conversation.results and asks_plainly:
            values = [run.place.recording.value(each) for each in conversation.results.values()]
            return self._of_job(request, run, Answer(json=[each for each in values if each is not UNSET]))
        if found is not None:
            return self._of_job(request, run, found.answer)
        if self.fallback:
            return self._left(request, run)
        if answer is not None and (near is None or self._asks_otherwise(request, answer, run)):
            raise missed(request, other_form(request, name, conversation))
        if near is not None:
            raise missed(request, other_parameters(request, near))
        raise missed(request, self._no_result(request, run, name), name="unknown-result")

    def _asks_otherwise(self, request: Request, answer: Answer | None, run: Run) -> bool:
        """Whether features are asked for in a form that they were not recorded in."""
        if answer is None:
            return False
        options = {name: text for name, text in request.parameters.items() if name in OPTIONS}
        if not self.same.asks_for_more(options):
            return False
        value = run.place.recording.value(answer)
        inner = value.get("value") if isinstance(value, dict) else None
        return isinstance(inner, dict) and ("features" in inner or "mapImage" in inner)

    def _asked_of(self, request: Request, run: Run) -> tuple[Place | None, tuple[Asked, list[str]] | None]:
        """What was recorded of the same request about the recorded job."""
        place, conversation = run.place, run.place.conversation
        ours = request.address.job_id or run.job_id
        path = plain_path(request.path).replace(ours, JOB).replace(run.job_id, JOB)
        if run.recorded_id:
            path = path.replace(run.recorded_id, JOB)
        candidates = [
            (Place(place.recording, place.number, number), asked)
            for number, asked in enumerate(conversation.asked)
            if path_of(asked, run.recorded_id) == path
        ]
        return self.same.best(candidates, request.method, request.parameters)

    def _of_job(self, request: Request, run: Run, answer: Answer) -> AnyReply:
        job = (run.recorded_id, request.address.job_id or run.job_id)
        return reply_of(run.place.recording, answer, request, job)

    # What was not recorded

    def _no_result(self, request: Request, run: Run, name: str) -> str:
        conversation = run.place.conversation
        known = ", ".join(conversation.results) or "none"
        what = f"{name!r} of {conversation.name!r}" if name else f"the results of {conversation.name!r}"
        return f"{what} was not recorded; recorded results: {known}"

    def _no_file(self, request: Request, run: Run) -> str:
        files = [each.path for each in run.place.conversation.asked if each.operation == "file"]
        told = ", ".join(files[:4]) or "none"
        return f"this file of {run.place.conversation.name!r} was not recorded; recorded files: {told}"

    def _not_recorded(self, request: Request, operation: str) -> Refusal:
        if operation in ("service", "task"):
            what = f"the description of {request.task.path if operation == 'task' else request.service.name}"
            return missed(
                request, f"{what} was not recorded; with --fallback it is told by the conversations"
            )
        if operation == "file":
            return missed(
                request,
                no_such_path(request, f"file {request.address.name!r}", self.paths.known()),
                name="file-not-found",
            )
        if request.address.job_id:
            return Refusal("unknown-job", unknown_job(request.address.job_id))
        return missed(
            request, no_such_path(request, f"{request.method} {request.path!r}", self.paths.known())
        )


def _mentions_jobs(given: dict[str, str]) -> bool:
    return any("/jobs/" in text for text in given.values())
