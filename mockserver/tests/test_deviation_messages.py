"""The deviations of messages and progress, in jobs and in executions."""

from __future__ import annotations

from typing import Any

import pytest
from deviation_probe import POINT, Probe

EXECUTING, SUCCEEDED = "esriJobExecuting", "esriJobSucceeded"
EXECUTE = "rest/services/Elevation/ESRI_Elevation_World/GPServer/Viewshed/execute"
TYPE = "esriJobMessageType"
MISSING = object()

ONE_MORE: dict[str, list[dict[str, Any]]] = {
    "message-multi-line": [
        {
            "type": f"{TYPE}Warning",
            "description": 'Traceback (most recent call last):\n  File "tool.py", line 12, in read\n'
            "    value = float(field)\nValueError: could not convert string to float: 'n/a'\n",
        }
    ],
    "message-type-abort": [
        {"type": f"{TYPE}ProcessStart", "description": "A process has begun."},
        {"type": f"{TYPE}Empty", "description": ""},
        {"type": f"{TYPE}Abort", "description": "A step was given up."},
    ],
    "message-json": [{"type": f"{TYPE}Warning", "description": '{"cost": 1}'}],
    "message-html": [
        {
            "type": f"{TYPE}Informative",
            "description": "<b>Layer &quot;Roads&quot;</b> has been read.<br>",
        }
    ],
    "message-control-characters": [
        {"type": f"{TYPE}Informative", "description": "one\0two \x1b[2Jthree \u202efour"}
    ],
}
"""Messages that stand before the others, in every poll."""
ODD_ONE: dict[str, dict[str, Any]] = {
    "message-type-unknown": {"type": f"{TYPE}Hint", "description": "Something new."},
    "message-type-number": {"type": 50, "description": "A warning."},
    "message-text-missing": {"type": f"{TYPE}Informative"},
    "message-text-number": {"type": f"{TYPE}Informative", "description": 7},
}
"""The first message, in polls and in executions."""
SHAPES: dict[str, Any] = {"messages-missing": MISSING, "messages-null": None, "messages-object": {}}
PROGRESS: dict[str, Any] = {
    "progress-missing": MISSING,
    "progress-without-percent": {"type": "default", "message": "Working."},
    "progress-null": None,
    "progress-text": "50%",
    "progress-percent-text": {"type": "step", "message": "Half of it.", "percent": "50"},
    "progress-over-100": {"type": "step", "message": "More than all of it.", "percent": 130},
    "progress-percentage-key": {"type": "step", "message": "Half of it.", "percentage": 50},
}
"""What an executing job says of its progress."""
ALONE = {
    "messages-empty",
    "messages-shrink",
    "messages-grow",
    "messages-huge",
    "messages-of-strings",
    "messages-reordered",
    "messages-repeated",
    "messages-despite-false",
    "errors-but-succeeded",
    "progress-goes-back",
    "progress-when-done",
}
COVERED = frozenset({*ONE_MORE, *ODD_ONE, *SHAPES, *PROGRESS, *ALONE})


def polls(probe: Probe, count: int = 2, **query: str) -> list[dict[str, Any]]:
    job_id = probe.job_id()
    return [probe.poll(job_id, **query).json for _ in range(count)]


def texts(answer: dict[str, Any]) -> list[str]:
    return [each["description"] for each in answer["messages"]]


def usual(at: int) -> list[str]:
    """What a clean job says at a poll, but for the times."""
    begun = ["Start Time", "Executing (viewshed)"]
    return ["Submitted.", "Executing...", *begun] if at == 0 else [*begun, "Succeeded at"]


def clean(answers: list[dict[str, Any]]) -> bool:
    """Whether polls say what those of a clean job do."""
    return [each["jobStatus"] for each in answers] == [EXECUTING, SUCCEEDED] and all(
        all(text.startswith(begin) for text, begin in zip(texts(each), usual(i), strict=True))
        and ("progress" in each) is (i == 0)
        for i, each in enumerate(answers)
    )


