"""What recording and masking cost a proxy beside its own bare pass-through.

Measured: `gpharness record --proxy` in front of the mock, and the same proxy that notes nothing, in rounds
that take turns, each alone on core 0; the mock and the load generator share core 1. What counts is the
processor time an answer costs, that of masking, assembling and writing the contract at the end included.
Twelve requests in turn: a submission that differs from all others, ten polls, a result. Apart from that the
throughput while it runs, and that of answers of a megabyte.

Not measured: TLS to the server, slow networks, clients that leave.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import math
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.http_rates import OUTCOMES, SERVICES, differing_posts, viewshed_inputs
from benchmarks.http_rates import VIEWSHED as SUBMITTED
from benchmarks.load import Load, NextRequest, Round, cpu_seconds
from benchmarks.measurements import Measurement
from benchmarks.processes import GIVE_UP_AFTER, ask, free_port, pin, started, wait_until_it_answers

JOBS = 200
POLLS = 10
MEBIBYTE = 1024 * 1024
LARGE = f"{SERVICES}/S/GPServer/T/jobs/j1/results/Out"


def measure(*, rounds: int = 7, seconds: float = 1.5) -> list[Measurement]:
    """The cost of an answer, and the throughput, recorded beside bare."""
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        mock = free_port()
        server = stack.enter_context(started(["-m", "benchmarks.server_process", "mock", str(mock)]))
        wait_until_it_answers(mock, f"{SERVICES}?f=json")
        pin(1, server.pid)
        pin(1)
        small = compared(mock, folder / "small", rounds, seconds, mixed)
        answers = folder / "answers.json"
        body = json.dumps({"paramName": "Out", "dataType": "GPString", "value": "x" * MEBIBYTE})
        headers = [["content-type", "application/json"], ["content-length", str(len(body))]]
        answers.write_text(json.dumps({"": [headers, body]}), encoding="utf-8")
        plain = free_port()
        bare = stack.enter_context(
            started(["-m", "benchmarks.server_process", "bare", str(plain)], {"BARE_ANSWERS": str(answers)})
        )
        wait_until_it_answers(plain, "/")
        pin(1, bare.pid)
        large = compared(plain, folder / "large", rounds, seconds, large_results)
    return [
        small.cost("proxy: recording, masking and writing", "<= 1.2"),
        small.throughput("proxy: throughput while it records", ">= 0.83"),
        large.cost("proxy: the same, answers of 1 MiB", ""),
        large.throughput("proxy: throughput, answers of 1 MiB", ">= 0.83"),
    ]


class Compared:
    """Pairs of neighbouring rounds, and the processor seconds that each proxy took in all."""

    def __init__(
        self, pairs: list[tuple[Round, Round]], seconds: tuple[float, float], counts: tuple[int, int]
    ):
        self._pairs = pairs
        self._each = seconds[0] / counts[0], seconds[1] / counts[1]

    def cost(self, name: str, wanted: str) -> Measurement:
        recorded, bare = (1e6 * each for each in self._each)
        detail = f"{recorded:.0f} µs of processor time an answer beside {bare:.0f} µs"
        value = recorded / bare
        return Measurement(name, value, wanted=wanted, detail=detail, invalid=self._invalid)

    def throughput(self, name: str, wanted: str) -> Measurement:
        ratios = sorted(each.rate / bare.rate for each, bare in self._pairs)
        rate, bare_rate = (statistics.median(pair[side].rate for pair in self._pairs) for side in (0, 1))
        detail = (
            f"{rate:,.0f}/s beside {bare_rate:,.0f}/s; {len(ratios)} pairs of rounds, "
            f"{ratios[0]:.2f} to {ratios[-1]:.2f}"
        )
        return Measurement(
            name, statistics.median(ratios), wanted=wanted, detail=detail, invalid=self._invalid
        )

    @property
    def _invalid(self) -> str:
        if any(each.refused for pair in self._pairs for each in pair):
            return "requests were refused"
        return "the processor time is not known" if math.isnan(sum(self._each)) else ""


def compared(
    upstream: int, folder: Path, rounds: int, seconds: float, requests: Callable[[int], NextRequest]
) -> Compared:
    """Run both proxies in front of a server of this machine."""
    import uvloop

    folder.mkdir()
    with contextlib.ExitStack() as stack:
        ports, processes = [], []
        for which in ("recording", "bare"):
            ports.append(free_port())
            words = ["-m", "benchmarks.proxy_cost", which, str(ports[-1]), str(upstream), str(folder)]
            processes.append(stack.enter_context(started(words)))
            wait_until_it_answers(ports[-1], f"{SERVICES}?f=json")
            pin(0, processes[-1].pid)
        made: list[NextRequest] = [requests(port) for port in ports]
        loads = [Load(*each) for each in zip(ports, (one.pid for one in processes), made, strict=True)]
        begun = [cpu_seconds(each.pid) for each in processes]
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            pairs, counts = runner.run(take_turns(*loads, rounds=rounds, seconds=seconds))
        used = [
            end_of(process, folder / which)
            for process, which in zip(processes, ("recording", "bare"), strict=True)
        ]
    return Compared(pairs, (used[0] - begun[0], used[1] - begun[1]), counts)


async def take_turns(
    first: Load, second: Load, *, rounds: int, seconds: float
) -> tuple[list[tuple[Round, Round]], tuple[int, int]]:
    """Pairs of rounds, of which the first does not count, and the answers of all."""
    await first.connect()
    await second.connect()
    pairs = [(await first.round(seconds), await second.round(seconds)) for _ in range(rounds + 1)]
    first.close()
    second.close()
    counts = [round(sum(pair[side].rate * seconds for pair in pairs)) for side in (0, 1)]
    return pairs[1:], (counts[0], counts[1])


def end_of(process: subprocess.Popen[bytes], file: Path) -> float:
    """End a proxy, and the processor seconds that it has taken to its very end."""
    process.send_signal(signal.SIGTERM)
    process.wait(timeout=10 * GIVE_UP_AFTER)
    return float(file.read_text(encoding="ascii"))


def mixed(port: int) -> NextRequest:
    """Submissions, polls and results of jobs that the proxy has seen from their beginning."""
    paths = []
    for _ in range(JOBS):
        job = json.loads(ask(port, f"{OUTCOMES}/Succeeds/submitJob", b"f=json")[1])
        paths.append(f"{OUTCOMES}/Succeeds/jobs/{job['jobId']}")
    give_up = time.perf_counter() + GIVE_UP_AFTER
    while b"esriJobSucceeded" not in ask(port, f"{paths[-1]}?f=json")[1]:
        assert time.perf_counter() < give_up, "the jobs do not end"
        time.sleep(0.1)
    submit = differing_posts(f"{SUBMITTED}/submitJob", viewshed_inputs, json.dumps)
    jobs = itertools.cycle(paths)

    def requests() -> Iterator[bytes]:
        while True:
            path = next(jobs)
            yield submit()
            yield from itertools.repeat(get(path), POLLS)
            yield get(f"{path}/results/Summary")

    return requests().__next__


def large_results(port: int) -> NextRequest:
    """The same large result again and again."""
    return itertools.repeat(get(LARGE)).__next__


def get(path: str) -> bytes:
    return f"GET {path}?f=json HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: */*\r\n\r\n".encode()


def run_one(which: str, port: int, upstream: int, folder: Path) -> None:
    """One of the two proxies, to the writing of its contract; leaves the processor seconds it has taken."""
    from gpharness.contracts.contract_files import write_contract
    from gpharness.recording.proxying.by_command import ProxyWishes, contract_of_notes
    from gpharness.recording.proxying.listening import run_proxy
    from gpharness.recording.proxying.notes import Notes
    from gpharness.recording.proxying.passing import PassingThrough
    from gpharness.recording.proxying.ways import Ways

    notes = Notes(folder) if which == "recording" else None
    ways = Ways(f"http://127.0.0.1:{upstream}/arcgis")
    called = {"127.0.0.1:80", "127.0.0.1:8585"}  # as the load generator does

    def begin(url: str) -> None:
        ways.own |= called

    run_proxy(PassingThrough(ways, notes), ways, port, begin)
    if notes is not None:
        output = folder / "contract.json"
        contract, _ = contract_of_notes(notes, ways, ProxyWishes(output, source="generated"))
        write_contract(contract, output)
    (folder / which).write_text(str(time.process_time()), encoding="ascii")


if __name__ == "__main__":
    run_one(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4]))
