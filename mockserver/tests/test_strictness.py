"""What has to be in order at the end of a test."""

from __future__ import annotations

import asyncio
import logging
import sys
import threading
from collections.abc import Iterator
from typing import Any

import gp_mockserver
import pytest
from gp_mockserver.configuration.site_files import site_from
from gp_mockserver.errors import SiteError
from gp_mockserver.journal.journal import Journal
from gp_mockserver.journal.strictness import Unmet
from gp_mockserver.journal.waiting import NeverCame
from gp_mockserver.sites import Site
from gp_mockserver.tools.tool_calls import ToolCall, ToolFailed, keep_error

COUNT = "Maths/GPServer/Count"
HALF = "Halves/GPServer/Half"


@pytest.fixture
def maths(open_wire: Any, fresh: dict[str, Any]) -> Any:
    """A site with a job that counts and a synchronous task that halves; neither makes mistakes unasked."""
    site = Site(**fresh)

    @site.task("Maths/Count")
    def count(number: int) -> int:
        assert number != 13, "unlucky"
        if number < 0:
            raise ToolFailed("ERROR 000800: number: below 0")
        return 100 // number

    @site.task("Halves/Half", execution="sync")
    def half(number: float) -> float:
        assert number >= 0, "too little\nand more"
        return number / 2

    return open_wire(site)


def run(wire: Any, number: int) -> dict[str, Any]:
    job = wire.json(f"{COUNT}/submitJob", number=str(number))["jobId"]
    wire.clock.advance(5)
    answer: dict[str, Any] = wire.json(f"{COUNT}/jobs/{job}")
    return answer


def problems(site: Site, **allowed: bool) -> list[str]:
    with pytest.raises(Unmet) as raised:
        site.verify(**allowed)
    return list(raised.value.problems)


def test_a_site_that_was_used_as_expected_is_in_order(maths: Any) -> None:
    site = maths.site
    site.task("Maths/Count").fails(when={"number": 2})
    site.expect("submitJob", times=2)
    site.expect_in_order("submitJob", "job")
    assert run(maths, 1)["jobStatus"] == "esriJobSucceeded"
    assert run(maths, 2)["jobStatus"] == "esriJobFailed"
    site.verify()


def test_a_site_that_nobody_used_is_in_order() -> None:
    Site().verify()


def test_all_that_is_wrong_is_told_first_and_then_the_journal(maths: Any) -> None:
    maths.site.task("Maths/Count").fails(when={"number": 2})
    maths.site.expect("execute")
    maths.get("Mats/GPServer", f="json")
    with pytest.raises(Unmet) as raised:
        maths.site.verify()
    text = str(raised.value)
    unmet, unexpected, unused, blank, title, *journal = text.split("\n")
    assert unmet.startswith("expected execute once, met never (test_strictness.py:")
    assert unexpected == (
        f"unexpected request 1, GET /{maths.site.context}/rest/services/Mats/GPServer: "
        'Mats: no such service, did you mean "Maths"?'
    )
    assert unused.startswith(
        "rule of Maths/Count never applied: fails(when={'number': 2}) at test_strictness.py:"
    )
    assert (blank, title) == ("", "The journal:")
    assert "\n".join(journal) == maths.site.journal.as_text()
    assert list(raised.value.problems) == [unmet, unexpected, unused]
    assert raised.value.__cause__ is None


@pytest.mark.parametrize("path", ["Nowhere/GPServer", "Maths/GPServer/Cuont", f"{COUNT}/exceute"])
def test_a_request_that_leads_nowhere_is_let_pass_where_it_may_be(maths: Any, path: str) -> None:
    maths.get(path, f="json")
    (problem,) = problems(maths.site)
    assert problem.startswith(f"unexpected request 1, GET /{maths.site.context}/rest/services/{path}: ")
    maths.site.verify(allow_unexpected=True)


@pytest.mark.parametrize("path", [COUNT, f"{COUNT}/execute", f"{COUNT}/jobs/j1", f"{COUNT}/submitJob"])
def test_a_request_that_is_refused_is_not_unexpected(maths: Any, path: str) -> None:
    maths.get(path, f="json")
    maths.site.verify()


def test_of_very_many_unexpected_requests_some_are_told(maths: Any) -> None:
    for number in range(22):
        maths.get(f"Nowhere{number}/GPServer", f="json")
    told = problems(maths.site)
    assert len(told) == 21
    assert told[-1] == "and 2 more unexpected requests"


