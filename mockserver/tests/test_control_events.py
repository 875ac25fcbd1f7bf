"""Events over the control API, as who listens gets them."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import httpx
import pytest
from gp_mockserver.app import MockServer
from gp_mockserver.builtin.builtin_site import builtin_site
from gp_mockserver.control import event_streams
from gp_mockserver.lifecycle.clocks import EPOCH, ManualClock
from gp_mockserver.server import serve

SERVICE = "/arcgis/rest/services/WorldViewshed/GPServer/viewshed"
INPUTS = {
    "Input_Observation_Point": '{"features":[{"geometry":{"x":1,"y":2}}]}',
    "Viewshed_Distance": "5 Miles",
    "f": "json",
}


class Listener:
    """A client that reads what the stream sends, as far as the test lets it."""

    def __init__(self, app: MockServer, path: str) -> None:
        self.messages: list[Any] = []
        self.can_read = asyncio.Event()
        self.can_read.set()
        self._left = asyncio.Event()
        self._came = asyncio.Event()
        self._text = b""
        self._asked = False
        path, _, query = path.partition("?")
        self._scope = {
            "type": "http",
            "method": "GET",
            "path": path,
            "query_string": query.encode(),
            "headers": [(b"host", b"127.0.0.1:8585")],
            "scheme": "http",
            "server": ("127.0.0.1", 8585),
            "client": ("127.0.0.1", 5),
        }
        self.answer = asyncio.ensure_future(app(self._scope, self._receive, self._send))

    async def _receive(self) -> Any:
        if not self._asked:
            self._asked = True
            return {"type": "http.request", "body": b"", "more_body": False}
        await self._left.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Any) -> None:
        await self.can_read.wait()
        self.messages.append(message)
        self._text += message.get("body", b"")
        self._came.set()

    def leave(self) -> None:
        self._left.set()

    @property
    def text(self) -> str:
        return self._text.decode()

    @property
    def events(self) -> list[tuple[str, Any]]:
        found = []
        for block in self.text.split("\n\n"):
            lines = dict(line.split(": ", 1) for line in block.splitlines() if not line.startswith(":"))
            if "event" in lines:
                found.append((lines["event"], json.loads(lines["data"])))
        return found

    async def until(self, event: str, **wanted: Any) -> Any:
        """The first event of that name with these values, as soon as it has come."""
        while True:
            for name, data in self.events:
                if name == event and wanted.items() <= data.items():
                    return data
            self._came.clear()
            await asyncio.wait_for(self._came.wait(), 5)


class Story:
    """A server in process, and what happens on it."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.site = builtin_site("arcgis", clock=self.clock)
        self.app = MockServer([self.site])
        self._http = httpx.AsyncClient(transport=httpx.ASGITransport(self.app), base_url="http://127.0.0.1")
        self._listeners: list[Listener] = []

    async def listen(self, path: str = "/__admin/events") -> Listener:
        self._listeners.append(Listener(self.app, path))
        while not self._listeners[-1].messages:
            await asyncio.sleep(0)
        return self._listeners[-1]

    async def submit(self) -> str:
        return str((await self._http.post(f"{SERVICE}/submitJob", data=INPUTS)).json()["jobId"])

    async def poll(self, job: str) -> None:
        await self._http.get(f"{SERVICE}/jobs/{job}?f=json")

    async def ask(self, method: str, path: str, body: Any = None) -> Any:
        answer = await self._http.request(method, f"/arcgis/__admin/{path}", json=body)
        assert answer.is_success, answer.text
        return answer.json()

    async def close(self) -> None:
        for each in self._listeners:
            each.can_read.set()
            each.leave()
        await asyncio.wait_for(asyncio.gather(*(each.answer for each in self._listeners)), 5)
        await self._http.aclose()
        self.app.close()


@contextlib.asynccontextmanager
async def telling() -> AsyncIterator[Story]:
    story = Story()
    try:
        yield story
    finally:
        await story.close()


def told(scene: Callable[[Story], Awaitable[None]]) -> None:
    async def go() -> None:
        async with telling() as story:
            await scene(story)

    asyncio.run(go())


def test_who_begins_to_listen_is_told_how_things_stand() -> None:
    async def scene(story: Story) -> None:
        job = await story.submit()
        await story.ask("POST", "deviations", {"name": "slow-each"})
        listener = await story.listen()
        assert await listener.until("sites") == {"sites": ["arcgis"]}
        clock = await listener.until("clock", site="arcgis")
        assert (clock["now"], clock["kind"]) == (EPOCH, "manual")
        assert (await listener.until("job", jobId=job))["status"] == "esriJobExecuting"
        assert (await listener.until("deviations"))["deviations"][0]["name"] == "slow-each"
        start = listener.messages[0]
        assert dict(start["headers"])[b"content-type"].startswith(b"text/event-stream")
        assert listener.text.startswith("retry: ")
        assert "event: request" not in listener.text

    told(scene)


