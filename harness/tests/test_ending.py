"""How the commands end: signals while requests are under way, and a stdout that takes nothing more."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections import Counter
from functools import partial
from urllib.parse import urlsplit

import pytest

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals, pipes and devices of POSIX")

TOOLS = """
import sys

def hold(Gate: str) -> str:
    print("held", file=sys.stderr, flush=True)
    with open(Gate) as gate:
        return gate.read()
"""
SITE = """
latency: {service: 60s, task: {bytesPerSecond: 1}}
services:
  Slow:
    executionType: synchronous
    tasks: [{name: Hold, function: "holding:hold"}]
"""
WITH_GRACE = (
    "import gp_mockserver.server, gpharness.__main__\n"
    "gp_mockserver.server.GRACE_SECONDS = {}\n"
    "gpharness.__main__.main()"
)
LONG = WITH_GRACE.format(3600)
SHORT = WITH_GRACE.format(0.3)
"""Where requests under way are waited for in vain."""


@pytest.fixture
def site_file(tmp_path):
    (tmp_path / "holding.py").write_text(TOOLS, encoding="utf-8")
    file = tmp_path / "slow.yaml"
    file.write_text(SITE, encoding="utf-8")
    return file


@pytest.fixture
def gate(tmp_path):
    """A pipe: the tool that reads it waits until something is written there."""
    pipe = tmp_path / "gate"
    os.mkfifo(pipe)
    return pipe


def asked(url, words="", path=""):
    """A connection on which a request was sent."""
    address = urlsplit(url + path)
    connection = socket.create_connection((address.hostname, address.port), timeout=30)
    connection.sendall(f"GET {address.path}?f=json{words} HTTP/1.1\r\nHost: here\r\n\r\n".encode())
    return connection


def rest(connection):
    """What comes until the connection is closed."""
    with connection, connection.makefile("rb") as stream:
        try:
            return stream.read()
        except ConnectionResetError:
            return b""


def requests_under_way(running, url, gate):
    """Three requests: one waits for its latency, one for its bytes, one for a tool that does not return."""
    waiting = asked(url, path="/Slow/GPServer")
    dripping = asked(url, path="/Slow/GPServer/Hold")
    assert dripping.recv(12) == b"HTTP/1.1 200"
    held = asked(url, f"&Gate={gate}", path="/Slow/GPServer/Hold/execute")
    assert running.error_line() == "held"
    return waiting, dripping, held


def wait_until_nobody_listens(url):
    address = urlsplit(url)
    while True:
        try:
            socket.create_connection((address.hostname, address.port)).close()
        except OSError:
            return


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_closes_what_is_under_way_and_leaves_a_tool_that_never_returns(
    start, site_file, gate, ending
):
    running = start("-c", SHORT, "serve", site_file, "--port", "0")
    waiting, dripping, held = requests_under_way(running, running.url(), gate)
    running.process.send_signal(ending)
    assert running.status() == 0
    assert running.rest_of(running.err) == []
    assert rest(waiting) == b""
    assert rest(held) == b""
    dripping.close()


THREADED = """
import atexit, sys, threading

atexit.register(print, "at exit", file=sys.stderr)

def hold(Gate: str) -> str:
    opened = threading.Thread(target=lambda: open(Gate).read())
    opened.start()
    print("held", file=sys.stderr, flush=True)
    opened.join()
"""


def test_a_thread_that_a_tool_has_started_does_not_hold_the_process(start, site_file, gate):
    (site_file.parent / "holding.py").write_text(THREADED, encoding="utf-8")
    running = start("-c", SHORT, "serve", site_file, "--port", "0")
    held = asked(running.url(), f"&Gate={gate}", path="/Slow/GPServer/Hold/execute")
    assert running.error_line() == "held"
    running.process.terminate()
    assert running.status() == 0
    assert running.rest_of(running.err) == ["at exit"]
    held.close()


def test_a_second_signal_ends_it_at_once(start, site_file, gate):
    running = start("-c", LONG, "serve", site_file, "--port", "0")
    url = running.url()
    connections = requests_under_way(running, url, gate)
    running.process.send_signal(signal.SIGINT)
    wait_until_nobody_listens(url)
    running.process.send_signal(signal.SIGINT)
    assert running.status() == 0
    assert running.rest_of(running.err) == []
    for connection in connections:
        connection.close()


def test_a_request_that_is_under_way_is_still_answered_after_a_signal(start, site_file, gate):
    running = start("-c", LONG, "serve", site_file, "--port", "0")
    url = running.url()
    held = asked(url, f"&Gate={gate}", path="/Slow/GPServer/Hold/execute")
    assert running.error_line() == "held"
    running.process.terminate()
    wait_until_nobody_listens(url)
    gate.write_text("let go", encoding="utf-8")
    answer = rest(held)
    assert answer.startswith(b"HTTP/1.1 200")
    assert b"let go" in answer
    assert running.status() == 0
    assert running.rest_of(running.err) == []


def test_requests_one_behind_the_other_on_a_connection_are_closed_without_a_word(gpharness, site_file):
    running = gpharness("serve", site_file, "--port", "0")
    url = running.url()
    pipelined = asked(url, path="/Slow/GPServer")
    pipelined.sendall(b"GET / HTTP/1.1\r\nHost: here\r\n\r\n")
    seen = asked(url)
    assert seen.recv(12) == b"HTTP/1.1 200"
    seen.close()
    running.process.terminate()
    assert running.status() == 0
    assert running.rest_of(running.err) == []
    assert rest(pipelined) == b""


EARLY = """
import os, signal, sys

