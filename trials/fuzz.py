"""A million requests of every kind, right ones, wrong ones and noise, against the built-in site over HTTP.

Promised: no traceback in the server's log, no request without its end in time, no answer that breaks off,
no status 5xx that the protocol does not ask for, and memory that stays bounded. The server keeps 2,000 jobs,
so that old ones make room, and its clock jumps, so that every poll finds a job further.
"""

from __future__ import annotations

import asyncio
import gzip
import json
import multiprocessing
import re
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor, wait
from dataclasses import dataclass, field

from gp_protocol.error_envelopes import KNOWN_ERRORS

from trials.promises import Figure, at_most, none_of
from trials.request_grammar import Asked, Grammar
from trials.servers import Server, trial_server
from trials.wire import HOST, Answer, Broken, Wire, connect, run_here

CONNECTIONS = 12
"""Of each process."""
DEADLINE = 30.0
MOST_MEMORY = 500.0
SHOWN = 20
LOOK_EVERY = 5.0
_BUSY = 503
_ASKED_FOR = {
    each.name: re.compile(re.sub(r"\\\{\w+\\\}", ".*", re.escape(each.message.strip())), re.DOTALL)
    for each in KNOWN_ERRORS.values()
    if each.code >= 500 and each.name != "operation-failed"
}


@dataclass(slots=True)
class Found:
    """What the requests of one process came to."""

    statuses: Counter[str] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)
    """By their code, of answers in JSON with status 200."""
    hangs: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    unasked: list[str] = field(default_factory=list)


def run(requests: int, processes: int, seed: int) -> list[Figure]:
    """The figures of a fuzzing run."""
    begun = time.monotonic()
    with trial_server(clock="jump", max_jobs=2_000, seed=seed) as server:
        memory: list[float] = []
        with ProcessPoolExecutor(processes, mp_context=multiprocessing.get_context("spawn")) as pool:
            share = requests // processes
            runs = [pool.submit(send, server.port, share, f"{seed}/{each}") for each in range(processes)]
            while not all(each.done() for each in runs):
                wait(runs, timeout=LOOK_EVERY)
                memory.append(server.resident())
            found = [each.result() for each in runs]
        seconds = time.monotonic() - begun
        tracebacks = _one_of_each(server)
        peak, last = server.peak(), server.resident()
        status = server.end()
    statuses = sum((each.statuses for each in found), Counter[str]())
    errors = sum((each.errors for each in found), Counter[str]())
    return [
        Figure("requests", f"{statuses.total():,} in {seconds:,.0f} s, {statuses.total() / seconds:,.0f}/s"),
        Figure("answers by status, or as noise", _counted(statuses)),
        Figure("errors in JSON by their code", _counted(errors)),
        none_of("tracebacks in the log", tracebacks),
        none_of(f"requests without an end in {DEADLINE:g} s", _joined([each.hangs for each in found])),
        none_of("answers that broke off", _joined([each.broken for each in found])),
        none_of("5xx that the protocol does not ask for", _joined([each.unasked for each in found])),
        Figure("memory half way", f"{memory[len(memory) // 2]:,.1f} MB"),
        Figure("memory at the end", f"{last:,.1f} MB"),
        at_most("memory at its peak", peak, MOST_MEMORY, "MB"),
        Figure("exit status", str(status), "0", status == 0),
    ]


def _one_of_each(server: Server) -> list[str]:
    """The tracebacks, one of each place in the code that they end with."""
    places: dict[str, str] = {}
    for each in server.tracebacks():
        where = re.findall(r'File "([^"]+)", line (\d+)', each)
        places.setdefault(str(where[-1] if where else each), each)
    return list(places.values())


def _counted(what: Counter[str]) -> str:
    return ", ".join(f"{name} {count:,}" for name, count in what.most_common(20))


def _joined(parts: list[list[str]]) -> list[str]:
    return [each for part in parts for each in part]


def send(port: int, requests: int, seed: str) -> Found:
    """Send so many requests on a few connections at once."""
    return run_here(_send_all(port, requests, seed))


async def _send_all(port: int, requests: int, seed: str) -> Found:
    found = Found()
    shares = [requests // CONNECTIONS] * CONNECTIONS
    shares[0] += requests - sum(shares)
    await asyncio.gather(
        *(_send(port, share, Grammar(f"{seed}/{each}"), found) for each, share in enumerate(shares))
    )
    return found


async def _send(port: int, requests: int, grammar: Grammar, found: Found) -> None:
    wire: Wire | None = None
    for _ in range(requests):
        asked = grammar.next()
        try:
            if asked.is_noise:
                await asyncio.wait_for(_send_noise(port, asked.sent), DEADLINE)
                found.statuses["noise"] += 1
                continue
            if wire is None or not wire.is_usable:
                wire = await connect(port)
            answer = await asyncio.wait_for(wire.ask(asked.sent, to_head=asked.method == "HEAD"), DEADLINE)
        except TimeoutError:
            _note(found.hangs, asked)
            _close(wire)
        except (Broken, OSError) as error:
            _note(found.broken, asked, error)
            _close(wire)
        else:
            _judge(asked, answer, found)
            grammar.learn(asked, bytes(answer.body))
            if answer.closes:
                _close(wire)
    _close(wire)


def _close(wire: Wire | None) -> None:
    if wire is not None:
        wire.close()


def _judge(asked: Asked, answer: Answer, found: Found) -> None:
    found.statuses[str(answer.status)] += 1
    if b"\r\ncontent-encoding: gzip\r\n" in answer.head and answer.body:
        answer.body[:] = gzip.decompress(answer.body)
    if answer.status >= 500 and answer.status != _BUSY:
        if asked.method == "HEAD":
            if answer.status not in {each.code for each in KNOWN_ERRORS.values()}:
                _note(found.unasked, asked, answer.status)
        elif not any(each.search(answer.body.decode(errors="replace")) for each in _ASKED_FOR.values()):
            _note(found.unasked, asked, bytes(answer.body[:300]))
    elif answer.status == 200 and answer.body.startswith(b'{"error"'):
        error = json.loads(answer.body)["error"]
        found.errors[str(error["code"])] += 1
        if error["code"] >= 500 and not any(each.search(error["message"]) for each in _ASKED_FOR.values()):
            _note(found.unasked, asked, error)


def _note(where: list[str], asked: Asked, what: object = "") -> None:
    if len(where) < SHOWN:
        where.append(f"{what} {asked.shown}")


async def _send_noise(port: int, noise: bytes) -> None:
    """Send what may be no HTTP on a connection of its own; what is answered has to be HTTP, and to end."""
    reader, writer = await asyncio.open_connection(HOST, port)
    try:
        writer.write(noise)
        writer.write_eof()
        first = await reader.read(65536)
        if first and not first.startswith(b"HTTP/1.1 "):
            raise Broken(f"no HTTP: {first[:80]!r}")
        while first:
            first = await reader.read(65536)
    except ConnectionResetError:
        pass
    finally:
        writer.transport.abort()