@pytest.mark.parametrize(("name", "more"), ONE_MORE.items(), ids=ONE_MORE)
def test_a_message_can_hold_anything(probe: Probe, name: str, more: list[dict[str, Any]]) -> None:
    injection = probe.site.deviate(name)
    seen = polls(probe)
    injection.clear()
    for answer in seen:
        assert answer["messages"][: len(more)] == more
        del answer["messages"][: len(more)]
    assert clean(seen)
    assert clean(polls(probe))
    assert injection.applied == 2


def execute(probe: Probe) -> dict[str, Any]:
    answer: dict[str, Any] = probe.post(
        EXECUTE, Input_Observation_Point=POINT, Viewshed_Distance="5 Miles"
    ).json
    return answer


@pytest.mark.parametrize(("name", "odd"), ODD_ONE.items(), ids=ODD_ONE)
def test_a_message_can_lack_what_it_needs(probe: Probe, name: str, odd: dict[str, Any]) -> None:
    injection = probe.site.deviate(name)
    seen, executed = polls(probe), execute(probe)
    injection.clear()
    assert executed["messages"] == [odd]
    assert [answer["messages"].pop(0) for answer in seen] == [odd, odd]
    assert clean(seen)
    assert clean(polls(probe))
    assert execute(probe) == {**executed, "messages": []}
    assert injection.applied == 3


@pytest.mark.parametrize(("name", "shape"), SHAPES.items(), ids=SHAPES)
def test_messages_can_be_no_list(probe: Probe, name: str, shape: Any) -> None:
    injection = probe.site.deviate(name)
    seen, executed = polls(probe), execute(probe)
    quiet = polls(probe, returnMessages="false")
    injection.clear()
    assert [each.get("messages", MISSING) for each in (*seen, executed)] == [shape] * 3
    assert all("messages" not in each for each in quiet)
    assert clean(polls(probe))
    assert execute(probe)["messages"] == []
    assert injection.applied == 3


def test_messages_can_be_texts(probe: Probe) -> None:
    injection = probe.site.deviate("messages-of-strings")
    seen, executed = polls(probe), execute(probe)
    injection.clear()
    assert executed["messages"] == ["Submitted."]
    assert [each["messages"][0] for each in seen] == ["Submitted."] * 2
    for i, each in enumerate(seen):
        assert all(text.startswith(begin) for text, begin in zip(each["messages"][1:], usual(i), strict=True))
    assert clean(polls(probe))
    assert injection.applied == 3


@pytest.mark.parametrize(("name", "met"), PROGRESS.items(), ids=PROGRESS)
def test_an_executing_job_can_tell_its_progress_in_other_ways(probe: Probe, name: str, met: Any) -> None:
    injection = probe.site.deviate(name)
    seen = polls(probe)
    injection.clear()
    assert [each.get("progress", MISSING) for each in seen] == [met, MISSING]
    assert polls(probe)[0]["progress"] == {"type": "default", "message": "Executing..."}
    assert injection.applied == 1


def test_progress_can_be_missing_from_a_tool_that_reports_it(probe: Probe) -> None:
    path = "Simulation/JobOutcomes/GPServer/StepProgress"
    for name, has in (("progress-missing", []), ("progress-without-percent", ["type", "message"])):
        injection = probe.site.deviate(name)
        job_id = probe.job_id(path)
        assert [list(probe.poll(job_id, path).json.get("progress", ())) for _ in range(3)] == [has] * 3
        injection.clear()
        job_id = probe.job_id(path)
        assert "percent" in probe.poll(job_id, path).json["progress"]


def test_progress_can_go_back(probe: Probe) -> None:
    injection = probe.site.deviate("progress-goes-back")
    seen = polls(probe, 4)
    assert [each.get("progress", {}).get("percent") for each in seen] == [80, 20, 20, None]
    assert [each["jobStatus"] for each in seen] == [*[EXECUTING] * 3, SUCCEEDED]
    injection.clear()
    assert clean(polls(probe))
    assert injection.applied == 4