class OnImportOfClick:
    def find_spec(self, name, path=None, target=None):
        if name == "click":
            os.kill(os.getpid(), signal.{signal})

sys.meta_path.insert(0, OnImportOfClick())
from gpharness.__main__ import main
main()
"""


@pytest.mark.parametrize(
    ("command", "sent", "status"),
    [("serve", "SIGINT", 0), ("serve", "SIGTERM", 0), ("demo", "SIGINT", 130), ("run", "SIGINT", 130)],
)
def test_a_signal_before_the_command_has_begun_ends_it_without_a_word(start, command, sent, status):
    running = start("-c", EARLY.format(signal=sent), command)
    assert running.status() == status
    assert running.rest_of(running.out) == []
    assert running.rest_of(running.err) == []


def run(shell, tmp_path):
    """A shell's line with `gpharness` in it: status and lines of stderr."""
    line = shell.replace("gpharness", f"'{sys.executable}' -m gpharness", 1)
    done = subprocess.run(
        ["/bin/sh", "-c", line], cwd=tmp_path, stderr=subprocess.PIPE, encoding="utf-8", timeout=50
    )
    return done.returncode, done.stderr.splitlines()


@pytest.mark.parametrize("command", ["serve --port 0", "demo"])
@pytest.mark.parametrize(
    ("target", "said"),
    [("/dev/full", "stdout cannot be written to: No space left on device"), ("&-", "stdout is closed")],
)
def test_a_stdout_that_takes_nothing_is_one_line_and_status_1(command, target, said, tmp_path):
    if target == "/dev/full" and not os.path.exists(target):
        pytest.skip("no /dev/full")
    status, (line,) = run(f"exec gpharness {command} >{target}", tmp_path)
    assert status == 1
    assert line.startswith(f"gpharness {command.split()[0]}: {said}")


@pytest.mark.parametrize("command", ["serve --port 0", "demo"])
def test_a_reader_that_has_left_is_one_line_and_status_1(command, tmp_path):
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [sys.executable, "-m", "gpharness", *command.split()],
        cwd=tmp_path,
        stdout=writer,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        timeout=50,
    )
    os.close(writer)
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"gpharness {command.split()[0]}: stdout cannot be written to: Broken pipe")


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (["describe", "{services}/WorldViewshed/GPServer"], 0),
        (["describe", "{services}/WorldViewshed/GPServer", "--json"], 0),
        (["describe", "{services}/WorldViewshed/GPServer", "--site"], 0),
        (["run", "{services}/Simulation/JobOutcomes/GPServer/Succeeds", "--quiet"], 0),
        (["run", "{services}/Simulation/JobOutcomes/GPServer/Fails", "--json", "--quiet"], 1),
    ],
)
def test_a_reader_that_has_left_is_nothing_to_say_of_what_was_asked(services, words, status, tmp_path):
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [sys.executable, "-m", "gpharness", *(word.replace("{services}", services) for word in words)],
        cwd=tmp_path,
        env={**os.environ, "no_proxy": "127.0.0.1"},
        stdout=writer,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        timeout=50,
    )
    os.close(writer)
    assert done.returncode == status
    assert "stdout" not in done.stderr
    assert (done.stderr == "") is (status == 0)


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full")
@pytest.mark.parametrize("command", ["describe", "run"])
def test_a_full_disk_is_not_the_task_s_failure_and_its_job_is_named(services, command, tmp_path):
    task = f"{services}/Simulation/JobOutcomes/GPServer/Succeeds"
    quiet = "-q" if command == "run" else ""
    status, lines = run(f"no_proxy=127.0.0.1 exec gpharness {command} {quiet} {task} >/dev/full", tmp_path)
    assert status == 2
    assert lines[0] == f"gpharness {command}: stdout cannot be written to: No space left on device"
    hints = [f"come back to the job by: gpharness run {task}/jobs/"] if command == "run" else []
    assert [line[: len(hint)] for line, hint in zip(lines[1:], hints, strict=True)] == hints


def ask_until_nobody_listens(url, outcomes, *, kept, begun):
    """Ask again and again, by one connection or by one each; notes whatever is no whole answer."""
    address = urlsplit(url)
    connection = None
    while True:
        try:
            connection = connection or socket.create_connection((address.hostname, address.port), timeout=30)
        except ConnectionRefusedError:
            return
        connection.sendall(f"GET {address.path}?f=json HTTP/1.1\r\nHost: here\r\n\r\n".encode())
        answer = http.client.HTTPResponse(connection)
        try:
            answer.begin()
            whole = answer.status == 200 and json.loads(answer.read())["currentVersion"] > 10
            outcomes["answered" if whole else "not answered"] += 1
        except (OSError, http.client.HTTPException, ValueError) as error:
            outcomes[repr(error)] += 1
            answer.will_close = True
        begun.set()
        if not kept or answer.will_close:
            connection.close()
            connection = None


@pytest.mark.parametrize("kept", [True, False], ids=["kept connections", "a connection for each request"])
def test_a_signal_under_load_loses_no_request_that_the_server_has_got(gpharness, kept):
    running = gpharness("serve", "--port", "0")
    url = running.url()
    outcomes, begun = Counter(), [threading.Event() for _ in range(8)]
    ask = partial(ask_until_nobody_listens, url, outcomes, kept=kept)
    askers = [threading.Thread(target=ask, kwargs={"begun": each}) for each in begun]
    for asker in askers:
        asker.start()
    for each in begun:
        assert each.wait(30)
    running.process.terminate()
    assert running.status() == 0
    for asker in askers:
        asker.join(30)
    assert running.rest_of(running.err) == []
    assert outcomes.pop("answered") >= 8
    assert outcomes == {}
