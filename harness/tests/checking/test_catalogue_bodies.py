"""The catalogue of deviations, seen one body at a time: what breaks the protocol visibly is found under its
row's name and no other, and what is legal is not found at all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from asked_bodies import ECHO_JOB, FEW_JOBS, FEW_RUNS, SHAPES, Asker, Body, feature_set
from gp_mockserver.deviations.catalogue import catalogue
from gp_mockserver.deviations.records import Deviation, operations_of
from gpharness.checking.bodies import Checked

IN_BODIES = (
    "format",
    "envelope",
    "token",
    "submit",
    "job state",
    "messages",
    "results",
    "result value",
    "descriptor",
    "uploads",
)
NOT_IN_ONE_BODY = {
    "job-id-reused": "two submissions have to be compared",
    "state-goes-back": "two polls have to be compared",
    "state-flips": "two polls have to be compared",
    "succeeded-then-failed": "two polls have to be compared",
    "succeeded-then-executing": "two polls have to be compared",
    "failed-then-succeeded": "two polls have to be compared",
    "messages-reordered": "two polls have to be compared",
    "messages-repeated": "two polls have to be compared",
    "execution-type-lies": "somebody has to try the other verb",
}
ASKED = "spatial-reference-not-as-asked"
VIOLATIONS = [
    name
    for name, entry in catalogue().items()
    if entry.kind == "violation" and entry.group in IN_BODIES and name not in {*NOT_IN_ONE_BODY, ASKED}
]
LEGAL = [name for name, entry in catalogue().items() if entry.kind == "legal" and entry.group in IN_BODIES]
FAULTS_IN_BODIES = [
    name
    for name, entry in catalogue().items()
    if entry.kind == "fault" and (entry.finding or "").startswith("format.")
]
CHOSEN: dict[str, dict[str, Any]] = {
    "json-large": {"bytes": 100_000},
    "messages-huge": {"count": 500, "bytes": 100_000},
}
SHAPED = ("curves-unasked", "geometry-of-other-type", "coordinates-as-text", "coordinates-nan")
SHAPED_TOO = ("geometry-z-unannounced",)


def asker(entry: Deviation) -> Asker:
    on = operations_of(entry.on)
    if on is not None and not on & {"submit", "job", "cancel", "result", "results"}:
        jobs: Mapping[tuple[str, str], Mapping[str, str]] = {}
    elif entry.group == "result value":
        jobs = {key: FEW_JOBS[key] for key in FEW_JOBS if key[0] in ("Files/FileTransfer", ECHO_JOB)}
    elif entry.group == "results":
        jobs = FEW_JOBS
    else:
        jobs = {key: FEW_JOBS[key] for key in FEW_JOBS if key[1] in ("viewshed", "StepProgress")}
    return Asker(jobs=jobs, runs=FEW_RUNS)


def goes_on(entry: Deviation) -> bool:
    """Whether the entry needs a job that is executing."""
    return entry.where.get("status") == "esriJobExecuting" or "Executing" in str(entry.where)


def answers(here: Asker, entry: Deviation) -> Iterator[Body]:
    """What the operations that the entry is on answer, each more than once where that may make a
    difference."""
    on = operations_of(entry.on)
    for words, make in (
        (
            {"info", "catalogue", "service", "task"},
            here.descriptions if entry.group == "descriptor" else here.few_descriptions,
        ),
        ({"token"}, here.tokens),
        ({"execute"}, here.executions),
        ({"submit"}, here.submissions),
        ({"job"}, lambda: here.polls(most=12 if goes_on(entry) else 3)),
        ({"result", "results"}, here.results_alone),
        ({"cancel"}, here.cancellations),
        ({"upload"}, here.uploads),
    ):
        if on is None or on & words:
            yield from make()


def found(name: str, here: Asker) -> dict[str, list[tuple[Body, Checked]]]:
    """By finding, the bodies that it was found in; clean ones under an empty name."""
    entry = catalogue()[name]
    here.learn()
    for body in here.polls(until_the_end=True):  # jobs end before the site deviates, but for one
        assert not failing(body.checked())
        if goes_on(entry):
            break
    here.site.deviate(name, **CHOSEN.get(name, {}))
    by_name: dict[str, list[tuple[Body, Checked]]] = {}
    for body in answers(here, entry):
        if body.status != 200:
            continue
        checked = body.checked("12.0")
        for each in failing(checked) or [""]:
            by_name.setdefault(each, []).append((body, checked))
    return by_name


def failing(checked: Checked) -> list[str]:
    return [each.name for each in checked.findings if each.severity != "note"]


@pytest.mark.parametrize("name", VIOLATIONS)
def test_a_violation_is_found_under_its_rows_name_alone(name: str) -> None:
    entry = catalogue()[name]
    with asker(entry) as here:
        by_name = found(name, here)
    by_name.pop("", None)
    if name == "body-array":  # a result in a list is another row's
        wrong = by_name.pop("value.members", [])
        assert {body.kind for body, _ in wrong} <= {"result", "input"}
    if entry.finding == "format.html":  # a page of the token service is another row's
        wrong = by_name.pop("token.answer", [])
        assert {body.kind for body, _ in wrong} <= {"token"}
    assert set(by_name) == {entry.finding}, {
        name: [(body.kind, body.path, checked.findings, body.content[:400]) for body, checked in seen[:3]]
        for name, seen in by_name.items()
    }


@pytest.mark.parametrize("name", FAULTS_IN_BODIES)
def test_a_broken_body_is_found_whoever_broke_it(name: str) -> None:
    entry = catalogue()[name]
    with asker(entry) as here:
        by_name = found(name, here)
    by_name.pop("", None)
    assert entry.finding in by_name
    assert set(by_name) <= {entry.finding, "token.answer"}


@pytest.mark.parametrize("name", LEGAL)
def test_what_is_legal_is_no_finding(name: str) -> None:
    entry = catalogue()[name]
    with asker(entry) as here:
        by_name = found(name, here)
    by_name.pop("", None)
    if name == "no-outputs":  # the task was described before: its outputs have gone since
        by_name.pop("results.missing")
    if name == "optional-output-missing":  # where they are not optional another row is it
        wrong = by_name.pop("results.missing", [])
        assert all("MissingOutputs" not in body.path for body, _ in wrong)
    assert not by_name, {
        name: [(body.kind, body.path, checked.findings, body.content[:400]) for body, checked in seen[:3]]
        for name, seen in by_name.items()
    }


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", [*SHAPED, *SHAPED_TOO])
@pytest.mark.parametrize("count", [1, 60])
def test_geometries_of_every_type_are_held_to_it(name: str, shape: str, count: int) -> None:
    if name == "curves-unasked" and shape in ("esriGeometryPoint", "esriGeometryMultipoint"):
        pytest.skip("there are no curves of points")
    inputs = {"In_GPFeatureRecordSetLayer": feature_set(shape, count)}
    with Asker(jobs={}, runs={("DataTypes/Echo", "Echo"): inputs}) as here:
        (clean,) = here.executions()
        assert not clean.checked("12.0").findings
        here.site.deviate(name)
        (body,) = here.executions()
    assert set(failing(body.checked("12.0"))) == {catalogue()[name].finding}


@pytest.mark.parametrize(
    "asked",
    [
        {"env:outSR": "3857"},
        {"context": '{"outSR":{"wkid":3857}}'},
        {"context": "{outSR:{wkid:102100,latestWkid:3857}}"},
        {"env:processSR": "3857"},
    ],
)
def test_the_spatial_reference_is_the_one_that_was_asked_for(asked: dict[str, str]) -> None:
    inputs = {"In_GPFeatureRecordSetLayer": feature_set()}
    with Asker(jobs={}, runs={("DataTypes/Echo", "Echo"): inputs}) as here:
        (clean,) = here.executions(**asked)
        assert not clean.checked().findings
        here.site.deviate(ASKED)
        (body,) = here.executions(**asked)
        assert failing(body.checked()) == [catalogue()[ASKED].finding]
        assert not failing(body._replace(asked={}).checked())


def test_every_entry_with_a_body_is_in_one_of_the_lists() -> None:
    assert len(VIOLATIONS) > 120
    assert NOT_IN_ONE_BODY.keys() <= catalogue().keys()
