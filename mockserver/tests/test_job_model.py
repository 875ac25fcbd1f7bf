"""Random jobs, cancels, releases, polls and passing time against a model that lives through every moment in
turn."""

from __future__ import annotations

import math
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
from gp_mockserver.lifecycle.job_store import CancelRefused, MemoryJobStore
from gp_mockserver.lifecycle.jobs import JobState, Submission
from gp_mockserver.lifecycle.sqlite_job_store import SQLiteJobStore
from gp_mockserver.lifecycle.timelines import Cancellation, Ending, Phase, TimedMessage, Timeline
from gp_protocol.job_states import FINAL, TRANSITIONS, may_reach
from gp_protocol.job_states import JobStatus as S
from gp_protocol.messages import Message, MessageType
from hypothesis import note, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule

GATES = ("first", "second")


class ModelJob:
    """A job that moves: each event is applied to where it stands, and nothing is ever computed anew."""

    def __init__(self, timeline: Timeline, now: float) -> None:
        self.timeline = timeline
        self.released: dict[str, float] = {}
        self.answered = 0
        self.index = 0
        self.entered = now
        self.submitted = now
        self.cancel_at = math.inf
        self.cancelling = False
        self.never_starts = False
        self.cancelled = False
        self.live_until(now)

    @property
    def phase(self) -> Phase | None:
        return self.timeline.phases[self.index] if self.index < len(self.timeline.phases) else None

    @property
    def status(self) -> S:
        if self.cancelled:
            return S.CANCELLED
        if self.cancelling:
            return S.CANCELLING
        status = self.phase.status if self.phase else self.timeline.ending.status
        assert status is not None
        return status

    def leaves_phase_at(self) -> float:
        last_for_ever = self.timeline.ending.status is None and self.index == len(self.timeline.phases) - 1
        if self.cancelled or self.never_starts or self.phase is None or last_for_ever:
            return math.inf
        if self.phase.seconds is not None:
            return self.entered + self.phase.seconds
        return max(self.entered, self.released.get(self.phase.hold or "", math.inf))

    def move_on(self, at: float) -> None:
        self.index += 1
        self.answered = 0
        self.entered = at
        if self.cancelling:
            status = self.phase.status if self.phase else self.timeline.ending.status
            if status in FINAL:
                self.cancelling = False
                self.cancelled = status not in (S.SUCCEEDED, S.FAILED, S.CANCELLED)

    def live_until(self, now: float) -> None:
        while True:
            leaves, cancelled = self.leaves_phase_at(), self.cancel_at if self.cancelling else math.inf
            if min(leaves, cancelled) > now or min(leaves, cancelled) == math.inf:
                return
            if leaves <= cancelled:
                self.move_on(leaves)
            else:
                self.cancelled, self.cancelling = True, False

    def poll(self, now: float) -> S:
        self.live_until(now)
        while self.phase is not None and self.phase.polls is not None:
            endless = self.timeline.ending.status is None and self.index == len(self.timeline.phases) - 1
            if self.cancelled or self.never_starts or endless or self.answered < self.phase.polls:
                self.answered += 1
                break
            self.move_on(now)
            self.live_until(now)
        return self.status

    def cancel(self, now: float) -> bool:
        self.live_until(now)
        if self.status not in (S.WAITING, S.EXECUTING):
            return False
        how = self.timeline.cancellation
        self.never_starts = self.status is S.WAITING
        self.cancelling = True
        if how.ignored and not self.never_starts:
            self.cancel_at = math.inf
        elif how.at_once:
            self.cancel_at = now
        else:
            checks = 0
            while self.submitted + checks * how.check_interval <= now:
                checks += 1
            self.cancel_at = self.submitted + checks * how.check_interval
        self.live_until(now)
        return True

    def release(self, gate: str, now: float) -> None:
        self.live_until(now)
        self.released.setdefault(gate, now)
        self.live_until(now)


