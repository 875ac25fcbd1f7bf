"""`site.task(path)`: functions served as tasks, and how a test says what their jobs do."""

from __future__ import annotations

from typing import Any

import pytest
from gp_mockserver.errors import SiteError, SiteFileError
from gp_mockserver.lifecycle.timelines import Timeline
from gp_mockserver.sites import Site
from gp_mockserver.tools.tool_calls import ToolCall, ToolFailed
from gp_protocol.values.feature_sets import FeatureSet

TASK = "Tools/Count/GPServer/Count Points"
POINTS = "{'features': [{'geometry': {'x': 1, 'y': 2}}, {'geometry': {'x': 3, 'y': 4}}]}"


@pytest.fixture
def counting(open_wire: Any, fresh: dict[str, Any]) -> Any:
    """A site whose only task counts points, as a job of two seconds."""
    site = Site(**fresh)

    @site.task("Tools/Count/Count Points", description="Counts.")
    def count_points(Points: FeatureSet, Minimum: int = 0, *, call: ToolCall) -> int:
        call.message(f"{len(Points.features)} points")
        if len(Points.features) < Minimum:
            raise ToolFailed("ERROR 000800: too few points")
        return len(Points.features)

    return open_wire(site)


def submit(wire: Any, **inputs: Any) -> str:
    answer = wire.json(f"{TASK}/submitJob", **{"Points": POINTS, **inputs})
    return f"{TASK}/jobs/{answer['jobId']}"


def errors(job: dict[str, Any]) -> list[str]:
    return [each["description"] for each in job["messages"] if each["type"] == "esriJobMessageTypeError"]


def test_a_function_is_served_as_a_task_with_the_descriptor_of_its_signature(counting: Any) -> None:
    assert counting.json("Tools/Count/GPServer")["tasks"] == ["Count Points"]
    task = counting.json(TASK)
    assert (task["name"], task["displayName"], task["description"]) == (
        "CountPoints",
        "Count Points",
        "Counts.",
    )
    assert [each["name"] for each in task["parameters"]] == ["Points", "Minimum", "Result"]
    job = submit(counting)
    counting.clock.advance(2)
    assert counting.json(job)["jobStatus"] == "esriJobSucceeded"
    assert counting.json(f"{job}/results/Result") == {"paramName": "Result", "dataType": "GPLong", "value": 2}


def test_what_the_function_raises_is_the_jobs_error(counting: Any) -> None:
    job = submit(counting, Minimum=5)
    counting.clock.advance(2)
    answer = counting.json(job)
    assert answer["jobStatus"] == "esriJobFailed"
    assert errors(answer) == ["ERROR 000800: too few points", "Failed to execute (Count Points).", "Failed."]
    assert "2 points" in [each["description"] for each in answer["messages"]]


def test_a_task_is_told_to_fail(counting: Any) -> None:
    counting.site.task("Tools/Count/Count Points").fails(["ERROR 000735: Points: Value is required"])
    job = submit(counting)
    counting.clock.advance(2)
    answer = counting.json(job)
    assert answer["jobStatus"] == "esriJobFailed"
    assert errors(answer) == [
        "ERROR 000735: Points: Value is required",
        "Failed to execute (Count Points).",
        "Failed.",
    ]
    assert "results" not in answer


def test_a_task_is_told_to_fail_for_some_inputs_only(counting: Any) -> None:
    task = counting.site.task("Tools/Count/Count Points")
    task.fails(with_messages="no", when={"Minimum": {"greaterThan": 1}})
    task.times_out(when=lambda inputs: inputs["Minimum"] == 1)
    ends = []
    for minimum in (0, 1, 2):
        job = submit(counting, Minimum=minimum)
        counting.clock.advance(2)
        ends.append(counting.json(job)["jobStatus"])
    assert ends == ["esriJobSucceeded", "esriJobTimedOut", "esriJobFailed"]


def test_a_task_is_told_to_succeed_with_other_outputs_later_or_after_polls(counting: Any) -> None:
    task = counting.site.task("Tools/Count/Count Points")
    task.succeeds({"Result": 99}, after="20s")
    job = submit(counting)
    counting.clock.advance(19)
    assert counting.json(job)["jobStatus"] == "esriJobExecuting"
    counting.clock.advance(1)
    assert counting.json(job)["jobStatus"] == "esriJobSucceeded"
    assert counting.json(f"{job}/results/Result")["value"] == 99
    task.succeeds(after_polls=2)
    job = submit(counting)
    seen = [counting.json(job)["jobStatus"] for _ in range(3)]
    assert seen == ["esriJobExecuting", "esriJobExecuting", "esriJobSucceeded"]
    assert counting.json(f"{job}/results/Result")["value"] == 2


def test_a_task_never_ends_until_it_is_cancelled(counting: Any) -> None:
    counting.site.task("Tools/Count/Count Points").never_ends()
    job = submit(counting)
    counting.clock.advance(1e6)
    assert counting.json(job)["jobStatus"] == "esriJobExecuting"
    counting.json(f"{job}/cancel")
    counting.clock.advance(5)
    assert counting.json(job)["jobStatus"] == "esriJobCancelled"


def test_a_job_is_held_until_its_gate_is_released(counting: Any) -> None:
    counting.site.task("Tools/Count/Count Points").holds_at("waiting", gate="door")
    job = submit(counting)
    counting.clock.advance(1e6)
    assert counting.json(job)["jobStatus"] == "esriJobWaiting"
    counting.site.release(job.rpartition("/")[2], "door")
    assert counting.json(job)["jobStatus"] == "esriJobExecuting"


