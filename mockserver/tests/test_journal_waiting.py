"""Waiting for a client's requests instead of sleeping, and whether it polled politely."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from time import perf_counter
from typing import Any
from urllib.parse import urlencode

import anyio
import pytest
import trio
from gp_mockserver.app import MockServer
from gp_mockserver.builtin.builtin_site import builtin_site
from gp_mockserver.errors import SiteError
from gp_mockserver.journal.journal import Journal
from gp_mockserver.journal.poll_lines import PollLine
from gp_mockserver.journal.waiting import NeverCame
from gp_mockserver.lifecycle.clocks import Clock, JumpingClock, ManualClock
from gp_mockserver.sites import Site
from gp_mockserver.tools.latency import Latency

from every_case import every_case

from .journal_probe import FORM, VIEWSHED, ask, asked, site_with

TASK = "WorldViewshed/GPServer/viewshed"
POINT = '{"features": [{"geometry": {"x": 7.4, "y": 46.9}}]}'


@pytest.fixture
def meanwhile() -> Iterator[Callable[[Callable[[], Any]], None]]:
    """Runs something in a thread of its own while the test goes on."""
    threads: list[threading.Thread] = []

    def run(function: Callable[[], Any]) -> None:
        threads.append(threading.Thread(target=function))
        threads[-1].start()

    yield run
    for thread in threads:
        thread.join()


def submit(wire: Any) -> str:
    job_id: str = wire.post(f"{TASK}/submitJob", Input_Observation_Point=POINT, f="json").json()["jobId"]
    return job_id


def test_a_test_waits_for_what_its_client_sends(wire: Any, meanwhile: Any) -> None:
    meanwhile(lambda: submit(wire))
    entry = wire.site.wait_for("submitJob")
    assert entry.job_status == "esriJobSubmitted"
    assert wire.site.store.get(entry.job_id, wire.clock.now()) is not None


def test_what_has_come_before_counts() -> None:
    site = site_with()
    asked(site, {"path": VIEWSHED}, {"path": VIEWSHED}, {"path": "/arcgis/rest/services"})
    assert site.wait_for("task", timeout=0).number == 1
    assert site.wait_for("task", times=2, timeout=0).number == 2
    assert site.wait_for("task", since=1, timeout=0).number == 2
    assert site.wait_for(timeout=0, times=3).operation == "catalogue"
    assert site.wait_for("task", task="WorldViewshed/viewshed", path="*/viewshed", timeout=0).number == 1


def test_the_last_of_so_many_is_waited_for(wire: Any, meanwhile: Any) -> None:
    job_id = submit(wire)

    def poll() -> None:
        for _ in range(5):
            wire.json(f"{TASK}/jobs/{job_id}")

    meanwhile(poll)
    assert wire.site.wait_for("job", times=5, job=job_id).number == 6
    assert isinstance(wire.site.journal._records[-1], PollLine)


def test_a_request_that_waits_for_the_clock_is_waited_for_without_its_answer(
    open_wire: Any, fresh: dict[str, Any], meanwhile: Any
) -> None:
    wire = open_wire(Site(**fresh, latency={"catalogue": Latency(60.0)}))
    answers: list[int] = []
    meanwhile(lambda: answers.append(wire.get("", f="json").status_code))
    entry = wire.site.wait_for("catalogue", answered=False)
    assert (entry.is_answered, answers) == (False, [])
    with pytest.raises(NeverCame, match="request 1 came and is not answered yet: answered=False"):
        wire.site.wait_for("catalogue", timeout=0)
    while not entry.is_answered:
        wire.clock.advance(60)
    assert wire.site.wait_for("catalogue").status == 200


def test_what_never_comes_is_told_with_the_journal() -> None:
    site = site_with()
    asked(site, {"path": f"{VIEWSHED}d"}, {"path": VIEWSHED})
    with pytest.raises(NeverCame) as raised:
        site.wait_for("submitJob", task="WorldViewshed/viewshed", times=2, timeout=0, since=1)
    assert isinstance(raised.value, AssertionError)
    assert str(raised.value).splitlines()[:3] == [
        "waited 0 s for submitJob of WorldViewshed/viewshed to come 2 times: met none, "
        "counted from after request 1",
        "",
        "The journal:",
    ]
    assert site.journal.as_text() in str(raised.value)


@every_case(
    ("arguments", "told"),
    [
        ({"operation": "submit"}, 'did you mean "submitJob"'),
        ({"operation": "job", "task": "WorldViewshed/viewshd"}, 'did you mean "WorldViewshed/viewshed"'),
        ({"operation": "job", "service": "WorldViewshd"}, 'did you mean "WorldViewshed"'),
        ({"operation": "job", "taks": "WorldViewshed/viewshed"}, 'did you mean "task"'),
        ({"operation": "job", "times": 0}, "times: met 0, expected 1 or more"),
    ],
)
def test_a_wait_for_nothing_that_can_come_is_refused(arguments: dict[str, Any], told: str) -> None:
    with pytest.raises(SiteError, match=told):
        site_with().wait_for(**arguments)


def test_a_site_without_a_journal_cannot_wait() -> None:
    with pytest.raises(SiteError, match="keeps no journal"):
        site_with(Journal(entries=0)).wait_for("job")


def test_a_wait_that_would_hold_an_event_loop_is_refused() -> None:
    site = site_with()

    async def hold() -> None:
        site.wait_for("job")

    with pytest.raises(SiteError, match=r"use `await site\.arrives"):
        asyncio.run(hold())
    with pytest.raises(SiteError, match=r"use `await site\.arrives"):
        trio.run(hold)


def test_a_coroutine_waits_in_the_loop_that_serves() -> None:
    site = site_with()

    async def run() -> None:
        app = MockServer([site])

        async def client() -> None:
            for _ in range(3):
                await ask(app, VIEWSHED)

        running = asyncio.ensure_future(client())
        entry = await site.arrives("task", times=3)
        assert (entry.number, entry.status) == (3, 200)
        await running

    asyncio.run(run())


@pytest.mark.parametrize("library", ["asyncio", "trio"])
def test_a_coroutine_waits_for_a_server_in_another_thread(wire: Any, meanwhile: Any, library: str) -> None:
    async def run() -> Any:
        meanwhile(lambda: submit(wire))
        return await wire.site.arrives("submitJob")

    entry = anyio.run(run, backend=library)
    assert entry.status == 200
    assert wire.site.journal.is_heard is False


@pytest.mark.parametrize("library", ["asyncio", "trio"])
def test_a_coroutine_is_told_what_never_came(library: str) -> None:
    site = site_with()

    async def run() -> None:
        await site.arrives("submitJob", timeout=0.01)

    with pytest.raises(NeverCame, match=r"waited 0\.01 s for submitJob to come once: met none"):
        anyio.run(run, backend=library)


def test_more_are_waited_for_than_the_journal_has_room_for(
    open_wire: Any, fresh: Any, meanwhile: Any
) -> None:
    wire = open_wire(Site(**fresh, journal=Journal(entries=1)))
    waits = threading.Event()
    wire.site.journal.listen = _noting(wire.site.journal.listen, waits)

    def send() -> None:
        waits.wait(5)
        for _ in range(4):
            wire.get("", f="json")

    meanwhile(send)
    assert wire.site.wait_for("catalogue", times=4).number == 4
    assert len(wire.site.journal) == 1


def test_what_had_to_make_room_before_a_wait_is_told_to_be_unknown() -> None:
    site = site_with(Journal(entries=1))
    asked(site, *[{"path": VIEWSHED}] * 3)
    with pytest.raises(NeverCame, match="2 requests are no longer in the journal; of these only those were"):
        site.wait_for("task", times=3, timeout=0)


def test_a_request_that_a_deviation_delays_is_waited_for_without_its_answer(
    wire: Any, meanwhile: Any
) -> None:
    wire.site.deviate("slow-each", seconds=60)
    meanwhile(lambda: submit(wire))
    entry = wire.site.wait_for("submitJob", answered=False, where=_has_distance)
    while not entry.deviations:  # which is noted just after what was waited for
        continue
    assert (entry.is_answered, entry.deviations) == (False, ("slow-each",))
    while not entry.is_answered:
        wire.clock.advance(60)


def _has_distance(entry: Any) -> bool:
    return "Input_Observation_Point" in entry.parameters or entry.method == "POST"


def test_what_a_test_asks_of_a_request_may_fail_until_that_is_whole(wire: Any, meanwhile: Any) -> None:
    wire.site.deviate("slow-each", seconds=1)

    def is_given(entry: Any) -> bool:
        heard.set()
        return bool(entry.parameters["Input_Observation_Point"])

    def send() -> None:
        meanwhile(lambda: submit(wire))
        heard.wait(5)
        while not wire.site.journal[0].is_answered:
            wire.clock.advance(1)

    heard = threading.Event()
    meanwhile(send)
    assert wire.site.wait_for("submitJob", answered=False, where=is_given).number == 1


def _noting(listen: Any, waits: threading.Event) -> Any:
    """What listens, and says that it does."""

    def noting(callback: Any) -> Any:
        stop = listen(callback)
        waits.set()
        return stop

    return noting


def test_what_a_test_asks_of_a_request_may_fail(wire: Any, meanwhile: Any) -> None:
    def ask_it(entry: Any) -> bool:
        raise LookupError("no such field")

    meanwhile(lambda: submit(wire))
    with pytest.raises(LookupError, match="no such field"):
        wire.site.wait_for("submitJob", where=ask_it)


def polled(*instants: float, job: str = "j1", journal: Journal | None = None) -> Site:
    """A site with polls of one job at these instants, one right after the other in real time."""
    site = site_with(journal)
    start = site.clock.now()
    for instant in instants:
        site.clock.advance(start + instant - site.clock.now())  # type: ignore[attr-defined]
        asked(site, {"path": f"{VIEWSHED}/jobs/{job}"})
    for entry in site.journal:
        entry.came = entry.number / 1e6
    return site


def polled_really(clock: Clock, *instants: float) -> Site:
    """A site with polls of one job, at these instants of real time."""
    site = builtin_site(clock=clock)
    asked(site, *[{"path": f"{VIEWSHED}/jobs/j1"} for _ in instants])
    for entry, instant in zip(site.journal, instants, strict=True):
        entry.came = 1000 + instant
    return site


@pytest.mark.parametrize(
    ("clock", "why"), [(JumpingClock(), "the site's clock jumps"), (ManualClock(), "the site's clock stood")]
)
def test_real_time_counts_where_the_clock_says_nothing_of_how_long_a_client_waits(
    clock: Clock, why: str
) -> None:
    polled_really(clock, 0, 1, 1.995, 60).assert_polled(at_least=1.0)
    with pytest.raises(AssertionError) as raised:
        polled_really(clock, 0, 0.98, 2).assert_polled(at_least=1.0)
    assert "1 of 2 too soon, the closest 0.980 s" in str(raised.value)
    assert f"expected at least 1 s of real time, as {why}" in str(raised.value)


def test_a_client_in_a_tight_loop_is_not_polite_though_each_look_moves_the_clock() -> None:
    site = builtin_site(clock=JumpingClock())
    site.task("WorldViewshed/viewshed").succeeds(after="60s")
    form = urlencode({"f": "json", "Input_Observation_Point": POINT}).encode()
    request = {"path": f"{VIEWSHED}/submitJob", "method": "POST", "body": form, "headers": FORM}
    job = json.loads(asked(site, request)[0].body)["jobId"]
    asked(site, *[{"path": f"{VIEWSHED}/jobs/{job}"}] * 4)
    polls = site.journal.find("job")
    assert polls[-1].at - polls[0].at >= 60
    with pytest.raises(AssertionError, match=r"3 of 3 too soon.* of real time, as the site's clock jumps"):
        site.assert_polled(at_least=1.0)


def test_polls_that_are_answered_from_what_is_kept_have_the_instant_at_which_they_came(wire: Any) -> None:
    job_id = submit(wire)
    before = perf_counter()
    for _ in range(4):
        wire.json(f"{TASK}/jobs/{job_id}")
    came = [entry.came for entry in wire.site.journal.find("job")]
    assert isinstance(wire.site.journal._records[-1], PollLine)
    assert before < came[0] < came[1] < came[2] < came[3] < perf_counter()


def test_polls_count_that_the_journal_no_longer_has() -> None:
    site = polled(0, 5, 5.25, 7, 9, 11, journal=Journal(entries=2))
    site.assert_polled(at_most=6)
    site.assert_polled(at_least=0.25, at_most=6)
    with pytest.raises(AssertionError) as raised:
        site.assert_polled(at_least=1, at_most=5)
    assert [" ".join(line.split()) for line in str(raised.value).splitlines()] == [
        "job j1 was polled 6 times: some too soon, the closest 0.250 s after the one before; expected at "
        "least 1 s on the site's clock; expected at most 5",
        "the first 4: no longer in the journal",
        "5 +9.000 s 2.000 s after the one before",
        "6 +11.000 s 2.000 s after the one before <- one too many",
    ]


def test_the_gap_between_the_last_dropped_poll_and_the_first_kept_counts() -> None:
    with pytest.raises(AssertionError, match=r"1 of 1 too soon, the closest 0\.500 s"):
        polled(0, 5, 5.5, journal=Journal(entries=1)).assert_polled(at_least=1)


def test_a_job_all_of_whose_polls_were_dropped_was_polled() -> None:
    site = polled(0, 0, 0, journal=Journal(entries=1))
    asked(site, {"path": VIEWSHED})
    site.assert_polled(at_most=3)
    with pytest.raises(AssertionError, match=r"job j1 was polled 3 times: some too soon.*stood still"):
        site.assert_polled(at_least=1)
    with pytest.raises(AssertionError, match="job j1 was polled 3 times: expected at most 2"):
        site.assert_polled(at_most=2, job="j1")
    with pytest.raises(AssertionError, match="job j2 was not polled"):
        site.assert_polled(at_most=2, job="j2")


@every_case(
    ("instants", "asked_for"),
    [
        ((0, 1, 2, 4), {"at_least": 1.0}),
        ((0, 1, 2, 4), {"at_most": 4}),
        ((0, 1, 2, 4), {"at_least": 0.5, "at_most": 20, "job": "j1"}),
        ((0, 0.9995), {"at_least": 1.0}),
        ((0,), {"at_least": 60}),
        ((0, 0, 0), {}),
    ],
)
def test_polite_polling_passes(instants: tuple[float, ...], asked_for: dict[str, Any]) -> None:
    polled(*instants).assert_polled(**asked_for)


@every_case(
    ("instants", "asked_for", "told"),
    [
        (
            (0, 1, 1.25, 3, 3.5),
            {"at_least": 1.0},
            [
                "job j1 was polled 5 times: 2 of 4 too soon, the closest 0.250 s after the one before; "
                "expected at least 1 s on the site's clock",
                "1 +0.000 s",
                "2 +1.000 s 1.000 s after the one before",
                "3 +1.250 s 0.250 s after the one before <- too soon",
                "4 +3.000 s 1.750 s after the one before",
                "5 +3.500 s 0.500 s after the one before <- too soon",
            ],
        ),
        (
            (0, 1, 2),
            {"at_most": 2},
            [
                "job j1 was polled 3 times: expected at most 2",
                "1 +0.000 s",
                "2 +1.000 s 1.000 s after the one before",
                "3 +2.000 s 1.000 s after the one before <- one too many",
            ],
        ),
        (
            (5, 5),
            {"at_least": 1},
            [
                "job j1 was polled 2 times: 1 of 1 too soon, the closest 0.000 s after the one before; "
                "expected at least 1 s of real time, as the site's clock stood still",
                "1 +0.000 s",
                "2 +0.000 s 0.000 s after the one before (real time) <- too soon",
            ],
        ),
        (
            (0, 0, 0.5),
            {"at_least": 1},
            [
                "job j1 was polled 3 times: 2 of 2 too soon, the closest 0.000 s after the one before; "
                "expected at least 1 s on the site's clock, or of real time where that stood still",
                "1 +0.000 s",
                "2 +0.000 s 0.000 s after the one before (real time) <- too soon",
                "3 +0.500 s 0.500 s after the one before <- too soon",
            ],
        ),
        ((0,), {"at_most": 0}, ["job j1 was polled once: expected at most 0", "1 +0.000 s <- one too many"]),
    ],
)
def test_impolite_polling_fails_with_the_polls(
    instants: tuple[float, ...], asked_for: dict[str, Any], told: list[str]
) -> None:
    with pytest.raises(AssertionError) as raised:
        polled(*instants).assert_polled(**asked_for)
    assert [" ".join(line.split()) for line in str(raised.value).splitlines()] == told


def test_a_client_that_never_polled_did_not_poll_politely() -> None:
    site = site_with()
    asked(site, {"path": VIEWSHED})
    with pytest.raises(AssertionError, match="no job was polled"):
        site.assert_polled(at_most=20)
    with pytest.raises(AssertionError, match="job j2 was not polled"):
        polled(0).assert_polled(job="j2")


def test_each_job_counts_for_itself() -> None:
    site = site_with()
    asked(site, *({"path": f"{VIEWSHED}/jobs/{job}"} for job in ("j1", "j2", "j1", "j2")))
    site.assert_polled(at_most=2)
    with pytest.raises(AssertionError, match=r"job j1 was polled(.|\n)*job j2 was polled"):
        site.assert_polled(at_most=1)


def test_very_many_polls_are_listed_in_part() -> None:
    with pytest.raises(AssertionError) as raised:
        polled(*(number * 0.1 for number in range(40))).assert_polled(at_least=1)
    assert len(str(raised.value).splitlines()) < 20
    assert "and 27 more" in str(raised.value)


@pytest.mark.parametrize("wrong", [{"at_least": -1}, {"at_most": -1}])
def test_a_number_below_nothing_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(SiteError, match="met -1, expected 0 or more"):
        site_with().assert_polled(**wrong)


def test_not_one_of_many_polls_is_lost_count_of() -> None:
    site = site_with(Journal(entries=4))
    form = urlencode({"f": "json", "Input_Observation_Point": POINT}).encode()
    submission = {"path": f"{VIEWSHED}/submitJob", "method": "POST", "body": form, "headers": FORM}
    job_id = json.loads(asked(site, submission)[0].body)["jobId"]
    poll = {"path": f"{VIEWSHED}/jobs/{job_id}"}
    asked(site, *[poll] * 600)
    assert isinstance(site.journal._records[-1], PollLine)
    site.assert_polled(at_most=600)
    with pytest.raises(AssertionError, match="was polled 600 times"):
        site.assert_polled(at_most=599)
