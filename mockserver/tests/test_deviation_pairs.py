"""Which deviations can be followed at once: neither may hide the other, whichever is injected first."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest
from deviation_probe import Probe
from gp_mockserver.builtin.builtin_site import builtin_site
from gp_mockserver.deviations.records import DeviationError
from gp_mockserver.lifecycle.clocks import ManualClock

from every_case import every_case

HIDING = [
    ("profile-10.1", "profile-11.1"),
    ("content-type-html", "content-type-missing"),
    ("results-null", "results-never"),
    ("results-empty", "param-url-null"),
    ("body-empty", "results-late"),
    ("gzip-bomb", "json-large"),
    ("f-ignored", "results-late"),
    ("submit-runs-then-reset", "job-id-missing"),
    ("closed-before-headers", "job-fails"),
    ("submit-answers-form", "never-ends"),
    ("garbage-then-close", "results-late"),
    ("body-cut-short", "stall-in-body"),
    ("connection-refused", "connection-silent"),
    ("tls-wrong-host", "tls-expired"),
]
TOGETHER = [
    ("token-expires-mid-job", "results-late"),
    ("token-expires-mid-job", "slow-each"),
    ("token-expires-mid-job", "status-503-retry-after"),
    ("never-ends", "cancel-refused"),
    ("redirect-301-post", "token-bound-to-referer"),
    ("keep-alive-reset-between-polls", "status-429-retry-after"),
    ("submit-runs-then-reset", "job-not-yet-visible"),
    ("html-login-page-200", "trickle"),
    ("results-late", "results-null"),
    ("job-fails", "job-id-without-j"),
    ("cors-missing", "content-type-html"),
]
PAGE = {"answer": 502, "page": "status"}
MARK = {"set": "/mark", "value": 1}


def _refusal(*chosen: tuple[Any, dict[str, Any]]) -> str:
    site = builtin_site(clock=ManualClock())
    try:
        for record, selected in chosen:
            site.deviate(record, **selected)
    except DeviationError as error:
        return str(error)
    return ""


@every_case(("one", "two"), HIDING)
def test_a_pair_of_which_one_is_never_seen_is_refused_in_either_order(one: str, two: str) -> None:
    for first, second in permutations((one, two)):
        refusal = _refusal((first, {}), (second, {}))
        assert f"{first!r} and {second!r}" in refusal


@every_case(("one", "two"), TOGETHER)
def test_a_pair_of_which_each_is_seen_is_followed_in_either_order(one: str, two: str) -> None:
    for first, second in permutations((one, two)):
        assert _refusal((first, {}), (second, {})) == ""


@every_case(
    ("one", "two", "is_refused"),
    [
        ((PAGE, {"nth": 2}), (PAGE, {"nth": 2}), True),
        ((PAGE, {"nth": 2}), (PAGE, {"nth": 3}), False),
        ((PAGE, {"times": 1}), (PAGE, {"times": 1}), False),
        ((PAGE, {"probability": 0.5}), (PAGE, {"probability": 0.5}), False),
        ((PAGE, {"operation": "info"}), (MARK, {}), False),
        ((PAGE, {}), (MARK, {"operation": "info", "nth": 3}), True),
        ((MARK, {"status": "esriJobFailed"}), (MARK, {"status": "esriJobSucceeded"}), False),
        ((MARK, {"status": "esriJobFailed"}), (MARK, {}), True),
        ((PAGE, {"status": "esriJobFailed"}), (MARK, {"status": "esriJobSucceeded"}), False),
        (({"header-set": {"A": "1"}}, {}), ({"header-set": {"a": "2"}}, {}), True),
        (({"header-add": {"A": "1"}}, {}), ({"header-add": {"a": "2"}}, {}), False),
        (({"error": 500}, {}), ({"remove": "/error/details"}, {}), False),
    ],
)
def test_what_limits_a_deviation_leaves_room_for_another(
    one: tuple[dict[str, Any], dict[str, Any]],
    two: tuple[dict[str, Any], dict[str, Any]],
    is_refused: bool,
) -> None:
    records = [
        ({"name": name, "do": [step]}, where) for name, (step, where) in zip("ab", (one, two), strict=True)
    ]
    for order in permutations(records):
        assert bool(_refusal(*order)) is is_refused


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_of_two_answers_the_more_limited_one_is_given(probe: Probe, order: tuple[int, int]) -> None:
    chosen: list[tuple[dict[str, Any], dict[str, Any]]] = [
        ({"name": "every", "do": [{"answer": 502, "page": "status"}]}, {}),
        ({"name": "second", "do": [{"answer": 503, "page": "status"}]}, {"nth": 2}),
    ]
    for i in order:
        probe.site.deviate(chosen[i][0], **chosen[i][1])
    assert [probe.get("rest/info").status for _ in range(3)] == [502, 503, 502]


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_of_two_values_of_a_header_the_more_limited_one_is_sent(probe: Probe, order: tuple[int, int]) -> None:
    chosen: list[tuple[dict[str, Any], dict[str, Any]]] = [
        ({"name": "every", "do": [{"header-set": {"X-Mark": "1"}}]}, {}),
        ({"name": "second", "do": [{"header-set": {"X-Mark": "2"}}]}, {"nth": 2}),
    ]
    for i in order:
        probe.site.deviate(chosen[i][0], **chosen[i][1])
    assert [probe.get("rest/info").headers["x-mark"] for _ in range(3)] == ["1", "2", "1"]


def test_a_token_that_expires_and_a_server_that_is_away_are_both_met(probe: Probe) -> None:
    job_id = probe.job_id()
    for name in ("status-503-retry-after", "token-expires-mid-job"):
        probe.site.deviate(name)
    seen = [probe.poll(job_id) for _ in range(2)]
    assert seen[0].status == 503
    assert seen[1].json["error"]["code"] == 498
