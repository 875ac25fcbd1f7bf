"""`serve` in a test's own process: it leaves when its block ends, whatever is under way."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import time
from collections.abc import Callable
from typing import Any
from urllib.error import URLError
from urllib.parse import urlsplit
from urllib.request import ProxyHandler, build_opener

import pytest
from gp_mockserver.lifecycle.clocks import JumpingClock
from gp_mockserver.running import job_runs
from gp_mockserver.running.tool_threads import ThreadsBusy, ToolThreads
from gp_mockserver.server import serve
from gp_mockserver.sites import Site


def test_the_block_ends_although_a_tool_is_still_running(caplog):
    site = Site("tools")
    began, released = threading.Event(), threading.Event()

    @site.task("Slow/Hold", execution="sync")
    def hold(Text: str) -> str:
        began.set()
        released.wait()
        return Text

    met: list[Exception] = []

    def ask(url: str) -> None:
        try:
            build_opener(ProxyHandler({})).open(url).read()
        except (URLError, OSError) as error:
            met.append(error)

    with serve(site) as server:
        url = f"{server.url}/rest/services/Slow/GPServer/Hold/execute?Text=a&f=json"
        client = threading.Thread(target=ask, args=(url,))
        client.start()
        began.wait()
    assert not released.is_set()
    client.join()
    released.set()
    assert len(met) == 1
    assert caplog.records == []


def test_the_url_of_a_site_is_one_whatever_its_context_is_called():
    with serve(Site("côte ouest")) as server:
        assert server.url == f"{server.root}/c%C3%B4te%20ouest"


def test_threads_for_tools_keep_no_process_alive_and_are_no_more_than_their_limit():
    threads = ToolThreads(2, 10)
    released = threading.Event()
    seen: list[threading.Thread] = []

    def tool(value: int) -> int:
        seen.append(threading.current_thread())
        released.wait()
        return value * 2

    calls = [threads.submit(tool, value) for value in range(6)]
    released.set()
    assert [call.result() for call in calls] == [0, 2, 4, 6, 8, 10]
    assert 1 <= len(set(seen)) <= 2
    assert all(thread.daemon for thread in seen)


def test_what_a_tool_raises_is_raised_where_its_value_is_asked_for_and_its_thread_goes_on():
    threads = ToolThreads(1, 10)
    assert isinstance(threads.submit(lambda: 1 / 0).exception(), ZeroDivisionError)
    assert threads.submit(lambda: "next").result() == "next"


def test_a_call_that_finds_no_room_is_refused_and_one_that_is_cancelled_makes_room():
    threads = ToolThreads(1, waiting=2)
    began, released = threading.Event(), threading.Event()
    ran: list[str] = []

    def hold() -> None:
        began.set()
        released.wait()

    held = threads.submit(hold)
    began.wait()
    dropped = threads.submit(ran.append, "dropped")
    kept = threads.submit(ran.append, "kept")
    with pytest.raises(ThreadsBusy) as busy:
        threads.submit(ran.append, "refused")
    assert busy.value.name == "server-busy"
    assert dropped.cancel()
    assert threads.in_line == 1
    last = threads.submit(ran.append, "last")
    released.set()
    for call in (held, kept, last):
        call.result()
    assert ran == ["kept", "last"]


class Held:
    """A site whose tools wait for `released`, on a server that runs one of them, and lets `waiting` wait."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, waiting: int) -> None:
        self.threads = ToolThreads(1, waiting)
        monkeypatch.setattr(job_runs, "_tools", lambda: self.threads)
        self.began, self.released = threading.Event(), threading.Event()
        self.ran: list[str] = []
        self.site = Site("tools", patience=0.0, clock=JumpingClock())

        @self.site.task("Slow/Hold", execution="sync")
        def hold(Text: str) -> str:
            self.began.set()
            self.released.wait()
            self.ran.append(Text)
            return Text

        @self.site.task("Jobs/Hold", execution="async")
        def job(Text: str) -> str:
            self.ran.append(Text)
            return Text

    def hold(self, root: str) -> threading.Thread:
        """Have a client wait for the tool."""
        client = threading.Thread(target=answer_of, args=(f"{root}/Slow/GPServer/Hold/execute", "held"))
        client.start()
        self.began.wait()
        return client


def answer_of(url: str, text: str = "") -> Any:
    with build_opener(ProxyHandler({})).open(f"{url}?f=json&Text={text}") as response:
        return json.load(response)


def waited_for(condition: Callable[[], bool]) -> bool:
    """Whether a condition comes true while the server goes on."""
    deadline = time.monotonic() + 20
    while not condition():
        if time.monotonic() > deadline:
            return False
    return True


def test_a_request_is_told_that_the_server_is_busy_when_no_more_tools_may_wait(monkeypatch):
    held = Held(monkeypatch, waiting=0)
    with serve(held.site) as server:
        root = f"{server.url}/rest/services"
        client = held.hold(root)
        error = answer_of(f"{root}/Slow/GPServer/Hold/execute", "second")["error"]
        assert error["code"] == 500
        assert error["message"] == "Wait time of the request to the service 'Slow.GPServer' has expired"
        held.released.set()
        client.join()
        assert answer_of(f"{root}/Slow/GPServer/Hold/execute", "third")["results"][0]["value"] == "third"
    assert held.ran == ["held", "third"]


def test_a_jobs_tool_waits_however_many_do_and_whoever_leaves(monkeypatch, caplog):
    held = Held(monkeypatch, waiting=0)
    with serve(held.site) as server:
        root = f"{server.url}/rest/services"
        client = held.hold(root)
        job = f"{root}/Jobs/GPServer/Hold"
        job = f"{job}/jobs/{answer_of(f'{job}/submitJob', 'job')['jobId']}"
        assert answer_of(job)["jobStatus"] == "esriJobExecuting"
        assert answer_of(job)["jobStatus"] == "esriJobExecuting"
        held.released.set()
        client.join()
        assert waited_for(lambda: answer_of(job)["jobStatus"] == "esriJobSucceeded")
    assert held.ran == ["held", "job"]
    assert caplog.records == []


def test_a_tool_whose_client_left_before_it_began_never_runs(monkeypatch, caplog):
    held = Held(monkeypatch, waiting=5)
    with serve(held.site) as server:
        root = f"{server.url}/rest/services"
        client = held.hold(root)
        path = urlsplit(root).path
        request = f"GET {path}/Slow/GPServer/Hold/execute?Text=left HTTP/1.1\r\nHost: here\r\n\r\n"
        with socket.create_connection((urlsplit(root).hostname, urlsplit(root).port)) as leaving:
            leaving.sendall(request.encode())
            assert waited_for(lambda: held.threads.in_line == 1)
        assert waited_for(lambda: held.threads.in_line == 0)
        held.released.set()
        client.join()
        answer_of(f"{root}/Slow/GPServer/Hold/execute", "last")
    assert held.ran == ["held", "last"]
    assert caplog.records == []


def test_the_servers_own_work_keeps_to_few_threads_and_to_none_that_tools_wait_in():
    seen: set[threading.Thread] = set()

    async def work() -> list[int]:
        calls = (
            job_runs.in_worker(lambda value: seen.add(threading.current_thread()) or value, n)
            for n in range(50)
        )
        return await asyncio.gather(*calls)

    assert asyncio.run(work()) == list(range(50))
    assert 1 <= len(seen) <= job_runs.OWN_WORKERS <= 4
    asyncio.run(job_runs.in_tool_thread(lambda: seen.add(threading.current_thread())))
    assert len(seen) <= job_runs.OWN_WORKERS + 1
