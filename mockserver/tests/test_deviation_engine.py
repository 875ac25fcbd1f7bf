"""How deviations are named, selected, combined, counted and cleared, whatever they do."""

from __future__ import annotations

from typing import Any

import pytest
from deviation_probe import Probe
from gp_mockserver.builtin.builtin_site import builtin_site
from gp_mockserver.deviations.records import DeviationError, read_deviation
from gp_mockserver.deviations.selectors import Counter, Occasion, Selector
from gp_mockserver.deviations.spelling import read_spelling
from gp_mockserver.errors import SiteFileError
from gp_mockserver.lifecycle.clocks import ManualClock
from hypothesis import given
from hypothesis import strategies as st

from every_case import every_case

INFO = "rest/info"


def marks(name: str = "mark", value: str = "x", **record: Any) -> dict[str, Any]:
    """A deviation of one's own that can be seen in any JSON answer."""
    return {"name": name, "do": [{"set": f"/{name}", "value": value}], **record}


@every_case(
    ("text", "said"),
    [
        ("results-late", ("results-late", {})),
        ("results-late@job", ("results-late", {"operation": "job"})),
        ("results-late@job#2", ("results-late", {"operation": "job", "nth": 2})),
        ("slow-each#2..4", ("slow-each", {"nth": "2..4"})),
        ("slow-each@job,result", ("slow-each", {"operation": ("job", "result")})),
        (" slow-each ", ("slow-each", {})),
        ("profile-10.91", ("profile-10.91", {})),
    ],
)
def test_a_deviation_can_be_said_in_one_word(text: str, said: tuple[str, dict[str, Any]]) -> None:
    assert read_spelling(text) == said


@every_case("text", ["", "@job", "a@", "a#", "a@job#2#3", "a@jo b"])
def test_a_word_of_another_form_is_refused(text: str) -> None:
    with pytest.raises(DeviationError, match="NAME"):
        read_spelling(text)


@every_case(
    ("nth", "taken"),
    [
        (1, {1}),
        ("3", {3}),
        ("2..4", {2, 3, 4}),
        ("4..", {4, 5, 6}),
        ("every", {1, 2, 3, 4, 5, 6}),
        ("every 2", {2, 4, 6}),
    ],
)
def test_nth_says_which_requests_are_meant(nth: int | str, taken: set[int]) -> None:
    selector = Selector(nth=nth)
    assert {number for number in range(1, 7) if selector.takes(number)} == taken


@every_case(
    ("member", "met"),
    [("nth", 0), ("nth", "first"), ("nth", True), ("times", 0), ("after", -1.0), ("probability", 1.5)],
)
def test_a_selector_that_can_select_nothing_is_refused(member: str, met: Any) -> None:
    with pytest.raises(SiteFileError, match=member):
        Selector(**{member: met})


@given(
    numbers=st.permutations(range(1, 30)),
    seed=st.integers(0, 5),
    probability=st.floats(0, 1, allow_nan=False),
)
def test_chance_does_not_depend_on_the_order_of_requests(
    numbers: list[int], seed: int, probability: float
) -> None:
    selector = Selector(probability=probability, seed=seed)
    occasion = Occasion("job", "GET")
    drawn = {number: selector.draws("x", occasion, number) for number in numbers}
    assert drawn == {number: selector.draws("x", occasion, number) for number in sorted(numbers)}


def test_chance_comes_as_often_as_it_says() -> None:
    selector = Selector(probability=0.25, seed=1)
    drawn = sum(selector.draws("x", Occasion("job", "GET"), number) for number in range(4000))
    assert 900 < drawn < 1100


def test_requests_are_counted_for_each_job_by_itself() -> None:
    counter = Counter()
    seen = [counter.next(Occasion("job", "GET", job_id=job)) for job in ("a", "b", "a", "", "a")]
    assert seen == [1, 1, 2, 1, 3]


def test_a_deviation_of_ones_own_is_followed_until_it_is_cleared(probe: Probe) -> None:
    clean = probe.get(INFO)
    injection = probe.site.deviate(marks())
    deviated = probe.get(INFO)
    injection.clear()
    assert deviated.json == {**clean.json, "mark": "x"}
    assert probe.get(INFO).json == clean.json
    assert injection.applied == 1


def test_times_clears_it_by_itself(probe: Probe) -> None:
    probe.site.deviate(marks(), times=2)
    assert ["mark" in probe.get(INFO).json for _ in range(4)] == [True, True, False, False]


def test_an_operation_narrows_it(probe: Probe) -> None:
    probe.site.deviate(marks(), operation="catalogue")
    assert "mark" not in probe.get(INFO).json
    assert "mark" in probe.get("rest/services").json