def test_the_last_word_comes_first(counting: Any) -> None:
    counting.site.task("Tools/Count/Count Points").fails().succeeds()
    job = submit(counting)
    counting.clock.advance(2)
    assert counting.json(job)["jobStatus"] == "esriJobSucceeded"


def test_a_synchronous_function_answers_execute_and_its_failure_is_an_error(
    open_wire: Any, fresh: dict[str, Any]
) -> None:
    site = Site(**fresh)

    @site.task("Maths/Half", execution="sync", name="HalfOf")
    def half(number: float) -> float:
        return number / 2

    wire = open_wire(site)
    assert wire.json("Maths/GPServer/Half")["name"] == "HalfOf"
    assert wire.json("Maths/GPServer/Half/execute", number=5)["results"] == [
        {"paramName": "Result", "dataType": "GPDouble", "value": 2.5}
    ]
    site.task("Maths/Half").fails(["ERROR 999999: no"])
    error = wire.error("Maths/GPServer/Half/execute", number=5)
    assert (error["code"], error["message"]) == (400, "Unable to complete operation.")
    assert "ERROR 999999: no" in error["details"][0]


def test_a_result_of_the_wrong_type_fails_the_job_with_a_message_that_says_so(
    open_wire: Any, fresh: dict[str, Any]
) -> None:
    site = Site(**fresh)

    @site.task("Maths/Half")
    def half(number: float) -> float:
        return "half"  # type: ignore[return-value]

    wire = open_wire(site)
    job = wire.json("Maths/GPServer/Half/submitJob", number=5)["jobId"]
    wire.clock.advance(2)
    answer = wire.json(f"Maths/GPServer/Half/jobs/{job}")
    assert answer["jobStatus"] == "esriJobFailed"
    assert errors(answer)[0] == (
        "function test_a_result_of_the_wrong_type_fails_the_job_with_a_message_that_says_so.<locals>.half "
        'returned "half" as Result, a GPDouble; expected a value of type float or int'
    )


def test_a_synchronous_task_has_no_jobs_that_could_last_or_end_otherwise() -> None:
    site = Site()

    @site.task("Maths/Half", execution="sync")
    def half(number: float) -> float:
        return number / 2

    task = site.task("Maths/Half")
    for word, say in (
        ("times_out", task.times_out),
        ("never_ends", task.never_ends),
        ("holds_at", lambda: task.holds_at("waiting")),
        ("succeeds after a while", lambda: task.succeeds(after="20s")),
        ("succeeds after a while", lambda: task.succeeds(after_polls=2)),
    ):
        with pytest.raises(SiteError) as raised:
            say()
        assert str(raised.value) == (
            f"task 'Maths/Half': met {word}; a synchronous task answers at once; use latency"
        )
    with pytest.raises(SiteError, match="task Maths/Third: met a timeline; a synchronous task answers at"):
        site.task("Maths/Third", timeline=Timeline())(half)
    task.fails().succeeds()


def test_a_name_with_a_slash_is_refused() -> None:
    site = Site()
    said = "task 'A/B' of service 'Maths': expected a name without \"/\": it is one segment of an address"
    with pytest.raises(SiteError, match=said):
        site.task("Maths/Half", name="A/B")(one)


def one() -> int:
    return 1


def test_a_job_of_arcgis_online_is_held_before_it_is_submitted(open_wire: Any, fresh: dict[str, Any]) -> None:
    site = Site(**fresh, version="agol-hosted")
    site.task("Maths/One")(one)
    site.task("Maths/One").holds_at("submitted")
    wire = open_wire(site)
    job = wire.json("Maths/GPServer/One/submitJob")["jobId"]
    wire.clock.advance(60)
    assert wire.json(f"Maths/GPServer/One/jobs/{job}")["jobStatus"] == "esriJobNew"


def test_mistakes_are_errors_that_name_what_was_meant() -> None:
    site = Site()

    @site.task("Tools/Count")
    def count(Points: FeatureSet) -> int:
        return 1

    for path, said in (
        ("Tools/Cuont", """site 'arcgis' has no task 'Tools/Cuont'; did you mean "Tools/Count"?"""),
        ("Roads/Trees", "site 'arcgis' has no task 'Roads/Trees'"),
    ):
        with pytest.raises(SiteError) as raised:
            site.task(path).fails()
        assert str(raised.value) == said
    with pytest.raises(
        SiteFileError, match=r'when\.Pionts: met no input of that name.*did you mean "Points"\?'
    ):
        site.task("Tools/Count").fails(when={"Pionts": {"given": True}})
    with pytest.raises(SiteFileError, match=r'outputs\.Reslt: met no output.*did you mean "Result"\?'):
        site.task("Tools/Count").succeeds({"Reslt": 1})
    with pytest.raises(SiteFileError, match=r'outputs\.Result: met "many", expected a whole number'):
        site.task("Tools/Count").succeeds({"Result": "many"})
    with pytest.raises(
        SiteError, match="is to be sync, but service 'Tools' is esriExecutionTypeAsynchronous"
    ):
        site.task("Tools/Other", execution="sync")(count)
    with pytest.raises(SiteError, match="expected an address such as Service/Label or Folder/Service/Label"):
        site.task("Count")(count)
    with pytest.raises(SiteError, match="execution 'asink'; expected async or sync"):
        site.task("New/Count", execution="asink")(count)  # type: ignore[typeddict-item]
    with pytest.raises(SiteError, match=r'write @site\.task\("Service/Label"\)'):
        site.task(count)  # type: ignore[arg-type]
    with pytest.raises(SiteError, match="status 'running': expected one of"):
        site.task("Tools/Count").holds_at("running")  # type: ignore[arg-type]
    with pytest.raises(SiteError, match="after and after_polls: give one of the two"):
        site.task("Tools/Count").succeeds(after=1, after_polls=1)
