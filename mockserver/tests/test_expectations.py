"""What a test expects of its client, and what is told where that does not come."""

from __future__ import annotations

from typing import Any

import pytest
from gp_mockserver.builtin.builtin_site import builtin_site
from gp_mockserver.errors import SiteError
from gp_mockserver.journal.entries import Entry
from gp_mockserver.journal.expectations import Expectations
from gp_mockserver.journal.journal import Journal
from gp_mockserver.sites import Site
from gp_protocol.values.units import LinearUnit
from hypothesis import given
from hypothesis import strategies as st

from .journal_probe import VIEWSHED as PATH
from .journal_probe import asked, site_with

VIEWSHED = "WorldViewshed/viewshed"
NOWHERE = Site()
HERE = "test_expectations.py:"


class Written(list[Entry]):
    """A journal that a test writes by hand."""

    is_on = True

    def follow(self, operations: frozenset[str], tally: Any) -> Any:
        return Followed(self, tally)


class Followed:
    """What follows such a journal."""

    def __init__(self, journal: Written, tally: Any) -> None:
        self.since = len(journal)
        self._journal = journal
        self._tally = tally

    def now(self, kind: type) -> Any:
        tally = self._tally.copy()
        for entry in self._journal[self.since :]:
            tally.add(entry)
        return tally

    def stop(self) -> None:
        return


class Told:
    """What is expected of a site with such a journal."""

    def __init__(self, site: Site) -> None:
        self.journal = Written()
        site.journal = self.journal  # type: ignore[assignment]
        self.expectations = Expectations(site)

    def comes(self, operation: str, **known: Any) -> Entry:
        known = {"method": "POST", "path": f"/arcgis/{operation}", **known}
        entry = Entry(number=len(self.journal) + 1, at=0.0, operation=operation, **known)
        self.journal.append(entry)
        return entry

    def submits(self, task: str = VIEWSHED, **parameters: str) -> Entry:
        service = task.rpartition("/")[0]
        return self.comes("submitJob", task=task, service=service, status=200, parameters=parameters)

    @property
    def problem(self) -> str:
        """The only problem, without the place in this file."""
        (problem,) = self.expectations.problems
        text, _, place = problem.rpartition(" (test_expectations.py:")
        assert place.removesuffix(")").isdigit()
        return text


@pytest.fixture(scope="module")
def site() -> Site:
    return builtin_site()


@pytest.fixture
def told(site: Site) -> Told:
    return Told(site)


@pytest.mark.parametrize(
    ("how", "met"),
    [
        ({}, {1}),
        ({"times": 1}, {1}),
        ({"times": 0}, {0}),
        ({"times": 2}, {2}),
        ({"at_least": 2}, {2, 3, 4}),
        ({"at_most": 2}, {0, 1, 2}),
        ({"at_least": 1, "at_most": 3}, {1, 2, 3}),
    ],
)
def test_so_many_requests_meet_an_expectation(told: Told, how: dict[str, int], met: set[int]) -> None:
    expectation = told.expectations.expect("submitJob", **how)
    seen = set()
    for count in range(5):
        assert expectation.count == count
        assert expectation.is_met == (expectation.problem == "") == (told.expectations.problems == [])
        if expectation.is_met:
            seen.add(count)
        told.submits()
        told.comes("job")
    assert seen == met


@pytest.mark.parametrize(
    ("how", "count", "text"),
    [
        ({}, 0, "expected submitJob once, met never"),
        ({"times": 0}, 1, "expected submitJob never, met once: request 1"),
        ({"times": 2}, 3, "expected submitJob twice, met 3 times: requests 1, 2, 3"),
        ({"at_least": 3}, 2, "expected submitJob at least 3 times, met twice"),
        ({"at_most": 1}, 2, "expected submitJob at most once, met twice: requests 1, 2"),
        ({"at_least": 1, "at_most": 3}, 0, "expected submitJob at least once and at most 3 times, met never"),
        (
            {"times": 1},
            13,
            "expected submitJob once, met 13 times: requests 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 and 3 more",
        ),
    ],
)
def test_an_unmet_expectation_says_how_many_came(
    told: Told, how: dict[str, int], count: int, text: str
) -> None:
    told.expectations.expect("submitJob", **how)
    for _ in range(count):
        told.submits()
    assert told.problem == text


def is_large(entry: Entry) -> bool:
    return entry.request_size > 1000