def test_the_mocks_own_words_for_operations_do_too(probe: Probe) -> None:
    probe.site.deviate(marks(), operation="submitJob")
    assert probe.submit().json["mark"] == "x"


def test_a_task_and_a_status_narrow_it(probe: Probe) -> None:
    probe.site.deviate(marks(), task="WorldViewshed/*", status="esriJobSucceeded")
    job_id = probe.job_id()
    seen = [probe.poll(job_id).json for _ in range(3)]
    assert [(each["jobStatus"], "mark" in each) for each in seen] == [
        ("esriJobExecuting", False),
        ("esriJobSucceeded", True),
        ("esriJobSucceeded", True),
    ]
    echo = probe.finish("DataTypes/EchoJob/GPServer/Echo", In_GPLong="5")
    assert "mark" not in probe.poll(echo, "DataTypes/EchoJob/GPServer/Echo").json


def test_it_begins_only_after_some_seconds_of_the_sites_clock(wire: Any) -> None:
    wire.site.deviate(marks(), after=10.0, operation="catalogue")
    assert "mark" not in wire.json("")
    wire.clock.advance(10)
    assert "mark" in wire.json("")


def test_edits_are_done_in_the_order_of_injection(probe: Probe) -> None:
    probe.site.deviate({"name": "one", "do": [{"set": "/currentVersion", "value": 1}]}, times=1)
    probe.site.deviate({"name": "two", "do": [{"map": "/currentVersion", "how": "to-text"}]}, times=1)
    assert probe.get(INFO).json["currentVersion"] == "1"


def test_delays_add_up_on_the_sites_clock(wire: Any) -> None:
    for name in ("one", "two"):
        wire.site.deviate({"name": name, "do": [{"delay": 3.0}]})
    with pytest.raises(Exception, match="timed out"):
        wire.http.get("", params={"f": "json"}, timeout=0.1)
    injections = list(wire.site.deviations)
    assert [each.applied for each in injections] == [1, 1]


PAGE = {"name": "page", "do": [{"answer": 502, "page": "status"}]}
CUT = {"name": "cut", "do": [{"cut": "half"}]}
STALL = {"name": "stall", "do": [{"stall": 5}]}
NEVER = {"name": "never", "on": ["submit"], "do": [{"timeline": {"ending": "never"}}]}
FAILS = {"name": "fails", "on": ["submit"], "do": [{"timeline": {"ending": "failed"}}]}


@every_case(
    ("first", "second"),
    [
        (PAGE, marks()),
        (marks(), PAGE),
        (PAGE, {**PAGE, "name": "other"}),
        (CUT, STALL),
        (NEVER, FAILS),
        (marks("a"), {"name": "b", "do": [{"remove": "/a/b"}]}),
        ({"name": "refused", "do": [{"refuse": True}]}, marks()),
    ],
)
def test_two_that_hide_one_another_are_refused_with_both_names(
    first: dict[str, Any], second: dict[str, Any]
) -> None:
    site = builtin_site(clock=ManualClock())
    site.deviate(first)
    with pytest.raises(DeviationError) as refused:
        site.deviate(second)
    assert repr(first["name"]) in str(refused.value)
    assert repr(second["name"]) in str(refused.value)
    assert len(site.deviations) == 1


@every_case(
    ("first", "second"),
    [
        ((PAGE, {"operation": "info"}), (marks(), {"operation": "job"})),
        ((PAGE, {"times": 1}), (marks(), {})),
        ((PAGE, {"nth": 2}), ({**PAGE, "name": "other"}, {"nth": 3})),
        ((PAGE, {}), (CUT, {})),
        ((marks("a"), {}), (marks("b"), {})),
        ((NEVER, {"task": "A/b"}), (FAILS, {"task": "A/c"})),
    ],
)
def test_two_that_leave_one_another_room_are_followed_together(
    first: tuple[dict[str, Any], dict[str, Any]], second: tuple[dict[str, Any], dict[str, Any]]
) -> None:
    site = builtin_site(clock=ManualClock())
    for record, chosen in (first, second):
        site.deviate(record, **chosen)
    assert len(site.deviations) == 2