@pytest.mark.parametrize(
    ("operation", "number", "applied"),
    [("submitJob", 2, 1), ("submitJob", 3, 0), ("submitJob", "x", 0)],
)
def test_a_rule_counts_the_jobs_that_it_decides(
    maths: Any, operation: str, number: Any, applied: int
) -> None:
    site = maths.site
    site.task("Maths/Count").fails(when={"number": 2})
    maths.get(f"{COUNT}/{operation}", f="json", number=number)
    (rule,) = site.find_task("Maths/Count").rules
    assert rule.applied == applied
    if applied:
        site.verify()
    else:
        assert len(problems(site)) == 1
        site.verify(allow_unused=True)


def test_polls_and_a_tool_that_runs_count_a_job_once(maths: Any) -> None:
    maths.site.task("Maths/Count").succeeds({"Result": 7})
    for _ in range(2):
        run(maths, 1)
    (rule,) = maths.site.find_task("Maths/Count").rules
    assert rule.applied == 2


def test_a_rule_that_is_said_once_a_job_runs_applies_to_its_outputs(maths: Any) -> None:
    job = maths.json(f"{COUNT}/submitJob", number="1")["jobId"]
    maths.site.task("Maths/Count").succeeds({"Result": 7})
    maths.clock.advance(5)
    maths.json(f"{COUNT}/jobs/{job}")
    assert maths.json(f"{COUNT}/jobs/{job}/results/Result")["value"] == 7
    maths.site.verify()


def test_a_synchronous_run_counts(maths: Any) -> None:
    maths.site.task("Halves/Half").fails()
    maths.error(f"{HALF}/execute", number="1")
    maths.site.verify()


def test_a_rule_behind_one_that_always_holds_is_told_to_be_hidden(maths: Any) -> None:
    maths.site.task("Maths/Count").fails(when={"number": 2}).succeeds()
    run(maths, 2)
    (problem,) = problems(maths.site)
    head, _, hidden = problem.partition("; it is hidden by the later succeeds() at test_strictness.py:")
    assert head.startswith("rule of Maths/Count never applied: fails(when=")
    assert hidden.isdigit()


def test_a_rule_of_a_site_file_may_go_unused(fresh: dict[str, Any]) -> None:
    rules = [{"when": {"Reach": "5 Meters"}, "fails": "no"}]
    task = {"name": "Zone", "parameters": {"Reach": "GPLinearUnit"}, "rules": rules}
    site = site_from({"services": {"Noise": {"executionType": "asynchronous", "tasks": [task]}}}, **fresh)
    site.verify()
    site.task("Noise/Zone").fails()
    assert len(problems(site)) == 1


def test_a_deviation_that_never_applied_is_told(maths: Any) -> None:
    site = maths.site
    late, cut = (
        site.deviate("slow-each", operation="result"),
        site.deviate("results-late", operation="job"),
    )
    assert late.label != cut.label
    run(maths, 1)
    assert (late.applied, cut.applied) == (0, 1)
    assert problems(site) == [f"deviation {late.label} never applied"]
    site.verify(allow_unused=True)
    site.reset()
    assert list(site.deviations) == []
    site.verify()


def test_a_deviation_that_was_cleared_may_go_unused(maths: Any) -> None:
    site = maths.site
    site.deviate("results-late").clear()
    site.verify()
    site.deviate("results-late")
    site.deviations.clear()
    site.verify()
    assert len(problems(_deviating(site))) == 1


def _deviating(site: Site) -> Site:
    site.deviate("results-late")
    return site


def test_what_led_nowhere_counts_though_the_journal_has_dropped_it(
    open_wire: Any, fresh: dict[str, Any]
) -> None:
    wire = open_wire(Site(**fresh, journal=Journal(entries=2)))
    for number in range(23):
        wire.get(f"Nowhere{number}/GPServer", f="json")
    for _ in range(3):
        wire.json("")
    told = problems(wire.site)
    assert told[0].startswith(f"unexpected request 1, GET /{wire.site.context}/rest/services/Nowhere0/GPS")
    assert told[-1] == "and 3 more unexpected requests"
    assert len(told) == 21


def test_of_a_long_path_that_led_nowhere_the_end_is_told(maths: Any) -> None:
    maths.get(f"{'a' * 80}/GPServer/Cuont", f="json")
    (problem,) = problems(maths.site)
    path = problem.split()[4].rstrip(":")
    assert (path[0], len(path)) == ("…", 60)
    assert path.endswith("/GPServer/Cuont")