@pytest.mark.parametrize(
    ("criteria", "text"),
    [
        ({"task": "Simulation/JobOutcomes/Fails"}, " of Simulation/JobOutcomes/Fails"),
        ({"service": "Simulation/JobOutcomes"}, " of Simulation/JobOutcomes"),
        ({"status": 500}, " answered with 500"),
        ({"name": "Summary"}, " for Summary"),
        ({"method": "GET"}, " by GET"),
        ({"job": "j1"}, " of job j1"),
        ({"path": "*/jobs/*"}, " at */jobs/*"),
        ({"where": is_large}, " where is_large"),
        ({"parameters": {"Viewshed_Distance": "5 Miles"}}, ' with Viewshed_Distance "5 Miles"'),
    ],
)
def test_the_request_that_came_nearest_is_told_with_what_differed(
    told: Told, criteria: dict[str, Any], text: str
) -> None:
    told.expectations.expect("submitJob", **criteria)
    told.submits(Viewshed_Distance="8.5 Miles")
    differs = {
        "task": 'task: met "WorldViewshed/viewshed", expected "Simulation/JobOutcomes/Fails"',
        "service": 'service: met "WorldViewshed", expected "Simulation/JobOutcomes"',
        "status": "status: met 200, expected 500",
        "name": 'name: met none, expected "Summary"',
        "method": 'method: met "POST", expected "GET"',
        "job": 'job: met none, expected "j1"',
        "path": 'path: met "/arcgis/submitJob", expected "*/jobs/*"',
        "where": "is_large answered False",
        "parameters": 'Viewshed_Distance: met "8.5 Miles", expected "5 Miles"',
    }[next(iter(criteria))]
    head = f"expected submitJob{text} once, met never"
    assert told.problem == f"{head}; request 1 came nearest: {differs}"


def test_of_several_requests_the_nearest_is_the_one_that_differs_least(told: Told) -> None:
    told.expectations.expect(
        "submitJob", task=VIEWSHED, parameters={"Viewshed_Distance": "5 Miles", "returnZ": "true"}
    )
    told.comes("job", task=VIEWSHED)
    told.submits("Simulation/JobOutcomes/Fails", returnZ="true")
    told.submits(Viewshed_Distance="5 Miles", return_z="true")
    told.submits()
    assert told.problem.endswith('request 3 came nearest: returnZ: not given, did you mean "return_z"?')


@pytest.mark.parametrize(
    ("expected", "sent"),
    [
        ("8.5 Miles", "8.5 Miles"),
        ({"distance": 8.5, "units": "esriMiles"}, "8.5 Miles"),
        ("8.5 Miles", "{'distance': 8.5, 'units': 'esriMiles'}"),
        ('{"units": "esriMiles", "distance": 8.5}', "8.5 miles"),
        (LinearUnit(8.5, "esriMiles"), '{"distance": 8.5, "units": "esriMiles"}'),
        (None, ""),
        (None, " "),
        ("", ""),
    ],
)
def test_a_value_of_a_task_is_the_same_in_any_of_its_forms(told: Told, expected: Any, sent: str) -> None:
    expectation = told.expectations.expect("submitJob", parameters={"Viewshed_Distance": expected})
    told.submits(Viewshed_Distance=sent)
    assert expectation.problem == ""


@pytest.mark.parametrize(
    ("expected", "sent"),
    [
        ("8.5 Miles", "8.5 Kilometers"),
        ({"distance": 8.5, "units": "esriMiles"}, "8 Miles"),
        ({"distance": 8.5}, "{'distance': 8.5, 'units': 'esriFeet'}"),
        ("8.5 Miles", "far"),
        ("8.5 Miles", ""),
        (None, "8.5 Miles"),
    ],
)
def test_another_value_is_not_the_same(told: Told, expected: Any, sent: str) -> None:
    expectation = told.expectations.expect("submitJob", parameters={"Viewshed_Distance": expected})
    told.submits(Viewshed_Distance=sent)
    assert "Viewshed_Distance: met " in expectation.problem


@pytest.mark.parametrize(
    ("expected", "sent", "same"),
    [
        (True, "true", True),
        (True, "True", True),
        (True, "1", False),
        (1, "true", False),
        (1, "1", True),
        (1, "1.0", True),
        ("1", "1.0", True),
        (["a", 1], "['a', 1]", True),
        (("a", 1), '["a", 1]', True),
        ({"a": [None]}, '{"a": [null]}', True),
        ("a,b", "a,b", True),
        ("a", "A", False),
        ("NaN", "nan", False),
    ],
)
def test_a_parameter_that_no_task_has_is_compared_as_text_or_json(
    told: Told, expected: Any, sent: str, same: bool
) -> None:
    expectation = told.expectations.expect("query", parameters={"where": expected})
    told.comes("query", parameters={"where": sent})
    assert expectation.is_met is same


