"""The life of a job, told in seconds since 2026-01-01T00:00:00Z, when every job here is submitted."""

from __future__ import annotations

from typing import Any

import pytest
from gp_mockserver.lifecycle.clocks import EPOCH
from gp_mockserver.lifecycle.jobs import JobState, job_at
from gp_mockserver.lifecycle.timelines import (
    Cancellation,
    Ending,
    Phase,
    ProgressStep,
    TimedMessage,
    Timeline,
    standard_timeline,
)
from gp_protocol.job_states import JobStatus as S
from gp_protocol.messages import MessageType, ProgressType
from hypothesis import given
from hypothesis import strategies as st

from every_case import every_case

INFO, WARNING, ERROR = MessageType.INFORMATIVE, MessageType.WARNING, MessageType.ERROR
INFINITY = float("inf")


def at(timeline: Timeline, seconds: float, polls: int = 0, **facts: Any) -> JobState:
    for instant in ("cancelled_at", "executes_at"):
        if facts.get(instant) is not None:
            facts[instant] += EPOCH
    facts["releases"] = tuple((gate, EPOCH + when) for gate, when in facts.get("releases", ()))
    if "looks" in facts:
        facts["looks"] = tuple(EPOCH + look for look in facts["looks"])
    return job_at(timeline, EPOCH, EPOCH + seconds, polls, **facts)


def said(state: JobState) -> list[str]:
    return [
        f"{message.type.removeprefix('esriJobMessageType')[0]} {message.description}"
        for message in state.messages
    ]


def since_epoch(instant: float | None) -> float | None:
    return None if instant is None else instant - EPOCH


# Phases


@every_case(
    ("seconds", "status", "next_change"),
    [
        (0, "esriJobSubmitted", 1),
        (0.999, "esriJobSubmitted", 1),
        (1, "esriJobWaiting", 3),
        (2.999, "esriJobWaiting", 3),
        (3, "esriJobExecuting", 6),
        (5.999, "esriJobExecuting", 6),
        (6, "esriJobSucceeded", None),
        (36_000, "esriJobSucceeded", None),
    ],
)
def test_a_job_passes_through_its_phases(seconds: float, status: str, next_change: float | None) -> None:
    state = at(standard_timeline(submitted=1, waiting=2, executing=3), seconds)
    assert state.status == status
    assert since_epoch(state.next_change) == next_change


def test_a_job_tells_when_it_started_and_ended() -> None:
    timeline = standard_timeline(submitted=1, waiting=2, executing=3)
    assert (at(timeline, 2).started_at, at(timeline, 2).ended_at) == (None, None)
    assert (since_epoch(at(timeline, 4).started_at), at(timeline, 4).ended_at) == (3, None)
    assert (since_epoch(at(timeline, 9).started_at), since_epoch(at(timeline, 9).ended_at)) == (3, 6)


def test_a_phase_of_no_seconds_is_passed_over() -> None:
    assert at(standard_timeline(executing=2), 0).status is S.EXECUTING
    assert at(standard_timeline(executing=0), 0).status is S.SUCCEEDED
    assert at(Timeline(), 0).status is S.SUCCEEDED


def test_before_its_submission_a_job_is_as_at_its_submission() -> None:
    state = at(standard_timeline(submitted=1), -5)
    assert (state.status, state.messages) == (S.SUBMITTED, ())


@every_case(
    ("statuses", "ending"),
    [
        ([S.NEW, S.SUBMITTED, S.WAITING, S.EXECUTING], S.FAILED),
        ([S.EXECUTING], S.TIMED_OUT),
        ([S.EXECUTING], S.EXPECTED_FAILURE),
        ([S.EXECUTING, S.CANCELLING, S.CANCELLED, S.DELETING], S.DELETED),
        ([S.EXECUTING, S.SUCCEEDED, S.DELETING], S.DELETED),
    ],
)
def test_every_status_of_the_protocol_can_be_seen(statuses: list[S], ending: S) -> None:
    timeline = Timeline(tuple(Phase(status, seconds=1) for status in statuses), Ending(ending))
    assert [at(timeline, second).status for second in range(len(statuses) + 1)] == [*statuses, ending]


