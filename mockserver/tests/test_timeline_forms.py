"""Timelines as site files write them, by what a client sees of the jobs."""

from __future__ import annotations

from typing import Any

import pytest
from gp_mockserver.configuration.data_files import parse_yaml
from gp_mockserver.configuration.timeline_forms import parse_timeline
from gp_mockserver.errors import SiteFileError
from gp_mockserver.lifecycle.jobs import job_at
from gp_mockserver.lifecycle.timelines import Timeline

from every_case import every_case


def timeline(text: str) -> Timeline:
    return parse_timeline(parse_yaml(text), task_label="Zonal")


def statuses(text: str, *seconds: float) -> list[str]:
    made = timeline(text)
    return [job_at(made, 0.0, now).status.removeprefix("esriJob") for now in seconds]


def messages(text: str, seconds: float) -> list[str]:
    return [message.description for message in job_at(timeline(text), 0.0, seconds).messages]


@every_case(
    ("text", "seconds", "seen"),
    [
        ("{}", [0, 1.9, 2], ["Executing", "Executing", "Succeeded"]),
        (
            "{submitted: 1s, waiting: 2s, executing: 1 min}",
            [0, 1, 3, 62, 63],
            ["Submitted", "Waiting", "Executing", "Executing", "Succeeded"],
        ),
        ("{executing: 5, ending: failed}", [4, 5], ["Executing", "Failed"]),
        ("{executing: 5, ending: timedOut}", [4, 5], ["Executing", "TimedOut"]),
        ("{executing: 5, ending: never}", [4, 1e6], ["Executing", "Executing"]),
        ("{executing: {hold: gate}}", [0, 1e6], ["Executing", "Executing"]),
        ("{waiting: {hold: gate}}", [0, 1e6], ["Waiting", "Waiting"]),
        ("{first: new, submitted: 1}", [0, 1], ["New", "Executing"]),
        ("{first: executing, executing: 3}", [0, 3], ["Executing", "Succeeded"]),
        (
            "{phases: [{status: new, seconds: 1}, {status: executing, seconds: 3s}], ending: failed}",
            [0, 1, 4],
            ["New", "Executing", "Failed"],
        ),
        ("{phases: [], ending: succeeded}", [0], ["Succeeded"]),
    ],
)
def test_a_timeline_by_seconds(text: str, seconds: list[float], seen: list[str]) -> None:
    assert statuses(text, *seconds) == seen


def test_a_phase_by_polls_is_answered_by_that_many_polls() -> None:
    made = timeline("{waiting: 2 polls, executing: 1 poll}")
    seen = [job_at(made, 0.0, 0.0, polls=number).status for number in (1, 2, 3, 4)]
    assert seen == ["esriJobWaiting", "esriJobWaiting", "esriJobExecuting", "esriJobSucceeded"]


def test_the_short_form_says_what_servers_say_and_the_tools_own_messages() -> None:
    text = "{executing: 10, messages: [Reading…, {warning: 'WARNING 000117', after: 4s}], ending: failed}"
    assert messages(text, 3) == [
        "Submitted.",
        "Executing...",
        "Start Time: Thursday, January 1, 1970 12:00:00 AM",
        "Executing (Zonal): Zonal",
        "Reading…",
    ]
    assert messages(text, 10)[4:] == [
        "Reading…",
        "WARNING 000117",
        "Failed to execute (Zonal).",
        "Failed at Thursday, January 1, 1970 12:00:10 AM (Elapsed Time: 10.00 seconds)",
        "Failed.",
    ]


def test_the_older_runtime_writes_its_dates_otherwise() -> None:
    assert "Start Time: Thu Jan  1 00:00:00 1970" in messages("{executing: 10, dateStyle: arcmap}", 1)


def test_the_long_form_says_only_what_it_lists() -> None:
    text = """
      phases: [{status: executing, seconds: 3, messages: [{error: "ERROR 000732", after: 1s}]}]
      ending: {status: failed, messages: [{error: Gone.}]}
    """
    assert messages(text, 0) == []
    assert messages(text, 2) == ["ERROR 000732"]
    assert messages(text, 3) == ["ERROR 000732", "Gone."]