def test_the_last_requests_are_told_first_if_asked_for() -> None:
    async def scene(story: Story) -> None:
        job = await story.submit()
        for _ in range(3):
            await story.poll(job)
        listener = await story.listen("/arcgis/__admin/events?maxlogs=2")
        await listener.until("request", number=4)
        assert [data["number"] for name, data in listener.events if name == "request"] == [3, 4]

    told(scene)


def test_requests_are_told_as_they_come_and_are_answered() -> None:
    async def scene(story: Story) -> None:
        listener = await story.listen()
        job = await story.submit()
        answered = await listener.until("request", number=1, status=200)
        assert (answered["operation"], answered["jobId"]) == ("submitJob", job)
        first = next(data for name, data in listener.events if name == "request")
        assert (first["number"], first["seconds"], first["status"]) == (1, None, None)
        assert (await listener.until("job", jobId=job))["polls"] == 0

    told(scene)


def test_long_parameters_are_cut_in_events() -> None:
    async def scene(story: Story) -> None:
        listener = await story.listen()
        await story._http.post(f"{SERVICE}/submitJob", data={**INPUTS, "Viewshed_Distance": "5" * 5000})
        event = await listener.until("request", number=1, status=200)
        assert len(event["parameters"]["Viewshed_Distance"]) < 400

    told(scene)


def test_long_addresses_and_many_parameters_are_cut_in_events() -> None:
    async def scene(story: Story) -> None:
        listener = await story.listen()
        many = "&".join(f"a{n}=1" for n in range(2000))
        answer = await story._http.get(f"{SERVICE}/{'x' * 5000}?f=json&{many}")
        event = await listener.until("request", number=1, status=answer.status_code)
        assert len(json.dumps(event)) < 10_000
        assert event["parameters"]["…"].endswith("more)")
        assert event["url"].endswith("…")

    told(scene)


def test_what_waits_for_all_listeners_is_bounded_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_streams, "MOST_BYTES_IN_ALL", 30_000)

    async def scene(story: Story) -> None:
        slow = [await story.listen() for _ in range(10)]
        for each in slow:
            await each.until("sites")
            each.can_read.clear()
        for _ in range(4):
            await story.submit()
        for each in slow:
            await asyncio.wait_for(each.answer, 5)

    told(scene)


def test_what_is_changed_over_the_api_is_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_streams, "LOOK_EVERY", 3600)

    async def scene(story: Story) -> None:
        listener = await story.listen("/arcgis/__admin/events")
        job = await story.submit()
        await story.ask("POST", f"jobs/{job}/hold")
        assert (await listener.until("job", held="hold"))["jobId"] == job
        await story.ask("POST", f"jobs/{job}/move", {"status": "esriJobFailed"})
        await listener.until("job", status="esriJobFailed")
        await story.ask("POST", "clock/advance", {"seconds": 60})
        await listener.until("clock", now=EPOCH + 60)
        await story.ask("POST", "clock/run", {"rate": 60})
        await listener.until("clock", kind="x60")
        await story.ask("POST", "deviations", {"name": "slow-each"})
        assert (await listener.until("deviations"))["deviations"][0]["over"] is False
        await story.ask("DELETE", f"jobs/{job}")
        await listener.until("jobGone", jobId=job)

    told(scene)


def test_what_moves_by_itself_is_told_when_it_is_looked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_streams, "LOOK_EVERY", 0.01)

    async def scene(story: Story) -> None:
        job = await story.submit()
        listener = await story.listen()
        await listener.until("job", jobId=job, status="esriJobExecuting")
        story.clock.advance(60)
        await listener.until("job", jobId=job, status="esriJobSucceeded")
        story.site.deviate("slow-each")
        await listener.until("deviations")

    told(scene)


def test_sites_that_come_are_followed_and_those_that_go_are_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_streams, "LOOK_EVERY", 0.01)

    async def scene(story: Story) -> None:
        listener, of_site = await story.listen(), await story.listen("/arcgis/__admin/events")
        await of_site.until("sites")
        await story._http.post("/__admin/sites", json={"builtin": True, "context": "other"})
        await listener.until("sites", sites=["arcgis", "other"])
        await story._http.get("/other/rest/info?f=json")
        await listener.until("request", site="other", status=200)
        journal = story.app.sites["other"].journal
        assert journal.is_heard
        await story._http.delete("/__admin/sites/other")
        while journal.is_heard:
            await asyncio.sleep(0)
        assert "other" not in of_site.text
        await story._http.delete("/__admin/sites/arcgis")
        await asyncio.wait_for(of_site.answer, 5)
        assert not listener.answer.done()

    told(scene)