@every_case(
    ("record", "says"),
    [
        ({"do": []}, "name"),
        ({"name": "a", "do": []}, "one action or more"),
        ({"name": "a", "do": [{"remov": "/x"}]}, 'did you mean "remove"'),
        ({"name": "a", "do": [{"remove": "x"}]}, "slash"),
        ({"name": "a", "do": [{"delay": -1}]}, "delay"),
        ({"name": "a", "do": [{"refuse": 3}]}, "refuse = true"),
        ({"name": "a", "do": [{"set": "/x", "value": "$y"}]}, "no parameter called y"),
        ({"name": "a", "do": [{"remove": "/x"}], "on": ["jobs"]}, 'did you mean "job"'),
        ({"name": "a", "do": [{"remove": "/x"}], "wher": {}}, 'did you mean "where"'),
        ({"name": "a", "do": [{"remove": "/x"}], "where": {"nth": "x"}}, "nth"),
        ({"name": "a", "do": [{"run-then": {"remove": "/x"}}]}, "run-then"),
        ({"name": "a", "do": [{"alternate": [{}, {}]}]}, "alternate"),
        ({"name": "a", "do": [{"answer": 200, "page": "sign-on"}]}, 'did you mean "sign-in"'),
        ({"name": "a", "do": [{"error": "unknown-jobs"}]}, 'did you mean "unknown-job"'),
        ({"name": "a", "do": [{"profile": "arcmap"}]}, "arcmap"),
    ],
)
def test_a_record_that_is_wrong_is_told_where(record: dict[str, Any], says: str) -> None:
    with pytest.raises(SiteFileError, match=says):
        read_deviation(record)


def test_a_parameter_that_there_is_not_is_refused() -> None:
    site = builtin_site(clock=ManualClock())
    with pytest.raises(DeviationError, match='did you mean "seconds"'):
        site.deviate("slow-each", secnds=3)


@pytest.mark.parametrize("value", [1, 1.0])
def test_one_is_a_number_like_any_other(value: float) -> None:
    site = builtin_site(clock=ManualClock())
    (step,) = site.deviate("slow-each", seconds=value).steps
    assert step.action.seconds == 1
    (cut,) = site.deviate({"name": "cut", "do": [{"cut": 1}]}).steps
    assert cut.action.at == 1


def test_what_is_cleared_is_none_of_the_sites_any_more(probe: Probe) -> None:
    probe.site.deviate(marks()).clear()
    assert not len(probe.site.deviations)
    probe.site.verify()


def test_refused_connections_count_once_the_address_is_known(probe: Probe) -> None:
    injection = probe.site.deviate("connection-refused")
    assert injection.applied == 0
    with pytest.raises(Exception, match="ask for the site's url"):
        probe.site.verify()
    with pytest.raises(ConnectionRefusedError):
        probe.get(INFO)
    assert injection.applied == 1
    probe.site.verify()


def test_what_is_about_connections_is_not_narrowed_by_requests() -> None:
    site = builtin_site(clock=ManualClock())
    with pytest.raises(DeviationError, match="operation cannot narrow it"):
        site.deviate("connection-refused@submit")


def test_the_journal_has_the_status_that_was_answered(probe: Probe) -> None:
    probe.site.deviate({"name": "odd", "on": ["job"], "do": [{"set": "/jobStatus", "value": "esriJobNope"}]})
    job_id = probe.job_id()
    probe.poll(job_id)
    assert [entry.job_status for entry in probe.site.journal] == ["esriJobSubmitted", "esriJobNope"]


def test_an_address_chooses_deviations_for_who_asks_there(probe: Probe) -> None:
    clean = probe.get("rest/services").json
    named = probe.root + "~status-502-html@info~slow-each"
    probe.site.deviations_by_address.clear()
    assert probe.ask("GET", INFO, address=named).status == 502
    assert probe.get(INFO).status == 200
    assert probe.get("rest/services").json == clean


def test_addresses_in_answers_keep_the_deviations(probe: Probe) -> None:
    context = f"{probe.site.context}~slow-each@result"
    seen = probe.ask("GET", INFO, address=probe.root.replace(probe.site.context, context))
    assert f"/{context}/tokens/" in seen.json["authInfo"]["tokenServicesUrl"]


def test_an_address_with_a_name_that_there_is_not_says_so(probe: Probe) -> None:
    seen = probe.ask("GET", INFO, address=probe.root + "~results-lat")
    assert seen.json["error"]["code"] == 400
    assert 'did you mean "results-late"' in seen.json["error"]["details"][0]


def test_an_address_cannot_hide_what_the_site_does(probe: Probe) -> None:
    probe.site.deviate("results-late")
    seen = probe.ask("GET", INFO, address=probe.root + "~status-502-html@job")
    assert "'results-late' and 'status-502-html@job'" in seen.json["error"]["details"][0]


def test_jobs_and_clock_are_those_of_the_site(probe: Probe) -> None:
    job_id = probe.finish()
    path = f"{probe.task()}/jobs/{job_id}"
    named = probe.ask("GET", path, address=probe.root + "~results-late")
    assert named.json["jobStatus"] == "esriJobSucceeded"
    assert "results" not in named.json
    assert "results" in probe.poll(job_id).json


def test_what_is_served_plainly_is_not_asked_about_deviations(probe: Probe) -> None:
    assert not probe.site.deviating
    probe.get(INFO)
    assert not probe.site.deviating