def test_progress_by_steps_of_a_tenth_or_as_listed() -> None:
    made = timeline("{executing: 100, progress: step, updateInterval: 0}")
    assert [job_at(made, 0.0, now).progress.percent for now in (0, 10, 55, 99)] == [0, 10, 50, 90]  # type: ignore[union-attr]
    listed = timeline(
        "{executing: 9, updateInterval: 0, progress: [{message: a}, {message: b, percent: 50, after: 3s}]}"
    )
    assert [job_at(listed, 0.0, now).progress.message for now in (0, 3)] == ["a", "b"]  # type: ignore[union-attr]
    assert job_at(timeline("{executing: 9, progress: none}"), 0.0, 1.0).progress is None


def test_a_cancel_is_noticed_at_the_next_check_or_ignored_or_obeyed_at_once() -> None:
    def cancelled(text: str, now: float) -> str:
        return job_at(timeline(text), 0.0, now, cancelled_at=1.0).status

    assert cancelled("{executing: 60, cancellation: {checkInterval: 10s}}", 9) == "esriJobCancelling"
    assert cancelled("{executing: 60, cancellation: {checkInterval: 10s}}", 10) == "esriJobCancelled"
    assert cancelled("{executing: 60, cancellation: {ignored: true}}", 59) == "esriJobCancelling"
    assert cancelled("{executing: 60, cancellation: {ignored: true}}", 60) == "esriJobSucceeded"
    assert cancelled("{executing: 60, cancellation: {atOnce: true}}", 1) == "esriJobCancelled"


@every_case(
    ("text", "error"),
    [
        (
            "{exeuting: 1}",
            "timeline.exeuting: met an unknown key, expected one of submitted, waiting, executing, first, "
            "messages, progress, phases, ending, cancellation, dateStyle, updateInterval; did you mean "
            '"executing"?',
        ),
        (
            "{executing: a while}",
            'timeline.executing: met "a while", expected a duration such as "20s", a number of polls '
            'such as "3 polls", or {hold: a gate\'s name}',
        ),
        ("{executing: 0 polls}", 'timeline.executing: met "0 polls"'),
        (
            "{executing: {hodl: g}}",
            'timeline.executing.hodl: met an unknown key, expected one of hold; did you mean "hold"?',
        ),
        ("{ending: fialed}", 'timeline.ending: met "fialed"'),
        ("{first: executing, waiting: 1}", "timeline.waiting: met waiting in a job that starts as executing"),
        (
            "{executing: 3 polls, progress: step}",
            "timeline.progress: met step progress in an execution without a duration",
        ),
        (
            "{progress: [{message: a, percent: 101}]}",
            "timeline.progress[0].percent: met 101, expected a whole number from 0 to 100",
        ),
        ("{messages: [{text: x}]}", "timeline.messages[0].text: met an unknown key"),
        (
            "{messages: [{informative: x, error: y}]}",
            "timeline.messages[0]: met 2 texts, expected exactly one of informative, warning and error",
        ),
        (
            "{phases: [{status: executing, seconds: 1}], waiting: 1}",
            "timeline.waiting: met waiting beside phases, expected one of the two",
        ),
        ("{phases: [{status: exekuting, seconds: 1}]}", 'timeline.phases[0].status: met "exekuting"'),
        ("{phases: [{status: executing}]}", "timeline.phases[0]"),
        ("{phases: [{status: executing, seconds: 1, polls: 2}]}", "timeline.phases[0]"),
        (
            "{phases: [{status: executing, seconds: 1}, {status: submitted, seconds: 1}]}",
            "timeline.phases[1].status: met esriJobSubmitted after esriJobExecuting, expected one of "
            "esriJobSucceeded",
        ),
        ("{cancellation: {ignored: 1}}", "timeline.cancellation.ignored: met 1, expected true or false"),
        ("5 seconds", 'timeline: met "5 seconds", expected a mapping of submitted, waiting'),
    ],
)
def test_a_timeline_that_no_job_can_follow_is_an_error(text: str, error: str) -> None:
    with pytest.raises(SiteFileError) as raised:
        timeline(text)
    assert str(raised.value).startswith(error)


def test_every_key_of_the_form_may_be_left_out() -> None:
    empty: dict[str, Any] = {}
    assert parse_timeline(empty) == parse_timeline({"executing": 2, "ending": "succeeded"})