def test_a_report_has_the_last_lines_of_a_long_journal(maths: Any) -> None:
    maths.site.expect("execute")
    for _ in range(120):
        maths.site.journal.watch(dict(SCOPE), None, None, 0.0).end()  # type: ignore[arg-type]
    with pytest.raises(Unmet) as raised:
        maths.site.verify()
    assert len(str(raised.value).splitlines()) < 110
    assert "(70 earlier requests not shown)" in str(raised.value)


SCOPE = {"type": "http", "method": "GET", "path": "/x", "query_string": b"", "headers": []}


def test_a_report_names_what_was_raised_in_few_words() -> None:
    site = Site()
    site.expect("job")
    with pytest.raises(Unmet) as raised:
        site.verify()
    assert raised.exconly().startswith(
        "gp_mockserver.Unmet: expected job once, met never (test_strictness.py:"
    )
    assert gp_mockserver.Unmet is Unmet
    assert gp_mockserver.NeverCame is NeverCame


@pytest.fixture
def slow(open_wire: Any, fresh: dict[str, Any]) -> Iterator[Any]:
    """A site with a job whose function goes on until `go` is set, and fails then."""
    site = Site(**fresh, patience=0.02)
    go = threading.Event()

    @site.task("Slow/Count")
    def count(number: int) -> int:
        assert go.wait(5)
        raise LookupError(number)

    wire = open_wire(site)
    wire.go = go
    wire.job = wire.json("Slow/GPServer/Count/submitJob", number="1")["jobId"]
    wire.clock.advance(1)
    assert wire.json(f"Slow/GPServer/Count/jobs/{wire.job}")["jobStatus"] == "esriJobExecuting"
    yield wire
    go.set()


def test_a_tool_that_is_still_running_is_told(slow: Any) -> None:
    assert problems(slow.site) == [f"the tool of Slow/Count, {slow.job}, is still running"]


def test_a_tool_that_is_about_to_end_is_waited_for(slow: Any) -> None:
    slow.site.patience = 5.0
    threading.Timer(0.02, slow.go.set).start()
    assert problems(slow.site) == [f"tool of Slow/Count, {slow.job}: LookupError: 1"]


def test_nobody_waits_for_the_tool_of_a_job_that_was_cancelled_or_deleted(slow: Any) -> None:
    slow.json(f"Slow/GPServer/Count/jobs/{slow.job}/cancel")
    slow.site.verify()
    slow.site.store.delete(slow.job, slow.clock.now())
    slow.site.verify()


def test_a_tool_is_not_waited_for_in_an_event_loop(slow: Any) -> None:
    slow.site.patience = 60.0

    async def verify() -> None:
        slow.site.verify()

    with pytest.raises(Unmet, match="is still running"):
        asyncio.run(verify())


def test_what_a_tool_raises_once_its_site_is_gone_warns_nobody(
    slow: Any, caplog: pytest.LogCaptureFixture
) -> None:
    (running,) = slow.site.running.values()
    slow.site.close()
    with caplog.at_level(logging.DEBUG, "gp_mockserver"):
        over = threading.Event()
        running.get_loop().call_soon_threadsafe(running.add_done_callback, lambda _: over.set())
        slow.go.set()
        assert over.wait(5)
    assert "LookupError: 1" in caplog.text
    assert {record.levelno for record in caplog.records if record.name == "gp_mockserver"} == {logging.DEBUG}


def test_a_gate_of_no_job_cannot_be_opened(maths: Any) -> None:
    site = maths.site
    with pytest.raises(SiteError, match="has no job 'jnothing'; none is held"):
        site.release("jnothing")
    site.task("Maths/Count").holds_at("executing")
    job = run(maths, 1)["jobId"]
    with pytest.raises(SiteError, match=f"has no job 'jnothing'; held are {job}"):
        site.release("jnothing")
    site.release(job)
    site.reset()


def test_a_failed_assert_of_a_tool_is_what_unmet_is_raised_from(maths: Any) -> None:
    answer = run(maths, 13)
    assert answer["jobStatus"] == "esriJobFailed"
    (mistake,) = maths.site.tool_errors
    assert (mistake.task, mistake.job_id) == ("Maths/Count", answer["jobId"])
    with pytest.raises(Unmet) as raised:
        maths.site.verify(allow_unexpected=True, allow_unused=True)
    assert raised.value.__cause__ is mistake.error
    assert isinstance(mistake.error, AssertionError)
    assert mistake.error.__traceback__ is not None
    (problem,) = raised.value.problems
    assert problem.startswith(f"tool of Maths/Count, {answer['jobId']}: AssertionError: unlucky")


