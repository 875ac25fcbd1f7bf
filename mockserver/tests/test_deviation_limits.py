"""What a deviation may not do to the server: fill its memory, write broken heads, need what is not there."""

from __future__ import annotations

import asyncio
import gc
import logging
import tracemalloc
import weakref
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from gp_mockserver.app import MockServer
from gp_mockserver.builtin.builtin_site import builtin_site
from gp_mockserver.deviations.body_limits import BodyTooLarge
from gp_mockserver.deviations.header_texts import MOST_FILLED, filled, filled_value
from gp_mockserver.deviations.records import DeviationError, HiddenDeviation
from gp_mockserver.deviations.value_makers import Makings, expand
from gp_mockserver.sites import Site

INFO = "http://127.0.0.1/arcgis/rest/info?f=json"
MIB = 1024 * 1024


@pytest.fixture
def site() -> Iterator[Site]:
    site = builtin_site()
    yield site
    site.close()


def ask(site: Site, address: str = INFO, **more: Any) -> httpx.Response:
    async def answer() -> httpx.Response:
        transport = httpx.ASGITransport(MockServer([site]))
        async with httpx.AsyncClient(transport=transport) as client:
            return await client.get(address, **more)

    return asyncio.run(answer())


def own(*do: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"name": "own", "do": list(do), **more}


def repeated(text: Any, times: int) -> dict[str, Any]:
    return {"$repeat": [text, times]}


LARGE = repeated("a", 40 * MIB)


@pytest.mark.parametrize(
    "record",
    [
        own({"set": "/a", "value": [LARGE, LARGE]}),
        own({"set": "/a", "value": LARGE}, {"set": "/b", "value": LARGE}),
        own({"body-replace": LARGE}, {"append": {"$random": 40 * MIB}}),
        own({"set": "/a", "value": {"$join": [LARGE, LARGE]}}),
        own({"set": "/a", "value": repeated(LARGE, 2)}),
        own({"set": "/a", "value": repeated(["a"], 10 * MIB)}),
        own({"set": "/a", "value": ["$text"] * 2000}, parameters={"text": "a" * 100_000}),
        own({"set": "/a", "value": ["$list"] * 100}, parameters={"list": ["a"] * 10_000}),
    ],
    ids=range(8),
)
def test_all_that_one_deviation_makes_is_counted_before_it_is_made(site: Site, record: Any) -> None:
    tracemalloc.start()
    try:
        with pytest.raises(DeviationError, match="expected at most 67108864; ask for less"):
            site.deviate(record)
        assert tracemalloc.get_traced_memory()[1] < 130 * MIB
    finally:
        tracemalloc.stop()


def test_what_is_made_of_what_was_made_is_counted_once() -> None:
    makings = Makings(limit=100)
    assert expand({"$join": [repeated("a", 40), repeated("b", 40)]}, makings) == "a" * 40 + "b" * 40
    assert makings.made.size == 80
    with pytest.raises(BodyTooLarge, match="met 101 bytes"):
        expand({"$random": 21}, makings)


@pytest.mark.parametrize("name", ["gzip-bomb", "json-large", "json-deep", "messages-huge", "header-huge"])
def test_the_large_ones_of_the_catalogue_can_be_followed(site: Site, name: str) -> None:
    assert site.deviate(name).steps