def test_a_text_of_a_task_is_a_text_even_if_it_reads_like_a_number(told: Told) -> None:
    expectation = told.expectations.expect("submitJob", parameters={"Note": "1"})
    told.submits("Simulation/JobOutcomes/Succeeds", Note="1.0")
    assert not expectation.is_met
    told.submits("Simulation/JobOutcomes/Succeeds", Note="1")
    assert expectation.is_met


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists, max_leaves=5), st.text())
def test_any_text_can_be_compared_with_any_value(expected: Any, sent: str) -> None:
    told = Told(NOWHERE)
    expectation = told.expectations.expect("submitJob", parameters={"x": expected})
    told.comes("submitJob", parameters={"x": sent})
    assert expectation.is_met == (expectation.problem == "")
    same = told.expectations.expect("submitJob", parameters={"x": sent})
    told.comes("submitJob", parameters={"x": sent})
    assert same.is_met


def test_only_what_comes_once_it_was_said_counts(told: Told) -> None:
    told.submits()
    expectation = told.expectations.expect("submitJob")
    assert expectation.count == 0
    told.submits()
    assert [entry.number for entry in expectation.requests] == [2]


def test_a_task_may_be_called_by_its_name(told: Told) -> None:
    expectation = told.expectations.expect("submitJob", task="15_Names/OddNames/ExtractDataTask")
    told.submits("15_Names/OddNames/Extract Data Task")
    assert expectation.is_met


STEPS = ("submitJob", "job", "result")


@pytest.mark.parametrize(
    ("came", "problem"),
    [
        (STEPS, ""),
        (("task", "submitJob", "task", "job", "job", "result", "job"), ""),
        ((), "met no submitJob"),
        (("submitJob", "job"), "met no result after request 2, job"),
        (("submitJob", "result"), "met no job after request 1, submitJob"),
        (
            ("result", "submitJob", "job"),
            "met no result after request 3, job; it came before, as request 1",
        ),
    ],
)
def test_requests_come_in_order_or_the_step_that_is_missing_is_told(
    told: Told, came: tuple[str, ...], problem: str
) -> None:
    expectation = told.expectations.expect_in_order(*STEPS)
    for operation in came:
        told.comes(operation)
    assert expectation.is_met == (problem == "")
    if problem:
        assert told.problem == f"expected submitJob, then job, then result: {problem}"
    else:
        assert told.expectations.problems == []
        assert [entry.operation for entry in expectation.requests] == list(STEPS)


def test_the_same_step_twice_wants_two_requests(told: Told) -> None:
    expectation = told.expectations.expect_in_order("job", "job")
    told.comes("job")
    assert not expectation.is_met
    told.comes("job")
    assert expectation.is_met


def test_a_step_says_which_of_an_operations_requests_it_means(told: Told) -> None:
    told.expectations.expect_in_order(
        ("submitJob", {"task": VIEWSHED}), ("result", {"name": "Viewshed_Result"})
    )
    told.comes("result", name="Viewshed_Result")
    told.submits()
    told.comes("result", name="Summary")
    assert told.problem == (
        "expected submitJob of WorldViewshed/viewshed, then result for Viewshed_Result: met no result for "
        "Viewshed_Result after request 2, submitJob; it came before, as request 1"
    )
    told.comes("result", name="Viewshed_Result")
    assert told.expectations.problems == []


def test_expectations_are_listed_and_forgotten(told: Told) -> None:
    said = [told.expectations.expect("cancel", times=0), told.expectations.expect_in_order(*STEPS)]
    assert list(told.expectations) == said
    assert [each.text for each in said] == ["cancel never", "submitJob, then job, then result"]
    told.expectations.clear()
    assert len(told.expectations) == 0
    assert told.expectations.problems == []


@pytest.mark.parametrize(
    ("how", "error"),
    [
        ({"operation": "submitjob"}, "operation 'submitjob': expected one of root, info"),
        ({"operation": "submitjob"}, 'did you mean "submitJob"?'),
        ({"task": "WorldViewshed/vewshed"}, 'did you mean "WorldViewshed/viewshed"?'),
        ({"service": "WorldViewshd"}, "service 'WorldViewshd': expected one of Elevation/ESRI"),
        ({"service": "WorldViewshd"}, 'did you mean "WorldViewshed"?'),
        ({"taks": VIEWSHED}, "criterion 'taks': expected one of task, service, job, name, method, status"),
        ({"taks": VIEWSHED}, 'did you mean "task"?'),
        ({"parameters": {"token": "x"}}, "parameter 'token': the journal masks its value"),
        ({"times": 1, "at_most": 2}, "times, and at_least or at_most: give one of the two"),
        ({"times": -1}, "at least -1 and at most -1: expected numbers from 0 on"),
        ({"at_least": 3, "at_most": 2}, "at least 3 and at most 2: expected numbers from 0 on"),
    ],
)
def test_what_nothing_can_meet_is_an_error(told: Told, how: dict[str, Any], error: str) -> None:
    with pytest.raises(SiteError) as raised:
        told.expectations.expect(**{"operation": "submitJob", **how})
    assert error in str(raised.value)
    assert len(told.expectations) == 0