def test_a_failed_assert_of_a_synchronous_tool_surfaces_too_and_is_an_error_on_the_wire(maths: Any) -> None:
    assert maths.error(f"{HALF}/execute", number="-1")["code"] == 400
    (problem,) = problems(maths.site)
    assert problem.startswith("tool of Halves/Half, j")
    assert problem.endswith(": AssertionError: too little")
    assert "\n" not in problem


def test_the_journal_tells_a_tools_mistake(maths: Any) -> None:
    run(maths, 13)
    maths.error(f"{HALF}/execute", number="-1")
    maths.error(f"{HALF}/execute", number="x")
    poll, executed, refused = list(maths.site.journal)[-3:]
    assert "AssertionError: unlucky" in poll.error
    assert "AssertionError: too little" in executed.error
    assert refused.error == ""


def test_an_assert_comes_before_other_mistakes_as_the_cause(maths: Any) -> None:
    run(maths, 0)
    run(maths, 13)
    with pytest.raises(Unmet) as raised:
        maths.site.verify()
    assert [line.split(": ")[1] for line in raised.value.problems] == ["ZeroDivisionError", "AssertionError"]
    assert isinstance(raised.value.__cause__, AssertionError)


def test_a_tool_that_fails_on_purpose_makes_no_mistake(maths: Any) -> None:
    assert run(maths, -1)["jobStatus"] == "esriJobFailed"
    assert maths.site.tool_errors == []
    maths.site.verify()


def wrong_type(call: ToolCall) -> int:
    return "many"  # type: ignore[return-value]


def sys_exit(call: ToolCall) -> int:
    sys.exit("bye")


def failed_by_pytest(call: ToolCall) -> int:
    pytest.fail("not so")


@pytest.mark.parametrize(
    ("function", "kind", "text"),
    [
        (wrong_type, "BadReturn", 'function wrong_type returned "many" as Result'),
        (sys_exit, "SystemExit", "SystemExit: bye"),
        (failed_by_pytest, "Failed", "Failed: not so"),
    ],
)
@pytest.mark.parametrize("execution", ["sync", "async"])
def test_whatever_goes_wrong_in_a_function_fails_the_job_and_is_kept(
    maths: Any, function: Any, kind: str, text: str, execution: str
) -> None:
    maths.site.task("Broken/Tool", execution=execution)(function)
    task = "Broken/GPServer/Tool"
    if execution == "sync":
        (detail,) = maths.error(f"{task}/execute", x="y")["details"]
    else:
        job = maths.json(f"{task}/submitJob")["jobId"]
        maths.clock.advance(5)
        detail = str(maths.json(f"{task}/jobs/{job}")["messages"])
    assert text in detail
    (mistake,) = maths.site.tool_errors
    assert type(mistake.error).__name__ == kind
    (problem,) = problems(maths.site)
    assert problem.startswith("tool of Broken/Tool, j")


def test_a_condition_that_raises_surfaces(maths: Any) -> None:
    maths.site.task("Maths/Count").fails(when=lambda inputs: inputs["nubmer"] > 5)
    assert maths.error(f"{COUNT}/submitJob", number="7")["code"] == 500
    told = problems(maths.site, allow_unused=True)
    assert told == ["tool of Maths/Count: KeyError: 'nubmer'"]


def test_mistakes_are_taken_out_by_a_test_that_wants_them(maths: Any) -> None:
    run(maths, 0)
    assert len(problems(maths.site)) == 1
    maths.site.tool_errors.clear()
    maths.site.verify()


def test_a_site_keeps_so_many_mistakes_and_no_more() -> None:
    site = Site()
    for number in range(150):
        keep_error(site.tool_errors, "A/B", f"j{number}", ValueError(number))
    assert [each.job_id for each in site.tool_errors] == [f"j{number}" for number in range(100)]
    told = problems(site)
    assert len(told) == 21
    assert told[-1] == "and 80 more mistakes in tools"


def test_a_reset_site_has_no_jobs_and_knows_of_nothing_that_was(maths: Any) -> None:
    site = maths.site
    site.task("Maths/Count").fails(when={"number": 2})
    site.expect("execute")
    maths.get("Nowhere/GPServer", f="json")
    job = run(maths, 13)["jobId"]
    path = f"{COUNT}/jobs/{job}"
    assert maths.json(path)["jobStatus"] == "esriJobFailed"
    site.reset()
    assert (len(site.journal), len(site.store), len(site.expectations), site.tool_errors) == (0, 0, 0, [])
    assert maths.error(path)["code"] == 400
    assert len(site.find_task("Maths/Count").rules) == 1
    run(maths, 2)
    site.verify()
