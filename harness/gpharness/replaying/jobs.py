"""The jobs that are replayed: what polls, cancels and requests for results get of a recorded trace."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from typing import Any, Final

import msgspec
from gp_mockserver.lifecycle.clocks import JumpingClock
from gp_mockserver.lifecycle.job_store import CancelRefused, JobRecord, StoreFull
from gp_mockserver.lifecycle.jobs import Submission
from gp_mockserver.lifecycle.timelines import Timeline
from gp_mockserver.running.references_given import with_root
from gp_mockserver.sites import ServedTask, Site
from gp_mockserver.wire.replies import AnyReply, Refusal
from gp_mockserver.wire.requests import Request
from gp_protocol.job_states import FINAL, JobStatus

from gpharness.contracts.contract import Answer, Asked, Conversation
from gpharness.replaying.answering import reply_of
from gpharness.replaying.recordings import Place
from gpharness.replaying.traces import Run, seen_at, status_word, timeline_of

_NOT_KEPT: Final = frozenset({"f", "callback", "token"})
_CANCELS: Final = ("esriJobCancelling", "esriJobCancelled", "esriJobDeleting", "esriJobDeleted")
_ROOM: Final = 64


class Jobs:
    """The jobs of one site that are replayed. They stand in the site's store, too, so that the control API
    has them; `runs_tools`: whether the site makes results of its own where none were recorded."""

    def __init__(self, site: Site, *, runs_tools: bool) -> None:
        self._site = site
        self._runs_tools = runs_tools
        self._runs: dict[str, Run] = {}
        self._recorded: dict[str, Place] = {}
        self._latest: dict[str, str] = {}

    def note_recorded(self, job_id: str, place: Place) -> None:
        """Take in the id that a job was recorded with: it may be asked for, too."""
        self._recorded.setdefault(job_id, place)

    def start_anew(self) -> None:
        """Forget all jobs, which the store has no more."""
        self._runs.clear()
        self._latest.clear()

    def is_recorded(self, job_id: str) -> bool:
        """Whether a job was recorded with that id."""
        return job_id in self._recorded

    @property
    def recorded_ids(self) -> Mapping[str, str]:
        """The recorded id of each job that is replayed."""
        return {job_id: run.recorded_id for job_id, run in self._runs.items() if run.recorded_id}

    def submit(self, request: Request, place: Place, cancelled_place: Place | None = None) -> Run:
        """Begin a job that goes as the recorded one did, and, once it is cancelled, as the other one. Raises
        Refusal where the store is full."""
        site, task, conversation = self._site, request.task, place.conversation
        timeline = usual = timeline_of(conversation.trace, conversation.submission, place.recording.value)
        job_id = site.new_job_id()
        if (changes := request.changes) is not None:
            timeline, job_id = changes.timeline(task, timeline), changes.job_id(job_id)
        kept = {name: value for name, value in with_root(request).items() if name not in _NOT_KEPT}
        run = Run(job_id, place.job_id, request.arrived, usual, place, cancelled_place=cancelled_place)
        self._keep(run, task, msgspec.json.encode(kept), timeline, request.user)
        return run

    def _keep(self, run: Run, task: ServedTask, given: bytes, timeline: Timeline, user: str = "") -> None:
        submission = Submission(run.job_id, task.path, run.submitted_at, given, timeline, user)
        store = self._site.store
        try:
            store.add(submission)
            if not self._runs_tools:  # of its own the site has nothing to run
                store.settle(run.job_id, timeline, b"{}", run.submitted_at)
        except StoreFull as error:
            raise Refusal("server-busy", str(error)) from None
        self._runs[run.job_id] = run
        if run.recorded_id:
            self._latest[run.recorded_id] = run.job_id
        if len(self._runs) > 2 * len(store) + _ROOM:
            there = set(store.ids())
            self._runs = {job_id: each for job_id, each in self._runs.items() if job_id in there}

    def find(self, job_id: str, task: ServedTask | None, now: float) -> Run | None:
        """The job of that id, be it its own or the recorded one: that of the last job that repeats it, else a
        job that is over."""
        if job_id not in self._recorded:
            return self._runs.get(job_id)
        run = self._runs.get(self._latest.get(job_id, ""))
        if run is not None and self._site.store.get(run.job_id, now) is not None:
            return run
        place = self._recorded[job_id]
        conversation = place.conversation
        if task is None or task.path != conversation.task:
            return None
        lasted = max((each.after for each in conversation.trace), default=0.0)
        timeline = timeline_of(conversation.trace, conversation.submission, place.recording.value)
        run = Run(job_id, job_id, now - lasted - 1.0, timeline, place)
        given = msgspec.json.encode({**conversation.parameters, **conversation.inputs})
        self._keep(run, task, given, timeline)
        return run

    def poll(self, request: Request, run: Run) -> AnyReply | None:
        """What a poll sees; None where the job goes another way than the recorded one."""
        site = self._site
        record = site.store.look(run.job_id, request.arrived)
        if record is None:
            return None
        request.turn = record if run.job_id == request.address.job_id else None
        if _is_led_otherwise(run, record):
            return None
        conversation = run.place.conversation
        number, change_at = seen_at(conversation.trace, run.elapsed(request.arrived))
        if isinstance(site.clock, JumpingClock) and change_at is not None:
            site.clock.jump_to(request.arrived + change_at - run.elapsed(request.arrived))
        job = (run.recorded_id, request.address.job_id)
        with_messages = request.flag("returnMessages", default=True)
        if number < 0:
            return _submitted(run, request, job, with_messages=with_messages)
        answer = conversation.trace[number].answer
        change = None if with_messages else _without_messages
        if with_messages and run.told is not None:
            change = partial(_continued, run.told, run.passed)
        return reply_of(run.place.recording, answer, request, job, change)

    def status(self, run: Run, now: float) -> JobStatus | None:
        """Where the job stands; a trace without an end whose results were recorded counts as a success at its
        last."""
        record = self._site.store.get(run.job_id, now)
        if record is not None and _is_led_otherwise(run, record):
            return record.state(now).status
        conversation = run.place.conversation
        number, change_at = seen_at(conversation.trace, run.elapsed(now))
        if number < 0:
            has_no_trace = not conversation.trace and conversation.results
            return JobStatus.SUCCEEDED if has_no_trace else JobStatus.SUBMITTED
        status = status_word(conversation.trace[number].status)
        if change_at is None and status not in FINAL and conversation.results:
            return JobStatus.SUCCEEDED
        return status

    def cancel(self, request: Request, run: Run) -> AnyReply | None:
        """What a cancel is answered, as far as it was recorded: a trace that was cancelled goes on from there
        at once. None leaves it to the site: cancelling, then cancelled."""
        now = request.arrived
        record = self._site.store.get(run.job_id, now)
        if record is None or _is_led_otherwise(run, record):
            return None
        self._turn_to_cancelled(run, now)
        conversation = run.place.conversation
        asked = [each for each in conversation.asked if each.operation == "cancel"]
        value = run.place.recording
        done = next((each for each in asked if not value.is_error(each.answer)), None)
        refused = next((each for each in asked if value.is_error(each.answer)), None)
        job = (run.recorded_id, request.address.job_id)
        is_over = self.status(run, now) in FINAL
        if done is not None and (not is_over or self._was_cancelled(conversation)):
            self._go_on_cancelled(run, conversation, done, now)
            return reply_of(run.place.recording, done.answer, request, job)
        if refused is not None and is_over:
            return reply_of(run.place.recording, refused.answer, request, job)
        return None

    def _turn_to_cancelled(self, run: Run, now: float) -> None:
        """Let a job go on as the one that was recorded with a cancel, from that cancel on."""
        place = run.cancelled_place
        if place is None or run.is_cancelled or self.status(run, now) in FINAL:
            return
        asked = next((each for each in place.conversation.asked if each.operation == "cancel"), None)
        if asked is None or place.recording.is_error(asked.answer):
            return
        at = _cancelled_at(place.conversation, asked)
        run.told = _messages_at(run.place, run.elapsed(now))
        run.passed = len(_messages_at(place, at))
        run.shift, run.since = at - run.elapsed(now), now
        run.place, run.recorded_id, run.cancelled_place = place, place.job_id, None
        self._latest[run.recorded_id] = run.job_id

    def _go_on_cancelled(self, run: Run, conversation: Conversation, asked: Asked, now: float) -> None:
        if run.is_cancelled:
            return
        at = _cancelled_at(conversation, asked)
        run.is_cancelled = True
        if (elapsed := run.elapsed(now)) < at:
            run.shift, run.since = at - elapsed, now
        with suppress(CancelRefused):
            self._site.store.cancel(run.job_id, now)

    def _was_cancelled(self, conversation: Conversation) -> bool:
        return any(each.status in _CANCELS for each in conversation.trace)


def _messages_at(place: Place, elapsed: float) -> list[Any]:
    """What a recorded job had said by then."""
    number, _ = seen_at(place.conversation.trace, elapsed)
    value = place.recording.value(place.conversation.trace[number].answer) if number >= 0 else None
    said = value.get("messages") if isinstance(value, Mapping) else None
    return said if isinstance(said, list) else []


def _continued(told: list[Any], passed: int, value: Any) -> Any:
    """A poll of a job that goes on as another one: after what it has said itself comes what that one said
    from then on."""
    if not isinstance(value, Mapping) or not isinstance(value.get("messages"), list):
        return value
    return {**value, "messages": [*told, *value["messages"][passed:]]}


def _cancelled_at(conversation: Conversation, asked: Asked) -> float:
    """When a recorded job was cancelled, in seconds after its submission."""
    if asked.after is not None:
        return asked.after
    return min((each.after for each in conversation.trace if each.status in _CANCELS), default=0.0)


def _is_led_otherwise(run: Run, record: JobRecord) -> bool:
    """Whether something else than the recording decides how the job goes: a cancel that was not recorded, a
    deviation, the control API."""
    is_cancelled = record.cancelled_at is not None and not run.is_cancelled
    other_course = record.timeline != run.timeline and record.outputs in (None, b"{}")
    return is_cancelled or record.amended or other_course


def _submitted(run: Run, request: Request, job: tuple[str, str], *, with_messages: bool) -> AnyReply:
    """What a poll sees that comes before the first recorded one: the job as it was submitted."""
    recording, conversation = run.place.recording, run.place.conversation
    said = recording.value(run.place.answer)
    status = said.get("jobStatus") if isinstance(said, Mapping) else None
    told: dict[str, Any] = {"jobId": run.recorded_id, "jobStatus": status or JobStatus.SUBMITTED}
    seen = recording.value(conversation.trace[0].answer) if conversation.trace else {}
    if with_messages and (not isinstance(seen, Mapping) or "messages" in seen):
        told["messages"] = []
    return reply_of(recording, Answer(json=told), request, job)


def _without_messages(value: Any) -> Any:
    if not isinstance(value, Mapping):
        return value
    return {name: each for name, each in value.items() if name != "messages"}