def test_a_sequence_of_one_is_an_error(told: Told) -> None:
    with pytest.raises(SiteError, match="met 1 steps, expected two or more"):
        told.expectations.expect_in_order("job")


def test_nothing_is_expected_of_a_site_without_a_journal() -> None:
    site = Site(journal=Journal(entries=0))
    with pytest.raises(SiteError, match="the site's journal is off"):
        site.expect("job")
    with pytest.raises(SiteError, match="the site's journal is off"):
        site.expect_in_order("submitJob", "job")
    site.verify()


@pytest.mark.parametrize(
    ("module", "place"),
    [("test_trees", "trees.py:2"), ("gpharness.testing", HERE), ("uvicorn.server", "")],
)
def test_an_expectation_knows_the_line_that_said_it(module: str, place: str) -> None:
    program = compile("def say(expect):\n    return expect('job')", "/home/me/trees.py", "exec")
    names: dict[str, Any] = {"__name__": module}
    exec(program, names)
    expectation = names["say"](Told(NOWHERE).expectations.expect)
    assert expectation.place.startswith(place)
    assert bool(expectation.place) is bool(place)


def many(site: Site, *paths: str) -> None:
    asked(site, *({"path": path} for path in paths))


@pytest.mark.parametrize("entries", [1, 3, 1000])
def test_what_the_journal_has_dropped_counts_all_the_same(entries: int) -> None:
    site = site_with(Journal(entries=entries))
    many(site, PATH)
    task = site.expect("task", at_least=80, at_most=80)
    never, other = site.expect("info", times=0), site.expect("task", method="POST")
    order = site.expect_in_order("info", "task", "catalogue")
    many(site, "/arcgis/rest/info", *[PATH] * 80, "/arcgis/rest/services", "/arcgis/rest/services")
    assert (task.count, task.problem, never.count) == (80, "", 1)
    assert [entry.number for entry in order.requests] == [2, 3, 83]
    assert order.is_met
    assert never.problem.startswith("expected info never, met once: request 2 (")
    assert 'request 3 came nearest: method: met "GET", expected "POST"' in other.problem
    assert [entry.number for entry in task.requests] == [
        entry.number for entry in site.journal if entry.operation == "task" and entry.number > 1
    ]
    site.reset()
    assert site.journal._gone.followers == ()


def test_records_that_have_made_room_do_not_heap_up() -> None:
    site = site_with(Journal(entries=1))
    expectation = site.expect("task", times=300)
    many(site, *[PATH] * 300)
    assert len(expectation.following.missed) < 64
    assert expectation.is_met


def test_an_order_that_was_dropped_says_what_came_too_early() -> None:
    site = site_with(Journal(entries=1))
    order = site.expect_in_order("info", "task")
    many(site, PATH, "/arcgis/rest/info", "/arcgis/rest/services", "/arcgis/rest/services")
    told = "expected info, then task: met no task after request 2, info; it came before, as request 1"
    assert order.problem.startswith(told)


def test_what_is_cleared_from_the_journal_has_been_counted() -> None:
    site = site_with()
    expectation = site.expect("task", times=2)
    many(site, PATH)
    site.journal.clear()
    many(site, PATH)
    assert (expectation.count, len(expectation.requests)) == (2, 1)


def test_what_a_condition_raises_of_a_dropped_request_is_raised_where_it_is_asked() -> None:
    site = site_with(Journal(entries=1))

    def ask_it(entry: Entry) -> bool:
        raise LookupError("no such field")

    expectation = site.expect("task", where=ask_it)
    many(site, *[PATH] * 100)
    with pytest.raises(LookupError, match="no such field"):
        _ = expectation.is_met


def test_polls_that_are_dropped_are_counted(open_wire: Any, fresh: dict[str, Any]) -> None:
    wire = open_wire(builtin_site(**fresh, journal=Journal(entries=2)))
    task = "WorldViewshed/GPServer/viewshed"
    polls = wire.site.expect("job", times=12, status=200)
    point = '{"features": [{"geometry": {"x": 7.4, "y": 46.9}}]}'
    job_id = wire.post(f"{task}/submitJob", Input_Observation_Point=point, f="json").json()["jobId"]
    for _ in range(12):
        wire.json(f"{task}/jobs/{job_id}")
    assert polls.problem == ""
    wire.site.assert_polled(at_most=12)
    with pytest.raises(AssertionError, match="polled 12 times: expected at most 11"):
        wire.site.assert_polled(at_most=11)