def test_a_job_that_is_deleted_later_ended_when_it_succeeded() -> None:
    timeline = Timeline(
        (Phase(S.EXECUTING, 1), Phase(S.SUCCEEDED, 10), Phase(S.DELETING, 1)), Ending(S.DELETED)
    )
    assert since_epoch(at(timeline, 100).ended_at) == 1


def test_a_job_that_never_ends_executes_for_ever() -> None:
    state = at(standard_timeline(ending=None), 1e9)
    assert (state.status, state.next_change, state.ended_at) == (S.EXECUTING, None, None)


@pytest.mark.parametrize("polls_each", [(1, 1), (3, 2), (1, 4)])
def test_a_phase_by_polls_is_answered_by_exactly_so_many_polls(polls_each: tuple[int, int]) -> None:
    waiting, executing = polls_each
    timeline = Timeline((Phase(S.WAITING, polls=waiting), Phase(S.EXECUTING, polls=executing)))
    statuses = [at(timeline, 0, turn).status for turn in range(1, waiting + executing + 3)]
    assert statuses == [S.WAITING] * waiting + [S.EXECUTING] * executing + [S.SUCCEEDED] * 2


def test_a_job_by_polls_tells_the_turn_at_which_it_moves_on() -> None:
    timeline = Timeline((Phase(S.WAITING, polls=2), Phase(S.EXECUTING, polls=1)))
    assert [at(timeline, 0, turn).next_turn for turn in range(5)] == [3, 3, 3, 4, None]


def test_time_does_not_move_a_phase_by_polls() -> None:
    timeline = Timeline((Phase(S.EXECUTING, polls=1),))
    assert at(timeline, 1e9, 1).status is S.EXECUTING
    assert at(timeline, 1e9, 1).next_change is None


def test_polls_do_not_move_a_phase_by_seconds() -> None:
    timeline = Timeline((Phase(S.WAITING, seconds=5), Phase(S.EXECUTING, polls=1)))
    assert at(timeline, 4.9, 100).status is S.WAITING
    assert at(timeline, 4.9, 100).next_turn is None


def test_a_phase_starts_with_the_poll_that_ended_the_one_before() -> None:
    timeline = Timeline((Phase(S.WAITING, polls=1), Phase(S.EXECUTING, seconds=2)))
    state = at(timeline, 8.5, 2, looks=(3, 7))
    assert (state.status, since_epoch(state.started_at), since_epoch(state.next_change)) == (
        S.EXECUTING,
        7,
        9,
    )
    assert at(timeline, 9, 2, looks=(3, 7)).status is S.SUCCEEDED


def test_a_held_job_stays_until_its_gate_is_released() -> None:
    timeline = Timeline((Phase(S.EXECUTING, hold="gate"),))
    assert at(timeline, 1e6).status is S.EXECUTING
    assert at(timeline, 1e6, releases=[("other", 5)]).status is S.EXECUTING
    released = [("gate", 50)]
    assert at(timeline, 49, releases=released).status is S.EXECUTING
    assert at(timeline, 50, releases=released).status is S.SUCCEEDED


def test_a_gate_that_was_released_before_does_not_hold() -> None:
    timeline = Timeline((Phase(S.WAITING, seconds=5), Phase(S.EXECUTING, hold="gate")))
    assert at(timeline, 5, releases=[("gate", 1)]).status is S.SUCCEEDED


def test_a_job_that_exceeds_its_time_is_timed_out() -> None:
    timeline = standard_timeline(executing=2, ending=S.TIMED_OUT)
    assert [at(timeline, seconds).status for seconds in (1.9, 2)] == ["esriJobExecuting", "esriJobTimedOut"]


# The queue