def test_an_answer_that_would_get_too_large_stays_as_it_was(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    clean = ask(site).content
    injection = site.deviate(own({"set": "/authInfo/*", "value": LARGE}))
    tracemalloc.start()
    try:
        assert ask(site).content == clean
        assert tracemalloc.get_traced_memory()[1] < 150 * MIB
    finally:
        tracemalloc.stop()
    assert injection.applied == 0
    assert "stays as it was" in caplog.text


def test_copies_of_copies_stop_at_the_limit(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    clean = ask(site).content
    injection = site.deviate(own(*[{"copy": "", "to": "/a"}, {"copy": "", "to": "/b"}] * 40))
    tracemalloc.start()
    try:
        assert ask(site).content == clean
        assert tracemalloc.get_traced_memory()[1] < 500 * MIB
    finally:
        tracemalloc.stop()
    assert injection.applied == 0
    assert "stays as it was" in caplog.text


def test_texts_with_braces_are_measured_before_they_are_filled(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    clean = ask(site).content
    injection = site.deviate(
        own({"set": "/a", "value": "x" * MIB}, {"rewrite": "/a", "text": "{value}" * 5000})
    )
    tracemalloc.start()
    try:
        assert ask(site).content == clean
        assert tracemalloc.get_traced_memory()[1] < 30 * MIB
    finally:
        tracemalloc.stop()
    assert injection.applied == 0


def test_what_was_cleared_takes_no_memory(site: Site) -> None:
    injection = site.deviate(own({"set": "/a", "value": repeated("a", 20 * MIB)}))
    assert len(ask(site).content) > 20 * MIB
    gone = weakref.ref(injection)
    injection.clear()
    site.journal.clear()
    del injection
    gc.collect()
    assert gone() is None


@pytest.mark.parametrize(
    ("action", "told"),
    [
        ({"header-set": {"X A": "b"}}, 'do[0].header-set: met "X A", expected the name of a header'),
        ({"header-set": {"": "b"}}, 'do[0].header-set: met "", expected the name of a header'),
        ({"header-add": {"Ä": "b"}}, 'do[0].header-add: met "Ä", expected the name of a header'),
        ({"header-add": {"X-A": "b\r\nSet-Cookie: c"}}, "do[0].header-add.X-A: met"),
        ({"header-set": {"X-A": "b\0"}}, "do[0].header-set.X-A: met"),
        (
            {"header-set": {"X-A": "Ω"}},
            'do[0].header-set.X-A: met "Ω", expected a header\'s value, in latin-1',
        ),
        ({"header-remove": "a b"}, 'do[0].header-remove: met "a b", expected the name of a header'),
        ({"header-remove": ["a", "b:"]}, 'do[0].header-remove: met "b:", expected the name of a header'),
        ({"answer": 200, "headers": {"X-A": "b\nc"}}, "do[0].answer.headers.X-A: met"),
        ({"answer": 200, "headers": {"X-A": "Ω"}}, "do[0].answer.headers.X-A: met"),
        ({"redirect": "http://x/\r\nA: b"}, "do[0].redirect: met"),
    ],
)
def test_heads_that_http_cannot_carry_are_refused_at_injection(
    site: Site, action: dict[str, Any], told: str
) -> None:
    with pytest.raises(DeviationError) as raised:
        site.deviate(own(action))
    assert str(raised.value).startswith(f"deviation 'own': {told}")
    assert str(raised.value).endswith("for other bytes on purpose use raw, which writes the whole answer")


def test_what_only_filling_breaks_is_left_out_with_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    assert filled_value("{path}", {"path": "/a\r\nSet-Cookie: b"}, "X-A") is None
    assert caplog.messages == [
        'the header X-A is left out: met "/a\\r\\nSet-Cookie: b", expected a value in one line'
    ]
    assert filled_value("{path}" * 3, {"path": "a" * (MOST_FILLED // 2)}, "X-B") is None
    assert "the header X-B is left out" in caplog.messages[1]


def test_braces_that_nothing_stands_for_stay_and_what_is_filled_is_not_filled_again() -> None:
    assert filled("{a}{b}{nope}", {"a": "{b}", "b": "c"}) == "{b}c{nope}"


@pytest.mark.parametrize(
    ("record", "told"),
    [
        ({}, "deviation: met a mapping without name, expected name: a name for it; add name"),
        (
            {"name": "own"},
            "deviation 'own': met a mapping without do, expected do: a list of actions; add do",
        ),
        (
            {"nane": "own", "do": []},
            'deviation: met a mapping without name, expected name: a name for it; is it "nane"?',
        ),
        (5, "deviation: met 5, expected a deviation: a mapping with name and do"),
        (["own"], "deviation: met"),
        ({"name": 5, "do": []}, "deviation: name: met 5, expected a text"),
        ({"name": "own", "do": {"status": 500}}, "deviation 'own': do: met"),
        ({"name": "own", "do": [{"status": 500}] * 1001}, "deviation 'own': do: met 1001 actions"),
        ({"name": "own", "do": [5]}, "deviation 'own': do[0]: met 5, expected"),
    ],
)
def test_records_that_are_none_are_refused_with_the_place(site: Site, record: Any, told: str) -> None:
    with pytest.raises(DeviationError) as raised:
        site.deviate(record)
    assert str(raised.value).startswith(told)
    assert ": :" not in str(raised.value)


def test_two_that_hide_one_another_have_an_error_of_their_own(site: Site) -> None:
    site.deviate(own({"error": 500}))
    with pytest.raises(HiddenDeviation):
        site.deviate({"name": "other", "do": [{"error": 501}]})


@pytest.mark.parametrize(
    ("record", "layer"),
    [
        ("reset-in-body", "transport"),
        ("connection-refused", "socket"),
        (own({"stop-reading": 0}), "transport"),
        (own({"cut": "start"}), "transport"),
        (own({"raw": "HTTP/1.1 200 OK\r\n\r\n"}, {"header-set": {"X-A": "b"}}), "transport"),
    ],
)
def test_without_a_connection_what_needs_one_is_not_followed_and_one_warning_says_so(
    site: Site, record: Any, layer: str, caplog: pytest.LogCaptureFixture
) -> None:
    clean = ask(site)
    injection = site.deviate(record)
    with caplog.at_level(logging.WARNING, "gp_mockserver"):
        for _ in range(2):
            answer = ask(site)
            assert (answer.status_code, answer.content) == (200, clean.content)
            assert "x-a" not in answer.headers
    warnings = [each for each in caplog.messages if "is not followed" in each]
    assert len(warnings) == 1
    assert warnings[0].startswith(f"deviation {injection.label} is not followed: it needs the {layer}")
    if layer == "transport":
        assert injection.applied == 0
    injection.clear()
