"""`serve` in a test's own process: it leaves when its block ends, whatever is under way."""

from __future__ import annotations

import threading
from urllib.error import URLError
from urllib.request import ProxyHandler, build_opener

from gp_mockserver.running.tool_threads import ToolThreads
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