def test_a_job_that_is_ready_waits_for_room() -> None:
    timeline = standard_timeline(submitted=1, executing=2)
    facts: dict[str, Any] = {"executes_at": 10.0}
    assert [at(timeline, second, **facts).status for second in (0, 1, 9.9, 10, 11.9, 12)] == [
        "esriJobSubmitted",
        "esriJobWaiting",
        "esriJobWaiting",
        "esriJobExecuting",
        "esriJobExecuting",
        "esriJobSucceeded",
    ]
    assert since_epoch(at(timeline, 5, **facts).next_change) == 10
    assert since_epoch(at(timeline, 99, **facts).started_at) == 10


def test_a_job_waits_in_the_queue_even_if_its_timeline_does_not_wait() -> None:
    state = at(Timeline((Phase(S.EXECUTING, 1),)), 0, executes_at=3.0)
    assert (state.status, state.messages, since_epoch(state.next_change)) == (S.WAITING, (), 3)


def test_a_job_waits_as_long_as_nobody_knows_when_there_is_room() -> None:
    state = at(standard_timeline(), 1e9, executes_at=INFINITY)
    assert (state.status, state.next_change, said(state)) == (S.WAITING, None, ["I Submitted."])


def test_room_before_the_job_is_ready_changes_nothing() -> None:
    assert at(standard_timeline(submitted=5), 4, executes_at=1.0).status is S.SUBMITTED


# Cancelling


@every_case(
    ("seconds", "status"),
    [
        (6, "esriJobExecuting"),
        (7, "esriJobCancelling"),
        (9.999, "esriJobCancelling"),
        (10, "esriJobCancelled"),
        (99, "esriJobCancelled"),
    ],
)
def test_a_cancel_takes_effect_when_the_server_next_looks_for_it(seconds: float, status: str) -> None:
    state = at(standard_timeline(executing=60), seconds, cancelled_at=7.0)
    assert state.status == status
    assert since_epoch(state.ended_at) == (10 if status == "esriJobCancelled" else None)


def test_a_cancelling_job_tells_when_it_will_be_cancelled() -> None:
    assert since_epoch(at(standard_timeline(executing=60), 7, cancelled_at=7.0).next_change) == 10
    assert since_epoch(at(standard_timeline(executing=60), 6, cancelled_at=7.0).next_change) == 7


def test_the_check_that_comes_with_the_cancel_does_not_see_it() -> None:
    state = at(standard_timeline(executing=60), 5, cancelled_at=5.0)
    assert (state.status, since_epoch(state.next_change)) == (S.CANCELLING, 10)


@pytest.mark.parametrize("cancellation", [Cancellation(at_once=True), Cancellation(check_interval=0)])
def test_a_cancel_may_take_effect_at_once(cancellation: Cancellation) -> None:
    assert at(standard_timeline(cancellation=cancellation), 1, cancelled_at=1.0).status is S.CANCELLED


@pytest.mark.parametrize(("ending", "last"), [(S.SUCCEEDED, "esriJobSucceeded"), (S.FAILED, "esriJobFailed")])
def test_a_tool_may_end_before_the_cancel_takes_effect(ending: S, last: str) -> None:
    timeline = standard_timeline(executing=3, ending=ending)
    assert [at(timeline, second, cancelled_at=1.0).status for second in (2, 3, 99)] == [
        "esriJobCancelling",
        last,
        last,
    ]


@pytest.mark.parametrize(("ending", "last"), [(S.SUCCEEDED, "esriJobSucceeded"), (S.FAILED, "esriJobFailed")])
def test_a_tool_may_ignore_a_cancel(ending: S, last: str) -> None:
    timeline = standard_timeline(executing=60, ending=ending, cancellation=Cancellation(ignored=True))
    assert [at(timeline, second, cancelled_at=1.0).status for second in (1, 59, 60)] == [
        "esriJobCancelling",
        "esriJobCancelling",
        last,
    ]


