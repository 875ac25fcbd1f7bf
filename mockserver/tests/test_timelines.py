from __future__ import annotations

from typing import Any

import pytest
from gp_mockserver.lifecycle.timelines import (
    NEVER,
    Cancellation,
    Ending,
    Phase,
    ProgressStep,
    TimedMessage,
    Timeline,
    standard_timeline,
)
from gp_protocol.errors import LocalProtocolError
from gp_protocol.job_states import JobStatus as S
from gp_protocol.messages import MessageType, ProgressType

from every_case import every_case

INFO, ERROR = MessageType.INFORMATIVE, MessageType.ERROR


@pytest.mark.parametrize(
    ("lengths", "met"),
    [
        ({}, "none"),
        ({"seconds": 1, "polls": 1}, "seconds and polls"),
        ({"polls": 1, "hold": "a"}, "polls and hold"),
    ],
)
def test_a_phase_has_exactly_one_length(lengths: dict[str, Any], met: str) -> None:
    with pytest.raises(LocalProtocolError, match=f"{met}.*exactly one of seconds, polls and hold"):
        Phase(S.EXECUTING, **lengths)


@every_case(
    "lengths",
    [{"seconds": -1}, {"seconds": float("nan")}, {"seconds": float("inf")}, {"polls": 0}, {"hold": ""}],
)
def test_a_length_that_makes_no_sense_is_refused(lengths: dict[str, Any]) -> None:
    with pytest.raises(LocalProtocolError):
        Phase(S.EXECUTING, **lengths)


@pytest.mark.parametrize("percent", [-1, 101])
def test_percentages_go_from_0_to_100(percent: int) -> None:
    with pytest.raises(LocalProtocolError, match="0 to 100"):
        ProgressStep(0, "Step", percent)


@every_case(
    ("statuses", "ending", "place"),
    [
        ([S.EXECUTING, S.SUBMITTED], S.SUCCEEDED, "phases[1].status"),
        ([S.SUBMITTED], S.SUCCEEDED, "ending.status"),
        ([S.SUBMITTED, S.CANCELLING], S.CANCELLED, "phases[1].status"),
        ([S.EXECUTING, S.SUCCEEDED], S.FAILED, "ending.status"),
        ([S.EXECUTING, S.CANCELLING], S.TIMED_OUT, "ending.status"),
    ],
)
def test_a_timeline_that_no_job_can_take_is_refused(statuses: list[S], ending: S, place: str) -> None:
    with pytest.raises(LocalProtocolError) as refusal:
        Timeline(tuple(Phase(status, seconds=1) for status in statuses), Ending(ending))
    assert refusal.value.path == place


@every_case(
    ("statuses", "ending"),
    [
        ([], S.SUCCEEDED),
        ([S.NEW, S.SUBMITTED, S.WAITING, S.EXECUTING], S.TIMED_OUT),
        ([S.EXECUTING, S.EXECUTING], S.EXPECTED_FAILURE),
        ([S.EXECUTING, S.SUCCEEDED, S.DELETING], S.DELETED),
        ([S.WAITING, S.CANCELLING], S.CANCELLED),
        ([S.NEW], S.FAILED),
    ],
)
def test_every_legal_way_through_the_states_is_a_timeline(statuses: list[S], ending: S) -> None:
    Timeline(tuple(Phase(status, polls=1) for status in statuses), Ending(ending))


def test_a_job_cannot_end_while_it_is_executing() -> None:
    with pytest.raises(LocalProtocolError, match="esriJobExecuting"):
        Ending(S.EXECUTING)


def test_a_job_that_never_ends_needs_a_phase() -> None:
    with pytest.raises(LocalProtocolError, match="phase that never ends"):
        Timeline((), NEVER)


def test_a_cancel_is_not_ignored_and_obeyed_at_once() -> None:
    with pytest.raises(LocalProtocolError):
        Cancellation(ignored=True, at_once=True)


def test_messages_stand_in_the_order_of_their_times() -> None:
    late, soon = TimedMessage(INFO, "late", 2), TimedMessage(INFO, "soon", 1)
    assert Phase(S.EXECUTING, 3, messages=(late, soon)).messages == (soon, late)


def test_a_standard_job_is_submitted_waits_executes_and_succeeds() -> None:
    timeline = standard_timeline(submitted=1, waiting=2, executing=3)
    assert [(phase.status, phase.seconds) for phase in timeline.phases] == [
        ("esriJobSubmitted", 1),
        ("esriJobWaiting", 2),
        ("esriJobExecuting", 3),
    ]
    assert timeline.ending.status == "esriJobSucceeded"
    assert timeline.first_status == "esriJobSubmitted"