def test_a_listener_that_leaves_is_forgotten() -> None:
    async def scene(story: Story) -> None:
        listener = await story.listen()
        await listener.until("sites")
        assert story.site.journal.is_heard
        listener.leave()
        await asyncio.wait_for(listener.answer, 5)
        assert not story.site.journal.is_heard
        assert not story.app.control.streams

    told(scene)


def test_a_listener_that_reads_too_slowly_is_dropped_and_does_not_keep_others_waiting(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(event_streams, "MOST_WAITING", 20)

    async def scene(story: Story) -> None:
        slow, quick = await story.listen(), await story.listen()
        await quick.until("sites")
        slow.can_read.clear()
        job = await story.submit()
        for _ in range(30):
            await story.poll(job)
            await asyncio.sleep(0)
        await asyncio.wait_for(slow.answer, 5)
        assert not slow.can_read.is_set()
        await quick.until("request", number=31, status=200)
        assert not quick.answer.done()

    told(scene)


def test_what_waits_for_a_listener_is_bounded_in_bytes_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_streams, "MOST_BYTES_WAITING", 2000)

    async def scene(story: Story) -> None:
        slow = await story.listen()
        await slow.until("sites")
        slow.can_read.clear()
        for _ in range(5):
            await story.submit()
        await asyncio.wait_for(slow.answer, 5)

    told(scene)


def test_a_listener_is_told_of_all_jobs_that_there_are_however_little_may_wait(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(event_streams, "MOST_WAITING", 2)
    monkeypatch.setattr(event_streams, "MOST_BYTES_WAITING", 2000)

    async def scene(story: Story) -> None:
        jobs = [await story.submit() for _ in range(6)]
        listener = await story.listen("/__admin/events?maxlogs=6")
        await listener.until("request", number=6)
        for job in jobs:
            await listener.until("job", jobId=job)
        assert not listener.answer.done()

    told(scene)


def test_a_server_that_ends_ends_all_streams() -> None:
    async def scene(story: Story) -> None:
        listeners = [await story.listen() for _ in range(3)]
        story.app.control.end()
        await asyncio.wait_for(asyncio.gather(*(each.answer for each in listeners)), 5)
        assert [each.messages[-1].get("more_body", False) for each in listeners] == [False] * 3
        assert (await story.listen()).messages[0]["status"] == 503

    told(scene)


def test_so_many_may_listen_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_streams, "MOST_LISTENERS", 2)

    async def scene(story: Story) -> None:
        first = [await story.listen() for _ in range(2)]
        third = await story.listen()
        assert third.messages[0]["status"] == 503
        first[0].leave()
        await first[0].answer
        assert (await story.listen()).messages[0]["status"] == 200

    told(scene)


def test_a_quiet_stream_is_kept_open_by_comments(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_streams, "LOOK_EVERY", 0.001)
    monkeypatch.setattr(event_streams, "KEEP_ALIVE_EVERY", 0.002)

    async def scene(story: Story) -> None:
        listener = await story.listen()
        while listener.text.count(": keep-alive") < 3:
            await asyncio.sleep(0)

    told(scene)


def test_head_does_not_listen() -> None:
    async def scene(story: Story) -> None:
        answer = await story._http.head("/__admin/events")
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert not story.app.control.streams

    told(scene)


def test_over_a_socket_events_come_at_once_and_end_with_the_server() -> None:
    got: list[str] = []
    with contextlib.ExitStack() as stack:
        running = serve(builtin_site("arcgis", clock=ManualClock()))
        server = running.__enter__()
        http = stack.enter_context(httpx.Client(base_url=server.root, timeout=10))
        answer = stack.enter_context(http.stream("GET", "/__admin/events"))
        lines = answer.iter_lines()
        while "event: sites" not in got:
            got.append(next(lines))
        httpx.post(f"{server.root}{SERVICE}/submitJob", data=INPUTS)
        while not any(line.startswith("data:") and "submitJob" in line for line in got):
            got.append(next(lines))
        began = time.monotonic()
        running.__exit__(None, None, None)
        got += lines
        assert time.monotonic() - began < 0.4  # within less than the grace that requests under way have