def test_a_tool_that_neither_listens_nor_ends_is_cancelling_for_ever() -> None:
    timeline = standard_timeline(ending=None, cancellation=Cancellation(ignored=True))
    state = at(timeline, 1e9, cancelled_at=1.0)
    assert (state.status, state.next_change) == (S.CANCELLING, None)


@pytest.mark.parametrize("ignored", [False, True])
def test_a_cancelling_job_whose_time_is_up_is_cancelled_then(ignored: bool) -> None:
    timeline = standard_timeline(executing=3, ending=S.TIMED_OUT, cancellation=Cancellation(ignored=ignored))
    state = at(timeline, 3, cancelled_at=1.0)
    assert (state.status, since_epoch(state.ended_at)) == (S.CANCELLED, 3)


def test_a_gate_that_is_released_in_the_instant_of_a_cancel_is_released_after_it() -> None:
    timeline = standard_timeline(hold="gate", ending=S.TIMED_OUT)
    assert at(timeline, 1, cancelled_at=1.0, releases=[("gate", 1)]).status is S.CANCELLED


def test_a_job_that_is_cancelled_while_it_waits_never_executes() -> None:
    timeline = standard_timeline(waiting=2, executing=1, cancellation=Cancellation(ignored=True))
    assert [at(timeline, second, cancelled_at=1.0).status for second in (1, 3.5, 4.9, 5)] == [
        "esriJobCancelling",
        "esriJobCancelling",
        "esriJobCancelling",
        "esriJobCancelled",
    ]
    assert at(timeline, 9, cancelled_at=1.0).started_at is None


def test_a_job_in_the_queue_can_be_cancelled() -> None:
    timeline = standard_timeline()
    assert at(timeline, 3, cancelled_at=2.0, executes_at=INFINITY).status is S.CANCELLING
    assert at(timeline, 5, cancelled_at=2.0, executes_at=INFINITY).status is S.CANCELLED


@pytest.mark.parametrize("cancelled_at", [0.5, 6.0])
def test_a_cancel_in_a_state_that_refuses_it_changes_nothing(cancelled_at: float) -> None:
    timeline = standard_timeline(submitted=1, executing=4)
    for seconds in (0.7, 3, 6.5):
        assert at(timeline, seconds, cancelled_at=cancelled_at) == at(timeline, seconds)


def test_polls_go_on_moving_a_cancelling_job() -> None:
    timeline = Timeline((Phase(S.EXECUTING, polls=2),))
    facts: dict[str, Any] = {"cancelled_at": 1.0, "looks": (1, 2, 3)}
    assert [at(timeline, second, second, **facts).status for second in (1, 2, 3)] == [
        "esriJobCancelling",
        "esriJobCancelling",
        "esriJobSucceeded",
    ]


# Messages, as recorded from servers

STYLES = [
    (
        "pro",
        [
            "I Start Time: Thursday, January 1, 2026 12:00:03 AM",
            "I Executing (Viewshed): Viewshed in_memory/p 8 #",
        ],
        ["I Succeeded at Thursday, January 1, 2026 12:00:24 AM (Elapsed Time: 21.18 seconds)"],
        [
            "E Failed to execute (Viewshed).",
            "I Failed at Thursday, January 1, 2026 12:00:24 AM (Elapsed Time: 21.18 seconds)",
            "E Failed.",
        ],
    ),
    (
        "arcmap",
        [
            "I Executing (Viewshed): Viewshed in_memory/p 8 #",
            "I Start Time: Thu Jan  1 00:00:03 2026",
            "I Running script Viewshed...",
        ],
        [
            "I Completed script Viewshed...",
            "I Succeeded at Thu Jan  1 00:00:24 2026 (Elapsed Time: 21.18 seconds)",
        ],
        [
            "I Failed script Viewshed...",
            "E Failed to execute (Viewshed).",
            "I Failed at Thu Jan  1 00:00:24 2026 (Elapsed Time: 21.18 seconds)",
            "E Failed.",
        ],
    ),
]