@every_case(
    ("first", "statuses"),
    [
        (S.NEW, ["esriJobNew", "esriJobWaiting", "esriJobExecuting"]),
        (S.SUBMITTED, ["esriJobSubmitted", "esriJobWaiting", "esriJobExecuting"]),
        (S.WAITING, ["esriJobWaiting", "esriJobExecuting"]),
        (S.EXECUTING, ["esriJobExecuting"]),
    ],
)
def test_servers_differ_in_the_first_status(first: S, statuses: list[str]) -> None:
    timeline = standard_timeline(first=first)
    assert [phase.status for phase in timeline.phases] == statuses
    assert timeline.first_status == statuses[0]


def test_a_standard_job_cannot_start_at_its_end() -> None:
    with pytest.raises(LocalProtocolError, match="first"):
        standard_timeline(first=S.SUCCEEDED)


def test_a_standard_job_may_execute_for_polls_or_behind_a_gate() -> None:
    assert standard_timeline(polls=3).phases[-1] == standard_timeline(polls=3, executing=9).phases[-1]
    assert standard_timeline(polls=3).phases[-1].polls == 3
    assert standard_timeline(hold="gate").gates == ("gate",)


def texts(timed: tuple[TimedMessage, ...]) -> list[tuple[str, str, float]]:
    return [
        (message.type.removeprefix("esriJobMessageType"), message.text, message.after) for message in timed
    ]


def test_what_a_tool_says_stands_between_the_opening_and_the_closing_messages() -> None:
    timeline = standard_timeline(task_label="Viewshed", executing=2).with_outcome(
        status=S.SUCCEEDED,
        messages=(TimedMessage(INFO, "half way", 3), TimedMessage(MessageType.WARNING, "no data", 0)),
        progress=(ProgressStep(3, "half way", 50, ProgressType.STEP),),
        seconds=7,
    )
    executing = timeline.phases[-1]
    assert executing.seconds == 7
    assert texts(executing.messages) == [
        ("Informative", "Executing...", 0),
        ("Informative", "Start Time: {started}", 0),
        ("Informative", "Executing (Viewshed): Viewshed {arguments}", 0),
        ("Warning", "no data", 0),
        ("Informative", "half way", 3),
    ]
    assert [(step.message, step.percent) for step in executing.progress] == [
        ("Executing...", None),
        ("half way", 50),
    ]
    assert texts(timeline.ending.messages) == [
        ("Informative", "Succeeded at {ended} (Elapsed Time: {elapsed})", 0)
    ]


def test_a_quick_tool_does_not_shorten_the_execution() -> None:
    timeline = standard_timeline(executing=5)
    assert timeline.with_outcome(status=S.SUCCEEDED, seconds=1) is timeline


def test_an_execution_by_polls_stays_one_by_polls() -> None:
    timeline = standard_timeline(polls=2).with_outcome(status=S.SUCCEEDED, seconds=60)
    assert (timeline.phases[-1].polls, timeline.phases[-1].seconds) == (2, None)


@pytest.mark.parametrize("style", ["pro", "arcmap"])
def test_a_tool_that_fails_ends_the_job_in_the_style_of_its_runtime(style: str) -> None:
    timeline = standard_timeline(task_label="Viewshed", style=style).with_outcome(status=S.FAILED)
    assert timeline.ending.status is S.FAILED
    closing = texts(timeline.ending.messages)
    assert closing[-3:] == [
        ("Error", "Failed to execute (Viewshed).", 0),
        ("Informative", "Failed at {ended} (Elapsed Time: {elapsed})", 0),
        ("Error", "Failed.", 0),
    ]
    assert closing[:-3] == ([("Informative", "Failed script Viewshed...", 0)] if style == "arcmap" else [])


@every_case("ending", [S.FAILED, S.TIMED_OUT, S.CANCELLED, None])
def test_a_timeline_that_is_to_end_otherwise_does_so_whatever_its_tool_did(ending: S | None) -> None:
    timeline = standard_timeline(ending=ending)
    assert timeline.with_outcome(status=S.SUCCEEDED).ending == timeline.ending
    assert timeline.with_outcome(status=S.FAILED).ending == timeline.ending


def test_what_a_tool_says_in_a_job_without_execution_is_said_at_the_end() -> None:
    timeline = Timeline().with_outcome(status=S.SUCCEEDED, messages=(TimedMessage(INFO, "done", 5),))
    assert texts(timeline.ending.messages) == [("Informative", "done", 0)]


def test_a_job_that_is_deleted_later_has_failed_before_if_its_tool_did() -> None:
    timeline = Timeline(
        (Phase(S.EXECUTING, 1), Phase(S.SUCCEEDED, 10), Phase(S.DELETING, 1)), Ending(S.DELETED)
    ).with_outcome(status=S.FAILED, messages=(TimedMessage(ERROR, "no"),))
    assert [phase.status for phase in timeline.phases] == [S.EXECUTING, S.FAILED, S.DELETING]
    assert texts(timeline.phases[1].messages)[-1] == ("Error", "Failed.", 0)


def test_timelines_are_no_burden_on_the_garbage_collector() -> None:
    import gc

    timeline = standard_timeline(task_label="Viewshed")
    assert not any(gc.is_tracked(part) for part in (timeline, *timeline.phases, timeline.ending))