LENGTHS = st.one_of(
    st.fixed_dictionaries({"seconds": st.sampled_from([0.0, 1.0, 2.5, 7.0])}),
    st.fixed_dictionaries({"polls": st.integers(1, 3)}),
    st.fixed_dictionaries({"hold": st.sampled_from(GATES)}),
)
TEXTS = st.lists(st.tuples(st.sampled_from([0.0, 1.0, 30.0]), st.booleans()), max_size=2)
CANCELLATIONS = st.tuples(st.sampled_from([1.0, 5.0]), st.sampled_from(["ignored", "at once", "checked"]))


def _next_statuses(before: S | None) -> list[S]:
    if before is None:
        return [S.NEW, S.SUBMITTED, S.WAITING, S.EXECUTING]
    return [status for status in S if status in TRANSITIONS[before]]


@cache
def statuses(before: S | None) -> st.SearchStrategy[S] | None:
    """Of the phase after one of this status; None where none may follow."""
    choices = _next_statuses(before) + ([before] if before else [])
    return st.sampled_from(choices) if choices else None


@cache
def endings(before: S | None, has_phases: bool) -> st.SearchStrategy[S | None]:
    choices: list[S | None] = (
        [s for s in _next_statuses(before) if s in FINAL] if before else [S.SUCCEEDED, S.FAILED]
    )
    if before in FINAL:
        choices.append(before)
    if has_phases:
        choices.append(None)
    return st.sampled_from(choices)


@st.composite
def timelines(draw: st.DrawFn) -> Timeline:
    """Any legal way through the states, in phases by seconds, by polls and behind gates."""
    phases: list[Phase] = []
    before: S | None = None
    for i in range(draw(st.integers(0, 5))):
        choices = statuses(before)
        if choices is None:
            break
        before = draw(choices)
        length = draw(LENGTHS)
        texts = draw(TEXTS)
        messages = tuple(
            TimedMessage(MessageType.INFORMATIVE, f"{i}.{n} {{ended}} {gone}", after, gone)
            for n, (after, gone) in enumerate(texts)
        )
        phases.append(Phase(before, messages=messages, **length))
    interval, kind = draw(CANCELLATIONS)
    cancellation = Cancellation(interval, kind == "ignored", kind == "at once")
    return Timeline(tuple(phases), Ending(draw(endings(before, bool(phases)))), cancellation)