@pytest.mark.parametrize(("style", "opening", "succeeded", "failed"), STYLES)
def test_messages_come_in_the_recorded_order(
    style: str, opening: list[str], succeeded: list[str], failed: list[str]
) -> None:
    timeline = standard_timeline(
        submitted=1,
        waiting=2,
        executing=21.18,
        task_label="Viewshed",
        style=style,
        messages=(TimedMessage(WARNING, "coarse", 10),),
    )
    failing = timeline.with_outcome(status=S.FAILED, messages=(TimedMessage(ERROR, "ERROR 999999: no", 20),))
    arguments = "in_memory/p 8 #"
    held = ["I Submitted.", "I Executing..."]
    assert said(at(timeline, 0, arguments=arguments)) == []
    assert said(at(timeline, 1, arguments=arguments)) == ["I Submitted."]
    assert said(at(timeline, 3, arguments=arguments)) == held + opening
    assert said(at(timeline, 13, arguments=arguments)) == [*held, *opening, "W coarse"]
    assert said(at(timeline, 99, arguments=arguments)) == [*opening, "W coarse", *succeeded]
    assert said(at(failing, 99, arguments=arguments)) == [
        *held,
        *opening,
        "W coarse",
        "E ERROR 999999: no",
        *failed,
    ]


def test_a_cancelled_job_keeps_what_was_said_and_says_that_it_is_cancelled() -> None:
    timeline = standard_timeline(executing=60, task_label="T", messages=(TimedMessage(INFO, "too late", 9),))
    assert said(at(timeline, 50, cancelled_at=1.0)) == [
        "I Submitted.",
        "I Executing...",
        "I Start Time: Thursday, January 1, 2026 12:00:00 AM",
        "I Executing (T): T",
        "I Cancel complete.",
    ]


def test_a_job_that_is_cancelled_in_the_queue_has_the_shortest_record() -> None:
    state = at(standard_timeline(), 50, cancelled_at=1.0, executes_at=INFINITY)
    assert said(state) == ["I Submitted.", "I Cancel complete."]


def test_the_next_message_is_a_change_to_wait_for() -> None:
    timeline = standard_timeline(executing=60, messages=(TimedMessage(INFO, "now", 9),))
    assert since_epoch(at(timeline, 3).next_change) == 9
    assert since_epoch(at(timeline, 9).next_change) == 60


def test_a_message_that_its_phase_is_too_short_for_is_said_at_its_end() -> None:
    timeline = Timeline((Phase(S.EXECUTING, 2, messages=(TimedMessage(INFO, "late", 50),)),))
    assert said(at(timeline, 1.9)) == []
    assert said(at(timeline, 2)) == ["I late"]


def test_braces_and_placeholders_in_what_others_wrote_survive() -> None:
    timeline = standard_timeline(
        executing=1,
        task_label="T",
        messages=(TimedMessage(INFO, "{} {0} {unknown} {{started}} {", 0),),
    ).with_outcome(status=S.SUCCEEDED, messages=(TimedMessage(INFO, 'tool: {"elapsed": {elapsed}}', 0),))
    messages = said(at(timeline, 0, arguments="{ended} {'x': {}}"))
    assert messages[3:] == [
        "I Executing (T): T {ended} {'x': {}}",
        "I {} {0} {unknown} {Thursday, January 1, 2026 12:00:00 AM} {",
        'I tool: {"elapsed": {elapsed}}',
    ]


# Progress

STEPS = tuple(
    ProgressStep(second, f"Step {second}", 10 * second, ProgressType.STEP) for second in (0, 1, 2, 6, 7)
)