def test_a_job_that_is_done_can_tell_its_progress(probe: Probe) -> None:
    injection = probe.site.deviate("progress-when-done")
    seen = polls(probe)
    injection.clear()
    assert seen[1].pop("progress") == {"type": "step", "message": "All of it.", "percent": 100}
    assert clean(seen)
    assert clean(polls(probe))
    assert injection.applied == 1


def test_messages_can_be_none_at_all(probe: Probe) -> None:
    injection = probe.site.deviate("messages-empty")
    assert [each["messages"] for each in polls(probe)] == [[], []]
    assert injection.applied == 2
    injection.clear()
    assert clean(polls(probe))


def test_the_first_messages_go_when_a_job_has_succeeded(probe: Probe) -> None:
    injection = probe.site.deviate("messages-shrink")
    seen = polls(probe)
    injection.clear()
    assert [len(each["messages"]) for each in seen] == [4, 1]
    assert texts(seen[1])[0].startswith("Succeeded at")
    assert clean(polls(probe))
    assert injection.applied == 1


def test_each_poll_finds_more_messages(probe: Probe) -> None:
    injection = probe.site.deviate("messages-grow")
    seen = polls(probe, 5)
    injection.clear()
    counts = [len(each["messages"]) for each in seen]
    assert counts == [2, 3, 5, 6, 7]
    assert all(texts(seen[-1])[:count] == texts(each) for each, count in zip(seen, counts, strict=True))
    assert [each["jobStatus"] for each in seen] == [*[EXECUTING] * 4, SUCCEEDED]
    assert clean(polls(probe))
    assert injection.applied == 1


def test_messages_can_be_many_and_long(probe: Probe) -> None:
    job_id = probe.finish()
    injection = probe.site.deviate("messages-huge")
    seen = probe.poll(job_id)
    assert len(seen.json["messages"]) == 50_004
    assert max(map(len, texts(seen.json))) == 5_000_000
    injection.clear()
    small = probe.site.deviate("messages-huge", count=3, bytes=10)
    sizes = [len(text) for text in texts(probe.poll(job_id).json)]
    assert sizes[:4] == [10, 25, 25, 25]
    assert len(probe.poll(probe.job_id()).json["messages"]) == 4, (
        "a job that executes says no more than usual"
    )
    small.clear()
    assert [len(text) for text in texts(probe.poll(job_id).json)] == sizes[4:]


def test_every_second_poll_turns_the_messages_round(probe: Probe) -> None:
    job_id = probe.finish()
    order = texts(probe.poll(job_id).json)
    injection = probe.site.deviate("messages-reordered")
    assert [texts(probe.poll(job_id).json) for _ in range(4)] == [order, order[::-1]] * 2
    assert injection.applied == 2


def test_messages_can_come_twice(probe: Probe) -> None:
    job_id = probe.finish()
    order = texts(probe.poll(job_id).json)
    injection = probe.site.deviate("messages-repeated")
    assert texts(probe.poll(job_id).json) == order * 2
    injection.clear()
    assert texts(probe.poll(job_id).json) == order


def test_messages_can_come_although_none_were_asked_for(probe: Probe) -> None:
    job_id = probe.finish()
    injection = probe.site.deviate("messages-despite-false")
    asked = probe.poll(job_id).json
    assert injection.applied == 0
    for word in ("false", "False"):
        assert texts(probe.poll(job_id, returnMessages=word).json) == ["Submitted."]
    posted = probe.post(f"{probe.task()}/jobs/{job_id}", returnMessages="false").json
    assert texts(posted) == ["Submitted."]
    assert injection.applied == 3
    injection.clear()
    assert "messages" not in probe.poll(job_id, returnMessages="false").json
    assert probe.poll(job_id).json == asked


def test_a_job_can_succeed_with_an_error_among_its_messages(probe: Probe) -> None:
    injection = probe.site.deviate("errors-but-succeeded")
    seen = polls(probe)
    injection.clear()
    first = seen[1]["messages"].pop(0)
    assert first["type"] == f"{TYPE}Error"
    assert first["description"].startswith("ERROR 000732")
    assert clean(seen)
    assert clean(polls(probe))
    assert injection.applied == 1