class Jobs(RuleBasedStateMachine):
    jobs = Bundle("jobs")

    def __init__(self) -> None:
        super().__init__()
        self.now = 1000.0
        self.store = self.open_store()
        self.models: dict[str, ModelJob] = {}
        self.polls: dict[str, int] = {}
        self.seen: dict[str, JobState] = {}

    def open_store(self) -> MemoryJobStore:
        return MemoryJobStore()

    @rule(target=jobs, timeline=timelines())
    def submit(self, timeline: Timeline) -> str:
        job_id = f"j{len(self.models)}"
        self.store.add(Submission(job_id, "Service/Task", self.now, b"{}", timeline))
        self.models[job_id] = ModelJob(timeline, self.now)
        self.polls[job_id] = 0
        return job_id

    @rule(job_id=jobs)
    def poll(self, job_id: str) -> None:
        before = self.seen.get(job_id)
        record = self.store.look(job_id, self.now)
        assert record is not None
        self.polls[job_id] += 1
        assert record.polls == self.polls[job_id]
        status = self.models[job_id].poll(self.now)
        state = record.state(self.now)
        assert state.status == status
        if before and before.next_turn is not None:
            assert before.next_turn >= record.polls
            if record.polls < before.next_turn:
                assert state.status == before.status

    @rule(job_id=jobs)
    def cancel(self, job_id: str) -> None:
        try:
            self.store.cancel(job_id, self.now)
            accepted = True
        except CancelRefused:
            accepted = False
        assert accepted == self.models[job_id].cancel(self.now)

    @rule(job_id=jobs, gate=st.sampled_from(GATES))
    def release(self, job_id: str, gate: str) -> None:
        if gate in self.models[job_id].timeline.gates:
            self.store.release(job_id, gate, self.now)
            self.models[job_id].release(gate, self.now)

    @rule(seconds=st.sampled_from([0.5, 1.0, 4.0, 5.0, 40.0]))
    def let_time_pass(self, seconds: float) -> None:
        expected = {
            job_id: state for job_id, state in self.seen.items() if self._is_fresh(state, self.now + seconds)
        }
        self.now += seconds
        for job_id, state in expected.items():
            record = self.store.get(job_id, self.now)
            assert record is not None
            assert record.state(self.now) == state

    @rule(job_id=jobs)
    def go_to_the_next_change(self, job_id: str) -> None:
        state = self.seen.get(job_id)
        if state and state.next_change is not None:
            self.now = state.next_change

    @rule(job_id=consumes(jobs))
    def delete(self, job_id: str) -> None:
        assert self.store.delete(job_id, self.now)
        assert self.store.get(job_id, self.now) is None
        del self.models[job_id]
        self.seen.pop(job_id, None)
        self.models[f"gone {job_id}"] = ModelJob(Timeline(), self.now)

    @invariant()
    def every_job_is_as_in_the_model_and_moves_legally(self) -> None:
        for job_id, model in self.models.items():
            if job_id.startswith("gone"):
                continue
            record = self.store.get(job_id, self.now)
            assert record is not None
            state = record.state(self.now)
            model.live_until(self.now)
            note(f"{job_id} at {self.now}: {state.status}, {len(state.messages)} messages")
            assert state.status == model.status
            assert state.next_change is None or state.next_change > self.now
            assert (state.ended_at is None) == (state.status not in FINAL)
            if before := self.seen.get(job_id):
                assert may_reach(before.status, state.status)
                kept = before.messages
                if S.SUCCEEDED in (state.status, *self._passed(model)):
                    kept = tuple(message for message in kept if not message.description.endswith("True"))
                    assert not [m for m in state.messages if m.description.endswith("True")]
                assert _starts_with(state.messages, kept)
                assert before.started_at in (None, state.started_at)
                assert before.ended_at in (None, state.ended_at)
            self.seen[job_id] = state

    def _passed(self, model: ModelJob) -> list[S]:
        return [] if model.cancelled else [phase.status for phase in model.timeline.phases[: model.index]]

    @staticmethod
    def _is_fresh(state: JobState, now: float) -> bool:
        return state.next_change is None or now < state.next_change


def _starts_with(messages: tuple[Message, ...], beginning: tuple[Message, ...]) -> bool:
    return messages[: len(beginning)] == beginning


class StoredJobs(Jobs):
    """The same, with a store that is closed and opened again at any moment."""

    def __init__(self) -> None:
        self.folder = TemporaryDirectory()
        super().__init__()

    def open_store(self) -> MemoryJobStore:
        return SQLiteJobStore(Path(self.folder.name) / "jobs.db")

    @rule()
    def restart(self) -> None:
        self.store.close(self.now)
        self.store = self.open_store()
        for job_id, state in self.seen.items():
            record = self.store.get(job_id, self.now)
            assert record is not None
            self.polls[job_id] = record.polls
            assert record.state(self.now) == msgspec.structs.replace(
                state, next_turn=record.state(self.now).next_turn
            )

    def teardown(self) -> None:
        self.store.close(self.now)
        self.folder.cleanup()


TestJobs = Jobs.TestCase
TestJobs.settings = settings(max_examples=2 * settings.default.max_examples, stateful_step_count=40)
TestStoredJobs = StoredJobs.TestCase
TestStoredJobs.settings = settings(
    max_examples=2 * settings.default.max_examples // 5, stateful_step_count=40
)
