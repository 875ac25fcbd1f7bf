"""What large requests hold together: bytes that are refused where there is no room, parts that take turns."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from gp_mockserver.builtin.builtin_site import builtin_site
from gp_mockserver.large_requests import SMALL, LargeRequests, Turn
from gp_mockserver.limits import Limits
from gp_mockserver.wire.callers import Caller
from gp_mockserver.wire.replies import Refusal
from gp_mockserver.wire.request_parameters import ClientLeft, read_form

ECHO = "DataTypes/Echo/GPServer/Echo"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
LARGE = b"In_GPString=" + b"a" * (2 * SMALL)


@pytest.fixture
def narrow(open_wire: Any, fresh: dict[str, Any]) -> Any:
    """The built-in site with room for three megabytes of bodies."""
    return open_wire(builtin_site(**fresh, limits=Limits(bodies=3 * SMALL)))


def posted(wire: Any, body: bytes, query: str = "") -> Any:
    return wire.http.post(f"{ECHO}/execute{query}", content=body, headers=FORM)


@pytest.mark.parametrize("body", [b"f=json&" + LARGE, LARGE + b"&f=json"], ids=["f first", "f last"])
@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_for_which_there_is_no_room_is_refused_in_the_form_it_asks_for(
    narrow: Any, body: bytes, chunked: bool
) -> None:
    requests = narrow.site.large_requests
    assert requests.hold(0, 2 * SMALL)
    content = iter([body[:SMALL], body[SMALL : SMALL + 100], body[SMALL + 100 :]]) if chunked else body
    error = narrow.http.post(f"{ECHO}/execute", content=content, headers=FORM).json()["error"]
    assert error["code"] == 500
    assert "DataTypes/Echo.GPServer" in error["message"]
    assert f"bodies: met more in the requests under way, expected at most {3 * SMALL}" in error["details"][0]
    assert "limits.bodies" in error["details"][0]
    assert requests.taken == 2 * SMALL
    requests.release(2 * SMALL)
    assert "results" in posted(narrow, b"f=json&" + LARGE).json()
    assert requests.taken == 0


def test_a_large_field_of_a_form_with_files_counts_too(narrow: Any) -> None:
    requests = narrow.site.large_requests
    uploads = "Files/FileTransfer/GPServer/uploads/upload"
    form = {"files": {"file": ("a.txt", b"a")}, "data": {"f": "json", "description": "d" * (2 * SMALL)}}
    assert requests.hold(0, 2 * SMALL)
    assert "limits.bodies" in narrow.http.post(uploads, **form).text
    requests.release(2 * SMALL)
    assert "item" in narrow.http.post(uploads, **form).json()
    assert requests.taken == 0


def test_small_bodies_are_read_whatever_others_hold(narrow: Any) -> None:
    assert narrow.site.large_requests.hold(0, 3 * SMALL)
    assert "results" in posted(narrow, b"f=json&In_GPString=a").json()


def test_one_body_fits_even_where_it_is_more_than_all_may_hold(open_wire: Any, fresh: dict[str, Any]) -> None:
    wire = open_wire(builtin_site(**fresh, limits=Limits(bodies=1)))
    assert "results" in posted(wire, b"f=json&" + LARGE).json()


@pytest.mark.parametrize(
    "query", ["?f=json&returnZ=maybe", "?f=nothing", "?f=json&token=none"], ids=["refused", "format", "token"]
)
def test_what_a_request_held_is_free_again_whatever_it_is_answered(narrow: Any, query: str) -> None:
    posted(narrow, LARGE, query)
    assert narrow.site.large_requests.taken == 0


def test_a_client_that_leaves_frees_what_it_held(narrow: Any) -> None:
    async def leaving() -> None:
        messages = [
            {"type": "http.request", "body": b"a" * (2 * SMALL), "more_body": True},
            {"type": "http.disconnect"},
        ]

        async def receive() -> Any:
            if len(messages) == 1:
                assert narrow.site.large_requests.taken == 2 * SMALL
            return messages.pop(0)

        async def send(message: Any) -> None:
            raise AssertionError(f"nobody is there to be sent {message}")

        scope = {"type": "http", "method": "POST", "path": f"/{narrow.site.context}/rest/info"}
        await narrow_app(narrow)(scope | {"query_string": b"", "headers": []}, receive, send)

    asyncio.run(leaving())
    assert narrow.site.large_requests.taken == 0


def narrow_app(wire: Any) -> Any:
    from gp_mockserver.app import MockServer

    return MockServer([wire.site])


def test_a_client_that_leaves_while_its_body_is_thrown_away_is_not_waited_for(narrow: Any) -> None:
    async def receive() -> Any:
        return {"type": "http.disconnect"}

    narrow.site.large_requests.hold(0, 2 * SMALL)
    scope = {"headers": [(b"content-length", b"2000000")], "method": "POST"}
    with pytest.raises(ClientLeft):
        asyncio.run(read_form({}, Caller.of(narrow.site, scope), receive, None))  # type: ignore[arg-type]


def test_a_form_whose_letters_take_more_memory_than_its_bytes_counts_as_what_it_takes(narrow: Any) -> None:
    body = b"In_GPString=" + "😀".encode() + b"a" * SMALL
    messages = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Any:
        return messages.pop()

    caller = Caller(narrow.site, {}, {})  # type: ignore[arg-type]
    narrow.site.large_requests.hold(0, 1)
    with pytest.raises(Refusal, match="server-busy"):
        asyncio.run(read_form({}, caller, receive, None))
    assert narrow.site.large_requests.taken == 1


async def turn_of(requests: LargeRequests, parts: int, order: list[int]) -> Turn:
    turn = await requests.take_turn(["," * parts])
    order.append(parts)
    return turn


def test_parts_take_turns_in_the_order_in_which_they_come() -> None:
    async def take() -> None:
        requests = LargeRequests(Limits(json_parts=10))
        order: list[int] = []
        first = await turn_of(requests, 6, order)
        later = [asyncio.ensure_future(turn_of(requests, parts, order)) for parts in (5, 1, 4, 9, 2)]
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert order == [6]
        first.end()
        first.end()
        turns = [await each for each in later[:3]]
        assert order == [6, 5, 1, 4]
        assert not later[3].done()
        later[3].cancel()
        turns[0].end()
        turns.append(await later[4])
        assert order == [6, 5, 1, 4, 2]
        for turn in turns:
            turn.end()
        (await turn_of(requests, 1000, order)).end()  # more than all parts is as many as there are
        (await turn_of(requests, 10, order)).end()

    asyncio.run(take())


def test_a_turn_that_is_given_to_who_has_left_goes_to_the_next() -> None:
    async def take() -> None:
        requests = LargeRequests(Limits(json_parts=10))
        first = await requests.take_turn(["," * 10])
        leaving, next_one = (asyncio.ensure_future(requests.take_turn(["," * 10])) for _ in range(2))
        await asyncio.sleep(0)
        first.end()
        leaving.cancel()
        (await next_one).end()

    asyncio.run(take())


def test_a_function_that_does_not_return_keeps_nobody_from_a_turn(
    open_wire: Any, fresh: dict[str, Any]
) -> None:
    import threading

    from gp_mockserver.sites import Site

    site = Site(**fresh, limits=Limits(json_parts=300_000))
    began, released = threading.Event(), threading.Event()

    @site.task("Slow/Hold", execution="sync")
    def hold(Text: str, Wait: bool) -> str:
        if Wait:
            began.set()
            released.wait()
        return str(len(Text))

    wire = open_wire(site)
    form = {"f": "json", "Text": "," * 300_000}
    answers: list[Any] = []

    def ask() -> None:
        answers.append(wire.post("Slow/GPServer/Hold/execute", Wait="true", **form).json())

    waiting = threading.Thread(target=ask)
    waiting.start()
    assert began.wait(20)
    assert "results" in wire.post("Slow/GPServer/Hold/execute", Wait="false", **form).json()
    released.set()
    waiting.join()
    assert "results" in answers[0]
