"""Polls of one job as a state machine."""

from __future__ import annotations

import json
from typing import Any

import pytest
from gpharness.probing.exchanges import Exchange
from gpharness.verifying.looks import Look
from gpharness.verifying.traces import check_trace

SAID = {"type": "esriJobMessageTypeInformative", "description": "Submitted."}
RUN = {"type": "esriJobMessageTypeInformative", "description": "Executing..."}
READ = {"type": "esriJobMessageTypeInformative", "description": "Read."}
DONE = {"type": "esriJobMessageTypeInformative", "description": "Succeeded at noon"}


def poll(status: str, *messages: Any, parameters: dict[str, str] | None = None, **members: Any) -> Look:
    value = {"jobId": "j1", "jobStatus": f"esriJob{status}", "messages": list(messages), **members}
    url = "https://gis.example.com/arcgis/rest/services/S/GPServer/T/jobs/j1"
    exchange = Exchange("job", "GET", url, parameters or {}, status=200, body=json.dumps(value).encode())
    return Look(exchange, "job", value, [])


def found(*polls: Look) -> list[str]:
    check_trace(polls)
    return [each.name for look in polls for each in look.findings]


@pytest.mark.parametrize(
    "statuses",
    [
        ["Submitted", "Waiting", "Executing", "Succeeded"],
        ["New", "Submitted", "Succeeded"],
        ["Executing", "Executing", "Failed", "Failed"],
        ["Executing", "Cancelling", "Succeeded", "Succeeded"],
        ["Executing", "Cancelling", "Cancelled", "Deleting", "Deleted"],
        ["Succeeded"],
    ],
)
def test_a_job_may_go_on_and_skip_states(statuses: list[str]) -> None:
    assert found(*map(poll, statuses)) == []


@pytest.mark.parametrize(
    ("statuses", "names"),
    [
        (["Executing", "Submitted", "Executing", "Succeeded"], ["job.goes-back"]),
        (["Executing", "Waiting"] * 3, ["job.goes-back"] * 3),
        (["Cancelling", "Executing"], ["job.goes-back"]),
        (["Succeeded", "Failed"], ["job.unfinal"]),
        (["Succeeded", "Executing"], ["job.unfinal"]),
        (["Failed", "Succeeded"], ["job.unfinal"]),
        (["TimedOut", "Executing", "Succeeded"], ["job.unfinal"]),
        (["Deleted", "Succeeded"], ["job.unfinal"]),
    ],
)
def test_a_job_does_not_go_back_and_its_end_is_its_end(statuses: list[str], names: list[str]) -> None:
    assert found(*map(poll, statuses)) == names


@pytest.mark.parametrize(
    "polls",
    [
        [poll("Executing", SAID), poll("Executing", SAID, RUN), poll("Succeeded", SAID, RUN, DONE)],
        [poll("Executing", SAID, RUN, READ), poll("Succeeded", READ, DONE)],
        [poll("Executing"), poll("Executing")],
        [poll("Executing", READ, READ), poll("Executing", READ, READ, READ)],
        [poll("Failed", READ, READ, READ, READ)],
        [poll("Executing", SAID), poll("Executing", RUN, SAID)],
    ],
)
def test_messages_may_grow_and_lose_the_first_ones_at_the_end(polls: list[Look]) -> None:
    assert found(*polls) == []


@pytest.mark.parametrize(
    "polls",
    [
        [poll("Executing", SAID, RUN), poll("Executing", RUN, SAID)],
        [poll("Executing", SAID, RUN, READ), poll("Executing", READ)],
        [poll("Succeeded", SAID, RUN, SAID, RUN)],
        [poll("Succeeded", SAID, SAID, RUN, RUN)],
        [poll("Succeeded", SAID, parameters={"returnMessages": "false"})],
    ],
)
def test_messages_that_change_places_vanish_repeat_or_come_unasked_are_found(polls: list[Look]) -> None:
    assert found(*polls) == ["messages.order"]


def test_fifty_thousand_messages_are_held_against_one_another_at_once() -> None:
    many = [{"type": "esriJobMessageTypeInformative", "description": f"Row {i % 100}"} for i in range(50_000)]
    assert found(poll("Executing", SAID, *many), poll("Succeeded", *many, DONE)) == []