@pytest.mark.parametrize(
    ("interval", "seen"),
    [(0, ["0", "1", "2", "2", "2", "2", "6", "7", "7"]), (5, ["0", "0", "0", "0", "0", "2", "2", "2", "2"])],
)
def test_progress_is_refreshed_at_the_servers_interval(interval: float, seen: list[str]) -> None:
    timeline = standard_timeline(executing=20, progress=STEPS, update_interval=interval)
    states = [at(timeline, second) for second in range(9)]
    assert [state.progress.message.removeprefix("Step ") for state in states if state.progress] == seen


def test_the_next_refresh_is_a_change_to_wait_for() -> None:
    timeline = standard_timeline(executing=20, progress=STEPS)
    assert [since_epoch(at(timeline, second).next_change) for second in (0, 5, 10)] == [5, 10, 20]


def test_progress_is_there_only_while_the_job_executes() -> None:
    timeline = standard_timeline(submitted=1, waiting=1, executing=5, progress=STEPS)
    assert [at(timeline, second).progress is not None for second in (0, 1, 2, 7)] == [
        False,
        False,
        True,
        False,
    ]
    assert at(timeline, 3, cancelled_at=3.0).progress is None


def test_progress_is_of_two_kinds() -> None:
    step = at(standard_timeline(progress=STEPS), 0).progress
    default = at(standard_timeline(), 0).progress
    assert step is not None
    assert default is not None
    assert (step.type, step.percent) == ("step", 0)
    assert (default.type, default.message, default.percent) == ("default", "Executing...", None)
    assert at(standard_timeline(progress=()), 0).progress is None


# What holds of every job

seconds = st.integers(0, 12).map(float)


@st.composite
def timelines(draw: st.DrawFn) -> Timeline:
    texts = st.builds(
        TimedMessage, st.just(INFO), st.sampled_from(["a", "{elapsed}"]), seconds, st.booleans()
    )
    steps = st.builds(ProgressStep, seconds, st.just("p"))
    statuses = draw(
        st.lists(st.sampled_from([S.NEW, S.SUBMITTED, S.WAITING, S.EXECUTING]), unique=True).map(
            lambda chosen: [s for s in S if s in chosen]
        )
    )
    phases = tuple(
        Phase(
            status,
            seconds=draw(seconds),
            messages=tuple(draw(st.lists(texts, max_size=3))),
            progress=tuple(draw(st.lists(steps, max_size=3))),
        )
        for status in statuses
    )
    final = [None, S.SUCCEEDED, S.FAILED, S.TIMED_OUT] if S.EXECUTING in statuses else [S.FAILED]
    cancellation = Cancellation(draw(st.sampled_from([0.0, 1.0, 5.0])), ignored=draw(st.booleans()))
    ending = Ending(draw(st.sampled_from(final)), tuple(draw(st.lists(texts, max_size=2))))
    return Timeline(phases, ending, cancellation, update_interval=draw(st.sampled_from([0.0, 5.0])))


@given(timelines(), st.none() | st.integers(0, 40).map(float), st.none() | st.integers(0, 20).map(float))
def test_nothing_changes_before_the_next_change(
    timeline: Timeline, cancelled_at: float | None, executes_at: float | None
) -> None:
    facts: dict[str, Any] = {"cancelled_at": cancelled_at, "executes_at": executes_at}
    states = [at(timeline, half / 2, **facts) for half in range(200)]
    for half, state in enumerate(states[:-1]):
        change = since_epoch(state.next_change)
        assert change is None or change > half / 2
        if change is None or change > (half + 1) / 2:
            assert states[half + 1] == state


@given(timelines(), st.none() | st.integers(0, 40).map(float))
def test_one_who_looks_only_at_the_next_changes_sees_the_job_end(
    timeline: Timeline, cancelled_at: float | None
) -> None:
    state = at(timeline, 0, cancelled_at=cancelled_at)
    for _ in range(100):
        if state.next_change is None:
            break
        state = at(timeline, state.next_change - EPOCH, cancelled_at=cancelled_at)
    assert state.next_change is None
    assert state.status == at(timeline, 1e9, cancelled_at=cancelled_at).status
